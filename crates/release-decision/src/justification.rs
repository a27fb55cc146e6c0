use findings_model::Severity;

use crate::{
    matrix::{Effect, Reason, Row},
    policy::Policy,
};

pub(crate) const NO_RELEASE: &str = "No release triggers detected";
pub(crate) const FIRST_SCAN: &str = "No release triggers detected: this first scan sets the baseline";
pub(crate) const MANUAL: &str = "Manual release requested";

/// The one-line justification: how many of what released. The texts are those that the Python original published.
pub(crate) fn security(reasons: &[Reason], policy: &Policy) -> String {
    let count = |row: Row, unknown: bool| {
        let released = reasons.iter().filter(|r| r.effect == Effect::Release && r.row == row);
        released.filter(|r| (r.severity == Some(Severity::Unknown)) == unknown).count()
    };
    let adjective = |words: Option<&str>| words.map(|w| format!("{w} ")).unwrap_or_default();
    let mut parts = Vec::new();
    for (row, word, threshold) in [(Row::New, "new", policy.new), (Row::Reopened, "reopened", policy.reopened)] {
        let severities = adjective(threshold.severities());
        parts.extend(counted(
            count(row, false),
            &format!("{word} {severities}vulnerability"),
            &format!("{word} {severities}vulnerabilities"),
        ));
        parts.extend(counted(
            count(row, true),
            &format!("{word} vulnerability of unknown severity"),
            &format!("{word} vulnerabilities of unknown severity"),
        ));
    }
    let resolved = count(Row::Resolved, false) + count(Row::Resolved, true);
    parts.extend(counted(resolved, "vulnerability resolved", "vulnerabilities resolved"));
    let to = policy.raised.severities().map(|s| format!(" to {s}")).unwrap_or_default();
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

fn counted(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}
