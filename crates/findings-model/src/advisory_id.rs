use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

/// The shortest and longest text that counts as an advisory id, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=100;

/// The id of an advisory: `CVE-…`, `GHSA-…`, `PYSEC-…`, `OSV-…` or any other scheme.
///
/// The form is canonical: surrounding space and the stray `,` `;` of real alias lists are removed, and
/// the schemes whose case is known are written their own way (`CVE` and `PYSEC` upper-case, `GHSA-`
/// followed by lower case). An id with characters outside ASCII is kept as it is: it never equals the id
/// that it looks like. Of an id that is an address nothing is kept that looks like a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AdvisoryId(SmolStr);

/// Why a text is no advisory id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdvisoryIdError {
    /// Shorter than 3 or longer than 100 characters.
    #[error("an advisory id has 3 to 100 characters, this one has {0}")]
    Length(usize),
    /// A control character, line break or bidirectional control.
    #[error("an advisory id holds no control characters")]
    Control,
}

impl AdvisoryId {
    /// Reads an id as scanners and databases print it.
    pub fn parse(text: &str) -> Result<Self, AdvisoryIdError> {
        if let Some(canonical) = Self::canonical(text.as_bytes()) {
            return Ok(Self(canonical));
        }
        let text = &*crate::text::hide_credentials_in_name(text.trim().trim_matches([',', ';', ' ']));
        let length = text.chars().count();
        if !LENGTH.contains(&length) {
            return Err(AdvisoryIdError::Length(length));
        }
        if text.chars().any(crate::text::is_unsafe_to_show) {
            return Err(AdvisoryIdError::Control);
        }
        if !text.is_ascii() {
            return Ok(Self(SmolStr::new(text)));
        }
        let upper = text.to_ascii_uppercase();
        let canonical = match upper.split_once('-') {
            Some(("GHSA", rest)) => format!("GHSA-{}", rest.to_ascii_lowercase()),
            Some(("CVE" | "PYSEC" | "RUSTSEC" | "OSV" | "MAL", _)) => upper,
            _ => text.to_owned(),
        };
        Ok(Self(SmolStr::new(canonical)))
    }

    /// An id in the spelling that all writings of it share; a text that cannot be one stays as it is.
    pub fn canonical_or(text: &str) -> String {
        Self::parse(text).map_or_else(|_| text.to_owned(), |id| id.as_str().to_owned())
    }

    /// The id as it stands, if it is short and already in the form that [`Self::parse`] gives: a known scheme and plain characters.
    fn canonical(text: &[u8]) -> Option<SmolStr> {
        let is_upper = |b: &u8| matches!(b, b'0'..=b'9' | b'A'..=b'Z' | b'-');
        let is_lower = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'-');
        let is_canonical = match text {
            [b'G', b'H', b'S', b'A', b'-', rest @ ..] => rest.iter().all(is_lower),
            [b'C', b'V', b'E', b'-', rest @ ..] | [b'P', b'Y', b'S', b'E', b'C', b'-', rest @ ..] => {
                rest.iter().all(is_upper)
            }
            _ => false,
        };
        (is_canonical && text.len() <= 40).then(|| std::str::from_utf8(text).ok().map(SmolStr::new))?
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a CVE number (`CVE-2023-37920`).
    pub fn is_cve(&self) -> bool {
        self.0.starts_with("CVE-") && self.0.is_ascii()
    }

    /// Whether the id names a malicious package (`MAL-…`): such advisories carry no severity and count as critical.
    pub fn is_malware(&self) -> bool {
        self.0.starts_with("MAL-")
    }

    /// The public page of the advisory, for the schemes that have one: NVD for CVE, GitHub for GHSA, osv.dev for PYSEC.
    pub fn reference_url(&self) -> Option<SmolStr> {
        if !self.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return None;
        }
        let base = match self.0.split_once('-')?.0 {
            "CVE" => "https://nvd.nist.gov/vuln/detail/",
            "GHSA" => "https://github.com/advisories/",
            "PYSEC" | "OSV" | "MAL" | "RUSTSEC" => "https://osv.dev/vulnerability/",
            _ => return None,
        };
        // Put together on the stack: a text that is shared is made from one that is whole.
        let mut page = [0; 256];
        let length = base.len() + self.0.len();
        page.get_mut(..base.len())?.copy_from_slice(base.as_bytes());
        page.get_mut(base.len()..length)?.copy_from_slice(self.0.as_bytes());
        std::str::from_utf8(&page[..length]).ok().map(SmolStr::new)
    }
}

