//! Trust policies: only the publishing job of this repository may become the role.
//!
//! The subject of GitHub's tokens: <https://docs.github.com/en/actions/reference/security/oidc>. Repositories created,
//! renamed or transferred after 15 July 2026 have ids in it (`repo:OWNER@ID/NAME@ID:…`).

mod subject;

use super::statement::{Condition, GITHUB_HOST, Policy, Statement};
use super::{Findings, row};
use crate::check::{CheckSeverity, Place, Rule};

use CheckSeverity::{Error, Info, Warning};

const SUBJECT: &str = "Name one subject: `repo:OWNER/NAME:environment:pypi` under StringEquals (and its form with ids, if the repository has them).";
const SHAPE: &str = "Keep one statement: Federated provider of GitHub, action sts:AssumeRoleWithWebIdentity, conditions on aud and sub.";

const NO_SUBJECT: Rule = row("OIDC-T01", Error, "the trust policy has a condition on the subject", SUBJECT);
const NO_AUDIENCE: Rule = row(
    "OIDC-T02",
    Error,
    "the trust policy has a condition on the audience",
    "Add StringEquals on token.actions.githubusercontent.com:aud with sts.amazonaws.com.",
);
const AUDIENCE: Rule = row(
    "OIDC-T03",
    Warning,
    "the audience is that of STS",
    "Expect sts.amazonaws.com (in China sts.amazonaws.com.cn).",
);
const ANY_SUBJECT: Rule = row("OIDC-T04", Error, "the subject does not start with a wildcard", SUBJECT);
const ANY_OWNER: Rule = row("OIDC-T05", Error, "the subject's owner has no wildcard", SUBJECT);
const ANY_REPOSITORY: Rule = row("OIDC-T06", Error, "the subject's repository has no wildcard", SUBJECT);
const ANY_CONTEXT: Rule = row("OIDC-T07", Error, "the subject's context has no wildcard", SUBJECT);
const PULL_REQUEST: Rule = row("OIDC-T08", Error, "pull requests are not trusted", SUBJECT);
const NO_REPOSITORY: Rule = row("OIDC-T09", Error, "the subject names a repository", SUBJECT);
const LITERAL_WILDCARD: Rule =
    row("OIDC-T10", Error, "no wildcard stands under StringEquals, where it matches nothing", SUBJECT);
const NEGATED: Rule = row("OIDC-T11", Error, "the subject is not guarded by a negation alone", SUBJECT);
const FOR_ALL_VALUES: Rule = row(
    "OIDC-T12",
    Error,
    "no ForAllValues, which holds when the claim is absent",
    "Use the plain operator; GitHub's claims have one value.",
);
const IF_EXISTS: Rule = row("OIDC-T13", Error, "audience and subject must exist", "Take IfExists from the operator.");
const UNKNOWN_CLAIM: Rule = row(
    "OIDC-T14",
    Error,
    "every claim is one that GitHub's tokens have",
    "Mend the name of the claim; a condition on a claim that is never there guards nothing or refuses everybody.",
);
const ACTION: Rule = row("OIDC-T15", Error, "the action is sts:AssumeRoleWithWebIdentity and no other", SHAPE);
const ANY_PRINCIPAL: Rule = row("OIDC-T16", Error, "the principal is a provider, not anybody", SHAPE);
const OTHER_PRINCIPAL: Rule = row("OIDC-T17", Error, "no other statement trusts an account or anybody", SHAPE);
const IGNORE_CASE: Rule = row("OIDC-T18", Info, "the subject is compared with its case", "Use StringEquals.");
const PROVIDER: Rule = row(
    "OIDC-T19",
    Error,
    "the provider is GitHub's of today",
    "Trust arn:PARTITION:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com.",
);
const VERSION: Rule = row(
    "OIDC-T20",
    Info,
    "the policy's version is 2012-10-17",
    "Set Version to 2012-10-17; older documents read variables differently.",
);
const OTHER_REPOSITORY: Rule =
    row("OIDC-T21", Error, "the subject is of this repository", "Name the repository that publishes.");
const NOT_ENVIRONMENT: Rule = row(
    "OIDC-T22",
    Warning,
    "the subject is an environment",
    "Trust `…:environment:pypi` instead of a branch or tag: an environment has reviewers and rules of its own.",
);

