//! Requests and responses that claim to be of a call they are not of: it goes on, and nothing is kept of them.

use super::rules::{PEER, ask, called, connected, state};
use super::*;
use crate::sip::message::HeaderName;
use crate::ua::snapshot::CallState;

/// A request whose identifiers are those of the call but for `changed`; its answer's status, if there is one.
fn forge(world: &mut World, invite: &Request, method: &str, number: u64, changed: &[(&str, &str)]) -> Option<u16> {
    let header = |name: &HeaderName| invite.headers.text(name).unwrap_or_default();
    let branch = format!("z9hG4bKf{}", world.log.len());
    let mut text = format!(
        "{method} sip:alice@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PEER};branch={branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bob@127.0.0.1:5998>;tag=one\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\n\
         Contact: <sip:mallory@127.0.0.1:{PEER}>\r\nEvent: refer\r\nSubscription-State: terminated\r\n\
         Refer-To: <sip:premium@example.com>\r\nRAck: 1 1 INVITE\r\nContent-Length: 0\r\n\r\n",
        header(&HeaderName::From),
        header(&HeaderName::CallId),
    );
    for (from, to) in changed {
        assert!(text.contains(from), "{from} is there to be changed");
        text = text.replace(from, to);
    }
    let before = world.outside.len();
    world.send(PEER, 0, text.into_bytes());
    let mut answers = world.outside.iter().skip(before).filter_map(|(_, packet)| match message::parse(&packet.bytes) {
        Ok(Message::Response(response)) => Some(response.status.0),
        _ => None,
    });
    answers.next_back()
}

fn own_tag(invite: &Request) -> String {
    invite.headers.from().ok().flatten().and_then(|from| from.tag().map(str::to_owned)).expect("a tag")
}

//= RFC 3261 §12.2.2, §15.1.2
#[test]
fn who_does_not_know_all_three_identifiers_of_a_call_cannot_touch_it() {
    let (mut world, invite) = connected();
    let call_id = invite.headers.text(&HeaderName::CallId).expect("a Call-ID");
    let (tag, before) = (own_tag(&invite), world.phones[0].agent.census());
    for method in ["BYE", "INVITE", "UPDATE", "INFO", "REFER", "NOTIFY", "PRACK", "MESSAGE", "OPTIONS"] {
        for guess in [("tag=one", "tag=two"), (tag.as_str(), "guess"), (call_id.as_str(), "guess"), (";tag=one", "")] {
            assert_eq!(forge(&mut world, &invite, method, 7, &[guess]), Some(481), "{method} {guess:?}");
            assert_eq!(state(&world), [CallState::Connected], "{method} {guess:?}");
        }
    }
    let tally = world.phones[0].agent.status(world.now).refused;
    assert_eq!(tally.get("forged"), Some(&36));
    let after = world.phones[0].agent.census();
    assert_eq!((after.calls, after.transactions), (before.calls, before.transactions), "of those nothing is kept");
    assert_eq!(ask(&mut world, &invite, "BYE", 8, "", "").status.0, 200, "who knows them ends it");
}

//= RFC 3261 §12.2.2, §8.1.1.5
#[test]
fn numbers_out_of_order_or_out_of_range_end_no_call() {
    let (mut world, invite) = connected();
    assert_eq!(forge(&mut world, &invite, "OPTIONS", 100, &[]), Some(200));
    for (method, number, changed, status) in [
        ("BYE", 99, [("CSeq", "CSeq")].as_slice(), Some(500)),
        ("BYE", 0, &[], Some(500)),
        ("INVITE", 1, &[], Some(500)),
        // The far end's method must be the one it counts.
        ("BYE", 200, &[("200 BYE", "200 INVITE")], Some(400)),
        ("BYE", 1 << 31, &[], Some(400)),
        ("BYE", u64::MAX, &[], Some(400)),
        ("BYE", 201, &[("201 BYE", "-1 BYE")], Some(400)),
        ("BYE", 201, &[("CSeq: 201 BYE\r\n", "")], Some(400)),
        ("CANCEL", 1, &[], Some(481)),
        ("ACK", 1, &[("tag=one", "tag=two")], None),
    ] {
        assert_eq!(forge(&mut world, &invite, method, number, changed), status, "{method} {number} {changed:?}");
        assert_eq!(state(&world), [CallState::Connected], "{method} {number} {changed:?}");
    }
    assert_eq!(ask(&mut world, &invite, "BYE", 202, "", "").status.0, 200);
}

