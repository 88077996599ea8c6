//! Bytes to messages: one pass, lenient where the wire needs it, bounded everywhere.

use std::borrow::Cow;

use super::{HeaderName, Headers, Message, Method, Request, Response, StatusCode};
use crate::sip::header::split::is_token;

/// Longest message, in bytes.
pub const MAX_MESSAGE: usize = 65_536;
/// Most header lines of a message.
pub const MAX_HEADERS: usize = 256;
/// Longest start line or (unfolded) header line, in bytes.
pub const MAX_LINE: usize = 8192;

/// What is wrong with a message as a whole. A bad header value is no such thing: it shows when it is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing but line ends and NULs: a keep-alive.
    #[error("empty message")]
    Empty,
    /// Longer than [`MAX_MESSAGE`].
    #[error("message longer than {MAX_MESSAGE} bytes")]
    TooLarge,
    /// A line longer than [`MAX_LINE`].
    #[error("line longer than {MAX_LINE} bytes")]
    LineTooLong,
    /// More than [`MAX_HEADERS`] lines.
    #[error("more than {MAX_HEADERS} header lines")]
    TooManyHeaders,
    /// The first line is neither a request line nor a status line.
    #[error("bad start line")]
    StartLine,
    /// Not SIP/2.0.
    #[error("unsupported version {0:?}")]
    Version(String),
    /// A header line without a name or a colon.
    #[error("header line without name or colon")]
    HeaderLine,
    /// Content-Length is no number.
    #[error("bad Content-Length")]
    ContentLength,
    /// Several Content-Length that differ.
    #[error("conflicting Content-Length")]
    ContentLengthConflict,
    /// Content-Length promises more than there is.
    #[error("Content-Length {declared}, but {present} bytes of body")]
    Truncated {
        /// What the header says.
        declared: usize,
        /// What came.
        present: usize,
    },
}

/// Why a message was refused, and as much of a request as could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read SIP message: {problem}")]
pub struct ParseError {
    /// The first problem met.
    pub problem: Problem,
    /// The request, if its request line and a Via were readable: enough to answer [`ParseError::status`].
    /// `None` for responses and rubbish, which are dropped.
    pub request: Option<Box<Request>>,
}

impl ParseError {
    /// The answer this deserves.
    pub fn status(&self) -> StatusCode {
        match self.problem {
            Problem::Version(_) => StatusCode(505),
            Problem::TooLarge => StatusCode(513),
            _ => StatusCode(400),
        }
    }
}

/// Reads a message from one datagram, or from one frame of a stream. Leading line ends, LF alone as line end,
/// folding, compact names and trailing NULs are accepted; without Content-Length the body is all the rest.
pub fn parse(bytes: &[u8]) -> Result<Message, ParseError> {
    let dropped = |problem| ParseError { problem, request: None };
    let (mut rest, too_large) = match bytes.get(..MAX_MESSAGE) {
        Some(head) if bytes.len() > MAX_MESSAGE => (head, true),
        _ => (bytes, false),
    };
    //= RFC 3261 §7.5: ignore any CRLF before the start line
    rest = skip_line_ends(rest);
    if rest.iter().all(|&b| b == 0) {
        return Err(dropped(Problem::Empty));
    }
    let (line, after) = take_line(rest);
    rest = after;
    if line.len() > MAX_LINE {
        return Err(dropped(Problem::LineTooLong));
    }
    let (start, start_problem) = start_line(line).ok_or_else(|| dropped(Problem::StartLine))?;
    let mut problem = if too_large { Some(Problem::TooLarge) } else { start_problem };
    let (headers, body) = header_block(rest, &mut problem);
    let body = match body_of(&headers, body) {
        Ok(body) => body.to_vec(),
        Err(bad) => {
            problem.get_or_insert(bad);
            Vec::new()
        }
    };
    match (start, problem) {
        (Start::Request(method, uri), None) => Ok(Message::Request(Request { method, uri, headers, body })),
        (Start::Response(status, reason), None) => Ok(Message::Response(Response { status, reason, headers, body })),
        (Start::Response(..), Some(problem)) => Err(dropped(problem)),
        (Start::Request(method, uri), Some(problem)) => {
            let answerable = headers.get(&HeaderName::Via).is_some();
            let request = answerable.then(|| Box::new(Request { method, uri, headers, body }));
            Err(ParseError { problem, request })
        }
    }
}

/// A line's bytes without CR LF or LF.
pub(crate) fn strip_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The Content-Length of a header block (start line and headers, as bytes) for a stream's framing.
pub(crate) fn content_length_of_head(head: &[u8]) -> Result<Option<usize>, Problem> {
    let (_, rest) = take_line(skip_line_ends(head));
    let mut problem = None;
    let (headers, _) = header_block(rest, &mut problem);
    match problem {
        Some(limit @ (Problem::LineTooLong | Problem::TooManyHeaders)) => Err(limit),
        _ => content_length(&headers),
    }
}

