//! What comes out of the old files, sound ones and damaged ones.

use findings_model::{PackageName, Timestamp, date_text};
use proptest::prelude::*;

use super::{
    SourcePlans, Timeline, apply_sightings, merge_plans, rebuilt, sightings_of_changelog, sightings_of_document,
};
use crate::{Ledger, PlanStatus, Plans, sync_plans};

const PLANS: &str = include_str!("../../../../fixtures/original/security/findings/remediation-plans.yml");
const TIMELINE: &str = include_str!("../../../../fixtures/original/security/findings/history/remediation-timeline.yml");
const CHANGELOG: &str = include_str!("../../../../fixtures/original/security/findings/history/findings-changelog.md");
const DOCUMENT: &str = include_str!("../../../../fixtures/original/security/findings/SECURITY_FINDINGS.md");

fn now() -> Timestamp {
    "2023-07-24T04:00:00Z".parse().unwrap()
}

/// A ledger with one flaw of one package, known under two names.
fn ledger() -> Ledger {
    let mut ledger = Ledger::empty(&PackageName::parse("sample-package").unwrap(), now());
    ledger.findings.push(
        serde_json::from_value(serde_json::json!({
            "finding_id": "GHSA-j8r2-6x86-q33q", "aliases": ["PYSEC-2023-74", "GHSA-j8r2-6x86-q33q"],
            "advisory_id": "GHSA-j8r2-6x86-q33q", "kind": "vulnerability", "package": "requests", "version": "2.30.0",
            "scope": "runtime", "severity": "medium", "severity_source": "scanner", "source_scanner": "pip-audit",
            "status": "open", "discovered_date": "2023-07-24", "last_seen": "2023-07-24", "fix_available": false,
            "fix_version": null, "description": "", "reference_url": null, "scanners": {},
        }))
        .unwrap(),
    );
    ledger
}

fn read(text: &str) -> SourcePlans {
    SourcePlans::read(text.as_bytes())
}

#[test]
fn plans_are_read_with_their_dates_and_repeated_notes_folded() {
    let source = read(PLANS);
    assert_eq!(source.faults, Vec::<String>::new());
    assert_eq!(source.notes, ["plan PYSEC-2023-74: 2 repeated lines of its notes were folded into one"]);
    let plan = &source.plans.iter().find(|p| p.plan.key == "PYSEC-2023-74").unwrap().plan;
    assert_eq!(plan.status, PlanStatus::InProgress);
    assert_eq!(
        plan.notes,
        "Needs a look at the proxy settings first\n[2023-07-15] Finding resolved - auto-marked as completed"
    );
    // The file has this date without quotes.
    assert_eq!(plan.target_date.map(date_text).as_deref(), Some("2023-08-15"));
}

#[test]
fn old_plans_come_into_a_new_file_and_a_second_time_changes_nothing() {
    let (source, ledger) = (read(PLANS), ledger());
    let merged = merge_plans(None, &source, &ledger, now()).unwrap();
    assert_eq!((merged.taken, merged.untouched, merged.refused), (2, 1, None));
    assert_eq!(merged.exceptions, ["CVE-2022-1111"]);
    let plans = Plans::from_yaml(merged.text.as_bytes()).unwrap();
    assert_eq!(plans.all().len(), 2);
    assert_eq!(plans.problems(), []);

    let again = merge_plans(Some(&merged.text), &source, &ledger, now()).unwrap();
    assert_eq!((&again.text, again.taken), (&merged.text, 2));

    // The next run of ours keeps what was taken over.
    let synced = sync_plans(Some(&merged.text), &ledger, now()).unwrap();
    assert!(synced.text.contains("Upgrade requests with the next release"));
    let after = merge_plans(Some(&synced.text), &source, &ledger, now()).unwrap();
    assert_eq!((after.text.as_str(), after.taken), (&*synced.text, 2));
}

#[test]
fn an_untouched_plan_of_ours_gives_way_and_an_edited_one_stays() {
    let (source, ledger) = (read(PLANS), ledger());
    let ours = sync_plans(None, &ledger, now()).unwrap().text.into_owned();
    let merged = merge_plans(Some(&ours), &source, &ledger, now()).unwrap();
    let plans = Plans::from_yaml(merged.text.as_bytes()).unwrap();
    assert!(plans.get("GHSA-j8r2-6x86-q33q").is_none(), "the default plan of the same finding is gone");
    assert_eq!(plans.get("PYSEC-2023-74").unwrap().assigned_to, "platform-team");

    let edited = ours.replace("planned_action: Under evaluation", "planned_action: Ours # and a comment");
    let merged = merge_plans(Some(&edited), &source, &ledger, now()).unwrap();
    assert_eq!(merged.kept_ours, ["PYSEC-2023-74"]);
    assert!(merged.text.contains("planned_action: Ours # and a comment"));
    assert!(!merged.text.contains("platform-team\n    notes: Needs"), "{}", merged.text);
}

