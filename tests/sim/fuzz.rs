//! Real traffic, damaged on its way: phones that register, call, hold, transfer and write while every third packet is
//! not what was sent. Nothing panics, nothing grows, and once the network is whole again nothing is left over.
//!
//! `cargo xtask fuzz` runs more of the same from another seed: `TUIPHONE_FUZZ_SEED`, `TUIPHONE_FUZZ_COUNT`.

use super::network::{Link, Network};
use super::stage::*;
use super::storm::whim;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::census::Census;
use tuiphone::ua::command::{Command, HangupWhich, TransferTo};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The bounds of everything that a peer can make a phone keep.
fn check_bounds(census: &Census) -> Result<(), String> {
    let Census { transactions, weight, calls, requests, queries, hops, sources, .. } = *census;
    let kept = [transactions, weight, calls, requests, queries, hops, sources];
    let most = [4096, 4 << 20, 96, 256, 256, 64, 5 * 1024];
    check(kept.iter().zip(most).all(|(kept, most)| *kept <= most), &format!("{census:?}"))
}

fn scenario(network: &mut Network, seed: u64) -> Result<(), String> {
    exchange(network, seed);
    let early = IncomingPolicy::EarlyMedia { answer_after: Some(3 * SECOND) };
    let phones = [(5061, ALICE, IncomingPolicy::Ring), (5062, BOB, AT_ONCE), (5063, CAROL, early)];
    let phones = phones.map(|(port, user, incoming)| {
        phone_with(network, port, user, incoming, |config| {
            config.settings.session_timer_s = 90;
            config.settings.watch = vec!["alice".into(), "presence:bob".into()];
            config.settings.reg_event = true;
            config.accounts[0].publish = true;
            config.accounts[0].voicemail_number = "*97".into();
        })
    });
    let mut rng = StdRng::seed_from_u64(seed);
    // Some register in peace: behind a registration more can be harmed.
    if seed.is_multiple_of(2) {
        network.run(5 * SECOND);
    }
    network.damage = 3;
    for _ in 0..150 {
        let phone = &phones[rng.random_range(0..phones.len())];
        let command = match rng.random_range(0..8) {
            0 => Command::Message { target: "sip:bob@demo.invalid".into(), text: "hello".into(), account: None },
            1 => Command::Transfer { call: None, to: TransferTo::Number("sip:carol@demo.invalid".into()) },
            _ => whim(&mut rng, 14),
        };
        order(network, phone, command);
        network.run(Duration::from_millis(rng.random_range(0..1500)));
        for phone in &phones {
            check_bounds(&phone.borrow().agent.census())?;
        }
    }
    network.damage = 0;
    for phone in &phones {
        order(network, phone, Command::Hangup { which: HangupWhich::All });
    }
    network.run(LONG);
    check_rest(network, &phones.iter().collect::<Vec<_>>())
}

#[test]
fn damaged_traffic_harms_no_phone() {
    let (first, count) = (number("TUIPHONE_FUZZ_SEED", 0), number("TUIPHONE_FUZZ_COUNT", 8));
    for seed in first..first.saturating_add(count) {
        let link = if seed % 4 < 2 { Link::GOOD } else { Link::POOR };
        let mut network = Network::new(seed, link);
        if let Err(problem) = scenario(&mut network, seed) {
            let from = network.trace.len().saturating_sub(60);
            panic!("seed {seed}: {problem}\n{}", network.trace[from..].join("\n"));
        }
        if count > 100 && seed % 100 == 99 {
            eprintln!("{} of {count}", seed - first + 1);
        }
    }
}
