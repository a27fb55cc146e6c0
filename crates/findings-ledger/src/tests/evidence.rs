//! What reports prove that are old, lost, of another version or under another name, and what is learned of findings later.

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, CoverageState, Gap, ReportFormat, ResolvedReason, Scan, Severity, SeveritySource, Timestamp,
};
use insta::assert_snapshot;

use super::{Build, code, flaw, name, project::Project, scan, secret};
use crate::Required;

fn dated(day: &str, scan: Scan) -> Scan {
    let at: Timestamp = format!("{day}T03:00:00Z").parse().unwrap();
    Scan { observed_at: Some(at), ..scan }
}

fn version(version: &str, scan: Scan) -> Scan {
    Scan { tool_version: Some(version.to_owned()), ..scan }
}

fn format(format: ReportFormat, scan: Scan) -> Scan {
    Scan { format: Some(format), ..scan }
}

fn audit() -> Scan {
    scan("pip-audit").packages("requests 2.19.0")
}

fn grype() -> Scan {
    scan("grype").packages("requests 2.19.0")
}

fn bandit() -> Scan {
    scan("bandit").files("a.py, ok.py")
}

#[test]
fn a_report_that_is_older_than_the_one_before_ends_nothing() {
    let mut p = Project::with_files("a.py, ok.py");
    let found = || bandit().finds(code("B324 a.py 5 md5(x)"));
    p.take(5, &[dated("2026-01-05", bandit())]);
    p.take(12, &[dated("2026-01-12", found())]);
    let old = p.take(19, &[dated("2026-01-05", bandit())]);
    assert_eq!(old.scans[0].coverage, CoverageState::Partial);
    assert_snapshot!(old.scans[0].reasons.join("; "), @"it was made at 2026-01-05T03:00:00Z, and a report of 2026-01-12T03:00:00Z was taken in before: what is not in it may be newer than it is");
    assert_snapshot!(p.run(20, &[dated("2026-01-05", bandit())]), @"BANDIT-B324-a.py-5 high unverified since 2026-01-12");
    // A week without any report does not make it newer.
    p.take(26, &[]);
    assert_eq!(p.end(27, &[dated("2026-01-05", bandit())]), None);
    // The same date again is the same report, or one that a person dated.
    p.lines.insert("a.py", vec!["sha256(x)"]);
    assert_eq!(p.end(33, &[dated("2026-01-12", bandit())]), Some(ResolvedReason::CodeChanged));
}

#[test]
fn each_of_several_reports_has_its_own_date() {
    let mut p = Project::with_files("a.py, ok.py");
    let two =
        |a: &str, b: &str, second: Scan| [dated(a, bandit().in_file("one.json")), dated(b, second.in_file("two.json"))];
    let found = || bandit().finds(code("B324 a.py 5 md5(x)"));
    p.take(5, &two("2026-01-04", "2026-01-05", found()));
    // The second is an old copy, the first is new.
    assert_eq!(p.end(12, &two("2026-01-12", "2026-01-01", bandit())), None);
    assert_eq!(p.end(13, &two("2026-01-12", "2026-01-01", bandit())), None);
    p.lines.insert("a.py", vec!["sha256(x)"]);
    assert_eq!(p.end(19, &two("2026-01-12", "2026-01-12", bandit())), Some(ResolvedReason::CodeChanged));
}

#[test]
fn a_file_that_went_to_one_that_could_not_be_read_is_not_gone() {
    let end = |lines: &'static [&'static str]| {
        let mut p = Project::with_files("a.py, ok.py");
        p.take(5, &[bandit().finds(code("B324 a.py 5 md5(x)"))]);
        p.files = BTreeSet::from(["b.py".to_owned(), "ok.py".to_owned()]);
        p.lines.insert("b.py", lines.to_vec());
        p.end(12, &[scan("bandit").files("b.py, ok.py").gap(Gap::File("b.py".to_owned()))])
    };
    assert_eq!(end(&["def (:", "  md5(x)"]), None);
    assert_eq!(end(&["def (:", "  sha256(x)"]), Some(ResolvedReason::Removed), "it is not there either");
    // What the file says cannot be read.
    let mut p = Project::with_files("a.py, ok.py");
    p.take(5, &[bandit().finds(code("B324 a.py 5 md5(x)"))]);
    p.files = BTreeSet::from(["b.py".to_owned(), "ok.py".to_owned()]);
    assert_eq!(p.end(12, &[scan("bandit").files("b.py, ok.py").gap(Gap::File("b.py".to_owned()))]), None);
}

