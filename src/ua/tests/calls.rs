//! Calls between two phones without a registrar.

use super::*;
use crate::media::command::{LocalTone, Ringing};
use crate::ua::agent::IncomingPolicy;
use crate::ua::command::{HangupWhich, Press};
use crate::ua::outcome::{EndedBy, ExitCode};
use crate::ua::snapshot::CallState;

const BOB: &str = "sip:bob@127.0.0.1:5072";

/// Alice on 5070, Bob on 5072.
fn pair(bob: impl FnOnce(&mut AgentConfig)) -> World {
    let mut world = World::new();
    let mut config = local("bob");
    bob(&mut config);
    world.add(local("alice"), 5070);
    world.add(config, 5072);
    world
}

fn answering() -> World {
    pair(|bob| bob.incoming = IncomingPolicy::Answer { after: Duration::from_millis(300) })
}

fn state(world: &World, phone: usize) -> Vec<CallState> {
    world.phones[phone].agent.status(world.now).calls.iter().map(|call| call.state).collect()
}

fn hang_up(world: &mut World, phone: usize) {
    world.command(phone, Command::Hangup { which: HangupWhich::Current }).expect("there is a call");
}

#[test]
fn a_call_rings_is_answered_and_ends() {
    let mut world = pair(|_| {});
    world.dial(0, BOB);
    assert_eq!((state(&world, 0), state(&world, 1)), (vec![CallState::Ringing], vec![CallState::Incoming]));
    assert!(world.phones[0].media.contains(&MediaCommand::Tone(Some(LocalTone::Ringback))));
    assert!(world.phones[1].media.contains(&MediaCommand::Tone(Some(LocalTone::Ring(Ringing::Usual)))));
    world.run(Duration::from_secs(2));
    world.command(1, Command::Answer { call: None }).expect("it rings");
    assert_eq!((state(&world, 0), state(&world, 1)), (vec![CallState::Connected], vec![CallState::Connected]));
    for phone in &world.phones {
        let started = phone.media.iter().filter(|c| matches!(c, MediaCommand::Start { .. })).count();
        assert_eq!(
            (started, phone.media.last().map(|c| matches!(c, MediaCommand::Tone(None) | MediaCommand::Start { .. }))),
            (1, Some(true))
        );
    }
    world.run(Duration::from_secs(5));
    hang_up(&mut world, 0);
    world.run(Duration::from_secs(1));
    assert_eq!(world.names(0), ["call_outgoing", "call_dialling", "call_ringing", "call_answered", "call_ended"]);
    assert_eq!(world.names(1), ["call_incoming", "call_answered", "call_ended"]);
    let (ours, theirs) = (world.ended(0), world.ended(1));
    assert_eq!((ours.ended_by, theirs.ended_by), (Some(EndedBy::Local), Some(EndedBy::Remote)));
    assert_eq!((ours.outcome.as_deref(), theirs.outcome.as_deref()), (Some("answered"), Some("answered")));
    assert_eq!((ours.duration, ours.answered_after, ours.status), (5.0, Some(2.0), Some(200)));
    assert_eq!(ours.media.map(|media| media.tx_packets), Some(7));
    assert_eq!((ours.remote.user.as_str(), theirs.remote.user.as_str()), ("bob", "alice"));
    assert_eq!((state(&world, 0).len(), state(&world, 1).len()), (0, 0));
    world.run(Duration::from_secs(60));
    assert!(world.phones.iter().all(|phone| phone.agent.next_timeout().is_none()), "nothing is left over");
}

#[test]
fn refusals_become_exit_codes() {
    for (status, code) in [
        (486, ExitCode::Busy),
        (600, ExitCode::Busy),
        (603, ExitCode::Rejected),
        (404, ExitCode::NoSuchNumber),
        //= RFC 5079 §5
        (433, ExitCode::Refused),
        (488, ExitCode::NoCommonCodec),
        (480, ExitCode::NoAnswer),
        (500, ExitCode::Failed),
    ] {
        let mut world = pair(|bob| bob.incoming = IncomingPolicy::Refuse(status));
        world.dial(0, BOB);
        world.run(Duration::from_secs(1));
        let call = world.ended(0);
        assert_eq!((call.status, call.outcome.as_deref()), (Some(status), Some(code.kind())));
        assert_eq!(call.ended_by, Some(EndedBy::Remote));
    }
}

