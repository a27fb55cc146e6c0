//! The instructions of one run of `update-findings` on 100 new findings, counted by callgrind: a number that does not depend on how
//! busy the machine is.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use test_support::fixtures::workspace;

use super::data::{self, Drift};
use crate::step;

const FINDINGS: u64 = 100;

/// Where the recorded count stands.
const RECORD: &str = "xtask/bench/instructions.json";

/// Counts, prints, and fails when there are more than the recorded number and its tolerance; without valgrind it says so.
pub(super) fn run(record: bool) -> Result<()> {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("instructions: skipped, because valgrind is not installed here");
        return Ok(());
    }
    let count = count()?;
    let path = workspace().join(RECORD);
    if record {
        let text = format!("{:#}\n", json!({ "findings": FINDINGS, "instructions": count, "tolerance_percent": 10 }));
        fs::create_dir_all(path.parent().context("the record lies in a folder")?)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("instructions: {count} for {FINDINGS} new findings, recorded in {RECORD}");
        return Ok(());
    }
    let recorded: Value = serde_json::from_slice(&fs::read(&path).with_context(|| format!("cannot read {RECORD}"))?)
        .with_context(|| format!("{RECORD} is not JSON"))?;
    let number =
        |key: &str| recorded.get(key).and_then(Value::as_u64).with_context(|| format!("{RECORD} has no {key}"));
    let (held, tolerance) = (number("instructions")?, number("tolerance_percent")?);
    println!("instructions: {count} for {FINDINGS} new findings, {held} recorded, tolerance {tolerance} %");
    if count > held + held * tolerance / 100 {
        bail!(
            "a run of update-findings takes {count} instructions; {held} and {tolerance} % more are allowed ({RECORD})"
        );
    }
    Ok(())
}

fn count() -> Result<u64> {
    let project = workspace().join("target/bench/instructions");
    if project.exists() {
        fs::remove_dir_all(&project).with_context(|| format!("cannot clear {}", project.display()))?;
    }
    let reports = project.join("security/reports/latest");
    data::write(&reports, FINDINGS, Drift::None).with_context(|| format!("cannot write {}", reports.display()))?;
    fs::write(project.join("pyproject.toml"), "[project]\nname = \"measured\"\nversion = \"1.0\"\n")?;
    step::run(step::cargo().args(["build", "--release", "--package", "update-findings", "--quiet", "--locked"]))?;
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(workspace()).no_deps().exec();
    let program = metadata.context("cannot read `cargo metadata`")?.target_directory.join("release/update-findings");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(["--offline", "--project"]);
    let output = command.arg(&project).env_clear().env("RELWARDEN_NOW", "2026-01-12T03:00:00Z").output();
    let output = output.with_context(|| format!("cannot start `{}`", step::line(&command)))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match collected.filter(|_| output.status.success()) {
        Some(count) => Ok(count),
        None => bail!("`{}` ended with {}: {told}", step::line(&command), output.status),
    }
}
