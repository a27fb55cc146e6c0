//! Status document in, published files out, and back.

use findings_model::{CoverageState, Severity, Timestamp};

use super::sample::{Sample, at, file, flaw, history, mixed, secret};
use crate::{History, StatusDocument, render};

#[test]
fn a_secret_is_a_kind_and_a_number() {
    let mut leak = secret("AWS Access Key", "src/sample_package/settings.py", "2026-11-16");
    leak.description = "found AKIAIOSFODNN7EXAMPLE in src/sample_package/settings.py".into();
    leak.reference_url = Some("https://code.example/blob/settings.py#L7".into());
    let status = Sample::clean().with([leak]).assess();
    let files = render(&status, History::default()).unwrap();
    for file in &files {
        let text = String::from_utf8_lossy(&file.bytes);
        assert!(!text.contains("AKIA") && !text.contains("settings.py"), "{}", file.path);
    }
    assert_eq!(status.findings[0].finding_id, "SECRET-AWS-ACCESS-KEY-1");
    assert_eq!(status.findings[0].reference_url, None);
}

#[test]
fn paths_of_the_machine_and_of_reports_stay_out() {
    let reason = "cannot read /home/runner/work/sample/security/reports/latest/bandit.json";
    let status = Sample::clean().newest("bandit", CoverageState::Failed, &[reason], &[]).assess();
    for file in render(&status, History::default()).unwrap() {
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        assert!(!text.contains("runner") && !text.contains("security/reports"), "{}", file.path);
    }
}

#[test]
fn a_document_reads_back_as_itself() {
    let status = mixed().assess();
    let files = render(&status, History::default()).unwrap();
    let read = StatusDocument::from_json(file(&files, "index.json").as_bytes()).unwrap();
    assert_eq!(read, status);
}

#[test]
fn documents_that_contradict_themselves_are_refused() {
    let good = serde_json::to_value(mixed().assess()).unwrap();
    for (pointer, value, why) in [
        ("/vulnerability_summary/total", serde_json::json!(10), "total is 10"),
        ("/vulnerability_summary/low", serde_json::json!(-1), "-1"),
        ("/security_grade", serde_json::json!("X"), "X"),
        ("/security_grade", serde_json::json!(null), "contradict"),
        ("/remediation_status", serde_json::json!("invalid"), "invalid"),
        ("/last_updated", serde_json::json!("2026-11-16T03:00:00"), "RFC 3339"),
        ("/schema_version", serde_json::json!("2.0"), "newer"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let error = StatusDocument::from_json(bad.to_string().as_bytes()).unwrap_err();
        let chain = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        assert!(chain.contains(why), "{pointer}: {chain}");
    }
    for bytes in [&b""[..], b"{", b"[]", b"null", b"\xff"] {
        assert!(StatusDocument::from_json(bytes).is_err());
    }
}

#[test]
fn fields_of_a_newer_writer_survive() {
    let mut value = serde_json::to_value(mixed().assess()).unwrap();
    value["schema_version"] = serde_json::json!("1.9");
    value["mood"] = serde_json::json!({"a": 1});
    value["findings"][0]["weight"] = serde_json::json!(3);
    let read = StatusDocument::from_json(value.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), value);
}

#[test]
fn a_day_has_one_line_of_history() {
    let mut history = history();
    let before = history.days.len();
    history.record(&mixed().assess());
    history.record(&mixed().assess());
    assert_eq!(history.days.len(), before + 1);
    let written = serde_json::to_vec(&history).unwrap();
    assert_eq!(History::from_json(&written).unwrap(), history);

    let mut day = at("2020-01-01T00:00:00Z");
    for _ in 0..450 {
        day = Timestamp::new(day.moment() + time::Duration::days(1));
        history.record(&Sample::clean().assess_at(&day.to_string()));
    }
    assert_eq!(history.days.len(), 400);
    assert!(history.days.is_sorted_by_key(|d| d.date));
    assert!(History::from_json(b"{\"days\": 3}").is_err());
}

