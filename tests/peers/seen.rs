//! What `trace` and `test` tell of calls whose signalling goes over TLS and whose sound is encrypted: all that a person
//! looks for, and nothing that opens it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::kamailio::{Kamailio, has_secure_modules};
use crate::sipp::FarEnd;
use crate::support::{PATIENCE, Phone, Process, beside_others, have, output, until};

const TALKS: &str = "> 180 Ringing \n > 200 OK | secure \n < ACK \n < BYE \n > 200 OK";
const CALL: [&str; 4] = ["call", "600", "--duration", "0.7"];
const LIMIT: Duration = Duration::from_secs(60);
/// What stands for a key that is hidden.
const HIDDEN: &str = "hiddenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A proxy that the phone meets under TLS alone, and a far end behind it that encrypts its sound.
fn stage() -> Option<(Kamailio, FarEnd, Phone)> {
    if !have(&["kamailio", "sipp"]) || !has_secure_modules() {
        return None;
    }
    let far = FarEnd::serves(&[("600".to_owned(), TALKS.to_owned())]);
    let proxy = Kamailio::start("SHA-256", &[("600", far.port)]);
    let phone = proxy.phone_over("tls", "101", "audioCodecs=PCMU/8000/1").encrypting("mandatory");
    Some((proxy, far, phone))
}

