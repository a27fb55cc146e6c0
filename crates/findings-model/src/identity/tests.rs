use std::collections::BTreeMap;

use proptest::prelude::*;
use time::{Date, Month};

use super::{Match, Seen, assign, flaw_classes, pair};
use crate::{
    AdvisoryId, CodeSpot, CodeText, Finding, FindingId, Package, PackageName, Rating, ResolvedReason, ScannerName,
    Scope, SecretMark, SecretSpot, Status, Subject, Vulnerability,
};

fn day(n: u8) -> Date {
    Date::from_calendar_date(2026, Month::January, n).unwrap()
}

fn scanner() -> ScannerName {
    ScannerName::parse("scanner").unwrap()
}

/// `requests PYSEC-1 CVE-2026-0001 GHSA-a`: package, printed id, aliases.
fn flaw(text: &str) -> Subject {
    let mut words = text.split_whitespace();
    let package = Package::pypi(&PackageName::parse(words.next().unwrap()).unwrap());
    let mut ids = words.map(|w| AdvisoryId::parse(w).unwrap());
    Subject::Vulnerability(Vulnerability {
        package,
        version: None,
        id: ids.next().unwrap(),
        aliases: ids.collect(),
        printed: crate::AdvisoryIds::new(),
        fix_versions: Vec::new(),
    })
}

/// `B324 app/a.py 5 md5(x)`: rule, file, line, what the line says.
fn code(text: &str) -> Subject {
    let mut words = text.splitn(4, ' ');
    Subject::Code(CodeSpot {
        rule: words.next().unwrap().to_owned(),
        former_rules: Vec::new(),
        path: words.next().unwrap().to_owned(),
        line: words.next().unwrap().parse().ok(),
        text: words.next().and_then(|line| CodeText::of(line, false)),
        aliases: std::collections::BTreeSet::new(),
    })
}

/// `Key app/a.py 5 mark`: type, file, line, mark.
fn secret(text: &str) -> Subject {
    let mut words = text.split(' ');
    Subject::Secret(SecretSpot {
        rule: words.next().unwrap().to_owned(),
        path: words.next().unwrap().to_owned(),
        line: words.next().unwrap().parse().ok(),
        text: None,
        mark: words.next().map(|m| SecretMark::from_hex(m.to_owned())),
    })
}

fn finding(name: &str, subject: Subject) -> Finding {
    Finding {
        finding_id: FindingId::parse(name).unwrap(),
        subject,
        scope: Scope::Unknown,
        rating: Rating::unknown(),
        rated_on: None,
        memory: None,
        exploitation: crate::Exploitation::default(),
        source_scanner: scanner(),
        scanners: crate::Attributions::new(),
        status: Status::Open,
        discovered: day(1),
        last_seen: day(8),
        fix_version: None,
        description: "".into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

fn resolved(mut f: Finding) -> Finding {
    f.status = Status::Resolved { on: day(8), reason: ResolvedReason::CodeChanged };
    f
}

fn of_scanner(name: &str, mut finding: Finding) -> Finding {
    finding.source_scanner = ScannerName::parse(name).unwrap();
    finding
}

/// Says for each record `k0` (known finding 0) or `n0` (new finding 0), then the contested known ones (`?0`) and those that records
/// parted from (`0/1`, known finding and record).
fn check(known: &[Finding], seen: &[Subject], gone: &[&str], expected: &str) {
    let name = scanner();
    let seen: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, scanner: &name, report: 0 }).collect();
    let result = assign(known, &seen, &|_, path| gone.contains(&path));
    let mut words: Vec<String> = result
        .matches
        .iter()
        .map(|m| match m {
            Match::Known(k) => format!("k{k}"),
            Match::New(n) => format!("n{n}"),
        })
        .collect();
    words.extend(result.contested.iter().map(|k| format!("?{k}")));
    words.extend(result.parted.iter().flat_map(|(k, records)| records.iter().map(move |s| format!("{k}/{s}"))));
    assert_eq!(words.join(" "), expected);
}

fn all(make: fn(&str) -> Subject, texts: &[&str]) -> Vec<Subject> {
    texts.iter().map(|t| make(t)).collect()
}

fn known(make: fn(&str) -> Subject, texts: &[&str]) -> Vec<Finding> {
    texts.iter().enumerate().map(|(i, t)| finding(&format!("F{i}"), make(t))).collect()
}

