//! How much longer reading and identifying takes than deserialising the same bytes with serde_json into the same wire types.
//!
//! `cargo xtask bench reports` makes the data, runs this and holds the limits. By hand:
//! `cargo bench -p scanner-reports --features bench --bench read -- FOLDER DRIFTED-FOLDER`. Prints one JSON object; times are
//! nanoseconds of processor time of this process, medians of several runs, and end before what was made is dropped.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers that reads the folders it is given and stops at the first fault"
)]

use std::{hint::black_box, path::Path};

use findings_model::{
    Finding, FindingId, ReportFormat, Scan, Timestamp,
    identity::{self, Assignment, Match, Seen},
};
use rustix::time::{ClockId, clock_gettime};
use scanner_reports::{Source, bench::deserialise, read};

/// The files that are read where they exist, with their formats.
const FILES: [(&str, ReportFormat); 3] = [
    ("pip-audit.json", ReportFormat::PipAudit),
    ("bandit.json", ReportFormat::Bandit),
    ("secrets-scan.json", ReportFormat::DetectSecrets),
];

/// What the known findings have in common.
const SAMPLE: &str = r#"{"finding_id": "F", "kind": "secret", "scope": "unknown", "rule": "r", "path": "p", "severity": "high",
    "severity_source": "policy", "source_scanner": "s", "status": "open", "discovered_date": "2026-01-05", "last_seen": "2026-01-05",
    "fix_available": false, "fix_version": null, "description": "", "reference_url": null, "scanners": {}}"#;

/// One case is measured for about this long, in nanoseconds of processor time.
const BUDGET: u64 = 600_000_000;

type Reports = Vec<(ReportFormat, Vec<u8>)>;

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [first, second] = folders.as_slice() else {
        // `cargo test --benches` runs this without any argument.
        return;
    };
    let first = load(Path::new(first));
    let (findings, missed) = {
        let scans = scans_of(&first);
        let assignment = assign(&[], &scans);
        let missed = assignment.matches.iter().filter(|m| matches!(m, Match::Known(_))).count();
        (scans.iter().map(|s| s.observations.len()).sum::<usize>(), missed)
    };
    assert_eq!(missed, 0, "nothing was known");
    let peak = peak_memory();

    let base = median(&|| base_of(&first));
    let alone = median(&|| timed(|| scans_of(&first)));
    let new = median(&|| timed(|| both(&first, &[])));
    let known = known_of(&scans_of(&first));
    let unchanged = median(&|| timed(|| both(&first, &known)));
    drop(first);
    let second = load(Path::new(second));
    let drifted_base = median(&|| base_of(&second));
    let drifted = median(&|| timed(|| both(&second, &known)));
    let found_again = {
        let scans = scans_of(&second);
        assign(&known, &scans).matches.iter().filter(|m| matches!(m, Match::Known(_))).count()
    };
    println!(
        "{{\"findings\": {findings}, \"bytes\": {}, \"base\": {base}, \"read\": {alone}, \"new\": {new}, \"unchanged\": {unchanged}, \
         \"drifted_base\": {drifted_base}, \"drifted\": {drifted}, \"found_again\": {found_again}, \"peak_bytes\": {peak}}}",
        second.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(),
    );
}

fn load(folder: &Path) -> Reports {
    let there = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    FILES.iter().filter_map(|(name, format)| Some((*format, std::fs::read(there(name)?).unwrap()))).collect()
}

fn scans_of(reports: &Reports) -> Vec<Scan> {
    let now: Timestamp = "2026-01-12T03:00:00Z".parse().unwrap();
    reports
        .iter()
        .flat_map(|(format, bytes)| {
            read(bytes, &Source { file: "report.json", declared: Some(*format), own_project: None, key: None, now })
        })
        .inspect(|scan| assert!(scan.coverage.state.is_usable(), "{:?}", scan.coverage.reasons))
        .collect()
}

fn assign(known: &[Finding], scans: &[Scan]) -> Assignment {
    let seen: Vec<Seen<'_>> = scans
        .iter()
        .enumerate()
        .flat_map(|(report, scan)| {
            scan.observations.iter().map(move |o| Seen {
                subject: &o.subject,
                begins: o.begins,
                scanner: &scan.scanner,
                report,
            })
        })
        .collect();
    identity::assign(known, &seen, &|_, _| false)
}

fn both(reports: &Reports, known: &[Finding]) -> (Vec<Scan>, Assignment) {
    let scans = scans_of(reports);
    let assignment = assign(known, &scans);
    (scans, assignment)
}

fn known_of(scans: &[Scan]) -> Vec<Finding> {
    let sample: Finding = serde_json::from_str(SAMPLE).unwrap();
    let mut known = Vec::new();
    for scan in scans {
        for observation in &scan.observations {
            known.push(Finding {
                finding_id: FindingId::parse(&format!("F-{:08}", known.len())).unwrap(),
                subject: observation.subject.clone(),
                source_scanner: scan.scanner.clone(),
                ..sample.clone()
            });
        }
    }
    known
}

fn base_of(reports: &Reports) -> u64 {
    reports
        .iter()
        .map(|(format, bytes)| {
            let start = processor_time();
            let mut end = start;
            deserialise(bytes, *format, &mut || end = processor_time()).unwrap();
            end - start
        })
        .sum()
}

fn timed<T>(work: impl Fn() -> T) -> u64 {
    let start = processor_time();
    let done = black_box(work());
    let time = processor_time() - start;
    drop(done);
    time
}

/// The median of as many runs as the budget holds, at least three.
fn median(run: &dyn Fn() -> u64) -> u64 {
    let mut times = vec![run()];
    let mut spent = times[0];
    while times.len() < 3 || (spent < BUDGET && times.len() < 2001) {
        times.push(run());
        spent += times.last().unwrap();
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Processor time of this process so far, in nanoseconds.
fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap()
}

/// The most memory that this process has held, in bytes; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}
