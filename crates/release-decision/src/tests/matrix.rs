use change_detect::{Change, ChangeSet, ChangeType, FindingState};
use findings_model::{FindingKind, Scope, Severity};
use proptest::prelude::*;

use super::{change, changes, decided, of_kind, severity_change};
use crate::{
    DevelopmentRule, Effect, Explanation, Policy, Request, Row, Rule, Threshold, TriggerType, UnknownSeverity, explain,
};

fn policy(toml: &str) -> Policy {
    toml::from_str(toml).unwrap()
}

fn explained(set: &ChangeSet, policy: &Policy) -> Explanation {
    explain(set, &decided(set, &Request::auto(), policy), &[], policy)
}

/// Every row with every severity: a letter for each severity that releases, `-` for each that does not, `?` for unknown.
fn table(policy: &Policy, kind: FindingKind, scope: Scope) -> String {
    let mark = |change: Change| {
        let change = Change { scope, ..of_kind(kind, change) };
        let severity = change.impact_level;
        let decision = decided(&changes(vec![change]), &Request::auto(), policy);
        let letter = if severity == Severity::Unknown { "?" } else { &severity.as_str()[..1] };
        assert_eq!(decision.should_release, decision.trigger_type == TriggerType::SecurityAuto);
        if decision.should_release { letter.to_owned() } else { "-".to_owned() }
    };
    let mut lines = Vec::new();
    for change_type in ChangeType::ALL {
        if change_type == ChangeType::SeverityChange {
            for old in Severity::ALL {
                let marks: String = Severity::ALL
                    .into_iter()
                    .filter(|new| *new != old)
                    .map(|new| mark(severity_change("X-1", old, new)))
                    .collect();
                lines.push(format!("from {old:<17} {marks}"));
            }
        } else {
            let marks: String = Severity::ALL.into_iter().map(|s| mark(change(change_type, "X-1", s))).collect();
            lines.push(format!("{change_type:<22} {marks}"));
        }
    }
    lines.join("\n")
}

#[test]
fn the_default_matrix() {
    for kind in [FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret] {
        for scope in [Scope::Runtime, Scope::Development, Scope::Unknown] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(table(&Policy::default(), kind, scope), @"
                new_vulnerability      ch---?
                reopened               ch---?
                from critical          -----
                from high              c----
                from medium            ch--?
                from low               ch--?
                from info              ch--?
                from unknown           c----
                resolved               chmli?
                withdrawn              ------
                updated                ------
                excepted               ------
                exception_expired      ------
                ");
            }
        }
    }
}

