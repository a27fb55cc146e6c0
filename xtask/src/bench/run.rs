//! A whole run of `update-findings` in release mode: a new ledger, an unchanged second scan, and one of which 2 % differ.
//!
//! The base of a ratio is what serde_json takes to deserialise the same reports into wire types, measured in between.

use std::{
    cmp::Ordering,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use findings_model::ReportFormat;

use super::{
    data::{self, Drift},
    floor,
};
use crate::step;

/// How long the base is measured, in CPU seconds.
const BASE_SECONDS: f64 = 0.3;
/// The CPU time to aim at, in times of the base, from [`LARGE`] findings on.
const GOAL: f64 = 4.0;
/// The CPU time that a run is held to: what is reached today, with room for a busy machine.
const MOST_RATIO: f64 = 20.0;
/// CPU time with ten times the findings, from [`LARGE`] findings on.
const MOST_GROWTH: f64 = 11.0;
/// Peak memory: this much, and so many times the ledger.
const MEMORY_FLOOR: u64 = 16 * 1024 * 1024;
const MOST_LEDGERS: u64 = 3;
/// Milliseconds of a run with up to 100 findings, at the median.
const MOST_SMALL: f64 = 10.0;
const LARGE: u64 = 100_000;
const SMALL: u64 = 100;
/// Clock ticks a second in `/proc`: fixed on Linux.
const TICKS: f64 = 100.0;
pub(super) const REPORTS: [(&str, ReportFormat); 3] = [
    ("pip-audit.json", ReportFormat::PipAudit),
    ("bandit.json", ReportFormat::Bandit),
    ("secrets-scan.json", ReportFormat::DetectSecrets),
];

/// One kind of run: its name, the reports it reads and the day it is made.
const CASES: [(&str, &str, &str); 3] =
    [("new", "before", "2026-01-05"), ("unchanged", "before", "2026-01-12"), ("drifted", "after", "2026-01-19")];

/// What one run took.
#[derive(Clone, Copy)]
struct Taken {
    cpu: f64,
    wall: f64,
    memory: u64,
}

/// Measures with 100, 1 000, … findings, `most` at most.
pub(super) fn run(most: u64) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "CPU time and memory are read from /proc, which only Linux has");
    if cfg!(debug_assertions) {
        return in_release(most);
    }
    let (program, folder) = build()?;
    let mut exceeded = Vec::new();
    println!(
        "{:>9} {:<10} {:>8} {:>8} {:>6} {:>7} {:>9} {:>8} {:>8} {:>9}",
        "findings", "run", "cpu s", "base s", "ratio", "growth", "wall ms", "peak MB", "limit MB", "ledger MB"
    );
    let mut before: [Option<f64>; 3] = [None; 3];
    let mut n = SMALL;
    while n <= most {
        let folder = folder.join(n.to_string());
        data::write(&folder.join("before"), n, Drift::None)?;
        data::write(&folder.join("after"), n, Drift::TwoPercent)?;
        let base = base(&folder.join("before"))?;
        let times = match n.cmp(&LARGE) {
            Ordering::Greater => 1,
            Ordering::Equal => 3,
            Ordering::Less => 15,
        };
        let (taken, ledger) = measure(&program, &folder, times)?;
        let limit = MEMORY_FLOOR + MOST_LEDGERS * ledger;
        for (at, (case, ..)) in CASES.iter().enumerate() {
            let Taken { cpu, wall, memory } = taken[at];
            let (ratio, growth) = (cpu / base, before[at].map(|before| cpu / before));
            println!(
                "{n:>9} {case:<10} {cpu:>8.4} {base:>8.4} {ratio:>6.1} {:>7} {:>9.1} {:>8.1} {:>8.1} {:>9.1}",
                growth.map_or_else(String::new, |growth| format!("{growth:.1}")),
                wall * 1000.0,
                mebibytes(memory),
                mebibytes(limit),
                mebibytes(ledger)
            );
            let mut hold = |what: &str, found: f64, limit: f64| {
                if found > limit {
                    exceeded.push(format!("{n} findings, {case}: {what} is {found:.1}, the limit {limit:.1}"));
                }
            };
            if n >= LARGE {
                hold("the ratio to the base", ratio, MOST_RATIO);
                hold("the growth with ten times the findings", growth.unwrap_or_default(), MOST_GROWTH);
            }
            if n <= SMALL {
                hold("the wall time in milliseconds", wall * 1000.0, MOST_SMALL);
            }
            hold("the peak memory in MB", mebibytes(memory), mebibytes(limit));
            before[at] = Some(cpu);
        }
        if n >= LARGE {
            let floor::Floor { new, again } = floor::measure(&folder.join("before"), &folder.join("project"), base)?;
            println!(
                "{n:>9} cannot be less than {new:.4} CPU s ({:.1} times the base) when new, and {again:.4} ({:.1}) later",
                new / base,
                again / base
            );
        }
        fs::remove_dir_all(&folder)?;
        n *= 10;
    }
    println!("the goal for the ratio is {GOAL} from {LARGE} findings on, and it is held to {MOST_RATIO}");
    ensure!(exceeded.is_empty(), "limits of docs/performance.md are exceeded:\n{}", exceeded.join("\n"));
    Ok(())
}

