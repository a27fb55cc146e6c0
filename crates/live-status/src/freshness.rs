//! What the scanners' newest reports allow to be said, and how old it is.

use std::collections::BTreeSet;

use findings_model::{CoverageState, FindingSet, PackageName, ScanSummary, ScannerName, ScannerState, Timestamp, text};
use serde::{Deserialize, Serialize};
use time::{Duration, PrimitiveDateTime};

use crate::phrase;

/// The most characters of a reason and entries of a list that are published.
const REASON_CHARACTERS: usize = 240;
const MOST_REASONS: usize = 5;
const MOST_GAPS: usize = 20;

/// How long scans count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Days between scans. A day after a scan is due, the data are stale.
    pub scan_interval_days: u32,
    /// Days after which a scan of a required scanner gives no grade any more.
    pub max_scan_age_days: u32,
}

impl Default for Limits {
    /// Weekly scans, and no grade after ten days.
    fn default() -> Self {
        Self { scan_interval_days: 7, max_scan_age_days: 10 }
    }
}

impl Limits {
    pub(crate) fn next_expected_at(self, as_of: Timestamp) -> Timestamp {
        later(as_of, self.scan_interval_days)
    }

    pub(crate) fn valid_until(self, as_of: Timestamp) -> Timestamp {
        later(as_of, self.max_scan_age_days)
    }

    pub(crate) fn stale_after(self, as_of: Timestamp) -> Timestamp {
        later(as_of, self.scan_interval_days.saturating_add(1)).min(self.valid_until(as_of))
    }

    /// What its age makes of a usable scan; none while it is fresh.
    fn aged(self, at: Timestamp, now: Timestamp) -> Option<Standing> {
        if now > self.valid_until(at) {
            Some(Standing::TooOld)
        } else {
            (now > self.stale_after(at)).then_some(Standing::Stale)
        }
    }
}

/// So many days later; a number of days that leads beyond what can be written is no limit, and the last moment stands for it.
fn later(at: Timestamp, days: u32) -> Timestamp {
    let last = PrimitiveDateTime::MAX.assume_utc();
    Timestamp::new(at.moment().checked_add(Duration::days(i64::from(days))).unwrap_or(last))
}

/// One scanner of `index.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerStatus {
    /// Its name.
    pub name: ScannerName,
    /// Whether there is no grade without it.
    pub required: bool,
    /// What its newest report is worth, in one word.
    pub standing: Standing,
    /// How much its newest report covered, the worst of several.
    pub coverage: CoverageState,
    /// When it last covered everything; null if it never did.
    pub last_complete: Option<Timestamp>,
    /// When it last gave a report that could be used; null if it never did.
    pub last_usable: Option<Timestamp>,
    /// Whole days since `last_usable`.
    pub age_days: Option<i64>,
    /// Why the newest report is not complete, and what else is to be said of it; at most five.
    pub reasons: Vec<String>,
    /// What it did not look at; at most twenty.
    pub not_covered: Vec<String>,
    /// How much it did not look at.
    pub not_covered_total: usize,
}

/// What a scanner's newest report is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Fresh, and everything was looked at, or all that is left out is accepted.
    Complete,
    /// Fresh, but something was skipped or left out.
    Gaps,
    /// Usable, but the next scan is overdue.
    Stale,
    /// Usable, but too old to say anything about today.
    TooOld,
    /// The newest report cannot be used.
    Failed,
    /// The newest run has no report.
    Missing,
    /// Its newest usable report is of a later day than the document: a clock is wrong, and nobody knows how old the report is.
    Ahead,
    /// No report could ever be used.
    Never,
    /// The project no longer uses this scanner.
    Retired,
}

impl Standing {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Gaps => "with gaps",
            Self::Stale => "overdue",
            Self::TooOld => "too old",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Ahead => "of a later day",
            Self::Never => "never scanned",
            Self::Retired => "retired",
        }
    }
}

impl ScannerStatus {
    /// Whether no report of it could ever be used.
    pub fn never_scanned(&self) -> bool {
        self.last_usable.is_none() && self.standing != Standing::Ahead
    }

    /// The entry at a later moment, of which no ledger tells: older, and no better.
    pub(crate) fn on(&self, limits: Limits, now: Timestamp) -> Self {
        let standing = match (self.standing, self.last_usable) {
            (Standing::Complete | Standing::Gaps | Standing::Stale, Some(at)) => {
                limits.aged(at, now).unwrap_or(self.standing)
            }
            (standing, _) => standing,
        };
        Self { standing, age_days: self.last_usable.map(|at| age_days(at, now)), ..self.clone() }
    }
}

