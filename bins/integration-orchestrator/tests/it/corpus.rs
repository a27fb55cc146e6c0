//! The larger corpus of recorded reports, timelines and hostile folders, where there is one.

use std::time::Duration;

use test_support::Run;

use crate::system::binary;

/// The corpus brings its own judge, which knows the binaries by their command line alone. It prints a line for each wrong
/// case and how many are right.
#[test]
fn the_corpus_judges_every_case_right() {
    let Some(corpus) = test_support::corpus() else { return };
    let orchestrator = binary("integration-orchestrator");
    let folder = orchestrator.path().parent().expect("a binary lies in a folder");
    let outcome = Run::new("python3")
        .arg("-B")
        .arg(corpus.join("judge.py"))
        .args(["all", "--jobs", "2", "--bin"])
        .arg(folder)
        .timeout(Duration::from_mins(30))
        .output();
    println!("{}", outcome.stdout);
    outcome.expect_success();
}
