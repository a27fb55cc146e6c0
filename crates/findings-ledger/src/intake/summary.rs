//! What is kept of a scan of the run, and what is said of it.

use std::collections::BTreeSet;

use findings_model::{CoverageState, Gap, Package, RuleSet, ScanSummary, ScanTarget, Timestamp};

use super::{repeated, run::Judged};

/// What is to be said of a scanner, beside what its reports say.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// It may have looked for less than before: what that may hide, a line for each reason.
    pub(super) narrowed: Vec<String>,
    /// Packages that its reports leave out and the project declares.
    pub(super) left_out: BTreeSet<Package>,
    /// What it found something in, and now has no report about.
    pub(super) elsewhere: BTreeSet<ScanTarget>,
}

/// What is kept of a scan.
pub(super) fn of(judged: &Judged<'_>, aside: &Aside, now: Timestamp) -> ScanSummary {
    let (scan, coverage) = (judged.scan, &judged.coverage);
    let mut not_covered: Vec<String> = coverage.gaps.iter().map(Gap::label).collect();
    not_covered.sort();
    not_covered.dedup();
    let mut state = coverage.state;
    let mut reasons = coverage.reasons.clone();
    if !aside.narrowed.is_empty() && state.is_usable() {
        state = CoverageState::Filtered;
        reasons.splice(0..0, aside.narrowed.iter().cloned());
    }
    if judged.holds_nothing {
        reasons
            .push("it holds nothing: it does not show that anything was looked at (trust_empty accepts it)".to_owned());
    }
    reasons.extend(judged.repeats.map(repeated::remark));
    if let Some(at) = scan.observed_at.filter(|at| at.is_ahead_of(now)) {
        reasons.push(format!(
            "it says that it was made at {at}, which is yet to come: a clock is wrong; it counts as made now"
        ));
    }
    if !aside.left_out.is_empty() && scan.coverage.looked_at.lists_packages {
        reasons.push(left_out(&aside.left_out));
    }
    if !aside.elsewhere.is_empty() {
        reasons.push(elsewhere(&aside.elsewhere));
    }
    ScanSummary {
        scanner: scan.scanner.clone(),
        format: scan.format,
        file: scan.file.clone(),
        target: scan.coverage.looked_at.target.clone(),
        coverage: state,
        reasons,
        not_covered,
        findings: scan.observations.len(),
        tool_version: scan.tool_version.clone(),
        observed_at: scan.observed_at.filter(|at| *at <= now),
        report_digest: scan.report_digest.clone(),
        rule_set: scan.rules.as_ref().map(RuleSet::digest),
        repeats: judged.repeats,
        holds_nothing: judged.holds_nothing,
    }
}

/// What is told of findings in something that no report is about.
fn elsewhere(targets: &BTreeSet<ScanTarget>) -> String {
    const NAMED: usize = 5;
    let mut names: Vec<String> = targets.iter().take(NAMED).map(ToString::to_string).collect();
    if targets.len() > NAMED {
        names.push(format!("{} more", targets.len() - NAMED));
    }
    format!("no report of this run is about {}: what was found there stays, unverified", names.join(", "))
}

/// What is told of declared packages that a report leaves out.
fn left_out(packages: &BTreeSet<Package>) -> String {
    const NAMED: usize = 5;
    let mut names: Vec<String> = packages.iter().take(NAMED).map(ToString::to_string).collect();
    if packages.len() > NAMED {
        names.push(format!("{} more", packages.len() - NAMED));
    }
    format!(
        "it leaves out {}, which the project declares as a dependency without a condition: what is known of it stays, unverified (was another environment scanned?)",
        names.join(", ")
    )
}
