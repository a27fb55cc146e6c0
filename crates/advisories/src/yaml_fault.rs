//! Why a text cannot be read as YAML, in words for the person who keeps the file.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter, budget::BudgetBreach};

use crate::record::brief;

/// What is wrong, and where as far as the library knows it. Its own messages advise programmers how to call it otherwise.
pub(crate) fn told(error: &Error) -> String {
    let error = innermost(error);
    let said = words(error);
    match error.location().map(|at| (at.line(), at.column())).filter(|(line, _)| *line > 0) {
        Some((line, column)) => format!("{said} at line {line}, column {column}"),
        None => said,
    }
}

fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
}

fn words(error: &Error) -> String {
    let fixed = match error {
        Error::DuplicateMappingKey { .. } => "a key stands twice in one mapping",
        Error::MultipleDocuments { .. } => "a second document begins (behind a line ---)",
        Error::Eof { .. } => "it ends too early",
        Error::UnknownAnchor { .. } => "an alias refers to an anchor that is not there",
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => "it is nested too deeply",
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => "it is too large, or becomes so by its aliases",
        Error::SerdeMissingField { field, .. } => return format!("it has no {field}"),
        Error::Unexpected { expected: "mapping start", .. } => "keys with values are expected",
        Error::Unexpected { expected: "string scalar", .. } => "text is expected",
        other => {
            let message = UserMessageFormatter.format_message(other);
            let end = [". ", "; "].into_iter().filter_map(|mark| message.find(mark)).min();
            return brief(&message[..end.unwrap_or(message.len())].trim_end_matches('.'));
        }
    };
    fixed.to_owned()
}
