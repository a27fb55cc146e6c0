//! What goes to stdout, stderr, the log, and the Actions runner; and how wrong usage ends.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use test_support::PROGRAMS;

use crate::{
    scans::{bandit, one_secret},
    system::{LEDGER, System, WEEK_1, WEEK_2, binary, refused, text},
};

/// Notes that try to write outputs of their own, to end the block they stand in, and to run a command.
const HOSTILE: &str = "Fix for \"users\"; touch pwned; echo\nshould_release=false\nEOF\nghadelimiter\nnext_version<<EOF\n9.9.9\nEOF\n$(touch pwned) `touch pwned` ${{ github.token }}\n::set-output name=x::y\u{1b}[31m %0A";

/// The step's outputs as the Actions runner reads them. A line that it would refuse fails the test.
fn outputs(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let block = line.find("<<").filter(|at| line.find('=').is_none_or(|equals| *at < equals));
        if let Some(at) = block {
            let (key, end) = (&line[..at], &line[at + 2..]);
            let mut value = Vec::new();
            loop {
                match lines.next() {
                    Some(line) if line == end => break,
                    Some(line) => value.push(line),
                    None => panic!("the block of {key} does not end:\n{text}"),
                }
            }
            outputs.insert(key.to_owned(), value.join("\n"));
        } else {
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("the runner refuses {line:?}"));
            outputs.insert(key.to_owned(), value.to_owned());
        }
    }
    outputs
}

#[test]
fn a31_help_and_version_end_with_0_and_an_unknown_flag_with_2() {
    for name in PROGRAMS {
        let version = binary(name).run().arg("--version").output().expect_success();
        assert!(version.stdout.starts_with(name), "{}", version.stdout);
        let help = binary(name).run().arg("--help").output().expect_success();
        for words in ["Usage:", "--project", "--format", "--log-file", "--now"] {
            assert!(help.stdout.contains(words), "{name}: {words} not in {}", help.stdout);
        }
        refused(binary(name).run().arg("--no-such-flag").output(), 2, &["--no-such-flag"]);
    }
}

#[test]
fn an_error_is_a_document_where_json_was_asked_for() {
    for name in PROGRAMS {
        for args in [["--project", "/no/such/folder"].as_slice(), &["--no-such-flag"]] {
            let run = binary(name).run().args(["--format", "json"]).args(args).output().expect_code(2);
            let document = run.json();
            assert_eq!(document["schema_version"], "1.0", "{name}: {document}");
            assert_eq!(document["error"]["exit_code"], 2, "{name}: {document}");
            assert!(!document["error"]["message"].as_str().unwrap().is_empty(), "{name}: {document}");
            assert!(!run.stderr.is_empty(), "{name}: people read it too");
        }
        let run = binary(name).run().env("RELWARDEN_FORMAT", "json").arg("--no-such-flag").output().expect_code(2);
        assert_eq!(run.json()["error"]["exit_code"], 2, "{name}");
    }
    let run = binary("publish-pypi").run().args(["--format=json", "verify", "/no/such.whl", "--index", "pypi"]);
    let document = run.output().expect_code(2).json();
    assert!(document["error"]["hint"].as_str().unwrap().contains("build first"), "{document}");
}

#[test]
fn every_subcommand_has_help() {
    for (name, commands) in [
        (
            "integration-orchestrator",
            vec!["security-workflow", "manual-workflow", "health-check", "dashboard", "stats", "record-release"],
        ),
        ("workflow-monitoring", vec!["start", "stage", "finish", "stats", "dashboard", "health", "list", "prune"]),
        ("publish-pypi", vec!["check", "plan", "publish", "verify", "token", "releases"]),
        ("security-performance-validator", vec!["validate", "security", "performance"]),
        ("decide-release", vec!["explain"]),
    ] {
        for command in commands {
            let help = binary(name).run().args([command, "--help"]).output().expect_success();
            assert!(help.stdout.contains("Usage:"), "{name} {command}");
        }
    }
}

#[test]
fn a34_notes_are_data_for_the_runner() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.workflow(WEEK_2).output().expect_success();
    let runs: [(&str, Vec<&str>); 3] = [
        ("decide-release", vec!["--manual", "--notes", HOSTILE, "--index", "none"]),
        (
            "integration-orchestrator",
            vec!["security-workflow", "--offline", "--force", "--notes", HOSTILE, "--index", "none"],
        ),
        ("integration-orchestrator", vec!["manual-workflow", "--notes", HOSTILE, "--index", "none"]),
    ];
    for (name, arguments) in runs {
        let (output, summary) = (system.project.join("output"), system.project.join("summary.md"));
        for file in [&output, &summary] {
            std::fs::write(file, "").unwrap();
        }
        let outcome = system
            .run_json(name, WEEK_2)
            .args(&arguments)
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("GITHUB_ACTIONS", "true")
            .output()
            .expect_success();
        let document = outcome.json();
        let decision = if name == "decide-release" { &document } else { &document["release_decision"] };
        let outputs = outputs(&output);
        assert_eq!(outputs["should_release"], "true", "{outputs:#?}");
        assert_eq!(outputs["release_type"], "manual");
        assert_eq!(outputs["next_version"], "1.0.0");
        assert_eq!(outputs["decision_id"], text(decision, "decision_id"));
        assert_eq!(outputs["changes_detected"], "true");
        assert!(outputs["release_notes"].contains("Fix for"), "{outputs:#?}");
        let known = [
            "should_release",
            "release_type",
            "justification",
            "release_notes",
            "changes_detected",
            "next_version",
            "decision_id",
            "already_published",
            "sync_summary",
        ];
        assert!(outputs.keys().all(|key| known.contains(&key.as_str())), "{outputs:#?}");
        for file in [&output, &summary] {
            assert!(!std::fs::read_to_string(file).unwrap().contains('\u{1b}'), "{}", file.display());
        }
        for line in outcome.stderr.lines() {
            assert!(!line.starts_with("::set-output"), "{}", outcome.stderr);
        }
        assert!(!system.project.join("pwned").exists());
    }
}

