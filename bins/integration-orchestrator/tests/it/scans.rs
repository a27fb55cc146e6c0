//! Reports in the shapes that pip-audit, bandit and the plain secrets list have, made from the few facts a test needs.

use serde_json::{Value, json};

/// A dependency as pip-audit lists it.
pub(crate) struct Dependency<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) vulnerabilities: Vec<Value>,
}

/// A dependency with these flaws.
pub(crate) fn dependency<'a>(name: &'a str, version: &'a str, vulnerabilities: &[Value]) -> Dependency<'a> {
    Dependency { name, version, vulnerabilities: vulnerabilities.to_vec() }
}

/// A flaw, fixed in 9.9.9.
pub(crate) fn flaw(id: &str, aliases: &[&str]) -> Value {
    described(id, aliases, "What an attacker may do with it.")
}

pub(crate) fn described(id: &str, aliases: &[&str], description: &str) -> Value {
    json!({ "id": id, "fix_versions": ["9.9.9"], "aliases": aliases, "description": description })
}

/// A pip-audit report about these dependencies and one more that has nothing, so that something was audited.
pub(crate) fn pip_audit(dependencies: &[Dependency<'_>]) -> String {
    let listed =
        dependencies.iter().map(|d| json!({ "name": d.name, "version": d.version, "vulns": d.vulnerabilities }));
    let always = json!({ "name": "idna", "version": "3.7", "vulns": [] });
    let dependencies: Vec<Value> = std::iter::once(always).chain(listed).collect();
    json!({ "dependencies": dependencies, "fixes": [] }).to_string()
}

/// A weakness that bandit reports: `subprocess` with a shell, high, unless changed.
pub(crate) struct Weakness<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: u32,
    pub(crate) code: &'a str,
    pub(crate) severity: &'a str,
}

impl Default for Weakness<'_> {
    fn default() -> Self {
        Self {
            file: "src/sample_package/run.py",
            line: 10,
            code: "subprocess.call(command, shell=True)",
            severity: "HIGH",
        }
    }
}

/// A bandit report of 100 lines of code in the files named, at the time `generated_at`.
pub(crate) fn bandit(generated_at: &str, weaknesses: &[Weakness<'_>]) -> String {
    bandit_of(generated_at, weaknesses, &[])
}

/// As [`bandit`], with files that could not be read.
pub(crate) fn bandit_of(generated_at: &str, weaknesses: &[Weakness<'_>], unread: &[&str]) -> String {
    let results: Vec<Value> = weaknesses
        .iter()
        .map(|w| {
            json!({
                "code": format!("{} {}\n{} {}\n", w.line, w.code, w.line + 1, "return None"),
                "col_offset": 4, "end_col_offset": 40,
                "filename": w.file, "issue_confidence": "HIGH",
                "issue_cwe": { "id": 78, "link": "https://cwe.mitre.org/data/definitions/78.html" },
                "issue_severity": w.severity,
                "issue_text": "subprocess call with shell=True identified, security issue.",
                "line_number": w.line, "line_range": [w.line],
                "more_info": "https://bandit.readthedocs.io/en/1.9.4/plugins/b602_subprocess_popen_with_shell_equals_true.html",
                "test_id": "B602", "test_name": "subprocess_popen_with_shell_equals_true",
            })
        })
        .collect();
    let counts = |of: &[&Weakness<'_>]| {
        let with = |word: &str| of.iter().filter(|w| w.severity == word).count();
        json!({
            "CONFIDENCE.HIGH": of.len(), "CONFIDENCE.MEDIUM": 0, "CONFIDENCE.LOW": 0, "CONFIDENCE.UNDEFINED": 0,
            "SEVERITY.HIGH": with("HIGH"), "SEVERITY.MEDIUM": with("MEDIUM"), "SEVERITY.LOW": with("LOW"),
            "SEVERITY.UNDEFINED": with("UNDEFINED"), "loc": 100, "nosec": 0, "skipped_tests": 0,
        })
    };
    let mut metrics = serde_json::Map::new();
    metrics.insert("_totals".to_owned(), counts(&weaknesses.iter().collect::<Vec<_>>()));
    let always = "src/sample_package/__init__.py";
    for file in weaknesses.iter().map(|w| w.file).chain([always]) {
        let inside: Vec<&Weakness<'_>> = weaknesses.iter().filter(|w| w.file == file).collect();
        metrics.insert(file.to_owned(), counts(&inside));
    }
    let errors: Vec<Value> = unread
        .iter()
        .map(|file| json!({ "filename": file, "reason": "syntax error while parsing AST from file" }))
        .collect();
    json!({ "errors": errors, "generated_at": generated_at, "metrics": metrics, "results": results }).to_string()
}

/// The plain secrets list with one secret.
pub(crate) fn one_secret(file: &str, line: u32) -> String {
    json!([{ "type": "Secret Keyword", "filename": file, "line_number": line, "message": "a password in the clear" }])
        .to_string()
}

/// An OSV record with this vector.
pub(crate) fn advisory(id: &str, aliases: &[&str], package: &str, vector: &str) -> String {
    let kind = if vector.starts_with("CVSS:4") { "CVSS_V4" } else { "CVSS_V3" };
    json!({
        "schema_version": "1.6.0", "id": id, "aliases": aliases,
        "published": "2025-12-01T00:00:00Z", "modified": "2025-12-02T00:00:00Z",
        "summary": "What an attacker may do with it.",
        "affected": [{
            "package": { "ecosystem": "PyPI", "name": package },
            "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "9.9.9" }] }],
        }],
        "severity": [{ "type": kind, "score": vector }],
    })
    .to_string()
}

/// 9.8, critical.
pub(crate) const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
/// 7.5, high.
pub(crate) const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N";
/// 5.3, medium.
pub(crate) const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N";
