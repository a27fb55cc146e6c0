use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use findings_model::{
    AdvisoryId, CoverageState, ExceptedBy, Finding, FindingId, FindingSet, Package, ResolvedReason, ScannerName, Scope,
    Severity, SeverityCounts, Status, Subject, identity, order,
};
use sha2::{Digest, Sha256};

use crate::{
    Change, ChangeReason, ChangeSet, ChangeType, FindingState, IncompleteScan, OpenFinding, Posture, PostureTrend,
};

/// How many unchanged open findings a change set lists.
pub const STILL_OPEN_LIMIT: usize = 100;

/// Says what changed from `previous` (none on a first scan) to `current`.
///
/// Sets of one lineage share their ids. Others are matched by evidence, where `file_gone` tells whether a path of the
/// earlier side no longer exists.
pub fn detect(previous: Option<&FindingSet>, current: &FindingSet, file_gone: &dyn Fn(&str) -> bool) -> ChangeSet {
    let before: &[Finding] = previous.map_or(&[], |p| &p.findings);
    let Pairs { earlier, matched } = match previous {
        Some(previous) => pairs(previous, current, file_gone),
        None => Pairs { earlier: vec![None; current.findings.len()], matched: Vec::new() },
    };
    let mut changes = Vec::new();
    let mut unchanged = Vec::new();
    for (finding, earlier) in current.findings.iter().zip(&earlier) {
        match compare(earlier.map(|index| &before[index]), finding) {
            Some(change) => changes.push(change),
            None if finding.is_open() => unchanged.push((finding, true)),
            None => {}
        }
    }
    let lives_on = LivesOn::of(current, previous.is_some_and(|p| is_one_lineage(p, current)));
    for finding in before.iter().zip(&matched).filter(|(f, matched)| !**matched && f.is_open()).map(|(f, _)| f) {
        if lives_on.includes(finding) {
            continue;
        }
        if is_gone_for_sure(finding, current) {
            let removed = finding.subject.path().is_some_and(file_gone);
            changes.push(resolved(
                finding,
                Some(if removed { ChangeReason::Removed } else { ChangeReason::NoLongerReported }),
            ));
        } else {
            unchanged.push((finding, false));
        }
    }

    let still_there = changes.iter().filter(|c| counts_as_open(c)).map(|c| c.impact_level);
    let counts = SeverityCounts::count(unchanged.iter().map(|(f, _)| f.rating.severity).chain(still_there));
    // Without a single usable scan there is no posture: "nothing open" would be a guess.
    let scanned = current.scanners.values().any(|scanner| scanner.first_usable.is_some());
    let posture = (scanned || !current.findings.is_empty()).then(|| Posture {
        previous: previous
            .map(|p| SeverityCounts::count(p.findings.iter().filter(|f| f.is_open()).map(|f| f.rating.severity))),
        current: counts,
    });
    let mut still_open: Vec<_> = unchanged.iter().map(|(finding, known)| OpenFinding::of(finding, *known)).collect();
    order::sort_by(&mut still_open, |a, b| {
        (a.severity.list_order(), &a.finding_id).cmp(&(b.severity.list_order(), &b.finding_id))
    });
    still_open.truncate(STILL_OPEN_LIMIT);
    Change::put_in_order(&mut changes);
    let mut set = ChangeSet {
        schema_version: ChangeSet::SCHEMA,
        first_scan: previous.is_none(),
        changes,
        incomplete: incomplete(current),
        posture_trend: PostureTrend::Unknown,
        posture,
        still_open,
        compared_with: previous.map(digest),
    };
    if let Some(Posture { previous: Some(before), current }) = &set.posture
        && !set.lacks_a_scan()
    {
        set.posture_trend = PostureTrend::between(before, current);
    }
    set
}

/// Which findings of two sets are the same.
struct Pairs {
    /// For each current finding the index of the same one in the earlier set.
    earlier: Vec<Option<usize>>,
    /// For each earlier finding whether it is one of the current ones.
    matched: Vec<bool>,
}

fn pairs(previous: &FindingSet, current: &FindingSet, file_gone: &dyn Fn(&str) -> bool) -> Pairs {
    let before = &previous.findings;
    let mut matched = vec![false; before.len()];
    let earlier = if is_one_lineage(previous, current) {
        let mut by_id = BTreeMap::new();
        by_id.extend(before.iter().enumerate().map(|(index, f)| (&f.finding_id, index)));
        let mut of = |now: &Finding| {
            // What was known under several ids is one finding now. It is compared with the worst that was known of it.
            let ids = std::iter::once(&now.finding_id).chain(now.former_ids());
            let same = ids.filter_map(|id| by_id.get(id)).copied();
            same.filter(|index| is_same(&before[*index], now, file_gone)).fold(None, |worst: Option<usize>, index| {
                matched[index] = true;
                let is_worse = worst.is_none_or(|worst| weight(&before[index]) > weight(&before[worst]));
                if is_worse { Some(index) } else { worst }
            })
        };
        current.findings.iter().map(&mut of).collect()
    } else {
        let pairs = identity::pair(before, &current.findings, file_gone);
        for index in pairs.iter().flatten() {
            matched[*index] = true;
        }
        pairs
    };
    Pairs { earlier, matched }
}

