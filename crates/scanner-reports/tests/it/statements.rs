//! What statements about a product clear, and what they leave open.

use findings_model::{Clearance, CoverageState, Severity};
use insta::assert_snapshot;

use crate::support::{scan_of, told};

/// The clearances of what a document of these statements names, by version.
fn cleared(statements: &[&str]) -> Vec<(String, Option<Clearance>)> {
    let report = format!(
        r#"{{"@context": "x", "timestamp": "2026-01-02T00:00:00Z", "statements": [{}]}}"#,
        statements.join(", ")
    );
    let scan = scan_of("x.openvex.json", &report);
    assert_eq!(scan.coverage.state, CoverageState::Complete, "{scan:?}");
    let versions = scan.observations.iter().map(|o| {
        let findings_model::Subject::Vulnerability(v) = &o.subject else { panic!("{o:?}") };
        (v.version.as_deref().unwrap_or("-").to_owned(), o.clearance)
    });
    versions.collect()
}

fn statement(names: &str, product: &str, status: &str, day: u8) -> String {
    let mut names = names.split(' ');
    let name = names.next().unwrap();
    let aliases: Vec<_> = names.map(|alias| format!("{alias:?}")).collect();
    format!(
        r#"{{"vulnerability": {{"name": "{name}", "aliases": [{}]}}, "products": [{product}], "status": "{status}", "timestamp": "2026-01-{day:02}T00:00:00Z"}}"#,
        aliases.join(", ")
    )
}

