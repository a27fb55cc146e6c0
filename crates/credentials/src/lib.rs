//! Credentials for a package index: how they are had, what they say about themselves, and the types that hold them.
//!
//! - [`PypiToken`] and [`Secret`] hold text that cannot be printed and is wiped when dropped.
//! - [`TokenFacts`] is what a token of PyPI says about itself, read offline; [`PypiToken::narrowed`] makes one that is good for one
//!   project and fifteen minutes.
//! - [`IdTokenSource`] asks GitHub who this job is; [`Claims`] is what the answer says.
//! - [`TrustedPublishing`] exchanges that for a token of the index.
//! - `aws` (with the feature of that name) exchanges it for a role, and reads or replaces a token in AWS Secrets Manager.
//! - [`choose`] decides which of these ways is used, and [`Protection`] whether this job may publish at all.
//!
//! Nothing here reads the environment, a file or a clock; the network is asked only by what says so. A credential carries where it
//! came from ([`TokenSource`]), which is all that messages and logs may say about it.

#[cfg(feature = "aws")]
pub mod aws;
mod choice;
mod claims;
mod credential;
mod facts;
mod http;
mod identity;
mod job;
mod macaroon;
mod patience;
mod protection;
mod redact;
mod secret;
mod token;
mod trusted;

pub use choice::{ChoiceError, Present, choose};
pub use claims::{Claims, NoToken, PublisherForm, SHOWN_CLAIMS};
pub use credential::{IndexCredential, RENEWED_BEFORE, TokenSource, UnfitToken};
pub use facts::{IndexIdentity, NARROWED_SECONDS, TokenFacts, TokenMisfit, TokenScope, TokenUse};
pub use findings_model::PublishAuth;
pub use http::TransportError;
pub use identity::{IdToken, IdTokenError, IdTokenSource};
pub use job::Job;
pub use macaroon::MacaroonError;
pub use patience::Patience;
pub use protection::{Denial, PatternError, Protection, Ruled};
pub use redact::redact;
pub use secret::Secret;
pub use token::{PypiToken, TokenError, TokenShape};
pub use trusted::{MintRefusal, MintedToken, Obstacle, TrustedError, TrustedPublishing, is_reusable, obstacle};

/// The audience of identity tokens that are asked for only to know what GitHub says of the job. Nobody takes them.
pub const OWN_AUDIENCE: &str = "relwarden";

/// What class of failure an error is, for whoever decides what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A setting is missing or wrong; another try changes nothing.
    Configuration,
    /// Somebody said no: authentication, permission, a rule.
    Refused,
    /// Something outside failed; another try may help.
    Outside,
}
