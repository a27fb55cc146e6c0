//! Publishing authorisation: which job may publish, from which events, with which identity.

use super::model::{Concurrency, Setting};
use super::set::{PUBLISH_ACTION, Publishing, Site, Workflows, action_name};
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::{PublishAuth, PublishSettings, shell};

const TOPIC: Topic = Topic::PublishingAuthorisation;

/// `id-token: write` is where it is needed and nowhere else.
const IDENTITY_ONLY_WHERE_NEEDED: Rule = Rule {
    id: "WP-01",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "only jobs that use an identity token may ask for one",
    help: "Put `permissions: {id-token: write}` on the publishing job alone and take it from the workflow and from every other job.",
};

/// The publishing job names an environment.
const ENVIRONMENT: Rule = Rule {
    id: "WP-02",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "the publishing job runs in an environment",
    help: "Add `environment: pypi` to the publishing job, give that environment reviewers and a branch rule, and name it in the trust policy.",
};

/// Nobody outside can start a publish.
const TRIGGERS: Rule = Rule {
    id: "WP-03",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no event that outsiders can cause reaches a publishing job",
    help: "Start publishing from `workflow_dispatch`, `schedule`, `release` or a push of a tag; move pull request checks to a workflow of their own.",
};

/// Two publishes never run at once, none is cut off.
const CONCURRENCY: Rule = Rule {
    id: "WP-07",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "publishing runs one at a time and is never cancelled half way",
    help: "Add `concurrency: {group: pypi-publish, cancel-in-progress: false}` to the publishing job.",
};

/// The publishing job can get an identity token.
const IDENTITY: Rule = Rule {
    id: "WP-11",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "the publishing job may ask for an identity token",
    help: "Add `permissions: {id-token: write, contents: read}` to the publishing job and to the jobs that call its workflow; a comment does not grant it.",
};

/// The project's code does not run beside the identity.
const NO_PROJECT_CODE: Rule = Rule {
    id: "WP-12",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "a job with an identity token runs neither tests nor builds nor installs",
    help: "Build and test in a job of their own and hand `dist/` over as an artifact; whatever runs beside the token can use it.",
};

/// No index token is stored where an identity would do.
const NO_INDEX_TOKEN: Rule = Rule {
    id: "CR-09",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no long-lived index token is stored beside OIDC",
    help: "Publish with the identity token and delete the stored token from the repository's secrets and from the index.",
};

/// No long-lived AWS key where a role would do.
const NO_AWS_KEY: Rule = Rule {
    id: "CR-05",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no long-lived AWS key is stored beside OIDC",
    help: "Let the job assume the role (AWS_ROLE_ARN) with its identity token, then delete the key in IAM and in the repository's secrets.",
};

/// Nobody redirects AWS traffic.
const NO_AWS_REDIRECT: Rule = Rule {
    id: "CR-07",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no workflow redirects AWS requests or changes whom they trust",
    help: "Remove AWS_ENDPOINT_URL and AWS_CA_BUNDLE from the workflow; they belong in tests.",
};

pub(crate) const RULES: [&Rule; 9] = [
    &IDENTITY,
    &IDENTITY_ONLY_WHERE_NEEDED,
    &NO_PROJECT_CODE,
    &ENVIRONMENT,
    &TRIGGERS,
    &CONCURRENCY,
    &NO_INDEX_TOKEN,
    &NO_AWS_KEY,
    &NO_AWS_REDIRECT,
];

/// Actions that need `id-token: write` themselves.
const IDENTITY_ACTIONS: [&str; 9] = [
    PUBLISH_ACTION,
    "actions/attest",
    "actions/attest-build-provenance",
    "actions/attest-sbom",
    "actions/deploy-pages",
    "aws-actions/configure-aws-credentials",
    "google-github-actions/auth",
    "azure/login",
    "sigstore/gh-action-sigstore-python",
];

