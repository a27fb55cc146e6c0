//! A finding as the public sees it.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryId, Clearance, ExceptedBy, Extra, Finding, FindingKind, PackageName, ScannerName, Scope, Severity,
    SeveritySource, SlaDays, Status, Subject, has_private_place, is_about_secrets, text,
};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::redact::without_literals;

/// The most characters of a description; what is cut shows as `...` behind them.
const DESCRIPTION_CHARACTERS: usize = 500;

/// What is said of every secret: the report's own words may hold it.
const SECRET_DESCRIPTION: &str = "A credential in the project's files. Where it is, the project's own findings say.";

/// What is said of code that a rule about secrets fired on, for the same reason.
const SECRET_CODE_DESCRIPTION: &str =
    "Code that a rule about hard-coded secrets fired on. Where it is, the project's own findings say.";

/// One finding of `index.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusFinding {
    /// The ledger's id. Of a secret and of a rule about secrets, whose ids name the file: detector or rule, and a number.
    pub finding_id: String,
    /// Every id of the advisory.
    pub aliases: BTreeSet<AdvisoryId>,
    /// What kind of finding it is.
    pub kind: FindingKind,
    /// The dependency; for code and secrets the project itself.
    pub package: String,
    /// The dependency's version; `local` for code and secrets.
    pub version: Option<String>,
    /// Whether the dependency is installed with the project.
    pub scope: Scope,
    /// The rule or detector that fired.
    pub rule: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// Who said so.
    pub severity_source: SeveritySource,
    /// The CVSS base score behind the severity.
    pub cvss_score: Option<f64>,
    /// The scanner that saw it first.
    pub source_scanner: ScannerName,
    /// Where it stands.
    pub status: EntryStatus,
    /// The day of the last scan that reported it, while it is unverified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_since: Option<Date>,
    /// Why it does not count, while it is excepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excepted_by: Option<ExceptionWord>,
    /// The last day on which it does not count; null without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excepted_until: Option<Date>,
    /// The day it was first seen.
    pub discovered_date: Date,
    /// Whole days since then, at the time of the document.
    pub days_since_discovery: i64,
    /// The day by which it should be gone.
    pub due_date: Date,
    /// Whether that day is over.
    pub overdue: bool,
    /// What it is: at most 500 characters, and `...` where more was cut.
    pub description: String,
    /// Whether a version without it exists.
    pub fix_available: bool,
    /// The smallest such version above the installed one.
    pub fix_version: Option<String>,
    /// Where to read more.
    pub reference_url: Option<String>,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where a published finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryStatus {
    /// The newest scan reports it.
    Open,
    /// It was open, and the newest scan could neither confirm nor end it.
    Unverified,
    /// A person decided that it does not count.
    Excepted,
}

/// What a person decided about an excepted finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionWord {
    /// It is there, and the risk is taken.
    AcceptedRisk,
    /// It is not really there.
    FalsePositive,
    /// It is there and does the project no harm.
    NotAffected,
}

/// Published findings: those that count and those that a person set aside.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) open: Vec<StatusFinding>,
    pub(crate) excepted: Vec<StatusFinding>,
}

/// Makes the public entries of a ledger's findings. Resolved ones and those that a report itself clears are left out.
pub(crate) fn entries(findings: &[Finding], project: &PackageName, sla: SlaDays, today: Date) -> Entries {
    let mut ordered: Vec<&Finding> = findings.iter().filter(|f| is_published(f)).collect();
    ordered.sort_by(|a, b| (a.discovered, a.finding_id.as_str()).cmp(&(b.discovered, b.finding_id.as_str())));
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut entries = Entries::default();
    for finding in ordered {
        let id = match placeless(finding) {
            Some(name) => {
                let number = numbers.entry(name.clone()).or_default();
                *number += 1;
                format!("{name}-{number}")
            }
            None => finding.finding_id.to_string(),
        };
        let entry = entry(finding, id, project, sla, today);
        match entry.status {
            EntryStatus::Excepted => entries.excepted.push(entry),
            EntryStatus::Open | EntryStatus::Unverified => entries.open.push(entry),
        }
    }
    sort(&mut entries.open);
    sort(&mut entries.excepted);
    entries
}

/// What a finding is called whose own id, which names the file, is not published.
fn placeless(finding: &Finding) -> Option<String> {
    let (prefix, rule) = match &finding.subject {
        Subject::Vulnerability(_) => return None,
        Subject::Code(spot) => (slug(finding.source_scanner.as_str()), &spot.rule),
        Subject::Secret(spot) => ("SECRET".to_owned(), &spot.rule),
    };
    let name = slug(rule);
    let name = name.strip_prefix("SECRET-").unwrap_or(&name);
    has_private_place(finding.kind(), rule, &finding.description).then(|| format!("{prefix}-{name}"))
}

/// Overdue ones first, then by severity, then the oldest, then by id.
pub(crate) fn sort(entries: &mut [StatusFinding]) {
    entries.sort_by(|a, b| {
        (!a.overdue, a.severity.list_order(), a.discovered_date, &a.finding_id).cmp(&(
            !b.overdue,
            b.severity.list_order(),
            b.discovered_date,
            &b.finding_id,
        ))
    });
}

/// The last day of an exception that a person made; none for what a report clears and for what has no end.
fn last_day(by: &ExceptedBy) -> Option<Date> {
    match by {
        ExceptedBy::Report(_) => None,
        ExceptedBy::AcceptedRisk { until }
        | ExceptedBy::FalsePositive { until }
        | ExceptedBy::NotAffected { until } => *until,
    }
}

/// Whether a finding is set aside by an exception that has ended: it is open again, though no scan has noted so yet.
pub(crate) fn is_open_again(finding: &Finding, today: Date) -> bool {
    matches!(&finding.status, Status::Excepted { by } if last_day(by).is_some_and(|last| last < today))
}

