//! How workflows treat scanners: their failures, and reports that nobody scanned for.

mod fabricated;

pub(super) use fabricated::not_fabricated;

use super::model::{Job, Step};
use super::own::OwnAction;
use super::set::{Site, Workflows};
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};
use crate::shell::{self, Command, Separator};

/// A failed scanner is not hidden.
pub(super) const NOT_MASKED: Rule = Rule {
    id: "SH-03",
    topic: Topic::WorkflowHygiene,
    severity: CheckSeverity::Warning,
    title: "a scanner's failure is not hidden",
    help: "Keep the exit status (`scanner … || status=$?`) and let update-findings judge the report; a hidden crash looks like a clean scan. Runbook: Security Scan Failure Response.",
};

/// Reports come from scanners.
pub(super) const NOT_FABRICATED: Rule = Rule {
    id: "SH-04",
    topic: Topic::WorkflowHygiene,
    severity: CheckSeverity::Error,
    title: "no workflow writes a scanner's report by hand",
    help: "Run the scanner, or take it out of the configuration; an invented empty report says clean about what nobody looked at. Runbook: Security Scan Failure Response.",
};

/// Programs whose result is a security answer.
pub(super) const SCANNERS: [&str; 15] = [
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

pub(super) fn not_masked(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        for step in &site.job.steps {
            let own = step.uses.as_ref().zip(OwnAction::of(step).and_then(OwnAction::scanner));
            if let Some(((uses, scanner), mask)) = own.zip(ignored_by_job(site, step)) {
                let place = Place::line(&step.file, uses.line);
                hits.push(NOT_MASKED.hit(place, &format!("{mask} hides a failure of {scanner}")));
            }
            let Some(run) = &step.run else { continue };
            let commands = shell::commands(&run.text);
            let mut stops = stops_at_errors(step);
            for (at, command) in commands.iter().enumerate() {
                if let Some(on) = switches_errors(command) {
                    stops = on;
                }
                let Some(scanner) = scanner(command) else {
                    continue;
                };
                let mask = mask(&commands, at)
                    .or_else(|| ignoring_option(command))
                    .or_else(|| ignored_by_job(site, step))
                    .or_else(|| {
                        (!stops && !is_kept(&commands, at)).then(|| "a shell that goes on after errors".to_owned())
                    });
                if let Some(mask) = mask {
                    let place = Place::line(&step.file, run.line + command.line);
                    hits.push(NOT_MASKED.hit(place, &format!("{mask} hides a failure of {scanner}")));
                }
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
    if program == "integration-orchestrator" && rest.iter().any(|word| word == "security-workflow") {
        return Some("integration-orchestrator security-workflow");
    }
    SCANNERS.into_iter().find(|name| *name == program)
}

/// What swallows the failure of a command: behind its pipeline, or behind the brackets that it stands in.
fn mask(commands: &[Command], at: usize) -> Option<String> {
    let mut ends = vec![chain_end(commands, commands[at].followed_by, at + 1)];
    ends.extend(commands[at].behind_groups.iter().map(|(separator, next)| chain_end(commands, *separator, *next)));
    if let Some(word) = ends
        .iter()
        .filter(|(separator, _)| *separator == Separator::Or)
        .find_map(|(_, next)| swallows(commands.get(*next)?))
    {
        return Some(format!("`|| {word}`"));
    }
    let (separator, next) = ends[0];
    let next = commands.get(next).filter(|next| separator == Separator::Next && next.line == commands[at].line)?;
    let words: Vec<&str> = next.words.iter().map(String::as_str).collect();
    matches!(words[..], ["true" | ":" | "/bin/true"] | ["exit", "0"]).then(|| format!("`; {}`", words.join(" ")))
}

/// How many commands of one list are followed.
const MAX_CHAIN: usize = 200;

/// The separator behind a list of pipes and `&&`, and the command behind it.
fn chain_end(commands: &[Command], mut separator: Separator, mut next: usize) -> (Separator, usize) {
    let last = commands.len().min(next + MAX_CHAIN);
    while matches!(separator, Separator::Pipe | Separator::And) {
        let Some(command) = commands[..last].get(next) else {
            return (Separator::End, next);
        };
        (separator, next) = (command.followed_by, next + 1);
    }
    (separator, next)
}

/// The word of a command that ends well whatever came before, and does not keep the exit status.
fn swallows(command: &Command) -> Option<&str> {
    let (program, rest) = command.program()?;
    match program {
        "true" | ":" => Some(program),
        "echo" | "printf" if !rest.iter().any(|word| keeps_status(word)) => Some(program),
        "exit" if rest.first().is_some_and(|word| word == "0") => Some("exit 0"),
        _ => None,
    }
}

fn ignoring_option(command: &Command) -> Option<String> {
    let option = command.words.iter().find(|word| matches!(word.as_str(), "--exit-zero" | "--continue-on-error"))?;
    Some(format!("`{option}`"))
}

/// `continue-on-error` of the step or the job, unless a later step asks how the step ended.
fn ignored_by_job(site: Site<'_>, step: &Step) -> Option<String> {
    let is_asked = |job: &Job| {
        step.id.as_ref().is_some_and(|id| {
            let outcome = format!("steps.{id}.outcome");
            let asks = |text: &str| text.contains(&outcome);
            job.steps.iter().any(|other| {
                other.condition.as_deref().is_some_and(asks)
                    || other.run.as_ref().is_some_and(|run| asks(&run.text))
                    || other.env.iter().any(|setting| asks(&setting.value))
            })
        })
    };
    if site.job.continues_on_error {
        Some("`continue-on-error` of the job".to_owned())
    } else {
        (step.continues_on_error && !is_asked(site.job)).then(|| "`continue-on-error`".to_owned())
    }
}

/// Whether the step's shell stops at the first command that fails, as that of GitHub does unless it is told otherwise.
fn stops_at_errors(step: &Step) -> bool {
    let Some(shell) = step.shell.as_ref().filter(|shell| shell.text.contains("{0}")) else {
        return true;
    };
    shell.text.split_whitespace().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('e'))
}

/// `set -e` and `set +e`.
fn switches_errors(command: &Command) -> Option<bool> {
    let (program, rest) = command.program()?;
    if program != "set" {
        return None;
    }
    let named = |sign: &str| {
        rest.windows(2).any(|pair| pair[0] == format!("{sign}o") && pair[1] == "errexit")
            || rest.iter().any(|word| word.strip_prefix(sign).is_some_and(|flags| flags.contains('e')))
    };
    if named("+") { Some(false) } else { named("-").then_some(true) }
}

/// Whether somebody looks at how a command ended: a condition, what stands behind it, or `$?` in the next command.
fn is_kept(commands: &[Command], at: usize) -> bool {
    let command = &commands[at];
    let is_condition =
        command.words.first().is_some_and(|word| matches!(word.as_str(), "if" | "elif" | "while" | "until" | "!"));
    let (separator, next) = chain_end(commands, command.followed_by, at + 1);
    is_condition
        || separator == Separator::Or
        || commands.get(next).is_some_and(|next| next.words.iter().any(|word| keeps_status(word)))
}

fn keeps_status(word: &str) -> bool {
    word.contains("$?") || word.contains("PIPESTATUS")
}
