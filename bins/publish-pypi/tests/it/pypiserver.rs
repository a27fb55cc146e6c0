//! A real index, and the tools of the people who install from it.

use test_support::{
    Scratch,
    peers::{self, PypiServer},
};

use crate::{dist, publish_pypi};

#[test]
fn pip_and_twine_agree_with_what_was_published() {
    let (project, server) = (Scratch::empty(), PypiServer::start());
    let publish = || {
        publish_pypi(&project)
            .env("PYPI_TOKEN", peers::TOKEN)
            .args(["--format", "json", "publish", "--index", &server.url()])
            .args(dist())
            .output()
    };
    let document = publish().expect_success().json();
    assert_eq!(document["verified"], true);
    assert_eq!(server.files(), ["sample_package-1.0.0-py3-none-any.whl", "sample_package-1.0.0.tar.gz"]);

    // pypiserver refuses a file that it has with 409, whatever its digest: the plan keeps it from being sent.
    let again = publish().expect_success().json();
    assert_eq!(again["files"][0]["outcome"], "already_there");
    assert_eq!(again["files"][1]["outcome"], "already_there");

    let download = ["download", "--no-deps", "--no-cache-dir", "--index-url", &server.simple_url(), "--dest"];
    let into = |folder: &str| project.join(folder).display().to_string();
    let wheel = peers::pip().args(download).arg(into("wheel")).arg("sample-package==1.0.0").output();
    wheel.expect_success();
    let install = ["install", "--no-deps", "--no-cache-dir", "--index-url", &server.simple_url(), "--target"];
    peers::pip().args(install).arg(into("installed")).arg("sample-package==1.0.0").output().expect_success();
    assert!(project.join("installed/sample_package-1.0.0.dist-info/METADATA").exists());

    let checked = peers::twine().args(["check", "--strict"]).args(dist()).output().expect_success();
    assert!(checked.stdout.contains("PASSED"), "{}", checked.stdout);
    for file in server.files() {
        let served = served_file(&server, &file);
        assert_eq!(served, test_support::fixture(&format!("sample-project/dist/{file}")), "{file}");
    }

    let verify = ["verify", "--wait", "0", "--index", &server.url()];
    publish_pypi(&project).args(verify).args(dist()).output().expect_success();
}

#[expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "the test looks at what the server stored")]
fn served_file(server: &PypiServer, name: &str) -> Vec<u8> {
    std::fs::read(server.packages().join(name)).unwrap()
}

#[test]
fn a_wrong_token_is_refused() {
    let (project, server) = (Scratch::empty(), PypiServer::start());
    let run = publish_pypi(&project)
        .env("PYPI_TOKEN", "pypi-not-the-token")
        .args(["publish", "--index", &server.url()])
        .args(dist())
        .output()
        .expect_code(5);
    assert!(run.stderr.contains("refused"), "{}", run.stderr);
    assert!(server.files().is_empty());
}

#[test]
fn releases_are_a_document_though_the_index_has_html_only() {
    let (project, server) = (Scratch::empty(), PypiServer::start());
    let releases = ["releases", "--index", &server.url(), "--output", "releases.json"];
    publish_pypi(&project).args(releases).output().expect_success();
    assert_eq!(project.json("releases.json")["versions"], serde_json::json!([]));
    let publish = ["publish", "--index", &server.url()];
    publish_pypi(&project).env("PYPI_TOKEN", peers::TOKEN).args(publish).args(dist()).output().expect_success();
    publish_pypi(&project).args(releases).output().expect_success();
    let document = project.json("releases.json");
    assert_eq!(document["versions"], serde_json::json!(["1.0.0"]));
    assert_eq!(document["files"].as_array().map(Vec::len), Some(2));
}
