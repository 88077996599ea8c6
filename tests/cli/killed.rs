//! What is left when a phone or one of its clients is killed, in every state, and what a phone does that is asked to end.

use crate::support::{Daemon, House, PATIENCE, Wire, finish_in, lines_of, until};
use std::net::UdpSocket;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Ringing,
    InCall,
    Held,
}

const STATES: [State; 4] = [State::Idle, State::Ringing, State::InCall, State::Held];

/// Does not wait long for those that are silent.
const IMPATIENT: &str = "rtpTimeout=2\r\nrtpHoldTimeout=2\r\n";

/// A phone that strangers may ring, with these settings; where it is called.
fn far_phone(house: &House, answers: bool, more: &str) -> (Daemon, String) {
    let text = format!("[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n{more}");
    std::fs::write(house.ini(), text).expect("written");
    let options: &[&str] = if answers { &["--autoanswer", "1"] } else { &[] };
    let daemon = house.daemon_with(options, "SIP on udp");
    let address = daemon.line().split([' ', ',']).find(|word| word.starts_with("127.0.0.1:")).map(str::to_owned);
    (daemon, format!("sip:100@{}", address.expect("its address")))
}

/// Brings a phone into this state by a call to `number`.
fn bring(wire: &mut Wire, state: State, number: &str) {
    if state == State::Idle {
        return;
    }
    // Told, not looked for: an impatient far end may have ended it again by then.
    wire.ask("watch");
    let call = serde_json::json!({"verb": "call", "number": number}).to_string();
    assert_eq!(wire.ask(&call)["ok"], true);
    wire.await_event(if state == State::Ringing { "call_ringing" } else { "call_answered" });
    if state == State::Held {
        assert_eq!(wire.ask("hold")["ok"], true);
        wire.await_event("call_held");
    }
}

fn is_idle(wire: &mut Wire) -> bool {
    let status = wire.ask("status");
    status["state"] == "idle" && status["calls"].as_array().is_some_and(Vec::is_empty)
}

/// Nobody says goodbye for it: the far end lets go by itself, and the next phone takes the place of the dead one.
#[test]
fn a_phone_that_is_killed_holds_nobody_and_nothing() {
    for state in STATES {
        let (house, other) = (House::open(), House::open());
        let (far, number) = far_phone(&other, state != State::Ringing, IMPATIENT);
        let mut watching = far.connect();
        watching.ask("watch");
        let mut phone = house.daemon();
        bring(&mut phone.connect(), state, &number);
        if state != State::Idle {
            watching.await_event("call_incoming");
        }
        phone.child.kill().expect("killed");
        phone.child.wait().expect("gone");
        assert!(house.socket().exists(), "it had no time to clear up");
        let next = house.daemon();
        let mut wire = next.connect();
        let status = wire.ask("status");
        assert_eq!(
            (&status["accounts"][0]["registered"], is_idle(&mut wire)),
            (&true.into(), true),
            "{state:?}: {status}"
        );
        if state == State::Ringing {
            // Three minutes, unless somebody has had enough.
            assert_eq!(far.connect().ask("reject")["ok"], true);
        }
        if state != State::Idle {
            let ended = watching.await_event("call_ended");
            assert_ne!(ended["call"]["ended_by"], "remote", "{state:?}: {ended}");
        }
        assert!(until(|| is_idle(&mut far.connect())), "{state:?}");
        assert_eq!(wire.ask("call 602")["ok"], true, "{state:?}: it works");
    }
}

