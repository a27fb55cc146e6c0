//! Whether a zip is the same to a reader of local headers as to a reader of the central directory.
//!
//! PyPI walks through the file record by record and refuses the first contradiction; this walk comes to the same verdict in
//! the same order. See <https://docs.pypi.org/archives>.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom},
};

use super::{
    FLAG_UTF8,
    records::{CENTRAL, Central, END, END_64, LOCAL, LOCATOR_64, u16_at, u32_at, u64_at},
};

const FLAG_DATA_DESCRIPTOR: u16 = 1 << 3;
const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;
const NOT_HERE: u64 = 0xffff_ffff;

/// Why a reader could see another archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Malformed,
    NameCharacter,
    NameNotUtf8,
    UnicodeNameNotUtf8,
    NameNotInDirectory,
    DuplicateExtra,
    DataDescriptor,
    PackedSize,
    Size,
    DirectoryComment,
    DuplicateInDirectory,
    MissingLocally,
    DuplicateLocally,
    ExtensibleData,
    Records,
    DirectoryOffset,
    DirectorySize,
    UnknownRecord,
    LocalOnly,
    Trailing,
}

impl Reason {
    /// The words of PyPI.
    pub(super) fn index(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed zip file",
            Self::NameCharacter => "Invalid character in filename",
            Self::NameNotUtf8 => "Filename not unicode",
            Self::UnicodeNameNotUtf8 => "Filename not valid UTF-8",
            Self::NameNotInDirectory => "Filename not in central directory",
            Self::DuplicateExtra => "Invalid duplicate extra in local file",
            Self::DataDescriptor => "ZIP contains a data descriptor",
            Self::PackedSize => "Mis-matched data size",
            Self::Size => "Mis-matched file size",
            Self::DirectoryComment => "Comment in central directory",
            Self::DuplicateInDirectory => "Duplicate filename in central directory",
            Self::MissingLocally => "Missing filename in local headers",
            Self::DuplicateLocally => "Duplicate filename in local headers",
            Self::ExtensibleData => "ZIP64 extensible data not allowed",
            Self::Records => "Mismatched central directory records",
            Self::DirectoryOffset => "Mismatched central directory offset",
            Self::DirectorySize => "Mismatched central directory size",
            Self::UnknownRecord => "Unknown record signature",
            Self::LocalOnly => "Mis-matched local headers and central directory",
            Self::Trailing => "Trailing data",
        }
    }

    pub(super) fn message(self) -> String {
        let what = match self {
            Self::Malformed => "a record of the zip is cut off or contradicts itself",
            Self::NameCharacter => "the name of a member has a control character",
            Self::NameNotUtf8 | Self::UnicodeNameNotUtf8 => "the name of a member is not UTF-8",
            Self::NameNotInDirectory => "a member's local header has a name that the central directory has not",
            Self::DuplicateExtra => "a member has the same extra field twice",
            Self::DataDescriptor => "the size of a member stands behind it (data descriptor)",
            Self::PackedSize | Self::Size => "a member's local header has another size than the central directory",
            Self::DirectoryComment => "a member has a comment",
            Self::DuplicateInDirectory | Self::DuplicateLocally => "two members have the same name",
            Self::MissingLocally => "the central directory names a member that has no local header",
            Self::ExtensibleData => "the 64-bit end record has data of its own",
            Self::Records => "the number of members differs between the end record and the central directory",
            Self::DirectoryOffset => "the central directory is not where the end record says",
            Self::DirectorySize => "the central directory has another size than the end record says",
            Self::UnknownRecord => "there are bytes that belong to no record of the zip",
            Self::LocalOnly => "a member is not in the central directory",
            Self::Trailing => "there are bytes behind the end of the zip",
        };
        what.to_owned()
    }
}

/// A step of the walk failed: the archive contradicts itself, or the reader failed.
enum Stop {
    Reason(Reason),
    Io(io::Error),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof { Self::Reason(Reason::Malformed) } else { Self::Io(error) }
    }
}

