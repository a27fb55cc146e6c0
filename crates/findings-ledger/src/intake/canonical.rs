//! The one name of a scanner whose reports give it several.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{ReportFormat, Scan, ScannerName};

use crate::Ledger;

/// By which name a scanner goes in the ledger: one tool calls itself `Bandit` in SARIF and is `bandit` by its own format, and
/// other versions of a driver spell its name in another case.
#[derive(Default)]
pub(super) struct Canonical {
    /// Names of the ledger, which stay what they are.
    known: BTreeSet<ScannerName>,
    by_key: BTreeMap<String, ScannerName>,
}

impl Canonical {
    /// A name that the ledger knows goes first, then the word of a format, then the first in order.
    pub(super) fn of(ledger: &Ledger, scans: &[Scan]) -> Self {
        let known: BTreeSet<ScannerName> = ledger.scanners.keys().filter(|name| is_named(name)).cloned().collect();
        let mut by_key: BTreeMap<String, ScannerName> = BTreeMap::new();
        for name in &known {
            by_key.entry(key(name)).or_insert_with(|| name.clone());
        }
        let here: BTreeSet<&ScannerName> =
            scans.iter().map(|scan| &scan.scanner).filter(|name| is_named(name)).collect();
        let (words, others): (Vec<&ScannerName>, Vec<&ScannerName>) =
            here.into_iter().partition(|name| name.as_str().parse::<ReportFormat>().is_ok());
        for name in words.into_iter().chain(others) {
            by_key.entry(key(name)).or_insert_with(|| name.clone());
        }
        Self { known, by_key }
    }

    /// The name that a scanner goes by.
    pub(super) fn name<'n>(&'n self, own: &'n ScannerName) -> &'n ScannerName {
        if self.known.contains(own) || !is_named(own) {
            return own;
        }
        self.by_key.get(&key(own)).unwrap_or(own)
    }

    /// The names that several scanners go by.
    pub(super) fn names(&self, own: &BTreeSet<ScannerName>) -> BTreeSet<ScannerName> {
        own.iter().map(|name| self.name(name).clone()).collect()
    }
}

fn is_named(name: &ScannerName) -> bool {
    *name != ScannerName::unknown()
}

/// What all spellings of a scanner's name have in common.
fn key(name: &ScannerName) -> String {
    let lower = name.as_str().to_lowercase();
    match lower.as_str() {
        "semgrep oss" | "semgrep pro" | "semgrep code" | "semgrep community edition" => "semgrep".to_owned(),
        "osv scanner" | "osvscanner" => "osv-scanner".to_owned(),
        "pip audit" => "pip-audit".to_owned(),
        "detect secrets" => "detect-secrets".to_owned(),
        "aqua security trivy" | "aquasecurity trivy" => "trivy".to_owned(),
        _ => lower,
    }
}
