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

const MD5: &str = "import hashlib\nh = hashlib.md5(data)\n";

/// bandit's JSON with its issues (test, file, line 2), the files that it looked at, and how many issues comments suppressed in the first.
fn bandit(issues: &[(&str, &str, &str)], looked_at: &[&str], suppressed: u32) -> String {
    let mut metrics = json!({"_totals": {"loc": 3, "nosec": 0, "skipped_tests": suppressed}});
    for (at, path) in looked_at.iter().enumerate() {
        metrics[*path] = json!({"loc": 3, "nosec": 0, "skipped_tests": if at == 0 { suppressed } else { 0 }});
    }
    let issue = |(test, path, line): &(&str, &str, &str)| {
        json!({"test_id": test, "test_name": "t", "filename": path, "line_number": 2, "line_range": [2], "code": format!("2 {line}\n"),
            "issue_severity": "HIGH", "issue_confidence": "HIGH", "issue_text": "m", "col_offset": 0,
            "more_info": "https://bandit.readthedocs.io/en/1.9.4/plugins/x.html"})
    };
    let results: Vec<Value> = issues.iter().map(issue).collect();
    json!({"errors": [], "metrics": metrics, "results": results}).to_string()
}

fn rename(project: &Scratch, from: &str, to: &str, text: &str) {
    assert!(std::fs::remove_file(project.join(from)).is_ok(), "{from} is there");
    project.write(to, text);
}

#[test]
fn a_file_that_moved_to_where_the_scan_does_not_look_is_not_gone() {
    let found = bandit(&[("B324", "src/a.py", "h = hashlib.md5(data)")], &["src/a.py", "src/b.py"], 0);
    let narrower = bandit(&[], &["src/b.py"], 0);
    for (place, text, expected) in [
        ("tools/a.py", MD5, "unverified"),
        ("tools/other.py", MD5, "resolved removed"),
        ("tools/a.py", "h = hashlib.sha256(data)\n", "resolved removed"),
        ("src/b.py", MD5, "resolved removed"),
        ("tools/src/a.py", &MD5.replace("h =", "  h  ="), "unverified"),
    ] {
        let project = project("src/a.py", MD5);
        project.write("src/b.py", "");
        assert_eq!(after(&project, 1, "bandit.json", &found), ["open"]);
        rename(&project, "src/a.py", place, text);
        assert_eq!(after(&project, 2, "bandit.json", &narrower), [expected], "{place} {text}");
        assert_eq!(after(&project, 9, "bandit.json", &narrower), [expected], "{place} {text}");
    }
    let project = project("src/a.py", MD5);
    project.write("src/b.py", "");
    after(&project, 1, "bandit.json", &found);
    rename(&project, "src/a.py", "tools/a.py", MD5);
    after(&project, 2, "bandit.json", &narrower);
    let wider = bandit(&[("B324", "tools/a.py", "h = hashlib.md5(data)")], &["src/b.py", "tools/a.py"], 0);
    assert_eq!(after(&project, 9, "bandit.json", &wider), ["open"], "it is the same one again");
}

#[test]
fn a_comment_still_suppresses_when_a_package_is_renamed() {
    let project = project("old/a.py", MD5);
    let found = bandit(&[("B324", "old/a.py", "h = hashlib.md5(data)")], &["old/a.py"], 0);
    assert_eq!(after(&project, 1, "bandit.json", &found), ["open"]);
    let commented = MD5.replace("(data)", "(data)  # nosec B324");
    rename(&project, "old/a.py", "new/a.py", &commented);
    assert_eq!(after(&project, 2, "bandit.json", &bandit(&[], &["new/a.py"], 1)), ["excepted"]);
    project.write("new/a.py", MD5);
    let again = bandit(&[("B324", "new/a.py", "h = hashlib.md5(data)")], &["new/a.py"], 0);
    assert_eq!(after(&project, 9, "bandit.json", &again), ["open"], "it is the same one again");
}

#[test]
fn a_count_of_suppressed_issues_explains_what_a_comment_may_suppress() {
    let found = bandit(&[("B324", "a.py", "h = hashlib.md5(data)")], &["a.py"], 0);
    let counted = bandit(&[], &["a.py"], 1);
    for (line, expected) in [
        ("h = hashlib.sha256(data)\nx = pickle.load(f)  # nosec B301", "resolved code_changed"),
        ("h = hashlib.md5(other)  # nosec B324", "excepted"),
        ("h = hashlib.md5(other)  # nosec", "excepted"),
    ] {
        let project = project("a.py", MD5);
        assert_eq!(after(&project, 1, "bandit.json", &found), ["open"]);
        project.write("a.py", MD5.replace("h = hashlib.md5(data)", line));
        assert_eq!(after(&project, 2, "bandit.json", &counted), [expected], "{line}");
        assert_eq!(after(&project, 9, "bandit.json", &counted), [expected], "{line}");
    }
}

