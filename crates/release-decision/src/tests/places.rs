use std::str::FromStr;

use findings_model::PackageName;
use pep440_rs::Version;

use crate::{
    DynamicVersion, Format, Pattern, PlaceError, declared, known_places, own_modules, package_roots, set_version_in,
    source_candidates, version_of_tag, versions_of_tags,
};

fn v(text: &str) -> Version {
    Version::from_str(text).unwrap()
}

fn set(text: &str, format: &Format) -> Result<String, PlaceError> {
    set_version_in(text, format, Some(&v("1.2.3")), &v("1.2.4")).map(|edited| edited.text)
}

fn pattern(text: &str) -> Format {
    Format::Pattern(Pattern::parse(text).unwrap())
}

#[test]
fn only_the_version_changes() {
    let lock = |name: &str| Format::Lock(PackageName::parse(name).unwrap());
    for (format, text) in [
        (
            Format::Pyproject,
            "\u{feff}# mine\r\n[project]\r\nname    = 'demo'   # name\r\nversion = '@'   # keep\r\n\r\n[tool.poetry]\r\nversion=\"@\"\r\n[tool.x]\r\nversion = '1.2.3'\r\n",
        ),
        (Format::Pyproject, "project = {version = '@', name = 'x'}\n"),
        (Format::Pyproject, "[project]\nversion = \"\"\"@\"\"\""),
        (Format::PyprojectTools, "[project]\nversion = '1.2.3'\n[tool.bumpversion]\ncurrent_version = '@'\n"),
        (Format::Cargo, "[package]\nname = 'x'\nversion = \"@\"\n[dependencies]\ny = \"1.2.3\"\n"),
        (Format::Tbump, "[version]\ncurrent = \"@\"\n"),
        (
            lock("my-pkg"),
            "version = 1\n\n[[package]]\nname = \"other\"\nversion = \"1.2.3\"\nsource = { registry = \"x\" }\n\n[[package]]\nname = \"My_Pkg\"\nversion = \"@\"\nsource = { editable = \".\" }\n",
        ),
        (
            lock("crate"),
            "[[package]]\nname = \"crate\"\nversion = \"@\"\n\n[[package]]\nname = \"crate\"\nversion = \"1.2.3\"\nsource = \"registry+x\"\n",
        ),
        (
            Format::python(),
            "#!/usr/bin/env python\n\"\"\"version = '1.2.3'\"\"\"\n__version__: str = '@'  # 1.2.3\nOTHER = '1.2.3'\n",
        ),
        (Format::python(), "__version__ = version = \"v@\"\nrelease = '''@'''\r\n"),
        (Format::python(), "VERSION = '7.1'\n__version__ = '@'\n"),
        (Format::Sphinx, "project = 'x'\nversion = '1.2'  # short\nrelease = '@'\n"),
        (
            Format::SetupPy,
            "from setuptools import setup\nsetup(\n    name='x', version = '@',\n    install_requires=['y==1.2.3'])\n",
        ),
        (
            Format::SetupCfg,
            "[other]\nversion = 1.2.3\n[metadata]\nname = x\nversion = @\n\n[options]\nversion = 1.2.3\n",
        ),
        (Format::BumpversionCfg, "[bumpversion]\ncurrent_version = @\ncommit = True\n"),
        (Format::Yaml, "cff-version: 1.2.0\nversion: \"@\" # now\nreferences:\n  - version: 1.2.3\n"),
        (
            Format::Json,
            "{\"codeRepository\": {\"version\": \"1.2.3\"}, \"version\": \"@\", \"a\": [\"version\", \"1.2.3\"],\n \"softwareVersion\": \"@\"}",
        ),
        (Format::Whole, "\u{feff}@\r\n"),
        (pattern("version: {version}"), "cff-version: 1.2.3\nversion: @\n"),
        (pattern("badge/v{version}-blue"), "![x](https://img.example/badge/v@-blue) and badge/v1.2.3-green\n"),
        (pattern("pkg=={version}"), "pip install pkg==@. Not other-pkg==1.2.3 nor pkg==1.2.3x\n"),
        (
            Format::Expression("^my_version = '(?P<version>[^']+)'".to_owned()),
            "x = 1\nmy_version = '@'\nversion = '1.2.3'\n",
        ),
    ] {
        let before = text.replace('@', "1.2.3");
        let after = text.replace('@', "1.2.4");
        assert_eq!(set(&before, &format).as_ref(), Ok(&after), "{format:?}");
        assert_eq!(set(&after, &format).as_ref(), Ok(&after), "{format:?}: done already");
    }
}

