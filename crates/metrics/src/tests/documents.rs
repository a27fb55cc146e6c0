use insta::assert_snapshot;

use super::{at, attempts, eventful_history, history, now, publish, report, run};
use crate::{
    DashboardDocument, Days, Direction, ExecutionId, FinalStatus, FinishReport, HealthDocument, HealthStatus,
    HistoryReader, ListDocument, ListFilter, NoValue, PublishReport, Rate, ReleaseType, RunRecord, RunStatus,
    ScanOutcome, Seconds, StageName, StartReport, StatsDocument, SuccessTrend, Window, WorkflowName, markdown, plain,
};

#[test]
fn row_69_rates() {
    let stats = |runs: &[RunRecord]| StatsDocument::of(&history(runs), Days::MONTH, now()).publishing;
    let four = stats(&attempts(4, 5));
    assert_eq!((four.success_rate_percent, four.publish_rate.value()), (Some(80.0), Some(80.0)));
    let none = stats(&[]);
    assert_eq!(
        (none.total_attempts, none.success_rate_percent, none.success_rate_percent_reason),
        (0, None, Some(NoValue::NoEvents))
    );
}

#[test]
fn daily_totals_that_no_sum_can_hold_are_named_and_left_out() {
    let read = |runs: u64| {
        let day = |date: &str, runs: u64| {
            format!("\"{date}\": {{\"runs\": {runs}, \"success\": {runs}, \"failed\": {runs}}}")
        };
        let days = [day("2026-03-01", runs), day("2026-03-02", 3)].join(", ");
        let mut reader = HistoryReader::new();
        reader
            .daily_file("daily/2026.json", format!("{{\"schema_version\": \"1.0\", \"days\": {{{days}}}}}").as_bytes());
        reader.finish()
    };
    for runs in [u64::MAX, (1 << 53) + 1] {
        let history = read(runs);
        assert_eq!(
            history.skipped()[0].reason,
            "2026-03-01 counts more than 9007199254740992 of something, which cannot be"
        );
        assert_eq!(history.daily().days().len(), 0);
    }
    let most = DashboardDocument::of(&read(1 << 53), "2026-03-02T12:00:00Z".parse().unwrap());
    assert_eq!(most.months[0].totals.runs, (1 << 53) + 3);
    assert!(most.to_html().unwrap().contains("9007199254740995"));
}

#[test]
fn row_70_health_words_are_found_by_whole_numbers() {
    let word = |succeeded, attempts| HealthStatus::of(Rate { succeeded, attempts, min_sample: 5 });
    assert_eq!([19, 17, 15, 10].map(|k| word(k, 20).as_str()), ["excellent", "good", "fair", "poor"]);
    assert_eq!(
        [word(14, 20), word(9_498, 10_000), word(0, 0), word(0, 1)],
        [HealthStatus::Fair, HealthStatus::Good, HealthStatus::Unknown, HealthStatus::Poor]
    );
}

#[test]
fn records_that_cannot_be_read_take_the_word_away_unless_it_would_stand() {
    let judged = |runs: Vec<RunRecord>, torn: usize| {
        let mut reader = HistoryReader::new();
        for run in &runs {
            reader.run_file(&run.execution_id.file_name(), &run.to_json());
        }
        for n in 0..torn {
            reader.run_file(&format!("workflow-torn-{n}.json"), b"{");
        }
        let history = reader.finish();
        let dashboard = DashboardDocument::of(&history, now());
        let health = HealthDocument::of(&history, Days::WEEK, now());
        assert_eq!((dashboard.health_status, &dashboard.health_reason), (health.health_status, &health.reason));
        (health.health_status, health.reason)
    };
    let (word, reason) = judged(attempts(5, 5), 9);
    assert_eq!(word, HealthStatus::Unknown);
    assert!(reason.ends_with("; 9 records cannot be read, so the state is not known"), "{reason}");
    assert_eq!(judged(attempts(40, 40), 1).0, HealthStatus::Excellent);
    assert_eq!(judged(attempts(1, 5), 9).0, HealthStatus::Poor);
}

