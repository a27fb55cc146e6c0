//! The weeks of the recorded project, each as one run of the weekly workflow.

use crate::stage::{Stage, Start, files_of};

const JOBS_WITHOUT_RELEASE: [&str; 7] = ["programs", "scan", "decide", "refresh", "deploy", "publish", "bump"];

#[test]
fn a_release_goes_out_exactly_when_the_picture_changed() {
    let stage = Stage::new();

    // The first scan sets the baseline and releases nothing.
    stage.week("2023-07-24");
    let before = stage.tip();
    let ran = stage.run(&Start::weekly("2023-07-24T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "should_release"), "false");
    assert_eq!(ran.output("decide", "run", "release_type"), "none");
    assert_eq!(
        JOBS_WITHOUT_RELEASE.map(|job| ran.job(job)),
        ["success", "success", "success", "success", "skipped", "skipped", "skipped"],
        "the page is deployed where that is turned on"
    );
    assert_eq!(
        stage.subjects_since(&before),
        ["chore(security): record baseline, decision, findings, metrics, status"]
    );
    assert_eq!(stage.status()["security_grade"], "B");
    assert!(!ran.artifacts.join("github-pages").exists());

    // A new advisory of high severity.
    stage.week("2023-07-31");
    let before = stage.tip();
    let ran = stage.run(&Start::weekly("2023-07-31T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "should_release"), "true");
    assert_eq!(ran.output("decide", "run", "release_type"), "security_auto");
    assert_eq!(ran.output("decide", "run", "next_version"), "1.0.1");
    assert_eq!(
        stage.subjects_since(&before),
        [
            "chore(security): record decision, findings, metrics, status",
            "chore(release): 1.0.1",
            "chore(release): record 1.0.1 as published",
        ]
    );
    assert_eq!(stage.tags(), ["v1.0.1"]);
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    let baseline = stage.json("security/findings/baseline.json");
    assert_eq!(baseline["version"], "1.0.1");
    assert_eq!(baseline["decision_id"].as_str(), Some(ran.output("decide", "run", "decision_id")));
    let record = &stage.records("pypi-publish")[0];
    for (key, expected) in [("status", "success"), ("release_type", "security_auto")] {
        assert_eq!(record[key], expected, "{record:#}");
    }
    assert_eq!(record["publishing_success"], true);
    assert_eq!(record["quality_gates_passed"], true);
    for key in ["build_duration", "publish_duration", "duration_seconds"] {
        assert!(record[key].is_number(), "{key} in {record:#}");
    }
    assert_eq!(stage.status()["state"], "attention");
    assert_eq!(stage.status()["version"], "1.0.1");

    // The same flaw under another name: nothing changed.
    stage.week("2023-08-07");
    bump_is_kept(&stage);
    let before = stage.tip();
    let ran = stage.run(&Start::weekly("2023-08-07T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "should_release"), "false");
    assert_eq!(stage.subjects_since(&before).len(), 1);
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));

    // It was resolved by an upgrade.
    stage.week("2023-08-14");
    let ran = stage.run(&Start::weekly("2023-08-14T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "release_type"), "security_auto");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1", "1.0.2"]));
    assert_eq!(stage.tags(), ["v1.0.1", "v1.0.2"]);
    assert_eq!(stage.released_version(), "1.0.2");
    assert_eq!(stage.records("security-driven-release").len(), 4);
    assert_eq!(stage.records("pypi-publish").len(), 2);
}

/// The recorded weeks bring sources and requirements, and leave the version alone.
fn bump_is_kept(stage: &Stage) {
    let pyproject = String::from_utf8(stage.file("pyproject.toml").unwrap()).unwrap();
    assert!(pyproject.contains("version = \"1.0.1\""), "{pyproject}");
}

#[test]
fn what_was_built_is_what_was_decided_tagged_and_published() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    let ran = stage.run(&Start::weekly("2023-07-31T04:00:00Z")).expect_green();
    let tagged = test_support::repository::git_in(&stage.remote()).args(["rev-parse", "v1.0.1^{commit}"]).output();
    let tagged = tagged.expect_success().stdout.trim().to_owned();
    assert_eq!(ran.output("build", "commit", "commit"), tagged);
    assert_eq!(stage.json("security/findings/baseline.json")["commit"].as_str(), Some(tagged.as_str()));
    let sums = ran.output("build", "build", "sums").to_owned();
    for upload in stage.index.uploads() {
        let digest = upload.field("sha256_digest")[0].to_owned();
        assert!(sums.contains(&format!("{digest}  {}", upload.file_name)), "{sums}");
    }
    assert_eq!(sums.lines().count(), 2);
}

#[test]
fn a_version_that_a_person_tagged_before_it_was_published_goes_out_once() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.change("Version 1.0.1", |clone| {
        let path = clone.join("pyproject.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("version = \"1.0.0\"", "version = \"1.0.1\"")).unwrap();
    });
    stage.tag("v1.0.1");
    let ran = stage.run(&Start::weekly("2023-07-31T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "next_version"), "1.0.1");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    let baseline = stage.json("security/findings/baseline.json");
    assert_eq!(baseline["decision_id"].as_str(), Some(ran.output("decide", "run", "decision_id")));

    stage.week("2023-08-07");
    let ran = stage.run(&Start::weekly("2023-08-07T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "should_release"), "false");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
}

#[test]
fn state_of_a_branch_of_its_own_is_gone_on_from_and_the_code_stays_free_of_it() {
    const STATE: &str = "relwarden-state";
    let stage = Stage::new();
    stage.change("State on a branch of its own", |clone| {
        let path = clone.join("relwarden.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}\n[state]\nbranch = \"{STATE}\"\n")).unwrap();
    });
    stage.week("2023-07-24");
    let ran = stage.run(&Start::weekly("2023-07-24T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "commit"), stage.tip(), "the code is what is handed on");

    stage.week("2023-07-31");
    let ran = stage.run(&Start::weekly("2023-07-31T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "next_version"), "1.0.1");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.tags(), ["v1.0.1"]);
    let baseline = stage.json_on(STATE, "security/findings/baseline.json");
    assert_eq!(baseline["version"], "1.0.1");
    assert_eq!(baseline["decision_id"].as_str(), Some(ran.output("decide", "run", "decision_id")));

    stage.week("2023-08-07");
    let ran = stage.run(&Start::weekly("2023-08-07T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "run", "should_release"), "false", "what was published is known");

    let daily =
        Start { workflow: "security-status-heartbeat", event: "schedule", ..Start::weekly("2023-08-20T05:00:00Z") };
    stage.run(&daily).expect_green();
    assert_eq!(stage.json_on(STATE, "docs/security-status/index.json")["stale"], true);
    for folder in ["security/", "docs/security-status/", "metrics/"] {
        assert_eq!(stage.paths(folder), Vec::<String>::new(), "on the branch of the code");
    }
}
