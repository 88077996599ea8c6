//! OPTIONS of ours: who is asked, what is told of the answer, and that somebody is always told.

use super::registering::{SERVER, challenge, phone};
use super::*;
use crate::sip::message::{HeaderName, Method, StatusCode};
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::PingInfo;

type Headers<'a> = &'a [(HeaderName, &'a str)];

/// Asks, without waiting for the answer.
fn ping(world: &mut World, target: Option<&str>) {
    let command = Command::Ping { target: target.map(str::to_owned), account: None };
    let now = world.now;
    world.phones[0].agent.handle(Input::Command(RequestId(1), command), now);
    world.settle();
}

fn answer(world: &mut World, from: u16, status: u16, headers: Headers<'_>) {
    let mut response = Response::to_request(&world.last_request(), StatusCode(status), Some("there"));
    headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
    world.send(from, 0, response.to_bytes());
}

fn told(world: &mut World) -> Result<PingInfo, CommandError> {
    match world.phones[0].replies.pop().expect("replied") {
        Ok(Reply::Ping(info)) => Ok(*info),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Err(refusal),
    }
}

//= RFC 3261 §11.1
#[test]
fn the_answer_is_told_with_its_time_and_what_is_taken() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    ping(&mut world, Some("sip:bob@127.0.0.1:5998"));
    let request = world.last_request();
    assert_eq!((&request.method, request.uri.as_str()), (&Method::Options, "sip:bob@127.0.0.1:5998"));
    assert_eq!(request.headers.text(&HeaderName::Accept).as_deref(), Some("application/sdp"));
    assert!(request.headers.get(&HeaderName::Contact).is_none() && request.body.is_empty());
    answer(&mut world, 5998, 100, &[]);
    assert!(world.phones[0].replies.is_empty(), "not yet");
    world.run(Duration::from_micros(12_340));
    let says: Headers<'_> = &[
        (HeaderName::Allow, "INVITE, ACK"),
        (HeaderName::Allow, "BYE"),
        (HeaderName::Accept, "application/sdp"),
        (HeaderName::Supported, "100rel"),
        (HeaderName::Server, "exchange/1\u{1b}[2J"),
    ];
    answer(&mut world, 5998, 200, says);
    let info = told(&mut world).expect("a success");
    assert_eq!((info.status, info.reason.as_str(), info.rtt_ms), (200, "OK", 12.3));
    assert_eq!((info.allow.join(" "), info.accept.join(" ")), ("INVITE ACK BYE".into(), "application/sdp".into()));
    assert_eq!(info.words(), "200 OK from sip:bob@127.0.0.1:5998 in 12.3 ms; takes INVITE, ACK, BYE");
    assert!(!info.server.contains('\u{1b}'), "{}", info.server);
}

#[test]
fn the_code_is_that_of_the_answer() {
    for (status, code) in [
        (401, ExitCode::Refused),
        (403, ExitCode::Refused),
        (404, ExitCode::NoSuchNumber),
        (408, ExitCode::Unreachable),
        (486, ExitCode::Busy),
        (503, ExitCode::Unreachable),
        (501, ExitCode::Failed),
    ] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        ping(&mut world, Some("sip:bob@127.0.0.1:5998"));
        answer(&mut world, 5998, status, &[]);
        let refusal = told(&mut world).expect_err("no success");
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.message.starts_with(&status.to_string()), "{refusal}");
    }
}

