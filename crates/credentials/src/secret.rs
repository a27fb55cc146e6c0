use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A text that must not be shown: wiped from memory when dropped, without `Display`, and with a `Debug` that tells nothing, not
/// even its length.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text as a secret. It is moved, not copied.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for another type that wipes it.
    pub(crate) fn into_text(mut self) -> String {
        std::mem::take(&mut *self.0)
    }

    /// The text, for the one place that sends or hides it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {secret:#?} {:?}", Some(&secret)), "Secret(***) Secret(***) Some(Secret(***))");
    }

    #[test]
    fn a_secret_is_wiped_in_place() {
        let mut secret = Secret::new("hunter2-hunter2".to_owned());
        zeroize::Zeroize::zeroize(&mut secret.0);
        assert_eq!(secret.expose(), "", "what drop does as well");
        assert!(std::mem::needs_drop::<Secret>());
    }
}
