//! Ledger in, status document out.

use std::collections::BTreeSet;

use findings_model::{CoverageState, Severity, SlaDays, Status, parse_date};

use super::sample::{SCANNED, Sample, at, flaw, mixed, name};
use crate::{EntryStatus, Grade, Limits, RemediationStatus, Standing, State, StatusInput, assess};

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
    for (set, previous) in [(None, None), (Some(&Sample::never().set), None)] {
        let status = assess(&StatusInput {
            project: &name(),
            version: None,
            repository_url: None,
            set,
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
        set: None,
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
