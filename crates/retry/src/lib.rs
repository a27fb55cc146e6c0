//! When a request to a service is sent again, and how long is waited before: the rules that the clients of indexes, of advisory
//! services and of token endpoints share.
//!
//! Nothing here waits, reads a clock or draws a number: times, headers and a seed come in as values.
//!
//! ```
//! use std::time::Duration;
//!
//! use retry::{Backoff, Chance, is_temporary, retry_after};
//!
//! let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_mins(1) };
//! let mut chance = Chance::new(7);
//! let wait = backoff.wait(3, &mut chance);
//! assert!(wait >= Duration::from_secs(2) && wait <= Duration::from_secs(4));
//! assert!(is_temporary(503));
//! assert_eq!(retry_after(Some("7"), None), Some(Duration::from_secs(7)));
//! ```

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// Waits that double: the first, twice that, and so on up to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first try.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after `made` tries, from 1: 50 to 100 % of its step, so that clients that failed together do not come back
    /// together.
    pub fn wait(self, made: u32, chance: &mut Chance) -> Duration {
        let doublings = made.saturating_sub(1).min(31);
        let step = self.first.saturating_mul(1 << doublings).min(self.longest);
        step / 2 + step.mul_f64(chance.draw() / 2.0)
    }
}

/// Numbers from 0 to 1 that look like chance (`SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>): the same seed, the same
/// numbers.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The numbers of a seed for one thing that is asked for: other ones for each.
    pub fn of(seed: u64, thing: &str) -> Self {
        Self(thing.bytes().fold(seed, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// The next number.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        f64::from(u32::try_from(z >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }
}

/// Whether a request that ended with this HTTP status may be sent again: a time-out, too early, too many, or a fault of the
/// server's that another try may not meet (RFC 9110 §15, RFC 6585 §4, RFC 8470 §5.2).
pub fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599) && !matches!(status, 501 | 505)
}

/// The time that the header `Retry-After` asks for: seconds, or a date relative to the answer's own `Date` (RFC 9110 §10.2.3).
///
/// None where it is neither, or a date without `Date`; zero for a date that is past.
pub fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
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
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    proptest! {
        #[test]
        fn a_wait_is_at_least_half_its_step_and_never_more(seed: u64, made in 1..200_u32, first in 0..5000_u64) {
            let backoff = Backoff { first: Duration::from_millis(first), longest: SECOND * 60 };
            let step = backoff.first.saturating_mul(1 << (made - 1).min(31)).min(backoff.longest);
            let wait = backoff.wait(made, &mut Chance::new(seed));
            prop_assert!(wait >= step / 2 && wait <= step, "{wait:?} of {step:?}");
        }

        #[test]
        fn the_same_seed_draws_the_same_numbers_from_0_to_1(seed: u64, thing: String) {
            let (mut one, mut same) = (Chance::of(seed, &thing), Chance::of(seed, &thing));
            for _ in 0..10 {
                let drawn = one.draw();
                prop_assert!((0.0..=1.0).contains(&drawn));
                prop_assert_eq!(drawn.to_bits(), same.draw().to_bits());
            }
        }
    }

    #[test]
    fn things_of_one_seed_do_not_wait_in_step() {
        assert_ne!(Chance::of(7, "A").draw().to_bits(), Chance::of(7, "B").draw().to_bits());
        assert_ne!(Chance::new(1).draw().to_bits(), Chance::new(2).draw().to_bits());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after(Some("7"), None), Some(SECOND * 7));
        assert_eq!(retry_after(Some(" 7 "), None), Some(SECOND * 7));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:50:37 GMT"), date), Some(SECOND * 60));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:48:37 GMT"), date), Some(Duration::ZERO));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:50:37 GMT"), None), None);
        assert_eq!(retry_after(Some("soon"), date), None);
        assert_eq!(retry_after(Some("-1"), date), None);
        assert_eq!(retry_after(None, date), None);
    }

    #[test]
    fn temporary_statuses() {
        for status in [408, 425, 429, 500, 502, 503, 504, 520, 524] {
            assert!(is_temporary(status), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 409, 413, 501, 505] {
            assert!(!is_temporary(status), "{status}");
        }
    }
}
