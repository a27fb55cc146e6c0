//! Two workflows at once.

use std::thread;

use serde_json::json;

use crate::stage::{Stage, Start, files_of};

#[test]
fn a_weekly_run_and_a_release_by_hand_lose_nothing() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    let (weekly, manual) = thread::scope(|scope| {
        let weekly = scope.spawn(|| stage.run(&Start::weekly("2023-07-31T04:00:00Z")));
        let inputs = json!({ "release_type": "manual", "release_notes": "", "dry_run": false });
        let manual = scope.spawn(|| stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-31T04:00:01Z")));
        (weekly.join().unwrap(), manual.join().unwrap())
    });

    // Whoever came second may have been refused, which is said; nobody wrote over the other's work.
    assert!(weekly.green || manual.green, "{:?}\n{:?}", weekly.jobs, manual.jobs);
    let published = stage.published();
    assert!(
        published == files_of(&["1.0.0", "1.0.1"]) || published == files_of(&["1.0.0", "1.0.1", "1.0.2"]),
        "{published:?}"
    );
    assert_eq!(stage.records("security-driven-release").len(), 2 + reruns(&stage), "each run left its record");
    assert_eq!(stage.records("manual-release").len(), 1);
    let ledger = stage.json("security/findings/findings.json");
    let has_certifi = ledger["findings"].as_array().unwrap().iter().any(|finding| finding["package"] == "certifi");
    assert!(has_certifi, "what the weekly scan found is in the ledger");
    // The newest commit's documents belong together: another weekly run reads them and finds nothing more to do than is due.
    let next = stage.run(&Start::weekly("2023-08-01T04:00:00Z")).expect_green();
    assert_eq!(next.job("decide"), "success");
    let last = stage.run(&Start::weekly("2023-08-02T04:00:00Z")).expect_green();
    assert_eq!(last.output("decide", "run", "should_release"), "false");
}

/// How often the weekly run had to be done again on the other's findings: each left its own record.
fn reruns(stage: &Stage) -> usize {
    let mut folders: Vec<String> = stage
        .paths("security/findings/set-aside/")
        .iter()
        .filter_map(|path| path.split('/').nth(3).map(str::to_owned))
        .collect();
    folders.sort();
    folders.dedup();
    folders.len()
}

#[test]
fn two_scans_at_once_both_count() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    let (one, two) = thread::scope(|scope| {
        let one = scope.spawn(|| stage.run(&Start::weekly("2023-07-31T04:00:00Z")));
        let inputs = json!({ "custom_notes": "", "force_release": false });
        let two =
            scope.spawn(|| stage.run(&Start::dispatch("security-driven-release", inputs, "2023-07-31T04:00:05Z")));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert!(one.green || two.green, "{}\n{}", one.readable(), two.readable());
    assert_eq!((one.job("decide"), two.job("decide")), ("success", "success"), "{}\n{}", one.log, two.log);
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]), "one release for one reason");
    assert_eq!(stage.released_version(), "1.0.1");
    let last = stage.run(&Start::weekly("2023-08-02T04:00:00Z")).expect_green();
    assert_eq!(last.output("decide", "run", "should_release"), "false");
}
