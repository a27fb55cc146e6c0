//! The scanners of dependencies besides pip-audit, and the statements about them.

use findings_model::{Clearance, CoverageState, FindingKind, Scan, Severity, Subject};
use insta::assert_snapshot;

use crate::support::{scan_of, told};

#[test]
fn osv_scanner() {
    let report = r#"{"results": [{"source": {"path": "/x/poetry.lock", "type": "lockfile"}, "packages": [
      {"package": {"name": "Django", "version": "4.0", "ecosystem": "PyPI"}, "vulnerabilities": [
        {"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2022-1"], "summary": "s", "database_specific": {"severity": "MODERATE"},
         "affected": [{"package": {"name": "django", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "4.0.2"}]}, {"type": "GIT", "events": [{"fixed": "abcdef"}]}]}]},
        {"id": "PYSEC-2022-1", "details": "d", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]},
        {"id": "MAL-2022-1"}, {"id": 7}],
       "groups": [{"ids": ["GHSA-aaaa-bbbb-cccc", "PYSEC-2022-1"], "aliases": ["CVE-2022-1"], "max_severity": ""}, {"ids": ["MAL-2022-1"], "aliases": null}]},
      {"package": {"name": "", "version": "", "ecosystem": "", "commit": "deadbeef"}, "vulnerabilities": []}]}]}"#;
    assert_snapshot!(told(&scan_of("osv-scanner.json", report)), @"
    osv-scanner partial
    ! results[0].packages[0].vulnerabilities[3] cannot be used: an advisory id has 3 to 100 characters, this one has 1
    ? django
    = deadbeef -
    - medium GHSA-aaaa-bbbb-cccc django@4.0 aliases [CVE-2022-1 PYSEC-2022-1] fixed in [4.0.2]: s
    - critical 9.8 PYSEC-2022-1 django@4.0 aliases [CVE-2022-1 GHSA-aaaa-bbbb-cccc] fixed in []: d
    - critical MAL-2022-1 django@4.0 aliases [] fixed in []:
    ");
    assert_eq!(told(&scan_of("osv.json", r#"{"results": []}"#)), "osv-scanner complete blank");
    let configured = r#"{"results": [], "experimental_config": {"licenses": {"summary": false}}}"#;
    assert_eq!(
        told(&scan_of("osv.json", configured)),
        "osv-scanner complete",
        "it leaves no report where it found no package"
    );
    assert_eq!(told(&scan_of("osv.json", r#"{"results": {}}"#)).lines().next(), Some("osv-scanner failed"));
}

#[test]
fn trivy() {
    let report = r#"{"SchemaVersion": 2, "Trivy": {"Version": "0.60"}, "CreatedAt": "2026-01-05T03:00:00Z", "ArtifactName": ".", "Results": [
      {"Target": "requirements.txt", "Type": "pip", "Vulnerabilities": [
        {"VulnerabilityID": "CVE-2023-1", "VendorIDs": ["GHSA-aaaa-bbbb-cccc"], "PkgName": "Certifi", "InstalledVersion": "1", "FixedVersion": "2, 1.5", "Severity": "LOW", "SeveritySource": "ghsa", "Title": "t",
         "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, "ghsa": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"}}},
        {"PkgName": "nameless"}],
       "ExperimentalModifiedFindings": [{"Type": "vulnerability", "Status": "not_affected", "Finding": {"VulnerabilityID": "CVE-2023-2", "PkgName": "x", "Severity": "HIGH"}}],
       "Licenses": [{"Name": "GPL"}]},
      {"Target": "Dockerfile", "Misconfigurations": [{"ID": "DS002", "AVDID": "AVD-DS-0002", "Title": "root", "Message": "add USER", "Severity": "HIGH", "Status": "FAIL", "CauseMetadata": {"StartLine": 3}}, {"ID": "DS001", "Status": "PASS"}, {"ID": "DS003", "Status": "EXCEPTION", "Severity": "LOW"}]},
      {"Target": "deploy.sh", "Secrets": [{"RuleID": "aws", "Severity": "CRITICAL", "StartLine": 3, "Match": "KEY=hunter2"}]}]}"#;
    assert_snapshot!(told(&scan_of("trivy.json", report)), @r#"
    trivy complete version 0.60 at 2026-01-05T03:00:00Z
    = certifi 1
    = nameless -
    = x -
    - high 7.5 CVE-2023-1 certifi@1 aliases [GHSA-aaaa-bbbb-cccc] fixed in [2 1.5]: t
    - unknown unidentified nameless@- aliases [] fixed in []: 
    - high (not affected) CVE-2023-2 x@- aliases [] fixed in []: 
    - high DS002 Dockerfile:3 before ["AVD-DS-0002"]: root: add USER
    - low (suppressed) DS003 Dockerfile:- before []: DS003
    - critical aws deploy.sh:3 unmarked: aws in deploy.sh
    "#);
    assert_eq!(told(&scan_of("trivy.json", r#"{"SchemaVersion": 2, "ArtifactName": "."}"#)), "trivy complete blank");
    assert_eq!(told(&scan_of("trivy.json", "null")), "trivy complete blank");
}

#[test]
fn trivy_of_a_cluster() {
    let found = r#"[{"Kind": "Pod", "Name": "a", "Results": [{"Target": "image", "Type": "pip", "Vulnerabilities": [{"VulnerabilityID": "CVE-2023-1", "PkgName": "a", "Severity": "HIGH"}]}]}, {"Kind": "Pod", "Name": "b", "Error": "timeout"}]"#;
    for key in ["Resources", "Findings", "Vulnerabilities", "Misconfigurations"] {
        let scan = scan_of("trivy.json", &format!(r#"{{"ClusterName": "c", "{key}": {found}}}"#));
        assert_eq!(
            told(&scan),
            "trivy partial\n! Pod/b was not scanned: timeout\n? Pod/b\n= a -\n- high CVE-2023-1 a@- aliases [] fixed in []: "
        );
    }
}

#[test]
fn grype() {
    let report = r#"{"matches": [
      {"vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "severity": "High", "fix": {"versions": ["3.2.10"]}}, "relatedVulnerabilities": [{"id": "CVE-2021-1", "description": "d", "cvss": [{"vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}]}], "artifact": {"name": "Django", "version": "3.2.9", "type": "python", "purl": "pkg:pypi/Django@3.2.9"}},
      {"vulnerability": {"id": "CVE-2004-1", "severity": "Negligible"}, "artifact": {"name": "libc6", "version": "2", "type": "deb"}},
      {"vulnerability": {"id": "CVE-2004-2", "cvss": [{"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"}]}, "artifact": {"name": "x", "type": "npm"}},
      {"artifact": {}}],
      "ignoredMatches": [{"vulnerability": {"id": "CVE-2004-3", "severity": "Low"}, "artifact": {"name": "y", "type": "npm"}, "appliedIgnoreRules": [{"vex-status": "fixed"}]}],
      "descriptor": {"name": "grype", "version": "0.28", "timestamp": "2026-01-05T03:00:00Z"}}"#;
    assert_snapshot!(told(&scan_of("grype.json", report)), @"
    grype partial version 0.28 at 2026-01-05T03:00:00Z
    ! matches[3] cannot be used: it has no `vulnerability` or no `artifact`
    ? the record matches[3]
    = libc6 2
    = x -
    = y -
    = django 3.2.9
    - high GHSA-aaaa-bbbb-cccc django@3.2.9 aliases [CVE-2021-1] fixed in [3.2.10]: d
    - info CVE-2004-1 libc6 (deb)@2 aliases [] fixed in []: 
    - info 0.0 CVE-2004-2 x (npm)@- aliases [] fixed in []: 
    - low (fixed) CVE-2004-3 y (npm)@- aliases [] fixed in []:
    ");
    assert_eq!(told(&scan_of("grype.json", r#"{"matches": []}"#)), "grype complete blank");
}

#[test]
fn cyclonedx() {
    let report = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"tools": {"components": [{"name": "trivy", "version": "0.60"}]}, "component": {"bom-ref": "app", "name": "app", "version": "1"}},
      "components": [{"bom-ref": "outer", "name": "outer", "version": "1", "components": [{"bom-ref": "inner", "name": "x", "purl": "pkg:pypi/My_Pkg@2"}]}],
      "vulnerabilities": [
        {"id": "CVE-2020-1", "references": [{"id": "GHSA-aaaa-bbbb-cccc"}], "description": "d", "affects": [{"ref": "inner"}, {"ref": "urn:cdx:1234/1#pkg:pypi/other@3"}, {"ref": "nowhere"}],
         "ratings": [{"severity": "low"}, {"score": 8.1, "method": "CVSSv31", "vector": "broken"}, {"method": "CVSSv3", "vector": "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}, {"score": 9.9, "method": "other", "source": {"name": "EPSS"}}]},
        {"id": "CVE-2020-2", "analysis": {"state": "not_affected"}, "ratings": [{"score": 0.0, "method": "CVSSv31"}]},
        {"id": "CVE-2020-3", "affects": [{"ref": "inner", "versions": [{"version": "2", "status": "unaffected"}]}]},
        {"id": "CVE-2020-4", "affects": [7]}]}"#;
    assert_snapshot!(told(&scan_of("trivy.cdx.json", report)), @"
    trivy partial version 0.60
    ! vulnerabilities[0] was taken in, but it affects something that the document does not list: which finding it is cannot be told
    ! vulnerabilities[3].affects[0] cannot be used: it is a number, not an object
    ? the record vulnerabilities[3].affects[0]
    ? what vulnerabilities[0] affects
    = my-pkg 2
    = outer 1
    - high 8.1 CVE-2020-1 my-pkg@2 aliases [GHSA-aaaa-bbbb-cccc] fixed in []: d
    - high 8.1 CVE-2020-1 other@3 aliases [GHSA-aaaa-bbbb-cccc] fixed in []: d
    - info 0.0 (not affected) CVE-2020-2 app (unknown)@1 aliases [] fixed in []: 
    - unknown (not affected) CVE-2020-3 my-pkg@2 aliases [] fixed in []: 
    - unknown CVE-2020-4 unknown (unknown)@- aliases [] fixed in []:
    ");
}

#[test]
fn an_inventory_proves_nothing() {
    let state = |rest: &str| {
        scan_of("bom.json", &format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", {rest}}}"#)).coverage.state
    };
    assert_eq!(state(r#""components": []"#), CoverageState::Failed);
    assert_eq!(state(r#""vulnerabilities": null"#), CoverageState::Failed);
    assert_eq!(state(r#""vulnerabilities": []"#), CoverageState::Failed);
    assert_eq!(state(r#""metadata": {"tools": [{"name": "cdxgen"}]}, "vulnerabilities": []"#), CoverageState::Failed);
    assert_eq!(
        state(r#""metadata": {"tools": [{"vendor": "anchore", "name": "grype"}]}, "vulnerabilities": []"#),
        CoverageState::Complete
    );
}

#[test]
fn pip_audit_writes_cyclonedx_too() {
    let report = r#"{"bomFormat": "CycloneDX", "specVersion": "1.4", "metadata": {"tools": [{"vendor": "CycloneDX", "name": "cyclonedx-python-lib"}]},
      "components": [{"bom-ref": "r1", "name": "Flask", "version": "0.5", "type": "library"}],
      "vulnerabilities": [{"bom-ref": "v1", "id": "PYSEC-2018-66", "recommendation": "Upgrade", "affects": [{"ref": "r1"}]}]}"#;
    for name in ["pip-audit.json", "pip-audit.cdx.json"] {
        assert_eq!(
            told(&scan_of(name, report)),
            "pip-audit complete\n= flask 0.5\n- unknown PYSEC-2018-66 flask@0.5 aliases [] fixed in []: "
        );
    }
    assert_eq!(scan_of("bom.json", report).scanner.as_str(), "cyclonedx");
    let of_trivy = report.replace("cyclonedx-python-lib", "trivy");
    assert_eq!(scan_of("pip-audit.json", &of_trivy).coverage.state, CoverageState::Failed);
}

#[test]
fn a_flaw_of_no_package_is_taken_in_without_one() {
    let report = |affects: &str, components: &[&str]| {
        let components: Vec<_> = components
            .iter()
            .map(|name| format!(r#"{{"bom-ref": "{name}", "name": "{name}", "version": "1", "type": "library"}}"#))
            .collect();
        let document = format!(
            r#"{{"bomFormat": "CycloneDX", "metadata": {{"tools": [{{"name": "pip-audit"}}]}}, "components": [{}], "vulnerabilities": [{{"id": "PYSEC-2018-28"{affects}}}]}}"#,
            components.join(", ")
        );
        told(&scan_of("pip-audit.cdx.json", &document))
    };
    let both = ["requests", "jinja2"];
    for affects in ["", r#", "affects": []"#] {
        assert_eq!(
            report(affects, &both),
            "pip-audit partial\n! vulnerabilities[0] was taken in, but it does not say which package it is about: which finding it is \
             cannot be told\n? what vulnerabilities[0] affects\n= jinja2 1\n= requests 1\n- unknown PYSEC-2018-28 unknown (unknown)@- \
             aliases [] fixed in []: "
        );
    }
    let dangling = report(r#", "affects": [{"ref": "nowhere"}]"#, &both);
    assert!(dangling.starts_with("pip-audit partial"), "{dangling}");
    assert!(dangling.contains("PYSEC-2018-28 unknown (unknown)@-"), "{dangling}");
    // Of one package it can be told, and is not.
    let only = report("", &["requests"]);
    assert!(only.starts_with("pip-audit partial") && only.contains("PYSEC-2018-28 requests@1"), "{only}");
    assert!(report(r#", "affects": [{"ref": "jinja2"}]"#, &both).starts_with("pip-audit complete"));
    // A document that lists nothing is a statement about something else: which, is not its business.
    let alone = report(r#", "affects": [{"ref": "nowhere"}]"#, &[]);
    assert!(alone.starts_with("pip-audit complete\n- unknown PYSEC-2018-28 unknown (unknown)@-"), "{alone}");
}

#[test]
fn a_match_without_an_ecosystem_may_be_in_any() {
    let state = |artifact: &str| {
        let report = format!(
            r#"{{"matches": [{{"vulnerability": {{"id": "CVE-2024-1"}}, "artifact": {{"name": "django"{artifact}}}}}], "descriptor": {{"name": "grype"}}}}"#
        );
        scan_of("grype.json", &report).coverage.state
    };
    assert_eq!(state(r#", "type": "", "purl": null"#), CoverageState::Partial);
    assert_eq!(state(r#", "type": "python""#), CoverageState::Complete);
    assert_eq!(state(r#", "purl": "pkg:pypi/django@3.0""#), CoverageState::Complete);
}

#[test]
fn openvex() {
    let report = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-05T03:00:00Z", "statements": [
      {"vulnerability": {"name": "CVE-2020-1", "aliases": ["GHSA-aaaa-bbbb-cccc"]}, "products": [{"@id": "pkg:pypi/a@1"}], "status": "not_affected", "justification": "component_not_present", "timestamp": "2026-01-03T00:00:00Z"},
      {"vulnerability": {"name": "CVE-2020-1"}, "products": [{"@id": "pkg:pypi/a@1"}], "status": "affected", "timestamp": "2026-01-04T00:00:00Z"},
      {"vulnerability": "CVE-2020-2", "products": ["pkg:pypi/b@1"], "status": "fixed"},
      {"vulnerability": {"@id": "https://example.com/CVE-2020-3"}, "products": [{"@id": "app", "subcomponents": [{"identifiers": {"purl": "pkg:pypi/c@1"}}]}], "status": "under_investigation"},
      {"vulnerability": {"name": "CVE-2020-4"}, "status": "odd"}]}"#;
    assert_snapshot!(told(&scan_of("openvex.json", report)), @"
    openvex partial at 2026-01-05T03:00:00Z
    ! statements[4] cannot be used: its status is not one of OpenVEX's four; it counts as affected
    ! statements[4] was taken in, but it names no product: which finding it is cannot be told
    ? the products of statements[4]
    ? the record statements[4]
    - unknown CVE-2020-1 a@1 aliases [GHSA-aaaa-bbbb-cccc] fixed in []: 
    - unknown (fixed) CVE-2020-2 b@1 aliases [] fixed in []: 
    - unknown CVE-2020-3 c@1 aliases [] fixed in []: 
    - unknown CVE-2020-4 unknown (unknown)@- aliases [] fixed in []:
    ");
}

#[test]
fn safety() {
    let rows = r#"[["Django", "<2", "1.11", "It is bad.", "12345", null, null], ["flask", "<2", "1", "Bad too.", "54321", {"base_score": 5.0}, {"base_score": 9.8, "vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], ["x"], 7]"#;
    assert_snapshot!(told(&scan_of("safety.json", rows)), @"
    safety partial
    ! list[2] cannot be used: it is not a row of name, affected, installed, text, id
    ! list[3] cannot be used: it is not a row of name, affected, installed, text, id
    ? the record list[2]
    ? the record list[3]
    - unknown SAFETY-12345 django@1.11 aliases [] fixed in []: It is bad.
    - critical 9.8 SAFETY-54321 flask@1 aliases [] fixed in []: Bad too.
    ");

    let check = r#"{"report_meta": {"timestamp": "2026-01-05 03:00:00", "safety_version": "3.0"}, "scanned_packages": {"Django": {"version": "4.0.1"}},
      "vulnerabilities": [{"vulnerability_id": "44742", "package_name": "django", "analyzed_version": "4.0.1", "advisory": "xss", "fixed_versions": ["4.0.2"], "CVE": "CVE-2022-1,CVE-2022-2", "severity": {"source": "x", "cvssv2": {"vector_string": "AV:N/AC:M/Au:N/C:N/I:P/A:N"}, "cvssv3": {"base_severity": "MEDIUM", "vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"}}}],
      "ignored_vulnerabilities": [{"vulnerability_id": "1", "package_name": "django", "CVE": null, "severity": null}]}"#;
    let noisy = format!(
        "+====+\n\nDEPRECATED: this command (`check`) is now unsupported\n+====+\n{check}\n\n+====+\n\n`check` is deprecated\n+====+\n"
    );
    assert_snapshot!(told(&scan_of("safety.json", &noisy)), @"
    safety complete version 3.0 at 2026-01-05T03:00:00Z
    = django 4.0.1
    - medium 6.1 CVE-2022-1 django@4.0.1 aliases [CVE-2022-2 SAFETY-44742] fixed in [4.0.2]: xss
    - unknown (suppressed) SAFETY-1 django@- aliases [] fixed in []:
    ");

    let scan = r#"{"meta": {"timestamp": "2026-01-05T03:00:00", "telemetry": {"safety_version": "3.2"}}, "scan_results": {"projects": [{"files": [{"results": {"dependencies": [
      {"name": "django", "specifications": [{"raw": "django==4.0.1", "vulnerabilities": {"known_vulnerabilities": [{"id": "44742", "ignored": null}, {"id": "44741", "ignored": {"code": "manual"}}], "remediation": {"recommended": "4.0.2"}}}]}]}}]}]}}"#;
    assert_snapshot!(told(&scan_of("safety.json", scan)), @"
    safety complete version 3.2 at 2026-01-05T03:00:00Z
    = django 4.0.1
    - unknown SAFETY-44742 django@4.0.1 aliases [] fixed in [4.0.2]: 
    - unknown (suppressed) SAFETY-44741 django@4.0.1 aliases [] fixed in [4.0.2]:
    ");
}

#[test]
fn a_notice_hides_nothing_but_itself() {
    let scan = scan_of(
        "safety.json",
        "+====+\nTraceback (most recent call last)\n+====+\n{\"report_meta\": {}, \"vulnerabilities\": []}\n",
    );
    assert_eq!(scan.coverage.state, CoverageState::Failed);
}

fn trivy_of(targets: &str) -> Scan {
    scan_of("trivy.json", &format!(r#"{{"SchemaVersion": 2, "ArtifactName": ".", "Results": {targets}}}"#))
}

#[test]
fn trivy_speaks_of_what_its_targets_are() {
    use FindingKind::{Code, Secret, Vulnerability};
    let not_for = |targets: &str| {
        let scan = trivy_of(targets);
        (scan.coverage.blank, scan.coverage.looked_at.not_for.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(not_for(r#"[{"Target": "Dockerfile", "Class": "config"}]"#), (false, vec![Vulnerability, Secret]));
    assert_eq!(not_for(r#"[{"Target": "requirements.txt", "Class": "lang-pkgs"}]"#), (false, vec![Code]));
    assert_eq!(
        not_for(r#"[{"Target": "debian", "Class": "os-pkgs"}, {"Target": "x", "Class": "config"}]"#),
        (false, vec![])
    );
    assert_eq!(not_for(r#"[{"Target": "x", "Class": "secret"}]"#), (false, vec![Vulnerability, Code]));
    assert_eq!(not_for(r#"[{"Target": "x", "Type": "pip"}]"#), (false, vec![]), "before there were classes");
    for empty in ["[]", "null"] {
        assert_eq!(not_for(empty), (true, vec![]), "{empty}");
    }
    assert!(
        scan_of("trivy.json", r#"{"ClusterName": "k", "Findings": [{"Kind": "Pod", "Results": []}]}"#).coverage.blank
    );
}

#[test]
fn a_status_of_trivy_clears_only_what_is_not_affected() {
    let clearance = |status: &str| {
        let targets = format!(
            r#"[{{"Target": "a", "Class": "lang-pkgs", "Type": "pip", "Vulnerabilities": [{{"VulnerabilityID": "CVE-2026-1", "PkgName": "py", "Status": "{status}"}}]}}]"#
        );
        trivy_of(&targets).observations[0].clearance
    };
    assert_eq!(clearance("not_affected"), Some(Clearance::NotAffected));
    for open in ["fixed", "affected", "will_not_fix", "under_investigation", ""] {
        assert_eq!(clearance(open), None, "{open}");
    }
}

#[test]
fn scores_without_a_vector_or_a_word_count() {
    let osv = |word: &str, score: &str| {
        let report = format!(
            r#"{{"results": [{{"packages": [{{"package": {{"name": "py", "version": "1", "ecosystem": "PyPI"}}, "vulnerabilities": [{{"id": "CVE-2026-1", "database_specific": {{"severity": "{word}"}}}}],
            "groups": [{{"ids": ["CVE-2026-1"], "max_severity": "{score}"}}]}}]}}]}}"#
        );
        scan_of("osv-scanner.json", &report).observations[0].rating.severity
    };
    assert_eq!((osv("", "8.8"), osv("LOW", "8.8"), osv("", "")), (Severity::High, Severity::Low, Severity::Unknown));
    let grype = |word: &str, cvss: &str| {
        let report = format!(
            r#"{{"matches": [{{"vulnerability": {{"id": "CVE-2026-1", "severity": "{word}", "cvss": [{cvss}]}}, "artifact": {{"name": "py", "type": "python"}}}}]}}"#
        );
        scan_of("grype.json", &report).observations[0].rating.severity
    };
    let score = r#"{"metrics": {"baseScore": 9.9}}"#;
    assert_eq!(
        (grype("Unknown", score), grype("Low", score), grype("", "")),
        (Severity::Critical, Severity::Low, Severity::Unknown)
    );
}

#[test]
fn the_name_of_an_ecosystem_is_bounded() {
    let long = "x".repeat(100_000);
    let report = format!(
        r#"{{"results": [{{"packages": [{{"package": {{"name": "py", "version": "1", "ecosystem": "{long}"}}, "vulnerabilities": [{{"id": "CVE-2026-1"}}]}}]}}]}}"#
    );
    assert!(format!("{:?}", scan_of("osv-scanner.json", &report)).len() < 5000);
}

#[test]
fn the_scan_of_an_environment_by_safety() {
    let report = r#"{"meta": {"timestamp": "2026-01-04T00:00:00"}, "scan_results": {"files": [{"location": "/x", "results": {"dependencies": [
        {"name": "Py", "specifications": [{"raw": "Py==1.0", "vulnerabilities": {"known_vulnerabilities": [{"id": "1111", "ignored": null}], "remediation": {"recommended": "2.0"}}}]},
        {"name": "other", "specifications": [{"raw": "other==3", "vulnerabilities": {"known_vulnerabilities": []}}]}]}}]}}"#;
    assert_snapshot!(told(&scan_of("safety.json", report)), @"
    safety complete at 2026-01-04T00:00:00Z
    = other 3
    = py 1.0
    - unknown SAFETY-1111 py@1.0 aliases [] fixed in [2.0]: 
    ");
    let clean = r#"{"meta": {}, "scan_results": {"projects": [{"files": [{"location": "r.txt", "results": {"dependencies": []}}]}]}}"#;
    assert_eq!(told(&scan_of("safety.json", clean)), "safety complete", "a file is something that was looked at");
    let nothing = r#"{"meta": {}, "scan_results": {"projects": [{"files": []}]}}"#;
    assert_eq!(told(&scan_of("safety.json", nothing)), "safety complete blank");
}

#[test]
fn safety_says_severities_and_cves_in_many_ways() {
    let found = |rest: &str| {
        let report = format!(
            r#"{{"report_meta": {{}}, "vulnerabilities": [{{"vulnerability_id": "1", "package_name": "py", {rest}}}]}}"#
        );
        let scan = scan_of("safety.json", &report);
        let Subject::Vulnerability(v) = &scan.observations[0].subject else { panic!("{scan:?}") };
        (v.id.to_string(), scan.observations[0].rating.severity)
    };
    assert_eq!(found(r#""severity": "high""#), ("SAFETY-1".to_owned(), Severity::High));
    assert_eq!(found(r#""CVE": ["CVE-2026-1", "CVE-2026-2"]"#), ("CVE-2026-1".to_owned(), Severity::Unknown));
    assert_eq!(
        found(r#""CVE": [{"name": "CVE-2026-3", "cvssv3": {"base_score": 9.8}}]"#),
        ("CVE-2026-3".to_owned(), Severity::Critical)
    );
    let row =
        r#"[["py", "<2", "1.0", "text", "25853", "CVE-2026-4"], ["py", "<2", "1.0", "text", "25854", null, null]]"#;
    assert_snapshot!(told(&scan_of("safety.json", row)), @"
    safety complete
    - unknown CVE-2026-4 py@1.0 aliases [SAFETY-25853] fixed in []: text
    - unknown SAFETY-25854 py@1.0 aliases [] fixed in []: text
    ");
}

#[test]
fn the_newest_statement_counts_by_when_it_was_last_updated() {
    let report = r#"{"@context": "x", "timestamp": "2026-01-01T00:00:00Z", "last_updated": "2026-01-05T00:00:00Z", "statements": [
        {"vulnerability": "CVE-2026-1", "products": ["pkg:pypi/py"], "status": "not_affected", "timestamp": "2026-01-02T00:00:00Z", "last_updated": "2026-01-04T00:00:00Z"},
        {"vulnerability": "CVE-2026-1", "products": ["pkg:pypi/py"], "status": "affected", "timestamp": "2026-01-03T00:00:00Z"}]}"#;
    let scan = scan_of("vex.json", report);
    assert_eq!(scan.observations[0].clearance, Some(Clearance::NotAffected));
    assert_eq!(scan.observed_at.unwrap().to_string(), "2026-01-05T00:00:00Z");
}

#[test]
fn a_link_into_the_own_document_finds_its_component() {
    let report = |link: &str| {
        format!(
            r#"{{"bomFormat": "CycloneDX", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "components": [{{"bom-ref": "r", "purl": "pkg:pypi/py@1.0"}}],
            "vulnerabilities": [{{"id": "CVE-2026-1", "affects": [{{"ref": "{link}"}}]}}]}}"#
        )
    };
    let package =
        |link: &str| scan_of("app.cdx.json", &report(link)).observations[0].subject.package().unwrap().to_string();
    assert_eq!(package("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#r"), "py");
    assert_eq!(package("r"), "py");
    assert_ne!(package("urn:cdx:00000000-395b-41f5-a30f-a58921a69b79/1#r"), "py");
}

#[test]
fn a_scan_by_safety_may_say_what_is_known_of_the_cve() {
    let report = r#"{"meta": {}, "scan_results": {"projects": [{"files": [{"results": {"dependencies": [{"name": "django", "specifications": [{"raw": "django==1.8.0", "vulnerabilities": {"known_vulnerabilities": [
        {"id": "51340", "ignored": null, "cve": {"name": "CVE-2022-41323", "cvssv2": null, "cvssv3": {"base_score": 7.5, "base_severity": "HIGH", "vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}, "advisory": "denial"}},
        {"id": "25714", "ignored": null, "cve": {"name": "CVE-2015-8213", "cvssv2": {"base_score": 5.0, "vector_string": "AV:N/AC:L/Au:N/C:P/I:N/A:N"}, "cvssv3": null, "advisory": "leak"}},
        {"id": "1", "ignored": null, "cve": null}]}}]}]}}]}]}}"#;
    assert_snapshot!(told(&scan_of("safety.json", report)), @"
    safety complete
    = django 1.8.0
    - high 7.5 CVE-2022-41323 django@1.8.0 aliases [SAFETY-51340] fixed in []: denial
    - medium 5.0 CVE-2015-8213 django@1.8.0 aliases [SAFETY-25714] fixed in []: leak
    - unknown SAFETY-1 django@1.8.0 aliases [] fixed in []:
    ");
}

#[test]
fn osv_scanner_names_flaws_by_their_groups_alone() {
    let package = |rest: &str| {
        format!(
            r#"{{"results": [{{"source": {{}}, "packages": [{{"package": {{"name": "requests", "version": "2.19", "ecosystem": "PyPI"}}, {rest}}}]}}]}}"#
        )
    };
    let groups = r#""groups": [{"ids": ["GHSA-x84v-xcm2-53pg"], "aliases": ["CVE-2018-18074", "GHSA-x84v-xcm2-53pg"], "max_severity": "7.5"}, {"ids": []}]"#;
    assert_snapshot!(told(&scan_of("osv-scanner.json", &package(groups))), @"
    osv-scanner partial
    ! results[0].packages[0].groups[1] cannot be used: it names no advisory
    ? requests
    - high 7.5 GHSA-x84v-xcm2-53pg requests@2.19 aliases [CVE-2018-18074] fixed in []:
    ");
    let records = r#""vulnerabilities": [{"id": "GHSA-x84v-xcm2-53pg"}], "groups": [{"ids": ["GHSA-x84v-xcm2-53pg"]}]"#;
    assert_eq!(scan_of("osv-scanner.json", &package(records)).observations.len(), 1);
}

#[test]
fn a_group_of_thousands_is_no_evidence_for_one_flaw() {
    const FLAWS: usize = 20_000;
    let ids: Vec<String> = (0..FLAWS).map(|n| format!("\"CVE-2024-{}\"", 10_000 + n)).collect();
    let group = format!(r#""groups": [{{"ids": [{}]}}]"#, ids.join(", "));
    // The first half has records, the rest stands in the group alone.
    let records: Vec<String> = ids[..FLAWS / 2].iter().map(|id| format!(r#"{{"id": {id}}}"#)).collect();
    let report = format!(
        r#"{{"results": [{{"source": {{}}, "packages": [{{"package": {{"name": "requests", "version": "2.19", "ecosystem": "PyPI"}}, "vulnerabilities": [{}], {group}}}]}}]}}"#,
        records.join(", ")
    );
    let scan = scan_of("osv-scanner.json", &report);
    let aliases: usize = scan
        .observations
        .iter()
        .map(|o| match &o.subject {
            Subject::Vulnerability(flaw) => flaw.aliases.len(),
            _ => unreachable!(),
        })
        .sum();
    assert_eq!((scan.observations.len(), aliases), (FLAWS, 0), "each flaw once, none naming all others");
    assert_eq!(
        scan.coverage.reasons,
        ["results[0].packages[0].groups[0] has 20000 ids, too many for one flaw: each counts as one of its own"]
    );
    assert!(!scan.coverage.covers(&scan.observations[0].subject));
}

#[test]
fn older_versions_of_trivy_tell_the_line_of_a_misconfiguration_elsewhere() {
    let scan = trivy_of(
        r#"[{"Target": "deploy.yaml", "Class": "config", "Misconfigurations": [{"ID": "KSV001", "Severity": "LOW", "Status": "FAIL", "IacMetadata": {"StartLine": 12, "EndLine": 20}}]}]"#,
    );
    let Subject::Code(spot) = &scan.observations[0].subject else { panic!("{scan:?}") };
    assert_eq!(spot.line, Some(12));
}

#[test]
fn a_score_of_trivy_counts_without_a_vector() {
    let rated = |severity: &str, cvss: &str| {
        let scan = trivy_of(&format!(
            r#"[{{"Target": "a", "Class": "lang-pkgs", "Type": "pip", "Vulnerabilities": [{{"VulnerabilityID": "CVE-2024-1", "PkgName": "a", "Severity": "{severity}", "CVSS": {cvss}}}]}}]"#
        ));
        scan.observations[0].rating.severity
    };
    assert_eq!(
        rated("UNKNOWN", r#"{"nvd": {"V2Score": 9.9, "V3Score": 5.3}, "redhat": {"V3Score": 7.5}}"#),
        Severity::High
    );
    assert_eq!(rated("LOW", r#"{"nvd": {"V3Score": 9.8}}"#), Severity::Low);
}

#[test]
fn a_package_that_grype_could_not_compare_is_a_gap() {
    let report = |kind: &str| {
        let alerts = format!(
            r#"[{{"package": {{"name": "zlib", "version": "1", "type": "apk", "purl": "pkg:apk/wolfish/zlib@1"}}, "alerts": [{{"type": "{kind}", "message": "no data for wolfish"}}]}}]"#
        );
        scan_of(
            "grype.json",
            &format!(r#"{{"matches": [], "descriptor": {{"name": "grype"}}, "alertsByPackage": {alerts}}}"#),
        )
    };
    for kind in ["distro-unknown", "distro-disabled"] {
        assert_eq!(told(&report(kind)), "grype partial\n! zlib was not looked up: no data for wolfish\n? zlib (apk)");
    }
    assert_eq!(report("distro-eol").coverage.state, CoverageState::Complete);
    let unread = r#"{"matches": [], "descriptor": {"name": "grype"}, "alertsByPackage": [{"package": {"name": "zlib"}, "alerts": 7}]}"#;
    assert_eq!(scan_of("grype.json", unread).coverage.state, CoverageState::Partial);
}
