//! Which server is tried, and which next: RFC 3263 with records, silence, refusals, 503; and requests too large for a
//! datagram.

use super::exchange::ExchangeNode;
use super::network::{Door, Link, Network, seeds};
use super::phone::Phone;
use super::stage::*;
use super::zone::Zone;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::message::{Method, StatusCode};
use tuiphone::ua::agent::AgentConfig;
use tuiphone::ua::snapshot::CallState::Connected;

const DOMAIN: &str = "example.net";
/// Makes a request larger than a datagram should carry, in an address that stands there twice.
const LARGE: usize = 500;

fn at_example(config: &mut AgentConfig) {
    for account in &mut config.accounts {
        (account.server, account.domain) = (DOMAIN.to_owned(), DOMAIN.to_owned());
    }
}

fn server(network: &mut Network, number: u8, seed: u64) -> Rc<RefCell<ExchangeNode>> {
    exchange_at(network, host(number), seed, |config| config.domain = DOMAIN.to_owned())
}

fn bob(network: &mut Network, at_server: u8) -> Shared {
    phone_at(network, (host(12), host(at_server)), BOB, AT_ONCE, at_example)
}

/// Alice at a host of her own, with these names.
fn alice(network: &mut Network, zone: Zone, transport: &str) -> Shared {
    let mut config = Phone::config(ALICE, AT_ONCE);
    at_example(&mut config);
    config.accounts.iter_mut().for_each(|account| account.transport = transport.to_owned());
    let mut phone = Phone::with(host(11), host(1), config, network.seed << 16 | 11, network.now);
    phone.zone = zone;
    network.add(host(11), phone)
}

/// Of two servers for one domain the second one stands in.
fn two(service: &str) -> Zone {
    Zone::of(host(99).ip()).with_service(service, &[(10, host(1).ip(), 5060), (20, host(2).ip(), 5060)])
}

fn sent(network: &Network, to: SocketAddr, what: &str) -> usize {
    network.times(&[&format!("192.0.2.11 -> {} {what}", to.ip())]).len()
}

//= RFC 3263 §4.3
#[test]
fn the_second_server_takes_over_from_one_that_is_silent_shut_or_overloaded() {
    for (door, refuses) in [(Door::Dead, false), (Door::Shut, false), (Door::Open, true)] {
        seeds(12, Link::LATE, |network, seed| {
            let first = server(network, 1, seed);
            let second = server(network, 2, seed);
            network.set_door(host(1), false, door);
            let busy = refuses.then_some(Fault::Refuse(StatusCode(503)));
            for method in [Method::Register, Method::Invite] {
                first.borrow_mut().exchange.set_fault(method, busy);
            }
            let alice = alice(network, two("_sip._udp.example.net"), "udp");
            let bob = bob(network, 2);
            network.run(60 * SECOND);
            check(registered(network, &alice) && registered(network, &bob), &format!("{door:?}: registered"))?;
            check(second.borrow().exchange.registrar().bindings("alice").len() == 1, "at the second")?;
            dial(network, &alice, "sip:bob@example.net");
            network.run(60 * SECOND);
            check(states(network, &alice) == [Connected], &format!("{door:?}: connected"))?;
            check(sent(network, host(1), "INVITE") <= 7, "and the first is not asked for ever")
        });
    }
}

/// It comes back, and what was moved away from it is no burden on anybody.
#[test]
fn a_server_that_is_there_again_serves_again() {
    seeds(12, Link::LATE, |network, seed| {
        let first = server(network, 1, seed);
        server(network, 2, seed);
        let alice = alice(network, two("_sip._udp.example.net"), "udp");
        network.run(10 * SECOND);
        check(first.borrow().exchange.registrar().bindings("alice").len() == 1, "the first is the first")?;
        network.set_door(host(1), false, Door::Dead);
        network.run(600 * SECOND);
        check(registered(network, &alice), "registered at the second")?;
        network.set_door(host(1), false, Door::Open);
        network.set_door(host(2), false, Door::Dead);
        network.run(600 * SECOND);
        check(registered(network, &alice), "and back at the first")?;
        check(!first.borrow().exchange.registrar().bindings("alice").is_empty(), "it has the binding")
    });
}

