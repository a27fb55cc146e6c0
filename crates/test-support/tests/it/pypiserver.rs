//! The index on loopback takes what twine sends and gives pip what was sent.

use test_support::peers::{self, PypiServer, TOKEN, TOKEN_USER};
use test_support::{Run, Scratch, fixture_path};

const WHEEL: &str = "sample_package-1.0.0-py3-none-any.whl";

fn upload(server: &PypiServer, token: &str) -> Run {
    peers::twine()
        .args(["upload", "--disable-progress-bar", "--repository-url", &server.url()])
        .args(["--username", TOKEN_USER, "--password", token])
        .arg(fixture_path(&format!("sample-project/dist/{WHEEL}")))
}

#[test]
fn an_upload_needs_the_token_and_can_be_installed() {
    let server = PypiServer::start();
    upload(&server, "pypi-wrong").output().expect_code(1);
    assert!(server.files().is_empty());

    upload(&server, TOKEN).output().expect_success();
    assert_eq!(server.files(), [WHEEL]);

    let target = Scratch::empty();
    peers::pip()
        .args(["install", "--quiet", "--no-deps", "--index-url", &server.simple_url()])
        .arg("--target")
        .arg(target.path())
        .arg("sample-package==1.0.0")
        .output()
        .expect_success();
    assert!(target.join("sample_package/fetch.py").is_file());
}
