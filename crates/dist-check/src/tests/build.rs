//! Distributions built by hand, good ones to begin with.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use crate::{Sha256, wheel::record_hash};

pub(super) const METADATA: &str = "Metadata-Version: 2.4\nName: sample-package\nVersion: 1.0.0\nSummary: A sample\n\
    Author-email: Ann <ann@example.org>\nLicense-Expression: MIT\nLicense-File: LICENSE\n\
    Classifier: Programming Language :: Python :: 3\nRequires-Python: >=3.9\n\
    Requires-Dist: requests>=2; python_version < '4'\nProject-URL: Home, https://example.org/\n\
    Description-Content-Type: text/markdown\n\n# Sample\n";
pub(super) const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
pub(super) const WHEEL_NAME: &str = "sample_package-1.0.0-py3-none-any.whl";
pub(super) const SDIST_NAME: &str = "sample_package-1.0.0.tar.gz";
pub(super) const DIST_INFO: &str = "sample_package-1.0.0.dist-info";

pub(super) type Files = Vec<(String, Vec<u8>)>;
pub(super) type Add<'a> = &'a dyn Fn(&mut tar::Builder<Vec<u8>>);

pub(super) fn wheel_files(metadata: &str) -> Files {
    [
        ("sample_package/__init__.py".to_owned(), "x = 1\n"),
        (format!("{DIST_INFO}/METADATA"), metadata),
        (format!("{DIST_INFO}/WHEEL"), WHEEL),
        (format!("{DIST_INFO}/licenses/LICENSE"), "MIT\n"),
    ]
    .map(|(path, text)| (path, text.as_bytes().to_vec()))
    .to_vec()
}

pub(super) fn with_record(mut files: Files) -> Files {
    let mut record = String::new();
    for (path, bytes) in &files {
        let hash = record_hash(&Sha256::of(bytes));
        writeln!(record, "{path},{hash},{}", bytes.len()).unwrap();
    }
    writeln!(record, "{DIST_INFO}/RECORD,,").unwrap();
    files.push((format!("{DIST_INFO}/RECORD"), record.into_bytes()));
    files
}

pub(super) fn zip_of(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn wheel(metadata: &str) -> Vec<u8> {
    zip_of(&with_record(wheel_files(metadata)))
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn tar_of(add: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in [("PKG-INFO", METADATA), ("LICENSE", "MIT\n"), ("pyproject.toml", "[project]\n")] {
        tar_file(&mut builder, &format!("sample_package-1.0.0/{path}"), text.as_bytes());
    }
    add(&mut builder);
    builder.into_inner().unwrap()
}

pub(super) fn tar_file(builder: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

pub(super) fn tar_link(builder: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, path: &str, target: &str) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, std::io::empty()).unwrap();
}

/// A member of a zip that is written record by record, so that each record can lie.
#[derive(Clone, Default)]
pub(super) struct RawEntry {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) local_name: Option<Vec<u8>>,
    pub(super) local_extra: Vec<u8>,
    pub(super) local_size: Option<u32>,
    pub(super) central_size: Option<u32>,
    pub(super) crc: Option<u32>,
    pub(super) comment: Vec<u8>,
    pub(super) needs_format: u16,
    pub(super) unix_mode: u32,
    pub(super) unlisted: bool,
}

/// A zip written record by record.
#[derive(Clone, Default)]
pub(super) struct RawZip {
    pub(super) entries: Vec<RawEntry>,
    pub(super) front: Vec<u8>,
    pub(super) between: Vec<u8>,
    pub(super) end_comment: Vec<u8>,
    pub(super) behind: Vec<u8>,
    pub(super) records_more: i32,
    pub(super) offset_more: i64,
}

