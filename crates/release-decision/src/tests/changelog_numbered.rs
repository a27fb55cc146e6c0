//! A changelog whose unreleased section carries a number, and one whose headings lead somewhere.

use std::str::FromStr as _;

use pep440_rs::Version;
use proptest::prelude::*;

use crate::{ChangelogRelease, Pattern, is_changelog, release_in_changelog};

const ENTRY: &str = "### Security\n\n- s\n";

/// The changelog with 1.2.4 in it, and that another time on another day changes nothing, whatever the project's version is by then.
#[track_caller]
fn released_after(current: Option<&str>, text: &str, tag: &str, entry: &str) -> String {
    let (version, tag) = (Version::from_str("1.2.4").unwrap(), Pattern::parse(tag).unwrap());
    let current = current.map(|current| Version::from_str(current).unwrap());
    let release = |current| {
        let date = "2026-01-19";
        ChangelogRelease { version: &version, current, date, entry, replaced: &[], tag: &tag }
    };
    let once = release_in_changelog(Some(text), &release(current.as_ref())).unwrap();
    for current in [None, current.as_ref(), Some(&version)] {
        let later = ChangelogRelease { date: "2026-01-20", ..release(current) };
        assert_eq!(release_in_changelog(Some(&once), &later).as_deref(), Ok(once.as_str()), "a second time");
    }
    once
}

#[track_caller]
fn released(text: &str) -> String {
    released_after(Some("1.2.3"), text, "v{version}", ENTRY)
}

fn log(heading: &str) -> String {
    format!("# C\n\n## {heading}\n\n### Added\n\n- y\n\n## 1.2.3 (2026-01-01)\n\n- x\n")
}

/// What becomes of [`log`] where its first section is the release's.
fn taken(heading: &str) -> String {
    log(heading).replace("- y\n", &format!("- y\n\n{ENTRY}"))
}

#[test]
fn an_unreleased_section_with_a_number_becomes_the_releases() {
    for heading in [
        "1.2.4 (unreleased)",
        "[1.2.4] - Unreleased",
        "1.2.4 - TBD",
        "1.2.4 UNRELEASED",
        "[1.2.4 - unreleased]",
        "1.2.4 — not yet released",
        "1.2.4 (2026-xx-xx)",
        "1.2.4 - YYYY-MM-DD ##",
        "1.3.0 (Unreleased)",
        "[1.3.0] - Unreleased",
        "[1.3.0](https://x/released) - Unreleased changes",
        "1.2.4.dev0 (unreleased)",
        "v1.2.4rc1 (upcoming)",
    ] {
        assert!(is_changelog(&log(heading)), "{heading}");
        assert_eq!(released(&log(heading)), taken("1.2.4 (2026-01-19)"), "{heading}");
        let text = log(heading);
        assert_eq!(released_after(None, &text, "v{version}", ""), log("1.2.4 (2026-01-19)"), "{heading}");
        let text = format!("\u{feff}{}", &text["# C\n\n".len()..]).replace('\n', "\r\n");
        let expected = format!("\u{feff}{}", &taken("1.2.4 (2026-01-19)")["# C\n\n".len()..]).replace('\n', "\r\n");
        assert_eq!(released(&text), expected, "{heading}");
    }
}

#[test]
fn a_number_with_other_words_stays_a_release() {
    for heading in ["1.3.0 (2026-01-18)", "1.3.0", "1.3.0 - Tbdx", "1.3.0 (unreleasedness)", "1.3.0 (was unreleased)"] {
        assert!(released(&log(heading)).ends_with(&log(heading)["# C\n\n".len()..]), "{heading}");
    }
}

#[test]
fn what_came_out_already_stays_whatever_its_heading_says() {
    let new = format!("# C\n\n## 1.2.4 (2026-01-19)\n\n{ENTRY}\n");
    for heading in ["1.2.3 (unreleased)", "1.2.0 - TBD"] {
        let text = format!("# C\n\n## {heading}\n\n- y\n\n## 1.1.0 (2025-01-01)\n");
        assert_eq!(released(&text), text.replace("# C\n\n", &new), "{heading}");
    }
    let text = "# C\n\n## 1.2.3 (2026-01-01)\n\n- x\n\n## 1.3.0 (unreleased)\n\n- y\n";
    assert_eq!(released(text), text.replace("# C\n\n", &new), "not the first");
    let text = "# C\n\n## 1.2.0 (unreleased)\n\n- y\n\n## 1.2.3 (2026-01-01)\n";
    assert_eq!(released_after(None, text, "v{version}", ENTRY), text.replace("# C\n\n", &new));
}

