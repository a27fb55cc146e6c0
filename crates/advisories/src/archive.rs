use std::{
    collections::{BTreeSet, HashSet},
    io::{self, Read, Seek, SeekFrom},
};

use findings_model::{AdvisoryId, Package, Vulnerability};
use zip::{ZipArchive, result::ZipError};

use crate::{
    RECORD_BYTES, Unread,
    head::Head,
    record::{RecordProblem, RecordWarning},
};

/// How much an archive of records may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// The most entries.
    pub entries: usize,
    /// The most bytes of all records together, unpacked.
    pub unpacked: u64,
}

impl Default for ArchiveLimits {
    /// 500,000 entries and 4 GiB: several times what the export of all ecosystems holds.
    fn default() -> Self {
        Self { entries: 500_000, unpacked: 4 * 1024 * 1024 * 1024 }
    }
}

/// What records are wanted for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    packages: BTreeSet<Package>,
    ids: BTreeSet<AdvisoryId>,
}

impl Wanted {
    /// The records that may say something about these flaws.
    pub fn of<'v>(flaws: impl IntoIterator<Item = &'v Vulnerability>) -> Self {
        let mut wanted = Self::default();
        for flaw in flaws {
            if !wanted.packages.contains(&flaw.package) {
                wanted.packages.insert(flaw.package.clone());
            }
            wanted.ids.extend(flaw.all_ids().into_iter().chain(&flaw.printed).cloned());
        }
        wanted
    }
}

/// The records of an archive that were wanted.
#[derive(Debug, Default)]
pub struct ArchiveRecords {
    /// Entry name and bytes of each.
    pub records: Vec<(String, Vec<u8>)>,
    /// How many entries could not be read.
    pub unreadable: usize,
    /// The first of them, and why.
    pub first_unreadable: Option<RecordWarning>,
    /// What they may be about.
    pub unread: Unread,
}

/// Why an archive gives no records.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no zip archive, or a damaged one.
    #[error("it cannot be read as a zip archive")]
    Zip(#[source] ZipError),
    /// More entries than allowed.
    #[error("it has {entries} entries, more than the limit of {limit}")]
    Entries {
        /// How many it has.
        entries: usize,
        /// The limit.
        limit: usize,
    },
    /// Its records unpack to more than allowed.
    #[error("its records unpack to more than {limit} bytes")]
    Unpacked {
        /// The limit, in bytes.
        limit: u64,
    },
}

/// Reads the wanted records of an `all.zip`, as OSV exports them: one `.json` file a record, one entry at a time.
///
/// Every record about a wanted package is taken. A record that names no package, or not every one readably, is taken where its id
/// belongs to a flaw that is wanted or taken. The names of entries are labels only, nothing is unpacked to a disk. Of entries that
/// share a name none is taken, since only one of them can be reached.
pub fn records_of_archive(
    reader: impl Read + Seek,
    wanted: &Wanted,
    limits: ArchiveLimits,
) -> Result<ArchiveRecords, ArchiveError> {
    let mut archive = ZipArchive::new(reader).map_err(ArchiveError::Zip)?;
    if archive.len() > limits.entries {
        return Err(ArchiveError::Entries { entries: archive.len(), limit: limits.entries });
    }
    let mut found = ArchiveRecords::default();
    if wanted.packages.is_empty() {
        return Ok(found);
    }
    let mut doubled = HashSet::new();
    if archive.has_duplicate_names() {
        let start = archive.central_directory_start();
        let mut reader = archive.into_inner();
        doubled = doubled_names(&mut reader, start).map_err(|e| ArchiveError::Zip(e.into()))?;
        archive = ZipArchive::new(reader).map_err(ArchiveError::Zip)?;
    }
    let mut left = limits.unpacked;
    let mut ids = wanted.ids.clone();
    let mut by_id: Vec<(usize, AdvisoryId)> = Vec::new();
    let mut bytes = Vec::new();
    for index in 0..archive.len() {
        let name = match unpack(&mut archive, index, &doubled, &mut bytes) {
            Ok(Some(name)) => name,
            Ok(None) => continue,
            Err(warning) => {
                found.miss(warning);
                continue;
            }
        };
        left = left.checked_sub(bytes.len() as u64).ok_or(ArchiveError::Unpacked { limit: limits.unpacked })?;
        match Head::read(&name, &bytes) {
            Ok(head) if head.packages.iter().any(|package| wanted.packages.contains(package)) => {
                ids.extend(head.aliases);
                found.records.push((name, bytes.clone()));
            }
            Ok(head) if head.packages.is_empty() || head.misses_packages => by_id.push((index, head.id)),
            Ok(_) => {}
            Err(problem) => {
                found.unread.note_record(&name, &bytes);
                found.miss(RecordWarning { name, problem });
            }
        }
    }
    for (index, _) in by_id.into_iter().filter(|(_, id)| ids.contains(id)) {
        match unpack(&mut archive, index, &doubled, &mut bytes) {
            Ok(Some(name)) => found.records.push((name, bytes.clone())),
            Ok(None) => {}
            Err(warning) => found.miss(warning),
        }
    }
    Ok(found)
}

