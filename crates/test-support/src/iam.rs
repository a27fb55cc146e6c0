//! What IAM decides: a policy document, and a request with its condition keys.
//!
//! Written from the documentation and from nothing of the product, so that the product's policies can be judged by it:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>. Knows what policies
//! about GitHub's tokens, secrets and keys use; anything else in a policy fails the test instead of being guessed at.

use std::collections::BTreeMap;

use serde_json::Value;

#[cfg(test)]
mod tests;

/// The host that GitHub's identity tokens come from.
const GITHUB_HOST: &str = "token.actions.githubusercontent.com";

/// Claims of GitHub's tokens that STS offers as condition keys; a condition on another one finds no value.
const CLAIMS: [&str; 11] = [
    "actor",
    "actor_id",
    "aud",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "sub",
    "workflow",
];

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Request {
    action: String,
    resource: Option<String>,
    /// Kind (`Federated`, `AWS`) and ARN; none in a policy of the role itself.
    principal: Option<(&'static str, String)>,
    /// Condition keys in lower case, each with its values.
    keys: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// An action on a resource by whoever has the policy.
    pub fn action(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: Some(resource.to_owned()), principal: None, keys: BTreeMap::new() }
    }

    /// A job that brings a token of GitHub with these claims to STS, in an account that knows the provider.
    #[track_caller]
    pub fn web_identity(account: &str, claims: &Value) -> Self {
        let claims = claims.as_object().expect("claims are an object");
        let keys = claims
            .iter()
            .filter(|(name, _)| CLAIMS.contains(&name.as_str()))
            .map(|(name, value)| (format!("{GITHUB_HOST}:{name}"), texts(value)))
            .collect();
        Self {
            action: "sts:AssumeRoleWithWebIdentity".to_owned(),
            resource: None,
            principal: Some(("Federated", format!("arn:aws:iam::{account}:oidc-provider/{GITHUB_HOST}"))),
            keys,
        }
    }

    /// Somebody of AWS who wants to become a role.
    pub fn assume_role(arn: &str) -> Self {
        let request = Self::action("sts:AssumeRole", "").by(arn);
        Self { resource: None, ..request }
    }

    /// Adds a condition key.
    #[must_use]
    pub fn key(mut self, name: &str, value: &str) -> Self {
        self.keys.insert(name.to_ascii_lowercase(), vec![value.to_owned()]);
        self
    }

    /// Adds the principal: `AWS` and an ARN.
    #[must_use]
    pub fn by(mut self, arn: &str) -> Self {
        self.principal = Some(("AWS", arn.to_owned()));
        self
    }
}

/// Whether the policy allows the request: a statement allows it, and none denies it.
#[track_caller]
pub fn allows(policy: &Value, request: &Request) -> bool {
    let of = |effect: &str| {
        members(&policy["Statement"]).any(|statement| statement["Effect"] == effect && applies(statement, request))
    };
    of("Allow") && !of("Deny")
}

/// Whether a statement of the policy denies the request.
#[track_caller]
pub fn denies(policy: &Value, request: &Request) -> bool {
    members(&policy["Statement"]).any(|statement| statement["Effect"] == "Deny" && applies(statement, request))
}

#[track_caller]
fn applies(statement: &Value, request: &Request) -> bool {
    for name in statement.as_object().expect("a statement is an object").keys() {
        assert!(
            ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"].contains(&name.as_str()),
            "{name} is not evaluated here"
        );
    }
    let action = members(&statement["Action"])
        .any(|action| like(&text(action).to_ascii_lowercase(), &request.action.to_ascii_lowercase()));
    let resource = match (&statement["Resource"], &request.resource) {
        (Value::Null, None) => true,
        (Value::Null, Some(_)) | (_, None) => false,
        (resources, Some(asked)) => members(resources).any(|resource| like(text(resource), asked)),
    };
    action && resource && is_by(&statement["Principal"], request) && holds(&statement["Condition"], request)
}

#[track_caller]
fn is_by(principal: &Value, request: &Request) -> bool {
    match (principal, &request.principal) {
        (Value::Null, _) => true,
        (Value::String(anybody), _) => anybody == "*",
        (Value::Object(_), None) => false,
        (Value::Object(kinds), Some((kind, arn))) => {
            kinds.get(*kind).is_some_and(|arns| members(arns).any(|known| text(known) == "*" || text(known) == arn))
        }
        _ => panic!("no principal: {principal}"),
    }
}

/// Every line of every operator must hold.
#[track_caller]
fn holds(condition: &Value, request: &Request) -> bool {
    let Some(operators) = condition.as_object() else {
        return condition.is_null();
    };
    operators.iter().all(|(operator, lines)| {
        lines.as_object().expect("an operator has lines").iter().all(|(key, values)| {
            let expected: Vec<&str> = members(values).map(text).collect();
            let found = request.keys.get(&key.to_ascii_lowercase());
            line_holds(operator, found.map(Vec::as_slice), &expected)
        })
    })
}

#[track_caller]
fn line_holds(operator: &str, found: Option<&[String]>, expected: &[&str]) -> bool {
    if operator == "Null" {
        return expected.iter().all(|wanted| (*wanted == "true") == found.is_none());
    }
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (Some(set), operator),
        None => (None, operator),
    };
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    let (compare, negated): (fn(&str, &str) -> bool, bool) = match operator {
        "StringEquals" => (|pattern, value| pattern == value, false),
        "StringNotEquals" => (|pattern, value| pattern == value, true),
        "StringEqualsIgnoreCase" => (|pattern, value| pattern.eq_ignore_ascii_case(value), false),
        "StringNotEqualsIgnoreCase" => (|pattern, value| pattern.eq_ignore_ascii_case(value), true),
        "StringLike" | "ArnEquals" | "ArnLike" => (like, false),
        "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => (like, true),
        "Bool" => (|pattern, value| pattern == value, false),
        _ => panic!("the operator {operator} is not evaluated here"),
    };
    let fits = |value: &String| expected.iter().any(|pattern| compare(pattern, value)) != negated;
    match (set, found) {
        // A set without members has only members that fit.
        (Some("ForAllValues"), None) => true,
        (Some("ForAllValues") | None, Some(values)) => values.iter().all(fits),
        (Some("ForAnyValue"), None) => if_exists,
        (Some("ForAnyValue"), Some(values)) => values.iter().any(fits),
        (None, None) => if_exists || negated,
        (Some(set), _) => panic!("the set operator {set} is not evaluated here"),
    }
}

/// `*` stands for any characters, `?` for one.
fn like(pattern: &str, value: &str) -> bool {
    let (pattern, value): (Vec<char>, Vec<char>) = (pattern.chars().collect(), value.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where the last star stands, and how much of the value it has taken.
    let mut star: Option<(usize, usize)> = None;
    while seen < value.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(sign) if *sign == '?' || *sign == value[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((place, taken)) = star else {
                    return false;
                };
                star = Some((place, taken + 1));
                at = place + 1;
                seen = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|sign| *sign == '*')
}

/// A list's members; anything else counts as a list of itself.
fn members(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(members) => members.iter(),
        Value::Null => [].iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn texts(value: &Value) -> Vec<String> {
    members(value).map(|member| member.as_str().map_or_else(|| member.to_string(), str::to_owned)).collect()
}
