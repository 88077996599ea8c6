//! Every verb with JSON, every exit code, every option of `call`, through the real program.

use crate::support::{Daemon, Finished, House, PATIENCE, bare, closed, finish, finish_in, lines_of, signal, until};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Stdio};
use std::time::Duration;
use tuiphone::control::ExitCode;
use tuiphone::control::verb::{ParamKind, VERBS, VerbRow};

/// What a far end does with an INVITE: provisional answers, then a final one, if any.
#[derive(Clone, Copy)]
struct Far(&'static [u16], Option<u16>);

/// A far end of a fixed manner; where it is called, and the methods it has seen.
fn far(far: Far) -> (String, std::sync::mpsc::Receiver<String>) {
    let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let own = sip.local_addr().expect("its address");
    sip.set_read_timeout(Some(Duration::from_secs(60))).expect("a bound");
    let (tell, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 8_192];
        while let Ok((length, caller)) = sip.recv_from(&mut buffer) {
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let method = request.split(' ').next().unwrap_or_default().to_owned();
            let Far(before, last) = far;
            let statuses = match method.as_str() {
                "INVITE" => before.iter().copied().chain(last).collect(),
                "ACK" | "CANCEL" if last.is_none() => Vec::new(),
                "ACK" => Vec::new(),
                _ => vec![200],
            };
            statuses.iter().for_each(|status| drop(sip.send_to(answer(&request, *status, own).as_bytes(), caller)));
            let _ = tell.send(method);
        }
    });
    (format!("sip:far@{own}"), seen)
}

fn answer(request: &str, status: u16, own: SocketAddr) -> String {
    let body = match (status, request.starts_with("INVITE")) {
        (200, true) => {
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
        }
        _ => "",
    };
    let kept = ["Via:", "From:", "Call-ID:", "CSeq:"];
    let mut answer = format!("SIP/2.0 {status} It\r\n");
    for line in request.lines().take_while(|line| !line.is_empty()) {
        match line.strip_prefix("To:") {
            Some(to) if !to.contains(";tag=") => answer += &format!("To:{to};tag=far\r\n"),
            Some(_) => answer += &format!("{line}\r\n"),
            None if kept.iter().any(|name| line.starts_with(name)) => answer += &format!("{line}\r\n"),
            None => {}
        }
    }
    answer += &format!("Contact: <sip:far@{own}>\r\nContent-Type: application/sdp\r\n");
    answer + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A call by address, of a phone without an account.
fn direct(house: &House, number: &str, more: &[&str]) -> Finished {
    let given = ["--standalone", "--audio-in", "tone:300", "--audio-out", "null", "call", number, "--json"];
    finish(bare(house.folder.path(), &[&given, more].concat()))
}

/// One row for each code and each status that stands in the table of exit codes.
#[test]
fn every_exit_code_comes_of_what_the_table_says() {
    let house = House::open();
    let mut seen = BTreeSet::new();
    let mut check = |what: &str, code: u8, done: &Finished| {
        assert_eq!(done.code, i32::from(code), "{what}: {done:?}");
        seen.insert(code);
    };
    let rows: [(&'static [u16], u16, u8); 24] = [
        (&[], 401, 10),
        (&[], 403, 10),
        (&[], 407, 10),
        (&[], 408, 11),
        (&[], 503, 11),
        (&[180], 486, 20),
        (&[], 600, 20),
        (&[180], 408, 21),
        (&[180], 480, 21),
        (&[180], 487, 21),
        (&[], 480, 21),
        (&[180], 603, 22),
        (&[], 607, 22),
        (&[], 404, 23),
        (&[], 410, 23),
        (&[], 484, 23),
        (&[], 604, 23),
        (&[], 415, 24),
        (&[], 488, 24),
        (&[], 606, 24),
        (&[], 400, 25),
        (&[183], 500, 25),
        (&[180], 503, 25),
        (&[], 699, 25),
    ];
    for (before, status, code) in rows {
        let (number, _methods) = far(Far(before, Some(status)));
        let done = direct(&house, &number, &["--timeout", "25"]);
        check(&format!("{before:?} {status}"), code, &done);
        let told = done.json();
        let kind = ExitCode::ALL.iter().find(|known| known.code() == code).map(|known| known.kind());
        assert_eq!((&told["call"]["status"], told["outcome"].as_str()), (&status.into(), kind), "{told}");
        assert_eq!(told["ok"], false, "{told}");
    }
    let (mute, _methods) = far(Far(&[], Some(200)));
    check("no sound", 30, &direct(&house, &mute, &["--duration", "0.8"]));
    let (_kept, nobody) = closed();
    check("nobody", 11, &direct(&house, &format!("sip:x@{nobody}"), &[]));
    check("the echo", 0, &house.run(&["call", "600", "--duration", "1"]));
    check("an expectation", 31, &house.run(&["test", "600", "--expect", "busy", "--duration", "1"]));
    check("no daemon", 4, &house.run(&["status"]));
    check("usage", 2, &house.run(&["call"]));
    check("no file", 3, &house.run(&["--ini", "/nowhere/x.ini", "call", "600"]));
    check("no account", 5, &house.run(&["-a", "9", "call", "600"]));
    let mut full = house.program(&["codecs"]);
    full.stdout(std::fs::File::create("/dev/full").expect("opened")).stderr(Stdio::piped());
    check("a full disk", 1, &finish_in(full.spawn().expect("it starts")));
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (number, _methods) = far(Far(&[180], None));
        let child = ringing(&house, &number);
        signal(&child, name);
        signal_until_gone(&child, name);
        check(name, code, &finish_in(child));
    }
    let all: BTreeSet<u8> = ExitCode::ALL.iter().map(|code| code.code()).collect();
    let missing: Vec<&u8> = all.iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty() && seen.is_subset(&all), "not shown: {missing:?}");
}

