//! Copies of the old version that a bump would leave behind.

use findings_model::{PackageName, order};
use git_command::Repository;
use release_decision::{
    Declared, Format, KnownPlace, Pattern, PlaceError, Version, backend_places, declared, generated_files,
    holds_no_own_package, known_places, own_modules, package_places, package_roots, set_version_in,
};
use state_store::EntryKind;

use super::{
    BumpVersionError,
    places::{File, text},
};
use crate::{paths, project::Project};

/// A copy of the old version in a place that is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleCopy {
    /// The path, relative to the project.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The version that stands there.
    pub version: Version,
    /// What to add to `files` of `[tool.relwarden.bump]`, as TOML.
    pub entry: String,
}

/// The copies of old versions in the places where a project usually declares its own.
///
/// A file that is no text, that is generated or that git ignores is none. A file or folder that is there and cannot be read is an
/// error: it may hold the old version.
pub(super) fn copies(
    project: &Project,
    name: &PackageName,
    files: &[File],
    old: &[Version],
    next: &Version,
) -> Result<Vec<StaleCopy>, BumpVersionError> {
    let pyproject = if_text(project, paths::PYPROJECT)?;
    let roots = package_roots(pyproject.as_deref(), if_text(project, "setup.cfg")?.as_deref());
    let mut modules = own_modules(name, pyproject.as_deref(), &roots);
    for root in &roots {
        for folder in packages_in(project, root)? {
            if !modules.contains(&folder) {
                modules.push(folder);
            }
        }
    }
    let beside = packages_in(project, "")?.into_iter().filter(|folder| !modules.contains(folder));
    let beside = beside.filter(|folder| !holds_no_own_package(folder) && !is_project(project, folder));
    let beside: Vec<KnownPlace> = beside.flat_map(|folder| package_places(&folder)).collect();
    let of_backend = pyproject.as_deref().map(backend_places).unwrap_or_default();
    let generated = pyproject.as_deref().map(generated_files).unwrap_or_default();
    let mut found = Vec::new();
    for KnownPlace { path, format } in known_places(&modules).into_iter().chain(beside).chain(of_backend) {
        if generated.contains(&path) || !project.has_file(&path) {
            continue;
        }
        let after = match files.iter().find(|file| file.path == path) {
            Some(file) => Some(file.after.clone()),
            None => if_text(project, &path)?,
        };
        let Some(after) = after else { continue };
        // What cannot take the next version keeps the old one.
        if let Err(PlaceError::NotSemantic(_)) = set_version_in(&after, &format, None, next) {
            continue;
        }
        let places = declared(&after, &format).unwrap_or_default();
        found.extend(places.into_iter().filter_map(|place| {
            let version = place.version().filter(|version| old.contains(version))?;
            let entry = entry(&path, &format, &after, &place);
            Some(StaleCopy { path: path.clone(), line: place.line, version, entry })
        }));
    }
    // Git is asked only where there is something to ask about.
    if !found.is_empty()
        && let Ok(repository) = Repository::find(project.root())
    {
        found.retain(|copy| !repository.ignores(&copy.path).unwrap_or(false));
    }
    order::sort_by(&mut found, |a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(found)
}

/// A file as text; none if it is not there or no text.
fn if_text(project: &Project, path: &str) -> Result<Option<String>, BumpVersionError> {
    match text(project, path) {
        Err(BumpVersionError::Place { .. }) => Ok(None),
        other => other,
    }
}

/// Every package that lies directly in a folder.
fn packages_in(project: &Project, root: &str) -> Result<Vec<String>, BumpVersionError> {
    let entries = state_store::list(&project.path(root))?;
    let folders = entries.into_iter().filter(|entry| entry.kind == EntryKind::Folder).map(|entry| entry.name);
    let folders = folders.map(|name| if root.is_empty() { name } else { format!("{root}/{name}") });
    let is_package = |folder: &String| package_places(folder).iter().any(|place| project.has_file(&place.path));
    Ok(folders.filter(is_package).collect())
}

/// Whether a folder is a project of its own, with a version of its own.
fn is_project(project: &Project, folder: &str) -> bool {
    [paths::PYPROJECT, "setup.py", "setup.cfg"].iter().any(|file| project.has_file(&format!("{folder}/{file}")))
}

/// How the file is named in the settings, so that the bump finds the place and changes no other.
fn entry(path: &str, format: &Format, text: &str, place: &Declared) -> String {
    let quoted = |text: &str| {
        if text.contains(['\'', '\n']) { format!("{text:?}") } else { format!("'{text}'") }
    };
    let by_name = Format::of(path);
    if by_name.as_ref() == Some(format) || matches!((&by_name, format), (Some(Format::Python(_)), Format::Python(_))) {
        return format!("{path:?}");
    }
    let end = text[place.span.end..].find('\n').map_or(text.len(), |at| place.span.end + at);
    let end = text[place.span.end..end].trim_end();
    let begin_of_line = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    let mut start = begin_of_line(place.span.start);
    let mut before = text[start..place.span.start].trim_start();
    // Where another line has the same words, those above tell them apart.
    while start > 0 && !is_only_place(&format!("{before}{{version}}{end}"), text) {
        start = begin_of_line(start - 1);
        before = &text[start..place.span.start];
    }
    format!("{{ path = {path:?}, pattern = {} }}", quoted(&format!("{before}{{version}}{end}")))
}

fn is_only_place(pattern: &str, text: &str) -> bool {
    let places = Pattern::parse(pattern).ok().and_then(|pattern| declared(text, &Format::Pattern(pattern)).ok());
    places.is_some_and(|places| places.len() == 1)
}
