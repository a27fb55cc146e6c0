//! Whose word on severity counts, and for how long.

use findings_model::{Severity, SeveritySource};
use insta::assert_snapshot;

use super::{
    Build, flaw,
    project::Project,
    scan,
    timeline::{FLAW, audit},
};

#[test]
fn a_person_has_the_last_word_on_severity() {
    let mut p = Project::new();
    p.take(5, &[audit().finds(flaw(FLAW))]);
    p.exceptions("findings:\n  PYSEC-2018-28: {severity: low}\n");
    assert_snapshot!(p.run(12, &[audit().finds(flaw(FLAW))]), @r#"
    * PYSEC-2018-28 severity_changed {"from":"high","source":"override","to":"low"}
    PYSEC-2018-28 low open
    "#);
    p.exceptions("findings: {}\n");
    assert_snapshot!(p.run(19, &[audit().finds(flaw(FLAW))]), @r#"
    * PYSEC-2018-28 severity_changed {"from":"low","source":"scanner","to":"high"}
    PYSEC-2018-28 high open
    "#);
}

#[test]
fn severity_follows_the_strongest_source_and_not_its_silence() {
    let mut p = Project::new();
    let rated = |s: Severity, source: SeveritySource| audit().finds(flaw(FLAW)).rated_by(s, source);
    p.take(5, &[rated(Severity::Medium, SeveritySource::AdvisoryVector)]);
    let severity = |p: &Project| p.ledger.findings[0].rating.severity;
    // The advisory records could not be reached.
    p.take(12, &[rated(Severity::Unknown, SeveritySource::Unknown)]);
    assert_eq!(severity(&p), Severity::Medium);
    p.take(19, &[rated(Severity::High, SeveritySource::Scanner)]);
    assert_eq!(severity(&p), Severity::Medium);
    assert_snapshot!(p.run(26, &[rated(Severity::Critical, SeveritySource::AdvisoryVector)]), @r#"
    * PYSEC-2018-28 severity_changed {"from":"medium","source":"advisory_vector","to":"critical"}
    PYSEC-2018-28 critical open
    "#);
    assert_snapshot!(p.run(33, &[rated(Severity::Medium, SeveritySource::AdvisoryVector)]), @r#"
    * PYSEC-2018-28 severity_changed {"from":"critical","source":"advisory_vector","to":"medium"}
    PYSEC-2018-28 medium open
    "#);
    // Nobody looked: it stays.
    p.take(40, &[]);
    assert_eq!(severity(&p), Severity::Medium);
}

#[test]
fn what_an_advisory_said_changes_only_where_all_its_records_could_be_had() {
    let rated = |severity, source| audit().finds(flaw("requests 2.19.0 PYSEC-2018-28")).rated_by(severity, source);
    let mut p = Project::new();
    p.take(5, &[rated(Severity::High, SeveritySource::AdvisoryVector)]);
    let stands = |p: &Project| {
        let finding = &p.ledger.findings[0];
        (finding.rating.severity, finding.rating.source, finding.rated_on.map(time::Date::day))
    };
    let monday = (Severity::High, SeveritySource::AdvisoryVector, Some(5));
    assert_eq!(stands(&p), monday);
    // One of its records is out of reach: what the others say, more or less, is not the whole.
    p.advised = false;
    for (severity, source) in [
        (Severity::Critical, SeveritySource::AdvisoryVector),
        (Severity::Low, SeveritySource::AdvisoryVector),
        (Severity::Critical, SeveritySource::AdvisoryWord),
        (Severity::Critical, SeveritySource::Scanner),
        (Severity::Unknown, SeveritySource::Unknown),
    ] {
        assert_eq!(p.take(12, &[rated(severity, source)]).events, [], "{severity} {source:?}");
        assert_eq!(stands(&p), monday);
    }
    // All of them are there: a word where the vector was withdrawn is what they say now.
    p.advised = true;
    p.take(19, &[rated(Severity::Medium, SeveritySource::AdvisoryWord)]);
    assert_eq!(stands(&p), (Severity::Medium, SeveritySource::AdvisoryWord, Some(19)));
    p.take(26, &[rated(Severity::Low, SeveritySource::Scanner)]);
    assert_eq!(stands(&p), (Severity::Medium, SeveritySource::AdvisoryWord, Some(19)));
    p.take(27, &[rated(Severity::Critical, SeveritySource::Policy)]);
    assert_eq!(stands(&p), (Severity::Critical, SeveritySource::Policy, None));
}

#[test]
fn the_milder_of_two_scanners_does_not_lower_it_while_the_other_is_away() {
    let mut p = Project::new();
    let mild = || audit().finds(flaw(FLAW)).rated(Severity::Medium);
    let osv = || scan("osv-scanner").finds(flaw("requests 2.19.0 GHSA-x CVE-2018-18074")).rated(Severity::High);
    p.take(5, &[mild(), osv()]);
    assert_eq!(p.ledger.findings[0].rating.severity, Severity::High);
    p.take(12, &[mild()]);
    assert_eq!(p.ledger.findings[0].rating.severity, Severity::High);
}
