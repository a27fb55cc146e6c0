//! Findings that turn out to be several.

use findings_model::{AdvisoryId, AdvisoryVerdict, CoverageState, Scan};
use insta::assert_snapshot;

use super::{Build, flaw, project::Project, scan};

fn audit(version: &str, flaws: &[&str]) -> Scan {
    let scan = scan("pip-audit").packages(&format!("foo {version}"));
    flaws.iter().fold(scan, |scan, ids| scan.finds(flaw(&format!("foo {version} {ids}"))))
}

/// The ids of every finding, the printed ones behind a bar.
fn ids(p: &Project) -> String {
    let words = |ids: &mut dyn Iterator<Item = &AdvisoryId>| ids.map(AdvisoryId::as_str).collect::<Vec<_>>().join(" ");
    let line = |f: &findings_model::Finding| match &f.subject {
        findings_model::Subject::Vulnerability(v) => {
            format!("{}: {} | {}", f.finding_id, words(&mut f.subject.advisory_ids()), words(&mut v.printed.iter()))
        }
        _ => String::new(),
    };
    p.ledger.findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn two_flaws_that_were_one_for_a_week_end_each_on_its_own() {
    let first = "PYSEC-1 CVE-1-1 GHSA-1";
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &[first, "PYSEC-2 GHSA-1"])]);
    assert_snapshot!(ids(&p), @"PYSEC-1: PYSEC-1 CVE-1-1 GHSA-1 PYSEC-2 | PYSEC-1 PYSEC-2");
    assert_snapshot!(p.run(12, &[audit("1.0", &[first, "PYSEC-2 CVE-1-2"])]), @r"
    * PYSEC-2 first_seen
    PYSEC-1 high open
    PYSEC-2 high open
    ");
    assert_snapshot!(ids(&p), @r"
    PYSEC-1: PYSEC-1 CVE-1-1 GHSA-1 | PYSEC-1
    PYSEC-2: PYSEC-2 CVE-1-2 | PYSEC-2
    ");
    // Without its number, an id is the flaw that it was printed for.
    p.take(19, &[audit("1.0", &[first, "PYSEC-2 GHSA-1"])]);
    assert_snapshot!(p.run(26, &[audit("1.1", &["PYSEC-2 CVE-1-2"])]), @r#"
    * PYSEC-1 resolved {"reason":"upgraded"}
    PYSEC-1 high resolved on 2026-01-26: upgraded
    PYSEC-2 high open
    "#);
}

#[test]
fn what_a_ledger_took_for_one_flaw_with_both_numbers_parts_too() {
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &["PYSEC-1 GHSA-1", "PYSEC-2 GHSA-1"])]);
    let findings_model::Subject::Vulnerability(v) = &mut p.ledger.findings[0].subject else { unreachable!() };
    v.aliases.extend(["CVE-1-1", "CVE-1-2"].map(|id| AdvisoryId::parse(id).unwrap()));
    p.take(12, &[audit("1.0", &["PYSEC-1 CVE-1-1", "PYSEC-2 CVE-1-2"])]);
    assert_snapshot!(ids(&p), @r"
    PYSEC-1: PYSEC-1 CVE-1-1 | PYSEC-1
    PYSEC-2: PYSEC-2 CVE-1-2 | PYSEC-2
    ");
}

