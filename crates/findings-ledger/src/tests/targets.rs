//! What was found in one thing is not ended by a scan of another.

use findings_model::{ResolvedReason, Scan, ScanTarget};
use insta::assert_snapshot;

use super::{Build, code, flaw, name, project::Project, scan};

fn about(target: ScanTarget, mut scan: Scan) -> Scan {
    scan.coverage.looked_at.target = Some(target);
    scan
}

fn image(name: &str) -> Scan {
    about(ScanTarget::image(name), scan("trivy").in_file("trivy.json"))
}

fn project() -> Scan {
    about(ScanTarget::project(), scan("trivy").in_file("trivy.json"))
}

fn found(scan: Scan) -> Scan {
    scan.finds(flaw("django 3.0 CVE-1-1"))
}

#[test]
fn a_scan_of_another_thing_ends_nothing_and_the_missing_one_is_told() {
    let mut p = Project::new();
    p.take(5, &[found(project())]);
    assert_snapshot!(p.run(12, &[image("alpine:3.18")]), @r#"
    trivy missing: there is no report of trivy about the project, which trivy.json was about; the last usable one is of 2026-01-05T04:00:00Z; if no more is to come, set scanners.trivy.reports = 1
    incomplete
    * CVE-1-1 unverified {"since":"2026-01-05"}
    CVE-1-1 high unverified since 2026-01-05
    "#);
    assert_snapshot!(p.run(19, &[image("alpine:3.18")]), @"
    trivy missing: there is no report of trivy about the project, which trivy.json was about; the last usable one is of 2026-01-05T04:00:00Z; if no more is to come, set scanners.trivy.reports = 1
    incomplete
    CVE-1-1 high unverified since 2026-01-05
    ");
    // The other thing was a mistake: nothing is open in it, and nobody waits for it.
    assert_snapshot!(p.run(26, &[project()]), @r#"
    * CVE-1-1 resolved {"reason":"no_longer_reported"}
    CVE-1-1 high resolved on 2026-01-26: no_longer_reported
    "#);
}

#[test]
fn a_person_who_wants_no_more_reports_of_it_leaves_its_findings_unverified() {
    let mut p = Project::new();
    p.take(5, &[found(image("app:1"))]);
    p.reports.insert(name("trivy"), 1);
    let other = p.take(12, &[image("service:1")]);
    assert!(!other.required_incomplete);
    assert_snapshot!(other.scans[0].reasons.join("; "), @"no report of this run is about the image app: what was found there stays, unverified");
    assert_eq!(p.end(19, &[image("service:1")]), None);
    // Found in the new one, it is what that one says.
    p.take(26, &[found(image("service:2"))]);
    assert_eq!(p.end(33, &[image("service:3")]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn another_version_of_the_same_thing_ends_what_is_gone_from_it() {
    let after = |first: Scan, second: Scan| {
        let mut p = Project::new();
        p.take(5, &[found(first)]);
        p.end(12, &[second])
    };
    let over = Some(ResolvedReason::NoLongerReported);
    assert_eq!(after(image("app:1.2"), image("docker.io/library/app@sha256:00")), over);
    assert_eq!(after(image("app:1.2"), image("other:1.2")), None);
    let product = |name: &str, version: &str| about(ScanTarget::product(name, Some(version)), scan("trivy"));
    assert_eq!(after(product("sample", "1"), product("Sample", "2")), over);
    assert_eq!(after(product("sample", "1"), product("another", "1")), None);
    assert_eq!(after(product("/github/workspace", "1"), product(".", "2")), over);
    // What a report does not say cannot be another thing.
    assert_eq!(after(scan("trivy"), image("app:1")), over);
    assert_eq!(after(image("app:1"), scan("trivy")), over);
}

#[test]
fn reports_about_several_things_stand_side_by_side() {
    let mut p = Project::new();
    let both = |one: Scan, other: Scan| [one, other.in_file("image.json")];
    p.take(5, &both(found(project()), found(image("app:1"))));
    assert_snapshot!(p.run(12, &both(project(), found(image("app:2")))), @"CVE-1-1 high open");
    assert_snapshot!(p.run(19, &both(project(), image("app:3"))), @r#"
    * CVE-1-1 resolved {"reason":"no_longer_reported"}
    CVE-1-1 high resolved on 2026-01-19: no_longer_reported
    "#);
}

fn codeql(category: &str) -> Scan {
    let target = ScanTarget::category(&format!("/language:{category}/")).unwrap();
    about(target, scan("CodeQL").in_file(&format!("{category}.sarif")))
}

#[test]
fn a_run_of_another_category_stands_for_none() {
    let mut p = Project::with_files("a.py");
    p.take(5, &[codeql("python").finds(code("py/x a.py 1 x")), codeql("javascript")]);
    assert_snapshot!(p.run(12, &[codeql("javascript"), codeql("actions")]), @r#"
    CodeQL missing: there is no report of CodeQL about the category /language:python, which python.sarif was about; the last usable one is of 2026-01-05T04:00:00Z; if no more is to come, set scanners.CodeQL.reports = 2
    incomplete
    * CODEQL-py/x-a.py-1 unverified {"since":"2026-01-05"}
    CODEQL-py/x-a.py-1 high unverified since 2026-01-05
    "#);
    // A category is missed even where nothing is open in it.
    assert_snapshot!(p.run(19, &[codeql("python"), codeql("actions")]), @"
    CodeQL missing: there is no report of CodeQL about the category /language:javascript, which javascript.sarif was about; the last usable one is of 2026-01-12T04:00:00Z; if no more is to come, set scanners.CodeQL.reports = 2
    incomplete
    CODEQL-py/x-a.py-1 high unverified since 2026-01-05
    ");
}
