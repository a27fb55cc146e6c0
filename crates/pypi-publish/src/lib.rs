//! The package index protocol: plan, ask beforehand, upload, retry, verify.
//!
//! - [`plan`] asks the index what it has and says for each file whether it is to be sent, is there already, clashes with
//!   other bytes of the same name, or would not be taken. Nothing is sent before the plan of every file is known.
//! - [`preflight`] asks the index what it makes of the metadata, without a file.
//! - [`publish`] carries a plan out: it sends what is missing, retries what may be retried, proves each ambiguous end
//!   by digest, and waits until the index lists every file. Its [`Publication`] becomes the receipt.
//! - [`verify`] asks whether the index lists every file with our digest.
//! - [`releases`] fetches what the index has of a project, as one document.
//! - [`notify`] tells a webhook.
//!
//! Answers of an index are classified by status and by the digests it lists, never by the words in them. This crate
//! opens no file and reads no environment: the caller supplies files that [`dist_check`] has looked at, an
//! [`IndexAddress`], a credential, chance (a seed) and how to wait. A process that uses [`IndexClient`] installs a
//! rustls crypto provider first, and runs on tokio.
//!
//! ```no_run
//! use credentials::IndexCredential;
//! use dist_check::{CheckOptions, inspect};
//! use pypi_publish::{
//!     Content, IndexAddress, IndexClient, IndexRules, Parcel, Patience, PublishOptions, RetryPolicy, plan, publish,
//! };
//!
//! # async fn example(token: String, now: findings_model::Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! let name = "sample_package-1.0.0.tar.gz";
//! let mut file = std::fs::File::open(name)?;
//! let inspection = inspect(name, &mut file, &CheckOptions::default())?;
//! let distribution = inspection.distribution.ok_or("neither a wheel nor a source archive")?;
//! let files = [Parcel::new(distribution, Content::new(file))];
//!
//! let index = IndexAddress::parse("testpypi", None)?;
//! let credential = IndexCredential::from_environment("PYPI_TOKEN", token, index.token_shape())?;
//! let client = IndexClient::new(index, Some(credential))?;
//! let sleep = async |time| tokio::time::sleep(time).await;
//! let patience = Patience { policy: RetryPolicy::default(), seed: 7, sleep };
//!
//! let plan = plan(&client, &[&files[0].distribution], &IndexRules::default(), now, &patience).await?;
//! let publication = publish(&client, &plan, &files, &PublishOptions::default(), &patience).await;
//! if let Some(failure) = publication.failure {
//!     eprintln!("{failure}; {}", failure.hint());
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod answer;
mod client;
mod content;
mod error;
mod form;
mod notify;
mod page;
mod patience;
mod plan;
mod preflight;
mod publish;
mod releases;
mod sender;
mod similar;
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
pub use patience::{Patience, RetryPolicy};
pub use plan::{Action, IndexRules, Plan, PlanError, PlannedFile, plan};
pub use preflight::{Preflight, PreflightError, preflight};
pub use publish::{Event, Jobs, Observer, Parcel, Publication, PublishOptions, publish};
pub use releases::{ReleasesError, releases};
pub use verify::{FoundFile, Verification, VerifyError, verify};