#[test]
fn a_flaw_is_known_by_its_printed_id_and_by_its_cve_numbers() {
    let ledger = known(flaw, &["certifi CVE-2023-37920", "redis PYSEC-2023-73 CVE-2023-31655"]);
    check(&ledger, &all(flaw, &["certifi PYSEC-2023-135 CVE-2023-37920 GHSA-x", "redis PYSEC-2023-73"]), &[], "k0 k1");
    // The same ids in another package are other findings.
    check(&ledger, &all(flaw, &["Certifi2 CVE-2023-37920"]), &[], "n0");
}

#[test]
fn every_id_that_was_ever_printed_counts() {
    let mut old = finding("F0", flaw("certifi PYSEC-2023-135"));
    let Subject::Vulnerability(v) = &mut old.subject else { unreachable!() };
    v.printed.insert(AdvisoryId::parse("GHSA-old").unwrap());
    check(&[old], &all(flaw, &["certifi GHSA-old CVE-2023-9"]), &[], "k0");
}

#[test]
fn records_of_one_flaw_come_together_across_ids() {
    let seen = ["a PYSEC-1 CVE-1-1 GHSA-q", "a CVE-1-1", "A GHSA-q", "a OSV-9 GHSA-q", "b GHSA-q"];
    check(&[], &all(flaw, &seen), &[], "n0 n0 n0 n0 n1");
    check(&known(flaw, &["a GHSA-q"]), &all(flaw, &seen), &[], "k0 k0 k0 k0 n0");
}

#[test]
fn two_flaws_are_not_joined_by_an_alias_that_both_carry() {
    let zope = [
        "zope PYSEC-2021-368 CVE-2021-32811 CVE-2021-32807 GHSA-qcx9-j53g-ccgf",
        "zope PYSEC-2021-875 CVE-2021-32807 GHSA-qcx9-j53g-ccgf",
    ];
    check(&[], &all(flaw, &zope), &[], "n0 n1");
    check(&known(flaw, &zope), &all(flaw, &zope), &[], "k0 k1");
    // The shared alias on its own could be either: a finding of its own, and nothing else changes.
    check(&known(flaw, &zope), &all(flaw, &[zope[0], zope[1], "zope GHSA-qcx9-j53g-ccgf"]), &[], "k0 k1 n0");
    // One of them is fixed: they stood side by side, so what is left says nothing about the other.
    check(&known(flaw, &zope), &all(flaw, &[zope[0]]), &[], "k0");
}

#[test]
fn two_ids_with_one_cve_are_one_flaw() {
    check(
        &[],
        &all(flaw, &["distributed PYSEC-2021-871 CVE-2021-42343", "distributed PYSEC-2021-872 CVE-2021-42343"]),
        &[],
        "n0 n0",
    );
}

#[test]
fn what_may_be_meant_is_contested() {
    // The id switched and a second CVE number appeared in the same week: it may be the same flaw.
    check(&known(flaw, &["a CVE-1-1"]), &all(flaw, &["a PYSEC-1 CVE-1-1 CVE-1-2"]), &[], "n0 ?0");
    // Two known findings turn out to be one: the record goes to the one with the printed id, the other is in doubt.
    check(&known(flaw, &["a CVE-1-1", "a GHSA-q"]), &all(flaw, &["a CVE-1-1 GHSA-q"]), &[], "k0 ?1");
    // Nothing about another package, nothing in doubt.
    check(&known(flaw, &["a CVE-1-1"]), &all(flaw, &["b CVE-1-1"]), &[], "n0");
}

#[test]
fn a_contested_finding_stays_contested_on_the_next_look() {
    let mut ledger = known(flaw, &["a CVE-1-1", "a PYSEC-1 CVE-1-1 CVE-1-2"]);
    ledger[0].status = Status::Unverified { since: day(8) };
    ledger[1].discovered = day(8);
    check(&ledger, &all(flaw, &["a PYSEC-1 CVE-1-1 CVE-1-2"]), &[], "k1 ?0");
}

/// A finding that two ids were printed for while they seemed to be one flaw.
fn merged(name: &str, text: &str, printed: &str) -> Finding {
    let mut finding = finding(name, flaw(text));
    let Subject::Vulnerability(v) = &mut finding.subject else { unreachable!() };
    v.printed.extend(printed.split(' ').map(|id| AdvisoryId::parse(id).unwrap()));
    finding
}

