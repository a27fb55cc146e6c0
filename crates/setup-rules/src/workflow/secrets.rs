//! Credentials that workflows hand over, and variables that turn AWS requests elsewhere.

use super::model::{Setting, Step};
use super::set::{Site, Workflows, uploads};
use crate::PublishSettings;
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::expression;
use crate::shell;

const TOPIC: Topic = Topic::PublishingAuthorisation;

/// No index token is stored where an identity would do.
pub(super) const NO_INDEX_TOKEN: Rule = Rule {
    id: "CR-09",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no long-lived index token is stored beside OIDC",
    help: "Publish with the identity token and delete the stored token from the repository's secrets and from the index.",
};

/// No long-lived AWS key where a role would do.
pub(super) const NO_AWS_KEY: Rule = Rule {
    id: "CR-05",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no long-lived AWS key is stored beside OIDC",
    help: "Let the job assume the role (AWS_ROLE_ARN) with its identity token, then delete the key in IAM and in the repository's secrets.",
};

/// Nobody redirects AWS traffic.
pub(super) const NO_AWS_REDIRECT: Rule = Rule {
    id: "CR-07",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no workflow redirects AWS requests or changes whom they trust",
    help: "Remove AWS_ENDPOINT_URL and AWS_CA_BUNDLE from the workflow; they belong in tests.",
};

impl Workflows {
    /// Whether a publishing job is handed a stored token of the index.
    pub(crate) fn publishes_with_stored_token(&self) -> bool {
        let mut settings = self.publishing().into_iter().flat_map(|(site, _)| handed_over(site));
        settings.any(|(_, setting)| index_token(&setting).is_some())
    }
}

pub(super) fn no_index_token(set: &Workflows, settings: &PublishSettings<'_>) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        let oidc = site.writes("id-token") || settings.uses_oidc();
        for (file, setting) in handed_over(site) {
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

pub(super) fn no_aws_key(set: &Workflows, settings: &PublishSettings<'_>) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        let severity =
            if site.writes("id-token") || settings.uses_oidc() { CheckSeverity::Error } else { CheckSeverity::Warning };
        for (file, setting) in handed_over(site) {
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

pub(super) fn no_aws_redirect(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        let scripts = site.job.steps.iter().filter(|_| site.is_privileged()).flat_map(assigned);
        for (file, setting) in site.settings().chain(scripts) {
            let redirects = setting.name.starts_with("AWS_ENDPOINT_URL") || setting.name == "AWS_CA_BUNDLE";
            if redirects && !setting.value.is_empty() {
                hits.push(NO_AWS_REDIRECT.hit(Place::line(&file, setting.line), &format!("{} is set", setting.name)));
            }
        }
    }
    set.conclude(&NO_AWS_REDIRECT, hits, "none sets such a variable")
}

/// The values that a job is handed: its settings, and what stands in its scripts.
fn handed_over(site: Site<'_>) -> impl Iterator<Item = (String, Setting)> {
    let scripts = site.job.steps.iter().flat_map(|step| assigned(step).chain(written(step)));
    site.settings().chain(scripts.collect::<Vec<_>>())
}

/// The variables that a script sets, for itself or for the steps behind it (`GITHUB_ENV`).
fn assigned(step: &Step) -> impl Iterator<Item = (String, Setting)> {
    let mut found = Vec::new();
    let Some(run) = &step.run else {
        return found.into_iter();
    };
    let for_later = run.text.contains("GITHUB_ENV");
    for command in shell::commands(&run.text) {
        let program = command.program();
        let in_front = program.map_or(command.words.len(), |(_, rest)| command.words.len() - rest.len() - 1);
        let behind = match program {
            Some(("export" | "declare" | "typeset" | "readonly" | "local", rest)) => rest,
            Some(("echo" | "printf", rest)) if for_later => rest,
            _ => &[],
        };
        let here = command.here.iter().filter(|_| for_later).flat_map(|text| text.lines());
        let words = command.words[..in_front].iter().chain(behind).map(String::as_str).chain(here);
        let line = run.line + command.line;
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let setting = Setting { name: name.trim().to_owned(), value: value.to_owned(), line };
            found.push((step.file.clone(), setting));
        }
    }
    found.into_iter()
}

/// The expressions in a script, and what it hands to a program that uploads.
fn written(step: &Step) -> impl Iterator<Item = (String, Setting)> {
    let mut found = Vec::new();
    let mut add = |name: &str, value: &str, line: usize| {
        found.push((step.file.clone(), Setting { name: name.to_owned(), value: value.to_owned(), line }));
    };
    if let Some(run) = &step.run {
        for expression in expression::embedded(&run.text) {
            add("", &format!("${{{{ {} }}}}", expression.source), run.line + expression.line);
        }
        for command in shell::commands(&run.text) {
            let line = run.line + command.line;
            let uploads = uploads(&command).is_some();
            for pair in command.words.windows(2) {
                if uploads && is_password_option(&pair[0]) {
                    add("TWINE_PASSWORD", &pair[1], line);
                } else if pair[0].starts_with("pypi-token.") {
                    add("POETRY_PYPI_TOKEN", &pair[1], line);
                }
            }
            let joined = command.words.iter().filter(|_| uploads).filter_map(|word| word.split_once('='));
            for (_, value) in joined.filter(|(option, _)| is_password_option(option)) {
                add("TWINE_PASSWORD", value, line);
            }
        }
    }
    found.into_iter()
}

fn is_password_option(word: &str) -> bool {
    matches!(word, "-p" | "--password" | "-t" | "--token" | "-a" | "--auth")
}

/// The names of the secrets that a value reads, in upper case.
fn secret_names(value: &str) -> Vec<String> {
    expression::embedded(value)
        .into_iter()
        .flat_map(|expression| expression::leaks(expression.source))
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
