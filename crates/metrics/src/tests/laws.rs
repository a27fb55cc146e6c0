use findings_model::Timestamp;
use proptest::prelude::*;
use time::Duration;

use super::{history, minutes_before, now, publish};
use crate::{
    DashboardDocument, Days, ExecutionId, FinalStatus, HealthDocument, HealthStatus, HistoryReader, NoValue,
    PublishingStats, ReleaseType, RunRecord, RunStatus, StageName, StageReport, StageStatus, StartReport,
    StatsDocument, Window, WorkflowName,
};

fn any_run() -> impl Strategy<Value = RunRecord> {
    let statuses = prop_oneof![
        Just(RunStatus::Running),
        Just(RunStatus::Success),
        Just(RunStatus::Failed),
        Just(RunStatus::Cancelled)
    ];
    let kinds = prop_oneof![
        Just(None),
        Just(Some(ReleaseType::None)),
        Just(Some(ReleaseType::Manual)),
        Just(Some(ReleaseType::SecurityAuto))
    ];
    (0..40_u32, 0..20_i64 * 1440, 0..2000_i64, statuses, kinds, any::<Option<bool>>(), any::<bool>()).prop_map(
        |(id, ago, seconds, status, kind, published, dry_run)| {
            let end = minutes_before(now(), ago);
            let workflow = WorkflowName::parse(if id % 3 == 0 { "scan" } else { "release" }).unwrap();
            let start = StartReport { id: ExecutionId::parse(&format!("run-{id}")).unwrap(), workflow, dry_run };
            let mut run = RunRecord::start(start, Timestamp::new(end.moment() - Duration::seconds(seconds)));
            run.report_stage(
                StageReport {
                    name: StageName::parse("scan").unwrap(),
                    status: StageStatus::Success,
                    duration: None,
                    error: None,
                },
                run.start_time,
            )
            .unwrap();
            run.status = status;
            run.end_time = (status != RunStatus::Running).then_some(end);
            (run.release_type, run.publishing_success) = (kind, published);
            run
        },
    )
}

proptest! {
    #[test]
    fn an_empty_window_has_no_numbers(runs in prop::collection::vec(any_run(), 0..20), days in 1..60_u32) {
        let years_later = Timestamp::new(now().moment() + Duration::days(1000));
        let stats = StatsDocument::of(&history(&runs), Days::clamped(days), years_later);
        prop_assert_eq!(stats.publishing.success_rate_percent, None);
        prop_assert_eq!(stats.publishing.publish_rate.value(), None);
        prop_assert_eq!(stats.publishing.average_publish_duration, None);
        prop_assert_eq!(stats.execution_time.within_target, None);
        let summary = stats.execution_time.summary;
        for measured in [summary.mean, summary.p50, summary.p95, summary.max] {
            prop_assert_eq!((measured.value, measured.reason), (None, Some(NoValue::NoEvents)));
        }
        prop_assert_eq!(HealthDocument::of(&history(&runs), Days::clamped(days), years_later).health_status, HealthStatus::Unknown);
    }

    #[test]
    fn a_week_is_the_sum_of_its_days(runs in prop::collection::vec(any_run(), 0..40)) {
        let history = history(&runs);
        let of = |days, to| PublishingStats::of(history.runs(), Window::last(Days::clamped(days), to));
        let week = of(7, now());
        let days: Vec<PublishingStats> = (0..7).map(|back| of(1, minutes_before(now(), back * 1440))).collect();
        let sum = |count: fn(&PublishingStats) -> usize| days.iter().map(count).sum::<usize>();
        prop_assert_eq!(week.total_attempts, sum(|d| d.total_attempts));
        prop_assert_eq!(week.successful_publishes, sum(|d| d.successful_publishes));
        prop_assert_eq!(week.manual_releases, sum(|d| d.manual_releases));
        prop_assert_eq!(week.not_attempts.no_release, sum(|d| d.not_attempts.no_release));
    }

    #[test]
    fn order_and_copies_do_not_matter(runs in prop::collection::vec(any_run(), 0..20), seed in any::<u64>()) {
        let once = DashboardDocument::of(&history(&runs), now());
        let mut shuffled: Vec<&RunRecord> = runs.iter().chain(&runs).collect();
        let turn = usize::try_from(seed % (shuffled.len().max(1) as u64)).unwrap();
        shuffled.rotate_left(turn);
        shuffled.reverse();
        let mut twice = DashboardDocument::of(&history(shuffled), now());
        twice.data_quality.duplicates = once.data_quality.duplicates;
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn records_survive_being_written(run in any_run()) {
        prop_assert_eq!(RunRecord::from_json(&run.to_json()).unwrap(), run.clone());
        prop_assert_eq!(RunRecord::from_json(&run.to_json_line()).unwrap(), run);
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        let _ = RunRecord::from_json(&bytes);
        let mut reader = HistoryReader::new();
        reader.monthly_file("m", text.as_bytes());
        reader.daily_file("d", text.as_bytes());
        let history = reader.finish();
        prop_assert!(DashboardDocument::of(&history, now()).to_html().is_ok());
    }

    #[test]
    fn pages_hold_whatever_a_run_says(message in ".{0,80}", name in ".{1,40}") {
        let Ok(workflow) = WorkflowName::parse(&name) else { return Ok(()) };
        let tags = |workflow, message: &str| {
            let mut run = publish("hostile", 1, FinalStatus::Failed);
            run.workflow_name = workflow;
            run.error_message = Some(format!("x{message}"));
            let html = DashboardDocument::of(&history([&run]), now()).to_html().unwrap();
            html.matches('<').count()
        };
        prop_assert_eq!(tags(workflow, &message), tags(WorkflowName::parse("release").unwrap(), "plain"));
    }
}
