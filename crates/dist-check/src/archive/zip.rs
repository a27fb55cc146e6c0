//! Zip archives, record by record (PKWARE APPNOTE 6.3.10).
//!
//! Tools that read only the central directory and tools that read only the local headers must see the same archive;
//! PyPI refuses what they could see differently. That needs the raw records, which zip libraries hide.

mod records;

use std::{
    collections::HashSet,
    io::{ErrorKind, Read, Seek, SeekFrom},
};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use sha2::Digest as _;

pub(super) use records::has_end_record;
use records::{Central, End, LocalHeader};

use super::{Archive, FlawKind, Member, MemberKind, ReadFailure, Unreadable, is_metadata, path_text};
use crate::{Limits, Sha256};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const FLAG_ENCRYPTED: u16 = 1;
const FLAG_DATA_DESCRIPTOR: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;
/// The largest target of a symbolic link that is kept, in bytes.
const LONGEST_LINK: u64 = 4096;

/// Reads a zip archive member by member.
pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64, limits: &Limits) -> Result<Archive, ReadFailure> {
    let mut archive = Archive::default();
    if starts_with_gzip(input)? {
        // A gzip header in front of a zip: what the file is depends on who reads it.
        return Err(Unreadable::Both.into());
    }
    let end = End::read(input, size)?;
    let central = Central::read(input, &end, limits)?;
    for what in end.oddities() {
        archive.flaw(FlawKind::Framing, what);
    }
    framing(&mut archive, &end, &central);

    let cap = limits.unpacked(size);
    let mut unpacked = 0;
    for entry in &central.entries {
        let path = path_text(&entry.name);
        let shown = findings_model::text::one_line(&path);
        let header = LocalHeader::read(input, entry.offset, end.directory_start)?;
        if header.name != entry.name {
            archive.flaw(FlawKind::Framing, format!("{shown}: its local header has another name"));
        }
        if header.method != entry.method || header.flags != entry.flags {
            archive.flaw(FlawKind::Framing, format!("{shown}: its local header contradicts the central directory"));
        }
        if entry.flags & FLAG_DATA_DESCRIPTOR != 0 {
            archive.flaw(FlawKind::Framing, format!("{shown}: its size stands behind it (data descriptor)"));
        } else if (header.crc, header.packed, header.size) != (entry.crc, entry.packed, entry.size) {
            archive.flaw(FlawKind::Framing, format!("{shown}: its local header has another size or checksum"));
        }
        if entry.flags & FLAG_UTF8 == 0 && !entry.name.is_ascii() || std::str::from_utf8(&entry.name).is_err() {
            archive.flaw(FlawKind::Framing, format!("{shown}: its name is not marked as UTF-8"));
        }
        let data_end = header.data_start.checked_add(entry.packed);
        if data_end.is_none_or(|data_end| data_end > end.directory_start) {
            return Err(Unreadable::NoZip("a member reaches beyond the end of the file").into());
        }

        let kind = entry.kind();
        if entry.flags & FLAG_ENCRYPTED != 0 || !matches!(entry.method, STORED | DEFLATED) {
            archive.flaw(FlawKind::Compression, format!("{shown}: it is encrypted or not compressed with deflate"));
            archive.members.push(Member { path, kind: kind.plain(), size: entry.size, sha256: None });
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
            return Err(Unreadable::MetadataTooLarge { path: shown, limit }.into());
        }
        input.seek(SeekFrom::Start(header.data_start))?;
        let content = match unpack(input, entry.packed, entry.method, entry.size.min(cap - unpacked), keep_up_to)? {
            Unpacked::Content(content) => content,
            Unpacked::TooLarge if entry.size > cap - unpacked => {
                return Err(Unreadable::TooLarge(cap).into());
            }
            Unpacked::TooLarge | Unpacked::Corrupt => {
                archive.flaw(FlawKind::Checksum, format!("{shown}: its compressed data is damaged"));
                archive.members.push(Member { path, kind: kind.plain(), size: entry.size, sha256: None });
                continue;
            }
        };
        unpacked += content.size;
        if content.size != entry.size || content.crc != entry.crc {
            archive.flaw(FlawKind::Checksum, format!("{shown}: its content is not what its size and checksum say"));
        }
        let kind = match kind {
            EntryKind::Link => {
                MemberKind::SymbolicLink { target: path_text(content.kept.as_deref().unwrap_or_default()) }
            }
            other => other.plain(),
        };
        if kind == MemberKind::File
            && let Some(kept) = content.kept
        {
            archive.texts.insert(path.clone(), kept);
        }
        archive.members.push(Member { path, kind, size: content.size, sha256: Some(content.sha256) });
    }
    Ok(archive)
}

