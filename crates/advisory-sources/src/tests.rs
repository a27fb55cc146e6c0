//! Against a service on loopback that fails on command. No test waits: the first wait is zero.

use std::{path::Path, time::Duration};

use advisories::AdvisoryStore;
use findings_model::{AdvisoryId, Package, PackageName, Timestamp, Vulnerability};
use test_support::osv::{Fault, Osv};

use crate::{
    address::SourceAddress,
    patience::Patience,
    session::{Session, Settings},
};

const MONDAY: &str = "2026-01-05T03:00:00Z";

fn patience() -> Patience {
    Patience { first_wait: Duration::ZERO, ..Patience::default() }
}

fn session(cache: Option<&Path>, now: &str, patience: Patience) -> Session {
    // An error says that another test has installed one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let now: Timestamp = now.parse().unwrap();
    Session::new(Settings { cache: cache.map(Path::to_path_buf), patience, now, seed: 1 })
}

fn address(url: &str) -> SourceAddress {
    SourceAddress::parse(url).unwrap()
}

fn flaw(ids: &[&str]) -> Vulnerability {
    let mut ids = ids.iter().map(|id| AdvisoryId::parse(id).unwrap());
    Vulnerability {
        package: Package::pypi(&PackageName::parse("pkg").unwrap()),
        version: Some("1.0".into()),
        id: ids.next().unwrap(),
        aliases: ids.collect(),
        printed: findings_model::AdvisoryIds::default(),
        fix_versions: Vec::new(),
    }
}

fn record(id: &str, aliases: &[&str]) -> String {
    serde_json::json!({"id": id, "aliases": aliases, "affected": [{"package": {"ecosystem": "PyPI", "name": "pkg"}}]})
        .to_string()
}

/// What a look-up of some flaws gives: how many records, whether everything about the first flaw is known, and the warnings
/// with the service's port left out.
fn look_up(session: &Session, url: &str, flaws: &[Vulnerability]) -> (usize, bool, Vec<String>) {
    let mut store = AdvisoryStore::default();
    let mut search = store.search(flaws, 2000);
    let warnings = session.look_up(&address(url), &mut search);
    let found = search.found();
    store.add_found(search);
    (found, store.has_all_of(&flaws[0]), warnings.iter().map(|line| line.replace(url, "SERVICE")).collect())
}

fn pysec_with_twin(osv: &Osv) {
    osv.put("PYSEC-1", record("PYSEC-1", &["GHSA-1"]));
    osv.put("GHSA-1", record("GHSA-1", &["PYSEC-1"]));
}

#[test]
fn records_and_their_twins_are_looked_up_and_kept_for_a_day() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    pysec_with_twin(&osv);
    let flaws = [flaw(&["PYSEC-1", "CVE-1-1"])];
    let ask = |now: &str| look_up(&session(Some(cache.path()), now, patience()), &osv.url(), &flaws);
    assert_eq!(ask(MONDAY), (2, true, vec![]));
    assert_eq!(osv.asked_ids(), ["PYSEC-1", "CVE-1-1", "GHSA-1"]);
    assert!(osv.asked().iter().all(|asked| asked.agent.starts_with("relwarden/")));

    // Within the hour nothing is asked; after it only for what was not there; after a day for everything.
    for (now, asked) in [
        ("2026-01-05T03:59:59Z", vec![]),
        ("2026-01-05T04:30:00Z", vec!["CVE-1-1"]),
        ("2026-01-06T02:59:59Z", vec!["CVE-1-1"]),
        ("2026-01-06T04:00:00Z", vec!["PYSEC-1", "CVE-1-1", "GHSA-1"]),
        // A clock that went back proves nothing about age.
        ("2026-01-04T03:00:00Z", vec!["PYSEC-1", "CVE-1-1", "GHSA-1"]),
    ] {
        let before = osv.asked_ids().len();
        assert_eq!(ask(now), (2, true, vec![]));
        let mut now_asked = osv.asked_ids().split_off(before);
        now_asked.sort_by_key(|id| ["PYSEC-1", "CVE-1-1", "GHSA-1"].iter().position(|known| known == id));
        assert_eq!(now_asked, asked, "{now}");
    }
}