#[test]
fn a_run_that_ended_after_now_is_in_no_number_and_is_named() {
    let mut ahead = publish("ahead", 1, FinalStatus::Success);
    ahead.end_time = Some(at("2026-03-31T12:03:00Z"));
    let stats = StatsDocument::of(&history([&ahead]), Days::MONTH, now());
    assert_eq!(stats.runs.total, 0);
    assert_eq!(stats.data_quality.future, [ahead.execution_id]);
}

#[test]
fn row_71_release_types() {
    let manual = publish("a", 2, FinalStatus::Success);
    let security = run("b", 1, 60, report(FinalStatus::Failed, Some(ReleaseType::SecurityAuto)));
    let stats = StatsDocument::of(&history([&manual, &security]), Days::MONTH, now()).publishing;
    assert_eq!((stats.total_attempts, stats.successful_publishes, stats.failed_publishes), (2, 1, 1));
    assert_eq!((stats.success_rate_percent, stats.manual_releases, stats.security_driven_releases), (Some(50.0), 1, 1));
    assert_eq!(stats.publish_rate.reason(), Some(NoValue::BelowMinSample));
    assert_eq!((stats.last_successful_publish, stats.last_failed_publish), (manual.end_time, security.end_time));
}

#[test]
fn row_73_durations_against_the_target() {
    let took = |seconds: &[i64]| {
        let runs: Vec<RunRecord> = seconds
            .iter()
            .enumerate()
            .map(|(n, s)| run(&format!("r{n}"), 1, *s, FinishReport::new(FinalStatus::Success)))
            .collect();
        StatsDocument::of(&history(&runs), Days::MONTH, now()).execution_time
    };
    let fine = took(&[120, 150, 180]);
    assert_eq!((fine.summary.mean.value, fine.within_target), (Seconds::from_f64(150.0), Some(true)));
    assert_eq!(took(&[300, 300, 300]).within_target, Some(true));
    assert_eq!(took(&[300, 300, 302]).within_target, Some(false));
    assert_eq!(took(&[600]).within_target, None);
}

#[test]
fn a22_four_starts_in_one_second_are_four_runs() {
    let name = WorkflowName::parse("release").unwrap();
    let runs: Vec<RunRecord> = (0..4)
        .map(|nonce| {
            RunRecord::start(
                StartReport {
                    id: ExecutionId::generate(&name, now(), [nonce; 16]),
                    workflow: name.clone(),
                    dry_run: false,
                },
                now(),
            )
        })
        .collect();
    assert_eq!(history(&runs).active(now()).count(), 4);
}

#[test]
fn a23_five_publishes_are_five() {
    let stats = StatsDocument::of(&history(&attempts(5, 5)), Days::MONTH, now());
    assert_eq!((stats.publishing.total_attempts, stats.publishing.successful_publishes), (5, 5));
}

