//! The result for people.

use std::fmt::Write as _;

use change_detect::{Change, ChangeSet, FindingState};
use findings_model::{FindingKind, text};

/// The changes as lines of text.
pub(crate) fn of(set: &ChangeSet) -> String {
    let mut out = String::new();
    let _infallible = write_text(&mut out, set);
    out
}

fn write_text(out: &mut String, set: &ChangeSet) -> std::fmt::Result {
    if set.first_scan {
        writeln!(out, "There is no baseline to compare with: every finding counts as new.")?;
    }
    match set.changes.len() {
        0 => writeln!(out, "Nothing changed.")?,
        1 => writeln!(out, "1 change")?,
        n => writeln!(out, "{n} changes")?,
    }
    for change in &set.changes {
        writeln!(out, "  {}", line(change))?;
    }
    for scan in &set.incomplete {
        let file = scan.file.as_deref().unwrap_or("no report");
        let why = text::one_line(&scan.reasons.join("; "));
        let side = if scan.earlier { " before" } else { "" };
        let so = if scan.earlier { "; what only it found is not called new" } else { "" };
        let (what, file) = (scan.coverage.as_str(), text::one_line(file));
        let scanner = if scan.scanner.as_str() == "unknown" { "unknown scanner" } else { scan.scanner.as_str() };
        writeln!(out, "  {scanner}, {file}: {what}{side}: {why}{so}")?;
    }
    writeln!(out, "Posture: {}", set.posture_trend.as_str().replace('_', " "))
}

fn line(change: &Change) -> String {
    let place = change.package.as_deref().or(change.path.as_deref()).unwrap_or("-");
    let state = |state: &FindingState| match state {
        FindingState::Present(severity) => format!("{severity} {}", word(change.kind)),
        other => other.to_string(),
    };
    let from = change.old_state.as_ref().map_or_else(String::new, |old| state(old) + " -> ");
    let now = state(&change.new_state);
    text::one_line(&format!("{} {} in {place}: {from}{now}", change.change_type, change.finding_id))
}

/// What a finding of a kind is called.
fn word(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Vulnerability => "vulnerability",
        FindingKind::Code => "code finding",
        FindingKind::Secret => "secret",
    }
}

/// The step summary, in Markdown.
pub(crate) fn summary(set: &ChangeSet) -> String {
    let mut out = String::from("### Security changes\n\n");
    if set.changes.is_empty() {
        out.push_str("Nothing changed.\n");
    }
    for change in set.changes.iter().take(200) {
        out.push_str("- ");
        out.push_str(&text::markdown(&line(change)));
        out.push('\n');
    }
    if set.changes.len() > 200 {
        let _infallible = writeln!(out, "- and {} more", set.changes.len() - 200);
    }
    out
}
