use findings_model::{Clearance, CoverageState, Severity, SeveritySource, Subject};
use insta::assert_snapshot;
use scanner_reports::FingerprintKey;

use crate::support::{keyed, scan_of, told};

const SHA1: &str = "25910f981e85ca04baf359199dd0bd4a3ae738b6";

#[test]
fn an_audited_baseline() {
    let report = format!(
        r#"{{"version": "1.5.0", "plugins_used": [{{"name": "AWSKeyDetector"}}], "generated_at": "2026-01-05T03:00:00Z", "results": {{
        ".\\src\\a.py": [
          {{"type": "AWS Access Key", "filename": "src/a.py", "hashed_secret": "{SHA1}", "is_verified": false, "line_number": 7, "secret": "AKIAIOSFODNN7EXAMPLE"}},
          {{"type": "AWS Access Key", "filename": "src/a.py", "hashed_secret": "{SHA1}", "is_verified": true, "line_number": 9}},
          {{"type": "Secret Keyword", "hashed_secret": "{SHA1}", "is_secret": false, "line_number": 9}}],
        "b.env": [{{"type": "Secret Keyword", "hashed_secret": "x", "is_secret": true}}]}}}}"#
    );
    let scan = scan_of(".secrets.baseline", &report);
    assert_snapshot!(told(&scan), @"
    detect-secrets complete version 1.5.0 at 2026-01-05T03:00:00Z
    - critical AWS Access Key src/a.py:7 unmarked: AWS Access Key in src/a.py
    - high (false positive) Secret Keyword src/a.py:9 unmarked: Secret Keyword in src/a.py
    - high Secret Keyword b.env:- unmarked: Secret Keyword in b.env
    ");
    let whole = format!("{scan:?}");
    assert!(!whole.contains("AKIA") && !whole.contains(SHA1));
}

