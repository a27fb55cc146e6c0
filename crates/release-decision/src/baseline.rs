use std::collections::BTreeMap;

use findings_model::{
    Extra, Finding, FindingId, FindingSet, ScannerName, ScannerState, SchemaError, SchemaVersion, Timestamp, identity,
    json, order,
};
use pep440_rs::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::TriggerType;

/// What the last published release was decided on: `security/findings/baseline.json`.
///
/// It begins with the first usable scan of each scanner; after that only a verified receipt moves it ([`crate::record_release`]).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Baseline {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// The ledger's origin.
    pub lineage: Option<String>,
    /// The released version; null before the first recorded release.
    pub version: Option<Version>,
    /// The commit that the release was built from; null if nobody told.
    pub commit: Option<String>,
    /// The decision that the findings belong to; null before the first one that was published.
    pub decision_id: Option<String>,
    /// Why there was a release; null before the first one, and for one without a decision.
    pub trigger_type: Option<TriggerType>,
    /// When the release was published, or the baseline begun.
    pub recorded_at: Timestamp,
    /// When the last automatic release was published, where a later one was not automatic.
    pub automatic_at: Option<Timestamp>,
    /// Every scanner that is part of the baseline.
    pub scanners: BTreeMap<ScannerName, ScannerState>,
    /// The findings, resolved ones too.
    pub findings: Vec<Finding>,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a document of this crate cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not JSON, or not of the document's shape.
    #[error("the {document} cannot be read")]
    Json {
        /// `baseline` or `decision`.
        document: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Two findings have one id.
    #[error("the {document} holds the finding {id} twice")]
    Repeated {
        /// `baseline` or `decision`.
        document: &'static str,
        /// The id.
        id: FindingId,
    },
    /// Written by a newer program.
    #[error("the {document} has an unsupported schema version")]
    Schema {
        /// `baseline` or `decision`.
        document: &'static str,
        /// Which one.
        #[source]
        source: SchemaError,
    },
}

/// What stands above the findings.
#[derive(Serialize)]
struct Head<'b> {
    schema_version: SchemaVersion,
    lineage: &'b Option<String>,
    version: &'b Option<Version>,
    commit: &'b Option<String>,
    decision_id: &'b Option<String>,
    trigger_type: Option<TriggerType>,
    recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic_at: Option<Timestamp>,
    scanners: &'b BTreeMap<ScannerName, ScannerState>,
}

#[derive(Deserialize)]
struct SchemaOnly {
    schema_version: SchemaVersion,
}

/// Reads a document. A newer one may well look different: then its schema is the reason, not the first strange key.
pub(crate) fn read<'b, T: Deserialize<'b>>(
    bytes: &'b [u8],
    document: &'static str,
    known: SchemaVersion,
) -> Result<T, DocumentError> {
    json::from_slice(bytes).map_err(|source| match json::from_slice::<SchemaOnly>(bytes) {
        Ok(found) => {
            check(found.schema_version, document, known).err().unwrap_or(DocumentError::Json { document, source })
        }
        Err(_) => DocumentError::Json { document, source },
    })
}

pub(crate) fn refuse_repeated(findings: &[Finding], document: &'static str) -> Result<(), DocumentError> {
    match findings_model::repeated_id(findings) {
        Some(id) => Err(DocumentError::Repeated { document, id: id.clone() }),
        None => Ok(()),
    }
}

pub(crate) fn check(found: SchemaVersion, document: &'static str, known: SchemaVersion) -> Result<(), DocumentError> {
    found.check(known).map_err(|source| DocumentError::Schema { document, source })
}

impl Baseline {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

    /// A baseline without any scan.
    pub(crate) fn without_scans(recorded_at: Timestamp) -> Self {
        Self {
            schema_version: Self::SCHEMA,
            lineage: None,
            version: None,
            commit: None,
            decision_id: None,
            trigger_type: None,
            recorded_at,
            automatic_at: None,
            scanners: BTreeMap::new(),
            findings: Vec::new(),
            extra: BTreeMap::new(),
        }
    }

    /// The baseline that a project begins with: everything that is known now, because nothing was released on less.
    pub fn first(current: &FindingSet, now: Timestamp) -> Self {
        let usable = current.scanners.iter().filter(|(_, scanner)| scanner.first_usable.is_some());
        let scanners = order::map(usable.map(|(name, scanner)| (name.clone(), scanner.clone())));
        // What only a failed scan found waits for that scanner's first usable one.
        let known = current.findings.iter().filter(|f| f.scanners.keys().any(|name| scanners.contains_key(name)));
        Self {
            lineage: current.lineage.clone(),
            findings: known.cloned().collect(),
            scanners,
            ..Self::without_scans(now)
        }
    }

