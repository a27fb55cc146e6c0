//! `bump`: the places that hold a version, in the shapes that projects give them, and the changelog between two decisions.

use serde_json::json;
use test_support::Scratch;

use crate::bump::{STATIC, bump, check, dynamic, project};

#[test]
fn a_module_says_its_version_in_some_ways() {
    for value in ["\u{feff}__version__ = '@'\r\n", "__version__ = (\n    \"@\"\n)\n", "__version__ = u'@'\n"] {
        let (old, new) = (value.replace('@', "1.2.3"), value.replace('@', "1.2.4"));
        let attribute = dynamic("[tool.setuptools.dynamic]\nversion = { attr = \"demo.__version__\" }\n");
        check(&[("pyproject.toml", &attribute), ("demo/__init__.py", &old)], &[("demo/__init__.py", &new)]);
        // Beside a version of the project's own file it is a copy.
        let outcome = bump(&project(&[("pyproject.toml", STATIC), ("demo/__init__.py", &old)])).output().expect_code(1);
        assert!(outcome.stderr.contains("demo/__init__.py:"), "{value}: {}", outcome.stderr);
    }
}

#[test]
fn a_stale_copy_is_found_wherever_the_package_lies() {
    for (settings, path) in [
        ("[tool.maturin]\npython-source = \"python\"", "python/demo/__init__.py"),
        ("[tool.uv.build-backend]\nmodule-name = \"otherpkg\"\nmodule-root = \"\"", "otherpkg/__init__.py"),
        ("[tool.uv.build-backend]\nmodule-name = \"ns.otherpkg\"", "src/ns/otherpkg/__init__.py"),
        ("[tool.pdm.build]\nincludes = [\"deep/otherpkg\"]", "deep/otherpkg/__init__.py"),
        ("[tool.hatch.build.targets.wheel]\nonly-include = [\"deep/otherpkg\"]", "deep/otherpkg/__init__.py"),
        ("", "otherpkg/__init__.py"),
        ("", "otherpkg/__about__.py"),
        ("[tool.setuptools.packages.find]\nwhere = [\"lib\"]", "lib/abc/__init__.py"),
    ] {
        let pyproject = format!("{STATIC}{settings}\n");
        let files = [("pyproject.toml", pyproject.as_str()), (path, "\n__version__ = '1.2.3'\n")];
        let outcome = bump(&project(&files)).output().expect_code(1);
        let words = format!("add to files in [tool.relwarden.bump]: \"{path}\"");
        assert!(outcome.stderr.contains(&format!("{path}:2 has 1.2.3")), "{settings}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(&words), "{settings}: {}", outcome.stderr);
    }
    let setup_cfg = "[options]\npackage_dir =\n    = lib\n";
    let files =
        [("pyproject.toml", STATIC), ("setup.cfg", setup_cfg), ("lib/demo/__init__.py", "__version__ = '1.2.3'\n")];
    let outcome = bump(&project(&files)).output().expect_code(1);
    assert!(outcome.stderr.contains("lib/demo/__init__.py:1 has 1.2.3"), "{}", outcome.stderr);
}

#[test]
fn what_the_build_backend_declares_once_more_is_a_copy() {
    let cargo = "[package]\nname = \"demo-core\"\nversion = \"1.2.3\"\n";
    let lock = "[[package]]\nname = \"demo-core\"\nversion = \"1.2.3\"\n";
    let meson = "project(\n  'demo', 'c',\n  version: '1.2.3',\n)\n";
    let pyproject =
        |backend: &str, more: &str| format!("{STATIC}[build-system]\nbuild-backend = \"{backend}\"\n{more}");
    let maturin = pyproject("maturin", "");
    let nested = pyproject("maturin", "[tool.maturin]\nmanifest-path = \"crates/py/Cargo.toml\"\n");
    for (pyproject, path, text, line) in [
        (&maturin, "Cargo.toml", cargo, 3),
        (&nested, "crates/py/Cargo.toml", cargo, 3),
        (&pyproject("mesonpy", ""), "meson.build", meson, 3),
    ] {
        let scratch = project(&[("pyproject.toml", pyproject), (path, text), ("Cargo.lock", lock)]);
        let outcome = bump(&scratch).output().expect_code(1);
        assert!(outcome.stderr.contains(&format!("{path}:{line} has 1.2.3")), "{path}: {}", outcome.stderr);
        let (_, entry) = outcome.stderr.trim_end().split_once("add to files in [tool.relwarden.bump]: ").unwrap();
        let named = format!("{pyproject}[tool.relwarden.bump]\nfiles = [{entry}]\n");
        let next = |text: &str| text.replace("1.2.3", "1.2.4");
        let mut expected = vec![("pyproject.toml", next(&named)), (path, next(text))];
        // The lock file of a workspace lies above its crates.
        expected.extend(path.ends_with("Cargo.toml").then(|| ("Cargo.lock", next(lock))));
        let expected: Vec<(&str, &str)> = expected.iter().map(|(path, text)| (*path, text.as_str())).collect();
        check(&[("pyproject.toml", &named), (path, text), ("Cargo.lock", lock)], &expected);
    }
    // Cargo has no post-releases.
    let scratch = project(&[("pyproject.toml", &maturin), ("Cargo.toml", cargo)]);
    bump(&scratch).args(["--next-version", "1.2.3.post1"]).output().expect_success();
    assert_eq!(scratch.text("Cargo.toml"), cargo);
}

#[test]
fn a_version_that_a_script_computes_is_unknown_with_the_reason() {
    let backend =
        "[build-system]\nbuild-backend = \"setuptools.build_meta\"\n[tool.relwarden.project]\nname = \"demo\"\n";
    let setup = "V = '1.2.3'\nsetup(name='demo', version=V)\n";
    let computed = "dynamic: the build backend decides it, and setup.py says it in no plain text";
    let undeclared = "[project]\nname = \"demo\"\n";
    for (pyproject, setup, reason) in [
        (backend, Some(setup), computed),
        (&dynamic(backend), Some(setup), computed),
        (undeclared, None, "is not known: no file of it says one"),
    ] {
        let scratch = project(&[("pyproject.toml", pyproject)]);
        if let Some(text) = setup {
            scratch.write("setup.py", text);
        }
        let outcome = bump(&scratch).output().expect_code(2);
        assert!(outcome.stderr.contains(reason), "{}", outcome.stderr);
        assert!(
            outcome
                .stderr
                .contains("give the version with --current-version, or the one to release with --next-version")
        );
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_searched_may_hold_a_copy() {
    let scratch = project(&[("pyproject.toml", STATIC)]);
    std::os::unix::fs::symlink("src", scratch.path().join("src")).unwrap();
    let outcome = bump(&scratch).output().expect_code(4);
    assert!(outcome.stderr.contains("src"), "{}", outcome.stderr);
    assert_eq!(scratch.text("pyproject.toml"), STATIC);
    // A file of that name holds no packages.
    check(&[("pyproject.toml", STATIC), ("src", "")], &[("pyproject.toml", &STATIC.replace("1.2.3", "1.2.4"))]);
}

#[test]
fn what_is_not_the_projects_own_is_no_copy() {
    let module = "__version__ = '1.2.3'\n";
    check(
        &[
            ("pyproject.toml", STATIC),
            ("tests/__init__.py", module),
            ("vendor/__init__.py", module),
            ("plugin/__init__.py", module),
            ("plugin/pyproject.toml", "[project]\nname = \"plugin\"\nversion = \"1.2.3\"\n"),
            ("tools/__init__.py", "version = '1.2.3'\nMINIMUM = '1.2.3'\n"),
            ("notes/x.py", module),
        ],
        &[("pyproject.toml", &STATIC.replace("1.2.3", "1.2.4"))],
    );
}

#[test]
fn the_hint_changes_what_is_meant_and_nothing_else() {
    let pyproject = "[project]\nname = \"demo\"\nversion = '1.2.3'\n[tool.poetry.dependencies]\nother = { version = \"1.2.3\", extras = [\"x\"] }\n[tool.commitizen]\nversion = \"1.2.3\"\n";
    let outcome = bump(&project(&[("pyproject.toml", pyproject)])).output().expect_code(1);
    let entry = r#"{ path = "pyproject.toml", pattern = "[tool.commitizen]\nversion = \"{version}\"" }"#;
    assert!(outcome.stderr.contains(entry), "{}", outcome.stderr);
    let named = format!("{pyproject}[tool.relwarden.bump]\nfiles = [{entry}]\n");
    let expected = named.replace("version = '1.2.3'", "version = '1.2.4'");
    let expected = expected.replace("[tool.commitizen]\nversion = \"1.2.3\"", "[tool.commitizen]\nversion = \"1.2.4\"");
    check(&[("pyproject.toml", &named)], &[("pyproject.toml", &expected)]);
}

#[test]
fn a_version_that_hatch_computes_is_unknown() {
    let code =
        |settings: &str| dynamic(&format!("[tool.hatch.version]\nsource = \"code\"\npath = \"v.py\"\n{settings}\n"));
    let module = "__version__ = \"1.2.3\"\n";
    let computed = code("expression = \"get_version()\"");
    let outcome = bump(&project(&[("pyproject.toml", &computed), ("v.py", module)])).output().expect_code(2);
    assert!(outcome.stderr.contains("it is the value of `get_version()`"), "{}", outcome.stderr);
    check(&[("pyproject.toml", &code("")), ("v.py", module)], &[("v.py", &module.replace("1.2.3", "1.2.4"))]);
}

#[test]
fn a_replaced_decision_leaves_no_word_in_the_changelog() {
    let settings = "[tool.relwarden.release]\nchangelog_template = \"entry.j2\"\n[tool.relwarden.status]\nurl = \"https://example.org/s/index.json\"\n";
    let project = project(&[
        ("pyproject.toml", &format!("{STATIC}{settings}")),
        ("entry.j2", "### Security\n\n- {{ custom_notes }}\n- {{ status_url | link }}\n"),
        ("CHANGELOG.md", "# C\n\n## [Unreleased]\n\n## [1.2.3] - 2025-12-01\n"),
    ]);
    decide_and_bump(&project, "first");
    let section = |words: &str| {
        format!(
            "# C\n\n## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n### Security\n\n- {words}\n- <https://example.org/s/index.html>\n\n## [1.2.3] - 2025-12-01\n"
        )
    };
    assert_eq!(project.text("CHANGELOG.md"), section("first"));
    project.write("CHANGELOG.md", section("first\n- Mine"));
    decide_and_bump(&project, "second");
    assert_eq!(project.text("CHANGELOG.md"), section("Mine\n- second"));
}

#[test]
fn a_template_of_other_bytes_than_text_is_refused() {
    let settings = "[tool.relwarden.release]\nnotes_template = \"entry.j2\"\n";
    let project = project(&[("pyproject.toml", &format!("{STATIC}{settings}"))]);
    project.write("entry.j2", b"caf\xe9 {{ version }}\n");
    let run = test_support::binary!("decide-release").run().project(project.path()).now("2026-01-19T03:00:00Z");
    let said = run.arg("--force").output().expect_code(2).stderr;
    assert!(said.contains("entry.j2 is not UTF-8"), "{said}");
}

#[test]
fn nothing_can_be_pushed_that_is_not_committed() {
    let project = project(&[("pyproject.toml", STATIC)]);
    let said = bump(&project).arg("--push").output().expect_code(2).stderr;
    assert!(said.contains("--mode commit"), "{said}");
    assert_eq!(project.text("pyproject.toml"), STATIC);
    bump(&project).args(["--push", "--mode", "workspace"]).output().expect_code(2);
}

fn decide_and_bump(project: &Scratch, words: &str) {
    let page = json!({ "meta": { "api-version": "1.1" }, "name": "demo", "versions": ["1.2.3"], "files": [] });
    project.write("releases.json", page.to_string());
    let run = || test_support::binary!("decide-release").run().project(project.path()).now("2026-01-19T03:00:00Z");
    run()
        .args(["--manual", "--notes", words, "--next-version", "1.2.4", "--index", "releases.json"])
        .output()
        .expect_success();
    run().arg("bump").output().expect_success();
}
