//! Reports that were taken in before and are still there.

use findings_model::{Scan, ScannerState, Timestamp};

/// When a report was taken in first, if it is the one of the scanner's last run: the same bytes in a file that nobody wrote since.
///
/// A report that says itself when it was made needs no such proof. A file that was written again is a new scan, even with the same
/// bytes: a project may well look the same for weeks.
pub(super) fn since(scan: &Scan, before: &ScannerState, now: Timestamp) -> Option<Timestamp> {
    if scan.observed_at.is_some_and(|at| at <= now) {
        return None;
    }
    let (digest, written) = (scan.report_digest.as_ref()?, scan.written_at?);
    let same = before.newest.iter().find(|s| s.coverage.is_usable() && s.report_digest.as_ref() == Some(digest))?;
    let taken = same.repeats.or(before.last_usable)?;
    (taken < now && written <= taken).then_some(taken)
}

/// What is told of it.
pub(super) fn remark(taken: Timestamp) -> String {
    format!("it is the report that was taken in at {taken}, and it was not written again: nothing was scanned since")
}
