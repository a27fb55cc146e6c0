//! What semgrep's supply chain rules find: flaws of dependencies, in its own JSON and in that of its web API.

use findings_model::{AdvisoryId, Clearance, Gap, Package};
use serde::Deserialize;
use smol_str::SmolStr;

use super::{Extra, rating_of};
use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    wire::{Entries, Part, Text, Texts},
};

/// A finding of the web API.
#[derive(Deserialize)]
pub(super) struct SupplyChain<'a> {
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(borrow, default)]
    advisory: Part<Advisory<'a>>,
    #[serde(borrow, default, rename = "matchedDependency")]
    dependency: Part<Dependency<'a>>,
    #[serde(borrow, default, rename = "closestSafeDependency")]
    safe: Part<Dependency<'a>>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, default, rename = "ruleId")]
    rule: Text<'a>,
    #[serde(borrow, default)]
    ecosystem: Text<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default)]
    references: Part<AdvisoryReferences<'a>>,
}

#[derive(Deserialize)]
struct AdvisoryReferences<'a> {
    #[serde(borrow, default, rename = "cveIds")]
    cves: Texts<'a>,
}

#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default, rename = "versionSpecifier")]
    version: Text<'a>,
}

/// What a supply chain rule found: a dependency, and whether the code uses what is vulnerable in it.
#[derive(Deserialize)]
pub(super) struct ScaInfo<'a> {
    #[serde(borrow, default)]
    dependency_match: Part<DependencyMatch<'a>>,
}

#[derive(Deserialize)]
struct DependencyMatch<'a> {
    #[serde(borrow, default, rename = "found_dependency")]
    found: Part<FoundDependency<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FoundDependency<'a> {
    #[serde(borrow, default)]
    package: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    ecosystem: Text<'a>,
}

impl<'a> ScaInfo<'a> {
    /// The dependency that a rule found.
    pub(super) fn dependency(&self) -> Option<&FoundDependency<'a>> {
        self.dependency_match.get()?.found.get()
    }
}

/// Takes in a match of a supply chain rule: a flaw of a dependency, wherever the file is that names it.
pub(super) fn take_found(
    draft: &mut Draft,
    (rule, extra): (&str, &Extra<'_>),
    dependency: &FoundDependency<'_>,
    index: usize,
) {
    let ecosystem = observe::ecosystem(dependency.ecosystem.or_empty());
    let package = match Package::new(ecosystem, dependency.package.or_empty()) {
        Ok(package) => package,
        Err(error) => return draft.bad_record(format_args!("results[{index}]"), error),
    };
    let metadata = extra.metadata.get();
    let named = metadata.iter().flat_map(|m| m.advisory.iter().chain(m.ghsa.iter()).chain(m.cve.iter()));
    let mut ids: Vec<AdvisoryId> = observe::aliases(named);
    if ids.is_empty() {
        // A rule without an advisory is one of semgrep's own.
        match AdvisoryId::parse(rule.rsplit('.').next().unwrap_or(rule)) {
            Ok(id) => ids.push(id),
            Err(error) => {
                return draft.bad_record_in(Gap::Package(package), format_args!("results[{index}]"), error);
            }
        }
    }
    let fixes = metadata.iter().flat_map(|m| m.fixes.items()).flat_map(Entries::entries);
    let of_package = |name: &str| Package::new(package.ecosystem().clone(), name).is_ok_and(|named| named == package);
    let mut fix_versions: Vec<SmolStr> = Vec::new();
    for version in fixes.filter(|(name, _)| of_package(name)).filter_map(|(_, fix)| clean::version(fix.get()?)) {
        if !fix_versions.contains(&version) {
            fix_versions.push(version);
        }
    }
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        id: ids.swap_remove(0),
        aliases: ids.into_iter().collect(),
        version: dependency.version.get(),
        fix_versions,
        rating: rating_of(extra),
        description: extra.message.or_empty(),
        url: metadata.and_then(|m| m.source.get()),
        clearance: (extra.is_ignored.0 == Some(true)).then_some(Clearance::Suppressed),
        package,
    }));
}

/// Takes in a finding of the web API.
pub(super) fn take_listed(draft: &mut Draft, found: &SupplyChain<'_>, index: usize) {
    let Some(advisory) = found.advisory.get() else {
        return draft.bad_record(format_args!("vulns[{index}]"), "it has no `advisory`");
    };
    let dependency = found.dependency.get();
    let ecosystem = observe::ecosystem(advisory.ecosystem.or_empty());
    let package = match dependency.and_then(|d| d.name.get()).map(|name| Package::new(ecosystem, name)) {
        Some(Ok(package)) => package,
        Some(Err(error)) => return draft.bad_record(format_args!("vulns[{index}]"), error),
        None => {
            let gap = Gap::Unnamed(format!("the package of vulns[{index}]"));
            draft.blurred(gap, format_args!("vulns[{index}]"), "it does not say which package it is about");
            Package::unnamed()
        }
    };
    let ids: Vec<&str> =
        advisory.references.get().iter().flat_map(|r| r.cves.iter()).chain(advisory.rule.get()).collect();
    let id = ids.first().copied().or(found.title.get()).unwrap_or_default();
    let id = match AdvisoryId::parse(id) {
        Ok(id) => id,
        Err(error) => {
            return draft.bad_record_in(Gap::Package(package), format_args!("vulns[{index}]"), error);
        }
    };
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: dependency.and_then(|d| d.version.get()),
        id,
        aliases: observe::aliases(ids.iter().skip(1).copied()),
        fix_versions: found.safe.get().and_then(|d| clean::version(d.version.get()?)).into_iter().collect(),
        rating: observe::rated_by_word(advisory.severity.or_empty()),
        description: advisory.description.get().or(found.title.get()).unwrap_or_default(),
        url: None,
        clearance: None,
    }));
}
