//! METADATA and PKG-INFO: the fields that an index takes its page from.

use std::{collections::BTreeSet, str::FromStr as _};

use findings_model::{PackageName, text};
use pep440_rs::Version;

use super::{Rule, problem_if};
use crate::{
    Level, Metadata, Target,
    inspect::Facts,
    metadata::{FIELDS, Field, METADATA_VERSIONS, Occurs},
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "metadata-missing",
        level: Level::Error,
        says: "METADATA (wheel) or PKG-INFO (source archive) is where it belongs",
        hint: "build again with `python -m build`; do not pack archives by hand",
        check: missing,
    },
    Rule {
        code: "metadata-unreadable",
        level: Level::Error,
        says: "the metadata is UTF-8 text of fields",
        hint: "save the files that the metadata comes from (README, pyproject.toml) as UTF-8 and build again",
        check: unreadable,
    },
    Rule {
        code: "metadata-version",
        level: Level::Error,
        says: "Metadata-Version is one that the index knows (1.0 to 2.5, not 2.0)",
        hint: "build again with a current version of the build backend",
        check: metadata_version,
    },
    Rule {
        code: "metadata-field-twice",
        level: Level::Error,
        says: "no field with one value stands there twice",
        hint: "look for the field in pyproject.toml, setup.cfg and setup.py: two of them set it",
        check: field_twice,
    },
    Rule {
        code: "metadata-field-new",
        level: Level::Error,
        says: "no field is newer than the Metadata-Version",
        hint: "build again with a current version of the build backend",
        check: field_new,
    },
    Rule {
        code: "metadata-field-unknown",
        level: Level::Warning,
        says: "every field is one of the specification; an index drops others",
        hint: "check the spelling; custom fields do not reach the index",
        check: field_unknown,
    },
    Rule {
        code: "metadata-value-unknown",
        level: Level::Warning,
        says: "no field has the value UNKNOWN, which old build tools write for nothing",
        hint: "set the field in pyproject.toml, or build with a current build backend",
        check: value_unknown,
    },
    Rule {
        code: "name",
        level: Level::Error,
        says: "Name is there and a package name (PEP 508)",
        hint: "set `name` in pyproject.toml: letters, digits, `-`, `_`, `.`, with a letter or digit at both ends",
        check: name,
    },
    Rule {
        code: "version",
        level: Level::Error,
        says: "Version is there and a version (PEP 440)",
        hint: "set `version` in pyproject.toml as 1.2.3, 1.2.3rc1 or 1.2.3.post1",
        check: version,
    },
    Rule {
        code: "version-local",
        level: Level::Error,
        says: "the version has no local part (`+…`), which PyPI refuses",
        hint: "build from a tagged, unchanged commit, or remove the part behind `+`",
        check: version_local,
    },
    Rule {
        code: "summary",
        level: Level::Error,
        says: "Summary is one line of at most 512 characters",
        hint: "shorten `description` in pyproject.toml; the long text belongs into the README",
        check: summary,
    },
    Rule {
        code: "description-type",
        level: Level::Error,
        says: "Description-Content-Type is text/plain, text/x-rst or text/markdown (UTF-8; GFM or CommonMark)",
        hint: "set `content-type` of `readme` in pyproject.toml, or give the README one of the endings .md, .rst, .txt",
        check: description_type,
    },
    Rule {
        code: "description-missing",
        level: Level::Warning,
        says: "there is a long description",
        hint: "set `readme` in pyproject.toml",
        check: description_missing,
    },
    Rule {
        code: "description-type-missing",
        level: Level::Warning,
        says: "a long description has a content type; without one it is read as reStructuredText",
        hint: "set `content-type` of `readme` in pyproject.toml",
        check: description_type_missing,
    },
    Rule {
        code: "url",
        level: Level::Error,
        says: "Home-page, Download-URL and the addresses of Project-URL are http or https URLs",
        hint: "write the whole address, from https:// on, in `urls` of pyproject.toml",
        check: url,
    },
    Rule {
        code: "project-url-label",
        level: Level::Error,
        says: "each Project-URL has its own label of 1 to 32 characters",
        hint: "shorten or rename the label in `urls` of pyproject.toml",
        check: url_label,
    },
    Rule {
        code: "email",
        level: Level::Error,
        says: "the first address of Author-email and Maintainer-email is an e-mail address",
        hint: "correct `authors` or `maintainers` in pyproject.toml",
        check: email,
    },
    Rule {
        code: "classifier-private",
        level: Level::Error,
        says: "no classifier keeps the project off PyPI (`Private :: …`)",
        hint: "the project says that it must not be published; remove the classifier if that has changed",
        check: classifier_private,
    },
    Rule {
        code: "dynamic",
        level: Level::Error,
        says: "Dynamic names fields of the specification, but not Name, Version or Metadata-Version",
        hint: "build again with a current version of the build backend",
        check: dynamic,
    },
    Rule {
        code: "extra",
        level: Level::Error,
        says: "each Provides-Extra is a name as a package's",
        hint: "rename the entry in `optional-dependencies` of pyproject.toml",
        check: extra,
    },
    Rule {
        code: "license-both",
        level: Level::Error,
        says: "License is not there beside License-Expression (PEP 639)",
        hint: "keep `license` as an SPDX expression and remove the old licence text from the build configuration",
        check: license_both,
    },
    Rule {
        code: "license-file",
        level: Level::Error,
        says: "each License-File of metadata 2.4 and newer is a relative path and in the archive (PEP 639)",
        hint: "correct `license-files` in pyproject.toml",
        check: license_file,
    },
];

