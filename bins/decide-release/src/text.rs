//! The decision for people.

use std::fmt::Write as _;

use findings_model::text;
use release_decision::Decision;

/// The decision as lines of text.
pub(crate) fn of(decision: &Decision) -> String {
    let mut out = String::new();
    let _infallible = write_text(&mut out, decision);
    out
}

fn write_text(out: &mut String, decision: &Decision) -> std::fmt::Result {
    writeln!(out, "{}", headline(decision))?;
    writeln!(out, "{}", text::one_line(&decision.justification))?;
    writeln!(out, "\n{}", text::clean(&decision.explanation))?;
    for reason in &decision.reasons {
        writeln!(out, "  {}", text::one_line(&reason.text))?;
    }
    if let Some(reason) = &decision.version_reason {
        writeln!(out, "\nVersion: {}", text::one_line(reason))?;
    }
    for scan in &decision.incomplete {
        let why = text::one_line(&scan.reasons.join("; "));
        writeln!(out, "Not told by {} ({}): {why}", text::one_line(scan.scanner.as_str()), scan.coverage.as_str())?;
    }
    writeln!(out, "\nDecision {}", decision.decision_id)
}

fn headline(decision: &Decision) -> String {
    match (&decision.next_version, decision.should_release) {
        (Some(version), true) => format!("Release {version} ({})", decision.trigger_type.as_str()),
        (None, true) => format!("Release, version not known ({})", decision.trigger_type.as_str()),
        (_, false) => "No release".to_owned(),
    }
}

/// The step summary, in Markdown.
pub(crate) fn summary(decision: &Decision) -> String {
    let mut out = format!("### {}\n\n{}\n", text::markdown(&headline(decision)), text::markdown(&decision.justification));
    for reason in decision.reasons.iter().take(100) {
        out.push_str("- ");
        out.push_str(&text::markdown(&reason.text));
        out.push('\n');
    }
    for scan in &decision.incomplete {
        let line = format!("not told by {} ({}): {}", scan.scanner, scan.coverage.as_str(), scan.reasons.join("; "));
        out.push_str("- ");
        out.push_str(&text::markdown(text::shorten(&line, 300).as_ref()));
        out.push('\n');
    }
    out
}
