//! Where projects keep copies of their version.

use std::collections::BTreeSet;

use findings_model::PackageName;
use toml_edit::{Document, Item};

use super::{
    Format, Pattern, lines,
    source::{module_folders, texts},
    tree::table,
};

/// A file in which a project may declare its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPlace {
    /// The path, relative to the project.
    pub path: String,
    /// How the file says the version, where it does.
    pub format: Format,
}

/// Modules of a package that hold its version.
const MODULES: [&str; 6] = ["__init__.py", "__about__.py", "_version.py", "version.py", "__version__.py", "_about.py"];

/// Files beside the package, with the format that their name tells.
const BESIDE: [&str; 17] = [
    ".bumpversion.cfg",
    ".bumpversion.toml",
    ".zenodo.json",
    "CITATION.cff",
    "VERSION",
    "VERSION.txt",
    "codemeta.json",
    "doc/conf.py",
    "doc/source/conf.py",
    "docs/conf.py",
    "docs/source/conf.py",
    "docs/src/conf.py",
    "setup.cfg",
    "setup.py",
    "sphinx/conf.py",
    "tbump.toml",
    "version.txt",
];

/// The files in which a project may declare its version, given the folders of its own modules.
pub fn known_places(modules: &[String]) -> Vec<KnownPlace> {
    let in_modules = modules.iter().flat_map(|folder| MODULES.iter().map(move |file| format!("{folder}/{file}")));
    let single = modules.iter().map(|folder| format!("{folder}.py"));
    let places = in_modules.chain(single).chain(BESIDE.map(str::to_owned));
    let mut places: Vec<KnownPlace> =
        places.filter_map(|path| Some(KnownPlace { format: Format::of(&path)?, path })).collect();
    places.push(KnownPlace { path: "pyproject.toml".to_owned(), format: Format::PyprojectTools });
    places
}

/// The manifests in which the build backend's own language declares the version once more, as `pyproject.toml` tells.
pub fn backend_places(pyproject: &str) -> Vec<KnownPlace> {
    let Ok(document) = Document::parse(pyproject) else { return Vec::new() };
    let document = document.as_item();
    let one = |tables: &[&str], key: &str| texts(document, tables, key).into_iter().next();
    match one(&["build-system"], "build-backend").as_deref() {
        Some("maturin") => {
            let path = one(&["tool", "maturin"], "manifest-path").unwrap_or_else(|| "Cargo.toml".to_owned());
            let path = path.trim_start_matches("./").to_owned();
            vec![KnownPlace { path, format: Format::Cargo }]
        }
        Some("mesonpy") => {
            let patterns = ["version: '{version}'", "version : '{version}'"].into_iter();
            let formats = patterns.filter_map(|pattern| Pattern::parse(pattern).ok()).map(Format::Pattern);
            formats.map(|format| KnownPlace { path: "meson.build".to_owned(), format }).collect()
        }
        _ => Vec::new(),
    }
}

/// The files in which a package may declare its version under the one name that leaves no doubt, `__version__`, given its folder.
pub fn package_places(folder: &str) -> Vec<KnownPlace> {
    let format = || Format::Python(vec!["__version__".to_owned()]);
    MODULES.iter().map(|file| KnownPlace { path: format!("{folder}/{file}"), format: format() }).collect()
}

/// Folders at the top of a project that hold no package of its own: what it is tested and documented with, what was built, what is
/// somebody else's.
pub fn holds_no_own_package(folder: &str) -> bool {
    const OTHERS: [&str; 21] = [
        "benchmark",
        "benchmarks",
        "build",
        "dist",
        "doc",
        "docs",
        "env",
        "example",
        "examples",
        "extern",
        "external",
        "node_modules",
        "site-packages",
        "src",
        "test",
        "testing",
        "tests",
        "third_party",
        "vendor",
        "vendored",
        "venv",
    ];
    folder.starts_with(['.', '_']) || folder.ends_with(".egg-info") || OTHERS.contains(&folder)
}

