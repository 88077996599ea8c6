//! Registrations and calls over TCP, TLS and WebSocket: in order but late, broken, refused, silent, started again.

use super::network::{Door, Link, Network, seeds};
use super::stage::*;
use std::time::Duration;
use tuiphone::ua::command::Command;
use tuiphone::ua::outcome::EndedBy;
use tuiphone::ua::snapshot::CallState::{Connected, Held};

const STREAMS: [&str; 5] = ["tcp", "tls", "ws", "wss", "udp"];

/// Alice, by the first transport, has called Bob, by the second; both are registered and talk.
fn talking(network: &mut Network, seed: u64, transports: (&str, &str)) -> Result<(Shared, Shared), String> {
    exchange(network, seed);
    let alice = phone_with(network, 5061, ALICE, AT_ONCE, over(transports.0));
    let bob = phone_with(network, 5062, BOB, AT_ONCE, over(transports.1));
    network.run(60 * SECOND);
    check(registered(network, &alice) && registered(network, &bob), "both are registered")?;
    call_bob(network, &alice);
    network.run(40 * SECOND);
    check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
    Ok((alice, bob))
}

//= RFC 3261 §18, RFC 7118 §5
#[test]
fn calls_come_through_over_every_pair_of_transports_on_a_bad_network() {
    for (at, first) in STREAMS.into_iter().enumerate() {
        let second = STREAMS[(at + 1) % STREAMS.len()];
        // Why: from a connection to datagrams a proxy without state cannot make up for what is lost.
        let link = if [first, second].contains(&"udp") { Link::LATE } else { Link::BAD };
        seeds(12, link, |network, seed| {
            let (alice, bob) = talking(network, seed, (first, second))?;
            let (holder, other) = if seed % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
            order(network, holder, Command::Hold { call: None });
            network.run(40 * SECOND);
            check(states(network, holder) == [Held], &format!("{first}, {second}: held"))?;
            hang_up(network, other);
            network.run(60 * SECOND);
            check(is_idle(network, &alice) && is_idle(network, &bob), &format!("{first}, {second}: no call is left"))?;
            let connections = [5061, 5062].map(|port| network.connections(address(port)));
            let expected = [first, second].map(|transport| usize::from(transport != "udp"));
            check(connections == expected, &format!("one connection each: {connections:?}"))
        });
    }
}

//= RFC 5626 §4.5
#[test]
fn a_connection_that_breaks_is_replaced_and_the_call_goes_on() {
    for transport in ["tcp", "tls", "ws"] {
        seeds(16, Link::GOOD, |network, seed| {
            let (alice, bob) = talking(network, seed, (transport, "udp"))?;
            network.cut(address(5061));
            network.run(5 * SECOND);
            check(registered(network, &alice), &format!("{transport}: registered again"))?;
            check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "the call goes on")?;
            let ender = if seed % 2 == 0 { &alice } else { &bob };
            hang_up(network, ender);
            network.run(5 * SECOND);
            check(is_idle(network, &alice) && is_idle(network, &bob), &format!("{transport}: ended on both sides"))?;
            let by = |phone: &Shared| phone.borrow().ended().and_then(|call| call.ended_by);
            let other = if seed % 2 == 0 { &bob } else { &alice };
            check(by(other) == Some(EndedBy::Remote), &format!("{transport}: {:?}", by(other)))
        });
    }
}

/// A connection that is dead without a word is noticed by what goes unacknowledged.
#[test]
fn a_connection_that_goes_silent_is_noticed_by_the_next_request() {
    seeds(16, Link::GOOD, |network, seed| {
        let (alice, _bob) = talking(network, seed, ("tcp", "udp"))?;
        network.set_door(address(5061), true, Door::Dead);
        hang_up(network, &alice);
        network.run(3 * SECOND);
        check(registered(network, &alice), "nothing is known yet")?;
        network.run(25 * SECOND);
        check(!registered(network, &alice), "the path is lost")?;
        network.set_door(address(5061), true, Door::Open);
        network.run(60 * SECOND);
        check(registered(network, &alice), "registered again")?;
        check(is_idle(network, &alice), "and no call is left")
    });
}

