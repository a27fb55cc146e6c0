//! Decisions to release that a newer decision replaced before they were recorded as published.
//!
//! A publish may still be on its way when the next decision is made. Its receipt can only be recorded by the decision that it
//! carries out, so that one is kept, with its snapshot, until a release of its version or a newer one is recorded.

use std::path::{Path, PathBuf};

use findings_model::order;
use release_decision::{Baseline, Decision, StoredDecision};
use state_store::StoreError;

use crate::{
    documents::{self, DocumentError, Wanted},
    paths,
    project::Project,
};

/// How many decisions are kept; the oldest go first.
const KEPT: usize = 5;
/// How much of its id stands in the name of a decision's file.
const SHORT: usize = 16;

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
    documents::snapshot(paths::DECISION.to_owned(), last)?;
    let id = &last.decision.decision_id;
    let end = format!("-{}.json", short(id));
    let mut names = names(project)?;
    let holds_it = |name: &String| {
        let there = documents::decision_at(project, &path_of(name));
        there.is_ok_and(|there| there.is_some_and(|there| there.decision.decision_id == *id))
    };
    if names.iter().any(|name| name.ends_with(&end) && holds_it(name)) {
        return Ok(());
    }
    let time = last.decision.decided_at.to_string().replace(':', "");
    let name = format!("{time}{end}");
    project.write(path_of(&name), last.document())?;
    names.push(name);
    order::sort_by(&mut names, Ord::cmp);
    names.dedup();
    for name in &names[..names.len().saturating_sub(KEPT)] {
        state_store::remove(&project.path(path_of(name)))?;
    }
    Ok(())
}

/// What is kept, the newest first.
pub(crate) struct Kept {
    decisions: Vec<(PathBuf, StoredDecision)>,
    /// The files that cannot be read. Each may be of a decision that was published.
    pub(crate) damaged: Vec<Damaged>,
}

/// A kept decision that cannot be read.
#[derive(Debug)]
pub(crate) struct Damaged {
    pub(crate) path: PathBuf,
    pub(crate) error: DocumentError,
}

/// Everything that is kept. A file that cannot be read is warned of, and hides no other.
pub(crate) fn all(project: &Project) -> Result<Kept, DocumentError> {
    let mut kept = Kept { decisions: Vec::new(), damaged: Vec::new() };
    for name in names(project)?.iter().rev() {
        let path = path_of(name);
        match documents::decision_at(project, &path) {
            Ok(Some(stored)) => kept.decisions.push((path, stored)),
            Ok(None) => {}
            Err(error) => {
                warn_of(&error);
                kept.damaged.push(Damaged { path, error });
            }
        }
    }
    Ok(kept)
}

/// The kept decision that is the wanted one, the newest first; none if there is none. A file that cannot be read and may hold it is
/// an error where no other does.
pub(crate) fn find(project: &Project, wanted: Wanted<'_>) -> Result<Option<StoredDecision>, DocumentError> {
    let mut unread = None;
    for name in names(project)?.iter().rev() {
        let path = path_of(name);
        match documents::decision_at(project, &path) {
            Ok(stored) => {
                if let Some(stored) = stored.filter(|stored| wanted.is(&stored.decision)) {
                    return Ok(Some(stored));
                }
            }
            Err(error) if may_be(&path, wanted) => unread = unread.or(Some(error)),
            Err(error) => warn_of(&error),
        }
    }
    unread.map_or(Ok(None), Err)
}

impl Kept {
    /// The decisions that can be read.
    pub(crate) fn into_decisions(self) -> Vec<StoredDecision> {
        self.decisions.into_iter().map(|(_, stored)| stored).collect()
    }

    /// Lets the decisions go that a recorded release overtook.
    pub(crate) fn forget(&self, project: &Project, recorded: &Baseline) -> Result<(), StoreError> {
        let is_over = |decision: &Decision| {
            let version = decision.next_version.as_ref();
            recorded.decision_id.as_ref() == Some(&decision.decision_id)
                || version.is_none_or(|version| recorded.version.as_ref().is_some_and(|recorded| version <= recorded))
        };
        let over = self.decisions.iter().filter(|(_, stored)| is_over(&stored.decision)).map(|(path, _)| path);
        let damaged = self.damaged.iter().filter(|damaged| damaged.is_of(recorded)).map(|damaged| &damaged.path);
        over.chain(damaged).try_for_each(|path| state_store::remove(&project.path(path)))
    }
}

impl Damaged {
    /// Whether it is the decision that a baseline records, as its name tells.
    pub(crate) fn is_of(&self, recorded: &Baseline) -> bool {
        recorded.decision_id.as_deref().is_some_and(|id| id_in(&self.path) == Some(short(id)))
    }
}

/// Whether a file may hold the wanted decision, as far as its name tells.
fn may_be(path: &Path, wanted: Wanted<'_>) -> bool {
    match wanted {
        Wanted::Id(id) => id_in(path).is_none_or(|found| found == short(id)),
        Wanted::ReleaseOf(_) => true,
    }
}

fn warn_of(error: &DocumentError) {
    tracing::warn!("a decision that was replaced is left as it is: {}", crate::causes(error));
}

fn names(project: &Project) -> Result<Vec<String>, DocumentError> {
    let entries = state_store::list(&project.path(paths::DECISIONS))?;
    let is_ours = |name: &str| name.strip_suffix(".json").is_some_and(|stem| !stem.starts_with('.'));
    // What is no regular file is a decision that cannot be read.
    Ok(entries.into_iter().map(|entry| entry.name).filter(|name| is_ours(name)).collect())
}

fn path_of(name: &str) -> PathBuf {
    Path::new(paths::DECISIONS).join(name)
}

/// The beginning of the decision's id that stands in the name of its file.
fn id_in(path: &Path) -> Option<&str> {
    let (_, id) = path.file_stem()?.to_str()?.rsplit_once('-')?;
    (id.len() == SHORT && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
}

fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or("unnamed")
}
