//! The rules, as one table. Codes are stable: a rule may be added or become stricter, its code does not change.
//!
#![doc = include_str!("rules.md")]

mod archive;
mod classifiers;
mod contents;
mod description;
mod file_name;
mod metadata;
mod people;
mod requirements;
mod set;
mod wheel;

use std::fmt::Write as _;

use findings_model::text;

use crate::{Level, Problem, inspect::Facts};

pub(crate) use set::{SetRule, set_problem, source_problem};

/// The most problems of one rule that are listed for one file.
const MOST_PER_RULE: usize = 20;
/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 400;
/// The page that describes the rules.
const PAGE: &str = "docs/checks.md";

/// What every rule says of itself.
pub(crate) struct Card {
    pub(crate) code: &'static str,
    pub(crate) level: Level,
    /// What the rule demands.
    pub(crate) says: &'static str,
    /// Why it demands that.
    pub(crate) why: &'static str,
    /// How the index's answer begins, or empty.
    pub(crate) index: &'static str,
    pub(crate) hint: &'static str,
}

/// One row of the table. `check` returns a note for each problem.
pub(crate) struct Rule {
    pub(crate) card: Card,
    pub(crate) check: fn(&Facts<'_>) -> Vec<Note>,
}

/// What a rule found.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    message: String,
    index: Option<String>,
    level: Option<Level>,
    hint: Option<String>,
}

impl Note {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), index: None, level: None, hint: None }
    }

    /// The index's answer in full.
    pub(crate) fn index(mut self, answer: impl Into<String>) -> Self {
        self.index = Some(answer.into());
        self
    }

    /// Another level than the rule's own.
    pub(crate) fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Another hint than the rule's own.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn problem(self, card: &Card) -> Problem {
        let level = self.level.unwrap_or(card.level);
        let general = Some(card.index).filter(|index| !index.is_empty() && level == Level::Error).map(str::to_owned);
        Problem {
            code: card.code,
            level,
            message: shown(&self.message),
            index_says: self.index.or(general).filter(|answer| !answer.is_empty()).map(|answer| shown(&answer)),
            hint: self.hint.unwrap_or_else(|| card.hint.to_owned()),
            docs: format!("{PAGE}#{}", card.code),
        }
    }
}

fn shown(message: &str) -> String {
    text::shorten(&text::one_line(message), LONGEST_MESSAGE).into_owned()
}

impl From<String> for Note {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

const GROUPS: [(&str, &[Rule]); 8] = [
    ("The file's name and size", file_name::RULES),
    ("The archive", archive::RULES),
    ("What the archive holds", contents::RULES),
    ("Metadata", metadata::RULES),
    ("Classifiers", classifiers::RULES),
    ("People, addresses and licence", people::RULES),
    ("The description", description::RULES),
    ("Requirements", requirements::RULES),
];
const WHEEL_GROUP: (&str, &[Rule]) = ("Wheels", wheel::RULES);
const SET_GROUPS: [(&str, &[SetRule]); 2] =
    [("Files that are published together", set::RULES), ("The source", set::SOURCE_RULES)];

fn groups() -> impl Iterator<Item = (&'static str, &'static [Rule])> {
    GROUPS.into_iter().chain([WHEEL_GROUP])
}

/// Applies every rule, in the order of the table.
pub(crate) fn run(facts: &Facts<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in groups().flat_map(|(_, rules)| rules) {
        let notes = (rule.check)(facts);
        let more = notes.len().saturating_sub(MOST_PER_RULE);
        for (number, note) in notes.into_iter().take(MOST_PER_RULE).enumerate() {
            let mut problem = note.problem(&rule.card);
            if more > 0 && number + 1 == MOST_PER_RULE {
                problem.message = format!("{} (and {more} more of this kind)", problem.message);
            }
            problems.push(problem);
        }
    }
    problems
}

fn cards() -> impl Iterator<Item = (&'static str, Vec<&'static Card>)> {
    let rules = groups().map(|(title, rules)| (title, rules.iter().map(|rule| &rule.card).collect()));
    let sets = SET_GROUPS.into_iter().map(|(title, rules)| (title, rules.iter().map(|rule| &rule.card).collect()));
    rules.chain(sets)
}

/// The table as Markdown: code, level, demand.
pub fn table() -> String {
    let mut table = String::from("| code | level | demand |\n| --- | --- | --- |\n");
    for card in cards().flat_map(|(_, cards)| cards) {
        let _ = writeln!(table, "| `{}` | {} | {} |", card.code, card.level.as_str(), card.says);
    }
    table
}

/// Every rule as a section of Markdown: what it demands, why, what the index answers, what mends it.
pub fn sections() -> String {
    let mut page = String::new();
    for (title, cards) in cards() {
        let _ = writeln!(page, "## {title}\n");
        for Card { code, level, says, why, index, hint } in cards {
            let _ = writeln!(page, "### {code}\n\n*{}.* {}.\n", level.as_str(), sentence(says));
            let _ = writeln!(page, "{}.\n", sentence(why));
            if !index.is_empty() {
                let _ = writeln!(page, "PyPI answers: `{index}`\n");
            }
            let _ = writeln!(page, "To mend it: {hint}.\n");
        }
    }
    page
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// No problem, or one.
fn note_if(is_wrong: bool, note: impl FnOnce() -> Note) -> Vec<Note> {
    if is_wrong { vec![note()] } else { Vec::new() }
}
