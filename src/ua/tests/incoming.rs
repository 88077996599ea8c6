//! Incoming calls by the rules of the settings: refused, sent on, answered without a person; who is said to call.

use super::rules::{PEER, SDP, called, state};
use super::*;
use crate::config::{AutoAnswer, AutoAnswerCalls, DenyIncoming, Forwarding, HideCallerId};
use crate::media::command::LocalTone;
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::outcome::EndedBy;
use crate::ua::snapshot::CallState::{Connected, Incoming};

/// The registrar's port: what comes from there is the own network's.
pub(super) const HOME: u16 = 5999;
const SECOND: Duration = Duration::from_secs(1);

/// A registered phone with these settings.
pub(super) fn registered(settings: Settings) -> World {
    let mut world = World::new();
    let settings = Settings { single_mode: false, ..settings };
    world.add(AgentConfig::new(settings, vec![account("alice")]), 5070);
    world.run(Duration::ZERO);
    let register = world.last_request();
    let mut ok = Response::to_request(&register, StatusCode(200), Some("r"));
    let contact = register.headers.text(&HeaderName::Contact).unwrap_or_default();
    ok.headers.push(HeaderName::Contact, format!("{contact};expires=300"));
    world.send(HOME, 0, ok.to_bytes());
    world
}

/// A call with these lines from the own network or from a stranger who knows our Contact; the answer's status.
pub(super) fn rung(world: &mut World, from: u16, lines: &str, branch: &str) -> u16 {
    ring(world, from, lines, branch);
    world.last_response().status.0
}

/// The same, which nothing may answer yet.
pub(super) fn ring(world: &mut World, from: u16, lines: &str, branch: &str) {
    let contact =
        world.phones[0].agent.lines.iter().find(|line| line.registers()).map(|line| line.contact_user.clone());
    let lines = format!("{lines}Content-Type: application/sdp\r\n");
    let text = String::from_utf8(called(&lines, SDP, branch)).expect("text");
    let text = text
        .replace("sip:alice@127.0.0.1:5070 SIP", &format!("sip:{}@127.0.0.1:5070 SIP", contact.unwrap_or_default()));
    let text =
        text.replace("Call-ID: in", &format!("Call-ID: {branch}")).replace("alice@127.0.0.1:5070>", "alice@127.0.0.1>");
    let text = text.replace(&format!("127.0.0.1:{PEER};branch"), &format!("127.0.0.1:{from};branch"));
    world.send(from, 0, text.into_bytes());
    world.run(Duration::ZERO);
}

/// The same from the own network, with this From.
fn rung_as(world: &mut World, from: &str, lines: &str) -> u16 {
    let text =
        String::from_utf8(called(&format!("{lines}Content-Type: application/sdp\r\n"), SDP, "one")).expect("text");
    let text = text.replace("<sip:bob@127.0.0.1:5998>;tag=one", from);
    let text = text.replace(&format!("127.0.0.1:{PEER};branch"), &format!("127.0.0.1:{HOME};branch"));
    world.send(HOME, 0, text.into_bytes());
    world.run(Duration::ZERO);
    world.last_response().status.0
}

#[test]
fn the_settings_say_who_may_ring() {
    let deny = |deny_incoming| Settings { deny_incoming, ..Settings::default() };
    for (settings, status, reason) in [
        (Settings::default(), 180, None),
        (Settings { dnd: true, ..Settings::default() }, 486, Some("do not disturb")),
        (Settings { dnd: true, ..deny(DenyIncoming::Never) }, 180, None),
        (deny(DenyIncoming::All), 486, Some("blocked by denyIncoming")),
        (deny(DenyIncoming::User), 180, None),
        (deny(DenyIncoming::UserDomain), 180, None),
        (deny(DenyIncoming::RemoteDomain), 180, None),
        (Settings { deny_anonymous: true, ..Settings::default() }, 180, None),
    ] {
        let mut world = registered(settings.clone());
        assert_eq!(rung(&mut world, HOME, "", "one"), status, "{settings:?}");
        world.run(SECOND);
        let Some(reason) = reason else { continue };
        let call = world.ended(0);
        assert_eq!((call.outcome.as_deref(), call.reason.as_deref()), (Some("denied"), Some(reason)));
        assert_eq!((call.remote.user.as_str(), call.ended_by), ("bob", Some(EndedBy::Local)));
        assert!(!world.names(0).contains(&"call_incoming".to_owned()), "nobody is disturbed");
        assert!(world.phones[0].agent.status(world.now).calls.is_empty());
    }
    let mut other = registered(deny(DenyIncoming::User));
    other.phones[0].agent.lines.iter_mut().for_each(|line| line.account.username = "carol".into());
    assert_eq!(rung(&mut other, HOME, "", "one"), 486);
}

