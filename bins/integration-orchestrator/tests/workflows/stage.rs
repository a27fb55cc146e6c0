//! A repository with the workflows in it, an index, and runs of act on both.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{
    Run,
    fixtures::{copy_dir, fixture_path, workspace},
    index::Index,
    peers,
    repository::git_in,
    scratch::copy_sample,
};

/// Actions of others and what stands in for them. Every one that the workflows use is here; one that is not fails the run.
const ACTIONS: [(&str, &str); 8] = [
    ("actions/attest", "attest"),
    ("actions/checkout", "checkout"),
    ("actions/upload-artifact", "upload-artifact"),
    ("actions/download-artifact", "download-artifact"),
    ("actions/setup-python", "setup-python"),
    ("actions/upload-pages-artifact", "upload-pages-artifact"),
    ("actions/deploy-pages", "deploy-pages"),
    ("github/codeql-action", "upload-sarif"),
];

/// What the sample project's configuration is in these tests. The advisories are those of the recording; nobody is asked.
const CONFIGURATION: &str = r#"
quality_gates = ["python -m compileall -q src", "python -m tabnanny src"]

[advisories]
osv_url = ""
paths = ["advisories"]
"#;

/// The scanners: each leaves the recorded report, or crashes where there is none.
const SCANNERS: [(&str, &str); 4] = [
    (
        "pip-audit",
        r#"while [ $# -gt 0 ]; do if [ "$1" = --output ]; then out="$2"; fi; shift; done
if [ ! -f "$TEST_REPORTS/pip-audit.json" ]; then echo "Traceback (most recent call last)" >&2; exit 1; fi
cp "$TEST_REPORTS/pip-audit.json" "$out"; exit 1"#,
    ),
    (
        "bandit",
        r#"while [ $# -gt 0 ]; do if [ "$1" = --output ]; then out="$2"; fi; shift; done
if [ ! -f "$TEST_REPORTS/bandit.json" ]; then echo "Traceback (most recent call last)" >&2; exit 2; fi
cp "$TEST_REPORTS/bandit.json" "$out"; exit 1"#,
    ),
    ("detect-secrets", r#"exec cat "$TEST_REPORTS/secrets-scan.json""#),
    ("python", r#"exec "$TEST_PYTHON" "$@""#),
];

/// A repository on a "server", its index, and the recorded reports of a week.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) index: Index,
    runs: AtomicU32,
}

/// A run of a workflow that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How each job ended, by its id; a called workflow's jobs stand among them.
    pub(crate) jobs: BTreeMap<String, String>,
    /// The outputs of each step, by job and the step's id.
    outputs: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// Whether act ended well.
    pub(crate) green: bool,
    /// Everything that was printed.
    pub(crate) log: String,
    /// The artifacts.
    pub(crate) artifacts: PathBuf,
    /// A file that must not be there: what hostile text tries to make.
    pub(crate) canary: PathBuf,
}

/// How a run is started.
pub(crate) struct Start<'a> {
    pub(crate) workflow: &'a str,
    pub(crate) event: &'a str,
    pub(crate) inputs: Value,
    pub(crate) now: &'a str,
    pub(crate) vars: &'a [(&'a str, &'a str)],
    pub(crate) env: &'a [(&'a str, &'a str)],
    /// The tag whose push starts it; none for the default branch.
    pub(crate) tag: Option<&'a str>,
}

impl<'a> Start<'a> {
    /// The weekly run.
    pub(crate) fn weekly(now: &'a str) -> Self {
        Self {
            workflow: "security-driven-release",
            event: "schedule",
            inputs: Value::Null,
            now,
            vars: &[],
            env: &[],
            tag: None,
        }
    }

    /// A person starts a workflow.
    pub(crate) fn dispatch(workflow: &'a str, inputs: Value, now: &'a str) -> Self {
        Self { workflow, event: "workflow_dispatch", inputs, now, vars: &[], env: &[], tag: None }
    }
}