#[test]
fn the_policy_can_change_every_row() {
    let strict = policy(
        "new = 'medium'\nreopened = 'any'\nraised = 'critical'\nresolved = 'high'\nwithdrawn = 'any'\nupdated = 'critical'\n\
         excepted = 'low'\nexception_expired = 'high'\nunknown_severity = 'low'",
    );
    insta::assert_snapshot!(table(&strict, FindingKind::Vulnerability, Scope::Runtime), @"
    new_vulnerability      chm---
    reopened               chmli?
    from critical          -----
    from high              c----
    from medium            c----
    from low               c----
    from info              c----
    from unknown           c----
    resolved               ch----
    withdrawn              chmli?
    updated                c-----
    excepted               chml-?
    exception_expired      ch----
    ");
    let silent = policy("new = 'never'\nreopened = 'never'\nraised = 'never'\nresolved = 'never'");
    assert!(
        !table(&silent, FindingKind::Code, Scope::Runtime).lines().any(|l| l.ends_with(['c', 'h', 'm', 'l', 'i', '?']))
    );
}

#[test]
fn kinds_and_development_dependencies_can_be_left_out() {
    let only_flaws = policy("kinds = ['vulnerability']");
    let runtime_only = policy("development = 'ignore'");
    let releases = |policy: &Policy, kind, scope| table(policy, kind, scope).lines().next().unwrap().ends_with('?');
    assert!(releases(&only_flaws, FindingKind::Vulnerability, Scope::Runtime));
    assert!(!releases(&only_flaws, FindingKind::Secret, Scope::Unknown));
    assert!(!releases(&only_flaws, FindingKind::Code, Scope::Unknown));
    assert!(!releases(&runtime_only, FindingKind::Vulnerability, Scope::Development));
    assert!(releases(&runtime_only, FindingKind::Vulnerability, Scope::Unknown), "unknown is treated as runtime");
    assert!(releases(&Policy::default(), FindingKind::Vulnerability, Scope::Development));
}

#[test]
fn a_row_can_name_its_own_kinds() {
    let policy = policy(
        "kinds = ['vulnerability', 'secret']\nresolved = { from = 'high', kinds = ['vulnerability'] }\n\
         new = { from = 'medium' }\nraised = { from = 'any', kinds = ['code'] }",
    );
    let rows = |kind| {
        let all = table(&policy, kind, Scope::Runtime);
        let row = |front: &str| {
            let line = all.lines().find(|l| l.starts_with(front)).unwrap();
            line.rsplit(' ').next().unwrap().to_owned()
        };
        [row("new"), row("resolved"), row("from low"), row("reopened")]
    };
    assert_eq!(rows(FindingKind::Vulnerability), ["chm--?", "ch---?", "-----", "ch---?"]);
    assert_eq!(rows(FindingKind::Secret), ["chm--?", "------", "-----", "ch---?"]);
    assert_eq!(rows(FindingKind::Code), ["------", "------", "chm-?", "------"]);
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    let matrix = explained(&changes(vec![]), &policy).matrix;
    let texts: Vec<_> = matrix.iter().map(|row| row.text.as_str()).take(4).collect();
    assert_eq!(
        texts,
        [
            "new finding: releases from medium on",
            "reopened finding: releases from high on",
            "severity raised: releases at any severity, for code",
            "resolved finding: releases from high on, for vulnerability",
        ]
    );
}

#[test]
fn unchanged_findings_are_explained_too() {
    let finding = serde_json::json!({
        "finding_id": "PYSEC-2026-9", "kind": "vulnerability", "severity": "critical", "unverified": true, "scope": "runtime",
    });
    let mut set = changes(vec![change(ChangeType::NewVulnerability, "PYSEC-2026-1", Severity::Low)]);
    set.still_open = vec![serde_json::from_value(finding).unwrap()];
    let explanation = explained(&set, &Policy::default());
    let texts: Vec<_> = explanation.reasons.iter().map(|r| r.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "new finding, low severity; releases from high on: no release",
            "unchanged since the last release or first scan, critical severity, not confirmed by the newest scan: no release",
        ]
    );
    assert_eq!(explanation.more_unchanged, 0);
}

/// The end of an exception, of a finding whose severity was another one when it was excepted.
fn expired(old: Severity, new: Severity) -> Change {
    Change { old_severity: Some(old), ..change(ChangeType::ExceptionExpired, "X-1", new) }
}

#[test]
fn a_severity_that_rose_behind_an_exception_releases_when_it_ends() {
    let reason = |change: Change, policy: &Policy| {
        let decision = decided(&changes(vec![change]), &Request::auto(), policy);
        (decision.should_release, decision.reasons[0].row, decision.reasons[0].text.clone())
    };
    let default = Policy::default();
    let (releases, row, text) = reason(expired(Severity::Medium, Severity::Critical), &default);
    assert_eq!((releases, row), (true, Row::Raised));
    assert_eq!(
        text,
        "exception expired and severity raised from medium to critical, critical severity; releases from high on: release"
    );
    for quiet in [
        expired(Severity::Critical, Severity::Critical),
        expired(Severity::Critical, Severity::High),
        expired(Severity::Low, Severity::Medium),
        Change { old_severity: None, ..expired(Severity::Low, Severity::Critical) },
    ] {
        let (releases, row, _) = reason(quiet, &default);
        assert_eq!((releases, row), (false, Row::ExceptionExpired));
    }
    let own_row = policy("exception_expired = 'any'\nraised = 'never'");
    assert_eq!(reason(expired(Severity::Low, Severity::Critical), &own_row).1, Row::ExceptionExpired);
    assert!(reason(expired(Severity::Low, Severity::Critical), &own_row).0);
    let secrets_only = policy("raised = { from = 'high', kinds = ['secret'] }");
    assert!(!reason(expired(Severity::Low, Severity::Critical), &secrets_only).0);
}

