//! `bump` in the work tree: where the version stands, and what stays as it is.

use serde_json::{Value, json};
use test_support::{Run, Scratch};

/// A bump of a project whose index has 1.2.3, so that the next version is 1.2.4.
pub(crate) fn bump(project: &Scratch) -> Run {
    project.write("releases.json", releases(&["1.2.3"]));
    let run = test_support::binary!("decide-release").run().project(project.path()).now("2026-01-19T03:00:00Z");
    run.args(["--format", "json", "bump", "--index", "releases.json"])
}

fn releases(versions: &[&str]) -> String {
    json!({ "meta": { "api-version": "1.1" }, "name": "demo", "versions": versions, "files": [] }).to_string()
}

pub(crate) fn project(files: &[(&str, &str)]) -> Scratch {
    let project = Scratch::empty();
    for (name, text) in files {
        project.write(name, text);
    }
    project
}

pub(crate) const STATIC: &str = "[project]\nname = \"demo\"\nversion = \"1.2.3\"  # here\n";

pub(crate) fn dynamic(rest: &str) -> String {
    format!("[project]\nname = \"demo\"\ndynamic = [\"version\"]\n{rest}")
}

#[track_caller]
pub(crate) fn check(files: &[(&str, &str)], expected: &[(&str, &str)]) {
    let project = project(files);
    let document = bump(&project).output().expect_success().json();
    assert_eq!((&document["current_version"], &document["next_version"]), (&json!("1.2.3"), &json!("1.2.4")));
    assert_eq!(document["written"], true);
    for (name, text) in files {
        let after = expected.iter().find(|(other, _)| other == name).map_or(*text, |(_, after)| after);
        assert_eq!(project.text(name), after, "{name}");
    }
    let again = bump(&project).output().expect_success().json();
    assert_eq!((&again["written"], &again["next_version"]), (&json!(false), &json!("1.2.4")));
}

#[test]
fn the_version_is_written_where_the_project_has_it() {
    let lock = "[[package]]\nname = \"demo\"\nversion = \"1.2.3\"\nsource = { editable = \".\" }\n";
    check(
        &[("pyproject.toml", STATIC), ("uv.lock", lock), ("src/demo/__init__.py", "from importlib import metadata\n")],
        &[("pyproject.toml", &STATIC.replace("1.2.3", "1.2.4")), ("uv.lock", &lock.replace("1.2.3", "1.2.4"))],
    );
    check(
        &[("pyproject.toml", "\u{feff}[project]\r\nname = 'demo'\r\nversion = '1.2.3'\r\n")],
        &[("pyproject.toml", "\u{feff}[project]\r\nname = 'demo'\r\nversion = '1.2.4'\r\n")],
    );
    let module = "\"\"\"Demo 1.2.3\"\"\"\n__version__ = \"1.2.3\"  # keep\n";
    let written = "\"\"\"Demo 1.2.3\"\"\"\n__version__ = \"1.2.4\"  # keep\n";
    for (settings, path) in [
        ("[tool.setuptools.dynamic]\nversion = { attr = \"demo.__version__\" }\n", "src/demo/__init__.py"),
        ("[tool.setuptools.dynamic]\nversion = { attr = \"demo.about.__version__\" }\n", "demo/about.py"),
        ("[tool.hatch.version]\npath = \"src/demo/__about__.py\"\n", "src/demo/__about__.py"),
        ("[tool.hatch.version]\npath = \"v.py\"\npattern = \"__version__ = .(?P<version>[^'\\\"]+)\"\n", "v.py"),
        ("[tool.pdm.version]\nsource = \"file\"\npath = \"demo/__init__.py\"\n", "demo/__init__.py"),
        ("[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n", "demo/__init__.py"),
        ("[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n", "demo.py"),
    ] {
        let pyproject = dynamic(settings);
        check(&[("pyproject.toml", &pyproject), (path, module)], &[(path, written)]);
    }
    let pyproject = dynamic("[tool.setuptools.dynamic]\nversion = { file = [\"VERSION\"] }\n");
    check(&[("pyproject.toml", &pyproject), ("VERSION", "1.2.3\n")], &[("VERSION", "1.2.4\n")]);
    let maturin = dynamic("[build-system]\nrequires = [\"maturin\"]\nbuild-backend = \"maturin\"\n");
    let cargo = "[package]\nname = \"demo-core\"\nversion = \"1.2.3\"\n";
    let cargo_lock = "[[package]]\nname = \"demo-core\"\nversion = \"1.2.3\"\n";
    check(
        &[("pyproject.toml", &maturin), ("Cargo.toml", cargo), ("Cargo.lock", cargo_lock)],
        &[("Cargo.toml", &cargo.replace("1.2.3", "1.2.4")), ("Cargo.lock", &cargo_lock.replace("1.2.3", "1.2.4"))],
    );
    check(
        &[("setup.cfg", "[metadata]\nname = demo\nversion = 1.2.3\n")],
        &[("setup.cfg", "[metadata]\nname = demo\nversion = 1.2.4\n")],
    );
    let setup = "from setuptools import setup\nsetup(name='demo', version='1.2.3')\n";
    check(
        &[("setup.py", setup), ("setup.cfg", "[metadata]\nname = demo\n")],
        &[("setup.py", &setup.replace("1.2.3", "1.2.4"))],
    );
}

