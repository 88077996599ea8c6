//! What the phone follows: voicemail lamps, lights of others, and how subscriptions live and die.

use super::exchange::ExchangeNode;
use super::network::{Link, Network, seeds};
use super::phone::{Phone, account};
use super::stage::*;
use std::cell::RefCell;
use std::rc::Rc;
use tuiphone::config::Settings;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::event::message_summary::{Counts, MessageSummary};
use tuiphone::sip::message::{Method, StatusCode};
use tuiphone::ua::agent::{AgentConfig, IncomingPolicy};
use tuiphone::ua::command::Command;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::{LightState, VoicemailInfo};

/// Alice, with a number to call for voicemail and with lights.
fn alice(network: &mut Network, watch: &[&str], voicemail: bool) -> Shared {
    let settings = Settings {
        single_mode: false,
        watch: watch.iter().map(|target| (*target).to_owned()).collect(),
        ..Settings::default()
    };
    let mut account = account(1, ALICE);
    if voicemail {
        account.voicemail_number = "*97".to_owned();
    }
    let config = AgentConfig::new(settings, vec![account]);
    let phone = Phone::with(address(5061), address(5060), config, network.seed << 16 | 5061, network.now);
    network.add(address(5061), phone)
}

fn messages(new: u32) -> MessageSummary {
    let voice = Some(Counts { new, old: 3, urgent_new: 0, urgent_old: 0 });
    MessageSummary { waiting: new > 0, account: None, voice }
}

fn leave(network: &Network, node: &Rc<RefCell<ExchangeNode>>, new: u32) {
    node.borrow_mut().set_voicemail("alice", messages(new), network.now);
}

fn voicemail(network: &Network, phone: &Shared) -> Option<VoicemailInfo> {
    phone.borrow().agent.status(network.now).accounts.iter().find(|a| a.id == 1).and_then(|a| a.voicemail.clone())
}

fn new_messages(network: &Network, phone: &Shared) -> Option<u32> {
    voicemail(network, phone).map(|voicemail| voicemail.new)
}

fn light(network: &Network, phone: &Shared, at: usize) -> LightState {
    phone.borrow().agent.status(network.now).lights.get(at).map(|light| light.state).unwrap_or_default()
}

fn told(phone: &Shared, what: fn(&Event) -> bool) -> usize {
    phone.borrow().events.iter().filter(|event| what(event)).count()
}

#[test]
fn a_voicemail_lamp_follows_the_server_on_a_bad_network() {
    seeds(60, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let alice = alice(network, &[], true);
        network.run(100 * SECOND);
        check(new_messages(network, &alice) == Some(0), "no messages yet")?;
        for new in [1, 4, 0, 2] {
            leave(network, &node, new);
            network.run(60 * SECOND);
            let voicemail = voicemail(network, &alice).ok_or("nothing is known")?;
            check((voicemail.new, voicemail.waiting) == (new, new > 0), &format!("{new} left, {voicemail:?}"))?;
            check(voicemail.number.as_deref() == Some("*97"), "and whom to call")?;
        }
        check(told(&alice, |event| matches!(event, Event::Mwi { .. })) == 5, "each change is told once")
    });
}

#[test]
fn a_registrar_may_tell_of_voicemail_unasked() {
    seeds(30, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let alice = alice(network, &[], false);
        network.run(100 * SECOND);
        check(network.times(&["SUBSCRIBE"]).is_empty(), "without a number nobody asks")?;
        leave(network, &node, 2);
        network.run(40 * SECOND);
        check(new_messages(network, &alice) == Some(2), "but hears of it")
    });
}

#[test]
fn lights_follow_a_call_of_others_on_a_poor_network() {
    for package in ["bob", "presence:bob"] {
        seeds(40, Link::POOR, |network, seed| {
            exchange(network, seed);
            let alice = alice(network, &[package], false);
            let bob = phone(network, 5062, BOB, IncomingPolicy::Ring);
            let carol = phone(network, 5063, CAROL, IncomingPolicy::Ring);
            network.run(100 * SECOND);
            check(light(network, &alice, 0) == LightState::Idle, "free")?;
            call_bob(network, &carol);
            network.run(60 * SECOND);
            check(light(network, &alice, 0) == LightState::Ringing, "called")?;
            order(network, &bob, Command::Answer { call: None });
            network.run(60 * SECOND);
            check(light(network, &alice, 0) == LightState::Busy, "talks")?;
            hang_up(network, &carol);
            network.run(60 * SECOND);
            check(light(network, &alice, 0) == LightState::Idle, "free again")
        });
    }
}

