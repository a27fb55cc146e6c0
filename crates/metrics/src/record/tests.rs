use super::*;
use crate::words::FinalStatus;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn started(workflow: &str, when: &str) -> RunRecord {
    let report = StartReport {
        id: ExecutionId::parse("run-1").unwrap(),
        workflow: WorkflowName::parse(workflow).unwrap(),
        dry_run: false,
    };
    RunRecord::start(report, at(when))
}

fn stage(name: &str, status: StageStatus) -> StageReport {
    StageReport { name: StageName::parse(name).unwrap(), status, duration: None, error: None }
}

fn finish(status: FinalStatus, kind: Option<ReleaseType>) -> FinishReport {
    FinishReport { release_type: kind, ..FinishReport::new(status) }
}

#[test]
fn row_68_thirty_seconds_are_thirty() {
    let mut run = started("scan", "2026-01-05T10:00:00Z");
    run.finish(FinishReport::new(FinalStatus::Success), at("2026-01-05T10:00:30Z")).unwrap();
    assert_eq!(run.duration_seconds, Seconds::from_f64(30.0));
    assert!(String::from_utf8(run.to_json()).unwrap().contains("\"duration_seconds\": 30.0"));
}

#[test]
fn a_run_with_stages_is_written_whole() {
    let mut run = started("security-driven-release", "2026-01-05T03:00:00Z");
    run.report_stage(stage("security-scan", StageStatus::Running), at("2026-01-05T03:00:05Z")).unwrap();
    run.report_stage(stage("security-scan", StageStatus::Success), at("2026-01-05T03:01:05Z")).unwrap();
    run.report_stage(stage("quality-gates", StageStatus::Success), at("2026-01-05T03:02:00Z")).unwrap();
    let failed = StageReport {
        error: Some("\u{1b}[31mERROR\u{1b}[0m HTTPError:\n 503 from the index".to_owned()),
        duration: Seconds::from_f64(12.5),
        ..stage("publish", StageStatus::Failed)
    };
    run.report_stage(failed, at("2026-01-05T03:03:00Z")).unwrap();
    run.finish(finish(FinalStatus::Failed, Some(ReleaseType::SecurityAuto)), at("2026-01-05T03:03:10Z")).unwrap();
    insta::assert_snapshot!(String::from_utf8(run.to_json()).unwrap());
    assert_eq!(RunRecord::from_json(&run.to_json()).unwrap(), run);
}

#[test]
fn what_nobody_told_is_null() {
    let run = started("scan", "2026-01-05T10:00:00Z");
    let value: serde_json::Value = serde_json::from_slice(&run.to_json()).unwrap();
    for key in [
        "end_time",
        "duration_seconds",
        "release_triggered",
        "release_type",
        "security_changes_count",
        "quality_gates_passed",
        "publishing_success",
        "error_message",
        "error_stage",
        "security_scan_duration",
        "build_duration",
        "publish_duration",
    ] {
        assert!(value[key].is_null(), "{key}");
    }
}

#[test]
fn finishing_twice_is_harmless_or_refused() {
    let mut run = started("scan", "2026-01-05T10:00:00Z");
    assert_eq!(run.finish(FinishReport::new(FinalStatus::Failed), at("2026-01-05T10:01:00Z")), Ok(Finished::Now));
    let once = run.clone();
    assert_eq!(run.finish(FinishReport::new(FinalStatus::Failed), at("2026-01-05T11:00:00Z")), Ok(Finished::Before));
    let error = run.finish(FinishReport::new(FinalStatus::Success), at("2026-01-05T11:00:00Z")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "run run-1 is finished already as failed at 2026-01-05T10:01:00Z; it cannot finish again as success"
    );
    let error = run.report_stage(stage("build", StageStatus::Success), at("2026-01-05T11:00:00Z")).unwrap_err();
    assert_eq!(error.to_string(), "run run-1 is finished (failed at 2026-01-05T10:01:00Z): stage build comes too late");
    assert_eq!(run, once);
}

#[test]
fn a_failed_run_names_the_stage_it_failed_in() {
    let mut run = started("scan", "2026-01-05T10:00:00Z");
    run.report_stage(stage("build", StageStatus::Running), at("2026-01-05T10:00:01Z")).unwrap();
    run.finish(FinishReport::new(FinalStatus::Failed), at("2026-01-05T10:01:00Z")).unwrap();
    assert_eq!(run.error_stage.as_ref().map(StageName::as_str), Some("build"));
    assert_eq!(run.stages[0].status, StageStatus::Unfinished);
    assert_eq!(run.stages[0].end_time, None);
}

#[test]
fn a_clock_that_ran_backwards_gives_no_duration() {
    let mut run = started("scan", "2026-01-05T10:00:00Z");
    run.finish(FinishReport::new(FinalStatus::Success), at("2026-01-05T09:59:00Z")).unwrap();
    assert_eq!(run.duration(), None);
}

