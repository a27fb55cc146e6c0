//! Reading change sets: our own document, the Python original's decision JSON, and its plain lists.

use findings_model::{
    AdvisoryId, CvssScore, FindingId, FindingKind, NameError, ScannerName, SchemaError, SchemaVersion, Scope, Severity,
    json, text,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use crate::{
    Change, ChangeReason, ChangeSet, ChangeType, FindingState, IncompleteScan, OpenFinding, Posture, PostureTrend,
};

/// Why a document is no change set.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSetError {
    /// Not JSON.
    #[error("the change set is not JSON")]
    Json(#[source] serde_json::Error),
    /// Written by a newer program, or with a version that cannot be read.
    #[error("the change set has an unsupported schema version")]
    Schema(#[source] SchemaError),
    /// Neither a list of changes nor an object that has one.
    #[error("the change set has no list of changes: expected `changes`, `security_changes` or a list")]
    NoChanges,
    /// A field beside the changes has the wrong shape.
    #[error("the change set's field {field} cannot be read")]
    Field {
        /// Its key.
        field: &'static str,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// One of the changes is none.
    #[error("change {number} of the change set cannot be read")]
    Change {
        /// Its place in the list, counted from 1.
        number: usize,
        /// What is wrong.
        #[source]
        source: ChangeError,
    },
}

/// Why an entry is no change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A key is missing or of the wrong type.
    #[error("it has another shape than a change")]
    Shape(#[source] serde_json::Error),
    /// The finding id is empty or too long.
    #[error("its finding_id is missing or invalid")]
    FindingId(#[source] NameError),
    /// The change type is not known.
    #[error("its change_type {0:?} is not known")]
    ChangeType(String),
    /// The new state is empty.
    #[error("its new_state is empty")]
    NewState,
    /// The impact is none of the severities.
    #[error("its impact_level {0:?} is not valid; it must be one of critical, high, medium, low, info, unknown")]
    Impact(String),
}

/// What may stand in a change; the Python original wrote five of the keys, or `type` in place of `change_type`.
#[derive(Deserialize)]
pub(crate) struct ChangeWire {
    #[serde(alias = "type")]
    change_type: String,
    finding_id: String,
    #[serde(default)]
    aliases: Vec<String>,
    kind: Option<FindingKind>,
    package: Option<String>,
    version: Option<String>,
    rule: Option<String>,
    path: Option<String>,
    source_scanner: Option<ScannerName>,
    old_state: Option<FindingState>,
    new_state: String,
    impact_level: String,
    old_severity: Option<Severity>,
    new_severity: Option<Severity>,
    reason: Option<Value>,
    scope: Option<Scope>,
    old_scope: Option<Scope>,
    fix_version: Option<String>,
    cvss_score: Option<CvssScore>,
    reference_url: Option<String>,
    description: Option<String>,
}

/// The keys of a document of changes. Each is read by itself, so that an error names it.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    release_decision: Option<&'a RawValue>,
    #[serde(borrow)]
    schema_version: Option<&'a RawValue>,
    #[serde(borrow)]
    changes: Option<&'a RawValue>,
    #[serde(borrow)]
    security_changes: Option<&'a RawValue>,
    #[serde(borrow)]
    first_scan: Option<&'a RawValue>,
    #[serde(borrow)]
    incomplete: Option<&'a RawValue>,
    #[serde(borrow)]
    posture_trend: Option<&'a RawValue>,
    #[serde(borrow)]
    posture: Option<&'a RawValue>,
    #[serde(borrow)]
    still_open: Option<&'a RawValue>,
    #[serde(borrow)]
    compared_with: Option<&'a RawValue>,
}

impl ChangeSet {
    /// Reads a change set, a decision that holds one, or a plain list of changes.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ChangeSetError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
        match bytes.first() {
            Some(b'[') => Ok(Self { changes: read_changes(bytes)?, ..Self::empty() }),
            Some(b'{') => {
                let document: Document<'_> = json::from_slice(bytes).map_err(ChangeSetError::Json)?;
                match document.release_decision.filter(|raw| raw.get().starts_with('{')) {
                    Some(decision) => {
                        Self::from_document(&json::from_slice(decision.get().as_bytes()).map_err(ChangeSetError::Json)?)
                    }
                    None => Self::from_document(&document),
                }
            }
            _ => match json::from_slice::<IgnoredAny>(bytes) {
                Ok(_) => Err(ChangeSetError::NoChanges),
                Err(source) => Err(ChangeSetError::Json(source)),
            },
        }
    }

    fn from_document(document: &Document<'_>) -> Result<Self, ChangeSetError> {
        if let Some(version) = field::<SchemaVersion>(document.schema_version, "schema_version")? {
            version.check(Self::SCHEMA).map_err(ChangeSetError::Schema)?;
        }
        let changes = document.changes.or(document.security_changes).filter(|raw| raw.get().starts_with('['));
        let changes = changes.ok_or(ChangeSetError::NoChanges)?;
        Ok(Self {
            schema_version: Self::SCHEMA,
            first_scan: field(document.first_scan, "first_scan")?.unwrap_or_default(),
            changes: read_changes(changes.get().as_bytes())?,
            incomplete: field::<Vec<IncompleteScan>>(document.incomplete, "incomplete")?.unwrap_or_default(),
            posture_trend: field(document.posture_trend, "posture_trend")?.unwrap_or(PostureTrend::Unknown),
            posture: field::<Posture>(document.posture, "posture")?,
            still_open: field::<Vec<OpenFinding>>(document.still_open, "still_open")?.unwrap_or_default(),
            compared_with: field(document.compared_with, "compared_with")?,
        })
    }
}

fn field<T: serde::de::DeserializeOwned>(
    value: Option<&RawValue>,
    key: &'static str,
) -> Result<Option<T>, ChangeSetError> {
    let Some(value) = value else { return Ok(None) };
    json::from_slice(value.get().as_bytes()).map(Some).map_err(|source| ChangeSetError::Field { field: key, source })
}

fn read_changes(list: &[u8]) -> Result<Vec<Change>, ChangeSetError> {
    let values: Vec<&RawValue> = json::from_slice(list).map_err(ChangeSetError::Json)?;
    let mut changes = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let change = read_change(value).map_err(|source| ChangeSetError::Change { number: index + 1, source })?;
        changes.extend(change);
    }
    Change::put_in_order(&mut changes);
    changes.dedup();
    Ok(changes)
}

/// Reads one change; none for `no_change`.
fn read_change(value: &RawValue) -> Result<Option<Change>, ChangeError> {
    let wire: ChangeWire = json::from_slice(value.get().as_bytes()).map_err(ChangeError::Shape)?;
    if wire.change_type.trim().eq_ignore_ascii_case("no_change") {
        return Ok(None);
    }
    Change::try_from(wire).map(Some)
}

impl TryFrom<ChangeWire> for Change {
    type Error = ChangeError;

    fn try_from(wire: ChangeWire) -> Result<Self, ChangeError> {
        let finding_id = FindingId::parse(&wire.finding_id).map_err(ChangeError::FindingId)?;
        let word = |w: &str| text::shorten(&text::one_line(w), 40).into_owned();
        let change_type = match wire.change_type.trim().to_ascii_lowercase().as_str() {
            "resolved_vulnerability" => ChangeType::Resolved,
            lower => *ChangeType::ALL
                .iter()
                .find(|t| t.as_str() == lower)
                .ok_or_else(|| ChangeError::ChangeType(word(&wire.change_type)))?,
        };
        let impact_level: Severity =
            wire.impact_level.parse().map_err(|_| ChangeError::Impact(word(&wire.impact_level)))?;
        if wire.new_state.trim().is_empty() {
            return Err(ChangeError::NewState);
        }
        let new_state = FindingState::from(wire.new_state);
        let is_gone = matches!(change_type, ChangeType::Resolved | ChangeType::Withdrawn);
        Ok(Self {
            change_type,
            kind: wire.kind.unwrap_or_else(|| kind_of(&finding_id)),
            finding_id,
            aliases: wire.aliases.iter().filter_map(|a| AdvisoryId::parse(a).ok()).collect(),
            package: wire.package,
            version: wire.version,
            rule: wire.rule,
            path: wire.path,
            source_scanner: wire.source_scanner,
            old_severity: wire.old_severity.or_else(|| wire.old_state.as_ref().and_then(FindingState::severity)),
            old_state: wire.old_state,
            new_severity: wire.new_severity.or_else(|| new_state.severity()).or((!is_gone).then_some(impact_level)),
            new_state,
            impact_level,
            // A newer program may know more reasons; an older one wrote none.
            reason: wire.reason.and_then(|word| ChangeReason::deserialize(word).ok()),
            scope: wire.scope.unwrap_or(Scope::Unknown),
            old_scope: wire.old_scope,
            fix_version: wire.fix_version,
            cvss_score: wire.cvss_score,
            reference_url: wire.reference_url,
            description: wire.description.unwrap_or_default(),
        })
    }
}

/// The kind, where a document does not say it, by the readable id's front.
fn kind_of(id: &FindingId) -> FindingKind {
    match id.as_str().split('-').next() {
        Some("BANDIT" | "SEMGREP" | "SARIF") => FindingKind::Code,
        Some("SECRET") => FindingKind::Secret,
        _ => FindingKind::Vulnerability,
    }
}
