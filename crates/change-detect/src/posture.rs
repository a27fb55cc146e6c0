use findings_model::Severity;
use serde::{Deserialize, Serialize};

/// Open findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "a count per severity and their sum")]
pub struct SeverityCounts {
    pub total: usize,
    pub critical: usize,
    pub high: usize,
    pub medium: usize,
    pub low: usize,
    pub info: usize,
    pub unknown: usize,
}

impl SeverityCounts {
    /// Counts severities.
    pub fn of(severities: impl IntoIterator<Item = Severity>) -> Self {
        let mut counts = Self::default();
        for severity in severities {
            counts.total += 1;
            *counts.slot(severity) += 1;
        }
        counts
    }

    fn slot(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Info => &mut self.info,
            Severity::Unknown => &mut self.unknown,
        }
    }

    /// Critical and high ones together.
    pub fn grave(&self) -> usize {
        self.critical + self.high
    }
}

/// Open findings on both sides of a comparison. Unverified ones count; excepted ones do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posture {
    /// Before; null without an earlier side.
    pub previous: Option<SeverityCounts>,
    /// Now. A finding that the current side does not know, and that is not resolved, is still in it.
    pub current: SeverityCounts,
}

/// Which way the posture went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostureTrend {
    /// Fewer critical and high findings.
    Improved,
    /// As many critical and high ones, fewer in all.
    SlightlyImproved,
    /// As many in both counts.
    Unchanged,
    /// As many critical and high ones, more in all.
    SlightlyDeteriorated,
    /// More critical and high findings.
    Deteriorated,
    /// There is nothing to compare with, or a scan of the current side failed or is missing.
    Unknown,
}

impl PostureTrend {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::SlightlyImproved => "slightly_improved",
            Self::Unchanged => "unchanged",
            Self::SlightlyDeteriorated => "slightly_deteriorated",
            Self::Deteriorated => "deteriorated",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn between(previous: &SeverityCounts, current: &SeverityCounts) -> Self {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match (
            current.grave().cmp(&previous.grave()),
            current.total.cmp(&previous.total),
        ) {
            (Greater, _) => Self::Deteriorated,
            (Less, _) => Self::Improved,
            (Equal, Greater) => Self::SlightlyDeteriorated,
            (Equal, Less) => Self::SlightlyImproved,
            (Equal, Equal) => Self::Unchanged,
        }
    }
}