//= RFC 3263 §4.1
#[test]
fn the_transport_is_the_one_the_domain_prefers_and_can_be_had() {
    let naptr = [("SIP+D2T", "_sip._tcp.example.net"), ("SIP+D2U", "_sip._udp.example.net")];
    for (door, expected) in [(Door::Open, " (tcp)"), (Door::Shut, ""), (Door::Dead, "")] {
        seeds(8, Link::LATE, |network, seed| {
            server(network, 1, seed);
            network.set_door(host(1), true, door);
            let zone = Zone::of(host(99).ip())
                .with_service("_sip._tcp.example.net", &[(10, host(1).ip(), 5060)])
                .with_service("_sip._udp.example.net", &[(10, host(1).ip(), 5060)])
                .with_naptr(&naptr);
            let alice = alice(network, zone, "");
            network.run(20 * SECOND);
            check(registered(network, &alice), &format!("{door:?}: registered"))?;
            let by =
                |end: &str| network.trace.iter().filter(|l| l.contains("200 REGISTER") && l.ends_with(end)).count();
            check(by(&format!("REGISTER{expected}")) >= 1, &format!("{door:?}: by{expected}"))
        });
    }
}

/// Over connections as over datagrams: refused, silent or overloaded, the next of the same service is tried.
#[test]
fn of_two_servers_over_tcp_the_second_stands_in() {
    for (door, refuses) in [(Door::Shut, false), (Door::Dead, false), (Door::Open, true)] {
        seeds(8, Link::GOOD, |network, seed| {
            let first = server(network, 1, seed);
            let second = server(network, 2, seed);
            network.set_door(host(1), true, door);
            let busy = refuses.then_some(Fault::Refuse(StatusCode(503)));
            first.borrow_mut().exchange.set_fault(Method::Register, busy);
            let alice = alice(network, two("_sip._tcp.example.net"), "tcp");
            network.run(60 * SECOND);
            check(registered(network, &alice), &format!("{door:?}: registered"))?;
            check(second.borrow().exchange.registrar().bindings("alice").len() == 1, "at the second")
        });
    }
}

//= RFC 3261 §18.1.1
#[test]
fn a_large_call_goes_by_tcp_and_by_udp_after_all_where_tcp_is_not_to_be_had() {
    for (door, by_tcp) in [(Door::Open, true), (Door::Shut, false), (Door::Dead, false)] {
        seeds(12, Link::LATE, |network, seed| {
            server(network, 1, seed);
            network.set_door(host(1), true, door);
            let alice = alice(network, Zone::of(host(1).ip()), "udp");
            let bob = bob(network, 1);
            network.run(10 * SECOND);
            for call in 0..2 {
                // The second time the nonce has run out: whoever asks again is the same server.
                dial(network, &alice, &format!("sip:bob@example.net;x={}", "x".repeat(LARGE)));
                network.run(60 * SECOND);
                check(states(network, &alice) == [Connected], &format!("{door:?}: connected, call {call}"))?;
                hang_up(network, &alice);
                network.run(400 * SECOND);
                check(is_idle(network, &alice) && is_idle(network, &bob), &format!("{door:?}: no call is left"))?;
            }
            let invites = network.trace.iter().filter(|line| line.contains("192.0.2.11 -> 192.0.2.1 INVITE"));
            let (tcp, udp): (Vec<_>, Vec<_>) = invites.partition(|line| line.ends_with("(tcp)"));
            check(tcp.is_empty() != by_tcp && udp.is_empty() == by_tcp, &format!("{door:?}: {tcp:?} {udp:?}"))?;
            let connects = network.times(&["192.0.2.11 -> 192.0.2.1 connect"]).len();
            check(connects <= 2, &format!("{door:?}: {connects} connections tried in a quarter of an hour"))
        });
    }
}

/// The connection takes the request and dies: the datagram's path is still there.
#[test]
fn a_large_call_whose_connection_dies_goes_by_udp() {
    seeds(8, Link::LATE, |network, seed| {
        server(network, 1, seed);
        let alice = alice(network, Zone::of(host(1).ip()), "udp");
        let _bob = bob(network, 1);
        network.run(10 * SECOND);
        network.lose = |line| line.ends_with("(tcp)") && line.contains("INVITE");
        dial(network, &alice, &format!("sip:bob@example.net;x={}", "x".repeat(LARGE)));
        network.run(60 * SECOND);
        check(network.trace.iter().any(|line| line.contains("x0") && line.ends_with("(tcp)")), "tried over TCP")?;
        check(states(network, &alice) == [Connected], &format!("{:?}", states(network, &alice)))
    });
}
