//! The records of a zip as Python's `zipfile` finds them: end record and central directory.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use super::{super::HEADER_ELSEWHERE, EntryKind, FLAG_UTF8, ReadFailure, Unreadable};
use crate::Limits;

pub(super) const END: [u8; 4] = *b"PK\x05\x06";
pub(super) const END_64: [u8; 4] = *b"PK\x06\x06";
pub(super) const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";

const END_SIZE: usize = 22;
const LOCATOR_64_SIZE: u64 = 20;
const END_64_SIZE: usize = 56;
const CENTRAL_SIZE: usize = 46;
const LOCAL_SIZE: usize = 30;
/// The newest format that Python unpacks: 6.3.
const NEWEST_FORMAT: u8 = 63;
/// The largest central directory that is read, in bytes for each allowed member.
const DIRECTORY_BYTES_PER_MEMBER: u64 = 1024;

/// Where the central directory lies.
pub(super) struct End {
    directory_start: u64,
    directory_size: u64,
    /// How far everything lies behind where the end record says.
    shift: i128,
}

impl End {
    pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64) -> Result<Self, ReadFailure> {
        let Some((position, record)) = find_end(input, size)? else {
            return Err(Unreadable::NoZip("it has no end record").into());
        };
        let mut directory_size = u64::from(u32_at(&record, 12));
        let mut directory_offset = u64::from(u32_at(&record, 16));
        let mut behind_directory = i128::from(position);
        if let Some(start) = position.checked_sub(LOCATOR_64_SIZE) {
            let locator: [u8; 20] = read_at(input, start)?;
            if locator[..4] == LOCATOR_64 {
                if u32_at(&locator, 4) != 0 || u32_at(&locator, 16) > 1 {
                    return Err(Unreadable::NoZip("it is split over several files").into());
                }
                if let Some(start) = start.checked_sub(END_64_SIZE as u64) {
                    let record: [u8; END_64_SIZE] = read_at(input, start)?;
                    if record[..4] == END_64 {
                        directory_size = u64_at(&record, 40);
                        directory_offset = u64_at(&record, 48);
                        behind_directory = i128::from(start);
                    }
                }
            }
        }
        let start = behind_directory - i128::from(directory_size);
        let directory_start = u64::try_from(start)
            .map_err(|_| Unreadable::NoZip("its central directory is larger than what lies in front of its end"))?;
        Ok(Self { directory_start, directory_size, shift: start - i128::from(directory_offset) })
    }
}

/// Whether Python takes a file for a zip: there is an end record, and a central directory where it says.
pub(crate) fn is_zip<R: Read + Seek>(input: &mut R, size: u64) -> std::io::Result<bool> {
    let Some((position, record)) = find_end(input, size)? else {
        return Ok(false);
    };
    let directory_size = u64::from(u32_at(&record, 12));
    if directory_size == 0 {
        return Ok(record[8..20] == [0; 12]);
    }
    let Some(start) = position.checked_sub(directory_size) else {
        return Ok(false);
    };
    input.seek(SeekFrom::Start(start))?;
    let mut signature = Vec::new();
    input.take(4).read_to_end(&mut signature)?;
    Ok(signature == CENTRAL)
}

/// The end record that Python finds: at the very end, or the last one that could have a comment behind it.
fn find_end<R: Read + Seek>(input: &mut R, size: u64) -> std::io::Result<Option<(u64, [u8; END_SIZE])>> {
    let start = size.saturating_sub(END_SIZE as u64 + u64::from(u16::MAX));
    input.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    input.by_ref().take(size - start).read_to_end(&mut tail)?;
    let record_at = |position: usize| tail.get(position..position + END_SIZE);
    let found = |position: usize, record: &[u8]| {
        let mut found = [0; END_SIZE];
        found.copy_from_slice(record);
        Some((start + position as u64, found))
    };
    if let Some(position) = tail.len().checked_sub(END_SIZE)
        && let Some(record) = record_at(position)
        && record[..4] == END
        && record.ends_with(&[0, 0])
    {
        return Ok(found(position, record));
    }
    let position = memchr::memmem::rfind(&tail, &END);
    Ok(position.and_then(|position| found(position, record_at(position)?)))
}

/// One entry of the central directory.
pub(super) struct CentralEntry {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its local header is.
    offset: Option<u64>,
    unix_mode: Option<u32>,
}

impl CentralEntry {
    pub(super) fn kind(&self) -> EntryKind {
        const TYPE: u32 = 0o170_000;
        match self.unix_mode.map(|mode| mode & TYPE) {
            Some(0o120_000) => EntryKind::Link,
            Some(0o010_000 | 0o020_000 | 0o060_000 | 0o140_000) => EntryKind::Special,
            _ if self.name.ends_with(b"/") => EntryKind::Folder,
            _ => EntryKind::File,
        }
    }
}

