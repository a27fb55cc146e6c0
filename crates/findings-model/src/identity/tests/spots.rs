//! Code, secrets, and pairs of two sets.

use super::{
    super::{Match, Seen, assign, pair},
    all, check, code, finding, flaw, known, of_scanner, resolved, scanner, secret,
};
use crate::{CodeText, ExceptedBy, Finding, ScannerName, Status, Subject};

#[test]
fn code_survives_moving_lines() {
    let ledger = known(code, &["B404 run.py 1 import subprocess", "B602 run.py 4 subprocess.run(cmd, shell=True)"]);
    check(
        &ledger,
        &all(code, &["B404 run.py 5   import  subprocess", "B602 run.py 8 subprocess.run(cmd, shell=True)"]),
        &[],
        "k0 k1",
    );
}

#[test]
fn equal_snippets_are_counted() {
    let ledger = known(code, &["B324 h.py 5 md5(x)"]);
    check(&ledger, &all(code, &["B324 h.py 5 md5(x)", "B324 h.py 9 md5(x)"]), &[], "k0 n0");
    check(&ledger, &all(code, &["B324 h.py 6 md5(x)", "B324 h.py 9 md5(x)"]), &[], "k0 n0");
    check(&[], &all(code, &["B324 h.py 5 md5(x)", "B324 h.py 5 md5(x)"]), &[], "n0 n1");
}

#[test]
fn an_edited_line_is_the_same_finding_and_another_rule_is_not() {
    check(
        &known(code, &["B602 r.py 4 run(cmd, shell=True)"]),
        &all(code, &["B602 r.py 4 run(command, shell=True)"]),
        &[],
        "k0",
    );
    check(&known(code, &["B602 r.py 4 run(cmd, shell=True)"]), &all(code, &["B603 r.py 4 run([cmd])"]), &[], "n0");
    check(
        &known(code, &["B602 r.py 4 run(cmd, shell=True)"]),
        &all(code, &["B603 r.py 4 run(cmd, shell=True)"]),
        &[],
        "n0",
    );
}

#[test]
fn a_renamed_file_keeps_its_findings() {
    let ledger = known(code, &["B324 app/util.py 5 md5(x)", "B105 app/util.py 9 p = ''"]);
    check(
        &ledger,
        &all(code, &["B324 app/hashing.py 5 md5(x)", "B105 app/hashing.py 9 p = 'x'"]),
        &["app/util.py"],
        "k0 k1",
    );
    // While the old file is there, the other one is new.
    check(&ledger, &all(code, &["B324 app/hashing.py 5 md5(x)"]), &[], "n0");
}

#[test]
fn a_moved_folder_of_equal_snippets_comes_out_file_by_file() {
    let old = ["B404 a/x.py 1 import subprocess", "B404 a/y.py 1 import subprocess", "B404 b/y.py 1 import subprocess"];
    let new = [
        "B404 src/b/y.py 1 import subprocess",
        "B404 src/a/y.py 1 import subprocess",
        "B404 src/a/x.py 1 import subprocess",
    ];
    check(&known(code, &old), &all(code, &new), &["a/x.py", "a/y.py", "b/y.py"], "k2 k1 k0");
}

#[test]
fn a_renamed_rule_is_the_same_finding() {
    let mut now = code("B324 h.py 5 md5(x)");
    let Subject::Code(spot) = &mut now else { unreachable!() };
    spot.former_rules.push("B303".to_owned());
    check(&known(code, &["B303 h.py 5 md5(x)"]), &[now.clone()], &[], "k0");
    check(&known(code, &["B303 h.py 5 md5(x)", "B324 h.py 9 sha1(x)"]), &[now], &[], "k0");
    check(&known(code, &["a.b.rule h.py 5 md5(x)"]), &all(code, &["c.rule h.py 5 md5(x)"]), &[], "k0");
}