/// All values of a field of a readable metadata file.
fn values<'f>(facts: &'f Facts<'_>, field: &'static str) -> impl Iterator<Item = &'f str> {
    facts.metadata().into_iter().flat_map(move |metadata| metadata.all(field))
}

fn missing(facts: &Facts<'_>) -> Vec<String> {
    let (Some(archive), Some(folder)) = (facts.archive(), facts.metadata_folder()) else {
        return Vec::new();
    };
    let file = if facts.is_wheel() { "METADATA" } else { "PKG-INFO" };
    let path = format!("{folder}/{file}");
    problem_if(!archive.texts.contains_key(&path), || format!("there is no {path}"))
}

fn unreadable(facts: &Facts<'_>) -> Vec<String> {
    match &facts.metadata {
        Some(Err(error)) => vec![error.to_string()],
        _ => Vec::new(),
    }
}

fn metadata_version(facts: &Facts<'_>) -> Vec<String> {
    let Some(metadata) = facts.metadata() else {
        return Vec::new();
    };
    match metadata.first("Metadata-Version") {
        None => vec!["Metadata-Version is missing".to_owned()],
        Some(text) => {
            let known = metadata.metadata_version().is_some_and(|version| METADATA_VERSIONS.contains(&version));
            problem_if(!known, || format!("{text:?} is no metadata version that the index knows"))
        }
    }
}

fn specification(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
}

fn field_twice(facts: &Facts<'_>) -> Vec<String> {
    let Some(metadata) = facts.metadata() else {
        return Vec::new();
    };
    let once = FIELDS.iter().filter(|field| field.occurs == Occurs::Once);
    let mut messages: Vec<String> = once
        .filter(|field| metadata.all(field.name).count() > 1)
        .map(|field| format!("{} stands there {} times", field.name, metadata.all(field.name).count()))
        .collect();
    if metadata.body().is_some_and(|body| !body.trim().is_empty()) && metadata.first("Description").is_some() {
        messages.push("the description is there as a field and behind the fields".to_owned());
    }
    messages
}

fn field_new(facts: &Facts<'_>) -> Vec<String> {
    let Some(metadata) = facts.metadata() else {
        return Vec::new();
    };
    let Some(version) = metadata.metadata_version() else {
        return Vec::new();
    };
    FIELDS
        .iter()
        // setuptools wrote License-File long before metadata 2.4 defined it; uploads leave it out then.
        .filter(|field| field.name != "License-File")
        .filter(|field| field.since > version && metadata.first(field.name).is_some())
        .map(|field| {
            let (major, minor) = field.since;
            format!("{} came with metadata version {major}.{minor}, this is {}.{}", field.name, version.0, version.1)
        })
        .collect()
}

