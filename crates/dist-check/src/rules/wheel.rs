//! The `.dist-info` folder of a wheel: WHEEL, RECORD, entry points.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, problem_if};
use crate::{
    FileName, Level,
    inspect::Facts,
    wheel::{RecordError, RecordRow, WheelFile, check_entry_points, parse_record, parse_wheel, record_hash},
};

const REBUILD: &str = "build again with `python -m build`; do not change wheels by hand";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "wheel-dist-info",
        level: Level::Error,
        says: "there is one .dist-info folder, spelled as the wheel's name",
        hint: REBUILD,
        check: dist_info,
    },
    Rule {
        code: "wheel-file",
        level: Level::Error,
        says: "WHEEL is there and of a version 1.x",
        hint: REBUILD,
        check: wheel_file,
    },
    Rule {
        code: "wheel-tags",
        level: Level::Warning,
        says: "the tags and the build number in WHEEL are those of the name",
        hint: REBUILD,
        check: tags,
    },
    Rule {
        code: "record-missing",
        level: Level::Error,
        says: "RECORD is there and can be read",
        hint: REBUILD,
        check: record_missing,
    },
    Rule {
        code: "record-names",
        level: Level::Error,
        says: "RECORD lists exactly the files of the wheel",
        hint: REBUILD,
        check: record_names,
    },
    Rule {
        code: "record-digest",
        level: Level::Error,
        says: "each file has the digest and the size that RECORD gives",
        hint: "the wheel was changed after it was built; build again",
        check: record_digest,
    },
    Rule {
        code: "record-hash",
        level: Level::Warning,
        says: "RECORD gives a SHA-256 or stronger digest for each file but itself and its signatures",
        hint: "build again with a current version of the build backend",
        check: record_hashes,
    },
    Rule {
        code: "entry-points",
        level: Level::Error,
        says: "entry_points.txt can be read and names scripts with letters, digits, `.`, `-` and `_`",
        hint: "correct `scripts` or `entry-points` in pyproject.toml",
        check: entry_points,
    },
];

fn dist_info(facts: &Facts<'_>) -> Vec<String> {
    let (Some(archive), Some(expected), true) = (facts.archive(), facts.metadata_folder(), facts.is_wheel()) else {
        return Vec::new();
    };
    let tops = archive.members.iter().filter_map(|member| member.path.split_once('/').map(|(top, _)| top));
    let folders: BTreeSet<&str> = tops.filter(|top| top.ends_with(".dist-info")).collect();
    let others: Vec<&str> = folders.iter().copied().filter(|folder| *folder != expected).collect();
    let mut messages = Vec::new();
    if !folders.contains(expected.as_str()) {
        messages.push(format!("there is no folder {expected}"));
    }
    if !others.is_empty() {
        messages.push(format!("there is {} as well or instead", others.join(", ")));
    }
    messages
}

/// WHEEL of a wheel whose .dist-info folder is where it should be.
fn parsed_wheel(facts: &Facts<'_>) -> Option<WheelFile> {
    parse_wheel(facts.dist_info("WHEEL")?)
}

fn wheel_file(facts: &Facts<'_>) -> Vec<String> {
    if !facts.is_wheel() || facts.archive().is_none() {
        return Vec::new();
    }
    let Some(bytes) = facts.dist_info("WHEEL") else {
        return vec!["WHEEL is missing".to_owned()];
    };
    match parse_wheel(bytes).and_then(|wheel| wheel.wheel_version) {
        None => vec!["WHEEL cannot be read, or has no Wheel-Version".to_owned()],
        Some(version) => {
            let major = version.split('.').next().unwrap_or_default();
            problem_if(major != "1", || format!("Wheel-Version is {version}, installers know 1.x"))
        }
    }
}

