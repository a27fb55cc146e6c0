//! What is known about a flaw of a dependency, in the notions that OpenVEX and CycloneDX share.

use findings_model::{
    Clearance, ExceptedBy, Finding, FindingKind, ResolvedReason, Status, Subject, Vulnerability, date_text,
};

use crate::{ExportInput, LeftOut, LeftOutReason, PlanWords, words};

/// Characters of a statement.
const STATEMENT: usize = 1000;

/// How the project stands to a flaw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody has decided anything.
    UnderInvestigation,
    /// The flaw is there, and something will be done.
    Affected {
        /// What.
        action: String,
    },
    /// The flaw is there, and the risk is taken.
    AcceptedRisk {
        /// Why.
        reason: String,
    },
    /// The flaw does no harm here.
    NotAffected {
        /// Why, in the words of the standards.
        justification: Option<Justification>,
        /// Why, in a person's words.
        reason: String,
        /// Whether somebody called the finding wrong.
        false_positive: bool,
    },
    /// It was there and is gone.
    Fixed {
        /// How.
        how: &'static str,
    },
}

/// The justifications of the VEX standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Justification {
    ComponentNotPresent,
    CodeNotPresent,
    CodeNotInExecutePath,
    CodeNotControllable,
    InlineMitigations,
}

impl Justification {
    const ALL: [Self; 5] = [
        Self::ComponentNotPresent,
        Self::CodeNotPresent,
        Self::CodeNotInExecutePath,
        Self::CodeNotControllable,
        Self::InlineMitigations,
    ];

    /// OpenVEX's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::CodeNotPresent => "vulnerable_code_not_present",
            Self::CodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::CodeNotControllable => "vulnerable_code_cannot_be_controlled_by_adversary",
            Self::InlineMitigations => "inline_mitigations_already_exist",
        }
    }

    /// CycloneDX's nearest word, where it has one.
    pub(crate) fn cyclonedx(self) -> Option<&'static str> {
        match self {
            Self::ComponentNotPresent | Self::CodeNotPresent => Some("code_not_present"),
            Self::CodeNotInExecutePath => Some("code_not_reachable"),
            Self::CodeNotControllable => None,
            Self::InlineMitigations => Some("protected_by_mitigating_control"),
        }
    }

    /// The justification that a reason begins with, and what stands behind it.
    fn leading(reason: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|justification| {
            let rest = reason.trim().strip_prefix(justification.as_str())?;
            let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            ends.then(|| (justification, rest.trim_start_matches([':', ';', ',', '.', '-', ' '])))
        })
    }
}

/// A flaw with where it stands.
#[derive(Debug)]
pub(crate) struct Flaw<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) vulnerability: &'a Vulnerability,
    pub(crate) plan: Option<&'a PlanWords>,
    pub(crate) standing: Standing,
    /// What a reader must know besides.
    pub(crate) notes: Option<String>,
}

/// The selected flaws by id, and how many other findings were left out.
pub(crate) fn flaws<'a>(input: &ExportInput<'a>) -> (Vec<Flaw<'a>>, Vec<LeftOut>) {
    let selected = input.selected();
    let others = selected.iter().filter(|f| f.kind() != FindingKind::Vulnerability).count();
    let flaws = selected
        .into_iter()
        .filter_map(|finding| match &finding.subject {
            Subject::Vulnerability(vulnerability) => {
                let plan = input.plan(finding);
                let (standing, notes) = standing(finding, plan);
                Some(Flaw { finding, vulnerability, plan, standing, notes })
            }
            Subject::Code(_) | Subject::Secret(_) => None,
        })
        .collect();
    let left_out = (others > 0).then_some(LeftOut { count: others, reason: LeftOutReason::NotAVulnerability });
    (flaws, left_out.into_iter().collect())
}

