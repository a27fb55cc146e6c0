//! The archive as such: what unpacking it would do.

use std::collections::BTreeMap;

use super::Rule;
use crate::{
    Level,
    archive::{FlawKind, MemberKind},
    inspect::Facts,
};

const REBUILD: &str = "build again with `python -m build`; do not pack or change archives by hand";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "archive-unreadable",
        level: Level::Error,
        says: "the archive can be read to its end within the limits for members and unpacked size",
        hint: REBUILD,
        check: unreadable,
    },
    Rule {
        code: "archive-framing",
        level: Level::Error,
        says: "a zip's records agree, fill the file and need no data descriptor (PyPI refuses others)",
        hint: REBUILD,
        check: |facts| flaws(facts, FlawKind::Framing),
    },
    Rule {
        code: "archive-compression",
        level: Level::Error,
        says: "members are stored or deflated, and not encrypted",
        hint: REBUILD,
        check: |facts| flaws(facts, FlawKind::Compression),
    },
    Rule {
        code: "archive-checksum",
        level: Level::Error,
        says: "every member unpacks to the size and checksum that the archive gives",
        hint: "the file was damaged after the build; build again",
        check: |facts| flaws(facts, FlawKind::Checksum),
    },
    Rule {
        code: "archive-trailing",
        level: Level::Warning,
        says: "nothing stands behind the end of a source archive",
        hint: REBUILD,
        check: |facts| flaws(facts, FlawKind::TrailingBytes),
    },
    Rule {
        code: "member-path",
        level: Level::Error,
        says: "no member's path is absolute, leads out of the folder or holds control characters",
        hint: REBUILD,
        check: paths,
    },
    Rule {
        code: "member-twice",
        level: Level::Error,
        says: "no two members have the same path",
        hint: REBUILD,
        check: twice,
    },
    Rule {
        code: "member-case",
        level: Level::Warning,
        says: "no two paths differ in case only (one of them is lost on Windows and macOS)",
        hint: "rename one of the files in the project",
        check: case,
    },
    Rule {
        code: "member-windows",
        level: Level::Warning,
        says: "no file has a name that Windows reserves (con, aux, nul, com1, …)",
        hint: "rename the file in the project",
        check: windows,
    },
    Rule {
        code: "member-link",
        level: Level::Error,
        says: "links stay inside the source archive's top folder; a wheel has none",
        hint: "replace the link by the file it stands for",
        check: links,
    },
    Rule {
        code: "member-special",
        level: Level::Error,
        says: "members are files, folders and links: no devices, pipes or sparse files",
        hint: REBUILD,
        check: special,
    },
    Rule {
        code: "sdist-folder",
        level: Level::Error,
        says: "a source archive has one top folder, named as the archive",
        hint: REBUILD,
        check: top_folder,
    },
    Rule {
        code: "member-private",
        level: Level::Warning,
        says: "the archive holds no key, environment or credentials file",
        hint: "exclude it in the build configuration; if it was ever published, replace what it protects",
        check: private,
    },
    Rule {
        code: "member-litter",
        level: Level::Warning,
        says: "the archive holds no caches, editor or repository files",
        hint: "exclude it in the build configuration",
        check: litter,
    },
];

fn unreadable(facts: &Facts<'_>) -> Vec<String> {
    match &facts.archive {
        Some(Err(why)) => vec![why.to_string()],
        _ => Vec::new(),
    }
}

fn flaws(facts: &Facts<'_>, kind: FlawKind) -> Vec<String> {
    let flaws = facts.archive().into_iter().flat_map(|archive| &archive.flaws);
    flaws.filter(|flaw| flaw.kind == kind).map(|flaw| flaw.message.clone()).collect()
}

/// The path of every member for which `is_wrong` holds, with what is wrong behind it.
fn members(facts: &Facts<'_>, is_wrong: impl Fn(&str) -> Option<&'static str>) -> Vec<String> {
    let members = facts.archive().into_iter().flat_map(|archive| &archive.members);
    members.filter_map(|member| is_wrong(&member.path).map(|what| format!("{}: {what}", member.path))).collect()
}

