//! What the environment gives: a variable without a value is none.

use crate::system::{System, WEEK_2};

/// Every variable that stands for an option.
const VARIABLES: [&str; 15] = [
    "RELWARDEN_PROJECT",
    "RELWARDEN_CONFIG",
    "RELWARDEN_FORMAT",
    "RELWARDEN_LOG_FILE",
    "RELWARDEN_NOW",
    "RELWARDEN_ADVISORIES",
    "RELWARDEN_KEV",
    "RELWARDEN_EPSS",
    "RELWARDEN_OFFLINE",
    "RELWARDEN_INDEX",
    "RELWARDEN_SIMPLE_INDEX",
    "RELWARDEN_AUTH",
    "RELWARDEN_STATUS_URL",
    "RELWARDEN_EXECUTION_ID",
    "GITHUB_SHA",
];

const COMMANDS: [(&str, &[&str]); 11] = [
    ("update-findings", &["--dry-run"]),
    ("detect-changes", &[]),
    ("decide-release", &["explain"]),
    ("update-status", &["--refresh"]),
    ("publish-pypi", &["plan", "dist/none.whl"]),
    ("publish-pypi", &["token"]),
    ("workflow-monitoring", &["list"]),
    ("workflow-monitoring", &["finish", "--id", "none", "--status", "success"]),
    ("integration-orchestrator", &["health-check"]),
    ("integration-orchestrator", &["record-release", "--receipt", "none.json"]),
    ("security-performance-validator", &["performance"]),
];

#[test]
fn a_variable_without_a_value_is_not_set() {
    let system = System::scanned();
    system.project.write("relwarden.toml", "[advisories]\nosv_url = ''\n");
    for (name, arguments) in COMMANDS {
        let run = || {
            let run = crate::system::binary(name).run().current_dir(system.project.path());
            run.args(arguments).args(["--now", WEEK_2])
        };
        // What a first run writes, the second finds.
        run().output();
        let expected = run().output();
        let given = VARIABLES.iter().fold(run(), |run, variable| run.env(variable, "")).output();
        assert_eq!(given.code, expected.code, "{name} {arguments:?}: {}", given.stderr);
        assert_eq!((given.stdout, given.stderr), (expected.stdout, expected.stderr), "{name} {arguments:?}");
    }
}

#[test]
fn every_variable_of_the_help_is_known_here() {
    let system = System::new();
    for (name, arguments) in COMMANDS {
        let command = arguments.first().filter(|word| !word.starts_with('-')).copied();
        let help = system.run(name, WEEK_2).args(command).arg("--help").output().expect_success().stdout;
        for (_, rest) in help.match_indices("[env: ").map(|(at, start)| help.split_at(at + start.len())) {
            let variable = rest.split(['=', ']']).next().unwrap();
            assert!(VARIABLES.contains(&variable), "{name}: {variable}");
        }
    }
}

#[test]
fn the_usage_of_a_mistake_shows_what_must_be_written_and_nothing_of_the_environment() {
    let system = System::new();
    let run = |arguments: &[&str]| {
        let run = system.run("workflow-monitoring", WEEK_2).env("RELWARDEN_FORMAT", "json");
        run.env("RELWARDEN_EXECUTION_ID", "x").args(arguments).output().expect_code(2).stderr
    };
    let usage = run(&["list", "--stauts", "failed"]);
    assert!(usage.contains("--stauts") && !usage.contains("--format"), "{usage}");
    let missing = run(&["stage", "--status", "success"]);
    assert!(missing.contains("--name <NAME>") && !missing.contains("--id <ID>\n"), "{missing}");
    let bad = system.run("workflow-monitoring", WEEK_2).env("RELWARDEN_FORMAT", "xml").arg("list").output();
    assert!(bad.expect_code(2).stderr.contains("'xml'"));
}
