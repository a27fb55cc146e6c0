//! Each way to fail, with its exit code, through the index of test-support.

use test_support::{
    Run, Scratch,
    index::{Fault, Index, Settings},
};

use crate::{dist, publish_pypi};

const TOKEN: &str = concat!("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAwMDAw");

fn index() -> Index {
    Index::start_with(Settings { token: Some(TOKEN.to_owned()), ..Settings::default() })
}

fn publish(project: &Scratch, index: &Index) -> Run {
    publish_pypi(project)
        .env("PYPI_TOKEN", TOKEN)
        .args(["--format", "json", "publish", "--index", &index.url()])
        .args(dist())
}

#[test]
fn a_publish_leaves_a_receipt() {
    let (project, index) = (Scratch::empty(), index());
    let document = publish(&project, &index).output().expect_success().json();
    assert_eq!(document["verified"], true);
    assert_eq!(document["version"], "1.0.0");
    assert_eq!(document["decision_id"], serde_json::Value::Null);
    let outcomes: Vec<_> = document["files"].as_array().unwrap().iter().map(|file| &file["outcome"]).collect();
    assert_eq!(outcomes, ["uploaded", "uploaded"]);
    let receipt = project.json("receipt.json");
    assert_eq!(receipt["files"], document["files"]);
    assert_eq!(receipt["finished_at"], "2026-01-05T03:00:00Z");

    let again = publish(&project, &index).output().expect_success().json();
    let outcomes: Vec<_> = again["files"].as_array().unwrap().iter().map(|file| &file["outcome"]).collect();
    assert_eq!(outcomes, ["already_there", "already_there"]);
    assert_eq!(index.uploads().len(), 2);
}

#[test]
fn a_server_error_is_retried() {
    let (project, index) = (Scratch::empty(), index());
    index.fail_uploads([Fault::Status(503)]);
    let run = publish(&project, &index).output().expect_success();
    assert_eq!(run.json()["files"][0]["attempts"], 2);
    assert!(run.stderr.contains("trying again"), "{}", run.stderr);
}

#[test]
fn no_token_is_no_success() {
    let (project, index) = (Scratch::empty(), index());
    let run = publish(&project, &index).env("PYPI_TOKEN", "").output().expect_code(2);
    assert!(run.stderr.contains("PYPI_TOKEN"), "{}", run.stderr);
    assert_eq!(index.count("POST"), 0);
    assert!(!project.join("receipt.json").exists());

    let to_pypi = ["publish", "--index", "pypi"];
    let run = publish_pypi(&project).env("PYPI_TOKEN", TOKEN).args(to_pypi).args(dist()).output().expect_code(2);
    assert!(run.stderr.contains("too short") && !run.stderr.contains(TOKEN), "{}", run.stderr);
    let none = publish_pypi(&project).args(to_pypi).args(["--auth", "none"]).args(dist()).output();
    none.expect_code(2);
}

#[test]
fn a_refused_token_ends_with_5_and_is_never_shown() {
    let (project, index) = (Scratch::empty(), index());
    let wrong = concat!("pypi-", "AgEIcHlwaS5vcmcCJDExMTExMTEx");
    let run = publish(&project, &index).env("PYPI_TOKEN", wrong).env("DEBUG", "true").env("RUST_LOG", "trace").output();
    let run = run.expect_code(5);
    assert!(run.stderr.contains("hint:"), "{}", run.stderr);
    assert!(!run.stderr.contains(wrong) && !run.stdout.contains(wrong));
    assert_eq!(project.json("receipt.json")["files"][0]["outcome"], "failed");
    assert_eq!(run.json()["verified"], false);
}

#[test]
fn other_bytes_of_the_same_name_are_a_no() {
    let (project, index) = (Scratch::empty(), index());
    index.put("sample-package", "sample_package-1.0.0.tar.gz", b"other");
    let run = publish(&project, &index).output().expect_code(1);
    assert!(run.stderr.contains("the index has another sample_package-1.0.0.tar.gz"), "{}", run.stderr);
    assert_eq!(index.count("POST"), 0);
    let plan = publish_pypi(&project).args(["--format", "json", "plan", "--index", &index.url()]).args(dist());
    let plan = plan.output().expect_code(1).json();
    assert_eq!(plan["files"][0]["action"], "upload");
    assert_eq!(plan["files"][1]["action"], "conflict");
}

#[test]
fn a_dry_run_sends_nothing() {
    let (project, index) = (Scratch::empty(), index());
    let run = publish(&project, &index).arg("--dry-run").output().expect_success();
    let document = run.json();
    assert_eq!((&document["dry_run"], &document["verified"]), (&true.into(), &false.into()));
    assert_eq!(document["files"][0]["outcome"], "skipped");
    assert_eq!(index.count("POST"), 0);
    assert!(!project.join("receipt.json").exists());
}

#[test]
fn a_release_that_is_not_listed_is_not_verified() {
    let (project, index) = (Scratch::empty(), index());
    let args = ["verify", "--wait", "0", "--index", &index.url()];
    let run = publish_pypi(&project).args(args).args(dist()).output().expect_code(4);
    assert!(run.stderr.contains("does not list"), "{}", run.stderr);
    publish(&project, &index).output().expect_success();
    let run = publish_pypi(&project).args(args).args(dist()).output().expect_success();
    assert!(run.stdout.ends_with("verified\n") && !run.stdout.contains("not verified"), "{}", run.stdout);
}

#[test]
fn a_token_can_be_proved() {
    let project = Scratch::empty();
    let args = ["--format", "json", "token", "--index", "http://127.0.0.1:9/"];
    let run = publish_pypi(&project).env("PYPI_TOKEN", TOKEN).args(args).output().expect_success();
    assert_eq!(run.json()["source"], "the environment variable PYPI_TOKEN");
    assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN));
    publish_pypi(&project).args(args).output().expect_code(2);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let project = Scratch::empty();
    let args = ["publish", "--index", "http://index.example/"];
    let run = publish_pypi(&project).env("PYPI_TOKEN", TOKEN).args(args).args(dist()).output().expect_code(2);
    assert!(run.stderr.contains("unencrypted"), "{}", run.stderr);
}

#[test]
fn the_decision_of_this_version_is_carried_out() {
    let (project, index) = (Scratch::empty(), index());
    let decision = |version: &str| {
        serde_json::json!({
            "schema_version": "1.0", "should_release": true, "trigger_type": "manual", "justification": "x",
            "explanation": "x", "release_notes": "x", "security_changes_count": 0, "security_changes": [],
            "reasons": [], "incomplete": [], "posture_trend": "unchanged", "current_version": null,
            "next_version": version, "version_reason": null, "decision_id": "d-1",
            "decided_at": "2026-01-05T03:00:00Z",
            "snapshot": { "lineage": null, "scanners": {}, "findings": [] },
        })
        .to_string()
    };
    // A version is the same in each of its spellings.
    for spelled in ["1.0.0", "1.0"] {
        project.write("security/findings/decision.json", decision(spelled));
        assert_eq!(publish(&project, &index).output().expect_success().json()["decision_id"], "d-1", "{spelled}");
    }
    project.write("security/findings/decision.json", decision("2.0.0"));
    let run = publish(&project, &index).output().expect_success();
    assert_eq!(run.json()["decision_id"], serde_json::Value::Null);
    assert!(run.stderr.contains("2.0.0"), "{}", run.stderr);
}