#[test]
fn a_check_of_trivy_is_known_under_each_of_its_names() {
    let with_former = |text: &str, former: &[&str]| {
        let mut subject = code(text);
        let Subject::Code(spot) = &mut subject else { unreachable!() };
        spot.former_rules = former.iter().map(|rule| (*rule).to_owned()).collect();
        subject
    };
    let is_one = |scanner: &str, then: Subject, now: Subject, gone: &[&str]| {
        let (known, name) = (of_scanner(scanner, finding("F0", then)), ScannerName::parse(scanner).unwrap());
        let seen = Seen { subject: &now, begins: None, scanner: &name, report: 0 };
        assign(&[known], &[seen], &|_, path| gone.contains(&path)).matches == [Match::Known(0)]
    };
    let old = || with_former("DS002 Dockerfile 3 USER root", &["AVD-DS-0002"]);
    let new = || with_former("DS-0002 Dockerfile 3 USER root", &["AVD-DS-0002"]);
    assert!(is_one("trivy", old(), new(), &[]));
    assert!(is_one("trivy", new(), old(), &[]));
    assert!(is_one("Trivy", code("AVD-AWS-0143 main.tf 3 x"), code("AWS-0143 main.tf 3 x"), &[]));
    assert!(is_one("trivy", code("AVD-AWS-0143 main.tf 3"), code("AWS-0143 main.tf 3"), &[]));
    assert!(is_one("trivy", code("KSV001 old.yaml 3 x"), code("KSV-0001 new.yaml 9 x"), &["old.yaml"]));
    assert!(!is_one("trivy", code("DS002 Dockerfile 3 x"), code("DS-0020 Dockerfile 3 x"), &[]));
    assert!(!is_one("trivy", code("DS002 Dockerfile 3 x"), code("KSV-0002 Dockerfile 3 x"), &[]));
    assert!(
        !is_one("lint", code("DS002 Dockerfile 3 x"), code("DS-0002 Dockerfile 3 x"), &[]),
        "another tool's rules are its own"
    );
}

#[test]
fn a_rule_and_a_file_may_get_new_names_in_one_week() {
    let mut now = code("B324 h.py 9 md5(x)");
    let Subject::Code(spot) = &mut now else { unreachable!() };
    spot.former_rules.push("B303".to_owned());
    check(&known(code, &["B303 u.py 5 md5(x)"]), &[now.clone()], &["u.py"], "k0");
    check(&known(code, &["B303 u.py 5 md5(x)"]), &[now.clone()], &[], "n0");
    check(&known(code, &["B303 u.py 5 sha1(x)"]), &[now], &["u.py"], "n0");
    check(&known(code, &["a.b.rule u.py 5 md5(x)"]), &all(code, &["c.rule h.py 5 md5(x)"]), &["u.py"], "k0");
    check(&known(code, &["rule u.py 5 md5(x)"]), &all(code, &["c.rule h.py 5 md5(x)"]), &["u.py"], "n0");
}

#[test]
fn a_file_without_quoted_lines_is_known_by_its_rules_in_order() {
    let ledger = known(code, &["R a.py 3", "Q a.py 5", "R a.py 30"]);
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10", "R z.py 35"]), &["a.py"], "k0 k1 k2");
    check(&ledger, &all(code, &["R z.py 8 t", "Q z.py 10 u", "R z.py 35 v"]), &["a.py"], "k0 k1 k2");
    // Another order, another number, two new files: it may be something else.
    check(&ledger, &all(code, &["Q z.py 8", "R z.py 10", "R z.py 35"]), &["a.py"], "n0 n1 n2");
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10"]), &["a.py"], "n0 n1");
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10", "R y.py 35"]), &["a.py"], "n0 n1 n2");
    check(&ledger, &all(code, &["R z.py 8", "Q z.py 10", "R z.py 35"]), &[], "n0 n1 n2");
    // Two files are gone.
    let two = known(code, &["R a.py 3", "R b.py 3"]);
    check(&two, &all(code, &["R z.py 3"]), &["a.py", "b.py"], "n0");
}

