//! Values of settings whose names say that they are secret.

use std::{borrow::Cow, ops::Range};

use super::MASK;

/// Ends of the names of settings whose values are credentials, in lower case.
pub(super) const SECRET_KEYS: [&str; 24] = [
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
    "account_key",
    "accountkey",
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

/// A line with the values of secret keys masked that stand behind one of the separators.
pub(super) fn hide_values<'l>(line: Cow<'l, str>, separators: &[u8]) -> Cow<'l, str> {
    let mut out = String::new();
    let mut copied = 0;
    while let Some(found) = next_value(&line, copied, separators) {
        out.push_str(&line[copied..found.start]);
        out.push_str(MASK);
        copied = found.end;
    }
    if copied == 0 {
        return line;
    }
    out.push_str(&line[copied..]);
    Cow::Owned(out)
}

/// Where the next value of a secret key stands, from an offset on.
pub(super) fn next_value(line: &str, from: usize, separators: &[u8]) -> Option<Range<usize>> {
    let places = line.as_bytes()[from..].iter().enumerate().filter(|(_, byte)| separators.contains(byte));
    places.map(|(at, separator)| (from + at, *separator)).find_map(|(at, separator)| {
        if separator == b' ' {
            // `Bearer …` has no separator; without the look of a token it is a word of a sentence.
            let is_bearer = line[from..at].trim_end_matches(' ').ends_with(['r', 'R'])
                && key_before(&line[from..at])?.eq_ignore_ascii_case("bearer");
            let value = is_bearer.then(|| value_at(line, at + 1)).flatten()?;
            return looks_random(&line[value.clone()]).then_some(value);
        }
        let key = key_before(&line[from..at])?;
        let is_in_path = line[..at].ends_with(key) && line[..at - key.len()].ends_with(['/', '\\']);
        if separator == b':' && (is_in_path || line[at..].starts_with("://")) {
            return None;
        }
        let start = at + line[at..].find(|c| !matches!(c, '=' | ':' | '>' | ' '))?;
        let value = value_at(line, start)?;
        // Compilers complain of an `unexpected token: …`.
        let is_grammar = separator == b':' && key.eq_ignore_ascii_case("token");
        (!is_grammar || looks_random(&line[value.clone()])).then_some(value)
    })
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
