use dist_check::Sha256;

use crate::{ReadError, plan::PlanError, verify::VerifyError};

/// The classes of failure that a caller branches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The set-up is wrong: address, redirect, files that do not belong together.
    Usage,
    /// The index does not take the file as it is.
    Rejected,
    /// The index has other bytes under the file's name.
    Conflict,
    /// The file is no longer the one that was checked.
    Changed,
    /// Authentication or permission.
    Refused,
    /// Something outside failed; a retry may help.
    Outside,
}

/// Why a file was not published. Messages never hold the token.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The index does not accept the credential, or not for this project.
    #[error("the index refused {file} with status {status}{}", words_of(.said.as_deref()))]
    Refused {
        /// The file's name.
        file: String,
        /// The HTTP status.
        status: u16,
        /// The index's words.
        said: Option<String>,
    },
    /// The index does not take the file.
    #[error("the index rejected {file} with status {status}{}", words_of(.said.as_deref()))]
    Rejected {
        /// The file's name.
        file: String,
        /// The HTTP status.
        status: u16,
        /// The index's words.
        said: Option<String>,
    },
    /// The index answered no, and whether it has the file could not be learned.
    #[error("the index rejected {file} with status {status}, and whether it has the file could not be learned")]
    Unclear {
        /// The file's name.
        file: String,
        /// The HTTP status.
        status: u16,
        /// Why the index could not be asked.
        source: ReadError,
    },
    /// The index has a file of that name with other bytes.
    #[error("the index has another {file}: its SHA-256 is {theirs}, ours is {ours}")]
    Conflict {
        /// The file's name.
        file: String,
        /// The digest that was checked.
        ours: Sha256,
        /// The digest that the index lists.
        theirs: Sha256,
    },
    /// The address sends uploads elsewhere; tokens do not follow.
    #[error("the upload address answered {file} with a redirect (status {status})")]
    Redirected {
        /// The file's name.
        file: String,
        /// The HTTP status.
        status: u16,
    },
    /// The file is not the one that was checked.
    #[error("{file} changed after it was checked; the upload was broken off")]
    Changed {
        /// The file's name.
        file: String,
    },
    /// The file could not be read.
    #[error("cannot read {file} to send it")]
    File {
        /// The file's name.
        file: String,
        /// The reader's error.
        source: std::io::Error,
    },
    /// Tries or time are used up.
    #[error("{file} could not be sent in {tries} tries: {last}")]
    Exhausted {
        /// The file's name.
        file: String,
        /// The requests that were sent.
        tries: u32,
        /// The end of the last try.
        last: String,
        /// The cause of the last try's end, if there was no answer.
        source: Option<reqwest::Error>,
    },
    /// The plan could not be made, or does not allow to publish.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The index does not list what was sent.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

fn words_of(words: Option<&str>) -> String {
    words.map(|words| format!(": {words}")).unwrap_or_default()
}

impl PublishError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Rejected { .. } => ErrorKind::Rejected,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Redirected { .. } => ErrorKind::Usage,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::Unclear { .. } | Self::File { .. } | Self::Exhausted { .. } => ErrorKind::Outside,
            Self::Plan(error) => error.kind(),
            Self::Verify(error) => error.kind(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Refused { status: 401, .. } => {
                "the index did not accept the token; renew it, and check that it is this index's"
            }
            Self::Refused { .. } => "check that the token is valid, is for this index and may upload to this project",
            Self::Rejected { status: 404 | 405, .. } => "check the index's upload address",
            Self::Rejected { status: 413, .. } => "the file is larger than the index takes; ask for a higher limit",
            Self::Rejected { .. } => {
                "correct what the index says and build again; `publish-pypi check` finds most of it beforehand"
            }
            Self::Conflict { .. } => CONFLICT,
            Self::Redirected { .. } => "give the address that takes uploads itself, with its final slash",
            Self::Changed { .. } => "something rewrote the file during the publish; build once, then publish",
            Self::File { .. } => "check the disk and the file's permissions",
            Self::Unclear { .. } | Self::Exhausted { .. } => {
                "run the same command again later: files that arrived are recognised by their digest and not sent twice"
            }
            Self::Plan(error) => error.hint(),
            Self::Verify(error) => error.hint(),
        }
    }
}

/// What to do when the index has other bytes of the same name.
pub(crate) const CONFLICT: &str =
    "an index never takes a file name twice; if these bytes are to be published, raise the version and build again";
