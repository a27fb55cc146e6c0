//! The built binary on documents of changes.

#![expect(clippy::expect_used, reason = "a test fails where it cannot go on")]

mod bump;
mod bump_due;
mod bump_git;
mod bump_kill;
mod bump_places;
mod bump_push;
mod bump_safe;

use serde_json::{Value, json};
use test_support::{Run, Scratch};

fn decide(project: &Scratch, changes: &Value) -> Run {
    test_support::binary!("decide-release")
        .run()
        .project(project.path())
        .now("2026-01-12T03:00:00Z")
        .args(["--format", "json", "--index", "none", "--changes", "-"])
        .stdin(changes.to_string())
}

/// A change as the Python system wrote it: `new high`, `res low`, `chg medium high`.
fn change(number: usize, words: &str) -> Value {
    let id = format!("CVE-2025-{}", 1000 + number);
    let words: Vec<&str> = words.split(' ').collect();
    let (kind, old, new, impact) = match words.as_slice() {
        ["new", impact] => ("new_vulnerability", Value::Null, format!("{impact} vulnerability"), *impact),
        ["res", impact] => ("resolved", json!(format!("{impact} vulnerability")), "resolved".to_owned(), *impact),
        ["chg", old, impact] => {
            ("severity_change", json!(format!("{old} vulnerability")), format!("{impact} vulnerability"), *impact)
        }
        other => panic!("no change: {other:?}"),
    };
    json!({ "change_type": kind, "finding_id": id, "old_state": old, "new_state": new, "impact_level": impact })
}

fn changes(all: &[&str]) -> Value {
    all.iter().enumerate().map(|(number, words)| change(number, words)).collect()
}

#[test]
fn rows_23_to_30_the_default_matrix() {
    const NONE: &str = "No release triggers detected";
    let rows: [(&[&str], Option<&str>); 13] = [
        (&[], None),
        (&["new critical"], Some("1 new high/critical vulnerability")),
        (&["new high"], Some("1 new high/critical vulnerability")),
        (&["new medium"], None),
        (&["new low"], None),
        (&["new info"], None),
        (&["new medium", "new medium", "new medium"], None),
        (&["res low"], Some("1 vulnerability resolved")),
        (&["chg medium high"], Some("1 severity increased to high/critical")),
        (&["chg critical high"], None),
        (&["chg low medium"], None),
        (
            &["new high", "new critical", "res low", "res info", "chg low high", "chg medium high"],
            Some(
                "2 new high/critical vulnerabilities, 2 vulnerabilities resolved, 2 severities increased to high/critical",
            ),
        ),
        (&["new medium", "res low"], Some("1 vulnerability resolved")),
    ];
    let project = Scratch::sample();
    for (row, reason) in rows {
        let decision = decide(&project, &changes(row)).output().expect_success().json();
        let expected = reason.map_or(NONE.to_owned(), |reason| format!("Security-driven release: {reason}"));
        assert_eq!(decision["justification"], expected, "{row:?}");
        assert_eq!(decision["should_release"], reason.is_some(), "{row:?}");
        assert_eq!(decision["trigger_type"], if reason.is_some() { "security_auto" } else { "none" }, "{row:?}");
        assert_eq!(decision["security_changes_count"], row.len(), "{row:?}");
        assert_eq!(decision["release_notes"] == "", reason.is_none(), "{row:?}");
    }
    assert!(!project.join("security").exists(), "with --changes nothing is written");
}

#[test]
fn rows_34_and_35_the_notes_name_what_they_are_about() {
    let project = Scratch::sample();
    for (row, words) in [
        ("new high", ["Security-Driven Release", "CVE-2025-1000", "high severity"]),
        ("res low", ["Security-Driven Release", "CVE-2025-1000", "Vulnerabilities Resolved"]),
    ] {
        let decision = decide(&project, &changes(&[row])).output().expect_success().json();
        let notes = decision["release_notes"].as_str().expect("notes are text");
        for word in words {
            assert!(notes.contains(word), "{word} not in {notes}");
        }
    }
}

#[test]
fn row_33_what_is_no_change_is_refused() {
    let project = Scratch::sample();
    for (key, value) in
        [("finding_id", ""), ("new_state", ""), ("impact_level", "dreadful"), ("change_type", "vanished")]
    {
        let mut bad = change(0, "new high");
        bad[key] = value.into();
        let outcome = decide(&project, &json!([bad])).output().expect_code(3);
        assert!(outcome.stderr.contains(key), "{}", outcome.stderr);
    }
}

