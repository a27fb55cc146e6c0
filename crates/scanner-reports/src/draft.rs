//! A scan while its report is read.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
    hash::{BuildHasher, RandomState as SecretHasher},
};

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use findings_model::{
    Coverage, CoverageState, Gap, LookedAt, Observation, Package, ReportFormat, RuleSet, Scan, ScannerName, SecretSpot,
    Subject, Timestamp, text,
};

use crate::{
    clean,
    source::{Secret, Source},
    wire::Record,
};

/// The most reasons of one sort that are told one by one.
const TOLD: usize = 10;

/// The bytes of a report for each of its records, at the least, as a rule.
const USUAL_RECORD: usize = 512;

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

/// Gaps without a name that a finding could be compared with: the first ones in words, the others counted.
///
/// One of them says as much as all: no finding can be told from what they hide.
#[derive(Debug, Default)]
struct Unnamed {
    told: Vec<String>,
    more: usize,
}

impl Unnamed {
    fn add(&mut self, what: String) {
        if self.told.contains(&what) {
            return;
        }
        if self.told.len() < TOLD {
            self.told.push(what);
        } else {
            self.more += 1;
        }
    }

    fn into_gaps(self) -> impl Iterator<Item = Gap> {
        let more = (self.more > 0).then(|| format!("{} more that cannot be named", self.more));
        self.told.into_iter().chain(more).map(Gap::Unnamed)
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
    pub(crate) tool_version: Option<SmolStr>,
    /// When it ran.
    pub(crate) observed_at: Option<Timestamp>,
    /// With which detectors and filters it ran, where the report says it.
    pub(crate) rules: Option<RuleSet>,
    /// What the report lists as looked at.
    pub(crate) looked_at: LookedAt,
    /// Nothing in the document shows that a scan took place.
    pub(crate) blank: bool,
    failures: Reasons,
    holes: Reasons,
    filters: Reasons,
    gaps: Vec<Gap>,
    unnamed: Unnamed,
    observations: Vec<Observation>,
    /// Packages that were looked at, as they come; they join `looked_at` at the end.
    packages: Vec<(Package, Option<SmolStr>)>,
    /// The newest observation with a hash of what makes two records one, to compare in full.
    newest: HashMap<u64, usize, RandomState>,
    hasher: RandomState,
    /// Keyed hashes of (detector, file, secret), 128 bits, to the observation; dropped with the draft.
    secrets: HashMap<[u64; 2], usize, RandomState>,
    secret_hashers: [SecretHasher; 2],
}

impl Draft {
    /// A scan of the scanner that a format is named for.
    pub(crate) fn new(format: ReportFormat) -> Self {
        Self {
            scanner: format.scanner(),
            format,
            tool_version: None,
            observed_at: None,
            rules: None,
            looked_at: LookedAt::default(),
            blank: false,
            failures: Reasons::default(),
            holes: Reasons::default(),
            filters: Reasons::default(),
            gaps: Vec::new(),
            unnamed: Unnamed::default(),
            observations: Vec::new(),
            packages: Vec::new(),
            newest: HashMap::default(),
            hasher: RandomState::default(),
            secrets: HashMap::default(),
            secret_hashers: [SecretHasher::new(), SecretHasher::new()],
        }
    }

    /// The same, with room for as many observations as a report of this length usually has. Room that is not used is never touched.
    pub(crate) fn of_text(format: ReportFormat, text: &str) -> Self {
        let mut draft = Self::new(format);
        draft.observations.reserve(text.len() / USUAL_RECORD);
        draft.newest.reserve(text.len() / USUAL_RECORD);
        draft
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
        match gap {
            Gap::Unnamed(what) => self.unnamed.add(what),
            named => self.gaps.push(named),
        }
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

    /// A finding was taken in whose identity cannot be read in full: it may be one that is known by another name.
    pub(crate) fn blurred(&mut self, gap: Gap, place: impl Display, why: impl Display) {
        self.gap(gap, format!("{place} was taken in, but {why}: which finding it is cannot be told"));
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

    /// Whether no record was taken in so far.
    pub(crate) fn found_nothing(&self) -> bool {
        self.observations.is_empty()
    }

    /// A package was looked at, at this version.
    pub(crate) fn looked_at_package(&mut self, package: Package, version: Option<SmolStr>) {
        self.packages.push((package, version));
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
        self.code_told_by(observation, column, "");
    }

    /// The same, of a record that names no rule: `said` tells it from others at its place. It may be a secret and goes no further.
    pub(crate) fn code_told_by(&mut self, observation: Observation, column: Option<u32>, said: &str) {
        let Subject::Code(new) = &observation.subject else {
            return;
        };
        // Of names that differ in what was masked nothing tells any more that they do.
        let is_told_apart = !text::is_masked(&new.rule) && !text::is_masked(&new.path);
        if new.line.is_some() && is_told_apart {
            // Column and words are in the hash alone: of two records that agree in all else, one would be lost only to a collision of its keyed hash.
            let told = (&new.text, &observation.description, said);
            let hash = self.hasher.hash_one((&new.rule, &new.path, new.line, column, told));
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
            let hash = self.secret_hashers.each_ref().map(|hasher| hasher.hash_one((&*rule, &*path, told_by)));
            let index = self.observations.len();
            let first = *self.secrets.entry(hash).or_insert(index);
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
        gaps.extend(self.unnamed.into_gaps());
        gaps.sort_unstable();
        gaps.dedup();
        let mut looked_at = self.looked_at;
        looked_at.packages.append(&mut in_order(self.packages));
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
            tool_version: self.tool_version.map(String::from),
            report_digest: None,
            written_at: None,
            rules: self.rules,
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

/// Packages in their order; one that is there at several versions without any.
fn in_order(packages: Vec<(Package, Option<SmolStr>)>) -> BTreeMap<Package, Option<SmolStr>> {
    // Names start alike and lie far apart in memory: most comparisons end at the number made of their first bytes.
    let start = |name: &str| {
        let mut bytes = [0; 16];
        let length = name.len().min(16);
        bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
        u128::from_be_bytes(bytes)
    };
    let mut order: Vec<(u128, usize)> = packages.iter().zip(0..).map(|((p, _), at)| (start(p.name()), at)).collect();
    order.sort_unstable_by(|(a, at), (b, of)| {
        a.cmp(b).then_with(|| packages[*at].0.cmp(&packages[*of].0)).then_with(|| at.cmp(of))
    });
    // What comes in order is taken as it is; the map would sort it otherwise.
    let mut packages: Vec<_> = packages.into_iter().map(Some).collect();
    let mut listed: Vec<(Package, Option<SmolStr>)> = Vec::with_capacity(packages.len());
    for (package, version) in order.into_iter().filter_map(|(_, at)| packages[at].take()) {
        match listed.last_mut() {
            Some((last, known)) if *last == package => {
                *known = known.take().filter(|known| Some(known) == version.as_ref());
            }
            _ => listed.push((package, version)),
        }
    }
    listed.into_iter().collect()
}

/// Two records of one finding: it is cleared only if both are, and what is cleared rates nothing while the other is not. Of two
/// that count alike the worse rating counts.
fn keep_worse(known: &mut Observation, new: Observation) {
    let is_worse = match (known.clearance, new.clearance) {
        (None, Some(_)) => false,
        (Some(_), None) => true,
        _ => {
            // Of two equal ratings one that was found out goes before one that is only assumed.
            (new.rating.severity.rank(), !new.rating_assumed) > (known.rating.severity.rank(), !known.rating_assumed)
        }
    };
    if is_worse {
        known.rating = new.rating;
        known.rating_assumed = new.rating_assumed;
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
