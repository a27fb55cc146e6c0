//! Classifiers: the list that PyPI keeps, and what they say beside other fields.

use std::collections::BTreeSet;

use super::{
    Card, Note, Rule,
    metadata::{value, values},
};
use crate::{Level, data, inspect::Facts};

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "classifier-private",
            level: Level::Error,
            says: "no classifier keeps the project off PyPI (`Private :: …`)",
            why: "that is what the classifier is for",
            index: "'Private :: …' is not a valid classifier.",
            hint: "the project says that it must not be published; remove the classifier if that has changed",
        },
        check: private,
    },
    Rule {
        card: Card {
            code: "classifier-unknown",
            level: Level::Error,
            says: "each classifier is on PyPI's list",
            why: "PyPI refuses others, letter by letter",
            index: "'…' is not a valid classifier.",
            hint: "copy the classifier from https://pypi.org/classifiers/",
        },
        check: unknown,
    },
    Rule {
        card: Card {
            code: "classifier-deprecated",
            level: Level::Error,
            says: "no classifier is deprecated",
            why: "PyPI refuses those in new uploads",
            index: "The classifier '…' has been deprecated, use one of … instead.",
            hint: "replace or remove the classifier in pyproject.toml",
        },
        check: deprecated,
    },
    Rule {
        card: Card {
            code: "classifier-python",
            level: Level::Info,
            says: "classifiers for versions of Python are those that Requires-Python allows",
            why: "readers of the page and installers are told different things",
            index: "",
            hint: "bring `classifiers` and `requires-python` in pyproject.toml together",
        },
        check: python,
    },
];

fn is_private(classifier: &str) -> bool {
    classifier.to_ascii_lowercase().starts_with("private ::")
}

/// The classifiers that PyPI judges, each once.
fn classifiers<'f>(facts: &'f Facts<'_>) -> BTreeSet<&'f str> {
    values(facts, "Classifier").into_iter().filter(|_| facts.for_pypi()).collect()
}

fn private(facts: &Facts<'_>) -> Vec<Note> {
    let private = classifiers(facts).into_iter().filter(|classifier| is_private(classifier));
    private
        .map(|classifier| {
            Note::new(format!("the classifier {classifier:?} forbids it"))
                .index(format!("'{classifier}' is not a valid classifier."))
        })
        .collect()
}

/// For how many unknown classifiers the one that is spelled most alike is looked for.
const MOST_SUGGESTED: usize = 10;

fn unknown(facts: &Facts<'_>) -> Vec<Note> {
    classifiers(facts)
        .into_iter()
        .filter(|classifier| !is_private(classifier) && data::classifier(classifier) == data::Classifier::Unknown)
        .enumerate()
        .map(|(number, classifier)| {
            let note = Note::new(format!("{classifier:?} is not a valid classifier"))
                .index(format!("'{classifier}' is not a valid classifier."));
            let similar = if number < MOST_SUGGESTED { data::similar_classifier(classifier) } else { None };
            match similar {
                Some(similar) => note.hint(format!("write {similar:?}, if that was meant")),
                None => note,
            }
        })
        .collect()
}

fn deprecated(facts: &Facts<'_>) -> Vec<Note> {
    classifiers(facts)
        .into_iter()
        .filter_map(|classifier| match data::classifier(classifier) {
            data::Classifier::Deprecated("") => Some(
                Note::new(format!("{classifier:?} is deprecated"))
                    .index(format!("The classifier '{classifier}' has been deprecated.")),
            ),
            data::Classifier::Deprecated(instead) => {
                let list: Vec<String> = instead.split(" | ").map(|name| format!("'{name}'")).collect();
                let answer = format!(
                    "The classifier '{classifier}' has been deprecated, use one of [{}] instead.",
                    list.join(", ")
                );
                Some(
                    Note::new(format!("{classifier:?} is deprecated"))
                        .index(answer)
                        .hint(format!("write {} instead", instead.replace(" | ", " or "))),
                )
            }
            _ => None,
        })
        .collect()
}

fn python(facts: &Facts<'_>) -> Vec<Note> {
    let specifiers = value(facts, "Requires-Python").and_then(|text| text.parse::<pep440_rs::VersionSpecifiers>().ok());
    let Some(specifiers) = specifiers else {
        return Vec::new();
    };
    let minor = |classifier: &str| {
        let version = classifier.strip_prefix("Programming Language :: Python :: 3.")?;
        version.parse::<u64>().ok()
    };
    let excluded = values(facts, "Classifier").into_iter().filter_map(minor).filter(|minor| {
        // Any patch of it that is allowed will do.
        !(0..60).any(|patch| specifiers.contains(&pep440_rs::Version::new([3, *minor, patch])))
    });
    excluded.map(|minor| format!("Python 3.{minor} is a classifier, and excluded by Requires-Python").into()).collect()
}
