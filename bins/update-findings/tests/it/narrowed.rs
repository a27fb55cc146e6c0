//! Scans of code that looked for less than the one before, and comments that suppress.

use serde_json::{Value, json};
use test_support::{Scratch, scratch::REPORTS};

const CODE: &str = "import hashlib\ndef f(x):\n    return hashlib.md5(x)\nassert f\nz = hashlib.md5('a')\n";

fn project() -> Scratch {
    let project = Scratch::empty();
    project.write("pyproject.toml", "[project]\nname = \"sample\"\nversion = \"1.0\"\n");
    project.write("src/a.py", CODE);
    project
}

/// Where the findings stand after a run with one report, by rule and line: `md5:3 open`.
fn after(project: &Scratch, day: u8, file: &str, report: &Value) -> Vec<String> {
    project.clear_reports();
    project.write(&format!("{REPORTS}/{file}"), report.to_string());
    let now = format!("2096-01-{day:02}T04:00:00Z");
    test_support::binary!("update-findings")
        .run()
        .project(project.path())
        .now(&now)
        .arg("--offline")
        .output()
        .expect_success();
    let ledger = project.json("security/findings/findings.json");
    let findings = ledger["findings"].as_array().cloned().unwrap_or_default();
    let text = |f: &Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
    let stands = |f: &Value| {
        let line = [text(f, "rule"), ":".to_owned(), f["line"].to_string(), " ".to_owned()].concat();
        [line, text(f, "status"), f["resolved_reason"].as_str().map_or(String::new(), |why| format!(" {why}"))].concat()
    };
    let mut all: Vec<String> = findings.iter().map(stands).collect();
    all.sort();
    all
}

/// A report of ruff's with results of rules at lines of `src/a.py`.
fn ruff(results: &[(&str, u32)]) -> Value {
    let rules: Vec<Value> =
        results.iter().map(|(rule, _)| json!({"id": rule, "defaultConfiguration": {"enabled": false}})).collect();
    sarif("ruff", &rules, results.iter().map(|(rule, line)| result(rule, *line, None)))
}

fn sarif(tool: &str, rules: &[Value], results: impl Iterator<Item = Value>) -> Value {
    let driver = json!({"name": tool, "rules": rules});
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results.collect::<Vec<_>>()}]})
}

fn result(rule: &str, line: u32, quoted: Option<&str>) -> Value {
    let mut region = json!({"startLine": line});
    if let Some(quoted) = quoted {
        region["snippet"] = json!({"text": quoted});
    }
    json!({"ruleId": rule, "message": {"text": "m"}, "locations": [{"physicalLocation": {
        "artifactLocation": {"uri": "src/a.py"}, "region": region}}]})
}

/// A report of semgrep's about `src/a.py`: its SARIF quotes the lines, its JSON without a login does not.
fn semgrep(format: &str, lines: &[u32]) -> Value {
    if format == "sarif" {
        let quoted = |line: &u32| CODE.lines().nth(*line as usize - 1);
        let rules = [json!({"id": "cfg.md5"}), json!({"id": "cfg.never"})];
        return sarif("Semgrep OSS", &rules, lines.iter().map(|line| result("cfg.md5", *line, quoted(line))));
    }
    let found = |line: &u32| {
        json!({"check_id": "cfg.md5", "path": "src/a.py", "start": {"line": line, "col": 1},
            "extra": {"message": "m", "severity": "ERROR", "lines": "requires login", "fingerprint": "requires login"}})
    };
    json!({"version": "1.182.0", "errors": [], "paths": {"scanned": ["src/a.py"]}, "time": {"rules": []},
        "results": lines.iter().map(found).collect::<Vec<_>>()})
}

