//! What the phone follows while it is registered: the voicemail of its accounts, and the lights of others.

use super::agent::Agent;
use super::event::Event;
use super::lights::Light;
use super::owner::Owner;
use super::port::Output;
use super::route::{Hop, Job};
use super::snapshot::VoicemailInfo;
use crate::config::AccountId;
use crate::sip::event::message_summary::MessageSummary;
use crate::sip::event::reg_info::RegInfo;
use crate::sip::event::{DocumentError, Package};
use crate::sip::flow::Flow;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Request, Response, StatusCode};
use crate::sip::subscription::{State, Subject, Subscription, Verdict};
use crate::sip::transaction::ServerId;
use crate::text::sanitise;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most subscriptions at once.
const MAX_WATCHES: usize = 128;

/// Shortest time between two registrations that a notification asks for.
const MEND_PAUSE: Duration = Duration::from_secs(30);

/// A subscription of an account, and what it has told.
#[derive(Debug)]
pub(super) struct Watch {
    pub id: u32,
    pub account: AccountId,
    pub machine: Subscription,
    /// The path of the last SUBSCRIBE that was answered.
    flow: Option<Flow>,
    /// Where it asked to be told.
    contact: Option<String>,
    /// When a lost registration was made again because of it.
    mended: Option<Instant>,
    /// `None`: it is the account's own voicemail or registration.
    pub light: Option<Light>,
    /// It is there because a contact wants it.
    pub of_contact: bool,
}

impl Watch {
    pub fn next_timeout(&self) -> Option<Instant> {
        self.machine.next_timeout()
    }

    fn is_secure(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.starts_with("<sips:"))
    }
}

impl Agent {
    /// The account is registered: asks for its voicemail, and for the lights if calls go out by it.
    pub(super) fn follow(&mut self, account: AccountId, now: Instant) {
        if self.exiting.is_some() {
            return;
        }
        if !self.watches.iter().any(|watch| watch.account == account) {
            self.add_watches(account);
        }
        let at_rest = |watch: &&mut Watch| watch.account == account && watch.machine.state() == State::Off;
        let begun: Vec<_> =
            self.watches.iter_mut().filter(at_rest).filter_map(|w| Some((w.id, w.machine.subscribe(now)?))).collect();
        begun.into_iter().for_each(|(id, request)| self.send_subscribe(id, request, now));
    }

    /// The account leaves: so do its subscriptions.
    pub(super) fn unfollow(&mut self, account: AccountId, now: Instant) {
        let ids: Vec<u32> =
            self.watches.iter().filter(|watch| watch.account == account).map(|watch| watch.id).collect();
        for id in ids {
            let Some(watch) = self.watch_mut(id) else { continue };
            let before = watch.machine.state();
            if let Some(request) = watch.machine.unsubscribe(now) {
                self.send_subscribe(id, request, now);
            }
            self.settle(id, before, now);
        }
    }

    /// Nobody asks for this one any more.
    pub(super) fn unwatch(&mut self, id: u32, now: Instant) {
        if let Some(request) = self.watch_mut(id).and_then(|watch| watch.machine.unsubscribe(now)) {
            self.send_subscribe(id, request, now);
        }
        self.watches.retain(|watch| watch.id != id);
    }

    pub(super) fn add_watch(
        &mut self,
        account: AccountId,
        uri: String,
        package: Package,
        light: Option<Light>,
        of_contact: bool,
    ) {
        let from = self.account(account).and_then(|line| line.address());
        let Some(from) = from.filter(|_| self.watches.len() < MAX_WATCHES) else { return };
        self.last_watch += 1;
        let subject = Subject { uri, from, package };
        let machine = Subscription::new(subject, self.layer_config.t1_64(), &mut self.rng);
        self.watches.push(Watch {
            id: self.last_watch,
            account,
            machine,
            flow: None,
            contact: None,
            mended: None,
            light,
            of_contact,
        });
    }

    /// Those over paths that are gone are asked for anew, soon, from where we are now.
    pub(super) fn watches_move(&mut self, now: Instant) {
        let network = &self.network;
        for watch in self.watches.iter_mut().filter(|watch| watch.flow.is_some_and(|flow| network.has_lost(&flow))) {
            watch.flow = None;
            watch.machine.refresh_soon(now);
        }
    }

