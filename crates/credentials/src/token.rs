use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::Secret;

/// The prefix of every API token that PyPI and TestPyPI issue.
pub(crate) const PREFIX: &str = "pypi-";

/// The fewest characters of a token from PyPI. A user-scoped one has about 170, a project-scoped one 212; its macaroon
/// cannot be encoded in fewer than 85 characters behind the prefix, so that less was cut off somewhere.
const FEWEST: usize = PREFIX.len() + 85;

/// The most characters of any token. PyPI reads an `Authorization` header of up to 32 760 bytes, and Basic
/// authentication needs four characters for three.
const MOST: usize = 24_000;

/// What stands before the token in Basic authentication.
const USER: &str = "__token__:";

/// What a token has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenShape {
    /// A token of PyPI or TestPyPI: `pypi-` and base64url.
    Pypi,
    /// The token or password of another index: printable ASCII, nothing more is known of it.
    Opaque,
}

/// A token for uploading to a package index.
///
/// It is wiped from memory when dropped, has no `Display`, and its `Debug` shows nothing of it.
pub struct PypiToken(Zeroizing<String>);

/// Why a text is no usable token. The message never holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing was given.
    #[error("the token is empty")]
    Empty,
    /// A space, tab or line break, at an end or inside.
    #[error("the token has white space or a line break in it")]
    WhiteSpace,
    /// A user name and a token, as for Basic authentication.
    #[error("there is a user name before the token (\"{USER}\")")]
    WithUser,
    /// A token in quotation marks.
    #[error("the token stands in quotation marks")]
    Quoted,
    /// A JSON document.
    #[error("that is a JSON document, not a token")]
    Document,
    /// The value of a header.
    #[error("that is the value of a header (\"Bearer\", \"Basic\"), not a token")]
    HeaderValue,
    /// A character that no token has.
    #[error("the token has a character in it that no token of this index has")]
    ForbiddenCharacter,
    /// A token for PyPI without `pypi-` in front.
    #[error("the token does not begin with \"pypi-\"")]
    MissingPrefix,
    /// Fewer characters than a token for PyPI can have.
    #[error("the token is too short to be one of PyPI's (shorter than {FEWEST} characters)")]
    TooShort,
    /// More characters than fit into a request.
    #[error("the token is longer than {MOST} characters")]
    TooLong,
}

impl TokenError {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Empty => {
                "store the token in the secret that the workflow passes on; an unset secret arrives as empty text"
            }
            Self::WhiteSpace => "store the token again without white space or a line break around it",
            Self::Document => "store the token alone, or keep the document in AWS Secrets Manager and use --auth aws",
            Self::WithUser | Self::Quoted | Self::HeaderValue => "store the token alone, from \"pypi-\" to its end",
            Self::ForbiddenCharacter | Self::MissingPrefix | Self::TooShort | Self::TooLong => {
                "copy the whole token as the index shows it, from \"pypi-\" to its end, and nothing else"
            }
        }
    }
}

impl PypiToken {
    /// Takes a text as a token if it has the shape. The text is wiped when it is refused.
    pub fn parse(text: String, shape: TokenShape) -> Result<Self, TokenError> {
        let text = Zeroizing::new(text);
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if let Some(mistake) = pasted_with_more(&text, shape) {
            return Err(mistake);
        }
        if text.contains(char::is_whitespace) {
            return Err(TokenError::WhiteSpace);
        }
        if text.len() > MOST {
            return Err(TokenError::TooLong);
        }
        let allowed: fn(u8) -> bool = match shape {
            TokenShape::Pypi => |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='),
            TokenShape::Opaque => |b| b.is_ascii_graphic() && b != b';',
        };
        if !text.bytes().all(allowed) {
            return Err(TokenError::ForbiddenCharacter);
        }
        if shape == TokenShape::Pypi {
            if !text.starts_with(PREFIX) {
                return Err(TokenError::MissingPrefix);
            }
            if text.len() < FEWEST {
                return Err(TokenError::TooShort);
            }
        }
        Ok(Self(text))
    }

    /// As [`Self::parse`], for a text that is a secret already.
    pub fn of(secret: Secret, shape: TokenShape) -> Result<Self, TokenError> {
        Self::parse(secret.into_text(), shape)
    }

