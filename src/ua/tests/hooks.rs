//! The order of MicroSIP's hooks for each way a call can go, and whom they name.

use super::incoming::{HOME, registered, rung};
use super::rules::{PEER, SDP, ask, called, respond};
use super::*;
use crate::config::hook::{Facts, Trigger};
use crate::config::{AutoAnswer, DenyIncoming, Forwarding};
use crate::sip::message::{HeaderName, Method};
use crate::ua::command::HangupWhich;
use crate::ua::hooks::fired;
use crate::ua::snapshot::{CallDirection, CallInfo, MessageInfo, Party, VoicemailInfo};
use std::collections::BTreeMap;

/// What the first phone's hooks were set off with.
fn all(world: &World) -> Vec<(&'static str, Facts)> {
    let servers = BTreeMap::from([("alice@127.0.0.1".to_owned(), "pbx".to_owned())]);
    let fired = world.phones[0].events.iter().flat_map(|event| fired(event, &servers));
    fired.map(|fired| (fired.trigger.name(), fired.facts)).collect()
}

/// Those of calls alone.
fn of_calls(world: &World) -> Vec<(&'static str, Facts)> {
    all(world).into_iter().filter(|(_, facts)| !facts.call.is_empty()).collect()
}

fn order(world: &World) -> String {
    of_calls(world).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}

/// The far end's headers, turned for `ask`.
fn turned(world: &World) -> Request {
    let ok = world.last_response();
    let mut invite = Request::new(Method::Invite, "sip:bob@127.0.0.1:5998");
    invite.headers.set(HeaderName::From, ok.headers.text(&HeaderName::To).unwrap_or_default());
    invite.headers.set(HeaderName::CallId, "in");
    invite
}

fn answer(world: &mut World) {
    world.command(0, Command::Answer { call: None }).expect("it rings");
}

/// The far end acknowledges and hangs up.
fn far_end_leaves(world: &mut World) {
    let dialog = turned(world);
    ask(world, &dialog, "ACK", 1, "", "");
    ask(world, &dialog, "BYE", 2, "", "");
}

fn reject(world: &mut World, code: Option<u16>) {
    world.command(0, Command::Reject { call: None, code }).expect("it rings");
}

fn cancel(world: &mut World) {
    let invite = String::from_utf8(called("", "", "in")).expect("text");
    world.send(PEER, 0, invite.replace("INVITE", "CANCEL").into_bytes());
}

fn hang_up(world: &mut World) {
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("a call");
}

fn wait(world: &mut World) {
    world.run(Duration::from_secs(6));
}

type Step = fn(&mut World);

#[test]
fn a_call_that_comes_in_sets_off_its_hooks_in_order() {
    let usual = || Settings { single_mode: false, ..Settings::default() };
    let auto = |auto_answer_delay_s| Settings { auto_answer: AutoAnswer::All, auto_answer_delay_s, ..usual() };
    let forward = |forwarding_delay_s| Settings {
        forwarding: Forwarding::All,
        forwarding_number: "carol@127.0.0.9".into(),
        forwarding_delay_s,
        ..usual()
    };
    let video = format!("{SDP}m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n");
    let refused_video = format!("{SDP}m=video 0 RTP/AVP 96\r\n");
    let deny = Settings { deny_incoming: DenyIncoming::All, ..usual() };
    let rows: [(&str, Settings, &str, &[Step], &str); 15] = [
        ("answered", usual(), SDP, &[answer, far_end_leaves], "IncomingCall CallRing CallAnswer CallStart CallEnd"),
        ("hung up here", usual(), SDP, &[answer, hang_up], "IncomingCall CallRing CallAnswer CallStart CallEnd"),
        (
            "with video",
            usual(),
            &video,
            &[answer, far_end_leaves],
            "IncomingCall CallRing CallAnswer CallAnswerVideo CallStart CallEnd",
        ),
        (
            "refused video",
            usual(),
            &refused_video,
            &[answer, hang_up],
            "IncomingCall CallRing CallAnswer CallStart CallEnd",
        ),
        ("declined", usual(), SDP, &[|world| reject(world, None)], "IncomingCall CallRing CallBusy"),
        ("declined 603", usual(), SDP, &[|world| reject(world, Some(603))], "IncomingCall CallRing CallBusy"),
        ("turned down 480", usual(), SDP, &[|world| reject(world, Some(480))], "IncomingCall CallRing CallEnd"),
        ("missed", usual(), SDP, &[cancel], "IncomingCall CallRing CallEnd"),
        ("at once", auto(0), SDP, &[wait, far_end_leaves], "IncomingCall CallAnswer CallStart CallEnd"),
        ("soon", auto(5), SDP, &[wait, far_end_leaves], "IncomingCall CallRing CallAnswer CallStart CallEnd"),
        ("missed by itself", auto(5), SDP, &[cancel], "IncomingCall CallRing CallEnd"),
        ("sent on", forward(0), SDP, &[wait], "IncomingCall"),
        ("sent on later", forward(5), SDP, &[wait], "IncomingCall CallRing CallEnd"),
        ("DND", Settings { dnd: true, ..usual() }, SDP, &[wait], "IncomingCall"),
        ("blocked", deny, SDP, &[wait], "IncomingCall"),
    ];
    for (name, settings, body, steps, expected) in rows {
        let mut world = World::new();
        world.add(AgentConfig { settings, ..local("alice") }, 5070);
        world.send(PEER, 0, called("Content-Type: application/sdp\r\n", body, "in"));
        world.run(Duration::ZERO);
        steps.iter().for_each(|step| step(&mut world));
        world.run(Duration::from_secs(40));
        assert_eq!(order(&world), expected, "{name}: {:#?}", world.log);
    }
}

