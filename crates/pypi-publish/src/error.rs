use dist_check::Sha256;

use crate::{Answered, LostError, ReadError, plan::PlanError, verify::VerifyError};

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

impl ErrorKind {
    /// The word for documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Rejected => "rejected",
            Self::Conflict => "conflict",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::Outside => "outside",
        }
    }
}

/// Why a file was not published. Messages never hold the token.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The index does not accept the credential, or not for this project.
    #[error("the index refused {file} with {answered}")]
    Refused {
        /// The file's name.
        file: String,
        /// The index's answer.
        answered: Answered,
    },
    /// The index does not take the file.
    #[error("the index rejected {file} with {answered}")]
    Rejected {
        /// The file's name.
        file: String,
        /// The index's answer.
        answered: Answered,
    },
    /// The index answered no, and whether it has the file could not be learned.
    #[error("the index rejected {file} with {answered}, and whether it has the file could not be learned")]
    Unclear {
        /// The file's name.
        file: String,
        /// The index's answer.
        answered: Answered,
        /// Why the index could not be asked.
        source: Box<ReadError>,
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
    #[error("the upload address answered {file} with a redirect ({answered})")]
    Redirected {
        /// The file's name.
        file: String,
        /// The index's answer.
        answered: Answered,
    },
    /// The index's certificate is not to be trusted.
    #[error("the certificate of the index was not accepted; {file} was not sent")]
    Certificate {
        /// The file's name.
        file: String,
        /// The cause.
        source: LostError,
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
    /// Tries or time are used up; the index answered the last try.
    #[error("{file} could not be sent in {tries} tries: the index answered with {answered}")]
    Exhausted {
        /// The file's name.
        file: String,
        /// The requests that were sent.
        tries: u32,
        /// The last answer.
        answered: Answered,
    },
    /// Tries or time are used up; the last try had no answer.
    #[error("{file} could not be sent in {tries} tries")]
    Lost {
        /// The file's name.
        file: String,
        /// The requests that were sent.
        tries: u32,
        /// The cause of the last try's end.
        source: LostError,
    },
    /// The plan could not be made, or does not allow to publish.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The index does not list what was sent.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl PublishError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Rejected { answered: Answered { status: 404 | 405 | 501 | 505, .. }, .. }
            | Self::Redirected { .. } => ErrorKind::Usage,
            Self::Rejected { .. } => ErrorKind::Rejected,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::Unclear { .. }
            | Self::File { .. }
            | Self::Certificate { .. }
            | Self::Exhausted { .. }
            | Self::Lost { .. } => ErrorKind::Outside,
            Self::Plan(error) => error.kind(),
            Self::Verify(error) => error.kind(),
        }
    }

    /// The index's answer that ended it, if there was one.
    pub fn answered(&self) -> Option<&Answered> {
        match self {
            Self::Refused { answered, .. }
            | Self::Rejected { answered, .. }
            | Self::Unclear { answered, .. }
            | Self::Redirected { answered, .. }
            | Self::Exhausted { answered, .. } => Some(answered),
            _ => None,
        }
    }

    /// Whether another try of the same file would not help, nor one of the others.
    pub(crate) fn ends_all(&self) -> bool {
        !matches!(self, Self::Exhausted { .. } | Self::Lost { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Refused { answered: Answered { status: 401, .. }, .. } => {
                "the index did not accept the token; renew it, and check that it is this index's"
            }
            Self::Refused { .. } => "check that the token is valid, is for this index and may upload to this project",
            Self::Rejected { answered: Answered { status: 404 | 405 | 501 | 505, .. }, .. } => {
                "check the index's upload address"
            }
            Self::Rejected { answered, .. } if answered.is_about_the_name() => NAME_IS_USED,
            Self::Rejected { answered: Answered { status: 413, .. }, .. } => {
                "the file is larger than the index takes; ask for a higher limit"
            }
            Self::Rejected { .. } => {
                "correct what the index says and build again; `publish-pypi check` finds most of it beforehand"
            }
            Self::Conflict { .. } => CONFLICT,
            Self::Redirected { .. } => "give the address that takes uploads itself, with its final slash",
            Self::Certificate { .. } => {
                "check the index's address, the machine's clock and, behind a proxy, that its certificate is trusted"
            }
            Self::Changed { .. } => "something rewrote the file during the publish; build once, then publish",
            Self::File { .. } => "check the disk and the file's permissions",
            Self::Unclear { .. } | Self::Exhausted { .. } | Self::Lost { .. } => {
                "run the same command again later: files that arrived are recognised by their digest and not sent twice"
            }
            Self::Plan(error) => error.hint(),
            Self::Verify(error) => error.hint(),
        }
    }
}

/// What to do when the index does not list a file and yet does not take its name.
const NAME_IS_USED: &str = "the index had a file of this name, which was deleted; a name is never taken again: raise the version, or give a wheel a build tag, and build again";

/// What to do when the index has other bytes of the same name.
pub(crate) const CONFLICT: &str =
    "an index never takes a file name twice; if these bytes are to be published, raise the version and build again";
