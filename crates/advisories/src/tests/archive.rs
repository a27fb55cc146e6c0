//! Records out of zip archives, hostile ones too.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{record, vulnerability};
use crate::{AdvisoryStore, ArchiveError, ArchiveLimits, ArchiveRecords, RECORD_BYTES, Wanted, records_of_archive};

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn wanted() -> Wanted {
    Wanted::of([&vulnerability("pkg", "1.0", &["PYSEC-1"])])
}

fn read(bytes: &[u8], limits: ArchiveLimits) -> Result<ArchiveRecords, ArchiveError> {
    records_of_archive(Cursor::new(bytes), &wanted(), limits)
}

fn names(found: &ArchiveRecords) -> Vec<&str> {
    found.records.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_wanted_records_are_taken_with_their_twins() {
    let pysec = record("PYSEC-1", r#""CVE-1-1","GHSA-1""#, "Pkg", "");
    let ghsa = record("GHSA-1", r#""CVE-1-1""#, "pkg", "");
    let other = record("PYSEC-2", "", "other", "");
    let odd = r#"{"id":"PYSEC-3","aliases":7,"affected":[7,{"package":{"ecosystem":"PyPI","name":"pkg"}}]}"#;
    let bytes = zip(&[
        // A CVE list's record names no package, and may stand before the record that makes it wanted.
        ("CVE-1-1.json", br#"{"id":"CVE-1-1"}"#),
        ("CVE-1-2.json", br#"{"id":"CVE-1-2"}"#),
        ("PYSEC-2.json", other.as_bytes()),
        ("PYSEC-1.json", pysec.as_bytes()),
        ("GHSA-1.json", ghsa.as_bytes()),
        ("PYSEC-3.json", odd.as_bytes()),
        ("README.txt", b"not a record"),
        ("broken.json", b"{"),
    ]);
    let found = read(&bytes, ArchiveLimits::default()).unwrap();
    assert_eq!(names(&found), ["PYSEC-1.json", "GHSA-1.json", "PYSEC-3.json", "CVE-1-1.json"]);
    assert_eq!(found.unreadable, 1);
    let first = found.first_unreadable.unwrap().to_string();
    assert!(first.starts_with("advisory record broken.json: it cannot be read"), "{first}");
    assert_eq!(AdvisoryStore::from_records(found.records).0.len(), 4);
}

/// A file that cannot be read any more after so many reads.
struct Failing<'b>(Cursor<&'b [u8]>, usize);

impl Read for Failing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1.checked_sub(1).ok_or_else(|| io::Error::other("gone"))?;
        self.0.read(into)
    }
}

impl Seek for Failing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_wanted_record_that_cannot_be_read_is_counted_whenever_that_shows() {
    let wanted = Wanted::of([&vulnerability("pkg", "1.0", &["PYSEC-1", "CVE-1-1"])]);
    let pysec = record("PYSEC-1", r#""CVE-1-1""#, "pkg", "");
    let odd = r#"{"id":"PYSEC-1","affected":[7,{"package":{"ecosystem":"PyPI","name":"other"}}]}"#;
    let bytes = zip(&[
        ("CVE-1-1.json", br#"{"id":"CVE-1-1"}"#),
        ("PYSEC-1.json", pysec.as_bytes()),
        ("odd.json", odd.as_bytes()),
    ]);
    let mut counts = Vec::new();
    for reads in 0..60 {
        let file = Failing(Cursor::new(&bytes), reads);
        if let Ok(found) = records_of_archive(file, &wanted, ArchiveLimits::default()) {
            counts.push((found.records.len(), found.unreadable));
        }
    }
    assert!(counts.iter().all(|(taken, unreadable)| taken + unreadable == 3), "{counts:?}");
    assert!(counts.contains(&(2, 1)) && counts.ends_with(&[(3, 0)]), "{counts:?}");
}

#[test]
fn names_that_lead_elsewhere_are_labels_only() {
    let pysec = record("PYSEC-1", "", "pkg", "");
    let bytes = zip(&[("../../etc/cron.d/PYSEC-1.json", pysec.as_bytes()), ("/abs\u{202e}.json", pysec.as_bytes())]);
    assert_eq!(read(&bytes, ArchiveLimits::default()).unwrap().records.len(), 2);
}

#[test]
fn entries_that_share_a_name_are_told_and_none_is_taken() {
    let pysec = record("PYSEC-1", "", "pkg", "");
    let other = record("PYSEC-2", "", "pkg", "");
    let mut bytes = zip(&[
        ("PYSEC-1.json", pysec.as_bytes()),
        ("PYSEC-2.json", other.as_bytes()),
        ("pysec-1.json", pysec.as_bytes()),
    ]);
    while let Some(at) = bytes.windows(12).position(|name| name == b"pysec-1.json") {
        bytes[at..at + 5].copy_from_slice(b"PYSEC");
    }
    let found = read(&bytes, ArchiveLimits::default()).unwrap();
    assert_eq!((names(&found), found.unreadable), (vec!["PYSEC-2.json"], 1));
    let first = found.first_unreadable.unwrap().to_string();
    let told = "advisory record PYSEC-1.json: several entries of the archive have this name, and none of them is taken";
    assert_eq!(first, told);
}

#[test]
fn an_encrypted_entry_is_named() {
    let mut bytes = zip(&[("PYSEC-1.json", record("PYSEC-1", "", "pkg", "").as_bytes())]);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|four| four == signature).unwrap();
        bytes[at + flags] |= 1;
    }
    let found = read(&bytes, ArchiveLimits::default()).unwrap();
    assert_eq!((found.records.len(), found.unreadable), (0, 1));
    let first = found.first_unreadable.unwrap().to_string();
    assert!(first.starts_with("advisory record PYSEC-1.json: it cannot be unpacked: "), "{first}");
}

#[test]
fn bombs_are_refused_by_what_they_unpack_to() {
    let spaces = vec![b' '; usize::try_from(RECORD_BYTES).unwrap() + 1];
    let big = read(&zip(&[("big.json", &spaces)]), ArchiveLimits::default()).unwrap();
    assert_eq!((big.records.len(), big.unreadable), (0, 1));
    let first = big.first_unreadable.unwrap().to_string();
    assert_eq!(first, "advisory record big.json: it holds more than 4 MiB");

    let many: Vec<(String, Vec<u8>)> = (0..10).map(|i| (format!("{i}.json"), vec![b' '; 1000])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let limits = ArchiveLimits { unpacked: 5000, ..ArchiveLimits::default() };
    assert!(matches!(read(&zip(&many), limits), Err(ArchiveError::Unpacked { limit: 5000 })));
    let limits = ArchiveLimits { entries: 9, ..ArchiveLimits::default() };
    assert!(matches!(read(&zip(&many), limits), Err(ArchiveError::Entries { entries: 10, limit: 9 })));
}

#[test]
fn a_damaged_archive_never_panics() {
    let good = zip(&[("PYSEC-1.json", record("PYSEC-1", "", "pkg", "").as_bytes())]);
    assert!(matches!(read(b"PK\x03\x04 and no more", ArchiveLimits::default()), Err(ArchiveError::Zip(_))));
    for cut in 0..good.len() {
        drop(read(&good[..cut], ArchiveLimits::default()));
    }
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0xff;
        drop(read(&bytes, ArchiveLimits::default()));
    }
}

#[test]
fn nothing_is_unpacked_where_nothing_is_wanted() {
    let found = records_of_archive(Cursor::new(zip(&[("x.json", b"{")])), &Wanted::default(), ArchiveLimits::default());
    assert_eq!(found.unwrap().unreadable, 0);
}
