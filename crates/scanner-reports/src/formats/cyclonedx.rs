//! CycloneDX 1.4 to 1.7 in JSON: vulnerabilities of a scanner, and VEX.
//!
//! A document without `vulnerabilities` is an inventory: it proves nothing about them.

use std::collections::HashMap;

use findings_model::{
    AdvisoryId, AdvisoryIds, Clearance, CvssScore, CvssVector, Ecosystem, Gap, Package, Rating, ReportFormat,
    ScanTarget, Severity, SeveritySource,
};
use serde::Deserialize;
use smol_str::SmolStr;

use super::named_after;
use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{List, Number, Part, Record, Text},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default, rename = "serialNumber")]
    serial: Text<'a>,
    #[serde(borrow, default)]
    metadata: Part<Metadata<'a>>,
    #[serde(borrow, default)]
    components: List<Record<Component<'a>>>,
    #[serde(borrow, default)]
    vulnerabilities: List<Record<Vulnerability<'a>>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    tools: Tools<'a>,
    #[serde(borrow, default)]
    component: Part<Component<'a>>,
}

/// A list of tools up to 1.4, an object with components since 1.5.
#[derive(Default)]
struct Tools<'a>(Vec<Record<Component<'a>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Tools<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Inside<'a> {
            #[serde(borrow, default)]
            components: List<Record<Component<'a>>>,
        }
        // Which of the two it is shows only in its first character.
        let raw = <&'de serde_json::value::RawValue>::deserialize(deserializer)?.get();
        let list = if raw.starts_with('{') {
            serde_json::from_str::<Inside<'de>>(raw).map(|inside| inside.components)
        } else {
            serde_json::from_str(raw)
        };
        match list {
            Ok(List::Items(tools)) => Ok(Self(tools)),
            Ok(List::Absent | List::Wrong(_)) | Err(_) => Ok(Self::default()),
        }
    }
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow, default, rename = "bom-ref")]
    reference: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    group: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    purl: Text<'a>,
    #[serde(borrow, default)]
    components: List<Record<Component<'a>>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    references: List<Record<Reference<'a>>>,
    #[serde(borrow, default)]
    source: Part<Origin<'a>>,
    #[serde(borrow, default)]
    ratings: List<Record<RatingWire<'a>>>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default)]
    detail: Text<'a>,
    #[serde(borrow, default)]
    analysis: Part<Analysis<'a>>,
    #[serde(borrow, default)]
    affects: List<Record<Affect<'a>>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
}

#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    url: Text<'a>,
}

#[derive(Deserialize)]
struct RatingWire<'a> {
    #[serde(borrow, default)]
    source: Part<Origin<'a>>,
    #[serde(borrow, default)]
    score: Number<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default)]
    method: Text<'a>,
    #[serde(borrow, default)]
    vector: Text<'a>,
}

#[derive(Deserialize)]
struct Analysis<'a> {
    #[serde(borrow, default)]
    state: Text<'a>,
}

#[derive(Deserialize)]
struct Affect<'a> {
    #[serde(borrow, default, rename = "ref")]
    reference: Text<'a>,
    #[serde(borrow, default)]
    versions: List<Record<AffectedVersion<'a>>>,
}

#[derive(Deserialize)]
struct AffectedVersion<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
}

/// How deep components may contain components; the reader's own limit on nesting comes first.
const DEEPEST: usize = 128;

