//! The recorded sample project over its weeks.

use std::collections::BTreeSet;

use serde_json::Value;
use test_support::{
    Outcome,
    fixtures::{WEEKS, fixture_path, fixture_text},
    index::Fault,
};

use crate::system::{
    BASELINE, DECISION, STATUS, STATUS_PAGE, System, changes, find, ids, index_with_1_0_0, only, scan_of, text,
};

/// The moment of a week's scan.
fn morning(week: &str) -> String {
    format!("{week}T04:00:00Z")
}

/// A week's scan, with the advisory records of that day.
fn scan(system: &System, week: &str, index: &str) -> Outcome {
    system.project.set_week(week);
    again(system, week, &morning(week), index)
}

/// The workflow on the reports that lie there, at another moment.
fn again(system: &System, week: &str, now: &str, index: &str) -> Outcome {
    let advisories = fixture_path(&format!("sample-project/weeks/{week}/advisories"));
    system.workflow_with_index(now, index).arg("--advisories").arg(advisories).output()
}

/// What the recording says about a week.
struct Expected {
    release: bool,
    exit_code: i32,
    new: BTreeSet<String>,
    resolved: BTreeSet<String>,
}

fn expected(week: &str) -> Expected {
    let text = fixture_text(&format!("sample-project/weeks/{week}/RECORDED.toml"));
    let recorded: toml::Table = toml::from_str(&text).expect("RECORDED.toml is TOML");
    let expected = recorded["expected"].as_table().expect("a table expected");
    let names = |key: &str| {
        let names = expected[key].as_array().expect("a list of findings").iter();
        names.map(|name| name.as_str().expect("a text").to_owned()).collect()
    };
    Expected {
        release: expected["decision"].as_str() == Some("release"),
        exit_code: expected["exit_code"].as_integer().and_then(|code| i32::try_from(code).ok()).expect("an exit code"),
        new: names("new"),
        resolved: names("resolved"),
    }
}

/// The names under which a recording may list a change: `requests CVE-2023-32681 medium`, `B113 src/x.py medium`.
fn names(change: &Value) -> BTreeSet<String> {
    let severity = text(change, "impact_level");
    if change["kind"] == "vulnerability" {
        let aliases = change["aliases"].as_array().expect("a list of aliases").iter();
        aliases
            .map(|alias| format!("{} {} {severity}", text(change, "package"), alias.as_str().expect("an id")))
            .collect()
    } else {
        BTreeSet::from([format!("{} {} {severity}", text(change, "rule"), text(change, "path"))])
    }
}

#[track_caller]
fn assert_changes(decision: &Value, change_type: &str, expected: &BTreeSet<String>) {
    let found = changes(decision, change_type);
    assert_eq!(found.len(), expected.len(), "{change_type}: {found:#?}");
    for change in found {
        let names = names(&change);
        assert!(!names.is_disjoint(expected), "{change_type}: {names:?} is none of {expected:?}");
    }
}

#[test]
fn every_week_is_decided_as_recorded_when_each_release_is_published() {
    let (system, index) = (System::sample(), index_with_1_0_0());
    let mut published = Vec::new();
    for week in WEEKS {
        let expected = expected(week);
        let releases = system.releases(&index, &morning(week));
        let outcome = scan(&system, week, releases).expect_code(expected.exit_code);
        let document = outcome.json();
        let decision = &document["release_decision"];
        assert_eq!(decision["should_release"], expected.release, "{week}: {decision:#}");
        assert_eq!(decision["trigger_type"], if expected.release { "security_auto" } else { "none" }, "{week}");
        assert_changes(decision, "new_vulnerability", &expected.new);
        assert_changes(decision, "resolved", &expected.resolved);
        assert_eq!(document["success"], expected.exit_code == 0, "{week}");
        // The recorded distributions go up to 1.0.2; what the last week would publish is not among them.
        if expected.release && week != WEEKS[6] {
            published.push(system.release(&index, &morning(week)));
        }
    }
    assert_eq!(published, ["1.0.1", "1.0.2"]);
    assert_eq!(index.files().len(), 6);
}

