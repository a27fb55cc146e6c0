//! A scan while its report is read.

use std::{
    collections::HashMap,
    fmt::Display,
    hash::{BuildHasher, RandomState},
};

use findings_model::{
    Coverage, CoverageState, Gap, LookedAt, Observation, ReportFormat, Scan, ScannerName, SecretSpot, Subject,
    Timestamp,
};
use sha2::{Digest, Sha256};

use crate::{
    clean,
    source::{Secret, Source},
    wire::Record,
};

/// The most reasons of one sort that are told one by one.
const TOLD: usize = 10;

/// Reasons of one sort: the first ones in words, the others counted.
#[derive(Debug, Default)]
struct Reasons {
    told: Vec<String>,
    more: usize,
}

impl Reasons {
    fn add(&mut self, reason: String) {
        if self.told.len() < TOLD {
            self.told.push(reason);
        } else {
            self.more += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    fn into_lines(self) -> Vec<String> {
        let mut lines = self.told;
        if self.more > 0 {
            lines.push(format!("and {} more of the same sort", self.more));
        }
        lines
    }
}

/// A scan while its report is read: coverage starts complete and only ever gets worse.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Who scanned.
    pub(crate) scanner: ScannerName,
    /// The report's format.
    pub(crate) format: ReportFormat,
    /// The scanner's version.
    pub(crate) tool_version: Option<String>,
    /// When it ran.
    pub(crate) observed_at: Option<Timestamp>,
    /// What the report lists as looked at.
    pub(crate) looked_at: LookedAt,
    /// Nothing in the document shows that a scan took place.
    pub(crate) blank: bool,
    failures: Reasons,
    holes: Reasons,
    filters: Reasons,
    gaps: Vec<Gap>,
    observations: Vec<Observation>,
    /// The newest observation with a hash of what makes two records one, to compare in full.
    newest: HashMap<u64, usize>,
    hasher: RandomState,
    /// Digests of (detector, file, secret) to the observation; dropped with the draft.
    secrets: HashMap<[u8; 32], usize>,
}

impl Draft {
    /// A scan of the scanner that a format is named for.
    pub(crate) fn new(format: ReportFormat) -> Self {
        Self {
            scanner: format.scanner(),
            format,
            tool_version: None,
            observed_at: None,
            looked_at: LookedAt::default(),
            blank: false,
            failures: Reasons::default(),
            holes: Reasons::default(),
            filters: Reasons::default(),
            gaps: Vec::new(),
            observations: Vec::new(),
            newest: HashMap::new(),
            hasher: RandomState::new(),
            secrets: HashMap::new(),
        }
    }

    /// A scan that is unusable from the start.
    pub(crate) fn failed(format: ReportFormat, reason: impl Into<String>) -> Self {
        let mut draft = Self::new(format);
        draft.fail(reason);
        draft
    }

    /// The report proves nothing: what it found stays, what it did not find means nothing.
    pub(crate) fn fail(&mut self, reason: impl Into<String>) {
        self.failures.add(reason.into());
    }

    /// Something was not looked at.
    pub(crate) fn gap(&mut self, gap: Gap, reason: impl Into<String>) {
        self.gaps.push(gap);
        self.holes.add(reason.into());
    }

    /// Findings were left out on purpose.
    pub(crate) fn filtered(&mut self, reason: impl Into<String>) {
        self.filters.add(reason.into());
    }

    /// A record that cannot be read: it may be any finding, so a gap that names it.
    pub(crate) fn bad_record(&mut self, place: impl Display, why: impl Display) {
        self.gap(Gap::Unnamed(format!("the record {place}")), format!("{place} cannot be used: {why}"));
    }

    /// A record inside a package or file that is known.
    pub(crate) fn bad_record_in(&mut self, gap: Gap, place: impl Display, why: impl Display) {
        self.gap(gap, format!("{place} cannot be used: {why}"));
    }

