//! Ledger in, status document out.

use std::collections::BTreeSet;

use findings_model::{CoverageState, Severity, SlaDays, Status, parse_date};

use super::sample::{SCANNED, Sample, at, code, flaw, mixed, name};
use crate::{EntryStatus, Grade, Known, Limits, RemediationStatus, Standing, State, StatusInput, assess};

#[test]
fn clean_and_fresh_is_an_a() {
    let status = Sample::clean().assess();
    assert_eq!(status.security_grade, Some(Grade::A));
    assert_eq!(status.state, State::Ok);
    assert_eq!(status.verdict, "No known findings");
    assert_eq!(status.remediation_status, RemediationStatus::Current);
    assert_eq!(status.scan_date, Some(at(SCANNED)));
    assert_eq!(status.days_since_last_vulnerability, None);
    assert_eq!(status.days_without_open_findings, Some(71));
    assert_eq!(status.vulnerability_summary.total(), 0);
}

#[test]
fn never_scanned_is_unknown() {
    for (known, previous) in [(Known::Nothing, None), (Known::Findings(&Sample::never().set), None)] {
        let status = assess(&StatusInput {
            project: &name(),
            version: None,
            repository_url: None,
            known,
            previous,
            accepted_gaps: &BTreeSet::new(),
            limits: Limits::default(),
            sla: SlaDays::default(),
            now: at(SCANNED),
        });
        assert_eq!(status.security_grade, None);
        assert_eq!(status.state, State::Unknown);
        assert_eq!(status.verdict, "Never scanned");
        assert!(status.grade_reason.starts_with("never scanned"));
        assert_eq!(status.scan_date, None);
        assert_eq!(status.days_since_last_vulnerability, None);
        assert_eq!(status.remediation_status, RemediationStatus::Unknown);
    }
}

#[test]
fn what_waits_for_a_fix_is_pending() {
    for (severity, expected) in [
        (Severity::Critical, RemediationStatus::Pending),
        (Severity::High, RemediationStatus::Pending),
        (Severity::Medium, RemediationStatus::Pending),
        (Severity::Unknown, RemediationStatus::Pending),
        (Severity::Low, RemediationStatus::Current),
        (Severity::Info, RemediationStatus::Current),
    ] {
        let status = Sample::clean().with([flaw("CVE-2024-1000", "a1", severity, "2026-11-16")]).assess();
        assert_eq!(status.remediation_status, expected, "{severity}");
    }
}

#[test]
fn a_required_scan_that_failed_leaves_no_grade() {
    for (coverage, reason) in [
        (CoverageState::Failed, "the newest pip-audit scan failed: line 3 ends in the middle"),
        (CoverageState::Missing, "the newest run has no pip-audit report"),
    ] {
        let status = Sample::clean().newest("pip-audit", coverage, &["line 3 ends in the middle"], &[]).assess();
        assert_eq!(status.security_grade, None, "{coverage:?}");
        assert_eq!(status.state, State::Unknown);
        assert_eq!(status.grade_reason, reason);
        assert_eq!(status.days_without_open_findings, None);
    }
}

#[test]
fn a_scanner_without_an_entry_in_the_newest_run_is_missing() {
    let status = Sample::clean().change("bandit", |s| s.newest.clear()).assess();
    assert_eq!(status.grade_reason, "the newest run has no bandit report");
}

#[test]
fn a_critical_finding_stays_in_sight_while_the_state_is_unknown() {
    let status = Sample::clean()
        .with([flaw("CVE-2024-1000", "a1", Severity::Critical, "2026-11-09")])
        .newest("bandit", CoverageState::Failed, &["no line of code was read"], &[])
        .assess();
    assert_eq!(status.state, State::Unknown);
    assert_eq!(status.verdict, "The state is unknown");
    assert_eq!(
        status.reasons,
        ["the newest bandit scan failed: no line of code was read", "last known: 1 critical finding open"]
    );
    assert_eq!(status.vulnerability_summary.critical, 1);
}