#[test]
fn the_reason_to_release_stays_until_it_is_published() {
    let (system, index) = (System::sample(), index_with_1_0_0());
    let releases = system.releases(&index, &morning(WEEKS[0]));
    scan(&system, WEEKS[0], releases).expect_success();
    let first = scan(&system, WEEKS[1], releases).expect_success().json();
    let second = scan(&system, WEEKS[2], releases).expect_success().json();
    for document in [&first, &second] {
        let decision = &document["release_decision"];
        assert_eq!(decision["should_release"], true);
        assert_eq!(text(decision, "justification"), "Security-driven release: 1 new high/critical vulnerability");
        assert_eq!(decision["next_version"], "1.0.1");
    }
    system.release(&index, &morning(WEEKS[2]));
    let releases = system.releases(&index, &morning(WEEKS[2]));
    let after = scan(&system, WEEKS[2], releases).expect_success().json();
    assert_eq!(after["release_decision"]["should_release"], false);
    assert_eq!(after["release_decision"]["security_changes_count"], 0, "{after:#}");
}

#[test]
fn a_decision_survives_a_failed_publish_and_ends_with_a_recorded_one() {
    let (system, index) = (System::sample(), index_with_1_0_0());
    let releases = system.releases(&index, &morning(WEEKS[0]));
    scan(&system, WEEKS[0], releases).expect_success();
    let decided = scan(&system, WEEKS[1], releases).expect_success().json();
    let decision = decided["release_decision"].clone();
    let baseline = system.project.bytes(BASELINE);

    index.fail_uploads([Fault::Status(403)]);
    system.publish("1.0.1", &index, &morning(WEEKS[1])).output().expect_code(5);
    let refused = system.record_release(&morning(WEEKS[1])).output().expect_code(1);
    assert!(refused.stderr.contains("not verified"), "{}", refused.stderr);
    assert_eq!(system.project.bytes(BASELINE), baseline, "only a verified receipt moves the baseline");

    let later = again(&system, WEEKS[1], "2023-08-01T09:30:00Z", releases).expect_success().json();
    let stands = &later["release_decision"];
    assert_eq!(stands["should_release"], true);
    assert_eq!(stands["decision_id"], decision["decision_id"]);
    assert_eq!(stands["next_version"], decision["next_version"]);

    system.release(&index, "2023-08-01T10:00:00Z");
    let recorded = system.project.json(BASELINE);
    assert_eq!(find(&recorded, "decision_id"), &decision["decision_id"]);
    let moved = system.project.bytes(BASELINE);
    system.record_release("2023-08-01T10:05:00Z").output().expect_success();
    assert_eq!(system.project.bytes(BASELINE), moved, "recording twice is recording once");

    let releases = system.releases(&index, "2023-08-02T09:30:00Z");
    let gone = again(&system, WEEKS[1], "2023-08-02T09:30:00Z", releases).expect_success().json();
    assert_eq!(gone["release_decision"]["should_release"], false, "{gone:#}");
    assert_eq!(gone["release_decision"]["justification"], "No release triggers detected");
}

#[test]
fn a_publish_that_is_recorded_late_moves_the_baseline_to_what_was_published() {
    let (system, index) = (System::sample(), index_with_1_0_0());
    let releases = system.releases(&index, &morning(WEEKS[0]));
    scan(&system, WEEKS[0], releases).expect_success();
    let published = scan(&system, WEEKS[1], releases).expect_success().json();
    system.publish("1.0.1", &index, &morning(WEEKS[1])).output().expect_success();
    // The scan of another week, before the receipt was recorded: a decision on more than what was published.
    let releases = system.releases(&index, &morning(WEEKS[6]));
    let newer = scan(&system, WEEKS[6], releases).expect_success().json();
    assert_eq!(newer["workflow_outputs"]["next_version"], "1.0.2", "{newer:#}");
    assert_eq!(system.kept_decisions().len(), 1);

    system.record_release(&morning(WEEKS[6])).output().expect_success();
    let baseline = system.project.json(BASELINE);
    assert_eq!(baseline["decision_id"], published["release_decision"]["decision_id"]);
    assert_eq!((&baseline["version"], &baseline["trigger_type"]), (&"1.0.1".into(), &"security_auto".into()));
    assert!(system.kept_decisions().is_empty(), "what is recorded is not kept any longer");
    // What that release did not carry is still due, as it was before it was recorded.
    let next = again(&system, WEEKS[6], "2023-09-05T04:00:00Z", releases).expect_success().json();
    assert_eq!(next["release_decision"]["decision_id"], newer["release_decision"]["decision_id"], "{next:#}");
    let resolved = ids(&changes(&next["release_decision"], "resolved"));
    assert_eq!(resolved, ["CVE-2023-37920"], "it was in what 1.0.1 was decided on");
}