    /// The object of a record, or none with the record put down as bad.
    pub(crate) fn open<'r, T>(&mut self, record: &'r Record<T>, key: &str, index: usize) -> Option<&'r T> {
        match record {
            Record::Good(record) => Some(record),
            Record::Bad(kind) => {
                self.bad_record(format_args!("{key}[{index}]"), format_args!("it is {}, not an object", kind.words()));
                None
            }
        }
    }

    /// Takes a vulnerability in. A second record of the same advisory, package and version adds its ids and fixes to the first.
    pub(crate) fn vulnerability(&mut self, observation: Observation) {
        let Subject::Vulnerability(new) = &observation.subject else {
            return;
        };
        let hash = self.hasher.hash_one((new.package.name(), new.id.as_str(), &new.version));
        if let Some(known) = self.newest.get(&hash).map(|at| &mut self.observations[*at])
            && let Subject::Vulnerability(old) = &mut known.subject
            && old.package == new.package
            && old.id == new.id
            && old.version == new.version
        {
            old.aliases.extend(new.aliases.iter().cloned());
            for version in &new.fix_versions {
                if !old.fix_versions.contains(version) {
                    old.fix_versions.push(version.clone());
                }
            }
            return keep_worse(known, observation);
        }
        self.newest.insert(hash, self.observations.len());
        self.observations.push(observation);
    }

    /// Takes a code finding in, unless the same rule says the same at the same line and column again.
    pub(crate) fn code(&mut self, observation: Observation, column: Option<u32>) {
        let Subject::Code(new) = &observation.subject else {
            return;
        };
        if new.line.is_some() {
            // The column is in the hash alone: of two records that agree in all else, one would be lost only to a collision of its keyed hash.
            let hash =
                self.hasher.hash_one((&new.rule, &new.path, new.line, column, &new.text, &observation.description));
            if let Some(known) = self.newest.get(&hash).map(|at| &mut self.observations[*at])
                && let Subject::Code(old) = &known.subject
                && (&old.rule, &old.path, old.line, &old.text) == (&new.rule, &new.path, new.line, &new.text)
                && known.description == observation.description
            {
                return keep_worse(known, observation);
            }
            self.newest.insert(hash, self.observations.len());
        }
        self.observations.push(observation);
    }

    /// Takes a secret in, unless the same detector found the same one in the same file before (in another commit).
    ///
    /// `told_by` is what tells it from others where the report hides the secret: its place. With neither nothing is merged.
    pub(crate) fn secret(
        &mut self,
        mut observation: Observation,
        secret: Option<Secret<'_>>,
        told_by: Option<&[u8]>,
        source: &Source<'_>,
    ) {
        let Subject::Secret(SecretSpot { rule, path, mark, .. }) = &mut observation.subject else {
            return;
        };
        if let (Some(key), Some(secret)) = (source.key, &secret) {
            *mark = key.mark(secret);
        }
        if let Some(told_by) = secret.as_ref().map(Secret::bytes).or(told_by) {
            let mut digest = Sha256::new();
            for part in [rule.as_bytes(), path.as_bytes(), told_by] {
                digest.update((part.len() as u64).to_le_bytes());
                digest.update(part);
            }
            let index = self.observations.len();
            let first = *self.secrets.entry(digest.finalize().into()).or_insert(index);
            if first != index {
                keep_worse(&mut self.observations[first], observation);
                return;
            }
        }
        self.observations.push(observation);
    }

    /// The scan, under its file's name.
    pub(crate) fn finish(self, file: &str) -> Scan {
        let state = if !self.failures.is_empty() {
            CoverageState::Failed
        } else if !self.filters.is_empty() {
            CoverageState::Filtered
        } else if !self.holes.is_empty() {
            CoverageState::Partial
        } else {
            CoverageState::Complete
        };
        let mut reasons = self.failures.into_lines();
        reasons.extend(self.filters.into_lines());
        reasons.extend(self.holes.into_lines());
        let mut gaps = self.gaps;
        gaps.sort_unstable();
        gaps.dedup();
        let mut looked_at = self.looked_at;
        for gap in &gaps {
            match gap {
                Gap::Package(package) => drop(looked_at.packages.remove(package)),
                Gap::File(path) => drop(looked_at.files.remove(path)),
                Gap::Unnamed(_) => {}
            }
        }
        let blank = self.blank && state.is_usable();
        Scan {
            scanner: self.scanner,
            format: Some(self.format),
            file: file.to_owned(),
            tool_version: self.tool_version,
            observed_at: self.observed_at,
            coverage: Coverage {
                state,
                reasons: reasons.iter().map(|r| clean::line(r, 400)).collect(),
                gaps,
                looked_at,
                blank,
            },
            observations: self.observations,
        }
    }
}

/// Two records of one finding: the worse rating counts, and it is cleared only if both are.
fn keep_worse(known: &mut Observation, new: Observation) {
    if new.rating.severity.rank() > known.rating.severity.rank() {
        known.rating = new.rating;
    }
    if known.description.is_empty() {
        known.description = new.description;
    }
    if known.reference_url.is_none() {
        known.reference_url = new.reference_url;
    }
    known.clearance = match (known.clearance, new.clearance) {
        (Some(clearance), Some(_)) => Some(clearance),
        _ => None,
    };
}
