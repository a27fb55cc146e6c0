//! The archive as such: what unpacking it would do.

use std::collections::BTreeMap;

use super::{Card, Note, Rule, note_if};
use crate::{
    Level,
    archive::{FlawKind, HEADER_ELSEWHERE, MemberKind, Unreadable},
    inspect::Facts,
};

const REBUILD: &str = "build again with `python -m build`; do not pack or change archives by hand";

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "archive-unreadable",
            level: Level::Error,
            says: "the archive can be read to its end within the limits for members and metadata",
            why: "what cannot be read here cannot be installed elsewhere",
            index: "Invalid distribution file.",
            hint: REBUILD,
        },
        check: unreadable,
    },
    Rule {
        card: Card {
            code: "archive-bomb",
            level: Level::Error,
            says: "the contents are not more than 64 MiB and at once more than 50 times the size of the file (a warning for a source archive of up to 1 GiB)",
            why: "such an archive fills the disk of who unpacks it; PyPI refuses such wheels",
            index: "File exceeds compression ratio of 50",
            hint: "leave generated data out of the package, or create it at run time",
        },
        check: bomb,
    },
    Rule {
        card: Card {
            code: "archive-framing",
            level: Level::Error,
            says: "a zip's records agree, fill the file and need no data descriptor",
            why: "readers that stream and readers that use the directory would see different archives",
            index: "ZIP archive not accepted: … See https://docs.pypi.org/archives for more information",
            hint: REBUILD,
        },
        check: |facts| flaws(facts, FlawKind::Framing),
    },
    Rule {
        card: Card {
            code: "archive-compression",
            level: Level::Error,
            says: "members are stored or deflated, and not encrypted",
            why: "installers need not know other methods",
            index: "File does not use a supported compression type",
            hint: REBUILD,
        },
        check: |facts| flaws(facts, FlawKind::Compression),
    },
    Rule {
        card: Card {
            code: "archive-checksum",
            level: Level::Error,
            says: "every member unpacks to the size and checksum that the archive gives",
            why: "PyPI does not unpack everything, so a damaged file is found by the first who installs it",
            index: "",
            hint: "the file was damaged after the build; build again",
        },
        check: |facts| flaws(facts, FlawKind::Checksum),
    },
    Rule {
        card: Card {
            code: "archive-hidden",
            level: Level::Error,
            says: "the headers of a source archive hide no members, and mean the same to every reader",
            why: "pip and PyPI read tar archives with Python, which passes over what other tools see and the other way round: behind a broken header, in the data of a folder, in a second archive",
            index: "",
            hint: REBUILD,
        },
        check: |facts| flaws(facts, FlawKind::Hidden),
    },
    Rule {
        card: Card {
            code: "archive-trailing",
            level: Level::Warning,
            says: "nothing stands behind the end of a source archive",
            why: "some tools read what stands there as a second archive",
            index: "",
            hint: REBUILD,
        },
        check: |facts| flaws(facts, FlawKind::TrailingBytes),
    },
    Rule {
        card: Card {
            code: "member-path",
            level: Level::Error,
            says: "no member's path is absolute, leads out of the folder or holds control characters or backslashes",
            why: "unpacking would write outside of the folder; pip refuses such files",
            index: "",
            hint: REBUILD,
        },
        check: paths,
    },
    Rule {
        card: Card {
            code: "member-twice",
            level: Level::Error,
            says: "no two members of a source archive have the same path",
            why: "which of them counts depends on who unpacks it (for wheels: archive-framing)",
            index: "",
            hint: REBUILD,
        },
        check: twice,
    },
    Rule {
        card: Card {
            code: "member-case",
            level: Level::Warning,
            says: "no two paths differ in case only",
            why: "one of them is lost on Windows and macOS",
            index: "",
            hint: "rename one of the files in the project",
        },
        check: case,
    },
    Rule {
        card: Card {
            code: "member-windows",
            level: Level::Warning,
            says: "no file has a name that Windows reserves (con, aux, nul, com1, …)",
            why: "the package cannot be installed on Windows",
            index: "",
            hint: "rename the file in the project",
        },
        check: windows,
    },
    Rule {
        card: Card {
            code: "member-link",
            level: Level::Error,
            says: "links stay inside the source archive's top folder; a wheel has none",
            why: "a link to elsewhere lets a later member write there; installers write links of wheels as text files",
            index: "",
            hint: "replace the link by the file it stands for",
        },
        check: links,
    },
    Rule {
        card: Card {
            code: "member-special",
            level: Level::Error,
            says: "members are files, folders and links: no devices or pipes",
            why: "no package needs them, and installers refuse them",
            index: "",
            hint: REBUILD,
        },
        check: special,
    },
    Rule {
        card: Card {
            code: "member-sparse",
            level: Level::Error,
            says: "no member of a source archive is a sparse file",
            why: "tools disagree about what such a member holds",
            index: "tar archive not accepted: Sparse members are not allowed.",
            hint: "pack without `--sparse`",
        },
        check: sparse,
    },
    Rule {
        card: Card {
            code: "sdist-folder",
            level: Level::Error,
            says: "all members of a source archive lie in one folder",
            why: "that folder is what a build starts in",
            index: "Incorrect number of top-level directories in sdist",
            hint: REBUILD,
        },
        check: top_folder,
    },
    Rule {
        card: Card {
            code: "sdist-folder-name",
            level: Level::Warning,
            says: "the folder of a source archive is named as the archive",
            why: "the specification of source archives asks for it; tools that follow it look there",
            index: "",
            hint: REBUILD,
        },
        check: folder_name,
    },
];

