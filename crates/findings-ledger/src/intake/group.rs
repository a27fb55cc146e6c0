//! All reports of one scanner in a run: what they prove together.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use findings_model::{
    CoverageState, FindingKind, Gap, LookedAt, Observation, Package, ReportFormat, ScanTarget, Subject,
};

use super::{Intake, hidden::Told, numbers::Numbers, run::Judged, used_with::UsedWith};

/// All reports of one scanner.
#[derive(Default)]
pub(super) struct Group<'a> {
    /// Whether what they do not report may have ended: all are usable and unfiltered and name all their gaps.
    pub(super) ends: bool,
    pub(super) usable: bool,
    pub(super) gap_packages: HashSet<&'a Package>,
    pub(super) gap_files: HashSet<&'a str>,
    /// What each of them looked at; asked only for a finding that is not in them.
    pub(super) looked_at: Vec<&'a LookedAt>,
    /// What each of them found.
    pub(super) found: Vec<&'a [Observation]>,
    /// Which rules and files what they found tells of; asked only for a finding that is not in them.
    pub(super) told: OnceCell<Told<'a>>,
    /// The CVE numbers that each record of a package has; asked only for a flaw that is not in them.
    pub(super) numbers: OnceCell<Numbers<'a>>,
    /// The listed packages with every version that is listed.
    pub(super) packages: OnceCell<HashMap<&'a Package, Versions<'a>>>,
    /// Whether each report lists its packages; then a package that none lists is gone.
    pub(super) lists_packages: bool,
    pub(super) files: OnceCell<HashSet<&'a str>>,
    /// Whether any report lists its files; then a file that none lists was not looked at.
    pub(super) lists_files: bool,
    /// Whether each report lists its rules; then one that none lists was not run.
    pub(super) lists_rules: bool,
    /// Whether any file that the reports list is in the project's folder.
    pub(super) tree_is_there: OnceCell<bool>,
    /// Of which kinds their formats can speak.
    pub(super) speaks_of: Kinds,
    /// With what all of them were made.
    pub(super) used: UsedWith<'a>,
    /// How many findings comments in the code suppressed, by file.
    pub(super) suppressed: BTreeMap<&'a str, u32>,
}

/// Of which kinds of findings a format can speak: one tool says different things by different formats.
#[derive(Clone, Copy, Default)]
pub(super) struct Kinds {
    pub(super) flaws: bool,
    pub(super) code: bool,
    pub(super) secrets: bool,
    /// Flaws and secrets as code, by their rule.
    pub(super) as_code: bool,
}

impl Kinds {
    pub(super) fn of(format: Option<ReportFormat>) -> Self {
        use ReportFormat::{
            Bandit, CycloneDx, DetectSecrets, Gitleaks, Grype, OpenVex, OsvScanner, PipAudit, Safety, Sarif, Semgrep,
            Trivy, Trufflehog,
        };
        let none = Self::default();
        match format {
            None => Self { flaws: true, code: true, secrets: true, as_code: true },
            Some(Sarif) => Self { code: true, as_code: true, ..none },
            Some(Bandit) => Self { code: true, ..none },
            Some(Semgrep) => Self { flaws: true, code: true, ..none },
            Some(Trivy) => Self { flaws: true, code: true, secrets: true, ..none },
            Some(PipAudit | OsvScanner | Grype | CycloneDx | OpenVex | Safety) => Self { flaws: true, ..none },
            Some(DetectSecrets | Gitleaks | Trufflehog) => Self { secrets: true, ..none },
        }
    }

    pub(super) fn without(self, kinds: &BTreeSet<FindingKind>) -> Self {
        let has = |kind| !kinds.contains(&kind);
        Self {
            flaws: self.flaws && has(FindingKind::Vulnerability),
            code: self.code && has(FindingKind::Code),
            secrets: self.secrets && has(FindingKind::Secret),
            ..self
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            flaws: self.flaws || other.flaws,
            code: self.code || other.code,
            secrets: self.secrets || other.secrets,
            as_code: self.as_code || other.as_code,
        }
    }