fn field_unknown(facts: &Facts<'_>) -> Vec<String> {
    let headers = facts.metadata().into_iter().flat_map(Metadata::headers);
    let unknown: BTreeSet<&str> = headers.map(|(name, _)| name).filter(|name| specification(name).is_none()).collect();
    unknown.into_iter().map(|name| format!("{name} is no field of the specification")).collect()
}

fn value_unknown(facts: &Facts<'_>) -> Vec<String> {
    let headers = facts.metadata().into_iter().flat_map(Metadata::headers);
    headers.filter(|(_, value)| *value == "UNKNOWN").map(|(name, _)| format!("{name} is UNKNOWN")).collect()
}

fn name(facts: &Facts<'_>) -> Vec<String> {
    match facts.metadata().map(|metadata| metadata.first("Name")) {
        None => Vec::new(),
        Some(None) => vec!["Name is missing".to_owned()],
        Some(Some(name)) => problem_if(PackageName::parse(name).is_err(), || format!("{name:?} is no package name")),
    }
}

fn version(facts: &Facts<'_>) -> Vec<String> {
    match facts.metadata().map(|metadata| metadata.first("Version")) {
        None => Vec::new(),
        Some(None) => vec!["Version is missing".to_owned()],
        Some(Some(version)) => {
            problem_if(Version::from_str(version.trim()).is_err(), || format!("{version:?} is no version"))
        }
    }
}

fn version_local(facts: &Facts<'_>) -> Vec<String> {
    let local = facts.version().filter(|version| version.is_local() && facts.options.target == Target::PyPi);
    local.map(|version| format!("{version} is a local version")).into_iter().collect()
}

fn summary(facts: &Facts<'_>) -> Vec<String> {
    let Some(summary) = values(facts, "Summary").next() else {
        return Vec::new();
    };
    let mut messages = Vec::new();
    if summary.contains(['\n', '\r']) {
        messages.push("Summary has more than one line".to_owned());
    }
    let length = summary.chars().count();
    if length > 512 {
        messages.push(format!("Summary has {length} characters"));
    }
    messages
}

fn description_type(facts: &Facts<'_>) -> Vec<String> {
    let Some(value) = values(facts, "Description-Content-Type").next() else {
        return Vec::new();
    };
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let mut messages = Vec::new();
    if !matches!(kind.as_str(), "text/plain" | "text/x-rst" | "text/markdown") {
        messages.push(format!("{value:?} is no content type that the index shows"));
    }
    for parameter in parts.filter(|parameter| !parameter.is_empty()) {
        let (key, setting) = parameter.split_once('=').unwrap_or((parameter, ""));
        let setting = setting.trim().trim_matches('"');
        let fits = match key.trim().to_ascii_lowercase().as_str() {
            "charset" => setting.eq_ignore_ascii_case("UTF-8"),
            "variant" => kind != "text/markdown" || matches!(setting, "GFM" | "CommonMark"),
            _ => true,
        };
        if !fits {
            messages.push(format!("{parameter:?} is not supported"));
        }
    }
    messages
}

fn has_description(metadata: &Metadata) -> bool {
    metadata.description().is_some_and(|text| !text.trim().is_empty() && text.trim() != "UNKNOWN")
}

fn description_missing(facts: &Facts<'_>) -> Vec<String> {
    let without = facts.metadata().is_some_and(|metadata| !has_description(metadata));
    problem_if(without, || "there is no long description; the project's page will be empty".to_owned())
}

fn description_type_missing(facts: &Facts<'_>) -> Vec<String> {
    let without = facts
        .metadata()
        .is_some_and(|metadata| has_description(metadata) && metadata.first("Description-Content-Type").is_none());
    problem_if(without, || "the long description has no content type".to_owned())
}

/// Label and address of each Project-URL.
fn project_urls<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = (&'f str, &'f str)> {
    values(facts, "Project-URL").map(|value| match value.split_once(',') {
        Some((label, address)) => (label.trim(), address.trim()),
        None => (value.trim(), ""),
    })
}

fn url(facts: &Facts<'_>) -> Vec<String> {
    let plain = ["Home-page", "Download-URL"]
        .into_iter()
        .flat_map(|field| values(facts, field).map(move |value| (field, value.trim())));
    plain
        .chain(project_urls(facts))
        .filter(|(_, address)| *address != "UNKNOWN" && !is_web_address(address))
        .map(|(field, address)| format!("{field}: {address:?} is no http or https address"))
        .collect()
}

