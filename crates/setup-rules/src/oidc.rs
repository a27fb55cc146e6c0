//! How a publishing job authenticates: the values that the environment, the configuration and the workflows hold.

use findings_model::PublishAuth;

use crate::Workflows;
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::workflow::AwsSetting;

const TOPIC: Topic = Topic::OidcConfiguration;

/// What is known about publishing outside the workflow files. Every value is what the environment or the
/// configuration holds, unchecked; an empty text counts as unset.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublishSettings<'a> {
    /// The configured way to authenticate.
    pub auth: Option<PublishAuth>,
    /// `AWS_ROLE_ARN`.
    pub role_arn: Option<&'a str>,
    /// `AWS_REGION`.
    pub region: Option<&'a str>,
    /// `AWS_SECRET_NAME`.
    pub secret_name: Option<&'a str>,
    /// `owner/name` on GitHub (`GITHUB_REPOSITORY`), to compare trust policies with.
    pub repository: Option<&'a str>,
}

impl<'a> PublishSettings<'a> {
    /// Whether the configuration or the environment speaks of OIDC.
    pub(crate) fn uses_oidc(&self) -> bool {
        matches!(self.auth, Some(PublishAuth::Trusted | PublishAuth::Aws)) || set(self.role_arn).is_some()
    }

    fn value(&self, setting: AwsSetting) -> Option<&'a str> {
        set(match setting {
            AwsSetting::RoleArn => self.role_arn,
            AwsSetting::Region => self.region,
            AwsSetting::SecretName => self.secret_name,
        })
    }
}

/// There is a way to publish without a stored credential.
const CONFIGURED: Rule = Rule {
    id: "OC-01",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "publishing authenticates with OIDC",
    help: "Either register the workflow with the index as a trusted publisher, or set AWS_ROLE_ARN, AWS_REGION and AWS_SECRET_NAME. Runbook: Publishing Failure Response.",
};

/// `AWS_ROLE_ARN` names a role.
const ROLE_ARN: Rule = Rule {
    id: "OC-02",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "AWS_ROLE_ARN is the ARN of an IAM role",
    help: "Copy the role's ARN from the stack's outputs: arn:PARTITION:iam::ACCOUNT:role/PATH/NAME.",
};

/// `AWS_REGION` names a region of the role's partition.
const REGION: Rule = Rule {
    id: "OC-03",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "AWS_REGION is a region of the role's partition",
    help: "Set it to the region that holds the secret, such as us-east-1, eu-central-1 or us-gov-west-1.",
};

/// `AWS_SECRET_NAME` names a secret.
const SECRET_NAME: Rule = Rule {
    id: "OC-04",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "AWS_SECRET_NAME is the name or the ARN of a secret",
    help: "Set it to the secret's name (letters, digits and /_+=.@-) or to its full ARN.",
};

/// The name cannot be mistaken for one with AWS's own suffix.
const SECRET_SUFFIX: Rule = Rule {
    id: "OIDC-S01",
    topic: TOPIC,
    severity: CheckSeverity::Info,
    title: "the secret's name does not end like AWS's own suffix",
    help: "AWS adds a hyphen and six characters to a secret's ARN and advises against names that end so; keep the name if it is in use, and name it by its plain name or its full ARN.",
};

pub(crate) const RULES: [&Rule; 5] = [&CONFIGURED, &ROLE_ARN, &REGION, &SECRET_NAME, &SECRET_SUFFIX];