pub(super) fn check(set: &Workflows, settings: &PublishSettings<'_>) -> Vec<Check> {
    let publishing = set.publishing();
    let mut checks = Vec::new();
    if publishing.is_empty() {
        let why = match set.gap() {
            Some(gap) => format!("no publishing job was found in {}, and {gap}", set.seen()),
            None => format!("no publishing job was found in {}", set.seen()),
        };
        checks.extend([&IDENTITY, &ENVIRONMENT, &TRIGGERS, &CONCURRENCY].map(|rule| rule.unknown(None, &why)));
    } else {
        checks.extend(identity(set, &publishing, settings));
        checks.extend(each(set, &ENVIRONMENT, &publishing, "every publishing job names one", |site, how| {
            (!site.job.has_environment).then(|| {
                ENVIRONMENT
                    .hit(site.place(), &format!("{} publishes ({}) and names no environment", site.name(), how.by))
            })
        }));
        checks.extend(triggers(set, &publishing));
        checks.extend(each(
            set,
            &CONCURRENCY,
            &publishing,
            "every publishing job is in a group that waits",
            concurrency,
        ));
    }
    checks.extend(only_where_needed(set));
    checks.extend(no_project_code(set));
    checks.extend(no_index_token(set, settings));
    checks.extend(no_aws_key(set, settings));
    checks.extend(no_aws_redirect(set));
    checks
}

impl Site<'_> {
    fn place(self) -> Place {
        Place::line(&self.workflow.path, self.job.line)
    }

    fn needs_identity(self) -> bool {
        self.job.calls.is_some()
            || self.publishing().is_some()
            || self.job.steps.iter().any(|step| {
                step.uses.as_ref().is_some_and(|uses| {
                    IDENTITY_ACTIONS.iter().any(|action| action_name(&uses.text).eq_ignore_ascii_case(action))
                }) || step.run.as_ref().is_some_and(|run| shell::commands(&run.text).iter().any(uses_identity))
            })
    }

    /// Settings of the job, its steps and its workflow.
    fn settings(self) -> impl Iterator<Item = (String, Setting)> {
        let own = self
            .workflow
            .env
            .iter()
            .chain(&self.job.env)
            .chain(&self.job.secrets)
            .map(|setting| (self.workflow.path.clone(), setting.clone()));
        let steps = self
            .job
            .steps
            .iter()
            .flat_map(|step| step.env.iter().chain(&step.with).map(|setting| (step.file.clone(), setting.clone())));
        own.chain(steps).collect::<Vec<_>>().into_iter()
    }
}

/// Commands that fetch an identity token: ours, and scripts that speak to the token service themselves.
fn uses_identity(command: &shell::Command) -> bool {
    let asks = |word: &String| word.contains("ACTIONS_ID_TOKEN_REQUEST");
    command.words.iter().any(asks)
        || command.program().is_some_and(|(program, _)| matches!(program, "publish-pypi" | "cosign" | "sigstore"))
}

impl Workflows {
    /// Whether a publishing job is handed a stored token of the index.
    pub(crate) fn publishes_with_stored_token(&self) -> bool {
        let mut settings = self.publishing().into_iter().flat_map(|(site, _)| site.settings());
        settings.any(|(_, setting)| index_token(&setting).is_some())
    }
}

fn each<'a>(
    set: &Workflows,
    rule: &Rule,
    publishing: &[(Site<'a>, Publishing<'a>)],
    otherwise: &str,
    hit: impl Fn(Site<'a>, Publishing<'a>) -> Option<Check>,
) -> Vec<Check> {
    set.conclude(rule, publishing.iter().filter_map(|(site, how)| hit(*site, *how)).collect(), otherwise)
}

fn identity(set: &Workflows, publishing: &[(Site<'_>, Publishing<'_>)], settings: &PublishSettings<'_>) -> Vec<Check> {
    let mut hits = Vec::new();
    for (site, how) in publishing {
        let severity = match settings.auth {
            Some(PublishAuth::Env | PublishAuth::None) => CheckSeverity::Warning,
            Some(PublishAuth::Trusted | PublishAuth::Aws) | None => CheckSeverity::Error,
        };
        if !site.writes("id-token") {
            hits.push(IDENTITY.hit_as(
                severity,
                site.place(),
                &format!("{} publishes ({}) without `id-token: write`", site.name(), how.by),
            ));
            continue;
        }
        for caller in set.callers(&site.workflow.path).filter(|caller| !caller.writes("id-token")) {
            hits.push(IDENTITY.hit_as(
                severity,
                caller.place(),
                &format!("{} calls {}, which publishes, without `id-token: write`", caller.name(), site.workflow.path),
            ));
        }
    }
    set.conclude(&IDENTITY, hits, "every publishing job has `id-token: write`")
}

