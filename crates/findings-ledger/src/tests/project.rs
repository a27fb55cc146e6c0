//! A project over several runs. Every run is also done with its input in another order and done twice: neither changes anything.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryVerdict, CodeSpot, CodeText, PackageName, Rating, ResolvedReason, Scan, ScannerName, Scope, SecretSpot,
    Status, Subject, date_text,
};

use super::{at, name};
use crate::{Exception, Intake, Ledger, Plans, Required, Taken, events_to_append, take_in};

pub(super) struct Project {
    pub(super) ledger: Ledger,
    pub(super) plans: Plans,
    pub(super) configured: Vec<Exception>,
    pub(super) files: BTreeSet<String>,
    /// What the lines of a file say; it cannot be read where nothing stands here.
    pub(super) lines: BTreeMap<&'static str, Vec<&'static str>>,
    /// Files of which it is known that no comment in them suppresses anything.
    pub(super) without_comments: BTreeSet<&'static str>,
    /// What the advisory records say about an id.
    pub(super) verdicts: BTreeMap<&'static str, AdvisoryVerdict>,
    /// How bad the advisory records say that the flaw with an id is.
    pub(super) ratings: BTreeMap<&'static str, Rating>,
    /// Whether every advisory record could be had.
    pub(super) advised: bool,
    /// Packages that the project declares without a condition.
    pub(super) declared: BTreeSet<&'static str>,
    pub(super) required: Required,
    pub(super) retired: BTreeSet<ScannerName>,
    pub(super) reports: BTreeMap<ScannerName, usize>,
    pub(super) trust_empty: BTreeSet<ScannerName>,
    pub(super) events: String,
}

impl Project {
    pub(super) fn new() -> Self {
        Self {
            ledger: Ledger::empty(&PackageName::parse("sample").unwrap(), at(1)),
            plans: Plans::empty(),
            configured: Vec::new(),
            files: BTreeSet::new(),
            lines: BTreeMap::new(),
            without_comments: BTreeSet::new(),
            verdicts: BTreeMap::new(),
            ratings: BTreeMap::new(),
            advised: true,
            declared: BTreeSet::new(),
            required: Required::Default,
            retired: BTreeSet::new(),
            reports: BTreeMap::new(),
            trust_empty: BTreeSet::new(),
            events: String::new(),
        }
    }

    pub(super) fn with_files(list: &str) -> Self {
        let mut project = Self::new();
        project.files = list.split(", ").map(str::to_owned).collect();
        project
    }

    fn still_in(&self, path: &str, subject: &Subject) -> bool {
        let Some(lines) = self.lines.get(path).filter(|_| self.files.contains(path)) else { return true };
        match subject {
            Subject::Code(CodeSpot { text: Some(text), .. }) => {
                lines.iter().any(|line| CodeText::of(line, false).as_ref() == Some(text))
            }
            Subject::Secret(SecretSpot { text: Some(text), .. }) => {
                lines.iter().any(|line| CodeText::of_secret(line).as_ref() == Some(text))
            }
            _ => true,
        }
    }

    /// A line that ends with an open bracket stands for any part of a statement.
    fn in_part(&self, path: &str, subject: &Subject) -> bool {
        let mut lines = self.lines.get(path).into_iter().flatten().filter(|line| line.ends_with('('));
        let Subject::Code(CodeSpot { text: Some(text), .. }) = subject else { return false };
        lines.any(|line| CodeText::of(line, false).as_ref() == Some(text))
    }

    /// A comment `# skip` stands for any that suppresses.
    fn suppressed_in(&self, path: &str, subject: &Subject) -> bool {
        let lines = self.lines.get(path).filter(|_| self.files.contains(path)).into_iter().flatten();
        let Subject::Code(CodeSpot { text: Some(text), .. }) = subject else { return false };
        let fronts = lines.filter_map(|line| line.strip_suffix("# skip"));
        fronts.into_iter().any(|front| CodeText::of(front, false).as_ref() == Some(text))
    }

    pub(super) fn exceptions(&mut self, yaml: &str) {
        self.plans = Plans::from_yaml(yaml.as_bytes()).unwrap();
        assert_eq!(self.plans.problems(), []);
    }

    pub(super) fn retire(&mut self, scanner: &str) {
        self.retired.insert(name(scanner));
    }

