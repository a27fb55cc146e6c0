//! The documents as Markdown for a step summary.

use std::fmt::Write as _;

use findings_model::text;

use crate::{health::HealthDocument, plain, stats::StatsDocument};

/// The statistics as a table.
pub fn stats(document: &StatsDocument) -> String {
    let mut out = format!("### Runs of the last {}\n\n| | |\n| --- | --- |\n", document.window.days.in_words());
    for (name, value) in plain::stats_rows(document) {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "| {name} | {} |", text::markdown(&value));
    }
    out + &left_out(document.data_quality.skipped.len())
}

/// The word and the reason.
pub fn health(document: &HealthDocument) -> String {
    let (word, reason) = (document.health_status.as_str(), text::markdown(&document.reason));
    format!("### Publishing: {word}\n\n{reason}\n{}", left_out(document.data_quality.skipped.len()))
}

fn left_out(skipped: usize) -> String {
    match skipped {
        0 => String::new(),
        1 => "\n1 file or line of the metrics folder cannot be read and is left out.\n".to_owned(),
        n => {
            format!("\n{n} files or lines of the metrics folder cannot be read and are left out.\n")
        }
    }
}
