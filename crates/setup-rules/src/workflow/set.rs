//! The workflows of a project together: who calls whom, which jobs publish, what starts them.

use std::collections::BTreeMap;

use super::model::{Job, Step, Workflow, action_steps};
use super::own::{self, OwnAction};
use crate::check::{Check, Rule};
use crate::expression::{Truth, holds};
use crate::shell::{self, Command};
use crate::{TextFile, Unread};

/// Every workflow of a project, read once and asked by all workflow rules.
#[derive(Debug, Clone, Default)]
pub struct Workflows {
    pub(super) list: Vec<Workflow>,
    pub(super) unread: Vec<Unread>,
    /// Files that are no workflow although they stand among them, with the line and the reason.
    pub(super) broken: Vec<(String, usize, String)>,
}

/// A job in its workflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) job: &'a Job,
}

/// How a job publishes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Publishing<'a> {
    pub(super) step: &'a Step,
    /// What uploads, such as `twine upload`.
    pub(super) by: &'static str,
}

/// An event that reaches a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trigger {
    pub(super) event: String,
    pub(super) file: String,
    pub(super) line: usize,
    /// Whether the conditions on the way let it through.
    pub(super) reach: Truth,
    /// Whether a workflow on the way calls one of its path that may be another repository's.
    pub(super) perhaps_foreign: bool,
}

/// The action of the Python Packaging Authority that uploads to an index.
pub(super) const PUBLISH_ACTION: &str = "pypa/gh-action-pypi-publish";

/// Relwarden's own action that uploads, wherever it comes from.
const OWN_PUBLISH_ACTION: &str = "Relwarden's action publish";

/// Programs that upload to an index, with the word that makes them do it.
const UPLOADERS: [(&str, &str, &str); 9] = [
    ("publish-pypi", "publish", "publish-pypi publish"),
    ("twine", "upload", "twine upload"),
    ("uv", "publish", "uv publish"),
    ("poetry", "publish", "poetry publish"),
    ("flit", "publish", "flit publish"),
    ("hatch", "publish", "hatch publish"),
    ("pdm", "publish", "pdm publish"),
    ("maturin", "publish", "maturin publish"),
    ("maturin", "upload", "maturin upload"),
];

impl Workflows {
    /// Reads the files of `.github/workflows` and the composite actions of `.github/actions` (`action.yml`).
    ///
    /// `unread` are files there that could not be opened; what they hold is unknown to every rule.
    pub fn read(files: &[TextFile<'_>], unread: &[Unread]) -> Self {
        let mut set = Self { unread: unread.to_vec(), ..Self::default() };
        let mut actions = BTreeMap::new();
        for file in files {
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", file.path));
            let outcome = if matches!(name, "action.yml" | "action.yaml") {
                action_steps(file.path, file.text).map(|steps| {
                    actions.insert(folder.to_owned(), steps);
                })
            } else {
                Workflow::parse(file.path, file.text).map(|workflow| set.list.push(workflow))
            };
            if let Err(error) = outcome {
                set.broken.push((file.path.to_owned(), error.line.unwrap_or(0), error.reason));
            }
        }
        for job in set.list.iter_mut().flat_map(|workflow| &mut workflow.jobs) {
            job.steps =
                std::mem::take(&mut job.steps).into_iter().flat_map(|step| with_action(step, &actions)).collect();
        }
        set.list.sort_by(|a, b| a.path.cmp(&b.path));
        set
    }

    /// Whether the project has no workflow file at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.unread.is_empty() && self.broken.is_empty()
    }

