//! What is asked for, in which order, and what counts as an answer.

use std::collections::BTreeMap;

use findings_model::{AdvisoryId, AdvisoryVerdict, Rating, Severity, Vulnerability};
use proptest::prelude::*;

use super::{V31_CRITICAL, V31_MEDIUM, enriched, record, store, vulnerability};
use crate::{AdvisoryStore, Answer, Search};

fn id(text: &str) -> AdvisoryId {
    AdvisoryId::parse(text).unwrap()
}

/// Answers every round from a table and says what each round asked for.
fn carry_out(search: &mut Search, service: &BTreeMap<&str, Answer>) -> Vec<Vec<String>> {
    let mut rounds = Vec::new();
    loop {
        let round = search.round();
        if round.is_empty() {
            return rounds;
        }
        for id in &round {
            search.answer(id, service.get(id.as_str()).cloned().unwrap_or(Answer::NotThere));
        }
        rounds.push(round.iter().map(ToString::to_string).collect());
    }
}

fn rated(id: &str, aliases: &str, vector: &str) -> Answer {
    let more = format!(r#","severity":[{{"type":"CVSS_V3","score":"{vector}"}}]"#);
    Answer::Record(record(id, aliases, "pkg", if vector.is_empty() { "" } else { &more }).into_bytes())
}

fn severity(store: &AdvisoryStore, v: &Vulnerability) -> Severity {
    enriched(store, v.clone(), Rating::unknown()).rating.severity
}

#[test]
fn printed_ids_are_asked_for_first_and_then_every_alias_once() {
    let mut store = AdvisoryStore::default();
    let flaws = [
        vulnerability("pkg", "1.0", &["PYSEC-1", "CVE-1-1"]),
        vulnerability("pkg", "1.0", &["PYSEC-1", "CVE-1-1"]),
        vulnerability("pkg", "1.0", &["CVE\u{2011}1-9", "../x"]),
    ];
    let mut search = store.search(&flaws, 100);
    let service = BTreeMap::from([
        ("PYSEC-1", rated("PYSEC-1", r#""CVE-1-1","GHSA-1","a b/c""#, "")),
        ("GHSA-1", rated("GHSA-1", r#""CVE-1-1","PYSEC-1""#, V31_CRITICAL)),
    ]);
    let rounds = carry_out(&mut search, &service);
    assert_eq!(rounds, [vec!["PYSEC-1"], vec!["CVE-1-1"], vec!["GHSA-1"]]);
    assert_eq!((search.found(), search.beyond(), search.refused()), (2, 0, [].as_slice()));
    assert_eq!(store.add_found(search), []);
    assert_eq!(severity(&store, &flaws[0]), Severity::Critical);
    assert!(store.has_all_of(&flaws[0]) && !store.has_all_of(&flaws[2]));
}

#[test]
fn what_the_files_have_is_not_asked_for_but_their_aliases_are() {
    let store = store(&[&record("PYSEC-1", r#""GHSA-1""#, "pkg", "")]);
    let mut search = store.search(&[vulnerability("pkg", "1.0", &["PYSEC-1"])], 100);
    assert_eq!(carry_out(&mut search, &BTreeMap::new()), [["GHSA-1"]]);
    let none: [Vulnerability; 0] = [];
    assert!(store.search(&none, 100).is_done());
}

#[test]
fn without_an_answer_about_a_twin_the_records_are_not_all() {
    let flaw = vulnerability("pkg", "1.0", &["PYSEC-1"]);
    let pysec = rated("PYSEC-1", r#""GHSA-1""#, V31_MEDIUM);
    let Answer::Record(old) = rated("GHSA-1", "", V31_CRITICAL) else { unreachable!() };
    for (twin, all, expected) in [
        (Answer::NotThere, true, Severity::Medium),
        (Answer::None, false, Severity::Medium),
        (Answer::Record(old.clone()), true, Severity::Critical),
        (Answer::Old(old), false, Severity::Critical),
        (rated("GHSA-2", "", V31_CRITICAL), false, Severity::Medium),
        (Answer::Record(b"<html>".to_vec()), false, Severity::Medium),
    ] {
        let mut store = AdvisoryStore::default();
        let mut search = store.search([&flaw], 100);
        carry_out(&mut search, &BTreeMap::from([("PYSEC-1", pysec.clone()), ("GHSA-1", twin.clone())]));
        assert_eq!(store.add_found(search), []);
        assert_eq!((store.has_all_of(&flaw), severity(&store, &flaw)), (all, expected), "{twin:?}");
    }
}

#[test]
fn a_record_out_of_reach_leaves_open_whether_a_flaw_is_over() {
    let flaw = |version: &str| vulnerability("pkg", version, &["PYSEC-1", "GHSA-1"]);
    let verdict = |pysec: Answer, ghsa: Answer, version: &str| {
        let mut store = AdvisoryStore::default();
        let mut search = store.search(&[flaw(version)], 100);
        carry_out(&mut search, &BTreeMap::from([("PYSEC-1", pysec), ("GHSA-1", ghsa)]));
        assert_eq!(store.add_found(search), []);
        store.verdict(&flaw(version))
    };
    let pysec = || rated("PYSEC-1", "", "");
    let withdrawn =
        || Answer::Record(record("PYSEC-1", "", "pkg", r#","withdrawn":"2026-01-01T00:00:00Z""#).into_bytes());
    assert_eq!(verdict(Answer::None, Answer::None, "1.0"), AdvisoryVerdict::Unanswered);
    assert_eq!(verdict(Answer::NotThere, Answer::NotThere, "1.0"), AdvisoryVerdict::Unknown);
    assert_eq!(verdict(withdrawn(), Answer::None, "1.0"), AdvisoryVerdict::Unanswered);
    assert_eq!(verdict(withdrawn(), Answer::NotThere, "1.0"), AdvisoryVerdict::Withdrawn);
    assert_eq!(verdict(pysec(), Answer::None, "1.0"), AdvisoryVerdict::Affected);
    assert_eq!(verdict(pysec(), Answer::None, "3.0"), AdvisoryVerdict::Unanswered);
    assert_eq!(verdict(pysec(), Answer::NotThere, "3.0"), AdvisoryVerdict::NotAffected);
}

#[test]
fn an_answer_of_another_record_is_named() {
    let mut search = AdvisoryStore::default().search(&[vulnerability("pkg", "1.0", &["PYSEC-1"])], 100);
    assert_eq!(search.round(), [id("PYSEC-1")]);
    assert!(!search.answer(&id("PYSEC-1"), rated("PYSEC-2", "", "")));
    assert_eq!(search.refused(), [(id("PYSEC-1"), "it is a record of PYSEC-2".to_owned())]);
}

#[test]
fn a_run_asks_for_a_limited_number() {
    let flaws: Vec<Vulnerability> = (0..10).map(|i| vulnerability("pkg", "1.0", &[&format!("PYSEC-{i}00")])).collect();
    let mut store = AdvisoryStore::default();
    let mut search = store.search(&flaws, 4);
    assert_eq!(carry_out(&mut search, &BTreeMap::new()).concat().len(), 4);
    assert_eq!(search.beyond(), 6);
    store.add_found(search);
    assert!(!store.has_all_of(&flaws[9]));
}

#[test]
fn a_chain_of_aliases_ends() {
    let chain: Vec<(String, Answer)> =
        (0..50).map(|i| (format!("X-{i}"), rated(&format!("X-{i}"), &format!("\"X-{}\"", i + 1), ""))).collect();
    let service: BTreeMap<&str, Answer> = chain.iter().map(|(id, answer)| (id.as_str(), answer.clone())).collect();
    let mut search = AdvisoryStore::default().search(&[vulnerability("pkg", "1.0", &["X-0"])], 100);
    assert!(carry_out(&mut search, &service).len() <= 4);
    assert_eq!(search.beyond(), 1);
}

proptest! {
    #[test]
    fn nothing_is_asked_for_twice(aliases in prop::collection::vec(prop::collection::vec(0_u8..12, 0..4), 12), limit in 0_usize..20) {
        let names: Vec<String> = (0..12).map(|i| format!("X-{i}")).collect();
        let service: BTreeMap<&str, Answer> = names
            .iter()
            .zip(&aliases)
            .map(|(name, of)| {
                let of: Vec<String> = of.iter().map(|i| format!("\"X-{i}\"")).collect();
                (name.as_str(), rated(name, &of.join(","), ""))
            })
            .collect();
        let flaws = [vulnerability("pkg", "1.0", &["X-0", "X-1"]), vulnerability("pkg", "1.0", &["X-2"])];
        let mut search = AdvisoryStore::default().search(&flaws, limit);
        let asked = carry_out(&mut search, &service).concat();
        let unique: std::collections::BTreeSet<&String> = asked.iter().collect();
        prop_assert_eq!(unique.len(), asked.len());
        prop_assert!(asked.len() <= limit && search.is_done());
    }
}
