//! What the silence of a scanner ends where the place of a finding is as it was, and where it is not.

use serde_json::{Value, json};
use test_support::{Scratch, scratch::REPORTS};

/// A project with one file beside its metadata.
fn project(path: &str, text: &str) -> Scratch {
    let project = Scratch::empty();
    project.write("pyproject.toml", "[project]\nname = \"sample\"\nversion = \"1.0\"\n");
    project.write(path, text);
    project.write("osv/none.txt", "");
    project
}

/// Where all findings stand after a run with one report: `open`, `resolved code_changed`, … in the order of their ids.
fn after(project: &Scratch, day: u8, file: &str, report: &str) -> Vec<String> {
    project.clear_reports();
    project.write(&format!("{REPORTS}/{file}"), report);
    let now = format!("2096-01-{day:02}T04:00:00Z");
    let run = test_support::binary!("update-findings").run().project(project.path()).now(&now).arg("--offline");
    run.args(["--advisories", "osv"]).output().expect_success();
    let ledger = project.json("security/findings/findings.json");
    let stands = |f: &Value| {
        let word = |key: &str| f[key].as_str().unwrap_or_default();
        format!("{} {}", word("status"), word("resolved_reason")).trim_end().to_owned()
    };
    ledger["findings"].as_array().into_iter().flatten().map(stands).collect()
}

/// A SARIF of a tool that quotes a region of a line, or of one that finds nothing.
fn sarif(tool: &str, path: &str, region: Option<&Value>) -> String {
    let result = |region: &Value| {
        json!({"ruleId": "R1", "level": "error", "message": {"text": "m"}, "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": path}, "region": region}}]})
    };
    let results: Vec<Value> = region.into_iter().map(result).collect();
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": tool, "version": "1.0"}}, "results": results}]})
        .to_string()
}

fn quoted(line: u32, columns: (u32, u32), text: &str) -> Value {
    json!({"startLine": line, "startColumn": columns.0, "endLine": line, "endColumn": columns.1, "snippet": {"text": text}})
}

#[test]
fn a_quoted_part_of_a_line_is_in_it_as_long_as_the_line_is_as_it_was() {
    let code = "import hashlib\nh = hashlib.md5(b'x')\n";
    let found = sarif("devskim", "a.py", Some(&quoted(2, (13, 16), "md5")));
    let nothing = sarif("devskim", "a.py", None);
    for (later, expected) in [
        (code.to_owned(), "unverified"),
        (format!("# moved\n{code}"), "unverified"),
        (code.replace("b'x')", "b'x')  # checked"), "unverified"),
        (code.replace("b'x')", "b'x', usedforsecurity=False)"), "resolved code_changed"),
        (code.replace("md5", "sha256"), "resolved code_changed"),
    ] {
        let project = project("a.py", code);
        assert_eq!(after(&project, 1, "devskim.sarif", &found), ["open"]);
        project.write("a.py", &later);
        assert_eq!(after(&project, 2, "devskim.sarif", &nothing), [expected], "{later}");
    }
}

#[test]
fn a_line_that_is_quoted_whole_is_the_same_with_and_without_columns() {
    let project = project("a.py", "import hashlib\nh = hashlib.md5(b'x')\n");
    let line = "h = hashlib.md5(b'x')";
    after(&project, 1, "tool.sarif", &sarif("tool", "a.py", Some(&json!({"startLine": 2, "snippet": {"text": line}}))));
    project.write("a.py", "import hashlib\n\n\n    h = hashlib.md5(b'x')\n");
    let moved = sarif("tool", "a.py", Some(&quoted(4, (9, 20), &format!("    {line}"))));
    assert_eq!(after(&project, 2, "tool.sarif", &moved), ["open"]);
    let part = sarif("tool", "a.py", Some(&quoted(4, (5, 26), line)));
    assert_eq!(after(&project, 3, "tool.sarif", &part), ["open"]);
}

