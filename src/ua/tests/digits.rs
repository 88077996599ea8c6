//! Digits: the way they go, their order and pauses, those of the far end.

use super::rules::{PEER, SDP, connected, respond};
use super::*;
use crate::config::DtmfMethod;
use crate::media::command::StreamId;
use crate::sip::message::HeaderName;
use crate::ua::command::{DtmfVia, Press};
use crate::ua::outcome::ExitCode;

const EVENTS: &str = "a=rtpmap:101 telephone-event/8000\r\n";

/// A call of a phone with this setting whose far end answered with these formats.
fn talking(method: DtmfMethod, answer: &str) -> World {
    let mut config = local("alice");
    config.accounts.iter_mut().for_each(|account| account.dtmf_method = method);
    let mut world = World::new();
    world.add(config, 5070);
    world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], answer);
    world
}

fn with_events() -> String {
    format!("{}{EVENTS}", SDP.replace("RTP/AVP 8", "RTP/AVP 8 101"))
}

fn press(world: &mut World, digits: &str, press: Press, via: Option<DtmfVia>) -> Result<Reply, CommandError> {
    world.command(0, Command::Dtmf { call: None, digits: digits.into(), press, via })
}

/// The bodies and times of the INFOs sent; each is answered.
fn infos(world: &mut World, status: u16, seconds: u64) -> Vec<String> {
    let (mut seen, mut bodies) = (0, Vec::new());
    for _ in 0..seconds * 20 {
        let sent: Vec<Request> = world.requests("INFO").split_off(seen);
        seen += sent.len();
        for info in sent {
            let body = String::from_utf8(info.body.clone()).unwrap();
            bodies.push(format!(
                "{:.2} {}",
                (world.now - world.start).as_secs_f64(),
                body.lines().next().unwrap_or("")
            ));
            respond(world, &info, status, &[], "");
        }
        world.run(Duration::from_millis(50));
    }
    bodies
}

#[test]
fn the_way_follows_the_setting_and_what_the_far_end_takes() {
    use DtmfMethod::{Auto, Inband, Info, Rtp};
    let plain = SDP.to_owned();
    let opus =
        |fmtp: &str| SDP.replace("RTP/AVP 8", "RTP/AVP 96") + "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 " + fmtp + "\r\n";
    let (low, high) = (opus("maxaveragebitrate=8000"), opus("useinbandfec=1"));
    for (method, answer, asked, via, noted) in [
        (Auto, with_events(), None, DtmfVia::Rtp, false),
        (Auto, plain.clone(), None, DtmfVia::Inband, false),
        (Auto, high.clone(), None, DtmfVia::Inband, false),
        (Auto, low.clone(), None, DtmfVia::Info, true),
        (Inband, with_events(), None, DtmfVia::Inband, false),
        (Inband, low.clone(), None, DtmfVia::Info, true),
        (Rtp, with_events(), None, DtmfVia::Rtp, false),
        (Rtp, plain.clone(), None, DtmfVia::Inband, true),
        (Info, with_events(), None, DtmfVia::Info, false),
        (Auto, with_events(), Some(DtmfVia::Inband), DtmfVia::Inband, false),
        (Auto, low.clone(), Some(DtmfVia::Inband), DtmfVia::Inband, true),
        (Inband, with_events(), Some(DtmfVia::Rtp), DtmfVia::Rtp, false),
        (Auto, with_events(), Some(DtmfVia::Info), DtmfVia::Info, false),
    ] {
        let mut world = talking(method, &answer);
        let reply = press(&mut world, "5", Press::Tap, asked);
        let Ok(Reply::Digits { via: went, note }) = reply else { panic!("{method:?} {answer}: {reply:?}") };
        assert_eq!((went, note.is_some()), (via, noted), "{method:?} {asked:?} {answer} {note:?}");
        let inband = world.phones[0].media.iter().find_map(|command| match command {
            MediaCommand::SendDigit { inband, .. } => Some(*inband),
            _ => None,
        });
        let by_info = world.count("INFO") == 1;
        assert_eq!(
            (inband, by_info),
            match via {
                DtmfVia::Info => (None, true),
                via => (Some(via == DtmfVia::Inband), false),
            }
        );
    }
    let refusal = press(&mut talking(Auto, SDP), "5", Press::Tap, Some(DtmfVia::Rtp)).unwrap_err();
    assert_eq!((refusal.code, refusal.kind), (ExitCode::NotFound, "not_agreed"));
}

