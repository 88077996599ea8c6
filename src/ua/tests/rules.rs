//! The rules of a call's life one by one, against a scripted far end: order, loss, refusals, challenges.

use super::*;
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::command::HangupWhich;
use crate::ua::outcome::EndedBy;
use crate::ua::snapshot::CallState;

pub(super) const PEER: u16 = 5998;
pub(super) const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

/// Answers this request of the phone.
pub(super) fn respond(world: &mut World, request: &Request, status: u16, headers: &[(HeaderName, &str)], body: &str) {
    let mut response = Response::to_request(request, StatusCode(status), Some("one"));
    response.headers.push(HeaderName::Contact, format!("<sip:one@127.0.0.1:{PEER}>"));
    headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
    if !body.is_empty() {
        response.headers.push(HeaderName::ContentType, "application/sdp");
        response.body = body.into();
    }
    world.send(PEER, 0, response.to_bytes());
}

/// A phone in a call that it began.
pub(super) fn connected() -> (World, Request) {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(state(&world), [CallState::Connected]);
    (world, invite)
}

pub(super) fn state(world: &World) -> Vec<CallState> {
    world.phones[0].agent.status(world.now).calls.iter().map(|call| call.state).collect()
}

/// The far end's request in the dialog of `invite`, with a branch of its own; its answer's status.
pub(super) fn ask(world: &mut World, invite: &Request, method: &str, cseq: u32, extra: &str, body: &str) -> Response {
    let header = |name: &HeaderName| invite.headers.text(name).unwrap_or_default();
    let (from, call_id) = (header(&HeaderName::From), header(&HeaderName::CallId));
    let text = format!(
        "{method} sip:alice@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PEER};branch=z9hG4bK{method}{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bob@127.0.0.1:5998>;tag=one\r\nTo: {from}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:one@127.0.0.1:{PEER}>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.send(PEER, 0, text.into_bytes());
    world.last_response()
}

pub(super) fn called(extra: &str, body: &str, branch: &str) -> Vec<u8> {
    format!(
        "INVITE sip:alice@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PEER};branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nRecord-Route: <sip:127.0.0.1:{PEER};lr>\r\nFrom: <sip:bob@127.0.0.1:5998>;tag=one\r\n\
         To: <sip:alice@127.0.0.1:5070>\r\nCall-ID: in\r\nCSeq: 1 INVITE\r\nContact: <sip:one@127.0.0.1:{PEER}>\r\n\
         {extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A phone that was called and answered; the INVITE's headers turned for `ask`.
fn answered(world: &mut World) -> Request {
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("Content-Type: application/sdp\r\n", SDP, "in"));
    world.command(0, Command::Answer { call: None }).expect("it rings");
    let ok = world.last_response();
    let mut invite = Request::new(message::Method::Invite, "sip:bob@127.0.0.1:5998");
    invite.headers.set(HeaderName::From, ok.headers.text(&HeaderName::To).unwrap_or_default());
    invite.headers.set(HeaderName::CallId, "in");
    invite
}

pub(super) fn cseq(request: &Request) -> u32 {
    request.headers.cseq().ok().flatten().map_or(0, |cseq| cseq.number)
}

//= RFC 3261 §13.3.1.4, §12.1.1, §20.5
#[test]
fn an_answer_bears_what_founds_the_dialog() {
    let mut world = World::new();
    answered(&mut world);
    let ok = world.last_response();
    for (name, has) in [
        (HeaderName::RecordRoute, "<sip:127.0.0.1:5998;lr>"),
        (HeaderName::Contact, "@127.0.0.1:5070>"),
        (HeaderName::Allow, "INVITE"),
        (HeaderName::To, ";tag="),
        (HeaderName::Server, "tuiphone/"),
    ] {
        assert!(ok.headers.text(&name).is_some_and(|value| value.contains(has)), "{name}: {ok:?}");
    }
}

//= RFC 5407 §3.1.4, RFC 3261 §15.1.2
#[test]
fn before_the_ack_the_call_can_be_changed_and_hung_up() {
    let mut world = World::new();
    let dialog = answered(&mut world);
    let held = format!("{SDP}a=sendonly\r\n");
    let change = ask(&mut world, &dialog, "INVITE", 2, "Content-Type: application/sdp\r\n", &held);
    assert_eq!(change.status.0, 200);
    assert!(world.phones[0].agent.status(world.now).calls[0].remote_hold);
    assert_eq!(ask(&mut world, &dialog, "BYE", 3, "", "").status.0, 200);
    let sent = world.count("200 INVITE");
    world.run(Duration::from_secs(60));
    assert_eq!(world.count("200 INVITE"), sent, "the answer is not repeated after the end");
    assert_eq!(world.ended(0).ended_by, Some(EndedBy::Remote));
}

//= RFC 3261 §13.2.1
#[test]
fn an_ack_without_a_usable_answer_to_our_offer_is_hung_up() {
    for body in ["", "v=0\r\n", &SDP.replace("RTP/AVP 8", "RTP/AVP 3")] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.send(PEER, 0, called("", "", "in"));
        world.command(0, Command::Answer { call: None }).expect("it rings");
        let ok = world.last_response();
        let mut invite = Request::new(message::Method::Invite, "sip:bob@127.0.0.1:5998");
        invite.headers.set(HeaderName::From, ok.headers.text(&HeaderName::To).unwrap_or_default());
        invite.headers.set(HeaderName::CallId, "in");
        ask(&mut world, &invite, "ACK", 1, "Content-Type: application/sdp\r\n", body);
        assert_eq!(world.count("BYE"), 1, "{body:?}");
        let bye = world.last_request();
        respond(&mut world, &bye, 200, &[], "");
        world.run(Duration::from_secs(1));
        let call = world.ended(0);
        assert_eq!(call.outcome.as_deref(), Some("no_common_codec"), "{body:?}");
        assert_eq!(call.reason.as_deref(), Some("the caller's answer has no sound this phone can play"));
    }
}

//= RFC 3261 §13.3.1
#[test]
fn an_invitation_expires_with_487() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("Expires: 20\r\n", "", "in"));
    world.run(Duration::from_secs(19));
    assert_eq!(state(&world), [CallState::Incoming]);
    world.run(Duration::from_secs(2));
    assert_eq!(world.last_response().status.0, 487);
    assert_eq!(world.ended(0).reason.as_deref(), Some("nobody answered in 20 s"));
}

