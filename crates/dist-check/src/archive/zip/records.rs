//! The records of a zip: end record, central directory, local headers.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use super::{EntryKind, ReadFailure, Unreadable};
use crate::Limits;

const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";

const END_SIZE: usize = 22;
const LOCATOR_64_SIZE: u64 = 20;
const END_64_SIZE: usize = 56;
/// The largest central directory that is read, in bytes for each allowed member.
const DIRECTORY_BYTES_PER_MEMBER: u64 = 1024;

/// What the end record (and its 64-bit twin) says.
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) directory_size: u64,
    pub(super) directory_start: u64,
    has_comment: bool,
    has_gap: bool,
}

impl End {
    pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64) -> Result<Self, ReadFailure> {
        let Some((position, record)) = find_end(input, size)? else {
            return Err(Unreadable::NoZip("it has no end record").into());
        };
        let mut end = Self {
            entries: u64::from(u16_at(&record, 10)),
            directory_size: u64::from(u32_at(&record, 12)),
            directory_start: u64::from(u32_at(&record, 16)),
            has_comment: u16_at(&record, 20) != 0,
            has_gap: false,
        };
        if u16_at(&record, 4) != 0 || u16_at(&record, 6) != 0 {
            return Err(Unreadable::NoZip("it is split over several files").into());
        }
        let mut records_start = position;
        let beyond_32_bits =
            end.entries == 0xffff || end.directory_size == 0xffff_ffff || end.directory_start == 0xffff_ffff;
        if beyond_32_bits && position >= LOCATOR_64_SIZE {
            let locator: [u8; 20] = read_at(input, position - LOCATOR_64_SIZE)?;
            if locator[..4] == LOCATOR_64 {
                let start = u64_at(&locator, 8);
                if start.checked_add(END_64_SIZE as u64).is_none_or(|behind| behind > position) {
                    return Err(Unreadable::NoZip("its 64-bit end record is not where it should be").into());
                }
                let record: [u8; END_64_SIZE] = read_at(input, start)?;
                if record[..4] != END_64 {
                    return Err(Unreadable::NoZip("its 64-bit end record is not where it should be").into());
                }
                end.entries = u64_at(&record, 32);
                end.directory_size = u64_at(&record, 40);
                end.directory_start = u64_at(&record, 48);
                records_start = start;
            }
        }
        let directory_end = end.directory_start.checked_add(end.directory_size);
        if directory_end.is_none_or(|behind| behind > records_start) {
            return Err(Unreadable::NoZip("its central directory reaches beyond the end of the file").into());
        }
        end.has_gap = directory_end != Some(records_start);
        Ok(end)
    }

    pub(super) fn oddities(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.has_comment, "the archive has a comment, or bytes behind its end"),
            (self.has_gap, "there are bytes between the central directory and the end record"),
        ]
        .into_iter()
        .filter_map(|(is_so, what)| is_so.then_some(what))
    }
}

/// Whether a file ends as a zip does.
pub(crate) fn has_end_record<R: Read + Seek>(input: &mut R, size: u64) -> std::io::Result<bool> {
    Ok(find_end(input, size)?.is_some())
}

/// The last end record whose comment ends with the file.
fn find_end<R: Read + Seek>(input: &mut R, size: u64) -> std::io::Result<Option<(u64, [u8; END_SIZE])>> {
    let start = size.saturating_sub(END_SIZE as u64 + u64::from(u16::MAX));
    input.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    input.by_ref().take(size - start).read_to_end(&mut tail)?;
    for position in (0..=tail.len().saturating_sub(END_SIZE)).rev() {
        let Some(record) = tail.get(position..position + END_SIZE) else {
            continue;
        };
        let comment = usize::from(u16_at(record, 20));
        if record[..4] == END && position + END_SIZE + comment == tail.len() {
            let mut found = [0; END_SIZE];
            found.copy_from_slice(record);
            return Ok(Some((start + position as u64, found)));
        }
    }
    Ok(None)
}

/// One entry of the central directory.
pub(super) struct CentralEntry {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
    pub(super) comment_is_empty: bool,
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
    /// The bytes that the entries take.
    pub(super) size: u64,
}

