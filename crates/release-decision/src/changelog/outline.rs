//! The sections of a changelog.

use std::{ops::Range, str::FromStr as _};

use pep440_rs::Version;

use super::{ChangelogRelease, links::is_definition, plain_lines};

pub(super) struct Outline {
    pub(super) sections: Vec<Section>,
}

/// A heading of the second level and what stands below it.
pub(super) struct Section {
    /// The heading's line, with its end.
    pub(super) heading: Range<usize>,
    pub(super) body: Range<usize>,
    /// The text of the heading without its signs.
    pub(super) title: String,
    pub(super) version: Option<Version>,
}

impl Outline {
    pub(super) fn read(text: &str) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        let mut end = text.len();
        for (range, line) in plain_lines(text) {
            if let Some(title) = line.strip_prefix("## ") {
                if let Some(last) = sections.last_mut() {
                    last.body.end = range.start;
                }
                let title = without_closing_signs(title.trim()).to_owned();
                let version = version_of(&title);
                sections.push(Section { body: range.end..text.len(), heading: range, title, version });
                end = text.len();
            } else if is_definition(line) {
                end = end.min(range.start);
            } else if !line.trim().is_empty() {
                end = text.len();
            }
        }
        // The links at the end of the file belong to no section.
        if let Some(last) = sections.last_mut() {
            last.body.end = end.max(last.body.start);
        }
        Self { sections }
    }

    pub(super) fn unreleased(&self) -> Option<&Section> {
        self.sections.iter().find(|section| is_unreleased(&section.title))
    }

    pub(super) fn of_version(&self, version: &Version) -> Option<&Section> {
        self.sections.iter().find(|section| section.version.as_ref() == Some(version))
    }

    /// The heading of the new entry, written as the others are; `address` is where its name leads, where the heading says so itself.
    pub(super) fn heading(&self, release: &ChangelogRelease<'_>, address: Option<&str>) -> String {
        let last = self.sections.iter().find(|section| section.version.is_some());
        let model = last.or(self.unreleased()).map(|section| section.title.as_str());
        let bracket = model.is_none_or(|title| title.starts_with('['));
        let letter = last.is_some_and(|s| s.title.trim_start_matches('[').starts_with('v'));
        let name = format!("{}{}", if letter { "v" } else { "" }, release.version);
        let name = match (bracket, address) {
            (true, Some(address)) => format!("[{name}]({address})"),
            (true, None) => format!("[{name}]"),
            (false, _) => name,
        };
        let in_parentheses = |title: &str| title.rsplit_once(" (").is_some_and(|(_, end)| end.ends_with(')'));
        let in_parentheses = last.is_some_and(|section| in_parentheses(&section.title));
        if in_parentheses { format!("## {name} ({})", release.date) } else { format!("## {name} - {}", release.date) }
    }
}

/// A heading may be closed with the signs that it begins with: `## 1.2.3 ##`.
fn without_closing_signs(title: &str) -> &str {
    let open = title.trim_end_matches('#');
    if open.is_empty() || open.ends_with([' ', '\t']) { open.trim_end() } else { title }
}

/// `Unreleased`, `[Unreleased]`, `[Unreleased](https://…)`, `[Unreleased] - yyyy-mm-dd`, `Unreleased (TBD)`, `Unreleased changes`.
fn is_unreleased(title: &str) -> bool {
    const WORD: &str = "unreleased";
    let title = title.strip_prefix('[').unwrap_or(title);
    let Some((word, rest)) = title.split_at_checked(WORD.len()) else { return false };
    let rest = rest.trim_start();
    word.eq_ignore_ascii_case(WORD)
        && (!rest.starts_with(char::is_alphanumeric) || rest.to_ascii_lowercase().starts_with("changes"))
}

/// The version that a heading is of: `[1.2.3] - 2026-01-19`, `1.2.3 (2026-01-19)`, `v1.2.3`, `[1.2.3](https://…)`.
fn version_of(title: &str) -> Option<Version> {
    let rest = title.strip_prefix('[').unwrap_or(title);
    let word = rest.split([']', ' ', '\t', '(']).next()?;
    Version::from_str(word).ok()
}
