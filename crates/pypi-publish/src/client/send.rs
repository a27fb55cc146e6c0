use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use credentials::{IndexCredential, redact};
use dist_check::Distribution;
use findings_model::text;
use reqwest::{
    Body, Response,
    header::{ACCEPT, DATE, RETRY_AFTER},
    multipart::{Form, Part},
};
use serde::Deserialize;

use super::IndexClient;
use crate::{
    Content,
    content::{Flaw, FlawSlot},
    form,
    retry::{is_temporary, retry_after},
};

/// Time for one upload beyond what its bytes need.
const UPLOAD: Duration = Duration::from_mins(1);
/// The slowest line that an upload of any size is given time for, in bytes a second.
const SLOWEST_LINE: u64 = 256 << 10;
/// How much of an answer is read, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;
/// How much of an index's words is passed on, in characters.
const LONGEST_WORDS: usize = 300;

/// What became of one upload request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A success.
    Taken,
    /// 401 or 403.
    Refused { status: u16, said: Option<String> },
    /// A status that another try does not change: the file may be there, or be rejected.
    Denied { status: u16, said: Option<String> },
    /// A redirect, which is not followed.
    Redirected { status: u16 },
    /// A temporary failure that the index told of.
    Temporary { status: u16, said: Option<String>, retry_after: Option<Duration> },
    /// The connection failed; whether the file arrived is unknown.
    Lost { source: reqwest::Error },
    /// The file itself could not be sent as it was checked.
    Flawed(Flaw),
}

#[derive(Deserialize)]
struct Words {
    message: Option<String>,
    code: Option<String>,
    detail: Option<String>,
}

impl IndexClient {
    /// Sends one file, once.
    pub(crate) async fn send(&self, distribution: &Distribution, content: &Content) -> Answer {
        let slot: FlawSlot = Arc::new(Mutex::new(None));
        let (size, digest) = (distribution.size(), distribution.sha256());
        let mut upload = Form::new();
        for (field, value) in form::fields(distribution) {
            upload = upload.text(field, value);
        }
        let body = Body::wrap_stream(content.stream(size, digest, Arc::clone(&slot)));
        let part = Part::stream_with_length(body, size).file_name(distribution.file_name().to_owned());
        let part = match part.mime_str("application/octet-stream") {
            Ok(part) => part,
            Err(source) => return Answer::Lost { source },
        };
        let time = UPLOAD + Duration::from_secs(size / SLOWEST_LINE);
        let answer = self.post(upload.part("content", part), time).await;
        // A broken-off request may still be answered; what was wrong with the file comes first.
        match slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(flaw) => Answer::Flawed(flaw),
            None => answer,
        }
    }

    /// Asks the upload address about the credential alone, with a form that holds no file and changes nothing.
    ///
    /// A server may refuse an upload before it has read the file and close the connection. The HTTP client then
    /// reports that it could not write, and the answer is lost; this small request fits into one write.
    pub(crate) async fn refusal(&self) -> Option<(u16, Option<String>)> {
        let form = Form::new().text(":action", "file_upload").text("protocol_version", "1");
        match self.post(form, UPLOAD).await {
            Answer::Refused { status, said } => Some((status, said)),
            _ => None,
        }
    }

    async fn post(&self, form: Form, time: Duration) -> Answer {
        let mut request = self
            .sender
            .post(self.address.upload_url().clone())
            .header(ACCEPT, "application/json")
            .timeout(time)
            .multipart(form);
        if let Some(credential) = &self.credential {
            request = request.basic_auth("__token__", Some(credential.token().expose()));
        }
        match request.send().await {
            Ok(response) => read(response, self.credential.as_ref()).await,
            Err(source) => Answer::Lost { source: source.without_url() },
        }
    }
}

async fn read(mut response: Response, credential: Option<&IndexCredential>) -> Answer {
    let status = response.status();
    if status.is_success() {
        return Answer::Taken;
    }
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = retry_after(header(RETRY_AFTER), header(DATE));
    let mut body = Vec::new();
    // The status decides; an answer whose words are cut off is as good.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            break;
        }
    }
    let said = words(&body, credential);
    match status.as_u16() {
        status @ (401 | 403) => Answer::Refused { status, said },
        status @ 300..=399 => Answer::Redirected { status },
        status if is_temporary(status) => Answer::Temporary { status, said, retry_after },
        status => Answer::Denied { status, said },
    }
}

/// The index's own words, to be shown: from JSON (PyPI, devpi), else from the text of an HTML page.
fn words(body: &[u8], credential: Option<&IndexCredential>) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    let from_json =
        serde_json::from_str::<Words>(&body).ok().and_then(|words| words.code.or(words.message).or(words.detail));
    let text = from_json.unwrap_or_else(|| without_tags(&body));
    let line = text::one_line(&redact(&text, credential.map(IndexCredential::token)));
    (!line.is_empty()).then(|| text::shorten(&line, LONGEST_WORDS).into_owned())
}

/// The text of an HTML page without its head, styles and tags.
fn without_tags(html: &str) -> String {
    let body = html.find("</head>").map_or(html, |end| &html[end + 7..]);
    let mut text = String::new();
    for (number, piece) in body.split('<').enumerate() {
        let piece = if number == 0 { piece } else { piece.split_once('>').map_or("", |(_, behind)| behind) };
        text.push_str(piece);
        text.push(' ');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indexs_words_are_short_plain_and_without_secrets() {
        let json = br#"{"message":"x","code":"400 File already\nexists","title":"Bad Request"}"#;
        assert_eq!(words(json, None).as_deref(), Some("400 File already exists"));
        let html =
            b"<html><head><title>E</title><style>x{}</style></head><body><h1>Error</h1><pre>no: &#039;</pre></body>";
        assert_eq!(words(html, None).as_deref(), Some("Error no: &#039;"));
        let echo = format!("bad token pypi-{}", "A".repeat(200));
        assert_eq!(words(echo.as_bytes(), None).as_deref(), Some("bad token ***"));
        assert_eq!(words(b"", None), None);
        assert_eq!(words("x".repeat(1000).as_bytes(), None).unwrap().chars().count(), LONGEST_WORDS + 3);
    }
}
