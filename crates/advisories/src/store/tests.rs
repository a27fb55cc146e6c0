use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, AdvisoryVerdict, Coverage, LookedAt, Observation, Package, PackageName, Rating, ReportFormat, Scan, Severity,
    SeveritySource, Subject, Vulnerability,
};

use super::AdvisoryStore;

fn id(text: &str) -> AdvisoryId {
    AdvisoryId::parse(text).unwrap()
}

fn vulnerability(package: &str, version: &str, printed: &str, aliases: &[&str]) -> Vulnerability {
    Vulnerability {
        package: Package::pypi(&PackageName::parse(package).unwrap()),
        version: Some(version.to_owned()),
        id: id(printed),
        aliases: aliases.iter().map(|a| id(a)).collect(),
        printed: [id(printed)].into(),
        fix_versions: Vec::new(),
    }
}

fn store(records: &[&str]) -> AdvisoryStore {
    let files = records.iter().map(|r| ("r.json", r.as_bytes()));
    let (store, errors) = AdvisoryStore::from_records(files);
    assert!(errors.is_empty(), "{errors:?}");
    store
}

fn enriched(store: &AdvisoryStore, vulnerability: Vulnerability) -> Observation {
    let mut scans = [Scan {
        scanner: ReportFormat::PipAudit.scanner(),
        format: Some(ReportFormat::PipAudit),
        file: "pip-audit.json".to_owned(),
        tool_version: None,
        observed_at: None,
        coverage: Coverage::complete(LookedAt::default()),
        observations: vec![Observation {
            subject: Subject::Vulnerability(vulnerability),
            rating: Rating::unknown(),
            description: String::new(),
            reference_url: None,
            clearance: None,
        }],
    }];
    store.enrich(&mut scans);
    let [scan] = scans;
    scan.observations.into_iter().next().unwrap()
}

fn aliases(observation: &Observation) -> BTreeSet<String> {
    observation.subject.advisory_ids().into_iter().map(ToString::to_string).collect()
}

const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N";

fn record(id: &str, aliases: &str, package: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2024-01-01T00:00:00Z","aliases":[{aliases}],"affected":[{{"package":{{"ecosystem":"PyPI","name":"{package}"}},
        "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"2.0"}}]}}]}}]{more}}}"#
    )
}

#[test]
fn the_twin_of_a_record_without_severity_has_one() {
    let pysec = record("PYSEC-2024-1", r#""CVE-2024-1","GHSA-aaaa-bbbb-cccc""#, "Demo", "");
    let twin = record("GHSA-aaaa-bbbb-cccc", r#""CVE-2024-1""#, "demo", &format!(r#","severity":[{{"type":"CVSS_V3","score":"{HIGH}"}}]"#));
    let observation = enriched(&store(&[&pysec, &twin]), vulnerability("demo", "1.0", "PYSEC-2024-1", &[]));
    assert_eq!(observation.rating.severity, Severity::High);
    assert_eq!(observation.rating.source, SeveritySource::AdvisoryVector);
    assert_eq!(aliases(&observation), ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc", "PYSEC-2024-1"].map(String::from).into());
    let Subject::Vulnerability(v) = &observation.subject else { panic!() };
    assert_eq!(v.fix_versions, ["2.0"]);
}

#[test]
fn one_alias_in_two_flaws_merges_nothing() {
    // As in the package zope: one GHSA id is an alias of two CVE numbers, and the report mixed them up.
    let first = record("PYSEC-2021-368", r#""CVE-2021-32633","GHSA-qcx9-j53g-ccgf""#, "zope", "");
    let second = record(
        "PYSEC-2021-875",
        r#""CVE-2021-32807","GHSA-qcx9-j53g-ccgf""#,
        "zope",
        &format!(r#","severity":[{{"type":"CVSS_V3","score":"{HIGH}"}}]"#),
    );
    let polluted = vulnerability("zope", "1.0", "PYSEC-2021-368", &["CVE-2021-32633", "CVE-2021-32807", "GHSA-qcx9-j53g-ccgf"]);
    let observation = enriched(&store(&[&first, &second]), polluted);
    assert!(!aliases(&observation).contains("CVE-2021-32807"));
    assert_eq!(observation.rating.severity, Severity::Unknown);
}

#[test]
fn another_package_is_another_flaw() {
    let other = record("PYSEC-2024-9", r#""CVE-2024-1""#, "other", &format!(r#","severity":[{{"type":"CVSS_V3","score":"{HIGH}"}}]"#));
    let observation = enriched(&store(&[&other]), vulnerability("demo", "1.0", "CVE-2024-1", &[]));
    assert_eq!(observation.rating.severity, Severity::Unknown);
}

#[test]
fn a_word_counts_where_there_is_no_vector() {
    let word = record("GHSA-aaaa-bbbb-cccc", "", "demo", r#","database_specific":{"severity":"MODERATE"}"#);
    let observation = enriched(&store(&[&word]), vulnerability("demo", "1.0", "GHSA-aaaa-bbbb-cccc", &[]));
    assert_eq!((observation.rating.severity, observation.rating.source), (Severity::Medium, SeveritySource::AdvisoryWord));
}

#[test]
fn malware_is_critical() {
    let observation = enriched(&store(&[&record("MAL-2024-1", "", "demo", "")]), vulnerability("demo", "1.0", "MAL-2024-1", &[]));
    assert_eq!((observation.rating.severity, observation.rating.source), (Severity::Critical, SeveritySource::Policy));
}

#[test]
fn the_records_say_what_became_of_a_flaw() {
    let withdrawn = record("PYSEC-2024-1", "", "demo", r#","withdrawn":"2024-02-01T00:00:00Z""#);
    let standing = record("PYSEC-2024-2", "", "demo", "");
    let store = store(&[&withdrawn, &standing]);
    let verdict = |printed, version| store.verdict(&vulnerability("demo", version, printed, &[]));
    assert_eq!(verdict("PYSEC-2024-1", "1.0"), AdvisoryVerdict::Withdrawn);
    assert_eq!(verdict("PYSEC-2024-2", "1.9"), AdvisoryVerdict::Affected);
    assert_eq!(verdict("PYSEC-2024-2", "2.0"), AdvisoryVerdict::NotAffected);
    assert_eq!(verdict("PYSEC-2024-2", "2.0rc1"), AdvisoryVerdict::Affected);
    assert_eq!(verdict("PYSEC-2024-2", "not a version"), AdvisoryVerdict::Unknown);
    assert_eq!(verdict("PYSEC-2024-3", "1.0"), AdvisoryVerdict::Unknown);
}

#[test]
fn yaml_is_read_and_rubbish_is_told_about() {
    let yaml = "id: PYSEC-2024-1\nmodified: 2024-01-01T00:00:00Z\naffected:\n- package:\n    ecosystem: PyPI\n    name: demo\n  versions:\n  - \"1.0\"\n";
    let files: [(&str, &[u8]); 4] =
        [("a.yaml", yaml.as_bytes()), ("b.json", b"{"), ("c.yml", b"- [unclosed"), ("d.json", br#"{"id":""}"#)];
    let (store, errors) = AdvisoryStore::from_records(files);
    assert_eq!(store.verdict(&vulnerability("demo", "1.0", "PYSEC-2024-1", &[])), AdvisoryVerdict::Affected);
    let names: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[0].contains("b.json") && names[1].contains("c.yml") && names[2].contains("d.json"));
}
