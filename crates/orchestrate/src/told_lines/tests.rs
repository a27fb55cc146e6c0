use std::collections::BTreeSet;

use findings_model::{
    Attributions, CodeText, Exploitation, Extra, FindingId, Rating, ScannerName, Scope, Status, Subject,
};

use super::*;

#[test]
fn a_line_that_a_report_does_not_quote_is_read_from_the_file_and_without_its_literals() {
    let folder = tempfile::tempdir().unwrap();
    state_store::replace(&folder.path().join("a.py"), b"import x\nlogin('hunter2')\n").unwrap();
    state_store::replace(&folder.path().join("a.env"), b"import x\nPASSWORD=hunter2\n").unwrap();
    let project = Project::at(folder.path());
    let told = |scanner: &str, rule: &str, path: &str, line: u32, column: &str| {
        let sarif = format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"{scanner}"}}}},"results":[{{"ruleId":"{rule}","message":{{"text":"m"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"{path}"}},"region":{{"startLine":{line}{column}}}}}}}]}}]}}]}}"#
        );
        let source = scanner_reports::Source {
            file: "x.sarif",
            declared: None,
            own_project: None,
            key: None,
            now: "2026-01-05T04:00:00Z".parse().unwrap(),
        };
        let mut scans = scanner_reports::read(sarif.as_bytes(), &source);
        tell(&project, &mut scans, &[]);
        match &scans[0].observations[0].subject {
            Subject::Code(spot) => spot.text.clone(),
            _ => unreachable!(),
        }
    };
    assert_eq!(told("Lint", "R", "a.py", 2, ""), CodeText::of("login('other')", true));
    assert_eq!(told("Lint", "R", "a.py", 3, ""), None, "there is no such line");
    assert_eq!(told("Lint", "R", "../a.py", 9, ""), None);
    assert_eq!(told("Lint", "R", "a.env", 2, ""), None, "what stands bare in its line may be a secret");
    assert_eq!(told("gitleaks", "R", "a.py", 2, ""), None);
    assert_eq!(told("Lint", "hardcoded-password", "a.py", 2, ""), None);
    let quoted = r#","snippet":{"text":"own(x)"}"#;
    assert_eq!(told("Lint", "R", "a.py", 2, quoted), CodeText::of_part("own(x)"), "what the report says goes first");
    let part = CodeText::of_part("'hunter2'").zip(CodeText::of("login('other')", true));
    let quoted = r#","snippet":{"text":"'hunter2'"}"#;
    assert_eq!(told("Lint", "R", "a.py", 2, quoted), part.map(|(part, line)| part.beside(&line)));
    let quoted = r#","snippet":{"text":" login('hunter2')"}"#;
    assert_eq!(told("Lint", "R", "a.py", 2, quoted), CodeText::of("login('hunter2')", false), "it is the whole line");
}

#[test]
fn what_a_line_says_stands_beside_a_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    state_store::replace(&folder.path().join("a.py"), b"import x\nrun(y)  # why\n").unwrap();
    let project = Project::at(folder.path());
    let told = |line: u32| {
        let sarif = format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"CodeQL"}}}},"results":[{{"ruleId":"py/x","message":{{"text":"m"}},"partialFingerprints":{{"primaryLocationLineHash":"aa:1"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"a.py"}},"region":{{"startLine":{line}}}}}}}]}}]}}]}}"#
        );
        let now = "2026-01-05T04:00:00Z".parse().unwrap();
        let source = scanner_reports::Source { file: "x.sarif", declared: None, own_project: None, key: None, now };
        let mut scans = scanner_reports::read(sarif.as_bytes(), &source);
        tell(&project, &mut scans, &[]);
        let Subject::Code(spot) = &scans[0].observations[0].subject else { unreachable!() };
        spot.text.clone().unwrap()
    };
    let fingerprint = CodeText::of_fingerprint("primaryLocationLineHash", "aa:1").unwrap();
    let text = told(2);
    assert_eq!((text.known_by(), text.line()), (fingerprint.as_str(), CodeText::of("run(y)", false)));
    assert_eq!(told(9), fingerprint, "there is no such line");
}

