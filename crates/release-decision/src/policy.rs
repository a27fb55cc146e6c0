mod rule;

use std::{collections::BTreeSet, fmt, str::FromStr};

pub use rule::Rule;

use findings_model::{FindingKind, Severity, order};
use serde::{Deserialize, Serialize};

/// What releases and what does not: `[tool.relwarden.release]`.
///
/// By default a new or reopened high or critical finding releases, any resolution does, a severity raised to high or critical does,
/// nothing else.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// From which severity a new finding releases.
    pub new: Rule,
    /// From which severity a reopened finding releases.
    pub reopened: Rule,
    /// To which severity at least a severity must rise to release.
    pub raised: Rule,
    /// From which severity the end of a finding releases.
    pub resolved: Rule,
    /// From which severity a withdrawn advisory releases.
    pub withdrawn: Rule,
    /// From which severity a fix that is now available, or another affected version, releases.
    pub updated: Rule,
    /// From which severity an exception releases.
    pub excepted: Rule,
    /// From which severity the end of an exception releases.
    pub exception_expired: Rule,
    /// The severity that an unknown one counts as. It is still printed as unknown.
    pub unknown_severity: UnknownSeverity,
    /// Whether findings in packages that are only needed for development release.
    pub development: DevelopmentRule,
    /// The kinds of findings that release, in each row that names none of its own.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<KindWord>"))]
    pub kinds: BTreeSet<FindingKind>,
    /// What a first scan, which has nothing to compare with, does.
    pub first_scan: FirstScanRule,
    /// Hours after an automatic release in which only a critical change makes another one; 0 for no such period.
    #[cfg_attr(feature = "schema", schemars(range(max = u32::MAX)))]
    pub quiet_hours: u32,
    /// How the next version is made.
    pub bump: Bump,
    /// The file with the project's own template for release notes, below the project; the built-in one without it.
    pub notes_template: Option<String>,
    /// The file with the project's own template for the entry of the changelog, below the project; the built-in one without it.
    // Left out where it is not set: the policy is part of a decision's id, and older ids must stay what they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changelog_template: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            new: Threshold::AtLeast(Severity::High).into(),
            reopened: Threshold::AtLeast(Severity::High).into(),
            raised: Threshold::AtLeast(Severity::High).into(),
            resolved: Threshold::Any.into(),
            withdrawn: Threshold::Never.into(),
            updated: Threshold::Never.into(),
            excepted: Threshold::Never.into(),
            exception_expired: Threshold::Never.into(),
            unknown_severity: UnknownSeverity::High,
            development: DevelopmentRule::Release,
            kinds: order::set([FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret]),
            first_scan: FirstScanRule::Record,
            quiet_hours: 0,
            bump: Bump::Patch,
            notes_template: None,
            changelog_template: None,
        }
    }
}

/// From where on a row of the matrix applies: `never`, `any`, or the mildest severity that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Threshold {
    /// It never applies.
    Never,
    /// It applies to every severity.
    Any,
    /// It applies to this severity and worse.
    AtLeast(Severity),
}

/// A word that is no threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not valid; it must be one of never, any, critical, high, medium, low, info")]
pub struct ThresholdError(String);

impl Threshold {
    /// Whether a severity counts; unknown, which has no place on the scale, only does under [`Threshold::Any`].
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Never => false,
            Self::Any => true,
            Self::AtLeast(least) => severity.rank() >= least.rank() && severity.rank().is_some(),
        }
    }

    /// The severities from here on, as justifications write them: `high/critical`; none if all count.
    pub(crate) fn severities(self) -> Option<&'static str> {
        match self {
            Self::AtLeast(Severity::Critical) => Some("critical"),
            Self::AtLeast(Severity::High) => Some("high/critical"),
            Self::AtLeast(Severity::Medium) => Some("medium/high/critical"),
            Self::AtLeast(Severity::Low) => Some("low/medium/high/critical"),
            Self::Never | Self::Any | Self::AtLeast(Severity::Info | Severity::Unknown) => None,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Never => "never",
            Self::Any => "any",
            Self::AtLeast(severity) => severity.as_str(),
        })
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;
    fn from_str(word: &str) -> Result<Self, ThresholdError> {
        match word.trim().to_ascii_lowercase().as_str() {
            "never" => Ok(Self::Never),
            "any" => Ok(Self::Any),
            lower => match lower.parse() {
                Ok(Severity::Unknown) | Err(_) => Err(ThresholdError(lower.to_owned())),
                Ok(severity) => Ok(Self::AtLeast(severity)),
            },
        }
    }
}

impl TryFrom<String> for Threshold {
    type Error = ThresholdError;
    fn try_from(word: String) -> Result<Self, ThresholdError> {
        word.parse()
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.to_string()
    }
}

/// The severity that an unknown one counts as in a decision.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the severity scale")]
pub enum UnknownSeverity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl UnknownSeverity {
    /// The severity.
    pub fn severity(self) -> Severity {
        match self {
            Self::Critical => Severity::Critical,
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
            Self::Info => Severity::Info,
        }
    }
}

/// Whether findings in packages that are only needed for development release.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DevelopmentRule {
    /// Like any other finding.
    Release,
    /// They never do.
    Ignore,
}

/// What a first scan does.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstScanRule {
    /// It becomes the baseline and releases nothing.
    Record,
    /// Its findings are new and release like new ones.
    Release,
}

/// How the next version follows from the last one.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// 1.2.3 becomes 1.2.4.
    Patch,
    /// 1.2.3 becomes 1.2.3.post1.
    Post,
    /// 1.2.3 becomes 1.3.0.
    Minor,
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Threshold {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        const WORDS: [&str; 7] = ["never", "any", "critical", "high", "medium", "low", "info"];
        let any_case =
            |word: &str| word.chars().map(|c| format!("[{c}{}]", c.to_ascii_uppercase())).collect::<Vec<_>>().concat();
        let pattern = format!("^\\s*(?:{})\\s*$", WORDS.map(any_case).join("|"));
        let mut rows: Vec<_> = WORDS.iter().map(|word| serde_json::json!({ "const": word })).collect();
        rows.push(serde_json::json!({
            "description": "The same in another case.", "type": "string", "pattern": pattern, "not": { "enum": WORDS }
        }));
        schemars::json_schema!({
            "description": "`never`, `any`, or the mildest severity that counts.",
            "oneOf": rows
        })
    }
}

/// The words of [`FindingKind`], for the schema.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "FindingKind", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum KindWord {
    Vulnerability,
    Code,
    Secret,
}
