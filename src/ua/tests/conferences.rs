//! Conferences: who is in, who is held, who hears whom.

use super::rules::state;
use super::*;
use crate::media::command::StreamId;
use crate::ua::agent::IncomingPolicy;
use crate::ua::command::HangupWhich;
use crate::ua::snapshot::CallState::{Connected, Held};

/// A phone in calls with this many others, the last one talked to.
fn calls(others: u16) -> World {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    for port in 0..others {
        let mut other = local("other");
        other.settings.accept_from_any = true;
        other.incoming = IncomingPolicy::Answer { after: Duration::from_millis(100) };
        world.add(other, 5071 + port);
        world.dial(0, &format!("sip:other@127.0.0.1:{}", 5071 + port));
        world.run(Duration::from_secs(1));
    }
    world
}

fn names(calls: &[&str]) -> Vec<String> {
    calls.iter().map(|&call| call.to_owned()).collect()
}

fn join(calls: &[&str]) -> Command {
    Command::Conference { calls: names(calls) }
}

fn leave(calls: &[&str]) -> Command {
    Command::LeaveConference { calls: names(calls) }
}

fn order(world: &mut World, command: Command) {
    world.command(0, command).expect("it can be done");
    world.run(Duration::from_secs(1));
}

/// Those in the conference, by id.
fn members(world: &World) -> Vec<String> {
    let status = world.phones[0].agent.status(world.now);
    status.calls.into_iter().filter(|call| call.conference).map(|call| call.id).collect()
}

/// Those that hear each other.
fn heard(world: &World) -> Vec<u32> {
    let last = world.phones[0].media.iter().rev().find_map(|command| match command {
        MediaCommand::Conference(streams) => Some(streams.iter().map(|StreamId(id)| *id).collect()),
        _ => None,
    });
    last.unwrap_or_default()
}

#[test]
fn all_answered_calls_are_taken_back_from_hold_and_hear_each_other() {
    let mut world = calls(3);
    assert_eq!(state(&world), [Held, Held, Connected]);
    order(&mut world, join(&[]));
    assert_eq!((state(&world), heard(&world)), (vec![Connected; 3], vec![1, 2, 3]));
    assert_eq!(world.names(0).iter().filter(|name| *name == "call_conference").count(), 3);
    for phone in 1..=3 {
        let status = world.phones[phone].agent.status(world.now);
        assert!(!status.calls[0].remote_hold, "nobody is left on hold");
    }
}

#[test]
fn a_call_joins_later_and_the_others_talk_on() {
    let mut world = calls(3);
    order(&mut world, join(&["c1", "c2"]));
    assert_eq!(
        (state(&world), heard(&world)),
        (vec![Connected, Connected, Held], vec![1, 2]),
        "who is not in it waits"
    );
    let mut world = calls(3);
    order(&mut world, join(&["c1", "c3"]));
    assert_eq!((state(&world), heard(&world)), (vec![Connected, Held, Connected], vec![1, 3]));
    order(&mut world, join(&["c2"]));
    assert_eq!((state(&world), heard(&world)), (vec![Connected; 3], vec![1, 2, 3]));
}

#[test]
fn one_is_held_and_taken_back_without_the_others() {
    let mut world = calls(3);
    order(&mut world, join(&[]));
    order(&mut world, Command::Hold { call: Some("c2".into()) });
    assert_eq!((state(&world), heard(&world)), (vec![Connected, Held, Connected], vec![1, 3]));
    assert_eq!(members(&world), ["c1", "c2", "c3"]);
    order(&mut world, Command::Resume { call: Some("c2".into()) });
    assert_eq!((state(&world), heard(&world)), (vec![Connected; 3], vec![1, 2, 3]));
}

