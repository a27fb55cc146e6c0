//! Reads the flat JSON form of a finding; `written.rs` is its twin.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Attributions, ExceptedBy, Extra, Finding, Memory, ResolvedReason, Scope, Status, UnderOverride, day::Day};
use crate::{
    AdvisoryId, AdvisoryIds, Clearance, CodeSpot, CodeText, CvssScore, CvssVector, Ecosystem, EpssScore, Exploitation,
    FindingId, FindingKind, KevListing, Package, Rating, ScannerName, SecretMark, SecretSpot, Severity, SeveritySource,
    Subject, Vulnerability,
};

#[derive(Deserialize)]
pub(super) struct FindingWire {
    finding_id: FindingId,
    #[serde(default)]
    aliases: AdvisoryIds,
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
    #[serde(default)]
    cvss_vectors: Vec<CvssVector>,
    #[serde(default)]
    severity_date: Option<Day>,
    #[serde(default)]
    kev: Option<KevListing>,
    #[serde(default)]
    epss: Option<EpssScore>,
    source_scanner: ScannerName,
    status: StatusWord,
    #[serde(default)]
    unverified_since: Option<Day>,
    #[serde(default)]
    resolved_date: Option<Day>,
    #[serde(default)]
    resolved_reason: Option<ResolvedReason>,
    #[serde(default)]
    excepted_by: Option<ExceptedByWire>,
    #[serde(default)]
    excepted_until: Option<Day>,
    discovered_date: Day,
    last_seen: Day,
    #[expect(dead_code, reason = "a document has the key; what it says follows from the versions")]
    fix_available: bool,
    fix_version: Option<String>,
    #[serde(default)]
    fix_versions: Vec<String>,
    description: String,
    reference_url: Option<String>,
    /// The id that a scanner printed last; with `printed_ids` the evidence by which a flaw is known again.
    #[serde(default)]
    advisory_id: Option<AdvisoryId>,
    #[serde(default)]
    printed_ids: AdvisoryIds,
    #[serde(default)]
    former_rules: Vec<String>,
    #[serde(default)]
    code_digest: Option<CodeText>,
    #[serde(default)]
    secret_mark: Option<SecretMark>,
    scanners: Attributions,
    #[serde(default)]
    former_finding_ids: BTreeSet<FindingId>,
    #[serde(default)]
    former_aliases: AdvisoryIds,
    #[serde(default)]
    under_override: Option<UnderOverride>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StatusWord {
    Open,
    Unverified,
    Resolved,
    Excepted,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExceptedByWire {
    ReportSuppressed,
    ReportNotAffected,
    ReportFixed,
    ReportFalsePositive,
    AcceptedRisk,
    FalsePositive,
    NotAffected,
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
        let id = w.finding_id;
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
                aliases: w.aliases.into_iter().collect(),
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
            StatusWord::Unverified => Status::Unverified { since: w.unverified_since.unwrap_or(w.last_seen).0 },
            StatusWord::Resolved => Status::Resolved {
                on: w.resolved_date.ok_or_else(|| lacks("resolved_date"))?.0,
                reason: w.resolved_reason.ok_or_else(|| lacks("resolved_reason"))?,
            },
            StatusWord::Excepted => Status::Excepted {
                by: excepted_by(w.excepted_by.ok_or_else(|| lacks("excepted_by"))?, w.excepted_until.map(|day| day.0)),
            },
        };
        Ok(Self {
            finding_id: id,
            subject,
            scope: w.scope,
            rating: Rating {
                severity: w.severity,
                source: w.severity_source,
                score: w.cvss_score,
                vectors: w.cvss_vectors,
            },
            rated_on: w.severity_date.map(|day| day.0),
            exploitation: Exploitation { kev: w.kev, epss: w.epss },
            source_scanner: w.source_scanner,
            scanners: w.scanners,
            status,
            discovered: w.discovered_date.0,
            last_seen: w.last_seen.0,
            fix_version: w.fix_version,
            description: w.description,
            reference_url: w.reference_url,
            memory: Memory {
                finding_ids: w.former_finding_ids,
                aliases: w.former_aliases,
                under_override: w.under_override,
            }
            .kept(),
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
        ExceptedByWire::NotAffected => ExceptedBy::NotAffected { until },
    }
}
