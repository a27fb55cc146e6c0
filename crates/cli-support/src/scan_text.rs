//! Scans for people, the same wherever they are printed.

use std::fmt::Write as _;

use findings_model::{CoverageState, ScanSummary, text};

use crate::Context;

/// Warns about every scan that is not complete, or of which something else is to be said: on stderr, and as annotations.
pub fn warn(cx: &mut Context, scans: &[ScanSummary]) -> std::io::Result<()> {
    for scan in scans.iter().filter(|s| s.coverage != CoverageState::Complete || !s.reasons.is_empty()) {
        let why = scan.reasons.join("; ");
        let line = text::one_line(&format!("{} is {}: {why}", label(scan), scan.coverage.as_str()));
        cx.note(format!("warning: {line}"))?;
        if scan.coverage.is_usable() { cx.actions().warning(&line) } else { cx.actions().error(&line) }
    }
    Ok(())
}

/// A scan by its scanner and its report, where there is one.
pub fn label(scan: &ScanSummary) -> String {
    if scan.file.is_empty() { scan.scanner.to_string() } else { format!("{} ({})", scan.scanner, scan.file) }
}

/// A table of scans in Markdown, for the step summary.
pub fn summary(scans: &[ScanSummary]) -> String {
    let mut out = String::from("| scanner | report | coverage | findings |\n| --- | --- | --- | --- |\n");
    for scan in scans {
        let why = if scan.reasons.is_empty() { String::new() } else { format!(": {}", scan.reasons.join("; ")) };
        let coverage = text::markdown(&text::shorten(&format!("{}{why}", scan.coverage.as_str()), 300));
        let (scanner, file) = (text::markdown(scan.scanner.as_str()), text::markdown(&scan.file));
        let _infallible = writeln!(out, "| {scanner} | {file} | {coverage} | {} |", scan.findings);
    }
    out
}