#[test]
fn row_91_the_outputs_are_all_text() {
    let system = System::scanned();
    let document = system.workflow(WEEK_2).output().expect_success().json();
    let outputs = document["workflow_outputs"].as_object().unwrap();
    for key in [
        "should_release",
        "release_type",
        "release_notes",
        "justification",
        "changes_detected",
        "sync_summary",
        "decision_id",
        "next_version",
        "already_published",
    ] {
        assert!(outputs.get(key).is_some_and(Value::is_string), "{key} in {outputs:#?}");
    }
    assert_eq!(
        (&outputs["should_release"], &outputs["release_type"], &outputs["changes_detected"]),
        (&"false".into(), &"none".into(), &"false".into())
    );
    let summary: Value = serde_json::from_str(outputs["sync_summary"].as_str().unwrap()).unwrap();
    assert_eq!(summary, document["sync_results"]);
}

#[test]
fn notes_from_a_file_are_the_same_notes() {
    let system = System::scanned();
    system.project.write("notes.md", HOSTILE);
    let decide = |arguments: &[&str]| {
        system
            .run_json("decide-release", WEEK_2)
            .args(["--manual", "--index", "none"])
            .args(arguments)
            .output()
            .expect_success()
            .json()
    };
    assert_eq!(decide(&["--notes-file", "notes.md"]), decide(&["--notes", HOSTILE]));
    system.run("decide-release", WEEK_2).args(["--manual", "--notes-file", "nowhere.md"]).output().expect_code(2);
}

#[test]
fn an_incomplete_scan_is_an_error_annotation_and_stdout_stays_json() {
    let system = System::scanned();
    system.report("pip-audit.json", "");
    let (summary, output) = (system.project.join("summary.md"), system.project.join("output"));
    let outcome = system
        .workflow(WEEK_2)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_OUTPUT", &output)
        .output()
        .expect_code(1);
    assert_eq!(outcome.json()["success"], false);
    assert_eq!(outputs(&output)["should_release"], "false", "outputs are written before it ends with 1");
    let annotated = outcome.stderr.lines().any(|line| line.starts_with("::error") && line.contains("pip-audit"));
    assert!(annotated, "{}", outcome.stderr);
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("pip-audit") && summary.contains("failed"), "{summary}");

    // In text the annotations may stand among the words.
    system.run("update-findings", WEEK_2).arg("--offline").env("GITHUB_ACTIONS", "true").output().expect_code(1);
}

#[test]
fn stdout_is_one_document_whatever_is_logged() {
    let loud: [(&str, &str); 5] = [
        ("DEBUG", "true"),
        ("VERBOSE", "true"),
        ("RUST_LOG", "trace"),
        ("RUST_LOG", "orchestrate=debug,warn"),
        ("GITHUB_ACTIONS", "true"),
    ];
    for (variable, value) in loud {
        let system = System::scanned();
        system.report("pip-audit.json", "{");
        for (name, arguments) in [
            ("integration-orchestrator", vec!["security-workflow", "--offline"]),
            ("integration-orchestrator", vec!["health-check"]),
            ("integration-orchestrator", vec!["dashboard"]),
            ("integration-orchestrator", vec!["stats"]),
            ("update-findings", vec!["--offline"]),
            ("detect-changes", vec![]),
            ("decide-release", vec![]),
            ("update-status", vec![]),
            ("workflow-monitoring", vec!["stats"]),
        ] {
            let outcome = system.run_json(name, WEEK_2).args(&arguments).env(variable, value).output();
            let document = outcome.json();
            assert!(document["schema_version"].is_string(), "{variable}={value} {name} {arguments:?}: {document:#}");
        }
    }
}

#[test]
fn the_log_goes_to_a_file_too() {
    for (more, variable) in [(vec!["--log-file", "logs.txt"], None), (vec![], Some("RELWARDEN_LOG_FILE"))] {
        let system = System::scanned();
        system.report("pip-audit.json", "{");
        let mut run = system.workflow(WEEK_2).args(&more).env("DEBUG", "true");
        if let Some(variable) = variable {
            run = run.env(variable, "logs.txt");
        }
        let outcome = run.output().expect_code(1);
        outcome.json();
        let log = system.project.text("logs.txt");
        assert!(!log.trim().is_empty(), "the log file is empty");
        assert!(!log.contains('\u{1b}'), "{log}");
    }
}

