//! Who is at the other end of a phone's one path: server, registrar and everybody it calls. It knows how SIP is spoken, so
//! that what it is told to say comes through: tags, numbers and branches are right unless the orders change them.

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use tuiphone::sip::dialog::{Dialog, DialogId};
use tuiphone::sip::ident;
use tuiphone::sip::message::{HeaderName, Headers, Message, Method, Request, Response, StatusCode};

/// What is kept of each kind: what is older is forgotten.
const MOST: usize = 16;

/// A description that any phone can agree to; sent where the orders have none.
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

pub struct FarEnd {
    rng: StdRng,
    /// Requests of the phone that have no final answer yet.
    asked: VecDeque<Request>,
    /// Those that have one: an answer may be repeated, or another branch of the call answers too.
    answered: VecDeque<Request>,
    /// INVITEs of its own: what ends or acknowledges them is made of them.
    invites: VecDeque<Request>,
    dialogs: VecDeque<Dialog>,
    /// The address the phone is called at.
    contact: String,
    calls: u32,
    last: Vec<u8>,
}

impl FarEnd {
    pub fn new() -> FarEnd {
        FarEnd {
            rng: StdRng::seed_from_u64(7),
            asked: VecDeque::new(),
            answered: VecDeque::new(),
            invites: VecDeque::new(),
            dialogs: VecDeque::new(),
            contact: "sip:alice@192.0.2.10:5060".to_owned(),
            calls: 0,
            last: Vec::new(),
        }
    }

    /// Learns from what the phone sends.
    pub fn hear(&mut self, message: Message) {
        match message {
            Message::Request(request) if request.method == Method::Ack => {}
            Message::Request(request) => {
                if let Some(contact) = request.headers.contacts().ok().as_ref().and_then(|list| list.first()) {
                    contact.uri.as_str().clone_into(&mut self.contact);
                }
                let branch = |request: &Request| request.headers.get(&HeaderName::Via).map(<[u8]>::to_vec);
                if self
                    .asked
                    .iter()
                    .chain(&self.answered)
                    .all(|known| branch(known) != branch(&request) || known.method != request.method)
                {
                    keep(&mut self.asked, request);
                }
            }
            Message::Response(response) => {
                let id = DialogId::of_response(&response);
                if let Some(known) = self.dialogs.iter_mut().find(|dialog| Some(dialog.id()) == id.as_ref()) {
                    let _ = known.confirm(&response);
                    return;
                }
                let call = |headers: &Headers| headers.text(&HeaderName::CallId);
                let own = self.invites.iter().find(|invite| call(&invite.headers) == call(&response.headers));
                let dialog = own.filter(|_| response.status.0 > 100).map(|own| Dialog::uac(own, &response));
                if let Some(Ok(dialog)) = dialog {
                    keep(&mut self.dialogs, dialog);
                }
            }
        }
    }

    /// An answer to a request of the phone: the newest that waits, the oldest, or one that was answered already.
    pub fn answer(&mut self, which: u8, orders: &str) -> Option<Vec<u8>> {
        let (status, changes) = number(orders);
        let status = StatusCode(u16::try_from(status).ok().filter(|status| (100..700).contains(status))?);
        let request = match which {
            b'<' => self.asked.back(),
            b',' => self.asked.front(),
            _ => self.answered.back(),
        }?
        .clone();
        if status.is_final() && which != b';' {
            let has = |known: &Request| known.headers.get(&HeaderName::Via) == request.headers.get(&HeaderName::Via);
            self.asked.retain(|known| !has(known));
            keep(&mut self.answered, request.clone());
        }
        let tag = if which == b';' { ident::tag(&mut self.rng) } else { "far".to_owned() };
        let mut response = Response::to_request(&request, status, Some(&tag));
        let proof = "Digest realm=\"demo.invalid\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";
        match status.0 {
            401 => response.headers.push(HeaderName::from_token("WWW-Authenticate"), proof),
            407 => response.headers.push(HeaderName::from_token("Proxy-Authenticate"), proof),
            _ => {}
        }
        match request.method {
            Method::Register => {
                for contact in request.headers.all(&HeaderName::Contact) {
                    response.headers.push(HeaderName::Contact, contact);
                }
                response.headers.push(HeaderName::Expires, "300");
            }
            Method::Invite => {
                response.headers.push(HeaderName::Contact, "<sip:bob@192.0.2.1:5060>");
                if status.0 == 183 || status.is_success() {
                    describe(&mut response.headers, &mut response.body);
                }
            }
            Method::Subscribe => response.headers.push(HeaderName::Expires, "300"),
            _ => {}
        }
        change(&mut response.headers, &mut response.body, changes);
        // What the phone asked may begin a dialog; one that is there is confirmed.
        let begins = matches!(request.method, Method::Invite | Method::Subscribe | Method::Refer);
        if begins && status.0 > 100 && status.0 < 300 {
            let id = DialogId::of_response(&response);
            let known =
                self.dialogs.iter().any(|dialog| Some(&dialog.id().call_id) == id.as_ref().map(|id| &id.call_id));
            if !known && let Ok(mut dialog) = Dialog::uas(&request, &tag) {
                let _ = dialog.confirm(&response);
                keep(&mut self.dialogs, dialog);
            }
        }
        Some(self.sent(response.to_bytes()))
    }

