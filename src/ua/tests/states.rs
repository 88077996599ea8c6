//! What the phone does, in the one word that scripts poll: of several calls the one that matters most tells it.

use super::incoming::HOME;
use super::rules::{PEER, SDP, called, respond};
use super::*;
use crate::config::DenyIncoming;
use crate::sip::message::HeaderName;

fn word(world: &World) -> String {
    let state = world.phones[0].agent.status(world.now).state;
    serde_json::to_value(state).expect("a word").as_str().unwrap_or_default().to_owned()
}

type Step = fn(&mut World);

fn calls_bob(world: &mut World) {
    world.dial(0, "sip:bob@127.0.0.1:5998");
}
fn bob_rings(world: &mut World) {
    let invite = world.last_request();
    respond(world, &invite, 180, &[], "");
}
fn bob_sounds(world: &mut World) {
    let invite = world.last_request();
    respond(world, &invite, 183, &[], SDP);
}
fn bob_answers(world: &mut World) {
    let invite = world.last_request();
    respond(world, &invite, 200, &[], SDP);
}
fn holds(world: &mut World) {
    world.command(0, Command::Hold { call: None }).expect("connected");
    let hold = world.last_request();
    respond(world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
}
fn carol_calls(world: &mut World) {
    let invite = String::from_utf8(called("Content-Type: application/sdp\r\n", SDP, "in")).expect("text");
    world.send(PEER, 0, invite.replace("sip:bob@", "sip:carol@").into_bytes());
}
fn all_end(world: &mut World) {
    world.command(0, Command::Hangup { which: crate::ua::command::HangupWhich::All }).expect("a call");
}

/// The words of the state: `idle|registering|ringing|calling|connected|held`.
#[test]
fn one_word_tells_what_the_phone_does() {
    let rows: [(&[Step], &str); 14] = [
        (&[], "idle"),
        (&[calls_bob], "calling"),
        (&[calls_bob, bob_rings], "calling"),
        (&[calls_bob, bob_sounds], "calling"),
        (&[calls_bob, bob_answers], "connected"),
        (&[calls_bob, bob_answers, holds], "held"),
        (&[carol_calls], "ringing"),
        (&[carol_calls, calls_bob], "ringing"),
        (&[calls_bob, bob_answers, carol_calls], "connected"),
        (&[calls_bob, bob_answers, holds, carol_calls], "ringing"),
        (&[calls_bob, bob_answers, holds, calls_bob], "calling"),
        (&[calls_bob, bob_answers, all_end], "idle"),
        (&[carol_calls, all_end], "idle"),
        (&[calls_bob, bob_answers, holds, all_end], "idle"),
    ];
    for (at, (steps, expected)) in rows.into_iter().enumerate() {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.run(Duration::ZERO);
        steps.iter().for_each(|step| step(&mut world));
        assert_eq!(word(&world), expected, "row {at}: {:#?}", world.log);
    }
    let mut world = World::new();
    world.add(AgentConfig::new(Settings { single_mode: false, ..Settings::default() }, vec![account("alice")]), 5070);
    world.run(Duration::ZERO);
    assert_eq!(word(&world), "registering");
    calls_bob(&mut world);
    assert_eq!(word(&world), "calling", "what a person does goes before");
}

/// Calls are sent on where there is somewhere to send them.
#[test]
fn who_sends_calls_on_is_told_where() {
    use crate::config::Forwarding::{All, Button, Never};
    for (forwarding, forwarding_button, number, expected) in [
        (All, false, "600", Some("600")),
        (All, false, " ", None),
        (Button, true, "600", Some("600")),
        (Button, false, "600", None),
        (Never, true, "600", None),
    ] {
        let mut world = World::new();
        let settings =
            Settings { forwarding, forwarding_button, forwarding_number: number.into(), ..Settings::default() };
        world.add(AgentConfig { settings, ..local("alice") }, 5070);
        let told = world.phones[0].agent.status(world.now).forward;
        assert_eq!(told.as_deref(), expected, "{forwarding:?} {forwarding_button} {number:?}");
    }
}

/// The server is told of do-not-disturb, where the settings leave the button a say.
#[test]
fn do_not_disturb_is_published_as_busy() {
    use DenyIncoming::{All, Button, Never};
    for (dnd, deny_incoming, busy) in
        [(false, Button, false), (true, Button, true), (true, Never, false), (true, All, false), (false, All, false)]
    {
        let mut world = World::new();
        let settings = Settings { dnd, deny_incoming, ..Settings::default() };
        world.add(AgentConfig::new(settings, vec![Account { publish: true, ..account("alice") }]), 5070);
        world.run(Duration::ZERO);
        let register = world.last_request();
        let mut ok = Response::to_request(&register, message::StatusCode(200), Some("r"));
        let contact = register.headers.text(&HeaderName::Contact).unwrap_or_default();
        ok.headers.push(HeaderName::Contact, format!("{contact};expires=300"));
        world.send(HOME, 0, ok.to_bytes());
        world.run(Duration::ZERO);
        let told = world.requests("PUBLISH").pop().expect("it is told");
        let told = String::from_utf8_lossy(&told.body).into_owned();
        assert_eq!(told.contains("On the phone"), busy, "DND={dnd} {deny_incoming:?}: {told}");
        assert_eq!(world.phones[0].agent.status(world.now).dnd, busy);
    }
}
