//! How workflows handle foreign text, foreign actions and failed scanners.

use super::model::{Setting, Step};
use super::set::{Site, Workflows};
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::expression::{self, Reference};
use crate::shell::{self, Command, Separator};

const TOPIC: Topic = Topic::WorkflowHygiene;

/// Every workflow file can be read.
const READABLE: Rule = Rule {
    id: "WF-01",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "every workflow file can be read",
    help: "Mend the file at the place named; until then nothing is known about what it does.",
};

/// No foreign text becomes part of a script.
const NO_INJECTION: Rule = Rule {
    id: "SH-08",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no text from outside becomes part of a script",
    help: "Hand the value over through `env:` and write \"$NAME\" in the script; an expression inside `run:` is replaced before the shell reads it.",
};

/// Actions do not change under the project's feet.
const PINNED: Rule = Rule {
    id: "WF-02",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "actions of others are pinned by commit",
    help: "Write the full commit id behind the @ and the version as a comment; a tag or branch can be moved to other code.",
};

/// Token permissions are written down.
const PERMISSIONS: Rule = Rule {
    id: "WF-03",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "every job's token permissions are written down",
    help: "Put `permissions: {}` on top of the workflow and on each job what it needs; without it the repository's default applies.",
};

/// A failed scanner is not hidden.
const NOT_MASKED: Rule = Rule {
    id: "SH-03",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "a scanner's failure is not hidden",
    help: "Keep the exit status (`scanner … || status=$?`) and let update-findings judge the report; a hidden crash looks like a clean scan. Runbook: Security Scan Failure Response.",
};

/// Reports come from scanners.
const NOT_FABRICATED: Rule = Rule {
    id: "SH-04",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no workflow writes a scanner's report by hand",
    help: "Run the scanner, or take it out of the configuration; an invented empty report says clean about what nobody looked at. Runbook: Security Scan Failure Response.",
};

pub(crate) const RULES: [&Rule; 6] = [&READABLE, &NO_INJECTION, &PINNED, &PERMISSIONS, &NOT_MASKED, &NOT_FABRICATED];

pub(super) fn check(set: &Workflows) -> Vec<Check> {
    let mut checks = readable(set);
    checks.extend(no_injection(set));
    checks.extend(pinned(set));
    checks.extend(permissions(set));
    checks.extend(not_masked(set));
    checks.extend(not_fabricated(set));
    checks
}

fn readable(set: &Workflows) -> Vec<Check> {
    let broken = set.broken.iter().map(|(path, line, reason)| {
        READABLE.hit(Place::line(path, *line), &format!("cannot be read as a workflow: {reason}"))
    });
    let unread = set.unread.iter().map(|unread| READABLE.unknown(Place::file(&unread.path), &unread.reason));
    READABLE.conclude(broken.chain(unread).collect(), || READABLE.pass(&format!("{} read", set.seen())))
}

/// How far a value can be trusted inside a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Taint {
    /// May hold text from outside, by way of a job's own doing.
    Unchecked,
    /// Text that somebody outside writes.
    Hostile,
}

