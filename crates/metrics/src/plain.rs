//! The documents as text for a terminal.

use std::fmt::Write as _;

use findings_model::{Timestamp, text};

use crate::{
    health::HealthDocument,
    list::ListDocument,
    measure::{Measured, NoValue, percent_text},
    names::ExecutionId,
    prune::{PruneDocument, PruneSummary},
    record::{Finished, RunRecord},
    seconds::Seconds,
    stats::{DataQuality, StatsDocument},
};

/// The id alone, for a step to keep.
pub fn id(run: &RunRecord) -> String {
    run.execution_id.to_string()
}

/// What the newest report of a stage came to.
pub fn last_stage(run: &RunRecord) -> String {
    let Some(stage) = run.stages.iter().max_by_key(|stage| stage.end_time.or(stage.start_time)) else {
        return String::new();
    };
    let took = stage.duration_seconds.map(|took| format!(" after {took}")).unwrap_or_default();
    format!("{}: {} {}{took}", run.execution_id, stage.name, stage.status)
}

/// How a run ended.
pub fn finished(run: &RunRecord, finished: Finished) -> String {
    let took = run.duration().map(|took| format!(" after {took}")).unwrap_or_default();
    let before = match finished {
        Finished::Now => "",
        Finished::Before => " (it was finished before; nothing changed)",
    };
    format!("{}: {}{took}{before}", run.execution_id, run.status)
}

/// The statistics, one fact a line.
pub fn stats(document: &StatsDocument) -> String {
    let mut out = String::new();
    for (name, value) in stats_rows(document) {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{name:<20} {value}");
    }
    out + &quality(&document.data_quality)
}

/// The facts of the statistics with their names.
pub(crate) fn stats_rows(document: &StatsDocument) -> Vec<(&'static str, String)> {
    let (publishing, runs, scans) = (&document.publishing, document.runs, &document.scans);
    let rate = publishing.publish_rate;
    let publishes = match rate.attempts {
        0 => "no publishes in window".to_owned(),
        n if rate.reason().is_some() => {
            format!("{} of {n} succeeded (too few for a rate: it needs {})", rate.succeeded, rate.min_sample)
        }
        n => format!("{} of {n} succeeded ({})", rate.succeeded, percent_text(rate.succeeded, n)),
    };
    let time = &document.execution_time;
    let verdict = match time.within_target {
        Some(true) => ", within the target of 5 min",
        Some(false) => ", over the target of 5 min",
        None => "",
    };
    let streak = document.consecutive_failures.value;
    vec![
        (
            "window",
            format!("last {} ({} to {})", document.window.days.in_words(), document.window.from, document.window.to),
        ),
        (
            "runs",
            format!("{} ({} success, {} failed, {} cancelled)", runs.total, runs.success, runs.failed, runs.cancelled),
        ),
        ("publishes", publishes),
        (
            "release types",
            format!("{} security, {} manual", publishing.security_driven_releases, publishing.manual_releases),
        ),
        ("failures in a row", streak.map_or_else(|| "no data".to_owned(), |n| n.to_string())),
        ("last published", moment(publishing.last_successful_publish)),
        ("last failed publish", moment(publishing.last_failed_publish)),
        ("run time, mean", format!("{}{verdict}", length(time.summary.mean))),
        ("run time, median", length(time.summary.p50)),
        ("run time, p95", length(time.summary.p95)),
        ("run time, longest", length(time.summary.max)),
        ("scans", format!("{} ({} taken in, {} failed)", scans.total, scans.completed, scans.failed)),
        ("last scan taken in", moment(scans.last_completed.value)),
    ]
}

/// The word and the reason.
pub fn health(document: &HealthDocument) -> String {
    let mut out = format!("Health: {}\n{}\n", document.health_status.as_str(), document.reason);
    if let Some(streak) = document.consecutive_failures.value.filter(|streak| *streak > 1) {
        let _ = writeln!(out, "the last {streak} attempts to publish all failed");
    }
    if document.active_workflows > 0 {
        let _ = writeln!(out, "runs in progress: {}", document.active_workflows);
    }
    out + &quality(&document.data_quality)
}

/// Runs, one a line.
pub fn list(document: &ListDocument) -> String {
    let mut out = String::new();
    if document.runs.is_empty() {
        out.push_str("no runs\n");
    }
    for run in &document.runs {
        let took = run.duration().map_or_else(|| "-".to_owned(), |took| took.to_string());
        let _ = write!(
            out,
            "{:<9} {}  {:>12}  {}  {}",
            run.status.as_str(),
            run.start_time,
            took,
            run.execution_id,
            run.workflow_name
        );
        match (&run.error_stage, &run.error_message) {
            (Some(stage), Some(message)) => {
                let _ = write!(out, "  [{stage}] {message}");
            }
            (Some(stage), None) => {
                let _ = write!(out, "  [{stage}]");
            }
            (None, Some(message)) => {
                let _ = write!(out, "  {message}");
            }
            (None, None) => {}
        }
        out.push('\n');
    }
    out + &quality(&document.data_quality)
}

/// What pruning did, or would do.
pub fn prune(document: &PruneDocument) -> String {
    let PruneSummary { folded, kept, dropped_months, unreadable_months, unreadable_runs } = &document.summary;
    let would = if document.dry_run { "would be " } else { "" };
    let mut out = format!("{folded} runs {would}folded into their months, {kept} kept\n");
    for (what, files) in [
        (format!("{would}dropped for their age (the totals per day stay)"), dropped_months),
        ("kept in spite of their age, since they hold lines that cannot be read".to_owned(), unreadable_months),
        ("kept, since they cannot be read".to_owned(), unreadable_runs),
    ] {
        if !files.is_empty() {
            let _ = writeln!(out, "{what}: {}", text::one_line(&files.join(", ")));
        }
    }
    out
}

/// Things of one kind that [`quality`] names before it only counts.
const NAMED: usize = 20;

/// What was left out, one thing a line; nothing if all is well. JSON names every one.
pub fn quality(quality: &DataQuality) -> String {
    let skipped = quality.skipped.iter().map(|skipped| format!("{}: {}", skipped.file, skipped.reason));
    let ids = |ids: &[ExecutionId]| ids.iter().map(ExecutionId::to_string).collect();
    let mut out = String::new();
    for (what, lines) in [
        ("skipped", skipped.collect::<Vec<_>>()),
        ("never reported an end", ids(&quality.unfinished)),
        ("claims to be from the future", ids(&quality.future)),
    ] {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{what} ({}):", lines.len());
        for line in lines.iter().take(NAMED) {
            let _ = writeln!(out, "  {line}");
        }
        if lines.len() > NAMED {
            let _ = writeln!(out, "  and {} more", lines.len() - NAMED);
        }
    }
    out
}

fn moment(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "never".to_owned(), |moment| moment.to_string())
}

fn length(measured: Measured<Seconds>) -> String {
    match (measured.value, measured.reason) {
        (Some(value), _) => value.to_string(),
        (None, Some(NoValue::BelowMinSample)) => "too few runs".to_owned(),
        (None, _) => "no data".to_owned(),
    }
}