/// The folders that the build backend is told to look for packages in, `src` among them.
pub fn package_roots(pyproject: Option<&str>, setup_cfg: Option<&str>) -> Vec<String> {
    let document = pyproject.and_then(|text| Document::parse(text).ok());
    let empty = Item::None;
    let document = document.as_ref().map_or(&empty, Document::as_item);
    let mut roots = vec!["src".to_owned()];
    for (tables, key) in [
        (&["tool", "maturin"] as &[&str], "python-source"),
        (&["tool", "setuptools", "package-dir"], ""),
        (&["tool", "setuptools", "packages", "find"], "where"),
        (&["tool", "pdm", "build"], "package-dir"),
        (&["tool", "uv", "build-backend"], "module-root"),
    ] {
        roots.extend(texts(document, tables, key));
    }
    roots.extend(poetry_packages(document).filter_map(|(_, from)| from));
    if let Some(text) = setup_cfg {
        let folders = lines::ini_list(text, "options", "package_dir");
        roots
            .extend(folders.iter().filter_map(|line| line.split_once('=')).map(|(_, folder)| folder.trim().to_owned()));
        roots.extend(lines::ini_list(text, "options.packages.find", "where"));
    }
    own_folders(&roots)
}

/// The folders that the project's own package may lie in, as its name and the settings of its build backend tell.
pub fn own_modules(name: &PackageName, pyproject: Option<&str>, roots: &[String]) -> Vec<String> {
    let document = pyproject.and_then(|text| Document::parse(text).ok());
    let empty = Item::None;
    let document = document.as_ref().map_or(&empty, Document::as_item);
    let mut paths = vec![name.as_str().replace('-', "_"), name.as_str().replace('-', "/")];
    let written = texts(document, &["project"], "name").into_iter().chain(texts(document, &["tool", "poetry"], "name"));
    paths.extend(written.map(|name| name.replace(['-', '.'], "_")));
    for (tables, key) in [
        (&["tool", "flit", "module"] as &[&str], "name"),
        (&["tool", "setuptools"], "packages"),
        (&["tool", "setuptools"], "py-modules"),
        (&["tool", "uv", "build-backend"], "module-name"),
        (&["tool", "maturin"], "module-name"),
    ] {
        paths.extend(texts(document, tables, key).into_iter().map(|name| name.replace('.', "/")));
    }
    let mut folders: Vec<String> = paths.iter().flat_map(|path| module_folders(path, document)).collect();
    folders.extend(roots.iter().flat_map(|root| paths.iter().map(move |path| format!("{root}/{path}"))));
    for (tables, key) in [
        (&["tool", "hatch", "build", "targets", "wheel"] as &[&str], "packages"),
        (&["tool", "hatch", "build", "targets", "wheel"], "only-include"),
        (&["tool", "hatch", "build"], "packages"),
        (&["tool", "hatch", "build"], "only-include"),
        (&["tool", "pdm", "build"], "includes"),
    ] {
        folders.extend(texts(document, tables, key));
    }
    folders.extend(poetry_packages(document).map(|(include, from)| match from {
        Some(from) => format!("{from}/{include}"),
        None => include,
    }));
    own_folders(&folders)
}

/// Poetry's packages, each with the folder that it lies in where that is not the project's.
fn poetry_packages(document: &Item) -> impl Iterator<Item = (String, Option<String>)> {
    let packages = table(document, &["tool", "poetry"]).and_then(|t| t.get("packages")).and_then(Item::as_array);
    packages.into_iter().flatten().filter_map(|package| {
        let key = |key: &str| package.as_inline_table()?.get(key)?.as_str().map(str::to_owned);
        Some((key("include")?, key("from")))
    })
}

/// Folders below the project, each once, in the order given; what is a pattern or leads elsewhere is none.
fn own_folders(folders: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let tidy = folders.iter().map(|folder| folder.trim_start_matches("./").trim_end_matches('/'));
    let own = tidy.filter(|folder| {
        let leads_elsewhere = folder.starts_with('/') || folder.split('/').any(|part| part == "..");
        !matches!(*folder, "" | ".") && !folder.contains(['*', '\\']) && !leads_elsewhere
    });
    own.filter(|folder| seen.insert((*folder).to_owned())).map(str::to_owned).collect()
}
