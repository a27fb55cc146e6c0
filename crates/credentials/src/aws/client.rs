use std::time::Duration;

use aws_sdk_secretsmanager::{config as secrets_config, primitives::Blob};
use aws_sdk_sts::config::{
    BehaviorVersion, Credentials, Region, SharedHttpClient, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use url::Url;
use web_address::is_loopback;

use super::{AwsError, AwsFailure, AwsSettings, RoleArn, Stage, StoredSecret, stored::clean_id};
use crate::{
    IdToken, Patience, Secret,
    http::{ATTEMPT, CONNECT},
};

/// Time for one call, further tries included.
const CALL: Duration = Duration::from_secs(45);

/// How long a session lasts, in seconds: the shortest that STS gives.
const SESSION_SECONDS: i32 = 900;

/// The keys with which requests to AWS are signed.
#[derive(Debug)]
pub struct AwsKeys {
    /// The id of the key.
    pub access_key_id: Secret,
    /// The key.
    pub secret_access_key: Secret,
    /// The token that belongs to a key that ends.
    pub session_token: Option<Secret>,
}

/// What a session is for, which is all that it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading the secret.
    Read,
    /// Reading it and storing another value.
    Rotate,
}

impl Access {
    fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["secretsmanager:GetSecretValue"],
            Self::Rotate => &["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        }
    }

    fn key_actions(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["kms:Decrypt"],
            Self::Rotate => &["kms:Decrypt", "kms:GenerateDataKey"],
        }
    }
}

/// Assumes a role with an identity token, for fifteen minutes, under a name that leads from AWS's logs to the run, and with a policy
/// that leaves of the role's rights only what is needed.
pub async fn assume(
    role: &RoleArn,
    settings: &AwsSettings,
    identity: &IdToken,
    session: &str,
    access: Access,
    patience: Patience,
) -> Result<AwsKeys, AwsError> {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region().to_owned()))
        .http_client(http_client(settings.sts()))
        .retry_config(retries(patience))
        .timeout_config(timeouts());
    let config = match settings.sts() {
        Some(endpoint) => config.endpoint_url(endpoint.as_str()),
        None => config,
    };
    let answer = aws_sdk_sts::Client::from_conf(config.build())
        .assume_role_with_web_identity()
        .role_arn(role.as_str())
        .role_session_name(session)
        .web_identity_token(identity.token().expose())
        .duration_seconds(SESSION_SECONDS)
        .policy(settings.session_policy(role, access.actions(), access.key_actions()))
        .send()
        .await
        .map_err(|error| AwsError::of(Stage::AssumeRole, &error, settings).for_role(role, identity.claims()))?;
    let keys = answer.credentials.ok_or_else(|| AwsError::new(Stage::AssumeRole, AwsFailure::Answer, settings))?;
    Ok(AwsKeys {
        access_key_id: Secret::new(keys.access_key_id),
        secret_access_key: Secret::new(keys.secret_access_key),
        session_token: Some(Secret::new(keys.session_token)),
    })
}

/// Reads the current value of the secret.
pub async fn read_secret(settings: &AwsSettings, keys: &AwsKeys, patience: Patience) -> Result<StoredSecret, AwsError> {
    let client = secrets(settings, keys, patience);
    let answer = client.get_secret_value().secret_id(settings.secret()).send().await;
    let answer = answer.map_err(|error| AwsError::of(Stage::ReadSecret, &error, settings))?;
    let stored = match (answer.secret_string, answer.secret_binary) {
        (Some(text), _) => Ok(StoredSecret::text(Secret::new(text))),
        (None, Some(bytes)) => StoredSecret::binary(bytes.into_inner()),
        (None, None) => Ok(StoredSecret::empty()),
    };
    let stored = stored.map_err(|error| AwsError::content(error, settings))?;
    Ok(stored.in_version(answer.version_id.as_deref(), answer.version_stages.as_deref().unwrap_or_default()))
}

/// The current value; none where the secret has not got one yet.
pub async fn read_secret_if_there(
    settings: &AwsSettings,
    keys: &AwsKeys,
    patience: Patience,
) -> Result<Option<StoredSecret>, AwsError> {
    match read_secret(settings, keys, patience).await {
        Ok(stored) => Ok(Some(stored)),
        // AWS has one code for a secret that is not there and for one without a value, and says which in words only: storing
        // a value tells the two apart.
        Err(error) if error.failure() == AwsFailure::NoSecret => Ok(None),
        Err(error) => Err(error),
    }
}

/// Stores another value and proves that it is the current one. Gives the version's id.
pub async fn replace_secret(
    settings: &AwsSettings,
    keys: &AwsKeys,
    value: &Secret,
    is_binary: bool,
    patience: Patience,
) -> Result<String, AwsError> {
    let client = secrets(settings, keys, patience);
    let request = client.put_secret_value().secret_id(settings.secret());
    let request = if is_binary {
        request.secret_binary(Blob::new(value.expose().as_bytes()))
    } else {
        request.secret_string(value.expose())
    };
    let answer = request.send().await.map_err(|error| AwsError::of(Stage::ReplaceSecret, &error, settings))?;
    let version = clean_id(&answer.version_id.unwrap_or_default());
    let mut tries = 0;
    loop {
        tries += 1;
        let current = read_secret(settings, keys, patience).await?;
        if current.value().expose() == value.expose() && current.version() == Some(&version) && current.is_current() {
            return Ok(version);
        }
        // Another place of the service may still give the value of before.
        if !patience.wait(tries, None).await {
            return Err(AwsError::new(Stage::ReplaceSecret, AwsFailure::NotCurrent, settings));
        }
    }
}

fn secrets(settings: &AwsSettings, keys: &AwsKeys, patience: Patience) -> aws_sdk_secretsmanager::Client {
    let credentials = Credentials::new(
        keys.access_key_id.expose(),
        keys.secret_access_key.expose(),
        keys.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "relwarden",
    );
    let config = secrets_config::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region().to_owned()))
        .credentials_provider(credentials)
        .http_client(http_client(settings.secrets()))
        .retry_config(retries(patience))
        .timeout_config(timeouts());
    let config = match settings.secrets() {
        Some(endpoint) => config.endpoint_url(endpoint.as_str()),
        None => config,
    };
    aws_sdk_secretsmanager::Client::from_conf(config.build())
}

fn retries(patience: Patience) -> RetryConfig {
    // The SDK's jitter takes a part of the wait, so that twice of ours is about the same.
    RetryConfig::standard().with_max_attempts(patience.tries).with_initial_backoff(patience.first_wait * 2)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build()
}

/// TLS by ring, with the machine's own certificates. Proxies are taken from the environment, but never for this machine.
fn http_client(endpoint: Option<&Url>) -> SharedHttpClient {
    let is_here = endpoint.is_some_and(is_loopback);
    http_client_fn(move |settings, components| {
        let mut connector = Connector::builder().connector_settings(settings.clone());
        connector.set_sleep_impl(components.sleep_impl());
        let proxy = if is_here { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let tls = Provider::Rustls(CryptoMode::Ring);
        SharedHttpConnector::new(connector.proxy_config(proxy).tls_provider(tls).build())
    })
}
