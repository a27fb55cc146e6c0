//! `bump` in real repositories: commits, tags and the work of others, and everything taken back where one is refused.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::{Value, json};
use test_support::{Checkout, HookAt, Run};

const PYPROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1.2.3\"\n";
const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n- One\n";

/// A project with its first commit on the remote, and these settings.
pub(crate) fn checkout(settings: &str) -> Checkout {
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", format!("{PYPROJECT}[tool.relwarden.bump]\n{settings}\n"));
    checkout.write("CHANGELOG.md", CHANGELOG);
    checkout.write("src/demo/__init__.py", "");
    for name in ["staged", "edited", "both"] {
        checkout.write(name, "old\n");
    }
    checkout.commit_all("first");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout
}

/// A bump of a project whose index has 1.2.3.
pub(crate) fn bump(checkout: &Checkout) -> Run {
    let releases = checkout.remote().with_file_name("releases.json");
    let page = json!({ "meta": { "api-version": "1.1" }, "name": "demo", "versions": ["1.2.3"], "files": [] });
    state_store::replace(&releases, page.to_string().as_bytes()).expect("write what the index has");
    let run = test_support::binary!("decide-release").run().project(&checkout.path()).now("2026-01-19T03:00:00Z");
    run.args(["--format", "json", "bump", "--index"]).arg(releases)
}

pub(crate) fn bumped(checkout: &Checkout) -> Value {
    bump(checkout).output().expect_success().json()
}

/// The user is in the middle of other work.
pub(crate) fn work(checkout: &Checkout) {
    checkout.write("staged", "staged\n");
    checkout.write("both", "staged\n");
    checkout.write("staged new", "new\n");
    checkout.git(&["add", "staged", "both", "staged new"]);
    checkout.write("both", "and edited\n");
    checkout.write("edited", "edited\n");
    checkout.write("new", "new\n");
    std::fs::set_permissions(checkout.join("pyproject.toml"), std::fs::Permissions::from_mode(0o600))
        .expect("change the permissions");
}

/// A project as it lies there.
#[derive(Debug, PartialEq)]
pub(crate) struct State {
    /// Bytes and permissions of every file.
    files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
    /// What git says of the work tree, and of its branches and tags.
    said: Vec<String>,
}

pub(crate) fn state(checkout: &Checkout) -> State {
    let listed = Run::new("find").arg(checkout.path()).args(["-name", ".git", "-prune", "-o", "-type", "f", "-print0"]);
    let listed = listed.output().expect_success().stdout;
    let files = listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).map(|path| {
        let mode = path.metadata().expect("look at a file").permissions().mode();
        let bytes = state_store::read(&path, state_store::CONFIG_LIMIT).expect("read a file");
        (path, (bytes, mode))
    });
    let said = [
        &["status", "--porcelain=v1", "--branch"] as &[&str],
        &["diff", "--cached"],
        &["diff"],
        &["ls-files", "--stage"],
        &["for-each-ref"],
    ];
    State { files: files.collect(), said: said.iter().map(|arguments| checkout.git(arguments)).collect() }
}

/// Another checkout of the same remote, at its `main`.
pub(crate) fn fresh_clone(of: &Checkout) -> Checkout {
    let fresh = Checkout::empty();
    fresh.git(&["remote", "set-url", "origin", &of.remote().to_string_lossy()]);
    fresh.git(&["fetch", "--quiet", "--no-tags", "origin", "main"]);
    fresh.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    fresh
}

/// What is staged, edited and new beside the bump.
pub(crate) fn other_work(checkout: &Checkout) -> [String; 3] {
    ["status --porcelain=v1", "diff --cached", "diff"].map(|words| checkout.git(&words.split(' ').collect::<Vec<_>>()))
}

