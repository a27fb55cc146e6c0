//! OpenVEX 0.2.0, and the bare strings of the versions before.
//!
//! Of several statements about one flaw of one product the newest counts, by whatever name they call the flaw. A statement about
//! one version, one variant or one part of a product says nothing of the others; one about the product as a whole speaks of all.

use std::collections::{BTreeSet, HashMap};

use findings_model::{AdvisoryId, Clearance, Ecosystem, Gap, Package, Rating, ReportFormat, Timestamp, identity};
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
    vulnerability: TextOr<'a, NamedFlaw<'a>>,
    #[serde(borrow, default)]
    products: List<TextOr<'a, Product<'a>>>,
    /// Up to 0.0.1 the parts stand beside the products, and are parts of each of them.
    #[serde(borrow, default)]
    subcomponents: List<TextOr<'a, Product<'a>>>,
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
struct NamedFlaw<'a> {
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

/// A product or a part of one, in one version and variant or, without them, in all.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Named {
    package: Package,
    version: Option<SmolStr>,
    /// What tells variants apart in a package URL: what stands behind its `?`.
    variant: String,
}

impl Named {
    fn in_all_versions(&self) -> Self {
        Self { package: self.package.clone(), version: None, variant: String::new() }
    }
}

/// What a statement is about: a product, or a part that it names of one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Target {
    product: Named,
    part: Option<Named>,
}

impl Target {
    /// The targets whose statements speak of this one too: its product or part in all versions, and the product as a whole.
    fn spoken_of_by(&self) -> impl Iterator<Item = Self> {
        let whole = self.product.in_all_versions();
        let parts = [self.part.clone(), self.part.as_ref().map(Named::in_all_versions), None];
        [self.product.clone(), whole]
            .into_iter()
            .flat_map(move |product| parts.clone().map(|part| Self { product: product.clone(), part }))
    }

    fn package(&self) -> &Named {
        self.part.as_ref().unwrap_or(&self.product)
    }
}

/// A statement that can be used.
struct Usable<'r, 'a> {
    statement: &'r Statement<'a>,
    id: AdvisoryId,
    aliases: BTreeSet<AdvisoryId>,
    targets: Vec<Target>,
    clearance: Option<Clearance>,
    /// When it was made, and where in the document: of two made at one time the later counts.
    age: (Option<Timestamp>, usize),
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
    let mut usable: Vec<Usable<'_, '_>> = Vec::new();
    for (index, record) in statements.iter().enumerate() {
        let Some(statement) = draft.open(record, "statements", index) else {
            continue;
        };
        // A statement without a time of its own has that of its document.
        let at = moment(&statement.last_updated).max(moment(&statement.timestamp)).or(of_document);
        usable.extend(take(&mut draft, statement, (at, index)));
    }
    let names: Vec<_> = usable.iter().map(|u| (&u.id, &u.aliases)).collect();
    let flaws = identity::flaw_classes(&names);
    let mut newest: HashMap<(usize, &Target), &Usable<'_, '_>> = HashMap::new();
    for (told, flaw) in usable.iter().zip(&flaws) {
        for target in &told.targets {
            let slot = newest.entry((*flaw, target)).or_insert(told);
            if told.age > slot.age {
                *slot = told;
            }
        }
    }
    for (told, flaw) in usable.iter().zip(&flaws) {
        for target in &told.targets {
            let speaking = target.spoken_of_by().filter_map(|target| newest.get(&(*flaw, &target)).copied());
            let counting = speaking.max_by_key(|other| other.age).unwrap_or(told);
            put_down(&mut draft, told, target, counting);
        }
    }
    Ok(vec![draft])
}

