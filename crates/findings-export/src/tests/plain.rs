use serde_json::Value;

use super::Sample;
use crate::{ExportFormat, Selection, StatusWord, csv::COLUMNS};

/// The rows of a CSV document, read strictly after RFC 4180.
pub(super) fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' => {
                assert!(cell.is_empty(), "a quote inside a bare cell");
                quoted = true;
            }
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "the last row ends");
    rows
}

#[test]
fn a_table_has_a_header_and_a_row_per_finding() {
    let bytes = Sample::of_everything().export(ExportFormat::Csv).document.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let rows = rows(&text);
    assert_eq!(rows[0], COLUMNS);
    assert_eq!(rows.len(), 1 + 6);
    assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
    insta::assert_snapshot!(text.lines().nth(4).unwrap(), @r#"GHSA-j8r2-6x86-q33q,vulnerability,open,critical,advisory_vector,9.8,,,requests,2.28.1,runtime,,,,GHSA-j8r2-6x86-q33q GHSA-j8r2-6x86-q33q-alias,pip-audit,2023-07-24,2023-08-07,,,,,true,2.31.0,Upgrade to 2.31.0,,https://osv.dev/vulnerability/GHSA-j8r2-6x86-q33q,It can be attacked from afar."#);
}

#[test]
fn a_line_is_a_finding_with_the_keys_of_the_ledger() {
    let sample = Sample::of_everything();
    let resolved = Selection::only([StatusWord::Resolved]);
    let bytes = sample.export_selected(ExportFormat::Ndjson, &resolved).document.unwrap();
    let line: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&line["schema_version"], &line["finding_id"]), (&"1.0".into(), &"GHSA-old-old-old".into()));
    assert_eq!(line["resolved_reason"], "upgraded");
    for key in
        ["package", "version", "scope", "severity", "status", "discovered_date", "fix_available", "reference_url"]
    {
        assert!(line.get(key).is_some(), "{key}");
    }
}
