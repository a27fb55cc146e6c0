//! safety's JSON: the rows of 1.x, the reports of `check` of 2.x and 3.x, and those of 3.x's `scan`.
//!
//! `check` prints a deprecation notice around its document. Its advisories are known by their CVE where they have one.

use findings_model::{AdvisoryId, AdvisoryIds, Clearance, Gap, Package, PackageName, Rating, ReportFormat, Severity};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Entries, Kind, List, Number, OneOrMore, Part, Record, Text, TextOr, Texts, Truth},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    report_meta: Part<Meta<'a>>,
    #[serde(borrow, default)]
    scanned_packages: Entries<'a, Part<Scanned<'a>>>,
    #[serde(borrow, default)]
    vulnerabilities: List<Record<Found<'a>>>,
    #[serde(borrow, default)]
    ignored_vulnerabilities: List<Record<Found<'a>>>,
    #[serde(borrow, default)]
    meta: Part<ScanMeta<'a>>,
    #[serde(borrow, default)]
    scan_results: Part<ScanResults<'a>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    safety_version: Text<'a>,
}

#[derive(Deserialize)]
struct Scanned<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow, default)]
    vulnerability_id: Text<'a>,
    #[serde(borrow, default)]
    package_name: Text<'a>,
    #[serde(borrow, default)]
    analyzed_version: Text<'a>,
    #[serde(default)]
    ignored: Truth,
    #[serde(borrow, default)]
    advisory: Text<'a>,
    #[serde(borrow, default)]
    fixed_versions: Texts<'a>,
    #[serde(borrow, default, rename = "CVE")]
    cve: OneOrMore<'a, Cve<'a>>,
    /// Scores, or in some reports a word.
    #[serde(borrow, default)]
    severity: TextOr<'a, Cve<'a>>,
    #[serde(borrow, default)]
    more_info_url: Text<'a>,
}

/// A CVE with its scores; also the shape of `severity`.
#[derive(Deserialize)]
struct Cve<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    cvssv2: Part<Cvss<'a>>,
    #[serde(borrow, default)]
    cvssv3: Part<Cvss<'a>>,
    /// The text of the advisory, where a scan writes it.
    #[serde(borrow, default)]
    advisory: Text<'a>,
}

#[derive(Deserialize)]
struct Cvss<'a> {
    #[serde(borrow, default)]
    vector_string: Text<'a>,
    #[serde(borrow, default)]
    base_severity: Text<'a>,
    #[serde(borrow, default)]
    base_score: Number<'a>,
}

#[derive(Deserialize)]
struct ScanMeta<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    telemetry: Part<Telemetry<'a>>,
}

#[derive(Deserialize)]
struct Telemetry<'a> {
    #[serde(borrow, default)]
    safety_version: Text<'a>,
}

#[derive(Deserialize)]
struct ScanResults<'a> {
    #[serde(borrow, default)]
    projects: List<Record<Project<'a>>>,
    /// Of a scan of an environment, which has no project.
    #[serde(borrow, default)]
    files: List<Record<ScannedFile<'a>>>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow, default)]
    files: List<Record<ScannedFile<'a>>>,
}

#[derive(Deserialize)]
struct ScannedFile<'a> {
    #[serde(borrow, default)]
    results: Part<FileResults<'a>>,
}

#[derive(Deserialize)]
struct FileResults<'a> {
    #[serde(borrow, default)]
    dependencies: List<Record<Dependency<'a>>>,
}

#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    specifications: List<Record<Specification<'a>>>,
}

#[derive(Deserialize)]
struct Specification<'a> {
    #[serde(borrow, default)]
    raw: Text<'a>,
    #[serde(borrow, default)]
    vulnerabilities: Part<SpecificationVulnerabilities<'a>>,
}

#[derive(Deserialize)]
struct SpecificationVulnerabilities<'a> {
    #[serde(borrow, default)]
    known_vulnerabilities: List<Record<Known<'a>>>,
    #[serde(borrow, default)]
    remediation: Part<Remediation<'a>>,
}

#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(default)]
    ignored: Part<Ignored>,
    #[serde(borrow, default)]
    cve: OneOrMore<'a, Cve<'a>>,
}

#[derive(Deserialize)]
struct Ignored {}