#[test]
fn a_baseline_of_version_0_14() {
    let report = r#"{"exclude": {"files": null}, "word_list": {}, "plugins_used": [{"name": "X"}], "results": {"config.ini": [{"hashed_secret": "a", "line_number": 2, "type": "Hex High Entropy String"}]}, "version": "0.14.2"}"#;
    assert_snapshot!(told(&scan_of("secrets-scan.json", report)), @"
    detect-secrets complete version 0.14.2
    - high Hex High Entropy String config.ini:2 unmarked: Hex High Entropy String in config.ini
    ");
}

#[test]
fn a_baseline_proves_a_scan_only_with_detectors() {
    let state = |report: &str| {
        let scan = scan_of("secrets-scan.json", report);
        (scan.coverage.state, scan.coverage.blank)
    };
    assert_eq!(
        state(r#"{"version": "1.5.0", "plugins_used": [{"name": "X"}], "results": {}}"#),
        (CoverageState::Complete, false)
    );
    assert_eq!(state(r#"{"version": "1.5.0", "plugins_used": [], "results": {}}"#), (CoverageState::Failed, false));
    assert_eq!(state(r#"{"version": "1.5.0", "results": {}}"#), (CoverageState::Complete, true));
    assert_eq!(
        state(r#"{"version": "1.5.0", "plugins_used": [{"name": "X"}], "results": []}"#),
        (CoverageState::Failed, false)
    );
    assert_eq!(
        state(r#"{"version": "1.5.0", "plugins_used": [{"name": "X"}], "results": {"a.py": 7, "b.py": [7]}}"#),
        (CoverageState::Partial, false)
    );
}

#[test]
fn the_plain_list() {
    let list = r#"[{"type": "AWS Access Key", "filename": "conf/a.cfg", "line": 5, "description": "AKIAIOSFODNN7EXAMPLE is here"},
        {"rule": "token", "file": "./b.cfg", "line_number": "6", "message": "x", "secret": "s3cret"},
        {"rule": "token", "file": "b.cfg", "line_number": 60, "secret": "s3cret"}, {"type": "no file"}]"#;
    let scan = scan_of("secrets-scan.json", list);
    assert_snapshot!(told(&scan), @"
    detect-secrets partial
    ! list[3] cannot be used: it names no file or no type of secret
    ? the record list[3]
    - high AWS Access Key conf/a.cfg:5 unmarked: AWS Access Key in conf/a.cfg
    - high token b.cfg:6 unmarked: token in b.cfg
    ");
    assert!(!format!("{scan:?}").contains("AKIA") && !format!("{scan:?}").contains("s3cret"));
    assert_eq!(scan.observations[0].rating.source, SeveritySource::Policy);

    let wrapped = scan_of("secrets-scan.json", &format!(r#"{{"secrets": {list}}}"#));
    assert_eq!(wrapped.observations, scan.observations);
    for blank in [r#"{"secrets": []}"#, "[]"] {
        assert_eq!(told(&scan_of("secrets-scan.json", blank)), "detect-secrets complete blank");
    }
    assert_eq!(scan_of("secrets-scan.json", r#"{"secrets": null}"#).coverage.state, CoverageState::Failed);
    assert_eq!(scan_of("secrets-scan.json", r#"[{"type": "x"}, 7]"#).coverage.state, CoverageState::Failed);
}

#[test]
fn gitleaks_of_every_version() {
    let report = r#"[
      {"RuleID": "aws", "StartLine": 3, "StartColumn": 2, "Match": "key = s3cret", "Secret": "s3cret", "File": "a.py", "Commit": "c1", "Author": "Jo", "Email": "jo@example.com", "Message": "oops"},
      {"RuleID": "aws", "StartLine": 9, "StartColumn": 2, "Secret": "s3cret", "File": "a.py", "Commit": "c2"},
      {"RuleID": "aws", "StartLine": 3, "StartColumn": 2, "Secret": "REDACTED", "File": "b.py", "Commit": "c1"},
      {"RuleID": "aws", "StartLine": 3, "StartColumn": 2, "Secret": "REDACTED", "File": "b.py", "Commit": "c2"},
      {"RuleID": "aws", "StartLine": 4, "StartColumn": 2, "Secret": "REDACTED", "File": "b.py"},
      {"rule": "key", "offender": "s3cret", "line": "x = s3cret", "lineNumber": 13, "file": "c.py", "email": "jo@example.com"}, {"RuleID": "aws"}]"#;
    let scan = scan_of("gitleaks.json", report);
    assert_snapshot!(told(&scan), @"
    gitleaks partial
    ! list[6] cannot be used: it names no rule or no file
    ? the record list[6]
    - high aws a.py:3 unmarked: aws in a.py
    - high aws b.py:3 unmarked: aws in b.py
    - high aws b.py:4 unmarked: aws in b.py
    - high key c.py:13 unmarked: key in c.py
    ");
    let whole = format!("{scan:?}");
    for private in ["s3cret", "Jo", "example.com", "oops"] {
        assert!(!whole.contains(private), "{private}");
    }
}

#[test]
fn trufflehog_of_every_version() {
    let report = r#"{"level":"info-0","ts":"x","logger":"trufflehog","msg":"running source"}
{"SourceMetadata":{"Data":{"Git":{"commit":"c1","file":"keys","email":"jo <jo@example.com>","line":4}}},"DetectorName":"AWS","Verified":true,"Raw":"AKIA","Redacted":"AK"}
{"SourceMetadata":{"Data":{"Git":{"commit":"c2","file":"keys","line":4}}},"DetectorName":"AWS","Verified":false,"Raw":"AKIA"}
{"SourceMetadata":{"Data":{"Filesystem":{"file":"b","line":1}}},"DetectorName":"URI","Verified":false,"VerificationError":"timeout","Raw":"x","RawV2":"y"}

{"branch":"main","path":"old.py","reason":"High Entropy","stringsFound":["s3cret","other"],"commit":"c"}
{"SourceMetadata":{"Data":{"Git":{"#;
    let scan = scan_of("trufflehog.json", report);
    assert_snapshot!(told(&scan), @"
    trufflehog partial
    ! line 7 cannot be used: it is truncated: unexpected end (EOF while parsing an object)
    ! the log shows the start of a scan and no end
    ? the record line 7
    ? what was not reached before the scan stopped
    - critical AWS keys:4 unmarked: AWS in keys
    - high URI b:1 unmarked: URI in b
    - high High Entropy old.py:- unmarked: High Entropy in old.py
    ");
    assert!(!format!("{scan:?}").contains("s3cret") && !format!("{scan:?}").contains("example.com"));
    assert_eq!(scan.observations[0].rating.severity, Severity::Critical);
}

#[test]
fn a_key_gives_the_same_mark_for_every_scanner() {
    let key = FingerprintKey::new("a key of enough bytes").unwrap();
    let mark = |file: &str, report: &str| match keyed(file, report, &key)[0].observations[0].subject.clone() {
        Subject::Secret(spot) => spot.mark.unwrap(),
        other => panic!("{other:?}"),
    };
    let baseline = r#"{"version": "1.5.0", "plugins_used": [{}], "results": {"a.py": [{"type": "AWS", "hashed_secret": "25910f981e85ca04baf359199dd0bd4a3ae738b6"}]}}"#;
    let gitleaks = r#"[{"RuleID": "aws", "File": "a.py", "Secret": "AKIAIOSFODNN7EXAMPLE"}]"#;
    assert_eq!(mark(".secrets.baseline", baseline), mark("gitleaks.json", gitleaks));
}

#[test]
fn a_repeat_that_is_not_cleared_clears_nothing() {
    let report = r#"{"version": "1", "plugins_used": [{}], "results": {"a.py": [{"type": "T", "hashed_secret": "h", "is_secret": false}, {"type": "T", "hashed_secret": "h"}], "b.py": [{"type": "T", "hashed_secret": "h", "is_secret": false}]}}"#;
    let scan = scan_of("secrets-scan.json", report);
    let clearances: Vec<_> = scan.observations.iter().map(|o| o.clearance).collect();
    assert_eq!(clearances, [None, Some(Clearance::FalsePositive)]);
}

#[test]
fn a_baseline_says_with_which_detectors_and_filters_it_was_made() {
    let report = r#"{"version": "1.5.0", "generated_at": "2026-01-05T03:00:00Z", "results": {},
      "plugins_used": [{"name": "Base64HighEntropyString", "limit": 4.5}, {"name": "SlackDetector"}, {"name": "Ours", "path": "file://x.py"},
        {"name": "KeywordDetector", "keyword_exclude": "test"}, 7],
      "filters_used": [{"path": "detect_secrets.filters.heuristic.is_lock_file"}, {"path": "detect_secrets.filters.common.is_baseline_file", "filename": ".secrets.baseline"},
        {"path": "detect_secrets.filters.common.is_ignored_due_to_verification_policies", "min_level": 2},
        {"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["^docs/"]}]}"#;
    let rules = scan_of("secrets-scan.json", report).rules.unwrap();
    let detectors: Vec<_> = rules
        .detectors
        .iter()
        .map(|(name, d)| format!("{name} {:?} {:?} {:?}", d.rules, d.threshold, d.excludes))
        .collect();
    assert_snapshot!(detectors.join("\n"), @r#"
    Base64HighEntropyString {"Base64 High Entropy String"} Some(4500) None
    KeywordDetector {"Secret Keyword"} None Some("test")
    Ours {} None None
    SlackDetector {"Slack Token"} None None
    "#);
    assert_eq!(rules.filters.iter().collect::<Vec<_>>(), ["detect_secrets.filters.regex.should_exclude_file ^docs/"]);
    let verified_only = report.replace("\"min_level\": 2", "\"min_level\": 3");
    assert_eq!(scan_of("secrets-scan.json", &verified_only).rules.unwrap().filters.len(), 2);
    let old = r#"{"exclude": {"files": "^docs/", "lines": null}, "word_list": {"file": "words.txt", "hash": "ab"}, "version": "0.14.2", "results": {},
      "plugins_used": [{"name": "HexHighEntropyString", "hex_limit": 3}]}"#;
    let rules = scan_of("secrets-scan.json", old).rules.unwrap();
    assert_eq!(rules.filters.iter().collect::<Vec<_>>(), ["exclude files ^docs/", "word list words.txt ab"]);
    assert_eq!(rules.detectors["HexHighEntropyString"].threshold, Some(3000));
}

#[test]
fn a_leak_in_what_gitleaks_read_from_standard_input_is_in_no_file() {
    let scan = scan_of("gitleaks.json", r#"[{"RuleID": "aws", "StartLine": 2, "Secret": "s3cret", "File": ""}]"#);
    assert_eq!(told(&scan), "gitleaks complete\n- high aws .:2 unmarked: aws in .");
}

#[test]
fn the_log_of_trufflehog_says_whether_it_came_to_its_end() {
    const BEGAN: &str = r#"{"level":"info-0","ts":"x","logger":"trufflehog","msg":"running source"}"#;
    const FOUND: &str = r#"{"SourceMetadata":{"Data":{"Filesystem":{"file":"b"}}},"DetectorName":"URI","Raw":"x"}"#;
    let logged = |level: &str, rest: &str| format!(r#"{{"level":"{level}","ts":"x","logger":"trufflehog",{rest}}}"#);
    let ended = |chunks: &str| logged("info-0", &format!(r#""msg":"finished scanning","chunks":{chunks}"#));
    let scan = |lines: &[&str]| {
        let scan = scan_of("trufflehog.json", &lines.join("\n"));
        (scan.coverage.state, scan.coverage.blank)
    };
    assert_eq!(scan(&[BEGAN, &ended("3")]), (CoverageState::Complete, false));
    assert_eq!(scan(&[BEGAN, FOUND, &ended("3")]), (CoverageState::Complete, false));
    assert_eq!(scan(&[BEGAN, &ended("0")]), (CoverageState::Failed, false));
    assert_eq!(scan(&[BEGAN, &ended("\"x\"")]), (CoverageState::Partial, false));
    assert_eq!(scan(&[BEGAN]), (CoverageState::Partial, true));
    assert_eq!(scan(&[BEGAN, FOUND]), (CoverageState::Partial, false));
    assert_eq!(scan(&[&logged("info-0", r#""msg":"loaded detectors""#)]), (CoverageState::Complete, true));
    for level in ["fatal", "panic", "dpanic"] {
        assert_eq!(scan(&[BEGAN, &logged(level, r#""msg":"x""#), &ended("3")]).0, CoverageState::Failed, "{level}");
    }
    assert_eq!(scan(&[FOUND]), (CoverageState::Complete, false), "standard output alone has no log");
}

#[test]
fn the_greeting_of_trufflehog_may_come_first() {
    let report = "TruffleHog. Unearth your secrets.\n\n{\"SourceMetadata\":{\"Data\":{\"Filesystem\":{\"file\":\"b\"}}},\"DetectorName\":\"URI\",\"Raw\":\"x\"}\n";
    for report in [report.to_owned(), format!("\n{report}"), report.replace('\n', "\r\n")] {
        assert_eq!(
            told(&scan_of("trufflehog.json", &report)),
            "trufflehog complete\n- high URI b:- unmarked: URI in b"
        );
        assert_eq!(told(&scan_of("report.json", &report)).lines().next(), Some("trufflehog complete"));
    }
}

#[test]
fn a_secret_whose_validity_could_not_be_checked_has_an_assumed_rating() {
    let line = |rest: &str| {
        format!(
            r#"{{"SourceMetadata": {{"Data": {{"Git": {{"file": "a", "line": 3}}}}}}, "DetectorName": "AWS", "Raw": "s3cr3t", {rest}}}"#
        )
    };
    let rated = |lines: &[&str]| {
        let scan = scan_of("trufflehog.json", &lines.iter().map(|rest| line(rest)).collect::<Vec<_>>().join("\n"));
        assert_eq!(scan.observations.len(), 1);
        (scan.observations[0].rating.severity, scan.observations[0].rating_assumed)
    };
    let (verified, not, unknown) =
        (r#""Verified": true"#, r#""Verified": false"#, r#""Verified": false, "VerificationError": "timeout""#);
    assert_eq!(rated(&[unknown]), (Severity::High, true));
    assert_eq!(rated(&[not]), (Severity::High, false));
    assert_eq!(rated(&[unknown, verified]), (Severity::Critical, false));
    assert_eq!(rated(&[verified, unknown]), (Severity::Critical, false));
    assert_eq!(rated(&[unknown, not]), (Severity::High, false));
}

#[test]
fn credentials_in_messages_and_places_are_hidden() {
    let report = r#"{"$schema": "x", "version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Tool"}}, "results": [{"ruleId": "A",
        "message": {"text": "RUN git clone https://oauth2:hunter2@example.org/a && DB_PASSWORD=hunter2 make"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "git::https://oauth2:hunter2@example.org/x.git//main.tf"}, "region": {"startLine": 3}}}]}]}]}"#;
    assert_snapshot!(told(&scan_of("tool.sarif", report)), @"
    Tool complete
    - medium A [hidden]@example.org/x.git/main.tf:3 before []: RUN git clone https://[hidden]@example.org/a && DB_PASSWORD=[hidden] make
    ");
    let report = r#"{"dependencies": [{"name": "https://u:hunter2@example.org/pkg", "version": "1", "vulns": []}]}"#;
    assert_snapshot!(told(&scan_of("pip-audit.json", report)), @r#"
    pip-audit failed
    ! none of its 1 dependencies can be read
    ! dependencies[0] cannot be used: "https://[hidden]@example.org/pkg" is not a valid package name
    ? the record dependencies[0]
    "#);
}

#[test]
fn masked_secrets_are_told_apart_by_their_places() {
    for masked in ["************************", "pypi-****", "xxxxxxxx", "REDACTED", "••••"] {
        let leak = |line: u32| {
            format!(
                r#"{{"RuleID": "token", "File": "a.py", "StartLine": {line}, "StartColumn": 2, "Secret": "{masked}"}}"#
            )
        };
        let report = format!("[{}, {}, {}]", leak(32), leak(33), leak(32));
        let key = FingerprintKey::new("0123456789abcdef").unwrap();
        let scan = keyed("gitleaks.json", &report, &key).remove(0);
        let lines: Vec<_> = scan.observations.iter().map(|o| o.subject.line()).collect();
        assert_eq!(lines, [Some(32), Some(33)], "{masked}");
        assert!(!told(&scan).contains(" marked"), "a mask tells nothing of the secret");
    }
}

#[test]
fn trufflehog_of_version_2_in_a_list() {
    let report = r#"[{"path": "a.json", "branch": "main", "commitHash": "3e2d", "date": "2018-05-28 03:24:03", "reason": "High entropy", "stringsFound": ["x1"]}]"#;
    assert_eq!(
        told(&scan_of("report.json", report)),
        "trufflehog complete\n- high High entropy a.json:- unmarked: High entropy in a.json"
    );
}

#[test]
fn files_of_a_google_bucket_are_told_apart() {
    let line = |file: &str| {
        format!(
            r#"{{"SourceMetadata": {{"Data": {{"GCS": {{"bucket": "b", "filename": "{file}"}}}}}}, "DetectorName": "AWS", "Raw": "same"}}"#
        )
    };
    let scan = scan_of("trufflehog.json", &[line("conf/a.env"), line("conf/b.env")].join("\n"));
    let paths: Vec<_> = scan.observations.iter().map(|o| o.subject.path().unwrap()).collect();
    assert_eq!(paths, ["conf/a.env", "conf/b.env"]);
}

#[test]
fn trufflehog_may_be_spread_over_lines_and_proves_nothing_unread() {
    let found = |file: &str| {
        format!(
            "{{\n  \"SourceMetadata\": {{\"Data\": {{\"Filesystem\": {{\"file\": \"{file}\"}}}}}},\n  \"DetectorName\": \"AWS\",\n  \"Raw\": \"x\"\n}}"
        )
    };
    let pretty = [found("a.py"), found("b.py")].join("\n");
    for (report, count, state) in [
        (pretty.clone(), 2, CoverageState::Complete),
        (pretty.replace('\n', ""), 2, CoverageState::Complete),
        (pretty[..pretty.len() - 9].to_owned(), 1, CoverageState::Partial),
        (format!("{}\n7\n{{\"Detec", found("a.py").replace('\n', "")), 1, CoverageState::Partial),
        (r#"{"SourceMetadata": {}, "DetectorName": 7}"#.to_owned(), 1, CoverageState::Complete),
        (r#"{"SourceMetadata": {}, "DetectorName": [7]}"#.to_owned(), 0, CoverageState::Failed),
        (r#"{"SourceMetadata": {}, "DetectorName": "AWS", "Raw": "x"} behind"#.to_owned(), 1, CoverageState::Partial),
        (r#"[{"SourceMetadata": {}, "DetectorName": [7]}]"#.to_owned(), 0, CoverageState::Failed),
    ] {
        let scan = scan_of("trufflehog.json", &report);
        assert_eq!(
            (scan.observations.len(), scan.coverage.state),
            (count, state),
            "{report} {:?}",
            scan.coverage.reasons
        );
    }
}

#[test]
fn a_record_of_trufflehog_that_cannot_be_read_is_named_by_its_line_or_number() {
    let reasons = |report: &str| scan_of("trufflehog.json", report).coverage.reasons.concat();
    let good = r#"{"SourceMetadata": {}, "DetectorName": "AWS", "Raw": "x"}"#;
    assert!(reasons(&format!("{good}\n\n7")).contains("line 3 "), "{}", reasons(&format!("{good}\n\n7")));
    let spread = format!("{}\n{{\n}}", good.replace(", ", ",\n"));
    assert!(reasons(&spread).contains("record 2 "), "{}", reasons(&spread));
}
