use findings_model::PackageName;
use pep440_rs::Version;

use crate::{FileName, Metadata, Sha256};

/// The kind of a distribution file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DistKind {
    /// A built distribution (`.whl`).
    Wheel,
    /// A source distribution (`.tar.gz`).
    Sdist,
}

impl DistKind {
    /// The word of the index's upload form: `bdist_wheel` or `sdist`.
    pub fn file_type(self) -> &'static str {
        match self {
            Self::Wheel => "bdist_wheel",
            Self::Sdist => "sdist",
        }
    }
}

/// A wheel or source archive whose name and metadata could be read.
///
/// That it exists says nothing about its problems: see [`crate::Inspection::problems`].
#[derive(Clone, Debug)]
pub struct Distribution {
    pub(crate) file_name: String,
    pub(crate) parsed_name: FileName,
    pub(crate) project: PackageName,
    pub(crate) version: Version,
    pub(crate) metadata: Metadata,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
}

impl Distribution {
    /// The file's name, without a folder.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Wheel or source archive.
    pub fn kind(&self) -> DistKind {
        match self.parsed_name {
            FileName::Wheel { .. } => DistKind::Wheel,
            FileName::Sdist { .. } => DistKind::Sdist,
        }
    }

    /// The project's normalised name, from the metadata.
    pub fn project(&self) -> &PackageName {
        &self.project
    }

    /// The version, from the metadata.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// All fields of METADATA or PKG-INFO as they are written there.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The digest of the whole file.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The file's size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What the upload form calls `pyversion`: a wheel's Python tag (`py3`, `cp311`), `source` for a source archive.
    pub fn python_version(&self) -> &str {
        match &self.parsed_name {
            FileName::Wheel { tags, .. } => &tags.python,
            FileName::Sdist { .. } => "source",
        }
    }
}
