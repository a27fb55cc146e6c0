//! People, addresses and the licence.

use std::collections::BTreeSet;

use findings_model::text;

use super::{
    Card, Note, Rule,
    metadata::{value, values},
    note_if,
};
use crate::{
    Level, Metadata,
    grammar::{
        address::{first_address, is_address},
        license, uri,
    },
    inspect::Facts,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "email",
            level: Level::Error,
            says: "the first address of Author-email and Maintainer-email is an e-mail address",
            why: "PyPI shows it as a link",
            index: "'…' is not a valid email address: …",
            hint: "correct `authors` or `maintainers` in pyproject.toml",
        },
        check: email,
    },
    Rule {
        card: Card {
            code: "url",
            level: Level::Error,
            says: "Home-page, Download-URL and the addresses of Project-URL are http or https addresses",
            why: "PyPI shows them as links",
            index: "'…' is not a valid url.",
            hint: "write the whole address, from https:// on, in `urls` of pyproject.toml",
        },
        check: url,
    },
    Rule {
        card: Card {
            code: "url-host",
            level: Level::Warning,
            says: "each address names a host",
            why: "PyPI takes an address without one, and the link leads nowhere",
            index: "",
            hint: "write the whole address, from https:// on, in `urls` of pyproject.toml",
        },
        check: url_host,
    },
    Rule {
        card: Card {
            code: "project-url-label",
            level: Level::Error,
            says: "each Project-URL has its own label of 1 to 32 characters",
            why: "the label is the text of the link",
            index: "'…' must be 32 characters or less. / Must have a label",
            hint: "shorten or rename the label in `urls` of pyproject.toml",
        },
        check: url_label,
    },
    Rule {
        card: Card {
            code: "license-expression",
            level: Level::Error,
            says: "License-Expression is an SPDX expression (PEP 639)",
            why: "tools decide by it whether they may use the project",
            index: "'…' is invalid for 'license-expression'",
            hint: "write identifiers of https://spdx.org/licenses/ joined by AND, OR and WITH, or LicenseRef-… for one's own",
        },
        check: license_expression,
    },
    Rule {
        card: Card {
            code: "license-both",
            level: Level::Error,
            says: "License is not there beside License-Expression (PEP 639)",
            why: "the two could contradict each other",
            index: "License is deprecated when License-Expression is present. Only License-Expression should be present.",
            hint: "keep `license` as an SPDX expression and remove the old licence text from the build configuration",
        },
        check: license_both,
    },
    Rule {
        card: Card {
            code: "license-classifier",
            level: Level::Warning,
            says: "no licence classifier stands beside License-Expression",
            why: "PEP 639 ends the classifiers; build backends refuse the two together",
            index: "",
            hint: "remove the `License :: …` classifiers from pyproject.toml",
        },
        check: license_classifier,
    },
    Rule {
        card: Card {
            code: "license-file",
            level: Level::Error,
            says: "each License-File of metadata 2.4 and newer is a plain relative path",
            why: "it is looked up in the archive",
            index: "'…' is invalid for 'license-file', …",
            hint: "correct `license-files` in pyproject.toml",
        },
        check: license_file,
    },
    Rule {
        card: Card {
            code: "license-file-missing",
            level: Level::Error,
            says: "each License-File of metadata 2.4 and newer is in the archive",
            why: "who gets the file must get the licence with it",
            index: "License-File … does not exist in distribution file … at …",
            hint: "include the file in the build, or correct `license-files` in pyproject.toml",
        },
        check: license_file_missing,
    },
    Rule {
        card: Card {
            code: "license-none",
            level: Level::Info,
            says: "the metadata names a licence",
            why: "without one nobody may use the project, whatever its repository says",
            index: "",
            hint: "set `license` in pyproject.toml",
        },
        check: license_none,
    },
];

fn email(facts: &Facts<'_>) -> Vec<Note> {
    let fields = ["Author-email", "Maintainer-email"];
    let found = fields.into_iter().filter_map(|field| Some((field, value(facts, field).filter(|_| facts.for_pypi())?)));
    found
        .filter_map(|(field, value)| {
            let address = first_address(value);
            if address.is_empty() || is_address(&address) {
                return None;
            }
            let shown = text::shorten(&address, 80);
            Some(
                Note::new(format!("{field}: {shown:?} is not a valid e-mail address"))
                    .index(format!("'{shown}' is not a valid email address: …")),
            )
        })
        .collect()
}

/// Label and address of every Project-URL.
fn project_urls<'f>(facts: &'f Facts<'_>) -> Vec<(&'f str, &'f str)> {
    let split =
        |value: &'f str| value.split_once(',').map_or((value.trim(), ""), |(label, url)| (label.trim(), url.trim()));
    values(facts, "Project-URL").into_iter().map(split).collect()
}

/// Every address with what it is of.
fn addresses<'f>(facts: &'f Facts<'_>) -> Vec<(String, &'f str)> {
    let single = ["Home-page", "Download-URL"].into_iter();
    let mut found: Vec<(String, &str)> =
        single.filter_map(|field| Some((field.to_owned(), value(facts, field)?))).collect();
    found.extend(project_urls(facts).into_iter().map(|(label, url)| (format!("Project-URL {label:?}"), url)));
    found
}

