//! Text that tries to be something else.

use serde_json::json;

use crate::stage::{Ran, Stage, Start, files_of};

/// Every trick at once, each with the canary that it would leave.
fn hostile(canary: &str) -> String {
    [
        format!("$(touch {canary})"),
        format!("`touch {canary}`"),
        format!("\"; touch {canary}; echo \""),
        format!("'; touch {canary}; echo '"),
        "${{ github.token }}".to_owned(),
        "EOF".to_owned(),
        "RELWARDEN_SHA256SUMS".to_owned(),
        "should_release=true".to_owned(),
        "release_type<<EOF".to_owned(),
        "##[add-mask]true".to_owned(),
        "::add-mask::true".to_owned(),
        "::set-output name=should_release::true".to_owned(),
        "--force".to_owned(),
        "release, and no more".to_owned(),
    ]
    .join("\n")
}

#[track_caller]
fn unharmed(stage: &Stage, ran: &Ran, canary: &std::path::Path) {
    assert!(!canary.exists(), "a text was run");
    assert!(!ran.canary.exists());
    let masked =
        ran.log.lines().filter(|line| line.contains("\"command\":\"add-mask\"") && line.contains("\"arg\":\"true\""));
    assert_eq!(masked.count(), 0, "a text was taken for a command");
    assert!(stage.paths("").iter().all(|path| !path.contains("canary")));
}

#[test]
fn a34_notes_decide_nothing() {
    let stage = Stage::scanned();
    let canary = stage.remote().with_file_name("canary");
    let notes = hostile(&canary.to_string_lossy());
    let inputs = json!({ "custom_notes": notes, "force_release": false });
    let ran = stage.run(&Start::dispatch("security-driven-release", inputs, "2023-07-25T04:00:00Z")).expect_green();
    unharmed(&stage, &ran, &canary);
    assert_eq!(ran.output("decide", "run", "should_release"), "false");
    assert_eq!(ran.output("decide", "run", "release_type"), "none");
    assert_eq!(ran.job("publish"), "skipped");
}

#[test]
fn a34_a_forced_release_carries_the_notes_as_they_are() {
    let stage = Stage::scanned();
    let canary = stage.remote().with_file_name("canary");
    let notes = hostile(&canary.to_string_lossy());
    let inputs = json!({ "custom_notes": notes, "force_release": true });
    let ran = stage.run(&Start::dispatch("security-driven-release", inputs, "2023-07-25T04:00:00Z")).expect_green();
    unharmed(&stage, &ran, &canary);
    assert_eq!(ran.output("decide", "run", "should_release"), "true");
    assert_ne!(ran.output("decide", "run", "release_type"), "none");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    let written = stage.json("security/findings/decision.json")["release_notes"].as_str().unwrap().to_owned();
    for part in ["touch", "EOF", "should_release=true", "release, and no more"] {
        assert!(written.contains(part), "{part} is not in {written}");
    }
    assert_eq!(stage.records("pypi-publish")[0]["status"], "success");
}

#[test]
fn a34_a_manual_release_carries_the_notes_as_they_are() {
    let stage = Stage::scanned();
    let canary = stage.remote().with_file_name("canary");
    let inputs =
        json!({ "release_notes": hostile(&canary.to_string_lossy()), "release_type": "manual", "dry_run": false });
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-25T04:00:00Z")).expect_green();
    unharmed(&stage, &ran, &canary);
    assert_eq!(ran.output("decide", "manual", "release_type"), "manual");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.records("pypi-publish")[0]["release_type"], "manual");
}

#[test]
fn a_choice_that_is_none_does_nothing() {
    let stage = Stage::scanned();
    let canary = stage.remote().with_file_name("canary");
    let text = hostile(&canary.to_string_lossy());
    let before = stage.tip();
    let inputs = json!({ "release_notes": "", "release_type": text, "dry_run": false });
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-25T04:00:00Z"));
    unharmed(&stage, &ran, &canary);
    let inputs = json!({ "custom_notes": "", "force_release": text });
    let ran = stage.run(&Start::dispatch("security-driven-release", inputs, "2023-07-25T04:00:00Z"));
    unharmed(&stage, &ran, &canary);
    assert_eq!(ran.job("publish"), "skipped");
    assert_eq!(stage.published(), files_of(&["1.0.0"]));
    assert!(stage.subjects_since(&before).iter().all(|subject| !subject.starts_with("chore(release)")));
}
