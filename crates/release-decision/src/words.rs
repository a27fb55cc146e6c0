//! A decision in plain words.

use std::collections::BTreeSet;

use change_detect::{Change, ChangeSet, ChangeType, IncompleteScan};
use findings_model::{CoverageState, FindingId, text};

use crate::{
    TriggerType,
    decision::Verdict,
    matrix::{Effect, Reason, Row},
    public::Told,
};

/// How many findings the paragraph names.
const NAMED: usize = 3;

/// How many scans it tells about.
const SCANS: usize = 5;

/// The most characters of a name in it.
const NAME: usize = 100;

/// A paragraph of plain text on one line; whoever shows it escapes it for the place.
///
/// Where a scan failed or is missing, that is said before anything that would be true of a full set of scans only.
pub(crate) fn explanation(changes: &ChangeSet, reasons: &[Reason], verdict: &Verdict) -> String {
    let mut sentences = match verdict {
        Verdict::Release(TriggerType::Manual) => {
            let mut sentences = vec!["A person asked for this release.".to_owned()];
            sentences.extend(gaps(changes));
            sentences.push(pending(changes));
            sentences
        }
        Verdict::Release(_) => automatic(changes, reasons),
        Verdict::Nothing => {
            let mut sentences = gaps(changes);
            sentences.push(standstill(changes, reasons));
            sentences
        }
        Verdict::Waits(until) => {
            let mut sentences = automatic(changes, reasons);
            sentences.push(format!("It waits for the end of the quiet period at {until}."));
            sentences
        }
        Verdict::Published(version, _) => vec![
            format!("This decision was published before, as {version}: it is not released again."),
            "Until that release is recorded, its changes stay pending.".to_owned(),
        ],
    };
    if !matches!(verdict, Verdict::Release(TriggerType::Manual) | Verdict::Nothing) {
        sentences.extend(gaps(changes));
    }
    text::one_line(&sentences.join(" "))
}

/// What the scans do not tell, those first that tell nothing.
fn gaps(changes: &ChangeSet) -> Vec<String> {
    let (lost, others): (Vec<_>, Vec<_>) = changes.incomplete.iter().partition(|scan| !scan.coverage.is_usable());
    let mut sentences: Vec<String> = lost
        .into_iter()
        .chain(others)
        .take(SCANS)
        .map(|scan| {
            let (what, scanner) = (how_it_went(scan), text::shorten(scan.scanner.as_str(), NAME));
            let so = if scan.earlier {
                "what only it found is not called new"
            } else {
                "what it did not cover is unknown, not resolved"
            };
            format!("The newest scan of {scanner} {what}: {so}.")
        })
        .collect();
    match changes.incomplete.len().saturating_sub(SCANS) {
        0 => {}
        1 => sentences.push("1 more scan does not tell everything either.".to_owned()),
        n => sentences.push(format!("{n} more scans do not tell everything either.")),
    }
    sentences
}

/// How a scan went, as the end of a sentence about the newest one of its scanner.
pub(crate) fn how_it_went(scan: &IncompleteScan) -> &'static str {
    match scan.coverage {
        _ if scan.earlier => "has no complete one before it to be compared with",
        CoverageState::Complete => "was complete",
        CoverageState::Partial => "was partial",
        CoverageState::Filtered => "was filtered",
        CoverageState::Failed => "failed",
        CoverageState::Missing => "is missing",
    }
}

fn automatic(changes: &ChangeSet, reasons: &[Reason]) -> Vec<String> {
    let mut released: BTreeSet<&FindingId> = BTreeSet::new();
    released.extend(reasons.iter().filter(|r| r.effect == Effect::Release).filter_map(|r| r.finding_id.as_ref()));
    let (decisive, others): (Vec<&Change>, Vec<&Change>) =
        changes.changes.iter().partition(|c| released.contains(&c.finding_id));
    let since = if changes.first_scan {
        "The first scan found something that the policy releases for"
    } else {
        "The security findings changed since the last release"
    };
    let mut sentences = vec![format!("{since}: {}.", named(&decisive))];
    if !others.is_empty() {
        sentences.push(format!("{} without weight for the decision.", findings_changed(others.len(), "more ")));
    }
    sentences
}