#[test]
fn the_projects_own_version_may_be_the_one_to_come() {
    for (current, heading) in
        [("1.2.4", "1.2.4.dev0 (unreleased)"), ("1.2.4.dev0", "1.2.4.dev0 (unreleased)"), ("1.3.0", "1.3.0 - TBD")]
    {
        let log = released_after(Some(current), &log(heading), "v{version}", ENTRY);
        assert_eq!(log, taken("1.2.4 (2026-01-19)"), "{current}");
    }
}

#[test]
fn the_first_release_keeps_the_style_of_its_heading() {
    for (heading, expected) in [
        ("v1.2.4 (unreleased)", "v1.2.4 (2026-01-19)"),
        ("[1.3.0] - Unreleased", "[1.2.4] - 2026-01-19"),
        ("1.2.4 unreleased", "1.2.4 - 2026-01-19"),
    ] {
        assert_eq!(released(&format!("## {heading}")), format!("## {expected}\n\n{ENTRY}"));
    }
}

#[test]
fn a_section_with_a_number_beside_one_without() {
    // The heading of the version that comes out gets its day wherever it stands; the next one waits.
    let text = "## [Unreleased]\n\n- later\n\n## [1.2.4] - TBD\n\n- y\n\n## [1.2.3] - x\n";
    let expected = text.replace("TBD\n\n- y\n", &format!("2026-01-19\n\n- y\n\n{ENTRY}"));
    assert_eq!(released(text), expected);
    let text = "## 1.3.0 (unreleased)\n\n- later\n\n## 1.2.4 (unreleased)\n\n- y\n";
    let expected = text.replace("1.2.4 (unreleased)\n\n- y\n", &format!("1.2.4 (2026-01-19)\n\n- y\n\n{ENTRY}"));
    assert_eq!(released(text), expected);
}

#[test]
fn a_link_of_an_unreleased_number_becomes_the_releases() {
    for (heading, definition) in [
        ("[1.3.0] - Unreleased", "[1.3.0]: https://x/compare/v1.2.3...HEAD"),
        ("[1.2.4] - Unreleased", "[1.2.4]: https://x/compare/v1.2.3...main"),
    ] {
        let text = format!("## {heading}\n\n- y\n\n## [1.2.3] - x\n\n{definition}\n[1.2.3]: https://x\n");
        assert_eq!(
            released_after(Some("1.2.3"), &text, "v{version}", ""),
            "## [1.2.4] - 2026-01-19\n\n- y\n\n## [1.2.3] - x\n\n[1.2.4]: https://x/compare/v1.2.3...v1.2.4\n[1.2.3]: https://x\n"
        );
    }
    let text = "## [1.3.0](https://x/compare/v1.2.3...HEAD) (unreleased)\n";
    assert_eq!(
        released_after(Some("1.2.3"), text, "v{version}", ""),
        "## [1.2.4](https://x/compare/v1.2.3...v1.2.4) (2026-01-19)\n"
    );
    let text = "## [1.2.4](https://x/notes/4) (unreleased)\n\n## [1.2.3](https://x/notes/3) (2026-01-01)\n";
    assert_eq!(released_after(Some("1.2.3"), text, "v{version}", ""), text.replace("unreleased", "2026-01-19"));
}

