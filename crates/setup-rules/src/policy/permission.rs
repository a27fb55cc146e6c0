//! Permission policies of the publishing role: it reads one secret and nothing else.

use super::statement::{Policy, Statement};
use super::{Findings, row};
use crate::check::{CheckSeverity, Place, Rule};

use CheckSeverity::{Error, Warning};

const ONE_ACTION: &str = "Allow secretsmanager:GetSecretValue, and at most DescribeSecret beside it.";
const ONE_SECRET: &str = "Name the secret: arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-?????? (six question marks stand for AWS's suffix).";

const WILD_ACTION: Rule = row("OIDC-P01", Error, "no wildcard in the actions on secrets", ONE_ACTION);
const OTHER_ACTION: Rule = row("OIDC-P02", Error, "the role cannot change or list secrets", ONE_ACTION);
const ANY_RESOURCE: Rule = row("OIDC-P03", Error, "the role reads one secret, not any", ONE_SECRET);
const PREFIX: Rule = row("OIDC-P04", Warning, "the secret is not named by a prefix", ONE_SECRET);
const NEGATED: Rule =
    row("OIDC-P05", Error, "neither NotAction nor NotResource", "List what is allowed; what is not listed is refused.");
const IDENTITY: Rule =
    row("OIDC-P06", Error, "the role cannot change or hand on identities", "Take iam: and sts: actions from the role.");
const WILD_ACCOUNT: Rule = row("OIDC-P07", Warning, "region and account are named", ONE_SECRET);
const NO_SUFFIX: Rule = row("OIDC-P08", Error, "the secret's ARN has its suffix, or a place for it", ONE_SECRET);
const ANY_KEY: Rule =
    row("OIDC-P09", Error, "the role decrypts with one key", "Allow kms:Decrypt on the ARN of the secret's key.");
const KEY_USE: Rule = row(
    "OIDC-P10",
    Warning,
    "the key is used through Secrets Manager only",
    "Add StringEquals kms:ViaService secretsmanager.REGION.amazonaws.com.",
);

pub(crate) const RULES: [&Rule; 10] = [
    &WILD_ACTION,
    &OTHER_ACTION,
    &ANY_RESOURCE,
    &PREFIX,
    &NEGATED,
    &IDENTITY,
    &WILD_ACCOUNT,
    &NO_SUFFIX,
    &ANY_KEY,
    &KEY_USE,
];

pub(super) fn check(policy: &Policy, findings: &mut Findings) {
    for statement in &policy.statements {
        let place = Place::line(&policy.file, statement.line);
        if statement.has_not_action || statement.has_not_resource {
            findings.hit(&NEGATED, place.clone(), "it allows everything but what it lists");
        }
        if !statement.actions.is_resolved() {
            findings.unknown(&WILD_ACTION, place.clone(), "an action is an expression that is not evaluated");
        }
        let actions: Vec<String> =
            statement.actions.known.iter().map(|(action, _)| action.to_ascii_lowercase()).collect();
        for action in &actions {
            judge_action(action, &place, findings);
        }
        let touches = |service| actions.iter().any(|action| may_match(service_of(action), service));
        if touches("secretsmanager") {
            secrets(policy, statement, findings);
        }
        if touches("kms") {
            keys(policy, statement, &actions, findings);
        }
    }
}

fn judge_action(action: &str, place: &Place, findings: &mut Findings) {
    let (service, verb) = action.split_once(':').unwrap_or((action, ""));
    if has_wildcard(service) || (service == "secretsmanager" && has_wildcard(verb)) {
        findings.hit(&WILD_ACTION, place.clone(), &format!("{action} is allowed"));
    } else if service == "secretsmanager" && !matches!(verb, "getsecretvalue" | "describesecret") {
        findings.hit(&OTHER_ACTION, place.clone(), &format!("{action} is allowed"));
    } else if matches!(service, "iam" | "sts") && verb != "getcalleridentity" {
        findings.hit(&IDENTITY, place.clone(), &format!("{action} is allowed"));
    }
}