#[test]
fn a_short_version_follows() {
    let text = "version = '1.2'\nrelease = '1.2.3'\n";
    let edited = set_version_in(text, &Format::Sphinx, Some(&v("1.2.3")), &v("1.3.0")).unwrap();
    assert_eq!((edited.text.as_str(), edited.lines), ("version = '1.3'\nrelease = '1.3.0'\n", vec![1, 2]));
}

#[test]
fn what_is_not_the_projects_version_is_refused() {
    let refused = |format: &Format, text: &str| set(text, format).unwrap_err().to_string();
    assert_eq!(
        refused(&Format::python(), "\n__version__ = '1.2.2'\n"),
        "line 2 has 1.2.2, which is neither the current version, 1.2.3, nor the next one, 1.2.4"
    );
    assert_eq!(refused(&Format::python(), "__version__ = get()\n"), "no version stands there");
    assert_eq!(
        refused(&Format::python(), "version = '1.2.3'\n__version__ = '1.2.2'\n"),
        "lines 1, 2 have different versions; say with a pattern which one it is"
    );
    assert_eq!(
        refused(&pattern("Version {version}"), "Version 1.2.2\nVersion 1.2.3\n"),
        "lines 1, 2 have different versions; say with a pattern which one it is"
    );
    assert!(refused(&Format::Whole, "unknown\n").starts_with("line 1 has unknown, which is neither"));
    assert!(refused(&Format::Pyproject, "[project").starts_with("it is not TOML"));
    assert!(refused(&Format::Expression("(?P<version>a)(?=b)".to_owned()), "ab").contains("cannot be used"));
    assert!(refused(&Format::Expression("a".to_owned()), "a").contains("no group named version"));
    let cargo = "[package]\nversion = '1.2.3'\n";
    let post = set_version_in(cargo, &Format::Cargo, Some(&v("1.2.3")), &v("1.2.3.post1")).unwrap_err();
    assert_eq!(post, PlaceError::NotSemantic(v("1.2.3.post1")));
    // Without a current version nobody knows what may be replaced.
    assert!(set_version_in("1.2.3\n", &Format::Whole, None, &v("1.2.4")).is_err());
}

#[test]
fn places_are_lines_that_an_editor_finds() {
    let found = declared("a = 1\n\n__version__ = 'v1.2.3'\n", &Format::python()).unwrap();
    assert_eq!((found[0].line, found[0].value.as_str()), (3, "1.2.3"));
}

#[test]
fn an_attribute_is_looked_for_where_packages_lie() {
    let paths = |dynamic: DynamicVersion, pyproject: &str| -> Vec<String> {
        source_candidates(&dynamic, pyproject).into_iter().map(|c| c.path).collect()
    };
    let attribute = || DynamicVersion::Attribute("demo.about.__version__".to_owned());
    assert_eq!(
        paths(attribute(), ""),
        ["src/demo/about/__init__.py", "src/demo/about.py", "demo/about/__init__.py", "demo/about.py"]
    );
    let folders = "[tool.setuptools]\npackage-dir = { '' = './lib', demo = 'code/demo' }";
    assert_eq!(
        paths(attribute(), folders)[..4],
        ["code/demo/about/__init__.py", "code/demo/about.py", "lib/demo/about/__init__.py", "lib/demo/about.py"]
    );
    assert_eq!(paths(DynamicVersion::Tag, ""), Vec::<String>::new());
    let hatch = "[tool.hatch.version]\npath = 'a.py'\npattern = 'v(?P<version>.+)'";
    assert_eq!(
        source_candidates(&DynamicVersion::File("a.py".to_owned()), hatch)[0].format,
        Format::Expression("v(?P<version>.+)".to_owned())
    );
    for (settings, name) in [("", "__version__"), ("expression = ' MINE '", "MINE")] {
        let hatch = format!("[tool.hatch.version]\nsource = 'code'\npath = 'a.py'\n{settings}");
        let found = source_candidates(&DynamicVersion::File("a.py".to_owned()), &hatch);
        assert_eq!(found[0].format, Format::Python(vec![name.to_owned()]), "{settings}");
    }
}

