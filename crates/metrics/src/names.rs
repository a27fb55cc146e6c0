use std::fmt;

use findings_model::{Timestamp, date_text, text};
use serde::{Deserialize, Serialize};

/// Why a text is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}: {why}")]
pub struct NameError {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl NameError {
    fn new(what: &'static str, text: &str, why: &'static str) -> Self {
        Self { what, text: text::shorten(&text::one_line(text), 60).into_owned(), why }
    }
}

/// The id of one run: 1 to 150 of the characters `A-Z a-z 0-9 . _ -`, not starting with a dot or a dash.
///
/// It is part of a file name (`metrics/workflow-<id>.json`), which is why nothing else is let in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExecutionId(String);

impl ExecutionId {
    /// Takes an id that somebody else made.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let why = if text.is_empty() {
            "it is empty"
        } else if text.len() > 150 {
            "it is longer than 150 characters"
        } else if !text.bytes().all(plain) {
            "only letters, digits, '.', '_' and '-' are allowed"
        } else if text.starts_with(['.', '-']) {
            "it starts with a dot or a dash"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(NameError::new("execution id", text, why))
    }

    /// Makes an id that people can read: workflow, second of the start, and four bytes of the nonce in hexadecimal.
    ///
    /// The nonce is what keeps two starts of one workflow in one second apart; the caller draws it at random.
    pub fn generate(workflow: &WorkflowName, now: Timestamp, nonce: [u8; 16]) -> Self {
        let mut slug = String::new();
        for c in workflow.as_str().chars() {
            if slug.len() >= 60 {
                break;
            }
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = match slug.trim_end_matches('-') {
            "" => "run",
            slug => slug,
        };
        let (day, time) = (date_text(now.date()).replace('-', ""), now.moment().time());
        Self(format!(
            "{slug}-{day}-{:02}{:02}{:02}-{}",
            time.hour(),
            time.minute(),
            time.second(),
            text::hex(&nonce[..4])
        ))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the run's file in the metrics folder.
    pub fn file_name(&self) -> String {
        format!("workflow-{}.json", self.0)
    }
}

/// The name of a workflow: one line, 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkflowName(String);

impl WorkflowName {
    /// Takes a name; white space is folded and control characters are replaced.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line("workflow name", text, 200).map(Self)
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the workflow exists to publish (`pypi-publish` is the Python system's name for it).
    pub fn is_publish(&self) -> bool {
        StageRole::of(&self.0) == StageRole::Publish
    }
}

/// The name of a stage of a run: one line, 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StageName(String);

impl StageName {
    /// Takes a name; white space is folded and control characters are replaced.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line("stage name", text, 100).map(Self)
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the stage is to the run.
    pub fn role(&self) -> StageRole {
        StageRole::of(&self.0)
    }
}

/// The stages that a run record has keys of its own for; upper case, `_` and spaces in a name do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageRole {
    /// `security-scan`, `scan`: `security_scan_duration`, and one scan in the statistics.
    SecurityScan,
    /// `quality-gates`, `gates`: `quality_gates_passed`.
    QualityGates,
    /// `build`: `build_duration`.
    Build,
    /// `publish`, `publish-pypi`, `pypi-publish`: `publish_duration` and `publishing_success`.
    Publish,
    /// Any other stage; it is kept in `stages` only.
    Other,
}

impl StageRole {
    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "security-scan" | "scan" => Self::SecurityScan,
            "quality-gates" | "gates" => Self::QualityGates,
            "build" => Self::Build,
            "publish" | "publish-pypi" | "pypi-publish" => Self::Publish,
            _ => Self::Other,
        }
    }
}

fn line(what: &'static str, given: &str, longest: usize) -> Result<String, NameError> {
    let line = text::one_line(given);
    if line.is_empty() {
        Err(NameError::new(what, given, "it is empty"))
    } else if line.chars().count() > longest {
        Err(NameError::new(what, given, "it is too long"))
    } else {
        Ok(line)
    }
}

macro_rules! text_type {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
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
                name.0
            }
        }
    )*};
}
text_type!(ExecutionId, WorkflowName, StageName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_folder() {
        for bad in ["", "../x", "a/b", "a\\b", ".hidden", "-flag", "a b", "ä", &"x".repeat(151)] {
            assert!(ExecutionId::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            ExecutionId::parse("release-20251027-025837").unwrap().file_name(),
            "workflow-release-20251027-025837.json"
        );
    }

    #[test]
    fn generated_ids_are_readable_and_apart() {
        let now: Timestamp = "2026-01-05T03:00:09Z".parse().unwrap();
        let name = WorkflowName::parse("Security-driven release (weekly)").unwrap();
        assert_eq!(
            ExecutionId::generate(&name, now, [0xa1; 16]).as_str(),
            "security-driven-release-weekly-20260105-030009-a1a1a1a1"
        );
        let ids: std::collections::BTreeSet<_> =
            (0..4).map(|nonce| ExecutionId::generate(&name, now, [nonce; 16])).collect();
        assert_eq!(ids.len(), 4);
        let strange = WorkflowName::parse("../☃").unwrap();
        let id = ExecutionId::generate(&strange, now, [1; 16]);
        assert_eq!(ExecutionId::parse(id.as_str()), Ok(id));
    }

    #[test]
    fn stage_names_have_roles() {
        assert_eq!(StageName::parse("Security_Scan").unwrap().role(), StageRole::SecurityScan);
        assert_eq!(StageName::parse("quality gates").unwrap().role(), StageRole::QualityGates);
        assert_eq!(StageName::parse("oidc").unwrap().role(), StageRole::Other);
    }
}