pub(crate) const RULES: [&Rule; 22] = [
    &NO_SUBJECT,
    &NO_AUDIENCE,
    &AUDIENCE,
    &ANY_SUBJECT,
    &ANY_OWNER,
    &ANY_REPOSITORY,
    &ANY_CONTEXT,
    &PULL_REQUEST,
    &NO_REPOSITORY,
    &LITERAL_WILDCARD,
    &NEGATED,
    &FOR_ALL_VALUES,
    &IF_EXISTS,
    &UNKNOWN_CLAIM,
    &ACTION,
    &ANY_PRINCIPAL,
    &OTHER_PRINCIPAL,
    &IGNORE_CASE,
    &PROVIDER,
    &VERSION,
    &OTHER_REPOSITORY,
    &NOT_ENVIRONMENT,
];

/// What makes a trust policy open whatever its subject says.
const OPENINGS: [&Rule; 10] = [
    &NO_SUBJECT,
    &ANY_SUBJECT,
    &ANY_OWNER,
    &ANY_REPOSITORY,
    &ANY_CONTEXT,
    &NO_REPOSITORY,
    &LITERAL_WILDCARD,
    &NEGATED,
    &FOR_ALL_VALUES,
    &IF_EXISTS,
];

/// What a subject holds or breaks; under an opening none of it can be said to hold.
const OF_SUBJECT: [&Rule; 8] = [
    &ANY_SUBJECT,
    &ANY_OWNER,
    &ANY_REPOSITORY,
    &ANY_CONTEXT,
    &PULL_REQUEST,
    &NO_REPOSITORY,
    &OTHER_REPOSITORY,
    &NOT_ENVIRONMENT,
];

/// Takes back what the rules about the subject would claim although the policy is open anyway, or nothing can be compared.
pub(super) fn settle(repository: Option<&str>, findings: &mut Findings) {
    if repository.is_none() && !findings.has(&OTHER_REPOSITORY) {
        findings.unknown(&OTHER_REPOSITORY, None, "this repository's name is not known (GITHUB_REPOSITORY)");
    }
    if let Some(opening) = OPENINGS.into_iter().find(|rule| findings.is_broken(rule)) {
        for rule in OF_SUBJECT {
            if !findings.has(rule) {
                findings.unknown(rule, None, &format!("cannot hold as long as {} is broken", opening.id));
            }
        }
    }
}

/// Claims of GitHub's tokens that AWS reads as condition keys.
const CLAIMS: [&str; 17] = [
    "aud",
    "sub",
    "amr",
    "actor",
    "actor_id",
    "job_workflow_ref",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "workflow",
    "ref",
    "environment",
    "enterprise_id",
    "runner_environment",
    "event_name",
];

pub(super) fn check(policy: &Policy, repository: Option<&str>, findings: &mut Findings) {
    // Without a version IAM reads a document by the rules of 2008.
    if policy.version.as_deref() != Some("2012-10-17") {
        findings.hit(&VERSION, Place::line(&policy.file, policy.line), "it has another version, or none");
    }
    for statement in &policy.statements {
        if statement.trusts_github() {
            web_identity(policy, statement, repository, findings);
        } else if statement.principals.iter().any(|(kind, _)| matches!(kind.as_str(), "AWS" | "*")) {
            findings.hit(
                &OTHER_PRINCIPAL,
                Place::line(&policy.file, statement.line),
                "a further statement trusts an account or anybody",
            );
        }
    }
}

fn web_identity(policy: &Policy, statement: &Statement, repository: Option<&str>, findings: &mut Findings) {
    let place = Place::line(&policy.file, statement.line);
    let action = &statement.actions;
    if !action.is_resolved() {
        findings.unknown(&ACTION, place.clone(), "the action is an expression that is not evaluated");
    } else if statement.has_not_action || action.known.len() != 1 || !statement.acts("sts:AssumeRoleWithWebIdentity") {
        findings.hit(&ACTION, place.clone(), "it allows something else, or more");
    }
    principals(policy, statement, findings);

    if statement.conditions_unresolved {
        for rule in [&NO_SUBJECT, &NO_AUDIENCE] {
            findings.unknown(rule, place.clone(), "the conditions are an expression that is not evaluated");
        }
        let names_a_subject = |condition: &Condition| claim(condition) == Some("sub") && is_positive(condition);
        if !statement.conditions.iter().any(names_a_subject) {
            subject::unresolved(&place, findings);
        }
    } else {
        presence(policy, statement, findings);
    }
    for condition in &statement.conditions {
        operators(policy, condition, findings);
        match claim(condition) {
            Some("aud") => audience(policy, condition, findings),
            Some("sub") => subject::check(policy, condition, repository, findings),
            _ => {}
        }
    }
}