fn no_injection(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        for step in &site.job.steps {
            for (script, line) in scripts(step) {
                for found in expression::embedded(script) {
                    let worst = expression::leaks(found.source)
                        .into_iter()
                        .filter_map(|path| Some((taint(&path, site, step)?, path)))
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
fn scripts(step: &Step) -> impl Iterator<Item = (&str, usize)> {
    let run = step.run.iter().map(|run| (run.text.as_str(), run.line));
    let is_script_action = step.uses.as_ref().is_some_and(|uses| uses.text.starts_with("actions/github-script@"));
    let inline = step
        .with
        .iter()
        .filter(move |setting| is_script_action && setting.name == "script")
        .map(|setting| (setting.value.as_str(), setting.line));
    run.chain(inline)
}

fn taint(path: &Reference, site: Site<'_>, step: &Step) -> Option<Taint> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let input = |name: &str| {
        if step.file != site.workflow.path {
            return Some(Taint::Unchecked);
        }
        (!site.workflow.closed_inputs.iter().any(|closed| closed == name)).then_some(Taint::Hostile)
    };
    match parts.as_slice() {
        ["inputs", name, ..] | ["github", "event", "inputs", name, ..] => input(name),
        ["github" | "inputs"] | ["github", "event" | "head_ref"] => Some(Taint::Hostile),
        ["github", "event", .., last] => (!is_harmless_leaf(last)).then_some(Taint::Hostile),
        ["github", "ref" | "ref_name"] | ["needs" | "steps", ..] => Some(Taint::Unchecked),
        ["env", name, ..] => env_taint(name, site, step),
        _ => None,
    }
}

/// What an `env` value lets through: its own expressions, or unknown when a step sets it at run time.
fn env_taint(name: &str, site: Site<'_>, step: &Step) -> Option<Taint> {
    let named = |setting: &&Setting| setting.name.to_lowercase() == name;
    let setting = step
        .env
        .iter()
        .find(named)
        .or_else(|| site.job.env.iter().find(named))
        .or_else(|| site.workflow.env.iter().find(named));
    let Some(setting) = setting else {
        return Some(Taint::Unchecked);
    };
    expression::embedded(&setting.value)
        .into_iter()
        .flat_map(|found| expression::leaks(found.source))
        // One level is enough: an `env` value cannot read the same `env`.
        .filter(|path| path.first().is_none_or(|first| first != "env"))
        .filter_map(|path| taint(&path, site, step))
        .max()
}

/// Leaves of the event document that GitHub itself fills with numbers, ids, hashes and dates.
fn is_harmless_leaf(name: &str) -> bool {
    matches!(
        name,
        "number"
            | "id"
            | "node_id"
            | "sha"
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

fn pinned(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    let steps =
        set.sites().flat_map(|site| &site.job.steps).filter_map(|step| Some((step.file.as_str(), step.uses.as_ref()?)));
    for (file, uses) in steps {
        hits.extend(unpinned(&uses.text).map(|severity| {
            PINNED.hit_as(
                severity,
                Place::line(file, uses.line),
                &format!("{} can change without a commit here", uses.text),
            )
        }));
    }
    for site in set.sites() {
        if let Some(called) = &site.job.calls {
            hits.extend(unpinned(called).map(|severity| {
                PINNED.hit_as(
                    severity,
                    Place::line(&site.workflow.path, site.job.line),
                    &format!("{called} can change without a commit here"),
                )
            }));
        }
    }
    set.conclude(&PINNED, hits, "all are")
}

/// The weight of an action reference that can move; nothing for one that cannot.
fn unpinned(uses: &str) -> Option<CheckSeverity> {
    if uses.starts_with("./") || uses.starts_with("$/") {
        return None;
    }
    if uses.starts_with("docker://") {
        return (!uses.contains("@sha256:")).then_some(CheckSeverity::Warning);
    }
    let version = uses.split_once('@').map_or("", |(_, version)| version);
    if matches!(version.len(), 40 | 64) && version.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let of_github = uses.starts_with("actions/") || uses.starts_with("github/");
    Some(if of_github { CheckSeverity::Info } else { CheckSeverity::Warning })
}

fn permissions(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for workflow in &set.list {
        let of_jobs = workflow.jobs.iter().filter_map(|job| job.permissions.as_ref());
        for permissions in workflow.permissions.iter().chain(of_jobs).filter(|permissions| permissions.is_write_all()) {
            hits.push(PERMISSIONS.hit(
                Place::line(&workflow.path, permissions.line),
                "`write-all` grants every permission, the identity token among them",
            ));
        }
        if workflow.permissions.is_none() {
            for job in workflow.jobs.iter().filter(|job| job.permissions.is_none()) {
                hits.push(PERMISSIONS.hit(
                    Place::line(&workflow.path, job.line),
                    &format!("job {} has none, and neither has the workflow", job.id),
                ));
            }
        }
    }
    set.conclude(&PERMISSIONS, hits, "all are")
}

/// Programs whose result is a security answer.
const SCANNERS: [&str; 15] = [
    "bandit",
    "pip-audit",
    "pip_audit",
    "detect-secrets",
    "detect_secrets",
    "safety",
    "semgrep",
    "trivy",
    "grype",
    "gitleaks",
    "trufflehog",
    "osv-scanner",
    "cyclonedx-py",
    "zizmor",
    "update-findings",
];

fn not_masked(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for step in set.sites().flat_map(|site| &site.job.steps) {
        let Some(run) = &step.run else { continue };
        let commands = shell::commands(&run.text);
        for (at, command) in commands.iter().enumerate() {
            let Some(scanner) = scanner(command) else {
                continue;
            };
            let place = Place::line(&step.file, run.line + command.line);
            if let Some(mask) = mask(&commands[at..]) {
                hits.push(NOT_MASKED.hit(place, &format!("`|| {mask}` hides a failure of {scanner}")));
            } else if step.continues_on_error {
                hits.push(NOT_MASKED.hit(place, &format!("`continue-on-error` hides a failure of {scanner}")));
            }
        }
    }
    set.conclude(&NOT_MASKED, hits, "none is")
}

fn scanner(command: &Command) -> Option<&'static str> {
    let (program, rest) = command.program()?;
    if rest.iter().any(|word| word == "--version" || word == "--help") {
        return None;
    }
    SCANNERS.into_iter().find(|name| *name == program)
}

/// The word that swallows the failure of the pipeline that starts the row.
fn mask(commands: &[Command]) -> Option<&str> {
    let end = commands.iter().position(|command| command.followed_by != Separator::Pipe)?;
    if commands[end].followed_by != Separator::Or {
        return None;
    }
    let (program, rest) = commands.get(end + 1)?.program()?;
    match program {
        "true" | ":" | "echo" | "printf" => Some(program),
        "exit" if rest.first().is_some_and(|word| word == "0") => Some("exit 0"),
        _ => None,
    }
}

fn not_fabricated(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for step in set.sites().flat_map(|site| &site.job.steps) {
        let Some(run) = &step.run else { continue };
        for command in shell::commands(&run.text) {
            let Some((program, rest)) = command.program() else {
                continue;
            };
            let literal = matches!(program, "echo" | "printf")
                && rest.iter().any(|word| word.trim_start().starts_with(['[', '{']));
            let report = command.writes_to.iter().find(|file| file.contains("security/reports/"));
            if let (true, Some(report)) = (literal, report) {
                hits.push(
                    NOT_FABRICATED
                        .hit(Place::line(&step.file, run.line + command.line), &format!("`{program}` writes {report}")),
                );
            }
        }
    }
    set.conclude(&NOT_FABRICATED, hits, "none does")
}
