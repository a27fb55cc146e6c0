mod archive;
mod attacks;
mod search;

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, AdvisoryIds, AdvisoryVerdict, Coverage, LookedAt, Observation, Package, PackageName, Rating,
    ReportFormat, Scan, Severity, SeveritySource, Subject, Vulnerability,
};

use crate::{AdvisoryStore, RecordWarning, Unread};

const V31_CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const V31_MEDIUM: &str = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:N";
const V40_HIGH: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N";

fn store(records: &[&str]) -> AdvisoryStore {
    let (store, warnings) = read(records);
    assert_eq!(warnings, []);
    store
}

fn read(records: &[&str]) -> (AdvisoryStore, Vec<RecordWarning>) {
    AdvisoryStore::from_records(records.iter().enumerate().map(|(i, text)| (format!("r{i}"), text.as_bytes())))
}

/// A record of `package` with more fields behind.
fn record(id: &str, aliases: &str, package: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","aliases":[{aliases}],"affected":[{{"package":{{"ecosystem":"PyPI","name":"{package}"}},
        "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"2.0"}}]}}]}}]{more}}}"#
    )
}

fn vulnerability(package: &str, version: &str, ids: &[&str]) -> Vulnerability {
    let mut ids = ids.iter().map(|id| AdvisoryId::parse(id).unwrap());
    Vulnerability {
        package: Package::pypi(&PackageName::parse(package).unwrap()),
        version: Some(version.into()),
        id: ids.next().unwrap(),
        aliases: ids.collect(),
        printed: AdvisoryIds::new(),
        fix_versions: Vec::new(),
    }
}

fn enriched(store: &AdvisoryStore, v: Vulnerability, rating: Rating) -> Observation {
    let observation = Observation {
        subject: Subject::Vulnerability(v),
        begins: None,
        rating,
        rating_assumed: false,
        description: "".into(),
        reference_url: None,
        clearance: None,
    };
    let mut scans = [Scan {
        scanner: ReportFormat::PipAudit.scanner(),
        format: Some(ReportFormat::PipAudit),
        file: "pip-audit.json".to_owned(),
        tool_version: None,
        report_digest: None,
        written_at: None,
        rules: None,
        observed_at: None,
        coverage: Coverage::complete(LookedAt::default()),
        observations: vec![observation],
    }];
    store.enrich(&mut scans);
    scans[0].observations.remove(0)
}

fn aliases(observation: &Observation) -> Vec<String> {
    observation.subject.advisory_ids().skip(1).map(ToString::to_string).collect()
}

fn rated(records: &[&str], ids: &[&str]) -> (Severity, SeveritySource) {
    let rating = enriched(&store(records), vulnerability("pkg", "1.0", ids), Rating::unknown()).rating;
    (rating.severity, rating.source)
}

#[test]
fn the_twin_record_gives_the_severity() {
    let pysec = record("PYSEC-1", r#""CVE-1-1","GHSA-1""#, "pkg", "");
    let ghsa = record(
        "GHSA-1",
        r#""CVE-1-1""#,
        "pkg",
        &format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31_CRITICAL}"}}]"#),
    );
    assert_eq!(rated(&[&pysec, &ghsa], &["PYSEC-1"]), (Severity::Critical, SeveritySource::AdvisoryVector));
    assert_eq!(rated(&[&pysec, &ghsa], &["CVE-1-1"]), (Severity::Critical, SeveritySource::AdvisoryVector));
    assert_eq!(rated(&[&pysec], &["PYSEC-1"]), (Severity::Unknown, SeveritySource::Unknown));
    // The same advisory says nothing about another package.
    let other = record(
        "GHSA-1",
        r#""CVE-1-1""#,
        "other",
        &format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31_CRITICAL}"}}]"#),
    );
    assert_eq!(rated(&[&pysec, &other], &["PYSEC-1"]), (Severity::Unknown, SeveritySource::Unknown));
}

