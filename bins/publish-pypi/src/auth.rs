//! The credential for an index: which way it is had, and what is proven on the way.

mod aws;
mod place;
mod proof;
mod renewal;
mod trusted;

use cli_support::{Context, ExitStatus, Failure};
use credentials::{
    Claims, ErrorKind, IdTokenError, IdTokenSource, IndexCredential, IndexIdentity, Job, Patience, Present,
    PublishAuth, Secret, TokenError, TokenFacts, TrustedError, choose,
};
use dist_check::Target;
use pypi_publish::IndexAddress;

pub(crate) use self::{
    aws::{failed as aws_failed, keys, settings},
    place::Place,
    proof::Proof,
    renewal::Renewal,
};
use crate::{failure, index::block_on};

/// The environment variable that holds the token.
const TOKEN_VARIABLE: &str = "PYPI_TOKEN";

/// How to prove who publishes
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Auth {
    /// Trusted publishing: the index knows this workflow
    Trusted,
    /// A token in AWS Secrets Manager, by the workflow's identity and AWS_ROLE_ARN, AWS_REGION, AWS_SECRET_NAME
    Aws,
    /// The token in the environment variable PYPI_TOKEN
    Env,
    /// No credential, for an index of one's own that asks for none
    None,
}

impl From<Auth> for PublishAuth {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::Trusted => Self::Trusted,
            Auth::Aws => Self::Aws,
            Auth::Env => Self::Env,
            Auth::None => Self::None,
        }
    }
}

/// A credential, what was proven on the way to it, and how to get another one when it ends.
pub(crate) struct Credential {
    pub(crate) for_index: Option<IndexCredential>,
    pub(crate) proof: Proof,
    pub(crate) renewal: Option<Renewal>,
}

/// The credential that `--auth` or the configuration asks for; else by the one way that is open. Rules of protection are judged
/// first, and again with what GitHub says of the job.
pub(crate) fn credential(auth: Option<Auth>, address: &IndexAddress, cx: &mut Context) -> anyhow::Result<Credential> {
    let place = Place::of(address, cx)?;
    place.protection.judge_job(&place.job).map_err(|denial| {
        let hint = denial.hint();
        failure::with_status(denial, ExitStatus::Refused, hint, place.cannot_publish())
    })?;
    let token = cx.take_secret(TOKEN_VARIABLE);
    if let Some(token) = &token {
        cx.hide(token);
    }
    let identity = identity(&place.job, cx);
    let configured = cx.config()?.publish.auth;
    let auth = match auth.map(PublishAuth::from).or(configured) {
        Some(auth) => auth,
        None => by_presence(&place, token.is_some(), identity.is_ok(), cx)?,
    };
    match auth {
        PublishAuth::Trusted => trusted::credential(&place, identity, cx),
        PublishAuth::Aws => aws::credential(&place, identity, cx),
        PublishAuth::Env => {
            let claims = judge_by_identity(&place, identity, cx)?;
            let value = token.ok_or_else(|| no_token(address))?;
            let credential = parse_token(value, address)?;
            finish(PublishAuth::Env, credential, claims.as_ref(), &place, cx)
        }
        PublishAuth::None => {
            if address.target() == Target::PyPi {
                let what = format!("{} takes no upload without a credential", address.upload_url());
                return Err(Failure::new(ExitStatus::Usage, what).hint("leave --auth none out").into());
            }
            let claims = judge_by_identity(&place, identity, cx)?;
            Ok(Credential { for_index: None, proof: Proof::new(auth, claims.as_ref()), renewal: None })
        }
    }
}

/// The token of the environment, if there is one, for reading an index that shows nothing without. PyPI shows everything to
/// everybody, and no index is shown a token that another one made.
pub(crate) fn token_at_hand(address: &IndexAddress, cx: &mut Context) -> anyhow::Result<Option<IndexCredential>> {
    let Some(value) = cx.take_secret(TOKEN_VARIABLE).filter(|_| address.target() != Target::PyPi) else {
        return Ok(None);
    };
    cx.hide(&value);
    let credential = parse_token(value, address)?;
    cx.hide(credential.token().basic().expose());
    let index = IndexIdentity::of_host(address.upload_url().host_str().unwrap_or_default());
    let is_foreign = TokenFacts::read(credential.token()).is_ok_and(|facts| !facts.may_be_sent_to(&index));
    Ok(Some(credential).filter(|_| !is_foreign))
}

