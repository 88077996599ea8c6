//! The least that can call and be called: the transaction table and dialogs, without a phone around them.

use super::network::{Node, Wish};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tuiphone::sip::dialog::{Dialog, DialogId};
use tuiphone::sip::flow::{Flow, Transport};
use tuiphone::sip::ident;
use tuiphone::sip::message::{HeaderName, Method, Request, Response, StatusCode, parse};
use tuiphone::sip::refer::Progress;
use tuiphone::sip::transaction::{ClientId, Config, Layer, LayerEvent, ServerId, T1, T2, push_via};

/// A 2xx of ours that waits for its ACK (RFC 3261 §13.3.1.4).
struct Unacknowledged {
    server: ServerId,
    response: Response,
    due: Instant,
    interval: Duration,
}

pub struct Peer {
    pub address: SocketAddr,
    pub layer: Layer,
    pub dialogs: Vec<Dialog>,
    /// Methods of the requests the user was told of, ACKs apart.
    pub requests: Vec<Method>,
    /// Final statuses of own requests, failures as words.
    pub finals: Vec<String>,
    pub cancelled: usize,
    /// What became of the call it asked for: status and subscription state of each NOTIFY.
    pub news: Vec<(u16, String)>,
    /// Answer an INVITE with this; `None` leaves it ringing.
    pub answer: Option<u16>,
    rng: StdRng,
    invite: Option<Request>,
    ringing: Option<(ServerId, Request)>,
    unacknowledged: Option<Unacknowledged>,
    out: VecDeque<Wish>,
}

impl Peer {
    pub fn new(address: SocketAddr, seed: u64) -> Peer {
        Peer {
            address,
            layer: Layer::new(Config::default()),
            dialogs: Vec::new(),
            requests: Vec::new(),
            finals: Vec::new(),
            cancelled: 0,
            news: Vec::new(),
            answer: Some(200),
            rng: StdRng::seed_from_u64(seed ^ u64::from(address.port())),
            invite: None,
            ringing: None,
            unacknowledged: None,
            out: VecDeque::new(),
        }
    }

    pub fn acknowledged(&self) -> bool {
        self.unacknowledged.is_none()
    }

    pub fn call(&mut self, to: SocketAddr, now: Instant) -> ClientId {
        let mut invite = Request::new(Method::Invite, format!("sip:b@{to}"));
        let tag = ident::tag(&mut self.rng);
        for (name, value) in [
            (HeaderName::MaxForwards, "70".to_owned()),
            (HeaderName::From, format!("<sip:a@{}>;tag={tag}", self.address)),
            (HeaderName::To, format!("<sip:b@{to}>")),
            (HeaderName::CallId, ident::call_id(&mut self.rng, "")),
            (HeaderName::CSeq, "1 INVITE".to_owned()),
            (HeaderName::Contact, format!("<sip:a@{}>", self.address)),
        ] {
            invite.headers.set(name, value);
        }
        let client = self.send(invite.clone(), to, now);
        self.invite = Some(invite);
        client
    }

    /// Asks the phone at `uri` to call somebody, by way of `proxy`.
    pub fn refer(&mut self, uri: &str, whom: &str, proxy: SocketAddr, now: Instant) {
        let mut refer = Request::new(Method::Refer, uri);
        let tag = ident::tag(&mut self.rng);
        for (name, value) in [
            (HeaderName::MaxForwards, "70".to_owned()),
            (HeaderName::From, format!("<sip:web@{}>;tag={tag}", self.address)),
            (HeaderName::To, format!("<{uri}>")),
            (HeaderName::CallId, "asks".to_owned()),
            (HeaderName::CSeq, "1 REFER".to_owned()),
            (HeaderName::Contact, format!("<sip:web@{}>", self.address)),
            (HeaderName::ReferTo, format!("<{whom}>")),
        ] {
            refer.headers.set(name, value);
        }
        self.send(refer, proxy, now);
    }

    pub fn hang_up(&mut self, now: Instant) {
        if let Some(mut dialog) = self.dialogs.pop() {
            let bye = dialog.request(Method::Bye);
            let host = dialog.next_hop().clone();
            let to = SocketAddr::new(host.host().unwrap().ip().unwrap(), host.port().unwrap());
            self.send(bye, to, now);
        }
    }

    fn send(&mut self, mut request: Request, to: SocketAddr, now: Instant) -> ClientId {
        let flow = self.flow(to);
        push_via(&mut request, &flow, &ident::branch(&mut self.rng));
        let client = self.layer.request(request, flow, now);
        self.work(now);
        client
    }