#[test]
fn flaws_that_seemed_to_be_one_part_when_their_cve_numbers_differ() {
    let once = |name: &str, text: &str| [merged(name, text, "PYSEC-1 PYSEC-2")];
    let two = all(flaw, &["a PYSEC-1 CVE-1-1", "a PYSEC-2 CVE-1-2"]);
    // The one that the finding is named after stays, whatever else is known of it.
    check(&once("PYSEC-2", "a PYSEC-1 GHSA-q CVE-1-1 PYSEC-2"), &two, &[], "n0 k0 0/0");
    check(&once("PYSEC-1@a", "a PYSEC-2 GHSA-q PYSEC-1"), &two, &[], "k0 n0 0/1");
    check(&once("CVE-1-2", "a PYSEC-1 CVE-1-1 CVE-1-2 PYSEC-2"), &two, &[], "n0 k0 0/0");
    // Its name tells nothing: the one with its last id, then the one with its numbers.
    check(&once("GHSA-q", "a PYSEC-2 GHSA-q PYSEC-1"), &two, &[], "n0 k0 0/0");
    check(&once("GHSA-q", "a GHSA-q CVE-1-2 PYSEC-1 PYSEC-2"), &two, &[], "n0 k0 0/0");
    // Nothing tells: the one with the first printed id, in whichever order they come.
    check(&once("GHSA-q", "a GHSA-q PYSEC-1 PYSEC-2"), &two, &[], "k0 n0 0/1");
    let turned: Vec<Subject> = two.iter().rev().cloned().collect();
    check(&once("GHSA-q", "a GHSA-q PYSEC-1 PYSEC-2"), &turned, &[], "n0 k0 0/0");
    check(&once("GHSA-q", "a GHSA-q CVE-1-1 CVE-1-2 PYSEC-1 PYSEC-2"), &two, &[], "k0 n0 0/1");
    // What was learned in the same week goes with them; what has no number stays where its id is known.
    let more = ["a PYSEC-1 CVE-1-1", "a GHSA-9 CVE-1-2", "a PYSEC-2 CVE-1-2", "a GHSA-q"];
    check(&[merged("PYSEC-1", "a PYSEC-1", "PYSEC-2 GHSA-q")], &all(flaw, &more), &[], "k0 n0 n0 k0 0/1 0/2");
}

#[test]
fn what_may_still_be_one_flaw_does_not_part() {
    let once = merged("PYSEC-1", "a PYSEC-1 GHSA-q", "PYSEC-1 PYSEC-2 GHSA-q");
    let stays = |texts: &[&str], expected: &str| check(std::slice::from_ref(&once), &all(flaw, texts), &[], expected);
    stays(&["a PYSEC-1 CVE-1-1", "a PYSEC-2 GHSA-q"], "k0 k0");
    stays(&["a PYSEC-1 CVE-1-1", "a PYSEC-2 CVE-1-1 CVE-1-2"], "k0 k0");
    // A record with both numbers holds the other two together.
    stays(&["a PYSEC-1 CVE-1-1", "a PYSEC-2 CVE-1-2", "a GHSA-q CVE-1-1 CVE-1-2"], "k0 k0 k0");
    // One id is one flaw, whatever is said of it.
    stays(&["a PYSEC-1 CVE-1-1", "a PYSEC-1 CVE-1-2"], "k0 k0");
    // Alone, it may be the same flaw under another number.
    stays(&["a PYSEC-2 CVE-1-2"], "k0");
}

#[test]
fn a_flaw_that_parts_goes_to_the_finding_with_its_cve_numbers() {
    let ledger = [merged("PYSEC-1", "a PYSEC-1", "PYSEC-2"), finding("F1", flaw("a GHSA-2 CVE-1-2"))];
    let two = ["a PYSEC-1 CVE-1-1", "a PYSEC-2 CVE-1-2"];
    check(&ledger, &all(flaw, &two), &[], "k0 k1 0/1");
    check(&ledger, &all(flaw, &[two[0], two[1], "a GHSA-2 CVE-1-2"]), &[], "k0 k1 k1 0/1");
    // That finding has other numbers now.
    check(&ledger, &all(flaw, &[two[0], two[1], "a GHSA-2 CVE-1-3"]), &[], "k0 n0 k1 0/1");
}

#[test]
fn a_present_finding_is_preferred_to_a_resolved_one() {
    let ledger = vec![resolved(finding("F0", flaw("a GHSA-q"))), finding("F1", flaw("a CVE-1-1 GHSA-q"))];
    check(&ledger, &all(flaw, &["a PYSEC-1 GHSA-q"]), &[], "k1");
    check(&ledger[..1], &all(flaw, &["a PYSEC-1 GHSA-q"]), &[], "k0");
}

