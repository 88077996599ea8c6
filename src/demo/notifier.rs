//! The exchange's event server (RFC 6665 §4.2): voicemail lamps, the lights of its users, presence they publish.

use super::exchange::Transmit;
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::event::Package;
use crate::sip::event::dialog_info::{DialogInfo, Direction, State, WatchedDialog};
use crate::sip::event::message_summary::MessageSummary;
use crate::sip::event::pidf::{self, Availability, Presence};
use crate::sip::flow::Flow;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Message, Method, Request, Response, StatusCode};
use crate::sip::transaction::{Config, Layer, LayerEvent, ServerId, push_via};
use crate::sip::uri::Uri;
use rand::Rng;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Bounds: subscriptions, calls seen, publications.
const MAX_SUBSCRIPTIONS: usize = 512;
const MAX_CALLS: usize = 64;
const MAX_PUBLICATIONS: usize = 64;
/// Shortest and longest subscription and publication, in seconds.
const EXPIRES_S: std::ops::RangeInclusive<u32> = 60..=3600;

#[derive(Debug)]
struct Subscriber {
    user: String,
    package: Package,
    dialog: Dialog,
    flow: Flow,
    until: Instant,
    version: u32,
}

/// A call that passes through the exchange.
#[derive(Debug, Clone)]
struct Seen {
    call_id: String,
    caller: String,
    callee: String,
    /// Their tags, as far as seen.
    caller_tag: Option<String>,
    callee_tag: Option<String>,
    state: State,
}

#[derive(Debug)]
struct Publication {
    user: String,
    etag: String,
    availability: Availability,
    until: Instant,
}

/// The event server of a domain.
#[derive(Debug)]
pub struct Notifier {
    domain: String,
    layer: Layer,
    subscribers: Vec<Subscriber>,
    calls: Vec<Seen>,
    publications: Vec<Publication>,
    voicemail: BTreeMap<String, MessageSummary>,
}

impl Notifier {
    /// With nobody subscribed.
    pub fn new(domain: &str) -> Notifier {
        Notifier {
            domain: domain.to_owned(),
            layer: Layer::new(Config::default()),
            subscribers: Vec::new(),
            calls: Vec::new(),
            publications: Vec::new(),
            voicemail: BTreeMap::new(),
        }
    }

    /// The request is within a subscription held here.
    pub fn owns(&self, request: &Request) -> bool {
        let id = DialogId::of_request(request);
        request.method == Method::Subscribe && self.subscribers.iter().any(|s| Some(s.dialog.id()) == id.as_ref())
    }

    /// Takes in a SUBSCRIBE or PUBLISH that has proven itself, or a response to a NOTIFY. `online`: who is registered.
    pub fn receive(
        &mut self,
        message: Message,
        flow: Flow,
        online: &dyn Fn(&str) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Vec<Transmit> {
        self.layer.receive(message, flow, now);
        self.work(online, now, rng)
    }

    /// When `handle_timeout` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let ends = self.subscribers.iter().map(|subscriber| subscriber.until);
        let published = self.publications.iter().map(|publication| publication.until);
        ends.chain(published).chain(self.layer.next_timeout()).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, online: &dyn Fn(&str) -> bool, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        self.layer.handle_timeout(now);
        let mut ended = Vec::new();
        while let Some(at) = self.subscribers.iter().position(|subscriber| subscriber.until <= now) {
            ended.push(self.subscribers.remove(at));
        }
        for mut subscriber in ended {
            //= RFC 6665 §4.2.2: a subscription that runs out ends with a NOTIFY
            self.notify(&mut subscriber, "terminated;reason=timeout".to_owned(), None, now, rng);
        }
        let (ended, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.publications).into_iter().partition(|publication| publication.until <= now);
        self.publications = left;
        for publication in ended {
            self.tell(&publication.user, &[Package::Presence], online, now, rng);
        }
        self.work(online, now, rng)
    }

    /// The lamp of a user: told to who has subscribed; false if nobody has.
    pub fn set_voicemail(
        &mut self,
        user: &str,
        summary: MessageSummary,
        now: Instant,
        rng: &mut impl Rng,
    ) -> (bool, Vec<Transmit>) {
        self.voicemail.insert(user.to_owned(), summary);
        let told = self.subscribers.iter().any(|s| s.user == user && s.package == Package::MessageSummary);
        self.tell(user, &[Package::MessageSummary], &|_| true, now, rng);
        (told, self.work(&|_| true, now, rng))
    }

