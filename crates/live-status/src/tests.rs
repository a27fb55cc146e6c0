//! Samples for the tests, and the tests of the whole: ledger in, tree out.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryId, CodeSpot, CoverageState, CvssScore, Finding, FindingId, FindingSet, Package,
    PackageName, Rating, ScanSummary, ScannerName, ScannerState, Scope, SecretSpot, Severity,
    SeveritySource, Status, Subject, Timestamp, Vulnerability, parse_date,
};

use crate::{
    EntryStatus, Grade, History, Limits, RemediationStatus, SlaDays, Standing, State,
    StatusDocument, StatusFile, StatusInput, assess, render,
};

/// The day of the samples' newest scan, at three in the morning.
pub(crate) const SCANNED: &str = "2026-11-16T03:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn name() -> PackageName {
    PackageName::parse("sample-package").unwrap()
}

fn scanner(name: &str) -> ScannerName {
    ScannerName::parse(name).unwrap()
}

/// A project's ledger, made step by step.
pub(crate) struct Sample {
    pub(crate) set: FindingSet,
    pub(crate) accepted_gaps: BTreeSet<String>,
}

impl Sample {
    /// Three required scanners, complete at [`SCANNED`], and no finding.
    pub(crate) fn clean() -> Self {
        let states = ["bandit", "detect-secrets", "pip-audit"].map(|name| {
            let state = ScannerState {
                required: true,
                retired: false,
                first_usable: Some(at("2026-09-07T03:00:00Z")),
                last_usable: Some(at(SCANNED)),
                last_complete: Some(at(SCANNED)),
                ever_covered: true,
                newest: vec![scan(name, CoverageState::Complete, &[], &[])],
            };
            (scanner(name), state)
        });
        let set = FindingSet {
            lineage: None,
            scanners: states.into(),
            findings: Vec::new(),
        };
        Self {
            set,
            accepted_gaps: BTreeSet::new(),
        }
    }

    pub(crate) fn never() -> Self {
        let set = FindingSet {
            lineage: None,
            scanners: BTreeMap::new(),
            findings: Vec::new(),
        };
        Self {
            set,
            accepted_gaps: BTreeSet::new(),
        }
    }

    pub(crate) fn with(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.set.findings.extend(findings);
        self
    }

    /// Gives a scanner's newest report another coverage; an unusable one leaves the last usable scan a week back.
    pub(crate) fn newest(
        mut self,
        name: &str,
        coverage: CoverageState,
        reasons: &[&str],
        not_covered: &[&str],
    ) -> Self {
        let state = self.set.scanners.get_mut(&scanner(name)).unwrap();
        state.newest = vec![scan(name, coverage, reasons, not_covered)];
        if coverage != CoverageState::Complete {
            state.last_complete = Some(at("2026-11-09T03:00:00Z"));
        }
        if !coverage.is_usable() {
            state.last_usable = state.last_complete;
        }
        self
    }

    fn change(mut self, name: &str, change: impl FnOnce(&mut ScannerState)) -> Self {
        change(self.set.scanners.get_mut(&scanner(name)).unwrap());
        self
    }

    pub(crate) fn assess_at(&self, now: &str) -> StatusDocument {
        assess(&StatusInput {
            project: &name(),
            version: Some("1.0.1"),
            repository_url: Some("https://code.example/sample-package"),
            set: Some(&self.set),
            previous: None,
            accepted_gaps: &self.accepted_gaps,
            limits: Limits::default(),
            sla: SlaDays::default(),
            now: at(now),
        })
    }

    /// A day after the scan.
    pub(crate) fn assess(&self) -> StatusDocument {
        self.assess_at("2026-11-17T09:30:00Z")
    }
}

fn scan(
    name: &str,
    coverage: CoverageState,
    reasons: &[&str],
    not_covered: &[&str],
) -> ScanSummary {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    ScanSummary {
        scanner: scanner(name),
        format: None,
        file: format!("security/reports/latest/{name}.json"),
        coverage,
        reasons: owned(reasons),
        not_covered: owned(not_covered),
        findings: 0,
        tool_version: None,
        observed_at: None,
    }
}

