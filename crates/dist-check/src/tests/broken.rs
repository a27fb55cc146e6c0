//! Distributions that are broken in one way each: the rule that is for it says so, and no other error is found.

use super::{build::*, check};
use crate::Level;

/// A broken file: what is wrong with it, its name, its bytes, and the code that must be found.
struct Broken {
    what: String,
    name: String,
    bytes: Vec<u8>,
    code: &'static str,
}

fn broken(what: impl Into<String>, name: &str, bytes: Vec<u8>, code: &'static str) -> Broken {
    Broken { what: what.into(), name: name.to_owned(), bytes, code }
}

/// Metadata with one change: what it replaces, and by what.
const METADATA_CHANGES: [(&str, &str, &str); 78] = [
    ("Metadata-Version: 2.4\n", "", "metadata-version"),
    ("Metadata-Version: 2.4", "Metadata-Version: 2.0", "metadata-version"),
    ("Metadata-Version: 2.4", "Metadata-Version: 2.9", "metadata-version"),
    ("Metadata-Version: 2.4", "Metadata-Version: 2.4 ", "metadata-version"),
    ("Metadata-Version: 2.4", "Metadata-Version: 2.1", "metadata-field-new"),
    ("Metadata-Version: 2.4", "Metadata-Version: 2.4\nImport-Name: sample_package", "metadata-field-new"),
    ("Name: sample-package\n", "", "name"),
    ("Name: sample-package", "Name: sample-package-", "name"),
    ("Name: sample-package", "Name: UNKNOWN", "name"),
    ("Name: sample-package", "Name: other", "file-name-metadata"),
    ("Version: 1.0.0\n", "", "version"),
    ("Version: 1.0.0\n", "Version: one\n", "version"),
    ("Version: 1.0.0\n", "Version: 1.0.1\n", "file-name-metadata"),
    ("Summary: A sample", "Summary: a\nSummary: b", "metadata-field-twice"),
    ("Summary: A sample", "Description: x", "metadata-field-twice"),
    ("Summary: A sample", "Keywords: a\nKeywords: b", "metadata-field-twice"),
    ("Summary: A sample", "Summary: a\n        b", "summary"),
    ("Summary: A sample", "Summary: a\u{2028}b", "summary"),
    ("Summary: A sample", "Sumary: a", "metadata-field-unknown"),
    ("Summary: A sample", "Summary: UNKNOWN", "metadata-value-unknown"),
    ("Summary: A sample", "Summary: A\nSummary: UNKNOWN", "metadata-value-unknown"),
    ("Summary: A sample", "Classifier: NotAClassifier\nClassifier: UNKNOWN", "classifier-unknown"),
    (
        "Description-Content-Type: text/markdown\n\n",
        "Description-Content-Type: text/markdown\nno field\n",
        "metadata-line",
    ),
    ("Requires-Python: >=3.9", "Requires-Python: 3.9+", "requires-python"),
    ("Requires-Python: >=3.9", "Requires-Python: >=3.*", "requires-python"),
    ("Requires-Python: >=3.9", "Requires-Python: ~=3", "requires-python"),
    ("Requires-Python: >=3.9", "Requires-Python: >=3.9 <4", "requires-python"),
    ("requests>=2", "requests>=>2", "requires-dist"),
    ("requests>=2", "requests>=2 <3", "requires-dist"),
    ("python_version < '4'", "python < '4'", "requires-dist"),
    ("python_version < '4'", "python_version < 4", "requires-dist"),
    ("python_version < '4'", "python_version < '4' and", "requires-dist"),
    ("requests>=2", "requests[a b]>=2", "requires-dist"),
    ("requests>=2; python_version < '4'", "requests @ https://example.org/r.whl", "requires-dist-url"),
    ("requests>=2; python_version < '4'", "requests @ git+https://example.org/r ; extra == 'a'", "requires-dist-url"),
    ("python_version < '4'", "extra == 'more'", "requires-dist-extra"),
    ("Summary: A sample", "Provides-Dist: a b", "provides-dist"),
    ("Summary: A sample", "Obsoletes-Dist: a @ https://example.org/", "provides-dist"),
    ("text/markdown", "text/html", "description-type"),
    ("text/markdown", "text/markdown; charset=latin-1", "description-type"),
    ("text/markdown", "text/markdown; variant=Original", "description-type"),
    ("text/markdown", "text/markdown; charset", "description-type"),
    ("text/markdown", "markdown", "description-type"),
    ("Description-Content-Type: text/markdown\n", "", "description-type-missing"),
    ("# Sample\n", "", "description-missing"),
    ("# Sample\n", "[x](docs/x.md)\n", "description-links"),
    ("https://example.org/", "example.org", "url"),
    ("https://example.org/", "javascript:alert(1)", "url"),
    ("https://example.org/", "ftp://example.org/", "url"),
    ("Project-URL: Home, https://example.org/", "Project-URL: Home", "url"),
    ("Summary: A sample", "Home-page: www.example.org", "url"),
    ("Summary: A sample", "Download-URL: https://example.org/[a]", "url"),
    ("https://example.org/", "https:///path", "url-host"),
    ("Project-URL: Home", "Project-URL: A label that has more than 32 characters", "project-url-label"),
    ("Project-URL: Home", "Project-URL:  ", "project-url-label"),
    ("Project-URL: Home", "Project-URL: Home, https://a.org\nProject-URL: Home", "project-url-label"),
    ("ann@example.org", "ann at example.org", "email"),
    ("ann@example.org", "ann@localhost", "email"),
    ("Summary: A sample", "Maintainer-email: ann@example..org", "email"),
    ("Programming Language :: Python :: 3", "Private :: Do Not Upload", "classifier-private"),
    ("Programming Language :: Python :: 3", "Programming Language :: python :: 3", "classifier-unknown"),
    ("Programming Language :: Python :: 3", "Natural Language :: Ukranian", "classifier-deprecated"),
    ("Programming Language :: Python :: 3", "Programming Language :: Python :: 3.7", "classifier-python"),
    ("Programming Language :: Python :: 3", "License :: OSI Approved :: MIT License", "license-classifier"),
    ("License-Expression: MIT", "License-Expression: MIT\nLicense: MIT", "license-both"),
    ("License-Expression: MIT", "License-Expression: MIT License", "license-expression"),
    ("License-Expression: MIT", "License-Expression: BSD", "license-expression"),
    ("License-Expression: MIT", "License-Expression: MIT WITH nothing", "license-expression"),
    ("License-File: LICENSE", "License-File: ../LICENSE", "license-file"),
    ("License-File: LICENSE", "License-File: licenses\\LICENSE", "license-file"),
    ("License-File: LICENSE", "License-File: COPYING", "license-file-missing"),
    ("License-Expression: MIT\nLicense-File: LICENSE\n", "", "license-none"),
    ("Summary: A sample", "Dynamic: Version", "dynamic"),
    ("Summary: A sample", "Dynamic: Nothing", "dynamic"),
    ("Summary: A sample", "Dynamic: UNKNOWN\nDynamic: summary", "dynamic"),
    ("Summary: A sample", "Project-URL: UNKNOWN", "url"),
    ("Summary: A sample", "Provides-Extra: a b", "extra"),
    ("Summary: A sample", "Provides-Extra: a.b\nProvides-Extra: A-b", "extra-twice"),
];

