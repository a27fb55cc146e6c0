use change_detect::{Change, ChangeReason, ChangeSet, ChangeType, IncompleteScan, OpenFinding, Posture, PostureTrend};
use findings_model::{CoverageState, CvssScore, FindingId, FindingKind, ScannerName, Scope, Severity, SeverityCounts};

use super::{change, changes, decided, now, of_kind, severity_change, versions};
use crate::{NOTES_LIMIT, NotesOptions, NotesTemplate, Policy, Request, decide};

fn notes(set: &ChangeSet, request: &Request) -> String {
    decided(set, request, &Policy::default()).release_notes
}

fn open(id: &str, severity: Severity) -> OpenFinding {
    OpenFinding {
        finding_id: FindingId::parse(id).unwrap(),
        kind: FindingKind::Code,
        severity,
        unverified: true,
        scope: Scope::Unknown,
        package: None,
        version: None,
        fix_version: None,
        rule: Some("B324".to_owned()),
        path: Some("app/hash_ing.py".to_owned()),
        private_place: false,
        reference_url: None,
    }
}

#[test]
fn the_words_that_people_look_for_are_there() {
    let new =
        notes(&changes(vec![change(ChangeType::NewVulnerability, "CVE-2026-1", Severity::High)]), &Request::auto());
    for part in ["Security-Driven Release", "CVE-2026-1", "high severity"] {
        assert!(new.contains(part), "{part}: {new}");
    }
    let resolved = notes(&changes(vec![change(ChangeType::Resolved, "CVE-2026-1", Severity::Low)]), &Request::auto());
    assert!(resolved.contains("Vulnerabilities Resolved") && resolved.contains("CVE-2026-1"));
    let auto = notes(
        &changes(vec![change(ChangeType::Resolved, "X-1", Severity::Low)]),
        &Request::auto().with_notes("Also faster."),
    );
    assert!(auto.contains("Also faster."));
}

#[test]
fn notes_of_a_security_driven_release() {
    let mut set = changes(vec![
        Change {
            aliases: ["CVE-2018-18074", "GHSA-x84v-xcm2-53pg"]
                .map(|a| findings_model::AdvisoryId::parse(a).unwrap())
                .into(),
            cvss_score: CvssScore::new(7.5).ok(),
            fix_version: Some("2.20.0".to_owned()),
            reference_url: Some("https://github.com/advisories/GHSA-x84v-xcm2-53pg".to_owned()),
            description: "Sends credentials to another host after a redirect.".to_owned(),
            ..change(ChangeType::NewVulnerability, "GHSA-x84v-xcm2-53pg", Severity::High)
        },
        severity_change("PYSEC-2023-135", Severity::Medium, Severity::Critical),
        Change {
            reason: Some(ChangeReason::Upgraded),
            scope: Scope::Development,
            ..change(ChangeType::Resolved, "PYSEC-2022-42969", Severity::High)
        },
        Change {
            package: None,
            version: None,
            rule: Some("B602".to_owned()),
            path: Some("app/run.py".to_owned()),
            reason: Some(ChangeReason::CodeChanged),
            ..of_kind(FindingKind::Code, change(ChangeType::Resolved, "BANDIT-B602-run.py-9", Severity::High))
        },
    ]);
    set.posture_trend = PostureTrend::Improved;
    set.posture = Some(Posture {
        previous: None,
        current: SeverityCounts::count([
            Severity::High,
            Severity::Critical,
            Severity::Medium,
            Severity::Low,
            Severity::Unknown,
        ]),
    });
    set.still_open =
        vec![open("BANDIT-B324-hash_ing.py-5", Severity::Medium), open("BANDIT-B404-run.py-1", Severity::Low)];
    set.incomplete = vec![IncompleteScan {
        scanner: ScannerName::parse("bandit").unwrap(),
        file: None,
        coverage: CoverageState::Partial,
        reasons: vec!["app/run.py: syntax error".to_owned()],
        not_covered: vec!["app/run.py".to_owned()],
        earlier: false,
    }];
    let request = Request::auto().with_presentation(NotesOptions {
        status_url: Some("https://example.org/status/".to_owned()),
        ..NotesOptions::default()
    });
    insta::assert_snapshot!(notes(&set, &request));
}

