use std::collections::BTreeMap;

use findings_model::{CoverageState, Severity};
use test_support::{
    Scratch,
    browser::{ColorScheme, View, look_at},
};

use super::{STYLE, html, style_digest};
use crate::{
    History, StatusDocument,
    tests::{Sample, contrast, flaw, history, mixed, secret},
};

fn page(document: &StatusDocument) -> String {
    let mut history = history();
    history.record(document);
    html(document, &history).unwrap()
}

/// The states of the snapshots, by name.
fn states() -> [(&'static str, StatusDocument); 6] {
    let failed = mixed().newest("pip-audit", CoverageState::Failed, &["the report ends in the middle, at line 3"], &[]);
    let gaps = Sample::clean().newest(
        "pip-audit",
        CoverageState::Partial,
        &["2 dependencies were skipped"],
        &["private-helper", "other-helper"],
    );
    [
        ("never", Sample::never().assess()),
        ("clean", Sample::clean().assess()),
        ("mixed", mixed().assess()),
        ("failed", failed.assess()),
        ("stale", gaps.assess_at("2026-11-25T08:00:00Z")),
        ("critical", mixed().with([flaw("MAL-2026-1", "requestz", Severity::Critical, "2026-11-16")]).assess()),
    ]
}

#[test]
fn pages_of_six_states() {
    for (name, document) in states() {
        let page = page(&document);
        insta::with_settings!({filters => vec![
            (r"relwarden \d+\.\d+\.\d+", "relwarden [version]"),
            (r"(?s)<style>.*</style>", "<style>[style]</style>"),
            (r"sha256-[^']+", "sha256-[digest]"),
        ]}, {
            insta::assert_snapshot!(format!("{name}.html"), page);
        });
    }
}

/// What a reader sees, in a real browser. The pictures stay in `target/status-page` to be looked at.
#[test]
fn readers_of_every_kind_can_read_every_state() {
    let pictures = test_support::fixtures::workspace().join("target/status-page");
    std::fs::create_dir_all(&pictures).unwrap();
    let scratch = Scratch::empty();
    for (name, document) in states() {
        scratch.write(&format!("{name}.html"), page(&document));
        let all = [
            ("light", ColorScheme::Light, 1200),
            ("dark", ColorScheme::Dark, 1200),
            ("phone", ColorScheme::Light, 360),
        ];
        let looks = if name == "mixed" { &all[..] } else { &all[1..] };
        for &(look, color_scheme, width) in looks {
            let view = View { color_scheme, width };
            let page = scratch.join(&format!("{name}.html"));
            let seen = look_at(&page, &pictures.join(format!("{name}-{look}.png")), view);
            assert_eq!(seen.violations, Vec::<serde_json::Value>::new(), "{name} {look}");
            assert!(!seen.scrolls_sideways(), "{name} {look}: {} px", seen.scroll_width);
            assert_eq!((seen.scripts, seen.language.as_str()), (0, "en"), "{name} {look}");
            assert!(seen.console.is_empty() && seen.requests.is_empty(), "{seen:?}");
            assert!(seen.content_security_policy.is_some());
            for text in [document.verdict.as_str(), "Data as of", "Next scan due", "Stale after"] {
                assert!(seen.text.contains(text), "{name} {look}: {text}");
            }
            for finding in &document.findings {
                assert!(seen.text.contains(&finding.finding_id), "{name} {look}");
            }
        }
    }
}

#[test]
fn the_policy_knows_the_style_and_nothing_else() {
    for (name, document) in states() {
        let page = page(&document);
        let (_, rest) = page.split_once("<style>").unwrap();
        let (style, rest) = rest.split_once("</style>").unwrap();
        assert_eq!(style, STYLE, "{name}");
        assert!(!rest.contains("<style"), "{name}");
        let policy = format!(
            "content=\"default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'\"",
            style_digest()
        );
        assert!(page.contains(&policy), "{name}");
        assert!(!page.contains(" style=") && !page.contains("<script"), "{name}");
    }
    assert!(!STYLE.contains("</") && !STYLE.contains("url(") && !STYLE.contains('\r'));
}

#[test]
fn hostile_text_stays_text() {
    let hostile =
        "<script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\u{1b}[31m\" onload='x' &lt;b>{{ 7*7 }}";
    let mut finding = flaw("CVE-2024-1000", "a1", Severity::High, "2026-11-16");
    finding.finding_id = findings_model::FindingId::parse(hostile).unwrap();
    finding.description = hostile.into();
    finding.reference_url = Some("javascript:alert(1)".into());
    finding.fix_version = Some(hostile.into());
    let mut leak = secret(hostile, "x", "2026-11-16");
    leak.status = findings_model::Status::Excepted { by: findings_model::ExceptedBy::FalsePositive { until: None } };
    let document =
        Sample::clean().with([finding, leak]).newest("bandit", CoverageState::Partial, &[hostile], &[hostile]).assess();
    for document in [tampered(&document, hostile), document] {
        let page = page(&document);
        for bad in ["<script", "<img", "\u{202e}", "\u{1b}", "javascript:", "49", "href=\"data"] {
            let outside = page.replace("href=\"data:image/svg+xml", "");
            assert!(!outside.contains(bad), "{bad}");
        }
        assert_eq!(page.matches("<h1>").count(), 1);
    }
}

/// A document as somebody may have edited it on disk.
fn tampered(document: &StatusDocument, text: &str) -> StatusDocument {
    let mut document = document.clone();
    document.repository_url = Some("javascript:alert(1)".to_owned());
    document.verdict = text.to_owned();
    document.grade_reason = text.to_owned();
    document.reasons = vec![text.to_owned()];
    document.version = Some(text.to_owned());
    document.generator = text.to_owned();
    for finding in &mut document.findings {
        finding.reference_url = Some("data:text/html,x".to_owned());
        finding.package = text.to_owned();
        finding.rule = Some(text.to_owned());
    }
    document
}

#[test]
fn links_lead_to_the_web_and_to_our_own_files() {
    for (_, document) in states() {
        let page = page(&document);
        for (_, target) in page.match_indices("href=\"").map(|(at, _)| page[at + 6..].split_at(0)) {
            let target = target.split('"').next().unwrap();
            let fine = target.starts_with("https:&#x2f;&#x2f;")
                || target.starts_with('#')
                || target.starts_with("data:image/svg+xml")
                || ["index.json", "history.json", "badge.json", "badge.svg"].contains(&target);
            assert!(fine, "{target}");
        }
    }
}

#[test]
fn a_page_of_37_findings_is_small() {
    let long = "Some advisories tell the whole story of a flaw and of everybody who found it. ".repeat(9);
    let findings = (0..37).map(|n| {
        let severity = Severity::ALL[n % 6];
        let mut finding = flaw(&format!("GHSA-aaaa-bbbb-{n:04}"), "requests", severity, "2026-10-12");
        finding.description = long.as_str().into();
        finding.reference_url = Some(format!("https://github.com/advisories/GHSA-aaaa-bbbb-{n:04}").into());
        finding
    });
    let page = page(&Sample::clean().with(findings).assess());
    assert_eq!(page.matches("<tr role=\"row\"><td").count() + page.matches("<span class=\"about\">").count(), 37);
    assert!(page.len() <= 60 * 1024, "{} bytes", page.len());
}

#[test]
fn every_open_finding_is_on_the_page() {
    let document = mixed().assess();
    let page = page(&document);
    for finding in &document.findings {
        assert!(page.contains(&finding.finding_id), "{}", finding.finding_id);
    }
}

#[test]
fn the_strip_tells_days_without_data_from_quiet_ones() {
    let document = Sample::clean().assess();
    let mut history = History::default();
    history.record(&document);
    let page = html(&document, &history).unwrap();
    assert_eq!(page.matches("<i class=\"none\"></i>").count(), 90 - 1 + 1, "89 cells, one legend");
    assert!(page.contains("The 90 days from 20 Aug 2026 to 17 Nov 2026: ok 1 day, no data 89 days."));
}

/// The colours of a theme, by name.
fn theme(block: &str) -> BTreeMap<&str, &str> {
    let pairs = block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": "));
    pairs.filter(|(_, value)| value.starts_with('#')).collect()
}

#[test]
fn both_themes_can_be_read() {
    let blocks: Vec<&str> = STYLE.split(":root {").skip(1).map(|b| b.split('}').next().unwrap()).collect();
    for theme in [theme(blocks[0]), theme(blocks[1])] {
        let check = |a: &str, b: &str, least: f64| {
            let ratio = contrast(theme[a], theme[b]);
            assert!(ratio >= least, "{a} on {b}: {ratio:.2}");
        };
        for text in ["ink", "soft", "link", "ok", "attention", "critical", "unknown", "high", "low"] {
            check(text, "card", 4.5);
        }
        for text in ["ink", "soft", "link"] {
            check(text, "bg", 4.5);
        }
        for state in ["ok", "attention", "critical", "unknown"] {
            let tint = format!("{state}-tint");
            for text in [state, "ink", "soft", "attention"] {
                check(text, &tint, 4.5);
            }
            check("on", state, 4.5);
        }
    }
}