fn secrets(policy: &Policy, statement: &Statement, findings: &mut Findings) {
    for (resource, line) in &statement.resources.known {
        let place = Place::line(&policy.file, *line);
        let parts: Vec<&str> = split_arn(resource.trim());
        let [_, _, service, region, account, "secret", name] = parts.as_slice() else {
            if !may_be_of("secretsmanager", &parts) {
            } else if resource.contains("${") && has_wildcard(resource) {
                findings.hit(&PREFIX, place, "the resource ends in a wildcard");
            } else if has_wildcard(resource) {
                findings.hit(&ANY_RESOURCE, place, &format!("{resource} matches any secret"));
            }
            continue;
        };
        if !may_match(service, "secretsmanager") {
            continue;
        }
        let own = if has_suffix(name) { &name[..name.len() - 7] } else { *name };
        if has_wildcard(own) && !own.contains(|c: char| c.is_alphanumeric()) {
            findings.hit(&ANY_RESOURCE, place.clone(), &format!("a secret named {name} can be any of the account"));
        } else if has_wildcard(own) {
            findings.hit(
                &PREFIX,
                place.clone(),
                "a wildcard stands in the secret's name; it matches other names as well",
            );
        } else if !name.contains("${") && !has_suffix(name) {
            findings.hit(&NO_SUFFIX, place.clone(), "an ARN without the six characters matches no secret");
        }
        if [region, account].into_iter().any(|part| has_wildcard(part)) {
            findings.hit(&WILD_ACCOUNT, place, "region or account is a wildcard");
        }
    }
}

fn keys(policy: &Policy, statement: &Statement, actions: &[String], findings: &mut Findings) {
    let place = Place::line(&policy.file, statement.line);
    for action in actions.iter().filter(|action| service_of(action) == "kms" && has_wildcard(action)) {
        findings.hit(&ANY_KEY, place.clone(), &format!("{action} is allowed"));
    }
    for (resource, line) in &statement.resources.known {
        let parts = split_arn(resource.trim());
        let key = parts.get(5..).map_or_else(|| resource.clone(), <[&str]>::concat);
        if may_be_of("kms", &parts) && has_wildcard(&key) {
            findings.hit(&ANY_KEY, Place::line(&policy.file, *line), &format!("{resource} matches many keys"));
        }
    }
    let guarded = statement.conditions_unresolved
        || statement.conditions.iter().any(|condition| condition.key.eq_ignore_ascii_case("kms:ViaService"));
    if !guarded {
        findings.hit(&KEY_USE, place, "the key may be used for anything");
    }
}

/// The service of an action; a pattern without a colon spans it.
fn service_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(service, _)| service)
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether an ARN can be one of a service: it names it, or has a wildcard or an expression in its place or in front of it.
fn may_be_of(service: &str, parts: &[&str]) -> bool {
    match parts {
        [arn, partition, found, ..] => {
            may_match(found, service)
                || found.contains("${")
                || has_wildcard(&format!("{arn}{partition}").replace("${", ""))
        }
        _ => true,
    }
}

/// Whether a pattern of IAM (`*` for any characters, `?` for one) matches a word.
fn may_match(pattern: &str, word: &str) -> bool {
    match pattern.chars().next() {
        None => word.is_empty(),
        Some('*') => {
            let rest = pattern.trim_start_matches('*');
            word.char_indices().map(|(at, _)| at).chain([word.len()]).any(|at| may_match(rest, &word[at..]))
        }
        Some(first) => word.chars().next().is_some_and(|c| {
            (first == '?' || c == first) && may_match(&pattern[first.len_utf8()..], &word[c.len_utf8()..])
        }),
    }
}

/// An ARN's parts, the colons inside `${…}` left alone.
fn split_arn(arn: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in arn.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && parts.len() < 6 => {
                parts.push(&arn[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&arn[start..]);
    parts
}

fn has_suffix(name: &str) -> bool {
    name.rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 6 && end.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'?'))
}
