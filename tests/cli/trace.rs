//! `trace`, with real calls, credentials and keys.

use crate::far_end;
use crate::support::{House, Wire, finish_in, lines_of, signal, until};
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

const SECRET: &str = "5ec7e7Of5omebody";

/// Waits for a line of the trace that is meant.
fn line_of(wire: &mut Wire, is_meant: impl Fn(&Value) -> bool) -> Value {
    (0..10_000).map(|_| wire.line()).find(is_meant).expect("such a line")
}

/// A request of a stranger, with a secret wherever one can be.
fn telltale(to: SocketAddr, own: u16, n: usize) -> String {
    let body = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nk=clear:{SECRET}\r\nu=https://ann:{SECRET}@127.0.0.1/\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SECRET}\r\na=ice-pwd:{SECRET}\r\n"
    );
    format!(
        "OPTIONS sip:phone:{SECRET}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{n};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:far:{SECRET}@127.0.0.1:{own}>;tag=far\r\nTo: <sip:phone@{to}>\r\n\
         Call-ID: telltale-{n}\r\nCSeq: {} OPTIONS\r\nAuthorization: Digest username=\"far\",\r\n response=\"{SECRET}\"\r\n\
         Proxy-Authorization: Digest response=\"{SECRET}\"\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        n + 1,
        body.len()
    )
}

#[test]
fn what_has_been_is_shown_in_every_form_and_no_secret() {
    let house = House::open();
    let more = format!("proxy={}\r\npassword={}\r\nSRTP=mandatory\r\n", house.server, house.password);
    house.write_account(&house.server, &more);
    let _daemon = house.daemon();
    assert_eq!(house.run(&["call", "602"]).code, 20);
    let trace = |words: &[&str]| {
        let done = house.run(&[&["trace", "--last", "200"], words].concat());
        assert_eq!(done.code, 0, "{words:?}: {done:?}");
        assert!(!done.stdout.contains(&house.password) && !done.stdout.contains("response=\""), "{words:?}: {done:?}");
        done
    };
    let full = trace(&[]).stdout;
    for part in ["\nREGISTER sip:", "\nAuthorization: <hidden>\n", "\nINVITE sip:602", "inline:<hidden>", " 486 Busy"] {
        assert!(full.contains(part), "{part} in {full}");
    }
    let short = trace(&["--short", "--method", "INVITE"]).stdout;
    let is_invite = |line: &str| line.ends_with(" c1") && (line.contains("INVITE"));
    assert!(short.lines().count() >= 3 && short.lines().all(is_invite), "{short}");
    let ladder = trace(&["--ladder", "--call", "c1"]).stdout;
    assert!(
        ladder.contains("tuiphone") && ladder.contains("486 Busy Here (INVITE)") && ladder.contains("--->|"),
        "{ladder}"
    );
    assert!(!ladder.contains("REGISTER"), "{ladder}");
    let diagram = trace(&["--mermaid"]).stdout;
    assert!(diagram.starts_with("sequenceDiagram\n") && diagram.contains("->>peer1: INVITE sip:602@"), "{diagram}");
    let reply = trace(&["--json", "--no-body", "--account", "1"]).json();
    let messages = reply["messages"].as_array().expect("messages").clone();
    assert_eq!((&reply["v"], &reply["ok"], &reply["verb"]), (&1.into(), &true.into(), &"trace".into()));
    let invite = messages.iter().find(|it| it["method"] == "INVITE" && it["way"] == "sent").expect("an INVITE");
    assert_eq!((&invite["call"], &invite["content"]), (&"c1".into(), &"application/sdp".into()), "{invite}");
    assert!(!invite["text"].as_str().is_some_and(|text| text.contains("v=0")), "{invite}");
    let by_call_id = trace(&["--ndjson", "--call", invite["sip_call_id"].as_str().expect("a Call-ID")]).stdout;
    let lines: Vec<Value> = by_call_id.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.iter().all(|line| line["feed"] == "sip" && line["call"] == "c1") && lines.len() >= 4, "{by_call_id}");
    let none = trace(&["--call", "c9"]);
    assert!(none.stdout.is_empty() && none.stderr.contains("no such message"), "{none:?}");
}

#[test]
fn secrets_of_any_kind_are_masked_on_the_way_in_as_well() {
    let house = House::open();
    let (_daemon, phone) = far_end::phone(&house, "");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let own = socket.local_addr().expect("its address").port();
    let pcap = house.folder.path().join("x.pcapng");
    let file = pcap.to_str().expect("UTF-8");
    assert!(until(|| {
        socket.send_to(telltale(phone, own, 0).as_bytes(), phone).expect("sent");
        house.run(&["trace", "--last", "9", "--short"]).stdout.contains("200 OK (OPTIONS")
    }));
    for words in [
        &["--data", "--json"][..],
        &["--ladder"],
        &["--mermaid"],
        &["--short"],
        &[],
        &["--pcap", file],
        &["--pcap", "-"],
    ] {
        let mut command = house.program(&[&["trace", "--last", "50"], words].concat());
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it runs");
        let said = [output.stdout, output.stderr, std::fs::read(&pcap).unwrap_or_default()].concat();
        let shows = |part: &str| said.windows(part.len()).any(|window| window == part.as_bytes());
        assert!(output.status.success() && !shows(SECRET), "{words:?}: {}", String::from_utf8_lossy(&said));
    }
    let reply = house.run(&["trace", "--last", "50", "--json"]).json();
    let is_telltale = |it: &&Value| it["sip_call_id"] == "telltale-0" && it["way"] == "received";
    let text =
        reply["messages"].as_array().and_then(|all| all.iter().find(is_telltale)).expect("it came")["text"].clone();
    for part in [
        "<sip:far:<hidden>@127",
        "\nk=<hidden>\n",
        "inline:<hidden>\n",
        "u=https://ann:<hidden>@127",
        "a=ice-pwd:<hidden>",
    ] {
        assert!(text.as_str().is_some_and(|text| text.contains(part)), "{part} in {text}");
    }
}

