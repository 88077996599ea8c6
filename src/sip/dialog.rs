//! Dialogs: RFC 3261 §12, and the requests within them.

use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Headers, Method, Request, Response, StatusCode};
use crate::sip::uri::Uri;

/// CSeq numbers stay below 2³¹ (RFC 3261 §8.1.1.5).
const CSEQ_MAX: u32 = (1 << 31) - 1;

/// What names a dialog at this side (RFC 3261 §12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    /// Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543 that sends none.
    pub remote_tag: String,
}

impl DialogId {
    /// The dialog a received request belongs to; `None` if it belongs to none: no tag in To.
    pub fn of_request(request: &Request) -> Option<DialogId> {
        let local_tag = request.headers.to().ok()??.tag()?.to_owned();
        let remote_tag = request.headers.from().ok()??.tag().unwrap_or_default().to_owned();
        Some(DialogId { call_id: request.headers.text(&HeaderName::CallId)?, local_tag, remote_tag })
    }

    /// The dialog a received response belongs to or founds.
    pub fn of_response(response: &Response) -> Option<DialogId> {
        let local_tag = response.headers.from().ok()??.tag()?.to_owned();
        let remote_tag = response.headers.to().ok()??.tag().unwrap_or_default().to_owned();
        Some(DialogId { call_id: response.headers.text(&HeaderName::CallId)?, local_tag, remote_tag })
    }
}

/// Where a dialog stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogState {
    /// Founded by a provisional response.
    Early,
    /// A 2xx was sent or received.
    Confirmed,
    /// Over.
    Terminated,
}

/// Why a message founds no dialog or may not be taken into it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialogError {
    /// A header that the dialog needs is missing or cannot be read.
    #[error("no dialog: {0} is missing or unreadable")]
    Header(HeaderName),
    /// The request is older than one already seen.
    #[error("CSeq {got} is lower than {seen}, out of order")]
    OutOfOrder {
        /// The request's number.
        got: u32,
        /// The highest so far.
        seen: u32,
    },
}

impl DialogError {
    /// The status a request that met this error is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            DialogError::Header(_) => StatusCode(400),
            //= RFC 3261 §12.2.2: a lower CSeq is answered 500.
            DialogError::OutOfOrder { .. } => StatusCode(500),
        }
    }
}

/// A dialog as one side sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    id: DialogId,
    state: DialogState,
    is_uac: bool,
    /// From of our requests and To of theirs, as first written.
    local: Vec<u8>,
    remote: Vec<u8>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    route_set: Vec<NameAddr>,
    remote_target: Uri,
}

impl Dialog {
    /// The dialog that a 101–299 response to our `request` founds (§12.1.2). One request may found several, one for each
    /// tag in To.
    pub fn uac(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let id = DialogId::of_response(response).ok_or(DialogError::Header(HeaderName::From))?;
        let cseq = cseq(&request.headers)?;
        //= RFC 3261 §12.1.2: the route set is Record-Route in reverse order.
        let mut route_set = record_routes(&response.headers)?;
        route_set.reverse();
        // Why: some far ends leave Contact out of a provisional response; where the request went is the best guess.
        let remote_target = match contact(&response.headers)? {
            Some(target) => target,
            None => Uri::parse(&request.uri).map_err(|_| DialogError::Header(HeaderName::Contact))?,
        };
        Ok(Dialog {
            id,
            state: if response.status.is_success() { DialogState::Confirmed } else { DialogState::Early },
            is_uac: true,
            local: raw(&request.headers, HeaderName::From)?,
            remote: raw(&response.headers, HeaderName::To)?,
            local_cseq: cseq,
            remote_cseq: None,
            route_set,
            remote_target,
        })
    }

    /// The early dialog that our responses to `request` found, with `local_tag` in To (§12.1.1).
    pub fn uas(request: &Request, local_tag: &str) -> Result<Dialog, DialogError> {
        let headers = &request.headers;
        let from = headers.from().ok().flatten().ok_or(DialogError::Header(HeaderName::From))?;
        let mut to = headers.to().ok().flatten().ok_or(DialogError::Header(HeaderName::To))?;
        to.set_param("tag", Some(local_tag));
        let call_id = headers.text(&HeaderName::CallId).ok_or(DialogError::Header(HeaderName::CallId))?;
        let remote_tag = from.tag().unwrap_or_default().to_owned();
        Ok(Dialog {
            id: DialogId { call_id, local_tag: local_tag.to_owned(), remote_tag },
            state: DialogState::Early,
            is_uac: false,
            local: to.to_string().into_bytes(),
            remote: raw(headers, HeaderName::From)?,
            local_cseq: 0,
            remote_cseq: Some(cseq(headers)?),
            //= RFC 3261 §12.1.1: the route set is Record-Route in order.
            route_set: record_routes(headers)?,
            //= RFC 4475 §3.4.1: a caller of RFC 2543 may name no Contact; it is reached where it says it is from
            remote_target: contact(headers)?.unwrap_or(from.uri),
        })
    }

