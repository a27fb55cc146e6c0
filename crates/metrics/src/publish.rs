//! Which runs were attempts to publish, and how they went.

use findings_model::Timestamp;
use serde::Serialize;

use crate::{
    measure::{Measured, NoValue, Rate, mean},
    record::RunRecord,
    seconds::Seconds,
    window::{Days, Window},
    words::{ReleaseType, RunStatus},
};

/// Attempts that a success rate needs (below it one bad day is a bad rate; see the docs for the arithmetic).
pub const MIN_ATTEMPTS: usize = 5;
/// Attempts that a success rate over a single day needs.
pub const MIN_ATTEMPTS_ONE_DAY: usize = 3;

/// How an attempt to publish went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Published.
    Succeeded,
    /// Not published.
    Failed,
}

/// Why a run is no attempt to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAttempt {
    /// It has not finished.
    Running,
    /// It was a rehearsal.
    DryRun,
    /// It was stopped from outside.
    Cancelled,
    /// It was not for a release.
    NoRelease,
    /// It was for a release, and nobody told what became of it (another workflow may have published).
    Unreported,
}

impl RunRecord {
    /// How the run's attempt to publish went, if it was one.
    pub fn publish_outcome(&self) -> Result<PublishOutcome, NoAttempt> {
        let for_release =
            self.release_triggered == Some(true) || self.release_type.is_some_and(|kind| kind != ReleaseType::None);
        match (self.status, self.publishing_success) {
            (RunStatus::Running, _) => Err(NoAttempt::Running),
            _ if self.dry_run => Err(NoAttempt::DryRun),
            (RunStatus::Cancelled, _) => Err(NoAttempt::Cancelled),
            (_, Some(true)) => Ok(PublishOutcome::Succeeded),
            (_, Some(false)) => Ok(PublishOutcome::Failed),
            (_, None) if for_release => Err(NoAttempt::Unreported),
            (_, None) => Err(NoAttempt::NoRelease),
        }
    }
}

/// The publish attempts of one window.
///
/// The first nine keys are the Python system's. `success_rate_percent` is given from one attempt on, the value of
/// `publish_rate` only from the minimum sample on; both are null without attempts, where the Python system said 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishingStats {
    /// Finished runs that tried to publish.
    pub total_attempts: usize,
    /// Those that published.
    pub successful_publishes: usize,
    /// Those that did not.
    pub failed_publishes: usize,
    /// Attempts for releases that the security picture asked for.
    pub security_driven_releases: usize,
    /// Attempts for releases that a person asked for.
    pub manual_releases: usize,
    /// Percentage of attempts that published, to two decimals; null without attempts.
    pub success_rate_percent: Option<f64>,
    /// End of the newest attempt that published.
    pub last_successful_publish: Option<Timestamp>,
    /// End of the newest attempt that did not.
    pub last_failed_publish: Option<Timestamp>,
    /// Mean length of the publish stages, in seconds; null if none was recorded.
    pub average_publish_duration: Option<Seconds>,
    /// Why `success_rate_percent` is null.
    pub success_rate_percent_reason: Option<NoValue>,
    /// Why `last_successful_publish` is null.
    pub last_successful_publish_reason: Option<NoValue>,
    /// Why `last_failed_publish` is null.
    pub last_failed_publish_reason: Option<NoValue>,
    /// Why `average_publish_duration` is null.
    pub average_publish_duration_reason: Option<NoValue>,
    /// The rate with its minimum sample: its `value` is null below it.
    pub publish_rate: Rate,
    /// Finished runs that were no attempts, and why.
    pub not_attempts: NotAttempts,
}

/// Finished runs that were no attempts to publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotAttempts {
    /// Not for a release.
    pub no_release: usize,
    /// For a release, but what became of it was not told to the run.
    pub unreported: usize,
    /// Rehearsals.
    pub dry_run: usize,
    /// Stopped from outside.
    pub cancelled: usize,
}

impl PublishingStats {
    /// Counts the attempts that ended in a window, in whatever order the runs come.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a RunRecord>, window: Window) -> Self {
        let mut not_attempts = NotAttempts::default();
        let (mut succeeded, mut failed, mut security, mut manual) = (0, 0, 0, 0);
        let (mut last_succeeded, mut last_failed) = (None, None);
        let mut lengths = Vec::new();
        for run in runs {
            let Some(end) = run.event_time().filter(|end| window.contains(*end)) else {
                continue;
            };
            match run.publish_outcome() {
                Ok(PublishOutcome::Succeeded) => {
                    succeeded += 1;
                    last_succeeded = last_succeeded.max(Some(end));
                }
                Ok(PublishOutcome::Failed) => {
                    failed += 1;
                    last_failed = last_failed.max(Some(end));
                }
                Err(why) => {
                    match why {
                        NoAttempt::Running => {}
                        NoAttempt::NoRelease => not_attempts.no_release += 1,
                        NoAttempt::Unreported => not_attempts.unreported += 1,
                        NoAttempt::DryRun => not_attempts.dry_run += 1,
                        NoAttempt::Cancelled => not_attempts.cancelled += 1,
                    }
                    continue;
                }
            }
            match run.release_type {
                Some(ReleaseType::SecurityAuto) => security += 1,
                Some(ReleaseType::Manual) => manual += 1,
                Some(ReleaseType::None) | None => {}
            }
            lengths.extend(run.publish_duration);
        }
        let min_sample = if window.days == Days::clamped(1) { MIN_ATTEMPTS_ONE_DAY } else { MIN_ATTEMPTS };
        let publish_rate = Rate { succeeded, attempts: succeeded + failed, min_sample };
        let average = mean(&lengths);
        Self {
            total_attempts: succeeded + failed,
            successful_publishes: succeeded,
            failed_publishes: failed,
            security_driven_releases: security,
            manual_releases: manual,
            success_rate_percent: publish_rate.percent(),
            last_successful_publish: last_succeeded,
            last_failed_publish: last_failed,
            average_publish_duration: average,
            success_rate_percent_reason: publish_rate.percent().is_none().then_some(NoValue::NoEvents),
            last_successful_publish_reason: last_succeeded.is_none().then_some(NoValue::NoEvents),
            last_failed_publish_reason: last_failed.is_none().then_some(NoValue::NoEvents),
            average_publish_duration_reason: average.is_none().then_some(NoValue::NoEvents),
            publish_rate,
            not_attempts,
        }
    }
}

/// How many of the newest attempts failed in a row, over all time up to `now`; no value without attempts.
pub(crate) fn consecutive_failures(runs: &[RunRecord], now: Timestamp) -> Measured<usize> {
    let mut attempts: Vec<_> = runs
        .iter()
        .filter_map(|run| {
            Some((run.event_time().filter(|end| *end <= now)?, &run.execution_id, run.publish_outcome().ok()?))
        })
        .collect();
    attempts.sort_unstable_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
    let streak = attempts.iter().take_while(|(_, _, outcome)| *outcome == PublishOutcome::Failed).count();
    Measured::or_no_events((!attempts.is_empty()).then_some(streak))
}
