use findings_model::{CodeText, CoverageState, Severity, Subject};
use insta::assert_snapshot;

use crate::support::{scan_of, scans_of, told};

fn log(driver: &str, rest: &str) -> String {
    format!(r#"{{"$schema": "x", "version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, {rest}}}]}}"#)
}

#[test]
fn rules_messages_and_places() {
    let driver = r#"{"name": "Tool", "semanticVersion": "1.2", "globalMessageStrings": {"g": {"text": "global {0}"}}, "rules": [
        {"id": "A", "deprecatedIds": ["OLD"], "defaultConfiguration": {"level": "error"}, "messageStrings": {"m": {"text": "{1} before {0}"}}, "helpUri": "https://example.com/a"},
        {"id": "B", "properties": {"security-severity": "9.1"}, "shortDescription": {"text": "about B"}},
        {"id": "C", "properties": {"security-severity": "CRITICAL"}}]}"#;
    let results = r#""originalUriBaseIds": {"ROOT": {"uri": "file:///srv/repo/"}},
      "artifacts": [{"location": {"uri": "by/index.py"}}], "results": [
        {"ruleId": "A", "ruleIndex": 0, "message": {"id": "m", "arguments": ["x", "y"]}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///srv/repo/src/my%20file.py"}, "region": {"startLine": 3, "snippet": {"text": "run(x)"}}}}]},
        {"ruleId": "A/sub", "level": "note", "message": {"id": "g", "arguments": ["z"]}, "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}, "region": {"startLine": "4"}}}]},
        {"ruleIndex": 1, "message": {}, "locations": [{"logicalLocations": [{"fullyQualifiedName": "mod.f"}]}]},
        {"rule": {"id": "C", "index": 2}, "message": {"text": "c"}},
        {"ruleId": "OTHER", "ruleIndex": 0, "message": {"text": "index and id differ"}},
        {"ruleId": "CVE-2021-33574-libc6", "properties": {"security-severity": 5.3}, "message": {"text": "v"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///C:/code/a.c"}}}]},
        {"ruleId": "A", "kind": "pass", "message": {"text": "fine"}},
        {"ruleId": "A", "baselineState": "absent", "message": {"text": "gone"}},
        {"ruleIndex": 99, "message": {"id": "nope"}, "locations": [{"physicalLocation": {"artifactLocation": {"index": 7}, "region": {"startLine": -1, "startColumn": 4294967296}}}]}]"#;
    assert_snapshot!(told(&scan_of("tool.sarif", &log(driver, results))), @r#"
    Tool partial version 1.2
    ! results[8] was taken in, but its rule is not one of the run's: which finding it is cannot be told
    ! results[8] was taken in, but its location leads nowhere: which finding it is cannot be told
    ? the place of results[8]
    ? the rule of results[8]
    - high A src/my file.py:3 with its text before ["OLD"]: y before x
    - low A/sub by/index.py:4 before ["OLD"]: global z
    - critical 9.1 B mod.f:- before []: about B
    - critical C .:- before []: c
    - medium OTHER .:- before []: index and id differ
    - medium 5.3 CVE-2021-33574-libc6 code/a.c:- before [] is CVE-2021-33574: v
    - medium unspecified .:- before []: unspecified
    "#);
}

#[test]
fn a_line_is_not_told_by_a_quotation_from_elsewhere() {
    let quotes = |around: &str| {
        let result = format!(
            r#""results": [{{"ruleId": "B602", "message": {{"text": "x"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}},
            "region": {{"startLine": 6, "snippet": {{"text": "def digest(data):"}}}}, "contextRegion": {around}}}}}]}}]"#
        );
        let scan = scan_of("bandit.sarif", &log(r#"{"name": "Bandit"}"#, &result));
        matches!(&scan.observations[0].subject, Subject::Code(spot) if spot.line == Some(6) && spot.text.is_some())
    };
    assert!(!quotes(r#"{"startLine": 7}"#));
    for around in [r#"{"startLine": 6}"#, r#"{"startLine": 5}"#, "{}", "null", "7", r#"{"startLine": "x"}"#] {
        assert!(quotes(around), "{around}");
    }
}

#[test]
fn only_accepted_suppressions_clear() {
    let results = |suppressions: &str| {
        log(
            r#"{"name": "T"}"#,
            &format!(r#""results": [{{"ruleId": "A", "message": {{"text": "x"}}, "suppressions": {suppressions}}}]"#),
        )
    };
    for (suppressions, cleared) in [
        ("[]", false),
        ("null", false),
        (r#"[{"kind": "inSource"}]"#, true),
        (r#"[{"kind": "external", "status": "accepted"}]"#, true),
        (r#"[{"kind": "external", "state": "accepted"}]"#, true),
        (r#"[{"kind": "external", "status": "underReview"}]"#, false),
        (r#"[{"kind": "external"}, {"kind": "external", "status": "rejected"}]"#, false),
    ] {
        let scan = scan_of("tool.sarif", &results(suppressions));
        assert_eq!(scan.observations[0].clearance.is_some(), cleared, "{suppressions}");
    }
}

#[test]
fn runs_that_prove_nothing() {
    for rest in [
        r#""results": null"#,
        r#""x": 1"#,
        r#""results": {}"#,
        r#""results": [], "invocations": [{"executionSuccessful": false}]"#,
    ] {
        assert_eq!(
            scan_of("tool.sarif", &log(r#"{"name": "T"}"#, rest)).coverage.state,
            CoverageState::Failed,
            "{rest}"
        );
    }
    for runs in ["null", "[]", "{}", "[7]"] {
        let scan = scan_of("tool.sarif", &format!(r#"{{"version": "2.1.0", "runs": {runs}}}"#));
        assert_eq!((scan.scanner.as_str(), scan.coverage.state), ("sarif", CoverageState::Failed), "{runs}");
    }
}

#[test]
fn a_failed_run_keeps_what_it_found() {
    let rest =
        r#""invocations": [{"executionSuccessful": false}], "results": [{"ruleId": "A", "message": {"text": "x"}}]"#;
    let scan = scan_of("tool.sarif", &log(r#"{"name": "T"}"#, rest));
    assert_eq!((scan.coverage.state, scan.observations.len()), (CoverageState::Failed, 1));
}

#[test]
fn errors_of_the_tool_are_gaps() {
    let rest = r#""invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-01-05T03:00:00Z", "toolExecutionNotifications": [
        {"level": "error", "message": {"text": "cannot parse"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}]},
        {"level": "warning", "message": {"text": "slow"}}], "toolConfigurationNotifications": [{"level": "error", "message": {"text": "no such rule"}}]}], "results": []"#;
    assert_snapshot!(told(&scan_of("tool.sarif", &log(r#"{"name": "T"}"#, rest))), @"
    T partial at 2026-01-05T03:00:00Z
    ! the tool reported an error: cannot parse
    ! the tool reported an error: no such rule
    ? a.py
    ? what the tool's own error concerns
    ");
}

#[test]
fn each_run_is_a_scan() {
    let report = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "One"}}, "results": []}, {"tool": {"driver": {"name": null}}}]}"#;
    let scans: Vec<_> =
        scans_of("x.sarif", report).iter().map(|s| (s.scanner.as_str().to_owned(), s.coverage.state)).collect();
    assert_eq!(scans, [("One".to_owned(), CoverageState::Complete), ("sarif".to_owned(), CoverageState::Failed)]);
}

#[test]
fn repeats_are_one_and_neighbours_are_two() {
    let result = |line: u32, column: u32| {
        format!(
            r#"{{"ruleId": "A", "message": {{"text": "x"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": {line}, "startColumn": {column}}}}}}}]}}"#
        )
    };
    let results = [result(3, 1), result(3, 1), result(3, 9), result(4, 1)].join(", ");
    assert_eq!(
        scan_of("t.sarif", &log(r#"{"name": "T"}"#, &format!(r#""results": [{results}]"#))).observations.len(),
        3
    );
}

#[test]
fn secrets_in_snippets_and_messages_stay_out() {
    let found = |driver: &str, rule: &str, secret: &str| {
        let rest = format!(
            r#""results": [{{"ruleId": "{rule}", "message": {{"text": "found '{secret}'"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": 1, "snippet": {{"text": "KEY={secret}"}}}}}}}}]}}]"#
        );
        scan_of("t.sarif", &log(&format!(r#"{{"name": "{driver}"}}"#), &rest))
    };
    let gitleaks = found("gitleaks", "generic", "hunter2");
    assert!(!format!("{gitleaks:?}").contains("hunter2"));
    assert!(matches!(&gitleaks.observations[0].subject, Subject::Code(spot) if spot.text.is_none()));
    assert!(!format!("{:?}", found("Bandit", "B105", "hunter2")).contains("hunter2"));
    assert!(format!("{:?}", found("Other", "E501", "hunter2")).contains("hunter2"));
}

#[test]
fn the_message_of_a_result_about_a_secret_is_not_told() {
    let results = r#""results": [{"ruleId": "r", "ruleIndex": 0, "message": {"text": "found hunter2 here"}}, {"ruleId": "hardcoded-secret", "message": {"text": "found hunter2 here"}}]"#;
    let described = |driver: &str| {
        let scan = scan_of("tool.sarif", &log(driver, results));
        assert!(!format!("{scan:?}").contains("hunter2"), "{driver}");
        scan.observations.into_iter().map(|o| o.description).collect::<Vec<_>>()
    };
    let by_tag = r#"{"name": "Semgrep OSS", "rules": [{"id": "r", "fullDescription": {"text": "A secret in the code."}, "properties": {"tags": ["CWE-798: Use of Hard-coded Credentials"]}}]}"#;
    assert_eq!(described(by_tag), ["A secret in the code.", "hardcoded-secret"]);
    let by_tool = r#"{"name": "gitleaks", "rules": [{"id": "r", "shortDescription": {"text": "Generic API Key"}}]}"#;
    assert_eq!(described(by_tool), ["Generic API Key", "hardcoded-secret"]);
}

#[test]
fn relative_bases_are_followed() {
    let bases = r#""originalUriBaseIds": {"REPO": {"description": {"text": "x"}}, "ABS": {"uri": "file:///srv/repo/"}, "SRC": {"uri": "src/", "uriBaseId": "REPO"},
        "LIB": {"uri": "my%20lib", "uriBaseId": "SRC"}, "BELOW": {"uri": "below/", "uriBaseId": "ABS"}, "LOOP": {"uri": "loop/", "uriBaseId": "LOOP"}},
        "artifacts": [{"location": {"uri": "index.py", "uriBaseId": "SRC"}}]"#;
    let path = |artifact: &str| {
        let results = format!(
            r#""results": [{{"ruleId": "A", "locations": [{{"physicalLocation": {{"artifactLocation": {{{artifact}}}}}}}]}}]"#
        );
        let scan = scan_of("tool.sarif", &log(r#"{"name": "T"}"#, &format!("{bases}, {results}")));
        scan.observations[0].subject.path().unwrap().to_owned()
    };
    assert_eq!(path(r#""uri": "io/kb.c", "uriBaseId": "SRC""#), "src/io/kb.c");
    assert_eq!(path(r#""uri": "a.c", "uriBaseId": "LIB""#), "src/my lib/a.c");
    assert_eq!(path(r#""uri": "a.c", "uriBaseId": "BELOW""#), "below/a.c");
    assert_eq!(path(r#""index": 0"#), "src/index.py");
    for plain in ["REPO", "ABS", "NONE"] {
        assert_eq!(path(&format!(r#""uri": "a.c", "uriBaseId": "{plain}""#)), "a.c", "{plain}");
    }
    assert_eq!(path(r#""uri": "file:///srv/repo/src/a.c", "uriBaseId": "SRC""#), "src/a.c");
    assert!(path(r#""uri": "a.c", "uriBaseId": "LOOP""#).ends_with("loop/a.c"));
}

#[test]
fn a_result_under_a_former_id_has_its_rule() {
    let driver = r#"{"name": "T", "rules": [{"id": "NEW", "deprecatedIds": ["OLD"], "defaultConfiguration": {"level": "error"}}, {"id": "OTHER"}]}"#;
    for result in [r#"{"ruleId": "OLD"}"#, r#"{"ruleId": "OLD", "ruleIndex": 0}"#] {
        let scan = scan_of("tool.sarif", &log(driver, &format!(r#""results": [{result}]"#)));
        assert_eq!(scan.observations[0].rating.severity, Severity::High, "{result}");
    }
}

#[test]
fn a_message_is_filled_no_further_than_it_is_shown() {
    let (placeholders, argument) = ("{0}".repeat(200_000), "x".repeat(20_000));
    let results = format!(
        r#""results": [{{"ruleId": "A", "message": {{"text": "{placeholders}", "arguments": ["{argument}"]}}}}]"#
    );
    let scan = scan_of("tool.sarif", &log(r#"{"name": "T"}"#, &results));
    assert!(scan.observations[0].description.len() <= 4096 && scan.observations[0].description.ends_with("..."));
}

#[test]
fn a_fingerprint_of_code_stands_for_a_line_that_is_not_quoted() {
    let texts = |driver: &str, fingerprints: [&str; 2], snippet: &str| {
        let result = |line: u32, fingerprint: &str| {
            format!(
                r#"{{"ruleId": "q", "message": {{"text": "m"}}, "partialFingerprints": {{{fingerprint}}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": {line}{snippet}}}}}}}]}}"#
            )
        };
        let results = format!(r#""results": [{}, {}]"#, result(3, fingerprints[0]), result(20, fingerprints[1]));
        let scan = scan_of("t.sarif", &log(&format!(r#"{{"name": "{driver}"}}"#), &results));
        let text = |subject: &Subject| match subject {
            Subject::Code(spot) => spot.text.clone(),
            _ => unreachable!(),
        };
        scan.observations.iter().map(|o| text(&o.subject)).collect::<Vec<_>>()
    };
    let hash = |value: &str| CodeText::of_fingerprint("primaryLocationLineHash", value);
    let two = [r#""primaryLocationLineHash": "aa:1""#, r#""primaryLocationLineHash": "bb:1", "commitSha": "cc""#];
    assert_eq!(texts("CodeQL", two, ""), [hash("aa:1"), hash("bb:1")]);
    assert_eq!(texts("CodeQL", two, r#", "snippet": {"text": "x"}"#), [CodeText::of_part("x"), CodeText::of_part("x")]);
    // The same value everywhere tells nothing, and neither does what is not of the code.
    let same = r#""primaryLocationLineHash": "aa:1""#;
    assert_eq!(texts("CodeQL", [same, same], ""), [None, None]);
    assert_eq!(texts("CodeQL", [r#""commitSha": "a""#, r#""author": "b""#], ""), [None, None]);
    // It may be of a secret.
    assert_eq!(texts("gitleaks", two, ""), [None, None]);
}

#[test]
fn results_without_a_rule_are_told_apart_by_what_they_say() {
    let result = |said: &str| {
        let place = r#"{"physicalLocation": {"artifactLocation": {"uri": "a.env"}, "region": {"startLine": 3}}}"#;
        format!(r#"{{"message": {{"text": "{said}"}}, "locations": [{place}]}}"#)
    };
    let results = [result("AWS key hunter2"), result("Private key"), result("Private key")].join(", ");
    let report = format!(
        r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "Gitleaks"}}}}, "results": [{results}]}}]}}"#
    );
    let scan = scan_of("gitleaks.sarif", &report);
    assert_snapshot!(told(&scan), @"
    Gitleaks complete
    - medium unspecified a.env:3 before []: unspecified
    - medium unspecified a.env:3 before []: unspecified
    ");
    assert!(!format!("{scan:?}").contains("hunter2"));
}

#[test]
fn scanners_and_rules_of_secrets_give_none_away() {
    let told = |tool: &str, rule: &str| {
        let place = r#"{"physicalLocation": {"artifactLocation": {"uri": "a.env"}, "region": {"startLine": 3, "snippet": {"text": "hunter2"}}}}"#;
        let result = format!(r#"{{"ruleId": "r.1", "message": {{"text": "found hunter2"}}, "locations": [{place}]}}"#);
        let driver = format!(r#"{{"name": "{tool}", "rules": [{{"id": "r.1", {rule}}}]}}"#);
        let report =
            format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {driver}}}, "results": [{result}]}}]}}"#);
        format!("{:?}", scan_of("tool.sarif", &report))
    };
    for tool in ["Nosey Parker", "noseyparker", "Titus", "kingfisher", "betterleaks", "GGShield", "detect-secrets"] {
        assert!(!told(tool, r#""name": "x""#).contains("hunter2"), "{tool}");
    }
    for rule in
        ["Generic Password", "API Key", "PrivateKey", "AWS Access Key", "HTTP Basic Authentication", "Slack webhook"]
    {
        assert!(!told("T", &format!(r#""name": "{rule}""#)).contains("found hunter2"), "{rule}");
    }
    assert!(!told("T", r#""properties": {"tags": ["security", "secret"]}"#).contains("found hunter2"));
    assert!(told("T", r#""name": "x""#).contains("found hunter2"));
}

/// The gaps of a run of a driver that says this of itself.
fn gaps(driver: &str, notification: &str) -> Vec<String> {
    let report = format!(
        r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{driver}"}}}}, "results": [],
          "invocations": [{{"executionSuccessful": true, "toolExecutionNotifications": [{notification}]}}]}}]}}"#
    );
    scan_of("t.sarif", &report).coverage.gaps.iter().map(findings_model::Gap::label).collect()
}

#[test]
fn what_semgrep_could_not_look_at_is_a_gap() {
    let warning = |id: &str, text: &str| {
        format!(r#"{{"descriptor": {{"id": "{id}"}}, "level": "warning", "message": {{"text": "{text}"}}}}"#)
    };
    for (id, text) in [
        ("Timeout", r"Timeout when running r.eval on src/b.py:\n "),
        ("Syntax error", r"Syntax error at line src/b.py:1:\n `def (` was unexpected"),
        ("Out of memory", "Out of memory when running r.eval on src/b.py"),
        ("PartialParsing", r"Syntax error at line ./src/b.py:12:\n x"),
    ] {
        for driver in ["Semgrep OSS", "semgrep"] {
            assert_eq!(gaps(driver, &warning(id, text)), ["src/b.py"], "{id}");
        }
    }
    let unknown = ["what the tool's own error concerns"];
    assert_eq!(gaps("Semgrep OSS", &warning("Internal matching error", "something else")), unknown);
    let note = warning("Timeout", "x").replace("warning", "note");
    assert_eq!(gaps("Semgrep OSS", &note), [""; 0]);
}

#[test]
fn a_warning_of_a_failure_to_look_is_a_gap_of_its_file() {
    let at = r#""locations": [{"physicalLocation": {"artifactLocation": {"uri": "b.py"}}}]"#;
    let said = |id: &str, text: &str, rest: &str| {
        gaps("ToolX", &format!(r#"{{"descriptor": {{"id": "{id}"}}, "message": {{"text": "{text}"}}, {rest}}}"#))
    };
    let warns = format!(r#""level": "warning", {at}"#);
    assert_eq!(said("extraction-warnings", "Could not parse the file", &warns), ["b.py"]);
    assert_eq!(said("AnalysisTimeout", "x", &warns), ["b.py"]);
    assert_eq!(said("TOOL_TIMEOUT", "x", r#""level": "warning""#), ["what the tool's own error concerns"]);
    // Without a level it is a warning.
    assert_eq!(said("x", "file skipped: too large", at), ["b.py"]);
    // What is no failure, or does not say where.
    assert_eq!(said("py/diagnostics/successfully-extracted-files", "", &warns), [""; 0]);
    assert_eq!(said("x", "An old option is used", &warns), [""; 0]);
    assert_eq!(said("summary", "0 files skipped", r#""level": "warning""#), [""; 0]);
    assert_eq!(said("x", "file skipped", &format!(r#""level": "note", {at}"#)), [""; 0]);
}

#[test]
fn a_value_masked_in_the_line_is_masked_in_the_message() {
    let results = r#""results": [{"ruleId": "pw", "message": {"text": "found canaryTwo"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 3, "snippet": {"text": "x = 1\npassword = \"canaryTwo\""}}}}]}]"#;
    let scan = scan_of("tool.sarif", &log(r#"{"name": "T"}"#, results));
    assert_eq!(scan.observations[0].description, "found [hidden]");
}

#[test]
fn a_file_that_a_linter_cannot_parse_is_a_gap() {
    let result = |rule: &str, text: &str| {
        format!(
            r#""results": [{{"ruleId": {rule}, "level": "error", "message": {{"text": "{text}"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": 2}}}}}}]}}]"#
        )
    };
    for (tool, rule, text) in [
        ("ruff", r#""invalid-syntax""#, "Expected `)`"),
        ("ruff", r#""E902""#, "stream did not contain valid UTF-8"),
        ("ruff", "null", "SyntaxError: Expected `)`"),
        ("flake8", r#""E999""#, "SyntaxError: invalid syntax"),
        ("Flake8", r#""flake8/E999""#, "SyntaxError: invalid syntax"),
        ("pylint", r#""E0001""#, "Parsing failed: 'invalid syntax'"),
        ("pylint", r#""syntax-error""#, "Parsing failed: 'invalid syntax'"),
        ("Hadolint", r#""DL1000""#, "unexpected 'F'"),
        ("ShellCheck", r#""SC1073""#, "Couldn't parse this if expression."),
    ] {
        let scan = scan_of("lint.sarif", &log(&format!(r#"{{"name": "{tool}"}}"#), &result(rule, text)));
        assert_eq!(scan.coverage.state, CoverageState::Partial, "{tool} {rule}");
        assert_eq!(scan.coverage.gaps, [findings_model::Gap::File("a.py".to_owned())], "{tool} {rule}");
        assert!(scan.observations.is_empty(), "{tool} {rule}");
    }
    let other = scan_of("lint.sarif", &log(r#"{"name": "other"}"#, &result(r#""E999""#, "x")));
    assert_eq!((other.coverage.state, other.observations.len()), (CoverageState::Complete, 1));
}

#[test]
fn a_place_may_be_a_name_in_the_code_or_the_file_that_was_scanned() {
    let results = r#""logicalLocations": [{"name": "h", "fullyQualifiedName": "pkg.mod.h"}, {"name": "k"}], "results": [
        {"ruleId": "A", "message": {"text": "m"}, "locations": [{"logicalLocations": [{"fullyQualifiedName": "pkg.mod.f"}]}]},
        {"ruleId": "A", "message": {"text": "m"}, "locations": [{"logicalLocations": [{"index": 0}]}]},
        {"ruleId": "A", "message": {"text": "m"}, "locations": [{"logicalLocations": [{"name": "g", "kind": "function"}]}]},
        {"ruleId": "A", "message": {"text": "m"}, "locations": [{"logicalLocations": [{"index": 1}]}], "analysisTarget": {"uri": "src/k.py"}},
        {"ruleId": "A", "message": {"text": "m"}, "analysisTarget": {"uri": "src/one.py"}},
        {"ruleId": "A", "message": {"text": "m"}, "locations": [{"logicalLocations": [{"index": 9}]}]}]"#;
    assert_snapshot!(told(&scan_of("tool.sarif", &log(r#"{"name": "Tool"}"#, results))), @"
    Tool complete
    - medium A pkg.mod.f:- before []: m
    - medium A pkg.mod.h:- before []: m
    - medium A g:- before []: m
    - medium A k:- before []: m
    - medium A src/one.py:- before []: m
    - medium A .:- before []: m
    ");
}

#[test]
fn a_conversion_that_failed_may_have_lost_results() {
    let converted = |invocation: &str| {
        let rest = format!(
            r#""results": [{{"ruleId": "A", "message": {{"text": "m"}}}}], "conversion": {{"tool": {{"driver": {{"name": "Converter"}}}}, "invocation": {invocation}}}"#
        );
        scan_of("tool.sarif", &log(r#"{"name": "Tool"}"#, &rest))
    };
    let state = |invocation: &str| converted(invocation).coverage.state;
    assert_eq!(state(r#"{"executionSuccessful": false}"#), CoverageState::Failed);
    let lossy = r#"{"executionSuccessful": true, "toolExecutionNotifications": [{"level": "error", "message": {"text": "3 records dropped"}}]}"#;
    assert_eq!(state(lossy), CoverageState::Partial);
    assert_eq!(state("7"), CoverageState::Failed, "whether it succeeded cannot be read");
    let good = converted(r#"{"executionSuccessful": true, "endTimeUtc": "2026-01-11T00:00:00Z"}"#);
    assert_eq!(
        (good.coverage.state, good.observed_at),
        (CoverageState::Complete, None),
        "when it was converted is not when it was scanned"
    );
}

#[test]
fn results_beside_their_run_are_not_all_there() {
    for (beside, state) in [
        (r#"{"runGuid": "g", "results": [{"message": {"text": "m"}}]}"#, CoverageState::Failed),
        (r#"{"runGuid": "g", "taxonomies": []}"#, CoverageState::Complete),
        ("7", CoverageState::Failed),
    ] {
        let report = format!(
            r#"{{"version": "2.1.0", "inlineExternalProperties": [{beside}], "runs": [{{"tool": {{"driver": {{"name": "Tool"}}}}, "results": []}}]}}"#
        );
        assert_eq!(scan_of("tool.sarif", &report).coverage.state, state, "{beside}");
    }
}

#[test]
fn what_codeql_and_opengrep_could_not_read_is_a_gap() {
    let extraction = r#"{"descriptor": {"id": "py/diagnostics/extraction-warnings"}, "level": "warning", "message": {"text": "Extraction failed in a.py with error Encoding Error"},
      "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}]}"#;
    assert_eq!(gaps("CodeQL", extraction), ["a.py"]);
    let timeout = r#"{"level": "warning", "message": {"text": "Timeout when running r.eval on src/b.py:\n "}}"#;
    assert_eq!(gaps("Opengrep OSS", timeout), ["src/b.py"]);
}