/// Whether an id means the same finding on both sides. Two branches of one history can give it to different ones: of another
/// package, or in another file while the first one is still there.
fn is_same(earlier: &Finding, now: &Finding, file_gone: &dyn Fn(&str) -> bool) -> bool {
    let (before, after) = (earlier.subject.package(), now.subject.package());
    // What was known without its package has one since a report names it.
    (before == after || before.is_some_and(Package::is_unnamed))
        && match (earlier.subject.path(), now.subject.path()) {
            (Some(before), Some(now)) => before == now || file_gone(before),
            _ => true,
        }
}

/// How much a finding weighs: an open one more than a closed one, then the severity, unknown as high.
fn weight(finding: &Finding) -> (bool, Option<u8>) {
    let severity = match finding.rating.severity {
        Severity::Unknown => Severity::High,
        known => known,
    };
    (finding.is_open(), severity.rank())
}

/// Whether both sets give the same finding the same id.
fn is_one_lineage(previous: &FindingSet, current: &FindingSet) -> bool {
    previous.lineage.is_some() && previous.lineage == current.lineage
}

fn compare(earlier: Option<&Finding>, now: &Finding) -> Option<Change> {
    let Some(earlier) = earlier else {
        return now.is_open().then(|| Change::about(now, ChangeType::NewVulnerability));
    };
    match (&earlier.status, &now.status) {
        (Status::Open | Status::Unverified { .. }, Status::Open | Status::Unverified { .. }) => {
            still_open(earlier, now)
        }
        (Status::Open | Status::Unverified { .. }, Status::Resolved { reason: ResolvedReason::Withdrawn, .. }) => {
            let mut change = gone(earlier, now, ChangeType::Withdrawn);
            change.new_state = FindingState::Withdrawn;
            Some(change)
        }
        // A false positive or a suppressed line was no flaw; that it is gone is no news. An accepted risk was one.
        (
            Status::Open | Status::Unverified { .. } | Status::Excepted { by: ExceptedBy::AcceptedRisk { .. } },
            Status::Resolved { reason, .. },
        ) => {
            let reason = ChangeReason::of_resolution(*reason)?;
            let mut change = gone(earlier, now, ChangeType::Resolved);
            change.reason = Some(reason);
            Some(change)
        }
        (Status::Open | Status::Unverified { .. }, Status::Excepted { by }) => {
            let mut change = Change::about(now, ChangeType::Excepted);
            change.old_state = Some(state(earlier));
            change.old_severity = Some(earlier.rating.severity);
            change.new_state = FindingState::Excepted;
            change.reason = Some(ChangeReason::of_exception(by));
            Some(change)
        }
        (Status::Resolved { .. }, Status::Open | Status::Unverified { .. }) => {
            let mut change = Change::about(now, ChangeType::Reopened);
            change.old_state = Some(state(earlier));
            change.old_severity = Some(earlier.rating.severity);
            Some(change)
        }
        (Status::Excepted { .. }, Status::Open | Status::Unverified { .. }) => {
            let mut change = Change::about(now, ChangeType::ExceptionExpired);
            change.old_state = Some(FindingState::Excepted);
            change.old_severity = Some(earlier.rating.severity);
            Some(change)
        }
        (Status::Resolved { .. } | Status::Excepted { .. }, Status::Resolved { .. } | Status::Excepted { .. }) => None,
    }
}

fn still_open(earlier: &Finding, now: &Finding) -> Option<Change> {
    let (change_type, reason) = if earlier.rating.severity != now.rating.severity {
        (ChangeType::SeverityChange, None)
    } else if earlier.scope == Scope::Development && now.scope != Scope::Development {
        (ChangeType::Updated, Some(ChangeReason::ScopeChanged))
    } else if !has_fix(earlier) && has_fix(now) {
        (ChangeType::Updated, Some(ChangeReason::FixAvailable))
    } else if version(earlier) != version(now) {
        (ChangeType::Updated, Some(ChangeReason::VersionChanged))
    } else {
        return None;
    };
    let mut change = Change::about(now, change_type);
    change.old_state = Some(state(earlier));
    change.old_severity = Some(earlier.rating.severity);
    change.old_scope = Some(earlier.scope).filter(|before| *before != now.scope);
    change.reason = reason;
    Some(change)
}

fn has_fix(finding: &Finding) -> bool {
    finding.fix_version.is_some() || matches!(&finding.subject, Subject::Vulnerability(v) if !v.fix_versions.is_empty())
}

fn version(finding: &Finding) -> Option<&str> {
    match &finding.subject {
        Subject::Vulnerability(v) => v.version.as_deref(),
        _ => None,
    }
}