/// Checks how publishing authenticates. Values are judged and never repeated: an ARN holds the account number.
pub fn check_oidc(settings: &PublishSettings<'_>, workflows: &Workflows) -> Vec<Check> {
    let mentioned = [AwsSetting::RoleArn, AwsSetting::Region, AwsSetting::SecretName]
        .into_iter()
        .any(|setting| !workflows.aws_values(setting).is_empty());
    let aws = settings.auth == Some(PublishAuth::Aws)
        || set(settings.role_arn).is_some()
        || set(settings.secret_name).is_some()
        || mentioned;
    let mut checks = vec![configured(settings, workflows, aws)];
    let region_of = set(settings.role_arn).and_then(|arn| role_partition(arn).ok());
    for (rule, setting) in
        [(&ROLE_ARN, AwsSetting::RoleArn), (&REGION, AwsSetting::Region), (&SECRET_NAME, AwsSetting::SecretName)]
    {
        let judge = |value: &str| match setting {
            AwsSetting::RoleArn => role_partition(value).map(|_| ()),
            AwsSetting::Region => check_region(value, region_of),
            AwsSetting::SecretName => check_secret_name(value),
        };
        checks.extend(judge_values(rule, setting, settings.value(setting), workflows, aws, judge));
    }
    if set(settings.secret_name).is_some_and(ends_like_suffix) {
        checks.push(SECRET_SUFFIX.hit(None, "AWS_SECRET_NAME ends in a hyphen and six characters"));
    }
    checks
}

fn configured(settings: &PublishSettings<'_>, workflows: &Workflows, aws: bool) -> Check {
    let trusted = workflows.has_trusted_publishing();
    match settings.auth {
        Some(PublishAuth::Env) => CONFIGURED.hit_as(
            CheckSeverity::Warning,
            None,
            "the configuration publishes with a token from the environment",
        ),
        Some(PublishAuth::None) => {
            CONFIGURED.hit_as(CheckSeverity::Warning, None, "the configuration publishes without authentication")
        }
        Some(PublishAuth::Trusted) if workflows.publishes_with_identity() => {
            CONFIGURED.pass("the configuration and a publishing job agree on trusted publishing")
        }
        Some(PublishAuth::Aws) | None if set(settings.role_arn).is_some() && set(settings.secret_name).is_some() => {
            CONFIGURED.pass("role and secret are set for AWS")
        }
        Some(PublishAuth::Aws) | None if aws && workflows.publishes_with_identity() => {
            CONFIGURED.pass("a publishing job has an identity token and names the role")
        }
        None if trusted => CONFIGURED.pass("a publishing job uses the index's trusted publishing"),
        None if workflows.publishes_with_stored_token() => {
            CONFIGURED.hit_as(CheckSeverity::Warning, None, "a publishing job authenticates with a stored token")
        }
        Some(_) => CONFIGURED
            .unknown(None, "the configuration asks for OIDC, and no publishing job with an identity token was found"),
        None => CONFIGURED.unknown(
            None,
            "neither the environment nor the configuration nor a workflow says how publishing authenticates",
        ),
    }
}

fn judge_values(
    rule: &Rule,
    setting: AwsSetting,
    own: Option<&str>,
    workflows: &Workflows,
    aws: bool,
    judge: impl Fn(&str) -> Result<(), &'static str>,
) -> Vec<Check> {
    let name = setting.variable();
    if let Some(value) = own {
        return vec![match judge(value) {
            Ok(()) => rule.pass(&format!("{name} is well formed")),
            Err(problem) => rule.hit(None, &format!("{name} {problem}")),
        }];
    }
    let found = workflows.aws_values(setting);
    if found.is_empty() {
        let gap = workflows.gap();
        return vec![if let Some(gap) = gap.filter(|_| aws) {
            rule.unknown(None, &format!("{name} is not set here, and {gap}"))
        } else if aws {
            rule.hit(None, &format!("AWS is in use and {name} is set neither here nor in a workflow"))
        } else {
            rule.unknown(None, &format!("{name} is set neither in the environment nor in a workflow"))
        }];
    }
    let mut checks = Vec::new();
    for value in found {
        let place = Place::line(&value.file, value.line);
        checks.push(if value.value.contains("${{") {
            rule.unknown(place, &format!("{name} comes from the repository's settings, which are not visible here"))
        } else if let Err(problem) = judge(value.value) {
            rule.hit(place, &format!("{name} {problem}"))
        } else {
            Check { place: Some(place), ..rule.pass(&format!("{name} is well formed")) }
        });
    }
    checks.dedup();
    checks
}