#[test]
fn a_commit_with_a_tag_and_the_users_work_left_alone() {
    let checkout = checkout("mode = 'commit'");
    work(&checkout);
    let before = other_work(&checkout);
    let document = bumped(&checkout);
    let head = checkout.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        (&document["commit"], &document["tag"], &document["branch"], &document["pushed"]),
        (&json!(head), &json!("v1.2.4"), &json!("main"), &json!(false))
    );
    assert_eq!(
        checkout.git(&["log", "-1", "--format=%s|%an|%P"]),
        format!("chore(release): 1.2.4|A. Tester|{}", checkout.git(&["rev-parse", "HEAD~1"]))
    );
    assert_eq!(checkout.git(&["show", "--format=", "--name-only"]), "CHANGELOG.md\npyproject.toml");
    assert_eq!(checkout.git(&["cat-file", "-t", "v1.2.4"]), "tag");
    assert_eq!(checkout.git(&["rev-parse", "v1.2.4^{commit}"]), head);
    assert_eq!(other_work(&checkout), before);
    assert_eq!(checkout.join("pyproject.toml").metadata().unwrap().permissions().mode() & 0o777, 0o600);

    // A second run finds everything there.
    let state_before = state(&checkout);
    let again = bumped(&checkout);
    assert_eq!((&again["commit"], &again["written"]), (&json!(head), &json!(false)));
    assert_eq!(state(&checkout), state_before);
}

#[test]
fn a_file_that_git_ignores_is_changed_and_not_committed() {
    let checkout = checkout("mode = 'commit'");
    checkout.write(".gitignore", "uv.lock\nsrc/demo/_version.py\n");
    checkout.commit_all("second");
    let lock = "[[package]]\nname = \"demo\"\nversion = \"1.2.3\"\nsource = { virtual = \".\" }\n";
    checkout.write("uv.lock", lock);
    // What is generated is no stale copy.
    checkout.write("src/demo/_version.py", "version = '1.2.3'\n");
    bumped(&checkout);
    assert_eq!(checkout.text("uv.lock"), lock.replace("1.2.3", "1.2.4"));
    assert_eq!(checkout.git(&["show", "--format=", "--name-only"]), "CHANGELOG.md\npyproject.toml");
}

#[test]
fn the_decision_is_a_trailer_of_the_commit() {
    let checkout = checkout("mode = 'commit'\nmessage = 'Release {version}'\ntag = 'demo-{version}'");
    let run = || test_support::binary!("decide-release").run().project(&checkout.path()).arg("--format").arg("json");
    let decided = run().args(["--manual", "--notes", "x", "--index", "none"]).output().expect_success().json();
    let document = run().arg("bump").output().expect_success().json();
    assert_eq!((&document["next_version"], &document["tag"]), (&json!("1.2.3"), &json!("demo-1.2.3")));
    let id = decided["decision_id"].as_str().unwrap();
    assert_eq!(checkout.git(&["log", "-1", "--format=%B"]), format!("Release 1.2.3\n\nRelwarden-Decision: {id}"));
    assert_eq!(checkout.git(&["log", "-1", "--format=%(trailers:key=Relwarden-Decision,valueonly)"]), id);
}

/// A decision that a person asked for, and its id.
fn decided(checkout: &Checkout, request: &str) -> String {
    let run = test_support::binary!("decide-release").run().project(&checkout.path()).args(["--format", "json"]);
    let run = run.args(["--manual", "--notes", "x", "--index", "none", "--request-id", request]);
    run.output().expect_success().json()["decision_id"].as_str().expect("it has an id").to_owned()
}

fn bump_of(checkout: &Checkout, id: &str) -> Run {
    let run = test_support::binary!("decide-release").run().project(&checkout.path()).args(["--format", "json"]);
    run.args(["bump", "--decision-id", id])
}

/// What another decision left under the version's name is named, and nothing is changed.
fn refused(checkout: &Checkout, [first, second]: [&str; 2], what: &str) {
    let seen = || {
        let refs = checkout.git(&["for-each-ref", "refs/heads", "refs/tags"]);
        [refs, checkout.git(&["status", "--porcelain"]), checkout.git_at_remote(&["for-each-ref"])]
    };
    let before = seen();
    let outcome = bump_of(checkout, second).output().expect_code(1);
    for word in [first, second, what, "delete"] {
        assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
    }
    assert_eq!(seen(), before);
}

