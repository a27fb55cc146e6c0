//! Change sets as documents: written, read again, and read as the Python system wrote them.

use findings_model::{CoverageState, FindingKind, Severity};

use super::{code, compare, complete, lines, scan, scanner, vulnerability};
use crate::{ChangeSet, ChangeSetError};

#[test]
fn the_document() {
    let mut fresh = vulnerability("GHSA-aaaa-bbbb-cccc", Severity::High);
    fresh.description = "Sends credentials\u{202e} to\nanother <b>host</b>.".into();
    fresh.reference_url = Some("https://github.com/advisories/GHSA-aaaa-bbbb-cccc".into());
    let mut current = complete(vec![fresh, code("BANDIT-B324-hashing.py-5", "app/hashing.py", "hashlib.md5(x)")]);
    current.scanners.get_mut(&scanner("bandit")).unwrap().newest = vec![scan("bandit", CoverageState::Failed)];
    let previous = complete(vec![code("BANDIT-B324-hashing.py-5", "app/hashing.py", "hashlib.md5(x)")]);
    let changes = compare(&previous, &current);
    insta::assert_snapshot!(changes.to_json());
    assert_eq!(ChangeSet::from_json(changes.to_json().as_bytes()).unwrap(), changes);
}

#[test]
fn the_originals_documents_are_read() {
    let change = r#"{"change_type":"new_vulnerability","finding_id":"CVE-2026-1","old_state":null,"new_state":"high vulnerability","impact_level":"HIGH"}"#;
    let typed = change.replace("change_type", "type").replace("new_vulnerability", "NEW_VULNERABILITY");
    let documents = [
        format!("[{change}]"),
        format!(
            "[{typed}, {{\"type\":\"no_change\",\"finding_id\":\"x\",\"new_state\":\"x\",\"impact_level\":\"low\"}}]"
        ),
        format!(r#"{{"should_release":true,"security_changes_count":1,"security_changes":[{change}]}}"#),
        format!(r#"{{"success":true,"security_changes":1,"release_decision":{{"security_changes":[{change}]}}}}"#),
        format!(r#"{{"schema_version":"1.7","changes":[{change}],"new_key":1}}"#),
    ];
    for document in documents {
        let read = ChangeSet::from_json(document.as_bytes()).unwrap();
        assert_eq!(lines(&read), ["new_vulnerability CVE-2026-1: null -> high vulnerability (high, )"], "{document}");
        assert_eq!(read.posture, None);
    }
}

#[test]
fn an_old_severity_is_read_from_the_old_state() {
    let document = r#"[{"change_type":"severity_change","finding_id":"X-1","old_state":"Medium vulnerability","new_state":"high vulnerability","impact_level":"high"}]"#;
    let read = ChangeSet::from_json(document.as_bytes()).unwrap();
    assert_eq!(
        (read.changes[0].old_severity, read.changes[0].new_severity),
        (Some(Severity::Medium), Some(Severity::High))
    );
}

#[test]
fn a_kind_that_a_document_does_not_say_is_told_by_the_id() {
    for (id, kind) in [
        ("BANDIT-B324-src-a", FindingKind::Code),
        ("SEMGREP-eval-src-a", FindingKind::Code),
        ("SARIF-eval-src-a", FindingKind::Code),
        ("SECRET-token-src-a", FindingKind::Secret),
        ("PYSEC-2026-1", FindingKind::Vulnerability),
    ] {
        let document = format!(
            r#"[{{"change_type":"new_vulnerability","finding_id":"{id}","old_state":null,"new_state":"high","impact_level":"high"}}]"#
        );
        assert_eq!(ChangeSet::from_json(document.as_bytes()).unwrap().changes[0].kind, kind, "{id}");
    }
}

#[test]
fn what_is_no_change_set_is_refused_by_name() {
    let error = |document: &str| {
        let error = ChangeSet::from_json(document.as_bytes()).unwrap_err();
        let source = std::error::Error::source(&error).map(|s| format!(": {s}")).unwrap_or_default();
        format!("{error}{source}")
    };
    let change = |id: &str, state: &str, impact: &str, what: &str| {
        error(&format!(
            r#"[{{"change_type":"{what}","finding_id":"{id}","new_state":"{state}","impact_level":"{impact}"}}]"#
        ))
    };
    assert_eq!(
        change("", "resolved", "low", "resolved"),
        "change 1 of the change set cannot be read: its finding_id is missing or invalid"
    );
    assert_eq!(
        change("X-1", " ", "low", "resolved"),
        "change 1 of the change set cannot be read: its new_state is empty"
    );
    assert_eq!(
        change("X-1", "resolved", "super-high", "resolved"),
        "change 1 of the change set cannot be read: its impact_level \"super-high\" is not valid; it must be one of critical, high, medium, low, info, unknown"
    );
    assert_eq!(
        change("X-1", "resolved", "low", "exploded"),
        "change 1 of the change set cannot be read: its change_type \"exploded\" is not known"
    );
    assert!(error("{}").starts_with("the change set has no list of changes"));
    assert!(error("3").starts_with("the change set has no list of changes"));
    assert!(error("[").starts_with("the change set is not JSON"));
    assert!(error(r#"{"changes":[],"incomplete":3}"#).starts_with("the change set's field incomplete cannot be read"));
    assert!(matches!(
        ChangeSet::from_json(br#"{"schema_version":"2.0","changes":[]}"#),
        Err(ChangeSetError::Schema(_))
    ));
}
