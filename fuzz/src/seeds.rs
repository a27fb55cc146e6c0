//! What is mutated: the reports recorded in `fixtures/`, and a small document of each format.
//!
//! The small ones hold fake secrets and an address that must show nowhere.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use findings_model::{Scan, Timestamp};
use scanner_reports::{Source, read};

use crate::mutate::Seed;

/// The longest recorded file that is mutated, in bytes: small inputs make for many.
const LONGEST: usize = 200_000;

/// Fake secrets and personal data of the seeds.
pub(crate) const MARKS: [&str; 2] = ["zq9secret", "zq9mail"];

/// Name, where the records stand, what tells where a secret is, and the report.
#[rustfmt::skip]
const REPORTS: [(&str, Option<&str>, &[&str], &str); 18] = [
    ("pip-audit.json", Some("/dependencies"), &[], r#"{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1-1", "fix_versions": ["2"], "aliases": ["CVE-2020-1"], "description": "d"}]}, {"name": "b", "skip_reason": "r"}], "fixes": []}"#),
    ("old-pip-audit.json", Some(""), &[], r#"[{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1-1"}]}]"#),
    ("bandit.json", Some("/results"), &["B105", r#""issue_text""#, r#""test_id""#, r#""test_name""#], r#"{"errors": [{"filename": "b.py", "reason": "r"}], "generated_at": "2026-01-05T03:00:00Z", "metrics": {"_totals": {"loc": 3, "SEVERITY.HIGH": 1}, "a.py": {"loc": 3}}, "results": [{"test_id": "B105", "filename": "a.py", "line_number": 3, "issue_severity": "HIGH", "issue_text": "Possible hardcoded password: 'zq9secret'", "code": "3 p = 'zq9secret'\n"}]}"#),
    ("detect-secrets.json", Some("/results/a.py"), &[], r#"{"version": "1.5.0", "plugins_used": [{"name": "X"}], "results": {"a.py": [{"type": "T", "hashed_secret": "zq9secret", "line_number": 7, "is_verified": false}]}}"#),
    ("secrets-scan.json", Some("/secrets"), &[], r#"{"secrets": [{"type": "T", "filename": "a.py", "line": 1, "secret": "zq9secret"}]}"#),
    ("gitleaks.json", Some(""), &[], r#"[{"RuleID": "r", "File": "a.py", "StartLine": 1, "Secret": "zq9secret", "Match": "x zq9secret", "Email": "zq9mail@example.org"}]"#),
    ("old-gitleaks.json", Some(""), &[], r#"[{"rule": "r", "file": "a.py", "lineNumber": 1, "offender": "zq9secret", "line": "x zq9secret"}]"#),
    ("trufflehog.json", None, &[], r#"{"SourceMetadata":{"Data":{"Git":{"file":"a","line":4,"email":"zq9secret"}}},"DetectorName":"AWS","Verified":true,"Raw":"zq9secret"}"#),
    ("osv-scanner.json", Some("/results"), &[], r#"{"results": [{"source": {"path": "p"}, "packages": [{"package": {"name": "a", "version": "1", "ecosystem": "PyPI"}, "vulnerabilities": [{"id": "GHSA-aaaa-bbbb-cccc", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}], "groups": [{"ids": ["GHSA-aaaa-bbbb-cccc"]}]}]}]}"#),
    ("gitleaks.sarif", Some("/runs/0/results"), &[r#""gitleaks""#, r#""name""#, r#""driver""#, r#""tool""#], r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "gitleaks", "rules": [{"id": "r"}]}}, "results": [{"ruleId": "r", "ruleIndex": 0, "message": {"text": "m"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a%20b.py"}, "region": {"startLine": 1, "snippet": {"text": "zq9secret"}}}}], "partialFingerprints": {"email": "zq9secret"}}]}]}"#),
    ("trivy.json", Some("/Results"), &[], r#"{"SchemaVersion": 2, "ArtifactName": ".", "Results": [{"Target": "t", "Type": "pip", "Vulnerabilities": [{"VulnerabilityID": "CVE-2020-1", "PkgName": "a", "Severity": "HIGH"}], "Secrets": [{"RuleID": "r", "Match": "zq9secret", "StartLine": 1}], "Misconfigurations": [{"ID": "DS1", "Status": "FAIL"}]}]}"#),
    ("grype.json", Some("/matches"), &[], r#"{"matches": [{"vulnerability": {"id": "CVE-2020-1", "severity": "High"}, "artifact": {"name": "a", "version": "1", "type": "python"}}], "descriptor": {"name": "grype"}}"#),
    ("bom.json", Some("/vulnerabilities"), &[], r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"bom-ref": "x", "name": "a", "components": []}], "vulnerabilities": [{"id": "CVE-2020-1", "ratings": [{"score": 9.8, "method": "CVSSv3"}], "affects": [{"ref": "x"}]}]}"#),
    ("openvex.json", Some("/statements"), &[], r#"{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{"vulnerability": {"name": "CVE-2020-1"}, "products": [{"@id": "pkg:pypi/a@1"}], "status": "not_affected"}]}"#),
    ("old-safety.json", None, &[], r#"[["a", "<2", "1.0", "text", "12345", null, null]]"#),
    ("safety.json", Some("/vulnerabilities"), &[], r#"{"report_meta": {"safety_version": "2"}, "scanned_packages": {"a": {"version": "1"}}, "vulnerabilities": [{"vulnerability_id": "1234", "package_name": "a", "CVE": "CVE-2020-1"}]}"#),
    ("new-safety.json", None, &[], r#"{"meta": {}, "scan_results": {"projects": [{"files": [{"results": {"dependencies": [{"name": "a", "specifications": [{"raw": "a==1", "vulnerabilities": {"known_vulnerabilities": [{"id": "1234", "ignored": null}]}}]}]}}]}]}}"#),
    ("semgrep.json", Some("/results"), &["a.secrets.r", r#""check_id""#], r#"{"version": "1", "results": [{"check_id": "a.secrets.r", "path": "a.py", "start": {"line": 1, "col": 1}, "extra": {"message": "m 'zq9secret'", "severity": "ERROR", "lines": "zq9secret"}}], "errors": [], "paths": {"scanned": ["a.py"]}}"#),
];

const LEDGER: &str = r#"{
  "schema_version": "1.0", "project": "a", "created": "2026-01-05T03:00:00Z", "updated": "2026-01-05T03:00:00Z", "lineage": "00",
  "scanners": {"pip-audit": {"required": true, "first_usable": "2026-01-05T03:00:00Z", "last_usable": "2026-01-05T03:00:00Z", "last_complete": null,
    "newest": [{"scanner": "pip-audit", "format": "pip-audit", "file": "r.json", "coverage": "partial", "reasons": ["x"], "not_covered": ["b"], "findings": 1}]}},
  "findings": [
    {"finding_id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2026-1"], "kind": "vulnerability", "ecosystem": "pypi", "package": "a", "version": "1", "scope": "runtime",
     "severity": "high", "severity_source": "advisory_vector", "cvss_score": 7.5, "cvss_vectors": ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"],
     "source_scanner": "pip-audit", "status": "open", "discovered_date": "2026-01-05", "last_seen": "2026-01-05", "fix_available": true, "fix_version": "2",
     "fix_versions": ["2"], "description": "d", "reference_url": null, "advisory_id": "GHSA-aaaa-bbbb-cccc", "printed_ids": ["PYSEC-2026-1"],
     "scanners": {"pip-audit": {"first_seen": "2026-01-05", "last_seen": "2026-01-05"}}, "newer": {"x": [1]}},
    {"finding_id": "B1-a.py-1", "kind": "code", "scope": "unknown", "rule": "B1", "path": "a.py", "line": 1, "severity": "low", "severity_source": "scanner",
     "source_scanner": "bandit", "status": "resolved", "resolved_date": "2026-01-06", "resolved_reason": "code_changed", "discovered_date": "2026-01-05",
     "last_seen": "2026-01-05", "fix_available": false, "fix_version": null, "description": "d", "reference_url": null, "code_digest": "00",
     "scanners": {"bandit": {"first_seen": "2026-01-05", "last_seen": "2026-01-05", "ended": "2026-01-06"}}},
    {"finding_id": "S-a.py", "kind": "secret", "scope": "unknown", "rule": "AWS", "path": "a.py", "line": 2, "severity": "high", "severity_source": "policy",
     "source_scanner": "gitleaks", "status": "open", "discovered_date": "2026-01-05", "last_seen": "2026-01-05", "fix_available": false, "fix_version": null,
     "description": "d", "reference_url": null, "secret_mark": "00", "scanners": {"gitleaks": {"first_seen": "2026-01-05", "last_seen": "2026-01-05"}}}
  ], "newer": null}"#;

const PLANS: [&str; 3] = [
    "# our plans\nmetadata:\n  version: '1.0'\n  last_updated: 2025-11-01 # by hand\nfindings:\n  # talk to the vendor first\n  \
     PYSEC-2026-1:   # the big one\n    finding_id: PYSEC-2026-1\n    status:  in_progress  # since Monday\n    planned_action: >-\n      \
     Upgrade to 2.0\n      and: # test\n    assigned_to: us\n    ticket: 42\n    target_date: 2026-12-01\n\n  PYSEC-2026-2:\n    \
     finding_id: PYSEC-2026-2\n    status: new\narchive:\n  A-1:\n    status: completed\n# the end\n",
    "findings: {A-1: {status: accepted_risk, reason: \"x\", expires: 2026-12-01}, B-2: &a {status: deferred}, C-3: *a}\n",
    "---\r\nfindings:\r\n  'A: 1':\r\n    status: \"false_positive\"\r\n    notes: |\r\n      two\r\n      lines\r\n...\r\n",
];

const RECORD: &str = r#"{"schema_version": "1.6.0", "id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "withdrawn": null,
  "aliases": ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"], "related": ["CVE-2026-2"], "summary": "s", "details": "d",
  "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, {"type": "CVSS_V4", "score": "x"}],
  "affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}], "versions": ["1"]}],
  "references": [{"type": "WEB", "url": "https://example.org"}], "database_specific": {"severity": "MODERATE"}}"#;

const RECORD_YAML: &str = "id: PYSEC-2026-1\nmodified: '2026-01-01T00:00:00Z'\naliases:\n- CVE-2026-1\naffected:\n- package: {ecosystem: PyPI, name: a}\n  \
                           ranges:\n  - type: ECOSYSTEM\n    events: [{introduced: '0'}, {fixed: '2'}]\n  versions: ['1']\n";

const KEV: &str = r#"{"title": "t", "catalogVersion": "2026.01.05", "dateReleased": "2026-01-05T00:00:00Z", "count": 2, "vulnerabilities": [
  {"cveID": "CVE-2026-1", "dateAdded": "2026-01-01", "dueDate": "2026-01-22", "knownRansomwareCampaignUse": "Known"},
  {"cveID": "CVE-2026-2", "dateAdded": "2026-01-01", "dueDate": "2026-01-22", "knownRansomwareCampaignUse": "Unknown"}]}"#;

const CHANGES: &str = r#"{"schema_version": "1.0", "first_scan": false, "changes": [{"finding_id": "A", "change_type": "new_vulnerability", "old_state": null,
  "new_state": {"severity": "high"}, "impact": "high", "aliases": ["CVE-2026-1"]}], "incomplete": []}"#;

impl Seed {
    /// A seed of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Self { name: "report.json".to_owned(), bytes: Vec::new(), records: None, guards: &[] }
    }

    fn of(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), bytes: text.as_bytes().to_vec(), ..Self::unknown() }
    }
}

/// A small report of each format, under names that say nothing of it.
pub(crate) fn reports() -> Vec<Seed> {
    let seed = |(name, records, guards, report): &(&str, Option<&'static str>, &'static [&'static str], &str)| Seed {
        records: *records,
        guards,
        ..Seed::of(&format!("a-{name}"), report)
    };
    REPORTS.iter().map(seed).collect()
}

pub(crate) fn ledgers() -> Vec<Seed> {
    vec![Seed::of("findings.json", LEDGER)]
}

pub(crate) fn plans() -> Vec<Seed> {
    PLANS.iter().map(|text| Seed::of("plans.yml", text)).collect()
}

pub(crate) fn advisories() -> Vec<Seed> {
    vec![Seed::of("record.json", RECORD), Seed::of("record.yaml", RECORD_YAML)]
}

pub(crate) fn kev() -> Vec<Seed> {
    vec![Seed::of("kev.json", KEV)]
}

pub(crate) fn changes() -> Vec<Seed> {
    vec![Seed::of("changes.json", CHANGES)]
}

/// Scans whose findings advisory records speak of.
pub(crate) fn scans_to_enrich() -> Result<Vec<Scan>> {
    let report = r#"{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-2026-1"}, {"id": "CVE-2026-1"}, {"id": "CVE-2026-2"}]},
        {"name": "requests", "version": "2.30.0", "vulns": [{"id": "PYSEC-2023-74", "aliases": ["CVE-2023-32681"]}]}]}"#;
    let now: Timestamp = "2026-01-12T03:00:00Z".parse().context("the time of the campaign")?;
    Ok(read(report.as_bytes(), &Source { file: "pip-audit.json", declared: None, own_project: None, key: None, now }))
}

/// The JSON files below a folder of `fixtures/`, in the order of their paths, without the very long ones.
pub(crate) fn recorded(folder: &str) -> Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    add_recorded(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder), &mut seeds)?;
    Ok(seeds)
}

fn add_recorded(folder: &Path, seeds: &mut Vec<Seed>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            add_recorded(&path, seeds)?;
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if bytes.len() <= LONGEST {
                seeds.push(Seed { name: path.to_string_lossy().into_owned(), bytes, ..Seed::unknown() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that is no document of its parser would prove little.
    #[test]
    fn every_small_seed_is_read() {
        for seed in reports() {
            let now = "2026-01-12T03:00:00Z".parse().unwrap();
            let scans =
                read(&seed.bytes, &Source { file: "x.json", declared: None, own_project: None, key: None, now });
            assert!(scans[0].coverage.state.is_usable(), "{}: {:?}", seed.name, scans[0].coverage.reasons);
            assert!(!scans[0].observations.is_empty(), "{}", seed.name);
        }
        findings_ledger::Ledger::from_json(LEDGER.as_bytes()).unwrap();
        for text in PLANS {
            assert!(findings_ledger::Plans::from_yaml(text.as_bytes()).unwrap().problems().is_empty(), "{text}");
        }
        for text in [RECORD, RECORD_YAML] {
            assert_eq!(::advisories::AdvisoryStore::from_records([("r.json", text)]).0.len(), 1, "{text}");
        }
        assert_eq!(::advisories::KevCatalogue::read(KEV.as_bytes()).unwrap().len(), 2);
    }
}
