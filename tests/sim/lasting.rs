//! Calls that last: session timers of both sides (RFC 4028), over a bad network and against far ends that vanish.

use super::network::{Link, Network, seeds};
use super::stage::*;
use tuiphone::ua::agent::{AgentConfig, IncomingPolicy};
use tuiphone::ua::outcome::EndedBy;
use tuiphone::ua::snapshot::CallState::Connected;

fn every(seconds: u32) -> impl Fn(&mut AgentConfig) {
    move |config| config.settings.session_timer_s = seconds
}

fn without_timer(config: &mut AgentConfig) {
    for account in &mut config.accounts {
        account.disable_session_timer = true;
    }
}

/// Alice has called Bob, who answered.
fn connected(
    network: &mut Network,
    alice: impl FnOnce(&mut AgentConfig),
    bob: impl FnOnce(&mut AgentConfig),
) -> Result<(Shared, Shared), String> {
    exchange(network, network.seed);
    let alice = phone_with(network, 5061, ALICE, AT_ONCE, alice);
    let bob = phone_with(network, 5062, BOB, AT_ONCE, bob);
    network.run(30 * SECOND);
    call_bob(network, &alice);
    network.run(30 * SECOND);
    check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
    Ok((alice, bob))
}

//= RFC 4028 §7.4
#[test]
fn a_call_of_an_hour_is_refreshed_on_a_poor_network() {
    seeds(20, Link::POOR, |network, _| {
        let (alice, bob) = connected(network, every(180), every(180))?;
        network.run(3600 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "and stays so")?;
        let refreshes = network.times(&["5061 -> 5060 UPDATE"]).len();
        check(refreshes >= 39, &format!("{refreshes} UPDATEs"))?;
        check(network.times(&["5062 -> 5060 UPDATE"]).is_empty(), "one side refreshes")?;
        hang_up(network, &bob);
        network.run(60 * SECOND);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

//= RFC 3261 §13.2.2.4
#[test]
fn a_call_without_an_offer_is_answered_refreshed_and_ended_on_a_poor_network() {
    seeds(40, Link::POOR, |network, seed| {
        let late = |config: &mut AgentConfig| {
            config.settings.late_offer = true;
            config.settings.session_timer_s = 300;
        };
        exchange(network, network.seed);
        let alice = phone_with(network, 5061, ALICE, AT_ONCE, late);
        let early = IncomingPolicy::EarlyMedia { answer_after: Some(5 * SECOND) };
        let bob = phone(network, 5062, BOB, if seed % 2 == 0 { AT_ONCE } else { early });
        network.run(40 * SECOND);
        call_bob(network, &alice);
        network.run(50 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
        let sounding = |phone: &Shared| phone.borrow().sounding.len();
        check((sounding(&alice), sounding(&bob)) == (1, 1), "and hear each other")?;
        network.run(200 * SECOND);
        check(states(network, &alice) == [Connected], "refreshed")?;
        hang_up(network, &bob);
        network.run(60 * SECOND);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

//= RFC 4028 §10
#[test]
fn a_far_end_that_vanished_is_hung_up_by_either_side() {
    for gone in ["5062", "5061"] {
        let mut network = Network::new(1, Link::GOOD);
        let (alice, bob) = connected(&mut network, every(90), every(90)).unwrap();
        network.lose = if gone == "5062" { |line| line.contains("5062") } else { |line| line.contains("5061") };
        let stays = if gone == "5062" { &alice } else { &bob };
        network.run(200 * SECOND);
        let call = stays.borrow().ended().cloned().unwrap();
        assert_eq!(call.ended_by, Some(EndedBy::Network), "{gone}");
        //= RFC 4028 §10: a third of the 90 s before their end, whoever refreshes
        assert_eq!(call.duration.round(), 60.0, "{gone}");
        assert!(is_idle(&network, stays));
    }
}

#[test]
fn a_side_without_a_timer_is_left_in_peace() {
    for (caller, called) in [(true, false), (false, true)] {
        let mut network = Network::new(1, Link::GOOD);
        let side =
            |off: bool| move |config: &mut AgentConfig| if off { without_timer(config) } else { every(90)(config) };
        let (alice, bob) = connected(&mut network, side(caller), side(called)).unwrap();
        network.run(3600 * SECOND);
        assert_eq!((states(&network, &alice), states(&network, &bob)), (vec![Connected], vec![Connected]));
        assert!(network.times(&["UPDATE"]).is_empty());
    }
}

/// The holder's own changes and the refreshes of the other meet, and nothing is lost.
#[test]
fn holds_and_refreshes_live_together_on_a_poor_network() {
    use tuiphone::ua::command::Command;
    seeds(20, Link::POOR, |network, seed| {
        let (alice, bob) = connected(network, every(180), every(180))?;
        for round in 0..12 {
            let holder = if (seed + round) % 2 == 0 { &alice } else { &bob };
            order(network, holder, Command::Hold { call: None });
            network.run((20 + (seed * 7 + round) % 30) as u32 * SECOND);
            order(network, holder, Command::Resume { call: None });
            network.run(40 * SECOND);
        }
        network.run(60 * SECOND);
        let ours = (states(network, &alice), states(network, &bob));
        check(ours == (vec![Connected], vec![Connected]), &format!("{ours:?}"))
    });
}
