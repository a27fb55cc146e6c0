//! Both `deploy.sh`, with stand-ins for the programs that they call: each records its calls and keeps what it would have made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use test_support::fixtures::workspace;
use test_support::{Checkout, Outcome, Run, copy_dir};

/// Shaped as a token of the index; worth nothing.
const TOKEN: &str = concat!("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA");

const AWS: &str = r#"
case "$*" in
  "sts get-caller-identity"*) echo 123456789012 ;;
  "configure get region"*) echo eu-central-1 ;;
  "iam list-open-id-connect-providers"*) cat "$STATE/providers" 2>/dev/null || true ;;
  "secretsmanager describe-secret"*)
    if [ -f "$STATE/secret" ]; then cat "$STATE/secret"; exit; fi
    echo "An error occurred (ResourceNotFoundException) when calling the DescribeSecret operation" >&2
    exit 254 ;;
  "cloudformation describe-stacks"*StackStatus*)
    if [ -f "$STATE/stack" ]; then cat "$STATE/stack"; exit; fi
    echo "An error occurred (ValidationError) when calling the DescribeStacks operation: Stack does not exist" >&2
    exit 254 ;;
  "cloudformation describe-stacks"*CreateProvider*) echo true ;;
  "cloudformation describe-stacks"*AwsRoleArn*) echo arn:aws:iam::123456789012:role/relwarden-demo ;;
  "cloudformation describe-stacks"*AwsRegion*) echo eu-central-1 ;;
  "cloudformation describe-stacks"*AwsSecretName*) echo demo/pypi-token ;;
  "cloudformation describe-stacks"*RotatorRoleArn*) echo None ;;
  "cloudformation create-change-set"*) [ -f "$STATE/stack" ] || echo REVIEW_IN_PROGRESS > "$STATE/stack" ;;
  "cloudformation wait change-set-create-complete"*) [ ! -f "$STATE/unchanged" ] ;;
  "cloudformation describe-change-set"*StatusReason*) echo "The submitted information didn't contain changes." ;;
  "cloudformation describe-change-set"*) echo "| Add | PublisherRole |" ;;
  "cloudformation execute-change-set"*) echo CREATE_COMPLETE > "$STATE/stack"; touch "$STATE/unchanged" ;;
  "cloudformation delete-stack"*) rm -f "$STATE/stack" ;;
  "cloudformation delete-change-set"* | "cloudformation wait"*) ;;
  *) echo "not expected: aws $*" >&2; exit 99 ;;
esac
"#;

const GH: &str = r#"
case "$*" in
  "api repos/Octo/Demo "* | "api repos/octo/demo "*) echo "22 11 octo/demo trunk" ;;
  *) echo "not expected: gh $*" >&2; exit 99 ;;
esac
"#;

const TERRAFORM: &str = r#"
shift # -chdir
env | grep ^TF_VAR_ | sort >> "$CALLS" || true
case "$*" in
  init*) ;;
  "state list") cat "$STATE/resources" ;;
  "state rm "*) grep -vxF "$3" "$STATE/resources" > "$STATE/rest" || true; mv "$STATE/rest" "$STATE/resources" ;;
  plan*)
    echo "Plan: 8 to add"
    if [ -f "$STATE/resources" ]; then exit 0; fi
    for word in "$@"; do case "$word" in -out=*) echo plan > "${word#-out=}" ;; esac; done
    exit 2 ;;
  apply*)
    test -f "${*: -1}"
    printf '%s\n' aws_secretsmanager_secret.token aws_kms_key.token 'aws_iam_openid_connect_provider.github[0]' aws_iam_role.publisher > "$STATE/resources" ;;
  "output -raw AWS_ROLE_ARN") test -f "$STATE/resources" && echo arn:aws:iam::123456789012:role/relwarden-demo ;;
  "output -raw AWS_REGION") echo eu-central-1 ;;
  "output -raw AWS_SECRET_NAME") echo demo/pypi-token ;;
  "output -raw ROTATOR_ROLE_ARN") exit 1 ;;
  destroy*) rm "$STATE/resources" ;;
  *) echo "not expected: terraform $*" >&2; exit 99 ;;
esac
"#;

const OUTPUTS: &str = "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/relwarden-demo\nAWS_REGION=eu-central-1\nAWS_SECRET_NAME=demo/pypi-token\n";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Tool {
    CloudFormation,
    Terraform,
}

use Tool::{CloudFormation, Terraform};

/// A checkout of octo/demo with its infrastructure, and programs that only write down what they are asked.
struct Account {
    checkout: Checkout,
}

