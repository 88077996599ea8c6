//! Calls with Asterisk whose keys come by DTLS on the path of the sound.

use serde_json::json;

use super::Asterisk;
use super::talk::{Protection, Talk, echoed};
use crate::support::{beside_others, own_address, skipped};
use crate::wire::{self, Wire};

/// The one suite that Asterisk takes of a handshake, and the octets of its tag; and what it takes of descriptions.
const BY_DTLS: Protection = Some("AES_CM_128_HMAC_SHA1_80, keys by DTLS");
const TAG: usize = 10;
const IN_CLEAR: Protection = Some("AES_CM_128_HMAC_SHA1_80, keys in clear");

/// 112 is keyed by DTLS there, 113 too, with its reports apart, 106 in descriptions; 101 is not encrypted.
//= RFC 5763 §5, RFC 5764 §4.1
#[test]
fn calls_are_keyed_as_was_asked() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let rows = [
        ("112", "dtls", Ok(BY_DTLS)),
        ("112", "dtls-sdes", Ok(BY_DTLS)),
        ("106", "dtls-sdes", Ok(IN_CLEAR)),
        ("106", "dtls", Err(24)),
        ("112", "mandatory", Err(24)),
        ("101", "dtls", Err(24)),
        ("113", "dtls", Ok(BY_DTLS)),
        ("113", "dtls-sdes", Ok(BY_DTLS)),
    ];
    for (user, srtp, expected) in rows {
        let wire = Wire::tapped();
        let phone = exchange.phone_over("udp", user, "", "").encrypting(srtp);
        let what = format!("{user}, SRTP={srtp}");
        let outcome = echoed(&phone, 4, expected, &what);
        let Some(traffic) = wire.map(Wire::read) else { continue };
        let ports = wire::ports(&outcome.told);
        match expected {
            Ok(BY_DTLS) => traffic.is_keyed_by_handshake(ports[0], TAG),
            Ok(_) => {}
            Err(_) => assert_eq!(traffic.sound_from(ports[0]), 0, "{what}"),
        }
    }
    exchange.is_quiet();
}

/// The same where the exchange calls. At each change of a call it begins another handshake.
#[test]
fn answers_are_keyed_as_was_asked() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let rows = [
        ("112", "dtls", Ok(BY_DTLS)),
        ("112", "dtls-sdes", Ok(BY_DTLS)),
        ("112", "mandatory", Err(488)),
        ("113", "dtls", Ok(BY_DTLS)),
        ("113", "dtls-sdes", Ok(BY_DTLS)),
    ];
    for (user, srtp, expected) in rows {
        let wire = Wire::tapped();
        let phone = exchange.phone_over("udp", user, "autoAnswer=all", "").encrypting(srtp);
        let talk = Talk::between(&exchange, phone, &format!("{user}, SRTP={srtp}"));
        talk.comes(user);
        match expected {
            Err(status) => talk.is_refused(status),
            Ok(protection) => {
                talk.is_heard(protection);
                assert_eq!(talk.media()["dtls"], "done", "{user}");
                talk.is_held_and_resumed();
                talk.is_heard(protection);
                talk.ends();
            }
        }
        if let (Some(wire), Ok(_)) = (wire, expected) {
            wire.read().is_keyed_by_handshake(wire::ports(&talk.ours.trace())[1], TAG);
        }
    }
    exchange.is_quiet();
}

/// 107 finds its way by ICE before, and keeps it through a hold, whoever has called. Asterisk has no candidates on loopback:
/// the machine's own address is used, and nothing leaves it.
//= RFC 8839 §4.4, RFC 8842 §6
#[test]
fn keys_come_on_the_way_that_was_found() {
    let Some(ip) = own_address() else {
        skipped("this machine has no address but loopback");
        return;
    };
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start_on(ip) else { return };
    for (outgoing, transport) in [(true, "udp"), (false, "udp"), (true, "tls"), (false, "tls")] {
        let phone = exchange.phone_over(transport, "107", "autoAnswer=all", "").encrypting("dtls");
        phone.edit(|ini| ini.replace("\nICE=0\n", "\nICE=1\n"));
        let talk = Talk::between(&exchange, phone, &format!("over {transport}, 107 calls: {outgoing}"));
        talk.begins(outgoing, "107");
        for held in [false, true] {
            if held {
                talk.is_held_and_resumed();
            }
            talk.is_heard(BY_DTLS);
            let media = talk.media();
            assert_eq!(media["dtls"], "done", "{media}");
            assert_eq!(media["ice"], json!({"state": "connected", "local": "host", "remote": "host"}), "{media}");
        }
        talk.ends();
    }
    exchange.is_quiet();
}

/// Where reports go apart, which is Asterisk's default, they have keys of their own, and each side reads the other's.
//= RFC 5763 §6, RFC 5764 §4.1
#[test]
fn reports_apart_are_keyed_apart() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    for outgoing in [true, false] {
        let wire = Wire::tapped();
        let phone = exchange.phone_over("udp", "113", "autoAnswer=all", "").encrypting("dtls");
        let talk = Talk::between(&exchange, phone, &format!("113 calls: {outgoing}"));
        talk.begins(outgoing, "113");
        talk.is_heard(BY_DTLS);
        // It comes of our report and the answer to it.
        talk.ours.until("a round trip", |status| status["calls"][0]["media"]["rtt_ms"].is_number());
        talk.is_held_and_resumed();
        talk.is_heard(BY_DTLS);
        talk.ends();
        if let Some(traffic) = wire.map(Wire::read) {
            let own = wire::ports(&talk.ours.trace())[usize::from(!outgoing)];
            traffic.is_keyed_by_handshake(own, TAG);
            traffic.is_reported_by_handshake(own + 1);
        }
    }
    exchange.is_quiet();
}
