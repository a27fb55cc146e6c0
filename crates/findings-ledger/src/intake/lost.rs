//! Reports that a run should have and has not.

use std::collections::BTreeMap;

use findings_model::{Coverage, CoverageState, ReportFormat, ScanSummary, ScanTarget, ScannerName, ScannerState};

/// A report that a run should have and has not.
#[derive(Default)]
pub(super) struct Lost {
    /// Where it was; empty where nobody knows.
    file: String,
    /// What it was about, where it is missed for that.
    target: Option<ScanTarget>,
}

/// Reports that a scanner gave before and that this run, which has those of `now`, holds nothing in place of; by file.
///
/// Reports may have another name each week, so they are counted, and each run of a file that holds several is one: with as many as
/// before, none is lost. What is lost stays expected until it is there again, or the configuration says how many reports a run has;
/// a person counts files. Formats that say the same things stand for each other.
///
/// A report about something else stands for none: what `found_in` says to hold something open is missed, and a category always.
pub(super) fn reports(
    state: &ScannerState,
    now: &[Report<'_>],
    expected: Option<usize>,
    found_in: &dyn Fn(&ScanTarget) -> bool,
) -> Vec<Lost> {
    let there = counted(now.iter().map(|report| report.file));
    let newest = without_copies(&state.newest);
    // What was missed for its target is looked for by it; the report in its place is counted.
    let is_missed = |scan: &ScanSummary| scan.coverage == CoverageState::Missing && scan.target.is_some();
    let (missed, before): (Vec<&ScanSummary>, Vec<&ScanSummary>) = newest.into_iter().partition(|scan| is_missed(scan));
    let lost = match expected {
        Some(files) => files.saturating_sub(there.len()),
        None if state.first_usable.is_some() => fewer(&before, now).max(1_usize.saturating_sub(now.len())),
        None => 1_usize.saturating_sub(now.len()),
    };
    let mut lost_reports = Vec::new();
    if expected.is_none() {
        let is_needed = |target: &ScanTarget| target.is_category() || found_in(target);
        let missed = missed.into_iter().filter_map(|scan| Some((scan, scan.target.as_ref()?)));
        let gone = before.iter().filter_map(|scan| Some((*scan, scan.target.as_ref()?)));
        let gone = gone.filter(|(_, target)| is_needed(target));
        let untouched = missed.chain(gone).filter(|(_, target)| !now.iter().any(|report| report.may_be_about(target)));
        lost_reports
            .extend(untouched.map(|(scan, target)| Lost { file: scan.file.clone(), target: Some(target.clone()) }));
    }
    let gone = counted(before.iter().map(|scan| scan.file.as_str())).into_iter().flat_map(|(file, before)| {
        let left = before.saturating_sub(there.get(file).copied().unwrap_or(0));
        std::iter::repeat_n(file, left)
    });
    let told: Vec<String> = lost_reports.iter().map(|lost| lost.file.clone()).collect();
    let gone = gone.filter(|file| !told.iter().any(|told| told == file));
    lost_reports
        .extend(gone.map(|file| Lost { file: file.to_owned(), target: None }).take(lost.saturating_sub(told.len())));
    let nameless = lost.saturating_sub(lost_reports.len());
    lost_reports.extend(std::iter::repeat_with(Lost::default).take(nameless));
    lost_reports
}

/// The scans of a run without those of files that were byte for byte copies of another one: nobody will miss a copy.
fn without_copies(scans: &[ScanSummary]) -> Vec<&ScanSummary> {
    let mut originals: BTreeMap<&str, &str> = BTreeMap::new();
    let mut kept = Vec::with_capacity(scans.len());
    // In the order of their files, as the ledger has them: a copy most often has the longer name.
    for scan in scans {
        let original = scan.report_digest.as_deref().map(|digest| *originals.entry(digest).or_insert(&scan.file));
        if original.is_none_or(|file| file == scan.file) {
            kept.push(scan);
        }
    }
    kept
}

/// A report of this run.
#[derive(Clone, Copy)]
pub(super) struct Report<'r> {
    pub(super) file: &'r str,
    pub(super) format: Option<ReportFormat>,
    pub(super) target: Option<&'r ScanTarget>,
}

impl Report<'_> {
    fn may_be_about(&self, target: &ScanTarget) -> bool {
        self.target.is_none_or(|own| own.may_be(target))
    }
}

/// What formats speak of; those of one class say the same things.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Code,
    Flaws,
    Secrets,
    All,
}