/// Whether records and members fill the file without gap, overlap or repetition.
fn framing(archive: &mut Archive, end: &End, central: &Central) {
    if central.entries.len() as u64 != end.entries {
        archive.flaw(FlawKind::Framing, "the number of members differs between the end record and the directory");
    }
    if central.size != end.directory_size {
        archive.flaw(FlawKind::Framing, "the size of the central directory differs from the end record");
    }
    let mut offsets: Vec<u64> = central.entries.iter().map(|entry| entry.offset).collect();
    offsets.sort_unstable();
    if offsets.first().is_some_and(|first| *first != 0) {
        archive.flaw(FlawKind::Framing, "there are bytes in front of the first member");
    }
    if offsets.windows(2).any(|pair| pair[0] == pair[1]) {
        archive.flaw(FlawKind::Framing, "two members share their bytes");
    }
    let mut names = HashSet::new();
    for entry in &central.entries {
        if !names.insert(&entry.name) {
            let name = findings_model::text::one_line(&path_text(&entry.name));
            archive.flaw(FlawKind::Framing, format!("{name}: two members have this name"));
        }
        if !entry.comment_is_empty {
            archive.flaw(FlawKind::Framing, "a member has a comment");
        }
    }
}

struct Content {
    size: u64,
    crc: u32,
    sha256: Sha256,
    kept: Option<Vec<u8>>,
}

enum Unpacked {
    Content(Content),
    TooLarge,
    Corrupt,
}

fn unpack<R: Read>(
    input: &mut R,
    packed: u64,
    method: u16,
    most: u64,
    keep: Option<u64>,
) -> Result<Unpacked, std::io::Error> {
    let mut compressed = vec![0; 32 << 10];
    let mut plain = vec![0; 64 << 10];
    let mut inflate = (method == DEFLATED).then(|| Decompress::new(false));
    let (mut crc, mut hasher) = (Crc::new(), sha2::Sha256::new());
    let mut kept = keep.map(|_| Vec::new());
    let (mut left, mut size, mut finished) = (packed, 0, packed == 0 && method == STORED);
    while left > 0 && !finished {
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(compressed.len());
        let read = match input.read(&mut compressed[..want]) {
            Ok(0) => return Ok(Unpacked::Corrupt),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        left -= read as u64;
        let mut chunk = &compressed[..read];
        loop {
            let written = match &mut inflate {
                None => {
                    plain[..chunk.len()].copy_from_slice(chunk);
                    let written = chunk.len();
                    chunk = &[];
                    written
                }
                Some(inflate) => {
                    let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
                    let Ok(status) = inflate.decompress(chunk, &mut plain, FlushDecompress::None) else {
                        return Ok(Unpacked::Corrupt);
                    };
                    let taken = usize::try_from(inflate.total_in() - before_in).unwrap_or(chunk.len());
                    let written = usize::try_from(inflate.total_out() - before_out).unwrap_or(plain.len());
                    finished = status == Status::StreamEnd;
                    if taken == 0 && written == 0 && !chunk.is_empty() && !finished {
                        return Ok(Unpacked::Corrupt);
                    }
                    chunk = &chunk[taken..];
                    written
                }
            };
            size += written as u64;
            if size > most {
                return Ok(Unpacked::TooLarge);
            }
            crc.update(&plain[..written]);
            hasher.update(&plain[..written]);
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(&plain[..written]);
            }
            if finished || (chunk.is_empty() && written < plain.len()) {
                break;
            }
        }
        if finished && !(chunk.is_empty() && left == 0) {
            return Ok(Unpacked::Corrupt);
        }
    }
    if inflate.is_some() && !finished {
        return Ok(Unpacked::Corrupt);
    }
    Ok(Unpacked::Content(Content { size, crc: crc.sum(), sha256: Sha256::from_hasher(hasher), kept }))
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

fn starts_with_gzip<R: Read + Seek>(input: &mut R) -> std::io::Result<bool> {
    input.seek(SeekFrom::Start(0))?;
    let mut magic = [0; 2];
    match input.read_exact(&mut magic) {
        Ok(()) => Ok(magic == [0x1f, 0x8b]),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
