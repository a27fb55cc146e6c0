//! The verdicts of `check` beside those of `twine check --strict`, on distributions of widely used projects.

use std::collections::{BTreeMap, BTreeSet};

use test_support::{Scratch, peers};

use crate::publish_pypi;

/// The rules that stand for what `twine check --strict` looks at: a warning there is a warning here.
const OF_TWINE: [&str; 3] = ["description-missing", "description-type-missing", "description-rendering"];

/// Where the two differ, and why.
const DIFFERENCES: [(&str, &str); 0] = [];

#[test]
fn check_and_twine_agree_on_real_distributions() {
    let files = peers::distributions();
    assert!(files.len() >= 100, "{} distributions are too few", files.len());
    let theirs = twine(&files);
    let project = Scratch::empty();
    let run = publish_pypi(&project).args(["--format", "json", "check"]).args(&files).output();
    let document = run.json();
    let mut wrong = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for file in document["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let problems = file["problems"].as_array().unwrap();
        let said = |problem: &&serde_json::Value| {
            let code = problem["code"].as_str().unwrap();
            // Files of many projects were given at once, which a release would not.
            !code.starts_with("set-")
                && (problem["severity"] == "error" || problem["severity"] == "warning" && OF_TWINE.contains(&code))
        };
        let ours: Vec<&str> = problems.iter().filter(said).filter_map(|problem| problem["code"].as_str()).collect();
        if ours.iter().any(|code| !OF_TWINE.contains(code)) {
            refused.insert(name.to_owned());
        }
        let explained = DIFFERENCES.iter().any(|(file, _)| *file == name);
        if theirs.contains(name) == ours.is_empty() && !explained {
            wrong.insert(name.to_owned(), format!("twine refuses it: {}; we say {ours:?}", theirs.contains(name)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused.is_empty(), "PyPI took these files: {refused:?}");
}

/// The names of the files that `twine check --strict` refuses.
fn twine(files: &[std::path::PathBuf]) -> BTreeSet<String> {
    let run = peers::twine().env("COLUMNS", "400").args(["check", "--strict"]).args(files).output();
    let names = files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()));
    // A verdict stands behind the path, on the same line or, where that is long, on the next.
    let text: String = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    names
        .filter(|name| {
            let behind =
                text.split(&format!("{name}: ")).nth(1).unwrap_or_else(|| panic!("twine says nothing of {name}"));
            // Where the terminal has a name, the verdict is in colour.
            let verdict =
                behind.strip_prefix('\u{1b}').and_then(|code| code.split_once('m')).map_or(behind, |(_, rest)| rest);
            verdict.starts_with("FAILED")
        })
        .collect()
}