    /// This path has ended: a refresh looks for another.
    pub(super) fn watches_lose(&mut self, path: &Flow) {
        for watch in self.watches.iter_mut().filter(|watch| watch.flow == Some(*path)) {
            watch.flow = None;
        }
    }

    /// A SUBSCRIBE went out as it stands here.
    pub(super) fn watch_left(&mut self, id: u32, wire: &Request) {
        let contact = wire.headers.text(&HeaderName::Contact);
        if let Some(watch) = self.watch_mut(id) {
            watch.contact = contact;
        }
    }

    /// The account is registered again after a loss, or elsewhere: those of its subscriptions that the server may have
    /// lost with the binding (`all`), or that lead to where we no longer are, are asked for once more, soon.
    //= RFC 6665 §4.1.2.2: a refresh carries the Contact to send NOTIFYs to
    pub(super) fn watches_follow(&mut self, account: AccountId, all: bool, now: Instant) {
        let lines = &self.lines;
        let Some(line) = lines.iter().find(|line| line.account.id == account) else { return };
        for watch in self.watches.iter_mut().filter(|watch| watch.account == account) {
            let moved = || watch.flow.is_some_and(|flow| watch.contact != Some(line.contact(&flow, watch.is_secure())));
            if all || moved() {
                watch.machine.refresh_soon(now);
            }
        }
    }

    fn send_subscribe(&mut self, id: u32, mut request: Request, now: Instant) {
        let Some(watch) = self.watches.iter().find(|watch| watch.id == id) else { return };
        let (account, known) = (watch.account, watch.flow);
        let hop = match watch.machine.next_hop() {
            Some(_) => self.hop_in_dialog(account, known, &request),
            None => {
                if let Some(line) = self.account(account) {
                    line.routes(false).into_iter().for_each(|route| request.headers.push(HeaderName::Route, route));
                }
                self.hop_to(account, &request.uri)
            }
        };
        let owner = Owner::Subscription(id);
        match known.filter(|flow| hop.as_ref().is_some_and(|hop: &Hop| hop.is_at(flow))) {
            Some(flow) => self.transmit(owner, request, flow, VecDeque::new(), now),
            None => self.route(hop, Job::Request(owner, Box::new(request)), now),
        }
    }

    /// A response to a SUBSCRIBE that was sent over this path.
    pub(super) fn subscription_answered(
        &mut self,
        id: u32,
        (sent, flow): (&Request, &Flow),
        response: &Response,
        now: Instant,
    ) {
        let Some(watch) = self.watches.iter_mut().find(|watch| watch.id == id) else { return };
        let line = self.lines.iter_mut().find(|line| line.account.id == watch.account);
        let before = watch.machine.state();
        let verdict = watch.machine.receive(sent, response, now, &mut self.rng);
        let again = match verdict {
            Verdict::Challenged => {
                // Why: whoever is watched may make up a challenge, and the proxy carries it to us.
                let answers = line.is_some_and(|line| {
                    line.strange_realm(response, false).is_none() && line.take_challenge(sent, response, flow)
                });
                if !answers {
                    watch.machine.stop(format!("{} {}: wrong user or password?", response.status, response.reason));
                }
                answers
            }
            Verdict::Again => true,
            Verdict::Waiting | Verdict::Failed => false,
        };
        if response.status.is_success() {
            watch.flow = Some(*flow);
            if let Some(line) = self.lines.iter_mut().find(|line| line.account.id == watch.account) {
                line.accepted(sent, response);
            }
        }
        let request = again.then(|| watch.machine.again(now));
        if let Some(request) = request {
            self.send_subscribe(id, request, now);
        }
        self.settle(id, before, now);
    }

    pub(super) fn subscription_unanswered(&mut self, id: u32, words: &str, now: Instant) {
        let Some(watch) = self.watches.iter_mut().find(|watch| watch.id == id) else { return };
        let before = watch.machine.state();
        watch.flow = None;
        watch.machine.unanswered(words, now, &mut self.rng);
        self.settle(id, before, now);
    }

    /// What is due in the subscriptions.
    pub(super) fn watch_timeouts(&mut self, now: Instant) {
        let due = |watch: &&Watch| watch.next_timeout().is_some_and(|at| at <= now);
        let due: Vec<u32> = self.watches.iter().filter(due).map(|watch| watch.id).collect();
        for id in due {
            let Some(watch) = self.watches.iter_mut().find(|watch| watch.id == id) else { continue };
            let before = watch.machine.state();
            if let Some(request) = watch.machine.handle_timeout(now, &mut self.rng) {
                self.send_subscribe(id, request, now);
            }
            self.settle(id, before, now);
        }
    }

