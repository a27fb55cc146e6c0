//! The `.dist-info` folder of a wheel: WHEEL, RECORD, entry points.

use std::collections::BTreeSet;

use super::{Card, Note, Rule, note_if};
use crate::{
    FileName, Level,
    inspect::Facts,
    wheel::{Record, RecordError, RecordHash, WheelFile, parse_entry_points, parse_record, parse_wheel},
};

const REBUILD: &str = "build again with `python -m build`; do not change wheels by hand";

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "wheel-dist-info",
            level: Level::Error,
            says: "there is one .dist-info folder, spelled as the wheel's name",
            why: "installers find the metadata by it, and refuse a second one",
            index: "",
            hint: REBUILD,
        },
        check: dist_info,
    },
    Rule {
        card: Card {
            code: "wheel-file",
            level: Level::Error,
            says: "WHEEL is there and of a version 1.x",
            why: "installers refuse what they do not know",
            index: "WHEEL not found at …",
            hint: REBUILD,
        },
        check: wheel_file,
    },
    Rule {
        card: Card {
            code: "wheel-tags",
            level: Level::Warning,
            says: "the tags and the build number in WHEEL are those of the name",
            why: "a wheel that was renamed is installed where it does not run",
            index: "",
            hint: "use `wheel tags` to change the tags of a wheel, which changes both",
        },
        check: tags,
    },
    Rule {
        card: Card {
            code: "record-missing",
            level: Level::Error,
            says: "RECORD is there and can be read",
            why: "a package without it cannot be uninstalled",
            index: "Wheel '…' does not contain the required RECORD file: …",
            hint: REBUILD,
        },
        check: record_missing,
    },
    Rule {
        card: Card {
            code: "record-names",
            level: Level::Error,
            says: "RECORD lists exactly the files of the wheel",
            why: "tools that read the one install other files than tools that read the other; PyPI writes to all owners and will refuse it",
            index: "",
            hint: REBUILD,
        },
        check: record_names,
    },
    Rule {
        card: Card {
            code: "record-digest",
            level: Level::Error,
            says: "each file has the digest and the size that RECORD gives",
            why: "installers that compare them refuse the wheel",
            index: "",
            hint: "the wheel was changed after it was built; build again",
        },
        check: record_digest,
    },
    Rule {
        card: Card {
            code: "record-hash",
            level: Level::Warning,
            says: "RECORD gives a digest by SHA-256, SHA-384 or SHA-512 for each file but itself and its signatures",
            why: "without one nobody can tell whether an installed file was changed; MD5, SHA-1 and SHA-224 are not allowed (PEP 427), and other digests are not compared here",
            index: "",
            hint: "build again with a current version of the build backend",
        },
        check: record_hashes,
    },
    Rule {
        card: Card {
            code: "record-twice",
            level: Level::Warning,
            says: "RECORD lists no file twice",
            why: "the rows can contradict each other",
            index: "",
            hint: REBUILD,
        },
        check: record_twice,
    },
    Rule {
        card: Card {
            code: "entry-points",
            level: Level::Error,
            says: "entry_points.txt can be read and names scripts with letters, digits, `.`, `-` and `_`",
            why: "a script of another name could be written anywhere",
            index: "Wheel '…' has invalid entry points: …",
            hint: "correct `scripts` or `entry-points` in pyproject.toml",
        },
        check: entry_points,
    },
];

fn dist_info(facts: &Facts<'_>) -> Vec<Note> {
    let (Some(archive), Some(expected), true) = (facts.archive(), facts.metadata_folder(), facts.is_wheel()) else {
        return Vec::new();
    };
    let tops = archive.members.iter().filter_map(|member| member.path.split_once('/').map(|(top, _)| top));
    let folders: BTreeSet<&str> = tops.filter(|top| top.ends_with(".dist-info")).collect();
    let others: Vec<&str> = folders.iter().copied().filter(|folder| *folder != expected).collect();
    let mut notes = Vec::new();
    if !folders.contains(expected.as_str()) {
        notes.push(Note::new(format!("there is no folder {expected}")));
    }
    if !others.is_empty() {
        notes.push(Note::new(format!("there is {} as well or instead", others.join(", "))));
    }
    notes
}

/// Whether the wheel was read and its .dist-info folder is where it should be.
fn has_dist_info(facts: &Facts<'_>) -> bool {
    let (Some(archive), Some(folder)) = (facts.archive(), facts.metadata_folder().filter(|_| facts.is_wheel())) else {
        return false;
    };
    let begins = format!("{folder}/");
    archive.members.iter().any(|member| member.path.starts_with(&begins))
}

/// WHEEL of a wheel whose .dist-info folder is where it should be.
fn parsed_wheel(facts: &Facts<'_>) -> Option<WheelFile> {
    parse_wheel(facts.dist_info("WHEEL")?)
}

fn wheel_file(facts: &Facts<'_>) -> Vec<Note> {
    if !has_dist_info(facts) {
        return Vec::new();
    }
    let Some(bytes) = facts.dist_info("WHEEL") else {
        let path = format!("{}/WHEEL", facts.metadata_folder().unwrap_or_default());
        return vec![Note::new("WHEEL is missing").index(format!("WHEEL not found at {path}"))];
    };
    // PyPI only looks whether it is there.
    let own = |message: String| Note::new(message).index("");
    match parse_wheel(bytes).and_then(|wheel| wheel.wheel_version) {
        None => vec![own("WHEEL cannot be read, or has no Wheel-Version".to_owned())],
        Some(version) => {
            let major = version.split('.').next().unwrap_or_default();
            note_if(major != "1", || own(format!("Wheel-Version is {version}, installers know 1.x")))
        }
    }
}

