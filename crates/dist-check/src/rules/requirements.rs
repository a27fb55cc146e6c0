//! What a distribution needs: Python and other distributions.

use std::collections::BTreeSet;

use super::{
    Card, Note, Rule,
    metadata::{value, values},
};
use crate::{
    Level,
    grammar::{name::normal, requirement::Requirement, specifier::is_specifier_set},
    inspect::Facts,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "requires-python",
            level: Level::Error,
            says: "Requires-Python is a version specifier (PEP 440)",
            why: "installers choose the release by it",
            index: "'…' is invalid for 'requires-python'",
            hint: "write it as `>=3.9` in `requires-python` of pyproject.toml",
        },
        check: requires_python,
    },
    Rule {
        card: Card {
            code: "requires-dist",
            level: Level::Error,
            says: "each Requires-Dist is a requirement (PEP 508)",
            why: "installers must know what else to install",
            index: "'…' is invalid for 'requires-dist'",
            hint: "correct the entry in `dependencies` or `optional-dependencies` of pyproject.toml",
        },
        check: requires_dist,
    },
    Rule {
        card: Card {
            code: "requires-dist-url",
            level: Level::Error,
            says: "no Requires-Dist points to an address",
            why: "what lies at an address can change; PyPI takes requirements of names only",
            index: "Can't have direct dependency: …",
            hint: "depend on a version that is on the index instead of on an address",
        },
        check: direct_urls,
    },
    Rule {
        card: Card {
            code: "requires-dist-extra",
            level: Level::Warning,
            says: "each extra that a marker of Requires-Dist names is provided",
            why: "the requirement is never installed",
            index: "",
            hint: "compare the markers with `optional-dependencies` of pyproject.toml",
        },
        check: unknown_extras,
    },
    Rule {
        card: Card {
            code: "provides-dist",
            level: Level::Error,
            says: "each Provides-Dist and Obsoletes-Dist is a requirement without an address",
            why: "they are read as requirements are",
            index: "'…' is invalid: …",
            hint: "remove the entry; no installer uses it",
        },
        check: provides_dist,
    },
];

fn requires_python(facts: &Facts<'_>) -> Vec<Note> {
    let wrong = value(facts, "Requires-Python").filter(|value| !is_specifier_set(value));
    wrong
        .map(|value| {
            Note::new(format!("{value:?} is not a valid version specifier"))
                .index(format!("'{value}' is invalid for 'requires-python'"))
        })
        .into_iter()
        .collect()
}

fn requires_dist(facts: &Facts<'_>) -> Vec<Note> {
    let wrong = values(facts, "Requires-Dist").into_iter().filter(|value| Requirement::parse(value).is_none());
    wrong
        .map(|value| {
            Note::new(format!("{value:?} is not a valid requirement"))
                .index(format!("'{value}' is invalid for 'requires-dist'"))
        })
        .collect()
}

fn direct_urls(facts: &Facts<'_>) -> Vec<Note> {
    if !facts.for_pypi() {
        return Vec::new();
    }
    let direct =
        values(facts, "Requires-Dist").into_iter().filter_map(|value| Some((value, Requirement::parse(value)?)));
    direct
        .filter(|(_, requirement)| requirement.url.is_some())
        .map(|(value, requirement)| {
            Note::new(format!("{} is required from an address", requirement.name))
                .index(format!("Can't have direct dependency: {value}"))
        })
        .collect()
}

fn unknown_extras(facts: &Facts<'_>) -> Vec<Note> {
    let provided: BTreeSet<String> = values(facts, "Provides-Extra").into_iter().map(normal).collect();
    let mut notes = Vec::new();
    for requirement in values(facts, "Requires-Dist").into_iter().filter_map(Requirement::parse) {
        for extra in requirement.marker_extras.iter().filter(|extra| !provided.contains(*extra)) {
            notes.push(Note::new(format!("{} is for the extra {extra:?}, which is not provided", requirement.name)));
        }
    }
    notes
}

fn provides_dist(facts: &Facts<'_>) -> Vec<Note> {
    let fields = ["Provides-Dist", "Obsoletes-Dist"].into_iter();
    let found = fields.flat_map(|field| values(facts, field).into_iter().map(move |value| (field, value)));
    found
        .filter(|_| facts.for_pypi())
        .filter_map(|(field, value)| match Requirement::parse(value) {
            None => Some(
                Note::new(format!("{field}: {value:?} is not a valid requirement"))
                    .index(format!("'{value}' is invalid: …")),
            ),
            Some(requirement) if requirement.url.is_some() => Some(
                Note::new(format!("{field}: {value:?} names an address"))
                    .index(format!("Can't have direct dependency: '{value}'")),
            ),
            Some(_) => None,
        })
        .collect()
}