pub(super) struct Central {
    pub(super) entries: Vec<CentralEntry>,
    start: u64,
}

impl Central {
    pub(super) fn read<R: Read + Seek>(input: &mut R, end: &End, limits: &Limits) -> Result<Self, ReadFailure> {
        const BROKEN: Unreadable = Unreadable::NoZip("its central directory is damaged");
        let too_many = Unreadable::TooManyMembers(limits.members);
        if end.directory_size > DIRECTORY_BYTES_PER_MEMBER.saturating_mul(limits.members as u64) {
            return Err(too_many.into());
        }
        input.seek(SeekFrom::Start(end.directory_start))?;
        let mut bytes = Vec::new();
        input.by_ref().take(end.directory_size).read_to_end(&mut bytes)?;
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            if entries.len() == limits.members {
                return Err(too_many.into());
            }
            if rest.len() < CENTRAL_SIZE || rest[..4] != CENTRAL {
                return Err(BROKEN.into());
            }
            let name_end = CENTRAL_SIZE + usize::from(u16_at(rest, 28));
            let extra_end = name_end + usize::from(u16_at(rest, 30));
            let record_end = extra_end + usize::from(u16_at(rest, 32));
            let record = rest.get(..record_end).ok_or(BROKEN)?;
            let made_on_unix = record[5] == 3;
            let mut entry = CentralEntry {
                name: record[CENTRAL_SIZE..name_end].to_vec(),
                flags: u16_at(record, 8),
                method: u16_at(record, 10),
                crc: u32_at(record, 16),
                packed: u64::from(u32_at(record, 20)),
                size: u64::from(u32_at(record, 24)),
                offset: None,
                unix_mode: made_on_unix.then(|| u32_at(record, 38) >> 16),
            };
            if record[6] > NEWEST_FORMAT {
                return Err(Unreadable::NoZip("a member needs a newer format than 6.3").into());
            }
            if entry.flags & FLAG_UTF8 != 0 && std::str::from_utf8(&entry.name).is_err() {
                return Err(Unreadable::NoZip("the name of a member is not the UTF-8 that it says it is").into());
            }
            let mut offset = u64::from(u32_at(record, 42));
            widen(&record[name_end..extra_end], [&mut entry.size, &mut entry.packed, &mut offset]).ok_or(BROKEN)?;
            entry.offset = u64::try_from(i128::from(offset) + end.shift).ok();
            entries.push(entry);
            rest = &rest[record_end..];
        }
        if entries.is_empty() {
            return Err(Unreadable::NoZip("it has no members").into());
        }
        Ok(Self { entries, start: end.directory_start })
    }
}

/// Where a member's data begins.
pub(super) fn data_start<R: Read + Seek>(
    input: &mut R,
    entry: &CentralEntry,
    central: &Central,
) -> Result<u64, ReadFailure> {
    const MISSING: Unreadable = Unreadable::NoZip(HEADER_ELSEWHERE);
    let offset = entry.offset.ok_or(MISSING)?;
    if offset.checked_add(LOCAL_SIZE as u64).is_none_or(|behind| behind > central.start) {
        return Err(MISSING.into());
    }
    let header: [u8; LOCAL_SIZE] = read_at(input, offset)?;
    if header[..4] != LOCAL {
        return Err(MISSING.into());
    }
    let start = offset + LOCAL_SIZE as u64 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    if start.checked_add(entry.packed).is_none_or(|behind| behind > central.start) {
        return Err(Unreadable::NoZip("a member reaches into the central directory").into());
    }
    Ok(start)
}

/// Replaces values that do not fit into 32 bits by those of the 64-bit extra field, if there is one.
fn widen(mut extra: &[u8], values: [&mut u64; 3]) -> Option<()> {
    const ZIP64: u16 = 1;
    let [size, packed, offset] = values;
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2));
        let field = extra.get(4..4 + length)?;
        if u16_at(extra, 0) == ZIP64 {
            let mut wide = field.chunks_exact(8);
            for value in [&mut *size, &mut *packed, &mut *offset] {
                if *value == 0xffff_ffff {
                    *value = u64_at(wide.next()?, 0);
                }
            }
        }
        extra = &extra[4 + length..];
    }
    Some(())
}

fn read_at<R: Read + Seek, const N: usize>(input: &mut R, offset: u64) -> Result<[u8; N], ReadFailure> {
    let mut record = [0; N];
    input.seek(SeekFrom::Start(offset))?;
    input.read_exact(&mut record).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Unreadable::NoZip("it ends in the middle of a record").into(),
        _ => ReadFailure::Io(error),
    })?;
    Ok(record)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
