//! One side of a comparison: where it is, and what it is.

use std::path::Path;

use findings_ledger::Ledger;
use findings_model::{Finding, Scan, text};
use git_command::{GitError, Repository};
use release_decision::Baseline;
use state_store::DOCUMENT_LIMIT;

use crate::{
    changes::{ChangesRequest, files::Files},
    documents::DocumentError,
    gather::{self, Reading, Tree},
    paths,
    project::Project,
    unlisted,
};

/// A side, as it was found.
pub(super) enum Side {
    Ledger(Ledger),
    Baseline(Box<Baseline>),
    Reports(Vec<Scan>),
}

impl Side {
    /// The findings that it knows by name.
    pub(super) fn findings(&self) -> &[Finding] {
        match self {
            Self::Ledger(ledger) => &ledger.findings,
            Self::Baseline(baseline) => &baseline.findings,
            Self::Reports(_) => &[],
        }
    }
}

/// A side and the files of the project that it speaks of.
pub(super) struct Placed<'p> {
    pub(super) side: Side,
    pub(super) files: Files<'p>,
}

/// The side at a path of the project; where there is no such path, at a revision: `REV` for the ledger of a commit, `REV:PATH` for
/// another document or a folder of reports in it.
pub(super) fn at<'p>(
    project: &'p Project,
    place: &Path,
    request: &ChangesRequest,
) -> Result<Placed<'p>, DocumentError> {
    let full = project.path(place);
    let tree = Tree::of(project);
    let key = request.rules.key.as_ref();
    let reading = Reading { own_project: Some(&request.project), key, now: request.now, tree: Some(&tree) };
    if full.is_dir() {
        let mut warnings = Vec::new();
        let mut scans = gather::scans_of_folder(project, &full, &reading, &mut |_| false, &mut warnings)?;
        tell(&warnings);
        unlisted::doubt(project, &request.rules.trust_empty, &mut scans);
        gather::leave_out_own_state(&mut scans);
        gather::speak_of_parts(project, &request.project, &mut scans, &[]);
        return Ok(Placed { side: Side::Reports(scans), files: Files::WorkTree(project) });
    }
    if state_store::exists(&full) {
        let label = project.label(&full);
        let bytes = project.document(place)?.ok_or_else(|| DocumentError::Missing { path: label.clone() })?;
        return Ok(Placed { side: document(&bytes, label)?, files: Files::WorkTree(project) });
    }
    at_revision(project, place, &reading, request).map_err(|source| match source {
        AtRevision::Git(source) => DocumentError::NoSide { place: text::one_line(&place.to_string_lossy()), source },
        AtRevision::Document(error) => error,
    })
}

enum AtRevision {
    Git(GitError),
    Document(DocumentError),
}

impl From<GitError> for AtRevision {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

fn at_revision<'p>(
    project: &'p Project,
    place: &Path,
    reading: &Reading<'_>,
    request: &ChangesRequest,
) -> Result<Placed<'p>, AtRevision> {
    let place = place.to_string_lossy();
    let (rev, path) = place.split_once(':').unwrap_or((&place, paths::LEDGER));
    let repository = Repository::find(project.root())?;
    let commit = repository.resolve(rev)?;
    let path = Path::new(path);
    let side = match repository.read(&commit, path, DOCUMENT_LIMIT) {
        Ok(Some(bytes)) => {
            let label = format!("{}:{}", commit.short(), path.display());
            document(&bytes, label).map_err(AtRevision::Document)?
        }
        // A folder of reports, or nothing at all, which the listing names.
        Ok(None) | Err(GitError::NotAFile { .. }) => {
            let mut warnings = Vec::new();
            let mut scans = gather::scans_of_commit(&repository, &commit, path, reading, &mut warnings)?;
            tell(&warnings);
            unlisted::doubt(project, &request.rules.trust_empty, &mut scans);
            gather::leave_out_own_state(&mut scans);
            if let Some(name) = reading.own_project {
                gather::speak_of_parts(project, name, &mut scans, &[]);
            }
            Side::Reports(scans)
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Placed { side, files: Files::of_commit(repository, commit) })
}

fn tell(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

fn document(bytes: &[u8], label: String) -> Result<Side, DocumentError> {
    // A baseline is told from a ledger by what only it says. A large ledger is not read as a baseline first, only to find that out.
    if !looks_like_a_ledger(bytes)
        && let Ok(baseline) = Baseline::from_json(bytes)
    {
        return Ok(Side::Baseline(Box::new(baseline)));
    }
    Ledger::from_json(bytes).map(Side::Ledger).map_err(|source| DocumentError::Ledger { path: label, source })
}

/// Whether the keys above the findings are those of a ledger, which says when it was updated.
fn looks_like_a_ledger(bytes: &[u8]) -> bool {
    let lines = bytes.split(|b| *b == b'\n');
    let mut keys =
        lines.take_while(|line| !line.starts_with(b"  \"findings\"")).filter(|line| line.starts_with(b"  \""));
    keys.any(|line| line.starts_with(b"  \"updated\""))
}
