//! Foreign text in scripts: an expression inside a script is replaced before the shell reads it.

use std::cell::Cell;

use super::model::{Setting, Step};
use super::set::{Site, Workflows, action_name};
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::expression::{self, Reference};

/// No foreign text becomes part of a script.
pub(super) const NO_INJECTION: Rule = Rule {
    id: "SH-08",
    topic: Topic::WorkflowHygiene,
    severity: CheckSeverity::Error,
    title: "no text from outside becomes part of a script",
    help: "Hand the value over through `env:` and write \"$NAME\" in the script; an expression inside `run:` is replaced before the shell reads it.",
};

/// How far a value can be trusted inside a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Taint {
    /// May hold text from outside, by way of a job's own doing.
    Unchecked,
    /// Text that somebody outside writes.
    Hostile,
}

pub(super) fn check(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    let left = Cell::new(MAX_FOLLOWED);
    for site in set.sites() {
        for step in &site.job.steps {
            let at = Spot { site, step: Some(step), level: Level::Step, depth: 0, left: &left };
            for (script, line) in scripts(step) {
                for found in expression::embedded(script) {
                    let worst = expression::leaks(found.source)
                        .into_iter()
                        .filter_map(|path| Some((at.taint(&path)?, path)))
                        .max();
                    let Some((taint, path)) = worst else { continue };
                    let value = path.join(".");
                    let place = Place::line(&step.file, line + found.line);
                    match taint {
                        Taint::Hostile => {
                            hits.push(NO_INJECTION.hit(place, &format!("{} puts {value} into a script", site.name())));
                        }
                        Taint::Unchecked if site.is_privileged() => {
                            hits.push(NO_INJECTION.hit_as(
                                CheckSeverity::Warning,
                                place,
                                &format!("{} has write permissions and puts {value} into a script", site.name()),
                            ));
                        }
                        Taint::Unchecked => {}
                    }
                }
            }
        }
    }
    set.conclude(&NO_INJECTION, hits, "none does")
}

/// The texts of a step that are run as code.
pub(super) fn scripts(step: &Step) -> impl Iterator<Item = (&str, usize)> {
    let plain = step.run.iter().chain(&step.shell).map(|script| (script.text.as_str(), script.line));
    let is_script_action =
        step.uses.as_ref().is_some_and(|uses| action_name(&uses.text).eq_ignore_ascii_case("actions/github-script"));
    let inline = step
        .with
        .iter()
        .filter(move |setting| is_script_action && setting.name.eq_ignore_ascii_case("script"))
        .map(|setting| (setting.value.as_str(), setting.line));
    plain.chain(inline)
}

/// How far values are followed from one to the next.
const MAX_STEPS: usize = 8;

/// How many values are followed in all; what is left is unchecked.
const MAX_FOLLOWED: usize = 100_000;

/// Where a value is read.
#[derive(Clone, Copy)]
struct Spot<'a> {
    site: Site<'a>,
    step: Option<&'a Step>,
    /// The innermost `env` that counts.
    level: Level,
    depth: usize,
    /// How many values may still be followed.
    left: &'a Cell<usize>,
}

/// The `env` keys from the inside; a value can read those further out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Step,
    Job,
    Workflow,
    Outside,
}