#[test]
fn flaws_of_two_scanners_part_as_those_of_one_do() {
    let osv = |version: &str, ids: &str| {
        scan("osv-scanner").packages(&format!("foo {version}")).finds(flaw(&format!("foo {version} {ids}")))
    };
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &["PYSEC-1 GHSA-1"]), osv("1.0", "GHSA-1")]);
    p.take(12, &[audit("1.0", &["PYSEC-1 CVE-1-1"]), osv("1.0", "GHSA-1 CVE-1-2")]);
    assert_snapshot!(ids(&p), @r"
    GHSA-1: GHSA-1 CVE-1-2 | GHSA-1
    PYSEC-1: PYSEC-1 CVE-1-1 | PYSEC-1
    ");
    assert_snapshot!(p.run(19, &[audit("1.1", &[]), osv("1.1", "GHSA-1 CVE-1-2")]), @r#"
    * PYSEC-1 resolved {"reason":"upgraded"}
    GHSA-1 high open
    PYSEC-1 high resolved on 2026-01-19: upgraded
    "#);
}

/// `Project::take` takes every run in twice: they part in the run that tells them apart, not in the next one.
#[test]
fn flaws_part_at_once_where_nothing_tells_which_is_the_known_one() {
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &["CVE-1-1 CVE-1-2 PYSEC-2", "GHSA-1", "PYSEC-2 GHSA-1"])]);
    assert_snapshot!(p.run(12, &[audit("1.0", &["CVE-1-1", "PYSEC-2 CVE-1-2"])]), @r"
    * PYSEC-2 first_seen
    GHSA-1 high open
    PYSEC-2 high open
    ");
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &["PYSEC-1 CVE-1-2", "PYSEC-1 CVE-1-1", "GHSA-1", "CVE-1-2 GHSA-1"])]);
    assert_snapshot!(p.run(12, &[audit("1.0", &["PYSEC-1 CVE-1-1", "CVE-1-2"])]), @r"
    * PYSEC-1 first_seen
    GHSA-1 high open
    PYSEC-1 high open
    ");
}

#[test]
fn what_a_person_said_under_an_id_is_said_of_the_flaw_that_has_it() {
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &["PYSEC-1 CVE-1-1", "PYSEC-2 GHSA-1 PYSEC-1"])]);
    p.exceptions("findings:\n  PYSEC-2: {status: accepted_risk}\n");
    let apart = || audit("1.0", &["PYSEC-1 CVE-1-1", "PYSEC-2 CVE-1-2"]);
    assert_snapshot!(p.run(12, &[apart()]), @r#"
    * PYSEC-2 first_seen
    * PYSEC-2 excepted {"by":"accepted_risk"}
    PYSEC-1 high open
    PYSEC-2 high excepted: accepted_risk
    "#);
}

