//! An index that answers otherwise than pypiserver: identical files are taken again, others clash, and pages are JSON.

use test_support::{
    Scratch,
    peers::{self, DevpiServer},
};

use crate::{dist, publish_pypi};

#[test]
fn what_devpi_has_is_what_was_published() {
    let (project, server) = (Scratch::empty(), DevpiServer::start());
    let index = ["--index", &server.url(), "--simple-index", &server.simple_url()];
    let publish = |auth: &[&str]| {
        publish_pypi(&project).args(["--format", "json", "publish"]).args(index).args(auth).args(dist()).output()
    };
    let document = publish(&["--auth", "none"]).expect_success().json();
    assert_eq!(document["verified"], true);
    assert_eq!(document["files"][1]["outcome"], "uploaded");
    let again = publish(&["--auth", "none"]).expect_success().json();
    assert_eq!(again["files"][0]["outcome"], "already_there");

    let into = project.join("downloaded").display().to_string();
    let download = ["download", "--no-deps", "--no-cache-dir", "--index-url", &server.simple_url(), "--dest", &into];
    peers::pip().args(download).args(["--only-binary=:all:", "sample-package==1.0.0"]).output().expect_success();
    let name = "sample_package-1.0.0-py3-none-any.whl";
    assert_eq!(
        project.bytes(&format!("downloaded/{name}")),
        test_support::fixture(&format!("sample-project/dist/{name}"))
    );

    let verify = publish_pypi(&project).args(["--format", "json", "verify", "--wait", "0"]).args(index).args(dist());
    let found = verify.output().expect_success().json();
    assert_eq!((&found["verified"], &found["files"][0]["state"]), (&true.into(), &"listed".into()));
    let plan = publish_pypi(&project).args(["--format", "json", "plan"]).args(index).args(dist()).output();
    assert_eq!(plan.expect_success().json()["files"][0]["action"], "identical");
}
