//! Which plans speak about which finding.

use std::collections::{HashMap, HashSet};

use findings_model::{AdvisoryId, ExceptedBy, Finding, FindingId, Severity, Status};
use time::Date;

use crate::{Plan, PlanStatus, Plans};

/// Plans by the id they stand under, an id that names another finding excluded.
pub(super) struct PlanIndex<'a> {
    plans: HashMap<String, Vec<&'a Plan>>,
    owned: HashSet<String>,
    /// Keys that are an advisory id of a finding that is there.
    named: HashSet<String>,
    today: Date,
}

impl<'a> PlanIndex<'a> {
    pub(super) fn new(plans: &'a Plans, findings: &[Finding], today: Date) -> Self {
        let mut by_key: HashMap<String, Vec<&'a Plan>> = HashMap::new();
        // Most plans say nothing that matters here: nobody has touched them.
        for plan in plans.all().iter().filter(|p| p.status.is_exception() || p.severity.is_some()) {
            by_key.entry(AdvisoryId::canonical_or(&plan.key)).or_default().push(plan);
        }
        let owned = if by_key.is_empty() {
            HashSet::new()
        } else {
            findings
                .iter()
                .map(|f| AdvisoryId::canonical_or(f.finding_id.as_str()))
                .filter(|id| by_key.contains_key(id))
                .collect()
        };
        let mut named = HashSet::new();
        if !by_key.is_empty() {
            let there = findings.iter().filter(|f| !matches!(f.status, Status::Resolved { .. }));
            let ids = there.flat_map(|f| f.subject.advisory_ids()).map(AdvisoryId::as_str);
            named.extend(ids.filter(|id| by_key.contains_key(*id)).map(str::to_owned));
        }
        Self { plans: by_key, owned, named, today }
    }

    /// The plans of a finding: the one under its id, then those under another id of the flaw, then those under an id that it
    /// had once and no other has now; archived ones last.
    fn of(&self, finding: &Finding) -> std::vec::IntoIter<&'a Plan> {
        if self.plans.is_empty() {
            return Vec::new().into_iter();
        }
        let own = AdvisoryId::canonical_or(finding.finding_id.as_str());
        let aliases = finding.subject.advisory_ids().into_iter().map(AdvisoryId::as_str);
        let others = aliases.filter(|id| *id != own && !self.owned.contains(*id));
        let is_free = |id: &&str| !self.owned.contains(*id) && !self.named.contains(*id);
        let former = finding.former_aliases().map(AdvisoryId::as_str).filter(is_free);
        let mut found: Vec<&'a Plan> = std::iter::once(own.as_str())
            .chain(others)
            .chain(finding.former_ids().map(FindingId::as_str))
            .chain(former)
            .filter_map(|key| self.plans.get(key))
            .flatten()
            .copied()
            .collect();
        found.sort_by_key(|p| p.archived);
        found.into_iter()
    }

    /// The exception that holds today, with its plan.
    pub(super) fn exception(&self, finding: &Finding) -> Option<(&'a Plan, ExceptedBy)> {
        self.of(finding).filter(|p| p.expires.is_none_or(|last| self.today <= last)).find_map(|p| {
            let by = match p.status {
                PlanStatus::AcceptedRisk => ExceptedBy::AcceptedRisk { until: p.expires },
                PlanStatus::FalsePositive => ExceptedBy::FalsePositive { until: p.expires },
                PlanStatus::NotAffected => ExceptedBy::NotAffected { until: p.expires },
                _ => return None,
            };
            Some((p, by))
        })
    }

    /// The exception that held until a day that is past.
    pub(super) fn expired(&self, finding: &Finding) -> Option<(&'a str, Date)> {
        self.of(finding)
            .filter(|p| p.status.is_exception() && !p.archived)
            .find_map(|p| Some((p.key.as_str(), p.expires.filter(|last| *last < self.today)?)))
    }

    /// A person's word on the severity.
    pub(super) fn severity(&self, finding: &Finding) -> Option<Severity> {
        self.of(finding).find_map(|p| p.severity)
    }
}
