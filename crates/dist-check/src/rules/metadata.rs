//! METADATA and PKG-INFO: the form, and the fields that say what the file is.

use std::collections::BTreeSet;

use super::{Card, Note, Rule, note_if};
use crate::{
    Level, Metadata,
    archive::MemberKind,
    data,
    grammar::{
        name::{is_identifier, is_keyword, is_project_name, normal},
        version::AnyVersion,
    },
    inspect::Facts,
    metadata::{FIELDS, Field, METADATA_VERSIONS, Occurs, UNKNOWN},
};

const CURRENT: &str = "build again with a current version of the build backend";

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "metadata-missing",
            level: Level::Error,
            says: "METADATA (wheel) or PKG-INFO (source archive) is where it belongs",
            why: "without it nobody knows what the file is",
            index: "PKG-INFO not found at … / Wheel '…' does not contain the required METADATA file: …",
            hint: "build again with `python -m build`; do not pack archives by hand",
        },
        check: missing,
    },
    Rule {
        card: Card {
            code: "metadata-unreadable",
            level: Level::Error,
            says: "the metadata is UTF-8 text without a byte order mark",
            why: "no tool can read its fields otherwise",
            index: "",
            hint: "save the files that the metadata comes from (README, pyproject.toml) as UTF-8 and build again",
        },
        check: unreadable,
    },
    Rule {
        card: Card {
            code: "metadata-line",
            level: Level::Warning,
            says: "each line of the metadata in front of the description is a field or its continuation",
            why: "a line that is not a field ends the fields: what follows it is shown as description and counts for nothing else",
            index: "",
            hint: "look for a value with a line break in pyproject.toml, setup.cfg or setup.py",
        },
        check: lines,
    },
    Rule {
        card: Card {
            code: "metadata-version",
            level: Level::Error,
            says: "Metadata-Version is one that the index knows (1.0 to 2.5, not 2.0)",
            why: "the version says which fields there may be",
            index: "'…' is not a valid metadata version",
            hint: CURRENT,
        },
        check: metadata_version,
    },
    Rule {
        card: Card {
            code: "metadata-field-twice",
            level: Level::Error,
            says: "no field with one value stands there twice",
            why: "tools would take one value or the other",
            index: "'…' has invalid data",
            hint: "look for the field in pyproject.toml, setup.cfg and setup.py: two of them set it",
        },
        check: field_twice,
    },
    Rule {
        card: Card {
            code: "metadata-field-new",
            level: Level::Error,
            says: "no field is newer than the Metadata-Version",
            why: "a reader of that version need not know it, and PyPI refuses it",
            index: "… introduced in metadata version …, not …",
            hint: CURRENT,
        },
        check: field_new,
    },
    Rule {
        card: Card {
            code: "metadata-field-unknown",
            level: Level::Warning,
            says: "every field is one of the specification",
            why: "PyPI drops others from an upload, and twine does not upload the file at all",
            index: "",
            hint: "check the spelling; custom fields do not reach the index",
        },
        check: field_unknown,
    },
    Rule {
        card: Card {
            code: "metadata-value-unknown",
            level: Level::Warning,
            says: "no field has the value UNKNOWN, which old build tools write for nothing",
            why: "PyPI drops it, other indexes show it",
            index: "",
            hint: "set the field in pyproject.toml, or build with a current build backend",
        },
        check: value_unknown,
    },
    Rule {
        card: Card {
            code: "name",
            level: Level::Error,
            says: "Name is there and a package name (PEP 508)",
            why: "the index finds the project by it",
            index: "'…' is invalid for 'name'",
            hint: "set `name` in pyproject.toml: letters, digits, `-`, `_`, `.`, with a letter or digit at both ends",
        },
        check: name,
    },
    Rule {
        card: Card {
            code: "name-stdlib",
            level: Level::Warning,
            says: "the name is not that of a module of Python's standard library",
            why: "PyPI takes no new project of such a name; one that is there already can go on",
            index: "The name '…' isn't allowed (conflict with Python Standard Library module name).",
            hint: "choose another name, unless the project is on the index already",
        },
        check: name_stdlib,
    },
    Rule {
        card: Card {
            code: "version",
            level: Level::Error,
            says: "Version is there and a version (PEP 440)",
            why: "installers order releases by it",
            index: "'…' is invalid for 'version'",
            hint: "set `version` in pyproject.toml as 1.2.3, 1.2.3rc1 or 1.2.3.post1",
        },
        check: version,
    },
    Rule {
        card: Card {
            code: "version-local",
            level: Level::Error,
            says: "the version has no local part (`+…`)",
            why: "local versions are for builds of one's own; PyPI takes none",
            index: "The use of local versions in '…' is not allowed.",
            hint: "build from a tagged, unchanged commit, or remove the part behind `+`",
        },
        check: version_local,
    },
    Rule {
        card: Card {
            code: "summary",
            level: Level::Error,
            says: "Summary is one line of at most 512 characters",
            why: "the index shows it under the name",
            index: "'summary' must be a single line / 'summary' field must be 512 characters or less.",
            hint: "shorten `description` in pyproject.toml; the long text belongs into the README",
        },
        check: summary,
    },
    Rule {
        card: Card {
            code: "dynamic",
            level: Level::Error,
            says: "Dynamic names fields of the specification, but not Name, Version or Metadata-Version",
            why: "those three must be known before a build",
            index: "'…' is not allowed as a dynamic field / '…' is not a valid dynamic field",
            hint: CURRENT,
        },
        check: dynamic,
    },
    Rule {
        card: Card {
            code: "extra",
            level: Level::Error,
            says: "each Provides-Extra is a name as a package's",
            why: "it stands in brackets behind the name when the project is required",
            index: "'…' is invalid for 'provides-extra'",
            hint: "rename the entry in `optional-dependencies` of pyproject.toml",
        },
        check: extra,
    },
    Rule {
        card: Card {
            code: "extra-twice",
            level: Level::Warning,
            says: "no two extras have the same name in normal form",
            why: "installers treat `a_b` and `a-b` as one, and take the requirements of either",
            index: "",
            hint: "rename one of the entries in `optional-dependencies` of pyproject.toml",
        },
        check: extra_twice,
    },
    Rule {
        card: Card {
            code: "import-name",
            level: Level::Error,
            says: "each Import-Name and Import-Namespace is a dotted name of Python, with `; private` behind it or nothing",
            why: "tools look up by it which project a module comes from",
            index: "… is not a valid identifier / … is a keyword / the only valid option is 'private'",
            hint: "correct `import-names` or `import-namespaces` in pyproject.toml",
        },
        check: import_name,
    },
];

