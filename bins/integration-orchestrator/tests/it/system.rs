//! A project in a scratch folder and the built binaries, called as a workflow calls them.

use std::collections::BTreeMap;

use serde_json::Value;
use test_support::{Binary, Outcome, Run, Scratch, fixtures, index::Index, scratch::REPORTS};

/// Mondays at three, when the scans run.
pub(crate) const WEEK_1: &str = "2026-01-05T03:00:00Z";
pub(crate) const WEEK_2: &str = "2026-01-12T03:00:00Z";
pub(crate) const WEEK_3: &str = "2026-01-19T03:00:00Z";
pub(crate) const WEEK_4: &str = "2026-01-26T03:00:00Z";
pub(crate) const WEEK_5: &str = "2026-02-02T03:00:00Z";

pub(crate) const LEDGER: &str = "security/findings/findings.json";
pub(crate) const FINDINGS_DOCUMENT: &str = "security/findings/SECURITY_FINDINGS.md";
pub(crate) const PLANS: &str = "security/findings/remediation-plans.yml";
pub(crate) const BASELINE: &str = "security/findings/baseline.json";
pub(crate) const DECISION: &str = "security/findings/decision.json";
pub(crate) const EVENTS: &str = "security/findings/history/events.ndjson";
pub(crate) const CHANGELOG: &str = "security/findings/history/findings-changelog.md";
pub(crate) const SCANS: &str = "security/findings/history/scans";
pub(crate) const STATUS: &str = "docs/security-status/index.json";
pub(crate) const STATUS_PAGE: &str = "docs/security-status/index.html";

/// The built binary of this name.
pub(crate) fn binary(name: &str) -> Binary {
    test_support::binary!("integration-orchestrator").sibling(name)
}

/// A project and the binaries on it.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) project: Scratch,
}

impl System {
    /// A project with a name, a version and nothing else. It bears the sample project's name, so that the recorded
    /// distributions can be published for it.
    pub(crate) fn new() -> Self {
        Self::configured("")
    }

    /// As [`System::new`], with more lines in `pyproject.toml`.
    pub(crate) fn configured(lines: &str) -> Self {
        Self::in_folder(Scratch::empty(), lines)
    }

    /// As [`System::configured`], in this folder.
    pub(crate) fn in_folder(project: Scratch, lines: &str) -> Self {
        project.write("pyproject.toml", format!("[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n{lines}"));
        Self { project }
    }

    /// The recorded sample project.
    pub(crate) fn sample() -> Self {
        Self { project: Scratch::sample() }
    }

    /// A project after a complete scan by pip-audit, bandit and a secret scanner that found nothing.
    pub(crate) fn scanned() -> Self {
        let system = Self::new();
        system.clean_reports(WEEK_1);
        system.workflow(WEEK_1).output().expect_success();
        system
    }

    /// A run of a binary on the project.
    pub(crate) fn run(&self, name: &str, now: &str) -> Run {
        binary(name).run().project(self.project.path()).now(now)
    }

    /// As [`System::run`], with its result as JSON.
    pub(crate) fn run_json(&self, name: &str, now: &str) -> Run {
        self.run(name, now).args(["--format", "json"])
    }

    pub(crate) fn update_findings(&self, now: &str) -> Run {
        self.run_json("update-findings", now).arg("--offline")
    }

    /// `security-workflow`, for an index that has nothing.
    pub(crate) fn workflow(&self, now: &str) -> Run {
        self.workflow_with_index(now, "none")
    }

    pub(crate) fn workflow_with_index(&self, now: &str, index: &str) -> Run {
        self.run_json("integration-orchestrator", now).args(["security-workflow", "--offline", "--index", index])
    }

    /// The release decision of a `security-workflow` that ends with 0.
    #[track_caller]
    pub(crate) fn decide(&self, now: &str) -> Value {
        let outcome = self.workflow(now).output().expect_success();
        outcome.json()["release_decision"].clone()
    }

    /// Writes a report of the newest scan.
    #[track_caller]
    pub(crate) fn report(&self, file: &str, contents: impl AsRef<[u8]>) {
        self.project.write(&format!("{REPORTS}/{file}"), contents);
    }

    /// Writes complete reports without a finding.
    #[track_caller]
    pub(crate) fn clean_reports(&self, now: &str) {
        self.report("pip-audit.json", crate::scans::pip_audit(&[]));
        self.report("bandit.json", crate::scans::bandit(now, &[]));
        self.report("secrets-scan.json", "[]");
    }

    /// Publishes the recorded distributions of `version` to `index` as the publish job does.
    pub(crate) fn publish(&self, version: &str, index: &Index, now: &str) -> Run {
        for name in distributions(version) {
            let bytes = test_support::fixture(&format!("sample-project/dist/{name}"));
            self.project.write(&format!("dist/{name}"), bytes);
        }
        let files = distributions(version).map(|name| format!("dist/{name}"));
        self.run_json("publish-pypi", now).arg("publish").args(files).args(["--index", &index.url(), "--auth", "none"])
    }

    pub(crate) fn record_release(&self, now: &str) -> Run {
        self.run_json("integration-orchestrator", now).args(["record-release", "--receipt", "receipt.json"])
    }

