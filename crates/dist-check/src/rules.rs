//! The rules, as one table. Codes are stable: a rule may be added or become stricter, its code does not change.
//!
#![doc = include_str!("rules.md")]

mod archive;
mod file_name;
mod metadata;
mod requirements;
mod wheel;

use std::fmt::Write as _;

use findings_model::text;

use crate::{Level, Problem, inspect::Facts};

/// The most problems of one rule that are listed for one file.
const MOST_PER_RULE: usize = 20;
/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 400;

/// One row of the table. `check` returns a message for each problem.
pub(crate) struct Rule {
    code: &'static str,
    level: Level,
    /// What the rule demands.
    says: &'static str,
    hint: &'static str,
    check: fn(&Facts<'_>) -> Vec<String>,
}

const GROUPS: [&[Rule]; 5] = [file_name::RULES, archive::RULES, metadata::RULES, requirements::RULES, wheel::RULES];

/// The rules over several files, which [`crate::check_set`] applies; each an error.
const SET_RULES: [(&str, &str); 4] = [
    ("set-project", "all files belong to one project"),
    ("set-version", "all files are of one version"),
    ("set-sdists", "there is one source archive at most"),
    ("set-file-twice", "no file is named twice"),
];

/// Applies every rule, in the order of the table.
pub(crate) fn run(facts: &Facts<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in GROUPS.iter().copied().flatten() {
        let messages = (rule.check)(facts);
        let more = messages.len().saturating_sub(MOST_PER_RULE);
        for (number, message) in messages.into_iter().take(MOST_PER_RULE).enumerate() {
            let mut message = text::shorten(&text::one_line(&message), LONGEST_MESSAGE).into_owned();
            if more > 0 && number + 1 == MOST_PER_RULE {
                message = format!("{message} (and {more} more of this kind)");
            }
            problems.push(Problem { code: rule.code, level: rule.level, message, hint: rule.hint.to_owned() });
        }
    }
    problems
}

/// The table as Markdown: code, level, demand.
pub fn table() -> String {
    let mut table = String::from("| code | level | demand |\n| --- | --- | --- |\n");
    let rows = GROUPS.iter().copied().flatten().map(|rule| (rule.code, rule.level, rule.says));
    let set_rows = SET_RULES.iter().map(|(code, says)| (*code, Level::Error, *says));
    for (code, level, says) in rows.chain(set_rows) {
        let _ = writeln!(table, "| `{code}` | {} | {says} |", level.as_str());
    }
    table
}

/// No problem, or one.
fn problem_if(is_wrong: bool, message: impl FnOnce() -> String) -> Vec<String> {
    if is_wrong { vec![message()] } else { Vec::new() }
}
