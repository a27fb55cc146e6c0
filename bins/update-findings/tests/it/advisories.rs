//! Severities, attacks and withdrawals from advisory sources: a service on loopback, an archive, files.

use std::io::Write as _;

use serde_json::{Value, json};
use test_support::{
    Run, Scratch,
    osv::{Fault, Osv},
    scratch::REPORTS,
};

const MONDAY: &str = "2026-01-05T03:00:00Z";
const TUESDAY: &str = "2026-01-06T04:00:00Z";
const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

/// A project whose only report is one flaw, as pip-audit prints it: with aliases and without a severity.
fn project() -> Scratch {
    let project = Scratch::sample();
    let vulnerability =
        json!({"id": "PYSEC-2024-1", "fix_versions": ["2.0"], "aliases": ["CVE-2024-1"], "description": "Bad."});
    let report = json!({"dependencies": [{"name": "demo", "version": "1.0", "vulns": [vulnerability]}], "fixes": []});
    project.write(&format!("{REPORTS}/pip-audit.json"), report.to_string());
    project
}

fn record(id: &str, aliases: &[&str], more: &Value) -> String {
    let mut record = json!({
        "id": id, "modified": "2026-01-01T00:00:00Z", "aliases": aliases,
        "affected": [{"package": {"ecosystem": "PyPI", "name": "demo"},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]}],
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        record[key] = value.clone();
    }
    record.to_string()
}

