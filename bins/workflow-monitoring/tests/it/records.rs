use std::collections::BTreeSet;

use test_support::Scratch;

use crate::{NOW, json, monitoring, monitoring_at, record, record_files, refused, start};

#[test]
fn records_are_written_into_no_folder_behind_a_link() {
    let (project, elsewhere) = (Scratch::empty(), Scratch::empty());
    std::os::unix::fs::symlink(elsewhere.path(), project.join("metrics")).unwrap();
    for arguments in [["start", "--workflow", "release"].as_slice(), &["prune"]] {
        refused(monitoring(&project, arguments).output(), 2, "git does not follow links");
    }
    assert!(elsewhere.files().is_empty());
    std::fs::remove_file(project.join("metrics")).unwrap();
    project.write("metrics", "a file");
    refused(
        monitoring(&project, &["start", "--workflow", "release"]).output(),
        3,
        "put what belongs there in its place",
    );
}

#[test]
fn a_run_is_recorded_from_start_to_finish() {
    let project = Scratch::empty();
    let id = start(&project, "2026-03-31T10:00:00Z", "security-driven-release");
    assert!(id.starts_with("security-driven-release-20260331-100000-"), "{id}");
    let at = |moment, arguments: &[&str]| monitoring_at(&project, moment, arguments).output().expect_success();
    at("2026-03-31T10:00:05Z", &["stage", "--id", &id, "--name", "security-scan", "--status", "running"]);
    let scanned = at("2026-03-31T10:01:05Z", &["stage", "--id", &id, "--name", "security-scan", "--status=success"]);
    assert_eq!(scanned.stdout, format!("{id}: security-scan success after 1 min\n"));
    at(
        "2026-03-31T10:02:00Z",
        &[
            "stage",
            "--id",
            &id,
            "--name",
            "publish",
            "--status",
            "failed",
            "--duration",
            "12.5",
            "--error",
            "503\nfrom the index",
        ],
    );
    let finished =
        at("2026-03-31T10:02:30Z", &["finish", "--id", &id, "--status", "failed", "--release-type", "security_auto"]);
    assert_eq!(finished.stdout, format!("{id}: failed after 2 min 30 s\n"));

    let run = project.json(&format!("metrics/workflow-{id}.json"));
    assert_eq!(run["execution_id"], id.as_str());
    assert_eq!(run["duration_seconds"], 150.0);
    assert_eq!(
        (run["error_stage"].as_str(), run["error_message"].as_str()),
        (Some("publish"), Some("503 from the index"))
    );
    assert_eq!((run["security_scan_duration"].as_f64(), run["publish_duration"].as_f64()), (Some(60.0), Some(12.5)));
    assert_eq!((run["publishing_success"].as_bool(), run["release_triggered"].as_bool()), (Some(false), Some(true)));
    assert!(run["quality_gates_passed"].is_null());
}

#[test]
fn row_68_thirty_seconds() {
    let project = Scratch::empty();
    let id = start(&project, "2026-03-31T10:00:00Z", "scan");
    monitoring_at(&project, "2026-03-31T10:00:30Z", &["finish", "--id", &id, "--status", "success"])
        .output()
        .expect_success();
    assert_eq!(project.json(&format!("metrics/workflow-{id}.json"))["duration_seconds"], 30.0);
}

#[test]
fn a22_four_starts_in_one_second_are_four_files() {
    let project = Scratch::empty();
    let ids: BTreeSet<String> = (0..4).map(|_| start(&project, NOW, "release")).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(record_files(&project).len(), 4);
}

#[test]
fn row_72_an_unknown_id_is_named() {
    let project = Scratch::empty();
    refused(
        monitoring(&project, &["stage", "--id", "nobody-1", "--name", "x", "--status", "success"]).output(),
        2,
        "no run nobody-1 is recorded",
    );
    refused(
        monitoring(&project, &["finish", "--id", "nobody-1", "--status", "success"]).output(),
        2,
        "no run nobody-1 is recorded",
    );
    refused(
        monitoring(&project, &["finish", "--id", "../../x", "--status", "success"]).output(),
        2,
        "is not a valid execution id",
    );
    assert_eq!(project.files().len(), 0, "a mistyped id leaves nothing behind");
}

