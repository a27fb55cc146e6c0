use std::str::FromStr;

use change_detect::{Change, ChangeReason, ChangeSet, ChangeType};
use findings_model::{AdvisoryId, CvssScore, Severity};
use pep440_rs::Version;
use proptest::prelude::*;

use super::{change, changes, decided, severity_change};
use crate::{
    CHANGELOG_ENTRY_LIMIT, ChangelogError, ChangelogRelease, NotesOptions, NotesTemplate, Pattern, Policy, Request,
    blocks::Line, changelog_date, is_changelog, release_in_changelog,
};

const ENTRY: &str = "### Security\n\n- Resolved `GHSA-1`: high severity\n";

fn released(text: Option<&str>, entry: &str) -> Result<String, ChangelogError> {
    let (version, tag) = (Version::from_str("1.2.4").unwrap(), Pattern::parse("v{version}").unwrap());
    let release =
        ChangelogRelease { version: &version, current: None, date: "2026-01-19", entry, replaced: &[], tag: &tag };
    let once = release_in_changelog(text, &release)?;
    assert_eq!(release_in_changelog(Some(&once), &release).as_ref(), Ok(&once), "a second time changes nothing");
    assert_eq!(changelog_date(&once, &version), Some("2026-01-19"));
    assert!(is_changelog(&once));
    Ok(once)
}

