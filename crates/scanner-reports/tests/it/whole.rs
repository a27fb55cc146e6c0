//! Statements about the project as a whole, beside what scanners report of its parts.

use findings_model::{PackageName, Scan};
use scanner_reports::{Whole, speak_of_parts};

use crate::support::{scan_of, told};

const PIP_AUDIT: &str = r#"{"dependencies": [{"name": "requests", "version": "2.19", "vulns": [{"id": "PYSEC-2018-28", "aliases": ["CVE-2018-18074"]}, {"id": "PYSEC-2020-1"}]}]}"#;

fn openvex(product: &str, status: &str) -> Scan {
    let statement =
        format!(r#"{{"vulnerability": {{"name": "CVE-2018-18074"}}, "products": [{product}], "status": "{status}"}}"#);
    let report = format!(r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{statement}]}}"#);
    scan_of("v.openvex.json", &report)
}

/// What the statement says once it speaks of the parts of version 1.0.0 of `my-project`.
fn said(statement: Scan, others: &[Scan]) -> String {
    let name = PackageName::parse("my-project").unwrap();
    let mut scans = vec![statement];
    scans.extend_from_slice(others);
    speak_of_parts(&mut scans, &Whole { name: &name, version: &|| Some("1.0.0".to_owned()), known: &[] });
    assert_eq!(scans[1..], *others, "only the statement is changed");
    told(&scans[0]).lines().skip(1).map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn it_clears_the_parts_in_which_the_flaw_is_reported() {
    let audit = [scan_of("pip-audit.json", PIP_AUDIT)];
    let cleared = "- unknown (not affected) CVE-2018-18074 requests@2.19 aliases [] fixed in []:";
    for product in [r#""pkg:pypi/My_Project""#, r#"{"@id": "pkg:pypi/my-project@1.0.0"}"#, r#""my.project""#] {
        assert_eq!(said(openvex(product, "not_affected"), &audit), cleared, "{product}");
    }
    let bom = r#"{"bomFormat": "CycloneDX", "metadata": {"component": {"bom-ref": "p", "name": "my-project", "version": "1.0.0"}}, "vulnerabilities": [{"id": "CVE-2018-18074", "analysis": {"state": "not_affected"}, "affects": [{"ref": "p"}]}]}"#;
    assert_eq!(said(scan_of("app.cdx.json", bom), &audit), cleared);
}

#[test]
fn what_nobody_reports_is_no_finding_of_the_project() {
    assert_eq!(said(openvex(r#""pkg:pypi/my-project""#, "not_affected"), &[]), "");
}

#[test]
fn it_speaks_of_no_other_project_version_or_status() {
    let audit = [scan_of("pip-audit.json", PIP_AUDIT)];
    for (product, status) in [
        (r#""pkg:pypi/my-project@0.9""#, "not_affected"),
        (r#""pkg:pypi/other""#, "not_affected"),
        (r#""pkg:npm/my-project""#, "not_affected"),
        (r#""pkg:pypi/my-project""#, "affected"),
        (r#"{"@id": "pkg:pypi/my-project", "subcomponents": ["pkg:pypi/urllib3"]}"#, "not_affected"),
    ] {
        let told = said(openvex(product, status), &audit);
        assert!(!told.contains("requests") && told.lines().count() == 1, "{product} {status}: {told}");
    }
}

#[test]
fn a_flaw_that_is_reported_of_the_project_itself_stays_its_own() {
    let own = PIP_AUDIT.replace("requests", "my-project");
    let both = [scan_of("pip-audit.json", PIP_AUDIT), scan_of("pip-audit.json", &own)];
    let told = said(openvex(r#""pkg:pypi/my-project""#, "not_affected"), &both);
    assert!(told.contains("my-project@-") && told.contains("requests@2.19"), "{told}");
}