#[test]
fn comments_and_keys_of_ours_stay_where_they_are() {
    let ours = "# ours\nmetadata:\n  version: \"1.0\"\nfindings:\n    # about one\n    GHSA-1-1-1:\n        status: deferred # later\n        mine: [1, 2]\nother: yes\n";
    let merged = merge_plans(Some(ours), &read(PLANS), &ledger(), now()).unwrap();
    assert_eq!(merged.refused, None);
    assert!(
        merged.text.contains(
            "    # about one\n    GHSA-1-1-1:\n        status: deferred # later\n        mine: [1, 2]\nother: yes\n"
        ),
        "{}",
        merged.text
    );
    assert_eq!(Plans::from_yaml(merged.text.as_bytes()).unwrap().all().len(), 3);
}

#[test]
fn a_file_that_cannot_be_changed_safely_is_left_alone() {
    let ours = "findings: {GHSA-1-1-1: {status: deferred}}\n";
    let merged = merge_plans(Some(ours), &read(PLANS), &ledger(), now()).unwrap();
    assert_eq!((merged.text.as_str(), merged.taken), (ours, 0));
    assert!(merged.refused.is_some());
}

#[test]
fn of_damaged_plans_the_readable_ones_are_taken_and_the_rest_is_named() {
    let torn = PLANS.split("business_impact: None\n").next().unwrap();
    let cut_inside = &torn[..torn.len() - 40];
    for (what, text, plans, says) in [
        ("torn in a quoted text", format!("{cut_inside}'"), 2, "line 43, in CVE-2022-1111: "),
        ("torn in a word", PLANS[..PLANS.find("CVE-2022-1111:").unwrap() + 9].to_owned(), 2, "line "),
        ("twice the same id", format!("{PLANS}  PYSEC-2023-74:\n    status: deferred\n"), 3, "stands twice"),
        (
            "updated before created",
            PLANS.replace("updated_date: '2023-07-17'", "updated_date: '2023-07-01'"),
            2,
            "before created_date",
        ),
        (
            "a wrong type",
            PLANS.replace("notes: 'Agreed on 2023-07-12: see the minutes'", "notes: [a, b]"),
            2,
            "notes is not text",
        ),
        ("an unknown status", PLANS.replace("status: accepted_risk", "status: blocked"), 2, "blocked"),
        ("a tab", PLANS.replace("    status: accepted_risk", "\tstatus: accepted_risk"), 2, "line "),
        ("no bytes", String::new(), 0, "it is empty"),
        ("a list", "- a\n- b\n".to_owned(), 0, "not a mapping"),
        ("another file", "version: 1\n".to_owned(), 0, "no findings"),
    ] {
        let source = read(&text);
        assert_eq!(source.plans.len(), plans, "{what}: {:?}", source.faults);
        assert!(source.faults.iter().any(|f| f.contains(says)), "{what}: {:?}", source.faults);
    }
    let binary = SourcePlans::read(b"\x00\xff\xfe\x01findings:\n  a: \xff\n");
    assert!(binary.plans.is_empty() && binary.faults[0].contains("not UTF-8"), "{binary:?}");
    let last = read(&format!("{PLANS}  PYSEC-2023-74:\n    status: deferred\n"));
    let last = last.plans.iter().find(|p| p.plan.key == "PYSEC-2023-74").unwrap();
    assert_eq!(last.plan.status, PlanStatus::Deferred, "the last one counts, as it did");
}