//= RFC 3261 §9.1
#[test]
fn a_call_is_cancelled_while_it_rings() {
    let mut world = pair(|_| {});
    world.dial(0, BOB);
    hang_up(&mut world, 0);
    world.run(Duration::from_secs(1));
    assert_eq!(
        (world.count("CANCEL"), world.count("200 CANCEL"), world.count("487 INVITE"), world.count("ACK")),
        (1, 1, 1, 1)
    );
    assert_eq!(world.ended(0).ended_by, Some(EndedBy::Local));
    let theirs = world.ended(1);
    assert_eq!((theirs.ended_by, theirs.outcome.as_deref()), (Some(EndedBy::Remote), Some("no_answer")));
}

//= RFC 3261 §9.1, §13.2.2.4
#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let mut world = pair(|_| {});
    world.lose = Box::new(|message| matches!(message, Message::Request(r) if r.method.as_str() == "CANCEL"));
    world.dial(0, BOB);
    hang_up(&mut world, 0);
    world.command(1, Command::Answer { call: None }).expect("it rings");
    world.run(Duration::from_secs(1));
    assert!(world.count("ACK") >= 1);
    assert_eq!((world.count("BYE"), world.count("200 BYE")), (1, 1));
    assert!(state(&world, 1).is_empty());
}

//= RFC 3261 §13.3.1.4
#[test]
fn an_unacknowledged_200_is_sent_again_then_hung_up() {
    let mut world = answering();
    world.lose = Box::new(|message| matches!(message, Message::Request(r) if r.method.as_str() == "ACK"));
    world.dial(0, BOB);
    world.run(Duration::from_secs(40));
    let times: Vec<f64> = world
        .log
        .iter()
        .filter(|entry| entry.ends_with("200 INVITE"))
        .filter_map(|entry| entry.split(' ').next()?.parse().ok())
        .collect();
    let expected = [0.3, 0.8, 1.8, 3.8, 7.8, 11.8, 15.8, 19.8, 23.8, 27.8, 31.8];
    assert_eq!(times, expected);
    // Each 200 is acknowledged anew.
    assert_eq!(world.count("ACK"), times.len());
    assert_eq!(world.count("BYE"), 1);
    assert_eq!(world.ended(1).ended_by, Some(EndedBy::Network));
}

#[test]
fn hold_and_resume_reach_both_sides() {
    let mut world = answering();
    world.dial(0, BOB);
    world.run(Duration::from_secs(1));
    world.command(0, Command::Hold { call: None }).expect("connected");
    world.run(Duration::from_secs(1));
    let status = |world: &World, phone: usize| world.phones[phone].agent.status(world.now).calls[0].clone();
    assert_eq!(status(&world, 0).state, CallState::Held);
    assert!(status(&world, 1).remote_hold);
    world.command(0, Command::Resume { call: None }).expect("held");
    world.run(Duration::from_secs(1));
    assert_eq!(status(&world, 0).state, CallState::Connected);
    assert!(!status(&world, 1).remote_hold);
    assert!(world.names(1).ends_with(&["call_held".into(), "call_resumed".into()]));
    assert!(world.names(0).ends_with(&["call_held".into(), "call_resumed".into()]));
    for state in [CallState::Held, CallState::Connected] {
        world.command(0, Command::ToggleHold { call: None }).expect("a call");
        world.run(Duration::from_secs(1));
        assert_eq!(status(&world, 0).state, state);
    }
}

//= RFC 3261 §14.1
#[test]
fn two_holds_at_once_collide_and_both_come_through() {
    let mut world = answering();
    world.dial(0, BOB);
    world.run(Duration::from_secs(1));
    let now = world.now;
    for phone in &mut world.phones {
        phone.agent.handle(Input::Command(RequestId(9), Command::Hold { call: None }), now);
    }
    world.run(Duration::from_secs(10));
    assert_eq!(world.count("491 INVITE"), 2);
    assert_eq!((state(&world, 0), state(&world, 1)), (vec![CallState::Held], vec![CallState::Held]));
}

