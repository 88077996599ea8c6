//! Which message offers and which answers, against a scripted far end (RFC 6337 §2.2).

use super::rules::{PEER, SDP, ask, called, connected, cseq, respond, state};
use super::*;
use crate::sip::message::{HeaderName, Method};
use crate::ua::snapshot::CallState;

const TYPE: &str = "Content-Type: application/sdp\r\n";
/// A reliable response of this number.
const fn reliable(number: &str) -> [(HeaderName, &str); 2] {
    [(HeaderName::Require, "100rel"), (HeaderName::RSeq, number)]
}

/// Where the sound was sent to, in order.
fn heard(world: &World) -> Vec<u16> {
    let port = |command: &MediaCommand| match command {
        MediaCommand::Start { agreed, .. } => agreed.remote_rtp.map(|at| at.port()),
        _ => None,
    };
    world.phones[0].media.iter().filter_map(port).collect()
}

fn at_port(port: u16) -> String {
    SDP.replace("audio 4000", &format!("audio {port}"))
}

/// A phone that called without an offer; its INVITE.
fn calling_late() -> (World, Request) {
    let mut world = World::new();
    let mut config = local("alice");
    config.settings.late_offer = true;
    world.add(config, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    assert!(invite.body.is_empty() && invite.headers.get(&HeaderName::ContentType).is_none());
    (world, invite)
}

fn offers_sound(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("m=audio ")
}

//= RFC 3261 §13.2.1, §13.2.2.4
#[test]
fn an_offer_in_the_200_is_answered_in_the_ack() {
    let (mut world, invite) = calling_late();
    respond(&mut world, &invite, 180, &[], "");
    respond(&mut world, &invite, 200, &[], SDP);
    let ack = world.last_request();
    assert!(ack.method == Method::Ack && offers_sound(&ack.body), "{ack:?}");
    assert_eq!((state(&world), heard(&world).last()), (vec![CallState::Connected], Some(&4000)));
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!((world.count("ACK"), world.last_request().body), (2, ack.body));
}

//= RFC 3261 §13.2.2.4
#[test]
fn an_offer_in_the_200_that_does_not_fit_ends_the_call() {
    for offer in [SDP.replace("RTP/AVP 8", "RTP/AVP 3"), String::new()] {
        let (mut world, invite) = calling_late();
        respond(&mut world, &invite, 200, &[], &offer);
        assert_eq!((world.count("ACK"), world.count("BYE")), (1, 1));
        let bye = world.last_request();
        respond(&mut world, &bye, 200, &[], "");
        world.run(Duration::from_secs(1));
        assert_eq!(world.ended(0).outcome.as_deref(), Some("no_common_codec"), "{offer:?}");
    }
}

//= RFC 3262 §5
#[test]
fn an_offer_in_a_reliable_183_is_answered_in_the_prack() {
    let (mut world, invite) = calling_late();
    respond(&mut world, &invite, 183, &reliable("1"), SDP);
    let prack = world.last_request();
    assert!(prack.method == Method::Prack && offers_sound(&prack.body), "{prack:?}");
    assert_eq!((state(&world), heard(&world)), (vec![CallState::EarlyMedia], vec![4000]));
    respond(&mut world, &prack, 200, &[], "");
    respond(&mut world, &invite, 200, &[], "");
    assert!(world.last_request().body.is_empty(), "offer and answer are exchanged");
    assert_eq!(state(&world), [CallState::Connected]);
}

//= RFC 3261 §14.2
#[test]
fn a_change_without_an_offer_gets_ours_in_full() {
    let (mut world, invite) = connected();
    let ok = ask(&mut world, &invite, "INVITE", 5, "", "");
    let ours = String::from_utf8_lossy(&ok.body).into_owned();
    let (line, all) = (ours.lines().find(|line| line.starts_with("m=audio")), " 8 0");
    assert!(ok.status.0 == 200 && line.is_some_and(|line| line.contains(all)), "{ours}");
    ask(&mut world, &invite, "ACK", 5, TYPE, &at_port(4444));
    assert_eq!(heard(&world).last(), Some(&4444));
}

//= RFC 3264 §8.4
#[test]
fn a_far_end_holds_by_direction_or_by_address() {
    for hold in [
        format!("{SDP}a=sendonly\r\n"),
        format!("{SDP}a=inactive\r\n"),
        SDP.replace("IP4 127.0.0.1\r\nt=", "IP4 0.0.0.0\r\nt="),
    ] {
        let (mut world, invite) = connected();
        let held = |world: &World| world.phones[0].agent.status(world.now).calls[0].remote_hold;
        for (cseq, offer, expect) in [(5, hold.as_str(), true), (6, SDP, false)] {
            assert_eq!(ask(&mut world, &invite, "INVITE", cseq, TYPE, offer).status.0, 200);
            ask(&mut world, &invite, "ACK", cseq, "", "");
            assert_eq!(held(&world), expect, "{offer}");
        }
        assert!(world.names(0).ends_with(&["call_held".into(), "call_resumed".into()]));
    }
}

//= RFC 3960 §3.1
#[test]
fn the_early_sound_is_of_whoever_spoke_last() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    for (fork, port) in [("one", 4000), ("two", 4002), ("one", 4000), ("two", 4002), ("one", 4004)] {
        let mut progress = Response::to_request(&invite, crate::sip::message::StatusCode(183), Some(fork));
        progress.headers.push(HeaderName::Contact, format!("<sip:{fork}@127.0.0.1:{PEER}>"));
        progress.body = at_port(port).into_bytes();
        world.send(PEER, 0, progress.to_bytes());
    }
    assert_eq!(heard(&world), [4000, 4002, 4004], "a 183 given again takes nothing back");
}

