//! Beside and between calls: ignoring, the pause after a talk, the mailbox, what the exchange is told.

use super::incoming::{HOME, registered, rung};
use super::rules::{SDP, respond};
use super::*;
use crate::config::DenyIncoming;
use crate::media::command::LocalTone;
use crate::sip::message::HeaderName;
use crate::ua::snapshot::{CallState, VoicemailInfo};

const SECOND: Duration = Duration::from_secs(1);

fn kind(reply: Result<Reply, CommandError>) -> Option<&'static str> {
    reply.err().map(|refusal| refusal.kind)
}

fn tone(world: &World) -> Option<LocalTone> {
    let tone = |command: &MediaCommand| if let MediaCommand::Tone(tone) = command { Some(*tone) } else { None };
    world.phones[0].media.iter().rev().find_map(tone).flatten()
}

/// Whom calls of ours went to.
fn called(world: &World) -> Vec<String> {
    world.requests("INVITE").into_iter().map(|invite| invite.uri).collect()
}

#[test]
fn what_is_ignored_is_heard_no_more_and_rings_on() {
    let mut world = registered(Settings::default());
    assert_eq!(rung(&mut world, HOME, "", "one"), 180);
    assert!(matches!(tone(&world), Some(LocalTone::Ring(_))));
    let ignore = || Command::Ignore { call: None };
    assert_eq!(kind(world.command(0, ignore())), None);
    assert_eq!(tone(&world), None);
    let calls = world.phones[0].agent.status(world.now).calls;
    assert_eq!((calls[0].state, calls[0].ignored), (CallState::Incoming, true));
    assert_eq!(world.last_response().status.0, 180, "the caller is told nothing");
    assert_eq!(kind(world.command(0, ignore())), Some("no_call"));
    assert_eq!(kind(world.command(0, Command::Answer { call: None })), None, "it is still there");
    assert_eq!(world.last_response().status.0, 200);
    let mut world = registered(Settings { no_ignore_call: true, ..Settings::default() });
    rung(&mut world, HOME, "", "one");
    assert_eq!(kind(world.command(0, ignore())), Some("no_ignore_call"));
    assert!(matches!(tone(&world), Some(LocalTone::Ring(_))));
}

/// A talk that lasts a second.
fn talk(world: &mut World, number: &str) {
    world.dial(0, number);
    let invite = world.last_request();
    respond(world, &invite, 200, &[], SDP);
    world.run(SECOND);
    world.command(0, Command::Hangup { which: Default::default() }).expect("it is up");
}

#[test]
fn room_that_many_calls_took_is_given_back() {
    let mut world = registered(Settings::default());
    for _ in 0..40 {
        talk(&mut world, "200");
    }
    let room = |world: &World| world.phones[0].agent.calls.capacity();
    assert!(room(&world) >= 32, "they outlast their end");
    world.run(60 * SECOND);
    assert!(world.phones[0].agent.calls.is_empty());
    assert!(room(&world) <= 8, "{}", room(&world));
}

#[test]
fn after_a_talk_new_calls_find_the_phone_busy_for_a_while() {
    let left = |world: &World| world.phones[0].agent.status(world.now).wrap_up;
    let mut world = registered(Settings { wrap_up_s: 20, ..Settings::default() });
    assert_eq!(left(&world), None);
    talk(&mut world, "200");
    assert_eq!(left(&world), Some(20));
    assert_eq!(rung(&mut world, HOME, "", "one"), 486);
    assert_eq!(world.ended(0).reason.as_deref(), Some("the call before was being wrapped up"));
    world.run(19 * SECOND);
    assert_eq!((left(&world), rung(&mut world, HOME, "", "two")), (Some(1), 486));
    world.run(SECOND);
    assert_eq!((left(&world), rung(&mut world, HOME, "", "three")), (None, 180));
    let told: Vec<u64> = world.phones[0]
        .events
        .iter()
        .filter_map(|event| match event {
            Event::WrapUp { for_s } => Some(*for_s),
            _ => None,
        })
        .collect();
    assert_eq!(told, [20, 0]);
    // What was never answered was no talk.
    world.command(0, Command::Reject { call: None, code: None }).expect("it rings");
    assert_eq!(left(&world), None);
    assert_eq!(kind(world.command(0, Command::Available)), Some("no_wrap_up"));
    talk(&mut world, "200");
    assert_eq!(kind(world.command(0, Command::Available)), None);
    assert_eq!((left(&world), rung(&mut world, HOME, "", "four")), (None, 180));
}

