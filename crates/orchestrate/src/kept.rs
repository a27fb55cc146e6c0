//! Decisions to release that a newer decision replaced before they were recorded as published.
//!
//! A publish may still be on its way when the next decision is made. Its receipt can only be recorded by the decision that it
//! carries out, so that one is kept, with its snapshot, until a release of its version or a newer one is recorded.

use std::path::{Path, PathBuf};

use release_decision::{Baseline, Decision, StoredDecision};
use state_store::EntryKind;

use crate::{
    documents::{self, DocumentError},
    paths,
    project::Project,
};

/// How many decisions are kept; the oldest go first.
const KEPT: usize = 5;

/// Keeps the decision that is about to be replaced, if it may still be published.
pub(crate) fn keep(
    project: &Project,
    last: Option<&StoredDecision>,
    next: &Decision,
    baseline: Option<&Baseline>,
) -> Result<(), DocumentError> {
    let recorded = baseline.and_then(|b| b.decision_id.as_deref());
    let Some(last) = last.filter(|last| {
        let decision = &last.decision;
        decision.should_release && decision.decision_id != next.decision_id && recorded != Some(&decision.decision_id)
    }) else {
        return Ok(());
    };
    let mut names = names(project)?;
    let end = format!("-{}.json", short(&last.decision.decision_id));
    if names.iter().any(|name| name.ends_with(&end)) {
        return Ok(());
    }
    let time = last.decision.decided_at.to_string().replace(':', "");
    let name = format!("{time}{end}");
    project.write(path_of(&name), last.to_json().as_bytes())?;
    names.push(name);
    names.sort();
    for name in &names[..names.len().saturating_sub(KEPT)] {
        state_store::remove(&project.path(path_of(name)))?;
    }
    Ok(())
}

/// Every kept decision, the newest first.
pub(crate) fn all(project: &Project) -> Result<Vec<StoredDecision>, DocumentError> {
    let mut all = Vec::new();
    for name in names(project)?.iter().rev() {
        all.extend(documents::decision_at(project, &path_of(name))?);
    }
    Ok(all)
}

/// The kept decision that is the wanted one, the newest first; none if there is none.
pub(crate) fn find(
    project: &Project,
    wanted: impl Fn(&Decision) -> bool,
) -> Result<Option<StoredDecision>, DocumentError> {
    for name in names(project)?.iter().rev() {
        if let Some(stored) = documents::decision_at(project, &path_of(name))?.filter(|s| wanted(&s.decision)) {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Lets the decisions go that a recorded release overtook.
pub(crate) fn forget(project: &Project, recorded: &Baseline) -> Result<(), DocumentError> {
    for name in names(project)? {
        let path = path_of(&name);
        let stored = documents::decision_at(project, &path)?;
        let is_over = stored.is_none_or(|s| {
            let id_is_recorded = recorded.decision_id.as_ref() == Some(&s.decision.decision_id);
            id_is_recorded || s.decision.next_version.is_none_or(|v| recorded.version.as_ref().is_some_and(|r| v <= *r))
        });
        if is_over {
            state_store::remove(&project.path(&path))?;
        }
    }
    Ok(())
}

fn names(project: &Project) -> Result<Vec<String>, DocumentError> {
    let entries = state_store::list(&project.path(paths::DECISIONS))?;
    let is_ours = |name: &str| name.strip_suffix(".json").is_some_and(|stem| !stem.starts_with('.'));
    Ok(entries.into_iter().filter(|e| e.kind == EntryKind::File && is_ours(&e.name)).map(|e| e.name).collect())
}

fn path_of(name: &str) -> PathBuf {
    Path::new(paths::DECISIONS).join(name)
}

fn short(id: &str) -> &str {
    id.get(..16).unwrap_or("unnamed")
}
