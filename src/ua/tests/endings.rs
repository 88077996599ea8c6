//! What a call's end is called, and what the far end is told of it.

use super::rules::{PEER, SDP, called, respond};
use super::*;
use crate::media::command::{MediaCommand, MediaEvent};
use crate::sip::message::{HeaderName, Response, StatusCode};
use crate::ua::agent::IncomingPolicy;
use crate::ua::command::HangupWhich;
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

/// Without a port for its sound.
#[test]
fn a_caller_is_answered_though_there_is_no_port() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.phones[0].binds = false;
    world.send(PEER, 0, called("Content-Type: application/sdp\r\n", SDP, "in"));
    world.settle();
    let stream = world.phones[0].media.iter().find_map(|command| match command {
        MediaCommand::Bind { stream, .. } => Some(*stream),
        _ => None,
    });
    let failed = MediaEvent::BindFailed { stream: stream.expect("asked for"), error: "no port is free".into() };
    let now = world.now;
    world.phones[0].agent.handle(Input::Media(failed), now);
    world.settle();
    assert_eq!(world.last_response().status, StatusCode(500), "{:#?}", world.log);
    world.run(Duration::from_secs(60));
    assert!(world.phones[0].agent.census().is_at_rest(), "{:?}", world.phones[0].agent.census());
}

#[test]
fn no_call_lasts_longer_than_it_may() {
    for (longest, lasts) in [(0, None), (30, Some(30))] {
        let mut world = World::new();
        let settings = Settings { auto_hang_up_s: longest, ..local("alice").settings };
        world.add(AgentConfig { settings, ..local("alice") }, 5070);
        world.dial(0, "sip:bob@127.0.0.1:5998");
        let mut answer = Response::to_request(&world.last_request(), StatusCode(200), Some("one"));
        answer.headers.push(HeaderName::Contact, "<sip:bob@127.0.0.1:5998>");
        answer.headers.push(HeaderName::ContentType, "application/sdp");
        answer.body = SDP.into();
        world.run(Duration::from_secs(7));
        world.send(5998, 0, answer.to_bytes());
        world.run(Duration::from_secs(29));
        assert_eq!(world.requests("BYE").len(), 0, "counted from the answer");
        world.run(Duration::from_secs(2));
        let byes = world.requests("BYE");
        let warning = byes.first().and_then(|bye| bye.headers.text(&HeaderName::Warning));
        assert_eq!(warning.is_some_and(|text| text.starts_with("399 ")), lasts.is_some(), "{longest}");
        let ended = world.names(0).contains(&"call_ended".to_owned());
        assert_eq!(ended.then(|| world.ended(0).duration.round() as u32), lasts);
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

/// What the far end reads in our CANCEL of a ringing call.
fn cancelled(after: Duration, end: impl FnOnce(&mut World)) -> Option<String> {
    let mut world = World::new();
    let settings = Settings { ring_timeout_s: 30, ..Settings::default() };
    world.add(AgentConfig { settings, ..local("alice") }, 5070);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    respond(&mut world, &invite, 180, &[], "");
    world.run(after);
    end(&mut world);
    let cancel = world.last_request();
    assert_eq!(cancel.method.as_str(), "CANCEL");
    cancel.headers.text(&HeaderName::Reason)
}

//= RFC 3326 §2, §3.1
#[test]
fn a_call_that_is_given_up_says_why() {
    let by_person = cancelled(Duration::from_secs(1), |world| {
        world.command(0, Command::Hangup { which: HangupWhich::Current }).expect("it rings");
    });
    assert_eq!(by_person.as_deref(), Some("Q.850;cause=16;text=\"Normal call clearing\""));
    let by_time = cancelled(Duration::from_secs(30), |_| {});
    assert_eq!(by_time.as_deref(), Some("Q.850;cause=19;text=\"No answer from user\""));
    // Somebody else took the ringing call over.
    let by_another = cancelled(Duration::from_secs(1), |world| {
        let invite = world.last_request();
        let header = |name| invite.headers.text(&name).unwrap_or_default();
        let from = header(HeaderName::From);
        let tag = from.rsplit("tag=").next().unwrap_or_default();
        let replaces = format!("Replaces: {};to-tag={tag};from-tag=one\r\n", header(HeaderName::CallId));
        let lines = format!("{replaces}Require: replaces\r\nContent-Type: application/sdp\r\n");
        world.send(PEER, 0, called(&lines, SDP, "in"));
    });
    assert_eq!(by_another.as_deref(), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
}

//= RFC 3326 §2
#[test]
fn a_far_end_that_never_acknowledged_is_told() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("Content-Type: application/sdp\r\n", SDP, "in"));
    world.command(0, Command::Answer { call: None }).expect("it rings");
    world.run(Duration::from_secs(33));
    let bye = world.last_request();
    let reason = bye.headers.text(&HeaderName::Reason);
    assert_eq!(
        (bye.method.as_str(), reason.as_deref()),
        ("BYE", Some("Q.850;cause=102;text=\"Recovery on timer expiry\""))
    );
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

//= RFC 3261 §9.1, §17.1.1.2
#[test]
fn a_change_met_with_trying_and_then_silence_does_not_outlive_its_call() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let incoming = IncomingPolicy::Answer { after: Duration::from_millis(300) };
    world.add(AgentConfig { incoming, ..local("bob") }, 5072);
    world.dial(0, "sip:bob@127.0.0.1:5072");
    world.run(Duration::from_secs(2));
    // What is asked from now on reaches nobody; a proxy on the way says that it tries.
    world.lose = Box::new(|message| matches!(message, Message::Request(_)));
    world.command(0, Command::Hold { call: None }).expect("it is answered");
    let Some(Ok(Message::Request(change))) = world.tap.last().map(|bytes| message::parse(bytes)) else {
        panic!("a change")
    };
    world.send(5072, 0, Response::to_request(&change, StatusCode(100), None).to_bytes());
    world.command(0, Command::Hangup { which: HangupWhich::Current }).expect("there is a call");
    world.run(Duration::from_secs(31));
    assert!(!world.phones[0].agent.census().is_at_rest(), "the end is still on its way");
    world.run(Duration::from_secs(70));
    assert_eq!(world.count("CANCEL"), 11, "{:#?}", world.log);
    let census = world.phones[0].agent.census();
    assert!(census.is_at_rest(), "{census:?}");
}