#[test]
fn early_media_plays_before_the_answer() {
    let mut world =
        pair(|bob| bob.incoming = IncomingPolicy::EarlyMedia { answer_after: Some(Duration::from_secs(2)) });
    world.dial(0, BOB);
    world.run(Duration::from_secs(1));
    assert_eq!(state(&world, 0), [CallState::EarlyMedia]);
    assert!(world.phones[0].media.iter().any(|command| matches!(command, MediaCommand::Start { .. })));
    assert!(!world.phones[0].media.contains(&MediaCommand::Tone(Some(LocalTone::Ringback))));
    world.run(Duration::from_secs(2));
    assert_eq!(state(&world, 0), [CallState::Connected]);
    assert!(world.names(0).contains(&"call_early_media".to_owned()));
}

#[test]
fn nobody_there_is_unreachable() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:nobody@127.0.0.1:5998");
    world.run(Duration::from_secs(40));
    let call = world.ended(0);
    assert_eq!(call.outcome.as_deref(), Some("unreachable"));
    assert_eq!(call.reason.as_deref(), Some("no answer from 127.0.0.1:5998 (udp) in 32 s"));
    // Timer A doubles until timer B: 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s.
    assert_eq!(world.count("INVITE"), 7);
}

#[test]
fn a_reported_failure_ends_the_call_at_once() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:nobody@127.0.0.1:5998");
    let flow = Flow { transport: Transport::Udp, local: address(5070), remote: address(5998) };
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "connection refused".into() }, now);
    world.run(Duration::from_secs(1));
    let call = world.ended(0);
    assert_eq!(call.outcome.as_deref(), Some("unreachable"));
    assert_eq!(call.reason.as_deref(), Some("cannot reach 127.0.0.1:5998 (udp): connection refused"));
}

#[test]
fn an_unknown_host_is_said() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, "sip:bob@nowhere.invalid");
    world.run(Duration::from_secs(1));
    let call = world.ended(0);
    assert_eq!(call.outcome.as_deref(), Some("unreachable"));
    assert_eq!(call.reason.as_deref(), Some("cannot find nowhere.invalid: no such host"));
}

#[test]
fn commands_without_a_call_are_refused_in_words() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    for (command, kind) in [
        (Command::Answer { call: None }, "no_call"),
        (Command::Hangup { which: HangupWhich::All }, "no_call"),
        (Command::Hold { call: Some("c9".into()) }, "no_such_call"),
        (Command::Dtmf { call: None, digits: "1".into(), press: Press::Tap, via: None }, "no_call"),
        (Command::Register { account: None }, "no_registrar"),
        (Command::Register { account: Some("nobody".into()) }, "no_such_account"),
    ] {
        let error = world.command(0, command).expect_err(kind);
        assert_eq!((error.code, error.kind), (ExitCode::NotFound, kind), "{error}");
    }
    let error = world
        .command(0, Command::Dtmf { call: None, digits: "x".into(), press: Press::Tap, via: None })
        .expect_err("no digit");
    assert_eq!(error.code, ExitCode::Usage);
}

#[test]
fn who_hangs_up_what_is_not_there_is_told_and_other_calls_stay() {
    let mut world = pair(|_| {});
    world.dial(0, BOB);
    let rows = [
        (1, HangupWhich::AllButRinging, "there is no call to hang up"),
        (0, HangupWhich::Incoming, "there is no call to hang up that rings here"),
        (1, HangupWhich::Calling, "there is no call to hang up that rings elsewhere"),
    ];
    for (phone, which, said) in rows {
        let error = world.command(phone, Command::Hangup { which }).expect_err(said);
        assert_eq!((error.code, error.kind, error.message.as_str()), (ExitCode::NotFound, "no_call", said));
    }
    assert_eq!((state(&world, 0), state(&world, 1)), (vec![CallState::Ringing], vec![CallState::Incoming]));
    world.command(0, Command::Hangup { which: HangupWhich::Calling }).expect("it rings elsewhere");
    assert_eq!(state(&world, 0), []);
}

#[test]
fn do_not_disturb_and_call_waiting_answer_busy() {
    let mut world = pair(|bob| bob.config_dnd());
    world.dial(0, BOB);
    world.run(Duration::from_secs(1));
    assert_eq!(world.ended(0).outcome.as_deref(), Some("busy"));
    assert_eq!(world.names(1), ["call_ended"], "nobody was disturbed, and it is known who called");
}

impl AgentConfig {
    fn config_dnd(&mut self) {
        self.settings.dnd = true;
    }
}

