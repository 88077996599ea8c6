//! Calls whose sound is encrypted, or has to be.

use super::rules::{SDP, ask, respond};
use super::*;
use crate::config::SrtpMode;
use crate::media::command::{HandshakeFailure, StreamId};
use crate::sdp::dtls::{DtlsExchange, Fingerprint, Setup};
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::agent::IncomingPolicy;
use crate::ua::snapshot::{CallState, Handshake};

/// Alice on 5070 calls Bob on 5072, who answers at once.
fn call(alice: SrtpMode, bob: SrtpMode) -> World {
    let mut world = World::new();
    let with = |user: &str, srtp: SrtpMode| {
        let mut config = local(user);
        config.accounts.iter_mut().for_each(|account| account.srtp = srtp);
        config.fingerprint = Fingerprint::parse(if user == "alice" { "sha-256 0A:01" } else { "sha-256 0B:02" });
        config.incoming = IncomingPolicy::Answer { after: Duration::ZERO };
        config
    };
    world.add(with("alice", alice), 5070);
    world.add(with("bob", bob), 5072);
    world.dial(0, "sip:bob@127.0.0.1:5072");
    world.run(Duration::from_secs(1));
    world
}

/// What the sound of a phone was last told to protect itself with: suite, our key, theirs.
fn keys(world: &World, phone: usize) -> Option<crate::sdp::Srtp> {
    let started = |command: &MediaCommand| match command {
        MediaCommand::Start { agreed, .. } => Some(agreed.srtp.clone()),
        _ => None,
    };
    world.phones[phone].media.iter().rev().find_map(started).flatten()
}

//= RFC 4568 §5.1, RFC 8643 §3.1
#[test]
fn what_two_phones_come_to() {
    use SrtpMode::{DtlsSdes, Mandatory, Off, Optional};
    // (caller, called, encrypted; None = no call)
    let rows = [
        (Off, Off, Some(false)),
        (Off, Optional, Some(false)),
        (Optional, Off, Some(false)),
        (Optional, Optional, Some(true)),
        (Optional, Mandatory, Some(true)),
        (Mandatory, Optional, Some(true)),
        (Mandatory, Mandatory, Some(true)),
        (DtlsSdes, Mandatory, Some(true)),
        (Mandatory, Off, None),
        (Off, Mandatory, None),
        (SrtpMode::Dtls, Optional, None),
        (Optional, SrtpMode::Dtls, None),
    ];
    for (alice, bob, expected) in rows {
        let world = call(alice, bob);
        let what = format!("{alice:?} calls {bob:?}: {:#?}", world.log);
        let calls = world.phones[0].agent.status(world.now).calls;
        let up = calls.iter().find(|call| call.state == CallState::Connected);
        assert_eq!(up.is_some(), expected.is_some(), "{what}");
        let Some(up) = up else {
            assert!(keys(&world, 0).is_none() && keys(&world, 1).is_none(), "{what}");
            assert_eq!(world.ended(0).status, Some(488), "{what}");
            continue;
        };
        let shown = up.media.as_ref().and_then(|media| media.srtp.clone());
        let wanted = (expected == Some(true)).then(|| "AEAD_AES_256_GCM, keys in clear".to_owned());
        assert_eq!(shown, wanted, "{what}");
        let (here, there) = (keys(&world, 0), keys(&world, 1));
        assert_eq!((here.is_some(), there.is_some()), (expected == Some(true), expected == Some(true)), "{what}");
        if let (Some(here), Some(there)) = (here, there) {
            assert_eq!((&here.send, &there.send), (&there.receive[0].key, &here.receive[0].key), "{what}");
        }
    }
}

#[test]
fn a_refusal_tells_why() {
    let world = call(SrtpMode::Off, SrtpMode::Mandatory);
    let refusal = world.tap.iter().find(|bytes| bytes.starts_with(b"SIP/2.0 488")).expect("refused");
    assert!(String::from_utf8_lossy(refusal).contains("not encrypted"), "{}", String::from_utf8_lossy(refusal));
}

const TYPE: &str = "Content-Type: application/sdp\r\n";

/// A description with this key, forty times the same letter.
fn protected(tag: u32, key: &str) -> String {
    format!("{SDP}a=crypto:{tag} AES_CM_128_HMAC_SHA1_80 inline:{}\r\n", key.repeat(40))
}

