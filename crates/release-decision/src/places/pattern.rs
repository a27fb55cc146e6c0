use std::fmt;

use serde::{Deserialize, Serialize};

/// A text with `{version}` in it, once: how a version stands in a file, or how a tag, a branch or a message is made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    at: usize,
}

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} must hold {{version}} once")]
pub struct PatternError(String);

const SIGN: &str = "{version}";

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: impl Into<String>) -> Result<Self, PatternError> {
        let text = text.into();
        match text.find(SIGN) {
            Some(at) if text.matches(SIGN).count() == 1 => Ok(Self { text, at }),
            _ => Err(PatternError(text)),
        }
    }

    /// What stands before the version.
    pub fn start(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the version.
    pub fn end(&self) -> &str {
        &self.text[self.at + SIGN.len()..]
    }

    /// The text with a version in it.
    pub fn with(&self, version: &impl fmt::Display) -> String {
        format!("{}{version}{}", self.start(), self.end())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Pattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A text with `{version}` in it, once.",
            "type": "string",
            "pattern": "\\{version\\}",
            "not": { "pattern": "\\{version\\}[\\s\\S]*\\{version\\}" }
        })
    }
}
