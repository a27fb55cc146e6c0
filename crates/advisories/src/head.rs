use std::{borrow::Cow, collections::BTreeSet};

use findings_model::{AdvisoryId, Ecosystem, Package};
use serde::Deserialize;

use crate::record::{Record, RecordProblem};

/// What a record is about: enough to tell whether it matters, read without keeping the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: AdvisoryId,
    pub(crate) aliases: BTreeSet<AdvisoryId>,
    /// The packages it names; a CVE list's records name none.
    pub(crate) packages: BTreeSet<Package>,
    /// Whether it may be about other packages too: an entry of one cannot be read.
    pub(crate) misses_packages: bool,
}

impl Head {
    /// Reads the head of a record; one with odd fields is read as a whole, which takes longer and forgives more.
    pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Self, RecordProblem> {
        if let Ok(wire) = serde_json::from_slice::<HeadWire<'_>>(bytes)
            && let Ok(id) = AdvisoryId::parse(&wire.id)
        {
            let aliases = wire.aliases.unwrap_or_default();
            let mut aliases: BTreeSet<_> = aliases.iter().filter_map(|alias| AdvisoryId::parse(alias).ok()).collect();
            aliases.remove(&id);
            let named = wire.affected.unwrap_or_default();
            let packages = named.into_iter().filter_map(|affected| {
                let package = affected.package?;
                Package::new(Ecosystem::from(package.ecosystem.into_owned()), &package.name).ok()
            });
            return Ok(Self { id, aliases, packages: packages.collect(), misses_packages: false });
        }
        Record::read(name, bytes).map(|record| Self {
            packages: record.affected.into_iter().map(|affected| affected.package).collect(),
            id: record.id,
            aliases: record.aliases,
            misses_packages: record.misses_packages,
        })
    }
}

#[derive(Deserialize)]
struct HeadWire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    aliases: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    affected: Option<Vec<AffectedWire<'a>>>,
}

#[derive(Deserialize)]
struct AffectedWire<'a> {
    #[serde(borrow, default)]
    package: Option<PackageWire<'a>>,
}

#[derive(Deserialize)]
struct PackageWire<'a> {
    #[serde(borrow)]
    ecosystem: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}
