//! A small exchange: registrar and proxy for one domain, stateless (RFC 3261 §16.11) but where a request leaves a stream.
//!
//! A user with several contacts is forked to all of them at once; every answer goes upstream, so both 200s of a fork
//! reach the caller. SUBSCRIBE and PUBLISH for its users are answered by its event server. Tests make it misbehave
//! through `Fault`.

mod resend;

use self::resend::Resending;
use super::notifier::Notifier;
use super::registrar::{Proof, Registrar};
use crate::config::Secret;
use crate::sip::auth::Algorithm;
use crate::sip::event::dialog_info::State;
use crate::sip::event::message_summary::MessageSummary;
use crate::sip::flow::{Flow, Transport};
use crate::sip::header::{NameAddr, Via};
use crate::sip::ident;
use crate::sip::message::{HeaderName, Message, Method, Request, Response, StatusCode, parse};
use crate::sip::uri::{Host, Uri};
use rand::Rng;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Instant;

/// Bytes to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The path.
    pub flow: Flow,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A person of the domain.
#[derive(Debug, Clone)]
pub struct User {
    /// User part of the AOR, and the digest user.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// What it is challenged with.
    pub algorithm: Algorithm,
}

/// What an exchange is made of.
#[derive(Debug, Clone)]
pub struct ExchangeConfig {
    /// The domain, also the realm.
    pub domain: String,
    /// Who may register and call.
    pub users: Vec<User>,
    /// Stay in the path of calls.
    pub record_route: bool,
    /// The shortest registration, seconds; briefer ones get 423.
    pub min_expires: u32,
    /// The registration without a wish, seconds.
    pub default_expires: u32,
}

impl ExchangeConfig {
    /// A domain with these users: record-routing, registrations of a minute at least, an hour by default.
    pub fn new(domain: &str, users: Vec<User>) -> ExchangeConfig {
        ExchangeConfig { domain: domain.to_owned(), users, record_route: true, min_expires: 60, default_expires: 3600 }
    }
}

/// What the exchange does wrong, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer.
    Silent,
    /// Refuse with this status.
    Refuse(StatusCode),
}

/// The exchange.
#[derive(Debug)]
pub struct Exchange {
    config: ExchangeConfig,
    registrar: Registrar,
    notifier: Notifier,
    resending: Resending,
    faults: Vec<(Method, Fault)>,
}

impl Exchange {
    /// An exchange with nobody registered.
    pub fn new(config: ExchangeConfig) -> Exchange {
        let registrar =
            Registrar::new(&config.domain, config.min_expires, config.default_expires, config.users.clone());
        let notifier = Notifier::new(&config.domain);
        Exchange { config, registrar, notifier, resending: Resending::default(), faults: Vec::new() }
    }

    /// What it was made of.
    pub fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// The users and where they are.
    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// From now on, requests of this method meet the fault; `None` heals.
    pub fn set_fault(&mut self, method: Method, fault: Option<Fault>) {
        self.faults.retain(|(m, _)| *m != method);
        self.faults.extend(fault.map(|fault| (method, fault)));
    }

    /// Takes a datagram in; what cannot be read or answered is dropped. `rng` makes nonces.
    pub fn handle(&mut self, bytes: &[u8], flow: Flow, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        self.registrar.expire(now);
        match parse(bytes) {
            Ok(Message::Request(request)) => self.request(request, flow, now, rng),
            Ok(Message::Response(response)) => self.response(response, flow, now, rng),
            Err(_) => Vec::new(),
        }
    }