fn finding(id: &str, subject: Subject, severity: Severity, found: &str, by: &str) -> Finding {
    Finding {
        finding_id: FindingId::parse(id).unwrap(),
        subject,
        scope: Scope::Unknown,
        rating: Rating::word(severity, SeveritySource::Scanner),
        source_scanner: scanner(by),
        scanners: BTreeMap::new(),
        status: Status::Open,
        discovered: parse_date(found).unwrap(),
        last_seen: parse_date(SCANNED).unwrap(),
        fix_version: None,
        description: format!("What {id} is about, in a sentence as advisories have them."),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

pub(crate) fn flaw(id: &str, package: &str, severity: Severity, found: &str) -> Finding {
    let subject = Subject::Vulnerability(Vulnerability {
        package: Package::pypi(&PackageName::parse(package).unwrap()),
        version: Some("2.30.0".to_owned()),
        id: AdvisoryId::parse(id).unwrap(),
        aliases: BTreeSet::new(),
        printed: BTreeSet::new(),
        fix_versions: vec!["2.31.0".to_owned()],
    });
    let mut finding = finding(id, subject, severity, found, "pip-audit");
    finding.fix_version = Some("2.31.0".to_owned());
    finding
}

pub(crate) fn code(rule: &str, path: &str, severity: Severity, found: &str) -> Finding {
    let file = path.rsplit('/').next().unwrap();
    let subject = Subject::Code(CodeSpot {
        rule: rule.to_owned(),
        former_rules: Vec::new(),
        path: path.to_owned(),
        line: Some(42),
        text: None,
        aliases: BTreeSet::new(),
    });
    finding(
        &format!("BANDIT-{rule}-{file}-42"),
        subject,
        severity,
        found,
        "bandit",
    )
}

pub(crate) fn secret(rule: &str, path: &str, found: &str) -> Finding {
    let subject = Subject::Secret(SecretSpot {
        rule: rule.to_owned(),
        path: path.to_owned(),
        line: Some(7),
        mark: None,
    });
    let id = format!("SECRET-{rule}-{path}-7");
    let mut finding = finding(&id, subject, Severity::High, found, "detect-secrets");
    finding.rating.source = SeveritySource::Policy;
    finding
}

/// Every kind and severity of finding, one unverified, one overdue, one accepted, one resolved.
pub(crate) fn mixed() -> Sample {
    use findings_model::{ExceptedBy, ResolvedReason};
    let mut high = flaw(
        "GHSA-j8r2-6x86-q33q",
        "requests",
        Severity::High,
        "2026-10-12",
    );
    high.rating = Rating::scored(CvssScore::new(7.5).unwrap(), SeveritySource::AdvisoryVector);
    if let Subject::Vulnerability(v) = &mut high.subject {
        v.aliases = ["CVE-2023-32681", "PYSEC-2023-74"]
            .map(|a| AdvisoryId::parse(a).unwrap())
            .into();
    }
    high.reference_url = Some("https://github.com/advisories/GHSA-j8r2-6x86-q33q".to_owned());
    high.description = "Requests leaks Proxy-Authorization headers to destination servers when \
        redirected to an HTTPS endpoint. The header is computed once for the proxy and stays on the \
        request that is rebuilt for the next hop, so that whoever owns that hop reads the credentials."
        .to_owned();
    let mut unknown = flaw("PYSEC-2023-135", "certifi", Severity::Unknown, "2026-11-09");
    unknown.rating = Rating::unknown();
    let mut unverified = code(
        "B608",
        "src/sample_package/fetch.py",
        Severity::Medium,
        "2026-11-02",
    );
    unverified.status = Status::Unverified {
        since: parse_date("2026-11-09").unwrap(),
    };
    unverified.description = "hardcoded_sql_expressions: Possible SQL injection.".to_owned();
    let mut accepted = flaw("CVE-2024-0001", "jinja2", Severity::Critical, "2026-09-14");
    accepted.status = Status::Excepted {
        by: ExceptedBy::AcceptedRisk {
            until: parse_date("2027-01-31"),
        },
    };
    let mut resolved = flaw("CVE-2024-0002", "pyyaml", Severity::High, "2026-09-07");
    resolved.status = Status::Resolved {
        on: parse_date("2026-10-05").unwrap(),
        reason: ResolvedReason::Upgraded,
    };
    let low = code(
        "B101",
        "src/sample_package/render.py",
        Severity::Low,
        "2026-09-14",
    );
    let secret = secret(
        "AWS Access Key",
        "src/sample_package/settings.py",
        "2026-11-16",
    );
    Sample::clean().with([low, unverified, high, unknown, accepted, resolved, secret])
}

pub(crate) fn file<'a>(files: &'a [StatusFile], path: &str) -> &'a str {
    let file = files.iter().find(|f| f.path == path).unwrap();
    std::str::from_utf8(&file.bytes).unwrap()
}

