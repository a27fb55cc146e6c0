//! The built binary against projects in scratch folders and servers on loopback.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test makes its own files and fails where it cannot"
)]

mod performance;
mod security;
mod validate;

use std::fs;
use std::path::Path;

use serde_json::Value;
use test_support::{Outcome, Run};

fn binary() -> Run {
    test_support::binary!("security-performance-validator").run().now("2026-07-30T12:00:00Z")
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    add(folder.path(), &[("pyproject.toml", "[project]\nname = \"demo\"\nversion = \"1.0.0\"\n")]);
    add(folder.path(), files);
    folder
}

fn add(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The printed document, with its status by rule at hand.
fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

/// The checks of a rule as `status message`.
fn checks(document: &Value, id: &str) -> Vec<String> {
    let all = document["checks"].as_array().unwrap().iter();
    all.filter(|check| check["id"] == id)
        .map(|check| format!("{} {}", check["status"].as_str().unwrap(), check["message"].as_str().unwrap()))
        .collect()
}
