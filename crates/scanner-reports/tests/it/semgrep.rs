use findings_model::{CoverageState, Subject};
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