#[test]
fn the_mailbox_is_called_where_something_waits() {
    let call = |account: Option<&str>| Command::Voicemail { account: account.map(str::to_owned) };
    let mut world = registered(Settings::default());
    assert_eq!(kind(world.command(0, call(None))), Some("no_mailbox"));
    world.phones[0].agent.lines.iter_mut().for_each(|line| {
        if line.account.id.0 == 1 {
            line.account.voicemail_number = "*97".into();
        }
    });
    for account in [None, Some("1"), Some("alice@127.0.0.1")] {
        assert_eq!(kind(world.command(0, call(account))), None);
        assert_eq!(called(&world).last().map(String::as_str), Some("sip:*97@127.0.0.1"));
        world.command(0, Command::Hangup { which: Default::default() }).expect("it is up");
    }
    // Of two accounts the one where something waits, else the selected one; the number of the settings counts more than
    // the one the server names.
    let of = |id, user, number: &str| Account {
        id: AccountId(id),
        server: String::new(),
        voicemail_number: number.into(),
        ..account(user)
    };
    for (waits, expected) in [([false, false], "*97"), ([false, true], "*98"), ([true, true], "*97")] {
        let mut world = World::new();
        world.add(AgentConfig::new(Settings::default(), vec![of(1, "alice", "*97"), of(2, "bob", "")]), 5070);
        for line in world.phones[0].agent.lines.iter_mut().filter(|line| line.account.id.0 > 0) {
            let second = line.account.id.0 == 2;
            let number = Some(if second { "*98" } else { "*55" }.to_owned());
            line.voicemail = Some(VoicemailInfo { waiting: waits[usize::from(second)], number, ..Default::default() });
        }
        assert_eq!(kind(world.command(0, call(None))), None);
        assert_eq!(called(&world), [format!("sip:{expected}@127.0.0.1")], "{waits:?}");
    }
    assert_eq!(kind(world.command(0, call(Some("0")))), Some("no_mailbox"));
    assert_eq!(kind(world.command(0, call(Some("nobody")))), Some("no_such_account"));
}

#[test]
fn the_exchange_is_told_what_changes_if_there_is_a_code_for_it() {
    let text = str::to_owned;
    let settings = || Settings {
        dnd_on_code: text("*78"),
        dnd_off_code: text("*79"),
        forward_on_code: text("*72"),
        forward_off_code: text("*73"),
        ..Settings::default()
    };
    let dnd = |on| Command::Dnd { on };
    let forward = |number: Option<&str>| Command::Forward { number: number.map(str::to_owned) };
    let mut world = registered(settings());
    for (command, code) in [
        (dnd(false), None),
        (dnd(true), Some("*78")),
        (dnd(true), None),
        (dnd(false), Some("*79")),
        (forward(None), None),
        (forward(Some("(030) 123")), Some("*72030123")),
        (forward(Some("(030) 123")), None),
        (forward(Some("104")), Some("*72104")),
        (forward(None), Some("*73")),
    ] {
        let (before, words) = (called(&world).len(), format!("{command:?}"));
        assert_eq!(kind(world.command(0, command)), None, "{words}");
        let calls: Vec<String> = called(&world).split_off(before);
        let expected: Vec<String> = code.iter().map(|code| format!("sip:{code}@127.0.0.1")).collect();
        assert_eq!(calls, expected, "{words}");
        if code.is_some() {
            world.command(0, Command::Hangup { which: Default::default() }).expect("it is up");
        }
    }
    // In a call nothing is dialled, and that is said; the change stays.
    world.dial(0, "200");
    world.phones[0].events.clear();
    assert_eq!(kind(world.command(0, dnd(true))), None);
    assert!(world.phones[0].agent.status(world.now).dnd && !called(&world).last().expect("one").contains("*78"));
    let told = world.phones[0].events.iter().find_map(|event| match event {
        Event::Error { message, .. } => Some(message.clone()),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("the exchange was not told of do-not-disturb: another call is up"));
    let mut world = registered(Settings::default());
    world.command(0, dnd(true)).expect("it is turned on");
    assert_eq!(called(&world), Vec::<String>::new(), "without a code nobody is told");
}

//= RFC 3326 §2
#[test]
fn whoever_is_refused_by_a_rule_is_told_in_microsips_words() {
    let deny = Settings { deny_incoming: DenyIncoming::All, ..Settings::default() };
    let full = Settings { max_concurrent_calls: 1, ..Settings::default() };
    for (settings, before, expected) in [
        (Settings { dnd: true, ..Settings::default() }, None, "SIP;cause=486;text=\"Do Not Disturb\""),
        (deny, None, "SIP;cause=486;text=\"Incoming calls blocked by user\""),
        (
            full,
            Some("P-Asserted-Identity: <sip:carol@127.0.0.1>\r\n"),
            "SIP;cause=486;text=\"Maximum concurrent calls reached\"",
        ),
        (Settings::default(), Some(""), "SIP;cause=486;text=\"Already in call with this contact\""),
    ] {
        let mut world = registered(settings);
        if let Some(lines) = before {
            assert_eq!(rung(&mut world, HOME, lines, "first"), 180);
        }
        assert_eq!(rung(&mut world, HOME, "", "one"), 486);
        assert_eq!(world.last_response().headers.text(&HeaderName::Reason).as_deref(), Some(expected));
    }
}

//= RFC 3581 §3
#[test]
fn answers_are_asked_back_to_where_requests_come_from_unless_the_settings_say_no() {
    for rport in [true, false] {
        let mut world = registered(Settings { rport, ..Settings::default() });
        world.dial(0, "200");
        for request in world.requests("REGISTER").iter().chain(&world.requests("INVITE")) {
            let via = request.headers.text(&HeaderName::Via).expect("one");
            assert_eq!((via.contains(";rport"), via.contains(";branch=z9hG4bK")), (rport, true), "{via}");
        }
        assert_eq!(world.requests("INVITE").len(), 1);
    }
}