#[test]
fn a24_a_run_without_a_release_is_not_a_poor_one() {
    let quiet = run("a", 1, 60, report(FinalStatus::Success, Some(ReleaseType::None)));
    let health = HealthDocument::of(&history([&quiet]), Days::WEEK, now());
    assert_eq!(health.health_status, HealthStatus::Unknown);
    assert_snapshot!(plain::health(&health), @r"
    Health: unknown
    no publishes in window (last 7 days; other finished runs: 1 not for a release)
    ");
    assert_snapshot!(plain::health(&HealthDocument::of(&history([]), Days::WEEK, now())), @r"
    Health: unknown
    no publishes in window (last 7 days; no finished runs)
    ");
}

#[test]
fn runs_that_are_no_attempts_are_counted_beside_the_rate() {
    let mut rehearsal = publish("rehearsal", 1, FinalStatus::Failed);
    rehearsal.dry_run = true;
    let elsewhere = FinishReport {
        publish: PublishReport::Elsewhere,
        ..report(FinalStatus::Failed, Some(ReleaseType::SecurityAuto))
    };
    let runs = [
        rehearsal,
        run("cancelled", 2, 60, report(FinalStatus::Cancelled, Some(ReleaseType::Manual))),
        run("decided", 3, 60, elsewhere),
        run("quiet", 4, 60, FinishReport::new(FinalStatus::Failed)),
        publish("published", 5, FinalStatus::Success),
    ];
    let stats = StatsDocument::of(&history(&runs), Days::MONTH, now()).publishing;
    assert_eq!((stats.total_attempts, stats.successful_publishes), (1, 1));
    let not = stats.not_attempts;
    assert_eq!((not.dry_run, not.cancelled, not.unreported, not.no_release), (1, 1, 1, 1));
}

#[test]
fn failures_in_a_row_are_counted_over_attempts_only() {
    let streak = |runs: &[RunRecord]| crate::publish::consecutive_failures(runs, now());
    let cancelled = run("c", 1, 60, report(FinalStatus::Cancelled, Some(ReleaseType::Manual)));
    let runs = [
        publish("a", 9, FinalStatus::Success),
        publish("b", 3, FinalStatus::Failed),
        publish("d", 2, FinalStatus::Failed),
        cancelled,
    ];
    assert_eq!(streak(&runs).value, Some(2));
    assert_eq!(streak(&runs[..1]).value, Some(0));
    assert_eq!(streak(&[]).reason, Some(NoValue::NoEvents));
}

#[test]
fn a_run_that_failed_in_its_scan_has_no_complete_one() {
    let mut red = run("a", 1, 60, FinishReport::new(FinalStatus::Success));
    red.security_scan_duration = Seconds::from_f64(50.0);
    assert_eq!(red.scan_outcome(), Some(ScanOutcome::Completed));
    red.status = RunStatus::Failed;
    red.error_stage = Some(StageName::parse("security-scan").unwrap());
    assert_eq!(red.scan_outcome(), Some(ScanOutcome::Failed));
    let stats = StatsDocument::of(&history([&red]), Days::MONTH, now());
    assert_eq!(stats.scans.last_completed.reason, Some(NoValue::NoEvents));
}

#[test]
fn windows_begin_after_their_first_moment() {
    let window = Window::last(Days::WEEK, now());
    assert!(!window.contains(at("2026-03-24T12:00:00Z")));
    assert!(window.contains(at("2026-03-24T12:00:01Z")));
    assert!(window.contains(now()));
    assert!(!window.contains(at("2026-03-31T12:00:01Z")));
    assert_eq!(window.previous().to, window.from);
}

#[test]
fn the_trend_compares_two_weeks_or_says_that_it_cannot() {
    let trend = |runs: &[RunRecord]| SuccessTrend::of(&history(runs), now());
    let before = [publish("a", 8 * 24, FinalStatus::Success), publish("b", 9 * 24, FinalStatus::Failed)];
    let mut both = before.to_vec();
    both.push(publish("c", 1, FinalStatus::Success));
    let up = trend(&both);
    assert_eq!((up.trend_direction, up.trend_change), (Some(Direction::Up), Some(50.0)));
    let unknown = trend(&before);
    assert_eq!((unknown.current_success_rate, unknown.previous_success_rate), (None, Some(50.0)));
    assert_eq!((unknown.trend_direction, unknown.trend_change, unknown.reason), (None, None, Some(NoValue::NoEvents)));
}

#[test]
fn a25_a_bad_file_is_skipped_counted_and_named() {
    let good = publish("good", 1, FinalStatus::Success);
    let mut reader = HistoryReader::new();
    reader.run_file("workflow-good.json", &good.to_json());
    reader.run_file("workflow-list.json", b"[1]");
    reader.run_file("workflow-half.json", &good.to_json()[..40]);
    reader.monthly_file("runs/2026-01.ndjson", b"\n{}\n");
    reader.daily_file("daily/2026.json", b"{\"schema_version\": \"1.0\", \"days\": {\"monday\": {}}}");
    reader.unreadable("workflow-big.json", "larger than 1 MiB");
    let stats = StatsDocument::of(&reader.finish(), Days::MONTH, now());
    assert_eq!(stats.publishing.total_attempts, 1);
    assert_snapshot!(plain::quality(&stats.data_quality), @r#"
    skipped (5):
      daily/2026.json: "monday" is not a valid day (such as 2026-01-05)
      runs/2026-01.ndjson:2: workflow_name is missing or null
      workflow-big.json: larger than 1 MiB
      workflow-half.json: not JSON: EOF while parsing a string at line 3 column 11
      workflow-list.json: a list where a run record (an object) is needed
    "#);
}

#[test]
fn runs_from_the_future_are_named_and_not_counted() {
    let mut late = publish("late", 1, FinalStatus::Success);
    late.end_time = Some(at("2199-01-01T00:00:00Z"));
    let stats = StatsDocument::of(&history([&late]), Days::clamped(36_500), now());
    assert_eq!(stats.publishing.total_attempts, 0);
    assert_eq!(stats.data_quality.future, [late.execution_id]);
}

#[test]
fn the_stats_document() {
    let stats = StatsDocument::of(&eventful_history(), Days::MONTH, now());
    assert_snapshot!(String::from_utf8(stats.to_json()).unwrap());
}

#[test]
fn the_stats_document_without_data() {
    let stats = StatsDocument::of(&history([]), Days::MONTH, now());
    assert_snapshot!(String::from_utf8(stats.to_json()).unwrap());
    assert_snapshot!(plain::stats(&stats), @r"
    window               last 30 days (2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z)
    runs                 0 (0 success, 0 failed, 0 cancelled)
    publishes            no publishes in window
    release types        0 security, 0 manual
    failures in a row    no data
    last published       never
    last failed publish  never
    run time, mean       no data
    run time, median     no data
    run time, p95        no data
    run time, longest    no data
    scans                0 (0 taken in, 0 failed)
    last scan taken in   never
    ");
}

#[test]
fn stats_and_runs_as_text() {
    let history = eventful_history();
    assert_snapshot!(plain::stats(&StatsDocument::of(&history, Days::MONTH, now())), @r"
    window               last 30 days (2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z)
    runs                 11 (9 success, 1 failed, 1 cancelled)
    publishes            4 of 5 succeeded (80.0 %)
    release types        4 security, 1 manual
    failures in a row    1
    last published       2026-03-24T04:00:00Z
    last failed publish  2026-03-31T04:00:00Z
    run time, mean       4 min 43 s, within the target of 5 min
    run time, median     4 min 30 s
    run time, p95        too few runs
    run time, longest    7 min 20 s
    scans                5 (5 taken in, 0 failed)
    last scan taken in   2026-03-31T03:00:00Z
    skipped (1):
      workflow-broken.json: a list where a run record (an object) is needed
    never reported an end (2):
      lost-2
      lost-1
    ");
    let mut last_four = ListDocument::of(&history, ListFilter::default(), now());
    last_four.runs.truncate(4);
    assert_snapshot!(plain::list(&last_four), @r"
    running   2026-03-31T11:57:00Z             -  active-1  pypi-publish
    failed    2026-03-31T03:56:40Z    3 min 20 s  release-0  security-driven-release  [publish] HTTPError: 503 Service Unavailable <script>alert(1)</script>
    success   2026-03-31T02:57:30Z    2 min 30 s  scan-0  security-driven-release
    cancelled 2026-03-29T09:59:30Z          30 s  stopped-1  security-driven-release
    skipped (1):
      workflow-broken.json: a list where a run record (an object) is needed
    never reported an end (2):
      lost-2
      lost-1
    ");
}

#[test]
fn runs_are_listed_by_status_and_window() {
    let history = eventful_history();
    let ids = |status, days: Option<u32>| {
        let filter = ListFilter { status, days: days.map(Days::clamped) };
        let listed = ListDocument::of(&history, filter, now());
        listed.runs.iter().map(|run| run.execution_id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some(RunStatus::Failed), None), ["release-0"]);
    assert_eq!(ids(None, Some(3)), ["active-1", "release-0", "scan-0", "stopped-1"]);
    assert_eq!(ids(Some(RunStatus::Running), Some(1)), ["active-1"]);
    assert_eq!(ids(Some(RunStatus::Running), None), ["active-1", "lost-1", "lost-2"]);
}

#[test]
fn summaries_in_markdown() {
    let history = eventful_history();
    assert_snapshot!(markdown::stats(&StatsDocument::of(&history, Days::MONTH, now())), @r"
    ### Runs of the last 30 days

    | | |
    | --- | --- |
    | window | last 30 days \(2026-03-01T12:00:00Z to 2026-03-31T12:00:00Z\) |
    | runs | 11 \(9 success, 1 failed, 1 cancelled\) |
    | publishes | 4 of 5 succeeded \(80.0 %\) |
    | release types | 4 security, 1 manual |
    | failures in a row | 1 |
    | last published | 2026-03-24T04:00:00Z |
    | last failed publish | 2026-03-31T04:00:00Z |
    | run time, mean | 4 min 43 s, within the target of 5 min |
    | run time, median | 4 min 30 s |
    | run time, p95 | too few runs |
    | run time, longest | 7 min 20 s |
    | scans | 5 \(5 taken in, 0 failed\) |
    | last scan taken in | 2026-03-31T03:00:00Z |

    1 file or line of the metrics folder cannot be read and is left out.
    ");
    assert_snapshot!(markdown::health(&HealthDocument::of(&history, Days::MONTH, now())), @r"
    ### Publishing: unknown

    4 of 5 publishes in the last 30 days succeeded \(80.0 %\); 1 record cannot be read, so the state is not known

    1 file or line of the metrics folder cannot be read and is left out.
    ");
}

#[test]
fn row_74_the_dashboard_document() {
    let dashboard = DashboardDocument::of(&eventful_history(), now());
    assert_snapshot!(String::from_utf8(dashboard.to_json()).unwrap());
    let starts: Vec<_> = dashboard.recent_workflows.iter().map(|run| run.start_time).collect();
    assert!(starts.len() == 10 && starts.is_sorted_by(|a, b| a >= b));
    assert_eq!(dashboard.active_workflows, 1);
}

#[test]
fn the_dashboard_page() {
    let html = DashboardDocument::of(&eventful_history(), now()).to_html().unwrap();
    for never in ["<script", "style=\"", "javascript:", "onload"] {
        assert!(!html.contains(never), "{never}");
    }
    assert!(html.contains("&lt;script&gt;alert(1)"));
    assert!(html.len() < 60_000);
    assert_snapshot!(without_style(&html));
}

#[test]
fn what_a_run_took_stands_on_one_line() {
    let html = DashboardDocument::of(&eventful_history(), now()).to_html().unwrap();
    let rule = html.split('}').find_map(|rule| rule.trim_start().strip_prefix(".n{")).unwrap();
    assert!(rule.contains("white-space:nowrap"), "{rule}");
    assert!(html.contains("<td class=\"n\" data-label=\"Took\">"));
}

#[test]
fn the_dashboard_page_without_data() {
    let html = DashboardDocument::of(&history([]), now()).to_html().unwrap();
    assert!(!html.contains("0 %") && !html.contains("0.0 %"));
    assert_snapshot!(without_style(&html));
}

#[test]
fn the_policy_of_the_page_names_the_hash_of_its_style() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    let html = DashboardDocument::of(&history([]), now()).to_html().unwrap();
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(Sha256::digest(style));
    assert!(html.contains(&format!("style-src 'sha256-{hash}'")));
}

fn without_style(html: &str) -> String {
    let (before, rest) = html.split_once("<style>").unwrap();
    let (before_policy, policy) = before.split_once("'sha256-").unwrap();
    let (_, after_policy) = policy.split_once('\'').unwrap();
    format!("{before_policy}'[hash]'{after_policy}<style>[style]</style>{}", rest.split_once("</style>").unwrap().1)
}