#[test]
fn a_renamed_rule_without_quoted_lines_is_known_by_its_last_part() {
    let ledger = known(code, &["a.b.eval h.py 13 eval(x)", "a.b.exec h.py 20 exec(x)"]);
    check(&ledger, &all(code, &["r.eval h.py 20", "r.exec h.py 33"]), &[], "k0 k1");
    check(&ledger, &all(code, &["r.eval h.py 20", "r.eval h.py 33"]), &[], "n0 n1");
    check(&ledger, &all(code, &["r.eval h.py 20 eval(y)"]), &[], "n0");
}

#[test]
fn two_formats_may_quote_another_part_of_a_line() {
    let name = scanner();
    let records =
        all(code, &["B104 h.py 5 bind(x)", "B104 h.py 5 bind(", "B104 h.py 9 bind(y)", "B104 h.py 8 bind(z)"]);
    let seen: Vec<Seen<'_>> = records
        .iter()
        .zip([0, 1, 0, 1])
        .map(|(subject, report)| Seen { subject, begins: None, scanner: &name, report })
        .collect();
    let matches = assign(&[], &seen, &|_, _| false).matches;
    assert_eq!(matches, [Match::New(0), Match::New(0), Match::New(1), Match::New(2)]);
}

/// Records of two formats: report, line where its code begins, and the record. Says which finding each of them is.
fn in_two_formats(known: &[Finding], records: &[(usize, Option<u32>, &str)]) -> Vec<Match> {
    let name = scanner();
    let subjects: Vec<Subject> = records.iter().map(|(_, _, text)| code(text)).collect();
    let seen = records.iter().zip(&subjects);
    let seen =
        seen.map(|((report, begins, _), subject)| Seen { subject, begins: *begins, scanner: &name, report: *report });
    assign(known, &seen.collect::<Vec<_>>(), &|_, _| false).matches
}

#[test]
fn two_formats_may_name_other_lines_of_a_call() {
    use Match::{Known, New};
    let call = [(1, None, "B602 r.py 5 run("), (0, Some(5), "B602 r.py 7 shell=True")];
    assert_eq!(in_two_formats(&[], &call), [New(0), New(0)]);
    // One call in another: each has a first line of its own.
    let nested = [
        (0, Some(5), "B602 r.py 9 x"),
        (0, None, "B602 r.py 9 x"),
        (1, None, "B602 r.py 5 y"),
        (1, None, "B602 r.py 9 x"),
    ];
    assert_eq!(in_two_formats(&[], &nested), [New(0), New(1), New(0), New(1)]);
    // Which is which cannot be told.
    let unclear = [
        (0, Some(5), "B602 r.py 6 x"),
        (0, Some(5), "B602 r.py 7 y"),
        (1, None, "B602 r.py 5 z"),
        (1, None, "B602 r.py 5 z"),
    ];
    assert_eq!(in_two_formats(&[], &unclear), [New(0), New(1), New(2), New(3)]);
    // Another rule, another file, one report.
    for other in [(1, None, "B603 r.py 5 run("), (1, None, "B602 s.py 5 run("), (0, None, "B602 r.py 5 run(")] {
        assert_eq!(in_two_formats(&[], &[call[1], other]), [New(0), New(1)]);
    }
    // What is known of one of the lines is the finding; what is known as two ended in neither.
    let mut excepted = known(code, &["B602 r.py 5 run("]);
    excepted[0].status = Status::Excepted { by: ExceptedBy::AcceptedRisk { until: None } };
    assert_eq!(in_two_formats(&excepted, &call), [Known(0), Known(0)]);
    assert_eq!(in_two_formats(&known(code, &["B602 r.py 7 shell=True"]), &call), [Known(0), Known(0)]);
    let both = known(code, &["B602 r.py 5 run(", "B602 r.py 7 shell=True"]);
    assert_eq!(in_two_formats(&both, &call), [Known(0), Known(1)]);
}