#[test]
fn a_step_of_a_workflow_is_as_it_was_until_its_text_is_gone() {
    let path = ".github/workflows/c.yml";
    let workflow = "steps:\n  - uses: a/b@v1\nx: 1\n";
    let nothing = sarif("zizmor", path, None);
    for region in [quoted(2, (5, 17), "uses: a/b@v1"), json!({"startLine": 2, "snippet": {"text": "  - uses: a/b@v1"}})]
    {
        let project = project(path, workflow);
        let found = sarif("zizmor", path, Some(&region));
        assert_eq!(after(&project, 1, "zizmor.sarif", &found), ["open"]);
        assert_eq!(after(&project, 2, "zizmor.sarif", &nothing), ["unverified"], "{region}");
        assert_eq!(after(&project, 3, "zizmor.sarif", &found), ["open"]);
        project.write(path, workflow.replace("@v1", "@0123abcd"));
        assert_eq!(after(&project, 4, "zizmor.sarif", &nothing), ["resolved code_changed"], "{region}");
    }
    // What stands below a step may be what was mended in it.
    let project = project(path, "steps:\n  - uses: a/b@v1\n    with:\n      c: d\n");
    after(&project, 1, "zizmor.sarif", &sarif("zizmor", path, Some(&quoted(2, (5, 17), "uses: a/b@v1"))));
    assert_eq!(after(&project, 2, "zizmor.sarif", &nothing), ["resolved no_longer_reported"]);
}

#[test]
fn a_secret_is_in_its_line_whatever_stands_behind_it() {
    let found = |detector: &str, file: &str| {
        let git = json!({"file": file, "line": 1, "commit": "c"});
        json!({"SourceMetadata": {"Data": {"Git": git}}, "DetectorName": detector, "Verified": false, "Raw": detector,
            "Redacted": ""})
        .to_string()
    };
    let both = format!("{}\n{}\n", found("AWS", "a.py"), found("Github", "b.py"));
    for (line, later, expected) in [
        ("T = 'ghp_qqqqqqqqqqqqqqqqqqqq'  # prod\n", None, "unverified"),
        ("T = 'ghp_qqqqqqqqqqqqqqqqqqqq'; x = 1\n", None, "unverified"),
        ("T = 'ghp_qqqqqqqqqqqqqqqqqqqq'  # prod\n", Some("T = os.environ['T']  # prod\n"), "resolved code_changed"),
    ] {
        let project = project("b.py", line);
        project.write("a.py", "K = 'AKIAQQQQQQQQQQQQQQQQ'\n");
        assert_eq!(after(&project, 1, "trufflehog.json", &both), ["open", "open"]);
        if let Some(later) = later {
            project.write("b.py", later);
        }
        let one = format!("{}\n", found("AWS", "a.py"));
        assert_eq!(after(&project, 2, "trufflehog.json", &one), ["open", expected], "{line}");
    }
}

/// Reports about package `aa`: with the flaw at a version, and silent about it though they list the package at one.
type Audit = (&'static str, fn(&str) -> String, fn(&str) -> String);

const AUDITS: [Audit; 3] = [
    ("osv.json", |at| osv(&[("aa", at, Some("CVE-1999-1"))]), |at| osv(&[("aa", at, None), ("cc", "1", None)])),
    ("trivy.json", |at| trivy(at, "CVE-1999-1"), |at| trivy(at, "CVE-1999-2")),
    ("grype.json", |at| grype(at, "CVE-1999-1"), |at| grype(at, "CVE-1999-2")),
];

fn osv(packages: &[(&str, &str, Option<&str>)]) -> String {
    let package = |(name, version, id): &(&str, &str, Option<&str>)| {
        let flaws: Vec<Value> = id.iter().map(|id| json!({"id": id})).collect();
        json!({"package": {"name": name, "version": version, "ecosystem": "PyPI"}, "vulnerabilities": flaws})
    };
    let packages: Vec<Value> = packages.iter().map(package).collect();
    json!({"results": [{"source": {"path": "r.txt", "type": "lockfile"}, "packages": packages}]}).to_string()
}

fn trivy(version: &str, id: &str) -> String {
    let flaw = json!({"VulnerabilityID": id, "PkgName": "aa", "InstalledVersion": version, "Severity": "HIGH"});
    json!({"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [
        {"Target": "r.txt", "Class": "lang-pkgs", "Type": "pip", "Vulnerabilities": [flaw]}]})
    .to_string()
}

