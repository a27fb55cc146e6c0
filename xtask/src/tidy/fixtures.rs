//! Every recording says where it comes from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Files;

const RECORDED: &str = "RECORDED.toml";

/// Below `fixtures/`, what no scanner wrote: scripts, pages, the sample project's own files and the state that this repository's
/// workflows keep of it, advisories, the files of the Python system, and the standards' schemas, which say themselves where they come from.
const OWN_FOLDERS: [&str; 8] = [
    "original",
    "record",
    "sample-project/advisories",
    "sample-project/docs",
    "sample-project/metrics",
    "sample-project/security",
    "sample-project/src",
    "schemas",
];
const OWN_FILES: [&str; 7] = [
    ".gitattributes",
    "README.md",
    "sample-project/LICENSE",
    "sample-project/README.md",
    "sample-project/pyproject.toml",
    "sample-project/relwarden.toml",
    "sample-project/requirements.txt",
];

const COVERAGE: [&str; 5] = ["complete", "failed", "filtered", "missing", "partial"];

pub(super) fn problems(files: &Files) -> Result<Vec<String>> {
    let found: BTreeSet<PathBuf> =
        files.paths.iter().filter_map(|path| path.strip_prefix("fixtures").ok()).map(Path::to_path_buf).collect();
    let mut problems: Vec<String> = without_origin(&found)
        .map(|path| format!("fixtures/{}: no {RECORDED} beside it or above it", path.display()))
        .collect();
    for path in found.iter().filter(|path| path.ends_with(RECORDED)) {
        let full = Path::new("fixtures").join(path);
        let recorded: Table =
            toml::from_str(&files.text(&full)?).with_context(|| format!("{} is not TOML", full.display()))?;
        let exists = |report: &str| {
            let folder = path.parent().unwrap_or(Path::new(""));
            found.contains(&folder.join(report)) || found.contains(&folder.join("reports").join(report))
        };
        problems.extend(
            origin_problems(&recorded, &exists).into_iter().map(|problem| format!("{}: {problem}", full.display())),
        );
    }
    Ok(problems)
}

fn without_origin(found: &BTreeSet<PathBuf>) -> impl Iterator<Item = &PathBuf> {
    found.iter().filter(|path| {
        let own = OWN_FILES.iter().any(|file| **path == Path::new(file))
            || OWN_FOLDERS.iter().any(|folder| path.starts_with(folder));
        let told = path.ancestors().skip(1).any(|folder| found.contains(&folder.join(RECORDED)));
        !own && !told
    })
}

fn origin_problems(recorded: &Table, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    if recorded.get("story").and_then(Value::as_str).is_none_or(str::is_empty) {
        problems.push("say in `story` what happened".to_owned());
    }
    let runs = recorded.get("run").and_then(Value::as_array);
    if runs.is_none() && !recorded.contains_key("command") {
        problems.push("name the `command`, or one or more `[[run]]`".to_owned());
    }
    for run in runs.into_iter().flatten() {
        let text = |key: &str| run.get(key).and_then(Value::as_str);
        for key in ["tool", "version", "command"] {
            if text(key).is_none_or(str::is_empty) {
                problems.push(format!("a run does not say its `{key}`"));
            }
        }
        if run.get("exit_code").and_then(Value::as_integer).is_none() {
            problems.push("a run does not say its `exit_code`".to_owned());
        }
        let coverage = text("expected_coverage").unwrap_or_default();
        if !COVERAGE.contains(&coverage) {
            problems.push(format!("`expected_coverage` is {coverage:?}, not one of {}", COVERAGE.join(", ")));
        }
        match text("report") {
            Some(report) if !exists(report) => {
                problems.push(format!("the report {report} is not there"));
            }
            None if coverage != "missing" => {
                problems.push("a run without `report` is `missing`".to_owned());
            }
            _ => {}
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::{origin_problems, without_origin};
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    #[test]
    fn a_file_without_origin_is_found() {
        let found = BTreeSet::from(
            ["README.md", "record/x.py", "traps/a/b/RECORDED.toml", "traps/a/b/r.json", "traps/a/c/r.json"]
                .map(PathBuf::from),
        );
        let alone: Vec<_> = without_origin(&found).collect();
        assert_eq!(alone, [&PathBuf::from("traps/a/c/r.json")]);
    }

    #[test]
    fn a_recording_names_tool_version_command_and_outcome() {
        let good = "story = 's'\n[[run]]\ntool = 't'\nversion = '1'\ncommand = 'c'\nexit_code = 0\nreport = 'r.json'\nexpected_coverage = 'complete'\n";
        let check = |text: &str| origin_problems(&toml::from_str(text).unwrap(), &|report| report == "r.json");
        assert!(check(good).is_empty());
        assert!(check("story = 's'\ncommand = 'python -m build'\n").is_empty());
        for (old, new) in [
            ("story = 's'", ""),
            ("version = '1'", ""),
            ("exit_code = 0", ""),
            ("'r.json'", "'other.json'"),
            ("report = 'r.json'\n", ""),
            ("'complete'", "'good'"),
        ] {
            assert_eq!(check(&good.replacen(old, new, 1)).len(), 1, "{old} -> {new}");
        }
    }
}
