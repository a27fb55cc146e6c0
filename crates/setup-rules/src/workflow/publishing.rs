//! Publishing authorisation: which job may publish, from which events, one at a time.

use super::model::{Concurrency, Setting};
use super::set::{Publishing, Site, Workflows};
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::expression::Truth;
use crate::{PublishAuth, PublishSettings};

const TOPIC: Topic = Topic::PublishingAuthorisation;

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

pub(crate) const RULES: [&Rule; 4] = [&IDENTITY, &ENVIRONMENT, &TRIGGERS, &CONCURRENCY];

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
        checks.extend(triggers(set, settings.repository));
        checks.extend(each(
            set,
            &CONCURRENCY,
            &publishing,
            "every publishing job is in a group that waits",
            concurrency,
        ));
    }
    checks
}

impl Site<'_> {
    pub(super) fn place(self) -> Place {
        Place::line(&self.workflow.path, self.job.line)
    }

    /// Settings of the job, its steps and its workflow.
    pub(super) fn settings(self) -> impl Iterator<Item = (String, Setting)> {
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
        let callers = set.callers(&site.workflow.path, settings.repository).filter(|(_, reach)| *reach == Truth::Yes);
        for (caller, _) in callers.filter(|(caller, _)| !caller.writes("id-token")) {
            hits.push(IDENTITY.hit_as(
                severity,
                caller.place(),
                &format!("{} calls {}, which publishes, without `id-token: write`", caller.name(), site.workflow.path),
            ));
        }
    }
    set.conclude(&IDENTITY, hits, "every publishing job has `id-token: write`")
}

/// Events that start a run with the rights of the repository, whoever causes them.
const OF_OUTSIDERS: [&str; 8] =
    ["pull_request_target", "issue_comment", "issues", "discussion", "discussion_comment", "fork", "watch", "gollum"];

/// Events of a pull request; a run for a branch of the repository itself has its rights.
const OF_PULL_REQUESTS: [&str; 3] = ["pull_request", "pull_request_review", "pull_request_review_comment"];

/// Events that only people with rights on the repository, the clock and GitHub itself cause.
const OF_MAINTAINERS: [&str; 19] = [
    "push",
    "create",
    "delete",
    "release",
    "schedule",
    "workflow_dispatch",
    "repository_dispatch",
    "merge_group",
    "deployment",
    "deployment_status",
    "label",
    "milestone",
    "page_build",
    "public",
    "registry_package",
    "branch_protection_rule",
    "project",
    "member",
    "image_version",
];

fn triggers(set: &Workflows, repository: Option<&str>) -> Vec<Check> {
    let mut hits = Vec::new();
    for (site, how) in set.every_publishing() {
        for trigger in set.triggers(site, how.step, repository) {
            let event = trigger.event.as_str();
            let place = Place::line(&trigger.file, trigger.line);
            let message = format!("`{event}` starts {}, which publishes", site.name());
            let known = OF_MAINTAINERS.contains(&event);
            hits.push(match trigger.reach {
                Truth::No => continue,
                _ if known => continue,
                _ if trigger.reach == Truth::Unknown && trigger.perhaps_foreign => {
                    TRIGGERS.unknown(place, &format!("{message}, if the workflow that it calls is this repository's"))
                }
                _ if OF_OUTSIDERS.contains(&event) => TRIGGERS.hit(place, &message),
                Truth::Yes if OF_PULL_REQUESTS.contains(&event) => TRIGGERS.hit(place, &message),
                Truth::Unknown if OF_PULL_REQUESTS.contains(&event) => TRIGGERS
                    .unknown(place, &format!("whether {message}, depends on a condition that only the run knows")),
                _ if event == "workflow_run" => TRIGGERS.hit_as(CheckSeverity::Warning, place, &message),
                _ => TRIGGERS.unknown(place, &format!("{message}; who causes it is not known")),
            });
        }
    }
    set.conclude(&TRIGGERS, hits, "publishing starts only from events of maintainers and the clock")
}

fn concurrency(site: Site<'_>, _: Publishing<'_>) -> Option<Check> {
    let problem = match site.job.concurrency.or(site.workflow.concurrency) {
        Some(Concurrency::Waits) => return None,
        Some(Concurrency::Cancels) => "a newer run may cancel it",
        Some(Concurrency::Alone) => "the name of its concurrency group differs from run to run",
        None => "it is in no concurrency group",
    };
    Some(CONCURRENCY.hit(site.place(), &format!("{}: {problem}", site.name())))
}
