use findings_model::{CoverageState, Severity, SeveritySource, Subject};
use insta::assert_snapshot;

use crate::support::{scan_of, told};

fn report(metrics: &str, errors: &str, results: &str) -> String {
    format!(
        r#"{{"errors": [{errors}], "generated_at": "2026-01-05T03:00:00Z", "metrics": {{{metrics}}}, "results": [{results}]}}"#
    )
}

fn issue(test: &str, file: &str, line: &str, code: &str, text: &str) -> String {
    format!(
        r#"{{"test_id": "{test}", "test_name": "name", "filename": "{file}", "line_number": {line}, "col_offset": 1, "issue_severity": "HIGH",
        "issue_confidence": "HIGH", "issue_text": "{text}", "code": "{code}", "more_info": "https://bandit.readthedocs.io/en/1.9.4/plugins/x.html"}}"#
    )
}

const READ: &str =
    r#""_totals": {"loc": 40, "SEVERITY.HIGH": 1.0}, "./src/a.py": {"loc": 40}, "src\\b.py": {"loc": 0}"#;

#[test]
fn a_report_of_today() {
    let report =
        report(READ, "", &issue("B324", "./src/a.py", "7", r"6 def h(x):\n7     return md5(x)\n", "Use of weak MD5."));
    assert_snapshot!(told(&scan_of("bandit.json", &report)), @r#"
    bandit complete version 1.9.4 at 2026-01-05T03:00:00Z
    = src/a.py
    = src/b.py
    - high B324 src/a.py:7 with its text before ["B303"]: name: Use of weak MD5.
    "#);
}

#[test]
fn where_a_call_begins_is_told_beside_its_line() {
    for (range, begins) in
        [("[5, 6, 7]", Some(5)), ("[7]", None), ("[]", None), ("[9]", None), ("7", None), ("[[5]]", None)]
    {
        let issue = issue("B602", "a.py", "7", r"6 x,\n7 shell=True\n", "x");
        let issue = issue.replacen('{', &format!(r#"{{"line_range": {range}, "#), 1);
        let scan = scan_of("bandit.json", &report(READ, "", &issue));
        assert_eq!(scan.observations.iter().map(|o| o.begins).collect::<Vec<_>>(), [begins], "{range}");
    }
}

#[test]
fn nothing_read_is_no_scan() {
    let missing =
        report(r#""_totals": {"loc": 0}"#, r#"{"filename": "./gone", "reason": "No such file or directory"}"#, "");
    assert_snapshot!(told(&scan_of("bandit.json", &missing)), @"
    bandit failed at 2026-01-05T03:00:00Z
    ! no line of code was read (metrics._totals.loc is 0)
    ! gone was not scanned: No such file or directory
    ? gone
    ");
    for metrics in ["", r#""_totals": {}"#, r#""_totals": 7"#] {
        assert!(told(&scan_of("bandit.json", &report(metrics, "", ""))).starts_with("bandit failed"), "{metrics}");
    }
}

#[test]
fn a_filtered_run_resolves_nothing() {
    let report = report(r#""_totals": {"loc": 40, "SEVERITY.HIGH": 1, "SEVERITY.LOW": 2}"#, "", "");
    assert_snapshot!(told(&scan_of("bandit.json", &report)), @"
    bandit filtered at 2026-01-05T03:00:00Z
    ! metrics count 3 issues, results hold 0: a filter (-l, -i) or a baseline (-b) left some out
    ");
}

#[test]
fn files_that_do_not_parse_are_gaps() {
    let report = report(READ, r#"{"filename": ".\\src\\a.py", "reason": "syntax error"}, {"reason": "x"}"#, "");
    let scan = scan_of("bandit.json", &report.replace(r#""SEVERITY.HIGH": 1.0"#, r#""SEVERITY.HIGH": 0"#));
    assert_snapshot!(told(&scan), @"
    bandit partial at 2026-01-05T03:00:00Z
    ! src/a.py was not scanned: syntax error
    ! a file was not scanned: x
    ? src/a.py
    ? a file without a name
    = src/b.py
    ");
}

#[test]
fn a_password_is_neither_told_nor_digested() {
    let with = |password: &str| {
        let issue = issue(
            "B105",
            "a.py",
            "3",
            &format!(r"3 password = '{password}'\n"),
            &format!("Possible hardcoded password: '{password}'"),
        );
        scan_of("bandit.json", &report(r#""_totals": {"loc": 1}"#, "", &issue))
    };
    let (one, other) = (with("hunter2"), with("it's me"));
    assert!(!format!("{one:?}").contains("hunter2"));
    assert_eq!(one.observations[0].description, "name: Possible hardcoded password: '***'");
    assert_eq!(other.observations[0].description, one.observations[0].description);
}

#[test]
fn the_text_is_that_of_the_line_alone() {
    let text = |code: &str, line: &str| {
        let report = report(r#""_totals": {"loc": 1}"#, "", &issue("B602", "a.py", line, code, "x"));
        match scan_of("bandit.json", &report).observations.remove(0).subject {
            Subject::Code(spot) => (spot.line, spot.text),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(text(r"3 x\n4     run(cmd)\n5 y\n", "4").1, text(r"9\trun(cmd)\n", "\"9\"").1);
    assert_eq!(text(r"3 x\n", "4"), (Some(4), None));
    for bad in ["-5", "0", "1e400", "4.5", "null", "[]"] {
        assert_eq!(text(r"3 x\n", bad), (None, None), "{bad}");
    }
}

#[test]
fn words_for_severity() {
    for (word, severity) in
        [("HIGH", "high"), ("high", "high"), ("LOW", "low"), ("UNDEFINED", "medium"), ("odd", "medium")]
    {
        let issue = issue("B602", "a.py", "1", "1 x", "x").replace("HIGH", word);
        let scan = scan_of("bandit.json", &report(r#""_totals": {"loc": 1}"#, "", &issue));
        assert_eq!(scan.observations[0].rating.severity.as_str(), severity, "{word}");
    }
}

#[test]
fn a_moved_test_names_its_predecessor() {
    let report = report(r#""_totals": {"loc": 1}"#, "", &issue("B303", "a.py", "1", "1 x", "x"));
    match &scan_of("bandit.json", &report).observations[0].subject {
        Subject::Code(spot) => assert_eq!(spot.former_rules, ["B324"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_records_are_counted_and_named() {
    let good = issue("B602", "a.py", "4", "4 run()", "x");
    let results = format!(r#"null, "text", 7, [], {{"filename": "b.py"}}, {good}"#);
    assert_snapshot!(told(&scan_of("bandit.json", &report(READ, "", &results))), @"
    bandit partial version 1.9.4 at 2026-01-05T03:00:00Z
    ! results[0] cannot be used: it is null, not an object
    ! results[1] cannot be used: it is a text, not an object
    ! results[2] cannot be used: it is a number, not an object
    ! results[3] cannot be used: it is an array, not an object
    ! results[4] cannot be used: it names no test
    ? b.py
    ? the record results[0]
    ? the record results[1]
    ? the record results[2]
    ? the record results[3]
    = src/a.py
    = src/b.py
    - high B602 a.py:4 with its text before []: name: x
    ");
}

#[test]
fn suppressed_issues_are_counted_by_file() {
    let metrics = r#""_totals": {"loc": 9, "nosec": 3}, "./a.py": {"loc": 4, "nosec": 1, "skipped_tests": 2}, "b.py": {"loc": 5, "nosec": 0}"#;
    let looked_at = scan_of("bandit.json", &report(metrics, "", "")).coverage.looked_at;
    assert_eq!(looked_at.suppressed, [("a.py".to_owned(), 3)].into());
    assert_eq!(looked_at.files.len(), 2);
}

#[test]
fn a_severity_that_says_nothing_is_medium_by_policy() {
    let rating = |severity: &str| {
        let issue = issue("B101", "a.py", "1", "", "x").replace(r#""issue_severity": "HIGH","#, severity);
        scan_of("bandit.json", &report(READ, "", &issue)).observations[0].rating.clone()
    };
    for nothing in ["", r#""issue_severity": "UNDEFINED","#, r#""issue_severity": null,"#] {
        let rating = rating(nothing);
        assert_eq!((rating.severity, rating.source), (Severity::Medium, SeveritySource::Policy), "{nothing}");
    }
    assert_eq!(rating(r#""issue_severity": "MEDIUM","#).source, SeveritySource::Scanner);
}

#[test]
fn a_reason_gives_no_password_away() {
    let errors = r#"{"filename": "x.py", "reason": "password='hunter2' at https://jo:hunter2@h/"}, {"filename": "https://jo:hunter2@h/y.py", "reason": "x"}"#;
    let scan = scan_of("bandit.json", &report(READ, errors, ""));
    assert!(!format!("{scan:?}").contains("hunter2"), "{scan:?}");
}

#[test]
fn what_was_found_shows_that_something_was_read() {
    let state = |metrics: &str, results: &str| {
        let report =
            format!(r#"{{"errors": [], "generated_at": "2026-01-05T03:00:00Z", {metrics} "results": [{results}]}}"#);
        scan_of("bandit.json", &report).coverage.state
    };
    let totals = |loc: &str| format!(r#""metrics": {{"_totals": {{"loc": {loc}}}}},"#);
    let issue =
        r#"{"test_id": "B324", "filename": "a.py", "line_number": 1, "issue_severity": "HIGH", "issue_text": "md5"}"#;
    for large in ["18446744073709551616", "1e30", "4e1"] {
        assert_eq!(state(&totals(large), ""), CoverageState::Complete, "{large}");
    }
    for unreadable in [totals("-1"), totals("[]"), r#""metrics": {},"#.to_owned(), String::new()] {
        assert_eq!(state(&unreadable, issue), CoverageState::Partial, "{unreadable}");
        assert_eq!(state(&unreadable, ""), CoverageState::Failed, "{unreadable}");
    }
    assert_eq!(state(&totals("0"), ""), CoverageState::Failed);
}
