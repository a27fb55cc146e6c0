use change_detect::{Change, ChangeSet, ChangeType, OpenFinding};
use findings_model::{ExceptedBy, Finding, FindingId, Scope, Severity, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::policy::{DevelopmentRule, FirstScanRule, Policy, Rule, Threshold};

/// A row of the decision matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// A person asked for a release.
    Manual,
    /// There was nothing to compare with.
    FirstScan,
    /// Findings of this kind do not count.
    Kind,
    /// Findings in development dependencies do not count.
    Development,
    /// A new finding.
    New,
    /// A finding that was resolved and is there again.
    Reopened,
    /// A severity that rose.
    Raised,
    /// A severity that fell: an improvement, which never releases.
    Lowered,
    /// A severity that was unknown or is unknown now, and is or counts as no worse than before.
    Known,
    /// A finding that is gone.
    Resolved,
    /// A withdrawn advisory.
    Withdrawn,
    /// A fix that is now available, or another affected version.
    Updated,
    /// A finding that was cleared on purpose.
    Excepted,
    /// What cleared a finding no longer holds.
    ExceptionExpired,
    /// An open finding that the baseline has too: the last release, or the first scan where there was none.
    Unchanged,
    /// The last automatic release is too recent for another one.
    QuietPeriod,
    /// The decision was published before.
    Published,
}

impl Row {
    /// The rows that a threshold of the policy governs, in the order of the printed matrix.
    pub(crate) const GOVERNED: [Self; 8] = [
        Self::New,
        Self::Reopened,
        Self::Raised,
        Self::Resolved,
        Self::Withdrawn,
        Self::Updated,
        Self::Excepted,
        Self::ExceptionExpired,
    ];

    /// What the policy says of the row; none for the rows that no policy moves.
    pub(crate) fn rule(self, policy: &Policy) -> Option<&Rule> {
        match self {
            Self::New => Some(&policy.new),
            Self::Reopened => Some(&policy.reopened),
            Self::Raised => Some(&policy.raised),
            Self::Resolved => Some(&policy.resolved),
            Self::Withdrawn => Some(&policy.withdrawn),
            Self::Updated => Some(&policy.updated),
            Self::Excepted => Some(&policy.excepted),
            Self::ExceptionExpired => Some(&policy.exception_expired),
            Self::Manual
            | Self::FirstScan
            | Self::Kind
            | Self::Development
            | Self::Lowered
            | Self::Known
            | Self::Unchanged
            | Self::QuietPeriod
            | Self::Published => None,
        }
    }

    /// What the row is about, as the front of a sentence.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::Manual => "a person asked for a release",
            Self::FirstScan => "first scan",
            Self::Kind => "kind that the policy leaves out",
            Self::Development => "development dependency",
            Self::New => "new finding",
            Self::Reopened => "reopened finding",
            Self::Raised => "severity raised",
            Self::Lowered => "severity lowered",
            Self::Known => "severity known now",
            Self::Resolved => "resolved finding",
            Self::Withdrawn => "withdrawn advisory",
            Self::Updated => "updated finding",
            Self::Excepted => "excepted finding",
            Self::ExceptionExpired => "exception expired",
            Self::Unchanged => "unchanged since the last release or first scan",
            Self::QuietPeriod => "quiet period",
            Self::Published => "published before",
        }
    }
}

/// Whether something speaks for a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It releases.
    Release,
    /// It does not.
    None,
}

/// What one change, or one request, means for the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Whether it releases.
    pub effect: Effect,
    /// The row of the matrix that applied.
    pub row: Row,
    /// The finding; null for a request.
    pub finding_id: Option<FindingId>,
    /// What happened to it; null for a request.
    pub change_type: Option<ChangeType>,
    /// How bad it is; null for a request.
    pub severity: Option<Severity>,
    /// The row and its outcome in words.
    pub text: String,
}

impl Reason {
    pub(crate) fn manual() -> Self {
        Self {
            effect: Effect::Release,
            row: Row::Manual,
            finding_id: None,
            change_type: None,
            severity: None,
            text: "a person asked for a release: always released".to_owned(),
        }
    }

    /// What speaks against a release as a whole.
    pub(crate) fn against(row: Row, text: String) -> Self {
        Self { effect: Effect::None, row, finding_id: None, change_type: None, severity: None, text }
    }

