//! What becomes of reports that fail, lack something, or come from elsewhere.

use serde_json::{Value, json};
use test_support::scratch::REPORTS;

use crate::{
    scans::{Weakness, bandit, bandit_of, dependency, flaw, one_secret, pip_audit},
    system::{STATUS, System, WEEK_1, WEEK_2, changes, list, only, scan_of, text},
};

/// A project whose pip-audit found one flaw in its first scan.
fn with_one_flaw() -> System {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let flaw = flaw("PYSEC-2023-74", &["CVE-2023-32681"]);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw])]));
    system.workflow(WEEK_1).output().expect_success();
    system
}

#[test]
fn a04_a_report_that_failed_resolves_nothing() {
    let whole = pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &["CVE-2023-32681"])])]);
    let half = &whole[..whole.len() / 2];
    let bad: [(&str, Option<&str>); 8] = [
        ("missing", None),
        ("empty", Some("")),
        ("truncated", Some(half)),
        ("HTML", Some("<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>")),
        ("[]", Some("[]")),
        ("null", Some("null")),
        ("an error", Some(r#"{"error": "the service is unavailable"}"#)),
        ("nothing audited", Some(r#"{"dependencies": [], "fixes": []}"#)),
    ];
    for (case, contents) in bad {
        let system = with_one_flaw();
        let plans = system.project.text(crate::system::PLANS);
        let path = format!("{REPORTS}/pip-audit.json");
        match contents {
            Some(contents) => system.project.write(&path, contents),
            None => std::fs::remove_file(system.project.join(&path)).unwrap(),
        }
        let outcome = system.workflow(WEEK_2).output().expect_code(1);
        let document = outcome.json();
        let decision = &document["release_decision"];
        assert_eq!(decision["should_release"], false, "{case}");
        assert_eq!(list(&decision["security_changes"]), Vec::<Value>::new(), "{case}");

        let finding = only(&system.ledger(), "unverified");
        assert_eq!(finding["last_seen"], "2026-01-05", "{case}: {finding:#}");
        assert_eq!(system.project.text(crate::system::PLANS), plans, "{case}");

        let status = system.project.json(STATUS);
        assert_eq!((&status["state"], &status["security_grade"]), (&json!("unknown"), &Value::Null), "{case}");
        assert_eq!(status["findings"].as_array().map(Vec::len), Some(1), "{case}");
        assert!(outcome.stderr.contains("pip-audit"), "{case}: {}", outcome.stderr);
    }
}

#[test]
fn an_empty_report_ends_findings_where_the_configuration_trusts_it() {
    let system = System::configured("[tool.relwarden.scanners.detect-secrets]\ntrust_empty = true\n");
    system.clean_reports(WEEK_1);
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.workflow(WEEK_1).output().expect_success();
    system.report("secrets-scan.json", "[]");
    let decision = system.decide(WEEK_2);
    assert_eq!(changes(&decision, "resolved").len(), 1, "{decision:#}");
}

#[test]
fn an_empty_secrets_list_after_a_secret_is_a_failure() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.workflow(WEEK_1).output().expect_success();
    system.report("secrets-scan.json", "[]");
    let outcome = system.workflow(WEEK_2).output().expect_code(1);
    let document = outcome.json();
    let scan = scan_of(&document, "secrets-scan.json");
    assert_eq!(scan["coverage"], "failed");
    assert!(scan["reasons"].to_string().contains("empty"), "{scan:#}");
    only(&system.ledger(), "unverified");
}

#[test]
fn a10_a_bad_record_costs_only_itself() {
    let good = flaw("PYSEC-2023-74", &["CVE-2023-32681"]);
    let bare = json!({ "id": "GHSA-j8r2-6x86-q33q", "fix_versions": [], "aliases": [] });
    let short = json!({ "id": "X", "fix_versions": [], "aliases": [], "description": "an id that is none" });
    let nulls = json!({ "id": null, "fix_versions": null, "aliases": null, "description": null });
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report(
        "pip-audit.json",
        pip_audit(&[
            dependency("requests", "2.30.0", &[good]),
            dependency("certifi", "2022.12.7", &[bare]),
            dependency("jinja2", "3.1.2", &[short, nulls]),
        ]),
    );
    let document = system.update_findings(WEEK_1).output().expect_success().json();
    let packages: Vec<Value> = list(&document["findings"]).iter().map(|f| f["package"].clone()).collect();
    assert!(packages.contains(&json!("requests")) && packages.contains(&json!("certifi")), "{packages:?}");
    let scan = scan_of(&document, "pip-audit.json");
    assert_eq!(scan["coverage"], "partial", "{scan:#}");
    assert!(scan["not_covered"].to_string().contains("jinja2"), "{scan:#}");
}

#[test]
fn a11_other_scanners_files_are_recognised_or_refused_by_name() {
    let gitleaks = json!([{
        "RuleID": "generic-api-key", "Description": "Detected a Generic API Key", "StartLine": 4, "EndLine": 4,
        "StartColumn": 1, "EndColumn": 30, "Match": "key = \"not-a-real-key-0123456789\"",
        "Secret": "not-a-real-key-0123456789", "File": "src/settings.py", "SymlinkFile": "", "Commit": "",
        "Entropy": 3.9, "Author": "", "Email": "", "Date": "", "Message": "", "Tags": [],
        "Fingerprint": "src/settings.py:generic-api-key:4"
    }]);
    let trufflehog = concat!(
        r#"{"SourceMetadata":{"Data":{"Filesystem":{"file":"src/settings.py","line":4}}},"SourceID":1,"SourceType":15,"#,
        r#""SourceName":"trufflehog - filesystem","DetectorType":17,"DetectorName":"URI","DecoderName":"PLAIN","#,
        r#""Verified":false,"Raw":"https://user:not-a-real-one@host.example","RawV2":"","Redacted":"https://user:********@host.example"}"#
    );
    let detect_secrets = json!({
        "version": "1.5.0", "plugins_used": [{ "name": "KeywordDetector", "keyword_exclude": "" }], "filters_used": [],
        "results": { "src/settings.py": [{
            "type": "Secret Keyword", "filename": "src/settings.py",
            "hashed_secret": "0123456789abcdef0123456789abcdef01234567", "is_verified": false, "line_number": 4
        }] },
        "generated_at": WEEK_1
    });
    for (file, contents) in [
        ("gitleaks.json", gitleaks.to_string()),
        ("trufflehog.ndjson", trufflehog.to_owned()),
        ("secrets.baseline", detect_secrets.to_string()),
    ] {
        let system = System::new();
        system.report(file, &contents);
        let outcome = system.update_findings(WEEK_1).output();
        let document = outcome.json();
        let scan = scan_of(&document, file);
        if scan["coverage"] == "failed" {
            assert_eq!(list(&document["findings"]).len(), 0, "{file}");
        } else {
            assert_eq!(list(&document["findings"]).len(), 1, "{file}: {document:#}");
            let finding = &document["findings"][0];
            assert_eq!((text(finding, "kind"), text(finding, "path")), ("secret", "src/settings.py"), "{file}");
            assert!(!text(finding, "finding_id").contains("unknown"), "{file}: {finding:#}");
        }
        let everything: String = system
            .project
            .files()
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| !name.starts_with("security/reports"))
            .map(|name| system.project.text(&name))
            .chain([outcome.stdout, outcome.stderr])
            .collect();
        for secret in ["not-a-real-key-0123456789", "not-a-real-one", "0123456789abcdef0123456789abcdef01234567"] {
            assert!(!everything.contains(secret), "{file}: {secret} is written down");
        }
    }
}

#[test]
fn a11_a_file_of_no_known_format_is_a_failed_report_that_is_named() {
    let system = System::new();
    system.report("lint.json", r#"{"tool": "a linter", "messages": []}"#);
    let document = system.update_findings(WEEK_1).output().json();
    let scan = scan_of(&document, "lint.json");
    assert_eq!(scan["coverage"], "failed", "{scan:#}");
    assert_ne!(list(&scan["reasons"]).len(), 0);
    assert_eq!(list(&document["findings"]).len(), 0);
}

#[test]
fn a12_what_was_skipped_cannot_be_a_clean_a() {
    let system = System::scanned();
    assert_eq!(system.project.json(STATUS)["security_grade"], "A");
    let skipped =
        json!({ "name": "internal-tool", "skip_reason": "Dependency not found on PyPI and could not be audited" });
    let mut report: Value = serde_json::from_str(&pip_audit(&[])).unwrap();
    report["dependencies"].as_array_mut().unwrap().push(skipped);
    system.report("pip-audit.json", report.to_string());
    system.report("bandit.json", bandit_of(WEEK_2, &[], &["src/sample_package/broken.py"]));
    let document = system.workflow(WEEK_2).output().expect_success().json();
    let (pip, code) = (scan_of(&document, "pip-audit.json"), scan_of(&document, "bandit.json"));
    assert_eq!((text(&pip, "coverage"), text(&code, "coverage")), ("partial", "partial"));
    assert!(pip["not_covered"].to_string().contains("internal-tool"), "{pip:#}");
    assert!(code["not_covered"].to_string().contains("broken.py"), "{code:#}");
    let status = system.project.json(STATUS);
    assert_eq!(status["security_grade"], "B", "{status:#}");
    assert!(text(&status, "grade_reason").contains("at most B"), "{status:#}");

    system.update_findings(WEEK_2).arg("--fail-on-incomplete").output().expect_code(1);
}

#[test]
fn a12_the_project_s_own_skip_is_no_gap_and_accepted_gaps_do_not_lower_the_grade() {
    let system = System::configured("[tool.relwarden.scanners]\naccepted_gaps = [\"internal-tool\"]\n");
    system.clean_reports(WEEK_1);
    let mut report: Value = serde_json::from_str(&pip_audit(&[])).unwrap();
    let dependencies = report["dependencies"].as_array_mut().unwrap();
    dependencies.push(json!({ "name": "Sample_Package", "skip_reason": "distribution marked as editable" }));
    system.report("pip-audit.json", report.to_string());
    let document = system.workflow(WEEK_1).output().expect_success().json();
    assert_eq!(scan_of(&document, "pip-audit.json")["coverage"], "complete", "{document:#}");

    report["dependencies"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "internal-tool", "skip_reason": "not on the index" }));
    system.report("pip-audit.json", report.to_string());
    system.workflow(WEEK_2).output().expect_success();
    assert_eq!(system.project.json(STATUS)["security_grade"], "A");
}

