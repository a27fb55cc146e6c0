//! How publishing authenticates, as far as environment and configuration say it.

use cli_support::Context;
use setup_rules::PublishSettings;

#[derive(Debug)]
pub(crate) struct Settings {
    role_arn: Option<String>,
    region: Option<String>,
    secret_name: Option<String>,
    repository: Option<String>,
}

impl Settings {
    pub(crate) fn of(cx: &mut Context) -> anyhow::Result<Self> {
        // Read for its errors: a configuration that cannot be read is exit 2 in every step.
        cx.config()?;
        let var = |name: &str| cx.var(name).map(str::to_owned);
        Ok(Self {
            role_arn: var("AWS_ROLE_ARN"),
            region: var("AWS_REGION"),
            secret_name: var("AWS_SECRET_NAME"),
            repository: var("GITHUB_REPOSITORY"),
        })
    }

    pub(crate) fn borrowed(&self) -> PublishSettings<'_> {
        PublishSettings {
            auth: None,
            role_arn: self.role_arn.as_deref(),
            region: self.region.as_deref(),
            secret_name: self.secret_name.as_deref(),
            repository: self.repository.as_deref(),
        }
    }
}
