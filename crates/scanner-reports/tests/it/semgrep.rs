use findings_model::{CoverageState, Gap, Subject};
use insta::assert_snapshot;

use crate::support::{scan_of, told};

#[test]
fn a_report() {
    let report = r#"{"version": "1.182.0", "results": [
      {"check_id": "rules.python.exec", "path": "./a.py", "start": {"line": 3, "col": 2}, "extra": {"message": "exec", "severity": "ERROR", "lines": "  exec(x)", "metadata": {"source": "https://semgrep.dev/r/x"}}},
      {"check_id": "rules.python.exec", "path": "a.py", "start": {"line": 3, "col": 2}, "extra": {"message": "exec", "severity": "ERROR", "lines": "  exec(x)"}},
      {"check_id": "info", "path": "a.py", "start": {"line": 4, "col": 1}, "extra": {"message": "i", "severity": "INFO", "lines": "requires login", "is_ignored": true}},
      {"check_id": "x", "path": "a.py"}],
      "errors": [{"level": "warn", "message": "Syntax error at 'secret'", "path": "bad.py"}],
      "paths": {"scanned": ["a.py", "bad.py"], "skipped": [{"path": "big.py", "reason": "exceeded_size_limit"}, {"path": "t.py", "reason": "semgrepignore_patterns_match"}]}, "skipped_rules": []}"#;
    assert_snapshot!(told(&scan_of("semgrep.json", report)), @r#"
    semgrep partial version 1.182.0
    ! big.py was skipped: exceeded_size_limit
    ! semgrep reported: Syntax error at '***'
    ! results[3] cannot be used: it has no `check_id` or no `extra`
    ? a.py
    ? bad.py
    ? big.py
    - high rules.python.exec a.py:3 with its text before ["exec"]: exec
    - low (suppressed) info a.py:4 before []: i
    "#);
}