fn principals(policy: &Policy, statement: &Statement, findings: &mut Findings) {
    let place = Place::line(&policy.file, statement.line);
    for (kind, texts) in &statement.principals {
        if matches!(kind.as_str(), "*" | "Federated" | "AWS") && texts.any(|text| text == "*") {
            findings.hit(&ANY_PRINCIPAL, place.clone(), "the principal is `*`");
        } else if kind == "AWS" {
            findings.hit(&OTHER_PRINCIPAL, place.clone(), "the statement trusts an account too");
        }
        for (provider, line) in texts.known.iter().filter(|_| kind == "Federated") {
            let well_formed =
                provider.starts_with("arn:") && provider.ends_with(&format!(":oidc-provider/{GITHUB_HOST}"));
            if provider.contains("actions.githubusercontent.com") && !well_formed {
                findings.hit(
                    &PROVIDER,
                    Place::line(&policy.file, *line),
                    "the provider's ARN is malformed or names the old host",
                );
            }
        }
    }
}

/// The claim of GitHub's token that a condition is about.
fn claim(condition: &Condition) -> Option<&str> {
    let (host, claim) = condition.key.rsplit_once(':')?;
    // The host may be a variable or an expression over the provider's URL.
    (host.eq_ignore_ascii_case(GITHUB_HOST) || host.contains("${")).then_some(claim)
}

/// An operator without its set prefix and its `IfExists`.
fn base(operator: &str) -> &str {
    let plain = operator.rsplit_once(':').map_or(operator, |(_, plain)| plain);
    plain.strip_suffix("IfExists").unwrap_or(plain)
}

fn is_positive(condition: &Condition) -> bool {
    matches!(base(&condition.operator), "StringEquals" | "StringLike" | "StringEqualsIgnoreCase")
}

fn presence(policy: &Policy, statement: &Statement, findings: &mut Findings) {
    let place = Place::line(&policy.file, statement.line);
    let about =
        |name: &'static str| statement.conditions.iter().filter(move |condition| claim(condition) == Some(name));
    if !about("sub").any(is_positive) {
        if about("sub").next().is_some() {
            findings.hit(&NEGATED, place.clone(), "the subject only has to be different from something");
        } else {
            findings.hit(&NO_SUBJECT, place.clone(), "any job of any repository on GitHub is let in");
        }
    }
    if !about("aud").any(is_positive) {
        findings.hit(&NO_AUDIENCE, place, "tokens meant for somebody else are let in");
    }
}

fn operators(policy: &Policy, condition: &Condition, findings: &mut Findings) {
    let place = Place::line(&policy.file, condition.line);
    let Some(claim) = claim(condition) else {
        return;
    };
    if condition.operator.starts_with("ForAllValues:") {
        findings.hit(&FOR_ALL_VALUES, place.clone(), &format!("ForAllValues on {claim}"));
    }
    if condition.operator.ends_with("IfExists") && matches!(claim, "aud" | "sub") {
        findings.hit(&IF_EXISTS, place.clone(), &format!("{claim} is only compared if it exists"));
    }
    if claim == "sub" && base(&condition.operator).ends_with("IgnoreCase") {
        findings.hit(&IGNORE_CASE, place.clone(), "the subject is compared without its case");
    }
    if !CLAIMS.contains(&claim) {
        findings.hit(&UNKNOWN_CLAIM, place, &format!("`{claim}` is not a claim of GitHub's tokens"));
    }
}

fn audience(policy: &Policy, condition: &Condition, findings: &mut Findings) {
    if !condition.values.is_resolved() {
        findings.unknown(
            &AUDIENCE,
            Place::line(&policy.file, condition.line),
            "the audience is an expression that is not evaluated",
        );
    }
    for (value, line) in &condition.values.known {
        if !matches!(
            value.as_str(),
            "sts.amazonaws.com"
                | "sts.amazonaws.com.cn"
                | "sts.${AWS::URLSuffix}"
                | "sts.${data.aws_partition.current.dns_suffix}"
        ) {
            findings.hit(&AUDIENCE, Place::line(&policy.file, *line), "another audience is expected");
        }
    }
}