#[test]
fn a_plan_that_a_tab_damages_is_named_in_full_and_left_out() {
    let source =
        read("findings:\n  A-1:\n    status: deferred\n  B-2:\n    status: accepted_risk\n\texpires: 2024-01-01\n");
    assert_eq!(source.plans.iter().map(|p| p.plan.key.as_str()).collect::<Vec<_>>(), ["A-1"]);
    insta::assert_snapshot!(source.faults.join("\n"), @"
    while scanning a plain scalar, found a tab at line 5, column 13
    line 5, in B-2: while scanning a plain scalar, found a tab
    ");
}

#[test]
fn ours_takes_old_plans_whatever_it_begins_with() {
    for ours in
        ["\u{feff}findings:\n  GHSA-1-1-1:\n    status: deferred\n", "findings: ~ # none\n", "\u{feff}findings:"]
    {
        let merged = merge_plans(Some(ours), &read(PLANS), &ledger(), now()).unwrap();
        assert_eq!((merged.taken, merged.refused), (2, None), "{ours:?}");
        let mark = "\u{feff}";
        assert_eq!(merged.text.matches(mark).count(), ours.matches(mark).count(), "{}", merged.text);
        assert_eq!(merged.text.starts_with(mark), ours.starts_with(mark), "{}", merged.text);
        assert_eq!(merged.text.matches("# none").count(), ours.matches("# none").count(), "{}", merged.text);
        assert_eq!(merge_plans(Some(&merged.text), &read(PLANS), &ledger(), now()).unwrap().text, merged.text);
    }
}

#[test]
fn a_damaged_file_is_built_again_from_what_can_be_read() {
    let torn = &PLANS[..PLANS.find("CVE-2022-1111:").unwrap() + 9];
    let text = rebuilt(&read(torn), &ledger(), now()).unwrap();
    let plans = Plans::from_yaml(text.as_bytes()).unwrap();
    assert_eq!(plans.all().len(), 2);
    assert_eq!(plans.get("PYSEC-2023-74").unwrap().assigned_to, "platform-team");
}

#[test]
fn a_timeline_becomes_events_and_first_days() {
    let timeline = Timeline::read(TIMELINE.as_bytes());
    assert_eq!(timeline.faults, Vec::<String>::new());
    assert_eq!(timeline.events.len(), 5);
    insta::assert_snapshot!(
        timeline.events[0].to_line(),
        @r#"{"timestamp":"2023-07-11T06:00:01Z","finding_id":"PYSEC-2023-74","event":"imported","event_type":"discovered","source":"scanner","place":"requests","version":"2.28.1","severity":"medium","scanner":"pip-audit","notes":"New medium severity finding discovered by pip-audit","schema_version":"1.0"}"#
    );
    let mut ledger = ledger();
    assert_eq!(apply_sightings(&mut ledger, &timeline.sightings, now().date()), 1);
    assert_eq!(date_text(ledger.findings[0].discovered), "2023-07-11");
    assert!(ledger.findings[0].is_open(), "an old event ends nothing");
    assert_eq!(apply_sightings(&mut ledger, &timeline.sightings, now().date()), 0);
}

#[test]
fn of_a_torn_timeline_the_events_before_and_behind_the_tear_are_taken() {
    let at = TIMELINE.find("event_type: resolved").unwrap();
    let torn = format!("{}event_type: reso\n  x: 'ved\n{}", &TIMELINE[..at], &TIMELINE[at + 21..]);
    let timeline = Timeline::read(torn.as_bytes());
    assert!(timeline.faults.iter().any(|f| f.contains("line ")), "{:?}", timeline.faults);
    assert!(timeline.events.len() >= 3, "{:#?}", timeline.events);
    for (what, text) in [
        ("no bytes", ""),
        ("no events", "findings:\n  A-1-1:\n    events: 5\n"),
        (
            "no times",
            "findings:\n  A-1-1:\n    first_discovered: soon\n    events:\n    - {event_type: discovered}\n    - 7\n",
        ),
        ("nothing known", "a: 1\n"),
    ] {
        let timeline = Timeline::read(text.as_bytes());
        assert!(timeline.events.is_empty() && !timeline.faults.is_empty(), "{what}");
    }
}

#[test]
fn the_words_for_people_prove_days_too() {
    let (entries, days) = sightings_of_changelog(CHANGELOG.as_bytes()).unwrap();
    assert_eq!((entries, days.len()), (2, 1));
    assert_eq!((days[0].package.as_deref(), date_text(days[0].on)), (Some("requests"), "2023-07-11".to_owned()));
    let days = sightings_of_document(DOCUMENT.as_bytes()).unwrap();
    assert_eq!((days.len(), date_text(days[0].on)), (1, "2023-07-12".to_owned()));
    assert_eq!(sightings_of_document(b"# Something else\n"), None);
    assert_eq!(sightings_of_changelog(b"# Changelog of security findings\n"), None);
}

#[test]
fn a_day_that_cannot_be_believed_moves_nothing() {
    let day = |on: &str, package: Option<&str>| super::Sighting {
        id: "PYSEC-2023-74".to_owned(),
        package: package.map(str::to_owned),
        on: findings_model::parse_date(on).unwrap(),
    };
    for sighting in
        [day("1970-01-01", None), day("2030-01-01", None), day("2023-07-25", None), day("2023-01-01", Some("flask"))]
    {
        assert_eq!(apply_sightings(&mut ledger(), &[sighting], now().date()), 0);
    }
    assert_eq!(apply_sightings(&mut ledger(), &[day("2023-01-01", Some("Requests"))], now().date()), 1);
}

proptest! {
    #[test]
    fn no_bytes_bring_a_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0..PLANS.len()) {
        let mut cut = PLANS.as_bytes()[..at].to_vec();
        cut.extend_from_slice(&bytes);
        for bytes in [&bytes, &cut] {
            let source = SourcePlans::read(bytes);
            let merged = merge_plans(None, &source, &ledger(), now()).unwrap();
            prop_assert!(Plans::from_yaml(merged.text.as_bytes()).is_ok());
            Timeline::read(bytes);
            sightings_of_changelog(bytes);
            sightings_of_document(bytes);
        }
    }

    #[test]
    fn whatever_a_plan_says_it_is_taken_over_word_for_word(notes in "\\PC{0,60}", key in "[A-Z]{2,5}-[0-9]{1,4}-\\PC{0,5}") {
        let said = serde_json::json!({"findings": {&key: {"status": "deferred", "notes": notes}}});
        let source = SourcePlans::read(said.to_string().as_bytes());
        let merged = merge_plans(None, &source, &ledger(), now()).unwrap();
        let plans = Plans::from_yaml(merged.text.as_bytes()).unwrap();
        prop_assert_eq!(plans.all().len(), 1, "{:?} {}", source.faults, merged.text);
        prop_assert_eq!(&plans.all()[0].notes, &source.plans[0].plan.notes);
        prop_assert_eq!(merge_plans(Some(&merged.text), &source, &ledger(), now()).unwrap().text, merged.text);
    }
}
