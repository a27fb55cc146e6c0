//! The flat JSON form of a finding: the keys that other people's scripts read, and the evidence beside them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Attribution, ExceptedBy, Extra, Finding, ResolvedReason, Scope, Status};
use crate::{
    AdvisoryId, Clearance, CodeSpot, CodeText, CvssScore, CvssVector, Ecosystem, FindingId, FindingKind, Package,
    Rating, ScannerName, SecretMark, SecretSpot, Severity, SeveritySource, Subject, Vulnerability,
};

#[derive(Serialize, Deserialize)]
pub(super) struct FindingWire {
    finding_id: FindingId,
    #[serde(default)]
    aliases: BTreeSet<AdvisoryId>,
    kind: FindingKind,
    #[serde(default)]
    ecosystem: Option<Ecosystem>,
    #[serde(default)]
    package: Option<String>,
    #[serde(default)]
    version: Option<String>,
    scope: Scope,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    line: Option<u32>,
    severity: Severity,
    severity_source: SeveritySource,
    #[serde(default)]
    cvss_score: Option<CvssScore>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cvss_vectors: Vec<CvssVector>,
    source_scanner: ScannerName,
    status: StatusWord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unverified_since: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_reason: Option<ResolvedReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    excepted_by: Option<ExceptedByWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    excepted_until: Option<Date>,
    discovered_date: Date,
    last_seen: Date,
    fix_available: bool,
    fix_version: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fix_versions: Vec<String>,
    description: String,
    reference_url: Option<String>,
    /// The id that a scanner printed last; with `printed_ids` the evidence by which a flaw is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advisory_id: Option<AdvisoryId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    printed_ids: BTreeSet<AdvisoryId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_rules: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code_digest: Option<CodeText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_mark: Option<SecretMark>,
    scanners: BTreeMap<ScannerName, Attribution>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StatusWord {
    Open,
    Unverified,
    Resolved,
    Excepted,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExceptedByWire {
    ReportSuppressed,
    ReportNotAffected,
    ReportFixed,
    ReportFalsePositive,
    AcceptedRisk,
    FalsePositive,
}

/// A finding of a document that contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum FindingError {
    #[error("finding {id}: a finding of kind {kind} has no {key}")]
    Lacks { id: FindingId, kind: FindingKind, key: &'static str },
    #[error("finding {id}: {source}")]
    Package {
        id: FindingId,
        #[source]
        source: crate::PackageNameError,
    },
}

impl TryFrom<FindingWire> for Finding {
    type Error = FindingError;

    fn try_from(w: FindingWire) -> Result<Self, FindingError> {
        let id = w.finding_id.clone();
        let lacks = |key| FindingError::Lacks { id: id.clone(), kind: w.kind, key };
        let subject = match w.kind {
            FindingKind::Vulnerability => {
                let name = w.package.ok_or_else(|| lacks("package"))?;
                let package = Package::new(w.ecosystem.unwrap_or_else(Ecosystem::pypi), &name)
                    .map_err(|source| FindingError::Package { id: id.clone(), source })?;
                let advisory =
                    w.advisory_id.or_else(|| w.aliases.first().cloned()).ok_or_else(|| lacks("advisory_id"))?;
                let mut aliases = w.aliases;
                aliases.remove(&advisory);
                Subject::Vulnerability(Vulnerability {
                    package,
                    version: w.version,
                    id: advisory,
                    aliases,
                    printed: w.printed_ids,
                    fix_versions: w.fix_versions,
                })
            }
            FindingKind::Code => Subject::Code(CodeSpot {
                rule: w.rule.ok_or_else(|| lacks("rule"))?,
                former_rules: w.former_rules,
                path: w.path.ok_or_else(|| lacks("path"))?,
                line: w.line,
                text: w.code_digest,
                aliases: w.aliases,
            }),
            FindingKind::Secret => Subject::Secret(SecretSpot {
                rule: w.rule.ok_or_else(|| lacks("rule"))?,
                path: w.path.ok_or_else(|| lacks("path"))?,
                line: w.line,
                mark: w.secret_mark,
            }),
        };
        let status = match w.status {
            StatusWord::Open => Status::Open,
            StatusWord::Unverified => Status::Unverified { since: w.unverified_since.unwrap_or(w.last_seen) },
            StatusWord::Resolved => Status::Resolved {
                on: w.resolved_date.ok_or_else(|| lacks("resolved_date"))?,
                reason: w.resolved_reason.ok_or_else(|| lacks("resolved_reason"))?,
            },
            StatusWord::Excepted => Status::Excepted {
                by: excepted_by(w.excepted_by.ok_or_else(|| lacks("excepted_by"))?, w.excepted_until),
            },
        };
        Ok(Self {
            finding_id: w.finding_id,
            subject,
            scope: w.scope,
            rating: Rating {
                severity: w.severity,
                source: w.severity_source,
                score: w.cvss_score,
                vectors: w.cvss_vectors,
            },
            source_scanner: w.source_scanner,
            scanners: w.scanners,
            status,
            discovered: w.discovered_date,
            last_seen: w.last_seen,
            fix_version: w.fix_version,
            description: w.description,
            reference_url: w.reference_url,
            extra: w.extra,
        })
    }
}

fn excepted_by(word: ExceptedByWire, until: Option<Date>) -> ExceptedBy {
    match word {
        ExceptedByWire::ReportSuppressed => ExceptedBy::Report(Clearance::Suppressed),
        ExceptedByWire::ReportNotAffected => ExceptedBy::Report(Clearance::NotAffected),
        ExceptedByWire::ReportFixed => ExceptedBy::Report(Clearance::Fixed),
        ExceptedByWire::ReportFalsePositive => ExceptedBy::Report(Clearance::FalsePositive),
        ExceptedByWire::AcceptedRisk => ExceptedBy::AcceptedRisk { until },
        ExceptedByWire::FalsePositive => ExceptedBy::FalsePositive { until },
    }
}

impl From<Finding> for FindingWire {
    fn from(f: Finding) -> Self {
        let mut w = Self {
            kind: f.subject.kind(),
            finding_id: f.finding_id,
            aliases: BTreeSet::new(),
            ecosystem: None,
            package: None,
            version: None,
            scope: f.scope,
            rule: None,
            path: None,
            line: None,
            severity: f.rating.severity,
            severity_source: f.rating.source,
            cvss_score: f.rating.score,
            cvss_vectors: f.rating.vectors,
            source_scanner: f.source_scanner,
            status: StatusWord::Open,
            unverified_since: None,
            resolved_date: None,
            resolved_reason: None,
            excepted_by: None,
            excepted_until: None,
            discovered_date: f.discovered,
            last_seen: f.last_seen,
            fix_available: false,
            fix_version: f.fix_version,
            fix_versions: Vec::new(),
            description: f.description,
            reference_url: f.reference_url,
            advisory_id: None,
            printed_ids: BTreeSet::new(),
            former_rules: Vec::new(),
            code_digest: None,
            secret_mark: None,
            scanners: f.scanners,
            extra: f.extra,
        };
        match f.subject {
            Subject::Vulnerability(v) => {
                w.aliases = v.aliases;
                w.aliases.insert(v.id.clone());
                w.advisory_id = Some(v.id);
                w.printed_ids = v.printed;
                w.package = Some(v.package.name().to_owned());
                w.ecosystem = Some(v.package.ecosystem().clone());
                w.version = v.version;
                w.fix_available = !v.fix_versions.is_empty();
                w.fix_versions = v.fix_versions;
            }
            Subject::Code(c) => {
                (w.rule, w.path, w.line) = (Some(c.rule), Some(c.path), c.line);
                (w.former_rules, w.code_digest, w.aliases) = (c.former_rules, c.text, c.aliases);
            }
            Subject::Secret(s) => {
                (w.rule, w.path, w.line, w.secret_mark) = (Some(s.rule), Some(s.path), s.line, s.mark);
            }
        }
        match f.status {
            Status::Open => {}
            Status::Unverified { since } => {
                (w.status, w.unverified_since) = (StatusWord::Unverified, Some(since));
            }
            Status::Resolved { on, reason } => {
                (w.status, w.resolved_date, w.resolved_reason) = (StatusWord::Resolved, Some(on), Some(reason));
            }
            Status::Excepted { by } => {
                let (word, until) = match by {
                    ExceptedBy::Report(Clearance::Suppressed) => (ExceptedByWire::ReportSuppressed, None),
                    ExceptedBy::Report(Clearance::NotAffected) => (ExceptedByWire::ReportNotAffected, None),
                    ExceptedBy::Report(Clearance::Fixed) => (ExceptedByWire::ReportFixed, None),
                    ExceptedBy::Report(Clearance::FalsePositive) => (ExceptedByWire::ReportFalsePositive, None),
                    ExceptedBy::AcceptedRisk { until } => (ExceptedByWire::AcceptedRisk, until),
                    ExceptedBy::FalsePositive { until } => (ExceptedByWire::FalsePositive, until),
                };
                (w.status, w.excepted_by, w.excepted_until) = (StatusWord::Excepted, Some(word), until);
            }
        }
        w
    }
}
