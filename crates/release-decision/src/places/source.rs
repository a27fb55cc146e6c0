//! Where a version comes from that `pyproject.toml` does not hold itself.

use std::{collections::BTreeSet, str::FromStr as _};

use findings_model::PackageName;
use pep440_rs::Version;
use toml_edit::{Document, Item, Value};

use super::{Format, Pattern, tree::table};
use crate::DynamicVersion;

/// A file that a version may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCandidate {
    /// The path, relative to the project.
    pub path: String,
    /// How the file says the version.
    pub format: Format,
}

/// The files that a dynamic version may come from, in the order in which they are looked for. None for a version that comes from
/// a tag, or in a way that this program does not know.
///
/// Nothing is run: an attribute is looked for as a text that a module gives to that name.
pub fn source_candidates(dynamic: &DynamicVersion, pyproject: &str) -> Vec<SourceCandidate> {
    let document = Document::parse(pyproject).ok();
    let document = document.as_ref().map(Document::as_item);
    match dynamic {
        DynamicVersion::Attribute(attribute) => of_attribute(attribute, document),
        DynamicVersion::File(path) => {
            let format = document.map_or(Format::Whole, |document| format_of(path, document));
            vec![SourceCandidate { path: path.trim_start_matches("./").to_owned(), format }]
        }
        DynamicVersion::Tag | DynamicVersion::Expression(_) | DynamicVersion::Backend => Vec::new(),
    }
}

fn of_attribute(attribute: &str, document: Option<&Item>) -> Vec<SourceCandidate> {
    let Some((module, name)) = attribute.rsplit_once('.') else { return Vec::new() };
    let format = Format::Python(vec![name.to_owned()]);
    let path = module.replace('.', "/");
    let files = |folder: String| [format!("{folder}/__init__.py"), format!("{folder}.py")];
    let folders = document.map_or_else(|| vec![path.clone()], |document| module_folders(&path, document));
    let paths = folders.into_iter().flat_map(files);
    paths.map(|path| SourceCandidate { path, format: format.clone() }).collect()
}

