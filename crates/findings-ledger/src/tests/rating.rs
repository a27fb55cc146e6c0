//! What advisory records say of flaws that no report of a run names.

use findings_model::{CvssVector, Gap, Rating, Scan, Severity, SeveritySource, Status};
use insta::assert_snapshot;

use super::{Build, flaw, package, project::Project, scan};

const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N";
const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

fn audit() -> Scan {
    scan("pip-audit").packages("requests 2.19.0")
}

fn vector(text: &str) -> Rating {
    Rating::from_vectors(vec![CvssVector::parse(text).unwrap()], SeveritySource::AdvisoryVector).unwrap()
}

fn found(rating: Rating) -> Scan {
    let mut scan = audit().finds(flaw("requests 2.19.0 PYSEC-1 CVE-1-1"));
    scan.observations[0].rating = rating;
    scan
}

/// A project whose only finding was seen on the 5th, rated so.
fn project(rating: Rating) -> Project {
    let mut project = Project::new();
    project.take(5, &[found(rating)]);
    project
}

fn stands(p: &Project) -> (Severity, SeveritySource, Option<u8>) {
    let finding = &p.ledger.findings[0];
    (finding.rating.severity, finding.rating.source, finding.rated_on.map(time::Date::day))
}

#[test]
fn a_raised_severity_reaches_a_finding_that_no_report_names() {
    let skipped = || audit().gap(Gap::Package(package("requests")));
    for scans in [vec![skipped()], vec![audit().state(findings_model::CoverageState::Failed)], vec![]] {
        let mut p = project(vector(MEDIUM));
        p.ratings.insert("CVE-1-1", vector(CRITICAL));
        p.take(12, &scans);
        assert_eq!(stands(&p), (Severity::Critical, SeveritySource::AdvisoryVector, Some(12)));
        assert_eq!(p.ledger.findings[0].rating, vector(CRITICAL));
        assert_eq!(p.ledger.findings[0].status, Status::Unverified { since: super::at(5).date() });
        // And a lowered one.
        p.ratings.insert("CVE-1-1", Rating::word(Severity::Low, SeveritySource::AdvisoryWord));
        p.take(19, &scans);
        assert_eq!(stands(&p), (Severity::Low, SeveritySource::AdvisoryWord, Some(19)));
    }
    let mut p = project(vector(MEDIUM));
    p.verdicts.insert("PYSEC-1", findings_model::AdvisoryVerdict::Affected);
    p.ratings.insert("PYSEC-1", vector(CRITICAL));
    assert_snapshot!(p.run(12, &[audit()]), @r#"
    * PYSEC-1 unverified {"since":"2026-01-05"}
    * PYSEC-1 severity_changed {"from":"medium","source":"advisory_vector","to":"critical"}
    PYSEC-1 critical unverified since 2026-01-05
    "#);
}

#[test]
fn records_that_could_not_all_be_had_change_nothing_of_what_they_said() {
    let mut p = project(vector(MEDIUM));
    p.ratings.insert("CVE-1-1", vector(CRITICAL));
    p.advised = false;
    p.take(12, &[]);
    assert_eq!(stands(&p), (Severity::Medium, SeveritySource::AdvisoryVector, Some(5)));
    p.ratings.clear();
    p.advised = true;
    p.take(19, &[]);
    assert_eq!(stands(&p), (Severity::Medium, SeveritySource::AdvisoryVector, Some(5)));
}

#[test]
fn a_finding_that_no_report_names_is_rated_by_the_strongest_source() {
    let after = |known: Rating, said: Rating| {
        let mut p = project(known);
        p.ratings.insert("PYSEC-1", said);
        p.take(12, &[]);
        stands(&p)
    };
    let scanner = Rating::word(Severity::Critical, SeveritySource::Scanner);
    assert_eq!(after(scanner, vector(MEDIUM)), (Severity::Medium, SeveritySource::AdvisoryVector, Some(12)));
    let malware = Rating::word(Severity::Critical, SeveritySource::Policy);
    assert_eq!(after(malware.clone(), vector(MEDIUM)), (Severity::Critical, SeveritySource::Policy, None));
    assert_eq!(after(vector(MEDIUM), malware), (Severity::Critical, SeveritySource::Policy, None));
    // What a report said beside the records stays while they say the same.
    let mut both = vector(MEDIUM);
    both.vectors.push(CvssVector::parse("AV:N/AC:L/Au:N/C:P/I:P/A:P").unwrap());
    let mut p = project(both.clone());
    p.ratings.insert("PYSEC-1", vector(MEDIUM));
    p.take(12, &[]);
    assert_eq!((stands(&p).2, &p.ledger.findings[0].rating), (Some(12), &both));
}

#[test]
fn a_persons_word_stays_in_front_of_what_the_records_say() {
    let mut p = project(vector(MEDIUM));
    p.exceptions("findings:\n  PYSEC-1: {severity: low}\n");
    p.take(6, &[found(vector(MEDIUM))]);
    p.ratings.insert("PYSEC-1", vector(CRITICAL));
    assert_eq!(p.take(12, &[]).events.len(), 1, "it is unverified, and that is all");
    assert_eq!(stands(&p), (Severity::Low, SeveritySource::Override, None));
    p.ratings.clear();
    p.exceptions("findings: {}\n");
    p.take(19, &[]);
    assert_eq!(stands(&p), (Severity::Critical, SeveritySource::AdvisoryVector, Some(12)));
}

#[test]
fn what_ends_or_ended_is_not_rated_again() {
    let mut p = project(vector(MEDIUM));
    p.ratings.insert("PYSEC-1", vector(CRITICAL));
    p.take(12, &[scan("pip-audit").packages("requests 2.20.0")]);
    p.take(19, &[]);
    assert_eq!(stands(&p), (Severity::Medium, SeveritySource::AdvisoryVector, Some(5)));
}
