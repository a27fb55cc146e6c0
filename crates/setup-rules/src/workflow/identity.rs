//! Jobs with an identity token: who needs one, and what runs beside it.

use super::model::Step;
use super::own::OwnAction;
use super::set::{PUBLISH_ACTION, Site, Workflows, action_name};
use super::{code, injection};
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::shell::{self, Command};

const TOPIC: Topic = Topic::PublishingAuthorisation;

/// `id-token: write` is where it is needed and nowhere else.
pub(super) const IDENTITY_ONLY_WHERE_NEEDED: Rule = Rule {
    id: "WP-01",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "only jobs that use an identity token may ask for one",
    help: "Put `permissions: {id-token: write}` on the publishing job alone and take it from the workflow and from every other job.",
};

/// The project's code does not run beside the identity.
pub(super) const NO_PROJECT_CODE: Rule = Rule {
    id: "WP-12",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "a job with an identity token runs neither tests nor builds nor installs",
    help: "Build and test in a job of their own and hand `dist/` over as an artifact; whatever runs beside the token can use it.",
};

/// Actions that need `id-token: write` themselves.
const IDENTITY_ACTIONS: [&str; 13] = [
    PUBLISH_ACTION,
    "actions/attest",
    "actions/attest-build-provenance",
    "actions/attest-sbom",
    "actions/deploy-pages",
    "aws-actions/configure-aws-credentials",
    "google-github-actions/auth",
    "azure/login",
    "sigstore/gh-action-sigstore-python",
    "codecov/codecov-action",
    "hashicorp/vault-action",
    "ossf/scorecard-action",
    "rust-lang/crates-io-auth-action",
];

/// Actions of others that set a tool up and do nothing else.
const HARMLESS_ACTIONS: [&str; 6] = [
    "astral-sh/setup-uv",
    "dtolnay/rust-toolchain",
    "swatinem/rust-cache",
    "pnpm/action-setup",
    "pdm-project/setup-pdm",
    "snok/install-poetry",
];

/// Whether a job uses an identity token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    No,
    /// Something in it may; what it does is not known.
    Perhaps,
    Yes,
}

impl Site<'_> {
    fn use_of_identity(self) -> Use {
        if self.job.calls.is_some() || self.publishing().is_some() {
            return Use::Yes;
        }
        self.job.steps.iter().map(|step| use_by_step(step).max(use_by_scripts(step))).max().unwrap_or(Use::No)
    }
}

fn use_by_step(step: &Step) -> Use {
    let Some(uses) = &step.uses else {
        return Use::No;
    };
    match OwnAction::of(step) {
        Some(OwnAction::Publish | OwnAction::PublishPypi) => return Use::Yes,
        Some(_) => return Use::No,
        None => {}
    }
    let name = action_name(&uses.text).to_lowercase();
    let is = |actions: &[&str]| actions.iter().any(|action| name == *action);
    // A project's own action of steps is looked into step by step.
    let is_harmless = name.starts_with("actions/") || name.starts_with("github/") || is(&HARMLESS_ACTIONS);
    if is(&IDENTITY_ACTIONS) {
        Use::Yes
    } else if is_harmless || step.is_composite {
        Use::No
    } else {
        Use::Perhaps
    }
}

fn use_by_scripts(step: &Step) -> Use {
    let text = |script: &str| {
        if script.contains("getIDToken") || script.contains("ACTIONS_ID_TOKEN_REQUEST") {
            return Use::Yes;
        }
        let by_command = |command: &Command| match command.program() {
            Some(("publish-pypi" | "cosign" | "sigstore" | "gitsign", _)) => Use::Yes,
            Some(("npm" | "pnpm" | "yarn", rest)) if rest.iter().any(|word| word == "publish") => Use::Yes,
            _ if code::script(command).is_some() => Use::Perhaps,
            _ => Use::No,
        };
        shell::commands(script).iter().map(by_command).max().unwrap_or(Use::No)
    };
    injection::scripts(step).map(|(script, _)| text(script)).max().unwrap_or(Use::No)
}

pub(super) fn only_where_needed(set: &Workflows) -> Vec<Check> {
    let rule = IDENTITY_ONLY_WHERE_NEEDED;
    let mut hits = Vec::new();
    for workflow in &set.list {
        if let Some(permissions) = workflow.permissions.as_ref().filter(|permissions| permissions.writes("id-token")) {
            let holders: Vec<_> = workflow
                .jobs
                .iter()
                .filter(|job| job.permissions.is_none())
                .map(|job| Site { workflow, job })
                .collect();
            let place = Place::line(&workflow.path, permissions.line);
            let least = holders.iter().min_by_key(|site| site.use_of_identity());
            match least.map(|holder| (holder.use_of_identity(), holder.name())) {
                Some((Use::No, name)) => {
                    let message = format!("the whole workflow has `id-token: write`, so {name} has it without need");
                    hits.push(rule.hit(place, &message));
                }
                Some((Use::Perhaps, name)) => hits.push(rule.unknown(place, &not_told(&name))),
                Some((Use::Yes, _)) | None => {}
            }
        }
        for job in &workflow.jobs {
            let site = Site { workflow, job };
            let own = job.permissions.as_ref().filter(|permissions| permissions.writes("id-token"));
            let Some(permissions) = own else { continue };
            let place = Place::line(&workflow.path, permissions.line);
            match site.use_of_identity() {
                Use::No => {
                    let message =
                        format!("{} has `id-token: write` and nothing in it uses an identity token", site.name());
                    hits.push(rule.hit(place, &message));
                }
                Use::Perhaps => hits.push(rule.unknown(place, &not_told(&site.name()))),
                Use::Yes => {}
            }
        }
    }
    set.conclude(&rule, hits, "no other job can ask for one")
}

fn not_told(name: &str) -> String {
    format!("{name} has `id-token: write`; whether an action or a script in it uses the token cannot be told")
}

pub(super) fn no_project_code(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites().filter(|site| site.writes("id-token")) {
        let mut checked_out = false;
        for step in &site.job.steps {
            checked_out |= code::is_checkout(step);
            if let Some((uses, what)) = step.uses.as_ref().zip(OwnAction::of(step).and_then(OwnAction::code_of_project))
            {
                hits.push(NO_PROJECT_CODE.hit(
                    Place::line(&step.file, uses.line),
                    &format!("{} runs {what} beside the identity token", site.name()),
                ));
            }
            let Some(run) = &step.run else { continue };
            for command in shell::commands(&run.text) {
                let of_project = code::script(&command).filter(|_| checked_out);
                if let Some(what) = code::known(&command).or(of_project) {
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
