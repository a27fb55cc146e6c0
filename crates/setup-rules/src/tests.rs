//! Laws over the whole crate: whatever the text, an answer and no panic; names used once.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Pieces that the readers branch on, so that random text gets past the first character.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "${{",
            "}}",
            "'",
            "\"",
            "\\",
            "\n",
            " ",
            "  ",
            ":",
            "- ",
            "|",
            "||",
            "&&",
            "<<EOF",
            "EOF",
            ">",
            "#",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "=",
            "${",
            "%{",
            "inputs.a",
            "github.event.",
            "run",
            "on",
            "jobs",
            "steps",
            "jsonencode(",
            "<<-X",
            "X",
            "&a",
            "*a",
            "!Sub",
            "Statement",
            "*",
            ",",
            "\u{e9}",
            "\u{1f600}",
            "\u{0}",
            "\t",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9]{0,4}",
        any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_a_rule_panic(text in text()) {
        let workflow = format!("on: push\njobs:\n  a:\n    steps:\n      - run: |\n          {}\n", text.replace('\n', "\n          "));
        for text in [&text, &workflow] {
            let file = |path| TextFile { path, text };
            let workflows = Workflows::read(&[file(".github/workflows/a.yml"), file(".github/actions/a/action.yml")], &[]);
            prop_assert!(!workflows.check(&PublishSettings::default()).is_empty());
            for path in ["a.tf", "a.yaml", "a.json"] {
                prop_assert!(!check_policies(&[file(path)], &[], Some("o/r")).is_empty());
            }
            let settings = PublishSettings { role_arn: Some(text), region: Some(text), secret_name: Some(text), ..PublishSettings::default() };
            prop_assert!(!check_oidc(&settings, &workflows).is_empty());
            let mut scan = CredentialScan::default();
            scan.add("a", text.as_bytes());
            prop_assert!(!scan.check().is_empty());
        }
    }

    #[test]
    fn no_message_holds_control_characters(text in text()) {
        let text = format!("on: push\njobs:\n  ? {text:?}\n  : {{uses: {text:?}}}\n");
        let workflows = Workflows::read(&[TextFile { path: "a\u{1b}.yml", text: &text }], &[]);
        for check in workflows.check(&PublishSettings::default()) {
            let place = check.place.map(|place| place.to_string()).unwrap_or_default();
            let shown = format!("{} {place}", check.message);
            prop_assert!(!shown.contains(findings_model::text::is_unsafe_to_show), "{shown:?}");
        }
    }
}

#[test]
fn each_rule_has_a_name_of_its_own() {
    let rules = rules();
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
    assert_eq!(names.len(), rules.len());
    for rule in rules {
        assert!(!rule.title.ends_with('.') && rule.help.ends_with('.'), "{}", rule.id);
    }
}
