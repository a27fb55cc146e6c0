//! Names of scanners as people write them.

use std::collections::BTreeSet;

use findings_model::{ReportFormat, ScannerName};
use serde::de;

/// The most letters that a mistyped name may be away from the right one.
const MISTYPED: usize = 2;

/// The name as reports have it: `pip_audit` and `Pip Audit` are `pip-audit`. Drivers of SARIF have names of their own, which stay.
pub(super) fn parse(text: &str) -> Result<ScannerName, String> {
    let name = ScannerName::parse(text).map_err(|error| error.to_string())?;
    let given = squeezed(name.as_str());
    if let Some(format) = ReportFormat::ALL.into_iter().find(|format| squeezed(format.as_str()) == given) {
        return Ok(format.scanner());
    }
    let is_near = |format: &ReportFormat| {
        let word = squeezed(format.as_str());
        // What has more behind it is another program of the family (`trufflehog3`).
        !given.starts_with(&word) && given.get(..1) == word.get(..1) && distance(&given, &word) <= MISTYPED
    };
    match ReportFormat::ALL.into_iter().find(is_near) {
        Some(format) => Err(format!("no scanner is called {:?}; did you mean {:?}?", name.as_str(), format.as_str())),
        None => Ok(name),
    }
}

/// What is wrong with a key of `[tool.relwarden.scanners]` under which no table stands.
pub(super) fn no_key(key: &str) -> String {
    const KEYS: [&str; 3] = ["required", "retired", "accepted_gaps"];
    if ReportFormat::ALL.into_iter().any(|format| squeezed(format.as_str()) == squeezed(key)) {
        return "expected a table with the settings of this scanner".to_owned();
    }
    match KEYS.into_iter().find(|known| distance(key, known) <= MISTYPED) {
        Some(near) => format!("unknown key; did you mean {near:?}?"),
        None => format!("unknown key; known are {}, and a table for each scanner", KEYS.join(", ")),
    }
}

/// A list of names.
pub(super) fn all<E: de::Error>(texts: &[String]) -> Result<BTreeSet<ScannerName>, E> {
    let mut names = BTreeSet::new();
    for text in texts {
        names.insert(parse(text).map_err(E::custom)?);
    }
    Ok(names)
}

fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, taken out or replaced to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_are_the_scanner_and_slips_are_named() {
        for (given, meant) in [
            ("pip-audit", "pip-audit"),
            ("pip_audit", "pip-audit"),
            ("PipAudit", "pip-audit"),
            ("detect secrets", "detect-secrets"),
            ("Bandit", "bandit"),
            ("CodeQL", "CodeQL"),
            ("Semgrep OSS", "Semgrep OSS"),
            ("trufflehog3", "trufflehog3"),
            ("ruff", "ruff"),
            ("gosec", "gosec"),
        ] {
            assert_eq!(parse(given).unwrap().as_str(), meant);
        }
        for (given, meant) in [("pip-adit", "pip-audit"), ("bandid", "bandit"), ("detect-secret", "detect-secrets")] {
            let error = parse(given).unwrap_err();
            assert!(error.contains(given) && error.contains(meant), "{error}");
        }
        assert!(parse("").is_err());
    }
}