    /// A NOTIFY within a dialog that is no call's.
    pub(super) fn watch_notified(&mut self, server: ServerId, notify: &Request, now: Instant) {
        let Some(watch) = self.watches.iter_mut().find(|watch| watch.machine.owns(notify)) else {
            //= RFC 6665 §4.1.3: a NOTIFY that matches no subscription
            return self.refuse(server, notify, StatusCode(481), None, now);
        };
        let (id, before) = (watch.id, watch.machine.state());
        let package = watch.machine.subject().package;
        if let Err(status) = watch.machine.notified(notify, now, &mut self.rng) {
            return self.refuse(server, notify, status, None, now);
        }
        let read = if notify.body.is_empty() {
            Ok(())
        } else if !is_of_type(notify, package.media_type()) {
            Err(StatusCode(415))
        } else {
            self.take_document(id, package, &notify.body, now).map_err(|_| StatusCode(400))
        };
        let status = read.err().unwrap_or(StatusCode(200));
        let mut response = Response::to_request(notify, status, None);
        if status.0 == 415 {
            response.headers.push(HeaderName::Accept, package.media_type());
        }
        self.answer(server, response, None, now);
        self.settle(id, before, now);
    }

    /// A NOTIFY that nobody asked for: the registrar may tell of voicemail so, a stranger nothing.
    pub(super) fn unasked_notify(&mut self, server: ServerId, notify: &Request, flow: Flow, now: Instant) {
        let own = |id: &AccountId| self.account(*id).is_some_and(|line| line.registers() && line.is_own_path(&flow));
        let Some(account) = self.addressee(notify, &flow).filter(own) else {
            return self.refuse(server, notify, StatusCode(481), None, now);
        };
        let package = Package::MessageSummary;
        let event = notify.headers.event().ok().flatten();
        if !event.is_some_and(|event| event.value.eq_ignore_ascii_case(package.token())) {
            //= RFC 6665 §7.2.1: 489 names the packages we know
            let mut response = Response::to_request(notify, StatusCode(489), Some(&ident::tag(&mut self.rng)));
            response.headers.push(HeaderName::AllowEvents, Package::ALL.map(Package::token).join(", "));
            return self.answer(server, response, None, now);
        }
        let status = match MessageSummary::parse(&notify.body) {
            _ if !is_of_type(notify, package.media_type()) => StatusCode(415),
            Ok(summary) => {
                self.voicemail(account, &summary);
                StatusCode(200)
            }
            Err(_) => StatusCode(400),
        };
        let response = Response::to_request(notify, status, Some(&ident::tag(&mut self.rng)));
        self.answer(server, response, None, now);
    }

    /// A NOTIFY of a subscription that there is.
    pub(super) fn is_watched(&self, notify: &Request) -> bool {
        self.watches.iter().any(|watch| watch.machine.owns(notify))
    }

    fn take_document(&mut self, id: u32, package: Package, body: &[u8], now: Instant) -> Result<(), DocumentError> {
        if package == Package::MessageSummary {
            let summary = MessageSummary::parse(body)?;
            if let Some(account) = self.watch_mut(id).map(|watch| watch.account) {
                self.voicemail(account, &summary);
            }
            return Ok(());
        }
        if package == Package::Reg {
            let info = RegInfo::parse(body)?;
            self.bindings_told(id, &info, now);
            return Ok(());
        }
        let Some(watch) = self.watch_mut(id) else { return Ok(()) };
        let Watch { machine, light: Some(light), .. } = watch else { return Ok(()) };
        let before = light.shown();
        if light.take(package, body)? {
            machine.refresh_soon(now);
        }
        if before != light.shown() {
            self.tell_light(id);
        }
        Ok(())
    }

