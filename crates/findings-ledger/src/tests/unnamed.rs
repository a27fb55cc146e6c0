//! Records that do not say which package they are about.

use findings_model::ResolvedReason;

use super::{Build, project::Project, *};

/// What a report without package names says: it lists packages, and which of them has the flaw cannot be told.
fn vague(list: &str, id: &str) -> Scan {
    let said = scan("pip-audit").packages(list).finds(unnamed(id));
    said.state(CoverageState::Partial).gap(Gap::Unnamed("what vulnerabilities[0] affects".to_owned()))
}

fn unnamed(id: &str) -> Subject {
    let Subject::Vulnerability(flaw) = flaw(&format!("any 1 {id}")) else { unreachable!() };
    Subject::Vulnerability(Vulnerability { package: Package::unnamed(), version: None, ..flaw })
}

fn told(list: &str, found: &[&str]) -> Scan {
    found.iter().fold(scan("pip-audit").packages(list), |scan, found| scan.finds(flaw(found)))
}

/// Where every finding stands, by id and package.
fn standing(p: &Project) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for finding in &p.ledger.findings {
        let package = finding.subject.package().unwrap();
        lines.push(format!("{} {package} {}", finding.finding_id, if finding.is_open() { "open" } else { "over" }));
    }
    lines
}

const BOTH: &str = "requests 2.19, jinja2 2.10";

#[test]
fn a_flaw_gets_its_package_when_a_report_names_it() {
    let mut p = Project::new();
    p.take(5, &[vague(BOTH, "PYSEC-2018-28")]);
    assert_eq!(standing(&p), ["PYSEC-2018-28 unknown (unknown) open"]);
    assert_eq!(p.take(12, &[told(BOTH, &["requests 2.19 PYSEC-2018-28"])]).events, []);
    assert_eq!(standing(&p), ["PYSEC-2018-28 requests open"]);
}

#[test]
fn a_flaw_is_over_when_no_package_has_it() {
    let mut p = Project::new();
    p.take(5, &[vague(BOTH, "PYSEC-2018-28")]);
    assert_eq!(p.end(12, &[told(BOTH, &[])]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn a_record_without_a_package_is_the_flaw_of_a_listed_package() {
    let mut p = Project::new();
    p.take(5, &[told(BOTH, &["requests 2.18 PYSEC-2018-28 CVE-2018-18074"])]);
    assert_eq!(p.take(12, &[vague(BOTH, "CVE-2018-18074")]).events, []);
    assert_eq!(standing(&p), ["PYSEC-2018-28 requests open"]);
    let Subject::Vulnerability(flaw) = &p.ledger.findings[0].subject else { unreachable!() };
    assert_eq!(flaw.version.as_deref(), Some("2.19"), "the version that the report lists");
    // In two packages it may be either, and none of them is taken for gone.
    p.take(19, &[told(BOTH, &["requests 2.19 PYSEC-2018-28", "jinja2 2.10 PYSEC-2018-28"])]);
    let before = standing(&p);
    assert_eq!(p.take(26, &[vague(BOTH, "PYSEC-2018-28")]).events, []);
    assert_eq!((standing(&p), before.len()), (before, 2));
}

#[test]
fn a_record_without_a_package_ends_no_flaw_of_its_name() {
    let mut p = Project::new();
    p.take(5, &[told("requests 2.19", &["requests 2.19 PYSEC-2018-28"])]);
    // The report lists other packages, and calls itself complete.
    p.take(12, &[scan("pip-audit").packages("jinja2 2.10").finds(unnamed("PYSEC-2018-28"))]);
    assert_eq!(standing(&p), ["PYSEC-2018-28 requests open", "PYSEC-2018-28@unknown unknown (unknown) open"]);
}

#[test]
fn what_is_cleared_without_a_package_clears_none() {
    let mut p = Project::new();
    p.take(5, &[told("requests 2.19", &["requests 2.19 PYSEC-2018-28"])]);
    let statement = scan("openvex").finds(unnamed("PYSEC-2018-28")).cleared(Clearance::NotAffected);
    p.take(12, &[told("requests 2.19", &["requests 2.19 PYSEC-2018-28"]), statement]);
    assert!(p.ledger.findings.iter().any(|f| f.subject.package() == Some(&package("requests")) && f.is_open()));
}

#[test]
fn two_scanners_of_one_run_help_each_other() {
    let mut p = Project::new();
    let osv = || scan("osv-scanner").packages("requests 2.19").finds(flaw("requests 2.19 PYSEC-2018-28"));
    p.take(5, &[vague(BOTH, "PYSEC-2018-28"), osv()]);
    assert_eq!(standing(&p), ["PYSEC-2018-28 requests open"]);
}
