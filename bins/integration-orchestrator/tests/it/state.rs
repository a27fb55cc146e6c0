//! `commit-state`: what a run leaves for the next one, with real git, a bare remote and several clones.

use std::path::{Path, PathBuf};

use serde_json::Value;
use test_support::{Checkout, HookAt, Outcome, repository::git_in, scratch::REPORTS};

use crate::{
    scans,
    system::{BASELINE, LEDGER, PLANS, STATUS, WEEK_1, WEEK_2, WEEK_3, binary, refused},
};

/// A project in a repository, with a remote that has its first commit.
struct Shared {
    checkout: Checkout,
}

/// One clone of it: a runner.
struct Runner {
    folder: PathBuf,
    _keep: Option<tempfile::TempDir>,
}

impl Shared {
    fn new() -> Self {
        let checkout = Checkout::empty();
        checkout.write("pyproject.toml", "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n");
        checkout.write(".gitignore", "security/reports/\n");
        checkout.commit_all("first");
        checkout.git(&["push", "--quiet", "origin", "main"]);
        Self { checkout }
    }

    fn runner(&self) -> Runner {
        let keep = tempfile::tempdir().unwrap();
        git_in(keep.path())
            .args(["clone", "--quiet"])
            .arg(self.checkout.remote())
            .arg("work")
            .output()
            .expect_success();
        Runner { folder: keep.path().join("work"), _keep: Some(keep) }
    }

    fn first(&self) -> Runner {
        Runner { folder: self.checkout.path(), _keep: None }
    }

    /// A JSON document of the remote's newest commit.
    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.checkout.git_at_remote(&["show", &format!("main:{path}")])).unwrap()
    }

    fn files(&self) -> Vec<String> {
        self.checkout.git_at_remote(&["ls-tree", "-r", "--name-only", "main"]).lines().map(str::to_owned).collect()
    }

    fn count(&self) -> String {
        self.checkout.git_at_remote(&["rev-list", "--count", "main"])
    }
}

impl Runner {
    fn scan(&self, now: &str, vulnerable: &[(&str, &str, &str)]) -> &Self {
        let write = |name: &str, text: String| {
            let path = self.folder.join(REPORTS).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let flaws: Vec<_> = vulnerable.iter().map(|(_, _, id)| [scans::flaw(id, &[])]).collect();
        let dependencies: Vec<_> = vulnerable
            .iter()
            .zip(&flaws)
            .map(|((name, version, _), flaws)| scans::dependency(name, version, flaws))
            .collect();
        write("pip-audit.json", scans::pip_audit(&dependencies));
        write("bandit.json", scans::bandit(now, &[]));
        write("secrets-scan.json", "[]".to_owned());
        self.workflow(now)
    }

    fn workflow(&self, now: &str) -> &Self {
        let run = binary("integration-orchestrator").run().project(&self.folder).now(now);
        run.args(["security-workflow", "--offline", "--index", "none"]).output().expect_success();
        self
    }

    fn commit(&self, now: &str) -> Outcome {
        let run = binary("integration-orchestrator").run().project(&self.folder).now(now);
        run.args(["--format", "json", "commit-state"]).env("GITHUB_RUN_ID", "77").output()
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.join(path)).unwrap()).unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.folder).args(arguments).output().expect_success().stdout.trim().to_owned()
    }
}

const REQUESTS: (&str, &str, &str) = ("requests", "2.30.0", "CVE-2023-32681");
const CERTIFI: (&str, &str, &str) = ("certifi", "2022.12.7", "CVE-2023-37920");

fn packages(ledger: &Value) -> Vec<String> {
    let findings = ledger["findings"].as_array().unwrap().iter();
    let mut names: Vec<String> = findings.filter_map(|f| f["package"].as_str().map(str::to_owned)).collect();
    names.sort();
    names
}

