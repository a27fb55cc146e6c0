//! What the tests share.

use std::fmt::Write as _;

use findings_model::{Clearance, PackageName, ReportFormat, Scan, Subject, Timestamp};
use scanner_reports::{FingerprintKey, Source, read};

pub(crate) fn now() -> Timestamp {
    "2026-01-12T03:00:00Z".parse().unwrap()
}

/// The one scan of a report, read under a file's name.
#[track_caller]
pub(crate) fn scan_of(file: &str, report: &str) -> Scan {
    let mut scans = scans_of(file, report);
    assert_eq!(scans.len(), 1, "{file} has more than one scan");
    scans.remove(0)
}

pub(crate) fn scans_of(file: &str, report: &str) -> Vec<Scan> {
    let own = PackageName::parse("my-project").unwrap();
    read(report.as_bytes(), &Source { file, declared: None, own_project: Some(&own), key: None, now: now() })
}

pub(crate) fn declared(format: ReportFormat, file: &str, report: &[u8]) -> Vec<Scan> {
    read(report, &Source { file, declared: Some(format), own_project: None, key: None, now: now() })
}

pub(crate) fn keyed(file: &str, report: &str, key: &FingerprintKey) -> Vec<Scan> {
    read(report.as_bytes(), &Source { file, declared: None, own_project: None, key: Some(key), now: now() })
}

/// A scan as a few lines: what a snapshot shows.
pub(crate) fn told(scan: &Scan) -> String {
    let mut told = format!("{} {}", scan.scanner, scan.coverage.state.as_str());
    if scan.coverage.blank {
        told.push_str(" blank");
    }
    if let Some(version) = &scan.tool_version {
        write!(told, " version {version}").unwrap();
    }
    if let Some(at) = scan.observed_at {
        write!(told, " at {at}").unwrap();
    }
    for reason in &scan.coverage.reasons {
        write!(told, "\n! {reason}").unwrap();
    }
    for gap in &scan.coverage.gaps {
        write!(told, "\n? {}", gap.label()).unwrap();
    }
    for (package, version) in &scan.coverage.looked_at.packages {
        write!(told, "\n= {} {}", package.name(), version.as_deref().unwrap_or("-")).unwrap();
    }
    for file in &scan.coverage.looked_at.files {
        write!(told, "\n= {file}").unwrap();
    }
    for observation in &scan.observations {
        let what = match &observation.subject {
            Subject::Vulnerability(v) => {
                let aliases: Vec<_> = v.aliases.iter().map(ToString::to_string).collect();
                format!(
                    "{} {}@{} aliases [{}] fixed in [{}]",
                    v.id,
                    v.package,
                    v.version.as_deref().unwrap_or("-"),
                    aliases.join(" "),
                    v.fix_versions.join(" ")
                )
            }
            Subject::Code(spot) => {
                let line = spot.line.map_or("-".to_owned(), |line| line.to_string());
                let text = if spot.text.is_some() { " with its text" } else { "" };
                let aliases: Vec<_> = spot.aliases.iter().map(|id| format!(" is {id}")).collect();
                format!("{} {}:{line}{text} before {:?}{}", spot.rule, spot.path, spot.former_rules, aliases.concat())
            }
            Subject::Secret(spot) => {
                format!(
                    "{} {}:{} {}",
                    spot.rule,
                    spot.path,
                    spot.line.map_or("-".to_owned(), |line| line.to_string()),
                    if spot.mark.is_some() { "marked" } else { "unmarked" }
                )
            }
        };
        let score = observation.rating.score.map_or(String::new(), |score| format!(" {score}"));
        let cleared = match observation.clearance {
            None => "",
            Some(Clearance::Suppressed) => " (suppressed)",
            Some(Clearance::NotAffected) => " (not affected)",
            Some(Clearance::Fixed) => " (fixed)",
            Some(Clearance::FalsePositive) => " (false positive)",
        };
        write!(
            told,
            "\n- {}{score}{cleared} {what}: {}",
            observation.rating.severity,
            observation.description.replace('\n', " / ")
        )
        .unwrap();
    }
    told
}
