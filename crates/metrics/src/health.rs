//! One word for how publishing goes: the document of `health`.

use findings_model::{SchemaVersion, Timestamp};
use serde::Serialize;

use crate::{
    document,
    history::History,
    measure::{Measured, Rate, percent_text},
    publish::{NotAttempts, PublishingStats, consecutive_failures},
    record::SCHEMA_VERSION,
    stats::{DataQuality, in_window},
    window::{Days, Window},
};

/// How publishing goes, by the share of attempts that published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// At least 95 of 100.
    Excellent,
    /// At least 85 of 100.
    Good,
    /// At least 70 of 100.
    Fair,
    /// Fewer than 70 of 100.
    Poor,
    /// There were no attempts, or too many records cannot be read: nothing is known.
    Unknown,
}

impl HealthStatus {
    /// The word for a rate. It is found by whole numbers: 94.98 % is good, however it may be printed.
    pub fn of(rate: Rate) -> Self {
        match rate.attempts {
            0 => Self::Unknown,
            _ if rate.at_least(95) => Self::Excellent,
            _ if rate.at_least(85) => Self::Good,
            _ if rate.at_least(70) => Self::Fair,
            _ => Self::Poor,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
            Self::Unknown => "unknown",
        }
    }
}

/// The document of `health`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HealthDocument {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// The moment that is judged.
    pub generated_at: Timestamp,
    /// The window that is judged.
    pub window: Window,
    /// The word.
    pub health_status: HealthStatus,
    /// Why it is that word, as a sentence.
    pub reason: String,
    /// The attempts of the window; the rate itself needs a minimum sample, the word does not.
    pub publish_rate: Rate,
    /// Finished runs of the window that were no attempts.
    pub not_attempts: NotAttempts,
    /// How many of the newest attempts of all time failed in a row.
    pub consecutive_failures: Measured<usize>,
    /// Runs that are running now.
    pub active_workflows: usize,
    /// What could not be used, and what looks wrong.
    pub data_quality: DataQuality,
}

impl HealthDocument {
    /// Judges the last so many days.
    pub fn of(history: &History, days: Days, now: Timestamp) -> Self {
        let window = Window::last(days, now);
        let publishing = PublishingStats::of(in_window(history, window), window);
        let unread = history.skipped().len();
        let health_status = status(publishing.publish_rate, unread);
        Self {
            schema_version: SCHEMA_VERSION,
            generated_at: now,
            window,
            health_status,
            reason: reason(&publishing, days) + &doubt(publishing.publish_rate, unread),
            publish_rate: publishing.publish_rate,
            not_attempts: publishing.not_attempts,
            consecutive_failures: consecutive_failures(history.runs(), now),
            active_workflows: history.active(now).count(),
            data_quality: DataQuality::of(history, now),
        }
    }

    /// The document as it is printed.
    pub fn to_json(&self) -> Vec<u8> {
        document::to_json(self)
    }
}

/// The word for a rate beside which records could not be read. It stands where it would be the same if each of them told of a failure.
fn status(rate: Rate, unread: usize) -> HealthStatus {
    let word = HealthStatus::of(rate);
    let worst = HealthStatus::of(Rate { attempts: rate.attempts + unread, ..rate });
    if word == worst { word } else { HealthStatus::Unknown }
}

/// What records that cannot be read do to the word.
fn doubt(rate: Rate, unread: usize) -> String {
    if unread == 0 {
        return String::new();
    }
    let records = if unread == 1 { "1 record".to_owned() } else { format!("{unread} records") };
    let outcome = if status(rate, unread) == HealthStatus::of(rate) { "" } else { ", so the state is not known" };
    format!("; {records} cannot be read{outcome}")
}

fn reason(publishing: &PublishingStats, days: Days) -> String {
    let days = days.in_words();
    let Rate { succeeded, attempts, min_sample } = publishing.publish_rate;
    if attempts == 0 {
        let not = publishing.not_attempts;
        let told = [
            (not.no_release, "not for a release"),
            (not.unreported, "for a release whose publish was not reported"),
            (not.dry_run, "rehearsed"),
            (not.cancelled, "cancelled"),
        ];
        let told: Vec<String> = told.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let other = if told.is_empty() {
            "no finished runs".to_owned()
        } else {
            format!("other finished runs: {}", told.join(", "))
        };
        return format!("no publishes in window (last {days}; {other})");
    }
    let note = if attempts < min_sample {
        format!("few: a rate needs {min_sample}")
    } else {
        percent_text(succeeded, attempts)
    };
    format!("{succeeded} of {attempts} publishes in the last {days} succeeded ({note})")
}
