//! What is told of a call's sound, with the media played by the test.

use super::rules::{PEER, SDP, respond};
use super::*;
use crate::media::command::StreamId;
use crate::media::silence::{Silence, Way};
use crate::rtp::dropped::{Dropped, Tally};
use crate::sip::message::HeaderName;
use crate::ua::outcome::EndedBy;
use crate::ua::snapshot::{CallInfo, SoundWay};

/// A phone whose call is answered after so long.
fn calling(settings: Settings) -> (World, Request) {
    let mut world = World::new();
    let config = AgentConfig { settings, ..local("alice") };
    world.add(config, 5070);
    world.dial(0, &format!("sip:one@127.0.0.1:{PEER}"));
    let invite = world.last_request();
    (world, invite)
}

fn media(world: &mut World, event: MediaEvent) {
    let now = world.now;
    world.phones[0].agent.handle(Input::Media(event), now);
    world.settle();
}

fn silence(world: &mut World, way: Way, silence: Option<Silence>) {
    media(world, MediaEvent::Silence { stream: StreamId(1), way, silence });
}

fn stats(world: &mut World, stats: StreamStats) {
    media(world, MediaEvent::Stats { stream: StreamId(1), stats });
}

/// The media events told so far: which way, and why if it is lost.
fn told(world: &World) -> Vec<(SoundWay, Option<String>)> {
    let news = |event: &Event| match event {
        Event::CallMediaLost { way, reason, .. } => Some((*way, Some(reason.clone()))),
        Event::CallMediaReturned { way, .. } => Some((*way, None)),
        _ => None,
    };
    world.phones[0].events.iter().filter_map(news).collect()
}

fn call(world: &World) -> CallInfo {
    world.phones[0].agent.status(world.now).calls[0].clone()
}

#[test]
fn silence_is_told_once_with_its_cause_and_its_end() {
    let (mut world, invite) = calling(Settings { single_mode: false, ..Settings::default() });
    respond(&mut world, &invite, 200, &[], SDP);
    world.run(Duration::from_secs(10));
    for _ in 0..3 {
        silence(&mut world, Way::Here, Some(Silence::Gone));
    }
    let why = Silence::Gone.to_string();
    assert_eq!(told(&world), [(SoundWay::Rx, Some(why.clone()))]);
    stats(&mut world, StreamStats::default());
    assert_eq!(call(&world).media.and_then(|media| media.nothing_heard), Some(why.clone()));
    silence(&mut world, Way::Here, None);
    silence(&mut world, Way::There, Some(Silence::Unheard));
    let unheard = Silence::Unheard.to_string();
    assert_eq!(told(&world)[1..], [(SoundWay::Rx, None), (SoundWay::Tx, Some(unheard.clone()))]);
    let shown = call(&world).media.unwrap_or_default();
    assert_eq!((shown.nothing_heard, shown.not_heard), (None, Some(unheard)));
}

/// A line that is silent while it rings is none; one that still is after the answer is.
#[test]
fn silence_before_the_answer_counts_soon_after_it() {
    let (mut world, invite) = calling(Settings { single_mode: false, ..Settings::default() });
    respond(&mut world, &invite, 183, &[], SDP);
    silence(&mut world, Way::Here, Some(Silence::Nothing));
    world.run(Duration::from_secs(10));
    assert_eq!(told(&world), []);
    respond(&mut world, &invite, 200, &[], SDP);
    world.run(Duration::from_millis(1_400));
    assert_eq!(told(&world), []);
    world.run(Duration::from_millis(200));
    assert_eq!(told(&world), [(SoundWay::Rx, Some(Silence::Nothing.to_string()))]);
}