#[derive(Deserialize)]
struct Remediation<'a> {
    #[serde(borrow, default)]
    recommended: Text<'a>,
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let check = outline.has("report_meta") && (outline.has("vulnerabilities") || outline.has("scanned_packages"));
    let listed = outline.has("scanned_packages") && outline.has("vulnerabilities");
    let scan = outline.has("meta") && outline.has("scan_results");
    // Package, affected versions, installed version, text and number; other tools write tables, too.
    Claim::sure_if(check || listed || scan || outline.has_rows_of(5))
        .or_maybe_if(outline.kind("scan_results") == Some(Kind::Object))
        .or_if_named(outline.has_rows_of(1))
}

/// The document without the notice that `check` prints before and behind it.
///
/// Only lines of that notice are left out, so that nothing else can hide behind it.
pub(super) fn without_notice(text: &str) -> Option<&str> {
    let is_notice = |line: &str| {
        let line = line.trim();
        line.is_empty()
            || line.starts_with("+=")
            || line.contains("DEPRECATED")
            || line.contains("deprecat")
            || line.contains("safety scan")
            || line.contains("unsupported")
    };
    if !text.trim_start().starts_with("+=") && !text.trim_end().ends_with("=+") {
        return None;
    }
    let mut rest = text;
    while let Some((line, behind)) = rest.split_once('\n') {
        if line.trim_start().starts_with(['{', '[']) {
            break;
        }
        if !is_notice(line) {
            return None;
        }
        rest = behind;
    }
    while let Some((before, line)) = rest.trim_end_matches(['\n', '\r']).rsplit_once('\n') {
        if line.trim_end().ends_with(['}', ']']) {
            break;
        }
        if !is_notice(line) {
            return None;
        }
        rest = before;
    }
    Some(rest)
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let mut draft = Draft::new(ReportFormat::Safety);
    if text.trim_start().starts_with('[') {
        take_rows(&mut draft, &serde_json::from_str::<List<Row<'_>>>(text)?);
        return Ok(vec![draft]);
    }
    let document: Document<'_> = serde_json::from_str(text)?;
    if let Some(results) = document.scan_results.get() {
        if let Some(meta) = document.meta.get() {
            draft.observed_at = meta.timestamp.get().and_then(|at| clean::moment(at, source.now));
            draft.tool_version = meta.telemetry.get().and_then(|t| clean::version(t.safety_version.get()?));
        }
        take_scan(&mut draft, results);
        return Ok(vec![draft]);
    }
    if let Some(meta) = document.report_meta.get() {
        draft.observed_at = meta.timestamp.get().and_then(|at| clean::moment(at, source.now));
        draft.tool_version = meta.safety_version.get().and_then(clean::version);
    }
    if let Entries::Wrong(kind) = &document.scanned_packages {
        draft.bad_record("scanned_packages", format_args!("it is {}, not an object", kind.words()));
    }
    draft.looked_at.lists_packages = !document.scanned_packages.entries().is_empty();
    for (name, scanned) in document.scanned_packages.entries() {
        if let Ok(name) = PackageName::parse(name) {
            let version = scanned.get().and_then(|s| clean::version(s.version.get()?));
            draft.looked_at.packages.insert(Package::pypi(&name), version);
        }
    }
    let found = match document.vulnerabilities.required("vulnerabilities") {
        Ok(found) => found,
        Err(reason) => {
            draft.fail(reason);
            return Ok(vec![draft]);
        }
    };
    draft.blank = found.is_empty() && draft.looked_at.packages.is_empty();
    let of_ignored = || Gap::Unnamed("the vulnerabilities that were ignored".to_owned());
    let ignored = document.ignored_vulnerabilities.checked(&mut draft, of_ignored, "ignored_vulnerabilities");
    for (key, records, clearance) in
        [("vulnerabilities", found.as_slice(), None), ("ignored_vulnerabilities", ignored, Some(Clearance::Suppressed))]
    {
        for (index, record) in records.iter().enumerate() {
            if let Some(found) = draft.open(record, key, index) {
                take(&mut draft, found, &format!("{key}[{index}]"), clearance);
            }
        }
    }
    Ok(vec![draft])
}

fn take(draft: &mut Draft, found: &Found<'_>, place: &str, clearance: Option<Clearance>) {
    let name = match PackageName::parse(found.package_name.or_empty()) {
        Ok(name) => name,
        Err(error) => return draft.bad_record(place, error),
    };
    let package = Package::pypi(&name);
    let Some((id, aliases)) = ids_of(&cves_of(&found.cve), found.vulnerability_id.or_empty()) else {
        return draft.bad_record_in(Gap::Package(package), place, "it has no id");
    };
    let own = std::iter::once(&found.severity);
    let scores = own.chain(found.cve.items()).filter_map(described);
    let word = match &found.severity {
        TextOr::Text(word) => word.as_ref(),
        TextOr::Object(_) | TextOr::Neither => "",
    };
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: found.analyzed_version.get(),
        id,
        aliases,
        fix_versions: observe::versions(&found.fixed_versions),
        rating: rating_of(scores, word),
        description: found.advisory.or_empty(),
        url: found.more_info_url.get(),
        clearance: clearance.or((found.ignored.0 == Some(true)).then_some(Clearance::Suppressed)),
    }));
}