impl RawZip {
    /// A good wheel, its members stored.
    pub(super) fn wheel() -> Self {
        let entry = |(name, data): (String, Vec<u8>)| RawEntry { name: name.into_bytes(), data, ..RawEntry::default() };
        Self { entries: with_record(wheel_files(METADATA)).into_iter().map(entry).collect(), ..Self::default() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.front.clone();
        let mut directory = Vec::new();
        let mut listed = 0;
        for entry in &self.entries {
            let offset = u32::try_from(bytes.len()).unwrap();
            let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
            let size = u32::try_from(entry.data.len()).unwrap();
            let mut crc = flate2::Crc::new();
            crc.update(&entry.data);
            let crc = entry.crc.unwrap_or_else(|| crc.sum());
            let common = |bytes: &mut Vec<u8>, size: u32| {
                for number in [20 + entry.needs_format, entry.flags, entry.method, 0, 0x21] {
                    bytes.extend(number.to_le_bytes());
                }
                for number in [crc, size, size] {
                    bytes.extend(number.to_le_bytes());
                }
            };
            bytes.extend(b"PK\x03\x04");
            common(&mut bytes, entry.local_size.unwrap_or(size));
            bytes.extend(u16::try_from(local_name.len()).unwrap().to_le_bytes());
            bytes.extend(u16::try_from(entry.local_extra.len()).unwrap().to_le_bytes());
            bytes.extend(local_name);
            bytes.extend(&entry.local_extra);
            bytes.extend(&entry.data);
            if entry.unlisted {
                continue;
            }
            listed += 1;
            directory.extend(b"PK\x01\x02\x14\x03");
            common(&mut directory, entry.central_size.unwrap_or(size));
            for number in [entry.name.len(), 0, entry.comment.len(), 0, 0] {
                directory.extend(u16::try_from(number).unwrap().to_le_bytes());
            }
            directory.extend((entry.unix_mode << 16).to_le_bytes());
            directory.extend(offset.to_le_bytes());
            directory.extend(&entry.name);
            directory.extend(&entry.comment);
        }
        bytes.extend(&self.between);
        let start = i64::try_from(bytes.len()).unwrap() + self.offset_more;
        let records = u16::try_from(listed + self.records_more).unwrap();
        let size = u32::try_from(directory.len()).unwrap();
        bytes.extend(directory);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(records.to_le_bytes());
        bytes.extend(records.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend(u32::try_from(start).unwrap().to_le_bytes());
        bytes.extend(u16::try_from(self.end_comment.len()).unwrap().to_le_bytes());
        bytes.extend(&self.end_comment);
        bytes.extend(&self.behind);
        bytes
    }
}

/// A good wheel under another name, whose dist-info folder has that name too.
pub(super) fn wheel_named(name: &str, metadata: &str) -> Vec<u8> {
    let parts: Vec<&str> = name.split('-').collect();
    let folder = format!("{}-{}.dist-info", parts[0], parts[1]);
    let mut files = wheel_files(metadata);
    let tags = name.trim_end_matches(".whl").rsplitn(4, '-').take(3).collect::<Vec<_>>();
    let tag = format!("{}-{}-{}", tags[2], tags[1], tags[0]);
    for (path, bytes) in &mut files {
        *path = path.replace(DIST_INFO, &folder);
        if path.ends_with("/WHEEL") {
            *bytes = WHEEL.replace("py3-none-any", &tag).into_bytes();
        }
    }
    let mut files = with_record(files);
    let (path, record) = files.last_mut().unwrap();
    *path = path.replace(DIST_INFO, &folder);
    *record = String::from_utf8(record.clone()).unwrap().replace(DIST_INFO, &folder).into_bytes();
    zip_of(&files)
}

/// A good wheel with these files besides, all of them in RECORD.
pub(super) fn wheel_with(more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files = wheel_files(METADATA);
    files.extend(more.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())));
    zip_of(&with_record(files))
}

/// A good wheel in which one file of the dist-info folder is another.
pub(super) fn wheel_where(file: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut files = wheel_files(METADATA);
    for (path, bytes) in files.iter_mut().filter(|(path, _)| path.ends_with(file)) {
        *bytes = change(&String::from_utf8(bytes.clone()).unwrap()).into_bytes();
        assert!(!path.is_empty());
    }
    zip_of(&with_record(files))
}

/// A good wheel with another RECORD.
pub(super) fn wheel_with_record(change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut files = with_record(wheel_files(METADATA));
    let (_, record) = files.last_mut().unwrap();
    *record = change(&String::from_utf8(record.clone()).unwrap()).into_bytes();
    zip_of(&files)
}
