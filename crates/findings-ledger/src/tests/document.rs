//! `SECURITY_FINDINGS.md`.

use findings_model::{Clearance, CoverageState, Gap, Severity, SlaDays, Timestamp};
use insta::assert_snapshot;

use super::{Build, at, code, flaw, package, project::Project, scan, secret};
use crate::{DocumentInput, Plans, findings_document, sync_plans};

fn document(p: &Project, plans: &Plans, now: Timestamp) -> String {
    findings_document(&DocumentInput { ledger: &p.ledger, plans, sla: SlaDays::default(), now }).unwrap()
}

#[test]
fn nothing_found_is_said_in_words() {
    let mut p = Project::new();
    assert_snapshot!("document_before_any_scan", document(&p, &Plans::empty(), at(5)));
    p.take(5, &[scan("pip-audit").packages("a 1.0")]);
    assert_snapshot!("document_without_findings", document(&p, &Plans::empty(), at(8)));
    p.take(12, &[scan("pip-audit").packages("a 1.0").state(CoverageState::Failed)]);
    let failed = document(&p, &Plans::empty(), at(12));
    assert!(failed.contains("No active security findings detected by the scans that could be used."));
}

#[test]
fn a_full_document() {
    let mut p = Project::with_files("app/run.py, conf.py");
    let edited = "findings:\n  PYSEC-2018-28:\n    status: in_progress\n    planned_action: Upgrade requests\n    assigned_to: ann\n    \
                  target_date: 2026-01-12\n    workaround: Do not follow redirects\n    business_impact: Tokens leak\n  \
                  BANDIT-B101-run.py-9:\n    status: accepted_risk\n    owner: ann\n    reason: only in *tests*\n    expires: 2026-06-01\n";
    p.exceptions(edited);
    let first = [
        scan("pip-audit")
            .packages("requests 2.19.0, py 1.0")
            .finds(flaw("requests 2.19.0 PYSEC-2018-28 CVE-2018-18074"))
            .rated(Severity::Critical)
            .finds(flaw("py 4.0 PYSEC-2022-1"))
            .rated(Severity::Unknown),
        scan("bandit")
            .files("app/run.py")
            .finds(code("B602 app/run.py 4 run(cmd, shell=True)"))
            .finds(code("B101 app/run.py 9 assert x"))
            .rated(Severity::Low)
            .finds(code("B404 app/run.py 1 import subprocess"))
            .cleared(Clearance::Suppressed),
        scan("detect-secrets").finds(secret("AWS Access Key|conf.py|3")),
    ];
    p.take(5, &first);
    let second = [
        scan("pip-audit")
            .packages("requests 2.19.0")
            .finds(flaw("requests 2.19.0 PYSEC-2018-28 CVE-2018-18074"))
            .rated(Severity::Critical)
            .gap(Gap::Package(package("py"))),
        first[1].clone(),
    ];
    p.take(19, &second);
    let synced = sync_plans(Some(edited), &p.ledger, at(19)).unwrap();
    assert_snapshot!(document(&p, &synced.plans, at(19)));
}

#[test]
fn an_exception_that_ended_is_not_shown_as_one_that_holds() {
    let mut p = Project::new();
    let plans = "findings:\n  X-1:\n    status: false_positive\n    planned_action: Wait\n    expires: 2026-01-10\n    reason: r\n    owner: o\n";
    p.exceptions(plans);
    let audit = || scan("pip-audit").packages("a 1.0").finds(flaw("a 1.0 X-1"));
    p.take(5, &[audit()]);
    let text = document(&p, &p.plans, at(10));
    assert!(text.contains("## Excepted (1)") && text.contains("- **False positive:** 1\n"), "{text}");

    p.take(11, &[audit()]);
    let text = document(&p, &p.plans, at(11));
    let said = "- **Remediation:** False positive (ended on 2026-01-10, the finding counts again): Wait\n";
    assert!(text.contains("**Total active findings:** 1<br>") && text.contains(said), "{text}");
    assert!(text.contains("- **Plans:** 1\n- **Exception ended:** 1\n"), "{text}");
    assert!(!text.contains("**False positive:**"), "{text}");
}

