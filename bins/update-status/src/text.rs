//! The result for people.

use std::fmt::Write as _;

use findings_model::{Timestamp, text};
use live_status::{Grade, StatusDocument};
use orchestrate::status::StatusUpdate;

/// The status as lines of text.
pub(crate) fn of(update: &StatusUpdate) -> String {
    let mut out = String::new();
    let _infallible = write_text(&mut out, update);
    out
}

fn write_text(out: &mut String, update: &StatusUpdate) -> std::fmt::Result {
    let document = &update.document;
    let grade = document.security_grade.map_or("no grade", Grade::as_str);
    let stale = if document.stale { ", stale" } else { "" };
    writeln!(out, "{}: {} ({}{stale})", document.state, document.verdict, grade)?;
    for reason in reasons(document) {
        writeln!(out, "  {}", text::one_line(reason))?;
    }
    writeln!(out, "{}", dates(document))?;
    for scanner in &document.scanners {
        let last = moment(scanner.last_usable);
        writeln!(out, "  {:<13} {}, last usable {last}", scanner.standing.as_str(), scanner.name)?;
    }
    match update.written.as_slice() {
        [] => writeln!(out, "Nothing changed."),
        written => writeln!(out, "Written: {}", written.join(", ")),
    }
}

/// The step summary, in Markdown.
pub(crate) fn summary(document: &StatusDocument) -> String {
    let mut out = String::from("### Security status\n\n");
    let grade = document.security_grade.map_or("no grade", Grade::as_str);
    let line = format!("{} ({}, {grade})", document.verdict, document.state);
    let _infallible = writeln!(out, "{}\n", text::markdown(&line));
    for reason in reasons(document) {
        let _infallible = writeln!(out, "- {}", text::markdown(reason));
    }
    let _infallible = writeln!(out, "\n{}", dates(document));
    out
}

/// What gave the grade or took it away, and what else there is to say.
fn reasons(document: &StatusDocument) -> impl Iterator<Item = &str> {
    let more = document.reasons.iter().filter(|reason| !document.grade_reason.contains(reason.as_str()));
    std::iter::once(document.grade_reason.as_str()).chain(more.map(String::as_str))
}

/// Of when the data are, and how long they hold.
fn dates(document: &StatusDocument) -> String {
    match (document.data_as_of, document.stale_after) {
        (Some(at), Some(until)) => format!("Data as of {at}, stale after {until}"),
        (Some(at), None) => format!("Data as of {at}"),
        // As the page says it: some scanner gave data, and one that is required did not.
        (None, _) if document.scanners.iter().any(|s| s.last_usable.is_some()) => "No complete picture yet".to_owned(),
        (None, _) => "No scan gave data yet".to_owned(),
    }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.to_string())
}
