//! A changelog that has a section, a heading or a link of its own already.

use std::str::FromStr as _;

use pep440_rs::Version;
use proptest::prelude::*;

use crate::{ChangelogRelease, Pattern, release_in_changelog};

/// The changelog with an entry, and that a second time changes nothing.
#[track_caller]
fn released(text: &str, entry: &str, replaced: &[&str]) -> String {
    let (version, tag) = (Version::from_str("1.2.4").unwrap(), Pattern::parse("v{version}").unwrap());
    let replaced: Vec<String> = replaced.iter().map(|entry| (*entry).to_owned()).collect();
    let release = ChangelogRelease {
        version: &version,
        current: None,
        date: "2026-01-19",
        entry,
        replaced: &replaced,
        tag: &tag,
    };
    let once = release_in_changelog(Some(text), &release).unwrap();
    assert_eq!(release_in_changelog(Some(&once), &release).as_deref(), Ok(once.as_str()), "a second time");
    once
}

#[test]
fn headings_of_a_person_s_words_stay_with_them() {
    let words = "Faster.\n\n#### How\n\n- Caches.\n";
    let log = |entry: &str| format!("# C\n\n## [1.2.4] - 2026-01-08\n\n{entry}\n## [1.2.3]\n");
    let both = format!("{words}\n{FIRST}");
    assert_eq!(released(&log(&both), "", &[&both]), log(words));
    assert_eq!(released(&log(FIRST), &both, &[]), log(&both));
}

const FIRST: &str = "### Security\n\n- Resolved: `X-1` in `a` `1` -> `2`, high severity\n- Newly known: `X-3` in `c` `1`, low severity\n- Still open: 1 finding (`X-2`)\n";

#[test]
fn a_newer_decision_takes_back_what_the_one_before_said() {
    let second = "### Security\n\n- Resolved: `X-1` in `a` `1` -> `2`, high severity\n- Resolved: `X-2` in `b` `1` -> `2`, low severity\n";
    let log = |entry: &str| format!("# C\n\n## [1.2.4] - 2026-01-08\n\n{entry}\n## [1.2.3]\n");
    assert_eq!(released(&log(FIRST), second, &[FIRST]), log(second));
    // What a person wrote or changed stays; so does a finding's line that is not known to be the program's.
    let edited = FIRST.replace("- Newly", "- Mine\n- Newly").replace("-> `2`, high severity", "-> `2`, thanks to Bob");
    let expected = "### Security\n\n- Resolved: `X-1` in `a` `1` -> `2`, thanks to Bob\n- Resolved: `X-2` in `b` `1` -> `2`, low severity\n- Mine\n";
    assert_eq!(released(&log(&edited), second, &[FIRST]), log(expected));
    let expected = "### Security\n\n- Resolved: `X-1` in `a` `1` -> `2`, high severity\n- Resolved: `X-2` in `b` `1` -> `2`, low severity\n- Newly known: `X-3` in `c` `1`, low severity\n";
    assert_eq!(released(&log(FIRST), second, &[]), log(expected));
    // A finding that is known in other words, and one more that is open.
    let third = "### Security\n\n- Severity changed: `X-3` in `c` `1`, high severity, low before\n- Still open: 2 findings (`X-1`, `X-2`)\n";
    assert_eq!(released(&log(FIRST), third, &[FIRST]), log(third));
    assert_eq!(released(&log(FIRST), "", &[FIRST]), "# C\n\n## [1.2.4] - 2026-01-08\n\n## [1.2.3]\n");
    assert_eq!(released(&log(FIRST), "", &[]), log(FIRST));
    let twice = format!("### Security\n\n- Mine\n\n{FIRST}");
    assert_eq!(released(&log(&twice), "", &[FIRST]), log("### Security\n\n- Mine\n"));
}

#[test]
fn what_is_missing_of_a_group_is_added_where_it_belongs() {
    let log = |body: &str| format!("## [1.2.4] - 2024-01-01\n\n{body}\n## [1.2.3]\n");
    for (there, entry, expected) in [
        ("Thanks!\n", "BREAKING: drops 3.8.\n\nThanks!\n", "BREAKING: drops 3.8.\n\nThanks!\n"),
        ("One.\n", "One.\n\nTwo.\n\nThree.\n", "One.\n\nTwo.\n\nThree.\n"),
        ("Hello\nThanks!\nBye\n", "BREAKING\n\nThanks!\n", "Hello\nThanks!\nBye\n\nBREAKING\n"),
        ("Mine.\n", "Yours.\n", "Yours.\n\nMine.\n"),
        ("- a\n- c\n", "- a\n- b\n- c\n", "- a\n- b\n- c\n"),
        ("- a\n  more\n", "- a\n- b\n", "- a\n  more\n- b\n"),
        // What is there stands below another heading; a heading may be there twice.
        ("### Fixed\n\n- a\n", "### Security\n\n- a\n- b\n- c\n", "### Fixed\n\n- a\n\n### Security\n\n- b\n- c\n"),
        (
            "```\nx\n\ny\n```\n\n### Fixed\n- f\n",
            "```\nx\n\ny\n```\n\n```\nx\n\nz\n```\n\n### Fixed\n\n- f\n- g\n",
            "```\nx\n\ny\n```\n\n```\nx\n\nz\n```\n\n### Fixed\n- f\n- g\n",
        ),
    ] {
        assert_eq!(released(&log(there), entry, &[]), log(expected), "{there} {entry}");
    }
}

