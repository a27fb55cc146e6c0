//! Rules over the IAM policies in templates: who may become the publishing role, and what the role may do.

mod cloudformation;
mod module;
mod permission;
mod source;
mod statement;
mod terraform;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::BTreeMap;

use crate::check::{Check, CheckSeverity, CheckStatus, Place, Rule, Topic};
use crate::{TextFile, Unread};
use source::Policies;

const READABLE: Rule = row(
    "OIDC-D01",
    CheckSeverity::Warning,
    "the role's policies can be read",
    "Write policies as JSON, CloudFormation or Terraform text with literal values where it matters, so that they can be checked before they are deployed.",
);

/// The rows of all policy rules.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    std::iter::once(&READABLE).chain(trust::RULES).chain(permission::RULES)
}

/// Checks the policies in the files under `infrastructure/` (JSON, CloudFormation in JSON or YAML, Terraform).
///
/// `repository` is `owner/name`, to compare subjects with. A policy that depends on what only a deployment knows is
/// unknown and named; variables and parameters count with the defaults written beside them.
pub fn check_policies(files: &[TextFile<'_>], unread: &[Unread], repository: Option<&str>) -> Vec<Check> {
    let policies = Policies::read(files, unread);
    let mut findings = Findings::default();
    for policy in &policies.trust {
        trust::check(policy, repository, &mut findings);
    }
    trust::settle(repository, &mut findings);
    for policy in &policies.permissions {
        permission::check(policy, &mut findings);
    }

    let unread = policies.unread.iter().map(|unread| READABLE.unknown(Place::file(&unread.path), &unread.reason));
    let opaque = policies.opaque.iter().map(|(file, line, reason)| READABLE.unknown(Place::line(file, *line), reason));
    let mut checks =
        READABLE.conclude(unread.chain(opaque).collect(), || match (policies.trust.len(), policies.files) {
            (0, 0) => READABLE.unknown(None, "no template and no policy was found under infrastructure/"),
            (0, files) => READABLE.unknown(
                None,
                &format!("no policy that trusts GitHub was found in {files} files under infrastructure/"),
            ),
            (trust, _) => {
                READABLE.pass(&format!("{trust} trust and {} permission policies read", policies.permissions.len()))
            }
        });
    let gap = policies.gap();
    if !policies.trust.is_empty() {
        checks.extend(findings.conclude(&trust::RULES, gap.as_deref(), "every trust policy holds it"));
    }
    if !policies.permissions.is_empty() {
        checks.extend(findings.conclude(&permission::RULES, gap.as_deref(), "every permission policy holds it"));
    }
    checks
}

/// What the policy rules found, by rule.
#[derive(Debug, Default)]
struct Findings(BTreeMap<&'static str, Vec<Check>>);

impl Findings {
    fn hit(&mut self, rule: &Rule, place: Place, message: &str) {
        self.0.entry(rule.id).or_default().push(rule.hit(place, message));
    }

    fn unknown(&mut self, rule: &Rule, place: impl Into<Option<Place>>, message: &str) {
        self.0.entry(rule.id).or_default().push(rule.unknown(place, message));
    }

    fn has(&self, rule: &Rule) -> bool {
        self.0.contains_key(rule.id)
    }

    fn is_broken(&self, rule: &Rule) -> bool {
        let found = self.0.get(rule.id);
        found.is_some_and(|checks| checks.iter().any(|check| check.status == CheckStatus::Fail))
    }

    /// What was found by these rules. One that found nothing holds, unless there is a gap: something that could not be read.
    fn conclude(&self, rules: &[&Rule], gap: Option<&str>, otherwise: &str) -> Vec<Check> {
        let nothing = |rule: &Rule| match gap {
            Some(gap) => rule.unknown(None, gap),
            None => rule.pass(otherwise),
        };
        rules
            .iter()
            .flat_map(|rule| rule.conclude(self.0.get(rule.id).cloned().unwrap_or_default(), || nothing(rule)))
            .collect()
    }
}

const fn row(id: &'static str, severity: CheckSeverity, title: &'static str, help: &'static str) -> Rule {
    Rule { id, topic: Topic::Policies, severity, title, help }
}
