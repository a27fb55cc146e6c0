//! Messages to a webhook about the end of a publish.

use cli_support::{
    Context,
    config::{NotifyFormat, NotifyOn},
};
use pypi_publish::{NotifyError, Webhook, slack_text};
use serde_json::{Value, json};

use crate::{index::block_on, report::Document};

/// Tells whoever the configuration names. What goes wrong with it is a warning and changes nothing.
pub(crate) fn tell(document: &Document, cx: &mut Context) -> anyhow::Result<()> {
    let settings = cx.config()?.publish.notify.clone();
    let end = if document.has_failed() { NotifyOn::Failure } else { NotifyOn::Success };
    let Some(variable) = settings.url_env.filter(|_| settings.on.contains(&end)) else {
        return Ok(());
    };
    let told = match cx.take_secret(&variable) {
        None => Err(format!("the environment variable {variable} is not set")),
        Some(address) => send(&address, settings.format, document, cx)?.map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("{error}{cause}")
        }),
    };
    if let Err(why) = told {
        let message = format!("nobody was notified: {why}");
        cx.note(format!("warning: {message}"))?;
        cx.actions().warning(&message);
    }
    Ok(())
}

fn send(
    address: &str,
    format: NotifyFormat,
    document: &Document,
    cx: &Context,
) -> anyhow::Result<Result<(), NotifyError>> {
    let webhook = match Webhook::parse(address) {
        Ok(webhook) => webhook,
        Err(error) => return Ok(Err(error)),
    };
    let run = run_address(cx);
    let body = match format {
        NotifyFormat::Slack => json!({ "text": slack_text(&document.message(run.as_deref())) }),
        NotifyFormat::Json => {
            let mut body = serde_json::to_value(document)?;
            if let Value::Object(keys) = &mut body {
                let outcome = if document.has_failed() { "failure" } else { "success" };
                keys.insert("event".to_owned(), "publish".into());
                keys.insert("outcome".to_owned(), outcome.into());
                keys.insert("run".to_owned(), run.into());
            }
            body
        }
    };
    block_on(pypi_publish::notify(&webhook, &body))
}

/// The address of the workflow run.
fn run_address(cx: &Context) -> Option<String> {
    let (server, repository, id) =
        (cx.var("GITHUB_SERVER_URL")?, cx.var("GITHUB_REPOSITORY")?, cx.var("GITHUB_RUN_ID")?);
    Some(format!("{server}/{repository}/actions/runs/{id}"))
}
