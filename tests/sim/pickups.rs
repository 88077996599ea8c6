//! Calls that ring elsewhere and are taken here, calls that are parked: whatever the network loses, two talk at the end.

use super::network::{Link, Network, seeds};
use super::stage::*;
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::Command;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::CallState::Connected;
use tuiphone::ua::snapshot::LightState;

/// A phone of Alice's that follows these lights; the others ring.
fn three(network: &mut Network, seed: u64, watch: &[&str], park: &str, carol: IncomingPolicy) -> [Shared; 3] {
    exchange(network, seed);
    let alice = phone_with(network, 5061, ALICE, IncomingPolicy::Ring, |config| {
        config.settings.watch = watch.iter().map(|target| (*target).to_owned()).collect();
        config.settings.park_number = park.to_owned();
        config.settings.park_slots = Some(park.to_owned()).filter(|park| !park.is_empty()).into_iter().collect();
    });
    let bob = phone(network, 5062, BOB, if park.is_empty() { IncomingPolicy::Ring } else { AT_ONCE });
    let carol = phone(network, 5063, CAROL, carol);
    network.run(100 * SECOND);
    [alice, bob, carol]
}

fn rings(network: &Network, phone: &Shared) -> bool {
    let status = phone.borrow().agent.status(network.now);
    status.lights.first().is_some_and(|light| light.state == LightState::Ringing)
}

//= RFC 3891 §3, RFC 4235 §4.1.1
#[test]
fn a_call_that_rings_elsewhere_is_taken() {
    seeds(60, Link::POOR, |network, seed| {
        let [alice, bob, carol] = three(network, seed, &["bob"], "", IncomingPolicy::Ring);
        call_bob(network, &carol);
        network.run(60 * SECOND);
        check(rings(network, &alice), "Alice sees that Carol calls Bob")?;
        order(network, &alice, Command::Pickup { number: None, account: None });
        network.run(60 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &carol) == [Connected], "Alice has Carol")?;
        check(states(network, &bob).is_empty(), "Bob is not called any more")?;
        //= RFC 3326 §3.1
        check(outcome(&bob).as_deref() == Some("answered_elsewhere"), "and has missed nothing")?;
        hang_up(network, &carol);
        network.run(LONG);
        check([alice, bob, carol].iter().all(|phone| is_idle(network, phone)), "all are idle")
    });
}

/// Bob answers at the very moment: one of the two has Carol, and nobody is left with half a call.
#[test]
fn a_race_for_a_call_has_one_winner() {
    seeds(60, Link::POOR, |network, seed| {
        let [alice, bob, carol] = three(network, seed, &["bob"], "", IncomingPolicy::Ring);
        call_bob(network, &carol);
        network.run(60 * SECOND);
        order(network, &bob, Command::Answer { call: None });
        order(network, &alice, Command::Pickup { number: Some("bob".into()), account: None });
        network.run(LONG);
        let talks = |phone: &Shared| states(network, phone) == [Connected];
        check(talks(&carol) && talks(&alice) != talks(&bob), "one of them has Carol")?;
        hang_up(network, &carol);
        network.run(LONG);
        check([alice, bob, carol].iter().all(|phone| is_idle(network, phone)), "all are idle")
    });
}

#[test]
fn a_parked_call_is_told_where_it_is() {
    // On a poor network the light may come later than anybody waits for it.
    for (link, least) in [(Link::GOOD, 1), (Link::POOR, 0)] {
        seeds(40, link, |network, seed| {
            let [alice, bob, carol] = three(network, seed, &[], "carol", AT_ONCE);
            call_bob(network, &alice);
            network.run(40 * SECOND);
            order(network, &alice, Command::Park { call: None, number: None });
            network.run(100 * SECOND);
            let told = alice.borrow().events.iter().filter(|event| is_parked_at(event, "carol")).count();
            check(states(network, &bob) == [Connected] && states(network, &carol) == [Connected], "Bob waits there")?;
            check(is_idle(network, &alice), "Alice is free")?;
            check((least..=1).contains(&told), "where it is, is told once")?;
            hang_up(network, &bob);
            network.run(LONG);
            check([alice, bob, carol].iter().all(|phone| is_idle(network, phone)), "all are idle")
        });
    }
}

fn is_parked_at(event: &Event, place: &str) -> bool {
    let Event::CallParked { call } = event else { return false };
    call.transfer.as_ref().is_some_and(|transfer| transfer.parked_at.as_deref() == Some(place))
}
