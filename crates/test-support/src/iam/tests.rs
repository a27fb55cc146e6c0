use serde_json::{Value, json};

use super::{Request, allows, like};

fn claims(sub: &str) -> Value {
    json!({ "aud": "sts.amazonaws.com", "sub": sub, "repository_id": "22" })
}

fn trust(condition: &Value) -> Value {
    json!({ "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }]})
}

#[track_caller]
fn check(operator: &str, claim: &str, values: &Value, sub: &str, expected: bool) {
    let key = format!("token.actions.githubusercontent.com:{claim}");
    let policy = trust(&json!({ operator: { key: values } }));
    let request = Request::web_identity("123456789012", &claims(sub));
    assert_eq!(allows(&policy, &request), expected, "{operator} {claim} {values} {sub}");
}

#[test]
fn each_operator_compares_as_documented() {
    let job = "repo:octo/demo:environment:pypi";
    for (operator, pattern, expected) in [
        ("StringEquals", job, true),
        ("StringEquals", "repo:octo/demo:*", false),
        ("StringEquals", "REPO:octo/demo:environment:pypi", false),
        ("StringEqualsIgnoreCase", "REPO:octo/demo:environment:pypi", true),
        ("StringLike", "repo:octo/demo:*", true),
        ("StringLike", "repo:octo/dem?:environment:pypi", true),
        ("StringLike", "repo:octo/demo", false),
        ("StringNotEquals", "repo:mallory/x:pull_request", true),
        ("StringNotLike", "repo:octo/*", false),
        ("ForAnyValue:StringEquals", job, true),
        ("ForAllValues:StringEquals", "else", false),
    ] {
        check(operator, "sub", &json!(pattern), job, expected);
    }
    check("StringEquals", "sub", &json!(["a", job]), job, true);
    check("StringNotEquals", "sub", &json!(["a", job]), job, false);
}

#[test]
fn an_absent_claim_is_judged_by_its_operator() {
    let job = "repo:octo/demo:environment:pypi";
    for (operator, expected) in [
        ("StringEquals", false),
        ("StringLike", false),
        ("StringNotEquals", true),
        ("StringEqualsIfExists", true),
        ("ForAllValues:StringEquals", true),
        ("ForAnyValue:StringEquals", false),
    ] {
        check(operator, "repositry_id", &json!("22"), job, expected);
    }
    check("Null", "repositry_id", &json!("true"), job, true);
    check("Null", "sub", &json!("true"), job, false);
}

#[test]
fn a_denial_goes_before_everything_that_allows() {
    let allow = json!({ "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" });
    let deny = json!({ "Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::private/*" });
    let policy = json!({ "Statement": [allow, deny] });
    assert!(allows(&policy, &Request::action("s3:getobject", "arn:aws:s3:::public/a")));
    assert!(!allows(&policy, &Request::action("s3:GetObject", "arn:aws:s3:::private/a")));
    assert!(!allows(&policy, &Request::action("s3:PutObject", "arn:aws:s3:::public/a")));
}

#[test]
fn another_provider_and_another_action_are_not_meant() {
    let request = Request::web_identity("123456789012", &claims("x"));
    let open = trust(&json!({}));
    assert!(allows(&open, &request));
    assert!(!allows(&open, &Request::web_identity("210987654321", &claims("x"))));
    assert!(!allows(&open, &Request::action("sts:AssumeRole", "x").by("arn:aws:iam::123456789012:role/a")));
}

#[test]
fn wildcards() {
    for (pattern, value, expected) in [
        ("", "", true),
        ("*", "", true),
        ("?", "", false),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("name-??????", "name-AbCdEf", true),
        ("name-??????", "name-other-AbCdEf", false),
        ("**a", "ba", true),
    ] {
        assert_eq!(like(pattern, value), expected, "{pattern} {value}");
    }
}