#[test]
fn data_go_stale_and_then_out_of_date() {
    let sample = Sample::clean();
    for (now, grade, state, stale) in [
        ("2026-11-16T03:00:00Z", Some(Grade::A), State::Ok, false),
        ("2026-11-24T03:00:00Z", Some(Grade::A), State::Ok, false),
        ("2026-11-24T03:00:01Z", Some(Grade::A), State::Attention, true),
        ("2026-11-26T03:00:00Z", Some(Grade::A), State::Attention, true),
        ("2026-11-26T03:00:01Z", None, State::Unknown, true),
    ] {
        let status = sample.assess_at(now);
        assert_eq!((status.security_grade, status.state, status.stale), (grade, state, stale), "{now}");
        assert_eq!(status.scan_date, Some(at(SCANNED)));
        assert_eq!(status.next_expected_at, Some(at("2026-11-23T03:00:00Z")));
        assert_eq!(status.stale_after, Some(at("2026-11-24T03:00:00Z")));
        assert_eq!(status.valid_until, Some(at("2026-11-26T03:00:00Z")));
    }
    let old = sample.assess_at("2026-11-28T03:00:00Z");
    assert_eq!(old.reasons[0], "the newest usable bandit scan is 12 days old, more than 10 days");
}

#[test]
fn the_oldest_required_scan_dates_the_answer() {
    let week_ago = at("2026-11-09T03:00:00Z");
    let sample = Sample::clean().change("bandit", |s| {
        (s.last_usable, s.last_complete) = (Some(week_ago), Some(week_ago));
    });
    let status = sample.assess();
    assert_eq!(status.data_as_of, Some(week_ago));
    assert_eq!(status.scan_date, Some(at(SCANNED)));
}

#[test]
fn a_report_made_long_before_the_run_dates_the_scan() {
    let status = Sample::clean()
        .change("pip-audit", |s| {
            s.newest[0].observed_at = Some(at("2025-10-31T03:00:00Z"));
        })
        .change("bandit", |s| {
            s.newest[0].observed_at = Some(at("2025-10-31T03:00:00Z"));
        })
        .change("detect-secrets", |s| {
            s.newest[0].observed_at = Some(at("2025-10-31T03:00:00Z"));
        })
        .assess();
    assert_eq!(status.scan_date, Some(at("2025-10-31T03:00:00Z")));
    assert_eq!(status.security_grade, None);
    assert!(status.stale);
}

#[test]
fn what_was_skipped_is_no_clean_a() {
    let gap =
        |sample: Sample| sample.newest("pip-audit", CoverageState::Partial, &["1 dependency skipped"], &["Foo.Bar"]);
    let status = gap(Sample::clean()).assess();
    assert_eq!(status.security_grade, Some(Grade::B));
    assert_eq!(status.grade_reason, "at most B: pip-audit did not look at Foo.Bar");
    assert_eq!(status.state, State::Attention);
    assert_eq!(status.verdict, "No known findings, but the scan left gaps");

    let mut accepted = gap(Sample::clean());
    accepted.accepted_gaps = ["foo-bar".to_owned()].into();
    let status = accepted.assess();
    assert_eq!(status.security_grade, Some(Grade::A));
    assert_eq!(status.scan_date, Some(at(SCANNED)));

    let worse = gap(Sample::clean().with([flaw("CVE-2024-1", "a1", Severity::High, "2026-11-16")]));
    let status = worse.assess();
    assert_eq!(status.security_grade, Some(Grade::C));
    assert_eq!(status.reasons, ["pip-audit did not look at Foo.Bar"]);

    let filtered = Sample::clean().newest("bandit", CoverageState::Filtered, &["-ll"], &[]);
    assert_eq!(filtered.assess().security_grade, Some(Grade::B));
    let silent = Sample::clean().newest("bandit", CoverageState::Partial, &["?"], &[]);
    assert_eq!(silent.assess().security_grade, Some(Grade::B));
}

#[test]
fn a_scanner_that_never_worked_is_no_clean_a_either() {
    let sample = Sample::clean().newest("bandit", CoverageState::Failed, &["no line of code was read"], &[]).change(
        "bandit",
        |s| {
            s.required = false;
            (s.first_usable, s.last_usable, s.last_complete) = (None, None, None);
        },
    );
    let status = sample.assess();
    assert_eq!(status.security_grade, Some(Grade::B));
    assert_eq!(status.grade_reason, "at most B: bandit gave no usable report");
}

