//! Commands that run a project's own code.

use super::model::Step;
use super::set::{action_name, uploads};
use crate::shell::Command;

/// Whether a step brings the repository's files into the job.
pub(super) fn is_checkout(step: &Step) -> bool {
    step.uses.as_ref().is_some_and(|uses| action_name(&uses.text).eq_ignore_ascii_case("actions/checkout"))
        || step.run.as_ref().is_some_and(|run| {
            crate::shell::commands(&run.text).iter().any(|command| match command.program() {
                Some(("git", rest)) => {
                    rest.first().is_some_and(|word| matches!(word.as_str(), "clone" | "checkout" | "pull" | "switch"))
                }
                Some(("gh", rest)) => rest.iter().any(|word| matches!(word.as_str(), "clone" | "checkout")),
                _ => false,
            })
        })
}

/// The tool by whose name it is known that it runs what the project says.
pub(super) fn known(command: &Command) -> Option<String> {
    let (program, rest) = command.program()?;
    let first = rest.iter().map(String::as_str).find(|word| !word.starts_with('-')).unwrap_or_default();
    let what = match (program, first) {
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
    };
    Some(what.to_owned())
}

/// The script of the project that a command runs: `./release.sh`, `python scripts/x.py`, `bash x.sh`.
pub(super) fn script(command: &Command) -> Option<String> {
    let (program, rest) = command.program()?;
    if uploads(command).is_some() || program == "publish-pypi" {
        return None;
    }
    let called = &command.words[command.words.len() - rest.len() - 1];
    if called.contains('/') && is_of_project(called) {
        return Some(called.clone());
    }
    let interprets = program.starts_with("python")
        || matches!(program, "bash" | "sh" | "dash" | "zsh" | "source" | "." | "node" | "ruby" | "perl" | "pwsh");
    let script = rest.iter().find(|word| !word.starts_with('-'))?;
    let inline = rest.iter().take_while(|word| *word != script).any(|word| word == "-c" || word == "-e");
    (interprets && !inline && is_of_project(script)).then(|| format!("{program} {script}"))
}

/// Whether a path stands below the folder that the job works in.
fn is_of_project(path: &str) -> bool {
    !path.starts_with(['/', '$', '~', '<'])
}
