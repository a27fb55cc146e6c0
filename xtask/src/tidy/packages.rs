//! Where foreign packages come from, under which licence, and which are banned: the lists of deny.toml, without cargo-deny.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::Metadata;
use serde::Deserialize;
use toml::{Table, Value};

use super::Files;

pub(super) fn problems(files: &Files, metadata: &Metadata) -> Result<Vec<String>> {
    let rules: Table = toml::from_str(&files.text(Path::new("deny.toml"))?).context("deny.toml is not TOML")?;
    let licences = texts(&rules, "licenses", "allow");
    let registries = texts(&rules, "sources", "allow-registry");
    let mut problems = Vec::new();
    for package in &metadata.packages {
        let Some(source) = &package.source else {
            continue;
        };
        let known = source.repr.strip_prefix("registry+").is_some_and(|registry| registries.contains(registry));
        if !known {
            problems.push(format!("{}: comes from {source}", package.name));
        }
        let licence = package.license.as_deref().unwrap_or_default();
        if !is_allowed(licence, &licences) {
            problems.push(format!("{}: its licence {licence:?} is not allowed by deny.toml", package.name));
        }
    }
    problems.extend(ban_problems(&bans(&rules)?, &users(metadata)?));
    Ok(problems)
}

/// A package that nothing may use but its wrappers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: BTreeSet<String>,
    reason: String,
}

fn bans(rules: &Table) -> Result<Vec<Ban>> {
    let list = rules.get("bans").and_then(|bans| bans.get("deny")).context("deny.toml has no bans.deny")?;
    list.clone().try_into().context("bans.deny of deny.toml is not a list of `crate`, `wrappers` and `reason`")
}

/// The names of all packages with the names of those that use them.
fn users(metadata: &Metadata) -> Result<BTreeMap<&str, BTreeSet<&str>>> {
    let names: BTreeMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let name = |id| names.get(id).copied().with_context(|| format!("`cargo metadata` does not know {id}"));
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in &metadata.resolve.as_ref().context("`cargo metadata` gives no resolve")?.nodes {
        users.entry(name(&node.id)?).or_default();
        for dependency in &node.dependencies {
            users.entry(name(dependency)?).or_default().insert(name(&node.id)?);
        }
    }
    Ok(users)
}

fn ban_problems(bans: &[Ban], users: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut problems = Vec::new();
    for Ban { name, wrappers, reason } in bans {
        let Some(users) = users.get(name.as_str()) else {
            continue;
        };
        let users = users.iter().filter(|user| !wrappers.contains(**user));
        problems.extend(users.map(|user| format!("{user}: must not depend on {name}: {reason}")));
    }
    problems
}

fn texts<'a>(rules: &'a Table, table: &str, key: &str) -> BTreeSet<&'a str> {
    let list = rules.get(table).and_then(|table| table.get(key)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether an SPDX expression can be met with `allowed` alone. Old packages write `/` for OR.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) == Some(true) && rest.is_empty()
}

/// Reads `A OR B …` from the front of `rest`; `None` where it is no expression.
fn either(rest: &mut &[&str], allowed: &BTreeSet<&str>) -> Option<bool> {
    let mut met = both(rest, allowed)?;
    while let Some(after) = rest.strip_prefix(&["OR"]) {
        *rest = after;
        met |= both(rest, allowed)?;
    }
    Some(met)
}

fn both(rest: &mut &[&str], allowed: &BTreeSet<&str>) -> Option<bool> {
    let mut met = one(rest, allowed)?;
    while let Some(after) = rest.strip_prefix(&["AND"]) {
        *rest = after;
        met &= one(rest, allowed)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<&str>) -> Option<bool> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    if *first == "(" {
        let met = either(rest, allowed)?;
        *rest = rest.strip_prefix(&[")"])?;
        return Some(met);
    }
    // `X WITH exception` grants more than X does.
    if let Some(after) = rest.strip_prefix(&["WITH"]) {
        *rest = after.get(1..)?;
    }
    Some(allowed.contains(first))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{ban_problems, bans, is_allowed};

    #[test]
    fn a_banned_package_may_be_used_by_its_wrappers_alone() {
        let rules = "[bans]\ndeny = [{ crate = 'x', wrappers = ['w'], reason = 'r' }, { crate = 'y', reason = 's' }]\n";
        let bans = bans(&toml::from_str(rules).unwrap()).unwrap();
        let problems = |users: &[(&'static str, &[&'static str])]| {
            let users = users.iter().map(|(name, users)| (*name, users.iter().copied().collect::<BTreeSet<_>>()));
            ban_problems(&bans, &users.collect::<BTreeMap<_, _>>())
        };
        assert_eq!(problems(&[("x", &["w"]), ("w", &["a", "b"]), ("a", &[])]), [""; 0]);
        assert_eq!(
            problems(&[("x", &["a", "w"]), ("y", &["b"]), ("z", &["a"])]),
            ["a: must not depend on x: r", "b: must not depend on y: s"]
        );
    }

    #[test]
    fn a_list_of_bans_that_is_missing_or_not_understood_is_an_error() {
        for rules in
            ["", "[bans]\ndeny = ['x']\n", "[bans]\ndeny = [{ crate = 'x', reason = 'r', use-instead = 'y' }]\n"]
        {
            assert!(bans(&toml::from_str(rules).unwrap()).is_err(), "{rules}");
        }
    }

    #[test]
    fn an_expression_is_met_by_its_allowed_parts() {
        let allowed = BTreeSet::from(["Apache-2.0", "ISC", "MIT"]);
        for met in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "Apache-2.0 AND ISC",
            "(GPL-3.0-only OR MIT) AND ISC",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        ] {
            assert!(is_allowed(met, &allowed), "{met}");
        }
        for unmet in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "MIT OR", "(MIT", "MIT ISC", "OR"] {
            assert!(!is_allowed(unmet, &allowed), "{unmet}");
        }
    }
}
