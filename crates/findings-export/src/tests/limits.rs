use serde_json::{Value, json};

use super::{Sample, code, finding};
use crate::{ExportFormat, LeftOutReason, limits};

fn parsed(sample: &Sample) -> (Value, Vec<(usize, LeftOutReason)>) {
    let exported = sample.export(ExportFormat::Sarif);
    let left_out = exported.left_out.iter().map(|l| (l.count, l.reason)).collect();
    (serde_json::from_slice(&exported.document.unwrap()).unwrap(), left_out)
}

#[test]
fn of_too_many_scanners_those_with_the_worst_findings_stay() {
    let mut sample = Sample::default();
    for at in 0..25 {
        let scanner = format!("tool-{at:02}");
        sample = sample.scanned(&scanner, "complete");
        let severity = if at < 5 { "low" } else { "high" };
        let of = json!({"source_scanner": scanner, "severity": severity});
        sample.findings.push(finding(&code(&format!("CODE-{at:02}"), "R1", "a.py", 1), &of));
    }
    let (document, left_out) = parsed(&sample);
    assert_eq!(document["runs"].as_array().unwrap().len(), limits::RUNS);
    assert_eq!(left_out, [(5, LeftOutReason::Runs)]);
    assert_eq!(document["runs"][0]["automationDetails"]["id"], "relwarden/tool-05/");
    let notes = document["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert!(notes.iter().any(|n| n["message"]["text"].as_str().unwrap().contains("tool-00")), "{notes:#?}");
}

#[test]
fn of_too_many_findings_the_worst_stay_and_the_rest_is_counted() {
    let mut sample = Sample::default().scanned("bandit", "complete");
    for at in 0..limits::RESULTS + 10 {
        let severity = if at % 2 == 0 { "low" } else { "high" };
        sample.findings.push(finding(&code(&format!("CODE-{at:06}"), "R1", "a.py", 1), &json!({"severity": severity})));
    }
    let (document, left_out) = parsed(&sample);
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert_eq!((results.len(), left_out), (limits::RESULTS, vec![(10, LeftOutReason::Results)]));
    let high = results.iter().filter(|r| r["level"] == "error").count();
    assert_eq!(high, limits::RESULTS / 2 + 5, "none of the worst is left out");
}

#[test]
fn two_scanners_never_share_a_category() {
    let sample = Sample::default().scanned("my tool", "complete").scanned("my-tool", "complete");
    let (document, _) = parsed(&sample);
    let ids: Vec<&str> =
        document["runs"].as_array().unwrap().iter().map(|r| r["automationDetails"]["id"].as_str().unwrap()).collect();
    assert!(ids[0] != ids[1] && ids.contains(&"relwarden/my-tool/"), "{ids:?}");
}