fn set(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// The partition of a role's ARN.
///
/// Grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>; a path may stand before the name.
fn role_partition(arn: &str) -> Result<&str, &'static str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, resource] = parts.as_slice() else {
        return Err("is not a valid ARN: it does not have six parts");
    };
    if *prefix != "arn" || !is_partition(partition) {
        return Err("does not start with arn: and a partition");
    }
    if *service != "iam" || !region.is_empty() {
        return Err("is not of the service IAM");
    }
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err("has no account number of 12 digits");
    }
    let path = resource.strip_prefix("role/").ok_or("names no role")?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_name =
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
    if !is_name || arn.len() > 2048 || !path.bytes().all(|b| b.is_ascii_graphic()) || path.contains("//") {
        return Err("has a role name or path with characters that IAM does not allow");
    }
    Ok(partition)
}

fn is_partition(word: &str) -> bool {
    word == "aws"
        || word.strip_prefix("aws-").is_some_and(|rest| {
            !rest.is_empty()
                && rest.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
        })
}

/// A region's name: letters, one or more words, a number; and of the partition of the role.
fn check_region(region: &str, partition: Option<&str>) -> Result<(), &'static str> {
    let parts: Vec<&str> = region.split('-').collect();
    let well_formed = parts.len() >= 3
        && parts.iter().enumerate().all(|(at, part)| {
            if at + 1 == parts.len() {
                (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
            } else {
                (2..=12).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase())
            }
        });
    if !well_formed {
        return Err("does not look like a region");
    }
    let expected = match (parts[0], parts[1]) {
        ("cn", _) => "aws-cn",
        ("us", "gov") => "aws-us-gov",
        ("eusc", _) => "aws-eusc",
        ("us" | "eu", "iso") => "aws-iso",
        ("us" | "eu", "isob") => "aws-iso-b",
        ("us" | "eu", "isoe") => "aws-iso-e",
        ("us" | "eu", "isof") => "aws-iso-f",
        _ => "aws",
    };
    match partition {
        Some(partition) if partition != expected => Err("is in another partition than the role"),
        _ => Ok(()),
    }
}

fn check_secret_name(name: &str) -> Result<(), &'static str> {
    let name =
        if name.starts_with("arn:") { secret_of_arn(name).ok_or("is an ARN, but not of a secret")? } else { name };
    if (1..=512).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b)) {
        Ok(())
    } else {
        Err("has characters that Secrets Manager does not allow in a name")
    }
}

