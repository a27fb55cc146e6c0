//! Versions in files that are read line by line, or as a whole.

use std::ops::Range;

use pep440_rs::Version;

/// The longest version that a pattern finds, in bytes.
const LONGEST: usize = 128;

/// The value of a key in a section of an INI file: `[metadata]`, `version = 1.2.3`.
pub(super) fn ini(text: &str, section: &str, key: &str) -> Vec<Range<usize>> {
    let mut inside = false;
    let mut found = Vec::new();
    for (start, line) in lines(text) {
        if let Some(name) = line.trim_end().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == section;
            continue;
        }
        let Some(equals) = line.find(['=', ':']).filter(|_| inside) else { continue };
        if line[..equals].trim_end() == key && !line.starts_with([' ', '\t']) {
            found.extend(value(line, start, equals + 1, &[]));
        }
    }
    found
}

/// The lines of a key's value in a section of an INI file, which may go on with indented lines, without the empty ones.
pub(super) fn ini_list(text: &str, section: &str, key: &str) -> Vec<String> {
    let (mut inside, mut is_value) = (false, false);
    let mut found = Vec::new();
    for (_, line) in lines(text) {
        let content = line.trim();
        let indented = line.starts_with([' ', '\t']);
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|_| !indented) {
            (inside, is_value) = (name.trim() == section, false);
        } else if content.is_empty() || content.starts_with(['#', ';']) {
        } else if indented {
            found.extend(is_value.then(|| content.to_owned()));
        } else {
            let value = line.split_once(['=', ':']).filter(|(name, _)| inside && name.trim_end() == key);
            is_value = value.is_some();
            found.extend(value.map(|(_, first)| first.trim().to_owned()).filter(|first| !first.is_empty()));
        }
    }
    found
}

/// The value of a key at the top of a YAML file, with or without quotes: `version: 1.2.3`.
pub(super) fn yaml(text: &str, key: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, line) in lines(text) {
        let rest = line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':'));
        if rest.is_some_and(|rest| rest.starts_with([' ', '\t'])) {
            found.extend(value(line, start, key.len() + 1, &[" #", "\t#"]));
        }
    }
    found
}

/// What a file holds beside white space and a byte order mark.
pub(super) fn whole(text: &str) -> Option<Range<usize>> {
    let start = text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
    let end = text.trim_end().len();
    (start < end).then_some(start..end)
}

/// The places where a pattern holds: the text of `start`, a version, the text of `end`. No word and no version is cut in two.
pub(super) fn between(text: &str, start: &str, end: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(start).map(|at| from + at) {
        let version = at + start.len();
        match version_before(&text[version..], end).filter(|_| !cuts_word(text, at, start)) {
            Some(length) => {
                found.push(version..version + length);
                from = version + length;
            }
            None => from = at + text[at..].chars().next().map_or(1, char::len_utf8),
        }
        if from >= text.len() {
            break;
        }
    }
    found
}

/// The length of the longest version that a text begins with and `end` follows.
fn version_before(text: &str, end: &str) -> Option<usize> {
    let longest = text.bytes().take(LONGEST).take_while(|b| is_of_version(*b)).count();
    let fits = |length: &usize| match end {
        // A full stop may end a sentence; with a letter or digit behind it the version goes on.
        "" => {
            !matches!(&text.as_bytes()[*length..], [b'.' | b'-' | b'_' | b'+' | b'!', b, ..] | [b, ..] if b.is_ascii_alphanumeric())
        }
        _ => text[*length..].starts_with(end),
    };
    (1..=longest).rev().filter(fits).find(|length| text[..*length].parse::<Version>().is_ok())
}

/// Whether a pattern that begins with a letter would begin inside a word: `version: ` in `cff-version: 1.2.0`.
fn cuts_word(text: &str, at: usize, start: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    start.starts_with(char::is_alphanumeric) && text[..at].ends_with(goes_on)
        || start.is_empty() && text[..at].ends_with(goes_on)
}

fn is_of_version(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'!' | b'+' | b'-' | b'_')
}

/// The value behind a sign of a line, without quotes and white space; none if it is empty.
fn value(line: &str, start: usize, from: usize, comments: &[&str]) -> Option<Range<usize>> {
    let end = comments.iter().filter_map(|sign| line[from..].find(sign)).min().map_or(line.len(), |at| from + at);
    let rest = &line[from..end];
    let (mut from, mut end) = (from + rest.len() - rest.trim_start().len(), from + rest.trim_end().len());
    let quoted = |quote| from + 1 < end && line[from..end].starts_with(quote) && line[from..end].ends_with(quote);
    if quoted('"') || quoted('\'') {
        (from, end) = (from + 1, end - 1);
    }
    (from < end).then(|| start + from..start + end)
}

/// The lines of a text without their ends, each with its place.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    text[start..].split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}
