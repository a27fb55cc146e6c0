//! Which packages are installed with the project, and which only serve its development.
//!
//! Runtime is the closure of `[project].dependencies`, its extras and `[tool.poetry.dependencies]` through the first lock file
//! there is: `pylock.toml`, `uv.lock`, `poetry.lock`. Without a lock the direct names are runtime and everything else is unknown.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{Package, PackageName, Scope};
use serde::Deserialize;

/// The lock files that are understood, the first one there counts.
pub const LOCK_FILES: [&str; 3] = ["pylock.toml", "uv.lock", "poetry.lock"];

/// The scopes of a project's packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    runtime: BTreeSet<PackageName>,
    locked: Option<BTreeSet<PackageName>>,
    /// Direct dependencies without any condition.
    declared: BTreeSet<PackageName>,
}

impl Scopes {
    /// Reads what is needed of a project's files, whose text `text` gives by name.
    pub(crate) fn of_files(text: impl Fn(&str) -> Option<String>) -> Self {
        let lock = LOCK_FILES.iter().find_map(|name| text(name));
        Self::read(text("pyproject.toml").as_deref(), lock.as_deref())
    }

    /// Reads `pyproject.toml` and a lock file. Text that cannot be read makes every package unknown, never development.
    pub fn read(pyproject: Option<&str>, lock: Option<&str>) -> Self {
        let Some(project) = pyproject.and_then(|text| toml::from_str::<Pyproject>(text).ok()) else {
            return Self::default();
        };
        let declared = project.unconditional_names();
        let direct = project.direct_names();
        let Some(graph) = lock.and_then(|text| toml::from_str::<Lock>(text).ok()).map(Lock::graph) else {
            return Self { runtime: direct, locked: None, declared };
        };
        let mut runtime = BTreeSet::new();
        let mut ahead: Vec<&PackageName> = direct.iter().collect();
        while let Some(name) = ahead.pop() {
            if runtime.insert(name.clone()) {
                ahead.extend(graph.get(name).into_iter().flatten());
            }
        }
        // A `pylock.toml` may leave its dependencies out: then nothing can be told of what the project does not name itself.
        let has_edges = graph.values().any(|needs| !needs.is_empty());
        Self { runtime, locked: has_edges.then(|| graph.into_keys().collect()), declared }
    }

    /// Whether the project itself names a package as a dependency wherever it is installed: no marker, not in an extra.
    pub fn declares(&self, package: &Package) -> bool {
        package.ecosystem().is_pypi()
            && PackageName::parse(package.name()).is_ok_and(|name| self.declared.contains(&name))
    }

    /// The scope of a package.
    pub fn of(&self, package: &Package) -> Scope {
        let Ok(name) = PackageName::parse(package.name()) else { return Scope::Unknown };
        if !package.ecosystem().is_pypi() {
            Scope::Unknown
        } else if self.runtime.contains(&name) {
            Scope::Runtime
        } else if self.locked.as_ref().is_some_and(|locked| locked.contains(&name)) {
            Scope::Development
        } else {
            Scope::Unknown
        }
    }
}