#[test]
fn a_flaw_whose_number_another_record_has_is_not_ended_by_its_own_records_silence() {
    let mut p = Project::new();
    let both = "GHSA-1 CVE-1-1 CVE-1-2";
    p.take(5, &[audit("1.0", &["GHSA-1 CVE-1-1", "GHSA-2 CVE-1-2"])]);
    assert_snapshot!(p.run(12, &[audit("1.0", &[both])]), @r#"
    * GHSA-2 unverified {"since":"2026-01-05"}
    GHSA-1 high open
    GHSA-2 high unverified since 2026-01-05
    "#);
    assert_snapshot!(p.run(19, &[audit("1.1", &[both])]), @r"
    GHSA-1 high open
    GHSA-2 high unverified since 2026-01-05
    ");
    assert_snapshot!(p.run(26, &[audit("2.0", &[])]), @r#"
    * GHSA-1 resolved {"reason":"upgraded"}
    * GHSA-2 resolved {"reason":"upgraded"}
    GHSA-1 high resolved on 2026-01-26: upgraded
    GHSA-2 high resolved on 2026-01-26: upgraded
    "#);
}

#[test]
fn a_record_with_only_one_of_its_numbers_does_not_keep_a_flaw() {
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &["GHSA-1 CVE-1-1 CVE-1-2", "PYSEC-2 CVE-1-2"])]);
    assert_snapshot!(p.run(12, &[audit("1.1", &["PYSEC-2 CVE-1-2"])]), @r#"
    * GHSA-1 resolved {"reason":"upgraded"}
    GHSA-1 high resolved on 2026-01-12: upgraded
    PYSEC-2 high open
    "#);
}

/// `Project::take` takes every run in twice: the second time the number that pip-audit adds is known.
#[test]
fn a_number_that_another_scanner_adds_changes_nothing_at_a_second_look() {
    let osv = |flaws: &[&str]| flaws.iter().fold(scan("osv-scanner").packages("foo 1.0"), |s, ids| s.finds(flaw(ids)));
    let mut p = Project::new();
    p.take(5, &[osv(&["foo 1.0 GHSA-1 CVE-1-1", "foo 1.0 GHSA-2 CVE-1-2"])]);
    let one_more = audit("1.0", &["GHSA-2 CVE-1-2 CVE-1-3"]);
    assert_snapshot!(p.run(12, &[osv(&["foo 1.0 GHSA-1 CVE-1-1 CVE-1-2"]), one_more]), @r"
    GHSA-1 high open
    GHSA-2 high open
    ");
}

#[test]
fn a_flaw_that_two_scanners_merge_one_after_the_other_stays() {
    let osv = |version: &str, flaws: &[&str]| {
        let scan = scan("osv-scanner").packages(&format!("foo {version}"));
        flaws.iter().fold(scan, |scan, ids| scan.finds(flaw(&format!("foo {version} {ids}"))))
    };
    let (both, apart) = (["GHSA-1 CVE-1-1 CVE-1-2"], ["GHSA-1 CVE-1-1", "GHSA-2 CVE-1-2"]);
    let mut p = Project::new();
    p.take(5, &[audit("1.0", &apart), osv("1.0", &apart)]);
    assert_snapshot!(p.run(12, &[audit("1.0", &both), osv("1.0", &apart)]), @r"
    GHSA-1 high open
    GHSA-2 high open
    ");
    assert_snapshot!(p.run(19, &[audit("1.0", &both), osv("1.0", &both)]), @r#"
    * GHSA-2 unverified {"since":"2026-01-12"}
    GHSA-1 high open
    GHSA-2 high unverified since 2026-01-12
    "#);
    assert_snapshot!(p.run(26, &[audit("2.0", &[]), osv("2.0", &[])]), @r#"
    * GHSA-1 resolved {"reason":"upgraded"}
    * GHSA-2 resolved {"reason":"upgraded"}
    GHSA-1 high resolved on 2026-01-26: upgraded
    GHSA-2 high resolved on 2026-01-26: upgraded
    "#);
}

#[test]
fn a_number_in_another_record_is_no_doubt_where_the_flaws_own_record_says_that_it_is_fixed() {
    let mut p = Project::new();
    let polluted = "GHSA-1 CVE-1-1 CVE-1-2";
    p.take(5, &[audit("1.0", &[polluted, "GHSA-2 CVE-1-2"])]);
    p.verdicts.insert("GHSA-2", AdvisoryVerdict::NotAffected);
    assert_snapshot!(p.run(12, &[audit("1.1", &[polluted])]), @r#"
    * GHSA-2 resolved {"reason":"upgraded"}
    GHSA-1 high open
    GHSA-2 high resolved on 2026-01-12: upgraded
    "#);
}

/// `Project::take` does every run twice.
#[test]
fn records_that_contradict_each_other_find_their_places_in_one_run() {
    let scan_of = |scanner: &str, flaws: &[&str]| {
        let scan = scan(scanner).packages("foo 1.0").state(CoverageState::Failed);
        flaws.iter().fold(scan, |scan, ids| scan.finds(flaw(&format!("foo 1.0 {ids}"))))
    };
    let (audit, osv) = (|flaws: &[&str]| scan_of("pip-audit", flaws), |flaws: &[&str]| scan_of("osv-scanner", flaws));

    let mut p = Project::with_files("a.py");
    p.take(5, &[audit(&["GHSA-1 CVE-1-2"]), osv(&["PYSEC-1 CVE-1-1"])]);
    p.take(12, &[audit(&["PYSEC-2 GHSA-1", "PYSEC-2 PYSEC-1"])]);
    p.take(19, &[audit(&["CVE-1-2", "PYSEC-2 CVE-1-2"]), osv(&["PYSEC-2 CVE-1-1", "PYSEC-1 CVE-1-2", "CVE-1-1"])]);

    let mut p = Project::with_files("a.py");
    p.take(5, &[audit(&["PYSEC-2 GHSA-1", "PYSEC-1", "GHSA-2 CVE-1-2"])]);
    p.take(12, &[audit(&["PYSEC-1 CVE-1-1", "GHSA-1"])]);
    p.take(19, &[audit(&["CVE-1-1", "GHSA-2 CVE-1-1"]), osv(&["CVE-1-2", "GHSA-1 CVE-1-2", "GHSA-1 CVE-1-1"])]);
}
