//! What lock files of Python packages tell of who needs whom.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::PackageName;
use serde::{Deserialize, de::IgnoredAny};

/// The packages of a lock file and what each needs.
pub(super) struct LockFile {
    needs: BTreeMap<PackageName, BTreeSet<PackageName>>,
    /// The packages that the lock file says lie in the project's own folder.
    in_project: BTreeSet<PackageName>,
    /// Packages of which the lock file says no place to get them from.
    of_no_place: BTreeSet<PackageName>,
}

impl LockFile {
    /// Reads any of the formats.
    pub(super) fn read(text: &str) -> Result<Self, toml::de::Error> {
        let wire = toml::from_str::<Lock>(text)?;
        let mut lock = Self { needs: BTreeMap::new(), in_project: BTreeSet::new(), of_no_place: BTreeSet::new() };
        for package in wire.packages {
            lock.add(package);
        }
        Ok(lock)
    }

    fn add(&mut self, package: Locked) {
        let Ok(name) = PackageName::parse(&package.name) else { return };
        if package.lies_in_project() {
            self.in_project.insert(name.clone());
        } else if package.has_no_place() {
            self.of_no_place.insert(name.clone());
        }
        let optional = package.optional_dependencies.into_values().flatten().map(|n| n.name);
        let needs = package.dependencies.map(|d| d.0).unwrap_or_default().into_iter().chain(optional);
        self.needs.entry(name).or_default().extend(needs.filter_map(|n| PackageName::parse(&n).ok()));
    }

    /// What the project itself needs, extras too; none where the lock file has no entry of it, or the entry lists nothing: whether
    /// the project needs nothing or the entry leaves it out is not known then.
    pub(super) fn needs_of_project(&self, name: Option<&PackageName>) -> Option<BTreeSet<PackageName>> {
        let named = name.filter(|name| self.of_no_place.contains(*name));
        let own = self.in_project.iter().chain(named).filter_map(|own| self.needs.get(own));
        let needs: BTreeSet<PackageName> = own.flatten().cloned().collect();
        (!needs.is_empty()).then_some(needs)
    }

    /// These packages, and everything that they need in turn.
    pub(super) fn closure(&self, direct: &BTreeSet<PackageName>) -> BTreeSet<PackageName> {
        let mut closure = BTreeSet::new();
        let mut ahead: Vec<&PackageName> = direct.iter().collect();
        while let Some(name) = ahead.pop() {
            if closure.insert(name.clone()) {
                ahead.extend(self.needs.get(name).into_iter().flatten());
            }
        }
        closure
    }

    pub(super) fn has_edges(&self) -> bool {
        self.needs.values().any(|needs| !needs.is_empty())
    }

    pub(super) fn into_names(self) -> BTreeSet<PackageName> {
        self.needs.into_keys().collect()
    }
}

/// The parts of the three lock formats that name packages and their dependencies.
#[derive(Deserialize)]
struct Lock {
    #[serde(default, alias = "package")]
    packages: Vec<Locked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Locked {
    name: String,
    #[serde(default)]
    dependencies: Option<Dependencies>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Named>>,
    /// `uv.lock` and `poetry.lock`: where the package comes from; the latter says it only where that is no index.
    source: Option<Source>,
    /// `pylock.toml`: the folder that the package lies in.
    directory: Option<Directory>,
    wheels: Option<IgnoredAny>,
    sdist: Option<IgnoredAny>,
    files: Option<IgnoredAny>,
}

impl Locked {
    fn lies_in_project(&self) -> bool {
        let folders = self.source.iter().flat_map(|source| [&source.editable, &source.r#virtual, &source.directory]);
        let mut folders = folders.flatten().chain(self.directory.as_ref().map(|directory| &directory.path));
        folders.any(|path| matches!(path.as_str(), "." | "./"))
    }

    fn has_no_place(&self) -> bool {
        let has_files = self.wheels.is_some() || self.sdist.is_some() || self.files.is_some();
        self.source.is_none() && self.directory.is_none() && !has_files
    }
}

#[derive(Deserialize)]
struct Source {
    editable: Option<String>,
    r#virtual: Option<String>,
    directory: Option<String>,
}

#[derive(Deserialize)]
struct Directory {
    path: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// `uv.lock` and `pylock.toml` list tables with a name, `poetry.lock` has a table by name.
struct Dependencies(Vec<String>);

impl<'de> Deserialize<'de> for Dependencies {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Dependencies;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of tables with a name, or a table by name")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Dependencies, A::Error> {
                let mut names = Vec::new();
                while let Some(named) = seq.next_element::<Named>()? {
                    names.push(named.name);
                }
                Ok(Dependencies(names))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Dependencies, A::Error> {
                let mut names = Vec::new();
                while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Dependencies(names))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