fn unreadable(facts: &Facts<'_>) -> Vec<Note> {
    match &facts.archive {
        Some(Err(Unreadable::TooLarge(_)) | Ok(_)) | None => Vec::new(),
        Some(Err(why)) => {
            let answer = match why {
                // PyPI reads one member only.
                Unreadable::NoZip(HEADER_ELSEWHERE) => "",
                Unreadable::NoZip("it has no end record") => "Invalid distribution file. File is not a zipfile",
                Unreadable::NoTar(_) => "Invalid distribution file. File is not a tarfile",
                Unreadable::Both => "Invalid distribution file. File is both a zip and a tar file",
                Unreadable::NoZip(_) | Unreadable::BrokenTar(_) => "Invalid distribution file.",
                // Our own limits, and damage that PyPI need not see.
                _ => "",
            };
            vec![Note::new(why.to_string()).index(answer)]
        }
    }
}

fn bomb(facts: &Facts<'_>) -> Vec<Note> {
    match &facts.archive {
        Some(Err(why @ Unreadable::TooLarge(_))) if facts.is_wheel() => vec![Note::new(why.to_string())],
        // PyPI holds only zips to it.
        Some(Err(why @ Unreadable::TooLarge(_))) => vec![Note::new(why.to_string()).index("")],
        _ => flaws(facts, FlawKind::Oversized).into_iter().map(|note| note.level(Level::Warning)).collect(),
    }
}

fn flaws(facts: &Facts<'_>, kind: FlawKind) -> Vec<Note> {
    let flaws = facts.archive().into_iter().flat_map(|archive| &archive.flaws).filter(|flaw| flaw.kind == kind);
    let note = |message: &str| Note::new(message);
    flaws
        .map(|flaw| match &flaw.index {
            Some(answer) => note(&flaw.message).index(answer),
            None => note(&flaw.message),
        })
        .collect()
}

/// The path of every member for which `is_wrong` holds, with what is wrong behind it.
pub(super) fn members(facts: &Facts<'_>, is_wrong: impl Fn(&str) -> Option<&'static str>) -> Vec<Note> {
    let members = facts.archive().into_iter().flat_map(|archive| &archive.members);
    let wrong = members.filter_map(|member| is_wrong(&member.path).map(|what| format!("{}: {what}", member.path)));
    wrong.map(Note::from).collect()
}

fn paths(facts: &Facts<'_>) -> Vec<Note> {
    members(facts, |path| {
        let drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
        if path.is_empty() {
            Some("a member without a name")
        } else if path.contains(|c: char| findings_model::text::is_unsafe_to_show(c) || c == '\u{fffd}') {
            Some("the path has characters that cannot be shown")
        } else if path.starts_with('/') || drive {
            Some("the path is absolute")
        } else if path.contains('\\') {
            Some("the path has a backslash, which separates folders on Windows")
        } else if path.split('/').any(|part| part == "..") {
            Some("the path leads out of the folder")
        } else {
            None
        }
    })
}