#[test]
fn notes_of_a_resolved_flaw_tell_the_version_that_fixes_it() {
    let fixed = |reason| {
        let change = Change {
            fix_version: Some("2.20.0".to_owned()),
            reason,
            ..change(ChangeType::Resolved, "X-1", Severity::High)
        };
        notes(&changes(vec![change]), &Request::auto()).contains(", fixed in `2.20.0`")
    };
    assert!(fixed(Some(ChangeReason::Upgraded)) && fixed(None));
    assert!(!fixed(Some(ChangeReason::Removed)), "no version of it is there");
}

#[test]
fn notes_of_a_manual_release_without_any_scan() {
    insta::assert_snapshot!(notes(
        &ChangeSet::empty(),
        &Request::manual().with_notes("- Faster start\n- *New* `--quiet`\n\n1. one")
    ));
}

#[test]
fn hostile_text_stays_text() {
    let evil = "\u{202e}<img src=x onerror=alert(1)>\n## Heading\n[click](javascript:alert(1)) ::set-output name=a::b `code` | @everyone";
    let set = changes(vec![Change {
        description: evil.to_owned(),
        package: Some(evil.to_owned()),
        version: Some("1`2".to_owned()),
        reference_url: Some("javascript:alert(1)".to_owned()),
        fix_version: Some(evil.to_owned()),
        ..change(ChangeType::NewVulnerability, "X-1 ` <b>", Severity::High)
    }]);
    let text = notes(
        &set,
        &Request::forced().with_notes(format!("{evil}\nEOF\n  ::stop-commands::x\n![x](https://example.org/y.png)")),
    );
    for bad in ["\u{202e}", "<img", "<b>", "[click]", "![x]", "<javascript"] {
        assert!(!text.contains(bad), "{bad}: {text}");
    }
    assert_eq!(
        text.lines().filter(|l| l.starts_with("## Heading")).count(),
        1,
        "only the person's own heading: {text}"
    );
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "a line that Actions would run: {text}");
}

#[test]
fn long_notes_are_cut_at_a_line() {
    let many = |n: usize| {
        (0..n).map(|i| change(ChangeType::NewVulnerability, &format!("CVE-2026-{i:05}"), Severity::High)).collect()
    };
    let text = notes(&changes(many(5000)), &Request::auto());
    assert!(text.contains("- and 4950 more"), "{text}");
    assert!(text.len() < NOTES_LIMIT);
    let long = notes(&ChangeSet::empty(), &Request::manual().with_notes("a line of notes\n".repeat(10_000)));
    assert!(long.len() <= NOTES_LIMIT);
    assert!(long.contains("a line of notes\n\n(Shortened"), "{}", &long[long.len() - 400..]);
}

/// What a reader must find whatever else there is.
fn essentials(text: &str, sections: &[&str]) {
    assert!(text.len() <= NOTES_LIMIT, "{}", text.len());
    for title in sections.iter().chain(&["Still Open", "Security Status"]) {
        assert!(text.lines().any(|line| line == format!("## {title}")), "{title} is gone:\n{text}");
    }
    assert!(text.contains("Open findings: 3") && text.ends_with("<https://example.org/status/>\n"), "{text}");
}

fn with_status(notes: &str) -> Request {
    Request::forced().with_notes(notes).with_presentation(NotesOptions {
        status_url: Some("https://example.org/status/".to_owned()),
        ..NotesOptions::default()
    })
}

fn with_open(set: ChangeSet) -> ChangeSet {
    let current = SeverityCounts::count([Severity::High, Severity::Medium, Severity::Low]);
    ChangeSet {
        posture: Some(Posture { previous: None, current }),
        still_open: vec![open("BANDIT-B324-hash_ing.py-5", Severity::Medium)],
        ..set
    }
}