#[test]
fn a_trace_reads_what_went_under_tls_and_gives_no_secret_away() {
    let _machine = beside_others();
    let Some((proxy, _far, phone)) = stage() else { return };
    let daemon = Daemon::start(phone);
    let file = |name: &str| daemon.phone.file(name);
    let (live, past) = (file("live.pcapng"), file("past.pcapng"));
    let mut command = daemon.phone.command(&["trace", "--rtp", "--pcap", live.to_str().unwrap()]);
    let mut following = Process::start("trace", &mut command, &file("run"));
    // It may begin between a request and its response.
    until("a REGISTER in the capture", PATIENCE, || {
        daemon.does(&["register"]);
        messages(&live).iter().any(|(_, text)| text.starts_with("REGISTER "))
    });
    daemon.does(&CALL);
    daemon.until_is("idle");
    until("the BYE in the capture", PATIENCE, || messages(&live).iter().any(|(_, text)| text.starts_with("BYE ")));
    following.interrupt();
    assert_eq!(following.ended(PATIENCE).code(), Some(130), "{}", following.said());

    let told = |words: &[&str]| {
        let done = output(&mut daemon.phone.command(words), LIMIT).unwrap();
        assert_eq!(done.status.code(), Some(0), "{words:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    told(&["trace", "--last", "500", "--pcap", past.to_str().unwrap()]);
    let server: SocketAddr = proxy.secure_server().parse().unwrap();
    for capture in [&live, &past] {
        let messages = messages(capture);
        for start in ["INVITE sip:600@", "SIP/2.0 180 ", "SIP/2.0 200 ", "BYE sip:", "REGISTER sip:"] {
            assert!(messages.iter().any(|(_, text)| text.starts_with(start)), "{start} in {messages:#?}");
        }
        for (packet, text) in &messages {
            assert!(packet.comment.starts_with("tls") && packet.ends.contains(&server), "{packet:?}");
            assert_sealed(text);
        }
        let keys = messages.iter().flat_map(|(_, text)| text.split("inline:").skip(1));
        let mut keys = keys.map(|key| key.split(['|', '\r', '\n']).next().unwrap_or_default()).peekable();
        assert!(keys.peek().is_some() && keys.all(|key| key == HIDDEN), "a key in {messages:#?}");
    }
    let sound = packets(&live).into_iter().filter(|packet| packet.comment.starts_with("rtp"));
    let lengths: Vec<usize> = sound.map(|packet| packet.payload.len()).collect();
    assert!(!lengths.is_empty() && lengths.iter().all(|length| *length == 12), "headers of sound alone: {lengths:?}");

    let text = told(&["trace", "--last", "500"]);
    assert!(text.contains("\nINVITE sip:600@") && text.contains("inline:<hidden>"), "{text}");
    assert!(text.lines().any(|line| line == "Authorization: <hidden>"), "{text}");
    assert_sealed(&text);
    let short = told(&["trace", "--last", "500", "--short"]);
    assert!(!short.is_empty() && short.lines().all(|line| line.contains(&format!(" tls {server} "))), "{short}");
    assert_sealed(&told(&["trace", "--last", "500", "--data", "--json"]));
    assert_sealed(&daemon.trace());
}

/// Nothing that proves who we are; `inline:` is looked at by who knows the form.
#[track_caller]
fn assert_sealed(text: &str) {
    for part in ["response=", "cnonce=", "secret of 101"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_test_tells_what_protects_it() {
    let _machine = beside_others();
    let Some((proxy, _far, phone)) = stage() else { return };
    let done = phone.run(&["test", "600", "--duration", "1"], LIMIT);
    done.ends(0);
    assert_eq!((done.text("/runs/0/transport"), done.text("/runs/0/tls")), ("tls", "verified"), "{}", done.told);
    assert_eq!(done.text("/runs/0/srtp"), done.text("/runs/0/call/media/srtp"));
    assert_eq!(done.json["runs"][0]["heard_here"], true, "{}", done.told);
    let words = |phone: &Phone| {
        let done = output(&mut phone.command(&["test", "600", "--duration", "1"]), LIMIT).unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    let told = words(&phone);
    assert!(told.contains("signalling by TLS, the server proved its name; sound by SRTP "), "{told}");
    // A server that has to prove nothing is told of, and so is one that is known by its certificate.
    phone.edit(|ini| ini.replace("tlsCaFile=", "tlsVerify=0\ntlsCaFileX="));
    let told = words(&phone);
    assert!(told.contains("signalling by TLS, the server proved NOTHING; sound by SRTP "), "{told}");
    assert!(proxy.said().contains("saved 101"));
}

/// A datagram of a capture.
#[derive(Debug)]
struct Packet {
    ends: [SocketAddr; 2],
    payload: Vec<u8>,
    comment: String,
}

/// The messages of a capture.
fn messages(file: &Path) -> Vec<(Packet, String)> {
    let packets =
        packets(file).into_iter().filter(|packet| packet.payload.first().is_some_and(u8::is_ascii_alphabetic));
    let read = |packet: Packet| {
        let text = String::from_utf8_lossy(&packet.payload).into_owned();
        (packet, text)
    };
    packets.map(read).collect()
}

/// What a capture holds so far, by the rules of pcapng, IPv4 and UDP alone.
fn packets(file: &Path) -> Vec<Packet> {
    const ENHANCED_PACKET: usize = 6;
    let bytes = std::fs::read(file).unwrap_or_default();
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    while let Some(length) = word(rest, 4).filter(|length| (12..=rest.len()).contains(length)) {
        let (block, next) = rest.split_at(length);
        assert_eq!(word(block, length - 4), Some(length), "the length stands at both ends");
        if word(block, 0) == Some(ENHANCED_PACKET) {
            let frame = &block[28..28 + word(block, 20).unwrap()];
            assert_eq!((frame[0], frame[9]), (0x45, 17), "UDP in IPv4");
            let port = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
            let ip = |at: usize| <[u8; 4]>::try_from(&frame[at..at + 4]).unwrap();
            let ends = [SocketAddr::from((ip(12), port(20))), SocketAddr::from((ip(16), port(22)))];
            let comment =
                String::from_utf8_lossy(option(&block[28 + frame.len().next_multiple_of(4)..], 1)).into_owned();
            found.push(Packet { ends, payload: frame[28..].to_vec(), comment });
        }
        rest = next;
    }
    found
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at + 4).map(|word| u32::from_le_bytes(word.try_into().unwrap()) as usize)
}

/// The first of these options that has this code.
fn option(mut list: &[u8], code: u16) -> &[u8] {
    loop {
        let head = |at: usize| u16::from_le_bytes([list[at], list[at + 1]]);
        let (found, length) = (head(0), usize::from(head(2)));
        assert_ne!(found, 0, "no such option");
        if found == code {
            return &list[4..4 + length];
        }
        list = &list[4 + length.next_multiple_of(4)..];
    }
}
