//! The whole security-driven workflow, on the recorded project: six weekly scans, the releases they lead to, and a
//! scanner that crashes.

mod programs;
mod story;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use test_support::fixtures::{WEEKS, workspace};
use test_support::index::{Index, Settings};
use test_support::peers::TOKEN;
use test_support::scratch;

use crate::step;
use crate::weeks::Week;
use programs::Programs;

/// The last week shown: pip-audit crashes. What follows it is for the tests.
const LAST: &str = "2023-08-28";

/// Runs the demo in `target/demo`; fails if a decision is not the one recorded with its week.
pub(crate) fn run() -> Result<()> {
    let project = workspace().join("target/demo/sample-package");
    if project.exists() {
        fs::remove_dir_all(&project).with_context(|| format!("cannot remove {}", project.display()))?;
    }
    let index = Index::start_with(Settings { token: Some(TOKEN.to_owned()), ..Settings::default() });
    let programs = Programs::build(&project, &index)?;
    scratch::copy_sample(&project);
    // A repository of its own, as a maintainer's project is.
    step::run(Command::new("git").args(["init", "--quiet"]).arg(&project))?;
    put_first_release(&index)?;

    println!(
        "\nsample-package 1.0.0 is on an index of its own at {}; its maintainer scans it every Monday.",
        index.url()
    );
    for name in WEEKS.iter().take_while(|name| **name <= LAST) {
        let week = Week::read(name)?;
        println!("\n{}  {}", week.date, week.story);
        scratch::set_week(&project, name);
        let decision = decide(&programs, &week)?;
        if decision["should_release"] == true {
            release(&programs, &week, &decision)?;
        }
    }
    print_places(&project);
    Ok(())
}

/// The version that users have before the story starts.
fn put_first_release(index: &Index) -> Result<()> {
    for path in story::distributions("1.0.0") {
        let name = path.file_name().and_then(|name| name.to_str()).context("a distribution has a name")?;
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        index.put("sample-package", name, &bytes);
    }
    Ok(())
}

/// One run of the workflow, told in words; the decision as the program printed it.
fn decide(programs: &Programs, week: &Week) -> Result<Value> {
    let done = programs.security_workflow(week)?;
    let decision = &done.document["release_decision"];
    let word = if decision["should_release"] == true {
        format!("release {}", text(&decision["next_version"]))
    } else {
        "no release".to_owned()
    };
    println!("  decided   {word}");
    println!("  why       {}", story::wrapped(&text(&decision["explanation"])));
    for reason in decision["reasons"].as_array().into_iter().flatten() {
        println!("            - {}: {}", text(&reason["finding_id"]), text(&reason["text"]));
    }
    let status = programs.status()?;
    println!("  status    {}", story::status(&status));
    println!("  exit code {}{}", done.code, story::exit_code_words(done.code));
    if (decision["should_release"] == true) != week.release {
        bail!("the decision of {} ought to be `{}`: {}", week.date, week.decision_word(), week.because);
    }
    if done.code != week.exit_code {
        bail!("the exit code of {} ought to be {}", week.date, week.exit_code);
    }
    Ok(decision.clone())
}

/// Publishes the recorded distributions of it, records the release, and runs the workflow again.
fn release(programs: &Programs, week: &Week, decision: &Value) -> Result<()> {
    let version = text(&decision["next_version"]);
    let files = story::distributions(&version);
    if files.is_empty() {
        bail!("there are no recorded distributions of {version}");
    }
    let receipt = programs.publish(week, &files)?;
    for file in receipt["files"].as_array().into_iter().flatten() {
        println!("  published {} ({}), sha256 {}", text(&file["file"]), text(&file["outcome"]), text(&file["sha256"]));
    }
    if receipt["verified"] != true {
        bail!("the index does not list what was published");
    }
    programs.record_release(week)?;
    let again = programs.security_workflow(week)?;
    if again.document["release_decision"]["should_release"] == true {
        bail!("{version} is published and recorded, and a release is still due");
    }
    println!("  again     no release: {version} is out, and nothing changed since");
    Ok(())
}

fn print_places(project: &Path) {
    println!("\nWhere to look, in {}:", project.display());
    for (path, what) in [
        ("docs/security-status/index.html", "the status page: unknown since pip-audit failed, and stale today"),
        ("docs/security-status/index.json", "the same for programs"),
        ("security/findings/SECURITY_FINDINGS.md", "every finding, with dates"),
        ("security/findings/remediation-plans.yml", "what is to be done about each; yours to edit"),
        ("security/findings/decision.json", "the last decision, with what it was decided on"),
        ("metrics/", "one record for each run"),
    ] {
        println!("  {path:<41} {what}");
    }
}

/// A JSON text as it is, other values as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
