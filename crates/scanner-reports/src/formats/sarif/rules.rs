//! The rules of a run and the kinds of its notifications: how they are referred to, and which level each has.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::wire::{Component, ComponentReference, Invocation, Override, Rule, RuleReference, Run, SarifResult};
use crate::{
    clean,
    wire::{List, Number, Record},
};

/// A part of the tool, with what it lists.
type Part<'r> = (&'r Component<'r>, &'r [Record<Rule<'r>>]);

/// The rules of a run's driver and extensions, or the kinds of their notifications.
pub(super) struct Descriptors<'r> {
    driver: Option<Part<'r>>,
    extensions: Vec<Part<'r>>,
    by_id: HashMap<&'r str, &'r Rule<'r>>,
    by_guid: HashMap<String, &'r Rule<'r>>,
}

impl<'r> Descriptors<'r> {
    pub(super) fn of(run: &'r Run<'r>, listed: fn(&'r Component<'r>) -> &'r List<Record<Rule<'r>>>) -> Self {
        let part = |component| (component, listed(component).items());
        let driver = run.tool.get().and_then(|tool| tool.driver.get()).map(part);
        let extensions = run.tool.get().into_iter().flat_map(|tool| tool.extensions.items()).filter_map(Record::good);
        let extensions: Vec<_> = extensions.map(part).collect();
        let (mut by_id, mut by_guid) = (HashMap::new(), HashMap::new());
        let parts = driver.into_iter().chain(extensions.iter().copied());
        let all = parts.flat_map(|(_, rules)| rules).filter_map(Record::good);
        for rule in all.clone() {
            if let Some(id) = rule.id.get() {
                by_id.entry(id).or_insert(rule);
            }
            if let Some(guid) = rule.guid.get() {
                by_guid.entry(guid.to_ascii_lowercase()).or_insert(rule);
            }
        }
        for rule in all {
            for id in rule.deprecated.iter() {
                by_id.entry(id).or_insert(rule);
            }
        }
        Self { driver, extensions, by_id, by_guid }
    }

