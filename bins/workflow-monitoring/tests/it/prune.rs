use test_support::Scratch;

use crate::{NOW, json, monitoring, record, record_files, refused, start};

fn months_of_runs() -> Scratch {
    let project = Scratch::empty();
    for month in ["2025-12", "2026-01", "2026-02", "2026-03"] {
        for day in ["05", "19"] {
            let moment = format!("{month}-{day}T04:00:00Z");
            record(&project, &moment, "release", &["--status", "success", "--release-type", "manual"]);
        }
    }
    start(&project, NOW, "release");
    project
}

#[test]
fn row_97_old_runs_are_folded_and_every_number_stays() {
    let project = months_of_runs();
    let documents = |project: &Scratch| {
        [&["stats", "--days=365"][..], &["dashboard"], &["list"]].map(|arguments| json(project, arguments))
    };
    let before = documents(&project);
    let plan = json(&project, &["prune", "--dry-run"]);
    assert_eq!(
        (plan["dry_run"].as_bool(), plan["folded"].as_u64(), plan["kept"].as_u64()),
        (Some(true), Some(6), Some(3))
    );
    assert_eq!(record_files(&project).len(), 9);

    let done = monitoring(&project, &["prune"]).output().expect_success();
    assert_eq!(done.stdout, "6 runs folded into their months, 3 kept\n");
    assert_eq!(record_files(&project).len(), 3);
    assert_eq!(project.text("metrics/runs/2026-01.ndjson").lines().count(), 2);
    assert_eq!(project.json("metrics/daily/2025.json")["days"]["2025-12-05"]["publish_succeeded"], 1);
    assert_eq!(documents(&project), before);

    let files = project.files();
    assert_eq!(json(&project, &["prune"])["folded"], 0);
    assert_eq!(project.files(), files);
}

#[test]
fn months_beyond_their_age_go_and_stay_on_the_dashboard() {
    let project = months_of_runs();
    let outcome = monitoring(&project, &["prune", "--older-than=20", "--drop-after=60"]).output().expect_success();
    assert!(
        outcome.stdout.contains("dropped for their age (the totals per day stay): runs/2025-12.ndjson"),
        "{}",
        outcome.stdout
    );
    let dashboard = json(&project, &["dashboard"]);
    let months: Vec<_> = dashboard["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["month"].as_str().unwrap(), row["runs"].as_u64().unwrap()))
        .collect();
    assert_eq!(months, [("2026-03", 2), ("2026-02", 2), ("2026-01", 2), ("2025-12", 2)]);
}

#[test]
fn the_configuration_says_how_long_runs_keep_their_files() {
    let project = months_of_runs();
    project.write("relwarden.toml", "[retention]\nrun_days = 5\n");
    assert_eq!(json(&project, &["prune", "--dry-run"])["folded"], 8);
}

#[test]
fn totals_that_cannot_be_read_stop_a_prune_before_it_changes_anything() {
    let project = months_of_runs();
    project.write("metrics/daily/2026.json", "{");
    refused(monitoring(&project, &["prune"]).output(), 3, "cannot take over the daily totals of daily/2026.json");
    assert_eq!(record_files(&project).len(), 9);
}
