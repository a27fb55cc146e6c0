mod forms;

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryId, AdvisoryIds, Attribution, CodeSpot, Finding, FindingId, Package, PackageName, Rating, ReportFormat,
    ResolvedReason, Scope, Severity, SeveritySource, Status, Subject, Timestamp, Vulnerability,
};
use time::macros::date;

use super::*;
use crate::Ledger;

fn now() -> Timestamp {
    "2026-01-05T03:00:00Z".parse().unwrap()
}

fn later() -> Timestamp {
    "2026-02-02T03:00:00Z".parse().unwrap()
}

fn finding(id: &str) -> Finding {
    let advisory = AdvisoryId::parse(id).unwrap();
    let scanner = ReportFormat::PipAudit.scanner();
    let day = date!(2026 - 01 - 05);
    Finding {
        finding_id: FindingId::parse(id).unwrap(),
        subject: Subject::Vulnerability(Vulnerability {
            package: Package::pypi(&PackageName::parse("demo").unwrap()),
            version: Some("1.0".into()),
            id: advisory.clone(),
            aliases: AdvisoryIds::new(),
            printed: [advisory].into(),
            fix_versions: Vec::new(),
        }),
        scope: Scope::Unknown,
        rating: Rating::word(Severity::High, SeveritySource::Scanner),
        rated_on: None,
        memory: None,
        exploitation: findings_model::Exploitation::default(),
        source_scanner: scanner.clone(),
        scanners: [(
            scanner,
            Attribution { first_seen: day, last_seen: day, ended: None, reason: None, seen_in: Vec::new() },
        )]
        .into(),
        status: Status::Open,
        discovered: day,
        last_seen: day,
        fix_version: None,
        description: "".into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

fn code(id: &str) -> Finding {
    let spot = CodeSpot {
        rule: "B101".to_owned(),
        former_rules: Vec::new(),
        path: "a.py".to_owned(),
        line: Some(1),
        text: None,
        aliases: BTreeSet::new(),
    };
    Finding { finding_id: FindingId::parse(id).unwrap(), subject: Subject::Code(spot), ..finding("PYSEC-2026-1") }
}

fn resolved(id: &str) -> Finding {
    Finding { status: Status::Resolved { on: date!(2026 - 01 - 05), reason: ResolvedReason::Upgraded }, ..finding(id) }
}

/// Syncs, checks that a second time changes nothing, and that the plans read the same from the file.
fn sync_at<'t>(text: &'t str, findings: &[Finding], now: Timestamp) -> PlansSynced<'t> {
    let mut ledger = Ledger::empty(&PackageName::parse("sample").unwrap(), now);
    ledger.findings = findings.to_vec();
    let synced = sync_plans(Some(text), &ledger, now).unwrap();
    let again = sync_plans(Some(&synced.text), &ledger, later()).unwrap();
    assert_eq!(again.text, synced.text);
    assert_eq!((again.added, again.removed, again.archived, again.restored), (0, 0, 0, 0));
    let read = plans(&synced.text);
    assert!(synced.plans.all().iter().all(|plan| read.all().contains(plan)));
    let keys = |plans: &Plans| {
        let touched = plans.all().iter().filter(|p| !p.archived).map(|p| p.key.clone());
        touched.chain(plans.untouched().iter().map(ToString::to_string)).collect::<BTreeSet<String>>()
    };
    assert_eq!(keys(&read), keys(&synced.plans));
    synced
}

fn sync<'t>(text: &'t str, findings: &[Finding]) -> PlansSynced<'t> {
    sync_at(text, findings, now())
}

fn plans(text: &str) -> Plans {
    Plans::from_yaml(text.as_bytes()).unwrap()
}

