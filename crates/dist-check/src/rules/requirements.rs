//! What a distribution needs: Python and other distributions.

use std::str::FromStr as _;

use pep440_rs::VersionSpecifiers;
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};

use super::Rule;
use crate::{Level, Target, inspect::Facts};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "requires-python",
        level: Level::Error,
        says: "Requires-Python is a version specifier (PEP 440)",
        hint: "write it as `>=3.9` in `requires-python` of pyproject.toml",
        check: requires_python,
    },
    Rule {
        code: "requires-dist",
        level: Level::Error,
        says: "each Requires-Dist is a requirement (PEP 508)",
        hint: "correct the entry in `dependencies` or `optional-dependencies` of pyproject.toml",
        check: requires_dist,
    },
    Rule {
        code: "requires-dist-url",
        level: Level::Error,
        says: "no Requires-Dist points to a URL (PyPI refuses it)",
        hint: "depend on a version that is on the index instead of on an address",
        check: direct_urls,
    },
];

fn requires_python(facts: &Facts<'_>) -> Vec<String> {
    let values = facts.metadata().into_iter().flat_map(|metadata| metadata.all("Requires-Python"));
    values
        .filter(|value| !value.contains("==="))
        .filter(|value| VersionSpecifiers::from_str(value).is_err())
        .map(|value| format!("{value:?} is no version specifier"))
        .collect()
}

fn requirements<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = &'f str> {
    // Arbitrary equality (`===`) takes any text; the parser knows versions only, so these are not judged.
    let values = facts.metadata().into_iter().flat_map(|metadata| metadata.all("Requires-Dist"));
    values.filter(|value| !value.contains("==="))
}

fn requires_dist(facts: &Facts<'_>) -> Vec<String> {
    requirements(facts)
        .filter(|value| Requirement::<VerbatimUrl>::from_str(value).is_err())
        .map(|value| format!("{value:?} is no requirement"))
        .collect()
}

fn direct_urls(facts: &Facts<'_>) -> Vec<String> {
    if facts.options.target != Target::PyPi {
        return Vec::new();
    }
    requirements(facts)
        .filter_map(|value| Requirement::<VerbatimUrl>::from_str(value).ok())
        .filter(|requirement| matches!(requirement.version_or_url, Some(VersionOrUrl::Url(_))))
        .map(|requirement| format!("{} is required from an address", requirement.name))
        .collect()
}
