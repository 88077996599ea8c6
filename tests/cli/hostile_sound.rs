//! What comes to the ports of a call that runs, through real sockets: the far end is played here, packet by packet, and
//! the phone sends back what it hears.

use super::far_end::{FarEnd, SSRC, Says, phone};
use super::support::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tuiphone::rtp::Ssrc;
use tuiphone::rtp::dropped::MAX_DATAGRAM;

#[test]
fn a_call_goes_on_whatever_comes_to_its_ports() {
    let house = House::open();
    let (daemon, address) = phone(&house, "");
    let mut wire = daemon.connect();
    let far = FarEnd::call(address);
    far.say(Says::Tone);
    assert!(far.hears_itself(), "a clean call");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let goodbye = |ssrc: Ssrc| [&[0x81, 203, 0, 1][..], &ssrc.0.to_be_bytes()].concat();
    let control = far.control();
    type Make<'a> = &'a dyn Fn(&mut StdRng) -> Vec<u8>;
    let noise =
        |rng: &mut StdRng| -> Vec<u8> { (0..rng.random_range(2..200)).map(|_| rng.random_range(64..128)).collect() };
    let rows: [(&str, &UdpSocket, SocketAddr, usize, Make); 11] = [
        ("malformed", &far.rtp, far.sound, 100, &noise),
        ("malformed", &far.rtp, far.sound, 100, &|rng| vec![rng.random_range(64..=255)]),
        ("malformed", &far.rtcp, control, 100, &|rng| vec![0x80 | rng.random_range(0..64)]),
        ("oversize", &far.rtp, far.sound, 100, &|_| vec![0x80; MAX_DATAGRAM + 1]),
        ("stun", &far.rtp, far.sound, 100, &|_| [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat()),
        ("stun", &far.rtcp, control, 100, &|_| [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat()),
        ("dtls", &far.rtp, far.sound, 100, &|_| vec![22, 254, 253, 0, 0, 0, 0]),
        ("strangers", &stranger, far.sound, 1_000, &|rng| FarEnd::forged(SSRC, rng.random())),
        ("rtcp_strangers", &stranger, control, 100, &|_| goodbye(SSRC)),
        ("other_sources", &far.rtp, far.sound, 1_000, &|rng| FarEnd::forged(Ssrc(rng.random()), 7)),
        ("goodbye", &far.rtcp, control, 1, &|_| goodbye(SSRC)),
    ];
    let mut count = |kind: &str| {
        let status = wire.ask("status");
        assert_eq!(status["calls"][0]["state"], "connected", "{kind}: {status}");
        status["calls"][0]["media"]["dropped"][kind].as_u64().unwrap_or(0)
    };
    let mut rng = StdRng::seed_from_u64(9);
    for (kind, from, to, packets, make) in rows {
        let before = count(kind);
        for n in 0..packets {
            from.send_to(&make(&mut rng), to).expect("sent");
            // As many as a socket holds, however long they are.
            if n % 10 == 9 {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // A packet or two may be lost to a full socket.
        let wanted = before + (packets as u64).div_ceil(2);
        assert!(until(|| count(kind) >= wanted), "{kind}: {} of {wanted}", count(kind));
        assert!(far.hears_itself(), "{kind}");
    }
    for (kind, says) in
        [("payload_type", Says::WrongPayload), ("timestamps", Says::WildTime), ("jumped", Says::WildNumbers)]
    {
        far.say(says);
        assert!(until(|| count(kind) >= 20), "{kind}");
        far.say(Says::Tone);
        assert!(far.hears_itself(), "{kind}");
    }
    let line = daemon.await_line("packets were not taken");
    assert!(line.contains("at the sound of call c1") && line.contains("the last from 127.0.0.1:"), "{line}");
    let lines = daemon.lines.try_iter().filter(|line| line.contains("packets were not taken")).count();
    assert!(lines <= 2, "{lines} lines more");
    let call = &wire.ask("status")["calls"][0];
    assert_eq!(call["state"], "connected", "{call}");
    eprintln!("{line}; {lines} more; {}", call["media"]["dropped"]);
    assert_eq!(wire.ask("hangup")["ok"], true);
}

#[test]
fn a_far_end_that_falls_silent_is_told_and_hung_up() {
    let house = House::open();
    let (daemon, address) = phone(&house, "rtpTimeout=4\r\n");
    let mut watching = daemon.connect();
    watching.ask("watch");
    let far = FarEnd::call(address);
    watching.await_event("call_answered");
    let answered = Instant::now();
    let lost = watching.await_event("call_media_lost");
    eprintln!("told {:?} after the answer: {}", answered.elapsed(), lost["reason"]);
    assert_eq!(lost["way"], "rx");
    assert!(lost["reason"].as_str().is_some_and(|reason| reason.contains("reports, but sends no sound")), "{lost}");
    far.say(Says::Tone);
    assert_eq!(watching.await_event("call_media_returned")["way"], "rx");
    assert!(far.hears_itself());
    let stopped = Instant::now();
    far.say(Says::Nothing);
    let lost = watching.await_event("call_media_lost");
    eprintln!("told {:?} after the last packet: {}", stopped.elapsed(), lost["reason"]);
    assert!(lost["reason"].as_str().is_some_and(|reason| reason.starts_with("its packets stopped")), "{lost}");
    assert!(lost["call"]["media"]["nothing_heard"].is_string(), "{lost}");
    let ended = watching.await_event("call_ended");
    eprintln!("hung up {:?} after the last packet", stopped.elapsed());
    assert_eq!(ended["call"]["ended_by"], Value::from("network"), "{ended}");
    let mut buffer = [0; 4_096];
    let mut bye = String::new();
    while !bye.starts_with("BYE") {
        let (length, _) = far.sip.recv_from(&mut buffer).expect("a BYE");
        bye = String::from_utf8_lossy(&buffer[..length]).into_owned();
    }
    assert!(bye.contains("Reason: Q.850;cause=102;text=\"RTP timeout\""), "{bye}");
}
