//! Events, the changelog, archived scans, the ledger's own file.

use findings_model::{SchemaVersion, Severity, parse_date};
use insta::assert_snapshot;

use super::{Build, at, code, flaw, project::Project, scan, secret};
use crate::{
    Ledger, LedgerError, ScanArchive, archive_date, changelog_to_append, events_to_append, expired, is_event_expired,
    retain_events,
};

fn two_weeks() -> (Project, Vec<crate::Event>, Vec<crate::Event>) {
    let mut p = Project::new();
    let first =
        p.take(5, &[scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 CVE-1-1")).finds(flaw("a 1.0 CVE-1-2"))]);
    let second =
        p.take(12, &[scan("pip-audit").packages("a 2.0").finds(flaw("a 2.0 CVE-1-2")).rated(Severity::Critical)]);
    (p, first.events, second.events)
}

#[test]
fn events_are_lines_of_json() {
    let (p, ..) = two_weeks();
    assert_snapshot!(p.events, @r#"
    {"schema_version":"1.0","timestamp":"2026-01-05T04:00:00Z","event":"first_seen","finding_id":"CVE-1-1","kind":"vulnerability","place":"a","severity":"high","scanner":"pip-audit"}
    {"schema_version":"1.0","timestamp":"2026-01-05T04:00:00Z","event":"first_seen","finding_id":"CVE-1-2","kind":"vulnerability","place":"a","severity":"high","scanner":"pip-audit"}
    {"schema_version":"1.0","timestamp":"2026-01-12T04:00:00Z","event":"resolved","reason":"upgraded","finding_id":"CVE-1-1","kind":"vulnerability","place":"a","severity":"high","scanner":"pip-audit"}
    {"schema_version":"1.0","timestamp":"2026-01-12T04:00:00Z","event":"severity_changed","from":"high","to":"critical","source":"scanner","finding_id":"CVE-1-2","kind":"vulnerability","place":"a","severity":"critical","scanner":"pip-audit"}
    "#);
}

#[test]
fn events_that_a_dead_run_wrote_are_not_written_again() {
    let (_, first, second) = two_weeks();
    let mut later = first.clone();
    for event in &mut later {
        event.timestamp = at(6);
    }
    let whole = events_to_append("", &first);
    assert_eq!(events_to_append(&whole, &later), "");
    // It died between the two lines, or within the second.
    let cut = whole.find('\n').unwrap() + 1;
    assert_eq!(events_to_append(&whole[..cut], &later).lines().count(), 1);
    let torn = events_to_append(&whole[..cut + 20], &later);
    assert!(torn.starts_with("\n{") && torn.lines().count() == 2);
    // What happens again later is news.
    let both = whole.clone() + &events_to_append(&whole, &second);
    assert_eq!(both.lines().count(), 4);
    assert_eq!(events_to_append(&both, &second), "");
}

#[test]
fn the_same_thing_twice_in_a_life_is_told_twice() {
    let mut p = Project::new();
    let audit = || scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 CVE-1-1"));
    for (day, there) in [(5, true), (12, false), (19, true), (26, false)] {
        let scans = if there { vec![audit()] } else { Vec::new() };
        p.take(day, &scans);
    }
    let words: Vec<String> = p
        .events
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(words, ["first_seen", "unverified", "confirmed", "unverified"]);
}

#[test]
fn the_changelog_grows_only_when_something_happened() {
    let (_, first, second) = two_weeks();
    let mut log = changelog_to_append("", &first);
    assert_eq!(changelog_to_append(&log, &first), "");
    assert_eq!(changelog_to_append(&log, &[]), "");
    log.push_str(&changelog_to_append(&log, &second));
    assert_eq!(changelog_to_append(&log, &second), "");
    assert_eq!(
        changelog_to_append(&log.replace('\n', "\r\n"), &second),
        "",
        "a checkout may write other ends of lines"
    );
    assert_snapshot!(log, @r"
    # Changelog of security findings

    ## 2026-01-05T04:00:00Z

    - New: CVE-1-1 in a (high, pip-audit)
    - New: CVE-1-2 in a (high, pip-audit)

    ## 2026-01-12T04:00:00Z

    - Resolved: CVE-1-1 in a (high), upgraded
    - Severity: CVE-1-2 in a from high to critical
    ");
}

#[test]
fn an_entry_of_the_changelog_that_nobody_could_read_is_cut_and_still_counts() {
    let mut p = Project::new();
    let audit =
        (0..300).fold(scan("pip-audit").packages("a 1.0"), |s, n| s.finds(flaw(&format!("a 1.0 CVE-1-{n:03}"))));
    let first = p.take(5, &[audit]);
    let log = changelog_to_append("", &first.events);
    assert_eq!(log.lines().filter(|line| line.starts_with("- New")).count(), 200);
    assert!(log.contains(
        "\n300 new. The first 200 follow; `events.ndjson` beside this file has all 300.\n\n- New: CVE-1-000"
    ));
    assert_eq!(changelog_to_append(&log, &first.events), "");
    let second = p.take(12, &[scan("pip-audit").packages("a 2.0").finds(flaw("a 2.0 CVE-1-000"))]);
    assert!(changelog_to_append(&log, &second.events).contains("\n299 resolved. The first 200 follow;"));
}

#[test]
fn hostile_ids_stay_text_in_the_changelog() {
    let mut p = Project::new();
    let taken = p.take(5, &[scan("bandit").finds(code("B1 <img>/[x](javascript:y).py 1 x"))]);
    assert_snapshot!(changelog_to_append("", &taken.events), @r"
    # Changelog of security findings

    ## 2026-01-05T04:00:00Z

    - New: BANDIT-B1-\[x\]\(javascript:y\).py-1 in &lt;img&gt;/\[x\]\(javascript:y\).py (high, bandit)
    ");
}

#[test]
fn old_scans_go_and_the_newest_stays() {
    let day = |text: &str| parse_date(text).unwrap();
    let files = [("a", "2025-01-01"), ("b", "2025-10-01"), ("c", "2025-12-31")].map(|(n, d)| (n, day(d)));
    assert_eq!(expired(files, day("2026-01-05"), 90), ["a", "b"]);
    assert_eq!(expired(files, day("2030-01-05"), 90), ["a", "b"]);
    assert_eq!(expired([("a", day("2025-10-07"))].into_iter().chain(files), day("2026-01-05"), 90), ["a", "b"]);
    assert_eq!(expired([], day("2026-01-05"), 90), Vec::<&str>::new());
    assert_eq!(archive_date("2026-01-05T040000Z.json"), Some(day("2026-01-05")));
    assert_eq!(archive_date("notes.json"), None);
}

#[test]
fn old_events_go_and_the_newest_stays() {
    let (p, ..) = two_weeks();
    let day = |text: &str| parse_date(text).unwrap();
    assert_eq!(retain_events(&p.events, day("2026-12-01"), 365), None);
    let kept = retain_events(&p.events, day("2027-01-08"), 365).unwrap();
    assert_eq!(kept.lines().count(), 2);
    assert_eq!(retain_events(&kept, day("2040-01-01"), 365).unwrap().lines().count(), 1);
    // Written in another way, and by another program: as far as the day can be read it counts.
    let others = "{\"timestamp\" : \"2020-01-01\"}\n{\"a\":1, \"timestamp\":\"2020-01-01T00:00:00+02:00\"}\nodd\n";
    let both = format!("{others}{}", p.events);
    assert_eq!(retain_events(&both, day("2026-12-01"), 365).unwrap(), format!("odd\n{}", p.events));
    let first = |text: &str| is_event_expired(text.lines().next().unwrap_or_default(), day("2026-12-01"), 365);
    assert_eq!((first(&both), first(&p.events), first("")), (true, false, false));
}

#[test]
fn an_archived_scan_holds_what_was_seen_and_no_secret() {
    let mut p = Project::with_files("a.py");
    let scans = [
        scan("detect-secrets").finds(secret("AWS Access Key|a.py|3")),
        scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 CVE-1-1")),
    ];
    p.take(5, &[scan("bandit").files("a.py")]);
    let taken = p.take(12, &scans);
    let archive = ScanArchive::new(&taken.ledger.project, &scans, &taken.scans, at(12));
    assert_eq!(archive.file_name(), "2026-01-12T040000Z.json");
    let mut bytes = Vec::new();
    archive.write_json(&mut bytes).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["scans"].as_array().unwrap().len(), 3);
    assert_snapshot!(String::from_utf8(bytes).unwrap());
}

#[test]
fn the_ledger_is_a_stable_document() {
    let mut p = Project::with_files("a.py");
    p.take(
        5,
        &[
            scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 PYSEC-1 CVE-1-1")),
            scan("bandit").files("a.py").finds(code("B324 a.py 5 md5(x)")),
            scan("detect-secrets").finds(secret("AWS Access Key|a.py|3")),
        ],
    );
    p.take(12, &[scan("pip-audit").packages("a 2.0"), scan("bandit").files("a.py").finds(code("B324 a.py 6 md5(x)"))]);
    assert_snapshot!(String::from_utf8(p.ledger.to_json()).unwrap());
}

#[test]
fn what_a_newer_writer_added_survives() {
    let mut p = Project::new();
    p.take(5, &[scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 PYSEC-1"))]);
    let text = String::from_utf8(p.ledger.to_json()).unwrap();
    let newer = text
        .replacen("\"project\"", "\"colour\": {\"red\": [1]},\n  \"project\"", 1)
        .replacen("\"finding_id\"", "\"mood\": \"grim\",\n      \"finding_id\"", 1)
        .replacen("\"schema_version\": \"1.1\"", "\"schema_version\": \"1.7\"", 1);
    p.ledger = Ledger::from_json(newer.as_bytes()).unwrap();
    p.take(12, &[scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 PYSEC-1"))]);
    let text = String::from_utf8(p.ledger.to_json()).unwrap();
    assert!(text.contains("\"colour\"") && text.contains("\"grim\"") && text.contains("\"1.7\""));
}

#[test]
fn a_ledger_of_an_earlier_program_is_taken_on() {
    let earlier = include_bytes!("ledger-1.0.json");
    let mut p = Project::with_files("a.py");
    p.ledger = Ledger::from_json(earlier).unwrap();
    assert_eq!((p.ledger.schema_version, p.ledger.findings.len()), (Ledger::SCHEMA, 3));
    let reread = Ledger::from_json(&p.ledger.to_json()).unwrap();
    assert_eq!((reread.migrated_from, p.ledger.migrated_from), (None, Some(SchemaVersion::new(1, 0))));
    assert_eq!(Ledger { migrated_from: p.ledger.migrated_from, ..reread }, p.ledger);
    let before: serde_json::Value = serde_json::from_slice(earlier).unwrap();
    let now: serde_json::Value = serde_json::from_slice(&p.ledger.to_json()).unwrap();
    assert_eq!(before["findings"], now["findings"]);
    let taken = p.take(19, &[scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 PYSEC-1"))]);
    assert_eq!(
        taken.ledger.findings.iter().map(|f| f.finding_id.as_str()).collect::<Vec<_>>(),
        ["BANDIT-B324-a.py-5", "PYSEC-1", "SECRET-AWS Access Key-a.py-3"]
    );
}

#[test]
fn a_ledger_that_cannot_be_used_says_why() {
    let of = |text: &str| {
        let error = Ledger::from_json(text.as_bytes()).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
    };
    assert_snapshot!(of("{"), @"the findings ledger cannot be read: EOF while parsing an object at line 1 column 1");
    assert_snapshot!(of("[]"), @"the findings ledger cannot be read: invalid type: sequence, expected struct Ledger at line 1 column 0");
    assert_snapshot!(of("{\"schema_version\": \"2.0\", \"findings\": 7}"), @"the findings ledger has an unsupported schema version: schema_version 2.0 is newer than 1.1, the newest that this program knows; it was left as it is");
    let mut p = Project::new();
    p.take(5, &[scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 PYSEC-1"))]);
    let text = String::from_utf8(p.ledger.to_json()).unwrap();
    assert_snapshot!(of(&text.replace("\"high\"", "\"super-high\"")), @"the findings ledger cannot be read: unknown variant `super-high`, expected one of `critical`, `high`, `medium`, `low`, `info`, `unknown` at line 29 column 199");
    let mut twice = p.ledger.clone();
    twice.findings.push(twice.findings[0].clone());
    assert!(matches!(Ledger::from_json(&twice.to_json()), Err(LedgerError::Duplicate(id)) if id.as_str() == "PYSEC-1"));
}
