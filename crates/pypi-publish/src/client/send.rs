use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use credentials::{IndexCredential, redact};
use dist_check::Distribution;
use findings_model::text;
use reqwest::{
    Body, Response,
    header::{ACCEPT, DATE, HeaderMap, RETRY_AFTER},
    multipart::{Form, Part},
};
use retry::{is_temporary, retry_after};
use serde::Deserialize;
use tokio::time::Instant;

use super::{IndexClient, SLOWEST_LINE};
use crate::{
    Answered, Content, LostError, RetryPolicy,
    content::{Flaw, FlawSlot, Pulse},
    form,
    page::unescape,
};

/// Time for one upload beyond what its bytes need; PyPI gives its own workers four minutes.
const UPLOAD: Duration = Duration::from_mins(5);
/// Time for a question without a file.
const QUESTION: Duration = Duration::from_mins(1);
/// How much of an answer is read, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;
/// How much of an index's words is passed on, in characters.
const LONGEST_WORDS: usize = 300;
/// Up to this size a file's BLAKE2b digest is sent too. PyPI takes one digest for enough; for a large file, another one
/// costs more time than the sending.
const BLAKE2_UP_TO: u64 = 4 << 20;
/// Headers in which servers name a request, the first that is there counts.
const REQUEST_IDS: [&str; 6] =
    ["x-request-id", "x-correlation-id", "x-amzn-requestid", "x-amz-request-id", "cf-ray", "x-served-by"];

/// What became of one upload request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A success, with the warnings that the index has.
    Taken { said: Option<String> },
    /// 401 or 403.
    Refused(Answered),
    /// A status that another try does not change: the file may be there, or be rejected.
    Denied(Answered),
    /// A redirect, which is not followed.
    Redirected(Answered),
    /// A temporary failure that the index told of.
    Temporary { answered: Answered, retry_after: Option<Duration> },
    /// No answer; whether the file arrived is unknown. `sent_all` is false if the line did not even take the whole file.
    Lost { source: LostError, sent_all: bool },
    /// The file itself could not be sent as it was checked.
    Flawed(Flaw),
}

/// What is asked with a form that lacks the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// What the index makes of the form.
    AsItIs,
    /// Whether it looks at the form at all: the version of the metadata is one that there never was.
    WithoutSense,
}

#[derive(Deserialize)]
struct Words {
    message: Option<String>,
    code: Option<String>,
    detail: Option<String>,
}

/// One file on its way: the checked file, its bytes, its attestations, and who is told of each step.
pub(crate) struct Load<'a, T> {
    pub(crate) distribution: &'a Distribution,
    pub(crate) content: &'a Content,
    pub(crate) attestations: Option<&'a str>,
    pub(crate) tell: T,
}