#[test]
fn a13_no_report_is_ever_invented() {
    let system = System::new();
    let outcome = system.workflow(WEEK_1).output();
    assert_eq!(outcome.json()["release_decision"]["should_release"], false);
    let reports = system.project.files().into_iter().filter(|p| p.starts_with("security/reports"));
    assert_eq!(reports.count(), 0);
    let status = system.project.json(STATUS);
    assert_eq!((&status["state"], &status["security_grade"]), (&json!("unknown"), &Value::Null));

    // The modes of the Python system that wrote reports of their own are gone, with an error that says so.
    for mode in ["--degraded-mode", "--reduced-mode", "--minimal-mode", "--yaml-safe"] {
        system.update_findings(WEEK_1).arg(mode).output().expect_code(2);
    }
}

#[test]
fn a13_a_project_that_lost_all_its_reports_fails_and_keeps_its_findings() {
    let system = with_one_flaw();
    system.project.clear_reports();
    let outcome = system.workflow(WEEK_2).output().expect_code(1);
    let scans = list(&outcome.json()["scans"]);
    assert!(scans.iter().all(|scan| scan["coverage"] == "missing"), "{scans:#?}");
    assert_eq!(scans.len(), 3, "every scanner that was used is missed: {scans:#?}");
    only(&system.ledger(), "unverified");
}