#[test]
fn publishing_is_told_by_the_stage_before_the_run() {
    use FinalStatus::{Cancelled, Failed, Success};
    let told = |workflow: &str, publish: Option<StageStatus>, report: FinishReport| {
        let mut run = started(workflow, "2026-01-05T10:00:00Z");
        if let Some(status) = publish {
            run.report_stage(stage("publish", status), at("2026-01-05T10:00:10Z")).unwrap();
        }
        run.finish(report, at("2026-01-05T10:01:00Z")).unwrap();
        run.publishing_success
    };
    let manual = Some(ReleaseType::Manual);
    assert_eq!(told("release", None, finish(Success, manual)), Some(true));
    assert_eq!(told("release", None, finish(Failed, manual)), Some(false));
    assert_eq!(told("release", None, finish(Cancelled, manual)), None);
    assert_eq!(told("release", None, finish(Success, Some(ReleaseType::None))), None);
    assert_eq!(told("release", None, finish(Success, None)), None);
    assert_eq!(told("pypi-publish", None, finish(Failed, None)), Some(false));
    assert_eq!(told("release", Some(StageStatus::Success), finish(Failed, manual)), Some(true));
    assert_eq!(told("release", Some(StageStatus::Skipped), finish(Success, manual)), None);
    let elsewhere = FinishReport { publish: PublishReport::Elsewhere, ..finish(Success, manual) };
    assert_eq!(told("release", None, elsewhere), None);
}

#[test]
fn unknown_keys_survive_a_rewrite() {
    let mut text = String::from_utf8(started("scan", "2026-01-05T10:00:00Z").to_json()).unwrap();
    text = text.replacen('{', "{\"x_runner\": {\"os\": \"linux\"},", 1);
    text = text.replace("\"schema_version\": \"1.0\"", "\"schema_version\": \"1.7\"");
    text = text.replace(
        "\"stages\": []",
        "\"stages\": [{\"name\": \"build\", \"status\": \"running\", \"start_time\": null, \"x_step\": 3}]",
    );
    let mut run = RunRecord::from_json(text.as_bytes()).unwrap();
    run.report_stage(stage("build", StageStatus::Success), at("2026-01-05T10:00:10Z")).unwrap();
    let again: serde_json::Value = serde_json::from_slice(&run.to_json()).unwrap();
    assert_eq!(again["x_runner"]["os"], "linux");
    assert_eq!(again["stages"][0]["x_step"], 3);
    assert_eq!(again["schema_version"], "1.7");
}

const PYTHON: &str = r#"{
  "workflow_name": "security-driven-release",
  "execution_id": "security-driven-release-20251027-025837",
  "start_time": "2025-10-27T02:58:37.819468+00:00",
  "end_time": "2025-10-27T02:59:07.900000+00:00",
  "status": "success",
  "duration_seconds": 30.080532,
  "release_triggered": false,
  "release_type": null,
  "security_changes_count": 0,
  "quality_gates_passed": false,
  "publishing_success": false,
  "error_message": null,
  "error_stage": null,
  "security_scan_duration": null,
  "build_duration": null,
  "publish_duration": null
}"#;

#[test]
fn the_python_systems_files_are_read() {
    let run = RunRecord::from_json(PYTHON.as_bytes()).unwrap();
    assert_eq!(run.start_time, at("2025-10-27T02:58:37Z"));
    assert_eq!(run.duration_seconds, Seconds::from_f64(30.081));
    assert_eq!((run.publishing_success, run.quality_gates_passed, run.release_triggered), (None, None, Some(false)));

    let failed = PYTHON
        .replace("\"success\"", "\"failed\"")
        .replace("\"workflow_name\": \"security-driven-release\"", "\"workflow_name\": \"pypi-publish\"");
    assert_eq!(RunRecord::from_json(failed.as_bytes()).unwrap().publishing_success, Some(false));

    let few =
        r#"{"workflow_name": "w", "execution_id": "i", "start_time": "2025-10-27T02:58:37Z", "status": "running"}"#;
    assert_eq!(RunRecord::from_json(few.as_bytes()).unwrap().security_changes_count, None);
}

#[test]
fn a25_what_is_no_record_says_why() {
    let why = |text: &str| RunRecord::from_json(text.as_bytes()).unwrap_err().to_string();
    let with = |from: &str, to: &str| why(&PYTHON.replace(from, to));
    insta::assert_snapshot!([
        why(""),
        why("[]"),
        why("{\"start_time\": "),
        why("{}"),
        with("\"2025-10-27T02:58:37.819468+00:00\"", "\"2025-10-27T02:58:37.819468\""),
        with("\"2025-10-27T02:58:37.819468+00:00\"", "null"),
        with("\"success\"", "\"ok\\u001b[2J\""),
        with("30.080532", "-5"),
        with("\"security-driven-release-20251027-025837\"", "\"../../etc/passwd\""),
        with("{", "{\"schema_version\": \"2.0\","),
    ].join("\n"), @r#"
    not JSON: EOF while parsing a value at line 1 column 0
    a list where a run record (an object) is needed
    not JSON: EOF while parsing a value at line 1 column 15
    workflow_name is missing or null
    start_time: "2025-10-27T02:58:37.819468" is not a valid RFC 3339 time (such as 2026-01-05T03:00:00Z)
    start_time is missing or null
    status: "ok�[2J" is not a valid run status (must be one of running, success, failed, cancelled)
    duration_seconds: -5 is not a number of seconds from 0 to ten years
    execution_id: "../../etc/passwd" is not a valid execution id: only letters, digits, '.', '_' and '-' are allowed
    schema_version 2.0 is newer than 1.0, the newest that this program knows; it was left as it is
    "#);
}
