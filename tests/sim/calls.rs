//! Two phones and an exchange.

use super::network::{ExchangeNode, Link, Network, seeds};
use super::phone::Phone;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tuiphone::demo::exchange::{Exchange, ExchangeConfig, User};
use tuiphone::sip::auth::Algorithm;
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::{Command, HangupWhich};
use tuiphone::ua::snapshot::{CallState, RegistrationState};

const SECOND: Duration = Duration::from_secs(1);
const AT_ONCE: IncomingPolicy = IncomingPolicy::Answer { after: Duration::from_millis(500) };

type Shared = Rc<RefCell<Phone>>;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn phones(network: &mut Network, seed: u64, incoming: IncomingPolicy) -> (Shared, Shared) {
    let users = vec![User::new("alice", "secret", Algorithm::MD5), User::new("bob", "hunter2", Algorithm::SHA256)];
    let exchange = Exchange::new(ExchangeConfig::new("demo.invalid", users));
    network.add(address(5060), ExchangeNode::new(exchange, seed));
    let now = network.now;
    let phone = |port, user, incoming| Phone::new(address(port), address(5060), user, incoming, now);
    let alice = network.add(address(5061), phone(5061, ("alice", "secret"), IncomingPolicy::Ring));
    let bob = network.add(address(5062), phone(5062, ("bob", "hunter2"), incoming));
    (alice, bob)
}

fn check(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn dial(network: &Network, phone: &Shared) {
    let dial = Command::Dial { target: "sip:bob@demo.invalid".to_owned(), account: None };
    phone.borrow_mut().command(dial, network.now);
}

fn hang_up(network: &Network, phone: &Shared) {
    phone.borrow_mut().command(Command::Hangup { which: HangupWhich::Current }, network.now);
}

#[test]
fn both_digests_register_on_a_bad_network() {
    seeds(100, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        network.run(100 * SECOND);
        let now = network.now;
        check(alice.borrow().registration(now) == Some(RegistrationState::Registered), "alice, MD5")?;
        check(bob.borrow().registration(now) == Some(RegistrationState::Registered), "bob, SHA-256")
    });
}

#[test]
fn a_call_is_answered_and_ended_on_a_bad_network() {
    seeds(100, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        network.run(30 * SECOND);
        dial(network, &alice);
        network.run(30 * SECOND);
        let connected = |phone: &Shared| {
            let calls = phone.borrow().agent.status(network.now).calls;
            calls.len() == 1 && calls.iter().all(|call| call.state == CallState::Connected)
        };
        check(connected(&alice) && connected(&bob), "both are connected")?;
        hang_up(network, &alice);
        network.run(60 * SECOND);
        let outcome = |phone: &Shared| phone.borrow().ended().and_then(|call| call.outcome.clone());
        check(outcome(&alice).is_some() && outcome(&bob).is_some(), "both have ended")
    });
}

#[test]
fn busy_is_busy() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, _bob) = phones(&mut network, 1, IncomingPolicy::Refuse(486));
    network.run(5 * SECOND);
    dial(&network, &alice);
    network.run(5 * SECOND);
    let alice = alice.borrow();
    let call = alice.ended().unwrap();
    assert_eq!((call.status, call.outcome.as_deref()), (Some(486), Some("busy")), "{:#?}", network.trace);
}

/// Why not on a worse network: without a provisional response no CANCEL may be sent, and the far end rings on.
#[test]
fn a_call_given_up_stops_ringing() {
    seeds(50, Link { loss: 0.0, ..Link::BAD }, |network, seed| {
        let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
        network.run(30 * SECOND);
        dial(network, &alice);
        network.run(Duration::from_millis(seed * 100));
        hang_up(network, &alice);
        network.run(120 * SECOND);
        let silent = |phone: &Shared| phone.borrow().agent.status(network.now).calls.is_empty();
        check(silent(&alice) && silent(&bob), "no call is left")
    });
}
