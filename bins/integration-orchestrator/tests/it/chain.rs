//! From a decision to a recorded release in a git repository: killed at any moment, and by two at once.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;
use test_support::{Checkout, Run, Scratch, copy_dir, index::Index, killed, repository::git_in};

use crate::{
    scans::{one_secret, pip_audit},
    system::{WEEK_1, WEEK_2, binary, index_with_1_0_0},
};

const PROJECT: &str = "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n\n\
                       [tool.relwarden.bump]\nmode = \"commit\"\npush = true\n";

/// A work tree with a reason to release, on a branch that its remote has.
fn with_a_reason() -> Checkout {
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", PROJECT);
    checkout.write(".gitignore", "/dist/\n/security/reports/\n/receipt.json\n/releases.json\n/metrics/\n");
    checkout.write("security/reports/latest/pip-audit.json", pip_audit(&[]));
    checkout.write("security/reports/latest/secrets-scan.json", "[]");
    let first = binary("integration-orchestrator").run().project(&checkout.path()).now(WEEK_1);
    first.args(["security-workflow", "--index", "none"]).output().expect_success();
    checkout.write("security/reports/latest/secrets-scan.json", one_secret("src/settings.py", 3));
    binary("update-findings").run().project(&checkout.path()).now(WEEK_2).output().expect_success();
    checkout.commit_all("The state after two scans");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout
}

/// One of the steps from a decision to a recorded release.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Decide,
    Bump,
    Publish,
    Record,
}

const STEPS: [Step; 4] = [Step::Decide, Step::Bump, Step::Publish, Step::Record];

fn step(step: Step, folder: &Path, index: &Index) -> Run {
    let run = |name: &str| binary(name).run().project(folder).now(WEEK_2).args(["--format", "json"]);
    match step {
        Step::Decide => run("decide-release").args(["--index", "releases.json"]),
        Step::Bump => run("decide-release").arg("bump"),
        Step::Publish => {
            let files = files().map(|name| format!("dist/{name}"));
            run("publish-pypi").arg("publish").args(files).args(["--index", &index.url(), "--auth", "none"])
        }
        Step::Record => run("integration-orchestrator").args(["record-release", "--receipt", "receipt.json"]),
    }
}

fn files() -> [&'static str; 2] {
    ["sample_package-1.0.1-py3-none-any.whl", "sample_package-1.0.1.tar.gz"]
}

/// What the build of the tagged commit gives, the same every time.
fn build(folder: &Path) {
    std::fs::create_dir_all(folder.join("dist")).unwrap();
    for name in files() {
        let bytes = test_support::fixture(&format!("sample-project/dist/{name}"));
        std::fs::write(folder.join("dist").join(name), bytes).unwrap();
    }
}

fn ask_the_index(folder: &Path, index: &Index) {
    let run = binary("publish-pypi").run().project(folder).now(WEEK_2);
    run.args(["releases", "--index", &index.url(), "--output", "releases.json"]).output().expect_success();
}

/// The whole chain, as a workflow runs it; false where nothing is to be released.
fn carry_out(folder: &Path, index: &Index) -> bool {
    ask_the_index(folder, index);
    let decision = step(Step::Decide, folder, index).output().expect_success().json();
    match (decision["should_release"] == true, decision["already_published"].is_null()) {
        (true, _) => _ = step(Step::Bump, folder, index).output().expect_success(),
        (false, true) => return false,
        // Published and not recorded: the publish finds everything there, and writes the receipt.
        (false, false) => {}
    }
    let uploads = index.uploads().len();
    build(folder);
    step(Step::Publish, folder, index).output().expect_success();
    assert!(decision["should_release"] == true || index.uploads().len() == uploads, "nothing is sent again");
    step(Step::Record, folder, index).output().expect_success();
    decision["should_release"] == true
}

/// What is left of a release: the version in the tree, the tags, the commits, the index, the baseline.
fn end_state(folder: &Path, index: &Index) -> (Vec<String>, BTreeSet<String>, Value) {
    let git = |arguments: &[&str]| git_in(folder).args(arguments).output().expect_success().stdout;
    let lines = [
        git(&["show", "HEAD:pyproject.toml"]).lines().nth(2).unwrap().to_owned(),
        git(&["status", "--porcelain", "--untracked-files=no", "pyproject.toml"]),
        git(&["tag", "--list"]),
        git(&["log", "--format=%s"]),
        git(&["rev-list", "--count", "v1.0.1..HEAD"]),
        git(&["ls-remote", "--tags", "--heads", "origin"]).lines().count().to_string(),
    ];
    let baseline: Value =
        serde_json::from_slice(&std::fs::read(folder.join("security/findings/baseline.json")).unwrap()).unwrap();
    let told = serde_json::json!([baseline["version"], baseline["decision_id"], baseline["findings"]]);
    (lines.map(|line| line.trim().to_owned()).to_vec(), index.files().into_keys().collect(), told)
}

/// The repositories of a checkout in another folder; the remote is found beside the work tree.
struct Copy {
    folder: Scratch,
}

impl Copy {
    fn of(checkout: &Checkout) -> Self {
        let folder = Scratch::empty();
        copy_dir(checkout.path().parent().unwrap(), folder.path());
        Self { folder }
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }
}

/// Kills the step after the folder or the index has seen `moments` changes; false if it ended before.
fn killed_after(run: Run, folder: &Path, index: &Index, moments: usize) -> bool {
    let folders = [folder.to_owned()];
    killed::killed_after(run, moments, || (killed::looks_of(&folders), index.asked().len()))
}

