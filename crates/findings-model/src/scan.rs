use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{FindingKind, Package, Rating, ReportFormat, RuleSet, ScanTarget, ScannerName, Subject, Timestamp};

/// What one report (one run inside it) said.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// Who scanned.
    pub scanner: ScannerName,
    /// The report's format; none when it could not be recognised.
    pub format: Option<ReportFormat>,
    /// The report's path as it was given, or below the project.
    pub file: String,
    /// The scanner's version, where the report says it.
    pub tool_version: Option<String>,
    /// When the scanner ran, where the report says it believably.
    pub observed_at: Option<Timestamp>,
    /// The SHA-256 of the report's bytes, 64 hexadecimal digits; set by whoever read the file.
    pub report_digest: Option<String>,
    /// When the report was written, as far as its file tells; set by whoever read the file.
    pub written_at: Option<Timestamp>,
    /// With which detectors and filters, where the report says it.
    pub rules: Option<RuleSet>,
    /// What was looked at.
    pub coverage: Coverage,
    /// What was found, in the report's order.
    pub observations: Vec<Observation>,
}

/// How much of what a scanner should look at it did look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageState {
    /// Everything.
    Complete,
    /// Some packages or files were not looked at; [`Coverage::gaps`] names them.
    Partial,
    /// Some findings were left out on purpose (a severity filter, a baseline).
    Filtered,
    /// The report is unusable: nothing in it proves that anything was looked at.
    Failed,
    /// There is no report.
    Missing,
}

impl CoverageState {
    /// The word: `complete`, `partial`, `filtered`, `failed` or `missing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Filtered => "filtered",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }

    /// Whether something was looked at (complete, partial or filtered).
    pub fn is_usable(self) -> bool {
        !matches!(self, Self::Failed | Self::Missing)
    }
}

/// What a scan looked at, and what not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The verdict.
    pub state: CoverageState,
    /// Why it is not complete, a line each; never empty unless the state is complete.
    pub reasons: Vec<String>,
    /// What was not looked at.
    pub gaps: Vec<Gap>,
    /// What was looked at, where the report lists it.
    pub looked_at: LookedAt,
    /// The document holds nothing that shows that a scan took place (`[]`, `null`, no dependency at all): it counts only while
    /// no earlier scan of this scanner covered or found anything.
    pub blank: bool,
}

/// Something that a scan did not look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// A package that was skipped.
    Package(Package),
    /// A file that was not read.
    File(String),
    /// Something that the report does not name well enough to know which finding it would have been.
    Unnamed(String),
}

impl Gap {
    /// The gap as people read it: the package's name, the file's path or the report's words.
    pub fn label(&self) -> String {
        match self {
            Self::Package(package) => package.to_string(),
            Self::File(path) => path.clone(),
            Self::Unnamed(what) => what.clone(),
        }
    }
}

/// What a report lists as looked at.
///
/// Whether it lists packages or files at all is said by its reader, not by what is in the lists: a report that lists one file,
/// which then could not be read, leaves an empty list and still says nothing about any other file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookedAt {
    /// What all of it is, where the report says it: its silence ends nothing that was found in something else.
    pub target: Option<ScanTarget>,
    /// The report names the packages that it looked at: one that it does not name was not there.
    pub lists_packages: bool,
    /// Packages with their installed versions.
    pub packages: BTreeMap<Package, Option<SmolStr>>,
    /// The report names the files that it looked at: it says nothing about any other file.
    pub lists_files: bool,
    /// Files, relative to the project.
    pub files: BTreeSet<String>,
    /// The report names the rules that it was made with: one that it does not name was not run.
    pub lists_rules: bool,
    /// Rules that were run, whether they found anything or not; those of findings may be left out.
    pub rules: BTreeSet<String>,
    /// Kinds of findings that nothing in the report shows a look for, though its format could: its silence ends none of them.
    pub not_for: BTreeSet<FindingKind>,
    /// How many findings comments in the code suppressed, by file, where the report counts them; files without one are left out.
    pub suppressed: BTreeMap<String, u32>,
}

impl Coverage {
    /// Everything was looked at.
    pub fn complete(looked_at: LookedAt) -> Self {
        Self { state: CoverageState::Complete, reasons: Vec::new(), gaps: Vec::new(), looked_at, blank: false }
    }

    /// The report is unusable.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::without_scan(CoverageState::Failed, reason.into())
    }

    /// There is no report.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::without_scan(CoverageState::Missing, reason.into())
    }

    fn without_scan(state: CoverageState, reason: String) -> Self {
        Self { state, reasons: vec![reason], gaps: Vec::new(), looked_at: LookedAt::default(), blank: false }
    }

    /// Whether a finding about this subject would be in the report if it still existed.
    ///
    /// A package or file that is no longer listed counts as covered: it is gone. Whether a file is really gone, and not
    /// merely outside a narrower scan, only its owner can tell.
    pub fn covers(&self, subject: &Subject) -> bool {
        matches!(self.state, CoverageState::Complete | CoverageState::Partial)
            && !self.gaps.iter().any(|gap| match gap {
                Gap::Package(package) => subject.package() == Some(package),
                Gap::File(path) => subject.path() == Some(path),
                Gap::Unnamed(_) => true,
            })
    }
}

/// One record of a report: this scanner says that this is so.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// What it is about.
    pub subject: Subject,
    /// The first line of the code that it is about, where the line of the subject is a later one of it.
    pub begins: Option<u32>,
    /// How bad, in the report's own words or vectors, or by the advisory records after look-up.
    pub rating: Rating,
    /// The rating is only what is assumed where the scanner could not find out: it changes none that is known.
    pub rating_assumed: bool,
    /// What it is, in the report's words; at most 4 KiB, control characters replaced.
    pub description: SmolStr,
    /// Where to read more; only `http` and `https`.
    pub reference_url: Option<SmolStr>,
    /// The report's own reason not to count it.
    pub clearance: Option<Clearance>,
}

/// Why a report itself does not count one of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clearance {
    /// Suppressed in the source or by the scanner's configuration.
    Suppressed,
    /// VEX: the product is not affected.
    NotAffected,
    /// VEX: fixed in this version.
    Fixed,
    /// A person looked at it and it is a false positive (detect-secrets audit, CycloneDX `false_positive`).
    FalsePositive,
}
