//! Where foreign packages come from, and under which licence: the lists of deny.toml, without cargo-deny.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::Metadata;
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
    Ok(problems)
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
    use std::collections::BTreeSet;

    use super::is_allowed;

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
