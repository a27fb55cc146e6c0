//! Code of pull requests in runs that have the rights of the repository.
//!
//! <https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/>.

use super::model::Step;
use super::scanners::SCANNERS;
use super::set::{Site, Workflows, action_name};
use super::{code, injection};
use crate::check::{Check, Place, Rule, Topic};
use crate::expression::{self, Truth};
use crate::shell::{self, Command};

/// A pull request's code gets neither secrets nor a token that writes.
pub(super) const NO_FOREIGN_CODE: Rule = Rule {
    id: "SH-09",
    topic: Topic::WorkflowHygiene,
    severity: crate::check::CheckSeverity::Error,
    title: "no run with the rights of the repository runs a pull request's code",
    help: "Build and test pull requests under `pull_request`, which has neither secrets nor a token that writes; hand results over as an artifact, and read them as text.",
};

/// Events that start a run with the repository's rights and can carry a pull request.
const EVENTS: [&str; 3] = ["pull_request_target", "issue_comment", "workflow_run"];

/// Programs that read files and run nothing that stands in them.
const READERS: [&str; 37] = [
    "[", "[[", ":", "awk", "black", "break", "cat", "cd", "continue", "cp", "cut", "date", "diff", "done", "echo",
    "esac", "exit", "export", "false", "fi", "find", "gh", "git", "grep", "head", "jq", "ls", "mkdir", "printf",
    "ruff", "sed", "set", "sort", "tail", "test", "true", "wc",
];

/// What a step does with a pull request's files.
enum Does {
    Nothing,
    /// Runs a program of which it is not known whether it runs code of the folder it works in.
    Perhaps(String),
    Runs(String),
}

pub(super) fn check(set: &Workflows, repository: Option<&str>) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        let Some(at) = site.job.steps.iter().position(takes_in_a_pull_request) else {
            continue;
        };
        let triggers = set.triggers(site, &site.job.steps[at], repository);
        let Some(trigger) =
            triggers.iter().find(|trigger| trigger.reach != Truth::No && EVENTS.contains(&trigger.event.as_str()))
        else {
            continue;
        };
        let Some(rights) = rights(site) else { continue };
        let steps = &site.job.steps[at..];
        let done = steps.iter().map(does).find(|does| matches!(does, Does::Runs(_)));
        let done = done.or_else(|| steps.iter().map(does).find(|does| matches!(does, Does::Perhaps(_))));
        let step = &site.job.steps[at];
        let place = Place::line(&step.file, line(step));
        let message = |what: &str| {
            format!("`{}` starts {}, which takes in a pull request's code and {what}", trigger.event, site.name())
        };
        match (done, rights) {
            (Some(Does::Runs(what)), Rights::Known(right)) => {
                hits.push(NO_FOREIGN_CODE.hit(place, &message(&format!("runs `{what}` with {right}"))));
            }
            (Some(Does::Runs(what)), Rights::Default) => {
                let what = format!("runs `{what}`; its token's permissions are not written down");
                hits.push(NO_FOREIGN_CODE.unknown(place, &message(&what)));
            }
            (Some(Does::Perhaps(what)), _) => {
                let what = format!("calls `{what}`; whether that runs the code cannot be told");
                hits.push(NO_FOREIGN_CODE.unknown(place, &message(&what)));
            }
            (Some(Does::Nothing) | None, _) => {}
        }
    }
    set.conclude(&NO_FOREIGN_CODE, hits, "none does")
}

fn line(step: &Step) -> usize {
    step.uses.as_ref().or(step.run.as_ref()).map_or(0, |located| located.line)
}

fn takes_in_a_pull_request(step: &Step) -> bool {
    let by_action = code::is_checkout(step)
        && step.with.iter().any(|setting| {
            (setting.name.eq_ignore_ascii_case("ref") || setting.name.eq_ignore_ascii_case("repository"))
                && names_a_pull_request(&setting.value)
        });
    let env = step.env.iter().any(|setting| names_a_pull_request(&setting.value));
    let by_command = |command: &Command| match command.program() {
        Some(("gh", rest)) => rest.windows(2).any(|pair| pair[0] == "pr" && pair[1] == "checkout"),
        Some(("git", rest)) => {
            let verb = rest.first().is_some_and(|word| {
                matches!(word.as_str(), "fetch" | "checkout" | "switch" | "pull" | "clone" | "merge")
            });
            verb && (env || rest.iter().any(|word| names_a_pull_request(word) || word.contains("pull/")))
        }
        _ => false,
    };
    by_action || step.run.as_ref().is_some_and(|run| shell::commands(&run.text).iter().any(by_command))
}

fn names_a_pull_request(value: &str) -> bool {
    value.contains("refs/pull/")
        || expression::embedded(value).into_iter().flat_map(|found| expression::leaks(found.source)).any(|path| {
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            matches!(
                parts[..],
                ["github", "head_ref"]
                    | ["github", "event", "pull_request", "head", ..]
                    | ["github", "event", "pull_request", "merge_commit_sha"]
                    | ["github", "event", "workflow_run", "head_sha" | "head_branch" | "head_repository", ..]
            )
        })
}

/// What code in a job could misuse.
enum Rights {
    Known(&'static str),
    /// The token has what the repository's settings say.
    Default,
}

fn rights(site: Site<'_>) -> Option<Rights> {
    let reads_secret = |value: &str| {
        expression::embedded(value).into_iter().flat_map(|found| expression::leaks(found.source)).any(|path| {
            path.first().is_some_and(|context| context == "secrets")
                && path.get(1).is_none_or(|name| name != "github_token")
        })
    };
    if site.settings().any(|(_, setting)| reads_secret(&setting.value))
        || site.job.steps.iter().flat_map(injection::scripts).any(|(script, _)| reads_secret(script))
    {
        return Some(Rights::Known("a secret at hand"));
    }
    match site.job.permissions.as_ref().or(site.workflow.permissions.as_ref()) {
        Some(permissions) if permissions.writes_something() => Some(Rights::Known("a token that writes")),
        Some(_) => None,
        None => Some(Rights::Default),
    }
}

fn does(step: &Step) -> Does {
    if let Some(uses) = &step.uses {
        let name = action_name(&uses.text);
        return match name {
            _ if name.starts_with("./") => Does::Runs(uses.text.clone()),
            _ if name.starts_with("actions/") || name.starts_with("github/") => Does::Nothing,
            _ => Does::Perhaps(uses.text.clone()),
        };
    }
    let mut found = Does::Nothing;
    for command in step.run.iter().flat_map(|run| shell::commands(&run.text)) {
        if let Some(what) = code::known(&command).or_else(|| code::script(&command)) {
            return Does::Runs(what);
        }
        if let Some((program, _)) = command.program()
            && !READERS.contains(&program)
            && !SCANNERS.contains(&program)
        {
            found = Does::Perhaps(program.to_owned());
        }
    }
    found
}