fn tags(facts: &Facts<'_>) -> Vec<Note> {
    let (Some(wheel), Ok(FileName::Wheel { tags, build, .. })) = (parsed_wheel(facts), &facts.name) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    if wheel.tags != tags.expanded() {
        let (inside, outside) = (wheel.tags.join(", "), tags.expanded().join(", "));
        notes.push(Note::new(format!("WHEEL has {inside}, the name {outside}")));
    }
    if wheel.build.is_some() && wheel.build != *build {
        notes.push(Note::new(format!(
            "WHEEL has the build number {}, the name {}",
            wheel.build.as_deref().unwrap_or_default(),
            build.as_deref().unwrap_or("none")
        )));
    }
    if wheel.root_is_purelib.is_some_and(|value| value.eq_ignore_ascii_case("false")) && tags.platform == "any" {
        notes.push(Note::new("WHEEL says that it holds machine code, the name that it runs on any platform"));
    }
    notes
}

fn record(facts: &Facts<'_>) -> Option<Result<Record, RecordError>> {
    facts.dist_info("RECORD").map(parse_record)
}

fn record_missing(facts: &Facts<'_>) -> Vec<Note> {
    if !has_dist_info(facts) {
        return Vec::new();
    }
    let folder = facts.metadata_folder().unwrap_or_default();
    let answer = format!("Wheel '{}' does not contain the required RECORD file: {folder}/RECORD", facts.file_name);
    match record(facts) {
        None => vec![Note::new("RECORD is missing").index(answer)],
        Some(Err(error)) => vec![Note::new(error.to_string()).index(answer)],
        Some(Ok(_)) => Vec::new(),
    }
}

/// The part of a path behind the .dist-info folder.
fn in_dist_info<'p>(facts: &Facts<'_>, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(facts.metadata_folder()?.as_str())?.strip_prefix('/')
}

/// Signatures of RECORD, which it cannot list.
fn is_signature(facts: &Facts<'_>, path: &str) -> bool {
    matches!(in_dist_info(facts, path), Some("RECORD.jws" | "RECORD.p7s"))
}

/// Files that RECORD cannot give a digest of.
fn is_exempt(facts: &Facts<'_>, path: &str) -> bool {
    is_signature(facts, path) || in_dist_info(facts, path) == Some("RECORD")
}

fn record_names(facts: &Facts<'_>) -> Vec<Note> {
    let (Some(Ok(record)), Some(archive)) = (record(facts), facts.archive()) else {
        return Vec::new();
    };
    let is_folder = |path: &str| path.ends_with(['/', '\\']);
    let there: BTreeSet<&str> = archive
        .members
        .iter()
        .map(|member| member.path.as_str())
        .filter(|path| !is_folder(path) && !is_signature(facts, path))
        .collect();
    let missing = there.iter().filter(|path| !record.rows.contains_key(**path));
    let absent = record.rows.keys().filter(|path| !there.contains(path.as_str()));
    let mut notes: Vec<Note> = missing.map(|path| format!("{path} is not in RECORD").into()).collect();
    notes.extend(absent.map(|path| {
        if is_signature(facts, path) {
            Note::new(format!("{path} is in RECORD, which it signs"))
        } else {
            Note::new(format!("{path} is in RECORD but not in the wheel"))
        }
    }));
    notes
}

fn record_digest(facts: &Facts<'_>) -> Vec<Note> {
    let (Some(Ok(record)), Some(archive)) = (record(facts), facts.archive()) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    for member in archive.files() {
        let (Some(row), Some(digest)) = (record.rows.get(&member.path), &member.sha256) else {
            continue;
        };
        let given = row.hash.as_deref().and_then(RecordHash::parse);
        let is_other = given.is_some_and(|given| given.differs(digest, member.strong.as_deref()));
        if is_other {
            notes.push(Note::new(format!("{} has another digest than RECORD gives", member.path)));
        } else if row.size.as_deref().is_some_and(|size| size.trim().parse() != Ok(member.size)) {
            notes.push(Note::new(format!("{} has another size than RECORD gives", member.path)));
        }
    }
    notes
}

fn record_hashes(facts: &Facts<'_>) -> Vec<Note> {
    let Some(Ok(record)) = record(facts) else {
        return Vec::new();
    };
    let unread = record.rows.iter().filter(|(path, row)| {
        let given = row.hash.as_deref().and_then(RecordHash::parse);
        given.is_none() && !is_exempt(facts, path) && !path.ends_with('/')
    });
    let mut notes: Vec<Note> = unread
        .map(|(path, row)| match row.hash.as_deref().map(|hash| hash.split('=').next().unwrap_or_default()) {
            None => format!("{path} has no digest").into(),
            Some("md5" | "sha1" | "sha224") => format!("{path} has a weak digest").into(),
            Some(other) => format!("{path} has a digest ({other}) that was not compared").into(),
        })
        .collect();
    let own = record.rows.iter().find(|(path, row)| in_dist_info(facts, path) == Some("RECORD") && row.hash.is_some());
    notes.extend(own.map(|(path, _)| Note::new(format!("{path} has a digest, which it cannot have of itself"))));
    notes
}

fn record_twice(facts: &Facts<'_>) -> Vec<Note> {
    match record(facts) {
        Some(Ok(record)) => record.repeated.into_iter().map(|path| format!("{path} is listed twice").into()).collect(),
        _ => Vec::new(),
    }
}

fn entry_points(facts: &Facts<'_>) -> Vec<Note> {
    let error = facts.dist_info("entry_points.txt").map(parse_entry_points).and_then(Result::err);
    error
        .map(|error| {
            let answer = format!("Wheel '{}' has invalid entry points: {}", facts.file_name, error.index());
            Note::new(error.to_string()).index(answer)
        })
        .into_iter()
        .collect()
}
