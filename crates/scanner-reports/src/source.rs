use std::fmt;

use findings_model::{PackageName, ReportFormat, SecretMark, Timestamp, text};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Where a report comes from, and what its reader needs to know of the project.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The report's path, as given or below the project; it names the scan and, where content cannot tell, the scanner.
    pub file: &'a str,
    /// The format that the caller declares (`--report FORMAT=FILE`); it goes before the name.
    pub declared: Option<ReportFormat>,
    /// The project's own package: that pip-audit skips it is no gap.
    pub own_project: Option<&'a PackageName>,
    /// The key for marks of secrets; without one no mark is made.
    pub key: Option<&'a FingerprintKey>,
    /// The time of this run: a report that says it is from more than a day later is not believed.
    pub now: Timestamp,
}

/// The fewest bytes of a fingerprint key.
const SHORTEST_KEY: usize = 16;

/// The project's key for marks of secrets (`RELWARDEN_FINGERPRINT_KEY`). Its bytes are wiped when it is dropped and never shown.
pub struct FingerprintKey(Zeroizing<Vec<u8>>);

/// Why a text is no fingerprint key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintKeyError {
    /// With a short key the marks of weak secrets could be guessed.
    #[error("a fingerprint key has at least {SHORTEST_KEY} bytes, this one has {0}")]
    Short(usize),
}

impl FingerprintKey {
    /// Takes the key's bytes, surrounding white space left out; at least 16 of them.
    pub fn new(text: &str) -> Result<Self, FingerprintKeyError> {
        let bytes = text.trim().as_bytes();
        if bytes.len() < SHORTEST_KEY {
            return Err(FingerprintKeyError::Short(bytes.len()));
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The mark of a secret: HMAC-SHA256 over the lower-case hexadecimal SHA-1 of its bytes.
    ///
    /// The SHA-1 in between lets the marks of all scanners agree, because detect-secrets knows a secret by nothing else.
    pub(crate) fn mark(&self, secret: &Secret<'_>) -> Option<SecretMark> {
        let sha1 = match secret {
            Secret::Value(value) => Zeroizing::new(text::hex(&Sha1::digest(value.as_bytes()))),
            Secret::Sha1(hash) => Zeroizing::new(hash.to_ascii_lowercase()),
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(sha1.as_bytes());
        Some(SecretMark::from_hex(text::hex(&mac.finalize().into_bytes())))
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

/// What a report gives away of a secret. It is borrowed from the report and goes no further than this crate.
#[derive(Clone, Copy)]
pub(crate) enum Secret<'a> {
    /// The secret itself.
    Value(&'a str),
    /// Its SHA-1 in hexadecimal digits.
    Sha1(&'a str),
}

impl Secret<'_> {
    /// What tells it from other secrets of the same report.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Value(text) | Self::Sha1(text) => text.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_of_all_scanners_agree() {
        let key = FingerprintKey::new("0123456789abcdef").unwrap();
        let by_value = key.mark(&Secret::Value("hunter2")).unwrap();
        let by_hash = key.mark(&Secret::Sha1("F3BBBD66A63D4BF1747940578EC3D0103530E21D")).unwrap();
        assert_eq!(by_value, by_hash);
        assert_ne!(by_value, FingerprintKey::new("0123456789abcdeg").unwrap().mark(&Secret::Value("hunter2")).unwrap());
        assert_eq!(by_value.as_str().len(), 64);
    }

    #[test]
    fn a_key_is_long_and_never_shown() {
        assert_eq!(FingerprintKey::new(" short \n").unwrap_err(), FingerprintKeyError::Short(5));
        assert_eq!(format!("{:?}", FingerprintKey::new("0123456789abcdef").unwrap()), "FingerprintKey(..)");
    }
}
