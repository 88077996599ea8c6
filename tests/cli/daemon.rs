use crate::support::{House, until};

#[test]
fn a_daemon_takes_verbs_in_every_spelling_and_tells_events() {
    let house = House::open();
    let mut daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    assert_eq!(watching.ask("watch")["ok"], true);
    let ready = wire.ask(r#"{"verb":"ready","id":7}"#);
    assert_eq!((&ready["id"], &ready["ready"], &ready["registered"]), (&7.into(), &true.into(), &true.into()));
    let reply = wire.ask("[Dial(600)]");
    assert_eq!(reply["ok"], true, "{reply}");
    let id = reply["call"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(watching.await_event("call_outgoing")["call"]["id"], id.as_str());
    assert_eq!(watching.await_event("call_answered")["call"]["state"], "connected");
    assert_eq!(wire.ask("status")["state"], "connected");
    assert_eq!(wire.ask("/dtmf:12")["ok"], true);
    assert_eq!(wire.ask("hold")["ok"], true);
    watching.await_event("call_held");
    assert_eq!(wire.ask("calls")["calls"][0]["state"], "held");
    assert_eq!(wire.ask("resume")["ok"], true);
    watching.await_event("call_resumed");
    assert_eq!(wire.ask("mute")["ok"], true);
    assert_eq!(wire.ask("status")["mic_muted"], true);
    assert_eq!(wire.ask("volume speaker 40")["level"], 40);
    watching.await_event("call_quality");
    assert_eq!(wire.ask("action=hangup")["ok"], true);
    let ended = watching.await_event("call_ended");
    assert_eq!(ended["call"]["outcome"], "answered");
    assert!(ended["call"]["media"]["rx_packets"].as_u64() > Some(0), "{ended}");
    let refused = wire.ask("hangup");
    assert_eq!((&refused["ok"], &refused["error"]["code"]), (&false.into(), &5.into()), "{refused}");
    assert_eq!(daemon.terminate(), 0);
    assert!(!house.socket().exists(), "the socket goes with the daemon");
}

#[test]
fn what_cannot_be_read_is_refused_and_the_connection_stays() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let long = vec![b'x'; 70_000];
    for line in [&b"\xff\xfe"[..], &long, b"{", b"anwser", b"{\"verb\":\"call\"}", b"call 1 2 3"] {
        wire.send(line);
        let reply = wire.line();
        assert_eq!((&reply["ok"], &reply["error"]["code"]), (&false.into(), &2.into()), "{reply}");
    }
    assert_eq!(wire.ask("status")["verb"], "status", "one reply each");
}

#[test]
fn a_second_daemon_is_told_of_the_first() {
    let house = House::open();
    let _first = house.daemon();
    let second = house.run(&["daemon"]);
    assert_eq!(second.code, 4, "{second:?}");
    assert!(second.stderr.contains("already") && second.stderr.contains("hint:"), "{}", second.stderr);
    assert_eq!(house.run(&["status"]).code, 0, "the first one lives");
}

//= RFC 5626 §4.1
#[test]
fn a_daemon_is_the_same_phone_after_every_start() {
    let house = House::open();
    let instance = || {
        drop(house.daemon());
        std::fs::read_to_string(house.folder.path().join(".local/state/tuiphone/phone.instance")).expect("it is kept")
    };
    let first = instance();
    assert_eq!((first.trim().len(), instance()), (36, first.clone()));
}

#[test]
fn verbs_from_the_shell_reach_the_daemon() {
    let house = House::open();
    let mut daemon = house.daemon();
    let status = house.run(&["status", "--json"]);
    assert_eq!(status.code, 0, "{status:?}");
    assert_eq!(status.json()["accounts"][0]["registered"], true, "{status:?}");
    let call = house.run(&["call", "600", "--duration", "1", "--json"]);
    assert_eq!(call.code, 0, "{call:?}");
    assert_eq!(call.json()["outcome"], "answered");
    assert_eq!(house.run(&["hangup"]).code, 5);
    assert_eq!(house.run(&["exit"]).code, 0);
    assert_eq!(daemon.child.wait().expect("its end").code(), Some(0));
    assert_eq!(house.run(&["status"]).code, 4);
}

#[test]
fn what_a_person_changes_is_kept_in_the_file() {
    let house = House::open();
    let before = std::fs::read_to_string(house.ini()).expect("written");
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let holds = |parts: &[&str]| {
        until(|| {
            let text = std::fs::read_to_string(house.ini()).expect("readable");
            parts.iter().all(|part| text.lines().any(|line| line == *part))
        })
    };
    assert_eq!(wire.ask("dnd on")["ok"], true);
    assert!(holds(&["DND=1"]));
    assert_eq!(wire.ask("forward 601")["ok"], true);
    assert_eq!(wire.ask("autoanswer on")["ok"], true);
    assert!(holds(&["DND=1", "FWD=1", "forwardingNumber=601", "AA=1"]));
    let status = wire.ask("status");
    assert_eq!(
        (&status["dnd"], &status["forward"], &status["auto_answer"]),
        (&true.into(), &"601".into(), &true.into())
    );
    let after = std::fs::read_to_string(house.ini()).expect("readable");
    assert!(before.lines().all(|line| after.lines().any(|other| other == line)), "{after}");
}

/// MicroSIP's `enableLog`: the phone writes its messages down, without secrets, for its owner alone.
#[test]
fn a_phone_may_always_write_its_messages_down() {
    let house = House::open();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    std::fs::write(house.ini(), text.replace("[Settings]\r\n", "[Settings]\r\nenableLog=1\r\n")).expect("written");
    let mut daemon = house.daemon();
    assert_eq!(daemon.terminate(), 0);
    let folder = house.folder.path().join(".local/state/tuiphone");
    let files = std::fs::read_dir(&folder).expect("the state folder").map(|entry| entry.expect("an entry").path());
    let logs: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with("_log.txt")).collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    let text = std::fs::read_to_string(&logs[0]).expect("read");
    assert!(text.contains("\nREGISTER sip:demo") && text.contains("SIP/2.0 200"), "{text}");
    assert!(text.contains("Authorization: <hidden>") && !text.contains("response="), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&logs[0]).expect("about it").permissions().mode() & 0o777, 0o600);
    }
    // Who asks for a trace has it where it was asked for, and nowhere else.
    let trace = house.folder.path().join("trace");
    let mut daemon = house.daemon_with(&["--debug", trace.to_str().expect("UTF-8")], "registered 100@demo");
    assert_eq!(daemon.terminate(), 0);
    assert!(std::fs::read_to_string(&trace).expect("read").contains("\nREGISTER sip:demo"));
    assert_eq!(std::fs::read_to_string(&logs[0]).expect("read"), text);
}

/// Whoever changes something and leaves at once finds it changed.
#[test]
fn what_is_changed_last_is_written_before_the_phone_is_gone() {
    let house = House::open();
    for (state, line) in [("on", "DND=1"), ("off", "DND=0"), ("on", "DND=1")] {
        let mut daemon = house.daemon();
        let mut wire = daemon.connect();
        wire.send(format!("dnd {state}\nexit").as_bytes());
        assert_eq!(wire.line()["ok"], true);
        assert_eq!(daemon.child.wait().expect("its end").code(), Some(0));
        let text = std::fs::read_to_string(house.ini()).expect("readable");
        assert!(text.lines().any(|kept| kept == line), "{state}: {text}");
    }
}

/// What is told to be typed reaches that phone, not another one.
#[test]
fn a_second_phone_of_the_same_place_says_how_the_first_is_reached() {
    let house = House::open();
    let _first = house.daemon();
    let second = house.run(&["daemon"]);
    let program = format!("tuiphone -i {} --socket {}", house.ini().display(), house.socket().display());
    assert!(
        second.code == 4 && second.stderr.contains(&format!("attach to it: {program}; or stop it: {program} exit")),
        "{second:?}"
    );
}