#[derive(Deserialize)]
struct Pyproject {
    project: Option<ProjectTable>,
    tool: Option<Tool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ProjectTable {
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Tool {
    poetry: Option<Poetry>,
}

#[derive(Deserialize)]
struct Poetry {
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

impl Pyproject {
    /// The direct dependencies that are installed with the project in every environment.
    fn unconditional_names(&self) -> BTreeSet<PackageName> {
        let listed = self.project.iter().flat_map(|p| &p.dependencies);
        let listed = listed.filter(|requirement| !requirement.contains(';')).filter_map(|r| required_name(r));
        let poetry = self.tool.iter().filter_map(|t| t.poetry.as_ref()).flat_map(|p| &p.dependencies);
        let poetry = poetry.filter(|(name, needed)| *name != "python" && is_unconditional(needed));
        listed.chain(poetry.filter_map(|(name, _)| required_name(name))).collect()
    }

    fn direct_names(self) -> BTreeSet<PackageName> {
        let listed =
            self.project.map(|p| p.dependencies.into_iter().chain(p.optional_dependencies.into_values().flatten()));
        let poetry =
            self.tool.and_then(|t| t.poetry).map(|p| p.dependencies.into_keys().filter(|name| name != "python"));
        let names = listed.into_iter().flatten().chain(poetry.into_iter().flatten());
        names.filter_map(|requirement| required_name(&requirement)).collect()
    }
}

/// Whether poetry's value of a dependency holds in every environment. Several values have conditions of their own.
fn is_unconditional(needed: &toml::Value) -> bool {
    match needed {
        toml::Value::String(_) => true,
        toml::Value::Table(table) => {
            !["markers", "python", "platform"].iter().any(|key| table.contains_key(*key))
                && table.get("optional").is_none_or(|optional| optional.as_bool() == Some(false))
        }
        _ => false,
    }
}

/// The name at the front of a PEP 508 requirement.
fn required_name(requirement: &str) -> Option<PackageName> {
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    PackageName::parse(requirement.get(..end)?.trim_end_matches(['-', '_', '.'])).ok()
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
                while let Some((name, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Dependencies(names))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Lock {
    fn graph(self) -> BTreeMap<PackageName, BTreeSet<PackageName>> {
        let mut graph: BTreeMap<PackageName, BTreeSet<PackageName>> = BTreeMap::new();
        for package in self.packages {
            let Ok(name) = PackageName::parse(&package.name) else { continue };
            let optional = package.optional_dependencies.into_values().flatten().map(|n| n.name);
            let needs = package.dependencies.map(|d| d.0).unwrap_or_default().into_iter().chain(optional);
            graph.entry(name).or_default().extend(needs.filter_map(|n| PackageName::parse(&n).ok()));
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "[project]\nname = 'x'\ndependencies = ['Requests >=2', 'typing_extensions; python_version < \"3.9\"']\n[project.optional-dependencies]\nyaml = ['PyYAML']\n";

    fn scope(scopes: &Scopes, name: &str) -> Scope {
        scopes.of(&Package::pypi(&PackageName::parse(name).unwrap()))
    }

    #[test]
    fn without_a_lock_only_direct_names_are_known() {
        let scopes = Scopes::read(Some(PROJECT), None);
        assert_eq!(scope(&scopes, "requests"), Scope::Runtime);
        assert_eq!(scope(&scopes, "typing-extensions"), Scope::Runtime);
        assert_eq!(scope(&scopes, "pyyaml"), Scope::Runtime);
        assert_eq!(scope(&scopes, "urllib3"), Scope::Unknown);
    }

    #[test]
    fn a_lock_tells_runtime_from_development() {
        let uv = "[[package]]\nname = 'requests'\ndependencies = [{ name = 'urllib3' }]\n[[package]]\nname = 'urllib3'\n[[package]]\nname = 'pytest'\n";
        let poetry = "[[package]]\nname = 'requests'\n[package.dependencies]\nurllib3 = '>=1'\n[[package]]\nname = 'urllib3'\n[[package]]\nname = 'pytest'\n";
        let pylock = "[[packages]]\nname = 'requests'\n[[packages.dependencies]]\nname = 'urllib3'\n[[packages]]\nname = 'urllib3'\n[[packages]]\nname = 'pytest'\n";
        for lock in [uv, poetry, pylock] {
            let scopes = Scopes::read(Some(PROJECT), Some(lock));
            assert_eq!(scope(&scopes, "urllib3"), Scope::Runtime, "{lock}");
            assert_eq!(scope(&scopes, "pytest"), Scope::Development, "{lock}");
            assert_eq!(scope(&scopes, "unlisted"), Scope::Unknown, "{lock}");
        }
    }

    #[test]
    fn a_dependency_is_declared_if_it_has_no_condition() {
        let text = "[project]\nname = 'x'\ndependencies = ['Requests[socks] >=2', 'tomli; python_version < \"3.11\"', 'own @ https://example.org/own.whl']\n[project.optional-dependencies]\nyaml = ['PyYAML']\n[tool.poetry.dependencies]\npython = '^3.11'\nclick = '^8'\nrich = { version = '1', optional = true }\ncolorama = { version = '1', markers = \"sys_platform == 'win32'\" }\nhttpx = { version = '1', extras = ['http2'] }\n";
        let scopes = Scopes::read(Some(text), None);
        let declares = |name: &str| scopes.declares(&Package::pypi(&PackageName::parse(name).unwrap()));
        for (name, expected) in [
            ("requests", true),
            ("own", true),
            ("click", true),
            ("httpx", true),
            ("tomli", false),
            ("pyyaml", false),
            ("python", false),
            ("rich", false),
            ("colorama", false),
            ("urllib3", false),
        ] {
            assert_eq!(declares(name), expected, "{name}");
        }
    }

    #[test]
    fn a_lock_without_dependencies_tells_nothing() {
        let scopes =
            Scopes::read(Some(PROJECT), Some("[[packages]]\nname = 'requests'\n[[packages]]\nname = 'urllib3'\n"));
        assert_eq!(scope(&scopes, "urllib3"), Scope::Unknown);
    }

    #[test]
    fn what_cannot_be_read_is_never_development() {
        let scopes = Scopes::read(Some("[project"), Some("[[package]]\nname = 'pytest'\n"));
        assert_eq!(scope(&scopes, "pytest"), Scope::Unknown);
    }
}