#[test]
fn the_same_code_reported_again_is_the_resolved_finding() {
    let ledger = vec![resolved(finding("F0", code("B324 h.py 5 md5(x)")))];
    check(&ledger, &all(code, &["B324 h.py 7 md5(x)"]), &[], "k0");
    check(&ledger, &all(code, &["B324 h.py 5 md5(y)"]), &[], "n0");
}

#[test]
fn two_reports_of_one_scanner_hold_the_same_records() {
    let name = scanner();
    let records = all(code, &["B324 h.py 5 md5(x)", "B324 h.py 5 md5(x)", "B324 h.py 5 md5(x)"]);
    let seen: Vec<Seen<'_>> = records
        .iter()
        .zip([0, 0, 1])
        .map(|(subject, report)| Seen { subject, begins: None, scanner: &name, report })
        .collect();
    assert_eq!(assign(&[], &seen, &|_, _| false).matches, [Match::New(0), Match::New(1), Match::New(0)]);
}

#[test]
fn secrets_are_known_by_type_and_file() {
    let ledger = known(secret, &["AWS settings.py 2", "Keyword conf.py 7"]);
    check(&ledger, &all(secret, &["AWS settings.py 5", "AWS settings.py 9", "Keyword conf.py 7"]), &[], "k0 n0 k1");
    check(&ledger, &all(secret, &["AWS app/settings.py 2", "Keyword conf.py 7"]), &["settings.py"], "k0 k1");
    check(&ledger, &all(secret, &["AWS app/settings.py 2"]), &[], "n0");
}

#[test]
fn a_mark_tells_two_secrets_apart_while_the_key_is_the_same() {
    let ledger = known(secret, &["AWS a.py 2 aa", "AWS a.py 5 bb"]);
    check(&ledger, &all(secret, &["AWS a.py 2 bb", "AWS a.py 9 aa"]), &[], "k1 k0");
    check(&ledger, &all(secret, &["AWS a.py 2 aa", "AWS a.py 5 cc"]), &[], "k0 n0");
    // No mark is known again: another key, or none. Nothing ends.
    check(&ledger, &all(secret, &["AWS a.py 2 xx", "AWS a.py 5 yy"]), &[], "k0 k1");
    check(&ledger, &all(secret, &["AWS a.py 2", "AWS a.py 5"]), &[], "k0 k1");
    check(
        &known(secret, &["AWS a.py 2", "AWS a.py 5"]),
        &all(secret, &["AWS a.py 2 aa", "AWS a.py 5 bb"]),
        &[],
        "k0 k1",
    );
}

#[test]
fn pairs_are_one_to_one() {
    let previous = known(flaw, &["a PYSEC-1 CVE-1-1"]);
    let current = known(flaw, &["a GHSA-q CVE-1-1", "a PYSEC-1 CVE-1-1"]);
    assert_eq!(pair(&previous, &current, &|_| false), [None, Some(0)]);
    let previous = known(code, &["B1 a.py 1 x", "B1 a.py 9 y"]);
    let mut current = known(code, &["B1 a.py 1 x", "B1 a.py 1 x"]);
    current[0] = resolved(current[0].clone());
    assert_eq!(pair(&previous, &current, &|_| false), [None, Some(0)]);
}

/// A secret of which the line is known: rule, path, line and what it says.
fn secret_on(text: &str) -> Subject {
    let parts: Vec<&str> = text.splitn(4, ' ').collect();
    let Subject::Secret(mut spot) = secret(&parts[..3].join(" ")) else { unreachable!() };
    spot.text = CodeText::of_secret(parts[3]);
    Subject::Secret(spot)
}

fn excepted(make: fn(&str) -> Subject, text: &str) -> Finding {
    let status = Status::Excepted { by: ExceptedBy::FalsePositive { until: None } };
    Finding { status, ..finding("F0", make(text)) }
}

