//! What PyPI judges by and changes over time: tables with a date, read from the files of `data/`.
//!
//! `cargo xtask refresh` rewrites the files from the packages that hold the tables.

use std::{
    collections::{BTreeMap, HashSet},
    sync::OnceLock,
};

use serde::Serialize;

const CLASSIFIERS: &str = include_str!("../data/classifiers.txt");
const SPDX_LICENSES: &str = include_str!("../data/spdx-licenses.txt");
const SPDX_EXCEPTIONS: &str = include_str!("../data/spdx-exceptions.txt");
const STDLIB: &str = include_str!("../data/stdlib.txt");
const PLATFORMS: &str = include_str!("../data/platforms.txt");

/// One table and how old it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Table {
    /// What it holds: `classifiers`, `platform tags`, …
    pub name: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The day on which it was read there, as `2026-11-22`.
    pub as_of: &'static str,
}

/// The tables that files are judged by. What an index has added since then is refused here; what it has dropped is not.
pub fn tables() -> Vec<Table> {
    let files = [
        ("classifiers", CLASSIFIERS),
        ("licences", SPDX_LICENSES),
        ("licence exceptions", SPDX_EXCEPTIONS),
        ("modules of the standard library", STDLIB),
        ("platform tags", PLATFORMS),
    ];
    let table = |(name, text)| Table { name, source: header(text, "source"), as_of: header(text, "as of") };
    files.into_iter().map(table).collect()
}

fn header(text: &'static str, key: &str) -> &'static str {
    let mut lines = text.lines().map_while(|line| line.strip_prefix("# "));
    lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).unwrap_or_default()
}

fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// What the index makes of a classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Classifier {
    Good,
    /// Refused; what to write instead, if anything.
    Deprecated(&'static str),
    Unknown,
}

/// Looks a classifier up, as written.
pub(crate) fn classifier(text: &str) -> Classifier {
    match classifiers().get(text) {
        None => Classifier::Unknown,
        Some(None) => Classifier::Good,
        Some(Some(instead)) => Classifier::Deprecated(instead),
    }
}

/// The classifier that is spelled most like this one, if one is near.
pub(crate) fn similar_classifier(text: &str) -> Option<&'static str> {
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = letters(text);
    let good = classifiers().iter().filter(|(_, instead)| instead.is_none()).map(|(name, _)| *name);
    let nearest = good.map(|name| (distance(&wanted, &letters(name)), name)).min()?;
    (nearest.0 <= 1 + wanted.len() / 10).then_some(nearest.1)
}

fn classifiers() -> &'static BTreeMap<&'static str, Option<&'static str>> {
    static TABLE: OnceLock<BTreeMap<&str, Option<&str>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let row = |row: &'static str| match row.split_once(" =>") {
            Some((name, instead)) => (name, Some(instead.trim())),
            None => (row, None),
        };
        rows(CLASSIFIERS).map(row).collect()
    })
}

/// How many letters must change to make one text of the other (Levenshtein). Texts longer than 120 letters are far.
fn distance(a: &[char], b: &[char]) -> usize {
    if a.len().max(b.len()) > 120 || a.len().abs_diff(b.len()) > 12 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// SPDX identifiers of licences, in lower case.
pub(crate) fn spdx_licenses() -> &'static HashSet<&'static str> {
    static TABLE: OnceLock<HashSet<&str>> = OnceLock::new();
    TABLE.get_or_init(|| rows(SPDX_LICENSES).collect())
}

/// SPDX identifiers of exceptions to licences, in lower case.
pub(crate) fn spdx_exceptions() -> &'static HashSet<&'static str> {
    static TABLE: OnceLock<HashSet<&str>> = OnceLock::new();
    TABLE.get_or_init(|| rows(SPDX_EXCEPTIONS).collect())
}

/// Whether a normalised name is that of a module of the standard library, of any version of Python.
pub(crate) fn is_stdlib_name(name: &str) -> bool {
    rows(STDLIB).any(|module| module == name)
}

/// Whether PyPI takes wheels with this platform tag.
pub(crate) fn is_platform_tag(tag: &str) -> bool {
    rows(PLATFORMS).any(|row| match row.split_once(": ") {
        None => row == tag,
        Some((pattern, machines)) => {
            let (front, back) = pattern.split_once("ARCH").unwrap_or((pattern, ""));
            machines.split(' ').any(|machine| is_of_family(tag, front, machine, back))
        }
    })
}

fn is_of_family(tag: &str, front: &str, machine: &str, back: &str) -> bool {
    let numbers = tag.strip_suffix(back).and_then(|tag| tag.strip_suffix(machine));
    let Some(mut rest) = numbers else {
        return false;
    };
    for (index, fixed) in front.split('N').enumerate() {
        if index > 0 {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                return false;
            }
            rest = &rest[digits..];
        }
        match rest.strip_prefix(fixed) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_source_and_a_date() {
        for Table { name, source, as_of } in tables() {
            assert!(!source.is_empty(), "{name}");
            assert!(as_of.len() == 10 && as_of.starts_with("20"), "{name}: {as_of}");
        }
    }

    #[test]
    fn platform_tags() {
        for good in [
            "any",
            "win_amd64",
            "manylinux_2_17_x86_64",
            "musllinux_1_2_aarch64",
            "macosx_10_9_universal2",
            "macosx_26_0_arm64",
            "ios_13_0_arm64_iphonesimulator",
            "android_21_arm64_v8a",
            "pyemscripten_2025_0_wasm32",
            "linux_armv7l",
        ] {
            assert!(is_platform_tag(good), "{good}");
        }
        for bad in [
            "linux_x86_64",
            "macosx_11_1_arm64",
            "macosx_16_0_arm64",
            "manylinux_2_x86_64",
            "musllinux_1_2_ppc64",
            "x_any",
            "",
        ] {
            assert!(!is_platform_tag(bad), "{bad}");
        }
    }

    #[test]
    fn classifiers_and_what_was_meant() {
        assert_eq!(classifier("Programming Language :: Python :: 3"), Classifier::Good);
        assert_eq!(classifier("Natural Language :: Ukranian"), Classifier::Deprecated("Natural Language :: Ukrainian"));
        assert_eq!(classifier("Programming Language :: python :: 3"), Classifier::Unknown);
        assert_eq!(similar_classifier("Something :: Else"), None);
        let meant = similar_classifier("License :: OSI approved :: MIT Licence");
        assert_eq!(meant, Some("License :: OSI Approved :: MIT License"));
        assert!(is_stdlib_name("asyncio") && !is_stdlib_name("requests"));
    }
}