impl Account {
    fn new() -> Self {
        let checkout = Checkout::empty();
        checkout.git(&["remote", "set-url", "origin", "https://github.com/octo/demo.git"]);
        copy_dir(&workspace().join("infrastructure"), &checkout.join("infrastructure"));
        for (name, script) in [("aws", AWS), ("gh", GH), ("terraform", TERRAFORM)] {
            let record = format!("printf '{name} %s\\n' \"$*\" >> \"$CALLS\"\nenv >> \"$STATE/environment\"\n");
            checkout.write(&format!("tools/{name}"), format!("#!/bin/bash\nset -eu\n{record}{script}"));
            fs::set_permissions(checkout.join(&format!("tools/{name}")), fs::Permissions::from_mode(0o755)).unwrap();
        }
        checkout.write("state/calls", "");
        Self { checkout }
    }

    fn run(&self, tool: Tool, arguments: &[&str]) -> Run {
        let folder = match tool {
            CloudFormation => "cloudformation",
            Terraform => "terraform",
        };
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.checkout.join("tools").display());
        Run::new(self.checkout.join(&format!("infrastructure/{folder}/deploy.sh")))
            .args(arguments)
            .env("PATH", path)
            .env("STATE", self.checkout.join("state"))
            .env("CALLS", self.checkout.join("state/calls"))
    }

    /// The calls since the last time that this was asked.
    fn calls(&self) -> String {
        let calls = self.checkout.text("state/calls");
        self.checkout.write("state/calls", "");
        calls
    }

    /// What somebody else made in the account.
    fn has(&self, name: &str, text: &str) {
        self.checkout.write(&format!("state/{name}"), text);
    }

    fn deploy(&self, tool: Tool) -> Outcome {
        self.run(tool, &["--yes"]).output().expect_success()
    }
}

/// What changes something in the account.
fn changes(calls: &str) -> Vec<&str> {
    let words = ["execute-change-set", " apply", " destroy", "delete-stack", "state rm"];
    calls.lines().filter(|line| words.iter().any(|word| line.contains(word))).collect()
}

#[test]
fn a_deployment_needs_no_arguments_shows_its_plan_and_prints_the_variables() {
    for (tool, plan, owner, role) in [
        (
            CloudFormation,
            "| Add | PublisherRole |",
            "GitHubOwnerId,ParameterValue=11",
            "RoleName,ParameterValue=relwarden-demo",
        ),
        (Terraform, "Plan: 8 to add", "TF_VAR_github_owner_id=11", "TF_VAR_role_name=relwarden-demo"),
    ] {
        let account = Account::new();
        let outcome = account.deploy(tool);
        assert_eq!(outcome.stdout, OUTPUTS);
        assert!(outcome.stderr.contains(plan), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("gh variable set AWS_ROLE_ARN --repo octo/demo --body"), "{}", outcome.stderr);
        let calls = account.calls();
        for part in [owner, role, "trunk", "demo/pypi-token"] {
            assert!(calls.contains(part), "{part}: {calls}");
        }
        assert_eq!(changes(&calls).len(), 1, "{calls}");
    }
}

/// The remote may be spelt in any case, and GitHub's tokens are not.
#[test]
fn the_repository_is_named_as_github_spells_it_and_what_github_does_not_know_ends_it() {
    let account = Account::new();
    account.checkout.git(&["remote", "set-url", "origin", "git@github.com:Octo/Demo.git"]);
    account.deploy(CloudFormation);
    let calls = account.calls();
    assert!(
        calls.contains("GitHubOwner,ParameterValue=octo ") && calls.contains("GitHubRepository,ParameterValue=demo ")
    );
    account.run(CloudFormation, &["--yes", "--repository", "octo/unknown"]).output().expect_code(4);
    let outcome = account
        .run(CloudFormation, &["plan"])
        .env("GITHUB_REPOSITORY", "octo/demo")
        .env("GITHUB_REPOSITORY_ID", "22")
        .env("GITHUB_REPOSITORY_OWNER_ID", "11");
    outcome.output().expect_success();
    let calls = account.calls();
    assert_eq!(calls.matches("gh api").count(), 1, "a runner of Actions knows the numbers: {calls}");
}