#[test]
fn temporary_faults_are_tried_again() {
    let osv = Osv::start();
    pysec_with_twin(&osv);
    osv.fail_next([Fault::Status(500), Fault::RetryAfter(429, 0), Fault::Hangup]);
    let session = session(None, MONDAY, patience());
    assert_eq!(look_up(&session, &osv.url(), &[flaw(&["PYSEC-1"])]), (2, true, vec![]));
    assert_eq!(osv.asked_ids(), ["PYSEC-1", "PYSEC-1", "PYSEC-1", "PYSEC-1", "GHSA-1"]);
}

#[test]
fn faults_that_stay_are_no_answer() {
    for (fault, tries, says) in [
        (Fault::Status(500), 4, "it answered with status 500"),
        (Fault::Status(403), 1, "it answered with status 403"),
        // An hour does not end within the run's time.
        (Fault::RetryAfter(429, 3600), 1, "it answered with status 429"),
        (
            Fault::Redirect("https://elsewhere.invalid/x".to_owned()),
            1,
            "it redirects to another host, which is not followed",
        ),
        (Fault::Body(vec![b' '; 5 << 20]), 1, "the answer holds more than 4194304 bytes"),
    ] {
        let osv = Osv::start();
        pysec_with_twin(&osv);
        osv.fail_always(fault);
        let session = session(None, MONDAY, patience());
        let (found, all, warnings) = look_up(&session, &osv.url(), &[flaw(&["PYSEC-1"])]);
        assert_eq!((found, all, osv.asked().len()), (0, false, tries), "{warnings:?}");
        assert_eq!(warnings, [format!("SERVICE gave no answer about PYSEC-1 ({says}); what was known of them stays")]);
    }
}

#[test]
fn answers_that_are_no_such_record_are_refused_and_not_kept() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    for (body, says) in [
        (record("PYSEC-2", &[]), "it is a record of PYSEC-2"),
        ("<html>please log in</html>".to_owned(), "it cannot be read as OSV YAML"),
        ("{\"id\":".to_owned(), "it cannot be read as OSV JSON"),
    ] {
        osv.put("PYSEC-1", body);
        let session = session(Some(cache.path()), MONDAY, patience());
        let (found, all, warnings) = look_up(&session, &osv.url(), &[flaw(&["PYSEC-1"])]);
        assert_eq!((found, all, warnings.len()), (0, false, 1));
        assert!(
            warnings[0].contains("answered for PYSEC-1 with what cannot be used") && warnings[0].contains(says),
            "{warnings:?}"
        );
    }
    assert_eq!(osv.asked().len(), 3);
}

#[test]
fn a_service_that_is_gone_costs_one_try_and_old_answers_serve_on() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    pysec_with_twin(&osv);
    let url = osv.url();
    look_up(&session(Some(cache.path()), MONDAY, patience()), &url, &[flaw(&["PYSEC-1"])]);
    drop(osv);

    let later = session(Some(cache.path()), "2026-02-01T00:00:00Z", patience());
    let flaws = [flaw(&["PYSEC-1"]), flaw(&["PYSEC-7"]), flaw(&["PYSEC-8"])];
    let (found, all, warnings) = look_up(&later, &url, &flaws);
    assert_eq!((found, all), (2, false), "an old answer is none that may change a severity");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let refused = "SERVICE gave no answer about PYSEC-1, PYSEC-7, PYSEC-8 and 1 more (no connection can be made: ";
    assert!(warnings[0].starts_with(refused), "{warnings:?}");
    assert_eq!(warnings[1], "using 2 cached advisory records from SERVICE, of 2026-01-05 or later");
}

