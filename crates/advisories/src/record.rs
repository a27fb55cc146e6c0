use std::{collections::BTreeSet, fmt};

use findings_model::{AdvisoryId, CvssVector, Ecosystem, Package, Severity, text};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{
    range::{Event, Events},
    yaml_fault,
};

/// A record that was left out of the store, or of which a part was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("advisory record {}: {problem}", text::one_line(.name))]
pub struct RecordWarning {
    /// The record's name, as it was given with its bytes.
    pub name: String,
    /// What is wrong with it.
    pub problem: RecordProblem,
}

/// Why a record, or a part of it, was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// The JSON cannot be read.
    #[error("it cannot be read as OSV JSON: {0}")]
    Json(String),
    /// The YAML cannot be read.
    #[error("it cannot be read as OSV YAML: {0}")]
    Yaml(String),
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8 text (byte {0})")]
    Encoding(usize),
    /// The archive's entry cannot be unpacked.
    #[error("it cannot be unpacked: {0}")]
    Entry(String),
    /// Several entries of the archive have the record's name.
    #[error("several entries of the archive have this name, and none of them is taken")]
    SharedName,
    /// The record holds more than 4 MiB.
    #[error("it holds more than {} MiB", crate::RECORD_BYTES >> 20)]
    TooLarge,
    /// The record has no usable id.
    #[error("its id is not usable: {0}")]
    Id(String),
    /// Parts of what it says of ids, packages and versions are of another form than OSV's; the rest of the record counts.
    #[error(
        "{0} of its aliases, packages, ranges and versions cannot be read: it does not vouch that a version is not affected"
    )]
    Parts(usize),
    /// Another record with the same id is newer, or was named first.
    #[error("{other} holds {id} as well and was taken instead")]
    Superseded {
        /// The id that both carry.
        id: String,
        /// The record that was taken.
        other: String,
    },
}

/// One advisory, reduced to what is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The name that it was given with its bytes.
    pub(crate) name: String,
    pub(crate) id: AdvisoryId,
    pub(crate) aliases: BTreeSet<AdvisoryId>,
    pub(crate) modified: String,
    pub(crate) withdrawn: bool,
    pub(crate) description: String,
    pub(crate) vectors: Vec<CvssVector>,
    pub(crate) word: Option<Severity>,
    pub(crate) references: Vec<String>,
    pub(crate) affected: Vec<Affected>,
    /// Whether an entry of a package could not be read: it may be about any package.
    pub(crate) misses_packages: bool,
    /// How many parts, of every kind, could not be read.
    pub(crate) odd: usize,
}

/// What an advisory says about one package.
#[derive(Debug, Clone)]
pub(crate) struct Affected {
    pub(crate) package: Package,
    pub(crate) vectors: Vec<CvssVector>,
    pub(crate) word: Option<Severity>,
    pub(crate) ranges: Vec<Events>,
    pub(crate) versions: Vec<String>,
    /// How many of the entry's ranges, steps of ranges and versions could not be read.
    pub(crate) odd: usize,
}

impl Record {
    /// Reads a record: YAML where the name says so or the text does not begin as JSON does.
    pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Self, RecordProblem> {
        let content = std::str::from_utf8(bytes).map_err(|e| RecordProblem::Encoding(e.valid_up_to()))?;
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_yaml = matches!(extension.as_str(), "yaml" | "yml") || !content.trim_start().starts_with(['{', '[']);
        let wire: RecordWire = if is_yaml {
            serde_saphyr::from_str(content).map_err(|e| RecordProblem::Yaml(yaml_fault::told(&e)))?
        } else {
            serde_json::from_str(content).map_err(|e| RecordProblem::Json(brief(&e)))?
        };
        wire.into_record(name)
    }
}

pub(crate) fn brief(error: &dyn fmt::Display) -> String {
    text::shorten(&text::one_line(&error.to_string()), 200).into_owned()
}

#[derive(Deserialize)]
struct RecordWire {
    id: String,
    #[serde(default)]
    aliases: List<String>,
    #[serde(default, deserialize_with = "maybe")]
    modified: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    summary: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    details: Option<String>,
    #[serde(default)]
    severity: List<SeverityWire>,
    #[serde(default)]
    affected: List<AffectedWire>,
    #[serde(default)]
    references: List<ReferenceWire>,
    #[serde(default, deserialize_with = "maybe")]
    database_specific: Option<WordWire>,
}

#[derive(Deserialize)]
struct SeverityWire {
    score: String,
}

#[derive(Deserialize)]
struct WordWire {
    #[serde(default, deserialize_with = "maybe")]
    severity: Option<String>,
}

#[derive(Deserialize)]
struct ReferenceWire {
    #[serde(default, deserialize_with = "maybe", rename = "type")]
    kind: Option<String>,
    url: String,
}

