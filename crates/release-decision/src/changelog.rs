//! `CHANGELOG.md` in the form of Keep a Changelog: a release's entry, and nothing else changed.

mod groups;
mod join;
mod links;
mod outline;

use std::ops::Range;

use findings_model::order;
use pep440_rs::Version;

use crate::Pattern;
use links::{Definitions, Edit, Named};
use outline::{Outline, Section};

/// What a release adds to a changelog.
#[derive(Clone, Copy, Debug)]
pub struct ChangelogRelease<'a> {
    /// The version.
    pub version: &'a Version,
    /// The version that the project had, where it is known: what a heading says of that one is no word on the release.
    pub current: Option<&'a Version>,
    /// The day, as `2026-01-19`.
    pub date: &'a str,
    /// What is said of it beside what stands under Unreleased: groups below headings of the third level, text before them.
    pub entry: &'a str,
    /// What replaced decisions on the same version said of it: their lines go where this one does not make them.
    pub replaced: &'a [String],
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
    Outline::read(text).sections.iter().any(|section| section.is_open || section.version.is_some())
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

/// Adds the entry of a release: what stood under Unreleased moves into it, and an unreleased section that carries a number becomes it.
/// Where there is a section of that version already, what it lacks of the entry joins it, what replaced decisions put there goes, and what
/// people wrote stays. A changelog that has the entry stays as it is; without a text a new one is made.
pub fn release_in_changelog(text: Option<&str>, release: &ChangelogRelease<'_>) -> Result<String, ChangelogError> {
    let text = text.unwrap_or(EMPTY);
    let outline = Outline::read(text);
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let own = outline.of_version(release.version);
    let unreleased = outline.unreleased(release);
    let becomes = own.or(unreleased).filter(|section| section.is_open && section.version.is_some());
    let model = outline.model(release);
    let of_unreleased = unreleased.filter(|section| section.version.is_none());
    let of_unreleased = of_unreleased.and_then(|section| links::in_the_heading(text, section, release));
    let (of_unreleased, address) = of_unreleased.unzip();
    let address = address.or_else(|| links::of_the_heading(becomes, model, release));
    let mut heading = outline.heading(release, address.as_deref());
    let title = own.filter(|section| !section.is_open).map_or(&heading["## ".len()..], |section| &section.title);
    let place = place_of(&outline, own, unreleased).ok_or(ChangelogError)?;
    let definitions = Definitions::read(text, place.end);
    let defined = definitions.kept_up(&Named { title, becomes, model }, release, line_end);
    if address.is_none() && defined.is_none() && definitions.is_missing(model, release) {
        heading = heading.replacen(['[', ']'], "", 2);
    }
    let mut edits: Vec<Edit> = of_unreleased.into_iter().chain(defined).collect();
    if let Some(section) = own {
        if section.is_open {
            let line = text[section.heading.clone()].trim_end();
            edits.push((section.heading.start..section.heading.start + line.len(), heading));
        }
        edits.push((place, joined(text, section, release, line_end)));
    } else {
        let added = new_section(text, &place, unreleased, &heading, release, line_end);
        edits.push((place, added));
    }
    // From the end, so that each place stays where it is.
    order::sort_by_key(&mut edits, |(place, _)| std::cmp::Reverse(place.start));
    let mut out = text.to_owned();
    for (place, edited) in edits {
        out.replace_range(place, &edited);
    }
    Ok(out)
}

/// What the entry takes the place of; none where there is no place for it.
fn place_of(outline: &Outline, own: Option<&Section>, unreleased: Option<&Section>) -> Option<Range<usize>> {
    if let Some(section) = own {
        return Some(section.body.clone());
    }
    if let Some(section) = unreleased {
        let heading = &section.heading;
        return Some(if section.version.is_some() { heading.start } else { heading.end }..section.body.end);
    }
    let first = outline.sections.iter().find(|section| section.version.is_some())?;
    Some(first.heading.start..first.heading.start)
}

/// The body of a section that somebody wrote, with the entry in it.
fn joined(text: &str, section: &Section, release: &ChangelogRelease<'_>, line_end: &str) -> String {
    let mut body = join::join(&text[section.body.clone()], release, line_end);
    if !text[section.heading.clone()].ends_with('\n') && !body.is_empty() {
        body.insert_str(0, line_end);
    }
    body
}

/// A section of its own in the place that it takes.
fn new_section(
    text: &str,
    place: &Range<usize>,
    unreleased: Option<&Section>,
    heading: &str,
    release: &ChangelogRelease<'_>,
    line_end: &str,
) -> String {
    let moved = unreleased.map_or("", |section| &text[section.body.clone()]);
    let mut entry = String::new();
    if unreleased.is_some_and(|section| section.version.is_none()) {
        if !text[..place.start].ends_with('\n') {
            entry.push_str(line_end);
        }
        entry.push_str(line_end);
    }
    entry.push_str(heading);
    entry.push_str(line_end);
    let body = groups::merge(moved, release.entry, line_end);
    if !body.is_empty() {
        entry.push_str(line_end);
        entry.push_str(&body);
    }
    // One empty line before what follows, as there was.
    if place.end < text.len() {
        entry.push_str(line_end);
    }
    entry
}

/// The lines of a text that are no part of a code block or a comment, each with its place (with its end) and without its end.
fn plain_lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    let mut fence: Option<(char, usize)> = None;
    let mut in_comment = false;
    text.split_inclusive('\n').filter_map(move |line| {
        at += line.len();
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let range = at - line.len()..at;
        let plain = line.trim_end_matches(['\n', '\r']);
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
