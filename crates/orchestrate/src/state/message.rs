//! The message of a commit of state.

use std::path::{Path, PathBuf};

use findings_model::text;

use super::{SetAside, StateRequest};
use crate::{documents, paths, project::Project};

/// The longest first line, in characters.
const SUBJECT: usize = 100;

/// A first line that says which parts changed, a sentence on the decision where it is new, and trailers that programs read.
pub(super) fn message(
    project: &Project,
    request: &StateRequest<'_>,
    files: &[PathBuf],
    set_aside: &[SetAside],
) -> String {
    let given = request.subject.map(text::one_line).filter(|line| !line.trim().is_empty());
    let subject = given.unwrap_or_else(|| format!("chore(security): record {}", parts(files)));
    let mut message = format!("{}\n", text::shorten(subject.trim(), SUBJECT));
    let decision = files.iter().any(|file| file == Path::new(paths::DECISION));
    let decision = if decision { documents::decision(project).ok().flatten() } else { None };
    if let Some(stored) = &decision {
        let decision = &stored.decision;
        let sentence = text::shorten(&text::one_line(&decision.justification), 300).into_owned();
        message.extend(["\n", &sentence, "\n"]);
    }
    message.push('\n');
    let mut trailer =
        |key: &str, value: &str| message.extend(["Relwarden-", key, ": ", text::one_line(value).as_str(), "\n"]);
    trailer("State", &parts(files));
    if let Some(stored) = &decision {
        trailer("Release-Type", stored.decision.trigger_type.as_str());
        trailer("Decision", &stored.decision.decision_id);
    }
    if let Some(run) = request.run_id {
        trailer("Run", run);
    }
    for aside in set_aside {
        trailer("Set-Aside", &format!("{} ({})", aside.place.display(), aside.reason.as_str()));
    }
    message
}

/// The parts of the state that files belong to, in words.
fn parts(files: &[PathBuf]) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for file in files {
        let part = if file.starts_with(paths::SET_ASIDE) {
            "files set aside"
        } else if file == Path::new(paths::DECISION) || file.starts_with(paths::DECISIONS) {
            "decision"
        } else if file == Path::new(paths::BASELINE) {
            "baseline"
        } else if file.starts_with(paths::FINDINGS) {
            "findings"
        } else if file.starts_with(paths::STATUS) {
            "status"
        } else {
            "metrics"
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.sort_unstable();
    parts.join(", ")
}