    /// Sends a NOTIFY outside any subscription to a user's phone.
    pub fn notify_unasked(
        &mut self,
        uri: &Uri,
        user: &str,
        flow: Flow,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Vec<Transmit> {
        let mut notify = Request::new(Method::Notify, uri.as_str());
        let address = format!("<sip:{user}@{}>", self.domain);
        for (name, value) in [
            (HeaderName::MaxForwards, "70".to_owned()),
            (HeaderName::From, format!("{address};tag={}", ident::tag(rng))),
            (HeaderName::To, address),
            (HeaderName::CallId, ident::call_id(rng, "")),
            (HeaderName::CSeq, "1 NOTIFY".to_owned()),
            (HeaderName::Contact, format!("<sip:{}>", flow.local)),
            (HeaderName::Event, Package::MessageSummary.token().to_owned()),
            (HeaderName::SubscriptionState, "active".to_owned()),
            (HeaderName::ContentType, Package::MessageSummary.media_type().to_owned()),
        ] {
            notify.headers.push(name, value);
        }
        notify.body = self.voicemail.get(user).cloned().unwrap_or_default().to_string().into_bytes();
        push_via(&mut notify, &flow, &ident::branch(rng));
        self.layer.request(notify, flow, now);
        self.work(&|_| true, now, rng)
    }

    /// A user came or went.
    pub fn presence_changed(
        &mut self,
        user: &str,
        online: &dyn Fn(&str) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Vec<Transmit> {
        self.tell(user, &[Package::Presence], online, now, rng);
        self.work(online, now, rng)
    }

    /// An INVITE of one user to another went through; `tag` is the caller's.
    pub fn call_begins(&mut self, call_id: &str, caller: &str, tag: Option<&str>, callee: &str) {
        if self.calls.iter().all(|call| call.call_id != call_id) {
            if self.calls.len() >= MAX_CALLS {
                self.calls.remove(0);
            }
            self.calls.push(Seen {
                call_id: call_id.to_owned(),
                caller: caller.to_owned(),
                callee: callee.to_owned(),
                caller_tag: tag.map(str::to_owned),
                callee_tag: None,
                state: State::Trying,
            });
        }
    }

    /// The call has come so far; its lights are told. `tag` is the called's, if it told one.
    pub fn call_comes_to(
        &mut self,
        call_id: &str,
        (state, tag): (State, Option<&str>),
        online: &dyn Fn(&str) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Vec<Transmit> {
        let Some(call) = self.calls.iter_mut().find(|call| call.call_id == call_id) else { return Vec::new() };
        let goes_back = call.state == State::Confirmed && state != State::Terminated;
        if call.state == state || goes_back {
            return Vec::new();
        }
        call.state = state;
        call.callee_tag = tag.map(str::to_owned).or(call.callee_tag.take());
        let users = [call.caller.clone(), call.callee.clone()];
        for user in users {
            self.tell(&user, &[Package::Dialog, Package::Presence], online, now, rng);
        }
        self.calls.retain(|call| call.state != State::Terminated);
        self.work(online, now, rng)
    }

    fn work(&mut self, online: &dyn Fn(&str) -> bool, now: Instant, rng: &mut impl Rng) -> Vec<Transmit> {
        let mut out = Vec::new();
        while let Some(event) = self.layer.poll() {
            match event {
                LayerEvent::Transmit { flow, bytes } => out.push(Transmit { flow, bytes }),
                LayerEvent::Request { server: Some(server), request, flow } => match request.method {
                    Method::Subscribe => self.subscribe(server, &request, flow, online, now, rng),
                    Method::Publish => self.publish(server, &request, online, now, rng),
                    _ => self.respond(server, &request, 405, &[], now, rng),
                },
                LayerEvent::Response { response, .. }
                    if matches!(response.status.0, 404 | 405 | 410 | 416 | 481 | 489) =>
                {
                    //= RFC 6665 §4.2.2: a subscriber that knows nothing of it has none
                    let id = DialogId::of_response(&response);
                    self.subscribers.retain(|subscriber| Some(subscriber.dialog.id()) != id.as_ref());
                }
                _ => {}
            }
        }
        out
    }

    fn subscribe(
        &mut self,
        server: ServerId,
        request: &Request,
        flow: Flow,
        online: &dyn Fn(&str) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        let event = request.headers.event().ok().flatten();
        let package = Package::ALL.into_iter().find(|p| event.as_ref().is_some_and(|e| e.value == p.token()));
        let Some(package) = package.filter(|package| *package != Package::Reg) else {
            let known = [(HeaderName::AllowEvents, "message-summary, dialog, presence".to_owned())];
            return self.respond(server, request, 489, &known, now, rng);
        };
        let wished = request.headers.expires().ok().flatten().unwrap_or(package.expires_s());
        if wished != 0 && wished < *EXPIRES_S.start() {
            let least = [(HeaderName::MinExpires, EXPIRES_S.start().to_string())];
            return self.respond(server, request, 423, &least, now, rng);
        }
        let expires = wished.min(*EXPIRES_S.end());
        let until = now + Duration::from_secs(expires.into());
        let id = DialogId::of_request(request);
        let at = self.subscribers.iter().position(|subscriber| Some(subscriber.dialog.id()) == id.as_ref());
        let mut subscriber = match at {
            Some(at) => self.subscribers.remove(at),
            None if id.is_some() => return self.respond(server, request, 481, &[], now, rng),
            None if self.subscribers.len() >= MAX_SUBSCRIPTIONS => {
                return self.respond(server, request, 503, &[], now, rng);
            }
            None => {
                let user = Uri::parse(&request.uri).ok().and_then(|uri| uri.user_decoded()).unwrap_or_default();
                let Ok(mut dialog) = Dialog::uas(request, &ident::tag(rng)) else {
                    return self.respond(server, request, 400, &[], now, rng);
                };
                let confirmed = Response::to_request(request, StatusCode(200), None);
                let _always = dialog.confirm(&confirmed);
                Subscriber { user, package, dialog, flow, until, version: 0 }
            }
        };
        subscriber.until = until;
        subscriber.flow = flow;
        let mut ok = Response::to_request(request, StatusCode(200), Some(&subscriber.dialog.id().local_tag));
        ok.headers.push(HeaderName::Expires, expires.to_string());
        ok.headers.push(HeaderName::Contact, format!("<sip:{}>", flow.local));
        self.layer.respond(server, ok, now);
        let body = self.document(&mut subscriber, true, online);
        let state =
            if expires == 0 { "terminated;reason=timeout".to_owned() } else { format!("active;expires={expires}") };
        self.notify(&mut subscriber, state, Some(body), now, rng);
        if expires > 0 {
            self.subscribers.push(subscriber);
        }
    }

    //= RFC 3903 §6
    fn publish(
        &mut self,
        server: ServerId,
        request: &Request,
        online: &dyn Fn(&str) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        let wished = request.headers.expires().ok().flatten().unwrap_or(*EXPIRES_S.end());
        if wished != 0 && wished < *EXPIRES_S.start() {
            let least = [(HeaderName::MinExpires, EXPIRES_S.start().to_string())];
            return self.respond(server, request, 423, &least, now, rng);
        }
        let user = Uri::parse(&request.uri).ok().and_then(|uri| uri.user_decoded()).unwrap_or_default();
        let known = request.headers.text(&HeaderName::SipIfMatch);
        let at = known.as_ref().map(|etag| self.publications.iter().position(|p| p.user == user && p.etag == *etag));
        let before = match at {
            Some(None) => return self.respond(server, request, 412, &[], now, rng),
            Some(Some(at)) => Some(self.publications.remove(at)),
            None => None,
        };
        let said = Presence::parse(&request.body).ok().map(|presence| presence.availability());
        let availability = match (said, &before) {
            (Some(said), _) => said,
            (None, Some(before)) if request.body.is_empty() => before.availability,
            _ => return self.respond(server, request, 400, &[], now, rng),
        };
        let expires = wished.min(*EXPIRES_S.end());
        let etag = ident::tag(rng);
        if expires > 0 && self.publications.len() < MAX_PUBLICATIONS {
            let until = now + Duration::from_secs(expires.into());
            self.publications.push(Publication { user: user.clone(), etag: etag.clone(), availability, until });
        }
        let headers = [(HeaderName::Expires, expires.to_string()), (HeaderName::SipEtag, etag)];
        self.respond(server, request, 200, &headers, now, rng);
        self.tell(&user, &[Package::Presence], online, now, rng);
    }

    fn respond(
        &mut self,
        server: ServerId,
        request: &Request,
        status: u16,
        headers: &[(HeaderName, String)],
        now: Instant,
        rng: &mut impl Rng,
    ) {
        let mut response = Response::to_request(request, StatusCode(status), Some(&ident::tag(rng)));
        headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), value.as_str()));
        self.layer.respond(server, response, now);
    }