#[test]
fn fewer_rules_and_a_comment_resolve_nothing_and_a_change_does() {
    let project = project();
    let all = ruff(&[("S324", 3), ("S101", 4)]);
    after(&project, 1, "ruff.sarif", &all);
    let narrowed = after(&project, 2, "ruff.sarif", &ruff(&[("S101", 4)]));
    assert_eq!(narrowed, ["S101:4 open", "S324:3 unverified"]);
    project.write("src/a.py", CODE.replace("md5(x)", "md5(x)  # noqa: E501"));
    let other = after(&project, 3, "ruff.sarif", &ruff(&[("S101", 4)]));
    assert_eq!(other, ["S101:4 open", "S324:3 unverified"], "the comment is about another rule");
    project.write("src/a.py", CODE.replace("md5(x)", "md5(x)  # noqa: E501, S324"));
    assert_eq!(after(&project, 4, "ruff.sarif", &ruff(&[("S101", 4)])), ["S101:4 open", "S324:3 excepted"]);
    project.write("src/a.py", CODE);
    assert_eq!(after(&project, 5, "ruff.sarif", &all), ["S101:4 open", "S324:3 open"]);
    project.write("src/a.py", CODE.replace("md5(x)", "sha256(x)"));
    let mended = after(&project, 6, "ruff.sarif", &ruff(&[("S101", 4)]));
    assert_eq!(mended, ["S101:4 open", "S324:3 resolved code_changed"]);
}

#[test]
fn semgrep_leaves_out_what_a_comment_suppresses() {
    let project = project();
    after(&project, 1, "semgrep.json", &semgrep("json", &[3, 5]));
    project.write("src/a.py", CODE.replace("md5(x)", "md5(x)  # nosemgrep"));
    assert_eq!(after(&project, 2, "semgrep.json", &semgrep("json", &[5])), ["cfg.md5:3 excepted", "cfg.md5:5 open"]);
    // The comment of another scanner is none: the rule is reported elsewhere, so the line was mended in another one.
    project.write("src/a.py", CODE.replace("md5(x)", "md5(x)  # nosec"));
    let mended = after(&project, 3, "semgrep.json", &semgrep("json", &[5]));
    assert_eq!(mended, ["cfg.md5:3 resolved no_longer_reported", "cfg.md5:5 open"]);
}

#[test]
fn what_ended_in_one_format_of_semgrep_comes_back_in_the_other() {
    for (first, second) in [("sarif", "json"), ("json", "sarif")] {
        let project = project();
        after(&project, 1, &format!("semgrep.{first}"), &semgrep(first, &[3, 5]));
        project.write("src/a.py", "x = 1\n");
        let ended = after(&project, 2, &format!("semgrep.{first}"), &semgrep(first, &[]));
        assert_eq!(ended, ["cfg.md5:3 resolved code_changed", "cfg.md5:5 resolved code_changed"], "{first}");
        project.write("src/a.py", CODE);
        let file = format!("semgrep.{second}");
        assert_eq!(
            after(&project, 3, &file, &semgrep(second, &[3, 5])),
            ["cfg.md5:3 open", "cfg.md5:5 open"],
            "{first}"
        );
    }
}

/// A report of CodeQL's, which quotes no line and tells results apart by fingerprints.
fn codeql(version: &str, lines: &[u32]) -> Value {
    let found = |line: &u32| {
        let mut found = result("py/md5", *line, None);
        found["partialFingerprints"] = json!({"primaryLocationLineHash": format!("{line:016x}:1")});
        found
    };
    let mut report = sarif("CodeQL", &[json!({"id": "py/md5"})], lines.iter().map(found));
    report["runs"][0]["tool"]["driver"]["semanticVersion"] = json!(version);
    report
}

#[test]
fn what_a_new_version_leaves_out_is_not_mended_where_its_line_is_known_by_a_fingerprint() {
    let project = project();
    after(&project, 1, "codeql.sarif", &codeql("2.2.0", &[3, 5]));
    let upgraded = after(&project, 2, "codeql.sarif", &codeql("2.3.0", &[5]));
    assert_eq!(upgraded, ["py/md5:3 unverified", "py/md5:5 open"]);
    // The fingerprint is the name, wherever the line went.
    project.write("src/a.py", format!("\n\n{CODE}"));
    let mut moved = codeql("2.3.0", &[5, 7]);
    for (at, was) in [(0, 3), (1, 5)] {
        let hash = json!(format!("{was:016x}:1"));
        moved["runs"][0]["results"][at]["partialFingerprints"]["primaryLocationLineHash"] = hash;
    }
    assert_eq!(after(&project, 3, "codeql.sarif", &moved), ["py/md5:5 open", "py/md5:7 open"]);
    project.write("src/a.py", CODE.replace("md5(x)", "sha256(x)"));
    let mended = after(&project, 4, "codeql.sarif", &codeql("2.4.0", &[5]));
    assert_eq!(mended, ["py/md5:5 open", "py/md5:5 resolved code_changed"]);
}
