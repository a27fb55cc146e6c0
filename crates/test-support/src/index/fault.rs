//! How requests fail.

use std::time::Duration;

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;

use super::{stream::Wire, upload::answer};

/// One way to fail one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status, without doing anything.
    Status(u16),
    /// Answers with this status before the request is read, and closes the connection.
    Early(u16),
    /// As `Status`, with `Retry-After` in seconds.
    RetryAfter(u16, u32),
    /// As `Status`, with a page for people instead of JSON, as a proxy does.
    Html(u16),
    /// Closes the connection without doing anything.
    Hangup,
    /// Closes the connection when so many bytes of the request's body were read.
    ResetAt(u64),
    /// Reads so many bytes of the request's body, then nothing more, and never answers.
    Stall(u64),
    /// Reads the whole request and never answers.
    Silence,
    /// Does what was asked, but after so many milliseconds.
    Slow(u32),
    /// Does what was asked and closes the connection instead of answering.
    LoseAnswer,
    /// Does what was asked and closes the connection in the middle of the answer.
    TruncateAnswer,
    /// Does what was asked and answers with this status nevertheless.
    DoThenStatus(u16),
}

impl Fault {
    /// Whether it strikes before the request was read.
    pub(super) fn is_hasty(&self) -> bool {
        matches!(self, Self::Early(_) | Self::ResetAt(_) | Self::Stall(_))
    }
}

/// Faults by chance, the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance {
    state: u64,
    percent: u64,
}

impl Chance {
    pub(super) fn new(seed: u64, percent: u32) -> Self {
        Self { state: seed, percent: percent.into() }
    }

    /// The fault of the next upload, whose body has so many bytes.
    pub(super) fn of_upload(&mut self, body: u64) -> Option<Fault> {
        if self.next() % 100 >= self.percent {
            return None;
        }
        Some(match self.next() % 10 {
            0 => Fault::Hangup,
            1 => Fault::ResetAt(self.next() % body.max(1)),
            2 => Fault::Status(503),
            3 => Fault::Status(502),
            4 => Fault::Html(504),
            5 => Fault::RetryAfter(429, 1),
            6 => Fault::LoseAnswer,
            7 => Fault::TruncateAnswer,
            8 => Fault::DoThenStatus(502),
            _ => Fault::Slow(2),
        })
    }

    /// The fault of the next page.
    pub(super) fn of_page(&mut self) -> Option<Fault> {
        if self.next() % 100 >= self.percent {
            return None;
        }
        Some(match self.next() % 4 {
            0 => Fault::Hangup,
            1 => Fault::Status(503),
            2 => Fault::TruncateAnswer,
            _ => Fault::Slow(2),
        })
    }

    /// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Answers as the fault demands, or by doing what was asked.
pub(super) async fn with_fault(fault: Option<Fault>, wire: &Wire, work: impl Future<Output = Response>) -> Response {
    let status = |code| StatusCode::from_u16(code).expect("a fault names a valid status");
    match fault {
        None => work.await,
        Some(Fault::Status(code) | Fault::Early(code)) => answer(status(code), "told to fail"),
        Some(Fault::RetryAfter(code, seconds)) => {
            let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
            (retry_after, answer(status(code), "told to fail")).into_response()
        }
        Some(Fault::Html(code)) => {
            let page = "<html><head><title>Error</title></head><body><h1>told to fail</h1></body></html>";
            (status(code), [(header::CONTENT_TYPE, "text/html")], page).into_response()
        }
        Some(Fault::Hangup | Fault::ResetAt(_)) => cut(wire),
        Some(Fault::Stall(_) | Fault::Silence) => std::future::pending().await,
        Some(Fault::Slow(milliseconds)) => {
            tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
            work.await
        }
        Some(Fault::LoseAnswer) => {
            work.await;
            cut(wire)
        }
        Some(Fault::TruncateAnswer) => {
            let (mut parts, _) = work.await.into_parts();
            parts.headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("1000"));
            let pieces = [Ok("<ht"), Err(std::io::Error::other("cut"))];
            Response::from_parts(parts, Body::from_stream(futures_util::stream::iter(pieces)))
        }
        Some(Fault::DoThenStatus(code)) => {
            work.await;
            answer(status(code), "told to fail")
        }
    }
}

fn cut(wire: &Wire) -> Response {
    wire.cut();
    Body::empty().into_response()
}

/// Reads so many bytes of a body and leaves the rest where it is.
pub(super) async fn read_some(body: Body, bytes: u64) -> impl Sized {
    let mut stream = body.into_data_stream();
    let mut read = 0;
    while read < bytes {
        match stream.next().await {
            Some(Ok(chunk)) => read += chunk.len() as u64,
            _ => break,
        }
    }
    stream
}