fn tags(facts: &Facts<'_>) -> Vec<String> {
    let (Some(wheel), Ok(FileName::Wheel { tags, build, .. })) = (parsed_wheel(facts), &facts.name) else {
        return Vec::new();
    };
    let mut messages = Vec::new();
    if wheel.tags != tags.expanded() {
        messages.push(format!("WHEEL has {}, the name {}", wheel.tags.join(", "), tags.expanded().join(", ")));
    }
    if wheel.build.is_some() && wheel.build != *build {
        messages.push(format!(
            "WHEEL has the build number {}, the name {}",
            wheel.build.as_deref().unwrap_or_default(),
            build.as_deref().unwrap_or("none")
        ));
    }
    if wheel.root_is_purelib.is_some_and(|value| value.eq_ignore_ascii_case("false")) && tags.platform == "any" {
        messages.push("WHEEL says that it holds machine code, the name that it runs on any platform".to_owned());
    }
    messages
}

type Record = BTreeMap<String, RecordRow>;

fn record(facts: &Facts<'_>) -> Option<Result<Record, RecordError>> {
    facts.dist_info("RECORD").map(parse_record)
}

fn record_missing(facts: &Facts<'_>) -> Vec<String> {
    if !facts.is_wheel() || facts.archive().is_none() {
        return Vec::new();
    }
    match record(facts) {
        None => vec!["RECORD is missing".to_owned()],
        Some(Err(error)) => vec![error.to_string()],
        Some(Ok(_)) => Vec::new(),
    }
}

/// Whether RECORD need not list a file, or not with its digest: itself and its signatures.
fn is_exempt(facts: &Facts<'_>, path: &str) -> bool {
    let folder = facts.metadata_folder().unwrap_or_default();
    path.strip_prefix(folder.as_str()).is_some_and(|file| matches!(file, "/RECORD" | "/RECORD.jws" | "/RECORD.p7s"))
}

fn record_names(facts: &Facts<'_>) -> Vec<String> {
    let (Some(Ok(record)), Some(archive)) = (record(facts), facts.archive()) else {
        return Vec::new();
    };
    let there: BTreeSet<&str> = archive.files().map(|member| member.path.as_str()).collect();
    let missing = there.iter().filter(|path| !record.contains_key(**path) && !is_exempt(facts, path));
    let absent = record.keys().filter(|path| !there.contains(path.as_str()) && !is_exempt(facts, path));
    let mut messages: Vec<String> = missing.map(|path| format!("{path} is not in RECORD")).collect();
    messages.extend(absent.map(|path| format!("{path} is in RECORD but not in the wheel")));
    messages
}

fn record_digest(facts: &Facts<'_>) -> Vec<String> {
    let (Some(Ok(record)), Some(archive)) = (record(facts), facts.archive()) else {
        return Vec::new();
    };
    let mut messages = Vec::new();
    for member in archive.files() {
        let (Some(row), Some(digest)) = (record.get(&member.path), &member.sha256) else {
            continue;
        };
        let is_other = row
            .hash
            .as_deref()
            .is_some_and(|hash| hash.starts_with("sha256=") && hash.trim_end_matches('=') != record_hash(digest));
        if is_other {
            messages.push(format!("{} has another digest than RECORD gives", member.path));
        } else if row.size.is_some_and(|size| size != member.size) {
            messages.push(format!("{} has another size than RECORD gives", member.path));
        }
    }
    messages
}

fn record_hashes(facts: &Facts<'_>) -> Vec<String> {
    let Some(Ok(record)) = record(facts) else {
        return Vec::new();
    };
    let weak = record.iter().filter(|(path, row)| {
        let algorithm = row.hash.as_deref().and_then(|hash| hash.split('=').next());
        !matches!(algorithm, Some("sha256" | "sha384" | "sha512")) && !is_exempt(facts, path)
    });
    weak.map(|(path, _)| format!("{path} has no digest, or a weak one")).collect()
}

fn entry_points(facts: &Facts<'_>) -> Vec<String> {
    let checked = facts.dist_info("entry_points.txt").map(check_entry_points);
    checked.and_then(Result::err).map(|error| error.to_string()).into_iter().collect()
}