#[test]
fn code_survives_moving_lines() {
    let ledger = known(code, &["B404 run.py 1 import subprocess", "B602 run.py 4 subprocess.run(cmd, shell=True)"]);
    check(
        &ledger,
        &all(code, &["B404 run.py 5   import  subprocess", "B602 run.py 8 subprocess.run(cmd, shell=True)"]),
        &[],
        "k0 k1",
    );
}

#[test]
fn equal_snippets_are_counted() {
    let ledger = known(code, &["B324 h.py 5 md5(x)"]);
    check(&ledger, &all(code, &["B324 h.py 5 md5(x)", "B324 h.py 9 md5(x)"]), &[], "k0 n0");
    check(&ledger, &all(code, &["B324 h.py 6 md5(x)", "B324 h.py 9 md5(x)"]), &[], "k0 n0");
    check(&[], &all(code, &["B324 h.py 5 md5(x)", "B324 h.py 5 md5(x)"]), &[], "n0 n1");
}

#[test]
fn an_edited_line_is_the_same_finding_and_another_rule_is_not() {
    check(
        &known(code, &["B602 r.py 4 run(cmd, shell=True)"]),
        &all(code, &["B602 r.py 4 run(command, shell=True)"]),
        &[],
        "k0",
    );
    check(&known(code, &["B602 r.py 4 run(cmd, shell=True)"]), &all(code, &["B603 r.py 4 run([cmd])"]), &[], "n0");
    check(
        &known(code, &["B602 r.py 4 run(cmd, shell=True)"]),
        &all(code, &["B603 r.py 4 run(cmd, shell=True)"]),
        &[],
        "n0",
    );
}

#[test]
fn a_renamed_file_keeps_its_findings() {
    let ledger = known(code, &["B324 app/util.py 5 md5(x)", "B105 app/util.py 9 p = ''"]);
    check(
        &ledger,
        &all(code, &["B324 app/hashing.py 5 md5(x)", "B105 app/hashing.py 9 p = 'x'"]),
        &["app/util.py"],
        "k0 k1",
    );
    // While the old file is there, the other one is new.
    check(&ledger, &all(code, &["B324 app/hashing.py 5 md5(x)"]), &[], "n0");
}

#[test]
fn a_moved_folder_of_equal_snippets_comes_out_file_by_file() {
    let old = ["B404 a/x.py 1 import subprocess", "B404 a/y.py 1 import subprocess", "B404 b/y.py 1 import subprocess"];
    let new = [
        "B404 src/b/y.py 1 import subprocess",
        "B404 src/a/y.py 1 import subprocess",
        "B404 src/a/x.py 1 import subprocess",
    ];
    check(&known(code, &old), &all(code, &new), &["a/x.py", "a/y.py", "b/y.py"], "k2 k1 k0");
}

#[test]
fn a_renamed_rule_is_the_same_finding() {
    let mut now = code("B324 h.py 5 md5(x)");
    let Subject::Code(spot) = &mut now else { unreachable!() };
    spot.former_rules.push("B303".to_owned());
    check(&known(code, &["B303 h.py 5 md5(x)"]), &[now.clone()], &[], "k0");
    check(&known(code, &["B303 h.py 5 md5(x)", "B324 h.py 9 sha1(x)"]), &[now], &[], "k0");
    check(&known(code, &["a.b.rule h.py 5 md5(x)"]), &all(code, &["c.rule h.py 5 md5(x)"]), &[], "k0");
}

