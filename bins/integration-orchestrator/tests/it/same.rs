//! The same input at the same moment gives the same bytes.

use std::collections::BTreeMap;

use test_support::{Scratch, fixtures::WEEKS, fixtures::fixture_path};

use crate::system::{BASELINE, CHANGELOG, DECISION, EVENTS, PLANS, System, find};

fn run(system: &System, now: &str, week: &str) {
    system
        .workflow(now)
        .arg("--advisories")
        .arg(fixture_path(&format!("sample-project/weeks/{week}/advisories")))
        .output()
        .expect_success();
}

fn four_weeks() -> System {
    let system = System::sample();
    for week in &WEEKS[..4] {
        system.project.set_week(week);
        run(&system, &format!("{week}T04:00:00Z"), week);
    }
    system
}

#[track_caller]
fn assert_same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (name, bytes) in left {
        assert_eq!(String::from_utf8_lossy(bytes), String::from_utf8_lossy(&right[name]), "{name}");
    }
}

/// Of the run records only the random part of their ids and the measured times differ.
#[test]
fn two_copies_end_with_the_same_bytes() {
    let (left, right) = (four_weeks(), four_weeks());
    assert_same(&left.documents(), &right.documents());
    let [left, right] = [left, right].map(|system| {
        let shared = |record: &serde_json::Value| {
            ["workflow_name", "start_time", "status", "release_type", "security_changes_count"]
                .map(|key| record[key].clone())
        };
        let mut records: Vec<String> = system.records().iter().map(|record| format!("{:?}", shared(record))).collect();
        records.sort();
        records
    });
    assert_eq!(left, right);
    assert_eq!(left.len(), 4);
}

#[test]
fn documents_name_no_folder_of_this_machine() {
    let system = four_weeks();
    let scratch = system.project.path().to_string_lossy().into_owned();
    for name in system.project.files() {
        let name = name.to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&system.project.bytes(&name)).into_owned();
        assert!(!text.contains(&scratch), "{name} names {scratch}");
    }
}

#[test]
fn a18_an_unchanged_rerun_changes_no_byte() {
    let system = four_weeks();
    let before = system.documents();
    for _ in 0..3 {
        run(&system, "2023-08-14T04:00:00Z", WEEKS[3]);
        assert_same(&before, &system.documents());
    }
    assert_eq!(system.records().len(), 7, "each run has its record");
}

#[test]
fn a18_later_reruns_add_no_note_no_event_and_no_entry() {
    let system = four_weeks();
    let kept = [PLANS, EVENTS, CHANGELOG, BASELINE];
    let before = kept.map(|name| system.project.text(name));
    let decision_id = find(&system.project.json(DECISION), "decision_id").clone();
    for day in 15..20 {
        run(&system, &format!("2023-08-{day}T04:00:00Z"), WEEKS[3]);
        for (name, before) in kept.iter().zip(&before) {
            assert_eq!(&system.project.text(name), before, "{name} on day {day}");
        }
        assert_eq!(find(&system.project.json(DECISION), "decision_id"), &decision_id);
    }
}

fn digest_of(system: &System) -> String {
    let ledger = system.project.json("security/findings/findings.json");
    ledger["scanners"]["pip-audit"]["newest"][0]["report_digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn the_order_of_a_report_s_entries_does_not_matter() {
    let end = |requests_first: bool| {
        let project = Scratch::sample();
        project.set_week(WEEKS[1]);
        let system = System { project };
        let path = "security/reports/latest/pip-audit.json";
        let mut report = system.project.json(path);
        let dependencies = report["dependencies"].as_array_mut().expect("a list of dependencies");
        if requests_first {
            dependencies.reverse();
        }
        for dependency in dependencies {
            for vulnerability in dependency["vulns"].as_array_mut().into_iter().flatten() {
                let aliases = vulnerability["aliases"].as_array_mut().expect("a list of aliases");
                if requests_first {
                    aliases.reverse();
                }
            }
        }
        system.project.write(path, report.to_string());
        run(&system, "2023-07-31T04:00:00Z", WEEKS[1]);
        let digest = digest_of(&system);
        let mut documents = system.documents();
        documents.remove(path);
        // The digest of the report itself is another one, and says so.
        for bytes in documents.values_mut() {
            *bytes = String::from_utf8_lossy(bytes).replace(&digest, "DIGEST").into_bytes();
        }
        (digest, documents)
    };
    let (first, second) = (end(true), end(false));
    assert_ne!(first.0, second.0);
    assert_same(&first.1, &second.1);
}
