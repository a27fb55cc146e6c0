use crate::{Attestation, PredicateType, StatementError};

/// The most attestations of one file that the index takes.
pub const MOST: usize = 2;

/// Why the attestations of one file cannot go together.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// More than the index takes.
    #[error("there are {0} attestations, and the index takes {MOST}")]
    TooMany(usize),
    /// Two of a kind.
    #[error("there are two {0} attestations, and the index takes one of a kind")]
    Twice(PredicateType),
    /// One of them has no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// Whether the index takes these attestations of one file together. What each is worth is [`crate::Verifier`]'s to say.
pub fn check_set(attestations: &[&Attestation]) -> Result<(), SetError> {
    if attestations.len() > MOST {
        return Err(SetError::TooMany(attestations.len()));
    }
    let mut seen = Vec::new();
    for attestation in attestations {
        let kind = attestation.predicate_type()?;
        if seen.contains(&kind) {
            return Err(SetError::Twice(kind));
        }
        seen.push(kind);
    }
    Ok(())
}
