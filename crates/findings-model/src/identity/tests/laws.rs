//! Laws that hold for any findings and records.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    super::{Match, Seen, assign, pair},
    all, check, code, finding, flaw, resolved, scanner,
};
use crate::{Finding, FindingId, Subject, Vulnerability};

fn any_flaw() -> impl Strategy<Value = Subject> {
    let id = prop::sample::select(vec!["PYSEC-1", "PYSEC-2", "GHSA-1", "GHSA-2", "CVE-1-1", "CVE-1-2"]);
    (prop::sample::select(vec!["a", "b"]), id.clone(), prop::collection::vec(id, 0..4))
        .prop_map(|(package, id, aliases)| flaw(&format!("{package} {id} {}", aliases.join(" "))))
}

fn any_code() -> impl Strategy<Value = Subject> {
    (
        prop::sample::select(vec!["B1", "B2", "x.B1"]),
        prop::sample::select(vec!["a.py", "b.py", "d/a.py"]),
        1u32..6,
        prop::sample::select(vec!["", "x", "y"]),
    )
        .prop_map(|(rule, path, line, text)| code(&format!("{rule} {path} {line} {text}")))
}

/// Known findings with distinct ids, records, and an order to shuffle them into.
fn any_case(subject: BoxedStrategy<Subject>) -> impl Strategy<Value = (Vec<Finding>, Vec<Subject>)> {
    (prop::collection::vec((subject.clone(), any::<bool>()), 0..7), prop::collection::vec(subject, 0..7)).prop_map(
        |(known, seen)| {
            let known = known
                .into_iter()
                .enumerate()
                .map(|(i, (s, live))| {
                    let f = finding(&format!("F{i}"), s);
                    if live { f } else { resolved(f) }
                })
                .collect();
            (known, seen)
        },
    )
}

