//! `decide-release` as it is released: how soon it has decided on a small ledger, how large the program is, and how it ends on a bug.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    data::{self, Drift},
    run::{mebibytes, peak},
};
use crate::step;

const FINDINGS: u64 = 100;
/// Runs that are timed, each at a moment of its own, so that each writes its decision.
const RUNS: usize = 200;
/// Runs whose memory is watched: watching costs time, so these are not timed.
const WATCHED: usize = 20;
/// Milliseconds of a run, at the median.
const MOST_WALL: f64 = 5.0;
/// Bytes of the stripped program.
const MOST_BYTES: u64 = 2_000_000;
/// The status of a program with a bug.
const BUG: i32 = 101;

/// Measures, prints, and fails where a limit is exceeded.
pub(super) fn run() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "memory is read from /proc, which only Linux has");
    let programs = build()?;
    let project = prepare(&programs)?;
    let mut times = Vec::with_capacity(RUNS);
    for number in 0..RUNS {
        let mut command = decide(&programs.small.join("decide-release"), &project, number);
        let begun = Instant::now();
        let status = command.status().context("decide-release could not be started")?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(status.success(), "decide-release ended with {status}");
    }
    times.sort_by(f64::total_cmp);
    let [median, slow] = [times[RUNS / 2], times[RUNS * 95 / 100]];
    let memory = memory(&programs.small.join("decide-release"), &project)?;
    let size = |name: &str| Ok::<_, anyhow::Error>(fs::metadata(programs.small.join(name))?.len());
    let (bytes, compared) = (size("decide-release")?, size("detect-changes")?);
    println!("decide-release on {FINDINGS} findings and a baseline, {RUNS} runs, each writes its decision:");
    println!("  wall time     {median:.2} ms at the median, {slow:.2} ms at the 95th percentile; limit {MOST_WALL} ms");
    println!("  peak memory   {:.1} MB", mebibytes(memory));
    println!("  program       {bytes} bytes, stripped; limit {MOST_BYTES} (detect-changes: {compared})");
    ends_with_a_bugs_status(&programs.small.join("examples/bug"))?;
    println!("  after a bug   exit status {BUG}");
    let mut exceeded = Vec::new();
    if median > MOST_WALL {
        exceeded.push(format!("the median is {median:.2} ms"));
    }
    if bytes > MOST_BYTES {
        exceeded.push(format!("the program has {bytes} bytes"));
    }
    ensure!(exceeded.is_empty(), "limits of docs/performance.md are exceeded: {}", exceeded.join(", "));
    Ok(())
}

/// Where the built programs are.
struct Programs {
    small: PathBuf,
    /// Makes the ledger; its speed is measured elsewhere.
    update_findings: PathBuf,
    folder: PathBuf,
}

fn build() -> Result<Programs> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cannot read `cargo metadata`")?;
    let target = metadata.target_directory.as_std_path();
    // One package at a time: with others beside it, features that they ask for would be built in.
    for (package, kind, name) in [
        ("decide-release", "--bin", "decide-release"),
        ("detect-changes", "--bin", "detect-changes"),
        ("cli-support", "--example", "bug"),
    ] {
        let small = ["rustc", "--profile", "small", "--locked", "--quiet", "--package", package, kind, name];
        step::run(step::cargo().args(small).args(["--", "@.cargo/small.args"]))?;
    }
    step::run(step::cargo().args(["build", "--locked", "--quiet", "--package", "update-findings"]))?;
    Ok(Programs {
        small: target.join("small"),
        update_findings: target.join("debug/update-findings"),
        folder: target.join("bench/decide"),
    })
}

/// A project with a baseline, and a ledger that differs from it in two findings of a hundred.
fn prepare(programs: &Programs) -> Result<PathBuf> {
    let project = programs.folder.join("project");
    if programs.folder.exists() {
        fs::remove_dir_all(&programs.folder).with_context(|| format!("cannot clear {}", programs.folder.display()))?;
    }
    fs::create_dir_all(&project)?;
    fs::write(project.join("pyproject.toml"), "[project]\nname = \"sample\"\nversion = \"1.0.0\"\n")?;
    for (drift, day) in [(Drift::None, "2026-01-05"), (Drift::TwoPercent, "2026-01-12")] {
        let reports = programs.folder.join(day);
        data::write(&reports, FINDINGS, drift)?;
        let mut update = Command::new(&programs.update_findings);
        update.args(["--offline", "--quiet", "--now", &format!("{day}T03:00:00Z"), "--reports"]).arg(&reports);
        step::run(quiet(&mut update, &project))?;
        let mut decision = Command::new(programs.small.join("decide-release"));
        decision.args(["--now", &format!("{day}T03:00:00Z")]);
        step::run(quiet(&mut decision, &project))?;
    }
    let baseline = project.join("security/findings/baseline.json");
    ensure!(baseline.is_file(), "the first decision left no baseline in {}", project.display());
    Ok(project)
}

fn decide(program: &Path, project: &Path, number: usize) -> Command {
    let mut command = Command::new(program);
    command.args(["--now", &format!("2026-01-13T03:{:02}:{:02}Z", number / 60, number % 60)]);
    quiet(&mut command, project);
    command
}

/// In a project, in an environment without anything, and without a reader.
fn quiet<'c>(command: &'c mut Command, project: &Path) -> &'c mut Command {
    command.arg("--project").arg(project).env_clear().stdout(Stdio::null()).stderr(Stdio::inherit())
}

/// The most memory that any of several runs had, in bytes.
fn memory(program: &Path, project: &Path) -> Result<u64> {
    let mut most = 0;
    for number in RUNS..RUNS + WATCHED {
        let mut child = decide(program, project, number).spawn().context("decide-release could not be started")?;
        while child.try_wait()?.is_none() {
            most = most.max(peak(&child));
        }
    }
    Ok(most)
}

fn ends_with_a_bugs_status(program: &Path) -> Result<()> {
    let output = Command::new(program).output().with_context(|| format!("cannot start {}", program.display()))?;
    if output.status.code() != Some(BUG) {
        bail!("a program that panics ended with {}, not with {BUG}", output.status);
    }
    Ok(())
}
