//! Exceptions of the configuration: rules, paths and advisories that a person set aside, with a reason.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    str::FromStr,
};

use findings_model::{AdvisoryId, ExceptedBy, Finding, PackageName, Status, Subject, date_text};
use time::Date;

use crate::Plan;

/// An exception of the configuration. It speaks of every finding that agrees with all it names; it names at least one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The finding's id, or any advisory id of it.
    pub id: Option<String>,
    /// A rule: a scanner's test, or a type of secret.
    pub rule: Option<String>,
    /// A package.
    pub package: Option<PackageName>,
    /// Files of the project.
    pub path: Option<PathPattern>,
    /// What is said of them.
    pub kind: ExceptionKind,
    /// Why; never empty.
    pub reason: String,
    /// Who decided.
    pub owner: Option<String>,
    /// The last day on which it holds; none without an end.
    pub expires: Option<Date>,
}

/// What an exception says of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionKind {
    /// It is there, and the risk is taken.
    AcceptedRisk,
    /// It is not really there.
    FalsePositive,
    /// It is there and does the project no harm.
    NotAffected,
}

/// Files by a pattern: `*` and `?` stay inside one name, `**` crosses folders (`tests/**`).
#[derive(Clone, Debug, PartialEq)]
pub struct PathPattern(glob::Pattern);

/// Why a text is no pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern} is not a valid pattern of paths: {reason}")]
pub struct PathPatternError {
    pattern: String,
    reason: String,
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    fn from_str(pattern: &str) -> Result<Self, PathPatternError> {
        let relative = pattern.strip_prefix("./").unwrap_or(pattern);
        let of_pattern = |reason: String| PathPatternError { pattern: pattern.to_owned(), reason };
        if relative.is_empty() || relative.starts_with('/') {
            return Err(of_pattern("it must be relative to the project".to_owned()));
        }
        glob::Pattern::new(relative).map(Self).map_err(|error| of_pattern(error.to_string()))
    }
}

impl PathPattern {
    fn matches(&self, path: &str) -> bool {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        self.0.matches_with(path, options)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Exception {
    /// What it speaks of, in words: `B101 in tests/**`.
    pub fn label(&self) -> String {
        let what = [self.id.clone(), self.rule.clone(), self.package.as_ref().map(ToString::to_string)];
        let mut label: String = what.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if let Some(path) = &self.path {
            if !label.is_empty() {
                label.push_str(" in ");
            }
            label.push_str(&path.to_string());
        }
        label
    }

    /// `named` says which ids are those of a finding that is there: an alias that is no longer told gives way to them.
    fn matches(&self, finding: &Finding, named: &HashSet<AdvisoryId>) -> bool {
        // A person may have written down what the rule was called then.
        let is_of = |wanted: &String| match &finding.subject {
            Subject::Vulnerability(_) => false,
            Subject::Code(spot) => spot.rule == *wanted || spot.former_rules.contains(wanted),
            Subject::Secret(spot) => spot.rule == *wanted,
        };
        self.id.as_deref().is_none_or(|id| names(finding, id, named))
            && self.rule.as_ref().is_none_or(is_of)
            && self
                .package
                .as_ref()
                .is_none_or(|wanted| finding.subject.package().is_some_and(|p| p.name() == wanted.as_str()))
            && self.path.as_ref().is_none_or(|path| finding.subject.path().is_some_and(|p| path.matches(p)))
    }

    fn holds(&self, today: Date) -> bool {
        self.expires.is_none_or(|last| today <= last)
    }

    fn excepts(&self) -> ExceptedBy {
        let until = self.expires;
        match self.kind {
            ExceptionKind::AcceptedRisk => ExceptedBy::AcceptedRisk { until },
            ExceptionKind::FalsePositive => ExceptedBy::FalsePositive { until },
            ExceptionKind::NotAffected => ExceptedBy::NotAffected { until },
        }
    }
}

fn names(finding: &Finding, id: &str, named: &HashSet<AdvisoryId>) -> bool {
    finding.finding_id.as_str() == id
        || finding.former_ids().any(|former| former.as_str() == id)
        || AdvisoryId::parse(id).is_ok_and(|id| {
            finding.subject.advisory_ids().any(|known| *known == id)
                || (!named.contains(&id) && finding.former_aliases().any(|former| *former == id))
        })
}

/// Something that a person should know of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptionNotice {
    /// An exception of the configuration matches no finding that is there.
    Unused {
        /// What it speaks of.
        exception: String,
    },
    /// It holds no longer, and findings that it was for count again.
    Expired {
        /// What it speaks of.
        exception: String,
        /// Its last day.
        on: Date,
        /// How many findings that are there it was for.
        findings: usize,
    },
    /// An exception of the plan file holds, and does not say all that one should.
    Bare {
        /// What it speaks of.
        exception: String,
        /// What it does not say.
        lacks: Vec<&'static str>,
    },
}

impl fmt::Display for ExceptionNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused { exception } => {
                write!(
                    f,
                    "the exception of {exception} in the configuration matches no finding: take it out, or mend it"
                )
            }
            Self::Expired { exception, on, findings } => {
                let count =
                    if *findings == 1 { "a finding counts".to_owned() } else { format!("{findings} findings count") };
                write!(f, "the exception of {exception} expired on {}: {count} again", date_text(*on))
            }
            Self::Bare { exception, lacks } => {
                let lacks = lacks.join(", ");
                write!(f, "the exception of {exception} in the remediation plans is taken, but it has {lacks}")
            }
        }
    }
}

