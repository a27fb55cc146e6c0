use test_support::{
    Scratch,
    browser::{ColorScheme, View, look_at},
};

use crate::{NOW, monitoring, record, start};

fn eventful() -> Scratch {
    let project = Scratch::empty();
    for day in 1..=9 {
        let moment = format!("2026-03-{:02}T04:00:00Z", 3 * day);
        record(&project, &moment, "security-driven-release", &["--status", "success", "--release-type", "none"]);
        let end = if day % 3 == 0 { "failed" } else { "success" };
        record(
            &project,
            &moment,
            "pypi-publish",
            &["--status", end, "--release-type", "security_auto", "--error", "<b>503</b> & more"],
        );
    }
    record(&project, "2026-03-30T04:00:00Z", "update-status", &["--status", "cancelled"]);
    start(&project, "2026-03-20T04:00:00Z", "lost");
    start(&project, NOW, "security-driven-release");
    project.write("metrics/workflow-<script>.json", "[]");
    project
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    let project = eventful();
    let page = |name: &str| {
        let outcome = monitoring(&project, &["dashboard", &format!("--output={name}")]).output().expect_success();
        assert_eq!(outcome.stdout, format!("Dashboard generated: {name}\n"));
        project.bytes(name)
    };
    assert_eq!(page("out/one.html"), page("two.html"));
    assert_eq!(
        page("one.json"),
        monitoring(&project, &["--format=json", "dashboard"]).output().expect_success().stdout.into_bytes()
    );
    assert!(project.join("monitoring_dashboard.html").is_file());
}

#[test]
fn a_place_that_cannot_hold_the_page_is_told_with_a_hint() {
    let project = Scratch::empty();
    project.write("out", "a file");
    let outcome = monitoring(&project, &["dashboard", "--output=out/page.html"]).output().expect_code(3);
    assert!(outcome.stderr.contains("a file stands where a folder is needed"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
}

#[test]
fn the_page_reads_well_in_a_browser() {
    let full = (&eventful(), "Publishing: poor");
    let empty = (&Scratch::empty(), "Publishing: unknown");
    for ((project, verdict), color_scheme, width) in [
        (full, ColorScheme::Light, 1100),
        (full, ColorScheme::Dark, 1100),
        (full, ColorScheme::Light, 360),
        (empty, ColorScheme::Dark, 360),
    ] {
        monitoring(project, &["dashboard"]).output().expect_success();
        let page = project.join("monitoring_dashboard.html");
        let view = View { color_scheme, width };
        let seen = look_at(&page, &project.join("seen.png"), view);
        assert!(seen.text.contains(verdict), "{}", seen.text);
        let policy = seen.content_security_policy.as_deref();
        assert!(policy.is_some_and(|policy| policy.starts_with("default-src 'none'")));
        assert_eq!((seen.scripts, seen.language.as_str()), (0, "en"));
        assert!(seen.console.is_empty() && seen.requests.is_empty(), "{seen:?}");
        assert!(seen.violations.is_empty(), "{:?}", seen.violations);
        assert!(!seen.scrolls_sideways(), "at {width}");
    }
}
