//! Ways to begin the file, to write a section without a plan, and to get either wrong.

use super::*;

#[test]
fn a_byte_order_mark_stays_and_the_file_is_kept_up() {
    for text in [
        "findings:\n  A-1:\n    notes: mine\n",
        "findings:\r\n  A-1:\r\n    notes: mine\r\n",
        "metadata:\n  last_updated: \"2025-01-01T00:00:00Z\"\nfindings:\n  A-1:\n    notes: mine\n",
        "",
    ] {
        let marked = format!("\u{feff}{text}");
        let mine = [finding("PYSEC-2026-1")];
        let synced = sync(&marked, &mine);
        assert_eq!((synced.added, synced.problems()), (1, [].as_slice()), "{text:?}");
        assert_eq!(synced.text, format!("\u{feff}{}", sync(text, &mine).text), "{text:?}");
        assert!(!synced.text.contains("2025-01-01T00"), "{}", synced.text);
    }
}

#[test]
fn a_section_without_a_plan_takes_the_first_one() {
    for (header, then) in [
        ("findings: ~", "findings:"),
        ("findings: null # none yet", "findings: # none yet"),
        ("findings:", "findings:"),
        ("findings: { }", "findings:"),
        ("\"findings\": NULL", "\"findings\":"),
    ] {
        for end in ["", "\n", "\n# mine\nother: 1\n"] {
            let text = format!("{header}{end}");
            let synced = sync(&text, &[finding("PYSEC-2026-1")]);
            assert_eq!((synced.added, synced.problems()), (1, [].as_slice()), "{text:?}");
            let after = format!("{then}\n  PYSEC-2026-1:\n");
            assert!(
                synced.text.starts_with(&after) && synced.text.ends_with(end.trim_start()),
                "{text:?}\n{}",
                synced.text
            );
        }
    }
}

#[test]
fn a_section_without_a_plan_in_another_form_is_left_with_a_reason_that_is_true() {
    for text in ["findings: {\n}\n", "findings: !!map {}\n", "findings:\n  {}\n", "findings:\n  ~\n"] {
        let synced = sync(text, &[finding("PYSEC-2026-1")]);
        assert_eq!(synced.text, text);
        let why = "a section without a plan is not written as {} behind its name";
        assert_eq!(synced.problems(), [PlanProblem::Layout(why)], "{text}");
    }
}

#[test]
fn what_is_no_yaml_is_told_to_the_person_who_edits_it() {
    let deep = format!("findings: {}{}\n", "[".repeat(80), "]".repeat(80));
    let bomb = (1..8).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))
    });
    let told: Vec<String> = [
        "findings:\n  A-1:\n    status: new\n  A-1:\n    status: deferred\n",
        "---\nfindings: {}\n---\nother: 1\n",
        &deep,
        &bomb,
        "findings:\n  A-1: *nobody\n",
        "findings:\n  A-1:\n    target_date: .nan\n",
        "findings:\n  A-1:\n\tstatus: new\n",
        "findings:\n  A-1:\n    notes: 'open\n",
    ]
    .into_iter()
    .map(|text| Plans::from_yaml(text.as_bytes()).unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    the remediation plans cannot be read as YAML: A-1 stands twice in one mapping at line 4, column 3
    the remediation plans cannot be read as YAML: a second document begins (behind a line ---) at line 4, column 1
    the remediation plans cannot be read as YAML: it is nested too deeply at line 1, column 74
    the remediation plans cannot be read as YAML: it is too large, or becomes so by its aliases at line 7, column 26
    the remediation plans cannot be read as YAML: an alias refers to an anchor that is not there at line 2, column 8
    the remediation plans cannot be read as YAML: value `.nan` is not a finite number at line 3, column 18
    the remediation plans cannot be read as YAML: tabs disallowed within this context (block indentation) at line 3, column 2
    the remediation plans cannot be read as YAML: invalid indentation in multiline quoted scalar at line 4, column 1
    ");
}
