use std::{collections::BTreeMap, str::FromStr};

use findings_model::{PackageName, json, text};
use pep440_rs::Version;
use serde::Deserialize;

/// The versions that an index already has, yanked ones too: none of them can be published again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexVersions {
    /// Each version with the number of its files.
    versions: BTreeMap<Version, usize>,
}

/// Why a document does not tell what an index has.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Not JSON, or not of the simple API's shape.
    #[error("the index document is not a PEP 691 project page")]
    Json(#[source] serde_json::Error),
    /// An API of another major version.
    #[error("the index document is of API version {0}, expected 1.x")]
    ApiVersion(String),
    /// The page of another project.
    #[error("the index document is of the project {found:?}, not of {project}")]
    OtherProject {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        project: PackageName,
    },
}

#[derive(Deserialize)]
struct Page {
    meta: Meta,
    /// Every index writes it; one that does not is taken at its word.
    name: Option<String>,
    /// Since API version 1.1 (PEP 700); older indexes list files only.
    #[serde(default)]
    versions: Vec<String>,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

#[derive(Deserialize)]
struct File {
    filename: String,
}

impl IndexVersions {
    /// An index that has nothing of the project.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a project page of the simple API in JSON (PEP 691): its `versions`, and before API version 1.1, or where it lists none, those
    /// of its file names.
    ///
    /// Versions that PEP 440 does not know are left out: nothing new can be equal to one. So are files that are named after no project or
    /// another one. A page of another project is an error.
    pub fn from_pep691(bytes: &[u8], project: &PackageName) -> Result<Self, IndexError> {
        let page: Page = json::from_slice(bytes).map_err(IndexError::Json)?;
        let mut api = page.meta.api_version.split('.');
        if api.next() != Some("1") {
            let version = text::shorten(&text::one_line(&page.meta.api_version), 40).into_owned();
            return Err(IndexError::ApiVersion(version));
        }
        if let Some(name) = page.name.filter(|name| PackageName::parse(name).ok().as_ref() != Some(project)) {
            let found = text::shorten(&text::one_line(&name), 60).into_owned();
            return Err(IndexError::OtherProject { found, project: project.clone() });
        }
        let mut index: Self = page.versions.iter().filter_map(|v| Version::from_str(v).ok()).collect();
        let lists_versions = !page.versions.is_empty() && api.next().is_some_and(|minor| minor != "0");
        for version in page.files.iter().filter_map(|file| version_of(&file.filename, project)) {
            match index.versions.get_mut(&version) {
                Some(files) => *files += 1,
                // What the page lists is all there is: the name of a file may be read as more than it says.
                None if lists_versions => {}
                None => drop(index.versions.insert(version, 1)),
            }
        }
        Ok(index)
    }

    /// Whether the index has a version with, as far as can be told, all its files: as many as of the version before it, or two
    /// where there is none. A version that is listed without files is there.
    pub(crate) fn has_all_of(&self, version: &Version) -> bool {
        let Some(files) = self.versions.get(version) else { return false };
        let mut before = self.versions.range(..version).rev().filter(|(_, files)| **files > 0);
        *files == 0 || *files >= before.next().map_or(2, |(_, files)| *files)
    }

    /// Whether the index has a version, however it is spelled.
    pub fn contains(&self, version: &Version) -> bool {
        self.versions.contains_key(version)
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Version> {
        self.versions.keys().next_back()
    }

    /// Every version, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.versions.keys()
    }
}

impl FromIterator<Version> for IndexVersions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        let mut all = Self::default();
        all.versions.extend(versions.into_iter().map(|version| (version, 0)));
        all
    }
}

/// The version in the name of a project's file: a wheel or an egg, where no part holds a hyphen, or an sdist (PEP 625), where in old
/// ones name and version may.
fn version_of(file: &str, project: &PackageName) -> Option<Version> {
    let is_own = |name: &str| PackageName::parse(name).ok().as_ref() == Some(project);
    if let Some(stem) = file.strip_suffix(".whl").or_else(|| file.strip_suffix(".egg")) {
        let mut parts = stem.split('-');
        let version = parts.next().filter(|name| is_own(name)).and(parts.next())?;
        // An egg's version has underscores for its hyphens.
        return Version::from_str(version).or_else(|_| Version::from_str(&version.replace('_', "-"))).ok();
    }
    let stem = [".tar.gz", ".zip", ".tar.bz2", ".tgz"].into_iter().find_map(|end| file.strip_suffix(end))?;
    let (_, version) =
        stem.match_indices('-').map(|(at, _)| (&stem[..at], &stem[at + 1..])).find(|(name, _)| is_own(name))?;
    // Distributions that `bdist_dumb` made are named after a platform too.
    let platform = [".linux-", ".macosx-", ".win"].into_iter().find_map(|platform| version.find(platform));
    Version::from_str(&version[..platform.unwrap_or(version.len())]).ok()
}
