//! What a line of reStructuredText begins, and where what it begins ends.

use super::{Certainty, Line};

/// The number of an item that is counted in letters.
const LETTERS: usize = usize::MAX - 1;

/// What a list's item begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Enumerator {
    pub(super) ordinal: Option<usize>,
    pub(super) open: bool,
    pub(super) close: char,
    pub(super) width: usize,
}

/// Where the lines end that are indented or blank.
pub(super) fn indented_end(lines: &[Line], at: usize) -> usize {
    at + lines.get(at..).unwrap_or_default().iter().take_while(|line| line.is_blank() || line.is_indented()).count()
}

pub(super) fn blank_end(lines: &[Line], at: usize) -> usize {
    at + lines[at..].iter().take_while(|line| !line.is_blank()).count()
}

pub(super) fn skip_blank(lines: &[Line], at: usize) -> usize {
    at + lines.get(at..).unwrap_or_default().iter().take_while(|line| line.is_blank()).count()
}

/// Lines without what they all are indented by.
pub(super) fn dedented(lines: &[Line]) -> Vec<Line> {
    let indent = lines.iter().filter(|line| !line.is_blank()).map(Line::indent).min().unwrap_or_default();
    lines.iter().map(|line| cut(line, indent)).collect()
}

pub(super) fn cut(line: &Line, indent: usize) -> Line {
    Line { number: line.number, text: line.text.get(indent..).unwrap_or_default().to_owned() }
}

/// A bullet and where the text behind it begins.
pub(super) fn bullet(text: &str) -> Option<(char, usize)> {
    let mut chars = text.chars();
    let sign = chars.next().filter(|c| matches!(c, '-' | '*' | '+' | '\u{2022}' | '\u{2023}' | '\u{2043}'))?;
    let rest = chars.as_str();
    (rest.is_empty() || rest.starts_with(' ')).then(|| (sign, 1 + rest.len() - rest.trim_start().len()))
}

/// `1. `, `#. `, `(a) `, `B) `; letters have no number here.
pub(super) fn enumerator(text: &str) -> Option<Enumerator> {
    let open = text.starts_with('(');
    let body = if open { &text[1..] } else { text };
    let length = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '#')?;
    let (word, rest) = body.split_at(length);
    let close = rest.chars().next().filter(|c| matches!(c, '.' | ')'))?;
    let behind = &rest[1..];
    let is_roman = |word: &str| !word.is_empty() && word.bytes().all(|b| b"ivxlcdmIVXLCDM".contains(&b));
    let fits = word == "#"
        || (word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic()))
        || (!word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()))
        || is_roman(word);
    if !fits || (open && close == '.') || !(behind.is_empty() || behind.starts_with(' ')) {
        return None;
    }
    let width = usize::from(open) + length + 1 + behind.len() - behind.trim_start().len();
    let ordinal = if word == "#" { None } else { word.parse().ok().or(Some(LETTERS)) };
    Some(Enumerator { ordinal, open, close, width })
}

/// Whether a line is an item of a list, and not a text that begins with a number; none if that cannot be told.
pub(super) fn is_enumerated(item: &Enumerator, next: Option<&Line>) -> Option<bool> {
    let Some(next) = next.filter(|line| !line.is_blank() && !line.is_indented()) else {
        return Some(true);
    };
    if item.ordinal == Some(LETTERS) {
        // Letters and Roman numerals are not counted here.
        return if enumerator(&next.text).is_some() { None } else { Some(false) };
    }
    let following = enumerator(&next.text);
    Some(following.is_some_and(|following| {
        let counts = match (item.ordinal, following.ordinal) {
            (_, None) => true,
            (Some(last), Some(next)) => next == last + 1,
            (None, Some(_)) => false,
        };
        counts && (following.open, following.close) == (item.open, item.close)
    }))
}

/// Where the body of a field begins.
pub(super) fn field_marker(text: &str) -> Option<usize> {
    let chars: Vec<char> = text.chars().collect();
    if chars.first() != Some(&':') || matches!(chars.get(1), Some(':' | ' ') | None) {
        return None;
    }
    let mut at = 1;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            ':' => match chars.get(at + 1) {
                None => return Some(at + 1).filter(|_| chars[at - 1] != ' '),
                Some(' ') if chars[at - 1] != ' ' => return Some(at + 2),
                Some(' ' | '`') => return None,
                Some(_) => at += 1,
            },
            _ => at += 1,
        }
    }
    None
}

