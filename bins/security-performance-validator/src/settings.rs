//! How publishing authenticates, as far as environment and configuration say it.

use cli_support::Context;
use setup_rules::{PublishAuth, PublishSettings};

#[derive(Debug)]
pub(crate) struct Settings {
    auth: Option<PublishAuth>,
    role_arn: Option<String>,
    region: Option<String>,
    secret_name: Option<String>,
    repository: Option<String>,
}

impl Settings {
    pub(crate) fn of(cx: &mut Context) -> anyhow::Result<Self> {
        let auth = cx.config()?.publish.auth;
        let var = |name: &str| cx.var(name).map(str::to_owned);
        Ok(Self {
            auth,
            role_arn: var("AWS_ROLE_ARN"),
            region: var("AWS_REGION"),
            secret_name: var("AWS_SECRET_NAME"),
            repository: var("GITHUB_REPOSITORY"),
        })
    }

    pub(crate) fn borrowed(&self) -> PublishSettings<'_> {
        PublishSettings {
            auth: self.auth,
            role_arn: self.role_arn.as_deref(),
            region: self.region.as_deref(),
            secret_name: self.secret_name.as_deref(),
            repository: self.repository.as_deref(),
        }
    }
}
