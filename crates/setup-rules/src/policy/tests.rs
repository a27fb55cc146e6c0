use super::*;
use crate::check::CheckStatus;

const K: &str = "token.actions.githubusercontent.com";

fn checks(path: &str, text: &str) -> Vec<Check> {
    check_policies(&[TextFile { path, text }], &[], Some("octo/demo"))
}

/// `ID` of every rule that is broken, `ID?` of every rule that is unknown.
fn found(path: &str, text: &str) -> Vec<String> {
    let mut ids: Vec<String> = checks(path, text)
        .into_iter()
        .filter(|check| !check.message.starts_with("cannot hold as long as"))
        .filter_map(|check| match check.status {
            CheckStatus::Fail | CheckStatus::Warn => Some(check.id.to_owned()),
            CheckStatus::Unknown => Some(format!("{}?", check.id)),
            CheckStatus::Pass => None,
        })
        .collect();
    ids.dedup();
    ids
}

fn trust(condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"arn:aws:iam::123456789012:oidc-provider/{K}"}},
        "Action":"sts:AssumeRoleWithWebIdentity","Condition":{}}}]}}"#,
        condition.replace("K:", &format!("{K}:"))
    )
}

const GOOD: &str = r#"{"StringEquals":{"K:aud":"sts.amazonaws.com","K:sub":["repo:octo/demo:environment:pypi","repo:octo@11/demo@22:environment:pypi"],"K:repository_id":"22"}}"#;

/// What is unknown when a subject cannot be evaluated.
const UNKNOWN_SUBJECT: [&str; 8] =
    ["OIDC-T04?", "OIDC-T05?", "OIDC-T06?", "OIDC-T07?", "OIDC-T08?", "OIDC-T09?", "OIDC-T21?", "OIDC-T22?"];

#[test]
fn a_good_trust_policy_passes_every_rule() {
    assert!(found("infrastructure/t.json", &trust(GOOD)).is_empty());
    let all = checks("infrastructure/t.json", &trust(GOOD));
    assert_eq!(all.iter().filter(|check| check.status == CheckStatus::Pass).count(), 1 + trust::RULES.len());
}