    /// The token itself, for the one place that puts it into a request.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value of Basic authentication: base64 of `__token__:` and the token. A log that shows a request shows this, so it is masked
    /// like the token.
    pub fn basic(&self) -> Secret {
        let mut plain = Zeroizing::new(String::with_capacity(USER.len() + self.0.len()));
        plain.push_str(USER);
        plain.push_str(&self.0);
        // As long as it will get, so that no copy is left behind by growing.
        let mut encoded = String::with_capacity(plain.len().div_ceil(3) * 4);
        BASE64_STANDARD.encode_string(plain.as_bytes(), &mut encoded);
        Secret::new(encoded)
    }
}

/// What is stored along with a token by mistake. Another index's password may be a document or a word in quotation marks.
fn pasted_with_more(text: &str, shape: TokenShape) -> Option<TokenError> {
    let trimmed = text.trim();
    let is_header = ["Bearer ", "Basic ", "token "].iter().any(|word| trimmed.starts_with(word));
    let is_quoted = ['"', '\''].iter().any(|quote| trimmed.starts_with(*quote));
    match shape {
        _ if trimmed.starts_with(USER) => Some(TokenError::WithUser),
        _ if is_header => Some(TokenError::HeaderValue),
        TokenShape::Pypi if is_quoted => Some(TokenError::Quoted),
        TokenShape::Pypi if trimmed.starts_with('{') => Some(TokenError::Document),
        TokenShape::Pypi | TokenShape::Opaque => None,
    }
}

impl fmt::Debug for PypiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PypiToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_length(length: usize) -> String {
        format!("pypi-{}", "A".repeat(length - 5))
    }

    #[test]
    fn tokens_that_pypi_issues_are_taken() {
        for length in [170, 212, 400] {
            assert_eq!(PypiToken::parse(of_length(length), TokenShape::Pypi).unwrap().expose().len(), length);
        }
    }

    #[test]
    fn what_is_no_token_is_refused_and_never_repeated() {
        let long = of_length(212);
        for (text, shape, expected) in [
            (String::new(), TokenShape::Opaque, TokenError::Empty),
            (format!("{long}\n"), TokenShape::Pypi, TokenError::WhiteSpace),
            (format!("{long} {long}"), TokenShape::Opaque, TokenError::WhiteSpace),
            (format!(" __token__:{long}"), TokenShape::Opaque, TokenError::WithUser),
            (format!("\"{long}\""), TokenShape::Pypi, TokenError::Quoted),
            (format!("{{\"token\": \"{long}\"}}"), TokenShape::Pypi, TokenError::Document),
            (format!("Bearer {long}"), TokenShape::Pypi, TokenError::HeaderValue),
            (format!("{long};rm"), TokenShape::Pypi, TokenError::ForbiddenCharacter),
            (format!("{long};rm"), TokenShape::Opaque, TokenError::ForbiddenCharacter),
            (format!("{long}\u{e9}"), TokenShape::Opaque, TokenError::ForbiddenCharacter),
            (long.replace("pypi-", "ghp_x"), TokenShape::Pypi, TokenError::MissingPrefix),
            (of_length(50), TokenShape::Pypi, TokenError::TooShort),
            (of_length(30_000), TokenShape::Pypi, TokenError::TooLong),
        ] {
            let error = PypiToken::parse(text.clone(), shape).unwrap_err();
            assert_eq!(error, expected);
            for said in [error.to_string(), error.hint().to_owned(), format!("{error:?}")] {
                assert!(text.is_empty() || !said.contains(&text));
                assert!(!said.contains("AAAA"), "{said}");
            }
        }
    }

    #[test]
    fn another_indexs_password_needs_no_prefix() {
        assert!(PypiToken::parse("s3cret".to_owned(), TokenShape::Opaque).is_ok());
    }

    #[test]
    fn basic_authentication_is_the_user_and_the_token() {
        let token = PypiToken::parse("s3cret".to_owned(), TokenShape::Opaque).unwrap();
        assert_eq!(token.basic().expose(), "X190b2tlbl9fOnMzY3JldA==");
    }

    #[test]
    fn debug_shows_nothing() {
        let token = PypiToken::parse(of_length(212), TokenShape::Pypi).unwrap();
        assert_eq!(format!("{token:?} {:?}", Some(&token)), "PypiToken(***) Some(PypiToken(***))");
    }
}
