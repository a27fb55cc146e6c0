use cli_support::{Context, ExitStatus, Failure};
use credentials::{
    Claims, IdTokenError, IdTokenSource, IndexCredential, Patience, PublishAuth, Secret, TokenSource,
    aws::{self, Access, AwsError, AwsKeys, AwsSettings, Owner, RoleArn, SettingsError},
};

use super::{Credential, Place, finish, proof::AwsProof, status};
use crate::{failure, index::block_on};

/// The keys with which AWS is asked, and whose they are.
pub(crate) struct Keys {
    pub(crate) signing: AwsKeys,
    pub(crate) role: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) claims: Option<Claims>,
}

pub(super) fn credential(
    place: &Place,
    identity: Result<IdTokenSource, IdTokenError>,
    cx: &mut Context,
) -> anyhow::Result<Credential> {
    let settings = settings(cx)?;
    let keys = by_role(&settings, Access::Read, place, identity, cx)?;
    let stored = block_on(aws::read_secret(&settings, &keys.signing, Patience::default()))?;
    let stored = stored.map_err(|error| failed(error, &settings))?;
    cx.hide(stored.value().expose());
    let what = || format!("the secret {} holds no token for this publish", settings.secret());
    let unfit = |error: aws::StoredError| failure::with_status(error.clone(), ExitStatus::Usage, error.hint(), what());
    let names = place.index_names();
    let owner = Owner { project: &place.project, index: &names, repository: place.job.repository.as_deref() };
    stored.judge(owner).map_err(unfit)?;
    let token = stored.token(place.address.token_shape()).map_err(unfit)?;
    let source = TokenSource::AwsSecret { name: settings.secret().to_owned(), region: settings.region().to_owned() };
    let credential = IndexCredential::new(token, source);
    let mut credential = finish(PublishAuth::Aws, credential, keys.claims.as_ref(), place, cx)?;
    credential.proof.aws = Some(AwsProof {
        role: keys.role,
        session: keys.session,
        region: settings.region().to_owned(),
        secret: settings.secret().to_owned(),
        version: stored.version().map(str::to_owned),
    });
    Ok(credential)
}

/// The settings of the environment. Addresses that stand in for AWS's own are told.
pub(crate) fn settings(cx: &mut Context) -> anyhow::Result<AwsSettings> {
    let settings = AwsSettings::read(|name| cx.var(name)).map_err(|error| unset(&error))?;
    let overridden: Vec<String> = settings.overridden().map(ToString::to_string).collect();
    if let Some(first) = overridden.first() {
        cx.note(format!("warning: {first} stands in for AWS"))?;
    }
    Ok(settings)
}

/// Keys for this: those of the environment where there are some, else a session of the role.
pub(crate) fn keys(settings: &AwsSettings, access: Access, place: &Place, cx: &mut Context) -> anyhow::Result<Keys> {
    let mut take = |name: &str| {
        let secret = cx.take_secret(name);
        if let Some(secret) = &secret {
            cx.hide(secret);
        }
        secret.map(Secret::new)
    };
    let (id, key) = (take("AWS_ACCESS_KEY_ID"), take("AWS_SECRET_ACCESS_KEY"));
    if let (Some(access_key_id), Some(secret_access_key)) = (id, key) {
        let session_token = take("AWS_SESSION_TOKEN");
        let keys = AwsKeys { access_key_id, secret_access_key, session_token };
        return Ok(Keys { signing: keys, role: None, session: None, claims: None });
    }
    if cx.var("AWS_ROLE_ARN").is_none() {
        let what = "there is nothing to prove to AWS who asks";
        let hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN for a session), or run in a job with \
                    `permissions: id-token: write` and AWS_ROLE_ARN";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    let identity = super::identity(&place.job, cx);
    by_role(settings, access, place, identity, cx)
}

fn by_role(
    settings: &AwsSettings,
    access: Access,
    place: &Place,
    identity: Result<IdTokenSource, IdTokenError>,
    cx: &Context,
) -> anyhow::Result<Keys> {
    let role = cx.var("AWS_ROLE_ARN").ok_or(SettingsError::Missing("AWS_ROLE_ARN"));
    let role = role.and_then(RoleArn::parse).map_err(|error| unset(&error))?;
    let source = identity.map_err(|error| place.identity_failed(error))?;
    let token = block_on(source.request(settings.audience(), Patience::default()))?;
    let token = token.map_err(|error| place.identity_failed(error))?;
    cx.hide(token.token().expose());
    if access == Access::Read {
        place.admits(token.claims())?;
    }
    let session = place.job.session_name();
    let keys = block_on(aws::assume(&role, settings, &token, &session, access, Patience::default()))?;
    let keys = keys.map_err(|error| failed(error, settings))?;
    cx.hide(keys.secret_access_key.expose());
    cx.hide(keys.access_key_id.expose());
    if let Some(session_token) = &keys.session_token {
        cx.hide(session_token.expose());
    }
    let claims = Some(token.claims().clone());
    Ok(Keys { signing: keys, role: Some(role.to_string()), session: Some(session), claims })
}

/// A call to AWS failed.
pub(crate) fn failed(error: AwsError, settings: &AwsSettings) -> Failure {
    let (status, hint) = (status(error.kind()), error.hint());
    let what = format!("cannot use the secret {} of AWS Secrets Manager in {}", settings.secret(), settings.region());
    failure::with_status(error, status, &hint, what)
}

fn unset(error: &SettingsError) -> Failure {
    let what = "the settings for AWS in the environment cannot be used";
    failure::with_status(error.clone(), ExitStatus::Usage, error.hint(), what.to_owned())
}
