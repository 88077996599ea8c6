//! OPTIONS of ours on any network.

use super::network::{Link, Network, seeds};
use super::stage::*;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::message::{Method, StatusCode};
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::{Command, Reply};
use tuiphone::ua::outcome::ExitCode;

fn ping(network: &mut Network, phone: &Shared, target: Option<&str>) {
    order(network, phone, Command::Ping { target: target.map(str::to_owned), account: None });
}

/// What the last ping came to.
fn fate(phone: &Shared) -> Option<ExitCode> {
    phone.borrow().replies.last().map(|reply| match reply {
        Ok(Reply::Ping(_)) => ExitCode::Ok,
        Ok(_) => ExitCode::Unexpected,
        Err(refusal) => refusal.code,
    })
}

//= RFC 3261 §11, §17.1.2
#[test]
fn a_ping_is_answered_or_given_up_on_a_bad_network() {
    let answered = std::cell::Cell::new(0);
    seeds(100, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
        network.run(60 * SECOND);
        for target in [None, Some("sip:bob@demo.invalid")] {
            let before = alice.borrow().replies.len();
            ping(network, &alice, target);
            network.run(70 * SECOND);
            check(alice.borrow().replies.len() == before + 1, "told once")?;
            match fate(&alice) {
                Some(ExitCode::Ok) => answered.set(answered.get() + 1),
                Some(ExitCode::Unreachable) => {}
                // Bob's registration was lost as well.
                Some(ExitCode::NoAnswer) if target.is_some() => {}
                other => check(false, &format!("{target:?}: {other:?}"))?,
            }
        }
        check_rest(network, &[&alice, &bob])
    });
    assert!(answered.get() > 190, "{} of 200 answered", answered.get());
}

#[test]
fn the_own_server_and_other_phones_are_told_apart() {
    let mut network = Network::new(1, Link::GOOD);
    let node = exchange(&mut network, 1);
    let alice = phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
    network.run(5 * SECOND);
    for (fault, target, code) in [
        (None, None, ExitCode::Ok),
        (None, Some("alice"), ExitCode::Ok),
        (None, Some("nobody"), ExitCode::NoSuchNumber),
        (None, Some("carol"), ExitCode::NoAnswer),
        (Some(Fault::Refuse(StatusCode(403))), None, ExitCode::Refused),
        (Some(Fault::Silent), None, ExitCode::Unreachable),
    ] {
        node.borrow_mut().exchange.set_fault(Method::Options, fault);
        ping(&mut network, &alice, target);
        network.run(40 * SECOND);
        assert_eq!(fate(&alice), Some(code), "{fault:?} {target:?}");
    }
}

//= RFC 5626 §4.4, §4.5
#[test]
fn a_server_that_ignores_probes_sees_no_storm() {
    seeds(20, Link::POOR, |network, seed| {
        let node = exchange(network, seed);
        node.borrow_mut().exchange.set_fault(Method::Options, Some(Fault::Silent));
        let alice = phone_with(network, 5061, ALICE, IncomingPolicy::Ring, |config| {
            config.accounts.iter_mut().for_each(|account| (account.probe_s, account.register_refresh_s) = (30, 7200));
        });
        network.run(3600 * SECOND);
        let sent = network.times(&["5061 -> 5060 REGISTER"]).len();
        // A minute at least between one loss and the next; each REGISTER may be challenged, and repeated.
        check((10..400).contains(&sent), &format!("{sent} REGISTER in an hour"))?;
        node.borrow_mut().exchange.set_fault(Method::Options, None);
        network.run(600 * SECOND);
        check(registered(network, &alice), "registered in the end")?;
        check_rest(network, &[&alice])
    });
}

/// The path to the server dies without a word; calls reach the phone again long before the registration ends.
#[test]
fn a_registration_that_is_lost_in_silence_is_found_out() {
    for (probe_s, is_found) in [(30, true), (0, false)] {
        let mut network = Network::new(1, Link::GOOD);
        exchange(&mut network, 1);
        let alice = phone_with(&mut network, 5061, ALICE, IncomingPolicy::Ring, |config| {
            config
                .accounts
                .iter_mut()
                .for_each(|account| (account.probe_s, account.register_refresh_s) = (probe_s, 7200));
        });
        network.run(60 * SECOND);
        assert!(registered(&network, &alice));
        network.sleep(address(5060), true);
        network.run(90 * SECOND);
        assert_eq!(!registered(&network, &alice), is_found, "probe={probe_s}");
    }
}
