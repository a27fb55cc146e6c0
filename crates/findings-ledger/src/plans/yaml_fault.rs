//! Why a text cannot be read as YAML, in words for the person who edits it.

use std::fmt;

use findings_model::text;
use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter, budget::BudgetBreach};

/// The longest of these words, in characters.
const LONGEST: usize = 300;

/// Why a text cannot be read as YAML, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlFault {
    /// What is wrong.
    pub(crate) words: String,
    /// Line and column, from 1; none where the library does not know.
    pub(crate) place: Option<(u64, u64)>,
}

impl YamlFault {
    pub(crate) fn of(error: &Error) -> Self {
        let place = error.location().map(|at| (at.line(), at.column())).filter(|(line, _)| *line > 0);
        Self { words: words(innermost(error)), place }
    }
}

impl fmt::Display for YamlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{} at line {line}, column {column}", self.words),
            None => f.write_str(&self.words),
        }
    }
}

fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
}

/// The library's messages advise programmers how to call it otherwise; the person who edits the file can do nothing with that.
fn words(error: &Error) -> String {
    let said = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("{} stands twice in one mapping", brief(key, 100)),
        Error::DuplicateMappingKey { key: None, .. } => "a key stands twice in one mapping".to_owned(),
        Error::MultipleDocuments { .. } => "a second document begins (behind a line ---)".to_owned(),
        Error::Eof { .. } => "it ends too early".to_owned(),
        Error::UnknownAnchor { .. } => "an alias refers to an anchor that is not there".to_owned(),
        Error::RecursiveReferencesRequireWeakTypes { .. } => "an alias stands inside what it refers to".to_owned(),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => "it is nested too deeply".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => "it is too large, or becomes so by its aliases".to_owned(),
        other => first_sentence(&UserMessageFormatter.format_message(other)).to_owned(),
    };
    brief(&said, LONGEST)
}

fn first_sentence(message: &str) -> &str {
    let end = [". ", "; "].into_iter().filter_map(|mark| message.find(mark)).min();
    message[..end.unwrap_or(message.len())].trim_end_matches('.')
}

fn brief(foreign: &str, most: usize) -> String {
    text::shorten(&text::one_line(foreign), most).into_owned()
}
