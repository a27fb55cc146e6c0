use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use smol_str::SmolStr;
use time::Date;

use crate::{Clearance, Exploitation, FindingId, FindingKind, Rating, ScanTarget, ScannerName, Subject};

mod attributions;
pub(crate) mod day;
mod line;
mod memory;
mod wire;
mod written;

pub use attributions::Attributions;
pub use memory::{Memory, UnderOverride};

/// Fields that a newer writer put into a document: kept and written back.
pub type Extra = BTreeMap<String, serde_json::Value>;

/// One finding as it is known over time.
///
/// Its JSON form is flat: the keys of cli.md's `findings[]` and the evidence beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The readable id, given once.
    pub finding_id: FindingId,
    /// What it is about, with the newest attributes.
    pub subject: Subject,
    /// Runtime or development dependency; unknown for anything that is not a dependency.
    pub scope: Scope,
    /// How bad.
    pub rating: Rating,
    /// The day on which an advisory record last gave the rating; none where it comes from elsewhere.
    pub rated_on: Option<Date>,
    /// What is known of attacks, as far as the project asks for it.
    pub exploitation: Exploitation,
    /// The scanner that saw it first.
    pub source_scanner: ScannerName,
    /// Every scanner that ever reported it.
    pub scanners: Attributions,
    /// Where it stands.
    pub status: Status,
    /// The day it was first seen.
    pub discovered: Date,
    /// The day a scanner last reported it.
    pub last_seen: Date,
    /// The smallest version above the installed one that fixes it.
    pub fix_version: Option<SmolStr>,
    /// What it is, at most 4 KiB.
    pub description: SmolStr,
    /// Where to read more.
    pub reference_url: Option<SmolStr>,
    /// What it was called and said to be earlier.
    pub memory: Option<Box<Memory>>,
    /// Fields of a newer writer.
    pub extra: Extra,
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire::FindingWire::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

impl Finding {
    /// Reads the JSON form of one finding. As [`Self::write_json`] writes it, it is read without looking for its keys.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        match line::read(text) {
            Some(wire) => wire.try_into().map_err(de::Error::custom),
            None => serde_json::from_str(text),
        }
    }

    /// The kind of the finding.
    pub fn kind(&self) -> FindingKind {
        self.subject.kind()
    }

    /// Whether it counts as present: open, or open and not verified by the newest scan.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Status::Open | Status::Unverified { .. })
    }

    /// Whole days from the first sight to a day; 0 on the same day or before.
    pub fn age_days(&self, today: Date) -> i64 {
        (today - self.discovered).whole_days().max(0)
    }
}

/// Which part of the dependency tree a package belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Installed with the package.
    Runtime,
    /// Only needed to develop it.
    Development,
    /// Not known; treated as runtime.
    Unknown,
}

impl Scope {
    /// The word: `runtime`, `development` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Development => "development",
            Self::Unknown => "unknown",
        }
    }
}

/// When one scanner saw a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// The first day.
    #[serde(with = "day")]
    pub first_seen: Date,
    /// The newest day.
    #[serde(with = "day")]
    pub last_seen: Date,
    /// The day a scan that covered it no longer reported it.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "day::option")]
    pub ended: Option<Date>,
    /// How it ended for that scan.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<ResolvedReason>,
    /// In what it saw it the newest time, in order; empty where its reports do not say it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub seen_in: Vec<ScanTarget>,
}

/// Where a finding stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The newest scan reports it.
    Open,
    /// It was open, and since this day no scan could confirm or end it.
    Unverified {
        /// The day of the last scan that did report it.
        since: Date,
    },
    /// A scan that would have reported it covered it and did not.
    Resolved {
        /// The day of that scan.
        on: Date,
        /// How it ended.
        reason: ResolvedReason,
    },
    /// Present, and cleared on purpose.
    Excepted {
        /// Who cleared it: the report itself, or an exception of the project.
        by: ExceptedBy,
    },
}

/// Who cleared an excepted finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptedBy {
    /// The scanner's own report.
    Report(Clearance),
    /// A person accepted the risk, up to and including this day.
    AcceptedRisk {
        /// The last day on which it holds; none without an end.
        until: Option<Date>,
    },
    /// A person said that it is a false positive, up to and including this day.
    FalsePositive {
        /// The last day on which it holds; none without an end.
        until: Option<Date>,
    },
    /// A person said that the project is not affected by it, up to and including this day.
    NotAffected {
        /// The last day on which it holds; none without an end.
        until: Option<Date>,
    },
}

/// How a finding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolvedReason {
    /// The package is at another version, which is not affected.
    Upgraded,
    /// The package or the file is gone.
    Removed,
    /// The line is no longer in its file, or says something else.
    CodeChanged,
    /// The advisory was withdrawn: nothing was fixed.
    Withdrawn,
    /// The scanner covered it and no longer reports it, for a reason that it does not tell. Of code, the line may be as it was.
    NoLongerReported,
}

impl ResolvedReason {
    /// The word in documents: `upgraded`, `removed`, `code_changed`, `withdrawn`, `no_longer_reported`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upgraded => "upgraded",
            Self::Removed => "removed",
            Self::CodeChanged => "code_changed",
            Self::Withdrawn => "withdrawn",
            Self::NoLongerReported => "no_longer_reported",
        }
    }
}
