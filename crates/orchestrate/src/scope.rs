//! Which packages are installed with the project, and which only serve its development.
//!
//! Runtime is the closure of `[project].dependencies`, its extras and `[tool.poetry.dependencies]` through the first lock file
//! there is: `pylock.toml`, `uv.lock`, `poetry.lock`. Where `pyproject.toml` does not say what the project needs, the lock file's
//! entry of the project does. Without a lock, or where neither says it, the direct names are runtime and everything else is unknown.

mod lock;

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{Package, PackageName, Scope};
use serde::Deserialize;

use self::lock::LockFile;

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
        let mut direct = project.direct_names();
        let lock = lock.map(LockFile::read).transpose().unwrap_or_else(|error| {
            let error = findings_model::text::one_line(&error.to_string());
            tracing::warn!(
                "the lock file cannot be read, so every package that it names may be needed at run time: {error}"
            );
            None
        });
        let Some(lock) = lock else {
            return Self { runtime: direct, locked: None, declared };
        };
        let mut is_known = true;
        if !project.says_its_dependencies() {
            let own = lock.needs_of_project(project.own_name().as_ref());
            is_known = own.is_some();
            direct.extend(own.into_iter().flatten());
        }
        let runtime = lock.closure(&direct);
        // A `pylock.toml` may leave its dependencies out: then nothing can be told of what the project does not name itself.
        Self { runtime, locked: (is_known && lock.has_edges()).then(|| lock.into_names()), declared }
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
    name: String,
    #[serde(default)]
    dynamic: Vec<String>,
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
    dependencies: Option<BTreeMap<String, toml::Value>>,
}

impl Pyproject {
    /// Whether every dependency of the project stands here: not where a build back end adds them, or keeps them elsewhere.
    fn says_its_dependencies(&self) -> bool {
        let poetry = self.tool.as_ref().and_then(|tool| tool.poetry.as_ref());
        match (&self.project, poetry) {
            (_, Some(Poetry { dependencies: Some(_) })) => true,
            (Some(project), _) => {
                !project.dynamic.iter().any(|field| field == "dependencies" || field == "optional-dependencies")
            }
            (None, poetry) => poetry.is_some(),
        }
    }

    fn own_name(&self) -> Option<PackageName> {
        self.project.as_ref().and_then(|project| PackageName::parse(&project.name).ok())
    }

    /// The direct dependencies that are installed with the project in every environment.
    fn unconditional_names(&self) -> BTreeSet<PackageName> {
        let listed = self.project.iter().flat_map(|p| &p.dependencies);
        let listed = listed.filter(|requirement| !requirement.contains(';')).filter_map(|r| required_name(r));
        let poetry = self.poetry_dependencies().filter(|(name, needed)| *name != "python" && is_unconditional(needed));
        listed.chain(poetry.filter_map(|(name, _)| required_name(name))).collect()
    }

    fn direct_names(&self) -> BTreeSet<PackageName> {
        let listed =
            self.project.iter().flat_map(|p| p.dependencies.iter().chain(p.optional_dependencies.values().flatten()));
        let poetry = self.poetry_dependencies().map(|(name, _)| name).filter(|name| *name != "python");
        listed.chain(poetry).filter_map(|requirement| required_name(requirement)).collect()
    }

    fn poetry_dependencies(&self) -> impl Iterator<Item = (&String, &toml::Value)> {
        let poetry = self.tool.iter().filter_map(|tool| tool.poetry.as_ref());
        poetry.filter_map(|poetry| poetry.dependencies.as_ref()).flatten()
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

    /// A `uv.lock` in which the project needs jinja2, and its development pytest.
    const UV: &str = "[[package]]\nname = 'demo'\nversion = '1.0'\nsource = { editable = '.' }\ndependencies = [{ name = 'jinja2' }]\n[package.dev-dependencies]\ndev = [{ name = 'pytest' }]\n[[package]]\nname = 'jinja2'\nsource = { registry = 'https://pypi.org/simple' }\ndependencies = [{ name = 'markupsafe' }]\n[[package]]\nname = 'markupsafe'\n[[package]]\nname = 'pytest'\n";

    #[test]
    fn what_the_project_does_not_list_is_taken_from_its_entry_in_the_lock() {
        let dynamic = "[project]\nname = 'demo'\ndynamic = ['dependencies']\n";
        let setup_py = "[build-system]\nrequires = ['setuptools']\n";
        let plain = UV.replace("source = { editable = '.' }\n", "");
        for (project, lock) in [(dynamic, UV), (setup_py, UV), (dynamic, &plain)] {
            let scopes = Scopes::read(Some(project), Some(lock));
            assert_eq!(
                ["jinja2", "markupsafe", "pytest"].map(|name| scope(&scopes, name)),
                [Scope::Runtime, Scope::Runtime, Scope::Development],
                "{project}{lock}"
            );
        }
    }

    #[test]
    fn nothing_is_development_where_nobody_says_what_the_project_needs() {
        let locks = [
            UV.replace("dependencies = [{ name = 'jinja2' }]\n", ""),
            UV.replace("'demo'", "'other'").replace("editable = '.'", "editable = 'packages/other'"),
            UV.replace("editable = '.'", "registry = 'https://pypi.org/simple'"),
        ];
        let optional = "[project]\nname = 'demo'\ndependencies = ['click']\ndynamic = ['optional-dependencies']\n";
        for project in ["[project]\nname = 'demo'\ndynamic = ['dependencies']\n", "[tool.black]\n", optional] {
            for lock in &locks {
                let scopes = Scopes::read(Some(project), Some(lock));
                assert_eq!(scope(&scopes, "pytest"), Scope::Unknown, "{project}{lock}");
            }
        }
        // Poetry's own table tells, also where `[project]` leaves the dependencies to it.
        let poetry = "[project]\nname = 'x'\ndynamic = ['dependencies']\n[tool.poetry.dependencies]\njinja2 = '*'\n";
        assert_eq!(scope(&Scopes::read(Some(poetry), Some(UV)), "pytest"), Scope::Development);
    }
}