#[test]
fn digits_by_info_keep_a_gap_and_pause_at_a_comma() {
    let (mut world, _) = connected();
    press(&mut world, "12,d", Press::Tap, Some(DtmfVia::Info)).expect("connected");
    assert_eq!(infos(&mut world, 200, 3), ["0.00 Signal=1", "0.25 Signal=2", "1.50 Signal=D"]);
}

#[test]
fn one_queue_keeps_the_order_of_all_ways() {
    let mut world = talking(DtmfMethod::Auto, &with_events());
    let start = world.now;
    for (digits, via) in [("1", None), (",2", Some(DtmfVia::Info)), ("3", Some(DtmfVia::Inband)), ("4", None)] {
        press(&mut world, digits, Press::Tap, via).expect("connected");
    }
    assert_eq!(world.phones[0].digits(), "1");
    world.run(Duration::from_millis(1_100));
    assert_eq!((world.phones[0].digits().as_str(), world.count("INFO")), ("1", 1), "3 waits for the answer to 2");
    let info = world.last_request();
    respond(&mut world, &info, 200, &[], "");
    world.run(Duration::from_millis(400));
    assert_eq!((world.phones[0].digits().as_str(), world.now - start), ("134", Duration::from_millis(1_500)));
}

#[test]
fn a_sound_that_says_nothing_holds_up_nothing_for_long() {
    let mut world = talking(DtmfMethod::Auto, &with_events());
    world.phones[0].keys = false;
    press(&mut world, "12", Press::Tap, None).expect("connected");
    world.run(Duration::from_secs(1));
    assert_eq!(world.phones[0].digits(), "1");
    world.run(Duration::from_secs(1));
    assert_eq!(world.phones[0].digits(), "12");
}

#[test]
fn the_queue_is_bounded_and_empty_after_the_call() {
    let mut world = talking(DtmfMethod::Auto, &with_events());
    world.phones[0].keys = false;
    let full = (0..8).find_map(|_| press(&mut world, &"1".repeat(64), Press::Tap, None).err());
    assert_eq!(full.map(|refusal| refusal.kind), Some("too_many"));
    world.command(0, Command::Hangup { which: crate::ua::command::HangupWhich::All }).expect("a call is up");
    world.run(Duration::from_secs(10));
    assert_eq!(world.phones[0].digits(), "1");
}

#[test]
fn a_key_is_held_until_it_is_let_go_of() {
    // Held for so many ms → let go of after.
    for (held, released) in [(20, 160), (160, 160), (1_200, 1_200)] {
        let mut world = talking(DtmfMethod::Auto, &with_events());
        world.phones[0].keys = false;
        let start = world.now;
        press(&mut world, "5", Press::Down, None).expect("connected");
        let sent = MediaCommand::SendDigit {
            stream: StreamId(1),
            digit: '5',
            duration: Duration::from_secs(5),
            inband: false,
        };
        assert!(world.phones[0].media.contains(&sent));
        world.run(Duration::from_millis(held));
        press(&mut world, "5", Press::Up, None).expect("connected");
        let release = MediaCommand::ReleaseDigit { stream: StreamId(1) };
        while !world.phones[0].media.contains(&release) {
            assert!(world.now - start < Duration::from_secs(5), "held {held}");
            world.run(Duration::from_millis(10));
        }
        assert_eq!(world.now - start, Duration::from_millis(released), "held {held}");
    }
    let mut world = talking(DtmfMethod::Auto, &with_events());
    press(&mut world, "5", Press::For(Duration::from_millis(80)), None).expect("connected");
    let lasts = |command: &MediaCommand| matches!(command, MediaCommand::SendDigit { duration, .. } if duration.as_millis() == 80);
    assert!(world.phones[0].media.iter().any(lasts));
}

#[test]
fn a_call_on_hold_takes_digits_by_info_only() {
    let mut world = talking(DtmfMethod::Auto, &format!("{}a=sendonly\r\n", with_events()));
    let refusal = press(&mut world, "5", Press::Tap, None).unwrap_err();
    assert_eq!(refusal.kind, "wrong_state");
    press(&mut world, "5", Press::Tap, Some(DtmfVia::Info)).expect("beside the sound");
    assert_eq!((world.phones[0].digits().as_str(), world.count("INFO")), ("", 1));
}