#[test]
fn own_modules_come_from_the_name_and_the_settings() {
    let name = PackageName::parse("ns.My-Pkg").unwrap();
    let pyproject = "[project]\nname = 'ns.My-Pkg'\n[tool.hatch.build.targets.wheel]\npackages = ['lib/x']\n";
    assert_eq!(
        own_modules(&name, Some(pyproject), &[]),
        ["src/ns_my_pkg", "ns_my_pkg", "src/ns/my/pkg", "ns/my/pkg", "src/ns_My_Pkg", "ns_My_Pkg", "lib/x"]
    );
    let pyproject = "[tool.uv.build-backend]\nmodule-name = ['ns.a', 'b']\nmodule-root = ''\n[tool.pdm.build]\nincludes = ['inc/', '**/x', '../up']\n[tool.hatch.build.targets.wheel]\nonly-include = ['./only']\n[tool.poetry]\npackages = [{ include = 'p', from = 'lib' }, { include = 'q' }]\n";
    let folders = own_modules(&name, Some(pyproject), &["lib".to_owned()]);
    for folder in ["ns/a", "b", "inc", "only", "lib/p", "q", "lib/ns_my_pkg", "lib/ns/a"] {
        assert!(folders.iter().any(|other| other == folder), "{folder}: {folders:?}");
    }
    assert!(!folders.iter().any(|folder| folder.contains(['*', '.'])), "{folders:?}");
    let places = known_places(&["src/x".to_owned()]);
    assert!(places.iter().any(|p| p.path == "src/x/__init__.py" && p.format == Format::python()));
    assert!(places.iter().any(|p| p.path == "src/x.py"));
    assert!(places.iter().any(|p| p.path == "CITATION.cff" && p.format == Format::Yaml));
}

#[test]
fn the_folders_that_packages_lie_in_come_from_the_settings() {
    for (pyproject, setup_cfg, root) in [
        ("[tool.maturin]\npython-source = 'python'", "", "python"),
        ("[tool.setuptools.packages.find]\nwhere = ['./lib/']", "", "lib"),
        ("[tool.setuptools.package-dir]\n'' = 'lib'", "", "lib"),
        ("[tool.uv.build-backend]\nmodule-root = 'lib'", "", "lib"),
        ("[tool.poetry]\npackages = [{ include = '*', from = 'lib' }]", "", "lib"),
        ("", "[options]\npackage_dir =\n    # where\n    = lib\n\n[options.extras_require]\n", "lib"),
        ("", "[options]\npackage_dir = =lib\n", "lib"),
        ("", "[options.packages.find]\nwhere = lib\nexclude = x\n", "lib"),
    ] {
        assert_eq!(package_roots(Some(pyproject), Some(setup_cfg)), ["src", root], "{pyproject}{setup_cfg}");
    }
    assert_eq!(package_roots(Some("[tool.maturin]\npython-source = '../up'"), None), ["src"]);
}

#[test]
fn tags_of_versions() {
    let default = Pattern::parse("v{version}").unwrap();
    for (tag, version) in [
        ("v1.2.3", Some("1.2.3")),
        ("1.2.3", Some("1.2.3")),
        ("V1.2.3rc1", Some("1.2.3rc1")),
        ("demo-1.2.3", Some("1.2.3")),
        ("my-demo-v1.2.3.post1", Some("1.2.3.post1")),
        ("v1.2.3+build.5", Some("1.2.3")),
        ("1!2.0", Some("1!2.0")),
        ("release", None),
        ("stable-branch", None),
        ("demo/1.2.3", None),
        ("v", None),
        ("", None),
    ] {
        assert_eq!(version_of_tag(tag, &default), version.map(v), "{tag}");
    }
    let own = Pattern::parse("pkg/{version}").unwrap();
    assert_eq!(version_of_tag("pkg/1.2.3", &own), Some(v("1.2.3")));
    assert_eq!(version_of_tag("v1.2.3", &own), None);

    let tags = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let demo = PackageName::parse("demo").unwrap();
    let newest = |names: &[&str]| versions_of_tags(&tags(names), &default, &demo).map(|(v, tag)| format!("{v} {tag}"));
    assert_eq!(newest(&["v1.2.3", "v1.10", "docs-2024.1", "x"]).as_deref(), Some("1.10 v1.10"));
    assert_eq!(newest(&["demo-1.0", "docs-2024.1"]).as_deref(), Some("1.0 demo-1.0"));
    assert_eq!(newest(&["old-1.0", "old-1.1"]).as_deref(), Some("1.1 old-1.1"));
    assert_eq!(newest(&["x"]), None);
}