fn take<'r, 'a>(
    draft: &mut Draft,
    statement: &'r Statement<'a>,
    age: (Option<Timestamp>, usize),
) -> Option<Usable<'r, 'a>> {
    let index = age.1;
    let id = match AdvisoryId::parse(name_of(statement)) {
        Ok(id) => id,
        Err(error) => {
            draft.bad_record(format_args!("statements[{index}]"), error);
            return None;
        }
    };
    let clearance = match statement.status.or_empty() {
        "not_affected" => Some(Clearance::NotAffected),
        "fixed" => Some(Clearance::Fixed),
        "affected" | "under_investigation" => None,
        _ => {
            draft.bad_record(
                format_args!("statements[{index}]"),
                "its status is not one of OpenVEX's four; it counts as affected",
            );
            None
        }
    };
    let mut aliases: BTreeSet<AdvisoryId> = observe::aliases(named(statement).iter().flat_map(|n| n.aliases.iter()));
    aliases.remove(&id);
    let targets = targets_of(draft, statement, index);
    // Of parts that cannot be read nobody knows which ones are cleared.
    let parts = statement.products.items().iter().filter_map(|product| match product {
        TextOr::Object(whole) => Some(&whole.subcomponents),
        TextOr::Text(_) | TextOr::Neither => None,
    });
    let is_readable = parts.chain([&statement.subcomponents]).all(|parts| parts.wrong().is_none());
    let clearance = clearance.filter(|_| is_readable);
    Some(Usable { statement, id, aliases, targets, clearance, age })
}

/// Puts down what a statement names, with what the newest statement about it says.
fn put_down(draft: &mut Draft, told: &Usable<'_, '_>, target: &Target, counting: &Usable<'_, '_>) {
    let statement = counting.statement;
    let description = named(statement).and_then(|n| n.description.get());
    let description = description.or(statement.impact.get()).or(statement.notes.get());
    let of = target.package();
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package: of.package.clone(),
        version: of.version.as_deref(),
        aliases: told.aliases.iter().cloned().collect(),
        id: told.id.clone(),
        fix_versions: Vec::new(),
        rating: Rating::unknown(),
        description: description.unwrap_or_default(),
        url: None,
        clearance: counting.clearance,
    }));
}

fn named<'r, 'a>(statement: &'r Statement<'a>) -> Option<&'r NamedFlaw<'a>> {
    match &statement.vulnerability {
        TextOr::Object(named) => Some(named),
        TextOr::Text(_) | TextOr::Neither => None,
    }
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

/// What a statement is about: the subcomponents of its products where it names them.
fn targets_of(draft: &mut Draft, statement: &Statement<'_>, index: usize) -> Vec<Target> {
    let unnamed = || Gap::Unnamed(format!("the products of statements[{index}]"));
    let nameless = || Named { package: Package::unnamed(), version: None, variant: String::new() };
    let mut targets = Vec::new();
    let mut is_whole = true;
    let of_all = statement.subcomponents.checked(draft, unnamed, format_args!("statements[{index}].subcomponents"));
    for product in statement.products.checked(draft, unnamed, format_args!("statements[{index}].products")) {
        let parts = match product {
            TextOr::Object(whole) => {
                whole.subcomponents.checked(draft, unnamed, format_args!("statements[{index}]'s subcomponents"))
            }
            TextOr::Text(_) | TextOr::Neither => &[],
        };
        let parts = if parts.is_empty() { of_all } else { parts };
        let name = name_of_product(product);
        if parts.is_empty() {
            is_whole &= name.is_some();
            targets.extend(name.map(|product| Target { product, part: None }));
            continue;
        }
        // The parts of a product without a name are still parts of something.
        let product = name.unwrap_or_else(nameless);
        let before = targets.len();
        let parts_named = parts.iter().filter_map(name_of_product);
        targets.extend(parts_named.map(|part| Target { product: product.clone(), part: Some(part) }));
        is_whole &= targets.len() - before == parts.len();
    }
    if !is_whole {
        draft.blurred(unnamed(), format_args!("statements[{index}]"), "a product of it has no name");
    } else if targets.is_empty() {
        draft.blurred(unnamed(), format_args!("statements[{index}]"), "it names no product");
    }
    if targets.is_empty() {
        targets.push(Target { product: nameless(), part: None });
    }
    targets
}

fn name_of_product(product: &TextOr<'_, Product<'_>>) -> Option<Named> {
    let name = match product {
        TextOr::Text(text) => text,
        TextOr::Object(product) => product.identifiers.get().and_then(|i| i.purl.get()).or(product.id.get())?,
        TextOr::Neither => return None,
    };
    if let Some((package, version)) = observe::package_of_purl(name) {
        let variant = name.trim().split_once('?').map(|(_, variant)| variant.to_owned()).unwrap_or_default();
        return Some(Named { package, version, variant });
    }
    let package = Package::new(Ecosystem::from(String::new()), name).ok()?;
    Some(Named { package, version: None, variant: String::new() })
}