/// Where what stands behind the options of a line begins: `-a`, `-a FILE, --all=FILE`, `/V`.
pub(super) fn option_marker(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += option(&text[at..])?;
        let rest = &text[at..];
        if rest.is_empty() {
            return Some(at);
        }
        if let Some(behind) = rest.strip_prefix("  ") {
            return Some(text.len() - behind.trim_start_matches(' ').len());
        }
        rest.strip_prefix(", ")?;
        at += 2;
    }
}

/// The length of an option with its argument.
fn option(text: &str) -> Option<usize> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let bytes = text.as_bytes();
    let words = |from: usize| from + bytes[from.min(bytes.len())..].iter().take_while(|byte| is_word(byte)).count();
    let argument = |from: usize| match bytes.get(from) {
        Some(byte) if byte.is_ascii_alphabetic() => Some(words(from)),
        Some(b'<') => text[from..].find('>').filter(|length| *length > 1).map(|length| from + length + 1),
        _ => None,
    };
    let is_whole =
        |end: &usize| text[*end..].is_empty() || text[*end..].starts_with("  ") || text[*end..].starts_with(", ");
    let (name, separators): (usize, &[u8]) = match bytes {
        [b'-', b'-', first, ..] if first.is_ascii_alphanumeric() => (words(2), b" ="),
        [b'/', first, ..] if first.is_ascii_alphanumeric() => (words(1), b" ="),
        [b'-' | b'+', first, ..] if first.is_ascii_alphanumeric() => (2, b" "),
        _ => return None,
    };
    let separated = bytes.get(name).filter(|byte| separators.contains(byte)).and_then(|_| argument(name + 1));
    let joined = || argument(name).filter(|_| name == 2 && bytes[0] != b'/');
    [separated, joined(), Some(name)].into_iter().flatten().find(is_whole)
}

pub(super) fn is_simple_table(text: &str) -> bool {
    text.contains(' ') && text.split(' ').all(|part| part.chars().all(|c| c == '='))
}

/// Whether a line consists of one punctuation character.
pub(super) fn is_line(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|sign| sign.is_ascii_punctuation() && text.chars().all(|c| c == sign))
}

/// Whether a line begins something else than text.
pub(super) fn is_marked(text: &str) -> bool {
    bullet(text).is_some()
        || enumerator(text).is_some()
        || field_marker(text).is_some()
        || text.starts_with(".. ")
        || text == ".."
        || option_marker(text).is_some()
        || is_line(text)
        || is_simple_table(text)
        || text.starts_with("| ")
        || text.starts_with(">>> ")
        || text.starts_with("+-")
}

/// Whether a title is wider than its line, and how sure that is: other scripts have characters of other widths.
pub(super) fn is_wider(title: &str, line: &str) -> Option<Certainty> {
    let width = title.chars().count();
    if width <= line.len() {
        return None;
    }
    Some(if title.is_ascii() { Certainty::Sure } else { Certainty::Likely })
}

/// Name and argument of `name:: argument`.
pub(super) fn directive(rest: &str) -> Option<(String, &str)> {
    let (name, argument) = rest.split_once("::")?;
    let name = name.strip_suffix(' ').unwrap_or(name);
    let is_name = name.starts_with(char::is_alphanumeric)
        && name.ends_with(char::is_alphanumeric)
        && name.chars().all(|c| c.is_alphanumeric() || "-_.+:".contains(c))
        && !name.as_bytes().windows(2).any(|pair| pair.iter().all(|byte| b"-_.+:".contains(byte)));
    (is_name && (argument.is_empty() || argument.starts_with(' '))).then(|| (name.to_lowercase(), argument.trim()))
}

/// Name and address of `name: address`, behind the underscore.
pub(super) fn explicit_target(text: &str) -> Option<(String, &str)> {
    let (name, address) = if let Some(quoted) = text.strip_prefix('`') {
        quoted.split_once("`:")?
    } else {
        let ends = |at: &usize| !text[..*at].ends_with('\\') && text[at + 1..].chars().next().is_none_or(|c| c == ' ');
        let end = text.match_indices(':').map(|(at, _)| at).find(ends)?;
        (&text[..end], &text[end + 1..])
    };
    let ends_well = !name.ends_with(':') || name.ends_with("\\:") || text.starts_with('`');
    (!name.is_empty() && name != "_" && ends_well).then(|| (name.replace('\\', ""), address.trim()))
}
