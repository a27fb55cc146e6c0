//! One version of everything: what a member says about itself, it says through the workspace.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Files;

/// Keys that every member inherits.
const INHERITED: [&str; 5] = ["edition", "license", "publish", "rust-version", "version"];

const DEPENDENCY_TABLES: [&str; 3] = ["build-dependencies", "dependencies", "dev-dependencies"];

pub(super) fn problems(files: &Files) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    for path in files.ending("Cargo.toml") {
        let text = files.text(path)?;
        let manifest: Table = toml::from_str(&text).with_context(|| format!("{} is not TOML", path.display()))?;
        let mut found = unsorted(&text);
        if path.parent() != Some(Path::new("")) {
            found.extend(member_problems(path, &manifest));
            used.extend(dependencies(&manifest).map(|(name, _)| name.to_owned()));
        }
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", path.display())));
    }
    let root: Table = toml::from_str(&files.text(Path::new("Cargo.toml"))?).context("Cargo.toml is not TOML")?;
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let shared = shared.and_then(Value::as_table).context("Cargo.toml has no [workspace.dependencies]")?;
    for name in shared.keys().filter(|name| !used.contains(*name)) {
        problems.push(format!("Cargo.toml: no member uses {name}"));
    }
    Ok(problems)
}

fn member_problems(path: &Path, manifest: &Table) -> Vec<String> {
    let mut problems = Vec::new();
    let package = manifest.get("package").and_then(Value::as_table);
    let key = |name: &str| package.and_then(|package| package.get(name));
    for name in INHERITED {
        if !key(name).is_some_and(is_inherited) {
            problems.push(format!("write `{name}.workspace = true`"));
        }
    }
    if key("description").and_then(Value::as_str).is_none_or(str::is_empty) {
        problems.push("say in `description` what it is for".to_owned());
    }
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    if key("name").and_then(Value::as_str) != folder {
        problems.push("the package is named like its folder".to_owned());
    }
    if !manifest.get("lints").is_some_and(is_inherited) {
        problems.push("write `[lints]` and `workspace = true`".to_owned());
    }
    for (name, value) in dependencies(manifest) {
        if !is_inherited(value) {
            problems.push(format!("take {name} from [workspace.dependencies]"));
        }
    }
    problems
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn dependencies(manifest: &Table) -> impl Iterator<Item = (&str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(|table| DEPENDENCY_TABLES.iter().filter_map(|name| table.get(*name)))
        .filter_map(Value::as_table)
        .flat_map(|table| table.iter().map(|(name, value)| (name.as_str(), value)))
}

/// Tables of dependencies whose keys are out of order; a blank line starts a new run of keys.
fn unsorted(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut table = None;
    let mut last = "";
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']).ends_with("dependencies").then_some(line);
            last = "";
        } else if line.is_empty() {
            last = "";
        } else if let Some(table) = table.filter(|_| !line.starts_with('#')) {
            let end = line.find([' ', '.', '=']).unwrap_or(line.len());
            let name = &line[..end];
            if name < last {
                problems.push(format!("{table}: {name} belongs before {last}"));
            }
            last = name;
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::{member_problems, unsorted};
    use std::path::Path;

    const GOOD: &str = "
[package]
name = \"metrics\"
description = \"Counts\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[dependencies]
serde.workspace = true
time = { workspace = true, features = [\"local-offset\"] }

[lints]
workspace = true
";

    fn check(manifest: &str) -> Vec<String> {
        let table = toml::from_str(manifest).unwrap();
        let mut problems = member_problems(Path::new("crates/metrics/Cargo.toml"), &table);
        problems.extend(unsorted(manifest));
        problems
    }

    #[test]
    fn a_member_inherits_everything() {
        assert_eq!(check(GOOD), Vec::<String>::new());
    }

    #[test]
    fn what_it_does_not_inherit_is_named() {
        for (old, new) in [
            ("version.workspace = true", "version = \"1.0.0\""),
            ("name = \"metrics\"", "name = \"metric\""),
            ("description = \"Counts\"", "description = \"\""),
            ("serde.workspace = true", "serde = \"1\""),
            ("serde.workspace = true", "zip.workspace = true"),
            ("[lints]\nworkspace = true", ""),
        ] {
            let changed = GOOD.replacen(old, new, 1);
            assert_eq!(check(&changed).len(), 1, "{old} -> {new}");
        }
    }
}