#[test]
fn a_silent_service_is_given_up_within_the_budget() {
    let osv = Osv::start();
    osv.fail_always(Fault::Silence);
    let hurried = Patience { record: Duration::from_millis(20), budget: Duration::from_millis(60), ..patience() };
    let session = session(None, MONDAY, hurried);
    let flaws: Vec<Vulnerability> = (0..100).map(|i| flaw(&[&format!("PYSEC-{i}00")])).collect();
    let (found, all, warnings) = look_up(&session, &osv.url(), &flaws);
    assert_eq!((found, all, warnings.len()), (0, false, 1));
    assert!(warnings[0].contains("and 97 more (there was no answer in time)"), "{warnings:?}");
    assert!(osv.asked().len() <= 8 * 4, "only what was open at once was asked: {}", osv.asked().len());
}

#[test]
fn a_service_that_only_fails_is_not_asked_for_everything() {
    let osv = Osv::start();
    osv.fail_always(Fault::Status(404 + 99));
    let session = session(None, MONDAY, patience());
    let flaws: Vec<Vulnerability> = (0..200).map(|i| flaw(&[&format!("PYSEC-{i}00")])).collect();
    let (_, all, warnings) = look_up(&session, &osv.url(), &flaws);
    assert!(!all && warnings.len() == 1, "{warnings:?}");
    assert!(osv.asked().len() < 80, "{}", osv.asked().len());
}

#[test]
fn a_server_that_has_nothing_at_all_is_doubted() {
    let osv = Osv::start();
    let session = session(None, MONDAY, patience());
    let (_, _, warnings) = look_up(&session, &osv.url(), &[flaw(&["PYSEC-1"])]);
    assert_eq!(warnings, ["SERVICE knows none of the requested advisories; is it the address of an OSV service?"]);
}

#[test]
fn damaged_answers_in_the_cache_are_asked_for_again() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    pysec_with_twin(&osv);
    let ask = || look_up(&session(Some(cache.path()), MONDAY, patience()), &osv.url(), &[flaw(&["PYSEC-1"])]);
    ask();
    let folder = cache.path().join("advisories");
    let entries = || state_store::list(&folder).unwrap().into_iter().map(|entry| folder.join(entry.name));
    for path in entries() {
        let mut bytes = state_store::read(&path, 1 << 20).unwrap();
        let last = bytes.len() - 3;
        bytes[last] ^= 1;
        state_store::replace(&path, &bytes).unwrap();
    }
    assert_eq!(ask(), (2, true, vec![]));
    assert_eq!(osv.asked().len(), 4);
    // Answers that changed places are answers to other questions.
    let paths: Vec<_> = entries().collect();
    let first = state_store::read(&paths[0], 1 << 20).unwrap();
    state_store::replace(&paths[1], &first).unwrap();
    assert_eq!(ask(), (2, true, vec![]));
    assert_eq!(osv.asked().len(), 5);
}

#[test]
fn the_cache_keeps_no_old_answers_and_nothing_of_killed_runs() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    pysec_with_twin(&osv);
    osv.put("PYSEC-2", record("PYSEC-2", &[]));
    let folder = cache.path().join("advisories");
    let names = || state_store::list(&folder).unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    let ask =
        |now: &str, id: &str| drop(look_up(&session(Some(cache.path()), now, patience()), &osv.url(), &[flaw(&[id])]));
    ask(MONDAY, "PYSEC-1");
    let old = names();
    assert_eq!(old.len(), 2);
    state_store::replace(&folder.join(".relwarden-Ab12.tmp"), b"half an answ").unwrap();
    state_store::replace(&folder.join("damaged.answer"), b"{").unwrap();
    state_store::replace(&folder.join("notes.txt"), b"somebody else's").unwrap();

    ask("2026-02-03T00:00:00Z", "PYSEC-2");
    let new: Vec<_> = names().into_iter().filter(|name| !old.contains(name)).collect();
    assert_eq!((names().len(), new.len()), (4, 2), "29 days are kept: {:?}", names());
    assert!(new.contains(&"notes.txt".to_owned()), "{new:?}");

    // What is asked for anew is as new as ever.
    ask("2026-02-05T00:00:00Z", "PYSEC-2");
    assert_eq!(names(), new);
}

