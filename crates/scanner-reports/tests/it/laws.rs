//! Laws that hold for any bytes: no panic, bounded texts, nothing unsafe to show, and the same answer twice.

use findings_model::{Clearance, CoverageState, ReportFormat, Subject, text};
use proptest::{collection::vec, prelude::*, sample::select};
use scanner_reports::{FingerprintKey, Source, read};

use crate::support::now;

/// A small valid report of each format, with secrets and personal data where the format has them.
const SAMPLES: [&str; 18] = [
    r#"{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1-1", "fix_versions": ["2"], "aliases": ["CVE-2020-1"], "description": "d"}]}, {"name": "b", "skip_reason": "r"}], "fixes": []}"#,
    r#"[{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1-1"}]}]"#,
    r#"{"errors": [{"filename": "b.py", "reason": "r"}], "generated_at": "2026-01-05T03:00:00Z", "metrics": {"_totals": {"loc": 3, "SEVERITY.HIGH": 1}, "a.py": {"loc": 3}}, "results": [{"test_id": "B105", "filename": "a.py", "line_number": 3, "issue_severity": "HIGH", "issue_text": "Possible hardcoded password: 'zq9secret'", "code": "3 p = 'zq9secret'\n"}]}"#,
    r#"{"version": "1.5.0", "plugins_used": [{"name": "X"}], "results": {"a.py": [{"type": "T", "hashed_secret": "zq9secret", "line_number": 7, "is_verified": false}]}}"#,
    r#"{"secrets": [{"type": "T", "filename": "a.py", "line": 1, "secret": "zq9secret"}]}"#,
    r#"[{"RuleID": "r", "File": "a.py", "StartLine": 1, "Secret": "zq9secret", "Match": "x zq9secret", "Email": "zq9secret@example.com"}]"#,
    r#"[{"rule": "r", "file": "a.py", "lineNumber": 1, "offender": "zq9secret", "line": "x zq9secret"}]"#,
    r#"{"SourceMetadata":{"Data":{"Git":{"file":"a","line":4,"email":"zq9secret"}}},"DetectorName":"AWS","Verified":true,"Raw":"zq9secret"}"#,
    r#"{"results": [{"source": {"path": "p"}, "packages": [{"package": {"name": "a", "version": "1", "ecosystem": "PyPI"}, "vulnerabilities": [{"id": "GHSA-aaaa-bbbb-cccc", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}], "groups": [{"ids": ["GHSA-aaaa-bbbb-cccc"]}]}]}]}"#,
    r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "gitleaks", "rules": [{"id": "r"}]}}, "results": [{"ruleId": "r", "ruleIndex": 0, "message": {"text": "m"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a%20b.py"}, "region": {"startLine": 1, "snippet": {"text": "zq9secret"}}}}], "partialFingerprints": {"email": "zq9secret"}}]}]}"#,
    r#"{"SchemaVersion": 2, "ArtifactName": ".", "Results": [{"Target": "t", "Type": "pip", "Vulnerabilities": [{"VulnerabilityID": "CVE-2020-1", "PkgName": "a", "Severity": "HIGH"}], "Secrets": [{"RuleID": "r", "Match": "zq9secret", "StartLine": 1}], "Misconfigurations": [{"ID": "DS1", "Status": "FAIL"}]}]}"#,
    r#"{"matches": [{"vulnerability": {"id": "CVE-2020-1", "severity": "High"}, "artifact": {"name": "a", "version": "1", "type": "python"}}], "descriptor": {"name": "grype"}}"#,
    r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"bom-ref": "x", "name": "a", "components": []}], "vulnerabilities": [{"id": "CVE-2020-1", "ratings": [{"score": 9.8, "method": "CVSSv3"}], "affects": [{"ref": "x"}]}]}"#,
    r#"{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{"vulnerability": {"name": "CVE-2020-1"}, "products": [{"@id": "pkg:pypi/a@1"}], "status": "not_affected"}]}"#,
    r#"[["a", "<2", "1.0", "text", "12345", null, null]]"#,
    r#"{"report_meta": {"safety_version": "2"}, "scanned_packages": {"a": {"version": "1"}}, "vulnerabilities": [{"vulnerability_id": "1234", "package_name": "a", "CVE": "CVE-2020-1"}]}"#,
    r#"{"meta": {}, "scan_results": {"projects": [{"files": [{"results": {"dependencies": [{"name": "a", "specifications": [{"raw": "a==1", "vulnerabilities": {"known_vulnerabilities": [{"id": "1234", "ignored": null}]}}]}]}}]}]}}"#,
    r#"{"version": "1", "results": [{"check_id": "a.secrets.r", "path": "a.py", "start": {"line": 1, "col": 1}, "extra": {"message": "m 'zq9secret'", "severity": "ERROR", "lines": "zq9secret"}}], "errors": [], "paths": {"scanned": ["a.py"]}}"#,
];