    /// What a result or a reference means: by index where its id agrees, else by GUID, by id, or by the front of a hierarchical id
    /// (`A/B` is a kind of `A`).
    pub(super) fn find(
        &self,
        id: Option<&str>,
        index: Number<'_>,
        reference: Option<&RuleReference<'_>>,
    ) -> Option<&'r Rule<'r>> {
        let id = id.or(reference.and_then(|r| r.id.get()));
        if let Some(rule) = self.by_index(index, reference)
            && id.is_none_or(|id| {
                rule.id
                    .get()
                    .is_some_and(|own| id == own || id.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')))
                    || rule.deprecated.iter().any(|former| former == id)
            })
        {
            return Some(rule);
        }
        if let Some(guid) = reference.and_then(|r| r.guid.get())
            && let Some(rule) = self.by_guid.get(&guid.to_ascii_lowercase())
        {
            return Some(rule);
        }
        let mut id = id?;
        loop {
            if let Some(rule) = self.by_id.get(id) {
                return Some(rule);
            }
            id = id.rsplit_once('/')?.0;
        }
    }

    pub(super) fn of_result(&self, result: &SarifResult<'_>) -> Option<&'r Rule<'r>> {
        self.find(result.rule_id.get(), result.rule_index, result.rule.get())
    }

    pub(super) fn driver(&self) -> Option<&'r Component<'r>> {
        self.driver.map(|(driver, _)| driver)
    }

    /// All that are listed.
    fn listed(&self) -> impl Iterator<Item = &'r Rule<'r>> {
        let parts = self.driver.into_iter().chain(self.extensions.iter().copied());
        parts.flat_map(|(_, rules)| rules).filter_map(Record::good)
    }

    fn part(&self, reference: &ComponentReference<'_>) -> Option<Part<'r>> {
        if let Some(index) = reference.index.count() {
            return self.extensions.get(usize::try_from(index).ok()?).copied();
        }
        let mut parts = self.driver.into_iter().chain(self.extensions.iter().copied());
        if let Some(guid) = reference.guid.get() {
            return parts.find(|(c, _)| c.guid.get().is_some_and(|own| own.eq_ignore_ascii_case(guid)));
        }
        let name = reference.name.get()?;
        parts.find(|(c, _)| c.name.get() == Some(name))
    }

    fn by_index(&self, index: Number<'_>, reference: Option<&RuleReference<'_>>) -> Option<&'r Rule<'r>> {
        let index = reference.and_then(|r| r.index.count()).or(index.count())?;
        let (_, rules) = match reference.and_then(|r| r.component.get()) {
            Some(component) => self.part(component)?,
            None => self.driver?,
        };
        rules.get(usize::try_from(index).ok()?)?.good()
    }
}

/// Which rules a run shows to have been run.
pub(super) struct RulesRun {
    /// The run lists rules without a result: then it lists all that were run, and not only those that found something.
    pub(super) lists_all: bool,
    pub(super) names: BTreeSet<String>,
}

/// The rules of a run's results, also of those that say that all is well, and of its list those that were not switched off, if it has
/// rules without a result.
pub(super) fn were_run(run: &Run<'_>, descriptors: &Descriptors<'_>) -> RulesRun {
    let (mut own, mut telling): (HashSet<&str>, HashSet<&str>) = (HashSet::new(), HashSet::new());
    for result in run.results.items().iter().filter_map(Record::good) {
        let id = result.rule_id.get().or(result.rule.get().and_then(|r| r.id.get()));
        if result.kind.or_empty() == "notApplicable" || result.baseline.or_empty() == "absent" {
            continue;
        }
        if id.is_none_or(|id| own.insert(id)) {
            telling.extend(descriptors.of_result(result).and_then(|rule| rule.id.get()));
        }
    }
    let mut names: BTreeSet<String> = own.into_iter().map(clean::rule).collect();
    let switched = switched(run, descriptors);
    let is_on = |rule: &Rule<'_>| {
        let by_default = rule.configuration.get().and_then(|configuration| configuration.enabled.0).unwrap_or(true);
        rule.id.get().is_some_and(|id| switched.get(id).copied().unwrap_or(by_default))
    };
    let on: Vec<&Rule<'_>> = descriptors.listed().filter(|rule| is_on(rule)).collect();
    let lists_all = on.iter().any(|rule| rule.id.get().is_some_and(|id| !telling.contains(id)));
    if lists_all {
        names.extend(
            on.iter().flat_map(|rule| rule.id.get().into_iter().chain(rule.deprecated.iter())).map(clean::rule),
        );
    }
    RulesRun { lists_all, names }
}

/// Rules that the users of a run switched on or off; off where two invocations differ.
fn switched<'r>(run: &'r Run<'_>, descriptors: &Descriptors<'r>) -> HashMap<&'r str, bool> {
    let mut switched = HashMap::new();
    let invocations = run.invocations.items().iter().filter_map(Record::good);
    for said in invocations.flat_map(|i| i.rule_overrides.items()).filter_map(Record::good) {
        let reference = said.descriptor.get();
        let rule = descriptors.find(None, Number::default(), reference);
        let id = rule.and_then(|r| r.id.get()).or(reference.and_then(|r| r.id.get()));
        if let Some((id, is_on)) = id.zip(said.configuration.get().and_then(|c| c.enabled.0)) {
            *switched.entry(id).or_insert(true) &= is_on;
        }
    }
    switched
}

/// The levels that the users of a run gave to its rules or notifications, of each invocation by id.
pub(super) struct Levels<'r> {
    of_each: Vec<HashMap<&'r str, &'r str>>,
    of_any: HashMap<&'r str, &'r str>,
}

impl<'r> Levels<'r> {
    pub(super) fn of(
        run: &'r Run<'r>,
        descriptors: &Descriptors<'r>,
        overrides: fn(&'r Invocation<'r>) -> &'r List<Record<Override<'r>>>,
    ) -> Self {
        let mut levels = Self { of_each: Vec::new(), of_any: HashMap::new() };
        for record in run.invocations.items() {
            let mut own = HashMap::new();
            for said in record.good().iter().flat_map(|i| overrides(i).items()).filter_map(Record::good) {
                let reference = said.descriptor.get();
                let rule = descriptors.find(None, Number::default(), reference);
                let id = rule.and_then(|r| r.id.get()).or(reference.and_then(|r| r.id.get()));
                if let Some((id, level)) = id.zip(said.configuration.get().and_then(|c| c.level.get())) {
                    own.entry(id).or_insert(level);
                    levels.of_any.entry(id).or_insert(level);
                }
            }
            levels.of_each.push(own);
        }
        levels
    }

    /// The level that an invocation gave, or where none is named any of them.
    pub(super) fn given(&self, id: Option<&str>, invocation: Option<u64>) -> Option<&'r str> {
        let own = match invocation {
            Some(index) => self.of_each.get(usize::try_from(index).ok()?)?,
            None => &self.of_any,
        };
        own.get(id?).copied()
    }
}
