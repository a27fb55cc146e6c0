use findings_model::{CoverageState, FindingId, Subject};
use serde_json::{Value, json};

use super::{Sample, finding, flaw};
use crate::{BaselineState, ExportFormat, PlanWords, Selection, StatusWord};

fn results(document: &Value) -> Vec<&Value> {
    document["runs"].as_array().unwrap().iter().flat_map(|run| run["results"].as_array().unwrap()).collect()
}

fn result<'d>(document: &'d Value, id: &str) -> &'d Value {
    results(document).into_iter().find(|r| r["properties"]["finding_id"] == id).unwrap()
}

#[test]
fn a_flaw_is_a_rule_of_its_own_at_the_file_that_names_the_dependencies() {
    let document = Sample::of_everything().json(ExportFormat::Sarif);
    let run = &document["runs"][2];
    assert_eq!(run["automationDetails"]["id"], "relwarden/pip-audit/");
    let rule =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().find(|r| r["id"] == "GHSA-j8r2-6x86-q33q").unwrap();
    insta::assert_snapshot!(super::lines(rule), @r#"{"defaultConfiguration":{"level":"error"},"deprecatedIds":["GHSA-j8r2-6x86-q33q-alias"],"fullDescription":{"text":"It can be attacked from afar."},"help":{"text":"It can be attacked from afar. Fixed in 2.31.0. Known as GHSA-j8r2-6x86-q33q, GHSA-j8r2-6x86-q33q-alias."},"helpUri":"https://osv.dev/vulnerability/GHSA-j8r2-6x86-q33q","id":"GHSA-j8r2-6x86-q33q","properties":{"security-severity":"9.8","tags":["security","vulnerability","runtime"]},"shortDescription":{"text":"GHSA-j8r2-6x86-q33q: a known flaw in requests"}}"#);
    let result = result(&document, "GHSA-j8r2-6x86-q33q");
    insta::assert_snapshot!(super::lines(result), @r#"{"level":"error","locations":[{"logicalLocations":[{"fullyQualifiedName":"pkg:pypi/requests@2.28.1","kind":"package","name":"requests"}],"physicalLocation":{"artifactLocation":{"uri":"requirements.txt","uriBaseId":"%SRCROOT%"},"region":{"startLine":1}}}],"message":{"text":"GHSA-j8r2-6x86-q33q in requests 2.28.1: It can be attacked from afar. (fixed in 2.31.0)"},"partialFingerprints":{"relwardenFindingId/v1":"5bd1d5a13526ea6e0b4886315205c3b3"},"properties":{"discovered_date":"2023-07-24","finding_id":"GHSA-j8r2-6x86-q33q","fix_version":"2.31.0","last_seen":"2023-08-07","severity":"critical","severity_source":"advisory_vector","status":"open","version":"2.28.1"},"ruleId":"GHSA-j8r2-6x86-q33q","ruleIndex":2}"#);
}

#[test]
fn paths_lead_from_the_top_of_the_repository_and_fingerprints_stay() {
    let at_the_top = Sample::of_everything().json(ExportFormat::Sarif);
    let below = Sample { folder: "libs/my core/", ..Sample::of_everything() };
    let document = below.json(ExportFormat::Sarif);
    let uri = |id: &str| result(&document, id)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri("BANDIT-B602-run.py-4"), "libs/my%20core/src/a%20b/run.py");
    assert_eq!(uri("GHSA-j8r2-6x86-q33q"), "libs/my%20core/requirements.txt");
    let marks = |document: &Value| -> Vec<Value> {
        results(document).into_iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    assert_eq!(marks(&document), marks(&at_the_top));
    for format in [ExportFormat::Csv, ExportFormat::Ndjson, ExportFormat::Openvex, ExportFormat::CyclonedxVex] {
        assert_eq!(below.export(format).document, Sample::of_everything().export(format).document, "{format}");
    }
}

#[test]
fn text_from_outside_makes_no_link_and_no_placeholder() {
    let document = Sample::of_everything().json(ExportFormat::Sarif);
    let result = result(&document, "BANDIT-B602-run.py-4");
    assert_eq!(
        result["message"]["text"],
        r"B602: subprocess call with shell=True \[see\](javascript:x) {{0}} ".trim_end()
    );
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "src/a%20b/run.py");
}

#[test]
fn a_severity_without_a_score_has_the_lower_end_of_its_band_and_unknown_none() {
    for (severity, score, number, level) in [
        ("critical", None, Some("9.0"), "error"),
        ("high", Some(9.8), Some("7.0"), "error"),
        ("medium", None, Some("4.0"), "warning"),
        ("low", Some(3.1), Some("3.1"), "note"),
        ("info", Some(0.0), Some("0.0"), "note"),
        ("unknown", None, None, "warning"),
    ] {
        let mut sample = Sample::default().scanned("pip-audit", "complete");
        let rated = json!({"severity": severity, "cvss_score": score, "cvss_vectors": []});
        sample.findings = vec![finding(&flaw("CVE-2023-9", "x", "1"), &rated)];
        let document = sample.json(ExportFormat::Sarif);
        let rule = &document["runs"][0]["tool"]["driver"]["rules"][0];
        assert_eq!(rule["properties"].get("security-severity").and_then(Value::as_str), number, "{severity}");
        assert_eq!(results(&document)[0]["level"], level, "{severity}");
    }
}

#[test]
fn what_is_excepted_is_suppressed_and_says_why() {
    let document = Sample::of_everything().json(ExportFormat::Sarif);
    insta::assert_snapshot!(super::lines(&result(&document, "CVE-2023-1")["suppressions"]), @r#"{"justification":"risk accepted: Only used in tests (until 2024-01-01)","kind":"external","status":"accepted"}"#);
    assert!(result(&document, "GHSA-j8r2-6x86-q33q").get("suppressions").is_none());
}

#[test]
fn a_scan_that_is_not_complete_is_never_taken_for_clean() {
    let sample = Sample::default().scanned("bandit", "failed").scanned("pip-audit", "partial");
    let document = sample.json(ExportFormat::Sarif);
    insta::assert_snapshot!(super::lines(&document["runs"][0]["invocations"]), @r#"{"executionSuccessful":false,"toolExecutionNotifications":[{"level":"error","message":{"text":"bandit (security/reports/latest/bandit.json): failed: it ended with a traceback"}}]}"#);
    assert_eq!(document["runs"][1]["invocations"][0]["executionSuccessful"], true);
    assert_eq!(document["runs"][1]["invocations"][0]["toolExecutionNotifications"][0]["level"], "error");
    assert_eq!(sample.export(ExportFormat::Sarif).gaps.len(), 2);
    let states: Vec<CoverageState> = reread(&document).into_iter().map(|scan| scan.coverage.state).collect();
    assert_eq!(states, [CoverageState::Failed, CoverageState::Partial]);
    let nothing = Sample::default().json(ExportFormat::Sarif);
    assert_eq!(nothing["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn every_result_stands_against_the_baseline_or_none_does() {
    let mut sample = Sample::of_everything();
    assert!(results(&sample.json(ExportFormat::Sarif)).iter().all(|r| r.get("baselineState").is_none()));

    let id = |text: &str| FindingId::parse(text).unwrap();
    sample.baseline = Some(
        [
            (id("GHSA-j8r2-6x86-q33q"), BaselineState::New),
            (id("CVE-2023-1"), BaselineState::Updated),
            (id("GHSA-old-old-old"), BaselineState::Absent),
        ]
        .into(),
    );
    let selection = Selection::default_of(ExportFormat::Sarif).with_resolved();
    let bytes = sample.export_selected(ExportFormat::Sarif, &selection).document.unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let state = |id: &str| result(&document, id)["baselineState"].clone();
    assert_eq!(state("GHSA-j8r2-6x86-q33q"), "new");
    assert_eq!(state("CVE-2023-1"), "updated");
    assert_eq!(state("GHSA-old-old-old"), "absent");
    assert_eq!(state("PYSEC-2023-135"), "unchanged");
}

#[test]
fn a_fingerprint_stays_while_everything_else_moves() {
    let mark = |changed: Value| {
        let spot = super::code("BANDIT-B602-run.py-4", "B602", "run.py", 4);
        let sample = Sample { findings: vec![finding(&spot, &changed)], ..Sample::default() };
        let document = sample.json(ExportFormat::Sarif);
        results(&document)[0]["partialFingerprints"].clone()
    };
    let moved = json!({"path": "lib/run.py", "line": 90, "severity": "low", "rule": "B603"});
    assert_eq!(mark(json!({})), mark(moved));
    assert_ne!(mark(json!({})), mark(json!({"finding_id": "BANDIT-B602-run.py-4~2"})));
}

#[test]
fn no_mark_of_a_secret_and_no_address_is_written() {
    let mut sample = Sample::of_everything();
    sample.findings.push(finding(
        &flaw("CVE-2023-7", "x", "1"),
        &json!({"description": concat!("ask eve@example.org, token ghp_", "0123456789abcdefghij0123456789abcdef")}),
    ));
    sample.plan("CVE-2023-7", PlanWords { action: Some("ask eve@example.org".to_owned()), ..PlanWords::default() });
    for format in ExportFormat::ALL {
        let text = String::from_utf8(sample.export(format).document.unwrap()).unwrap();
        for secret in ["f00d", "eve@", "ghp_0123"] {
            assert!(!text.contains(secret), "{format}: {secret}");
        }
    }
}

#[test]
fn our_own_reader_finds_the_same() {
    let sample = Sample::of_everything();
    let document = sample.json(ExportFormat::Sarif);
    let mut read: Vec<(String, String, Option<u32>, bool)> = reread(&document)
        .into_iter()
        .flat_map(|scan| scan.observations)
        .map(|o| match o.subject {
            Subject::Code(spot) => (spot.rule, spot.path, spot.line, o.clearance.is_some()),
            other => panic!("{other:?}"),
        })
        .collect();
    read.sort();
    let selection = Selection::default_of(ExportFormat::Sarif);
    let mut wanted: Vec<(String, String, Option<u32>, bool)> = sample
        .findings
        .iter()
        .filter(|f| selection.has(f))
        .map(|f| {
            let excepted = StatusWord::of(f) == StatusWord::Excepted;
            match &f.subject {
                Subject::Vulnerability(_) => {
                    (f.finding_id.to_string(), "requirements.txt".to_owned(), Some(1), excepted)
                }
                Subject::Code(spot) => (spot.rule.clone(), spot.path.clone(), spot.line, excepted),
                Subject::Secret(spot) => (spot.rule.clone(), spot.path.clone(), spot.line, excepted),
            }
        })
        .collect();
    wanted.sort();
    assert_eq!(read, wanted);
}

fn reread(document: &Value) -> Vec<findings_model::Scan> {
    super::vex::reread(document, "relwarden.sarif")
}