#[test]
fn a_light_tells_who_calls() {
    let mut network = Network::new(1, Link::GOOD);
    exchange(&mut network, 1);
    let alice = alice(&mut network, &["bob"], false);
    let _bob = phone(&mut network, 5062, BOB, IncomingPolicy::Ring);
    let carol = phone(&mut network, 5063, CAROL, IncomingPolicy::Ring);
    network.run(10 * SECOND);
    call_bob(&network, &carol);
    network.run(5 * SECOND);
    let phone = alice.borrow();
    let light = phone.agent.status(network.now).lights.remove(0);
    assert_eq!((light.target.as_str(), light.package.as_str()), ("bob", "dialog"));
    assert_eq!(light.remote.map(|party| party.user).as_deref(), Some("carol"));
    assert!(matches!(phone.events.last(), Some(Event::Presence { light }) if light.state == LightState::Ringing));
}

#[test]
fn subscriptions_hold_for_hours_on_a_bad_network() {
    seeds(5, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let alice = alice(network, &["bob"], true);
        network.run(200 * SECOND);
        for hour in 1..=12 {
            network.run(3500 * SECOND);
            leave(network, &node, hour);
            network.run(100 * SECOND);
            check(new_messages(network, &alice) == Some(hour), &format!("hour {hour}"))?;
        }
        let asked = network.times(&["5061 -> 5060 SUBSCRIBE"]).len();
        check(asked < 400, &format!("{asked} SUBSCRIBEs in twelve hours"))
    });
}

//= RFC 6665 §4.1.2.2
#[test]
fn after_a_restart_of_the_server_the_lamp_is_right_again() {
    seeds(20, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let alice = alice(network, &[], true);
        network.run(100 * SECOND);
        node.borrow_mut().forget();
        let asked = |network: &Network| network.times(&["SUBSCRIBE sip:alice@demo.invalid"]).len();
        let before = asked(network);
        network.run(3600 * SECOND);
        check(asked(network) > before, "a new subscription")?;
        leave(network, &node, 7);
        network.run(100 * SECOND);
        check(new_messages(network, &alice) == Some(7), "asked anew")
    });
}

//= RFC 6665 §4.1.2.2
#[test]
fn a_server_that_refuses_for_good_is_asked_once_and_the_reason_told_once() {
    for status in [403, 404, 489] {
        let mut network = Network::new(1, Link::GOOD);
        let node = exchange(&mut network, 1);
        node.borrow_mut().exchange.set_fault(Method::Subscribe, Some(Fault::Refuse(StatusCode(status))));
        let alice = alice(&mut network, &["presence:bob"], true);
        network.run(7200 * SECOND);
        assert_eq!(network.times(&["5061 -> 5060 SUBSCRIBE"]).len(), 2, "{status}: {:#?}", network.trace);
        let phone = alice.borrow();
        let words: Vec<&str> = phone
            .events
            .iter()
            .filter_map(|event| if let Event::Error { message, .. } = event { Some(message.as_str()) } else { None })
            .collect();
        assert_eq!(words.len(), 2, "{words:?}");
        assert!(words.iter().all(|words| words.contains(&status.to_string())), "{words:?}");
        assert!(words.iter().any(|words| words.starts_with("cannot watch bob: ")), "{words:?}");
    }
}

#[test]
fn a_server_that_knows_no_dialogs_is_asked_for_presence() {
    let mut network = Network::new(1, Link::GOOD);
    let node = exchange(&mut network, 1);
    node.borrow_mut().exchange.set_fault(Method::Subscribe, Some(Fault::Refuse(StatusCode(489))));
    let alice = alice(&mut network, &["bob"], false);
    network.run(5 * SECOND);
    assert_eq!(network.times(&["5061 -> 5060 SUBSCRIBE"]).len(), 2, "{:#?}", network.trace);
    let status = alice.borrow().agent.status(network.now);
    assert_eq!(status.lights.first().map(|light| light.package.clone()).as_deref(), Some("presence"));
}

