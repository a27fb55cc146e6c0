use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use proptest::prelude::*;

use crate::{
    CheckOptions, DistKind, Inspection, Limits, Sha256, Target, check_set, inspect, rules, wheel::record_hash,
};

const METADATA: &str = "Metadata-Version: 2.4\nName: sample-package\nVersion: 1.0.0\nSummary: A sample\n\
    Author-email: Ann <ann@example.org>\nLicense-Expression: MIT\nLicense-File: LICENSE\n\
    Classifier: Programming Language :: Python :: 3\nRequires-Python: >=3.9\n\
    Requires-Dist: requests>=2; python_version < '4'\nProject-URL: Home, https://example.org/\n\
    Description-Content-Type: text/markdown\n\n# Sample\n";
const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
const WHEEL_NAME: &str = "sample_package-1.0.0-py3-none-any.whl";
const SDIST_NAME: &str = "sample_package-1.0.0.tar.gz";
const DIST_INFO: &str = "sample_package-1.0.0.dist-info";

type Files = Vec<(String, Vec<u8>)>;
type Add<'a> = &'a dyn Fn(&mut tar::Builder<Vec<u8>>);

fn wheel_files(metadata: &str) -> Files {
    [
        ("sample_package/__init__.py".to_owned(), "x = 1\n"),
        (format!("{DIST_INFO}/METADATA"), metadata),
        (format!("{DIST_INFO}/WHEEL"), WHEEL),
        (format!("{DIST_INFO}/licenses/LICENSE"), "MIT\n"),
    ]
    .map(|(path, text)| (path, text.as_bytes().to_vec()))
    .to_vec()
}

fn with_record(mut files: Files) -> Files {
    let mut record = String::new();
    for (path, bytes) in &files {
        let hash = record_hash(&Sha256::of(bytes));
        writeln!(record, "{path},{hash},{}", bytes.len()).unwrap();
    }
    writeln!(record, "{DIST_INFO}/RECORD,,").unwrap();
    files.push((format!("{DIST_INFO}/RECORD"), record.into_bytes()));
    files
}