    /// Takes in the findings of each scanner whose first usable scan is not part of the baseline yet, so that they are not new.
    ///
    /// Only what that first scan found, and what no other scanner of the baseline would have told before.
    #[must_use]
    pub fn merge_first_scans(mut self, current: &FindingSet) -> Self {
        let fresh = self.first_scans(current);
        if fresh.is_empty() {
            return self;
        }
        let known = self.known(current);
        for (finding, is_known) in current.findings.iter().zip(known) {
            let reporters = finding.scanners.keys().chain([&finding.source_scanner]);
            let first_scans: Option<Vec<_>> = reporters.map(|name| fresh.get(name)).collect();
            let seen_first =
                first_scans.and_then(|scans| scans.into_iter().max()).is_some_and(|at| finding.discovered <= at.date());
            if seen_first && !is_known {
                self.findings.push(finding.clone());
            }
        }
        if self.scanners.is_empty() || self.lineage.is_none() {
            self.lineage.clone_from(&current.lineage);
        }
        let fresh: Vec<_> = fresh.into_keys().cloned().collect();
        self.scanners.extend(fresh.into_iter().filter_map(|name| {
            let state = current.scanners.get(&name)?.clone();
            Some((name, state))
        }));
        order::sort_by(&mut self.findings, |a, b| a.finding_id.cmp(&b.finding_id));
        self
    }

    /// Whether it has every scanner's first usable scan.
    pub fn has_first_scans(&self, current: &FindingSet) -> bool {
        self.first_scans(current).is_empty()
    }

    /// The first usable scans that are not part of the baseline yet.
    fn first_scans<'c>(&self, current: &'c FindingSet) -> BTreeMap<&'c ScannerName, Timestamp> {
        let unknown = current
            .scanners
            .iter()
            .filter(|(name, _)| self.scanners.get(*name).is_none_or(|known| known.first_usable.is_none()));
        order::map(unknown.filter_map(|(name, scanner)| Some((name, scanner.first_usable?))))
    }

    /// For each current finding whether the baseline has it already.
    fn known(&self, current: &FindingSet) -> Vec<bool> {
        if self.lineage.is_some() && self.lineage == current.lineage {
            let ids = order::set(self.findings.iter().map(|f| &f.finding_id));
            current.findings.iter().map(|f| ids.contains(&f.finding_id)).collect()
        } else {
            identity::pair(&self.findings, &current.findings, &|_| false).iter().map(Option::is_some).collect()
        }
    }

    /// What tells this baseline from every other one, with the digest of its findings: the same findings after another release
    /// are another baseline.
    pub fn mark(&self, findings: &str) -> String {
        let version = self.version.as_ref().map(ToString::to_string);
        match (&self.decision_id, version) {
            (None, None) => findings.to_owned(),
            (decision, version) => {
                let parts = [Some(findings), decision.as_deref(), version.as_deref()];
                findings_model::text::hex(&Sha256::digest(format!("{parts:?}")))
            }
        }
    }

    /// When the last automatic release was published; none if there was none.
    pub fn last_automatic(&self) -> Option<Timestamp> {
        match self.trigger_type {
            Some(TriggerType::SecurityAuto) => Some(self.recorded_at),
            Some(TriggerType::Manual | TriggerType::None) | None => self.automatic_at,
        }
    }

    /// Takes a release's kind and time. That of the last automatic one is kept beside another's.
    pub(crate) fn released_at(&mut self, trigger: Option<TriggerType>, at: Timestamp) {
        let last = self.last_automatic();
        self.automatic_at = last.filter(|_| trigger != Some(TriggerType::SecurityAuto));
        (self.trigger_type, self.recorded_at) = (trigger, at);
    }

    /// The side of a comparison that the baseline is.
    pub fn finding_set(&self) -> FindingSet {
        FindingSet { lineage: self.lineage.clone(), scanners: self.scanners.clone(), findings: self.findings.clone() }
    }

    /// Reads the document.
    // Inlined, so that what reads findings from JSON is compiled where all documents are read, once.
    #[inline]
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let baseline: Self = read(bytes, "baseline", Self::SCHEMA)?;
        check(baseline.schema_version, "baseline", Self::SCHEMA)?;
        refuse_repeated(&baseline.findings, "baseline")?;
        Ok(baseline)
    }

    /// The document with a line feed at its end; a finding is one line.
    #[expect(
        clippy::expect_used,
        reason = "every key is a string, every number is finite, and memory takes every byte"
    )]
    pub fn to_json(&self) -> String {
        let head = Head {
            schema_version: self.schema_version,
            lineage: &self.lineage,
            version: &self.version,
            commit: &self.commit,
            decision_id: &self.decision_id,
            trigger_type: self.trigger_type,
            recorded_at: self.recorded_at,
            automatic_at: self.automatic_at,
            scanners: &self.scanners,
        };
        let mut document = Vec::new();
        json::write_with_findings(&mut document, 0, &head, &self.findings, &self.extra)
            .expect("a baseline is valid JSON, and memory takes it");
        document.push(b'\n');
        String::from_utf8(document).expect("JSON is UTF-8")
    }
}