#[test]
fn a_secret_is_known_by_what_its_line_says_beside_it() {
    let ledger = known(secret_on, &["Key cfg.py 1 PASSWORD = 'a'", "Key cfg.py 3 SECRET_KEY = 'b'"]);
    check(&ledger, &all(secret_on, &["Key cfg.py 1 SECRET_KEY = 'c'"]), &[], "k1");
    // Another value in the same line is the same secret, and so is another line where only one is left.
    check(&ledger[..1], &all(secret_on, &["Key cfg.py 4 PASSWORD = 'c'"]), &[], "k0");
    check(&ledger[..1], &all(secret_on, &["Key cfg.py 4 PASS = 'c'"]), &[], "k0");
    let ledger = known(secret_on, &["Key u.py 1 PASSWORD = 'a'", "Key v.py 1 TOKEN = 'b'"]);
    let renamed = all(secret_on, &["Key net/v2.py 1 TOKEN = 'b'", "Key u2.py 5 PASSWORD = 'a'"]);
    check(&ledger, &renamed, &["u.py", "v.py"], "k1 k0");
    check(&ledger[..1], &all(secret_on, &["Key other.py 1 TOKEN = 'b'"]), &["u.py"], "n0");
}

#[test]
fn what_a_person_excepted_is_nothing_that_says_something_else() {
    let sample = excepted(secret_on, "Key tests/sample.py 1 DOC_PASSWORD = 'a'");
    let once = std::slice::from_ref(&sample);
    check(once, &all(secret_on, &["Key src/prod.py 4 LDAP_SECRET = 'b'"]), &["tests/sample.py"], "n0");
    check(once, &all(secret_on, &["Key tests/sample.py 9 LDAP_SECRET = 'b'"]), &[], "n0");
    check(once, &all(secret_on, &["Key tests/other.py 9 DOC_PASSWORD = 'b'"]), &["tests/sample.py"], "k0");
    let call = excepted(code, "B307 m.py 5 return eval('1 + 1')");
    let once = std::slice::from_ref(&call);
    check(once, &all(code, &["B307 m.py 49 return eval(request.args['q'])"]), &[], "n0");
    check(once, &all(code, &["B307 m.py 49 return eval('1 + 1')"]), &[], "k0");
}

#[test]
fn code_that_ended_is_known_again_where_one_side_cannot_say_its_line_and_nothing_else_is_there() {
    let ended = |texts: &[&str]| known(code, texts).into_iter().map(resolved).collect::<Vec<_>>();
    let seen = |texts: &[&str]| all(code, texts);
    // In the same line, and as the only one of its rule in the file; both ways.
    check(&ended(&["md5 a.py 5 md5(x)"]), &seen(&["md5 a.py 5"]), &[], "k0");
    check(&ended(&["md5 a.py 5 md5(x)"]), &seen(&["md5 a.py 9"]), &[], "k0");
    check(&ended(&["md5 a.py 5"]), &seen(&["md5 a.py 9 md5(x)"]), &[], "k0");
    check(&ended(&["md5 a.py 5 md5(x)", "md5 a.py 9 md5(y)"]), &seen(&["md5 a.py 9"]), &[], "k1");
    check(&ended(&["md5 a.py 5 md5(x)"]), &seen(&["md5 a.py 5", "md5 a.py 9"]), &[], "k0 n0");
    // Another one could be meant, or both say that they are two.
    check(&ended(&["md5 a.py 5 md5(x)", "md5 a.py 9 md5(y)"]), &seen(&["md5 a.py 7"]), &[], "n0");
    check(&ended(&["md5 a.py 5 md5(x)"]), &seen(&["md5 a.py 7", "md5 a.py 9"]), &[], "n0 n1");
    check(&ended(&["md5 a.py 5 md5(x)"]), &seen(&["md5 a.py 5 md5(y)"]), &[], "n0");
    check(&ended(&["md5 a.py 5 md5(x)"]), &seen(&["md5 b.py 5"]), &[], "n0");
    // A finding that is there goes before one that ended.
    let both = [ended(&["md5 a.py 5 md5(x)"]), known(code, &["md5 a.py 9 md5(y)"])].concat();
    check(&both, &seen(&["md5 a.py 9"]), &[], "k1");
}