/// Tools whose empty list of vulnerabilities means that they looked.
const SCANNERS: [&str; 10] = [
    "trivy",
    "grype",
    "pip-audit",
    "osv-scanner",
    "safety",
    "semgrep",
    "snyk",
    "dependency-track",
    "dependency-check",
    "blint",
];

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    Claim::sure_if(outline.has("bomFormat"))
        .or_maybe_if(outline.has("specVersion") && (outline.has("components") || outline.has("vulnerabilities")))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::CycloneDx);
    let mut is_scanner = false;
    let mut is_of_trivy = false;
    if let Some(metadata) = document.metadata.get() {
        draft.observed_at = metadata.timestamp.get().and_then(|at| clean::moment(at, source.now));
        draft.looked_at.target = metadata.component.get().and_then(target);
        for tool in metadata.tools.0.iter().filter_map(Record::good) {
            let name = tool.name.or_empty().to_ascii_lowercase();
            is_scanner |= SCANNERS.iter().any(|scanner| name.contains(scanner));
            is_of_trivy |= name.contains("trivy");
            if let Some(format) = ReportFormat::ALL.into_iter().find(|format| name == format.as_str()) {
                draft.scanner = format.scanner();
                draft.tool_version = tool.version.get().and_then(clean::version);
            }
        }
    }
    let ecosystem = if draft.scanner == ReportFormat::CycloneDx.scanner()
        && named_after(source) == Some(ReportFormat::PipAudit)
        && is_of_pip_audit(&document)
    {
        draft.scanner = ReportFormat::PipAudit.scanner();
        Ecosystem::pypi()
    } else if draft.scanner == ReportFormat::PipAudit.scanner() {
        Ecosystem::pypi()
    } else {
        Ecosystem::from(String::new())
    };
    if let List::Wrong(kind) = &document.components {
        draft.bad_record(
            "components",
            format_args!("it is {}, not an array: what is affected cannot be told", kind.words()),
        );
    }
    let inventory = Inventory::of(&mut draft, &document, &ecosystem);
    draft.looked_at.lists_packages = !document.components.items().is_empty();
    draft.looked_at.packages = inventory
        .by_reference
        .values()
        .filter(|p| p.in_inventory)
        .map(|p| (p.package.clone(), p.version.clone()))
        .collect();
    match &document.vulnerabilities {
        List::Absent => draft.fail("it is an inventory: without `vulnerabilities` it shows that nothing was looked up"),
        List::Wrong(kind) => draft.fail(format!("`vulnerabilities` is {}, not an array", kind.words())),
        List::Items(records) if records.is_empty() && !is_scanner => {
            draft.fail("it is an inventory: `vulnerabilities` is empty and none of its tools is known to look them up");
        }
        // Of a scanned inventory trivy writes what it found alone, without components.
        List::Items(records) if records.is_empty() && is_of_trivy && !matches!(document.components, List::Absent) => {
            draft.gap(
                Gap::Unnamed("everything that trivy may not have looked up".to_owned()),
                "it may be an inventory: trivy leaves `vulnerabilities` empty unless it is told to look them up (`--scanners vuln`), and \
                 also when it found none: to show that, let it write its own JSON (`--format json --scanners vuln`)",
            );
        }
        List::Items(records) => {
            for (index, record) in records.iter().enumerate() {
                if let Some(vulnerability) = draft.open(record, "vulnerabilities", index) {
                    take(&mut draft, vulnerability, &inventory, index);
                }
            }
        }
    }
    Ok(vec![draft])
}

/// What the document is about, by the component that it calls its own.
fn target(product: &Component<'_>) -> Option<ScanTarget> {
    let name = clean::words(product.name.get()?);
    Some(match product.kind.or_empty() {
        "container" => ScanTarget::image(&name),
        "file" => ScanTarget::project(),
        _ => ScanTarget::product(&name, product.version.get()),
    })
}

/// Whether a document could be pip-audit's, which names neither itself nor an ecosystem: only components with a bare name, and no VEX.
fn is_of_pip_audit(document: &Document<'_>) -> bool {
    let components = document.components.items();
    let is_bare =
        |c: &Record<Component<'_>>| c.good().is_some_and(|c| c.purl.get().is_none() && c.group.get().is_none());
    let is_vex = |v: &Record<Vulnerability<'_>>| v.good().is_none_or(|v| v.analysis.get().is_some());
    !components.is_empty() && components.iter().all(is_bare) && !document.vulnerabilities.items().iter().any(is_vex)
}

#[derive(Clone)]
struct Listed {
    package: Package,
    version: Option<SmolStr>,
    /// A part of the inventory, not the product that the document is about.
    in_inventory: bool,
}

/// The document's components by their references.
struct Inventory {
    /// How links to this document start: `urn:cdx:SERIAL/`.
    own_link: Option<String>,
    by_reference: HashMap<String, Listed>,
    product: Option<Listed>,
}

impl Inventory {
    /// `ecosystem` is that of components without a package URL.
    fn of(draft: &mut Draft, document: &Document<'_>, ecosystem: &Ecosystem) -> Self {
        let serial = document.serial.get().and_then(|serial| serial.trim().strip_prefix("urn:uuid:"));
        let own_link = serial.map(|serial| format!("urn:cdx:{serial}/"));
        let mut inventory = Self { own_link, by_reference: HashMap::new(), product: None };
        let product = document.metadata.get().and_then(|m| m.component.get());
        inventory.product = product.and_then(|p| listed(p, ecosystem, false));
        if let (Some(product), Some(listed)) = (product, inventory.product.clone()) {
            inventory.by_reference.insert(product.reference.or_empty().to_owned(), listed);
        }
        let mut levels = vec![document.components.items().iter()];
        if let Some(product) = product {
            levels.push(product.components.items().iter());
        }
        while let Some(level) = levels.last_mut() {
            let Some(record) = level.next() else {
                levels.pop();
                continue;
            };
            let Some(component) = record.good() else {
                draft.bad_record("a component", "it is not an object");
                continue;
            };
            if let Some(listed) = listed(component, ecosystem, true) {
                let reference = component.reference.get().or(component.purl.get()).unwrap_or(component.name.or_empty());
                inventory.by_reference.insert(reference.to_owned(), listed);
            }
            if levels.len() < DEEPEST {
                levels.push(component.components.items().iter());
            }
        }
        inventory
    }