#[test]
fn a_run_that_is_missing_from_a_file_is_a_lost_report() {
    let mut p = Project::with_files("a.py, b.js");
    let run = |finding: &str| format(ReportFormat::Sarif, scan("CodeQL")).finds(code(finding));
    let both = || [run("py/x a.py 1 x"), run("js/y b.js 1 y")];
    p.take(5, &both());
    assert_snapshot!(p.run(12, &both()[..1]), @r#"
    CodeQL missing: reports/CodeQL.json holds fewer runs of CodeQL than before; the last usable ones are of 2026-01-05T04:00:00Z; if no more is to come, set scanners.CodeQL.reports = 1
    incomplete
    * CODEQL-js/y-b.js-1 unverified {"since":"2026-01-05"}
    CODEQL-js/y-b.js-1 high unverified since 2026-01-05
    CODEQL-py/x-a.py-1 high open
    "#);
    assert_snapshot!(p.run(19, &both()), @r"
    * CODEQL-js/y-b.js-1 confirmed
    CODEQL-js/y-b.js-1 high open
    CODEQL-py/x-a.py-1 high open
    ");
    // A person who says how many reports there are counts files.
    p.reports.insert(name("CodeQL"), 1);
    assert!(!p.take(26, &both()[..1]).required_incomplete);
}

#[test]
fn a_person_says_how_many_reports_the_first_run_of_a_scanner_has() {
    let mut p = Project::new();
    p.reports.insert(name("pip-audit"), 2);
    let two = || [audit().in_file("a.json"), audit().in_file("b.json")];
    let first = p.take(5, &two()[..1]);
    assert!(first.required_incomplete);
    assert_snapshot!(first.scans[0].reasons.join("; "), @"there are fewer reports of pip-audit than a run has (1)");
    let second = p.take(12, &two()[..1]);
    assert!(second.required_incomplete);
    assert_eq!(second.scans[0].reasons, first.scans[0].reasons);
    assert!(!p.take(19, &two()).required_incomplete);
}

#[test]
fn a_lost_report_is_told_in_the_same_words_until_it_is_back() {
    let mut p = Project::new();
    let two = || [audit().in_file("a.json"), audit().in_file("b.json")];
    p.take(5, &two());
    let first = p.take(12, &two()[..1]);
    let later = p.take(19, &two()[..1]);
    assert_eq!(first.scans[1].reasons, later.scans[1].reasons);
    assert_snapshot!(first.scans[1].reasons.join("; "), @"there is no report of pip-audit in place of b.json; the last usable one is of 2026-01-05T04:00:00Z; if no more is to come, set scanners.pip-audit.reports = 1");
    let state = &p.ledger.scanners[&name("pip-audit")];
    assert_eq!(state.last_complete.unwrap().to_string(), "2026-01-05T04:00:00Z", "one of two is no complete scan");
    assert_eq!(state.last_usable.unwrap().to_string(), "2026-01-19T04:00:00Z");
    p.take(26, &two());
    assert_eq!(p.ledger.scanners[&name("pip-audit")].last_complete.unwrap().to_string(), "2026-01-26T04:00:00Z");
}

#[test]
fn another_version_that_no_longer_reports_what_the_file_still_says_ends_nothing() {
    let found = || version("1.7", bandit().finds(code("B325 a.py 5 os.tempnam(x)")));
    let after = |lines: Option<&'static str>, second: Scan| {
        let mut p = Project::with_files("a.py, ok.py");
        p.lines.extend(lines.map(|line| ("a.py", vec![line])));
        p.take(5, &[found()]);
        let taken = p.take(12, &[second]);
        p.take(13, &[version("1.9", bandit())]);
        (p.ledger.findings[0].is_open(), taken.scans[0].reasons.join("; "))
    };
    let (open, reasons) = after(Some("  os.tempnam(x)"), version("1.9", bandit()));
    assert!(open);
    assert_snapshot!(reasons, @"the scan looked for less than an earlier one, which may hide 1 finding: version 1.9 no longer reports what version 1.7 did, and the code is still there");
    assert!(!after(Some("  tempfile.mkstemp()"), version("1.9", bandit())).0, "the code changed");
    let elsewhere = || bandit().finds(code("B325 ok.py 1 os.tempnam(y)"));
    assert!(!after(Some("  os.tempnam(x)"), version("1.7", elsewhere())).0, "the same version says so");
    assert!(after(Some("  os.tempnam(x)"), version("1.9", elsewhere())).0);
}

#[test]
fn one_tool_is_one_scanner_by_whatever_format_and_spelling() {
    let mut p = Project::with_files("a.py, ok.py");
    let json = || format(ReportFormat::Bandit, bandit()).finds(code("B324 a.py 5 md5(x)"));
    let sarif = |driver: &str| {
        let scan = format(ReportFormat::Sarif, scan(driver)).in_file("reports/bandit.sarif");
        scan.finds(code("B324 a.py 5 md5(x)"))
    };
    assert_snapshot!(p.run(5, &[json(), sarif("Bandit")]), @r"
    * BANDIT-B324-a.py-5 first_seen
    BANDIT-B324-a.py-5 high open
    ");
    assert_eq!(p.ledger.scanners.keys().map(findings_model::ScannerName::as_str).collect::<Vec<_>>(), ["bandit"]);
    assert!(!p.take(6, &[json()]).required_incomplete, "two formats say the same thing");
    assert!(!p.take(7, &[sarif("Bandit")]).required_incomplete);
    p.required = Required::Named([name("BANDIT")].into());
    let other = p.take(12, &[sarif("bandit SARIF")]);
    assert!(other.required_incomplete, "another tool is another tool");
    let taken = p.take(19, &[sarif("BANDIT")]);
    assert_eq!((taken.scans[0].scanner.as_str(), taken.required_incomplete), ("BANDIT", false));
    assert_eq!(p.ledger.findings.iter().filter(|f| f.scanners.get(&name("bandit")).is_some()).count(), 1);
}

#[test]
fn a_format_that_cannot_speak_of_a_finding_ends_nothing() {
    let mut p = Project::with_files("a.py, requirements.txt");
    let json = || format(ReportFormat::Trivy, scan("trivy").packages("requests 2.19.0"));
    p.take(5, &[json().finds(flaw("requests 2.19.0 CVE-2018-18074")).finds(secret("aws|a.py|3"))]);
    let sarif = format(ReportFormat::Sarif, scan("Trivy").in_file("trivy.sarif"));
    assert_snapshot!(p.run(12, &[sarif]), @r#"
    trivy missing: there is no report of trivy in place of reports/trivy.json; the last usable one is of 2026-01-05T04:00:00Z; if no more is to come, set scanners.trivy.reports = 1
    incomplete
    * CVE-2018-18074 unverified {"since":"2026-01-05"}
    * SECRET-aws-a.py-3 unverified {"since":"2026-01-05"}
    CVE-2018-18074 high unverified since 2026-01-05
    SECRET-aws-a.py-3 high unverified since 2026-01-05
    "#);
    p.reports.insert(name("trivy"), 1);
    assert_snapshot!(p.run(19, &[json()]), @r#"
    * CVE-2018-18074 resolved {"reason":"no_longer_reported"}
    * SECRET-aws-a.py-3 resolved {"reason":"no_longer_reported"}
    CVE-2018-18074 high resolved on 2026-01-19: no_longer_reported
    SECRET-aws-a.py-3 high resolved on 2026-01-19: no_longer_reported
    "#);
}

#[test]
fn an_alias_is_forgotten_only_when_everyone_who_told_it_was_heard() {
    let ids = |p: &Project| p.ledger.findings[0].subject.advisory_ids().count();
    let told = || audit().finds(flaw("requests 2.19.0 CVE-1-1 PYSEC-1"));
    let mild = || grype().finds(flaw("requests 2.19.0 GHSA-1 CVE-1-1"));
    let mut p = Project::new();
    p.take(5, &[told(), mild()]);
    p.exceptions("findings:\n  PYSEC-1: {status: accepted_risk}\n");
    assert_eq!(ids(&p), 3);
    p.take(12, &[mild()]);
    assert_eq!(ids(&p), 3, "pip-audit could not say it again");
    // Everyone was heard, and nobody says it: no evidence any more, but what a person said of it holds.
    p.take(19, &[audit().finds(flaw("requests 2.19.0 CVE-1-1 GHSA-1")), mild()]);
    assert_eq!(ids(&p), 2);
    assert_snapshot!(p.run(26, &[audit().finds(flaw("requests 2.19.0 CVE-1-1 GHSA-1")), mild()]), @"GHSA-1 high excepted: accepted_risk");
    // Printed on its own it is still this flaw.
    assert_snapshot!(p.run(33, &[audit().finds(flaw("requests 2.19.0 PYSEC-1")), mild()]), @"GHSA-1 high excepted: accepted_risk");
}

#[test]
fn an_alias_of_an_advisory_store_stays_while_the_store_is_away() {
    let mut p = Project::new();
    let rated =
        |ids: &str, source| grype().finds(flaw(&format!("requests 2.19.0 {ids}"))).rated_by(Severity::High, source);
    p.take(5, &[rated("GHSA-1 CVE-1-1 PYSEC-1", SeveritySource::AdvisoryVector)]);
    p.advised = false;
    p.take(12, &[rated("GHSA-1 CVE-1-1", SeveritySource::Scanner)]);
    let pysec = AdvisoryId::parse("PYSEC-1").unwrap();
    assert!(p.ledger.findings[0].subject.advisory_ids().any(|id| *id == pysec));
}

#[test]
fn two_findings_that_turn_out_to_be_one_are_folded_into_the_older() {
    let mut p = Project::new();
    let osv = || grype().finds(flaw("requests 2.19.0 GHSA-1 CVE-1-1"));
    p.take(5, &[audit().finds(flaw("requests 2.19.0 PYSEC-1"))]);
    p.take(12, &[audit().finds(flaw("requests 2.19.0 PYSEC-1")), osv()]);
    p.exceptions("findings:\n  GHSA-1: {status: false_positive}\n");
    assert_snapshot!(p.run(19, &[audit().finds(flaw("requests 2.19.0 PYSEC-1 CVE-1-1")), osv()]), @r#"
    * GHSA-1 merged {"into":"PYSEC-1"}
    * PYSEC-1 excepted {"by":"false_positive"}
    PYSEC-1 high excepted: false_positive
    "#);
    let finding = &p.ledger.findings[0];
    assert_eq!(finding.discovered.to_string(), "2026-01-05");
    assert_eq!(
        finding.scanners.keys().map(findings_model::ScannerName::as_str).collect::<Vec<_>>(),
        ["grype", "pip-audit"]
    );
    assert_eq!(finding.former_ids().map(findings_model::FindingId::as_str).collect::<Vec<_>>(), ["GHSA-1"]);
    p.exceptions("findings: {}\n");
    p.take(26, &[audit().finds(flaw("requests 2.19.0 PYSEC-1")), osv()]);
    assert_eq!(p.ledger.findings.len(), 1);
    let upgraded = |name: &str| scan(name).packages("requests 2.20.0");
    assert_eq!(p.end(33, &[upgraded("pip-audit"), upgraded("grype")]), Some(ResolvedReason::Upgraded));
}

#[test]
fn two_flaws_with_cve_numbers_of_their_own_are_never_folded() {
    let mut p = Project::new();
    let both = |a: &str, b: &str| {
        audit().finds(flaw(&format!("requests 2.19.0 {a}"))).finds(flaw(&format!("requests 2.19.0 {b}")))
    };
    p.take(5, &[both("PYSEC-1 CVE-1-1", "PYSEC-2 CVE-1-2")]);
    p.take(12, &[both("PYSEC-1 CVE-1-1 CVE-1-2", "PYSEC-2 CVE-1-2 CVE-1-1")]);
    assert_eq!(p.ledger.findings.len(), 2);
}

#[test]
fn flaws_that_share_an_alias_are_no_doubt_for_each_other_after_a_crash() {
    let mut p = Project::new();
    let found =
        |ids: &[&str]| ids.iter().fold(audit(), |scan, ids| scan.finds(flaw(&format!("requests 2.19.0 {ids}"))));
    let (one, two) = ("PYSEC-1 CVE-1-1 GHSA-x", "PYSEC-2 CVE-1-2 GHSA-x");
    p.take(5, &[found(&[one, two])]);
    p.take(12, &[audit().state(CoverageState::Failed)]);
    assert_snapshot!(p.run(19, &[found(&[one])]), @r#"
    * PYSEC-1 confirmed
    * PYSEC-2 resolved {"reason":"no_longer_reported"}
    PYSEC-1 high open
    PYSEC-2 high resolved on 2026-01-19: no_longer_reported
    "#);
}

#[test]
fn what_one_scanner_saw_end_is_over_when_the_other_is_retired() {
    let mut p = Project::new();
    p.take(
        5,
        &[
            audit().finds(flaw("requests 2.19.0 PYSEC-1 CVE-1-1")),
            grype().finds(flaw("requests 2.19.0 GHSA-1 CVE-1-1")),
        ],
    );
    let upgraded = || scan("pip-audit").packages("requests 2.20.0");
    assert_eq!(p.end(12, &[upgraded()]), None);
    p.retire("grype");
    assert_eq!(p.end(19, &[upgraded()]), Some(ResolvedReason::Upgraded));
}

#[test]
fn a_severity_that_a_person_took_back_is_what_it_was() {
    let mut p = Project::with_files("a.py, ok.py");
    let found = || bandit().finds(code("B602 a.py 5 run(x)"));
    p.take(5, &[found()]);
    p.exceptions("findings:\n  BANDIT-B602-a.py-5: {severity: low}\n");
    p.take(12, &[found()]);
    p.take(13, &[]);
    p.exceptions("findings: {}\n");
    assert_snapshot!(p.run(19, &[]), @r#"
    bandit missing: there is no report of bandit; the last usable one is of 2026-01-12T04:00:00Z
    incomplete
    * BANDIT-B602-a.py-5 severity_changed {"from":"low","source":"scanner","to":"high"}
    BANDIT-B602-a.py-5 high unverified since 2026-01-12
    "#);
    assert_eq!(p.ledger.findings[0].memory, None);
}

#[test]
fn a_week_without_quoted_lines_is_no_news() {
    let mut p = Project::with_files("a.py, ok.py");
    let at = |shift: u32, texts: [&str; 2]| {
        let [one, two] = texts;
        let line = |n: u32| n + shift;
        bandit()
            .finds(code(format!("R a.py {} {one}", line(3)).trim_end()))
            .finds(code(format!("R a.py {} {two}", line(30)).trim_end()))
            .finds(code(&format!("Q a.py {}", line(5))))
    };
    p.take(5, &[at(0, ["t1", "t2"])]);
    let ids = |p: &Project| p.ledger.findings.iter().filter(|f| f.is_open()).count();
    for (day, shift, texts) in [(12, 5, ["", ""]), (19, 9, ["t1", "t2"]), (26, 2, ["u1", "u2"])] {
        let taken = p.take(day, &[at(shift, texts)]);
        assert_eq!((taken.events.len(), ids(&p)), (0, 3), "on day {day}");
    }
}
