//! Calls that are answered, refused, given up, forked, redirected, lost; and that nothing is left of any.

use super::network::{Link, Network, seeds};
use super::peer::Peer;
use super::phone::{Phone, account};
use super::stage::*;
use std::time::Duration;
use tuiphone::config::Settings;
use tuiphone::ua::agent::{AgentConfig, IncomingPolicy};
use tuiphone::ua::command::{Command, HangupWhich};
use tuiphone::ua::event::Event;
use tuiphone::ua::outcome::EndedBy;
use tuiphone::ua::snapshot::CallState::{Connected, Held, Incoming};

const NO_LOSS: Link = Link { loss: 0.0, ..Link::BAD };

#[test]
fn a_call_is_answered_and_ended_on_a_bad_network() {
    seeds(100, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        network.run(30 * SECOND);
        call_bob(network, &alice);
        network.run(40 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
        let answered = |event: &Event| match event {
            Event::CallAnswered { call } => call.media.clone().map(|media| (media.codec, media.ptime_ms)),
            _ => None,
        };
        for phone in [&alice, &bob] {
            let codec = phone.borrow().events.iter().find_map(answered);
            check(codec == Some(("opus".to_owned(), 20)), "the answer tells the codec")?;
        }
        hang_up(network, if seed % 2 == 0 { &alice } else { &bob });
        network.run(60 * SECOND);
        check(outcome(&alice).as_deref() == Some("answered") && outcome(&bob).as_deref() == Some("answered"), "ended")?;
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

#[test]
fn early_media_is_heard_before_the_answer_on_a_bad_network() {
    seeds(100, Link::BAD, |network, seed| {
        let early = IncomingPolicy::EarlyMedia { answer_after: Some(10 * SECOND) };
        let (alice, bob) = phones(network, seed, early);
        network.run(30 * SECOND);
        call_bob(network, &alice);
        network.run(50 * SECOND);
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "both are connected")?;
        let phone = alice.borrow();
        let place = |fits: fn(&Event) -> bool| phone.events.iter().position(fits);
        let early = place(|event| matches!(event, Event::CallEarlyMedia { .. }));
        let answer = place(|event| matches!(event, Event::CallAnswered { .. }));
        //= RFC 3262 §3: a 183 with a description arrives, and before the answer
        check(early.is_some() && early < answer, "early is before the answer")
    });
    let mut network = Network::new(1, Link::GOOD);
    let (alice, _bob) = phones(&mut network, 1, IncomingPolicy::EarlyMedia { answer_after: Some(10 * SECOND) });
    network.run(5 * SECOND);
    call_bob(&network, &alice);
    network.run(5 * SECOND);
    assert_eq!(alice.borrow().sounding.len(), 1, "{:#?}", network.trace);
    assert!(
        alice
            .borrow()
            .events
            .iter()
            .any(|event| matches!(event, Event::CallEarlyMedia { call } if call.media.is_some()))
    );
}

//= RFC 3261 §13.2.2.4
#[test]
fn of_two_phones_that_answer_one_stays_on_a_poor_network() {
    seeds(100, Link::POOR, |network, seed| {
        let (alice, bob) = phones(network, seed, AT_ONCE);
        let second = phone(network, 5063, BOB, AT_ONCE);
        network.run(60 * SECOND);
        call_bob(network, &alice);
        network.run(100 * SECOND);
        check(states(network, &alice) == [Connected], "the caller talks to one")?;
        let talking = states(network, &bob).len() + states(network, &second).len();
        check(talking == 1, &format!("{talking} called phones talk"))?;
        //= RFC 3326 §3.1
        let loser = if states(network, &bob).is_empty() { &bob } else { &second };
        let told = loser.borrow().ended().and_then(|call| call.reason.clone());
        check(told.is_none_or(|words| words == "answered elsewhere"), "the other is told why")?;
        hang_up(network, &alice);
        network.run(60 * SECOND);
        check([&alice, &bob, &second].iter().all(|phone| is_idle(network, phone)), "no call is left")
    });
}

#[test]
fn a_refusal_is_told_as_it_is() {
    for (status, outcome, by) in [
        (486, "busy", EndedBy::Remote),
        (600, "busy", EndedBy::Remote),
        (603, "rejected", EndedBy::Remote),
        (404, "no_such_number", EndedBy::Remote),
        (488, "no_common_codec", EndedBy::Remote),
        (480, "no_answer", EndedBy::Remote),
    ] {
        seeds(10, Link::BAD, |network, seed| {
            let (alice, bob) = phones(network, seed, IncomingPolicy::Refuse(status));
            network.run(40 * SECOND);
            call_bob(network, &alice);
            network.run(60 * SECOND);
            let phone = alice.borrow();
            let call = phone.ended().ok_or("the call ended")?;
            check(call.status == Some(status) && call.outcome.as_deref() == Some(outcome), &format!("{call:?}"))?;
            check(call.ended_by == Some(by) && call.answered_after.is_none(), &format!("{call:?}"))?;
            check(is_idle(network, &bob), "nobody rings")
        });
    }
}

#[test]
fn a_person_who_rejects_is_heard() {
    seeds(50, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
        network.run(40 * SECOND);
        call_bob(network, &alice);
        network.run(30 * SECOND);
        check(states(network, &bob) == [Incoming], "it rings")?;
        order(network, &bob, Command::Reject { call: None, code: Some(603) });
        network.run(60 * SECOND);
        check(outcome(&alice).as_deref() == Some("rejected"), "rejected")?;
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

#[test]
fn a_call_given_up_stops_ringing_at_once_where_nothing_is_lost() {
    seeds(50, NO_LOSS, |network, seed| {
        let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
        network.run(30 * SECOND);
        call_bob(network, &alice);
        network.run(Duration::from_millis(seed * 100));
        hang_up(network, &alice);
        network.run(3 * SECOND);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")
    });
}

#[test]
fn a_call_given_up_at_any_time_ends_on_a_bad_network() {
    seeds(150, Link::BAD, |network, seed| {
        let policy = if seed % 2 == 0 { IncomingPolicy::Ring } else { IncomingPolicy::Answer { after: 2 * SECOND } };
        let (alice, bob) = phones(network, seed, policy);
        network.run(40 * SECOND);
        call_bob(network, &alice);
        network.run(Duration::from_millis(seed * 40));
        hang_up(network, &alice);
        network.run(LONG);
        check(is_idle(network, &alice) && is_idle(network, &bob), "no call is left")?;
        check(alice.borrow().agent.next_timeout().is_some(), "only the registration wants attention")
    });
}

//= RFC 3261 §9.1, §13.3.1
#[test]
fn a_phone_whose_caller_cannot_cancel_stops_ringing_by_itself() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, bob) = phones(&mut network, 1, IncomingPolicy::Ring);
    network.run(5 * SECOND);
    // The caller never hears that it rings: without a provisional response it may not cancel.
    network.lose = |line| line.starts_with("5060 -> 5061 1");
    call_bob(&network, &alice);
    network.run(3 * SECOND);
    assert_eq!(states(&network, &bob), [Incoming]);
    hang_up(&network, &alice);
    network.run(100 * SECOND);
    assert_eq!((states(&network, &bob), network.times(&["CANCEL"])), (vec![Incoming], vec![]));
    let rang = |network: &Network| network.times(&["5062 -> 5060 180 INVITE"]);
    let since = rang(&network).first().copied().unwrap();
    //= RFC 3261 §13.3.1.1
    assert!(rang(&network).contains(&(since + 60_000)), "{:#?}", network.trace);
    network.run(100 * SECOND);
    assert!(is_idle(&network, &bob), "{:#?}", network.trace);
    assert!(is_idle(&network, &alice), "{:#?}", network.trace);
}

#[test]
fn nobody_answers_for_three_minutes() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, bob) = phones(&mut network, 1, IncomingPolicy::Ring);
    network.run(5 * SECOND);
    call_bob(&network, &alice);
    network.run(179 * SECOND);
    assert_eq!(states(&network, &bob), [Incoming]);
    network.run(3 * SECOND);
    let rang = network.times(&["5062 -> 5060 180 INVITE"]);
    let first = rang.first().copied().unwrap();
    assert_eq!(rang, [first, first + 60_000, first + 120_000]);
    assert_eq!(network.times(&["5062 -> 5060 480 INVITE"]).first(), Some(&(first + 180_000)));
    assert_eq!(outcome(&alice).as_deref(), Some("no_answer"));
    let bob = bob.borrow();
    let missed = bob.ended().unwrap();
    assert_eq!((missed.status, missed.ended_by), (Some(480), Some(EndedBy::Network)));
    assert_eq!(missed.reason.as_deref(), Some("nobody answered in 180 s"));
}

