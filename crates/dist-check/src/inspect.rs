use std::io::{self, Read, Seek, SeekFrom};

use findings_model::PackageName;
use pep440_rs::Version;
use sha2::Digest as _;

use crate::{
    CheckOptions, Distribution, FileName, FileNameError, Metadata, MetadataError, Problem, Sha256,
    archive::{self, Archive, ReadFailure, Unreadable},
    grammar::version::AnyVersion,
    rules,
};

/// What the check of one file came to.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The file's name, without a folder.
    pub file_name: String,
    /// The file as something to publish; none if its name or metadata could not be read.
    pub distribution: Option<Distribution>,
    /// What is wrong with it, in the order of the rules.
    pub problems: Vec<Problem>,
    /// The files that it holds, in the archive's order; none if it could not be read to its end.
    pub files: Vec<ArchivedFile>,
}

/// A regular file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Its path as written, from the archive's root on.
    pub path: String,
    /// Its unpacked size in bytes.
    pub size: u64,
    /// The digest of its unpacked bytes; none if they could not be read.
    pub sha256: Option<Sha256>,
}

impl Inspection {
    /// Whether there is no problem of level error.
    pub fn is_ok(&self) -> bool {
        self.problems.iter().all(|problem| problem.level != crate::Level::Error)
    }
}

/// The file could not be read. That says nothing about the distribution.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {file_name} to check it")]
pub struct InspectError {
    file_name: String,
    source: io::Error,
}

/// Reads one distribution file from its beginning and checks it against every rule.
///
/// `file_name` is the name without a folder; it need not be valid. What is wrong with the file is in
/// [`Inspection::problems`]; an error means that `input` could not be read.
pub fn inspect<R: Read + Seek>(
    file_name: &str,
    input: &mut R,
    options: &CheckOptions,
) -> Result<Inspection, InspectError> {
    read_facts(file_name, input, options)
        .map(|facts| Inspection {
            file_name: file_name.to_owned(),
            problems: rules::run(&facts),
            files: facts.files(),
            distribution: facts.distribution(),
        })
        .map_err(|source| InspectError { file_name: findings_model::text::one_line(file_name), source })
}

/// Everything that the rules look at.
pub(crate) struct Facts<'a> {
    pub(crate) file_name: &'a str,
    pub(crate) options: &'a CheckOptions,
    pub(crate) size: u64,
    sha256: Option<Sha256>,
    pub(crate) name: Result<FileName, FileNameError>,
    /// None if the file was not opened: its name says nothing, or it is too large.
    pub(crate) archive: Option<Result<Archive, Unreadable>>,
    pub(crate) metadata: Option<Result<Metadata, MetadataError>>,
}

impl Facts<'_> {
    pub(crate) fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()?.as_ref().ok()
    }

    pub(crate) fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()?.as_ref().ok()
    }

    pub(crate) fn is_wheel(&self) -> bool {
        matches!(self.name, Ok(FileName::Wheel { .. }))
    }

    /// Whether the rules of PyPI apply.
    pub(crate) fn for_pypi(&self) -> bool {
        self.options.target == crate::Target::PyPi
    }

    /// The project's name in the metadata, if it is one.
    pub(crate) fn project(&self) -> Option<PackageName> {
        PackageName::parse(self.metadata()?.value("Name")?).ok()
    }

    /// The version in the metadata, if it is one.
    pub(crate) fn version(&self) -> Option<AnyVersion> {
        AnyVersion::parse(self.metadata()?.value("Version")?)
    }

    /// The folder that holds the metadata: `<name>-<version>.dist-info` as the wheel's name spells it, or what all members of
    /// a source archive have in common.
    pub(crate) fn metadata_folder(&self) -> Option<String> {
        match self.name.as_ref().ok()? {
            FileName::Wheel { .. } => {
                let mut parts = self.file_name.split('-');
                Some(format!("{}-{}.dist-info", parts.next()?, parts.next()?))
            }
            FileName::Sdist { .. } => {
                let folder = self.archive()?.common_prefix();
                Some(folder.to_owned()).filter(|folder| !matches!(folder.as_str(), "" | "."))
            }
        }
    }

    /// The file of the archive that holds the metadata.
    pub(crate) fn metadata_path(&self) -> Option<String> {
        let file = if self.is_wheel() { "METADATA" } else { "PKG-INFO" };
        Some(format!("{}/{file}", self.metadata_folder()?))
    }

    /// A file of the wheel's metadata folder.
    pub(crate) fn dist_info(&self, file: &str) -> Option<&[u8]> {
        let folder = self.metadata_folder().filter(|_| self.is_wheel())?;
        self.archive()?.texts.get(&format!("{folder}/{file}")).map(Vec::as_slice)
    }

    fn files(&self) -> Vec<ArchivedFile> {
        let files = self.archive().into_iter().flat_map(Archive::files);
        files.map(|file| ArchivedFile { path: file.path.clone(), size: file.size, sha256: file.sha256 }).collect()
    }

    fn distribution(self) -> Option<Distribution> {
        Some(Distribution {
            file_name: self.file_name.to_owned(),
            project: self.project()?,
            version: self.metadata()?.value("Version")?.trim().parse::<Version>().ok()?,
            sha256: self.sha256?,
            size: self.size,
            parsed_name: self.name.ok()?,
            metadata: self.metadata?.ok()?,
        })
    }
}

fn read_facts<'a, R: Read + Seek>(
    file_name: &'a str,
    input: &mut R,
    options: &'a CheckOptions,
) -> io::Result<Facts<'a>> {
    let size = input.seek(SeekFrom::End(0))?;
    let mut facts = Facts {
        file_name,
        options,
        size,
        sha256: None,
        name: FileName::parse(file_name),
        archive: None,
        metadata: None,
    };
    if size == 0 || size > options.limits.file_bytes {
        return Ok(facts);
    }
    facts.sha256 = Some(digest(input)?);
    let Ok(name) = &facts.name else {
        return Ok(facts);
    };
    facts.archive = match archive::read(input, size, name, &options.limits) {
        Ok(archive) => Some(Ok(archive)),
        Err(ReadFailure::Unreadable(why)) => Some(Err(why)),
        Err(ReadFailure::Io(error)) => return Err(error),
    };
    facts.metadata = metadata_bytes(&facts).map(Metadata::parse);
    Ok(facts)
}

/// METADATA or PKG-INFO from where it belongs, else from the only place where there is one.
fn metadata_bytes<'f>(facts: &'f Facts<'_>) -> Option<&'f [u8]> {
    let file = if facts.is_wheel() { "METADATA" } else { "PKG-INFO" };
    let texts = &facts.archive()?.texts;
    let found = texts.get(&facts.metadata_path()?).or_else(|| {
        let mut elsewhere = texts.iter().filter(|(path, _)| path.rsplit('/').next() == Some(file));
        elsewhere.next().filter(|_| elsewhere.next().is_none()).map(|(_, bytes)| bytes)
    });
    found.map(Vec::as_slice)
}

fn digest<R: Read + Seek>(input: &mut R) -> io::Result<Sha256> {
    input.seek(SeekFrom::Start(0))?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(Sha256::from_hasher(hasher)),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
