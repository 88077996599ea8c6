//! Subscriptions against a notifier that does what real ones do: ends them for every reason there is, forks, skips
//! versions, tells of bindings that are gone, and wants to be asked later.

use super::network::{Link, Network, seeds};
use super::scripted::{Desk, Role, Server, Subscriber, register, respond};
use super::stage::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tuiphone::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::{LightInfo, LightState};

const ACTIVE: &str = "active;expires=600";

/// Registers everybody, and notifies.
#[derive(Default)]
struct Notifier {
    subscriptions: Vec<Subscriber>,
    refuses: Option<(u16, &'static str, &'static str)>,
    /// Refused with 489.
    unknown: &'static str,
    /// The document of a new subscription.
    document: &'static str,
    /// So many phones answer one SUBSCRIBE.
    forks: usize,
}

impl Role for Notifier {
    fn answer(&mut self, request: &Request, desk: &mut Desk<'_>) -> Option<Response> {
        match request.method {
            Method::Register => return Some(register(request, 300, "")),
            Method::Subscribe => {}
            _ => return Some(respond(request, 486, &[])),
        }
        if let Some((status, name, value)) = self.refuses {
            return Some(respond(request, status, &[(name, value)]));
        }
        let event = request.headers.event().ok().flatten()?.value;
        if event == self.unknown {
            return Some(respond(request, 489, &[("Allow-Events", "presence")]));
        }
        let expires = request.headers.expires().ok().flatten().unwrap_or(600).min(600);
        let is_refresh = request.headers.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        if is_refresh {
            let subscriber = self.subscriptions.iter_mut().rfind(|s| s.event == event)?;
            let state = if expires == 0 { "terminated;reason=timeout" } else { ACTIVE };
            desk.then.push(subscriber.notify(state, self.document));
            let mut ok = Response::to_request(request, StatusCode(200), None);
            ok.headers.push(HeaderName::Expires, expires.to_string());
            return Some(ok);
        }
        let mut answer = None;
        for _ in 0..self.forks.max(1) {
            let (mut subscriber, ok) = Subscriber::of(request, desk, expires)?;
            desk.then.push(subscriber.notify(ACTIVE, self.document));
            self.subscriptions.push(subscriber);
            // One 2xx comes through, whichever.
            answer = Some(ok);
        }
        answer
    }
}

type Notifying = Rc<RefCell<Server<Notifier>>>;

fn watching(network: &mut Network, watch: &[&str], notifier: Notifier) -> (Shared, Notifying) {
    let server = network.add(address(5060), Server::new(notifier, network.seed));
    let alice = phone_with(network, 5061, ALICE, IncomingPolicy::Ring, |config| {
        config.settings.watch = watch.iter().map(|target| (*target).to_owned()).collect();
    });
    (alice, server)
}

/// The newest subscription says this.
fn tell(network: &Network, server: &Notifying, state: &str, document: &str) {
    let mut server = server.borrow_mut();
    let notify = server.role.subscriptions.last_mut().unwrap().notify(state, document);
    server.tell(notify, network.now);
}

fn light(network: &Network, phone: &Shared) -> LightInfo {
    phone.borrow().agent.status(network.now).lights.remove(0)
}

/// SUBSCRIBEs that came, and how many of them founded a subscription of their own.
fn asked(server: &Notifying) -> (usize, usize) {
    let all = server.borrow().of(Method::Subscribe);
    let mut calls: Vec<_> = all.iter().filter_map(|request| request.headers.text(&HeaderName::CallId)).collect();
    calls.sort();
    calls.dedup();
    (all.len(), calls.len())
}

fn dialog(version: u32, full: bool, state: &str) -> String {
    let kind = if full { "full" } else { "partial" };
    format!(
        "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" state=\"{kind}\" \
         entity=\"sip:bob@demo.invalid\"><dialog id=\"a\" direction=\"recipient\"><state>{state}</state></dialog></dialog-info>"
    )
}

//= RFC 6665 §4.1.3
#[test]
fn every_reason_to_end_a_subscription_is_heeded() {
    for (reason, waits) in [
        ("deactivated", Some(0..=10)),
        ("timeout", Some(0..=10)),
        ("probation;retry-after=120", Some(115..=200)),
        ("giveup;retry-after=300", Some(295..=460)),
        ("probation", Some(0..=10)),
        ("deactivated;retry-after=600", Some(0..=10)),
        ("unheard-of", Some(0..=10)),
        ("rejected", None),
        ("noresource", None),
        ("invariant", None),
    ] {
        seeds(6, Link::POOR, |network, _| {
            let (alice, server) = watching(network, &["presence:bob"], Notifier::default());
            network.run(60 * SECOND);
            check(asked(&server).1 == 1, &format!("{reason}: one subscription"))?;
            let told = network.now;
            tell(network, &server, &format!("terminated;reason={reason}"), "");
            network.run(3600 * SECOND);
            let calls = server.borrow().heard.clone();
            let first = calls.iter().find(|(_, request)| request.method == Method::Subscribe).map(|(_, r)| r.clone());
            let id = |request: &Request| request.headers.text(&HeaderName::CallId);
            let again = calls.iter().find(|(at, request)| {
                *at > told && request.method == Method::Subscribe && Some(id(request)) != first.as_ref().map(&id)
            });
            let after = again.map(|(at, _)| at.duration_since(told).as_secs());
            match &waits {
                Some(waits) => check(
                    after.is_some_and(|after| (*waits.start()..=*waits.end() + 33).contains(&after)),
                    &format!("{reason}: again after {after:?} s"),
                ),
                None => {
                    check(after.is_none(), &format!("{reason}: again after {after:?} s"))?;
                    let errors = alice.borrow().events.iter().filter(|e| matches!(e, Event::Error { .. })).count();
                    check(errors == 1, &format!("{reason}: told once, not {errors} times"))
                }
            }
        });
    }
}