/// What semgrep says of a line of `a.py`, in its JSON without a login or in its SARIF, which quotes it.
fn semgrep(project: &Project, quoted: Option<&str>, line: u32, known: &[Finding]) -> Option<CodeText> {
    let json = |path: &str| {
        format!(
            r#"{{"results":[{{"check_id":"cfg.md5","path":"{path}","start":{{"line":{line},"col":1}},"extra":{{"message":"m","lines":"requires login"}}}}],"errors":[],"paths":{{"scanned":["{path}"]}}}}"#
        )
    };
    let sarif = |said: &str| {
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"Semgrep OSS"}}}},"results":[{{"ruleId":"cfg.md5","message":{{"text":"m"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"a.py"}},"region":{{"startLine":{line},"snippet":{{"text":{said:?}}}}}}}}}]}}]}}]}}"#
        )
    };
    let report = quoted.map_or_else(|| json("a.py"), sarif);
    let now = "2026-01-05T04:00:00Z".parse().unwrap();
    let source = scanner_reports::Source { file: "s.json", declared: None, own_project: None, key: None, now };
    let mut scans = scanner_reports::read(report.as_bytes(), &source);
    tell(project, &mut scans, known);
    let Subject::Code(spot) = &scans[0].observations[0].subject else { unreachable!() };
    spot.text.clone()
}

fn finding(text: Option<CodeText>) -> Finding {
    let day = time::Date::from_calendar_date(2026, time::Month::January, 5).unwrap();
    Finding {
        finding_id: FindingId::parse("F").unwrap(),
        subject: Subject::Code(CodeSpot {
            rule: "cfg.md5".to_owned(),
            former_rules: Vec::new(),
            path: "a.py".to_owned(),
            line: Some(2),
            text,
            aliases: BTreeSet::new(),
        }),
        scope: Scope::Unknown,
        rating: Rating::unknown(),
        rated_on: None,
        memory: None,
        exploitation: Exploitation::default(),
        source_scanner: ScannerName::parse("semgrep").unwrap(),
        scanners: Attributions::new(),
        status: Status::Open,
        discovered: day,
        last_seen: day,
        fix_version: None,
        description: "".into(),
        reference_url: None,
        extra: Extra::new(),
    }
}

#[test]
fn a_line_has_one_word_whichever_way_semgrep_reports_it() {
    let folder = tempfile::tempdir().unwrap();
    let lines = ["import x", r#"md5("a")  # why"#, "h = md5(x)  # why", r#"y = """""#, "md5(x)", r#""""""#];
    state_store::replace(&folder.path().join("a.py"), lines.join("\n").as_bytes()).unwrap();
    let project = Project::at(folder.path());
    let sarif = |line: u32, known: &[Finding]| semgrep(&project, Some(lines[line as usize - 1]), line, known);
    let json = |line: u32, known: &[Finding]| semgrep(&project, None, line, known);
    for line in [2, 3] {
        let (first, other) = (sarif(line, &[]), json(line, &[]));
        assert!(first.is_some() && other.is_some() && first != other, "line {line}");
        // Whichever was first stays the word for the line.
        assert_eq!(json(line, &[finding(first.clone())]), first);
        assert_eq!(sarif(line, &[finding(first.clone())]), first);
        assert_eq!(sarif(line, &[finding(other.clone())]), other);
        assert_eq!(json(line, &[finding(other.clone())]), other);
    }
    assert_eq!(json(3, &[]), CodeText::of("h = md5(x)", false), "a comment may say anything");
    assert_eq!(json(5, &[]), None, "in a text of several lines a secret needs no quotes");
    assert_eq!(semgrep(&project, Some("other(x)"), 2, &[finding(json(2, &[]))]), CodeText::of_part("other(x)"));
}
