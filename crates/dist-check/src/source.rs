use std::collections::{BTreeMap, BTreeSet};

use crate::{DistKind, Inspection, Problem, Sha256, grammar::name::normal, rules::source_problem};

/// The project that a source archive was built from, as its repository has it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The names of the tags of the newest commit.
    pub tags: Vec<String>,
    /// Tracked files of the folder that differ from that commit, and files that are staged.
    pub changed: Vec<String>,
    /// The tracked regular files below the folder with the digests of their bytes in the work tree.
    pub files: BTreeMap<String, Sha256>,
}

/// The most files that one problem names.
const MOST_NAMED: usize = 5;

/// Holds a source archive against the project that it was built from; nothing is said of a wheel, or of an archive that cannot
/// be read.
///
/// Codes: `source-tag`, `source-changed` and `source-differs`, each an error (`source-differs` a warning for files that build
/// backends rewrite), `source-extra`, a warning, and `source-left-out`, an information.
pub fn check_source(inspection: &Inspection, source: &Source) -> Vec<Problem> {
    let Some(dist) = inspection.distribution.as_ref().filter(|dist| dist.kind() == DistKind::Sdist) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let mut note = |code, message: String| problems.extend(source_problem(code, message));
    let version = dist.version().to_string();
    if !source.tags.iter().any(|tag| is_tag_of(tag, dist.project().as_str(), &version)) {
        let has = if source.tags.is_empty() { "no tag".to_owned() } else { source.tags.join(", ") };
        note("source-tag", format!("the newest commit has {has}, and none of version {version}"));
    }
    if !source.changed.is_empty() {
        note("source-changed", format!("changed since the newest commit: {}", named(&source.changed)));
    }
    let archived: BTreeMap<&str, Option<Sha256>> = inspection
        .files
        .iter()
        .filter_map(|file| Some((file.path.trim_start_matches("./").split_once('/')?.1, file.sha256)))
        .collect();
    let differs = |path: &&str| {
        let digests = (archived.get(path), source.files.get(*path));
        matches!(digests, (Some(packed), Some(tracked)) if *packed != Some(*tracked))
    };
    let changed: Vec<&str> = archived.keys().copied().filter(differs).collect();
    for path in changed {
        let code = if is_rewritten(path) { "source-rewritten" } else { "source-differs" };
        note(code, format!("{path} has other bytes than the work tree"));
    }
    let extra: Vec<&str> =
        archived.keys().copied().filter(|path| !source.files.contains_key(*path) && !is_generated(path)).collect();
    if !extra.is_empty() {
        note("source-extra", format!("not tracked by git: {}", named(&extra)));
    }
    let there: BTreeSet<&str> = archived.into_keys().collect();
    let left_out: Vec<&str> = source.files.keys().map(String::as_str).filter(|path| !there.contains(path)).collect();
    if !left_out.is_empty() {
        note("source-left-out", format!("tracked and not in the archive: {}", named(&left_out)));
    }
    problems
}

/// Whether a tag is that of a release: `1.2.3`, `v1.2.3`, `name-1.2.3`, `name-v1.2.3`, `name/1.2.3`, … Versions are compared as
/// PEP 440 compares them: `v1.2` is that of 1.2.0.
fn is_tag_of(tag: &str, project: &str, version: &str) -> bool {
    let of_project = |tag: &str| {
        tag.match_indices(['-', '/', '@', '_'])
            .any(|(at, _)| normal(&tag[..at]) == project && is_version(&tag[at + 1..], version))
    };
    is_version(tag, version) || of_project(tag)
}

fn is_version(text: &str, version: &str) -> bool {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let parsed = |text: &str| text.parse::<pep440_rs::Version>().ok();
    bare == version || parsed(bare).is_some_and(|tagged| parsed(version) == Some(tagged))
}

/// Files that build backends write into an archive.
fn is_generated(path: &str) -> bool {
    matches!(path, "PKG-INFO" | "setup.cfg") || path.split('/').any(|part| part.strip_suffix(".egg-info").is_some())
}

/// Files that some build backends write anew.
fn is_rewritten(path: &str) -> bool {
    matches!(path, "setup.cfg" | "pyproject.toml" | "PKG-INFO") || is_generated(path)
}

fn named<T: AsRef<str>>(paths: &[T]) -> String {
    let first = paths.iter().take(MOST_NAMED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
