//! Hold as the person means it: silence both ways at once, whatever the far end says.

use super::rules::{PEER, SDP, connected, cseq, respond, state};
use super::*;
use crate::media::command::{Endpoint, StreamId};
use crate::sip::message::{HeaderName, StatusCode};
use crate::sip::transaction::{Config, Layer};
use crate::ua::command::HangupWhich;
use crate::ua::snapshot::CallState::{Connected, EarlyMedia, Held};

/// A phone in two calls that it began; the second's answer put the first on hold. With both INVITEs and that hold.
fn two_calls() -> (World, [Request; 2], Request) {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let invites = ["one", "two"].map(|number| {
        world.dial(0, &format!("sip:{number}@127.0.0.1:{PEER}"));
        world.last_request()
    });
    invites.iter().for_each(|invite| respond(&mut world, invite, 200, &[], SDP));
    let hold = world.last_request();
    assert_eq!(state(&world), [Held, Connected]);
    (world, invites, hold)
}

/// What the sound of call N talks to.
fn endpoint(world: &World, call: u32) -> Endpoint {
    let attached = world.phones[0].media.iter().rev().find_map(|command| match command {
        MediaCommand::Attach { stream, endpoint } if *stream == StreamId(call) => Some(endpoint.clone()),
        _ => None,
    });
    attached.unwrap_or_default()
}

fn endpoints(world: &World) -> [Endpoint; 2] {
    [endpoint(world, 1), endpoint(world, 2)]
}

fn errors<'a>(world: &'a World) -> Vec<&'a str> {
    let message = |event: &'a Event| match event {
        Event::Error { message, .. } => Some(message.as_str()),
        _ => None,
    };
    world.phones[0].events.iter().filter_map(message).collect()
}

const RESUME: fn(&str) -> Command = |call| Command::Resume { call: Some(call.into()) };

/// RFC 3264 §8.4 asks the far end; the person's wish needs nobody's leave.
#[test]
fn a_refused_hold_is_silent_all_the_same() {
    for status in [405, 488, 500, 501, 603] {
        let (mut world, _, hold) = two_calls();
        assert_eq!(endpoints(&world), [Endpoint::Silence, Endpoint::Phone], "before the far end has said a word");
        respond(&mut world, &hold, status, &[], "");
        world.run(Duration::from_secs(5));
        assert_eq!((state(&world), endpoints(&world)), (vec![Held, Connected], [Endpoint::Silence, Endpoint::Phone]));
        let told = format!("the far end refused to hold call c1: {}", StatusCode(status));
        assert!(errors(&world).iter().any(|error| error.starts_with(&told)), "{:?}", errors(&world));

        // It never agreed to the hold: nothing to ask for. The other call is held in its turn.
        let invites = world.count("INVITE");
        world.command(0, RESUME("c1")).expect("on hold");
        assert_eq!((state(&world), endpoints(&world)), (vec![Connected, Held], [Endpoint::Phone, Endpoint::Silence]));
        assert_eq!(world.count("INVITE"), invites + 1, "{status}");
        let names = world.names(0);
        assert_eq!(names.iter().filter(|name| *name == "call_held").count(), 2);
        assert_eq!(names.iter().filter(|name| *name == "call_resumed").count(), 1);
    }
}

/// What this phone cannot send for want of room is no failure of the call.
#[test]
fn a_full_table_costs_the_change_and_not_the_call() {
    let (mut world, invite) = connected();
    world.phones[0].agent.layer = Layer::new(Config { max_transactions: 0, ..Config::default() });
    let sent = (world.count("INVITE"), world.count("BYE"));
    world.command(0, Command::Hold { call: None }).expect("a call");
    assert_eq!((state(&world), endpoint(&world, 1)), (vec![Held], Endpoint::Silence));
    assert_eq!(errors(&world), ["the far end cannot be asked to hold call c1: too many transactions at once"]);
    assert_eq!((world.count("INVITE"), world.count("BYE")), sent);

    world.phones[0].agent.layer = Layer::new(Config::default());
    world.command(0, RESUME("c1")).expect("on hold");
    assert_eq!((state(&world), endpoint(&world, 1)), (vec![Connected], Endpoint::Phone));
    world.command(0, Command::Hold { call: None }).expect("a call");
    assert_eq!(world.count("INVITE"), sent.0 + 1, "and the far end can be asked again");
    assert!(cseq(&world.last_request()) > cseq(&invite));
}

//= RFC 3261 §14.1
#[test]
fn a_hold_that_collides_is_silent_meanwhile() {
    let (mut world, _, mut hold) = two_calls();
    for _ in 0..6 {
        respond(&mut world, &hold, 491, &[], "");
        assert_eq!(endpoints(&world), [Endpoint::Silence, Endpoint::Phone]);
        world.run(Duration::from_secs(5));
        hold = world.last_request();
    }
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    assert_eq!((state(&world), endpoints(&world)), (vec![Held, Connected], [Endpoint::Silence, Endpoint::Phone]));
}

