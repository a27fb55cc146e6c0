//! The recordings are where the helpers say.

use test_support::fixture_path;
use test_support::fixtures::{WEEKS, fixture_text};

#[test]
fn the_list_of_weeks_is_the_list_of_folders() {
    let folder = fixture_path("sample-project/weeks");
    let mut found: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, WEEKS);
}

#[test]
fn every_week_says_what_is_expected_of_it() {
    for week in WEEKS {
        let recorded = fixture_text(&format!("sample-project/weeks/{week}/RECORDED.toml"));
        assert!(recorded.contains(&format!("date = \"{week}\"")), "{week}");
        assert!(recorded.contains("[expected]\ndecision = "), "{week}");
    }
}