//= RFC 5626 §4.5
#[test]
fn a_server_that_starts_again_is_not_stormed_by_its_phones() {
    const PHONES: u16 = 60;
    for transport in ["tcp", "tls", "ws"] {
        seeds(3, Link::GOOD, |network, seed| {
            let node = exchange(network, seed);
            let ports = 5100..5100 + PHONES;
            let phones: Vec<Shared> = ports
                .map(|port| {
                    phone_with(network, port, [ALICE, BOB, CAROL][usize::from(port % 3)], AT_ONCE, over(transport))
                })
                .collect();
            network.run(30 * SECOND);
            check(phones.iter().all(|phone| registered(network, phone)), "all are registered")?;
            // Gone for two minutes.
            node.borrow_mut().forget();
            network.set_door(address(5060), true, Door::Shut);
            let before = network.times(&["connect"]).len();
            network.cut(address(5060));
            network.run(120 * SECOND);
            let tries = network.times(&["connect"]).split_off(before);
            check(tries.len() <= usize::from(PHONES) * 10, &format!("{} tries in two minutes", tries.len()))?;
            let crowd =
                tries.iter().map(|at| tries.iter().filter(|other| (*at..at + 100).contains(other)).count()).max();
            check(crowd.is_some_and(|crowd| crowd <= 25), &format!("{crowd:?} tries within 100 ms"))?;
            network.set_door(address(5060), true, Door::Open);
            network.run(170 * SECOND);
            let left = phones.iter().filter(|phone| !registered(network, phone)).count();
            check(left == 0, &format!("{left} are not registered again"))?;
            check(network.connections(address(5060)) == usize::from(PHONES), "one connection each")
        });
    }
}

#[test]
fn connections_that_break_again_and_again_are_replaced_ever_more_patiently() {
    seeds(10, Link::GOOD, |network, seed| {
        exchange(network, seed);
        let alice = phone_with(network, 5061, ALICE, AT_ONCE, over("tls"));
        network.run(5 * SECOND);
        // Whenever it stands, it falls.
        for _ in 0..1_800 {
            network.run(SECOND);
            if registered(network, &alice) {
                network.cut(address(5061));
            }
        }
        let connects = network.times(&["5061 -> 5060 connect"]);
        check((6..=16).contains(&connects.len()), &format!("{} in half an hour: {connects:?}", connects.len()))?;
        network.run(700 * SECOND);
        check(registered(network, &alice), "and it stands again")
    });
}

#[test]
fn a_server_that_refuses_or_ignores_connections_is_said_to_and_asked_again() {
    for (door, words) in [(Door::Shut, "connection refused"), (Door::Dead, "no answer in 5 s")] {
        seeds(8, Link::GOOD, |network, seed| {
            exchange(network, seed);
            network.set_door(address(5060), true, door);
            let alice = phone_with(network, 5061, ALICE, AT_ONCE, over("tcp"));
            network.run(600 * SECOND);
            let accounts = alice.borrow().agent.status(network.now).accounts;
            let says = |reason: &Option<String>| reason.as_ref().is_some_and(|reason| reason.ends_with(words));
            check(accounts.iter().any(|account| says(&account.reason)), &format!("{accounts:?}"))?;
            let tries = network.times(&["connect"]).len();
            check((4..=9).contains(&tries), &format!("{tries} tries in ten minutes"))?;
            call_bob(network, &alice);
            network.run(20 * SECOND);
            check(outcome(&alice).as_deref() == Some("unreachable"), &format!("{:?}", outcome(&alice)))?;
            network.set_door(address(5060), true, Door::Open);
            network.run(610 * SECOND);
            check(registered(network, &alice), "registered at last")
        });
    }
}

/// The server closes connections nobody uses.
#[test]
fn an_idle_connection_that_is_closed_costs_one_registration() {
    seeds(10, Link::GOOD, |network, seed| {
        exchange(network, seed);
        let alice = phone_with(network, 5061, ALICE, AT_ONCE, over("tcp"));
        let bob = phone(network, 5062, BOB, AT_ONCE);
        network.run(400 * SECOND);
        let before = network.times(&["5061 -> 5060 REGISTER"]).len();
        network.cut(address(5061));
        network.run(Duration::from_millis(1_500));
        let since = network.times(&["5061 -> 5060 REGISTER"]).len() - before;
        check(registered(network, &alice) && (1..=2).contains(&since), &format!("{since} REGISTERs"))?;
        dial(network, &bob, "sip:alice@demo.invalid");
        network.run(10 * SECOND);
        check(states(network, &alice) == [Connected], "and she is called there")
    });
}
