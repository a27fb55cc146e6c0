//! The steps' errors as failures: the exit status of each, and what mends it.

use findings_ledger::LedgerError;
use findings_model::SchemaError;
use git_command::{GitError, PushRefusal};
use orchestrate::{
    decision::DecisionError, documents::DocumentError, findings::FindingsError, monitoring::RecordRunError,
    release::RecordReleaseError, status::StatusError, version::BumpVersionError,
};
use release_decision::DecideError;
use state_store::{StoreError, StoreErrorKind};

use crate::{ExitStatus, Failure, exit::DENIED};

/// An error of the findings step as a failure.
pub fn findings_failure(error: FindingsError) -> Failure {
    let what = "cannot update the findings";
    let status = match error {
        FindingsError::Document(error) => return document_failure(error, what),
        FindingsError::Plans { .. } => {
            return Failure::caused(ExitStatus::BadInput, what, error).hint(
                "the file was left as it is; mend it where the error says, then run again (docs/runbook.md, \"A document of ours is damaged\")",
            );
        }
        FindingsError::Store(error) => return document_failure(error.into(), what),
        FindingsError::Advisories(_) => ExitStatus::Usage,
        FindingsError::Render(_) => ExitStatus::Outside,
    };
    Failure::caused(status, what, error)
}

/// An error of a step that reads documents as a failure.
pub fn document_failure(error: DocumentError, what: &str) -> Failure {
    let (status, hint) = (document_status(&error), document_hint(&error));
    let failure = Failure::caused(status, what, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// An error of the deciding step as a failure.
pub fn decision_failure(error: DecisionError) -> Failure {
    let what = "cannot decide";
    match error {
        DecisionError::Document(error) => document_failure(error, what),
        DecisionError::Decide(DecideError::Version(_) | DecideError::Notes(_) | DecideError::Changelog(_)) => {
            Failure::caused(ExitStatus::Usage, what, error)
        }
    }
}

/// An error of the version step as a failure.
pub fn version_failure(error: BumpVersionError) -> Failure {
    use BumpVersionError as E;
    let what = "cannot bump the version";
    let error = match error {
        E::Document(error) => return document_failure(error, what),
        E::Store(error) if error.is_denied() => return document_failure(error.into(), what),
        other => other,
    };
    let status = match &error {
        E::Document(_) => ExitStatus::BadInput,
        E::Version(_)
        | E::Unknown { .. }
        | E::Pyproject(_)
        | E::NoPlace
        | E::OnlyTags { .. }
        | E::NoCommit
        | E::NoBranch => ExitStatus::Usage,
        E::NothingDue { .. }
        | E::DecisionReplaced
        | E::NoSuchDecision { .. }
        | E::Place { .. }
        | E::Stale { .. }
        | E::Uncommitted { .. }
        | E::Taken { .. }
        | E::OtherDecision { .. }
        | E::TwoTags { .. } => ExitStatus::No,
        E::Git(error) => git_status(error),
        E::Write(error) if error.cause.is_denied() => ExitStatus::Refused,
        E::Store(_) | E::Write(_) | E::HalfDone { .. } => ExitStatus::Outside,
    };
    let hint = match &error {
        E::NothingDue { .. } => {
            Some("nothing was written; give --next-version, or decide with `decide-release --force`".to_owned())
        }
        E::DecisionReplaced => Some("nothing was written; the newer decision will be carried out".to_owned()),
        E::NoSuchDecision { .. } => {
            Some("nothing was written; give the id that decide-release printed, or leave --decision-id out".to_owned())
        }
        E::Unknown { .. } => {
            Some("give the version with --current-version, or the one to release with --next-version".to_owned())
        }
        E::NoPlace => Some("name the files in [tool.relwarden.bump] files".to_owned()),
        E::OnlyTags { .. } => Some("set mode = \"commit\" in [tool.relwarden.bump]".to_owned()),
        E::Place { .. } => Some("nothing was written; see files in [tool.relwarden.bump]".to_owned()),
        E::Stale { copies } => {
            let mut entries: Vec<&str> = copies.iter().map(|copy| copy.entry.as_str()).collect();
            entries.dedup();
            Some(format!("nothing was written; add to files in [tool.relwarden.bump]: {}", entries.join(", ")))
        }
        E::Uncommitted { .. } => Some("nothing was written; commit or stash them, then run again".to_owned()),
        E::NoBranch => Some("check a branch out, or set push = false in [tool.relwarden.bump]".to_owned()),
        E::OtherDecision { what, .. } => Some(format!(
            "nothing was written; if that release never came, delete {what}, here and on the remote, and run again; \
             otherwise give another --next-version"
        )),
        E::Taken { .. } | E::TwoTags { .. } => {
            Some("nothing was written; look at it, and remove it if it is wrong".to_owned())
        }
        E::Git(GitError::PushRefused { why, .. }) => {
            let next = match why {
                PushRefusal::Overtaken => "fetch, then run again",
                PushRefusal::Forbidden => {
                    "a protection rule may forbid the push: let the workflow's identity pass it, or set mode = \
                     \"pull-request\" in [tool.relwarden.bump]"
                }
            };
            Some(format!("nothing of it arrived, and what this run did was taken back; {next}"))
        }
        E::Write(error) if error.cause.is_denied() => Some(DENIED.to_owned()),
        E::Git(error) => git_hint(error).map(str::to_owned),
        _ => None,
    };
    let failure = Failure::caused(status, what, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What mends a failure of git, where it is one of the machine or of the folder.
pub fn git_hint(error: &GitError) -> Option<&'static str> {
    match error {
        GitError::NotInstalled => Some("install git, or put it on the PATH"),
        GitError::NoRepository { .. } | GitError::NoWorkTree { .. } => {
            Some("run it in the project's checkout, or name that with --project")
        }
        GitError::DubiousOwnership { .. } => {
            Some("tell git to trust it: git config --global --add safe.directory FOLDER")
        }
        _ => None,
    }
}

/// The exit status of a failure of git.
pub fn git_status(error: &GitError) -> ExitStatus {
    use GitError as E;
    match error {
        E::NotInstalled
        | E::NoRepository { .. }
        | E::NoWorkTree { .. }
        | E::DubiousOwnership { .. }
        | E::NoRevision { .. }
        | E::NoSuchRevision { .. }
        | E::OutsideProject { .. }
        | E::BadName { .. } => ExitStatus::Usage,
        E::NoSuchPath { .. } | E::NotAFile { .. } | E::TooLarge { .. } => ExitStatus::BadInput,
        E::Denied { .. } | E::PushRefused { why: PushRefusal::Forbidden, .. } => ExitStatus::Refused,
        E::Failed { said, .. } if said.contains("Permission denied") => ExitStatus::Refused,
        E::Start { .. }
        | E::Moved { .. }
        | E::PushRefused { why: PushRefusal::Overtaken, .. }
        | E::TooSlow { .. }
        | E::TooMuch { .. }
        | E::Answer { .. }
        | E::Failed { .. } => ExitStatus::Outside,
    }
}

/// An error of the recording step as a failure.
pub fn record_failure(error: RecordReleaseError) -> Failure {
    let what = "cannot record the release";
    match error {
        RecordReleaseError::Document(error @ DocumentError::Missing { .. }) => {
            Failure::caused(document_status(&error), what, error)
                .hint("`publish-pypi publish` writes it; give its path with --receipt")
        }
        RecordReleaseError::Document(error) => document_failure(error, what),
        RecordReleaseError::Record(_) | RecordReleaseError::OtherProject { .. } => Failure::caused(
            ExitStatus::No,
            what,
            error,
        )
        .hint(
            "the baseline was left as it is; give the receipt of the decided release, with its decision.json beside it",
        ),
    }
}

/// An error of the status step as a failure.
pub fn status_failure(error: StatusError) -> Failure {
    let what = "cannot update the status";
    let hint = match &error {
        StatusError::Published { source, .. } => match source {
            live_status::DocumentError::Schema(schema) => schema_hint(schema),
            _ => DAMAGED,
        },
        StatusError::History { source, .. } => match source {
            live_status::HistoryError::Schema(schema) => schema_hint(schema),
            live_status::HistoryError::Malformed(_) => DAMAGED,
        },
        StatusError::Document(_) | StatusError::Render(_) | StatusError::Store(_) => "",
    };
    match error {
        StatusError::Document(error) => document_failure(error, what),
        StatusError::Store(error) => document_failure(error.into(), what),
        StatusError::Published { .. } | StatusError::History { .. } => {
            Failure::caused(ExitStatus::BadInput, what, error).hint(hint)
        }
        StatusError::Render(_) => Failure::caused(ExitStatus::Outside, what, error),
    }
}

/// An error of a whole workflow as a failure.
pub fn workflow_failure(error: orchestrate::workflow::WorkflowError) -> Failure {
    use orchestrate::workflow::WorkflowError as E;
    match error {
        E::Findings(error) => findings_failure(error),
        E::Decision(error) => decision_failure(error),
        E::Status(error) => status_failure(error),
        E::Record(error) => unrecorded_failure(error, "cannot record the run"),
    }
}

/// An error of recording a run, whose steps are done, as a failure.
pub fn unrecorded_failure(error: RecordRunError, what: &str) -> Failure {
    let RecordRunError::Store(error) = error else {
        return Failure::caused(ExitStatus::Outside, what, error);
    };
    let hint = store_hint(&error);
    let failure = Failure::caused(ExitStatus::Outside, what, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn document_status(error: &DocumentError) -> ExitStatus {
    match error {
        DocumentError::Missing { .. } | DocumentError::NotUtf8 { .. } | DocumentError::NoSide { .. } => {
            ExitStatus::Usage
        }
        DocumentError::Store(error) => match error.kind {
            StoreErrorKind::Link => ExitStatus::Usage,
            StoreErrorKind::NotRegular(_) | StoreErrorKind::NotAFolder => ExitStatus::BadInput,
            StoreErrorKind::Denied(_) => ExitStatus::Refused,
            _ => ExitStatus::Outside,
        },
        _ => ExitStatus::BadInput,
    }
}

const DAMAGED: &str = "the file was left as it is; restore it from git history or move it away, then run again (docs/runbook.md, \"A document of ours is damaged\")";
const OF_ANOTHER_VERSION: &str =
    "the file was left as it is, and is not damaged: use the version of this program that wrote it, or a newer one";

fn schema_hint(error: &SchemaError) -> &'static str {
    match error {
        SchemaError::Newer { .. } => OF_ANOTHER_VERSION,
        SchemaError::Malformed(_) | SchemaError::Unknown { .. } => DAMAGED,
    }
}

/// What mends a document that cannot be used; none where nothing of ours is at fault.
fn document_hint(error: &DocumentError) -> Option<&'static str> {
    Some(match error {
        DocumentError::Ledger { source: LedgerError::Schema(schema), .. }
        | DocumentError::Decision { source: release_decision::DocumentError::Schema { source: schema, .. }, .. } => {
            schema_hint(schema)
        }
        DocumentError::ReceiptSchema { source: SchemaError::Newer { .. }, .. } => OF_ANOTHER_VERSION,
        DocumentError::Ledger { .. } | DocumentError::Decision { .. } => DAMAGED,
        DocumentError::KeptDecision { source, .. } => match document_hint(source) {
            Some(OF_ANOTHER_VERSION) => OF_ANOTHER_VERSION,
            _ => {
                "nothing was decided; restore the file from git history, or delete it where its release is recorded or never came, \
                 then run again (docs/runbook.md, \"A document of ours is damaged\")"
            }
        },
        DocumentError::Receipt { .. } | DocumentError::ReceiptSchema { .. } => {
            "a receipt is not kept in git: run `publish-pypi publish` on the same files again, which finds them on the index and \
             writes the receipt, or take it from the publish job's artifacts"
        }
        DocumentError::LedgerLost | DocumentError::BaselineLost => {
            "restore the missing one from git history; where there is none any more, the runbook says what else to move away \
             (docs/runbook.md, \"A document of ours is damaged\")"
        }
        DocumentError::LedgerBehind { .. } => {
            "run the scanners and update-findings: with newer scans than the release's it goes on (docs/runbook.md, \"A document of ours is damaged\")"
        }
        DocumentError::LedgerAhead { .. } => {
            "the findings were left as they are; set this machine's clock right, or where an earlier run's was wrong, put the ledger back (docs/runbook.md, \"A clock is wrong\")"
        }
        DocumentError::Store(error) => return store_hint(error),
        DocumentError::Missing { .. } => "paths are taken from the project's folder, which --project names",
        DocumentError::NotUtf8 { .. } => "save it as UTF-8",
        DocumentError::NoSide { .. } => return None,
    })
}

/// What mends a file or folder of ours that is of the wrong kind.
fn store_hint(error: &StoreError) -> Option<&'static str> {
    match error.kind {
        StoreErrorKind::Link => {
            Some("git does not follow links: make it a folder of the project, or work in the project that it leads to")
        }
        StoreErrorKind::NotRegular(_) | StoreErrorKind::NotAFolder => {
            Some("put what belongs there in its place, then run again")
        }
        StoreErrorKind::Denied(_) => Some(DENIED),
        _ => None,
    }
}
