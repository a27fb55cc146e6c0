//! The file's name and size.

use super::{Card, Note, Rule, note_if};
use crate::{
    FileName, FileNameError, Level, data,
    grammar::{
        name::{file_form, is_project_name, normal},
        version::AnyVersion,
    },
    inspect::Facts,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "file-name",
            level: Level::Error,
            says: "the name is that of a wheel (PEP 427) or a source archive (PEP 625)",
            why: "installers take project, version and tags from the name alone; other kinds of files are no longer taken",
            index: "",
            hint: "do not rename what the build wrote; build again with `python -m build`",
        },
        check: name,
    },
    Rule {
        card: Card {
            code: "file-name-length",
            level: Level::Error,
            says: "the name has at most 246 bytes, so that the index can add `.metadata`",
            why: "file systems take names of 255 bytes",
            index: "Filename is too long",
            hint: "shorten the project's name or the build tag",
        },
        check: length,
    },
    Rule {
        card: Card {
            code: "file-name-metadata",
            level: Level::Error,
            says: "project and version in the name are those of the metadata",
            why: "a renamed file would be installed as what it is not",
            index: "Start filename for …",
            hint: "do not rename what the build wrote; build again with `python -m build`",
        },
        check: agrees,
    },
    Rule {
        card: Card {
            code: "file-name-normal",
            level: Level::Error,
            says: "the name is in normal form: lower case, `_` for `-` and `.`, version as PEP 440 writes it",
            why: "PyPI takes one spelling only, so that a file cannot be there under two names",
            index: "Filename … should contain the normalized project name …",
            hint: "build again with a current version of the build backend",
        },
        check: normal_form,
    },
    Rule {
        card: Card {
            code: "file-name-platform",
            level: Level::Error,
            says: "the platform of a wheel is one that PyPI knows; one for Linux says which C library it needs (manylinux, musllinux)",
            why: "a wheel built on one Linux runs on another only if it keeps to a common C library",
            index: "Binary wheel '…' has an unsupported platform tag '…'.",
            hint: "for Linux, run `auditwheel repair` on the wheel and publish what it writes; for macOS 11 and newer the minor version is 0",
        },
        check: platform,
    },
    Rule {
        card: Card {
            code: "file-size",
            level: Level::Error,
            says: "the file is not empty and not larger than the limit (PyPI: 100 MiB)",
            why: "PyPI gives each project a limit for a file; it raises it on request",
            index: "File too large. Limit for project '…' is 100 MB.",
            hint: "leave data out of the package, or ask the index for a higher limit and set `publish.limits.file_bytes`",
        },
        check: size,
    },
];

fn name(facts: &Facts<'_>) -> Vec<Note> {
    let error = facts.name.as_ref().err();
    let note = |error: &FileNameError| {
        let note = Note::new(error.to_string()).index(error.index(facts.file_name));
        match error {
            FileNameError::Extension if facts.file_name.strip_suffix(".zip").is_some() => {
                note.hint("build the source archive again with `python -m build`, which writes a .tar.gz")
            }
            FileNameError::Extension => {
                note.hint("leave the file out: only wheels (.whl) and source archives (.tar.gz) are published")
            }
            _ => note,
        }
    };
    error.map(note).into_iter().collect()
}

fn length(facts: &Facts<'_>) -> Vec<Note> {
    note_if(facts.file_name.len() > 246, || {
        Note::new(format!("the name has {} bytes", facts.file_name.len()))
            .index(format!("Filename is too long: '{}'", facts.file_name))
    })
}

/// The project and version of the metadata, as written and as a version.
fn named<'f>(facts: &'f Facts<'_>) -> Option<(&'f str, AnyVersion)> {
    let name = facts.metadata()?.value("Name").filter(|name| is_project_name(name))?;
    Some((name, facts.version()?))
}

/// The version in the file's name.
fn version_of_name(facts: &Facts<'_>) -> Option<AnyVersion> {
    let text = match facts.name.as_ref().ok()? {
        FileName::Wheel { .. } => facts.file_name.split('-').nth(1)?,
        FileName::Sdist { .. } => facts.file_name.strip_suffix(".tar.gz")?.rsplit_once('-')?.1,
    };
    AnyVersion::parse(text)
}

fn agrees(facts: &Facts<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let (Ok(name), Some(metadata)) = (&facts.name, facts.metadata()) else {
        return notes;
    };
    if let Some(project) = metadata.value("Name").filter(|name| is_project_name(name))
        && normal(name.name()) != normal(project)
    {
        notes.push(
            Note::new(format!("the name says {}, the metadata {project}", name.name()))
                .index(format!("Start filename for '{project}' with '{}'.", file_form(project))),
        );
    }
    if let (Some(version), Some(named)) = (facts.version(), version_of_name(facts))
        && !named.is_same(&version)
    {
        notes.push(
            Note::new(format!("the name says version {named}, the metadata {version}"))
                .index(format!("Version in filename should be '{version}' not '{named}'.")),
        );
    }
    notes
}

fn normal_form(facts: &Facts<'_>) -> Vec<Note> {
    let (Ok(name), Some((project, version)), true) = (&facts.name, named(facts), agrees(facts).is_empty()) else {
        return Vec::new();
    };
    let form = file_form(project);
    match name {
        FileName::Sdist { .. } => {
            let expected = format!("{form}-{version}.tar.gz");
            note_if(facts.file_name != expected, || {
                Note::new(format!("it should be {expected}"))
                    .index(format!("Filename '{}' is invalid, should be '{expected}'.", facts.file_name))
            })
        }
        // PyPI compares versions by value here, and only the project's part by its spelling.
        FileName::Wheel { .. } => note_if(name.name() != form, || {
            Note::new(format!("it should begin with {form}, not {}", name.name())).index(format!(
                "Filename '{}' should contain the normalized project name '{form}', not '{}'.",
                facts.file_name,
                name.name()
            ))
        }),
    }
}

fn platform(facts: &Facts<'_>) -> Vec<Note> {
    let (Ok(FileName::Wheel { tags, .. }), true) = (&facts.name, facts.for_pypi()) else {
        return Vec::new();
    };
    tags.platform
        .split('.')
        .map(str::to_lowercase)
        .filter(|tag| !data::is_platform_tag(tag))
        .map(|tag| {
            let what = if tag.starts_with("linux_") {
                format!("the platform tag {tag} does not say which C library the wheel needs")
            } else {
                format!("{tag} is not a platform tag that PyPI accepts")
            };
            Note::new(what)
                .index(format!("Binary wheel '{}' has an unsupported platform tag '{tag}'.", facts.file_name))
        })
        .collect()
}

fn size(facts: &Facts<'_>) -> Vec<Note> {
    let limit = facts.options.limits.file_bytes;
    if facts.size == 0 {
        let hint = "build again with `python -m build`; if the file is not part of a distribution, leave it out";
        return vec![Note::new("the file is empty").index("Invalid distribution file.").hint(hint)];
    }
    note_if(facts.size > limit, || {
        Note::new(format!("the file has {} bytes, the limit is {limit}; its contents were not looked at", facts.size))
    })
}