#[test]
fn verbose_says_more_and_quiet_says_nothing_but_errors() {
    let system = System::scanned();
    let said = |more: &[&str]| system.update_findings(WEEK_1).args(more).output().expect_success().stderr;
    assert!(said(&["-v", "-v"]).len() > said(&[]).len(), "-vv says nothing more: {}", said(&["-v", "-v"]));
    system.report("pip-audit.json", "{");
    let outcome = system.update_findings(WEEK_2).arg("--quiet").output().expect_code(1);
    assert_eq!(outcome.stderr, "");
    outcome.json();
    let both = system.update_findings(WEEK_2).args(["--quiet", "--verbose"]).output().expect_code(2);
    assert!(both.stderr.contains("--quiet"), "{}", both.stderr);
}

#[test]
fn an_unknown_key_is_named_with_file_and_line() {
    let bad = [
        ("[tool.relwarden]\nscaners = 3\n", "scaners"),
        ("[tool.relwarden.release]\nbumb = \"patch\"\n", "bumb"),
        ("[tool.relwarden.status]\nmax_scan_age_days = \"ten\"\n", "max_scan_age_days"),
    ];
    for (lines, key) in bad {
        let system = System::configured(lines);
        for name in ["update-findings", "detect-changes", "decide-release", "update-status"] {
            refused(system.run(name, WEEK_1).output(), 2, &["pyproject.toml", "line 5", key]);
        }
        refused(
            system.run("integration-orchestrator", WEEK_1).arg("security-workflow").output(),
            2,
            &["pyproject.toml", "line 5", key],
        );
        assert_eq!(system.project.files().len(), 1, "nothing was written");
    }
}

#[test]
fn the_configuration_is_in_one_place() {
    let system = System::configured("[tool.relwarden.status]\nmax_scan_age_days = 20\n");
    system.project.write("relwarden.toml", "[status]\nmax_scan_age_days = 20\n");
    refused(system.run("update-findings", WEEK_1).output(), 2, &["pyproject.toml", "relwarden.toml"]);

    let system = System::new();
    system.project.write("other.toml", "[scanners]\nrequired = [\"bandit\"]\n");
    system.report("pip-audit.json", crate::scans::pip_audit(&[]));
    system.update_findings(WEEK_1).args(["--config", "other.toml"]).output().expect_code(1);
    refused(system.run("update-findings", WEEK_1).args(["--config", "nowhere.toml"]).output(), 2, &["nowhere.toml"]);
}

#[test]
fn a_project_without_a_name_is_a_usage_error() {
    let system = System::new();
    system.project.write("pyproject.toml", "");
    refused(system.run("update-findings", WEEK_1).output(), 2, &["name"]);
    let nowhere = binary("update-findings").run().args(["--project", "/no/such/folder"]).output();
    refused(nowhere, 2, &["/no/such/folder"]);
}

#[test]
fn a_bad_time_and_a_bad_changes_document_are_refused() {
    let system = System::scanned();
    refused(system.run("update-findings", "yesterday").output(), 2, &["yesterday"]);
    for changes in ["", "{", "[{}]", "{\"schema_version\": \"9.0\", \"changes\": []}", "{\"nothing\": 1}"] {
        system.project.write("changes.json", changes);
        refused(
            system.run("decide-release", WEEK_1).args(["--changes", "changes.json"]).output(),
            3,
            &["changes.json"],
        );
    }
    let upper = r#"[{"change_type": "new_vulnerability", "finding_id": "", "new_state": "high vulnerability", "impact_level": "high"}]"#;
    refused(system.run("decide-release", WEEK_1).args(["--changes", "-"]).stdin(upper).output(), 3, &["finding_id"]);
    system.project.write("releases.json", "{\"versions\": 3}");
    refused(system.run("decide-release", WEEK_1).args(["--index", "releases.json"]).output(), 3, &["releases.json"]);
}

#[test]
fn relative_paths_start_at_the_project() {
    let system = System::new();
    system.project.write("scans/bandit.json", bandit(WEEK_1, &[]));
    let document = system.update_findings(WEEK_1).args(["--reports", "scans"]).output().expect_success().json();
    assert_eq!(document["scans"][0]["file"], "scans/bandit.json");
    assert!(system.project.join(LEDGER).is_file());
    let missing = system.run("update-findings", WEEK_1).args(["--reports", "nowhere"]).output();
    refused(missing, 2, &["nowhere"]);
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let system = System::scanned();
    let script = "\"$@\" | head -c 1 >/dev/null; echo \"${PIPESTATUS[0]}\"";
    let outcome = test_support::Run::new("bash")
        .args(["-c", script, "bash"])
        .arg(binary("update-findings").path())
        .project(system.project.path())
        .now(WEEK_1)
        .args(["--offline", "--format", "json"])
        .output()
        .expect_success();
    assert_eq!(outcome.stdout.trim(), "0", "{}", outcome.stderr);
}
