use findings_model::{CoverageState, Subject};
use insta::assert_snapshot;

use crate::support::{scan_of, scans_of, told};

fn log(driver: &str, rest: &str) -> String {
    format!(r#"{{"$schema": "x", "version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, {rest}}}]}}"#)
}

#[test]
fn rules_messages_and_places() {
    let driver = r#"{"name": "Tool", "semanticVersion": "1.2", "globalMessageStrings": {"g": {"text": "global {0}"}}, "rules": [
        {"id": "A", "deprecatedIds": ["OLD"], "defaultConfiguration": {"level": "error"}, "messageStrings": {"m": {"text": "{1} before {0}"}}, "helpUri": "https://example.com/a"},
        {"id": "B", "properties": {"security-severity": "9.1"}, "shortDescription": {"text": "about B"}},
        {"id": "C", "properties": {"security-severity": "CRITICAL"}}]}"#;
    let results = r#""originalUriBaseIds": {"ROOT": {"uri": "file:///srv/repo/"}},
      "artifacts": [{"location": {"uri": "by/index.py"}}], "results": [
        {"ruleId": "A", "ruleIndex": 0, "message": {"id": "m", "arguments": ["x", "y"]}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///srv/repo/src/my%20file.py"}, "region": {"startLine": 3, "snippet": {"text": "run(x)"}}}}]},
        {"ruleId": "A/sub", "level": "note", "message": {"id": "g", "arguments": ["z"]}, "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}, "region": {"startLine": "4"}}}]},
        {"ruleIndex": 1, "message": {}, "locations": [{"logicalLocations": [{"fullyQualifiedName": "mod.f"}]}]},
        {"rule": {"id": "C", "index": 2}, "message": {"text": "c"}},
        {"ruleId": "OTHER", "ruleIndex": 0, "message": {"text": "index and id differ"}},
        {"ruleId": "CVE-2021-33574-libc6", "properties": {"security-severity": 5.3}, "message": {"text": "v"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///C:/code/a.c"}}}]},
        {"ruleId": "A", "kind": "pass", "message": {"text": "fine"}},
        {"ruleId": "A", "baselineState": "absent", "message": {"text": "gone"}},
        {"ruleIndex": 99, "message": {"id": "nope"}, "locations": [{"physicalLocation": {"artifactLocation": {"index": 7}, "region": {"startLine": -1, "startColumn": 4294967296}}}]}]"#;
    assert_snapshot!(told(&scan_of("tool.sarif", &log(driver, results))), @r#"
    Tool complete version 1.2
    - high A src/my file.py:3 with its text before ["OLD"]: y before x
    - low A/sub by/index.py:4 before ["OLD"]: global z
    - critical 9.1 B mod.f:- before []: about B
    - critical C .:- before []: c
    - medium OTHER .:- before []: index and id differ
    - medium 5.3 CVE-2021-33574-libc6 code/a.c:- before [] is CVE-2021-33574: v
    - medium unspecified .:- before []: unspecified
    "#);
}

#[test]
fn only_accepted_suppressions_clear() {
    let results = |suppressions: &str| {
        log(
            r#"{"name": "T"}"#,
            &format!(r#""results": [{{"ruleId": "A", "message": {{"text": "x"}}, "suppressions": {suppressions}}}]"#),
        )
    };
    for (suppressions, cleared) in [
        ("[]", false),
        ("null", false),
        (r#"[{"kind": "inSource"}]"#, true),
        (r#"[{"kind": "external", "status": "accepted"}]"#, true),
        (r#"[{"kind": "external", "state": "accepted"}]"#, true),
        (r#"[{"kind": "external", "status": "underReview"}]"#, false),
        (r#"[{"kind": "external"}, {"kind": "external", "status": "rejected"}]"#, false),
    ] {
        let scan = scan_of("tool.sarif", &results(suppressions));
        assert_eq!(scan.observations[0].clearance.is_some(), cleared, "{suppressions}");
    }
}

#[test]
fn runs_that_prove_nothing() {
    for rest in [
        r#""results": null"#,
        r#""x": 1"#,
        r#""results": {}"#,
        r#""results": [], "invocations": [{"executionSuccessful": false}]"#,
    ] {
        assert_eq!(
            scan_of("tool.sarif", &log(r#"{"name": "T"}"#, rest)).coverage.state,
            CoverageState::Failed,
            "{rest}"
        );
    }
    for runs in ["null", "[]", "{}", "[7]"] {
        let scan = scan_of("tool.sarif", &format!(r#"{{"version": "2.1.0", "runs": {runs}}}"#));
        assert_eq!((scan.scanner.as_str(), scan.coverage.state), ("sarif", CoverageState::Failed), "{runs}");
    }
}

#[test]
fn a_failed_run_keeps_what_it_found() {
    let rest =
        r#""invocations": [{"executionSuccessful": false}], "results": [{"ruleId": "A", "message": {"text": "x"}}]"#;
    let scan = scan_of("tool.sarif", &log(r#"{"name": "T"}"#, rest));
    assert_eq!((scan.coverage.state, scan.observations.len()), (CoverageState::Failed, 1));
}

#[test]
fn errors_of_the_tool_are_gaps() {
    let rest = r#""invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-01-05T03:00:00Z", "toolExecutionNotifications": [
        {"level": "error", "message": {"text": "cannot parse"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}]},
        {"level": "warning", "message": {"text": "slow"}}], "toolConfigurationNotifications": [{"level": "error", "message": {"text": "no such rule"}}]}], "results": []"#;
    assert_snapshot!(told(&scan_of("tool.sarif", &log(r#"{"name": "T"}"#, rest))), @"
    T partial at 2026-01-05T03:00:00Z
    ! the tool reported an error: cannot parse
    ! the tool reported an error: no such rule
    ? a.py
    ? what the tool's own error concerns
    ");
}

#[test]
fn each_run_is_a_scan() {
    let report = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "One"}}, "results": []}, {"tool": {"driver": {"name": null}}}, 7]}"#;
    let scans: Vec<_> =
        scans_of("x.sarif", report).iter().map(|s| (s.scanner.as_str().to_owned(), s.coverage.state)).collect();
    assert_eq!(
        scans,
        [
            ("One".to_owned(), CoverageState::Complete),
            ("sarif".to_owned(), CoverageState::Failed),
            ("sarif".to_owned(), CoverageState::Failed)
        ]
    );
}

#[test]
fn repeats_are_one_and_neighbours_are_two() {
    let result = |line: u32, column: u32| {
        format!(
            r#"{{"ruleId": "A", "message": {{"text": "x"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": {line}, "startColumn": {column}}}}}}}]}}"#
        )
    };
    let results = [result(3, 1), result(3, 1), result(3, 9), result(4, 1)].join(", ");
    assert_eq!(
        scan_of("t.sarif", &log(r#"{"name": "T"}"#, &format!(r#""results": [{results}]"#))).observations.len(),
        3
    );
}

#[test]
fn secrets_in_snippets_and_messages_stay_out() {
    let found = |driver: &str, rule: &str, secret: &str| {
        let rest = format!(
            r#""results": [{{"ruleId": "{rule}", "message": {{"text": "found '{secret}'"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": 1, "snippet": {{"text": "KEY={secret}"}}}}}}}}]}}]"#
        );
        scan_of("t.sarif", &log(&format!(r#"{{"name": "{driver}"}}"#), &rest))
    };
    let gitleaks = found("gitleaks", "generic", "hunter2");
    assert!(!format!("{gitleaks:?}").contains("hunter2"));
    assert!(matches!(&gitleaks.observations[0].subject, Subject::Code(spot) if spot.text.is_none()));
    assert!(!format!("{:?}", found("Bandit", "B105", "hunter2")).contains("hunter2"));
    assert!(format!("{:?}", found("Other", "E501", "hunter2")).contains("hunter2"));
}