    /// When `handle_timeout` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.notifier.next_timeout().into_iter().chain(self.resending.next_timeout()).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        let registrar = &self.registrar;
        let mut out = self.notifier.handle_timeout(&|user| !registrar.bindings(user).is_empty(), now, rng);
        out.extend(self.resending.due(now));
        out
    }

    /// Sets a user's voicemail lamp. Without a subscription to it, the user's phones are told unasked.
    pub fn set_voicemail(
        &mut self,
        user: &str,
        summary: MessageSummary,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Vec<Transmit> {
        let (told, mut out) = self.notifier.set_voicemail(user, summary, now, rng);
        for binding in self.registrar.bindings(user).iter().filter(|_| !told) {
            out.extend(self.notifier.notify_unasked(&binding.contact, user, binding.flow, now, rng));
        }
        out
    }

    fn response(&mut self, response: Response, flow: Flow, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        if let Some(branch) = response.headers.via_top().ok().flatten().as_ref().and_then(Via::branch) {
            self.resending.answered(branch);
        }
        let registrar = &self.registrar;
        let online = |user: &str| !registrar.bindings(user).is_empty();
        if response.headers.elements(&HeaderName::Via).count() == 1 {
            return self.notifier.receive(Message::Response(response), flow, &online, now, rng);
        }
        let is_invite = response.headers.cseq().ok().flatten().is_some_and(|cseq| cseq.method == Method::Invite);
        let state = match response.status.0 {
            ..=100 => None,
            101..=199 => Some(State::Early),
            200..=299 => Some(State::Confirmed),
            _ => Some(State::Terminated),
        };
        let mut out = match (state.filter(|_| is_invite), response.headers.text(&HeaderName::CallId)) {
            (Some(state), Some(call_id)) => {
                let to = response.headers.to().ok().flatten();
                let tag = to.as_ref().and_then(|to| to.tag());
                self.notifier.call_comes_to(&call_id, (state, tag), &online, now, rng)
            }
            _ => Vec::new(),
        };
        out.extend(forward_response(response, flow));
        out
    }

    fn request(&mut self, mut request: Request, flow: Flow, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        let Ok(Some(mut via)) = request.headers.via_top() else { return Vec::new() };
        via.note_source(flow.remote);
        replace_top_via(&mut request, Some(&via));
        if self.is_ack_to_own_answer(&request) {
            return Vec::new();
        }
        let fault = self.faults.iter().find(|(method, _)| *method == request.method).map(|(_, fault)| *fault);
        match fault {
            Some(Fault::Silent) => return Vec::new(),
            Some(Fault::Refuse(status)) => return answer(&request, status, flow),
            None => {}
        }
        let Ok(uri) = Uri::parse(&request.uri) else { return answer(&request, StatusCode(400), flow) };
        if request.method == Method::Register {
            return self.register(&request, flow, now, rng);
        }
        if let Some(refusal) = self.challenge_caller(&request, flow, now, rng) {
            return refusal;
        }
        request.headers.remove(&HeaderName::PPreferredIdentity);
        let of_user = self.is_ours(&uri, flow) && uri.user().is_some_and(|user| self.registrar.user(user).is_some());
        let to_server = self.is_ours(&uri, flow) && uri.user().is_none();
        let is_event = matches!(request.method, Method::Subscribe | Method::Publish) && (of_user || to_server);
        let registrar = &self.registrar;
        let online = |user: &str| !registrar.bindings(user).is_empty();
        if is_event || self.notifier.owns(&request) {
            return self.notifier.receive(Message::Request(request), flow, &online, now, rng);
        }
        let mut out = self.see_call(&request, &uri, now, rng);
        out.extend(self.proxy(request, &uri, flow, now));
        out
    }

    /// The lights of a call's users follow it.
    fn see_call(&mut self, request: &Request, uri: &Uri, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        let registrar = &self.registrar;
        let online = |user: &str| !registrar.bindings(user).is_empty();
        let Some(call_id) = request.headers.text(&HeaderName::CallId) else { return Vec::new() };
        match request.method {
            Method::Invite => {
                let from = request.headers.from().ok().flatten();
                let caller = from.as_ref().and_then(|from| from.uri.user_decoded()).unwrap_or_default();
                let tag = from.as_ref().and_then(|from| from.tag());
                self.notifier.call_begins(&call_id, &caller, tag, &uri.user_decoded().unwrap_or_default());
                Vec::new()
            }
            Method::Bye => self.notifier.call_comes_to(&call_id, (State::Terminated, None), &online, now, rng),
            _ => Vec::new(),
        }
    }

    fn register(&mut self, request: &Request, flow: Flow, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        let Ok(Some(to)) = request.headers.to() else { return answer(request, StatusCode(400), flow) };
        let Some(user) = to.uri.user().and_then(|name| self.registrar.user(name)).cloned() else {
            return answer(request, StatusCode(404), flow);
        };
        match self.registrar.prove(&user, request, false, now) {
            Proof::Right => {
                let was_online = !self.registrar.bindings(&user.name).is_empty();
                let response = self.registrar.register(&user.name, request, flow, &own_tag(request), now);
                let mut out = vec![Transmit { flow, bytes: response.to_bytes() }];
                let registrar = &self.registrar;
                let online = |user: &str| !registrar.bindings(user).is_empty();
                if online(&user.name) != was_online {
                    out.extend(self.notifier.presence_changed(&user.name, &online, now, rng));
                }
                out
            }
            proof => {
                let stale = proof == Proof::Stale;
                let value = self.registrar.challenge(&user, stale, now, rng);
                let mut response = Response::to_request(request, StatusCode(401), Some(&own_tag(request)));
                response.headers.push(HeaderName::WwwAuthenticate, value);
                vec![Transmit { flow, bytes: response.to_bytes() }]
            }
        }
    }

    /// Whoever calls, writes, subscribes or publishes as one of our users must prove it; ACK and CANCEL cannot (§22.1),
    /// nor need requests within a dialog.
    fn challenge_caller(
        &mut self,
        request: &Request,
        flow: Flow,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Option<Vec<Transmit>> {
        let within = request.headers.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        let proves = matches!(request.method, Method::Invite | Method::Message | Method::Subscribe | Method::Publish);
        if within || !proves {
            return None;
        }
        //= RFC 3325 §9.2: one who hides in From says who he is here
        let preferred = request.headers.addresses(&HeaderName::PPreferredIdentity).unwrap_or_default();
        let caller = preferred.into_iter().next().or(request.headers.from().ok().flatten())?;
        let Some(user) = caller.uri.user().and_then(|name| self.registrar.user(name)).cloned() else {
            return Some(answer(request, StatusCode(403), flow));
        };
        let proof = self.registrar.prove(&user, request, true, now);
        if proof == Proof::Right {
            return None;
        }
        let value = self.registrar.challenge(&user, proof == Proof::Stale, now, rng);
        let mut response = Response::to_request(request, StatusCode(407), Some(&own_tag(request)));
        response.headers.push(HeaderName::ProxyAuthenticate, value);
        Some(vec![Transmit { flow, bytes: response.to_bytes() }])
    }

    fn proxy(&mut self, mut request: Request, uri: &Uri, flow: Flow, now: Instant) -> Vec<Transmit> {
        let hops = match request.headers.max_forwards() {
            Ok(hops) => hops.unwrap_or(70),
            Err(_) => return answer(&request, StatusCode(400), flow),
        };
        //= RFC 3261 §16.3 step 3.
        if hops == 0 {
            return answer(&request, StatusCode(483), flow);
        }
        request.headers.set(HeaderName::MaxForwards, hops.saturating_sub(1).to_string());
        let within = request.headers.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        //= RFC 3261 §16.4, RFC 5658 §5.1: our own Route is taken off, and the one of our other side.
        let mut routes = request.headers.routes().unwrap_or_default();
        let own = routes.iter().take_while(|route| self.is_ours(&route.uri, flow)).count();
        routes.drain(..own.min(2));
        request.headers.remove(&HeaderName::Route);
        for route in &routes {
            request.headers.push(HeaderName::Route, route.to_string());
        }
        //= RFC 3261 §16.6 step 4.
        let records = self.config.record_route && !within && request.method == Method::Invite;
        if records {
            request.headers.push_front(HeaderName::RecordRoute, record_route(&flow));
        }
        let targets = match routes.first() {
            Some(route) => path(&route.uri, flow).map(|flow| (request.uri.clone(), flow)).into_iter().collect(),
            None => self.targets(uri, flow),
        };
        if targets.is_empty() {
            return if request.method == Method::Ack {
                Vec::new()
            } else if self.is_ours(uri, flow) && uri.user().is_none() && request.method == Method::Options {
                answer(&request, StatusCode(200), flow)
            } else if uri.user().is_some_and(|user| self.registrar.user(user).is_some()) {
                answer(&request, StatusCode(480), flow)
            } else {
                answer(&request, StatusCode(404), flow)
            };
        }
        let repeats = flow.transport != Transport::Udp && request.method != Method::Ack;
        let forward = |(index, (uri, to)): (usize, (String, Flow))| {
            let mut request = request.clone();
            //= RFC 5658 §5.1: where the transports differ, a Route for each side
            if records && to.transport != flow.transport {
                request.headers.push_front(HeaderName::RecordRoute, record_route(&to));
            }
            let (branch, transmit) = forward(request, uri, to, index);
            if repeats && to.transport == Transport::Udp {
                self.resending.watch(branch, transmit.clone(), now);
            }
            transmit
        };
        targets.into_iter().enumerate().map(forward).collect()
    }

    /// Request-URI and path of every place this URI stands for.
    fn targets(&self, uri: &Uri, flow: Flow) -> Vec<(String, Flow)> {
        if self.is_ours(uri, flow) {
            let bindings = uri.user().map(|user| self.registrar.bindings(user)).unwrap_or_default();
            bindings.iter().map(|binding| (binding.contact.to_string(), binding.flow)).collect()
        } else {
            //= RFC 7118 §5: a Contact that nobody can connect to is reached by the path it was registered over
            let known = self.registrar.binding(uri).map(|binding| binding.flow);
            known.or_else(|| path(uri, flow)).map(|flow| (uri.to_string(), flow)).into_iter().collect()
        }
    }

    fn is_ours(&self, uri: &Uri, flow: Flow) -> bool {
        let is_address = address(uri) == Some(flow.local);
        is_address || uri.host().is_some_and(|host| host.to_string().eq_ignore_ascii_case(&self.config.domain))
    }

    /// The ACK to a refusal of our own ends here (§16.11 needs no state for it: the tag tells).
    fn is_ack_to_own_answer(&self, request: &Request) -> bool {
        let to = request.headers.to().ok().flatten();
        request.method == Method::Ack && to.is_some_and(|to| to.tag() == Some(own_tag(request).as_str()))
    }
}

fn answer(request: &Request, status: StatusCode, flow: Flow) -> Vec<Transmit> {
    if request.method == Method::Ack {
        return Vec::new();
    }
    let response = Response::to_request(request, status, Some(&own_tag(request)));
    vec![Transmit { flow, bytes: response.to_bytes() }]
}

fn record_route(flow: &Flow) -> String {
    match flow.transport {
        Transport::Udp => format!("<sip:{};lr>", flow.local),
        other => format!("<sip:{};transport={other};lr>", flow.local),
    }
}

/// The branch of our Via, and what is sent.
fn forward(mut request: Request, uri: String, flow: Flow, index: usize) -> (String, Transmit) {
    request.uri = uri;
    //= RFC 3261 §16.11: the branch is made of the request's, so that retransmissions, CANCEL and ACK get the same.
    let mut hasher = DefaultHasher::new();
    request.headers.via_top().ok().flatten().map(|via| via.branch().map(str::to_owned)).hash(&mut hasher);
    index.hash(&mut hasher);
    let branch = format!("{}{:016x}", ident::MAGIC_COOKIE, hasher.finish());
    let host = Host::from(flow.local.ip());
    let via = Via::new(flow.transport.via_token(), host, Some(flow.local.port()), &branch);
    request.headers.push_front(HeaderName::Via, via.to_string());
    (branch, Transmit { flow, bytes: request.to_bytes() })
}

/// Takes our Via off and sends the response where the next one points (§16.7 step 3, §18.2.2).
fn forward_response(mut response: Response, flow: Flow) -> Option<Transmit> {
    let vias: Vec<Vec<u8>> = response.headers.elements(&HeaderName::Via).skip(1).map(<[u8]>::to_vec).collect();
    let next = Via::parse(vias.first()?).ok()?;
    response.headers.remove(&HeaderName::Via);
    for via in vias.into_iter().rev() {
        response.headers.push_front(HeaderName::Via, via);
    }
    let (host, port) = next.sent_by();
    let ip = next.received().or(host.ip())?;
    let port = next.rport().flatten().or(port).unwrap_or(5060);
    let transport = Transport::from_token(&next.transport).unwrap_or(Transport::Udp);
    let flow = Flow { transport, remote: SocketAddr::new(ip, port), ..flow };
    Some(Transmit { flow, bytes: response.to_bytes() })
}

fn replace_top_via(request: &mut Request, top: Option<&Via>) {
    let rest: Vec<Vec<u8>> = request.headers.elements(&HeaderName::Via).skip(1).map(<[u8]>::to_vec).collect();
    request.headers.remove(&HeaderName::Via);
    let top = top.map(|via| via.to_string().into_bytes());
    for via in top.into_iter().chain(rest).rev() {
        request.headers.push_front(HeaderName::Via, via);
    }
}

/// The address of a URI whose host is one; names are not looked up here.
fn address(uri: &Uri) -> Option<SocketAddr> {
    Some(SocketAddr::new(uri.host()?.ip()?, uri.port().unwrap_or(5060)))
}

/// The path to such a URI, from the address this one leads to.
fn path(uri: &Uri, from: Flow) -> Option<Flow> {
    let transport = uri.transport().and_then(Transport::from_token).unwrap_or(Transport::Udp);
    Some(Flow { transport, remote: address(uri)?, ..from })
}

/// The tag of our own answers, made of the request (§8.2.7).
fn own_tag(request: &Request) -> String {
    let mut hasher = DefaultHasher::new();
    request.headers.get(&HeaderName::CallId).hash(&mut hasher);
    request.headers.from().ok().flatten().as_ref().and_then(NameAddr::tag).hash(&mut hasher);
    format!("x{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests;
