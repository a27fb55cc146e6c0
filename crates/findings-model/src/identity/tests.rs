mod flaws;
mod laws;
mod spots;

use std::collections::BTreeMap;

use time::{Date, Month};

use super::{Match, Seen, assign};
use crate::{
    AdvisoryId, CodeSpot, CodeText, Finding, FindingId, Package, PackageName, Rating, ResolvedReason, ScannerName,
    Scope, SecretMark, SecretSpot, Status, Subject, Vulnerability,
};

fn day(n: u8) -> Date {
    Date::from_calendar_date(2026, Month::January, n).unwrap()
}

fn scanner() -> ScannerName {
    ScannerName::parse("scanner").unwrap()
}

/// `requests PYSEC-1 CVE-2026-0001 GHSA-a`: package, printed id, aliases.
fn flaw(text: &str) -> Subject {
    let mut words = text.split_whitespace();
    let package = Package::pypi(&PackageName::parse(words.next().unwrap()).unwrap());
    let mut ids = words.map(|w| AdvisoryId::parse(w).unwrap());
    Subject::Vulnerability(Vulnerability {
        package,
        version: None,
        id: ids.next().unwrap(),
        aliases: ids.collect(),
        printed: crate::AdvisoryIds::new(),
        fix_versions: Vec::new(),
    })
}

/// `B324 app/a.py 5 md5(x)`: rule, file, line, what the line says.
fn code(text: &str) -> Subject {
    let mut words = text.splitn(4, ' ');
    Subject::Code(CodeSpot {
        rule: words.next().unwrap().to_owned(),
        former_rules: Vec::new(),
        path: words.next().unwrap().to_owned(),
        line: words.next().unwrap().parse().ok(),
        text: words.next().and_then(|line| CodeText::of(line, false)),
        aliases: std::collections::BTreeSet::new(),
    })
}

/// `Key app/a.py 5 mark`: type, file, line, mark.
fn secret(text: &str) -> Subject {
    let mut words = text.split(' ');
    Subject::Secret(SecretSpot {
        rule: words.next().unwrap().to_owned(),
        path: words.next().unwrap().to_owned(),
        line: words.next().unwrap().parse().ok(),
        text: None,
        mark: words.next().map(|m| SecretMark::from_hex(m.to_owned())),
    })
}

fn finding(name: &str, subject: Subject) -> Finding {
    Finding {
        finding_id: FindingId::parse(name).unwrap(),
        subject,
        scope: Scope::Unknown,
        rating: Rating::unknown(),
        rated_on: None,
        memory: None,
        exploitation: crate::Exploitation::default(),
        source_scanner: scanner(),
        scanners: crate::Attributions::new(),
        status: Status::Open,
        discovered: day(1),
        last_seen: day(8),
        fix_version: None,
        description: "".into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

fn resolved(mut f: Finding) -> Finding {
    f.status = Status::Resolved { on: day(8), reason: ResolvedReason::CodeChanged };
    f
}

fn of_scanner(name: &str, mut finding: Finding) -> Finding {
    finding.source_scanner = ScannerName::parse(name).unwrap();
    finding
}

/// Says for each record `k0` (known finding 0) or `n0` (new finding 0), then the contested known ones (`?0`) and those that records
/// parted from (`0/1`, known finding and record).
fn check(known: &[Finding], seen: &[Subject], gone: &[&str], expected: &str) {
    let name = scanner();
    let seen: Vec<Seen<'_>> =
        seen.iter().map(|subject| Seen { subject, begins: None, scanner: &name, report: 0 }).collect();
    let result = assign(known, &seen, &|_, path| gone.contains(&path));
    let mut words: Vec<String> = result
        .matches
        .iter()
        .map(|m| match m {
            Match::Known(k) => format!("k{k}"),
            Match::New(n) => format!("n{n}"),
        })
        .collect();
    words.extend(result.contested.iter().map(|k| format!("?{k}")));
    words.extend(result.parted.iter().flat_map(|(k, records)| records.iter().map(move |s| format!("{k}/{s}"))));
    assert_eq!(words.join(" "), expected);
}

fn all(make: fn(&str) -> Subject, texts: &[&str]) -> Vec<Subject> {
    texts.iter().map(|t| make(t)).collect()
}

fn known(make: fn(&str) -> Subject, texts: &[&str]) -> Vec<Finding> {
    texts.iter().enumerate().map(|(i, t)| finding(&format!("F{i}"), make(t))).collect()
}