/// All values of a field of a readable metadata file, as the index takes them.
pub(super) fn values<'f>(facts: &'f Facts<'_>, field: &'static str) -> Vec<&'f str> {
    facts.metadata().map(|metadata| metadata.values(field)).unwrap_or_default()
}

/// The value of a field that has one, as the index takes it.
pub(super) fn value<'f>(facts: &'f Facts<'_>, field: &'static str) -> Option<&'f str> {
    facts.metadata()?.value(field)
}

fn missing(facts: &Facts<'_>) -> Vec<Note> {
    let (Some(archive), Some(path)) = (facts.archive(), facts.metadata_path()) else {
        return Vec::new();
    };
    // PyPI asks for the member of a source archive only, not for its content.
    let is_there = archive.texts.contains_key(&path);
    note_if(!is_there, || {
        // PyPI asks whether there is a member of that name.
        match archive.members.iter().find(|member| member.path == path).map(|member| &member.kind) {
            Some(MemberKind::HardLink { target } | MemberKind::SymbolicLink { target }) => {
                return Note::new(format!("{path} is a link to {target}, where there is no file")).index("");
            }
            Some(_) if !facts.is_wheel() => return Note::new(format!("{path} is not a file")).index(""),
            _ => {}
        }
        let answer = if facts.is_wheel() {
            format!("Wheel '{}' does not contain the required METADATA file: {path}", facts.file_name)
        } else {
            format!("PKG-INFO not found at {path}")
        };
        Note::new(format!("there is no {path}")).index(answer)
    })
}

fn unreadable(facts: &Facts<'_>) -> Vec<Note> {
    match &facts.metadata {
        Some(Err(error)) => vec![Note::new(error.to_string())],
        _ => Vec::new(),
    }
}