#[test]
fn what_another_decision_made_is_not_handed_out() {
    for (mode, what) in [("commit", "the tag v1.2.3"), ("pull-request", "the branch release/1.2.3")] {
        let checkout = checkout(&format!("mode = '{mode}'\npush = true"));
        let first = decided(&checkout, "1");
        let done = bump_of(&checkout, &first).output().expect_success().json();
        checkout.git(&["switch", "--quiet", "main"]);
        let again = bump_of(&checkout, &first).output().expect_success().json();
        assert_eq!(again["commit"], done["commit"], "the same decision goes on");

        let second = decided(&checkout, "2");
        refused(&checkout, [&first, &second], what);
        // Nor where only the remote has it.
        let fresh = fresh_clone(&checkout);
        fresh.write("security/findings/decision.json", checkout.text("security/findings/decision.json"));
        refused(&fresh, [&first, &second], what);
    }
}

#[test]
fn a_tag_of_another_decision_is_not_handed_out_where_the_version_is_the_tags() {
    let checkout = Checkout::empty();
    let pyproject = "[project]\nname = 'demo'\ndynamic = ['version']\n[tool.setuptools_scm]\n[tool.relwarden.bump]\nmode = 'commit'\npush = true\n";
    checkout.write("pyproject.toml", pyproject);
    checkout.commit_all("first");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout.git(&["tag", "v1.2.3"]);
    let first = decided(&checkout, "1");
    bump_of(&checkout, &first).output().expect_success();
    assert_eq!(checkout.git(&["cat-file", "-t", "v1.2.3"]), "commit", "a person's own tag is taken");
    checkout.git(&["tag", "-d", "v1.2.3"]);
    checkout.git(&["push", "--quiet", "--delete", "origin", "v1.2.3"]);
    let message = format!("1.2.3\n\nRelwarden-Decision: {first}");
    checkout.git(&["tag", "-a", "-m", &message, "v1.2.3"]);
    bump_of(&checkout, &first).output().expect_success();
    let second = decided(&checkout, "2");
    refused(&checkout, [&first, &second], "the tag v1.2.3");
}

#[test]
fn a_hook_that_refuses_the_commit_changes_nothing() {
    for mode in ["commit", "pull-request"] {
        let checkout = checkout(&format!("mode = '{mode}'\nchangelog = 'CHANGES.md'"));
        work(&checkout);
        checkout.hook(HookAt::WorkTree, "commit-msg", "echo wants a ticket >&2; exit 1");
        let before = state(&checkout);
        let outcome = bump(&checkout).output().expect_code(4);
        assert!(outcome.stderr.contains("wants a ticket"), "{}", outcome.stderr);
        assert_eq!(state(&checkout), before, "{mode}");
    }
}

#[test]
fn a_tag_of_another_version_is_an_error() {
    for push in [false, true] {
        let checkout = checkout(&format!("mode = 'commit'\npush = {push}"));
        checkout.git(&["tag", "v1.2.4"]);
        if push {
            checkout.git(&["push", "--quiet", "origin", "v1.2.4"]);
            checkout.git(&["tag", "-d", "v1.2.4"]);
        }
        let before = state(&checkout);
        let outcome = bump(&checkout).output().expect_code(1);
        assert!(
            outcome.stderr.contains("the tag v1.2.4 is there already") && outcome.stderr.contains("of version 1.2.3"),
            "{}",
            outcome.stderr
        );
        assert_eq!(state(&checkout), before);
    }
    let checkout = checkout("mode = 'pull-request'");
    checkout.git(&["branch", "release/1.2.4"]);
    let outcome = bump(&checkout).output().expect_code(1);
    assert!(outcome.stderr.contains("the branch release/1.2.4 is there already"), "{}", outcome.stderr);
}

#[test]
fn uncommitted_work_in_a_file_of_the_bump_is_refused_in_a_commit_only() {
    for mode in ["commit", "pull-request"] {
        let checkout = checkout(&format!("mode = '{mode}'"));
        checkout.write("CHANGELOG.md", format!("{CHANGELOG}- Two\n"));
        let before = state(&checkout);
        let outcome = bump(&checkout).output().expect_code(1);
        assert!(outcome.stderr.contains("CHANGELOG.md has changes that are not committed"), "{}", outcome.stderr);
        assert_eq!(state(&checkout), before);
        checkout.git(&["add", "CHANGELOG.md"]);
        bump(&checkout).output().expect_code(1);
    }
    let checkout = checkout("");
    checkout.write("CHANGELOG.md", format!("{CHANGELOG}- Two\n"));
    bumped(&checkout);
    assert!(checkout.text("CHANGELOG.md").contains("- One\n- Two\n"));
}

