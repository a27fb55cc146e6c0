//! Under which ids a plan may stand that speaks about a finding.

use std::{borrow::Cow, collections::HashSet};

use findings_model::{AdvisoryId, Finding, FindingId, Status};

/// The names of findings, as far as plans stand under them. Names are compared in the spelling that all writings of an id share.
#[derive(Debug, Default)]
pub struct PlanNames {
    /// Names that are a finding's own id.
    owned: HashSet<String>,
    /// Names that are an advisory id of a finding that has not ended.
    named: HashSet<String>,
}

impl PlanNames {
    /// Looks through findings. `has_plan` says whether a plan stands under a name.
    pub fn of_all(findings: &[Finding], has_plan: &dyn Fn(&str) -> bool) -> Self {
        let own = findings.iter().map(|finding| AdvisoryId::canonical_or(finding.finding_id.as_str()));
        let there = findings.iter().filter(|finding| !matches!(finding.status, Status::Resolved { .. }));
        let ids = there.flat_map(|finding| finding.subject.advisory_ids()).map(AdvisoryId::as_str);
        Self {
            owned: own.filter(|id| has_plan(id)).collect(),
            named: ids.filter(|id| has_plan(id)).map(str::to_owned).collect(),
        }
    }

    /// The names of one finding, of which the first with a plan counts: its id, then the other ids of the flaw that are no other
    /// finding's, then those that it had once and no other has now.
    pub fn of<'f>(&self, finding: &'f Finding) -> impl Iterator<Item = Cow<'f, str>> + use<'_, 'f> {
        let own = AdvisoryId::canonical_or(finding.finding_id.as_str());
        let not_own = own.clone();
        let aliases = finding.subject.advisory_ids().map(AdvisoryId::as_str);
        let others = aliases.filter(move |id| *id != not_own && !self.owned.contains(*id));
        let former_ids = finding.former_ids().map(FindingId::as_str);
        let is_free = |id: &&str| !self.owned.contains(*id) && !self.named.contains(*id);
        let former = finding.former_aliases().map(AdvisoryId::as_str).filter(is_free);
        std::iter::once(Cow::Owned(own)).chain(others.chain(former_ids).chain(former).map(Cow::Borrowed))
    }
}
