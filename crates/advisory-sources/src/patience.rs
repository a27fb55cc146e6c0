//! How long a run waits for its sources, and when it tries again.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// How often and how long sources are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The most requests for one thing.
    pub tries: u32,
    /// The wait before the second try; each later one is twice as long.
    pub first_wait: Duration,
    /// The longest wait that was not asked for.
    pub longest_wait: Duration,
    /// Time to make a connection. A service to which none can be made is not tried again.
    pub connect: Duration,
    /// Time for one record.
    pub record: Duration,
    /// Time for everything that one run asks for.
    pub budget: Duration,
}

impl Default for Patience {
    /// 4 tries, waits of 0.5, 1, 2 seconds (at most 8), 3 seconds to connect, 10 for a record, 30 for the run.
    fn default() -> Self {
        Self {
            tries: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            connect: Duration::from_secs(3),
            record: Duration::from_secs(10),
            budget: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// How long to wait after `made` tries; none when they are used up or the wait would not end in the time `left`.
    ///
    /// The wait is 50 to 100 % of its step, by `chance` from 0 to 1, so that runs that failed together do not come back together.
    /// What the service asks for (`Retry-After`) is a lower bound.
    pub(crate) fn wait(&self, made: u32, chance: f64, asked: Option<Duration>, left: Duration) -> Option<Duration> {
        if made >= self.tries {
            return None;
        }
        let doublings = made.saturating_sub(1).min(31);
        let step = self.first_wait.saturating_mul(1 << doublings).min(self.longest_wait);
        let wait = (step / 2 + step.mul_f64(chance.clamp(0.0, 1.0) / 2.0)).max(asked.unwrap_or_default());
        (wait < left).then_some(wait)
    }
}

/// Numbers from 0 to 1 that look like chance (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The numbers of a seed, other ones for each thing that is asked for.
    pub(crate) fn new(seed: u64, of: &str) -> Self {
        let mixed = of.bytes().fold(seed, |sum, b| (sum ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(mixed)
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        f64::from(u32::try_from(z >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }
}

/// Whether a request that ended with this status may be sent again.
pub(crate) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=529)
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

    #[test]
    fn waits_double_keep_their_jitter_and_end_in_time() {
        let patience = Patience { first_wait: SECOND, ..Patience::default() };
        for (made, step) in [(1, 1), (2, 2), (3, 4)] {
            for chance in [0.0, 0.3, 1.0] {
                let wait = patience.wait(made, chance, None, SECOND * 60).unwrap();
                assert!(wait >= SECOND * step / 2 && wait <= SECOND * step, "{made} {chance}: {wait:?}");
            }
        }
        assert_eq!(patience.wait(4, 0.5, None, SECOND * 60), None);
        assert_eq!(patience.wait(1, 1.0, None, SECOND), None);
        assert_eq!(patience.wait(1, 1.0, Some(SECOND * 7), SECOND * 60), Some(SECOND * 7));
        assert_eq!(patience.wait(1, 1.0, Some(SECOND * 7), SECOND * 6), None);
    }

    #[test]
    fn chance_differs_by_what_is_asked_for_and_stays_between_0_and_1() {
        let (mut a, mut b) = (Chance::new(7, "A"), Chance::new(7, "B"));
        assert!((a.next() - b.next()).abs() > f64::EPSILON);
        assert!((0..1000).all(|_| (0.0..=1.0).contains(&a.next())));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after(Some("7"), None), Some(SECOND * 7));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:50:37 GMT"), date), Some(SECOND * 60));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:48:37 GMT"), date), Some(Duration::ZERO));
        assert_eq!(retry_after(Some("soon"), date), None);
    }
}