/// Measures by a task that is built as the program is: the base would be slower otherwise, and the ratio smaller than it is.
fn in_release(most: u64) -> Result<()> {
    let task = ["run", "--release", "--quiet", "--locked", "--package", "xtask", "--"];
    step::run(step::cargo().args(task).args(["bench", "run", "--n", &most.to_string()]))
}

#[expect(clippy::cast_precision_loss, reason = "a number for people")]
pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// Builds the program in release mode. Gives it and a folder to work in.
fn build() -> Result<(PathBuf, PathBuf)> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--package", "update-findings"])
        .current_dir(&metadata.workspace_root)
        .status()?;
    ensure!(status.success(), "update-findings could not be built");
    let target = metadata.target_directory.as_std_path();
    Ok((target.join("release/update-findings"), target.join("bench/run")))
}

/// The CPU seconds that serde_json takes for the reports of a folder: the mean of as many times as take [`BASE_SECONDS`], each
/// with the drop of what was read, because the clock is too coarse for one.
fn base(reports: &Path) -> Result<f64> {
    let mut files = Vec::new();
    for (file, format) in REPORTS {
        files.push((file, format, fs::read(reports.join(file))?));
    }
    let begun = own_cpu()?;
    let mut times = 0.0;
    loop {
        for (file, format, bytes) in &files {
            scanner_reports::bench::deserialise(bytes, *format, &mut || ())
                .with_context(|| format!("{file} is no report of {format}"))?;
        }
        times += 1.0;
        let taken = own_cpu()? - begun;
        if taken >= BASE_SECONDS {
            return Ok(taken / times);
        }
    }
}

/// CPU seconds of this thread so far.
pub(super) fn own_cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().context("no CPU time of this thread")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Every case several times over: the mean of the CPU time, the most memory, wall time at the median. Also gives the ledger's size.
fn measure(program: &Path, folder: &Path, times: usize) -> Result<([Taken; 3], u64)> {
    let project = folder.join("project");
    let ledger = project.join("security/findings/findings.json");
    let mut all: [Vec<Taken>; 3] = Default::default();
    let mut size = u64::MAX;
    for _ in 0..times {
        if project.exists() {
            fs::remove_dir_all(&project)?;
        }
        fs::create_dir_all(&project)?;
        fs::write(project.join("pyproject.toml"), "[project]\nname = \"sample\"\nversion = \"1.0.0\"\n")?;
        for (at, (_, reports, day)) in CASES.iter().enumerate() {
            all[at].push(once(program, &project, &folder.join(reports), day)?);
            size = size.min(fs::metadata(&ledger)?.len());
        }
    }
    let of = |mut runs: Vec<Taken>| {
        runs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
        let wall = runs[runs.len() / 2].wall;
        // The system counts CPU time in steps as long as a small run: only the mean of several is exact.
        let cpu =
            runs.iter().map(|run| run.cpu).sum::<f64>() / f64::from(u32::try_from(runs.len()).unwrap_or(u32::MAX));
        let memory = runs.iter().map(|run| run.memory).max().unwrap_or_default();
        Taken { cpu, wall, memory }
    };
    Ok((all.map(of), size))
}

fn once(program: &Path, project: &Path, reports: &Path, day: &str) -> Result<Taken> {
    let before = cpu_of_children()?;
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["--offline", "--quiet", "--now", &format!("{day}T03:00:00Z"), "--project"])
        .arg(project)
        .arg("--reports")
        .arg(reports)
        .env_remove("GITHUB_ACTIONS")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .context("update-findings could not be started")?;
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak(&child));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_micros(if begun.elapsed().as_millis() < 50 { 200 } else { 2000 }));
    };
    let wall = begun.elapsed().as_secs_f64();
    if !status.success() {
        bail!("update-findings ended with {status}");
    }
    Ok(Taken { cpu: cpu_of_children()? - before, wall, memory })
}

/// The most memory that a process has had so far, in bytes; 0 when it has ended.
pub(super) fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

/// CPU seconds of all children that have ended.
fn cpu_of_children() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // Behind the name in brackets; user and system time of the children are the fields 16 and 17 of the whole line.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = fields.split_whitespace().skip(13).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS)
}
