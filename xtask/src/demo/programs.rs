//! The built programs, run as workflow steps run them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use serde_json::Value;
use test_support::fixtures::workspace;
use test_support::index::Index;
use test_support::peers::TOKEN;
use test_support::{Outcome, Run};

use crate::step;
use crate::weeks::Week;

/// What the index has, below the project.
const RELEASES: &str = "releases.json";

pub(super) struct Programs<'a> {
    folder: PathBuf,
    project: &'a Path,
    index: &'a Index,
}

/// What a program that prints a document left behind.
pub(super) struct Done {
    pub(super) code: i32,
    pub(super) document: Value,
}

impl<'a> Programs<'a> {
    /// Builds the programs for the project in `project`.
    pub(super) fn build(project: &'a Path, index: &'a Index) -> Result<Self> {
        println!("building the programs");
        step::run(step::cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
        let metadata =
            MetadataCommand::new().current_dir(workspace()).no_deps().exec().context("cannot read `cargo metadata`")?;
        Ok(Self { folder: metadata.target_directory.join("debug").into(), project, index })
    }

    /// Findings, changes, decision, status and metrics of one week's scan, knowing what the index has.
    pub(super) fn security_workflow(&self, week: &Week) -> Result<Done> {
        let known = self.step("publish-pypi", week).args(["releases", "--output", RELEASES]);
        document(&known.args(["--index", &self.index.url()]).output(), &[0])?;
        let output = self
            .step("integration-orchestrator", week)
            .args(["security-workflow", "--index", RELEASES, "--advisories"])
            .arg(&week.advisories)
            .output();
        document(&output, &[0, 1])
    }

    /// Sends `files` to the index; the receipt.
    pub(super) fn publish(&self, week: &Week, files: &[PathBuf]) -> Result<Value> {
        let output = self
            .step("publish-pypi", week)
            .arg("publish")
            .args(files)
            .args(["--auth", "env", "--index", &self.index.url()])
            .env("PYPI_TOKEN", TOKEN)
            .output();
        Ok(document(&output, &[0])?.document)
    }

    /// Makes what was published the new baseline.
    pub(super) fn record_release(&self, week: &Week) -> Result<()> {
        let output =
            self.step("integration-orchestrator", week).args(["record-release", "--receipt", "receipt.json"]).output();
        document(&output, &[0])?;
        Ok(())
    }

    /// The public status as it stands.
    pub(super) fn status(&self) -> Result<Value> {
        let path = self.project.join("docs/security-status/index.json");
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", path.display()))
    }

    fn step(&self, name: &str, week: &Week) -> Run {
        let run = Run::new(self.folder.join(name)).project(self.project);
        run.args(["--format", "json"]).now(&week.now())
    }
}

fn document(output: &Outcome, expected: &[i32]) -> Result<Done> {
    let code = output.code.unwrap_or(-1);
    if !expected.contains(&code) {
        bail!("a step ended with exit code {code}: {output:?}");
    }
    let document =
        serde_json::from_str(&output.stdout).with_context(|| format!("a step printed no document: {output:?}"))?;
    Ok(Done { code, document })
}
