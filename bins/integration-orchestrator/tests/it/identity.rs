//! When two reports speak of the same finding, and when of two.

use serde_json::{Value, json};

use crate::{
    scans::{Weakness, bandit, dependency, flaw, pip_audit},
    system::{
        CHANGELOG, EVENTS, FINDINGS_DOCUMENT, LEDGER, PLANS, STATUS, System, WEEK_1, WEEK_2, WEEK_3, changes,
        index_with_1_0_0, list, only, text,
    },
};

fn with_weaknesses(weaknesses: &[Weakness<'_>]) -> System {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("bandit.json", bandit(WEEK_1, weaknesses));
    for weakness in weaknesses {
        system.project.write(weakness.file, "# the code under test\n");
    }
    system.workflow(WEEK_1).output().expect_success();
    system
}

#[test]
fn a05_a_moved_line_is_the_same_finding() {
    let system = with_weaknesses(&[Weakness::default()]);
    let before = system.ledger();
    system.report("bandit.json", bandit(WEEK_2, &[Weakness { line: 11, ..Weakness::default() }]));
    let decision = system.decide(WEEK_2);
    assert_eq!(
        (&decision["should_release"], &decision["security_changes_count"]),
        (&json!(false), &json!(0)),
        "{decision:#}"
    );
    let after = only(&system.ledger(), "open");
    assert_eq!(after["finding_id"], before[0]["finding_id"]);
    assert_eq!(after["line"], 11);
    assert_eq!(after["discovered_date"], "2026-01-05");
}

#[test]
fn a05_a_renamed_file_is_the_same_finding() {
    let system = with_weaknesses(&[Weakness::default()]);
    std::fs::remove_file(system.project.join("src/sample_package/run.py")).unwrap();
    let file = "src/sample_package/launch.py";
    system.project.write(file, "# the code under test\n");
    system.report("bandit.json", bandit(WEEK_2, &[Weakness { file, ..Weakness::default() }]));
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], false, "{decision:#}");
    assert_eq!(only(&system.ledger(), "open")["path"], file);
}

#[test]
fn a06_the_same_line_in_two_files_of_one_name_is_two_findings() {
    let weaknesses = ["src/a/__init__.py", "src/b/__init__.py"].map(|file| Weakness { file, ..Weakness::default() });
    let system = with_weaknesses(&weaknesses);
    let ledger = system.ledger();
    assert_eq!(ledger.len(), 2);
    assert_ne!(ledger[0]["finding_id"], ledger[1]["finding_id"]);
    counts_agree(&system, 2);
}

#[test]
fn two_equal_snippets_in_one_file_are_two_findings() {
    let lines = [10, 50].map(|line| Weakness { line, ..Weakness::default() });
    let system = with_weaknesses(&lines);
    counts_agree(&system, 2);
    // One of them goes.
    system.report("bandit.json", bandit(WEEK_2, &[Weakness { line: 50, ..Weakness::default() }]));
    let decision = system.decide(WEEK_2);
    assert_eq!(changes(&decision, "resolved").len(), 1, "{decision:#}");
    assert_eq!(changes(&decision, "new_vulnerability").len(), 0, "{decision:#}");
}

#[test]
fn a07_one_flaw_in_two_packages_is_two_findings() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let flaw = flaw("CVE-2023-4863", &[]);
    system.report(
        "pip-audit.json",
        pip_audit(&[
            dependency("pillow", "9.0", std::slice::from_ref(&flaw)),
            dependency("webp", "0.1", std::slice::from_ref(&flaw)),
        ]),
    );
    let document = system.workflow(WEEK_1).output().expect_success().json();
    assert_eq!(document["security_changes"], 2);
    let ledger = system.ledger();
    assert_ne!(ledger[0]["finding_id"], ledger[1]["finding_id"]);
    counts_agree(&system, 2);
}

#[test]
fn a08_a_pysec_and_its_ghsa_are_one_finding() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let both = [
        flaw("PYSEC-2023-74", &["GHSA-j8r2-6x86-q33q", "CVE-2023-32681"]),
        flaw("GHSA-j8r2-6x86-q33q", &["PYSEC-2023-74", "CVE-2023-32681"]),
    ];
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &both)]));
    system.workflow(WEEK_1).output().expect_success();
    counts_agree(&system, 1);
    let finding = only(&system.ledger(), "open");
    let aliases = finding["aliases"].to_string();
    for id in ["PYSEC-2023-74", "GHSA-j8r2-6x86-q33q", "CVE-2023-32681"] {
        assert!(aliases.contains(id) || finding["finding_id"] == id, "{finding:#}");
    }
}

