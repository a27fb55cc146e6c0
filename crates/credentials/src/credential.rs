use std::fmt;

use crate::{PypiToken, TokenError, TokenShape};

/// Where a token came from. Safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// An environment variable of this name.
    Environment {
        /// The variable's name.
        variable: &'static str,
    },
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment { variable } => write!(f, "the environment variable {variable}"),
        }
    }
}

/// A token for an index's upload address, and where it came from.
#[derive(Debug)]
pub struct IndexCredential {
    token: PypiToken,
    source: TokenSource,
}

impl IndexCredential {
    /// Judges the value of an environment variable. The value is wiped, whatever the outcome.
    pub fn from_environment(variable: &'static str, value: String, shape: TokenShape) -> Result<Self, TokenError> {
        Ok(Self { token: PypiToken::parse(value, shape)?, source: TokenSource::Environment { variable } })
    }

    /// The token.
    pub fn token(&self) -> &PypiToken {
        &self.token
    }

    /// Where the token came from.
    pub fn source(&self) -> &TokenSource {
        &self.source
    }
}
