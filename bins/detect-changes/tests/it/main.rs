//! The built binary on recorded weeks.

#![expect(clippy::expect_used, reason = "a helper of a test fails where it cannot help")]

use std::path::Path;

use serde_json::{Value, json};
use test_support::{Checkout, Outcome, Scratch, fixture_path};

fn detect_changes(project: &Scratch, previous: &str, current: &str) -> Outcome {
    detect_changes_in(project.path(), previous, current)
}

fn detect_changes_in(project: &Path, previous: &str, current: &str) -> Outcome {
    test_support::binary!("detect-changes")
        .run()
        .project(project)
        .now("2023-09-04T04:00:00Z")
        .args(["--format", "json", "--previous", previous, "--current", current])
        .output()
}

fn reports(week: &str) -> String {
    let path = fixture_path(&format!("sample-project/weeks/{week}/reports"));
    path.to_str().expect("the path is UTF-8").to_owned()
}

fn between(previous: &str, current: &str) -> Value {
    let project = Scratch::sample();
    project.set_week(current);
    detect_changes(&project, &reports(previous), &reports(current)).expect_success().json()
}

fn types(document: &Value) -> Vec<&str> {
    let changes = document["changes"].as_array().expect("a list of changes");
    changes.iter().filter_map(|change| change["change_type"].as_str()).filter(|word| *word != "updated").collect()
}

#[test]
fn two_folders_of_reports_are_compared() {
    assert_eq!(types(&between("2023-07-24", "2023-07-31")), ["new_vulnerability"]);
    assert_eq!(types(&between("2023-07-31", "2023-08-07")), Vec::<&str>::new(), "only the printed id is another");
    assert_eq!(types(&between("2023-08-07", "2023-08-14")), ["resolved"]);
    assert_eq!(types(&between("2023-08-14", "2023-08-21")), Vec::<&str>::new(), "only lines moved");
}

#[test]
fn people_read_what_kind_of_finding_changed() {
    let project = Scratch::sample();
    project.set_week("2023-09-04");
    let run = test_support::binary!("detect-changes").run().project(project.path()).now("2023-09-04T04:00:00Z");
    let sides = ["--previous", &reports("2023-08-21"), "--current", &reports("2023-09-04")];
    let said = run.args(sides).output().expect_success().stdout;
    let new: Vec<&str> = said.lines().filter(|line| line.contains("new_vulnerability")).collect();
    assert!(new.iter().any(|line| line.ends_with(": low code finding")), "{said}");
    assert!(new.iter().any(|line| line.ends_with(": high secret")), "{said}");
    assert!(!new.iter().any(|line| line.ends_with(" vulnerability")), "{said}");
    let document = between("2023-08-21", "2023-09-04");
    let changes = document["changes"].as_array().expect("a list of changes");
    assert!(
        changes.iter().all(|change| change["new_state"].as_str().is_some_and(|word| word.ends_with(" vulnerability")))
    );
}

#[test]
fn what_was_not_scanned_is_not_resolved() {
    let document = between("2023-08-21", "2023-08-28");
    assert_eq!(types(&document), Vec::<&str>::new());
    assert_eq!(document["incomplete"][0]["scanner"], "pip-audit");
    assert_eq!(document["incomplete"][0]["coverage"], "missing");
    assert_eq!(document["posture_trend"], "unknown");
}

#[test]
fn what_the_earlier_side_did_not_look_for_is_not_new() {
    let audit = "security/reports/latest/pip-audit.json";
    let since = |reports: &[(&str, &[u8])]| {
        let project = Scratch::sample();
        project.set_week("2023-07-24");
        project.write("before/.gitkeep", "");
        for (name, bytes) in reports {
            project.write(&format!("before/{name}"), bytes);
        }
        detect_changes(&project, "before", "security/reports/latest").expect_success().json()
    };
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    let whole = project.bytes(audit);
    let bandit = project.bytes("security/reports/latest/bandit.json");
    let secrets = project.bytes("security/reports/latest/secrets-scan.json");
    let others: [(&str, &[u8]); 2] = [("bandit.json", &bandit), ("secrets-scan.json", &secrets)];

    // The report without its flaw, and with the package that has it skipped.
    let (mut clean, mut skipped) = (project.json(audit), project.json(audit));
    for dependency in clean["dependencies"].as_array_mut().expect("a list") {
        dependency["vulns"] = json!([]);
    }
    for dependency in skipped["dependencies"].as_array_mut().expect("a list") {
        if dependency["vulns"].as_array().is_some_and(|vulns| !vulns.is_empty()) {
            *dependency = json!({ "name": dependency["name"], "skip_reason": "no network" });
        }
    }
    let (clean, skipped) = (clean.to_string(), skipped.to_string());
    let with = |report: &[u8]| since(&[others[0], others[1], ("pip-audit.json", report)]);
    assert_eq!(types(&with(clean.as_bytes())), ["new_vulnerability"], "it was looked for");

    for (document, coverage) in [
        (since(&others), "missing"),
        (with(&whole[..whole.len() / 2]), "failed"),
        (with(skipped.as_bytes()), "partial"),
        (since(&[]), "missing"),
    ] {
        assert_eq!(types(&document), Vec::<&str>::new(), "{coverage}");
        let scans = document["incomplete"].as_array().expect("a list");
        let audit = scans.iter().find(|scan| scan["scanner"] == "pip-audit").expect("it is named");
        assert_eq!((&audit["coverage"], &audit["earlier"]), (&json!(coverage), &json!(true)));
        assert_eq!(document["posture_trend"], if coverage == "partial" { "unchanged" } else { "unknown" });
        assert_eq!(document["still_open"].as_array().map(Vec::len), Some(3), "what is open stays named");
    }
}

