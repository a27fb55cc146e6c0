//! With which detectors, filters and version a scanner was used, now and when it last reported a finding.

use std::collections::BTreeSet;

use findings_model::{Finding, RuleSet, RuleSetUse, ScannerName, Status, Subject};
use time::Date;

/// What all reports of a scanner in one run have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct UsedWith<'a> {
    /// The detectors and filters; none where a report does not say them.
    pub(super) rules: Option<RuleSet>,
    /// The version; none where a report does not say it or two differ.
    pub(super) version: Option<&'a str>,
}

/// Why a finding may be hidden from a scan that was made with other detectors, filters or another version than the one that
/// reported it. What another version does not report is hidden only if the code is `still_there`; so is code that a report without
/// a version is silent about, where the scanner told its version before (bandit tells it only with an issue).
pub(super) fn hides(
    now: &UsedWith<'_>,
    history: &[RuleSetUse],
    finding: &Finding,
    scanner: &ScannerName,
    still_there: impl Fn() -> bool,
) -> Option<String> {
    let seen = finding.scanners.get(scanner)?.last_seen;
    let then = || history.iter().filter(|used| used.since <= seen && seen <= used.until);
    let by_rules = then().filter_map(|used| used.rules.as_ref()).find_map(|then| match &now.rules {
        Some(now) => now.hides(&finding.subject, then),
        None => Some("the report no longer says which detectors were on".to_owned()),
    });
    by_rules.or_else(|| {
        let Some(version) = now.version else {
            let then = then().find_map(|used| used.tool_version.as_deref())?;
            let is_unsure = now.rules.is_none() && matches!(finding.subject, Subject::Code(_));
            return (is_unsure && still_there()).then(|| {
                format!("it does not say its version, and the code that version {then} reported is still there")
            });
        };
        // Where nobody noted the version, the report did not say it, which is another version as well.
        let is_other = then().next().is_none() || then().any(|used| used.tool_version.as_deref() != Some(version));
        let other = then().filter_map(|used| used.tool_version.as_deref()).find(|then| *then != version);
        let other = other.map_or_else(|| "an earlier one".to_owned(), |other| format!("version {other}"));
        (is_other && still_there())
            .then(|| format!("version {version} no longer reports what {other} did, and the code is still there"))
    })
}

/// Notes how a scanner was used today.
pub(super) fn note(history: &mut Vec<RuleSetUse>, now: &UsedWith<'_>, today: Date) {
    if now.rules.is_none() && now.version.is_none() {
        return;
    }
    let is_same = |used: &&mut RuleSetUse| used.rules == now.rules && used.tool_version.as_deref() == now.version;
    match history.last_mut().filter(is_same) {
        Some(newest) => {
            newest.since = newest.since.min(today);
            newest.until = newest.until.max(today);
        }
        None => history.push(RuleSetUse {
            since: today,
            until: today,
            rules: now.rules.clone(),
            tool_version: now.version.map(str::to_owned),
        }),
    }
}

/// Forgets the uses that no open finding was last seen under; the newest stays.
pub(super) fn forget(history: &mut Vec<RuleSetUse>, scanner: &ScannerName, findings: &[Finding]) {
    let Some(newest) = history.len().checked_sub(1).filter(|at| *at > 0) else { return };
    let seen: BTreeSet<Date> = findings
        .iter()
        .filter(|f| !matches!(f.status, Status::Resolved { .. }))
        .filter_map(|f| f.scanners.get(scanner).filter(|a| a.ended.is_none()).map(|a| a.last_seen))
        .collect();
    let mut at = 0;
    history.retain(|used| {
        at += 1;
        at > newest || seen.range(used.since..=used.until).next().is_some()
    });
}
