//! Writes the flat JSON form of a finding (the keys that other people's scripts read, and the evidence beside them) without
//! copying it; `wire.rs` reads what this writes.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::{
    Attributions, ExceptedBy, Extra, Finding, ResolvedReason, Scope, Status, UnderOverride,
    day::Day,
    wire::{ExceptedByWire, StatusWord},
};
use crate::{
    AdvisoryId, AdvisoryIds, Clearance, CodeText, CvssScore, CvssVector, EpssScore, FindingId, FindingKind, KevListing,
    SecretMark, Severity, SeveritySource, Subject,
};

#[derive(Serialize)]
struct Written<'f> {
    finding_id: &'f str,
    aliases: Vec<&'f str>,
    kind: FindingKind,
    ecosystem: Option<&'f str>,
    package: Option<&'f str>,
    version: Option<&'f str>,
    scope: Scope,
    rule: Option<&'f str>,
    path: Option<&'f str>,
    line: Option<u32>,
    severity: Severity,
    severity_source: SeveritySource,
    cvss_score: Option<CvssScore>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cvss_vectors: &'f [CvssVector],
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kev: Option<KevListing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<EpssScore>,
    source_scanner: &'f str,
    status: StatusWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified_since: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_reason: Option<ResolvedReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted_by: Option<ExceptedByWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted_until: Option<Day>,
    discovered_date: Day,
    last_seen: Day,
    fix_available: bool,
    fix_version: Option<&'f str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fix_versions: &'f [String],
    description: &'f str,
    reference_url: Option<&'f str>,
    /// The id that a scanner printed last; with `printed_ids` the evidence by which a flaw is known again.
    #[serde(skip_serializing_if = "Option::is_none")]
    advisory_id: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed_ids: Option<Ids<'f>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_rules: &'f [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    code_digest: Option<&'f CodeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_mark: Option<&'f SecretMark>,
    scanners: &'f Attributions,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_finding_ids: Option<&'f BTreeSet<FindingId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_aliases: Option<Ids<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    under_override: Option<UnderOverride>,
    #[serde(flatten)]
    extra: &'f Extra,
}

struct Ids<'f>(&'f AdvisoryIds);

impl Serialize for Ids<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(AdvisoryId::as_str))
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut w = Written {
            finding_id: self.finding_id.as_str(),
            aliases: self.subject.advisory_ids().into_iter().map(AdvisoryId::as_str).collect(),
            kind: self.kind(),
            ecosystem: None,
            package: None,
            version: None,
            scope: self.scope,
            rule: None,
            path: self.subject.path(),
            line: self.subject.line(),
            severity: self.rating.severity,
            severity_source: self.rating.source,
            cvss_score: self.rating.score,
            cvss_vectors: &self.rating.vectors,
            severity_date: self.rated_on.map(Day),
            kev: self.exploitation.kev,
            epss: self.exploitation.epss,
            source_scanner: self.source_scanner.as_str(),
            status: StatusWord::Open,
            unverified_since: None,
            resolved_date: None,
            resolved_reason: None,
            excepted_by: None,
            excepted_until: None,
            discovered_date: Day(self.discovered),
            last_seen: Day(self.last_seen),
            fix_available: false,
            fix_version: self.fix_version.as_deref(),
            fix_versions: &[],
            description: &self.description,
            reference_url: self.reference_url.as_deref(),
            advisory_id: None,
            printed_ids: None,
            former_rules: &[],
            code_digest: None,
            secret_mark: None,
            scanners: &self.scanners,
            former_finding_ids: None,
            former_aliases: None,
            under_override: None,
            extra: &self.extra,
        };
        match &self.subject {
            Subject::Vulnerability(v) => {
                // The printed id comes first in memory, and stands where it belongs in the document.
                w.aliases.sort_unstable();
                w.advisory_id = Some(v.id.as_str());
                w.printed_ids = Some(Ids(&v.printed)).filter(|ids| !ids.0.is_empty());
                w.package = Some(v.package.name());
                w.ecosystem = Some(v.package.ecosystem().as_str());
                w.version = v.version.as_deref();
                w.fix_available = !v.fix_versions.is_empty();
                w.fix_versions = &v.fix_versions;
            }
            Subject::Code(c) => {
                (w.rule, w.former_rules, w.code_digest) = (Some(c.rule.as_str()), &c.former_rules, c.text.as_ref());
            }
            Subject::Secret(s) => {
                (w.rule, w.secret_mark) = (Some(s.rule.as_str()), s.mark.as_ref());
            }
        }
        match &self.status {
            Status::Open => {}
            Status::Unverified { since } => {
                (w.status, w.unverified_since) = (StatusWord::Unverified, Some(Day(*since)));
            }
            Status::Resolved { on, reason } => {
                (w.status, w.resolved_date, w.resolved_reason) = (StatusWord::Resolved, Some(Day(*on)), Some(*reason));
            }
            Status::Excepted { by } => {
                let (word, until) = match by {
                    ExceptedBy::Report(Clearance::Suppressed) => (ExceptedByWire::ReportSuppressed, None),
                    ExceptedBy::Report(Clearance::NotAffected) => (ExceptedByWire::ReportNotAffected, None),
                    ExceptedBy::Report(Clearance::Fixed) => (ExceptedByWire::ReportFixed, None),
                    ExceptedBy::Report(Clearance::FalsePositive) => (ExceptedByWire::ReportFalsePositive, None),
                    ExceptedBy::AcceptedRisk { until } => (ExceptedByWire::AcceptedRisk, *until),
                    ExceptedBy::FalsePositive { until } => (ExceptedByWire::FalsePositive, *until),
                    ExceptedBy::NotAffected { until } => (ExceptedByWire::NotAffected, *until),
                };
                (w.status, w.excepted_by, w.excepted_until) = (StatusWord::Excepted, Some(word), until.map(Day));
            }
        }
        if let Some(memory) = &self.memory {
            w.former_finding_ids = Some(&memory.finding_ids).filter(|ids| !ids.is_empty());
            w.former_aliases = Some(Ids(&memory.aliases)).filter(|ids| !ids.0.is_empty());
            w.under_override = memory.under_override;
        }
        w.serialize(serializer)
    }
}
