//! Templates of a project's own: what they can speak of is on a page, and a fault is found before the day of a release.

use std::collections::BTreeSet;

use change_detect::ChangeSet;
use minijinja::{ErrorKind, value::Serde};
use serde_json::Value;

use super::{now, versions};
use crate::{
    NotesOptions, NotesTemplate, Past, Policy, Request, changelog_entry, decide,
    markdown::{self, Lengths, Sample},
    notes,
};

const PAGE: &str = include_str!("../../../../docs/templates.md");

/// The names in the first column of the tables below a heading.
fn listed(heading: &str) -> BTreeSet<&'static str> {
    let section = PAGE.split_once(&format!("\n{heading}\n")).unwrap().1;
    let lines = section.lines().take_while(|line| !line.starts_with('#'));
    let cells = lines.filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    cells.flat_map(|cell| cell.split('`').filter(|name| !name.trim_matches([',', ' ']).is_empty())).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_page_lists_every_name() {
    let notes = serde_json::to_value(notes::sample::context(Sample::Automatic)).unwrap();
    assert_eq!(listed("## Release notes"), keys(&notes));
    assert_eq!(listed("### A row of the notes"), keys(&notes["sections"][0]["rows"][0]));
    let entry = serde_json::to_value(changelog_entry::sample::context(Sample::Automatic)).unwrap();
    assert_eq!(listed("## Entry of the changelog"), keys(&entry));
    assert_eq!(listed("### A change"), keys(&entry["changes"][0]));
    let parts = ["sections", "incomplete"].map(|list| &notes[list][0]);
    for part in parts.into_iter().chain([&notes["still_open"], &entry["still_open"]]) {
        for key in keys(part) {
            assert!(PAGE.contains(&format!("`{key}`")), "{key}");
        }
    }
}

fn decided(options: NotesOptions) -> Result<(), String> {
    // Nothing is to be released, and the template is tried all the same.
    let request = Request::auto().with_presentation(options);
    let decision = decide(&ChangeSet::empty(), &request, &Policy::default(), &versions(), &Past::default(), now());
    decision
        .map(|decision| assert!(!decision.should_release))
        .map_err(|error| std::error::Error::source(&error).unwrap().to_string())
}

fn both(template: &str) -> [Result<(), String>; 2] {
    let template = || Some(NotesTemplate { file: "own.j2".to_owned(), text: template.to_owned() });
    [
        decided(NotesOptions { template: template(), ..NotesOptions::default() }),
        decided(NotesOptions { changelog_template: template(), ..NotesOptions::default() }),
    ]
}

#[test]
fn a_name_that_nothing_has_is_found_at_every_decision() {
    for template in [
        "one\n{{ nothing }}",
        "one\n{{ version | shout }}",
        "one\n{{ nothing | lower }}",
        "one\n{{ nothing | code }}",
        "one\n{% if trigger_type == 'manual' %}{{ nothing }}{% endif %}",
        "one\n{% if version %}{{ version }}{% else %}{{ nothing }}{% endif %}",
        "one\n{% for item in changes | default(sections) %}{{ item.nothing }}{% endfor %}",
        "{% for item in changes | default(still_open.rows) %}{% if item.severity == 'low' %}{% if item.kind == 'secret' %}\n{{ item.nothing }}{% endif %}{% endif %}{% endfor %}",
    ] {
        for found in both(template) {
            assert_eq!(found, Err("the template own.j2 is at fault, line 2".to_owned()), "{template}");
        }
    }
}

#[test]
fn a_template_that_works_is_not_refused() {
    for template in [
        "",
        "{{ version | code }} {{ custom_notes | own_words }} {{ status_url | link }}",
        "{% if version %}{{ version | upper }}{% endif %}{{ nothing | default('x') }}",
        "{{ still_open.more }}{% if nothing is defined %}{{ nothing }}{% endif %}",
        "{% for item in changes | default(still_open.rows) %}{{ item.aliases | join(', ') }}{{ item.cvss_score }}{% endfor %}",
    ] {
        assert_eq!(both(template), [Ok(()), Ok(())], "{template}");
    }
    for (number, template) in
        ["{{ posture.total }} {{ sections[0].rows[0].id }}", "{{ changes[0].what }}"].into_iter().enumerate()
    {
        assert_eq!(both(template)[number], Ok(()), "{template}");
    }
    let example = PAGE.split_once("```jinja\n").unwrap().1.split_once("```").unwrap().0;
    assert_eq!(both(example)[0], Ok(()));
}

#[test]
fn none_prints_nothing_whichever_filter_it_goes_through() {
    for filter in
        ["lower", "upper", "trim", "replace('o', 'x')", "code", "link", "own_words", "below_heading", "trim | upper"]
    {
        let lengths = Lengths { whole: 100, own_words: 100, rows: 1 };
        let template = format!("a{{{{ none | {filter} }}}}b");
        let made = markdown::render_within("own.j2", &template, lengths, &|_| minijinja::Value::from(()));
        assert_eq!(made.map(|text| text.trim().to_owned()).map_err(|e| e.to_string()), Ok("ab".to_owned()), "{filter}");
    }
    let lengths = Lengths { whole: 100, own_words: 100, rows: 1 };
    let template = "{{ '__Ab__' | trim('_') | lower }} {{ 'Ab' | upper | replace('A', 'x') }} {{ 7 | code }}";
    let made = markdown::render_within("own.j2", template, lengths, &|_| minijinja::Value::from(()));
    assert_eq!(made.unwrap().trim(), "ab xB `7`");
}

#[test]
fn the_page_lists_every_filter_and_test() {
    for name in listed("## Filters and tests") {
        let is_unknown = |template: String| {
            let fault =
                markdown::check("own.j2", &template, 100, &|sample| Serde(notes::sample::context(sample)).into()).err();
            fault.is_some_and(|fault| matches!(fault.kind(), ErrorKind::UnknownFilter | ErrorKind::UnknownTest))
        };
        let is_known = !is_unknown(format!("{{{{ [] | {name} }}}}")) || !is_unknown(format!("{{{{ 1 is {name} }}}}"));
        assert!(is_known, "{name}");
    }
}