//= RFC 3261 §13.3.1.4
#[test]
fn without_an_ack_the_answer_is_repeated_and_the_call_hung_up_after_64_t1() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, bob) = phones(&mut network, 1, AT_ONCE);
    network.run(5 * SECOND);
    network.lose = |line| line.contains("ACK sip:") && !line.contains("sip:bob@demo");
    call_bob(&network, &alice);
    network.run(60 * SECOND);
    let answers = network.times(&["5062 -> 5060 200 INVITE"]);
    let first = answers.first().copied().unwrap();
    let intervals = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    assert_eq!(answers, intervals.map(|after| first + after));
    assert_eq!(network.times(&["5061 -> 5060 ACK", "x0"]).len(), intervals.len(), "each is acknowledged anew");
    assert_eq!(network.times(&["5062 -> 5060 BYE"]), [first + 32_000]);
    assert_eq!(bob.borrow().ended().and_then(|call| call.ended_by), Some(EndedBy::Network));
    assert_eq!(alice.borrow().ended().and_then(|call| call.ended_by), Some(EndedBy::Remote));
}

//= RFC 3261 §8.1.3.4
#[test]
fn a_target_that_moves_to_itself_is_not_asked_again() {
    seeds(20, Link::BAD, |network, seed| {
        let (alice, _bob) = phones(network, seed, AT_ONCE);
        let peer = network.add(address(5070), Peer::new(address(5070), seed));
        peer.borrow_mut().answer = Some(302);
        network.run(30 * SECOND);
        dial(network, &alice, "sip:loop@127.0.0.1:5070");
        network.run(LONG);
        let rounds = peer.borrow().requests.len();
        check(rounds == 2, &format!("{rounds} INVITEs"))?;
        check(alice.borrow().ended().and_then(|call| call.status) == Some(302), "the last word is told")?;
        check(is_idle(network, &alice), "no call is left")
    });
}