fn metadata() -> Vec<Broken> {
    METADATA_CHANGES
        .iter()
        .map(|(from, to, code)| {
            let metadata = METADATA.replacen(from, to, 1);
            assert_ne!(metadata, METADATA, "{from}");
            broken(format!("{to:?} for {from:?}"), WHEEL_NAME, wheel(&metadata), code)
        })
        .collect()
}

fn newest_metadata() -> Vec<Broken> {
    let changes = ["1a", "sample_package.class", "sample_package; hidden"];
    changes
        .into_iter()
        .map(|import| {
            let metadata =
                METADATA.replace("Metadata-Version: 2.4", &format!("Metadata-Version: 2.5\nImport-Name: {import}"));
            broken(import, WHEEL_NAME, wheel(&metadata), "import-name")
        })
        .collect()
}

fn names() -> Vec<Broken> {
    let stdlib = METADATA.replace("sample-package", "asyncio");
    let local = METADATA.replace("Version: 1.0.0", "Version: 1.0.0+abc");
    let long = format!("sample_package-1.0.0-1{}-py3-none-any.whl", "a".repeat(210));
    let mut found: Vec<Broken> = [
        "sample_package-1.0.0.zip",
        "sample_package-1.0.0.exe",
        "sample_package-1.0.0-py3-any.whl",
        "sample_package-1.0.0-x-py3-none-any.whl",
        "sample_package-one-py3-none-any.whl",
        "sample_package-1.0.0-py3..py2-none-any.whl",
        "sample_package-1.0.0-py3-none-any\u{7f}.whl",
        "sample_package.tar.gz",
        "sample_package-one.tar.gz",
    ]
    .into_iter()
    .map(|name| broken("a name that is none", name, wheel(METADATA), "file-name"))
    .collect();
    found.extend(
        [
            ("Sample_Package-1.0.0-py3-none-any.whl", "file-name-normal"),
            ("sample.package-1.0.0-py3-none-any.whl", "file-name-normal"),
            ("sample_package-1.0.0-py3-none-linux_x86_64.whl", "file-name-platform"),
            ("sample_package-1.0.0-py3-none-macosx_11_2_arm64.whl", "file-name-platform"),
            ("sample_package-1.0.0-py3-none-any.manylinux_2_17_vax.whl", "file-name-platform"),
        ]
        .map(|(name, code)| broken("a name", name, wheel_named(name, METADATA), code)),
    );
    found.push(broken(
        "a module's name",
        "asyncio-1.0.0-py3-none-any.whl",
        wheel_named("asyncio-1.0.0-py3-none-any.whl", &stdlib),
        "name-stdlib",
    ));
    let name = "sample_package-1.0.0+abc-py3-none-any.whl";
    found.push(broken("a local version", name, wheel_named(name, &local), "version-local"));
    found.push(broken("a long name", &long, wheel_named(&long, METADATA), "file-name-length"));
    found.push(broken("nothing", SDIST_NAME, Vec::new(), "file-size"));
    found.push(broken("a source archive's version", "sample_package-1.0.tar.gz", sdist(|_| {}), "file-name-normal"));
    found.push(broken("renamed tags", "sample_package-1.0.0-py2-none-any.whl", wheel(METADATA), "wheel-tags"));
    found
}