    /// The component that a reference means: one of this document, a package URL, or the end of a link into another document.
    fn find(&self, reference: &str) -> Option<Listed> {
        let own =
            self.own_link.as_ref().and_then(|link| reference.strip_prefix(link)).and_then(|link| link.split_once('#'));
        if let Some(listed) = self.by_reference.get(own.map_or(reference, |(_version, fragment)| fragment)) {
            return Some(listed.clone());
        }
        let fragment = reference
            .strip_prefix("urn:cdx:")
            .and_then(|link| link.split_once('#'))
            .map_or(reference, |(_, fragment)| fragment);
        if let Some((package, version)) = observe::package_of_purl(fragment) {
            return Some(Listed { package, version, in_inventory: false });
        }
        let package = Package::new(Ecosystem::from(String::new()), fragment).ok()?;
        Some(Listed { package, version: None, in_inventory: false })
    }
}

fn listed(component: &Component<'_>, ecosystem: &Ecosystem, in_inventory: bool) -> Option<Listed> {
    let version = component.version.get().map(SmolStr::new);
    if let Some((package, of_purl)) = component.purl.get().and_then(observe::package_of_purl) {
        return Some(Listed { package, version: version.or(of_purl), in_inventory });
    }
    let name = match component.group.get() {
        Some(group) => format!("{group}/{}", component.name.or_empty()),
        None => component.name.or_empty().to_owned(),
    };
    let package = Package::new(ecosystem.clone(), &name).ok()?;
    Some(Listed { package, version, in_inventory })
}

fn take(draft: &mut Draft, vulnerability: &Vulnerability<'_>, inventory: &Inventory, index: usize) {
    let ids = std::iter::once(vulnerability.id.get())
        .chain(vulnerability.references.items().iter().map(|r| r.good()?.id.get()));
    let mut ids = ids.flatten();
    let id = ids.next().unwrap_or_default();
    let id = match AdvisoryId::parse(id) {
        Ok(id) => id,
        Err(error) => return draft.bad_record(format_args!("vulnerabilities[{index}]"), error),
    };
    let aliases: AdvisoryIds = observe::aliases(ids);
    let clearance = vulnerability.analysis.get().and_then(|a| clearance(a.state.or_empty()));
    let rating = rating_of(vulnerability);
    let unknown = || {
        Package::new(Ecosystem::from(String::new()), "unknown").ok().map(|package| Listed {
            package,
            version: None,
            in_inventory: false,
        })
    };
    let mut affected: Vec<(Listed, Option<Clearance>)> = Vec::new();
    let unnamed = || Gap::Unnamed(format!("what vulnerabilities[{index}] affects"));
    let affects = vulnerability.affects.checked(draft, unnamed, format_args!("vulnerabilities[{index}].affects"));
    for (at, record) in affects.iter().enumerate() {
        let Some(affect) = draft.open(record, &format!("vulnerabilities[{index}].affects"), at) else {
            continue;
        };
        let Some(mut listed) = affect.reference.get().and_then(|r| inventory.find(r)) else {
            draft.bad_record(format_args!("vulnerabilities[{index}].affects[{at}]"), "it refers to nothing");
            continue;
        };
        let versions: Vec<_> = affect.versions.items().iter().filter_map(Record::good).collect();
        let is_unaffected = is_unaffected(&versions, listed.version.as_deref());
        if listed.version.is_none()
            && let [only] = versions.as_slice()
        {
            listed.version = only.version.get().map(SmolStr::new);
        }
        affected.push((listed, clearance.or(is_unaffected.then_some(Clearance::NotAffected))));
    }
    if affected.is_empty() && vulnerability.affects.items().is_empty() {
        affected.extend(inventory.product.clone().or_else(unknown).map(|listed| (listed, clearance)));
    }
    for (listed, clearance) in affected {
        draft.vulnerability(observe::vulnerability(VulnerabilityParts {
            package: listed.package,
            version: listed.version.as_deref(),
            id: id.clone(),
            aliases: aliases.clone(),
            fix_versions: Vec::new(),
            rating: rating.clone(),
            description: vulnerability.description.get().or(vulnerability.detail.get()).unwrap_or_default(),
            url: vulnerability.source.get().and_then(|s| s.url.get()),
            clearance,
        }));
    }
}

