//! How bad a finding is, from everyone who says so.

use findings_model::{Finding, Rating, ScannerName, Severity, SeveritySource, Subject, UnderOverride};
use time::Date;

use super::run::{Record, Run};

/// Rates a finding by the records of a run.
pub(super) fn by_records(finding: &mut Finding, records: &[&Record<'_>], run: &Run<'_>, today: Date) {
    if let Some(rating) = best_told(&finding.rating, records)
        && counts(&rating, finding, records, run)
    {
        finding.rated_on = is_advisory(rating.source).then_some(today);
        finding.rating = rating;
    }
}

/// Rates a flaw that no report of a run names by what the advisory records say of it now, as one that is reported would be.
pub(super) fn by_advisories(finding: &mut Finding, run: &Run<'_>, today: Date) {
    let Subject::Vulnerability(flaw) = &finding.subject else { return };
    let Some(rating) = run.advisory_rating(flaw) else { return };
    take_off_to_rate(finding);
    if !counts(&rating, finding, &[], run) {
        return;
    }
    finding.rated_on = is_advisory(rating.source).then_some(today);
    // What reports said beside the records stays until they speak again, unless the records say something else now.
    let old = &finding.rating;
    let is_same = (old.severity, old.source, old.score) == (rating.severity, rating.source, rating.score);
    if !(is_same && rating.vectors.iter().all(|vector| old.vectors.contains(vector))) {
        finding.rating = rating;
    }
}

/// Takes a person's word away for as long as the others are asked; plans put it back.
pub(super) fn take_off_to_rate(finding: &mut Finding) {
    if finding.rating.source == SeveritySource::Override && finding.under_override().is_some() {
        take_off(finding);
    }
}

/// Puts a person's word in front of a finding's severity, and keeps what it was.
pub(super) fn put_over(finding: &mut Finding, severity: Severity) {
    if finding.rating.source != SeveritySource::Override {
        let under = UnderOverride {
            severity: finding.rating.severity,
            source: finding.rating.source,
            rated_on: finding.rated_on,
        };
        finding.remember(|memory| memory.under_override = Some(under));
    }
    finding.rating.severity = severity;
    finding.rating.source = SeveritySource::Override;
    finding.rated_on = None;
}

/// Takes a person's word away again: the severity is what it was before.
pub(super) fn take_off(finding: &mut Finding) {
    if let Some(under) = finding.under_override() {
        finding.remember(|memory| memory.under_override = None);
        finding.rating.severity = under.severity;
        finding.rating.source = under.source;
        finding.rated_on = under.rated_on;
    } else {
        let vectors = std::mem::take(&mut finding.rating.vectors);
        finding.rating = Rating::from_vectors(vectors, SeveritySource::Scanner).unwrap_or_else(Rating::unknown);
    }
}

/// The strongest source's word, the worst of several; none where nothing is told.
fn best_told(old: &Rating, records: &[&Record<'_>]) -> Option<Rating> {
    let told = records.iter().filter(|r| old.severity == Severity::Unknown || !r.observation.rating_assumed);
    let best = told.map(|r| &r.observation.rating).min_by(|a, b| {
        let words = |r: &Rating| (r.source, std::cmp::Reverse(r.severity.rank()));
        let number = |r: &Rating| r.score.map_or(0.0, findings_model::CvssScore::value);
        words(a)
            .cmp(&words(b))
            .then_with(|| number(b).total_cmp(&number(a)))
            .then_with(|| a.vectors.len().cmp(&b.vectors.len()).reverse())
    });
    best.filter(|r| r.severity != Severity::Unknown || old.source == SeveritySource::Override).cloned()
}

/// Whether a rating takes the place of what is known. What was known from a stronger source, or from a scanner that could not speak
/// this time, is not weakened by its silence. What an advisory record said changes only where all records of the flaw could be had:
/// with one of them out of reach the others would rate it differently for no reason.
fn counts(best: &Rating, finding: &Finding, records: &[&Record<'_>], run: &Run<'_>) -> bool {
    let old = &finding.rating;
    if old.severity == Severity::Unknown || old.source == SeveritySource::Override {
        return true;
    }
    if is_advisory(old.source) && is_advisory(best.source) {
        return run.is_advised(finding);
    }
    let is_flaw = matches!(finding.subject, Subject::Vulnerability(_));
    if is_flaw && best.source > old.source {
        return false;
    }
    let is_reporter = |name: &ScannerName| records.iter().any(|r| r.scanner == name);
    let unheard =
        finding.scanners.iter().any(|(name, a)| a.ended.is_none() && !is_reporter(name) && !run.is_usable(name));
    !(unheard && best.source == old.source && best.severity.rank() < old.severity.rank())
}

/// Whether a severity comes from an advisory record.
pub(super) fn is_advisory(source: SeveritySource) -> bool {
    matches!(source, SeveritySource::AdvisoryVector | SeveritySource::AdvisoryWord)
}
