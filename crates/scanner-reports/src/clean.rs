//! Text of a report on its way into a scan: bounded, one line where one line belongs, without what must not be shown.

use std::borrow::Cow;

use findings_model::{ScannerName, Timestamp, text};
use smol_str::SmolStr;

/// The most bytes of a description.
const DESCRIPTION: usize = 4096;
/// The most characters of a rule's name.
const RULE: usize = 200;
/// The most characters of a version.
const VERSION: usize = 100;
/// The most characters of a reason's part that comes from the report.
const WORDS: usize = 160;
/// The most bytes of a path.
const PATH: usize = 1024;

/// One line of at most `limit` characters.
pub(crate) fn line(words: &str, limit: usize) -> String {
    if words.len() <= limit && text::is_plain_line(words) {
        return words.to_owned();
    }
    let line = text::one_line(words);
    text::shorten(&line, limit).into_owned()
}

/// Part of a reason.
pub(crate) fn words(words: &str) -> String {
    hidden(words, WORDS)
}

/// One line of at most `limit` characters, without credentials.
pub(crate) fn hidden(words: &str, limit: usize) -> String {
    line(&text::hide_credentials(&line(words, limit * 4)), limit)
}

/// A rule's or detector's name.
pub(crate) fn rule(rule: &str) -> String {
    name(rule, RULE)
}

/// A scanner's name as a report has it; none for one that cannot be used.
pub(crate) fn scanner(said: &str) -> Option<ScannerName> {
    ScannerName::parse(&text::hide_credentials_in_name(said)).ok()
}

/// A version, which may be the address that a package was installed from; none for a blank one.
pub(crate) fn version(version: &str) -> Option<SmolStr> {
    if !version.is_empty()
        && version.len() <= VERSION
        && text::is_plain_line(version)
        && text::is_without_credentials(version)
    {
        return Some(SmolStr::new(version));
    }
    Some(SmolStr::new(name(version, VERSION))).filter(|v| !v.is_empty())
}

/// A name in one line, without credentials.
fn name(name: &str, limit: usize) -> String {
    if text::is_without_credentials(name) {
        return line(name, limit);
    }
    line(&text::hide_credentials_in_name(&line(name, limit * 4)), limit)
}

/// A description of at most 4 KiB, its line breaks kept.
pub(crate) fn description(description: &str) -> SmolStr {
    let trimmed = description.trim();
    if text::is_plain(trimmed) {
        return SmolStr::from(text::shorten_bytes(trimmed, DESCRIPTION));
    }
    let description = trimmed;
    // Cut before the characters are looked at; a replaced one may be longer than what it replaces, so cut again.
    let head = text::shorten_bytes(description, DESCRIPTION).replace("\r\n", "\n");
    SmolStr::from(text::shorten_bytes(&text::clean(&head), DESCRIPTION))
}

/// An address that may become a link; none for one with a credential in it, which would lead nowhere without.
pub(crate) fn url(url: &str) -> Option<SmolStr> {
    let is_open = |url: &&str| matches!(text::hide_credentials_in_name(url), Cow::Borrowed(_));
    Some(url.trim()).filter(|url| text::is_linkable(url)).filter(is_open).map(SmolStr::new)
}

/// A path relative to the project: `/` between its parts, no leading `./`, nothing that leaves the project.
///
/// An absolute path loses the checkout folder of GitHub's runners. Any other keeps a leading `/`, for [`crate::places`] to settle; a
/// drive becomes one. None for a path without any name in it.
pub(crate) fn path(path: &str) -> Option<String> {
    let path = path.trim();
    let plain = !path.is_empty()
        && path.len() <= PATH
        && path.bytes().all(|b| matches!(b, b'!'..=b'~') && !matches!(b, b'\\' | b':' | b'=' | b'@'))
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && text::is_without_credentials(path);
    if plain {
        return Some(path.to_owned());
    }
    let shown: String = text::hide_credentials_in_path(path)
        .chars()
        .map(|c| match c {
            '\\' => '/',
            c if text::is_unsafe_to_show(c) => text::REPLACEMENT,
            c => c,
        })
        .collect();
    let mut rest = shown.as_str();
    let mut is_absolute = rest.starts_with('/');
    if let [drive, b':', b'/', ..] = rest.as_bytes()
        && drive.is_ascii_alphabetic()
    {
        rest = &rest[3..];
        is_absolute = true;
    }
    if let Some(below) = rest.strip_prefix("/github/workspace/") {
        (rest, is_absolute) = (below, false);
    } else if let Some(below) = rest.strip_prefix("/home/runner/work/") {
        // The checkout is at REPOSITORY/REPOSITORY.
        let mut parts = below.splitn(3, '/');
        if let (Some(repository), Some(again), Some(inside)) = (parts.next(), parts.next(), parts.next())
            && repository == again
        {
            (rest, is_absolute) = (inside, false);
        }
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let path = if is_absolute && !path.is_empty() { format!("/{path}") } else { path };
    Some(text::shorten_bytes(&path, PATH).into_owned()).filter(|path| !path.is_empty())
}

/// When a scan ran, as its report says: RFC 3339, or the same with a space and without a zone (then UTC).
///
/// None for anything else, for a time more than a day after `now`, and for one before the year 2000 (Go's zero time and the like).
pub(crate) fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let at: Timestamp = text.parse().ok().or_else(|| {
        let (day, time) = text.split_once([' ', 'T'])?;
        format!("{day}T{time}Z").parse().ok()
    })?;
    let latest = now.moment() + time::Duration::DAY;
    (at.moment() <= latest && at.date().year() >= 2000).then_some(at)
}

