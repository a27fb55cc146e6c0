//! The built binary on scratch projects.

mod page;
mod prune;
mod records;
mod statistics;

use test_support::{Outcome, Run, Scratch};

/// The moment of most tests.
const NOW: &str = "2026-03-31T12:00:00Z";

/// A run of the binary on a scratch project, at [`NOW`].
fn monitoring(project: &Scratch, arguments: &[&str]) -> Run {
    monitoring_at(project, NOW, arguments)
}

fn monitoring_at(project: &Scratch, moment: &str, arguments: &[&str]) -> Run {
    test_support::binary!("workflow-monitoring").run().project(project.path()).now(moment).args(arguments)
}

/// Starts a run and gives its id.
fn start(project: &Scratch, moment: &str, workflow: &str) -> String {
    let outcome = monitoring_at(project, moment, &["start", "--workflow", workflow]).output().expect_success();
    outcome.stdout.trim_end().to_owned()
}

/// Starts and finishes a run.
fn record(project: &Scratch, moment: &str, workflow: &str, finish: &[&str]) -> String {
    let id = start(project, moment, workflow);
    let arguments: Vec<&str> = ["finish", "--id", &id].into_iter().chain(finish.iter().copied()).collect();
    monitoring_at(project, moment, &arguments).output().expect_success();
    id
}

fn json(project: &Scratch, arguments: &[&str]) -> serde_json::Value {
    let arguments: Vec<&str> = ["--format", "json"].into_iter().chain(arguments.iter().copied()).collect();
    monitoring(project, &arguments).output().json()
}

/// The record files of a project.
fn record_files(project: &Scratch) -> Vec<String> {
    let files = project.files().into_iter();
    files.map(|path| path.to_string_lossy().into_owned()).filter(|path| path.starts_with("metrics/workflow-")).collect()
}

/// Requires a failure with this code whose stderr says this.
#[track_caller]
fn refused(outcome: Outcome, code: i32, says: &str) {
    let outcome = outcome.expect_code(code);
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}
