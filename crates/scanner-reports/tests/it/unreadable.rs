//! Values of the wrong type and keys that cannot be read: what a report might have said there ends nothing.

use findings_model::{CoverageState, Gap, Scan};

use crate::support::{scan_of, scans_of};

/// Whether the report's silence ends no finding that it does not name a gap for.
fn proves_nothing(scan: &Scan) -> bool {
    let unnamed = scan.coverage.gaps.iter().any(|gap| matches!(gap, Gap::Unnamed(_)));
    assert!(scan.coverage.state == CoverageState::Complete || !scan.coverage.reasons.is_empty());
    unnamed || !matches!(scan.coverage.state, CoverageState::Complete | CoverageState::Partial)
}

fn package_gap(scan: &Scan, name: &str) -> bool {
    scan.coverage.gaps.iter().any(|gap| matches!(gap, Gap::Package(package) if package.name() == name))
}

fn sarif(run: &str) -> Scan {
    scan_of(
        "tool.sarif",
        &format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "T"}}}}, {run}}}]}}"#),
    )
}

#[test]
fn a_list_that_is_no_list_may_have_held_anything() {
    for kind in ["\"boom\"", "{}", "7", "true"] {
        for (file, report) in [
            ("semgrep.json", format!(r#"{{"results": [], "errors": {kind}, "paths": {{"scanned": ["a.py"]}}}}"#)),
            (
                "semgrep.json",
                format!(r#"{{"results": [], "errors": [], "paths": {{"scanned": ["a.py"], "skipped": {kind}}}}}"#),
            ),
            (
                "trivy.json",
                format!(
                    r#"{{"SchemaVersion": 2, "Results": [{{"Target": "a", "Class": "lang-pkgs", "Vulnerabilities": {kind}}}]}}"#
                ),
            ),
            (
                "trivy.json",
                format!(
                    r#"{{"SchemaVersion": 2, "Results": [{{"Target": "a", "Class": "config", "Misconfigurations": {kind}}}]}}"#
                ),
            ),
            (
                "trivy.json",
                format!(
                    r#"{{"SchemaVersion": 2, "Results": [{{"Target": "a", "Class": "secret", "Secrets": {kind}}}]}}"#
                ),
            ),
            ("grype.json", format!(r#"{{"matches": [], "descriptor": {{}}, "ignoredMatches": {kind}}}"#)),
            ("osv-scanner.json", format!(r#"{{"results": [{{"packages": {kind}}}]}}"#)),
            (
                "vex.json",
                format!(
                    r#"{{"@context": "x", "statements": [{{"vulnerability": "CVE-2026-1", "products": {kind}, "status": "affected"}}]}}"#
                ),
            ),
            ("safety.json", format!(r#"{{"meta": {{}}, "scan_results": {{"files": {kind}}}}}"#)),
            (
                "safety.json",
                format!(r#"{{"report_meta": {{}}, "vulnerabilities": [], "ignored_vulnerabilities": {kind}}}"#),
            ),
        ] {
            assert!(proves_nothing(&scan_of(file, &report)), "{file} {report}");
        }
    }
    for kind in ["\"boom\"", "{}", "7"] {
        let report = format!(
            r#"{{"results": [{{"packages": [{{"package": {{"name": "py", "version": "1", "ecosystem": "PyPI"}}, "vulnerabilities": {kind}}}]}}]}}"#
        );
        assert!(package_gap(&scan_of("osv-scanner.json", &report), "py"), "{kind}");
    }
}

#[test]
fn null_in_place_of_a_list_is_how_some_tools_write_none() {
    for (file, report) in [
        (
            "trivy.json",
            r#"{"SchemaVersion": 2, "Results": [{"Target": "a", "Class": "lang-pkgs", "Vulnerabilities": null}]}"#,
        ),
        ("grype.json", r#"{"matches": [], "descriptor": {}, "ignoredMatches": null}"#),
        (
            "osv-scanner.json",
            r#"{"results": [{"packages": [{"package": {"name": "py", "version": "1", "ecosystem": "PyPI"}, "vulnerabilities": null}]}]}"#,
        ),
        (
            "tool.sarif",
            r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}}, "invocations": null, "results": []}]}"#,
        ),
    ] {
        assert_eq!(scan_of(file, report).coverage.state, CoverageState::Complete, "{report}");
    }
}

#[test]
fn what_safety_always_writes_must_be_there() {
    for specification in [
        r#""specifications": "x""#,
        r#""x": 1"#,
        r#""specifications": ["x"]"#,
        r#""specifications": [{"raw": "py==1", "vulnerabilities": null}]"#,
        r#""specifications": [{"raw": "py==1", "vulnerabilities": {"known_vulnerabilities": "x"}}]"#,
        r#""specifications": [{"raw": "py==1", "vulnerabilities": {"known_vulnerabilities": null}}]"#,
    ] {
        let report = format!(
            r#"{{"meta": {{}}, "scan_results": {{"projects": [{{"files": [{{"results": {{"dependencies": [{{"name": "py", {specification}}}]}}}}]}}]}}}}"#
        );
        let scan = scan_of("safety.json", &report);
        assert!(package_gap(&scan, "py") && scan.coverage.state == CoverageState::Partial, "{specification}");
    }
}

#[test]
fn a_sarif_run_succeeded_only_where_it_says_so_readably() {
    for failed in [
        r#""invocations": {"executionSuccessful": false}, "results": []"#,
        r#""invocations": [7], "results": []"#,
        r#""invocations": [{"executionSuccessful": 0}], "results": []"#,
        r#""invocations": [{"executionSuccessful": "no"}], "results": []"#,
        r#""invocations": [{"exitCode": 2}], "results": []"#,
        r#""invocations": [{"exitCode": 1}], "results": []"#,
        r#""invocations": [{"exitCode": "x"}], "results": []"#,
        r#""invocations": [{"executionSuccessful": true, "exitSignalName": "SIGKILL"}], "results": []"#,
        r#""invocations": [{"processStartFailureMessage": "not found"}], "results": []"#,
        r#""invocations": [{"executionSuccessful": true, "toolExecutionNotifications": "x"}], "results": []"#,
        r#""externalPropertyFileReferences": {"results": [{"location": {"uri": "r.sarif-external-properties"}}]}, "results": []"#,
    ] {
        assert_eq!(sarif(failed).coverage.state, CoverageState::Failed, "{failed}");
    }
    for fine in [
        r#""invocations": [{"executionSuccessful": true, "exitCode": 2}], "results": []"#,
        r#""invocations": [{"executionSuccessful": null}], "results": []"#,
        r#""invocations": [{"exitCode": 0}], "results": []"#,
        r#""invocations": [{"exitCode": 1}], "results": [{"ruleId": "A"}]"#,
        r#""externalPropertyFileReferences": {"policies": [{}], "results": []}, "results": []"#,
    ] {
        assert_eq!(sarif(fine).coverage.state, CoverageState::Complete, "{fine}");
    }
    let part = r#""invocations": [{"executionSuccessful": true, "toolExecutionNotifications": [{"level": "error", "locations": [
        {"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}, {"physicalLocation": {"artifactLocation": {"index": 9}}}]}]}], "results": []"#;
    assert_eq!(sarif(part).coverage.gaps.len(), 2, "the file that it names, and one that it does not");
    assert!(proves_nothing(&sarif(part)));
}

#[test]
fn a_run_that_is_none_fails_every_scan_of_the_log() {
    let report = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "A"}}, "results": []}, null, {"tool": {"driver": {"name": "B"}}, "results": []}]}"#;
    let scans = scans_of("both.sarif", report);
    let told: Vec<_> = scans.iter().map(|s| (s.scanner.as_str(), s.coverage.state)).collect();
    assert_eq!(told, [("A", CoverageState::Failed), ("B", CoverageState::Failed)]);
    let alone = scan_of("none.sarif", r#"{"version": "2.1.0", "runs": ["x"]}"#);
    assert_eq!(alone.coverage.state, CoverageState::Failed);
}

#[test]
fn a_place_that_leads_nowhere_is_not_the_project() {
    for nowhere in [
        r#""locations": "a.py""#,
        r#""locations": [null]"#,
        r#""locations": [{"physicalLocation": {"artifactLocation": {"index": 4}}}]"#,
        r#""locations": [{"physicalLocation": "a.py"}]"#,
        r#""locations": [{"physicalLocation": {"artifactLocation": {"index": 4}}, "logicalLocations": [{"fullyQualifiedName": "f"}]}]"#,
    ] {
        let scan = sarif(&format!(r#""artifacts": null, "results": [{{"ruleId": "A", {nowhere}}}]"#));
        assert!(proves_nothing(&scan) && scan.observations.len() == 1, "{nowhere}");
    }
    for project in [
        r#""x": 1"#,
        r#""locations": null"#,
        r#""locations": []"#,
        r#""locations": [{"physicalLocation": {"artifactLocation": {"uri": "./"}}}]"#,
        r#""locations": [{"message": {"text": "x"}}]"#,
    ] {
        let scan = sarif(&format!(r#""results": [{{"ruleId": "A", {project}}}]"#));
        assert_eq!(scan.coverage.state, CoverageState::Complete, "{project}");
        assert_eq!(scan.observations[0].subject.path(), Some("."));
    }
}

#[test]
fn a_finding_that_cannot_be_told_from_others_is_kept_and_ends_none() {
    let trivy = scan_of(
        "trivy.json",
        r#"{"SchemaVersion": 2, "Results": [{"Target": "a", "Class": "lang-pkgs", "Type": "pip", "Vulnerabilities": [{"VulnerabilityID": null, "PkgName": "py"}]}]}"#,
    );
    assert!(package_gap(&trivy, "py") && trivy.observations.len() == 1);
    for (file, report) in [
        (
            "osv-scanner.json",
            r#"{"results": [{"packages": [{"package": {"name": "py", "version": "1", "ecosystem": null}, "vulnerabilities": [{"id": "CVE-2026-1"}]}]}]}"#,
        ),
        (
            "app.cdx.json",
            r#"{"bomFormat": "CycloneDX", "components": null, "vulnerabilities": [{"id": "CVE-2026-1", "affects": [{"ref": "py"}]}]}"#,
        ),
        (
            "app.cdx.json",
            r#"{"bomFormat": "CycloneDX", "components": [{"bom-ref": "r", "name": "py"}], "vulnerabilities": [{"id": "CVE-2026-1", "affects": "r"}]}"#,
        ),
        (
            "vex.json",
            r#"{"@context": "x", "statements": [{"vulnerability": "CVE-2026-1", "products": "pkg:pypi/py", "status": "affected"}]}"#,
        ),
        (
            "vex.json",
            r#"{"@context": "x", "statements": [{"vulnerability": "CVE-2026-1", "products": [7], "status": "affected"}]}"#,
        ),
    ] {
        let scan = scan_of(file, report);
        assert!(proves_nothing(&scan) && scan.observations.len() == 1, "{report}");
    }
}

#[test]
fn a_count_of_bandit_that_cannot_be_read_may_hide_a_filter() {
    let scan = |count: &str| {
        scan_of(
            "bandit.json",
            &format!(
                r#"{{"errors": [], "metrics": {{"_totals": {{"loc": 3, "SEVERITY.HIGH": {count}}}, "a.py": {{"loc": 3}}}}, "results": []}}"#
            ),
        )
    };
    for count in ["1e400", "\"x\"", "null", "-1", "1.5", "[1]", "true", "\"\"", "{}"] {
        assert_eq!(scan(count).coverage.state, CoverageState::Filtered, "{count}");
    }
    for count in ["0", "0.0", "\"0\""] {
        assert_eq!(scan(count).coverage.state, CoverageState::Complete, "{count}");
    }
    let suppressed = scan_of(
        "bandit.json",
        r#"{"errors": [], "metrics": {"_totals": {"loc": 3}, "a.py": {"loc": 3, "nosec": "x"}}, "results": []}"#,
    );
    assert_eq!(suppressed.coverage.gaps, [Gap::File("a.py".to_owned())]);
}

#[test]
fn a_list_of_files_stays_one_when_none_of_them_could_be_read() {
    let bandit = scan_of(
        "bandit.json",
        r#"{"errors": [{"filename": "a.py", "reason": "syntax error"}], "metrics": {"_totals": {"loc": 3}, "a.py": {"loc": 3}}, "results": []}"#,
    );
    let semgrep = scan_of(
        "semgrep.json",
        r#"{"results": [], "errors": [{"level": "warn", "path": "a.py", "message": "x"}], "paths": {"scanned": ["a.py"]}}"#,
    );
    for scan in [bandit, semgrep] {
        assert!(scan.coverage.looked_at.files.is_empty() && scan.coverage.looked_at.lists_files, "{}", scan.scanner);
    }
    let skipped = scan_of(
        "pip-audit.json",
        r#"{"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "version": "1", "vulns": "x"}]}"#,
    );
    assert!(skipped.coverage.looked_at.lists_packages && skipped.coverage.looked_at.packages.len() == 1);
    let sarif = sarif(r#""results": []"#);
    assert!(!sarif.coverage.looked_at.lists_files && !sarif.coverage.looked_at.lists_packages);
}

#[test]
fn gaps_without_a_name_are_told_once_and_counted() {
    let records = vec!["7"; 5000].join(", ");
    let scan = sarif(&format!(r#""results": [{records}]"#));
    assert_eq!(scan.coverage.gaps.len(), 11);
    assert!(scan.coverage.gaps.contains(&Gap::Unnamed("4990 more that cannot be named".to_owned())));
}
