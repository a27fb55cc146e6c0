//! Gives a finding its readable id, once.

use std::{borrow::Cow, collections::HashSet};

use findings_model::{AdvisoryId, Finding, FindingId, Subject, text};

use crate::lead::Lead;

/// The longest part of an id that comes from a report, in characters: three of them fit into an id.
const PART: usize = 90;

/// The ids that are taken.
#[derive(Default)]
pub(super) struct Names(HashSet<FindingId>);

impl Names {
    pub(super) fn of(findings: &[Finding]) -> Self {
        Self(findings.iter().map(|f| f.finding_id.clone()).collect())
    }

    /// The id for a finding that has none yet: the readable form, with `@package` where another package has it, and `~2`,
    /// `~3`, … where that is taken, too.
    pub(super) fn give(&mut self, finding: &Finding) -> FindingId {
        let plain = readable(finding);
        if let Some(id) = self.take(&plain) {
            return id;
        }
        let base = match finding.subject.package() {
            Some(package) => format!("{plain}@{}", part(package.name())),
            None => plain.into_owned(),
        };
        let numbered = (2u32..).map(|n| format!("{base}~{n}"));
        std::iter::once(base.clone())
            .chain(numbered)
            .find_map(|name| self.take(&name))
            .unwrap_or_else(|| finding.finding_id.clone())
    }

    fn take(&mut self, name: &str) -> Option<FindingId> {
        let id = FindingId::parse(name).ok()?;
        self.0.insert(id.clone()).then_some(id)
    }
}

/// The first bytes of what [`order`] orders by.
pub(super) fn lead(finding: &Finding) -> Lead {
    let (subject, lead) = (&finding.subject, Lead::of().rank(finding.kind() as u8));
    match subject {
        Subject::Vulnerability(v) => lead.text(v.id.as_str()).package(&v.package),
        Subject::Code(_) | Subject::Secret(_) => {
            lead.text(finding.source_scanner.as_str()).text(subject.path().unwrap_or_default()).line(subject.line())
        }
    }
    .done()
}

/// The order in which new findings get their ids.
pub(super) fn order(finding: &Finding) -> impl Ord + '_ {
    let subject = &finding.subject;
    let package = subject.package().map(|p| (p.ecosystem().as_str(), p.name()));
    let (rule, id, text) = match subject {
        Subject::Vulnerability(v) => ("", Some(&v.id), None),
        Subject::Code(c) => (c.rule.as_str(), None, c.text.as_ref().map(findings_model::CodeText::as_str)),
        Subject::Secret(s) => (s.rule.as_str(), None, s.mark.as_ref().map(findings_model::SecretMark::as_str)),
    };
    (
        finding.kind(),
        id,
        package,
        &finding.source_scanner,
        (subject.path(), subject.line(), rule, text),
        finding.description.as_str(),
    )
}

fn readable(finding: &Finding) -> Cow<'_, str> {
    match &finding.subject {
        Subject::Vulnerability(v) => Cow::Borrowed(v.id.as_str()),
        Subject::Code(c) => {
            let scanner = part(finding.source_scanner.as_str()).to_uppercase();
            Cow::Owned(placed(&scanner, &c.rule, &c.path, c.line))
        }
        Subject::Secret(s) => Cow::Owned(placed("SECRET", &s.rule, &s.path, s.line)),
    }
}

fn placed(front: &str, rule: &str, path: &str, line: Option<u32>) -> String {
    let base = path.rsplit('/').next().unwrap_or(path);
    format!("{front}-{}-{}-{}", part(rule), part(base), line.unwrap_or(0))
}

fn part(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.len() <= PART && text::is_plain_line(text) {
        return Cow::Borrowed(text);
    }
    let line = text::one_line(text);
    Cow::Owned(text::shorten(if line.is_empty() { "unknown" } else { &line }, PART).into_owned())
}

/// Which of several printed ids a flaw is called by: GHSA, then PYSEC, then CVE, then any other.
pub(super) fn preference(id: &AdvisoryId) -> (u8, &AdvisoryId) {
    let rank = match id.as_str().split('-').next() {
        Some("GHSA") => 0,
        Some("PYSEC") => 1,
        Some("CVE") => 2,
        _ => 3,
    };
    (rank, id)
}