/// Escape sequences in every header that somebody here may see.
#[test]
fn what_callers_write_is_shown_without_its_teeth() {
    let evil = "\u{1b}]0;pwned\u{7}\u{202e}\u{200b}x";
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let head = format!(
        "Alert-Info: <http://{evil}/>\r\nDiversion: \"{evil}\" <sip:%1b@h>;reason=\"{evil}\"\r\n\
         P-Asserted-Identity: \"{evil}\" <sip:p@h>\r\nSubject: {evil}\r\nReferred-By: \"{evil}\" <sip:r@h>\r\n"
    );
    let invite = String::from_utf8(called(&head, "", "in")).expect("text");
    let invite = invite.replace("From: <sip:bob@", &format!("From: \"{evil}\" <sip:%1b%07bob@"));
    world.send(PEER, 0, invite.replace("Call-ID: in", &format!("Call-ID: {evil}")).into_bytes());
    let message = format!("MESSAGE sip:alice@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PEER};branch=z9hG4bKm\r\n");
    let message = message + &format!("From: \"{evil}\" <sip:m@h>;tag=1\r\nTo: <sip:alice@h>\r\nCall-ID: m\r\n");
    world.send(PEER, 0, (message + "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n\r\n" + evil).into_bytes());
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let outgoing = world.last_request();
    let mut refusal = Response::to_request(&outgoing, message::StatusCode(486), Some("one"));
    refusal.reason = evil.to_owned();
    refusal.headers.push(HeaderName::Warning, format!("399 h \"{evil}\""));
    refusal.headers.push(HeaderName::Reason, format!("Q.850;cause=17;text=\"{evil}\""));
    world.send(PEER, 0, refusal.to_bytes());
    world.run(Duration::from_secs(1));
    for name in ["call_incoming", "message", "call_ended"] {
        assert!(world.names(0).iter().any(|known| known == name), "{name}: {:?}", world.names(0));
    }
    let shown = format!("{:?} {:?}", world.phones[0].events, world.phones[0].agent.status(world.now));
    for tooth in ["\\u{1b}", "\\u{7}", "\\u{202e}", "\\u{200b}"] {
        assert!(!shown.contains(tooth), "{tooth} in {shown}");
    }
    assert!(shown.contains("pwned"), "the rest is shown");
}

#[test]
fn nothing_that_a_caller_names_is_fetched() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let head = "Alert-Info: <http://192.0.2.66/ring.wav>\r\nCall-Info: <http://192.0.2.66/icon.png>;purpose=icon\r\n\
                Error-Info: <sip:192.0.2.66>\r\nContent-Disposition: session\r\nOrganization: http://192.0.2.66\r\n";
    world.send(PEER, 0, called(head, "", "in"));
    assert_eq!(state(&world), [CallState::Incoming]);
    let body = "Content-Type: message/external-body;access-type=URL;URL=\"http://192.0.2.66/sdp\"\r\n";
    let second = String::from_utf8(called(body, "\r\n", "ext")).expect("text").replace("Call-ID: in", "Call-ID: ext");
    world.send(PEER, 0, second.into_bytes());
    world.run(Duration::from_secs(5));
    // The script of these tests finds any host asked for: a packet to it would be seen.
    let to: Vec<_> = world.outside.iter().map(|(_, packet)| packet.to).filter(|to| *to != address(PEER)).collect();
    assert!(to.is_empty(), "{to:?}");
    assert!(world.phones[0].agent.census().queries == 0);
}

//= RFC 3261 §9.2, §17.2.3
#[test]
fn a_cancel_of_something_else_stops_no_ringing() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("", "", "in"));
    let cancel = String::from_utf8(called("", "", "in")).expect("text").replace("INVITE", "CANCEL");
    for (from, to) in [("z9hG4bKin", "z9hG4bKother"), ("127.0.0.1:5998;branch", "127.0.0.1:5997;branch")] {
        world.send(PEER, 0, cancel.replace(from, to).into_bytes());
        assert_eq!(world.last_response().status.0, 481, "{to}");
        assert_eq!(state(&world), [CallState::Incoming], "{to}");
    }
    world.send(PEER, 0, cancel.into_bytes());
    assert_eq!(state(&world), []);
}

/// Responses that answer nothing, or what is answered already.
//= RFC 3261 §17.1.3, §18.1.2
#[test]
fn made_up_responses_change_nothing() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    let answer = |status: u16| Response::to_request(&invite, message::StatusCode(status), Some("one"));
    let via = invite.headers.text(&HeaderName::Via).expect("a Via");
    for (name, value) in [
        (HeaderName::Via, via.replace("z9hG4bK", "z9hG4bKx")),
        (HeaderName::Via, via.replace("127.0.0.1:5070", "127.0.0.9:5070")),
        (HeaderName::Via, format!("{via}, SIP/2.0/UDP 127.0.0.1:{PEER};branch=z9hG4bKmore")),
        (HeaderName::CSeq, "1 BYE".to_owned()),
        (HeaderName::CSeq, "1 INVITE".to_owned()),
        (HeaderName::CallId, "another".to_owned()),
    ] {
        for status in [180, 200, 302, 401, 486, 603] {
            let mut response = answer(status);
            response.headers.set(name.clone(), value.clone());
            world.send(PEER, 0, response.to_bytes());
            assert_eq!(state(&world), [CallState::Calling], "{status} {value}");
        }
    }
    assert_eq!(world.phones[0].agent.status(world.now).refused.get("stray"), Some(&36));
    world.send(PEER, 0, answer(486).to_bytes());
    assert_eq!(state(&world), []);
}