#[test]
fn code_that_moved_to_a_file_that_could_not_be_read_is_not_changed() {
    let project = project("a.py", MD5);
    project.write("b.py", "x = 1\n");
    let found = bandit(&[("B324", "a.py", "h = hashlib.md5(data)")], &["a.py", "b.py"], 0);
    assert_eq!(after(&project, 1, "bandit.json", &found), ["open"]);
    project.write("a.py", "import hashlib\n");
    project.write("b.py", "def f(:\nh = hashlib.md5(data)\n");
    let mut broken: Value = serde_json::from_str(&bandit(&[], &["a.py", "b.py"], 0)).unwrap();
    broken["errors"] = json!([{"filename": "b.py", "reason": "syntax error while parsing AST from file"}]);
    assert_eq!(after(&project, 2, "bandit.json", &broken.to_string()), ["unverified"]);
}

#[test]
fn comments_of_pylint_and_of_flake8_with_its_name_before_each_rule_suppress() {
    let of = |tool: &str, rule: &str, is_found: bool| {
        let mut log: Value = serde_json::from_str(&sarif(tool, "a.py", Some(&json!({"startLine": 2})))).unwrap();
        log["runs"][0]["results"][0]["ruleId"] = json!(rule);
        if !is_found {
            let other = &mut log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
            *other = json!({"artifactLocation": {"uri": "b.py"}, "region": {"startLine": 2}});
        }
        log.to_string()
    };
    for (tool, rule, line, expected) in [
        ("pylint", "W0122", "exec(x)  # pylint: disable=exec-used", "excepted"),
        ("pylint", "W0122", "exec(x)  # pylint: disable=W0122, C0103", "excepted"),
        ("pylint", "exec-used", "exec(x)  # pylint: disable=all", "excepted"),
        ("pylint", "W0122", "# pylint: disable-next=exec-used\nexec(x)", "excepted"),
        ("pylint", "W0122", "# pylint: disable=exec-used\nexec(x)", "excepted"),
        ("pylint", "W0122", "# pylint: skip-file\nexec(x)", "excepted"),
        ("Flake8", "flake8/S102", "exec(x)  # noqa: S102", "excepted"),
        ("Flake8", "flake8/S102", "exec(x)  # noqa", "excepted"),
        ("pylint", "W0122", "run(x)  # pylint: disable=exec-used", "resolved code_changed"),
    ] {
        let project = project("a.py", "x = 1\nexec(x)\n");
        project.write("b.py", "x = 1\nexec(x)\n");
        let (found, file) = (of(tool, rule, true), format!("{}.sarif", tool.to_lowercase()));
        assert_eq!(after(&project, 1, &file, &found), ["open"], "{line}");
        project.write("a.py", format!("x = 1\n{line}\n"));
        assert_eq!(after(&project, 2, &file, &of(tool, rule, false))[0], expected, "{tool} {line}");
    }
}

#[test]
fn a_line_of_the_tool_before_its_report_is_not_of_the_report() {
    let project = project("a.py", MD5);
    let issues = bandit(&[("B324", "a.py", "h = hashlib.md5(data)")], &["a.py"], 0);
    let progress = "Working... \u{2501}\u{2501}\u{2501}\u{2501} 100% 0:00:00\n";
    assert_eq!(after(&project, 1, "bandit.json", &format!("{progress}{issues}")), ["open"]);
    let project = self::project("a.py", MD5);
    let flaw = json!({"dependencies": [{"name": "idna", "version": "3.6", "vulns": [{"id": "PYSEC-2024-60", "fix_versions": ["3.7"], "aliases": [], "description": "d"}]}], "fixes": []});
    let found = format!("Found 1 known vulnerability in 1 package\n{flaw}");
    assert_eq!(after(&project, 2, "pip-audit.json", &found), ["open"]);
    let none = "No known vulnerabilities found\n{\"dependencies\": [{\"name\": \"idna\", \"version\": \"3.7\", \"vulns\": []}], \"fixes\": []}";
    assert_eq!(after(&project, 3, "pip-audit.json", none), ["resolved upgraded"]);
}

#[test]
fn a_folder_is_known_by_all_the_files_that_were_scanned_in_it() {
    let project = project("setup.py", "import os\nrun(x)\n");
    project.write("svc/setup.py", "import os\nrun(x)\n");
    project.write("svc/app/run.py", "import os\nrun(x)\n");
    let top = bandit(&[("B602", "./setup.py", "run(x)")], &["./setup.py"], 0);
    assert_eq!(after(&project, 1, "bandit.json", &top), ["open"]);
    let both = [("B602", "./setup.py", "run(x)"), ("B602", "./app/run.py", "run(x)")];
    after(&project, 2, "bandit.json", &bandit(&both, &["./app/run.py", "./setup.py"], 0));
    let ledger = project.json("security/findings/findings.json");
    let place = |f: &Value| format!("{} {}", f["path"].as_str().unwrap_or_default(), f["status"].as_str().unwrap());
    let mut places: Vec<String> = ledger["findings"].as_array().unwrap().iter().map(place).collect();
    places.sort();
    assert_eq!(places, ["setup.py unverified", "svc/app/run.py open", "svc/setup.py open"]);
}

