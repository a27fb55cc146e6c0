use dist_check::{FileName, FileNameError};

use crate::{
    Attestation, Mismatch, PredicateType, Publisher, SignedBy, StatementError, Subject,
    adapter::{self, Root},
    statement::{Statement, shown},
};

pub use adapter::{Evidence, RootError};

/// Proves attestations without a network.
#[derive(Debug)]
pub struct Verifier(Root);

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the attestation states.
    pub predicate_type: PredicateType,
    /// Who signed.
    pub signed_by: SignedBy,
}

/// Why an attestation proves nothing about a file.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// What is signed is no statement that the index takes.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement's subject has a name that no distribution has.
    #[error("the statement is about {name:?}, which is not the name of a distribution")]
    SubjectName {
        /// The name as written.
        name: String,
        /// What is wrong with it.
        source: FileNameError,
    },
    /// The statement is about another file.
    #[error("the statement is about {theirs}, not about {ours}")]
    OtherFile {
        /// Our file.
        ours: String,
        /// The statement's.
        theirs: String,
    },
    /// The statement is about other bytes.
    #[error("the statement is about bytes with the SHA-256 {theirs}, those of the file have {ours}")]
    OtherBytes {
        /// The digest of our file.
        ours: String,
        /// The statement's; `none` where it has no SHA-256.
        theirs: String,
    },
    /// Signature, certificate or log entry do not hold against the trusted root.
    #[error("the attestation cannot be proven")]
    Evidence(#[source] Evidence),
    /// Somebody else signed.
    #[error(transparent)]
    Publisher(#[from] Mismatch),
}

impl Verifier {
    /// A verifier for Sigstore's public instance, with the trusted root that is built into this program.
    pub fn public() -> Result<Self, RootError> {
        Root::public().map(Self)
    }

    /// A verifier for the instance that a `trusted_root.json` describes.
    pub fn with_root(json: &[u8]) -> Result<Self, RootError> {
        Root::parse(json).map(Self)
    }

    /// Proves that an attestation is about this file, and of this publisher if one is expected.
    ///
    /// Every condition of the index is checked: exactly one subject, whose name means our file and whose SHA-256 is ours;
    /// a known predicate; certificate, its own log, signature and log entry against the trusted root; the publisher. An
    /// attestation with several log entries needs every one to be right, where the index looks at the first.
    pub fn verify(
        &self,
        attestation: &Attestation,
        subject: &Subject,
        publisher: Option<&Publisher>,
    ) -> Result<Verified, VerifyError> {
        let statement = Statement::parse(&attestation.statement)?;
        let theirs = FileName::parse(&statement.subject_name)
            .map_err(|source| VerifyError::SubjectName { name: shown(&statement.subject_name), source })?;
        if !subject.has_name(&theirs) {
            let ours = subject.file_name().to_owned();
            return Err(VerifyError::OtherFile { ours, theirs: shown(&statement.subject_name) });
        }
        let ours = subject.sha256().to_string();
        match statement.sha256 {
            Some(theirs) if theirs == ours => {}
            theirs => {
                let theirs = theirs.map_or_else(|| "none".to_owned(), |theirs| shown(&theirs));
                return Err(VerifyError::OtherBytes { ours, theirs });
            }
        }
        let signed_by = self.0.prove(attestation, subject.sha256()).map_err(VerifyError::Evidence)?;
        if let Some(publisher) = publisher {
            publisher.check(&signed_by)?;
        }
        Ok(Verified { predicate_type: statement.predicate_type, signed_by })
    }
}
