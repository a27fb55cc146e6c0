//! The scripts of the actions without a runner: each job in a fresh clone, with the built programs.

use std::{fs, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use test_support::{Checkout, Outcome, Run, fixtures::workspace, repository::git_in};

const NOW: &str = "2026-01-05T06:00:00Z";
/// What the index has.
const RELEASES: &str =
    r#"{"meta": {"api-version": "1.1"}, "name": "sample-package", "versions": ["1.0.0"], "files": []}"#;

/// A project in a repository with a remote.
struct Shared {
    checkout: Checkout,
}

/// What a job left: its clone, and the outputs of its script.
struct Done {
    folder: TempDir,
    outcome: Outcome,
}

/// A decision that is to be carried out.
struct Decided {
    commit: String,
    id: String,
}

impl Shared {
    /// The project at a version, with more configuration.
    fn new(version: &str, configuration: &str) -> Self {
        let checkout = Checkout::empty();
        checkout.write(
            "pyproject.toml",
            format!("[project]\nname = \"sample-package\"\nversion = \"{version}\"\n{configuration}"),
        );
        checkout.write("src/sample_package/__init__.py", "");
        checkout.write("metrics/__init__.py", "COUNT = 1\n");
        checkout.commit_all("first");
        checkout.git(&["push", "--quiet", "origin", "main"]);
        Self { checkout }
    }

    /// Somebody pushes a change of one file.
    fn push(&self, file: &str, contents: &str) -> String {
        self.checkout.git(&["pull", "--quiet", "--rebase", "origin", "main"]);
        self.checkout.write(file, contents);
        let commit = self.checkout.commit_all("a change");
        self.checkout.git(&["push", "--quiet", "origin", "main"]);
        commit
    }

    /// Runs a script of an action in a fresh clone.
    fn job(&self, script: &str, env: &[(&str, &str)]) -> Done {
        let folder = tempfile::tempdir().unwrap();
        let clone = git_in(folder.path()).args(["clone", "--quiet"]).arg(self.checkout.remote()).arg("work");
        clone.output().expect_success();
        run(folder, script, env)
    }

    /// Decides for a release by hand and commits the state.
    fn decide(&self) -> Decided {
        let done = self.job("integration-orchestrator/run.sh", &[("COMMAND", "manual-workflow"), ("NOTES", "Now")]);
        let (commit, id) = (done.output("commit"), done.output("decision_id"));
        assert_eq!(done.outcome.code, Some(0), "{}", done.said());
        Decided { commit, id }
    }

    fn bump(&self, commit: &str, decision: &str) -> Done {
        self.job("bump/bump.sh", &[("CHECKED_COMMIT", commit), ("DECISION_ID", decision)])
    }

    fn tip(&self) -> String {
        self.checkout.git_at_remote(&["rev-parse", "main"])
    }
}

fn run(folder: TempDir, script: &str, env: &[(&str, &str)]) -> Done {
    let programs = test_support::binary!("integration-orchestrator");
    let programs = programs.path().parent().expect("a binary lies in a folder").display().to_string();
    fs::write(folder.path().join("releases.json"), RELEASES).unwrap();
    let mut run = Run::new("bash")
        .arg(workspace().join(".github/actions").join(script))
        .current_dir(&folder.path().join("work"))
        .env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"))
        .env("RUNNER_TEMP", folder.path())
        .env("GITHUB_OUTPUT", folder.path().join("outputs"))
        .env("RELWARDEN_PROJECT", ".")
        .env("INDEX", folder.path().join("releases.json"))
        .now(NOW);
    for name in ["NOTES", "RECEIPT", "RELEASED_COMMIT", "MESSAGE", "BRANCH"] {
        run = run.env(name, "");
    }
    for (name, value) in [("COMMIT_STATE", "true"), ("FORCE", "false")].iter().chain(env) {
        run = run.env(name, value);
    }
    let outcome = run.output();
    Done { folder, outcome }
}

impl Done {
    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn said(&self) -> String {
        format!("{}\n{}", self.outcome.stdout, self.outcome.stderr)
    }

    /// An output of one line; empty where there is none.
    fn output(&self, name: &str) -> String {
        let outputs = fs::read_to_string(self.folder.path().join("outputs")).unwrap_or_default();
        let value = outputs.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn refused(&self, words: &str) {
        assert_ne!(self.outcome.code, Some(0), "{}", self.said());
        assert!(self.said().contains(words), "{}", self.said());
        assert_eq!(self.output("commit"), "", "nothing is handed on");
    }

    /// The one run record in the clone.
    fn record(&self) -> Value {
        let mut records = fs::read_dir(self.work().join("metrics")).unwrap().map(|entry| entry.unwrap().path());
        let path = records.find(|path| path.extension().is_some_and(|ending| ending == "json")).unwrap();
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }
}

#[test]
fn an_output_is_read_in_every_spelling_of_the_runner() {
    let common = workspace().join(".github/actions/common.sh");
    for (written, read) in [
        ("commit=abc\n", "abc"),
        ("commit=\n", ""),
        ("tag=v1\n", ""),
        ("commit=one\ncommit=two=2\n", "two=2"),
        ("commit<<end\nabc\nend\n", "abc"),
        ("commit<<end\n\na=b\nend\ntag=v1\n", "\na=b"),
        ("notes<<end\ncommit=not this\ncommit<<nor\nend\ncommit=abc\n", "abc"),
        ("commit=abc\nnotes<<end\ncommit=not this\nend\n", "abc"),
        ("commit=a<<b\n", "a<<b"),
        ("commits=no\ncommit=abc\n", "abc"),
    ] {
        let scratch = test_support::Scratch::empty();
        scratch.write("outputs", written);
        let script = r#". "$1"; printf '%s.' "$(output commit "$2")""#;
        let answer = Run::new("bash").args(["-c", script, "bash"]).arg(&common).arg(scratch.join("outputs")).output();
        assert_eq!(answer.expect_success().stdout, format!("{read}."), "{written:?}");
    }
}

#[test]
fn the_tag_of_a_release_that_failed_is_built_again_only_where_the_code_has_not_moved_on() {
    let shared = Shared::new("1.0.0", "");
    let decided = shared.decide();
    let first = shared.bump(&decided.commit, &decided.id);
    assert_eq!(first.outcome.code, Some(0), "{}", first.said());
    assert_eq!(first.output("tag"), "v1.0.1");

    // The publish failed. State alone was pushed since.
    let tip = shared.push("metrics/workflow-pypi-publish-1.json", "{}\n");
    let again = shared.bump(&tip, &decided.id);
    assert_eq!(again.outcome.code, Some(0), "{}", again.said());
    assert_eq!(again.output("commit"), first.output("commit"));

    let tip = shared.push("src/sample_package/__init__.py", "FIX = 1\n");
    let moved = shared.bump(&tip, &decided.id);
    moved.refused("the tag v1.0.1 names older code");
    assert!(moved.said().contains("git push --delete origin v1.0.1"));

    // As it is told: the version is used again, for the code that was checked.
    shared.checkout.git(&["push", "--quiet", "--delete", "origin", "v1.0.1"]);
    let mended = shared.bump(&tip, &decided.id);
    assert_eq!(mended.outcome.code, Some(0), "{}", mended.said());
    assert_eq!(mended.output("commit"), tip);
    assert_eq!(shared.checkout.git_at_remote(&["rev-parse", "v1.0.1^{commit}"]), tip);
}

#[test]
fn a_tag_of_a_persons_own_is_taken_as_it_is_or_left_alone() {
    for annotated in [false, true] {
        let shared = Shared::new("1.0.1", "");
        let tag: &[&str] = if annotated { &["tag", "-a", "-m", "Ours", "v1.0.1"] } else { &["tag", "v1.0.1"] };
        shared.checkout.git(tag);
        shared.checkout.git(&["push", "--quiet", "origin", "v1.0.1"]);
        let tagged = shared.tip();
        let decided = shared.decide();
        let same = shared.bump(&decided.commit, &decided.id);
        assert_eq!(same.output("commit"), tagged, "{}", same.said());

        let tip = shared.push("src/sample_package/__init__.py", "NEW = 1\n");
        let moved = shared.bump(&tip, &decided.id);
        moved.refused("the tag v1.0.1, which no release of these workflows made, names other code");
        assert!(!moved.said().contains("--delete"), "{}", moved.said());
        assert_eq!(shared.checkout.git_at_remote(&["rev-parse", "v1.0.1^{commit}"]), tagged);
    }
}

#[test]
fn code_in_a_folder_of_the_name_of_ours_is_code() {
    let shared = Shared::new("1.0.0", "");
    let decided = shared.decide();
    shared.push("metrics/daily/2026-01.json", "{}\n");
    shared.push("metrics/__init__.py", "COUNT = 2\n");
    shared.bump(&decided.commit, &decided.id).refused("changes that were not checked");
    assert_eq!(shared.checkout.git_at_remote(&["tag", "--list"]), "");
}

#[test]
fn a_bump_by_pull_request_is_built_once_it_is_merged() {
    let shared = Shared::new("1.0.0", "\n[tool.relwarden.bump]\nmode = \"pull-request\"\n");
    let decided = shared.decide();
    let before = shared.tip();
    shared
        .bump(&decided.commit, &decided.id)
        .refused("the version waits on the branch release/1.0.1: merge it into main");
    assert_eq!(shared.tip(), before);
    assert_eq!(shared.checkout.git_at_remote(&["tag", "--list"]), "");

    shared.checkout.git(&["pull", "--quiet", "--no-rebase", "origin", "main", "release/1.0.1"]);
    shared.checkout.git(&["push", "--quiet", "origin", "HEAD:main"]);
    let merged = shared.bump(&shared.tip(), &decided.id);
    assert_eq!(merged.outcome.code, Some(0), "{}", merged.said());
    assert_eq!((merged.output("commit"), merged.output("tag")), (shared.tip(), String::new()));
}

const ATTEMPT: [(&str, &str); 10] = [
    ("WORKFLOW", "pypi-publish"),
    ("RELEASE_TYPE", "security_auto"),
    ("RELEASE_VERSION", "1.0.1"),
    ("STARTED", "2026-01-05T05:00:00Z"),
    ("GATES", "success"),
    ("BUMP", "success"),
    ("BUILD", "success"),
    ("BUILD_SECONDS", "40"),
    ("BUILD_ENDED", "2026-01-05T05:04:00Z"),
    ("PUBLISH_BEGAN", "2026-01-05T05:58:00Z"),
];

fn recorded(env: &[(&str, &str)]) -> Value {
    let shared = Shared::new("1.0.0", "");
    let all: Vec<(&str, &str)> = ATTEMPT.iter().chain(env).copied().collect();
    let done = shared.job("record/record.sh", &all);
    assert_eq!(done.outcome.code, Some(0), "{}", done.said());
    done.record()
}

#[test]
fn a_record_has_the_times_of_the_work_and_not_of_the_approval() {
    let record = recorded(&[("PUBLISH", "success"), ("PUBLISH_SECONDS", "12")]);
    assert_eq!(record["status"], "success");
    assert_eq!(record["duration_seconds"], 360.0, "an hour, of which 54 minutes were waited");
    assert_eq!((&record["build_duration"], &record["publish_duration"]), (&40.0.into(), &12.0.into()));

    // What the build job tells may be anything.
    let hostile = [("PUBLISH", "success"), ("BUILD_SECONDS", "1; touch x"), ("BUILD_ENDED", "2026-99-99T99:99:99Z")];
    let record = recorded(&hostile);
    assert_eq!((&record["build_duration"], &record["publish_duration"]), (&Value::Null, &Value::Null));
    assert_eq!(record["duration_seconds"], 3600.0);
}

#[test]
fn a_record_says_which_job_ended_the_attempt_and_how() {
    let failed = recorded(&[("BUMP", "failure"), ("BUILD", "skipped"), ("PUBLISH", "skipped")]);
    assert_eq!((&failed["status"], &failed["error_stage"]), (&"failed".into(), &"bump".into()));
    assert_eq!(failed["error_message"], "not published: bump ended with failure");

    let cancelled = recorded(&[("PUBLISH", "cancelled")]);
    assert_eq!((&cancelled["status"], &cancelled["error_stage"]), (&"cancelled".into(), &"publish".into()));
    assert_eq!(cancelled["error_message"], "not published: publish was cancelled");
    assert_eq!(cancelled["publishing_success"], Value::Null, "nobody tried to the end");

    let untold = recorded(&[("PUBLISH", "skipped")]);
    assert_eq!((&untold["status"], &untold["error_stage"]), (&"failed".into(), &"publish".into()));
}