#[test]
fn a_second_call_that_finds_the_phone_busy_is_heard_of() {
    let mut world = registered(Settings { call_waiting: false, ..Settings::default() });
    rung(&mut world, HOME, "", "one");
    rung(&mut world, HOME, "P-Asserted-Identity: <sip:carol@127.0.0.1>\r\n", "two");
    world.run(Duration::ZERO);
    let told: Vec<String> = of_calls(&world).iter().map(|(name, facts)| format!("{name} {}", facts.number)).collect();
    assert_eq!(told, ["IncomingCall bob", "CallRing bob", "IncomingCall carol"]);
}

/// The one argument. What the own network says goes before From, and nobody else's word does.
#[test]
fn the_caller_is_whom_the_own_network_names() {
    for (from, lines, number) in [
        (HOME, "", "bob"),
        (HOME, "P-Asserted-Identity: <sip:carol@127.0.0.1>\r\n", "carol"),
        (HOME, "Remote-Party-ID: <sip:dave@127.0.0.1>;party=calling\r\n", "dave"),
        (HOME, "Remote-Party-ID: <sip:dave@127.0.0.1>;party=called\r\n", "bob"),
        (
            HOME,
            "Remote-Party-ID: <sip:dave@127.0.0.1>\r\nP-Asserted-Identity: \"Carol\" <sip:carol@127.0.0.1>\r\n",
            "carol",
        ),
        (HOME, "P-Asserted-Identity: <tel:+49-30>\r\n", "+4930"),
        (HOME, "Privacy: id\r\n", "anonymous"),
        (PEER, "P-Asserted-Identity: <sip:carol@127.0.0.1>\r\n", "bob"),
        (PEER, "Remote-Party-ID: <sip:dave@127.0.0.1>;party=calling\r\n", "bob"),
    ] {
        let mut world = registered(Settings::default());
        rung(&mut world, from, lines, "one");
        answer(&mut world);
        hang_up(&mut world);
        world.run(Duration::from_secs(40));
        let told: Vec<(&str, String)> =
            of_calls(&world).into_iter().map(|(name, facts)| (name, facts.number)).collect();
        let names = ["IncomingCall", "CallRing", "CallAnswer", "CallStart", "CallEnd"];
        let expected: Vec<(&str, String)> = names.map(|name| (name, number.to_owned())).into();
        assert_eq!(told, expected, "{from} {lines}");
    }
}