#[test]
fn what_stood_under_unreleased_moves_into_the_entry() {
    let text = "# Changelog\n\n## [Unreleased]\n\nA word first.\n\n### Added\n\n- One\n\n### Security\n\n- Two\n\n## [1.2.3] - 2025-12-01\n\n- Old\n\n[unreleased]: https://example.org/compare/v1.2.3...HEAD\n[1.2.3]: https://example.org/compare/v1.2.2...v1.2.3\n";
    insta::assert_snapshot!(released(Some(text), ENTRY).unwrap(), @"
    # Changelog

    ## [Unreleased]

    ## [1.2.4] - 2026-01-19

    A word first.

    ### Added

    - One

    ### Security

    - Two
    - Resolved `GHSA-1`: high severity

    ## [1.2.3] - 2025-12-01

    - Old

    [unreleased]: https://example.org/compare/v1.2.4...HEAD
    [1.2.4]: https://example.org/compare/v1.2.3...v1.2.4
    [1.2.3]: https://example.org/compare/v1.2.2...v1.2.3
    ");
}

#[test]
fn the_shapes_that_a_changelog_comes_in() {
    for (before, after) in [
        // Nothing is unreleased.
        (
            "# C\n\n## [Unreleased]\n\n## [1.2.3] - x\n",
            "# C\n\n## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n@\n## [1.2.3] - x\n",
        ),
        ("## [Unreleased]", "## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n@"),
        ("## [Unreleased]\n", "## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n@"),
        // No section for it, other spellings.
        (
            "# C\n\n## 1.2.3 (2025-12-01)\n\n- Old\n",
            "# C\n\n## 1.2.4 (2026-01-19)\n\n@\n## 1.2.3 (2025-12-01)\n\n- Old\n",
        ),
        ("## [v1.2.3] - x\n", "## [v1.2.4] - 2026-01-19\n\n@\n## [v1.2.3] - x\n"),
        ("## unreleased\n\n- One\n", "## unreleased\n\n## 1.2.4 - 2026-01-19\n\n- One\n\n@"),
        // The links are no part of the last section.
        (
            "## [Unreleased]\n\n- One\n\n[Unreleased]: https://x/compare/v1.2.3...main\n",
            "## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n- One\n\n@\n[Unreleased]: https://x/compare/v1.2.4...main\n[1.2.4]: https://x/compare/v1.2.3...v1.2.4\n",
        ),
        // Code and comments hold no headings.
        (
            "<!--\n## [Unreleased]\n-->\n## [Unreleased]\n\n```md\n## [1.0]\n### Security\n```\n",
            "<!--\n## [Unreleased]\n-->\n## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n```md\n## [1.0]\n### Security\n```\n\n@",
        ),
    ] {
        assert_eq!(released(Some(before), ENTRY).unwrap(), after.replace('@', ENTRY), "{before}");
    }
    assert_eq!(released(Some("# Notes\n\nWords.\n"), ENTRY), Err(ChangelogError));
    assert!(!is_changelog("# Notes\n\n## Install\n"));
    let made = released(None, ENTRY).unwrap();
    assert!(
        made.starts_with("# Changelog\n") && made.ends_with(&format!("## [1.2.4] - 2026-01-19\n\n{ENTRY}")),
        "{made}"
    );
    let empty = released(Some("## [Unreleased]\n\n## [1.2.3]\n"), "").unwrap();
    assert_eq!(empty, "## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\n## [1.2.3]\n");
}

#[test]
fn the_security_lines_join_a_section_that_somebody_wrote() {
    for (before, after) in [
        (
            "# C\n\n## [1.2.4] - 2026-01-19\n\nWords.\n\n\n### Security\n\n- Mine\n\n### Fixed\n\n- One\n\n## [1.2.3]\n",
            "# C\n\n## [1.2.4] - 2026-01-19\n\nWords.\n\n\n### Security\n\n- Mine\n- Resolved `GHSA-1`: high severity\n\n### Fixed\n\n- One\n\n## [1.2.3]\n",
        ),
        (
            "## [1.2.4] - 2026-01-19\n\n### Fixed\n- One\n\n[1.2.4]: https://x\n",
            "## [1.2.4] - 2026-01-19\n\n### Fixed\n- One\n\n@\n[1.2.4]: https://x\n",
        ),
        ("## [1.2.4] - 2026-01-19\n\n## [1.2.3]\n", "## [1.2.4] - 2026-01-19\n\n@\n## [1.2.3]\n"),
        ("## [1.2.4] - 2026-01-19", "## [1.2.4] - 2026-01-19\n\n@"),
        (
            "## 1.2.4 (2026-01-19)\r\n\r\n### security\r\n\r\nWords.\r\n",
            "## 1.2.4 (2026-01-19)\r\n\r\n### security\r\n\r\nWords.\r\n\r\n- Resolved `GHSA-1`: high severity\r\n",
        ),
    ] {
        assert_eq!(released(Some(before), ENTRY).unwrap(), after.replace('@', ENTRY), "{before}");
        assert_eq!(released(Some(before), "").unwrap(), before);
    }
}

#[test]
fn line_ends_stay_what_they_are() {
    let text = "\u{feff}# C\r\n\r\n## [Unreleased]\r\n\r\n### security\r\n\r\n* Two\r\n\r\n## [1.2.3]\r\n";
    let expected = "\u{feff}# C\r\n\r\n## [Unreleased]\r\n\r\n## [1.2.4] - 2026-01-19\r\n\r\n### security\r\n\r\n* Two\r\n- Resolved `GHSA-1`: high severity\r\n\r\n## [1.2.3]\r\n";
    assert_eq!(released(Some(text), ENTRY).unwrap(), expected);
}

fn entry(set: &ChangeSet, request: &Request) -> String {
    decided(set, request, &Policy::default()).changelog_entry
}

#[test]
fn an_entry_says_what_changed_for_who_uses_the_package() {
    let set = changes(vec![
        Change {
            aliases: ["CVE-2018-18074", "GHSA-x84v-xcm2-53pg"].map(|a| AdvisoryId::parse(a).unwrap()).into(),
            cvss_score: CvssScore::new(7.5).ok(),
            fix_version: Some("2.20.0".to_owned()),
            reference_url: Some("https://github.com/advisories/GHSA-x84v-xcm2-53pg".to_owned()),
            reason: Some(ChangeReason::Upgraded),
            ..change(ChangeType::Resolved, "GHSA-x84v-xcm2-53pg", Severity::High)
        },
        severity_change("PYSEC-2023-135", Severity::Medium, Severity::Critical),
        change(ChangeType::Updated, "PYSEC-2023-1", Severity::High),
    ]);
    insta::assert_snapshot!(entry(&set, &Request::auto().with_notes("Also:\n\n# faster\n---\n[x](javascript:1)")), @r"
    Also:

    #### faster
    \---
    \[x\](javascript:1)

    ### Security

    - Resolved: `GHSA-x84v-xcm2-53pg` (`CVE-2018-18074`) in `requests` `2.19.0` -> `2.20.0`, high severity, CVSS `7.5`, upgraded to a version that is not affected, <https://github.com/advisories/GHSA-x84v-xcm2-53pg>
    - Severity changed: `PYSEC-2023-135` in `requests` `2.19.0`, critical severity, medium before
    - Updated: `PYSEC-2023-1` in `requests` `2.19.0`, high severity
    ");
    assert_eq!(entry(&changes(vec![]), &Request::manual().with_notes("Just so.")), "Just so.\n");
    assert_eq!(entry(&changes(vec![]), &Request::manual()), "");
}

#[test]
fn an_entry_claims_no_upgrade_that_never_was() {
    let row = |change_type, reason| {
        let change =
            Change { fix_version: Some("2.20.0".to_owned()), reason, ..change(change_type, "X-1", Severity::High) };
        entry(&changes(vec![change]), &Request::manual()).contains("`2.19.0` -> `2.20.0`")
    };
    assert!(row(ChangeType::Resolved, Some(ChangeReason::Upgraded)));
    assert!(row(ChangeType::NewVulnerability, None));
    for (change_type, reason) in [
        (ChangeType::Resolved, Some(ChangeReason::Removed)),
        (ChangeType::Resolved, Some(ChangeReason::NoLongerReported)),
        (ChangeType::Resolved, None),
        (ChangeType::Withdrawn, None),
    ] {
        assert!(!row(change_type, reason), "{change_type:?} {reason:?}");
    }
}

#[test]
fn an_entry_leads_to_the_status_page() {
    let with_status = || {
        let status_url = Some("https://example.org/status/".to_owned());
        Request::manual().with_presentation(NotesOptions { status_url, ..NotesOptions::default() })
    };
    let set = changes(vec![change(ChangeType::Resolved, "X-1", Severity::High)]);
    let said = entry(&set, &with_status());
    assert!(said.ends_with("\n- Details and current state: <https://example.org/status/>\n"), "{said}");
    assert_eq!(entry(&changes(vec![]), &with_status()), "", "nothing is said of security");
}

#[test]
fn an_entry_is_short_and_its_template_can_be_the_projects_own() {
    let many = (0..200).map(|n| Change {
        description: "x".repeat(500),
        package: Some("p".repeat(190)),
        ..change(ChangeType::Resolved, &format!("GHSA-{n:04}-{}", "y".repeat(150)), Severity::High)
    });
    let long = entry(&changes(many.collect()), &Request::auto().with_notes("word ".repeat(10_000)));
    assert!(long.len() <= CHANGELOG_ENTRY_LIMIT && long.len() > CHANGELOG_ENTRY_LIMIT / 2, "{}", long.len());
    assert!(long.contains("(Shortened here: "), "the words: {long}");
    assert!(long.lines().last().is_some_and(|l| l.starts_with("- And ") && l.ends_with(" more")), "the list: {long}");

    let own = |template: &str| NotesOptions {
        changelog_template: Some(NotesTemplate { file: "docs/entry.j2".to_owned(), text: template.to_owned() }),
        ..NotesOptions::default()
    };
    let set = changes(vec![change(ChangeType::Resolved, "X-1", Severity::High)]);
    let template = "### Fixed\n\n{% for item in changes %}- {{ item.id }} <b>\n{% endfor %}";
    assert_eq!(entry(&set, &Request::auto().with_presentation(own(template))), "### Fixed\n\n- X-1 <b>\n");
    let versions = super::versions();
    let request = Request::auto().with_presentation(own("{{ nothing }}"));
    let error = crate::decide(&set, &request, &Policy::default(), &versions, &crate::Past::default(), super::now())
        .unwrap_err();
    assert_eq!(error.to_string(), "the entry of the changelog cannot be written");
}

#[test]
fn a_person_s_headings_stay_headings_below_those_of_the_changelog() {
    let words = "Faster.\n\n### How\n\n- Caches.\n\n## Why ##\n##### Aside\n> # Quoted\n\n#7 is fixed.\n####### Seven\nOne\n===\n";
    let entry = entry(&changes(vec![]), &Request::manual().with_notes(words));
    let expected = "Faster.\n\n#### How\n\n- Caches.\n\n#### Why ##\n##### Aside\n> #### Quoted\n\n\\#7 is fixed.\n\\####### Seven\nOne\n\\===\n";
    assert_eq!(entry, expected);
}

#[test]
fn a_line_that_is_code_only_behind_a_heading_is_no_heading_without_it() {
    let entry = entry(&changes(vec![]), &Request::manual().with_notes("# \n\t# two"));
    assert!(!entry.lines().any(|line| line.trim_start().starts_with('#')), "{entry}");
}

proptest! {
    #[test]
    fn hostile_words_add_no_heading_and_no_entry(words in "[#\\-=`<>\\[\\]()! \n\r\ta-z\u{202e}]{0,80}", id in "[!-~]{1,40}") {
        let mut bad = change(ChangeType::Resolved, "X-1", Severity::High);
        bad.package = Some(words.clone());
        bad.rule = Some(id);
        bad.reference_url = Some(words.clone());
        let entry = entry(&changes(vec![bad]), &Request::auto().with_notes(words));
        let headings = |text: &str| {
            let blocks = crate::blocks::read(text);
            let is_high = |line: &str| line.starts_with('#') && !line.starts_with("####");
            let is_heading = |(line, read): &(&str, &Line)| matches!(read, Line::Text { start, .. } if is_high(&line[*start..]));
            text.lines().zip(&blocks.lines).filter(is_heading).count()
        };
        prop_assert_eq!(headings(&entry), 1, "{}", entry);
        let text = "## [Unreleased]\n\n## [1.2.3]\n";
        let out = released(Some(text), &entry).unwrap();
        prop_assert!(out.ends_with("\n\n## [1.2.3]\n"), "{}", out);
    }
}
