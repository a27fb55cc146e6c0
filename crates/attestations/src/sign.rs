use std::{fmt, ops::ControlFlow, time::Duration};

use futures_util::{StreamExt as _, stream};

use crate::{Attestation, Instance, Subject, adapter::Signatures};

/// How many signatures are made at a time. Each needs a certificate of its own.
const AT_A_TIME: usize = 4;
/// The most tries for one signature. A try that failed may leave an entry in the log that nobody uses.
const TRIES: u32 = 4;
/// The wait before the second try; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Signs publish attestations with the identity of one workflow.
#[derive(Debug)]
pub struct Signer(Signatures);

/// A part of Sigstore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The certificate authority.
    Fulcio,
    /// The transparency log.
    Rekor,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fulcio => "the certificate authority (Fulcio)",
            Self::Rekor => "the transparency log (Rekor)",
        })
    }
}

/// Why nothing can be signed with an identity token. Messages hold nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not a JSON web token.
    #[error("the identity token is not a JSON web token")]
    NoToken,
    /// A token for another audience.
    #[error("the identity token is not for the audience sigstore")]
    Audience,
    /// The token's time is over.
    #[error("the identity token has expired")]
    Expired,
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client for Sigstore: {0}")]
    Client(String),
}

/// The classes of failure that a caller branches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignErrorKind {
    /// The identity is not accepted.
    Refused,
    /// Something outside failed; a retry may help.
    Outside,
}

/// Why a signature was not made. Messages hold nothing of the identity token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A service said no.
    #[error("{service} refused with status {status}: {said}")]
    Refused {
        /// Which one.
        service: Service,
        /// The HTTP status.
        status: u16,
        /// Its words.
        said: String,
    },
    /// A service failed, and said so.
    #[error("{service} answered with status {status}: {said}")]
    Temporary {
        /// Which one.
        service: Service,
        /// The HTTP status.
        status: u16,
        /// Its words.
        said: String,
    },
    /// No answer.
    #[error("{service} cannot be reached: {said}")]
    Unreachable {
        /// Which one.
        service: Service,
        /// What happened.
        said: String,
    },
    /// An answer that is none.
    #[error("{service} gave an answer that cannot be used: {said}")]
    Answer {
        /// Which one.
        service: Service,
        /// What is wrong with it.
        said: String,
    },
}

impl SignError {
    /// The class of the failure.
    pub fn kind(&self) -> SignErrorKind {
        match self {
            Self::Refused { .. } => SignErrorKind::Refused,
            Self::Temporary { .. } | Self::Unreachable { .. } | Self::Answer { .. } => SignErrorKind::Outside,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Refused { service: Service::Fulcio, .. } => {
                "the certificate authority takes identity tokens of the issuers it knows, for the audience sigstore and for some \
                 minutes; check that the job has `permissions: id-token: write` and that the instance knows its issuer"
            }
            Self::Refused { service: Service::Rekor, .. } | Self::Answer { .. } => {
                "check that the address is a transparency log of API version 1 (publish.attestations.rekor)"
            }
            Self::Temporary { .. } | Self::Unreachable { .. } => {
                "look at Sigstore's status page (https://status.sigstore.dev), then run the same command again: what is signed is used again"
            }
        }
    }

    fn may_be_tried_again(&self) -> bool {
        matches!(self, Self::Temporary { .. } | Self::Unreachable { .. })
    }
}

impl Signer {
    /// Prepares to sign. `identity` is the workflow's identity token (a JWT) for the audience `sigstore`; it is wiped
    /// from memory with this value. Nothing is sent yet.
    pub fn new(instance: &Instance, identity: &str) -> Result<Self, IdentityError> {
        Signatures::new(instance, identity).map(Self)
    }

    /// Signs that one file was published. Temporary failures are tried again, four times in all; `sleep` waits.
    pub async fn sign<S: AsyncFn(Duration)>(&self, subject: &Subject, sleep: &S) -> Result<Attestation, SignError> {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match self.0.sign(subject).await {
                Err(error) if error.may_be_tried_again() => {}
                end => return end,
            }
            sleep(wait).await;
            wait *= 2;
        }
        self.0.sign(subject).await
    }

    /// Signs for many files, four at a time, and hands over each end as it comes, with the file's place in `subjects`.
    /// After [`ControlFlow::Break`] nothing further is begun, and what is under way is given up.
    pub async fn sign_all<S: AsyncFn(Duration)>(
        &self,
        subjects: &[Subject],
        sleep: &S,
        mut each: impl FnMut(usize, Result<Attestation, SignError>) -> ControlFlow<()>,
    ) {
        let signing = subjects.iter().enumerate().map(async |(n, subject)| (n, self.sign(subject, sleep).await));
        let mut ends = std::pin::pin!(stream::iter(signing).buffer_unordered(AT_A_TIME));
        while let Some((number, end)) = ends.next().await {
            if each(number, end).is_break() {
                return;
            }
        }
    }
}