    pub(crate) fn unchanged(finding: &OpenFinding) -> Self {
        let unverified = if finding.unverified { ", not confirmed by the newest scan" } else { "" };
        Self {
            effect: Effect::None,
            row: Row::Unchanged,
            finding_id: Some(finding.finding_id.clone()),
            change_type: None,
            severity: Some(finding.severity),
            text: format!("{}, {}{unverified}: no release", Row::Unchanged.subject(), rated(finding.severity)),
        }
    }

    /// A finding that is cleared on purpose, as it was when the last release was made; none for any other.
    pub(crate) fn excepted(finding: &Finding) -> Option<Self> {
        let Status::Excepted { by } = &finding.status else { return None };
        let (why, until) = match by {
            ExceptedBy::Report(_) => ("cleared by its report", None),
            ExceptedBy::AcceptedRisk { until } => ("accepted risk", *until),
            ExceptedBy::FalsePositive { until } => ("false positive", *until),
            ExceptedBy::NotAffected { until } => ("not affected", *until),
        };
        let until = until.map_or_else(String::new, |day| format!(" until {day}"));
        let severity = finding.rating.severity;
        Some(Self {
            effect: Effect::None,
            row: Row::Excepted,
            finding_id: Some(finding.finding_id.clone()),
            change_type: None,
            severity: Some(severity),
            text: format!(
                "{} ({why}{until}), {}: does not count, no release",
                Row::Excepted.subject(),
                rated(severity)
            ),
        })
    }

    /// Says of what would release that it does not yet.
    pub(crate) fn wait(&mut self, until: Timestamp) {
        if self.effect == Effect::Release {
            self.text = format!("{}, once the quiet period is over at {until}", self.text);
        }
    }
}

pub(crate) fn wording(threshold: Threshold) -> String {
    match threshold {
        Threshold::Never => "never releases".to_owned(),
        Threshold::Any => "releases at any severity".to_owned(),
        Threshold::AtLeast(Severity::Critical) => "releases if critical".to_owned(),
        Threshold::AtLeast(severity) => format!("releases from {severity} on"),
    }
}

pub(crate) fn reasons(changes: &ChangeSet, policy: &Policy) -> Vec<Reason> {
    let records_first_scan = changes.first_scan && policy.first_scan == FirstScanRule::Record;
    changes.changes.iter().map(|change| judge(change, records_first_scan, policy)).collect()
}

fn judge(change: &Change, records_first_scan: bool, policy: &Policy) -> Reason {
    let row = row_of(change, records_first_scan, policy);
    let severity = severity_of(change, policy);
    let threshold = row.rule(policy).map_or(Threshold::Never, |rule| rule.from);
    let effect = if threshold.includes(counted(severity, policy)) { Effect::Release } else { Effect::None };
    let text = match row {
        Row::FirstScan => "first scan: sets the baseline and releases nothing".to_owned(),
        Row::Kind => format!("kind {}: the policy leaves it out", change.kind),
        Row::Development => "development dependency: the policy leaves it out".to_owned(),
        Row::Lowered => format!("severity lowered{}: an improvement, never releases", from_to(change, severity)),
        Row::Known if severity == Severity::Unknown => {
            let counted = policy.unknown_severity.severity();
            format!(
                "severity not known any more{}: it counts as {counted}, and no worse never releases",
                from_to(change, severity)
            )
        }
        Row::Known => {
            let counted = policy.unknown_severity.severity();
            format!(
                "severity known now{}: it counted as {counted} before, and no worse never releases",
                from_to(change, severity)
            )
        }
        _ => {
            let expired = if row == Row::Raised && change.change_type == ChangeType::ExceptionExpired {
                "exception expired and "
            } else {
                ""
            };
            let which = if row == Row::Raised { from_to(change, severity) } else { String::new() };
            let counts = if severity == Severity::Unknown {
                format!("unknown severity counts as {}", policy.unknown_severity.severity())
            } else {
                rated(severity)
            };
            let outcome = match effect {
                Effect::Release => "release",
                Effect::None => "no release",
            };
            format!("{expired}{}{which}, {counts}; {}: {outcome}", row.subject(), wording(threshold))
        }
    };
    Reason {
        effect,
        row,
        finding_id: Some(change.finding_id.clone()),
        change_type: Some(change.change_type),
        severity: Some(severity),
        text,
    }
}