fn zips() -> Vec<Broken> {
    type Change = fn(&mut RawZip);
    let framing: [(&str, Change); 20] = [
        ("bytes in front", |zip| zip.front = b"#!".to_vec()),
        ("bytes between", |zip| zip.between = b"xxxx".to_vec()),
        ("bytes behind", |zip| zip.behind = b"more".to_vec()),
        ("a record too many", |zip| zip.records_more = 1),
        ("a record too few", |zip| zip.records_more = -1),
        ("a data descriptor", |zip| zip.entries[0].flags = 8),
        ("another name locally", |zip| zip.entries[0].local_name = Some(b"sample_package/__Init__.py".to_vec())),
        ("another size locally", |zip| zip.entries[0].local_size = Some(5)),
        ("a size of nothing locally", |zip| zip.entries[0].local_size = Some(0)),
        ("a member that is not listed", |zip| {
            let mut entry = zip.entries[0].clone();
            (entry.name, entry.unlisted) = (b"hidden.py".to_vec(), true);
            zip.entries.push(entry);
        }),
        ("a member twice", |zip| {
            let entry = zip.entries[0].clone();
            zip.entries.push(entry);
        }),
        ("a member listed once and there twice", |zip| {
            let mut entry = zip.entries[0].clone();
            entry.unlisted = true;
            zip.entries.push(entry);
        }),
        ("a comment of a member", |zip| zip.entries[1].comment = b"hello".to_vec()),
        ("a cut extra field", |zip| zip.entries[0].local_extra = vec![1, 0, 9]),
        ("an extra field that is too long", |zip| zip.entries[0].local_extra = vec![9, 9, 9, 0, 1]),
        ("a 64-bit field of an odd length", |zip| zip.entries[0].local_extra = vec![1, 0, 1, 0, 0]),
        ("a 64-bit field twice", |zip| zip.entries[0].local_extra = vec![1, 0, 0, 0, 1, 0, 0, 0]),
        ("a 64-bit size that differs", |zip| {
            zip.entries[0].local_extra = [&[1, 0, 16, 0][..], &[9; 16]].concat();
        }),
        ("a Unicode name that is none", |zip| {
            zip.entries[0].local_extra = [&[0x75, 0x70, 6, 0, 1, 0, 0, 0, 0][..], &[0xff]].concat();
        }),
        ("a Unicode name with a control character", |zip| {
            zip.entries[0].local_extra = [&[0x75, 0x70, 6, 0, 1, 0, 0, 0, 0][..], &[7]].concat();
        }),
    ];
    let mut found: Vec<Broken> = framing
        .into_iter()
        .map(|(what, change)| {
            let mut zip = RawZip::wheel();
            change(&mut zip);
            broken(what, WHEEL_NAME, zip.bytes(), "archive-framing")
        })
        .collect();
    let other: [(&str, &str, Change); 7] = [
        ("another offset", "archive-unreadable", |zip| zip.offset_more = -1),
        ("an encrypted member", "archive-compression", |zip| zip.entries[0].flags = 1),
        ("another compression", "archive-compression", |zip| zip.entries[0].method = 12),
        ("another checksum", "archive-checksum", |zip| zip.entries[0].crc = Some(7)),
        ("a newer format", "archive-unreadable", |zip| zip.entries[0].needs_format = 50),
        ("a name that says it is UTF-8", "archive-unreadable", |zip| {
            (zip.entries[0].name, zip.entries[0].flags) = (b"\xff.py".to_vec(), 1 << 11);
        }),
        ("a link", "member-link", |zip| zip.entries[0].unix_mode = 0o120_777),
    ];
    found.extend(other.into_iter().map(|(what, code, change)| {
        let mut zip = RawZip::wheel();
        change(&mut zip);
        broken(what, WHEEL_NAME, zip.bytes(), code)
    }));
    let good = wheel(METADATA);
    found.push(broken("the end is missing", WHEEL_NAME, good[..good.len() - 30].to_vec(), "archive-unreadable"));
    found.push(broken("no zip", WHEEL_NAME, b"hello".to_vec(), "archive-unreadable"));
    let both = [sdist(|_| {}), good].concat();
    found.push(broken("two archives", WHEEL_NAME, both.clone(), "archive-unreadable"));
    found.push(broken("two archives", SDIST_NAME, both, "archive-unreadable"));
    found.push(broken(
        "zeros",
        WHEEL_NAME,
        wheel_with(&[("sample_package/zeros", &vec![0; 65 << 20])]),
        "archive-bomb",
    ));
    found
}

