//! trivy's JSON: schema 2, the bare list of the versions before, and the Kubernetes summary.
//!
//! Vulnerabilities, misconfigurations (`code`) and secrets are findings; licences are not. What trivy suppressed stays, cleared.

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, Clearance, CodeText, CvssVector, FindingKind, Gap, Package, PackageNameError, Rating, ReportFormat,
    ScanTarget, Severity, SeveritySource,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::{
    clean,
    draft::Draft,
    observe::{self, CodeParts, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Entries, List, Number, Part, Record, Text, Texts, Truth},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default, rename = "Trivy")]
    trivy: Part<Tool<'a>>,
    #[serde(borrow, default, rename = "CreatedAt")]
    created: Text<'a>,
    #[serde(borrow, default, rename = "ArtifactName")]
    artifact: Text<'a>,
    #[serde(borrow, default, rename = "ArtifactType")]
    artifact_type: Text<'a>,
    #[serde(borrow, default, rename = "ClusterName")]
    cluster: Text<'a>,
    #[serde(borrow, default, rename = "Results")]
    results: List<Record<Target<'a>>>,
    #[serde(borrow, default, rename = "Resources")]
    resources: List<Record<Resource<'a>>>,
    /// The Kubernetes summary has its resources here.
    #[serde(borrow, default, rename = "Findings")]
    consolidated: List<Record<Resource<'a>>>,
    /// Older Kubernetes reports have them in these two.
    #[serde(borrow, default, rename = "Vulnerabilities")]
    vulnerable: List<Record<Resource<'a>>>,
    #[serde(borrow, default, rename = "Misconfigurations")]
    misconfigured: List<Record<Resource<'a>>>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default, rename = "Version")]
    version: Text<'a>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default, rename = "Kind")]
    kind: Text<'a>,
    #[serde(borrow, default, rename = "Name")]
    name: Text<'a>,
    #[serde(borrow, default, rename = "Error")]
    error: Text<'a>,
    #[serde(borrow, default, rename = "Results")]
    results: List<Record<Target<'a>>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, default, rename = "Target")]
    path: Text<'a>,
    /// What was looked for in it; not written by the oldest versions.
    #[serde(borrow, default, rename = "Class")]
    class: Text<'a>,
    #[serde(borrow, default, rename = "Type")]
    kind: Text<'a>,
    /// What was looked up, where trivy lists it.
    #[serde(borrow, default, rename = "Packages")]
    packages: List<Record<PackageWire<'a>>>,
    #[serde(borrow, default, rename = "Vulnerabilities")]
    vulnerabilities: List<Record<Vulnerability<'a>>>,
    #[serde(borrow, default, rename = "Misconfigurations")]
    misconfigurations: List<Record<Misconfiguration<'a>>>,
    #[serde(borrow, default, rename = "Secrets")]
    secrets: List<Record<SecretWire<'a>>>,
    #[serde(borrow, default, rename = "ExperimentalModifiedFindings")]
    modified: List<Record<Modified<'a>>>,
}

#[derive(Deserialize)]
struct PackageWire<'a> {
    #[serde(borrow, default, rename = "Name")]
    name: Text<'a>,
    #[serde(borrow, default, rename = "Identifier")]
    identifier: Part<Identifier<'a>>,
    #[serde(borrow, default, rename = "Version")]
    version: Text<'a>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default, rename = "VulnerabilityID")]
    id: Text<'a>,
    #[serde(borrow, default, rename = "VendorIDs")]
    vendor_ids: Texts<'a>,
    #[serde(borrow, default, rename = "PkgName")]
    package: Text<'a>,
    #[serde(borrow, default, rename = "PkgIdentifier")]
    identifier: Part<Identifier<'a>>,
    #[serde(borrow, default, rename = "InstalledVersion")]
    installed: Text<'a>,
    #[serde(borrow, default, rename = "FixedVersion")]
    fixed: Text<'a>,
    /// `not_affected`, `will_not_fix`, …; `fixed` means that there is a fixed version, not that it is installed.
    #[serde(borrow, default, rename = "Status")]
    status: Text<'a>,
    #[serde(borrow, default, rename = "Severity")]
    severity: Text<'a>,
    #[serde(borrow, default, rename = "SeveritySource")]
    severity_source: Text<'a>,
    #[serde(borrow, default, rename = "CVSS")]
    cvss: Entries<'a, Part<Cvss<'a>>>,
    #[serde(borrow, default, rename = "Title")]
    title: Text<'a>,
    #[serde(borrow, default, rename = "Description")]
    description: Text<'a>,
    #[serde(borrow, default, rename = "PrimaryURL")]
    url: Text<'a>,
}

