//! Numbers that may be missing, and why.

use serde::{Serialize, Serializer};

use crate::seconds::Seconds;

/// Why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoValue {
    /// Nothing happened in the window.
    NoEvents,
    /// Too little happened for this number to mean something.
    BelowMinSample,
}

impl NoValue {
    fn for_count(n: usize, min: usize) -> Option<Self> {
        match n {
            0 => Some(Self::NoEvents),
            _ if n < min => Some(Self::BelowMinSample),
            _ => None,
        }
    }
}

/// A number, or why there is none: `{"value": 150.0, "reason": null}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured<T> {
    /// The number.
    pub value: Option<T>,
    /// Why there is none.
    pub reason: Option<NoValue>,
}

impl<T> Measured<T> {
    /// The value if there is one, or that nothing happened.
    pub(crate) fn or_no_events(value: Option<T>) -> Self {
        Self { reason: value.is_none().then_some(NoValue::NoEvents), value }
    }

    /// The number that `compute` gives when there are at least `min` of the `n` things it needs.
    fn when(n: usize, min: usize, compute: impl FnOnce() -> Option<T>) -> Self {
        match NoValue::for_count(n, min) {
            None => Self::or_no_events(compute()),
            reason => Self { value: None, reason },
        }
    }
}

/// `k` of `n`, compared as whole numbers; the percentage is for reading only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many went well.
    pub succeeded: usize,
    /// How many there were.
    pub attempts: usize,
    /// How many there must be for the rate to be given.
    pub min_sample: usize,
}

impl Rate {
    /// The percentage as soon as there is one attempt; see [`Rate::value`] for the one with a minimum sample.
    pub fn percent(self) -> Option<f64> {
        (self.attempts > 0).then(|| hundredths(self.succeeded, self.attempts))
    }

    /// The percentage if there are enough attempts.
    pub fn value(self) -> Option<f64> {
        self.percent().filter(|_| self.attempts >= self.min_sample)
    }

    /// Why there is no [`Rate::value`].
    pub fn reason(self) -> Option<NoValue> {
        NoValue::for_count(self.attempts, self.min_sample)
    }

    /// Whether at least so many percent went well; not if there were no attempts.
    pub fn at_least(self, percent: usize) -> bool {
        self.attempts > 0 && 100 * self.succeeded >= percent * self.attempts
    }
}

/// Written as `{succeeded, attempts, value, reason, min_sample}`.
impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written {
            succeeded: usize,
            attempts: usize,
            value: Option<f64>,
            reason: Option<NoValue>,
            min_sample: usize,
        }
        let Self { succeeded, attempts, min_sample } = *self;
        Written { succeeded, attempts, value: self.value(), reason: self.reason(), min_sample }.serialize(serializer)
    }
}

/// `100·k/n` to two decimals, rounded half up; 100 only if k = n and 0 only if k = 0.
#[expect(clippy::cast_precision_loss, reason = "at most 10000")]
fn hundredths(k: usize, n: usize) -> f64 {
    let rounded = (20_000 * k + n) / (2 * n);
    let shown = match rounded {
        10_000 if k < n => 9_999,
        0 if k > 0 => 1,
        other => other,
    };
    shown as f64 / 100.0
}

/// A percentage with one decimal, never `100.0` unless k = n and never `0.0` unless k = 0.
pub(crate) fn percent_text(k: usize, n: usize) -> String {
    let tenths = (2_000 * k + n) / (2 * n);
    let shown = match tenths {
        1_000 if k < n => 999,
        0 if k > 0 => 1,
        other => other,
    };
    format!("{}.{} %", shown / 10, shown % 10)
}

/// The runs that a mean needs (a smaller number says nothing of the usual run).
const MIN_FOR_MEAN: usize = 3;
/// The runs that a 95th percentile needs (below 20 it is the maximum).
const MIN_FOR_P95: usize = 20;

/// How long things took, in seconds. Percentiles are by nearest rank: a length that really occurred.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DurationSummary {
    /// How many lengths there are.
    pub n: usize,
    /// The mean, from 3 lengths on.
    pub mean: Measured<Seconds>,
    /// The median, from 1 length on.
    pub p50: Measured<Seconds>,
    /// The 95th percentile, from 20 lengths on.
    pub p95: Measured<Seconds>,
    /// The longest.
    pub max: Measured<Seconds>,
}

impl DurationSummary {
    /// Sums lengths up, in whatever order they come.
    pub fn of(lengths: impl IntoIterator<Item = Seconds>) -> Self {
        let mut sorted: Vec<Seconds> = lengths.into_iter().collect();
        sorted.sort_unstable();
        let n = sorted.len();
        Self {
            n,
            mean: Measured::when(n, MIN_FOR_MEAN, || mean(&sorted)),
            p50: Measured::when(n, 1, || nearest_rank(&sorted, 50)),
            p95: Measured::when(n, MIN_FOR_P95, || nearest_rank(&sorted, 95)),
            max: Measured::when(n, 1, || sorted.last().copied()),
        }
    }
}

/// The mean to the millisecond; none of nothing.
pub(crate) fn mean(lengths: &[Seconds]) -> Option<Seconds> {
    let n = u64::try_from(lengths.len()).ok().filter(|n| *n > 0)?;
    let total: u64 = lengths.iter().map(|length| length.millis()).sum();
    Some(Seconds::from_millis((total + n / 2) / n))
}

/// `x[ceil(p·n/100) − 1]` of sorted lengths.
fn nearest_rank(sorted: &[Seconds], percent: usize) -> Option<Seconds> {
    sorted.get((percent * sorted.len()).div_ceil(100).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(succeeded: usize, attempts: usize) -> Rate {
        Rate { succeeded, attempts, min_sample: 5 }
    }

    #[test]
    fn rates_never_round_into_another_verdict() {
        assert_eq!(rate(4, 5).value(), Some(80.0));
        assert_eq!(rate(0, 0).percent(), None);
        assert_eq!(rate(0, 0).reason(), Some(NoValue::NoEvents));
        assert_eq!(
            (rate(1, 2).percent(), rate(1, 2).value(), rate(1, 2).reason()),
            (Some(50.0), None, Some(NoValue::BelowMinSample))
        );
        assert_eq!(rate(99_999, 100_000).percent(), Some(99.99));
        assert_eq!(rate(1, 100_000).percent(), Some(0.01));
        assert!(!rate(9_498, 10_000).at_least(95));
        assert!(rate(19, 20).at_least(95));
        assert!(!rate(0, 0).at_least(0));
        assert_eq!(
            (percent_text(9_498, 10_000), percent_text(9_999, 10_000), percent_text(5, 5), percent_text(0, 3)),
            ("95.0 %".into(), "99.9 %".into(), "100.0 %".into(), "0.0 %".into())
        );
    }

    #[test]
    fn percentiles_are_lengths_that_occurred() {
        let of = |count: u64| DurationSummary::of((1..=count).rev().map(|s| Seconds::from_millis(s * 1000)));
        let twenty = of(20);
        assert_eq!(twenty.p50.value, Some(Seconds::from_millis(10_000)));
        assert_eq!(twenty.p95.value, Some(Seconds::from_millis(19_000)));
        assert_eq!(twenty.mean.value, Some(Seconds::from_millis(10_500)));
        assert_eq!(
            (of(2).mean.reason, of(19).p95.reason, of(0).p50.reason),
            (Some(NoValue::BelowMinSample), Some(NoValue::BelowMinSample), Some(NoValue::NoEvents))
        );
        assert_eq!(of(1).p50.value, of(1).max.value);
    }
}