#[test]
fn what_changed_is_committed_once_with_a_message_that_programs_read() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[REQUESTS]);
    let done = runner.commit(WEEK_1).expect_success().json();
    assert_eq!((&done["pushed"], &done["superseded"]), (&Value::Bool(true), &Value::Bool(false)));
    let message = shared.checkout.git_at_remote(&["log", "-1", "--format=%B", "main"]);
    let decision = runner.json("security/findings/decision.json")["decision_id"].as_str().unwrap().to_owned();
    insta::with_settings!({filters => vec![(decision.as_str(), "[decision]")]}, {
        insta::assert_snapshot!(message, @r"
        chore(security): record baseline, decision, findings, metrics, status

        No release triggers detected: this first scan sets the baseline

        Relwarden-State: baseline, decision, findings, metrics, status
        Relwarden-Release-Type: none
        Relwarden-Decision: [decision]
        Relwarden-Run: 77
        ");
    });
    assert!(shared.files().iter().all(|file| !file.starts_with("security/reports/")), "raw reports stay here");
    assert_eq!(runner.git(&["status", "--porcelain"]), "");

    let again = runner.commit(WEEK_1).expect_success().json();
    assert_eq!(again["commit"], Value::Null);
    assert_eq!(shared.count(), "2");
}

#[test]
fn every_folder_of_the_state_is_held_and_no_other() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[REQUESTS]);
    let folders = ["security/findings", "docs/security-status", "metrics", "."];
    let ask = |folder: &&str| format!("flock --nonblock {folder} true && echo free >> locks || echo held >> locks");
    shared.checkout.hook(HookAt::WorkTree, "commit-msg", &folders.iter().map(ask).collect::<Vec<_>>().join("\n"));
    shared.checkout.write(".relwarden-rcpt.tmp", "half");
    runner.commit(WEEK_1).expect_success();
    assert_eq!(shared.checkout.text("locks"), "held\nheld\nheld\nfree\n");
    assert_eq!(shared.checkout.text(".relwarden-rcpt.tmp"), "half");
}

#[test]
fn a_status_that_only_grew_older_is_not_committed() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[REQUESTS]);
    runner.commit(WEEK_1).expect_success();
    let refresh = |now: &str| {
        binary("update-status").run().project(&runner.folder).now(now).arg("--refresh").output().expect_success();
        runner.commit(now).expect_success().json()
    };
    assert_eq!(refresh("2026-01-06T05:00:00Z")["commit"], Value::Null);
    assert_ne!(refresh("2026-01-25T05:00:00Z")["commit"], Value::Null, "it is stale now, which is news");
    let files = shared.checkout.git_at_remote(&["show", "--name-only", "--format=", "main"]);
    assert!(files.lines().all(|file| file.starts_with("docs/security-status/")), "{files}");
}

#[test]
fn edits_and_staged_files_of_a_person_are_left_alone() {
    let shared = Shared::new();
    let runner = shared.first();
    shared.checkout.write("pyproject.toml", "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n# edited\n");
    shared.checkout.write("new.py", "x = 1\n");
    shared.checkout.git(&["add", "new.py"]);
    runner.scan(WEEK_1, &[]).commit(WEEK_1).expect_success();
    assert_eq!(runner.git(&["status", "--porcelain"]), "A  new.py\n M pyproject.toml");
}

#[test]
fn a_release_recorded_beside_a_scan_is_kept_with_it() {
    let shared = Shared::new();
    let one = shared.first();
    one.scan(WEEK_1, &[REQUESTS]).commit(WEEK_1).expect_success();
    let two = shared.runner();

    // One scans, the other moves the baseline; both start from the same commit.
    one.scan(WEEK_2, &[REQUESTS, CERTIFI]);
    let mut baseline = two.json(BASELINE);
    baseline["version"] = "1.0.1".into();
    std::fs::write(two.folder.join(BASELINE), serde_json::to_vec_pretty(&baseline).unwrap()).unwrap();
    binary("update-status").run().project(&two.folder).now(WEEK_2).output().expect_success();
    binary("workflow-monitoring")
        .run()
        .project(&two.folder)
        .now(WEEK_2)
        .args(["start", "--workflow", "pypi-publish"])
        .output()
        .expect_success();

    one.commit(WEEK_2).expect_success();
    let done = two.commit(WEEK_2).expect_success().json();
    assert_eq!((&done["pushed"], &done["superseded"]), (&Value::Bool(true), &Value::Bool(false)), "{done:#}");
    assert_eq!(shared.json(BASELINE)["version"], "1.0.1");
    assert_eq!(packages(&shared.json(LEDGER)), ["certifi", "requests"]);
    assert_eq!(shared.files().iter().filter(|file| file.starts_with("metrics/workflow-")).count(), 3);
    // The status is of both: computed anew from the other's ledger.
    let open = shared.json(STATUS)["findings"].as_array().unwrap().len();
    assert_eq!(open, 2);
    assert_eq!(two.git(&["rev-parse", "HEAD"]), shared.checkout.git_at_remote(&["rev-parse", "main"]));
}

