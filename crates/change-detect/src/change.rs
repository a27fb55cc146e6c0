use std::{convert::Infallible, fmt, str::FromStr};

use findings_model::{
    AdvisoryId, Clearance, CvssScore, ExceptedBy, Finding, FindingId, FindingKind, ResolvedReason, ScannerName, Scope,
    Severity, Subject, order, text,
};
use serde::{Deserialize, Serialize};

/// How much of a description goes into a change, in characters.
const DESCRIPTION: usize = 240;

/// What is different about one finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "crate::read::ChangeWire")]
pub struct Change {
    /// What happened.
    pub change_type: ChangeType,
    /// The finding.
    pub finding_id: FindingId,
    /// The advisory ids of the flaw, in order.
    pub aliases: Vec<AdvisoryId>,
    /// Vulnerability, code or secret.
    pub kind: FindingKind,
    /// The package of a vulnerability.
    pub package: Option<String>,
    /// The package's version today; for a resolved one the version that had the flaw.
    pub version: Option<String>,
    /// The rule of a code or secret finding.
    pub rule: Option<String>,
    /// The file of a code or secret finding.
    pub path: Option<String>,
    /// Who reported it first; null where a foreign document does not say.
    pub source_scanner: Option<ScannerName>,
    /// Where it stood; null for a new one.
    pub old_state: Option<FindingState>,
    /// Where it stands.
    pub new_state: FindingState,
    /// How bad: today's severity of a finding that is there, the last one of a finding that is gone.
    pub impact_level: Severity,
    /// The severity before; null for a new finding.
    pub old_severity: Option<Severity>,
    /// The severity now; null for a finding that is gone.
    pub new_severity: Option<Severity>,
    /// Why, where the change type alone does not tell.
    pub reason: Option<ChangeReason>,
    /// Runtime or development dependency.
    pub scope: Scope,
    /// Which of them it was before, where that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_scope: Option<Scope>,
    /// The smallest version above the installed one that fixes it.
    pub fix_version: Option<String>,
    /// The CVSS base score.
    pub cvss_score: Option<CvssScore>,
    /// Where to read more.
    pub reference_url: Option<String>,
    /// The description's beginning, on one line.
    pub description: String,
}

impl Change {
    /// The place in a document: by change type, the worst first, then by id.
    fn order(&self) -> (ChangeType, u8, &FindingId) {
        (self.change_type, self.impact_level.list_order(), &self.finding_id)
    }

    /// Brings changes into the order of a document.
    pub(crate) fn put_in_order(changes: &mut [Self]) {
        order::sort_by(changes, |a, b| a.order().cmp(&b.order()));
    }

    pub(crate) fn about(finding: &Finding, change_type: ChangeType) -> Self {
        let (version, rule) = match &finding.subject {
            Subject::Vulnerability(v) => (v.version.clone(), None),
            Subject::Code(spot) => (None, Some(spot.rule.clone())),
            Subject::Secret(spot) => (None, Some(spot.rule.clone())),
        };
        let mut aliases: Vec<_> = finding.subject.advisory_ids().cloned().collect();
        aliases.sort_unstable();
        Self {
            change_type,
            finding_id: finding.finding_id.clone(),
            aliases,
            kind: finding.kind(),
            package: finding.subject.package().map(|p| p.name().to_owned()),
            version: version.map(String::from),
            rule,
            path: finding.subject.path().map(str::to_owned),
            source_scanner: Some(finding.source_scanner.clone()),
            old_state: None,
            new_state: FindingState::Present(finding.rating.severity),
            impact_level: finding.rating.severity,
            old_severity: None,
            new_severity: Some(finding.rating.severity),
            reason: None,
            scope: finding.scope,
            old_scope: None,
            fix_version: finding.fix_version.as_deref().map(str::to_owned),
            cvss_score: finding.rating.score,
            reference_url: finding.reference_url.as_deref().map(str::to_owned),
            description: text::shorten(&text::one_line(&finding.description), DESCRIPTION).into_owned(),
        }
    }
}

/// What can happen to a finding, in the order of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeType {
    /// It was not there.
    NewVulnerability,
    /// It was resolved and is there again.
    Reopened,
    /// It is still there, with another severity.
    SeverityChange,
    /// It is gone: a scan covered it and did not report it.
    Resolved,
    /// Its advisory was withdrawn; nothing was fixed.
    Withdrawn,
    /// It is still there, with a fix or another version.
    Updated,
    /// It was cleared on purpose.
    Excepted,
    /// What cleared it no longer holds.
    ExceptionExpired,
}

impl ChangeType {
    /// Every change type, in the order of a document.
    pub const ALL: [Self; 8] = [
        Self::NewVulnerability,
        Self::Reopened,
        Self::SeverityChange,
        Self::Resolved,
        Self::Withdrawn,
        Self::Updated,
        Self::Excepted,
        Self::ExceptionExpired,
    ];

    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewVulnerability => "new_vulnerability",
            Self::Reopened => "reopened",
            Self::SeverityChange => "severity_change",
            Self::Resolved => "resolved",
            Self::Withdrawn => "withdrawn",
            Self::Updated => "updated",
            Self::Excepted => "excepted",
            Self::ExceptionExpired => "exception_expired",
        }
    }
}

