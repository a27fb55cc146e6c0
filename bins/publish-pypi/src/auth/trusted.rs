use cli_support::{Context, Failure};
use credentials::{
    IdToken, IdTokenError, IdTokenSource, IndexCredential, IndexIdentity, Patience, PublishAuth, TrustedError,
    TrustedPublishing,
};

use super::{Credential, Place, Renewal, finish, trusted_failed};
use crate::index::block_on;

/// Why no token was minted: the index, or a rule of the project's own.
pub(super) enum Unminted {
    Trusted(TrustedError),
    Denied(Failure),
}

impl From<TrustedError> for Unminted {
    fn from(error: TrustedError) -> Self {
        Self::Trusted(error)
    }
}

impl Unminted {
    pub(super) fn into_failure(self, place: &Place) -> Failure {
        match self {
            Self::Trusted(error) => trusted_failed(error, place),
            Self::Denied(failure) => failure,
        }
    }
}

/// Whether the index offers trusted publishing. PyPI and TestPyPI do; another one is asked.
pub(super) fn is_offered(place: &Place) -> anyhow::Result<bool> {
    if !matches!(place.index, IndexIdentity::Other(_)) {
        return Ok(true);
    }
    let asked = TrustedPublishing::at(place.address.upload_url());
    let asked =
        asked.map(|index| block_on(index.audience(Patience::default()))).map_err(|e| trusted_failed(e, place))?;
    match asked? {
        Ok(_) => Ok(true),
        Err(TrustedError::NotOffered { .. } | TrustedError::Answer(_)) => Ok(false),
        Err(error) => Err(trusted_failed(error, place).into()),
    }
}

/// A token that the index mints for this job.
pub(super) fn credential(
    place: &Place,
    identity: Result<IdTokenSource, IdTokenError>,
    cx: &Context,
) -> anyhow::Result<Credential> {
    let failed = |error| trusted_failed(error, place);
    let source = identity.map_err(|error| failed(TrustedError::Identity(error)))?;
    let index = TrustedPublishing::at(place.address.upload_url()).map_err(failed)?;
    let masks = cx.masks();
    let minted = block_on(async {
        let audience = index.audience(Patience::default()).await?;
        let look = |identity: &IdToken| {
            masks.hide(identity.token().expose());
            place.admits(identity.claims()).map_err(Unminted::Denied)
        };
        index.mint(&source, &audience, Patience::default(), look).await
    })?;
    let minted = minted.map_err(|error| error.into_failure(place))?;
    let claims = minted.claims.clone();
    let credential = IndexCredential::minted(minted);
    let mut credential = finish(PublishAuth::Trusted, credential, Some(&claims), place, cx)?;
    credential.renewal = Some(Renewal::minting(index, source, place.now, masks));
    Ok(credential)
}
