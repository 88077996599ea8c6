//! A server that does as a scenario says: its transactions are real, its answers a role's.

use super::network::{Node, Wish};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::time::Instant;
use tuiphone::sip::dialog::Dialog;
use tuiphone::sip::flow::Flow;
use tuiphone::sip::ident;
use tuiphone::sip::message::{HeaderName, Message, Method, Request, Response, StatusCode, parse};
use tuiphone::sip::transaction::{Config, Layer, LayerEvent, push_via};

/// What a server makes of requests.
pub trait Role {
    /// The answer to a request, told once however often it comes; `None` leaves it without.
    fn answer(&mut self, request: &Request, desk: &mut Desk<'_>) -> Option<Response>;
}

impl<F: FnMut(&Request, &mut Desk<'_>) -> Option<Response>> Role for F {
    fn answer(&mut self, request: &Request, desk: &mut Desk<'_>) -> Option<Response> {
        self(request, desk)
    }
}

/// What a role has at hand.
pub struct Desk<'a> {
    /// Where the request came by.
    pub flow: Flow,
    pub rng: &'a mut StdRng,
    /// Sent after the answer, back on the same path.
    pub then: Vec<Request>,
}

pub struct Server<R> {
    pub role: R,
    pub layer: Layer,
    /// Every request that came, and when; each once.
    pub heard: Vec<(Instant, Request)>,
    /// Every final answer to a request of its own; failures as 408.
    pub told: Vec<Response>,
    /// The path of the last request.
    pub path: Option<Flow>,
    rng: StdRng,
    out: VecDeque<Wish>,
}

impl<R: Role> Server<R> {
    pub fn new(role: R, seed: u64) -> Server<R> {
        Server {
            role,
            layer: Layer::new(Config::default()),
            heard: Vec::new(),
            told: Vec::new(),
            path: None,
            rng: StdRng::seed_from_u64(seed ^ 0x5e17),
            out: VecDeque::new(),
        }
    }

    /// The requests of a method that came, oldest first.
    pub fn of(&self, method: Method) -> Vec<Request> {
        self.heard.iter().map(|(_, request)| request).filter(|request| request.method == method).cloned().collect()
    }

    /// When those came, in whole seconds since the first.
    pub fn seconds(&self, method: Method) -> Vec<u64> {
        let times = || self.heard.iter().filter(|(_, request)| request.method == method).map(|(at, _)| *at);
        let first = times().next();
        times().filter_map(|at| Some(at.duration_since(first?).as_secs())).collect()
    }

    /// Sends a request of its own back on the last path.
    pub fn tell(&mut self, request: Request, now: Instant) {
        if let Some(flow) = self.path {
            self.send(request, flow, now);
        }
        self.work(now);
    }

    fn send(&mut self, mut request: Request, flow: Flow, now: Instant) {
        push_via(&mut request, &flow, &ident::branch(&mut self.rng));
        self.layer.request(request, flow, now);
    }

    fn work(&mut self, now: Instant) {
        while let Some(event) = self.layer.poll() {
            match event {
                LayerEvent::Transmit { flow, bytes } => self.out.push_back(Wish::Send(flow, bytes)),
                LayerEvent::Request { server: Some(server), request, flow } => {
                    self.path = Some(flow);
                    self.heard.push((now, request.clone()));
                    let mut desk = Desk { flow, rng: &mut self.rng, then: Vec::new() };
                    let response = self.role.answer(&request, &mut desk);
                    let then = desk.then;
                    if let Some(response) = response {
                        self.layer.respond(server, response, now);
                    }
                    then.into_iter().for_each(|request| self.send(request, flow, now));
                }
                LayerEvent::Response { response, .. } if response.status.is_final() => self.told.push(response),
                LayerEvent::ClientFailed { .. } => {
                    self.told.push(Response::to_request(
                        &Request::new(Method::Options, "sip:x"),
                        StatusCode(408),
                        None,
                    ));
                }
                _ => {}
            }
        }
    }
}

impl<R: Role> Node for Server<R> {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        if let Ok(message @ (Message::Request(_) | Message::Response(_))) = parse(bytes) {
            self.layer.receive(message, flow, now);
            self.work(now);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        self.work(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.layer.next_timeout()
    }

    fn poll(&mut self) -> Option<Wish> {
        self.out.pop_front()
    }
}

/// A response with these headers, its tag made of the request.
pub fn respond(request: &Request, status: u16, headers: &[(&str, &str)]) -> Response {
    let tag = format!("s{}", request.headers.text(&HeaderName::CallId).unwrap_or_default().len());
    let mut response = Response::to_request(request, StatusCode(status), Some(&tag));
    for (name, value) in headers {
        response.headers.push(HeaderName::from_token(name), *value);
    }
    response
}

/// 200 to a REGISTER: its Contacts for as long as they wish, or at most this long.
pub fn register(request: &Request, most: u32, parameters: &str) -> Response {
    let wished = request.headers.expires().ok().flatten().unwrap_or(most);
    let mut response = respond(request, 200, &[]);
    let contacts = request.headers.contacts().ok();
    for contact in contacts.iter().flat_map(|list| list.list()) {
        let life = contact.expires().unwrap_or(wished).min(most);
        if life > 0 {
            response.headers.push(HeaderName::Contact, format!("<{}>;expires={life}{parameters}", contact.uri));
        }
    }
    response
}

/// A subscription as its notifier holds it.
pub struct Subscriber {
    pub dialog: Dialog,
    pub event: String,
    contact: String,
}

impl Subscriber {
    /// The one that a SUBSCRIBE founds, and the 200 to it.
    pub fn of(subscribe: &Request, desk: &mut Desk<'_>, expires: u32) -> Option<(Subscriber, Response)> {
        let tag = ident::tag(desk.rng);
        let mut dialog = Dialog::uas(subscribe, &tag).ok()?;
        let mut ok = Response::to_request(subscribe, StatusCode(200), Some(&tag));
        ok.headers.push(HeaderName::Expires, expires.to_string());
        let contact = format!("<sip:{}>", desk.flow.local);
        ok.headers.push(HeaderName::Contact, contact.as_str());
        dialog.confirm(&ok).ok()?;
        let event = subscribe.headers.event().ok().flatten()?.value;
        Some((Subscriber { dialog, event, contact }, ok))
    }

    /// A NOTIFY within it: its state, and a document of its package.
    pub fn notify(&mut self, state: &str, document: &str) -> Request {
        let mut notify = self.dialog.request(Method::Notify);
        notify.headers.push(HeaderName::Event, self.event.as_str());
        notify.headers.push(HeaderName::SubscriptionState, state);
        notify.headers.push(HeaderName::Contact, self.contact.as_str());
        if !document.is_empty() {
            let media_type = match self.event.as_str() {
                "message-summary" => "application/simple-message-summary",
                "dialog" => "application/dialog-info+xml",
                "reg" => "application/reginfo+xml",
                _ => "application/pidf+xml",
            };
            notify.headers.push(HeaderName::ContentType, media_type);
            notify.body = document.as_bytes().to_vec();
        }
        notify
    }
}
