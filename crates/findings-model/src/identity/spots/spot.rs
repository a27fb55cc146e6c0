//! A code or secret finding or record, as the passes compare it.

use super::super::is_resolved;
use crate::{ExceptedBy, Finding, ScannerName, Status, Subject, order};

/// A code or secret finding or record, borrowed.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Spot<'a> {
    pub(super) index: usize,
    /// Tells apart what is equal otherwise; empty for records.
    pub(super) name: &'a str,
    pub(super) scanner: &'a ScannerName,
    pub(super) rule: &'a str,
    pub(super) former: &'a [String],
    pub(super) path: &'a str,
    /// 0 where no line is known.
    pub(super) line: u32,
    pub(super) text: Option<&'a str>,
    pub(super) mark: Option<&'a str>,
    pub(super) live: bool,
    /// A person said of it that it does not count.
    pub(super) is_excepted: bool,
}

impl<'a> Spot<'a> {
    pub(in super::super) fn of_finding(index: usize, finding: &'a Finding, subject: &'a Subject) -> Option<Self> {
        let mut spot = Self::of_record(index, &finding.source_scanner, subject)?;
        (spot.name, spot.live) = (finding.finding_id.as_str(), !is_resolved(finding));
        spot.is_excepted = matches!(&finding.status, Status::Excepted { by } if !matches!(by, ExceptedBy::Report(_)));
        Some(spot)
    }

    pub(in super::super) fn of_record(index: usize, scanner: &'a ScannerName, subject: &'a Subject) -> Option<Self> {
        let bare = Self {
            index,
            name: "",
            scanner,
            rule: "",
            former: &[],
            path: "",
            line: 0,
            text: None,
            mark: None,
            live: true,
            is_excepted: false,
        };
        Some(match subject {
            Subject::Vulnerability(_) => return None,
            Subject::Code(c) => Self {
                rule: &c.rule,
                former: &c.former_rules,
                path: &c.path,
                line: c.line.unwrap_or(0),
                text: c.text.as_ref().map(crate::CodeText::known_by),
                ..bare
            },
            Subject::Secret(s) => Self {
                rule: &s.rule,
                path: &s.path,
                line: s.line.unwrap_or(0),
                text: s.text.as_ref().map(crate::CodeText::known_by),
                mark: s.mark.as_ref().map(crate::SecretMark::as_str),
                ..bare
            },
        })
    }

    /// What the line says; where nobody knows, its number stands in.
    pub(super) fn said(&self) -> (Option<&'a str>, u32) {
        (self.text, if self.text.is_some() { 0 } else { self.line })
    }

    /// Whether it is known of both what they say, and that is not the same.
    pub(super) fn says_something_else(&self, other: &Self) -> bool {
        self.text.zip(other.text).is_some_and(|(own, others)| own != others)
            && (self.mark.is_none() || self.mark != other.mark)
    }

    /// The rule, what it was called earlier, and the last part of its name where that has several.
    pub(super) fn rule_names(&self) -> impl Iterator<Item = RuleName<'a>> + use<'a> {
        let last = self.rule.rsplit_once('.').map(|(_, last)| RuleName::LastPart(last));
        let whole = std::iter::once(self.rule).chain(self.former.iter().map(String::as_str)).map(RuleName::Whole);
        whole.chain(last).chain(self.checks().map(|(letters, number)| RuleName::Check(letters, number)))
    }

    /// The numbers of trivy's check under all of its names.
    pub(super) fn checks(&self) -> impl Iterator<Item = (&'a str, u32)> + use<'a> {
        let is_trivy = self.scanner.as_str().eq_ignore_ascii_case("trivy");
        let names = std::iter::once(self.rule).chain(self.former.iter().map(String::as_str));
        names.filter(move |_| is_trivy).filter_map(check)
    }

    /// A total order that does not ask where in the input a spot stood, unless two are equal in everything.
    pub(super) fn order(&self) -> Order<'a> {
        (self.path, self.line, self.rule, self.text, self.mark, self.former, self.name, self.index)
    }
}

/// Sorts positions by the order of their spots, which is total.
pub(super) fn put_in_order(spots: &[Spot<'_>], positions: &mut [usize]) {
    order::sort_positions(positions, &mut |a, b| spots[a].order().cmp(&spots[b].order()));
}

/// A name by which a rule is known again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RuleName<'a> {
    Whole(&'a str),
    LastPart(&'a str),
    Check(&'a str, u32),
}

/// The letters and the number of a check of trivy's, which calls one `DS002`, `DS-0002` and `AVD-DS-0002`.
fn check(rule: &str) -> Option<(&str, u32)> {
    let rule = rule.strip_prefix("AVD-").unwrap_or(rule);
    let (letters, number) = rule.split_at(rule.find(|c: char| c.is_ascii_digit())?);
    let letters = letters.strip_suffix('-').unwrap_or(letters);
    let is_check = !letters.is_empty()
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && number.bytes().all(|b| b.is_ascii_digit());
    is_check.then(|| number.parse().ok())?.map(|number| (letters, number))
}

pub(super) type Order<'a> = (&'a str, u32, &'a str, Option<&'a str>, Option<&'a str>, &'a [String], &'a str, usize);
