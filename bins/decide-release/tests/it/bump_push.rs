//! `bump` with a remote: what is pushed, what another runner pushed before, and everything taken back where a push is refused.

use serde_json::{Value, json};
use test_support::{Checkout, HookAt};

use super::bump_git::{bump, bumped, checkout, fresh_clone, other_work, state, work};

#[test]
fn branch_and_tag_are_pushed_together() {
    let checkout = checkout("mode = 'commit'\npush = true");
    let document = bumped(&checkout);
    assert_eq!(document["pushed"], true);
    for name in ["main", "v1.2.4^{commit}"] {
        assert_eq!(json!(checkout.git_at_remote(&["rev-parse", name])), document["commit"]);
    }
    let again = bumped(&checkout);
    assert_eq!((&again["commit"], &again["pushed"]), (&document["commit"], &json!(true)));
}

#[test]
fn a_rehearsal_commits_and_tags_and_the_remote_sees_nothing_of_it() {
    for version in ["version = '1.2.3'", "dynamic = ['version']"] {
        let checkout = Checkout::empty();
        let settings = "[tool.setuptools_scm]\n[tool.relwarden.bump]\nmode = 'workspace'\npush = true\n";
        checkout.write("pyproject.toml", format!("[project]\nname = 'demo'\n{version}\n{settings}"));
        let first = checkout.commit_all("first");
        checkout.git(&["push", "--quiet", "origin", "main"]);
        checkout.git(&["checkout", "--quiet", "--detach"]);
        let run = bump(&checkout).args(["--mode", "commit", "--no-push", "--next-version", "1.2.4"]);
        let document = run.output().expect_success().json();
        assert_eq!((&document["tag"], &document["pushed"]), (&json!("v1.2.4"), &json!(false)));
        assert_eq!(json!(checkout.git(&["rev-parse", "HEAD"])), document["commit"]);
        assert_eq!(checkout.git(&["describe", "--exact-match"]), "v1.2.4");
        assert_eq!(checkout.git_at_remote(&["rev-parse", "main"]), first);
        assert_eq!(checkout.git_at_remote(&["tag", "--list"]), "");
    }
}

#[test]
fn case_a44_a_refused_push_leaves_every_byte_as_it_was() {
    let refusals = [
        ("update", "case $1 in refs/tags/*) echo no tags on Sundays >&2; exit 1;; esac"),
        ("pre-receive", "echo the branch is protected >&2; exit 1"),
    ];
    for mode in ["commit", "pull-request"] {
        for (hook, script) in refusals {
            let script = if mode == "commit" { script } else { "echo no; exit 1" };
            let checkout = checkout(&format!("mode = '{mode}'\npush = true\nchangelog = 'CHANGES.md'"));
            work(&checkout);
            let before = state(&checkout);
            checkout.hook(HookAt::Remote, hook, script);
            let outcome = bump(&checkout).output().expect_code(5);
            assert!(outcome.stderr.contains("refused the push"), "{}", outcome.stderr);
            assert!(outcome.stderr.contains("a protection rule may forbid the push"), "{}", outcome.stderr);
            assert_eq!(state(&checkout), before, "{mode} {hook}");
            assert_eq!(checkout.git_at_remote(&["for-each-ref", "--format=%(refname)"]), "refs/heads/main");

            // Once the remote takes it, the same run goes through.
            checkout.hook(HookAt::Remote, hook, "exit 0");
            assert_eq!(bumped(&checkout)["pushed"], true);
        }
    }
}

#[test]
fn a_branch_that_moved_on_at_the_remote_refuses_the_push() {
    let checkout = checkout("mode = 'commit'\npush = true");
    let first = checkout.git(&["rev-parse", "HEAD"]);
    checkout.commit_all("somebody else's");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout.git(&["reset", "--quiet", "--hard", &first]);
    checkout.git(&["update-ref", "refs/remotes/origin/main", &first]);
    work(&checkout);
    let before = state(&checkout);
    let outcome = bump(&checkout).output().expect_code(4);
    assert!(outcome.stderr.contains("fetch, then run again"), "{}", outcome.stderr);
    assert_eq!(state(&checkout), before);
}

#[test]
fn a_remote_that_is_not_there_changes_nothing() {
    let checkout = checkout("mode = 'commit'\npush = true\nremote = 'nowhere'");
    let before = state(&checkout);
    bump(&checkout).output().expect_code(4);
    assert_eq!(state(&checkout), before);
}