    /// A request out of nowhere, to where the phone is registered.
    pub fn ask(&mut self, orders: &str) -> Vec<u8> {
        let (method, changes) = word(orders);
        self.calls += 1;
        let mut request = Request::new(Method::from_token(method), self.contact.clone());
        let branch = ident::branch(&mut self.rng);
        for (name, value) in [
            (HeaderName::Via, format!("SIP/2.0/UDP 192.0.2.1:5060;rport;branch={branch}")),
            (HeaderName::MaxForwards, "70".to_owned()),
            (HeaderName::From, format!("\"Bob\" <sip:bob@demo.invalid>;tag=f{}", self.calls)),
            (HeaderName::To, "<sip:alice@demo.invalid>".to_owned()),
            (HeaderName::CallId, format!("call-{}", self.calls)),
            (HeaderName::CSeq, format!("1 {method}")),
            (HeaderName::Contact, "<sip:bob@192.0.2.1:5060>".to_owned()),
        ] {
            request.headers.push(name, value);
        }
        if request.method == Method::Invite {
            describe(&mut request.headers, &mut request.body);
        }
        change(&mut request.headers, &mut request.body, changes);
        if request.method == Method::Invite {
            keep(&mut self.invites, request.clone());
        }
        self.sent(request.to_bytes())
    }

    /// A request within a dialog: the newest, or the oldest there is.
    pub fn go_on(&mut self, newest: bool, orders: &str) -> Option<Vec<u8>> {
        let (method, changes) = word(orders);
        let branch = ident::branch(&mut self.rng);
        let dialog = if newest { self.dialogs.back_mut() } else { self.dialogs.front_mut() }?;
        let method = Method::from_token(method);
        let mut request = dialog.request(method.clone());
        request.headers.push_front(HeaderName::Via, format!("SIP/2.0/UDP 192.0.2.1:5060;rport;branch={branch}"));
        if request.headers.get(&HeaderName::MaxForwards).is_none() {
            request.headers.push(HeaderName::MaxForwards, "70");
        }
        if method == Method::Invite {
            request.headers.push(HeaderName::Contact, "<sip:bob@192.0.2.1:5060>");
            describe(&mut request.headers, &mut request.body);
        }
        change(&mut request.headers, &mut request.body, changes);
        if method == Method::Invite {
            keep(&mut self.invites, request.clone());
        }
        Some(self.sent(request.to_bytes()))
    }

    /// Ends or acknowledges the newest INVITE of its own.
    pub fn about_invite(&mut self, method: Method, changes: &str) -> Option<Vec<u8>> {
        let invite = self.invites.back()?;
        let id = invite.headers.text(&HeaderName::CallId);
        let of_call = |dialog: &&Dialog| Some(&dialog.id().call_id) == id.as_ref();
        let dialog = self.dialogs.iter().rfind(of_call);
        let mut request = match dialog {
            Some(dialog) if method == Method::Ack => dialog.ack_for(invite),
            _ => {
                let mut request = Request { method: method.clone(), body: Vec::new(), ..invite.clone() };
                let number = invite.headers.cseq().ok().flatten().map_or(1, |cseq| cseq.number);
                request.headers.set(HeaderName::CSeq, format!("{number} {}", method.as_str()));
                request.headers.remove(&HeaderName::ContentType);
                request.headers.remove(&HeaderName::ContentLength);
                request
            }
        };
        if request.headers.get(&HeaderName::Via).is_none() {
            let branch = ident::branch(&mut self.rng);
            request.headers.push_front(HeaderName::Via, format!("SIP/2.0/UDP 192.0.2.1:5060;rport;branch={branch}"));
        }
        change(&mut request.headers, &mut request.body, changes);
        Some(self.sent(request.to_bytes()))
    }

    /// What was sent last, once more.
    pub fn repeat(&self) -> Vec<u8> {
        self.last.clone()
    }

    fn sent(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.last.clone_from(&bytes);
        bytes
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == MOST {
        list.pop_front();
    }
    list.push_back(item);
}

fn describe(headers: &mut Headers, body: &mut Vec<u8>) {
    headers.set(HeaderName::ContentType, "application/sdp");
    *body = SDP.as_bytes().to_vec();
}

/// `Name: value` in place of what is there, `+Name: value` beside it, `-Name` gone, `|` between; behind `||` the body.
fn change(headers: &mut Headers, body: &mut Vec<u8>, changes: &str) {
    let (lines, new_body) = changes.split_once("||").map_or((changes, None), |(lines, body)| (lines, Some(body)));
    for line in lines.split('|').map(str::trim).filter(|line| !line.is_empty()) {
        let (act, line) = match line.as_bytes().first().copied() {
            Some(act @ (b'+' | b'-')) => (act, line.get(1..).unwrap_or_default()),
            _ => (b'=', line),
        };
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let name = HeaderName::from_token(name.trim());
        match act {
            b'+' => headers.push(name, value.trim()),
            b'-' => headers.remove(&name),
            _ => headers.set(name, value.trim()),
        }
    }
    if let Some(new_body) = new_body {
        *body = lines_of(new_body);
    }
}

/// `|` ends a line.
pub fn lines_of(text: &str) -> Vec<u8> {
    text.replace('|', "\r\n").into_bytes()
}

/// The word at the beginning, and the rest.
pub fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// The number at the beginning, and the rest.
pub fn number(text: &str) -> (u64, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.parse().unwrap_or(0), rest.trim_start())
}