//= RFC 3261 §13.3.1: as long as the caller says, which one who left may have said, too
#[test]
fn a_phone_rings_as_long_as_the_caller_says_within_reason() {
    for (expires, seconds, status) in [
        ("", 180, 480),
        ("Expires: soon\r\n", 180, 480),
        ("Expires: 300\r\n", 300, 487),
        ("Expires: 600\r\n", 600, 487),
        ("Expires: 4000000000\r\n", 600, 480),
    ] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.send(PEER, 0, called(expires, "", "in"));
        world.run(Duration::from_secs(seconds - 1));
        assert_eq!(state(&world), [CallState::Incoming], "{expires}");
        world.run(Duration::from_secs(2));
        assert_eq!((world.last_response().status.0, state(&world)), (status, vec![]), "{expires}");
    }
}

//= RFC 3261 §8.2.2.2, §17.2.1
#[test]
fn the_same_invite_rings_once() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    for branch in ["in", "in", "other"] {
        world.send(PEER, 0, called("", "", branch));
    }
    assert_eq!((world.count("180 INVITE"), world.count("482 INVITE")), (2, 1));
    assert_eq!(state(&world), [CallState::Incoming]);
}

//= RFC 3261 §8.2.3
#[test]
fn a_body_that_is_no_description_is_refused() {
    for extra in ["Content-Type: text/plain\r\n", "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n"] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.send(PEER, 0, called(extra, SDP, "in"));
        let response = world.last_response();
        assert_eq!(response.status.0, 415, "{extra}");
        assert_eq!(response.headers.text(&HeaderName::Accept).as_deref(), Some("application/sdp"));
        assert!(state(&world).is_empty());
    }
}

//= RFC 3261 §11.2
#[test]
fn options_are_told_in_a_call_as_outside() {
    let (mut world, invite) = connected();
    let response = ask(&mut world, &invite, "OPTIONS", 5, "", "");
    assert_eq!((response.status.0, response.body.len()), (200, 0));
    for name in [HeaderName::Accept, HeaderName::Allow, HeaderName::Supported] {
        assert!(response.headers.get(&name).is_some(), "{name}");
    }
    assert_eq!(ask(&mut world, &invite, "PUBLISH", 6, "", "").status.0, 405);
    assert!(!world.last_response().headers.allows().is_empty());
    assert_eq!(ask(&mut world, &invite, "MESSAGE", 7, "Content-Type: text/plain\r\n", "in the call").status.0, 200);
    assert_eq!(world.names(0).last().map(String::as_str), Some("message"));
    assert_eq!(state(&world), [CallState::Connected]);
}

