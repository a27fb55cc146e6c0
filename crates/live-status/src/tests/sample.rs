//! Samples for the tests.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryId, AdvisoryIds, CodeSpot, CoverageState, CvssScore, Finding, FindingId, FindingSet, Package, PackageName,
    Rating, ScanSummary, ScannerName, ScannerState, Scope, SecretSpot, Severity, SeveritySource, SlaDays, Status,
    Subject, Timestamp, Vulnerability, parse_date,
};

use crate::{History, Known, Limits, StatusDocument, StatusFile, StatusInput, assess};

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
                rule_sets: Vec::new(),
                suppressed: BTreeMap::new(),
                files: BTreeMap::new(),
                newest_observed: BTreeMap::new(),
                newest: vec![scan(name, CoverageState::Complete, &[], &[])],
            };
            (scanner(name), state)
        });
        let set = FindingSet { lineage: None, scanners: states.into(), findings: Vec::new() };
        Self { set, accepted_gaps: BTreeSet::new() }
    }

    pub(crate) fn never() -> Self {
        let set = FindingSet { lineage: None, scanners: BTreeMap::new(), findings: Vec::new() };
        Self { set, accepted_gaps: BTreeSet::new() }
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

    /// Changes what is kept of a scanner.
    pub(crate) fn change(mut self, name: &str, change: impl FnOnce(&mut ScannerState)) -> Self {
        change(self.set.scanners.get_mut(&scanner(name)).unwrap());
        self
    }

    pub(crate) fn assess_at(&self, now: &str) -> StatusDocument {
        assess(&StatusInput {
            project: &name(),
            version: Some("1.0.1"),
            repository_url: Some("https://code.example/sample-package"),
            known: Known::Findings(&self.set),
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

fn scan(name: &str, coverage: CoverageState, reasons: &[&str], not_covered: &[&str]) -> ScanSummary {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    ScanSummary {
        scanner: scanner(name),
        format: None,
        file: format!("security/reports/latest/{name}.json"),
        target: None,
        coverage,
        reasons: owned(reasons),
        not_covered: owned(not_covered),
        findings: 0,
        tool_version: None,
        observed_at: None,
        report_digest: None,
        rule_set: None,
        repeats: None,
        holds_nothing: false,
    }
}

fn finding(id: &str, subject: Subject, severity: Severity, found: &str, by: &str) -> Finding {
    Finding {
        finding_id: FindingId::parse(id).unwrap(),
        subject,
        scope: Scope::Unknown,
        rating: Rating::word(severity, SeveritySource::Scanner),
        rated_on: None,
        memory: None,
        exploitation: findings_model::Exploitation::default(),
        source_scanner: scanner(by),
        scanners: findings_model::Attributions::new(),
        status: Status::Open,
        discovered: parse_date(found).unwrap(),
        last_seen: parse_date(SCANNED).unwrap(),
        fix_version: None,
        description: format!("What {id} is about, in a sentence as advisories have them.").into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

pub(crate) fn flaw(id: &str, package: &str, severity: Severity, found: &str) -> Finding {
    let subject = Subject::Vulnerability(Vulnerability {
        package: Package::pypi(&PackageName::parse(package).unwrap()),
        version: Some("2.30.0".into()),
        id: AdvisoryId::parse(id).unwrap(),
        aliases: AdvisoryIds::new(),
        printed: AdvisoryIds::new(),
        fix_versions: vec!["2.31.0".into()],
    });
    let mut finding = finding(id, subject, severity, found, "pip-audit");
    finding.fix_version = Some("2.31.0".into());
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
    finding(&format!("BANDIT-{rule}-{file}-42"), subject, severity, found, "bandit")
}

pub(crate) fn secret(rule: &str, path: &str, found: &str) -> Finding {
    let subject = Subject::Secret(SecretSpot {
        rule: rule.to_owned(),
        path: path.to_owned(),
        line: Some(7),
        text: None,
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
    let mut high = flaw("GHSA-j8r2-6x86-q33q", "requests", Severity::High, "2026-10-12");
    high.rating = Rating::scored(CvssScore::new(7.5).unwrap(), SeveritySource::AdvisoryVector);
    if let Subject::Vulnerability(v) = &mut high.subject {
        v.aliases = ["CVE-2023-32681", "PYSEC-2023-74"].map(|a| AdvisoryId::parse(a).unwrap()).into();
    }
    high.reference_url = Some("https://github.com/advisories/GHSA-j8r2-6x86-q33q".into());
    high.description = "Requests leaks Proxy-Authorization headers to destination servers when \
        redirected to an HTTPS endpoint. The header is computed once for the proxy and stays on the \
        request that is rebuilt for the next hop, so that whoever owns that hop reads the credentials."
        .into();
    let mut unknown = flaw("PYSEC-2023-135", "certifi", Severity::Unknown, "2026-11-09");
    unknown.rating = Rating::unknown();
    let mut unverified = code("B608", "src/sample_package/fetch.py", Severity::Medium, "2026-11-02");
    unverified.status = Status::Unverified { since: parse_date("2026-11-09").unwrap() };
    unverified.description = "hardcoded_sql_expressions: Possible SQL injection.".into();
    let mut accepted = flaw("CVE-2024-0001", "jinja2", Severity::Critical, "2026-09-14");
    accepted.status = Status::Excepted { by: ExceptedBy::AcceptedRisk { until: parse_date("2027-01-31") } };
    let mut resolved = flaw("CVE-2024-0002", "pyyaml", Severity::High, "2026-09-07");
    resolved.status = Status::Resolved { on: parse_date("2026-10-05").unwrap(), reason: ResolvedReason::Upgraded };
    let low = code("B101", "src/sample_package/render.py", Severity::Low, "2026-09-14");
    let secret = secret("AWS Access Key", "src/sample_package/settings.py", "2026-11-16");
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
        ("2026-09-14", Sample::clean().with([flaw("CVE-2024-0001", "a1", Severity::Critical, "2026-09-14")])),
        ("2026-09-21", Sample::clean()),
        ("2026-09-28", Sample::clean()),
        ("2026-10-05", Sample::clean().newest("pip-audit", CoverageState::Failed, &["half a file"], &[])),
        ("2026-10-19", Sample::clean().with([flaw("CVE-2024-0003", "a1", Severity::High, "2026-10-19")])),
        ("2026-10-26", Sample::clean().with([flaw("CVE-2024-0003", "a1", Severity::High, "2026-10-19")])),
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
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
