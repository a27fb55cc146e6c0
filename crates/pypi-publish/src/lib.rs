//! The package index protocol: plan, upload, retry, verify.
//!
//! - [`plan`] asks the index what it has and says for each file whether it is to be sent, is there already or clashes
//!   with other bytes of the same name. Nothing is sent before the plan of every file is known.
//! - [`publish`] carries a plan out: it sends what is missing, retries what may be retried, proves each ambiguous end
//!   by digest, and waits until the index lists every file. Its [`Publication`] becomes the receipt.
//! - [`verify`] asks whether the index lists every file with our digest.
//! - [`releases`] fetches what the index has of a project, as one document.
//!
//! Answers of an index are classified by status and by the digests it lists, never by the words in them. This crate
//! opens no file and reads no environment: the caller supplies files that [`dist_check`] has looked at, an
//! [`IndexAddress`], a credential, chance (a seed) and how to wait. A process that uses [`IndexClient`] installs a
//! rustls crypto provider first.

mod address;
mod answer;
mod client;
mod content;
mod error;
mod form;
mod notify;
mod page;
mod plan;
mod preflight;
mod publish;
mod releases;
mod retry;
mod sender;
mod verify;

#[cfg(test)]
mod tests;

pub use address::{AddressError, IndexAddress};
pub use answer::{Answered, LostError};
pub use client::{ClientError, IndexClient, ReadError};
pub use content::Content;
pub use error::{ErrorKind, PublishError};
pub use notify::{NotifyError, Webhook, notify, slack_text};
pub use page::{ListedFile, PageError, ProjectPage};
pub use plan::{Action, IndexRules, Plan, PlanError, PlannedFile, plan};
pub use preflight::{Preflight, PreflightError, preflight};
pub use publish::{Event, Jobs, Observer, Parcel, Publication, PublishOptions, publish};
pub use releases::{ReleasesError, releases};
pub use retry::{Patience, RetryPolicy};
pub use verify::{FoundFile, Verification, VerifyError, verify};
