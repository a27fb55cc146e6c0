//! safety's JSON: the rows of 1.x, the reports of `check` of 2.x and 3.x, and those of 3.x's `scan`.
//!
//! `check` prints a deprecation notice around its document. Its advisories are known by their CVE where they have one.

use findings_model::{AdvisoryId, Clearance, Gap, Package, PackageName, Rating, ReportFormat, Severity};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Entries, Kind, List, Number, Part, Record, Text, TextOr, Texts, Truth},
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
    cve: TextOr<'a, Cve<'a>>,
    #[serde(borrow, default)]
    severity: Part<Cve<'a>>,
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
    Claim::sure_if(check || listed || scan || outline.is_rows())
        .or_maybe_if(outline.kind("scan_results") == Some(Kind::Object))
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
    for (key, records, clearance) in [
        ("vulnerabilities", found.as_slice(), None),
        ("ignored_vulnerabilities", document.ignored_vulnerabilities.items(), Some(Clearance::Suppressed)),
    ] {
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
    let cves: Vec<&str> = match &found.cve {
        TextOr::Text(text) => text.split([',', ' ']).filter(|cve| !cve.is_empty()).collect(),
        TextOr::Object(cve) => cve.name.get().into_iter().collect(),
        TextOr::Neither => Vec::new(),
    };
    let Some((id, aliases)) = ids_of(&cves, found.vulnerability_id.or_empty()) else {
        return draft.bad_record_in(Gap::Package(package), place, "it has no id");
    };
    let of_cve = match &found.cve {
        TextOr::Object(cve) => Some(cve),
        TextOr::Text(_) | TextOr::Neither => None,
    };
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: found.analyzed_version.get(),
        id,
        aliases,
        fix_versions: observe::versions(&found.fixed_versions),
        rating: rating_of(found.severity.get().into_iter().chain(of_cve)),
        description: found.advisory.or_empty(),
        url: found.more_info_url.get(),
        clearance: clearance.or((found.ignored.0 == Some(true)).then_some(Clearance::Suppressed)),
    }));
}

/// The CVE is the id where there is one; safety's own number is an id of its own namespace.
fn ids_of(cves: &[&str], number: &str) -> Option<(AdvisoryId, std::collections::BTreeSet<AdvisoryId>)> {
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

fn rating_of<'r>(scores: impl Iterator<Item = &'r Cve<'r>>) -> Rating {
    let all: Vec<&Cvss<'_>> = scores.flat_map(|s| [s.cvssv3.get(), s.cvssv2.get()]).flatten().collect();
    rating_of_scores(&all)
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

/// `[name, affected, installed, text, id, cvssv2, cvssv3]`; the last two are objects or null, and seldom there.
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
            draft.bad_record(format_args!("list[{index}]"), "it is no row of name, affected, installed, text, id");
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
        let Some((id, aliases)) = ids_of(&[], number) else {
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

fn take_scan(draft: &mut Draft, results: &ScanResults<'_>) {
    let files = results.projects.items().iter().filter_map(Record::good).flat_map(|p| p.files.items());
    let dependencies = files.filter_map(|f| f.good()?.results.get()).flat_map(|r| r.dependencies.items());
    let mut any = false;
    for (index, record) in dependencies.enumerate() {
        any = true;
        let Some(dependency) = draft.open(record, "dependencies", index) else {
            continue;
        };
        let name = match PackageName::parse(dependency.name.or_empty()) {
            Ok(name) => name,
            Err(error) => {
                draft.bad_record(format_args!("dependencies[{index}]"), error);
                continue;
            }
        };
        let package = Package::pypi(&name);
        for specification in dependency.specifications.items().iter().filter_map(Record::good) {
            let version =
                specification.raw.or_empty().split_once("==").and_then(|(_, version)| version.split([';', ' ']).next());
            let Some(vulnerabilities) = specification.vulnerabilities.get() else {
                continue;
            };
            let recommended = vulnerabilities.remediation.get().and_then(|r| clean::version(r.recommended.get()?));
            for (at, record) in vulnerabilities.known_vulnerabilities.items().iter().enumerate() {
                let known = record.good();
                let Some((id, aliases)) = known.and_then(|k| ids_of(&[], k.id.or_empty())) else {
                    draft.bad_record_in(
                        Gap::Package(package.clone()),
                        format_args!("{name}'s known_vulnerabilities[{at}]"),
                        "it has no id",
                    );
                    continue;
                };
                draft.vulnerability(observe::vulnerability(VulnerabilityParts {
                    package: package.clone(),
                    version,
                    id,
                    aliases,
                    fix_versions: recommended.clone().into_iter().collect(),
                    rating: Rating::unknown(),
                    description: "",
                    url: None,
                    clearance: known.and_then(|k| k.ignored.get()).map(|_| Clearance::Suppressed),
                }));
            }
        }
    }
    draft.blank = !any;
}