/// Decodes `%20` and the like; what does not decode to UTF-8 stays as it is.
pub(crate) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let decoded = match (first, behind) {
            (b'%', [high, low, ..]) => char::from(*high)
                .to_digit(16)
                .zip(char::from(*low).to_digit(16))
                .and_then(|(h, l)| u8::try_from(h * 16 + l).ok()),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A text with what stands between quotes masked: a rule about hard-coded passwords likes to print the password.
pub(crate) fn mask_literals(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(at);
        masked.push_str(before);
        let mut inside = quoted.chars();
        let Some(quote) = inside.next() else { break };
        // An apostrophe inside a word opens nothing.
        let in_word = quote == '\''
            && before.ends_with(char::is_alphanumeric)
            && inside.clone().next().is_some_and(char::is_alphanumeric);
        masked.push(quote);
        rest = inside.as_str();
        if in_word {
            continue;
        }
        masked.push_str("***");
        let Some(end) = rest.find(quote) else {
            return masked;
        };
        masked.push(quote);
        rest = &rest[end + quote.len_utf8()..];
    }
    masked.push_str(rest);
    masked
}

/// A text up to its first quote, for texts that end in a quoted secret whose own quotes cannot be told from the closing one.
pub(crate) fn cut_at_literal(text: &str) -> String {
    match text.find(['"', '\'']) {
        Some(at) => format!("{}'***'", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_project() {
        for (given, wanted) in [
            ("src/a.py", Some("src/a.py")),
            ("./src/a.py", Some("src/a.py")),
            (".\\src\\a.py", Some("src/a.py")),
            ("src//b/../a.py", Some("src/a.py")),
            ("../../etc/passwd", Some("etc/passwd")),
            ("/home/runner/work/app/app/src/a.py", Some("src/a.py")),
            ("/github/workspace/src/a.py", Some("src/a.py")),
            ("C:\\code\\a.py", Some("/code/a.py")),
            ("/opt/app/a.py", Some("/opt/app/a.py")),
            ("/", None),
            ("https://user:hunter2@example.org/a.py", Some("https:/[hidden]@example.org/a.py")),
            ("conf/password=hunter2/a.py", Some("conf/password=[hidden]")),
            ("tests/test@home=1.py", Some("tests/test@home=1.py")),
            ("with space/ü.py", Some("with space/ü.py")),
            ("a\u{1b}[31m\n.py", Some("a\u{fffd}[31m\u{fffd}.py")),
            ("..", None),
            (" ", None),
        ] {
            assert_eq!(path(given).as_deref(), wanted, "{given:?}");
        }
    }

    #[test]
    fn only_believable_times_are_kept() {
        let now: Timestamp = "2026-01-12T03:00:00Z".parse().unwrap();
        let said = |text: &str| moment(text, now).map(|t| t.to_string());
        assert_eq!(said("2026-01-11T03:00:00Z").as_deref(), Some("2026-01-11T03:00:00Z"));
        assert_eq!(said("2022-04-30 15:27:39").as_deref(), Some("2022-04-30T15:27:39Z"));
        assert_eq!(said("2026-01-13T02:00:00Z").as_deref(), Some("2026-01-13T02:00:00Z"));
        for bad in [
            "9999-12-31T23:59:59Z",
            "9999-99-99T99:99:99Z",
            "0001-01-01T00:00:00Z",
            "yesterday",
            "",
            "2026-01-14T03:00:01Z",
        ] {
            assert_eq!(said(bad), None, "{bad}");
        }
    }

    #[test]
    fn quoted_passwords_are_masked() {
        assert_eq!(mask_literals("Possible password: 'hunter2' in \"x\""), "Possible password: '***' in \"***\"");
        assert_eq!(mask_literals("It's a key: `abc`"), "It's a key: `***`");
        assert_eq!(mask_literals("open 'quote"), "open '***");
        assert_eq!(cut_at_literal("Possible hardcoded password: 'it's me'"), "Possible hardcoded password: '***'");
    }

    #[test]
    fn descriptions_are_bounded_and_clean() {
        assert_eq!(description(&"x".repeat(5000)).len(), 4096);
        assert!(description(&"\u{202e}".repeat(5000)).len() <= 4096);
        assert_eq!(description("a\r\nb\u{1b}"), "a\nb\u{fffd}");
        assert_eq!(description(" a "), "a");
    }
}