#[test]
fn what_grype_leaves_out_for_having_no_fix_is_there() {
    let matched = |rules: &Value| {
        json!({"vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "severity": "Critical", "fix": {"versions": [], "state": "not-fixed"}},
            "artifact": {"name": "idna", "version": "3.6", "type": "python", "purl": "pkg:pypi/idna@3.6"}, "appliedIgnoreRules": rules})
    };
    let report = |rules: &Value| {
        json!({"matches": [], "ignoredMatches": [matched(rules)], "source": {"type": "directory", "target": "."},
            "descriptor": {"name": "grype", "version": "0.90.0"}})
        .to_string()
    };
    for (rules, expected) in [
        (json!([{"vulnerability": "", "fix-state": "not-fixed"}]), "open"),
        (json!([{"fix-state": "wont-fix"}, {"fix-state": "not-fixed"}]), "open"),
        (json!([{"vulnerability": "GHSA-aaaa-bbbb-cccc", "fix-state": "not-fixed"}]), "excepted"),
        (json!([{"fix-state": "not-fixed", "package": {"name": "idna"}}]), "excepted"),
        (json!([{"fix-state": "unknown"}, {"vex-status": "not_affected"}]), "excepted"),
        (json!([]), "excepted"),
    ] {
        let project = project("a.py", MD5);
        assert_eq!(after(&project, 1, "grype.json", &report(&rules)), [expected], "{rules}");
    }
}

#[test]
fn a_rule_that_is_switched_off_for_some_files_ends_nothing_in_them_as_long_as_they_are_as_they_were() {
    let issue = |path: &'static str| ("B101", path, "assert x");
    let both = bandit(&[issue("a.py"), issue("tests/a.py")], &["a.py", "tests/a.py"], 0);
    let one = bandit(&[issue("a.py")], &["a.py", "tests/a.py"], 0);
    let code = "import x\nassert x\n";
    for (later, expected) in [
        (code, "unverified"),
        ("import y as x\nassert x\n", "resolved no_longer_reported"),
        ("import x\n", "resolved code_changed"),
    ] {
        let project = project("a.py", code);
        project.write("tests/a.py", code);
        assert_eq!(after(&project, 1, "bandit.json", &both), ["open", "open"]);
        project.write("tests/a.py", later);
        for day in [2, 9] {
            assert_eq!(after(&project, day, "bandit.json", &one), ["open", expected], "{later}");
        }
        assert_eq!(after(&project, 16, "bandit.json", &both), ["open", "open"], "{later}");
    }
}

#[test]
fn a_file_is_as_it_was_when_the_finding_was_reported_and_not_another_one() {
    let [first, second] = [("B101", "a.py", "assert x"), ("B102", "a.py", "assert x")];
    let elsewhere = ("B101", "b.py", "assert x");
    let project = project("a.py", "import x\nassert x\n");
    project.write("b.py", "import x\nassert x\n");
    let looked_at = &["a.py", "b.py"];
    assert_eq!(after(&project, 1, "bandit.json", &bandit(&[first, second], looked_at, 0)), ["open", "open"]);
    project.write("a.py", "import y as x\nassert x\n");
    assert_eq!(after(&project, 8, "bandit.json", &bandit(&[second], looked_at, 0)), ["unverified", "open"]);
    let shown = after(&project, 15, "bandit.json", &bandit(&[second, elsewhere], looked_at, 0));
    assert_eq!(shown, ["resolved no_longer_reported", "open", "open"]);
}

#[test]
fn a_call_of_several_lines_in_a_file_that_a_narrower_scan_left_out_is_as_it_was() {
    let found = |path: &str| sarif("ruff", path, Some(&json!({"startLine": 1})));
    let project = project("lib/a.py", "get(\n    url,\n)\n");
    project.write("app/b.py", "get(\n    url,\n)\n");
    let both = {
        let mut log: Value = serde_json::from_str(&found("lib/a.py")).unwrap();
        let other: Value = serde_json::from_str(&found("app/b.py")).unwrap();
        let results = log["runs"][0]["results"].as_array_mut().unwrap();
        results.push(other["runs"][0]["results"][0].clone());
        log.to_string()
    };
    assert_eq!(after(&project, 1, "ruff.sarif", &both), ["open", "open"]);
    assert_eq!(after(&project, 2, "ruff.sarif", &found("app/b.py")), ["unverified", "open"]);
    project.write("lib/a.py", "get(\n    url,\n    timeout=1,\n)\n");
    assert_eq!(after(&project, 3, "ruff.sarif", &found("app/b.py")), ["resolved no_longer_reported", "open"]);
}
