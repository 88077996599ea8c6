//! Shortcuts: what a press of each kind does, by what the phone does at that moment.

use super::following::{following_with, within};
use super::incoming::registered;
use super::rules::{SDP, respond};
use super::*;
use crate::config::Shortcut;
use crate::sip::message::HeaderName;
use crate::ua::snapshot::{LightState, ShortcutInfo};

fn shortcuts(rows: &[&str]) -> Vec<Shortcut> {
    rows.iter().map(|row| Shortcut::parse(row).0).collect()
}

fn phone(rows: &[&str]) -> World {
    registered(Settings { shortcuts: shortcuts(rows), ..Settings::default() })
}

/// Presses one; its refusal, if there is one at once.
fn press(world: &mut World, which: &str, text: Option<&str>) -> Option<&'static str> {
    world.phones[0].replies.clear();
    let command = Command::Shortcut { which: which.to_owned(), text: text.map(str::to_owned) };
    let now = world.now;
    world.phones[0].agent.handle(Input::Command(RequestId(1), command), now);
    world.settle();
    world.phones[0].replies.last().and_then(|reply| reply.as_ref().err()).map(|refusal| refusal.kind)
}

/// A call that talks.
fn talk(world: &mut World) {
    world.dial(0, "200");
    let invite = world.last_request();
    respond(world, &invite, 200, &[], SDP);
    assert_eq!(calls(world).len(), 1);
}

fn calls(world: &World) -> Vec<crate::ua::snapshot::CallInfo> {
    world.phones[0].agent.status(world.now).calls
}

fn infos(world: &World) -> Vec<ShortcutInfo> {
    world.phones[0].agent.status(world.now).shortcuts
}

/// Whom the last call of ours is to.
fn called(world: &World) -> String {
    world.requests("INVITE").last().map(|invite| invite.uri.clone()).unwrap_or_default()
}

#[test]
fn a_press_does_what_fits_the_moment() {
    for (row, talks, expected) in [
        ("Bob;102;call", false, "call sip:102@127.0.0.1"),
        ("Bob;(10) 2;0", false, "call sip:102@127.0.0.1"),
        ("Bob;102;video", false, "call sip:102@127.0.0.1"),
        ("Bob;102;callOrBT", false, "call sip:102@127.0.0.1"),
        ("Bob;102;callOrAT", false, "call sip:102@127.0.0.1"),
        ("Bob;102;callOrConference", false, "call sip:102@127.0.0.1"),
        ("Bob;102;conference", false, "call sip:102@127.0.0.1"),
        ("Bob;102;call", true, "call sip:102@127.0.0.1"),
        ("Bob;102;transfer", true, "transfer sip:102@127.0.0.1"),
        ("Bob;102;callOrBT", true, "transfer sip:102@127.0.0.1"),
        // They are asked first.
        ("Bob;102;attendedTransfer", true, "call sip:102@127.0.0.1"),
        ("Bob;102;callOrAT", true, "call sip:102@127.0.0.1"),
        ("Bob;12#;dtmf", true, "digits 12#"),
        ("Bob;12#", true, "digits 12#"),
    ] {
        let mut world = phone(&[row]);
        if talks {
            talk(&mut world);
        }
        assert_eq!(press(&mut world, "bob", None), None, "{row}");
        world.run(Duration::from_secs(1));
        let transfer = calls(&world).iter().find_map(|call| call.transfer.as_ref().map(|it| it.to.clone()));
        let did = match (transfer, world.phones[0].digits()) {
            (Some(to), _) => format!("transfer {to}"),
            (None, digits) if !digits.is_empty() => format!("digits {digits}"),
            _ => format!("call {}", called(&world)),
        };
        assert_eq!(did, expected, "{row}, {talks}");
    }
}

#[test]
fn who_is_called_into_a_conference_joins_it() {
    for row in ["Bob;102;conference", "Bob;102;callOrConference"] {
        let mut world = phone(&[row]);
        talk(&mut world);
        press(&mut world, "1", None);
        let invite =
            world.requests("INVITE").into_iter().find(|invite| invite.uri.contains("102")).expect("they are called");
        let leg = invite.headers.text(&HeaderName::from_token("X-Conf-Call-ID"));
        assert_eq!(leg.as_ref(), Some(&calls(&world)[0].sip_call_id), "{row}");
        assert!(calls(&world).iter().all(|call| !call.conference));
        respond(&mut world, &invite, 200, &[], SDP);
        let joined: Vec<bool> = calls(&world).iter().map(|call| call.conference).collect();
        assert_eq!(joined, [true, true], "{row}: {:#?}", world.log);
    }
}

