//! What is given on the command line, where it would make a gate say yes to nothing or a release incomplete.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use test_support::{
    Outcome, Scratch, fixture,
    index::{Fault, Index},
};

use crate::{dist, path, publish_pypi};

const WHEEL: &str = "sample_package-1.0.0-py3-none-any.whl";

fn publish(project: &Scratch, index: &Index, args: &[&str]) -> Outcome {
    publish_pypi(project).args(["publish", "--auth", "none", "--index", &index.url()]).args(args).output()
}

#[test]
fn what_was_written_beside_files_is_no_file_to_say_yes_to() {
    let project = Scratch::empty();
    project.write("dist/x.whl.publish.attestation", "{}");
    for args in [["check", "dist/x.whl.publish.attestation"].as_slice(), &["attest", "--verify-only", "dist"]] {
        let outcome = publish_pypi(&project).args(args).output();
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_folder_with_a_link_is_not_published_without_it() {
    let (project, index) = (Scratch::empty(), Index::start());
    project.write("files/sample_package-1.0.0.tar.gz", fixture("sample-project/dist/sample_package-1.0.0.tar.gz"));
    symlink(path(WHEEL), project.path().join("files").join(WHEEL)).unwrap();
    let outcome = publish(&project, &index, &["files"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(WHEEL), "{}", outcome.stderr);
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn the_receipt_does_not_replace_a_file_that_is_published() {
    let (project, index) = (Scratch::empty(), Index::start());
    let bytes = fixture(&format!("sample-project/dist/{WHEEL}"));
    project.write(WHEEL, &bytes);
    let outcome = publish(&project, &index, &[WHEEL, "--receipt", &format!("./{WHEEL}")]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert_eq!(project.bytes(WHEEL), bytes);
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn nothing_is_sent_where_no_receipt_can_be_written() {
    let (project, index) = (Scratch::empty(), Index::start());
    project.write("folder/x", "");
    project.write("file", "");
    for (place, said) in [("folder", "folder"), ("file/receipt.json", "a file stands where a folder is needed")] {
        let outcome = publish(&project, &index, &[&dist()[0], "--receipt", place]);
        assert_ne!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn a_receipt_of_a_newer_version_stays_as_it_is() {
    let (project, index) = (Scratch::empty(), Index::start());
    let newer = r#"{"schema_version":"9.0","project":"sample-package","version":"0.9.0","index":"x","verified":true,"files":[],"finished_at":"2026-01-01T00:00:00Z","more":1}"#;
    for newer in [newer, r#"{"schema_version":"9.0","releases":[]}"#] {
        project.write("receipt.json", newer);
        let outcome = publish(&project, &index, &[&dist()[0]]);
        assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
        assert_eq!(project.text("receipt.json"), newer);
    }
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn what_an_earlier_run_saw_the_index_take_stays_in_the_receipt() {
    let (project, index) = (Scratch::empty(), Index::start());
    index.serve_stale_pages(1000);
    let files = dist();
    let args: Vec<&str> = files.iter().map(String::as_str).chain(["--wait", "0"]).collect();
    let outcomes = || {
        let receipt = project.json("receipt.json");
        let files = receipt["files"].as_array().unwrap().clone();
        files.iter().map(|file| file["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(publish(&project, &index, &args).code, Some(4));
    assert_eq!(outcomes(), ["uploaded", "uploaded"]);
    index.fail_uploads([Fault::Status(403)]);
    assert_eq!(publish(&project, &index, &args).code, Some(5));
    assert_eq!(outcomes(), ["failed", "uploaded"], "the second was not tried again");
}

#[test]
fn an_index_of_the_configuration_that_is_none_is_not_passed_over() {
    let (project, index) = (Scratch::empty(), Index::start());
    let run = publish_pypi(&project);
    let name = "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n";
    project.write("pyproject.toml", format!("{name}[tool.relwarden.publish]\nindex = \"no index\"\n"));
    let outcome = run.args(["publish", "--auth", "none", "--index", &index.url(), &dist()[0]]).output();
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("index"), "{}", outcome.stderr);
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn what_cannot_be_opened_is_told_with_what_to_do() {
    let project = Scratch::empty();
    symlink(path(WHEEL), project.join(WHEEL)).unwrap();
    for (named, said) in [("dist/*", "build first"), (WHEEL, "give the file itself")] {
        let outcome = publish_pypi(&project).args(["check", named]).output();
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
}

#[test]
fn verify_tells_of_every_file_what_the_index_has() {
    let (project, index) = (Scratch::empty(), Index::start());
    publish(&project, &index, &dist().iter().map(String::as_str).collect::<Vec<_>>()).expect_success();
    let other = Index::start();
    other.put("sample-package", WHEEL, b"another wheel");
    let sdist = "sample_package-1.0.0.tar.gz";
    other.put("sample-package", sdist, &fixture(&format!("sample-project/dist/{sdist}")));
    let run = publish_pypi(&project)
        .args(["--format", "json", "verify", "--index", &other.url()])
        .args(dist())
        .output()
        .expect_code(1);
    let states: Vec<Value> = run.json()["files"].as_array().unwrap().iter().map(|file| file["state"].clone()).collect();
    assert_eq!(states, ["other", "listed"]);
}

#[test]
fn what_was_taken_and_is_not_listed_is_not_told_to_be_there() {
    let (project, index) = (Scratch::empty(), Index::start());
    index.serve_stale_pages(1000);
    let run = publish_pypi(&project)
        .args(["--format", "json", "publish", "--auth", "none", "--wait", "0", "--index", &index.url(), &dist()[0]])
        .output()
        .expect_code(4);
    let document = run.json();
    assert_eq!(document["failure"]["on_index"], json!([]));
    assert_eq!(document["files"][0]["outcome"], "uploaded");
}

#[test]
fn files_of_another_project_are_not_published() {
    let (project, index) = (Scratch::empty(), Index::start());
    let run = publish_pypi(&project);
    project.write("pyproject.toml", "[project]\nname = \"another\"\nversion = \"1.0.0\"\n");
    let outcome = run.args(["publish", "--auth", "none", "--index", &index.url(), &dist()[0]]).output();
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("sample-package"), "{}", outcome.stderr);
    assert_eq!(index.uploads().len(), 0);
}

#[test]
fn a_rehearsal_on_another_index_than_the_configured_one_is_told_to_be_one() {
    let (project, index, own) = (Scratch::empty(), Index::start(), Index::start());
    let run = |named: &str| {
        let run = publish_pypi(&project);
        let name = "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n";
        project.write("pyproject.toml", format!("{name}[tool.relwarden.publish]\nindex = \"{named}\"\n"));
        run.args(["publish", "--auth", "none", "--index", &index.url(), &dist()[0]]).output().expect_success()
    };
    assert!(run(&own.url()).stderr.contains("carries out no decision"));
    assert_eq!(project.json("receipt.json")["trial"], true);
    assert!(!run(&index.url()).stderr.contains("carries out no decision"), "this is the project's own");
    assert!(project.json("receipt.json").get("trial").is_none());
}
