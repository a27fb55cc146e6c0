//! CycloneDX 1.4 to 1.7 in JSON: vulnerabilities of a scanner, and VEX.
//!
//! A document without `vulnerabilities` is an inventory: it proves nothing about them.

mod inventory;
mod ranges;
mod ratings;

use findings_model::{AdvisoryId, AdvisoryIds, Clearance, Ecosystem, Gap, ReportFormat, ScanTarget};
use serde::Deserialize;

use self::{
    inventory::{Inventory, Listed},
    ratings::rating_of,
};
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
    /// What the product calls over a network; a vulnerability may be about one of them.
    #[serde(borrow, default)]
    services: List<Record<Component<'a>>>,
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

/// A list of tools up to 1.4, an object with components and services since 1.5.
#[derive(Default)]
struct Tools<'a>(Vec<Record<Component<'a>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Tools<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Inside<'a> {
            #[serde(borrow, default)]
            components: List<Record<Component<'a>>>,
            #[serde(borrow, default)]
            services: List<Record<Component<'a>>>,
        }
        // Which of the two it is shows only in its first character.
        let raw = <&'de serde_json::value::RawValue>::deserialize(deserializer)?.get();
        let lists = if raw.starts_with('{') {
            serde_json::from_str::<Inside<'de>>(raw).map(|inside| vec![inside.components, inside.services])
        } else {
            serde_json::from_str(raw).map(|list| vec![list])
        };
        let tools = lists.into_iter().flatten().flat_map(|list| match list {
            List::Items(tools) => tools,
            List::Absent | List::Wrong(_) => Vec::new(),
        });
        Ok(Self(tools.collect()))
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
    /// The services that a service is made of.
    #[serde(borrow, default)]
    services: List<Record<Component<'a>>>,
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
    range: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
}

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
    for part in inventory.listed() {
        draft.looked_at_package(part.package.clone(), part.version.clone());
    }
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
    let of_all = vulnerability.analysis.get().and_then(|a| clearance(a.state.or_empty()));
    let rating = rating_of(vulnerability);
    let is_statement = vulnerability.analysis.get().is_some_and(|a| a.state.get().is_some());
    for (listed, clearance) in affected(draft, vulnerability, inventory, is_statement, index) {
        let clearance = of_all.or(clearance);
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

/// What a vulnerability is about, and whether the version there is said not to be affected.
fn affected(
    draft: &mut Draft,
    vulnerability: &Vulnerability<'_>,
    inventory: &Inventory,
    is_statement: bool,
    index: usize,
) -> Vec<(Listed, Option<Clearance>)> {
    let place = format_args!("vulnerabilities[{index}]");
    let unnamed = || Gap::Unnamed(format!("what vulnerabilities[{index}] affects"));
    let affects = vulnerability.affects.checked(draft, unnamed, format_args!("{place}.affects"));
    let lists_any = inventory.listed().next().is_some();
    let mut affected = Vec::new();
    let mut is_told = true;
    for (at, record) in affects.iter().enumerate() {
        let Some(affect) = draft.open(record, &format!("vulnerabilities[{index}].affects"), at) else {
            continue;
        };
        let reference = affect.reference.get();
        let found = reference.and_then(|r| inventory.find(r));
        // A statement that stands alone calls what it is about by a name of its own.
        let by_name =
            || reference.filter(|_| !lists_any && (is_statement || affects.len() > 1)).and_then(Listed::named);
        let Some(mut listed) = found.or_else(by_name) else {
            is_told &= reference.is_some() && !lists_any;
            continue;
        };
        let versions: Vec<_> = affect.versions.items().iter().filter_map(Record::good).collect();
        let is_unaffected = is_unaffected(&versions, listed.version.as_deref());
        if listed.version.is_none()
            && let [only] = versions.as_slice()
        {
            listed.version = only.version.get().and_then(clean::version);
        }
        affected.push((listed, is_unaffected.then_some(Clearance::NotAffected)));
    }
    if !is_told {
        draft.blurred(unnamed(), place, "it affects something that the document does not list");
    }
    if affected.is_empty() {
        let meant = inventory.meant(is_statement).filter(|_| affects.is_empty());
        if affects.is_empty() && meant.is_none_or(|meant| meant.in_inventory) {
            let gap = meant.map_or_else(unnamed, |only| Gap::Package(only.package.clone()));
            draft.blurred(gap, place, "it does not say which package it is about");
        }
        affected.push((meant.cloned().unwrap_or_else(Listed::unnamed), None));
    }
    affected
}

/// Whether a list of versions says that a component is not affected: its own version counts where it is listed, else the ranges that
/// may hold it. Without a version of its own all of the list counts.
fn is_unaffected(versions: &[&AffectedVersion<'_>], own: Option<&str>) -> bool {
    let is_unaffected = |v: &AffectedVersion<'_>| v.status.or_empty() == "unaffected";
    let Some(own) = own else {
        return !versions.is_empty() && versions.iter().all(|v| is_unaffected(v));
    };
    let mut of_own =
        versions.iter().filter(|v| v.version.get().and_then(clean::version).as_deref() == Some(own)).peekable();
    if of_own.peek().is_some() {
        return of_own.all(|v| is_unaffected(v));
    }
    let held = |v: &AffectedVersion<'_>| v.range.get().map_or(Some(true), |range| ranges::holds(range, own));
    let told = versions.iter().filter(|v| v.version.get().is_none()).map(|v| (v, held(v)));
    let mut may_hold = told.filter(|(_, held)| *held != Some(false)).peekable();
    may_hold.peek().is_some() && may_hold.all(|(v, held)| held == Some(true) && is_unaffected(v))
}

fn clearance(state: &str) -> Option<Clearance> {
    Some(match state {
        "resolved" | "resolved_with_pedigree" => Clearance::Fixed,
        "not_affected" => Clearance::NotAffected,
        "false_positive" => Clearance::FalsePositive,
        _ => return None,
    })
}
