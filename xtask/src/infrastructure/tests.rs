mod deploy;

use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use test_support::fixtures::workspace;
use test_support::iam::{Request, allows, denies};
use test_support::{Run, Scratch, copy_dir, corpus};

use super::model::{KEY, POLICIES, Policy, Principal, READ, ROTATE, ROTATOR, SECRET_POLICY, TRUST, Value, filled};
use super::{cloudformation, terraform};

const ACCOUNT: &str = "123456789012";
const KEY_ARN: &str = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const ROTATOR_ARN: &str = "arn:aws:iam::123456789012:role/Maintainers";
const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:pypi-token-AbCdEf";

/// The values of a deployment for octo/demo.
fn value(value: Value) -> String {
    match value {
        Value::Partition => "aws",
        Value::Account => ACCOUNT,
        Value::Region => "eu-central-1",
        Value::DnsSuffix => "amazonaws.com",
        Value::Owner => "octo",
        Value::OwnerId => "11",
        Value::Repository => "demo",
        Value::RepositoryId => "22",
        Value::Environment => "pypi",
        Value::PublishWorkflow => "pypi-publish.yml",
        Value::ReleaseWorkflow => "security-driven-release.yml",
        Value::Branch => "main",
        Value::SecretName => "pypi-token",
        Value::KeyArn => KEY_ARN,
        Value::RotatorArn => ROTATOR_ARN,
    }
    .to_owned()
}

