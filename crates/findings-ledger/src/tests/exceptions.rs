//! Exceptions of the configuration.

use findings_model::{PackageName, parse_date};
use insta::assert_snapshot;

use super::{Build, code, flaw, project::Project, scan};
use crate::{Exception, ExceptionKind};

fn exception() -> Exception {
    Exception {
        id: None,
        rule: None,
        package: None,
        path: None,
        kind: ExceptionKind::AcceptedRisk,
        reason: "only in tests".to_owned(),
        owner: None,
        expires: None,
    }
}

fn notices(taken: &crate::Taken) -> String {
    taken.notices.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_rule_in_some_files_is_set_aside_and_elsewhere_not() {
    let mut p = Project::with_files("tests/a.py, app/a.py, app/tests/b.py");
    p.configured =
        vec![Exception { rule: Some("B101".to_owned()), path: Some("tests/**".parse().unwrap()), ..exception() }];
    let found = scan("bandit")
        .files("tests/a.py, app/a.py, app/tests/b.py")
        .finds(code("B101 tests/a.py 1 assert x"))
        .finds(code("B602 tests/a.py 2 run(x)"))
        .finds(code("B101 app/tests/b.py 1 assert y"))
        .finds(code("B101 app/a.py 1 assert z"));
    p.take(5, std::slice::from_ref(&found));
    assert_snapshot!(p.run(6, std::slice::from_ref(&found)), @"
    BANDIT-B101-a.py-1 high open
    BANDIT-B101-a.py-1~2 high excepted: accepted_risk
    BANDIT-B101-b.py-1 high open
    BANDIT-B602-a.py-2 high open
    ");
    // Taken out of the configuration, it counts again.
    p.configured.clear();
    assert_snapshot!(p.run(12, &[found]).lines().next().unwrap(), @"* BANDIT-B101-a.py-1~2 exception_ended");
}

#[test]
fn an_advisory_is_known_by_any_of_its_ids_until_the_last_day() {
    let mut p = Project::new();
    p.configured = vec![Exception {
        id: Some("cve-2018-18074".to_owned()),
        package: Some(PackageName::parse("Requests").unwrap()),
        kind: ExceptionKind::NotAffected,
        expires: parse_date("2026-01-12"),
        ..exception()
    }];
    let audit =
        || scan("pip-audit").packages("requests 2.19.0").finds(flaw("requests 2.19.0 PYSEC-2018-28 CVE-2018-18074"));
    p.take(5, &[audit()]);
    let last = p.take(12, &[audit()]);
    assert_eq!(notices(&last), "");
    assert_snapshot!(p.run(12, &[audit()]), @"PYSEC-2018-28 high excepted: not_affected");
    let after = p.take(13, &[audit()]);
    assert_snapshot!(notices(&after), @"the exception of cve-2018-18074, requests expired on 2026-01-12: a finding counts again");
    assert_snapshot!(p.run(14, &[audit()]), @"PYSEC-2018-28 high open");
}

#[test]
fn one_that_matches_nothing_is_told() {
    let mut p = Project::new();
    p.configured = vec![Exception { rule: Some("B999".to_owned()), ..exception() }];
    let taken = p.take(5, &[scan("bandit").files("a.py").finds(code("B101 a.py 1 assert x"))]);
    assert_snapshot!(notices(&taken), @"the exception of B999 in the configuration matches no finding: take it out, or mend it");
}

#[test]
fn an_exception_of_the_plan_file_that_expired_is_told_while_its_finding_is_there() {
    let mut p = Project::new();
    p.exceptions(
        "findings:\n  PYSEC-1:\n    status: accepted_risk\n    expires: 2026-01-10\n    reason: waits for upstream\n    owner: maintainers\n",
    );
    let audit = || scan("pip-audit").packages("requests 2.19.0").finds(flaw("requests 2.19.0 PYSEC-1"));
    assert_eq!(notices(&p.take(5, &[audit()])), "");
    assert_snapshot!(notices(&p.take(12, &[audit()])), @"the exception of PYSEC-1 expired on 2026-01-10: a finding counts again");
}

#[test]
fn a_pattern_of_paths_stays_inside_the_project() {
    for bad in ["", "/etc/*", "a[", "***"] {
        assert!(bad.parse::<crate::PathPattern>().is_err(), "{bad:?}");
    }
}
