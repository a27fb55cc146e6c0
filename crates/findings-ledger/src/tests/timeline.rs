//! What a ledger says over the weeks, rule by rule.

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryVerdict, Clearance, CoverageState, Gap, ResolvedReason, Scan, Severity, SeveritySource, Subject,
};
use insta::assert_snapshot;

use super::{Build, code, flaw, name, package, project::Project, scan, secret};
use crate::Required;

pub(super) const FLAW: &str = "requests 2.19.0 PYSEC-2018-28 CVE-2018-18074";

pub(super) fn audit() -> Scan {
    scan("pip-audit").packages("requests 2.19.0, idna 3.10")
}

#[test]
fn a_flaw_from_first_sight_to_its_end_and_back() {
    let mut p = Project::new();
    assert_snapshot!(p.run(5, &[audit().finds(flaw(FLAW))]), @r"
    * PYSEC-2018-28 first_seen
    PYSEC-2018-28 high open
    ");
    assert_snapshot!(p.run(12, &[audit().finds(flaw(FLAW))]), @"PYSEC-2018-28 high open");
    let upgraded = scan("pip-audit").packages("requests 2.25.1, idna 3.10");
    assert_snapshot!(p.run(19, &[upgraded]), @r#"
    * PYSEC-2018-28 resolved {"reason":"upgraded"}
    PYSEC-2018-28 high resolved on 2026-01-19: upgraded
    "#);
    assert_snapshot!(p.run(26, &[audit().finds(flaw(FLAW))]), @r"
    * PYSEC-2018-28 reopened
    PYSEC-2018-28 high open
    ");
}

#[test]
fn the_reasons_why_a_flaw_ends() {
    use AdvisoryVerdict::{Affected, NotAffected, Unanswered, Unknown, Unreadable, Withdrawn};

    let end = |verdict: AdvisoryVerdict, packages: &str| {
        let mut p = Project::new();
        p.take(5, &[audit().finds(flaw(FLAW))]);
        p.verdicts.insert("PYSEC-2018-28", verdict);
        p.end(12, &[scan("pip-audit").packages(packages)])
    };
    assert_eq!(end(Unknown, "idna 3.10"), Some(ResolvedReason::Removed));
    assert_eq!(end(Affected, "idna 3.10"), Some(ResolvedReason::Removed));
    assert_eq!(end(Withdrawn, "requests 2.19.0"), Some(ResolvedReason::Withdrawn));
    assert_eq!(end(Withdrawn, "idna 3.10"), Some(ResolvedReason::Withdrawn));
    assert_eq!(end(NotAffected, "requests 2.25.1"), Some(ResolvedReason::Upgraded));
    assert_eq!(end(Unknown, "requests 2.25.1"), Some(ResolvedReason::Upgraded));
    assert_eq!(end(Unknown, "requests 2.19.0"), Some(ResolvedReason::NoLongerReported));
    assert_eq!(end(NotAffected, "requests 2.19.0"), Some(ResolvedReason::NoLongerReported));
    // The scanner stopped reporting what is still true.
    assert_eq!(end(Affected, "requests 2.19.0"), None);
    assert_eq!(end(Affected, "requests 2.20.0"), None);
    // What the record says is not known, and nothing else shows that it is over.
    assert_eq!(end(Unreadable, "requests 2.19.0"), None);
    assert_eq!(end(Unreadable, "requests 2.25.1"), Some(ResolvedReason::Upgraded));
    assert_eq!(end(Unreadable, "idna 3.10"), Some(ResolvedReason::Removed));
    // So may it be while a record is out of reach; at another version the scanner's silence is new.
    assert_eq!(end(Unanswered, "requests 2.19.0"), None);
    assert_eq!(end(Unanswered, "requests 2.25.1"), Some(ResolvedReason::Upgraded));
    assert_eq!(end(Unanswered, "idna 3.10"), Some(ResolvedReason::Removed));
}

#[test]
fn a_scan_that_did_not_look_ends_nothing() {
    let after = |scans: &[Scan]| {
        let mut p = Project::new();
        p.take(5, &[audit().finds(flaw(FLAW))]);
        p.run(12, scans)
    };
    assert_snapshot!(after(&[audit().state(CoverageState::Failed)]), @r#"
    pip-audit failed: it is failed
    incomplete
    * PYSEC-2018-28 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high unverified since 2026-01-05
    "#);
    assert_snapshot!(after(&[]), @r#"
    pip-audit missing: there is no report of pip-audit; the last usable one is of 2026-01-05T04:00:00Z
    incomplete
    * PYSEC-2018-28 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high unverified since 2026-01-05
    "#);
    assert_snapshot!(after(&[audit().state(CoverageState::Filtered)]), @r#"
    * PYSEC-2018-28 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high unverified since 2026-01-05
    "#);
    assert_snapshot!(after(&[audit().gap(Gap::Package(package("requests")))]), @r#"
    * PYSEC-2018-28 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high unverified since 2026-01-05
    "#);
    assert_snapshot!(after(&[audit().gap(Gap::Unnamed("one record that could not be read".to_owned()))]), @r#"
    * PYSEC-2018-28 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high unverified since 2026-01-05
    "#);
    // One of two reports failed: what it would have said is not known.
    assert_snapshot!(after(&[audit(), audit().in_file("reports/other.json").state(CoverageState::Failed)]), @r#"
    pip-audit failed: it is failed
    incomplete
    * PYSEC-2018-28 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high unverified since 2026-01-05
    "#);
}

#[test]
fn a_gap_elsewhere_does_not_keep_it_alive() {
    let mut p = Project::new();
    p.take(5, &[audit().finds(flaw(FLAW))]);
    assert_eq!(
        p.end(12, &[scan("pip-audit").packages("requests 2.25.1").gap(Gap::Package(package("idna")))]),
        Some(ResolvedReason::Upgraded)
    );
}

#[test]
fn what_could_not_be_verified_is_confirmed_later() {
    let mut p = Project::new();
    p.take(5, &[audit().finds(flaw(FLAW))]);
    p.take(12, &[]);
    p.take(19, &[]);
    assert_snapshot!(p.run(26, &[audit().finds(flaw(FLAW))]), @r"
    * PYSEC-2018-28 confirmed
    PYSEC-2018-28 high open
    ");
}

#[test]
fn what_a_failed_scan_did_find_is_taken_in() {
    let mut p = Project::new();
    let half = audit().finds(flaw(FLAW)).state(CoverageState::Failed);
    assert_snapshot!(p.run(5, &[half]), @r"
    pip-audit failed: it is failed
    incomplete
    * PYSEC-2018-28 first_seen
    PYSEC-2018-28 high open
    ");
}

#[test]
fn code_ends_where_it_was_looked_for() {
    let found = || scan("bandit").files("run.py, ok.py").finds(code("B602 run.py 4 run(cmd, shell=True)"));
    let end = |files: &str, second: Scan| {
        let mut p = Project::with_files("run.py, ok.py");
        p.take(5, &[found()]);
        p.files = files.split(", ").map(str::to_owned).collect();
        p.lines.insert("run.py", vec!["run([cmd])"]);
        p.end(12, &[second])
    };
    let bandit = || scan("bandit");
    assert_eq!(end("run.py, ok.py", bandit().files("run.py, ok.py")), Some(ResolvedReason::CodeChanged));
    assert_eq!(end("ok.py", bandit().files("ok.py")), Some(ResolvedReason::Removed));
    // The file is there and was not looked at: a narrower scan.
    assert_eq!(end("run.py, ok.py", bandit().files("ok.py")), None);
    assert_eq!(end("run.py, ok.py", bandit().files("ok.py").gap(Gap::File("run.py".to_owned()))), None);
    assert_eq!(end("run.py, ok.py", bandit().files("run.py, ok.py").state(CoverageState::Filtered)), None);
}

#[test]
fn a_scanner_that_lists_no_files_is_believed_about_files_that_are_there() {
    let mut p = Project::with_files("settings.py");
    p.take(5, &[scan("detect-secrets").finds(secret("AWS Access Key|settings.py|2"))]);
    assert_eq!(p.end(12, &[scan("detect-secrets")]), Some(ResolvedReason::NoLongerReported));
    let mut p = Project::with_files("settings.py");
    p.take(5, &[scan("detect-secrets").finds(secret("AWS Access Key|settings.py|2"))]);
    p.files.clear();
    assert_eq!(p.end(12, &[scan("detect-secrets")]), Some(ResolvedReason::Removed));
}

#[test]
fn code_moves_with_its_lines_its_file_and_its_rule() {
    let mut p = Project::with_files("app/util.py");
    p.take(5, &[scan("bandit").files("app/util.py").finds(code("B303 app/util.py 5 md5(x)")).rated(Severity::Medium)]);
    p.files = BTreeSet::from(["app/hashing.py".to_owned()]);
    let moved =
        scan("bandit").files("app/hashing.py").finds(code("B303 app/hashing.py 9 md5(x)")).rated(Severity::Medium);
    assert_snapshot!(p.run(12, &[moved]), @"BANDIT-B303-util.py-5 medium open");
    let mut renamed = code("B324 app/hashing.py 9 md5(x)");
    let Subject::Code(spot) = &mut renamed else { unreachable!() };
    spot.former_rules.push("B303".to_owned());
    assert_snapshot!(p.run(19, &[scan("bandit").files("app/hashing.py").finds(renamed)]), @r#"
    * BANDIT-B303-util.py-5 severity_changed {"from":"medium","source":"scanner","to":"high"}
    BANDIT-B303-util.py-5 high open
    "#);
    let one_more = scan("bandit")
        .files("app/hashing.py")
        .finds(code("B324 app/hashing.py 5 md5(x)"))
        .finds(code("B324 app/hashing.py 9 md5(x)"));
    assert_snapshot!(p.run(26, &[one_more]), @r"
    * BANDIT-B324-hashing.py-5 first_seen
    BANDIT-B303-util.py-5 high open
    BANDIT-B324-hashing.py-5 high open
    ");
    let Subject::Code(spot) = &p.ledger.findings[0].subject else { unreachable!() };
    assert_eq!((spot.path.as_str(), spot.line, spot.rule.as_str()), ("app/hashing.py", Some(9), "B324"));
}

#[test]
fn an_id_that_switches_is_no_news() {
    let mut p = Project::new();
    let certifi =
        |ids: &str| scan("pip-audit").packages("certifi 2022.12.7").finds(flaw(&format!("certifi 2022.12.7 {ids}")));
    p.take(5, &[certifi("CVE-2023-37920")]);
    assert_snapshot!(p.run(12, &[certifi("PYSEC-2023-135 CVE-2023-37920 GHSA-xqr8-7jwr-rhp7")]), @"CVE-2023-37920 high open");
    // A report without aliases takes nothing back.
    p.take(19, &[certifi("PYSEC-2023-135")]);
    let ids: Vec<String> = p.ledger.findings[0].subject.advisory_ids().map(ToString::to_string).collect();
    assert_eq!(ids, ["PYSEC-2023-135", "CVE-2023-37920", "GHSA-xqr8-7jwr-rhp7"]);
}

#[test]
fn every_scanner_that_reported_it_must_fall_silent() {
    let mut p = Project::new();
    let osv = || scan("osv-scanner").packages("requests 2.19.0").finds(flaw("requests 2.19.0 GHSA-x CVE-2018-18074"));
    assert_snapshot!(p.run(5, &[audit().finds(flaw(FLAW)), osv()]), @r"
    * GHSA-x first_seen
    GHSA-x high open
    ");
    // One no longer reports it, the other does.
    assert_snapshot!(p.run(12, &[audit(), osv()]), @"GHSA-x high open");
    // The other cannot say.
    assert_snapshot!(p.run(19, &[audit(), osv().state(CoverageState::Failed)]), @r"
    osv-scanner failed: it is failed
    incomplete
    GHSA-x high open
    ");
    assert_snapshot!(p.run(26, &[audit(), scan("osv-scanner").packages("requests 2.19.0")]), @r#"
    * GHSA-x resolved {"reason":"no_longer_reported"}
    GHSA-x high resolved on 2026-01-26: no_longer_reported
    "#);
}

#[test]
fn a_silent_scanner_stays_silent_while_the_other_is_missing() {
    let mut p = Project::new();
    let osv = || scan("osv-scanner").packages("requests 2.19.0");
    p.take(5, &[audit().finds(flaw(FLAW)), osv().finds(flaw("requests 2.19.0 GHSA-x CVE-2018-18074"))]);
    p.take(12, &[audit()]);
    assert_eq!(p.end(19, &[osv()]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn an_empty_report_proves_nothing_after_one_with_content() {
    let mut p = Project::new();
    assert_snapshot!(p.run(5, &[scan("gitleaks").blank()]), @"");
    p.take(12, &[scan("gitleaks").finds(secret("generic-api-key|a.py|2"))]);
    assert_snapshot!(p.run(19, &[scan("gitleaks").blank()]), @r#"
    gitleaks failed: empty report after a non-empty one: it does not show that gitleaks looked at anything (trust_empty accepts it)
    incomplete
    * SECRET-generic-api-key-a.py-2 unverified {"since":"2026-01-12"}
    SECRET-generic-api-key-a.py-2 high unverified since 2026-01-12
    "#);
    p.trust_empty.insert(name("gitleaks"));
    assert_snapshot!(p.run(26, &[scan("gitleaks").blank()]), @r#"
    * SECRET-generic-api-key-a.py-2 resolved {"reason":"removed"}
    SECRET-generic-api-key-a.py-2 high resolved on 2026-01-26: removed
    "#);
}

#[test]
fn required_scanners_are_missed() {
    let mut p = Project::new();
    p.take(5, &[audit(), scan("bandit").files("a.py")]);
    assert_snapshot!(p.run(12, &[audit()]), @r"
    bandit missing: there is no report of bandit; the last usable one is of 2026-01-05T04:00:00Z
    incomplete
    ");
    p.required = Required::Named(BTreeSet::from([name("pip-audit")]));
    assert_snapshot!(p.run(19, &[audit()]), @"");
    p.required = Required::Named(BTreeSet::from([name("pip-audit"), name("semgrep")]));
    assert_snapshot!(p.run(26, &[audit()]), @r"
    semgrep missing: there is no report of semgrep, and never was a usable one
    incomplete
    ");
    p.required = Required::Default;
    let unknown = Scan { scanner: findings_model::ScannerName::unknown(), ..scan("x").state(CoverageState::Failed) };
    let taken = p.take(33, &[audit(), scan("bandit").files("a.py"), unknown]);
    assert!(!taken.required_incomplete, "a file that nobody knows is told, but nobody waits for it");
    assert_eq!(taken.scans.iter().filter(|s| !s.coverage.is_usable()).count(), 1);
}

#[test]
fn a_scanner_that_never_gave_a_usable_report_is_forgotten_with_its_file() {
    let mut p = Project::new();
    let failed = |scanner: &str| scan(scanner).state(CoverageState::Failed);
    p.take(5, &[audit()]);
    assert_snapshot!(p.run(12, &[audit(), failed("cyclonedx")]), @r"
    cyclonedx failed: it is failed
    incomplete
    ");
    p.take(19, &[audit()]);
    assert_eq!(p.scanners(), "pip-audit");

    p.take(20, &[failed("pip-audit"), failed("trivy").finds(flaw(FLAW))]);
    assert!(p.take(26, &[]).required_incomplete);
    assert_eq!(p.scanners(), "pip-audit trivy", "what was usable once, or holds something open, is not forgotten");

    p.required = Required::Named(BTreeSet::from([name("semgrep"), name("pip-audit")]));
    p.take(33, &[audit(), failed("semgrep")]);
    assert_snapshot!(p.run(34, &[audit()]), @r"
    semgrep missing: there is no report of semgrep, and never was a usable one
    incomplete
    PYSEC-2018-28 high unverified since 2026-01-20
    ");
    assert_eq!(p.scanners(), "pip-audit semgrep trivy");
}

#[test]
fn a_retired_scanner_ends_nothing_and_is_not_missed() {
    let mut p = Project::new();
    p.take(5, &[audit().finds(flaw(FLAW)), scan("safety").packages("py 1.0").finds(flaw("py 1.0 PYSEC-2022-42969"))]);
    p.retire("safety");
    assert_snapshot!(p.run(12, &[audit().finds(flaw(FLAW))]), @r#"
    * PYSEC-2022-42969 unverified {"since":"2026-01-05"}
    PYSEC-2018-28 high open
    PYSEC-2022-42969 high unverified since 2026-01-05
    "#);
    assert_snapshot!(p.run(19, &[audit().finds(flaw(FLAW)), scan("safety").packages("py 2.0")]), @r"
    PYSEC-2018-28 high open
    PYSEC-2022-42969 high unverified since 2026-01-05
    ");
}

#[test]
fn what_a_report_clears_is_excepted_until_it_no_longer_does() {
    let mut p = Project::new();
    let found = || scan("bandit").files("a.py").finds(code("B101 a.py 3 assert x"));
    assert_snapshot!(p.run(5, &[found().cleared(Clearance::Suppressed)]), @r#"
    * BANDIT-B101-a.py-3 first_seen
    * BANDIT-B101-a.py-3 excepted {"by":"report_suppressed"}
    BANDIT-B101-a.py-3 high excepted: report_suppressed
    "#);
    assert_snapshot!(p.run(12, &[found()]), @r"
    * BANDIT-B101-a.py-3 exception_ended
    BANDIT-B101-a.py-3 high open
    ");
    assert_snapshot!(p.run(19, &[found().cleared(Clearance::Suppressed)]), @r#"
    * BANDIT-B101-a.py-3 excepted {"by":"report_suppressed"}
    BANDIT-B101-a.py-3 high excepted: report_suppressed
    "#);
    // Not looked at: the last word stands.
    assert_snapshot!(p.run(26, &[]), @r"
    bandit missing: there is no report of bandit; the last usable one is of 2026-01-19T04:00:00Z
    incomplete
    BANDIT-B101-a.py-3 high excepted: report_suppressed
    ");
}

#[test]
fn a_statement_about_the_product_clears_what_others_report() {
    let mut p = Project::new();
    let vex = |c: Clearance| scan("openvex").finds(flaw("requests 2.19.0 CVE-2018-18074")).cleared(c);
    assert_snapshot!(p.run(5, &[audit().finds(flaw(FLAW)), vex(Clearance::NotAffected)]), @r#"
    * PYSEC-2018-28 first_seen
    * PYSEC-2018-28 excepted {"by":"report_not_affected"}
    PYSEC-2018-28 high excepted: report_not_affected
    "#);
    // A suppression in one scanner's settings is not.
    assert_snapshot!(p.run(12, &[audit().finds(flaw(FLAW)), vex(Clearance::Suppressed)]), @r"
    * PYSEC-2018-28 exception_ended
    PYSEC-2018-28 high open
    ");
}

#[test]
fn a_statement_about_another_version_clears_nothing_and_changes_no_version() {
    let mut p = Project::new();
    let vex = |subject: &str| scan("openvex").finds(flaw(subject)).cleared(Clearance::NotAffected);
    assert_snapshot!(p.run(5, &[audit().finds(flaw(FLAW)), vex("requests 9.9 CVE-2018-18074")]), @"
    * PYSEC-2018-28 first_seen
    PYSEC-2018-28 high open
    ");
    let Subject::Vulnerability(v) = &p.ledger.findings[0].subject else { unreachable!() };
    assert_eq!((v.version.as_deref(), v.id.as_str()), (Some("2.19.0"), "PYSEC-2018-28"));
    assert_snapshot!(p.run(12, &[audit().finds(flaw(FLAW)), vex("requests 2.19.0 CVE-2018-18074")]), @r#"
    * PYSEC-2018-28 excepted {"by":"report_not_affected"}
    PYSEC-2018-28 high excepted: report_not_affected
    "#);
}

#[test]
fn what_is_cleared_gives_an_open_finding_no_version() {
    let mut p = Project::new();
    let mut open = flaw(FLAW);
    let Subject::Vulnerability(v) = &mut open else { unreachable!() };
    v.version = None;
    let both = scan("openvex").finds(open).finds(flaw("requests 9.9 CVE-2018-18074")).cleared(Clearance::Fixed);
    p.take(5, &[both]);
    let Subject::Vulnerability(v) = &p.ledger.findings[0].subject else { unreachable!() };
    assert_eq!((p.ledger.findings.len(), p.ledger.findings[0].is_open(), v.version.as_deref()), (1, true, None));
}

#[test]
fn a_rating_that_is_only_assumed_changes_none_that_is_known() {
    let hog = |severity| {
        let scan = scan("trufflehog").finds(secret("AWS|app/a.py|3"));
        scan.rated_by(severity, SeveritySource::Policy)
    };
    let mut p = Project::new();
    let stands = |p: &Project| p.ledger.findings[0].rating.severity;
    p.take(5, &[hog(Severity::High).assumed()]);
    assert_eq!(stands(&p), Severity::High, "there is nothing better");
    p.take(12, &[hog(Severity::Critical)]);
    p.take(19, &[hog(Severity::High).assumed()]);
    assert_eq!(stands(&p), Severity::Critical);
    p.take(26, &[hog(Severity::High)]);
    assert_eq!(stands(&p), Severity::High, "it was checked and is not valid");
}

#[test]
fn a_person_excepts_by_any_id_until_the_last_day() {
    let mut p = Project::new();
    p.take(5, &[audit().finds(flaw(FLAW))]);
    p.exceptions("findings:\n  CVE-2018-18074:\n    status: accepted_risk\n    expires: 2026-01-19\n    owner: ann\n");
    assert_snapshot!(p.run(12, &[audit().finds(flaw(FLAW))]), @r#"
    * PYSEC-2018-28 excepted {"by":"accepted_risk","until":"2026-01-19"}
    PYSEC-2018-28 high excepted: accepted_risk
    "#);
    assert_snapshot!(p.run(19, &[]), @r"
    pip-audit missing: there is no report of pip-audit; the last usable one is of 2026-01-12T04:00:00Z
    incomplete
    PYSEC-2018-28 high excepted: accepted_risk
    ");
    assert_snapshot!(p.run(20, &[audit().finds(flaw(FLAW))]), @r"
    * PYSEC-2018-28 exception_ended
    PYSEC-2018-28 high open
    ");
}

#[test]
fn an_id_of_another_finding_excepts_only_that_one() {
    let mut p = Project::new();
    let both = || scan("pip-audit").packages("a 1.0, b 1.0").finds(flaw("a 1.0 CVE-1-1")).finds(flaw("b 1.0 CVE-1-1"));
    p.exceptions("findings:\n  CVE-1-1: {status: false_positive}\n");
    assert_snapshot!(p.run(5, &[both()]), @r#"
    * CVE-1-1 first_seen
    * CVE-1-1 excepted {"by":"false_positive"}
    * CVE-1-1@b first_seen
    CVE-1-1 high excepted: false_positive
    CVE-1-1@b high open
    "#);
}

#[test]
fn ids_are_given_once_and_never_twice() {
    let mut p = Project::new();
    let many = || {
        [
            scan("pip-audit")
                .finds(flaw("b 1.0 CVE-1-1"))
                .finds(flaw("a 1.0 CVE-1-1"))
                .finds(flaw("c 1.0 PYSEC-3 GHSA-3")),
            scan("osv-scanner").finds(flaw("c 1.0 GHSA-3")),
            scan("bandit")
                .finds(code("B324 src/a/__init__.py 10 md5(x)"))
                .finds(code("B324 src/b/__init__.py 10 md5(x)"))
                .finds(code("B324 src/b/__init__.py 10 md5(x)"))
                .finds(code(&format!("{} {} 1", "R".repeat(400), "é".repeat(400)))),
            scan("detect-secrets").finds(secret("AWS\u{1b} Access\nKey|conf.py|3")),
        ]
    };
    p.take(5, &many());
    let ids: Vec<&str> = p.ledger.findings.iter().map(|f| f.finding_id.as_str()).collect();
    assert_snapshot!(ids.join("\n"), @r"
    BANDIT-B324-__init__.py-10
    BANDIT-B324-__init__.py-10~2
    BANDIT-B324-__init__.py-10~3
    BANDIT-RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR...-éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé...-1
    CVE-1-1
    CVE-1-1@b
    GHSA-3
    SECRET-AWS� Access Key-conf.py-3
    ");
}

#[test]
fn two_reports_of_one_scanner_are_looked_at_together() {
    let mut p = Project::new();
    let first = || scan("pip-audit").packages("a 1.0");
    let second = || scan("pip-audit").packages("b 1.0").in_file("reports/second.json");
    p.take(5, &[first(), second().finds(flaw("b 1.0 CVE-1-1"))]);
    p.take(12, &[first(), second().finds(flaw("b 1.0 CVE-1-1"))]);
    assert_eq!(p.ledger.findings.len(), 1);
    assert_eq!(
        p.end(19, &[first(), scan("pip-audit").packages("b 2.0").in_file("reports/second.json")]),
        Some(ResolvedReason::Upgraded)
    );
}

#[test]
fn what_may_be_the_same_flaw_under_new_ids_is_not_ended() {
    let mut p = Project::new();
    p.take(5, &[scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 CVE-1-1"))]);
    let both = || scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 PYSEC-1 CVE-1-1 CVE-1-2"));
    assert_snapshot!(p.run(12, &[both()]), @r#"
    * CVE-1-1 unverified {"since":"2026-01-05"}
    * PYSEC-1 first_seen
    CVE-1-1 high unverified since 2026-01-05
    PYSEC-1 high open
    "#);
    assert_snapshot!(p.run(19, &[both()]), @r"
    CVE-1-1 high unverified since 2026-01-05
    PYSEC-1 high open
    ");
}

#[test]
fn a_report_from_the_future_was_made_today() {
    let mut p = Project::new();
    let dated = |day: &str| Scan { observed_at: Some(day.parse().unwrap()), ..audit() };
    p.take(5, &[dated("2999-01-01T00:00:00Z")]);
    let state = &p.ledger.scanners[&name("pip-audit")];
    assert_eq!(state.last_complete.unwrap().to_string(), "2026-01-05T04:00:00Z");
    p.take(12, &[dated("2025-06-01T00:00:00Z")]);
    let state = &p.ledger.scanners[&name("pip-audit")];
    assert_eq!(state.last_complete.unwrap().to_string(), "2026-01-05T04:00:00Z", "an old report is no fresh scan");
    assert_eq!(state.first_usable.unwrap().to_string(), "2026-01-05T04:00:00Z");
}

#[test]
fn the_fix_to_go_to_is_above_the_installed_version() {
    let mut p = Project::new();
    p.take(5, &[audit().finds(flaw(FLAW))]);
    assert_eq!(p.ledger.findings[0].fix_version.as_deref(), Some("3.0"));
    let json = serde_json::to_value(&p.ledger.findings[0]).unwrap();
    assert_eq!((&json["fix_available"], &json["fix_versions"]), (&true.into(), &serde_json::json!(["3.0"])));
}
