//! How a SARIF run refers to its rules, and how bad it says that something is.

use findings_model::{CoverageState, Gap, Severity, Subject};

use crate::support::{scan_of, told};

fn run(tool: &str, rest: &str) -> findings_model::Scan {
    let report = format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{{tool}}}, {rest}}}]}}"#);
    scan_of("tool.sarif", &report)
}

fn severities(tool: &str, rest: &str) -> Vec<Severity> {
    run(tool, rest).observations.iter().map(|o| o.rating.severity).collect()
}

#[test]
fn a_rule_is_found_by_its_guid() {
    let rest = r#""results": [{"rule": {"guid": "AAAAAAAA-0000-4000-8000-000000000001"}, "message": {"text": "m"}},
          {"rule": {"index": 0, "toolComponent": {"guid": "bbbbbbbb-0000-4000-8000-000000000002"}}, "message": {"text": "m"}},
          {"rule": {"guid": "cccccccc-0000-4000-8000-000000000003"}, "message": {"text": "m"}}]"#;
    let tool = r#""driver": {"name": "T", "rules": [{"id": "D", "guid": "aaaaaaaa-0000-4000-8000-000000000001", "defaultConfiguration": {"level": "note"}}]},
        "extensions": [{"name": "pack", "guid": "BBBBBBBB-0000-4000-8000-000000000002", "rules": [{"id": "E", "properties": {"security-severity": "9.8"}}]}]"#;
    let scan = run(tool, rest);
    let rules = scan.observations.iter().map(|o| match &o.subject {
        Subject::Code(spot) => (spot.rule.as_str(), o.rating.severity),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [("D", Severity::Low), ("E", Severity::Critical), ("unspecified", Severity::Medium)]
    );
    assert_eq!(scan.coverage.gaps, [Gap::Unnamed("the rule of results[2]".to_owned())]);
}

#[test]
fn a_level_that_a_user_gave_goes_before_the_default() {
    let tool = r#""driver": {"name": "T", "rules": [{"id": "A", "guid": "aaaaaaaa-0000-4000-8000-000000000001", "defaultConfiguration": {"level": "note"}}, {"id": "B"}]}"#;
    let rest = |descriptor: &str| {
        format!(
            r#""invocations": [{{"executionSuccessful": true, "ruleConfigurationOverrides": [{{"descriptor": {descriptor}, "configuration": {{"level": "error"}}}}]}}, {{"executionSuccessful": true}}],
            "results": [{{"ruleId": "A/sub", "message": {{"text": "1"}}}}, {{"ruleId": "A", "level": "warning", "message": {{"text": "2"}}}},
              {{"ruleId": "A", "provenance": {{"invocationIndex": 1}}, "message": {{"text": "3"}}}}, {{"ruleId": "B", "message": {{"text": "4"}}}}]"#
        )
    };
    for descriptor in [r#"{"id": "A"}"#, r#"{"index": 0}"#, r#"{"guid": "aaaaaaaa-0000-4000-8000-000000000001"}"#] {
        assert_eq!(
            severities(tool, &rest(descriptor)),
            [Severity::High, Severity::Medium, Severity::Low, Severity::Medium],
            "{descriptor}"
        );
    }
    let unknown = r#""invocations": [{"executionSuccessful": true, "ruleConfigurationOverrides": [{"descriptor": {"id": "Z"}, "configuration": {"level": "error"}}]}],
        "results": [{"ruleId": "Z", "message": {"text": "1"}}]"#;
    assert_eq!(severities(tool, unknown), [Severity::High], "a rule that the run does not list");
}

#[test]
fn what_is_open_or_for_review_has_no_level_of_its_rule() {
    let tool = r#""driver": {"name": "T", "rules": [{"id": "A", "defaultConfiguration": {"level": "error"}}, {"id": "B", "properties": {"security-severity": "9.8"}}]}"#;
    let of_kind = |kind: &str| {
        let rest = format!(
            r#""results": [{{"ruleId": "A", "kind": "{kind}", "message": {{"text": "1"}}}}, {{"ruleId": "A", "kind": "{kind}", "level": "error", "message": {{"text": "2"}}}}, {{"ruleId": "B", "kind": "{kind}", "message": {{"text": "3"}}}}]"#
        );
        severities(tool, &rest)
    };
    for kind in ["review", "open"] {
        assert_eq!(of_kind(kind), [Severity::Info, Severity::High, Severity::Critical], "{kind}");
    }
    assert_eq!(of_kind("fail"), [Severity::High, Severity::High, Severity::Critical]);
    assert_eq!(of_kind("pass"), []);
}