#[test]
fn a_finding_without_a_plan_gets_the_default_one() {
    let first = sync("", &[finding("PYSEC-2026-1"), code("BANDIT-B101-a: \"b\".py-5"), resolved("PYSEC-2026-2")]);
    insta::assert_snapshot!(&first.text, @r#"
    # What will be done about each finding. Edit freely: text, comments and keys of your own are kept.
    # status: new, in_progress, awaiting_upstream, completed, deferred, accepted_risk, false_positive, not_affected
    # The last three except a finding; give expires (a date), reason and owner with them.
    metadata:
      version: "1.0"
      created: "2026-01-05T03:00:00Z"
      last_updated: "2026-01-05T03:00:00Z"
    findings:
      "BANDIT-B101-a: \"b\".py-5":
        finding_id: "BANDIT-B101-a: \"b\".py-5"
        status: new
        planned_action: Under evaluation
        assigned_to: security-team
        notes: Newly discovered - assessment in progress
        workaround: None identified
        target_date: null
        priority: medium
        business_impact: Under assessment
        created_date: "2026-01-05"
        updated_date: "2026-01-05"
      PYSEC-2026-1:
        finding_id: PYSEC-2026-1
        status: new
        planned_action: Under evaluation
        assigned_to: security-team
        notes: Newly discovered - assessment in progress
        workaround: None identified
        target_date: null
        priority: medium
        business_impact: Under assessment
        created_date: "2026-01-05"
        updated_date: "2026-01-05"
    "#);
    assert_eq!((first.added, first.preserved), (2, 0));
    let read = plans(&first.text);
    let plan = read.get("PYSEC-2026-1").unwrap();
    assert_eq!(
        (plan.status, plan.priority, plan.target_date, plan.edited),
        (PlanStatus::New, Priority::Medium, None, false)
    );
    assert!(read.get("BANDIT-B101-a: \"b\".py-5").is_some());
    let next = sync(&first.text, &[finding("PYSEC-2026-1"), finding("PYSEC-2026-0")]);
    assert_eq!((next.added, next.removed, next.preserved), (1, 1, 1));
    let read = plans(&next.text);
    let order: Vec<&str> = read.all().iter().map(|p| p.key.as_str()).collect();
    assert_eq!(order, ["PYSEC-2026-0", "PYSEC-2026-1"]);
}

#[test]
fn no_finding_no_plan() {
    let empty = sync("", &[]);
    assert!(empty.text.ends_with("findings: {}\n"));
    let one = sync(&empty.text, &[finding("PYSEC-2026-1")]);
    assert!(one.text.contains("findings:\n  PYSEC-2026-1:\n"));
    assert_eq!(sync(&one.text, &[resolved("PYSEC-2026-1")]).text.replace("2026-02-02", "2026-01-05"), empty.text);
}

const EDITED: &str = "\
# our plans
metadata:
  version: '1.0'
  last_updated: 2025-11-01 # by hand
findings:
  # talk to the vendor first
  PYSEC-2026-1:   # the big one
    finding_id: PYSEC-2026-1
    status:  in_progress  # since Monday
    planned_action: >-
      Upgrade to 2.0
      and: # test
    assigned_to: us
    ticket: 42
    target_date: 2026-12-01

  PYSEC-2026-2:
    finding_id: PYSEC-2026-2
    status: new

# the end
";

#[test]
fn an_edited_plan_goes_to_the_archive_and_comes_back_as_it_was() {
    let both = [finding("PYSEC-2026-1"), finding("PYSEC-2026-2")];
    assert_eq!(sync(EDITED, &both).text, EDITED);
    let archived = sync(EDITED, &[resolved("PYSEC-2026-1"), finding("PYSEC-2026-2")]);
    insta::assert_snapshot!(&archived.text, @r#"
    # our plans
    metadata:
      version: '1.0'
      last_updated: "2026-01-05T03:00:00Z" # by hand
    findings:
      PYSEC-2026-2:
        finding_id: PYSEC-2026-2
        status: new

    # the end
    archive:
      # talk to the vendor first
      PYSEC-2026-1:   # the big one
        finding_id: PYSEC-2026-1
        status:  completed  # since Monday
        planned_action: >-
          Upgrade to 2.0
          and: # test
        assigned_to: us
        ticket: 42
        target_date: 2026-12-01
        archived_date: "2026-01-05"
        archived_note: Finding resolved - auto-marked as completed
        archived_status: in_progress
    "#);
    assert_eq!((archived.archived, archived.removed, archived.preserved), (1, 0, 1));
    let plan = archived.plans.all().iter().find(|p| p.archived).unwrap();
    assert_eq!((plan.status, &*plan.assigned_to), (PlanStatus::Completed, "us"));
    let back = sync(&archived.text, &both);
    assert_eq!(back.restored, 1);
    assert!(back.text.contains(&EDITED[EDITED.find("  # talk").unwrap()..EDITED.find("\n  PYSEC-2026-2").unwrap()]));
    assert!(!back.text.contains("archived") && back.text.contains("archive: {}"));
    assert_eq!(plans(&back.text).get("PYSEC-2026-1").unwrap().status, PlanStatus::InProgress);
}

#[test]
fn one_changed_field_is_an_edit() {
    let untouched = sync("", &[finding("PYSEC-2026-1")]).text;
    for (from, to) in [
        ("status: new", "status: deferred"),
        ("priority: medium", "priority: low"),
        ("target_date: null", "target_date: 2026-12-01"),
        ("notes: Newly", "notes: Not newly"),
        ("assigned_to: security-team", "assigned_to: ann"),
        ("workaround: None identified", "workaround: do not use it"),
        ("business_impact: Under assessment", "business_impact: none"),
        ("planned_action: Under evaluation", "planned_action: Upgrade"),
        ("priority: medium", "priority: medium # really"),
        ("priority: medium", "priority: medium\n    ticket: 7"),
    ] {
        let edited = untouched.replacen(&format!("    {from}"), &format!("    {to}"), 1);
        assert_ne!(edited, untouched, "{from}");
        let after = sync(&edited, &[resolved("PYSEC-2026-1")]);
        assert_eq!((after.archived, after.removed), (1, 0), "{to}");
        assert_eq!(after.text.matches("auto-marked as completed").count(), 1);
    }
}

#[test]
fn a_plan_is_found_by_any_id_of_the_flaw() {
    let mut alias = finding("PYSEC-2026-1");
    let Subject::Vulnerability(v) = &mut alias.subject else { unreachable!() };
    v.aliases.insert(AdvisoryId::parse("CVE-2026-9").unwrap());
    let text = "findings:\n  cve-2026-9:\n    status: awaiting_upstream\n";
    assert_eq!(sync(text, &[alias.clone()]).text, text);
    // An id that is another finding's own speaks about that one.
    let other = finding("CVE-2026-9");
    assert_eq!(sync(text, &[alias, other]).added, 1);
}

#[test]
fn one_bad_plan_leaves_the_others() {
    let text = "findings:\n  A-1: {status: blocked}\n  B-2: 3\n  C-3:\n    created_date: 2026-02-01\n    updated_date: 2026-01-01\n  D-4: {target_date: soon}\n  E-5: {notes: [1]}\n  PYSEC-2026-1:\n    status: Deferred\n    target_date: 2026-12-01\n";
    let read = plans(text);
    assert_eq!(read.get("PYSEC-2026-1").unwrap().status, PlanStatus::Deferred);
    assert_eq!(read.get("PYSEC-2026-1").unwrap().target_date, Some(date!(2026 - 12 - 01)));
    insta::assert_snapshot!(read.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @r#"
    plan A-1: status "blocked" is not valid; it must be one of new, in_progress, awaiting_upstream, completed, deferred, accepted_risk, false_positive, not_affected
    plan B-2: it is not a mapping of keys to values
    plan C-3: updated_date lies before created_date
    plan D-4: target_date "soon" is not a valid date (such as 2026-12-01)
    plan E-5: notes is not text
    "#);
    assert_eq!(sync(text, &[finding("PYSEC-2026-1")]).text, text);
}

#[test]
fn names_beyond_ascii_are_keys_like_any_other() {
    let odd = ["BANDIT-B307-\u{e4}.py-1", "BANDIT-B307-\u{f6}.py-1", "BANDIT-B307-a\u{fffd}b.py-1"].map(code);
    let synced = sync("", &odd);
    assert_eq!(synced.added, 3);
    let one_more: Vec<Finding> = odd.into_iter().chain([code("BANDIT-B307-e.py-1")]).collect();
    assert_eq!(sync(&synced.text, &one_more).added, 1);
}

#[test]
fn an_exception_that_matches_nothing_is_told_and_kept() {
    let text = "findings:\n  GHSA-typo: {status: false_positive, reason: not called}\n  GHSA-old: {status: deferred}\n";
    let synced = sync(text, &[finding("PYSEC-2026-1")]);
    assert_eq!((synced.unused.as_slice(), synced.archived, synced.added), (["GHSA-typo".to_owned()].as_slice(), 1, 1));
    assert!(synced.text.contains("  GHSA-typo: {status: false_positive, reason: not called}\n"));
}

#[test]
fn what_is_no_plan_file_is_refused() {
    for text in ["findings: [unclosed", "findings:\n\t- x", "findings: [1]", "- 1", "a: 1\na: 2\n", "<html>\n  <p>: x"]
    {
        let ledger = Ledger::empty(&PackageName::parse("sample").unwrap(), now());
        assert!(sync_plans(Some(text), &ledger, now()).is_err(), "{text}");
    }
    assert!(matches!(Plans::from_yaml(b"findings:\n  a: \xff"), Err(PlansError::Encoding(15))));
}

#[test]
fn a_file_that_cannot_be_changed_by_lines_is_left_as_it_is() {
    for text in [
        "findings: {PYSEC-2026-1: {status: deferred}}\n",
        "{findings: {A-1: {status: new}}}\n",
        "findings:\n  ? A-1\n  : {status: new}\n",
    ] {
        let synced = sync(text, &[finding("PYSEC-2026-2")]);
        assert_eq!(synced.text, text);
        assert!(matches!(synced.problems(), [PlanProblem::Layout(_)]), "{text} {:?}", synced.problems());
    }
}

#[test]
fn every_way_to_write_the_file_is_kept() {
    let texts = [
        "metadata:\r\n  last_updated: x\r\nfindings:\r\n  A-1:\r\n    notes: mine\r\n",
        "---\nfindings:\n    \"A-1\":\n        notes: |\n            # no comment\n            archive:\n    'B-2':\n        notes: mine\narchive:\n  Z-9:\n    notes: old",
        "archive: {}\n\nfindings: # all\n# margin\n  A-1:\n    notes: \"mine # too\"\n\n\nother: [1,\n2]\n",
        "# only a comment\n",
    ];
    for text in texts {
        let mine = [finding("PYSEC-2026-1")];
        let synced = sync(text, &mine);
        assert_eq!((synced.added, synced.problems()), (1, [].as_slice()), "{text}\n{}", synced.text);
        let gone = sync(&synced.text, &[resolved("PYSEC-2026-1")]);
        for line in text.lines().filter(|l| l.contains("mine") || l.contains("no comment") || l.contains("margin")) {
            assert!(gone.text.contains(line.trim()), "{line} in\n{}", gone.text);
        }
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        assert!(synced.text.split_inclusive('\n').all(|l| l.ends_with(ending) || !l.ends_with('\n')));
    }
}

#[test]
fn dates_and_overdue_plans() {
    let read = plans(
        "findings:\n  A-1: {target_date: 2026-12-01}\n  B-2: {target_date: 2026-12-01, status: completed}\n  C-3: {}\n",
    );
    let days = |key: &str, today| read.get(key).unwrap().days_until_target(today);
    assert_eq!(days("A-1", date!(2026 - 11 - 21)), Some(10));
    assert_eq!(days("A-1", date!(2026 - 12 - 06)), Some(-5));
    assert_eq!(days("C-3", date!(2026 - 12 - 06)), None);
    let overdue = |key: &str| read.get(key).unwrap().is_overdue(date!(2026 - 12 - 02));
    assert_eq!(["A-1", "B-2", "C-3"].map(overdue), [true, false, false]);
    assert!(!read.get("A-1").unwrap().is_overdue(date!(2026 - 12 - 01)));
    let excepted = plans("findings:\n  A-1: {target_date: 2026-11-01, status: accepted_risk, expires: 2026-12-01}\n");
    let overdue = |today| excepted.get("A-1").unwrap().is_overdue(today);
    assert_eq!([date!(2026 - 12 - 01), date!(2026 - 12 - 02)].map(overdue), [false, true]);
}

#[test]
fn a_plan_that_the_archive_already_has_stays_where_it_is() {
    let text = "findings:\n  A-1:\n    notes: newer\narchive:\n  A-1:\n    notes: older\n";
    assert_eq!(sync(text, &[resolved("A-1")]).text, text);
}

/// The layout by plans is the layout of the whole, where the file can be read by plans at all. Says whether it can.
fn agree(text: &str) -> bool {
    let Some(by_plans) = blocks::read(text) else { return false };
    let whole = layout::Layout::read_whole(text).unwrap_or_else(|e| panic!("{e} in\n{text}"));
    assert_eq!(whole.editable, Ok(()), "{text}");
    assert_eq!((by_plans.eol, &by_plans.last_updated), (whole.eol, &whole.last_updated), "{text}");
    for (by_plans, whole) in [(by_plans.findings, whole.findings), (by_plans.archive, whole.archive)] {
        let spell_out = |section: layout::Section<'_>| layout::Section {
            entries: section
                .entries
                .into_iter()
                .map(|entry| {
                    let said = match entry.said {
                        layout::Said::Untouched { created, updated } => {
                            layout::Said::Yaml(untouched::value(&entry.key, created, updated))
                        }
                        said @ layout::Said::Yaml(_) => said,
                    };
                    layout::Entry { key: entry.key.into_owned().into(), said, ..entry }
                })
                .collect(),
            ..section
        };
        assert_eq!(by_plans.map(spell_out), whole.map(spell_out), "{text}");
    }
    true
}

#[test]
fn what_this_program_writes_is_read_plan_by_plan() {
    let findings = [finding("PYSEC-2026-1"), finding("PYSEC-2026-2"), code("BANDIT-B101-a: \"b\\\".py-5")];
    let first = sync("", &findings).text;
    assert!(agree(&first) && agree(&sync("", &[]).text) && agree(EDITED));
    let edited = first.replacen("    status: new", "    status: deferred # later", 1);
    let moved = sync(&edited, &[resolved("PYSEC-2026-1"), finding("PYSEC-2026-2")]).text;
    assert!(moved.contains("archive:\n") && agree(&moved), "{moved}");
}

#[test]
fn what_reaches_over_a_plan_is_read_as_a_whole() {
    for text in [
        "findings:\n  A-1:\n    notes: \"one\n  B-2: two\"\n",
        "findings:\n  A-1: {notes: [1,\n  B-2: 2]}\n",
        "findings:\n  A-1: &x {notes: a}\n  B-2: *x\n",
        "findings:\n  A-1: {}\n  A-1: {}\n",
        "findings:\n  A-1: {}\n---\nfindings: {}\n",
        "findings:\n  A-1: {}\nother: 1\n",
        "archive: {}\nfindings: {}\n",
        "findings: {}\r\n",
        "findings: {A-1: {}}\n",
        "  metadata: {}\nfindings: {}\n",
        "findings: {}\nfindings: {}\n",
        "findings:\n  A-1:\n    notes: x\n\tstatus: y\n",
        "findings:\n  A-1:\n    notes: x\n    \tstatus: y\n",
    ] {
        assert!(!agree(text), "{text}");
    }
}

fn any_line() -> impl proptest::strategy::Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "",
        "   ",
        "# at the margin",
        "  # at a plan",
        "      # deep",
        "    notes: |+",
        "    notes: >-",
        "      # no comment",
        "      findings:",
        "    notes: \"open",
        "    ends here\"",
        "    list: [1,",
        "  B-9: 2]",
        "    - item",
        "  C-3:",
        "  \"C-3\": {status: deferred}",
        "  C-3: &anchor {}",
        "  D-4: *anchor",
        "    status: in_progress",
        "    status: new",
        "    target_date: null",
        "    ticket: 42 # ours",
        "  ? E-5",
        "  : {}",
        "findings:",
        "findings: {}",
        "archive:",
        "archive: {}",
        "metadata:",
        "  last_updated: \"2026-01-05T03:00:00Z\"",
        "other: 1",
        "---",
        "...",
        "\t",
        "\tstatus: new",
        "    \tstatus: new",
        "   odd: 1",
        "text",
        "      more text",
        "  \u{85}x: 1",
        "# \u{7}",
    ])
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    /// Whatever lines come and go, a file that can be read plan by plan says the same as a whole.
    #[test]
    fn plan_by_plan_is_as_a_whole(
        changes in proptest::collection::vec((0usize..60, 0usize..3, any_line()), 0..6),
        end in proptest::bool::ANY,
    ) {
        let findings =
            [finding("PYSEC-2026-1"), finding("PYSEC-2026-2"), code("SECRET-a b-1"), code("SECRET-\u{e4}-1"), code("SECRET-\u{f6}-1")];
        let with_archive = sync("", &findings).text.replacen("priority: medium", "priority: low", 2);
        let whole = sync(&with_archive, &[resolved("PYSEC-2026-1"), finding("PYSEC-2026-2")]).text.into_owned();
        let mut lines: Vec<&str> = whole.lines().collect();
        for (at, remove, line) in changes {
            let at = at % (lines.len() + 1);
            lines.drain(at..(at + remove).min(lines.len()));
            lines.insert(at, line);
        }
        let mut text = lines.join("\n");
        if end {
            text.push('\n');
        }
        agree(&text);
    }
}
