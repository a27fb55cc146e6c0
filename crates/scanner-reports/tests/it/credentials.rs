//! No credential of a report is in what is read from it, wherever in the report it stands.

use crate::support::{scans_of, told};

/// A token of the look that GitHub's have; in two parts, so that no scanner takes it for one.
fn token() -> String {
    ["ghp", "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat()
}

const REPORTS: [(&str, &str); 10] = [
    (
        "trivy.json",
        r#"{"SchemaVersion": 2, "Results": [{"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": [
          {"VulnerabilityID": "CVE-2024-1", "PkgName": "x", "InstalledVersion": "git+https://x-access-token:SECRET@github.com/o/x.git#abc", "FixedVersion": "https://u:SECRET@h/1"}]}]}"#,
    ),
    (
        "grype.json",
        r#"{"matches": [{"vulnerability": {"id": "CVE-2024-1", "fix": {"versions": ["SECRET"]}}, "artifact": {"name": "https://u:SECRET@h/x", "version": "https://SECRET@h/x", "type": "npm"}}], "descriptor": {"name": "grype"}}"#,
    ),
    (
        "osv-scanner.json",
        r#"{"results": [{"packages": [{"package": {"name": "x", "version": "https://u:SECRET@h/x", "ecosystem": "npm"}, "vulnerabilities": [
          {"id": "CVE-2024-1", "affected": [{"package": {"name": "x", "ecosystem": "npm"}, "ranges": [{"type": "SEMVER", "events": [{"fixed": "https://u:SECRET@h/2"}]}]}]}]}]}]}"#,
    ),
    (
        "pip-audit.json",
        r#"{"dependencies": [{"name": "x", "version": "https://u:SECRET@h/x", "vulns": [
          {"id": "https://u:SECRET@h/CVE-1", "fix_versions": ["https://u:SECRET@h/2"], "aliases": ["https://u:SECRET@h/"]}]}, {"name": "x @ https://u:SECRET@h/", "version": "1", "vulns": []}]}"#,
    ),
    (
        "safety.json",
        r#"{"report_meta": {}, "scanned_packages": {"x": {"version": "https://u:SECRET@h/x"}}, "vulnerabilities": [
          {"vulnerability_id": "1", "package_name": "x", "analyzed_version": "https://u:SECRET@h/x", "fixed_versions": ["SECRET"], "CVE": "CVE-2024-1"}]}"#,
    ),
    (
        "semgrep.json",
        r#"{"results": [{"check_id": "SECRET", "path": "logs/SECRET/a.py", "start": {"line": 1}, "extra": {"message": "m", "severity": "ERROR"}},
          {"check_id": "ssc-1", "path": "a.lock", "extra": {"message": "m", "severity": "ERROR", "sca_info": {"dependency_match": {"found_dependency": {"package": "x", "version": "https://u:SECRET@h/x", "ecosystem": "pypi"}}}}}],
          "errors": [], "paths": {"scanned": ["logs/SECRET/a.py", "logs/x:SECRET/a.py"]}}"#,
    ),
    (
        "app.cdx.json",
        r#"{"bomFormat": "CycloneDX", "components": [{"bom-ref": "r", "name": "x", "version": "https://u:SECRET@h/x"}, {"bom-ref": "p", "purl": "pkg:npm/y@SECRET"}],
          "vulnerabilities": [{"id": "CVE-2024-1", "affects": [{"ref": "r"}, {"ref": "p"}, {"ref": "urn:cdx:1/1#https://u:SECRET@h/z", "versions": [{"version": "https://u:SECRET@h/z"}]}]}]}"#,
    ),
    (
        "x.openvex.json",
        r#"{"@context": "x", "statements": [{"vulnerability": "CVE-2024-1", "products": [{"@id": "https://u:SECRET@h/x"}], "status": "affected"}]}"#,
    ),
    (
        "t.sarif",
        r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "ToolX SECRET", "version": "SECRET", "rules": [{"id": "SECRET", "deprecatedIds": ["SECRET"]}]}},
          "results": [{"ruleId": "SECRET", "message": {"text": "m"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "logs/SECRET/a.py"}, "region": {"startLine": 1}}}]}]}]}"#,
    ),
    (
        "secrets-scan.json",
        r#"{"version": "1.5.0", "plugins_used": [{"name": "SECRET"}, {"name": "KeywordDetector", "keyword_exclude": "token=SECRET"}],
          "filters_used": [{"path": "should_exclude_line", "pattern": ["https://u:SECRET@h/"]}, {"path": "wordlist", "file_name": "SECRET"}],
          "exclude": {"files": "logs/SECRET", "lines": "SECRET"}, "word_list": {"file": "SECRET", "hash": "SECRET"}, "results": {"logs/SECRET/a.py": [{"type": "SECRET", "filename": "logs/SECRET/a.py", "hashed_secret": "0a1b", "line_number": 1}]}}"#,
    ),
];

#[test]
fn no_field_gives_a_credential_away() {
    for (file, report) in REPORTS {
        let scans = scans_of(file, &report.replace("SECRET", &token()));
        let all = format!("{scans:?}");
        assert!(!all.contains(&token()) && !all.contains(&token().to_ascii_lowercase()), "{file}: {all}");
        assert!(scans.iter().any(|scan| !scan.observations.is_empty()), "{file}: {all}");
    }
}

#[test]
fn places_that_differ_in_a_token_alone_are_two() {
    let found = |file: &str| {
        format!(
            r#"{{"check_id": "r", "path": "{file}", "start": {{"line": 1, "col": 1}}, "extra": {{"message": "m", "severity": "ERROR"}}}}"#
        )
    };
    let (one, other) = (token(), token().replace('a', "Z"));
    let report = |files: &[String]| {
        let results: Vec<_> = files.iter().map(|file| found(file)).collect();
        let report = format!(r#"{{"results": [{}], "errors": [], "paths": {{}}}}"#, results.join(", "));
        scans_of("semgrep.json", &report).remove(0)
    };
    let scan = report(&[format!("logs/{one}/a.py"), format!("logs/{other}/a.py"), format!("logs/{one}/b.py")]);
    let paths: Vec<_> = scan.observations.iter().filter_map(|o| o.subject.path()).collect();
    assert_eq!(paths, ["logs/[hidden]/a.py", "logs/[hidden]/a.py", "logs/[hidden]/b.py"], "{}", told(&scan));
    // A name that only begins like a token is one like any other.
    let scan = report(&["src/npm_package_downloader.py".to_owned()]);
    assert_eq!(scan.observations[0].subject.path(), Some("src/npm_package_downloader.py"));
}