/// Reads bytes under every sort of name and checks what must hold for any of them.
fn check(
    bytes: &[u8],
    file: &str,
    declared: Option<ReportFormat>,
    key: Option<&FingerprintKey>,
) -> Result<(), TestCaseError> {
    let source = Source { file, declared, own_project: None, key, now: now() };
    let scans = read(bytes, &source);
    prop_assert!(!scans.is_empty());
    for scan in &scans {
        prop_assert_eq!(scan.coverage.state == CoverageState::Complete, scan.coverage.reasons.is_empty());
        for reason in &scan.coverage.reasons {
            prop_assert!(reason.len() <= 2000 && !reason.chars().any(text::is_unsafe_to_show), "{}", reason);
        }
        for observation in &scan.observations {
            prop_assert!(observation.description.len() <= 4096);
            prop_assert!(
                !observation.description.chars().any(|c| text::is_unsafe_to_show(c) && c != '\n' && c != '\t')
            );
            if let Some(path) = observation.subject.path() {
                prop_assert!(
                    !path.starts_with('/') && !path.is_empty() && !path.split('/').any(|part| part == ".."),
                    "{}",
                    path
                );
            }
            if let Subject::Vulnerability(v) = &observation.subject {
                prop_assert!(v.printed.contains(&v.id) && !v.aliases.contains(&v.id));
            }
        }
    }
    prop_assert_eq!(scans, read(bytes, &source));
    Ok(())
}

#[test]
fn every_sample_is_read_and_keeps_its_secret_to_itself() {
    for sample in SAMPLES {
        let source = Source { file: "report.json", declared: None, own_project: None, key: None, now: now() };
        let scans = read(sample.as_bytes(), &source);
        assert!(scans[0].coverage.state.is_usable(), "{sample}: {:?}", scans[0].coverage);
        assert!(!scans[0].observations.is_empty(), "{sample}");
        assert!(!format!("{scans:?}").contains("zq9secret"), "{sample}: {scans:?}");
        let cleared = scans[0].observations.iter().any(|o| o.clearance == Some(Clearance::NotAffected));
        assert_eq!(cleared, sample.contains("not_affected"), "{sample}");
    }
}

#[test]
fn no_cut_of_a_sample_counts_as_a_scan() {
    for sample in SAMPLES {
        for end in (1..sample.len()).filter(|end| sample.is_char_boundary(*end)) {
            let source = Source { file: "report.json", declared: None, own_project: None, key: None, now: now() };
            for scan in read(&sample.as_bytes()[..end], &source) {
                assert!(scan.coverage.state != CoverageState::Complete, "{}", &sample[..end]);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..300), file in "[a-z./_-]{0,20}") {
        check(&bytes, &file, None, None)?;
    }

    #[test]
    fn any_json_like_text_is_survived(text in r#"[\[\]{},:"a-zA-Z0-9\\ ._@-]{0,200}"#, format in select(ReportFormat::ALL.to_vec())) {
        check(text.as_bytes(), "x", Some(format), None)?;
    }

    #[test]
    fn mutated_reports_are_survived(
        sample in select(SAMPLES.to_vec()),
        edits in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8),
        format in proptest::option::of(select(ReportFormat::ALL.to_vec())),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for (at, byte, how) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        let key = FingerprintKey::new("0123456789abcdef").unwrap();
        check(&bytes, "report.json", format, Some(&key))?;
    }

    /// Every value of a report replaced by another kind of value: what a changed scanner would write.
    #[test]
    fn values_of_other_kinds_are_survived(sample in select(SAMPLES.to_vec()), at in any::<prop::sample::Index>(), with in select(vec!["null", "7", "-1e400", "\"x\"", "[]", "{}", "[[[]]]", "true"])) {
        let Ok(mut value) = serde_json::from_str::<serde_json::Value>(sample) else { return Ok(()) };
        let count = count(&value);
        replace(&mut value, &mut (at.index(count) + 1));
        let text = value.to_string().replace("\"@@\"", with);
        check(text.as_bytes(), "report.json", None, None)?;
    }
}

