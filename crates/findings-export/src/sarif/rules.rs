//! The rules of a run: one per flaw of a dependency, one per rule or detector of a scanner.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{AdvisoryId, Finding, FindingKind, Severity, Subject};

use super::{
    level,
    wire::{Configuration, Message, Rule, RuleProperties},
};
use crate::{limits, words};

/// The rules by id, each with the findings it is made from.
pub(super) struct Rules<'a> {
    by_id: BTreeMap<String, Entry<'a>>,
    positions: BTreeMap<String, usize>,
}

struct Entry<'a> {
    /// The first of its findings by id: it describes the rule.
    example: &'a Finding,
    /// The worst of its findings.
    worst: &'a Finding,
    former: BTreeSet<String>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(findings: &[&'a Finding]) -> Self {
        let mut by_id: BTreeMap<String, Entry<'a>> = BTreeMap::new();
        for finding in findings {
            let entry = by_id.entry(id_of(finding)).or_insert_with(|| Entry {
                example: finding,
                worst: finding,
                former: BTreeSet::new(),
            });
            if finding.finding_id < entry.example.finding_id {
                entry.example = finding;
            }
            if super::order(finding) < super::order(entry.worst) {
                entry.worst = finding;
            }
            entry.former.extend(former_ids(finding));
        }
        let positions = by_id.keys().enumerate().map(|(at, id)| (id.clone(), at)).collect();
        Self { by_id, positions }
    }

    /// The id of a finding's rule, and its place in the list.
    pub(super) fn of_finding(&self, finding: &Finding) -> (String, usize) {
        let id = id_of(finding);
        let position = self.positions.get(&id).copied().unwrap_or_default();
        (id, position)
    }

    pub(super) fn into_wire(self) -> Vec<Rule<'a>> {
        let ids: BTreeSet<String> = self.by_id.keys().cloned().collect();
        self.by_id.into_iter().map(|(id, entry)| rule(id, &entry, &ids)).collect()
    }
}

/// The rule's id: the finding's own for a flaw of a dependency, which stays when a scanner prints another name for it.
fn id_of(finding: &Finding) -> String {
    let id = match &finding.subject {
        Subject::Vulnerability(_) => finding.finding_id.as_str(),
        Subject::Code(spot) => &spot.rule,
        Subject::Secret(spot) => &spot.rule,
    };
    let line = words::line(id, limits::ID);
    if line.is_empty() { "unnamed".to_owned() } else { line }
}

/// The other names of the flaw, or the earlier ones of the rule.
fn former_ids(finding: &Finding) -> Vec<String> {
    let own = id_of(finding);
    let names: Vec<&str> = match &finding.subject {
        Subject::Vulnerability(_) => finding.subject.advisory_ids().map(AdvisoryId::as_str).collect(),
        Subject::Code(spot) => spot.former_rules.iter().map(String::as_str).collect(),
        Subject::Secret(_) => Vec::new(),
    };
    names
        .into_iter()
        .map(|name| words::line(name, limits::ID))
        .filter(|name| *name != own && !name.is_empty())
        .collect()
}

fn rule<'a>(id: String, entry: &Entry<'a>, ids: &BTreeSet<String>) -> Rule<'a> {
    let (example, worst) = (entry.example, entry.worst);
    let (short, full) = match &example.subject {
        Subject::Vulnerability(v) => {
            (format!("{id}: a known flaw in {}", v.package), words::line(&example.description, limits::DESCRIPTION))
        }
        Subject::Code(_) => (id.clone(), words::line(&example.description, limits::DESCRIPTION)),
        Subject::Secret(_) => (format!("Possible secret: {id}"), format!("A value that looks like a secret ({id})")),
    };
    let short = words::line(&short, limits::DESCRIPTION);
    let full = if full.is_empty() { short.clone() } else { full };
    let help = help(example, &full);
    let mut tags = vec!["security", example.kind().as_str()];
    if example.kind() == FindingKind::Vulnerability {
        tags.push(match example.scope {
            findings_model::Scope::Runtime => "runtime",
            findings_model::Scope::Development => "development",
            findings_model::Scope::Unknown => "unknown-scope",
        });
    }
    if worst.exploitation.kev.is_some() {
        tags.push("known-exploited");
    }
    tags.truncate(limits::TAGS);
    Rule {
        short_description: Message { text: words::message(&short) },
        full_description: Message { text: words::message(&full) },
        help: Message { text: words::message(&help) },
        help_uri: words::link(example.reference_url.as_deref()),
        // An id that is a rule of its own here is not an old name of another.
        deprecated_ids: entry.former.iter().filter(|former| !ids.contains(*former)).cloned().collect(),
        default_configuration: Configuration { level: level(worst.rating.severity) },
        properties: RuleProperties { security_severity: security_severity(worst), tags },
        id,
    }
}

fn help(finding: &Finding, full: &str) -> String {
    let mut help = vec![full.to_owned()];
    if let Subject::Vulnerability(v) = &finding.subject {
        let fixes: Vec<String> = v.fix_versions.iter().take(10).map(|version| words::line(version, 100)).collect();
        help.push(match fixes.as_slice() {
            [] => "No fixed version is known.".to_owned(),
            fixes => format!("Fixed in {}.", fixes.join(", ")),
        });
        let names: Vec<&str> = finding.subject.advisory_ids().take(20).map(AdvisoryId::as_str).collect();
        help.push(format!("Known as {}.", names.join(", ")));
    }
    if finding.kind() == FindingKind::Secret {
        help.push("Revoke it where it is valid, then remove it; it stays in the history of the repository.".to_owned());
    }
    help.join(" ")
}

/// The number that GitHub sorts and colours by: the CVSS score where it is what the severity came from, else the lower end of the
/// severity's band (9.0, 7.0, 4.0, 0.1, 0.0). None for unknown.
fn security_severity(finding: &Finding) -> Option<String> {
    let severity = finding.rating.severity;
    if let Some(score) = finding.rating.score.filter(|score| score.severity() == severity) {
        return Some(score.to_string());
    }
    let lower = match severity {
        Severity::Critical => "9.0",
        Severity::High => "7.0",
        Severity::Medium => "4.0",
        Severity::Low => "0.1",
        Severity::Info => "0.0",
        Severity::Unknown => return None,
    };
    Some(lower.to_owned())
}