/// The CVEs that a record names, each by its text or its object.
fn cves_of<'r>(cve: &'r OneOrMore<'_, Cve<'_>>) -> Vec<&'r str> {
    let names = cve.items().iter().filter_map(|cve| match cve {
        TextOr::Text(text) => Some(text.as_ref()),
        TextOr::Object(cve) => cve.name.get(),
        TextOr::Neither => None,
    });
    names.flat_map(|name| name.split([',', ' '])).filter(|cve| !cve.is_empty()).collect()
}

fn described<'r, 'a>(cve: &'r TextOr<'a, Cve<'a>>) -> Option<&'r Cve<'a>> {
    match cve {
        TextOr::Object(cve) => Some(cve),
        TextOr::Text(_) | TextOr::Neither => None,
    }
}

/// The CVE is the id where there is one; safety's own number is an id of its own namespace.
fn ids_of(cves: &[&str], number: &str) -> Option<(AdvisoryId, AdvisoryIds)> {
    let own = Some(number.trim())
        .filter(|n| !n.is_empty())
        .map(|n| if n.bytes().all(|b| b.is_ascii_digit()) { format!("SAFETY-{n}") } else { n.to_owned() });
    let own = own.and_then(|own| AdvisoryId::parse(&own).ok());
    let mut ids: Vec<AdvisoryId> = cves.iter().filter_map(|cve| AdvisoryId::parse(cve).ok()).chain(own).collect();
    if ids.is_empty() {
        return None;
    }
    let id = ids.remove(0);
    Some((id, ids.into_iter().collect()))
}

fn rating_of<'r>(scores: impl Iterator<Item = &'r Cve<'r>>, word: &str) -> Rating {
    let all: Vec<&Cvss<'_>> = scores.flat_map(|s| [s.cvssv3.get(), s.cvssv2.get()]).flatten().collect();
    let rating = rating_of_scores(&all);
    if rating.severity == Severity::Unknown { observe::rated_by_word(word) } else { rating }
}

