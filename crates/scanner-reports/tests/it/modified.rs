//! What trivy found and does not count, and how bad it says that something is.

use findings_model::{Clearance, CoverageState, Severity};
use insta::assert_snapshot;

use crate::support::{scan_of, told};

fn trivy(targets: &str) -> findings_model::Scan {
    scan_of("trivy.json", &format!(r#"{{"SchemaVersion": 2, "ArtifactName": ".", "Results": {targets}}}"#))
}

#[test]
fn what_a_user_took_out_is_there_and_cleared_whatever_it_is() {
    let targets = r#"[{"Target": "Dockerfile", "Class": "config", "Type": "dockerfile", "ExperimentalModifiedFindings": [
        {"Type": "misconfiguration", "Status": "ignored", "Finding": {"ID": "DS002", "Title": "root", "Severity": "HIGH", "Status": "FAIL", "CauseMetadata": {"StartLine": 3}}},
        {"Type": "vulnerability", "Status": "not_affected", "Finding": {"VulnerabilityID": "CVE-2026-1", "PkgName": "py", "Severity": "LOW"}},
        {"Type": "secret", "Status": "ignored", "Finding": {"RuleID": "aws", "Severity": "CRITICAL", "StartLine": 3, "Match": "KEY=hunter2"}},
        {"Type": "license", "Status": "ignored", "Finding": {"Name": "GPL"}}]}]"#;
    assert_snapshot!(told(&trivy(targets)), @"
    trivy complete
    = py -
    - high (suppressed) DS002 Dockerfile:3 before []: root
    - low (not affected) CVE-2026-1 py (dockerfile)@- aliases [] fixed in []: 
    - critical (suppressed) aws Dockerfile:3 unmarked: aws in Dockerfile
    ");
    for bad in ["7", r#"{"Type": "secret"}"#, r#"{"Type": "secret", "Finding": 7}"#] {
        let scan = trivy(&format!(r#"[{{"Target": "a", "ExperimentalModifiedFindings": [{bad}]}}]"#));
        assert_eq!(scan.coverage.state, CoverageState::Partial, "{bad}");
    }
    let both = r#"[{"Target": "a", "Vulnerabilities": [{"VulnerabilityID": "CVE-2026-1", "PkgName": "py"}], "ExperimentalModifiedFindings": [
        {"Type": "vulnerability", "Status": "fixed", "Finding": {"VulnerabilityID": "CVE-2026-1", "PkgName": "py"}}]}]"#;
    assert_eq!(trivy(both).observations.iter().map(|o| o.clearance).collect::<Vec<Option<Clearance>>>(), [None]);
}

#[test]
fn the_word_of_trivy_counts_where_the_vector_of_its_source_is_milder() {
    let rated = |word: &str, source: &str| {
        let targets = format!(
            r#"[{{"Target": "a", "Type": "pip", "Vulnerabilities": [{{"VulnerabilityID": "CVE-2026-1", "PkgName": "py", "Severity": "{word}", "SeveritySource": "{source}",
            "CVSS": {{"ghsa": {{"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"}}, "nvd": {{"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}}}}}]}}]"#
        );
        let rating = trivy(&targets).observations[0].rating.clone();
        (rating.severity, rating.score.is_some(), rating.vectors.len())
    };
    assert_eq!(rated("CRITICAL", "ghsa"), (Severity::Critical, false, 2));
    assert_eq!(rated("HIGH", "ghsa"), (Severity::High, true, 2));
    assert_eq!(rated("LOW", "ghsa"), (Severity::High, true, 2), "its word is never milder than its own source");
    assert_eq!(rated("LOW", "ubuntu"), (Severity::Low, false, 2));
    assert_eq!(rated("UNKNOWN", "ubuntu"), (Severity::Critical, true, 2));
}