fn lines(facts: &Facts<'_>) -> Vec<Note> {
    let defects = facts.metadata().map(Metadata::defects).unwrap_or_default();
    defects.iter().map(|defect| Note::new(defect.to_string())).collect()
}

fn metadata_version(facts: &Facts<'_>) -> Vec<Note> {
    let Some(metadata) = facts.metadata() else {
        return Vec::new();
    };
    match metadata.value("Metadata-Version") {
        None => {
            vec![Note::new("Metadata-Version is missing").index("None is not a valid metadata version")]
        }
        Some(text) => {
            let known = METADATA_VERSIONS.iter().any(|(major, minor)| text == format!("{major}.{minor}"));
            note_if(!known, || {
                Note::new(format!("{text:?} is not a metadata version that the index knows"))
                    .index(format!("'{text}' is not a valid metadata version"))
            })
        }
    }
}

fn specification(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
}

fn field_twice(facts: &Facts<'_>) -> Vec<Note> {
    let Some(metadata) = facts.metadata() else {
        return Vec::new();
    };
    let invalid = |field: &str| format!("'{}' has invalid data", field.to_ascii_lowercase());
    let once = FIELDS.iter().filter(|field| field.occurs == Occurs::Once);
    let mut notes: Vec<Note> = once
        .map(|field| (field, metadata.values(field.name).len()))
        .filter(|(_, count)| *count > 1)
        .map(|(field, count)| {
            Note::new(format!("{} stands there {count} times", field.name)).index(invalid(field.name))
        })
        .collect();
    if metadata.body().is_some_and(|body| body.trim() != UNKNOWN) && metadata.first("Description").is_some() {
        let message = "the description is there as a field and behind the fields";
        notes.push(Note::new(message).index(invalid("Description")));
    }
    notes
}

fn field_new(facts: &Facts<'_>) -> Vec<Note> {
    let Some(metadata) = facts.metadata() else {
        return Vec::new();
    };
    let Some(version) = metadata.metadata_version().filter(|version| METADATA_VERSIONS.contains(version)) else {
        return Vec::new();
    };
    FIELDS
        .iter()
        // setuptools wrote License-File long before metadata 2.4 defined it; uploads leave it out then.
        .filter(|field| field.name != "License-File")
        .filter(|field| field.since > version && !metadata.values(field.name).is_empty())
        .map(|field| {
            let (major, minor) = field.since;
            Note::new(format!(
                "{} came with metadata version {major}.{minor}, this is {}.{}",
                field.name, version.0, version.1
            ))
            .index(format!(
                "{} introduced in metadata version {major}.{minor}, not {}.{}",
                field.name.to_ascii_lowercase(),
                version.0,
                version.1
            ))
        })
        .collect()
}

fn field_unknown(facts: &Facts<'_>) -> Vec<Note> {
    let headers = facts.metadata().into_iter().flat_map(Metadata::headers);
    let unknown: BTreeSet<&str> = headers.map(|(name, _)| name).filter(|name| specification(name).is_none()).collect();
    unknown.into_iter().map(|name| format!("{name} is not a field of the specification").into()).collect()
}

fn value_unknown(facts: &Facts<'_>) -> Vec<Note> {
    let headers = facts.metadata().into_iter().flat_map(Metadata::headers);
    // That a name or a version is missing is told by their own rules.
    let dropped = headers.filter(|(name, value)| {
        value.trim() == UNKNOWN
            && !["Name", "Version", "Metadata-Version"].iter().any(|own| own.eq_ignore_ascii_case(name))
    });
    dropped.map(|(name, _)| format!("{name} is UNKNOWN").into()).collect()
}

fn name(facts: &Facts<'_>) -> Vec<Note> {
    match facts.metadata().map(|metadata| metadata.value("Name")) {
        None => Vec::new(),
        Some(None) => vec![Note::new("Name is missing").index("'name' is a required field")],
        Some(Some(name)) => note_if(!is_project_name(name), || {
            Note::new(format!("{name:?} is not a valid package name")).index(format!("'{name}' is invalid for 'name'"))
        }),
    }
}

fn name_stdlib(facts: &Facts<'_>) -> Vec<Note> {
    let name = value(facts, "Name").filter(|_| facts.for_pypi()).map(normal);
    name.filter(|name| data::is_stdlib_name(name))
        .map(|name| {
            Note::new(format!("{name} is a module of the standard library"))
                .index(format!("The name '{name}' isn't allowed (conflict with Python Standard Library module name)."))
        })
        .into_iter()
        .collect()
}

