//! The addresses by which a changelog compares versions.

use std::{ops::Range, str::FromStr as _};

use pep440_rs::Version;

use super::{ChangelogRelease, outline::Section, plain_lines};
use crate::version_of_tag;

/// What takes the place of a part of the text.
pub(super) type Edit = (Range<usize>, String);

/// Keeps the links at the end up: `[unreleased]: …/compare/v1.2.3...HEAD`. The label of the version is the one of its heading.
pub(super) fn at_the_end(
    text: &str,
    behind: usize,
    heading: &str,
    release: &ChangelogRelease<'_>,
    line_end: &str,
) -> Option<Edit> {
    let lines: Vec<(Range<usize>, &str)> = plain_lines(text).filter(|(range, _)| range.start >= behind).collect();
    let labels = || lines.iter().filter_map(|(_, line)| label(line));
    let version_of = |label: &str| Version::from_str(label).ok();
    let is_there = labels().any(|label| version_of(label).as_ref() == Some(release.version));
    let (range, line) = lines.iter().find(|(_, line)| label(line).is_some_and(is_unreleased))?;
    let (head, address) = line.split_once("]:")?;
    let compared = Compared::read(address, release)?;
    let letter = match heading.strip_prefix('[') {
        Some(name) => name.starts_with(['v', 'V']),
        None => labels().find(|label| version_of(label).is_some()).is_some_and(|label| label.starts_with(['v', 'V'])),
    };
    let letter = if letter { "v" } else { "" };
    let of_release = format!("{line_end}[{letter}{}]:{}", release.version, compared.of_the_release());
    let of_release = if is_there { "" } else { &of_release };
    let end = if text[range.clone()].ends_with('\n') { line_end } else { "" };
    let edited = format!("{head}]:{}{of_release}{end}", compared.since_the_release());
    Some((range.clone(), edited))
}

/// Keeps the address up that the heading of Unreleased leads to itself: the heading, and the address of the release.
pub(super) fn in_the_heading(
    text: &str,
    unreleased: &Section,
    release: &ChangelogRelease<'_>,
) -> Option<(Edit, String)> {
    let heading = &text[unreleased.heading.clone()];
    let start = heading.find("](")? + 2;
    let end = start + heading[start..].find(')')?;
    let compared = Compared::read(&heading[start..end], release)?;
    let place = unreleased.heading.start + start..unreleased.heading.start + end;
    Some(((place, compared.since_the_release()), compared.of_the_release()))
}

pub(super) fn is_definition(line: &str) -> bool {
    line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).is_some_and(|(label, _)| !label.contains(['[', ']']))
}

fn label(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.split_once("]:").map(|(label, _)| label)
}

fn is_unreleased(label: &str) -> bool {
    label.eq_ignore_ascii_case("unreleased")
}

/// `https://…/compare/v1.2.3...HEAD`, in its parts, and the tag of the release.
struct Compared<'t> {
    site: &'t str,
    from: &'t str,
    to: &'t str,
    tag: String,
}

impl<'t> Compared<'t> {
    /// None where the address compares nothing, or begins at this release or a newer one already.
    fn read(address: &'t str, release: &ChangelogRelease<'_>) -> Option<Self> {
        let (site, compared) = address.split_once("/compare/")?;
        let (from, to) = compared.split_once("...")?;
        let is_kept_up = version_of_tag(from, release.tag).is_some_and(|version| version >= *release.version);
        (!is_kept_up).then(|| Self { site, from, to, tag: release.tag.with(release.version) })
    }

    fn of_the_release(&self) -> String {
        format!("{}/compare/{}...{}", self.site, self.from, self.tag)
    }

    fn since_the_release(&self) -> String {
        format!("{}/compare/{}...{}", self.site, self.tag, self.to)
    }
}
