//! The long description: whether the index can show it.

use super::{Card, Note, Rule, note_if};
use crate::{
    Level, Metadata,
    grammar::content_type::{self, Markup},
    inspect::Facts,
    rst::{self, Certainty},
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "description-type",
            level: Level::Error,
            says: "Description-Content-Type is text/plain, text/x-rst or text/markdown (UTF-8; GFM or CommonMark)",
            why: "the index shows the description by it",
            index: "'description-content-type' must be one of …",
            hint: "set `content-type` of `readme` in pyproject.toml, or give the README one of the endings .md, .rst, .txt",
        },
        check: content_type,
    },
    Rule {
        card: Card {
            code: "description-missing",
            level: Level::Warning,
            says: "there is a long description",
            why: "the project's page is empty without one",
            index: "",
            hint: "set `readme` in pyproject.toml",
        },
        check: missing,
    },
    Rule {
        card: Card {
            code: "description-type-missing",
            level: Level::Warning,
            says: "a description has a content type",
            why: "without one it is read as reStructuredText, in which most Markdown is an error",
            index: "",
            hint: "set `content-type` of `readme` in pyproject.toml",
        },
        check: type_missing,
    },
    Rule {
        card: Card {
            code: "description-rendering",
            level: Level::Error,
            says: "a description in reStructuredText renders without a warning",
            why: "PyPI refuses it at the first warning of docutils; an error here is one that docutils is sure to give, a warning one that it most likely gives, an information one that only docutils can decide",
            index: "The description failed to render for 'text/x-rst'. See https://pypi.org/help/#description-content-type for more information.",
            hint: "correct the place, then try `python -m docutils README.rst`; Markdown cannot fail",
        },
        check: rendering,
    },
    Rule {
        card: Card {
            code: "description-links",
            level: Level::Info,
            says: "links and images of a Markdown description are whole addresses",
            why: "paths within the repository lead nowhere on the index",
            index: "",
            hint: "write the whole address, from https:// on",
        },
        check: links,
    },
];

fn content_type(facts: &Facts<'_>) -> Vec<Note> {
    let Some(value) = facts.metadata().and_then(|metadata| metadata.value("Description-Content-Type")) else {
        return Vec::new();
    };
    let error = content_type::parse(value).err();
    error
        .map(|error| {
            Note::new(format!("{value:?}: {error}")).index(match error {
                content_type::ContentTypeError::Syntax => {
                    format!("'{value}' is not a valid content type for 'description-content-type'")
                }
                content_type::ContentTypeError::Unknown => {
                    format!("'description-content-type' must be one of ['text/plain', 'text/x-rst', 'text/markdown'], not '{value}'")
                }
                content_type::ContentTypeError::Charset(charset) => {
                    format!("'description-content-type' can only specify the UTF-8 charset, not '{charset}'")
                }
                content_type::ContentTypeError::Variant(variant) => {
                    format!("valid Markdown variants for 'description-content-type' are ['GFM', 'CommonMark'], not '{variant}'")
                }
            })
        })
        .into_iter()
        .collect()
}

fn missing(facts: &Facts<'_>) -> Vec<Note> {
    let without = facts.metadata().is_some_and(|metadata| metadata.long_description().is_none());
    note_if(without, || Note::new("there is no long description; the project's page will be empty"))
}

fn type_missing(facts: &Facts<'_>) -> Vec<Note> {
    let without = facts.metadata().is_some_and(|metadata| metadata.value("Description-Content-Type").is_none());
    note_if(without, || Note::new("the description has no content type"))
}

/// The description, if the index reads it in this markup.
fn description_in<'f>(facts: &'f Facts<'_>, markup: Markup) -> Option<&'f str> {
    facts.metadata().filter(|metadata| metadata.markup() == markup).and_then(Metadata::long_description)
}

fn rendering(facts: &Facts<'_>) -> Vec<Note> {
    let Some(description) = description_in(facts, Markup::Rst).filter(|_| facts.for_pypi()) else {
        return Vec::new();
    };
    let typed = facts.metadata().is_some_and(|metadata| metadata.value("Description-Content-Type").is_some());
    let defects = rst::check(description);
    defects
        .into_iter()
        .map(|defect| {
            let note = Note::new(format!("line {} of the description: {}", defect.line, defect.message));
            match defect.certainty {
                Certainty::Sure if typed => note,
                Certainty::Sure => note.index(
                    "The description failed to render in the default format of reStructuredText. See https://pypi.org/help/#description-content-type for more information.",
                ),
                Certainty::Likely => note.level(Level::Warning),
                Certainty::Unsure => note.level(Level::Info),
            }
        })
        .collect()
}

fn links(facts: &Facts<'_>) -> Vec<Note> {
    let Some(description) = description_in(facts, Markup::Markdown) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    let mut in_code = false;
    for (number, line) in description.lines().enumerate() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            in_code = !in_code;
        }
        if in_code || line.starts_with("    ") {
            continue;
        }
        for target in line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split([')', ' ']).next()) {
            let whole = target.contains("://") || target.starts_with(['#', '<']) || target.starts_with("mailto:");
            if !whole && !target.is_empty() && !target.contains(['`', '{', '*']) {
                notes.push(Note::new(format!(
                    "line {} of the description: {target:?} is not a whole address",
                    number + 1
                )));
            }
        }
    }
    notes
}
