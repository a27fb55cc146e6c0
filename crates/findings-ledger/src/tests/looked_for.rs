//! A scan that looked for less than the one before, and comments that suppress, end nothing.

use findings_model::{Detector, ResolvedReason, RuleSet, Scan};
use insta::assert_snapshot;

use super::{Build, code, name, project::Project, scan, secret};

fn rules(detectors: &[(&str, &str)], filters: &[&str]) -> RuleSet {
    let detectors = detectors.iter().map(|(name, rule)| {
        ((*name).to_owned(), Detector { rules: [(*rule).to_owned()].into(), ..Detector::default() })
    });
    RuleSet { detectors: detectors.collect(), filters: filters.iter().map(|&f| f.to_owned()).collect() }
}

const AWS: (&str, &str) = ("AWSKeyDetector", "AWS Access Key");
const SLACK: (&str, &str) = ("SlackDetector", "Slack Token");

fn secrets(detectors: &[(&str, &str)], filters: &[&str]) -> Scan {
    Scan { rules: Some(rules(detectors, filters)), ..scan("detect-secrets") }
}

#[test]
fn a_secret_whose_detector_was_switched_off_is_not_resolved() {
    let mut p = Project::with_files("a.env");
    let both = || secrets(&[AWS, SLACK], &[]);
    let aws = || secret("AWS Access Key|a.env|1");
    p.take(5, &[both().finds(aws()).finds(secret("Slack Token|a.env|2"))]);
    let narrower = p.take(12, &[secrets(&[AWS], &[])]);
    assert_eq!(narrower.scans[0].coverage.as_str(), "filtered");
    assert_snapshot!(narrower.scans[0].reasons.join("\n"), @"the scan looked for less than an earlier one, which may hide 1 finding: the detector SlackDetector is off");
    assert!(!narrower.required_incomplete);
    assert_snapshot!(p.run(13, &[secrets(&[AWS], &[])]), @"
    SECRET-AWS Access Key-a.env-1 high resolved on 2026-01-12: no_longer_reported
    SECRET-Slack Token-a.env-2 high unverified since 2026-01-05
    ");
    // With the detector back, silence is proof again, and what was remembered of the old set is forgotten.
    let back = p.take(19, &[both()]);
    assert_eq!(back.scans[0].coverage.as_str(), "complete");
    assert_snapshot!(p.run(20, &[both()]), @"
    SECRET-AWS Access Key-a.env-1 high resolved on 2026-01-12: no_longer_reported
    SECRET-Slack Token-a.env-2 high resolved on 2026-01-19: no_longer_reported
    ");
    assert_eq!(p.ledger.scanners[&name("detect-secrets")].rule_sets.len(), 1);
}

#[test]
fn a_new_filter_and_a_report_that_no_longer_says_its_detectors_resolve_nothing() {
    let after = |second: Scan| {
        let mut p = Project::with_files("a.env");
        p.take(5, &[secrets(&[AWS], &[]).finds(secret("AWS Access Key|a.env|1"))]);
        p.end(12, &[second])
    };
    assert_eq!(after(secrets(&[AWS], &["exclude files ^a"])), None);
    assert_eq!(after(scan("detect-secrets")), None);
    // Whether the file is at hand makes no difference: it may have moved to where the filter does not let the scan look.
    let mut p = Project::new();
    p.take(5, &[secrets(&[AWS], &[]).finds(secret("AWS Access Key|a.env|1"))]);
    assert_eq!(p.end(12, &[secrets(&[AWS], &["exclude files ^a"])]), None);
    assert_eq!(after(secrets(&[AWS, SLACK], &[])), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn a_narrower_scan_that_still_reports_everything_is_complete() {
    let mut p = Project::with_files("a.env");
    let aws = || secret("AWS Access Key|a.env|1");
    p.take(5, &[secrets(&[AWS, SLACK], &[]).finds(aws())]);
    let narrower = p.take(12, &[secrets(&[AWS], &["new"]).finds(aws())]);
    assert_eq!(narrower.scans[0].coverage.as_str(), "complete");
    // From here on it was last seen under the narrower set.
    assert_eq!(p.end(19, &[secrets(&[AWS], &["new"])]), Some(ResolvedReason::NoLongerReported));
}

fn bandit(suppressed: u32) -> Scan {
    let mut scan = scan("bandit").files("run.py");
    if suppressed > 0 {
        scan.coverage.looked_at.suppressed.insert("run.py".to_owned(), suppressed);
    }
    scan
}

#[test]
fn a_comment_that_suppresses_excepts_and_does_not_resolve() {
    let mut p = Project::with_files("run.py");
    let shell = || code("B602 run.py 4 run(cmd, shell=True)");
    p.take(5, &[bandit(0).finds(shell())]);
    assert_snapshot!(p.run(12, &[bandit(1)]), @r#"
    * BANDIT-B602-run.py-4 excepted {"by":"report_suppressed"}
    BANDIT-B602-run.py-4 high excepted: report_suppressed
    "#);
    assert_snapshot!(p.run(19, &[bandit(1)]), @"BANDIT-B602-run.py-4 high excepted: report_suppressed");
    assert_snapshot!(p.run(26, &[bandit(0).finds(shell())]), @"
    * BANDIT-B602-run.py-4 exception_ended
    BANDIT-B602-run.py-4 high open
    ");
    p.lines.insert("run.py", vec!["run([cmd])"]);
    assert_eq!(p.end(33, &[bandit(0)]), Some(ResolvedReason::CodeChanged));
}

#[test]
fn suppressions_that_were_there_before_say_nothing_of_a_finding_that_goes() {
    let mut p = Project::with_files("run.py");
    p.take(5, &[bandit(2).finds(code("B602 run.py 4 run(cmd, shell=True)"))]);
    p.lines.insert("run.py", vec!["run([cmd])"]);
    assert_eq!(p.end(12, &[bandit(2)]), Some(ResolvedReason::CodeChanged));
}

#[test]
fn a_report_that_does_not_say_its_version_resolves_no_code_that_is_still_there() {
    let told = |scan: Scan| Scan { tool_version: Some("1.7.9".to_owned()), ..scan };
    let md5 = || code("B324 run.py 1 md5(x)");
    let mut p = Project::with_files("run.py");
    p.lines.insert("run.py", vec!["md5(x)"]);
    p.take(5, &[told(bandit(0)).finds(md5())]);
    let silent = p.take(12, &[bandit(0)]);
    assert_eq!(silent.scans[0].coverage.as_str(), "filtered");
    assert_snapshot!(silent.scans[0].reasons.join("; "), @"the scan looked for less than an earlier one, which may hide 1 finding: it does not say its version, and the code that version 1.7.9 reported is still there");
    assert_snapshot!(p.run(19, &[bandit(0)]), @"BANDIT-B324-run.py-1 high unverified since 2026-01-05");
    // The version that reported it says that it is over.
    let mut same = Project::with_files("run.py");
    same.ledger = p.ledger.clone();
    same.lines.insert("run.py", vec!["md5(x)"]);
    let elsewhere = told(bandit(0)).finds(code("B324 z.py 1 md5(y)"));
    assert_eq!(same.end(26, &[elsewhere]), Some(ResolvedReason::NoLongerReported));
    p.lines.insert("run.py", vec!["sha256(x)"]);
    assert_eq!(p.end(26, &[bandit(0)]), Some(ResolvedReason::CodeChanged));
}

#[test]
fn a_scanner_that_never_says_its_version_ends_what_it_no_longer_reports() {
    let mut p = Project::with_files("run.py");
    p.lines.insert("run.py", vec!["md5(x)"]);
    p.take(5, &[bandit(0).finds(code("B324 run.py 1 md5(x)"))]);
    assert_eq!(p.end(12, &[bandit(0).finds(code("B324 z.py 1 md5(y)"))]), Some(ResolvedReason::NoLongerReported));
}