    pub(super) fn include(self, subject: &Subject) -> bool {
        match subject {
            Subject::Vulnerability(_) => self.flaws,
            Subject::Secret(_) => self.secrets,
            Subject::Code(spot) if spot.aliases.is_empty() => self.code,
            Subject::Code(_) => self.as_code,
        }
    }
}

/// The versions at which reports list a package. One that they do not tell may be any.
#[derive(Clone, Copy, Default)]
pub(super) enum Versions<'a> {
    #[default]
    Untold,
    One(&'a str),
    Several,
}

impl<'a> Versions<'a> {
    fn add(&mut self, version: Option<&'a str>) {
        *self = match (*self, version) {
            (Self::Untold, Some(version)) => Self::One(version),
            (Self::One(known), Some(version)) if known == version => Self::One(known),
            (_, None) | (Self::One(_) | Self::Several, Some(_)) => Self::Several,
        };
    }

    pub(super) fn only(self) -> Option<&'a str> {
        match self {
            Self::One(version) => Some(version),
            Self::Untold | Self::Several => None,
        }
    }
}

impl<'a> Group<'a> {
    pub(super) fn add(&mut self, judged: &Judged<'a>, first: bool) {
        let scan = judged.scan;
        let coverage = &judged.coverage;
        let whole = matches!(coverage.state, CoverageState::Complete | CoverageState::Partial)
            && !coverage.gaps.iter().any(|gap| matches!(gap, Gap::Unnamed(_)));
        let looked_at = &scan.coverage.looked_at;
        let speaks_of = Kinds::of(scan.format).without(&looked_at.not_for);
        let version = scan.tool_version.as_deref();
        if first {
            (self.ends, self.lists_packages, self.lists_rules) = (true, true, true);
            self.used = UsedWith { rules: scan.rules.clone(), version };
        } else {
            let rules = self.used.rules.take().zip(scan.rules.as_ref()).map(|(all, rules)| all.common(rules));
            self.used = UsedWith { rules, version: self.used.version.filter(|known| Some(*known) == version) };
        }
        self.speaks_of = self.speaks_of.and(speaks_of);
        for (path, count) in &looked_at.suppressed {
            let sum = self.suppressed.entry(path).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.ends &= whole;
        self.usable |= coverage.state.is_usable();
        self.lists_packages &= looked_at.lists_packages || !speaks_of.flaws;
        self.lists_files |= looked_at.lists_files;
        self.lists_rules &= looked_at.lists_rules;
        for gap in &scan.coverage.gaps {
            match gap {
                Gap::Package(package) => _ = self.gap_packages.insert(package),
                Gap::File(path) => _ = self.gap_files.insert(path),
                Gap::Unnamed(_) => {}
            }
        }
        self.looked_at.push(looked_at);
        self.found.push(&scan.observations);
    }

    pub(super) fn packages(&self) -> &HashMap<&'a Package, Versions<'a>> {
        self.packages.get_or_init(|| {
            let mut packages: HashMap<&Package, Versions<'_>> = HashMap::new();
            for (package, version) in self.looked_at.iter().flat_map(|looked_at| &looked_at.packages) {
                packages.entry(package).or_default().add(version.as_deref());
            }
            packages
        })
    }

    pub(super) fn files(&self) -> &HashSet<&'a str> {
        let all = || self.looked_at.iter().flat_map(|looked_at| &looked_at.files).map(String::as_str);
        self.files.get_or_init(|| all().collect())
    }

    /// What of all that a scanner found a finding in none of its reports may be about.
    pub(super) fn lacks<'t>(&self, seen_in: &'t [ScanTarget]) -> Option<&'t ScanTarget> {
        let is_there = |then: &ScanTarget| {
            self.looked_at.iter().any(|looked_at| looked_at.target.as_ref().is_none_or(|now| now.may_be(then)))
        };
        seen_in.iter().find(|then| !is_there(then))
    }

    pub(super) fn tree_is_there(&self, intake: &Intake<'_>) -> bool {
        *self.tree_is_there.get_or_init(|| self.files().iter().any(|path| (intake.file_exists)(path)))
    }
}