#[test]
fn of_many_calls_the_last_is_busy() {
    for (settings, second) in [
        (Settings::default(), 180),
        (Settings { call_waiting: false, ..Settings::default() }, 486),
        (Settings { max_concurrent_calls: 1, ..Settings::default() }, 486),
        (Settings { max_concurrent_calls: 2, ..Settings::default() }, 180),
    ] {
        let mut world = registered(settings.clone());
        assert_eq!(rung(&mut world, HOME, "", "one"), 180);
        assert_eq!(rung(&mut world, HOME, &from("carol"), "two"), second, "{settings:?}");
    }
}

#[test]
fn more_calls_than_usual_come_only_where_the_settings_say_so() {
    for (max_concurrent_calls, most) in [(0, 32), (40, 40)] {
        let mut world = registered(Settings { max_concurrent_calls, ..Settings::default() });
        for n in 0..most {
            assert_eq!(rung(&mut world, HOME, &from(&format!("user{n}")), &format!("call{n}")), 180, "call {n}");
        }
        assert_eq!(rung(&mut world, HOME, &from("carol"), "last"), 486, "maxConcurrentCalls={max_concurrent_calls}");
    }
}

/// Carol calls, says the own network, not Bob.
fn from(user: &str) -> String {
    format!("P-Asserted-Identity: <sip:{user}@127.0.0.1:5998>\r\n")
}

#[test]
fn who_talks_to_us_already_does_not_ring_as_well() {
    let machine =
        Settings { auto_answer: AutoAnswer::All, auto_answer_calls: AutoAnswerCalls::Any, ..Settings::default() };
    let hides = "Privacy: id\r\n".to_owned();
    for (settings, answers, first, second, status) in [
        (Settings::default(), false, from("carol"), from("carol"), 486),
        (Settings::default(), true, from("carol"), from("CAROL"), 486),
        (Settings::default(), true, from("carol"), from("dave"), 180),
        (Settings::default(), true, hides.clone(), hides, 180),
        (machine, false, from("carol"), from("carol"), 200),
    ] {
        let mut world = registered(settings);
        rung(&mut world, HOME, &first, "one");
        if answers {
            world.command(0, Command::Answer { call: None }).expect("it rings");
        }
        assert_eq!(rung(&mut world, HOME, &second, "two"), status, "{first}{second}");
        let phrase = world.last_response().reason;
        assert_eq!(phrase == "Already in call with this contact", status == 486, "{phrase}");
    }
}

//= RFC 5079 §4
#[test]
fn callers_who_hide_are_refused_if_the_settings_say_so() {
    for (lines, status) in [
        ("Privacy: id\r\n", 433),
        ("Privacy: none\r\n", 180),
        ("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=one\r\n", 433),
        // The own network knows who it is, and may say so.
        ("From: <sip:anonymous@anonymous.invalid>;tag=one\r\nP-Asserted-Identity: <sip:carol@127.0.0.1>\r\n", 180),
    ] {
        let mut world = registered(Settings { deny_anonymous: true, ..Settings::default() });
        let text = lines.strip_prefix("From: ").and_then(|rest| rest.split_once("\r\n"));
        let got = match text {
            Some((from, rest)) => rung_as(&mut world, from, rest),
            None => rung(&mut world, HOME, lines, "one"),
        };
        assert_eq!(got, status, "{lines}");
        if status == 433 {
            assert_eq!(world.last_response().reason, "Anonymity Disallowed");
            world.run(SECOND);
            let call = world.ended(0);
            assert_eq!((call.outcome.as_deref(), call.status, call.anonymous), (Some("denied"), Some(433), true));
        }
    }
}

