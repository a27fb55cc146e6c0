//! An entry's groups join a section that somebody wrote already.

use super::{Group, groups, plain_lines};

/// The section's body with the groups of an entry: each below the heading of its name, or behind all others. What stands there stays
/// as it is, and a group of which anything stands there is left out, so that a second time changes nothing.
pub(super) fn join(body: &str, entry: &str, line_end: &str) -> String {
    let mut out = body.to_owned();
    for group in groups(entry).into_iter().filter(|group| !group.lines.is_empty()) {
        let has =
            |line: &String| !line.trim().is_empty() && body.lines().any(|there| there.trim_end() == line.trim_end());
        if !group.lines.iter().any(has) {
            insert(&mut out, &group, line_end);
        }
    }
    out
}

fn insert(body: &mut String, group: &Group, line_end: &str) {
    let there = place_of(body, &group.title);
    let at = end_of_text(&body[..there.unwrap_or(body.len())]);
    let last = body[..at].lines().next_back().unwrap_or_default();
    let is_item = |line: &str| line.starts_with(['-', '*', '+', ' ']);
    let mut added = String::new();
    if !body[..at].is_empty() && !body[..at].ends_with('\n') {
        added.push_str(line_end);
    }
    let follows_items = there.is_some() && is_item(last) && group.lines.first().is_some_and(|line| is_item(line));
    if !follows_items {
        added.push_str(line_end);
    }
    if there.is_none() && !group.title.is_empty() {
        added.push_str(&group.heading);
        added.push_str(line_end);
        for _ in 0..group.gap {
            added.push_str(line_end);
        }
    }
    for line in &group.lines {
        added.push_str(line);
        added.push_str(line_end);
    }
    body.insert_str(at, &added);
}

/// Where the group of a name ends; none where there is none. The one without a name ends before the first heading.
fn place_of(body: &str, title: &str) -> Option<usize> {
    let headings: Vec<(usize, &str)> =
        plain_lines(body).filter_map(|(range, line)| Some((range.start, line.strip_prefix("### ")?.trim()))).collect();
    let mut ends = headings.iter().skip(1).map(|(start, _)| *start).chain([body.len()]);
    if title.is_empty() {
        return Some(headings.first().map_or(body.len(), |(start, _)| *start));
    }
    headings.iter().find_map(|(_, name)| {
        let end = ends.next()?;
        name.eq_ignore_ascii_case(title).then_some(end)
    })
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