#[test]
fn the_notes_come_before_what_stood_under_unreleased() {
    assert_eq!(
        released("## [Unreleased]\n\n- thing\n\n## [1.2.3]\n", "Faster.\n\n### Security\n\n- x\n", &[]),
        "## [Unreleased]\n\n## [1.2.4] - 2026-01-19\n\nFaster.\n\n- thing\n\n### Security\n\n- x\n\n## [1.2.3]\n"
    );
}

#[test]
fn unreleased_in_its_spellings() {
    for heading in [
        "[Unreleased] - yyyy-mm-dd",
        "Unreleased (TBD)",
        "Unreleased ##",
        "UNRELEASED",
        "[Unreleased][]",
        "Unreleased: 1.3",
        "Unreleased changes",
    ] {
        let log = released(&format!("## {heading}\n\n- thing\n\n## [1.2.3] - x\n"), "", &[]);
        assert_eq!(log, format!("## {heading}\n\n## [1.2.4] - 2026-01-19\n\n- thing\n\n## [1.2.3] - x\n"));
    }
    for heading in ["Unreleasedness", "Unreleased versions of old", "The unreleased"] {
        let log = format!("## {heading}\n\n- thing\n\n## [1.2.3] - x\n");
        assert!(released(&log, "", &[]).starts_with(&format!("## {heading}\n\n- thing\n\n## [1.2.4]")), "{heading}");
    }
    assert_eq!(
        released("## Unreleased ##\n\n- thing\n\n## 1.2.3 (x) ##\n", "", &[]),
        "## Unreleased ##\n\n## 1.2.4 (2026-01-19)\n\n- thing\n\n## 1.2.3 (x) ##\n"
    );
    // The heading leads to the comparison itself.
    assert_eq!(
        released(
            "## [Unreleased](https://x/compare/v1.2.3...HEAD)\n\n- thing\n\n## [1.2.3](https://x/tag/v1.2.3) - x\n",
            "",
            &[]
        ),
        "## [Unreleased](https://x/compare/v1.2.4...HEAD)\n\n## [1.2.4](https://x/compare/v1.2.3...v1.2.4) - 2026-01-19\n\n- thing\n\n## [1.2.3](https://x/tag/v1.2.3) - x\n"
    );
}

#[test]
fn the_links_at_the_end_follow_the_headings() {
    let links = |before: &str| {
        let log = released(before, "", &[]);
        log.split_once("\n\n[").map(|(_, links)| format!("[{links}")).unwrap_or_default()
    };
    let unreleased = "[Unreleased]: https://x/compare/v1.2.3...HEAD\n";
    let moved = "[Unreleased]: https://x/compare/v1.2.4...HEAD\n";
    let of_version = "https://x/compare/v1.2.3...v1.2.4\n";
    for (headings, label) in [
        ("## [Unreleased]\n\n## [v1.2.3] - x\n", "v1.2.4"),
        ("## [Unreleased]\n\n## [1.2.3] - x\n", "1.2.4"),
        ("## [Unreleased]\n\n## [1.2.4] - 2026-01-18\n\n- Mine\n\n## [1.2.3] - x\n", "1.2.4"),
        ("## [v1.2.4] - 2026-01-18\n\n- Mine\n", "v1.2.4"),
    ] {
        let old = "[v1.2.3]: https://x/tag/v1.2.3\n";
        assert_eq!(
            links(&format!("{headings}\n{unreleased}{old}")),
            format!("{moved}[{label}]: {of_version}{old}"),
            "{headings}"
        );
    }
    // What somebody brought up to date already stays, and what he forgot follows.
    let by_hand = |unreleased: &str| format!("## [1.2.4] - 2026-01-18\n\n{unreleased}[1.2.4]: https://x/mine\n");
    assert_eq!(released(&by_hand(unreleased), "", &[]), by_hand(moved));
    assert_eq!(released(&by_hand(moved), "", &[]), by_hand(moved));
    let newer = "## [1.2.4] - 2026-01-18\n\n[Unreleased]: https://x/compare/v1.3.0...HEAD\n";
    assert_eq!(released(newer, "", &[]), newer);
}

proptest! {
    #[test]
    fn no_line_of_a_person_is_lost(
        body in "([-#` a-c0-9.>!]{0,12}\n){0,8}",
        entry in "([-` a-c0-9.>!]{1,12}\n){1,6}",
        replaced in "([-` a-c0-9.>!]{1,12}\n){0,4}",
    ) {
        let body = body.replace("\n# ", "\n").replace("## ", "");
        let text = format!("## [1.2.4] - x\n\n{body}\n## [1.2.3]\n");
        let log = released(&text, &entry, &[&replaced]);
        for line in body.lines().chain(entry.lines()).filter(|line| !line.trim().is_empty()) {
            prop_assert!(log.lines().any(|other| other.trim_end() == line.trim_end()), "{line:?} is not in {log}");
        }
        prop_assert!(log.ends_with("\n## [1.2.3]\n"));
    }
}
