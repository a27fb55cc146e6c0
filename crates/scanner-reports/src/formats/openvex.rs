//! OpenVEX 0.2.0, and the bare strings of the versions before.
//!
//! Of several statements about one flaw of one product the newest counts.

use std::collections::BTreeMap;

use findings_model::{AdvisoryId, Clearance, Ecosystem, Gap, Package, Rating, ReportFormat, Timestamp};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{List, Part, Record, Text, TextOr, Texts},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    last_updated: Text<'a>,
    #[serde(borrow, default)]
    statements: List<Record<Statement<'a>>>,
}

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(borrow, default)]
    vulnerability: TextOr<'a, Named<'a>>,
    #[serde(borrow, default)]
    products: List<TextOr<'a, Product<'a>>>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    last_updated: Text<'a>,
    #[serde(borrow, default, rename = "impact_statement")]
    impact: Text<'a>,
    #[serde(borrow, default, rename = "status_notes")]
    notes: Text<'a>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default, rename = "@id")]
    id: Text<'a>,
    #[serde(borrow, default)]
    aliases: Texts<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
}

#[derive(Deserialize)]
struct Product<'a> {
    #[serde(borrow, default, rename = "@id")]
    id: Text<'a>,
    #[serde(borrow, default)]
    identifiers: Part<Identifiers<'a>>,
    #[serde(borrow, default)]
    subcomponents: List<TextOr<'a, Product<'a>>>,
}

#[derive(Deserialize)]
struct Identifiers<'a> {
    #[serde(borrow, default)]
    purl: Text<'a>,
}

/// The statement that counts for one flaw of one package.
#[derive(Clone)]
struct Chosen {
    at: Option<Timestamp>,
    index: usize,
    version: Option<SmolStr>,
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    Claim::sure_if(outline.has("@context") && outline.has("statements"))
        .or_maybe_if(outline.first_has("statements", &["vulnerability", "status"]))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::OpenVex);
    let moment = |text: &Text<'_>| text.get().and_then(|at| clean::moment(at, source.now));
    let updated = moment(&document.last_updated);
    let of_document = moment(&document.timestamp).or(updated);
    draft.observed_at = of_document.max(updated);
    let statements = match document.statements.required("statements") {
        Ok(statements) => statements,
        Err(reason) => return Ok(vec![Draft::failed(ReportFormat::OpenVex, reason)]),
    };
    draft.blank = statements.is_empty();
    // (package, flaw) to the newest statement; of two at one time the later in the document.
    let mut newest: BTreeMap<(Package, AdvisoryId), Chosen> = BTreeMap::new();
    for (index, record) in statements.iter().enumerate() {
        let Some(statement) = draft.open(record, "statements", index) else {
            continue;
        };
        let id = match AdvisoryId::parse(name_of(statement)) {
            Ok(id) => id,
            Err(error) => {
                draft.bad_record(format_args!("statements[{index}]"), error);
                continue;
            }
        };
        // A statement without a time of its own has that of its document.
        let at = moment(&statement.last_updated).max(moment(&statement.timestamp)).or(of_document);
        for (package, version) in products_of(&mut draft, statement, index) {
            let chosen = Chosen { at, index, version };
            let slot = newest.entry((package, id.clone())).or_insert_with(|| chosen.clone());
            if at >= slot.at {
                *slot = chosen;
            }
        }
    }
    let mut ordered: Vec<_> = newest.into_iter().collect();
    ordered.sort_by_key(|(_, chosen)| chosen.index);
    for ((package, id), chosen) in ordered {
        if let Some(statement) = statements[chosen.index].good() {
            take(&mut draft, statement, package, id, &chosen);
        }
    }
    Ok(vec![draft])
}

fn take(draft: &mut Draft, statement: &Statement<'_>, package: Package, id: AdvisoryId, chosen: &Chosen) {
    let clearance = match statement.status.or_empty() {
        "not_affected" => Some(Clearance::NotAffected),
        "fixed" => Some(Clearance::Fixed),
        "affected" | "under_investigation" => None,
        _ => {
            draft.bad_record(
                format_args!("statements[{}]", chosen.index),
                "its status is none of OpenVEX's four; it counts as affected",
            );
            None
        }
    };
    let named = match &statement.vulnerability {
        TextOr::Object(named) => Some(named),
        TextOr::Text(_) | TextOr::Neither => None,
    };
    let description = named.and_then(|n| n.description.get()).or(statement.impact.get()).or(statement.notes.get());
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: chosen.version.as_deref(),
        aliases: observe::aliases(named.iter().flat_map(|n| n.aliases.iter())),
        id,
        fix_versions: Vec::new(),
        rating: Rating::unknown(),
        description: description.unwrap_or_default(),
        url: None,
        clearance,
    }));
}

fn name_of<'r>(statement: &'r Statement<'_>) -> &'r str {
    match &statement.vulnerability {
        TextOr::Text(text) => text,
        // An `@id` is an address that ends in the name.
        TextOr::Object(named) => {
            named.name.get().unwrap_or_else(|| named.id.or_empty().rsplit('/').next().unwrap_or_default())
        }
        TextOr::Neither => "",
    }
}

/// The packages that a statement is about: the subcomponents of its products where it names them.
fn products_of(draft: &mut Draft, statement: &Statement<'_>, index: usize) -> Vec<(Package, Option<SmolStr>)> {
    let unnamed = || Gap::Unnamed(format!("the products of statements[{index}]"));
    let mut packages = Vec::new();
    let mut is_whole = true;
    for product in statement.products.checked(draft, unnamed, format_args!("statements[{index}].products")) {
        let parts = match product {
            TextOr::Object(whole) => {
                whole.subcomponents.checked(draft, unnamed, format_args!("statements[{index}]'s subcomponents"))
            }
            TextOr::Text(_) | TextOr::Neither => &[],
        };
        let named = if parts.is_empty() { std::slice::from_ref(product) } else { parts };
        let before = packages.len();
        packages.extend(named.iter().filter_map(package_of));
        is_whole &= packages.len() - before == named.len();
    }
    if !is_whole {
        draft.blurred(unnamed(), format_args!("statements[{index}]"), "a product of it has no name");
    }
    if packages.is_empty() {
        packages.extend(Package::new(Ecosystem::from(String::new()), "unknown").ok().map(|package| (package, None)));
    }
    packages
}

fn package_of(product: &TextOr<'_, Product<'_>>) -> Option<(Package, Option<SmolStr>)> {
    let name = match product {
        TextOr::Text(text) => text,
        TextOr::Object(product) => product.identifiers.get().and_then(|i| i.purl.get()).or(product.id.get())?,
        TextOr::Neither => return None,
    };
    observe::package_of_purl(name).or_else(|| Some((Package::new(Ecosystem::from(String::new()), name).ok()?, None)))
}
