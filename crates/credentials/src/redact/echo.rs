//! Finds what a server repeats of a secret that it was sent, however it spells it.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    ops::Range,
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

/// So many characters in a row are taken for a part of the secret; of a shorter secret, all of it.
const PART: usize = 16;
/// The longest tag of a page that is skipped between characters, in bytes.
const LONGEST_TAG: usize = 200;

/// A text with a mask in place of everything that spells a part of the secret.
pub(super) fn without(text: &str, secret: &str, mask: &str) -> String {
    let (plain, encoded) = forms(secret);
    let mut found = Vec::new();
    for letters in [as_written(text), as_meant(text, Tags::Read), as_meant(text, Tags::LeftOut)] {
        find(&letters, &plain, secret.len().min(PART), &mut found);
        find(&letters, &encoded, PART, &mut found);
    }
    found.sort_by_key(|range| range.start);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for range in joined(found) {
        out.push_str(&text[at..range.start]);
        out.push_str(mask);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

type Forms = Vec<Zeroizing<Vec<u8>>>;

/// The secret itself, and the base64 texts of what it may stand in. Where it begins within a group of three bytes decides how it is spelt; the
/// characters that its neighbours have a part in are left out.
fn forms(secret: &str) -> (Forms, Forms) {
    let mut encoded = Vec::new();
    for before in 0..3_usize {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(secret.as_bytes());
        let shared = [0, 2, 3][before];
        for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            let text = Zeroizing::new(alphabet.encode(&*bytes).into_bytes());
            let end = text.len() - usize::from(!bytes.len().is_multiple_of(3));
            encoded.push(Zeroizing::new(text[shared..end.max(shared)].to_vec()));
        }
    }
    (vec![Zeroizing::new(secret.as_bytes().to_vec())], encoded)
}

/// A byte that a text spells, and where it stands there.
struct Letter {
    byte: u8,
    place: Range<usize>,
}

/// The text's own bytes without white space.
fn as_written(text: &str) -> Vec<Letter> {
    let letters = text.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace());
    letters.map(|(at, byte)| Letter { byte, place: at..at + 1 }).collect()
}

/// What becomes of the tags of a page: a secret may be cut in two by one, and stand within one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tags {
    Read,
    LeftOut,
}

/// The bytes that are meant: escapes of addresses, pages and JSON resolved.
fn as_meant(text: &str, tags: Tags) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at).copied() {
        let rest = &text.as_bytes()[at..];
        let (meant, length) = match byte {
            _ if byte.is_ascii_whitespace() => (None, 1),
            b'<' if tags == Tags::LeftOut => match rest.iter().take(LONGEST_TAG).position(|byte| *byte == b'>') {
                Some(end) => (None, end + 1),
                None => (Some(byte), 1),
            },
            b'%' => number(rest.get(1..3), 16).map_or((Some(byte), 1), |meant| (Some(meant), 3)),
            b'&' => reference(rest).map_or((Some(byte), 1), |(meant, length)| (Some(meant), length)),
            b'\\' if rest.get(1) == Some(&b'u') => {
                number(rest.get(2..6), 16).map_or((Some(byte), 1), |meant| (Some(meant), 6))
            }
            b'\\' => match rest.get(1) {
                Some(b'n' | b'r' | b't') => (None, 2),
                _ => (None, 1),
            },
            _ => (Some(byte), 1),
        };
        letters.extend(meant.map(|byte| Letter { byte, place: at..at + length }));
        at += length;
    }
    letters
}

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u8> {
    let digits =
        std::str::from_utf8(digits?).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_alphanumeric()))?;
    u8::try_from(u32::from_str_radix(digits, radix).ok()?).ok()
}

/// A character reference of HTML at the beginning, and its length.
fn reference(rest: &[u8]) -> Option<(u8, usize)> {
    let end = rest.iter().take(10).position(|byte| *byte == b';')?;
    let meant = match &rest[1..end] {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        [b'#', b'x' | b'X', digits @ ..] => number(Some(digits), 16)?,
        [b'#', digits @ ..] => number(Some(digits), 10)?,
        _ => return None,
    };
    Some((meant, end + 1))
}