impl fmt::Display for ChangeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a finding stands, in the words that the Python original published: `high vulnerability`, `resolved`.
///
/// The word is `vulnerability` for every kind, as it was there; [`Change::kind`] says which kind it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FindingState {
    /// It is there, with this severity.
    Present(Severity),
    /// It is gone.
    Resolved,
    /// Its advisory was withdrawn.
    Withdrawn,
    /// It is there and cleared on purpose.
    Excepted,
    /// The words of another program, on one line.
    Other(String),
}

impl FindingState {
    /// The severity of a finding that is there.
    pub fn severity(&self) -> Option<Severity> {
        match self {
            Self::Present(severity) => Some(*severity),
            _ => None,
        }
    }
}

impl fmt::Display for FindingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(severity) => write!(f, "{severity} vulnerability"),
            Self::Resolved => f.write_str("resolved"),
            Self::Withdrawn => f.write_str("withdrawn"),
            Self::Excepted => f.write_str("excepted"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl FromStr for FindingState {
    type Err = Infallible;
    fn from_str(words: &str) -> Result<Self, Infallible> {
        let line = text::one_line(words);
        let lower = line.to_ascii_lowercase();
        Ok(match lower.as_str() {
            "resolved" => Self::Resolved,
            "withdrawn" => Self::Withdrawn,
            "excepted" => Self::Excepted,
            _ => match lower.strip_suffix(" vulnerability").map(Severity::from_str) {
                Some(Ok(severity)) => Self::Present(severity),
                _ => Self::Other(text::shorten(&line, 200).into_owned()),
            },
        })
    }
}

impl From<String> for FindingState {
    fn from(words: String) -> Self {
        let Ok(state) = words.parse();
        state
    }
}

impl From<FindingState> for String {
    fn from(state: FindingState) -> Self {
        state.to_string()
    }
}

/// Why a finding changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeReason {
    /// Resolved: the package is at a version that is not affected.
    Upgraded,
    /// Resolved: the package or the file is gone.
    Removed,
    /// Resolved: the line is no longer in its file, or says something else.
    CodeChanged,
    /// Resolved: covered and not reported, for a reason that the scanner does not tell.
    NoLongerReported,
    /// Updated: there is a version now that fixes it.
    FixAvailable,
    /// Updated: the package is at another version, which is affected too.
    VersionChanged,
    /// Updated: the package was only needed for development, and is not any longer.
    ScopeChanged,
    /// Excepted: a person accepted the risk.
    AcceptedRisk,
    /// Excepted: a person, or the report, says that it is a false positive.
    FalsePositive,
    /// Excepted: suppressed in the source or by the scanner's configuration.
    Suppressed,
    /// Excepted: a person, or a VEX statement, says that the project is not affected.
    NotAffected,
    /// Excepted: a VEX statement says that it is fixed.
    DeclaredFixed,
}

impl ChangeReason {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upgraded => "upgraded",
            Self::Removed => "removed",
            Self::CodeChanged => "code_changed",
            Self::NoLongerReported => "no_longer_reported",
            Self::FixAvailable => "fix_available",
            Self::VersionChanged => "version_changed",
            Self::ScopeChanged => "scope_changed",
            Self::AcceptedRisk => "accepted_risk",
            Self::FalsePositive => "false_positive",
            Self::Suppressed => "suppressed",
            Self::NotAffected => "not_affected",
            Self::DeclaredFixed => "declared_fixed",
        }
    }

    /// The reason of a resolution; none for a withdrawal, which is a change of its own.
    pub(crate) fn of_resolution(reason: ResolvedReason) -> Option<Self> {
        match reason {
            ResolvedReason::Upgraded => Some(Self::Upgraded),
            ResolvedReason::Removed => Some(Self::Removed),
            ResolvedReason::CodeChanged => Some(Self::CodeChanged),
            ResolvedReason::NoLongerReported => Some(Self::NoLongerReported),
            ResolvedReason::Withdrawn => None,
        }
    }

    pub(crate) fn of_exception(by: &ExceptedBy) -> Self {
        match by {
            ExceptedBy::AcceptedRisk { .. } => Self::AcceptedRisk,
            ExceptedBy::FalsePositive { .. } | ExceptedBy::Report(Clearance::FalsePositive) => Self::FalsePositive,
            ExceptedBy::Report(Clearance::Suppressed) => Self::Suppressed,
            ExceptedBy::NotAffected { .. } | ExceptedBy::Report(Clearance::NotAffected) => Self::NotAffected,
            ExceptedBy::Report(Clearance::Fixed) => Self::DeclaredFixed,
        }
    }
}

impl fmt::Display for ChangeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
