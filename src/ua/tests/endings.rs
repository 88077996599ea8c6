//! What a call's end is called, and what the far end is told of it.

use super::rules::{PEER, SDP, called, respond};
use super::*;
use crate::sip::message::HeaderName;
use crate::ua::outcome::EndedBy;

/// A caller who gives up, with these lines in the CANCEL.
fn given_up(lines: &str) -> World {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("Content-Type: application/sdp\r\n", SDP, "in"));
    let cancel = String::from_utf8(called(lines, "", "in")).expect("text").replace("INVITE", "CANCEL");
    world.send(PEER, 0, cancel.into_bytes());
    world.run(Duration::from_secs(1));
    world
}

//= RFC 3326 §3.1
#[test]
fn a_call_taken_elsewhere_is_not_missed() {
    for (lines, outcome, words) in [
        ("", "no_answer", "the caller gave up"),
        ("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n", "answered_elsewhere", "answered elsewhere"),
        ("Reason: Q.850;cause=26\r\n", "answered_elsewhere", "answered elsewhere"),
        ("Reason: SIP;cause=603\r\n", "rejected", "declined elsewhere"),
    ] {
        let call = given_up(lines).ended(0);
        assert_eq!((call.outcome.as_deref(), call.reason.as_deref()), (Some(outcome), Some(words)), "{lines}");
        assert_eq!((call.status, call.ended_by), (Some(487), Some(EndedBy::Remote)), "{lines}");
    }
}

#[test]
fn a_refusal_says_what_the_network_says() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    let lines = [
        (HeaderName::Reason, "Q.850;cause=34;text=\"Circuit/channel congestion\""),
        (HeaderName::Warning, "399 pbx \"trunk \u{1b}[31m7\""),
        (HeaderName::RetryAfter, "30"),
    ];
    respond(&mut world, &invite, 500, &lines, "");
    world.run(Duration::from_secs(1));
    let words = "Server Internal Error: all lines are in use; trunk [31m7, try again in 30 s";
    assert_eq!(world.ended(0).reason.as_deref(), Some(words));
}

//= RFC 3326 §2
#[test]
fn an_answer_without_usable_sound_is_hung_up_with_a_reason() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], &SDP.replace("RTP/AVP 8", "RTP/AVP 3"));
    let bye = world.last_request();
    let reason = bye.headers.text(&HeaderName::Reason);
    assert_eq!((bye.method.as_str(), reason.as_deref()), ("BYE", Some("SIP;cause=488;text=\"Not Acceptable Here\"")));
}
