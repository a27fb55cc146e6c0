//! Macaroons in the binary format of version 2, as PyPI's tokens are: read without the key, and narrowed.
//!
//! The format: the byte 2; a section of the packet's own fields; a section for each caveat; an empty section; the signature. A
//! field is its type, the length of its data (both LEB128) and the data; the byte 0 ends a section
//! (<https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>).
//!
//! A caveat can be added by anybody and removed by nobody: the new signature is the HMAC-SHA256 of the caveat under the old
//! signature, which is not part of what is sent on.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const VERSION: u8 = 2;
const END: u8 = 0;
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const VERIFICATION: u8 = 4;
const SIGNATURE: u8 = 6;
/// The length of a signature in bytes.
const SIGNATURE_BYTES: usize = 32;

/// Why bytes are no macaroon of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MacaroonError {
    /// Characters or an end that base64url does not have.
    #[error("behind \"pypi-\" there is no base64url text")]
    Encoding,
    /// Another format.
    #[error("the token is not a macaroon of version 2")]
    Version,
    /// The bytes end before the signature does.
    #[error("the token is cut off: its end is missing")]
    Truncated,
    /// A field at a place where the format has none.
    #[error("the token is damaged inside")]
    Damaged,
    /// More bytes behind the signature.
    #[error("the token has something behind its end")]
    TooMuch,
}

/// A macaroon, read in place.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Macaroon<'a> {
    pub(crate) location: Option<&'a str>,
    /// The first-party caveats, as they were written.
    pub(crate) caveats: Vec<&'a [u8]>,
    /// The bytes up to where the next caveat would go.
    body: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Macaroon<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, MacaroonError> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.byte()? != VERSION {
            return Err(MacaroonError::Version);
        }
        let (location, _) = reader.section()?.ok_or(MacaroonError::Damaged)?;
        let location = location.map(std::str::from_utf8).transpose().map_err(|_not_utf8| MacaroonError::Damaged)?;
        let mut caveats = Vec::new();
        let end = loop {
            let before = reader.at;
            match reader.section()? {
                Some((_, caveat)) => caveats.push(caveat),
                None => break before,
            }
        };
        let (kind, signature) = reader.field()?;
        if kind != SIGNATURE || signature.len() != SIGNATURE_BYTES {
            return Err(MacaroonError::Damaged);
        }
        if reader.at != bytes.len() {
            return Err(MacaroonError::TooMuch);
        }
        Ok(Self { location, caveats, body: &bytes[..end], signature })
    }

    /// The macaroon with more caveats, which narrow it.
    pub(crate) fn narrowed(&self, caveats: &[String]) -> Zeroizing<Vec<u8>> {
        let added: usize = caveats.iter().map(|caveat| caveat.len() + 12).sum();
        // Everything fits, so that no copy of the signature is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.body.len() + added + SIGNATURE_BYTES + 3));
        bytes.extend_from_slice(self.body);
        let mut signature = Zeroizing::new([0; SIGNATURE_BYTES]);
        signature.copy_from_slice(self.signature);
        for caveat in caveats {
            bytes.push(IDENTIFIER);
            push_number(&mut bytes, caveat.len());
            bytes.extend_from_slice(caveat.as_bytes());
            bytes.push(END);
            *signature = mac(&signature, caveat.as_bytes());
        }
        bytes.extend_from_slice(&[END, SIGNATURE, 32]);
        bytes.extend_from_slice(&*signature);
        bytes
    }
}