    /// Tells everybody who follows this user in one of these packages.
    fn tell(
        &mut self,
        user: &str,
        packages: &[Package],
        online: &dyn Fn(&str) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        let mut subscribers = std::mem::take(&mut self.subscribers);
        for subscriber in subscribers.iter_mut().filter(|s| s.user == user && packages.contains(&s.package)) {
            let body = self.document(subscriber, false, online);
            let left = subscriber.until.saturating_duration_since(now).as_secs();
            self.notify(subscriber, format!("active;expires={left}"), Some(body), now, rng);
        }
        self.subscribers = subscribers;
    }

    fn notify(
        &mut self,
        subscriber: &mut Subscriber,
        state: String,
        body: Option<String>,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        let mut notify = subscriber.dialog.request(Method::Notify);
        notify.headers.push(HeaderName::Event, subscriber.package.token());
        notify.headers.push(HeaderName::SubscriptionState, state);
        notify.headers.push(HeaderName::Contact, format!("<sip:{}>", subscriber.flow.local));
        if let Some(body) = body {
            notify.headers.push(HeaderName::ContentType, subscriber.package.media_type());
            notify.body = body.into_bytes();
        }
        push_via(&mut notify, &subscriber.flow, &ident::branch(rng));
        self.layer.request(notify, subscriber.flow, now);
    }

