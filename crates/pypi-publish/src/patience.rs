//! When to try again, and how long to wait before.

use std::time::Duration;

use retry::{Backoff, Chance};

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
        Tries { policy: self.policy, made: 0, chance: Chance::new(self.seed ^ of.wrapping_mul(0x9e37_79b9_7f4a_7c15)) }
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
    chance: Chance,
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
        let backoff = Backoff { first: self.policy.first_wait, longest: self.policy.longest_wait };
        let wait = backoff.wait(self.made, &mut self.chance).max(asked.unwrap_or_default().min(LONGEST_ASKED));
        (elapsed.saturating_add(wait) < self.policy.budget).then_some(wait)
    }
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
}
