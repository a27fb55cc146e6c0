//! What an archive holds, read once, within limits. What is wrong with it is noted here and judged by the rules.

mod content;
mod gzip;
mod source;
mod tar;
mod tar_gz;
mod zip;

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

pub(crate) use content::{Hit, HitKind, Machine, Strong};
pub(crate) use source::Source;

use crate::{FileName, Limits, Sha256};

/// One member of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The path as written; bytes that are no text are replaced.
    pub(crate) path: String,
    pub(crate) kind: MemberKind,
    /// Unpacked size in bytes.
    pub(crate) size: u64,
    /// Digest of the unpacked bytes of a file.
    pub(crate) sha256: Option<Sha256>,
    /// The stronger digests of those bytes, if RECORD asks for one.
    pub(crate) strong: Option<Box<Strong>>,
    /// What machine code a file holds, if its first bytes are those of a program or library.
    pub(crate) machine: Option<Machine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    File,
    Folder,
    SymbolicLink {
        target: String,
    },
    HardLink {
        target: String,
    },
    /// A device, pipe or other thing that no distribution needs.
    Special,
    /// A tar member with holes.
    Sparse,
}

/// The classes of what can be wrong with an archive's form. Each is a rule's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlawKind {
    /// The records of a zip contradict each other, or there are bytes that belong to no record.
    Framing,
    /// A compression that installers need not know, or encryption.
    Compression,
    /// Size or checksum of a member differ from what the archive says.
    Checksum,
    /// Bytes behind the end.
    TrailingBytes,
    /// Members that some readers see and others do not, or see otherwise.
    Hidden,
    /// The contents of a source archive are many times its size.
    Oversized,
}

#[derive(Clone, Debug)]
pub(crate) struct Flaw {
    pub(crate) kind: FlawKind,
    pub(crate) message: String,
    /// What the index says to it, if it has words of its own.
    pub(crate) index: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Archive {
    pub(crate) members: Vec<Member>,
    /// The contents of metadata files, by path. The first of two members of one path counts.
    pub(crate) texts: BTreeMap<String, Vec<u8>>,
    pub(crate) flaws: Vec<Flaw>,
    /// What was found in the contents of files.
    pub(crate) hits: Vec<Hit>,
}

impl Archive {
    fn flaw(&mut self, kind: FlawKind, message: impl Into<String>) {
        self.flaws.push(Flaw { kind, message: message.into(), index: None });
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.kind == MemberKind::File)
    }

    /// Whether there is a member with exactly this path (a folder's without the slash at its end).
    pub(crate) fn has(&self, path: &str) -> bool {
        self.members.iter().any(|member| bare(&member.path) == path)
    }

    /// What all paths begin with, letter by letter, without a slash at its end: where PyPI looks for a source archive's
    /// PKG-INFO. Empty if they have nothing in common.
    pub(crate) fn common_prefix(&self) -> &str {
        let mut paths = self.members.iter().map(|member| bare(&member.path));
        let Some(first) = paths.next() else {
            return "";
        };
        let common = paths.fold(first, |common, path| {
            let same = common.chars().zip(path.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
            &common[..same]
        });
        common.strip_suffix('/').unwrap_or(common)
    }
}

/// A folder's path without the slash at its end.
fn bare(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// What is wrong with a zip of which PyPI reads another member.
pub(crate) const HEADER_ELSEWHERE: &str = "a member's header is not where the directory says";

/// Why an archive was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is not a zip archive: {0}")]
    NoZip(&'static str),
    #[error("it is not a gzip-compressed tar archive: {0}")]
    NoTar(String),
    #[error("it is a tar archive that cannot be read to its end: {0}")]
    BrokenTar(String),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it is both a zip and a gzip-compressed tar archive")]
    Both,
    #[error("it has more than {0} members")]
    TooManyMembers(usize),
    #[error("its contents are more than {0} bytes, many times the size of the file")]
    TooLarge(u64),
    #[error("the names of its members have more than {0} bytes")]
    NamesTooLong(u64),
    #[error("its metadata files up to {path} have more than {limit} bytes")]
    MetadataTooLarge { path: String, limit: u64 },
}

/// An archive could not be read: for the sake of its contents, or because the reader failed.
#[derive(Debug)]
pub(crate) enum ReadFailure {
    Unreadable(Unreadable),
    Io(std::io::Error),
}

impl From<Unreadable> for ReadFailure {
    fn from(why: Unreadable) -> Self {
        Self::Unreadable(why)
    }
}

impl From<std::io::Error> for ReadFailure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads an archive of `size` bytes.
pub(crate) fn read<R: Read + Seek>(
    input: &mut R,
    size: u64,
    name: &FileName,
    limits: &Limits,
) -> Result<Archive, ReadFailure> {
    match name {
        FileName::Wheel { .. } => zip::read(input, size, limits),
        FileName::Sdist { .. } => tar_gz::read(input, size, limits),
    }
}

/// Whether the contents of a member are needed for the rules.
fn is_metadata(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(folder), None, None) if folder.ends_with(".dist-info") => {
            matches!(file, "METADATA" | "WHEEL" | "RECORD" | "entry_points.txt" | "top_level.txt")
        }
        (Some("PKG-INFO"), Some(_), Some(".") | None, None) => true,
        _ => false,
    }
}

/// A member's raw name as text to keep.
fn path_text(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}