#[derive(Deserialize)]
struct Identifier<'a> {
    #[serde(borrow, default, rename = "PURL")]
    purl: Text<'a>,
}

#[derive(Deserialize)]
struct Cvss<'a> {
    #[serde(borrow, default, rename = "V40Vector")]
    v4: Text<'a>,
    #[serde(borrow, default, rename = "V3Vector")]
    v3: Text<'a>,
    #[serde(borrow, default, rename = "V2Vector")]
    v2: Text<'a>,
    #[serde(borrow, default, rename = "V40Score")]
    v4_score: Number<'a>,
    #[serde(borrow, default, rename = "V3Score")]
    v3_score: Number<'a>,
    #[serde(borrow, default, rename = "V2Score")]
    v2_score: Number<'a>,
}

#[derive(Deserialize)]
struct Misconfiguration<'a> {
    #[serde(borrow, default, rename = "ID")]
    id: Text<'a>,
    #[serde(borrow, default, rename = "AVDID")]
    avd_id: Text<'a>,
    #[serde(borrow, default, rename = "Title")]
    title: Text<'a>,
    #[serde(borrow, default, rename = "Message")]
    message: Text<'a>,
    #[serde(borrow, default, rename = "Severity")]
    severity: Text<'a>,
    #[serde(borrow, default, rename = "Status")]
    status: Text<'a>,
    #[serde(borrow, default, rename = "PrimaryURL")]
    url: Text<'a>,
    #[serde(borrow, default, rename = "CauseMetadata")]
    cause: Part<Cause<'a>>,
    /// The same in versions before 0.25.
    #[serde(borrow, default, rename = "IacMetadata")]
    old_cause: Part<Cause<'a>>,
}

#[derive(Deserialize)]
struct Cause<'a> {
    #[serde(borrow, default, rename = "StartLine")]
    line: Number<'a>,
    #[serde(borrow, default, rename = "Code")]
    code: Part<Code<'a>>,
}

#[derive(Deserialize)]
struct Code<'a> {
    #[serde(borrow, default, rename = "Lines")]
    lines: List<Record<CodeLine<'a>>>,
}

#[derive(Deserialize)]
struct CodeLine<'a> {
    #[serde(borrow, default, rename = "Content")]
    content: Text<'a>,
    #[serde(default, rename = "IsCause")]
    is_cause: Truth,
}

#[derive(Deserialize)]
struct SecretWire<'a> {
    #[serde(borrow, default, rename = "RuleID")]
    rule: Text<'a>,
    #[serde(borrow, default, rename = "Severity")]
    severity: Text<'a>,
    #[serde(borrow, default, rename = "StartLine")]
    line: Number<'a>,
}

#[derive(Deserialize)]
struct Modified<'a> {
    #[serde(borrow, default, rename = "Type")]
    kind: Text<'a>,
    #[serde(borrow, default, rename = "Status")]
    status: Text<'a>,
    /// One of the shapes above, by the type.
    #[serde(borrow, default, rename = "Finding")]
    finding: Option<&'a RawValue>,
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let schema = outline.has("SchemaVersion")
        && (outline.has("ArtifactName") || outline.has("Results") || outline.has("ArtifactType"));
    let results = outline.first_has("Results", &["Target"]);
    let legacy = outline.element_has(&["Target"]);
    Claim::sure_if(schema || results || legacy || outline.has("ClusterName")).or_maybe_if(outline.has("SchemaVersion"))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let mut draft = Draft::new(ReportFormat::Trivy);
    if text.trim_start().starts_with('[') {
        let mut seen = Seen::default();
        take_targets(&mut draft, &serde_json::from_str(text)?, &mut seen, source);
        seen.tell(&mut draft);
        return Ok(vec![draft]);
    }
    let document: Document<'_> = serde_json::from_str(text)?;
    draft.tool_version = document.trivy.get().and_then(|t| clean::version(t.version.get()?));
    draft.observed_at = document.created.get().and_then(|at| clean::moment(at, source.now));
    draft.looked_at.target = match document.artifact_type.or_empty() {
        "filesystem" | "repository" => Some(ScanTarget::project()),
        "container_image" => Some(ScanTarget::image(&clean::words(document.artifact.or_empty()))),
        _ => document.cluster.get().map(|name| ScanTarget::cluster(&clean::words(name))),
    };
    let mut seen = Seen::default();
    take_targets(&mut draft, &document.results, &mut seen, source);
    for (key, resources) in [
        ("Resources", &document.resources),
        ("Findings", &document.consolidated),
        ("Vulnerabilities", &document.vulnerable),
        ("Misconfigurations", &document.misconfigured),
    ] {
        let unnamed = || Gap::Unnamed(format!("what is listed under {key}"));
        for (index, record) in resources.checked(&mut draft, unnamed, key).iter().enumerate() {
            let Some(resource) = draft.open(record, key, index) else {
                continue;
            };
            if let Some(error) = resource.error.get() {
                let name =
                    format!("{}/{}", clean::words(resource.kind.or_empty()), clean::words(resource.name.or_empty()));
                let reason = format!("{name} was not scanned: {}", clean::words(error));
                draft.gap(Gap::Unnamed(name), reason);
            }
            take_targets(&mut draft, &resource.results, &mut seen, source);
        }
    }
    seen.tell(&mut draft);
    Ok(vec![draft])
}

