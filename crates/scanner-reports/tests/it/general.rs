use findings_model::{CoverageState, Gap, ReportFormat, ScannerName};
use insta::assert_snapshot;
use scanner_reports::{Places, Source, read, read_in, unreadable};

use crate::support::{declared, now, scan_of, scans_of, told};

const BANDIT: &str = r#"{"errors": [], "generated_at": "x", "metrics": {"_totals": {"loc": 3}}, "results": []}"#;

#[test]
fn a_report_under_another_name_is_not_used() {
    assert_snapshot!(told(&scan_of("pip-audit.json", BANDIT)), @"
    pip-audit failed
    ! the file is named as pip-audit, but it holds a bandit report: nothing of it was used
    ");
    let scans = declared(ReportFormat::Gitleaks, "bandit.json", BANDIT.as_bytes());
    assert_snapshot!(told(&scans[0]), @"
    gitleaks failed
    ! the file is declared as gitleaks, but it holds a bandit report: nothing of it was used
    ");
    assert_eq!(told(&declared(ReportFormat::Bandit, "pip-audit.json", BANDIT.as_bytes())[0]), "bandit complete");
    assert_eq!(told(&scan_of("report.json", BANDIT)), "bandit complete");
}

#[test]
fn a_tool_may_write_an_exchange_format() {
    let sarif = |driver: &str| {
        format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{driver}"}}}}, "results": []}}]}}"#)
    };
    assert_eq!(told(&scan_of("bandit.json", &sarif("Bandit"))), "bandit complete");
    assert_eq!(told(&scan_of("bandit.sarif", &sarif("Bandit"))), "Bandit complete");
    assert_snapshot!(told(&scan_of("bandit.json", &sarif("Trivy"))), @"
    bandit failed
    ! the file is named as bandit, but it holds a sarif report of Trivy: nothing of it was used
    ");
}

#[test]
fn broken_json_is_named_with_its_place() {
    for (report, wanted) in [
        (r#"{"dependencies": [{"name": "a", "vulns": ["#, "it is truncated"),
        ("<html>502</html>", "line 1"),
        ("WARNING: x\n{}", "line 1"),
        (r#"{"dependencies": []} {"dependencies": []}"#, "trailing characters"),
        ("{\"dependencies\": []}\0\0", "trailing characters"),
        (r#"{"dependencies": [{"name": "a", "version": NaN, "vulns": []}]}"#, "column"),
        (
            r#"{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "id": "X-2"}]}]}"#,
            "a key stands twice",
        ),
        (r#"{"dependencies": [{"name": "\ud800", "vulns": []}]}"#, "byte"),
    ] {
        let scan = scan_of("pip-audit.json", report);
        assert_eq!((scan.scanner.as_str(), scan.coverage.state), ("pip-audit", CoverageState::Failed), "{report}");
        let reasons = scan.coverage.reasons.join(" ");
        assert!(reasons.contains(wanted), "{report}: {reasons}");
        assert!(!scan.coverage.covers(
            &scan_of("x.json", r#"[{"name": "a", "version": "1", "vulns": [{"id": "X-1"}]}]"#).observations[0].subject
        ));
    }
}

#[test]
fn deep_nesting_neither_overflows_nor_hides() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let scan = scan_of("pip-audit.json", &deep);
    assert!(scan.coverage.reasons[0].contains("nested"), "{:?}", scan.coverage.reasons);
    let hidden = format!(r#"{{"dependencies": [{{"name": "a", "version": "1", "vulns": [], "unread": {deep}}}]}}"#);
    assert_eq!(scan_of("pip-audit.json", &hidden).coverage.state, CoverageState::Complete);
    let read_key = format!(r#"{{"dependencies": [{{"name": {deep}, "version": "1", "vulns": []}}]}}"#);
    assert_eq!(scan_of("pip-audit.json", &read_key).coverage.state, CoverageState::Failed);
    let components = format!(
        r#"{{"bomFormat": "CycloneDX", "components": [{}{}]}}"#,
        r#"{"components": ["#.repeat(1000),
        "]}".repeat(1000)
    );
    assert!(scan_of("bom.json", &components).coverage.reasons[0].contains("nested"));
}

#[test]
fn encodings_of_powershell_are_read() {
    let report = r#"{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}"#;
    let source = Source { file: "pip-audit.json", declared: None, own_project: None, key: None, now: now() };
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(report.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(report.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    for bytes in [&little[..], &big[..]] {
        assert_eq!(read(bytes, &source)[0].coverage.state, CoverageState::Complete);
        let cut = &read(&bytes[..bytes.len() - 1], &source)[0];
        assert_eq!(cut.coverage.state, CoverageState::Failed);
        assert!(cut.coverage.reasons[0].contains("UTF-16"));
    }
}

#[test]
fn what_is_no_report_is_named() {
    let scan = scan_of("notes.txt", "hello");
    assert_eq!((scan.scanner.clone(), scan.format), (ScannerName::unknown(), None));
    assert_snapshot!(told(&scan), @"
    unknown failed
    ! it is not JSON (expected value) at line 1, column 1 (byte 0)
    ");
    assert_snapshot!(told(&scan_of("package-lock.json", r#"{"name": "x", "lockfileVersion": 3, "dependencies": {"a": {}}}"#)), @"
    unknown failed
    ! it is not one of the known report formats
    ");
    let source = Source { file: "bandit.json", declared: None, own_project: None, key: None, now: now() };
    assert_eq!(told(&unreadable(&source, "it is a directory")), "bandit failed\n! it is a directory");
}

#[test]
fn times_that_cannot_be_are_not_kept() {
    for (at, kept) in
        [("2026-01-05T03:00:00Z", true), ("9999-12-31T23:59:59Z", false), ("9999-99-99T99:99:99Z", false), ("", false)]
    {
        let scan = scan_of("bandit.json", &BANDIT.replace("\"x\"", &format!("\"{at}\"")));
        assert_eq!((scan.observed_at.is_some(), scan.coverage.state), (kept, CoverageState::Complete), "{at}");
    }
}

#[test]
fn reasons_are_few_and_short() {
    let junk = format!(r#"{{"dependencies": [{{"name": "a", "version": "1", "vulns": []}}{}]}}"#, ", 7".repeat(1000));
    let scan = &scans_of("pip-audit.json", &junk)[0];
    assert_eq!(scan.coverage.reasons.len(), 11);
    assert_eq!(scan.coverage.reasons[10], "and 990 more of the same sort");
    assert_eq!(scan.coverage.gaps.len(), 11);
}

#[test]
fn paths_of_another_folder_are_brought_into_the_project() {
    let files = ["src/pkg/a.py", "src/pkg/b.py", "tests/a.py", "setup.py"];
    let roots = ["/srv/work/app".to_owned()];
    let places = Places {
        roots: &roots,
        has: &|path| files.contains(&path),
        ending_with: &|path| {
            let end = format!("/{path}");
            files.iter().filter(|file| file.ends_with(&end)).map(|file| (*file).to_owned()).collect()
        },
    };
    let told = |paths: &[&str]| {
        let metrics: Vec<String> = paths.iter().map(|path| format!(r#"{path:?}:{{"loc":3}}"#)).collect();
        let report = format!(
            r#"{{"errors":[{{"filename":{:?},"reason":"syntax error while parsing AST from file"}}],"metrics":{{"_totals":{{"loc":6}},{}}},"results":[]}}"#,
            paths[0],
            metrics.join(",")
        );
        let source = Source { file: "bandit.json", declared: None, own_project: None, key: None, now: now() };
        let scan = read_in(report.as_bytes(), &source, &places).remove(0);
        let mut shown: Vec<String> = scan.coverage.gaps.iter().map(Gap::label).collect();
        shown.extend(scan.coverage.looked_at.files);
        (shown.join(" "), scan.coverage.reasons.join("; "))
    };
    for (paths, settled) in [
        (["/srv/work/app/src/pkg/a.py", "/srv/work/app/setup.py"], "src/pkg/a.py setup.py"),
        (["/builds/7/app/src/pkg/a.py", "/builds/7/app/setup.py"], "src/pkg/a.py setup.py"),
        (["./a.py", "./b.py"], "src/pkg/a.py src/pkg/b.py"),
        (["a.py", "new.py"], "a.py new.py"),
        (["src/pkg/gone.py", "setup.py"], "src/pkg/gone.py setup.py"),
        ([&format!("/{}/ingrid/venv/lib/x/y.py", "home"), "/opt/setup.py"], "venv/lib/x/y.py opt/setup.py"),
    ] {
        let (shown, reasons) = told(&paths);
        assert_eq!(shown, settled, "{paths:?}");
        assert!(!["/srv", "/builds", "ingrid"].iter().any(|part| reasons.contains(part)), "{reasons}");
    }
}

#[test]
fn a_name_that_says_what_was_scanned_refuses_no_scanner() {
    let grype = r#"{"matches": [{"vulnerability": {"id": "CVE-2026-1"}, "artifact": {"name": "py", "type": "python"}}], "source": {}, "descriptor": {"name": "grype"}}"#;
    for name in ["sbom-scan.json", "bom.json", "sbom_vulns.json"] {
        let scan = scan_of(name, grype);
        assert_eq!((scan.scanner.as_str(), scan.coverage.state), ("grype", CoverageState::Complete), "{name}");
    }
    for name in ["cyclonedx.json", "bom.cdx.json"] {
        assert_eq!(scan_of(name, grype).coverage.state, CoverageState::Failed, "{name}");
    }
    let declared = declared(ReportFormat::CycloneDx, "sbom.json", grype.as_bytes());
    assert_eq!(declared[0].coverage.state, CoverageState::Failed);
    assert_eq!(scan_of("sbom.json", "{}").coverage.state, CoverageState::Failed);
}

#[test]
fn an_empty_file_in_a_format_of_many_scanners_is_of_none() {
    for file in ["codeql.sarif", "scan.sarif.json", "app.cdx.json", "bom.json"] {
        for report in ["", "[]", "null"] {
            let scan = scan_of(file, report);
            let told = (scan.scanner.as_str(), scan.coverage.state, scan.coverage.blank);
            assert_eq!(told, ("unknown", CoverageState::Failed, false), "{file} {report:?}");
        }
    }
    assert_eq!(told(&scan_of("bandit.json", "")), "bandit complete blank");
}

#[test]
fn a_file_whose_name_is_no_utf8_loses_no_finding() {
    let issue = |file: &str| {
        format!(r#"{{"filename": "{file}", "issue_severity": "LOW", "line_number": 1, "test_id": "B101"}}"#)
    };
    let report = format!(
        r#"{{"errors": [{{"filename": "./caf\udce8.py", "reason": "x"}}], "generated_at": "2026-01-05T03:00:00Z", "metrics": {{"_totals": {{"loc": 2}}}}, "results": [{}, {}]}}"#,
        issue(r"./caf\udce9.py"),
        issue(r"./b\ud83d\ude00.py")
    );
    let scan = scan_of("bandit.json", &report);
    let paths: Vec<_> = scan.observations.iter().map(|o| o.subject.path().unwrap()).collect();
    assert_eq!(paths, ["caf%E9.py", "b\u{1f600}.py"]);
    assert_eq!(scan.coverage.gaps, [Gap::File("caf%E8.py".to_owned())]);
    // Of one that is cut off as well the reason is that it is, and the place that in the file.
    let cut = &report[..report.len() - 2];
    let coverage = scan_of("bandit.json", cut).coverage;
    assert_eq!(coverage.state, CoverageState::Failed);
    let place = format!("it is truncated: unexpected end (EOF while parsing a list) at line 1, column {}", cut.len());
    assert!(coverage.reasons.concat().starts_with(&place), "{:?}", coverage.reasons);
}
