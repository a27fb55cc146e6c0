//! Zip archives, record by record (PKWARE APPNOTE 6.3.10).
//!
//! Tools that read only the central directory and tools that read only the local headers must see the same archive;
//! PyPI refuses what they could see differently. That needs the raw records, which zip libraries hide.

mod framing;
mod records;

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use flate2::{Crc, Decompress, FlushDecompress, Status};

pub(super) use records::is_zip;
use records::{Central, CentralEntry, End, data_start};

use super::{
    Archive, Flaw, FlawKind, Hit, Member, MemberKind, ReadFailure, Unreadable,
    content::{Content, Known},
    is_metadata, path_text, tar,
};
use crate::Limits;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Encrypted, patched or strongly encrypted data: bits 0, 5 and 6.
const FLAGS_NOT_PLAIN: u16 = 1 | 1 << 5 | 1 << 6;
const FLAG_UTF8: u16 = 1 << 11;
/// The largest target of a symbolic link that is kept, in bytes.
const LONGEST_LINK: u64 = 4096;

/// Reads a zip archive member by member.
pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64, limits: &Limits) -> Result<Archive, ReadFailure> {
    let mut archive = Archive::default();
    if starts_as_tar(input)? {
        // What the file is depends on who reads it.
        return Err(Unreadable::Both.into());
    }
    let end = End::read(input, size)?;
    let central = Central::read(input, &end, limits)?;
    if let Some(reason) = framing::contradiction(input, size, &central)? {
        archive.flaws.push(Flaw {
            kind: FlawKind::Framing,
            message: reason.message(),
            index: Some(format!(
                "ZIP archive not accepted: {}. See https://docs.pypi.org/archives for more information",
                reason.index()
            )),
        });
    }

    let cap = limits.unpacked(size);
    let declared = central.entries.iter().map(|entry| entry.size).fold(0, u64::saturating_add);
    if declared > cap {
        return Err(Unreadable::TooLarge(cap).into());
    }
    let mut buffers = Buffers::new();
    let strong = asks_for_strong(input, &central, limits, &mut buffers)?;
    for entry in &central.entries {
        let path = path_text(&entry.name);
        let shown = || findings_model::text::one_line(&path);
        let kind = entry.kind();
        let mut member = Member {
            path: path.clone(),
            kind: kind.plain(),
            size: entry.size,
            sha256: None,
            strong: None,
            machine: None,
        };
        let is_known = matches!(entry.method, STORED | DEFLATED);
        if entry.flags & FLAGS_NOT_PLAIN != 0 || !is_known {
            archive.flaws.push(Flaw {
                kind: FlawKind::Compression,
                message: format!("{}: it is encrypted or not compressed with deflate", shown()),
                // PyPI asks for the method only, and the first word counts.
                index: is_known.then(String::new),
            });
            archive.members.push(member);
            continue;
        }
        let keep_up_to = if kind == EntryKind::Link {
            Some(LONGEST_LINK)
        } else if is_metadata(&path) && !archive.texts.contains_key(&path) {
            Some(limits.metadata_bytes)
        } else {
            None
        };
        if let Some(limit) = keep_up_to
            && entry.size > limit
        {
            return Err(Unreadable::MetadataTooLarge { path: shown(), limit }.into());
        }
        let start = data_start(input, entry, &central)?;
        input.seek(SeekFrom::Start(start))?;
        let content = Content::new(&path, entry.size, keep_up_to.is_some());
        let content = if strong { content.strong() } else { content };
        match unpack(input, entry, content, &mut buffers)? {
            Some((content, crc)) => {
                let known = content.known(&path, keep_up_to.is_some());
                if known.size != entry.size || crc != entry.crc {
                    let message = format!("{}: its content is not what its size and checksum say", shown());
                    archive.flaw(FlawKind::Checksum, message);
                }
                note(&mut archive, &mut member, known);
            }
            None => archive.flaw(FlawKind::Checksum, format!("{}: its compressed data is damaged", shown())),
        }
        archive.members.push(member);
    }
    Ok(archive)
}