#[test]
fn a_statement_about_one_version_clears_no_other() {
    let affected = statement("CVE-2026-1", r#""pkg:pypi/py@3.0""#, "affected", 1);
    for status in ["not_affected", "fixed"] {
        let other = statement("CVE-2026-1", r#""pkg:pypi/py@4.0""#, status, 2);
        for order in [[&affected, &other], [&other, &affected]] {
            let mut found = cleared(&order.map(String::as_str));
            found.sort();
            assert_eq!(found[0], ("3.0".to_owned(), None), "{status}");
            assert!(found[1].1.is_some(), "{status}");
        }
    }
}

#[test]
fn a_statement_about_all_versions_clears_each_if_it_is_newer() {
    let of_one = statement("CVE-2026-1", r#""pkg:pypi/py@3.0""#, "affected", 2);
    let of_all = |day| statement("CVE-2026-1", r#""pkg:pypi/py""#, "not_affected", day);
    assert!(cleared(&[&of_one, &of_all(3)]).iter().all(|(_, c)| *c == Some(Clearance::NotAffected)));
    assert_eq!(cleared(&[&of_all(1), &of_one])[1], ("3.0".to_owned(), None));
    // One that is affected in all versions stays so in the others.
    let all = statement("CVE-2026-1", r#""pkg:pypi/py""#, "affected", 1);
    let one = statement("CVE-2026-1", r#""pkg:pypi/py@3.0""#, "not_affected", 2);
    assert_eq!(cleared(&[&all, &one]), [("-".to_owned(), None), ("3.0".to_owned(), Some(Clearance::NotAffected))]);
}

#[test]
fn a_statement_about_one_product_leaves_its_parts_in_others_open() {
    let part = |product: &str| format!(r#"{{"@id": "{product}", "subcomponents": [{{"@id": "pkg:pypi/py@3.0"}}]}}"#);
    let affected = statement("CVE-2026-1", &part("pkg:oci/a?tag=1"), "affected", 1);
    for other in ["pkg:oci/b", "pkg:oci/a?tag=2", "pkg:oci/a@sha256%3A1"] {
        let cleared = cleared(&[&affected, &statement("CVE-2026-1", &part(other), "not_affected", 2)]);
        assert_eq!(cleared, [("3.0".to_owned(), None)], "{other}");
    }
    for same in [part("pkg:oci/a?tag=1"), part("pkg:oci/a")] {
        let cleared = cleared(&[&affected, &statement("CVE-2026-1", &same, "not_affected", 2)]);
        assert_eq!(cleared, [("3.0".to_owned(), Some(Clearance::NotAffected))], "{same}");
    }
    let whole = statement("CVE-2026-1", r#"{"@id": "pkg:oci/a?tag=1"}"#, "not_affected", 2);
    assert!(cleared(&[&affected, &whole]).iter().all(|(_, c)| *c == Some(Clearance::NotAffected)));
}

#[test]
fn the_newest_statement_counts_by_any_name_of_the_flaw() {
    let product = r#""pkg:pypi/py@3.0""#;
    let stated = |first: &str, second: &str| {
        let by_cve = statement("CVE-2026-1", product, first, 1);
        let by_ghsa = statement("GHSA-aaaa-bbbb-cccc CVE-2026-1", product, second, 2);
        cleared(&[&by_cve, &by_ghsa]).into_iter().map(|(_, clearance)| clearance.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(stated("affected", "not_affected"), [true, true]);
    assert_eq!(stated("not_affected", "affected"), [false, false]);
    // One advisory about two flaws joins them no more than anywhere else.
    let one = statement("CVE-2026-1 GHSA-aaaa-bbbb-cccc", product, "affected", 1);
    let other = statement("CVE-2026-2 GHSA-aaaa-bbbb-cccc", product, "not_affected", 2);
    assert_eq!(cleared(&[&one, &other])[0].1, None);
}

#[test]
fn what_is_cleared_rates_nothing_that_is_open() {
    let vulnerability = |state: &str, score: &str| {
        format!(
            r#"{{"id": "CVE-2026-1", "analysis": {{"state": "{state}"}}, "ratings": [{{"score": {score}, "method": "CVSSv31"}}], "affects": [{{"ref": "r"}}]}}"#
        )
    };
    let rated = |vulnerabilities: [String; 2]| {
        let report = format!(
            r#"{{"bomFormat": "CycloneDX", "components": [{{"bom-ref": "r", "purl": "pkg:pypi/py@1.0"}}], "vulnerabilities": [{}]}}"#,
            vulnerabilities.join(",")
        );
        let scan = scan_of("app.cdx.json", &report);
        assert_eq!(scan.observations.len(), 1);
        (scan.observations[0].clearance, scan.observations[0].rating.severity)
    };
    let open = || vulnerability("exploitable", "5.0");
    for score in ["0.0", "9.8"] {
        assert_eq!(rated([open(), vulnerability("not_affected", score)]), (None, Severity::Medium), "{score}");
        assert_eq!(rated([vulnerability("resolved", score), open()]), (None, Severity::Medium), "{score}");
    }
    assert_eq!(rated([open(), vulnerability("in_triage", "9.8")]), (None, Severity::Critical));
}

#[test]
fn the_score_of_an_environment_counts_as_it_is_stated() {
    let base = "AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H";
    let report = |vector: &str, score: &str| {
        let ratings = format!(r#"[{{"score": {score}, "method": "CVSSv31", "vector": "{vector}"}}]"#);
        let report = format!(
            r#"{{"bomFormat": "CycloneDX", "vulnerabilities": [{{"id": "CVE-2026-1", "ratings": {ratings}, "affects": [{{"ref": "pkg:pypi/py@1.0"}}]}}]}}"#
        );
        told(&scan_of("app.cdx.json", &report))
    };
    assert_snapshot!(report(&format!("{base}/CR:X/MC:N/MI:N/MA:N"), "0.0"), @"
    cyclonedx complete
    - info 0.0 CVE-2026-1 py@1.0 aliases [] fixed in []:
    ");
    for (vector, score) in
        [(base.to_owned(), "0.0"), (format!("{base}/CR:X/MC:X"), "0.0"), (format!("{base}/MC:N"), "null")]
    {
        assert!(report(&vector, score).contains("critical 10.0"), "{vector} {score}");
    }
}

#[test]
fn an_empty_list_of_trivy_may_be_an_inventory() {
    let report = |rest: &str| {
        let tools = r#""tools": {"components": [{"name": "trivy", "group": "aquasecurity", "version": "0.58"}]}"#;
        scan_of("sbom.json", &format!(r#"{{"bomFormat": "CycloneDX", "metadata": {{{tools}}}, {rest}}}"#))
    };
    let components = r#""components": [{"bom-ref": "r", "purl": "pkg:pypi/django@3.0"}]"#;
    assert_snapshot!(told(&report(&format!(r#"{components}, "vulnerabilities": []"#))), @"
    trivy partial version 0.58
    ! it may be an inventory: trivy leaves `vulnerabilities` empty unless it is told to look them up (`--scanners vuln`), and also when it found none: to show that, let it write its own JSON (`--format json --scanners vuln`)
    ? everything that trivy may not have looked up
    = django 3.0
    ");
    let found = format!(r#"{components}, "vulnerabilities": [{{"id": "CVE-2024-1", "affects": [{{"ref": "r"}}]}}]"#);
    assert_eq!(report(&found).coverage.state, CoverageState::Complete);
    // What it found in a scanned inventory, which stands in another document.
    assert_eq!(report(r#""vulnerabilities": []"#).coverage.state, CoverageState::Complete);
}

#[test]
fn a_component_is_affected_as_its_own_version_is() {
    let cleared = |versions: &str| {
        let affects = format!(r#"[{{"ref": "r", "versions": [{versions}]}}]"#);
        let report = format!(
            r#"{{"bomFormat": "CycloneDX", "components": [{{"bom-ref": "r", "purl": "pkg:pypi/django@3.0"}}], "vulnerabilities": [{{"id": "CVE-2024-2", "affects": {affects}}}]}}"#
        );
        scan_of("app.cdx.json", &report).observations[0].clearance == Some(Clearance::NotAffected)
    };
    for (versions, wanted) in [
        (r#"{"version": "2.0", "status": "affected"}, {"version": "3.0", "status": "unaffected"}"#, true),
        (r#"{"version": "3.0", "status": "affected"}, {"version": "3.1", "status": "unaffected"}"#, false),
        (r#"{"version": "3.0", "status": "unaffected"}, {"version": "3.0", "status": "affected"}"#, false),
        (r#"{"version": "2.0", "status": "unaffected"}"#, false),
        (r#"{"range": "vers:pypi/>=2.5", "status": "unaffected"}"#, true),
        (r#"{"range": "vers:pypi/>=3.1", "status": "unaffected"}"#, false),
        (
            r#"{"range": "vers:pypi/>=3.1", "status": "affected"}, {"range": "vers:pypi/<3.1", "status": "unaffected"}"#,
            true,
        ),
        (r#"{"range": "whatever is new", "status": "unaffected"}"#, false),
        (r#"{"version": "3.0"}"#, false),
    ] {
        assert_eq!(cleared(versions), wanted, "{versions}");
    }
}

#[test]
fn a_service_may_be_affected_and_a_link_may_be_escaped() {
    let report = r#"{"bomFormat": "CycloneDX", "serialNumber": "urn:uuid:1a", "components": [{"bom-ref": "in here", "purl": "pkg:pypi/django@3.0"}],
      "services": [{"bom-ref": "api", "name": "billing", "version": "7", "services": [{"bom-ref": "part", "name": "ledger"}]}],
      "vulnerabilities": [{"id": "CVE-2024-1", "description": "d", "affects": [{"ref": "api"}, {"ref": "part"}]},
        {"id": "CVE-2024-2", "description": "d", "affects": [{"ref": "urn:cdx:1a/1#in%20here"}, {"ref": "urn:cdx:2b/1#pkg%3Apypi%2Frequests%402.0"}]}]}"#;
    assert_snapshot!(told(&scan_of("app.cdx.json", report)), @"
    cyclonedx complete
    = django 3.0
    - unknown CVE-2024-1 billing (unknown)@7 aliases [] fixed in []: d
    - unknown CVE-2024-1 ledger (unknown)@- aliases [] fixed in []: d
    - unknown CVE-2024-2 django@3.0 aliases [] fixed in []: d
    - unknown CVE-2024-2 requests@2.0 aliases [] fixed in []: d
    ");
}

#[test]
fn an_old_statement_about_parts_says_nothing_of_the_whole_product() {
    let report = r#"{"@context": "https://openvex.dev/ns", "timestamp": "2023-01-08T18:02:03Z", "statements": [
      {"vulnerability": "CVE-2023-1", "products": ["pkg:pypi/my-project@1.0"], "subcomponents": ["pkg:pypi/urllib3@1.26", "pkg:pypi/idna@3"], "status": "not_affected", "impact_statement": "i"},
      {"vulnerability": "CVE-2023-2", "products": ["pkg:pypi/my-project@1.0"], "subcomponents": 7, "status": "not_affected", "impact_statement": "i"}]}"#;
    assert_snapshot!(told(&scan_of("old.openvex.json", report)), @"
    openvex partial at 2023-01-08T18:02:03Z
    ! statements[1].subcomponents cannot be used: it is a number, not an array
    ? the products of statements[1]
    - unknown (not affected) CVE-2023-1 urllib3@1.26 aliases [] fixed in []: i
    - unknown (not affected) CVE-2023-1 idna@3 aliases [] fixed in []: i
    - unknown CVE-2023-2 my-project@1.0 aliases [] fixed in []: i
    ");
}

#[test]
fn a_scanner_may_be_a_service() {
    let state = |tools: &str| {
        let report =
            format!(r#"{{"bomFormat": "CycloneDX", "metadata": {{"tools": {tools}}}, "vulnerabilities": []}}"#);
        scan_of("app.cdx.json", &report).coverage.state
    };
    assert_eq!(state(r#"{"components": [], "services": [{"name": "grype"}]}"#), CoverageState::Complete);
    assert_eq!(state(r#"{"components": [{"name": "cdxgen"}], "services": []}"#), CoverageState::Failed);
    assert_eq!(state(r#"{"components": [{"name": "grype"}], "services": null}"#), CoverageState::Complete);
}