/// The first contradiction between the records of a zip, if there is one.
pub(super) fn contradiction<R: Read + Seek>(input: &mut R, size: u64, central: &Central) -> io::Result<Option<Reason>> {
    input.seek(SeekFrom::Start(0))?;
    let mut walk = Walk { input: BufReader::with_capacity(4 << 10, input), at: 0 };
    match walk.run(size, central) {
        Ok(()) => Ok(None),
        Err(Stop::Reason(reason)) => Ok(Some(reason)),
        Err(Stop::Io(error)) => Err(error),
    }
}

struct Walk<R> {
    input: BufReader<R>,
    at: u64,
}

/// What the end record says about the central directory.
#[derive(Clone, Copy)]
struct Said {
    records: u64,
    size: u64,
    offset: u64,
}

impl<R: Read + Seek> Walk<R> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn bytes(&mut self, length: u16) -> Result<Vec<u8>, Stop> {
        let mut bytes = vec![0; usize::from(length)];
        self.input.read_exact(&mut bytes)?;
        self.at += u64::from(length);
        Ok(bytes)
    }

    fn skip(&mut self, length: u64) -> Result<(), Stop> {
        let distance = i64::try_from(length).map_err(|_| Reason::Malformed)?;
        self.at = self.at.checked_add(length).ok_or(Reason::Malformed)?;
        Ok(self.input.seek_relative(distance)?)
    }

    fn run(&mut self, size: u64, central: &Central) -> Result<(), Stop> {
        // Names without the flag for UTF-8 are read in another character set, so beyond ASCII they match nothing.
        let directory: HashMap<&[u8], (u64, u64)> = central
            .entries
            .iter()
            .filter(|entry| entry.flags & FLAG_UTF8 != 0 || entry.name.is_ascii())
            .map(|entry| (entry.name.as_slice(), (entry.packed, entry.size)))
            .collect();
        let (mut local, mut listed) = (HashSet::new(), HashSet::new());
        let (mut wide_end, mut locator) = (false, false);
        let mut start = None;
        let (mut records, mut directory_size) = (0, 0);
        let mut said: Option<Said> = None;
        loop {
            let record_start = self.at;
            let signature: [u8; 4] = self.take()?;
            match signature {
                END if wide_end && !locator => return Err(Reason::Malformed.into()),
                CENTRAL => {
                    start.get_or_insert(record_start);
                    records += 1;
                    let (name, extra) = self.central_header()?;
                    directory_size += 46 + name.len() as u64 + extra;
                    if listed.contains(&name) {
                        return Err(Reason::DuplicateInDirectory.into());
                    }
                    if !local.contains(&name) {
                        return Err(Reason::MissingLocally.into());
                    }
                    listed.insert(name);
                }
                LOCAL => {
                    let name = self.local_header(&directory)?;
                    if !local.insert(name) {
                        return Err(Reason::DuplicateLocally.into());
                    }
                }
                END => {
                    let begins = *start.get_or_insert(record_start);
                    let here = self.end()?;
                    let said = if locator { said.unwrap_or(here) } else { here };
                    if said.records != records {
                        return Err(Reason::Records.into());
                    }
                    if said.offset != begins {
                        return Err(Reason::DirectoryOffset.into());
                    }
                    if said.size != directory_size {
                        return Err(Reason::DirectorySize.into());
                    }
                    break;
                }
                END_64 => {
                    wide_end = true;
                    said = Some(self.end_64()?);
                }
                LOCATOR_64 => {
                    let _: [u8; 16] = self.take()?;
                    locator = true;
                }
                _ => return Err(Reason::UnknownRecord.into()),
            }
        }
        if listed != local {
            return Err(Reason::LocalOnly.into());
        }
        if self.at == size { Ok(()) } else { Err(Reason::Trailing.into()) }
    }

    fn local_header(&mut self, directory: &HashMap<&[u8], (u64, u64)>) -> Result<Vec<u8>, Stop> {
        let header: [u8; 26] = self.take()?;
        let (flags, method) = (u16_at(&header, 2), u16_at(&header, 4));
        let mut packed = u64::from(u32_at(&header, 14));
        let mut size = u64::from(u32_at(&header, 18));
        let name = self.bytes(u16_at(&header, 22))?;
        let extra = self.bytes(u16_at(&header, 24))?;
        if has_control(&name) {
            return Err(Reason::NameCharacter.into());
        }
        local_extra(&extra, method, &mut packed, &mut size)?;
        if flags & FLAG_DATA_DESCRIPTOR != 0 {
            return Err(Reason::DataDescriptor.into());
        }
        if std::str::from_utf8(&name).is_err() {
            return Err(Reason::NameNotUtf8.into());
        }
        let (expected_packed, expected_size) = *directory.get(name.as_slice()).ok_or(Reason::NameNotInDirectory)?;
        if expected_packed != packed {
            return Err(Reason::PackedSize.into());
        }
        if expected_size != size {
            return Err(Reason::Size.into());
        }
        self.skip(packed)?;
        Ok(name)
    }

    /// A member's name and the length of its extra fields.
    fn central_header(&mut self) -> Result<(Vec<u8>, u64), Stop> {
        let header: [u8; 42] = self.take()?;
        if u16_at(&header, 28) != 0 {
            return Err(Reason::DirectoryComment.into());
        }
        let name = self.bytes(u16_at(&header, 24))?;
        let extra = self.bytes(u16_at(&header, 26))?;
        if has_control(&name) {
            return Err(Reason::NameCharacter.into());
        }
        Ok((name, extra.len() as u64))
    }

    fn end(&mut self) -> Result<Said, Stop> {
        let record: [u8; 18] = self.take()?;
        let (on_this_disk, records) = (u16_at(&record, 4), u16_at(&record, 6));
        if on_this_disk != records {
            return Err(Reason::Malformed.into());
        }
        let said =
            Said { records: records.into(), size: u32_at(&record, 8).into(), offset: u32_at(&record, 12).into() };
        self.skip(u16_at(&record, 16).into())?;
        Ok(said)
    }

    fn end_64(&mut self) -> Result<Said, Stop> {
        const SIZE_WITHOUT_MORE: u64 = 44;
        let record: [u8; 52] = self.take()?;
        let (on_this_disk, records) = (u64_at(&record, 20), u64_at(&record, 28));
        if on_this_disk != records {
            return Err(Reason::Malformed.into());
        }
        if u64_at(&record, 0) != SIZE_WITHOUT_MORE {
            return Err(Reason::ExtensibleData.into());
        }
        Ok(Said { records, size: u64_at(&record, 36), offset: u64_at(&record, 44) })
    }
}