#[test]
fn exit_hangs_up_and_is_told() {
    let mut world = answering();
    world.dial(0, BOB);
    world.run(Duration::from_secs(1));
    world.command(0, Command::Exit).expect("always");
    world.run(Duration::from_secs(3));
    assert_eq!(world.names(0).last().map(String::as_str), Some("exited"));
    assert_eq!(world.count("BYE"), 1);
    assert!(state(&world, 1).is_empty());
}

//= RFC 3261 §9.1
#[test]
fn a_call_nobody_answers_is_given_up() {
    let mut world = World::new();
    let mut alice = local("alice");
    alice.settings.ring_timeout_s = 30;
    world.add(alice, 5070);
    world.add(local("bob"), 5072);
    world.dial(0, BOB);
    world.run(Duration::from_millis(29_999));
    assert_eq!((state(&world, 0), world.count("CANCEL")), (vec![CallState::Ringing], 0));
    world.run(Duration::from_secs(1));
    assert_eq!((world.count("CANCEL"), world.count("487 INVITE"), world.count("ACK")), (1, 1, 1));
    let call = world.ended(0);
    assert_eq!((call.outcome.as_deref(), call.ended_by), (Some("no_answer"), Some(EndedBy::Network)));
    assert_eq!(call.reason.as_deref(), Some("nobody answered in 30 s"));
    assert_eq!(world.ended(1).reason.as_deref(), Some("the caller gave up"));
}

#[test]
fn how_long_a_call_may_ring_is_a_setting() {
    // Seconds: the setting, then still ringing, then given up.
    for (setting, rings, given_up) in [(None, 189, Some(191)), (Some(400), 399, Some(401)), (Some(0), 100_000, None)] {
        for status in [100, 180] {
            let mut world = World::new();
            let mut alice = local("alice");
            alice.settings.ring_timeout_s = setting.unwrap_or(alice.settings.ring_timeout_s);
            world.add(alice, 5070);
            world.dial(0, "sip:bob@127.0.0.1:5998");
            let invite = world.last_request();
            super::rules::respond(&mut world, &invite, status, &[], "");
            world.run(Duration::from_secs(rings));
            assert_eq!(state(&world, 0).len(), 1, "{setting:?}, {status}");
            if let Some(end) = given_up {
                world.run(Duration::from_secs(end - rings));
                assert_eq!(world.ended(0).outcome.as_deref(), Some("no_answer"), "{setting:?}, {status}");
                // A CANCEL that is never answered holds nobody up.
                world.run(Duration::from_secs(120));
                assert!(world.phones[0].agent.next_timeout().is_none());
            }
        }
    }
    let mut world = answering();
    world.dial(0, BOB);
    world.run(Duration::from_secs(3600));
    assert_eq!(state(&world, 0), [CallState::Connected], "an answered call lasts");
}

/// Two phones without a registrar do anything at any time and lose packets; when they stop, no timer runs on.
#[test]
fn nothing_is_left_over_whatever_is_done() {
    use rand::RngExt;
    for seed in 0..40 {
        let mut rng = StdRng::seed_from_u64(seed);
        let early = IncomingPolicy::EarlyMedia { answer_after: None };
        let mut world = pair(|bob| {
            bob.incoming = if seed % 2 == 0 { IncomingPolicy::Ring } else { early };
            bob.settings.session_timer_s = 90;
            bob.settings.late_offer = seed % 3 == 0;
        });
        let mut fate = StdRng::seed_from_u64(seed + 1000);
        world.lose = Box::new(move |_| fate.random_bool(0.15));
        for _ in 0..100 {
            let phone = rng.random_range(0..2);
            let command = match rng.random_range(0..10) {
                0..=2 => {
                    let target = if phone == 0 { BOB } else { "sip:alice@127.0.0.1:5070" };
                    Command::Dial { target: target.into(), account: None }
                }
                3..=5 => Command::Answer { call: None },
                6 => Command::Hold { call: None },
                7 => Command::Resume { call: None },
                8 => Command::Reject { call: None, code: None },
                _ => Command::Hangup { which: HangupWhich::Current },
            };
            let _ = world.command(phone, command);
            world.run(Duration::from_millis(rng.random_range(0..3000)));
        }
        for phone in 0..2 {
            let _ = world.command(phone, Command::Hangup { which: HangupWhich::All });
        }
        world.run(Duration::from_secs(300));
        for phone in &world.phones {
            assert_eq!(phone.agent.next_timeout(), None, "seed {seed}: {:#?}", phone.agent.status(world.now).calls);
        }
    }
}
