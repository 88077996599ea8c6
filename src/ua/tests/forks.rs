//! One INVITE, several far ends: forks, redirections, answers that come again.

use super::*;
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::command::HangupWhich;
use crate::ua::snapshot::CallState;

const PEER: u16 = 5998;
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

fn dialled() -> (World, Request) {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    (world, invite)
}

fn respond(world: &mut World, invite: &Request, status: u16, tag: &str, body: &str) {
    let mut response = Response::to_request(invite, StatusCode(status), Some(tag));
    response.headers.push(HeaderName::Contact, format!("<sip:{tag}@127.0.0.1:{PEER}>"));
    if !body.is_empty() {
        response.headers.push(HeaderName::ContentType, "application/sdp");
        response.body = body.into();
    }
    world.send(PEER, 0, response.to_bytes());
}

//= RFC 3261 §13.2.2.4
#[test]
fn every_fork_that_answers_is_acknowledged_and_only_one_stays() {
    let (mut world, invite) = dialled();
    respond(&mut world, &invite, 180, "one", "");
    respond(&mut world, &invite, 183, "two", SDP);
    respond(&mut world, &invite, 200, "one", SDP);
    respond(&mut world, &invite, 200, "two", SDP);
    assert_eq!((world.count("ACK sip:one@"), world.count("ACK sip:two@")), (1, 1));
    assert_eq!((world.count("BYE sip:one@"), world.count("BYE sip:two@")), (0, 1));
    // The same 200 once more: the same ACK once more, no second BYE.
    respond(&mut world, &invite, 200, "one", SDP);
    respond(&mut world, &invite, 200, "two", SDP);
    assert_eq!((world.count("ACK sip:one@"), world.count("ACK sip:two@")), (2, 2));
    assert_eq!(world.count("BYE"), 1);
    let calls = world.phones[0].agent.status(world.now).calls;
    assert_eq!(calls.iter().map(|call| call.state).collect::<Vec<_>>(), [CallState::Connected]);
}

#[test]
fn early_dialogs_are_bounded() {
    let (mut world, invite) = dialled();
    for n in 0..40 {
        respond(&mut world, &invite, 183, &format!("f{n}"), SDP);
    }
    let calls = world.phones[0].agent.status(world.now).calls;
    assert_eq!(calls.first().map(|call| call.state), Some(CallState::EarlyMedia));
    let started = world.phones[0].media.iter().filter(|c| matches!(c, MediaCommand::Start { .. })).count();
    assert_eq!(started, 12);
}

//= RFC 3261 §8.1.3.4
#[test]
fn redirections_are_followed_five_times() {
    let (mut world, _) = dialled();
    for hop in 0..6 {
        let invite = world.last_request();
        assert_eq!(world.count("INVITE"), hop + 1);
        let mut moved = Response::to_request(&invite, StatusCode(302), Some("x"));
        let next = format!("<tel:+1900>, <sip:next{hop}@127.0.0.1:{PEER}?Replaces=evil>");
        moved.headers.push(HeaderName::Contact, next);
        world.send(PEER, 0, moved.to_bytes());
    }
    assert_eq!((world.count("INVITE"), world.count("INVITE sip:next4@127.0.0.1:5998")), (6, 1));
    assert!(world.log.iter().all(|line| !line.contains("Replaces") && !line.contains("1900")));
    world.run(Duration::from_secs(1));
    assert_eq!(world.ended(0).status, Some(302));
}

#[test]
fn an_answer_after_the_hang_up_is_acknowledged_and_hung_up() {
    let (mut world, invite) = dialled();
    respond(&mut world, &invite, 180, "one", "");
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("there is a call");
    world.run(Duration::from_secs(1));
    respond(&mut world, &invite, 200, "one", SDP);
    assert_eq!((world.count("CANCEL"), world.count("ACK sip:one@"), world.count("BYE sip:one@")), (2, 1, 1));
}

//= RFC 3261 §13.2.2.4
#[test]
fn an_answer_that_leads_nowhere_ends_the_call_at_once() {
    for hangs_up in [false, true] {
        let (mut world, invite) = dialled();
        if hangs_up {
            world.command(0, Command::Hangup { which: Default::default() }).expect("it is called");
        }
        let mut answer = Response::to_request(&invite, StatusCode(200), Some("one"));
        answer.headers.push(HeaderName::Contact, "<sip:");
        world.send(PEER, 0, answer.to_bytes());
        assert_eq!((world.count("ACK"), world.count("BYE")), (1, 1));
        let call = world.ended(0);
        assert!(hangs_up || call.reason.is_some_and(|reason| reason.contains("Contact")), "said why");
        world.run(Duration::from_secs(33));
        assert!(world.phones[0].agent.census().is_at_rest(), "{:?}", world.phones[0].agent.census());
    }
}

#[test]
fn an_answer_without_sound_is_hung_up() {
    let (mut world, invite) = dialled();
    respond(&mut world, &invite, 200, "one", "v=0\r\n");
    world.run(Duration::from_secs(1));
    assert_eq!((world.count("ACK"), world.count("BYE")), (1, 2));
    assert_eq!(world.ended(0).outcome.as_deref(), Some("no_common_codec"));
}

#[test]
fn a_changed_offer_nobody_understands_is_refused_and_the_call_goes_on() {
    let (mut world, invite) = dialled();
    respond(&mut world, &invite, 200, "one", SDP);
    let to = invite.headers.text(&HeaderName::From).unwrap_or_default();
    let call_id = invite.headers.text(&HeaderName::CallId).unwrap_or_default();
    let send = |world: &mut World, method: &str, cseq: u32, tag: &str, body: &str| {
        let text = format!(
            "{method} sip:alice@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PEER};branch=z9hG4bKr{cseq}{tag}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:bob@127.0.0.1:5998>;tag={tag}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:one@127.0.0.1:{PEER}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        world.send(PEER, 0, text.into_bytes());
        world.last_response().status.0
    };
    assert_eq!(send(&mut world, "INVITE", 5, "one", "m=video nonsense"), 488);
    assert_eq!(send(&mut world, "UPDATE", 6, "one", SDP), 200);
    //= RFC 3261 §12.2.2
    assert_eq!(send(&mut world, "INFO", 4, "one", ""), 500);
    assert_eq!(send(&mut world, "BYE", 7, "forged", ""), 481);
    assert_eq!(send(&mut world, "BYE", 8, "one", ""), 200);
    world.run(Duration::from_secs(1));
    assert_eq!(world.ended(0).outcome.as_deref(), Some("answered"));
}
