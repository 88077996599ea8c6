//! Messages to bytes. Content-Length is always the printer's own.

use std::io::Write;

use super::{HeaderName, Headers, Message, Request, Response};

impl Message {
    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Message::Request(r) => r.to_bytes(),
            Message::Response(r) => r.to_bytes(),
        }
    }
}

impl Request {
    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        push_line(&mut out, format!("{} {} SIP/2.0", self.method, self.uri).as_bytes());
        push_rest(out, &self.headers, &self.body)
    }
}

impl Response {
    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        push_line(&mut out, format!("SIP/2.0 {:03} {}", self.status.0, self.reason).as_bytes());
        push_rest(out, &self.headers, &self.body)
    }
}

fn push_rest(mut out: Vec<u8>, headers: &Headers, body: &[u8]) -> Vec<u8> {
    for (name, value) in headers.iter().filter(|(name, _)| **name != HeaderName::ContentLength) {
        push_clean(&mut out, name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        push_line(&mut out, value);
    }
    // Writing to a Vec cannot fail.
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
    out
}

fn push_line(out: &mut Vec<u8>, line: &[u8]) {
    push_clean(out, line);
    out.extend_from_slice(b"\r\n");
}

/// No value can end its line early and smuggle in a header: CR and LF become blanks.
fn push_clean(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(text.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Method;

    #[test]
    fn the_printer_counts_the_body_and_lets_no_line_in() {
        let mut request = Request::new(Method::Message, "sip:b@c");
        request.headers.push(HeaderName::ContentLength, "999");
        request.headers.push(HeaderName::Subject, "x\r\nEvil: 1");
        request.body = b"hi".to_vec();
        let printed = request.to_bytes();
        assert_eq!(
            String::from_utf8_lossy(&printed),
            "MESSAGE sip:b@c SIP/2.0\r\nSubject: x  Evil: 1\r\nContent-Length: 2\r\n\r\nhi"
        );
    }
}
