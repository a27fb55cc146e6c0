//! Where projects keep copies of their version.

use std::collections::BTreeSet;

use findings_model::PackageName;
use toml_edit::{Document, Item};

use super::{
    Format,
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

/// The folders that the project's own package may lie in, as its name and the settings of its build backend tell.
pub fn own_modules(name: &PackageName, pyproject: Option<&str>) -> Vec<String> {
    let document = pyproject.and_then(|text| Document::parse(text).ok());
    let empty = Item::None;
    let document = document.as_ref().map_or(&empty, Document::as_item);
    let mut paths = vec![name.as_str().replace('-', "_"), name.as_str().replace('-', "/")];
    let written = texts(document, &["project"], "name").into_iter().chain(texts(document, &["tool", "poetry"], "name"));
    paths.extend(written.map(|name| name.replace(['-', '.'], "_")));
    paths.extend(texts(document, &["tool", "flit", "module"], "name").into_iter().map(|name| name.replace('.', "/")));
    paths.extend(texts(document, &["tool", "setuptools"], "packages").into_iter().map(|name| name.replace('.', "/")));
    let mut folders: Vec<String> = paths.iter().flat_map(|path| module_folders(path, document)).collect();
    folders.extend(texts(document, &["tool", "hatch", "build", "targets", "wheel"], "packages"));
    if let Some(packages) =
        table(document, &["tool", "poetry"]).and_then(|t| t.get("packages")).and_then(Item::as_array)
    {
        for package in packages.iter().filter_map(toml_edit::Value::as_inline_table) {
            let key = |key: &str| package.get(key).and_then(toml_edit::Value::as_str);
            let Some(include) = key("include") else { continue };
            folders.push(key("from").map_or_else(|| include.to_owned(), |from| format!("{from}/{include}")));
        }
    }
    let mut seen = BTreeSet::new();
    folders.retain(|folder| !folder.is_empty() && !folder.contains(['*', '\\']) && seen.insert(folder.clone()));
    folders
}
