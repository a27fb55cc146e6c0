//! `CHANGELOG.md` in the form of Keep a Changelog: a release's entry, and nothing else changed.

mod join;

use std::{ops::Range, str::FromStr as _};

use pep440_rs::Version;

use crate::Pattern;

/// What a release adds to a changelog.
#[derive(Clone, Copy, Debug)]
pub struct ChangelogRelease<'a> {
    /// The version.
    pub version: &'a Version,
    /// The day, as `2026-01-19`.
    pub date: &'a str,
    /// What is said of it beside what stands under Unreleased: groups below headings of the third level, text before them.
    pub entry: &'a str,
    /// How the names of tags are made, for the links at the end.
    pub tag: &'a Pattern,
}

/// The changelog has no place for an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it has neither an Unreleased section nor an entry of a version")]
pub struct ChangelogError;

/// A changelog that does not exist yet.
const EMPTY: &str = "# Changelog\n\nThe format is that of [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).\n\n## [Unreleased]\n";

/// Whether a text has the form: a section for what is not released, or one of a version.
pub fn is_changelog(text: &str) -> bool {
    let outline = Outline::read(text);
    outline.unreleased().is_some() || outline.sections.iter().any(|section| section.version.is_some())
}

/// The day of a version's entry; none where it has none.
pub fn changelog_date<'t>(text: &'t str, version: &Version) -> Option<&'t str> {
    let section = Outline::read(text).sections.into_iter().find(|s| s.version.as_ref() == Some(version))?;
    let heading = text[section.heading].trim_end().trim_end_matches(')');
    let date = heading.get(heading.len().checked_sub(10)?..)?;
    let is_date =
        date.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    is_date.then_some(date)
}

/// Adds the entry of a release: what stood under Unreleased moves into it. Where somebody wrote a section of that version already, the
/// entry's groups join it, and nothing else changes. A changelog that has the entry stays as it is; without a text a new one is made.
pub fn release_in_changelog(text: Option<&str>, release: &ChangelogRelease<'_>) -> Result<String, ChangelogError> {
    let text = text.unwrap_or(EMPTY);
    let outline = Outline::read(text);
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if let Some(section) = outline.sections.iter().find(|section| section.version.as_ref() == Some(release.version)) {
        let mut out = text.to_owned();
        let mut body = join::join(&text[section.body.clone()], release.entry, line_end);
        if !text[section.heading.clone()].ends_with('\n') && !body.is_empty() {
            body.insert_str(0, line_end);
        }
        out.replace_range(section.body.clone(), &body);
        return Ok(out);
    }
    let heading = outline.heading(text, release);
    let (place, moved, follows) = if let Some(section) = outline.unreleased() {
        (section.heading.end..section.body.end, &text[section.body.clone()], true)
    } else {
        let first = outline.sections.iter().find(|section| section.version.is_some()).ok_or(ChangelogError)?;
        (first.heading.start..first.heading.start, "", false)
    };
    let mut entry = String::new();
    if follows {
        if !text[..place.start].ends_with('\n') {
            entry.push_str(line_end);
        }
        entry.push_str(line_end);
    }
    entry.push_str(&heading);
    entry.push_str(line_end);
    let body = merge(moved, release.entry, line_end);
    if !body.is_empty() {
        entry.push_str(line_end);
        entry.push_str(&body);
    }
    // One empty line before what follows, as there was.
    if place.end < text.len() {
        entry.push_str(line_end);
    }
    let mut out = text.to_owned();
    // The links stand at the end: first them, so that the place stays where it is.
    relink(&mut out, place.end, release, line_end);
    out.replace_range(place, &entry);
    Ok(out)
}

struct Outline {
    sections: Vec<Section>,
}

/// A heading of the second level and what stands below it.
struct Section {
    /// The heading's line, with its end.
    heading: Range<usize>,
    body: Range<usize>,
    /// The text of the heading without its signs.
    title: String,
    version: Option<Version>,
}

