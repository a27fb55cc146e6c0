//! Every document that a run writes for the sample project, word for word.

use test_support::{SNAPSHOT_FILTERS, fixtures::WEEKS, fixtures::fixture_path};

use crate::system::{
    BASELINE, CHANGELOG, DECISION, EVENTS, FINDINGS_DOCUMENT, LEDGER, PLANS, SCANS, STATUS, System, index_with_1_0_0,
};

fn run(system: &System, week: &str, index: &str) -> test_support::Outcome {
    system.project.set_week(week);
    system
        .workflow_with_index(&format!("{week}T04:00:00Z"), index)
        .arg("--advisories")
        .arg(fixture_path(&format!("sample-project/weeks/{week}/advisories")))
        .output()
}

/// The week in which a flaw of severity high became known: a release is decided.
fn the_week_of_the_release() -> System {
    let system = System::sample();
    let releases = system.releases(&index_with_1_0_0(), "2023-07-24T04:00:00Z");
    for week in &WEEKS[..2] {
        run(&system, week, releases).expect_success();
    }
    system
}

/// The week in which pip-audit left no report, after the flaw was fixed.
fn the_week_of_the_failure() -> System {
    let system = System::sample();
    let releases = system.releases(&index_with_1_0_0(), "2023-07-24T04:00:00Z");
    for week in &WEEKS[..6] {
        run(&system, week, releases);
    }
    system
}

macro_rules! snapshots {
    ($system:expr, $($name:literal => $file:expr),+ $(,)?) => {
        insta::with_settings!({ filters => vec![(r"relwarden \d+\.\d+\.\d+", "relwarden [VERSION]")] }, {
            $(insta::assert_snapshot!($name, $system.project.text($file));)+
        })
    };
}

#[test]
fn a_week_with_a_release() {
    let system = the_week_of_the_release();
    let scan = format!("{SCANS}/{}", newest_scan(&system));
    snapshots!(
        system,
        "release_findings.json" => LEDGER,
        "release_SECURITY_FINDINGS.md" => FINDINGS_DOCUMENT,
        "release_remediation-plans.yml" => PLANS,
        "release_events.ndjson" => EVENTS,
        "release_findings-changelog.md" => CHANGELOG,
        "release_baseline.json" => BASELINE,
        "release_decision.json" => DECISION,
        "release_index.json" => STATUS,
        "release_badge.json" => "docs/security-status/badge.json",
        "release_history.json" => "docs/security-status/history.json",
        "release_scan.json" => &scan,
    );
}

#[test]
fn a_week_with_a_failed_scanner() {
    let system = the_week_of_the_failure();
    snapshots!(
        system,
        "failure_findings.json" => LEDGER,
        "failure_SECURITY_FINDINGS.md" => FINDINGS_DOCUMENT,
        "failure_remediation-plans.yml" => PLANS,
        "failure_findings-changelog.md" => CHANGELOG,
        "failure_decision.json" => DECISION,
        "failure_index.json" => STATUS,
    );
}

#[test]
fn what_a_person_reads_on_the_terminal() {
    let system = System::sample();
    let releases = system.releases(&index_with_1_0_0(), "2023-07-24T04:00:00Z");
    run(&system, WEEKS[0], releases).expect_success();
    system.project.set_week(WEEKS[1]);
    let advisories = fixture_path("sample-project/weeks/2023-07-31/advisories");
    let now = "2023-07-31T04:00:00Z";
    let text = |name: &str, arguments: &[&str]| {
        let outcome = system.run(name, now).args(arguments).output();
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", outcome.code.unwrap_or(-1), outcome.stdout, outcome.stderr)
    };
    let advisories = advisories.to_str().expect("the path is UTF-8");
    let mut filters = SNAPSHOT_FILTERS.to_vec();
    filters.push((r"(security-driven-release-\d{8}-\d{6})-[0-9a-f]+", "$1-[ID]"));
    insta::with_settings!({ filters => filters }, {
        insta::assert_snapshot!("text_update-findings", text("update-findings", &["--offline", "--advisories", advisories]));
        insta::assert_snapshot!("text_detect-changes", text("detect-changes", &[]));
        insta::assert_snapshot!("text_decide-release", text("decide-release", &["--index", releases]));
        insta::assert_snapshot!("text_security-workflow", text("integration-orchestrator", &["security-workflow", "--offline", "--index", releases, "--advisories", advisories]));
        insta::assert_snapshot!("text_health-check", text("integration-orchestrator", &["health-check"]));
        insta::assert_snapshot!("text_update-status", text("update-status", &[]));
    });
    let summary = system.project.join("summary.md");
    system
        .run("integration-orchestrator", now)
        .args(["security-workflow", "--offline", "--index", releases, "--advisories", advisories])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect_success();
    insta::assert_snapshot!("text_step-summary", std::fs::read_to_string(summary).unwrap());
}

fn newest_scan(system: &System) -> String {
    let entries = std::fs::read_dir(system.project.join(SCANS)).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).max().unwrap()
}
