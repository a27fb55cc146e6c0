//! osv-scanner's JSON: whole OSV records below the packages they concern, and groups of the records of one flaw.

use std::{
    collections::{HashMap, HashSet},
    fmt::Arguments,
    iter,
};

use findings_model::{
    AdvisoryId, AdvisoryIds, CvssVector, Gap, Package, Rating, ReportFormat, ScanTarget, SeveritySource,
};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Kind, List, Number, Part, Record, Text, Texts},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    results: List<Record<SourceResult<'a>>>,
    /// Of a scan of an image; what it is called is not told.
    #[serde(default)]
    image_metadata: Part<Configured>,
    #[serde(default)]
    experimental_config: Part<Configured>,
}

/// Only whether it is there matters. The configuration is written with every report, of a run that found no package to look up too.
#[derive(Deserialize)]
struct Configured {}

#[derive(Deserialize)]
struct SourceResult<'a> {
    #[serde(borrow, default)]
    source: Part<SourceWire<'a>>,
    #[serde(borrow, default)]
    packages: List<Record<PackageResult<'a>>>,
}

#[derive(Deserialize)]
struct SourceWire<'a> {
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
}

#[derive(Deserialize)]
struct PackageResult<'a> {
    #[serde(borrow, default)]
    package: Part<PackageWire<'a>>,
    #[serde(borrow, default)]
    vulnerabilities: List<Record<OsvRecord<'a>>>,
    #[serde(borrow, default)]
    groups: List<Record<Group<'a>>>,
}

#[derive(Deserialize)]
struct PackageWire<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    ecosystem: Text<'a>,
    #[serde(borrow, default)]
    commit: Text<'a>,
}

#[derive(Deserialize)]
struct Group<'a> {
    #[serde(borrow, default)]
    ids: Texts<'a>,
    #[serde(borrow, default)]
    aliases: Texts<'a>,
    /// The highest score of its records; empty where none has one.
    #[serde(borrow, default)]
    max_severity: Number<'a>,
}

#[derive(Deserialize)]
struct OsvRecord<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    aliases: Texts<'a>,
    #[serde(borrow, default)]
    summary: Text<'a>,
    #[serde(borrow, default)]
    details: Text<'a>,
    #[serde(borrow, default)]
    severity: List<Record<SeverityWire<'a>>>,
    #[serde(borrow, default)]
    affected: List<Record<Affected<'a>>>,
    #[serde(borrow, default)]
    database_specific: Part<DatabaseSpecific<'a>>,
}

#[derive(Deserialize)]
struct SeverityWire<'a> {
    #[serde(borrow, default)]
    score: Text<'a>,
}

#[derive(Deserialize)]
struct DatabaseSpecific<'a> {
    #[serde(borrow, default)]
    severity: Text<'a>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    #[serde(borrow, default)]
    package: Part<PackageWire<'a>>,
    #[serde(borrow, default)]
    severity: List<Record<SeverityWire<'a>>>,
    #[serde(borrow, default)]
    ranges: List<Record<Range<'a>>>,
}

#[derive(Deserialize)]
struct Range<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    events: List<Record<Event<'a>>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    fixed: Text<'a>,
}

/// The most ids and aliases of a group that is evidence for one flaw; real ones have a few. Each of its records names all of them.
const IDS_OF_ONE_FLAW: usize = 64;

impl Group<'_> {
    fn is_of_one_flaw(&self) -> bool {
        self.ids.len() + self.aliases.len() <= IDS_OF_ONE_FLAW
    }

    /// What the records of the group are called, where that is evidence.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().chain(self.aliases.iter()).take(if self.is_of_one_flaw() { IDS_OF_ONE_FLAW } else { 0 })
    }
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let packages = outline.first_has("results", &["packages"]);
    let listed = packages && outline.first_has("results", &["source", "packageSource"]);
    // A run that found no package leaves no result; without the configuration beside it, only the name tells that from others' files.
    let empty = outline.is_empty_list("results");
    let no_list = outline.kind("results").is_some_and(|kind| kind != Kind::Array);
    let bare = outline.has_only(&["results", "experimental_config"]);
    Claim::sure_if(listed || empty && outline.has("experimental_config"))
        .or_if_named(packages || bare && (empty || no_list))
}

