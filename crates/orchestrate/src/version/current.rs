//! The project's version, wherever it is written down.

use findings_model::{PackageName, text};
use git_command::{GitError, Repository};
use release_decision::{
    CurrentVersion, DynamicVersion, Format, Pattern, PyprojectError, SourceCandidate, Version, current_version_of,
    declared, setup_cfg_source, source_candidates, versions_of_tags,
};

use state_store::StoreErrorKind;

use crate::{paths, project::Project};

/// The most that a file with a version in it may hold: 32 MiB, for lock files.
pub(super) const PLACE_LIMIT: u64 = 32 * 1024 * 1024;

/// Where the version of a project stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In a file.
    File(SourceCandidate),
    /// In the name of a tag.
    Tag,
    /// Nobody says so.
    Nowhere,
}

/// A project's version and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) source: Source,
    /// None where no file says anything of a version.
    pub(super) current: Option<CurrentVersion>,
}

/// The project's version: from `pyproject.toml`, from the file that it names, or from the newest tag that can be reached. None where
/// nothing says anything of a version.
///
/// Nothing is run but git, and that for versions of tags only. A version that is not found is an unknown one with the reason.
pub fn current_version(
    project: &Project,
    name: &PackageName,
    tag: &Pattern,
) -> Result<Option<CurrentVersion>, PyprojectError> {
    let located = locate(&mut |path| read(project, path))?;
    match (&located.source, located.current) {
        (Source::Tag, Some(CurrentVersion::Dynamic(source))) => Ok(Some(of_tags(project, name, tag, source))),
        (_, current) => Ok(current),
    }
}

/// The project's version as a file of the project says it, without a look at tags.
pub(crate) fn written_version(project: &Project) -> Option<Version> {
    version_in(&mut |path| read(project, path))
}

/// The version that a project's files say, read in some way.
pub(super) fn version_in(read: &mut dyn FnMut(&str) -> Content) -> Option<Version> {
    match locate(read).ok()?.current? {
        CurrentVersion::Static(version) => Some(version),
        CurrentVersion::Dynamic(_) | CurrentVersion::Unknown { .. } => None,
    }
}

/// What a file of the project says.
pub(super) enum Content {
    /// There is no such file.
    Missing,
    /// Its text.
    Text(String),
    /// It is there, and why nobody knows what it says.
    Unreadable(String),
}

impl Content {
    /// The content of a file of these bytes.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|_| Self::Unreadable("not UTF-8".to_owned()), Self::Text)
    }
}

/// What a file of the work tree says.
pub(super) fn read(project: &Project, path: &str) -> Content {
    if !project.has_file(path) {
        return Content::Missing;
    }
    match state_store::read(&project.path(path), PLACE_LIMIT) {
        Ok(bytes) => Content::of(bytes),
        Err(error) if error.is_missing() || matches!(error.kind, StoreErrorKind::NotRegular("a folder")) => {
            Content::Missing
        }
        Err(error) => Content::Unreadable(error.kind.to_string()),
    }
}

/// The version of a project whose files are read in some way: from the work tree, or from a commit. A file that is there and cannot be
/// read is never passed over: what another one says may be an old version.
pub(super) fn locate(read: &mut dyn FnMut(&str) -> Content) -> Result<Located, PyprojectError> {
    let pyproject = match read(paths::PYPROJECT) {
        Content::Text(text) => Some(text),
        Content::Missing => None,
        Content::Unreadable(why) => return Ok(unread(paths::PYPROJECT, &why)),
    };
    let dynamic = match pyproject.as_deref().map(current_version_of) {
        Some(Ok(CurrentVersion::Dynamic(dynamic))) => Some(dynamic),
        Some(Ok(current)) => {
            let candidate = SourceCandidate { path: paths::PYPROJECT.to_owned(), format: Format::Pyproject };
            return Ok(Located { source: Source::File(candidate), current: Some(current) });
        }
        Some(Err(PyprojectError::Missing)) | None => None,
        Some(Err(error)) => return Err(error),
    };
    let dynamic = match dynamic {
        // An older setuptools project says it in its own files.
        None | Some(DynamicVersion::Backend) => match in_setup_files(read) {
            SetupFiles::Located(located) => return Ok(located),
            SetupFiles::Dynamic(dynamic) => dynamic,
            SetupFiles::Silent => {
                return Ok(Located { source: Source::Nowhere, current: dynamic.map(CurrentVersion::Dynamic) });
            }
            SetupFiles::Computed(file) => return Ok(unknown(format!("{file} says it in no plain text"))),
        },
        Some(dynamic) => dynamic,
    };
    if let DynamicVersion::Expression(_) = dynamic {
        return Ok(Located { source: Source::Nowhere, current: Some(CurrentVersion::Dynamic(dynamic)) });
    }
    if dynamic == DynamicVersion::Tag {
        return Ok(Located { source: Source::Tag, current: Some(CurrentVersion::Dynamic(dynamic)) });
    }
    let candidates = source_candidates(&dynamic, pyproject.as_deref().unwrap_or_default());
    Ok(in_files(&candidates, &dynamic, read))
}