#[test]
fn a_pull_request_has_a_branch_and_no_tag() {
    let checkout = checkout("mode = 'pull-request'\npush = true");
    work(&checkout);
    let before = other_work(&checkout);
    let main = checkout.git(&["rev-parse", "main"]);
    let document = bumped(&checkout);
    assert_eq!((&document["branch"], &document["tag"]), (&json!("release/1.2.4"), &Value::Null));
    assert_eq!(json!(checkout.git_at_remote(&["rev-parse", "release/1.2.4"])), document["commit"]);
    assert_eq!(checkout.git(&["rev-parse", "main"]), main);
    assert_eq!(checkout.git(&["tag"]), "");
    assert_eq!(other_work(&checkout), before);

    // A run on another runner, which knows nothing of the branch.
    let fresh = fresh_clone(&checkout);
    let again = bumped(&fresh);
    assert_eq!(
        (&again["commit"], &again["pushed"], &again["written"]),
        (&document["commit"], &json!(true), &json!(false))
    );
    assert_eq!(fresh.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]), "refs/heads/main");
    assert_eq!(fresh.text("pyproject.toml").lines().nth(2), Some("version = \"1.2.3\""));
}

#[test]
fn a_pull_request_that_was_merged_is_not_made_again() {
    let checkout = checkout("mode = 'pull-request'\npush = true");
    bumped(&checkout);
    checkout.git(&["switch", "--quiet", "main"]);
    checkout.git(&["merge", "--quiet", "--ff-only", "release/1.2.4"]);
    checkout.git(&["push", "--quiet", "origin", "main", ":release/1.2.4"]);
    checkout.git(&["branch", "--quiet", "-D", "release/1.2.4"]);
    let before = state(&checkout);
    let document = bumped(&checkout);
    assert_eq!((&document["branch"], &document["written"]), (&json!("main"), &json!(false)));
    assert_eq!(document["commit"], json!(checkout.git(&["rev-parse", "main"])));
    assert_eq!(state(&checkout), before);
}

#[test]
fn two_runners_make_one_tag() {
    let first = checkout("mode = 'commit'\npush = true");
    let second = fresh_clone(&first);
    let document = bumped(&first);
    // The other runner has not fetched: the tag of the remote is what counts.
    let other = bumped(&second);
    assert_eq!(
        (&other["commit"], &other["pushed"], &other["written"]),
        (&document["commit"], &json!(true), &json!(false))
    );
    assert_eq!(second.git(&["tag"]), "");
    assert_eq!(second.git(&["rev-parse", "HEAD"]), first.git(&["rev-parse", "HEAD~1"]));
}

#[test]
fn two_runners_at_once_make_one_tag() {
    let first = checkout("mode = 'commit'\npush = true");
    let second = fresh_clone(&first);
    let before = second.git(&["rev-parse", "HEAD"]);
    first.git(&["config", "user.name", "Another"]);
    bump(&first).args(["--dry-run"]).output().expect_success();
    // The other runner pushes when this one has looked already.
    let program = test_support::binary!("decide-release");
    let script = format!(
        "unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX; exec '{}' --project '{}' bump --index ../releases.json >&2",
        program.path().display(),
        first.path().display()
    );
    second.hook(HookAt::WorkTree, "pre-push", &script);
    let document = bumped(&second);
    assert_eq!(json!(first.git_at_remote(&["rev-parse", "v1.2.4^{commit}"])), document["commit"]);
    assert_eq!((&document["pushed"], &document["written"]), (&json!(true), &json!(false)));
    assert_eq!(second.git(&["rev-parse", "HEAD"]), before);
    assert_eq!((second.git(&["tag"]), second.git(&["status", "--porcelain"])), (String::new(), String::new()));
}

#[test]
fn a_shallow_clone_commits_and_pushes() {
    let origin = checkout("mode = 'commit'\npush = true");
    origin.commit_all("second");
    origin.git(&["push", "--quiet", "origin", "main"]);
    let shallow = Checkout::empty();
    shallow.git(&["remote", "set-url", "origin", &format!("file://{}", origin.remote().display())]);
    shallow.git(&["fetch", "--quiet", "--depth=1", "origin", "main"]);
    shallow.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    let document = bumped(&shallow);
    assert_eq!(json!(origin.git_at_remote(&["rev-parse", "v1.2.4^{commit}"])), document["commit"]);
}

#[test]
fn a_head_without_a_branch_is_committed_and_not_pushed() {
    let checkout = checkout("mode = 'commit'");
    checkout.git(&["switch", "--quiet", "--detach"]);
    let document = bumped(&checkout);
    assert_eq!((&document["tag"], &document["branch"]), (&json!("v1.2.4"), &Value::Null));
    let pushing = self::checkout("mode = 'commit'\npush = true");
    pushing.git(&["switch", "--quiet", "--detach"]);
    let before = state(&pushing);
    let outcome = bump(&pushing).output().expect_code(2);
    assert!(outcome.stderr.contains("HEAD is detached"), "{}", outcome.stderr);
    assert_eq!(state(&pushing), before);
}
