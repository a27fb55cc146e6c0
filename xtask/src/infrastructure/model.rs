//! The policies, once.
//!
//! A text of a policy may name what only a deployment knows, as `{owner}`; [`Value`] lists the names. Each renderer puts
//! its own expression there. Elements of a policy:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>; GitHub's claims as condition keys:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>.

/// What only a deployment knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Partition,
    Account,
    Region,
    /// The domain of the partition's services, `amazonaws.com` nearly everywhere.
    DnsSuffix,
    Owner,
    OwnerId,
    Repository,
    RepositoryId,
    Environment,
    PublishWorkflow,
    ReleaseWorkflow,
    Branch,
    SecretName,
    /// The ARN of the key that encrypts the secret.
    KeyArn,
    /// Who may become the rotation role.
    RotatorArn,
}

impl Value {
    pub(crate) const ALL: [(&'static str, Self); 15] = [
        ("partition", Self::Partition),
        ("account", Self::Account),
        ("region", Self::Region),
        ("dns_suffix", Self::DnsSuffix),
        ("owner", Self::Owner),
        ("owner_id", Self::OwnerId),
        ("repository", Self::Repository),
        ("repository_id", Self::RepositoryId),
        ("environment", Self::Environment),
        ("publish_workflow", Self::PublishWorkflow),
        ("release_workflow", Self::ReleaseWorkflow),
        ("branch", Self::Branch),
        ("secret_name", Self::SecretName),
        ("key_arn", Self::KeyArn),
        ("rotator_arn", Self::RotatorArn),
    ];
}

/// `text` with each `{name}` replaced by what `of` gives for it.
pub(crate) fn filled(text: &str, of: impl Fn(Value) -> String) -> String {
    Value::ALL.into_iter().fold(text.to_owned(), |text, (name, value)| {
        let mark = format!("{{{name}}}");
        if text.contains(&mark) { text.replace(&mark, &of(value)) } else { text }
    })
}

/// One policy document of the set-up.
#[derive(Debug)]
pub(crate) struct Policy {
    /// The name of its block in the templates.
    pub(crate) name: &'static str,
    /// What it is, for the reader of the generated Terraform.
    pub(crate) about: &'static str,
    pub(crate) statements: &'static [Statement],
}

#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sid: &'static str,
    pub(crate) effect: Effect,
    pub(crate) principal: Principal,
    pub(crate) actions: &'static [&'static str],
    pub(crate) resource: Option<&'static str>,
    pub(crate) conditions: &'static [Condition],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

impl Effect {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// Whom a statement is about; in a policy of a role, the role itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Principal {
    Own,
    Anybody,
    Federated(&'static str),
    Aws(&'static str),
}

/// One operator with its lines: key and values.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) operator: &'static str,
    pub(crate) lines: &'static [(&'static str, &'static [&'static str])],
}

/// Secrets Manager adds a hyphen and six characters to the name; `*` would match longer names as well.
const SECRET: &str = "arn:{partition}:secretsmanager:{region}:{account}:secret:{secret_name}-??????";

/// The key serves only for this secret and only through Secrets Manager.
const KEY_CONDITIONS: &[Condition] = &[
    Condition { operator: "StringEquals", lines: &[("kms:ViaService", &["secretsmanager.{region}.{dns_suffix}"])] },
    Condition { operator: "StringLike", lines: &[("kms:EncryptionContext:SecretARN", &[SECRET])] },
];