/// The folders that a package's folder may be in: what setuptools is told, `src`, the project's own.
pub(super) fn module_folders(path: &str, document: &Item) -> Vec<String> {
    let below = |base: &str| match base.trim_start_matches("./").trim_matches('/') {
        "" | "." => path.to_owned(),
        base => format!("{base}/{path}"),
    };
    let mut folders = Vec::new();
    if let Some(packages) = table(document, &["tool", "setuptools", "package-dir"]) {
        let first = path.split('/').next().unwrap_or(path);
        let of_package = packages.get(first).and_then(Item::as_str);
        folders.extend(of_package.map(|folder| {
            format!("{}{}", folder.trim_start_matches("./").trim_end_matches('/'), &path[first.len()..])
        }));
        folders.extend(packages.get("").and_then(Item::as_str).map(below));
    }
    let found_in = texts(document, &["tool", "setuptools", "packages", "find"], "where");
    folders.extend(found_in.iter().map(|base| below(base)));
    folders.extend([below("src"), below("")]);
    let mut seen = BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

fn format_of(path: &str, document: &Item) -> Format {
    let in_table = |tables: &[&str], key: &str| texts(document, tables, key).iter().any(|file| file == path);
    if in_table(&["tool", "setuptools", "dynamic", "version"], "file") {
        return Format::Whole;
    }
    if in_table(&["tool", "hatch", "version"], "path") {
        if texts(document, &["tool", "hatch", "version"], "source") == ["code"] {
            // The module is run, and a name of it is the version.
            let name = texts(document, &["tool", "hatch", "version"], "expression").into_iter().next();
            return Format::Python(vec![name.map_or_else(|| "__version__".to_owned(), |name| name.trim().to_owned())]);
        }
        return match texts(document, &["tool", "hatch", "version"], "pattern").into_iter().next() {
            Some(expression) => Format::Expression(expression),
            None => Format::Python(vec!["__version__".to_owned(), "VERSION".to_owned()]),
        };
    }
    if in_table(&["tool", "pdm", "version"], "path") {
        return Format::Python(vec!["__version__".to_owned()]);
    }
    Format::of(path).unwrap_or(Format::Whole)
}

/// The name of the crate that a `Cargo.toml` is of; its lock file holds an entry of that name.
pub fn cargo_name(manifest: &str) -> Option<PackageName> {
    let document = Document::parse(manifest).ok()?;
    let name = table(document.as_item(), &["package"])?.get("name")?.as_str()?.to_owned();
    PackageName::parse(&name).ok()
}

/// The project's name that a `setup.cfg` gives.
pub fn setup_cfg_name(text: &str) -> Option<&str> {
    super::lines::ini(text, "metadata", "name").into_iter().next().map(|name| &text[name])
}

/// The project's name that a `setup.py` gives: a plain text in the call of `setup`, of several the same.
pub fn setup_py_name(text: &str) -> Option<&str> {
    let mut names = super::python::setup_argument(text, "name").into_iter().map(|name| &text[name.span]);
    let first = names.next()?;
    names.all(|other| other == first).then_some(first)
}

/// What `setup.cfg` says of the version: a place in itself, or where it comes from; none if it says nothing.
pub fn setup_cfg_source(setup_cfg: &str) -> Option<Result<SourceCandidate, DynamicVersion>> {
    let span = super::lines::ini(setup_cfg, "metadata", "version").into_iter().next()?;
    let value = &setup_cfg[span];
    Some(match (value.strip_prefix("attr:"), value.strip_prefix("file:")) {
        (Some(attribute), _) => Err(DynamicVersion::Attribute(attribute.trim().to_owned())),
        (_, Some(files)) => Err(DynamicVersion::File(files.split(',').next().unwrap_or_default().trim().to_owned())),
        _ => Ok(SourceCandidate { path: "setup.cfg".to_owned(), format: Format::SetupCfg }),
    })
}

/// The files that a build backend writes the version of a tag into: they are no copies to be kept up.
pub fn generated_files(pyproject: &str) -> Vec<String> {
    let Ok(document) = Document::parse(pyproject) else { return Vec::new() };
    let document = document.as_item();
    [
        (&["tool", "setuptools_scm"] as &[&str], "version_file"),
        (&["tool", "setuptools_scm"], "write_to"),
        (&["tool", "hatch", "build", "hooks", "vcs"], "version-file"),
        (&["tool", "pdm", "version"], "write_to"),
    ]
    .into_iter()
    .flat_map(|(tables, key)| texts(document, tables, key))
    .collect()
}

/// The texts of a key: one, or those of a list.
pub(super) fn texts(document: &Item, tables: &[&str], key: &str) -> Vec<String> {
    let Some(item) = table(document, tables).and_then(|t| t.get(key)) else { return Vec::new() };
    match item.as_array() {
        Some(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => item.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// The version that a tag is of; none for a tag that is of none.
///
/// The project's own pattern comes first (`v{version}` by default); with the default one, the shapes that setuptools-scm takes count too:
/// `1.2.3`, `v1.2.3`, `name-1.2.3`, each with or without a local label.
pub(crate) fn version_of_tag(tag: &str, pattern: &Pattern) -> Option<Version> {
    let own = tag.strip_prefix(pattern.start()).and_then(|rest| rest.strip_suffix(pattern.end()));
    if let Some(version) = own.and_then(|version| Version::from_str(version).ok()) {
        return Some(version.without_local());
    }
    if !is_default(pattern) {
        return None;
    }
    let tag = tag.split_once('+').map_or(tag, |(public, _)| public);
    [Some(tag), prefixed(tag).map(|(_, version)| version)]
        .into_iter()
        .flatten()
        .filter(|version| version.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit()))
        .find_map(|version| Version::from_str(version).ok())
}

/// The newest version that the tags are of, with its tag.
///
/// Where some of them carry no name, or the project's own, those of other names are left out.
pub fn versions_of_tags(tags: &[String], pattern: &Pattern, project: &PackageName) -> Option<(Version, String)> {
    let all: Vec<(Version, &String)> =
        tags.iter().filter_map(|tag| Some((version_of_tag(tag, pattern)?, tag))).collect();
    let is_own = |tag: &str| {
        let unnamed = tag.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit());
        let named = || prefixed(tag).and_then(|(name, _)| PackageName::parse(name).ok()).as_ref() == Some(project);
        !is_default(pattern) || unnamed || named()
    };
    let some_are_own = all.iter().any(|(_, tag)| is_own(tag));
    let newest = all.into_iter().filter(|(_, tag)| !some_are_own || is_own(tag)).max();
    newest.map(|(version, tag)| (version, tag.clone()))
}

fn is_default(pattern: &Pattern) -> bool {
    pattern.start() == "v" && pattern.end().is_empty()
}

/// A tag with a name before its version, apart.
fn prefixed(tag: &str) -> Option<(&str, &str)> {
    let at = tag.match_indices('-').find(|(at, _)| {
        let rest = tag[at + 1..].trim_start_matches(['v', 'V']);
        rest.starts_with(|c: char| c.is_ascii_digit())
    })?;
    let (name, version) = (&tag[..at.0], &tag[at.0 + 1..]);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    is_name.then_some((name, version))
}
