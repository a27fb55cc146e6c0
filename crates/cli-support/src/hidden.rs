//! The secrets of this run, which nothing that it prints shows: a net below the rule that nobody passes one here.

use std::{
    borrow::Cow,
    io::{self, Write as _},
    sync::{Mutex, PoisonError},
};

use findings_model::order;
use zeroize::Zeroizing;

/// The shortest text that is hidden: a shorter one is a word of many texts, and no secret.
const SHORTEST: usize = 8;

/// What stands in place of a secret.
const MASK: &str = "***";

/// One list for the process: the log and a panic print without a [`crate::Context`].
static HIDDEN: Mutex<Vec<Zeroizing<String>>> = Mutex::new(Vec::new());

/// Hides texts from now on, in this process and in the log of the Actions runner. Can be passed to where the context is not.
/// The default is that of a run outside of Actions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Masks {
    pub(crate) in_actions: bool,
}

impl Masks {
    /// Hides a text wherever this run prints, and asks the Actions runner to do so for the rest of the job.
    pub fn hide(self, value: &str) {
        if value.trim().len() < SHORTEST {
            return;
        }
        remember(value);
        if !self.in_actions {
            return;
        }
        // The runner masks each line by itself; short ones, such as the brackets of a JSON document, are no secrets.
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
        let mut commands = Zeroizing::new(String::with_capacity(value.len() + 64));
        for line in lines {
            commands.push_str("::add-mask::");
            commands.push_str(&Zeroizing::new(line.replace('%', "%25").replace('\r', "%0D")));
            commands.push('\n');
        }
        // Nobody is left to tell when stderr itself is closed.
        let _closed = io::stderr().write_all(commands.as_bytes());
    }
}

/// Hides a text in what this process prints.
pub(crate) fn remember(value: &str) {
    let mut hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    for line in value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST) {
        if !hidden.iter().any(|known| known.as_str() == line) {
            hidden.push(Zeroizing::new(line.to_owned()));
        }
    }
    // A secret that holds another one goes first, or a part of it would be left.
    order::sort_by_key(&mut hidden, |value| std::cmp::Reverse(value.len()));
}

/// A text without the secrets of this run.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut shown = Cow::Borrowed(text);
    for value in hidden.iter() {
        if shown.contains(value.as_str()) {
            shown = Cow::Owned(shown.replace(value.as_str(), MASK));
        }
    }
    shown
}

/// Wipes the list, at the end of the run.
pub(crate) fn forget() {
    HIDDEN.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_shown_nowhere_and_words_stay() {
        remember("inner-secret");
        remember("an-inner-secret-in-another");
        remember("{\n  \"token\": \"line-of-a-document\"\n}");
        remember("short");
        assert_eq!(shown("x an-inner-secret-in-another y inner-secret short {"), "x *** y *** short {");
        assert_eq!(shown("a \"token\": \"line-of-a-document\" b"), "a *** b");
        assert!(matches!(shown("nothing"), Cow::Borrowed(_)));
    }
}