/// Who may become the publishing role: the job with the environment, of the repository with this number, in a workflow file of the
/// branch. Exact texts only. The subject stands in both forms: with names, and with the ids that GitHub puts in for repositories
/// made, renamed or moved after 15 July 2026.
pub(crate) const TRUST: Policy = Policy {
    name: "trust",
    about: "Who may become the publishing role.",
    statements: &[Statement {
        sid: "PublishingJob",
        effect: Effect::Allow,
        principal: Principal::Federated(
            "arn:{partition}:iam::{account}:oidc-provider/token.actions.githubusercontent.com",
        ),
        actions: &["sts:AssumeRoleWithWebIdentity"],
        resource: None,
        conditions: &[Condition {
            operator: "StringEquals",
            lines: &[
                ("token.actions.githubusercontent.com:aud", &["sts.amazonaws.com"]),
                (
                    "token.actions.githubusercontent.com:sub",
                    &[
                        "repo:{owner}/{repository}:environment:{environment}",
                        "repo:{owner}@{owner_id}/{repository}@{repository_id}:environment:{environment}",
                    ],
                ),
                ("token.actions.githubusercontent.com:repository_id", &["{repository_id}"]),
                (
                    "token.actions.githubusercontent.com:job_workflow_ref",
                    &[
                        "{owner}/{repository}/.github/workflows/{publish_workflow}@refs/heads/{branch}",
                        "{owner}/{repository}/.github/workflows/{release_workflow}@refs/heads/{branch}",
                    ],
                ),
            ],
        }],
    }],
};

/// What the publishing role may do, and its boundary.
pub(crate) const READ: Policy = Policy {
    name: "read",
    about: "What the publishing role may do, and its boundary.",
    statements: &[
        Statement {
            sid: "ReadToken",
            effect: Effect::Allow,
            principal: Principal::Own,
            actions: &["secretsmanager:GetSecretValue"],
            resource: Some(SECRET),
            conditions: &[],
        },
        Statement {
            sid: "DecryptToken",
            effect: Effect::Allow,
            principal: Principal::Own,
            actions: &["kms:Decrypt"],
            resource: Some("{key_arn}"),
            conditions: KEY_CONDITIONS,
        },
    ],
};

/// Who may become the rotation role.
pub(crate) const ROTATOR: Policy = Policy {
    name: "rotator",
    about: "Who may become the rotation role.",
    statements: &[Statement {
        sid: "Rotator",
        effect: Effect::Allow,
        principal: Principal::Aws("{rotator_arn}"),
        actions: &["sts:AssumeRole"],
        resource: None,
        conditions: &[],
    }],
};

/// What the rotation role may do.
pub(crate) const ROTATE: Policy = Policy {
    name: "rotate",
    about: "What the rotation role may do.",
    statements: &[
        Statement {
            sid: "ReplaceToken",
            effect: Effect::Allow,
            principal: Principal::Own,
            actions: &[
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
            ],
            resource: Some(SECRET),
            conditions: &[],
        },
        Statement {
            sid: "EncryptToken",
            effect: Effect::Allow,
            principal: Principal::Own,
            actions: &["kms:Decrypt", "kms:GenerateDataKey"],
            resource: Some("{key_arn}"),
            conditions: KEY_CONDITIONS,
        },
    ],
};

/// The secret's own policy: nobody of another account, whatever their own policies say.
pub(crate) const SECRET_POLICY: Policy = Policy {
    name: "secret",
    about: "The secret's own policy: nobody of another account.",
    statements: &[Statement {
        sid: "NobodyOfAnotherAccount",
        effect: Effect::Deny,
        principal: Principal::Anybody,
        actions: &["secretsmanager:*"],
        resource: Some("*"),
        conditions: &[Condition { operator: "StringNotEquals", lines: &[("aws:PrincipalAccount", &["{account}"])] }],
    }],
};

/// The key's own policy: the account's IAM policies decide.
pub(crate) const KEY: Policy = Policy {
    name: "key",
    about: "The key's own policy: the account's IAM policies decide.",
    statements: &[Statement {
        sid: "AccountDecides",
        effect: Effect::Allow,
        principal: Principal::Aws("arn:{partition}:iam::{account}:root"),
        actions: &["kms:*"],
        resource: Some("*"),
        conditions: &[],
    }],
};

pub(crate) const POLICIES: [&Policy; 6] = [&TRUST, &READ, &ROTATOR, &ROTATE, &SECRET_POLICY, &KEY];