    pub(super) fn attempt(&self, ledger: Ledger, day: u8, scans: &[Scan]) -> Taken {
        take_in(
            ledger,
            &Intake {
                scans,
                required: &self.required,
                retired: &self.retired,
                reports: &self.reports,
                trust_empty: &self.trust_empty,
                file_exists: &|path| self.files.contains(path),
                still_in: &|path, subject| self.still_in(path, subject),
                in_part: &|path, subject| self.in_part(path, subject),
                suppressed_in: &|path, _, subject| self.suppressed_in(path, subject),
                may_suppress_in: &|path, _, _| !self.without_comments.contains(path),
                digest_of: &|_, _| None,
                namesakes: &|path| {
                    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
                    self.files.iter().filter(|file| name(file) == name(path)).cloned().collect()
                },
                advisory: &|v| {
                    let said = std::iter::once(&v.id).chain(&v.aliases).find_map(|id| self.verdicts.get(id.as_str()));
                    said.copied().unwrap_or(AdvisoryVerdict::Unknown)
                },
                advised: &|_| self.advised,
                advisory_rating: &|v| {
                    std::iter::once(&v.id).chain(&v.aliases).find_map(|id| self.ratings.get(id.as_str())).cloned()
                },
                plans: &self.plans,
                exceptions: &self.configured,
                declares: &|package| self.declared.contains(package.name()),
                scope_of: &|_| Scope::Unknown,
                now: at(day),
            },
        )
    }

    pub(super) fn take(&mut self, day: u8, scans: &[Scan]) -> Taken {
        let taken = self.attempt(self.ledger.clone(), day, scans);
        let mut turned: Vec<Scan> = scans.to_vec();
        turned.reverse();
        for scan in &mut turned {
            scan.observations.reverse();
        }
        assert_same(&self.attempt(self.ledger.clone(), day, &turned), &taken, "the order of the input matters");
        let again = self.attempt(taken.ledger.clone(), day, scans);
        assert_eq!(again.events, [], "the same scans at the same moment are news");
        let again = Taken { events: taken.events.clone(), ..again };
        assert_same(&again, &taken, "the same scans at the same moment are not the same");
        let reread = Ledger::from_json(&taken.ledger.to_json()).unwrap();
        let reread = Ledger { migrated_from: taken.ledger.migrated_from, ..reread };
        assert_eq!(reread, taken.ledger, "the ledger does not survive its own file");
        let more = events_to_append(&self.events, &taken.events);
        self.events.push_str(&more);
        assert_eq!(events_to_append(&self.events, &taken.events), "", "the same events are news");
        self.ledger = taken.ledger.clone();
        taken
    }

    /// Takes scans in and says what happened and where everything stands.
    pub(super) fn run(&mut self, day: u8, scans: &[Scan]) -> String {
        let taken = self.take(day, scans);
        let mut lines = Vec::new();
        for scan in &taken.scans {
            if !scan.coverage.is_usable() {
                lines.push(format!("{} {}: {}", scan.scanner, scan.coverage.as_str(), scan.reasons.join("; ")));
            }
        }
        if taken.required_incomplete {
            lines.push("incomplete".to_owned());
        }
        for event in &taken.events {
            let mut json = serde_json::to_value(event).unwrap();
            let map = json.as_object_mut().unwrap();
            let what = map.remove("event").unwrap();
            for key in ["schema_version", "timestamp", "kind", "place", "finding_id", "severity", "scanner"] {
                map.remove(key);
            }
            let more = if map.is_empty() { String::new() } else { format!(" {json}") };
            lines.push(format!("* {} {}{more}", event.finding_id, what.as_str().unwrap()));
        }
        for finding in &taken.ledger.findings {
            let status = match &finding.status {
                Status::Open => "open".to_owned(),
                Status::Unverified { since } => format!("unverified since {}", date_text(*since)),
                Status::Resolved { on, reason } => format!("resolved on {}: {}", date_text(*on), reason.as_str()),
                Status::Excepted { by } => format!("excepted: {}", crate::events::exception_words(by).0),
            };
            lines.push(format!("{} {} {status}", finding.finding_id, finding.rating.severity));
        }
        lines.join("\n")
    }

    /// The scanners that the ledger knows.
    pub(super) fn scanners(&self) -> String {
        self.ledger.scanners.keys().map(ScannerName::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The reason why the only finding was resolved in a run; none if it was not.
    pub(super) fn end(&mut self, day: u8, scans: &[Scan]) -> Option<ResolvedReason> {
        match self.take(day, scans).ledger.findings[0].status {
            Status::Resolved { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

/// Compares line by line, so that a difference can be read.
fn assert_same(a: &Taken, b: &Taken, what: &str) {
    if a == b {
        return;
    }
    let lines = |taken: &Taken| -> BTreeSet<String> {
        let findings = taken.ledger.findings.iter().map(|f| format!("{f:?}"));
        let scanners = taken.ledger.scanners.iter().map(|s| format!("{s:?}"));
        let events = taken.events.iter().map(|e| format!("{e:?}"));
        findings.chain(scanners).chain(events).collect()
    };
    let (a, b) = (lines(a), lines(b));
    panic!("{what}:\n{:#?}\nand\n{:#?}", a.difference(&b).collect::<Vec<_>>(), b.difference(&a).collect::<Vec<_>>());
}
