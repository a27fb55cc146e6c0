use findings_model::SeverityCounts;
use serde::{Deserialize, Serialize};

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
        match (current.grave().cmp(&previous.grave()), current.total().cmp(&previous.total())) {
            (Greater, _) => Self::Deteriorated,
            (Less, _) => Self::Improved,
            (Equal, Greater) => Self::SlightlyDeteriorated,
            (Equal, Less) => Self::SlightlyImproved,
            (Equal, Equal) => Self::Unchanged,
        }
    }
}
