use std::{hash::BuildHasher as _, time::Duration};

use retry::{Backoff, Chance};

/// How often a service is asked, and how long is waited in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The most requests of one kind, from 1.
    pub tries: u32,
    /// The wait before the second try. Each later one is twice as long, less up to a half by chance.
    pub first_wait: Duration,
}

impl Default for Patience {
    /// 4 tries, waits of 0.5, 1 and 2 seconds.
    fn default() -> Self {
        Self { tries: 4, first_wait: Duration::from_millis(500) }
    }
}

/// The longest wait that a service may ask for.
const LONGEST: Duration = Duration::from_secs(20);

impl Patience {
    /// Waits before the next try after `made` of them; false when they are used up.
    pub(crate) async fn wait(self, made: u32, asked: Option<Duration>) -> bool {
        if made >= self.tries || asked.is_some_and(|asked| asked > LONGEST) {
            return false;
        }
        let backoff = Backoff { first: self.first_wait, longest: LONGEST };
        // A hasher of the standard library starts anywhere: chance enough for jitter.
        let mut chance = Chance::new(std::hash::RandomState::new().hash_one(made));
        let wait = backoff.wait(made, &mut chance);
        tokio::time::sleep(wait.max(asked.unwrap_or_default())).await;
        true
    }
}