/// A CANCEL after a redirection is for the target that rings, not for the one that sent us there.
#[test]
fn a_redirected_call_can_be_given_up() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, bob) = phones(&mut network, 1, IncomingPolicy::Ring);
    let peer = network.add(address(5070), Peer::new(address(5070), 1));
    peer.borrow_mut().answer = Some(302);
    network.run(5 * SECOND);
    let bobs = bob.borrow().agent.status(network.now).accounts.len();
    assert_eq!(bobs, 1);
    dial(&network, &alice, "sip:loop@127.0.0.1:5070");
    network.run(Duration::from_millis(15));
    peer.borrow_mut().answer = None;
    network.run(5 * SECOND);
    hang_up(&network, &alice);
    network.run(5 * SECOND);
    assert_eq!(peer.borrow().cancelled, 1, "{:#?}", network.trace);
}

#[test]
fn several_calls_on_several_accounts_at_once() {
    seeds(60, Link::POOR, |network, seed| {
        exchange(network, seed);
        let settings = Settings { single_mode: false, ..Settings::default() };
        let accounts = vec![account(1, ALICE), account(2, CAROL)];
        let phone_ac =
            Phone::with(address(5061), address(5060), AgentConfig::new(settings, accounts), seed, network.now);
        let both = network.add(address(5061), phone_ac);
        let bob = phone(network, 5062, BOB, AT_ONCE);
        network.run(60 * SECOND);
        for account in ["1", "2", "1"] {
            let target = "sip:bob@demo.invalid".to_owned();
            order(network, &both, Command::Dial { target, account: Some(account.to_owned()) });
            network.run(40 * SECOND);
        }
        let ours = states(network, &both);
        check(ours == [Held, Held, Connected], &format!("{ours:?}"))?;
        let named = both.borrow().agent.status(network.now).calls;
        let named: Vec<_> = named.iter().map(|call| call.account.split('@').next().unwrap_or_default()).collect();
        check(named == ["alice", "carol", "alice"], &format!("{named:?}"))?;
        check(states(network, &bob).len() == 3, "three calls there")?;
        order(network, &both, Command::Hangup { which: HangupWhich::All });
        network.run(100 * SECOND);
        check(is_idle(network, &both) && is_idle(network, &bob), "no call is left")
    });
}