/// The exceptions of the configuration during a run, and what became of them.
pub(super) struct Exceptions<'a> {
    all: &'a [Exception],
    /// Those of their ids that are ids of a finding that is there.
    named: HashSet<AdvisoryId>,
    /// Those that match a finding that is there.
    matched: Vec<bool>,
    /// For each how many findings count again because it expired.
    lapsed: Vec<usize>,
    today: Date,
    expired_in_plans: Vec<(&'a str, Date)>,
    bare_in_plans: BTreeMap<&'a str, Vec<&'static str>>,
}

impl<'a> Exceptions<'a> {
    pub(super) fn new(all: &'a [Exception], findings: &[Finding], today: Date) -> Self {
        let wanted: HashSet<AdvisoryId> = all.iter().filter_map(|e| AdvisoryId::parse(e.id.as_deref()?).ok()).collect();
        let mut named = HashSet::new();
        if !wanted.is_empty() {
            let there = findings.iter().filter(|f| !matches!(f.status, Status::Resolved { .. }));
            let ids = there.flat_map(|f| f.subject.advisory_ids());
            named.extend(ids.filter(|id| wanted.contains(*id)).cloned());
        }
        Self {
            all,
            named,
            matched: vec![false; all.len()],
            lapsed: vec![0; all.len()],
            today,
            expired_in_plans: Vec::new(),
            bare_in_plans: BTreeMap::new(),
        }
    }

    /// The exception that holds today for a finding that is there; the first in the order of the configuration.
    pub(super) fn of(&mut self, finding: &Finding) -> Option<ExceptedBy> {
        if matches!(finding.status, Status::Resolved { .. }) {
            return None;
        }
        let mut found = None;
        for (exception, matched) in self.all.iter().zip(&mut self.matched) {
            if exception.matches(finding, &self.named) {
                *matched = true;
                if found.is_none() && exception.holds(self.today) {
                    found = Some(exception.excepts());
                }
            }
        }
        found
    }

    /// Notes that nothing excepts a finding any more, whatever did until it expired: `plan` is an exception of the plan file.
    pub(super) fn counts_again(&mut self, finding: &Finding, plan: Option<(&'a str, Date)>) {
        for (exception, lapsed) in self.all.iter().zip(&mut self.lapsed) {
            *lapsed += usize::from(!exception.holds(self.today) && exception.matches(finding, &self.named));
        }
        self.expired_in_plans.extend(plan);
    }

    /// Notes an exception of the plan file that holds, with what it does not say.
    pub(super) fn held_in_plans(&mut self, plan: &'a Plan) {
        let lacks = plan.exception_lacks();
        if !lacks.is_empty() {
            self.bare_in_plans.insert(&plan.key, lacks);
        }
    }

    /// What a person should know, in the order of the configuration, then of the plans.
    pub(super) fn notices(mut self) -> Vec<ExceptionNotice> {
        let mut notices = Vec::new();
        for ((exception, is_matched), lapsed) in self.all.iter().zip(&self.matched).zip(&self.lapsed) {
            let label = exception.label();
            match exception.expires {
                _ if !is_matched => notices.push(ExceptionNotice::Unused { exception: label }),
                Some(on) if *lapsed > 0 => {
                    notices.push(ExceptionNotice::Expired { exception: label, on, findings: *lapsed });
                }
                _ => {}
            }
        }
        self.expired_in_plans.sort_unstable();
        for plans in self.expired_in_plans.chunk_by(|a, b| a == b) {
            let (key, on) = plans[0];
            notices.push(ExceptionNotice::Expired { exception: key.to_owned(), on, findings: plans.len() });
        }
        notices.extend(
            self.bare_in_plans
                .into_iter()
                .map(|(key, lacks)| ExceptionNotice::Bare { exception: key.to_owned(), lacks }),
        );
        notices
    }
}