/// Waits until what a killed step started has ended, too, and takes away the lock that a killed git leaves.
fn settle(folder: &Path) {
    let start = Instant::now();
    let lock = folder.join(".git/index.lock");
    while lock.exists() && start.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
}

#[test]
fn killed_between_and_within_any_two_steps_it_ends_the_same_with_one_release() {
    let before = with_a_reason();
    let whole = Copy::of(&before);
    let index = index_with_1_0_0();
    assert!(carry_out(&whole.work(), &index));
    let expected = end_state(&whole.work(), &index);
    assert_eq!(expected.1.len(), 4, "two files of 1.0.0 and two of 1.0.1: {expected:?}");
    assert!(!carry_out(&whole.work(), &index), "once released it is not due any more");
    assert_eq!(end_state(&whole.work(), &index), expected);

    let mut kills = 0;
    for killed in STEPS {
        // The first moments one by one, then every third: a bump runs many git commands.
        for moments in (0..4).chain((4..40).step_by(3)) {
            let (copy, index) = (Copy::of(&before), index_with_1_0_0());
            let folder = copy.work();
            ask_the_index(&folder, &index);
            build(&folder);
            for earlier in STEPS.into_iter().take_while(|s| *s != killed) {
                step(earlier, &folder, &index).output().expect_success();
            }
            let was_killed = killed_after(step(killed, &folder, &index), &folder, &index, moments);
            settle(&folder);
            carry_out(&folder, &index);
            assert_eq!(end_state(&folder, &index), expected, "{killed:?} killed after {moments} changes");
            assert!(!carry_out(&folder, &index), "{killed:?} killed after {moments} changes");
            if !was_killed {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 10, "only {kills} runs were killed");
}

#[test]
fn two_clones_at_once_make_one_release() {
    let checkout = with_a_reason();
    let index = index_with_1_0_0();
    let clones: Vec<_> = (0..2)
        .map(|_| {
            let folder = Scratch::empty();
            let work = folder.path().join("work");
            let clone = git_in(folder.path()).args(["clone", "--quiet"]).arg(checkout.remote()).arg(&work);
            clone.output().expect_success();
            for (key, value) in [("user.name", "A. Tester"), ("user.email", "tester@example.org")] {
                git_in(&work).args(["config", key, value]).output().expect_success();
            }
            ask_the_index(&work, &index);
            (folder, work)
        })
        .collect();
    let results: Vec<(String, Option<i32>, Option<i32>)> = std::thread::scope(|scope| {
        let threads = clones.iter().map(|(_, work)| {
            scope.spawn(|| {
                let decision = step(Step::Decide, work, &index).output().expect_success().json();
                let bump = step(Step::Bump, work, &index).output();
                let id = decision["decision_id"].as_str().unwrap().to_owned();
                if bump.code != Some(0) {
                    return (id, bump.code, None);
                }
                build(work);
                let publish = step(Step::Publish, work, &index).output();
                if publish.code == Some(0) {
                    step(Step::Record, work, &index).output().expect_success();
                }
                (id, bump.code, publish.code)
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results[0].0, results[1].0, "one state, one decision: {results:?}");
    // The push lets one through. The other one is refused, or finds the tag there if it came later, and makes no second one.
    assert!(results.iter().any(|(_, bump, _)| *bump == Some(0)), "{results:?}");
    assert!(results.iter().all(|(_, bump, _)| matches!(bump, Some(0 | 4))), "{results:?}");
    assert_eq!(index.files().len(), 4, "two files of 1.0.0 and two of 1.0.1");
    let tags = checkout.git_at_remote(&["tag", "--list"]);
    assert_eq!(tags, "v1.0.1");
    assert_eq!(checkout.git_at_remote(&["rev-list", "--count", "main"]), "2", "one commit beside the state");

    // Whoever did not publish sees that it is done, as soon as it knows what the other one pushed.
    for ((_, bump, _), (_, work)) in results.iter().zip(&clones) {
        if *bump == Some(0) {
            continue;
        }
        git_in(work).args(["pull", "--quiet", "--ff-only"]).output().expect_success();
        ask_the_index(work, &index);
        let decision = step(Step::Decide, work, &index).output().expect_success().json();
        assert_eq!((&decision["should_release"], &decision["already_published"]), (&false.into(), &"1.0.1".into()));
    }
}

#[test]
fn two_that_publish_the_same_version_publish_it_once() {
    let checkout = with_a_reason();
    let copies = [Copy::of(&checkout), Copy::of(&checkout)];
    let index = index_with_1_0_0();
    for copy in &copies {
        ask_the_index(&copy.work(), &index);
        step(Step::Decide, &copy.work(), &index).output().expect_success();
        build(&copy.work());
    }
    let codes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            copies.iter().map(|copy| scope.spawn(|| step(Step::Publish, &copy.work(), &index).output().code)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(codes, [Some(0), Some(0)], "the same bytes are no conflict");
    assert_eq!(index.files().len(), 4);
    let recorded = copies.each_ref().map(|copy| {
        step(Step::Record, &copy.work(), &index).output().expect_success();
        end_baseline(&copy.work())
    });
    assert_eq!(recorded[0], recorded[1], "both know the same release");
}

fn end_baseline(folder: &Path) -> Value {
    let bytes = std::fs::read(folder.join("security/findings/baseline.json")).unwrap();
    let baseline: Value = serde_json::from_slice(&bytes).unwrap();
    serde_json::json!([baseline["version"], baseline["decision_id"]])
}
