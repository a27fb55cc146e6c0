mod echo;

use findings_model::text;

use crate::PypiToken;

/// What stands in place of a secret.
const MASK: &str = "***";

/// The fewest characters behind the beginning of a token that are taken for a token and not for a word.
const FEWEST: usize = 16;

/// A text from outside (a server's answer) without the token in use and without anything that looks like a token.
///
/// Servers echo what they were sent, and not always as it was: without its prefix, cut off, wrapped, with its characters escaped for
/// a page or an address, or as base64. Whatever of a text spells a part of the token goes, down to 16 characters of it.
pub fn redact(text: &str, token: Option<&PypiToken>) -> String {
    let text = match token {
        Some(token) => echo::without(text, token.expose(), MASK),
        None => text.to_owned(),
    };
    mask(&mask(&text, "pypi-", |b| matches!(b, b'-' | b'_')), "eyJ", |b| matches!(b, b'-' | b'_' | b'.'))
}

/// The words of an answer, fit to be shown: short, in one line, without anything that looks like a credential.
pub(crate) fn words(said: &str, limit: usize) -> String {
    let line = text::one_line(&text::hide_credentials(&redact(said, None)));
    text::shorten(&line, limit).into_owned()
}

/// A text without the long words that begin so: tokens (`pypi-`), JSON web tokens (`eyJ`).
fn mask(text: &str, beginning: &str, also: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(beginning) {
        let behind = &rest[start + beginning.len()..];
        let length = behind.bytes().take_while(|b| b.is_ascii_alphanumeric() || also(*b)).count();
        if length >= FEWEST {
            out.push_str(&rest[..start]);
            out.push_str(MASK);
        } else {
            out.push_str(&rest[..start + beginning.len() + length]);
        }
        rest = &behind[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::*;
    use crate::TokenShape;

    #[test]
    fn an_echoed_token_disappears() {
        let token = PypiToken::parse("hunter2-of-my-index".to_owned(), TokenShape::Opaque).unwrap();
        let echo = format!(
            "bad: hunter2-of-my-index / Basic {} / {}",
            BASE64_STANDARD.encode("__token__:hunter2-of-my-index"),
            concat!("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAwMDAw"),
        );
        let shown = redact(&echo, Some(&token));
        assert!(shown.starts_with("bad: *** / Basic ") && shown.ends_with(" / ***"), "{shown}");
        let kept = shown.trim_start_matches("bad: *** / Basic ").trim_end_matches(" / ***");
        assert!(kept.len() < 24, "the user's name at most: {kept}");
    }

    #[test]
    fn an_echoed_identity_token_disappears() {
        let echo = "malformed JWT: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2lnbmF0dXJl (sub: repo)";
        assert_eq!(redact(echo, None), "malformed JWT: *** (sub: repo)");
    }

    #[test]
    fn ordinary_words_stay() {
        assert_eq!(redact("see pypi-publish and pypi-server", None), "see pypi-publish and pypi-server");
    }
}