impl fmt::Display for AdvisoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AdvisoryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl serde::de::Visitor<'_> for Id {
            type Value = AdvisoryId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an advisory id")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AdvisoryId, E> {
                AdvisoryId::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Id)
    }
}

impl TryFrom<String> for AdvisoryId {
    type Error = AdvisoryIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<AdvisoryId> for String {
    fn from(id: AdvisoryId) -> Self {
        id.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flaw_has_one_spelling() {
        for text in [" cve-2018-18074", "CVE-2018-18074 ", "CVE-2018-18074,", "CVE-2018-18074;"] {
            assert_eq!(AdvisoryId::parse(text).unwrap().as_str(), "CVE-2018-18074");
        }
        assert_eq!(AdvisoryId::parse("ghsa-JF66-3q76-h5p5,").unwrap().as_str(), "GHSA-jf66-3q76-h5p5");
    }

    #[test]
    fn a_canonical_id_stays_what_it_is() {
        for text in ["CVE-2018-18074", "GHSA-jf66-3q76-h5p5", "PYSEC-2018-28", "CVE-", "GHSA-", "PYSEC-"] {
            assert_eq!(AdvisoryId::parse(text).unwrap().as_str(), text);
        }
        for (text, canonical) in [("CVE-2018-x", "CVE-2018-X"), ("GHSA-JF66", "GHSA-jf66"), ("Cve-1-1", "CVE-1-1")] {
            assert_eq!(AdvisoryId::parse(text).unwrap().as_str(), canonical);
        }
    }

    #[test]
    fn a_look_alike_is_another_id() {
        let real = AdvisoryId::parse("CVE-2018-18074").unwrap();
        let hyphens = AdvisoryId::parse("CVE\u{2011}2018\u{2011}18074").unwrap();
        let cyrillic = AdvisoryId::parse("\u{421}VE-2018-18074").unwrap();
        assert!(real != hyphens && real != cyrillic && hyphens != cyrillic);
        assert!(!cyrillic.is_cve());
    }

    #[test]
    fn length_and_control_characters_are_refused() {
        assert_eq!(AdvisoryId::parse("AB"), Err(AdvisoryIdError::Length(2)));
        assert_eq!(AdvisoryId::parse(&"A".repeat(101)), Err(AdvisoryIdError::Length(101)));
        assert_eq!(AdvisoryId::parse("CVE-1\nEOF"), Err(AdvisoryIdError::Control));
        assert_eq!(AdvisoryId::parse("CVE-1\u{202e}2"), Err(AdvisoryIdError::Control));
    }

    #[test]
    fn an_id_that_is_an_address_shows_no_credential() {
        let id = AdvisoryId::parse("https://bob:hunter2@example.org/CVE-2024-1").unwrap();
        assert_eq!(id.as_str(), "https://[hidden]@example.org/CVE-2024-1");
    }

    #[test]
    fn a_page_is_given_for_known_schemes_only() {
        let url = |id: &str| AdvisoryId::parse(id).unwrap().reference_url();
        assert_eq!(url("CVE-2025-1234").unwrap(), "https://nvd.nist.gov/vuln/detail/CVE-2025-1234");
        assert_eq!(url("GHSA-aaaa-bbbb-cccc").unwrap(), "https://github.com/advisories/GHSA-aaaa-bbbb-cccc");
        assert_eq!(url("PYSEC-2025-123").unwrap(), "https://osv.dev/vulnerability/PYSEC-2025-123");
        assert_eq!(url("SFTY-2025-1"), None);
        assert_eq!(url("CVE-2025-1\"onload=x"), None);
    }
}
