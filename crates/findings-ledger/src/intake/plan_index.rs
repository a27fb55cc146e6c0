//! Which plans speak about which finding.

use std::collections::{HashMap, HashSet};

use findings_model::{AdvisoryId, ExceptedBy, Finding, Severity};
use time::Date;

use crate::{Plan, PlanStatus, Plans};

/// Plans by the id they stand under, an id that names another finding excluded.
pub(super) struct PlanIndex<'a> {
    plans: HashMap<String, Vec<&'a Plan>>,
    owned: HashSet<String>,
    today: Date,
}

impl<'a> PlanIndex<'a> {
    pub(super) fn new(plans: &'a Plans, findings: &[Finding], today: Date) -> Self {
        let mut by_key: HashMap<String, Vec<&'a Plan>> = HashMap::new();
        for plan in plans.all() {
            by_key.entry(canonical(&plan.key)).or_default().push(plan);
        }
        let owned =
            findings.iter().map(|f| canonical(f.finding_id.as_str())).filter(|id| by_key.contains_key(id)).collect();
        Self { plans: by_key, owned, today }
    }

    /// The plans of a finding: the one under its id, then those under another id of the flaw; archived ones last.
    fn of(&self, finding: &Finding) -> std::vec::IntoIter<&'a Plan> {
        if self.plans.is_empty() {
            return Vec::new().into_iter();
        }
        let own = canonical(finding.finding_id.as_str());
        let aliases = finding.subject.advisory_ids().into_iter().map(|id| id.as_str().to_owned());
        let others: Vec<String> = aliases.filter(|id| *id != own && !self.owned.contains(id)).collect();
        let mut found: Vec<&'a Plan> =
            std::iter::once(own).chain(others).filter_map(|key| self.plans.get(&key)).flatten().copied().collect();
        found.sort_by_key(|p| p.archived);
        found.into_iter()
    }

    /// The exception that holds today.
    pub(super) fn exception(&self, finding: &Finding) -> Option<ExceptedBy> {
        self.of(finding).filter(|p| p.expires.is_none_or(|last| self.today <= last)).find_map(|p| match p.status {
            PlanStatus::AcceptedRisk => Some(ExceptedBy::AcceptedRisk { until: p.expires }),
            PlanStatus::FalsePositive => Some(ExceptedBy::FalsePositive { until: p.expires }),
            _ => None,
        })
    }

    /// A person's word on the severity.
    pub(super) fn severity(&self, finding: &Finding) -> Option<Severity> {
        self.of(finding).find_map(|p| p.severity)
    }
}

/// An id in the spelling that all writings of it share.
fn canonical(id: &str) -> String {
    AdvisoryId::parse(id).map_or_else(|_| id.to_owned(), |id| id.as_str().to_owned())
}
