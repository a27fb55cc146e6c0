//! The groups of a section.

use std::ops::Range;

use super::plain_lines;

/// What stands under Unreleased and the entry's groups as one: groups of the same name become one group.
pub(super) fn merge(moved: &str, entry: &str, line_end: &str) -> String {
    let mut groups = groups(moved);
    for group in self::groups(entry).into_iter().filter(|group| !group.lines.is_empty()) {
        let same = groups.iter_mut().find(|known| known.title.eq_ignore_ascii_case(&group.title));
        match same {
            Some(known) if known.lines.is_empty() => known.lines = group.lines,
            Some(known) => {
                let there = std::mem::take(&mut known.lines);
                // The words on the release come before everything.
                let (first, second) = if group.title.is_empty() { (group.lines, there) } else { (there, group.lines) };
                known.lines = first;
                if !(known.lines.last().is_some_and(|line| is_item(line))
                    && second.first().is_some_and(|line| is_item(line)))
                {
                    known.lines.push(String::new());
                }
                known.lines.extend(second);
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

/// Whether a line is of a list: items of two lists follow each other, paragraphs do not.
pub(super) fn is_item(line: &str) -> bool {
    ["- ", "* ", "+ ", " "].iter().any(|sign| line.starts_with(sign))
}

/// What stands below a heading of the third level; the first group, before any, has no title.
#[derive(Clone, Default)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) heading: String,
    /// Empty lines between the heading and what follows.
    pub(super) gap: usize,
    /// Without empty ones at both ends.
    pub(super) lines: Vec<String>,
}

pub(super) fn groups(text: &str) -> Vec<Group> {
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
