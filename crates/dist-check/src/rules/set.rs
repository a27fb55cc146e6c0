//! Files that are published together, and the source they come from.

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

pub(super) const SOURCE_RULES: &[SetRule] = &[
    SetRule {
        card: Card {
            code: "source-tag",
            level: Level::Error,
            says: "the newest commit has a tag of the archive's version",
            why: "whoever looks for the source of a release looks for its tag",
            index: "",
            hint: "tag the commit that the archive was built from (`decide-release bump` does), or build from the tag",
        },
    },
    SetRule {
        card: Card {
            code: "source-changed",
            level: Level::Error,
            says: "no tracked file differs from the newest commit",
            why: "the archive would hold what no commit has",
            index: "",
            hint: "commit or undo the changes, and build again",
        },
    },
    SetRule {
        card: Card {
            code: "source-differs",
            level: Level::Error,
            says: "each tracked file that the archive holds has the bytes that it has in the work tree",
            why: "somebody or something changed it on the way from the repository into the archive",
            index: "",
            hint: "build again from the tagged commit, and compare the two files",
        },
    },
    SetRule {
        card: Card {
            code: "source-rewritten",
            level: Level::Warning,
            says: "files that some build backends rewrite (`pyproject.toml`, `setup.cfg`) are as in the work tree",
            why: "the backend may have changed them, or somebody else",
            index: "",
            hint: "compare the two files",
        },
    },
    SetRule {
        card: Card {
            code: "source-extra",
            level: Level::Warning,
            says: "the archive holds nothing but tracked files and what build backends write",
            why: "a file that no commit has was made on the machine that built, or is there by mistake",
            index: "",
            hint: "track the file, or exclude it in the build configuration",
        },
    },
    SetRule {
        card: Card {
            code: "source-left-out",
            level: Level::Info,
            says: "the archive holds every tracked file",
            why: "which files belong into an archive is the build configuration's affair; this only counts the others",
            index: "",
            hint: "include them in the build configuration, if they are needed to build or test",
        },
    },
];

/// A problem of a source archive beside its repository.
pub(crate) fn source_problem(code: &str, message: String) -> Option<Problem> {
    let rule = SOURCE_RULES.iter().find(|rule| rule.card.code == code)?;
    Some(Note::new(message).problem(&rule.card))
}

/// A problem of a file beside others.
pub(crate) fn set_problem(code: &str, message: String) -> Option<Problem> {
    let rule = RULES.iter().find(|rule| rule.card.code == code)?;
    Some(Note::new(message).problem(&rule.card))
}
