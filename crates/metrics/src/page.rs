//! The dashboard as one HTML file: no script, no other file, a content security policy that says so.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use findings_model::{Timestamp, date_text, text};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, value::Serde};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    dashboard::{DashboardDocument, DayBar, MonthRow},
    history::is_abandoned,
    measure::{Measured, NoValue, Rate, percent_text},
    publish::NotAttempts,
    record::RunRecord,
    seconds::Seconds,
    stats::{DataQuality, WorkflowStats},
    svg,
    trend::Direction,
    words::ReleaseType,
};

const TEMPLATE: &str = include_str!("templates/dashboard.html");
const STYLE: &str = include_str!("templates/dashboard.css");
/// Files and runs that the notes name one by one.
const NAMED: usize = 10;

/// The page could not be drawn; the template and this crate's values do not fit, which is a bug.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the dashboard page")]
pub struct RenderError(#[from] minijinja::Error);

impl DashboardDocument {
    /// The page. The same document gives the same bytes.
    pub fn to_html(&self) -> Result<String, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let hash = format!("sha256-{}", BASE64.encode(Sha256::digest(STYLE.as_bytes())));
        let mut html = environment.render_named_str(
            "dashboard.html",
            TEMPLATE,
            context! { page => Value::from(Serde(Page::of(self))), style => Value::from_safe_string(STYLE.to_owned()), style_hash => Value::from_safe_string(hash) },
        )?;
        html.push('\n');
        Ok(html)
    }
}

/// What the template prints; every text in it is escaped there, except the charts.
#[derive(Serialize)]
struct Page {
    generated_at: Moment,
    health: Verdict,
    figures: [Figure; 4],
    days: DayChart,
    times: TimeChart,
    recent: Vec<RecentRun>,
    workflows: Vec<WorkflowRow>,
    months: Vec<MonthLine>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Moment {
    iso: String,
    text: String,
}

#[derive(Serialize)]
struct Verdict {
    word: &'static str,
    reason: String,
    more: Vec<String>,
}

#[derive(Serialize)]
struct Figure {
    name: &'static str,
    known: bool,
    value: String,
    note: String,
}

#[derive(Serialize)]
struct DayChart {
    any: bool,
    chart: Value,
    first: String,
    last: String,
    rows: Vec<DayBar>,
}

#[derive(Serialize)]
struct TimeChart {
    any: bool,
    chart: Value,
    first: String,
    last: String,
    count: usize,
    longest: String,
}

#[derive(Serialize)]
struct RecentRun {
    workflow: String,
    id: String,
    status: &'static str,
    started: Moment,
    took: String,
    release: &'static str,
    problem: Option<String>,
}

#[derive(Serialize)]
struct WorkflowRow {
    name: String,
    runs: usize,
    success: usize,
    failed: usize,
    cancelled: usize,
    median: String,
    p95: String,
    last_run: String,
}

#[derive(Serialize)]
struct MonthLine {
    month: String,
    runs: u64,
    failed: u64,
    published: String,
    security: u64,
    manual: u64,
    scans: String,
    mean: String,
}

impl Page {
    fn of(document: &DashboardDocument) -> Self {
        Self {
            generated_at: Moment::of(document.generated_at),
            health: Verdict::of(document),
            figures: figures(document),
            days: DayChart::of(&document.days),
            times: TimeChart::of(document),
            recent: document.recent_workflows.iter().map(|run| RecentRun::of(run, document.generated_at)).collect(),
            workflows: document.workflows.iter().map(WorkflowRow::of).collect(),
            months: document.months.iter().map(MonthLine::of).collect(),
            notes: notes(&document.data_quality, document.publishing_stats.last_30_days.not_attempts),
        }
    }
}

impl Moment {
    fn of(moment: Timestamp) -> Self {
        Self { iso: moment.to_string(), text: moment_text(moment) }
    }
}

/// `5 Jan 2026, 03:00 UTC`.
fn moment_text(moment: Timestamp) -> String {
    let time = moment.moment().time();
    format!("{}, {:02}:{:02} UTC", day_text(moment.date()), time.hour(), time.minute())
}

/// `5 Jan 2026`.
fn day_text(day: time::Date) -> String {
    let month = day.month().to_string();
    format!("{} {} {}", day.day(), month.get(..3).unwrap_or_default(), day.year())
}

impl Verdict {
    fn of(document: &DashboardDocument) -> Self {
        let mut more = Vec::new();
        let trend = &document.success_trend;
        if let Some(direction) = trend.trend_direction {
            let Rate { succeeded, attempts, .. } = trend.previous;
            let how = match direction {
                Direction::Up => "Better than",
                Direction::Down => "Worse than",
                Direction::Stable => "The same rate as",
            };
            more.push(format!("{how} the 7 days before, when {succeeded} of {attempts} succeeded."));
        }
        if let Some(streak) = document.consecutive_failures.value.filter(|streak| *streak > 1) {
            more.push(format!("The last {streak} attempts to publish all failed."));
        }
        match document.active_workflows {
            0 => {}
            1 => more.push("1 run is in progress.".to_owned()),
            n => more.push(format!("{n} runs are in progress.")),
        }
        let reason = &document.health_reason;
        let mut letters = reason.chars();
        let reason = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
        Self { word: document.health_status.as_str(), reason, more }
    }
}

impl Figure {
    fn unknown(name: &'static str, note: String) -> Self {
        Self { name, known: false, value: "no data".to_owned(), note }
    }

