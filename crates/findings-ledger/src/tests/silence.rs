//! Code that is as it was: a scanner's silence ends it only where its report shows that it looked for it.

use findings_model::{ResolvedReason, Scan, Subject};
use insta::assert_snapshot;

use super::{Build, code, name, project::Project, scan};
use crate::Taken;

const MD5: &str = "B324 a.py 5 md5(x)";
const SHELL: &str = "B602 a.py 9 run(c)";

fn bandit() -> Scan {
    scan("bandit").files("a.py, z.py")
}

/// A scan that says which rules were run.
fn with_rules(list: &str, mut scan: Scan) -> Scan {
    scan.coverage.looked_at.rules.extend(list.split(", ").map(str::to_owned));
    scan.coverage.looked_at.lists_rules = true;
    scan
}

/// A project in which two findings are open and the code is as it was.
fn project(first: Scan) -> Project {
    let mut p = Project::with_files("a.py, z.py");
    p.lines.insert("a.py", vec!["md5(x)", "run(c)"]);
    p.lines.insert("z.py", vec![]);
    p.take(5, &[first.finds(code(MD5)).finds(code(SHELL))]);
    p
}

fn first(taken: &Taken) -> String {
    format!("{}: {}", taken.scans[0].coverage.as_str(), taken.scans[0].reasons.join("; "))
}

