//! Encrypted or not: every policy against every kind of offer and answer.

use super::super::dtls::Fingerprint;
use super::super::protection::Unprotected;
use super::*;

const STRONG: CryptoSuite = CryptoSuite { name: "AEAD_AES_256_GCM", key_and_salt: 44, offered: true };
const USUAL: CryptoSuite = CryptoSuite { name: "AES_CM_128_HMAC_SHA1_80", key_and_salt: 30, offered: true };
const WEAK: CryptoSuite = CryptoSuite { name: "AES_CM_128_HMAC_SHA1_32", key_and_salt: 30, offered: false };

/// A key of 30 octets, and one of 44.
const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const LONG_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis=";

fn phone_that(encryption: Encryption) -> Negotiation {
    let plain = phone();
    let local = LocalMedia {
        encryption,
        suites: vec![STRONG, USUAL, WEAK],
        dtls: Fingerprint::parse("sha-256 0A:0B"),
        ..plain.local().clone()
    };
    Negotiation::new(local, &mut StdRng::seed_from_u64(7))
}

/// The `a=crypto` values of a description, without their keys.
fn crypto(description: &SessionDescription) -> Vec<String> {
    let lines = description.media.iter().flat_map(|media| media.attributes_named("crypto"));
    lines.map(|value| value.split(" inline:").next().unwrap().to_owned()).collect()
}

fn protocols(description: &SessionDescription) -> Vec<String> {
    description.media.iter().map(|m| format!("{} {}", if m.port == 0 { "-" } else { "+" }, m.protocol)).collect()
}

fn said(lines: &str) -> SessionDescription {
    read(&format!("{HEAD}{}", lines.replace("KEY", KEY).replace("LONG", LONG_KEY)))
}

const ENCRYPTIONS: [Encryption; 5] =
    [Encryption::Off, Encryption::Optional, Encryption::Mandatory, Encryption::DtlsSdes, Encryption::Dtls];

/// What a description says of DTLS, by the names of its attributes.
fn handshake(description: &SessionDescription) -> Vec<String> {
    let names = ["setup", "fingerprint", "tls-id", "rtcp-mux"];
    let all = description.media.iter().flat_map(|media| &media.attributes);
    let said = all.filter(|a| names.contains(&a.name.as_str()));
    said.map(|a| if a.name == "setup" { format!("setup:{}", a.value.as_deref().unwrap()) } else { a.name.clone() })
        .collect()
}

//= RFC 5764 §8, RFC 8842 §5.2, RFC 8643 §3.1
#[test]
fn what_is_offered() {
    let keys = ["1 AEAD_AES_256_GCM", "2 AES_CM_128_HMAC_SHA1_80"];
    let dtls = ["setup:actpass", "fingerprint", "tls-id", "rtcp-mux"];
    type Row<'a> = (Encryption, usize, &'a str, &'a [&'a str], &'a [&'a str]);
    let rows: [Row; 8] = [
        (Encryption::Off, 0, "+ RTP/AVP", &[], &[]),
        (Encryption::Optional, 0, "+ RTP/AVP", &keys, &[]),
        (Encryption::Optional, 1, "+ RTP/SAVP", &keys, &[]),
        (Encryption::Mandatory, 0, "+ RTP/SAVP", &keys, &[]),
        (Encryption::DtlsSdes, 0, "+ UDP/TLS/RTP/SAVP", &keys, &dtls),
        (Encryption::DtlsSdes, 1, "+ RTP/SAVP", &keys, &[]),
        (Encryption::Dtls, 0, "+ UDP/TLS/RTP/SAVP", &[], &dtls),
        // There is no other way.
        (Encryption::Dtls, 1, "+ UDP/TLS/RTP/SAVP", &[], &dtls),
    ];
    for (encryption, attempt, protocol, lines, said) in rows {
        let mut phone = phone_that(encryption);
        phone.set_attempt(attempt);
        let offer = phone.offer(false);
        let what = format!("{encryption:?} {attempt}");
        assert_eq!(protocols(&offer), [protocol], "{what}");
        assert_eq!(crypto(&offer), lines, "{what}");
        assert_eq!(handshake(&offer), said, "{what}");
        assert_eq!(phone.offer(false), offer, "the same keys, the same version");
        assert_eq!(parse(&offer.to_bytes()), Ok(offer), "{what}");
    }
}

