//! PEP 740 attestations: who built a distribution file, signed so that anybody can check it.
//!
//! - [`Signer`] signs for a [`Subject`] (a file's name and SHA-256) with an identity token of the workflow: Fulcio gives
//!   a certificate of ten minutes for it, Rekor logs the signature in public. The outcome is an [`Attestation`].
//! - [`Verifier`] proves an [`Attestation`] without a network, against a trusted root that is built in or was given:
//!   certificate, its timestamp in the transparency log of certificates, signature, log entry, and that it is about this
//!   file and of this [`Publisher`]. It judges as the index does, and where it is stricter its documentation says so.
//! - [`check_set`] judges the attestations of one file together; [`Provenance`] is what an index has of a file.
//!
//! Sigstore's own crates are used in one module, `adapter`, and none of their types leaves this crate. Nothing here opens
//! a file. Verifying reads the clock in one place, below: a log entry of the future is refused.
//!
//! A process that signs installs a rustls crypto provider first, and runs inside a Tokio runtime.
//!
//! ```
//! use attestations::{Attestation, Subject, Verifier};
//! # fn judge(file: &[u8], sha256: dist_check::Sha256) -> Result<(), Box<dyn std::error::Error>> {
//! let attestation = Attestation::parse(file)?;
//! let subject = Subject::new("sample_package-1.0.0.tar.gz", sha256)?;
//! let verified = Verifier::public()?.verify(&attestation, &subject, None)?;
//! println!("signed by {}", verified.signed_by);
//! # Ok(())
//! # }
//! ```

mod adapter;
mod attestation;
mod instance;
mod provenance;
mod publisher;
mod set;
mod sign;
mod statement;
mod subject;
mod verify;

#[cfg(test)]
mod tests;

pub use attestation::{Attestation, AttestationError, LARGEST};
pub use instance::{Instance, InstanceError};
pub use provenance::{ListedBundle, Provenance, ProvenanceError};
pub use publisher::{GITHUB_ISSUER, Mismatch, Publisher, PublisherError, SignedBy};
pub use set::{MOST, SetError, check_set};
pub use sign::{IdentityError, Service, SignError, SignErrorKind, Signer};
pub use statement::{PredicateType, StatementError};
pub use subject::{Subject, SubjectError};
pub use verify::{Evidence, RootError, Verified, Verifier, VerifyError};