#[test]
fn a_required_scanner_that_never_came_is_missing() {
    let system = System::configured("[tool.relwarden.scanners]\nrequired = [\"pip-audit\", \"bandit\"]\n");
    system.report("bandit.json", bandit(WEEK_1, &[]));
    let outcome = system.update_findings(WEEK_1).output().expect_code(1);
    let document = outcome.json();
    let missing: Vec<Value> = list(&document["scans"]).into_iter().filter(|s| s["coverage"] == "missing").collect();
    assert_eq!(missing.len(), 1, "{document:#}");
    assert_eq!(missing[0]["scanner"], "pip-audit");
    assert_ne!(list(&missing[0]["reasons"]).len(), 0);
}

#[test]
fn a_retired_scanner_resolves_nothing_and_fails_nothing() {
    let system = with_one_flaw();
    let path = "pyproject.toml";
    let text = system.project.text(path);
    system.project.write(path, format!("{text}[tool.relwarden.scanners]\nretired = [\"pip-audit\"]\n"));
    std::fs::remove_file(system.project.join(&format!("{REPORTS}/pip-audit.json"))).unwrap();
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], false);
    only(&system.ledger(), "unverified");
}

#[test]
fn what_a_failed_report_still_tells_is_taken_in() {
    let system = System::scanned();
    let mut report: Value = serde_json::from_str(&bandit(WEEK_2, &[Weakness::default()])).unwrap();
    report["metrics"] = json!({ "_totals": { "loc": 0 } });
    system.report("bandit.json", report.to_string());
    system.workflow(WEEK_2).output();
    assert_eq!(system.ledger().len(), 1, "{:#?}", system.ledger());
}

#[test]
fn a29_stdout_stays_json_when_a_report_is_bad() {
    let system = with_one_flaw();
    system.report("pip-audit.json", "{\"dependencies\": [");
    for (name, arguments) in [
        ("integration-orchestrator", vec!["security-workflow", "--offline"]),
        ("update-findings", vec!["--offline"]),
        ("detect-changes", vec![]),
        ("decide-release", vec![]),
    ] {
        let outcome = system.run_json(name, WEEK_2).args(arguments).output();
        let document = outcome.json();
        assert!(document["schema_version"].is_string(), "{name}: {document:#}");
    }
}

