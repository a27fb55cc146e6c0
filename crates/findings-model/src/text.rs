//! Text from outside, made safe for the place it is shown in.
//!
//! Reports, inputs and indexes are hostile. What people read (Markdown, terminals, Actions output) goes
//! through one of these functions, and what is printed through [`harmless`] at last; HTML goes through the template engine's own
//! escaping after [`clean`].

mod commands;
mod credentials;
mod machine;
mod markdown;

use std::borrow::Cow;

pub use commands::{harmless, harmless_json, is_harmless};
pub use credentials::{
    hide_credentials, hide_credentials_in_name, hide_credentials_in_path, hide_credentials_in_prose,
    hide_quoted_credentials, hide_text, is_masked, is_without_credentials,
};
pub use machine::without_absolute_paths;
pub use markdown::{markdown, markdown_inline};

/// What stands in for a character that must not be shown.
pub const REPLACEMENT: char = '\u{fffd}';

/// Whether a character must not reach eyes or terminals: C0 and C1 controls and bidirectional controls.
///
/// Line feed and tab count as unsafe here; [`clean`] lets them through.
pub fn is_unsafe_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a text is plain: ASCII that can be seen, spaces, line feeds and tabs. Most text is, and needs no cleaning.
pub fn is_plain(text: &str) -> bool {
    // Blocks without an early end, which the compiler turns into a few wide instructions each.
    let is_plain = |block: &[u8]| block.iter().fold(true, |plain, b| plain & matches!(b, b' '..=b'~' | b'\n' | b'\t'));
    let (blocks, rest) = text.as_bytes().as_chunks::<64>();
    blocks.iter().all(|block| is_plain(block)) && is_plain(rest)
}

/// Whether a text is its own one-line form: plain, in one line, single spaces between words and none around them, and nothing
/// that the Actions runner reads as a command.
pub fn is_plain_line(text: &str) -> bool {
    let is_seen = text.bytes().fold(true, |seen, b| seen & matches!(b, b' '..=b'~'));
    let is_spaced = !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ");
    // Signs of that sort are rare, and one is found sooner than three.
    let is_command = || text.contains('#') && text.contains(commands::ANYWHERE);
    is_seen && is_spaced && !is_command()
}

/// Replaces what must not be shown and keeps line feeds and tabs.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let unsafe_here = |c: char| is_unsafe_to_show(c) && !matches!(c, '\n' | '\t');
    if text.contains(unsafe_here) {
        Cow::Owned(text.chars().map(|c| if unsafe_here(c) { REPLACEMENT } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// One line: every run of white space becomes one space, what must not be shown is replaced, and `##[`, which is a command for the
/// Actions runner wherever it stands, comes apart ([`harmless`]).
pub fn one_line(text: &str) -> String {
    if is_plain_line(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().map(|c| if is_unsafe_to_show(c) { REPLACEMENT } else { c }));
    }
    commands::apart(line)
}

/// At most `limit` characters of a text; what was cut is shown by `...` behind them.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// At most `limit` bytes of a text, cut at a character boundary, with `...` in place of what was cut.
pub fn shorten_bytes(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(limit.saturating_sub(3));
    Cow::Owned(format!("{}...", &text[..end]))
}

/// What the innermost cause of an error says. The outer ones often say no more than where it happened.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// Whether a URL may become a link: `https` or `http`, no credentials, no characters that need quoting.
pub fn is_linkable(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty()
            && !host.contains('@')
            && url.len() <= 2048
            && url
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'(' | b')' | b'\\'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_never_reach_the_eye() {
        assert_eq!(one_line("a\u{1b}[31mb\u{202e}c\0"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}");
        assert_eq!(clean("a\n\tb\r"), "a\n\tb\u{fffd}");
        assert_eq!(one_line(" a \n\n::set-output b\t"), "a ::set-output b");
    }

    #[test]
    fn plain_text_is_told_from_the_rest_at_every_place() {
        for length in [1, 63, 64, 65, 200] {
            let plain = "a \n\t~".chars().cycle().take(length).collect::<String>();
            assert!(is_plain(&plain));
            for at in 0..length {
                for bad in ["\0", "\r", "\u{7f}", "é"] {
                    assert!(!is_plain(&format!("{}{bad}{}", &plain[..at], &plain[at..])), "{at}");
                }
            }
        }
        for (line, plain) in [("", true), ("a b", true), (" a", false), ("a ", false), ("a  b", false), (" ", false)] {
            assert_eq!(is_plain_line(line), plain, "{line:?}");
        }
        for bad in ["a\tb", "a\nb", "é", "\u{7f}"] {
            assert!(!is_plain_line(bad), "{bad:?}");
        }
    }

    #[test]
    fn cutting_respects_characters() {
        assert_eq!(shorten("äöü", 2), "äö...");
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten_bytes("äöüäöü", 8), "äö...");
    }

    #[test]
    fn only_plain_web_addresses_become_links() {
        assert!(is_linkable("https://osv.dev/vulnerability/PYSEC-2018-28"));
        for bad in ["javascript:alert(1)", "not-a-url", "https://", "https://user@host/", "https://a\"b/", "//host/"] {
            assert!(!is_linkable(bad), "{bad}");
        }
    }
}