fn triggers(set: &Workflows, publishing: &[(Site<'_>, Publishing<'_>)]) -> Vec<Check> {
    let mut hits = Vec::new();
    for (site, _) in publishing {
        for trigger in set.triggers(*site) {
            let severity = match trigger.event.as_str() {
                "pull_request_target"
                | "issue_comment"
                | "issues"
                | "discussion"
                | "discussion_comment"
                | "fork"
                | "watch" => CheckSeverity::Error,
                "pull_request" if !trigger.guarded => CheckSeverity::Error,
                "workflow_run" => CheckSeverity::Warning,
                _ => continue,
            };
            hits.push(TRIGGERS.hit_as(
                severity,
                Place::line(&trigger.file, trigger.line),
                &format!("`{}` starts {}, which publishes", trigger.event, site.name()),
            ));
        }
    }
    set.conclude(&TRIGGERS, hits, "publishing starts only from events of maintainers and the clock")
}

fn concurrency(site: Site<'_>, _: Publishing<'_>) -> Option<Check> {
    let problem = match site.job.concurrency.or(site.workflow.concurrency) {
        Some(Concurrency::Waits) => return None,
        Some(Concurrency::Cancels) => "a newer run may cancel it",
        None => "it is in no concurrency group",
    };
    Some(CONCURRENCY.hit(site.place(), &format!("{}: {problem}", site.name())))
}

fn only_where_needed(set: &Workflows) -> Vec<Check> {
    let rule = IDENTITY_ONLY_WHERE_NEEDED;
    let mut hits = Vec::new();
    for workflow in &set.list {
        if let Some(permissions) = workflow.permissions.as_ref().filter(|permissions| permissions.writes("id-token")) {
            let holders: Vec<_> = workflow
                .jobs
                .iter()
                .filter(|job| job.permissions.is_none())
                .map(|job| Site { workflow, job })
                .filter(|site| !site.needs_identity())
                .collect();
            if let Some(holder) = holders.first() {
                let message =
                    format!("the whole workflow has `id-token: write`, so {} has it without need", holder.name());
                hits.push(rule.hit(Place::line(&workflow.path, permissions.line), &message));
            }
        }
        for job in &workflow.jobs {
            let site = Site { workflow, job };
            let own = job.permissions.as_ref().filter(|permissions| permissions.writes("id-token"));
            if let Some(permissions) = own.filter(|_| !site.needs_identity()) {
                let message = format!("{} has `id-token: write` and nothing in it uses an identity token", site.name());
                hits.push(rule.hit(Place::line(&workflow.path, permissions.line), &message));
            }
        }
    }
    set.conclude(&rule, hits, "no other job can ask for one")
}

fn no_project_code(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites().filter(|site| site.writes("id-token")) {
        for step in &site.job.steps {
            let Some(run) = &step.run else { continue };
            for command in shell::commands(&run.text) {
                if let Some(what) = project_code(&command) {
                    hits.push(NO_PROJECT_CODE.hit(
                        Place::line(&step.file, run.line + command.line),
                        &format!("{} runs `{what}` beside the identity token", site.name()),
                    ));
                }
            }
        }
    }
    set.conclude(&NO_PROJECT_CODE, hits, "none does")
}

fn project_code(command: &shell::Command) -> Option<&'static str> {
    let (program, rest) = command.program()?;
    let first = rest.iter().map(String::as_str).find(|word| !word.starts_with('-')).unwrap_or_default();
    Some(match (program, first) {
        ("pytest", _) => "pytest",
        ("tox", _) => "tox",
        ("nox", _) => "nox",
        ("pip" | "pip3", "install") => "pip install",
        ("uv", "sync") => "uv sync",
        ("uv", "add") => "uv add",
        ("uv", "pip") => "uv pip",
        ("uv", "build") => "uv build",
        ("poetry", "install") => "poetry install",
        ("poetry", "build") => "poetry build",
        ("build" | "pyproject-build", _) => "python -m build",
        ("npm", "ci" | "install" | "run" | "test") => "npm",
        ("make", _) => "make",
        _ if program == "setup.py" || first == "setup.py" => "setup.py",
        _ => return None,
    })
}

