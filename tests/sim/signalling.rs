//! Transactions and dialogs of two peers over a bad network.

use super::exchange::ExchangeNode;
use super::network::{Link, Network, seeds};
use super::peer::Peer;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tuiphone::demo::exchange::{Exchange, ExchangeConfig};
use tuiphone::sip::message::Method;

const SECOND: Duration = Duration::from_secs(1);
/// Longer than any transaction lives.
const LONG: Duration = Duration::from_secs(200);

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn pair(network: &mut Network, seed: u64) -> (Rc<RefCell<Peer>>, Rc<RefCell<Peer>>) {
    let caller = network.add(address(5061), Peer::new(address(5061), seed));
    let callee = network.add(address(5062), Peer::new(address(5062), seed));
    (caller, callee)
}

fn check(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

#[test]
fn a_call_and_its_end_survive_a_bad_network() {
    seeds(300, Link::BAD, |network, seed| {
        let (caller, callee) = pair(network, seed);
        caller.borrow_mut().call(address(5062), network.now);
        network.run(40 * SECOND);
        check(caller.borrow().finals == ["200"], "the caller hears of one answer")?;
        check(callee.borrow().acknowledged(), "the callee has its ACK")?;
        check(callee.borrow().dialogs[0].id().remote_tag == caller.borrow().dialogs[0].id().local_tag, "same dialog")?;
        caller.borrow_mut().hang_up(network.now);
        network.run(LONG);
        check(caller.borrow().finals == ["200", "200"], "the BYE is answered")?;
        check(callee.borrow().requests == [Method::Invite, Method::Bye], "each request is told once")?;
        check(callee.borrow().dialogs.is_empty(), "the dialog is over")?;
        check(caller.borrow().layer.is_empty() && callee.borrow().layer.is_empty(), "no transaction is left")
    });
}

#[test]
fn a_refusal_survives_a_bad_network() {
    seeds(300, Link::BAD, |network, seed| {
        let (caller, callee) = pair(network, seed);
        callee.borrow_mut().answer = Some(486);
        caller.borrow_mut().call(address(5062), network.now);
        network.run(LONG);
        check(caller.borrow().finals == ["486"], "one refusal")?;
        check(callee.borrow().requests == [Method::Invite], "one call")?;
        check(caller.borrow().layer.is_empty() && callee.borrow().layer.is_empty(), "no transaction is left")
    });
}

#[test]
fn a_cancel_at_any_time_ends_the_call_or_crosses_the_answer() {
    seeds(300, Link::BAD, |network, seed| {
        let (caller, callee) = pair(network, seed);
        let answers = seed % 2 == 0;
        callee.borrow_mut().answer = answers.then_some(200);
        let client = caller.borrow_mut().call(address(5062), network.now);
        network.run(Duration::from_millis(seed * 3));
        let now = network.now;
        caller.borrow_mut().layer.cancel(client, None, now);
        caller.borrow_mut().work(now);
        network.run(LONG);
        let finals = caller.borrow().finals.clone();
        let expect = if answers { "200" } else { "487" };
        check(finals == [expect], &format!("{finals:?} instead of {expect}"))?;
        check(callee.borrow().cancelled <= 1, "a CANCEL is told once")?;
        check(caller.borrow().layer.is_empty() && callee.borrow().layer.is_empty(), "no transaction is left")
    });
}

#[test]
fn nobody_there_times_out_after_64_t1() {
    let mut network = Network::new(1, Link::GOOD);
    let caller = network.add(address(5061), Peer::new(address(5061), 1));
    caller.borrow_mut().call(address(5062), network.now);
    network.run(Duration::from_millis(31_999));
    assert!(caller.borrow().finals.is_empty());
    network.run(Duration::from_millis(1));
    assert_eq!(caller.borrow().finals, ["Timeout"]);
    assert_eq!(network.trace.len(), 7, "{:#?}", network.trace);
}

#[test]
fn a_stranger_is_refused_by_the_exchange() {
    seeds(50, Link::BAD, |network, seed| {
        let exchange = Exchange::new(ExchangeConfig::new("demo.invalid", Vec::new()));
        network.add(address(5060), ExchangeNode::new(exchange, seed));
        let caller = network.add(address(5061), Peer::new(address(5061), seed));
        caller.borrow_mut().call(address(5060), network.now);
        network.run(LONG);
        check(caller.borrow().finals == ["403"], "403 from a proxy without state")?;
        check(caller.borrow().layer.is_empty(), "no transaction is left")
    });
}