fn sdist(add: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    gzip(&tar_of(add))
}

fn sdists() -> Vec<Broken> {
    use tar::EntryType as E;
    const FOLDER: &str = "sample_package-1.0.0";
    let inside = |path: &str| format!("{FOLDER}/{path}");
    let cases: [(&str, &str, Add<'_>); 14] = [
        ("a path that leads out", "member-path", &|tar| tar_file(tar, &inside("../../evil"), b"x")),
        ("a backslash", "member-path", &|tar| tar_file(tar, &inside("a\\b"), b"x")),
        ("two folders", "sdist-folder", &|tar| tar_file(tar, "other/evil", b"x")),
        ("a second folder that begins alike", "sdist-folder", &|tar| tar_file(tar, "sample_package-1.0.0b/evil", b"x")),
        ("a member twice", "member-twice", &|tar| tar_file(tar, &inside("LICENSE"), b"x")),
        ("a link outside", "member-link", &|tar| tar_link(tar, E::Symlink, &inside("a"), "../../etc/passwd")),
        ("an absolute link", "member-link", &|tar| tar_link(tar, E::Symlink, &inside("a"), "/etc/passwd")),
        ("a hard link outside", "member-link", &|tar| tar_link(tar, E::Link, &inside("a"), "../b")),
        ("a device", "member-special", &|tar| tar_link(tar, E::Char, &inside("a"), "")),
        ("a pipe", "member-special", &|tar| tar_link(tar, E::Fifo, &inside("a"), "")),
        ("names that differ in case", "member-case", &|tar| tar_file(tar, &inside("license"), b"x")),
        ("a reserved name", "member-windows", &|tar| tar_file(tar, &inside("aux.py"), b"x")),
        ("a compiled file", "sdist-compiled", &|tar| tar_file(tar, &inside("x.cpython-311-darwin.so"), b"x")),
        ("a sparse file", "member-sparse", &|tar| {
            tar.append_pax_extensions([("GNU.sparse.size", b"1".as_slice())]).unwrap();
            tar_file(tar, &inside("sparse"), b"x");
        }),
    ];
    let mut found: Vec<Broken> =
        cases.into_iter().map(|(what, code, add)| broken(what, SDIST_NAME, sdist(add), code)).collect();
    let good = sdist(|_| {});
    found.push(broken("half of it", SDIST_NAME, good[..good.len() / 2].to_vec(), "archive-unreadable"));
    found.push(broken("no archive", SDIST_NAME, b"hello".to_vec(), "archive-unreadable"));
    found.push(broken("more behind", SDIST_NAME, [&good[..], b"more"].concat(), "archive-trailing"));
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in [("PKG-INFO", METADATA), ("LICENSE", "MIT\n")] {
        tar_file(&mut builder, &format!("sample-package/{path}"), text.as_bytes());
    }
    let other_folder = gzip(&builder.into_inner().unwrap());
    found.push(broken("a folder of another name", SDIST_NAME, other_folder, "sdist-folder-name"));
    let mut builder = tar::Builder::new(Vec::new());
    tar_file(&mut builder, "sample_package-1.0.0/setup.py", b"x");
    found.push(broken("no PKG-INFO", SDIST_NAME, gzip(&builder.into_inner().unwrap()), "metadata-missing"));
    found
}

fn wheels() -> Vec<Broken> {
    let without = |file: &str| {
        let mut files = wheel_files(METADATA);
        files.retain(|(path, _)| !path.ends_with(file));
        zip_of(&with_record(files))
    };
    let dist_info = |file: &str| format!("{DIST_INFO}/{file}");
    let scripts = |text: &str| wheel_with(&[(&dist_info("entry_points.txt"), text.as_bytes())]);
    let mut changed = with_record(wheel_files(METADATA));
    changed[0].1 = b"x = 2\n".to_vec();
    let mut added = with_record(wheel_files(METADATA));
    added.push(("sample_package/more.py".to_owned(), Vec::new()));
    let mut removed = with_record(wheel_files(METADATA));
    removed.remove(0);
    let mut elf = vec![0; 64];
    elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
    elf[18] = 62;
    let token = format!("TOKEN = 'pypi-AgEIcHlwaS5vcmc{}'\n", "a".repeat(150));
    let own_line = |record: &str| record.lines().filter(|line| !line.contains("RECORD")).collect::<Vec<_>>().join("\n");
    vec![
        broken("no METADATA", WHEEL_NAME, without("METADATA"), "metadata-missing"),
        broken(
            "latin-1",
            WHEEL_NAME,
            wheel_with_bytes(&[METADATA.as_bytes(), b"\xe9"].concat()),
            "metadata-unreadable",
        ),
        broken("no WHEEL", WHEEL_NAME, without("WHEEL"), "wheel-file"),
        broken("WHEEL 2", WHEEL_NAME, wheel_where("/WHEEL", |text| text.replace(": 1.0", ": 2.0")), "wheel-file"),
        broken("other tags", WHEEL_NAME, wheel_where("/WHEEL", |text| text.replace("py3", "cp39")), "wheel-tags"),
        broken(
            "another dist-info",
            WHEEL_NAME,
            wheel_with(&[("other-1.0.dist-info/METADATA", b"x")]),
            "wheel-dist-info",
        ),
        broken("no RECORD", WHEEL_NAME, zip_of(&wheel_files(METADATA)), "record-missing"),
        broken("an empty line", WHEEL_NAME, wheel_with_record(|record| format!("\n{record}")), "record-missing"),
        broken("a changed file", WHEEL_NAME, zip_of(&changed), "record-digest"),
        broken(
            "another size",
            WHEEL_NAME,
            wheel_with_record(|record| record.replacen(",6\n", ",7\n", 1)),
            "record-digest",
        ),
        broken("a file too many", WHEEL_NAME, zip_of(&added), "record-names"),
        broken("a file too few", WHEEL_NAME, zip_of(&removed), "record-names"),
        broken("RECORD without itself", WHEEL_NAME, wheel_with_record(own_line), "record-names"),
        broken(
            "a weak digest",
            WHEEL_NAME,
            wheel_with_record(|record| record.replacen("sha256=", "md5=", 1)),
            "record-hash",
        ),
        broken(
            "another digest in capitals",
            WHEEL_NAME,
            wheel_with_record(|record| record.replacen("sha256=", "SHA256=x", 1)),
            "record-digest",
        ),
        broken(
            "a long digest",
            WHEEL_NAME,
            wheel_with_record(|record| record.replacen("sha256=", "sha512=", 1)),
            "record-digest",
        ),
        broken(
            "a digest that is not compared",
            WHEEL_NAME,
            wheel_with_record(|record| record.replacen("sha256=", "blake2b=", 1)),
            "record-hash",
        ),
        broken("a row twice", WHEEL_NAME, wheel_with_record(|record| format!("{record}{record}")), "record-twice"),
        broken("a script's name", WHEEL_NAME, scripts("[console_scripts]\na b = sample_package:c\n"), "entry-points"),
        broken("no group", WHEEL_NAME, scripts("a = sample_package:c\n"), "entry-points"),
        broken("a name twice", WHEEL_NAME, scripts("[x]\na = b\na = c\n"), "entry-points"),
        broken("a script to nowhere", WHEEL_NAME, scripts("[console_scripts]\na = nowhere:c\n"), "wheel-script-object"),
        broken("a path that leads out", WHEEL_NAME, wheel_with(&[("../evil.py", b"x")]), "member-path"),
        broken("an absolute path", WHEEL_NAME, wheel_with(&[("/etc/evil.py", b"x")]), "member-path"),
        broken("a drive", WHEEL_NAME, wheel_with(&[("C:/evil.py", b"x")]), "member-path"),
        broken("a path that turns round", WHEEL_NAME, wheel_with(&[("a/\u{202e}yp.exe", b"x")]), "member-path"),
        broken("case", WHEEL_NAME, wheel_with(&[("sample_package/__INIT__.py", b"x")]), "member-case"),
        broken("a reserved name", WHEEL_NAME, wheel_with(&[("sample_package/con.py", b"x")]), "member-windows"),
        broken("an environment", WHEEL_NAME, wheel_with(&[("sample_package/.env", b"x")]), "member-private"),
        broken("a cache", WHEEL_NAME, wheel_with(&[("sample_package/__pycache__/a.pyc", b"x")]), "member-litter"),
        broken("a token", WHEEL_NAME, wheel_with(&[("sample_package/a.py", token.as_bytes())]), "member-token"),
        broken(
            "a key",
            WHEEL_NAME,
            wheel_with(&[("sample_package/a.py", concat!("AKIA", "ABCDEFGHIJKLMNOP\n").as_bytes())]),
            "member-credential",
        ),
        broken(
            "PyArmor",
            WHEEL_NAME,
            wheel_with(&[("sample_package/a.py", b"__pyarmor_enter__\n")]),
            "member-protected",
        ),
        broken("a library", WHEEL_NAME, wheel_with(&[("sample_package/_x.so", &elf)]), "wheel-machine"),
        broken("tests", WHEEL_NAME, wheel_with(&[("tests/test_x.py", b"x")]), "wheel-top-level"),
        broken("top_level", WHEEL_NAME, wheel_with(&[(&dist_info("top_level.txt"), b"other\n")]), "wheel-import"),
        broken("startup", WHEEL_NAME, wheel_with(&[("sample.pth", b"import sample_package\n")]), "wheel-startup-code"),
    ]
}

fn wheel_with_bytes(metadata: &[u8]) -> Vec<u8> {
    let mut files = wheel_files(METADATA);
    files[1].1 = metadata.to_vec();
    zip_of(&with_record(files))
}

#[test]
fn every_broken_distribution_is_caught_by_its_own_code() {
    let cases: Vec<Broken> =
        [metadata(), newest_metadata(), names(), zips(), sdists(), wheels()].into_iter().flatten().collect();
    assert!(cases.len() >= 150, "{}", cases.len());
    let mut wrong = Vec::new();
    for Broken { what, name, bytes, code } in &cases {
        let problems = check(name, bytes).problems;
        let found = problems.iter().find(|problem| problem.code == *code);
        let others = problems.iter().filter(|problem| problem.code != *code && problem.level == Level::Error);
        let others: Vec<String> = others.map(|problem| format!("{}: {}", problem.code, problem.message)).collect();
        if found.is_none() || !others.is_empty() {
            let said: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
            wrong.push(format!("{code}: {what} ({name}): {said:?} {others:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
