use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use super::{
    Archive, FlawKind, Hit, Member, MemberKind, ReadFailure, Source, Unreadable,
    content::Content,
    gzip::Streams,
    is_metadata,
    source::Verdict,
    tar::{Entry, Kind, LARGEST_EXTENSION, Rest, Stop, Tar},
    zip,
};
use crate::Limits;

/// How many links are followed to find the metadata.
const MOST_LINKS: usize = 8;

/// Reads a `.tar.gz` member by member.
pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64, limits: &Limits) -> Result<Archive, ReadFailure> {
    if zip::is_zip(input, size)? {
        return Err(Unreadable::Both.into());
    }
    let mut archive = read_keeping(input, size, limits, None)?;
    let metadata = format!("{}/PKG-INFO", archive.common_prefix());
    if let Some(target) = linked_file(&archive, &metadata) {
        let mut again = read_keeping(input, size, limits, Some(&target))?;
        if let Some(text) = again.texts.remove(&target) {
            archive.texts.insert(metadata, text);
        }
    }
    Ok(archive)
}

/// The file that a member leads to if it is a link, as Python follows links: a hard link to what stands in front of it, a
/// symbolic one to the last member of that path.
fn linked_file(archive: &Archive, path: &str) -> Option<String> {
    let last = |path: &str, end: usize| {
        archive.members[..end].iter().rposition(|member| normalized(&member.path) == normalized(path))
    };
    let mut at = last(path, archive.members.len())?;
    for _ in 0..MOST_LINKS {
        let member = &archive.members[at];
        at = match &member.kind {
            MemberKind::HardLink { target } => last(target, at)?,
            MemberKind::SymbolicLink { target } => {
                let folder = member.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                last(&format!("{folder}/{target}"), archive.members.len())?
            }
            MemberKind::File => return Some(member.path.clone()).filter(|file| file != path),
            _ => return None,
        };
    }
    None
}

/// A relative path without `.`, `..` and doubled slashes.
fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Reads the archive; `also` is a file whose content is kept as that of metadata is.
fn read_keeping<R: Read + Seek>(
    input: &mut R,
    size: u64,
    limits: &Limits,
    also: Option<&str>,
) -> Result<Archive, ReadFailure> {
    let packing = packing(input)?;
    input.seek(SeekFrom::Start(0))?;
    let cap = limits.unpacked_sdist(size);
    let file = BufReader::with_capacity(64 << 10, Source::new(input, u64::MAX));
    let Some(streams) = Streams::new(file) else {
        return Err(packing.unreadable().into());
    };
    let mut tar = Tar::new(BufReader::with_capacity(64 << 10, Source::new(streams, cap)));
    let mut archive = Archive::default();
    let outcome = members(&mut tar, limits, also, &mut archive);
    for ambiguity in std::mem::take(&mut tar.ambiguities) {
        archive.flaw(FlawKind::Hidden, ambiguity);
    }
    // The checksum stands behind the last block, so that all is read.
    let rest = outcome.map(|()| tar.rest());
    let mut unpacked = tar.into_inner().into_inner();
    if let Verdict::BeyondLimit = unpacked.verdict() {
        return Err(Unreadable::TooLarge(cap).into());
    }
    if let Some(file) = unpacked.get_mut().get_mut()
        && let Verdict::Failed(error) = file.get_mut().verdict()
    {
        return Err(ReadFailure::Io(error));
    }
    match rest {
        Ok(Ok(Rest::Zeros)) => {}
        Ok(Ok(Rest::Header)) => {
            archive.flaw(
                FlawKind::Hidden,
                "there are members behind the end of the archive, which pip and PyPI do not see",
            );
        }
        Ok(Ok(Rest::Other)) => archive.flaw(FlawKind::TrailingBytes, "there are bytes behind the end of the archive"),
        Ok(Err(error)) => {
            archive
                .flaw(FlawKind::Checksum, format!("the file is damaged behind its last member: {}", gzip_says(&error)));
        }
        Err(stop) => return Err(failure(stop, archive.members.is_empty())),
    }
    if unpacked.get_mut().has_trailing_bytes() {
        archive.flaw(FlawKind::TrailingBytes, "there are bytes behind the end of the compressed archive");
    }
    let contents = unpacked.passed();
    if contents > limits.unpacked(size) {
        let message = format!("its contents are {contents} bytes, many times the size of the file");
        archive.flaw(FlawKind::Oversized, message);
    }
    Ok(archive)
}

