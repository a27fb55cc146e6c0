//! The Markdown that a person wrote, as a part of a larger document.

use std::collections::BTreeMap;

use findings_model::text;

use crate::blocks::{self, Line};

/// A person's own Markdown of at most `limit` bytes: it ends where it ends, whatever is open in it, and changes nothing behind it.
///
/// Emphasis, lists, tables and headings work, and so do links to `http` and `https` and mentions: whom a person names and where
/// the words lead is the person's to decide. HTML, images and all other uses of brackets, such as definitions of references that
/// would reach beyond these words, are shown as text. Code, in spans or blocks, is left as it is; a fence that is open at the end
/// is closed. Of more than `limit` bytes the beginning is kept, in whole lines where that is possible, and how much is left out is
/// said.
pub(crate) fn own_words(value: &str, limit: usize) -> String {
    let value = value.replace("\r\n", "\n").replace('\r', "\n");
    let value = text::clean(value.trim_end());
    let first = value.find(|c: char| !c.is_whitespace()).unwrap_or_default();
    let value = &value[value[..first].rfind('\n').map_or(0, |at| at + 1)..];
    let whole = if value.len() <= limit { made_safe(value) } else { String::new() };
    if value.is_empty() || (!whole.is_empty() && whole.len() <= limit) {
        return whole;
    }
    shortened(value, limit)
}

/// The longest beginning that fits, with a sentence about the rest.
fn shortened(value: &str, limit: usize) -> String {
    let rest_of = |kept: &str| {
        let left_out = value[kept.len()..].trim_start().chars().count();
        format!("\n(Shortened here: {left_out} more characters were given.)\n")
    };
    let made = |kept: &str| made_safe(kept) + &rest_of(kept);
    let ends: Vec<usize> = value.match_indices('\n').map(|(at, _)| at).take_while(|at| *at <= limit).collect();
    let lines = ends.partition_point(|end| made(&value[..*end]).len() <= limit);
    let kept = match lines.checked_sub(1).map(|last| ends[last]) {
        Some(end) if end >= limit / 2 => end,
        // A line behind it is too long by itself.
        _ => largest(limit.min(value.len()), |end| made(&value[..value.floor_char_boundary(end)]).len() <= limit),
    };
    made(&value[..value.floor_char_boundary(kept)])
}

/// The largest number of at most `most` that fits, where every smaller one fits too; 0 if none does.
pub(crate) fn largest(most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

fn made_safe(value: &str) -> String {
    let blocks = blocks::read(value);
    let mut out = String::with_capacity(value.len() + value.len() / 8 + 8);
    let mut lines = value.lines().zip(&blocks.lines).peekable();
    while let Some((line, read)) = lines.next() {
        let Line::Text { start, table, doubtful, .. } = *read else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        // The lines of a paragraph, without what makes them lines of a list or a quote: a code span may go on from one to the next.
        let mut prefixes = vec![&line[..start]];
        let mut paragraph = line[start..].to_owned();
        while !table
            && let Some((line, Line::Text { start, continues: true, table: false, doubtful: false })) = lines.peek().copied()
            // HTML, a footnote or a heading would begin a block there, in the midst of a code span.
            && !line[*start..].starts_with(['<', '[', '#'])
        {
            prefixes.push(&line[..*start]);
            paragraph.push('\n');
            paragraph.push_str(&line[*start..]);
            lines.next();
        }
        if doubtful {
            doubtless(&mut paragraph);
        }
        let mut safe = String::with_capacity(paragraph.len() + 8);
        Inline { text: &paragraph, at: 0, table }.write(&mut safe);
        for (prefix, line) in prefixes.iter().zip(safe.split('\n')) {
            out.push_str(prefix);
            if line.starts_with("::") {
                out.push('\\');
            }
            out.push_str(line);
            out.push('\n');
        }
    }
    if let Some(closing) = blocks.closing {
        out.push_str(&closing);
        out.push('\n');
    }
    text::harmless(&out).into_owned()
}

/// Takes a line's beginning its meaning as the mark of a block.
fn doubtless(line: &mut String) {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if line[digits..].starts_with(|c: char| c.is_ascii_punctuation()) {
        line.insert(digits, '\\');
    }
}

/// How far the end of a link or an address is looked for, in bytes.
const LONGEST: usize = 3000;

/// The text of a paragraph on its way into another document.
struct Inline<'a> {
    text: &'a str,
    at: usize,
    table: bool,
}