fn windows(facts: &Facts<'_>) -> Vec<Note> {
    members(facts, |path| path.split('/').any(is_reserved).then_some("the path holds a name that Windows reserves"))
}

fn is_reserved(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn twice(facts: &Facts<'_>) -> Vec<Note> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    if facts.is_wheel() {
        return Vec::new();
    }
    for member in facts.archive().into_iter().flat_map(|archive| &archive.members) {
        if member.kind != MemberKind::Folder {
            *count.entry(normal_path(&member.path)).or_default() += 1;
        }
    }
    let repeated = count.into_iter().filter(|(_, count)| *count > 1);
    repeated.map(|(path, count)| format!("{path}: {count} members have this path").into()).collect()
}

pub(super) fn normal_path(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path).trim_end_matches('/')
}

fn case(facts: &Facts<'_>) -> Vec<Note> {
    let mut by_folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for member in facts.archive().into_iter().flat_map(|archive| &archive.members) {
        let path = normal_path(&member.path);
        let same = by_folded.entry(path.to_lowercase()).or_default();
        if !same.contains(&path) {
            same.push(path);
        }
    }
    by_folded.into_values().filter(|same| same.len() > 1).map(|same| same.join(" and ").into()).collect()
}

fn links(facts: &Facts<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for member in facts.archive().into_iter().flat_map(|archive| &archive.members) {
        let (from, target) = match &member.kind {
            MemberKind::SymbolicLink { target } => (normal_path(&member.path), target),
            // A hard link's target is named from the archive's root.
            MemberKind::HardLink { target } => ("", target),
            _ => continue,
        };
        if facts.is_wheel() {
            notes.push(Note::new(format!("{}: a link, which installers write as a text file", member.path)));
        } else if leaves_top_folder(from, target) {
            notes.push(Note::new(format!("{}: a link to {target}, outside of the archive's folder", member.path)));
        }
    }
    notes
}

/// Whether following `target` from the place of `from` leads out of the archive's single top folder.
fn leaves_top_folder(from: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') || target.contains(['\\', ':']) {
        return true;
    }
    let top = from.split('/').next().filter(|_| from.contains('/'));
    let mut folders: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    folders.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if folders.pop().is_none() {
                    return true;
                }
            }
            other => folders.push(other),
        }
    }
    top.is_some_and(|top| folders.first() != Some(&top))
}

fn of_kind(facts: &Facts<'_>, kind: &MemberKind, what: &str) -> Vec<Note> {
    let members = facts.archive().into_iter().flat_map(|archive| &archive.members);
    let found = members.filter(|member| member.kind == *kind);
    found.map(|member| format!("{}: {what}", member.path).into()).collect()
}

fn special(facts: &Facts<'_>) -> Vec<Note> {
    of_kind(facts, &MemberKind::Special, "a device, pipe or other special file")
}

fn sparse(facts: &Facts<'_>) -> Vec<Note> {
    of_kind(facts, &MemberKind::Sparse, "a sparse file")
}

fn top_folder(facts: &Facts<'_>) -> Vec<Note> {
    let Some(archive) = facts.archive().filter(|_| !facts.is_wheel()) else {
        return Vec::new();
    };
    let tops = tops(facts);
    // PyPI asks for what the paths have in common, letter by letter.
    let has_nothing_common = matches!(archive.common_prefix(), "" | ".");
    note_if(has_nothing_common || tops.len() != 1, || {
        let note = Note::new(format!("there are {} top folders: {}", tops.len(), tops.join(", ")));
        if has_nothing_common { note } else { note.index("") }
    })
}

fn folder_name(facts: &Facts<'_>) -> Vec<Note> {
    match tops(facts)[..] {
        [top] if !facts.is_wheel() => {
            let expected = facts.file_name.strip_suffix(".tar.gz").unwrap_or_default();
            note_if(top != expected, || Note::new(format!("the folder is {top}, not {expected}")))
        }
        _ => Vec::new(),
    }
}

fn tops<'f>(facts: &'f Facts<'_>) -> Vec<&'f str> {
    let members = facts.archive().into_iter().flat_map(|archive| &archive.members);
    let mut tops: Vec<&str> = members
        .map(|member| normal_path(&member.path).split('/').next().unwrap_or_default())
        .filter(|top| !top.is_empty() && *top != ".")
        .collect();
    tops.sort_unstable();
    tops.dedup();
    tops
}
