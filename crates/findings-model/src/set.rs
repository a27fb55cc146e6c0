use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use time::Date;

use crate::finding::day;
use crate::{CoverageState, Finding, FindingId, ReportFormat, RuleSet, ScanTarget, ScannerName, Timestamp};

/// Findings with the coverage they were seen under: one side of a comparison.
///
/// A ledger, a released baseline and a folder of reports all come down to this.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FindingSet {
    /// The ledger's origin. Two sets of one origin share their finding ids; without one, findings are known by evidence alone.
    pub lineage: Option<String>,
    /// Every scanner that was ever seen, with its newest scans.
    pub scanners: BTreeMap<ScannerName, ScannerState>,
    /// The findings, by id; resolved ones too where the source keeps them.
    pub findings: Vec<Finding>,
}

impl FindingSet {
    /// The required scanners of which nothing shows that they ever looked at anything, where a clean scan would: lists of secrets are
    /// empty when there is none, so they are named only if no other scanner shows anything either.
    pub fn unproved_scanners(&self) -> Vec<&ScannerName> {
        let used = || self.scanners.iter().filter(|(_, state)| state.required && !state.retired);
        let nothing_shown = used().all(|(_, state)| state.holds_nothing());
        let is_named = |state: &ScannerState| state.holds_nothing() && (nothing_shown || !state.lists_only_secrets());
        used().filter(|(_, state)| is_named(state)).map(|(name, _)| name).collect()
    }

    /// The newest scans that are not complete, by scanner and file.
    pub fn incomplete_scans(&self) -> impl Iterator<Item = &ScanSummary> {
        self.scanners.values().flat_map(|s| &s.newest).filter(|s| s.coverage != CoverageState::Complete)
    }
}

/// The id of the first finding that has the same one as an earlier finding; none where each has its own.
pub fn repeated_id(findings: &[Finding]) -> Option<&FindingId> {
    // In order, as this program writes them, no two can be the same.
    if findings.is_sorted_by(|a, b| a.finding_id < b.finding_id) {
        return None;
    }
    let mut ids = HashSet::with_capacity(findings.len());
    findings.iter().map(|finding| &finding.finding_id).find(|id| !ids.insert(*id))
}

/// How one scanner has done over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerState {
    /// Whether a run without a usable report of it is incomplete.
    pub required: bool,
    /// The project no longer uses it: its findings are unverified, not resolved.
    #[serde(default)]
    pub retired: bool,
    /// The first time that a report of it could be used; null if none ever could.
    pub first_usable: Option<Timestamp>,
    /// The newest time that a report of it could be used.
    pub last_usable: Option<Timestamp>,
    /// The newest time that a report of it was complete.
    pub last_complete: Option<Timestamp>,
    /// Whether any usable scan of it ever listed something it looked at, or found something.
    #[serde(default)]
    pub ever_covered: bool,
    /// The newest run's scans, by file.
    pub newest: Vec<ScanSummary>,
    /// The rule sets and versions that its usable scans were made with, oldest first, as far back as an open finding needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rule_sets: Vec<RuleSetUse>,
    /// How many findings comments in the code suppressed in its newest usable scan, by file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suppressed: BTreeMap<String, u32>,
    /// The files with code that it reported and that has not ended for it, where it looks at each file alone: 16 hexadecimal digits of the
    /// SHA-256 of a file's text, a space, and its path, with the moment of the first run that found it so and something in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Timestamp>,
    /// The newest time at which a usable report says that it was made, by file: of the newest run's files, and the newest of all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newest_observed: BTreeMap<String, Timestamp>,
}

impl ScannerState {
    /// Whether its newest reports count, and nothing in them or before them shows that it looked at anything.
    pub fn holds_nothing(&self) -> bool {
        !self.ever_covered && !self.newest.is_empty() && self.newest.iter().all(|scan| scan.holds_nothing)
    }

    /// Whether its newest reports are of formats that have nothing but the secrets that were found.
    fn lists_only_secrets(&self) -> bool {
        use ReportFormat::{DetectSecrets, Gitleaks, Trufflehog};
        self.newest.iter().all(|scan| matches!(scan.format, Some(DetectSecrets | Gitleaks | Trufflehog)))
    }
}

/// The days on which a scanner's usable scans were made with one rule set by one version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSetUse {
    /// The first day.
    #[serde(with = "day")]
    pub since: Date,
    /// The newest day.
    #[serde(with = "day")]
    pub until: Date,
    /// The set, where the reports tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RuleSet>,
    /// The scanner's version, where the reports tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<String>,
}

/// What is kept of a scan: everything but its findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanSummary {
    /// Who scanned.
    pub scanner: ScannerName,
    /// The report's format; null when it could not be recognised.
    pub format: Option<ReportFormat>,
    /// The report's path.
    pub file: String,
    /// What was looked at, where the report says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ScanTarget>,
    /// How much was looked at.
    pub coverage: CoverageState,
    /// Why it is not complete, and what else is to be said of it.
    pub reasons: Vec<String>,
    /// What was not looked at: packages, files.
    pub not_covered: Vec<String>,
    /// Records in the report, cleared ones too.
    pub findings: usize,
    /// The scanner's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<String>,
    /// When the scanner ran, as the report says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Timestamp>,
    /// The SHA-256 of the report's bytes, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_digest: Option<String>,
    /// A digest of the detectors and filters that it was made with, 16 hexadecimal digits: equal for equal sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<String>,
    /// When the same report was taken in first, where it is not a new one: nothing was scanned since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Timestamp>,
    /// It counts as complete and holds nothing that shows that anything was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_nothing: bool,
}

impl ScanSummary {
    /// When the scan took place, where that is known to be earlier than the run that took it in.
    pub fn made_at(&self) -> Option<Timestamp> {
        self.observed_at.into_iter().chain(self.repeats).min()
    }
}
