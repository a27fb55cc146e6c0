use serde::{Deserialize, Serialize};

use crate::Severity;

/// How many findings there are of each severity. In JSON also their `total`, which must be the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
#[expect(missing_docs, reason = "the number of findings of that severity")]
pub struct SeverityCounts {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub info: u64,
    pub unknown: u64,
}

impl SeverityCounts {
    /// Counts severities.
    pub fn count(severities: impl IntoIterator<Item = Severity>) -> Self {
        let mut counts = Self::default();
        for severity in severities {
            *match severity {
                Severity::Critical => &mut counts.critical,
                Severity::High => &mut counts.high,
                Severity::Medium => &mut counts.medium,
                Severity::Low => &mut counts.low,
                Severity::Info => &mut counts.info,
                Severity::Unknown => &mut counts.unknown,
            } += 1;
        }
        counts
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        Severity::ALL.into_iter().fold(0, |sum, severity| sum.saturating_add(self.of(severity)))
    }

    /// How many have this severity.
    pub fn of(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
            Severity::Unknown => self.unknown,
        }
    }

    /// Critical and high ones together.
    pub fn grave(&self) -> u64 {
        self.critical.saturating_add(self.high)
    }

    /// The worst severity among them, unknown right behind high.
    pub fn worst(&self) -> Option<Severity> {
        let there = Severity::ALL.into_iter().filter(|s| self.of(*s) > 0);
        there.min_by_key(|s| s.list_order())
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    total: u64,
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    info: u64,
    #[serde(default)]
    unknown: u64,
}

/// Counts whose total is not their sum.
#[derive(Debug, thiserror::Error)]
#[error("total is {total}, but the counts add up to {sum}")]
struct CountsError {
    total: u64,
    sum: u64,
}

impl TryFrom<Wire> for SeverityCounts {
    type Error = CountsError;
    fn try_from(w: Wire) -> Result<Self, CountsError> {
        let counts =
            Self { critical: w.critical, high: w.high, medium: w.medium, low: w.low, info: w.info, unknown: w.unknown };
        let sum = counts.total();
        if sum == w.total { Ok(counts) } else { Err(CountsError { total: w.total, sum }) }
    }
}

impl From<SeverityCounts> for Wire {
    fn from(c: SeverityCounts) -> Self {
        Self {
            total: c.total(),
            critical: c.critical,
            high: c.high,
            medium: c.medium,
            low: c.low,
            info: c.info,
            unknown: c.unknown,
        }
    }
}