/// Whether a list of versions says that a component is not affected: its own version counts where it is listed, else all of them. Of
/// a component at one version a list of others says nothing, unless a range is in it.
fn is_unaffected(versions: &[&AffectedVersion<'_>], own: Option<&str>) -> bool {
    let is_unaffected = |v: &&&AffectedVersion<'_>| v.status.or_empty() == "unaffected";
    let mut of_own = versions.iter().filter(|v| own.is_some() && v.version.get() == own).peekable();
    if of_own.peek().is_some() {
        return of_own.all(|v| is_unaffected(&v));
    }
    let may_be_meant = versions.iter().any(|v| own.is_none() || v.version.get().is_none());
    may_be_meant && versions.iter().all(|v| is_unaffected(&v))
}

fn clearance(state: &str) -> Option<Clearance> {
    Some(match state {
        "resolved" | "resolved_with_pedigree" => Clearance::Fixed,
        "not_affected" => Clearance::NotAffected,
        "false_positive" => Clearance::FalsePositive,
        _ => return None,
    })
}

/// The highest of the ratings, each by its vector, else its CVSS score, else its word. Every vector is kept.
fn rating_of(vulnerability: &Vulnerability<'_>) -> Rating {
    let mut best = Rating::unknown();
    let mut vectors = Vec::new();
    for wire in vulnerability.ratings.items().iter().filter_map(Record::good) {
        let vector = wire.vector.get().and_then(|vector| vector_of(vector, wire.method.or_empty()));
        // Exploit probabilities and lists of exploited flaws come as ratings too.
        let method = wire.method.or_empty().to_ascii_lowercase();
        let origin = wire.source.get().map(|s| s.name.or_empty().to_ascii_lowercase()).unwrap_or_default();
        let is_cvss = method.starts_with("cvss")
            || (method.is_empty() && !origin.contains("epss") && !origin.contains("kev") && origin != "first");
        let stated = wire.score.real().filter(|_| is_cvss).and_then(observe::rated_by_score);
        let base = vector.as_ref().and_then(CvssVector::score);
        let base = base.map(|score| Rating::scored(score, SeveritySource::Scanner));
        // What a score of this product's own environment comes to is only in the score: the base metrics know nothing of it.
        let rating = if vector.as_ref().is_some_and(is_environmental) { stated.or(base) } else { base.or(stated) };
        let rating = rating.or_else(|| {
            Severity::from_word(wire.severity.or_empty()).map(|s| Rating::word(s, SeveritySource::Scanner))
        });
        vectors.extend(vector);
        if let Some(rating) = rating
            && (rating.severity.rank(), rating.score.map(CvssScore::value))
                > (best.severity.rank(), best.score.map(CvssScore::value))
        {
            best = rating;
        }
    }
    best.vectors =
        Rating::from_vectors(vectors, SeveritySource::Scanner).map(|rating| rating.vectors).unwrap_or_default();
    best
}

/// Whether a vector says how bad a flaw is in one environment, beside how bad it is in general.
fn is_environmental(vector: &CvssVector) -> bool {
    const METRICS: [&str; 20] = [
        "MAV", "MAC", "MAT", "MPR", "MUI", "MS", "MC", "MI", "MA", "MVC", "MVI", "MVA", "MSC", "MSI", "MSA", "CR",
        "IR", "AR", "CDP", "TD",
    ];
    let mut metrics = vector.as_str().split('/').filter_map(|part| part.split_once(':'));
    metrics.any(|(name, value)| METRICS.contains(&name) && !matches!(value, "X" | "ND"))
}

/// A vector, also one whose version stands only in the rating's method.
fn vector_of(vector: &str, method: &str) -> Option<CvssVector> {
    let prefix = match method {
        "CVSSv4" => "CVSS:4.0/",
        "CVSSv31" => "CVSS:3.1/",
        "CVSSv3" => "CVSS:3.0/",
        _ => "",
    };
    if vector.starts_with("CVSS:") {
        return CvssVector::parse(vector).ok();
    }
    CvssVector::parse(&format!("{prefix}{vector}")).ok()
}