#[test]
fn a_decision_that_is_published_and_not_recorded_is_not_released_again() {
    let (system, index) = (System::sample(), index_with_1_0_0());
    let releases = system.releases(&index, &morning(WEEKS[0]));
    scan(&system, WEEKS[0], releases).expect_success();
    let first = scan(&system, WEEKS[1], releases).expect_success().json();
    system.publish("1.0.1", &index, &morning(WEEKS[1])).output().expect_success();
    let (decision, receipt) = (system.project.bytes(DECISION), system.project.bytes("receipt.json"));
    // On another machine the receipt is not there; the index tells.
    for receipt_is_there in [true, false] {
        if !receipt_is_there {
            std::fs::remove_file(system.project.join("receipt.json")).unwrap();
        }
        let releases = system.releases(&index, "2023-08-01T09:30:00Z");
        let outcome = again(&system, WEEKS[1], "2023-08-01T09:30:00Z", releases).expect_success();
        let document = outcome.json();
        assert_eq!(document["release_decision"]["already_published"], "1.0.1", "{document:#}");
        assert_eq!(document["workflow_outputs"]["should_release"], "false");
        assert_eq!(document["workflow_outputs"]["already_published"], "1.0.1");
        assert_eq!(document["release_decision"]["decision_id"], first["release_decision"]["decision_id"]);
        assert!(outcome.stderr.contains("record-release"), "{}", outcome.stderr);
        assert_eq!(system.project.bytes(DECISION), decision, "the decision is kept for the record");
    }
    system.project.write("receipt.json", receipt);
    system.record_release(&morning(WEEKS[1])).output().expect_success();
    let releases = system.releases(&index, "2023-08-02T09:30:00Z");
    let after = again(&system, WEEKS[1], "2023-08-02T09:30:00Z", releases).expect_success().json();
    assert_eq!(after["security_changes"], 0);
}

#[test]
fn a_receipt_of_an_unknown_decision_is_refused() {
    let (system, index) = (System::sample(), index_with_1_0_0());
    let releases = system.releases(&index, &morning(WEEKS[0]));
    scan(&system, WEEKS[0], releases).expect_success();
    scan(&system, WEEKS[1], releases).expect_success();
    system.publish("1.0.1", &index, &morning(WEEKS[1])).output().expect_success();
    let mut receipt = system.project.json("receipt.json");
    receipt["decision_id"] = "0".repeat(64).into();
    system.project.write("receipt.json", receipt.to_string());
    let baseline = system.project.bytes(BASELINE);
    let outcome = system.record_release(&morning(WEEKS[1])).output().expect_code(1);
    assert!(outcome.stderr.contains("decision"), "{}", outcome.stderr);
    assert_eq!(system.project.bytes(BASELINE), baseline);
}

#[test]
fn a_first_scan_sets_the_baseline_and_releases_nothing() {
    let system = System::sample();
    let document = scan(&system, WEEKS[0], "none").expect_success().json();
    let decision = &document["release_decision"];
    assert_eq!(decision["should_release"], false);
    assert!(text(decision, "justification").contains("first scan"), "{decision:#}");
    assert_eq!(decision["security_changes_count"], 3);
    let baseline = system.project.json(BASELINE);
    assert_eq!(baseline["findings"].as_array().map(Vec::len), Some(3), "{baseline:#}");

    let next = again(&system, WEEKS[0], "2023-07-25T04:00:00Z", "none").expect_success().json();
    assert_eq!(next["release_decision"]["security_changes_count"], 0);
}

#[test]
fn a_week_without_a_scanner_leaves_its_findings_open_and_the_state_unknown() {
    let system = System::sample();
    scan(&system, WEEKS[0], "none").expect_success();
    let healthy = system.project.json(STATUS);
    assert_eq!((healthy["state"].as_str(), healthy["security_grade"].as_str()), (Some("attention"), Some("B")));
    let known = system.ledger();

    system.project.set_week(WEEKS[5]);
    let outcome = system.workflow(&morning(WEEKS[5])).output().expect_code(1);
    let document = outcome.json();
    assert_eq!(document["success"], false);
    assert_eq!(document["status_updated"], true);
    assert_eq!(document["release_decision"]["should_release"], false);
    assert_eq!(changes(&document["release_decision"], "resolved").len(), 0);
    assert!(outcome.stderr.contains("pip-audit"), "{}", outcome.stderr);

    let ledger = system.ledger();
    let unverified = only(&ledger, "unverified");
    assert_eq!(unverified["package"], "requests");
    assert_eq!(unverified["discovered_date"], "2023-07-24");
    assert!(ids(&ledger).iter().all(|id| ids(&known).contains(id)), "{ledger:#?}");

    let status = system.project.json(STATUS);
    assert_eq!(status["state"], "unknown");
    assert_eq!(status["security_grade"], Value::Null);
    assert!(text(&status, "grade_reason").contains("pip-audit"), "{status:#}");
    assert_eq!(status["vulnerability_summary"]["total"], 3);
    assert_eq!(status["unverified_findings"], 1);
    let page = system.project.text(STATUS_PAGE);
    assert!(page.contains("The state is unknown") && page.contains("pip-audit"), "{page}");
    assert_eq!(system.records().last().map(|run| run["status"].clone()), Some("failed".into()));
}