impl Outline {
    fn read(text: &str) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        let mut end = text.len();
        for (range, line) in plain_lines(text) {
            if let Some(title) = line.strip_prefix("## ") {
                if let Some(last) = sections.last_mut() {
                    last.body.end = range.start;
                }
                let title = title.trim().to_owned();
                let version = version_of(&title);
                sections.push(Section { body: range.end..text.len(), heading: range, title, version });
                end = text.len();
            } else if is_link_definition(line) {
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

    fn unreleased(&self) -> Option<&Section> {
        self.sections.iter().find(|s| s.title.trim_matches(['[', ']']).eq_ignore_ascii_case("unreleased"))
    }

    /// The heading of the new entry, written as the others are.
    fn heading(&self, text: &str, release: &ChangelogRelease<'_>) -> String {
        let last = self.sections.iter().find(|section| section.version.is_some());
        let model = last.or(self.unreleased()).map(|section| section.title.as_str());
        let bracket = model.is_none_or(|title| title.starts_with('['));
        let letter = last.is_some_and(|s| s.title.trim_start_matches('[').starts_with('v'));
        let name = format!("{}{}", if letter { "v" } else { "" }, release.version);
        let name = if bracket { format!("[{name}]") } else { name };
        let in_parentheses = last.is_some_and(|s| text[s.heading.clone()].trim_end().ends_with(')'));
        if in_parentheses { format!("## {name} ({})", release.date) } else { format!("## {name} - {}", release.date) }
    }
}

/// The version that a heading is of: `[1.2.3] - 2026-01-19`, `1.2.3 (2026-01-19)`, `v1.2.3`, `[1.2.3](https://…)`.
fn version_of(title: &str) -> Option<Version> {
    let rest = title.strip_prefix('[').unwrap_or(title);
    let word = rest.split([']', ' ', '\t', '(']).next()?;
    Version::from_str(word).ok()
}

/// What stands under Unreleased and the entry's groups as one: groups of the same name become one group.
fn merge(moved: &str, entry: &str, line_end: &str) -> String {
    let mut groups = groups(moved);
    for group in self::groups(entry).into_iter().filter(|group| !group.lines.is_empty()) {
        let same = groups.iter_mut().find(|known| known.title.eq_ignore_ascii_case(&group.title));
        match same {
            Some(known) if known.lines.is_empty() => known.lines = group.lines,
            Some(known) => {
                // Items of two lists follow each other, paragraphs do not.
                let items = [known.lines.last(), group.lines.first()]
                    .iter()
                    .all(|line| line.is_some_and(|line| line.starts_with(['-', '*', '+', ' '])));
                if !items {
                    known.lines.push(String::new());
                }
                known.lines.extend(group.lines);
            }
            None => groups.push(group),
        }
    }
    let mut out = String::new();
    for group in groups.iter().filter(|group| !group.title.is_empty() || !group.lines.is_empty()) {
        if !out.is_empty() {
            out.push_str(line_end);
        }
        if !group.title.is_empty() {
            out.push_str(&group.heading);
            out.push_str(line_end);
            for _ in 0..group.gap {
                out.push_str(line_end);
            }
        }
        for line in &group.lines {
            out.push_str(line);
            out.push_str(line_end);
        }
    }
    out
}

/// What stands below a heading of the third level; the first group, before any, has no title.
#[derive(Default)]
struct Group {
    title: String,
    heading: String,
    /// Empty lines between the heading and what follows.
    gap: usize,
    /// Without empty ones at both ends.
    lines: Vec<String>,
}

fn groups(text: &str) -> Vec<Group> {
    let headings: Vec<Range<usize>> =
        plain_lines(text).filter(|(_, line)| line.starts_with("### ")).map(|(range, _)| range).collect();
    let mut groups = vec![Group::default()];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let plain = line.trim_end_matches(['\n', '\r']);
        if headings.iter().any(|heading| heading.start == at) {
            let title = plain.trim_start_matches("### ").trim().to_owned();
            groups.push(Group { title, heading: plain.to_owned(), ..Group::default() });
        } else if let Some(group) = groups.last_mut() {
            group.lines.push(plain.to_owned());
        }
        at += line.len();
    }
    for group in &mut groups {
        let is_empty = |line: &String| line.trim().is_empty();
        while group.lines.last().is_some_and(is_empty) {
            group.lines.pop();
        }
        group.gap = group.lines.iter().take_while(|line| is_empty(line)).count();
        group.lines.drain(..group.gap);
    }
    groups
}

/// Keeps the links at the end up: `[unreleased]: …/compare/v1.2.3...HEAD`.
fn relink(text: &mut String, behind: usize, release: &ChangelogRelease<'_>, line_end: &str) {
    let lines: Vec<(Range<usize>, String)> = plain_lines(text)
        .filter(|(range, _)| range.start >= behind)
        .map(|(range, line)| (range, line.to_owned()))
        .collect();
    let label = |line: &str| line.strip_prefix('[')?.split_once("]:").map(|(label, _)| label.to_ascii_lowercase());
    let name = release.version.to_string();
    if lines.iter().any(|(_, line)| label(line).is_some_and(|l| l == name || l == format!("v{name}"))) {
        return;
    }
    let Some((range, line)) = lines.into_iter().find(|(_, line)| label(line).as_deref() == Some("unreleased")) else {
        return;
    };
    let Some((start, compared)) = line.split_once("/compare/") else { return };
    let Some((from, to)) = compared.split_once("...") else { return };
    let Some((head, address)) = start.split_once("]:") else { return };
    let tag = release.tag.with(release.version);
    // The label's spelling of a version follows the tags of the other entries.
    let of_version = format!("[{name}]:{address}/compare/{from}...{tag}");
    let of_unreleased = format!("{head}]:{address}/compare/{tag}...{to}");
    let ends = text[range.clone()].ends_with('\n');
    let tail = if ends { line_end } else { "" };
    text.replace_range(range, &format!("{of_unreleased}{line_end}{of_version}{tail}"));
}

fn is_link_definition(line: &str) -> bool {
    line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).is_some_and(|(label, _)| !label.contains(['[', ']']))
}

/// The lines of a text that are no part of a code block or a comment, each with its place (with its end) and without its end.
fn plain_lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    let mut fence: Option<(char, usize)> = None;
    let mut in_comment = false;
    text.split_inclusive('\n').filter_map(move |line| {
        let range = at..at + line.len();
        at = range.end;
        let plain = line.trim_end_matches(['\n', '\r']);
        let plain = plain.strip_prefix('\u{feff}').unwrap_or(plain);
        let content = plain.trim_start();
        if in_comment {
            in_comment = !plain.contains("-->");
            return None;
        }
        let length = |sign: char| content.chars().take_while(|c| *c == sign).count();
        if let Some((sign, open)) = fence {
            if length(sign) >= open && content.trim_start_matches(sign).trim().is_empty() {
                fence = None;
            }
            return None;
        }
        fence = ['`', '~'].into_iter().map(|sign| (sign, length(sign))).find(|(_, length)| *length >= 3);
        in_comment = content.starts_with("<!--") && !content.contains("-->");
        (fence.is_none() && !content.starts_with("<!--")).then_some((range, plain))
    })
}
