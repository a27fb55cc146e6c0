//! The plans of the findings that the document shows.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    hash::Hash,
};

use findings_model::{AdvisoryId, Finding, FindingId};

use crate::{Plan, PlanNames, Plans, plans::untouched};

/// The plan of each of these findings that has one, archived ones left out.
pub(super) fn plans_of<'a>(
    plans: &'a Plans,
    all: &[Finding],
    shown: &[&'a Finding],
) -> HashMap<&'a FindingId, Cow<'a, Plan>> {
    // Nearly every plan stands under the id of its finding, letter for letter.
    let ids: HashMap<&str, &FindingId> = shown.iter().map(|f| (f.finding_id.as_str(), &f.finding_id)).collect();
    let mut found = by(plans, |key| ids.get(key).copied());
    let rest: Vec<&Finding> = shown.iter().copied().filter(|f| !found.contains_key(&f.finding_id)).collect();
    if rest.is_empty() {
        return found;
    }
    let any_name = PlanNames::default();
    let wanted: HashSet<Cow<'_, str>> = rest.iter().flat_map(|finding| any_name.of(finding)).collect();
    let by_name = by(plans, |key| Some(AdvisoryId::canonical_or(key)).filter(|name| wanted.contains(name.as_str())));
    if by_name.is_empty() {
        return found;
    }
    let names = PlanNames::of_all(all, &|name| by_name.contains_key(name));
    let named = rest.into_iter().filter_map(|finding| {
        let plan = names.of(finding).find_map(|name| by_name.get(&*name))?;
        Some((&finding.finding_id, plan.clone()))
    });
    found.extend(named);
    found
}

/// The plans to whose keys `name` gives something, by that.
fn by<K: Eq + Hash>(plans: &Plans, name: impl Fn(&str) -> Option<K>) -> HashMap<K, Cow<'_, Plan>> {
    let mut found = HashMap::new();
    for key in plans.untouched() {
        if let Some(name) = name(key) {
            found.insert(name, Cow::Owned(untouched::plan(key, None)));
        }
    }
    for plan in plans.all().iter().filter(|plan| !plan.archived) {
        if let Some(name) = name(&plan.key) {
            found.insert(name, Cow::Borrowed(plan));
        }
    }
    found
}
