//! Programs that calls set off: real scripts that write down what they were given.

use super::support::*;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tuiphone::demo::run::{DOMAIN, OWN_NUMBER};

/// Every key, and the name of what it hangs on.
const KEYS: [&str; 8] =
    ["OutgoingCall", "IncomingCall", "CallRing", "CallAnswer", "CallAnswerVideo", "CallStart", "CallBusy", "CallEnd"];

/// Writes down the call, the event it was told, how many arguments it has, and these.
const NOTES: &str = "#!/bin/sh\necho \"$TUIPHONE_CALL $TUIPHONE_EVENT $# $*\" >> notes\n";

fn script(house: &House, name: &str, text: &str) {
    let path = house.folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
}

/// What the scripts have noted so far.
fn notes(house: &House) -> Vec<String> {
    let text = std::fs::read_to_string(house.folder.path().join("notes")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The notes of a call, without its name.
fn of(house: &House, call: &str) -> Vec<String> {
    let begin = format!("{call} ");
    notes(house).iter().filter_map(|note| note.strip_prefix(&begin)).map(str::to_owned).collect()
}

/// The ini file of the demo's phone with these lines in `[Settings]` and in `[tuiphone]`.
fn write_ini(house: &House, settings: &str, own: &str) {
    let (server, password) = (&house.server, &house.password);
    let text = format!(
        "[Settings]\r\naccountId=1\r\n{settings}[tuiphone]\r\n{own}[Account1]\r\nserver={server}\r\nproxy={server}\r\n\
         domain={DOMAIN}\r\nusername={OWN_NUMBER}\r\npassword={password}\r\n"
    );
    std::fs::write(house.ini(), text).expect("written");
}

/// A phone that strangers may ring, with these settings, and with secrets in its environment; its address.
fn open_phone(house: &House, settings: &str) -> (Daemon, String) {
    let text = format!("[Settings]\r\n{settings}[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n");
    std::fs::write(house.ini(), text).expect("written");
    let mut program = house.program(&[]);
    program.env("TUIPHONE_PASSWORD", "hidden").env("TUIPHONE_HTTP_TOKEN", "hidden");
    let daemon = house.started(program, "SIP on udp");
    let address = daemon.line().split([' ', ',']).find(|word| word.starts_with("127.0.0.1:")).map(str::to_owned);
    (daemon, address.expect("its address"))
}

/// Rings the phone from this socket, as this `From`.
fn ring(socket: &UdpSocket, to: &str, from: &str, id: &str) {
    let own = socket.local_addr().expect("its address");
    let body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n\
                m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";
    let invite = format!(
        "INVITE sip:100@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{id};rport\r\nMax-Forwards: 70\r\n\
         From: {from};tag={id}\r\nTo: <sip:100@{to}>\r\nCall-ID: {id}\r\nCSeq: 1 INVITE\r\nContact: <sip:x@{own}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.send_to(invite.as_bytes(), to).expect("sent");
}

#[test]
fn hooks_run_in_microsips_order_with_the_number_last() {
    let house = House::open();
    // The first of each call takes its time: the others wait for it.
    script(&house, "note it.sh", &NOTES.replace("echo", "case $1 in *gCall) sleep 0.3;; esac\necho"));
    let lines: String = KEYS.iter().map(|key| format!("cmd{key}=\"\"./note it.sh\" {key}\"\r\n")).collect();
    write_ini(&house, &(lines + "OnCallBusy=Exec,\"./note it.sh\" too,%number%\r\n"), "");
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("call 603")["ok"], true);
    let declined = watching.await_event("call_ended")["call"]["id"].clone();
    assert_eq!(wire.ask("call 700")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    let called = watching.await_event("call_ended")["call"]["id"].clone();
    let back = watching.await_event("call_incoming")["call"]["id"].clone();
    assert_eq!(wire.ask("answer")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    assert!(until(|| notes(&house).len() >= 11), "{:?}", notes(&house));
    for (call, expected) in [
        (declined, vec!["OutgoingCall 603", "CallBusy 603", "CallBusy too 603"]),
        (called, vec!["OutgoingCall 700", "CallStart 700", "CallEnd 700"]),
        (back, vec!["IncomingCall 700", "CallRing 700", "CallAnswer 700", "CallStart 700", "CallEnd 700"]),
    ] {
        let call = call.as_str().expect("a name");
        let told = |line: &&str| {
            let event = line.split(' ').next().unwrap_or_default();
            let line = if line.contains("too") { line.trim_start_matches("CallBusy ") } else { line };
            format!("{event} 2 {line}")
        };
        assert_eq!(of(&house, call), expected.iter().map(told).collect::<Vec<_>>(), "{call}");
    }
}

#[test]
fn a_caller_can_neither_add_arguments_nor_run_anything() {
    let house = House::open();
    script(
        &house,
        "note.sh",
        &NOTES.replace("$*", "$* name=$TUIPHONE_NAME secret=$TUIPHONE_PASSWORD$TUIPHONE_HTTP_TOKEN"),
    );
    let keys = ["IncomingCall", "CallAnswer", "CallAnswerVideo", "CallStart"];
    let lines: String = keys.iter().map(|key| format!("cmd{key}=./note.sh {{name}} %1\r\n")).collect();
    let (daemon, to) = open_phone(&house, &lines);
    let mut wire = daemon.connect();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let from = "\"$(touch pwned) -x\" <sip:--exec%20%60touch%60@127.0.0.1>";
    ring(&socket, &to, from, "one");
    assert!(until(|| wire.ask("answer")["ok"] == true));
    assert!(until(|| notes(&house).len() >= 4), "{:?}", notes(&house));
    let name = "%24%28touch%20pwned%29%20-x";
    let told = keys.map(|key| format!("{key} 2 {name} exec_touch name=$(touch pwned) -x secret="));
    assert_eq!(of(&house, "c1"), told, "with video: CallAnswerVideo as well");
    assert!(!house.folder.path().join("pwned").exists());
}

#[test]
fn what_hangs_is_stopped_with_all_it_started_and_what_is_missing_is_said_once() {
    let house = House::open();
    script(&house, "hang.sh", "#!/bin/sh\nsleep 600 &\necho $! >> notes\nsleep 600\n");
    script(&house, "say.sh", "#!/bin/sh\nprintf 'hello\\033[2J\\n'\necho oops >&2\nexit 3\n");
    let lines = "cmdOutgoingCall=/no/such/program x\r\ncmdCallBusy=./hang.sh\r\ncmdCallEnd=./say.sh\r\n";
    write_ini(&house, lines, "hookTimeout=1\r\n");
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let mut missing = 0;
    let mut stopped = 0;
    for _ in 0..2 {
        assert_eq!(wire.ask("call 603")["ok"], true);
        let line = loop {
            let line = daemon.await_line("cmd");
            if line.contains("cmdCallBusy") {
                break line;
            }
            let words = "cmdOutgoingCall: cannot run /no/such/program: no such file or directory";
            assert!(line.contains(words), "{line}");
            missing += 1;
        };
        assert!(line.contains("ran for 1 s and was stopped"), "{line}");
        stopped += 1;
    }
    assert_eq!((missing, stopped), (1, 2));
    let children = notes(&house);
    assert_eq!(children.len(), 2);
    for child in children {
        let gone = || {
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            state.is_empty() || state.contains(") Z")
        };
        assert!(until(gone), "{child} lives on");
    }
    assert_eq!(wire.ask("call 600")["ok"], true);
    assert!(until(|| wire.ask("status")["state"] == "connected"));
    assert_eq!(wire.ask("hangup")["ok"], true);
    let mut said = Vec::new();
    while said.len() < 3 {
        said.push(daemon.await_line("CallEnd: ").rsplit_once("CallEnd: ").expect("its words").1.to_owned());
    }
    assert!(said.pop().is_some_and(|last| last.ends_with("say.sh ended with exit status: 3")));
    said.sort();
    assert_eq!(said, ["hello[2J", "oops"]);
}

#[test]
fn who_talks_without_end_is_heard_for_a_while() {
    let house = House::open();
    let text = "#!/bin/sh\nfor n in $(seq 1 40); do echo line $n.; done\nprintf '%2000s\\n' x\n";
    script(&house, "talk.sh", text);
    write_ini(&house, "cmdCallBusy=./talk.sh\r\n", "");
    let daemon = house.daemon();
    assert_eq!(daemon.connect().ask("call 603")["ok"], true);
    let mut heard = Vec::new();
    while heard.last().is_none_or(|line: &String| !line.contains("left out")) {
        heard.push(daemon.await_line("CallBusy: "));
    }
    assert_eq!(heard.len(), 21, "{heard:?}");
    assert!(heard[19].ends_with("CallBusy: line 20."), "{heard:?}");
}

/// Writes to the phone from this socket.
fn write_to(socket: &UdpSocket, to: &str, text: &str) {
    let own = socket.local_addr().expect("its address");
    let message = format!(
        "MESSAGE sip:100@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{text};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:x@{own}>;tag={text}\r\nTo: <sip:100@{to}>\r\nCall-ID: {text}\r\nCSeq: 1 MESSAGE\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    socket.send_to(message.as_bytes(), to).expect("sent");
}

#[test]
fn messages_are_told_one_after_another() {
    let house = House::open();
    script(&house, "tell.sh", "#!/bin/sh\necho \"+$1\" >> notes\nsleep 0.3\necho \"-$1\" >> notes\n");
    let (_daemon, to) = open_phone(&house, "OnMessage=Exec,./tell.sh,%text%\r\n");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let texts = ["one", "two", "three"];
    texts.iter().for_each(|text| write_to(&socket, &to, text));
    assert!(until(|| notes(&house).len() >= 6), "{:?}", notes(&house));
    let expected: Vec<String> = texts.iter().flat_map(|text| [format!("+{text}"), format!("-{text}")]).collect();
    assert_eq!(notes(&house), expected);
}

/// What is set off last is done before the phone is gone, and settings that are read again count for hooks too.
#[test]
fn the_end_of_a_phone_waits_for_its_hooks() {
    let house = House::open();
    script(&house, "note.sh", &NOTES.replace("echo", "sleep 0.3\necho"));
    write_ini(&house, "cmdCallEnd=./note.sh before\r\n", "");
    let mut daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    write_ini(&house, "cmdCallEnd=./note.sh\r\n", "");
    assert_eq!(wire.ask("reload")["ok"], true);
    watching.ask("watch");
    assert_eq!(wire.ask("call 600")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(daemon.terminate(), 0);
    assert_eq!(of(&house, "c1"), ["CallEnd 1 600"]);
}

#[test]
fn a_flood_of_calls_does_not_fork_the_machine() {
    let house = House::open();
    script(&house, "slow.sh", "#!/bin/sh\necho + >> notes\nsleep 0.4\necho - >> notes\n");
    script(&house, "own.sh", "#!/bin/sh\necho \"$1\" >> own\n");
    let (daemon, to) = open_phone(&house, "DND=1\r\ncmdIncomingCall=./slow.sh\r\ncmdOutgoingCall=./own.sh\r\n");
    // Of one source alone the phone takes fewer than would fill every place.
    let sockets: Vec<UdpSocket> =
        (1..5).map(|last| UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).expect("a port")).collect();
    let bob = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let own_call = format!("call sip:bob@{}", bob.local_addr().expect("its address"));
    for n in 0..400 {
        if n == 200 {
            assert_eq!(daemon.connect().ask(&own_call)["ok"], true);
        }
        ring(&sockets[n % 4], &to, "<sip:x@127.0.0.1>", &format!("flood{n}"));
        std::thread::sleep(Duration::from_millis(2));
    }
    let line = daemon.await_line("programs or lines of hooks were not run");
    let missed = line.split(' ').find_map(|word| word.parse::<usize>().ok());
    assert!(missed.is_some_and(|missed| missed > 0), "{line}");
    let (mut now, mut most) = (0_i32, 0);
    assert!(until(|| {
        (now, most) = (0, 0);
        for note in notes(&house) {
            now += if note == "+" { 1 } else { -1 };
            most = most.max(now);
        }
        now == 0 && most > 1
    }));
    assert!(most <= 8, "{most} at once");
    // What strangers set off leaves the owner's calls room.
    let own = || std::fs::read_to_string(house.folder.path().join("own")).unwrap_or_default();
    assert!(until(|| own() == "bob\n"), "{}", own());
    // Whoever has the phone is obeyed all the while.
    assert_eq!(daemon.connect().ask("status")["dnd"], true);
}

/// `On…=SendMessage` reaches who listens under that name, and nobody else; `On…=Socket` whoever listens on that socket.
#[test]
fn lines_tell_those_who_listen_under_a_name_or_on_a_socket() {
    let house = House::open();
    let socket = std::os::unix::net::UnixListener::bind(house.folder.path().join("crm.sock")).expect("a socket");
    let own = "OnCallBusy=SendMessage,MyAppWindow,WM_USER+100,%number%,{direction}\r\nOnMessage=SendMessage,Other,x\r\n\
               OnRegister=Socket,./crm.sock,{\"who\":\"%number%\",\"status\":%status%}\r\n\
               OnOutgoingCall=Socket,./nobody.sock,x\r\n";
    write_ini(&house, own, "");
    let daemon = house.daemon();
    let (accepted, line) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = socket.accept().expect("the phone comes");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut &stream, &mut text).expect("a line");
        accepted.send(text)
    });
    let told = line.recv_timeout(PATIENCE).expect("the line");
    assert_eq!(told, format!("{{\"who\":\"{OWN_NUMBER}\",\"status\":200}}\n"));
    let (mut app, mut watching, mut wire) = (daemon.connect(), daemon.connect(), daemon.connect());
    assert_eq!(app.ask("subscribe --as MyAppWindow")["ok"], true);
    assert_eq!(watching.ask("watch")["ok"], true);
    assert_eq!(wire.ask("call 603")["ok"], true);
    // The first line of all: it hears nothing else.
    let heard = app.line();
    let expected = [("event", "notification"), ("target", "MyAppWindow"), ("msg", "WM_USER+100"), ("hook", "CallBusy")];
    expected.iter().for_each(|(key, value)| assert_eq!(heard[key], *value, "{heard}"));
    assert_eq!((&heard["number"], &heard["values"]), (&"603".into(), &serde_json::json!(["603", "outgoing"])));
    let (mut events, mut complaint) = (Vec::new(), String::new());
    while complaint.is_empty() || !events.contains(&"call_ended".to_owned()) {
        let line = watching.line();
        events.push(line["event"].as_str().unwrap_or_default().to_owned());
        if line["event"] == "error" {
            complaint = line["message"].as_str().unwrap_or_default().to_owned();
        }
    }
    assert!(complaint.starts_with("OnOutgoingCall: cannot write to "), "{complaint}");
    assert!(!events.contains(&"notification".to_owned()), "{events:?}");
}