/// A call by address that rings.
fn ringing(house: &House, number: &str) -> Child {
    let given = ["--standalone", "--audio-in", "tone:300", "--audio-out", "null", "call", number, "--json"];
    let mut command = bare(house.folder.path(), &given);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = lines_of(child.stderr.take().expect("its stderr"));
    while lines.recv_timeout(PATIENCE).expect("it rings") != "ringing" {}
    child
}

/// Asks once more, where the far end never answers the CANCEL.
fn signal_until_gone(child: &Child, name: &str) {
    let stat = format!("/proc/{}/stat", child.id());
    until(|| {
        let state = std::fs::read_to_string(&stat).unwrap_or_default();
        let is_gone = state.is_empty() || state.contains(") Z");
        if !is_gone {
            std::thread::sleep(Duration::from_millis(100));
            let _ = std::process::Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
        }
        is_gone
    });
}

#[test]
fn ctrl_c_cancels_says_bye_and_twice_waits_for_nobody() {
    let house = House::open();
    // One that rings and hears no CANCEL: the second Ctrl-C ends it.
    let (number, methods) = far(Far(&[180], None));
    let child = ringing(&house, &number);
    signal(&child, "INT");
    while methods.recv_timeout(PATIENCE).expect("a CANCEL") != "CANCEL" {}
    signal(&child, "INT");
    let done = finish_in(child);
    assert_eq!((done.code, &done.json()["ok"]), (130, &false.into()), "{done:?}");
    // One that talks gets a BYE; so does the call of a phone that runs, which lives on.
    let daemon = house.daemon();
    let mut watching = daemon.connect();
    watching.ask("watch");
    let mut child = house.program(&["call", "600", "--json"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = lines_of(child.stderr.take().expect("its stderr"));
    while !lines.recv_timeout(PATIENCE).expect("it connects").starts_with("connected") {}
    signal(&child, "INT");
    let ended = watching.await_event("call_ended");
    assert_eq!((&ended["call"]["ended_by"], finish_in(child).code), (&"local".into(), 130), "{ended}");
    assert_eq!(house.run(&["status", "--json"]).json()["state"], "idle");
}

/// Words that a verb must have.
fn needed(row: &VerbRow) -> Vec<&'static str> {
    let word = |name: &str| match (row.name, name) {
        (_, "state") => "on",
        (_, "number") => "602",
        (_, "text") => "hello",
        (_, "file") => "/nowhere.wav",
        ("device", "kind") => "ring",
        ("device", "name") => "default",
        (_, "uri") => "tel:602",
        (_, "action") => "stop",
        (_, "command") => "[Status]",
        _ => "1",
    };
    let must = |kind: ParamKind| matches!(kind, ParamKind::Required | ParamKind::Rest);
    let words = row.params.iter().filter(|param| must(param.kind)).map(|param| word(param.name));
    words.chain((row.name == "call").then_some("602")).collect()
}

/// One object a line, `v` 1 in each, the last of them the result: its verb, and `ok` as the exit code has it.
fn is_json(what: &str, verb: &str, done: &Finished) {
    let lines: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{what}: {e} in {line}: {done:?}")))
        .collect();
    assert!(lines.iter().all(|line| line["v"] == 1), "{what}: {done:?}");
    let last = lines.last().unwrap_or_else(|| panic!("{what} says nothing: {done:?}"));
    // That it is not ready is an answer, and a code for scripts.
    let ok = done.code == 0 || (verb == "ready" && done.code == 5);
    assert_eq!((&last["ok"], done.code < 128), (&ok.into(), true), "{what}: {done:?}");
    if let Some(code) = last["error"]["code"].as_i64() {
        assert_eq!(code, i64::from(done.code), "{what}: {done:?}");
    }
    assert!(last["verb"] == verb || done.code == 2, "{what}: {done:?}");
}

#[test]
fn every_verb_speaks_json() {
    let house = House::open();
    let _daemon = house.daemon();
    for option in ["--json", "--ndjson"] {
        // It takes seven seconds, and has tests of its own; the others never end, or end the phone.
        for row in VERBS.iter().filter(|row| !["test-audio", "watch", "trace", "attach", "exit"].contains(&row.name)) {
            let words = [&["--timeout", "20", row.name, option][..], &needed(row)].concat();
            is_json(&words.join(" "), row.name, &house.run(&words));
        }
        for words in [
            &["config", "path"][..],
            &["config", "print"],
            &["config", "check"],
            &["config", "get", "Settings.DND"],
            &["config", "set", "Settings.DND=0"],
            &["config", "dialplan", "600"],
            &["password", "list"],
            &["import", "/nowhere", "--dry-run"],
        ] {
            let done = house.run(&[words, &[option]].concat());
            is_json(&words.join(" "), words[0], &done);
        }
        assert_eq!(house.run(&["hangup", "--all", option]).json()["v"], 1);
    }
    is_json("exit", "exit", &house.run(&["exit", "--json"]));
}

/// A phone that strangers may ring.
fn open_phone(house: &House, answers: bool) -> (Daemon, String) {
    let text = "[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n";
    std::fs::write(house.ini(), text).expect("written");
    let options: &[&str] = if answers { &["--autoanswer", "1"] } else { &[] };
    let daemon = house.daemon_with(options, "SIP on udp");
    let address = daemon.line().split([' ', ',']).find(|word| word.starts_with("127.0.0.1:")).map(str::to_owned);
    (daemon, format!("sip:100@{}", address.expect("its address")))
}

#[test]
fn a_call_may_wait_for_nothing_or_for_a_digit() {
    let house = House::open();
    let (far, number) = open_phone(&house, true);
    let mut watching = far.connect();
    watching.ask("watch");
    let mut program = house.program(&["--standalone", "call", &number, "--until-dtmf", "#", "--json"]);
    let child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    watching.await_event("call_answered");
    let mut wire = far.connect();
    assert_eq!(wire.ask("dtmf 12")["ok"], true);
    assert_eq!(wire.ask("dtmf #")["ok"], true);
    let done = finish_in(child);
    assert_eq!((done.code, &done.json()["call"]["ended_by"]), (0, &"local".into()), "{done:?}");
    assert!(done.stderr.contains("pressed 1") && done.stderr.contains("pressed 2"), "{done:?}");
    assert_eq!(watching.await_event("call_ended")["call"]["ended_by"], "remote");
}

#[test]
fn a_call_may_be_left_to_the_phone_or_be_followed() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let done = house.run(&["call", "600", "--no-wait"]);
    assert_eq!((done.code, done.stdout.trim()), (0, "c1"), "{done:?}");
    assert!(until(|| wire.ask("status")["state"] == "connected"), "it goes on without its client");
    assert_eq!(wire.ask("hangup")["ok"], true);
    // A number alone is dialled and left; followed, it is told to its end.
    let left = house.run(&["600"]);
    assert_eq!((left.code, &wire.ask("status")["calls"][0]["id"]), (0, &"c2".into()), "{left:?}");
    assert_eq!(wire.ask("hangup")["ok"], true);
    let followed = house.run(&["602", "--follow", "--json"]);
    assert_eq!((followed.code, &followed.json()["outcome"]), (20, &"busy".into()), "{followed:?}");
    assert_eq!(house.run(&["call", "600", "--follow", "--no-wait"]).code, 2);
    let told = house.run(&["call", "602", "--audio-in", "tone:440"]);
    assert_eq!((told.code, told.stderr.contains("keeps its sound devices")), (20, true), "{told:?}");
}

