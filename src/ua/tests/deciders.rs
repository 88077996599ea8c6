//! `decideIncoming`: a program's word on a call, at its place among the rules, and what holds without one.

use super::incoming::{HOME, registered, ring, rung};
use super::rules::state;
use super::*;
use crate::config::{AutoAnswer, AutoAnswerCalls, DenyIncoming, Forwarding};
use crate::media::command::LocalTone;
use crate::sip::message::HeaderName;
use crate::ua::deciding::{Decision, Verdict};
use crate::ua::snapshot::CallState::{Connected, Incoming};

const SECOND: Duration = Duration::from_secs(1);

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.decider.set("crm.sh");
    settings
}

fn decide(world: &mut World, decision: Decision) {
    decide_as(world, Verdict { name: None, decision });
}

fn decide_as(world: &mut World, verdict: Verdict) {
    let now = world.now;
    let call = world.phones[0].decisions.last().copied().expect("it was asked");
    world.phones[0].agent.handle(Input::Decided(call, verdict), now);
    world.run(Duration::ZERO);
}

/// The names of events about calls.
fn told(world: &World) -> String {
    world.names(0).into_iter().filter(|name| name.starts_with("call_")).collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_rings_before_there_is_a_word() {
    let mut world = registered(settings());
    ring(&mut world, HOME, "", "one");
    world.run(SECOND / 2);
    assert_eq!(world.last_response().status.0, 100, "the caller knows that it has come");
    assert_eq!((world.phones[0].decisions.len(), told(&world).as_str()), (1, ""));
    let rings = |world: &World| {
        world.phones[0].media.iter().any(|command| matches!(command, MediaCommand::Tone(Some(LocalTone::Ring(_)))))
    };
    assert!(!rings(&world));
    decide(&mut world, Decision::None);
    assert_eq!((world.last_response().status.0, told(&world).as_str()), (180, "call_incoming"));
    decide(&mut world, Decision::Accept);
    assert_eq!(state(&world), [Incoming], "one word each");
}

#[test]
fn each_word_does_what_it_says() {
    for (decision, status, states) in [
        (Decision::None, 180, vec![Incoming]),
        (Decision::Accept, 200, vec![Connected]),
        (Decision::Reject(603), 603, vec![]),
        (Decision::Redirect("600".to_owned()), 302, vec![]),
        (Decision::Redirect("sip:alice@127.0.0.1".to_owned()), 180, vec![Incoming]),
        (Decision::Ignore, 180, vec![Incoming]),
    ] {
        let mut world = registered(settings());
        ring(&mut world, HOME, "", "one");
        decide(&mut world, decision.clone());
        let answer = world.last_response();
        assert_eq!((answer.status.0, state(&world)), (status, states), "{decision:?}");
        let contact = answer.headers.text(&HeaderName::Contact).unwrap_or_default();
        assert_eq!(contact.contains("sip:600@127.0.0.1"), status == 302, "{decision:?}: {contact}");
    }
}

#[test]
fn a_name_is_shown_and_an_ignored_call_is_not_heard() {
    let mut world = registered(settings());
    ring(&mut world, HOME, "", "one");
    decide_as(&mut world, Verdict { name: Some("Ann of the CRM".to_owned()), decision: Decision::Ignore });
    let call = world.phones[0].agent.status(world.now).calls[0].clone();
    assert_eq!((call.remote.name.as_deref(), call.rings), (Some("Ann of the CRM"), false));
}

#[test]
fn without_a_word_in_time_it_is_as_without_a_program() {
    let mut world = registered(settings());
    ring(&mut world, HOME, "", "one");
    world.run(SECOND);
    assert_eq!(world.last_response().status.0, 100);
    world.run(2 * SECOND);
    assert_eq!((world.last_response().status.0, told(&world).as_str()), (180, "call_incoming"));
    decide(&mut world, Decision::Reject(603));
    assert_eq!(state(&world), [Incoming], "too late");
}

#[test]
fn rules_that_refuse_come_before_and_those_that_answer_behind() {
    let refusing = Settings { deny_incoming: DenyIncoming::All, ..settings() };
    let mut world = registered(refusing);
    assert_eq!(rung(&mut world, HOME, "", "one"), 486);
    assert!(world.phones[0].decisions.is_empty(), "nobody is asked about a call that is refused");
    let answering = Settings { auto_answer: AutoAnswer::All, auto_answer_calls: AutoAnswerCalls::Any, ..settings() };
    let forwarding = Settings { forwarding: Forwarding::All, forwarding_number: "600".to_owned(), ..settings() };
    for (settings, without) in [(answering, 200), (forwarding, 302)] {
        for (decision, status) in [(Decision::None, without), (Decision::Reject(603), 603)] {
            let mut world = registered(settings.clone());
            ring(&mut world, HOME, "", "one");
            decide(&mut world, decision.clone());
            assert_eq!(world.last_response().status.0, status, "{decision:?} of {without}");
        }
    }
}

#[test]
fn a_person_need_not_wait_and_a_caller_may_go() {
    let mut world = registered(settings());
    ring(&mut world, HOME, "", "one");
    world.command(0, Command::Answer { call: None }).expect("it has come");
    assert_eq!(told(&world), "call_incoming call_answered");
    decide(&mut world, Decision::Reject(603));
    assert_eq!(state(&world), [Connected], "the person was quicker");
    let mut world = registered(settings());
    ring(&mut world, HOME, "", "two");
    world.command(0, Command::Reject { call: None, code: None }).expect("it has come");
    decide(&mut world, Decision::Accept);
    assert_eq!(state(&world), [], "it is over");
}

#[test]
fn who_hears_an_announcement_is_hung_up() {
    let mut world = registered(settings());
    ring(&mut world, HOME, "", "one");
    decide(&mut world, Decision::Play("/closed.wav".to_owned()));
    assert_eq!(state(&world), [Connected]);
    let clips = world.phones[0].media.iter().filter_map(|command| match command {
        MediaCommand::Play { stream, clip } => Some((*stream, clip.file.clone(), clip.alone)),
        _ => None,
    });
    let clips: Vec<_> = clips.collect();
    let [(stream, file, true)] = clips.as_slice() else { panic!("{clips:?}: without the microphone") };
    assert_eq!(file.to_string_lossy(), "/closed.wav");
    let (now, event) = (world.now, MediaEvent::Played { stream: *stream, on_hold: false, error: None });
    world.phones[0].agent.handle(Input::Media(event), now);
    world.run(SECOND);
    assert_eq!(state(&world), [], "nobody is left there to talk to");
    assert!(told(&world).ends_with("call_playing call_ended"), "{}", told(&world));
}
