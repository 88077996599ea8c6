//! SIP messages: header values kept as they came, typed on demand.

mod build;
mod headers;
mod method;
mod parse;
mod print;
pub mod redact;
mod status;

pub use headers::{HeaderName, Headers};
pub use method::Method;
pub use parse::{MAX_HEADERS, MAX_LINE, MAX_MESSAGE, ParseError, Problem, parse};
pub(crate) use parse::{content_length_of_head, strip_line_end};
pub use status::StatusCode;

/// A request. `uri` is the Request-URI exactly as on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The Request-URI, verbatim.
    pub uri: String,
    /// The headers in wire order.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: StatusCode,
    /// The reason phrase, lossily decoded.
    pub reason: String,
    /// The headers in wire order.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// Either kind of message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// The headers of either kind.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(r) => &r.headers,
            Message::Response(r) => &r.headers,
        }
    }
}