#[test]
fn a08_the_id_stays_when_the_scanner_prints_another_one() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let name = |flaw: Value| pip_audit(&[dependency("requests", "2.30.0", &[flaw])]);
    system.report("pip-audit.json", name(flaw("GHSA-j8r2-6x86-q33q", &["CVE-2023-32681"])));
    system.workflow(WEEK_1).output().expect_success();
    system.report("pip-audit.json", name(flaw("PYSEC-2023-74", &["CVE-2023-32681", "GHSA-j8r2-6x86-q33q"])));
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], false);
    let finding = only(&system.ledger(), "open");
    assert_eq!(finding["finding_id"], "GHSA-j8r2-6x86-q33q");
    assert!(finding["aliases"].to_string().contains("PYSEC-2023-74"), "{finding:#}");
}

#[test]
fn an_upgrade_to_another_affected_version_is_the_same_finding() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let at = |version| pip_audit(&[dependency("requests", version, &[flaw("PYSEC-2023-74", &[])])]);
    system.report("pip-audit.json", at("2.29.0"));
    system.workflow(WEEK_1).output().expect_success();
    system.report("pip-audit.json", at("2.30.0"));
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], false);
    assert_eq!(changes(&decision, "updated").len(), 1, "{decision:#}");
    assert_eq!(only(&system.ledger(), "open")["version"], "2.30.0");
}

#[test]
fn a09_the_first_sight_and_the_age_are_the_true_ones() {
    let system = System::new();
    system.clean_reports("2020-01-01T03:00:00Z");
    let flaw = flaw("PYSEC-2019-132", &[]);
    system.report("pip-audit.json", pip_audit(&[dependency("markdown2", "2.3.5", &[flaw])]));
    system.workflow("2020-01-01T03:00:00Z").output().expect_success();
    system.report("bandit.json", bandit(WEEK_1, &[]));
    system.workflow(WEEK_1).output().expect_success();
    assert_eq!(only(&system.ledger(), "open")["discovered_date"], "2020-01-01");
    let status = system.project.json(STATUS);
    let published = &status["findings"][0];
    // 2020 and 2024 were leap years.
    let days = 6 * 365 + 2 + 4;
    assert_eq!(
        (&published["discovered_date"], &published["days_since_discovery"]),
        (&json!("2020-01-01"), &json!(days))
    );
    assert_eq!(status["oldest_open_days"], days);
    assert_eq!(status["days_since_last_vulnerability"], days);
    assert!(system.project.text(FINDINGS_DOCUMENT).contains("2020-01-01"));
}

#[test]
fn a19_a_finding_that_returns_is_reopened_with_its_plan() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    let flawed = pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]);
    let with_index = |now: &str| {
        let releases = system.releases(&index, now);
        system.workflow_with_index(now, releases).output().expect_success().json()["release_decision"].clone()
    };
    system.report("pip-audit.json", &flawed);
    with_index(WEEK_2);
    let plans = system.project.text(PLANS).replace("Under evaluation", "Upgrade with the next release");
    system.project.write(PLANS, plans);
    system.release(&index, WEEK_2);

    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.31.0", &[])]));
    with_index(WEEK_3);
    system.release(&index, WEEK_3);
    let kept = system.project.text(PLANS);
    assert!(kept.contains("Upgrade with the next release") && kept.contains("completed"), "{kept}");

    system.report("pip-audit.json", &flawed);
    let decision = with_index("2026-01-26T03:00:00Z");
    assert_eq!(changes(&decision, "reopened").len(), 1, "{decision:#}");
    assert_eq!(decision["should_release"], true, "an unknown severity counts as high");
    let finding = only(&system.ledger(), "open");
    assert_eq!(finding["discovered_date"], "2026-01-12", "the first sight of all");
    let plans = system.project.text(PLANS);
    assert!(plans.contains("Upgrade with the next release"), "{plans}");
    assert!(!plans.contains("status: completed"), "{plans}");
    assert!(system.project.text(EVENTS).lines().any(|line| line.contains("reopened")));
    assert!(system.project.text(CHANGELOG).to_lowercase().contains("reopened"));
}

/// The ledger, the printed summary, the plans, the document for people and the status tell the same number.
#[track_caller]
fn counts_agree(system: &System, count: usize) {
    let open: Vec<Value> = system.ledger().into_iter().filter(|f| f["status"] == "open").collect();
    assert_eq!(open.len(), count);
    let printed = system.update_findings(WEEK_1).output().json();
    assert_eq!((&printed["summary"]["total"], list(&printed["findings"]).len()), (&json!(count), count));
    let status = system.project.json(STATUS);
    assert_eq!((&status["vulnerability_summary"]["total"], list(&status["findings"]).len()), (&json!(count), count));
    let plans = system.project.text(PLANS);
    assert_eq!(plans.matches("planned_action:").count(), count, "{plans}");
    // As a reader sees it, without what keeps Markdown from reading the ids as markup.
    let document = system.project.text(FINDINGS_DOCUMENT).replace('\\', "");
    assert!(document.contains(&format!("**Total active findings:** {count}<br>")), "{document}");
    for finding in open {
        assert!(document.contains(text(&finding, "finding_id")), "{document}");
    }
    assert!(system.project.join(LEDGER).exists());
}
