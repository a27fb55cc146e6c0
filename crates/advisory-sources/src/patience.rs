//! How long a run waits for its sources, and when it tries again.

use std::time::Duration;

use retry::{Backoff, Chance};

/// How often and how long sources are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// The most requests for one thing.
    pub(crate) tries: u32,
    /// The wait before the second try; each later one is twice as long.
    pub(crate) first_wait: Duration,
    /// The longest wait that was not asked for.
    pub(crate) longest_wait: Duration,
    /// Time to make a connection. A service to which none can be made is not tried again.
    pub(crate) connect: Duration,
    /// Time for one record.
    pub(crate) record: Duration,
    /// Time for everything that one run asks for.
    pub(crate) budget: Duration,
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
    /// What the service asks for (`Retry-After`) is a lower bound.
    pub(crate) fn wait(
        &self,
        made: u32,
        chance: &mut Chance,
        asked: Option<Duration>,
        left: Duration,
    ) -> Option<Duration> {
        if made >= self.tries {
            return None;
        }
        let backoff = Backoff { first: self.first_wait, longest: self.longest_wait };
        let wait = backoff.wait(made, chance).max(asked.unwrap_or_default());
        (wait < left).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_end_in_time() {
        let patience = Patience { first_wait: SECOND, ..Patience::default() };
        let wait = |made, asked, left| patience.wait(made, &mut Chance::new(7), asked, SECOND * left);
        assert!(wait(1, None, 60).is_some_and(|wait| wait <= SECOND));
        assert_eq!(wait(4, None, 60), None);
        assert_eq!(wait(3, None, 2), None);
        assert_eq!(wait(1, Some(SECOND * 7), 60), Some(SECOND * 7));
        assert_eq!(wait(1, Some(SECOND * 7), 6), None);
    }
}
