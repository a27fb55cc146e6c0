//! Text from outside, made safe for the place it is shown in.
//!
//! Reports, inputs and indexes are hostile. What people read (Markdown, terminals, Actions output) goes
//! through one of these functions; HTML goes through the template engine's own escaping after [`clean`].

use std::{borrow::Cow, ops::Range};

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

/// Whether a text is its own one-line form: plain, in one line, single spaces between words and none around them.
pub fn is_plain_line(text: &str) -> bool {
    let mut before = b' ';
    let is_clean = text.bytes().all(|b| {
        let fits = matches!(b, b'!'..=b'~') || (b == b' ' && before != b' ');
        before = b;
        fits
    });
    is_clean && (before != b' ' || text.is_empty())
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

/// One line: every run of white space becomes one space, what must not be shown is replaced.
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

/// Ends of the names of settings whose values are credentials, in lower case.
const SECRET_KEYS: [&str; 22] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "secret_key",
    "secret-key",
    "secretkey",
    "private_key",
    "private-key",
    "privatekey",
    "authorization",
    "credential",
    "credentials",
    "bearer",
];

/// A line without what looks like a credential: words with the beginning of a known kind of token, `user:password@` in addresses, and
/// the values of keys such as `password` (`DB_PASSWORD=…`, `"api_key": "…"`, `Authorization: Bearer …`).
///
/// A net below the rule that nobody passes a secret here, not a promise to find every secret.
pub fn hide_credentials(line: &str) -> String {
    hide_values(hide_tokens(line))
}

/// A line with the values of secret keys masked.
fn hide_values(line: String) -> String {
    let mut out = String::new();
    let mut copied = 0;
    while let Some(found) = line[copied..].find(['=', ':', ' ']).and_then(|_| next_value(&line, copied)) {
        out.push_str(&line[copied..found.start]);
        out.push_str(MASK);
        copied = found.end;
    }
    if copied == 0 {
        return line;
    }
    out.push_str(&line[copied..]);
    out
}

/// Where the next value of a secret key stands, from an offset on.
fn next_value(line: &str, from: usize) -> Option<Range<usize>> {
    line[from..].match_indices(['=', ':', ' ']).map(|(at, separator)| (from + at, separator)).find_map(
        |(at, separator)| {
            let key = key_before(&line[from..at])?;
            if separator == " " {
                // `Bearer …` has no separator; without the look of a token it is a word of a sentence.
                let value = value_at(line, at + 1)?;
                return (key.eq_ignore_ascii_case("bearer") && looks_random(&line[value.clone()])).then_some(value);
            }
            let is_in_path = line[..at].ends_with(key) && line[..at - key.len()].ends_with(['/', '\\']);
            if separator == ":" && (is_in_path || line[at..].starts_with("://")) {
                return None;
            }
            let start = at + line[at..].find(|c| !matches!(c, '=' | ':' | '>' | ' '))?;
            let value = value_at(line, start)?;
            // Compilers complain of an `unexpected token: …`.
            let is_grammar = separator == ":" && key.eq_ignore_ascii_case("token");
            (!is_grammar || looks_random(&line[value.clone()])).then_some(value)
        },
    )
}

/// The key whose separator follows, if it is a secret one; the key may be quoted.
fn key_before(before: &str) -> Option<&str> {
    let before = before.trim_end_matches(' ').trim_end_matches(['"', '\'', '`', '\\']);
    let start = before
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
        .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let key = &before[start..];
    let ends_in = |end: &&str| {
        key.len().checked_sub(end.len()).and_then(|at| key.get(at..)).is_some_and(|own| own.eq_ignore_ascii_case(end))
    };
    SECRET_KEYS.iter().any(ends_in).then_some(key)
}

/// The value that starts at an offset: what stands between quotes, or a word, behind the name of a scheme (`Bearer`). None for one that is masked.
fn value_at(line: &str, start: usize) -> Option<Range<usize>> {
    let rest = line.get(start..)?;
    let unescaped = rest.trim_start_matches('\\');
    let start = start + (rest.len() - unescaped.len());
    let quote = unescaped.chars().next()?;
    let value = if matches!(quote, '"' | '\'' | '`') {
        let inside = &unescaped[1..];
        let length = inside.find(quote).unwrap_or(inside.len());
        start + 1..start + 1 + inside[..length].trim_end_matches('\\').len()
    } else {
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '"' | '\'' | '`' | '<' | '>' | ')' | '}');
        let length = unescaped.find(is_end).unwrap_or(unescaped.len());
        let word = &unescaped[..length];
        if ["bearer", "basic", "digest", "token"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
            return value_at(line, start + length + 1);
        }
        start..start + length
    };
    let said = &line[value.clone()];
    (!said.starts_with(MASK) && said.chars().any(|c| c != '*')).then_some(value)
}

