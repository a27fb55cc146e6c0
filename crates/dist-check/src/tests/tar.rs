//! Tar archives in which other readers see something else than Python, and thousands that are nearly right beside Python.

use std::{fmt::Write as _, io::Cursor};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use test_support::peers;

use super::{build::*, codes, peers::Chance, said};
use crate::{
    FileName, Limits, Sha256,
    archive::{self, Archive, FlawKind, MemberKind, ReadFailure, Unreadable},
};

const TOP: &str = "sample_package-1.0.0/";
const TOKEN: &str = "pypi-AgEIcHlwaS5vcmc";

/// One header and the data behind it.
#[derive(Clone)]
struct Block {
    header: [u8; 512],
    data: Vec<u8>,
}

fn block(kind: u8, name: &str, data: &[u8]) -> Block {
    let mut block = Block { header: [0; 512], data: data.to_vec() };
    block.set(0, name.as_bytes());
    for start in [100, 108, 116] {
        block.set(start, b"0000644\0");
    }
    block.set(124, format!("{:011o}", data.len()).as_bytes());
    block.set(136, b"00000000001");
    block.set(156, &[kind]);
    block.set(257, b"ustar\x0000");
    block.sealed()
}

impl Block {
    fn set(&mut self, start: usize, bytes: &[u8]) {
        self.header[start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn sealed(mut self) -> Self {
        self.set(148, b"        ");
        let sum: u32 = self.header.iter().map(|byte| u32::from(*byte)).sum();
        self.set(148, format!("{sum:06o}\0 ").as_bytes());
        self
    }

    fn with(mut self, start: usize, bytes: &[u8]) -> Self {
        self.set(start, bytes);
        self.sealed()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.header[..], &self.data].concat();
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

fn file(path: &str, data: &[u8]) -> Block {
    block(b'0', &format!("{TOP}{path}"), data)
}

fn records(kind: u8, records: &[(&str, &str)]) -> Block {
    let mut data = String::new();
    for (key, value) in records {
        let least = key.len() + value.len() + 3;
        let length = (1..4).map(|digits| least + digits).find(|length| length.to_string().len() + least == *length);
        writeln!(data, "{} {key}={value}", length.unwrap()).unwrap();
    }
    block(kind, "././@PaxHeader", data.as_bytes())
}

/// The blocks behind those of a good source archive.
fn archive_of(more: &[Block]) -> Vec<u8> {
    let good = [file("PKG-INFO", METADATA.as_bytes()), file("LICENSE", b"MIT\n")];
    good.iter().chain(more).flat_map(Block::bytes).collect()
}

fn ended(mut tar: Vec<u8>) -> Vec<u8> {
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn sdist(more: &[Block]) -> Vec<u8> {
    gzip(&ended(archive_of(more)))
}

#[test]
fn what_only_some_readers_see_is_an_error() {
    let evil = file("setup.py", format!("{TOKEN}{}", "a".repeat(150)).as_bytes());
    let hidden = evil.bytes();
    let plain = file("a.py", b"x");
    let long = format!("{TOP}long.py\0");
    for (what, blocks) in [
        ("data of a folder", vec![block(b'5', &format!("{TOP}d/"), &hidden)]),
        ("data of a hard link", vec![block(b'1', &format!("{TOP}l"), &hidden).with(157, b"x")]),
        ("data of a symbolic link", vec![block(b'2', &format!("{TOP}l"), &hidden).with(157, b"x")]),
        ("a prefix in GNU's format", vec![plain.clone().with(257, b"ustar  \0").with(345, b"../evil")]),
        ("a prefix in the old format", vec![plain.clone().with(257, &[0; 8]).with(345, b"../evil")]),
        ("a mode that is no number", vec![plain.clone().with(100, b"zzzzzzz"), evil.clone()]),
        ("an owner that is no number", vec![plain.clone().with(108, b"8"), evil.clone()]),
        ("a group that is no number", vec![plain.clone().with(116, b"0x1"), evil.clone()]),
        ("a time that is no number", vec![plain.clone().with(136, b"12 34"), evil.clone()]),
        ("a device that is no number", vec![plain.clone().with(329, b"\xfe"), evil.clone()]),
        ("a device's second number", vec![plain.clone().with(337, b"9"), evil.clone()]),
        ("a size that is negative", vec![plain.clone().with(124, &[0xff; 12]), evil.clone()]),
        ("a size as only Python reads it", vec![plain.clone().with(124, b"0o1\0")]),
        ("a name for all members", vec![records(b'g', &[("path", "other/x")]), plain.clone()]),
        ("a size for all members", vec![records(b'g', &[("size", "1")]), plain.clone()]),
        ("two sizes", vec![records(b'x', &[("size", "512")]), plain.clone()]),
        ("a size that is none", vec![records(b'x', &[("size", "x")]), plain.clone()]),
        ("records beyond their end", vec![block(b'x', "x", b"99 path=a\n"), plain.clone()]),
        ("records that are none", vec![block(b'x', "x", b"path=a\n"), plain.clone()]),
        ("holes for some", vec![records(b'x', &[("GNU.sparse.foo", "1")]), plain.clone()]),
        (
            "a long name beyond its end",
            vec![block(b'L', "x", long.as_bytes()).with(124, b"00000000003"), plain.clone()],
        ),
        (
            "two names",
            vec![
                block(b'L', "x", long.as_bytes()),
                records(b'x', &[("path", "sample_package-1.0.0/b")]),
                plain.clone(),
            ],
        ),
        ("a file with a folder's name", vec![file("d/", b"x")]),
        ("a folder to some versions", vec![block(b'L', "x", long.as_bytes()), block(0, &format!("{TOP}d/"), b"x")]),
    ] {
        let found = codes(SDIST_NAME, &sdist(&blocks));
        assert!(found.contains(&"archive-hidden"), "{what}: {found:?}");
    }
    let second = [ended(archive_of(&[])), evil.bytes()].concat();
    assert_eq!(codes(SDIST_NAME, &gzip(&second)), ["archive-hidden"]);
    let streams = [sdist(&[]), gzip(&ended(hidden))].concat();
    assert_eq!(codes(SDIST_NAME, &streams), ["archive-hidden"]);
}

#[test]
fn what_python_sees_is_judged() {
    let evil = block(b'0', "../../../tmp/evil.py", b"x").bytes();
    let in_folder = sdist(&[block(b'5', &format!("{TOP}d/"), &evil)]);
    assert!(codes(SDIST_NAME, &in_folder).contains(&"member-path"));
    let in_prefix = sdist(&[file("a.py", b"x").with(257, b"ustar  \0").with(345, b"../../evil")]);
    assert!(codes(SDIST_NAME, &in_prefix).contains(&"member-path"));
    let renamed = sdist(&[records(b'g', &[("path", "other/x")]), file("a.py", b"x")]);
    assert!(codes(SDIST_NAME, &renamed).contains(&"sdist-folder"));
    let token = format!("{TOKEN}{}", "a".repeat(150));
    let tar = archive_of(&[file("setup.py", token.as_bytes())]);
    // The second stream goes on where the first one ends.
    let (first, second) = tar.split_at(700);
    assert_eq!(codes(SDIST_NAME, &[gzip(first), gzip(&ended(second.to_vec()))].concat()), ["member-token"]);
}

#[test]
fn what_archivers_write_is_good() {
    let tar = ended(archive_of(&[]));
    let (first, second) = tar.split_at(100);
    let padded = [gzip(first), vec![0; 20], gzip(second)].concat();
    for (what, bytes) in [
        ("streams one behind the other", [gzip(first), gzip(second)].concat()),
        ("an empty stream in front", [gzip(b""), gzip(&tar)].concat()),
        ("an empty stream behind", [gzip(&tar), gzip(b"")].concat()),
        ("zeros between streams", padded),
        ("zeros behind the last one", [gzip(&tar), vec![0; 512]].concat()),
        ("no end blocks", gzip(&archive_of(&[]))),
        ("a comment for all", gzip(&ended([records(b'g', &[("comment", "4c1e")]).bytes(), tar.clone()].concat()))),
        ("a long name", sdist(&[block(b'L', "././@LongLink", format!("{TOP}b.py\0").as_bytes()), file("a", b"x")])),
        (
            "a name in records",
            sdist(&[records(b'x', &[("path", "sample_package-1.0.0/b"), ("mtime", "1.5")]), file("a", b"")]),
        ),
        (
            "a long name that is cut off behind a folder",
            sdist(&[records(b'x', &[("path", &format!("{TOP}d/a"))]), file("d/", b"x")]),
        ),
        ("its own size in records", sdist(&[records(b'x', &[("size", "1")]), file("a", b"x")])),
        ("a prefix", sdist(&[block(b'0', "a.py", b"x").with(345, TOP.trim_end_matches('/').as_bytes())])),
        ("an old header", sdist(&[file("a.py", b"x").with(156, &[0]).with(257, &[0; 8])])),
        ("a folder", sdist(&[block(b'5', &format!("{TOP}d/"), b"")])),
        ("a binary size", sdist(&[file("a.py", b"x").with(124, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])])),
    ] {
        assert_eq!(codes(SDIST_NAME, &bytes), [""; 0], "{what}");
    }
}

#[test]
fn pkg_info_may_be_a_link() {
    let link = |kind, target: &str| {
        let text = block(b'0', &format!("{TOP}egg/PKG-INFO"), METADATA.as_bytes()).bytes();
        let link = block(kind, &format!("{TOP}PKG-INFO"), b"").with(157, target.as_bytes()).bytes();
        gzip(&ended([text, file("LICENSE", b"MIT\n").bytes(), link].concat()))
    };
    assert_eq!(codes(SDIST_NAME, &link(b'1', "sample_package-1.0.0/egg/PKG-INFO")), [""; 0]);
    assert_eq!(codes(SDIST_NAME, &link(b'2', "egg/PKG-INFO")), [""; 0]);
    let problems = super::check(SDIST_NAME, &link(b'2', "egg/none")).problems;
    assert_eq!(problems[0].code, "metadata-missing");
    assert_eq!(problems[0].message, "sample_package-1.0.0/PKG-INFO is a link to egg/none, where there is no file");
    assert_eq!(problems[0].index_says, None);
    let special = [block(b'V', &format!("{TOP}PKG-INFO"), METADATA.as_bytes()), file("LICENSE", b"MIT\n")];
    let bytes = gzip(&ended(special.iter().flat_map(Block::bytes).collect()));
    let problems = super::check(SDIST_NAME, &bytes).problems;
    let missing = problems.iter().find(|problem| problem.code == "metadata-missing").unwrap();
    assert_eq!((missing.message.as_str(), &missing.index_says), ("sample_package-1.0.0/PKG-INFO is not a file", &None));
}

#[test]
fn what_is_kept_of_an_archive_is_bounded() {
    let limits = Limits { metadata_bytes: 700, ..Limits::default() };
    let read = |blocks: &[Block]| {
        let bytes = sdist(blocks);
        let name = FileName::parse(SDIST_NAME).unwrap();
        archive::read(&mut Cursor::new(&bytes), bytes.len() as u64, &name, &limits)
    };
    assert!(read(&[]).is_ok());
    let second = block(b'0', "a/PKG-INFO", METADATA.as_bytes());
    assert!(matches!(read(&[second]), Err(ReadFailure::Unreadable(Unreadable::MetadataTooLarge { .. }))));
    let long = block(b'L', "x", "n".repeat(700).as_bytes());
    assert!(matches!(read(&[long, file("a", b"")]), Err(ReadFailure::Unreadable(Unreadable::NamesTooLong(700)))));
    let blocks: Vec<Block> = std::iter::repeat_n(block(b'5', "d", b"").with(124, b"00000000001"), 1500).collect();
    let tar = ended(archive_of(&blocks));
    assert_eq!(ours(&tar).unwrap().flaws.len(), 1000);
}

#[test]
fn the_index_is_quoted_where_it_answers() {
    let good = sdist(&[]);
    let mut other_sum = good.clone();
    let sum = other_sum.len() - 8;
    other_sum[sum] ^= 1;
    let tar = ended(archive_of(&[]));
    let first_is_wrong = [file("a", b"").with(100, b"x").bytes(), tar.clone()].concat();
    let no_member = [archive_of(&[]), records(b'x', &[("path", "a")]).bytes()].concat();
    for (what, bytes, code, says) in [
        ("another checksum", other_sum, "archive-checksum", None),
        ("no trailer", good[..good.len() - 8].to_vec(), "archive-checksum", None),
        ("more behind", [&good[..], b"more"].concat(), "archive-trailing", None),
        ("more behind the tar", gzip(&[&tar[..], b"more"].concat()), "archive-trailing", None),
        (
            "no archive",
            b"hello".to_vec(),
            "archive-unreadable",
            Some("Invalid distribution file. File is not a tarfile"),
        ),
        ("no gzip", tar, "archive-unreadable", Some("Invalid distribution file.")),
        (
            "a first header that is none",
            gzip(&first_is_wrong),
            "archive-unreadable",
            Some("Invalid distribution file. File is not a tarfile"),
        ),
        ("folders that begin alike", sdist(&[block(b'0', "sample_package-1.0.0b/a", b"x")]), "sdist-folder", None),
        ("records without a member", gzip(&ended(no_member)), "archive-unreadable", Some("Invalid distribution file.")),
    ] {
        let inspection = super::check(SDIST_NAME, &bytes);
        let problem = inspection.problems.iter().find(|problem| problem.code == code);
        assert_eq!(problem.map(|problem| problem.index_says.as_deref()), Some(says), "{what}: {:?}", said(&inspection));
    }
}

/// What Python and we say of an archive: its members, or why it is not read.
fn ours(tar: &[u8]) -> Result<Archive, Unreadable> {
    let bytes = gzip(tar);
    let name = FileName::parse(SDIST_NAME).unwrap();
    match archive::read(&mut Cursor::new(&bytes), bytes.len() as u64, &name, &Limits::default()) {
        Ok(archive) => Ok(archive),
        Err(ReadFailure::Unreadable(why)) => Err(why),
        Err(ReadFailure::Io(error)) => panic!("{error}"),
    }
}

fn theirs(archives: &[Vec<u8>]) -> Vec<serde_json::Value> {
    let lines: Vec<String> = archives.iter().map(|bytes| BASE64_STANDARD.encode(bytes)).collect();
    let run =
        peers::python().args(["-c", include_str!("list_tar.py")]).stdin(lines.join("\n")).output().expect_success();
    let answers: Vec<serde_json::Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), archives.len());
    answers
}

fn bases() -> Vec<Vec<Block>> {
    let long = format!("{TOP}{}/long.py", "n".repeat(90));
    let gnu = |block: Block| block.with(257, b"ustar  \0");
    vec![
        vec![
            file("PKG-INFO", METADATA.as_bytes()),
            file("a.py", b"x"),
            block(b'5', &format!("{TOP}d/"), b""),
            file("b", b"yy"),
        ],
        vec![
            gnu(block(b'5', TOP, b"")),
            gnu(block(b'L', "././@LongLink", format!("{long}\0").as_bytes())),
            gnu(block(b'0', &long[..100], b"z")),
            gnu(file("a.py", &[b'x'; 600])),
        ],
        vec![
            records(b'g', &[("comment", "4c1e")]),
            records(b'x', &[("path", &long), ("mtime", "1.5")]),
            file("a.py", b"x"),
            block(b'2', &format!("{TOP}l"), b"").with(157, b"a.py"),
            file("b.py", b"y"),
        ],
    ]
}

/// The blocks with one field of one of them changed.
fn mutated(blocks: &[Block], chance: &mut Chance) -> Vec<u8> {
    const FIELDS: [(usize, usize); 13] = [
        (0, 100),
        (100, 8),
        (108, 8),
        (116, 8),
        (124, 12),
        (136, 12),
        (156, 1),
        (157, 100),
        (257, 8),
        (265, 32),
        (329, 8),
        (337, 8),
        (345, 155),
    ];
    const NUMBERS: [&[u8]; 16] = [
        b"12 34", b"-1", b"+7", b"0x1", b"8", b"abc", b"0o7", b"1_0", b" 7", b"7\0junk", b"\t7", b"\x80", b"\xff",
        b"777", b"0", b"1000",
    ];
    const NAMES: [&[u8]; 9] = [
        b"a/b",
        b"../x",
        b"/x",
        b"sample_package-1.0.0/z",
        b"sample_package-1.0.0/z/",
        b"./sample_package-1.0.0/z",
        b"",
        b"\xe9",
        b"ustar  \0",
    ];
    const KINDS: &[u8] = b"0\x001234567LKSxgXDMVNA";
    let mut blocks = blocks.to_vec();
    let at = chance.below(blocks.len());
    match chance.below(10) {
        0 => blocks.insert(at, blocks[chance.below(blocks.len())].clone()),
        1 => drop(blocks.remove(at)),
        2 if !blocks[at].data.is_empty() => {
            let place = chance.below(blocks[at].data.len());
            blocks[at].data[place] = b"\0 =\n0159az"[chance.below(10)];
        }
        _ => {
            let (start, length) = FIELDS[chance.below(FIELDS.len())];
            let value = match chance.below(4) {
                0 => vec![u8::try_from(chance.below(256)).unwrap(); length],
                1 if length > 1 => NUMBERS[chance.below(NUMBERS.len())].to_vec(),
                _ if length == 1 => vec![KINDS[chance.below(KINDS.len())]],
                _ => NAMES[chance.below(NAMES.len())].to_vec(),
            };
            let mut field = value;
            field.resize(length, 0);
            blocks[at] = blocks[at].clone().with(start, &field);
        }
    }
    ended(blocks.iter().flat_map(Block::bytes).collect())
}

#[test]
fn what_is_not_ambiguous_is_what_python_reads() {
    let mut chance = Chance(0x51ed_270b_9f1c_3a77);
    let bases = bases();
    let archives: Vec<Vec<u8>> = (0..3000).map(|number| mutated(&bases[number % bases.len()], &mut chance)).collect();
    let (mut read, mut hidden) = (0, 0);
    for (bytes, theirs) in archives.iter().zip(theirs(&archives)) {
        let shown = || BASE64_STANDARD.encode(gzip(bytes));
        let archive = match ours(bytes) {
            Ok(archive) => archive,
            Err(Unreadable::NoTar(why)) => {
                assert_eq!(theirs, "no tar", "{why}: {}", shown());
                continue;
            }
            Err(Unreadable::Damaged(_)) => continue,
            Err(why) => {
                assert!(theirs.is_string(), "{why}: {theirs} {}", shown());
                continue;
            }
        };
        if archive.flaws.iter().any(|flaw| flaw.kind == FlawKind::Hidden) {
            hidden += 1;
            continue;
        }
        if archive.members.iter().any(|member| member.kind == MemberKind::Sparse) {
            assert!(theirs.is_string(), "{theirs} {}", shown());
            continue;
        }
        let members: Vec<[String; 3]> = archive.members.iter().map(listed).collect();
        let theirs: Result<Vec<[String; 3]>, _> = serde_json::from_value(theirs.clone());
        let theirs = theirs.unwrap_or_else(|_| panic!("{members:?} {}", shown()));
        assert_eq!(members, theirs, "{}", shown());
        read += 1;
    }
    assert!(read > 1000 && hidden > 300, "{read} were read, {hidden} are ambiguous");
}

/// A member as the list of Python has it: path, target, and digest or kind.
fn listed(member: &archive::Member) -> [String; 3] {
    let (target, kind) = match &member.kind {
        MemberKind::File => ("", member.sha256.map(|digest: Sha256| digest.to_string()).unwrap_or_default()),
        MemberKind::Folder => ("", "5".to_owned()),
        MemberKind::SymbolicLink { target } => (target.as_str(), "2".to_owned()),
        MemberKind::HardLink { target } => (target.as_str(), "1".to_owned()),
        MemberKind::Special => ("", "special".to_owned()),
        MemberKind::Sparse => ("", "sparse".to_owned()),
    };
    [member.path.clone(), target.to_owned(), kind]
}
