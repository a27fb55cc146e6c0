//! An entry joins a section that is there already.

use std::ops::Range;

use super::{
    ChangelogRelease,
    groups::{Group, groups, is_item},
    plain_lines,
};
use crate::{
    blocks::{self, Line},
    changelog_entry,
};

/// The section's body with the entry in it: what is missing of each group stands in its order below the heading of its name, or behind
/// all others. What replaced decisions put there and this one does not goes; every other line stays as it is. A second time changes nothing.
pub(super) fn join(body: &str, release: &ChangelogRelease<'_>, line_end: &str) -> String {
    let mut out = withdrawn(body, release);
    for group in groups(release.entry).iter().filter(|group| !group.lines.is_empty()) {
        add(&mut out, group, line_end);
    }
    without_emptied(body, out)
}

/// The body without the lines that replaced decisions put there and this one does not.
fn withdrawn(body: &str, release: &ChangelogRelease<'_>) -> String {
    // The words of a person, which stand before all groups, stay.
    let lines_of = |entry: &str| -> Vec<String> {
        let titled = groups(entry).into_iter().filter(|group| !group.title.is_empty());
        titled.flat_map(|group| group.lines).collect()
    };
    let replaced: Vec<String> = release.replaced.iter().flat_map(|entry| lines_of(entry)).collect();
    let stays: Vec<&str> = release.entry.lines().map(str::trim_end).collect();
    let goes = |line: &str| {
        let line = line.trim_end();
        let is_replaced = || replaced.iter().any(|other| other.trim_end() == line);
        let counts_anew = || !stays.is_empty() && changelog_entry::is_still_open(line);
        !line.is_empty() && !stays.contains(&line) && (is_replaced() || counts_anew())
    };
    let gone: Vec<Range<usize>> =
        plain_lines(body).filter(|(_, line)| !line.starts_with("### ") && goes(line)).map(|(range, _)| range).collect();
    let mut out = body.to_owned();
    for range in gone.into_iter().rev() {
        let at = range.start;
        out.replace_range(range, "");
        // Of the empty lines that a list stood between, one is left.
        let is_blank = |line: &str| line.trim().is_empty();
        if out[..at].lines().next_back().is_some_and(is_blank)
            && let Some(line) = out[at..].split_inclusive('\n').next().filter(|line| is_blank(line))
        {
            out.replace_range(at..at + line.len(), "");
        }
    }
    out
}

/// Leaves the heading of a group out that has lost all it had.
fn without_emptied(before: &str, mut after: String) -> String {
    let known = groups(before);
    let had_lines = |heading: &str| {
        let mut same = known.iter().filter(|group| group.heading == heading).peekable();
        same.peek().is_some() && same.all(|group| !group.lines.is_empty())
    };
    let emptied = |place: &Range<usize>| {
        let (heading, rest) = after[place.clone()].split_once('\n').unwrap_or_default();
        rest.trim().is_empty() && had_lines(heading.trim_end_matches('\r'))
    };
    let gone: Vec<Range<usize>> = places(&after).map(|(place, _)| place).filter(emptied).collect();
    for place in gone.into_iter().rev() {
        after.replace_range(place, "");
    }
    after
}

/// Adds what is missing of a group: before or behind what is there of it, or at the end of the group.
fn add(body: &mut String, group: &Group, line_end: &str) {
    let units = units(group);
    if units.iter().all(|unit| unit.place_in(body).is_none()) {
        insert_group(body, group, line_end);
        return;
    }
    // From the last to the first, so that what follows is there.
    for (number, unit) in units.iter().enumerate().rev() {
        if unit.place_in(body).is_some() {
            continue;
        }
        let Some(bounds) = place_of(body, &group.title) else {
            // What is there of it stands below another heading.
            let lines = unit.lines.iter().map(|line| (*line).to_owned()).collect();
            insert_group(body, &Group { lines, ..group.clone() }, line_end);
            continue;
        };
        let beside = |other: &Unit<'_>| other.place_in(body).filter(|place| bounds.contains(&place.start));
        let next = units.get(number + 1).and_then(beside).map(|place| place.start).filter(|at| begins_block(body, *at));
        let last = || units[..number].iter().rev().find_map(beside).map(|place| end_of_block(body, place.end));
        let at = next.or_else(last).unwrap_or_else(|| end_of_text(&body[..bounds.end]));
        insert(body, at, &unit.lines, line_end);
    }
}

/// Adds a whole group at the end of the one of its name, or behind all others. What has no name comes before everything.
fn insert_group(body: &mut String, group: &Group, line_end: &str) {
    let lines: Vec<&str> = group.lines.iter().map(String::as_str).collect();
    if group.title.is_empty() {
        insert(body, 0, &lines, line_end);
    } else if let Some(place) = place_of(body, &group.title) {
        insert(body, end_of_text(&body[..place.end]), &lines, line_end);
    } else {
        let heading = std::iter::once(group.heading.as_str()).chain(std::iter::repeat_n("", group.gap));
        let lines: Vec<&str> = heading.chain(lines).collect();
        insert(body, end_of_text(body), &lines, line_end);
    }
}

