use findings_model::{Clearance, Scan, Subject};
use scanner_reports::Source;
use serde_json::{Value, json};

use super::{Sample, finding, flaw};
use crate::{ExportFormat, LeftOutReason, PlanWords};

pub(super) fn reread(document: &Value, name: &str) -> Vec<Scan> {
    let now = "2023-08-07T04:00:00Z".parse().unwrap();
    let source = Source { file: name, declared: None, own_project: None, key: None, now };
    scanner_reports::read(document.to_string().as_bytes(), &source)
}

/// Package, version, id and clearance of each record.
fn read(document: &Value) -> Vec<(String, Option<String>, String, Option<Clearance>)> {
    let mut read: Vec<_> = reread(document, "vex.json")
        .into_iter()
        .flat_map(|scan| scan.observations)
        .map(|o| match o.subject {
            Subject::Vulnerability(v) => {
                (v.package.to_string(), v.version.map(String::from), v.id.to_string(), o.clearance)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    read.sort();
    read
}

#[test]
fn our_own_readers_find_the_same_flaws_and_states() {
    let sample = Sample::of_everything();
    let row = |package: &str, version: &str, id: &str, clearance| {
        (package.to_owned(), Some(version.to_owned()), id.to_owned(), clearance)
    };
    let wanted = |false_positive| {
        [
            row("certifi", "2022.12.7", "PYSEC-2023-135", None),
            row("idna", "3.0", "CVE-2023-1", None),
            row("py", "1.11.0", "CVE-2023-2", Some(false_positive)),
            row("requests", "2.28.1", "GHSA-j8r2-6x86-q33q", None),
            row("urllib3", "1.26.0", "GHSA-old-old-old", Some(Clearance::Fixed)),
        ]
    };
    assert_eq!(read(&sample.json(ExportFormat::Openvex)), wanted(Clearance::NotAffected));
    assert_eq!(read(&sample.json(ExportFormat::CyclonedxVex)), wanted(Clearance::NotAffected));
}

#[test]
fn a_statement_says_what_people_decided() {
    let document = Sample::of_everything().json(ExportFormat::Openvex);
    let said: Vec<Value> = document["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            let mut said = json!({"of": s["vulnerability"]["name"]});
            for key in ["status", "status_notes", "justification", "impact_statement", "action_statement"] {
                if let Some(value) = s.get(key) {
                    said[key] = value.clone();
                }
            }
            said
        })
        .collect();
    insta::assert_snapshot!(super::lines(&Value::from(said)), @r#"
    {"action_statement":"Only used in tests","of":"CVE-2023-1","status":"affected","status_notes":"Holds until 2024-01-01"}
    {"justification":"vulnerable_code_not_in_execute_path","of":"CVE-2023-2","status":"not_affected","status_notes":"we never ask Subversion"}
    {"action_statement":"Upgrade to 2.31.0","of":"GHSA-j8r2-6x86-q33q","status":"affected"}
    {"of":"GHSA-old-old-old","status":"fixed","status_notes":"Resolved on 2023-08-02: the package was upgraded to a version that is not affected"}
    {"of":"PYSEC-2023-135","status":"under_investigation","status_notes":"Not verified since 2023-08-01: no scan could confirm or end it"}
    "#);
    insta::assert_snapshot!(super::lines(&document["statements"][2]["products"]), @r#"{"@id":"pkg:pypi/sample-package@1.0.1","identifiers":{"purl":"pkg:pypi/sample-package@1.0.1"},"subcomponents":[{"@id":"pkg:pypi/requests@2.28.1","identifiers":{"purl":"pkg:pypi/requests@2.28.1"}}]}"#);
}

#[test]
fn an_analysis_says_the_same() {
    let document = Sample::of_everything().json(ExportFormat::CyclonedxVex);
    let said: Vec<Value> = document["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| json!({"of": v["id"], "analysis": v["analysis"], "affects": v["affects"]}))
        .collect();
    insta::assert_snapshot!(super::lines(&Value::from(said)), @r#"
    {"affects":[{"ref":"pkg:pypi/idna@3.0","versions":[{"status":"affected","version":"3.0"}]}],"analysis":{"detail":"Only used in tests. Holds until 2024-01-01","lastUpdated":"2023-08-07T04:00:00Z","response":["will_not_fix"],"state":"exploitable"},"of":"CVE-2023-1"}
    {"affects":[{"ref":"pkg:pypi/py@1.11.0","versions":[{"status":"unaffected","version":"1.11.0"}]}],"analysis":{"detail":"we never ask Subversion","justification":"code_not_reachable","lastUpdated":"2023-08-07T04:00:00Z","state":"not_affected"},"of":"CVE-2023-2"}
    {"affects":[{"ref":"pkg:pypi/requests@2.28.1","versions":[{"status":"affected","version":"2.28.1"}]}],"analysis":{"detail":"Upgrade to 2.31.0","lastUpdated":"2023-08-07T04:00:00Z","response":["update"],"state":"exploitable"},"of":"GHSA-j8r2-6x86-q33q"}
    {"affects":[{"ref":"pkg:pypi/urllib3@1.26.0"}],"analysis":{"detail":"Resolved on 2023-08-02: the package was upgraded to a version that is not affected","lastUpdated":"2023-08-07T04:00:00Z","state":"resolved"},"of":"GHSA-old-old-old"}
    {"affects":[{"ref":"pkg:pypi/certifi@2022.12.7","versions":[{"status":"unknown","version":"2022.12.7"}]}],"analysis":{"detail":"Not verified since 2023-08-01: no scan could confirm or end it","lastUpdated":"2023-08-07T04:00:00Z","state":"in_triage"},"of":"PYSEC-2023-135"}
    "#);
    insta::assert_snapshot!(super::lines(&document["vulnerabilities"][2]["ratings"]), @r#"{"method":"CVSSv31","score":9.8,"severity":"critical","source":{"name":"CVSS"},"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#);
}

#[test]
fn only_flaws_of_dependencies_are_in_it_and_the_rest_is_counted() {
    for format in [ExportFormat::Openvex, ExportFormat::CyclonedxVex] {
        let exported = Sample::of_everything().export(format);
        assert_eq!(exported.written, 5);
        assert_eq!(exported.left_out.len(), 1);
        assert_eq!((exported.left_out[0].count, exported.left_out[0].reason), (2, LeftOutReason::NotAVulnerability));
    }
}

#[test]
fn openvex_cannot_say_that_there_is_nothing() {
    assert_eq!(Sample::default().export(ExportFormat::Openvex).document, None);
    assert!(Sample::default().export(ExportFormat::CyclonedxVex).document.is_some());
}

#[test]
fn nothing_is_called_harmless_because_it_was_silenced_or_withdrawn() {
    let findings = vec![
        finding(&flaw("CVE-1-1", "a", "1"), &json!({"status": "excepted", "excepted_by": "report_suppressed"})),
        finding(
            &flaw("CVE-1-2", "b", "1"),
            &json!({"status": "resolved", "resolved_date": "2023-08-02", "resolved_reason": "withdrawn"}),
        ),
        finding(&flaw("CVE-1-3", "c", "1"), &json!({})),
    ];
    let mut sample = Sample { findings, ..Sample::default() };
    // A plan with a target but no action decides nothing.
    sample.plan("CVE-1-3", PlanWords { target_date: findings_model::parse_date("2023-09-01"), ..PlanWords::default() });
    let document = sample.json(ExportFormat::Openvex);
    let status = |at: usize| document["statements"][at]["status"].as_str().unwrap();
    assert_eq!([status(0), status(1), status(2)], ["under_investigation", "not_affected", "under_investigation"]);
    assert_eq!(document["statements"][1]["impact_statement"], "The advisory was withdrawn (seen on 2023-08-02)");
}