fn class(format: ReportFormat) -> Class {
    use ReportFormat::{
        Bandit, CycloneDx, DetectSecrets, Gitleaks, Grype, OpenVex, OsvScanner, PipAudit, Safety, Sarif, Semgrep,
        Trivy, Trufflehog,
    };
    match format {
        Bandit | Sarif | Semgrep => Class::Code,
        CycloneDx | Grype | OpenVex | OsvScanner | PipAudit | Safety => Class::Flaws,
        DetectSecrets | Gitleaks | Trufflehog => Class::Secrets,
        Trivy => Class::All,
    }
}

/// How many reports fewer there are than before. One that could not be recognised may be any.
fn fewer(before: &[&ScanSummary], now: &[Report<'_>]) -> usize {
    let (mut needed, mut unknown_before) = (BTreeMap::<Class, BTreeMap<ReportFormat, usize>>::new(), 0_usize);
    for scan in before {
        match scan.format {
            Some(format) => *needed.entry(class(format)).or_default().entry(format).or_default() += 1,
            None => unknown_before += 1,
        }
    }
    let (mut there, mut unknown) = (BTreeMap::<Class, usize>::new(), 0_usize);
    for report in now {
        match report.format {
            Some(format) => *there.entry(class(format)).or_default() += 1,
            None => unknown += 1,
        }
    }
    let mut lost = 0_usize;
    for (class, formats) in needed {
        let needed = formats.into_values().max().unwrap_or(0);
        let there = there.entry(class).or_default();
        lost += needed.saturating_sub(*there);
        *there = there.saturating_sub(needed);
    }
    let spare = there.into_values().sum::<usize>() + unknown.saturating_sub(lost);
    lost.saturating_sub(unknown) + unknown_before.saturating_sub(spare)
}

/// In how many files reports stand.
pub(super) fn files(reports: &[Report<'_>]) -> usize {
    counted(reports.iter().map(|report| report.file)).len()
}

fn counted<'f>(files: impl Iterator<Item = &'f str>) -> BTreeMap<&'f str, usize> {
    let mut counts = BTreeMap::new();
    for file in files {
        *counts.entry(file).or_insert(0) += 1;
    }
    counts
}

/// What is told of a lost report. One that was missing in the run before, too, is told in the same words: when its last usable one
/// came cannot be known better now.
pub(super) fn missing(name: &ScannerName, state: Option<&ScannerState>, lost: Lost, now: &[Report<'_>]) -> ScanSummary {
    let Lost { file, target } = lost;
    let told = state.and_then(|state| {
        let mut missing = state.newest.iter().filter(|scan| scan.coverage == CoverageState::Missing);
        missing.find(|scan| scan.file == file && scan.target == target)
    });
    if let Some(told) = told {
        return ScanSummary { scanner: name.clone(), ..told.clone() };
    }
    let is_it = |scan: &&ScanSummary| scan.file == file && (target.is_none() || scan.target == target);
    let last = state.and_then(|s| s.newest.iter().find(is_it).or(s.newest.first()));
    // Where the file's own report was unusable the last time, others may have been usable since.
    let was_usable = last.is_none_or(|scan| scan.coverage.is_usable());
    let when = |s: &ScannerState| if was_usable { s.last_usable } else { s.last_complete.or(s.last_usable) };
    let files = files(now);
    let way_out = format!("if no more is to come, set scanners.{name}.reports = {files}");
    let reason = match state.and_then(when) {
        Some(last) if now.is_empty() => format!("there is no report of {name}; the last usable one is of {last}"),
        Some(last) if file.is_empty() => {
            format!("there are fewer reports of {name} than a run has ({files}); the last usable one is of {last}")
        }
        Some(last) if target.as_ref().is_some_and(|target| !now.iter().any(|report| report.may_be_about(target))) => {
            let target = target.as_ref().map(ToString::to_string).unwrap_or_default();
            format!(
                "there is no report of {name} about {target}, which {file} was about; the last usable one is of {last}; {way_out}"
            )
        }
        Some(last) if now.iter().any(|report| report.file == file) => {
            format!("{file} holds fewer runs of {name} than before; the last usable ones are of {last}; {way_out}")
        }
        Some(last) => {
            format!("there is no report of {name} in place of {file}; the last usable one is of {last}; {way_out}")
        }
        None if !now.is_empty() => format!("there are fewer reports of {name} than a run has ({files})"),
        None => format!("there is no report of {name}, and never was a usable one"),
    };
    let coverage = Coverage::missing(reason);
    ScanSummary {
        scanner: name.clone(),
        format: last.and_then(|s| s.format),
        file,
        target,
        coverage: coverage.state,
        reasons: coverage.reasons,
        not_covered: Vec::new(),
        findings: 0,
        tool_version: None,
        observed_at: None,
        report_digest: None,
        rule_set: None,
        repeats: None,
        holds_nothing: false,
    }
}
