use std::fmt;

use findings_model::{PackageName, Timestamp, text};
use time::Duration;

use crate::{
    MacaroonError, MintedToken, NARROWED_SECONDS, PypiToken, TokenError, TokenFacts, TokenMisfit, TokenShape, TokenUse,
};

/// How long before its end a token is replaced by another one.
pub const RENEWED_BEFORE: Duration = Duration::minutes(5);

/// Where a token came from. Safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// An environment variable of this name.
    Environment {
        /// The variable's name.
        variable: &'static str,
    },
    /// Trusted publishing: the index made it for this job.
    TrustedPublishing,
    /// A secret of AWS Secrets Manager.
    AwsSecret {
        /// The secret's name or ARN.
        name: String,
        /// The region.
        region: String,
    },
    /// The standard input of the command.
    Input,
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment { variable } => write!(f, "the environment variable {variable}"),
            Self::TrustedPublishing => f.write_str("trusted publishing"),
            Self::AwsSecret { name, region } => {
                write!(f, "the secret {} of AWS Secrets Manager in {}", text::one_line(name), text::one_line(region))
            }
            Self::Input => f.write_str("the standard input"),
        }
    }
}

/// A token for an index's upload address, where it came from, and until when it may be used.
#[derive(Debug)]
pub struct IndexCredential {
    token: PypiToken,
    source: TokenSource,
    expires: Option<Timestamp>,
}

impl IndexCredential {
    /// Judges the value of an environment variable. The value is wiped, whatever the outcome.
    pub fn from_environment(variable: &'static str, value: String, shape: TokenShape) -> Result<Self, TokenError> {
        Ok(Self::new(PypiToken::parse(value, shape)?, TokenSource::Environment { variable }))
    }

    /// A token of one's own.
    pub fn new(token: PypiToken, source: TokenSource) -> Self {
        let expires = TokenFacts::read(&token).ok().and_then(|facts| facts.expires());
        Self { token, source, expires }
    }

    /// A token that the index made by trusted publishing.
    pub fn minted(minted: MintedToken) -> Self {
        let mut credential = Self::new(minted.token, TokenSource::TrustedPublishing);
        credential.expires = credential.expires.into_iter().chain(minted.expires).min();
        credential
    }

    /// The token.
    pub fn token(&self) -> &PypiToken {
        &self.token
    }

    /// Where the token came from.
    pub fn source(&self) -> &TokenSource {
        &self.source
    }

    /// When the token ends, where that is known.
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// What is known of the token offline, judged for a use. None for a token that is no macaroon: nothing is known of it.
    ///
    /// A token that must be one of PyPI's ([`TokenShape::Pypi`]) and cannot be read is an error.
    pub fn judge(&self, shape: TokenShape, wanted: TokenUse<'_>) -> Result<Option<TokenFacts>, UnfitToken> {
        let facts = match (TokenFacts::read(&self.token), shape) {
            (Ok(facts), _) => facts,
            (Err(error), TokenShape::Pypi) => return Err(UnfitToken::Unreadable(error)),
            (Err(_), TokenShape::Opaque) => return Ok(None),
        };
        facts.judge(wanted)?;
        Ok(Some(facts))
    }

    /// The credential for this project and the next fifteen minutes only, where the token is one of PyPI's making.
    ///
    /// None for a token of another make, and for one that ends in fifteen minutes anyway.
    pub fn narrowed(&self, project: &PackageName, now: Timestamp) -> Option<Self> {
        let ends_soon = |expires: Timestamp| (expires.moment() - now.moment()).whole_seconds() <= NARROWED_SECONDS;
        if self.expires.is_some_and(ends_soon) {
            return None;
        }
        let token = self.token.narrowed(project, now).ok()?;
        Some(Self::new(token, self.source.clone()))
    }
}

/// Why a token is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitToken {
    /// It is not whole.
    #[error(transparent)]
    Unreadable(#[from] MacaroonError),
    /// It is for something else.
    #[error(transparent)]
    Misfit(#[from] TokenMisfit),
}

impl UnfitToken {
    /// Whether the token itself is wrong, and not only its use.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Misfit(TokenMisfit::Expired(_) | TokenMisfit::NotYet(_) | TokenMisfit::OtherProject { .. })
        )
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable(_) => {
                "copy the whole token as the index shows it, from \"pypi-\" to its end, and store it again".to_owned()
            }
            Self::Misfit(misfit) => misfit.hint(),
        }
    }
}
