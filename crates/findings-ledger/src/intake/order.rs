//! In which order scans and records are taken in, whatever the order of the reports.

use std::cmp::Ordering;

use findings_model::{Observation, Scan, Subject};

use super::run::Record;
use crate::lead::{self, Lead};

/// The order of a run's scans: it does not matter in which one they were read.
pub(super) fn of_scans(a: &Scan, b: &Scan) -> Ordering {
    let key = |s: &Scan| (s.observations.len(), s.observed_at, s.coverage.state);
    (&a.scanner, &a.file, &a.tool_version)
        .cmp(&(&b.scanner, &b.file, &b.tool_version))
        .then_with(|| key(a).cmp(&key(b)))
        .then_with(|| a.coverage.reasons.cmp(&b.coverage.reasons))
}

/// The first bytes of what [`of_records`] orders by, of records whose scanner is the so manieth by name.
pub(super) fn lead_of(scanner: usize, record: &Record<'_>) -> Lead {
    lead::of_subject(u8::try_from(scanner).unwrap_or(u8::MAX), &record.observation.subject)
}

/// The order of a run's records: by scanner, then by what they are about.
pub(super) fn of_records(a: &Record<'_>, b: &Record<'_>) -> Ordering {
    a.scanner
        .cmp(b.scanner)
        .then_with(|| of_subjects(&a.observation.subject, &b.observation.subject))
        .then_with(|| {
            let words = |o: &Observation| (o.rating.severity.list_order(), o.rating.source, o.clearance);
            words(a.observation).cmp(&words(b.observation))
        })
        .then_with(|| a.observation.description.cmp(&b.observation.description))
        .then_with(|| a.observation.reference_url.cmp(&b.observation.reference_url))
        .then_with(|| a.report.cmp(&b.report))
}

fn of_subjects(a: &Subject, b: &Subject) -> Ordering {
    match (a, b) {
        (Subject::Vulnerability(a), Subject::Vulnerability(b)) => (
            &a.package,
            &a.id,
            &a.version,
            &a.aliases,
            &a.fix_versions,
        )
            .cmp(&(&b.package, &b.id, &b.version, &b.aliases, &b.fix_versions)),
        (Subject::Code(a), Subject::Code(b)) => (&a.path, a.line, &a.rule, &a.text, &a.former_rules).cmp(&(
            &b.path,
            b.line,
            &b.rule,
            &b.text,
            &b.former_rules,
        )),
        (Subject::Secret(a), Subject::Secret(b)) => {
            (&a.path, a.line, &a.rule, &a.mark).cmp(&(&b.path, b.line, &b.rule, &b.mark))
        }
        _ => a.kind().cmp(&b.kind()),
    }
}
