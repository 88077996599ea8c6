//! Two persons who act at the same moment, on a network that reorders what they do (RFC 5407).

use super::network::{Link, Network, seeds};
use super::stage::*;
use std::time::Duration;
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::{Command, HangupWhich};
use tuiphone::ua::snapshot::CallState::{Connected, Held, Incoming};

type Deed = fn() -> Command;

const HANG_UP: Deed = || Command::Hangup { which: HangupWhich::All };
const HOLD: Deed = || Command::Hold { call: None };
const ANSWER: Deed = || Command::Answer { call: None };
const REJECT: Deed = || Command::Reject { call: None, code: None };

/// Alice does hers, Bob his up to 0.4 s before or after.
fn at_once(network: &mut Network, seed: u64, (alice, hers): (&Shared, Deed), (bob, his): (&Shared, Deed)) {
    let apart = Duration::from_millis(seed * 37 % 400);
    let (first, second) =
        if seed.is_multiple_of(2) { ((alice, hers), (bob, his)) } else { ((bob, his), (alice, hers)) };
    order(network, first.0, first.1());
    network.run(apart);
    order(network, second.0, second.1());
}

//= RFC 5407 §3.1, §3.2, §3.3
#[test]
fn two_persons_at_once_leave_nothing_behind_on_a_poor_network() {
    for (what, hers, his) in
        [("BYE and BYE", HANG_UP, HANG_UP), ("re-INVITE and BYE", HOLD, HANG_UP), ("BYE and re-INVITE", HANG_UP, HOLD)]
    {
        seeds(60, Link::POOR, |network, seed| {
            let (alice, bob) = phones(network, seed, AT_ONCE);
            network.run(30 * SECOND);
            call_bob(network, &alice);
            // A third of them before the ACK has come.
            for _ in 0..4000 {
                network.run(Duration::from_millis(if seed.is_multiple_of(3) { 10 } else { 1000 }));
                if states(network, &bob) == [Connected] {
                    break;
                }
            }
            at_once(network, seed, (&alice, hers), (&bob, his));
            network.run(LONG);
            check(is_idle(network, &alice) && is_idle(network, &bob), &format!("{what}: a call is left"))
        });
    }
}

//= RFC 5407 §3.3.1
#[test]
fn two_holds_at_once_both_come_to_pass_on_a_poor_network() {
    seeds(60, Link::POOR, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        network.run(30 * SECOND);
        call_bob(network, &alice);
        network.run(40 * SECOND);
        check(states(network, &bob) == [Connected], "connected")?;
        at_once(network, seed, (&alice, HOLD), (&bob, HOLD));
        network.run(100 * SECOND);
        for phone in [&alice, &bob] {
            check(states(network, phone) == [Held], "held here")?;
            let calls = phone.borrow().agent.status(network.now).calls;
            check(calls.iter().all(|call| call.remote_hold), "and there")?;
        }
        Ok(())
    });
}

//= RFC 5407 §3.1.2, §3.1.3
#[test]
fn an_answer_and_a_change_of_mind_leave_nothing_behind_on_a_poor_network() {
    for (what, his) in [("the 200 and the CANCEL", ANSWER), ("the 486 and the CANCEL", REJECT)] {
        seeds(60, Link::POOR, |network, seed| {
            let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
            network.run(40 * SECOND);
            call_bob(network, &alice);
            network.run(30 * SECOND);
            check(states(network, &bob) == [Incoming], "it rings")?;
            at_once(network, seed, (&alice, HANG_UP), (&bob, his));
            network.run(LONG);
            check(is_idle(network, &alice) && is_idle(network, &bob), &format!("{what}: a call is left"))
        });
    }
}

/// Who call each other at the same moment hear each other ring, and either may be answered.
#[test]
fn calls_that_cross_are_two_calls() {
    seeds(40, Link { loss: 0.0, ..Link::BAD }, |network, seed| {
        let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
        network.run(40 * SECOND);
        call_bob(network, &alice);
        dial(network, &bob, "sip:alice@demo.invalid");
        network.run(30 * SECOND);
        check(states(network, &alice).contains(&Incoming), "alice is called")?;
        check(states(network, &bob).contains(&Incoming), "bob is called")?;
        order(network, &alice, HANG_UP());
        order(network, &bob, HANG_UP());
        network.run(LONG);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}
