//! Several runs at once.

use std::{collections::BTreeSet, thread};

use serde_json::Value;

use crate::{
    scans::{dependency, flaw, pip_audit},
    system::{CHANGELOG, EVENTS, LEDGER, PLANS, STATUS, System, WEEK_1, ids, list, text},
};

fn sixty_findings() -> System {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let names: Vec<String> = (0..60).map(|n| format!("package-{n}")).collect();
    let flaws: Vec<String> = (0..60).map(|n| format!("PYSEC-2023-{}", 1000 + n)).collect();
    let dependencies: Vec<_> =
        names.iter().zip(&flaws).map(|(name, id)| dependency(name, "1.0", &[flaw(id, &[])])).collect();
    system.report("pip-audit.json", pip_audit(&dependencies));
    system
}

#[test]
fn a21_three_runs_at_once_give_each_finding_one_plan() {
    let system = sixty_findings();
    let added: Vec<u64> = thread::scope(|scope| {
        let runs: Vec<_> =
            (0..3).map(|_| scope.spawn(|| system.update_findings(WEEK_1).output().expect_success().json())).collect();
        runs.into_iter().map(|run| run.join().unwrap()["sync_results"]["added"].as_u64().unwrap()).collect()
    });
    assert_eq!(added.iter().sum::<u64>(), 60, "{added:?}");
    assert_eq!(ids(&system.ledger()).into_iter().collect::<BTreeSet<_>>().len(), 60);
    assert_eq!(system.project.text(PLANS).matches("planned_action:").count(), 60);
    let events: Vec<Value> =
        system.project.text(EVENTS).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let about: BTreeSet<&str> = events.iter().filter_map(|e| e["finding_id"].as_str()).collect();
    assert_eq!(about.len(), 60);
    assert_eq!(events.iter().filter(|e| e["finding_id"] == "PYSEC-2023-1000").count(), 1);
    assert_eq!(system.project.text(CHANGELOG).matches("PYSEC-2023-1000").count(), 1);
}

#[test]
fn whole_workflows_at_once_end_like_one() {
    let (one, many) = (sixty_findings(), sixty_findings());
    one.workflow(WEEK_1).output().expect_success();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| many.workflow(WEEK_1).output().expect_success());
        }
    });
    for name in [LEDGER, PLANS, EVENTS, CHANGELOG, STATUS] {
        assert_eq!(many.project.text(name), one.project.text(name), "{name}");
    }
    assert_eq!(many.records().len(), 4);
    assert!(many.records().iter().all(|record| record["status"] == "success"));
}

#[test]
fn different_steps_at_once_do_not_disturb_each_other() {
    let system = sixty_findings();
    // The first one sets the baseline, the second finds nothing new.
    system.workflow(WEEK_1).output().expect_success();
    system.workflow(WEEK_1).output().expect_success();
    let before = system.documents();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| system.update_findings(WEEK_1).output().expect_success());
            scope.spawn(|| system.run_json("detect-changes", WEEK_1).output().expect_success().json());
            scope.spawn(|| {
                system.run_json("decide-release", WEEK_1).args(["--index", "none"]).output().expect_success().json()
            });
            scope.spawn(|| system.run("update-status", WEEK_1).output().expect_success());
        }
    });
    let after = system.documents();
    for (name, bytes) in before {
        assert_eq!(
            after.get(&name).map(|b| String::from_utf8_lossy(b)),
            Some(String::from_utf8_lossy(&bytes)),
            "{name}"
        );
    }
    assert_eq!(list(&system.project.json(STATUS)["findings"]).len(), 60);
    assert_eq!(text(&system.project.json(STATUS), "state"), "attention");
}
