use test_support::{Checkout, Scratch, fixture};

use crate::{dist, path, publish_pypi};

#[test]
fn good_files_have_no_problems() {
    let project = Scratch::empty();
    let run = publish_pypi(&project).args(["--format", "json", "check"]).args(dist()).output().expect_success();
    let document = run.json();
    assert_eq!((&document["schema_version"], &document["ok"]), (&"1.1".into(), &true.into()));
    let files: Vec<&str> =
        document["files"].as_array().unwrap().iter().filter_map(|file| file["file"].as_str()).collect();
    assert_eq!(files, ["sample_package-1.0.0-py3-none-any.whl", "sample_package-1.0.0.tar.gz"]);
    for file in document["files"].as_array().unwrap() {
        assert_eq!((&file["ok"], &file["problems"]), (&true.into(), &serde_json::json!([])), "{file}");
    }
    for table in document["tables"].as_array().unwrap() {
        assert!(table["as_of"].as_str().unwrap().starts_with("20"), "{table}");
        assert!(
            !table["name"].as_str().unwrap().is_empty() && !table["source"].as_str().unwrap().is_empty(),
            "{table}"
        );
    }
}

#[test]
fn a_folder_stands_for_its_files() {
    let project = Scratch::empty();
    project.write("dist/sample_package-1.0.0.tar.gz", fixture("sample-project/dist/sample_package-1.0.0.tar.gz"));
    project.write("dist/notes.txt", "not a distribution");
    let run = publish_pypi(&project).args(["check", "dist"]).output().expect_success();
    assert!(
        run.stdout.starts_with("sample_package-1.0.0.tar.gz: ok\njudged by PyPI's lists of classifiers"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_damaged_file_is_a_no() {
    let project = Scratch::empty();
    let mut bytes = fixture("sample-project/dist/sample_package-1.0.0-py3-none-any.whl");
    bytes.truncate(bytes.len() / 2);
    project.write("sample_package-1.0.0-py3-none-any.whl", bytes);
    let args = ["--format", "json", "check", "sample_package-1.0.0-py3-none-any.whl"];
    let document = publish_pypi(&project).args(args).output().expect_code(1).json();
    assert_eq!(document["ok"], false);
    let problem = &document["files"][0]["problems"][0];
    assert_eq!(problem["code"], "archive-unreadable");
    assert_eq!(problem["severity"], "error");
    assert!(!problem["hint"].as_str().unwrap().is_empty());
    assert_eq!(problem["docs"], "docs/checks.md#archive-unreadable");
    assert_eq!(problem["index_says"], "Invalid distribution file. File is not a zipfile");
}

#[test]
fn files_of_two_versions_do_not_belong_together() {
    let project = Scratch::empty();
    let files = [path("sample_package-1.0.0.tar.gz"), path("sample_package-1.0.1-py3-none-any.whl")];
    let run = publish_pypi(&project).arg("check").args(files).output().expect_code(1);
    assert!(run.stdout.contains("error set-version"), "{}", run.stdout);
}

#[test]
fn a_file_that_is_not_there_is_a_usage_error() {
    let project = Scratch::empty();
    let run = publish_pypi(&project).args(["check", "dist/*"]).output().expect_code(2);
    assert!(run.stderr.contains("dist/*") && run.stderr.contains("hint:"), "{}", run.stderr);
    publish_pypi(&project).arg("check").output().expect_code(2);
    project.write("dist/notes.txt", "");
    publish_pypi(&project).args(["check", "dist"]).output().expect_code(2);
}

/// A source archive of these files, built as `python -m build` would, with the metadata of the sample project.
fn sdist(project: &Scratch, files: &[(&str, &str)]) {
    let metadata =
        "Metadata-Version: 2.1\nName: sample-package\nVersion: 1.0.0\nDescription-Content-Type: text/plain\n\nx\n";
    for (path, text) in files.iter().copied().chain([("PKG-INFO", metadata)]) {
        project.write(&format!("build/sample_package-1.0.0/{path}"), text);
    }
    let build = project.join("build");
    test_support::Run::new("tar")
        .args(["-czf", "sample_package-1.0.0.tar.gz", "sample_package-1.0.0"])
        .current_dir(&build)
        .output()
        .expect_success();
}

/// What `check --source` says to the archive in `project`: its exit code and the codes of what it found.
fn against(source: &Checkout, project: &Scratch) -> (i32, Vec<String>) {
    let run = publish_pypi(project)
        .args(["--format", "json", "check", "build/sample_package-1.0.0.tar.gz", "--source"])
        .arg(source.path())
        .output();
    let document = run.json();
    let problems = document["files"][0]["problems"].as_array().into_iter().flatten();
    let codes = problems.filter_map(|problem| problem["code"].as_str()).filter(|code| code.starts_with("source-"));
    (run.code.unwrap_or(-1), codes.map(str::to_owned).collect())
}

#[test]
fn a_source_archive_is_held_against_the_tagged_tree() {
    let (source, project) = (Checkout::empty(), Scratch::empty());
    source.write("pyproject.toml", "[project]\n");
    source.write("sample_package/__init__.py", "x = 1\n");
    source.write("docs/notes.md", "notes\n");
    source.git(&["add", "."]);
    source.git(&["commit", "--quiet", "-m", "First"]);
    let files =
        [("pyproject.toml", "[project]\n"), ("sample_package/__init__.py", "x = 1\n"), ("setup.cfg", "[egg_info]\n")];
    sdist(&project, &files);
    assert_eq!(against(&source, &project), (1, vec!["source-tag".to_owned(), "source-left-out".to_owned()]));
    source.git(&["tag", "v1.0"]);
    assert_eq!(against(&source, &project), (0, vec!["source-left-out".to_owned()]));

    source.write("pyproject.toml", "[project]\nname = \"x\"\n");
    let (code, codes) = against(&source, &project);
    assert_eq!(
        (code, codes),
        (1, ["source-changed", "source-rewritten", "source-left-out"].map(str::to_owned).to_vec())
    );
    source.git(&["checkout", "--quiet", "."]);

    sdist(&project, &[("sample_package/__init__.py", "x = 2\n"), ("sample_package/more.py", "y = 1\n")]);
    let (code, codes) = against(&source, &project);
    assert_eq!((code, codes), (1, ["source-differs", "source-extra", "source-left-out"].map(str::to_owned).to_vec()));
}

#[test]
fn a_source_that_is_no_repository_is_a_usage_error() {
    let project = Scratch::empty();
    sdist(&project, &[]);
    let run = publish_pypi(&project).args(["check", "build/sample_package-1.0.0.tar.gz", "--source", "build"]).output();
    assert!(run.stderr.contains("--source"), "{}", run.stderr);
    run.expect_code(2);
}