fn version(facts: &Facts<'_>) -> Vec<Note> {
    match facts.metadata().map(|metadata| metadata.value("Version")) {
        None => Vec::new(),
        Some(None) => vec![Note::new("Version is missing").index("'version' is a required field")],
        Some(Some(version)) => note_if(AnyVersion::parse(version).is_none(), || {
            Note::new(format!("{version:?} is not a valid version"))
                .index(format!("'{version}' is invalid for 'version'"))
        }),
    }
}

fn version_local(facts: &Facts<'_>) -> Vec<Note> {
    let local = facts.version().filter(|version| version.is_local() && facts.for_pypi());
    local
        .map(|version| {
            Note::new(format!("{version} is a local version"))
                .index(format!("The use of local versions in '{version}' is not allowed."))
        })
        .into_iter()
        .collect()
}

fn summary(facts: &Facts<'_>) -> Vec<Note> {
    let Some(summary) = value(facts, "Summary") else {
        return Vec::new();
    };
    let ends_line =
        |c: char| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut notes = Vec::new();
    if summary.contains(ends_line) {
        notes.push(Note::new("Summary has more than one line").index("'summary' must be a single line"));
    }
    let length = summary.chars().count();
    if length > 512 && facts.for_pypi() {
        notes.push(
            Note::new(format!("Summary has {length} characters"))
                .index("'summary' field must be 512 characters or less."),
        );
    }
    notes
}

fn dynamic(facts: &Facts<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for field in values(facts, "Dynamic") {
        let lower = field.to_lowercase();
        if matches!(lower.as_str(), "name" | "version" | "metadata-version") {
            let answer = format!("'{lower}' is not allowed as a dynamic field");
            notes.push(Note::new(format!("{field} cannot be dynamic")).index(answer));
        } else if specification(&lower).is_none() || lower == "dynamic" {
            let answer = format!("'{lower}' is not a valid dynamic field");
            notes.push(Note::new(format!("{field:?} is not a field that can be dynamic")).index(answer));
        }
    }
    notes
}

fn extra(facts: &Facts<'_>) -> Vec<Note> {
    let wrong = values(facts, "Provides-Extra").into_iter().filter(|extra| !is_project_name(extra));
    wrong
        .map(|extra| {
            Note::new(format!("{extra:?} is not a valid name of an extra"))
                .index(format!("'{extra}' is invalid for 'provides-extra'"))
        })
        .collect()
}

fn extra_twice(facts: &Facts<'_>) -> Vec<Note> {
    let mut names = BTreeSet::new();
    let repeated = values(facts, "Provides-Extra").into_iter().filter(|extra| !names.insert(normal(extra)));
    repeated.map(|extra| format!("{extra:?} is there already").into()).collect()
}

fn import_name(facts: &Facts<'_>) -> Vec<Note> {
    let names =
        [("import-name", values(facts, "Import-Name")), ("import-namespace", values(facts, "Import-Namespace"))];
    let mut notes = Vec::new();
    for (field, value) in names.into_iter().flat_map(|(field, names)| names.into_iter().map(move |name| (field, name)))
    {
        let (name, option) = value.split_once(';').map_or((value, None), |(name, option)| (name, Some(option)));
        let name = name.trim_end_matches(crate::grammar::scan::is_space);
        for part in name.split('.') {
            if !is_identifier(part) {
                let answer = format!("'{name}' is invalid for '{field}'; '{part}' is not a valid identifier");
                notes.push(Note::new(format!("{name:?}: {part:?} is not a valid name of a module")).index(answer));
            } else if is_keyword(part) {
                let answer = format!("'{name}' is invalid for '{field}'; '{part}' is a keyword");
                notes.push(Note::new(format!("{name:?}: {part:?} is a keyword")).index(answer));
            }
        }
        if option.is_some_and(|option| option.trim_start_matches(crate::grammar::scan::is_space) != "private") {
            let answer = format!("'{value}' is invalid for '{field}'; the only valid option is 'private'");
            notes.push(Note::new(format!("{value:?}: the only option is `private`")).index(answer));
        }
    }
    notes
}