#[test]
fn a_plan_is_found_under_every_name_under_which_a_run_obeys_it() {
    let mut p = Project::new();
    let audit = |ids: &str| scan("pip-audit").packages("a 1.0").finds(flaw(&format!("a 1.0 {ids}")));
    for (day, key) in (5..).zip(["CVE-2024-1", "cve-2024-1", "ghsa-AAAA-bbbb-cccc", "pysec-2024-1"]) {
        let plans =
            format!("findings:\n  {key}:\n    status: in_progress\n    severity: low\n    planned_action: Ask them\n");
        p.exceptions(&plans);
        p.take(day, &[audit("PYSEC-2024-1 CVE-2024-1 GHSA-aaaa-bbbb-cccc")]);
        let text = document(&p, &p.plans, at(day));
        assert!(text.contains("- **Remediation:** In progress: Ask them\n"), "{key}: {text}");
        assert!(text.contains("- **Severity:** low"), "{key}: {text}");
    }
    // The plan of another finding speaks of none beside it.
    let both = [audit("PYSEC-2024-1 CVE-2024-1").finds(flaw("b 1.0 CVE-2024-1")).rated(Severity::High)];
    let mut p = Project::new();
    p.take(5, &both);
    p.exceptions(
        "findings:\n  cve-2024-1:\n    status: in_progress\n    severity: low\n    planned_action: Ask them\n",
    );
    p.take(6, &both);
    let text = document(&p, &p.plans, at(6));
    assert_eq!(text.matches("Ask them").count(), 1, "{text}");
    assert_eq!(text.matches("- **Severity:** low").count(), 1, "{text}");
    assert!(text.contains("- **Remediation:** No plan\n"), "{text}");
}

#[test]
fn text_from_outside_stays_text() {
    let mut p = Project::new();
    let mut hostile = scan("bandit").files("a.py").finds(code("B1|x a.py 3 x"));
    hostile.observations[0].description =
        "## heading\n<img src=x onerror=alert(1)> [a](javascript:b)\u{202e}\u{1b}[31m".into();
    hostile.observations[0].reference_url = Some("https://example.org/)<script>".into());
    p.take(5, &[hostile.gap(Gap::File("| cell | `code`".to_owned()))]);
    let text = document(&p, &Plans::empty(), at(5));
    for bad in ["<img", "<script", "\n## heading", "](javascript", "\u{202e}", "\u{1b}"] {
        assert!(!text.contains(bad), "{bad:?} in\n{text}");
    }
    assert!(text.contains("\\#\\# heading"));
}

#[test]
fn findings_stand_by_severity_and_then_by_id() {
    let mut p = Project::new();
    let audit = [("a", Severity::Low), ("c", Severity::Critical), ("b", Severity::Critical), ("d", Severity::Medium)]
        .into_iter()
        .fold(scan("pip-audit"), |scan, (name, severity)| {
            scan.finds(flaw(&format!("{name} 1.0 X-{name}"))).rated(severity)
        });
    p.take(5, &[audit]);
    let text = document(&p, &Plans::empty(), at(5));
    let order: Vec<&str> = text.lines().filter(|l| l.starts_with("### ")).collect();
    assert_eq!(order, ["### X-b", "### X-c", "### X-d", "### X-a"]);
}

#[test]
fn a_document_that_nobody_could_read_is_cut_and_still_counts() {
    let mut p = Project::new();
    let audit = (0..620).fold(scan("pip-audit"), |scan, n| {
        let severity = if n < 40 { Severity::Critical } else { Severity::Medium };
        scan.finds(flaw(&format!("p{n:03} 1.0 X-{n:03}"))).rated(severity)
    });
    p.take(5, &[audit]);
    let plans = sync_plans(None, &p.ledger, at(5)).unwrap().plans;
    let later = "2026-03-01T04:00:00Z".parse().unwrap();
    let text = document(&p, &plans, later);
    assert_eq!(text.lines().filter(|l| l.starts_with("### ")).count(), 500);
    assert!(text.contains("## Critical (40)") && text.contains("## Medium (580)"));
    assert!(text.contains("**Total active findings:** 620<br>") && text.contains("**Overdue:** 620 of 620"));
    assert!(text.contains(
        "\nAnd 120 more findings of this severity (120 overdue, 0 not verified): findings.json has them all.\n\n## Scans"
    ));
    assert_eq!(text, document(&p, &plans, later));
}
