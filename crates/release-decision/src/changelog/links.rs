//! The addresses by which a changelog compares versions.

use std::{ops::Range, str::FromStr as _};

use pep440_rs::Version;

use super::{
    ChangelogRelease,
    outline::{Section, spelled_version},
    plain_lines,
};
use crate::version_of_tag;

/// What takes the place of a part of the text.
pub(super) type Edit = (Range<usize>, String);

/// The definitions of links behind a place: `[1.2.3]: https://…`.
pub(super) struct Definitions<'t> {
    text: &'t str,
    lines: Vec<Definition<'t>>,
}

struct Definition<'t> {
    range: Range<usize>,
    label: &'t str,
    address: &'t str,
}

/// The heading of a release, and the sections that it takes after.
pub(super) struct Named<'a> {
    /// Without its signs.
    pub(super) title: &'a str,
    /// The section with a number that becomes the release's.
    pub(super) becomes: Option<&'a Section>,
    /// The one of the version before.
    pub(super) model: Option<&'a Section>,
}

impl<'t> Definitions<'t> {
    pub(super) fn read(text: &'t str, behind: usize) -> Self {
        let behind = plain_lines(text).filter(|(range, _)| range.start >= behind);
        let lines = behind.filter_map(|(range, line)| {
            let (label, address) = line.strip_prefix('[')?.split_once("]:")?;
            Some(Definition { range, label, address })
        });
        Self { text, lines: lines.collect() }
    }

    fn of(&self, version: Option<&Version>) -> Option<&Definition<'t>> {
        self.lines.iter().find(|line| version.is_some() && line.version().as_ref() == version)
    }

    /// Keeps the links up: `[unreleased]: …/compare/v1.2.3...HEAD`, the one that a section with a number had before it was released, or
    /// one more that takes after the version before. The label of the version is the one of its heading.
    pub(super) fn kept_up(&self, named: &Named<'_>, release: &ChangelogRelease<'_>, line_end: &str) -> Option<Edit> {
        let letter = match named.title.strip_prefix('[') {
            Some(name) => name.starts_with(['v', 'V']),
            None => self.lines.iter().find(|l| l.version().is_some()).is_some_and(|l| l.label.starts_with(['v', 'V'])),
        };
        let label = format!("[{}{}]:", if letter { "v" } else { "" }, release.version);
        let is_there = self.of(Some(release.version)).is_some();
        let edited = |line: &Definition<'_>, by: String| {
            let end = if self.text[line.range.clone()].ends_with('\n') { line_end } else { "" };
            (line.range.clone(), by + end)
        };
        let unreleased = self.lines.iter().find(|line| is_unreleased(line.label));
        if let Some(line) = unreleased
            && let Some(compared) = Compared::read(line.address, release)
        {
            let of_release = format!("{line_end}{label}{}", compared.of_the_release());
            let of_release = if is_there { "" } else { &of_release };
            return Some(edited(line, format!("[{}]:{}{of_release}", line.label, compared.since_the_release())));
        }
        let before = named.becomes.and_then(|section| self.of(section.version.as_ref()));
        if let Some(line) = before.filter(|line| !is_there || line.version().as_ref() == Some(release.version))
            && let Some(compared) = Compared::read(line.address, release)
        {
            return Some(edited(line, format!("{label}{}", compared.of_the_release())));
        }
        let is_reference = named.title.starts_with('[') && address(named.title).is_none();
        let model = named.model.filter(|_| is_reference && !is_there)?;
        let line = self.of(model.version.as_ref())?;
        let address = address_after(line.address.trim(), model, release)?;
        Some((line.range.start..line.range.start, format!("{label} {address}{line_end}")))
    }

    /// Whether the name of the release would lead nowhere, unlike the one of the version before.
    pub(super) fn is_missing(&self, model: Option<&Section>, release: &ChangelogRelease<'_>) -> bool {
        let leads = |model: &Section| address(&model.title).is_some() || self.of(model.version.as_ref()).is_some();
        self.of(Some(release.version)).is_none() && model.is_some_and(leads)
    }
}

impl Definition<'_> {
    fn version(&self) -> Option<Version> {
        Version::from_str(self.label).ok()
    }
}

/// Where the heading of a release leads itself: where the section that becomes it did, or else as the version before does.
pub(super) fn of_the_heading(
    becomes: Option<&Section>,
    model: Option<&Section>,
    release: &ChangelogRelease<'_>,
) -> Option<String> {
    let own = becomes.and_then(|section| {
        let address = address(&section.title).filter(|address| is_plain(address))?;
        let compared = Compared::read(address, release).map(|compared| compared.of_the_release());
        compared.or_else(|| (section.version.as_ref() == Some(release.version)).then(|| address.to_owned()))
    });
    own.or_else(|| model.and_then(|model| address_after(address(&model.title)?, model, release)))
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

/// The address that stands in a heading: `[1.2.3](https://…) - 2026-01-19`.
fn address(title: &str) -> Option<&str> {
    let (label, rest) = title.strip_prefix('[')?.split_once("](")?;
    rest.split_once(')').map(|(address, _)| address).filter(|_| !label.contains(']'))
}

/// Whether an address is one of the web, or of this place, and holds nothing that ends it.
fn is_plain(address: &str) -> bool {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    (is_web || !address.contains(':')) && address.bytes().all(|b| b.is_ascii_graphic() && !b"()<>[]\"\\`".contains(&b))
}

/// The address of a release after the one of the version before, where that spells out the tag of its version.
fn address_after(address: &str, model: &Section, release: &ChangelogRelease<'_>) -> Option<String> {
    let version = spelled_version(&model.title).trim_start_matches(['v', 'V']);
    let (before, tag) = (release.tag.with(&version), release.tag.with(release.version));
    if !is_plain(address) {
        return None;
    }
    if let Some((site, compared)) = address.split_once("/compare/") {
        let is_older = model.version.as_ref() < Some(release.version);
        let is_same = compared.split_once("...").is_some_and(|(_, to)| to == before);
        return (is_older && is_same).then(|| format!("{site}/compare/{before}...{tag}"));
    }
    let (site, rest) = address.split_once(&format!("/{before}"))?;
    let is_whole = (rest.is_empty() || rest.starts_with('/')) && !rest.contains(&before);
    is_whole.then(|| format!("{site}/{tag}{rest}"))
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