#[test]
fn the_wait_for_the_registration_is_bounded() {
    let mut house = House::open();
    let deaf = UdpSocket::bind("127.0.0.1:0").expect("a port");
    house.server = deaf.local_addr().expect("its address").to_string();
    house.write_ini("any");
    let done = house.run(&["call", "600", "--wait-registered", "1", "--json"]);
    assert_eq!((done.code, &done.json()["error"]["code"]), (11, &11.into()), "{done:?}");
    assert!(done.stderr.contains("not registered within 1 s"), "{done:?}");
}

/// What `call` names a call by leads to its events, its row of the history and its messages.
#[test]
fn a_call_has_the_same_names_everywhere() {
    let house = House::open();
    let trace = house.folder.path().join("trace");
    let daemon = house.daemon_with(&["--debug", trace.to_str().expect("UTF-8")], "registered 100@demo");
    let mut watching = daemon.connect();
    watching.ask("watch");
    let done = house.run(&["call", "600", "--duration", "1", "--json"]);
    let call = done.json()["call"].clone();
    let (id, sip_call_id) = (&call["id"], &call["sip_call_id"]);
    for event in ["call_outgoing", "call_answered", "call_ended"] {
        let told = watching.await_event(event);
        assert_eq!((&told["call"]["id"], &told["call"]["sip_call_id"]), (id, sip_call_id), "{told}");
    }
    let kept = || {
        let history = house.run(&["history", "--json"]).json();
        history["history"].as_array().is_some_and(|calls| calls.iter().any(|call| call["sip_call_id"] == *sip_call_id))
    };
    assert!(until(kept), "{}", house.run(&["history", "--json"]).stdout);
    let text = std::fs::read_to_string(&trace).expect("the trace");
    assert!(text.contains(&format!("Call-ID: {}", sip_call_id.as_str().expect("a text"))), "{sip_call_id}");
}
