//! Text from outside, made safe for the place it is shown in.
//!
//! Reports, inputs and indexes are hostile. What people read (Markdown, terminals, Actions output) goes
//! through one of these functions; HTML goes through the template engine's own escaping after [`clean`].

use std::borrow::Cow;

/// What stands in for a character that must not be shown.
pub const REPLACEMENT: char = '\u{fffd}';

/// Whether a character must not reach eyes or terminals: C0 and C1 controls and bidirectional controls.
///
/// Line feed and tab count as unsafe here; [`clean`] lets them through.
pub fn is_unsafe_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Replaces what must not be shown and keeps line feeds and tabs.
pub fn clean(text: &str) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe_to_show(c) && !matches!(c, '\n' | '\t');
    if text.contains(unsafe_here) {
        Cow::Owned(text.chars().map(|c| if unsafe_here(c) { REPLACEMENT } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// One line: every run of white space becomes one space, what must not be shown is replaced.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().map(|c| if is_unsafe_to_show(c) { REPLACEMENT } else { c }));
    }
    line
}

/// At most `limit` characters of a text; what was cut is shown by `...` behind them.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
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

/// One line of text as Markdown that renders as the text itself: no heading, link, image, HTML or table cell comes out of it.
pub fn markdown(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    if out.starts_with(['-', '+', '=', ':']) {
        out.insert(0, '\\');
    }
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && out[digits..].starts_with('.') {
        out.insert(digits, '\\');
    }
    out
}

/// Beginnings of words that are credentials: PyPI tokens (macaroons, so `Ag` comes first), GitHub, GitLab, AWS
/// and Slack tokens, and JSON web tokens.
const TOKEN_STARTS: [&str; 12] =
    ["pypi-Ag", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "AKIA", "ASIA", "eyJ", "xoxb-"];

/// The shortest word with such a beginning that is taken for a credential.
const TOKEN_LENGTH: usize = 20;

/// What stands in for a credential.
const MASK: &str = "[hidden]";

/// A line without what looks like a credential: words with the beginning of a known kind of token, and `user:password@` in addresses.
///
/// A net below the rule that nobody passes a secret here, not a promise to find every secret.
pub fn hide_credentials(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !in_token(c)).unwrap_or(rest.len());
        let mid_word = out.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        if let Some(after) = rest.strip_prefix("://")
            && let Some(password_end) = credentials_end(after)
        {
            out.push_str("://");
            out.push_str(MASK);
            rest = &after[password_end..];
        } else if !mid_word && end >= TOKEN_LENGTH && TOKEN_STARTS.iter().any(|start| rest.starts_with(start)) {
            out.push_str(MASK);
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Where the `user:password` part of an address ends, if it has one: the place of its `@`.
fn credentials_end(after_scheme: &str) -> Option<usize> {
    let host_end = after_scheme.find(['/', '?', '#', ' ']).unwrap_or(after_scheme.len());
    after_scheme[..host_end].rfind('@')
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
    fn markdown_renders_as_itself() {
        assert_eq!(
            markdown("## <img onerror=x> [a](javascript:b)"),
            "\\#\\# &lt;img onerror=x&gt; \\[a\\]\\(javascript:b\\)"
        );
        assert_eq!(markdown("- item"), "\\- item");
        assert_eq!(markdown("1. item"), "1\\. item");
        assert_eq!(markdown("a|b"), "a\\|b");
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
