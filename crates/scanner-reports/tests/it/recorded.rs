//! Reports recorded from the real scanners, the traps among them.

use findings_model::{CoverageState, PackageName, Scan};
use scanner_reports::{Source, read};
use test_support::fixtures::{WEEKS, fixture, fixture_path};

use crate::support::{now, told};

fn scan(path: &str) -> Scan {
    let own = PackageName::parse("sample-package").unwrap();
    let mut scans =
        read(&fixture(path), &Source { file: path, declared: None, own_project: Some(&own), key: None, now: now() });
    assert_eq!(scans.len(), 1);
    scans.remove(0)
}

#[test]
fn every_trap_is_seen() {
    for (path, state) in [
        ("pip-audit/clean/pip-audit.json", CoverageState::Complete),
        ("pip-audit/one-skipped/pip-audit.json", CoverageState::Partial),
        ("pip-audit/all-skipped/pip-audit.json", CoverageState::Failed),
        ("pip-audit/truncated/pip-audit.json", CoverageState::Failed),
        ("bandit/clean/bandit.json", CoverageState::Complete),
        ("bandit/missing-path/bandit.json", CoverageState::Failed),
        ("bandit/syntax-error/bandit.json", CoverageState::Partial),
        ("bandit/filtered/bandit.json", CoverageState::Filtered),
        ("bandit/truncated/bandit.json", CoverageState::Failed),
        ("detect-secrets/clean/secrets-scan.json", CoverageState::Complete),
        ("detect-secrets/truncated/secrets-scan.json", CoverageState::Failed),
    ] {
        let scan = scan(&format!("traps/{path}"));
        assert_eq!(scan.coverage.state, state, "{path}: {}", told(&scan));
        assert!(!scan.coverage.blank, "{path}");
    }
}

#[test]
fn every_week_is_read() {
    for week in WEEKS {
        for name in ["pip-audit.json", "bandit.json", "secrets-scan.json"] {
            let path = format!("sample-project/weeks/{week}/reports/{name}");
            if fixture_path("sample-project/weeks").join(week).join("reports").join(name).exists() {
                let scan = scan(&path);
                println!("{path}: {}", told(&scan));
                assert!(!scan.coverage.blank, "{path}");
            }
        }
    }
}
