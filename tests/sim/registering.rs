//! Registrations: digests, lifetimes, silence, strangers' passwords, NAT, leaving.

use super::network::{Link, Network, seeds};
use super::phone::Phone;
use super::stage::*;
use std::net::SocketAddr;
use std::time::Duration;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::message::{Method, StatusCode};
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::Command;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::{CallState, RegistrationState};

const SENT: &str = "5061 -> 5060 REGISTER";

fn state(network: &Network, phone: &Shared) -> Option<RegistrationState> {
    phone.borrow().registration(network.now)
}

#[test]
fn every_digest_registers_on_a_bad_network() {
    seeds(100, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        let carol = phone(network, 5063, CAROL, AT_ONCE);
        network.run(100 * SECOND);
        for (phone, who) in [(&alice, "alice, MD5"), (&bob, "bob, SHA-256"), (&carol, "carol, SHA-512-256")] {
            check(state(network, phone) == Some(RegistrationState::Registered), who)?;
        }
        Ok(())
    });
}

#[test]
fn a_registration_holds_for_hours_on_a_bad_network() {
    seeds(5, Link::BAD, |network, seed| {
        let (alice, _bob) = phones(network, seed, AT_ONCE);
        network.run(100 * SECOND);
        for _ in 0..120 {
            network.run(60 * SECOND);
            check(state(network, &alice) == Some(RegistrationState::Registered), "still registered")?;
        }
        Ok(())
    });
}

//= RFC 3261 §10.2.8
#[test]
fn too_brief_a_wish_is_lengthened() {
    seeds(30, Link::BAD, |network, seed| {
        exchange_with(network, seed, |config| config.min_expires = 900);
        let alice = phone(network, 5061, ALICE, IncomingPolicy::Ring);
        network.run(100 * SECOND);
        let account = alice.borrow().agent.status(network.now).accounts.remove(0);
        check(account.state == RegistrationState::Registered, "registered")?;
        check(account.expires_in.is_some_and(|left| (800..=900).contains(&left)), "for as long as the exchange wants")
    });
}

//= RFC 3261 §22.2
#[test]
fn a_wrong_password_is_tried_once_and_calls_say_so() {
    seeds(20, Link::GOOD, |network, seed| {
        exchange(network, seed);
        let alice = phone(network, 5061, ("alice", "wrong"), IncomingPolicy::Ring);
        network.run(3600 * SECOND);
        check(network.times(&[SENT]).len() == 2, "one REGISTER without and one with credentials")?;
        check(state(network, &alice) == Some(RegistrationState::Failed), "failed")?;
        call_bob(network, &alice);
        network.run(60 * SECOND);
        check(outcome(&alice).as_deref() == Some("refused"), "the call is refused")?;
        let phone = alice.borrow();
        let reason = phone.ended().and_then(|call| call.reason.clone()).unwrap_or_default();
        check(reason.contains("wrong user or password"), &reason)?;
        check(network.times(&[SENT]).len() == 4, "and asked for once more")
    });
}

//= RFC 3261 §17.1.2.2
#[test]
fn a_silent_registrar_is_asked_ever_more_patiently_until_it_answers() {
    for seed in 0..10 {
        let mut network = Network::new(seed, Link::GOOD);
        let node = exchange(&mut network, seed);
        node.borrow_mut().exchange.set_fault(Method::Register, Some(Fault::Silent));
        let alice = phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
        network.run(33 * SECOND);
        assert_eq!(state(&network, &alice), Some(RegistrationState::Failed));
        let timer_e = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        assert_eq!(network.times(&[SENT]), timer_e, "seed {seed}");
        network.run(200 * SECOND);
        let sent = network.times(&[SENT]);
        let starts: Vec<u64> = sent.chunks(timer_e.len()).filter_map(|round| round.first().copied()).collect();
        for (round, wait) in [(1, 5_000), (2, 10_000), (3, 20_000)] {
            let waited = starts[round] - starts[round - 1] - 32_000;
            assert!((wait..wait * 2).contains(&waited), "seed {seed}, round {round}: {waited} ms");
        }
        node.borrow_mut().exchange.set_fault(Method::Register, None);
        network.run(100 * SECOND);
        assert_eq!(state(&network, &alice), Some(RegistrationState::Registered), "seed {seed}");
    }
}

#[test]
fn a_registrar_that_refuses_is_not_stormed() {
    let mut network = Network::new(1, Link::GOOD);
    let node = exchange(&mut network, 1);
    node.borrow_mut().exchange.set_fault(Method::Register, Some(Fault::Refuse(StatusCode(503))));
    let alice = phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
    network.run(3600 * SECOND);
    let sent = network.times(&[SENT]);
    assert!((6..=14).contains(&sent.len()), "{sent:?}");
    assert!(sent.windows(2).all(|pair| pair[1] - pair[0] >= 5_000), "{sent:?}");
    node.borrow_mut().exchange.set_fault(Method::Register, None);
    network.run(900 * SECOND);
    assert_eq!(state(&network, &alice), Some(RegistrationState::Registered));
}

/// Leaving at any moment of the first REGISTER: the binding it makes is given back.
#[test]
fn whoever_leaves_while_registering_leaves_nothing_behind() {
    for leave in [Command::Exit, Command::Unregister { account: None }] {
        seeds(40, Link::GOOD, |network, seed| {
            let node = exchange(network, seed);
            let alice = phone(network, 5061, ALICE, IncomingPolicy::Ring);
            network.run(Duration::from_millis(seed * 2));
            order(network, &alice, leave.clone());
            network.run(5 * SECOND);
            check(node.borrow().exchange.registrar().bindings("alice").is_empty(), "no binding")?;
            check(state(network, &alice) == Some(RegistrationState::Off), "off")?;
            let exited = alice.borrow().events.contains(&Event::Exited);
            check(exited == (leave == Command::Exit), "gone")?;
            let sent = network.times(&[SENT]).len();
            network.run(3600 * SECOND);
            check(network.times(&[SENT]).len() == sent, "and stays so")
        });
    }
}

#[test]
fn a_change_of_mind_ends_registered() {
    seeds(60, Link::BAD, |network, seed| {
        let (alice, _bob) = phones(network, seed, AT_ONCE);
        let pause = Duration::from_millis(seed * 10);
        for command in [Command::Unregister { account: None }, Command::Register { account: None }] {
            network.run(pause);
            order(network, &alice, command);
        }
        network.run(200 * SECOND);
        check(state(network, &alice) == Some(RegistrationState::Registered), "registered")
    });
}

//= RFC 3581 §4
#[test]
fn behind_a_nat_the_address_the_registrar_sees_is_registered() {
    seeds(40, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let mut alice = Phone::new(address(5061), address(5060), ALICE, IncomingPolicy::Ring, (seed, network.now));
        alice.inside = SocketAddr::from(([10, 0, 0, 5], 40_000));
        let alice = network.add(address(5061), alice);
        let bob = phone(network, 5062, BOB, IncomingPolicy::Ring);
        network.run(100 * SECOND);
        check(state(network, &alice) == Some(RegistrationState::Registered), "registered")?;
        let contacts: Vec<String> =
            node.borrow().exchange.registrar().bindings("alice").iter().map(|b| b.contact.to_string()).collect();
        check(contacts.len() == 1 && contacts.iter().all(|c| c.contains("127.0.0.1:5061")), &format!("{contacts:?}"))?;
        dial(network, &bob, "sip:alice@demo.invalid");
        network.run(40 * SECOND);
        check(states(network, &alice) == [CallState::Incoming], "and is called there")
    });
}