    pub(super) fn sites(&self) -> impl Iterator<Item = Site<'_>> {
        self.list.iter().flat_map(|workflow| workflow.jobs.iter().map(move |job| Site { workflow, job }))
    }

    pub(super) fn publishing(&self) -> Vec<(Site<'_>, Publishing<'_>)> {
        self.sites().filter_map(|site| Some((site, site.publishing()?))).collect()
    }

    /// Every step of every job that publishes.
    pub(super) fn every_publishing(&self) -> Vec<(Site<'_>, Publishing<'_>)> {
        self.sites().flat_map(|site| site.every_publishing().map(move |how| (site, how))).collect()
    }

    /// The jobs that call a workflow of this project: by its path, or by this repository's name. Where that name is not
    /// known, a workflow of the same path may be meant.
    pub(super) fn callers(&self, path: &str, repository: Option<&str>) -> impl Iterator<Item = (Site<'_>, Truth)> {
        self.sites().filter_map(move |site| {
            let called = site.job.calls.as_deref()?;
            if let Some(own) = called.strip_prefix("./").or_else(|| called.strip_prefix("$/")) {
                return (own == path).then_some((site, Truth::Yes));
            }
            let mut parts = called.split('@').next()?.splitn(3, '/');
            let (owner, name, inside) = (parts.next()?, parts.next()?, parts.next()?);
            let reach = match repository {
                _ if inside != path => return None,
                Some(own) if own.eq_ignore_ascii_case(&format!("{owner}/{name}")) => Truth::Yes,
                Some(_) => return None,
                None => Truth::Unknown,
            };
            Some((site, reach))
        })
    }

    /// The events that start a step of a job, through workflows that call the job's own as well.
    pub(super) fn triggers(&self, site: Site<'_>, step: &Step, repository: Option<&str>) -> Vec<Trigger> {
        let mut found = Vec::new();
        let mut seen = Vec::new();
        let mut open = vec![(vec![site], false)];
        while let Some((way, perhaps_foreign)) = open.pop() {
            let Some(last) = way.last() else { continue };
            let workflow = last.workflow;
            for (event, line) in workflow.events.iter().filter(|(event, _)| event != "workflow_call") {
                let of_step = step.condition.as_deref().map_or(Truth::Yes, |condition| holds(condition, event));
                let of_way = way.iter().map(|site| site.reach(event)).min().unwrap_or(Truth::Yes);
                let reach = of_step.min(of_way).min(if perhaps_foreign { Truth::Unknown } else { Truth::Yes });
                let file = workflow.path.clone();
                found.push(Trigger { event: event.clone(), file, line: *line, reach, perhaps_foreign });
            }
            for (caller, certain) in self.callers(&workflow.path, repository) {
                let key = (&caller.workflow.path, &caller.job.id);
                if !seen.contains(&key) {
                    seen.push(key);
                    let way = way.iter().copied().chain([caller]).collect();
                    open.push((way, perhaps_foreign || certain != Truth::Yes));
                }
            }
        }
        found.sort();
        found
    }

    /// Words for what the workflow rules looked at.
    pub(super) fn seen(&self) -> String {
        match self.list.len() {
            1 => "1 workflow".to_owned(),
            count => format!("{count} workflows"),
        }
    }

    /// Why an absence proves nothing: files that could not be read.
    pub(crate) fn gap(&self) -> Option<String> {
        let names: Vec<&str> = self
            .broken
            .iter()
            .map(|(path, _, _)| path.as_str())
            .chain(self.unread.iter().map(|unread| unread.path.as_str()))
            .collect();
        (!names.is_empty()).then(|| format!("{} could not be read", names.join(", ")))
    }

    /// The hits; without any a pass, unless part of the workflows could not be read: what it does might break the rule.
    pub(super) fn conclude(&self, rule: &Rule, hits: Vec<Check>, otherwise: &str) -> Vec<Check> {
        rule.conclude(hits, || match self.gap() {
            Some(gap) => rule.unknown(None, &gap),
            None => rule.pass(otherwise),
        })
    }
}

impl<'a> Site<'a> {
    /// The permission that the job's token has, as far as the file says so.
    pub(super) fn writes(self, scope: &str) -> bool {
        self.job
            .permissions
            .as_ref()
            .or(self.workflow.permissions.as_ref())
            .is_some_and(|permissions| permissions.writes(scope))
    }

    /// Whether the job runs when this event starts its workflow: its own condition, and those of the jobs that it waits
    /// for, unless it runs without them.
    fn reach(self, event: &str) -> Truth {
        let mut least = Truth::Yes;
        let mut seen: Vec<&str> = Vec::new();
        let mut open = vec![self.job];
        while let Some(job) = open.pop() {
            if seen.contains(&job.id.as_str()) {
                continue;
            }
            seen.push(&job.id);
            let condition = job.condition.as_deref().unwrap_or("success()");
            least = least.min(holds(condition, event));
            let lower = condition.to_lowercase();
            if !["always(", "cancelled(", "failure("].into_iter().any(|call| lower.contains(call)) {
                open.extend(self.workflow.jobs.iter().filter(|other| job.needs.contains(&other.id)));
            }
        }
        least
    }

    /// The first step that uploads to an index, if the job has one.
    pub(super) fn publishing(self) -> Option<Publishing<'a>> {
        self.every_publishing().next()
    }

    fn every_publishing(self) -> impl Iterator<Item = Publishing<'a>> {
        self.job.steps.iter().filter_map(|step| {
            let by_action = |uses: &str| action_name(uses).eq_ignore_ascii_case(PUBLISH_ACTION);
            if step.uses.as_ref().is_some_and(|uses| by_action(&uses.text)) {
                return Some(Publishing { step, by: PUBLISH_ACTION });
            }
            if OwnAction::publishes(step) {
                return Some(Publishing { step, by: OWN_PUBLISH_ACTION });
            }
            let script = step.run.as_ref()?;
            let by = shell::commands(&script.text).iter().find_map(uploads)?;
            Some(Publishing { step, by })
        })
    }

    /// Whether a wrong word in this job costs more than a failed run.
    pub(super) fn is_privileged(self) -> bool {
        self.writes("id-token") || self.writes("contents") || self.writes("packages") || self.publishing().is_some()
    }

    /// `job X`, for messages.
    pub(super) fn name(self) -> String {
        format!("job {}", self.job.id)
    }
}