#[test]
fn a_check_of_trivy_is_known_under_each_of_its_names() {
    let with_former = |text: &str, former: &[&str]| {
        let mut subject = code(text);
        let Subject::Code(spot) = &mut subject else { unreachable!() };
        spot.former_rules = former.iter().map(|rule| (*rule).to_owned()).collect();
        subject
    };
    let is_one = |scanner: &str, then: Subject, now: Subject, gone: &[&str]| {
        let (known, name) = (of_scanner(scanner, finding("F0", then)), ScannerName::parse(scanner).unwrap());
        let seen = Seen { subject: &now, scanner: &name, report: 0 };
        assign(&[known], &[seen], &|_, path| gone.contains(&path)).matches == [Match::Known(0)]
    };
    let old = || with_former("DS002 Dockerfile 3 USER root", &["AVD-DS-0002"]);
    let new = || with_former("DS-0002 Dockerfile 3 USER root", &["AVD-DS-0002"]);
    assert!(is_one("trivy", old(), new(), &[]));
    assert!(is_one("trivy", new(), old(), &[]));
    assert!(is_one("Trivy", code("AVD-AWS-0143 main.tf 3 x"), code("AWS-0143 main.tf 3 x"), &[]));
    assert!(is_one("trivy", code("AVD-AWS-0143 main.tf 3"), code("AWS-0143 main.tf 3"), &[]));
    assert!(is_one("trivy", code("KSV001 old.yaml 3 x"), code("KSV-0001 new.yaml 9 x"), &["old.yaml"]));
    assert!(!is_one("trivy", code("DS002 Dockerfile 3 x"), code("DS-0020 Dockerfile 3 x"), &[]));
    assert!(!is_one("trivy", code("DS002 Dockerfile 3 x"), code("KSV-0002 Dockerfile 3 x"), &[]));
    assert!(
        !is_one("lint", code("DS002 Dockerfile 3 x"), code("DS-0002 Dockerfile 3 x"), &[]),
        "another tool's rules are its own"
    );
}

#[test]
fn a_rule_and_a_file_may_get_new_names_in_one_week() {
    let mut now = code("B324 h.py 9 md5(x)");
    let Subject::Code(spot) = &mut now else { unreachable!() };
    spot.former_rules.push("B303".to_owned());
    check(&known(code, &["B303 u.py 5 md5(x)"]), &[now.clone()], &["u.py"], "k0");
    check(&known(code, &["B303 u.py 5 md5(x)"]), &[now.clone()], &[], "n0");
    check(&known(code, &["B303 u.py 5 sha1(x)"]), &[now], &["u.py"], "n0");
    check(&known(code, &["a.b.rule u.py 5 md5(x)"]), &all(code, &["c.rule h.py 5 md5(x)"]), &["u.py"], "k0");
    check(&known(code, &["rule u.py 5 md5(x)"]), &all(code, &["c.rule h.py 5 md5(x)"]), &["u.py"], "n0");
}

#[test]
fn a_file_without_quoted_lines_is_known_by_its_rules_in_order() {
    let ledger = known(code, &["R a.py 3", "Q a.py 5", "R a.py 30"]);
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10", "R z.py 35"]), &["a.py"], "k0 k1 k2");
    check(&ledger, &all(code, &["R z.py 8 t", "Q z.py 10 u", "R z.py 35 v"]), &["a.py"], "k0 k1 k2");
    // Another order, another number, two new files: it may be something else.
    check(&ledger, &all(code, &["Q z.py 8", "R z.py 10", "R z.py 35"]), &["a.py"], "n0 n1 n2");
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10"]), &["a.py"], "n0 n1");
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10", "R y.py 35"]), &["a.py"], "n0 n1 n2");
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10", "R z.py 35"]), &[], "n0 n1 n2");
    // Two files are gone.
    let two = known(code, &["R a.py 3", "R b.py 3"]);
    check(&two, &all(code, &["R z.py 3"]), &["a.py", "b.py"], "n0");
}

#[test]
fn a_renamed_rule_without_quoted_lines_is_known_by_its_last_part() {
    let ledger = known(code, &["a.b.eval h.py 13 eval(x)", "a.b.exec h.py 20 exec(x)"]);
    check(&ledger, &all(code, &["r.eval h.py 20", "r.exec h.py 33"]), &[], "k0 k1");
    check(&ledger, &all(code, &["r.eval h.py 20", "r.eval h.py 33"]), &[], "n0 n1");
    check(&ledger, &all(code, &["r.eval h.py 20 eval(y)"]), &[], "n0");
}

#[test]
fn two_formats_may_quote_another_part_of_a_line() {
    let name = scanner();
    let records =
        all(code, &["B104 h.py 5 bind(x)", "B104 h.py 5 bind(", "B104 h.py 9 bind(y)", "B104 h.py 8 bind(z)"]);
    let seen: Vec<Seen<'_>> =
        records.iter().zip([0, 1, 0, 1]).map(|(subject, report)| Seen { subject, scanner: &name, report }).collect();
    let matches = assign(&[], &seen, &|_, _| false).matches;
    assert_eq!(matches, [Match::New(0), Match::New(0), Match::New(1), Match::New(2)]);
}