#[test]
fn a_flaw_that_no_report_names_is_rated_as_one_that_is_reported() {
    let rated = |records: &[&str], ids: &[&str]| {
        let rating = store(records).rating(&vulnerability("pkg", "1.0", ids));
        rating.map(|rating| (rating.severity, rating.source))
    };
    let more = |vector: &str| format!(r#","severity":[{{"type":"CVSS_V3","score":"{vector}"}}]"#);
    let pysec = record("PYSEC-1", r#""CVE-1-1","GHSA-1""#, "pkg", "");
    let ghsa = record("GHSA-1", r#""CVE-1-1""#, "pkg", &more(V31_CRITICAL));
    let vector = Some((Severity::Critical, SeveritySource::AdvisoryVector));
    assert_eq!(rated(&[&pysec, &ghsa], &["PYSEC-1"]), vector);
    assert_eq!(rated(&[&ghsa], &["OSV-9", "CVE-1-1"]), vector, "by an alias");
    assert_eq!(rated(&[&pysec], &["PYSEC-1"]), None, "nothing is said");
    assert_eq!(rated(&[&ghsa], &["PYSEC-9"]), None, "it is not known");
    assert_eq!(rated(&[], &["MAL-2024-1"]), None);
    let gone = record("GHSA-1", "", "pkg", &format!(r#"{},"withdrawn":"2026-01-01T00:00:00Z""#, more(V31_CRITICAL)));
    assert_eq!(rated(&[&gone], &["GHSA-1"]), None, "withdrawn");
    let malware = record("MAL-2024-1", r#""GHSA-1""#, "pkg", &more(V31_MEDIUM));
    assert_eq!(rated(&[&malware], &["GHSA-1"]), Some((Severity::Critical, SeveritySource::Policy)));
}

#[test]
fn the_newest_vector_counts_and_all_are_kept() {
    let more = format!(
        r#","severity":[{{"type":"CVSS_V3","score":"{V31_CRITICAL}"}},{{"type":"CVSS_V4","score":"{V40_HIGH}"}},
        {{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}},{{"type":"Ubuntu","score":"medium"}},{{"type":"CVSS_V3","score":null}}, 7]"#
    );
    let store = store(&[&record("PYSEC-1", "", "pkg", &more)]);
    let rating = enriched(&store, vulnerability("pkg", "1.0", &["PYSEC-1"]), Rating::unknown()).rating;
    assert_eq!((rating.severity, rating.vectors.len()), (Severity::High, 2));
}

#[test]
fn a_score_of_zero_is_info_and_an_incomplete_vector_is_none() {
    let vectors = |texts: &[&str]| {
        let list: Vec<String> = texts.iter().map(|t| format!(r#"{{"type":"CVSS_V3","score":"{t}"}}"#)).collect();
        rated(&[&record("GHSA-1", "", "pkg", &format!(r#","severity":[{}]"#, list.join(",")))], &["GHSA-1"])
    };
    let zero = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N";
    assert_eq!(vectors(&[zero]), (Severity::Info, SeveritySource::AdvisoryVector));
    for incomplete in
        ["CVSS:3.1/AV:N/AC:L", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H", "CVSS:3.1/", "AV:N", "", "9.8"]
    {
        assert_eq!(vectors(&[incomplete]), (Severity::Unknown, SeveritySource::Unknown), "{incomplete}");
        assert_eq!(
            vectors(&[incomplete, V31_MEDIUM]),
            (Severity::Medium, SeveritySource::AdvisoryVector),
            "{incomplete}"
        );
    }
}

#[test]
fn words_come_after_vectors_and_before_the_scanner() {
    let word = r#","database_specific":{"severity":"MODERATE"}"#;
    assert_eq!(
        rated(&[&record("GHSA-1", "", "pkg", word)], &["GHSA-1"]),
        (Severity::Medium, SeveritySource::AdvisoryWord)
    );
    let scanner = Rating::word(Severity::Low, SeveritySource::Scanner);
    let kept = enriched(&store(&[]), vulnerability("pkg", "1.0", &["GHSA-1"]), scanner.clone()).rating;
    assert_eq!(kept, scanner);
    let empty = enriched(
        &store(&[&record("GHSA-1", "", "pkg", "")]),
        vulnerability("pkg", "1.0", &["GHSA-1"]),
        scanner.clone(),
    )
    .rating;
    assert_eq!(empty, scanner);
}

#[test]
fn malware_is_critical_with_or_without_a_record() {
    let critical = (Severity::Critical, SeveritySource::Policy);
    assert_eq!(rated(&[], &["MAL-2024-1"]), critical);
    assert_eq!(rated(&[&record("MAL-2024-1", r#""GHSA-1""#, "pkg", "")], &["GHSA-1"]), critical);
}

#[test]
fn a_withdrawn_record_rates_nothing() {
    let vector = format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31_CRITICAL}"}}]"#);
    let gone = record("PYSEC-1", r#""CVE-1-1""#, "pkg", &format!(r#"{vector},"withdrawn":"2023-06-06T00:00:00Z""#));
    assert_eq!(rated(&[&gone], &["PYSEC-1"]), (Severity::Unknown, SeveritySource::Unknown));
    let ghsa = record(
        "GHSA-1",
        r#""CVE-1-1""#,
        "pkg",
        &format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31_MEDIUM}"}}]"#),
    );
    assert_eq!(rated(&[&gone, &ghsa], &["PYSEC-1"]), (Severity::Medium, SeveritySource::AdvisoryVector));
    assert_eq!(store(&[&gone]).verdict(&vulnerability("pkg", "1.0", &["CVE-1-1"])), AdvisoryVerdict::Withdrawn);
    assert_eq!(store(&[&gone, &ghsa]).verdict(&vulnerability("pkg", "1.0", &["PYSEC-1"])), AdvisoryVerdict::Affected);
}

#[test]
fn the_records_aliases_replace_mixed_up_ones() {
    let store = store(&[
        &record("PYSEC-2021-368", r#""CVE-2021-32811","GHSA-qcx9-j53g-ccgf""#, "zope", ""),
        &record("PYSEC-2021-875", r#""CVE-2021-32807","GHSA-qcx9-j53g-ccgf""#, "zope", ""),
    ]);
    let mixed =
        vulnerability("zope", "4.6", &["PYSEC-2021-368", "CVE-2021-32811", "CVE-2021-32807", "GHSA-qcx9-j53g-ccgf"]);
    assert_eq!(aliases(&enriched(&store, mixed, Rating::unknown())), ["CVE-2021-32811", "GHSA-qcx9-j53g-ccgf"]);
    // The shared alias alone does not say which of the two it is.
    let either = vulnerability("zope", "4.6", &["GHSA-qcx9-j53g-ccgf"]);
    assert_eq!(store.verdict(&either), AdvisoryVerdict::Unknown);
    assert_eq!(aliases(&enriched(&store, either, Rating::unknown())), Vec::<String>::new());
}

#[test]
fn what_the_report_left_out_is_filled_in() {
    let more = r#","summary":"Bad\u001b thing","references":[{"type":"WEB","url":"https://example.org/a"},{"type":"ADVISORY","url":"https://example.org/b"}]"#;
    let store = store(&[&record("SFTY-1", "", "pkg", more)]);
    let observation = enriched(&store, vulnerability("pkg", "1.0", &["SFTY-1"]), Rating::unknown());
    let Subject::Vulnerability(v) = &observation.subject else { unreachable!() };
    assert_eq!(v.fix_versions, ["2.0"]);
    assert_eq!(observation.description, "Bad\u{fffd} thing");
    assert_eq!(observation.reference_url.as_deref(), Some("https://example.org/b"));
    let known = enriched(&store, vulnerability("pkg", "1.0", &["X-1", "CVE-2025-1"]), Rating::unknown());
    assert_eq!(known.reference_url.as_deref(), Some("https://nvd.nist.gov/vuln/detail/CVE-2025-1"));
}

#[test]
fn a_fixed_version_is_told_without_the_blanks_around_it() {
    let fixed = |version: &str| {
        let store = store(&[&record("SFTY-1", "", "pkg", "").replace("2.0", version)]);
        let observation = enriched(&store, vulnerability("pkg", "1.0", &["SFTY-1"]), Rating::unknown());
        let Subject::Vulnerability(v) = observation.subject else { unreachable!() };
        v.fix_versions
    };
    assert_eq!(fixed("\\t2.0 "), ["2.0"]);
    assert_eq!(fixed("2.0\\u001b"), [""; 0]);
}

#[test]
fn other_ecosystems_are_judged_by_their_lists_alone() {
    let record = r#"{"id":"GHSA-1","affected":[{"package":{"ecosystem":"npm","name":"pkg"},"versions":["1.0.0"],
        "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}"#;
    let store = store(&[record]);
    let verdict = |version: &str| {
        let package = Package::new("npm".to_owned().into(), "pkg").unwrap();
        store.verdict(&Vulnerability { package, ..vulnerability("pkg", version, &["GHSA-1"]) })
    };
    assert_eq!(verdict("1.0.0"), AdvisoryVerdict::Affected);
    assert_eq!(verdict("1.5.0"), AdvisoryVerdict::Unknown);
}

#[test]
fn versions_are_judged_by_lists_and_ranges() {
    let listed =
        r#"{"id":"PYSEC-1","affected":[{"package":{"ecosystem":"PyPI","name":"Pkg"},"versions":["1.0","1.5"]}]}"#;
    let ranged = record("PYSEC-2", "", "pkg", "");
    let empty = r#"{"id":"PYSEC-3","affected":[{"package":{"ecosystem":"PyPI","name":"pkg"}}]}"#;
    let store = store(&[listed, &ranged, empty]);
    let verdict = |id: &str, version: &str| store.verdict(&vulnerability("pkg", version, &[id]));
    assert_eq!(verdict("PYSEC-1", "1.0.0"), AdvisoryVerdict::Affected);
    assert_eq!(verdict("PYSEC-1", "1.1"), AdvisoryVerdict::NotAffected);
    assert_eq!(verdict("PYSEC-2", "1.9"), AdvisoryVerdict::Affected);
    assert_eq!(verdict("PYSEC-2", "2.0"), AdvisoryVerdict::NotAffected);
    assert_eq!(verdict("PYSEC-2", "not a version"), AdvisoryVerdict::Unknown);
    assert_eq!(verdict("PYSEC-3", "1.0"), AdvisoryVerdict::Unknown);
    assert_eq!(verdict("PYSEC-4", "1.0"), AdvisoryVerdict::Unknown);
}

#[test]
fn yaml_and_oddities_are_read() {
    let yaml = "id: PYSEC-2020-1\naliases: null\nwithdrawn: 2023-06-06T00:00:00Z\naffected:\n- package: {ecosystem: PyPI, name: pkg}\n  ranges: wrong\n- 7\n";
    let (store, warnings) = read(&[yaml]);
    insta::assert_snapshot!(warnings[0], @"advisory record r0: 2 of its aliases, packages, ranges and versions cannot be read: it does not vouch that a version is not affected");
    assert_eq!(store.verdict(&vulnerability("pkg", "1.0", &["PYSEC-2020-1"])), AdvisoryVerdict::Withdrawn);
}

/// A record that says of 3.1.2 that it is not affected, or would without what is odd in it.
fn about_jinja2(affected: &str) -> String {
    let package = r#""package":{"ecosystem":"PyPI","name":"jinja2"}"#;
    format!(r#"{{"id":"PYSEC-1","affected":[{}]}}"#, affected.replace("PACKAGE", package))
}

#[test]
fn a_record_with_a_part_that_cannot_be_read_never_says_not_affected() {
    for affected in [
        r#"{PACKAGE,"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":0},{"fixed":"3.1.3"}]}]}"#,
        r#"{PACKAGE,"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"4.0"},{"started":"0"}]}]}"#,
        r#"{PACKAGE,"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"4.0"}]},{"events":[{"introduced":"0"}]}]}"#,
        r#"{PACKAGE,"ranges":{"type":"ECOSYSTEM"},"versions":["3.1.1"]}"#,
        r#"{PACKAGE,"versions":["3.1.1",3.1]}"#,
        r#"{PACKAGE,"versions":["3.1.1"]},7"#,
        r#"{PACKAGE,"versions":["3.1.1"]},{"package":{"ecosystem":"PyPI","name":["jinja2"]},"versions":["3.1.2"]}"#,
    ] {
        let (store, warnings) = read(&[&about_jinja2(affected)]);
        let verdict = store.verdict(&vulnerability("jinja2", "3.1.2", &["PYSEC-1"]));
        assert_eq!((verdict, warnings.len()), (AdvisoryVerdict::Unreadable, 1), "{affected}");
    }
    // Also where the part is of another record of the same flaw.
    let twin = r#"{"id":"GHSA-1","aliases":["PYSEC-1"],"affected":[7]}"#;
    let other = r#"{"id":"GHSA-1","affected":[7,{"package":{"ecosystem":"PyPI","name":"other"},"versions":["1"]}]}"#;
    let named =
        about_jinja2(r#"{PACKAGE,"versions":["3.1.1"]}"#).replace("\"affected", "\"aliases\":[\"GHSA-1\"],\"affected");
    for twin in [twin, other] {
        let (store, _) = read(&[&named, twin]);
        assert_eq!(
            store.verdict(&vulnerability("jinja2", "3.1.2", &["PYSEC-1"])),
            AdvisoryVerdict::Unreadable,
            "{twin}"
        );
    }
}

#[test]
fn what_osv_allows_is_not_odd() {
    for affected in [
        r#"{PACKAGE,"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.1.2"},{"limit":"*"}]}]}"#,
        r#"{PACKAGE,"versions":["3.1.1"],"ranges":null},{"ranges":[{"type":"GIT","repo":"https://example.org/x","events":[{"introduced":"0"}]}]}"#,
        r#"{PACKAGE,"versions":["3.1.1"],"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}"#,
    ] {
        let store = store(&[&about_jinja2(affected)]);
        let verdict = store.verdict(&vulnerability("jinja2", "3.1.2", &["PYSEC-1"]));
        assert_eq!(verdict, AdvisoryVerdict::NotAffected, "{affected}");
    }
}

#[test]
fn a_range_that_holds_the_version_counts_beside_one_that_cannot_be_read() {
    let affected = r#"{PACKAGE,"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"first"}]},{"type":"ECOSYSTEM","events":[{"introduced":"3"}]}]}"#;
    let store = store(&[&about_jinja2(affected)]);
    assert_eq!(store.verdict(&vulnerability("jinja2", "3.1.2", &["PYSEC-1"])), AdvisoryVerdict::Affected);
}

#[test]
fn a_bad_record_is_named_and_costs_only_itself() {
    let newer = record("GHSA-1", "", "pkg", r#","modified":"2024-01-01T00:00:00Z""#);
    let older = record("GHSA-1", "", "pkg", r#","modified":"2023-01-01T00:00:00Z""#);
    let (store, warnings) = read(&["{\"id\":", "{}", "[1]", "{\"id\":\"AB\"}", &older, &newer]);
    assert_eq!(store.len(), 1);
    insta::assert_snapshot!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @r"
    advisory record r0: it cannot be read as OSV JSON: EOF while parsing a value at line 1 column 6
    advisory record r1: it cannot be read as OSV JSON: missing field `id` at line 1 column 2
    advisory record r2: it cannot be read as OSV JSON: invalid type: integer `1`, expected a string at line 1 column 2
    advisory record r3: its id is not usable: an advisory id has 3 to 100 characters, this one has 2
    advisory record r4: r5 holds GHSA-1 as well and was taken instead
    ");
}

#[test]
fn the_order_of_records_never_matters() {
    let records = [
        record("PYSEC-1", r#""CVE-1-1","GHSA-1""#, "pkg", ""),
        record(
            "GHSA-1",
            r#""CVE-1-1""#,
            "pkg",
            &format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31_MEDIUM}"}}]"#),
        ),
        record(
            "GHSA-2",
            r#""CVE-1-2""#,
            "pkg",
            &format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31_CRITICAL}"}}]"#),
        ),
    ];
    let mut seen = BTreeSet::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let texts = order.map(|i| records[i].as_str());
        seen.insert(format!(
            "{:?}",
            enriched(&store(&texts), vulnerability("pkg", "1.0", &["CVE-1-1"]), Rating::unknown())
        ));
    }
    assert_eq!(seen.len(), 1);
}

#[test]
fn what_is_wrong_with_yaml_is_told_in_words_for_its_reader() {
    let told = |text: &str| {
        let (_, warnings) = AdvisoryStore::from_records([("a/GHSA-1.yaml", text)]);
        warnings[0].to_string().split_once("OSV YAML: ").unwrap().1.to_owned()
    };
    assert_eq!(told("id: a\nid: b\n"), "a key stands twice in one mapping at line 2, column 1");
    assert_eq!(told("id: GHSA-1\n---\nid: x\n"), "a second document begins (behind a line ---) at line 3, column 1");
    assert_eq!(told("aliases: []\n"), "it has no id at line 1, column 1");
    assert_eq!(told("id: [1]\n"), "text is expected at line 1, column 5");
    assert_eq!(told("- 1\n"), "keys with values are expected at line 1, column 1");
    assert_eq!(told("id: *x\n"), "an alias refers to an anchor that is not there at line 1, column 5");
    assert_eq!(told(""), "it ends too early at line 1, column 1");
    assert_eq!(told("id: [\n"), "text is expected at line 1, column 5");
    let nested = told(&format!("x: {}", "[".repeat(5000)));
    assert!(nested.ends_with("at line 1, column 259"), "{nested}");
}

#[test]
fn a_damaged_record_protects_the_flaws_that_it_may_be_about() {
    let fine = record("PYSEC-1", r#""GHSA-1""#, "pkg", "");
    let withdrawn = record("PYSEC-1", r#""GHSA-1""#, "pkg", r#","withdrawn":"2026-01-01T00:00:00Z""#);
    let verdict = |name: &str, text: &str, other: &str, version: &str| {
        let (store, warnings) = AdvisoryStore::from_records([("PYSEC-1.json", other), (name, text)]);
        assert_eq!(warnings.len(), 1);
        let v = vulnerability("pkg", version, &["PYSEC-1"]);
        (store.verdict(&v), store.has_all_of(&v))
    };
    let (unreadable, not_affected) = ((AdvisoryVerdict::Unreadable, false), (AdvisoryVerdict::NotAffected, true));
    for (name, text) in [
        ("a/b/GHSA-1.json", ""),
        ("GHSA-1.yaml", "id: [\n"),
        ("pysec-1.JSON", "{"),
        ("a.json", r#"{"id":"GHSA-1","aliases":["#),
        ("a.yml", "id: x-1\naliases:\n- PYSEC-1\n- [\n"),
        ("a.json", r#"{"references":[{"url":"https://example.org/ghsa-1."#),
    ] {
        assert_eq!(verdict(name, text, &fine, "2.0"), unreadable, "{name}");
        assert_eq!(verdict(name, text, &withdrawn, "2.0"), unreadable, "{name}");
        assert_eq!(verdict(name, text, &fine, "1.0").0, AdvisoryVerdict::Affected, "{name}");
    }
    assert_eq!(verdict("GHSA-2.json", r#"{"id":"GHSA-11""#, &fine, "2.0"), not_affected);
    // Without any other record of the flaw, too.
    let (store, _) = AdvisoryStore::from_records([("GHSA-7.json", "{")]);
    assert_eq!(store.verdict(&vulnerability("pkg", "1.0", &["PYSEC-7", "GHSA-7"])), AdvisoryVerdict::Unreadable);
}

#[test]
fn a_source_that_cannot_be_read_may_be_about_any_flaw() {
    let mut store = store(&[&record("PYSEC-1", "", "pkg", "")]);
    let mut unread = Unread::default();
    unread.note_name("elsewhere/GHSA-2.json");
    store.add_unread(unread.clone());
    let about = |store: &AdvisoryStore, version: &str| store.verdict(&vulnerability("pkg", version, &["PYSEC-1"]));
    assert_eq!(about(&store, "2.0"), AdvisoryVerdict::NotAffected);
    unread.note_source();
    store.add_unread(unread);
    assert_eq!(about(&store, "2.0"), AdvisoryVerdict::Unreadable);
    assert_eq!(about(&store, "1.0"), AdvisoryVerdict::Affected);
}