#[test]
fn a_second_deployment_changes_nothing_and_keeps_the_provider_that_it_made() {
    for (tool, kept) in
        [(CloudFormation, "CreateProvider,ParameterValue=true"), (Terraform, "TF_VAR_create_provider=true")]
    {
        let account = Account::new();
        account.deploy(tool);
        account.calls();
        account.has("providers", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\n");
        account.has("secret", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:demo/pypi-token-AbCdEf\n");
        let outcome = account.deploy(tool);
        assert_eq!(outcome.stdout, OUTPUTS);
        assert!(outcome.stderr.contains("nothing to change"), "{}", outcome.stderr);
        let calls = account.calls();
        assert!(calls.contains(kept), "{calls}");
        assert!(changes(&calls).is_empty(), "{calls}");
    }
}

#[test]
fn without_a_yes_nothing_is_changed_and_nothing_is_left() {
    for tool in [CloudFormation, Terraform] {
        let account = Account::new();
        let outcome = account.run(tool, &[]).output().expect_code(2);
        assert!(outcome.stderr.contains("nobody is here to say yes"), "{}", outcome.stderr);
        let planned = account.run(tool, &["plan"]).output().expect_success();
        assert_eq!(planned.stdout, "");
        let calls = account.calls();
        assert!(!calls.contains("execute-change-set") && !calls.contains(" apply"), "{calls}");
        assert!(!account.checkout.join("state/stack").exists(), "the empty stack of the plan goes again");
    }
}

#[test]
fn a_token_is_refused_wherever_it_is() {
    for tool in [CloudFormation, Terraform] {
        let account = Account::new();
        let argument = format!("--secret-name={TOKEN}");
        account.checkout.write("infrastructure/terraform/terraform.tfvars.json", "{}");
        let refused = [
            account.run(tool, &["--yes", &argument]),
            account.run(tool, &["--yes", "--secret-name", TOKEN]),
            account.run(tool, &["--yes"]).env("TF_VAR_token", TOKEN),
            account.run(tool, &["--yes"]).env("ANYTHING", format!("{{\"token\":\"{TOKEN}\"}}")),
        ];
        for run in refused {
            let outcome = run.output().expect_code(5);
            assert!(!outcome.stderr.contains(TOKEN), "{}", outcome.stderr);
            assert!(outcome.stderr.contains("publish-pypi rotate"), "{}", outcome.stderr);
        }
        assert_eq!(account.calls(), "", "nobody was asked anything");
    }
    let account = Account::new();
    account.checkout.write("infrastructure/terraform/my.tfvars", format!("x = \"{TOKEN}\"\n"));
    let outcome = account.run(Terraform, &["--yes"]).output().expect_code(5);
    assert!(outcome.stderr.contains("my.tfvars") && !outcome.stderr.contains(TOKEN), "{}", outcome.stderr);
}

#[test]
fn the_token_of_the_environment_reaches_no_program() {
    for tool in [CloudFormation, Terraform] {
        let account = Account::new();
        account.run(tool, &["--yes"]).env("PYPI_TOKEN", TOKEN).output().expect_success();
        assert!(!account.checkout.text("state/environment").contains(TOKEN));
    }
}

#[test]
fn what_the_account_has_already_is_not_taken_over() {
    for (tool, reused) in
        [(CloudFormation, "CreateProvider,ParameterValue=false"), (Terraform, "TF_VAR_create_provider=false")]
    {
        let account = Account::new();
        account.has(
            "providers",
            "arn:aws:iam::123456789012:oidc-provider/example.org\tarn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\n",
        );
        account.deploy(tool);
        let calls = account.calls();
        assert!(calls.contains(reused), "{calls}");

        let account = Account::new();
        account.has("secret", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:demo/pypi-token-AbCdEf\n");
        let outcome = account.run(tool, &["--yes"]).output().expect_code(2);
        assert!(outcome.stderr.contains("exists already"), "{}", outcome.stderr);
        assert!(changes(&account.calls()).is_empty());
    }
}

#[test]
fn a_teardown_says_what_stays() {
    for tool in [CloudFormation, Terraform] {
        let account = Account::new();
        account.deploy(tool);
        account.calls();
        account.run(tool, &["teardown"]).output().expect_code(2);
        assert!(changes(&account.calls()).is_empty());
        let outcome = account.run(tool, &["teardown", "--yes"]).output().expect_success();
        assert!(
            outcome.stderr.contains("What stays") && outcome.stderr.contains("demo/pypi-token"),
            "{}",
            outcome.stderr
        );
        let calls = account.calls();
        match tool {
            CloudFormation => assert_eq!(changes(&calls).len(), 1, "{calls}"),
            Terraform => assert_eq!(changes(&calls).len(), 4, "three are let go, the rest is destroyed: {calls}"),
        }
        let again = account.run(tool, &["outputs"]).output().expect_code(2);
        assert!(again.stderr.contains("deployed"), "{}", again.stderr);
    }
}

#[test]
fn names_that_would_open_a_policy_are_refused() {
    for arguments in [
        ["--repository", "octo/*"],
        ["--repository", "octo*/demo"],
        ["--repository", "octo"],
        ["--environment", "pypi*"],
        ["--environment", "a:b"],
        ["--branch", "*"],
        ["--secret-name", "a b"],
        ["--secret-name", "*"],
        ["--owner-id", "1*"],
        ["--region", "eu-central-1; rm"],
        ["--rotator-arn", "*"],
        ["--role-name", "a/b"],
    ] {
        let account = Account::new();
        let words = ["--yes", arguments[0], arguments[1]];
        account.run(CloudFormation, &words).output().expect_code(2);
        assert!(changes(&account.calls()).is_empty(), "{arguments:?}");
    }
    let account = Account::new();
    account.run(Terraform, &["--no-such-option", "x"]).output().expect_code(2);
    let outcome =
        account.run(CloudFormation, &["--yes", "--secret-name", "pypi-token-secret"]).output().expect_success();
    assert!(outcome.stderr.contains("ends in a hyphen and six characters"), "{}", outcome.stderr);
}