/// The policy as IAM gets it.
fn document(policy: &Policy) -> Json {
    let list = |texts: &[&str]| match texts {
        [only] => json!(filled(only, value)),
        several => several.iter().map(|text| filled(text, value)).collect(),
    };
    let statements: Vec<Json> = policy
        .statements
        .iter()
        .map(|statement| {
            let mut out = Map::new();
            out.insert("Sid".to_owned(), json!(statement.sid));
            out.insert("Effect".to_owned(), json!(statement.effect.word()));
            match statement.principal {
                Principal::Own => None,
                Principal::Anybody => Some(json!("*")),
                Principal::Federated(arn) => Some(json!({ "Federated": filled(arn, value) })),
                Principal::Aws(arn) => Some(json!({ "AWS": filled(arn, value) })),
            }
            .map(|principal| out.insert("Principal".to_owned(), principal));
            out.insert("Action".to_owned(), list(statement.actions));
            statement.resource.map(|text| out.insert("Resource".to_owned(), json!(filled(text, value))));
            let conditions: Map<String, Json> = statement
                .conditions
                .iter()
                .map(|condition| {
                    let lines: Map<String, Json> =
                        condition.lines.iter().map(|(key, values)| ((*key).to_owned(), list(values))).collect();
                    (condition.operator.to_owned(), Json::Object(lines))
                })
                .collect();
            if !conditions.is_empty() {
                out.insert("Condition".to_owned(), Json::Object(conditions));
            }
            Json::Object(out)
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The claims of the publishing job, some of them changed; null takes one away.
fn claims(changes: &Json) -> Json {
    let mut claims = json!({
        "sub": "repo:octo/demo:environment:pypi",
        "aud": "sts.amazonaws.com",
        "iss": "https://token.actions.githubusercontent.com",
        "repository": "octo/demo",
        "repository_id": "22",
        "repository_owner": "octo",
        "repository_owner_id": "11",
        "ref": "refs/heads/main",
        "environment": "pypi",
        "job_workflow_ref": "octo/demo/.github/workflows/pypi-publish.yml@refs/heads/main",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn is_let_in(policy: &Json, changes: &Json) -> bool {
    allows(policy, &Request::web_identity(ACCOUNT, &claims(changes)))
}

/// Tokens that must not be taken, each different from the publishing job's in what it says.
fn hostile() -> Vec<Json> {
    let ids = |context: &str| json!({ "sub": format!("repo:octo@11/demo@22:{context}") });
    vec![
        json!({ "sub": "repo:octo/demo:pull_request", "environment": null }),
        json!({ "sub": "repo:octo/demo:ref:refs/heads/main", "environment": null }),
        json!({ "sub": "repo:octo/demo:ref:refs/tags/v1.0.0", "environment": null }),
        json!({ "sub": "repo:octo/demo:environment:dev" }),
        json!({ "sub": "repo:octo/demo:environment:pypi-test" }),
        json!({ "sub": "repo:octo/demo:environment:PyPI" }),
        json!({ "sub": "repo:octo/demo:environment:" }),
        json!({ "sub": "repo:octo/demo:ref:refs/heads/x%3Aenvironment%3Apypi" }),
        json!({ "sub": "repo:octo/demo-evil:environment:pypi", "repository_id": "24" }),
        json!({ "sub": "repo:octo-evil/demo:environment:pypi", "repository_id": "98" }),
        json!({ "sub": "repo:mallory/x:environment:pypi", "repository_id": "67" }),
        json!({ "sub": "environment:pypi", "repository_id": "67" }),
        json!({ "repository_id": "78" }),
        json!({ "repository_id": null }),
        json!({ "sub": null }),
        json!({ "aud": "https://github.com/octo" }),
        json!({ "aud": null }),
        ids("pull_request"),
        ids("ref:refs/heads/main"),
        ids("environment:dev"),
        json!({ "sub": "repo:octo@77/demo@78:environment:pypi", "repository_id": "78" }),
        json!({ "sub": "repo:octo@11/demo@78:environment:pypi", "repository_id": "78" }),
        json!({ "sub": "repo:octo@77/demo@22:environment:pypi" }),
        json!({ "job_workflow_ref": "octo/demo/.github/workflows/pypi-publish.yml@refs/heads/evil" }),
        json!({ "job_workflow_ref": "octo/demo/.github/workflows/ci.yml@refs/heads/main" }),
        json!({ "job_workflow_ref": "mallory/x/.github/workflows/pypi-publish.yml@refs/heads/main" }),
        json!({ "job_workflow_ref": null }),
    ]
}

#[test]
fn the_publishing_job_is_let_in_and_nobody_else() {
    let trust = document(&TRUST);
    for changes in [
        json!({}),
        json!({ "sub": "repo:octo@11/demo@22:environment:pypi" }),
        json!({ "job_workflow_ref": "octo/demo/.github/workflows/security-driven-release.yml@refs/heads/main" }),
        json!({ "actor": "someone", "event_name": "schedule", "runner_environment": "github-hosted" }),
    ] {
        assert!(is_let_in(&trust, &changes), "{changes}");
    }
    for changes in hostile() {
        assert!(!is_let_in(&trust, &changes), "{changes}");
    }
}

/// What the older documentation of this system shows: `StringLike` on `repo:owner/repo:*`.
#[test]
fn a_trust_policy_with_a_wildcard_lets_strangers_in_and_refuses_the_job_with_ids() {
    let mut open = document(&TRUST);
    open["Statement"][0]["Condition"] = json!({
        "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
        "StringLike": { "token.actions.githubusercontent.com:sub": "repo:octo/demo:*" },
    });
    let let_in: Vec<Json> = hostile().into_iter().filter(|changes| is_let_in(&open, changes)).collect();
    assert!(let_in.iter().any(|changes| changes["sub"] == "repo:octo/demo:pull_request"), "{let_in:?}");
    assert_eq!(let_in.len(), 14, "{let_in:?}");
    assert!(!is_let_in(&open, &json!({ "sub": "repo:octo@11/demo@22:environment:pypi" })));
}

#[test]
fn corpus_tokens_are_let_in_exactly_where_they_are_wanted() {
    let Some(corpus) = corpus() else {
        return;
    };
    let text = fs::read_to_string(corpus.join("oidc-tokens.json")).unwrap();
    let tokens: Json = serde_json::from_str(&text).unwrap();
    let (trust, mut open) = (document(&TRUST), document(&TRUST));
    open["Statement"][0]["Condition"] = json!({
        "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
        "StringLike": { "token.actions.githubusercontent.com:sub": "repo:octo/demo:*" },
    });
    let (mut judged, mut wrongly_open) = (0, 0);
    for token in tokens["tokens"].as_array().unwrap() {
        let request = Request::web_identity(ACCOUNT, &token["claims"]);
        let wanted = token["wanted"].as_bool().unwrap();
        assert_eq!(allows(&trust, &request), wanted, "{}", token["name"]);
        wrongly_open += usize::from(allows(&open, &request) && !wanted);
        judged += 1;
    }
    println!("{judged} tokens judged as wanted; the open policy lets {wrongly_open} strangers in");
    assert!(judged >= 30 && wrongly_open > 0);
}

#[test]
fn the_publishing_role_reads_the_secret_and_nothing_else() {
    let read = document(&READ);
    let via = |request: Request| {
        request
            .key("kms:ViaService", "secretsmanager.eu-central-1.amazonaws.com")
            .key("kms:EncryptionContext:SecretARN", SECRET_ARN)
    };
    assert!(allows(&read, &Request::action("secretsmanager:GetSecretValue", SECRET_ARN)));
    assert!(allows(&read, &via(Request::action("kms:Decrypt", KEY_ARN))));
    for (action, resource) in [
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:pypi-token-other-AbCdEf",
        ),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:pypi-token-AbCdEf"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:210987654321:secret:pypi-token-AbCdEf"),
        ("secretsmanager:PutSecretValue", SECRET_ARN),
        ("secretsmanager:UpdateSecret", SECRET_ARN),
        ("secretsmanager:DeleteSecret", SECRET_ARN),
        ("secretsmanager:BatchGetSecretValue", "*"),
        ("secretsmanager:ListSecrets", "*"),
        ("kms:GenerateDataKey", KEY_ARN),
        ("kms:Decrypt", "arn:aws:kms:eu-central-1:123456789012:key/other"),
        ("iam:PassRole", "*"),
        ("sts:AssumeRole", "*"),
        ("s3:GetObject", "*"),
    ] {
        assert!(!allows(&read, &via(Request::action(action, resource))), "{action} {resource}");
    }
    let decrypt = Request::action("kms:Decrypt", KEY_ARN);
    assert!(!allows(&read, &decrypt), "not by itself");
    let elsewhere = via(decrypt.clone()).key("kms:ViaService", "s3.eu-central-1.amazonaws.com");
    assert!(!allows(&read, &elsewhere), "not through another service");
    let other = via(decrypt)
        .key("kms:EncryptionContext:SecretARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf");
    assert!(!allows(&read, &other), "not for another secret");
}

#[test]
fn rotation_is_another_role_that_no_workflow_can_become() {
    let (rotator, rotate) = (document(&ROTATOR), document(&ROTATE));
    assert!(!is_let_in(&rotator, &json!({})));
    assert!(allows(&rotator, &Request::assume_role(ROTATOR_ARN)));
    assert!(!allows(&rotator, &Request::assume_role("arn:aws:iam::123456789012:role/Others")));
    for action in ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret"] {
        assert!(allows(&rotate, &Request::action(action, SECRET_ARN)), "{action}");
    }
    for action in ["secretsmanager:DeleteSecret", "secretsmanager:PutResourcePolicy", "secretsmanager:UpdateSecret"] {
        assert!(!allows(&rotate, &Request::action(action, SECRET_ARN)), "{action}");
    }
}

#[test]
fn nobody_of_another_account_reads_the_secret_and_the_account_keeps_its_key() {
    let secret = document(&SECRET_POLICY);
    let read = Request::action("secretsmanager:GetSecretValue", SECRET_ARN);
    assert!(denies(&secret, &read.clone().key("aws:PrincipalAccount", "210987654321")));
    assert!(denies(&secret, &read), "nobody without an account either");
    assert!(!denies(&secret, &read.key("aws:PrincipalAccount", ACCOUNT)));
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    assert!(allows(&document(&KEY), &Request::action("kms:DescribeKey", KEY_ARN).by(&root)));
    assert!(!allows(&document(&KEY), &Request::action("kms:Decrypt", KEY_ARN).by("arn:aws:iam::210987654321:root")));
}

/// Read back as CloudFormation reads it, so that a fault of the renderer shows.
#[test]
fn the_stack_holds_the_model() {
    let text = fs::read_to_string(workspace().join(cloudformation::STACK)).unwrap();
    let mut plain = text;
    for tag in ["!Sub ", "!Ref ", "!GetAtt ", "!Equals ", "!If ", "!Not "] {
        plain = plain.replace(tag, "");
    }
    let known: Vec<(String, String)> =
        Value::ALL.into_iter().map(|(_, of)| (format!("${{{}}}", cloudformation::name(of)), value(of))).collect();
    for (expression, value) in known {
        plain = plain.replace(&expression, &value);
    }
    let stack: Json = serde_saphyr::from_str(&plain).unwrap();
    let properties = |name: &str| &stack["Resources"][name]["Properties"];
    let role = properties("PublisherRole");
    for (policy, found) in [
        (&TRUST, &role["AssumeRolePolicyDocument"]),
        (&READ, &properties("ReadPolicy")["PolicyDocument"]),
        (&ROTATOR, &properties("RotatorRole")["AssumeRolePolicyDocument"]),
        (&ROTATE, &properties("RotatorRole")["Policies"][0]["PolicyDocument"]),
        (&SECRET_POLICY, &properties("SecretPolicy")["ResourcePolicy"]),
        (&KEY, &properties("Key")["KeyPolicy"]),
    ] {
        assert_eq!(*found, document(policy), "{}", policy.name);
    }
    assert_eq!(role["PermissionsBoundary"], "ReadPolicy");
    assert_eq!(role["ManagedPolicyArns"], json!(["ReadPolicy"]));
    assert_eq!(role["MaxSessionDuration"], 3600);
    for kept in ["Provider", "Key", "Secret"] {
        assert_eq!(stack["Resources"][kept]["DeletionPolicy"], "RetainExceptOnCreate", "{kept}");
        assert_eq!(stack["Resources"][kept]["UpdateReplacePolicy"], "Retain", "{kept}");
    }
    let secret = properties("Secret").as_object().unwrap();
    assert!(!secret.contains_key("SecretString") && !secret.contains_key("GenerateSecretString"));
    let parameters = stack["Parameters"].as_object().unwrap();
    assert!(parameters.keys().all(|name| !name.to_lowercase().contains("token")), "{parameters:?}");
}

/// What the product says about its own templates, and about them with the trust policy of the older documentation.
#[test]
fn the_validator_passes_the_templates_and_refuses_them_with_a_wildcard() {
    let project = Scratch::empty();
    copy_dir(&workspace().join("infrastructure"), &project.join("infrastructure"));
    let policies = || -> Vec<Json> {
        let run = crate::fences::binary("security-performance-validator").run().project(project.path());
        let outcome = run.args(["security", "--format", "json"]).env("GITHUB_REPOSITORY", "octo/demo").output();
        let checks = outcome.json()["checks"].as_array().unwrap().clone();
        checks.into_iter().filter(|check| check["topic"] == "policies").collect()
    };
    let checks = policies();
    assert!(checks.len() > 30, "{checks:#?}");
    for check in checks {
        assert_eq!(check["status"], "pass", "{check:#}");
    }
    for file in [cloudformation::STACK, terraform::FILE] {
        let good = project.text(file);
        let subject = good.find(":environment:").unwrap();
        let operator = good[..subject].rfind("StringEquals").unwrap();
        let mut open = good.replacen(":environment:", ":*", 1);
        open.replace_range(operator..operator + "StringEquals".len(), "StringLike");
        project.write(file, open);
        let failed: Vec<String> = policies()
            .iter()
            .filter(|check| check["status"] == "fail")
            .map(|check| format!("{} {}", check["id"], check["where"]))
            .collect();
        assert!(failed.iter().any(|found| found.contains("OIDC-T07") && found.contains(file)), "{file}: {failed:?}");
        project.write(file, good);
    }
}

/// Evaluated by Terraform itself, where it is installed.
#[test]
fn the_module_holds_the_model() {
    let Some(terraform) = terraform_program() else {
        return;
    };
    let module = Scratch::empty();
    for name in ["policies.tf", "variables.tf"] {
        fs::copy(workspace().join("infrastructure/terraform").join(name), module.join(name)).unwrap();
    }
    let locals: Vec<String> = Value::ALL
        .into_iter()
        .filter_map(|(_, of)| Some(format!("  {} = \"{}\"\n", terraform::name(of).strip_prefix("local.")?, value(of))))
        .collect();
    module.write("locals.tf", format!("locals {{\n{}}}\n", locals.concat()));
    let variables: Vec<String> = Value::ALL
        .into_iter()
        .filter_map(|(_, of)| Some(format!("{} = \"{}\"\n", terraform::name(of).strip_prefix("var.")?, value(of))))
        .collect();
    module.write("terraform.tfvars", variables.concat());
    let names = POLICIES.map(|policy| format!("local.{}_policy", policy.name));
    let answer = Run::new(terraform)
        .args(["console"])
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(format!("jsonencode([{}])\n", names.join(", ")))
        .current_dir(module.path())
        .output()
        .expect_success();
    // The console quotes the text, whose members are texts of JSON themselves.
    let texts: String = serde_json::from_str(answer.stdout.trim()).unwrap();
    let texts: Vec<String> = serde_json::from_str(&texts).unwrap();
    for (policy, text) in POLICIES.iter().zip(texts) {
        let found: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(found, document(policy), "{}", policy.name);
    }
}

#[test]
fn the_module_is_laid_out_as_terraform_wants_it() {
    let Some(terraform) = terraform_program() else {
        return;
    };
    Run::new(terraform)
        .args(["fmt", "-check", "-recursive", "-diff"])
        .env("CHECKPOINT_DISABLE", "1")
        .current_dir(&workspace().join("infrastructure/terraform"))
        .output()
        .expect_success();
}

/// Terraform has its own release channel and comes with no package manager that the tests use.
fn terraform_program() -> Option<&'static Path> {
    let places = ["/usr/local/bin/terraform", "/usr/bin/terraform"].map(Path::new);
    let found = places.into_iter().find(|path| path.is_file());
    if found.is_none() {
        println!("terraform is not installed: skipped");
    }
    found
}
