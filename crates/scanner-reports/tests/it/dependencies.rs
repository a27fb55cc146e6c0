//! The scanners of dependencies besides pip-audit, and the statements about them.

use findings_model::CoverageState;
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
    - medium GHSA-aaaa-bbbb-cccc django@4.0 aliases [CVE-2022-1 PYSEC-2022-1] fixed in [4.0.2]: s
    - critical 9.8 PYSEC-2022-1 django@4.0 aliases [CVE-2022-1 GHSA-aaaa-bbbb-cccc] fixed in []: d
    - critical MAL-2022-1 django@4.0 aliases [] fixed in []:
    ");
    assert_eq!(told(&scan_of("osv.json", r#"{"results": []}"#)), "osv-scanner complete blank");
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
    - high 7.5 CVE-2023-1 certifi@1 aliases [GHSA-aaaa-bbbb-cccc] fixed in [2 1.5]: t
    - unknown unidentified nameless@- aliases [] fixed in []: 
    - high (not affected) CVE-2023-2 x@- aliases [] fixed in []: 
    - high DS002 Dockerfile:3 before ["AVD-DS-0002"]: root: add USER
    - low (suppressed) DS003 Dockerfile:- before []: DS003
    - critical aws deploy.sh:3 unmarked: aws in deploy.sh
    "#);
    assert_eq!(told(&scan_of("trivy.json", r#"{"SchemaVersion": 2, "ArtifactName": "."}"#)), "trivy complete");
    assert_eq!(told(&scan_of("trivy.json", "null")), "trivy complete blank");
}

#[test]
fn trivy_of_a_cluster() {
    let found = r#"[{"Kind": "Pod", "Name": "a", "Results": [{"Target": "image", "Type": "pip", "Vulnerabilities": [{"VulnerabilityID": "CVE-2023-1", "PkgName": "a", "Severity": "HIGH"}]}]}, {"Kind": "Pod", "Name": "b", "Error": "timeout"}]"#;
    for key in ["Resources", "Findings", "Vulnerabilities", "Misconfigurations"] {
        let scan = scan_of("trivy.json", &format!(r#"{{"ClusterName": "c", "{key}": {found}}}"#));
        assert_eq!(
            told(&scan),
            "trivy partial\n! Pod/b was not scanned: timeout\n? Pod/b\n- high CVE-2023-1 a@- aliases [] fixed in []: "
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
    ! vulnerabilities[3].affects[0] cannot be used: it is a number, not an object
    ? the record vulnerabilities[3].affects[0]
    = my-pkg 2
    = outer 1
    - high 8.1 CVE-2020-1 my-pkg@2 aliases [GHSA-aaaa-bbbb-cccc] fixed in []: d
    - high 8.1 CVE-2020-1 other@3 aliases [GHSA-aaaa-bbbb-cccc] fixed in []: d
    - high 8.1 CVE-2020-1 nowhere (unknown)@- aliases [GHSA-aaaa-bbbb-cccc] fixed in []: d
    - info 0.0 (not affected) CVE-2020-2 app (unknown)@1 aliases [] fixed in []: 
    - unknown (not affected) CVE-2020-3 my-pkg@2 aliases [] fixed in []:
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
fn openvex() {
    let report = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-05T03:00:00Z", "statements": [
      {"vulnerability": {"name": "CVE-2020-1", "aliases": ["GHSA-aaaa-bbbb-cccc"]}, "products": [{"@id": "pkg:pypi/a@1"}], "status": "not_affected", "justification": "component_not_present", "timestamp": "2026-01-03T00:00:00Z"},
      {"vulnerability": {"name": "CVE-2020-1"}, "products": [{"@id": "pkg:pypi/a@1"}], "status": "affected", "timestamp": "2026-01-04T00:00:00Z"},
      {"vulnerability": "CVE-2020-2", "products": ["pkg:pypi/b@1"], "status": "fixed"},
      {"vulnerability": {"@id": "https://example.com/CVE-2020-3"}, "products": [{"@id": "app", "subcomponents": [{"identifiers": {"purl": "pkg:pypi/c@1"}}]}], "status": "under_investigation"},
      {"vulnerability": {"name": "CVE-2020-4"}, "status": "odd"}]}"#;
    assert_snapshot!(told(&scan_of("openvex.json", report)), @"
    openvex partial at 2026-01-05T03:00:00Z
    ! statements[4] cannot be used: its status is none of OpenVEX's four; it counts as affected
    ? the record statements[4]
    - unknown CVE-2020-1 a@1 aliases [] fixed in []: 
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
    ! list[2] cannot be used: it is no row of name, affected, installed, text, id
    ! list[3] cannot be used: it is no row of name, affected, installed, text, id
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
