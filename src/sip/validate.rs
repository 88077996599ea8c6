//! What a readable request may still have wrong, and the answer it deserves (RFC 3261 §8.2, RFC 4475).

use crate::sip::header::{ContactList, HeaderError};
use crate::sip::message::{HeaderName, Headers, Method, Request, Response, StatusCode};
use crate::sip::uri::{Uri, UriError};

/// Judges a request as a user agent server must before it acts on it. The text says what is wrong, in a reason
/// phrase's length. Options in Require are not judged here: see [`option_tag`](super::option_tag).
///
/// Max-Forwards is not judged, 0 or junk: only a proxy forwards (RFC 3261 §16.3); we are where the request ends.
pub fn check_request(request: &Request) -> Result<(), (StatusCode, String)> {
    check_mandatory(&request.headers).map_err(|why| (StatusCode(400), why))?;
    check_uri(&request.uri)?;
    let bad = |why: &str| Err((StatusCode(400), why.to_owned()));
    let read = |e: HeaderError| (StatusCode(400), e.to_string());
    //= RFC 3261 §8.1.1.5
    if request.headers.cseq().map_err(read)?.is_some_and(|cseq| cseq.method != request.method) {
        return bad("CSeq method does not match the request");
    }
    request.headers.routes().map_err(read)?;
    if request.headers.from().map_err(read)?.is_some_and(|from| from.uri.headers().is_some()) {
        return bad("From: headers in the URI");
    }
    //= RFC 3891 §3: one Replaces, in an INVITE
    let replaces = request.headers.all(&HeaderName::Replaces).count();
    if replaces > 1 || replaces > 0 && request.method != Method::Invite {
        return bad("Replaces: one, and in an INVITE only");
    }
    // RFC 2543 senders leave the From tag out; all but a dialog can do without (RFC 3261 §12.1.1).
    match request.method {
        Method::Invite | Method::Subscribe | Method::Refer | Method::Update => {
            let contacts = request.headers.contacts().map_err(read)?;
            let is_old = || request.headers.via_top().is_ok_and(|via| via.is_some_and(|via| !via.has_magic_cookie()));
            //= RFC 3261 §8.1.1.8: exactly one Contact in what can begin a dialog
            match (contacts.list().len(), &request.method) {
                (1, _) | (_, Method::Update) => {}
                //= RFC 4475 §3.4.1: a caller of RFC 2543 need not name one
                (0, Method::Invite) if is_old() && contacts != ContactList::Star => {}
                _ => return bad("Contact: exactly one is needed"),
            }
        }
        Method::Register => {
            let contacts = request.headers.contacts().map_err(read)?;
            let zero = request.headers.expires().is_ok_and(|e| e == Some(0));
            //= RFC 3261 §10.2.2
            if contacts == ContactList::Star && !zero {
                return bad("Contact: * without Expires: 0");
            }
        }
        _ => {}
    }
    if !request.body.is_empty() {
        //= RFC 3261 §20.15: a body must say what it is
        match request.headers.content_type().map_err(read)? {
            None => return bad("Content-Type is missing"),
            Some(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Judges a response; one that fails is dropped.
pub fn check_response(response: &Response) -> Result<(), String> {
    check_mandatory(&response.headers)
}

//= RFC 3261 §8.1.1: To, From, CSeq, Call-ID and Via are mandatory (Max-Forwards is missing in RFC 2543 requests)
fn check_mandatory(headers: &Headers) -> Result<(), String> {
    let text = |e: HeaderError| e.to_string();
    let missing = |name: &str| format!("{name} is missing");
    headers.via_top().map_err(text)?.ok_or_else(|| missing("Via"))?;
    headers.vias().map_err(text)?;
    headers.from().map_err(text)?.ok_or_else(|| missing("From"))?;
    headers.to().map_err(text)?.ok_or_else(|| missing("To"))?;
    headers.call_id().map_err(text)?.ok_or_else(|| missing("Call-ID"))?;
    headers.cseq().map_err(text)?.ok_or_else(|| missing("CSeq"))?;
    Ok(())
}

fn check_uri(text: &str) -> Result<(), (StatusCode, String)> {
    match Uri::parse(text) {
        //= RFC 3261 §8.2.2.1
        Ok(uri) if !uri.is_sip() && !uri.is_tel() => {
            Err((StatusCode(416), format!("scheme {} is not supported", uri.scheme())))
        }
        //= RFC 3261 §19.1.1: no headers in a Request-URI; RFC 4475 §3.1.2.11 allows to answer 400
        Ok(uri) if uri.headers().is_some() => Err((StatusCode(400), "Request-URI with headers".to_owned())),
        Ok(_) => Ok(()),
        Err(UriError::TooLong) => Err((StatusCode(414), UriError::TooLong.to_string())),
        Err(why) => Err((StatusCode(400), format!("Request-URI: {why}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{Message, parse};

    /// The answer to an INVITE with this start line and these lines besides the mandatory ones.
    fn judged(start: &str, extra: &str) -> Option<u16> {
        let text = format!(
            "{start}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: 1\r\n\
             CSeq: 1 INVITE\r\n{extra}\r\n"
        );
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        check_request(&request).err().map(|(status, _)| status.0)
    }

    //= RFC 4475 §3.4.1
    #[test]
    fn a_caller_of_rfc_2543_need_not_name_a_contact() {
        for (branch, contact, is_fine) in [
            ("", "", true),
            (";branch=1", "", true),
            (";branch=z9hG4bK1", "", false),
            ("", "m: *\r\n", false),
            ("", "m: <sip:a@b>, <sip:d@b>\r\n", false),
        ] {
            let text = format!(
                "INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP a{branch}\r\nFrom: <sip:a@b>\r\nTo: <sip:b@c>\r\n\
                 Call-ID: 1\r\nCSeq: 1 INVITE\r\n{contact}\r\n"
            );
            let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(check_request(&request).is_ok(), is_fine, "{text}");
        }
    }

    #[test]
    fn each_fault_gets_its_answer() {
        const OK: &str = "INVITE sip:b@c SIP/2.0";
        const ME: &str = "Contact: <sip:a@b>\r\n";
        for (start, extra, answer) in [
            (OK, ME, None),
            // Blanks behind the request line; Max-Forwards of no use to us.
            ("INVITE sip:b@c SIP/2.0  ", ME, None),
            (OK, "m: <sip:a@b>\r\nMax-Forwards: 300\r\n", None),
            (OK, "m: <sip:a@b>\r\nMax-Forwards: many\r\n", None),
            (OK, "m: <sip:a@b>\r\nMax-Forwards: 0\r\n", None),
            ("INVITE tel:+123 SIP/2.0", ME, None),
            //= RFC 3261 §8.1.1.8
            (OK, "", Some(400)),
            (OK, "m: <sip:a@b>, <sip:d@b>\r\n", Some(400)),
            //= RFC 3891 §3
            (OK, "m: <sip:a@b>\r\nReplaces: 1;to-tag=2;from-tag=3\r\n", None),
            (OK, "m: <sip:a@b>\r\nReplaces: 1;to-tag=2;from-tag=3\r\nReplaces: 1;to-tag=2;from-tag=3\r\n", Some(400)),
            //= RFC 3261 §8.1.1.5
            ("BYE sip:b@c SIP/2.0", "", Some(400)),
            //= RFC 3261 §8.2.2.1
            ("INVITE mailto:b@c SIP/2.0", ME, Some(416)),
            ("INVITE sip:b@c?Subject=x SIP/2.0", ME, Some(400)),
            ("INVITE <sip:b@c> SIP/2.0", ME, Some(400)),
        ] {
            assert_eq!(judged(start, extra), answer, "{start} {extra}");
        }
    }
}