fn standing(finding: &Finding, plan: Option<&PlanWords>) -> (Standing, Option<String>) {
    let word = |text: Option<&String>| words::some_line(text.map(String::as_str), STATEMENT);
    let action = word(plan.and_then(|p| p.action.as_ref()));
    let reason = word(plan.and_then(|p| p.reason.as_ref()));
    match &finding.status {
        Status::Open => (decided(action), None),
        Status::Unverified { since } => {
            let notes = format!("Not verified since {}: no scan could confirm or end it", date_text(*since));
            (decided(action), Some(notes))
        }
        Status::Resolved { on, reason } => resolved(*reason, &date_text(*on)),
        Status::Excepted { by } => excepted(by, action, reason),
    }
}

fn decided(action: Option<String>) -> Standing {
    action.map_or(Standing::UnderInvestigation, |action| Standing::Affected { action })
}

fn resolved(reason: ResolvedReason, on: &str) -> (Standing, Option<String>) {
    let how = match reason {
        ResolvedReason::Upgraded => "the package was upgraded to a version that is not affected",
        ResolvedReason::Removed => "the package was removed",
        ResolvedReason::CodeChanged => "the code was changed",
        ResolvedReason::NoLongerReported => "the scanner covered the package and no longer reports it",
        // Nothing was fixed: it never was a flaw.
        ResolvedReason::Withdrawn => {
            let reason = format!("The advisory was withdrawn (seen on {on})");
            return (Standing::NotAffected { justification: None, reason, false_positive: false }, None);
        }
    };
    (Standing::Fixed { how }, Some(format!("Resolved on {on}: {how}")))
}

fn excepted(by: &ExceptedBy, action: Option<String>, reason: Option<String>) -> (Standing, Option<String>) {
    let until = |until: &Option<time::Date>| until.map(|day| format!("Holds until {}", date_text(day)));
    let by_report = |reason: &str, false_positive| Standing::NotAffected {
        justification: None,
        reason: reason.to_owned(),
        false_positive,
    };
    match by {
        ExceptedBy::AcceptedRisk { until: day } => {
            let reason = reason.or(action).unwrap_or_else(|| "The risk is accepted; no reason is given".to_owned());
            (Standing::AcceptedRisk { reason }, until(day))
        }
        ExceptedBy::FalsePositive { until: day } | ExceptedBy::NotAffected { until: day } => {
            let false_positive = matches!(by, ExceptedBy::FalsePositive { .. });
            let said = reason.unwrap_or_else(|| {
                let what = if false_positive { "a false positive" } else { "not affecting the project" };
                format!("Marked as {what}")
            });
            let (justification, reason) = match Justification::leading(&said) {
                Some((justification, rest)) => (Some(justification), rest.to_owned()),
                None => (None, said),
            };
            (Standing::NotAffected { justification, reason, false_positive }, until(day))
        }
        ExceptedBy::Report(Clearance::NotAffected) => {
            (by_report("The scanner's report says that the project is not affected", false), None)
        }
        ExceptedBy::Report(Clearance::FalsePositive) => {
            (by_report("The scanner's report says that it is a false positive", true), None)
        }
        ExceptedBy::Report(Clearance::Fixed) => {
            (Standing::Fixed { how: "the scanner's report says that it is fixed in this version" }, None)
        }
        // Somebody told the scanner to be silent; that says nothing about the flaw.
        ExceptedBy::Report(Clearance::Suppressed) => {
            (decided(action), Some("Suppressed in the scanner's configuration or in the source".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Justification;

    #[test]
    fn a_reason_may_begin_with_a_justification() {
        assert_eq!(
            Justification::leading("vulnerable_code_not_present: we vendor a cut-down copy"),
            Some((Justification::CodeNotPresent, "we vendor a cut-down copy"))
        );
        assert_eq!(Justification::leading("component_not_present"), Some((Justification::ComponentNotPresent, "")));
        assert_eq!(Justification::leading("vulnerable_code_not_presently used"), None);
        assert_eq!(Justification::leading("not reachable"), None);
    }
}
