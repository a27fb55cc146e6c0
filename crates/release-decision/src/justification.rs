use change_detect::ChangeSet;
use findings_model::{FindingKind, Severity, order};

use crate::{
    FirstScanRule, TriggerType,
    decision::Verdict,
    matrix::{Effect, Reason, Row},
    past::Proof,
    policy::Policy,
};

/// The verdict's reason, on one line. The texts of rows that the Python original had are those that it published.
pub(crate) fn of(verdict: &Verdict, changes: &ChangeSet, reasons: &[Reason], policy: &Policy) -> String {
    match verdict {
        Verdict::Release(TriggerType::Manual) => "Manual release requested".to_owned(),
        Verdict::Release(_) => security(reasons, changes, policy),
        Verdict::Nothing if changes.first_scan && changes.posture.is_none() && changes.changes.is_empty() => {
            "No release triggers detected: no scan could be used, so that there is no baseline yet".to_owned()
        }
        Verdict::Nothing if changes.first_scan && policy.first_scan == FirstScanRule::Record => {
            "No release triggers detected: this first scan sets the baseline".to_owned()
        }
        Verdict::Nothing => "No release triggers detected".to_owned(),
        Verdict::Waits(until) => {
            format!("Quiet period until {until}: nothing critical changed since the last automatic release")
        }
        Verdict::Published(version, Proof::Receipt) => {
            format!("Already published as {version}, as its receipt proves; the release is not recorded yet")
        }
        Verdict::Published(version, Proof::Index) => {
            format!("Already published as {version}, as the index tells; the release is not recorded yet")
        }
    }
}

/// How many of what released.
fn security(reasons: &[Reason], changes: &ChangeSet, policy: &Policy) -> String {
    let released = |row: Row| reasons.iter().filter(move |r| r.effect == Effect::Release && r.row == row);
    let count =
        |row: Row, unknown: bool| released(row).filter(|r| (r.severity == Some(Severity::Unknown)) == unknown).count();
    let adjective = |words: Option<&str>| words.map(|w| format!("{w} ")).unwrap_or_default();
    let mut parts = Vec::new();
    for (row, word, threshold) in
        [(Row::New, "new", policy.new.from), (Row::Reopened, "reopened", policy.reopened.from)]
    {
        let severities = adjective(threshold.severities());
        let [one, many] = nouns(released(row), changes);
        parts.extend(counted(
            count(row, false),
            &format!("{word} {severities}{one}"),
            &format!("{word} {severities}{many}"),
        ));
        parts.extend(counted(
            count(row, true),
            &format!("{word} {one} of unknown severity"),
            &format!("{word} {many} of unknown severity"),
        ));
    }
    let resolved = count(Row::Resolved, false) + count(Row::Resolved, true);
    let [one, many] = nouns(released(Row::Resolved), changes);
    parts.extend(counted(resolved, &format!("{one} resolved"), &format!("{many} resolved")));
    let to = policy.raised.from.severities().map(|s| format!(" to {s}")).unwrap_or_default();
    parts.extend(counted(
        count(Row::Raised, false),
        &format!("severity increased{to}"),
        &format!("severities increased{to}"),
    ));
    parts.extend(counted(count(Row::Raised, true), "severity that is now unknown", "severities that are now unknown"));
    for (row, one, many) in [
        (Row::Withdrawn, "advisory withdrawn", "advisories withdrawn"),
        (Row::Updated, "finding updated", "findings updated"),
        (Row::Excepted, "finding excepted", "findings excepted"),
        (Row::ExceptionExpired, "exception expired", "exceptions expired"),
    ] {
        parts.extend(counted(count(row, false) + count(row, true), one, many));
    }
    format!("Security-driven release: {}", parts.join(", "))
}

/// What the findings of reasons are called, one and many: by their kind where all are of one.
fn nouns<'r>(reasons: impl Iterator<Item = &'r Reason>, changes: &ChangeSet) -> [&'static str; 2] {
    let ids = order::set(reasons.filter_map(|reason| reason.finding_id.as_ref()));
    let kinds = changes.changes.iter().filter(|change| ids.contains(&change.finding_id)).map(|change| change.kind);
    let mut kinds = order::set(kinds).into_iter();
    match (kinds.next(), kinds.next()) {
        (Some(_), Some(_)) => ["finding", "findings"],
        (Some(FindingKind::Code), None) => ["code finding", "code findings"],
        (Some(FindingKind::Secret), None) => ["secret", "secrets"],
        (Some(FindingKind::Vulnerability) | None, _) => ["vulnerability", "vulnerabilities"],
    }
}

fn counted(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}