#[test]
fn an_id_that_was_an_alias_once_is_the_last_evidence() {
    let with_former = |texts: &[&str], former: &str| {
        let mut ledger = known(flaw, texts);
        ledger[0].remember(|memory| _ = memory.aliases.insert(AdvisoryId::parse(former).unwrap()));
        ledger
    };
    check(&with_former(&["a CVE-1-1"], "PYSEC-1"), &all(flaw, &["a PYSEC-1"]), &[], "k0");
    // Another flaw has that id now.
    check(&with_former(&["a CVE-1-1", "a PYSEC-1"], "PYSEC-1"), &all(flaw, &["a PYSEC-1"]), &[], "k1");
    check(&with_former(&["a CVE-1-1"], "PYSEC-1"), &all(flaw, &["a PYSEC-1 CVE-1-2"]), &[], "n0 ?0");
}

#[test]
fn the_same_code_reported_again_is_the_resolved_finding() {
    let ledger = vec![resolved(finding("F0", code("B324 h.py 5 md5(x)")))];
    check(&ledger, &all(code, &["B324 h.py 7 md5(x)"]), &[], "k0");
    check(&ledger, &all(code, &["B324 h.py 5 md5(y)"]), &[], "n0");
}

#[test]
fn two_reports_of_one_scanner_hold_the_same_records() {
    let name = scanner();
    let records = all(code, &["B324 h.py 5 md5(x)", "B324 h.py 5 md5(x)", "B324 h.py 5 md5(x)"]);
    let seen: Vec<Seen<'_>> =
        records.iter().zip([0, 0, 1]).map(|(subject, report)| Seen { subject, scanner: &name, report }).collect();
    assert_eq!(assign(&[], &seen, &|_, _| false).matches, [Match::New(0), Match::New(1), Match::New(0)]);
}

#[test]
fn secrets_are_known_by_type_and_file() {
    let ledger = known(secret, &["AWS settings.py 2", "Keyword conf.py 7"]);
    check(&ledger, &all(secret, &["AWS settings.py 5", "AWS settings.py 9", "Keyword conf.py 7"]), &[], "k0 n0 k1");
    check(&ledger, &all(secret, &["AWS app/settings.py 2", "Keyword conf.py 7"]), &["settings.py"], "k0 k1");
    check(&ledger, &all(secret, &["AWS app/settings.py 2"]), &[], "n0");
}

#[test]
fn a_mark_tells_two_secrets_apart_while_the_key_is_the_same() {
    let ledger = known(secret, &["AWS a.py 2 aa", "AWS a.py 5 bb"]);
    check(&ledger, &all(secret, &["AWS a.py 2 bb", "AWS a.py 9 aa"]), &[], "k1 k0");
    check(&ledger, &all(secret, &["AWS a.py 2 aa", "AWS a.py 5 cc"]), &[], "k0 n0");
    // No mark is known again: another key, or none. Nothing ends.
    check(&ledger, &all(secret, &["AWS a.py 2 xx", "AWS a.py 5 yy"]), &[], "k0 k1");
    check(&ledger, &all(secret, &["AWS a.py 2", "AWS a.py 5"]), &[], "k0 k1");
    check(
        &known(secret, &["AWS a.py 2", "AWS a.py 5"]),
        &all(secret, &["AWS a.py 2 aa", "AWS a.py 5 bb"]),
        &[],
        "k0 k1",
    );
}

#[test]
fn pairs_are_one_to_one() {
    let previous = known(flaw, &["a PYSEC-1 CVE-1-1"]);
    let current = known(flaw, &["a GHSA-q CVE-1-1", "a PYSEC-1 CVE-1-1"]);
    assert_eq!(pair(&previous, &current, &|_| false), [None, Some(0)]);
    let previous = known(code, &["B1 a.py 1 x", "B1 a.py 9 y"]);
    let mut current = known(code, &["B1 a.py 1 x", "B1 a.py 1 x"]);
    current[0] = resolved(current[0].clone());
    assert_eq!(pair(&previous, &current, &|_| false), [None, Some(0)]);
}

#[test]
fn records_of_a_store_fall_into_classes() {
    let ids = |text: &str| match flaw(text) {
        Subject::Vulnerability(v) => (v.id, v.aliases.into_iter().collect()),
        _ => unreachable!(),
    };
    let records = ["a PYSEC-1 CVE-1-1 GHSA-1", "a GHSA-1 CVE-1-1", "a PYSEC-2", "a GHSA-2 PYSEC-2"].map(ids);
    let borrowed: Vec<(_, &std::collections::BTreeSet<_>)> =
        records.iter().map(|(id, aliases)| (id, aliases)).collect();
    assert_eq!(flaw_classes(&borrowed), [0, 0, 2, 2]);
}