#[test]
fn a_retired_scanner_says_nothing_any_more() {
    let sample = Sample::clean()
        .newest("bandit", CoverageState::Missing, &["no report"], &[])
        .change("bandit", |s| s.retired = true);
    let status = sample.assess();
    assert_eq!(status.security_grade, Some(Grade::A));
    assert_eq!(status.scanners[0].standing, Standing::Retired);
}

#[test]
fn nothing_required_vouches_for_nothing() {
    let sample = Sample::clean()
        .change("bandit", |s| s.required = false)
        .change("detect-secrets", |s| s.required = false)
        .change("pip-audit", |s| s.required = false);
    assert_eq!(sample.assess().security_grade, None);
}

#[test]
fn ages_count_whole_utc_days() {
    let status = Sample::clean()
        .with([
            flaw("CVE-2024-1000", "a1", Severity::Low, "2026-11-07"),
            flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-14"),
            flaw("CVE-2024-1002", "a1", Severity::Low, "2026-11-17"),
        ])
        .assess();
    let ages: Vec<i64> = status.findings.iter().map(|f| f.days_since_discovery).collect();
    assert_eq!(ages, [10, 3, 0]);
    assert_eq!(status.days_since_last_vulnerability, Some(0));
    assert_eq!(status.oldest_open_days, Some(10));
    assert_eq!(status.days_without_open_findings, None);
}

#[test]
fn the_newest_finding_counts_even_when_it_is_gone() {
    let mut ten = flaw("CVE-2024-1000", "a1", Severity::Low, "2026-11-07");
    ten.status =
        Status::Resolved { on: parse_date("2026-11-10").unwrap(), reason: findings_model::ResolvedReason::Upgraded };
    let mut three = flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-14");
    three.status =
        Status::Resolved { on: parse_date("2026-11-16").unwrap(), reason: findings_model::ResolvedReason::Upgraded };
    let status = Sample::clean().with([ten, three]).assess();
    assert_eq!(status.days_since_last_vulnerability, Some(3));
    assert_eq!(status.days_without_open_findings, Some(1));
}

#[test]
fn overdue_findings_lead_then_the_severe_then_the_old() {
    let status = mixed().assess();
    let order: Vec<(&str, bool)> = status.findings.iter().map(|f| (f.finding_id.as_str(), f.overdue)).collect();
    assert_eq!(
        order,
        [
            ("GHSA-j8r2-6x86-q33q", true),
            ("SECRET-AWS-ACCESS-KEY-1", false),
            ("PYSEC-2023-135", false),
            ("BANDIT-B608-fetch.py-42", false),
            ("BANDIT-B101-render.py-42", false),
        ]
    );
    assert_eq!(status.overdue_findings, 1);
    assert_eq!(status.unverified_findings, 1);
    assert_eq!(status.findings[3].status, EntryStatus::Unverified);
    assert_eq!(status.excepted_findings.len(), 1);
    assert_eq!(status.security_grade, Some(Grade::C));
}

#[test]
fn where_a_hard_coded_password_is_is_not_published() {
    let b105 = |day| code("B105", "src/sample_package/private.py", Severity::Low, day);
    let mut one = b105("2026-11-07");
    one.description = "hardcoded_password_string: Possible hardcoded password: 'hunter2'".into();
    let ruff = code("S106", "src/sample_package/private.py", Severity::Low, "2026-11-08");
    let status = Sample::clean().with([one, b105("2026-11-08"), ruff]).assess();
    let ids: Vec<&str> = status.findings.iter().map(|f| f.finding_id.as_str()).collect();
    assert_eq!(ids, ["BANDIT-B105-1", "BANDIT-B105-2", "BANDIT-S106-1"]);
    let document = serde_json::to_string(&status).unwrap();
    assert!(!document.contains("private.py") && !document.contains("hunter2"), "{document}");
}

#[test]
fn a_place_is_published_by_what_is_there_and_not_by_a_word_of_the_rule() {
    let mut numbered = code("DS-0031", "private/Dockerfile", Severity::High, "2026-11-07");
    numbered.description = "Secrets passed via `build-args` or envs or copied secret files".into();
    let mut injection = code("hardcoded-sql-expression", "src/query.py", Severity::Low, "2026-11-08");
    injection.description = "Possible SQL injection vector".into();
    let status = Sample::clean().with([numbered, injection.clone()]).assess();
    let document = serde_json::to_string(&status).unwrap();
    assert!(!document.contains("Dockerfile") && document.contains("BANDIT-DS-0031-1"), "{document}");
    let shown = &status.findings[1];
    assert_eq!(
        (shown.finding_id.as_str(), &*shown.description),
        (injection.finding_id.as_str(), "Possible SQL injection vector")
    );
}

