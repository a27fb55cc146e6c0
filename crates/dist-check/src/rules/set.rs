//! Files that are published together.

use super::{Card, Note};
use crate::{Level, Problem};

/// A rule over several files, which [`crate::check_set`] applies.
pub(crate) struct SetRule {
    pub(super) card: Card,
}

pub(super) const RULES: &[SetRule] = &[
    SetRule {
        card: Card {
            code: "set-project",
            level: Level::Error,
            says: "all files belong to one project",
            why: "a release is of one project; a file of another in the folder was most likely left over",
            index: "",
            hint: "publish one project at a time",
        },
    },
    SetRule {
        card: Card {
            code: "set-version",
            level: Level::Error,
            says: "all files are of one version",
            why: "files of an older version in the folder would be published again or refused",
            index: "",
            hint: "empty the folder before building, then publish one version at a time",
        },
    },
    SetRule {
        card: Card {
            code: "set-sdists",
            level: Level::Error,
            says: "there is one source archive at most",
            why: "an index takes one source archive a version",
            index: "Only one sdist may be uploaded per release.",
            hint: "publish one of them",
        },
    },
    SetRule {
        card: Card {
            code: "set-file-twice",
            level: Level::Error,
            says: "no file is named twice",
            why: "the second would be refused or do nothing",
            index: "",
            hint: "name each file once",
        },
    },
    SetRule {
        card: Card {
            code: "set-metadata",
            level: Level::Warning,
            says: "wheel and source archive say the same, save for fields that are Dynamic (metadata 2.2 and newer)",
            why: "installers read whichever file they get; a field that differs means another set of requirements for some of them",
            index: "",
            hint: "build both from one source with `python -m build`, or list the field under `dynamic` in pyproject.toml",
        },
    },
];

/// A problem of a file beside others.
pub(crate) fn set_problem(code: &str, message: String) -> Option<Problem> {
    let rule = RULES.iter().find(|rule| rule.card.code == code)?;
    Some(Note::new(message).problem(&rule.card))
}