//= RFC 6665 §4.1.2.2
#[test]
fn a_notifier_that_says_when_is_asked_then() {
    seeds(10, Link::POOR, |network, _| {
        let refuses = Some((503, "Retry-After", "180"));
        let (_alice, server) = watching(network, &["presence:bob"], Notifier { refuses, ..Notifier::default() });
        network.run(1000 * SECOND);
        let came = server.borrow().seconds(Method::Subscribe);
        let waits: Vec<u64> = came.windows(2).map(|pair| pair[1] - pair[0]).collect();
        check(waits.len() >= 2 && waits.iter().all(|wait| (178..=310).contains(wait)), &format!("{waits:?}"))?;
        server.borrow_mut().role.refuses = None;
        network.run(600 * SECOND);
        check(!server.borrow().role.subscriptions.is_empty(), "and then it stands")
    });
}

//= RFC 6665 §4.1.4
#[test]
fn of_many_phones_that_answer_one_subscription_one_is_kept() {
    seeds(20, Link::BAD, |network, _| {
        let (_alice, server) = watching(network, &["presence:bob"], Notifier { forks: 3, ..Notifier::default() });
        network.run(120 * SECOND);
        let statuses: Vec<u16> = server.borrow().told.iter().map(|response| response.status.0).collect();
        let of = |status| statuses.iter().filter(|other| **other == status).count();
        check(of(481) == 2 && of(200) >= 1, &format!("{statuses:?}"))?;
        check(asked(&server).1 == 1, "asked once")
    });
}

//= RFC 4235 §4.3
#[test]
fn a_version_that_is_missing_is_asked_for_and_an_old_one_changes_nothing() {
    seeds(20, Link::GOOD, |network, _| {
        let notifier = Notifier { document: "", ..Notifier::default() };
        let (alice, server) = watching(network, &["bob"], notifier);
        network.run(30 * SECOND);
        tell(network, &server, ACTIVE, &dialog(0, true, "terminated"));
        tell(network, &server, ACTIVE, &dialog(1, false, "early"));
        network.run(SECOND);
        check(light(network, &alice).state == LightState::Ringing, "rings")?;
        let before = asked(&server).0;
        tell(network, &server, ACTIVE, &dialog(1, false, "terminated"));
        network.run(20 * SECOND);
        check(light(network, &alice).state == LightState::Ringing, "an old one changes nothing")?;
        check(asked(&server).0 == before, "nor is anything missing")?;
        tell(network, &server, ACTIVE, &dialog(4, false, "confirmed"));
        network.run(20 * SECOND);
        check(asked(&server).0 == before + 1, "what is missing is asked for, once")?;
        tell(network, &server, ACTIVE, &dialog(5, true, "confirmed"));
        network.run(20 * SECOND);
        check(light(network, &alice).state == LightState::Busy, "talks")?;
        check(asked(&server).0 == before + 1 && asked(&server).1 == 1, "in the same subscription")
    });
}

#[test]
fn a_light_that_knows_no_dialogs_falls_back_to_presence() {
    const BUSY: &str = "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:bob@demo.invalid\"><tuple id=\"a\">\
        <status><basic>open</basic></status></tuple></presence>";
    seeds(20, Link::BAD, |network, _| {
        let notifier = Notifier { unknown: "dialog", document: BUSY, ..Notifier::default() };
        let (alice, server) = watching(network, &["bob", "dialog:carol"], notifier);
        network.run(120 * SECOND);
        check(light(network, &alice).package == "presence", "presence")?;
        check(light(network, &alice).state == LightState::Idle, &format!("{:?}", light(network, &alice)))?;
        // Carol was asked for by her dialogs alone.
        check(asked(&server).1 == 3, &format!("{:?}", asked(&server)))?;
        let errors = alice.borrow().events.iter().filter(|event| matches!(event, Event::Error { .. })).count();
        check(errors == 1, &format!("{errors} errors"))
    });
}

//= RFC 3680 §3.8
#[test]
fn a_binding_the_registrar_has_dropped_is_made_again() {
    seeds(20, Link::BAD, |network, seed| {
        let server = network.add(address(5060), Server::new(Notifier::default(), seed));
        let alice = phone_with(network, 5061, ALICE, IncomingPolicy::Ring, |config| config.settings.reg_event = true);
        network.run(100 * SECOND);
        check(registered(network, &alice) && asked(&server).1 == 1, "registered and followed")?;
        let registers = || server.borrow().of(Method::Register);
        let before = registers().len();
        let contact = registers()[0].headers.contacts().unwrap().first().unwrap().uri.to_string();
        let document = |version: u32, state: &str, event: &str| {
            format!(
                "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"{version}\" state=\"full\"><registration \
                 aor=\"sip:alice@demo.invalid\" id=\"a\" state=\"active\"><contact id=\"1\" state=\"{state}\" \
                 event=\"{event}\"><uri>{contact}</uri></contact></registration></reginfo>"
            )
        };
        tell(network, &server, ACTIVE, &document(1, "active", "refreshed"));
        network.run(20 * SECOND);
        check(registers().len() == before, "all is well")?;
        tell(network, &server, ACTIVE, &document(2, "terminated", "deactivated"));
        network.run(Duration::from_secs(12));
        check(registers().len() > before, "made again")
    });
}