    fn rate(name: &'static str, rate: Rate) -> Self {
        let Rate { succeeded, attempts, min_sample } = rate;
        if attempts == 0 {
            return Self::unknown(name, "No attempt to publish in the window".to_owned());
        }
        let note = match rate.reason() {
            None => format!("{}; target 95 %", percent_text(succeeded, attempts)),
            Some(_) => format!("Too few for a rate (it needs {min_sample})"),
        };
        Self { name, known: true, value: format!("{succeeded} of {attempts}"), note }
    }
}

fn figures(document: &DashboardDocument) -> [Figure; 4] {
    let time = &document.execution_time;
    let time_name = "Mean run time, 30 days";
    let run_time = match (time.summary.mean.value, time.within_target) {
        (Some(mean), within) => {
            let verdict = if within == Some(true) { "Within" } else { "Over" };
            Figure {
                name: time_name,
                known: true,
                value: mean.to_string(),
                note: format!("{verdict} the target of 5 min; {} runs", time.summary.n),
            }
        }
        (None, _) => {
            Figure::unknown(time_name, why(time.reason(), "No successful run", "Fewer than 3 successful runs"))
        }
    };
    let scan_name = "Last scan taken in";
    let scans = &document.scans;
    let scan = match (scans.last_completed.value, scans.last_completed_age_seconds.value) {
        (Some(last), Some(age)) => {
            Figure { name: scan_name, known: true, value: format!("{age} ago"), note: moment_text(last) }
        }
        _ => Figure::unknown(scan_name, "No run recorded a usable scan".to_owned()),
    };
    [
        Figure::rate("Published, 7 days", document.publishing_stats.last_7_days.publish_rate),
        Figure::rate("Published, 30 days", document.publishing_stats.last_30_days.publish_rate),
        run_time,
        scan,
    ]
}

fn why(reason: Option<NoValue>, no_events: &str, too_few: &str) -> String {
    match reason {
        Some(NoValue::BelowMinSample) => too_few.to_owned(),
        Some(NoValue::NoEvents) | None => no_events.to_owned(),
    }
}

impl DayChart {
    fn of(days: &[DayBar]) -> Self {
        let rows: Vec<DayBar> =
            days.iter().rev().filter(|bar| bar.success + bar.failed + bar.other > 0).cloned().collect();
        let end = |bar: Option<&DayBar>| bar.map(|bar| bar.date.clone()).unwrap_or_default();
        Self {
            any: !rows.is_empty(),
            chart: Value::from_safe_string(svg::days(days)),
            first: end(days.first()),
            last: end(days.last()),
            rows,
        }
    }
}

impl TimeChart {
    fn of(document: &DashboardDocument) -> Self {
        let times: Vec<Seconds> = document.run_times.iter().map(|run| run.duration_seconds).collect();
        let day =
            |at: Option<&crate::dashboard::RunTime>| at.map(|run| date_text(run.end_time.date())).unwrap_or_default();
        let last = if times.len() > 1 { day(document.run_times.last()) } else { String::new() };
        Self {
            any: !times.is_empty(),
            chart: Value::from_safe_string(svg::run_times(&times)),
            first: day(document.run_times.first()),
            last,
            count: times.len(),
            longest: times.iter().max().map(Seconds::to_string).unwrap_or_default(),
        }
    }
}

impl RecentRun {
    fn of(run: &RunRecord, now: Timestamp) -> Self {
        let abandoned = !run.is_closed() && is_abandoned(run, now);
        let took = match (run.is_closed(), abandoned) {
            (true, _) => run.duration().map(|took| took.to_string()),
            (false, true) => None,
            (false, false) => Seconds::between(run.start_time, now).map(|so_far| format!("{so_far} so far")),
        };
        let problem = match (&run.error_stage, &run.error_message) {
            (Some(stage), Some(message)) => Some(format!("{stage}: {message}")),
            (Some(stage), None) => Some(format!("in {stage}")),
            (None, message) => message.clone(),
        };
        Self {
            workflow: run.workflow_name.to_string(),
            id: run.execution_id.to_string(),
            status: if abandoned { "unfinished" } else { run.status.as_str() },
            started: Moment::of(run.start_time),
            took: took.unwrap_or_else(|| "–".to_owned()),
            release: match (run.release_type, run.dry_run) {
                (Some(ReleaseType::SecurityAuto), false) => "security",
                (Some(ReleaseType::Manual), false) => "manual",
                (Some(ReleaseType::SecurityAuto), true) => "security (rehearsal)",
                (Some(ReleaseType::Manual), true) => "manual (rehearsal)",
                (Some(ReleaseType::None), _) => "none",
                (None, true) => "rehearsal",
                (None, false) => "–",
            },
            problem: problem.map(|problem| text::shorten(&problem, 240).into_owned()),
        }
    }
}

impl WorkflowRow {
    fn of(row: &WorkflowStats) -> Self {
        let time = |measured: Measured<Seconds>| match measured.value {
            Some(value) => value.to_string(),
            None => why(measured.reason, "no data", "too few runs"),
        };
        Self {
            name: row.workflow_name.to_string(),
            runs: row.runs.total,
            success: row.runs.success,
            failed: row.runs.failed,
            cancelled: row.runs.cancelled,
            median: time(row.execution_time.p50),
            p95: time(row.execution_time.p95),
            last_run: row.last_run.map(|last| day_text(last.date())).unwrap_or_default(),
        }
    }
}

impl MonthLine {
    fn of(row: &MonthRow) -> Self {
        let totals = &row.totals;
        let of = |k: u64, n: u64| {
            if n == 0 { "none".to_owned() } else { format!("{k} of {n}") }
        };
        let mean = totals.timed_millis.checked_div(totals.timed);
        Self {
            month: row.month.clone(),
            runs: totals.runs,
            failed: totals.failed,
            published: of(totals.publish_succeeded, totals.publish_succeeded + totals.publish_failed),
            security: totals.security_auto,
            manual: totals.manual,
            scans: of(totals.scans_completed, totals.scans_completed + totals.scans_failed),
            mean: mean.map_or_else(|| "no data".to_owned(), |mean| Seconds::from_millis(mean).to_string()),
        }
    }
}

fn notes(quality: &DataQuality, not_attempts: NotAttempts) -> Vec<String> {
    let mut notes = Vec::new();
    if not_attempts.unreported > 0 {
        notes.push(format!(
            "Runs for a release whose publish was not reported, last 30 days: {}.",
            not_attempts.unreported
        ));
    }
    let many = |what: &str, ids: &[crate::ExecutionId]| {
        let named: Vec<&str> = ids.iter().take(NAMED).map(crate::ExecutionId::as_str).collect();
        let rest = if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
        format!("{what}: {}{rest}.", named.join(", "))
    };
    if !quality.unfinished.is_empty() {
        notes.push(many(
            "Started more than a day ago and never reported an end; in \"Runs per day\" and \"By month\" alone",
            &quality.unfinished,
        ));
    }
    if !quality.future.is_empty() {
        notes.push(many("Claims to be from the future; in no number", &quality.future));
    }
    for skipped in quality.skipped.iter().take(NAMED) {
        notes.push(format!("{} cannot be read and is in no number: {}.", skipped.file, skipped.reason));
    }
    if quality.skipped.len() > NAMED {
        notes.push(format!(
            "{} more files or lines cannot be read and are in no number.",
            quality.skipped.len() - NAMED
        ));
    }
    notes
}