/// Of which kinds of findings the listed targets speak: a clean scan lists what it looked at.
#[derive(Default)]
struct Seen {
    any: bool,
    packages: bool,
    configurations: bool,
    secrets: bool,
    listing: Listing,
}

/// Whether the targets list their packages.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Listing {
    #[default]
    Untold,
    Whole,
    /// Some target does not, or lists what cannot be read.
    InPart,
}

impl Seen {
    fn note(&mut self, target: &Target<'_>) {
        self.any = true;
        // Files without a secret are not listed; where packages were looked up, secrets are looked for too, unless switched off.
        let (packages, configurations, secrets) = match target.class.or_empty() {
            "os-pkgs" | "lang-pkgs" => (true, false, true),
            "config" => (false, true, false),
            "secret" => (false, false, true),
            "license" | "license-file" => (false, false, false),
            _ => (true, true, true),
        };
        self.packages |= packages || !target.vulnerabilities.items().is_empty();
        self.configurations |= configurations || !target.misconfigurations.items().is_empty();
        self.secrets |= secrets || !target.secrets.items().is_empty();
    }

    fn tell(&self, draft: &mut Draft) {
        draft.blank = !self.any;
        draft.looked_at.lists_packages = self.listing == Listing::Whole;
        if self.any {
            let kinds = [
                (self.packages, FindingKind::Vulnerability),
                (self.configurations, FindingKind::Code),
                (self.secrets, FindingKind::Secret),
            ];
            draft.looked_at.not_for = kinds.into_iter().filter(|(seen, _)| !seen).map(|(_, kind)| kind).collect();
        }
    }
}

/// Results are absent or null when there are none.
fn take_targets(draft: &mut Draft, targets: &List<Record<Target<'_>>>, seen: &mut Seen, source: &Source<'_>) {
    if let Some(kind) = targets.wrong() {
        return draft.fail(format!("`Results` is {}, not an array", kind.words()));
    }
    for (index, record) in targets.items().iter().enumerate() {
        let Some(target) = draft.open(record, "Results", index) else {
            continue;
        };
        seen.note(target);
        let place = format!("Results[{index}]");
        let unnamed = || Gap::Unnamed(format!("findings of {place}"));
        seen.listing = match (seen.listing, take_packages(draft, target)) {
            (Listing::InPart, _) | (_, Listing::InPart) => Listing::InPart,
            (Listing::Untold, listing) | (listing, Listing::Untold) => listing,
            (Listing::Whole, Listing::Whole) => Listing::Whole,
        };
        let vulnerabilities = target.vulnerabilities.checked(draft, unnamed, format_args!("{place}.Vulnerabilities"));
        for (at, record) in vulnerabilities.iter().enumerate() {
            if let Some(found) = draft.open(record, &format!("{place}.Vulnerabilities"), at) {
                take_vulnerability(draft, target, found, &format!("{place}.Vulnerabilities[{at}]"), None);
            }
        }
        let misconfigurations =
            target.misconfigurations.checked(draft, unnamed, format_args!("{place}.Misconfigurations"));
        for (at, record) in misconfigurations.iter().enumerate() {
            if let Some(found) = draft.open(record, &format!("{place}.Misconfigurations"), at) {
                take_misconfiguration(draft, target, found, &format!("{place}.Misconfigurations[{at}]"), None);
            }
        }
        for (at, record) in target.secrets.checked(draft, unnamed, format_args!("{place}.Secrets")).iter().enumerate() {
            if let Some(found) = draft.open(record, &format!("{place}.Secrets"), at) {
                take_secret(draft, target, found, &format!("{place}.Secrets[{at}]"), None, source);
            }
        }
        let modified = target.modified.checked(draft, unnamed, format_args!("{place}.ExperimentalModifiedFindings"));
        for (at, record) in modified.iter().enumerate() {
            if let Some(modified) = draft.open(record, &format!("{place}.ExperimentalModifiedFindings"), at) {
                let place = format!("{place}.ExperimentalModifiedFindings[{at}]");
                take_modified(draft, target, modified, &place, source);
            }
        }
    }
}