fn any_flaw() -> impl Strategy<Value = Subject> {
    let id = prop::sample::select(vec!["PYSEC-1", "PYSEC-2", "GHSA-1", "GHSA-2", "CVE-1-1", "CVE-1-2"]);
    (prop::sample::select(vec!["a", "b"]), id.clone(), prop::collection::vec(id, 0..4))
        .prop_map(|(package, id, aliases)| flaw(&format!("{package} {id} {}", aliases.join(" "))))
}

fn any_code() -> impl Strategy<Value = Subject> {
    (
        prop::sample::select(vec!["B1", "B2", "x.B1"]),
        prop::sample::select(vec!["a.py", "b.py", "d/a.py"]),
        1u32..6,
        prop::sample::select(vec!["", "x", "y"]),
    )
        .prop_map(|(rule, path, line, text)| code(&format!("{rule} {path} {line} {text}")))
}

/// Known findings with distinct ids, records, and an order to shuffle them into.
fn any_case(subject: BoxedStrategy<Subject>) -> impl Strategy<Value = (Vec<Finding>, Vec<Subject>)> {
    (prop::collection::vec((subject.clone(), any::<bool>()), 0..7), prop::collection::vec(subject, 0..7)).prop_map(
        |(known, seen)| {
            let known = known
                .into_iter()
                .enumerate()
                .map(|(i, (s, live))| {
                    let f = finding(&format!("F{i}"), s);
                    if live { f } else { resolved(f) }
                })
                .collect();
            (known, seen)
        },
    )
}

/// What was found, in words that do not depend on the order of the input: for each known finding and each new one the records, the
/// contested ones, and the records that parted from known ones.
fn meaning(known: &[Finding], seen: &[Subject]) -> [Vec<String>; 3] {
    let name = scanner();
    let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, scanner: &name, report: 0 }).collect();
    let result = assign(known, &records, &|_, path| path == "a.py");
    let mut groups: BTreeMap<Match, Vec<String>> = BTreeMap::new();
    for (m, subject) in result.matches.iter().zip(seen) {
        groups.entry(*m).or_default().push(format!("{subject:?}"));
    }
    let mut lines: Vec<String> = groups
        .into_iter()
        .map(|(m, mut records)| {
            records.sort();
            match m {
                Match::Known(k) => format!("{} {records:?}", known[k].finding_id),
                Match::New(_) => format!("new {records:?}"),
            }
        })
        .collect();
    lines.sort();
    let mut contested: Vec<String> = result.contested.iter().map(|k| known[*k].finding_id.to_string()).collect();
    contested.sort();
    let parted = result.parted.iter().flat_map(|(k, records)| records.iter().map(move |s| (k, s)));
    let mut parted: Vec<String> = parted.map(|(k, s)| format!("{} {:?}", known[*k].finding_id, seen[*s])).collect();
    parted.sort();
    [lines, contested, parted]
}