#[test]
fn long_descriptions_are_cut() {
    let mut long = flaw("CVE-2024-1000", "a1", Severity::Low, "2026-11-07");
    long.description = "x".repeat(1000).into();
    let status = Sample::clean().with([long]).assess();
    let description = &status.findings[0].description;
    assert_eq!(description.chars().count(), 503);
    assert!(description.ends_with("..."));
}

#[test]
fn without_its_ledger_the_last_answer_is_kept_and_marked() {
    let previous = mixed().assess();
    let status = assess(&StatusInput {
        project: &name(),
        version: Some("1.0.1"),
        repository_url: None,
        known: Known::Nothing,
        previous: Some(&previous),
        accepted_gaps: &BTreeSet::new(),
        limits: Limits::default(),
        sla: SlaDays::default(),
        now: at("2026-11-20T09:30:00Z"),
    });
    assert_eq!(status.state, State::Unknown);
    assert_eq!(status.security_grade, None);
    assert_eq!(status.grade_reason, "the findings ledger is missing; below is what was known on 16 Nov 2026");
    assert_eq!(status.findings.len(), previous.findings.len());
    assert_eq!(status.findings[0].days_since_discovery, 39);
    assert_eq!(status.scan_date, previous.scan_date);
    assert_eq!(status.days_since_last_vulnerability, Some(4));
}

#[test]
fn what_is_only_accepted_is_not_called_unknown_to_us() {
    use findings_model::ExceptedBy;
    let mut accepted = flaw("CVE-2024-1000", "a1", Severity::High, "2026-11-09");
    accepted.status = Status::Excepted { by: ExceptedBy::AcceptedRisk { until: None } };
    let status = Sample::clean().with([accepted]).assess();
    assert_eq!((status.security_grade, status.verdict.as_str()), (Some(Grade::A), "No open findings; 1 accepted"));
}

#[test]
fn a_report_that_holds_nothing_is_said_and_not_praised() {
    let reason = "it holds nothing: it does not show that anything was looked at";
    let status = Sample::clean()
        .newest("pip-audit", CoverageState::Complete, &[reason], &[])
        .change("pip-audit", |state| {
            state.ever_covered = false;
            state.newest.iter_mut().for_each(|scan| scan.holds_nothing = true);
        })
        .assess();
    assert_eq!(status.security_grade, Some(Grade::A));
    assert_eq!(status.verdict, "No findings, but a report shows no scan");
    assert_eq!(status.reasons, [format!("of the newest pip-audit report: {reason}")]);
}

#[test]
fn a_report_that_was_taken_in_before_is_as_old_as_it_was_then() {
    let then = at("2026-11-09T03:00:00Z");
    let status = Sample::clean()
        .change("pip-audit", |state| state.newest.iter_mut().for_each(|scan| scan.repeats = Some(then)))
        .assess_at("2026-11-18T03:00:00Z");
    assert_eq!((status.data_as_of, status.stale), (Some(then), true));
}

#[test]
fn an_exception_counts_to_the_end_of_its_last_day() {
    use findings_model::ExceptedBy;
    let last = parse_date("2026-11-16");
    for by in [ExceptedBy::AcceptedRisk { until: last }, ExceptedBy::FalsePositive { until: last }] {
        let mut malware = flaw("MAL-2026-1", "a1", Severity::Critical, "2026-11-09");
        malware.status = Status::Excepted { by };
        let sample = Sample::clean().with([malware]);
        let before = sample.assess_at("2026-11-16T23:59:59Z");
        assert_eq!((before.security_grade, before.excepted_findings.len()), (Some(Grade::A), 1));
        assert_eq!(before.days_without_open_findings, None, "since when it is set aside, nothing tells");
        let after = sample.assess_at("2026-11-17T00:00:00Z");
        assert_eq!((after.security_grade, after.state), (Some(Grade::F), State::Critical));
        assert_eq!((after.vulnerability_summary.critical, after.excepted_findings.len()), (1, 0));
        assert_eq!((after.findings[0].status, after.findings[0].excepted_by), (EntryStatus::Open, None));
        assert_eq!(after.reasons[0], "1 finding counts again, since its exception ended");
        assert_eq!(after.days_since_last_vulnerability, Some(8));
        let lost = without_ledger(Known::Nothing, &before, "2026-11-17T00:00:00Z");
        assert_eq!((lost.vulnerability_summary.critical, lost.findings.len()), (1, 1));
        assert_eq!(lost.excepted_findings, []);
    }
}