/// A finding that trivy does not count: one that a rule or a statement of the user's took out.
fn take_modified(draft: &mut Draft, target: &Target<'_>, modified: &Modified<'_>, place: &str, source: &Source<'_>) {
    fn finding<'a, T: Deserialize<'a>>(draft: &mut Draft, modified: &Modified<'a>, place: &str) -> Option<T> {
        let record = modified.finding.and_then(|raw| serde_json::from_str::<Part<T>>(raw.get()).ok());
        let Some(Part::Of(found)) = record else {
            draft.bad_record(place, "it holds no finding");
            return None;
        };
        Some(found)
    }
    let clearance = Some(match modified.status.or_empty() {
        "not_affected" => Clearance::NotAffected,
        "fixed" => Clearance::Fixed,
        _ => Clearance::Suppressed,
    });
    match modified.kind.or_empty() {
        "vulnerability" => {
            if let Some(found) = finding(draft, modified, place) {
                take_vulnerability(draft, target, &found, place, clearance);
            }
        }
        "misconfiguration" => {
            if let Some(found) = finding(draft, modified, place) {
                take_misconfiguration(draft, target, &found, place, clearance);
            }
        }
        "secret" => {
            if let Some(found) = finding(draft, modified, place) {
                take_secret(draft, target, &found, place, clearance, source);
            }
        }
        // Licences are no findings.
        _ => {}
    }
}

/// Notes the packages that a target lists. Of a package of a system its `Version` is only a part of what is installed.
fn take_packages(draft: &mut Draft, target: &Target<'_>) -> Listing {
    let listed = target.packages.items();
    if target.packages.wrong().is_some() || (listed.is_empty() && !target.vulnerabilities.items().is_empty()) {
        return Listing::InPart;
    }
    let is_of_system = target.class.or_empty() == "os-pkgs";
    let mut listing = if listed.is_empty() { Listing::Untold } else { Listing::Whole };
    for record in listed {
        let package = record.good().map(|listed| (listed, package_of(target, &listed.identifier, &listed.name)));
        let Some((listed, Ok(package))) = package else {
            listing = Listing::InPart;
            continue;
        };
        let version = listed.version.get().filter(|_| !is_of_system).and_then(clean::version);
        draft.looked_at_package(package, version);
    }
    listing
}

fn package_of(
    target: &Target<'_>,
    identifier: &Part<Identifier<'_>>,
    name: &Text<'_>,
) -> Result<Package, PackageNameError> {
    let by_purl = identifier.get().and_then(|i| observe::package_of_purl(i.purl.get()?)).map(|(package, _)| package);
    by_purl.map_or_else(|| Package::new(observe::ecosystem(target.kind.or_empty()), name.or_empty()), Ok)
}

fn take_vulnerability(
    draft: &mut Draft,
    target: &Target<'_>,
    found: &Vulnerability<'_>,
    place: &str,
    clearance: Option<Clearance>,
) {
    let package = match package_of(target, &found.identifier, &found.package) {
        Ok(package) => package,
        Err(error) => return draft.bad_record(place, error),
    };
    draft.looked_at_package(package.clone(), found.installed.get().and_then(clean::version));
    // A record without an id is still a finding: one that its scanner does not identify.
    if found.id.is_unreadable() {
        draft.blurred(Gap::Package(package.clone()), place, "its id cannot be read");
    }
    let clearance = clearance.or((found.status.or_empty() == "not_affected").then_some(Clearance::NotAffected));
    let id = match AdvisoryId::parse(found.id.get().unwrap_or("unidentified")) {
        Ok(id) => id,
        Err(error) => return draft.bad_record_in(Gap::Package(package), place, error),
    };
    let mut fix_versions: Vec<SmolStr> = found.fixed.or_empty().split(',').filter_map(clean::version).collect();
    fix_versions.dedup();
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: found.installed.get(),
        id,
        aliases: observe::aliases(found.vendor_ids.iter()),
        fix_versions,
        rating: rating_of(found),
        description: found.title.get().or(found.description.get()).unwrap_or_default(),
        url: found.url.get(),
        clearance,
    }));
}

