use super::*;

fn scanner(name: &str) -> Dialect {
    Dialect::of(&ScannerName::parse(name).unwrap()).unwrap()
}

/// Whether a comment tells a scanner to leave a rule out, and what it reaches.
fn reach(name: &str, rule: &str, line: &str) -> Option<Reach> {
    let all = in_line(line);
    let found = all.iter().find(|found| found.dialect == scanner(name) && found.covers(rule))?;
    Some(found.reach)
}

#[track_caller]
fn check(name: &str, rule: &str, line: &str, expected: Option<Reach>) {
    assert_eq!(reach(name, rule, line), expected, "{name}: {line}");
}

#[test]
fn each_scanner_has_its_own_comments() {
    let line = Some(Reach::Line);
    for comment in [
        "# noqa",
        "# NOQA:S324",
        "# noqa : S324",
        "# noqa: E501 S324",
        "# noqa: E501,S324 why",
        "# noqa because",
        "# why  # noqa: S324",
        "# ruff: ignore[S324]",
    ] {
        check("ruff", "S324", &format!("md5(x)  {comment}"), line);
    }
    for comment in ["# noqa: S", "# why noqa: S324", "# noqa:E501", "# noqa: because", "# nosec", "# type: ignore", ""]
    {
        check("ruff", "S324", &format!("md5(x)  {comment}"), None);
    }
    check("flake8", "S324", "md5(x)  # noqa: S", line);
    for comment in
        ["# nosemgrep", "# nosem", "# nosemgrep:other, cfg.md5", "# NOSEMGREP", "# why nosemgrep", "// nosemgrep: md5"]
    {
        check("Semgrep OSS", "cfg.md5", &format!("md5(x)  {comment}"), line);
    }
    for comment in ["# nosemgrep: other", "# nosemgrep: fg.md5", "# nosemgrep: cfg", "# nosemgrep: other md5", "# noqa"]
    {
        check("Semgrep OSS", "cfg.md5", &format!("md5(x)  {comment}"), None);
    }
    for comment in [
        "# nosec",
        "#nosec:B602",
        "# nosec: B101,B602",
        "# nosec because",
        "# nosec subprocess_popen",
        "# x # nosec B602 # y",
    ] {
        check("bandit", "B602", &format!("run(c)  {comment}"), line);
    }
    for comment in ["# nosec B101", "# NOSEC", "# why nosec", "# noqa"] {
        check("bandit", "B602", &format!("run(c)  {comment}"), None);
    }
    check("detect-secrets", "AWS Access Key", "k = 'x'  # pragma: allowlist secret", line);
    check("detect-secrets", "AWS Access Key", "k = 'x'  // pragma: whitelist secret", line);
    check("detect-secrets", "AWS Access Key", "k = 'x'  # PRAGMA: WHITELIST SECRET", None);
    check("gitleaks", "aws", "k = 'x'  # gitleaks:allow", line);
    check("trufflehog", "AWS", "k = 'x'  # trufflehog:ignore", line);
    assert_eq!(Dialect::of(&ScannerName::parse("mypy").unwrap()), None);
}

#[test]
fn some_comments_reach_other_lines() {
    check("ruff", "S324", "# ruff: noqa: S324", Some(Reach::File));
    check("ruff", "S324", "# flake8: noqa", Some(Reach::File));
    check("ruff", "S324", "# ruff: file-ignore[S324]", Some(Reach::File));
    check("ruff", "S324", "x = 1  # ruff: noqa", None);
    check("ruff", "S324", "# ruff: disable[E501, S324]", Some(Reach::Region));
    check("ruff", "S324", "    # ruff: ignore[S324]", Some(Reach::Next));
    check("ruff", "S324", "# ruff: disable[E501]", None);
    check("semgrep", "md5", "    # nosemgrep: md5", Some(Reach::Next));
    check("detect-secrets", "AWS Access Key", "# pragma: allowlist nextline secret", Some(Reach::Next));
    assert!(takes_back("  # ruff: enable[S324]"));
    assert!(!takes_back("  # ruff: disable[S324]"));
}

#[test]
fn a_line_is_known_without_its_comment_and_without_a_rule_that_was_added_to_it() {
    let without = |line: &str| in_line(line).into_iter().next().unwrap().without;
    assert_eq!(without("md5(x)  # old  # noqa"), ["md5(x)  # old  ", "md5(x)  "]);
    assert_eq!(without("md5(x)  # noqa: E501, S324")[1..], ["md5(x)  # noqa: S324", "md5(x)  # noqa: E501"]);
    assert_eq!(uncommented("# a").count(), 0);
    assert_eq!(uncommented("x # a # b // c /* d -- e").count(), 4);
}
