use findings_model::{CoverageState, PackageName, ReportFormat, Subject};
use insta::assert_snapshot;
use scanner_reports::{Source, read};

use crate::support::{declared, now, scan_of, scans_of, told};

const REPORT: &str = r#"{"dependencies": [
  {"name": "Requests", "version": "2.19.0", "vulns": [
    {"id": "PYSEC-2018-28", "fix_versions": ["2.20.0", "2.20.0"], "aliases": ["GHSA-x84v-xcm2-53pg,", "CVE-2018-18074", "CVE-2018-18074 ", 7], "description": "Sends a header\nto another host."},
    {"id": "pysec-2018-28 ", "fix_versions": ["2.19.9"], "aliases": ["OSV-1"], "description": "N/A"}
  ]},
  {"name": "idna", "version": "3.10", "vulns": []},
  {"name": "my_project", "skip_reason": "Dependency not found on PyPI"}
], "fixes": []}"#;

#[test]
fn a_report_of_today() {
    assert_snapshot!(told(&scan_of("pip-audit.json", REPORT)), @"
    pip-audit complete
    = idna 3.10
    = requests 2.19.0
    - unknown PYSEC-2018-28 requests@2.19.0 aliases [CVE-2018-18074 GHSA-x84v-xcm2-53pg OSV-1] fixed in [2.20.0 2.19.9]: Sends a header / to another host.
    ");
}

#[test]
fn a_bare_list_of_the_old_versions() {
    let report = r#"[{"name": "lxml", "version": "4.6", "vulns": [{"id": "CVE-2021-28957", "fix_versions": []}]}, {"name": "private", "skip_reason": "not on PyPI"}]"#;
    assert_snapshot!(told(&scan_of("anything.json", report)), @"
    pip-audit partial
    ! private was skipped: not on PyPI
    ? private
    = lxml 4.6
    - unknown CVE-2021-28957 lxml@4.6 aliases [] fixed in []:
    ");
}

#[test]
fn nothing_audited_is_no_scan() {
    let report = r#"{"dependencies": [{"name": "a", "skip_reason": "x"}, {"name": "my-project", "skip_reason": "x"}], "fixes": []}"#;
    assert_snapshot!(told(&scan_of("pip-audit.json", report)), @"
    pip-audit failed
    ! all 2 dependencies were skipped: nothing was audited
    ! a was skipped: x
    ? a
    ");
}

#[test]
fn the_own_project_is_a_gap_when_it_is_not_known() {
    let scan = &read(
        REPORT.as_bytes(),
        &Source { file: "pip-audit.json", declared: None, own_project: None, key: None, now: now() },
    )[0];
    assert_eq!(scan.coverage.state, CoverageState::Partial);
    let own = PackageName::parse("My.Project").unwrap();
    let scan = &read(
        REPORT.as_bytes(),
        &Source { file: "pip-audit.json", declared: None, own_project: Some(&own), key: None, now: now() },
    )[0];
    assert_eq!(scan.coverage.state, CoverageState::Complete);
}

#[test]
fn bad_records_cost_themselves_alone() {
    let report = r#"{"dependencies": [
      null,
      {"name": "../../x", "version": "1", "vulns": [{"id": "PYSEC-2099-1"}]},
      {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-2099-2\nEOF"}, {"id": "AB"}, 7, {"id": "PYSEC-2099-3"}]},
      {"name": "b", "version": "1", "vulns": null},
      {"name": "c", "version": 1.5, "vulns": []}
    ]}"#;
    assert_snapshot!(told(&scan_of("pip-audit.json", report)), @r#"
    pip-audit partial
    ! dependencies[0] cannot be used: it is null, not an object
    ! dependencies[1] cannot be used: "../../x" is not a valid package name
    ! a's vulns[0] cannot be used: an advisory id holds no control characters
    ! a's vulns[1] cannot be used: an advisory id has 3 to 100 characters, this one has 2
    ! a's vulns[2] cannot be used: it is a number, not an object
    ! dependencies[3] (b) cannot be used: it has no list of `vulns`
    ? a
    ? b
    ? the record dependencies[0]
    ? the record dependencies[1]
    = c 1.5
    - unknown PYSEC-2099-3 a@1 aliases [] fixed in []:
    "#);
}

#[test]
fn what_shows_no_scan_is_blank_or_failed() {
    for (report, wanted) in [
        (r#"{"dependencies": []}"#, "pip-audit complete blank"),
        ("[]", "pip-audit complete blank"),
        ("null", "pip-audit complete blank"),
        ("", "pip-audit complete blank"),
        (" \n ", "pip-audit failed\n! the file is empty: nothing but white space"),
        ("\u{feff}", "pip-audit failed\n! the file is empty: nothing but white space"),
        ("{}", "pip-audit failed\n! it is not one of the known report formats"),
        (r#"{"dependencies": null, "fixes": []}"#, "pip-audit failed\n! `dependencies` is null, not an array"),
        (r#"{"dependencies": {}, "fixes": []}"#, "pip-audit failed\n! `dependencies` is an object, not an array"),
        (r#"{"dependencies": [7, "x"]}"#, "pip-audit failed\n! none of its 2 dependencies can be read"),
    ] {
        let told = told(&scan_of("pip-audit.json", report));
        assert!(told.starts_with(wanted), "{report:?}: {told}");
    }
    let scans = declared(ReportFormat::PipAudit, "report.json", b"[]");
    assert_eq!(told(&scans[0]), "pip-audit complete blank");
    assert_eq!(scans_of("report.json", "[]")[0].coverage.state, CoverageState::Failed);
}

#[test]
fn several_ids_in_one_text_are_several_ids() {
    let report = r#"{"dependencies": [{"name": "py", "version": "1", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": [], "aliases": ["CVE-2026-1, GHSA-aaaa-bbbb-cccc", "CVE-2026-2;CVE-2026-3"]}]}]}"#;
    let scan = scan_of("pip-audit.json", report);
    let Subject::Vulnerability(v) = &scan.observations[0].subject else { panic!("{scan:?}") };
    let aliases: Vec<String> = v.aliases.iter().map(ToString::to_string).collect();
    assert_eq!(aliases, ["CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "GHSA-aaaa-bbbb-cccc"]);
}

#[test]
fn the_reason_of_a_skip_gives_no_password_away() {
    let report = r#"{"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "py", "skip_reason": "https://jo:hunter2@pypi.example.org/simple failed, token=hunter2, 'api_key': 'hunter2'"}]}"#;
    let scan = scan_of("pip-audit.json", report);
    assert!(!format!("{scan:?}").contains("hunter2"));
    assert_eq!(
        scan.coverage.reasons,
        ["py was skipped: https://[hidden]@pypi.example.org/simple failed, token=[hidden], 'api_key': '[hidden]'"]
    );
}

#[test]
fn what_was_found_in_a_skipped_dependency_is_taken_in() {
    let report = r#"{"dependencies": [
      {"name": "a", "version": "1", "skip_reason": "timed out", "vulns": [{"id": "PYSEC-2024-1"}, {"id": "AB"}]},
      {"name": "b", "version": "1", "vulns": []}]}"#;
    assert_snapshot!(told(&scan_of("pip-audit.json", report)), @"
    pip-audit partial
    ! a was skipped: timed out
    ! a's vulns[1] cannot be used: an advisory id has 3 to 100 characters, this one has 2
    ? a
    = b 1
    - unknown PYSEC-2024-1 a@1 aliases [] fixed in []:
    ");
}

#[test]
fn a_description_gives_no_credential_away() {
    let report = r#"{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-2026-1", "fix_versions": [],
        "description": "Clone https://me:hunter2@example.org with ghp_0123456789abcdefghijklmnopqrstuvwxyz."}]}], "fixes": []}"#;
    let scan = scan_of("pip-audit.json", report);
    assert_eq!(scan.observations[0].description, "Clone https://[hidden]@example.org with [hidden]");
}