#[test]
fn who_was_asked_is_connected_by_the_next_press() {
    let mut world = phone(&["Bob;102;attendedTransfer"]);
    talk(&mut world);
    press(&mut world, "1", None);
    let invite =
        world.requests("INVITE").into_iter().find(|invite| invite.uri.contains("102")).expect("they are called");
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(press(&mut world, "1", None), None);
    let transfers: Vec<_> = calls(&world).into_iter().filter_map(|call| call.transfer).collect();
    assert_eq!(transfers.iter().map(|transfer| transfer.with.as_deref()).collect::<Vec<_>>(), [Some("c2")]);
}

#[test]
fn a_shortcut_of_two_numbers_goes_from_one_to_the_other() {
    let mut world = phone(&["Night;*78;call;*79;0;Day", "Al;103;call"]);
    for (number, label, toggled) in [("*78", "Day", true), ("*79", "Night", false), ("*78", "Day", true)] {
        assert_eq!(press(&mut world, "1", None), None);
        assert_eq!(called(&world), format!("sip:{number}@127.0.0.1"));
        let first = &infos(&world)[0];
        assert_eq!((first.label.as_str(), first.toggled), (label, toggled));
        world.command(0, Command::Hangup { which: Default::default() }).expect("it is up");
    }
    assert_eq!(press(&mut world, "day", None), None, "by the label it has now");
    assert_eq!(called(&world), "sip:*79@127.0.0.1");
    // What was refused has not been pressed.
    world.phones[0].agent.config.settings.single_mode = true;
    assert_eq!(press(&mut world, "1", None), Some("single_mode"));
    assert!(!infos(&world)[0].toggled && !infos(&world)[1].toggled);
}

#[test]
fn what_cannot_be_pressed_says_why() {
    for (row, which, text, kind) in [
        ("Bob;102;call", "2", None, "no_such_shortcut"),
        ("Bob;102;call", "0", None, "no_such_shortcut"),
        ("Bob;102;call", "Eve", None, "no_such_shortcut"),
        ("Bob;102;call", "1", Some("hello"), "usage"),
        ("Bob;;call", "1", None, "no_number"),
        ("Bob;102;runBatch", "1", None, "foreign"),
        ("Bob;102;message", "1", None, "no_text"),
        ("Bob;102;transfer", "1", None, "no_call"),
        ("Bob;102;attendedTransfer", "1", None, "no_call"),
        ("Bob;12x;dtmf", "1", None, "bad_digits"),
        ("Bob;102;dtmf", "1", None, "no_call"),
        ("Bob;1\u{7}2;call", "1", None, "bad_number"),
    ] {
        let mut world = phone(&[row]);
        assert_eq!(press(&mut world, which, text), Some(kind), "{row} {which}");
    }
    // A number is a number, whatever others are called.
    let mut world = phone(&["2;101;call", "Bob;102;call"]);
    press(&mut world, "2", None);
    assert_eq!(called(&world), "sip:102@127.0.0.1");
    let mut world = phone(&["Bob;102;conference"]);
    talk(&mut world);
    world.phones[0].agent.config.settings.single_mode = true;
    assert_eq!(press(&mut world, "1", None), Some("single_mode"));
    let refused = world.command(0, Command::Shortcut { which: "1".to_owned(), text: None });
    let words = refused.expect_err("one call at a time").message;
    assert_eq!(words, "the shortcut Bob makes a conference, and this phone takes one call at a time");
}

#[test]
fn a_message_goes_to_the_number() {
    let mut world = phone(&["Bob;102;message"]);
    assert_eq!(press(&mut world, "1", Some("on my way")), None);
    let sent = world.requests("MESSAGE");
    assert_eq!(
        sent.iter().map(|it| (it.uri.as_str(), it.body.as_slice())).collect::<Vec<_>>(),
        [("sip:102@127.0.0.1", b"on my way".as_slice())]
    );
}

#[test]
fn where_the_light_shows_that_it_rings_the_call_is_taken() {
    for (row, by_code, uri) in [
        ("Bob;102;call;;1", true, "sip:**102@127.0.0.1"),
        ("Bob;102;callOrBT;;1", true, "sip:**102@127.0.0.1"),
        ("Bob;102;call;;1", false, "sip:102@127.0.0.1"),
        ("Bob;102;message;;1", true, ""),
    ] {
        let mut settings = Settings { shortcuts: shortcuts(&[row]), ..Settings::default() };
        settings.pickup_code.enabled = by_code;
        let (mut world, sent) = following_with(settings);
        let body = "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:102@127.0.0.1\">\
                    <note>Ringing</note><tuple id=\"t\"><status><basic>open</basic></status></tuple></presence>";
        let headers = "Event: presence\r\nContent-Type: application/pidf+xml\r\n";
        assert_eq!(within(&mut world, &sent[0], 7, headers, body).status.0, 200);
        assert_eq!(infos(&world)[0].light, Some(LightState::Ringing));
        press(&mut world, "1", None);
        assert_eq!(called(&world), uri, "{row}, {by_code}");
    }
}