#[test]
fn a_heading_leads_where_the_one_before_does() {
    for (tag, before, after) in [
        ("v{version}", "https://x/a/b/compare/v1.2.2...v1.2.3", Some("https://x/a/b/compare/v1.2.3...v1.2.4")),
        ("{version}", "https://x/compare/1.2.2...1.2.3", Some("https://x/compare/1.2.3...1.2.4")),
        ("p/v{version}", "https://x/compare/p/v1.2.2...p/v1.2.3", Some("https://x/compare/p/v1.2.3...p/v1.2.4")),
        ("v{version}", "https://x/releases/tag/v1.2.3", Some("https://x/releases/tag/v1.2.4")),
        ("{version}", "https://x/tree/1.2.3/", Some("https://x/tree/1.2.4/")),
        ("v{version}", "../../compare/v1.2.2...v1.2.3", Some("../../compare/v1.2.3...v1.2.4")),
        // The tag does not stand in it, or not alone.
        ("v{version}", "https://x/compare/1.2.2...1.2.3", None),
        ("v{version}", "https://x/compare/v1.2.3...v1.2.2", None),
        ("v{version}", "https://x/compare/v1.2.2...v1.2.30", None),
        ("v{version}", "https://x/compare/v1.2.2..v1.2.3", None),
        ("v{version}", "https://x/tag/v1.2.3.post1", None),
        ("v{version}", "https://x/v1.2.3/tag/v1.2.3", None),
        ("v{version}", "https://x/notes/17", None),
        ("v{version}", "javascript:alert/compare/v1.2.2...v1.2.3", None),
        ("v{version}", "https://x/\"<b>/compare/v1.2.2...v1.2.3", None),
        ("v{version}", "https://x/](javascript:x/compare/v1.2.2...v1.2.3", None),
    ] {
        let inline = format!("# C\n\n## [1.2.3]({before}) (2026-01-01)\n");
        let name = after.map_or("1.2.4".to_owned(), |after| format!("[1.2.4]({after})"));
        let expected = inline.replace("# C\n\n", &format!("# C\n\n## {name} (2026-01-19)\n\n{ENTRY}\n"));
        assert_eq!(released_after(None, &inline, tag, ENTRY), expected, "{before}");

        let defined = format!("# C\n\n## [1.2.3] - x\n\n[1.2.3]: {before}\n");
        let name = if after.is_some() { "[1.2.4]" } else { "1.2.4" };
        let line = after.map_or(String::new(), |after| format!("[1.2.4]: {after}\n"));
        let expected = defined
            .replace("# C\n\n", &format!("# C\n\n## {name} - 2026-01-19\n\n{ENTRY}\n"))
            .replace("[1.2.3]: ", &format!("{line}[1.2.3]: "));
        assert_eq!(released_after(None, &defined, tag, ENTRY), expected, "{before}");
    }
}

#[test]
fn a_heading_that_leads_nowhere_is_written_as_the_ones_before() {
    assert_eq!(
        released("# C\n\n## [1.2.3] - x\n"),
        format!("# C\n\n## [1.2.4] - 2026-01-19\n\n{ENTRY}\n## [1.2.3] - x\n")
    );
    // What is defined already, or newer, is no model.
    let text = "## [1.2.3] - x\n\n[1.2.4]: https://x/mine\n[1.2.3]: https://x/tag/v1.2.3\n";
    assert_eq!(released(text), format!("## [1.2.4] - 2026-01-19\n\n{ENTRY}\n{text}"));
    let text = "## [2.0.0](https://x/compare/v1.9.0...v2.0.0) - x\n";
    assert_eq!(released(text), format!("## 1.2.4 - 2026-01-19\n\n{ENTRY}\n{text}"));
    // Unreleased is no link here.
    let text =
        "## [Unreleased]\n\n## [v1.2.3] - x\n\n[unreleased]: https://x/tree/main\n[v1.2.3]: https://x/tag/v1.2.3\n";
    let expected = text
        .replace("## [v", &format!("## [v1.2.4] - 2026-01-19\n\n{ENTRY}\n## [v"))
        .replace("[v1.2.3]: ", "[v1.2.4]: https://x/tag/v1.2.4\n[v1.2.3]: ");
    assert_eq!(released(text), expected);
}

proptest! {
    #[test]
    fn whatever_a_heading_says_nothing_is_lost_and_a_second_time_changes_nothing(
        first in r"(\[?v?1\.[23]\.[345](\.dev0|rc1)?\]?)?(\(https://x/(compare/v1.2.3\.\.\.)?[v1.2-4HEAD)\]]{0,8}\))?[- (]{0,3}(unreleased|TBD|x)?[)# ]{0,2}",
        second in r"\[?v?1\.[23]\.[345]\]?(\(https://x/(compare/v1.2.2\.\.\.)?v1.2.[34]\))?",
        label in r"(\[(unreleased|v?1\.[23]\.[345])\]: https://x/(compare/v1.2.[23]\.\.\.)?(HEAD|v1.2.[34])\n){0,3}",
        current in prop::option::of("1\\.[23]\\.[345]"),
        own in "(\u{feff})?(## \\[?Unreleased\\]?\n\n- z\n\n)?",
    ) {
        let text = format!("{own}## {first}\n\n- y\n\n## {second}\n\n- x\n\n{label}");
        let log = released_after(current.as_deref(), &text, "v{version}", "");
        for line in text.lines().filter(|line| line.starts_with("- ")) {
            prop_assert!(log.lines().any(|other| other == line), "{line} is not in {log}");
        }
        let of_release = |text: &str| text.lines().filter(|line| line.contains("## ") && line.contains("1.2.4")).count();
        prop_assert!(of_release(&log) > 0, "{}", log);
    }
}