/// A phone in a call with a scripted far end, encrypted with the key `A`; its INVITE.
fn encrypted(srtp: SrtpMode) -> (World, Request) {
    let mut world = World::new();
    let mut config = local("alice");
    config.accounts.iter_mut().for_each(|account| account.srtp = srtp);
    world.add(config, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], &protected(4, "A"));
    assert!(keys(&world, 0).is_some(), "{:#?}", world.log);
    (world, invite)
}

fn errors<'a>(world: &'a World) -> Vec<&'a str> {
    let message = |event: &'a Event| match event {
        Event::Error { message, .. } => Some(message.as_str()),
        _ => None,
    };
    world.phones[0].events.iter().filter_map(message).collect()
}

/// A server that joins the call to somebody else gives that one's key: who was there before knows ours.
//= RFC 4568 §7.1.4
#[test]
fn another_key_of_the_far_end_gets_another_of_ours() {
    let (mut world, invite) = encrypted(SrtpMode::Mandatory);
    let mut before = keys(&world, 0).unwrap();
    for (cseq, key, renewed) in [(5, "A", false), (6, "B", true), (7, "B", false)] {
        let ok = ask(&mut world, &invite, "INVITE", cseq, TYPE, &protected(1, key));
        ask(&mut world, &invite, "ACK", cseq, "", "");
        assert_eq!(ok.status.0, 200);
        let now = keys(&world, 0).unwrap();
        assert_eq!(now.send != before.send, renewed, "{cseq}");
        before = now;
    }
}

/// Whose account allows it is told; whose does not keeps what it has.
#[test]
fn a_far_end_that_stops_encrypting_does_not_do_so_in_silence() {
    for (srtp, status) in [(SrtpMode::Optional, 200), (SrtpMode::Mandatory, 488)] {
        for method in ["INVITE", "UPDATE"] {
            let (mut world, invite) = encrypted(srtp);
            for cseq in [5, 6] {
                assert_eq!(ask(&mut world, &invite, method, cseq, TYPE, SDP).status.0, status, "{srtp:?} {method}");
                if method == "INVITE" {
                    ask(&mut world, &invite, "ACK", cseq, "", "");
                }
                assert_eq!(keys(&world, 0).is_none(), status == 200, "{srtp:?} {method}");
                let told = "call c1: the far end encrypts its sound no longer, and neither do we";
                let expected: &[&str] = if status == 200 { &[told] } else { &[] };
                assert_eq!(errors(&world), expected, "{srtp:?} {method} {cseq}");
            }
        }
    }
}

#[test]
fn an_answer_in_the_clear_is_hung_up_and_told() {
    let mut world = World::new();
    let mut config = local("alice");
    config.accounts.iter_mut().for_each(|account| account.srtp = SrtpMode::Mandatory);
    world.add(config, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], SDP);
    let bye = world.last_request();
    respond(&mut world, &bye, 200, &[], "");
    world.run(Duration::from_secs(1));
    assert!(keys(&world, 0).is_none());
    let told = "answered, but the peer's audio is not encrypted in a way this account takes, and it has to be";
    assert_eq!(world.ended(0).reason.as_deref(), Some(told));
}

/// Who is called by address, or rings there, gets no less than the selected account asks for, unless Local says otherwise.
#[test]
fn calls_by_address_are_as_encrypted_as_those_of_the_selected_account() {
    use SrtpMode::{Mandatory, Off, Optional};
    for (local_asks, selected_asks, transport) in [
        (Off, Mandatory, "RTP/SAVP"),
        (Optional, Mandatory, "RTP/AVP"),
        (Mandatory, Off, "RTP/SAVP"),
        (Off, Off, "RTP/AVP"),
    ] {
        let mut config = local("alice");
        let selected = Account { srtp: selected_asks, username: "100".into(), ..Account::new(AccountId(1)) };
        config.accounts.iter_mut().for_each(|account| account.srtp = local_asks);
        config.accounts.push(selected);
        config.settings.account_id = Some(AccountId(1).0);
        let mut world = World::new();
        world.add(config, 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        let offer = String::from_utf8_lossy(&invite.body).into_owned();
        assert!(offer.contains(&format!(" {transport} ")), "{local_asks:?}, {selected_asks:?}: {offer}");
    }
}

/// The handshake that the sound of a phone was last told of.
fn handshake(world: &World, phone: usize) -> Option<DtlsExchange> {
    let started = |command: &MediaCommand| match command {
        MediaCommand::Start { agreed, .. } => Some(agreed.dtls.clone()),
        _ => None,
    };
    world.phones[phone].media.iter().rev().find_map(started).flatten()
}

/// What the sound of the first call of a phone has noticed.
fn noticed(world: &mut World, phone: usize, event: impl FnOnce(StreamId) -> MediaEvent) {
    let started = |command: &MediaCommand| match command {
        MediaCommand::Start { stream, .. } => Some(*stream),
        _ => None,
    };
    let stream = world.phones[phone].media.iter().find_map(started).expect("sound");
    let now = world.now;
    world.phones[phone].agent.handle(Input::Media(event(stream)), now);
    world.settle();
}

/// The transports of the offers that were made, in their order.
fn offered(world: &World) -> Vec<String> {
    let invites = world.tap.iter().filter(|bytes| bytes.starts_with(b"INVITE "));
    let line = |bytes: &Vec<u8>| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let line = text.lines().find(|line| line.starts_with("m=audio"))?.to_owned();
        line.split(' ').nth(2).map(str::to_owned)
    };
    invites.filter_map(line).collect()
}

