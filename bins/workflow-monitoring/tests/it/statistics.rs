use test_support::Scratch;

use crate::{NOW, json, monitoring, record, refused, start};

const MANUAL: [&str; 4] = ["--status", "success", "--release-type", "manual"];

#[test]
fn row_71_one_of_each_kind() {
    let project = Scratch::empty();
    record(&project, NOW, "release", &MANUAL);
    record(&project, NOW, "release", &["--status", "failed", "--release-type", "security_auto"]);
    let stats = json(&project, &["stats"]);
    let keys =
        ["total_attempts", "successful_publishes", "failed_publishes", "manual_releases", "security_driven_releases"];
    assert_eq!(keys.map(|key| stats[key].as_u64().unwrap()), [2, 1, 1, 1, 1]);
    assert_eq!(stats["success_rate_percent"], 50.0);
}

#[test]
fn a23_five_publishes_are_five() {
    let project = Scratch::empty();
    for _ in 0..5 {
        record(&project, NOW, "pypi-publish", &["--status", "success"]);
    }
    let stats = json(&project, &["stats", "--days", "7"]);
    assert_eq!((stats["total_attempts"].as_u64(), stats["successful_publishes"].as_u64()), (Some(5), Some(5)));
    assert_eq!(stats["publish_rate"]["value"], 100.0);
}

#[test]
fn a24_a_quiet_week_is_unknown_and_not_poor() {
    let project = Scratch::empty();
    record(&project, NOW, "security-driven-release", &["--status", "success", "--release-type", "none"]);
    let health = monitoring(&project, &["health"]).output().expect_success();
    assert!(health.stdout.starts_with("Health: unknown\nno publishes in window"), "{}", health.stdout);
    let health = json(&project, &["health"]);
    assert_eq!(
        (health["health_status"].as_str(), health["publish_rate"]["reason"].as_str()),
        (Some("unknown"), Some("no_events"))
    );
    assert!(health["publish_rate"]["value"].is_null());
}

#[test]
fn a_project_without_runs_has_no_numbers() {
    let project = Scratch::empty();
    let stats = json(&project, &["stats"]);
    assert!(stats["success_rate_percent"].is_null() && stats["average_publish_duration"].is_null());
    assert_eq!(stats["success_rate_percent_reason"], "no_events");
    monitoring(&project, &["health"]).output().expect_success();
    assert_eq!(monitoring(&project, &["list"]).output().expect_success().stdout, "no runs\n");
    assert_eq!(project.files().len(), 0, "reading makes no folder");
}

#[test]
fn poor_health_ends_with_1() {
    let project = Scratch::empty();
    record(&project, NOW, "pypi-publish", &["--status", "failed", "--stage", "upload", "--error", "503"]);
    let health = monitoring(&project, &["health"]).output().expect_code(1);
    assert!(health.stdout.starts_with("Health: poor\n0 of 1 publishes"), "{}", health.stdout);
}

#[test]
fn a25_bad_files_are_skipped_counted_and_named() {
    let project = Scratch::empty();
    record(&project, NOW, "release", &MANUAL);
    let good = project.text(&crate::record_files(&project)[0]);
    project.write("metrics/workflow-naive.json", good.replace("12:00:00Z", "12:00:00"));
    project.write("metrics/workflow-list.json", "[]");
    project.write("metrics/workflow-null.json", good.replace(&format!("\"{NOW}\""), "null"));
    std::os::unix::fs::symlink("/dev/zero", project.join("metrics/workflow-endless.json")).unwrap();
    project.write("metrics/publishing_stats.json", "{}");
    let stats =
        monitoring(&project, &["--format", "json", "stats"]).env("GITHUB_ACTIONS", "true").output().expect_success();
    assert!(stats.stderr.contains("::warning::metrics/workflow-endless.json is left out"), "{}", stats.stderr);
    let stats = stats.json();
    assert_eq!(stats["total_attempts"], 1);
    let skipped = stats["data_quality"]["skipped"].as_array().unwrap();
    let names: Vec<&str> = skipped.iter().map(|skipped| skipped["file"].as_str().unwrap()).collect();
    assert_eq!(names, ["workflow-endless.json", "workflow-list.json", "workflow-naive.json", "workflow-null.json"]);
    for command in ["health", "dashboard", "list"] {
        let outcome = monitoring(&project, &[command]).output().expect_success();
        assert!(!outcome.stderr.contains("panic"), "{}", outcome.stderr);
    }
}