    /// Publishes what was decided, records it, and leaves the project at the released version.
    #[track_caller]
    pub(crate) fn release(&self, index: &Index, now: &str) -> String {
        let decision = self.project.json(DECISION);
        let version =
            find(&decision, "next_version").as_str().expect("a decision to release names its version").to_owned();
        self.publish(&version, index, now).output().expect_success();
        self.record_release(now).output().expect_success();
        self.set_version(&version);
        version
    }

    /// What the bump commit of a release leaves.
    #[track_caller]
    pub(crate) fn set_version(&self, version: &str) {
        let text = self.project.text("pyproject.toml");
        let lines = text.lines().map(|line| {
            if line.starts_with("version = ") { format!("version = \"{version}\"\n") } else { format!("{line}\n") }
        });
        self.project.write("pyproject.toml", lines.collect::<String>());
    }

    /// Asks the index what it has; gives the file to decide with.
    #[track_caller]
    pub(crate) fn releases(&self, index: &Index, now: &str) -> &'static str {
        self.run("publish-pypi", now)
            .args(["releases", "--index", &index.url()])
            .args(["--output", "releases.json"])
            .output()
            .expect_success();
        "releases.json"
    }

    /// The names of the decisions that were replaced before they were recorded.
    pub(crate) fn kept_decisions(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.project.join("security/findings/history/decisions"));
        entries.into_iter().flatten().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The findings of the ledger, resolved ones too.
    #[track_caller]
    pub(crate) fn ledger(&self) -> Vec<Value> {
        list(&self.project.json(LEDGER)["findings"])
    }

    /// Every file below the project with its bytes, without the run records.
    #[track_caller]
    pub(crate) fn documents(&self) -> BTreeMap<String, Vec<u8>> {
        let names = self.project.files().into_iter();
        names
            .map(|path| path.to_string_lossy().into_owned())
            .filter(|name| !name.starts_with("metrics/"))
            .map(|name| (name.clone(), self.project.bytes(&name)))
            .collect()
    }

    /// The run records, by the order of their names.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<Value> {
        let names = self.project.files().into_iter();
        names
            .map(|path| path.to_string_lossy().into_owned())
            .filter(|name| name.starts_with("metrics/workflow-"))
            .map(|name| self.project.json(&name))
            .collect()
    }
}

fn distributions(version: &str) -> [String; 2] {
    [format!("sample_package-{version}-py3-none-any.whl"), format!("sample_package-{version}.tar.gz")]
}

/// An index that has the sample project's version 1.0.0.
#[track_caller]
pub(crate) fn index_with_1_0_0() -> Index {
    let index = Index::start();
    for name in distributions("1.0.0") {
        let bytes = fixtures::fixture(&format!("sample-project/dist/{name}"));
        index.put("sample-package", &name, &bytes);
    }
    index
}

/// The items of a JSON list.
#[track_caller]
pub(crate) fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).clone()
}

/// A text of a JSON document.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is not text in {value}"))
}

/// The first value of this key, wherever it stands in the document.
#[track_caller]
pub(crate) fn find<'a>(value: &'a Value, key: &str) -> &'a Value {
    fn search<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
        match value {
            Value::Object(map) => map.get(key).or_else(|| map.values().find_map(|v| search(v, key))),
            Value::Array(items) => items.iter().find_map(|v| search(v, key)),
            _ => None,
        }
    }
    search(value, key).unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// The ids of findings or changes.
#[track_caller]
pub(crate) fn ids(items: &[Value]) -> Vec<String> {
    let ids = items.iter().map(|item| text(item, "finding_id").to_owned());
    ids.collect()
}

/// The changes of one type.
#[track_caller]
pub(crate) fn changes(decision: &Value, change_type: &str) -> Vec<Value> {
    let mut changes = list(&decision["security_changes"]);
    changes.retain(|change| change["change_type"] == change_type);
    changes
}

/// The only finding with this status.
#[track_caller]
pub(crate) fn only(findings: &[Value], status: &str) -> Value {
    let found: Vec<&Value> = findings.iter().filter(|f| f["status"] == status).collect();
    assert_eq!(found.len(), 1, "{status} in {findings:#?}");
    found[0].clone()
}

/// The scan that came from this file.
#[track_caller]
pub(crate) fn scan_of(document: &Value, file: &str) -> Value {
    let scans = list(&document["scans"]);
    let found: Vec<&Value> = scans
        .iter()
        .filter(|scan| scan["file"].as_str().is_some_and(|path| path.rsplit('/').next() == Some(file)))
        .collect();
    assert_eq!(found.len(), 1, "{file} in {scans:#?}");
    found[0].clone()
}

/// Requires a failure with this code that says this on stderr, and no result on stdout: nothing, or the error as a document where JSON
/// was asked for.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, code: i32, says: &[&str]) {
    let outcome = outcome.expect_code(code);
    for words in says {
        assert!(outcome.stderr.contains(words), "{words:?} not in {}", outcome.stderr);
    }
    if !outcome.stdout.is_empty() {
        assert_eq!(outcome.json()["error"]["exit_code"], code);
    }
}
