use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::PypiToken;

/// What stands in place of a secret.
const MASK: &str = "***";

/// The fewest characters behind `pypi-` that are taken for a token and not for a word.
const FEWEST: usize = 16;

/// A text from outside (a server's answer) without the token in use and without anything that looks like a token.
///
/// Servers echo what they were sent: the token as it is, and as the base64 text of Basic authentication.
pub fn redact(text: &str, token: Option<&PypiToken>) -> String {
    let mut text = text.to_owned();
    if let Some(token) = token {
        text = text.replace(token.expose(), MASK);
        let credentials = Zeroizing::new(format!("__token__:{}", token.expose()));
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(credentials.as_bytes()));
        text = text.replace(encoded.as_str(), MASK).replace(encoded.trim_end_matches('='), MASK);
    }
    mask_tokens(&text)
}

fn mask_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("pypi-") {
        let behind = &rest[start + 5..];
        let length = behind.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
        if length >= FEWEST {
            out.push_str(&rest[..start]);
            out.push_str(MASK);
        } else {
            out.push_str(&rest[..start + 5 + length]);
        }
        rest = &behind[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenShape;

    #[test]
    fn an_echoed_token_disappears() {
        let token = PypiToken::parse("hunter2-of-my-index".to_owned(), TokenShape::Opaque).unwrap();
        let echo = format!(
            "bad: hunter2-of-my-index / Basic {} / pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw",
            BASE64_STANDARD.encode("__token__:hunter2-of-my-index")
        );
        assert_eq!(redact(&echo, Some(&token)), "bad: *** / Basic *** / ***");
    }

    #[test]
    fn ordinary_words_stay() {
        assert_eq!(redact("see pypi-publish and pypi-server", None), "see pypi-publish and pypi-server");
    }
}
