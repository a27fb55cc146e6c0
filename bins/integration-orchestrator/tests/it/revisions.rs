//! Comparisons between commits.

use test_support::{
    Outcome,
    fixtures::fixture_path,
    repository::Checkout,
    scratch::{copy_sample, set_week},
};

use crate::system::{System, binary, ids, list, text};

fn detect_changes(checkout: &Checkout, previous: &str, current: &str) -> Outcome {
    let run = binary("detect-changes").run().project(&checkout.path()).args(["--format", "json"]);
    run.arg(format!("--previous={previous}")).arg(format!("--current={current}")).output()
}

/// The ledgers and reports of three weeks, a commit each.
fn three_weeks() -> Checkout {
    let checkout = Checkout::empty();
    copy_sample(&checkout.path());
    for week in ["2023-07-24", "2023-07-31", "2023-08-14"] {
        set_week(&checkout.path(), week);
        let findings = binary("update-findings").run().project(&checkout.path()).now(&format!("{week}T04:00:00Z"));
        let advisories = fixture_path(&format!("sample-project/weeks/{week}/advisories"));
        findings.arg("--advisories").arg(advisories).output().expect_success();
        checkout.git(&["add", "--force", "security"]);
        checkout.commit_all(week);
        checkout.git(&["tag", &format!("week-{week}")]);
    }
    checkout
}

#[test]
fn sides_can_be_git_revisions() {
    let checkout = three_weeks();
    let between = |previous: &str, current: &str| {
        let document = detect_changes(&checkout, previous, current).expect_success().json();
        let changes = list(&document["changes"]);
        let weighty = changes.iter().filter(|c| c["change_type"] != "updated");
        weighty
            .map(|c| format!("{} {}", text(c, "change_type"), ids(std::slice::from_ref(c)).concat()))
            .collect::<Vec<_>>()
    };
    assert_eq!(between("week-2023-07-24", "week-2023-07-31"), ["new_vulnerability CVE-2023-37920"]);
    assert_eq!(between("HEAD~1", "security/findings/findings.json"), ["resolved CVE-2023-37920"]);
    assert_eq!(between("HEAD~1:security/findings/findings.json", "HEAD"), ["resolved CVE-2023-37920"]);
    assert_eq!(between("HEAD", "HEAD"), Vec::<String>::new());
    let reports = between("HEAD~2:security/reports/latest", "HEAD~1:security/reports/latest");
    assert_eq!(reports.len(), 1, "folders of reports as they were committed: {reports:?}");

    // A path of the project goes before a revision of the same name.
    checkout.git(&["tag", "pyproject.toml"]);
    detect_changes(&checkout, "pyproject.toml", "HEAD").expect_code(3);
}

#[test]
fn reports_are_not_asked_for_what_advisories_and_people_said() {
    let checkout = three_weeks();
    let of = |commit: &str| {
        [format!("{commit}:security/findings/findings.json"), format!("{commit}:security/reports/latest")]
    };
    for commit in ["HEAD~2", "HEAD~1", "HEAD"] {
        let [ledger, reports] = of(commit);
        for (previous, current) in [(&ledger, &reports), (&reports, &ledger)] {
            let document = detect_changes(&checkout, previous, current).expect_success().json();
            let changes = list(&document["changes"]);
            assert!(changes.iter().all(|c| c["change_type"] == "updated"), "{previous} and {current}: {document}");
        }
    }
    let [_, before] = of("HEAD~2");
    let [after, _] = of("HEAD~1");
    let document = detect_changes(&checkout, &before, &after).expect_success().json();
    let changes = list(&document["changes"]);
    let new = changes.iter().filter(|c| c["change_type"] == "new_vulnerability");
    assert_eq!(new.count(), 1, "what is really new is told: {document}");
}

#[test]
fn reports_of_what_the_baseline_was_decided_on_change_nothing() {
    let system = System::sample();
    let week = "2023-07-24";
    system.project.set_week(week);
    let now = "2023-07-24T06:00:00Z";
    let advisories = fixture_path(&format!("sample-project/weeks/{week}/advisories"));
    system.run_json("update-findings", now).arg("--advisories").arg(advisories).output().expect_success();
    system.run_json("decide-release", now).args(["--index", "none"]).output().expect_success();
    let run = system.run_json("detect-changes", "2023-07-24T07:00:00Z").args(["--current", "security/reports/latest"]);
    let document = run.output().expect_success().json();
    assert_eq!((&document["changes"], &document["first_scan"]), (&serde_json::json!([]), &false.into()));
    system.project.write("changes.json", document.to_string());
    let decision = system.run_json("decide-release", now).args(["--index", "none", "--changes", "changes.json"]);
    assert_eq!(decision.output().expect_success().json()["should_release"], false);
}

#[test]
fn what_is_no_revision_is_refused() {
    let checkout = three_weeks();
    for (side, says) in [
        ("no-such-tag", "no-such-tag"),
        ("HEAD:security/nothing.json", "nothing.json"),
        ("--upload-pack=touch pwned", "upload-pack"),
        ("HEAD:../../etc/passwd", "etc/passwd"),
    ] {
        let outcome = detect_changes(&checkout, side, "HEAD").expect_code(2);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
    assert!(!checkout.join("pwned").exists());
    let elsewhere = test_support::Scratch::sample();
    let run = binary("detect-changes").run().project(elsewhere.path()).args(["--previous", "HEAD~1"]);
    let outcome = run.output().expect_code(2);
    assert!(outcome.stderr.contains("no git repository"), "{}", outcome.stderr);
}
