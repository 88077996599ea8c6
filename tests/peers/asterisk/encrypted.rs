//! Encrypted calls with Asterisk, whose keys stand in descriptions that go over TLS.

use super::Asterisk;
use super::talk::{Protection, Talk, echoed};
use crate::score::{self, Scorer};
use crate::support::{alone, beside_others};
use crate::wire::{self, Wire};

/// The strongest suite that Asterisk has of those we offer, and the one it offers itself.
const USUAL: Protection = Some("AES_CM_128_HMAC_SHA1_80, keys over TLS");
const SHORT_TAGS: Protection = Some("AES_CM_128_HMAC_SHA1_32, keys over TLS");
/// What goes in clear has no words.
const PLAIN: Protection = None;

/// An exchange that tells every message: its console has the keys, which our own trace hides.
fn exchange() -> Option<Asterisk> {
    let exchange = Asterisk::start()?;
    exchange.console("pjsip set logger on");
    Some(exchange)
}

/// Speech goes there and comes back, each way under a key of its own.
//= RFC 4568 §5.1
#[test]
fn speech_returns_encrypted() {
    let _machine = alone();
    let Some(scorer) = Scorer::find() else { return };
    let Some(exchange) = exchange() else { return };
    let wire = Wire::tapped();
    let phone = exchange.phone_over("tls", "106", "", "").encrypting("mandatory");
    let outcome = scorer.echoed(&phone, "600", "PCMU/8000/1", score::through_codec, 0.2);
    assert_eq!(outcome.protection(), USUAL, "{}", outcome.told);
    if let Some(wire) = wire {
        wire.read().is_encrypted(&exchange.said(), wire::ports(&outcome.told)[0]);
    }
}

/// What an account asks for and what the exchange has of it come to what protects a call, or to no call.
#[test]
fn calls_are_as_encrypted_as_was_asked() {
    let _machine = beside_others();
    let Some(exchange) = exchange() else { return };
    // 106 must be encrypted there, 101 cannot be. An error is the exit code.
    let rows = [
        ("106", "mandatory", Ok(USUAL)),
        ("106", "dtls-sdes", Ok(USUAL)),
        ("106", "optional", Ok(USUAL)),
        ("106", "", Err(24)),
        ("101", "mandatory", Err(24)),
        ("101", "optional", Ok(PLAIN)),
    ];
    for (user, srtp, expected) in rows {
        let (wire, before) = (Wire::tapped(), exchange.said().len());
        let phone = exchange.phone_over("tls", user, "", "").encrypting(srtp);
        let what = format!("{user}, SRTP={srtp}");
        let outcome = echoed(&phone, 4, expected, &what);
        if expected.is_err() {
            assert_eq!(outcome.number("/call/status"), 488.0, "{what}");
        }
        let Some(traffic) = wire.map(Wire::read) else { continue };
        let ports = wire::ports(&outcome.told);
        match expected {
            Ok(Some(_)) => traffic.is_encrypted(&exchange.said()[before..], ports[0]),
            Ok(None) => {
                let sent: Vec<usize> = ports.iter().map(|port| traffic.sound_from(*port)).collect();
                assert!(sent.len() == 2 && sent.iter().all(|sent| *sent > 100), "{what}: {sent:?}");
            }
            Err(_) => assert_eq!(traffic.sound_from(ports[0]), 0, "{what}"),
        }
    }
    exchange.is_quiet();
}

/// The same where the exchange calls: it offers SRTP to 106 and 110, plain sound with keys beside it to 111, and plain
/// sound alone to 102.
//= RFC 8643 §3.1
#[test]
fn answers_are_as_encrypted_as_was_asked() {
    let _machine = beside_others();
    let Some(exchange) = exchange() else { return };
    let rows = [
        ("106", "mandatory", Ok(USUAL)),
        ("106", "optional", Ok(USUAL)),
        ("106", "", Err(488)),
        ("110", "mandatory", Ok(SHORT_TAGS)),
        ("111", "mandatory", Ok(USUAL)),
        ("111", "optional", Ok(USUAL)),
        ("102", "optional", Ok(PLAIN)),
        ("102", "mandatory", Err(488)),
    ];
    for (user, srtp, expected) in rows {
        let (wire, before) = (Wire::tapped(), exchange.said().len());
        let phone = exchange.phone_over("tls", user, "autoAnswer=all", "").encrypting(srtp);
        let talk = Talk::between(&exchange, phone, &format!("{user}, SRTP={srtp}"));
        talk.comes(user);
        match expected {
            Err(status) => talk.is_refused(status),
            Ok(protection) => {
                talk.is_heard(protection);
                talk.ends();
            }
        }
        if let (Some(wire), Ok(Some(_))) = (wire, expected) {
            wire.read().is_encrypted(&exchange.said()[before..], wire::ports(&talk.ours.trace())[1]);
        }
    }
    exchange.is_quiet();
}

/// A hold and its end leave a call as protected as it was, whoever has called.
#[test]
fn a_held_call_stays_encrypted() {
    let _machine = beside_others();
    let Some(exchange) = exchange() else { return };
    for outgoing in [true, false] {
        let (wire, before) = (Wire::tapped(), exchange.said().len());
        let phone = exchange.phone_over("tls", "106", "autoAnswer=all", "").encrypting("mandatory");
        let talk = Talk::between(&exchange, phone, &format!("106 calls: {outgoing}"));
        talk.begins(outgoing, "106");
        talk.is_heard(USUAL);
        talk.is_held_and_resumed();
        talk.is_heard(USUAL);
        talk.ends();
        if let Some(wire) = wire {
            let ports = wire::ports(&talk.ours.trace());
            let own = ports[usize::from(!outgoing)];
            wire.read().is_encrypted(&exchange.said()[before..], own);
        }
    }
    exchange.is_quiet();
}
