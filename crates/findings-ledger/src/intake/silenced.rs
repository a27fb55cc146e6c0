//! Scanners of secrets that report nothing any more, though what they reported is still there.

use std::collections::BTreeSet;

use findings_model::{Finding, Scan, ScannerName, Status, Subject};

use super::Intake;

/// What is told of such a scanner. It names no file: where secrets are is nobody's business.
pub(super) const REASON: &str = "it reports no secret at all, and a line with one that it reported is still as it was: did it look at the project's files? (detect-secrets sees those that git tracks; trust_empty accepts it)";

/// Whether a scanner's reports of a run, which hold no secret, are silent about one whose line is still in its file.
pub(super) fn is(scanner: &ScannerName, findings: &[Finding], intake: &Intake<'_>) -> bool {
    let is_reported = |finding: &&Finding| {
        matches!(finding.subject, Subject::Secret(_))
            && !matches!(finding.status, Status::Resolved { .. })
            && finding.scanners.get(scanner).is_some_and(|attribution| attribution.ended.is_none())
    };
    let is_suppressed = |finding: &Finding| {
        let path = finding.subject.path().unwrap_or_default();
        (intake.suppressed_in)(path, scanner, &finding.subject)
    };
    findings.iter().filter(is_reported).any(|finding| is_there(finding, intake) && !is_suppressed(finding))
}

/// Whether a finding's line is known, and still in its file.
pub(super) fn is_there(finding: &Finding, intake: &Intake<'_>) -> bool {
    let path = finding.subject.path().unwrap_or_default();
    knows_line(&finding.subject) && (intake.file_exists)(path) && (intake.still_in)(path, &finding.subject)
}

/// Whether it is known what the line of a finding says.
pub(super) fn knows_line(subject: &Subject) -> bool {
    let text = match subject {
        Subject::Code(spot) => spot.text.as_ref(),
        Subject::Secret(spot) => spot.text.as_ref(),
        Subject::Vulnerability(_) => None,
    };
    text.is_some_and(|text| text.line().is_some() || text.part().is_some())
}

/// The scanners of which no report of the run holds a secret.
pub(super) fn without_secrets<'s>(
    scans: impl Iterator<Item = (&'s ScannerName, &'s Scan)>,
) -> BTreeSet<&'s ScannerName> {
    let (mut all, mut telling) = (BTreeSet::new(), BTreeSet::new());
    for (scanner, scan) in scans {
        all.insert(scanner);
        if scan.observations.iter().any(|seen| matches!(seen.subject, Subject::Secret(_))) {
            telling.insert(scanner);
        }
    }
    all.retain(|scanner| !telling.contains(scanner));
    all
}