fn state(finding: &Finding) -> FindingState {
    match &finding.status {
        Status::Open | Status::Unverified { .. } => FindingState::Present(finding.rating.severity),
        Status::Resolved { reason: ResolvedReason::Withdrawn, .. } => FindingState::Withdrawn,
        Status::Resolved { .. } => FindingState::Resolved,
        Status::Excepted { .. } => FindingState::Excepted,
    }
}

/// A finding that is gone: described as it was, because that is what was resolved, with every id that is known today.
fn gone(earlier: &Finding, now: &Finding, change_type: ChangeType) -> Change {
    let mut change = resolved(earlier, None);
    change.change_type = change_type;
    let mut ids: BTreeSet<_> = BTreeSet::new();
    ids.extend(change.aliases.drain(..).chain(now.subject.advisory_ids().cloned()));
    change.aliases = ids.into_iter().collect();
    change.finding_id = now.finding_id.clone();
    change
}

fn resolved(earlier: &Finding, reason: Option<ChangeReason>) -> Change {
    let mut change = Change::about(earlier, ChangeType::Resolved);
    change.old_state = Some(state(earlier));
    change.new_state = FindingState::Resolved;
    change.old_severity = Some(earlier.rating.severity);
    change.new_severity = None;
    change.reason = reason;
    change
}

/// Whether every scanner that reports the finding did a complete scan without it.
///
/// A scanner that never listed anything (`[]` and nothing else) proves nothing, and neither does a retired one.
fn is_gone_for_sure(finding: &Finding, current: &FindingSet) -> bool {
    let active: Vec<&ScannerName> =
        finding.scanners.iter().filter(|(_, a)| a.ended.is_none()).map(|(name, _)| name).collect();
    let scanners = if active.is_empty() { vec![&finding.source_scanner] } else { active };
    scanners.into_iter().all(|name| {
        current.scanners.get(name).is_some_and(|scanner| {
            !scanner.retired
                && scanner.ever_covered
                && !scanner.newest.is_empty()
                && scanner.newest.iter().all(|scan| scan.coverage == CoverageState::Complete)
        })
    })
}

/// The flaws of the current side: a finding whose id is gone because it was recognised as the same flaw as another one is not resolved.
struct LivesOn<'a> {
    flaws: BTreeSet<(&'a Package, &'a AdvisoryId)>,
    /// Ids of findings that were folded into others; empty where the sides do not share their ids.
    folded: BTreeSet<&'a FindingId>,
}

impl<'a> LivesOn<'a> {
    fn of(current: &'a FindingSet, is_one_lineage: bool) -> Self {
        let there = current.findings.iter().filter(|f| !matches!(f.status, Status::Resolved { .. }));
        let mut lives_on = Self { flaws: BTreeSet::new(), folded: BTreeSet::new() };
        lives_on.flaws.extend(there.flat_map(|f| flaw_keys(&f.subject)));
        lives_on.folded.extend(current.findings.iter().filter(|_| is_one_lineage).flat_map(Finding::former_ids));
        lives_on
    }

    fn includes(&self, finding: &'a Finding) -> bool {
        self.folded.contains(&finding.finding_id) || flaw_keys(&finding.subject).any(|key| self.flaws.contains(&key))
    }
}

fn flaw_keys(subject: &Subject) -> impl Iterator<Item = (&Package, &AdvisoryId)> {
    subject.package().into_iter().flat_map(|package| subject.advisory_ids().map(move |id| (package, id)))
}

fn counts_as_open(change: &Change) -> bool {
    matches!(change.new_state, FindingState::Present(_))
}

fn incomplete(current: &FindingSet) -> Vec<IncompleteScan> {
    let mut scans = Vec::new();
    for (name, scanner) in current.scanners.iter().filter(|(_, s)| !s.retired) {
        if scanner.newest.is_empty() && scanner.required {
            scans.push(IncompleteScan {
                scanner: name.clone(),
                file: None,
                coverage: CoverageState::Missing,
                reasons: vec!["there is no report of it".to_owned()],
                not_covered: Vec::new(),
                earlier: false,
            });
        }
        scans.extend(scanner.newest.iter().filter(|s| s.coverage != CoverageState::Complete).map(IncompleteScan::of));
    }
    order::sort_by(&mut scans, |a, b| (&a.scanner, &a.file).cmp(&(&b.scanner, &b.file)));
    scans
}

/// Findings with their places, states and severities, without dates and in any order: 64 hexadecimal digits of SHA-256.
fn digest(set: &FindingSet) -> String {
    let line = |f: &Finding| {
        let place =
            f.subject.package().map_or_else(|| f.subject.path().unwrap_or_default().to_owned(), ToString::to_string);
        let scope = match f.scope {
            Scope::Runtime => "runtime",
            Scope::Development => "development",
            Scope::Unknown => "unknown",
        };
        let parts = [f.finding_id.as_str(), &place, version(f).unwrap_or_default(), scope];
        format!("{parts:?} {} {}", state(f), f.rating.severity)
    };
    let mut lines: Vec<String> = set.findings.iter().map(line).collect();
    order::sort_by(&mut lines, Ord::cmp);
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", set.lineage));
    for line in lines {
        hash.update(line);
        hash.update("\n");
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}
