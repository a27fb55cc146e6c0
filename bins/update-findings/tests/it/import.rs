//! `update-findings import` through the binary: sound files, damaged ones, and what only looks like a file.

use std::{collections::BTreeMap, path::Path, path::PathBuf};

use serde_json::{Value, json};
use test_support::{Run, Scratch, copy_dir, fixture_path};

use super::{json as json_of, update_findings};

const PLANS: &str = "old/security/findings/remediation-plans.yml";
const TIMELINE: &str = "old/security/findings/history/remediation-timeline.yml";
const IMPORTED: &str = "security/findings/history/imported";

/// The sample project after its first week, and the old system's files in `old/security`.
fn with_original() -> Scratch {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    json_of(update_findings(&project), 0);
    copy_dir(&fixture_path("original/security"), &project.join("old/security"));
    project
}

fn import(project: &Scratch) -> Run {
    update_findings(project).args(["import", "old/security"])
}

fn file<'d>(report: &'d Value, name: &str) -> &'d Value {
    let files = report["imported"].as_array().map(Vec::as_slice).unwrap_or_default();
    files.iter().find(|f| f["file"].as_str().is_some_and(|f| f.ends_with(name))).unwrap_or(&Value::Null)
}

/// Every file of the project with its bytes.
fn contents(project: &Scratch) -> BTreeMap<PathBuf, Vec<u8>> {
    project.files().into_iter().map(|path| (path.clone(), project.bytes(&path.to_string_lossy()))).collect()
}

fn finding(project: &Scratch) -> Value {
    let ledger = project.json("security/findings/findings.json");
    let findings = ledger["findings"].as_array().cloned().unwrap_or_default();
    findings.into_iter().find(|f| f["kind"] == "vulnerability").unwrap_or_default()
}