    /// The registrar tells of the account's bindings: one of ours that it has dropped is made again.
    fn bindings_told(&mut self, id: u32, info: &RegInfo, now: Instant) {
        let Some(watch) = self.watch_mut(id) else { return };
        let account = watch.account;
        let paced = watch.mended.is_none_or(|at| now >= at + MEND_PAUSE);
        let Some(line) = self.account(account).filter(|line| line.registration.is_registered() && paced) else {
            return;
        };
        let ours = info.contacts.iter().filter(|contact| contact.uri.user() == Some(line.contact_user.as_str()));
        //= RFC 3680 §3.8: these ask for a new registration; `probation` and `rejected` do not
        let lost = |event: &str| ["deactivated", "expired", "unregistered"].contains(&event);
        let mut ours = ours.peekable();
        let gone = ours.peek().is_some() && ours.all(|contact| !contact.active && lost(&contact.event));
        if gone {
            if let Some(watch) = self.watch_mut(id) {
                watch.mended = Some(now);
            }
            self.register(account, now);
        }
    }

    fn voicemail(&mut self, account: AccountId, summary: &MessageSummary) {
        let Some(line) = self.account_mut(account) else { return };
        let counts = summary.voice.unwrap_or_default();
        let own = Some(&line.account.voicemail_number).filter(|number| !number.is_empty()).cloned();
        let voicemail = VoicemailInfo {
            waiting: summary.waiting,
            new: counts.new,
            old: counts.old,
            urgent_new: counts.urgent_new,
            urgent_old: counts.urgent_old,
            number: own.or_else(|| summary.account.as_ref().map(|uri| sanitise(uri.as_str()))),
        };
        if line.voicemail.as_ref() != Some(&voicemail) {
            line.voicemail = Some(voicemail.clone());
            let account = line.account.aor();
            self.outputs.push_back(Output::Event(Event::Mwi { account, voicemail }));
        }
    }

    /// What a subscription that came to another state means.
    fn settle(&mut self, id: u32, before: State, now: Instant) {
        let Some(watch) = self.watch_mut(id) else { return };
        let stopped = before != State::Stopped && watch.machine.state() == State::Stopped;
        let why = watch.machine.why().map(sanitise);
        if stopped && watch.light.as_ref().is_some_and(|light| light.falls_back) && is_bad_event(why.as_deref()) {
            return self.fall_back(id, now);
        }
        if is_in_force(before)
            && !is_in_force(watch.machine.state())
            && let Some(light) = watch.light.as_mut()
        {
            *light = Light::new(std::mem::take(&mut light.target), light.falls_back);
            self.tell_light(id);
        }
        let Some(watch) = self.watch_mut(id).filter(|_| stopped) else { return };
        let what = match &watch.light {
            Some(light) => format!("cannot watch {}", light.target),
            None if watch.machine.subject().package == Package::Reg => "cannot follow the registration".to_owned(),
            None => "cannot ask for voicemail".to_owned(),
        };
        let message = format!("{what}: {}", why.unwrap_or_else(|| "refused".into()));
        self.outputs.push_back(Output::Event(Event::Error { message, hint: None }));
    }

    /// The notifier knows no dialogs: its presence may tell as much.
    fn fall_back(&mut self, id: u32, now: Instant) {
        let t1_64 = self.layer_config.t1_64();
        let Some(watch) = self.watches.iter_mut().find(|watch| watch.id == id) else { return };
        if let Some(light) = watch.light.as_mut() {
            light.falls_back = false;
        }
        let subject = Subject { package: Package::Presence, ..watch.machine.subject().clone() };
        watch.machine = Subscription::new(subject, t1_64, &mut self.rng);
        if let Some(request) = watch.machine.subscribe(now) {
            self.send_subscribe(id, request, now);
        }
    }

    pub(super) fn account_of_watch(&self, id: u32) -> AccountId {
        self.watches.iter().find(|watch| watch.id == id).map_or(AccountId(0), |watch| watch.account)
    }

    fn watch_mut(&mut self, id: u32) -> Option<&mut Watch> {
        self.watches.iter_mut().find(|watch| watch.id == id)
    }
}

fn is_in_force(state: State) -> bool {
    matches!(state, State::Active | State::Pending)
}

/// Its body is plainly of this type.
pub(super) fn is_of_type(request: &Request, media_type: &str) -> bool {
    let (kind, subtype) = media_type.split_once('/').unwrap_or_default();
    let encoded = |coding: &str| !coding.eq_ignore_ascii_case("identity");
    request.headers.content_type().ok().flatten().is_some_and(|given| given.is(kind, subtype))
        && !request.headers.tokens(&HeaderName::ContentEncoding).any(encoded)
}

fn is_bad_event(why: Option<&str>) -> bool {
    why.is_some_and(|why| why.starts_with("489"))
}