/// An action's name without its version.
pub(super) fn action_name(uses: &str) -> &str {
    uses.split('@').next().unwrap_or(uses)
}

pub(super) fn uploads(command: &Command) -> Option<&'static str> {
    if command.words.iter().any(|word| word == "--dry-run" || word == "--help") {
        return None;
    }
    let (program, rest) = command.program()?;
    UPLOADERS
        .iter()
        .find(|(name, verb, _)| *name == program && rest.iter().any(|word| word == verb))
        .map(|(_, _, by)| *by)
}

/// A step, and behind it the steps of the project's own action that it uses.
fn with_action(step: Step, actions: &BTreeMap<String, Vec<Step>>) -> Vec<Step> {
    let folder =
        step.uses.as_ref().and_then(|uses| uses.text.strip_prefix("./")).map(|folder| folder.trim_end_matches('/'));
    let mut inner = folder.and_then(|folder| actions.get(folder)).cloned().unwrap_or_default();
    for inner in &mut inner {
        inner.condition = inner.condition.take().or_else(|| step.condition.clone());
        inner.continues_on_error |= step.continues_on_error;
    }
    let step = Step { is_composite: !inner.is_empty(), ..step };
    std::iter::once(step).chain(inner).collect()
}

/// A value that the AWS way of publishing needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AwsSetting {
    RoleArn,
    Region,
    SecretName,
}

impl AwsSetting {
    /// The environment variable that carries it.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::RoleArn => "AWS_ROLE_ARN",
            Self::Region => "AWS_REGION",
            Self::SecretName => "AWS_SECRET_NAME",
        }
    }

    fn is_set_by(self, name: &str) -> bool {
        name == self.variable()
            || match self {
                Self::RoleArn => matches!(name, "role-to-assume" | "aws-role-arn"),
                Self::Region => name == "aws-region",
                Self::SecretName => name == "aws-secret-name",
            }
    }
}

/// A value in a workflow and where it stands.
#[derive(Debug)]
pub(crate) struct WorkflowValue<'a> {
    pub(crate) value: &'a str,
    pub(crate) file: String,
    pub(crate) line: usize,
}

impl Workflows {
    /// The values that publishing workflows give to an AWS setting, through `env` or `configure-aws-credentials`.
    pub(crate) fn aws_values(&self, setting: AwsSetting) -> Vec<WorkflowValue<'_>> {
        let mut found: Vec<WorkflowValue<'_>> = Vec::new();
        let mut seen = Vec::new();
        for (site, _) in self.publishing() {
            let own = site.workflow.env.iter().chain(&site.job.env).map(|value| (&site.workflow.path, value));
            let steps = site
                .job
                .steps
                .iter()
                .flat_map(|step| step.env.iter().chain(&step.with).map(|value| (&step.file, value)));
            for (file, value) in own.chain(steps).filter(|(_, value)| setting.is_set_by(&value.name)) {
                if !seen.contains(&(file, value.line)) {
                    seen.push((file, value.line));
                    found.push(WorkflowValue { value: &value.value, file: file.clone(), line: value.line });
                }
            }
        }
        found
    }

    /// Whether a publishing job can get an identity token.
    pub(crate) fn publishes_with_identity(&self) -> bool {
        self.publishing().into_iter().any(|(site, _)| site.writes("id-token"))
    }

    /// Whether a publishing job hands its identity token to the index: the action without a password, or a tool told to.
    pub(crate) fn has_trusted_publishing(&self) -> bool {
        self.publishing().into_iter().filter(|(site, _)| site.writes("id-token")).any(|(site, how)| {
            let by_action = how.by == PUBLISH_ACTION
                && !how.step.with.iter().any(|setting| setting.name.eq_ignore_ascii_case("password"));
            let by_own_action = how.by == OWN_PUBLISH_ACTION && own::input(how.step, "auth") == Some("trusted");
            let scripts = site.job.steps.iter().filter_map(|step| step.run.as_ref());
            by_action
                || by_own_action
                || scripts.flat_map(|run| shell::commands(&run.text)).any(|command| {
                    command
                        .words
                        .iter()
                        .any(|word| matches!(word.as_str(), "--auth=trusted" | "--trusted-publishing=always"))
                        || command.words.windows(2).any(|pair| {
                            matches!(
                                [pair[0].as_str(), pair[1].as_str()],
                                ["--auth", "trusted"] | ["--trusted-publishing", "always"]
                            )
                        })
                })
        })
    }
}