#[test]
fn two_scans_at_once_are_both_in_the_ledger_after_the_second_ran_again() {
    let shared = Shared::new();
    let one = shared.first();
    one.scan(WEEK_1, &[]).commit(WEEK_1).expect_success();
    let two = shared.runner();
    one.scan(WEEK_2, &[REQUESTS]);
    two.scan(WEEK_3, &[REQUESTS, CERTIFI]);

    one.commit(WEEK_2).expect_success();
    let superseded = two.commit(WEEK_3).expect_code(4);
    assert!(superseded.stderr.contains("run the same step again"), "{}", superseded.stderr);
    let document = superseded.json();
    assert_eq!(document["superseded"], true);
    let aside = document["set_aside"].as_array().unwrap();
    let ledger = aside.iter().find(|file| file["file"] == LEDGER).expect("the ledger is named");
    assert_eq!(ledger["reason"], "conflict");
    assert_eq!(packages(&shared.json(ledger["place"].as_str().unwrap())), ["certifi", "requests"], "nothing is lost");
    assert_eq!(packages(&shared.json(LEDGER)), ["requests"], "the other's is not overwritten");

    // The reports still lie there; the same step on the newest state takes them in.
    two.workflow(WEEK_3);
    two.commit(WEEK_3).expect_success();
    assert_eq!(packages(&shared.json(LEDGER)), ["certifi", "requests"]);
    let first_seen = |package: &str| {
        let ledger = shared.json(LEDGER);
        let findings = ledger["findings"].as_array().unwrap().clone();
        let finding = findings.into_iter().find(|f| f["package"] == package).unwrap();
        crate::system::find(&finding, "discovered_date").as_str().unwrap().to_owned()
    };
    assert_eq!((first_seen("requests").as_str(), first_seen("certifi").as_str()), ("2026-01-12", "2026-01-19"));
}

#[test]
fn what_cannot_be_set_aside_stays_where_it_was() {
    let shared = Shared::new();
    let one = shared.first();
    one.scan(WEEK_1, &[]).commit(WEEK_1).expect_success();
    let two = shared.runner();
    one.scan(WEEK_2, &[REQUESTS]);
    two.scan(WEEK_3, &[REQUESTS, CERTIFI]);
    std::fs::write(two.folder.join("security/findings/set-aside"), "a file where the folder goes\n").unwrap();

    one.commit(WEEK_2).expect_success();
    let failed = two.commit(WEEK_3).expect_code(4);
    assert!(failed.stderr.contains("set-aside"), "{}", failed.stderr);
    let ledger = std::fs::read(two.folder.join(LEDGER)).unwrap();
    assert_eq!(packages(&serde_json::from_slice(&ledger).unwrap()), ["certifi", "requests"]);
}

#[test]
fn a_plan_that_a_person_edited_meanwhile_is_not_overwritten() {
    let shared = Shared::new();
    let one = shared.first();
    one.scan(WEEK_1, &[REQUESTS]).commit(WEEK_1).expect_success();
    let person = shared.runner();
    let plans = std::fs::read_to_string(person.folder.join(PLANS)).unwrap();
    std::fs::write(person.folder.join(PLANS), format!("{plans}# looked at by hand\n")).unwrap();
    person.git(&[
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "commit",
        "--quiet",
        "--all",
        "-m",
        "Look at it",
    ]);
    person.git(&["push", "--quiet", "origin", "main"]);

    one.scan(WEEK_2, &[REQUESTS, CERTIFI]);
    one.commit(WEEK_2).expect_code(4);
    one.workflow(WEEK_2);
    one.commit(WEEK_2).expect_success();
    let plans = shared.checkout.git_at_remote(&["show", &format!("main:{PLANS}")]);
    assert!(plans.contains("looked at by hand") && plans.contains("CVE-2023-37920"), "{plans}");
}