fn is_published(finding: &Finding) -> bool {
    match &finding.status {
        Status::Open | Status::Unverified { .. } => true,
        Status::Excepted { by } => !matches!(by, ExceptedBy::Report(_)),
        Status::Resolved { .. } => false,
    }
}

/// Whether a finding shows that there was something: not one that turned out never to apply.
pub(crate) fn was_real(finding: &Finding, today: Date) -> bool {
    is_open_again(finding, today)
        || !matches!(
            &finding.status,
            Status::Excepted {
                by: ExceptedBy::FalsePositive { .. }
                    | ExceptedBy::NotAffected { .. }
                    | ExceptedBy::Report(Clearance::FalsePositive | Clearance::NotAffected)
            }
        )
}

fn entry(finding: &Finding, finding_id: String, project: &PackageName, sla: SlaDays, today: Date) -> StatusFinding {
    let line = |s: &str| text::one_line(s);
    let (status, unverified_since) = match finding.status {
        Status::Unverified { since } => (EntryStatus::Unverified, Some(since)),
        Status::Excepted { .. } if !is_open_again(finding, today) => (EntryStatus::Excepted, None),
        Status::Excepted { .. } | Status::Open | Status::Resolved { .. } => (EntryStatus::Open, None),
    };
    let (excepted_by, excepted_until) = match &finding.status {
        Status::Excepted { by } if status == EntryStatus::Excepted => (exception_word(by), last_day(by)),
        _ => (None, None),
    };
    let (package, version, rule, fixable) = match &finding.subject {
        Subject::Vulnerability(v) => {
            (v.package.to_string(), v.version.as_deref().map(line), None, !v.fix_versions.is_empty())
        }
        Subject::Code(spot) => (project.to_string(), Some("local".to_owned()), Some(line(&spot.rule)), false),
        Subject::Secret(spot) => (project.to_string(), Some("local".to_owned()), Some(line(&spot.rule)), false),
    };
    let severity = finding.rating.severity;
    let due_date = sla.due_of(finding);
    let advisory = finding.subject.advisory_ids().find_map(AdvisoryId::reference_url).map(String::from);
    let is_secret = finding.kind() == FindingKind::Secret;
    StatusFinding {
        finding_id,
        aliases: finding.subject.advisory_ids().cloned().collect(),
        kind: finding.kind(),
        package,
        version,
        scope: finding.scope,
        rule,
        severity,
        severity_source: finding.rating.source,
        cvss_score: finding.rating.score.map(findings_model::CvssScore::value),
        source_scanner: finding.source_scanner.clone(),
        status,
        unverified_since,
        excepted_by,
        excepted_until,
        discovered_date: finding.discovered,
        days_since_discovery: finding.age_days(today),
        due_date,
        overdue: status != EntryStatus::Excepted && today > due_date,
        description: description(finding),
        fix_available: fixable || finding.fix_version.is_some(),
        fix_version: finding.fix_version.as_deref().map(line),
        reference_url: finding
            .reference_url
            .as_deref()
            .filter(|url| !is_secret && text::is_linkable(url))
            .map(str::to_owned)
            .or(advisory),
        extra: Extra::new(),
    }
}

fn exception_word(by: &ExceptedBy) -> Option<ExceptionWord> {
    match by {
        ExceptedBy::Report(_) => None,
        ExceptedBy::AcceptedRisk { .. } => Some(ExceptionWord::AcceptedRisk),
        ExceptedBy::FalsePositive { .. } => Some(ExceptionWord::FalsePositive),
        ExceptedBy::NotAffected { .. } => Some(ExceptionWord::NotAffected),
    }
}

fn description(finding: &Finding) -> String {
    let said = text::one_line(&finding.description);
    let said = match &finding.subject {
        Subject::Secret(_) => return SECRET_DESCRIPTION.to_owned(),
        Subject::Code(spot) if has_private_place(finding.kind(), &spot.rule, "") => {
            return SECRET_CODE_DESCRIPTION.to_owned();
        }
        Subject::Code(_) if is_about_secrets(&said) => without_literals(&said),
        _ => said,
    };
    text::shorten(&text::without_absolute_paths(&said), DESCRIPTION_CHARACTERS).into_owned()
}

/// A detector's name in capitals, digits and hyphens.
fn slug(rule: &str) -> String {
    let mut slug = String::new();
    for c in rule.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_uppercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "UNNAMED".to_owned() } else { slug.to_owned() }
}

impl StatusFinding {
    /// The entry as it is on a later day, and made safe again: it may come from a file that somebody edited.
    pub(crate) fn on(&self, today: Date) -> Self {
        let has_ended = self.exception_has_ended(today);
        let status = if has_ended { EntryStatus::Open } else { self.status };
        Self {
            status,
            excepted_by: self.excepted_by.filter(|_| !has_ended),
            excepted_until: self.excepted_until.filter(|_| !has_ended),
            days_since_discovery: (today - self.discovered_date).whole_days().max(0),
            overdue: status != EntryStatus::Excepted && today > self.due_date,
            reference_url: self.reference_url.clone().filter(|url| text::is_linkable(url)),
            ..self.clone()
        }
    }

    /// Whether it is shown as set aside by an exception whose last day is before a day.
    pub fn exception_has_ended(&self, today: Date) -> bool {
        self.status == EntryStatus::Excepted && self.excepted_until.is_some_and(|last| last < today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detectors_have_plain_names() {
        assert_eq!(slug("AWS Access Key"), "AWS-ACCESS-KEY");
        assert_eq!(slug("../x/\u{202e}"), "X");
        assert_eq!(slug("§"), "UNNAMED");
    }
}