#[test]
fn an_announcement_before_the_answer_is_given_digits() {
    let mut config = local("alice");
    config.accounts.iter_mut().for_each(|account| account.dtmf_method = DtmfMethod::Auto);
    let mut world = World::new();
    world.add(config, 5070);
    world.dial(0, &format!("sip:bob@127.0.0.1:{PEER}"));
    let invite = world.last_request();
    respond(&mut world, &invite, 180, &[], "");
    assert_eq!(press(&mut world, "5", Press::Tap, None).unwrap_err().kind, "no_call", "nobody listens");
    respond(&mut world, &invite, 183, &[], &with_events());
    let reply = press(&mut world, "5", Press::Tap, None);
    assert_eq!(reply, Ok(Reply::Digits { via: DtmfVia::Rtp, note: None }));
    let refusal = press(&mut world, "6", Press::Tap, Some(DtmfVia::Info)).unwrap_err();
    assert!(refusal.message.contains("not answered yet"), "{refusal:?}");
    assert_eq!((world.phones[0].digits().as_str(), world.count("INFO")), ("5", 0));
}

/// RFC 6086 leaves the body to the two ends: some know only the bare digit.
#[test]
fn who_takes_only_the_bare_digit_gets_it_and_who_takes_none_is_named_once() {
    let mut world = talking(DtmfMethod::Info, SDP);
    press(&mut world, "12", Press::Tap, None).expect("connected");
    let first = world.last_request();
    respond(&mut world, &first, 415, &[(HeaderName::Accept, "application/dtmf")], "");
    assert_eq!(infos(&mut world, 200, 1).len(), 3);
    let sent: Vec<_> =
        world.requests("INFO").iter().map(|info| String::from_utf8(info.body.clone()).unwrap()).collect();
    assert_eq!(sent, ["Signal=1\r\nDuration=160\r\n", "1", "2"]);
    let mut world = talking(DtmfMethod::Info, SDP);
    press(&mut world, "12", Press::Tap, None).expect("connected");
    infos(&mut world, 415, 2);
    let errors: Vec<_> = world.phones[0].events.iter().filter(|event| matches!(event, Event::Error { .. })).collect();
    let [Event::Error { message, .. }] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!(message, "the far end takes no digits by INFO (415)");
}

#[test]
fn what_is_keyed_after_the_answer_waits_its_second() {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.dial(0, &format!("<sip:bob@127.0.0.1:{PEER}>,12,,3"));
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], &with_events());
    for (ms, digits) in [(990, ""), (20, "12"), (1_980, "12"), (20, "123")] {
        world.run(Duration::from_millis(ms));
        assert_eq!(world.phones[0].digits(), digits);
    }
}

#[test]
fn a_press_is_told_once_by_whichever_ways_it_comes() {
    use DtmfVia::{Inband, Info, Rtp};
    // (ms, digit, way) → told
    type Row = (&'static str, &'static [(u64, char, DtmfVia)], &'static str);
    let rows: &[Row] = &[
        ("one way", &[(0, '1', Rtp), (100, '1', Rtp), (200, '2', Rtp)], "112"),
        ("beside the sound and in it", &[(0, '1', Rtp), (80, '1', Inband), (250, '1', Rtp), (330, '1', Inband)], "11"),
        ("all three", &[(0, '5', Rtp), (60, '5', Inband), (90, '5', Info)], "5"),
        ("two presses, two ways", &[(0, '5', Inband), (600, '5', Rtp)], "55"),
        ("two digits, two ways", &[(0, '5', Inband), (100, '6', Info)], "56"),
    ];
    for (what, presses, told) in rows {
        let mut world = talking(DtmfMethod::Auto, &with_events());
        let start = world.now;
        for (ms, digit, via) in *presses {
            world.now = start + Duration::from_millis(*ms);
            let now = world.now;
            world.phones[0].agent.digit_heard(1, *digit, *via, now);
            world.settle();
        }
        assert_eq!(world.phones[0].heard(), *told, "{what}");
    }
    let mut world = talking(DtmfMethod::Auto, &with_events());
    for n in 0..1_000 {
        let now = world.now;
        let event = MediaEvent::Digit { stream: StreamId(1), digit: if n % 2 == 0 { '1' } else { '2' }, inband: false };
        world.phones[0].agent.handle(Input::Media(event), now);
        world.settle();
    }
    assert_eq!(world.phones[0].heard().len(), 32, "nobody presses a thousand digits at once");
}
