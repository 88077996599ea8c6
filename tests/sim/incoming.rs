//! Calls that are sent on, answered without a person, or from nobody, on a bad network.

use super::network::{Link, Network, seeds};
use super::stage::*;
use std::time::Duration;
use tuiphone::config::{AutoAnswer, Forwarding, HideCallerId, Settings};
use tuiphone::ua::agent::IncomingPolicy::Ring;
use tuiphone::ua::command::Command;
use tuiphone::ua::snapshot::CallInfo;
use tuiphone::ua::snapshot::CallState::{Connected, Incoming};

/// Bob, with these settings.
fn bob(network: &mut Network, settings: Settings) -> Shared {
    let settings = Settings { single_mode: false, ..settings };
    phone_with(network, 5062, BOB, Ring, |config| config.settings = settings)
}

fn to_carol(delay_s: u32) -> Settings {
    let forwarding_number = "carol".to_owned();
    Settings { forwarding: Forwarding::All, forwarding_number, forwarding_delay_s: delay_s, ..Settings::default() }
}

fn only_call(network: &Network, phone: &Shared) -> Option<CallInfo> {
    phone.borrow().agent.status(network.now).calls.pop()
}

//= RFC 3261 §21.3.3, RFC 5806 §5
#[test]
fn a_call_is_sent_on_to_another_phone() {
    for delay in [0, 8] {
        seeds(40, Link::BAD, |network, seed| {
            exchange(network, seed);
            let alice = phone(network, 5061, ALICE, Ring);
            let bob = bob(network, to_carol(delay));
            let carol = phone(network, 5063, CAROL, AT_ONCE);
            network.run(60 * SECOND);
            call_bob(network, &alice);
            network.run(80 * SECOND);
            check(states(network, &alice) == [Connected] && states(network, &carol) == [Connected], "carol answers")?;
            check(outcome(&bob).as_deref() == Some("forwarded") && is_idle(network, &bob), "bob has sent it on")?;
            hang_up(network, &alice);
            network.run(60 * SECOND);
            check([&alice, &bob, &carol].iter().all(|phone| is_idle(network, phone)), "no call is left")
        });
    }
}

#[test]
fn two_phones_that_send_calls_to_each_other_end_them() {
    seeds(20, Link::BAD, |network, seed| {
        exchange(network, seed);
        let alice = phone(network, 5061, ALICE, Ring);
        let bob = bob(network, to_carol(0));
        let back = Settings { forwarding_number: "bob".to_owned(), ..to_carol(0) };
        let carol = phone_with(network, 5063, CAROL, Ring, |config| config.settings = back);
        network.run(60 * SECOND);
        call_bob(network, &alice);
        network.run(120 * SECOND);
        check(alice.borrow().ended().is_some_and(|call| call.status == Some(302)), "the caller is told")?;
        check([&alice, &bob, &carol].iter().all(|phone| is_idle(network, phone)), "no call is left")
    });
}

#[test]
fn the_own_exchange_may_ask_for_an_answer_without_a_person() {
    for (auto_answer, answers) in [(AutoAnswer::Header, true), (AutoAnswer::Button, false)] {
        seeds(20, Link::BAD, |network, seed| {
            exchange(network, seed);
            let alice = phone(network, 5061, ALICE, Ring);
            let bob = bob(network, Settings { auto_answer, ..Settings::default() });
            network.run(60 * SECOND);
            dial(network, &alice, "sip:bob@demo.invalid?X-AutoAnswer=1");
            network.run(40 * SECOND);
            let wanted = if answers { Connected } else { Incoming };
            check(states(network, &bob) == [wanted], &format!("{:?}", states(network, &bob)))?;
            let marked = only_call(network, &bob).is_some_and(|call| call.auto_answered);
            check(marked == answers, "and it is marked")
        });
    }
}

//= RFC 3323 §4.1.1.3
#[test]
fn nobody_knows_who_hides() {
    seeds(20, Link::BAD, |network, seed| {
        exchange(network, seed);
        let hide = HideCallerId::Hard;
        let alice = phone_with(network, 5061, ALICE, Ring, |config| {
            config.accounts.iter_mut().for_each(|account| account.hide_caller_id = hide);
        });
        let bob = bob(network, Settings::default());
        network.run(60 * SECOND);
        call_bob(network, &alice);
        network.run(30 * SECOND);
        let call = only_call(network, &bob).ok_or("it rings")?;
        check(call.anonymous && call.remote.user == "anonymous", &format!("{call:?}"))?;
        order(network, &bob, Command::Answer { call: None });
        network.run(40 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")
    });
}

#[test]
fn who_is_not_to_be_disturbed_is_busy_until_he_is() {
    seeds(20, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        network.run(60 * SECOND);
        order(network, &bob, Command::Dnd { on: true });
        call_bob(network, &alice);
        network.run(40 * SECOND);
        check(outcome(&alice).as_deref() == Some("busy"), "busy")?;
        check(outcome(&bob).as_deref() == Some("denied"), "and it is known who called")?;
        order(network, &bob, Command::Dnd { on: false });
        call_bob(network, &alice);
        network.run(40 * SECOND);
        check(states(network, &bob) == [Connected], "he answers again")?;
        hang_up(network, &alice);
        network.run(Duration::from_secs(60));
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}
