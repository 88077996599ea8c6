//! What the person here is to hear beside the calls.

use super::rules::{PEER, SDP, called, respond};
use super::*;
use crate::media::command::{LocalTone, Ringing, ShortTone, StreamId};
use crate::ua::command::{HangupWhich, Press, SoundPath};

fn tones(world: &World) -> Vec<Option<LocalTone>> {
    let tone = |command: &MediaCommand| if let MediaCommand::Tone(tone) = command { Some(*tone) } else { None };
    world.phones[0].media.iter().filter_map(tone).collect()
}

fn shorts(world: &World) -> Vec<ShortTone> {
    let short = |command: &MediaCommand| if let MediaCommand::Short(tone) = command { Some(*tone) } else { None };
    world.phones[0].media.iter().filter_map(short).collect()
}

fn phone(sound_events: bool) -> World {
    let mut config = local("alice");
    config.settings.accept_from_any = true;
    config.settings.sound_events = sound_events;
    let mut world = World::new();
    world.add(config, 5070);
    world
}

#[test]
fn a_call_rings_as_its_alert_info_says() {
    for (alert, ringing) in [
        ("", Ringing::Usual),
        ("<http://127.0.0.1>;info=alert-internal", Ringing::Internal),
        ("<http://www.notused.com>;info=alert-external", Ringing::External),
        ("<urn:alert:source:internal>", Ringing::Internal),
        ("<urn:alert:source:external>", Ringing::External),
        ("<urn:alert:priority:high>", Ringing::Urgent),
        ("Bellcore-dr1", Ringing::Usual),
        ("<http://x/Bellcore-dr3>", Ringing::External),
        ("<http://evil/internal.wav>", Ringing::Usual),
    ] {
        let mut world = phone(true);
        let header = if alert.is_empty() { String::new() } else { format!("Alert-Info: {alert}\r\n") };
        world.send(PEER, 0, called(&header, "", "in"));
        assert_eq!(tones(&world), [Some(LocalTone::Ring(ringing))], "{alert}");
    }
}

//= RFC 3960 §3.2
#[test]
fn ringing_is_heard_from_here_until_the_far_end_is() {
    const RINGS: Option<LocalTone> = Some(LocalTone::Ringback);
    // What is said of it, in order (0 = a packet came) → whether it then rings here.
    type Row = &'static [(u16, bool, bool)];
    let rows: &[Row] = &[
        &[(180, false, true), (200, true, false)],
        &[(180, true, true), (0, false, false), (180, false, false)],
        &[(183, true, false), (180, false, true), (0, false, false)],
        &[(183, true, false), (0, false, false), (180, false, false), (200, true, false)],
        &[(180, false, true), (183, true, true), (0, false, false)],
        &[(180, false, true), (486, false, false)],
    ];
    for row in rows {
        let mut world = phone(true);
        world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
        let invite = world.last_request();
        for (step, (status, sound, rings)) in row.iter().enumerate() {
            if *status == 0 {
                let now = world.now;
                world.phones[0].agent.handle(Input::Media(MediaEvent::FirstPacket { stream: StreamId(1) }), now);
                world.settle();
            } else {
                respond(&mut world, &invite, *status, &[], if *sound { SDP } else { "" });
            }
            assert_eq!(tones(&world).last().copied().flatten() == RINGS, *rings, "{row:?} step {step}");
        }
    }
}

#[test]
fn how_a_call_of_ours_ends_is_heard() {
    for (status, tone) in [
        (486, Some(LocalTone::Busy)),
        (404, Some(LocalTone::SpecialInformation)),
        (484, Some(LocalTone::SpecialInformation)),
        (500, Some(LocalTone::Congestion)),
        (603, None),
    ] {
        let mut world = phone(true);
        world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
        let invite = world.last_request();
        respond(&mut world, &invite, status, &[], "");
        world.run(Duration::from_secs(1));
        assert_eq!(tones(&world).last().copied().flatten(), tone, "{status}");
        world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
        assert_eq!(tones(&world).last().copied().flatten(), None, "{status}: it is over when the next call begins");
        let invite = world.last_request();
        respond(&mut world, &invite, status, &[], "");
        assert_eq!(tones(&world).last().copied().flatten(), tone, "{status}, again");
    }
}

#[test]
fn sound_events_are_heard_if_wanted() {
    for wanted in [true, false] {
        let mut world = phone(wanted);
        world.dial(0, &format!("sip:dora@127.0.0.1:{PEER}"));
        let invite = world.last_request();
        respond(&mut world, &invite, 200, &[], SDP);
        let dtmf = Command::Dtmf { call: None, digits: "1".into(), press: Press::Tap, via: None };
        world.command(0, dtmf).expect("connected");
        for (digit, inband) in [('7', false), ('8', true)] {
            let now = world.now;
            let event = MediaEvent::Digit { stream: StreamId(1), digit, inband };
            world.phones[0].agent.handle(Input::Media(event), now);
            world.settle();
        }
        let keys = [ShortTone::Key('1'), ShortTone::Key('7')];
        assert_eq!(shorts(&world), if wanted { keys.to_vec() } else { Vec::new() });
        world.send(PEER, 0, called("", "", "in"));
        let knocks = tones(&world).contains(&Some(LocalTone::CallWaiting));
        assert_eq!(knocks, wanted, "a second call");
        world.command(0, Command::Hangup { which: HangupWhich::Current }).expect("connected");
        assert!(!shorts(&world).contains(&ShortTone::HangUp), "who hangs up knows");
    }
    for wanted in [true, false] {
        let mut world = phone(wanted);
        world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
        let invite = world.last_request();
        respond(&mut world, &invite, 200, &[], SDP);
        super::rules::ask(&mut world, &invite, "BYE", 1, "", "");
        assert_eq!(shorts(&world).contains(&ShortTone::HangUp), wanted);
    }
}

#[test]
fn the_microphone_is_tested_between_calls_only() {
    use crate::media::command::SoundTestResult;
    let mut world = phone(true);
    let ask = |world: &mut World| {
        let now = world.now;
        world.phones[0].agent.handle(Input::Command(RequestId(1), Command::TestAudio), now);
        world.settle();
    };
    world.command(0, Command::Mute { path: SoundPath::Mic }).expect("it can be");
    ask(&mut world);
    assert!(world.phones[0].replies.pop().unwrap().unwrap_err().message.contains("muted"));
    world.command(0, Command::Unmute { path: SoundPath::Mic }).expect("it can be");
    world.phones[0].replies.clear();
    ask(&mut world);
    assert!(world.phones[0].media.contains(&MediaCommand::TestSound) && world.phones[0].replies.is_empty());
    ask(&mut world);
    assert_eq!(world.phones[0].replies.pop().unwrap().unwrap_err().kind, "wrong_state", "one at a time");
    let result = SoundTestResult { loudest_dbfs: -12.0, mean_dbfs: -20.0, heard: true };
    let now = world.now;
    world.phones[0].agent.handle(Input::Media(MediaEvent::SoundTested(result)), now);
    world.settle();
    assert_eq!(world.phones[0].replies, [Ok(Reply::SoundTest(result))]);
    world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
    ask(&mut world);
    assert_eq!(world.phones[0].replies.pop().unwrap().unwrap_err().kind, "wrong_state", "a call is up");
}
