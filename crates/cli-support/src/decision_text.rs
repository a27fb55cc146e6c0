//! A decision for people, the same wherever it is printed.

use std::fmt::Write as _;

use findings_model::text;
use release_decision::{Decision, Reason};

use crate::Context;

/// How many reasons are listed one by one.
const LISTED_REASONS: usize = 100;

/// The verdict in a few words: `Release 1.0.1 (security_auto)`, `No release`, `Already published as 1.0.1`.
pub fn headline(decision: &Decision) -> String {
    match (&decision.next_version, decision.should_release) {
        (Some(version), true) => format!("Release {version} ({})", decision.trigger_type.as_str()),
        (None, true) => format!("Release, version not known ({})", decision.trigger_type.as_str()),
        (_, false) => match &decision.already_published {
            Some(version) => format!("Already published as {version}"),
            None => "No release".to_owned(),
        },
    }
}

/// Tells what a person has to do about a decision or to know of it: on stderr, and as annotations.
pub fn warn(cx: &mut Context, decision: &Decision) -> std::io::Result<()> {
    let unrecorded = decision.already_published.as_ref().map(|version| {
        format!(
            "{version} was published and is not recorded: run `integration-orchestrator record-release` with its receipt \
             (docs/runbook.md, \"A release is not recorded\")"
        )
    });
    for warning in decision.warnings.iter().chain(&unrecorded) {
        let line = text::one_line(warning);
        cx.note(format!("warning: {line}"))?;
        cx.actions().warning(&line);
    }
    Ok(())
}

/// A reason on one line, with the finding that it is about.
pub fn reason(reason: &Reason) -> String {
    match &reason.finding_id {
        Some(id) => text::one_line(&format!("{id}: {}", reason.text)),
        None => text::one_line(&reason.text),
    }
}

/// The verdict, why, each reason, and what no scan told.
pub fn lines(decision: &Decision) -> String {
    let mut out = String::new();
    let _infallible = write_lines(&mut out, decision);
    out
}

fn write_lines(out: &mut String, decision: &Decision) -> std::fmt::Result {
    writeln!(out, "{}", headline(decision))?;
    writeln!(out, "Why: {}", text::one_line(&decision.justification))?;
    for line in decision.reasons.iter().take(LISTED_REASONS).map(reason) {
        writeln!(out, "  {line}")?;
    }
    if decision.reasons.len() > LISTED_REASONS {
        let more = decision.reasons.len() - LISTED_REASONS;
        writeln!(out, "  and {more} more, which the JSON form has (--format json)")?;
    }
    if let Some(reason) = &decision.version_reason {
        writeln!(out, "Version: {}", text::one_line(reason))?;
    }
    for scan in &decision.incomplete {
        let why = text::one_line(&scan.reasons.join("; "));
        writeln!(out, "Not known: {} is {}: {why}", text::one_line(scan.scanner.as_str()), scan.coverage.as_str())?;
    }
    Ok(())
}

/// The same in Markdown, for the step summary.
pub fn summary(decision: &Decision) -> String {
    let mut out =
        format!("### {}\n\n{}\n\n", text::markdown(&headline(decision)), text::markdown(&decision.justification));
    for line in decision.reasons.iter().take(LISTED_REASONS).map(reason) {
        let _infallible = writeln!(out, "- {}", text::markdown(&line));
    }
    if decision.reasons.len() > LISTED_REASONS {
        let _infallible = writeln!(out, "- and {} more", decision.reasons.len() - LISTED_REASONS);
    }
    for warning in &decision.warnings {
        let _infallible = writeln!(out, "- warning: {}", text::markdown(&text::one_line(warning)));
    }
    for scan in &decision.incomplete {
        let line = format!("not known: {} is {}: {}", scan.scanner, scan.coverage.as_str(), scan.reasons.join("; "));
        let _infallible = writeln!(out, "- {}", text::markdown(&text::shorten(&line, 300)));
    }
    out
}