#[test]
fn a_history_is_put_in_order() {
    let text = r#"{"schema_version":"1.2","note":"kept","days":[
        {"date":"2026-11-02","state":"ok","grade":"A","open":{"total":0,"critical":0,"high":0,"medium":0,"low":0,"info":0},"holds_until":null},
        {"date":"2026-10-02","state":"unknown","grade":null,"open":{"total":0,"critical":0,"high":0,"medium":0,"low":0,"info":0},"holds_until":null}]}"#;
    let history = History::from_json(text.as_bytes()).unwrap();
    assert!(history.days.is_sorted_by_key(|d| d.date));
    assert!(serde_json::to_string(&history).unwrap().contains("\"note\":\"kept\""));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let tree = || render(&mixed().assess(), history()).unwrap();
    assert_eq!(tree(), tree());
    let mut reversed = mixed();
    reversed.set.findings.reverse();
    assert_eq!(render(&reversed.assess(), history()).unwrap(), tree());
}

#[test]
fn badges_say_grade_and_day() {
    for (status, message, colour, error) in [
        (Sample::clean().assess(), "A · 16 Nov", "brightgreen", false),
        (mixed().assess(), "C · 16 Nov", "yellow", false),
        (Sample::never().assess(), "never scanned", "lightgrey", true),
        (Sample::clean().assess_at("2026-11-25T00:00:00Z"), "A · stale · 16 Nov", "lightgrey", false),
        (
            Sample::clean().newest("bandit", CoverageState::Failed, &["x"], &[]).assess(),
            "unknown · 9 Nov",
            "lightgrey",
            true,
        ),
    ] {
        let files = render(&status, History::default()).unwrap();
        let badge: serde_json::Value = serde_json::from_str(file(&files, "badge.json")).unwrap();
        assert_eq!(badge["schemaVersion"], 1);
        assert_eq!(badge["message"], message);
        assert_eq!(badge["color"], colour);
        assert_eq!(badge["isError"], error);
        assert!(file(&files, "badge.svg").contains(&format!("<title>security: {message}</title>")));
    }
}

#[test]
fn a_scan_with_gaps_gives_no_badge_that_says_passing() {
    let sample = Sample::clean().newest("pip-audit", CoverageState::Partial, &["1 dependency skipped"], &["foo"]);
    let files = render(&sample.assess(), History::default()).unwrap();
    let badge: serde_json::Value = serde_json::from_str(file(&files, "badge/open.json")).unwrap();
    assert_eq!((&badge["message"], &badge["color"]), (&"incomplete · 16 Nov".into(), &"yellow".into()));
}

#[test]
fn the_badge_of_findings_has_three_words() {
    for (findings, message, colour) in [
        (vec![], "passing · 16 Nov", "brightgreen"),
        (
            vec![
                flaw("CVE-2024-1000", "a1", Severity::High, "2026-11-16"),
                flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-16"),
                flaw("CVE-2024-1002", "a1", Severity::Low, "2026-11-16"),
            ],
            "critical · 16 Nov",
            "red",
        ),
        (vec![flaw("CVE-2024-1001", "a1", Severity::Low, "2026-11-16")], "warning · 16 Nov", "yellow"),
    ] {
        let files = render(&Sample::clean().with(findings).assess(), History::default()).unwrap();
        let badge: serde_json::Value = serde_json::from_str(file(&files, "badge/open.json")).unwrap();
        assert_eq!((&badge["message"], &badge["color"]), (&message.into(), &colour.into()));
    }
}

#[test]
fn the_document_of_mixed_findings() {
    let status = mixed().assess();
    let files = render(&status, History::default()).unwrap();
    insta::with_settings!({filters => vec![(r"relwarden \d+\.\d+\.\d+", "relwarden [version]")]}, {
        insta::assert_snapshot!("mixed.json", file(&files, "index.json"));
        insta::assert_snapshot!("history.json", file(&render(&status, history()).unwrap(), "history.json"));
        insta::assert_snapshot!("badge.json", file(&files, "badge.json"));
        insta::assert_snapshot!("badge.svg", file(&files, "badge.svg"));
        let never = render(&Sample::never().assess(), History::default()).unwrap();
        insta::assert_snapshot!("never.json", file(&never, "index.json"));
    });
}