#[test]
fn an_error_without_a_file_proves_nothing() {
    let state = |errors: &str, paths: &str| {
        scan_of("semgrep.json", &format!(r#"{{"results": [], "errors": [{errors}], "paths": {paths}}}"#)).coverage.state
    };
    assert_eq!(
        state(r#"{"level": "error", "message": "invalid rule"}"#, r#"{"scanned": ["a.py"]}"#),
        CoverageState::Failed
    );
    assert_eq!(
        state(r#"{"level": "error", "message": "x", "spans": [{"file": "a.py"}]}"#, r#"{"scanned": ["a.py"]}"#),
        CoverageState::Partial
    );
    let of_a_rule =
        r#"{"level": "error", "type": "InvalidRuleSchemaError", "short_msg": "x", "spans": [{"file": "rules.yml"}]}"#;
    assert_eq!(
        state(of_a_rule, r#"{"scanned": ["a.py"]}"#),
        CoverageState::Failed,
        "no file tells what it would have found"
    );
    assert_eq!(state("", r#"{"scanned": []}"#), CoverageState::Failed);
    assert_eq!(state("", r#"{"scanned": ["a.py"]}"#), CoverageState::Complete);
}

#[test]
fn a_secret_rule_gives_no_text_away() {
    let report = r#"{"results": [{"check_id": "generic.secrets.detected-key", "path": "a.env", "start": {"line": 1, "col": 1}, "extra": {"message": "key 'hunter2'", "severity": "ERROR", "lines": "KEY=hunter2"}}], "errors": [], "paths": {"scanned": ["a.env"]}}"#;
    let scan = scan_of("semgrep.json", report);
    assert!(!format!("{scan:?}").contains("hunter2"));
    assert!(matches!(&scan.observations[0].subject, Subject::Code(spot) if spot.text.is_none()));
}

#[test]
fn supply_chain_findings_of_the_api() {
    let report = r#"{"vulns": [{"title": "t", "repositoryId": "1", "advisory": {"ruleId": "ssc-1234", "ecosystem": "pypi", "severity": "HIGH", "description": "d", "references": {"cveIds": ["CVE-2023-1"]}},
      "matchedDependency": {"name": "Flask", "versionSpecifier": "2.0"}, "closestSafeDependency": {"name": "Flask", "versionSpecifier": "2.3"}, "dependencyFileLocation": {"path": "poetry.lock", "startLine": 3}}, {"title": "x"}]}"#;
    assert_snapshot!(told(&scan_of("semgrep.json", report)), @"
    semgrep partial
    ! vulns[1] cannot be used: it has no `advisory`
    ? the record vulns[1]
    - high CVE-2023-1 flask@2.0 aliases [ssc-1234] fixed in [2.3]: d
    ");
}

#[test]
fn the_message_of_a_rule_about_secrets_is_not_told() {
    let report = r#"{"results": [
        {"check_id": "rules.hardcoded-secret", "path": "a.py", "start": {"line": 1}, "extra": {"message": "secret hunter2 here", "severity": "ERROR", "lines": "x = 'hunter2'"}},
        {"check_id": "rules.r1", "path": "b.py", "start": {"line": 1}, "extra": {"message": "found hunter2 here", "severity": "ERROR", "metadata": {"cwe": ["CWE-798: Use of Hard-coded Credentials"]}}}],
        "errors": [], "paths": {"scanned": ["a.py", "b.py"]}}"#;
    let scan = scan_of("semgrep.json", report);
    assert!(!format!("{scan:?}").contains("hunter2"));
    let told: Vec<_> = scan.observations.iter().map(|o| o.description.as_str()).collect();
    assert_eq!(told, ["rules.hardcoded-secret", "rules.r1"]);
}

#[test]
fn a_report_that_lists_no_file_still_says_what_it_found() {
    let report = r#"{"results": [{"check_id": "r", "path": "a.py", "extra": {"severity": "LOW", "message": "m"}}], "errors": [], "paths": {"scanned": []}}"#;
    let scan = scan_of("semgrep.json", report);
    assert_eq!((scan.coverage.state, scan.observations.len()), (CoverageState::Complete, 1));
    assert!(!scan.coverage.looked_at.lists_files);
}

#[test]
fn a_rule_that_semgrep_dropped_for_a_file_leaves_a_gap() {
    let skipped = |reason: &str| {
        let report = format!(
            r#"{{"results": [], "errors": [], "paths": {{"scanned": ["a.py", "b.py"], "skipped": [{{"path": "b.py", "reason": "{reason}"}}]}}}}"#
        );
        scan_of("semgrep.json", &report).coverage.gaps
    };
    assert_eq!(skipped("too_many_matches"), [Gap::File("b.py".to_owned())]);
    assert_eq!(skipped("semgrepignore_patterns_match"), []);
}

#[test]
fn semgrep_says_its_edition_in_sarif() {
    let report = |name: &str| {
        format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{name}"}}}}, "results": [{{"ruleId": "r"}}]}}]}}"#
        )
    };
    for name in ["Semgrep OSS", "Semgrep PRO", "semgrep"] {
        let scan = scan_of("semgrep.json", &report(name));
        assert_eq!((scan.scanner.as_str(), scan.coverage.state), ("semgrep", CoverageState::Complete), "{name}");
    }
    assert_eq!(scan_of("semgrep.json", &report("Semgrepper")).coverage.state, CoverageState::Failed);
}

#[test]
fn a_supply_chain_match_is_a_flaw_of_a_dependency() {
    let found = |path: &str, metadata: &str| {
        format!(
            r#"{{"check_id": "ssc-92eba3f5", "path": "{path}", "start": {{"line": 4, "col": 1}}, "extra": {{"message": "m", "severity": "ERROR", "lines": "requests==2.19", "metadata": {{{metadata}}},
              "sca_info": {{"reachable": false, "dependency_match": {{"found_dependency": {{"package": "Requests", "version": "2.19", "ecosystem": "pypi"}}, "lockfile": "{path}"}}}}}}}}"#
        )
    };
    let known = r#""sca-vuln-database-identifier": "CVE-2018-18074", "ghsa": "GHSA-x84v-xcm2-53pg", "sca-fix-versions": [{"requests": "2.20.0"}, {"other": "1"}]"#;
    let report = format!(
        r#"{{"results": [{}, {}, {}], "errors": [], "paths": {{"scanned": ["requirements.txt"]}}}}"#,
        found("requirements.txt", known),
        found("poetry.lock", known),
        found("requirements.txt", "")
    );
    assert_snapshot!(told(&scan_of("semgrep.json", &report)), @"
    semgrep complete
    = requirements.txt
    - high CVE-2018-18074 requests@2.19 aliases [GHSA-x84v-xcm2-53pg] fixed in [2.20.0]: m
    - high ssc-92eba3f5 requests@2.19 aliases [] fixed in []: m
    ");
}

#[test]
fn a_lock_file_that_semgrep_could_not_read_hides_dependencies() {
    let report = r#"{"results": [], "errors": [{"type": ["DependencyResolutionError", {}], "level": "warn", "message": "x", "path": "poetry.lock"}], "paths": {"scanned": ["a.py"]}}"#;
    assert_eq!(
        scan_of("semgrep.json", report).coverage.gaps,
        [Gap::Unnamed("the dependencies of poetry.lock".to_owned())]
    );
}

#[test]
fn a_password_is_not_told_by_its_message() {
    let told_of = |extra: &str| {
        let report = format!(
            r#"{{"results": [{{"check_id": "hard-pw", "path": "a.py", "start": {{"line": 1, "col": 1}}, "extra": {{"severity": "ERROR", {extra}}}}}], "errors": [], "paths": {{"scanned": ["a.py"]}}}}"#
        );
        scan_of("semgrep.json", &report).observations[0].description.clone()
    };
    for (extra, description) in [
        (r#""message": "found canaryTwo", "lines": "password = \"canaryTwo\"""#, "found [hidden]"),
        (r#""message": "found canaryTwo", "lines": "f(\n  password=\"canaryTwo\")""#, "found [hidden]"),
        (r#""message": "hard coded canaryTwo", "lines": "requires login""#, "hard-pw"),
        (
            r#""message": "the password canaryTwo", "lines": "requires login", "metavars": {"$X": {"abstract_content": "\"canaryTwo\""}}"#,
            "the password [hidden]",
        ),
        (
            r#""message": "md5 of d", "lines": "requires login", "metavars": {"$X": {"abstract_content": "d"}}"#,
            "md5 of d",
        ),
    ] {
        assert_eq!(told_of(extra), description);
    }
}