fn paths(facts: &Facts<'_>) -> Vec<String> {
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

fn windows(facts: &Facts<'_>) -> Vec<String> {
    members(facts, |path| path.split('/').any(is_reserved).then_some("the path holds a name that Windows reserves"))
}

fn is_reserved(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn twice(facts: &Facts<'_>) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for member in facts.archive().into_iter().flat_map(|archive| &archive.members) {
        if member.kind != MemberKind::Folder {
            *count.entry(normal_path(&member.path)).or_default() += 1;
        }
    }
    let repeated = count.into_iter().filter(|(_, count)| *count > 1);
    repeated.map(|(path, count)| format!("{path}: {count} members have this path")).collect()
}

fn normal_path(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path).trim_end_matches('/')
}

fn case(facts: &Facts<'_>) -> Vec<String> {
    let mut by_folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for member in facts.archive().into_iter().flat_map(|archive| &archive.members) {
        let path = normal_path(&member.path);
        let same = by_folded.entry(path.to_lowercase()).or_default();
        if !same.contains(&path) {
            same.push(path);
        }
    }
    by_folded.into_values().filter(|same| same.len() > 1).map(|same| same.join(" and ")).collect()
}

fn links(facts: &Facts<'_>) -> Vec<String> {
    let mut messages = Vec::new();
    for member in facts.archive().into_iter().flat_map(|archive| &archive.members) {
        let (from, target) = match &member.kind {
            MemberKind::SymbolicLink { target } => (normal_path(&member.path), target),
            // A hard link's target is named from the archive's root.
            MemberKind::HardLink { target } => ("", target),
            _ => continue,
        };
        if facts.is_wheel() {
            messages.push(format!("{}: a link, which installers write as a text file", member.path));
        } else if leaves_top_folder(from, target) {
            messages.push(format!("{}: a link to {target}, outside of the archive's folder", member.path));
        }
    }
    messages
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

fn special(facts: &Facts<'_>) -> Vec<String> {
    let members = facts.archive().into_iter().flat_map(|archive| &archive.members);
    members
        .filter_map(|member| match member.kind {
            MemberKind::Special => Some(format!("{}: a device, pipe or other special file", member.path)),
            MemberKind::Sparse => Some(format!("{}: a sparse file", member.path)),
            _ => None,
        })
        .collect()
}

fn top_folder(facts: &Facts<'_>) -> Vec<String> {
    let (Some(archive), Some(expected)) = (facts.archive(), facts.metadata_folder()) else {
        return Vec::new();
    };
    if facts.is_wheel() {
        return Vec::new();
    }
    let mut tops: Vec<&str> = archive
        .members
        .iter()
        .map(|member| normal_path(&member.path).split('/').next().unwrap_or_default())
        .filter(|top| !top.is_empty())
        .collect();
    tops.sort_unstable();
    tops.dedup();
    match tops[..] {
        [top] if top == expected => Vec::new(),
        [top] => vec![format!("the top folder is {top}, not {expected}")],
        _ => vec![format!("there are {} top folders: {}", tops.len(), tops.join(", "))],
    }
}

fn private(facts: &Facts<'_>) -> Vec<String> {
    members(facts, |path| {
        let file = path.rsplit('/').next().unwrap_or_default();
        let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let named = matches!(
            file,
            ".env"
                | ".pypirc"
                | ".netrc"
                | ".npmrc"
                | ".git-credentials"
                | "id_rsa"
                | "id_ed25519"
                | "id_ecdsa"
                | "id_dsa"
        );
        let kept = match extension.as_deref() {
            Some("p12" | "pfx" | "kdbx" | "jks") => true,
            // Certificates are public and come in the same format.
            Some("pem") => file.to_ascii_lowercase().contains("key"),
            _ => false,
        };
        (named || kept).then_some("a file that usually holds secrets")
    })
}

fn litter(facts: &Facts<'_>) -> Vec<String> {
    members(facts, |path| {
        let mut parts = path.split('/');
        let is_litter = parts.any(|part| {
            matches!(
                part,
                "__pycache__" | ".git" | ".DS_Store" | ".idea" | ".vscode" | ".tox" | ".mypy_cache" | ".pytest_cache"
            )
        });
        (is_litter && !path.ends_with('/')).then_some("not part of a distribution")
    })
}