#[test]
fn where_a_document_contradicts_itself_the_worst_severity_holds() {
    use Severity::{Critical, High, Low, Medium, Unknown};
    let says = |old: Severity, new: Severity, impact: Severity| {
        let change = Change {
            impact_level: impact,
            new_severity: Some(new),
            new_state: FindingState::Present(new),
            ..severity_change("X-1", old, impact)
        };
        let decision = decided(&changes(vec![change]), &Request::auto(), &Policy::default());
        (decision.should_release, decision.reasons[0].row, decision.reasons[0].severity)
    };
    assert_eq!(says(Low, Critical, Low), (true, Row::Raised, Some(Critical)));
    assert_eq!(says(Low, Low, Critical), (true, Row::Raised, Some(Critical)));
    assert_eq!(says(Medium, Unknown, Low), (true, Row::Raised, Some(Unknown)));
    assert_eq!(says(Critical, Low, Low), (false, Row::Lowered, Some(Low)));
    assert_eq!(says(Critical, Unknown, Unknown), (false, Row::Known, Some(Unknown)), "nobody knows that it is better");
    let set = changes(vec![severity_change("X-1", Critical, Unknown)]);
    assert_eq!(
        decided(&set, &Request::auto(), &Policy::default()).reasons[0].text,
        "severity not known any more from critical to unknown: it counts as high, and no worse never releases"
    );
    let gone = Change { new_severity: Some(Critical), ..change(ChangeType::Resolved, "X-1", Low) };
    let only_grave = policy("resolved = 'high'");
    assert!(!decided(&changes(vec![gone]), &Request::auto(), &only_grave).should_release, "what is gone was low");
    assert_eq!(says(High, High, Critical).2, Some(Critical));
}

#[test]
fn unknown_severity_counts_as_the_policy_says() {
    for (word, new, raised_from_medium) in
        [("critical", true, true), ("high", true, true), ("medium", false, false), ("info", false, false)]
    {
        let policy = policy(&format!("unknown_severity = '{word}'"));
        let releases = |c| decided(&changes(vec![c]), &Request::auto(), &policy).should_release;
        assert_eq!(releases(change(ChangeType::NewVulnerability, "X-1", Severity::Unknown)), new, "{word}");
        assert_eq!(releases(severity_change("X-1", Severity::Medium, Severity::Unknown)), raised_from_medium, "{word}");
    }
}

#[test]
fn a_policy_with_a_fault_is_refused() {
    for bad in [
        "new = 'severe'",
        "new = 'unknown'",
        "unknown_severity = 'unknown'",
        "bump = 'major'",
        "speed = 1",
        "kinds = ['licence']",
        "first_scan = true",
        "resolved = { kinds = ['code'] }",
        "resolved = { from = 'any', kind = ['code'] }",
        "resolved = 3",
        "quiet_hours = -1",
    ] {
        assert!(toml::from_str::<Policy>(bad).is_err(), "{bad}");
    }
    assert_eq!(policy(""), Policy::default());
    assert_eq!(policy("new = 'HIGH'").new, Threshold::AtLeast(Severity::High).into());
}

#[test]
fn a_policy_round_trips() {
    let text = serde_json::to_string(&Policy::default()).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), Policy::default());
}

#[test]
fn the_matrix_explains_itself() {
    let set = changes(vec![
        change(ChangeType::NewVulnerability, "GHSA-aaaa-bbbb-cccc", Severity::Unknown),
        change(ChangeType::NewVulnerability, "PYSEC-2026-1", Severity::Medium),
        severity_change("CVE-2026-2", Severity::Critical, Severity::High),
        severity_change("CVE-2026-3", Severity::Low, Severity::High),
        change(ChangeType::Resolved, "CVE-2026-4", Severity::Info),
        of_kind(FindingKind::Secret, change(ChangeType::NewVulnerability, "SECRET-1", Severity::High)),
        Change { scope: Scope::Development, ..change(ChangeType::Reopened, "CVE-2026-5", Severity::High) },
        change(ChangeType::Withdrawn, "CVE-2026-6", Severity::High),
    ]);
    let policy = Policy {
        development: DevelopmentRule::Ignore,
        kinds: [FindingKind::Vulnerability].into(),
        ..Policy::default()
    };
    let explanation = explained(&set, &policy);
    let mut text: Vec<String> = explanation.matrix.iter().map(|row| row.text.clone()).collect();
    text.extend(explanation.conditions.iter().map(|c| format!("({c})")));
    text.extend(explanation.reasons.iter().map(|r| format!("{}: {}", r.finding_id.as_ref().unwrap(), r.text)));
    insta::assert_snapshot!(text.join("\n"));
    assert_eq!(explanation.reasons.iter().filter(|r| r.effect == Effect::Release).count(), 3);
    assert_eq!(explanation.reasons[2].row, Row::Lowered);
}