#[derive(Deserialize)]
struct AffectedWire {
    /// Entries of source repositories name no package.
    package: Option<PackageWire>,
    #[serde(default)]
    severity: List<SeverityWire>,
    #[serde(default)]
    ranges: List<RangeWire>,
    #[serde(default)]
    versions: List<String>,
    #[serde(default, deserialize_with = "maybe")]
    ecosystem_specific: Option<WordWire>,
    #[serde(default, deserialize_with = "maybe")]
    database_specific: Option<WordWire>,
}

#[derive(Deserialize)]
struct PackageWire {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct RangeWire {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: List<EventWire>,
}

#[derive(Deserialize)]
struct EventWire {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

impl RecordWire {
    fn into_record(self, name: &str) -> Result<Record, RecordProblem> {
        let id = AdvisoryId::parse(&self.id).map_err(|e| RecordProblem::Id(e.to_string()))?;
        let mut aliases: BTreeSet<AdvisoryId> =
            self.aliases.good.iter().filter_map(|a| AdvisoryId::parse(a).ok()).collect();
        aliases.remove(&id);
        let description = [self.summary, self.details]
            .into_iter()
            .flatten()
            .map(|t| text::clean(t.trim()).into_owned())
            .find(|t| !t.is_empty())
            .unwrap_or_default();
        let mut references: Vec<ReferenceWire> =
            self.references.good.into_iter().filter(|r| text::is_linkable(&r.url)).collect();
        references.sort_by_key(|r| r.kind.as_deref() != Some("ADVISORY"));
        let affected: Vec<Affected> = self.affected.good.into_iter().filter_map(AffectedWire::into_affected).collect();
        Ok(Record {
            name: name.to_owned(),
            id,
            aliases,
            modified: self.modified.unwrap_or_default(),
            withdrawn: self.withdrawn.is_some_and(|when| !when.trim().is_empty()),
            description,
            vectors: vectors(&self.severity.good),
            word: word([self.database_specific]),
            references: references.into_iter().map(|r| r.url).collect(),
            misses_packages: self.affected.odd > 0,
            odd: self.aliases.odd + self.affected.odd + affected.iter().map(|a| a.odd).sum::<usize>(),
            affected,
        })
    }
}

impl AffectedWire {
    fn into_affected(self) -> Option<Affected> {
        let package = self.package?;
        let package = Package::new(Ecosystem::from(package.ecosystem), &package.name).ok()?;
        let ranges = self.ranges.good.into_iter().filter(|range| range.kind != "GIT");
        let ranges: Vec<Events> = ranges.map(|range| events(range.events)).collect();
        Some(Affected {
            package,
            vectors: vectors(&self.severity.good),
            word: word([self.ecosystem_specific, self.database_specific]),
            odd: self.ranges.odd + self.versions.odd + ranges.iter().map(|range| range.odd).sum::<usize>(),
            ranges,
            versions: self.versions.good,
        })
    }
}

fn events(wire: List<EventWire>) -> Events {
    let mut events = Events { steps: Vec::new(), odd: wire.odd };
    for event in wire.good {
        let before = events.steps.len();
        events.steps.extend(event.introduced.map(Event::Introduced));
        events.steps.extend(event.fixed.map(Event::Fixed));
        events.steps.extend(event.last_affected.map(Event::LastAffected));
        events.steps.extend(event.limit.map(Event::Limit));
        events.odd += usize::from(events.steps.len() == before);
    }
    events
}

/// The complete vectors of a list. Other severities (a distribution's own words) are left out.
fn vectors(wire: &[SeverityWire]) -> Vec<CvssVector> {
    wire.iter().filter_map(|s| CvssVector::parse(&s.score).ok()).collect()
}

/// The worst of the words.
fn word<const N: usize>(wire: [Option<WordWire>; N]) -> Option<Severity> {
    let words = wire.into_iter().flatten().filter_map(|w| w.severity);
    words.filter_map(|w| Severity::from_word(&w)).max_by_key(|s| s.rank())
}

/// A value of the expected kind or of any other: one odd part does not cost the record.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Good(T),
    Other(IgnoredAny),
}

impl<T> Lenient<T> {
    fn good(self) -> Option<T> {
        match self {
            Self::Good(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

/// A value, or nothing where it is null or of another kind than expected.
fn maybe<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Lenient<T>>::deserialize(deserializer)?.and_then(Lenient::good))
}

/// The readable members of a list; nothing where it is null or no list.
struct List<T> {
    good: Vec<T>,
    /// How many members are of another kind than expected; one where the whole is no list.
    odd: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { good: Vec::new(), odd: 0 }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = match Option::<Lenient<Vec<Lenient<T>>>>::deserialize(deserializer)? {
            Some(Lenient::Good(members)) => members,
            Some(Lenient::Other(_)) => return Ok(Self { good: Vec::new(), odd: 1 }),
            None => return Ok(Self::default()),
        };
        let all = members.len();
        let good: Vec<T> = members.into_iter().filter_map(Lenient::good).collect();
        Ok(Self { odd: all - good.len(), good })
    }
}
