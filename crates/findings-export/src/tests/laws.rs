//! Laws that hold for any text in any finding.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Sample, code, finding, flaw, plain::rows, schemas::faults, secret};
use crate::{ExportFormat, PlanWords, Selection, csv::COLUMNS};

fn hostile() -> impl Strategy<Value = String> {
    let bad = prop::sample::select(vec![
        "=cmd|' /C calc'!A0",
        "a\r\nb",
        "\u{202e}evil\u{0}",
        "\"quoted\",",
        "[x](javascript:1)",
        "{0}",
        "%n/../../é",
        "-1",
        "C:\\x",
        "<script>",
        "@here",
        "::error::x",
        "\t",
        "🦀",
    ]);
    prop_oneof![any::<String>(), bad.prop_map(str::to_owned), "\\PC{0,20}"]
}

/// Text that names something: at least one character that is seen.
fn name() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| format!("x{}", text.chars().take(80).collect::<String>()))
}

fn any_finding(at: usize) -> impl Strategy<Value = Value> {
    let status = prop::sample::select(vec![
        json!({"status": "open"}),
        json!({"status": "unverified", "unverified_since": "2023-08-01"}),
        json!({"status": "resolved", "resolved_date": "2023-08-02", "resolved_reason": "removed"}),
        json!({"status": "excepted", "excepted_by": "accepted_risk"}),
        json!({"status": "excepted", "excepted_by": "report_not_affected"}),
    ]);
    let severity = prop::sample::select(vec!["critical", "high", "medium", "low", "info", "unknown"]);
    let texts = (name(), name(), hostile(), hostile(), prop::option::of(hostile()));
    (0..3u8, texts, status, severity, 0..10_000u32).prop_map(
        move |(kind, (id, rule, path, text, url), status, severity, line)| {
            let id = format!("{id}-{at}");
            let base = match kind {
                0 => flaw("CVE-2023-9", "pkg", &path),
                1 => code("x", &rule, &path, line),
                _ => secret("x", &rule, &path, line),
            };
            let mut document = base;
            for (key, value) in status.as_object().unwrap() {
                document[key] = value.clone();
            }
            document["finding_id"] = id.into();
            document["severity"] = severity.into();
            document["description"] = text.into();
            document["reference_url"] = url.into();
            document["source_scanner"] = format!("x{}", rule.chars().take(20).collect::<String>()).into();
            document
        },
    )
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let findings: Vec<_> = (0..4).map(any_finding).collect();
    (findings, hostile()).prop_map(|(documents, said)| {
        let mut sample = Sample::default().scanned("bandit", "partial");
        sample.findings = documents.iter().map(|document| finding(document, &json!({}))).collect();
        for finding in &sample.findings {
            let words = PlanWords {
                action: Some(said.clone()),
                workaround: Some(said.clone()),
                reason: Some(said.clone()),
                target_date: None,
            };
            sample.plans.insert(finding.finding_id.clone(), words);
        }
        sample
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_finding_says_its_export_is_valid(sample in any_sample()) {
        for format in ExportFormat::ALL {
            let selection = Selection::default_of(format).with_resolved();
            let exported = sample.export_selected(format, &selection);
            prop_assert_eq!(&exported, &sample.export_selected(format, &selection));
            let Some(document) = exported.document else { continue };
            prop_assert_eq!(faults(format, &document), Vec::<String>::new(), "{}", format);
            let text = String::from_utf8(document).unwrap();
            match format {
                ExportFormat::Csv => {
                    let rows = rows(&text);
                    prop_assert_eq!(rows.len(), exported.written + 1);
                    for row in &rows {
                        prop_assert_eq!(row.len(), COLUMNS.len());
                        prop_assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
                    }
                }
                ExportFormat::Ndjson => {
                    prop_assert_eq!(text.lines().count(), exported.written);
                    prop_assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
                }
                _ => {
                    let is_shown = text.contains('\u{202e}') || text.contains("\\u202e");
                    prop_assert!(!is_shown);
                }
            }
        }
    }
}