fn without_ledger(known: Known<'_>, previous: &crate::StatusDocument, now: &str) -> crate::StatusDocument {
    assess(&StatusInput {
        project: &name(),
        version: None,
        repository_url: None,
        known,
        previous: Some(previous),
        accepted_gaps: &BTreeSet::new(),
        limits: Limits::default(),
        sla: SlaDays::default(),
        now: at(now),
    })
}

#[test]
fn scanners_go_on_ageing_without_a_ledger() {
    let previous = mixed().assess();
    for (now, standing, age) in [
        ("2026-11-18T03:00:00Z", Standing::Complete, 2),
        ("2026-11-25T03:00:00Z", Standing::Stale, 9),
        ("2026-12-16T03:00:00Z", Standing::TooOld, 30),
    ] {
        let status = without_ledger(Known::Nothing, &previous, now);
        for scanner in &status.scanners {
            assert_eq!((scanner.standing, scanner.age_days), (standing, Some(age)), "{now}");
        }
    }
}

#[test]
fn a_published_number_of_days_that_cannot_be_is_only_a_large_one() {
    let mut previous = mixed().assess();
    previous.days_since_last_vulnerability = Some(i64::MAX);
    let later = without_ledger(Known::Nothing, &previous, "2027-01-01T00:00:00Z");
    assert_eq!(later.days_since_last_vulnerability, Some(i64::MAX));
}

#[test]
fn nothing_of_another_project_is_told() {
    let other = findings_model::PackageName::parse("other-pkg").unwrap();
    let reason = "the findings ledger is that of another project, other-pkg";
    let own = mixed().assess();
    let kept = without_ledger(Known::OtherProject(&other), &own, "2026-11-20T09:30:00Z");
    assert_eq!((kept.state, kept.findings.len()), (State::Unknown, own.findings.len()));
    assert!(kept.grade_reason.starts_with(reason));

    let foreign = crate::StatusDocument { project: other.clone(), ..own };
    let status = without_ledger(Known::OtherProject(&other), &foreign, "2026-11-20T09:30:00Z");
    assert_eq!((status.verdict.as_str(), status.grade_reason.as_str()), ("The state is unknown", reason));
    assert_eq!((status.findings.len(), status.scan_date), (0, None));
    let status = without_ledger(Known::Nothing, &foreign, "2026-11-20T09:30:00Z");
    assert_eq!((status.verdict.as_str(), status.findings.len()), ("Never scanned", 0));
}

#[test]
fn a_scan_of_a_later_day_is_no_missing_scan() {
    let status = Sample::clean().assess_at("2026-11-11T03:00:00Z");
    assert_eq!((status.state, status.verdict.as_str()), (State::Unknown, "The state is unknown"));
    assert_eq!(status.scanners[0].standing, Standing::Ahead);
    assert!(status.grade_reason.contains("a clock is wrong"), "{}", status.grade_reason);
}

#[test]
fn the_largest_number_of_days_is_no_limit() {
    let sample = Sample::clean();
    let status = assess(&StatusInput {
        project: &name(),
        version: None,
        repository_url: None,
        known: Known::Findings(&sample.set),
        previous: None,
        accepted_gaps: &BTreeSet::new(),
        limits: Limits { scan_interval_days: u32::MAX, max_scan_age_days: u32::MAX },
        sla: SlaDays::default(),
        now: at("2027-11-16T03:00:00Z"),
    });
    assert_eq!((status.security_grade, status.stale), (Some(Grade::A), false));
    assert_eq!(status.valid_until, Some(at("9999-12-31T23:59:59Z")));
}