/// Weekly runs from September to the newest scan, in changing states.
pub(crate) fn history() -> History {
    let mut history = History::default();
    for (day, sample) in [
        ("2026-09-07", Sample::clean()),
        (
            "2026-09-14",
            Sample::clean().with([flaw(
                "CVE-2024-0001",
                "a1",
                Severity::Critical,
                "2026-09-14",
            )]),
        ),
        ("2026-09-21", Sample::clean()),
        ("2026-09-28", Sample::clean()),
        (
            "2026-10-05",
            Sample::clean().newest("pip-audit", CoverageState::Failed, &["half a file"], &[]),
        ),
        (
            "2026-10-19",
            Sample::clean().with([flaw("CVE-2024-0003", "a1", Severity::High, "2026-10-19")]),
        ),
        (
            "2026-10-26",
            Sample::clean().with([flaw("CVE-2024-0003", "a1", Severity::High, "2026-10-19")]),
        ),
        ("2026-11-02", Sample::clean()),
        ("2026-11-09", Sample::clean()),
    ] {
        let moment = at(&format!("{day}T03:10:00Z"));
        let mut sample = sample;
        for state in sample.set.scanners.values_mut() {
            state.last_usable = Some(moment);
            state.last_complete = Some(moment);
        }
        history.record(&sample.assess_at(&moment.to_string()));
    }
    history
}