#[test]
fn a_run_waits_for_no_other_while_it_asks() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    pysec_with_twin(&osv);
    let session = session(Some(cache.path()), MONDAY, patience());
    assert_eq!(look_up(&session, &osv.url(), &[flaw(&["PYSEC-1"])]), (2, true, vec![]));
    let _other_run = state_store::lock(&cache.path().join("advisories")).unwrap();
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let osv = Osv::start();
    pysec_with_twin(&osv);
    let session = session(Some(file.path()), MONDAY, patience());
    let (found, all, warnings) = look_up(&session, &osv.url(), &[flaw(&["PYSEC-1"])]);
    assert_eq!((found, all, warnings.len()), (2, true, 1));
    assert!(warnings[0].starts_with("answers of advisory services are not kept: "), "{warnings:?}");
}

fn any(bytes: &[u8]) -> Result<(), String> {
    if bytes.starts_with(b"ok") { Ok(()) } else { Err("it is not what it should be".to_owned()) }
}

#[test]
fn a_file_is_fetched_once_a_day_and_compared_with_the_kept_one() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    osv.put_file("/kev.json", "ok 1", Some("\"one\""));
    let from = address(&format!("{}/kev.json", osv.url()));
    let fetch = |now: &str| session(Some(cache.path()), now, patience()).fetch(&from, &any);
    assert_eq!(fetch(MONDAY).bytes.as_deref(), Some(b"ok 1".as_slice()));
    assert_eq!(fetch("2026-01-05T20:00:00Z").bytes.as_deref(), Some(b"ok 1".as_slice()));
    assert_eq!(osv.asked().len(), 1);
    // Unchanged: the kept one is good for another day.
    assert_eq!(fetch("2026-01-07T00:00:00Z").bytes.as_deref(), Some(b"ok 1".as_slice()));
    assert_eq!(osv.asked()[1].if_none_match.as_deref(), Some("\"one\""));
    fetch("2026-01-07T20:00:00Z");
    assert_eq!(osv.asked().len(), 2);
    osv.put_file("/kev.json", "ok 2", Some("\"two\""));
    assert_eq!(fetch("2026-01-09T00:00:00Z").bytes.as_deref(), Some(b"ok 2".as_slice()));
}

#[test]
fn a_file_that_cannot_be_had_or_used_leaves_the_kept_one() {
    let cache = tempfile::tempdir().unwrap();
    let osv = Osv::start();
    osv.put_file("/kev.json", "ok 1", None);
    let url = format!("{}/kev.json", osv.url());
    let fetch = |now: &str| session(Some(cache.path()), now, patience()).fetch(&address(&url), &any);
    fetch(MONDAY);
    for (fault, says) in [
        (Fault::Status(404), "there is no such file"),
        (Fault::Body(b"<html>".to_vec()), "it is not what it should be"),
    ] {
        osv.fail_always(fault);
        let fetched = fetch("2026-01-08T00:00:00Z");
        assert_eq!(fetched.bytes.as_deref(), Some(b"ok 1".as_slice()));
        let warning = format!("{url} cannot be fetched ({says}); what it said on 2026-01-05 is used");
        assert_eq!(fetched.warnings, [warning]);
    }
    let nothing = session(None, MONDAY, patience()).fetch(&address(&url), &any);
    assert_eq!(nothing.bytes, None);
    assert_eq!(nothing.warnings.len(), 1);
}

#[test]
fn redirects_stay_on_their_host() {
    let osv = Osv::start();
    osv.put_file("/today.csv", "ok", None);
    osv.fail_next([Fault::Redirect("/today.csv".to_owned())]);
    let from = address(&format!("{}/current.csv", osv.url()));
    assert_eq!(session(None, MONDAY, patience()).fetch(&from, &any).bytes.as_deref(), Some(b"ok".as_slice()));
    let other = Osv::start();
    other.put_file("/x", "ok", None);
    osv.fail_next([Fault::Redirect(format!("{}/x", other.url()))]);
    assert_eq!(session(None, MONDAY, patience()).fetch(&from, &any).bytes, None);
    assert_eq!(other.asked(), []);
}