#[test]
fn a_call_of_ours_sets_off_its_hooks_in_order() {
    fn respond_with(world: &mut World, status: u16, headers: &[(HeaderName, &str)]) {
        let invite = world.last_request();
        respond(world, &invite, status, headers, if status == 200 { SDP } else { "" });
    }
    let moved: Step = |world| {
        let contact = format!("<sip:bob2@127.0.0.1:{PEER}>");
        let mut response = Response::to_request(&world.last_request(), message::StatusCode(302), Some("m"));
        response.headers.push(HeaderName::Contact, contact);
        world.send(PEER, 0, response.to_bytes());
    };
    let rows: [(&str, &str, &[Step], &str); 11] = [
        ("answered", "bob@127.0.0.1", &[|w| respond_with(w, 200, &[]), hang_up], "OutgoingCall CallStart CallEnd"),
        (
            "after ringing",
            "bob@127.0.0.1",
            &[|w| respond_with(w, 180, &[]), |w| respond_with(w, 200, &[]), hang_up],
            "OutgoingCall CallStart CallEnd",
        ),
        ("busy", "bob@127.0.0.1", &[|w| respond_with(w, 486, &[])], "OutgoingCall CallBusy"),
        ("busy everywhere", "bob@127.0.0.1", &[|w| respond_with(w, 600, &[])], "OutgoingCall CallBusy"),
        ("declined", "bob@127.0.0.1", &[|w| respond_with(w, 603, &[])], "OutgoingCall CallBusy"),
        ("not there", "bob@127.0.0.1", &[|w| respond_with(w, 404, &[])], "OutgoingCall CallEnd"),
        ("given up", "bob@127.0.0.1", &[|w| respond_with(w, 180, &[]), hang_up], "OutgoingCall CallEnd"),
        ("silence", "bob@127.0.0.1", &[], "OutgoingCall CallEnd"),
        ("moved", "bob@127.0.0.1", &[moved, |w| respond_with(w, 200, &[]), hang_up], "OutgoingCall CallStart CallEnd"),
        ("by nobody's name", "bob@nowhere.example", &[], ""),
        ("busy in the end", "bob@127.0.0.1", &[moved, |w| respond_with(w, 486, &[])], "OutgoingCall CallBusy"),
    ];
    for (name, to, steps, expected) in rows {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.dial(0, &format!("sip:{to}:{PEER}"));
        steps.iter().for_each(|step| step(&mut world));
        world.run(Duration::from_secs(60));
        assert_eq!(order(&world), expected, "{name}: {:#?}", world.log);
    }
}

#[test]
fn a_call_that_waits_for_its_account_is_not_out_yet() {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![account("alice")]), 5070);
    world.dial(0, "600");
    assert_eq!((order(&world), world.count("INVITE")), (String::new(), 0));
    let register = world.last_request();
    world.run(Duration::from_secs(2));
    respond(&mut world, &register, 200, &[], "");
    world.run(Duration::ZERO);
    assert_eq!((order(&world).as_str(), world.count("INVITE")), ("OutgoingCall", 1));
    let calls = world.phones[0].agent.status(world.now).calls;
    assert!(calls[0].dialled_after.is_some_and(|after| after >= 2.0), "{calls:?}");
}

/// What was talked is no busy call, whatever status came last.
#[test]
fn a_call_is_busy_only_if_nobody_answered() {
    let mut world = registered(Settings::default());
    world.dial(0, "600");
    hang_up(&mut world);
    world.run(Duration::from_secs(40));
    let ended = CallInfo { ringing_after: Some(0.1), ..world.ended(0) };
    for (status, answered_after, expected) in
        [(486, None, Trigger::CallBusy), (486, Some(1.0), Trigger::CallEnd), (480, None, Trigger::CallEnd)]
    {
        for direction in [CallDirection::Incoming, CallDirection::Outgoing] {
            let call = CallInfo { direction, answered_after, status: Some(status), ..ended.clone() };
            let fired = fired(&Event::CallEnded { call }, &BTreeMap::new());
            let triggers: Vec<Trigger> = fired.iter().map(|fired| fired.trigger).collect();
            assert_eq!(triggers, [expected], "{direction:?} {status} {answered_after:?}");
        }
    }
}

#[test]
fn the_end_names_the_far_end_as_it_is_shown() {
    let mut world = registered(Settings::default());
    world.phones[0].agent.lines.iter_mut().for_each(|line| line.account.dialing_prefix = "0".into());
    for (typed, shown, user) in [
        ("4930", "4930", "04930"),
        ("012", "012", "012"),
        ("bob@127.0.0.1", "bob", "bob"),
        ("sip:bob@127.0.0.7", "bob@127.0.0.7", "bob"),
    ] {
        world.phones[0].events.clear();
        world.dial(0, typed);
        hang_up(&mut world);
        world.run(Duration::from_secs(40));
        let told: Vec<(&str, String)> =
            of_calls(&world).into_iter().map(|(name, facts)| (name, facts.number)).collect();
        assert_eq!(told, [("OutgoingCall", user.to_owned()), ("CallEnd", shown.to_owned())], "{typed}");
        assert_eq!(world.ended(0).number, shown);
    }
}