impl Stage {
    /// The sample project at version 1.0.0, which the index has, and no state.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        let index = Index::start();
        for name in ["sample_package-1.0.0-py3-none-any.whl", "sample_package-1.0.0.tar.gz"] {
            index.put("sample-package", name, &test_support::fixture(&format!("sample-project/dist/{name}")));
        }
        let stage = Self { folder, index, runs: AtomicU32::new(0) };
        let seed = stage.join("seed");
        copy_sample(&seed);
        copy_dir(&workspace().join(".github"), &seed.join(".github"));
        copy_dir(&fixture_path("sample-project/advisories"), &seed.join("advisories"));
        fs::write(seed.join("relwarden.toml"), CONFIGURATION).unwrap();
        fs::write(seed.join(".gitignore"), "security/reports/\n__pycache__/\ndist/\nreceipt.json\nrelwarden.sarif\n")
            .unwrap();
        git_in(stage.folder.path())
            .args(["init", "--quiet", "--bare", "-b", "main"])
            .arg(stage.remote())
            .output()
            .expect_success();
        for arguments in [
            &["init", "--quiet", "-b", "main"][..],
            &["config", "user.name", "A. Tester"],
            &["config", "user.email", "tester@example.org"],
            &["add", "--all"],
            &["commit", "--quiet", "-m", "first"],
        ] {
            git_in(&seed).args(arguments).output().expect_success();
        }
        git_in(&seed).args(["push", "--quiet"]).arg(stage.remote()).arg("main").output().expect_success();
        fs::create_dir_all(stage.join("reports")).unwrap();
        stage.tools();
        stage
    }

    /// As [`Stage::new`], after the first week's scan, which is the baseline.
    pub(crate) fn scanned() -> Self {
        let stage = Self::new();
        stage.week("2023-07-24");
        stage.run(&Start::weekly("2023-07-24T04:00:00Z")).expect_green();
        stage
    }

    fn tools(&self) {
        let tools = self.join("tools");
        fs::create_dir_all(&tools).unwrap();
        for (name, script) in SCANNERS {
            let path = tools.join(name);
            fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// A program of the runner, a shell script, that goes before the system's.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.join("path").join(name);
        fs::create_dir_all(self.join("path")).unwrap();
        fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The bare repository.
    pub(crate) fn remote(&self) -> PathBuf {
        self.join("remote.git")
    }

    /// From now on the scanners leave the reports of this recorded week, the project has its sources, and its advisories are known.
    pub(crate) fn week(&self, week: &str) {
        let recorded = fixture_path(&format!("sample-project/weeks/{week}"));
        let reports = self.join("reports");
        fs::remove_dir_all(&reports).unwrap();
        copy_dir(&recorded.join("reports"), &reports);
        self.change(&format!("The project in the week of {week}"), |clone| {
            fs::remove_dir_all(clone.join("src")).unwrap();
            copy_dir(&recorded.join("src"), &clone.join("src"));
            copy_dir(&recorded.join("advisories"), &clone.join("advisories"));
            fs::copy(recorded.join("requirements.txt"), clone.join("requirements.txt")).unwrap();
        });
    }

    /// From now on the scanners leave the reports of this recorded week; the project stays as it is.
    pub(crate) fn reports_of(&self, week: &str) {
        let reports = self.join("reports");
        fs::remove_dir_all(&reports).unwrap();
        copy_dir(&fixture_path(&format!("sample-project/weeks/{week}/reports")), &reports);
    }

    /// Tags the newest commit, as a person does.
    pub(crate) fn tag(&self, name: &str) {
        git_in(&self.remote()).args(["tag", name, "main"]).output().expect_success();
    }

    /// From now on a scanner leaves this, or crashes.
    pub(crate) fn report(&self, file: &str, contents: Option<&[u8]>) {
        let path = self.join("reports").join(file);
        match contents {
            Some(contents) => fs::write(path, contents).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }

    /// The report that a scanner leaves.
    pub(crate) fn report_json(&self, file: &str) -> Value {
        serde_json::from_slice(&fs::read(self.join("reports").join(file)).unwrap()).unwrap()
    }

    /// Pushes a change of the project.
    pub(crate) fn change(&self, message: &str, change: impl FnOnce(&Path)) {
        let clone = self.clone_of_main();
        change(clone.path());
        git_in(clone.path()).args(["add", "--all"]).output().expect_success();
        git_in(clone.path())
            .args([
                "-c",
                "user.name=A. Tester",
                "-c",
                "user.email=tester@example.org",
                "commit",
                "--quiet",
                "--allow-empty",
                "-m",
                message,
            ])
            .output()
            .expect_success();
        git_in(clone.path()).args(["push", "--quiet", "origin", "main"]).output().expect_success();
    }

    fn clone_of_main(&self) -> TempDir {
        let clone = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        git_in(self.folder.path())
            .args(["clone", "--quiet"])
            .arg(self.remote())
            .arg(clone.path())
            .output()
            .expect_success();
        clone
    }

    /// Runs a workflow to its end on the newest commit of the default branch.
    pub(crate) fn run(&self, start: &Start<'_>) -> Ran {
        let number = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        let run = self.join(&format!("run-{number}"));
        let work = run.join("work");
        for name in ["artifacts", "home", "tmp"] {
            fs::create_dir_all(run.join(name)).unwrap();
        }
        git_in(self.folder.path()).args(["clone", "--quiet"]).arg(self.remote()).arg(&work).output().expect_success();
        // act tells the repository's name from the address.
        git_in(&work)
            .args(["config", "remote.origin.url", "https://github.com/octo/demo.git"])
            .output()
            .expect_success();
        let event = run.join("event.json");
        // An event carries every input as text; the workflow's types make of it what they are.
        let inputs: BTreeMap<&String, String> =
            start.inputs.as_object().into_iter().flatten().map(|(name, value)| (name, as_text(value))).collect();
        fs::write(&event, {
            let mut event = json!({ "inputs": inputs, "repository": { "default_branch": "main" } });
            if let Some(tag) = start.tag {
                event["ref"] = format!("refs/tags/{tag}").into();
            }
            event.to_string()
        })
        .unwrap();
        let canary = run.join("canary");
        let programs = test_support::binary!("integration-orchestrator");
        let programs = programs.path().parent().expect("a binary lies in a folder");

        let mut act = Run::new(peers::tool_path("act"))
            .timeout(Duration::from_mins(8))
            .current_dir(&work)
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.join("path").display()))
            .env("HOME", run.join("home"))
            .env("TMPDIR", run.join("tmp"))
            .env("XDG_CACHE_HOME", run.join("home/.cache"))
            .env("XDG_CONFIG_HOME", run.join("home/.config"))
            .arg(start.event)
            .args(["--workflows", &format!(".github/workflows/{}.yml", start.workflow)])
            .args(["--platform", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--json", "--eventpath"])
            .arg(&event);
        let own = workspace().join("bins/integration-orchestrator/tests/workflows/actions");
        for used in used_actions(&work.join(".github")) {
            let name = used.split('@').next().unwrap_or(&used);
            let stand_in = ACTIONS.iter().find(|(action, _)| *action == name);
            let (_, folder) = stand_in.unwrap_or_else(|| panic!("nothing stands in for {used}"));
            act = act.arg("--local-repository").arg(format!("{used}={}", own.join(folder).display()));
        }
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let vars = [
            ("RELWARDEN_PROJECT", ".".to_owned()),
            ("RELWARDEN_BIN_DIR", programs.to_string_lossy().into_owned()),
            ("RELWARDEN_TOOLS_DIR", text(self.join("tools"))),
            ("RELWARDEN_INDEX", self.index.url()),
            ("RELWARDEN_AUTH", "none".to_owned()),
        ];
        for (name, value) in vars.iter().map(|(n, v)| (*n, v.as_str())).chain(start.vars.iter().copied()) {
            act = act.arg("--var").arg(format!("{name}={value}"));
        }
        let number_text = number.to_string();
        let env = [
            ("TEST_REMOTE", text(self.remote())),
            ("TEST_ARTIFACTS", text(run.join("artifacts"))),
            ("TEST_REPORTS", text(self.join("reports"))),
            ("TEST_PYTHON", text(peers::tool_path("python"))),
            ("RELWARDEN_NOW", start.now.to_owned()),
            ("RELWARDEN_OFFLINE", "true".to_owned()),
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("GITHUB_RUN_ID", number_text),
        ];
        for (name, value) in env.iter().map(|(n, v)| (*n, v.as_str())).chain(start.env.iter().copied()) {
            act = act.arg("--env").arg(format!("{name}={value}"));
        }
        let outcome = act.output();
        let green = outcome.code == Some(0);
        let log = format!("{}\n{}", outcome.stdout, outcome.stderr);
        let (jobs, outputs) = read_log(&outcome.stdout);
        Ran { jobs, outputs, green, log, artifacts: run.join("artifacts"), canary }
    }

    /// A file of the newest commit.
    pub(crate) fn file(&self, path: &str) -> Option<Vec<u8>> {
        let clone = self.clone_of_main();
        fs::read(clone.path().join(path)).ok()
    }

    /// A JSON document of the newest commit.
    pub(crate) fn json(&self, path: &str) -> Value {
        let bytes = self.file(path).unwrap_or_else(|| panic!("{path} is not in the repository"));
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A JSON document of the newest commit of a branch.
    pub(crate) fn json_on(&self, branch: &str, path: &str) -> Value {
        let answer = git_in(&self.remote()).args(["show", &format!("{branch}:{path}")]).output().expect_success();
        serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The run records of the newest commit, by the order of their names.
    pub(crate) fn records(&self, workflow: &str) -> Vec<Value> {
        let clone = self.clone_of_main();
        let mut names: Vec<PathBuf> = fs::read_dir(clone.path().join("metrics"))
            .map(|d| d.map(|e| e.unwrap().path()).collect())
            .unwrap_or_default();
        names.sort();
        let records =
            names.iter().filter(|p| p.is_file()).map(|p| serde_json::from_slice(&fs::read(p).unwrap()).unwrap());
        records.filter(|record: &Value| record["workflow_name"] == workflow || record["workflow"] == workflow).collect()
    }

    /// The paths of the files of the newest commit that begin so.
    pub(crate) fn paths(&self, beginning: &str) -> Vec<String> {
        let answer = git_in(&self.remote()).args(["ls-tree", "-r", "--name-only", "main"]).output().expect_success();
        answer.stdout.lines().filter(|path| path.starts_with(beginning)).map(str::to_owned).collect()
    }

    /// The newest commit.
    pub(crate) fn tip(&self) -> String {
        git_in(&self.remote()).args(["rev-parse", "main"]).output().expect_success().stdout.trim().to_owned()
    }

    /// The first lines of the commits since one, the oldest first.
    pub(crate) fn subjects_since(&self, commit: &str) -> Vec<String> {
        let range = format!("{commit}..main");
        let answer = git_in(&self.remote()).args(["log", "--reverse", "--format=%s", &range]).output().expect_success();
        answer.stdout.lines().map(str::to_owned).collect()
    }

    /// The names of the tags, sorted.
    pub(crate) fn tags(&self) -> Vec<String> {
        let answer = git_in(&self.remote()).args(["tag", "--list"]).output().expect_success();
        answer.stdout.lines().map(str::to_owned).collect()
    }

    /// The names of what the index has, sorted.
    pub(crate) fn published(&self) -> Vec<String> {
        self.index.files().into_keys().collect()
    }

    /// What the newest commit says of the last release.
    pub(crate) fn released_version(&self) -> Value {
        self.json("security/findings/baseline.json")["version"].clone()
    }

    /// The page's verdict and its grade.
    pub(crate) fn status(&self) -> Value {
        self.json("docs/security-status/index.json")
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Wheel and source archive of a version, as the index lists them.
pub(crate) fn files_of(versions: &[&str]) -> Vec<String> {
    let names = versions
        .iter()
        .flat_map(|v| [format!("sample_package-{v}-py3-none-any.whl"), format!("sample_package-{v}.tar.gz")]);
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect_green(self) -> Self {
        assert!(self.green, "{:?}\n{}", self.jobs, self.readable());
        self
    }

    #[track_caller]
    pub(crate) fn expect_red(self) -> Self {
        assert!(!self.green, "{:?}\n{}", self.jobs, self.readable());
        self
    }

    /// How a job ended; `skipped` where it did not run.
    pub(crate) fn job(&self, id: &str) -> &str {
        self.jobs.get(id).map_or("skipped", String::as_str)
    }

    /// An output of a step; empty where there is none.
    pub(crate) fn output(&self, job: &str, step: &str, name: &str) -> &str {
        let outputs = self.outputs.get(&(job.to_owned(), step.to_owned()));
        outputs.and_then(|outputs| outputs.get(name)).map_or("", String::as_str)
    }

    /// What was printed, without act's own words.
    pub(crate) fn readable(&self) -> String {
        let messages = self.log.lines().filter_map(|line| {
            let entry: Value = serde_json::from_str(line).ok()?;
            let message = entry["msg"].as_str()?.trim_end();
            Some(format!("{} | {message}", entry["job"].as_str().unwrap_or_default().trim()))
        });
        messages.collect::<Vec<_>>().join("\n")
    }
}

type Outputs = BTreeMap<(String, String), BTreeMap<String, String>>;

fn read_log(stdout: &str) -> (BTreeMap<String, String>, Outputs) {
    let (mut jobs, mut outputs) = (BTreeMap::new(), Outputs::new());
    for entry in stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some(job) = entry["jobID"].as_str() else { continue };
        if let Some(result) = entry["jobResult"].as_str() {
            jobs.insert(job.to_owned(), result.to_owned());
        }
        // The outputs of an action's inner steps are those of the action too.
        if entry["command"] == "set-output"
            && let [step] = entry["stepID"].as_array().map(Vec::as_slice).unwrap_or_default()
        {
            let of_step = outputs.entry((job.to_owned(), step.as_str().unwrap_or_default().to_owned())).or_default();
            let value = entry["arg"].as_str().unwrap_or_default().to_owned();
            of_step.insert(entry["name"].as_str().unwrap_or_default().to_owned(), value);
        }
    }
    (jobs, outputs)
}

/// The actions of others that workflows and actions use: `owner/name@commit`.
fn used_actions(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yml") {
                for line in fs::read_to_string(&path).unwrap().lines() {
                    let Some((_, used)) = line.split_once("uses: ") else { continue };
                    let used = used.split_whitespace().next().unwrap_or_default();
                    let Some((name, version)) = used.split_once('@') else { continue };
                    // An action in a folder of a repository is found by its repository.
                    let name = name.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
                    found.push(format!("{name}@{version}"));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}
