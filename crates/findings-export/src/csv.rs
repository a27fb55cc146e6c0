//! Comma-separated values after RFC 4180, for spreadsheets.

use findings_model::{Finding, date_text};
use serde_json::Value;

use crate::{ExportInput, Exported, words};

/// The columns, in order. Those with the name of a key of `findings[]` hold its value, lists with a space between their items.
pub(crate) const COLUMNS: [&str; 28] = [
    "finding_id",
    "kind",
    "status",
    "severity",
    "severity_source",
    "cvss_score",
    "known_exploited_since",
    "epss_score",
    "package",
    "version",
    "scope",
    "rule",
    "path",
    "line",
    "aliases",
    "source_scanner",
    "discovered_date",
    "last_seen",
    "resolved_date",
    "resolved_reason",
    "excepted_by",
    "excepted_until",
    "fix_available",
    "fix_version",
    "planned_action",
    "target_date",
    "reference_url",
    "description",
];

/// Characters of a cell.
const CELL: usize = 4096;

pub(crate) fn write(input: &ExportInput<'_>) -> Exported {
    let selected = input.selected();
    let mut out = COLUMNS.join(",");
    out.push_str("\r\n");
    for finding in &selected {
        row(&mut out, input, finding);
    }
    Exported {
        document: Some(out.into_bytes()),
        written: selected.len(),
        left_out: Vec::new(),
        gaps: input.scanners.iter().flat_map(|(name, state)| words::gaps(name, state)).collect(),
    }
}

fn row(out: &mut String, input: &ExportInput<'_>, finding: &Finding) {
    let plan = input.plan(finding);
    let document = serde_json::to_value(finding).unwrap_or_default();
    for (at, column) in COLUMNS.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let text = match *column {
            "known_exploited_since" => {
                finding.exploitation.kev.map(|kev| date_text(kev.date_added)).unwrap_or_default()
            }
            "epss_score" => finding.exploitation.epss.map(|epss| epss.score.value().to_string()).unwrap_or_default(),
            "planned_action" => plan.and_then(|p| p.action.clone()).unwrap_or_default(),
            "target_date" => plan.and_then(|p| p.target_date).map(date_text).unwrap_or_default(),
            column => document.get(column).map(text_of).unwrap_or_default(),
        };
        let is_free = matches!(*column, "planned_action" | "description");
        let line = if is_free { words::line(&text, CELL) } else { findings_model::text::one_line(&text) };
        cell(out, &line);
    }
    out.push_str("\r\n");
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A cell. What a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(out: &mut String, text: &str) {
    let guarded = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = guarded || text.contains([',', '"', '\r', '\n']);
    if quoted {
        out.push('"');
    }
    if guarded {
        out.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    if quoted {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_cell_is_a_formula_or_ends_early() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""),
            ("-1", "\"'-1\""),
        ] {
            let mut out = String::new();
            super::cell(&mut out, text);
            assert_eq!(out, cell);
        }
    }
}