    fn flow(&self, remote: SocketAddr) -> Flow {
        Flow { transport: Transport::Udp, local: self.address, remote }
    }

    pub fn work(&mut self, now: Instant) {
        while let Some(event) = self.layer.poll() {
            match event {
                LayerEvent::Transmit { flow, bytes } => self.out.push_back(Wish::Send(flow, bytes)),
                LayerEvent::Request { server: Some(server), request, .. } => self.on_request(server, request, now),
                LayerEvent::Request { server: None, request, .. } => {
                    let id = DialogId::of_request(&request);
                    if self.dialogs.iter().any(|dialog| Some(dialog.id()) == id.as_ref()) {
                        self.unacknowledged = None;
                    }
                }
                LayerEvent::Response { response, flow, .. } => self.on_response(&response, flow),
                LayerEvent::ClientFailed { why, .. } => self.finals.push(format!("{why:?}")),
                LayerEvent::Cancelled { server, .. } => {
                    self.cancelled += 1;
                    if let Some((_, invite)) = self.ringing.take() {
                        let response = Response::to_request(&invite, StatusCode(487), Some("b"));
                        self.layer.respond(server, response, now);
                    }
                }
                _ => {}
            }
        }
    }

    fn on_request(&mut self, server: ServerId, request: Request, now: Instant) {
        self.requests.push(request.method.clone());
        if request.method == Method::Notify && request.headers.text(&HeaderName::CallId).as_deref() == Some("asks") {
            let state = request.headers.text(&HeaderName::SubscriptionState).unwrap_or_default();
            let status = Progress::parse(&request.body).map_or(0, |progress| progress.status.0);
            self.news.push((status, state.split(";expires").next().unwrap_or_default().to_owned()));
            self.layer.respond(server, Response::to_request(&request, StatusCode(200), None), now);
            return;
        }
        if request.method != Method::Invite {
            let id = DialogId::of_request(&request);
            let known = self.dialogs.iter().any(|dialog| Some(dialog.id()) == id.as_ref());
            self.dialogs.retain(|dialog| Some(dialog.id()) != id.as_ref());
            let status = StatusCode(if known { 200 } else { 481 });
            self.layer.respond(server, Response::to_request(&request, status, None), now);
            return;
        }
        let tag = ident::tag(&mut self.rng);
        self.layer.respond(server, Response::to_request(&request, StatusCode(180), Some(&tag)), now);
        let Some(status) = self.answer else {
            self.ringing = Some((server, request));
            return;
        };
        let mut response = Response::to_request(&request, StatusCode(status), Some(&tag));
        response.headers.set(HeaderName::Contact, format!("<sip:b@{}>", self.address));
        if status == 200 {
            let mut dialog = Dialog::uas(&request, &tag).unwrap();
            dialog.confirm(&response).unwrap();
            self.dialogs.push(dialog);
            let due = now + T1;
            self.unacknowledged = Some(Unacknowledged { server, response: response.clone(), due, interval: T1 });
        }
        self.layer.respond(server, response, now);
    }

    fn on_response(&mut self, response: &Response, flow: Flow) {
        if !response.status.is_final() {
            return;
        }
        let is_invite = response.headers.cseq().unwrap().unwrap().method == Method::Invite;
        if !is_invite || !response.status.is_success() {
            self.finals.push(response.status.to_string());
            return;
        }
        let invite = self.invite.as_ref().unwrap();
        let id = DialogId::of_response(response);
        if !self.dialogs.iter().any(|dialog| Some(dialog.id()) == id.as_ref()) {
            self.dialogs.push(Dialog::uac(invite, response).unwrap());
            self.finals.push("200".to_owned());
        }
        let dialog = self.dialogs.iter().find(|dialog| Some(dialog.id()) == id.as_ref()).unwrap();
        let mut ack = dialog.ack_for(invite);
        push_via(&mut ack, &flow, &ident::branch(&mut self.rng));
        self.layer.send_ack(&ack, flow);
    }
}

impl Node for Peer {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        self.layer.receive(parse(bytes).unwrap(), flow, now);
        self.work(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        if let Some(waiting) = self.unacknowledged.as_mut().filter(|waiting| waiting.due <= now) {
            waiting.interval = (waiting.interval * 2).min(T2);
            waiting.due = now + waiting.interval;
            self.layer.respond(waiting.server, waiting.response.clone(), now);
        }
        self.work(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.layer.next_timeout().into_iter().chain(self.unacknowledged.as_ref().map(|w| w.due)).min()
    }

    fn poll(&mut self) -> Option<Wish> {
        self.out.pop_front()
    }
}