#[test]
fn a_notification_without_a_level_has_the_one_of_its_kind() {
    let tool = r#""driver": {"name": "T", "notifications": [{"id": "N", "defaultConfiguration": {"level": "error"}}, {"id": "W"}]}"#;
    let state = |descriptor: &str, rest: &str| {
        let rest = format!(
            r#""results": [], "invocations": [{{"executionSuccessful": true, {rest} "toolExecutionNotifications": [{{"descriptor": {descriptor}, "message": {{"text": "syntax error"}}}}]}}]"#
        );
        run(tool, &rest).coverage.state
    };
    assert_eq!(state(r#"{"id": "N"}"#, ""), CoverageState::Partial);
    assert_eq!(state(r#"{"index": 0}"#, ""), CoverageState::Partial);
    assert_eq!(state(r#"{"id": "W", "index": 1}"#, ""), CoverageState::Complete);
    assert_eq!(state(r#"{"id": "Z"}"#, ""), CoverageState::Complete);
    let given = |level: &str| {
        format!(
            r#""notificationConfigurationOverrides": [{{"descriptor": {{"id": "W"}}, "configuration": {{"level": "{level}"}}}}],"#
        )
    };
    assert_eq!(state(r#"{"id": "W"}"#, &given("error")), CoverageState::Partial);
    assert_eq!(state(r#"{"id": "W"}"#, &given("note")), CoverageState::Complete);
}

#[test]
fn the_metrics_of_bandit_count_in_its_sarif_too() {
    let of = |tool: &str, metrics: &str| {
        let rest = format!(
            r#""results": [{{"ruleId": "B101", "message": {{"text": "m"}}}}], "invocations": [{{"executionSuccessful": true}}], "properties": {{"metrics": {metrics}}}"#
        );
        run(&format!(r#""driver": {{"name": "{tool}"}}"#), &rest)
    };
    let state = |tool: &str, metrics: &str| of(tool, metrics).coverage.state;
    assert_eq!(state("Bandit", r#"{"_totals": {"loc": 0}}"#), CoverageState::Failed);
    assert_eq!(state("Bandit", r#"{"_totals": {"loc": 9, "SEVERITY.LOW": 3}}"#), CoverageState::Filtered);
    assert_eq!(state("Bandit", r#"{"_totals": {"loc": 9, "SEVERITY.LOW": 1}}"#), CoverageState::Complete);
    for none in ["{}", "null", "7", r#"{"_totals": 7}"#] {
        assert_eq!(state("Bandit", none), CoverageState::Complete, "{none}");
    }
    assert_eq!(state("Other", r#"{"_totals": {"loc": 0}}"#), CoverageState::Complete);
    let files = of("bandit", r#"{"./a.py": {"loc": 4, "nosec": 1}, "_totals": {"loc": 9, "SEVERITY.LOW": 1}}"#);
    assert_eq!(files.coverage.looked_at.suppressed, [("a.py".to_owned(), 1)].into(), "{}", told(&files));
}

#[test]
fn a_score_of_nothing_is_none_beside_a_level_that_is_bad() {
    let tool = r#""driver": {"name": "Trivy", "rules": [{"id": "CVE-2025-1", "defaultConfiguration": {"level": "error"}, "properties": {"security-severity": "0.0"}}]}"#;
    for (level, severity) in [
        (r#""level": "error", "#, Severity::High),
        (r#""level": "warning", "#, Severity::Medium),
        (r#""level": "note", "#, Severity::Info),
        ("", Severity::Info),
    ] {
        let rest =
            format!(r#""results": [{{"ruleId": "CVE-2025-1", "ruleIndex": 0, {level}"message": {{"text": "m"}}}}]"#);
        assert_eq!(severities(tool, &rest), [severity], "{level}");
    }
}

#[test]
fn the_level_of_a_rule_in_another_file_is_not_known() {
    let tool = r#""driver": {"name": "T", "rules": [{"id": "A"}]}"#;
    let rest = |external: &str| {
        format!(
            r#""externalPropertyFileReferences": {external}, "results": [{{"ruleId": "A", "message": {{"text": "1"}}}}, {{"ruleId": "B", "message": {{"text": "2"}}}},
              {{"ruleId": "B", "level": "note", "message": {{"text": "3"}}}}]"#
        )
    };
    for external in [r#"{"driver": {"guid": "g"}}"#, r#"{"extensions": [{"guid": "g"}]}"#] {
        assert_eq!(
            severities(tool, &rest(external)),
            [Severity::Medium, Severity::Unknown, Severity::Low],
            "{external}"
        );
    }
    assert_eq!(severities(tool, &rest(r#"{"taxonomies": [{"guid": "g"}]}"#))[1], Severity::Medium);
}
