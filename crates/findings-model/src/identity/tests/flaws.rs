//! Vulnerabilities.

use super::{super::flaw_classes, all, check, day, finding, flaw, known, resolved};
use crate::{AdvisoryId, Finding, Status, Subject};

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
    // Where another finding has the rest of its class, it goes there, and not back.
    let ledger = [finding("CVE-1-1", flaw("a CVE-1-1")), finding("PYSEC-2", flaw("a PYSEC-2"))];
    let four = ["a CVE-1-1", "a PYSEC-2 CVE-1-2", "a PYSEC-2 CVE-1-1", "a CVE-1-2"];
    check(&ledger, &all(flaw, &four), &[], "k0 k1 k1 k1 0/3");
}

#[test]
fn a_present_finding_is_preferred_to_a_resolved_one() {
    let ledger = vec![resolved(finding("F0", flaw("a GHSA-q"))), finding("F1", flaw("a CVE-1-1 GHSA-q"))];
    check(&ledger, &all(flaw, &["a PYSEC-1 GHSA-q"]), &[], "k1");
    check(&ledger[..1], &all(flaw, &["a PYSEC-1 GHSA-q"]), &[], "k0");
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