#[test]
fn files_that_the_configuration_names() {
    let pyproject = format!(
        "{STATIC}[tool.relwarden.bump]\nfiles = [\"src/demo/__init__.py\", \"docs/conf.py\", {{ path = \"CITATION.cff\", pattern = \"version: {{version}}\" }}]\n"
    );
    let files = [
        ("pyproject.toml", pyproject.as_str()),
        ("src/demo/__init__.py", "__version__ = '1.2.3'\n"),
        ("docs/conf.py", "version = '1.2'\nrelease = '1.2.3'\n"),
        ("CITATION.cff", "cff-version: 1.2.0\nversion: 1.2.3\n"),
    ];
    check(
        &files,
        &[
            ("pyproject.toml", &pyproject.replace("1.2.3", "1.2.4")),
            ("src/demo/__init__.py", "__version__ = '1.2.4'\n"),
            ("docs/conf.py", "version = '1.2'\nrelease = '1.2.4'\n"),
            ("CITATION.cff", "cff-version: 1.2.0\nversion: 1.2.4\n"),
        ],
    );
    // Half of it done by a run that was killed.
    let half = project(&files);
    half.write("src/demo/__init__.py", "__version__ = '1.2.4'\n");
    let document = bump(&half).output().expect_success().json();
    let changed: Vec<&Value> = document["files"].as_array().unwrap().iter().map(|file| &file["changed"]).collect();
    assert_eq!(changed, [true, true, false, true], "{document}");
}

