//! Wheels and source archives, and what stands in them: each seed is a text or an archive that is put where it belongs.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use dist_check::{CheckOptions, Inspection, Metadata, Sha256, inspect};

use crate::{laws::Broken, mutate::Seed};

const WHEEL: &str = "sample_package-1.0.0-py3-none-any.whl";
const SDIST: &str = "sample_package-1.0.0.tar.gz";
const DIST_INFO: &str = "sample_package-1.0.0.dist-info";
const METADATA: &str = "Metadata-Version: 2.4\nName: sample-package\nVersion: 1.0.0\nSummary: A sample\n\
    Author-email: Ann <ann@example.org>\nLicense-Expression: MIT OR Apache-2.0\nLicense-File: LICENSE\n\
    Classifier: Programming Language :: Python :: 3\nRequires-Python: >=3.9\nDynamic: Summary\n\
    Requires-Dist: a[x] (>=2); python_version < '4'\nProject-URL: Home, https://example.org/\nKeywords: a,b\n";
const RST: &str = "Title\n=====\n\n.. image:: a.png\n   :width: 10px\n   :target: `Docs`_\n\nSee `Docs`_, |x|, [1]_ and :pep:`8`.\n\n\
    .. _Docs: https://example.org/\n.. |x| replace:: *y*\n.. [1] Note\n\n=====  =====\na      b\n=====  =====\n``c``  `d`_\n=====  =====\n\n\
    +---+---+\n| a | b |\n+---+---+\n\n.. list-table::\n   :widths: 1 2\n\n   * - a\n     - b\n\n-v, --verbose  more\n\n::\n\n  code\n\n----\n\nEnd\n";
const ENTRY_POINTS: &str = "[console_scripts]\nrun = sample_package:main [x]\n";

/// The archives and texts that are mutated, by what they are.
pub(crate) fn seeds() -> Vec<Seed> {
    let seed = |name: &str, bytes: Vec<u8>| Seed { name: name.to_owned(), bytes, ..Seed::unknown() };
    vec![
        seed("wheel", wheel(METADATA.as_bytes(), None, ENTRY_POINTS.as_bytes())),
        seed("tar", tar()),
        seed("gzip", gzip(&tar())),
        seed("METADATA", METADATA.as_bytes().to_vec()),
        seed("description", RST.as_bytes().to_vec()),
        seed("RECORD", record(&files(METADATA.as_bytes(), ENTRY_POINTS.as_bytes()))),
        seed("entry_points.txt", ENTRY_POINTS.as_bytes().to_vec()),
        seed("name", WHEEL.as_bytes().to_vec()),
    ]
}

/// Nothing that is said may harm whoever reads it, and the same bytes are judged alike.
pub(crate) fn check(bytes: &[u8], seed: &Seed) -> Result<(), Broken> {
    let (name, file) = match seed.name.as_str() {
        "tar" => (SDIST.to_owned(), gzip(&with_checksums(bytes))),
        "gzip" => (SDIST.to_owned(), bytes.to_vec()),
        "METADATA" => (WHEEL.to_owned(), wheel(bytes, None, ENTRY_POINTS.as_bytes())),
        "description" => {
            let metadata = [METADATA.as_bytes(), b"Description-Content-Type: text/x-rst\n\n", bytes].concat();
            (WHEEL.to_owned(), wheel(&metadata, None, b""))
        }
        "RECORD" => (WHEEL.to_owned(), wheel(METADATA.as_bytes(), Some(bytes), ENTRY_POINTS.as_bytes())),
        "entry_points.txt" => (WHEEL.to_owned(), wheel(METADATA.as_bytes(), None, bytes)),
        "name" => (String::from_utf8_lossy(bytes).into_owned(), wheel(METADATA.as_bytes(), None, b"")),
        _ => (WHEEL.to_owned(), bytes.to_vec()),
    };
    let judge = || inspect(&name, &mut Cursor::new(&file), &CheckOptions::default());
    let inspection = judge().map_err(|error| Broken::new(error.to_string()))?;
    let again = judge().map_err(|error| Broken::new(error.to_string()))?;
    if inspection.problems != again.problems || inspection.files != again.files {
        return Err(Broken::new("the same bytes are judged in two ways"));
    }
    says_nothing_harmful(&inspection)?;
    let has_metadata = inspection.distribution.as_ref().map(dist_check::Distribution::metadata).map(Metadata::headers);
    if has_metadata.is_some_and(|mut headers| headers.next().is_none()) {
        return Err(Broken::new("a distribution has no metadata"));
    }
    Ok(())
}

