use findings_model::{
    CoverageState, Finding, FindingId, FindingKind, ScanSummary, ScannerName, SchemaVersion, Scope, Severity, Status,
    Subject, has_private_place,
    json::{self, Layout},
    order,
};
use serde::{Deserialize, Serialize};

use crate::{Change, ChangeType, Posture, PostureTrend};

/// Everything that is different between two finding sets, and how far the answer can be trusted.
///
/// Its JSON form is all that a release decision needs. [`ChangeSet::from_json`] reads it, and the Python original's lists too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeSet {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// There was nothing to compare with: every finding is new.
    pub first_scan: bool,
    /// What changed, at most one entry per finding, by type, the worst first.
    pub changes: Vec<Change>,
    /// The scans of the current side that do not tell everything.
    /// Those of the earlier side too, where the current one found something that the earlier one did not look for.
    pub incomplete: Vec<IncompleteScan>,
    /// Which way it went.
    pub posture_trend: PostureTrend,
    /// The counts behind the trend; null where the document that this was read from does not tell.
    pub posture: Option<Posture>,
    /// The worst open findings that did not change, up to a limit; `posture` has the full count.
    pub still_open: Vec<OpenFinding>,
    /// What was compared with, as a digest of findings, states and severities; null without an earlier side.
    pub compared_with: Option<String>,
}

impl ChangeSet {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

    /// No change at all, and nothing known about scans and counts: what a release that a person asks for starts from.
    pub fn empty() -> Self {
        Self {
            schema_version: Self::SCHEMA,
            first_scan: false,
            changes: Vec::new(),
            incomplete: Vec::new(),
            posture_trend: PostureTrend::Unknown,
            posture: None,
            still_open: Vec::new(),
            compared_with: None,
        }
    }

    /// The document, indented, with a line feed at its end.
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "every key is a string and every number is finite")]
        let mut json = json::to_string(self, Layout::Indented).expect("a change set is always valid JSON");
        json.push('\n');
        json
    }

    /// The changes of one type.
    pub fn of_type(&self, change_type: ChangeType) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |c| c.change_type == change_type)
    }

    /// How many open findings did not change; [`Self::still_open`] is shorter than that if there are many.
    pub fn open_but_unchanged(&self) -> usize {
        let changed = self.changes.iter().filter(|c| c.new_state.severity().is_some()).count();
        let open = self.posture.map_or(0, |p| usize::try_from(p.current.total()).unwrap_or(usize::MAX));
        open.saturating_sub(changed).max(self.still_open.len())
    }

    /// Names scans of the earlier side. Where one of them failed or is missing, the counts before are not known, nor the trend.
    pub fn add_earlier(&mut self, scans: Vec<IncompleteScan>) {
        self.incomplete.extend(scans);
        order::sort_by(&mut self.incomplete, |a, b| {
            (&a.scanner, &a.file, a.earlier).cmp(&(&b.scanner, &b.file, b.earlier))
        });
        if self.lacks_a_scan() {
            self.posture_trend = PostureTrend::Unknown;
        }
    }

    /// Whether a scan failed or is missing.
    pub fn lacks_a_scan(&self) -> bool {
        self.incomplete.iter().any(|scan| !scan.coverage.is_usable())
    }
}

/// A scan that is failed, missing, partial or filtered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncompleteScan {
    /// Who scanned.
    pub scanner: ScannerName,
    /// The report's path; null where there is none.
    #[serde(default)]
    pub file: Option<String>,
    /// How much was looked at.
    pub coverage: CoverageState,
    /// Why it is not complete.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// What was not looked at.
    #[serde(default)]
    pub not_covered: Vec<String>,
    /// It is a scan of the earlier side: what it did not cover is not called new.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub earlier: bool,
}

impl IncompleteScan {
    /// A scan that was kept.
    pub fn of(scan: &ScanSummary) -> Self {
        Self {
            scanner: scan.scanner.clone(),
            file: (!scan.file.is_empty()).then(|| scan.file.clone()),
            coverage: scan.coverage,
            reasons: scan.reasons.clone(),
            not_covered: scan.not_covered.clone(),
            earlier: false,
        }
    }
}

/// An open finding that did not change, in the few words that notes need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFinding {
    /// The finding.
    pub finding_id: FindingId,
    /// Vulnerability, code or secret.
    pub kind: FindingKind,
    /// How bad.
    pub severity: Severity,
    /// The newest scan could not confirm it.
    pub unverified: bool,
    /// Runtime or development dependency.
    pub scope: Scope,
    /// The package of a vulnerability.
    pub package: Option<String>,
    /// The package's version.
    pub version: Option<String>,
    /// The smallest version above the installed one that fixes it.
    pub fix_version: Option<String>,
    /// The rule of a code or secret finding.
    pub rule: Option<String>,
    /// The file of a code or secret finding.
    pub path: Option<String>,
    /// Documents for the public do not say where it is, for what its description tells of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private_place: bool,
    /// Where to read more.
    pub reference_url: Option<String>,
}

impl OpenFinding {
    pub(crate) fn of(finding: &Finding, known_to_current: bool) -> Self {
        let (version, rule) = match &finding.subject {
            Subject::Vulnerability(v) => (v.version.clone(), None),
            Subject::Code(spot) => (None, Some(spot.rule.clone())),
            Subject::Secret(spot) => (None, Some(spot.rule.clone())),
        };
        Self {
            finding_id: finding.finding_id.clone(),
            kind: finding.kind(),
            severity: finding.rating.severity,
            private_place: rule
                .as_deref()
                .is_some_and(|rule| has_private_place(finding.kind(), rule, &finding.description)),
            unverified: !known_to_current || matches!(finding.status, Status::Unverified { .. }),
            scope: finding.scope,
            package: finding.subject.package().map(|p| p.name().to_owned()),
            version: version.map(String::from),
            fix_version: finding.fix_version.as_deref().map(str::to_owned),
            rule,
            path: finding.subject.path().map(str::to_owned),
            reference_url: finding.reference_url.as_deref().map(str::to_owned),
        }
    }
}