/// Adds lines, apart from what stands before and behind them unless both are items of a list.
fn insert(body: &mut String, at: usize, lines: &[&str], line_end: &str) {
    let before = body[..at].lines().next_back();
    let behind = body[at..].lines().next();
    let is_list = |line: Option<&str>| line.is_some_and(is_item);
    let is_blank = |line: Option<&str>| line.is_some_and(|line| line.trim().is_empty());
    let (first, last) = (lines.first().copied(), lines.last().copied());
    let goes_on = is_list(behind) && is_list(last);
    let begins_list = goes_on && before.is_some_and(|line| line.starts_with('#'));
    let is_apart = is_blank(before) || begins_list || is_list(before) && is_list(first);
    let mut added = String::new();
    if !body[..at].is_empty() && !body[..at].ends_with('\n') {
        added.push_str(line_end);
    }
    if !is_apart {
        added.push_str(line_end);
    }
    for line in lines {
        added.push_str(line);
        added.push_str(line_end);
    }
    if behind.is_some() && !is_blank(behind) && !goes_on {
        added.push_str(line_end);
    }
    body.insert_str(at, &added);
}

/// Whether lines can be added here without parting a paragraph.
fn begins_block(body: &str, at: usize) -> bool {
    let before = body[..at].lines().next_back().unwrap_or_default();
    before.trim().is_empty() || before.starts_with('#') || is_item(&body[at..])
}

/// Behind the lines that go on with what ends here.
fn end_of_block(body: &str, from: usize) -> usize {
    let goes_on = |line: &&str| {
        let begins = line.starts_with('#') || is_item(line) && !line.starts_with(' ');
        !line.trim().is_empty() && !begins
    };
    from + body[from..].split_inclusive('\n').take_while(goes_on).map(str::len).sum::<usize>()
}

/// Lines that belong together: a paragraph, an item of a list, a block of code.
struct Unit<'g> {
    lines: Vec<&'g str>,
}

fn units(group: &Group) -> Vec<Unit<'_>> {
    let blocks = blocks::read(&group.lines.join("\n"));
    let mut units: Vec<Unit<'_>> = Vec::new();
    let mut goes_on = false;
    for (line, read) in group.lines.iter().zip(&blocks.lines) {
        if *read != Line::Code && line.trim().is_empty() {
            goes_on = false;
            continue;
        }
        let begins_item = *read != Line::Code && (is_item(line) && !line.starts_with(' ') || is_numbered(line));
        match units.last_mut().filter(|_| goes_on && !begins_item) {
            Some(unit) => unit.lines.push(line),
            None => units.push(Unit { lines: vec![line] }),
        }
        goes_on = true;
    }
    units
}

fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") "))
}

impl Unit<'_> {
    /// Where its lines follow each other in a body, or where that says the same of the same finding in words that somebody changed.
    fn place_in(&self, body: &str) -> Option<Range<usize>> {
        let lines: Vec<&str> = body.split_inclusive('\n').collect();
        let is_same = |window: &[&str]| window.iter().zip(&self.lines).all(|(a, b)| a.trim_end() == b.trim_end());
        let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
        let range = |first: usize, count: usize| {
            let start = length(&lines[..first]);
            start..start + length(&lines[first..first + count])
        };
        if let Some(first) = lines.windows(self.lines.len()).position(is_same) {
            return Some(range(first, self.lines.len()));
        }
        let head = changelog_entry::head(self.lines.first()?)?;
        lines.iter().position(|line| changelog_entry::head(line) == Some(head)).map(|first| range(first, 1))
    }
}

/// The groups with a heading, each with its place, its heading included, and its name.
fn places(body: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let headings: Vec<(usize, &str)> =
        plain_lines(body).filter_map(|(range, line)| Some((range.start, line.strip_prefix("### ")?.trim()))).collect();
    let ends: Vec<usize> = headings.iter().skip(1).map(|(start, _)| *start).chain([body.len()]).collect();
    headings.into_iter().zip(ends).map(|((start, name), end)| (start..end, name))
}

/// The group of a name; none where there is none. The one without a name ends before the first heading.
fn place_of(body: &str, title: &str) -> Option<Range<usize>> {
    if title.is_empty() {
        return Some(0..places(body).next().map_or(body.len(), |(place, _)| place.start));
    }
    places(body).find(|(_, name)| name.eq_ignore_ascii_case(title)).map(|(place, _)| place)
}

/// Behind the last line that is not empty.
fn end_of_text(text: &str) -> usize {
    let mut end = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if !line.trim().is_empty() {
            end = at;
        }
    }
    end
}
