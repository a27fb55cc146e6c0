//! What is printed is read by the Actions runner: no text from outside may be a command to it.

use std::path::Path;

use serde_json::json;
use test_support::Outcome;

use crate::{
    scans::{bandit, pip_audit},
    system::{System, WEEK_1, WEEK_2, binary},
};

/// Texts that are commands: the first anywhere in a line, the second at the beginning of one.
const COMMANDS: [&str; 3] = ["##[add-mask]true", "::stop-commands::x", "\n::add-mask::true"];

/// The lines that the runner obeys, as its source says which those are.
fn obeyed(text: &str) -> Vec<&str> {
    let at_start = |line: &str| line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    let anywhere = |line: &str| line.find("##[").is_some_and(|at| line[at..].contains(']'));
    text.split(['\n', '\r']).filter(|line| at_start(line) || anywhere(line)).collect()
}

/// Annotations are the only commands that a binary gives, on stderr, and inside Actions only.
#[track_caller]
fn is_quiet(outcome: &Outcome, what: &str) {
    assert_eq!(obeyed(&outcome.stdout), [""; 0], "{what} on stdout");
    let others: Vec<_> = obeyed(&outcome.stderr)
        .into_iter()
        .filter(|line| !["::error::", "::warning::", "::notice::"].iter().any(|kind| line.starts_with(kind)))
        .collect();
    assert_eq!(others, [""; 0], "{what} on stderr:\n{}", outcome.stderr);
    assert!(!obeyed(&outcome.stderr).iter().any(|line| line.contains("##[")), "{what} in an annotation");
}

/// A project whose reports say commands wherever a report can say anything.
fn hostile(command: &str) -> System {
    let system = System::scanned();
    let vulnerability = json!({ "id": command, "fix_versions": [command], "aliases": [format!("CVE-1 {command}")], "description": command });
    let audited = json!({ "dependencies": [
        { "name": command, "version": command, "vulns": [vulnerability] },
        { "name": "requests", "version": "2.0", "vulns": [{ "id": format!("{command} x"), "fix_versions": [], "aliases": [], "description": command }] },
        { "name": "py", "skip_reason": command },
        { "name": format!("{command}-skipped"), "skip_reason": command },
    ] });
    system.report("pip-audit.json", audited.to_string());
    let mut weak: serde_json::Value =
        serde_json::from_str(&bandit(WEEK_2, &[crate::scans::Weakness::default()])).unwrap();
    weak["results"][0]["test_id"] = command.into();
    weak["results"][0]["filename"] = format!("src/{command}.py").into();
    weak["errors"] = json!([{ "filename": command, "reason": command }]);
    system.report("bandit.json", weak.to_string());
    system.report(&format!("{}.json", command.trim().replace('/', "_")), "{");
    system
}