    /// The dialog that a NOTIFY founds at the subscriber (RFC 6665 §4.4.1); `cseq` is the number of our last SUBSCRIBE.
    /// It is early while only the 2xx to that can tell its route: proxies that mark a SUBSCRIBE forget the NOTIFY.
    pub fn notified(notify: &Request, cseq: u32) -> Result<Dialog, DialogError> {
        let headers = &notify.headers;
        let id = DialogId::of_request(notify).ok_or(DialogError::Header(HeaderName::To))?;
        //= RFC 3261 §12.1.1: of a request, Record-Route in order.
        let route_set = record_routes(headers)?;
        Ok(Dialog {
            id,
            state: if route_set.is_empty() { DialogState::Early } else { DialogState::Confirmed },
            is_uac: true,
            local: raw(headers, HeaderName::To)?,
            remote: raw(headers, HeaderName::From)?,
            local_cseq: cseq,
            remote_cseq: Some(self::cseq(headers)?),
            route_set,
            remote_target: contact(headers)?.ok_or(DialogError::Header(HeaderName::Contact))?,
        })
    }

    /// Its name.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Where it stands.
    pub fn state(&self) -> DialogState {
        self.state
    }

    /// The peer's Contact URI, verbatim.
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// Who the peer is: From or To of its first message, as written.
    pub fn remote(&self) -> &[u8] {
        &self.remote
    }

    /// The hops to visit, nearest first.
    pub fn route_set(&self) -> &[NameAddr] {
        &self.route_set
    }

    /// The CSeq number of our last request.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// A 2xx was sent (as UAS) or came (as UAC).
    pub fn confirm(&mut self, response: &Response) -> Result<(), DialogError> {
        if self.is_uac {
            //= RFC 3261 §13.2.2.4: an early dialog's route set is computed anew from the 2xx.
            if self.state == DialogState::Early {
                let mut route_set = record_routes(&response.headers)?;
                route_set.reverse();
                self.route_set = route_set;
            }
            self.refresh_target(&response.headers)?;
        }
        if self.state == DialogState::Early {
            self.state = DialogState::Confirmed;
        }
        Ok(())
    }

    /// The dialog is over.
    pub fn terminate(&mut self) {
        self.state = DialogState::Terminated;
    }

    /// Takes the remote target from the Contact of a target refresh request (INVITE, UPDATE, …) or of a 2xx to one of
    /// ours (§12.2.1.2, §12.2.2). The route set stays.
    pub fn refresh_target(&mut self, headers: &Headers) -> Result<(), DialogError> {
        if let Some(target) = contact(headers)? {
            self.remote_target = target;
        }
        Ok(())
    }

    /// Takes in a request of the peer: keeps the order of CSeq. An ACK or CANCEL bears an old number rightly.
    pub fn receive(&mut self, request: &Request) -> Result<(), DialogError> {
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let got = cseq(&request.headers)?;
        match self.remote_cseq {
            //= RFC 3261 §12.2.2: lower than the remote sequence number is out of order.
            Some(seen) if got < seen => Err(DialogError::OutOfOrder { got, seen }),
            _ => {
                self.remote_cseq = Some(got);
                Ok(())
            }
        }
    }

    /// A number for our next request.
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.saturating_add(1).min(CSEQ_MAX);
        self.local_cseq
    }

    /// A request within the dialog (§12.2.1.1), of any method but ACK and CANCEL, without Via, Contact and body.
    pub fn request(&mut self, method: Method) -> Request {
        let number = self.next_cseq();
        self.build(method, number)
    }

    /// The ACK to a 2xx of our `invite` (§13.2.2.4), without Via: it needs a branch of its own.
    pub fn ack_for(&self, invite: &Request) -> Request {
        let number = cseq(&invite.headers).unwrap_or(self.local_cseq);
        let mut ack = self.build(Method::Ack, number);
        //= RFC 3261 §13.2.2.4: the ACK bears the credentials of the INVITE.
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for value in invite.headers.all(&name) {
                ack.headers.push(name.clone(), value);
            }
        }
        ack
    }

    /// The URI whose host requests are sent to: the first hop, or the remote target without one.
    pub fn next_hop(&self) -> &Uri {
        self.route_set.first().map_or(&self.remote_target, |route| &route.uri)
    }

    fn build(&self, method: Method, number: u32) -> Request {
        let mut headers = Headers::new();
        let uri = match self.route_set.split_first() {
            //= RFC 3261 §12.2.1.1: a strict router first: it is the request-URI, the remote target the last Route.
            Some((first, rest)) if !first.uri.is_lr() => {
                for route in rest {
                    headers.push(HeaderName::Route, route.to_string());
                }
                headers.push(HeaderName::Route, format!("<{}>", self.remote_target));
                first.uri.clone().without_headers().to_string()
            }
            _ => {
                for route in &self.route_set {
                    headers.push(HeaderName::Route, route.to_string());
                }
                self.remote_target.to_string()
            }
        };
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, self.local.as_slice());
        headers.push(HeaderName::To, self.remote.as_slice());
        headers.push(HeaderName::CallId, self.id.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{number} {method}"));
        Request { method, uri, headers, body: Vec::new() }
    }
}