#[test]
fn a_torn_document_is_set_aside_and_the_committed_one_put_back() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[REQUESTS]).commit(WEEK_1).expect_success();
    let whole = std::fs::read(runner.folder.join(LEDGER)).unwrap();
    std::fs::write(runner.folder.join(LEDGER), &whole[..whole.len() / 2]).unwrap();
    let torn = runner.commit(WEEK_2).expect_code(1);
    let document = torn.json();
    let aside = &document["set_aside"][0];
    assert_eq!((&aside["file"], &aside["reason"]), (&Value::from(LEDGER), &Value::from("torn")));
    assert!(torn.stderr.contains(LEDGER), "{}", torn.stderr);
    assert_eq!(std::fs::read(runner.folder.join(LEDGER)).unwrap(), whole);
    let place = aside["place"].as_str().unwrap();
    let kept = shared.checkout.git_at_remote(&["show", &format!("main:{place}")]);
    assert!(whole.starts_with(kept.trim_end().as_bytes()));
    assert_eq!(packages(&shared.json(LEDGER)), ["requests"]);
}

#[test]
fn plans_with_conflict_marks_are_set_aside_and_the_committed_ones_put_back() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[REQUESTS]).commit(WEEK_1).expect_success();
    let whole = std::fs::read_to_string(runner.folder.join(PLANS)).unwrap();
    let merged = format!("<<<<<<< HEAD\n{whole}=======\n{whole}>>>>>>> theirs\n");
    std::fs::write(runner.folder.join(PLANS), &merged).unwrap();
    let document = runner.commit(WEEK_2).expect_code(1).json();
    let aside = &document["set_aside"][0];
    assert_eq!((&aside["file"], &aside["reason"]), (&Value::from(PLANS), &Value::from("torn")));
    assert_eq!(std::fs::read_to_string(runner.folder.join(PLANS)).unwrap(), whole);
    let place = aside["place"].as_str().unwrap();
    assert_eq!(shared.checkout.git_at_remote(&["show", &format!("main:{place}")]), merged.trim_end());
}

#[test]
fn a_file_that_a_host_may_refuse_for_its_size_is_named_beforehand() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[]);
    let large = std::fs::File::create(runner.folder.join("security/findings/copy.bin")).unwrap();
    large.set_len(101 * 1024 * 1024).unwrap();
    let said = runner.commit(WEEK_1).expect_success().stderr;
    assert!(said.contains("security/findings/copy.bin holds 101 MiB"), "{said}");
}

#[test]
fn the_branch_of_the_configuration_takes_the_state() {
    let shared = Shared::new();
    let runner = shared.first();
    std::fs::write(runner.folder.join("relwarden.toml"), "[state]\nbranch = 'relwarden-state'\n").unwrap();
    runner.scan(WEEK_1, &[REQUESTS]);
    let main = shared.count();
    let done = runner.commit(WEEK_1).expect_success().json();
    assert_eq!((&done["branch"], &done["pushed"]), (&Value::from("relwarden-state"), &Value::Bool(true)));
    assert_eq!(shared.count(), main);
    shared.checkout.git_at_remote(&["show", &format!("relwarden-state:{LEDGER}")]);
}

#[test]
fn a_protected_branch_is_a_refusal_and_leaves_the_files_to_be_committed() {
    let shared = Shared::new();
    let runner = shared.first();
    shared.checkout.hook(HookAt::Remote, "pre-receive", "echo 'protected branch hook declined' >&2; exit 1");
    runner.scan(WEEK_1, &[REQUESTS]);
    let head = runner.git(&["rev-parse", "HEAD"]);
    let outcome = runner.commit(WEEK_1);
    assert!(outcome.stderr.contains("protected branch"), "{}", outcome.stderr);
    refused(outcome, 5, &["rejected the state commit on branch main"]);
    assert_eq!(runner.git(&["rev-parse", "HEAD"]), head, "the commit was taken back");
    std::fs::remove_file(shared.checkout.remote().join("hooks/pre-receive")).unwrap();
    runner.commit(WEEK_1).expect_success();
    assert_eq!(packages(&shared.json(LEDGER)), ["requests"]);
}