/// The vectors of the source that trivy took its severity from, or its own word where that is worse; then anybody's vectors, then the
/// highest score without one. All vectors are kept.
fn rating_of(found: &Vulnerability<'_>) -> Rating {
    let vectors_of = |cvss: &Cvss<'_>| -> Vec<CvssVector> {
        [&cvss.v4, &cvss.v3, &cvss.v2].into_iter().filter_map(|v| CvssVector::parse(v.get()?).ok()).collect()
    };
    let all = found.cvss.entries().iter().filter_map(|(vendor, cvss)| Some((vendor.as_ref(), vectors_of(cvss.get()?))));
    let (chosen, others): (Vec<_>, Vec<_>) = all.partition(|(vendor, _)| Some(*vendor) == found.severity_source.get());
    let flatten =
        |of: Vec<(&str, Vec<CvssVector>)>| of.into_iter().flat_map(|(_, vectors)| vectors).collect::<Vec<_>>();
    let chosen = Rating::from_vectors(flatten(chosen), SeveritySource::Scanner);
    let others = Rating::from_vectors(flatten(others), SeveritySource::Scanner);
    let word =
        Severity::from_word(found.severity.or_empty()).map(|severity| Rating::word(severity, SeveritySource::Scanner));
    let mut kept: Vec<CvssVector> =
        [&chosen, &others].into_iter().flatten().flat_map(|rating| rating.vectors.clone()).collect();
    let is_worse = |word: &Rating| chosen.as_ref().is_none_or(|c| word.severity.rank() > c.severity.rank());
    let scores = found.cvss.entries().iter().filter_map(|(_, cvss)| cvss.get()).filter_map(score_of);
    let score = || scores.max_by(f64::total_cmp).and_then(observe::rated_by_score);
    let mut rating = word.filter(is_worse).or(chosen).or(others).or_else(score).unwrap_or_else(Rating::unknown);
    kept.sort_by(|a, b| b.version().cmp(&a.version()).then_with(|| a.as_str().cmp(b.as_str())));
    kept.dedup();
    rating.vectors = kept;
    rating
}

/// The score of the newest version that a source gives one for.
fn score_of(cvss: &Cvss<'_>) -> Option<f64> {
    cvss.v4_score.real().or(cvss.v3_score.real()).or(cvss.v2_score.real())
}

fn take_misconfiguration(
    draft: &mut Draft,
    target: &Target<'_>,
    found: &Misconfiguration<'_>,
    place: &str,
    clearance: Option<Clearance>,
) {
    let clearance = match found.status.or_empty() {
        "PASS" => return,
        "EXCEPTION" => clearance.or(Some(Clearance::Suppressed)),
        _ => clearance,
    };
    let path = target.path.get().and_then(clean::path).unwrap_or_else(|| ".".to_owned());
    let Some(rule) = found.id.get().or(found.avd_id.get()) else {
        return draft.bad_record_in(Gap::File(path), place, "it names no rule");
    };
    let cause = found.cause.get().or(found.old_cause.get());
    let line = cause
        .and_then(|c| c.code.get())
        .and_then(|c| c.lines.items().iter().filter_map(Record::good).find(|l| l.is_cause.0 == Some(true)));
    let title = [found.title.get(), found.message.get()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let secretive = findings_model::is_about_secrets(&title);
    let observation = observe::code(CodeParts {
        rule,
        former_rules: found.avd_id.get().filter(|avd| *avd != rule).map(clean::rule).into_iter().collect(),
        path,
        line: cause.and_then(|c| c.line.line()),
        begins: None,
        text: line.and_then(|l| CodeText::of(l.content.get()?, secretive)),
        quoted: line.and_then(|l| l.content.get()),
        aliases: BTreeSet::new(),
        rating: observe::rated_by_word(found.severity.or_empty()),
        // A message may quote what was found; a title is the rule's own.
        description: if secretive { found.title.or_empty().into() } else { title.into() },
        url: found.url.get(),
        clearance,
    });
    draft.code(observation, None);
}

fn take_secret(
    draft: &mut Draft,
    target: &Target<'_>,
    found: &SecretWire<'_>,
    place: &str,
    clearance: Option<Clearance>,
    source: &Source<'_>,
) {
    let (Some(path), Some(rule)) = (target.path.get().and_then(clean::path), found.rule.get()) else {
        return draft.bad_record(place, "it names no file or no rule");
    };
    let rating = Severity::from_word(found.severity.or_empty())
        .map_or_else(|| observe::secret_rating(false), |severity| Rating::word(severity, SeveritySource::Scanner));
    draft.secret(observe::secret(rule, path, found.line.line(), rating, clearance), None, None, source);
}