//= RFC 3261 §15.1.1
#[test]
fn after_our_bye_the_dialog_is_over() {
    let (mut world, invite) = connected();
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("there is a call");
    for (method, cseq) in [("INFO", 5), ("OPTIONS", 6)] {
        assert_eq!(ask(&mut world, &invite, method, cseq, "", "").status.0, 481, "{method}");
    }
    let change = ask(&mut world, &invite, "INVITE", 7, "Content-Type: application/sdp\r\n", SDP);
    assert_eq!(change.status.0, 481);
    assert_eq!(ask(&mut world, &invite, "BYE", 8, "", "").status.0, 200, "two BYEs may cross");
}

//= RFC 3261 §13.2.2.4
#[test]
fn an_old_answer_is_not_taken_for_a_newer_one() {
    let (mut world, _) = connected();
    world.command(0, Command::Hold { call: None }).expect("connected");
    let hold = world.last_request();
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    assert_eq!(state(&world), [CallState::Held]);
    world.command(0, Command::Resume { call: None }).expect("held");
    let resume = world.last_request();
    assert_eq!(cseq(&resume), cseq(&hold) + 1);
    let acks = world.count("ACK");
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    assert_eq!((world.count("ACK"), cseq(&world.last_request())), (acks + 1, cseq(&hold)));
    assert_eq!(state(&world), [CallState::Held]);
    respond(&mut world, &resume, 200, &[], SDP);
    assert_eq!(state(&world), [CallState::Connected]);
    assert_eq!(cseq(&world.last_request()), cseq(&resume));
}

//= RFC 3261 §12.2.1.2
#[test]
fn a_dialog_the_peer_does_not_know_is_hung_up() {
    for status in [408, 481] {
        let (mut world, _) = connected();
        world.command(0, Command::Hold { call: None }).expect("connected");
        let hold = world.last_request();
        respond(&mut world, &hold, status, &[], "");
        assert_eq!(world.count("BYE"), 1, "{status}");
        world.run(Duration::from_secs(1));
        let call = world.ended(0);
        assert_eq!(call.ended_by, Some(EndedBy::Network));
        assert_eq!(call.reason, Some(format!("the far end lost the call ({status})")));
    }
}

/// One person has one mouth, whichever call is answered first.
#[test]
fn of_two_calls_answered_the_first_is_held() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let mut invites = Vec::new();
    for number in ["one", "two"] {
        world.dial(0, &format!("sip:{number}@127.0.0.1:5998"));
        invites.push(world.last_request());
    }
    for invite in &invites {
        respond(&mut world, invite, 200, &[], SDP);
    }
    let hold = world.last_request();
    let call_id = |request: &Request| request.headers.text(&HeaderName::CallId);
    assert_eq!((call_id(&hold), hold.method.as_str()), (invites.first().and_then(call_id), "INVITE"));
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    assert_eq!(state(&world), [CallState::Held, CallState::Connected]);
}

//= RFC 3261 §17.2.4
#[test]
fn a_caller_who_cannot_be_answered_does_not_ring_on() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("", "", "in"));
    assert_eq!(state(&world), [CallState::Incoming]);
    let flow = Flow { transport: Transport::Udp, local: address(5070), remote: address(PEER) };
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "refused".into() }, now);
    world.run(Duration::from_secs(1));
    let call = world.ended(0);
    assert_eq!((call.ended_by, call.reason.as_deref()), (Some(EndedBy::Network), Some("the caller cannot be reached")));
}

//= RFC 3261 §13.3.1.3
#[test]
fn an_offer_that_nothing_fits_is_refused_before_it_rings() {
    for (offer, status) in [
        (SDP.to_owned(), 180),
        (SDP.replace("RTP/AVP 8", "RTP/AVP 2"), 488),
        (SDP.replace("RTP/AVP 8", "RTP/SAVP 8"), 488),
        (SDP.replace("m=audio", "m=video"), 488),
        (SDP.replace("IP4 127.0.0.1", "IP6 ::1"), 488),
    ] {
        let mut world = World::new();
        let mut alice = local("alice");
        alice.settings.accept_from_any = true;
        world.add(alice, 5070);
        world.send(PEER, 0, called("Content-Type: application/sdp\r\n", &offer, "in"));
        assert_eq!(world.last_response().status.0, status, "{offer}");
        assert_eq!(world.names(0).contains(&"call_incoming".to_owned()), status == 180, "{offer}");
    }
}
