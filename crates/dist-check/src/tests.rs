mod broken;
mod build;
mod peers;
mod tar;

use std::io::Cursor;

use proptest::prelude::*;

use crate::{CheckOptions, DistKind, Inspection, Limits, Sha256, Target, check_set, inspect, rules};
use build::*;

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
fn unusual_metadata_that_pypi_takes() {
    for (from, to) in [
        ("Requires-Python: >=3.9", "Requires-Python: >=3.9,<4,!=3.10.*"),
        ("requests>=2; python_version < '4'", "requests (>=2)"),
        ("requests>=2; python_version < '4'", "a[b,c]~=1.0 ; os_name == 'x' and sys_platform == \"win32\""),
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
fn a_field_whose_last_value_is_unknown_is_dropped() {
    for (from, to) in [
        ("Programming Language :: Python :: 3", "NotAClassifier\nClassifier: UNKNOWN"),
        ("Summary: A sample", "Summary: A\nSummary: UNKNOWN"),
        ("Project-URL: Home, https://example.org/", "Project-URL: x\nProject-URL:  UNKNOWN "),
    ] {
        let metadata = METADATA.replace(from, to);
        assert_ne!(metadata, METADATA, "{from}");
        assert_eq!(codes(WHEEL_NAME, &wheel(&metadata)), ["metadata-value-unknown"], "{to}");
    }
}

#[test]
fn strong_digests_are_compared() {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use sha2::Digest as _;
    let line = |record: &str| record.lines().next().unwrap().to_owned();
    let code = b"x = 1\n";
    for digest in [
        format!("sha512={}", BASE64_URL_SAFE_NO_PAD.encode(sha2::Sha512::digest(code))),
        format!("sha384={}", BASE64_URL_SAFE_NO_PAD.encode(sha2::Sha384::digest(code))),
        format!("Sha256={}=", BASE64_URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(code))),
    ] {
        let row = format!("sample_package/__init__.py,{digest},6");
        let bytes = wheel_with_record(|record| record.replacen(&line(record), &row, 1));
        assert_eq!(codes(WHEEL_NAME, &bytes), [""; 0], "{digest}");
    }
}

#[test]
fn what_is_no_distribution_is_to_be_left_out() {
    for (name, bytes, code, hint) in [
        ("hostname", &b"x"[..], "file-name", "leave the file out"),
        ("sample_package-1.0.0.tar.gz.asc", b"x", "file-name", "leave the file out"),
        ("sample_package-1.0.0.zip", b"x", "file-name", "build the source archive again"),
        (SDIST_NAME, b"", "file-size", "build again"),
    ] {
        let problems = check(name, bytes).problems;
        assert_eq!(problems[0].code, code);
        assert!(problems[0].hint.starts_with(hint), "{name}: {}", problems[0].hint);
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_opened() {
    let small = Limits { file_bytes: 100, ..Limits::default() };
    let options = CheckOptions { limits: small, ..CheckOptions::default() };
    let inspection = inspect(WHEEL_NAME, &mut Cursor::new(wheel(METADATA)), &options).unwrap();
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
fn a_link_inside_of_a_source_archive_is_good() {
    let inside = gzip(&tar_of(|tar| {
        tar_link(tar, ::tar::EntryType::Symlink, "sample_package-1.0.0/docs/a", "../LICENSE");
    }));
    assert_eq!(codes(SDIST_NAME, &inside), [""; 0]);
}

#[test]
fn a_comment_of_the_whole_zip_is_good() {
    let zip = RawZip { end_comment: b"hello".to_vec(), ..RawZip::wheel() };
    assert_eq!(codes(WHEEL_NAME, &zip.bytes()), [""; 0]);
}

#[test]
fn damage_is_found_in_every_member() {
    let good = RawZip::wheel().bytes();
    let text = b"x = 1";
    let at = good.windows(text.len()).position(|window| window == text).unwrap();
    let mut damaged = good;
    damaged[at] ^= 0xff;
    assert_eq!(codes(WHEEL_NAME, &damaged), ["archive-checksum", "record-digest"]);
}

#[test]
fn bombs_are_not_unpacked() {
    let zeros = vec![0; 65 << 20];
    let mut files = wheel_files(METADATA);
    files.push(("sample_package/zeros.bin".to_owned(), zeros.clone()));
    let bomb = zip_of(&with_record(files));
    let inspection = check(WHEEL_NAME, &bomb);
    assert_eq!(codes(WHEEL_NAME, &bomb), ["archive-bomb"]);
    assert!(said(&inspection)[0].contains("67108864"));

    // PyPI takes it as a source archive.
    let large = gzip(&tar_of(|tar| tar_file(tar, "sample_package-1.0.0/zeros", &zeros)));
    let inspection = check(SDIST_NAME, &large);
    assert_eq!(codes(SDIST_NAME, &large), ["archive-bomb"]);
    assert!(inspection.is_ok() && inspection.problems[0].index_says.is_none());
    let little = Limits { sdist_bytes: 1 << 20, unpacked_bytes: 1 << 20, ..Limits::default() };
    let options = CheckOptions { limits: little, ..CheckOptions::default() };
    let inspection = inspect(SDIST_NAME, &mut Cursor::new(large), &options).unwrap();
    assert!(!inspection.is_ok() && inspection.problems[0].index_says.is_none(), "{:?}", said(&inspection));

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
    assert_eq!(include_str!("rules.md"), rules::table(), "run `cargo xtask gen`");
}

#[test]
fn codes_are_unique_and_every_rule_explains_itself() {
    let table = rules::table();
    let mut codes: Vec<&str> = table.lines().skip(2).filter_map(|row| row.split('`').nth(1)).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
    let sections = rules::sections();
    for code in codes {
        assert!(sections.contains(&format!("### {code}\n")), "{code}");
    }
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
        let _ = crate::wheel::parse_entry_points(&text);
    }

    #[test]
    fn names_never_panic(name in "[a-z0-9._+!-]{0,40}(\\.whl|\\.tar\\.gz)?") {
        check(&name, b"PK");
    }
}