/// What the files of an older setuptools project say of the version.
enum SetupFiles {
    Located(Located),
    /// It stands elsewhere.
    Dynamic(DynamicVersion),
    /// A script gives it that is not run.
    Computed(&'static str),
    Silent,
}

fn in_setup_files(read: &mut dyn FnMut(&str) -> Content) -> SetupFiles {
    let (cfg, setup) = ("setup.cfg", SourceCandidate { path: "setup.py".to_owned(), format: Format::SetupPy });
    let said = match read(cfg) {
        Content::Unreadable(why) => return SetupFiles::Located(unread(cfg, &why)),
        Content::Text(text) => setup_cfg_source(&text),
        Content::Missing => None,
    };
    let candidate = match said {
        Some(Err(dynamic)) => return SetupFiles::Dynamic(dynamic),
        Some(Ok(candidate)) => candidate,
        None => match read(&setup.path) {
            Content::Unreadable(why) => return SetupFiles::Located(unread(&setup.path, &why)),
            Content::Text(text) if declared(&text, &setup.format).is_ok_and(|d| !d.is_empty()) => setup,
            Content::Text(_) => return SetupFiles::Computed("setup.py"),
            Content::Missing => return SetupFiles::Silent,
        },
    };
    SetupFiles::Located(in_files(&[candidate], &DynamicVersion::Backend, read))
}

/// Where a file cannot be read that may say where the version stands.
fn unread(path: &str, why: &str) -> Located {
    unknown(format!("{path} cannot be read: {why}"))
}

/// A version that the build backend decides, and why it is not known here.
fn unknown(reason: String) -> Located {
    let current = Some(CurrentVersion::Unknown { source: DynamicVersion::Backend, reason });
    Located { source: Source::Nowhere, current }
}

/// The version that the first of some files says that is there.
fn in_files(
    candidates: &[SourceCandidate],
    dynamic: &DynamicVersion,
    read: &mut dyn FnMut(&str) -> Content,
) -> Located {
    let unknown = |source, reason: String| Located {
        source,
        current: Some(CurrentVersion::Unknown { source: dynamic.clone(), reason }),
    };
    let found = candidates.iter().find_map(|candidate| match read(&candidate.path) {
        Content::Missing => None,
        Content::Text(text) => Some((candidate, Ok(text))),
        Content::Unreadable(why) => Some((candidate, Err(why))),
    });
    let Some((candidate, text)) = found else {
        let looked: Vec<&str> = candidates.iter().map(|c| c.path.as_str()).collect();
        let reason = match looked.as_slice() {
            [] => "that way is not known here".to_owned(),
            paths => format!("there is none of {}", text::one_line(&paths.join(", "))),
        };
        return unknown(Source::Nowhere, reason);
    };
    let source = Source::File(candidate.clone());
    let path = text::one_line(&candidate.path);
    let text = match text {
        Ok(text) => text,
        Err(why) => return unknown(source, format!("{path} cannot be read: {why}")),
    };
    let places = match declared(&text, &candidate.format) {
        Ok(places) => places,
        Err(error) => return unknown(source, format!("{path} cannot be understood: {error}")),
    };
    let mut versions: Vec<Version> = Vec::new();
    for place in &places {
        match place.version() {
            Some(version) if !versions.contains(&version) => versions.push(version),
            Some(_) => {}
            None => return unknown(source, format!("line {} of {path} has no version of PEP 440", place.line)),
        }
    }
    match versions.as_slice() {
        [version] => Located { source, current: Some(CurrentVersion::Static(version.clone())) },
        [] => unknown(source, format!("{path} says it in no plain text")),
        _ => unknown(source, format!("{path} says several")),
    }
}

fn of_tags(project: &Project, name: &PackageName, tag: &Pattern, source: DynamicVersion) -> CurrentVersion {
    match newest_tag(project, name, tag) {
        Ok(Ok(version)) => CurrentVersion::Static(version),
        Ok(Err(reason)) => CurrentVersion::Unknown { source, reason: reason.to_owned() },
        Err(error) => CurrentVersion::Unknown { source, reason: error.to_string() },
    }
}

fn newest_tag(project: &Project, name: &PackageName, tag: &Pattern) -> Result<Result<Version, &'static str>, GitError> {
    let repository = Repository::find(project.root())?;
    let newest = versions_of_tags(&repository.tags_merged()?, tag, name);
    Ok(match newest {
        Some((version, _)) => Ok(version),
        None if repository.is_shallow() => {
            Err("the clone is shallow and has no tag of a version; fetch the whole history with its tags")
        }
        None => Err("no tag of a version can be reached from the current commit"),
    })
}