#[test]
fn a_call_on_hold_may_be_silent() {
    let (mut world, invite) = calling(Settings { single_mode: false, ..Settings::default() });
    respond(&mut world, &invite, 200, &[], SDP);
    world.run(Duration::from_secs(5));
    world.command(0, Command::Hold { call: None }).expect("held");
    let hold = world.last_request();
    silence(&mut world, Way::Here, Some(Silence::Stopped));
    world.run(Duration::from_secs(1));
    assert_eq!(told(&world), [], "asked for, not yet granted");
    respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    world.command(0, Command::Resume { call: None }).expect("resumed");
    let resume = world.last_request();
    respond(&mut world, &resume, 200, &[], SDP);
    world.run(Duration::from_secs(5));
    assert_eq!(told(&world), [], "what was missed before the hold is not missed now");
}

#[test]
fn quality_is_told_when_it_changes_else_every_five_seconds() {
    let (mut world, invite) = calling(Settings { single_mode: false, ..Settings::default() });
    respond(&mut world, &invite, 200, &[], SDP);
    let mut at = Vec::new();
    for second in 0..20_u32 {
        let mos = if second == 12 { 2.0 } else { 4.2 + f64::from(second) / 100.0 };
        let before = world.phones[0].events.len();
        stats(&mut world, StreamStats { mos_rx: Some(mos), ..StreamStats::default() });
        let news = &world.phones[0].events[before..];
        at.extend(news.iter().any(|event| matches!(event, Event::CallQuality { .. })).then_some(second));
        world.run(Duration::from_secs(1));
    }
    assert_eq!(at, [0, 5, 10, 12, 13, 18]);
}

//= RFC 3326 §2
#[test]
fn a_far_end_that_is_gone_is_hung_up_in_time() {
    let settings =
        || Settings { single_mode: false, rtp_timeout_s: 60, rtp_hold_timeout_s: 300, ..Settings::default() };
    for held in [false, true] {
        let (mut world, invite) = calling(settings());
        respond(&mut world, &invite, 200, &[], SDP);
        if held {
            world.command(0, Command::Hold { call: None }).expect("held");
            let hold = world.last_request();
            respond(&mut world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
        }
        let limit = if held { 300 } else { 60 };
        let idle = |seconds| StreamStats { idle: Duration::from_secs(seconds), ..StreamStats::default() };
        stats(&mut world, idle(limit - 1));
        assert_eq!(world.count("BYE"), 0, "held: {held}");
        stats(&mut world, idle(limit));
        assert_eq!(world.count("BYE"), 1, "held: {held}");
        let reason = world.last_request().headers.text(&HeaderName::Reason);
        assert_eq!(reason.as_deref(), Some("Q.850;cause=102;text=\"RTP timeout\""));
        world.run(Duration::from_secs(1));
        let ended = world.ended(0);
        assert_eq!(ended.ended_by, Some(EndedBy::Network));
        assert_eq!(ended.reason, Some(format!("nothing was heard of the far end for {limit} s")));
    }
    let (mut world, invite) = calling(Settings { single_mode: false, ..Settings::default() });
    respond(&mut world, &invite, 200, &[], SDP);
    stats(&mut world, StreamStats { idle: Duration::from_secs(1_000_000), ..StreamStats::default() });
    assert_eq!(world.count("BYE"), 0, "never, if not asked for");
}

#[test]
fn packets_that_are_not_taken_make_few_lines() {
    let (mut world, invite) = calling(Settings { single_mode: false, ..Settings::default() });
    respond(&mut world, &invite, 200, &[], SDP);
    let (mut dropped, from) = (Tally::default(), SocketAddr::from(([203, 0, 113, 9], 4)));
    for n in 0..6_000 {
        dropped.add(if n % 3 == 0 { Dropped::Malformed } else { Dropped::Strangers }, from);
        if n % 10 == 9 {
            stats(&mut world, StreamStats { dropped, ..StreamStats::default() });
        }
    }
    let lines: Vec<&str> = world.phones[0]
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Error { message, .. } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let first = "at the sound of call c1 50 packets were not taken (most from strangers), the last from 203.0.113.9:4";
    assert_eq!(lines[0], first);
    let counted = call(&world).media.unwrap_or_default().dropped;
    assert_eq!((counted.len(), counted.get("malformed")), (2, Some(&2_000)));
}