//= RFC 5806 §4
#[test]
fn a_busy_phone_sends_calls_on() {
    let settings =
        |number: &str| Settings { call_waiting: false, forwarding_busy_number: number.into(), ..Settings::default() };
    let mut world = registered(settings("600"));
    assert_eq!(rung(&mut world, HOME, "", "one"), 180, "a free one rings");
    assert_eq!(rung(&mut world, HOME, &from("carol"), "two"), 302);
    let moved = world.last_response();
    assert_eq!(moved.headers.text(&HeaderName::Contact).as_deref(), Some("<sip:600@127.0.0.1>"));
    let diversion = moved.headers.text(&HeaderName::Diversion);
    assert_eq!(diversion.as_deref(), Some("<sip:alice@127.0.0.1>;reason=user-busy;counter=1"));
    world.run(SECOND);
    let call = world.ended(0);
    assert_eq!((call.outcome.as_deref(), call.status), (Some("forwarded"), Some(302)));
    assert_eq!(call.reason.as_deref(), Some("another call was up; forwarded to 600"));
    // To ourselves, or round and round, nothing is sent.
    for (number, lines) in [("alice", ""), ("600", "Diversion: <sip:alice@127.0.0.1>;reason=user-busy\r\n")] {
        let mut world = registered(settings(number));
        rung(&mut world, HOME, "", "one");
        assert_eq!(rung(&mut world, HOME, &(from("carol") + lines), "two"), 486, "{number} {lines}");
    }
}

#[test]
fn do_not_disturb_is_a_command() {
    let mut world = registered(Settings::default());
    world.command(0, Command::Dnd { on: true }).expect("on");
    assert!(world.phones[0].agent.status(world.now).dnd);
    assert_eq!(rung(&mut world, HOME, "", "one"), 486);
    assert_eq!(world.last_response().reason, "Do Not Disturb");
    world.command(0, Command::Dnd { on: false }).expect("off");
    assert_eq!(rung(&mut world, HOME, "", "two"), 180);
    let mut ruled = registered(Settings { deny_incoming: DenyIncoming::RemoteDomain, ..Settings::default() });
    assert_eq!(ruled.command(0, Command::Dnd { on: true }).map_err(|e| e.kind), Err("dnd_by_settings"));
}

//= RFC 5806 §4, §5
#[test]
fn a_call_is_sent_on_at_once_or_after_a_while() {
    let forwarding = |delay| Settings {
        forwarding: Forwarding::All,
        forwarding_number: "600".into(),
        forwarding_delay_s: delay,
        ..Settings::default()
    };
    let diverted = "Diversion: <sip:100@127.0.0.1>;reason=unconditional;counter=2\r\n";
    for (delay, rings, reason) in [(0, 302, "unconditional"), (5, 180, "no-answer")] {
        let mut world = registered(forwarding(delay));
        assert_eq!(rung(&mut world, HOME, diverted, "one"), rings);
        world.run(6 * SECOND);
        let moved = world.last_response();
        assert_eq!(moved.status.0, 302);
        assert_eq!(moved.headers.text(&HeaderName::Contact).as_deref(), Some("<sip:600@127.0.0.1>"));
        let told: Vec<_> = moved.headers.all(&HeaderName::Diversion).map(String::from_utf8_lossy).collect();
        let ours = format!("<sip:alice@127.0.0.1>;reason={reason};counter=1");
        assert_eq!(told, [ours.as_str(), "<sip:100@127.0.0.1>;reason=unconditional;counter=2"]);
        let call = world.ended(0);
        assert_eq!((call.outcome.as_deref(), call.status), (Some("forwarded"), Some(302)));
        assert_eq!(call.reason.as_deref(), Some("forwarded to 600"));
    }
    for looped in
        ["<sip:alice@127.0.0.1>;reason=unconditional", "<sip:1@x>;counter=6", "<sip:1@x>;counter=4294967295, <sip:2@x>"]
    {
        let mut world = registered(forwarding(0));
        assert_eq!(rung(&mut world, HOME, &format!("Diversion: {looped}\r\n"), "one"), 180, "{looped}");
    }
}