/// What comes of an offer: the protocols answered, the line of the key, and the suite; or the error.
type Outcome = Result<(&'static str, &'static str), NegotiationError>;

#[test]
fn what_is_answered() {
    use NegotiationError::{Keys, Protection};
    let (unmet, no_key) = (Protection(Unprotected::Mandatory), Protection(Unprotected::NoKey));
    let plain = Ok(("+ RTP/AVP", ""));
    let usual = |protocol: &'static str| Ok((protocol, "4 AES_CM_128_HMAC_SHA1_80"));
    // (offer, off, optional, mandatory as well as dtls-sdes, dtls)
    let rows: &[(&str, [Outcome; 4])] = &[
        ("m=audio 5000 RTP/AVP 0", [plain, plain, Err(unmet), Err(unmet)]),
        (
            "m=audio 5000 RTP/AVP 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            [plain, usual("+ RTP/AVP"), usual("+ RTP/AVP"), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31",
            [Err(no_key), usual("+ RTP/SAVP"), usual("+ RTP/SAVP"), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/SAVPF 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            [Err(no_key), usual("+ RTP/SAVPF"), usual("+ RTP/SAVPF"), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/AVPF 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            [Ok(("+ RTP/AVPF", "")), usual("+ RTP/AVPF"), usual("+ RTP/AVPF"), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:3 AES_CM_256_HMAC_SHA1_80 inline:LONGKEY\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY\na=crypto:5 AEAD_AES_256_GCM inline:LONG",
            [Err(no_key), usual("+ RTP/SAVP"), usual("+ RTP/SAVP"), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:KEY",
            [
                Err(no_key),
                Ok(("+ RTP/SAVP", "1 AES_CM_128_HMAC_SHA1_32")),
                Ok(("+ RTP/SAVP", "1 AES_CM_128_HMAC_SHA1_32")),
                Err(unmet),
            ],
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:1 F8_128_HMAC_SHA1_80 inline:KEY",
            [Err(no_key), Err(Keys), Err(Keys), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP",
            [Err(no_key), Err(Keys), Err(Keys), Err(unmet)],
        ),
        (
            "m=audio 5000 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP",
            [plain, plain, Err(Keys), Err(unmet)],
        ),
        ("m=audio 5000 RTP/SAVP 0", [Err(no_key), Err(no_key), Err(unmet), Err(unmet)]),
        // Both, as FreeSWITCH and pjsua offer them: the encrypted one, whichever comes first.
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY\nm=audio 5000 RTP/AVP 0",
            [
                Ok(("- RTP/SAVP|+ RTP/AVP", "")),
                usual("+ RTP/SAVP|- RTP/AVP"),
                usual("+ RTP/SAVP|- RTP/AVP"),
                Err(unmet),
            ],
        ),
        (
            "m=audio 5000 RTP/AVP 0\nm=audio 5000 RTP/SAVP 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            [
                Ok(("+ RTP/AVP|- RTP/SAVP", "")),
                usual("- RTP/AVP|+ RTP/SAVP"),
                usual("- RTP/AVP|+ RTP/SAVP"),
                Err(unmet),
            ],
        ),
        (
            "m=audio 5000 RTP/SAVP 0\na=crypto:4 F8_128_HMAC_SHA1_80 inline:KEY\nm=audio 5000 RTP/AVP 0",
            [Ok(("- RTP/SAVP|+ RTP/AVP", "")), Ok(("- RTP/SAVP|+ RTP/AVP", "")), Err(unmet), Err(unmet)],
        ),
    ];
    for (lines, [off, optional, mandatory, dtls]) in rows {
        let expected = [off, optional, mandatory, mandatory, dtls];
        for (encryption, expected) in ENCRYPTIONS.into_iter().zip(expected) {
            let answered = phone_that(encryption).answer(&said(lines));
            let what = format!("{encryption:?}: {lines}");
            match (answered, expected) {
                (Ok((answer, agreed)), Ok((protocol, line))) => {
                    assert_eq!(protocols(&answer).join("|"), *protocol, "{what}");
                    assert_eq!(crypto(&answer).concat(), *line, "{what}");
                    let suite = agreed.srtp.as_ref().map_or("", |srtp| srtp.suite);
                    assert_eq!(suite, line.split_once(' ').map_or("", |(_, suite)| suite), "{what}");
                }
                (answered, expected) => assert_eq!(answered.err(), expected.err(), "{what}"),
            }
        }
    }
    assert_eq!((unmet.status_code(), Keys.status_code()), (488, 488));
}

#[test]
fn what_an_answer_may_be() {
    use NegotiationError::{Keys, Protection};
    let (unmet, no_key) = (Protection(Unprotected::Mandatory), Protection(Unprotected::NoKey));
    let good = "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:KEY";
    let plain = Ok("");
    let usual = Ok("AES_CM_128_HMAC_SHA1_80");
    type Row<'a> = (&'a str, String, [Result<&'static str, NegotiationError>; 3]);
    // (profile, keys, off, optional, mandatory as well as dtls-sdes)
    let rows: [Row; 12] = [
        ("RTP/AVP", String::new(), [plain, plain, Err(unmet)]),
        ("RTP/AVP", good.into(), [plain, usual, usual]),
        ("RTP/SAVP", good.into(), [Err(no_key), usual, usual]),
        ("RTP/SAVPF", good.into(), [Err(no_key), usual, usual]),
        ("RTP/SAVP", String::new(), [Err(no_key), Err(no_key), Err(unmet)]),
        ("RTP/SAVP", good.replace(":2", ":1"), [Err(no_key), Err(Keys), Err(Keys)]),
        ("RTP/SAVP", good.replace(":2", ":9"), [Err(no_key), Err(Keys), Err(Keys)]),
        ("RTP/AVP", good.replace(":2", ":9"), [plain, Err(Keys), Err(Keys)]),
        ("RTP/SAVP", good.replace("_80", "_32").replace(":2", ":3"), [Err(no_key), Err(Keys), Err(Keys)]),
        ("RTP/SAVP", format!("{good} UNENCRYPTED_SRTP"), [Err(no_key), Err(Keys), Err(Keys)]),
        ("RTP/SAVP", good.replace("KEY", "AAAA"), [Err(no_key), Err(Keys), Err(Keys)]),
        ("RTP/SAVP", format!("{good}|2^48|1:4"), [Err(no_key), usual, usual]),
    ];
    for (profile, keys, [off, optional, mandatory]) in rows {
        for (encryption, expected) in ENCRYPTIONS.into_iter().zip([off, optional, mandatory, mandatory]) {
            let mut phone = phone_that(encryption);
            phone.offer(false);
            let agreed = phone.accept_answer(&said(&format!("m=audio 5000 {profile} 0\n{keys}")));
            let suite = agreed.map(|agreed| agreed.srtp.map_or("", |srtp| srtp.suite));
            assert_eq!(suite, expected, "{encryption:?}: {profile} {keys}");
        }
    }
}

/// Two of our own: what one sends with, the other receives with.
#[test]
fn both_ends_have_the_same_keys() {
    for (a, b, suite) in [
        (Encryption::Optional, Encryption::Optional, Some(STRONG.name)),
        (Encryption::Mandatory, Encryption::Optional, Some(STRONG.name)),
        (Encryption::Optional, Encryption::Mandatory, Some(STRONG.name)),
        (Encryption::Optional, Encryption::Off, None),
        (Encryption::Off, Encryption::Optional, None),
    ] {
        let (mut caller, mut callee) = (phone_that(a), phone_that(b));
        callee.rekey(&mut StdRng::seed_from_u64(8));
        let (answer, theirs) = callee.answer(&caller.offer(false)).expect("answer");
        let ours = caller.accept_answer(&answer).expect("agreed");
        assert_eq!(ours.srtp.as_ref().map(|srtp| srtp.suite), suite);
        if let (Some(ours), Some(theirs)) = (ours.srtp, theirs.srtp) {
            assert_eq!((&ours.send, &theirs.send), (&theirs.receive[0].key, &ours.receive[0].key));
            assert_ne!(ours.send, theirs.send, "each way its own");
        }
    }
}

#[test]
fn keys_stay_until_they_are_changed() {
    let (mut caller, mut callee) = (phone_that(Encryption::Mandatory), phone_that(Encryption::Mandatory));
    callee.rekey(&mut StdRng::seed_from_u64(8));
    let exchange = |caller: &mut Negotiation, callee: &mut Negotiation, hold: bool| {
        let (answer, _) = callee.answer(&caller.offer(hold)).expect("answer");
        caller.accept_answer(&answer).expect("agreed").srtp.expect("encrypted")
    };
    let first = exchange(&mut caller, &mut callee, false);
    assert_eq!(exchange(&mut caller, &mut callee, true), first, "held");
    assert_eq!(exchange(&mut callee, &mut caller, false).send, first.receive[0].key, "offered by the other");
    // A refresh by who answered last: its answer is offered as it is.
    let again = caller.offer_again();
    assert_eq!(crypto(&again), ["1 AEAD_AES_256_GCM"]);
    let (answer, _) = callee.answer(&again).expect("answer");
    assert_eq!(caller.accept_answer(&answer).expect("agreed").srtp.as_ref(), Some(&first), "refreshed");
    caller.rekey(&mut StdRng::seed_from_u64(9));
    let changed = exchange(&mut caller, &mut callee, false);
    assert_ne!(changed.send, first.send);
    assert_eq!(changed.receive, first.receive, "its own the other may keep");
}

/// Who has to be encrypted stays so, whatever is offered or answered later; what stood before stands.
#[test]
fn nobody_talks_us_out_of_it() {
    let keys = "m=audio 5000 RTP/SAVP 0\na=crypto:1 AEAD_AES_256_GCM inline:LONG";
    let mut phone = phone_that(Encryption::Mandatory);
    let (_, agreed) = phone.answer(&said(keys)).expect("answer");
    for later in ["m=audio 5000 RTP/AVP 0", &format!("{keys} UNENCRYPTED_SRTP"), "m=audio 5000 RTP/SAVP 0"] {
        assert!(phone.answer(&said(later)).is_err(), "{later}");
        phone.offer(false);
        assert!(phone.accept_answer(&said(later)).is_err(), "{later}");
        phone.abandon_offer();
        assert_eq!(phone.agreed(), Some(&agreed), "{later}");
    }
    let (_, paused) = phone.answer(&said("m=audio 0 RTP/SAVP 0")).expect("paused");
    assert_eq!(paused.srtp, agreed.srtp);
}

/// A refresh by who answered offers the line of its answer, under the tag of the other.
#[test]
fn an_answer_offered_again_keeps_its_tag() {
    let line = |tag: u32| said(&format!("m=audio 5000 RTP/SAVP 0\na=crypto:{tag} AES_CM_128_HMAC_SHA1_80 inline:KEY"));
    let mut phone = phone_that(Encryption::Mandatory);
    let (answer, agreed) = phone.answer(&line(4)).expect("answer");
    assert_eq!(phone.offer_again(), answer);
    assert_eq!(phone.accept_answer(&line(2)), Err(NegotiationError::Keys));
    assert_eq!(phone.accept_answer(&line(4)).map(|again| again.srtp), Ok(agreed.srtp));
}

#[test]
fn what_is_turned_off_later_is_off() {
    let mut phone = phone_that(Encryption::Optional);
    phone.set_local(LocalMedia { encryption: Encryption::Off, ..phone.local().clone() });
    let offer = said("m=audio 5000 RTP/AVP 0\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:KEY");
    assert_eq!(phone.answer(&offer).map(|(_, agreed)| agreed.srtp), Ok(None));
    assert!(crypto(&phone.offer(false)).is_empty());
}

/// What Asterisk and Zoiper write.
#[test]
fn offers_as_peers_write_them() {
    let asterisk =
        "m=audio 11234 RTP/SAVP 0 101\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY\na=rtpmap:0 PCMU/8000\n";
    let zoiper = "m=audio 62816 RTP/SAVP 0\na=rtpmap:0 PCMU/8000\na=sendrecv\n\
                  a=crypto:9 AES_CM_256_HMAC_SHA1_80 inline:LONGKEY\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY==|2^31|1:1\n";
    for (offer, line) in [(asterisk, "1 AES_CM_128_HMAC_SHA1_80"), (zoiper, "1 AES_CM_128_HMAC_SHA1_80")] {
        let (answer, agreed) = phone_that(Encryption::Mandatory).answer(&said(offer)).expect("answer");
        assert_eq!(crypto(&answer), [line]);
        assert!(agreed.srtp.is_some_and(|srtp| srtp.receive.len() == 1));
    }
}
