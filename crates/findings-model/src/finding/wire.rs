//! The flat JSON form of a finding as it is read; `written.rs` is its twin, and `line.rs` a short way to the same values.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, de};
use smol_str::SmolStr;
use time::Date;

use super::{Attributions, ExceptedBy, Extra, Finding, Memory, ResolvedReason, Scope, Status, UnderOverride, day::Day};
use crate::{
    AdvisoryId, AdvisoryIds, Clearance, CodeSpot, CodeText, CvssScore, CvssVector, Ecosystem, EpssScore, Exploitation,
    FindingId, FindingKind, KevListing, Package, Rating, ScannerName, SecretMark, SecretSpot, Severity, SeveritySource,
    Subject, Vulnerability,
};

#[derive(Deserialize)]
pub(super) struct FindingWire<'t> {
    pub(super) finding_id: FindingId,
    #[serde(default)]
    pub(super) aliases: Vec<AdvisoryId>,
    pub(super) kind: FindingKind,
    #[serde(borrow, default)]
    pub(super) ecosystem: Option<Said<'t>>,
    #[serde(borrow, default)]
    pub(super) package: Option<Said<'t>>,
    #[serde(borrow, default)]
    pub(super) version: Option<Said<'t>>,
    pub(super) scope: Scope,
    #[serde(borrow, default)]
    pub(super) rule: Option<Said<'t>>,
    #[serde(borrow, default)]
    pub(super) path: Option<Said<'t>>,
    #[serde(default)]
    pub(super) line: Option<u32>,
    pub(super) severity: Severity,
    pub(super) severity_source: SeveritySource,
    #[serde(default)]
    pub(super) cvss_score: Option<CvssScore>,
    #[serde(default)]
    pub(super) cvss_vectors: Vec<CvssVector>,
    #[serde(default)]
    pub(super) severity_date: Option<Day>,
    #[serde(default)]
    pub(super) kev: Option<KevListing>,
    #[serde(default)]
    pub(super) epss: Option<EpssScore>,
    pub(super) source_scanner: ScannerName,
    pub(super) status: StatusWord,
    #[serde(default)]
    pub(super) unverified_since: Option<Day>,
    #[serde(default)]
    pub(super) resolved_date: Option<Day>,
    #[serde(default)]
    pub(super) resolved_reason: Option<ResolvedReason>,
    #[serde(default)]
    pub(super) excepted_by: Option<ExceptedByWire>,
    #[serde(default)]
    pub(super) excepted_until: Option<Day>,
    pub(super) discovered_date: Day,
    pub(super) last_seen: Day,
    #[expect(dead_code, reason = "a document has the key; what it says follows from the versions")]
    pub(super) fix_available: bool,
    #[serde(borrow)]
    pub(super) fix_version: Option<Said<'t>>,
    #[serde(borrow, default)]
    pub(super) fix_versions: Vec<Said<'t>>,
    #[serde(borrow)]
    pub(super) description: Said<'t>,
    #[serde(borrow)]
    pub(super) reference_url: Option<Said<'t>>,
    /// The id that a scanner printed last; with `printed_ids` the evidence by which a flaw is known again.
    #[serde(default)]
    pub(super) advisory_id: Option<AdvisoryId>,
    #[serde(default)]
    pub(super) printed_ids: AdvisoryIds,
    #[serde(default)]
    pub(super) former_rules: Vec<String>,
    #[serde(default)]
    pub(super) code_digest: Option<CodeText>,
    #[serde(default)]
    pub(super) secret_mark: Option<SecretMark>,
    pub(super) scanners: Attributions,
    #[serde(default)]
    pub(super) former_finding_ids: BTreeSet<FindingId>,
    #[serde(default)]
    pub(super) former_aliases: AdvisoryIds,
    #[serde(default)]
    pub(super) under_override: Option<UnderOverride>,
    #[serde(flatten)]
    pub(super) extra: Extra,
}

/// A text, borrowed from the document where it stands there as it is.
pub(super) struct Said<'t>(pub(super) Cow<'t, str>);

impl<'de: 't, 't> Deserialize<'de> for Said<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> de::Visitor<'de> for Text {
            type Value = Said<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Said<'de>, E> {
                Ok(Said(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Said<'de>, E> {
                Ok(Said(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Said<'de>, E> {
                Ok(Said(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_string(Text)
    }
}

impl From<Said<'_>> for SmolStr {
    fn from(said: Said<'_>) -> Self {
        Self::from(said.0)
    }
}

impl From<Said<'_>> for String {
    fn from(said: Said<'_>) -> Self {
        said.0.into_owned()
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StatusWord {
    Open,
    Unverified,
    Resolved,
    Excepted,
}

impl StatusWord {
    /// The word: `open`, `unverified`, `resolved` or `excepted`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unverified => "unverified",
            Self::Resolved => "resolved",
            Self::Excepted => "excepted",
        }
    }
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

impl TryFrom<FindingWire<'_>> for Finding {
    type Error = FindingError;

    fn try_from(w: FindingWire<'_>) -> Result<Self, FindingError> {
        let id = w.finding_id;
        let lacks = |key| FindingError::Lacks { id: id.clone(), kind: w.kind, key };
        let subject = match w.kind {
            FindingKind::Vulnerability => {
                let name = w.package.ok_or_else(|| lacks("package"))?;
                let ecosystem = w.ecosystem.map_or_else(Ecosystem::pypi, |said| Ecosystem::of(&said.0));
                let package = Package::new(ecosystem, &name.0)
                    .map_err(|source| FindingError::Package { id: id.clone(), source })?;
                let first = || w.aliases.iter().min().cloned();
                let advisory = w.advisory_id.or_else(first).ok_or_else(|| lacks("advisory_id"))?;
                let aliases = w.aliases.into_iter().filter(|id| *id != advisory).collect();
                Subject::Vulnerability(Vulnerability {
                    package,
                    version: w.version.map(SmolStr::from),
                    id: advisory,
                    aliases,
                    printed: w.printed_ids,
                    fix_versions: w.fix_versions.into_iter().map(SmolStr::from).collect(),
                })
            }
            FindingKind::Code => Subject::Code(CodeSpot {
                rule: w.rule.ok_or_else(|| lacks("rule"))?.into(),
                former_rules: w.former_rules,
                path: w.path.ok_or_else(|| lacks("path"))?.into(),
                line: w.line,
                text: w.code_digest,
                aliases: w.aliases.into_iter().collect(),
            }),
            FindingKind::Secret => Subject::Secret(SecretSpot {
                rule: w.rule.ok_or_else(|| lacks("rule"))?.into(),
                path: w.path.ok_or_else(|| lacks("path"))?.into(),
                line: w.line,
                text: w.code_digest,
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
            fix_version: w.fix_version.map(SmolStr::from),
            description: w.description.into(),
            reference_url: w.reference_url.map(SmolStr::from),
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
