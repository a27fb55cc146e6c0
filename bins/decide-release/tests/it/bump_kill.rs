//! Bumps that are killed at any moment are completed by the next run: one commit, one tag, one push.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use test_support::{Checkout, Outcome, killed};

use crate::bump_git::{bump, checkout};

/// How many moments are tried at most; a run has fewer.
const MOST_MOMENTS: usize = 80;

/// Kills a bump after its repositories have changed `moments` times; false if it ended before.
fn killed_after(checkout: &Checkout, moments: usize) -> bool {
    let folders = [checkout.path(), checkout.remote()];
    killed::killed_after(bump(checkout), moments, || killed::looks_of(&folders))
}

/// Runs until the bump goes through. The git that a killed run had started ends by itself, and holds its locks until then.
fn completed(checkout: &Checkout) -> Outcome {
    let start = Instant::now();
    loop {
        let outcome = bump(checkout).output();
        if outcome.code == Some(0) {
            return outcome;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "not made up: {outcome:?}");
        thread::yield_now();
    }
}

fn at_every_moment(mode: &str) -> usize {
    let settings = format!("mode = '{mode}'\npush = true\nfiles = ['src/demo/about.py']\nchangelog = 'CHANGES.md'");
    let before = || {
        let checkout = checkout(&settings);
        checkout.write("src/demo/about.py", "__version__ = '1.2.3'\n");
        checkout.commit_all("second");
        checkout.git(&["push", "--quiet", "origin", "main"]);
        checkout
    };
    let (mut kills, mut ended) = (0, 0);
    for moments in 0..MOST_MOMENTS {
        let checkout = before();
        if killed_after(&checkout, moments) {
            (kills, ended) = (kills + 1, 0);
        } else {
            ended += 1;
        }
        let document = completed(&checkout).json();
        assert_eq!(document["pushed"], true, "after {moments} changes");
        assert_eq!(
            checkout.git(&["log", "--format=%s"]),
            "chore(release): 1.2.4\nsecond\nfirst",
            "after {moments} changes"
        );
        assert_eq!(checkout.git(&["status", "--porcelain"]), "", "after {moments} changes");
        assert_eq!(checkout.text("src/demo/about.py"), "__version__ = '1.2.4'\n");
        assert!(checkout.text("pyproject.toml").contains("version = \"1.2.4\""));
        assert_eq!(checkout.text("CHANGES.md").matches("## [1.2.4]").count(), 1);
        let refs = if mode == "commit" {
            "refs/heads/main refs/tags/v1.2.4"
        } else {
            "refs/heads/main refs/heads/release/1.2.4"
        };
        let there = checkout.git_at_remote(&["for-each-ref", "--format=%(refname)"]);
        assert_eq!(there.lines().collect::<Vec<_>>().join(" "), refs, "after {moments} changes");
        let name = if mode == "commit" { "v1.2.4^{commit}" } else { "release/1.2.4" };
        assert_eq!(json!(checkout.git_at_remote(&["rev-parse", name])), document["commit"], "after {moments} changes");
        if ended == 3 {
            break;
        }
    }
    kills
}

#[test]
fn a_killed_commit_is_made_up_by_the_next_run() {
    let kills = at_every_moment("commit");
    println!("killed at {kills} different moments");
    assert!(kills > 5, "only {kills} kills hit a running program");
}

#[test]
fn a_killed_pull_request_is_made_up_by_the_next_run() {
    let kills = at_every_moment("pull-request");
    println!("killed at {kills} different moments");
    assert!(kills > 5, "only {kills} kills hit a running program");
}
