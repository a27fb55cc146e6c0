//! Which plans speak about which finding.

use std::collections::HashMap;

use findings_model::{AdvisoryId, ExceptedBy, Finding, Severity};
use time::Date;

use crate::{Plan, PlanNames, PlanStatus, Plans};

/// Plans by the name they stand under.
pub(super) struct PlanIndex<'a> {
    plans: HashMap<String, Vec<&'a Plan>>,
    names: PlanNames,
    today: Date,
}

impl<'a> PlanIndex<'a> {
    pub(super) fn new(plans: &'a Plans, findings: &[Finding], today: Date) -> Self {
        let mut by_key: HashMap<String, Vec<&'a Plan>> = HashMap::new();
        // Most plans say nothing that matters here: nobody has touched them.
        for plan in plans.all().iter().filter(|p| p.status.is_exception() || p.severity.is_some()) {
            by_key.entry(AdvisoryId::canonical_or(&plan.key)).or_default().push(plan);
        }
        let names = if by_key.is_empty() {
            PlanNames::default()
        } else {
            PlanNames::of_all(findings, &|name| by_key.contains_key(name))
        };
        Self { plans: by_key, names, today }
    }

    /// The plans of a finding in the order of its names; archived ones last.
    fn of(&self, finding: &Finding) -> std::vec::IntoIter<&'a Plan> {
        if self.plans.is_empty() {
            return Vec::new().into_iter();
        }
        let names = self.names.of(finding);
        let mut found: Vec<&'a Plan> = names.filter_map(|name| self.plans.get(&*name)).flatten().copied().collect();
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
