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
    /// Whether the heading says that this is not released, with or without a number.
    pub(super) is_open: bool,
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
                let version = Version::from_str(spelled_version(&title)).ok();
                let is_open = if version.is_some() { is_marked(&title) } else { is_unreleased(&title) };
                sections.push(Section { body: range.end..text.len(), heading: range, title, version, is_open });
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

    /// The section of what is not released. One that carries a number is it where no other number stands above, and where that version
    /// did not come out yet, whatever its heading still says.
    pub(super) fn unreleased(&self, release: &ChangelogRelease<'_>) -> Option<&Section> {
        let mut numbers = self.sections.iter().filter_map(|section| section.version.as_ref());
        let first = numbers.next();
        let known = release.current.filter(|current| *current < release.version).or_else(|| numbers.next());
        let is_ahead =
            |version: &Version| known.is_none_or(|known| version > known || version == known && version.is_dev());
        let is_next = |version: &Version| first == Some(version) && is_ahead(version);
        self.sections.iter().find(|section| section.is_open && section.version.as_ref().is_none_or(is_next))
    }

    pub(super) fn of_version(&self, version: &Version) -> Option<&Section> {
        self.sections.iter().find(|section| section.version.as_ref() == Some(version))
    }

    /// The section whose heading the one of the release is written after: the newest that is released, or else any with a number.
    pub(super) fn model(&self, release: &ChangelogRelease<'_>) -> Option<&Section> {
        let numbered = || self.sections.iter().filter(|section| section.version.is_some());
        let mut released = numbered().filter(|s| !s.is_open && s.version.as_ref() != Some(release.version));
        released.next().or_else(|| numbered().next())
    }

    /// The heading of the new entry, written as the others are; `address` is where its name leads, where the heading says so itself.
    pub(super) fn heading(&self, release: &ChangelogRelease<'_>, address: Option<&str>) -> String {
        let model = self.model(release);
        let titled = model.or_else(|| self.sections.iter().find(|section| section.is_open));
        let bracket = titled.is_none_or(|section| section.title.starts_with('['));
        let letter = model.is_some_and(|s| s.title.trim_start_matches('[').starts_with('v'));
        let name = format!("{}{}", if letter { "v" } else { "" }, release.version);
        let name = match (bracket, address) {
            (true, Some(address)) => format!("[{name}]({address})"),
            (true, None) => format!("[{name}]"),
            (false, _) => name,
        };
        let in_parentheses = |title: &str| title.rsplit_once(" (").is_some_and(|(_, end)| end.ends_with(')'));
        let in_parentheses = model.is_some_and(|section| in_parentheses(&section.title));
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

/// Whether a heading says of its version that it is not released: `1.3.0 (Unreleased)`, `[1.3.0] - TBD`, `1.3.0 - 2026-xx-xx`.
fn is_marked(title: &str) -> bool {
    const WORDS: [&str; 9] = [
        "unreleased",
        "tbd",
        "tba",
        "not released",
        "not yet released",
        "to be released",
        "in development",
        "under development",
        "upcoming",
    ];
    let rest = &title[title.find(spelled_version(title)).unwrap_or_default() + spelled_version(title).len()..];
    let rest = rest.strip_prefix("](").and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    let is_word = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    let date = rest.split([' ', ')']).next().unwrap_or_default();
    WORDS.iter().any(|word| rest.strip_prefix(word).is_some_and(is_word))
        || ["-xx", "-dd", "-??"].iter().any(|unknown| date.ends_with(unknown))
}

/// The version that a heading is of, as it stands there: `[1.2.3] - 2026-01-19`, `1.2.3 (2026-01-19)`, `v1.2.3`, `[1.2.3](https://…)`.
pub(super) fn spelled_version(title: &str) -> &str {
    let rest = title.strip_prefix('[').unwrap_or(title);
    rest.split([']', ' ', '\t', '(']).next().unwrap_or_default()
}