impl<'a> Inline<'a> {
    fn write(&mut self, out: &mut String) {
        let mut spans = Spans::default();
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\\' => {
                    let escaped = self.rest()[1..].chars().next().filter(char::is_ascii_punctuation);
                    self.copy(1 + escaped.map_or(0, char::len_utf8), out);
                }
                '`' => {
                    let length = self.rest().bytes().take_while(|b| *b == b'`').count();
                    let end = spans.end(self.text, self.at, length).filter(|end| !self.parts_cells(*end));
                    if let Some(end) = end {
                        self.copy(end - self.at, out);
                    } else {
                        self.at += length;
                        out.push_str(&"\\`".repeat(length));
                    }
                }
                '<' => match self.address() {
                    Some(length) => self.copy(length, out),
                    None => self.replace("&lt;", out),
                },
                '[' => match self.link() {
                    Some((text_end, end)) => {
                        out.push('[');
                        let text = &self.text[self.at + 1..text_end];
                        Inline { text, at: 0, table: self.table }.write(out);
                        out.push_str(&self.text[text_end..end]);
                        self.at = end;
                    }
                    None => self.replace("\\[", out),
                },
                ']' => self.replace("\\]", out),
                ':' if self.rest().starts_with("://") => self.bare_address(out),
                'w' if self.rest().starts_with("www.") => self.bare_address(out),
                _ => self.copy(c.len_utf8(), out),
            }
        }
    }

    /// The rest of an address that stands in the text. What has a meaning elsewhere is a part of it.
    fn bare_address(&mut self, out: &mut String) {
        for c in self.rest().chars().take_while(|c| !c.is_whitespace()) {
            match c {
                '<' => {
                    out.push(' ');
                    return;
                }
                '`' => out.push_str("%60"),
                '[' => out.push_str("%5B"),
                ']' => out.push_str("%5D"),
                _ => out.push(c),
            }
            self.at += c.len_utf8();
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn copy(&mut self, length: usize, out: &mut String) {
        out.push_str(&self.rest()[..length]);
        self.at += length;
    }

    fn replace(&mut self, by: &str, out: &mut String) {
        out.push_str(by);
        self.at += 1;
    }

    /// Whether what ends there would be parted by a bar that a table takes for its own.
    fn parts_cells(&self, end: usize) -> bool {
        let inside = &self.text[self.at..end];
        self.table && inside.match_indices('|').any(|(at, _)| !inside[..at].ends_with('\\'))
    }

    /// The length of an address in angle brackets.
    fn address(&self) -> Option<usize> {
        let length = self.rest().bytes().take(LONGEST).position(|b| b == b'>')? + 1;
        let address = &self.rest()[1..length - 1];
        (text::is_linkable(address) && !address.contains('|')).then_some(length)
    }

    /// Where the text and the whole of a link end: brackets with plain text or code in them, and an address that may be followed.
    fn link(&self) -> Option<(usize, usize)> {
        if self.text[..self.at].ends_with('!') {
            return None;
        }
        let inside = &self.rest()[1..];
        let inside = &inside[..inside.floor_char_boundary(LONGEST)];
        let length = inside.find(['[', ']', '\n', '\\', '<', '`'])?;
        let length = if inside[length..].starts_with('`') { code_and_plain(inside)? } else { length };
        let address = inside[length..].strip_prefix("](")?;
        let address_length = address.find(')')?;
        let is_safe = text::is_linkable(&address[..address_length]) && !address[..address_length].contains('|');
        let end = self.at + 1 + length + 2 + address_length + 1;
        (length > 0 && is_safe && !self.parts_cells(end)).then_some((self.at + 1 + length, end))
    }
}

/// The length of a link's text that is plain but for code spans of single backticks.
fn code_and_plain(inside: &str) -> Option<usize> {
    let end = inside.find("](")?;
    let text = &inside[..end];
    let is_simple = !text.contains("``")
        && text.matches('`').count().is_multiple_of(2)
        && !text.contains(['[', ']', '\n', '\\', '<']);
    is_simple.then_some(end)
}

/// Where code spans end. What was searched in vain is kept, so that a paragraph of backticks takes no more than its length.
#[derive(Default)]
struct Spans {
    /// Runs of backticks by their length, each with the places where they begin, read at the first question.
    runs: Option<BTreeMap<usize, Vec<usize>>>,
}

impl Spans {
    /// Behind the next run of the same length.
    fn end(&mut self, text: &str, start: usize, length: usize) -> Option<usize> {
        let runs = self.runs.get_or_insert_with(|| {
            let mut runs = BTreeMap::<usize, Vec<usize>>::new();
            let mut at = 0;
            while let Some(found) = text[at..].find('`') {
                at += found;
                let length = text[at..].bytes().take_while(|b| *b == b'`').count();
                runs.entry(length).or_default().push(at);
                at += length;
            }
            runs
        });
        let places = runs.get(&length)?;
        let next = places.partition_point(|place| *place < start + length);
        places.get(next).map(|place| place + length)
    }
}