fn zip_of(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn wheel(metadata: &str) -> Vec<u8> {
    zip_of(&with_record(wheel_files(metadata)))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar_of(add: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in [("PKG-INFO", METADATA), ("LICENSE", "MIT\n"), ("pyproject.toml", "[project]\n")] {
        tar_file(&mut builder, &format!("sample_package-1.0.0/{path}"), text.as_bytes());
    }
    add(&mut builder);
    builder.into_inner().unwrap()
}

fn tar_file(builder: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

fn tar_link(builder: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, path: &str, target: &str) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, std::io::empty()).unwrap();
}

fn check(name: &str, bytes: &[u8]) -> Inspection {
    inspect(name, &mut Cursor::new(bytes), &CheckOptions::default()).unwrap()
}

/// `code: message` of every problem.
fn said(inspection: &Inspection) -> Vec<String> {
    inspection.problems.iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect()
}

fn codes(name: &str, bytes: &[u8]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = check(name, bytes).problems.iter().map(|problem| problem.code).collect();
    codes.dedup();
    codes
}

#[test]
fn a_good_wheel_has_no_problems() {
    let bytes = wheel(METADATA);
    let inspection = check(WHEEL_NAME, &bytes);
    assert_eq!(said(&inspection), [""; 0]);
    let distribution = inspection.distribution.unwrap();
    assert_eq!(distribution.kind(), DistKind::Wheel);
    assert_eq!(distribution.project().as_str(), "sample-package");
    assert_eq!(distribution.version().to_string(), "1.0.0");
    assert_eq!(distribution.python_version(), "py3");
    assert_eq!((distribution.size(), distribution.sha256()), (bytes.len() as u64, Sha256::of(&bytes)));
    assert_eq!(distribution.metadata().description(), Some("# Sample\n"));
}

#[test]
fn a_good_sdist_has_no_problems() {
    let inspection = check(SDIST_NAME, &gzip(&tar_of(|_| {})));
    assert_eq!(said(&inspection), [""; 0]);
    assert_eq!(inspection.distribution.unwrap().python_version(), "source");
}

#[test]
fn metadata_rules() {
    for (from, to, code) in [
        ("Name: sample-package\n", "", "name"),
        ("Name: sample-package", "Name: other", "file-name-metadata"),
        ("Name: sample-package", "Name: -x-", "name"),
        ("Version: 1.0.0\n", "Version: 1.0.1\n", "file-name-metadata"),
        ("Version: 1.0.0\n", "Version: one\n", "version"),
        ("Metadata-Version: 2.4", "Metadata-Version: 2.9", "metadata-version"),
        ("Metadata-Version: 2.4\n", "", "metadata-version"),
        ("Metadata-Version: 2.4", "Metadata-Version: 2.1", "metadata-field-new"),
        ("Summary: A sample", "Summary: a\nSummary: b", "metadata-field-twice"),
        ("Summary: A sample", "Summary: a\n        b", "summary"),
        ("Summary: A sample", "Sumary: a", "metadata-field-unknown"),
        ("Summary: A sample", "Summary: UNKNOWN", "metadata-value-unknown"),
        ("Summary: A sample", "no field", "metadata-unreadable"),
        ("Requires-Python: >=3.9", "Requires-Python: 3.9+", "requires-python"),
        ("requests>=2", "requests>=>2", "requires-dist"),
        ("requests>=2; python_version < '4'", "requests @ https://example.org/r.whl", "requires-dist-url"),
        ("text/markdown", "text/html", "description-type"),
        ("text/markdown", "text/markdown; charset=latin-1", "description-type"),
        ("Description-Content-Type: text/markdown\n", "", "description-type-missing"),
        ("# Sample\n", "", "description-missing"),
        ("https://example.org/", "example.org", "url"),
        ("https://example.org/", "javascript:alert(1)", "url"),
        ("Project-URL: Home", "Project-URL: A label that has more than 32 characters", "project-url-label"),
        ("ann@example.org", "ann at example.org", "email"),
        ("Programming Language :: Python :: 3", "Private :: Do Not Upload", "classifier-private"),
        ("License-Expression: MIT", "License-Expression: MIT\nLicense: MIT", "license-both"),
        ("License-File: LICENSE", "License-File: ../LICENSE", "license-file"),
        ("License-File: LICENSE", "License-File: COPYING", "license-file"),
        ("Summary: A sample", "Dynamic: Version", "dynamic"),
        ("Summary: A sample", "Provides-Extra: a b", "extra"),
    ] {
        let metadata = METADATA.replace(from, to);
        assert_ne!(metadata, METADATA, "{from}");
        assert_eq!(codes(WHEEL_NAME, &wheel(&metadata)), [code], "{to}");
    }
}

#[test]
fn unusual_metadata_that_pypi_takes() {
    for (from, to) in [
        ("Requires-Python: >=3.9", "Requires-Python: >=3.9,<4,!=3.10.*"),
        ("requests>=2; python_version < '4'", "requests (>=2)"),
        ("requests>=2; python_version < '4'", "a[b,c]~=1.0 ; extra == 'x' and sys_platform == \"win32\""),
        ("requests>=2; python_version < '4'", "a===some.thing"),
        ("Ann <ann@example.org>", "\"A, B\" <ann@b.example.org>, x"),
        ("text/markdown", "text/markdown; charset=UTF-8; variant=GFM"),
        ("Summary: A sample", "Dynamic: classifier"),
        ("https://example.org/", "HTTPS://example.org/a,b?c=d"),
    ] {
        let metadata = METADATA.replace(from, to);
        assert_ne!(metadata, METADATA, "{from}");
        assert_eq!(said(&check(WHEEL_NAME, &wheel(&metadata))), [""; 0], "{to}");
    }
}

#[test]
fn file_name_rules() {
    let bytes = wheel(METADATA);
    assert_eq!(codes("sample_package-1.0.0.zip", &bytes), ["file-name"]);
    assert_eq!(codes("sample_package-1.0.0-py3-none-linux_x86_64.whl", &bytes), ["file-name-platform", "wheel-tags"]);
    let sdist = gzip(&tar_of(|_| {}));
    assert_eq!(
        codes("sample-package-1.0.0.tar.gz", &sdist),
        ["file-name-normal", "sdist-folder", "metadata-missing", "license-file"]
    );
    assert_eq!(codes("other-1.0.0.tar.gz", &sdist)[0], "file-name-metadata");
    assert_eq!(codes(SDIST_NAME, b""), ["file-size", "archive-unreadable"]);
    let small = Limits { file_bytes: 100, ..Limits::default() };
    let options = CheckOptions { limits: small, ..CheckOptions::default() };
    let inspection = inspect(WHEEL_NAME, &mut Cursor::new(&bytes), &options).unwrap();
    assert_eq!(inspection.problems[0].code, "file-size");
    assert!(inspection.distribution.is_none());
}

#[test]
fn a_local_version_is_another_indexs_affair() {
    let files = with_record(wheel_files(&METADATA.replace("1.0.0", "1.0.0+abc")));
    let files: Files = files
        .into_iter()
        .map(|(path, bytes)| {
            let text = String::from_utf8(bytes).unwrap().replace(DIST_INFO, "sample_package-1.0.0+abc.dist-info");
            (path.replace(DIST_INFO, "sample_package-1.0.0+abc.dist-info"), text.into_bytes())
        })
        .collect();
    let (name, bytes) = ("sample_package-1.0.0+abc-py3-none-any.whl", zip_of(&files));
    assert_eq!(codes(name, &bytes), ["version-local"]);
    let options = CheckOptions { target: Target::OtherIndex, ..CheckOptions::default() };
    assert_eq!(said(&inspect(name, &mut Cursor::new(bytes), &options).unwrap()), [""; 0]);
}

#[test]
fn record_rules() {
    let mut changed = with_record(wheel_files(METADATA));
    changed[0].1 = b"x = 2\n".to_vec();
    assert_eq!(codes(WHEEL_NAME, &zip_of(&changed)), ["record-digest"]);

    let mut added = with_record(wheel_files(METADATA));
    added.push(("sample_package/more.py".to_owned(), Vec::new()));
    assert_eq!(said(&check(WHEEL_NAME, &zip_of(&added))), ["record-names: sample_package/more.py is not in RECORD"]);

    let mut removed = with_record(wheel_files(METADATA));
    removed.remove(0);
    assert_eq!(codes(WHEEL_NAME, &zip_of(&removed)), ["record-names"]);

    assert_eq!(codes(WHEEL_NAME, &zip_of(&wheel_files(METADATA))), ["record-missing"]);

    let mut weak = with_record(wheel_files(METADATA));
    let record = String::from_utf8(weak[4].1.clone()).unwrap().replacen("sha256=", "md5=", 1);
    weak[4].1 = record.into_bytes();
    assert_eq!(codes(WHEEL_NAME, &zip_of(&weak)), ["record-hash"]);
}

#[test]
fn wheel_rules() {
    let mut files = wheel_files(METADATA);
    files.push((format!("{DIST_INFO}/entry_points.txt"), b"[console_scripts]\na b = c:d\n".to_vec()));
    assert_eq!(codes(WHEEL_NAME, &zip_of(&with_record(files))), ["entry-points"]);

    let mut files = wheel_files(METADATA);
    files[2].1 = WHEEL.replace("Wheel-Version: 1.0", "Wheel-Version: 2.0").into_bytes();
    assert_eq!(codes(WHEEL_NAME, &zip_of(&with_record(files))), ["wheel-file"]);

    let mut files = wheel_files(METADATA);
    files[2].1 = WHEEL.replace("py3-none", "cp39-none").into_bytes();
    assert_eq!(codes(WHEEL_NAME, &zip_of(&with_record(files))), ["wheel-tags"]);

    let mut files = wheel_files(METADATA);
    files.push(("other-1.0.dist-info/METADATA".to_owned(), METADATA.as_bytes().to_vec()));
    assert_eq!(codes(WHEEL_NAME, &zip_of(&with_record(files))), ["wheel-dist-info"]);
}

#[test]
fn unsafe_members_of_a_wheel() {
    for (path, code) in [
        ("../evil.py", "member-path"),
        ("/etc/passwd", "member-path"),
        ("C:/evil.py", "member-path"),
        ("a\\b.py", "member-path"),
        ("a/\u{202e}yp.exe", "member-path"),
        ("sample_package/__INIT__.py", "member-case"),
        ("sample_package/aux.py", "member-windows"),
        ("sample_package/.env", "member-private"),
        ("sample_package/__pycache__/a.pyc", "member-litter"),
    ] {
        let mut files = wheel_files(METADATA);
        files.push((path.to_owned(), b"x".to_vec()));
        let codes = codes(WHEEL_NAME, &zip_of(&with_record(files)));
        assert!(codes.contains(&code), "{path}: {codes:?}");
    }
}

#[test]
fn unsafe_members_of_an_sdist() {
    use tar::EntryType as E;
    let cases: [(&str, Add<'_>); 9] = [
        ("member-path", &|tar| {
            tar_file(tar, "sample_package-1.0.0/../../evil", b"x");
        }),
        ("member-path", &|tar| tar_file(tar, "/etc/evil", b"x")),
        ("sdist-folder", &|tar| tar_file(tar, "other/evil", b"x")),
        ("member-twice", &|tar| {
            tar_file(tar, "sample_package-1.0.0/LICENSE", b"x");
        }),
        ("member-link", &|tar| {
            tar_link(tar, E::Symlink, "sample_package-1.0.0/a", "../../etc/passwd");
        }),
        ("member-link", &|tar| {
            tar_link(tar, E::Symlink, "sample_package-1.0.0/a", "/etc/passwd");
        }),
        ("member-link", &|tar| {
            tar_link(tar, E::Link, "sample_package-1.0.0/a", "../b");
        }),
        ("member-special", &|tar| {
            tar_link(tar, E::Char, "sample_package-1.0.0/a", "");
        }),
        ("member-special", &|tar| {
            tar_link(tar, E::Fifo, "sample_package-1.0.0/a", "");
        }),
    ];
    for (code, add) in cases {
        let codes = codes(SDIST_NAME, &gzip(&tar_of(add)));
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    let inside = gzip(&tar_of(|tar| {
        tar_link(tar, E::Symlink, "sample_package-1.0.0/docs/a", "../LICENSE");
    }));
    assert_eq!(codes(SDIST_NAME, &inside), [""; 0]);
}

#[test]
fn archives_that_lie() {
    let good = wheel(METADATA);
    let mut commented = good.clone();
    let comment = b"hello";
    let length_at = commented.len() - 2;
    commented[length_at] = u8::try_from(comment.len()).unwrap();
    commented.extend_from_slice(comment);
    assert_eq!(codes(WHEEL_NAME, &commented), ["archive-framing"]);

    let mut renamed = good.clone();
    // The first byte of the first member's name in its local header only.
    renamed[30] = b'S';
    assert_eq!(codes(WHEEL_NAME, &renamed), ["archive-framing"]);

    let mut damaged = good.clone();
    let data = 30 + "sample_package/__init__.py".len() + 2;
    damaged[data] ^= 0xff;
    assert!(codes(WHEEL_NAME, &damaged).contains(&"archive-checksum"), "{:?}", codes(WHEEL_NAME, &damaged));

    let mut twice = with_record(wheel_files(METADATA));
    twice.push(("sample_package/__init__.pY".to_owned(), b"y = 1\n".to_vec()));
    let mut bytes = zip_of(&twice);
    let needle = b"__init__.pY";
    while let Some(at) = bytes.windows(needle.len()).position(|window| window == needle) {
        bytes[at..at + needle.len()].copy_from_slice(b"__init__.py");
    }
    let codes_of_twice = codes(WHEEL_NAME, &bytes);
    assert!(
        codes_of_twice.contains(&"archive-framing") && codes_of_twice.contains(&"member-twice"),
        "{codes_of_twice:?}"
    );

    assert_eq!(codes(WHEEL_NAME, &good[..good.len() - 30]), ["archive-unreadable"]);
    assert_eq!(codes(WHEEL_NAME, b"hello"), ["archive-unreadable"]);

    let sdist = gzip(&tar_of(|_| {}));
    assert_eq!(codes(SDIST_NAME, &sdist[..sdist.len() / 2]), ["archive-unreadable"]);
    let mut trailing = sdist.clone();
    trailing.extend_from_slice(b"more");
    assert_eq!(codes(SDIST_NAME, &trailing), ["archive-trailing"]);
    let mut both = sdist;
    both.extend_from_slice(&good);
    assert_eq!(codes(SDIST_NAME, &both), ["archive-unreadable"]);
    assert_eq!(codes(WHEEL_NAME, &both), ["archive-unreadable"]);
}

#[test]
fn bombs_are_not_unpacked() {
    let zeros = vec![0; 65 << 20];
    let mut files = wheel_files(METADATA);
    files.push(("sample_package/zeros.bin".to_owned(), zeros.clone()));
    let bomb = zip_of(&with_record(files));
    let inspection = check(WHEEL_NAME, &bomb);
    assert_eq!(said(&inspection), ["archive-unreadable: its contents are more than 67108864 bytes"]);

    let bomb = gzip(&tar_of(|tar| {
        tar_file(tar, "sample_package-1.0.0/zeros", &zeros);
    }));
    assert_eq!(codes(SDIST_NAME, &bomb), ["archive-unreadable"]);

    let many = Limits { members: 3, ..Limits::default() };
    let options = CheckOptions { limits: many, ..CheckOptions::default() };
    for (name, bytes) in [(WHEEL_NAME, wheel(METADATA)), (SDIST_NAME, gzip(&tar_of(|tar| tar_file(tar, "a", b""))))] {
        let inspection = inspect(name, &mut Cursor::new(bytes), &options).unwrap();
        assert_eq!(said(&inspection), ["archive-unreadable: it has more than 3 members"]);
    }
}

#[test]
fn sets_of_files() {
    let wheel = check(WHEEL_NAME, &wheel(METADATA)).distribution.unwrap();
    let sdist = check(SDIST_NAME, &gzip(&tar_of(|_| {}))).distribution.unwrap();
    assert!(check_set(&[&wheel, &sdist]).is_empty());
    let codes: Vec<&str> = check_set(&[&wheel, &sdist, &sdist]).iter().map(|(_, problem)| problem.code).collect();
    assert_eq!(codes, ["set-sdists", "set-file-twice"]);
    let mut other = wheel.clone();
    other.version = "2.0".parse().unwrap();
    assert_eq!(check_set(&[&other, &sdist])[0].1.code, "set-version");
}

#[test]
fn a_reader_that_fails_is_no_bad_archive() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk on fire"))
        }
    }
    impl std::io::Seek for Broken {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Ok(10)
        }
    }
    let error = inspect(SDIST_NAME, &mut Broken, &CheckOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read sample_package-1.0.0.tar.gz to check it");
}

#[test]
fn the_documented_table_is_the_table() {
    assert_eq!(include_str!("rules.md"), rules::table(), "write rules::table() to src/rules.md");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_never_panic(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
        for (name, mut bytes) in [(WHEEL_NAME, wheel(METADATA)), (SDIST_NAME, gzip(&tar_of(|_| {}))), (SDIST_NAME, tar_of(|_| {}))] {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            check(name, &bytes);
            check(name, &gzip(&bytes));
            bytes.truncate(cut.index(bytes.len()));
            check(name, &bytes);
        }
    }

    #[test]
    fn metadata_never_panics(text: Vec<u8>) {
        let _ = crate::Metadata::parse(&text);
        let _ = crate::wheel::parse_record(&text);
        let _ = crate::wheel::check_entry_points(&text);
    }

    #[test]
    fn names_never_panic(name in "[a-z0-9._+!-]{0,40}(\\.whl|\\.tar\\.gz)?") {
        check(&name, b"PK");
    }
}