fn mac(key: &[u8; SIGNATURE_BYTES], message: &[u8]) -> [u8; SIGNATURE_BYTES] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of 32 bytes");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    let low = |number: usize| u8::try_from(number & 0x7f).unwrap_or_default();
    while number > 0x7f {
        bytes.push(low(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low(number));
}

/// The fields of a section that are used: location and identifier.
type Section<'a> = (Option<&'a [u8]>, &'a [u8]);

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, MacaroonError> {
        let byte = *self.bytes.get(self.at).ok_or(MacaroonError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    fn number(&mut self) -> Result<usize, MacaroonError> {
        let mut number = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(MacaroonError::Damaged)
    }

    fn field(&mut self) -> Result<(u8, &'a [u8]), MacaroonError> {
        let kind = self.byte()?;
        let length = self.number()?;
        let end = self.at.checked_add(length).ok_or(MacaroonError::Damaged)?;
        let data = self.bytes.get(self.at..end).ok_or(MacaroonError::Truncated)?;
        self.at = end;
        Ok((kind, data))
    }

    /// A section with its end; none if it is empty.
    fn section(&mut self) -> Result<Option<Section<'a>>, MacaroonError> {
        let (mut location, mut identifier) = (None, None);
        let mut before = END;
        loop {
            if self.bytes.get(self.at) == Some(&END) {
                self.at += 1;
                return match (identifier, before) {
                    (Some(identifier), _) => Ok(Some((location, identifier))),
                    (None, END) => Ok(None),
                    (None, _) => Err(MacaroonError::Damaged),
                };
            }
            let (kind, data) = self.field()?;
            // Fields come in the order of their types, each once.
            if kind <= before {
                return Err(MacaroonError::Damaged);
            }
            before = kind;
            match kind {
                LOCATION => location = Some(data),
                IDENTIFIER => identifier = Some(data),
                VERIFICATION if identifier.is_some() => {}
                _ => return Err(MacaroonError::Damaged),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A macaroon with these caveats and the signature that the key `key` gives it.
    fn sample(caveats: &[&str]) -> Vec<u8> {
        let mut bytes = vec![VERSION, LOCATION, 8];
        bytes.extend_from_slice(b"pypi.org");
        bytes.extend_from_slice(&[IDENTIFIER, 3]);
        bytes.extend_from_slice(b"id0");
        bytes.extend_from_slice(&[END, END, SIGNATURE, 32]);
        bytes.extend_from_slice(&[7; 32]);
        let caveats: Vec<String> = caveats.iter().map(|caveat| (*caveat).to_owned()).collect();
        Macaroon::read(&bytes).unwrap().narrowed(&caveats).to_vec()
    }

    #[test]
    fn what_was_added_is_read_back() {
        let bytes = sample(&["[1,[\"demo\"]]", &"x".repeat(300)]);
        let macaroon = Macaroon::read(&bytes).unwrap();
        assert_eq!(macaroon.location, Some("pypi.org"));
        assert_eq!(macaroon.caveats, [b"[1,[\"demo\"]]".as_slice(), &[b'x'; 300]]);
        assert_ne!(macaroon.signature, [7; 32]);
    }

    #[test]
    fn a_cut_macaroon_is_none() {
        let bytes = sample(&["[1,[\"demo\"]]"]);
        for end in 0..bytes.len() {
            assert_eq!(Macaroon::read(&bytes[..end]).map(|_| ()), Err(MacaroonError::Truncated), "{end} bytes");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert_eq!(Macaroon::read(&longer).map(|_| ()), Err(MacaroonError::TooMuch));
        assert_eq!(Macaroon::read(b"MDAxY2xv").map(|_| ()), Err(MacaroonError::Version));
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _any = Macaroon::read(&bytes).map(|_| ());
            let _any = Macaroon::read(&[&[VERSION][..], &bytes].concat()).map(|_| ());
        }

        #[test]
        fn narrowing_keeps_what_was_there(before in proptest::collection::vec(".{0,200}", 0..4), added in ".{0,200}") {
            let texts: Vec<&str> = before.iter().map(String::as_str).collect();
            let bytes = sample(&texts);
            let narrowed = Macaroon::read(&bytes).unwrap().narrowed(std::slice::from_ref(&added));
            let read = Macaroon::read(&narrowed).unwrap();
            let mut expected: Vec<&[u8]> = before.iter().map(String::as_bytes).collect();
            expected.push(added.as_bytes());
            prop_assert_eq!(read.caveats, expected);
        }
    }
}
