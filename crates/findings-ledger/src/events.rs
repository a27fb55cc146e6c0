use findings_model::{
    ExceptedBy, Finding, FindingId, FindingKind, ResolvedReason, ScannerName, SchemaVersion, Severity, SeveritySource,
    Status, Timestamp,
};
use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};
use time::Date;

/// Something that happened to a finding: a line of `history/events.ndjson`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// When the run took it in.
    pub timestamp: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
    /// To which finding.
    pub finding_id: FindingId,
    /// What kind of finding it is.
    pub kind: FindingKind,
    /// The package, or the file, that it is about.
    pub place: SmolStr,
    /// How bad it was after the event.
    pub severity: Severity,
    /// The scanner that told.
    pub scanner: ScannerName,
}

/// What can happen to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// It was reported for the first time.
    FirstSeen,
    /// It had been resolved and was reported again.
    Reopened,
    /// No scan could confirm or end it.
    Unverified {
        /// The last day on which a scan reported it.
        since: Date,
    },
    /// It had been unverified and was reported again.
    Confirmed,
    /// It ended.
    Resolved {
        /// How.
        reason: ResolvedReason,
    },
    /// Its severity is another one.
    SeverityChanged {
        /// The severity before.
        from: Severity,
        /// The severity now.
        to: Severity,
        /// Who says so.
        source: SeveritySource,
    },
    /// It was cleared by its report or by a person.
    Excepted {
        /// By whom: `report_suppressed`, `accepted_risk`, …
        by: &'static str,
        /// The last day on which that holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// What cleared it no longer does.
    ExceptionEnded,
    /// It turned out to be the same as another finding, under whose id it lives on.
    Merged {
        /// The other one.
        into: FindingId,
    },
}

impl Event {
    /// The version that this program writes.
    pub(crate) const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

    pub(crate) fn new(finding: &Finding, scanner: &ScannerName, what: Happening, now: Timestamp) -> Self {
        let place = match finding.subject.package() {
            Some(package) => format_smolstr!("{package}"),
            None => SmolStr::new(finding.subject.path().unwrap_or_default()),
        };
        Self {
            schema_version: Self::SCHEMA,
            timestamp: now,
            what,
            finding_id: finding.finding_id.clone(),
            kind: finding.kind(),
            place,
            severity: finding.rating.severity,
            scanner: scanner.clone(),
        }
    }
}

impl Happening {
    /// What the step from one status to another means, in order; a finding that was not there before has none.
    pub(crate) fn between(before: Option<&Status>, now: &Status) -> impl Iterator<Item = Self> {
        let excepted = match now {
            Status::Excepted { by } => Some(Self::excepted(by)),
            _ => None,
        };
        let happened = match (before, now) {
            (None, _) => [Some(Self::FirstSeen), excepted],
            (Some(Status::Resolved { .. }), Status::Resolved { .. })
            | (Some(Status::Open), Status::Open)
            | (Some(Status::Unverified { .. }), Status::Unverified { .. }) => [None, None],
            (Some(_), Status::Resolved { reason, .. }) => [Some(Self::Resolved { reason: *reason }), None],
            (Some(Status::Resolved { .. }), _) => [Some(Self::Reopened), excepted],
            (Some(Status::Excepted { by: old }), Status::Excepted { by }) => [excepted.filter(|_| old != by), None],
            (Some(_), Status::Excepted { .. }) => [excepted, None],
            (Some(Status::Excepted { .. }), _) => [Some(Self::ExceptionEnded), None],
            (Some(Status::Open), Status::Unverified { since }) => [Some(Self::Unverified { since: *since }), None],
            (Some(Status::Unverified { .. }), Status::Open) => [Some(Self::Confirmed), None],
        };
        happened.into_iter().flatten()
    }

    fn excepted(by: &ExceptedBy) -> Self {
        let (by, until) = exception_words(by);
        Self::Excepted { by, until }
    }
}

/// Who cleared a finding, in a word, and until when.
pub(crate) fn exception_words(by: &ExceptedBy) -> (&'static str, Option<Date>) {
    use findings_model::Clearance;
    match by {
        ExceptedBy::Report(Clearance::Suppressed) => ("report_suppressed", None),
        ExceptedBy::Report(Clearance::NotAffected) => ("report_not_affected", None),
        ExceptedBy::Report(Clearance::Fixed) => ("report_fixed", None),
        ExceptedBy::Report(Clearance::FalsePositive) => ("report_false_positive", None),
        ExceptedBy::AcceptedRisk { until } => ("accepted_risk", *until),
        ExceptedBy::FalsePositive { until } => ("false_positive", *until),
        ExceptedBy::NotAffected { until } => ("not_affected", *until),
    }
}
