//! Reports that hold nothing, that are old, that come from another place, or that are copies: what they may say, and what is told of them.

use findings_model::{PackageName, ReportFormat, ResolvedReason, Scan, ScanSummary, parse_date};
use insta::assert_snapshot;

use super::{Build, at, flaw, name, project::Project, scan, secret};
use crate::{DocumentInput, Exception, ExceptionKind, Taken, findings_document};

fn reasons(taken: &Taken) -> String {
    let scans = taken.scans.iter().filter(|scan| !scan.reasons.is_empty());
    scans
        .map(|s| format!("{} {}: {}", s.file, s.coverage.as_str(), s.reasons.join("; ")))
        .collect::<Vec<_>>()
        .join("\n")
}

fn notices(taken: &Taken) -> String {
    taken.notices.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A report whose file has these bytes and was written at four o'clock on this day.
fn file(digest: &str, day: u8, scan: Scan) -> Scan {
    Scan { report_digest: Some(digest.to_owned()), written_at: Some(at(day)), ..scan }
}

fn audit() -> Scan {
    scan("pip-audit").packages("requests 2.19.0")
}

#[test]
fn a_first_report_that_holds_nothing_counts_and_is_told_in_each_run() {
    let mut p = Project::new();
    for day in [5, 12] {
        let taken = p.take(day, &[scan("pip-audit").blank()]);
        assert!(!taken.required_incomplete);
        assert!(taken.scans[0].holds_nothing);
        let told = "reports/pip-audit.json complete: it holds nothing: it does not show that anything was looked at (trust_empty accepts it)";
        assert_eq!(reasons(&taken), told);
    }
    let input =
        DocumentInput { ledger: &p.ledger, plans: &p.plans, sla: findings_model::SlaDays::default(), now: at(12) };
    assert!(findings_document(&input).unwrap().contains("it holds nothing"));
    let full = p.take(19, &[audit()]);
    assert_eq!(reasons(&full), "");
    // A person who says that an empty report may be believed has looked.
    p.trust_empty.insert(name("pip-audit"));
    assert_eq!(reasons(&p.take(26, &[scan("pip-audit").blank()])), "");
}

#[test]
fn a_report_that_was_not_written_again_is_no_new_scan() {
    let mut p = Project::new();
    p.take(5, &[file("aa", 4, audit())]);
    let old = p.take(12, &[file("aa", 4, audit())]);
    assert_eq!(old.scans[0].made_at(), Some(at(5)));
    assert_snapshot!(reasons(&old), @"reports/pip-audit.json complete: it is the report that was taken in at 2026-01-05T04:00:00Z, and it was not written again: nothing was scanned since");
    let state = |p: &Project| p.ledger.scanners[&name("pip-audit")].clone();
    assert_eq!((state(&p).last_usable, state(&p).last_complete), (Some(at(5)), Some(at(5))));
    assert_eq!(p.take(19, &[file("aa", 4, audit())]).scans[0].made_at(), Some(at(5)));
    // Written again with the same bytes, or in the time to come as the run's clock says: a new scan.
    assert_eq!(reasons(&p.take(20, &[file("aa", 20, audit())])), "");
    assert_eq!(state(&p).last_usable, Some(at(20)));
    assert_eq!(reasons(&p.take(21, &[file("aa", 40, audit())])), "");
    // Other bytes are another report, whenever the file says that it was written.
    assert_eq!(reasons(&p.take(22, &[file("bb", 4, audit())])), "");
}

#[test]
fn of_two_reports_the_older_one_stays_as_old_as_it_is() {
    let mut p = Project::new();
    let two = |a: &str, b: &str, day: u8| {
        [
            file(a, 4, audit()).in_file("a.json"),
            file(b, day, scan("pip-audit").packages("jinja2 3.0")).in_file("b.json"),
        ]
    };
    p.take(5, &two("aa", "b1", 4));
    p.take(12, &two("aa", "b2", 12));
    let third = p.take(19, &two("aa", "b3", 19));
    assert_eq!(third.scans.iter().map(ScanSummary::made_at).collect::<Vec<_>>(), [Some(at(5)), None]);
}

#[test]
fn a_declared_package_that_a_report_leaves_out_is_not_gone() {
    let mut p = Project::new();
    p.declared.insert("requests");
    p.take(5, &[audit().finds(flaw("requests 2.19.0 CVE-1-1")).finds(flaw("jinja2 3.0 CVE-1-2"))]);
    let elsewhere = || scan("pip-audit").packages("pip 24.0, setuptools 69.0");
    let taken = p.take(12, &[elsewhere()]);
    assert!(!taken.required_incomplete);
    assert_snapshot!(reasons(&taken), @"reports/pip-audit.json complete: it leaves out requests, which the project declares as a dependency without a condition: what is known of it stays, unverified (was another environment scanned?)");
    assert_snapshot!(p.run(13, &[elsewhere()]).lines().filter(|line| line.starts_with("CVE")).collect::<Vec<_>>().join("\n"), @"
    CVE-1-1 high unverified since 2026-01-05
    CVE-1-2 high resolved on 2026-01-12: removed
    ");
    // No longer declared, it is gone.
    p.declared.clear();
    p.take(19, &[elsewhere()]);
    assert_snapshot!(p.run(20, &[elsewhere()]).lines().next().unwrap(), @"CVE-1-1 high resolved on 2026-01-19: removed");
}

#[test]
fn secrets_that_all_vanish_while_a_line_is_still_there_are_not_resolved() {
    let found = || {
        scan("detect-secrets").finds(secret("Secret Keyword|a.py|1|password = 'hunter2'")).finds(secret("Hex|b.py|2"))
    };
    let after = |lines: &'static str, second: Scan| {
        let mut p = Project::with_files("a.py, b.py");
        p.take(5, &[found()]);
        p.lines.insert("a.py", vec![lines]);
        p.lines.insert("b.py", vec![]);
        p.take(12, &[second])
    };
    let resolved = |taken: &Taken| taken.ledger.findings.iter().filter(|f| !f.is_open()).count();
    let silent = after("password = 'hunter2'", scan("detect-secrets"));
    assert_eq!(resolved(&silent), 0);
    assert_snapshot!(reasons(&silent), @"reports/detect-secrets.json filtered: the scan looked for less than an earlier one, which may hide 2 findings: it reports no secret at all, and a line with one that it reported is still as it was: did it look at the project's files? (detect-secrets sees those that git tracks; trust_empty accepts it)");
    // The secret was taken out of the line, or its detector and its file are told of still: that is how secrets end.
    let rotated = after("password = os.environ['PASSWORD']", scan("detect-secrets"));
    assert_eq!((resolved(&rotated), reasons(&rotated)), (2, String::new()));
    let hex = || scan("detect-secrets").finds(secret("Hex|b.py|2"));
    let other = after("password = 'hunter2'", hex());
    assert_eq!(resolved(&other), 0);
    assert_snapshot!(reasons(&other), @"reports/detect-secrets.json filtered: nothing in the report shows a run of the rule Secret Keyword, which may hide 1 finding whose code is as it was (change the code, or add an exception)");
    let other = after("password = 'hunter2'", hex().finds(secret("Secret Keyword|b.py|1")));
    assert_eq!(resolved(&other), 0);
    assert_snapshot!(reasons(&other), @"reports/detect-secrets.json filtered: the report does not list the files that were looked at and finds nothing in those of 1 finding, whose code is as it was (change the code, or add an exception)");
    let both = after("password = 'hunter2'", hex().finds(secret("Secret Keyword|b.py|1")).finds(secret("Hex|a.py|2")));
    assert_eq!((resolved(&both), reasons(&both)), (1, String::new()));
}

#[test]
fn a_copy_of_a_report_is_not_missed() {
    let mut p = Project::new();
    let report = |digest: &str| Scan { format: Some(ReportFormat::PipAudit), ..file(digest, 40, audit()) };
    let with_copy = || [report("aa").in_file("pip-audit.json"), report("aa").in_file("pip-audit.json.bak")];
    p.take(5, &with_copy());
    let without = p.take(12, &[report("bb").in_file("pip-audit.json")]);
    assert!(!without.required_incomplete, "{}", reasons(&without));
    // Two reports that say the same for once are two all the same.
    let two = |a: &str, b: &str| [report(a).in_file("pip-audit.json"), report(b).in_file("pip-audit.json.bak")];
    p.take(19, &two("cc", "dd"));
    assert!(!p.take(20, &two("ee", "ee")).required_incomplete);
}

#[test]
fn an_exception_that_expired_is_not_told_while_another_one_holds() {
    let mut p = Project::new();
    p.configured = vec![Exception {
        id: Some("CVE-1-1".to_owned()),
        rule: None,
        package: Some(PackageName::parse("requests").unwrap()),
        path: None,
        kind: ExceptionKind::AcceptedRisk,
        reason: "for a while".to_owned(),
        owner: None,
        expires: parse_date("2026-01-10"),
    }];
    p.exceptions("findings:\n  CVE-1-1:\n    status: not_affected\n    reason: not used\n    owner: maintainers\n");
    let taken = p.take(12, &[audit().finds(flaw("requests 2.19.0 CVE-1-1"))]);
    assert_eq!(notices(&taken), "");
}

#[test]
fn an_exception_that_says_no_reason_is_taken_and_told() {
    let mut p = Project::new();
    p.exceptions(
        "findings:\n  CVE-1-1:\n    status: accepted_risk\n  CVE-1-2:\n    status: false_positive\n    assigned_to: ann\n    notes: not our code\n",
    );
    let found = || audit().finds(flaw("requests 2.19.0 CVE-1-1")).finds(flaw("requests 2.19.0 CVE-1-2"));
    for day in [5, 12] {
        let taken = p.take(day, &[found()]);
        let told = "the exception of CVE-1-1 in the remediation plans is taken, but it has no reason, no owner, no end";
        assert_eq!(notices(&taken), told);
    }
    assert!(p.ledger.findings.iter().all(|f| !f.is_open()));
    let input =
        DocumentInput { ledger: &p.ledger, plans: &p.plans, sla: findings_model::SlaDays::default(), now: at(12) };
    let document = findings_document(&input).unwrap();
    assert_eq!(document.matches("(**no reason, no owner, no end**)").count(), 1);
    assert_eq!(p.end(19, &[scan("pip-audit").packages("requests 2.20.0")]), Some(ResolvedReason::Upgraded));
}