/// Whether RECORD gives digests that are stronger than SHA-256.
fn asks_for_strong<R: Read + Seek>(
    input: &mut R,
    central: &Central,
    limits: &Limits,
    buffers: &mut Buffers,
) -> Result<bool, ReadFailure> {
    for entry in central.entries.iter().filter(|entry| entry.name.ends_with(b".dist-info/RECORD")) {
        if entry.flags & FLAGS_NOT_PLAIN != 0
            || !matches!(entry.method, STORED | DEFLATED)
            || entry.size > limits.metadata_bytes
        {
            continue;
        }
        let start = data_start(input, entry, central)?;
        input.seek(SeekFrom::Start(start))?;
        let Some((content, _)) = unpack(input, entry, Content::new("", entry.size, true), buffers)? else {
            continue;
        };
        let text = content.known("", true).kept.unwrap_or_default().to_ascii_lowercase();
        if [b"sha384=", b"sha512="].iter().any(|name| memchr::memmem::find(&text, *name).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn note(archive: &mut Archive, member: &mut Member, known: Known) {
    (member.size, member.sha256, member.machine) = (known.size, Some(known.sha256), known.machine);
    member.strong = known.strong;
    archive.hits.extend(known.hits.into_iter().map(|(kind, line)| Hit { kind, path: member.path.clone(), line }));
    match (&mut member.kind, known.kept) {
        (MemberKind::SymbolicLink { target }, Some(kept)) => *target = path_text(&kept),
        (MemberKind::File, Some(kept)) => drop(archive.texts.insert(member.path.clone(), kept)),
        _ => {}
    }
}

struct Buffers {
    packed: Vec<u8>,
    plain: Vec<u8>,
    inflate: Decompress,
}

impl Buffers {
    fn new() -> Self {
        Self { packed: vec![0; 64 << 10], plain: vec![0; 128 << 10], inflate: Decompress::new(false) }
    }
}

/// Unpacks a member; none if its data is damaged or more than it should be.
fn unpack<R: Read>(
    input: &mut R,
    entry: &CentralEntry,
    mut content: Content,
    buffers: &mut Buffers,
) -> Result<Option<(Content, u32)>, std::io::Error> {
    let Buffers { packed, plain, inflate } = buffers;
    let mut crc = Crc::new();
    let deflated = entry.method == DEFLATED;
    inflate.reset(false);
    let (mut left, mut size, mut finished) = (entry.packed, 0, entry.packed == 0 && !deflated);
    while left > 0 && !finished {
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(packed.len());
        let read = match input.read(&mut packed[..want]) {
            Ok(0) => return Ok(None),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        left -= read as u64;
        let mut chunk = &packed[..read];
        if !deflated {
            size += chunk.len() as u64;
            if size > entry.size {
                return Ok(None);
            }
            crc.update(chunk);
            content.add(chunk);
            continue;
        }
        loop {
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            let Ok(status) = inflate.decompress(chunk, plain, FlushDecompress::None) else {
                return Ok(None);
            };
            let taken = usize::try_from(inflate.total_in() - before_in).unwrap_or(chunk.len());
            let written = usize::try_from(inflate.total_out() - before_out).unwrap_or(plain.len());
            finished = status == Status::StreamEnd;
            if taken == 0 && written == 0 && !chunk.is_empty() && !finished {
                return Ok(None);
            }
            chunk = &chunk[taken..];
            size += written as u64;
            if size > entry.size {
                return Ok(None);
            }
            crc.update(&plain[..written]);
            content.add(&plain[..written]);
            if finished || (chunk.is_empty() && written < plain.len()) {
                break;
            }
        }
        if finished && !(chunk.is_empty() && left == 0) {
            return Ok(None);
        }
    }
    if deflated && !finished {
        return Ok(None);
    }
    Ok(Some((content, crc.sum())))
}

/// A member's kind as the central directory has it, before its content is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryKind {
    File,
    Folder,
    Link,
    Special,
}

impl EntryKind {
    fn plain(self) -> MemberKind {
        match self {
            Self::File => MemberKind::File,
            Self::Folder => MemberKind::Folder,
            Self::Link => MemberKind::SymbolicLink { target: String::new() },
            Self::Special => MemberKind::Special,
        }
    }
}

/// Whether a file begins as a tar archive, packed or not.
fn starts_as_tar<R: Read + Seek>(input: &mut R) -> std::io::Result<bool> {
    input.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    input.take(512).read_to_end(&mut head)?;
    Ok(head.starts_with(&[0x1f, 0x8b]) || tar::is_header(&head))
}
