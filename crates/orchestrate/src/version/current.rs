//! The project's version, wherever it is written down.

use findings_model::{PackageName, text};
use git_command::{GitError, Repository};
use release_decision::{
    CurrentVersion, DynamicVersion, Format, Pattern, PyprojectError, SourceCandidate, Version, current_version_of,
    declared, setup_cfg_source, source_candidates, versions_of_tags,
};

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
    match locate(&mut |path| read(project, path)).ok()?.current {
        Some(CurrentVersion::Static(version)) => Some(version),
        Some(CurrentVersion::Dynamic(_) | CurrentVersion::Unknown { .. }) | None => None,
    }
}

/// The text of a file of the work tree, where it can be read.
fn read(project: &Project, path: &str) -> Option<String> {
    let bytes = project.has_file(path).then(|| state_store::read(&project.path(path), PLACE_LIMIT).ok())??;
    String::from_utf8(bytes).ok()
}

/// The version of a project whose files are read in some way: from the work tree, or from a commit.
pub(super) fn locate(read: &mut dyn FnMut(&str) -> Option<String>) -> Result<Located, PyprojectError> {
    let pyproject = read(paths::PYPROJECT);
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
        None | Some(DynamicVersion::Backend) => match read("setup.cfg").as_deref().and_then(setup_cfg_source) {
            Some(Ok(candidate)) => return Ok(in_files(&[candidate], &DynamicVersion::Backend, read)),
            Some(Err(dynamic)) => dynamic,
            None => {
                let setup = SourceCandidate { path: "setup.py".to_owned(), format: Format::SetupPy };
                if read("setup.py").is_some_and(|text| declared(&text, &setup.format).is_ok_and(|d| !d.is_empty())) {
                    return Ok(in_files(&[setup], &DynamicVersion::Backend, read));
                }
                let current = dynamic.map(CurrentVersion::Dynamic);
                return Ok(Located { source: Source::Nowhere, current });
            }
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

/// The version that the first of some files says that is there.
fn in_files(
    candidates: &[SourceCandidate],
    dynamic: &DynamicVersion,
    read: &mut dyn FnMut(&str) -> Option<String>,
) -> Located {
    let unknown = |source, reason: String| Located {
        source,
        current: Some(CurrentVersion::Unknown { source: dynamic.clone(), reason }),
    };
    let found = candidates.iter().find_map(|candidate| Some((candidate, read(&candidate.path)?)));
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
