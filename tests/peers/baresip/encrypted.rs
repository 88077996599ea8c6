//! Encrypted calls with baresip, whose keys stand in descriptions.

use std::time::Duration;

use serde_json::{Value, json};

use super::Baresip;
use crate::daemon::Daemon;
use crate::kamailio::{Kamailio, has_secure_modules};
use crate::score::{self, Scorer};
use crate::support::{PATIENCE, alone, beside_others, have, until};
use crate::wire::{self, Wire};

/// What baresip takes of our offers, and what it offers itself.
const TAKEN: Option<&str> = Some("AEAD_AES_256_GCM, keys over TLS");
const OFFERED: Option<&str> = Some("AES_CM_128_HMAC_SHA1_80, keys over TLS");
/// What goes in clear has no words.
const PLAIN: Option<&str> = None;

/// So much of a tone of four seconds says that the keys fit: a machine with much else to do loses some of it.
const ENOUGH: Duration = Duration::from_secs(1);

const PCMU: &str = "PCMU/8000/1";
const OPUS: &str = "opus/48000/2";

/// 102, which sends back what it hears where it answers by itself, else a tone.
fn baresip(proxy: &Kamailio, transport: &str, encryption: &str, codec: &str, answers: bool) -> Baresip {
    let baresip = Baresip::encrypting(encryption, "102", proxy, transport, codec, answers);
    until("baresip registered", PATIENCE, || proxy.said().contains("saved 102"));
    baresip
}

/// As good as in clear.
fn speech_returns_encrypted(codec: &str) {
    let Some(scorer) = Scorer::find().filter(|_| have(&["kamailio", "baresip"])) else { return };
    let _machine = alone();
    let proxy = Kamailio::start("MD5", &[]);
    let baresip = baresip(&proxy, "udp", "srtp-mand", codec, true);
    let wire = Wire::tapped();
    let phone = proxy.phone_with("101", &format!("audioCodecs={codec}")).encrypting("mandatory");
    let outcome = scorer.echoed(&phone, "102", codec, score::through_codec_twice, 0.25);
    assert_eq!(outcome.protection(), Some("AEAD_AES_256_GCM, keys in clear"), "{}", outcome.told);
    if let Some(wire) = wire {
        wire.read().is_encrypted(&baresip.process.said(), wire::ports(&outcome.told)[0]);
    }
}

#[test]
fn speech_returns_encrypted_with_pcmu() {
    speech_returns_encrypted(PCMU);
}

#[test]
fn speech_returns_encrypted_with_opus() {
    speech_returns_encrypted(OPUS);
}

/// What the two accounts ask for comes to what protects a call, or to no call.
//= RFC 4568 §5.1, RFC 8643 §3.1
#[test]
fn calls_are_as_encrypted_as_was_asked() {
    if !have(&["kamailio", "baresip"]) || !has_secure_modules() {
        return;
    }
    let _machine = beside_others();
    // baresip's `mediaenc`, our `SRTP`; an error is the exit code.
    let rows = [
        ("srtp-mand", "mandatory", PCMU, Ok(TAKEN)),
        ("srtp-mand", "mandatory", OPUS, Ok(TAKEN)),
        ("srtp-mand", "optional", PCMU, Ok(TAKEN)),
        ("srtp", "mandatory", PCMU, Ok(TAKEN)),
        ("srtp", "optional", OPUS, Ok(TAKEN)),
        ("", "optional", PCMU, Ok(PLAIN)),
        ("", "mandatory", PCMU, Err(24)),
    ];
    for (encryption, srtp, codec, expected) in rows {
        let proxy = Kamailio::start("MD5", &[]);
        let baresip = baresip(&proxy, "tls", encryption, codec, true);
        let wire = Wire::tapped();
        let phone = proxy.phone_over("tls", "101", &format!("audioCodecs={codec}")).encrypting(srtp);
        let heard = phone.file("heard.wav");
        let output = format!("file:{}", heard.display());
        let arguments = ["call", "102", "--duration", "4", "--audio-in", "tone:440", "--audio-out", &output];
        let outcome = phone.run(&arguments, Duration::from_secs(40));
        let what = format!("mediaenc={encryption}, SRTP={srtp}, {codec}");
        outcome.ends(expected.err().unwrap_or(0));
        if let Ok(protection) = expected {
            assert_eq!(outcome.protection(), protection, "{what}\n{}", outcome.told);
            let returned = score::tone(&heard, 440.0, -20.0);
            assert!(returned > ENOUGH, "{what}: {returned:?} of the tone\n{}", outcome.told);
        }
        let Some(traffic) = wire.map(Wire::read) else { continue };
        let ports = wire::ports(&outcome.told);
        match expected {
            Ok(Some(_)) => traffic.is_encrypted(&baresip.process.said(), ports[0]),
            Ok(None) => {
                let sent: Vec<usize> = ports.iter().map(|port| traffic.sound_from(*port)).collect();
                assert!(sent.len() == 2 && sent.iter().all(|sent| *sent > 100), "{what}: {sent:?}");
            }
            Err(_) => assert_eq!(traffic.sound_from(ports[0]), 0, "{what}"),
        }
    }
}