//= RFC 5763 §5
#[test]
fn keys_may_come_of_a_handshake() {
    use SrtpMode::{Dtls, DtlsSdes};
    for (alice, bob) in [(Dtls, Dtls), (Dtls, DtlsSdes), (DtlsSdes, Dtls)] {
        let mut world = call(alice, bob);
        let what = format!("{alice:?} calls {bob:?}: {:#?}", world.log);
        assert_eq!(offered(&world), ["UDP/TLS/RTP/SAVP"], "{what}");
        let (here, there) = (handshake(&world, 0).expect(&what), handshake(&world, 1).expect(&what));
        assert_eq!((here.part, there.part), (Setup::Passive, Setup::Active));
        assert_eq!((&here.theirs, &there.theirs), (&there.ours, &here.ours));
        let media = |world: &World| world.phones[0].agent.status(world.now).calls[0].media.clone().expect("media");
        assert_eq!((media(&world).srtp, media(&world).dtls), (None, Some(Handshake::Goes)), "nothing goes yet");
        noticed(&mut world, 0, |stream| MediaEvent::Secured { stream, suite: "AEAD_AES_256_GCM" });
        let keyed = (Some("AEAD_AES_256_GCM, keys by DTLS".to_owned()), Some(Handshake::Done));
        assert_eq!((media(&world).srtp, media(&world).dtls), keyed);
        assert_eq!(world.names(0).last().map(String::as_str), Some("call_secured"));
        // Held and back: it goes on with the keys there are.
        for held in [true, false] {
            let hold = if held { Command::Hold { call: None } } else { Command::Resume { call: None } };
            world.command(0, hold).expect("done");
            world.run(Duration::from_secs(1));
            assert_eq!((media(&world).srtp, media(&world).dtls), keyed, "held: {held}");
            assert!(!here.renewed_by(&handshake(&world, 0).expect("still")));
        }
        assert_eq!(errors(&world), [""; 0]);
    }
}

/// Who is refused offers what else the account allows, once each.
//= RFC 3261 §21.4.26
#[test]
fn what_is_refused_is_offered_otherwise() {
    use SrtpMode::{Dtls, DtlsSdes, Mandatory, Off, Optional};
    let (avp, savp, tls) = ("RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVP");
    let rows: [(SrtpMode, SrtpMode, &[&str], bool); 7] = [
        (DtlsSdes, Mandatory, &[tls], true),
        (DtlsSdes, Optional, &[tls], true),
        (DtlsSdes, Off, &[tls, savp], false),
        (Dtls, Mandatory, &[tls], false),
        (Optional, Dtls, &[avp, savp], false),
        (Mandatory, Off, &[savp], false),
        (Off, Mandatory, &[avp], false),
    ];
    for (alice, bob, transports, up) in rows {
        let world = call(alice, bob);
        let what = format!("{alice:?} calls {bob:?}: {:#?}", world.log);
        assert_eq!(offered(&world), transports, "{what}");
        let calls = world.phones[0].agent.status(world.now).calls;
        assert_eq!(calls.iter().any(|call| call.state == CallState::Connected), up, "{what}");
        assert_eq!(keys(&world, 0).is_some(), up, "{what}");
        assert_eq!(handshake(&world, 0), None, "{what}");
    }
}

