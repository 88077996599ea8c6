//! What becomes of a call that comes in, decided in MicroSIP's order: where two rules apply, the one above wins.
//! `cmdIncomingCall` comes first of all, once, whatever is decided then.

use super::incoming::{HOME, registered};
use super::rules::{SDP, called, respond};
use super::*;
use crate::config::{AutoAnswer, AutoAnswerCalls, DenyIncoming, Forwarding};
use crate::sip::message::HeaderName;
use crate::ua::hooks::fired;
use std::collections::BTreeMap;

const BOB: &str = "sip:bob@127.0.0.1:5998";
const ALICE: &str = "sip:alice@127.0.0.1";

/// The own network rings, in the name of this caller and for this address.
fn ring(world: &mut World, from: &str, to: &str, call_id: &str) {
    let line = world.phones[0].agent.lines.iter().find(|line| line.registers()).expect("an account");
    let contact = format!("sip:{}@127.0.0.1:5070 SIP", line.contact_user);
    let text = String::from_utf8(called("Content-Type: application/sdp\r\n", SDP, call_id)).expect("text");
    let text =
        text.replace("sip:alice@127.0.0.1:5070 SIP", &contact).replace("Call-ID: in", &format!("Call-ID: {call_id}"));
    let text = text.replace("<sip:alice@127.0.0.1:5070>", &format!("<{to}>"));
    let text = text.replace("From: <sip:bob@127.0.0.1:5998>", &format!("From: <{from}>"));
    let text = text.replace("127.0.0.1:5998;branch", &format!("127.0.0.1:{HOME};branch"));
    world.send(HOME, 0, text.into_bytes());
    world.run(Duration::ZERO);
}

