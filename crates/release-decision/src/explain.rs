//! Why a decision is what it is: the matrix in force, and the row of each finding.

use std::collections::BTreeSet;

use change_detect::ChangeSet;
use findings_model::{Finding, FindingKind, Timestamp, order};
use serde::{Deserialize, Serialize};

use crate::{
    Decision,
    matrix::{Reason, Row, wording},
    policy::{DevelopmentRule, FirstScanRule, Policy, Threshold},
};

/// The matrix in force, what it comes to, and the row that applied to each finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rows with their thresholds.
    pub matrix: Vec<MatrixRow>,
    /// The conditions beside the rows, in words.
    pub conditions: Vec<String>,
    /// Whether a release is due.
    pub should_release: bool,
    /// The verdict's reason, on one line.
    pub justification: String,
    /// Until when only a critical change releases, where that holds a release back.
    pub quiet_until: Option<Timestamp>,
    /// What speaks for or against a release as a whole, then a reason per change, in the change set's order, one per open finding
    /// that did not change, the worst first, and one per finding that stays excepted.
    pub reasons: Vec<Reason>,
    /// How many open findings did not change and are not among the reasons.
    pub more_unchanged: usize,
}

/// One row of the matrix in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixRow {
    /// The row.
    pub row: Row,
    /// From where on it releases: `never`, `any` or a severity.
    pub releases_from: Threshold,
    /// The kinds that it releases for.
    pub kinds: BTreeSet<FindingKind>,
    /// The row in words.
    pub text: String,
}

/// Shows the matrix that a policy makes, and what it says to each finding, as a decision judged it.
///
/// `known` is what the decision was made on; its excepted findings are named beside the changes.
pub fn explain(changes: &ChangeSet, decision: &Decision, known: &[Finding], policy: &Policy) -> Explanation {
    let rules = Row::GOVERNED.into_iter().filter_map(|row| Some((row, row.rule(policy)?)));
    let matrix = rules
        .map(|(row, rule)| {
            let kinds = rule.kinds.as_ref().map_or_else(String::new, |kinds| format!(", for {}", listed(kinds)));
            let text = format!("{}: {}{kinds}", row.subject(), wording(rule.from));
            MatrixRow { row, releases_from: rule.from, kinds: rule.kinds(policy).clone(), text }
        })
        .collect();
    let mut conditions = vec![
        "a manual request: always".to_owned(),
        format!("unknown severity counts as {}", policy.unknown_severity.severity()),
        match policy.development {
            DevelopmentRule::Release => "development dependencies count like any other".to_owned(),
            DevelopmentRule::Ignore => "development dependencies never release".to_owned(),
        },
        match policy.first_scan {
            FirstScanRule::Record => "a first scan sets the baseline and releases nothing".to_owned(),
            FirstScanRule::Release => "the findings of a first scan count as new".to_owned(),
        },
    ];
    if policy.quiet_hours > 0 {
        let hours = policy.quiet_hours;
        conditions.push(format!("within {hours} hours of an automatic release only a critical change releases"));
    }
    let kinds = [FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret];
    let left_out = order::set(kinds.into_iter().filter(|kind| !policy.kinds.contains(kind)));
    if !left_out.is_empty() {
        let unless = if Row::GOVERNED.iter().any(|row| row.rule(policy).is_some_and(|rule| rule.kinds.is_some())) {
            ", where a row does not name its own"
        } else {
            ""
        };
        conditions.push(format!("findings of kind {} never release{unless}", listed(&left_out)));
    }
    let mut reasons = decision.reasons.clone();
    reasons.extend(changes.still_open.iter().map(Reason::unchanged));
    let changed = order::set(changes.changes.iter().map(|change| &change.finding_id));
    let untouched = known.iter().filter(|finding| !changed.contains(&finding.finding_id));
    reasons.extend(untouched.filter_map(Reason::excepted));
    let more_unchanged = changes.open_but_unchanged() - changes.still_open.len();
    Explanation {
        matrix,
        conditions,
        should_release: decision.should_release,
        justification: decision.justification.clone(),
        quiet_until: decision.quiet_until,
        reasons,
        more_unchanged,
    }
}

fn listed(kinds: &BTreeSet<FindingKind>) -> String {
    let words: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    if words.is_empty() { "no kind".to_owned() } else { words.join(" and ") }
}