/// Where to ask who this job is. A source that is not there is an error only for what needs one.
pub(crate) fn identity(job: &Job, cx: &Context) -> Result<IdTokenSource, IdTokenError> {
    let bearer = cx.var("ACTIONS_ID_TOKEN_REQUEST_TOKEN").map(|bearer| Secret::new(bearer.to_owned()));
    if let Some(bearer) = &bearer {
        cx.hide(bearer.expose());
    }
    IdTokenSource::new(cx.var("ACTIONS_ID_TOKEN_REQUEST_URL"), bearer, job)
}

/// The one way that is open.
fn by_presence(place: &Place, token: bool, identity: bool, cx: &Context) -> anyhow::Result<PublishAuth> {
    let aws = ["AWS_ROLE_ARN", "AWS_SECRET_NAME"].iter().any(|name| cx.var(name).is_some());
    // A token that was passed goes before trusted publishing, so that the index need not be asked.
    let trusted = identity && !token && trusted::is_offered(place)?;
    choose(Present { trusted, aws, token }).map_err(|error| {
        let what = match error {
            credentials::ChoiceError::Nothing => {
                format!("there is no credential for {}", place.address.upload_url())
            }
            credentials::ChoiceError::Both(..) => place.cannot_publish(),
        };
        failure::with_status(error, ExitStatus::Usage, error.hint(), what).into()
    })
}

fn no_token(address: &IndexAddress) -> Failure {
    let what = format!("there is no credential for {}: PYPI_TOKEN is not set, or empty", address.upload_url());
    let hint = "set the environment variable PYPI_TOKEN to a token of the index; in a workflow, pass it to this step only (a secret \
                that the repository or its environment does not have arrives as empty text)";
    Failure::new(ExitStatus::Usage, what).hint(hint)
}

fn parse_token(value: String, address: &IndexAddress) -> Result<IndexCredential, Failure> {
    IndexCredential::from_environment(TOKEN_VARIABLE, value, address.token_shape()).map_err(|error: TokenError| {
        let what = format!("the environment variable {TOKEN_VARIABLE} holds no token for {}", address.upload_url());
        failure::with_status(error, ExitStatus::Usage, error.hint(), what)
    })
}

/// Judges the rules by GitHub's word too, for a credential that is had without it.
fn judge_by_identity(
    place: &Place,
    identity: Result<IdTokenSource, IdTokenError>,
    cx: &Context,
) -> anyhow::Result<Option<Claims>> {
    if place.protection.is_empty() || !place.job.in_actions {
        return Ok(None);
    }
    let source = match identity {
        Ok(source) => source,
        Err(error) if place.protection.needs_claims() => return Err(place.cannot_be_judged(error).into()),
        // The variables were judged, and this job cannot ask for more.
        Err(_no_source) => return Ok(None),
    };
    let token = block_on(source.request(credentials::OWN_AUDIENCE, Patience::default()))?;
    let token = token.map_err(|error| place.identity_failed(error))?;
    cx.hide(token.token().expose());
    place.admits(token.claims())?;
    Ok(Some(token.claims().clone()))
}

/// Judges a token by what it says of itself, narrows it to this project and the next minutes, and hides all of its forms.
fn finish(
    auth: PublishAuth,
    credential: IndexCredential,
    claims: Option<&Claims>,
    place: &Place,
    cx: &Context,
) -> anyhow::Result<Credential> {
    let hide = |credential: &IndexCredential| {
        cx.hide(credential.token().expose());
        cx.hide(credential.token().basic().expose());
    };
    hide(&credential);
    let facts = match auth {
        // The index made it just now, for this job.
        PublishAuth::Trusted => TokenFacts::read(credential.token()).ok(),
        _ => place.judge(&credential)?,
    };
    let mut proof = Proof::new(auth, claims);
    let narrowed = match auth {
        // It is for a quarter of an hour already.
        PublishAuth::Trusted => None,
        _ => credential.narrowed(&place.project, cx.now()),
    };
    proof.token(&credential, facts.as_ref(), narrowed.as_ref());
    let Some(narrowed) = narrowed else {
        return Ok(Credential { for_index: Some(credential), proof, renewal: None });
    };
    hide(&narrowed);
    let renewal = Some(Renewal::narrowing(credential, place, cx));
    Ok(Credential { for_index: Some(narrowed), proof, renewal })
}

/// The exit status of a class of failures.
pub(crate) fn status(kind: ErrorKind) -> ExitStatus {
    match kind {
        ErrorKind::Configuration => ExitStatus::Usage,
        ErrorKind::Refused => ExitStatus::Refused,
        ErrorKind::Outside => ExitStatus::Outside,
    }
}

/// Trusted publishing failed.
fn trusted_failed(error: TrustedError, place: &Place) -> Failure {
    let (status, hint) = (status(error.kind()), error.hint());
    let what = format!("cannot get a token of {} by trusted publishing", place.address.upload_url());
    failure::with_status(error, status, &hint, what)
}