#[test]
fn a_stale_copy_is_named_and_nothing_is_written() {
    let files = [
        ("pyproject.toml", STATIC),
        ("src/demo/__init__.py", "\n__version__ = '1.2.3'\n"),
        ("src/other/_version.py", "version = '1.2.3'\n"),
        ("src/other/__init__.py", ""),
        (".bumpversion.cfg", "[bumpversion]\ncurrent_version = 1.2.3\n"),
        ("README.md", "Demo 1.2.3\n"),
        ("docs/changes.rst", "version = '1.2.3'\n"),
        ("setup.py", "setup(name='demo', version='0.9')\n"),
    ];
    let project = project(&files);
    let outcome = bump(&project).output().expect_code(1);
    for words in [
        ".bumpversion.cfg:2 has 1.2.3",
        "src/demo/__init__.py:2 has 1.2.3",
        "src/other/_version.py:1 has 1.2.3",
        "add to files in [tool.relwarden.bump]: \".bumpversion.cfg\", \"src/demo/__init__.py\", \"src/other/_version.py\"",
    ] {
        assert!(outcome.stderr.contains(words), "{words}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("README") && !outcome.stderr.contains("changes.rst"), "{}", outcome.stderr);
    for (name, text) in files {
        assert_eq!(project.text(name), text);
    }
    // The settings of a version tool in the same file.
    let pyproject = format!("{STATIC}[tool.bumpversion]\ncurrent_version = \"1.2.3\"\n");
    let one = self::project(&[("pyproject.toml", &pyproject)]);
    let outcome = bump(&one).output().expect_code(1);
    let entry = "{ path = \"pyproject.toml\", pattern = 'current_version = \"{version}\"' }";
    assert!(outcome.stderr.contains("pyproject.toml:5") && outcome.stderr.contains(entry), "{}", outcome.stderr);
    let named = format!("{pyproject}[tool.relwarden.bump]\nfiles = [{entry}]\n");
    check(&[("pyproject.toml", &named)], &[("pyproject.toml", &named.replace("1.2.3", "1.2.4"))]);
}

#[test]
fn a_place_without_the_version_is_named_and_nothing_is_written() {
    for (entry, file, text, words) in [
        ("'a.py'", "a.py", "x = 1\n", "no version stands there"),
        ("'a.py'", "b.py", "", "there is no such file"),
        ("'a.py'", "a.py", "__version__ = '1.2.2'\n", "line 1 has 1.2.2"),
        ("'a.py'", "a.py", "__version__ = '1.2.3'\n__version__ = '1.2.2'\n", "lines 1, 2 have different versions"),
        ("'a.txt'", "a.txt", "1.2.3", "give a pattern"),
        ("{ path = 'a.txt', pattern = 'v{version}' }", "a.txt", "1.2.3", "no version stands there"),
    ] {
        let pyproject = format!("{STATIC}[tool.relwarden.bump]\nfiles = [{entry}]\n");
        let project = project(&[("pyproject.toml", &pyproject), (file, text)]);
        let outcome = bump(&project).output().expect_code(1);
        assert!(outcome.stderr.contains(words) && outcome.stderr.contains(" a."), "{}", outcome.stderr);
        assert_eq!(project.text("pyproject.toml"), pyproject);
    }
    let project = project(&[("pyproject.toml", STATIC), ("real.py", "__version__ = '1.2.3'\n")]);
    std::os::unix::fs::symlink("real.py", project.join("link.py")).unwrap();
    project.write("pyproject.toml", format!("{STATIC}[tool.relwarden.bump]\nfiles = ['link.py']\n"));
    let outcome = bump(&project).output();
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("symbolic link"), "{}", outcome.stderr);
}

#[test]
fn settings_are_strict() {
    for (settings, words) in [
        ("mode = 'commits'", "commits"),
        ("file = []", "file"),
        ("files = ['../a.py']", "not a valid path of a file below the project"),
        ("files = ['.git/config']", "not a valid path of a file below the project"),
        ("files = [{ path = 'a.py', patern = 'x' }]", "patern"),
        ("files = [3]", "a path, or a table with path and pattern"),
        ("tag = 'v'", "must hold {version} once"),
        ("message = '{version} {version}'", "must hold {version} once"),
        ("changelog = true", "the path of the changelog, or false"),
    ] {
        let pyproject = format!("{STATIC}[tool.relwarden.bump]\n{settings}\n");
        let outcome = bump(&project(&[("pyproject.toml", &pyproject)])).output().expect_code(2);
        assert!(outcome.stderr.contains(words) && outcome.stderr.contains("line 5"), "{settings}: {}", outcome.stderr);
    }
}

#[test]
fn an_unknown_version_says_why() {
    for (pyproject, words) in [
        (dynamic(""), "the build backend decides it"),
        (dynamic("[tool.setuptools_scm]\n"), "lies in no git repository"),
        (
            dynamic("[tool.setuptools.dynamic]\nversion = { attr = \"demo.__version__\" }\n"),
            "there is none of src/demo/__init__.py",
        ),
        (dynamic("[tool.hatch.version]\npath = \"v.py\"\n"), "v.py says it in no plain text"),
        (dynamic("[tool.hatch.version]\npath = \"v.py\"\npattern = \"(?P<version>x)(?=y)\"\n"), "cannot be used"),
    ] {
        let project = project(&[("pyproject.toml", &pyproject), ("v.py", "__version__ = compute()\n")]);
        let outcome = bump(&project).output().expect_code(2);
        assert!(outcome.stderr.contains(words), "{words}: {}", outcome.stderr);
    }
}

#[test]
fn a_given_version_wins_over_the_projects_own() {
    let pyproject = dynamic("[tool.relwarden.bump]\nfiles = [\"a.py\"]\n");
    let project = project(&[("pyproject.toml", &pyproject), ("a.py", "__version__ = '1.2.3'\n")]);
    let document = bump(&project).args(["--current-version", "1.2.3"]).output().expect_success().json();
    assert_eq!(document["next_version"], "1.2.4");
    assert_eq!(project.text("a.py"), "__version__ = '1.2.4'\n");
}

#[test]
fn a_dry_run_shows_the_lines_and_writes_nothing() {
    let project = project(&[
        ("pyproject.toml", STATIC),
        ("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- One\n\n## [1.2.3] - 2025-12-01\n"),
    ]);
    project.write("releases.json", releases(&["1.2.3"]));
    let before = project.files();
    let run = test_support::binary!("decide-release").run().project(project.path()).now("2026-01-19T03:00:00Z");
    let outcome = run.args(["bump", "--dry-run", "--index", "releases.json"]).output().expect_success();
    assert_eq!(
        outcome.stdout,
        "1.2.3 -> 1.2.4 (it follows 1.2.3, the newest released version)\n  CHANGELOG.md: would be changed\n  pyproject.toml: would be changed\n--- a/CHANGELOG.md\n+++ b/CHANGELOG.md\n@@ -4,0 +5,2 @@\n+## [1.2.4] - 2026-01-19\n+\n--- a/pyproject.toml\n+++ b/pyproject.toml\n@@ -3,1 +3,1 @@\n-version = \"1.2.3\"  # here\n+version = \"1.2.4\"  # here\n"
    );
    assert_eq!(project.files(), before);
    assert_eq!(project.text("pyproject.toml"), STATIC);
}

#[test]
fn the_changelog_gets_the_decisions_words_once() {
    let changelog = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- One\n\n## [1.2.3] - 2025-12-01\n\n- Old\n";
    let project = project(&[("pyproject.toml", STATIC), ("CHANGELOG.md", changelog)]);
    project.write("releases.json", releases(&["1.2.3"]));
    let run = || test_support::binary!("decide-release").run().project(project.path()).now("2026-01-19T03:00:00Z");
    run().args(["--manual", "--notes", "Faster.", "--index", "releases.json"]).output().expect_success();
    let bumped = run().args(["--format", "json", "bump"]).output().expect_success().json();
    assert_eq!(bumped["reason"], "it was decided");
    let expected = "# Changelog\n\n## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\nFaster.\n\n### Fixed\n\n- One\n\n## [1.2.3] - 2025-12-01\n\n- Old\n";
    assert_eq!(project.text("CHANGELOG.md"), expected);
    let later = test_support::binary!("decide-release").run().project(project.path()).now("2026-01-20T03:00:00Z");
    later.arg("bump").output().expect_success();
    assert_eq!(project.text("CHANGELOG.md"), expected);
}

#[test]
fn the_changelog_is_left_alone_or_made_where_that_is_wanted() {
    let with = |setting: &str, files: &[(&str, &str)]| {
        let project = project(files);
        project.write("pyproject.toml", format!("{STATIC}[tool.relwarden.bump]\n{setting}\n"));
        bump(&project).output().expect_success();
        project
    };
    let log = ("CHANGELOG.md", "## [Unreleased]\n");
    assert_eq!(with("changelog = false", &[log]).text("CHANGELOG.md"), log.1);
    assert!(!with("", &[]).join("CHANGELOG.md").exists());
    assert_eq!(with("", &[("CHANGELOG.md", "# News\n")]).text("CHANGELOG.md"), "# News\n");
    let made = with("changelog = 'docs/changes.md'", &[]).text("docs/changes.md");
    assert!(made.contains("## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n"), "{made}");
}

#[test]
fn outputs_and_summary_of_a_step() {
    let project = project(&[("pyproject.toml", STATIC)]);
    let run =
        bump(&project).env("GITHUB_OUTPUT", project.join("out")).env("GITHUB_STEP_SUMMARY", project.join("summary"));
    let document = run.output().expect_success().json();
    assert_eq!(project.text("out"), "next_version=1.2.4\ncommit=\ntag=\nbranch=\n");
    assert!(project.text("summary").starts_with("### Version 1\\.2.4\n"), "{}", project.text("summary"));
    assert_eq!(
        document,
        json!({
            "schema_version": "1.1", "current_version": "1.2.3", "next_version": "1.2.4",
            "reason": "it follows 1.2.3, the newest released version", "mode": "workspace", "written": true,
            "file": "pyproject.toml", "files": [{ "path": "pyproject.toml", "changed": true }],
            "commit": null, "tag": null, "branch": null, "pushed": false,
        })
    );
}
