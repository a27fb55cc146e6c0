//! The identity token of the job that runs, for signing.

use cli_support::{Context, Failure};
use credentials::{IdToken, IdTokenError, Job, Patience};

use crate::{auth, failure, index::block_on};

/// Whom Sigstore's certificate authority wants identity tokens to be addressed to.
const AUDIENCE: &str = "sigstore";

/// Asks GitHub for an identity token for Sigstore.
pub(super) fn request(cx: &Context) -> anyhow::Result<IdToken> {
    let failed = |error: IdTokenError| -> Failure {
        let (status, hint) = (auth::status(error.kind()), error.hint());
        failure::with_status(error, status, hint, "cannot have an identity token of this job".to_owned())
    };
    let source = auth::identity(&Job::read(|name| cx.var(name)), cx).map_err(failed)?;
    let token = block_on(source.request(AUDIENCE, Patience::default()))?.map_err(failed)?;
    cx.hide(token.token().expose());
    Ok(token)
}
