//! Reports that a script writes itself.

use std::collections::BTreeMap;

use super::NOT_FABRICATED;
use crate::check::{Check, Place};
use crate::shell::{self, Command, Separator};
use crate::workflow::model::Step;
use crate::workflow::set::{Site, Workflows};

/// Keys with which the reports of scanners begin.
const REPORT_KEYS: [&str; 16] = [
    "results",
    "Results",
    "dependencies",
    "vulnerabilities",
    "runs",
    "matches",
    "findings",
    "errors",
    "metrics",
    "generated_at",
    "components",
    "bomFormat",
    "statements",
    "plugins_used",
    "report_meta",
    "scanned_packages",
];

pub(in super::super) fn not_fabricated(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for site in set.sites() {
        for step in &site.job.steps {
            let Some(run) = &step.run else { continue };
            let commands = shell::commands(&run.text);
            let mut files = Files::of(site, step);
            for (at, command) in commands.iter().enumerate() {
                files.follow(command);
                let Some(program) = invents(command) else {
                    continue;
                };
                for file in written(&commands, at) {
                    let file = files.resolve(file);
                    if is_report(&file) {
                        let place = Place::line(&step.file, run.line + command.line);
                        hits.push(NOT_FABRICATED.hit(place, &format!("`{program}` writes {file}")));
                    }
                }
            }
        }
    }
    set.conclude(&NOT_FABRICATED, hits, "none does")
}

fn is_report(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    file.contains("security/reports/") && !name.starts_with('.')
}

/// The program of a command whose output the script itself makes up and a reader takes for a report.
fn invents(command: &Command) -> Option<&str> {
    let Some((program, rest)) = command.program() else {
        // A redirection alone leaves an empty file.
        return (command.words.is_empty() && !command.writes_to.is_empty()).then_some(">");
    };
    let is_report = match program {
        "echo" | "printf" => looks_like_a_report(
            &rest.iter().map(String::as_str).filter(|word| !is_flag(word)).collect::<Vec<_>>().join(" "),
        ),
        "cat" | "tee" => command.here.as_deref().is_some_and(looks_like_a_report),
        "jq" => {
            let made_of_nothing = rest.iter().any(|word| word == "--null-input" || is_short(word, 'n'));
            let from_elsewhere = rest.iter().any(|word| {
                word.contains("input") && word != "--null-input"
                    || word.starts_with("--slurpfile")
                    || word.starts_with("--rawfile")
            });
            made_of_nothing && !from_elsewhere && rest.iter().any(|word| !is_flag(word) && looks_like_a_report(word))
        }
        "touch" | ":" | "true" => true,
        _ => false,
    };
    is_report.then_some(program)
}

fn is_flag(word: &str) -> bool {
    word.starts_with('-')
}

fn is_short(word: &str, flag: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains(flag)
}

/// Whether a text is what a scanner that found nothing leaves, or has a key that reports have.
fn looks_like_a_report(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bare = bare.trim_end_matches("\\n");
    matches!(bare, "" | "{}" | "null")
        || bare.starts_with('[')
        || (bare.starts_with('{') && REPORT_KEYS.iter().any(|key| bare.contains(&format!("\"{key}\":"))))
}

/// The files that a command's output goes to: by redirection, as arguments, or through `tee`.
fn written(commands: &[Command], at: usize) -> Vec<&str> {
    let command = &commands[at];
    let mut found: Vec<&str> = command.writes_to.iter().map(String::as_str).collect();
    let arguments = |command: &'_ Command, wanted: &[&str]| -> usize {
        match command.program() {
            Some((program, rest)) if wanted.contains(&program) => rest.len(),
            _ => 0,
        }
    };
    let own = arguments(command, &["tee", "touch"]);
    found.extend(command.words[command.words.len() - own..].iter().map(String::as_str));
    let mut behind = vec![(command.followed_by, at + 1)];
    behind.extend_from_slice(&command.behind_groups);
    for (separator, next) in behind {
        if let Some(next) = commands.get(next).filter(|_| separator == Separator::Pipe) {
            let count = arguments(next, &["tee"]);
            found.extend(next.words[next.words.len() - count..].iter().map(String::as_str));
            found.extend(
                next.writes_to
                    .iter()
                    .map(String::as_str)
                    .filter(|_| next.program().is_some_and(|(name, _)| name == "cat")),
            );
        }
    }
    found.retain(|word| !is_flag(word));
    found
}

/// Longest path that is followed: a value may grow by itself.
const MAX_PATH: usize = 512;

/// Where a script stands and what its variables hold, as far as that is written down.
struct Files {
    folder: String,
    values: BTreeMap<String, String>,
}

impl Files {
    fn of(site: Site<'_>, step: &Step) -> Self {
        let settings = site.workflow.env.iter().chain(&site.job.env).chain(&step.env);
        Self {
            folder: step.working_directory.clone().unwrap_or_default(),
            values: settings.map(|setting| (setting.name.clone(), setting.value.clone())).collect(),
        }
    }

    fn follow(&mut self, command: &Command) {
        match command.program() {
            Some(("cd" | "pushd", [folder, ..])) => {
                let folder = self.resolve(folder);
                self.folder = if folder.len() < MAX_PATH { folder } else { String::new() };
            }
            None | Some(("export" | "local" | "readonly" | "declare", _)) => {
                for (name, value) in command.words.iter().filter_map(|word| word.split_once('=')) {
                    let value = self.expand(value);
                    self.values.insert(name.to_owned(), value);
                }
            }
            _ => {}
        }
    }

    fn resolve(&self, file: &str) -> String {
        let file = self.expand(file);
        let file = file.strip_prefix("./").unwrap_or(&file);
        let is_whole = self.folder.is_empty() || file.starts_with(['/', '$', '~']);
        if is_whole { file.to_owned() } else { format!("{}/{file}", self.folder.trim_end_matches('/')) }
    }

    /// The text with the variable that it begins with replaced; what is not known stays.
    fn expand(&self, text: &str) -> String {
        let known = text.strip_prefix("${").and_then(|rest| rest.split_once('}')).or_else(|| {
            let rest = text.strip_prefix('$')?;
            Some(rest.split_at(rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())))
        });
        match known.and_then(|(name, rest)| Some((self.values.get(name)?, rest))) {
            Some((value, rest)) if value.len() + rest.len() < MAX_PATH => format!("{value}{rest}"),
            _ => text.to_owned(),
        }
    }
}