fn from_to(change: &Change, now: Severity) -> String {
    match change.old_severity {
        Some(old) => format!(" from {old} to {now}"),
        None => format!(" to {now}"),
    }
}

fn rated(severity: Severity) -> String {
    match severity {
        Severity::Unknown => "unknown severity".to_owned(),
        known => format!("{known} severity"),
    }
}

fn row_of(change: &Change, records_first_scan: bool, policy: &Policy) -> Row {
    if records_first_scan {
        return Row::FirstScan;
    }
    let row = match change.change_type {
        _ if enters_run_time(change, policy) => Row::New,
        ChangeType::NewVulnerability => Row::New,
        ChangeType::Reopened => Row::Reopened,
        ChangeType::SeverityChange if is_raised(change, policy) => Row::Raised,
        ChangeType::SeverityChange
            if change.old_severity == Some(Severity::Unknown) || severity_of(change, policy) == Severity::Unknown =>
        {
            Row::Known
        }
        ChangeType::SeverityChange => Row::Lowered,
        ChangeType::Resolved => Row::Resolved,
        ChangeType::Withdrawn => Row::Withdrawn,
        ChangeType::Updated => Row::Updated,
        ChangeType::Excepted => Row::Excepted,
        // It rose while it was excepted: the end of the exception does not hide that.
        ChangeType::ExceptionExpired
            if change.old_severity.is_some()
                && is_raised(change, policy)
                && releases(Row::Raised, change, policy)
                && !releases(Row::ExceptionExpired, change, policy) =>
        {
            Row::Raised
        }
        ChangeType::ExceptionExpired => Row::ExceptionExpired,
    };
    if !counts_kind(row, change, policy) {
        return Row::Kind;
    }
    if policy.development == DevelopmentRule::Ignore && change.scope == Scope::Development {
        return Row::Development;
    }
    row
}

fn counts_kind(row: Row, change: &Change, policy: &Policy) -> bool {
    row.rule(policy).map_or(&policy.kinds, |rule| rule.kinds(policy)).contains(&change.kind)
}

/// Whether a row speaks for a release of a change, were it the one that applies.
fn releases(row: Row, change: &Change, policy: &Policy) -> bool {
    let severity = counted(severity_of(change, policy), policy);
    counts_kind(row, change, policy) && row.rule(policy).is_some_and(|rule| rule.from.includes(severity))
}

/// Whether a finding that the policy left out as a development one is not one any longer.
fn enters_run_time(change: &Change, policy: &Policy) -> bool {
    policy.development == DevelopmentRule::Ignore
        && change.old_scope == Some(Scope::Development)
        && change.scope != Scope::Development
        && matches!(change.change_type, ChangeType::SeverityChange | ChangeType::Updated)
}

/// Whether a change releases as a critical one, which waits for nothing.
pub(crate) fn is_critical(reason: &Reason, policy: &Policy) -> bool {
    reason.effect == Effect::Release
        && reason.severity.is_some_and(|severity| counted(severity, policy) == Severity::Critical)
}

/// Whether a severity rose, unknown counted as the policy says. A document that does not tell the old one is read as a rise.
fn is_raised(change: &Change, policy: &Policy) -> bool {
    let new = counted(severity_of(change, policy), policy);
    change.old_severity.is_none_or(|old| new.rank() > counted(old, policy).rank())
}

/// How bad a change is. Where a document says several things of a finding that is there, the worst holds.
fn severity_of(change: &Change, policy: &Policy) -> Severity {
    let said = [Some(change.impact_level), change.new_severity, change.new_state.severity()];
    let said = said.into_iter().flatten();
    let is_gone = matches!(change.change_type, ChangeType::Resolved | ChangeType::Withdrawn);
    // Of two that count alike the first stands: the impact's own word.
    let worst = said
        .reduce(|worst, next| if counted(next, policy).rank() > counted(worst, policy).rank() { next } else { worst });
    worst.filter(|_| !is_gone).unwrap_or(change.impact_level)
}

fn counted(severity: Severity, policy: &Policy) -> Severity {
    if severity == Severity::Unknown { policy.unknown_severity.severity() } else { severity }
}