/// The vectors, then the first word, then the first score.
fn rating_of_scores(all: &[&Cvss<'_>]) -> Rating {
    let word = all.iter().find_map(|cvss| cvss.base_severity.get()).unwrap_or_default();
    let rating = observe::rated(all.iter().filter_map(|cvss| cvss.vector_string.get()), word);
    if rating.severity != Severity::Unknown {
        return rating;
    }
    all.iter().find_map(|cvss| cvss.base_score.real()).and_then(observe::rated_by_score).unwrap_or(rating)
}

/// `[name, affected, installed, text, id, cvssv2, cvssv3]`; the last two are objects or null, and seldom there. Some have a CVE behind the id.
type Row<'a> = List<TextOr<'a, Cvss<'a>>>;

fn take_rows(draft: &mut Draft, rows: &List<Row<'_>>) {
    for (index, row) in rows.items().iter().enumerate() {
        let texts: Vec<&str> = row
            .items()
            .iter()
            .map_while(|cell| match cell {
                TextOr::Text(text) => Some(text.as_ref()),
                TextOr::Object(_) | TextOr::Neither => None,
            })
            .collect();
        let [name, _affected, installed, text, number, ..] = texts.as_slice() else {
            draft.bad_record(format_args!("list[{index}]"), "it is not a row of name, affected, installed, text, id");
            continue;
        };
        let scores = row.items().iter().rev().filter_map(|cell| match cell {
            TextOr::Object(cvss) => Some(cvss),
            TextOr::Text(_) | TextOr::Neither => None,
        });
        let name = match PackageName::parse(name) {
            Ok(name) => name,
            Err(error) => {
                draft.bad_record(format_args!("list[{index}]"), error);
                continue;
            }
        };
        let behind = row.items().iter().skip(5).filter_map(|cell| match cell {
            TextOr::Text(text) => Some(text.trim()),
            TextOr::Object(_) | TextOr::Neither => None,
        });
        let cves: Vec<&str> = behind.filter(|text| text.starts_with("CVE-")).collect();
        let Some((id, aliases)) = ids_of(&cves, number) else {
            draft.bad_record_in(Gap::Package(Package::pypi(&name)), format_args!("list[{index}]"), "it has no id");
            continue;
        };
        draft.vulnerability(observe::vulnerability(VulnerabilityParts {
            package: Package::pypi(&name),
            version: Some(installed),
            id,
            aliases,
            fix_versions: Vec::new(),
            rating: rating_of_scores(&scores.collect::<Vec<_>>()),
            description: text,
            url: None,
            clearance: None,
        }));
    }
}

/// What `scan` lists may be no more than what it found: a package that is not listed need not be gone.
fn take_scan(draft: &mut Draft, results: &ScanResults<'_>) {
    let unnamed = || Gap::Unnamed("what was scanned".to_owned());
    let mut lists = vec![("files".to_owned(), results.files.checked(draft, unnamed, "scan_results.files"))];
    for (index, record) in results.projects.checked(draft, unnamed, "scan_results.projects").iter().enumerate() {
        if let Some(project) = draft.open(record, "projects", index) {
            let place = format!("projects[{index}].files");
            let files = project.files.checked(draft, unnamed, &place);
            lists.push((place, files));
        }
    }
    draft.blank = lists.iter().all(|(_, files)| files.is_empty());
    for (key, files) in lists {
        for (index, record) in files.iter().enumerate() {
            let Some(file) = draft.open(record, &key, index) else {
                continue;
            };
            let place = format!("{key}[{index}]");
            let Some(results) = file.results.get() else {
                draft.bad_record(place, "it has no `results`");
                continue;
            };
            let dependencies = results.dependencies.demanded(draft, unnamed, format_args!("{place}.dependencies"));
            for (at, record) in dependencies.iter().enumerate() {
                if let Some(dependency) = draft.open(record, &format!("{place}.dependencies"), at) {
                    take_dependency(draft, dependency, &format!("{place}.dependencies[{at}]"));
                }
            }
        }
    }
}

fn take_dependency(draft: &mut Draft, dependency: &Dependency<'_>, place: &str) {
    let name = match PackageName::parse(dependency.name.or_empty()) {
        Ok(name) => name,
        Err(error) => return draft.bad_record(place, error),
    };
    let package = Package::pypi(&name);
    let of_package = || Gap::Package(package.clone());
    let specifications = dependency.specifications.demanded(draft, of_package, format_args!("{name}'s specifications"));
    for (at, record) in specifications.iter().enumerate() {
        let Some(specification) = record.good() else {
            let place = format_args!("{name}'s specifications[{at}]");
            draft.bad_record_in(of_package(), place, "it is not an object");
            continue;
        };
        let version =
            specification.raw.or_empty().split_once("==").and_then(|(_, version)| version.split([';', ' ']).next());
        let Some(vulnerabilities) = specification.vulnerabilities.get() else {
            let place = format_args!("{name}'s specifications[{at}]");
            draft.bad_record_in(of_package(), place, "it has no `vulnerabilities`");
            continue;
        };
        draft.looked_at_package(package.clone(), version.and_then(clean::version));
        let recommended = vulnerabilities.remediation.get().and_then(|r| clean::version(r.recommended.get()?));
        let place = format!("{name}'s known_vulnerabilities");
        for (at, record) in vulnerabilities.known_vulnerabilities.demanded(draft, of_package, &place).iter().enumerate()
        {
            let known = record.good().and_then(|known| {
                let ids = ids_of(&cves_of(&known.cve), known.id.or_empty())?;
                Some((known, ids))
            });
            let Some((known, (id, aliases))) = known else {
                draft.bad_record_in(of_package(), format_args!("{place}[{at}]"), "it has no id");
                continue;
            };
            let cves = known.cve.items().iter().filter_map(described);
            draft.vulnerability(observe::vulnerability(VulnerabilityParts {
                package: package.clone(),
                version,
                id,
                aliases,
                fix_versions: recommended.clone().into_iter().collect(),
                rating: rating_of(cves.clone(), ""),
                description: cves.clone().find_map(|cve| cve.advisory.get()).unwrap_or_default(),
                url: None,
                clearance: known.ignored.get().map(|_| Clearance::Suppressed),
            }));
        }
    }
}
