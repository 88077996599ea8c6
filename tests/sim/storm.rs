//! Persons who do anything at any time, on a bad network: when they stop, nothing is left over.

use super::network::{Link, Network, seeds};
use super::stage::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::{Command, DtmfVia, HangupWhich};
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::RegistrationState;

fn whim(rng: &mut StdRng) -> Command {
    let target = |rng: &mut StdRng| {
        let names = ["alice", "bob", "carol", "nobody"];
        format!("sip:{}@demo.invalid", names[rng.random_range(0..names.len())])
    };
    match rng.random_range(0..14) {
        0..=3 => Command::Dial { target: target(rng), account: None },
        4..=6 => Command::Answer { call: None },
        7 => Command::Reject { call: None, code: None },
        8 => Command::Hangup { which: HangupWhich::Current },
        9 => Command::Hold { call: None },
        10 => Command::Resume { call: None },
        11 => Command::Dtmf { call: None, digits: "1,2".into(), via: Some(DtmfVia::Info) },
        12 => Command::Unregister { account: None },
        _ => Command::Register { account: None },
    }
}

fn live(network: &Network, phones: &[Shared]) -> Vec<String> {
    let calls = |phone: &Shared| phone.borrow().agent.status(network.now).calls;
    phones
        .iter()
        .flat_map(calls)
        .map(|call| format!("{} {:?} {}", call.account, call.state, call.sip_call_id))
        .collect()
}

#[test]
fn nothing_is_left_when_everybody_hangs_up() {
    seeds(16, Link::BAD, |network, seed| {
        exchange(network, seed);
        let user = [(5061, ALICE), (5062, BOB), (5063, CAROL), (5064, BOB)];
        // Early sound that must arrive from one, refreshes every 45 s from all.
        let early = IncomingPolicy::EarlyMedia { answer_after: None };
        let phones = user.map(|(port, user)| {
            let incoming = if port == 5063 { early } else { IncomingPolicy::Ring };
            phone_with(network, port, user, incoming, |config| config.settings.session_timer_s = 90)
        });
        let mut rng = StdRng::seed_from_u64(seed);
        network.run(20 * SECOND);
        for _ in 0..200 {
            let phone = &phones[rng.random_range(0..phones.len())];
            order(network, phone, whim(&mut rng));
            network.run(Duration::from_millis(rng.random_range(0..1500)));
        }
        for phone in &phones {
            order(network, phone, Command::Hangup { which: HangupWhich::All });
            order(network, phone, Command::Register { account: None });
        }
        network.run(LONG);
        check(phones.iter().all(|phone| is_idle(network, phone)), &format!("{:#?}", live(network, &phones)))?;
        for phone in &phones {
            let phone = phone.borrow();
            check(phone.registration(network.now) == Some(RegistrationState::Registered), "registered again")?;
            let count = |fits: fn(&Event) -> bool| phone.events.iter().filter(|event| fits(event)).count();
            let begun = count(|e| matches!(e, Event::CallIncoming { .. } | Event::CallOutgoing { .. }));
            let ended = count(|e| matches!(e, Event::CallEnded { .. }));
            check(begun == ended, &format!("{begun} calls began, {ended} ended"))?;
        }
        Ok(())
    });
}