/// What a release that a person asked for carries besides.
fn pending(changes: &ChangeSet) -> String {
    let all: Vec<&Change> = changes.changes.iter().collect();
    if changes.first_scan && changes.posture.is_none() {
        return "There is no earlier release to compare the security findings with, and no security scan was taken into account."
            .to_owned();
    }
    let is_known = !changes.lacks_a_scan();
    if changes.first_scan {
        let known = match (all.is_empty(), is_known) {
            (true, true) => "no finding is known".to_owned(),
            (true, false) => "it is not known whether there are findings".to_owned(),
            (false, _) => named(&all),
        };
        return format!("There is no earlier release to compare the security findings with; as of now {known}.");
    }
    if !all.is_empty() {
        return format!("It also carries what changed in the security findings since the last one: {}.", named(&all));
    }
    match changes.compared_with {
        Some(_) if !is_known => {
            "Whether the security findings changed since the last one is not known; the scans that could be used tell of no change."
                .to_owned()
        }
        Some(_) => "The security findings did not change since the last one.".to_owned(),
        None => "The security findings were not compared with an earlier release.".to_owned(),
    }
}

/// Why there is nothing to release.
fn standstill(changes: &ChangeSet, reasons: &[Reason]) -> String {
    let count = changes.changes.len();
    match count {
        0 if changes.first_scan && changes.posture.is_none() => {
            "No security scan was taken into account: there is nothing to decide on.".to_owned()
        }
        0 if changes.first_scan && changes.lacks_a_scan() => {
            "This is the first scan; whether there are findings is not known, and what could be scanned has none."
                .to_owned()
        }
        0 if changes.first_scan => "This is the first scan, and it found nothing.".to_owned(),
        0 if changes.lacks_a_scan() => {
            "As far as the scans tell, the security findings did not change since the last release.".to_owned()
        }
        0 => "The security findings did not change since the last release: there is nothing to release.".to_owned(),
        1 if reasons.iter().any(|r| r.row == Row::FirstScan) => {
            "This is the first scan: its finding becomes the baseline, and nothing is released for it.".to_owned()
        }
        _ if reasons.iter().any(|r| r.row == Row::FirstScan) => {
            format!(
                "This is the first scan: its {count} findings become the baseline, and nothing is released for them."
            )
        }
        _ => format!(
            "{} since the last release, but in no way that the policy releases for.",
            findings_changed(count, "")
        ),
    }
}

fn findings_changed(count: usize, more: &str) -> String {
    match count {
        1 => format!("1 {more}finding changed"),
        n => format!("{n} {more}findings changed"),
    }
}

fn named(changes: &[&Change]) -> String {
    let mut parts: Vec<String> = changes.iter().take(NAMED).map(|c| phrase(c)).collect();
    match changes.len().saturating_sub(NAMED) {
        0 => {}
        1 => parts.push("1 more".to_owned()),
        n => parts.push(format!("{n} more")),
    }
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn phrase(change: &Change) -> String {
    let rule = Told::change(change).placeless;
    let place = change.package.as_ref().or(change.path.as_ref()).filter(|_| rule.is_none());
    let place = place.map(|place| format!(" in {}", text::shorten(place, NAME))).unwrap_or_default();
    let what = match change.change_type {
        ChangeType::NewVulnerability => format!("is new at {} severity", change.impact_level),
        ChangeType::Reopened => format!("is back at {} severity", change.impact_level),
        ChangeType::SeverityChange => match change.old_severity {
            Some(old) => format!("went from {old} to {}", change.impact_level),
            None => format!("is now {}", change.impact_level),
        },
        ChangeType::Resolved => "is resolved".to_owned(),
        ChangeType::Withdrawn => "was withdrawn by its database".to_owned(),
        ChangeType::Updated => "was updated".to_owned(),
        ChangeType::Excepted => "is excepted".to_owned(),
        ChangeType::ExceptionExpired => "is no longer excepted".to_owned(),
    };
    format!("{}{place} {what}", text::shorten(rule.unwrap_or(change.finding_id.as_str()), NAME))
}