#[test]
fn a_rule_that_is_reported_nowhere_and_whose_line_is_as_it_was_ends_nothing() {
    let mut p = project(bandit());
    let narrowed = p.take(12, &[bandit().finds(code(SHELL))]);
    assert_snapshot!(first(&narrowed), @"filtered: nothing in the report shows a run of the rule B324, which may hide 1 finding whose code is as it was (change the code, or add an exception)");
    assert!(!narrowed.required_incomplete);
    assert_snapshot!(p.run(13, &[bandit()]), @r#"
    * BANDIT-B602-a.py-9 unverified {"since":"2026-01-12"}
    BANDIT-B324-a.py-5 high unverified since 2026-01-05
    BANDIT-B602-a.py-9 high unverified since 2026-01-12
    "#);
    let nothing = p.take(14, &[bandit()]);
    assert_snapshot!(first(&nothing), @"filtered: nothing in the report shows a run of the rules B324, B602, which may hide 2 findings whose code is as it was (change the code, or add an exception)");
    assert_snapshot!(p.run(19, &[bandit().finds(code(MD5)).finds(code(SHELL))]), @r"
    * BANDIT-B324-a.py-5 confirmed
    * BANDIT-B602-a.py-9 confirmed
    BANDIT-B324-a.py-5 high open
    BANDIT-B602-a.py-9 high open
    ");
}

#[test]
fn a_rule_that_is_reported_elsewhere_was_run_and_a_line_that_changed_speaks_for_itself() {
    let mut p = project(bandit());
    let elsewhere = bandit().finds(code(SHELL)).finds(code("B324 z.py 1 md5(y)"));
    assert_eq!(p.end(12, &[elsewhere]), Some(ResolvedReason::NoLongerReported));
    let mut p = project(bandit());
    p.lines.insert("a.py", vec!["sha256(x)", "run(c)"]);
    assert_eq!(p.end(12, &[bandit().finds(code(SHELL))]), Some(ResolvedReason::CodeChanged));
    // What it was called earlier is the same rule.
    let mut p = project(bandit());
    let mut renamed = code("B999 z.py 1 md5(y)");
    let Subject::Code(spot) = &mut renamed else { unreachable!() };
    spot.former_rules.push("B324".to_owned());
    assert_eq!(p.end(12, &[bandit().finds(code(SHELL)).finds(renamed)]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn a_line_of_a_longer_statement_may_have_been_mended_in_another_one() {
    let mut p = Project::with_files("a.py");
    p.lines.insert("a.py", vec!["requests.get("]);
    let bandit = || scan("bandit").files("a.py");
    p.take(5, &[bandit().finds(code("B113 a.py 5 requests.get("))]);
    assert_eq!(p.end(12, &[bandit()]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn rules_that_end_alike_are_two() {
    let semgrep = |way: &str, place: &str| {
        let mut found = code(&format!("{way}.eval {place}"));
        let Subject::Code(spot) = &mut found else { unreachable!() };
        spot.former_rules.push("eval".to_owned());
        scan("semgrep").files("a.py, z.py").finds(found)
    };
    let mut p = Project::with_files("a.py, z.py");
    p.lines.insert("a.py", vec!["eval(x)"]);
    p.take(5, &[semgrep("python", "a.py 5 eval(x)")]);
    assert_eq!(p.end(12, &[semgrep("x.javascript", "z.py 1 eval(y)")]), None);
    assert_eq!(p.end(13, &[semgrep("python", "z.py 1 eval(y)")]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn a_list_of_rules_says_which_silence_counts() {
    let semgrep = || scan("semgrep").files("a.py, z.py");
    let after = |rules: &str, lines: &'static [&'static str]| {
        let mut p = project(with_rules("B324, B602", semgrep()));
        p.lines.insert("a.py", lines.to_vec());
        let taken = p.take(12, &[with_rules(rules, semgrep().finds(code(SHELL)))]);
        (taken.ledger.findings[0].is_open(), first(&taken))
    };
    let as_it_was = &["md5(x)", "run(c)"];
    assert_eq!(after("B324, B602", as_it_was), (false, "complete: ".to_owned()), "it was run");
    let (is_open, reasons) = after("B602, B1", as_it_was);
    assert!(is_open);
    assert_snapshot!(reasons, @"filtered: the report names the rules that were run, without the rule B324, which may hide 1 finding (where that is meant, add an exception)");
    // Of what was not run nothing is known, whatever became of the line and of the file.
    assert!(after("B602, B1", &["sha256(x)", "run(c)"]).0);
    let mut p = project(with_rules("B324, B602", semgrep()));
    p.files.remove("a.py");
    assert_eq!(p.end(12, &[with_rules("B602", scan("semgrep").files("z.py"))]), None);
    // In SARIF a rule may be a kind of a listed one.
    let mut p = Project::with_files("a.py");
    p.lines.insert("a.py", vec!["md5(x)"]);
    let tool = || scan("Tool").files("a.py");
    p.take(5, &[with_rules("CA1", tool().finds(code("CA1/2 a.py 5 md5(x)")))]);
    assert_eq!(p.end(12, &[with_rules("CA1", tool())]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn of_several_reports_one_that_ran_the_rule_is_enough() {
    let report = |file: &str| scan("semgrep").files("a.py, z.py").in_file(file);
    let two = |first: Scan, second: Scan| [first, second];
    let mut p = project(report("one.json"));
    p.take(6, &two(report("one.json").finds(code(MD5)), report("two.json").finds(code(SHELL))));
    let listed = || with_rules("B602", report("one.json").finds(code(SHELL)));
    assert_eq!(p.end(12, &two(listed(), report("two.json"))), None, "what the second ran is not told");
    assert_eq!(p.end(13, &two(listed(), with_rules("B1", report("two.json")))), None);
    let ran = with_rules("B324, B1", report("two.json"));
    assert_eq!(p.end(14, &two(listed(), ran)), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn a_report_without_a_list_of_files_shows_a_look_only_at_those_in_which_it_finds_something() {
    let ruff = || scan("ruff");
    let mut p = project(ruff());
    let other = || ruff().finds(code("B324 z.py 1 md5(y)")).finds(code("B602 z.py 2 run(d)"));
    let folder = p.take(12, &[other()]);
    assert_snapshot!(first(&folder), @"filtered: the report does not list the files that were looked at and finds nothing in those of 2 findings, whose code is as it was (change the code, or add an exception)");
    assert_eq!(p.end(13, &[other().finds(code(SHELL))]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn whoever_trusts_a_scanner_that_finds_nothing_trusts_it_about_code_as_well() {
    let mut p = project(bandit());
    p.trust_empty.insert(name("bandit"));
    assert_eq!(p.end(12, &[bandit().finds(code(SHELL))]), None, "it found something");
    assert_eq!(p.end(13, &[bandit()]), Some(ResolvedReason::NoLongerReported));
}

#[test]
fn a_comment_behind_the_line_excepts_as_long_as_it_is_there() {
    let mut p = project(bandit());
    let shell = || bandit().finds(code(SHELL));
    p.lines.insert("a.py", vec!["md5(x)  # skip", "run(c)"]);
    assert_snapshot!(p.run(12, &[shell()]), @r#"
    * BANDIT-B324-a.py-5 excepted {"by":"report_suppressed"}
    BANDIT-B324-a.py-5 high excepted: report_suppressed
    BANDIT-B602-a.py-9 high open
    "#);
    assert_snapshot!(p.run(19, &[shell()]), @r"
    BANDIT-B324-a.py-5 high excepted: report_suppressed
    BANDIT-B602-a.py-9 high open
    ");
    p.lines.insert("a.py", vec!["md5(x)", "run(c)"]);
    assert_snapshot!(p.run(26, &[shell().finds(code(MD5))]), @r"
    * BANDIT-B324-a.py-5 exception_ended
    BANDIT-B324-a.py-5 high open
    BANDIT-B602-a.py-9 high open
    ");
    p.lines.insert("a.py", vec!["sha256(x)", "run(c)"]);
    assert_eq!(p.end(33, &[shell()]), Some(ResolvedReason::CodeChanged));
}

#[test]
fn a_comment_says_nothing_where_the_scan_does_not_reach() {
    let mut p = project(bandit());
    p.lines.insert("a.py", vec!["md5(x)  # skip", "run(c)"]);
    let elsewhere = scan("bandit").files("z.py");
    assert_snapshot!(p.run(12, &[elsewhere]), @r#"
    * BANDIT-B324-a.py-5 unverified {"since":"2026-01-05"}
    * BANDIT-B602-a.py-9 unverified {"since":"2026-01-05"}
    BANDIT-B324-a.py-5 high unverified since 2026-01-05
    BANDIT-B602-a.py-9 high unverified since 2026-01-05
    "#);
}