/// One person has one mouth: what is said to somebody else is not for the conference.
#[test]
fn another_call_holds_the_conference_and_to_resume_one_resumes_all() {
    let mut world = calls(2);
    order(&mut world, join(&[]));
    let mut other = local("other");
    other.settings.accept_from_any = true;
    other.incoming = IncomingPolicy::Answer { after: Duration::from_millis(100) };
    world.add(other, 5090);
    world.dial(0, "sip:other@127.0.0.1:5090");
    world.run(Duration::from_secs(1));
    assert_eq!((state(&world), heard(&world)), (vec![Held, Held, Connected], vec![]));
    order(&mut world, Command::Resume { call: Some("c1".into()) });
    assert_eq!((state(&world), heard(&world)), (vec![Connected, Connected, Held], vec![1, 2]));
}

#[test]
fn who_leaves_waits_on_hold_and_who_is_left_alone_talks_on() {
    let mut world = calls(3);
    order(&mut world, join(&[]));
    order(&mut world, leave(&["c1"]));
    assert_eq!((state(&world), heard(&world)), (vec![Held, Connected, Connected], vec![2, 3]));
    order(&mut world, Command::Hangup { which: HangupWhich::Call("c2".into()) });
    assert_eq!((state(&world), heard(&world), members(&world).len()), (vec![Held, Connected], vec![], 0));
}

#[test]
fn off_leaves_the_last_one_talking() {
    let mut world = calls(3);
    order(&mut world, join(&[]));
    order(&mut world, leave(&[]));
    assert_eq!((state(&world), heard(&world)), (vec![Held, Held, Connected], vec![]));
    assert!(members(&world).is_empty());
}

#[test]
fn what_is_no_conference_is_refused_in_words() {
    let mut world = calls(1);
    for (command, kind) in [
        (join(&[]), "too_few_calls"),
        (join(&["c1"]), "too_few_calls"),
        (join(&["c1", "c1"]), "too_few_calls"),
        (join(&["c1", "c9"]), "no_such_call"),
        (leave(&[]), "no_call"),
        (leave(&["c1"]), "wrong_state"),
    ] {
        assert_eq!(world.command(0, command).map_err(|error| error.kind), Err(kind));
    }
    assert_eq!(state(&world), [Connected]);
}

/// `AC`: whoever called.
#[test]
fn with_ac_a_call_that_is_answered_joins_by_itself() {
    let mut world = World::new();
    let mut alice = local("alice");
    (alice.settings.auto_conference, alice.settings.accept_from_any) = (true, true);
    world.add(alice, 5070);
    for port in [5071, 5072, 5073] {
        let mut other = local("other");
        other.settings.accept_from_any = true;
        other.incoming = IncomingPolicy::Answer { after: Duration::from_millis(100) };
        world.add(other, port);
    }
    world.dial(0, "sip:other@127.0.0.1:5071");
    world.run(Duration::from_secs(1));
    assert_eq!((state(&world), members(&world).len()), (vec![Connected], 0), "one is no conference");
    world.dial(0, "sip:other@127.0.0.1:5072");
    world.run(Duration::from_secs(1));
    assert_eq!((state(&world), heard(&world)), (vec![Connected; 2], vec![1, 2]));
    // One that comes in.
    world.dial(3, "sip:alice@127.0.0.1:5070");
    world.run(Duration::from_secs(1));
    assert_eq!(members(&world), ["c1", "c2"], "it only rings");
    order(&mut world, Command::Answer { call: Some("c3".into()) });
    assert_eq!((state(&world), heard(&world)), (vec![Connected; 3], vec![1, 2, 3]));
    for phone in 1..=3 {
        assert!(!world.phones[phone].agent.status(world.now).calls[0].remote_hold, "nobody is left on hold");
    }
    order(&mut world, Command::AutoConference { on: false });
    order(&mut world, Command::Hangup { which: HangupWhich::Call("c3".into()) });
    world.dial(0, "sip:other@127.0.0.1:5073");
    world.run(Duration::from_secs(1));
    assert_eq!((state(&world), heard(&world)), (vec![Held, Held, Connected], vec![]), "it is off");
}