#[test]
fn plans_dates_and_history_are_taken_over() {
    let project = with_original();
    let before = finding(&project);
    let report = json_of(import(&project), 0);
    assert_eq!(
        report["counts"],
        json!({
            "files": 6, "plans": 2, "events": 5, "reports": 1, "dates": 1, "set_aside": 0, "not_used": 1,
        }),
        "{report:#}"
    );
    let after = finding(&project);
    assert_eq!(before["discovered_date"], "2023-07-24");
    assert_eq!(after["discovered_date"], "2023-07-10", "the archived report proves the earliest day");
    assert_eq!(before["status"], after["status"], "what was called resolved there ends nothing here");
    let plans = project.text("security/findings/remediation-plans.yml");
    assert!(plans.contains("Upgrade requests with the next release"), "{plans}");
    let events = project.text(&format!("{IMPORTED}/events.ndjson"));
    assert!(events.lines().all(|line| line.contains(r#""event":"imported""#)) && events.contains("resolved"));
    let scans = project.json(&format!("{IMPORTED}/scans/2023-07-10T000000Z.json"));
    assert_eq!(scans["scans"][0]["records"][0]["package"], "requests");
    let cut = file(&report, "2023-07-17/bandit.json");
    assert!(cut["reason"].as_str().is_some_and(|r| r.contains("stays where it is")), "{cut}");
    assert_eq!(cut["set_aside"], Value::Null, "a raw report is never copied");
    assert!(report["warnings"].to_string().contains("CVE-2022-1111"), "a plan that excepts is named");
}

#[test]
fn a_second_import_changes_nothing_and_neither_touches_what_it_reads() {
    let project = with_original();
    let old = |all: BTreeMap<PathBuf, Vec<u8>>| -> BTreeMap<PathBuf, Vec<u8>> {
        all.into_iter().filter(|(path, _)| path.starts_with("old")).collect()
    };
    let given = old(contents(&project));
    json_of(import(&project), 0);
    let once = contents(&project);
    let again = json_of(import(&project), 0);
    assert_eq!(again["written"], json!([]));
    assert!(once == contents(&project) && old(once) == given);
    // And the next run of ours keeps it.
    json_of(update_findings(&project), 0);
    assert_eq!(finding(&project)["discovered_date"], "2023-07-10");
    assert_eq!(json_of(import(&project), 0)["written"], json!([]));
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_it_would() {
    let project = with_original();
    let before = contents(&project);
    let report = json_of(import(&project).arg("--dry-run"), 0);
    assert!(report["written"].to_string().contains("findings.json"), "{report}");
    assert!(before == contents(&project));
}

#[test]
fn an_edited_plan_of_ours_stays_and_the_other_is_set_aside() {
    let project = with_original();
    let path = "security/findings/remediation-plans.yml";
    let ours = project.text(path).replace("assigned_to: security-team", "assigned_to: us");
    project.write(path, &ours);
    let report = json_of(import(&project), 0);
    let plans = file(&report, "remediation-plans.yml");
    assert!(plans["reason"].as_str().is_some_and(|r| r.contains("ours was edited")), "{plans}");
    let copy = plans["set_aside"].as_str().unwrap_or_default();
    assert!(project.text(copy).contains("Upgrade requests with the next release"));
    assert!(!project.text(path).contains("Upgrade requests"));
}

#[test]
fn every_kind_of_damage_is_survived_and_named() {
    let sound = with_original();
    let plans = sound.text(PLANS);
    let timeline = sound.text(TIMELINE);
    for (what, path, bytes, taken) in [
        ("truncated plans", PLANS, plans.as_bytes()[..plans.len() - 150].to_vec(), Some(1)),
        ("binary plans", PLANS, b"\x00\x01\xff\xfe".repeat(50), Some(0)),
        ("no bytes of plans", PLANS, Vec::new(), Some(0)),
        ("a plan twice", PLANS, format!("{plans}  PYSEC-2023-74:\n    status: deferred\n").into_bytes(), Some(2)),
        (
            "updated before created",
            PLANS,
            plans.replace("updated_date: '2023-07-17'", "updated_date: '2023-01-01'").into_bytes(),
            Some(1),
        ),
        ("a list for plans", PLANS, b"- 1\n".to_vec(), Some(0)),
        ("truncated timeline", TIMELINE, timeline.as_bytes()[..timeline.len() / 2].to_vec(), None),
        ("binary timeline", TIMELINE, vec![0xff; 99], Some(0)),
        ("no bytes of a timeline", TIMELINE, Vec::new(), Some(0)),
        ("a number for events", TIMELINE, b"findings:\n  A-1:\n    events: 7\n".to_vec(), Some(0)),
    ] {
        let project = with_original();
        project.write(path, &bytes);
        let before = finding(&project);
        let report = json_of(import(&project), 0);
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let told = file(&report, &name);
        assert!(told["reason"].is_string(), "{what}: {report:#}");
        assert!(taken.is_none_or(|taken| told["taken"] == taken), "{what}: {told}");
        assert_eq!(project.bytes(told["set_aside"].as_str().unwrap_or_default()), bytes, "{what}: a copy of the whole");
        assert_eq!(finding(&project)["status"], before["status"], "{what}");
        assert_eq!(json_of(import(&project), 0)["written"], json!([]), "{what}");
        // Our own run goes on.
        json_of(update_findings(&project), 0);
    }
}

#[test]
fn what_is_no_file_is_named_and_never_followed() {
    let project = with_original();
    let remove = |path: &str| std::fs::remove_file(project.join(path)).expect("the fixture is there");
    remove(PLANS);
    project.write(&format!("{PLANS}/x"), "a folder in its place");
    remove(TIMELINE);
    Run::new("mkfifo").arg(project.join(TIMELINE)).output().expect_code(0);
    let link = |target: &str, at: &str| {
        std::os::unix::fs::symlink(project.join(target), project.join(at)).expect("a link can be made");
    };
    link("old/security/reports/archived", "old/security/reports/archived/loop");
    project.write(
        "outside/2023-01-01/pip-audit.json",
        project.bytes("old/security/reports/archived/2023-07-10/pip-audit.json"),
    );
    link("outside/2023-01-01", "old/security/reports/archived/2023-01-01");
    let document = "old/security/findings/SECURITY_FINDINGS.md";
    remove(document);
    link(document, document);
    let report = json_of(import(&project), 0);
    for (name, says) in [
        ("remediation-plans.yml", "a folder"),
        ("remediation-timeline.yml", "a named pipe"),
        ("SECURITY_FINDINGS.md", "a symbolic link"),
        ("archived/loop", "stays where it is"),
        ("archived/2023-01-01", "stays where it is"),
    ] {
        let told = file(&report, name);
        assert!(told["reason"].as_str().is_some_and(|r| r.contains(says)), "{name}: {report:#}");
    }
    assert_eq!(finding(&project)["discovered_date"], "2023-07-10", "nothing from behind a link counts");
}

#[test]
fn the_old_system_in_the_same_folder_is_taken_over_in_place() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    copy_dir(&fixture_path("original/security"), &project.join("security"));
    let before = json_of(update_findings(&project).args(["import", "."]), 0);
    assert!(before["warnings"].to_string().contains("import again"), "{before:#}");
    json_of(update_findings(&project), 0);
    json_of(update_findings(&project).args(["import", "security"]), 0);
    assert_eq!(finding(&project)["discovered_date"], "2023-07-10");
    assert!(project.text("security/findings/remediation-plans.yml").contains("Upgrade requests"));
    json_of(update_findings(&project), 0);
    assert_eq!(json_of(update_findings(&project).args(["import", "security"]), 0)["written"], json!([]));
}

#[test]
fn a_damaged_plan_file_in_the_same_folder_is_built_again() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    copy_dir(&fixture_path("original/security"), &project.join("security"));
    let path = "security/findings/remediation-plans.yml";
    let torn = format!(
        "{}  CVE-2022-1111:\n    notes: 'torn",
        project.text(path).split("  CVE-2022-1111").next().unwrap_or_default()
    );
    project.write(path, &torn);
    update_findings(&project).output().expect_code(3);
    let report = json_of(update_findings(&project).args(["import", "."]), 0);
    let plans = file(&report, "remediation-plans.yml");
    assert_eq!(project.text(plans["set_aside"].as_str().unwrap_or_default()), torn);
    json_of(update_findings(&project), 0);
    assert!(project.text(path).contains("Upgrade requests with the next release"));
}

#[test]
fn a_damaged_plan_file_is_not_written_anew_before_the_copy_of_it_stands() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    json_of(update_findings(&project), 0);
    let path = "security/findings/remediation-plans.yml";
    let damaged = "findings:\n  A-1:\n    notes: keep me\n  A-1:\n    notes: the other one\n";
    project.write(path, damaged);
    let in_the_way = format!("{IMPORTED}/set-aside");
    project.write(&in_the_way, "a file where the folder of the copies goes\n");
    let run = update_findings(&project).args(["import", "security"]).output().expect_code(3);
    assert!(run.stderr.contains("set-aside"), "{}", run.stderr);
    assert_eq!(project.text(path), damaged);

    std::fs::remove_file(project.join(&in_the_way)).unwrap();
    let report = json_of(update_findings(&project).args(["import", "security"]), 0);
    let copy = file(&report, "remediation-plans.yml")["set_aside"].as_str().unwrap_or_default();
    assert_eq!(project.text(copy), damaged);
    assert_eq!(report["written"], json!([copy, path]), "the copy comes first");
}

#[test]
fn wrong_usage_and_damaged_documents_of_ours_have_their_codes() {
    let project = with_original();
    for folder in ["nowhere", "src"] {
        update_findings(&project).args(["import", folder]).output().expect_code(2);
    }
    let findings = project.text("security/findings/findings.json");
    project.write("security/findings/findings.json", &findings[..findings.len() / 2]);
    let before = contents(&project);
    import(&project).output().expect_code(3);
    assert!(before == contents(&project));
}

#[test]
fn no_credential_is_carried_along() {
    let project = with_original();
    let token = format!("ghp_{}", "0123456789abcdefghij0123456789abcdef");
    let changelog = "old/security/findings/history/findings-changelog.md";
    project.write(changelog, format!("{}\n**Notes**: token {token}\n", project.text(changelog)));
    project.write(PLANS, format!("{}  X-1-1:\n    notes: {token}\n   torn", project.text(PLANS)));
    json_of(import(&project), 0);
    let carried = contents(&project).into_iter().filter(|(path, _)| path.starts_with("security/findings"));
    for (path, bytes) in carried {
        assert!(!String::from_utf8_lossy(&bytes).contains(&token), "{}", path.display());
    }
}