#[test]
fn programs_are_told_all_that_is_known() {
    let mut world = registered(Settings::default());
    let from = "P-Asserted-Identity: \"Ann Lee\" <sip:+4930@carrier.example>\r\n";
    rung(&mut world, HOME, from, "one");
    answer(&mut world);
    world.run(Duration::from_secs(3));
    hang_up(&mut world);
    world.run(Duration::from_secs(40));
    let all = of_calls(&world);
    let (_, first) = &all[0];
    assert_eq!((first.number.as_str(), first.duration.as_str(), first.status.as_str()), ("+4930", "0", ""));
    let (name, last) = all.last().expect("it ended");
    let text = str::to_owned;
    let expected = Facts {
        number: text("+4930@carrier.example"),
        user: text("+4930"),
        domain: text("carrier.example"),
        name: text("Ann Lee"),
        call_id: text("one"),
        call: text("c1"),
        direction: text("incoming"),
        status: last.status.clone(),
        duration: text("3"),
        time: text("20260101T120000Z"),
        account: text("alice@127.0.0.1"),
        extension: text("alice"),
        server: text("pbx"),
        text: String::new(),
    };
    assert_eq!((*name, last), ("CallEnd", &expected));
}

/// A registration that comes to a result, a message, voicemail.
#[test]
fn what_is_no_call_sets_off_hooks_too() {
    let mut world = registered(Settings::default());
    let of = |aor: &str| Facts {
        account: aor.to_owned(),
        extension: "alice".to_owned(),
        server: "pbx".to_owned(),
        ..Facts::default()
    };
    let told = all(&world);
    let registered = Facts { number: "alice".to_owned(), status: "200".to_owned(), ..of("alice@127.0.0.1") };
    assert_eq!(told, [("Register", registered)], "once, and not while it is under way");
    world.phones[0].events.clear();
    let message = MessageInfo {
        account: "alice@127.0.0.1".to_owned(),
        remote: Party { uri: "sip:bob@b.example".to_owned(), user: "bob".to_owned(), name: Some("Bob".to_owned()) },
        text: "back at 5".to_owned(),
        at: "2026-01-01T12:00:00.000Z".to_owned(),
        ..MessageInfo::default()
    };
    let ours = MessageInfo { outgoing: true, ..message.clone() };
    let voicemail = VoicemailInfo { waiting: true, new: 2, number: Some("*97".to_owned()), ..VoicemailInfo::default() };
    world.phones[0].events = vec![
        Event::Message { message },
        Event::Message { message: ours },
        Event::Mwi { account: "alice@127.0.0.1".to_owned(), voicemail },
    ];
    let text = str::to_owned;
    let expected = Facts {
        number: text("bob"),
        user: text("bob"),
        domain: text("b.example"),
        name: text("Bob"),
        direction: text("incoming"),
        time: text("20260101T120000Z"),
        text: text("back at 5"),
        ..of("alice@127.0.0.1")
    };
    let waiting = Facts { number: text("*97"), status: text("2"), ..of("alice@127.0.0.1") };
    assert_eq!(all(&world), [("Message", expected), ("MWI", waiting)]);
}

/// Who is told of registrations is told when there is something to tell: not of each refresh, nor of each try that fails
/// like the one before.
#[test]
fn a_registration_is_told_when_it_comes_to_another_end() {
    use super::registering::{answer, phone};
    let mut world = phone();
    let told = |world: &mut World| {
        world.settle();
        let told = all(world).into_iter().map(|(_, facts)| facts.status).collect::<Vec<_>>().join(" ");
        world.phones[0].events.clear();
        told
    };
    let refresh = |world: &mut World| {
        let before = world.requests("REGISTER").len();
        while world.requests("REGISTER").len() == before {
            world.run(Duration::from_secs(1));
        }
    };
    assert_eq!(told(&mut world), "", "it is under way");
    for (status, expected) in
        [(200, "200"), (200, ""), (200, ""), (503, "503"), (503, ""), (500, ""), (200, "200"), (200, "")]
    {
        let contact = world.last_request().headers.text(&HeaderName::Contact).expect("a Contact");
        let contact = contact.split(',').next().unwrap_or_default().to_owned();
        answer(&mut world, status, &[(HeaderName::Contact, &format!("{contact};expires=120"))]);
        let events = world.phones[0].events.len();
        assert!(events > 0, "{status}: whoever watches is told in any case");
        assert_eq!(told(&mut world), expected, "{status}");
        refresh(&mut world);
        world.phones[0].events.clear();
    }
}