/// Whether a word looks like a token and not like a word of a sentence.
fn looks_random(word: &str) -> bool {
    word.len() >= 20 || (word.len() >= 8 && word.bytes().any(|b| b.is_ascii_digit()))
}

/// A line without words that begin as known tokens do, and without `user:password@`.
fn hide_tokens(line: &str) -> String {
    if !line.contains('@') && !TOKEN_STARTS.iter().any(|start| line.contains(start)) {
        return line.to_owned();
    }
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
    fn values_of_secret_keys_are_hidden() {
        for (line, hidden) in [
            ("failed token=s3cr3t-value now", "failed token=[hidden] now"),
            ("password='hunter 2' https://u:p@h/", "password='[hidden]' https://[hidden]@h/"),
            (r#"{"db_password": "hunter2", "user": "jo"}"#, r#"{"db_password": "[hidden]", "user": "jo"}"#),
            (r#"{\"apiKey\":\"hunter2\"}"#, r#"{\"apiKey\":\"[hidden]\"}"#),
            ("Authorization: Bearer abc.def, next", "Authorization: Bearer [hidden], next"),
            ("sent Bearer abcdef0123456789", "sent Bearer [hidden]"),
            ("?api_key=hunter2&page=2", "?api_key=[hidden]&page=2"),
            ("AWS_SECRET_ACCESS_KEY => hunter2", "AWS_SECRET_ACCESS_KEY => [hidden]"),
            ("PASSWD:hunter2", "PASSWD:[hidden]"),
            ("token=a token=b", "token=[hidden] token=[hidden]"),
            ("github_token: gone", "github_token: [hidden]"),
        ] {
            assert_eq!(hide_credentials(line), hidden);
            assert_eq!(hide_credentials(hidden), hidden, "twice");
        }
    }

    #[test]
    fn ordinary_reasons_stay() {
        for line in [
            "py was skipped: not on the index",
            "src/token.py was not scanned: syntax error",
            "src/auth/token: permission denied",
            "Syntax error at line 3: unexpected token: `)`",
            "invalid token: expected `,` at 3:7",
            "a bearer token is missing; password reset is off",
            "'***' in password: '***'",
            "metrics count 3 issues, results hold 1: a filter (-l, -i) left some out",
            "secrets: 3, tokens=4",
            "https://example.org/secret/path?page=2",
            "password=",
            "password: ",
        ] {
            assert_eq!(hide_credentials(line), line);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_value_of_a_secret_key_stays(
            before in "([a-z ./]{0,11} )?", prefix in "([A-Za-z]{1,6}[_-])?", key in proptest::sample::select(&SECRET_KEYS[1..]),
            separator in "[=:]|: | = |\": \"|='|=\\\\\"", value in "[a-z]{1,2}Zq[A-Za-z0-9/+._-]{3,20}", after in "|[,; '\"]{1,2}[a-z ]{0,9}"
        ) {
            let hidden = hide_credentials(&format!("{before}{prefix}{key}{separator}{value}{after}"));
            proptest::prop_assert!(!hidden.contains(&value), "{hidden}");
            proptest::prop_assert_eq!(hide_credentials(&hidden), hidden);
        }

        #[test]
        fn words_without_a_secret_key_stay(words in proptest::collection::vec("[a-z]{1,4}|[a-z]{1,3}/[a-z]{1,3}\\.py|[0-9]{1,3}|key|it is:|a=b|line 3: x|tokens|token", 0..12)) {
            let line = words.join(" ");
            proptest::prop_assert_eq!(hide_credentials(&line), line);
        }

        #[test]
        fn hiding_never_panics(line in "\\PC{0,60}", key in proptest::sample::select(&SECRET_KEYS[..]), rest in "[=:'\"\\\\ é]{0,6}\\PC{0,20}") {
            let hidden = hide_credentials(&format!("{line}{key}{rest}"));
            proptest::prop_assert_eq!(hide_credentials(&hidden), hidden);
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
