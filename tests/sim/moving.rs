//! The network around a phone changes, or the machine sleeps: registered again soon, and calls follow.

use super::network::{Door, Link, Network, seeds};
use super::stage::*;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use tuiphone::sip::message::{HeaderName, Message, Method, Request, parse};
use tuiphone::ua::agent::AgentConfig;
use tuiphone::ua::snapshot::CallState::{Connected, Held};

const SERVER: u8 = 1;

fn pair(
    network: &mut Network,
    seed: u64,
    both: impl Fn(&mut AgentConfig),
) -> (Shared, Shared, Rc<RefCell<super::exchange::ExchangeNode>>) {
    let node = exchange_at(network, host(SERVER), seed, |_| {});
    let alice = phone_at(network, (host(11), host(SERVER)), ALICE, AT_ONCE, &both);
    let bob = phone_at(network, (host(12), host(SERVER)), BOB, AT_ONCE, both);
    (alice, bob, node)
}

fn moves(network: &mut Network, phone: &Shared, from: SocketAddr, to: SocketAddr) {
    network.move_node(from, to);
    phone.borrow_mut().moved(Some(to), network.now);
}

fn connected(network: &mut Network, alice: &Shared, bob: &Shared) -> Result<(), String> {
    network.run(60 * SECOND);
    call_bob(network, alice);
    network.run(40 * SECOND);
    check(states(network, alice) == [Connected] && states(network, bob) == [Connected], "both are connected")
}

fn last_invite(network: &Network) -> Option<Request> {
    network.tap.iter().rev().find_map(|(.., bytes)| match parse(bytes) {
        Ok(Message::Request(request)) if request.method == Method::Invite => Some(request),
        _ => None,
    })
}

//= RFC 3261 §14.1, RFC 5626 §4.5
#[test]
fn a_call_and_its_registration_follow_to_another_address_on_a_poor_network() {
    for transport in ["udp", "tcp", "tls"] {
        // Why: a large request over UDP goes by TCP, and from there a proxy without state cannot make up for losses.
        seeds(24, if transport == "udp" { Link::LATE } else { Link::POOR }, |network, seed| {
            let (alice, bob, node) = pair(network, seed, over(transport));
            connected(network, &alice, &bob)?;
            moves(network, &alice, host(11), host(21));
            network.run(15 * SECOND);
            check(registered(network, &alice), &format!("{transport}: registered"))?;
            let bindings: Vec<String> =
                node.borrow().exchange.registrar().bindings("alice").iter().map(|b| b.contact.to_string()).collect();
            check(bindings.len() == 1 && bindings.iter().all(|c| c.contains("192.0.2.21")), &format!("{bindings:?}"))?;
            check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "the call goes on")?;
            let invite = last_invite(network).ok_or("no INVITE")?;
            let contact = invite.headers.text(&HeaderName::Contact).unwrap_or_default();
            let body = String::from_utf8_lossy(&invite.body).into_owned();
            check(contact.contains("192.0.2.21") && body.contains("IN IP4 192.0.2.21"), &format!("{contact}\n{body}"))?;
            hang_up(network, if seed % 2 == 0 { &alice } else { &bob });
            network.run(60 * SECOND);
            check(is_idle(network, &alice) && is_idle(network, &bob), &format!("{transport}: ended on both sides"))
        });
    }
}

/// Within 10 s of the network's return, as it is asked for.
#[test]
fn a_network_that_was_away_is_registered_over_at_once_and_calls_go_on() {
    seeds(24, Link::GOOD, |network, seed| {
        let (alice, bob, _) = pair(network, seed, |_| {});
        connected(network, &alice, &bob)?;
        for streams in [false, true] {
            network.set_door(host(11), streams, Door::Dead);
        }
        alice.borrow_mut().moved(None, network.now);
        network.run(20 * SECOND);
        check(!registered(network, &alice), "it is known to be away")?;
        for at in [host(11), host(31)] {
            for streams in [false, true] {
                network.set_door(at, streams, Door::Open);
            }
        }
        moves(network, &alice, host(11), host(31));
        network.run(10 * SECOND);
        check(registered(network, &alice), "registered within 10 s")?;
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "the call goes on")?;
        hang_up(network, &bob);
        network.run(5 * SECOND);
        check(is_idle(network, &alice), "and is ended from afar")
    });
}

#[test]
fn a_held_call_stays_held_when_it_follows() {
    use tuiphone::ua::command::Command;
    seeds(24, Link::LATE, |network, seed| {
        let (alice, bob, _) = pair(network, seed, |_| {});
        connected(network, &alice, &bob)?;
        order(network, &alice, Command::Hold { call: None });
        network.run(45 * SECOND);
        moves(network, &alice, host(11), host(21));
        network.run(60 * SECOND);
        check(states(network, &alice) == [Held] && states(network, &bob) == [Connected], "held")?;
        order(network, &alice, Command::Resume { call: None });
        network.run(45 * SECOND);
        check(states(network, &alice) == [Connected], "taken back")?;
        hang_up(network, &bob);
        network.run(60 * SECOND);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

/// A lid is closed for the night, in a call or not; whatever ran out meanwhile is made anew, once.
#[test]
fn a_machine_that_slept_for_hours_is_registered_within_ten_seconds() {
    for (hours, transport, elsewhere) in [(1, "udp", false), (9, "tcp", false), (9, "tls", true), (20, "udp", true)] {
        seeds(4, Link::GOOD, |network, seed| {
            let (alice, bob, node) = pair(network, seed, over(transport));
            connected(network, &alice, &bob)?;
            network.sleep(host(11), true);
            network.run(hours * 3600 * SECOND);
            check(is_idle(network, &bob), "the far end has noticed long ago")?;
            check(node.borrow().exchange.registrar().bindings("alice").is_empty(), "and the registrar")?;
            network.sleep(host(11), false);
            let (woken, to) = (network.trace.len(), if elsewhere { host(21) } else { host(11) });
            moves(network, &alice, host(11), to);
            network.run(10 * SECOND);
            check(registered(network, &alice), &format!("{hours} h, {transport}: registered"))?;
            check(node.borrow().exchange.registrar().bindings("alice").len() == 1, "one binding")?;
            network.run(120 * SECOND);
            check(is_idle(network, &alice), "the call that is over is known to be")?;
            let sent = network.trace.split_off(woken).iter().filter(|line| line.contains("REGISTER")).count();
            check(sent <= 12, &format!("{sent} REGISTERs"))?;
            call_bob(network, &alice);
            network.run(5 * SECOND);
            check(states(network, &alice) == [Connected], "and calls again")
        });
    }
}

#[test]
fn a_network_that_flaps_is_followed_at_the_end() {
    seeds(16, Link::LATE, |network, seed| {
        let (alice, bob, _) = pair(network, seed, |_| {});
        connected(network, &alice, &bob)?;
        let before = network.times(&["REGISTER sip:"]).len();
        let places = [host(11), host(21), host(31), host(41), host(51), host(61)];
        for pair in places.windows(2) {
            moves(network, &alice, pair[0], pair[1]);
            network.run(SECOND);
        }
        network.run(60 * SECOND);
        let sent = network.times(&["REGISTER sip:"]).len() - before;
        check(registered(network, &alice) && sent <= 30, &format!("{sent} REGISTERs"))?;
        hang_up(network, &bob);
        network.run(60 * SECOND);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}
