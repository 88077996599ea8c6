//! Three phones, an exchange and a transfer on a poor network: the other two talk at the end, and nothing is left.

use super::network::{Link, Network, seeds};
use super::peer::Peer;
use super::stage::*;
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::{Command, TransferTo};
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::CallState::{Connected, Held};
use tuiphone::ua::snapshot::TransferState;

const CAROL_AT: &str = "sip:carol@demo.invalid";

/// Alice, Bob and Carol; Alice talks to Bob.
fn three(network: &mut Network, seed: u64, carol: IncomingPolicy) -> Result<[Shared; 3], String> {
    let (alice, bob) = phones(network, seed, AT_ONCE);
    let carol = phone(network, 5063, CAROL, carol);
    network.run(30 * SECOND);
    call_bob(network, &alice);
    network.run(40 * SECOND);
    check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "Alice talks to Bob")?;
    Ok([alice, bob, carol])
}

/// How often the phone was told that a transfer was done.
fn transferred(phone: &Shared) -> usize {
    let is_done = |event: &&Event| match event {
        Event::CallTransferred { call } => {
            call.transfer.as_ref().is_some_and(|transfer| transfer.state == TransferState::Done)
        }
        _ => false,
    };
    phone.borrow().events.iter().filter(is_done).count()
}

fn check_others_talk(network: &mut Network, [alice, bob, carol]: &[Shared; 3]) -> Result<(), String> {
    check(transferred(alice) == 1 && is_idle(network, alice), "Alice is done and hears of it once")?;
    check(states(network, bob) == [Connected] && states(network, carol) == [Connected], "Bob talks to Carol")?;
    hang_up(network, carol);
    network.run(LONG);
    check([alice, bob, carol].iter().all(|phone| is_idle(network, phone)), "all are idle")
}

//= RFC 3515 §2.4, RFC 5589 §6.1
#[test]
fn a_blind_transfer_comes_through() {
    seeds(60, Link::POOR, |network, seed| {
        let all = three(network, seed, AT_ONCE)?;
        let to = TransferTo::Number(CAROL_AT.into());
        order(network, &all[0], Command::Transfer { call: None, to });
        network.run(100 * SECOND);
        check_others_talk(network, &all)
    });
}

//= RFC 3891 §3, RFC 5589 §7.3
#[test]
fn an_attended_transfer_comes_through() {
    seeds(60, Link::POOR, |network, seed| {
        let all = three(network, seed, AT_ONCE)?;
        dial(network, &all[0], CAROL_AT);
        network.run(60 * SECOND);
        check(states(network, &all[0]) == [Held, Connected], "Bob waits while Alice asks Carol")?;
        order(network, &all[0], Command::Transfer { call: None, to: TransferTo::Call(None) });
        network.run(100 * SECOND);
        check_others_talk(network, &all)
    });
}

/// Somebody behind the exchange asks Alice's phone to call Bob: it does if she says so, and never else.
//= RFC 3515 §2.4
#[test]
fn a_call_asked_for_needs_consent() {
    for consents in [true, false] {
        seeds(60, Link::POOR, |network, seed| {
            exchange(network, seed);
            let alice = phone_with(network, 5061, ALICE, IncomingPolicy::Ring, |config| {
                config.settings.click_to_dial = true;
            });
            let bob = phone(network, 5062, BOB, AT_ONCE);
            let web = network.add(address(5069), Peer::new(address(5069), seed));
            network.run(60 * SECOND);
            web.borrow_mut().refer("sip:alice@demo.invalid", "sip:bob@demo.invalid", address(5060), network.now);
            network.run(20 * SECOND);
            let asks = alice.borrow().agent.status(network.now).asks;
            check(asks.len() == 1 && is_idle(network, &alice) && is_idle(network, &bob), "Alice is asked, once")?;
            let call = Some("r1".to_owned());
            order(
                network,
                &alice,
                if consents { Command::Answer { call } } else { Command::Reject { call, code: None } },
            );
            network.run(60 * SECOND);
            let last = web.borrow().news.iter().max().cloned();
            if consents {
                check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "they talk")?;
                check(
                    last == Some((200, "terminated;reason=noresource".into())),
                    &format!("and it is told: {last:?}"),
                )?;
                hang_up(network, &alice);
            } else {
                check(is_idle(network, &alice) && is_idle(network, &bob), "nobody is called")?;
                check(last == Some((603, "terminated;reason=rejected".into())), &format!("and it is told: {last:?}"))?;
            }
            network.run(LONG);
            check(is_idle(network, &alice) && is_idle(network, &bob), "all are idle")
        });
    }
}

#[test]
fn a_transfer_to_somebody_busy_gives_the_call_back() {
    seeds(60, Link::POOR, |network, seed| {
        let [alice, bob, carol] = three(network, seed, IncomingPolicy::Refuse(486))?;
        let to = TransferTo::Number(CAROL_AT.into());
        order(network, &alice, Command::Transfer { call: None, to });
        network.run(100 * SECOND);
        check(transferred(&alice) == 0 && is_idle(network, &carol), "Carol is left alone")?;
        check(states(network, &alice) == [Connected] && states(network, &bob) == [Connected], "Alice has Bob back")?;
        hang_up(network, &alice);
        network.run(LONG);
        check(is_idle(network, &alice) && is_idle(network, &bob), "both are idle")
    });
}
