//! One message to a webhook: how a publish ended.

use std::{fmt, time::Duration};

use serde_json::Value;
use url::Url;
use web_address::{is_loopback, may_be_asked};

/// Time for one message.
const MESSAGE: Duration = Duration::from_secs(10);
/// The longest text that Slack shows of a message, in characters.
const LONGEST_TEXT: usize = 3000;

/// The address of a webhook. Whoever knows it may post there, so it is never shown.
pub struct Webhook(Url);

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

/// Why somebody was not told. Messages do not hold the address.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// No address that may be used.
    #[error("the webhook's address is not an https URL")]
    Address,
    /// No answer.
    #[error("the webhook could not be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The webhook did not take it.
    #[error("the webhook answered with status {0}")]
    Status(u16),
}

impl Webhook {
    /// Takes the address of a webhook: https, or http on this machine.
    pub fn parse(address: &str) -> Result<Self, NotifyError> {
        let url = Url::parse(address.trim()).map_err(|_| NotifyError::Address)?;
        if may_be_asked(&url) { Ok(Self(url)) } else { Err(NotifyError::Address) }
    }
}

/// Posts a JSON document to a webhook, once.
pub async fn notify(webhook: &Webhook, document: &Value) -> Result<(), NotifyError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("relwarden-publish-pypi/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(MESSAGE);
    let builder = if is_loopback(&webhook.0) { builder.no_proxy() } else { builder };
    let unreachable = |error: reqwest::Error| NotifyError::Unreachable(error.without_url());
    let client = builder.build().map_err(unreachable)?;
    let response = client.post(webhook.0.clone()).json(document).send().await.map_err(unreachable)?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(NotifyError::Status(status.as_u16())) }
}

/// Lines of text as Slack shows them: nothing in them becomes a link, a mention, or bold.
///
/// Slack reads `&`, `<` and `>`; the signs of its own markup are broken by a character without width.
pub fn slack_text(lines: &[String]) -> String {
    let mut out = String::new();
    for line in lines {
        if !out.is_empty() {
            out.push('\n');
        }
        for c in findings_model::text::one_line(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '*' | '~' | '`' | '@' | '#' => {
                    out.push(c);
                    out.push('\u{200b}');
                }
                c => out.push(c),
            }
        }
    }
    findings_model::text::shorten(&out, LONGEST_TEXT).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_safe_and_secret() {
        assert!(Webhook::parse("https://hooks.example/services/SECRET").is_ok());
        assert!(Webhook::parse("http://127.0.0.1:1/SECRET").is_ok());
        for wrong in ["http://hooks.example/SECRET", "hooks.example/SECRET", "file:///SECRET"] {
            let error = Webhook::parse(wrong).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("SECRET"));
        }
        let webhook = Webhook::parse("https://hooks.example/services/SECRET").unwrap();
        assert_eq!(format!("{webhook:?}"), "Webhook");
    }

    #[test]
    fn text_for_slack_is_text() {
        let text = slack_text(&["<!channel> & <https://evil|here>\nsecond".to_owned(), "*b* @here".to_owned()]);
        assert_eq!(text, "&lt;!channel&gt; &amp; &lt;https://evil|here&gt; second\n*\u{200b}b*\u{200b} @\u{200b}here");
    }
}