/// The answers to the INVITE of this Call-ID from this moment on, each once: `180 200`.
fn answers(world: &World, call_id: &str, since: Duration) -> String {
    let mut told: Vec<u16> = Vec::new();
    for (at, packet) in &world.outside {
        if let Ok(Message::Response(response)) = message::parse(&packet.bytes)
            && *at >= since
            && response.headers.text(&HeaderName::CallId).as_deref() == Some(call_id)
            && response.headers.cseq().ok().flatten().is_some_and(|cseq| cseq.method == message::Method::Invite)
            && told.last() != Some(&response.status.0)
        {
            told.push(response.status.0);
        }
    }
    told.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

/// What the events so far set off.
fn hooks(world: &World) -> String {
    let fired = world.phones[0].events.iter().flat_map(|event| fired(event, &BTreeMap::new()));
    let of_calls = fired.filter(|fired| fired.facts.direction == "incoming").map(|fired| fired.trigger.name());
    of_calls.collect::<Vec<_>>().join(" ")
}

fn talk_to(world: &mut World, target: &str) {
    world.dial(0, target);
    let invite = world.last_request();
    respond(world, &invite, 200, &[], SDP);
}

fn obeyed(world: &mut World, command: Command) {
    world.command(0, command).expect("it can be done");
    let hold = world.requests("INVITE").pop().filter(|_| world.last_request().method == message::Method::Invite);
    if let Some(hold) = hold {
        respond(world, &hold, 200, &[], &format!("{SDP}a=recvonly\r\n"));
    }
}

// What is there before the call comes.
fn nothing(_: &mut World) {}
fn talks(world: &mut World) {
    talk_to(world, "200");
}
fn talks_to_bob(world: &mut World) {
    talk_to(world, BOB);
}
fn has_one_on_hold(world: &mut World) {
    talks(world);
    obeyed(world, Command::Hold { call: None });
}
/// It rang before, was ignored, and ended.
fn ignored(world: &mut World) {
    ring(world, BOB, ALICE, "one");
    world.command(0, Command::Ignore { call: None }).expect("it rings");
    world.command(0, Command::Reject { call: None, code: None }).expect("it is still there");
    world.run(Duration::from_secs(60));
}
fn ignored_and_dnd(world: &mut World) {
    ignored(world);
    world.command(0, Command::Dnd { on: true }).expect("on");
}
fn ignored_and_talks(world: &mut World) {
    ignored(world);
    talks(world);
}

fn base() -> Settings {
    Settings { single_mode: false, ..Settings::default() }
}

/// Everything below the rules for other calls would apply.
fn denied() -> Settings {
    Settings { deny_incoming: DenyIncoming::All, ..moved_or_answered(Some(0), Some(0)) }
}

/// Answered by itself, and sent on, after so many seconds.
fn moved_or_answered(answer: Option<u32>, forward: Option<u32>) -> Settings {
    Settings {
        auto_answer: if answer.is_some() { AutoAnswer::All } else { AutoAnswer::Never },
        auto_answer_delay_s: answer.unwrap_or(0),
        auto_answer_calls: AutoAnswerCalls::Held,
        forwarding: if forward.is_some() { Forwarding::All } else { Forwarding::Never },
        forwarding_delay_s: forward.unwrap_or(0),
        forwarding_number: "600".into(),
        ..base()
    }
}

fn itself(auto_answer: AutoAnswer, auto_answer_button: bool, auto_answer_calls: AutoAnswerCalls) -> Settings {
    Settings { auto_answer, auto_answer_button, auto_answer_calls, ..base() }
}

/// A decision: the settings, what was there before, the answers, the words here, the words in Reason, the hooks.
type Row = (&'static str, Settings, fn(&mut World), &'static str, &'static str, &'static str, &'static str);

fn rows() -> Vec<Row> {
    use AutoAnswer::{All, Button, Never};
    use AutoAnswerCalls::{Alone, Any, Held};
    let none = "IncomingCall";
    let rings = "IncomingCall CallRing";
    let at_once = "IncomingCall CallAnswer CallStart";
    let later = "IncomingCall CallRing CallAnswer CallStart";
    let sent_on = "IncomingCall CallRing CallEnd";
    let (exists, most, dnd, blocked) = (
        "Already in call with this contact",
        "Maximum concurrent calls reached",
        "Do Not Disturb",
        "Incoming calls blocked by user",
    );
    let one_alone = || Settings { call_waiting: false, ..denied() };
    let one_at_most = || Settings { max_concurrent_calls: 1, ..denied() };
    let rule = |deny_incoming| Settings { deny_incoming, ..moved_or_answered(Some(0), Some(0)) };
    let with_dnd = |settings: Settings| Settings { dnd: true, ..settings };
    let button =
        |on| Settings { forwarding: Forwarding::Button, forwarding_button: on, ..moved_or_answered(None, Some(0)) };
    let nowhere = || Settings { forwarding_number: String::new(), ..moved_or_answered(None, Some(0)) };
    vec![
        ("nothing in the way", base(), nothing, "180", "", "", rings),
        // 1. The same caller twice.
        ("they talk to us", base(), talks_to_bob, "486", "already in a call with them", exists, none),
        ("they do, and callWaiting=0", one_alone(), talks_to_bob, "486", "already in a call with them", exists, none),
        // 2. Other calls.
        ("callWaiting=0", one_alone(), talks, "486", "another call was up", "", none),
        ("maxConcurrentCalls", one_at_most(), talks, "486", "the most calls there may be were up", most, none),
        (
            "callWaiting=0 and maxConcurrentCalls",
            Settings { call_waiting: false, ..one_at_most() },
            talks,
            "486",
            "another call was up",
            "",
            none,
        ),
        ("two may be", Settings { max_concurrent_calls: 2, ..base() }, talks, "180", "", "", rings),
        // 3. Ignored before.
        ("ignored", base(), ignored, "487", "ignored before", "", none),
        ("ignored, then DND", base(), ignored_and_dnd, "487", "ignored before", "", none),
        (
            "ignored, and callWaiting=0",
            Settings { call_waiting: false, ..base() },
            ignored_and_talks,
            "486",
            "another call was up",
            "",
            none,
        ),
        // 4. Who may ring at all.
        ("DND", with_dnd(rule(DenyIncoming::Button)), nothing, "486", "do not disturb", dnd, none),
        ("all", rule(DenyIncoming::All), nothing, "486", "blocked by denyIncoming", blocked, none),
        (
            "DND where the settings take all",
            with_dnd(rule(DenyIncoming::Never)),
            nothing,
            "302",
            "forwarded to 600",
            "",
            none,
        ),
        // 5. Answered by itself or sent on: the shorter wait, and on where they are equal.
        ("answered", moved_or_answered(Some(0), None), nothing, "180 200", "", "", at_once),
        ("answered later", moved_or_answered(Some(5), None), nothing, "180 200", "", "", later),
        ("sent on", moved_or_answered(None, Some(0)), nothing, "302", "forwarded to 600", "", none),
        ("sent on later", moved_or_answered(None, Some(5)), nothing, "180 302", "forwarded to 600", "", sent_on),
        ("both at once", moved_or_answered(Some(0), Some(0)), nothing, "302", "forwarded to 600", "", none),
        ("both, the answer first", moved_or_answered(Some(3), Some(5)), nothing, "180 200", "", "", later),
        ("both, the answer at once", moved_or_answered(Some(0), Some(5)), nothing, "180 200", "", "", at_once),
        (
            "both, sent on first",
            moved_or_answered(Some(5), Some(3)),
            nothing,
            "180 302",
            "forwarded to 600",
            "",
            sent_on,
        ),
        ("both, sent on at once", moved_or_answered(Some(5), Some(0)), nothing, "302", "forwarded to 600", "", none),
        (
            "both at the same time",
            moved_or_answered(Some(3), Some(3)),
            nothing,
            "180 302",
            "forwarded to 600",
            "",
            sent_on,
        ),
        ("FWD off", button(false), nothing, "180", "", "", rings),
        ("FWD on", button(true), nothing, "302", "forwarded to 600", "", none),
        ("no number to send on to", nowhere(), nothing, "180", "", "", rings),
        ("never answered by itself", itself(Never, true, Alone), nothing, "180", "", "", rings),
        ("AA off", itself(Button, false, Alone), nothing, "180", "", "", rings),
        ("AA on", itself(Button, true, Alone), nothing, "180 200", "", "", at_once),
        ("beside none: a talk", itself(All, false, Alone), talks, "180", "", "", rings),
        ("beside none: one on hold", itself(All, false, Alone), has_one_on_hold, "180", "", "", rings),
        ("beside those on hold: a talk", itself(All, false, Held), talks, "180", "", "", rings),
        ("beside those on hold", itself(All, false, Held), has_one_on_hold, "180 200", "", "", at_once),
        ("beside any", itself(All, false, Any), talks, "180 200", "", "", at_once),
    ]
}

#[test]
fn the_first_rule_that_applies_decides() {
    for (name, settings, before, expected, words, reason, set_off) in rows() {
        let mut world = registered(settings);
        before(&mut world);
        world.run(Duration::from_secs(1));
        world.phones[0].events.clear();
        let since = world.now - world.start;
        ring(&mut world, BOB, ALICE, "one");
        world.run(Duration::from_secs(12));
        assert_eq!(answers(&world, "one", since), expected, "{name}: {:#?}", world.log);
        assert_eq!(hooks(&world), set_off, "{name}");
        let said = world.last_response().headers.text(&HeaderName::Reason);
        let phrase = (!reason.is_empty()).then(|| format!("SIP;cause=486;text=\"{reason}\""));
        assert_eq!(said, phrase, "{name}");
        let is_over = world.names(0).contains(&"call_ended".to_owned());
        let told = if is_over { world.ended(0).reason.unwrap_or_default() } else { Default::default() };
        assert_eq!(told, words, "{name}");
    }
}

/// `denyIncoming`, each value with callers it lets in and callers it does not.
#[test]
fn deny_incoming_looks_at_who_is_called_and_by_whom() {
    use DenyIncoming::{All, Button, Domain, Never, RemoteDomain, User, UserDomain};
    const ELSEWHERE: &str = "sip:alice@other.example";
    const OTHER: &str = "sip:carol@127.0.0.1";
    const STRANGER: &str = "sip:bob@other.example";
    for (rule, from, to, expected) in [
        (Never, STRANGER, "sip:carol@other.example", "180"),
        (Button, STRANGER, "sip:carol@other.example", "180"),
        (User, STRANGER, ALICE, "180"),
        (User, STRANGER, ELSEWHERE, "180"),
        (User, BOB, OTHER, "486"),
        (Domain, STRANGER, ALICE, "180"),
        (Domain, STRANGER, OTHER, "180"),
        (Domain, BOB, ELSEWHERE, "486"),
        (UserDomain, STRANGER, ALICE, "180"),
        (UserDomain, BOB, OTHER, "486"),
        (UserDomain, BOB, ELSEWHERE, "486"),
        (RemoteDomain, BOB, "sip:carol@other.example", "180"),
        (RemoteDomain, STRANGER, ALICE, "486"),
        (All, BOB, ALICE, "486"),
    ] {
        let mut world = registered(Settings { deny_incoming: rule, ..base() });
        ring(&mut world, from, to, "one");
        assert_eq!(answers(&world, "one", Duration::ZERO), expected, "{rule:?}: {from} calls {to}");
    }
}

/// A few ignored calls are remembered, others ring, and what is forgotten rings anew.
#[test]
fn only_the_call_that_was_ignored_does_not_ring_again() {
    let mut world = registered(base());
    ignored(&mut world);
    ring(&mut world, BOB, ALICE, "two");
    assert_eq!(answers(&world, "two", Duration::ZERO), "180", "the same caller, another call");
    world.command(0, Command::Reject { call: None, code: None }).expect("it rings");
    world.run(Duration::from_secs(60));
    for n in 0..40 {
        let call_id = format!("many{n}");
        ring(&mut world, BOB, ALICE, &call_id);
        assert_eq!(answers(&world, &call_id, Duration::ZERO), "180", "{n}");
        world.command(0, Command::Ignore { call: None }).expect("it rings");
        world.command(0, Command::Reject { call: None, code: None }).expect("it is still there");
        world.run(Duration::from_secs(60));
    }
    for (call_id, expected) in [("one", "180"), ("many39", "487")] {
        let since = world.now - world.start;
        ring(&mut world, BOB, ALICE, call_id);
        assert_eq!(answers(&world, call_id, since), expected, "{call_id}");
        let _over = world.command(0, Command::Reject { call: None, code: None });
        world.run(Duration::from_secs(60));
    }
}