#[test]
fn each_bad_condition_breaks_its_rule() {
    let like =
        |sub: &str| format!(r#"{{"StringEquals":{{"K:aud":"sts.amazonaws.com"}},"StringLike":{{"K:sub":"{sub}"}}}}"#);
    let equals = |sub: &str| format!(r#"{{"StringEquals":{{"K:aud":"sts.amazonaws.com","K:sub":"{sub}"}}}}"#);
    for (condition, expected) in [
        (r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"}}"#.to_owned(), vec!["OIDC-T01"]),
        (r#"{"StringEquals":{"K:sub":"repo:octo/demo:environment:pypi"}}"#.to_owned(), vec!["OIDC-T02"]),
        (r#"{"StringEquals":{"K:aud":"https://github.com/octo","K:sub":"repo:octo/demo:environment:pypi"}}"#.to_owned(), vec!["OIDC-T03"]),
        (like("*"), vec!["OIDC-T04"]),
        (like("*:environment:pypi"), vec!["OIDC-T04"]),
        (like("repo:octo*/demo:environment:pypi"), vec!["OIDC-T05"]),
        (like("repo:octo*"), vec!["OIDC-T05"]),
        (like("repo:*"), vec!["OIDC-T05"]),
        (like("repo:octo/*"), vec!["OIDC-T06"]),
        (like("repo:octo/demo*:environment:pypi"), vec!["OIDC-T06"]),
        (like("repo:octo/demo:*"), vec!["OIDC-T07"]),
        (like("repo:octo/demo:environment:pypi*"), vec!["OIDC-T07"]),
        (like("repo:octo/demo:ref:refs/heads/*"), vec!["OIDC-T07"]),
        (equals("repo:octo/demo:pull_request"), vec!["OIDC-T08"]),
        (equals("environment:pypi"), vec!["OIDC-T09"]),
        (equals("workflow:release"), vec!["OIDC-T09"]),
        (equals("repo:octo/demo:*"), vec!["OIDC-T10"]),
        (r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"},"StringNotLike":{"K:sub":"repo:mallory/*"}}"#.to_owned(), vec!["OIDC-T11"]),
        (r#"{"ForAllValues:StringEquals":{"K:aud":"sts.amazonaws.com","K:sub":"repo:octo/demo:environment:pypi"}}"#.to_owned(), vec!["OIDC-T12"]),
        (r#"{"StringEqualsIfExists":{"K:aud":"sts.amazonaws.com","K:sub":"repo:octo/demo:environment:pypi"}}"#.to_owned(), vec!["OIDC-T13"]),
        (r#"{"StringEquals":{"K:aud":"sts.amazonaws.com","K:sub":"repo:octo/demo:environment:pypi","K:repositry_id":"22"}}"#.to_owned(), vec!["OIDC-T14"]),
        (r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"},"StringEqualsIgnoreCase":{"K:sub":"repo:octo/demo:environment:pypi"}}"#.to_owned(), vec!["OIDC-T18"]),
        (equals("repo:octo/other:environment:pypi"), vec!["OIDC-T21"]),
        (equals("repo:octo/demo:ref:refs/heads/main"), vec!["OIDC-T22"]),
        ("{}".to_owned(), vec!["OIDC-T01", "OIDC-T02"]),
    ] {
        assert_eq!(found("infrastructure/t.json", &trust(&condition)), expected, "{condition}");
    }
}

#[test]
fn an_open_policy_is_not_said_to_hold_its_narrower_rules() {
    let open = trust(r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"},"StringLike":{"K:sub":"repo:octo/demo:*"}}"#);
    let checks = checks("infrastructure/t.json", &open);
    let status = |id: &str| checks.iter().find(|check| check.id == id).unwrap().status;
    assert_eq!(status("OIDC-T07"), CheckStatus::Fail);
    assert_eq!(status("OIDC-T08"), CheckStatus::Unknown, "pull requests match");
    assert_eq!(status("OIDC-T02"), CheckStatus::Pass);
}

/// Whoever wants in chooses the claims of his own subjects.
#[test]
fn customised_subjects_are_judged_by_what_they_can_match() {
    let like =
        |sub: &str| format!(r#"{{"StringEquals":{{"K:aud":"sts.amazonaws.com"}},"StringLike":{{"K:sub":"{sub}"}}}}"#);
    for (subject, expected) in [
        ("repository:*", vec!["OIDC-T05"]),
        ("repository_owner:*", vec!["OIDC-T05"]),
        ("repository_id:*", vec!["OIDC-T05"]),
        ("environment:pypi:repository:*", vec!["OIDC-T05"]),
        ("environment:pypi:repo:*", vec!["OIDC-T05"]),
        ("job_workflow_ref:*:repo:*", vec!["OIDC-T05"]),
        ("environment:pypi:repository:octo/*", vec!["OIDC-T06"]),
        ("repository_owner:octo:*", vec!["OIDC-T06"]),
        ("repository_owner:octo:environment:pypi", vec!["OIDC-T09"]),
        ("job_workflow_ref:octo/shared/.github/workflows/p.yml@refs/heads/main", vec!["OIDC-T09"]),
        ("r*", vec!["OIDC-T09"]),
        ("repository:octo/demo:*", vec!["OIDC-T07"]),
        ("repository:octo/other:environment:pypi", vec!["OIDC-T21"]),
        ("repo:octo/demo", vec!["OIDC-T08?", "OIDC-T22"]),
        ("repository:octo/demo:event_name:pull_request", vec!["OIDC-T08"]),
        ("job_workflow_ref:*:repo:octo/demo:environment:pypi", vec!["OIDC-T05?", "OIDC-T06?", "OIDC-T09?"]),
        ("${Subject}", UNKNOWN_SUBJECT.to_vec()),
        ("repository:octo/demo:environment:pypi", vec![]),
        ("environment:pypi:repository:octo/demo", vec![]),
        ("repo:octo/demo:environment:pypi:job_workflow_ref:octo/shared/p.yml@refs/heads/main", vec![]),
    ] {
        assert_eq!(found("infrastructure/t.json", &trust(&like(subject))), expected, "{subject}");
    }
}

#[test]
fn a_document_without_principal_says_what_its_holder_may_do() {
    let statement = |action: &str| format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
    let all = ["secretsmanager:*", "iam:*", "sts:AssumeRole"].map(statement).join(",");
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{all}]}}"#);
    assert_eq!(found("infrastructure/p.json", &policy), ["OIDC-D01?", "OIDC-P01", "OIDC-P03", "OIDC-P06"]);

    let good = trust(GOOD);
    let mixed = good.replace("\"Statement\":[", &format!("\"Statement\":[{all},"));
    assert_eq!(found("infrastructure/t.json", &mixed), ["OIDC-P01", "OIDC-P03", "OIDC-P06"]);
    let anybody = good.replace("{\"Federated\":", "{\"AWS\":\"*\",\"Federated\":");
    assert!(found("infrastructure/t.json", &anybody).contains(&"OIDC-T16".to_owned()));
}

#[test]
fn another_repository_is_only_told_from_a_known_one() {
    let good = trust(GOOD);
    let file = TextFile { path: "infrastructure/t.json", text: &good };
    let unknown = check_policies(&[file], &[], None);
    let check = unknown.iter().find(|check| check.id == "OIDC-T21").unwrap();
    assert_eq!(check.status, CheckStatus::Unknown);
}

#[test]
fn each_bad_statement_breaks_its_rule() {
    let good = trust(GOOD);
    let provider = format!("\"arn:aws:iam::123456789012:oidc-provider/{K}\"");
    for (from, to, expected) in [
        ("\"sts:AssumeRoleWithWebIdentity\"", "\"sts:*\"", "OIDC-T15"),
        ("\"sts:AssumeRoleWithWebIdentity\"", "[\"sts:AssumeRoleWithWebIdentity\",\"sts:AssumeRole\"]", "OIDC-T15"),
        (provider.as_str(), "\"*\"", "OIDC-T16"),
        (
            "[{\"Effect\"",
            "[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:root\"},\"Action\":\"sts:AssumeRole\"},{\"Effect\"",
            "OIDC-T17",
        ),
        ("oidc-provider/token", "oidc-provider/vstoken", "OIDC-T19"),
        ("2012-10-17", "2008-10-17", "OIDC-T20"),
        ("\"Version\":\"2012-10-17\",", "", "OIDC-T20"),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(found("infrastructure/t.json", &good.replace(from, to)), [expected], "{to}");
    }
}

#[test]
fn each_bad_permission_breaks_its_rule() {
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:pypi-token-??????";
    let allow = |action: &str, resource: &str, more: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{action},"Resource":"{resource}"{more}}}}}"#
        )
    };
    let get = "\"secretsmanager:GetSecretValue\"";
    let via = r#","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-east-1.amazonaws.com"}}"#;
    let key = "arn:aws:kms:us-east-1:123456789012:key/1234";
    for (text, expected) in [
        (allow(get, secret, ""), vec!["OIDC-D01?"]),
        (allow("\"secretsmanager:*\"", secret, ""), vec!["OIDC-D01?", "OIDC-P01"]),
        (allow("\"*\"", "*", ""), vec!["OIDC-D01?", "OIDC-P01", "OIDC-P03", "OIDC-P09", "OIDC-P10"]),
        (allow("[\"secretsmanager:PutSecretValue\"]", secret, ""), vec!["OIDC-D01?", "OIDC-P02"]),
        (allow(get, "*", ""), vec!["OIDC-D01?", "OIDC-P03"]),
        (allow(get, "arn:aws:secretsmanager:us-east-1:123456789012:secret:*", ""), vec!["OIDC-D01?", "OIDC-P03"]),
        (allow(get, "arn:aws:secretsmanager:us-east-1:123456789012:secret:pypi*", ""), vec!["OIDC-D01?", "OIDC-P04"]),
        (allow(get, secret, ",\"NotAction\":\"x\""), vec!["OIDC-D01?", "OIDC-P05"]),
        (allow("\"iam:PassRole\"", secret, ""), vec!["OIDC-D01?", "OIDC-P06"]),
        (allow(get, "arn:aws:secretsmanager:*:*:secret:pypi-token-??????", ""), vec!["OIDC-D01?", "OIDC-P07"]),
        (
            allow(get, "arn:aws:secretsmanager:us-east-1:123456789012:secret:pypitoken", ""),
            vec!["OIDC-D01?", "OIDC-P08"],
        ),
        (allow("\"kms:*\"", key, via), vec!["OIDC-D01?", "OIDC-P09"]),
        (allow("\"kms:Decrypt\"", "*", via), vec!["OIDC-D01?", "OIDC-P09"]),
        (allow(get, "**", ""), vec!["OIDC-D01?", "OIDC-P03"]),
        (allow(get, "arn:*", ""), vec!["OIDC-D01?", "OIDC-P03"]),
        (allow(get, "arn:aws:secretsmanager:us-east-1:123456789012:*", ""), vec!["OIDC-D01?", "OIDC-P03"]),
        (allow(get, "arn:aws:secretsmanager:us-east-1:123456789012:secret:?*", ""), vec!["OIDC-D01?", "OIDC-P03"]),
        (
            allow(get, "arn:aws:secretsmanager:us-east-1:123456789012:secret:??????????????", ""),
            vec!["OIDC-D01?", "OIDC-P03"],
        ),
        (allow("[\"secretsmanage?:GetSecretValue\"]", "*", ""), vec!["OIDC-D01?", "OIDC-P01", "OIDC-P03"]),
        (allow("\"kms:Decrypt\"", "arn:aws:kms:us-east-1:123456789012:key/*", via), vec!["OIDC-D01?", "OIDC-P09"]),
        (allow("\"kms:Decrypt\"", "arn:aws:kms:*", via), vec!["OIDC-D01?", "OIDC-P09"]),
        (allow("\"kms:De*\"", key, via), vec!["OIDC-D01?", "OIDC-P09"]),
        (allow("\"kms:Decrypt\"", "arn:aws:kms:*:123456789012:key/1234", via), vec!["OIDC-D01?"]),
        (allow("\"kms:Decrypt\"", key, ""), vec!["OIDC-D01?", "OIDC-P10"]),
        (allow("\"kms:Decrypt\"", key, via), vec!["OIDC-D01?"]),
    ] {
        assert_eq!(found("infrastructure/p.json", &text), expected, "{text}");
    }
}

const STACK: &str = r"
Parameters:
  Repository: {Type: String, Default: octo/demo}
  Environment: {Type: String}
Resources:
  Provider: {Type: AWS::IAM::OIDCProvider, Properties: {Url: https://token.actions.githubusercontent.com}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Federated: !Ref Provider}
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals:
                token.actions.githubusercontent.com:aud: sts.amazonaws.com
                token.actions.githubusercontent.com:sub: !Sub 'repo:${Repository}:environment:${Environment}'
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref Secret}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: pypi}}
  RotationRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]}
  RotationPolicy:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref RotationRole]
      PolicyDocument: {Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]}
";

#[test]
fn a_stack_is_read_with_its_functions_and_only_for_the_role_that_github_takes() {
    assert!(found("infrastructure/c/stack.yaml", STACK).is_empty());
    let wild = STACK.replace("Default: octo/demo", "Default: 'octo/*'").replace("StringEquals", "StringLike");
    assert_eq!(found("infrastructure/c/stack.yaml", &wild), ["OIDC-T06"]);
    let other = STACK.replace("[!Ref RotationRole]", "[!Ref Role]");
    assert_eq!(found("infrastructure/c/stack.yaml", &other), ["OIDC-P01", "OIDC-P03"]);
    let seeds = STACK
        .replace("!Sub 'repo:${Repository}:environment:${Environment}'", "'repo:octo/demo:*'")
        .replace("StringEquals", "StringLike");
    let hit = checks("infrastructure/c/stack.yaml", &seeds).into_iter().find(|check| check.id == "OIDC-T07").unwrap();
    assert_eq!(
        (hit.status, hit.place.unwrap().to_string()),
        (CheckStatus::Fail, "infrastructure/c/stack.yaml:19".to_owned())
    );
}

#[test]
fn what_only_the_deployment_knows_is_unknown() {
    let hidden = STACK.replace("!Sub 'repo:${Repository}:environment:${Environment}'", "!Ref Subject");
    assert_eq!(found("infrastructure/stack.yaml", &hidden), UNKNOWN_SUBJECT);
    let branches = STACK.replace(
        "!Sub 'repo:${Repository}:environment:${Environment}'",
        "!If [Open, 'repo:octo/demo:pull_request', 'repo:octo/demo:environment:pypi']",
    );
    assert_eq!(found("infrastructure/stack.yaml", &branches), ["OIDC-T08"], "either branch may be deployed");
    let import = STACK.replace(
        "AssumeRolePolicyDocument:\n        Version",
        "AssumeRolePolicyDocument: !ImportValue x\n      Other:\n        Version",
    );
    assert!(found("infrastructure/stack.yaml", &import).contains(&"OIDC-D01?".to_owned()));
}

const MODULE: &str = r#"
variable "repository" { default = "octo/demo" }
locals {
  host = "token.actions.githubusercontent.com"
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.host}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.host}:sub"
      values   = ["repo:${var.repository}:environment:${var.environment}"]
    }
  }
}
resource "aws_iam_role" "publisher" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "read" {
  role = aws_iam_role.publisher.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = aws_secretsmanager_secret.token.arn
    }]
  })
}
resource "aws_iam_role" "lambda" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "aws_iam_policy" "rotation" {
  policy = <<-JSON
    {"Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}}
  JSON
}
resource "aws_iam_role_policy_attachment" "rotation" {
  role       = aws_iam_role.lambda.name
  policy_arn = aws_iam_policy.rotation.arn
}
"#;

#[test]
fn a_terraform_module_is_read_with_its_data_blocks() {
    assert!(found("infrastructure/terraform/main.tf", MODULE).is_empty());
    for (from, to, expected) in [
        ("environment:${var.environment}", "*", vec!["OIDC-T10"]),
        ("octo/demo", "octo/other", vec!["OIDC-T21"]),
        (
            "    condition {\n      test     = \"StringEquals\"\n      variable = \"${local.host}:aud\"\n      values   = [\"sts.amazonaws.com\"]\n    }\n",
            "",
            vec!["OIDC-T02"],
        ),
        ("aws_secretsmanager_secret.token.arn", "\"*\"", vec!["OIDC-P03"]),
        (
            "role       = aws_iam_role.lambda.name",
            "role       = aws_iam_role.publisher.name",
            vec!["OIDC-P01", "OIDC-P03"],
        ),
        ("data.aws_iam_policy_document.trust.json", "file(\"trust.json\")", vec!["OIDC-D01?"]),
        ("[\"repo:${var.repository}:environment:${var.environment}\"]", "var.subjects", UNKNOWN_SUBJECT.to_vec()),
    ] {
        assert!(MODULE.contains(from), "{from}");
        assert_eq!(found("infrastructure/terraform/main.tf", &MODULE.replace(from, to)), expected, "{to}");
    }
}

#[test]
fn a_subject_in_a_dynamic_block_is_unknown_to_every_rule_about_it() {
    let start = MODULE
        .find("    condition {\n      test     = \"StringEquals\"\n      variable = \"${local.host}:sub\"")
        .unwrap();
    let end = start + MODULE[start..].find("    }\n").unwrap() + 6;
    let dynamic = "    dynamic \"condition\" {\n      for_each = var.subjects\n      content {\n        test = \"StringLike\"\n      }\n    }\n";
    let text = format!("{}{dynamic}{}", &MODULE[..start], &MODULE[end..]);
    let ids = found("infrastructure/terraform/main.tf", &text);
    assert!(UNKNOWN_SUBJECT.iter().all(|id| ids.iter().any(|found| found == id)), "{ids:?}");
}

#[test]
fn a_module_is_its_folder() {
    let (locals, rest) = MODULE.split_at(MODULE.find("data ").unwrap());
    let files = [
        TextFile { path: "infrastructure/t/locals.tf", text: locals },
        TextFile { path: "infrastructure/t/main.tf", text: rest },
    ];
    assert!(check_policies(&files, &[], Some("octo/demo")).iter().all(|check| check.status == CheckStatus::Pass));
}

#[test]
fn a_policy_that_is_a_local_is_named_with_the_file_and_line_of_the_local() {
    let files = [
        TextFile {
            path: "infrastructure/t/main.tf",
            text: "resource \"aws_iam_role\" \"publisher\" {\n  assume_role_policy = local.trust\n}\n",
        },
        TextFile {
            path: "infrastructure/t/policies.tf",
            text: &format!(
                "locals {{\n  trust = jsonencode({})\n}}\n",
                trust(GOOD).replace("demo:environment:pypi", "demo:*")
            ),
        },
    ];
    let checks = check_policies(&files, &[], Some("octo/demo"));
    let hit = checks.iter().find(|check| check.status == CheckStatus::Fail).unwrap();
    assert_eq!((hit.id, hit.place.as_ref().unwrap().path()), ("OIDC-T10", "infrastructure/t/policies.tf"));
}

#[test]
fn hostile_and_foreign_files_are_unknown_or_passed_over() {
    for (path, text) in [
        ("a.json", "{".to_owned()),
        ("a.yaml", format!("{}1", "[".repeat(5000))),
        ("a.tf", "resource \"x\" {".to_owned()),
        ("a.tf", "a = ".to_owned() + &"[".repeat(100_000)),
        ("a.json", "\u{0}".to_owned()),
    ] {
        assert_eq!(found(path, &text), ["OIDC-D01?"], "{path}");
    }
    assert_eq!(found("params.json", r#"{"Parameters": []}"#), ["OIDC-D01?"], "nothing found is unknown");
    assert_eq!(found("a.json", r#"{"Statement": [1, null, "x", {"Effect": 1}]}"#), ["OIDC-D01?"]);
    let bomb = format!(
        "Parameters:\n  P: {{Default: '{}'}}\nResources:\n  R: {{Type: 'AWS::IAM::Role', Properties: {{AssumeRolePolicyDocument: !Sub '{}'}}}}\n",
        "x".repeat(200_000),
        "${P}".repeat(50_000)
    );
    assert_eq!(found("a.yaml", &bomb), ["OIDC-D01?"]);
}

#[test]
fn no_rule_holds_beside_a_template_that_cannot_be_read() {
    let good = trust(GOOD);
    let files = [
        TextFile { path: "infrastructure/t.json", text: &good },
        TextFile { path: "infrastructure/u.yaml", text: "a: [" },
    ];
    let all = check_policies(&files, &[], Some("octo/demo"));
    assert_eq!(all.len(), 1 + trust::RULES.len());
    assert!(all.iter().all(|check| check.status == CheckStatus::Unknown), "{all:?}");
}