//= RFC 3261 §8.1.3.5, §22.3
#[test]
fn a_proxy_and_the_called_may_both_ask_for_a_password() {
    let mut world = World::new();
    world.add(AgentConfig::new(Default::default(), vec![account("alice")]), 5070);
    world.run(Duration::ZERO);
    let challenge = |rest: &str| format!("Digest realm=\"pbx\", {rest}");
    let register = world.last_request();
    let answer = |world: &mut World, request: &Request, status: u16, header: (HeaderName, String)| {
        let mut response = Response::to_request(request, crate::sip::message::StatusCode(status), Some("x"));
        response.headers.push(header.0, header.1);
        world.send(5999, 0, response.to_bytes());
    };
    answer(&mut world, &register, 401, (HeaderName::WwwAuthenticate, challenge("nonce=\"a\"")));
    let register = world.last_request();
    answer(
        &mut world,
        &register,
        200,
        (HeaderName::Contact, register.headers.text(&HeaderName::Contact).unwrap_or_default()),
    );
    world.dial(0, "100");
    let first = world.last_request();
    answer(&mut world, &first, 407, (HeaderName::ProxyAuthenticate, challenge("nonce=\"b\"")));
    let second = world.last_request();
    assert_eq!((cseq(&second), second.headers.all(&HeaderName::ProxyAuthorization).count()), (cseq(&first) + 1, 1));
    answer(&mut world, &second, 401, (HeaderName::WwwAuthenticate, challenge("nonce=\"c\", stale=true")));
    let third = world.last_request();
    assert_eq!(cseq(&third), cseq(&second) + 1);
    for name in [HeaderName::ProxyAuthorization, HeaderName::Authorization] {
        assert_eq!(third.headers.all(&name).count(), 1, "{name}");
    }
}

//= RFC 3261 §20.33
#[test]
fn when_to_call_again_is_told() {
    for status in [480, 486, 500, 503, 600] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let invite = world.last_request();
        respond(&mut world, &invite, status, &[(HeaderName::RetryAfter, "120 (lunch);duration=60")], "");
        world.run(Duration::from_secs(1));
        let reason = world.ended(0).reason.unwrap_or_default();
        assert!(reason.ends_with("try again in 2 min"), "{status}: {reason}");
    }
}

//= RFC 3262 §5
#[test]
fn a_prack_without_a_usable_answer_ends_the_call() {
    for body in ["", "v=0\r\n"] {
        let mut world = World::new();
        let early = crate::ua::agent::IncomingPolicy::EarlyMedia { answer_after: None };
        world.add(AgentConfig { incoming: early, ..local("alice") }, 5070);
        world.send(PEER, 0, called("Supported: 100rel\r\n", "", "in"));
        let progress = world.last_response();
        let rack = format!("RAck: {} 1 INVITE\r\n{TYPE}", progress.headers.rseq().unwrap().unwrap());
        ask(&mut world, &turned(&progress), "PRACK", 2, &rack, body);
        assert_eq!(world.last_response().status.0, 488, "{body:?}");
        world.run(Duration::from_secs(1));
        assert_eq!(world.ended(0).outcome.as_deref(), Some("no_common_codec"));
    }
}

/// What `ask` wants to know of a call that came in.
fn turned(response: &Response) -> Request {
    let mut invite = Request::new(Method::Invite, "sip:bob@127.0.0.1:5998");
    invite.headers.set(HeaderName::From, response.headers.text(&HeaderName::To).unwrap_or_default());
    invite.headers.set(HeaderName::CallId, "in");
    invite
}

//= RFC 3262 §3, §5
#[test]
fn early_sound_goes_reliably_to_a_caller_who_knows_how() {
    let mut world = World::new();
    let early = crate::ua::agent::IncomingPolicy::EarlyMedia { answer_after: None };
    world.add(AgentConfig { incoming: early, ..local("alice") }, 5070);
    let ringing = "Supported: 100rel\r\n";
    world.send(PEER, 0, called(ringing, "", "in"));
    let progress = world.last_response();
    assert!(progress.headers.requires("100rel") && !progress.body.is_empty(), "our offer: {progress:?}");
    assert!(progress.headers.allows().contains(&Method::Prack));
    let rack =
        format!("RAck: {} 1 INVITE\r\nContent-Type: application/sdp\r\n", progress.headers.rseq().unwrap().unwrap());
    let ok = ask(&mut world, &turned(&progress), "PRACK", 2, &rack, SDP);
    assert_eq!(ok.status.0, 200);
    assert!(world.phones[0].media.iter().any(|command| matches!(command, MediaCommand::Start { .. })), "and is heard");
    world.command(0, Command::Answer { call: None }).expect("it rings");
    let ok = world.last_response();
    assert_eq!((ok.status.0, ok.body.len()), (200, 0), "offer and answer are exchanged");
    assert_eq!(state(&world), [CallState::Connected]);
}

//= RFC 3311 §5.2
#[test]
fn a_fork_changes_its_early_sound_by_update() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 183, &reliable("5"), SDP);
    let prack = world.last_request();
    assert_eq!(prack.headers.text(&HeaderName::RAck), Some(format!("5 {} INVITE", cseq(&invite))));
    respond(&mut world, &prack, 200, &[], "");
    let answer = ask(&mut world, &invite, "UPDATE", 5, TYPE, &at_port(4444));
    assert_eq!((answer.status.0, answer.body.is_empty()), (200, false));
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(heard(&world), [4000, 4444, 4444], "what the 200 repeats is no answer any more");
}