#[test]
fn messages_come_as_they_go_until_somebody_stops_it() {
    let house = House::open();
    let daemon = house.daemon();
    let (mut wire, mut other) = (daemon.connect(), daemon.connect());
    assert_eq!(wire.ask(r#"{"verb":"trace","method":"INVITE"}"#)["ok"], true);
    assert_eq!(other.ask("call 602")["ok"], true);
    let invite = wire.line();
    assert_eq!((&invite["feed"], &invite["method"], &invite["call"]), (&"sip".into(), &"INVITE".into(), &"c1".into()));
    assert_eq!(line_of(&mut wire, |line| line["status"] == 486)["way"], "received");
    assert_eq!(other.ask(r#"{"verb":"trace","follow":true,"account":"nobody"}"#)["error"]["kind"], "no_such_account");
    let mut live =
        house.program(&["trace", "--short"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = lines_of(live.stdout.take().expect("its stdout"));
    assert!(until(|| {
        other.ask("ping");
        lines.try_iter().any(|line| line.contains("OPTIONS"))
    }));
    signal(&live, "INT");
    assert_eq!(live.wait().expect("its end").code(), Some(130));
    assert_eq!(house.run(&["--timeout", "0.2", "trace"]).code, 0);
    for words in [&["trace", "--pcap", "-"][..], &["trace"]] {
        let mut idle = house.program(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(idle.stdout.take());
        let done = finish_in(idle);
        assert!(done.code == 0 && done.stderr.is_empty(), "it ends with its reader: {done:?}");
    }
    drop(daemon);
    assert_eq!(house.run(&["trace", "--last", "5"]).code, 4);
}

#[test]
fn who_does_not_read_a_trace_is_dropped_and_disturbs_nobody() {
    let house = House::open();
    let (daemon, phone) = far_end::phone(&house, "");
    let mut deaf = daemon.connect();
    assert_eq!(deaf.ask("trace")["ok"], true);
    let mut wire = daemon.connect();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let own = socket.local_addr().expect("its address").port();
    let mut n = 0;
    assert!(until(|| {
        for _ in 0..50 {
            n += 1;
            let _ = socket.send_to(telltale(phone, own, n).as_bytes(), phone);
        }
        assert_eq!(wire.ask("status")["ok"], true);
        deaf.is_cut()
    }));
}

#[test]
fn wireshark_reads_what_was_and_the_headers_of_sound() {
    let house = House::open();
    let daemon = house.daemon();
    let pcap = house.folder.path().join("trace.pcapng");
    let done = house.run(&["trace", "--last", "200", "--pcap", pcap.to_str().expect("UTF-8")]);
    assert!(done.code == 0 && done.stderr.contains("messages in"), "{done:?}");
    assert_eq!(std::fs::metadata(&pcap).expect("there").permissions().mode() & 0o777, 0o600);
    let payloads = payloads(&std::fs::read(&pcap).expect("there"));
    assert!(payloads.len() >= 4 && payloads[0].starts_with(b"REGISTER sip:"), "{payloads:?}");
    for payload in &payloads {
        let text = String::from_utf8_lossy(payload);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse().ok());
        assert_eq!(length, Some(body.len()), "{text}");
    }
    let (mut wire, mut whole, mut other) = (daemon.connect(), daemon.connect(), daemon.connect());
    assert_eq!(wire.ask(r#"{"verb":"trace","rtp":true}"#)["ok"], true);
    assert_eq!(whole.ask(r#"{"verb":"trace","audio":true}"#)["ok"], true);
    assert_eq!(other.ask("call 600")["ok"], true);
    for (wire, is_whole) in [(&mut wire, false), (&mut whole, true)] {
        for way in ["sent", "received"] {
            let packet = line_of(wire, |line| line["kind"] == "rtp" && line["way"] == way);
            assert_eq!(packet["call"], "c1", "{packet}");
            let (told, bytes) =
                (packet["data"].as_str().expect("data").len() * 3 / 4, packet["bytes"].as_u64().expect("bytes"));
            assert_eq!((told as u64 + 2 >= bytes, bytes > 12), (is_whole, true), "{packet}");
        }
    }
    assert_eq!(other.ask("status")["ok"], true);
}

/// What the datagrams of a capture carry, read by the rules of pcapng and of raw IPv4 alone.
fn payloads(mut file: &[u8]) -> Vec<Vec<u8>> {
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
    assert_eq!((word(file, 0), word(file, 8)), (0x0a0d_0d0a, 0x1a2b_3c4d));
    let mut found = Vec::new();
    while !file.is_empty() {
        let (kind, length) = (word(file, 0), word(file, 4));
        assert_eq!(word(file, length - 4), length, "the length stands at both ends");
        if kind == 6 {
            let frame = &file[28..28 + word(file, 20)];
            assert_eq!((frame[0], frame[9]), (0x45, 17), "UDP in IPv4");
            found.push(frame[28..].to_vec());
        }
        file = &file[length..];
    }
    found
}
