//! Session timers (RFC 4028) against a scripted far end.

use super::rules::{PEER, SDP, ask, called, cseq, respond, state};
use super::*;
use crate::sip::message::HeaderName;
use crate::ua::outcome::EndedBy;

fn body(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

//= RFC 4028 §7.4
#[test]
fn a_refresh_by_invite_offers_the_same_again() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    assert_eq!(invite.headers.text(&HeaderName::SessionExpires).as_deref(), Some("1800"));
    assert!(invite.headers.supports("timer") && invite.headers.supports("100rel"));
    respond(&mut world, &invite, 200, &[(HeaderName::SessionExpires, "100;refresher=uac")], SDP);
    world.run(Duration::from_secs(51));
    let refresh = world.last_request();
    assert_eq!((refresh.method.as_str(), cseq(&refresh)), ("INVITE", cseq(&invite) + 1));
    assert_eq!(body(&refresh), body(&invite), "the version stays");
    respond(&mut world, &refresh, 200, &[(HeaderName::SessionExpires, "100;refresher=uac")], SDP);
    // Held by the far end: the refresh says what the answer said.
    let held = format!("{SDP}a=sendonly\r\n");
    let answer = ask(&mut world, &invite, "INVITE", 9, "Content-Type: application/sdp\r\n", &held);
    assert!(String::from_utf8_lossy(&answer.body).contains("a=recvonly"));
    ask(&mut world, &invite, "ACK", 9, "", "");
    world.run(Duration::from_secs(51));
    let refresh = world.last_request();
    assert_eq!(body(&refresh).as_bytes(), answer.body.as_slice());
    respond(&mut world, &refresh, 488, &[], "");
    assert!(world.names(0).iter().all(|name| name != "error"), "nobody asked for anything");
    world.run(Duration::from_secs(60));
    respond_to_last(&mut world, "BYE");
    let call = world.ended(0);
    assert_eq!(
        (call.ended_by, call.reason.as_deref()),
        (Some(EndedBy::Network), Some("the far end no longer refreshed the call"))
    );
}

fn respond_to_last(world: &mut World, method: &str) {
    let request = world.last_request();
    assert_eq!(request.method.as_str(), method);
    respond(world, &request, 200, &[], "");
    world.run(Duration::from_secs(1));
}

//= RFC 4028 §7.3
#[test]
fn a_timer_that_is_too_brief_is_asked_for_anew_or_told() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 422, &[(HeaderName::MinSe, "3600")], "");
    let again = world.last_request();
    assert_eq!((again.method.as_str(), cseq(&again)), ("INVITE", cseq(&invite) + 1));
    assert_eq!(again.headers.text(&HeaderName::SessionExpires).as_deref(), Some("3600"));
    assert_eq!(again.headers.text(&HeaderName::CallId), invite.headers.text(&HeaderName::CallId));
    assert_eq!((again.headers.all(&HeaderName::Via).count(), body(&again)), (1, body(&invite)));
    respond(&mut world, &again, 422, &[(HeaderName::MinSe, "100000")], "");
    world.run(Duration::from_secs(1));
    let reason = world.ended(0).reason.unwrap_or_default();
    assert_eq!(reason, "Session Interval Too Small: a session timer of at least 100000 s is asked for");
}

//= RFC 4028 §9
#[test]
fn a_caller_who_asks_for_too_brief_a_timer_is_refused() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("Supported: timer\r\nSession-Expires: 60\r\n", "", "in"));
    let refusal = world.last_response();
    assert_eq!((refusal.status.0, refusal.headers.text(&HeaderName::MinSe).as_deref()), (422, Some("90")));
    assert!(state(&world).is_empty());
}
