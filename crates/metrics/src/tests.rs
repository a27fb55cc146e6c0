//! What the documents say of whole histories, and the laws that hold for all of them.

mod documents;
mod laws;
mod prune;

use findings_model::Timestamp;
use time::Duration;

use crate::{
    ExecutionId, FinalStatus, FinishReport, History, HistoryReader, ReleaseType, RunRecord, Seconds, StageName,
    StartReport, WorkflowName,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-31T12:00:00Z")
}

fn minutes_before(now: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::new(now.moment() - Duration::minutes(minutes))
}

/// A finished run that ended so many hours before now and took so many seconds.
fn run(id: &str, hours_ago: i64, seconds: i64, report: FinishReport) -> RunRecord {
    let end = minutes_before(now(), hours_ago * 60);
    let workflow = WorkflowName::parse("security-driven-release").unwrap();
    let start = StartReport { id: ExecutionId::parse(id).unwrap(), workflow, dry_run: false };
    let mut run = RunRecord::start(start, Timestamp::new(end.moment() - Duration::seconds(seconds)));
    run.finish(report, end).unwrap();
    run
}

fn report(status: FinalStatus, release_type: Option<ReleaseType>) -> FinishReport {
    FinishReport { release_type, ..FinishReport::new(status) }
}

fn publish(id: &str, hours_ago: i64, status: FinalStatus) -> RunRecord {
    run(id, hours_ago, 120, report(status, Some(ReleaseType::Manual)))
}

fn history<'a>(runs: impl IntoIterator<Item = &'a RunRecord>) -> History {
    let mut reader = HistoryReader::new();
    for run in runs {
        reader.run_file(&run.execution_id.file_name(), &run.to_json());
    }
    reader.finish()
}

fn attempts(succeeded: usize, of: usize) -> Vec<RunRecord> {
    let status = |n| {
        if n < succeeded { FinalStatus::Success } else { FinalStatus::Failed }
    };
    (0..of).map(|n| publish(&format!("run-{n}"), 1 + i64::try_from(n).unwrap(), status(n))).collect()
}

/// A history with something of everything.
fn eventful() -> Vec<RunRecord> {
    let mut runs = Vec::new();
    for week in 0..6_i64 {
        let hours = 9 + week * 24 * 7;
        let mut scan =
            run(&format!("scan-{week}"), hours, 150 + 40 * week, report(FinalStatus::Success, Some(ReleaseType::None)));
        scan.stages.clear();
        scan.security_scan_duration = Seconds::from_f64(64.0);
        runs.push(scan);
        let (status, kind) = match week {
            0 => (FinalStatus::Failed, ReleaseType::SecurityAuto),
            3 => (FinalStatus::Success, ReleaseType::Manual),
            _ => (FinalStatus::Success, ReleaseType::SecurityAuto),
        };
        let mut release = run(&format!("release-{week}"), hours - 1, 200 + 60 * week, report(status, Some(kind)));
        release.publish_duration = Seconds::from_f64(20.0 + f64::from(i32::try_from(week).unwrap()));
        if status == FinalStatus::Failed {
            release.error_stage = Some(StageName::parse("publish").unwrap());
            release.error_message = Some("HTTPError: 503 Service Unavailable <script>alert(1)</script>".to_owned());
        }
        runs.push(release);
    }
    runs.push(run("stopped-1", 50, 30, report(FinalStatus::Cancelled, None)));
    let begin = |id: &str, hours: i64| {
        let workflow = WorkflowName::parse("pypi-publish").unwrap();
        RunRecord::start(
            StartReport { id: ExecutionId::parse(id).unwrap(), workflow, dry_run: false },
            minutes_before(now(), hours * 60 + 3),
        )
    };
    runs.push(begin("active-1", 0));
    runs.push(begin("lost-1", 80));
    runs.push(begin("lost-2", 24 * 60));
    runs
}

fn eventful_history() -> History {
    let mut reader = HistoryReader::new();
    for run in eventful() {
        reader.run_file(&run.execution_id.file_name(), &run.to_json());
    }
    reader.run_file("workflow-broken.json", b"[]");
    reader.finish()
}