impl Spot<'_> {
    fn taint(self, path: &Reference) -> Option<Taint> {
        if self.depth > MAX_STEPS || self.left.get() == 0 {
            return Some(Taint::Unchecked);
        }
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["inputs", name, ..] | ["github", "event", "inputs", name, ..] => self.input(name),
            ["github" | "inputs"] | ["github", "event" | "head_ref"] | ["github", "*", ..] => Some(Taint::Hostile),
            ["github", "event", inside @ ..] => (!is_harmless(inside)).then_some(Taint::Hostile),
            ["needs", job, "outputs", name, ..] => Some(self.output(job, name)),
            ["github", "ref" | "ref_name"] | ["needs" | "steps", ..] => Some(Taint::Unchecked),
            ["env", name, ..] => self.env(name),
            ["matrix", axis, ..] => self.matrix(|name| name == "*" || *axis == "*" || name.eq_ignore_ascii_case(axis)),
            ["matrix"] => self.matrix(|_| true),
            _ => None,
        }
    }

    fn input(self, name: &str) -> Option<Taint> {
        let workflow = self.site.workflow;
        if self.step.is_some_and(|step| step.file != workflow.path) {
            return Some(Taint::Unchecked);
        }
        (!workflow.closed_inputs.iter().any(|closed| closed == name)).then_some(Taint::Hostile)
    }

    /// What an `env` value lets through: its own expressions, or unknown when a step sets it at run time.
    fn env(self, name: &str) -> Option<Taint> {
        let step = self.step.map(|step| step.env.as_slice()).unwrap_or_default();
        let levels = [
            (Level::Step, step, Level::Job),
            (Level::Job, &self.site.job.env, Level::Workflow),
            (Level::Workflow, &self.site.workflow.env, Level::Outside),
        ];
        let found = levels.into_iter().filter(|(level, ..)| *level >= self.level).find_map(|(_, settings, further)| {
            settings.iter().find(|setting| setting.name.eq_ignore_ascii_case(name)).map(|setting| (setting, further))
        });
        match found {
            Some((setting, level)) => self.value(setting, Spot { level, ..self }),
            None => Some(Taint::Unchecked),
        }
    }

    fn matrix(self, mut wanted: impl FnMut(&str) -> bool) -> Option<Taint> {
        let settings = self.site.job.matrix.iter().filter(|setting| wanted(&setting.name));
        settings.filter_map(|setting| self.value(setting, Spot { level: Level::Workflow, ..self })).max()
    }

    /// What another job hands over: what is in its outputs as far as that shows.
    fn output(self, job: &str, name: &str) -> Taint {
        let jobs = self.site.workflow.jobs.iter();
        let Some(job) = jobs.into_iter().find(|found| found.id.eq_ignore_ascii_case(job)) else {
            return Taint::Unchecked;
        };
        let site = Site { job, ..self.site };
        let outputs = job.outputs.iter().filter(|output| output.name.eq_ignore_ascii_case(name) || name == "*");
        let at = Spot { site, step: None, level: Level::Job, ..self };
        outputs.filter_map(|output| self.value(output, at)).max().unwrap_or(Taint::Unchecked).max(Taint::Unchecked)
    }

    fn value(self, setting: &Setting, at: Spot<'_>) -> Option<Taint> {
        self.left.set(self.left.get().saturating_sub(1));
        let at = Spot { depth: self.depth + 1, ..at };
        expression::embedded(&setting.value)
            .into_iter()
            .flat_map(|found| expression::leaks(found.source))
            .filter_map(|path| at.taint(&path))
            .max()
    }
}

/// Parts of the event document that GitHub itself fills: numbers, ids, hashes, dates, words of a closed list, and the names
/// of the repository, which allow no sign that a shell reads.
fn is_harmless(inside: &[&str]) -> bool {
    if matches!(inside, ["client_payload", ..]) || inside.contains(&"payload") {
        return false;
    }
    if matches!(
        inside,
        ["schedule"]
            | ["workflow_run", "event" | "status" | "path"]
            | [
                "repository",
                "full_name"
                    | "name"
                    | "default_branch"
                    | "html_url"
                    | "clone_url"
                    | "ssh_url"
                    | "url"
                    | "visibility"
                    | "private"
                    | "fork"
            ]
            | ["pull_request", "base", "ref"]
            | ["pull_request" | "issue" | "review", "state" | "author_association"]
            | [.., "user" | "sender", "type"]
    ) {
        return true;
    }
    inside.last().is_some_and(|last| is_harmless_leaf(last))
}

/// Leaves of the event document that GitHub itself fills with numbers, ids, hashes and dates.
fn is_harmless_leaf(name: &str) -> bool {
    matches!(
        name,
        "number"
            | "id"
            | "node_id"
            | "sha"
            | "head_sha"
            | "merge_commit_sha"
            | "before"
            | "after"
            | "created_at"
            | "updated_at"
            | "merged"
            | "merged_at"
            | "draft"
            | "action"
            | "run_id"
            | "run_number"
            | "run_attempt"
            | "workflow_id"
            | "conclusion"
            | "size"
            | "comments"
            | "commits_count"
            | "additions"
            | "deletions"
            | "prerelease"
            | "forced"
            | "created"
            | "deleted"
    )
}
