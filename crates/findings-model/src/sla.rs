use serde::Deserialize;
use time::{Date, Duration};

use crate::Severity;

/// Days from the first sight of a finding to its due date, by severity. An unknown severity has as long as medium.
///
/// The defaults, 1, 7, 30, 90 and 180, are those of the Python system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SlaDays {
    /// Days for a finding of severity critical.
    pub critical: u32,
    /// Days for a finding of severity high.
    pub high: u32,
    /// Days for a finding of severity medium or unknown.
    pub medium: u32,
    /// Days for a finding of severity low.
    pub low: u32,
    /// Days for a finding of severity info.
    pub info: u32,
}

impl Default for SlaDays {
    fn default() -> Self {
        Self { critical: 1, high: 7, medium: 30, low: 90, info: 180 }
    }
}

impl SlaDays {
    /// The days for a severity.
    pub fn days(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium | Severity::Unknown => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }

    /// The last day on which a finding of this severity, first seen on a day, is not overdue.
    pub fn due(&self, discovered: Date, severity: Severity) -> Date {
        discovered.saturating_add(Duration::days(i64::from(self.days(severity))))
    }
}