#[test]
fn a_document_that_contradicts_itself_is_judged_by_the_worse_word() {
    let mut rise = change(1, "chg low critical");
    rise["impact_level"] = json!("low");
    let decision = decide(&Scratch::sample(), &json!([rise])).output().expect_success().json();
    assert_eq!(decision["justification"], "Security-driven release: 1 severity increased to high/critical");
}

#[test]
fn before_the_first_scan_an_explanation_says_that_nothing_is_known() {
    let project = Scratch::sample();
    let run =
        || test_support::binary!("decide-release").run().project(project.path()).args(["--format", "json", "explain"]);
    let outcome = run().output().expect_success();
    assert_eq!(outcome.json()["known"], false);
    assert!(outcome.stderr.contains("update-findings"), "{}", outcome.stderr);
    let document = run().args(["--changes", "-"]).stdin("[]").output().expect_success().json();
    assert_eq!((&document["known"], &document["should_release"]), (&json!(true), &json!(false)));
}

#[test]
fn a_policy_file_changes_the_rows() {
    let project = Scratch::sample();
    project.write("policy.toml", "resolved = \"never\"\n");
    let decision =
        decide(&project, &changes(&["res high"])).args(["--policy", "policy.toml"]).output().expect_success().json();
    assert_eq!(decision["should_release"], false);
    project.write("policy.toml", "resolvd = \"never\"\n");
    let outcome = decide(&project, &changes(&[])).args(["--policy", "policy.toml"]).output().expect_code(2);
    assert!(outcome.stderr.contains("policy.toml") && outcome.stderr.contains("resolvd"), "{}", outcome.stderr);
}

#[test]
fn the_next_version_follows_the_index_and_the_given_version() {
    let project = Scratch::sample();
    let next = |current: &str, released: &[&str]| {
        let files: Vec<Value> = released
            .iter()
            .map(|v| json!({ "filename": format!("sample_package-{v}.tar.gz"), "url": "x", "hashes": {} }))
            .collect();
        let page =
            json!({ "meta": { "api-version": "1.1" }, "name": "sample-package", "versions": released, "files": files });
        project.write("releases.json", page.to_string());
        let run = test_support::binary!("decide-release").run().project(project.path());
        let run =
            run.args(["--format", "json", "--changes", "-", "--index", "releases.json", "--current-version", current]);
        run.stdin(changes(&["new high"]).to_string()).output().expect_success().json()["next_version"].clone()
    };
    assert_eq!(next("1.0.0", &["0.9.0", "1.0.0"]), "1.0.1");
    assert_eq!(next("1.1.0", &["0.9.0", "1.0.0"]), "1.1.0");
    assert_eq!(next("1.0.0", &["1.0.0", "2.3.4"]), "2.3.5");
}

#[test]
fn a_pre_release_beside_final_versions_is_warned_of_everywhere() {
    let project = Scratch::sample();
    let page = json!({ "meta": { "api-version": "1.1" }, "name": "sample-package", "versions": ["1.0.0", "2.0.0rc1"], "files": [] });
    project.write("releases.json", page.to_string());
    let run = |format: &str| {
        let run = test_support::binary!("decide-release").run().project(project.path()).env("GITHUB_ACTIONS", "true");
        let run =
            run.env("GITHUB_STEP_SUMMARY", project.join("summary.md")).args(["--format", format, "--changes", "-"]);
        let run = run.args(["--index", "releases.json", "--current-version", "1.0.0"]);
        run.stdin(changes(&["new high"]).to_string()).output().expect_success()
    };
    let decision = run("json").json();
    assert_eq!(decision["next_version"], "2.0.0rc2");
    let warning = decision["warnings"][0].as_str().expect("there is a warning");
    assert!(warning.contains("installers take one only where they are asked for it"), "{warning}");
    let said = run("text").stderr;
    assert!(said.contains(&format!("warning: {warning}")) && said.contains("::warning::2.0.0rc2"), "{said}");
    let summary = project.text("summary.md");
    assert!(summary.contains("is a pre-release: installers take one only"), "{summary}");
}

#[test]
fn a_long_list_of_reasons_is_cut_with_a_count() {
    let project = Scratch::sample();
    let many: Vec<&str> = vec!["new high"; 250];
    let run = test_support::binary!("decide-release").run().project(project.path()).args(["--changes", "-"]);
    let said = run.stdin(changes(&many).to_string()).output().expect_success().stdout;
    assert!(said.lines().count() < 120 && said.contains("  and 150 more, "), "{said}");
}

#[test]
fn wrong_usage_ends_with_2() {
    let project = Scratch::sample();
    for arguments in
        [vec!["--manual", "--force"], vec!["--current-version", "one"], vec!["--notes", "a", "--notes-file", "b"]]
    {
        decide(&project, &changes(&[])).args(arguments).output().expect_code(2);
    }
}