/// An exchange that takes encrypted transports alone, and refuses what may go without.
#[test]
fn an_account_that_may_encrypt_does_so_where_it_has_to() {
    let mut world = World::new();
    let mut config = local("alice");
    config.accounts.iter_mut().for_each(|account| account.srtp = SrtpMode::Optional);
    world.add(config, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let first = world.last_request();
    respond(&mut world, &first, 488, &[], "");
    world.run(Duration::from_millis(100));
    let second = world.last_request();
    assert_eq!(offered(&world), ["RTP/AVP", "RTP/SAVP"]);
    assert_ne!(first.headers.text(&HeaderName::CallId), second.headers.text(&HeaderName::CallId));
    respond(&mut world, &second, 488, &[], "");
    world.run(Duration::from_secs(1));
    assert_eq!(offered(&world).len(), 2, "no third");
    assert_eq!(world.ended(0).status, Some(488));
}

/// Without keys there is no call: the far end is told, and so is the person, in one line each.
//= RFC 8827 §6.5
#[test]
fn a_handshake_that_fails_ends_the_call() {
    for why in [HandshakeFailure::Timeout, HandshakeFailure::Certificate] {
        let mut world = call(SrtpMode::Dtls, SrtpMode::Dtls);
        let words = why.to_string();
        noticed(&mut world, 0, |stream| MediaEvent::NotSecured { stream, why });
        world.run(Duration::from_secs(1));
        let ended = world.ended(0);
        assert_eq!(ended.reason, Some(format!("no keys for its sound: {words}")));
        assert_eq!(ended.outcome.as_deref(), Some("no_common_codec"));
        assert_eq!(ended.media.and_then(|media| media.dtls), Some(Handshake::Failed));
        assert_eq!(errors(&world), [format!("call c1 has ended, as there are no keys for its sound: {words}")]);
        let bye = world.tap.iter().find(|bytes| bytes.starts_with(b"BYE ")).expect("hung up");
        let bye = String::from_utf8_lossy(bye).into_owned();
        assert!(bye.contains("Reason: SIP;cause=488"), "{bye}");
    }
}

/// A description of a far end that begins the handshake.
fn shaking(fingerprint: &str) -> String {
    let line = SDP.replace("RTP/AVP", "UDP/TLS/RTP/SAVP");
    format!("{line}a=fingerprint:{fingerprint}\r\na=setup:active\r\na=rtcp-mux\r\n")
}

/// Before the answer one handshake is enough, and one that fails ends nothing: the answer decides.
//= RFC 5763 §6.2
#[test]
fn the_answer_decides_whose_hand_is_shaken() {
    let mut world = World::new();
    let mut config = local("alice");
    config.accounts.iter_mut().for_each(|account| account.srtp = SrtpMode::Dtls);
    config.fingerprint = Fingerprint::parse("sha-256 0A:01");
    world.add(config, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 183, &[], &shaking("sha-256 0B:01"));
    let first = handshake(&world, 0).expect("early");
    let mut other = Response::to_request(&invite, StatusCode(183), Some("two"));
    other.headers.push(HeaderName::Contact, "<sip:two@127.0.0.1:5998>");
    other.headers.push(HeaderName::ContentType, "application/sdp");
    other.body = shaking("sha-256 0C:02").into();
    world.send(5998, 0, other.to_bytes());
    assert_eq!(handshake(&world, 0).as_ref(), Some(&first), "another fork is not begun with");
    noticed(&mut world, 0, |stream| MediaEvent::NotSecured { stream, why: HandshakeFailure::Timeout });
    let info = |world: &World| world.phones[0].agent.status(world.now).calls[0].clone();
    assert_eq!(info(&world).media.and_then(|media| media.dtls), Some(Handshake::Failed));
    assert_eq!(errors(&world), [""; 0], "it may still come to something");
    respond(&mut world, &invite, 200, &[], &shaking("sha-256 0B:01"));
    assert_eq!(info(&world).state, CallState::Connected);
    assert_eq!(info(&world).media.and_then(|media| media.dtls), Some(Handshake::Goes));
    noticed(&mut world, 0, |stream| MediaEvent::Secured { stream, suite: "AEAD_AES_256_GCM" });
    noticed(&mut world, 0, |stream| MediaEvent::KeysGone { stream });
    let media = info(&world).media.expect("media");
    let was = Some("AEAD_AES_256_GCM, keys by DTLS".to_owned());
    assert_eq!((media.srtp, media.dtls), (was, Some(Handshake::Closed)), "what was said stays protected");
}