/// What was found, in words that do not depend on the order of the input: for each known finding and each new one the records, the
/// contested ones, and the records that parted from known ones.
fn meaning(known: &[Finding], seen: &[Subject]) -> [Vec<String>; 3] {
    let name = scanner();
    let records: Vec<Seen<'_>> =
        seen.iter().map(|subject| Seen { subject, begins: None, scanner: &name, report: 0 }).collect();
    let result = assign(known, &records, &|_, path| path == "a.py");
    let mut groups: BTreeMap<Match, Vec<String>> = BTreeMap::new();
    for (m, subject) in result.matches.iter().zip(seen) {
        groups.entry(*m).or_default().push(format!("{subject:?}"));
    }
    let mut lines: Vec<String> = groups
        .into_iter()
        .map(|(m, mut records)| {
            records.sort();
            match m {
                Match::Known(k) => format!("{} {records:?}", known[k].finding_id),
                Match::New(_) => format!("new {records:?}"),
            }
        })
        .collect();
    lines.sort();
    let mut contested: Vec<String> = result.contested.iter().map(|k| known[*k].finding_id.to_string()).collect();
    contested.sort();
    let parted = result.parted.iter().flat_map(|(k, records)| records.iter().map(move |s| (k, s)));
    let mut parted: Vec<String> = parted.map(|(k, s)| format!("{} {:?}", known[*k].finding_id, seen[*s])).collect();
    parted.sort();
    [lines, contested, parted]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_flaws_never_matters((known, seen) in any_case(any_flaw().boxed()), seed in any::<u64>()) {
        let (known2, seen2) = (shuffled(&known, seed), shuffled(&seen, seed.rotate_left(7)));
        prop_assert_eq!(meaning(&known, &seen), meaning(&known2, &seen2));
    }

    #[test]
    fn the_order_of_code_never_matters((known, seen) in any_case(any_code().boxed()), seed in any::<u64>()) {
        let (known2, seen2) = (shuffled(&known, seed), shuffled(&seen, seed.rotate_left(7)));
        prop_assert_eq!(meaning(&known, &seen), meaning(&known2, &seen2));
    }

    /// Which report a flaw stands in says nothing of which flaw it is.
    #[test]
    fn how_flaws_are_spread_over_reports_never_matters(
        (known, seen) in any_case(any_flaw().boxed()),
        reports in prop::collection::vec(0..3_usize, 7),
    ) {
        let name = scanner();
        let spread = |report: &dyn Fn(usize) -> usize| {
            let seen: Vec<Seen<'_>> = seen
                .iter()
                .enumerate()
                .map(|(i, subject)| Seen { subject, begins: None, scanner: &name, report: report(i) })
                .collect();
            assign(&known, &seen, &|_, _| false)
        };
        prop_assert_eq!(spread(&|_| 0), spread(&|i| reports[i]));
    }

    /// What is reported besides never takes a finding's own record from it: a record that prints its id is that finding.
    #[test]
    fn a_printed_id_is_always_known_again((known, seen) in any_case(any_flaw().boxed())) {
        let name = scanner();
        let mut seen = seen;
        let Some(Subject::Vulnerability(own)) = known.first().map(|f| f.subject.clone()) else { return Ok(()) };
        seen.push(Subject::Vulnerability(own.clone()));
        let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, begins: None, scanner: &name, report: 0 }).collect();
        let result = assign(&known, &records, &|_, _| false);
        let Some(Match::Known(k)) = result.matches.last() else { return Err(TestCaseError::fail("it is new")) };
        let Subject::Vulnerability(home) = &known[*k].subject else { unreachable!() };
        prop_assert_eq!(&home.package, &own.package);
        prop_assert!(home.id == own.id || home.printed.contains(&own.id), "{:?}", home);
    }

    /// No finding is two flaws, as far as it can be told which of them it is: the records of one that is named after one of its
    /// records hang together by printed ids and CVE numbers, or have no number.
    #[test]
    fn the_records_of_a_finding_never_contradict_each_other((mut known, seen) in any_case(any_flaw().boxed())) {
        let name = scanner();
        for finding in &mut known {
            let Subject::Vulnerability(v) = &mut finding.subject else { unreachable!() };
            finding.finding_id = FindingId::parse(v.id.as_str()).unwrap();
            v.printed = v.aliases.iter().filter(|id| !id.is_cve()).cloned().collect();
        }
        let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, begins: None, scanner: &name, report: 0 }).collect();
        let result = assign(&known, &records, &|_, _| false);
        for (k, finding) in known.iter().enumerate() {
            let own = result.matches.iter().zip(&seen).filter(|(m, _)| **m == Match::Known(k));
            let own: Vec<&Vulnerability> = own.filter_map(|(_, subject)| match subject {
                Subject::Vulnerability(v) => Some(v),
                _ => None,
            }).collect();
            let is_named = own.iter().any(|v| v.id.as_str() == finding.finding_id.as_str());
            prop_assert!(!is_named || hang_together(&own), "{finding:?} {own:?}");
        }
    }

    #[test]
    fn a_code_finding_is_used_once((known, seen) in any_case(any_code().boxed())) {
        let name = scanner();
        let records: Vec<Seen<'_>> = seen.iter().map(|subject| Seen { subject, begins: None, scanner: &name, report: 0 }).collect();
        let mut matches = assign(&known, &records, &|_, _| true).matches;
        let count = matches.len();
        matches.sort_unstable();
        matches.dedup();
        prop_assert_eq!(matches.len(), count);
    }

    /// Two flaws with different CVE numbers stay two, whatever else they share, unless one id was printed for both.
    #[test]
    fn unequal_cve_numbers_are_never_joined_by_an_alias(alias in prop::sample::select(vec!["GHSA-1", "PYSEC-9"])) {
        let records = all(flaw, &[&format!("a PYSEC-1 CVE-1-1 {alias}"), &format!("a PYSEC-2 CVE-1-2 {alias}")]);
        check(&[], &records, &[], "n0 n1");
    }

    #[test]
    fn a_set_pairs_with_itself((known, _) in any_case(any_code().boxed())) {
        let pairs = pair(&known, &known, &|_| false);
        prop_assert!(pairs.iter().all(Option::is_some));
    }
}

/// Whether all flaws with CVE numbers hang together by printed ids and CVE numbers.
fn hang_together(flaws: &[&Vulnerability]) -> bool {
    let mut rest: Vec<&Vulnerability> = flaws.to_vec();
    let Some(first) = rest.iter().position(|v| !v.cves().is_empty()) else { return true };
    let mut reached = vec![rest.swap_remove(first)];
    let mut at = 0;
    while let Some(v) = reached.get(at).copied() {
        let (near, far) = rest.into_iter().partition(|w| w.id == v.id || !w.cves().is_disjoint(&v.cves()));
        rest = far;
        reached.extend::<Vec<_>>(near);
        at += 1;
    }
    rest.iter().all(|v| v.cves().is_empty())
}

fn shuffled<T: Clone>(items: &[T], mut seed: u64) -> Vec<T> {
    let mut out = items.to_vec();
    for i in (1..out.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let j = usize::try_from(seed >> 33).unwrap_or(0) % (i + 1);
        out.swap(i, j);
    }
    out
}