impl Central {
    pub(super) fn read<R: Read + Seek>(input: &mut R, end: &End, limits: &Limits) -> Result<Self, ReadFailure> {
        const BROKEN: Unreadable = Unreadable::NoZip("its central directory is damaged");
        let too_many = Unreadable::TooManyMembers(limits.members);
        if end.entries > limits.members as u64
            || end.directory_size > DIRECTORY_BYTES_PER_MEMBER.saturating_mul(limits.members as u64)
        {
            return Err(too_many.into());
        }
        input.seek(SeekFrom::Start(end.directory_start))?;
        let mut bytes = Vec::new();
        input.by_ref().take(end.directory_size).read_to_end(&mut bytes)?;
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while rest.len() >= 46 && rest[..4] == CENTRAL {
            if entries.len() == limits.members {
                return Err(too_many.into());
            }
            let name_length = usize::from(u16_at(rest, 28));
            let extra_length = usize::from(u16_at(rest, 30));
            let comment_length = usize::from(u16_at(rest, 32));
            let record_length = 46 + name_length + extra_length + comment_length;
            let record = rest.get(..record_length).ok_or(BROKEN)?;
            let made_on_unix = record[5] == 3;
            let mut entry = CentralEntry {
                name: record[46..46 + name_length].to_vec(),
                flags: u16_at(record, 8),
                method: u16_at(record, 10),
                crc: u32_at(record, 16),
                packed: u64::from(u32_at(record, 20)),
                size: u64::from(u32_at(record, 24)),
                offset: u64::from(u32_at(record, 42)),
                comment_is_empty: comment_length == 0,
                unix_mode: made_on_unix.then(|| u32_at(record, 38) >> 16),
            };
            let extra = &record[46 + name_length..46 + name_length + extra_length];
            widen(extra, [&mut entry.size, &mut entry.packed, &mut entry.offset]).ok_or(BROKEN)?;
            entries.push(entry);
            rest = &rest[record_length..];
        }
        if entries.is_empty() {
            return Err(BROKEN.into());
        }
        Ok(Self { entries, size: (bytes.len() - rest.len()) as u64 })
    }
}

/// The header in front of a member's data.
pub(super) struct LocalHeader {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) data_start: u64,
}

impl LocalHeader {
    /// Reads the header at `offset`; the data must lie in front of `behind`.
    pub(super) fn read<R: Read + Seek>(input: &mut R, offset: u64, behind: u64) -> Result<Self, ReadFailure> {
        const MISSING: Unreadable = Unreadable::NoZip("a member's header is not where the directory says");
        if offset.checked_add(30).is_none_or(|header_end| header_end > behind) {
            return Err(MISSING.into());
        }
        let record: [u8; 30] = read_at(input, offset)?;
        if record[..4] != LOCAL {
            return Err(MISSING.into());
        }
        let name_length = usize::from(u16_at(&record, 26));
        let extra_length = usize::from(u16_at(&record, 28));
        let mut names = vec![0; name_length + extra_length];
        read_exact(input, &mut names)?;
        let extra = names.split_off(name_length);
        let mut header = Self {
            name: names,
            flags: u16_at(&record, 6),
            method: u16_at(&record, 8),
            crc: u32_at(&record, 14),
            packed: u64::from(u32_at(&record, 18)),
            size: u64::from(u32_at(&record, 22)),
            data_start: offset + 30 + (name_length + extra_length) as u64,
        };
        let mut no_offset = 0;
        widen(&extra, [&mut header.size, &mut header.packed, &mut no_offset]).ok_or(MISSING)?;
        Ok(header)
    }
}

/// Replaces values that do not fit into 32 bits by those of the 64-bit extra field, if there is one.
fn widen(mut extra: &[u8], values: [&mut u64; 3]) -> Option<()> {
    const ZIP64: u16 = 1;
    if values.iter().all(|value| **value != 0xffff_ffff) {
        return Some(());
    }
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2));
        let field = extra.get(4..4 + length)?;
        if u16_at(extra, 0) == ZIP64 {
            let mut wide = field.chunks_exact(8);
            for value in values {
                if *value == 0xffff_ffff {
                    *value = u64_at(wide.next()?, 0);
                }
            }
            return Some(());
        }
        extra = &extra[4 + length..];
    }
    Some(())
}

fn read_at<R: Read + Seek, const N: usize>(input: &mut R, offset: u64) -> Result<[u8; N], ReadFailure> {
    let mut record = [0; N];
    input.seek(SeekFrom::Start(offset))?;
    read_exact(input, &mut record)?;
    Ok(record)
}

fn read_exact<R: Read>(input: &mut R, buffer: &mut [u8]) -> Result<(), ReadFailure> {
    input.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Unreadable::NoZip("it ends in the middle of a record").into(),
        _ => ReadFailure::Io(error),
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