#[test]
fn a_refused_resume_stays_on_hold() {
    let (mut world, _, hold) = two_calls();
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    world.command(0, RESUME("c1")).expect("on hold");
    let resume = last_invite(&world, &hold);
    assert_ne!(cseq(&resume), cseq(&hold));
    assert_eq!((state(&world), endpoints(&world)), (vec![Held, Held], [Endpoint::Silence, Endpoint::Silence]));
    respond(&mut world, &resume, 488, &[], "");
    assert_eq!((state(&world), endpoints(&world)), (vec![Held, Held], [Endpoint::Silence, Endpoint::Silence]));
    assert_eq!(errors(&world), ["the far end refused to resume call c1: 488 Not Acceptable Here"]);
    world.command(0, RESUME("c1")).expect("it may be tried again");
}

/// The last word counts, whatever is under way.
#[test]
fn a_change_of_mind_waits_for_no_answer() {
    for (first_answer, needs_resume) in [(200, true), (488, false)] {
        let (mut world, _, hold) = two_calls();
        world.command(0, RESUME("c1")).expect("on hold");
        assert_eq!(state(&world), [Held, Held]);
        let before = world.count("INVITE");
        let sdp = if first_answer == 200 { format!("{SDP}a=recvonly\r\n") } else { String::new() };
        respond(&mut world, &hold, first_answer, &[], &sdp);
        assert_eq!(world.count("INVITE") - before, usize::from(needs_resume), "{first_answer}");
        if needs_resume {
            assert_eq!(state(&world), [Held, Held]);
            let resume = world.last_request();
            respond(&mut world, &resume, 200, &[], SDP);
        }
        assert_eq!((state(&world), endpoints(&world)), (vec![Connected, Held], [Endpoint::Phone, Endpoint::Silence]));
    }
}

/// A resume under way gives way to the call answered meanwhile.
#[test]
fn of_a_resumed_and_a_new_call_the_new_one_is_heard() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:one@127.0.0.1:5998");
    let first = world.last_request();
    respond(&mut world, &first, 200, &[], SDP);
    world.dial(0, "sip:two@127.0.0.1:5998");
    let second = world.last_request();
    let held = format!("{SDP}a=recvonly\r\n");
    let hold = last_invite(&world, &first);
    respond(&mut world, &hold, 200, &[], &held);
    world.command(0, RESUME("c1")).expect("on hold");
    let resume = last_invite(&world, &first);
    respond(&mut world, &second, 200, &[], SDP);
    respond(&mut world, &resume, 200, &[], SDP);
    assert_eq!((state(&world), endpoints(&world)), (vec![Held, Connected], [Endpoint::Silence, Endpoint::Phone]));
    let again = last_invite(&world, &first);
    assert_eq!(cseq(&again), cseq(&resume) + 1);
    assert!(String::from_utf8_lossy(&again.body).contains("a=sendonly"));
}

#[test]
fn sound_before_the_answer_is_silent_during_a_talk() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    let invites = ["one", "two"].map(|number| {
        world.dial(0, &format!("sip:{number}@127.0.0.1:{PEER}"));
        world.last_request()
    });
    respond(&mut world, &invites[0], 183, &[], SDP);
    assert_eq!(endpoints(&world), [Endpoint::Phone, Endpoint::Phone]);
    respond(&mut world, &invites[1], 200, &[], SDP);
    assert_eq!((state(&world), endpoints(&world)), (vec![EarlyMedia, Connected], [Endpoint::Silence, Endpoint::Phone]));
    world.command(0, Command::Hangup { which: HangupWhich::Call("c2".into()) }).expect("connected");
    assert_eq!(endpoint(&world, 1), Endpoint::Phone);
}

/// The last INVITE in the call that `first` began.
pub(super) fn last_invite(world: &World, first: &Request) -> Request {
    let call_id = |request: &Request| request.headers.text(&HeaderName::CallId);
    let requests = world.outside.iter().rev().filter_map(|(_, packet)| match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) => Some(request),
        _ => None,
    });
    let mut invites = requests.filter(|r| r.method == message::Method::Invite && call_id(r) == call_id(first));
    invites.next().expect("an INVITE went out")
}

#[test]
fn calls_of_a_bench_are_each_by_themselves() {
    let mut world = World::new();
    world.add(crate::ua::agent::AgentConfig { endpoint: Endpoint::Bench, ..local("alice") }, 5070);
    let invites = ["one", "two"].map(|number| {
        world.dial(0, &format!("sip:{number}@127.0.0.1:{PEER}"));
        world.last_request()
    });
    respond(&mut world, &invites[0], 183, &[], SDP);
    respond(&mut world, &invites[1], 200, &[], SDP);
    assert_eq!((state(&world), endpoints(&world)), (vec![EarlyMedia, Connected], [Endpoint::Bench, Endpoint::Bench]));
    respond(&mut world, &invites[0], 200, &[], SDP);
    assert_eq!((state(&world), endpoints(&world)), (vec![Connected, Connected], [Endpoint::Bench, Endpoint::Bench]));
}
