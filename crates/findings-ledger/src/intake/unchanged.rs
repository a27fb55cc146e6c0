//! Files that are as they were when a scanner reported something in them.
//!
//! A scanner that looks at each file alone would report it again: where it does not, its rule was switched off there, or less was scanned.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{CodeSpot, Finding, ScannerName, Status, Subject, Timestamp};

use super::{Intake, group::Group};

/// Scanners whose findings nothing but the text of their file decides. Others follow code from file to file.
const FILE_BY_FILE: [&str; 6] = ["bandit", "flake8", "hadolint", "opengrep", "ruff", "semgrep"];

fn looks_at_each_file_alone(scanner: &ScannerName) -> bool {
    let is = |name: &&str| scanner.as_str().get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name));
    FILE_BY_FILE.iter().any(is)
}

/// Whether the file of a finding is as it was when the scanner last reported the finding.
pub(super) fn is(
    files: &BTreeMap<String, Timestamp>,
    scanner: &ScannerName,
    finding: &Finding,
    intake: &Intake<'_>,
) -> bool {
    let Subject::Code(spot) = &finding.subject else { return false };
    let Some(seen) = finding.scanners.get(scanner).map(|attribution| attribution.last_seen) else { return false };
    let since = || files.get(&key(&spot.path, spot.line, intake)?);
    !files.is_empty() && since().is_some_and(|since| since.date() <= seen)
}

/// A file as it is, where it can be read and has a line.
fn key(path: &str, line: Option<u32>, intake: &Intake<'_>) -> Option<String> {
    (intake.digest_of)(path, line).map(|digest| [&digest, " ", path].concat())
}

/// Notes how the files are in which a scanner reports something, and forgets those in which all of it has ended.
pub(super) fn note(
    files: &mut BTreeMap<String, Timestamp>,
    scanner: &ScannerName,
    group: &Group<'_>,
    findings: &[Finding],
    intake: &Intake<'_>,
) {
    if !looks_at_each_file_alone(scanner) {
        return;
    }
    let observed = group.found.iter().copied().flatten().map(|observation| &observation.subject);
    // With the last line of each that something is reported in.
    let mut reported: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    for spot in observed.filter_map(code_in) {
        let last = reported.entry(&spot.path).or_default();
        *last = spot.line.max(*last);
    }
    let now: BTreeSet<String> = reported.iter().filter_map(|(path, last)| key(path, *last, intake)).collect();
    let open = findings.iter().filter(|finding| is_open_for(finding, scanner));
    let open: BTreeSet<&str> = open.filter_map(|finding| Some(code_in(&finding.subject)?.path.as_str())).collect();
    for file in &now {
        files.entry(file.clone()).or_insert(intake.now);
    }
    files.retain(|file, _| {
        let path = file.split_once(' ').map_or("", |(_, path)| path);
        open.contains(path) && (now.contains(file) || !reported.contains_key(path))
    });
}

fn code_in(subject: &Subject) -> Option<&CodeSpot> {
    match subject {
        Subject::Code(spot) => Some(spot),
        Subject::Secret(_) | Subject::Vulnerability(_) => None,
    }
}

fn is_open_for(finding: &Finding, scanner: &ScannerName) -> bool {
    !matches!(finding.status, Status::Resolved { .. })
        && finding.scanners.get(scanner).is_some_and(|attribution| attribution.ended.is_none())
}
