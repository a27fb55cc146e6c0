use test_support::{Scratch, fixture};

use crate::{dist, path, publish_pypi};

#[test]
fn good_files_have_no_problems() {
    let project = Scratch::empty();
    let run = publish_pypi(&project).args(["--format", "json", "check"]).args(dist()).output().expect_success();
    insta::with_settings!({ filters => [("[0-9a-f]{64}", "[sha256]")] }, {
        insta::assert_snapshot!(run.stdout, @r#"
        {
          "schema_version": "1.0",
          "ok": true,
          "files": [
            {
              "file": "sample_package-1.0.0-py3-none-any.whl",
              "ok": true,
              "sha256": "[sha256]",
              "problems": []
            },
            {
              "file": "sample_package-1.0.0.tar.gz",
              "ok": true,
              "sha256": "[sha256]",
              "problems": []
            }
          ]
        }
        "#);
    });
}

#[test]
fn a_folder_stands_for_its_files() {
    let project = Scratch::empty();
    project.write("dist/sample_package-1.0.0.tar.gz", fixture("sample-project/dist/sample_package-1.0.0.tar.gz"));
    project.write("dist/notes.txt", "not a distribution");
    let run = publish_pypi(&project).args(["check", "dist"]).output().expect_success();
    assert_eq!(run.stdout, "sample_package-1.0.0.tar.gz: ok\n");
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
