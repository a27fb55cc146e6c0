//! Runs that are killed at any moment leave every document whole.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use test_support::{Scratch, copy_dir, fixtures::WEEKS, fixtures::fixture_path, killed};

use crate::system::{System, binary};

/// How many moments are tried at most; a run has fewer.
const MOST_MOMENTS: usize = 200;

/// The second week's workflow on a project that knows the first one.
fn second_week(folder: &Path) -> test_support::Run {
    binary("integration-orchestrator")
        .run()
        .project(folder)
        .now("2023-07-31T04:00:00Z")
        .args(["security-workflow", "--offline", "--index", "none", "--advisories"])
        .arg(fixture_path("sample-project/weeks/2023-07-31/advisories"))
}

/// A project that has seen the first week and has the second one's reports.
fn before() -> System {
    let system = System::sample();
    system.project.set_week(WEEKS[0]);
    system.workflow("2023-07-24T04:00:00Z").output().expect_success();
    system.project.set_week(WEEKS[1]);
    system
}

fn copy_of(system: &System) -> System {
    let project = Scratch::empty();
    copy_dir(system.project.path(), project.path());
    System { project }
}

/// Kills the second week's run after the folder has changed `moments` times; false if it ended before.
fn killed_after(system: &System, moments: usize) -> bool {
    let folder = system.project.path();
    let folders = ["security", "docs", "metrics"].map(|below| folder.join(below));
    killed::killed_after(second_week(folder), moments, || killed::looks_of(&folders))
}

fn is_temporary(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|file| file.starts_with(".relwarden-"))
}

/// Kills runs at one moment after the other, hands what each left to `check`, and says how many were killed.
///
/// A run may change the folder faster than it is looked at, so its end counts only when several runs reach it.
fn at_every_moment(before: &System, mut check: impl FnMut(&System, usize)) -> usize {
    let (mut kills, mut ended) = (0, 0);
    for moments in 0..MOST_MOMENTS {
        let system = copy_of(before);
        if killed_after(&system, moments) {
            (kills, ended) = (kills + 1, 0);
            check(&system, moments);
        } else {
            ended += 1;
        }
        if ended == 5 {
            break;
        }
    }
    kills
}

#[test]
fn a_killed_run_leaves_every_document_whole_and_is_made_up_by_the_next() {
    let before = before();
    let old = before.documents();
    let finished = copy_of(&before);
    second_week(finished.project.path()).output().expect_success();
    let new = finished.documents();
    assert_ne!(old, new);

    let kills = at_every_moment(&before, |system, moments| {
        for (name, bytes) in system.documents().iter().filter(|(name, _)| !is_temporary(name)) {
            assert!(
                Some(bytes) == old.get(name) || Some(bytes) == new.get(name),
                "{name} is neither the old nor the new one after {moments} changes:\n{}",
                String::from_utf8_lossy(bytes)
            );
        }
        for name in old.keys() {
            assert!(system.project.join(name).is_file(), "{name} is gone after {moments} changes");
        }
        // Every run record can be read, too.
        system.records();

        second_week(system.project.path()).output().expect_success();
        let mut end = system.documents();
        end.retain(|name, _| !is_temporary(name));
        assert_eq!(end.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>(), "after {moments} changes");
        for (name, bytes) in &new {
            assert_eq!(
                String::from_utf8_lossy(&end[name]),
                String::from_utf8_lossy(bytes),
                "{name} differs after a kill at {moments} changes and a whole run"
            );
        }
    });
    println!("killed at {kills} different moments");
    assert!(kills > 5, "only {kills} kills hit a running program");
}

#[test]
fn a_whole_run_removes_what_a_killed_one_left_half_written() {
    let mut left = BTreeSet::new();
    at_every_moment(&before(), |system, _| {
        second_week(system.project.path()).output().expect_success();
        let names = system.project.files().into_iter().map(|path| path.to_string_lossy().into_owned());
        left.extend(names.filter(|name| is_temporary(name)));
    });
    assert_eq!(left, BTreeSet::new());
}

#[test]
fn a_killed_run_holds_no_lock() {
    let before = before();
    let system = copy_of(&before);
    assert!(killed_after(&system, 1), "the run ended before it changed anything");
    let start = Instant::now();
    second_week(system.project.path()).output().expect_success();
    assert!(start.elapsed() < Duration::from_secs(30), "waited for a lock that nobody holds");
}