fn no_index_token(set: &Workflows, settings: &PublishSettings<'_>) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        let oidc = site.writes("id-token") || settings.uses_oidc();
        for (file, setting) in site.settings() {
            let Some(secret) = index_token(&setting) else {
                continue;
            };
            let (severity, beside) = if oidc {
                (CheckSeverity::Error, "although OIDC is configured")
            } else {
                (CheckSeverity::Warning, "and OIDC is not used")
            };
            hits.push(NO_INDEX_TOKEN.hit_as(
                severity,
                Place::line(&file, setting.line),
                &format!("{} publishes with the stored secret {secret}, {beside}", site.name()),
            ));
        }
    }
    set.conclude(&NO_INDEX_TOKEN, hits, "no workflow hands one over")
}

fn no_aws_key(set: &Workflows, settings: &PublishSettings<'_>) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        let severity =
            if site.writes("id-token") || settings.uses_oidc() { CheckSeverity::Error } else { CheckSeverity::Warning };
        for (file, setting) in site.settings() {
            let Some(secret) =
                secret_names(&setting.value).into_iter().find(|secret| is_aws_key(&setting.name) || is_aws_key(secret))
            else {
                continue;
            };
            hits.push(NO_AWS_KEY.hit_as(
                severity,
                Place::line(&file, setting.line),
                &format!("{} uses the stored secret {secret}", site.name()),
            ));
        }
    }
    set.conclude(&NO_AWS_KEY, hits, "no workflow uses one")
}

fn no_aws_redirect(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        for (file, setting) in site
            .settings()
            .filter(|(_, setting)| setting.name.starts_with("AWS_ENDPOINT_URL") || setting.name == "AWS_CA_BUNDLE")
        {
            hits.push(NO_AWS_REDIRECT.hit(Place::line(&file, setting.line), &format!("{} is set", setting.name)));
        }
    }
    set.conclude(&NO_AWS_REDIRECT, hits, "none sets such a variable")
}

/// The names of the secrets that a value reads, in upper case.
fn secret_names(value: &str) -> Vec<String> {
    crate::expression::embedded(value)
        .into_iter()
        .flat_map(|expression| crate::expression::leaks(expression.source))
        .filter(|path| path.len() == 2 && path[0] == "secrets")
        .map(|path| path[1].to_uppercase())
        .collect()
}

/// The secret with a token of the index that a setting hands over.
fn index_token(setting: &Setting) -> Option<String> {
    let secrets = secret_names(&setting.value);
    secrets.into_iter().find(|secret| is_index_token(&setting.name, secret))
}

fn is_index_token(setting: &str, secret: &str) -> bool {
    let setting = setting.to_uppercase();
    let by_setting = matches!(
        setting.as_str(),
        "TWINE_PASSWORD"
            | "UV_PUBLISH_TOKEN"
            | "UV_PUBLISH_PASSWORD"
            | "FLIT_PASSWORD"
            | "HATCH_INDEX_AUTH"
            | "PDM_PUBLISH_PASSWORD"
            | "MATURIN_PYPI_TOKEN"
            | "PYPI_TOKEN"
    ) || setting.starts_with("POETRY_PYPI_TOKEN")
        || setting.starts_with("POETRY_HTTP_BASIC_PYPI_PASSWORD");
    by_setting
        || (secret.contains("PYPI")
            && ["TOKEN", "PASSWORD", "KEY", "SECRET"].iter().any(|word| secret.contains(word))
            && !secret.starts_with("AWS_"))
}

fn is_aws_key(name: &str) -> bool {
    matches!(
        name.to_uppercase().as_str(),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS-ACCESS-KEY-ID" | "AWS-SECRET-ACCESS-KEY"
    )
}