proptest! {
    #[test]
    fn the_order_of_flaws_never_matters((known, seen) in any_case(any_flaw().boxed()), seed in any::<u64>()) {
        let (known2, seen2) = (shuffled(&known, seed), shuffled(&seen, seed.rotate_left(7)));
        prop_assert_eq!(meaning(&known, &seen), meaning(&known2, &seen2));
    }

    #[test]
    fn the_order_of_code_never_matters((known, seen) in any_case(any_code().boxed()), seed in any::<u64>()) {
        let (known2, seen2) = (shuffled(&known, seed), shuffled(&seen, seed.rotate_left(7)));
        prop_assert_eq!(meaning(&known, &seen), meaning(&known2, &seen2));
    }

    /// Which report a flaw stands in says nothing of which flaw it is.
    #[test]
    fn how_flaws_are_spread_over_reports_never_matters(
        (known, seen) in any_case(any_flaw().boxed()),
        reports in prop::collection::vec(0..3_usize, 7),
    ) {
        let name = scanner();
        let spread = |report: &dyn Fn(usize) -> usize| {
            let seen: Vec<Seen<'_>> = seen
                .iter()
                .enumerate()
                .map(|(i, subject)| Seen { subject, scanner: &name, report: report(i) })
                .collect();
            assign(&known, &seen, &|_, _| false)
        };
        prop_assert_eq!(spread(&|_| 0), spread(&|i| reports[i]));
    }

    /// What is reported besides never takes a finding's own record from it: a record that prints its id is that finding.
    #[test]
    fn a_printed_id_is_always_known_again((known, seen) in any_case(any_flaw().boxed())) {
        let name = scanner();
        let mut seen = seen;
        let Some(Subject::Vulnerability(own)) = known.first().map(|f| f.subject.clone()) else { return Ok(()) };
        seen.push(Subject::Vulnerability(own.clone()));
        let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, scanner: &name, report: 0 }).collect();
        let result = assign(&known, &records, &|_, _| false);
        let Some(Match::Known(k)) = result.matches.last() else { return Err(TestCaseError::fail("it is new")) };
        let Subject::Vulnerability(home) = &known[*k].subject else { unreachable!() };
        prop_assert_eq!(&home.package, &own.package);
        prop_assert!(home.id == own.id || home.printed.contains(&own.id), "{:?}", home);
    }

    /// No finding is two flaws, as far as it can be told which of them it is: the records of one that is named after one of its
    /// records hang together by printed ids and CVE numbers, or have no number.
    #[test]
    fn the_records_of_a_finding_never_contradict_each_other((mut known, seen) in any_case(any_flaw().boxed())) {
        let name = scanner();
        for finding in &mut known {
            let Subject::Vulnerability(v) = &mut finding.subject else { unreachable!() };
            finding.finding_id = FindingId::parse(v.id.as_str()).unwrap();
            v.printed = v.aliases.iter().filter(|id| !id.is_cve()).cloned().collect();
        }
        let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, scanner: &name, report: 0 }).collect();
        let result = assign(&known, &records, &|_, _| false);
        for (k, finding) in known.iter().enumerate() {
            let own = result.matches.iter().zip(&seen).filter(|(m, _)| **m == Match::Known(k));
            let own: Vec<&Vulnerability> = own.filter_map(|(_, subject)| match subject {
                Subject::Vulnerability(v) => Some(v),
                _ => None,
            }).collect();
            let is_named = own.iter().any(|v| v.id.as_str() == finding.finding_id.as_str());
            prop_assert!(!is_named || hang_together(&own), "{finding:?} {own:?}");
        }
    }

    #[test]
    fn a_code_finding_is_used_once((known, seen) in any_case(any_code().boxed())) {
        let name = scanner();
        let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, scanner: &name, report: 0 }).collect();
        let mut matches = assign(&known, &records, &|_, _| true).matches;
        let count = matches.len();
        matches.sort_unstable();
        matches.dedup();
        prop_assert_eq!(matches.len(), count);
    }

    /// Two flaws with different CVE numbers stay two, whatever else they share, unless one id was printed for both.
    #[test]
    fn unequal_cve_numbers_are_never_joined_by_an_alias(alias in prop::sample::select(vec!["GHSA-1", "PYSEC-9"])) {
        let records = all(flaw, &[&format!("a PYSEC-1 CVE-1-1 {alias}"), &format!("a PYSEC-2 CVE-1-2 {alias}")]);
        check(&[], &records, &[], "n0 n1");
    }

    #[test]
    fn a_set_pairs_with_itself((known, _) in any_case(any_code().boxed())) {
        let pairs = pair(&known, &known, &|_| false);
        prop_assert!(pairs.iter().all(Option::is_some));
    }
}

/// Whether all flaws with CVE numbers hang together by printed ids and CVE numbers.
fn hang_together(flaws: &[&Vulnerability]) -> bool {
    let mut rest: Vec<&Vulnerability> = flaws.to_vec();
    let Some(first) = rest.iter().position(|v| !v.cves().is_empty()) else { return true };
    let mut reached = vec![rest.swap_remove(first)];
    let mut at = 0;
    while let Some(v) = reached.get(at).copied() {
        let (near, far) = rest.into_iter().partition(|w| w.id == v.id || !w.cves().is_disjoint(&v.cves()));
        rest = far;
        reached.extend::<Vec<_>>(near);
        at += 1;
    }
    rest.iter().all(|v| v.cves().is_empty())
}

fn shuffled<T: Clone>(items: &[T], mut seed: u64) -> Vec<T> {
    let mut out = items.to_vec();
    for i in (1..out.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let j = usize::try_from(seed >> 33).unwrap_or(0) % (i + 1);
        out.swap(i, j);
    }
    out
}
