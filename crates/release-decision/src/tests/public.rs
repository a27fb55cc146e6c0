use change_detect::{Change, ChangeReason, ChangeSet, ChangeType, OpenFinding};
use findings_model::{FindingKind, Severity};

use super::{change, changes, decided};
use crate::{Policy, Request};

fn at_a_place(kind: FindingKind, rule: &str, line: u32) -> Change {
    Change {
        kind,
        package: None,
        version: None,
        rule: Some(rule.to_owned()),
        path: Some("app/private.py".to_owned()),
        description: "found in app/private.py".to_owned(),
        ..change(ChangeType::NewVulnerability, &format!("{rule}-private.py-{line}"), Severity::High)
    }
}

fn open(kind: FindingKind, rule: &str, line: u32) -> OpenFinding {
    serde_json::from_value(serde_json::json!({
        "finding_id": format!("{rule}-private.py-{line}"), "kind": kind, "severity": "low", "unverified": false,
        "scope": "runtime", "rule": rule, "path": "app/private.py",
    }))
    .unwrap()
}

#[test]
fn where_a_secret_is_stands_in_no_public_document() {
    let (code, secret) = (FindingKind::Code, FindingKind::Secret);
    let set = ChangeSet {
        still_open: vec![open(secret, "Private Key", 7), open(code, "B106", 9)],
        ..changes(vec![
            at_a_place(code, "B105", 3),
            at_a_place(code, "B105", 5),
            at_a_place(secret, "AWS Access Key", 4),
        ])
    };
    let decision = decided(&set, &Request::auto(), &Policy::default());
    for document in [&decision.release_notes, &decision.changelog_entry] {
        assert!(!document.contains("private.py"), "{document}");
        for name in ["`B105 #1`", "`B105 #2`", "`AWS Access Key #1`", "`Private Key #1`", "`B106 #1`"] {
            assert!(document.contains(name), "{name} in {document}");
        }
    }
}

#[test]
fn where_a_rule_without_a_name_found_a_secret_stands_in_no_public_document() {
    let code = FindingKind::Code;
    let new = Change { description: "Secrets passed via build-args".to_owned(), ..at_a_place(code, "DS-0031", 3) };
    let still_open = vec![OpenFinding { private_place: true, ..open(code, "DS-0031", 8) }];
    let set = ChangeSet { still_open, ..changes(vec![new]) };
    let decision = decided(&set, &Request::auto(), &Policy::default());
    for document in [&decision.release_notes, &decision.changelog_entry] {
        assert!(!document.contains("private.py") && document.contains("`DS-0031 #2`"), "{document}");
    }
}

#[test]
fn the_place_of_other_code_is_told() {
    let set = changes(vec![at_a_place(FindingKind::Code, "B324", 3)]);
    let decision = decided(&set, &Request::manual(), &Policy::default());
    for document in [&decision.release_notes, &decision.changelog_entry] {
        assert!(document.contains("`B324-private.py-3`") && document.contains("`app/private.py`"), "{document}");
    }
}

#[test]
fn an_open_finding_that_was_only_updated_has_its_line() {
    let updated = Change {
        reason: Some(ChangeReason::FixAvailable),
        fix_version: Some("2.20.0".to_owned()),
        ..change(ChangeType::Updated, "GHSA-x84v-xcm2-53pg", Severity::High)
    };
    let again = change(ChangeType::ExceptionExpired, "GHSA-j8r2-6x86-q33q", Severity::Low);
    let entry = decided(&changes(vec![updated, again]), &Request::manual(), &Policy::default()).changelog_entry;
    let line =
        "- Updated: `GHSA-x84v-xcm2-53pg` in `requests` `2.19.0` -> `2.20.0`, high severity, a fix is available now\n";
    assert!(entry.contains(line), "{entry}");
    assert!(entry.contains("- No longer excepted: `GHSA-j8r2-6x86-q33q` in "), "{entry}");
}
