use std::{fmt, time::Duration};

use rustls::Error as TlsError;

/// What an index answered to an upload that it did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The index's own words: one line, shortened, without anything that looks like a token.
    pub said: Option<String>,
    /// What the index calls this request, for those who run it.
    pub request_id: Option<String>,
}

impl Answered {
    /// Whether the index says that the file's name was taken once. Its words choose the hint and nothing else.
    pub(crate) fn is_about_the_name(&self) -> bool {
        let said = self.said.as_deref().unwrap_or_default().to_ascii_lowercase();
        self.status == 409 || said.contains("previously used") || said.contains("already exists")
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        match &self.said {
            Some(said) => write!(f, ": {said}"),
            None => Ok(()),
        }
    }
}

/// Why a request had no answer. Whether the file arrived is unknown.
#[derive(Debug, thiserror::Error)]
pub enum LostError {
    /// No connection, or it broke.
    #[error("the connection failed")]
    Connection(#[source] reqwest::Error),
    /// The line took nothing for so long.
    #[error("nothing could be sent for {} seconds", .0.as_secs())]
    Stalled(Duration),
    /// Everything was sent, and nothing came back for so long.
    #[error("the index did not answer within {} seconds", .0.as_secs())]
    Silent(Duration),
}

impl LostError {
    /// Whether the server's certificate is not to be trusted: another try meets the same one.
    pub(crate) fn is_certificate(&self) -> bool {
        let Self::Connection(error) = self else {
            return false;
        };
        causes(error).any(|cause| match cause.downcast_ref::<TlsError>() {
            Some(error) => is_certificate(error),
            // The source of an I/O error is the source of what it wraps.
            None => cause
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref)
                .and_then(|inner| inner.downcast_ref::<TlsError>())
                .is_some_and(is_certificate),
        })
    }
}

fn is_certificate(error: &TlsError) -> bool {
    matches!(error, TlsError::InvalidCertificate(_) | TlsError::InvalidCertRevocationList(_))
}

/// An error and its causes, outermost first.
pub(crate) fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
