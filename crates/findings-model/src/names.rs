use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use smol_str::SmolStr;

/// Why a text is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}: {why}")]
pub struct NameError {
    what: &'static str,
    text: String,
    why: &'static str,
}

fn printable(what: &'static str, text: &str, longest: usize) -> Result<SmolStr, NameError> {
    if !text.is_empty() && text.len() <= longest && crate::text::is_plain_line(text) {
        return Ok(SmolStr::new(text));
    }
    let line = crate::text::one_line(text);
    let why = if line.is_empty() {
        "it is empty"
    } else if line.chars().count() > longest {
        "it is too long"
    } else {
        return Ok(SmolStr::new(line));
    };
    Err(NameError { what, text: crate::text::shorten(&line, 40).into_owned(), why })
}

/// The name of a scanner: a word of [`ReportFormat`], or the driver's name for SARIF. One line, 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ScannerName(SmolStr);

impl ScannerName {
    /// Takes a name; white space is folded and control characters are replaced.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        printable("scanner name", text, 200).map(Self)
    }

    /// The scanner that a file claims to come from when nothing else is known of it.
    pub fn unknown() -> Self {
        Self(SmolStr::new_static("unknown"))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A finding's readable id, given once and never changed (`GHSA-…`, `BANDIT-B324-hashing.py-5`).
///
/// One line, 1 to 300 characters; not a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FindingId(SmolStr);

impl FindingId {
    /// Takes an id; white space is folded and control characters are replaced.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        printable("finding id", text, 300).map(Self)
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_type {
    ($($name:ident: $expected:literal),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Name;
                impl de::Visitor<'_> for Name {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Name)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }
    )*};
}
text_type!(ScannerName: "the name of a scanner", FindingId: "the id of a finding");

/// The report formats that are understood, by their words on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is the tool or standard of that name")]
pub enum ReportFormat {
    PipAudit,
    Bandit,
    DetectSecrets,
    Gitleaks,
    Trufflehog,
    OsvScanner,
    Sarif,
    Trivy,
    Grype,
    #[serde(rename = "cyclonedx")]
    CycloneDx,
    #[serde(rename = "openvex")]
    OpenVex,
    Safety,
    Semgrep,
}

impl ReportFormat {
    /// Every format, in the order of the command-line help.
    pub const ALL: [Self; 13] = [
        Self::PipAudit,
        Self::Bandit,
        Self::DetectSecrets,
        Self::Gitleaks,
        Self::Trufflehog,
        Self::OsvScanner,
        Self::Sarif,
        Self::Trivy,
        Self::Grype,
        Self::CycloneDx,
        Self::OpenVex,
        Self::Safety,
        Self::Semgrep,
    ];

    /// The word of the format: `pip-audit`, `cyclonedx`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PipAudit => "pip-audit",
            Self::Bandit => "bandit",
            Self::DetectSecrets => "detect-secrets",
            Self::Gitleaks => "gitleaks",
            Self::Trufflehog => "trufflehog",
            Self::OsvScanner => "osv-scanner",
            Self::Sarif => "sarif",
            Self::Trivy => "trivy",
            Self::Grype => "grype",
            Self::CycloneDx => "cyclonedx",
            Self::OpenVex => "openvex",
            Self::Safety => "safety",
            Self::Semgrep => "semgrep",
        }
    }

    /// The scanner of that name.
    pub fn scanner(self) -> ScannerName {
        ScannerName(SmolStr::new_static(self.as_str()))
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReportFormat {
    type Err = NameError;
    fn from_str(word: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|f| f.as_str() == word).ok_or_else(|| NameError {
            what: "report format",
            text: crate::text::shorten(&crate::text::one_line(word), 40).into_owned(),
            why: "it is not one of pip-audit, bandit, detect-secrets, gitleaks, trufflehog, osv-scanner, sarif, trivy, grype, cyclonedx, openvex, safety, semgrep",
        })
    }
}
