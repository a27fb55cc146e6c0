//! Programs see nothing of the caller's environment and end in time.

use std::time::{Duration, Instant};

use test_support::{Run, Scratch};

#[test]
fn the_environment_is_scrubbed() {
    let seen = Run::new("/usr/bin/env").env("MORE", "yes").output().expect_success();
    let mut names: Vec<&str> =
        seen.stdout.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LC_ALL", "MORE", "NO_COLOR", "PATH", "RELWARDEN_OFFLINE", "TMPDIR", "TZ"]);
}

#[test]
fn output_code_and_input_are_passed_on() {
    let done = Run::new("/bin/sh").args(["-c", "cat; echo to-people >&2; exit 3"]).stdin(r#"{"answer": 42}"#).output();
    assert_eq!(done.code, Some(3));
    assert_eq!(done.json()["answer"], 42);
    assert_eq!(done.stderr, "to-people\n");
}

#[test]
fn a_program_that_hangs_is_ended() {
    let start = Instant::now();
    let run = Run::new("/bin/sleep").arg("60").timeout(Duration::from_millis(50));
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.output()));
    assert!(ended.is_err());
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_scratch_project_is_the_recorded_one() {
    let project = Scratch::sample();
    assert!(project.text("pyproject.toml").contains("name = \"sample-package\""));
    project.set_week("2023-08-21");
    assert!(project.text("src/sample_package/fetch.py").contains("def warmest"));
    project.set_week("2023-08-28");
    assert!(project.join("security/reports/latest/bandit.json").is_file());
    assert!(!project.join("security/reports/latest/pip-audit.json").exists());
    project.clear_reports();
    assert!(!project.join("security/reports/latest/bandit.json").exists());
}
