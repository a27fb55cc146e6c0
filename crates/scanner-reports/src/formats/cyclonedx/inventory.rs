//! What a document lists, and what its references mean.

use std::collections::HashMap;

use findings_model::{Ecosystem, Package};
use smol_str::SmolStr;

use super::{Component, Document};
use crate::{
    clean,
    draft::Draft,
    observe,
    wire::{List, Record},
};

/// How deep components may contain components; the reader's own limit on nesting comes first.
const DEEPEST: usize = 128;

#[derive(Clone)]
pub(super) struct Listed {
    pub(super) package: Package,
    pub(super) version: Option<SmolStr>,
    /// A part of the inventory, not the product that the document is about.
    pub(super) in_inventory: bool,
}

impl Listed {
    /// Something of which only a name is known.
    pub(super) fn named(name: &str) -> Option<Self> {
        let package = Package::new(Ecosystem::from(String::new()), name).ok()?;
        Some(Self { package, version: None, in_inventory: false })
    }

    pub(super) fn unnamed() -> Self {
        Self { package: Package::unnamed(), version: None, in_inventory: false }
    }
}

/// The document's components by their references.
pub(super) struct Inventory {
    /// How links to this document start: `urn:cdx:SERIAL/`.
    own_link: Option<String>,
    by_reference: HashMap<String, Listed>,
    product: Option<Listed>,
}

impl Inventory {
    /// `ecosystem` is that of components without a package URL.
    pub(super) fn of(draft: &mut Draft, document: &Document<'_>, ecosystem: &Ecosystem) -> Self {
        let serial = document.serial.get().and_then(|serial| serial.trim().strip_prefix("urn:uuid:"));
        let own_link = serial.map(|serial| format!("urn:cdx:{serial}/"));
        let mut inventory = Self { own_link, by_reference: HashMap::new(), product: None };
        let product = document.metadata.get().and_then(|m| m.component.get());
        inventory.product = product.and_then(|p| listed(p, ecosystem, false));
        if let (Some(product), Some(listed)) = (product, inventory.product.clone()) {
            inventory.by_reference.insert(product.reference.or_empty().to_owned(), listed);
        }
        inventory.take(
            draft,
            &document.services,
            |service| &service.services,
            |service| listed(service, ecosystem, false),
        );
        let mut take_components =
            |components| inventory.take(draft, components, |c| &c.components, |c| listed(c, ecosystem, true));
        if let Some(product) = product {
            take_components(&product.components);
        }
        take_components(&document.components);
        inventory
    }

    /// Takes in what a list holds, with what is inside each of its parts.
    fn take<'r, 'a>(
        &mut self,
        draft: &mut Draft,
        list: &'r List<Record<Component<'a>>>,
        inside: impl Fn(&'r Component<'a>) -> &'r List<Record<Component<'a>>>,
        listed: impl Fn(&Component<'a>) -> Option<Listed>,
    ) {
        let mut levels = vec![list.items().iter()];
        while let Some(level) = levels.last_mut() {
            let Some(record) = level.next() else {
                levels.pop();
                continue;
            };
            let Some(component) = record.good() else {
                draft.bad_record("a component", "it is not an object");
                continue;
            };
            if let Some(listed) = listed(component) {
                let reference = component.reference.get().or(component.purl.get()).unwrap_or(component.name.or_empty());
                self.by_reference.insert(reference.to_owned(), listed);
            }
            if levels.len() < DEEPEST {
                levels.push(inside(component).items().iter());
            }
        }
    }

    /// The component that a reference means: one of this document, a package URL, or the end of a link into another document. None for a
    /// reference to nothing.
    pub(super) fn find(&self, reference: &str) -> Option<Listed> {
        let own =
            self.own_link.as_ref().and_then(|link| reference.strip_prefix(link)).and_then(|link| link.split_once('#'));
        let fragment = own.map(|(_version, fragment)| fragment);
        let by_reference = |reference: &str| self.by_reference.get(reference).cloned();
        let listed = by_reference(fragment.unwrap_or(reference));
        if let Some(listed) = listed.or_else(|| by_reference(&clean::percent_decoded(fragment?))) {
            return Some(listed);
        }
        let linked = reference.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#'));
        let linked = linked.map(|(_document, fragment)| fragment);
        let named = linked.unwrap_or(reference);
        // What stands behind the `#` of a link may be written with `%3A` for `:`, as all of an address may.
        let decoded = clean::percent_decoded(named);
        if let Some((package, version)) =
            observe::package_of_purl(named).or_else(|| observe::package_of_purl(&decoded).filter(|_| linked.is_some()))
        {
            return Some(Listed { package, version, in_inventory: false });
        }
        linked.and_then(|_| Listed::named(&decoded))
    }

    /// The components that are parts of the inventory.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.by_reference.values().filter(|listed| listed.in_inventory)
    }

    /// The component that a vulnerability is about which names none: of a statement about the product, or of a document that is about
    /// nothing else, the product; and the only component, where there is but one.
    pub(super) fn meant(&self, is_statement: bool) -> Option<&Listed> {
        if is_statement || self.listed().next().is_none() {
            return self.product.as_ref();
        }
        let mut listed = self.listed();
        listed.next().filter(|first| listed.all(|other| other.package == first.package))
    }
}

fn listed(component: &Component<'_>, ecosystem: &Ecosystem, in_inventory: bool) -> Option<Listed> {
    let version = component.version.get().and_then(clean::version);
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