#[test]
fn five_runners_at_once_lose_no_record() {
    let shared = Shared::new();
    let runners: Vec<Runner> = (0..5).map(|_| shared.runner()).collect();
    std::thread::scope(|scope| {
        for (number, runner) in runners.iter().enumerate() {
            scope.spawn(move || {
                let id = format!("run-{number}");
                let start = binary("workflow-monitoring").run().project(&runner.folder).now(WEEK_1);
                start.args(["start", "--workflow", "other", "--id", &id]).output().expect_success();
                runner.commit(WEEK_1).expect_success();
            });
        }
    });
    assert_eq!(shared.files().iter().filter(|file| file.starts_with("metrics/workflow-run-")).count(), 5);
}

#[test]
fn a_project_below_the_top_of_its_repository_commits_its_own_state() {
    let checkout = Checkout::empty();
    checkout.write("package/pyproject.toml", "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n");
    checkout.write("metrics/of-somebody-else.json", "{}");
    checkout.commit_all("first");
    checkout.git(&["push", "--quiet", "origin", "main"]);
    checkout.write("metrics/of-somebody-else.json", "{\"a\": 1}");
    let runner = Runner { folder: checkout.join("package"), _keep: None };
    runner.scan(WEEK_1, &[]).commit(WEEK_1).expect_success();
    let files = checkout.git_at_remote(&["show", "--name-only", "--format=", "main"]);
    assert!(files.lines().all(|file| file.starts_with("package/")), "{files}");

    // Code scanning looks for the files from the top of the repository.
    runner.scan(WEEK_2, &[REQUESTS]);
    let export = binary("update-findings").run().project(&runner.folder).now(WEEK_2).args(["export", "--to", "sarif"]);
    let sarif = export.output().expect_success().json();
    let results: Vec<&Value> =
        sarif["runs"].as_array().unwrap().iter().flat_map(|run| run["results"].as_array().unwrap()).collect();
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!((results.len(), uri), (1, &Value::from("package/pyproject.toml")));
}

#[test]
fn state_that_git_is_told_to_ignore_is_refused_and_named() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[]);
    for (line, file) in [
        ("*.json", "security/findings/findings.json (.gitignore:1: *.json)"),
        ("/security", "security/findings/findings.json (.gitignore:1: /security)"),
        ("docs/", "docs/security-status/index.json (.gitignore:1: docs/)"),
        ("metrics/", "metrics/workflow-security-driven-release-"),
    ] {
        shared.checkout.write(".gitignore", format!("{line}\n"));
        refused(runner.commit(WEEK_1), 2, &["git is told to ignore what the next run needs", ".gitignore", line]);
        let run = binary("integration-orchestrator").run().project(&runner.folder).now(WEEK_1);
        let health = run.args(["--format", "json", "health-check"]).output().expect_code(1).json();
        let words = health["components"]["security_findings"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(words.contains("git is told to ignore") && words.contains(line), "{words}");
        let told = runner.commit(WEEK_1).stderr;
        assert!(told.contains(file), "{told}");
    }
    assert_eq!(shared.count(), "1");
    // What is only rendered, or somebody else's, may stay out; and what is excepted behind the line comes in.
    let lines =
        "*.svg\n*.html\nmetrics/*.csv\n*.json\n!/security/findings/**\n!/docs/security-status/**\n!/metrics/**\n";
    shared.checkout.write(".gitignore", lines);
    runner.commit(WEEK_1).expect_success();
    assert!(shared.files().iter().any(|file| file == BASELINE), "{:?}", shared.files());
}

#[test]
fn a_checkout_with_other_ends_of_lines_goes_on() {
    let shared = Shared::new();
    shared.checkout.write(".gitattributes", "* text eol=crlf\n");
    shared.checkout.commit_all("ends of lines");
    shared.checkout.git(&["push", "--quiet", "origin", "main"]);
    let plans = |runner: &Runner| std::fs::read_to_string(runner.folder.join(PLANS)).unwrap();
    shared.runner().scan(WEEK_1, &[REQUESTS]).commit(WEEK_1).expect_success();
    let runner = shared.runner();
    assert!(plans(&runner).contains("\r\n"));
    runner.scan(WEEK_2, &[REQUESTS, CERTIFI]).commit(WEEK_2).expect_success();
    let last = shared.runner();
    let done = last.scan(WEEK_3, &[CERTIFI]).commit(WEEK_3).expect_success().json();
    assert_eq!(done["set_aside"], Value::Array(Vec::new()));
    let files = shared.files();
    assert!(!files.iter().any(|file| file.contains("corrupt") || file.contains("set-aside")), "{files:?}");
    let events = shared.checkout.git_at_remote(&["show", "main:security/findings/history/events.ndjson"]);
    let words: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<&str> = words.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(words, ["first_seen", "first_seen", "resolved"]);
    assert_eq!(last.json("security/findings/decision.json")["should_release"], true);
}