#[test]
fn what_reports_say_is_no_command() {
    for command in COMMANDS {
        let system = hostile(command);
        for format in ["text", "json"] {
            for actions in ["", "true"] {
                for (name, arguments) in [
                    ("update-findings", vec!["--offline", "-vv"]),
                    ("detect-changes", vec![]),
                    ("decide-release", vec!["--index", "none"]),
                    ("decide-release", vec!["--index", "none", "--manual", "--notes", command]),
                    ("decide-release", vec!["explain"]),
                    (
                        "integration-orchestrator",
                        vec!["security-workflow", "--offline", "--index", "none", "--notes", command],
                    ),
                    ("integration-orchestrator", vec!["manual-workflow", "--index", "none", "--notes", command]),
                    ("integration-orchestrator", vec!["health-check"]),
                    ("integration-orchestrator", vec!["dashboard"]),
                    ("update-status", vec![]),
                    ("workflow-monitoring", vec!["list"]),
                    ("workflow-monitoring", vec!["dashboard"]),
                    ("security-performance-validator", vec!["validate"]),
                    ("update-findings", vec!["export", "--to", "csv"]),
                    ("update-findings", vec!["export", "--to", "ndjson"]),
                    ("update-findings", vec!["export", "--to", "sarif"]),
                ] {
                    let (output, summary) = (system.project.join("output"), system.project.join("summary.md"));
                    let outcome = system
                        .run(name, WEEK_2)
                        .args(["--format", format])
                        .args(&arguments)
                        .env("GITHUB_ACTIONS", actions)
                        .env("GITHUB_OUTPUT", &output)
                        .env("GITHUB_STEP_SUMMARY", &summary)
                        .env("DEBUG", "true")
                        .output();
                    let what = format!("{name} {arguments:?} {format} {command:?}");
                    assert!(matches!(outcome.code, Some(0..=5)), "{what}: {:?}\n{}", outcome.code, outcome.stderr);
                    is_quiet(&outcome, &what);
                    if format == "json" && arguments.first() != Some(&"export") {
                        outcome.json();
                    }
                    // A later step may print an output.
                    for file in [output, summary] {
                        let written = std::fs::read_to_string(file).unwrap_or_default();
                        assert_eq!(obeyed(&written), [""; 0], "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_arguments_and_files_say_is_no_command() {
    for command in COMMANDS {
        let system = System::scanned();
        let hostile_file = format!("{}.json", command.trim());
        system.project.write(&hostile_file, format!("{{\"{command}\": 1}}"));
        for (name, arguments) in [
            ("update-findings", vec!["--reports", command]),
            ("update-findings", vec!["--report", command]),
            ("update-findings", vec![command]),
            ("detect-changes", vec!["--previous", command]),
            ("detect-changes", vec!["--previous", &hostile_file]),
            ("decide-release", vec!["--changes", command]),
            ("decide-release", vec!["--changes", &hostile_file]),
            ("decide-release", vec!["--current-version", command]),
            ("decide-release", vec!["--policy", command]),
            ("publish-pypi", vec!["check", command]),
            ("publish-pypi", vec!["plan", command, "--index", command]),
            ("publish-pypi", vec!["publish", command, "--index", command, "--auth", command]),
            ("publish-pypi", vec!["releases", "--index", command, "--output", "x.json"]),
            ("update-status", vec!["--output", command, command]),
            ("workflow-monitoring", vec!["start", "--workflow", command]),
            ("workflow-monitoring", vec!["stage", "--id", command, "--name", command, "--status", "success"]),
            ("workflow-monitoring", vec!["finish", "--id", command, "--status", command]),
            ("workflow-monitoring", vec!["stats", "--days", command]),
            ("integration-orchestrator", vec![command]),
            ("integration-orchestrator", vec!["record-release", "--receipt", command]),
            ("integration-orchestrator", vec!["record-release", "--receipt", &hostile_file]),
            ("security-performance-validator", vec!["performance", command]),
            ("security-performance-validator", vec!["validate", "--output", command, command]),
        ] {
            let outcome = system.run(name, WEEK_2).args(&arguments).env("GITHUB_ACTIONS", "true").output();
            is_quiet(&outcome, &format!("{name} {arguments:?}"));
        }
        for name in ["update-findings", "decide-release", "update-status", "publish-pypi", "workflow-monitoring"] {
            for common in [["--now", command], ["--config", command], ["--project", command], ["--format", command]] {
                let outcome = binary(name).run().project(system.project.path()).args(common).output();
                is_quiet(&outcome, &format!("{name} {common:?}"));
            }
            let outcome = system.run(name, WEEK_2).env("RUST_LOG", command).output();
            is_quiet(&outcome, &format!("{name} RUST_LOG"));
        }
        let quoted = serde_json::Value::from(command);
        for lines in [
            format!("{quoted} = 1\n"),
            format!("[scanners]\nrequired = [{quoted}]\n"),
            format!("[release]\nbump = {quoted}\n"),
        ] {
            system.project.write("other.toml", &lines);
            for name in ["update-findings", "detect-changes", "decide-release", "update-status", "publish-pypi"] {
                let run = system.run(name, WEEK_2).args(["--config", "other.toml"]);
                let run = if name == "publish-pypi" { run.args(["plan", "dist"]) } else { run };
                is_quiet(&run.env("GITHUB_ACTIONS", "true").output(), &format!("{name} on {lines}"));
            }
        }
    }
}

fn annotations<'o>(outcome: &'o Outcome, kind: &str) -> Vec<&'o str> {
    let start = format!("::{kind}::");
    outcome.stderr.lines().filter(|line| line.starts_with(&start)).collect()
}

#[test]
fn annotations_stay_within_githubs_limit_and_the_last_error_is_among_them() {
    let system = System::scanned();
    for n in 0..12 {
        system.report(&format!("broken-{n:02}.json"), "{");
    }
    let outcome = system.run("update-findings", WEEK_2).arg("--offline").env("GITHUB_ACTIONS", "true").output();
    let errors = annotations(&outcome.expect_success(), "error").len();
    assert!((9..=10).contains(&errors), "{errors}");

    // A folder in place of the decision: the workflow ends with an error after the scans were told about.
    std::fs::remove_file(system.project.join("security/findings/decision.json")).unwrap();
    std::fs::create_dir(system.project.join("security/findings/decision.json")).unwrap();
    system.report("pip-audit.json", pip_audit(&[]));
    let outcome = system
        .run("integration-orchestrator", WEEK_2)
        .args(["security-workflow", "--offline", "--index", "none"])
        .env("GITHUB_ACTIONS", "true")
        .output();
    assert_ne!(outcome.code, Some(0));
    let errors = annotations(&outcome, "error");
    assert!(errors.len() <= 10 && errors.last().is_some_and(|last| last.contains("cannot")), "{errors:#?}");
}

#[test]
fn outputs_begin_on_a_line_of_their_own() {
    let system = System::scanned();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let (output, summary) = (system.project.join("output"), system.project.join("summary.md"));
    for (name, arguments) in [
        ("decide-release", vec!["--index", "none"]),
        ("integration-orchestrator", vec!["security-workflow", "--offline", "--index", "none"]),
    ] {
        std::fs::write(&output, "earlier=1").unwrap();
        std::fs::write(&summary, "earlier").unwrap();
        let run = system.run(name, WEEK_2).args(arguments);
        run.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary).output().expect_success();
        assert!(read(&output).starts_with("earlier=1\n"), "{}", read(&output));
        assert!(read(&summary).starts_with("earlier\n### "), "{}", read(&summary));
    }
}

#[test]
fn a_template_is_a_file_below_the_project_and_checked_at_every_decision() {
    let with = |path: &str| System::configured(&format!("[tool.relwarden.release]\nnotes_template = \"{path}\"\n"));
    let decide = |system: &System| system.run("decide-release", WEEK_1).args(["--index", "none"]).output();
    for path in ["/etc/hostname", "../x", "docs/../../x", "out/hostname", "docs/link.j2"] {
        let system = with(path);
        system.project.write("docs/keep", "");
        std::os::unix::fs::symlink("/etc", system.project.join("out")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", system.project.join("docs/link.j2")).unwrap();
        let outcome = decide(&system).expect_code(2);
        let last = path.rsplit('/').next().unwrap();
        assert!(outcome.stderr.contains(last), "{path}: {}", outcome.stderr);
    }
    let system = with("docs/notes.md.j2");
    let missing = decide(&system).expect_code(2);
    assert!(missing.stderr.contains("docs/notes.md.j2"), "{}", missing.stderr);
    system.project.write("docs/notes.md.j2", "# {{ version | code }}\n\n{% for %}\n");
    let faulty = decide(&system).expect_code(2);
    assert!(faulty.stderr.contains("docs/notes.md.j2 is at fault, line 3"), "{}", faulty.stderr);
    assert!(!faulty.stderr.contains("release-notes.md"), "{}", faulty.stderr);
    system.project.write("docs/notes.md.j2", "# {{ version | code }}\n");
    decide(&system).expect_success();
}