fn severities() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn any_change() -> impl Strategy<Value = Change> {
    let kinds = prop::sample::select(vec![FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret]);
    let scopes = prop::sample::select(vec![Scope::Runtime, Scope::Development, Scope::Unknown]);
    let types = prop::sample::select(ChangeType::ALL.to_vec());
    (types, 0..40_u32, severities(), severities(), kinds, scopes).prop_map(|(change_type, n, old, new, kind, scope)| {
        let id = format!("CVE-2026-{n:04}");
        let change = match change_type {
            ChangeType::SeverityChange => severity_change(&id, old, new),
            _ => change(change_type, &id, new),
        };
        Change { scope, ..of_kind(kind, change) }
    })
}

fn any_threshold() -> impl Strategy<Value = Threshold> {
    prop_oneof![
        Just(Threshold::Never),
        Just(Threshold::Any),
        prop::sample::select(Severity::ALL[..5].to_vec()).prop_map(Threshold::AtLeast),
    ]
}

fn any_kinds() -> impl Strategy<Value = std::collections::BTreeSet<FindingKind>> {
    let kinds = vec![FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret];
    prop::sample::subsequence(kinds, 0..=3).prop_map(|kinds| kinds.into_iter().collect())
}

fn any_rule() -> impl Strategy<Value = Rule> {
    (any_threshold(), prop::option::of(any_kinds())).prop_map(|(from, kinds)| Rule { from, kinds })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let unknown = prop::sample::select(vec![
        UnknownSeverity::Critical,
        UnknownSeverity::High,
        UnknownSeverity::Medium,
        UnknownSeverity::Info,
    ]);
    let development = prop::sample::select(vec![DevelopmentRule::Release, DevelopmentRule::Ignore]);
    (any_rule(), any_rule(), any_rule(), any_rule(), any_kinds(), unknown, development).prop_map(
        |(new, reopened, raised, resolved, kinds, unknown_severity, development)| Policy {
            new,
            reopened,
            raised,
            resolved,
            unknown_severity,
            development,
            kinds,
            ..Policy::default()
        },
    )
}

/// A severity at least as bad, unknown counted as the policy says.
fn worse(severity: Severity, than: Severity, policy: &Policy) -> bool {
    let rank = |s: Severity| {
        if s == Severity::Unknown { policy.unknown_severity.severity().rank() } else { s.rank() }
    };
    rank(severity) >= rank(than)
}

proptest! {
    #[test]
    fn another_change_never_takes_a_release_back(set in prop::collection::vec(any_change(), 0..6), extra in any_change(), policy in any_policy()) {
        let before = decided(&changes(set.clone()), &Request::auto(), &policy);
        let after = decided(&changes(set.into_iter().chain([extra]).collect()), &Request::auto(), &policy);
        prop_assert!(after.should_release || !before.should_release);
    }

    #[test]
    fn a_worse_severity_never_takes_a_release_back(c in any_change(), severity in severities(), policy in any_policy()) {
        prop_assume!(worse(severity, c.impact_level, &policy));
        // "Any" takes unknown as it is; every other threshold counts it.
        let worse = Change { impact_level: severity, ..c.clone() };
        let before = decided(&changes(vec![c]), &Request::auto(), &policy);
        let after = decided(&changes(vec![worse]), &Request::auto(), &policy);
        prop_assert!(after.should_release || !before.should_release);
    }

    #[test]
    fn exceptions_never_make_a_release(set in prop::collection::vec(any_change(), 0..6), excepted in prop::collection::vec(any::<bool>(), 6), policy in any_policy()) {
        let with_exceptions = set.iter().zip(excepted).map(|(c, yes)| {
            if yes && c.change_type != ChangeType::Resolved { Change { change_type: ChangeType::Excepted, ..c.clone() } } else { c.clone() }
        });
        let after = decided(&changes(with_exceptions.collect()), &Request::auto(), &policy);
        let before = decided(&changes(set), &Request::auto(), &policy);
        prop_assert!(before.should_release || !after.should_release);
    }
}