#[test]
fn rows_44_to_53_a_report_s_findings_as_they_are_printed() {
    let system = System::new();
    let long = "word ".repeat(200);
    let mut fixed = crate::scans::described("CVE-2025-1234", &[], long.trim_end());
    fixed["fix_versions"] = json!(["1.12.0"]);
    let mut unfixed = flaw("GHSA-aaaa-bbbb-cccc", &["CVE-2025-4321"]);
    unfixed["fix_versions"] = json!([]);
    system.report(
        "pip-audit.json",
        pip_audit(&[dependency("one", "1.11.0", &[fixed]), dependency("two", "2.0", &[unfixed])]),
    );
    let weakness = Weakness { file: "src/example.py", line: 42, code: "assert ready", severity: "LOW" };
    let mut report: Value = serde_json::from_str(&bandit(WEEK_1, &[weakness])).unwrap();
    report["results"][0]["test_id"] = json!("B101");
    report["results"][0]["test_name"] = json!("assert_used");
    report["results"][0]["issue_text"] = json!("Use of assert detected.");
    system.report("bandit.json", report.to_string());
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.workflow(WEEK_1).output().expect_success();

    let ledger = system.ledger();
    let by_id =
        |id: &str| ledger.iter().find(|f| f["finding_id"] == id).unwrap_or_else(|| panic!("no {id} in {ledger:#?}"));
    let (one, two) = (by_id("CVE-2025-1234"), by_id("GHSA-aaaa-bbbb-cccc"));
    assert_eq!((&one["fix_available"], &one["fix_version"]), (&json!(true), &json!("1.12.0")));
    assert_eq!((&two["fix_available"], &two["fix_version"]), (&json!(false), &Value::Null));
    assert_eq!(text(one, "reference_url"), "https://nvd.nist.gov/vuln/detail/CVE-2025-1234");
    assert_eq!(text(two, "reference_url"), "https://github.com/advisories/GHSA-aaaa-bbbb-cccc");

    let code = by_id("BANDIT-B101-example.py-42");
    assert_eq!((text(code, "severity"), text(code, "path"), &code["line"]), ("low", "src/example.py", &json!(42)));
    assert_eq!(text(code, "description"), "assert_used: Use of assert detected.");
    assert_eq!(code["fix_available"], false);

    let secret = ledger.iter().find(|f| f["kind"] == "secret").unwrap();
    assert_eq!((text(secret, "severity"), text(secret, "severity_source")), ("high", "policy"));
    assert!(text(secret, "finding_id").starts_with("SECRET-"), "{secret:#}");

    let status = system.project.json(STATUS);
    let published = list(&status["findings"]).into_iter().find(|f| f["finding_id"] == "CVE-2025-1234").unwrap();
    let description = text(&published, "description");
    assert!(description.chars().count() <= 503 && description.ends_with("..."), "{description}");
    let local = list(&status["findings"]).into_iter().find(|f| f["kind"] == "code").unwrap();
    assert_eq!(local["version"], "local");
}

const EMPTY_BASELINE: &str =
    r#"{"version": "1.5.0", "plugins_used": [{"name": "KeywordDetector"}], "filters_used": [], "results": {}}"#;

/// What a first run says of an empty baseline of detect-secrets, and the state of its status.
fn coverage_of_an_empty_baseline(system: &System) -> (String, String, String) {
    system.clean_reports(WEEK_1);
    system.report("secrets-scan.json", EMPTY_BASELINE);
    let document = system.workflow(WEEK_1).output().expect_success().json();
    let scan = scan_of(&document, "secrets-scan.json");
    let status = system.project.json(STATUS);
    (text(&scan, "coverage").to_owned(), scan["reasons"].to_string(), text(&status, "security_grade").to_owned())
}

#[test]
fn an_empty_baseline_from_below_the_top_of_a_repository_shows_nothing() {
    let outer = test_support::Scratch::empty();
    std::fs::create_dir(outer.join(".git")).unwrap();
    let below = |lines| System::in_folder(test_support::Scratch::below(&outer), lines);
    let (coverage, reasons, grade) = coverage_of_an_empty_baseline(&below(""));
    assert_eq!((&*coverage, &*grade), ("partial", "B"), "{reasons}");
    assert!(reasons.contains("git ls-files -z | xargs -0 detect-secrets scan --"), "{reasons}");
    let trusted = below("[tool.relwarden.scanners.detect-secrets]\ntrust_empty = true\n");
    assert_eq!(coverage_of_an_empty_baseline(&trusted).0, "complete");
}

#[test]
fn an_empty_baseline_at_the_top_of_a_repository_is_a_clean_scan() {
    let system = System::new();
    std::fs::create_dir(system.project.join(".git")).unwrap();
    let (coverage, _, grade) = coverage_of_an_empty_baseline(&system);
    assert_eq!((&*coverage, &*grade), ("complete", "A"));
}
