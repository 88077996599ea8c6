//! Persons who do anything at any time, on a bad network: when they stop, nothing is left over.

use super::network::{Link, Network, seeds};
use super::stage::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;
use tuiphone::sip::message::{HeaderName, Message, Method, parse};
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::{Command, DtmfVia, HangupWhich, Press};
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::{CallInfo, RegistrationState};

/// It ended without having rung: they talked to each other already.
fn is_denied(call: &CallInfo) -> bool {
    call.outcome.as_deref() == Some("denied")
}

/// What somebody may do; of those below `kinds` alone.
pub fn whim(rng: &mut StdRng, kinds: u8) -> Command {
    let target = |rng: &mut StdRng| {
        let names = ["alice", "bob", "carol", "nobody"];
        format!("sip:{}@demo.invalid", names[rng.random_range(0..names.len())])
    };
    match rng.random_range(0..kinds) {
        0..=3 => Command::Dial { target: target(rng), account: None },
        4..=6 => Command::Answer { call: None },
        7 => Command::Reject { call: None, code: None },
        8 => Command::Hangup { which: HangupWhich::Current },
        9 => Command::Hold { call: None },
        10 => Command::Resume { call: None },
        11 => Command::Dtmf { call: None, digits: "1,2".into(), press: Press::Tap, via: Some(DtmfVia::Info) },
        12 => Command::Unregister { account: None },
        _ => Command::Register { account: None },
    }
}

/// Of each 2xx to an INVITE of the phone at this port: Call-ID, tag and number, how often it came, how often it was
/// acknowledged.
fn acknowledged(network: &Network, port: u16) -> BTreeMap<(String, String, u32), (u32, u32)> {
    let mut counts = BTreeMap::new();
    for (from, to, copies, bytes) in network.tap.iter().filter(|(from, to, ..)| [*from, *to].contains(&port)) {
        let message = parse(bytes);
        let headers = match &message {
            Ok(Message::Request(request)) => &request.headers,
            Ok(Message::Response(response)) => &response.headers,
            Err(_) => continue,
        };
        let (Ok(Some(cseq)), Ok(Some(tag))) = (headers.cseq(), headers.to()) else { continue };
        let key = (headers.text(&HeaderName::CallId).unwrap(), tag.tag().unwrap_or_default().to_owned(), cseq.number);
        match message {
            Ok(Message::Response(response))
                if *to == port && response.status.is_success() && cseq.method == Method::Invite =>
            {
                counts.entry(key).or_insert((0, 0)).0 += copies;
            }
            Ok(Message::Request(request)) if *from == port && request.method == Method::Ack => {
                if let Some((_, acks)) = counts.get_mut(&key) {
                    *acks += 1;
                }
            }
            _ => {}
        }
    }
    counts
}

fn live(network: &Network, phones: &[Shared]) -> Vec<String> {
    let calls = |phone: &Shared| phone.borrow().agent.status(network.now).calls;
    phones
        .iter()
        .flat_map(calls)
        .map(|call| format!("{} {:?} {}", call.account, call.state, call.sip_call_id))
        .collect()
}

/// Everybody does as they like for a while, hangs up, and is left alone.
fn storm(network: &mut Network, seed: u64, users: &[(u16, (&str, &str))], kinds: u8) -> Vec<Shared> {
    exchange(network, seed);
    // Early sound that must arrive from one, offers of the called alone to another, refreshes every 45 s from all.
    let early = IncomingPolicy::EarlyMedia { answer_after: None };
    let phones = users.iter().map(|(port, user)| {
        let incoming = if *port == 5063 { early } else { IncomingPolicy::Ring };
        phone_with(network, *port, *user, incoming, |config| {
            config.settings.session_timer_s = 90;
            config.settings.late_offer = *port == 5062;
        })
    });
    let phones: Vec<Shared> = phones.collect();
    let mut rng = StdRng::seed_from_u64(seed);
    network.run(20 * SECOND);
    for _ in 0..200 {
        let phone = &phones[rng.random_range(0..phones.len())];
        order(network, phone, whim(&mut rng, kinds));
        network.run(Duration::from_millis(rng.random_range(0..1500)));
    }
    for phone in &phones {
        order(network, phone, Command::Hangup { which: HangupWhich::All });
        order(network, phone, Command::Register { account: None });
    }
    network.run(LONG);
    phones
}

//= RFC 3261 §13.2.2.4
#[test]
fn every_2xx_is_acknowledged_each_time_it_comes() {
    let users = [(5061, ALICE), (5062, BOB), (5063, CAROL)];
    seeds(16, Link { loss: 0.0, ..Link::BAD }, |network, seed| {
        // Nobody un-registers: the exchange, without state, would refuse a call that rings already.
        storm(network, seed, &users, 12);
        for (port, _) in users {
            let answers = acknowledged(network, port);
            check(!answers.is_empty(), "there were answers")?;
            for (answer, (came, acks)) in answers {
                check(came == acks, &format!("{answer:?} came {came} times, {acks} ACKs"))?;
            }
        }
        Ok(())
    });
}

#[test]
fn nothing_is_left_when_everybody_hangs_up() {
    seeds(16, Link::BAD, |network, seed| {
        let phones = storm(network, seed, &[(5061, ALICE), (5062, BOB), (5063, CAROL), (5064, BOB)], 14);
        check(phones.iter().all(|phone| is_idle(network, phone)), &format!("{:#?}", live(network, &phones)))?;
        for phone in &phones {
            let phone = phone.borrow();
            check(phone.registration(network.now) == Some(RegistrationState::Registered), "registered again")?;
            let count = |fits: fn(&Event) -> bool| phone.events.iter().filter(|event| fits(event)).count();
            let begun = count(|e| matches!(e, Event::CallIncoming { .. } | Event::CallOutgoing { .. }));
            let ended = count(|e| matches!(e, Event::CallEnded { call } if !is_denied(call)));
            check(begun == ended, &format!("{begun} calls began, {ended} ended"))?;
        }
        check_rest(network, &phones.iter().collect::<Vec<_>>())
    });
}