#[test]
fn a_status_that_nobody_refreshes_turns_stale_and_then_unknown() {
    let system = System::sample();
    scan(&system, WEEKS[0], "none").expect_success();
    let fresh = system.project.json(STATUS);
    assert_eq!(fresh["stale"], false);
    assert!(text(&fresh, "stale_after") > text(&fresh, "last_updated"), "{fresh:#}");

    system.run("update-status", "2023-08-02T09:00:00Z").arg("--refresh").output().expect_success();
    let stale = system.project.json(STATUS);
    assert_eq!((stale["stale"].as_bool(), stale["state"].as_str()), (Some(true), Some("attention")), "{stale:#}");
    assert_eq!(stale["scan_date"], fresh["scan_date"]);

    system.run("update-status", "2023-08-20T09:00:00Z").arg("--refresh").output().expect_success();
    let old = system.project.json(STATUS);
    assert_eq!((old["state"].as_str(), &old["security_grade"]), (Some("unknown"), &Value::Null), "{old:#}");
    assert_eq!(old["scan_date"], fresh["scan_date"]);
}

#[test]
fn the_recorded_traps_are_read_as_their_recordings_say() {
    for (tool, case) in [
        ("pip-audit", "clean"),
        ("pip-audit", "all-skipped"),
        ("pip-audit", "one-skipped"),
        ("pip-audit", "truncated"),
        ("bandit", "clean"),
        ("bandit", "filtered"),
        ("bandit", "missing-path"),
        ("bandit", "syntax-error"),
        ("bandit", "truncated"),
        ("detect-secrets", "clean"),
        ("detect-secrets", "truncated"),
    ] {
        let folder = format!("traps/{tool}/{case}");
        let recorded: toml::Table =
            toml::from_str(&fixture_text(&format!("{folder}/RECORDED.toml"))).expect("RECORDED.toml is TOML");
        let run = &recorded["run"][0];
        let (file, coverage) = (run["report"].as_str().expect("a name"), run["expected_coverage"].as_str());

        let system = System::sample();
        system.project.set_week(WEEKS[0]);
        system.update_findings(&morning(WEEKS[0])).output().expect_success();
        let open = system.ledger().len();
        system.report(file, test_support::fixture(&format!("{folder}/{file}")));
        let outcome = system.update_findings(&morning(WEEKS[1])).output();
        let document = outcome.json();
        let scan = scan_of(&document, file);
        assert_eq!(scan["coverage"].as_str(), coverage, "{tool} {case}: {scan:#}");
        assert_eq!(outcome.code, Some(i32::from(coverage == Some("failed"))), "{tool} {case}: {}", outcome.stderr);
        if coverage != Some("complete") {
            assert_ne!(scan["reasons"].as_array().map(Vec::len), Some(0), "{tool} {case}");
        }
        if coverage == Some("failed") {
            let left = system.ledger();
            assert_eq!(left.len(), open, "{tool} {case}");
            assert!(left.iter().all(|f| f["status"] != "resolved"), "{tool} {case}: {left:#?}");
        }
    }
}

#[test]
fn the_decision_file_holds_the_snapshot_that_it_was_made_on() {
    let system = System::sample();
    scan(&system, WEEKS[0], "none").expect_success();
    let printed = scan(&system, WEEKS[1], "none").expect_success().json();
    let stored = system.project.json(DECISION);
    assert_eq!(find(&stored, "decision_id"), &printed["release_decision"]["decision_id"]);
    assert_eq!(find(&stored, "snapshot")["findings"].as_array().map(Vec::len), Some(4));
}