fn members<R: Read>(
    tar: &mut Tar<R>,
    limits: &Limits,
    also: Option<&str>,
    archive: &mut Archive,
) -> Result<(), ReadStop> {
    let mut buffer = vec![0; 64 << 10];
    // What is kept of a small file that unpacks to a large one must stay small.
    let (mut names, mut kept_bytes) = (0, 0);
    while let Some(Entry { path, target, kind, size }) = tar.next()? {
        if archive.members.len() == limits.members {
            return Err(Unreadable::TooManyMembers(limits.members).into());
        }
        names += path.len() as u64 + target.len() as u64;
        if names > limits.metadata_bytes {
            return Err(Unreadable::NamesTooLong(limits.metadata_bytes).into());
        }
        let kind = match kind {
            Kind::File => MemberKind::File,
            Kind::Folder => MemberKind::Folder,
            Kind::SymbolicLink => MemberKind::SymbolicLink { target },
            Kind::HardLink => MemberKind::HardLink { target },
            Kind::Special => MemberKind::Special,
            Kind::Sparse => MemberKind::Sparse,
        };
        let mut member = Member { path, kind, size: 0, sha256: None, strong: None, machine: None };
        if member.kind == MemberKind::File {
            let is_wanted = is_metadata(&member.path) || also == Some(member.path.as_str());
            let keep = is_wanted && !archive.texts.contains_key(&member.path);
            if keep {
                kept_bytes += size.min(limits.metadata_bytes + 1);
            }
            if kept_bytes > limits.metadata_bytes {
                let limit = limits.metadata_bytes;
                return Err(Unreadable::MetadataTooLarge { path: member.path, limit }.into());
            }
            let mut content = Content::new(&member.path, size, keep);
            loop {
                match tar.read(&mut buffer)? {
                    0 => break,
                    read => content.add(&buffer[..read]),
                }
            }
            let known = content.known(&member.path, keep);
            (member.size, member.sha256, member.machine) = (known.size, Some(known.sha256), known.machine);
            archive.hits.extend(known.hits.into_iter().map(|(kind, line)| Hit {
                kind,
                path: member.path.clone(),
                line,
            }));
            if let Some(kept) = known.kept {
                archive.texts.insert(member.path.clone(), kept);
            }
        }
        archive.members.push(member);
    }
    Ok(())
}

/// Why the members were not read to their end.
enum ReadStop {
    Limit(Unreadable),
    Tar(Stop),
}

impl From<Unreadable> for ReadStop {
    fn from(why: Unreadable) -> Self {
        Self::Limit(why)
    }
}

impl From<Stop> for ReadStop {
    fn from(stop: Stop) -> Self {
        Self::Tar(stop)
    }
}

fn failure(stop: ReadStop, is_first: bool) -> ReadFailure {
    let why = match stop {
        ReadStop::Limit(why) => why,
        ReadStop::Tar(Stop::NoTar(why)) => Unreadable::NoTar(why),
        ReadStop::Tar(Stop::Broken(why)) => Unreadable::BrokenTar(why),
        ReadStop::Tar(Stop::Damaged(why)) => Unreadable::Damaged(why),
        ReadStop::Tar(Stop::Extension) => {
            Unreadable::MetadataTooLarge { path: "an extended header".to_owned(), limit: LARGEST_EXTENSION }
        }
        // Python's word for a file that was cut off is one that PyPI knows, those for other damage are not.
        ReadStop::Tar(Stop::Io(error)) if error.kind() == ErrorKind::UnexpectedEof && !is_first => {
            Unreadable::BrokenTar(gzip_says(&error))
        }
        ReadStop::Tar(Stop::Io(error)) => Unreadable::Damaged(gzip_says(&error)),
    };
    why.into()
}

fn gzip_says(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "the compressed data is cut off".to_owned(),
        ErrorKind::InvalidInput | ErrorKind::InvalidData => "the compressed data or its checksum is damaged".to_owned(),
        _ => findings_model::text::one_line(&error.to_string()),
    }
}

/// What a file is packed with, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// Other packings of tar, or none: Python reads those as well.
    OtherTar,
    Gzip,
    None,
}

impl Packing {
    /// Why a file is not read that has no gzip header that could be read.
    fn unreadable(self) -> Unreadable {
        match self {
            Self::OtherTar => Unreadable::BrokenTar("it is not compressed with gzip".to_owned()),
            Self::Gzip => Unreadable::Damaged("its gzip header cannot be read".to_owned()),
            Self::None => Unreadable::NoTar("it has no gzip header".to_owned()),
        }
    }
}

fn packing<R: Read + Seek>(input: &mut R) -> io::Result<Packing> {
    input.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    input.take(512).read_to_end(&mut head)?;
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        Packing::Gzip
    } else if head.starts_with(b"BZh") || head.starts_with(b"\xfd7zXZ\0") || super::tar::is_header(&head) {
        Packing::OtherTar
    } else {
        Packing::None
    })
}
