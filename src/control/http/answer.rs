//! What is answered: a status of HTTP, and JSON as the control socket has it; or events without an end.

use super::crowd::AtWork;
use super::events::Events;
use crate::control::{CommandError, ExitCode, json};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

const NO_SNIFFING: HeaderName = HeaderName::from_static("x-content-type-options");

/// Why a request gets no further than HTTP.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The status.
    pub status: u16,
    /// What is wrong.
    pub error: CommandError,
    /// The methods that would have been taken; empty = that is not what is wrong.
    pub allow: &'static str,
}

impl Refusal {
    pub fn new(status: u16, code: ExitCode, kind: &'static str, message: &str) -> Refusal {
        let error = CommandError { code, kind, message: message.to_owned(), hint: None };
        Refusal { status, error, allow: "" }
    }

    pub fn hint(self, hint: &str) -> Refusal {
        Refusal { error: CommandError { hint: Some(hint.to_owned()), ..self.error }, ..self }
    }

    /// One of a method that is not taken there.
    pub fn method(allow: &'static str) -> Refusal {
        let refusal = Refusal::new(405, ExitCode::Usage, "usage", "that method is not taken there");
        Refusal { allow, ..refusal }.hint(&format!("it is: {allow}"))
    }

    pub fn response(self) -> Response<Content> {
        let mut response = whole(self.status, &json!({"v": 1, "ok": false, "error": json::error(&self.error)}));
        if !self.allow.is_empty() {
            response.headers_mut().insert(hyper::header::ALLOW, HeaderValue::from_static(self.allow));
        }
        if self.status == 401 {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The status that fits an exit code.
pub(super) fn status_of(code: ExitCode) -> u16 {
    match code {
        ExitCode::Ok => 200,
        ExitCode::Usage => 400,
        ExitCode::Refused => 403,
        ExitCode::NotFound => 404,
        ExitCode::Config => 409,
        ExitCode::NoDaemon => 503,
        ExitCode::Unreachable | ExitCode::NoAnswer => 504,
        ExitCode::Unexpected => 500,
        // The far end, or the exchange, says no.
        _ => 502,
    }
}

/// A whole answer.
pub(super) fn whole(status: u16, value: &Value) -> Response<Content> {
    let mut text = value.to_string();
    text.push('\n');
    with_headers(status, "application/json", Part::Whole(Some(text.into())))
}

/// An answer that goes on.
pub(super) fn stream(events: Events) -> Response<Content> {
    with_headers(200, "text/event-stream", Part::Events(events))
}

fn with_headers(status: u16, media_type: &'static str, part: Part) -> Response<Content> {
    let mut response = Response::new(Content { part, at_work: None });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(NO_SNIFFING, HeaderValue::from_static("nosniff"));
    response
}

/// The body of an answer.
pub(super) struct Content {
    part: Part,
    /// Until it is sent.
    at_work: Option<AtWork>,
}

enum Part {
    Whole(Option<Bytes>),
    Events(Events),
}

impl Content {
    /// As long as it is sent its connection is at work.
    pub fn keep(&mut self, at_work: Option<AtWork>) {
        self.at_work = at_work;
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.get_mut().part {
            Part::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Part::Events(events) => events.poll(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.part, Part::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.part {
            Part::Whole(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            Part::Events(_) => SizeHint::default(),
        }
    }
}