#[test]
fn rows_go_before_sections() {
    const TYPES: [(ChangeType, &str); 4] = [
        (ChangeType::NewVulnerability, "New Vulnerabilities"),
        (ChangeType::Reopened, "Reopened Vulnerabilities"),
        (ChangeType::SeverityChange, "Severity Changes"),
        (ChangeType::Resolved, "Vulnerabilities Resolved"),
    ];
    let many = |description: &str| {
        let all = TYPES.iter().flat_map(|(change_type, _)| {
            (0..60).map(move |i| Change {
                description: description.to_owned(),
                reference_url: Some(format!("https://example.org/{}", "x".repeat(400))),
                ..change(*change_type, &format!("CVE-2026-{i:05}"), Severity::High)
            })
        });
        with_open(changes(all.collect()))
    };
    let titles = TYPES.map(|(_, title)| title);
    for description in ["d".repeat(240), "@`&<".repeat(60)] {
        let text = notes(&many(&description), &with_status(&"a line of notes\n".repeat(5000)));
        essentials(&text, &titles);
        assert!(text.contains("(Shortened here: ") && text.contains("- and "), "{text}");
        assert!(text.len() > NOTES_LIMIT / 2, "{} bytes: more would have fitted", text.len());
    }
}

#[test]
fn a_single_text_does_not_push_the_others_out() {
    let long = "p/".repeat(40_000);
    let set = changes(vec![Change {
        package: None,
        path: Some(long.clone()),
        rule: Some(long.clone()),
        fix_version: Some(long.clone()),
        description: long.clone(),
        reference_url: Some(format!("https://example.org/{long}")),
        ..of_kind(FindingKind::Code, change(ChangeType::NewVulnerability, "X-1", Severity::High))
    }]);
    let text = notes(&with_open(set), &with_status("short"));
    essentials(&text, &["New Findings"]);
    assert!(text.len() < 5000, "{}", text.len());
    for notes_of in ["~~~\n".to_owned() + &long, "- ```\n  x\n".repeat(9000), "<!-- ".to_owned() + &long] {
        essentials(&notes(&with_open(changes(Vec::new())), &with_status(&notes_of)), &["Release Notes"]);
    }
}

#[test]
fn a_template_that_prints_too_much_is_cut_outside_of_code() {
    let options = NotesOptions {
        template: Some(NotesTemplate {
            file: "notes.j2".to_owned(),
            text: format!("# T\n\n```\n{}```\n", "code   \n\n".repeat(20_000)),
        }),
        ..NotesOptions::default()
    };
    let text = notes(&ChangeSet::empty(), &Request::manual().with_presentation(options));
    assert!(text.len() <= NOTES_LIMIT && text.starts_with("# T\n\n```\ncode   \n\ncode   \n"), "{}", text.len());
    let (code, said) = text.rsplit_once("\n```\n\n").unwrap();
    assert!(code.len() > NOTES_LIMIT - 100);
    assert!(said.starts_with("(Shortened here: ") && said.ends_with(" more lines.)\n"), "{said}");
}

#[test]
fn a_template_is_checked_when_nothing_is_released() {
    let options = NotesOptions {
        template: Some(NotesTemplate { file: "docs/notes.j2".to_owned(), text: "one\n{% if %}".to_owned() }),
        ..NotesOptions::default()
    };
    let request = Request::auto().with_presentation(options);
    let error = decide(&changes(Vec::new()), &request, &Policy::default(), &versions(), &crate::Past::default(), now());
    let source = std::error::Error::source(&error.unwrap_err()).unwrap().to_string();
    assert_eq!(source, "the template docs/notes.j2 is at fault, line 2");
}

#[test]
fn a_template_of_the_projects_own() {
    let with = |template: &str| {
        let options = NotesOptions {
            template: Some(NotesTemplate { file: "docs/notes.j2".to_owned(), text: template.to_owned() }),
            project: Some("demo_lib".to_owned()),
            ..NotesOptions::default()
        };
        let set = changes(vec![change(ChangeType::NewVulnerability, "CVE-2026-1", Severity::High)]);
        decide(
            &set,
            &Request::auto().with_presentation(options),
            &Policy::default(),
            &versions(),
            &crate::Past::default(),
            now(),
        )
        .map(|d| d.release_notes)
    };
    assert_eq!(
        with("{{ project }} {{ version | code }}\n{% for s in sections %}{% for r in s.rows %}* {{ r.id }}: {{ r.severity }}{% endfor %}{% endfor %}").unwrap(),
        "demo\\_lib `1.2.4`\n* CVE-2026-1: high\n"
    );
    for (bad, place) in [("one\n{{ nothing }}", 2), ("{% for %}", 1), ("{{ justification | safe }}", 1)] {
        let error = with(bad).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, format!("the template docs/notes.j2 is at fault, line {place}"));
    }
}
