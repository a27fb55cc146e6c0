//! When to try again, and how long to wait before.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// How often and how long an operation on an index is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most requests for one file.
    pub tries: u32,
    /// The most time for one file, waiting included.
    pub budget: Duration,
    /// The wait before the second try. Each later one is twice as long.
    pub first_wait: Duration,
    /// The longest wait that was not asked for by the index.
    pub longest_wait: Duration,
    /// How long to wait at most until the index lists what it took.
    pub verify: Duration,
    /// How long the line may take nothing of a file before the request is given up.
    pub stall: Duration,
    /// How long the index may be silent after a whole file was sent. PyPI gives its own workers four minutes.
    pub answer: Duration,
    /// After so many temporary failures in a row, over all files, no further try is made.
    pub breaker: u32,
}

/// The longest wait that an index may ask for (`Retry-After`); the next try comes after it whatever was asked.
const LONGEST_ASKED: Duration = Duration::from_mins(2);

impl Default for RetryPolicy {
    /// 6 tries and 10 minutes a file, waits of 1, 2, 4, … at most 60 seconds, 5 minutes until files are listed; 60 seconds
    /// without progress, 5 minutes without an answer, 12 failures in a row.
    fn default() -> Self {
        Self {
            tries: 6,
            budget: Duration::from_mins(10),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            verify: Duration::from_mins(5),
            stall: Duration::from_mins(1),
            answer: Duration::from_mins(5),
            breaker: 12,
        }
    }
}

/// Policy, chance and a way to wait, as the caller has them.
#[derive(Clone, Copy, Debug)]
pub struct Patience<S> {
    /// How often and how long.
    pub policy: RetryPolicy,
    /// Where the jitter starts from. Runs that differ in it do not wait in step.
    pub seed: u64,
    /// Waits; `tokio::time::sleep` outside of tests.
    pub sleep: S,
}

impl<S: AsyncFn(Duration)> Patience<S> {
    /// A new count of tries. `of` tells the users of one seed apart.
    pub(crate) fn tries(&self, of: u64) -> Tries {
        Tries { policy: self.policy, made: 0, random: self.seed ^ of.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    pub(crate) async fn wait(&self, time: Duration) {
        (self.sleep)(time).await;
    }
}

/// The tries made so far for one thing.
#[derive(Debug)]
pub(crate) struct Tries {
    policy: RetryPolicy,
    made: u32,
    random: u64,
}

impl Tries {
    /// Counts a try that begins.
    pub(crate) fn begin(&mut self) {
        self.made += 1;
    }

    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// How long to wait before the next try; none when tries or time are used up.
    ///
    /// `elapsed` is the time since the first try began; `asked` is what the index asked for (`Retry-After`), which is
    /// heeded up to two minutes. The wait is 50 to 100 % of its step, so that clients that failed together do not come
    /// back together.
    pub(crate) fn next_wait(&mut self, elapsed: Duration, asked: Option<Duration>) -> Option<Duration> {
        if self.made >= self.policy.tries {
            return None;
        }
        let doublings = self.made.saturating_sub(1).min(31);
        let step = self.policy.first_wait.saturating_mul(1 << doublings).min(self.policy.longest_wait);
        let jittered = step / 2 + step.mul_f64(self.chance() / 2.0);
        let wait = jittered.max(asked.unwrap_or_default().min(LONGEST_ASKED));
        (elapsed.saturating_add(wait) < self.policy.budget).then_some(wait)
    }

    /// A number from 0 up to 1 (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        f64::from(u32::try_from(z >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }
}

/// Whether a request that ended with this status may be sent again.
pub(crate) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599) && status != 501 && status != 505
}

/// The time that `Retry-After` asks for: seconds, or a date relative to the answer's own `Date` (RFC 9110 §10.2.3).
pub(crate) fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    let now = OffsetDateTime::parse(date?.trim(), &Rfc2822).ok()?;
    Some(Duration::try_from(until - now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn tries(seed: u64) -> Tries {
        Patience { policy: RetryPolicy::default(), seed, sleep: async |_| () }.tries(0)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_keep_their_jitter_within_half() {
        for seed in 0..50 {
            let mut tries = tries(seed);
            for step in [1, 2, 4, 8, 16] {
                tries.begin();
                let wait = tries.next_wait(Duration::ZERO, None).unwrap();
                assert!(wait >= SECOND * step / 2 && wait <= SECOND * step, "{wait:?} of {step} s");
            }
            tries.begin();
            assert_eq!((tries.made(), tries.next_wait(Duration::ZERO, None)), (6, None));
        }
        let policy = RetryPolicy { tries: 100, ..RetryPolicy::default() };
        let mut tries = Patience { policy, seed: 1, sleep: async |_| () }.tries(0);
        for _ in 0..60 {
            tries.begin();
            assert!(tries.next_wait(Duration::ZERO, None).unwrap() <= SECOND * 60);
        }
    }

    #[test]
    fn the_index_is_heeded_within_the_budget() {
        let mut tries = tries(1);
        tries.begin();
        assert_eq!(tries.next_wait(Duration::ZERO, Some(SECOND * 90)), Some(SECOND * 90));
        assert_eq!(tries.next_wait(Duration::ZERO, Some(SECOND * 900)), Some(SECOND * 120));
        assert_eq!(tries.next_wait(SECOND * 500, Some(SECOND * 900)), None);
        assert_eq!(tries.next_wait(SECOND * 599, Some(SECOND)), None);
        assert!(tries.next_wait(SECOND * 598, None).is_some());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after(Some("7"), None), Some(SECOND * 7));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:50:37 GMT"), date), Some(SECOND * 60));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:48:37 GMT"), date), Some(Duration::ZERO));
        assert_eq!(retry_after(Some("soon"), date), None);
        assert_eq!(retry_after(Some("-1"), date), None);
        assert_eq!(retry_after(None, date), None);
    }

    #[test]
    fn temporary_statuses() {
        for status in [408, 429, 500, 502, 503, 504, 520, 524] {
            assert!(is_temporary(status), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 409, 413, 501] {
            assert!(!is_temporary(status), "{status}");
        }
    }
}