/// The name with its suffix in a secret's ARN.
fn secret_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(7, ':');
    let mut next = || parts.next();
    let known = next()? == "arn" && is_partition(next()?) && next()? == "secretsmanager" && !next()?.is_empty();
    let account = next()?;
    let is_secret = next()? == "secret";
    let name = next()?;
    (known && is_secret && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

fn ends_like_suffix(name: &str) -> bool {
    !name.starts_with("arn:")
        && name
            .rsplit_once('-')
            .is_some_and(|(_, end)| end.len() == 6 && end.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TextFile;
    use crate::check::CheckStatus;

    fn status(settings: &PublishSettings<'_>, workflow: &str, id: &str) -> Option<CheckStatus> {
        let files: &[TextFile<'_>] =
            if workflow.is_empty() { &[] } else { &[TextFile { path: ".github/workflows/p.yml", text: workflow }] };
        check_oidc(settings, &Workflows::read(files, &[]))
            .into_iter()
            .find(|check| check.id == id)
            .map(|check| check.status)
    }

    #[test]
    fn role_arns_of_every_partition_and_path_are_accepted() {
        for arn in [
            "arn:aws:iam::123456789012:role/GitHubActionsRole",
            "arn:aws-us-gov:iam::123456789012:role/ci/pypi/Publisher",
            "arn:aws-cn:iam::123456789012:role/a",
            "arn:aws-iso-b:iam::123456789012:role/a_+=,.@-",
        ] {
            assert!(role_partition(arn).is_ok(), "{arn}");
        }
        for arn in [
            "GitHubActionsRole",
            "arn:aws:iam::ACCOUNT:role/GitHubActionsRole",
            "arn:aws:iam::12345678901:role/a",
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:sts::123456789012:assumed-role/a/b",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:iam::123456789012:role/a//b",
            "arn:azure:iam::123456789012:role/a",
        ] {
            assert!(role_partition(arn).is_err(), "{arn}");
        }
    }

    #[test]
    fn regions_and_secret_names() {
        for region in
            ["us-east-1", "us-gov-west-1", "ap-southeast-2", "us-isob-east-1", "eusc-de-east-1", "mx-central-1"]
        {
            assert!(check_region(region, None).is_ok(), "{region}");
        }
        for region in ["", "us-east", "US-EAST-1", "us_east_1", "us-east-1a", "somewhere"] {
            assert!(check_region(region, None).is_err(), "{region}");
        }
        assert!(check_region("us-gov-west-1", Some("aws")).is_err());
        assert!(check_region("us-gov-west-1", Some("aws-us-gov")).is_ok());
        assert!(check_secret_name("pypi/token").is_ok());
        assert!(
            check_secret_name("arn:aws:secretsmanager:us-east-1:123456789012:secret:pypi-token-secret-AbCdEf").is_ok()
        );
        assert!(check_secret_name("arn:aws:s3:::bucket").is_err());
        assert!(check_secret_name("a b").is_err());
        assert!(ends_like_suffix("pypi-token-secret"));
        assert!(!ends_like_suffix("pypi-token"));
    }

    #[test]
    fn nothing_known_is_unknown_and_half_a_configuration_fails() {
        let nothing = PublishSettings::default();
        for id in ["OC-01", "OC-02", "OC-03", "OC-04"] {
            assert_eq!(status(&nothing, "", id), Some(CheckStatus::Unknown), "{id}");
        }
        let half = PublishSettings { role_arn: Some("arn:aws:iam::123456789012:role/a"), ..nothing };
        assert_eq!(status(&half, "", "OC-02"), Some(CheckStatus::Pass));
        assert_eq!(status(&half, "", "OC-03"), Some(CheckStatus::Fail));
        assert_eq!(status(&half, "", "OC-04"), Some(CheckStatus::Fail));
        let all = PublishSettings { region: Some("us-east-1"), secret_name: Some("pypi-token-secret"), ..half };
        for id in ["OC-01", "OC-02", "OC-03", "OC-04"] {
            assert_eq!(status(&all, "", id), Some(CheckStatus::Pass), "{id}");
        }
        assert_eq!(status(&all, "", "OIDC-S01"), Some(CheckStatus::Warn));
    }

    #[test]
    fn values_of_a_workflow_are_judged_or_said_to_be_invisible() {
        let workflow = "on: push\njobs:\n  p:\n    permissions: {id-token: write}\n    env:\n      AWS_ROLE_ARN: ${{ vars.AWS_ROLE_ARN }}\n      AWS_REGION: nowhere\n      AWS_SECRET_NAME: pypi\n    steps:\n      - run: publish-pypi publish dist/*\n";
        let nothing = PublishSettings::default();
        assert_eq!(status(&nothing, workflow, "OC-01"), Some(CheckStatus::Pass));
        assert_eq!(status(&nothing, workflow, "OC-02"), Some(CheckStatus::Unknown));
        assert_eq!(status(&nothing, workflow, "OC-03"), Some(CheckStatus::Fail));
        assert_eq!(status(&nothing, workflow, "OC-04"), Some(CheckStatus::Pass));
    }

    #[test]
    fn no_message_repeats_an_account_number() {
        let settings = PublishSettings {
            role_arn: Some("arn:aws:iam::123456789012:user/a"),
            region: Some("x"),
            secret_name: Some("arn:aws:s3:::123456789012"),
            ..PublishSettings::default()
        };
        for check in check_oidc(&settings, &Workflows::default()) {
            assert!(!check.message.contains("123456789012"), "{}", check.message);
        }
    }
}
