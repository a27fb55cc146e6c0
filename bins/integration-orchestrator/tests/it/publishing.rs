//! From a decision to a release on an index, and what the index refuses.

use serde_json::json;
use test_support::index::{Fault, Index, Settings};

use crate::{
    scans::one_secret,
    system::{BASELINE, System, WEEK_2, WEEK_3, find, index_with_1_0_0, text},
};

/// A project in which a secret is the reason to release.
fn with_a_reason() -> System {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system
}

#[test]
fn a36_an_automatic_release_gets_a_version_that_the_index_does_not_have() {
    let (system, index) = (with_a_reason(), index_with_1_0_0());
    let releases = system.releases(&index, WEEK_2);
    let document = system.workflow_with_index(WEEK_2, releases).output().expect_success().json();
    assert_eq!(document["release_decision"]["current_version"], "1.0.0");
    assert_eq!(document["workflow_outputs"]["next_version"], "1.0.1");

    // Without the index's word nothing but the project's own version is known.
    let unknown = system
        .run_json("integration-orchestrator", WEEK_2)
        .args(["security-workflow", "--offline"])
        .output()
        .expect_success()
        .json();
    assert_ne!(unknown["workflow_outputs"]["next_version"], "1.0.0", "{:#}", unknown["release_decision"]);

    // A version that is newer than everything on the index is used, so a failed publish keeps its number.
    system.set_version("1.0.2");
    let document = system.workflow_with_index(WEEK_2, releases).output().expect_success().json();
    assert_eq!(document["workflow_outputs"]["next_version"], "1.0.2");
}

#[test]
fn a36_a_file_that_the_index_has_with_other_bytes_is_refused_before_anything_is_sent() {
    let (system, index) = (with_a_reason(), Index::start());
    index.put("sample-package", "sample_package-1.0.1-py3-none-any.whl", b"other bytes");
    let outcome = system.publish("1.0.1", &index, WEEK_2).output();
    assert!(matches!(outcome.code, Some(1 | 5)), "{outcome:?}");
    assert!(outcome.stderr.contains("sample_package-1.0.1-py3-none-any.whl"), "{}", outcome.stderr);
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn publishing_twice_is_publishing_once() {
    let (system, index) = (with_a_reason(), index_with_1_0_0());
    let releases = system.releases(&index, WEEK_2);
    system.workflow_with_index(WEEK_2, releases).output().expect_success();
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
    let uploads = index.uploads().len();
    let again = system.publish("1.0.1", &index, WEEK_2).output().expect_success().json();
    assert_eq!(index.uploads().len(), uploads);
    assert!(again["files"].as_array().unwrap().iter().all(|f| f["outcome"] == "already_there"), "{again:#}");
    assert_eq!(again["verified"], true);
    system.record_release(WEEK_2).output().expect_success();
    assert_eq!(find(&system.project.json(BASELINE), "version"), &json!("1.0.1"));
}

#[test]
fn a_receipt_names_the_decision_that_it_carries_out() {
    let (system, index) = (with_a_reason(), index_with_1_0_0());
    let releases = system.releases(&index, WEEK_2);
    let document = system.workflow_with_index(WEEK_2, releases).output().expect_success().json();
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
    let receipt = system.project.json("receipt.json");
    assert_eq!(receipt["decision_id"], document["release_decision"]["decision_id"]);
    assert_eq!((text(&receipt, "version"), &receipt["verified"]), ("1.0.1", &json!(true)));
    for file in receipt["files"].as_array().unwrap() {
        assert_eq!((text(file, "outcome"), text(file, "sha256").len()), ("uploaded", 64));
    }
}

#[test]
fn a37_a_server_s_failure_is_tried_again_and_a_lost_answer_is_no_failure() {
    let (system, index) = (with_a_reason(), Index::start());
    index.fail_uploads([Fault::RetryAfter(503, 0), Fault::Hangup, Fault::LoseAnswer]);
    let document = system
        .publish("1.0.1", &index, WEEK_2)
        .timeout(std::time::Duration::from_mins(2))
        .output()
        .expect_success()
        .json();
    assert_eq!(document["verified"], true);
    assert_eq!(index.files().len(), 2);
}

#[test]
fn a39_no_token_is_a_failure() {
    let system = with_a_reason();
    let index = Index::start_with(Settings { token: Some("pypi-not-a-real-token".to_owned()), ..Settings::default() });
    for file in ["sample_package-1.0.1-py3-none-any.whl", "sample_package-1.0.1.tar.gz"] {
        system.project.write(&format!("dist/{file}"), test_support::fixture(&format!("sample-project/dist/{file}")));
    }
    let publish = || {
        system
            .run("publish-pypi", WEEK_2)
            .args(["publish", "dist/sample_package-1.0.1-py3-none-any.whl", "dist/sample_package-1.0.1.tar.gz"])
            .args(["--index", &index.url()])
    };
    let outcome = publish().output().expect_code(2);
    assert!(outcome.stderr.contains("PYPI_TOKEN"), "{}", outcome.stderr);
    assert_eq!(index.uploads().len(), 0);
    assert!(!system.project.join("receipt.json").exists());

    let outcome = publish().env("PYPI_TOKEN", "pypi-another-that-is-wrong").output();
    assert_ne!(outcome.code, Some(0));
    assert!(!outcome.stderr.contains("pypi-another-that-is-wrong"), "{}", outcome.stderr);
}

#[test]
fn a_receipt_without_a_decision_moves_no_baseline_unless_adopted() {
    let (system, index) = (with_a_reason(), index_with_1_0_0());
    // Nobody decided: the files are published by hand.
    std::fs::remove_file(system.project.join(crate::system::DECISION)).unwrap();
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
    assert!(system.project.json("receipt.json")["decision_id"].is_null());
    system.record_release(WEEK_2).output().expect_success();
    system.set_version("1.0.1");
    let releases = system.releases(&index, WEEK_3);
    let document = system.workflow_with_index(WEEK_3, releases).output().expect_success().json();
    assert_eq!(document["release_decision"]["should_release"], true, "the secret is still unreleased");

    std::fs::remove_file(system.project.join(crate::system::DECISION)).unwrap();
    system.record_release(WEEK_3).arg("--adopt-current").output().expect_success();
    let document = system.workflow_with_index(WEEK_3, releases).output().expect_success().json();
    assert_eq!(document["release_decision"]["should_release"], false, "{document:#}");
}