fn url(facts: &Facts<'_>) -> Vec<Note> {
    let wrong = addresses(facts).into_iter().filter(|(_, address)| facts.for_pypi() && !uri::is_web_address(address));
    wrong
        .map(|(what, address)| {
            let shown = text::shorten(address, 120);
            let note = Note::new(format!("{what}: {shown:?} is not a valid web address"));
            if address.is_empty() {
                note.index("Must have a URL")
            } else if what.starts_with("Project-URL") {
                note.index(format!("'{shown}' is not a valid url"))
            } else {
                note.index(format!("'{shown}' is not a valid url."))
            }
        })
        .collect()
}

fn url_host(facts: &Facts<'_>) -> Vec<Note> {
    let odd =
        addresses(facts).into_iter().filter(|(_, address)| uri::is_web_address(address) && !uri::has_host(address));
    odd.map(|(what, address)| format!("{what}: {:?} names no host", text::shorten(address, 120)).into()).collect()
}

fn url_label(facts: &Facts<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut labels = BTreeSet::new();
    for (label, _) in project_urls(facts) {
        if !labels.insert(label) {
            notes.push(Note::new(format!("{label:?} stands there twice")).index("'project-url' has invalid data"));
        } else if label.is_empty() {
            notes.push(Note::new("a Project-URL has no label").index("Must have a label"));
        } else if label.chars().count() > 32 && facts.for_pypi() {
            notes.push(
                Note::new(format!("{label:?} has more than 32 characters"))
                    .index(format!("'{label}' must be 32 characters or less.")),
            );
        }
    }
    notes
}

fn license_expression(facts: &Facts<'_>) -> Vec<Note> {
    let Some(expression) = value(facts, "License-Expression") else {
        return Vec::new();
    };
    let error = license::check(expression).err();
    error
        .map(|error| {
            Note::new(format!("{expression:?}: {error}"))
                .index(format!("'{expression}' is invalid for 'license-expression'"))
        })
        .into_iter()
        .collect()
}

fn license_both(facts: &Facts<'_>) -> Vec<Note> {
    let both = value(facts, "License").is_some() && value(facts, "License-Expression").is_some();
    note_if(both, || Note::new("License and License-Expression are both there"))
}

fn license_classifier(facts: &Facts<'_>) -> Vec<Note> {
    if value(facts, "License-Expression").is_none() {
        return Vec::new();
    }
    let classifiers = values(facts, "Classifier").into_iter().filter(|classifier| classifier.starts_with("License ::"));
    classifiers.map(|classifier| format!("{classifier:?} stands beside License-Expression").into()).collect()
}

/// The values of License-File that reach the index.
fn license_files<'f>(facts: &'f Facts<'_>) -> Vec<&'f str> {
    let is_new = facts.metadata().and_then(Metadata::metadata_version).is_some_and(|version| version >= (2, 4));
    if is_new { values(facts, "License-File") } else { Vec::new() }
}

/// What PyPI has against a path, if anything.
fn path_fault(path: &str) -> Option<&'static str> {
    let drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
    let behind_drive = if drive { &path[2..] } else { path };
    if path.contains("..") {
        Some("parent directory indicators are not allowed")
    } else if path.contains('*') {
        Some("paths must be resolved")
    } else if path.starts_with(['/', '\\']) && (path.starts_with('/') || path.starts_with("\\\\"))
        || drive && behind_drive.starts_with(['/', '\\'])
    {
        Some("paths must be relative")
    } else if path.contains('\\') || path != "." && behind_drive.split('/').any(|part| part.is_empty() || part == ".") {
        Some("paths must use '/' delimiter")
    } else {
        None
    }
}

fn license_file(facts: &Facts<'_>) -> Vec<Note> {
    let wrong = license_files(facts).into_iter().filter_map(|path| Some((path, path_fault(path)?)));
    wrong
        .map(|(path, fault)| {
            Note::new(format!("{path:?} is not a plain relative path below the project"))
                .index(format!("'{path}' is invalid for 'license-file', {fault}"))
        })
        .collect()
}

fn license_file_missing(facts: &Facts<'_>) -> Vec<Note> {
    let (Some(archive), Some(folder)) = (facts.archive(), facts.metadata_folder()) else {
        return Vec::new();
    };
    let place = if facts.is_wheel() { format!("{folder}/licenses") } else { folder };
    let mut notes = Vec::new();
    for path in license_files(facts).into_iter().filter(|path| path_fault(path).is_none()) {
        let expected = format!("{place}/{path}");
        if !archive.has(&expected) {
            notes.push(Note::new(format!("{expected} is not in the archive")).index(format!(
                "License-File {path} does not exist in distribution file {} at {expected}",
                facts.file_name
            )));
        }
    }
    notes
}

fn license_none(facts: &Facts<'_>) -> Vec<Note> {
    let named = facts.metadata().is_none()
        || ["License", "License-Expression"].into_iter().any(|field| value(facts, field).is_some())
        || ["License-File"].into_iter().any(|field| !values(facts, field).is_empty())
        || values(facts, "Classifier").iter().any(|classifier| classifier.starts_with("License ::"));
    note_if(!named, || Note::new("no licence is named"))
}