#[test]
fn without_a_branch_one_must_be_named() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[]);
    runner.git(&["switch", "--quiet", "--detach"]);
    refused(runner.commit(WEEK_1), 2, &["HEAD is detached", "--branch"]);
    let run = binary("integration-orchestrator").run().project(&runner.folder).now(WEEK_1);
    run.args(["commit-state", "--branch", "main"]).output().expect_success();
    assert_eq!(shared.count(), "2");
    assert!(Path::new(&runner.folder).join(LEDGER).is_file());
}

#[test]
fn what_is_not_pushed_needs_no_branch() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[]);
    runner.git(&["switch", "--quiet", "--detach"]);
    let run = binary("integration-orchestrator").run().project(&runner.folder).now(WEEK_1);
    let done = run.args(["commit-state", "--no-push"]).output().expect_success();
    assert!(done.stdout.contains("on no branch: not pushed"), "{}", done.stdout);
    assert!(runner.git(&["show", "--name-only", "--format=", "HEAD"]).contains(LEDGER));
    assert_eq!(shared.count(), "1");
}

#[test]
fn a_remote_that_is_not_there_is_named_with_a_way_on() {
    let shared = Shared::new();
    let runner = shared.first();
    runner.scan(WEEK_1, &[]);
    runner.git(&["remote", "remove", "origin"]);
    let head = runner.git(&["rev-parse", "HEAD"]);
    refused(runner.commit(WEEK_1), 4, &["origin", "--remote", "--no-push"]);
    assert_eq!(runner.git(&["rev-parse", "HEAD"]), head, "the commit was taken back");
    let run = binary("integration-orchestrator").run().project(&runner.folder).now(WEEK_1);
    run.args(["commit-state", "--no-push"]).output().expect_success();
}

#[test]
fn quality_gates_are_printed_as_a_matrix_takes_them() {
    let system = crate::system::System::configured(
        "[tool.relwarden]\nquality_gates = [\"ruff check .\", \"pytest -q 'a b'\"]\n",
    );
    let outputs = system.project.join("outputs");
    let run = system.run_json("integration-orchestrator", WEEK_1).arg("quality-gates").env("GITHUB_OUTPUT", &outputs);
    let document = run.output().expect_success().json();
    assert_eq!(document["quality_gates"][1], "pytest -q 'a b'");
    assert_eq!(system.project.text("outputs"), "quality_gates=[\"ruff check .\",\"pytest -q 'a b'\"]\n");
}

#[test]
fn scripts_are_told_where_the_state_is_and_what_a_bump_does() {
    for (configuration, told) in [
        ("", "state_branch=\nbump_mode=workspace\n"),
        (
            "[tool.relwarden.state]\nbranch = \"relwarden-state\"\n[tool.relwarden.bump]\nmode = \"pull-request\"\n",
            "state_branch=relwarden-state\nbump_mode=pull-request\n",
        ),
    ] {
        let system = crate::system::System::configured(configuration);
        let outputs = system.project.join("outputs");
        let run = system.run_json("integration-orchestrator", WEEK_1).arg("settings").env("GITHUB_OUTPUT", &outputs);
        let document = run.output().expect_success().json();
        assert_eq!(system.project.text("outputs"), told);
        assert_eq!(document["state_branch"].is_null(), configuration.is_empty());
    }
}

#[test]
fn code_of_the_project_in_a_folder_of_the_name_of_ours_is_no_state() {
    let shared = Shared::new();
    let runner = shared.first();
    for (path, text) in [("metrics/__init__.py", "COUNT = 1\n"), ("metrics/daily/2026-01.json", "{}\n")] {
        shared.checkout.write(path, text);
    }
    let done = runner.commit(WEEK_1).expect_success().json();
    assert_eq!(done["files"], serde_json::json!(["metrics/daily/2026-01.json"]));
    assert_eq!(runner.git(&["status", "--porcelain"]), "?? metrics/__init__.py");
}