/// Adds where the letters spell so many characters of one of the forms.
fn find(letters: &[Letter], forms: &Forms, part: usize, found: &mut Vec<Range<usize>>) {
    if part == 0 {
        return;
    }
    let hasher = RandomState::new();
    let parts: HashSet<u64> =
        forms.iter().flat_map(|form| form.windows(part)).map(|part| hasher.hash_one(part)).collect();
    let bytes = Zeroizing::new(letters.iter().map(|letter| letter.byte).collect::<Vec<u8>>());
    for (at, window) in bytes.windows(part).enumerate() {
        if parts.contains(&hasher.hash_one(window)) {
            found.push(letters[at].place.start..letters[at + part - 1].place.end);
        }
    }
}

/// Ranges, sorted by their beginnings, with those that touch made one.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// In two halves, so that it is no token to those who look for tokens in this file.
    const SECRET: &str = concat!("pypi-AgEIcHlw", "aS5vcmcCJDAwMDAtMDAwMC00MDAw+/xyz&q=Zm9vYmFyLWJhei1xdXV4");

    fn shown(text: &str) -> String {
        without(text, SECRET, "***")
    }

    fn escaped(escape: impl Fn(char) -> String) -> String {
        SECRET.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { escape(c) }).collect()
    }

    #[test]
    fn whatever_spells_the_secret_goes() {
        let body = &SECRET[5..];
        for spelling in [
            SECRET.to_owned(),
            body.to_owned(),
            SECRET[40..].to_owned(),
            SECRET[..30].to_owned(),
            format!("{}\r\n {}", &SECRET[..33], &SECRET[33..]),
            format!("{}<br>{}", &SECRET[..33], &SECRET[33..]),
            format!("{}</b><i class='x'>{}", &SECRET[..33], &SECRET[33..]),
            escaped(|c| format!("%{:02x}", u32::from(c))),
            escaped(|c| format!("%{:02X}", u32::from(c))),
            escaped(|c| format!("&#{};", u32::from(c))),
            escaped(|c| format!("&#x{:x};", u32::from(c))),
            escaped(|c| format!("\\u{:04x}", u32::from(c))),
            escaped(|c| if c == '&' { "&amp;".to_owned() } else { format!("\\{c}") }),
            BASE64_STANDARD.encode(SECRET),
            BASE64_URL_SAFE_NO_PAD.encode(SECRET),
        ] {
            let text = shown(&format!("refused [{spelling}] (400)"));
            // A character that stands for parts of two bytes may be left at the end of base64.
            assert!(text.starts_with("refused [***") && text.ends_with("] (400)"), "{spelling}: {text}");
            assert!(text.len() < 24, "{spelling}: {text}");
        }
    }

    #[test]
    fn other_words_stay() {
        let text =
            "The name 'a' isn't allowed: see https://index.example/help/#project-name %20 &amp; <b>more</b> \\n \u{e9}";
        assert_eq!(shown(text), text);
        assert_eq!(without("a secret word", "", "***"), "a secret word");
        assert_eq!(without("the key is short", "short", "***"), "the key is ***");
    }

    proptest! {
        #[test]
        fn no_part_of_the_secret_is_left(
            before in "[ -~\u{e9}\n]{0,40}", behind in "[ -~\u{e9}\n]{0,40}", from in 0_usize..40, length in 16_usize..60, user in "[a-z_]{0,12}"
        ) {
            let part = &SECRET[from..(from + length).min(SECRET.len())];
            let text = shown(&format!("{before}{part}{behind}"));
            for window in part.as_bytes().windows(PART) {
                prop_assert!(!text.contains(std::str::from_utf8(window).unwrap()));
            }
            let basic = BASE64_STANDARD.encode(format!("{user}:{SECRET}"));
            let text = shown(&format!("{before}{basic}{behind}"));
            let whole = basic.trim_end_matches('=');
            prop_assert!(!text.contains(&whole[whole.len() - 20..]) || behind.contains(&whole[whole.len() - 20..]));
        }
    }
}
