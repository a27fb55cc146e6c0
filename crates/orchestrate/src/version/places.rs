//! The files that a bump changes: what they hold, and what they will hold.

use std::{collections::BTreeMap, path::Path};

use findings_model::{PackageName, order};
use release_decision::{
    BumpSettings, ChangelogError, ChangelogRelease, ChangelogSetting, Format, Pattern, PlaceError, Version,
    is_changelog, release_in_changelog, set_version_in,
};
use state_store::StoreError;

use super::{
    BumpVersionError,
    current::{PLACE_LIMIT, Source},
};
use crate::{paths, project::Project};

/// The changelog that is kept up without being named.
const CHANGELOG: &str = "CHANGELOG.md";

/// One file and what is done to it.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// The path, relative to the project.
    pub(super) path: String,
    edits: Vec<Edit>,
    /// What it holds; none where it is not there.
    pub(super) before: Option<String>,
    /// What it will hold.
    pub(super) after: String,
}

#[derive(Clone, Debug)]
enum Edit {
    Version { format: Format, optional: bool },
    Changelog,
}

/// What the files are changed to.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub(super) current: Option<&'a Version>,
    pub(super) next: &'a Version,
    pub(super) date: String,
    pub(super) entry: &'a str,
    /// The entries of the decisions on the same version that this one replaced.
    pub(super) replaced: &'a [String],
    pub(super) tag: &'a Pattern,
}

impl File {
    pub(super) fn is_changed(&self) -> bool {
        self.before.as_deref() != Some(&self.after)
    }

    /// What the bump makes of a text of this file.
    pub(super) fn edited(&self, text: Option<&str>, target: &Target<'_>) -> Result<String, EditError> {
        let mut edited = text.map(str::to_owned);
        for edit in &self.edits {
            let text = match edit {
                Edit::Version { format, optional } => {
                    let text = edited.as_deref().ok_or(EditError::Missing)?;
                    match set_version_in(text, format, target.current, target.next) {
                        Ok(edited) => edited.text,
                        Err(PlaceError::NotFound) if *optional => text.to_owned(),
                        Err(error) => return Err(error.into()),
                    }
                }
                Edit::Changelog => {
                    let Target { current, next, date, entry, replaced, tag } = target;
                    let release = ChangelogRelease { version: next, current: *current, date, entry, replaced, tag };
                    release_in_changelog(edited.as_deref(), &release)?
                }
            };
            edited = Some(text);
        }
        edited.ok_or(EditError::Missing)
    }
}

/// Why a file does not take the version.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is not there.
    #[error("there is no such file")]
    Missing,
    /// The version is not where it should be.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It is no changelog of the known form.
    #[error(transparent)]
    Changelog(#[from] ChangelogError),
    /// It is no text.
    #[error("it is not UTF-8")]
    NotText,
    /// Its name does not tell how it holds the version.
    #[error("its name does not tell how the version stands in it; give a pattern")]
    NoFormat,
}

/// All files of a bump with their new content. The one that the version comes from is the last: as long as it is the old one, a run
/// that was killed is made up by the next. With them comes what a person has to know of files that are left as they are.
pub(super) fn files(
    project: &Project,
    name: &PackageName,
    source: &Source,
    settings: &BumpSettings,
    target: &Target<'_>,
) -> Result<(Vec<File>, Vec<String>), BumpVersionError> {
    let mut warnings = Vec::new();
    let mut edits: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
    let mut add = |path: &str, edit: Edit| edits.entry(path.to_owned()).or_default().push(edit);
    let fixed = |format| Edit::Version { format, optional: false };
    let mut manifests: Vec<&str> = Vec::new();
    for file in &settings.files {
        let path = file.path.as_str();
        let format = match &file.pattern {
            Some(pattern) => Format::Pattern(pattern.clone()),
            None => Format::of(path).ok_or_else(|| failed(path, EditError::NoFormat))?,
        };
        manifests.extend((format == Format::Cargo).then_some(path));
        add(path, fixed(format));
    }
    if let Source::File(candidate) = source {
        manifests.extend((candidate.format == Format::Cargo).then_some(candidate.path.as_str()));
        add(&candidate.path, fixed(candidate.format.clone()));
    }
    for manifest in manifests {
        let own = text(project, manifest)?.as_deref().and_then(release_decision::cargo_name);
        if let Some((name, lock)) = own.zip(cargo_lock(project, manifest)) {
            add(&lock, Edit::Version { format: Format::Lock(name), optional: true });
        }
    }
    if !matches!(source, Source::Tag) && project.has_file(paths::UV_LOCK) {
        add(paths::UV_LOCK, Edit::Version { format: Format::Lock(name.clone()), optional: true });
    }
    match &settings.changelog {
        ChangelogSetting::Off => {}
        ChangelogSetting::File(path) => add(path.as_str(), Edit::Changelog),
        ChangelogSetting::IfThere => match text(project, CHANGELOG) {
            Ok(Some(text)) if is_changelog(&text) => add(CHANGELOG, Edit::Changelog),
            Ok(_) => {}
            Err(error) => {
                let why = match error {
                    BumpVersionError::Place { source, .. } => source.to_string(),
                    other => crate::causes(&other),
                };
                warnings.push(format!("{CHANGELOG} is left as it is, without the new version: {why}"));
            }
        },
    }
    let mut files = Vec::new();
    for (path, edits) in edits {
        let before = text(project, &path)?;
        let mut file = File { path, edits, before, after: String::new() };
        file.after = file.edited(file.before.as_deref(), target).map_err(|error| failed(&file.path, error))?;
        files.push(file);
    }
    if let Source::File(candidate) = source {
        order::sort_by_key(&mut files, |file| file.path == candidate.path);
    }
    Ok((files, warnings))
}

/// The lock file of a crate or of the workspace that it is in: the nearest one.
fn cargo_lock(project: &Project, manifest: &str) -> Option<String> {
    let folders = Path::new(manifest).ancestors().skip(1);
    let locks = folders.filter_map(|folder| Some(folder.join("Cargo.lock").to_str()?.to_owned()));
    locks.into_iter().find(|lock| project.has_file(lock))
}

/// A file of the project as text; none if it is not there.
pub(super) fn text(project: &Project, path: &str) -> Result<Option<String>, BumpVersionError> {
    if !project.has_file(path) {
        return Ok(None);
    }
    let bytes =
        state_store::read(&project.path(path), PLACE_LIMIT).map_err(|e: StoreError| BumpVersionError::Store(e))?;
    String::from_utf8(bytes).map(Some).map_err(|_| failed(path, EditError::NotText))
}

fn failed(path: &str, source: EditError) -> BumpVersionError {
    BumpVersionError::Place { path: findings_model::text::one_line(path), source }
}