/// One vulnerability of a small world, as a dependency of pip-audit's with that one alone.
#[derive(Clone, Debug)]
struct Flaw {
    package: &'static str,
    id: &'static str,
    aliases: Vec<&'static str>,
    fixes: Vec<&'static str>,
}

fn flaw() -> impl Strategy<Value = Flaw> {
    (
        select(vec!["a", "b", "A"]),
        select(vec!["PYSEC-1-1", "PYSEC-1-2", "GHSA-aaaa-bbbb-cccc"]),
        vec(select(vec!["CVE-1-1", "CVE-1-2", "GHSA-aaaa-bbbb-cccc", "cve-1-1,"]), 0..4),
        vec(select(vec!["1.1", "2.0", "2.0.1"]), 0..3),
    )
        .prop_map(|(package, id, aliases, fixes)| Flaw { package, id, aliases, fixes })
}

/// What is found, without the order in which it stands.
fn found(flaws: &[Flaw]) -> Vec<String> {
    let dependencies: Vec<_> = flaws
        .iter()
        .map(|f| {
            let vuln =
                serde_json::json!({ "id": f.id, "aliases": f.aliases, "fix_versions": f.fixes, "description": "d" });
            serde_json::json!({ "name": f.package, "version": "1", "vulns": [vuln] })
        })
        .collect();
    let report = serde_json::json!({ "dependencies": dependencies }).to_string();
    let source = Source { file: "pip-audit.json", declared: None, own_project: None, key: None, now: now() };
    let mut lines: Vec<String> = read(report.as_bytes(), &source)[0]
        .observations
        .iter()
        .map(|observation| {
            let Subject::Vulnerability(v) = &observation.subject else { unreachable!() };
            let fixes: std::collections::BTreeSet<_> = v.fix_versions.iter().collect();
            format!("{} {} {:?} {fixes:?} {}", v.package, v.id, v.aliases, observation.description)
        })
        .collect();
    lines.sort();
    lines
}

proptest! {
    /// Records of one flaw come to the same finding in whatever order they stand, so merging them is associative and commutative.
    #[test]
    fn the_order_of_flaws_never_matters(flaws in vec(flaw(), 0..8).prop_flat_map(|flaws| (Just(flaws.clone()), Just(flaws).prop_shuffle()))) {
        let (one, other) = flaws;
        prop_assert_eq!(found(&one), found(&other));
    }

    /// A report read twice over, as two scanners would print it, says nothing more than once.
    #[test]
    fn a_flaw_said_again_is_the_same(flaws in vec(flaw(), 0..8)) {
        prop_assert_eq!(found(&flaws), found(&[&flaws[..], &flaws].concat()));
    }

    /// Issues are counted, not collapsed, and their order says nothing: a code finding has its place.
    #[test]
    fn the_order_of_issues_never_matters(issues in vec((select(vec!["B101", "B324"]), select(vec!["a.py", "./a.py", "b.py"]), 1..4_u32, 0..2_u32), 0..8)
        .prop_flat_map(|issues| (Just(issues.clone()), Just(issues).prop_shuffle())))
    {
        let told = |issues: &[(&str, &str, u32, u32)]| {
            let results: Vec<_> = issues
                .iter()
                .map(|(test, file, line, column)| serde_json::json!({
                    "test_id": test, "filename": file, "line_number": line, "col_offset": column, "issue_severity": "LOW", "issue_text": "t",
                }))
                .collect();
            let report = serde_json::json!({ "errors": [], "metrics": { "_totals": { "loc": 9 } }, "results": results }).to_string();
            let source = Source { file: "bandit.json", declared: None, own_project: None, key: None, now: now() };
            let mut lines: Vec<String> =
                read(report.as_bytes(), &source)[0].observations.iter().map(|o| format!("{o:?}")).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(told(&issues.0), told(&issues.1));
    }
}

fn count(value: &serde_json::Value) -> usize {
    1 + match value {
        serde_json::Value::Array(items) => items.iter().map(count).sum(),
        serde_json::Value::Object(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts a mark in the place of the nth value.
fn replace(value: &mut serde_json::Value, left: &mut usize) {
    *left -= 1;
    if *left == 0 {
        *value = "@@".into();
        return;
    }
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| {
            if *left > 0 {
                replace(v, left);
            }
        }),
        serde_json::Value::Object(entries) => entries.values_mut().for_each(|v| {
            if *left > 0 {
                replace(v, left);
            }
        }),
        _ => {}
    }
}