impl IndexClient {
    /// Sends one file, once.
    pub(crate) async fn send<T>(&self, load: Load<'_, T>, policy: &RetryPolicy) -> Answer
    where
        T: Fn(u64) + Send + Sync + 'static,
    {
        let Load { distribution, content, attestations, tell } = load;
        let (size, digest) = (distribution.size(), distribution.sha256());
        let mut upload = form_of(distribution);
        if size <= BLAKE2_UP_TO {
            match content.blake2(size) {
                Ok(digest) => upload = upload.text("blake2_256_digest", digest),
                Err(error) => return Answer::Flawed(Flaw::Unreadable(error)),
            }
        }
        if let Some(attestations) = attestations {
            upload = upload.text("attestations", attestations.to_owned());
        }
        let slot: FlawSlot = Arc::new(Mutex::new(None));
        let pulse = Arc::new(Pulse::new(size));
        let body = Body::wrap_stream(content.stream(size, digest, Arc::clone(&slot), Arc::clone(&pulse), tell));
        let part = Part::stream_with_length(body, size).file_name(distribution.file_name().to_owned());
        let part = match part.mime_str("application/octet-stream") {
            Ok(part) => part,
            Err(source) => return Answer::Lost { source: LostError::Connection(source), sent_all: false },
        };
        let time = UPLOAD + Duration::from_secs(size / SLOWEST_LINE);
        let answer = tokio::select! {
            answer = self.post(upload.part("content", part), time) => answer,
            source = silence(&pulse, policy) => Err(source),
        };
        // A broken-off request may still be answered; what was wrong with the file comes first.
        let flaw = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (flaw, answer) {
            (Some(flaw), _) => Answer::Flawed(flaw),
            (None, Ok(answer)) => answer,
            (None, Err(source)) => Answer::Lost { source, sent_all: pulse.is_complete() },
        }
    }

    /// Asks the upload address about the credential alone, with a form that holds no file and changes nothing.
    ///
    /// A server may refuse an upload before it has read the file and close the connection. The HTTP client then
    /// reports that it could not write, and the answer is lost; this small request fits into one write.
    pub(crate) async fn refusal(&self) -> Option<Answered> {
        let form = Form::new().text(":action", "file_upload").text("protocol_version", "1");
        match self.post(form, QUESTION).await {
            Ok(Answer::Refused(answered)) => Some(answered),
            _ => None,
        }
    }

    /// Sends the whole form of a file without the file. An index stores nothing of it.
    pub(crate) async fn ask(&self, distribution: &Distribution, question: Question) -> Result<Answer, LostError> {
        let mut fields = form::fields(distribution);
        if question == Question::WithoutSense {
            fields.retain(|(field, _)| *field != "metadata_version");
            fields.push(("metadata_version", "0.0".to_owned()));
        }
        self.post(form_with(fields), QUESTION).await
    }

    async fn post(&self, form: Form, time: Duration) -> Result<Answer, LostError> {
        let mut request = self
            .sender
            .post(self.address.upload_url().clone())
            .header(ACCEPT, "application/json")
            .timeout(time)
            .multipart(form);
        let credential = self.credential();
        if let Some(credential) = &credential {
            request = request.basic_auth("__token__", Some(credential.token().expose()));
        }
        match request.send().await {
            Ok(response) => Ok(read(response, credential.as_deref()).await),
            Err(source) => Err(LostError::Connection(source.without_url())),
        }
    }
}

fn form_of(distribution: &Distribution) -> Form {
    form_with(form::fields(distribution))
}

fn form_with(fields: Vec<(&'static str, String)>) -> Form {
    fields.into_iter().fold(Form::new(), |form, (field, value)| form.text(field, value))
}

/// Ends when the line has taken nothing for too long, or the answer to a whole file does not come.
async fn silence(pulse: &Pulse, policy: &RetryPolicy) -> LostError {
    loop {
        let complete = pulse.is_complete();
        let limit = if complete { policy.answer } else { policy.stall };
        let (now, deadline) = (Instant::now(), pulse.last() + limit);
        if now >= deadline {
            return if complete { LostError::Silent(limit) } else { LostError::Stalled(limit) };
        }
        // The file may be complete long before the line would count as standing still.
        tokio::time::sleep_until(deadline.min(now + policy.answer)).await;
    }
}

async fn read(mut response: Response, credential: Option<&IndexCredential>) -> Answer {
    let status = response.status();
    let retry_after =
        retry_after(header(response.headers(), RETRY_AFTER.as_str()), header(response.headers(), DATE.as_str()));
    let request_id = request_id(response.headers(), credential);
    let mut body = Vec::new();
    // The status decides; an answer whose words are cut off is as good.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            break;
        }
    }
    let said = words(&body, credential);
    if status.is_success() {
        return Answer::Taken { said };
    }
    let answered = Answered { status: status.as_u16(), said, request_id };
    match status.as_u16() {
        401 | 403 => Answer::Refused(answered),
        300..=399 => Answer::Redirected(answered),
        status if is_temporary(status) => Answer::Temporary { answered, retry_after },
        _ => Answer::Denied(answered),
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn request_id(headers: &HeaderMap, credential: Option<&IndexCredential>) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| header(headers, name))?;
    let line = redact(&text::one_line(id), credential.map(IndexCredential::token));
    (!line.is_empty()).then(|| text::shorten(&line, 100).into_owned())
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

/// The text of an HTML page without its head, its scripts, styles and tags.
fn without_tags(html: &str) -> String {
    let body = html.find("</head>").map_or(html, |end| &html[end + 7..]);
    let (mut text, mut is_code) = (String::new(), false);
    for (number, piece) in body.split('<').enumerate() {
        if number == 0 {
            text.push_str(piece);
            continue;
        }
        let tag = piece.trim_start_matches('/').as_bytes();
        let names = |name: &str| tag.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
        if names("script") || names("style") {
            is_code = !piece.starts_with('/');
        }
        let behind = piece.split_once('>').map_or("", |(_, behind)| behind);
        if !is_code {
            text.push(' ');
            text.push_str(behind);
        }
    }
    unescape(&text)
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
        assert_eq!(words(html, None).as_deref(), Some("Error no: '"));
        let page = b"<body><script>var x='<b>';</script><STYLE>a{}</STYLE><p>The name &#39;x&#39; isn&#39;t &lt;allowed&gt;</p>";
        assert_eq!(words(page, None).as_deref(), Some("The name 'x' isn't <allowed>"));
        let echo = format!("bad token pypi-{}", "A".repeat(200));
        assert_eq!(words(echo.as_bytes(), None).as_deref(), Some("bad token ***"));
        assert_eq!(words(b"", None), None);
        assert_eq!(words("x".repeat(1000).as_bytes(), None).unwrap().chars().count(), LONGEST_WORDS + 3);
    }
}