enum Start {
    Request(Method, String),
    Response(StatusCode, String),
}

/// The start line, with what is wrong with it if it could be read all the same; `None` if it is not SIP.
fn start_line(line: &[u8]) -> Option<(Start, Option<Problem>)> {
    let text: Cow<str> = String::from_utf8_lossy(line);
    if begins_as_version(&text) && text.find(' ').is_some_and(|at| at > 4) {
        let (version, rest) = text.split_once(' ')?;
        return status_line(version, rest);
    }
    let (method, rest) = text.split_once(' ')?;
    //= RFC 4475 §3.1.2.9, §3.1.2.10: more blanks than one between the parts or at the end may be forgiven
    let (uri, version) = rest.trim().rsplit_once(' ')?;
    if !is_token(method.as_bytes()) || !begins_as_version(version) {
        return None;
    }
    let foreign = (!is_version(version, "SIP/2.0")).then(|| Problem::Version(version.to_owned()));
    Some((Start::Request(Method::from_token(method), uri.trim_end().to_owned()), foreign))
}

fn status_line(version: &str, rest: &str) -> Option<(Start, Option<Problem>)> {
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let status = code.parse().ok().filter(|code| (100..700).contains(code))?;
    let foreign = (!is_version(version, "SIP/2.0")).then(|| Problem::Version(version.to_owned()));
    Some((Start::Response(StatusCode(status), reason.to_owned()), foreign))
}

fn begins_as_version(text: &str) -> bool {
    text.as_bytes().get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"SIP/"))
}

/// SIP-Version compares without regard to letter case (RFC 3261 §7.1).
fn is_version(text: &str, version: &str) -> bool {
    text.eq_ignore_ascii_case(version)
}

/// Reads header lines up to the empty line; returns them and what follows it.
fn header_block<'a>(mut rest: &'a [u8], problem: &mut Option<Problem>) -> (Headers, &'a [u8]) {
    let mut headers = Headers::with_capacity(16);
    let mut lines = 0;
    while !rest.is_empty() {
        let (line, after) = take_line(rest);
        rest = after;
        if line.is_empty() || line.iter().all(|&b| b == 0) {
            break;
        }
        lines += 1;
        if lines > MAX_HEADERS {
            problem.get_or_insert(Problem::TooManyHeaders);
            break;
        }
        let mut line = Cow::Borrowed(line);
        //= RFC 3261 §7.3.1: a line that begins with a blank continues the one before
        while matches!(rest.first(), Some(b' ' | b'\t')) {
            let (more, after) = take_line(rest);
            rest = after;
            if line.len() <= MAX_LINE {
                let unfolded = line.to_mut();
                unfolded.push(b' ');
                unfolded.extend_from_slice(more.trim_ascii());
            }
        }
        if line.len() > MAX_LINE {
            problem.get_or_insert(Problem::LineTooLong);
            continue;
        }
        match header(&line) {
            Some((name, value)) => headers.push(name, value),
            None => {
                problem.get_or_insert(Problem::HeaderLine);
            }
        }
    }
    (headers, rest)
}

fn header(line: &[u8]) -> Option<(HeaderName, Vec<u8>)> {
    let colon = line.iter().position(|&b| b == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = String::from_utf8_lossy(name.trim_ascii());
    if name.is_empty() {
        return None;
    }
    let value = value.strip_prefix(b":")?.trim_ascii();
    // A CR within a value is no part of SIP; it must not come out of our printer again. A NUL may stand behind a
    // backslash in a quoted string (RFC 3261 §25.1 quoted-pair).
    let clean = value.iter().map(|&b| if b == b'\r' { b' ' } else { b }).collect();
    Some((HeaderName::from_token(&name), clean))
}

fn content_length(headers: &Headers) -> Result<Option<usize>, Problem> {
    let mut declared = None;
    for value in headers.all(&HeaderName::ContentLength) {
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(Problem::ContentLength);
        }
        let text = std::str::from_utf8(value).map_err(|_| Problem::ContentLength)?;
        let length: usize = text.parse().unwrap_or(usize::MAX);
        if declared.is_some_and(|other| other != length) {
            return Err(Problem::ContentLengthConflict);
        }
        declared = Some(length);
    }
    Ok(declared)
}

fn body_of<'a>(headers: &Headers, rest: &'a [u8]) -> Result<&'a [u8], Problem> {
    //= RFC 3261 §18.3: bytes beyond Content-Length are discarded; too few are an error; none declared, all the rest
    match content_length(headers)? {
        Some(declared) => rest.get(..declared).ok_or(Problem::Truncated { declared, present: rest.len() }),
        None => {
            let end = rest.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
            Ok(rest.get(..end).unwrap_or_default())
        }
    }
}

fn take_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&b| b == b'\n').map_or(bytes.len(), |at| at + 1);
    let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (strip_line_end(line), rest)
}

fn skip_line_ends(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}
