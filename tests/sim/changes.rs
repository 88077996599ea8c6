//! Calls that change: hold, resume, both at once, and a far end that disappears.

use super::network::{Link, Network, seeds};
use super::stage::*;
use std::time::Duration;
use tuiphone::ua::command::Command;
use tuiphone::ua::outcome::EndedBy;
use tuiphone::ua::snapshot::CallState::{Connected, Held};

const HOLD: Command = Command::Hold { call: None };
const RESUME: Command = Command::Resume { call: None };

fn connected(network: &mut Network, seed: u64) -> Result<(Shared, Shared), String> {
    let (alice, bob) = phones(network, seed, AT_ONCE);
    network.run(30 * SECOND);
    call_bob(network, &alice);
    network.run(40 * SECOND);
    check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
    Ok((alice, bob))
}

fn held_by_peer(network: &Network, phone: &Shared) -> bool {
    phone.borrow().agent.status(network.now).calls.iter().any(|call| call.remote_hold)
}

#[test]
fn either_side_holds_and_resumes_on_a_poor_network() {
    seeds(60, Link::POOR, |network, seed| {
        let (alice, bob) = connected(network, seed)?;
        for (holder, other) in [(&alice, &bob), (&bob, &alice)] {
            order(network, holder, HOLD);
            network.run(45 * SECOND);
            check(states(network, holder) == [Held] && held_by_peer(network, other), "held")?;
            check(states(network, other) == [Connected] && !held_by_peer(network, holder), "held by one side alone")?;
            order(network, holder, RESUME);
            network.run(45 * SECOND);
            check(states(network, holder) == [Connected] && !held_by_peer(network, other), "resumed")?;
        }
        Ok(())
    });
}

#[test]
fn both_hold_and_one_after_the_other_resumes() {
    seeds(60, Link::POOR, |network, seed| {
        let (alice, bob) = connected(network, seed)?;
        order(network, &alice, HOLD);
        network.run(Duration::from_millis(seed * 20));
        order(network, &bob, HOLD);
        network.run(60 * SECOND);
        check(states(network, &alice) == [Held] && states(network, &bob) == [Held], "both hold")?;
        order(network, &alice, RESUME);
        network.run(45 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Held], "one holds")?;
        check(held_by_peer(network, &alice) && !held_by_peer(network, &bob), "and the other knows")?;
        order(network, &bob, RESUME);
        network.run(45 * SECOND);
        check(states(network, &bob) == [Connected] && !held_by_peer(network, &alice), "nobody holds")
    });
}

//= RFC 3261 §14.1
#[test]
fn after_a_collision_the_caller_waits_2_to_4_s_and_the_callee_up_to_2_s() {
    let mut waits = Vec::new();
    for seed in 0..20 {
        let mut network = Network::new(seed, Link::GOOD);
        let (alice, bob) = connected(&mut network, seed).unwrap();
        order(&network, &alice, HOLD);
        order(&network, &bob, HOLD);
        network.run(20 * SECOND);
        assert_eq!((states(&network, &alice), states(&network, &bob)), (vec![Held], vec![Held]), "seed {seed}");
        let refused = |to: &str| network.times(&[to, "491 INVITE"]).first().copied().unwrap();
        let again = |from: &str, after: u64| {
            let times = network.times(&[from, " INVITE sip:"]);
            times.into_iter().find(|at| *at >= after).map(|at| at - after).unwrap()
        };
        let caller = again("5061 -> 5060", refused("5060 -> 5061"));
        let callee = again("5062 -> 5060", refused("5060 -> 5062"));
        assert!((2_100..=4_020).contains(&caller), "seed {seed}: {caller} ms\n{:#?}", network.trace);
        assert!(callee <= 2_020, "seed {seed}: {callee} ms");
        waits.push((caller, callee));
    }
    waits.dedup();
    assert!(waits.len() > 1, "the waits are drawn");
}

//= RFC 3261 §12.2.1.2, §14.1
#[test]
fn a_far_end_that_does_not_answer_a_change_is_hung_up() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, _bob) = connected(&mut network, 1).unwrap();
    network.lose = |line| line.contains("-> 5062");
    let asked = network.now;
    order(&network, &alice, HOLD);
    network.run(31 * SECOND);
    assert_eq!(states(&network, &alice), [Held]);
    network.run(2 * SECOND);
    let phone = alice.borrow();
    let call = phone.ended().unwrap();
    assert_eq!(call.ended_by, Some(EndedBy::Network));
    assert!(call.reason.as_deref().is_some_and(|reason| reason.starts_with("the far end is gone")), "{call:?}");
    assert!(network.now - asked <= 33 * SECOND);
}

//= RFC 3261 §13.2.2.4
#[test]
fn a_2xx_to_a_change_that_comes_again_is_acknowledged_again() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, bob) = connected(&mut network, 1).unwrap();
    let before = network.times(&["5061 -> 5060 ACK"]).len();
    let answered = network.times(&["5062 -> 5060 200 INVITE"]).len();
    network.lose = |line| line.starts_with("5060 -> 5062 ACK");
    order(&network, &alice, HOLD);
    network.run(8 * SECOND);
    network.lose = |_| false;
    network.run(8 * SECOND);
    let answers = network.times(&["5062 -> 5060 200 INVITE"]).split_off(answered);
    let since: Vec<u64> = answers.iter().map(|at| at - answers[0]).collect();
    assert_eq!(since, [0, 500, 1_500, 3_500, 7_500, 11_500], "{:#?}", network.trace);
    assert_eq!(network.times(&["5061 -> 5060 ACK"]).len() - before, since.len());
    assert_eq!((states(&network, &alice), states(&network, &bob)), (vec![Held], vec![Connected]));
}