/// A commit of a project and the report of pip-audit on it.
fn commit(checkout: &Checkout, name: &str, dependencies: &str, report: &Value) {
    let pyproject = format!("[project]\nname = \"demo\"\nversion = \"1.0.0\"\ndependencies = {dependencies}\n");
    checkout.write("pyproject.toml", pyproject);
    checkout.write("reports/pip-audit.json", json!({ "dependencies": report, "fixes": [] }).to_string());
    checkout.commit_all(name);
    checkout.git(&["tag", name]);
}

#[test]
fn a_comparison_of_commits_is_the_same_whatever_is_checked_out() {
    let checkout = Checkout::empty();
    let other = json!({ "name": "idna", "version": "3.7", "vulns": [] });
    let flaw =
        json!({ "id": "PYSEC-2018-28", "fix_versions": ["2.20.0"], "aliases": ["CVE-2018-18074"], "description": "x" });
    let affected = json!({ "name": "requests", "version": "2.19.0", "vulns": [flaw] });
    commit(&checkout, "with", "[\"requests\", \"idna\"]", &json!([affected, other]));
    commit(&checkout, "without", "[\"idna\"]", &json!([other]));
    let compared = |what: &str| {
        checkout.git(&["switch", "--quiet", "--detach", what]);
        // The folder of the work tree would go before the commit's.
        let between = |a: &str, b: &str| detect_changes_in(&checkout.path(), a, b).expect_success().json();
        let there = between("with:reports", "without:reports");
        (types(&there).concat(), there, between("without:reports", "with:reports"))
    };
    let at_the_first = compared("with");
    assert_eq!(at_the_first.0, "resolved", "the project does not need the package any more");
    assert_eq!(at_the_first, compared("without"));
}

#[test]
fn a_folder_of_reports_is_the_same_side_in_a_commit_and_on_disk() {
    let checkout = Checkout::empty();
    commit(&checkout, "first", "[\"idna\"]", &json!([{ "name": "idna", "version": "3.7", "vulns": [] }]));
    checkout.write("reports/older/pip-audit.json", "{}");
    checkout.write("reports/kept/.gitkeep", "");
    checkout.write("reports/bandit.json/x", "a folder in its place");
    std::os::unix::fs::symlink("pip-audit.json", checkout.join("reports/link.json")).expect("a link can be made");
    checkout.commit_all("second");
    let told = |side: &str| {
        let outcome = detect_changes_in(&checkout.path(), "first:reports", side).expect_success();
        let document = outcome.json();
        let scans = document["incomplete"].as_array().expect("a list").iter();
        let scans = scans.map(|scan| ["scanner", "file", "coverage"].map(|key| scan[key].to_string()).join(" "));
        let warnings = outcome.stderr.lines().filter(|line| line.contains("was not looked into"));
        let warnings = warnings.map(|line| line[line.find("reports/").unwrap_or(0)..].to_owned());
        let (scans, warnings): (Vec<String>, Vec<String>) = (scans.collect(), warnings.collect());
        (scans, warnings, document["posture_trend"].clone())
    };
    let on_disk = told("reports");
    assert_eq!((on_disk.0.len(), on_disk.1.len()), (2, 1), "{on_disk:?}");
    assert_eq!(told("HEAD:reports"), on_disk);
}

/// What bandit says of a file.
fn issue(file: &str) -> Value {
    json!({ "test_id": "B602", "test_name": "x", "issue_severity": "HIGH", "issue_confidence": "HIGH", "code": "",
        "filename": file, "line_number": 3, "line_range": [3], "issue_text": "x", "issue_cwe": {} })
}