fn grype(version: &str, id: &str) -> String {
    json!({"matches": [{"vulnerability": {"id": id, "severity": "High"},
        "artifact": {"name": "aa", "version": version, "type": "python", "purl": format!("pkg:pypi/aa@{version}")}}],
        "descriptor": {"name": "grype", "version": "0.80.0"}})
    .to_string()
}

#[test]
fn an_advisory_that_names_the_listed_version_keeps_a_flaw_from_ending() {
    let record = json!({
        "id": "PYSEC-1999-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-1999-1"],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "aa"},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3"}]}]}],
    });
    for (file, found, silent) in AUDITS {
        for (version, expected) in [("1", "unverified"), ("2", "unverified"), ("3", "resolved upgraded")] {
            let project = project("osv/PYSEC-1999-1.json", &record.to_string());
            assert_eq!(after(&project, 1, file, &found("1")), ["open"], "{file}");
            let stands = after(&project, 2, file, &silent(version));
            assert_eq!(stands[0], expected, "{file} lists {version}: {stands:?}");
        }
    }
}

#[test]
fn a_package_that_trivy_no_longer_lists_is_gone_unless_the_project_declares_it() {
    let listing = |packages: Value| {
        json!({"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [
            {"Target": "r.txt", "Class": "lang-pkgs", "Type": "pip", "Packages": packages}]})
        .to_string()
    };
    let whole = listing(json!([{"Name": "cc", "Version": "1"}]));
    let unreadable = listing(json!([{"Name": "cc", "Version": "1"}, {"Version": "1"}]));
    for (dependencies, silent, expected) in [
        ("\"aa\"", &whole, "unverified"),
        ("", &whole, "resolved removed"),
        ("", &unreadable, "resolved no_longer_reported"),
    ] {
        let project = project("r.txt", "cc==1\n");
        let metadata = format!("[project]\nname = \"sample\"\nversion = \"1.0\"\ndependencies = [{dependencies}]\n");
        project.write("pyproject.toml", metadata);
        after(&project, 1, "trivy.json", &trivy("1", "CVE-1999-1"));
        assert_eq!(after(&project, 2, "trivy.json", silent), [expected], "{dependencies} {silent}");
    }
}

#[test]
fn a_package_at_two_versions_was_not_upgraded() {
    let record = json!({
        "id": "PYSEC-1999-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-1999-1"],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "aa"}, "versions": ["1"]}],
    });
    let project = project("osv/PYSEC-1999-1.json", &record.to_string());
    after(&project, 1, "osv.json", &osv(&[("aa", "1", Some("CVE-1999-1")), ("aa", "2", None)]));
    let stands = after(&project, 2, "osv.json", &osv(&[("aa", "1", None), ("aa", "2", None)]));
    assert_eq!(stands, ["unverified"]);
}

#[test]
fn a_rule_that_was_renamed_and_a_line_that_moved_are_one_finding() {
    let found = |rule: &str, former: &str, line: u32| {
        let rules = [json!({"id": rule, "deprecatedIds": [rule, former]})];
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Hadolint", "rules": rules}}, "results": [
            {"ruleId": rule, "level": "error", "message": {"text": "m"}, "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "Dockerfile"}, "region": {"startLine": line}}}]}]}]})
        .to_string()
    };
    let project = project("Dockerfile", "FROM a\nRUN b\n");
    after(&project, 1, "hadolint.sarif", &found("DL1", "DL2", 2));
    project.write("Dockerfile", "FROM a\n\n\nRUN b\n");
    assert_eq!(after(&project, 2, "hadolint.sarif", &found("DL2", "DL1", 4)), ["open"]);
}