#[test]
fn a_silent_or_busy_server_is_not_stormed() {
    for fault in [Fault::Silent, Fault::Refuse(StatusCode(503)), Fault::Refuse(StatusCode(480))] {
        let mut network = Network::new(1, Link::GOOD);
        let node = exchange(&mut network, 1);
        node.borrow_mut().exchange.set_fault(Method::Subscribe, Some(fault));
        let alice = alice(&mut network, &[], true);
        network.run(3600 * SECOND);
        let sent = network.times(&["5061 -> 5060 SUBSCRIBE"]).len();
        let bound = if fault == Fault::Silent { 14 * 11 } else { 14 };
        assert!(sent >= 6 && sent <= bound, "{fault:?}: {sent}");
        node.borrow_mut().exchange.set_fault(Method::Subscribe, None);
        network.run(1000 * SECOND);
        assert_eq!(new_messages(&network, &alice), Some(0), "{fault:?}");
    }
}

#[test]
fn whoever_leaves_leaves_no_subscription() {
    for bye in [Command::Unregister { account: None }, Command::Exit] {
        seeds(20, Link::GOOD, |network, seed| {
            let node = exchange(network, seed);
            let alice = alice(network, &["bob"], true);
            network.run(10 * SECOND);
            order(network, &alice, bye.clone());
            network.run(40 * SECOND);
            let before = network.trace.len();
            leave(network, &node, 1);
            network.run(7200 * SECOND);
            check(network.trace.len() == before, "nothing is sent any more")
        });
    }
}

/// Bob tells his server that he is not to be disturbed.
fn busy_bob(network: &mut Network) -> Shared {
    let settings = Settings { dnd: true, ..Settings::default() };
    let mut account = account(1, BOB);
    account.publish = true;
    let config = AgentConfig::new(settings, vec![account]);
    let phone = Phone::with(address(5062), address(5060), config, network.seed << 16 | 5062, network.now);
    network.add(address(5062), phone)
}

#[test]
fn what_a_phone_tells_of_itself_is_seen_on_a_bad_network() {
    seeds(40, Link::BAD, |network, seed| {
        let node = exchange(network, seed);
        let alice = alice(network, &["presence:bob"], false);
        let bob = busy_bob(network);
        network.run(120 * SECOND);
        check(light(network, &alice, 0) == LightState::Busy, "not to be disturbed")?;
        // The server starts again: what it is asked to refresh it does not know.
        node.borrow_mut().forget();
        network.run(4000 * SECOND);
        check(light(network, &alice, 0) == LightState::Busy, "told anew")?;
        order(network, &bob, Command::Unregister { account: None });
        network.run(100 * SECOND);
        check(light(network, &alice, 0) == LightState::Offline, "gone")
    });
}

//= RFC 3903 §4.1
#[test]
fn a_call_is_told_and_its_end() {
    let mut network = Network::new(1, Link::GOOD);
    exchange(&mut network, 1);
    let mut account = account(1, ALICE);
    account.publish = true;
    let config = AgentConfig::new(Settings { single_mode: false, ..Settings::default() }, vec![account]);
    let phone = Phone::with(address(5061), address(5060), config, 1, network.now);
    let alice = network.add(address(5061), phone);
    let _bob = self::phone(&mut network, 5062, BOB, AT_ONCE);
    network.run(5 * SECOND);
    let told = |network: &Network| network.times(&["5060 -> 5061 200 PUBLISH"]).len();
    assert_eq!(told(&network), 1, "{:#?}", network.trace);
    call_bob(&network, &alice);
    network.run(5 * SECOND);
    assert_eq!(told(&network), 2);
    hang_up(&network, &alice);
    network.run(5 * SECOND);
    assert_eq!(told(&network), 3);
    network.run(7200 * SECOND);
    assert!((5..=6).contains(&told(&network)), "refreshed before the end: {}", told(&network));
}

#[test]
fn a_server_that_takes_no_presence_is_asked_once() {
    let mut network = Network::new(1, Link::GOOD);
    let node = exchange(&mut network, 1);
    node.borrow_mut().exchange.set_fault(Method::Publish, Some(Fault::Refuse(StatusCode(405))));
    let bob = busy_bob(&mut network);
    network.run(7200 * SECOND);
    assert_eq!(network.times(&["5062 -> 5060 PUBLISH"]).len(), 1);
    assert_eq!(told(&bob, |event| matches!(event, Event::Error { message, .. } if message.contains("405"))), 1);
}
