//! Fresh messages: an empty request, and the response to a request.

use super::{HeaderName, Headers, Method, Request, Response, StatusCode};
use crate::sip::header::NameAddr;

impl Request {
    /// A request without headers or body.
    pub fn new(method: Method, uri: impl Into<String>) -> Request {
        Request { method, uri: uri.into(), headers: Headers::new(), body: Vec::new() }
    }
}

impl Response {
    /// The response to a request: its Via, From, To, Call-ID and CSeq byte for byte, `to_tag` added where To has
    /// none, and Timestamp and Record-Route where they are due.
    pub fn to_request(request: &Request, status: StatusCode, to_tag: Option<&str>) -> Response {
        //= RFC 3261 §8.2.6.2
        let mut headers = Headers::new();
        for (name, value) in request.headers.iter() {
            let is_due = match name {
                HeaderName::Via | HeaderName::From | HeaderName::CallId | HeaderName::CSeq => true,
                //= RFC 3261 §8.2.6.1
                HeaderName::Timestamp => status.0 == 100,
                //= RFC 3261 §12.1.1
                HeaderName::RecordRoute => (101..300).contains(&status.0),
                HeaderName::To => {
                    headers.push(HeaderName::To, tagged(value, to_tag.filter(|_| status.0 != 100)));
                    false
                }
                _ => false,
            };
            if is_due {
                headers.push(name.clone(), value);
            }
        }
        Response { status, reason: status.default_reason().to_owned(), headers, body: Vec::new() }
    }
}

fn tagged(to: &[u8], tag: Option<&str>) -> Vec<u8> {
    let mut to = to.to_vec();
    let lacks_tag = NameAddr::parse(&to).map_or(true, |address| !address.params.has("tag"));
    if let Some(tag) = tag.filter(|_| lacks_tag) {
        to.extend_from_slice(b";tag=");
        to.extend_from_slice(tag.as_bytes());
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(to: &str) -> Request {
        let mut request = Request::new(Method::Invite, "sip:bob@example.com");
        for (name, value) in [
            (HeaderName::Via, "SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b"),
            (HeaderName::RecordRoute, "<sip:p;lr>"),
            (HeaderName::To, to),
            (HeaderName::Timestamp, "54"),
            (HeaderName::Subject, "x"),
        ] {
            request.headers.push(name, value);
        }
        request
    }

    #[test]
    fn a_trying_copies_the_timestamp_and_adds_no_tag() {
        let response = Response::to_request(&request("<sip:b@c>"), StatusCode(100), Some("t"));
        assert_eq!(response.headers.get(&HeaderName::To), Some(&b"<sip:b@c>"[..]));
        assert_eq!(response.headers.get(&HeaderName::Timestamp), Some(&b"54"[..]));
        assert_eq!(response.headers.get(&HeaderName::RecordRoute), None);
        assert_eq!(response.headers.get(&HeaderName::Subject), None);
    }

    #[test]
    fn a_ringing_copies_the_route_and_tags_once() {
        let response = Response::to_request(&request("<sip:b@c>"), StatusCode(180), Some("t"));
        assert_eq!(response.headers.get(&HeaderName::To), Some(&b"<sip:b@c>;tag=t"[..]));
        assert!(response.headers.get(&HeaderName::RecordRoute).is_some());
        let again = Response::to_request(&request("<sip:b@c>;tag=old"), StatusCode(200), Some("t"));
        assert_eq!(again.headers.get(&HeaderName::To), Some(&b"<sip:b@c>;tag=old"[..]));
    }
}