#[test]
fn forwarding_is_a_command() {
    let mut world = registered(Settings::default());
    let forward = |number: Option<&str>| Command::Forward { number: number.map(str::to_owned) };
    for own in ["alice", "sip:alice@127.0.0.1", "", "<http://x>"] {
        assert!(world.command(0, forward(Some(own))).is_err(), "{own}");
    }
    world.command(0, forward(Some("600"))).expect("on");
    assert_eq!(world.phones[0].agent.status(world.now).forward.as_deref(), Some("600"));
    assert_eq!(rung(&mut world, HOME, "", "one"), 302);
    world.command(0, forward(None)).expect("off");
    assert_eq!(world.phones[0].agent.status(world.now).forward, None);
    assert_eq!(rung(&mut world, HOME, "", "two"), 180);
}

//= RFC 5373 §4.3.3
#[test]
fn a_header_answers_where_it_may_and_nowhere_else() {
    let by = |auto_answer| Settings { auto_answer, ..Settings::default() };
    let asks = "Call-Info: <sip:x>;answer-after=3\r\n";
    for (settings, from, lines, after_2, after_4) in [
        (by(AutoAnswer::Header), HOME, asks, Incoming, Connected),
        (by(AutoAnswer::Header), HOME, "", Incoming, Incoming),
        // A stranger cannot open the microphone.
        (by(AutoAnswer::Header), PEER, asks, Incoming, Incoming),
        (by(AutoAnswer::Button), HOME, asks, Incoming, Incoming),
        (by(AutoAnswer::Never), HOME, asks, Incoming, Incoming),
        (by(AutoAnswer::Header), HOME, "Answer-Mode: Auto\r\n", Connected, Connected),
        (by(AutoAnswer::All), HOME, "Answer-Mode: Manual\r\n", Incoming, Incoming),
        (by(AutoAnswer::All), PEER, "", Connected, Connected),
        (Settings { auto_answer_number: "1*".into(), ..by(AutoAnswer::All) }, HOME, "", Incoming, Incoming),
        (by(AutoAnswer::Header), HOME, "Alert-Info: Auto Answer\r\n", Incoming, Incoming),
        (
            Settings { auto_answer_alert_info: true, ..by(AutoAnswer::Header) },
            HOME,
            "Alert-Info: Auto Answer\r\n",
            Connected,
            Connected,
        ),
    ] {
        let mut world = registered(settings);
        rung(&mut world, from, lines, "one");
        world.run(2 * SECOND);
        assert_eq!(state(&world), [after_2], "{lines} from {from}");
        world.run(2 * SECOND);
        assert_eq!(state(&world), [after_4], "{lines} from {from}");
        let call = world.phones[0].agent.status(world.now).calls.swap_remove(0);
        assert_eq!(call.auto_answered, after_4 == Connected, "{lines}");
        let beeped = world.phones[0].media.contains(&MediaCommand::Tone(Some(LocalTone::CallWaiting)));
        assert_eq!(beeped, after_4 == Connected, "{lines}");
    }
    let mut world = registered(by(AutoAnswer::Never));
    assert_eq!(rung(&mut world, HOME, "Answer-Mode: Auto;require\r\n", "one"), 403);
}

