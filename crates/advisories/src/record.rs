use std::{collections::BTreeSet, fmt};

use findings_model::{AdvisoryId, CvssVector, Ecosystem, Package, Severity, text};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::range::{Event, Events};

/// A record that was left out of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("advisory record {}: {problem}", text::one_line(.name))]
pub struct RecordWarning {
    /// The record's name, as it was given with its bytes.
    pub name: String,
    /// What is wrong with it.
    pub problem: RecordProblem,
}

/// Why a record was left out.
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
    /// The record holds more than 4 MiB.
    #[error("it holds more than {} MiB", crate::RECORD_BYTES >> 20)]
    TooLarge,
    /// The record has no usable id.
    #[error("its id is not usable: {0}")]
    Id(String),
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
}

/// What an advisory says about one package.
#[derive(Debug, Clone)]
pub(crate) struct Affected {
    pub(crate) package: Package,
    pub(crate) vectors: Vec<CvssVector>,
    pub(crate) word: Option<Severity>,
    pub(crate) ranges: Vec<Events>,
    pub(crate) versions: Vec<String>,
}

impl Record {
    /// Reads a record: YAML where the name says so or the text does not begin as JSON does.
    pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Self, RecordProblem> {
        let content = std::str::from_utf8(bytes).map_err(|e| RecordProblem::Encoding(e.valid_up_to()))?;
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_yaml = matches!(extension.as_str(), "yaml" | "yml") || !content.trim_start().starts_with(['{', '[']);
        let wire: RecordWire = if is_yaml {
            serde_saphyr::from_str(content).map_err(|e| RecordProblem::Yaml(brief(e.without_snippet())))?
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
    #[serde(default, deserialize_with = "list")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "maybe")]
    modified: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    summary: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    details: Option<String>,
    #[serde(default, deserialize_with = "list")]
    severity: Vec<SeverityWire>,
    #[serde(default, deserialize_with = "list")]
    affected: Vec<AffectedWire>,
    #[serde(default, deserialize_with = "list")]
    references: Vec<ReferenceWire>,
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
    package: PackageWire,
    #[serde(default, deserialize_with = "list")]
    severity: Vec<SeverityWire>,
    #[serde(default, deserialize_with = "list")]
    ranges: Vec<RangeWire>,
    #[serde(default, deserialize_with = "list")]
    versions: Vec<String>,
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
    #[serde(default, deserialize_with = "list")]
    events: Vec<EventWire>,
}

#[derive(Deserialize)]
struct EventWire {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

impl RecordWire {
    fn into_record(self, name: &str) -> Result<Record, RecordProblem> {
        let id = AdvisoryId::parse(&self.id).map_err(|e| RecordProblem::Id(e.to_string()))?;
        let mut aliases: BTreeSet<AdvisoryId> = self.aliases.iter().filter_map(|a| AdvisoryId::parse(a).ok()).collect();
        aliases.remove(&id);
        let description = [self.summary, self.details]
            .into_iter()
            .flatten()
            .map(|t| text::clean(t.trim()).into_owned())
            .find(|t| !t.is_empty())
            .unwrap_or_default();
        let mut references: Vec<ReferenceWire> =
            self.references.into_iter().filter(|r| text::is_linkable(&r.url)).collect();
        references.sort_by_key(|r| r.kind.as_deref() != Some("ADVISORY"));
        Ok(Record {
            name: name.to_owned(),
            id,
            aliases,
            modified: self.modified.unwrap_or_default(),
            withdrawn: self.withdrawn.is_some_and(|when| !when.trim().is_empty()),
            description,
            vectors: vectors(&self.severity),
            word: word([self.database_specific]),
            references: references.into_iter().map(|r| r.url).collect(),
            affected: self.affected.into_iter().filter_map(AffectedWire::into_affected).collect(),
        })
    }
}

impl AffectedWire {
    fn into_affected(self) -> Option<Affected> {
        let package = Package::new(Ecosystem::from(self.package.ecosystem), &self.package.name).ok()?;
        Some(Affected {
            package,
            vectors: vectors(&self.severity),
            word: word([self.ecosystem_specific, self.database_specific]),
            ranges: self.ranges.into_iter().filter(|r| r.kind != "GIT").map(|r| Events(events(r.events))).collect(),
            versions: self.versions,
        })
    }
}

fn events(wire: Vec<EventWire>) -> Vec<Event> {
    wire.into_iter()
        .flat_map(|e| {
            [e.introduced.map(Event::Introduced), e.fixed.map(Event::Fixed), e.last_affected.map(Event::LastAffected)]
        })
        .flatten()
        .collect()
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

/// A value, or nothing where it is null or of another kind than expected: one odd field does not cost the record.
fn maybe<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lenient<T> {
        Good(T),
        Other(IgnoredAny),
    }
    Ok(match Option::<Lenient<T>>::deserialize(deserializer)? {
        Some(Lenient::Good(value)) => Some(value),
        Some(Lenient::Other(_)) | None => None,
    })
}

/// The readable members of a list; nothing where it is null or no list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Member<T>(Option<T>);
    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            maybe(deserializer).map(Self)
        }
    }
    let members: Option<Vec<Member<T>>> = maybe(deserializer)?;
    Ok(members.unwrap_or_default().into_iter().filter_map(|m| m.0).collect())
}