#[test]
fn what_a_killed_run_left_is_picked_up() {
    for (mode, steps) in
        [("commit", ["files", "staged", "commit", "tag"]), ("pull-request", ["files", "staged", "branch", "commit"])]
    {
        let settings = format!("mode = '{mode}'\npush = true\nchangelog = 'CHANGES.md'");
        let whole = checkout(&settings);
        bumped(&whole);
        for step in steps {
            let checkout = checkout(&settings);
            // As a run of the day before left it.
            checkout.write("pyproject.toml", checkout.text("pyproject.toml").replace("1.2.3", "1.2.4"));
            checkout.write("CHANGES.md", whole.text("CHANGES.md").replace("2026-01-19", "2026-01-18"));
            match step {
                "staged" => drop(checkout.git(&["add", "--intent-to-add", "CHANGES.md"])),
                "branch" => drop(checkout.git(&["switch", "--quiet", "-c", "release/1.2.4"])),
                "commit" | "tag" => {
                    if mode == "pull-request" {
                        checkout.git(&["switch", "--quiet", "-c", "release/1.2.4"]);
                    }
                    checkout.commit_all("chore(release): 1.2.4");
                }
                _ => {}
            }
            if step == "tag" {
                checkout.git(&["tag", "-a", "-m", "1.2.4", "v1.2.4"]);
            }
            let document = bumped(&checkout);
            assert_eq!(document["pushed"], true, "{mode} {step}");
            assert_eq!(checkout.git(&["log", "--format=%s"]), "chore(release): 1.2.4\nfirst", "{mode} {step}");
            assert_eq!(checkout.git(&["status", "--porcelain"]), "", "{mode} {step}");
            let name = if mode == "commit" { "v1.2.4^{commit}" } else { "release/1.2.4" };
            assert_eq!(json!(checkout.git_at_remote(&["rev-parse", name])), document["commit"], "{mode} {step}");
        }
    }
}

#[test]
fn a_version_of_tags_is_tagged_and_nothing_else() {
    let checkout = Checkout::empty();
    let pyproject = "[project]\nname = 'demo'\ndynamic = ['version']\n[tool.setuptools_scm]\nversion_file = 'src/demo/_version.py'\n[tool.relwarden.bump]\nmode = 'commit'\npush = true\n";
    checkout.write("pyproject.toml", pyproject);
    checkout.write("src/demo/_version.py", "__version__ = version = '1.2.3'\n");
    checkout.commit_all("first");
    for tag in ["v1.2.2", "demo-1.2.3", "docs-9.9", "nightly"] {
        checkout.git(&["tag", tag]);
    }
    let document = bumped(&checkout);
    assert_eq!((&document["current_version"], &document["next_version"]), (&json!("1.2.3"), &json!("1.2.4")));
    assert_eq!(
        (&document["written"], &document["file"], &document["files"]),
        (&json!(false), &Value::Null, &json!([]))
    );
    assert_eq!(document["commit"], json!(checkout.git_at_remote(&["rev-parse", "v1.2.4^{commit}"])));
    assert_eq!(checkout.git(&["log", "--format=%s"]), "first");
    let workspace = pyproject.replace("'commit'", "'workspace'");
    checkout.write("pyproject.toml", workspace);
    let outcome = bump(&checkout).output().expect_code(2);
    assert!(outcome.stderr.contains("comes from a tag, and mode workspace makes none"), "{}", outcome.stderr);
}

#[test]
fn without_tags_the_version_is_unknown() {
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", "[project]\nname = 'demo'\ndynamic = ['version']\n[tool.hatch.version]\nsource = 'vcs'\n[tool.relwarden.bump]\nmode = 'commit'\n");
    checkout.commit_all("first");
    let outcome = bump(&checkout).output().expect_code(2);
    assert!(outcome.stderr.contains("no tag of a version can be reached"), "{}", outcome.stderr);
    checkout.commit_all("second");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    let shallow = Checkout::empty();
    let url = format!("file://{}", checkout.remote().display());
    shallow.git(&["fetch", "--quiet", "--depth=1", &url, "main"]);
    shallow.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    let outcome = bump(&shallow).output().expect_code(2);
    assert!(outcome.stderr.contains("the clone is shallow"), "{}", outcome.stderr);
}