//= RFC 3325 §5
#[test]
fn the_own_networks_word_is_believed() {
    let lines = "P-Asserted-Identity: \"Boss\" <sip:1@127.0.0.1>\r\nDiversion: \"Reception\" <sip:100@127.0.0.1>\r\n\
                 Alert-Info: <http://127.0.0.1/\u{1b}ring.wav>\r\n";
    for (from, user, name, via) in [(HOME, "1", Some("Boss"), Some("Reception")), (PEER, "bob", None, None)] {
        let mut world = registered(Settings::default());
        rung(&mut world, from, lines, "one");
        let call = world.phones[0].agent.status(world.now).calls.swap_remove(0);
        assert_eq!((call.remote.user.as_str(), call.remote.name.as_deref()), (user, name));
        assert_eq!(call.via.and_then(|via| via.name).as_deref(), via);
        assert_eq!(call.alert.as_deref(), Some("<http://127.0.0.1/ring.wav>"), "text, never fetched");
        assert!(!call.anonymous);
    }
    let mut world = registered(Settings::default());
    rung(&mut world, HOME, "Privacy: id\r\n", "one");
    let call = world.phones[0].agent.status(world.now).calls.swap_remove(0);
    assert!(call.anonymous && call.remote.user == "anonymous");
}

//= RFC 3323 §4.1.1.3, RFC 3325 §9.1–9.3
#[test]
fn a_hidden_caller_is_known_to_the_own_network_alone() {
    let nobody = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    let own = "<sip:alice@127.0.0.1>";
    for (hide, target, from, privacy, preferred) in [
        (HideCallerId::No, "600", own, None, None),
        (HideCallerId::Soft, "600", own, Some("id"), None),
        (HideCallerId::Hard, "600", nobody, Some("id"), Some(own)),
        (HideCallerId::Hard, "sip:x@127.0.0.2", nobody, Some("id"), None),
    ] {
        let mut world = registered(Settings::default());
        world.phones[0].agent.lines.iter_mut().for_each(|line| line.account.hide_caller_id = hide);
        world.dial(0, target);
        let invite = world.last_request();
        let text = |name| invite.headers.text(&name);
        assert!(text(HeaderName::From).is_some_and(|f| f.starts_with(&format!("{from};tag="))), "{invite:?}");
        assert_eq!(text(HeaderName::Privacy).as_deref(), privacy, "{hide:?}");
        assert_eq!(text(HeaderName::PPreferredIdentity).as_deref(), preferred, "{hide:?} {target}");
        let bytes = String::from_utf8_lossy(&invite.to_bytes()).into_owned();
        assert_eq!(bytes.contains("alice"), from == own || preferred.is_some(), "{bytes}");
    }
}

//= RFC 5621 §8.2, RFC 3261 §8.2.3
#[test]
fn a_description_among_other_parts_is_answered() {
    let parts = |handling: &str| {
        format!(
            "--b\r\nContent-Type: application/isup\r\nContent-Disposition: signal;handling={handling}\r\n\r\nx\r\n\
             --b\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--b--\r\n"
        )
    };
    let kind = "Content-Type: multipart/mixed;boundary=b\r\n";
    for (handling, status) in [("optional", 180), ("required", 415)] {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        world.send(PEER, 0, called(kind, &parts(handling), "in"));
        let response = world.last_response();
        assert_eq!(response.status.0, status, "{handling}");
        assert_eq!(response.headers.text(&HeaderName::Accept).is_some(), status == 415);
        if status == 180 {
            world.command(0, Command::Answer { call: None }).expect("it rings");
            assert_eq!(
                world.last_response().headers.text(&HeaderName::ContentType).as_deref(),
                Some("application/sdp")
            );
            assert!(world.phones[0].media.iter().any(|c| matches!(c, MediaCommand::Start { .. })));
        }
    }
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.send(PEER, 0, called("Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", SDP, "in"));
    let response = world.last_response();
    let accepted = response.headers.text(&HeaderName::AcceptEncoding);
    assert_eq!((response.status.0, accepted.as_deref()), (415, Some("identity")));
}