/// A report of bandit that looked at some files.
fn bandit(files: &[String], results: &[Value]) -> String {
    let read = files.iter().map(|file| (file.clone(), json!({ "loc": 10 })));
    let metrics: serde_json::Map<String, Value> = read.chain([("_totals".to_owned(), json!({ "loc": 400 }))]).collect();
    json!({ "errors": [], "generated_at": "2023-07-24T04:00:00Z", "metrics": metrics, "results": results }).to_string()
}

#[test]
fn code_in_a_file_that_is_the_same_in_both_commits_is_not_resolved() {
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", "[project]\nname = \"demo\"\nversion = \"1.0.0\"\n");
    let files = ["src/a.py", "src/b.py"].map(str::to_owned);
    let calls = "import os\n\nos.system(x)\n";
    for file in &files {
        checkout.write(file, calls);
    }
    checkout.write("reports/bandit.json", bandit(&files, &files.each_ref().map(|file| issue(file))));
    checkout.commit_all("first");
    // The rule is reported elsewhere: it was run, and still says nothing of the other file.
    checkout.write("reports/bandit.json", bandit(&files, &[issue("src/b.py")]));
    checkout.commit_all("second");
    let compared =
        |at: &str| detect_changes_in(&checkout.path(), "HEAD~1:reports", &format!("{at}:reports")).expect_success();
    assert_eq!(types(&compared("HEAD").json()), [""; 0], "the file is as it was");
    checkout.write("src/a.py", "import os\n");
    checkout.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    assert_eq!(types(&compared("HEAD").json()), ["resolved"], "the call is gone");
}

#[test]
fn the_paths_of_a_commit_are_asked_for_at_once() {
    let checkout = Checkout::empty();
    let results: Vec<Value> = (0..40).map(|n| issue(&format!("src/m{n}.py"))).collect();
    let files: Vec<String> = (0..40).map(|n| format!("src/m{n}.py")).collect();
    checkout.write("pyproject.toml", "[project]\nname = \"demo\"\nversion = \"1.0.0\"\n");
    for file in &files {
        checkout.write(file, "import os\n");
    }
    checkout.write("reports/bandit.json", bandit(&files, &results));
    checkout.commit_all("first");
    // The scanner did not look at them: whether they are still there tells what that means.
    checkout.write("reports/bandit.json", bandit(&["src/other.py".to_owned()], &[]));
    checkout.commit_all("second");

    // A git that counts how often it is run.
    let counted = Scratch::empty();
    counted.write("git", "#!/bin/sh\necho run >> \"${0%/*}/runs\"\nPATH=${PATH#*:} exec git \"$@\"\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(counted.join("git"), mode).expect("it is ours");
    let binary = test_support::binary!("detect-changes");
    test_support::Run::new("sh")
        .args(["-c", "PATH=\"$0:$PATH\" exec \"$@\""])
        .arg(counted.path())
        .arg(binary.path())
        .arg("--project")
        .arg(checkout.path())
        .args(["--format", "json", "--previous", "HEAD~1:reports", "--current", "HEAD:reports"])
        .output()
        .expect_success();
    let runs = counted.text("runs").lines().count();
    assert!(runs < 40, "{runs} runs of git for 40 paths");
}

#[test]
fn without_a_baseline_everything_is_new() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    let run = || test_support::binary!("detect-changes").run().project(project.path()).args(["--format", "json"]);
    let current = reports("2023-07-24");
    let document = run().args(["--current", &current]).output().expect_success().json();
    assert_eq!(document["first_scan"], true);
    assert_eq!(types(&document), ["new_vulnerability"; 3]);

    let nothing = run().output().expect_success();
    assert_eq!((&nothing.json()["first_scan"], types(&nothing.json()).len()), (&true.into(), 0));
    assert!(nothing.stderr.contains("there is no security/findings/findings.json"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("update-findings"), "{}", nothing.stderr);
}

#[test]
fn what_is_no_side_of_a_comparison_is_refused() {
    let project = Scratch::sample();
    let missing = detect_changes(&project, "nowhere.json", "pyproject.toml").expect_code(2);
    assert!(missing.stderr.contains("nowhere.json"), "{}", missing.stderr);
    let other = detect_changes(&project, "pyproject.toml", "pyproject.toml").expect_code(3);
    assert!(other.stderr.contains("pyproject.toml"), "{}", other.stderr);
}

#[test]
fn plans_that_cannot_be_read_are_told() {
    let project = Scratch::sample();
    project.write("security/findings/remediation-plans.yml", "findings: [");
    let outcome = test_support::binary!("detect-changes")
        .run()
        .project(project.path())
        .now("2023-09-04T04:00:00Z")
        .args(["--current", &reports("2023-07-31")])
        .output()
        .expect_success();
    let told = "remediation-plans.yml cannot be read, so that no exception in it counts";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
}