pub(super) fn read(text: &str, _source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let results = match document.results.required("results") {
        Ok(results) => results,
        Err(reason) => return Ok(vec![Draft::failed(ReportFormat::OsvScanner, reason)]),
    };
    let mut draft = Draft::new(ReportFormat::OsvScanner);
    // An empty list is what a clean scan writes, and nothing else is in it that shows a scan.
    draft.blank = results.is_empty() && document.experimental_config.get().is_none();
    draft.looked_at.target = target(document.image_metadata.get().is_some(), &results);
    for (index, record) in results.iter().enumerate() {
        let Some(result) = draft.open(record, "results", index) else {
            continue;
        };
        let unnamed = || Gap::Unnamed(format!("the packages of results[{index}]"));
        let packages = result.packages.demanded(&mut draft, unnamed, format_args!("results[{index}].packages"));
        for (at, record) in packages.iter().enumerate() {
            if let Some(found) = draft.open(record, &format!("results[{index}].packages"), at) {
                take_package(&mut draft, found, &format!("results[{index}].packages[{at}]"));
            }
        }
    }
    Ok(vec![draft])
}

/// What was looked at: an image, or files of the project. A report without a source may be about either.
fn target(is_image: bool, results: &[Record<SourceResult<'_>>]) -> Option<ScanTarget> {
    if is_image {
        return Some(ScanTarget::image(""));
    }
    let mut sources = results.iter().filter_map(|result| result.good()?.source.get());
    let first = sources.next()?;
    Some(match first.kind.or_empty() {
        "docker" => ScanTarget::image(&clean::words(first.path.or_empty())),
        _ => ScanTarget::project(),
    })
}

fn take_package(draft: &mut Draft, found: &PackageResult<'_>, place: &str) {
    let Some(wire) = found.package.get() else {
        return draft.bad_record(place, "it has no `package`");
    };
    // Code without a package manager is known by its commit.
    let (ecosystem, name) = match wire.name.get() {
        Some(name) => (wire.ecosystem.or_empty(), name),
        None => ("git", wire.commit.or_empty()),
    };
    // `Alpine:v3.18` and `Debian:12` name a release behind the ecosystem.
    let ecosystem = ecosystem.split(':').next().unwrap_or(ecosystem);
    let package = match Package::new(observe::ecosystem(ecosystem), name) {
        Ok(package) => package,
        Err(error) => return draft.bad_record(place, error),
    };
    if ecosystem.is_empty() && wire.commit.get().is_none() {
        let gap = Gap::Unnamed(format!("the package of {place}"));
        draft.blurred(gap, format_args!("{place} ({})", package.name()), "it names no ecosystem");
    }
    // It is one of those that were looked at: all are listed only if the scanner was asked to.
    draft.looked_at_package(package.clone(), wire.version.get().and_then(clean::version));
    let of_package = || Gap::Package(package.clone());
    let vulnerabilities = found.vulnerabilities.checked(draft, of_package, format_args!("{place}.vulnerabilities"));
    let mut groups: HashMap<AdvisoryId, usize> = HashMap::new();
    for (at, group) in found.groups.checked(draft, of_package, format_args!("{place}.groups")).iter().enumerate() {
        for id in group.good().iter().flat_map(|g| g.ids.iter()).filter_map(|id| AdvisoryId::parse(id).ok()) {
            groups.insert(id, at);
        }
    }
    let (mut told, mut recorded): (HashSet<usize>, HashSet<AdvisoryId>) = Default::default();
    for (at, record) in vulnerabilities.iter().enumerate() {
        let gap = Gap::Package(package.clone());
        let place = format_args!("{place}.vulnerabilities[{at}]");
        let record = match record {
            Record::Good(record) => record,
            Record::Bad(kind) => {
                draft.bad_record_in(gap, place, format_args!("it is {}, not an object", kind.words()));
                continue;
            }
        };
        let id = match AdvisoryId::parse(record.id.or_empty()) {
            Ok(id) => id,
            Err(error) => {
                draft.bad_record_in(gap, place, error);
                continue;
            }
        };
        let of_id = groups.get(&id).copied();
        recorded.insert(id.clone());
        let group = of_id.and_then(|at| found.groups.items().get(at)?.good());
        told.extend(of_id.filter(|_| group.is_some_and(Group::is_of_one_flaw)));
        let of_group = group.into_iter().flat_map(Group::names);
        draft.vulnerability(observe::vulnerability(VulnerabilityParts {
            package: package.clone(),
            version: wire.version.get(),
            aliases: observe::aliases(record.aliases.iter().chain(of_group)),
            id,
            fix_versions: fixed_in(record, &package),
            rating: rating_of(record, &package, group),
            description: record.summary.get().or(record.details.get()).unwrap_or_default(),
            url: None,
            clearance: None,
        }));
    }
    for (at, record) in found.groups.items().iter().enumerate().filter(|(at, _)| !told.contains(at)) {
        take_group(draft, record, (&package, wire.version.get()), &recorded, format_args!("{place}.groups[{at}]"));
    }
}

/// Takes in what a group names and no record is about: of one flaw its ids and the highest score are all that is known of it, of
/// several each id is one.
fn take_group(
    draft: &mut Draft,
    record: &Record<Group<'_>>,
    (package, version): (&Package, Option<&str>),
    recorded: &HashSet<AdvisoryId>,
    place: Arguments<'_>,
) {
    let gap = || Gap::Package(package.clone());
    let group = match record {
        Record::Good(group) => group,
        Record::Bad(kind) => {
            return draft.bad_record_in(gap(), place, format_args!("it is {}, not an object", kind.words()));
        }
    };
    let flaw = |id, aliases| {
        observe::vulnerability(VulnerabilityParts {
            package: package.clone(),
            version,
            id,
            aliases,
            fix_versions: Vec::new(),
            rating: observe::rated_by_word_or_score("", group.max_severity.real()),
            description: "",
            url: None,
            clearance: None,
        })
    };
    let parsed = |id: &str| AdvisoryId::parse(id).ok();
    if !group.is_of_one_flaw() {
        let count = group.ids.len() + group.aliases.len();
        draft.gap(gap(), format!("{place} has {count} ids, too many for one flaw: each counts as one of its own"));
        for id in group.ids.iter().filter_map(parsed).filter(|id| !recorded.contains(id)) {
            draft.vulnerability(flaw(id, AdvisoryIds::new()));
        }
        return;
    }
    let mut ids = group.ids.iter().chain(group.aliases.iter());
    let Some(id) = ids.find_map(parsed) else {
        return draft.bad_record_in(gap(), place, "it names no advisory");
    };
    draft.vulnerability(flaw(id, observe::aliases(ids)));
}

fn is_about(affected: &Affected<'_>, package: &Package) -> bool {
    affected
        .package
        .get()
        .and_then(|p| {
            Package::new(observe::ecosystem(p.ecosystem.or_empty().split(':').next()?), p.name.or_empty()).ok()
        })
        .as_ref()
        == Some(package)
}

fn affected_of<'r, 'a>(record: &'r OsvRecord<'a>, package: &Package) -> impl Iterator<Item = &'r Affected<'a>> {
    record.affected.items().iter().filter_map(Record::good).filter(move |affected| is_about(affected, package))
}

fn fixed_in(record: &OsvRecord<'_>, package: &Package) -> Vec<SmolStr> {
    let mut versions: Vec<SmolStr> = Vec::new();
    for range in affected_of(record, package)
        .flat_map(|a| a.ranges.items())
        .filter_map(Record::good)
        .filter(|r| r.kind.or_empty() != "GIT")
    {
        for version in range.events.items().iter().filter_map(|e| clean::version(e.good()?.fixed.get()?)) {
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
    }
    versions
}

/// The record's own vectors, then the database's word, then the highest score of its group.
fn rating_of(record: &OsvRecord<'_>, package: &Package, group: Option<&Group<'_>>) -> Rating {
    let severities = iter::once(&record.severity).chain(affected_of(record, package).map(|a| &a.severity));
    let scores: Vec<&str> = severities.flat_map(List::items).filter_map(|s| s.good()?.score.get()).collect();
    let vectors = scores.iter().filter_map(|score| CvssVector::parse(score).ok()).collect();
    // Distributions give a word where others give a vector.
    let word = record.database_specific.get().and_then(|d| d.severity.get()).or_else(|| scores.first().copied());
    Rating::from_vectors(vectors, SeveritySource::Scanner).unwrap_or_else(|| {
        observe::rated_by_word_or_score(word.unwrap_or_default(), group.and_then(|g| g.max_severity.real()))
    })
}