fn says_nothing_harmful(inspection: &Inspection) -> Result<(), Broken> {
    for problem in &inspection.problems {
        for text in [Some(problem.message.as_str()), problem.index_says.as_deref(), Some(problem.hint.as_str())] {
            let text = text.unwrap_or("nothing");
            if text.is_empty() || text.chars().any(findings_model::text::is_unsafe_to_show) {
                return Err(Broken::new(format!("{}: {text:?} must not be shown", problem.code)));
            }
        }
    }
    Ok(())
}

fn files(metadata: &[u8], entry_points: &[u8]) -> Vec<(String, Vec<u8>)> {
    let wheel = b"Wheel-Version: 1.0\nGenerator: fuzz\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    vec![
        ("sample_package/__init__.py".to_owned(), b"x = 1\n".to_vec()),
        (format!("{DIST_INFO}/METADATA"), metadata.to_vec()),
        (format!("{DIST_INFO}/WHEEL"), wheel.to_vec()),
        (format!("{DIST_INFO}/licenses/LICENSE"), b"MIT\n".to_vec()),
        (format!("{DIST_INFO}/entry_points.txt"), entry_points.to_vec()),
    ]
}

fn record(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut record = String::new();
    for (path, bytes) in files {
        // Most of these digests are of the wrong kind, which is as good as another fault.
        let _ = writeln!(record, "{path},sha512={},{}", Sha256::of(bytes), bytes.len());
    }
    let _ = writeln!(record, "{DIST_INFO}/RECORD,,");
    record.into_bytes()
}

fn wheel(metadata: &[u8], record: Option<&[u8]>, entry_points: &[u8]) -> Vec<u8> {
    let mut files = files(metadata, entry_points);
    let record = record.map_or_else(|| self::record(&files), <[u8]>::to_vec);
    files.push((format!("{DIST_INFO}/RECORD"), record));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in &files {
        // Writing to memory does not fail; an archive without the file would be judged all the same.
        let _ = writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default());
        let _ = writer.write_all(bytes);
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// A folder, files with long names in both formats, and a link.
fn tar() -> Vec<u8> {
    let mut tar = Vec::new();
    let top = "sample_package-1.0.0/";
    let path = format!("{top}{}", "long".repeat(30));
    let record = |key: &str, value: &str| format!("{} {key}={value}\n", key.len() + value.len() + 6);
    for (kind, name, data) in [
        (b'g', "pax_global_header", record("comment", &"0".repeat(90))),
        (b'5', top, String::new()),
        (b'0', "sample_package-1.0.0/PKG-INFO", METADATA.to_owned()),
        (b'0', "sample_package-1.0.0/LICENSE", "MIT\n".to_owned()),
        (b'L', "././@LongLink", format!("{path}\0")),
        (b'0', "cut", "a".to_owned()),
        (b'x', "././@PaxHeader", record("path", &path)),
        (b'0', "cut", "b".to_owned()),
        (b'2', "sample_package-1.0.0/link", String::new()),
    ] {
        let mut header = [0; 512];
        let size = format!("{:011o}\0", data.len());
        let fields = [
            (0, name.as_bytes()),
            (100, b"0000644\0"),
            (124, size.as_bytes()),
            (156, &[kind]),
            (157, b"LICENSE"),
            (257, b"ustar\x0000"),
        ];
        for (start, field) in fields {
            header[start..start + field.len()].copy_from_slice(field);
        }
        tar.extend(header);
        tar.extend(data.as_bytes());
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    with_checksums(&tar)
}

/// The archive with each block that looks like a header given the checksum that it should have.
fn with_checksums(tar: &[u8]) -> Vec<u8> {
    let mut tar = tar.to_vec();
    for block in tar.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    tar
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that is no archive of its kind would prove little.
    #[test]
    fn every_archive_is_read() {
        for seed in seeds().iter().filter(|seed| matches!(seed.name.as_str(), "wheel" | "tar" | "gzip")) {
            let (name, bytes) = match seed.name.as_str() {
                "wheel" => (WHEEL, seed.bytes.clone()),
                "tar" => (SDIST, gzip(&seed.bytes)),
                _ => (SDIST, seed.bytes.clone()),
            };
            let inspection = inspect(name, &mut Cursor::new(bytes), &CheckOptions::default()).unwrap();
            assert!(
                inspection.distribution.is_some() && inspection.files.len() >= 4,
                "{}: {:?}",
                seed.name,
                inspection.problems
            );
            let of_archive = inspection.problems.iter().filter(|problem| problem.code.starts_with("archive-"));
            assert_eq!(of_archive.count(), 0, "{:?}", inspection.problems);
        }
    }
}
