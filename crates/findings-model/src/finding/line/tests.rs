use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Finding;

/// Texts as reports have them, and some that must be escaped.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,80}",
        "[a-z0-9 ]{30,70}",
        ".{0,8}",
        Just("line\nbreak \\ and \"quotes\" \u{7f}\u{1}".to_owned())
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,12}", "[A-Za-z ]{0,3}[!-~]{1,40}", "[é✓ ]{0,3}x"]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        "CVE-20[12][0-9]-[0-9]{4,7}",
        "GHSA(-[2-9cfghj]{4}){3}",
        "PYSEC-2024-[0-9]{1,3}",
        "[A-Z]{3,6}-[0-9]{3,30}"
    ]
}

fn day() -> impl Strategy<Value = String> {
    (2015..2030, 1..13, 1..29).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
}

fn words(all: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(all)
}

/// What every finding says.
fn common() -> impl Strategy<Value = Value> {
    let said = (name(), words(&["runtime", "development", "unknown"]), text(), prop::option::of(text()));
    let rated = (
        words(&["critical", "high", "medium", "low", "info", "unknown"]),
        words(&["override", "policy", "advisory_vector", "advisory_word", "scanner", "unknown"]),
        prop::option::of((0..=100_u8).prop_map(|tenths| f64::from(tenths) / 10.0)),
        prop::option::of(day()),
    );
    let scanners = prop::collection::btree_map(
        name(),
        (
            day(),
            day(),
            prop::option::of((day(), words(&["upgraded", "removed", "no_longer_reported"]))),
            prop::collection::vec(text(), 0..2),
        ),
        0..3,
    );
    (said, rated, scanners, day(), day()).prop_map(|(said, rated, scanners, discovered, seen)| {
        let scanners: serde_json::Map<String, Value> = scanners
            .into_iter()
            .map(|(name, (first, last, ended, seen_in))| {
                let mut attribution = json!({"first_seen": first, "last_seen": last});
                if let Some((day, reason)) = ended {
                    attribution["ended"] = day.into();
                    attribution["reason"] = reason.into();
                }
                if !seen_in.is_empty() {
                    attribution["seen_in"] = seen_in.into();
                }
                (name, attribution)
            })
            .collect();
        json!({
            "finding_id": said.0, "scope": said.1, "description": said.2, "reference_url": said.3, "severity": rated.0,
            "severity_source": rated.1, "cvss_score": rated.2, "severity_date": rated.3, "source_scanner": said.0,
            "status": "open", "discovered_date": discovered, "last_seen": seen, "fix_available": false, "fix_version": null,
            "scanners": scanners,
        })
    })
}

fn with(mut value: Value, more: &Value) -> Value {
    for (key, field) in more.as_object().unwrap() {
        value[key] = field.clone();
    }
    value
}

/// What tells one kind of finding from the others.
fn subject() -> impl Strategy<Value = Value> {
    let versions = prop::collection::vec(name(), 0..3);
    let flaw = (id(), prop::collection::vec(id(), 0..4), "[a-z]{2,30}", prop::option::of(name()), versions).prop_map(
        |(id, aliases, package, version, fixes)| {
            json!({"kind": "vulnerability", "advisory_id": id, "aliases": aliases, "printed_ids": [id], "package": package,
                "ecosystem": if package.len() % 2 == 0 { "pypi" } else { "npm" }, "version": version, "fix_versions": fixes,
                "cvss_vectors": if fixes.is_empty() { json!([]) } else { json!(["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]) },
                "fix_version": fixes.first(), "kev": fixes.first().map(|_| json!({"date_added": "2026-01-01", "known_ransomware": false})),
                "epss": version.map(|_| json!({"score": 0.25, "percentile": 0.5, "date": "2026-01-01"}))})
        },
    );
    let line = || prop::option::of(0..5000_u32);
    let code = (name(), name(), line(), prop::collection::vec(name(), 0..2)).prop_map(|(rule, path, line, former)| {
        json!({"kind": "code", "rule": rule, "path": path, "line": line, "former_rules": former, "aliases": [],
            "code_digest": line.map(|_| "0123456789abcdef0123")})
    });
    let secret = (name(), name(), line()).prop_map(|(rule, path, line)| {
        json!({"kind": "secret", "rule": rule, "path": path, "line": line, "secret_mark": line.map(|_| "00ff")})
    });
    prop_oneof![4 => flaw, 2 => code, 1 => secret]
}

/// What few findings say.
fn seldom() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(json!({})),
        1 => day().prop_map(|day| json!({"status": "unverified", "unverified_since": day})),
        1 => day().prop_map(|day| json!({"status": "resolved", "resolved_date": day, "resolved_reason": "code_changed"})),
        1 => prop::option::of(day()).prop_map(|day| json!({"status": "excepted", "excepted_by": "accepted_risk", "excepted_until": day})),
        1 => Just(json!({"former_finding_ids": ["A-1", "B-2"], "former_aliases": ["CVE-1-1"],
            "under_override": {"severity": "low", "severity_source": "scanner"}})),
        1 => text().prop_map(|text| json!({"field_of_a_newer_writer": {"said": [text, 1, null]}})),
    ]
}

proptest! {
    /// A finding is written as the general writer does it, and read as the general reader does it.
    #[test]
    fn the_short_way_is_the_long_way(common in common(), subject in subject(), seldom in seldom()) {
        let value = with(with(common, &subject), &seldom);
        let finding: Finding = serde_json::from_value(value).unwrap();
        let long = serde_json::to_string(&finding).unwrap();
        let mut short = Vec::new();
        finding.write_json(&mut short).unwrap();
        prop_assert_eq!(&long, std::str::from_utf8(&short).unwrap());
        prop_assert_eq!(&Finding::from_json(&long).unwrap(), &finding);
        if let Some(wire) = super::read(&long) {
            prop_assert_eq!(&Finding::try_from(wire).unwrap(), &finding);
        } else {
            let escaped = long.contains('\\');
            prop_assert!(escaped || !finding.extra.is_empty(), "{}", long);
        }
    }

    /// Cut or changed anywhere, a text is never read as something that the general reader does not see in it.
    #[test]
    fn what_is_damaged_is_judged_as_the_general_reader_does(
        common in common(), subject in subject(), at in any::<prop::sample::Index>(), put in "[ -~\\n]{0,2}",
    ) {
        let value = with(common, &subject);
        let finding: Finding = serde_json::from_value(value).unwrap();
        let mut text = serde_json::to_string(&finding).unwrap();
        let at = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary((at + 1).min(text.len()));
        text.replace_range(at..end, &put);
        let general = serde_json::from_str::<Finding>(&text).ok();
        prop_assert_eq!(Finding::from_json(&text).ok(), general);
    }
}
