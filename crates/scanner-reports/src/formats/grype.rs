//! grype's JSON: matches of a vulnerability with an artifact, and the matches that a rule or a VEX statement ignored.

use std::iter;

use findings_model::{
    AdvisoryId, Clearance, CvssVector, Gap, Package, PackageNameError, Rating, ReportFormat, ScanTarget, Severity,
    SeveritySource,
};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{List, Number, Part, Record, Text, Texts},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    matches: List<Record<Match<'a>>>,
    #[serde(borrow, default, rename = "ignoredMatches")]
    ignored: List<Record<Match<'a>>>,
    #[serde(borrow, default, rename = "alertsByPackage")]
    alerts: List<Record<Alerts<'a>>>,
    #[serde(borrow, default)]
    source: Part<Catalogued<'a>>,
    #[serde(borrow, default)]
    descriptor: Part<Described<'a>>,
}

/// What grype says of a package beside its flaws.
#[derive(Deserialize)]
struct Alerts<'a> {
    #[serde(borrow, default)]
    package: Part<Artifact<'a>>,
    #[serde(borrow, default)]
    alerts: List<Record<Alert<'a>>>,
}

#[derive(Deserialize)]
struct Alert<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    message: Text<'a>,
}

/// What the packages were found in.
#[derive(Deserialize)]
struct Catalogued<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    /// The path of a folder, or an object about an image.
    #[serde(borrow, default)]
    target: Part<Image<'a>>,
}

#[derive(Deserialize)]
struct Image<'a> {
    #[serde(borrow, default, rename = "userInput")]
    reference: Text<'a>,
}

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
}

#[derive(Deserialize)]
struct Match<'a> {
    #[serde(borrow, default)]
    vulnerability: Part<Vulnerability<'a>>,
    #[serde(borrow, default, rename = "relatedVulnerabilities")]
    related: List<Record<Vulnerability<'a>>>,
    #[serde(borrow, default)]
    artifact: Part<Artifact<'a>>,
    #[serde(borrow, default, rename = "appliedIgnoreRules")]
    rules: List<Record<IgnoreRule<'a>>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default, rename = "dataSource")]
    url: Text<'a>,
    #[serde(borrow, default)]
    cvss: List<Record<Cvss<'a>>>,
    #[serde(borrow, default)]
    fix: Part<Fix<'a>>,
}

#[derive(Deserialize)]
struct Cvss<'a> {
    #[serde(borrow, default)]
    vector: Text<'a>,
    #[serde(borrow, default)]
    metrics: Part<Metrics<'a>>,
}

#[derive(Deserialize)]
struct Metrics<'a> {
    #[serde(borrow, default, rename = "baseScore")]
    base_score: Number<'a>,
}

#[derive(Deserialize)]
struct Fix<'a> {
    #[serde(borrow, default)]
    versions: Texts<'a>,
}

#[derive(Deserialize)]
struct Artifact<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    purl: Text<'a>,
}

#[derive(Deserialize)]
struct IgnoreRule<'a> {
    #[serde(borrow, default)]
    vulnerability: Text<'a>,
    #[serde(borrow, default, rename = "fix-state")]
    fix_state: Text<'a>,
    #[serde(borrow, default)]
    package: Part<IgnoredPackage<'a>>,
    #[serde(borrow, default, rename = "vex-status")]
    vex_status: Text<'a>,
}

#[derive(Deserialize)]
struct IgnoredPackage<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    location: Text<'a>,
}

impl IgnoreRule<'_> {
    /// Whether it leaves out every flaw whose fix is in a state (`--only-fixed`): it says nothing of this one.
    fn is_filter(&self) -> bool {
        let names = |text: &Text<'_>| !text.or_empty().is_empty();
        let names_package = self.package.get().is_some_and(|package| names(&package.name) || names(&package.location));
        names(&self.fix_state) && !names(&self.vulnerability) && !names(&self.vex_status) && !names_package
    }
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let listed = outline.first_has("matches", &["vulnerability", "artifact"]);
    Claim::sure_if(
        listed
            || outline.has("matches")
                && (outline.has("descriptor") || outline.has("source") || outline.has("ignoredMatches")),
    )
    .or_if_named(outline.has_only(&["matches"]))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::Grype);
    if let Some(descriptor) = document.descriptor.get() {
        draft.tool_version = descriptor.version.get().and_then(clean::version);
        draft.observed_at = descriptor.timestamp.get().and_then(|at| clean::moment(at, source.now));
    }
    draft.looked_at.target = document.source.get().and_then(|source| match source.kind.or_empty() {
        "directory" | "file" => Some(ScanTarget::project()),
        "image" => {
            let reference = source.target.get().map_or("", |image| image.reference.or_empty());
            Some(ScanTarget::image(&clean::words(reference)))
        }
        _ => None,
    });
    let matches = match document.matches.required("matches") {
        Ok(matches) => matches,
        Err(reason) => return Ok(vec![Draft::failed(ReportFormat::Grype, reason)]),
    };
    draft.blank = matches.is_empty() && document.source.get().is_none() && document.descriptor.get().is_none();
    for (index, record) in matches.iter().enumerate() {
        if let Some(found) = draft.open(record, "matches", index) {
            take(&mut draft, found, &format!("matches[{index}]"), None);
        }
    }
    let ignored = || Gap::Unnamed("the matches that were ignored".to_owned());
    for (index, record) in document.ignored.checked(&mut draft, ignored, "ignoredMatches").iter().enumerate() {
        if let Some(found) = draft.open(record, "ignoredMatches", index) {
            take(&mut draft, found, &format!("ignoredMatches[{index}]"), clearance_of(found));
        }
    }
    let alerted = || Gap::Unnamed("the packages that grype has alerts about".to_owned());
    for (index, record) in document.alerts.checked(&mut draft, alerted, "alertsByPackage").iter().enumerate() {
        if let Some(alerts) = draft.open(record, "alertsByPackage", index) {
            take_alerts(&mut draft, alerts, index);
        }
    }
    Ok(vec![draft])
}