#[test]
fn a31_flags_are_honoured_or_refused() {
    let project = Scratch::empty();
    record(&project, "2026-03-22T12:00:00Z", "release", &MANUAL);
    for form in [&["stats", "--days=7"][..], &["stats", "--days", "7"]] {
        let stats = json(&project, form);
        assert_eq!((stats["window"]["days"].as_u64(), stats["total_attempts"].as_u64()), (Some(7), Some(0)));
    }
    assert_eq!(json(&project, &["stats"])["total_attempts"], 1);
    refused(monitoring(&project, &["stats", "--days=abc"]).output(), 2, "\"abc\" is not a valid number of days");
    refused(monitoring(&project, &["stats", "--days=-1"]).output(), 2, "is not a valid number of days");
    refused(monitoring(&project, &["statistics"]).output(), 2, "unrecognized subcommand");
    let help = monitoring(&project, &["--help"]).output().expect_success();
    assert!(help.stdout.contains("dashboard"));
    assert!(monitoring(&project, &["--verbose", "stats"]).output().expect_success().stdout.contains("publishes"));
}

#[test]
fn runs_are_listed_newest_first() {
    let project = Scratch::empty();
    let old = record(&project, "2026-03-20T12:00:00Z", "scan", &["--status", "failed", "--error", "no report"]);
    let new = record(&project, "2026-03-30T12:00:00Z", "scan", &["--status", "success"]);
    let active = start(&project, NOW, "scan");
    let ids = |arguments: &[&str]| {
        let list = json(&project, arguments);
        list["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["execution_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&["list"]), [active.as_str(), &new, &old]);
    assert_eq!(ids(&["list", "--days=7"]), [active.as_str(), &new]);
    assert_eq!(ids(&["list", "--status", "failed"]), [old.as_str()]);
    refused(
        monitoring(&project, &["list", "--status", "FAILED"]).output(),
        2,
        "possible values: running, success, failed, cancelled",
    );
}

#[test]
fn the_python_systems_records_count() {
    let project = Scratch::empty();
    let run = |status: &str, published: bool| {
        format!(
            r#"{{"workflow_name": "pypi-publish", "execution_id": "pypi-publish-20260330-10000{published}", "start_time": "2026-03-30T10:00:00.123456+00:00",
            "end_time": "2026-03-30T10:03:00.123456+00:00", "status": "{status}", "duration_seconds": 180.0, "release_triggered": false, "release_type": null,
            "security_changes_count": 0, "quality_gates_passed": true, "publishing_success": {published}, "error_message": null, "error_stage": null,
            "security_scan_duration": null, "build_duration": null, "publish_duration": 30.5}}"#
        )
    };
    project.write("metrics/workflow-a.json", run("success", true));
    project.write("metrics/workflow-b.json", run("failed", false));
    let stats = json(&project, &["stats"]);
    assert_eq!((stats["total_attempts"].as_u64(), stats["success_rate_percent"].as_f64()), (Some(2), Some(50.0)));
    assert_eq!(stats["average_publish_duration"], 30.5);
}

#[test]
fn the_runner_gets_summary_and_outputs() {
    let project = Scratch::empty();
    record(&project, NOW, "release", &MANUAL);
    let (summary, output) = (project.join("summary.md"), project.join("output"));
    for command in ["stats", "health", "dashboard"] {
        monitoring(&project, &[command])
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("GITHUB_OUTPUT", &output)
            .output()
            .expect_success();
    }
    assert!(project.text("summary.md").contains("### Publishing: excellent"));
    assert_eq!(
        project.text("output"),
        "health_status=excellent\ndashboard=monitoring_dashboard.html\nhealth_status=excellent\n"
    );
}