/// The contrast of two colours (`#rrggbb`) after WCAG 2.1, 1 to 21.
pub(crate) fn contrast(a: &str, b: &str) -> f64 {
    let luminance = |colour: &str| {
        let part = |n: usize| {
            let value = u8::from_str_radix(&colour[1 + 2 * n..3 + 2 * n], 16).unwrap();
            let c = f64::from(value) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

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
        let status = Sample::clean()
            .with([flaw("CVE-2024-1000", "a1", severity, "2026-11-16")])
            .assess();
        assert_eq!(status.remediation_status, expected, "{severity}");
    }
}

#[test]
fn a_required_scan_that_failed_leaves_no_grade() {
    for (coverage, reason) in [
        (
            CoverageState::Failed,
            "the newest pip-audit scan failed: line 3 ends in the middle",
        ),
        (
            CoverageState::Missing,
            "the newest run has no pip-audit report",
        ),
    ] {
        let status = Sample::clean()
            .newest("pip-audit", coverage, &["line 3 ends in the middle"], &[])
            .assess();
        assert_eq!(status.security_grade, None, "{coverage:?}");
        assert_eq!(status.state, State::Unknown);
        assert_eq!(status.grade_reason, reason);
        assert_eq!(status.days_without_open_findings, None);
    }
}

#[test]
fn a_scanner_without_an_entry_in_the_newest_run_is_missing() {
    let status = Sample::clean()
        .change("bandit", |s| s.newest.clear())
        .assess();
    assert_eq!(status.grade_reason, "the newest run has no bandit report");
}

#[test]
fn a_critical_finding_stays_in_sight_while_the_state_is_unknown() {
    let status = Sample::clean()
        .with([flaw(
            "CVE-2024-1000",
            "a1",
            Severity::Critical,
            "2026-11-09",
        )])
        .newest(
            "bandit",
            CoverageState::Failed,
            &["no line of code was read"],
            &[],
        )
        .assess();
    assert_eq!(status.state, State::Unknown);
    assert_eq!(status.verdict, "The state is unknown");
    assert_eq!(
        status.reasons,
        [
            "the newest bandit scan failed: no line of code was read",
            "last known: 1 critical finding open"
        ]
    );
    assert_eq!(status.vulnerability_summary.critical, 1);
}

#[test]
fn data_go_stale_and_then_out_of_date() {
    let sample = Sample::clean();
    for (now, grade, state, stale) in [
        ("2026-11-16T03:00:00Z", Some(Grade::A), State::Ok, false),
        ("2026-11-24T03:00:00Z", Some(Grade::A), State::Ok, false),
        (
            "2026-11-24T03:00:01Z",
            Some(Grade::A),
            State::Attention,
            true,
        ),
        (
            "2026-11-26T03:00:00Z",
            Some(Grade::A),
            State::Attention,
            true,
        ),
        ("2026-11-26T03:00:01Z", None, State::Unknown, true),
    ] {
        let status = sample.assess_at(now);
        assert_eq!(
            (status.security_grade, status.state, status.stale),
            (grade, state, stale),
            "{now}"
        );
        assert_eq!(status.scan_date, Some(at(SCANNED)));
        assert_eq!(status.next_expected_at, Some(at("2026-11-23T03:00:00Z")));
        assert_eq!(status.stale_after, Some(at("2026-11-24T03:00:00Z")));
        assert_eq!(status.valid_until, Some(at("2026-11-26T03:00:00Z")));
    }
    let old = sample.assess_at("2026-11-28T03:00:00Z");
    assert_eq!(
        old.reasons[0],
        "the newest usable bandit scan is 12 days old, more than 10 days"
    );
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
    let gap = |sample: Sample| {
        sample.newest(
            "pip-audit",
            CoverageState::Partial,
            &["1 dependency skipped"],
            &["Foo.Bar"],
        )
    };
    let status = gap(Sample::clean()).assess();
    assert_eq!(status.security_grade, Some(Grade::B));
    assert_eq!(
        status.grade_reason,
        "at most B: pip-audit did not look at Foo.Bar"
    );
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
    let sample = Sample::clean()
        .newest(
            "bandit",
            CoverageState::Failed,
            &["no line of code was read"],
            &[],
        )
        .change("bandit", |s| {
            s.required = false;
            (s.first_usable, s.last_usable, s.last_complete) = (None, None, None);
        });
    let status = sample.assess();
    assert_eq!(status.security_grade, Some(Grade::B));
    assert_eq!(
        status.grade_reason,
        "at most B: bandit gave no usable report"
    );
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
    let ages: Vec<i64> = status
        .findings
        .iter()
        .map(|f| f.days_since_discovery)
        .collect();
    assert_eq!(ages, [10, 3, 0]);
    assert_eq!(status.days_since_last_vulnerability, Some(0));
    assert_eq!(status.oldest_open_days, Some(10));
    assert_eq!(status.days_without_open_findings, None);
}

#[test]
fn the_newest_finding_counts_even_when_it_is_gone() {
    let mut ten = flaw("CVE-2024-1000", "a1", Severity::Low, "2026-11-07");
    ten.status = Status::Resolved {
        on: parse_date("2026-11-10").unwrap(),
        reason: findings_model::ResolvedReason::Upgraded,
    };
    let mut three = flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-14");
    three.status = Status::Resolved {
        on: parse_date("2026-11-16").unwrap(),
        reason: findings_model::ResolvedReason::Upgraded,
    };
    let status = Sample::clean().with([ten, three]).assess();
    assert_eq!(status.days_since_last_vulnerability, Some(3));
    assert_eq!(status.days_without_open_findings, Some(1));
}

#[test]
fn overdue_findings_lead_then_the_severe_then_the_old() {
    let status = mixed().assess();
    let order: Vec<(&str, bool)> = status
        .findings
        .iter()
        .map(|f| (f.finding_id.as_str(), f.overdue))
        .collect();
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
fn a_secret_is_a_kind_and_a_number() {
    let mut leak = secret(
        "AWS Access Key",
        "src/sample_package/settings.py",
        "2026-11-16",
    );
    leak.description = "found AKIAIOSFODNN7EXAMPLE in src/sample_package/settings.py".to_owned();
    leak.reference_url = Some("https://code.example/blob/settings.py#L7".to_owned());
    let status = Sample::clean().with([leak]).assess();
    let files = render(&status, History::default()).unwrap();
    for file in &files {
        let text = String::from_utf8_lossy(&file.bytes);
        assert!(
            !text.contains("AKIA") && !text.contains("settings.py"),
            "{}",
            file.path
        );
    }
    assert_eq!(status.findings[0].finding_id, "SECRET-AWS-ACCESS-KEY-1");
    assert_eq!(status.findings[0].reference_url, None);
}

#[test]
fn paths_of_the_machine_and_of_reports_stay_out() {
    let reason = "cannot read /home/runner/work/sample/security/reports/latest/bandit.json";
    let status = Sample::clean()
        .newest("bandit", CoverageState::Failed, &[reason], &[])
        .assess();
    for file in render(&status, History::default()).unwrap() {
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        assert!(
            !text.contains("runner") && !text.contains("security/reports"),
            "{}",
            file.path
        );
    }
}

#[test]
fn long_descriptions_are_cut() {
    let mut long = flaw("CVE-2024-1000", "a1", Severity::Low, "2026-11-07");
    long.description = "x".repeat(1000);
    let status = Sample::clean().with([long]).assess();
    let description = &status.findings[0].description;
    assert_eq!(description.chars().count(), 503);
    assert!(description.ends_with("..."));
}

#[test]
fn a_document_reads_back_as_itself() {
    let status = mixed().assess();
    let files = render(&status, History::default()).unwrap();
    let read = StatusDocument::from_json(file(&files, "index.json").as_bytes()).unwrap();
    assert_eq!(read, status);
}

#[test]
fn documents_that_contradict_themselves_are_refused() {
    let good = serde_json::to_value(mixed().assess()).unwrap();
    for (pointer, value, why) in [
        (
            "/vulnerability_summary/total",
            serde_json::json!(10),
            "total is 10",
        ),
        ("/vulnerability_summary/low", serde_json::json!(-1), "-1"),
        ("/security_grade", serde_json::json!("X"), "X"),
        ("/security_grade", serde_json::json!(null), "contradict"),
        (
            "/remediation_status",
            serde_json::json!("invalid"),
            "invalid",
        ),
        (
            "/last_updated",
            serde_json::json!("2026-11-16T03:00:00"),
            "RFC 3339",
        ),
        ("/schema_version", serde_json::json!("2.0"), "newer"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let error = StatusDocument::from_json(bad.to_string().as_bytes()).unwrap_err();
        let chain = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        assert!(chain.contains(why), "{pointer}: {chain}");
    }
    for bytes in [&b""[..], b"{", b"[]", b"null", b"\xff"] {
        assert!(StatusDocument::from_json(bytes).is_err());
    }
}

#[test]
fn fields_of_a_newer_writer_survive() {
    let mut value = serde_json::to_value(mixed().assess()).unwrap();
    value["schema_version"] = serde_json::json!("1.9");
    value["mood"] = serde_json::json!({"a": 1});
    value["findings"][0]["weight"] = serde_json::json!(3);
    let read = StatusDocument::from_json(value.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), value);
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
    assert_eq!(
        status.grade_reason,
        "the findings ledger is missing; below is what was known on 16 Nov 2026"
    );
    assert_eq!(status.findings.len(), previous.findings.len());
    assert_eq!(status.findings[0].days_since_discovery, 39);
    assert_eq!(status.scan_date, previous.scan_date);
    assert_eq!(status.days_since_last_vulnerability, Some(4));
}

#[test]
fn a_day_has_one_line_of_history() {
    let mut history = history();
    let before = history.days.len();
    history.record(&mixed().assess());
    history.record(&mixed().assess());
    assert_eq!(history.days.len(), before + 1);
    let written = serde_json::to_vec(&history).unwrap();
    assert_eq!(History::from_json(&written).unwrap(), history);

    let mut day = at("2020-01-01T00:00:00Z");
    for _ in 0..450 {
        day = Timestamp::new(day.moment() + time::Duration::days(1));
        history.record(&Sample::clean().assess_at(&day.to_string()));
    }
    assert_eq!(history.days.len(), 400);
    assert!(history.days.is_sorted_by_key(|d| d.date));
    assert!(History::from_json(b"{\"days\": 3}").is_err());
}

#[test]
fn a_history_is_put_in_order() {
    let text = r#"{"schema_version":"1.2","note":"kept","days":[
        {"date":"2026-11-02","state":"ok","grade":"A","open":{"total":0,"critical":0,"high":0,"medium":0,"low":0,"info":0},"holds_until":null},
        {"date":"2026-10-02","state":"unknown","grade":null,"open":{"total":0,"critical":0,"high":0,"medium":0,"low":0,"info":0},"holds_until":null}]}"#;
    let history = History::from_json(text.as_bytes()).unwrap();
    assert!(history.days.is_sorted_by_key(|d| d.date));
    assert!(
        serde_json::to_string(&history)
            .unwrap()
            .contains("\"note\":\"kept\"")
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let tree = || render(&mixed().assess(), history()).unwrap();
    assert_eq!(tree(), tree());
    let mut reversed = mixed();
    reversed.set.findings.reverse();
    assert_eq!(render(&reversed.assess(), history()).unwrap(), tree());
}

#[test]
fn badges_say_grade_and_day() {
    for (status, message, colour, error) in [
        (Sample::clean().assess(), "A · 16 Nov", "brightgreen", false),
        (mixed().assess(), "C · 16 Nov", "yellow", false),
        (Sample::never().assess(), "never scanned", "lightgrey", true),
        (
            Sample::clean().assess_at("2026-11-25T00:00:00Z"),
            "A · stale · 16 Nov",
            "lightgrey",
            false,
        ),
        (
            Sample::clean()
                .newest("bandit", CoverageState::Failed, &["x"], &[])
                .assess(),
            "unknown · 9 Nov",
            "lightgrey",
            true,
        ),
    ] {
        let files = render(&status, History::default()).unwrap();
        let badge: serde_json::Value = serde_json::from_str(file(&files, "badge.json")).unwrap();
        assert_eq!(badge["schemaVersion"], 1);
        assert_eq!(badge["message"], message);
        assert_eq!(badge["color"], colour);
        assert_eq!(badge["isError"], error);
        assert!(file(&files, "badge.svg").contains(&format!("<title>security: {message}</title>")));
    }
}

#[test]
fn the_badge_of_findings_has_three_words() {
    for (findings, message, colour) in [
        (vec![], "passing · 16 Nov", "brightgreen"),
        (
            vec![
                flaw("CVE-2024-1000", "a1", Severity::High, "2026-11-16"),
                flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-16"),
                flaw("CVE-2024-1002", "a1", Severity::Low, "2026-11-16"),
            ],
            "critical · 16 Nov",
            "red",
        ),
        (
            vec![flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-16")],
            "warning · 16 Nov",
            "yellow",
        ),
    ] {
        let files = render(&Sample::clean().with(findings).assess(), History::default()).unwrap();
        let badge: serde_json::Value =
            serde_json::from_str(file(&files, "badge/open.json")).unwrap();
        assert_eq!(
            (&badge["message"], &badge["color"]),
            (&message.into(), &colour.into())
        );
    }
}

#[test]
fn the_document_of_mixed_findings() {
    let status = mixed().assess();
    let files = render(&status, History::default()).unwrap();
    insta::with_settings!({filters => vec![(r"relwarden \d+\.\d+\.\d+", "relwarden [version]")]}, {
        insta::assert_snapshot!("mixed.json", file(&files, "index.json"));
        insta::assert_snapshot!("history.json", file(&render(&status, history()).unwrap(), "history.json"));
        insta::assert_snapshot!("badge.json", file(&files, "badge.json"));
        insta::assert_snapshot!("badge.svg", file(&files, "badge.svg"));
        let never = render(&Sample::never().assess(), History::default()).unwrap();
        insta::assert_snapshot!("never.json", file(&never, "index.json"));
    });
}