#[test]
fn finishing_twice_is_harmless_and_finishing_otherwise_is_refused() {
    let project = Scratch::empty();
    let id = record(&project, "2026-03-31T10:00:00Z", "scan", &["--status", "failed"]);
    let before = project.bytes(&format!("metrics/workflow-{id}.json"));
    let again = monitoring(&project, &["finish", "--id", &id, "--status", "failed"]).output().expect_success();
    assert!(again.stdout.contains("finished before"), "{}", again.stdout);
    refused(
        monitoring(&project, &["finish", "--id", &id, "--status", "success"]).output(),
        2,
        &format!("run {id} is finished already as failed at 2026-03-31T10:00:00Z"),
    );
    refused(
        monitoring(&project, &["stage", "--id", &id, "--name", "x", "--status", "success"]).output(),
        2,
        "comes too late",
    );
    assert_eq!(project.bytes(&format!("metrics/workflow-{id}.json")), before);
}

#[test]
fn a_chosen_id_is_taken_once() {
    let project = Scratch::empty();
    let started = monitoring(&project, &["start", "--workflow", "w", "--id", "17-1"]).output().expect_success();
    assert_eq!(started.stdout, "17-1\n");
    refused(
        monitoring(&project, &["start", "--workflow", "w", "--id", "17-1"]).output(),
        2,
        "run 17-1 was started before",
    );
    let id = json(&project, &["start", "--workflow", "w"])["execution_id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("w-"), "{id}");
}

#[test]
fn a_record_that_cannot_be_read_is_left_as_it_is() {
    let project = Scratch::empty();
    project.write("metrics/workflow-half.json", "{\"workflow_name\": ");
    refused(
        monitoring(&project, &["finish", "--id", "half", "--status", "success"]).output(),
        3,
        "cannot use the record metrics/workflow-half.json",
    );
    assert_eq!(project.text("metrics/workflow-half.json"), "{\"workflow_name\": ");
    let id = start(&project, NOW, "w");
    let newer = project.text(&format!("metrics/workflow-{id}.json")).replace("\"1.0\"", "\"2.0\"");
    project.write(&format!("metrics/workflow-{id}.json"), &newer);
    refused(
        monitoring(&project, &["finish", "--id", &id, "--status", "success"]).output(),
        3,
        "schema_version 2.0 is newer",
    );
    project.write("metrics/workflow-other.json", newer.replace("2.0", "1.0"));
    refused(monitoring(&project, &["finish", "--id", "other", "--status", "success"]).output(), 3, "holds the run");
}

#[test]
fn steps_of_parallel_jobs_lose_no_report() {
    let project = Scratch::empty();
    let id = start(&project, NOW, "release");
    let names: Vec<String> = (0..12).map(|n| format!("gate-{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let (project, id) = (&project, &id);
            scope.spawn(move || {
                monitoring(project, &["stage", "--id", id, "--name", name, "--status", "success"])
                    .output()
                    .expect_success();
            });
        }
    });
    let run = project.json(&format!("metrics/workflow-{id}.json"));
    let recorded: BTreeSet<&str> =
        run["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(recorded, names.iter().map(String::as_str).collect());
}

#[test]
fn the_runner_gets_the_id_as_an_output() {
    let project = Scratch::empty();
    let output = project.join("output");
    let started =
        monitoring(&project, &["start", "--workflow", "w"]).env("GITHUB_OUTPUT", &output).output().expect_success();
    assert_eq!(project.text("output"), format!("execution_id={}", started.stdout));
}

#[test]
fn no_token_of_an_error_message_is_kept() {
    let project = Scratch::empty();
    let token = format!("pypi-{}", "AgEIcHlwaS5vcmc".repeat(3));
    let id = record(&project, NOW, "w", &["--status", "failed", "--error", &format!("403 for {token}")]);
    assert!(!project.text(&format!("metrics/workflow-{id}.json")).contains(&token));
}
