//! Documents of tools that are not known here: none of the formats, whatever they look like from afar.

use findings_model::CoverageState;
use insta::assert_snapshot;

use crate::support::{scan_of, told};

const CHECKOV: &str = r#"{"check_type": "terraform", "results": {"passed_checks": [], "failed_checks": [{"check_id": "CKV_AWS_1"}]}, "summary": {"failed": 1}}"#;
const TFSEC: &str =
    r#"{"results": [{"rule_id": "AVD-AWS-0001", "severity": "HIGH", "location": {"filename": "/a.tf"}}]}"#;
const OSV_API: &str =
    r#"{"results": [{"vulns": [{"id": "GHSA-x84v-xcm2-53pg", "modified": "2024-01-01T00:00:00Z"}]}]}"#;
const DEPENDENCY_CHECK: &str = r#"{"reportSchema": "1.1", "scanInfo": {}, "dependencies": [{"fileName": "a.jar", "vulnerabilities": [{"name": "CVE-2020-1"}]}]}"#;

#[test]
fn a_document_of_no_known_tool_is_a_failed_scan_of_none() {
    for report in [
        CHECKOV,
        TFSEC,
        OSV_API,
        DEPENDENCY_CHECK,
        r#"{"results": [{"category": "VERIFIED_TRUE", "filename": "a.py", "lines": {"1": "x"}}]}"#,
        r#"{"results": [{"rule_id": "A", "packages": "x"}], "summary": {}}"#,
        r#"{"results": []}"#,
        r#"{"results": [{"id": 1}], "experimental_config": {}}"#,
        r#"{"results": [{"id": 1}], "errors": []}"#,
        r#"{"matches": []}"#,
        r#"{"dependencies": [{"name": "a", "scope": "test"}], "project": "x"}"#,
        r#"{"metrics": {"latency": 3}, "results": [{"url": "/"}]}"#,
        r#"[{"rule": "is_packed", "file": "a.exe", "strings": []}]"#,
        r#"[["name", "count"], ["a", 3]]"#,
        r#"[{"type": "convention", "file": "a.py", "line": 3}]"#,
    ] {
        assert_eq!(
            told(&scan_of("report.json", report)),
            "unknown failed\n! it is not one of the known report formats",
            "{report}"
        );
    }
}

#[test]
fn a_file_named_after_its_scanner_fails_as_that_one() {
    for (file, report) in [
        ("osv-scanner.json", TFSEC),
        ("osv.json", OSV_API),
        ("pip-audit.json", DEPENDENCY_CHECK),
        ("bandit.json", r#"{"metrics": {"latency": 3}, "results": [{"url": "/"}]}"#),
        ("grype.json", TFSEC),
    ] {
        let scan = scan_of(file, report);
        assert_eq!(scan.coverage.state, CoverageState::Failed, "{file}");
        assert!(file.starts_with(scan.scanner.as_str().trim_end_matches("-scanner")), "{file} {}", scan.scanner);
    }
}

#[test]
fn osv_scanner_is_known_by_source_and_packages() {
    let package = r#"{"package": {"name": "a", "version": "1", "ecosystem": "PyPI"}, "vulnerabilities": []}"#;
    for (report, listed) in [
        (format!(r#"{{"results": [{{"source": {{"path": "r.txt"}}, "packages": [{package}]}}]}}"#), "\n= a 1"),
        (format!(r#"{{"results": [{{"packageSource": {{"path": "r.txt"}}, "packages": [{package}]}}]}}"#), "\n= a 1"),
        (r#"{"results": [], "experimental_config": {"licenses": {}}}"#.to_owned(), ""),
        (r#"{"experimental_generic_findings": [], "results": [], "experimental_config": {}}"#.to_owned(), ""),
    ] {
        assert_eq!(told(&scan_of("report.json", &report)), format!("osv-scanner complete{listed}"), "{report}");
    }
    let lacking = format!(r#"{{"results": [{{"source": {{}}, "packages": [{package}]}}, {{"source": {{}}}}]}}"#);
    assert_snapshot!(told(&scan_of("report.json", &lacking)), @"
    osv-scanner partial
    ! results[1].packages cannot be used: it is not there
    ? the packages of results[1]
    = a 1
    ");
}

#[test]
fn what_the_known_tools_write_needs_no_name() {
    for (report, scanner) in [
        (r#"{"dependencies": [], "fixes": []}"#, "pip-audit"),
        (r#"{"dependencies": [{"name": "a", "version": "1"}], "fixes": []}"#, "pip-audit"),
        (r#"[{"name": "a", "version": "1", "vulns": []}]"#, "pip-audit"),
        (r#"{"exclude": {}, "word_list": {}, "results": {}, "version": "0.14.2"}"#, "detect-secrets"),
        (r#"[{"type": "AWS Access Key", "filename": "a.py", "hashed_secret": "x"}]"#, "detect-secrets"),
        (r#"{"results": [], "errors": []}"#, "semgrep"),
        (r#"{"errors": [], "metrics": {"_totals": {"loc": 1}}, "results": []}"#, "bandit"),
    ] {
        assert_eq!(scan_of("report.json", report).scanner.as_str(), scanner, "{report}");
    }
}
