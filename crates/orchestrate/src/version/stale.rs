//! Copies of the old version that a bump would leave behind.

use findings_model::PackageName;
use git_command::Repository;
use release_decision::{Declared, Format, KnownPlace, Version, declared, generated_files, known_places, own_modules};
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
/// A file that is no text, that is generated or that git ignores is none. One that is there and cannot be read is an error: it may
/// hold the old version.
pub(super) fn copies(
    project: &Project,
    name: &PackageName,
    files: &[File],
    old: &[Version],
) -> Result<Vec<StaleCopy>, BumpVersionError> {
    let pyproject = if_text(project, paths::PYPROJECT)?;
    let mut modules = own_modules(name, pyproject.as_deref());
    modules.extend(packages_in_src(project).into_iter().filter(|folder| !modules.contains(folder)).collect::<Vec<_>>());
    let generated = pyproject.as_deref().map(generated_files).unwrap_or_default();
    let mut found = Vec::new();
    for KnownPlace { path, format } in known_places(&modules) {
        if generated.contains(&path) || !project.has_file(&path) {
            continue;
        }
        let after = match files.iter().find(|file| file.path == path) {
            Some(file) => Some(file.after.clone()),
            None => if_text(project, &path)?,
        };
        let Some(after) = after else { continue };
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
    found.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(found)
}

/// A file as text; none if it is not there or no text.
fn if_text(project: &Project, path: &str) -> Result<Option<String>, BumpVersionError> {
    match text(project, path) {
        Err(BumpVersionError::Place { .. }) => Ok(None),
        other => other,
    }
}

/// Every package that lies directly in `src`.
fn packages_in_src(project: &Project) -> Vec<String> {
    let entries = state_store::list(&project.path("src")).unwrap_or_default();
    let folders = entries.into_iter().filter(|entry| entry.kind == EntryKind::Folder);
    let folders = folders.map(|entry| format!("src/{}", entry.name));
    folders.filter(|folder| project.has_file(&format!("{folder}/__init__.py"))).collect()
}

/// How the file is named in the settings, so that the bump finds the place.
fn entry(path: &str, format: &Format, text: &str, place: &Declared) -> String {
    let quoted = |text: &str| {
        if text.contains(['\'', '\n']) { format!("{text:?}") } else { format!("'{text}'") }
    };
    if Format::of(path).as_ref() == Some(format) {
        return format!("{path:?}");
    }
    let start = text[..place.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[place.span.end..].find('\n').map_or(text.len(), |at| place.span.end + at);
    let pattern =
        format!("{}{{version}}{}", text[start..place.span.start].trim_start(), text[place.span.end..end].trim_end());
    format!("{{ path = {path:?}, pattern = {} }}", quoted(&pattern))
}