/// A package of a distribution that grype does not know, or was told to pass over, was compared with nothing.
fn take_alerts(draft: &mut Draft, alerts: &Alerts<'_>, index: usize) {
    let is_unmatched = |alert: &&Alert<'_>| matches!(alert.kind.or_empty(), "distro-unknown" | "distro-disabled");
    let unread = || Gap::Unnamed(format!("the package of alertsByPackage[{index}]"));
    let said = alerts.alerts.checked(draft, unread, format_args!("alertsByPackage[{index}].alerts"));
    let Some(alert) = said.iter().filter_map(Record::good).find(is_unmatched) else {
        return;
    };
    let package = alerts.package.get().and_then(|artifact| package_of(artifact).ok());
    let name = package.as_ref().map_or_else(|| format!("alertsByPackage[{index}]"), |p| p.name().to_owned());
    let reason = format!(
        "{name} was not looked up: {}",
        clean::words(alert.message.get().unwrap_or_else(|| alert.kind.or_empty()))
    );
    draft.gap(package.map_or_else(|| Gap::Unnamed(format!("the package of {name}")), Gap::Package), reason);
}

fn package_of(artifact: &Artifact<'_>) -> Result<Package, PackageNameError> {
    let by_purl = artifact.purl.get().and_then(observe::package_of_purl).map(|(package, _)| package);
    let by_name = || Package::new(observe::ecosystem(artifact.kind.or_empty()), artifact.name.or_empty());
    by_purl.map_or_else(by_name, Ok)
}

/// What somebody said of a match; none where it was only left out with all that have no fix, for it is there.
fn clearance_of(found: &Match<'_>) -> Option<Clearance> {
    let rules = found.rules.items();
    if !rules.is_empty() && rules.iter().all(|rule| rule.good().is_some_and(IgnoreRule::is_filter)) {
        return None;
    }
    Some(match rules.iter().find_map(|rule| rule.good()?.vex_status.get()) {
        Some("not_affected") => Clearance::NotAffected,
        Some("fixed") => Clearance::Fixed,
        _ => Clearance::Suppressed,
    })
}

fn take(draft: &mut Draft, found: &Match<'_>, place: &str, clearance: Option<Clearance>) {
    let (Some(vulnerability), Some(artifact)) = (found.vulnerability.get(), found.artifact.get()) else {
        return draft.bad_record(place, "it has no `vulnerability` or no `artifact`");
    };
    let package = match package_of(artifact) {
        Ok(package) => package,
        Err(error) => return draft.bad_record(place, error),
    };
    if artifact.purl.get().is_none() && artifact.kind.get().is_none() {
        let gap = Gap::Unnamed(format!("the package of {place}"));
        draft.blurred(gap, format_args!("{place} ({})", package.name()), "it names no ecosystem");
    }
    let id = match AdvisoryId::parse(vulnerability.id.or_empty()) {
        Ok(id) => id,
        Err(error) => return draft.bad_record_in(Gap::Package(package), place, error),
    };
    draft.looked_at_package(package.clone(), artifact.version.get().and_then(clean::version));
    let related =
        found.related.checked(draft, || Gap::Package(package.clone()), format_args!("{place}.relatedVulnerabilities"));
    let related: Vec<_> = related.iter().filter_map(Record::good).collect();
    let description = iter::once(vulnerability).chain(related.iter().copied()).find_map(|v| v.description.get());
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: artifact.version.get(),
        id,
        aliases: observe::aliases(related.iter().filter_map(|v| v.id.get())),
        fix_versions: vulnerability.fix.get().map(|fix| observe::versions(&fix.versions)).unwrap_or_default(),
        rating: rating_of(vulnerability, &related),
        description: description.unwrap_or_default(),
        url: vulnerability.url.get(),
        clearance,
    }));
}

/// The vulnerability's own vectors, then its word, then the vectors of the related records, then any score without a vector.
fn rating_of(vulnerability: &Vulnerability<'_>, related: &[&Vulnerability<'_>]) -> Rating {
    let vectors = |v: &Vulnerability<'_>| -> Vec<CvssVector> {
        v.cvss.items().iter().filter_map(|c| CvssVector::parse(c.good()?.vector.get()?).ok()).collect()
    };
    let own = Rating::from_vectors(vectors(vulnerability), SeveritySource::Scanner);
    let theirs = Rating::from_vectors(related.iter().flat_map(|v| vectors(v)).collect(), SeveritySource::Scanner);
    let word = Severity::from_word(vulnerability.severity.or_empty())
        .map(|severity| Rating::word(severity, SeveritySource::Scanner));
    match (own, word, theirs) {
        (Some(own), ..) => own,
        (None, Some(word), theirs) => Rating { vectors: theirs.map(|t| t.vectors).unwrap_or_default(), ..word },
        (None, None, Some(theirs)) => theirs,
        (None, None, None) => {
            let of_each = iter::once(vulnerability).chain(related.iter().copied());
            let mut scores =
                of_each.flat_map(|v| v.cvss.items()).filter_map(|c| c.good()?.metrics.get()?.base_score.real());
            scores.find_map(observe::rated_by_score).unwrap_or_else(Rating::unknown)
        }
    }
}
