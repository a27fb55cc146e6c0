use std::{collections::BTreeSet, str::FromStr};

use findings_model::text;
use pep440_rs::Version;
use serde::Deserialize;

/// The versions that an index already has, yanked ones too: none of them can be published again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexVersions {
    versions: BTreeSet<Version>,
}

/// Why a document does not tell what an index has.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Not JSON, or not of the simple API's shape.
    #[error("the index document is no PEP 691 project page")]
    Json(#[source] serde_json::Error),
    /// An API of another major version.
    #[error("the index document is of API version {0}, expected 1.x")]
    ApiVersion(String),
}

#[derive(Deserialize)]
struct Page {
    meta: Meta,
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

    /// Reads a project page of the simple API in JSON (PEP 691): its `versions` and those of its file names.
    ///
    /// Versions that PEP 440 does not know are left out: nothing new can be equal to one.
    pub fn from_pep691(bytes: &[u8]) -> Result<Self, IndexError> {
        let page: Page = serde_json::from_slice(bytes).map_err(IndexError::Json)?;
        if page.meta.api_version.split('.').next() != Some("1") {
            let version = text::shorten(&text::one_line(&page.meta.api_version), 40).into_owned();
            return Err(IndexError::ApiVersion(version));
        }
        let listed = page.versions.iter().map(String::as_str);
        let of_files = page.files.iter().filter_map(|file| version_of(&file.filename));
        Ok(listed.chain(of_files).filter_map(|v| Version::from_str(v).ok()).collect())
    }

    /// Whether the index has a version, however it is spelled.
    pub fn contains(&self, version: &Version) -> bool {
        self.versions.contains(version)
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Every version, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter()
    }
}

impl FromIterator<Version> for IndexVersions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        Self { versions: versions.into_iter().collect() }
    }
}

/// The version in the name of a wheel or an sdist.
fn version_of(file: &str) -> Option<&str> {
    if let Some(stem) = file.strip_suffix(".whl").or_else(|| file.strip_suffix(".egg")) {
        return stem.split('-').nth(1);
    }
    let stem = [".tar.gz", ".zip", ".tar.bz2", ".tgz"].into_iter().find_map(|end| file.strip_suffix(end))?;
    stem.rsplit_once('-').map(|(_, version)| version)
}