/// The same where baresip calls.
#[test]
fn answers_are_as_encrypted_as_was_asked() {
    if !have(&["kamailio", "baresip"]) || !has_secure_modules() {
        return;
    }
    let _machine = beside_others();
    let rows = [
        ("srtp-mand", "mandatory", Ok(OFFERED)),
        ("srtp-mand", "optional", Ok(OFFERED)),
        ("srtp-mand", "", Err(488)),
        ("srtp-mandf", "mandatory", Ok(OFFERED)),
        ("srtp", "mandatory", Ok(OFFERED)),
        ("srtp", "optional", Ok(OFFERED)),
        ("", "optional", Ok(PLAIN)),
        ("", "mandatory", Err(488)),
    ];
    for (encryption, srtp, expected) in rows {
        let proxy = Kamailio::start("MD5", &[]);
        let mut baresip = baresip(&proxy, "tls", encryption, PCMU, false);
        let wire = Wire::tapped();
        let settings = format!("audioCodecs={PCMU}\nautoAnswer=all");
        let phone = proxy.phone_over("tls", "101", &settings).encrypting(srtp);
        let heard = phone.file("heard.wav");
        let phone = Daemon::sounding(phone, "tone:440", &format!("file:{}", heard.display()));
        let what = format!("mediaenc={encryption}, SRTP={srtp}");
        let whom = format!("sip:101@{}", baresip.domain);
        baresip.told("dial", &whom);
        match expected {
            Err(status) => {
                let refused = || phone.trace().contains(&format!("SIP/2.0 {status} "));
                until(&format!("{what}: refused"), PATIENCE, refused);
                assert_eq!(phone.state(), "idle", "{what}");
            }
            Ok(protection) => {
                let enough = |status: &Value| status["calls"][0]["media"]["rx_packets"].as_u64() > Some(200);
                phone.until(&format!("{what}: its sound"), enough);
                assert_eq!(phone.status()["calls"][0]["media"]["srtp"], json!(protection), "{what}");
                phone.does(&["hangup"]);
                phone.until_is("idle");
                let came = score::tone(&heard, 400.0, -40.0);
                assert!(came > ENOUGH, "{what}: {came:?} of its tone");
                let said = baresip.process.said();
                let heard =
                    said.contains("incoming rtp for 'audio' established") && !said.contains("failed to decrypt RTP-");
                assert!(heard, "{what}: ours is heard");
            }
        }
        if let (Some(wire), Ok(Some(_))) = (wire, expected) {
            wire.read().is_encrypted(&baresip.process.said(), wire::ports(&phone.trace())[1]);
        }
    }
}