impl ArchiveRecords {
    fn miss(&mut self, warning: RecordWarning) {
        self.unreadable += 1;
        self.unread.note_name(&warning.name);
        self.first_unreadable.get_or_insert(warning);
    }
}

/// The names, as they are written, that several entries of an archive have.
///
/// The library knows entries by name, the last one of each, so the central directory is looked through for the others.
fn doubled_names(reader: &mut (impl Read + Seek), start: u64) -> io::Result<HashSet<Vec<u8>>> {
    const HEADER: [u8; 4] = *b"PK\x01\x02";
    /// Where the lengths of the name, of the extra field and of the comment stand, after the signature.
    const LENGTHS: [usize; 3] = [24, 26, 28];
    reader.seek(SeekFrom::Start(start))?;
    let (mut seen, mut doubled) = (HashSet::new(), HashSet::new());
    let mut signature = [0; 4];
    reader.read_exact(&mut signature)?;
    while signature == HEADER {
        let mut fields = [0; 42];
        reader.read_exact(&mut fields)?;
        let [name, extra, comment] = LENGTHS.map(|at| usize::from(u16::from_le_bytes([fields[at], fields[at + 1]])));
        let mut rest = vec![0; name + extra + comment];
        reader.read_exact(&mut rest)?;
        rest.truncate(name);
        if let Some(again) = seen.replace(rest) {
            doubled.insert(again);
        }
        reader.read_exact(&mut signature)?;
    }
    Ok(doubled)
}

/// Unpacks one entry into `bytes` and gives its name; none for what is no record.
fn unpack(
    archive: &mut ZipArchive<impl Read + Seek>,
    index: usize,
    doubled: &HashSet<Vec<u8>>,
    bytes: &mut Vec<u8>,
) -> Result<Option<String>, RecordWarning> {
    let unusable = |name: &str, e: &dyn std::fmt::Display| RecordWarning {
        name: name.to_owned(),
        problem: RecordProblem::Entry(crate::record::brief(e)),
    };
    let name = match archive.name_for_index(index) {
        Some(Ok(name)) => name.into_owned(),
        Some(Err(e)) => return Err(unusable(&format!("entry {index}"), &e)),
        None => return Ok(None),
    };
    if !name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("json")) {
        return Ok(None);
    }
    let entry = archive.by_index(index).map_err(|e| unusable(&name, &e))?;
    if doubled.contains(entry.name_raw()) {
        return Err(RecordWarning { name, problem: RecordProblem::SharedName });
    }
    if !entry.is_file() {
        return Ok(None);
    }
    bytes.clear();
    // What an entry claims to hold decides nothing.
    if let Err(e) = entry.take(RECORD_BYTES + 1).read_to_end(bytes) {
        return Err(unusable(&name, &e));
    }
    if bytes.len() as u64 > RECORD_BYTES {
        return Err(RecordWarning { name, problem: RecordProblem::TooLarge });
    }
    Ok(Some(name))
}