fn has_control(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_control)
}

/// Looks at the extra fields of a local header and takes 64-bit sizes from them.
fn local_extra(mut extra: &[u8], method: u16, packed: &mut u64, size: &mut u64) -> Result<(), Reason> {
    let mut seen = HashSet::new();
    while !extra.is_empty() {
        if extra.len() < 4 {
            return Err(Reason::Malformed);
        }
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + length).ok_or(Reason::Malformed)?;
        if !seen.insert(id) && matches!(id, EXTRA_ZIP64 | EXTRA_UNICODE_PATH) {
            return Err(Reason::DuplicateExtra);
        }
        if id == EXTRA_ZIP64 {
            match length {
                0 if *packed == NOT_HERE || *size == NOT_HERE => return Err(Reason::Malformed),
                0 => {}
                8 if method != 0 => return Err(Reason::Malformed),
                8 => {
                    *packed = u64_at(field, 0);
                    if *size == NOT_HERE {
                        *size = *packed;
                    }
                }
                16 | 24 | 28 => {
                    if *size == NOT_HERE {
                        *size = u64_at(field, 0);
                    }
                    *packed = u64_at(field, 8);
                }
                _ => return Err(Reason::Malformed),
            }
        } else if id == EXTRA_UNICODE_PATH {
            let name = field.get(5..).unwrap_or_default();
            if has_control(name) {
                return Err(Reason::NameCharacter);
            }
            if std::str::from_utf8(name).is_err() {
                return Err(Reason::UnicodeNameNotUtf8);
            }
        }
        extra = &extra[4 + length..];
    }
    Ok(())
}
