//! Which rules a report shows to have been run.

use crate::support::scan_of;

/// The rules of a report, behind `all:` where it names every one that was run.
fn rules(report: &str) -> String {
    let looked_at = scan_of("report.json", report).coverage.looked_at;
    let names: Vec<&str> = looked_at.rules.iter().map(String::as_str).collect();
    format!("{}{}", if looked_at.lists_rules { "all: " } else { "" }, names.join(" "))
}

fn sarif(rules: &str, more: &str, results: &str) -> String {
    format!(
        r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "Tool", "rules": [{rules}]}}{more}}}, "results": [{results}]}}]}}"#
    )
}

const FOUND: &str = r#"{"ruleId": "A", "message": {"text": "m"}}"#;

#[test]
fn sarif_that_lists_a_rule_without_a_result_lists_all_that_were_run() {
    assert_eq!(rules(&sarif(r#"{"id": "A"}"#, "", FOUND)), "A", "as bandit and ruff list them");
    assert_eq!(rules(&sarif(r#"{"id": "A"}, {"id": "B", "deprecatedIds": ["OLD"]}"#, "", FOUND)), "all: A B OLD");
    assert_eq!(rules(&sarif(r#"{"id": "A"}"#, "", "")), "all: A");
    assert_eq!(rules(&sarif("", "", "")), "");
    let pack = r#", "extensions": [{"name": "pack", "rules": [{"id": "C"}]}]"#;
    assert_eq!(rules(&sarif(r#"{"id": "A"}"#, pack, FOUND)), "all: A C", "as CodeQL does");
}

#[test]
fn sarif_rules_that_were_switched_off_were_not_run() {
    let off = r#"{"id": "A"}, {"id": "B"}, {"id": "C", "defaultConfiguration": {"enabled": false}}"#;
    assert_eq!(rules(&sarif(off, "", FOUND)), "all: A B");
    // ruff says so of rules that are off by default, also where they were on and found something.
    let found = r#"{"id": "A", "defaultConfiguration": {"enabled": false}}"#;
    assert_eq!(rules(&sarif(found, "", FOUND)), "A");
    let overrides = |said: &str| {
        let listed = r#"{"id": "A"}, {"id": "B"}, {"id": "C", "defaultConfiguration": {"enabled": false}}"#;
        let report = sarif(listed, "", FOUND);
        rules(&report.replace(
            r#""results""#,
            &format!(
                r#""invocations": [{{"executionSuccessful": true, "ruleConfigurationOverrides": [{said}]}}], "results""#
            ),
        ))
    };
    let said = |id: &str, enabled: bool| {
        format!(r#"{{"descriptor": {{"id": "{id}"}}, "configuration": {{"enabled": {enabled}}}}}"#)
    };
    assert_eq!(overrides(&said("C", true)), "all: A B C");
    assert_eq!(overrides(&said("B", false)), "A");
}

#[test]
fn a_result_that_says_that_all_is_well_shows_its_rule() {
    let result = |kind: &str| format!(r#"{{"ruleId": "B", "kind": "{kind}", "message": {{"text": "m"}}}}"#);
    assert_eq!(rules(&sarif("", "", &result("pass"))), "B");
    assert_eq!(rules(&sarif("", "", &result("notApplicable"))), "");
    let gone = r#"{"ruleId": "B", "baselineState": "absent", "message": {"text": "m"}}"#;
    assert_eq!(rules(&sarif("", "", gone)), "", "it is of an earlier run");
}

#[test]
fn semgrep_names_its_rules_where_it_tells_their_times() {
    let report =
        |time: &str| format!(r#"{{"results": [], "errors": [], "paths": {{"scanned": ["a.py"]}}, "time": {time}}}"#);
    assert_eq!(rules(&report(r#"{"rules": ["cfg.md5", "cfg.shell"], "total_bytes": 1}"#)), "all: cfg.md5 cfg.shell");
    assert_eq!(rules(&report(r#"{"rules": []}"#)), "", "without `--time`");
    assert_eq!(rules(&report(r#"{"rules": [{"id": "cfg.md5"}, "x"]}"#)), "", "what cannot be read is no list");
}