/// A call is the phone's, not that of whoever asked for it.
#[test]
fn a_client_that_is_killed_takes_no_call_along() {
    let house = House::open();
    let phone = house.daemon();
    let mut wire = phone.connect();
    let rows: [(State, &[&str]); 6] = [
        (State::Idle, &["watch"]),
        (State::Ringing, &["call", "604"]),
        (State::Ringing, &["604", "--follow"]),
        (State::InCall, &["call", "600"]),
        (State::InCall, &["600", "--follow"]),
        (State::Held, &["call", "600"]),
    ];
    for (state, words) in rows {
        let mut client = house.program(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = lines_of(client.stderr.take().expect("its stderr"));
        let word = match state {
            State::Idle => None,
            State::Ringing => Some("ringing"),
            State::InCall | State::Held => Some("connected"),
        };
        if let Some(word) = word {
            while !lines.recv_timeout(PATIENCE).expect(word).starts_with(word) {}
        }
        if state == State::Held {
            assert_eq!(wire.ask("hold")["ok"], true);
            assert!(until(|| wire.ask("status")["state"] == "held"));
        }
        client.kill().expect("killed");
        client.wait().expect("gone");
        let expected = match state {
            State::Idle => "idle",
            State::Ringing => "calling",
            State::InCall => "connected",
            State::Held => "held",
        };
        assert_eq!(wire.ask("status")["state"], expected, "{state:?}");
        if state != State::Idle {
            assert_eq!(wire.ask("hangup")["ok"], true, "{state:?}");
        }
        assert!(until(|| is_idle(&mut wire)), "{state:?}");
    }
}

/// Whoever looks on is not missed, and nothing of it stays with the phone.
#[test]
fn an_onlooker_that_is_killed_is_forgotten() {
    let house = House::open();
    let phone = house.daemon();
    let mut wire = phone.connect();
    assert_eq!(wire.ask("call 600")["ok"], true);
    assert!(until(|| wire.ask("status")["state"] == "connected"));
    let open_files = || std::fs::read_dir(format!("/proc/{}/fd", phone.child.id())).map_or(0, Iterator::count);
    let before = open_files();
    let rows = [
        &["watch", "--json"][..],
        &["watch", "--ndjson"],
        &["attach"],
        &["trace", "--rtp"],
        &["trace", "--rtp", "--audio", "--pcap", "-"],
        &["trace", "--rtp", "--ndjson"],
    ];
    for words in rows {
        let mut client = house.program(words).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdout = client.stdout.take().expect("its stdout");
        std::io::Read::read_exact(&mut stdout, &mut [0; 64]).expect("it tells something");
        client.kill().expect("killed");
        client.wait().expect("gone");
        assert_eq!(wire.ask("status")["state"], "connected", "{words:?}");
    }
    assert!(until(|| open_files() <= before), "{} files are open, {before} were", open_files());
    assert_eq!(wire.ask("hangup")["ok"], true);
    assert!(until(|| is_idle(&mut wire)));
}

/// A test, and a call that wants a phone of its own, beside one that runs.
#[test]
fn a_short_lived_phone_that_is_killed_harms_neither_end() {
    let (house, other) = (House::open(), House::open());
    let (far, number) = far_phone(&other, true, IMPATIENT);
    let mut watching = far.connect();
    watching.ask("watch");
    let phone = house.daemon();
    let mut wire = phone.connect();
    for words in [&["test", &number][..], &["--standalone", "call", &number]] {
        let mut client = house.program(&[words, &["--duration", "60"]].concat()).spawn().expect("it starts");
        watching.await_event("call_answered");
        client.kill().expect("killed");
        client.wait().expect("gone");
        let ended = watching.await_event("call_ended");
        assert_ne!(ended["call"]["ended_by"], "remote", "{words:?}: {ended}");
        let status = wire.ask("status");
        assert_eq!((&status["accounts"][0]["registered"], is_idle(&mut wire)), (&true.into(), true), "{status}");
        let again = house.run(&[words, &["--duration", "1"]].concat());
        assert_eq!(again.code, 0, "{words:?}: {again:?}");
        watching.await_event("call_ended");
    }
    assert_eq!(wire.ask("call 602")["ok"], true, "the one that stays works");
}

#[test]
fn a_phone_that_is_asked_to_end_says_goodbye_everywhere() {
    for state in [State::Ringing, State::InCall, State::Held] {
        let (house, other) = (House::open(), House::open());
        let (far, number) = far_phone(&other, state != State::Ringing, "");
        let mut watching = far.connect();
        watching.ask("watch");
        let trace = house.folder.path().join("trace");
        let mut phone = house.daemon_with(&["--debug", trace.to_str().expect("UTF-8")], "registered 100@demo");
        bring(&mut phone.connect(), state, &number);
        assert_eq!(phone.terminate(), 0, "{state:?}");
        assert_eq!(watching.await_event("call_ended")["call"]["ended_by"], "remote", "{state:?}");
        let text = std::fs::read_to_string(&trace).expect("the trace");
        let unregisters = |message: &str| {
            message.starts_with("REGISTER ") && (message.contains("Expires: 0\r") || message.contains("expires=0"))
        };
        let text = text.replace('\n', "\r\n").replace("\r\r", "\r");
        let at = text
            .match_indices("REGISTER ")
            .any(|(at, _)| unregisters(text[at..].split("\r\n\r\n").next().unwrap_or("")));
        assert!(at, "{state:?}: {text}");
        assert!(!house.socket().exists(), "{state:?}");
    }
}

/// A server and a far end that say nothing any more are not waited for: their own timers take half a minute.
#[test]
fn the_end_of_a_phone_waits_for_nobody_who_is_silent() {
    let mut house = House::open();
    let deaf = UdpSocket::bind("127.0.0.1:0").expect("a port");
    house.server = deaf.local_addr().expect("its address").to_string();
    house.write_ini("any");
    let mut phone = house.daemon_with(&[], "SIP on udp");
    let number = format!("sip:x@{}", deaf.local_addr().expect("its address"));
    let call = serde_json::json!({"verb": "call", "number": number, "account": "0"}).to_string();
    let _ = phone.connect().ask(&call);
    let start = Instant::now();
    assert_eq!(phone.terminate(), 0);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

/// Whoever does not live to hear the end of its call is no reason for the next one to hang.
#[test]
fn a_program_beside_a_killed_call_hears_its_end() {
    let house = House::open();
    let (told, program) = (house.folder.path().join("told"), house.folder.path().join("program"));
    let begun = house.folder.path().join("begun");
    let text = format!("#!/bin/sh\necho > '{}'\ncat > /dev/null\necho end > '{}'\n", begun.display(), told.display());
    std::fs::write(&program, text).expect("written");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it may be run");
    let mut child = house.program(&["call", "600", "--exec", program.to_str().expect("UTF-8")]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    assert!(until(|| begun.exists()), "it runs");
    child.kill().expect("killed");
    assert_ne!(finish_in(child).code, 0);
    assert!(until(|| told.exists()), "its input is closed with the call");
}