fn raw(headers: &Headers, name: HeaderName) -> Result<Vec<u8>, DialogError> {
    headers.get(&name).map(<[u8]>::to_vec).ok_or(DialogError::Header(name))
}

fn cseq(headers: &Headers) -> Result<u32, DialogError> {
    let cseq = headers.cseq().ok().flatten().ok_or(DialogError::Header(HeaderName::CSeq))?;
    Ok(cseq.number)
}

fn record_routes(headers: &Headers) -> Result<Vec<NameAddr>, DialogError> {
    headers.record_routes().map_err(|_| DialogError::Header(HeaderName::RecordRoute))
}

/// The first Contact's URI; a dialog has one.
fn contact(headers: &Headers) -> Result<Option<Uri>, DialogError> {
    let contacts = headers.contacts().map_err(|_| DialogError::Header(HeaderName::Contact))?;
    Ok(contacts.first().map(|contact| contact.uri.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> Request {
        let mut invite = Request::new(Method::Invite, "sip:bob@example.com");
        for (name, value) in [
            (HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
            (HeaderName::From, "\"Al\" <sip:alice@example.com>;tag=a"),
            (HeaderName::To, "<sip:bob@example.com>"),
            (HeaderName::CallId, "call-1"),
            (HeaderName::CSeq, "7 INVITE"),
            (HeaderName::Contact, "<sip:alice@192.0.2.1:5060>"),
        ] {
            invite.headers.set(name, value);
        }
        invite
    }

    fn answer(status: u16, tag: &str, routes: &[&str]) -> Response {
        let mut response = Response::to_request(&invite(), StatusCode(status), Some(tag));
        response.headers.remove(&HeaderName::RecordRoute);
        for route in routes {
            response.headers.push(HeaderName::RecordRoute, *route);
        }
        response.headers.push(HeaderName::Contact, "<sip:b%40b@192.0.2.2:5062;x=Y>");
        response
    }

    fn routes(request: &Request) -> Vec<String> {
        request.headers.all(&HeaderName::Route).map(|v| String::from_utf8_lossy(v).into_owned()).collect()
    }

    #[test]
    fn a_fork_founds_a_dialog_for_each_tag() {
        let one = Dialog::uac(&invite(), &answer(180, "one", &[])).unwrap();
        let two = Dialog::uac(&invite(), &answer(200, "two", &[])).unwrap();
        assert_ne!(one.id(), two.id());
        assert_eq!((one.state(), two.state()), (DialogState::Early, DialogState::Confirmed));
    }

    #[test]
    fn a_uac_visits_record_route_in_reverse_and_the_target_verbatim() {
        let mut dialog = Dialog::uac(&invite(), &answer(200, "b", &["<sip:p2;lr>, <sip:p1;lr>"])).unwrap();
        let bye = dialog.request(Method::Bye);
        //= RFC 3261 §12.1.2, §12.2.1.1
        assert_eq!(routes(&bye), ["<sip:p1;lr>", "<sip:p2;lr>"]);
        assert_eq!(bye.uri, "sip:b%40b@192.0.2.2:5062;x=Y");
        assert_eq!(dialog.next_hop().as_str(), "sip:p1;lr");
        assert_eq!(bye.headers.text(&HeaderName::CSeq).as_deref(), Some("8 BYE"));
        assert_eq!(bye.headers.text(&HeaderName::To).as_deref(), Some("<sip:bob@example.com>;tag=b"));
        assert_eq!(bye.headers.text(&HeaderName::From).as_deref(), Some("\"Al\" <sip:alice@example.com>;tag=a"));
    }

    #[test]
    fn a_strict_router_is_visited_by_request_uri() {
        let mut dialog = Dialog::uac(&invite(), &answer(200, "b", &["<sip:p2;lr>", "<sip:p1>"])).unwrap();
        let bye = dialog.request(Method::Bye);
        //= RFC 3261 §12.2.1.1
        assert_eq!(bye.uri, "sip:p1");
        assert_eq!(routes(&bye), ["<sip:p2;lr>", "<sip:b%40b@192.0.2.2:5062;x=Y>"]);
        assert_eq!(dialog.next_hop().as_str(), "sip:p1");
    }

    #[test]
    fn a_2xx_computes_the_route_set_of_an_early_dialog_anew() {
        let mut dialog = Dialog::uac(&invite(), &answer(180, "b", &["<sip:p1;lr>"])).unwrap();
        dialog.confirm(&answer(200, "b", &["<sip:p9;lr>"])).unwrap();
        //= RFC 3261 §13.2.2.4
        assert_eq!((dialog.state(), dialog.next_hop().as_str()), (DialogState::Confirmed, "sip:p9;lr"));
        dialog.confirm(&answer(200, "b", &["<sip:p3;lr>"])).unwrap();
        assert_eq!(dialog.next_hop().as_str(), "sip:p9;lr", "a re-INVITE changes the target alone");
    }

    #[test]
    fn an_ack_bears_the_invites_number_and_credentials() {
        let mut sent = invite();
        sent.headers.push(HeaderName::ProxyAuthorization, "Digest username=\"a\"");
        let mut dialog = Dialog::uac(&sent, &answer(200, "b", &["<sip:p1;lr>"])).unwrap();
        dialog.request(Method::Info);
        let ack = dialog.ack_for(&sent);
        //= RFC 3261 §13.2.2.4
        assert_eq!(ack.headers.text(&HeaderName::CSeq).as_deref(), Some("7 ACK"));
        assert!(ack.headers.get(&HeaderName::ProxyAuthorization).is_some());
        assert_eq!(routes(&ack), ["<sip:p1;lr>"]);
        assert!(ack.headers.get(&HeaderName::Via).is_none());
    }

    #[test]
    fn a_uas_keeps_record_route_in_order_and_answers_to_contact() {
        let mut received = invite();
        received.headers.push(HeaderName::RecordRoute, "<sip:p1;lr>, <sip:p2;lr>");
        let mut dialog = Dialog::uas(&received, "mine").unwrap();
        dialog.confirm(&answer(200, "mine", &[])).unwrap();
        let bye = dialog.request(Method::Bye);
        //= RFC 3261 §12.1.1
        assert_eq!(routes(&bye), ["<sip:p1;lr>", "<sip:p2;lr>"]);
        assert_eq!(bye.uri, "sip:alice@192.0.2.1:5060");
        assert_eq!(bye.headers.text(&HeaderName::From).as_deref(), Some("<sip:bob@example.com>;tag=mine"));
        assert_eq!(bye.headers.text(&HeaderName::To).as_deref(), Some("\"Al\" <sip:alice@example.com>;tag=a"));
        assert_eq!(
            DialogId::of_response(&Response::to_request(&bye, StatusCode(200), None)).as_ref(),
            Some(dialog.id())
        );
    }

    #[test]
    fn requests_keep_their_order() {
        let mut dialog = Dialog::uas(&invite(), "mine").unwrap();
        let with = |number: u32, method: Method| {
            let mut request = invite();
            request.method = method.clone();
            request.headers.set(HeaderName::CSeq, format!("{number} {method}"));
            request
        };
        assert_eq!(dialog.receive(&with(9, Method::Info)), Ok(()));
        let error = dialog.receive(&with(8, Method::Bye)).unwrap_err();
        //= RFC 3261 §12.2.2
        assert_eq!((error.clone(), error.status()), (DialogError::OutOfOrder { got: 8, seen: 9 }, StatusCode(500)));
        assert_eq!(dialog.receive(&with(7, Method::Ack)), Ok(()), "the ACK of an older INVITE");
        assert_eq!(dialog.receive(&with(9, Method::Bye)), Ok(()));
    }

    #[test]
    fn a_caller_without_contact_is_reached_where_it_says_it_is_from() {
        let mut no_contact = invite();
        no_contact.headers.remove(&HeaderName::Contact);
        let dialog = Dialog::uas(&no_contact, "t").expect("it founds a dialog");
        assert_eq!(dialog.remote_target().as_str(), "sip:alice@example.com");
    }

    #[test]
    fn what_founds_no_dialog() {
        let mut bad_contact = invite();
        bad_contact.headers.set(HeaderName::Contact, "<sip:alice@192.0.2.1");
        assert_eq!(Dialog::uas(&bad_contact, "t"), Err(DialogError::Header(HeaderName::Contact)));
        let mut bad_route = answer(200, "b", &[]);
        bad_route.headers.push(HeaderName::RecordRoute, "<sip:p1");
        assert_eq!(Dialog::uac(&invite(), &bad_route), Err(DialogError::Header(HeaderName::RecordRoute)));
        let mut no_number = invite();
        no_number.headers.remove(&HeaderName::CSeq);
        assert_eq!(Dialog::uas(&no_number, "t").unwrap_err().status(), StatusCode(400));
    }
}