fn is_web_address(address: &str) -> bool {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        &address[8..]
    } else if lower.starts_with("http://") {
        &address[7..]
    } else {
        return false;
    };
    !rest.is_empty() && !address.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
}

fn url_label(facts: &Facts<'_>) -> Vec<String> {
    let mut messages = Vec::new();
    let mut labels = BTreeSet::new();
    for (label, _) in project_urls(facts) {
        if label.is_empty() {
            messages.push("a Project-URL has no label".to_owned());
        } else if label.chars().count() > 32 {
            messages.push(format!("{label:?} has more than 32 characters"));
        } else if !labels.insert(label) {
            messages.push(format!("{label:?} stands there twice"));
        }
    }
    messages
}

fn email(facts: &Facts<'_>) -> Vec<String> {
    let fields = ["Author-email", "Maintainer-email"];
    let found = fields.into_iter().flat_map(|field| values(facts, field).map(move |value| (field, value)));
    found
        .filter(|(_, value)| !value.trim().is_empty() && *value != "UNKNOWN" && !begins_with_address(value))
        .map(|(field, value)| format!("{field}: {:?} is no e-mail address", text::shorten(value, 80)))
        .collect()
}

/// Whether the first mailbox of a list is one: `ann@example.org` or `Ann <ann@example.org>`.
fn begins_with_address(value: &str) -> bool {
    let address = match value.split_once('<') {
        Some((_, behind)) => match behind.split_once('>') {
            Some((address, _)) => address,
            None => return false,
        },
        None => value.split(',').next().unwrap_or_default(),
    };
    let Some((local, domain)) = address.trim().rsplit_once('@') else {
        return false;
    };
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && !part.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '-')
    };
    let unsafe_local =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '@');
    !local.is_empty()
        && !local.contains(unsafe_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && domain.contains('.')
        && domain.split('.').all(label)
}

fn classifier_private(facts: &Facts<'_>) -> Vec<String> {
    if facts.options.target != Target::PyPi {
        return Vec::new();
    }
    let private =
        values(facts, "Classifier").filter(|classifier| classifier.to_ascii_lowercase().starts_with("private ::"));
    private.map(|classifier| format!("the classifier {classifier:?} forbids it")).collect()
}

fn dynamic(facts: &Facts<'_>) -> Vec<String> {
    let refused = values(facts, "Dynamic").filter(|value| {
        let name = value.trim();
        let essential = ["Name", "Version", "Metadata-Version"].iter().any(|field| field.eq_ignore_ascii_case(name));
        essential || specification(name).is_none()
    });
    refused.map(|value| format!("{value:?} cannot be dynamic")).collect()
}

fn extra(facts: &Facts<'_>) -> Vec<String> {
    let wrong = values(facts, "Provides-Extra").filter(|value| PackageName::parse(value).is_err());
    wrong.map(|value| format!("{value:?} is no name of an extra")).collect()
}

fn license_both(facts: &Facts<'_>) -> Vec<String> {
    let has = |field| values(facts, field).any(|value| !value.trim().is_empty());
    problem_if(has("License") && has("License-Expression"), || {
        "License and License-Expression are both there".to_owned()
    })
}

fn license_file(facts: &Facts<'_>) -> Vec<String> {
    let (Some(archive), Some(folder)) = (facts.archive(), facts.metadata_folder()) else {
        return Vec::new();
    };
    let is_new = facts.metadata().and_then(Metadata::metadata_version).is_some_and(|version| version >= (2, 4));
    if !is_new {
        return Vec::new();
    }
    let place = if facts.is_wheel() { format!("{folder}/licenses") } else { folder };
    let mut messages = Vec::new();
    for path in values(facts, "License-File") {
        let leaves =
            path.starts_with('/') || path.contains(['\\', '*', ':']) || path.split('/').any(|part| part == "..");
        if leaves {
            messages.push(format!("{path:?} is no relative path below the project"));
        } else {
            let expected = format!("{place}/{path}");
            if !archive.members.iter().any(|member| member.path == expected) {
                messages.push(format!("{expected} is not in the archive"));
            }
        }
    }
    messages
}