    fn document(&self, subscriber: &mut Subscriber, full: bool, online: &dyn Fn(&str) -> bool) -> String {
        let user = subscriber.user.as_str();
        let entity = format!("sip:{user}@{}", self.domain);
        match subscriber.package {
            Package::MessageSummary => self.voicemail.get(user).cloned().unwrap_or_default().to_string(),
            Package::Dialog => {
                let version = subscriber.version;
                subscriber.version = version.wrapping_add(1);
                let dialogs = self.calls.iter().filter_map(|call| self.dialog_of(call, user)).collect();
                DialogInfo { version, full, entity, dialogs }.document()
            }
            Package::Presence | Package::Reg => pidf::document(&entity, self.availability(user, online)),
        }
    }

    fn dialog_of(&self, call: &Seen, user: &str) -> Option<WatchedDialog> {
        let (direction, other) = match user {
            _ if call.callee == user => (Direction::Recipient, &call.caller),
            _ if call.caller == user => (Direction::Initiator, &call.callee),
            _ => return None,
        };
        let (caller, callee) = (call.caller_tag.clone(), call.callee_tag.clone());
        let (local_tag, remote_tag) =
            if direction == Direction::Recipient { (callee, caller) } else { (caller, callee) };
        Some(WatchedDialog {
            held: false,
            id: call.call_id.clone(),
            call_id: Some(call.call_id.clone()),
            local_tag,
            remote_tag,
            direction: Some(direction),
            state: call.state,
            remote_identity: Uri::parse(&format!("sip:{other}@{}", self.domain)).ok(),
            remote_name: None,
            remote_target: None,
        })
    }

    fn availability(&self, user: &str, online: &dyn Fn(&str) -> bool) -> Availability {
        let published = self.publications.iter().rev().find(|publication| publication.user == user);
        let called = self.calls.iter().filter(|call| call.callee == user || call.caller == user);
        let called = called.map(|call| match call.state {
            State::Terminated => Availability::Idle,
            State::Trying | State::Proceeding | State::Early if call.callee == user => Availability::Ringing,
            _ => Availability::Busy,
        });
        match (called.rev().find(|called| *called != Availability::Idle), published) {
            (Some(called), _) => called,
            (None, Some(published)) => published.availability,
            (None, None) if online(user) => Availability::Idle,
            (None, None) => Availability::Offline,
        }
    }
}
