mod believed;
mod document;
mod evidence;
mod exceptions;
mod history;
mod laws;
mod layout;
mod looked_for;
mod parting;
mod project;
mod rating;
mod severity;
mod silence;
mod targets;
mod timeline;
mod unnamed;

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, AdvisoryIds, Clearance, CodeSpot, CodeText, Coverage, CoverageState, Gap, LookedAt, Observation,
    Package, PackageName, Rating, Scan, ScannerName, SecretSpot, Severity, SeveritySource, Subject, Timestamp,
    Vulnerability,
};

fn name(text: &str) -> ScannerName {
    ScannerName::parse(text).unwrap()
}

fn package(text: &str) -> Package {
    Package::pypi(&PackageName::parse(text).unwrap())
}

/// The moment of a run: 04:00 on a day of January 2026, or of February from 32 on.
fn at(day: u8) -> Timestamp {
    let (month, day) = if day > 31 { (2, day - 31) } else { (1, day) };
    format!("2026-{month:02}-{day:02}T04:00:00Z").parse().unwrap()
}

/// A complete scan that lists nothing and found nothing.
fn scan(scanner: &str) -> Scan {
    Scan {
        scanner: name(scanner),
        format: None,
        file: format!("reports/{scanner}.json"),
        tool_version: None,
        report_digest: None,
        written_at: None,
        rules: None,
        observed_at: None,
        coverage: Coverage::complete(LookedAt::default()),
        observations: Vec::new(),
    }
}

/// Words for building scans.
trait Build: Sized {
    fn packages(self, list: &str) -> Self;
    fn files(self, list: &str) -> Self;
    fn finds(self, subject: Subject) -> Self;
    fn rated(self, severity: Severity) -> Self;
    fn rated_by(self, severity: Severity, source: SeveritySource) -> Self;
    fn assumed(self) -> Self;
    fn cleared(self, clearance: Clearance) -> Self;
    fn state(self, state: CoverageState) -> Self;
    fn gap(self, gap: Gap) -> Self;
    fn blank(self) -> Self;
    fn in_file(self, file: &str) -> Self;
}

impl Build for Scan {
    /// `requests 2.19.0, py 1.0`
    fn packages(mut self, list: &str) -> Self {
        for entry in list.split(", ") {
            let (name, version) = entry.split_once(' ').unwrap();
            self.coverage.looked_at.packages.insert(package(name), Some(version.into()));
        }
        self.coverage.looked_at.lists_packages = true;
        self
    }

    fn files(mut self, list: &str) -> Self {
        self.coverage.looked_at.files.extend(list.split(", ").map(str::to_owned));
        self.coverage.looked_at.lists_files = true;
        self
    }

    fn finds(mut self, subject: Subject) -> Self {
        self.observations.push(Observation {
            subject,
            begins: None,
            rating: Rating::word(Severity::High, SeveritySource::Scanner),
            rating_assumed: false,
            description: "what it is".into(),
            reference_url: None,
            clearance: None,
        });
        self
    }

    fn rated(self, severity: Severity) -> Self {
        self.rated_by(severity, SeveritySource::Scanner)
    }

    fn rated_by(mut self, severity: Severity, source: SeveritySource) -> Self {
        self.observations.last_mut().unwrap().rating = Rating::word(severity, source);
        self
    }

    fn assumed(mut self) -> Self {
        self.observations.last_mut().unwrap().rating_assumed = true;
        self
    }

    fn cleared(mut self, clearance: Clearance) -> Self {
        self.observations.last_mut().unwrap().clearance = Some(clearance);
        self
    }

    fn state(mut self, state: CoverageState) -> Self {
        self.coverage.state = state;
        self.coverage.reasons.push(format!("it is {}", state.as_str()));
        self
    }

    fn gap(mut self, gap: Gap) -> Self {
        self.coverage.gaps.push(gap);
        self.state(CoverageState::Partial)
    }

    fn blank(mut self) -> Self {
        self.coverage.blank = true;
        self
    }

    fn in_file(mut self, file: &str) -> Self {
        self.file = file.to_owned();
        self
    }
}

/// `requests 2.19.0 PYSEC-1 CVE-1-1`: package, version, printed id, aliases.
fn flaw(text: &str) -> Subject {
    let mut words = text.split(' ');
    let package = package(words.next().unwrap());
    let version = words.next().map(Into::into);
    let mut ids = words.map(|id| AdvisoryId::parse(id).unwrap());
    let id = ids.next().unwrap();
    Subject::Vulnerability(Vulnerability {
        package,
        version,
        id,
        aliases: ids.collect(),
        printed: AdvisoryIds::new(),
        fix_versions: vec!["1.9".into(), "3.0".into()],
    })
}

/// `B324 app/a.py 5 md5(x)`: rule, file, line, what the line says.
fn code(text: &str) -> Subject {
    let mut words = text.splitn(4, ' ');
    Subject::Code(CodeSpot {
        rule: words.next().unwrap().to_owned(),
        former_rules: Vec::new(),
        path: words.next().unwrap().to_owned(),
        line: words.next().unwrap().parse().ok(),
        text: words.next().and_then(|line| CodeText::of(line, false)),
        aliases: BTreeSet::new(),
    })
}

/// `AWS Access Key|app/settings.py|5`: type, file, line; behind another `|` what the line says.
fn secret(text: &str) -> Subject {
    let words: Vec<&str> = text.split('|').collect();
    Subject::Secret(SecretSpot {
        rule: words[0].to_owned(),
        path: words[1].to_owned(),
        line: words[2].parse().ok(),
        text: words.get(3).and_then(|line| CodeText::of_secret(line)),
        mark: None,
    })
}