/// A service with the flaw's record, which has no vector, and its twin, which has one.
fn service() -> Osv {
    let osv = Osv::start();
    osv.put("PYSEC-2024-1", record("PYSEC-2024-1", &["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], &json!({})));
    osv.put("GHSA-aaaa-bbbb-cccc", twin(CRITICAL));
    osv
}

fn twin(vector: &str) -> String {
    let severity = json!({"severity": [{"type": "CVSS_V3", "score": vector}]});
    record("GHSA-aaaa-bbbb-cccc", &["CVE-2024-1"], &severity)
}

fn run(project: &Scratch, now: &str) -> Run {
    let run = test_support::binary!("update-findings").run().project(project.path()).now(now).online();
    run.env("RELWARDEN_CACHE_DIR", project.join("cache")).args(["--format", "json"])
}

/// Runs and gives the one finding with the warnings.
fn outcome(run: Run) -> (Value, Vec<String>) {
    let document = run.output().expect_success().json();
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(1), "{document:#}");
    let warnings = document["warnings"].as_array().into_iter().flatten();
    (document["findings"][0].clone(), warnings.map(|w| w.as_str().unwrap_or_default().to_owned()).collect())
}

fn rating(finding: &Value) -> [&str; 3] {
    ["severity", "severity_source", "severity_date"].map(|key| finding[key].as_str().unwrap_or_default())
}

#[test]
fn a_severity_comes_from_the_service_and_stays_when_the_service_goes() {
    let project = project();
    let osv = service();
    let url = osv.url();
    let (finding, warnings) = outcome(run(&project, MONDAY).args(["--advisories", &url]));
    assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-05"]);
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(osv.asked_ids(), ["PYSEC-2024-1", "CVE-2024-1", "GHSA-aaaa-bbbb-cccc"]);
    drop(osv);

    for cache in ["cache", "another"] {
        let gone = run(&project, TUESDAY).env("RELWARDEN_CACHE_DIR", project.join(cache)).args(["--advisories", &url]);
        let (finding, warnings) = outcome(gone);
        assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-05"], "{cache}");
        assert!(warnings[0].starts_with(&format!("{url} gave no answer about ")), "{warnings:?}");
    }
}

#[test]
fn one_record_out_of_reach_changes_no_severity_and_a_changed_one_does() {
    let project = project();
    let osv = service();
    osv.put(
        "PYSEC-2024-1",
        record(
            "PYSEC-2024-1",
            &["GHSA-aaaa-bbbb-cccc"],
            &json!({"severity": [{"score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}),
        ),
    );
    let ask = |now: &str| outcome(run(&project, now).args(["--advisories", &osv.url()]));
    assert_eq!(rating(&ask(MONDAY).0), ["critical", "advisory_vector", "2026-01-05"]);

    osv.put("GHSA-aaaa-bbbb-cccc", "garbage");
    let (finding, warnings) = ask(TUESDAY);
    assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-05"]);
    assert!(warnings[0].contains("answered for GHSA-aaaa-bbbb-cccc with what cannot be used"), "{warnings:?}");

    osv.put("GHSA-aaaa-bbbb-cccc", twin("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:N"));
    let (finding, warnings) = ask("2026-01-08T03:00:00Z");
    assert_eq!(rating(&finding), ["medium", "advisory_vector", "2026-01-08"]);
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn a_changed_record_reaches_a_flaw_that_the_report_of_the_week_skips() {
    let project = project();
    let osv = service();
    osv.put("GHSA-aaaa-bbbb-cccc", twin("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:N"));
    let ask = |now: &str| outcome(run(&project, now).args(["--advisories", &osv.url()]));
    assert_eq!(rating(&ask(MONDAY).0), ["medium", "advisory_vector", "2026-01-05"]);

    let skipped = json!({"dependencies": [{"name": "demo", "skip_reason": "503"}, {"name": "idna", "version": "3", "vulns": []}]});
    project.write(&format!("{REPORTS}/pip-audit.json"), skipped.to_string());
    osv.put("GHSA-aaaa-bbbb-cccc", twin(CRITICAL));
    let (finding, _) = ask("2026-01-08T03:00:00Z");
    assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-08"]);
    assert_eq!(finding["status"], "unverified");

    drop(osv);
    let (finding, _) = outcome(run(&project, "2026-01-15T03:00:00Z").args(["--offline"]));
    assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-08"]);
}

#[test]
fn nothing_is_asked_offline_or_for_nothing() {
    let osv = service();
    let project = project();
    for how in [["--offline", "--advisories"], ["--kev", "--offline"]] {
        let mut args = how.to_vec();
        args.insert(if how[0] == "--offline" { 2 } else { 1 }, "URL");
        let url = osv.url();
        let args = args.iter().map(|arg| if *arg == "URL" { url.as_str() } else { *arg });
        assert_eq!(rating(&outcome(run(&project, MONDAY).args(args)).0)[0], "unknown");
    }
    let by_environment = run(&project, MONDAY).env("RELWARDEN_OFFLINE", "1").args(["--advisories", &osv.url()]);
    assert_eq!(rating(&outcome(by_environment).0)[0], "unknown");
    assert_eq!(osv.asked(), []);

    let clean = Scratch::sample();
    clean.write(
        &format!("{REPORTS}/pip-audit.json"),
        r#"{"dependencies":[{"name":"demo","version":"1.0","vulns":[]}],"fixes":[]}"#,
    );
    run(&clean, MONDAY).args(["--advisories", &osv.url()]).output().expect_success();
    assert_eq!(osv.asked(), []);
}

#[test]
fn the_configuration_names_the_service_and_the_feeds() {
    let project = project();
    let osv = service();
    osv.put_file("/kev.json", r#"{"count":1,"vulnerabilities":[{"cveID":"CVE-2024-1","dateAdded":"2026-01-02","dueDate":"2026-01-05","knownRansomwareCampaignUse":"Known"}]}"#, None);
    project.write(
        "epss.csv",
        "#model_version:v4,score_date:2026-01-04T00:00:00Z\ncve,epss,percentile\nCVE-2024-1,0.912,0.995\n",
    );
    let settings = |epss: &str| {
        let url = osv.url();
        format!("[advisories]\nosv_url = \"{url}\"\nkev = \"{url}/kev.json\"\nepss = \"{epss}\"\n[sla]\ncritical = 3\n")
    };
    project.write("relwarden.toml", settings("epss.csv"));
    let (finding, warnings) = outcome(run(&project, "2026-01-04T03:00:00Z"));
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(rating(&finding)[0], "critical");
    assert_eq!(finding["kev"], json!({"date_added": "2026-01-02", "due_date": "2026-01-05", "known_ransomware": true}));
    assert_eq!(finding["epss"], json!({"score": 0.912, "percentile": 0.995, "date": "2026-01-04"}));
    let document = project.text("security/findings/SECURITY_FINDINGS.md");
    assert!(
        document.contains("known to be exploited (KEV, since 2026-01-02, due 2026-01-05); used by ransomware"),
        "{document}"
    );
    assert!(document.contains("91.2 % within 30 days (EPSS of 2026-01-04, percentile 99.5 %)"), "{document}");
    assert!(document.contains("- **Due:** 2026-01-05\n"), "the listing is due before the severity: {document}");

    // Neither feed can be used any more: what they said stays.
    osv.fail_always(Fault::Status(403));
    project.write("epss.csv", "<html>");
    let (finding, warnings) =
        outcome(run(&project, "2026-01-07T03:00:00Z").env("RELWARDEN_CACHE_DIR", project.join("another")));
    assert_eq!((&finding["kev"]["date_added"], &finding["epss"]["date"]), (&"2026-01-02".into(), &"2026-01-04".into()));
    assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-04"]);
    assert!(
        warnings.iter().any(|w| w.contains("/kev.json cannot be fetched (it answered with status 403)")),
        "{warnings:?}"
    );
    assert!(warnings.iter().any(|w| w.starts_with("the EPSS scores cannot be used")), "{warnings:?}");
}

#[test]
fn an_archive_of_records_is_read_like_a_folder() {
    let project = project();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, record) in [
        ("PYSEC-2024-1.json", record("PYSEC-2024-1", &["GHSA-aaaa-bbbb-cccc"], &json!({}))),
        ("GHSA-aaaa-bbbb-cccc.json", twin(CRITICAL)),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("start an entry");
        zip.write_all(record.as_bytes()).expect("write an entry");
    }
    let bytes = zip.finish().expect("finish the archive").into_inner();
    // By its name or by its first bytes; in a folder by its name.
    for (file, name) in [("all.zip", "all.zip"), ("export", "export"), ("records/all.zip", "records")] {
        project.write(file, &bytes);
        assert_eq!(rating(&outcome(run(&project, MONDAY).args(["--advisories", name])).0)[0], "critical");
    }
    project.write("broken.zip", &bytes[..bytes.len() / 2]);
    let (finding, warnings) = outcome(run(&project, TUESDAY).args(["--advisories", "broken.zip"]));
    assert_eq!(rating(&finding), ["critical", "advisory_vector", "2026-01-05"]);
    assert!(warnings[0].starts_with("the advisory records of broken.zip: "), "{warnings:?}");
}

#[test]
fn a_damaged_record_keeps_its_finding_from_ending() {
    let project = project();
    let whole = record("GHSA-aaaa-bbbb-cccc", &["CVE-2024-1"], &json!({}));
    let affected = "records/GHSA-aaaa-bbbb-cccc.json";
    project.write(affected, &whole);
    outcome(run(&project, MONDAY).args(["--offline", "--advisories", "records"]));
    project.write(
        &format!("{REPORTS}/pip-audit.json"),
        r#"{"dependencies":[{"name":"demo","version":"1.0","vulns":[]}],"fixes":[]}"#,
    );
    for (text, says) in [(&whole[..whole.len() / 2], "it cannot be read as OSV JSON"), ("", "it cannot be read as OSV")]
    {
        project.write(affected, text);
        let (finding, warnings) = outcome(run(&project, TUESDAY).args(["--offline", "--advisories", "records"]));
        assert_eq!(finding["status"], "unverified", "{finding:#}");
        assert!(warnings[0].contains(affected) && warnings[0].contains(says), "{warnings:?}");
    }
    project.write(affected, whole.replace("2.0", "0.9"));
    run(&project, "2026-01-08T03:00:00Z").args(["--offline", "--advisories", "records"]).output().expect_success();
    let ledger = project.json("security/findings/findings.json");
    assert_eq!(ledger["findings"][0]["resolved_reason"], "no_longer_reported", "{ledger:#}");
}

#[test]
fn an_advisory_that_is_withdrawn_ends_its_finding_as_such() {
    let project = project();
    let osv = service();
    outcome(run(&project, MONDAY).args(["--advisories", &osv.url()]));
    for (id, alias) in [("PYSEC-2024-1", "GHSA-aaaa-bbbb-cccc"), ("GHSA-aaaa-bbbb-cccc", "PYSEC-2024-1")] {
        osv.put(id, record(id, &[alias], &json!({"withdrawn": "2026-01-06T00:00:00Z"})));
    }
    project.write(
        &format!("{REPORTS}/pip-audit.json"),
        r#"{"dependencies":[{"name":"demo","version":"1.0","vulns":[]}],"fixes":[]}"#,
    );
    run(&project, "2026-01-08T03:00:00Z").args(["--advisories", &osv.url()]).output().expect_success();
    let ledger = project.json("security/findings/findings.json");
    assert_eq!(ledger["findings"][0]["resolved_reason"], "withdrawn", "{ledger:#}");
}

#[test]
fn an_address_that_must_not_be_asked_is_refused() {
    let project = project();
    for (args, says) in [
        (vec!["--advisories", "http://osv.example.org"], "is not https"),
        (vec!["--kev", "ftp://example.org/kev.json"], "is not a valid address"),
        (vec!["--advisories", "https://a.example", "--advisories", "https://b.example"], "more than one OSV service"),
        (vec!["--offline", "--kev", "nowhere.json"], "nowhere.json"),
    ] {
        let outcome = run(&project, MONDAY).args(args).output().expect_code(2);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
}