#[test]
fn without_an_author_the_commit_is_by_the_bot() {
    let checkout = checkout("mode = 'commit'");
    checkout.git(&["config", "--unset", "user.name"]);
    checkout.git(&["config", "--unset", "user.email"]);
    bumped(&checkout);
    assert_eq!(checkout.git(&["log", "-1", "--format=%an %cn"]), "github-actions[bot] github-actions[bot]");
    assert_eq!(checkout.git(&["for-each-ref", "--format=%(taggername)", "refs/tags"]), "github-actions[bot]");
}

#[test]
fn signing_that_does_not_work_says_why_and_changes_nothing() {
    let checkout = checkout("mode = 'commit'");
    checkout.git(&["config", "commit.gpgSign", "true"]);
    checkout.git(&["config", "gpg.program", "/nowhere/gpg"]);
    let before = state(&checkout);
    let outcome = bump(&checkout).output().expect_code(4);
    assert!(
        outcome.stderr.contains("gpg failed to sign") || outcome.stderr.contains("/nowhere/gpg"),
        "{}",
        outcome.stderr
    );
    assert_eq!(state(&checkout), before);
}

#[test]
fn what_is_no_repository_or_has_no_commit_is_said() {
    let plain = test_support::Scratch::empty();
    plain.write("pyproject.toml", format!("{PYPROJECT}[tool.relwarden.bump]\nmode = 'commit'\n"));
    let run = || test_support::binary!("decide-release").run().project(plain.path()).args(["bump", "--index", "none"]);
    assert!(run().output().expect_code(2).stderr.contains("lies in no git repository"));
    assert!(run().env("PATH", "/nowhere").output().expect_code(2).stderr.contains("git is not installed"));
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", plain.text("pyproject.toml"));
    assert!(bump(&checkout).output().expect_code(2).stderr.contains("no commit yet"));
}

#[test]
fn variables_that_point_git_elsewhere_have_no_effect() {
    let checkout = checkout("mode = 'commit'");
    let other = Checkout::empty();
    other.commit_all("other");
    let run = bump(&checkout)
        .env("GIT_DIR", other.join(".git"))
        .env("GIT_WORK_TREE", other.path())
        .env("GIT_INDEX_FILE", other.join("index"))
        .env("GIT_OBJECT_DIRECTORY", other.join("objects"));
    run.output().expect_success();
    assert_eq!(checkout.git(&["log", "-1", "--format=%s"]), "chore(release): 1.2.4");
    assert_eq!(other.git(&["log", "--format=%s"]), "other");
}

#[test]
fn a_project_below_the_top_of_its_repository() {
    let checkout = Checkout::empty();
    checkout.write(
        "libs/demo/pyproject.toml",
        format!("{PYPROJECT}[tool.relwarden.bump]\nmode = 'commit'\ntag = 'demo/v{{version}}'\n"),
    );
    checkout.write("pyproject.toml", "[project]\nversion = '9'\n");
    checkout.commit_all("first");
    let run = || {
        test_support::binary!("decide-release").run().project(&checkout.join("libs/demo")).args([
            "bump",
            "--index",
            "none",
            "--current-version",
            "1.2.3",
        ])
    };
    run().output().expect_success();
    assert_eq!(checkout.git(&["tag"]), "demo/v1.2.3");
    run().output().expect_success();
    assert_eq!(checkout.git(&["log", "--format=%s"]), "first");
}

#[test]
fn a_dry_run_says_so_and_changes_nothing() {
    let checkout = checkout("mode = 'commit'\npush = true");
    let before = state(&checkout);
    let document = bump(&checkout).arg("--dry-run").output().expect_success().json();
    assert_eq!((&document["commit"], &document["written"]), (&Value::Null, &json!(false)));
    assert_eq!(document["files"][0], json!({ "path": "CHANGELOG.md", "changed": true }));
    assert_eq!(state(&checkout), before);
}
