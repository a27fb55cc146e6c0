//! `bump` and whether anything is due: what was decided last, and which decision is carried out.

use serde_json::json;
use test_support::{Checkout, Run};

use crate::bump_git::checkout;

const SETTINGS: &str = "mode = 'commit'\npush = true";

fn run(checkout: &Checkout) -> Run {
    let run = test_support::binary!("decide-release").run().project(&checkout.path()).now("2026-01-19T03:00:00Z");
    run.args(["--format", "json"])
}

/// What is on the branch and which tags there are, here and on the remote.
fn history(checkout: &Checkout) -> [String; 4] {
    let log = ["log", "--format=%H %s", "main"];
    [checkout.git(&log), checkout.git(&["tag"]), checkout.git_at_remote(&log), checkout.git_at_remote(&["tag"])]
}

#[track_caller]
fn refused(checkout: &Checkout, arguments: &[&str], words: &str) {
    let before = history(checkout);
    let outcome = run(checkout).arg("bump").args(arguments).output().expect_code(1);
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    assert_eq!(history(checkout), before);
    assert_eq!(checkout.git(&["diff"]), "");
}

#[test]
fn without_a_due_release_only_a_named_version_is_written() {
    let checkout = checkout(SETTINGS);
    let decision = run(&checkout).args(["--index", "none"]).output().expect_success().json();
    assert_eq!(decision["should_release"], false);
    let id = decision["decision_id"].as_str().unwrap();
    for arguments in [&[] as &[&str], &["--dry-run"], &["--index", "none"], &["--decision-id", id]] {
        refused(&checkout, arguments, "no release is due: the newest decision is not to release");
        refused(&checkout, arguments, "--next-version");
    }
    let document = run(&checkout).args(["bump", "--next-version", "1.4.0"]).output().expect_success().json();
    assert_eq!((&document["tag"], &document["pushed"]), (&json!("v1.4.0"), &json!(true)));
}

#[test]
fn a_release_that_is_recorded_is_not_due() {
    let checkout = checkout(SETTINGS);
    let decide = || run(&checkout).args(["--manual", "--notes", "x", "--request-id", "1", "--index", "none"]);
    let decision = decide().output().expect_success().json();
    let baseline = json!({
        "schema_version": "1.0", "lineage": null, "version": decision["next_version"], "decision_id": decision["decision_id"],
        "recorded_at": "2026-01-19T03:00:00Z", "scanners": {}, "findings": []
    });
    checkout.write("security/findings/baseline.json", baseline.to_string());
    refused(&checkout, &[], "the last decision was released as 1.2.3 and recorded");
}

#[test]
fn a_decision_that_is_not_known_is_told_from_one_that_was_replaced() {
    let checkout = checkout(SETTINGS);
    refused(&checkout, &["--decision-id", "abc"], "no decision \"abc\" is known here: there is none");
    let decide = |id: &str| {
        let run = run(&checkout).args(["--manual", "--notes", "x", "--index", "none", "--request-id", id]);
        run.output().expect_success().json()["decision_id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (decide("1"), decide("2"));
    refused(&checkout, &["--decision-id", &first], "another decision took the place of the one that is carried out");
    refused(&checkout, &["--decision-id", &first[1..]], &format!("is known here: the newest is {second}"));
    run(&checkout).args(["bump", "--decision-id", &second]).output().expect_success();
}

#[test]
fn a_version_that_may_not_be_wanted_is_warned_of() {
    let checkout = checkout("mode = 'workspace'");
    let outcome = run(&checkout).args(["bump", "--index", "none", "--next-version", "1.0.0"]).output().expect_success();
    let warning = "1.0.0 was asked for and is older than 1.2.3, which the project says it is";
    assert!(outcome.stderr.contains(&format!("warning: {warning}")), "{}", outcome.stderr);
    assert_eq!(outcome.json()["warnings"], json!([warning]));
}