#[test]
fn the_own_server_is_asked_and_shown_our_credentials() {
    let mut world = phone();
    ping(&mut world, None);
    assert_eq!(world.last_request().uri, "sip:127.0.0.1");
    answer(&mut world, SERVER, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    let again = world.last_request();
    assert_eq!(again.method, Method::Options);
    assert!(again.headers.get(&HeaderName::Authorization).is_some());
    answer(&mut world, SERVER, 401, &[(HeaderName::WwwAuthenticate, &challenge("n2"))]);
    let refusal = told(&mut world).expect_err("refused twice");
    assert!(refusal.code == ExitCode::Refused && refusal.message.contains("wrong user or password"), "{refusal}");
}

#[test]
fn a_stranger_is_shown_no_credentials() {
    let mut world = phone();
    ping(&mut world, Some("sip:eve@127.0.0.2:5998"));
    let sent = world.count("OPTIONS");
    answer(&mut world, 5998, 401, &[(HeaderName::WwwAuthenticate, &challenge("n1"))]);
    assert_eq!(world.count("OPTIONS"), sent, "{:#?}", world.log);
}

#[test]
fn whoever_asks_is_told_in_bounded_time() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    ping(&mut world, Some("sip:bob@127.0.0.1:5998"));
    world.run(Duration::from_secs(33));
    let refusal = told(&mut world).expect_err("nobody answered");
    assert_eq!(refusal.code, ExitCode::Unreachable);
    assert!(refusal.message.starts_with("cannot ping sip:bob@127.0.0.1:5998: no answer from "), "{refusal}");
    ping(&mut world, None);
    assert_eq!(told(&mut world).expect_err("no server").code, ExitCode::NotFound);
    ping(&mut world, Some("sip:bob@127.0.0.1:5998"));
    world.command(0, Command::Exit).expect("the phone ends");
    let told = world.phones[0].replies.iter().filter(|reply| reply.is_err()).count();
    assert_eq!(told, 1, "{:?}", world.phones[0].replies);
    for _ in 0..40 {
        ping(&mut world, Some("sip:bob@127.0.0.1:5998"));
    }
    assert_eq!(world.phones[0].agent.census().probes, 0, "none after the end");
}

#[test]
fn many_addresses_do_not_make_it_endless_and_many_pings_are_refused() {
    let mut world = World::new();
    world.spare = Some(5997);
    world.add(local("alice"), 5070);
    for _ in 0..40 {
        ping(&mut world, Some("sip:bob@127.0.0.1:5998"));
    }
    assert_eq!(world.phones[0].agent.census().probes, 16);
    assert_eq!(world.phones[0].replies.len(), 24);
    world.run(Duration::from_secs(65));
    assert_eq!((world.phones[0].agent.census().probes, world.phones[0].replies.len()), (0, 40));
    world.run(Duration::from_secs(60));
    assert!(world.phones[0].agent.census().is_at_rest(), "{:?}", world.phones[0].agent.census());
}

/// Registered, the server asked every minute.
fn probing() -> World {
    let mut world = World::new();
    let account = Account { probe_s: 60, ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.run(Duration::ZERO);
    bind(&mut world);
    world
}

fn bind(world: &mut World) {
    let contact = world.last_request().headers.text(&HeaderName::Contact).expect("a REGISTER");
    answer(world, SERVER, 200, &[(HeaderName::Contact, &format!("{contact};expires=86400"))]);
}

/// Runs until the server is asked again; how long that took.
fn until_asked(world: &mut World) -> Duration {
    let (from, before) = (world.now, world.count("OPTIONS"));
    while world.count("OPTIONS") == before {
        world.run(Duration::from_millis(100));
        assert!(world.now - from < Duration::from_secs(120), "{:#?}", world.log);
    }
    world.now - from
}

//= RFC 5626 §4.4, §4.4.1
#[test]
fn a_server_that_answers_anything_is_there() {
    let mut world = probing();
    for status in [200, 401, 404, 501, 503] {
        let wait = until_asked(&mut world);
        assert!((48..=60).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(world.last_request().uri, "sip:127.0.0.1");
        answer(&mut world, SERVER, status, &[]);
    }
    assert_eq!((world.count("OPTIONS"), world.count("REGISTER")), (5, 1), "{:#?}", world.log);
}

//= RFC 5626 §4.4
#[test]
fn a_silent_server_is_registered_at_anew() {
    let mut world = probing();
    until_asked(&mut world);
    world.run(Duration::from_secs(30));
    assert!(world.count("OPTIONS") > 5 && world.count("REGISTER") == 1, "repeated as any request: {:#?}", world.log);
    world.run(Duration::from_secs(3));
    let account = world.phones[0].agent.status(world.now).accounts[0].clone();
    assert!(account.reason.as_deref().is_some_and(|why| why.contains("no answer from")), "{account:?}");
    world.run(Duration::from_secs(10));
    assert!(world.count("REGISTER") > 1, "{:#?}", world.log);
    bind(&mut world);
    let again = until_asked(&mut world);
    assert!((48..=60).contains(&again.as_secs()), "{again:?}");
}

#[test]
fn no_server_is_asked_unless_the_settings_say_so() {
    let mut world = phone();
    bind(&mut world);
    world.run(Duration::from_secs(3600));
    assert_eq!(world.count("OPTIONS"), 0);
}