fn age_days(at: Timestamp, now: Timestamp) -> i64 {
    (now.moment() - at.moment()).whole_days()
}

/// What all scanners together allow to be said.
#[derive(Debug)]
pub(crate) struct Freshness {
    pub(crate) scanners: Vec<ScannerStatus>,
    /// The newest complete scan.
    pub(crate) scan_date: Option<Timestamp>,
    /// The oldest of the required scanners' newest usable scans.
    pub(crate) data_as_of: Option<Timestamp>,
    /// Why there is no grade.
    pub(crate) blockers: Vec<String>,
    /// Why the grade is at most B.
    pub(crate) caps: Vec<String>,
    /// What else is to be said of scans that count.
    pub(crate) remarks: Vec<String>,
    /// Whether nothing shows that a required scanner ever looked at anything.
    pub(crate) holds_nothing: bool,
}

pub(crate) fn freshness(
    set: &FindingSet,
    accepted_gaps: &BTreeSet<String>,
    limits: Limits,
    now: Timestamp,
) -> Freshness {
    let mut all = Freshness {
        scanners: Vec::new(),
        scan_date: None,
        data_as_of: None,
        blockers: Vec::new(),
        caps: Vec::new(),
        remarks: Vec::new(),
        holds_nothing: !set.unproved_scanners().is_empty(),
    };
    let mut judged = 0;
    let mut oldest: Option<Timestamp> = None;
    let mut never = false;
    for (name, state) in &set.scanners {
        let look = Look::at(name, state, accepted_gaps, limits, now);
        all.scan_date = all.scan_date.max(look.complete_at);
        if look.is_required {
            judged += 1;
            never |= look.usable_at.is_none();
            oldest = match (oldest, look.usable_at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            all.blockers.extend(look.blocker(limits));
        }
        all.caps.extend(look.cap());
        all.remarks.extend(remarks(name, state));
        all.scanners.push(look.status);
    }
    all.data_as_of = oldest.filter(|_| !never);
    if all.scanners.iter().all(ScannerStatus::never_scanned) {
        all.blockers.insert(0, "never scanned, no scanner has given a usable report yet".to_owned());
    } else if judged == 0 {
        all.blockers.push("no scanner is required, so nothing vouches for a grade".to_owned());
    }
    all
}

/// One scanner, looked at.
struct Look {
    status: ScannerStatus,
    is_required: bool,
    usable_at: Option<Timestamp>,
    complete_at: Option<Timestamp>,
    /// Gaps that nobody accepted, in words.
    gap: Option<String>,
}

impl Look {
    fn at(
        name: &ScannerName,
        state: &ScannerState,
        accepted_gaps: &BTreeSet<String>,
        limits: Limits,
        now: Timestamp,
    ) -> Self {
        // Without any entry for the newest run nothing shows that the scanner took part.
        let coverage = state.newest.iter().map(|s| s.coverage).max().unwrap_or(CoverageState::Missing);
        // A scan from tomorrow was recorded under a wrong clock: when it was is not known.
        let believed = state.last_usable.filter(|at| !at.is_ahead_of(now));
        let of_later_day = state.last_usable.is_some() && believed.is_none();
        let usable_at = believed.map(|at| observed(state, at, now));
        let (not_covered, accepted): (Vec<_>, Vec<_>) =
            state.newest.iter().flat_map(|s| &s.not_covered).partition(|what| !is_accepted(what, accepted_gaps));
        let gap = gap(state, coverage, &not_covered, !accepted.is_empty());
        let complete_at =
            if coverage.is_usable() && gap.is_none() { usable_at } else { state.last_complete.map(|at| at.min(now)) };
        let is_required = state.required && !state.retired;
        let standing = match (coverage, usable_at) {
            _ if state.retired => Standing::Retired,
            _ if of_later_day => Standing::Ahead,
            (CoverageState::Failed, _) => Standing::Failed,
            (_, None) => Standing::Never,
            (CoverageState::Missing, _) => Standing::Missing,
            (_, Some(at)) => {
                let fresh = if gap.is_some() { Standing::Gaps } else { Standing::Complete };
                limits.aged(at, now).unwrap_or(fresh)
            }
        };
        let mut reasons: Vec<String> = Vec::new();
        for reason in state.newest.iter().flat_map(|s| &s.reasons) {
            let reason = public(reason);
            if reasons.len() < MOST_REASONS && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Self {
            status: ScannerStatus {
                name: name.clone(),
                required: is_required,
                standing,
                coverage,
                last_complete: complete_at,
                last_usable: usable_at,
                age_days: usable_at.map(|at| age_days(at, now)),
                reasons,
                not_covered: not_covered.iter().take(MOST_GAPS).map(|what| public(what)).collect(),
                not_covered_total: not_covered.len(),
            },
            is_required,
            usable_at,
            complete_at,
            gap,
        }
    }

    /// Why a required scanner leaves no grade.
    fn blocker(&self, limits: Limits) -> Option<String> {
        let name = &self.status.name;
        let why = self.status.reasons.first().map(|r| format!(": {r}")).unwrap_or_default();
        match self.status.standing {
            Standing::Failed => Some(format!("the newest {name} scan failed{why}")),
            Standing::Missing => Some(format!("the newest run has no {name} report")),
            Standing::Never => Some(format!("{name} has never given a usable report{why}")),
            Standing::Ahead => {
                Some(format!("the newest usable {name} scan is of a later day than this answer: a clock is wrong"))
            }
            Standing::TooOld => {
                let (age, most) = (self.status.age_days.unwrap_or_default(), i64::from(limits.max_scan_age_days));
                Some(if age > most {
                    format!(
                        "the newest usable {name} scan is {} old, more than {}",
                        phrase::days(age),
                        phrase::days(most)
                    )
                } else {
                    format!("the newest usable {name} scan is more than {} old", phrase::days(most))
                })
            }
            Standing::Complete | Standing::Gaps | Standing::Stale | Standing::Retired => None,
        }
    }

    /// Why a scanner keeps the grade from being a clean A.
    fn cap(&self) -> Option<String> {
        let name = &self.status.name;
        match self.status.standing {
            Standing::Retired => None,
            Standing::Failed | Standing::Missing | Standing::Ahead | Standing::Never if !self.is_required => {
                Some(if *name == ScannerName::unknown() {
                    "a report could not be recognised".to_owned()
                } else {
                    format!("{name} gave no usable report")
                })
            }
            _ => self.gap.as_ref().map(|gap| format!("{name} {gap}")),
        }
    }
}

/// When the newest usable report was really made: a report may be older than the run that read it.
fn observed(state: &ScannerState, last_usable: Timestamp, now: Timestamp) -> Timestamp {
    let usable = state.newest.iter().filter(|s| s.coverage.is_usable());
    usable.filter_map(ScanSummary::made_at).fold(last_usable.min(now), Timestamp::min)
}

/// What is to be said of complete scans all the same.
fn remarks(name: &ScannerName, state: &ScannerState) -> Vec<String> {
    let complete = state.newest.iter().filter(|s| !state.retired && s.coverage == CoverageState::Complete);
    let mut remarks: Vec<String> = Vec::new();
    for reason in complete.flat_map(|s| &s.reasons) {
        let remark = format!("of the newest {name} report: {}", public(reason));
        if remarks.len() < MOST_REASONS && !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}

/// What a usable report leaves open, unless all of it is accepted.
fn gap(state: &ScannerState, coverage: CoverageState, not_covered: &[&String], some_accepted: bool) -> Option<String> {
    match coverage {
        CoverageState::Complete | CoverageState::Failed | CoverageState::Missing => None,
        CoverageState::Filtered => Some("left findings out on purpose".to_owned()),
        CoverageState::Partial => match not_covered {
            [] if some_accepted && !has_unnamed_gap(state) => None,
            [] => Some("did not look at everything".to_owned()),
            [one] => Some(format!("did not look at {}", public(one))),
            [first, rest @ ..] => Some(format!(
                "did not look at {} and {}",
                public(first),
                phrase::count(rest.len() as u64, "other", "others")
            )),
        },
    }
}

/// Whether a partial report does not say what it left out.
fn has_unnamed_gap(state: &ScannerState) -> bool {
    let silent = |s: &ScanSummary| s.not_covered.is_empty();
    state.newest.iter().any(|s| s.coverage == CoverageState::Partial && silent(s))
}

fn is_accepted(what: &str, accepted: &BTreeSet<String>) -> bool {
    let normal = PackageName::parse(what).ok();
    accepted.iter().any(|gap| gap == what || normal.is_some() && PackageName::parse(gap).ok() == normal)
}

fn public(said: &str) -> String {
    let line = text::without_absolute_paths(&text::one_line(said));
    text::shorten(&line, REASON_CHARACTERS).into_owned()
}
