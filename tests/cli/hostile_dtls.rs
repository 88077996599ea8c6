//! What comes to the ports of two phones that shake hands and talk, through real sockets: records that neither sent.

use super::far_end::phone;
use super::support::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const DTLS: &str = "[Account0]\r\nSRTP=dtls\r\n";

/// A record of DTLS 1.2 (RFC 6347 §4.1), as long as it says.
fn record(kind: u8, epoch: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_be_bytes();
    [&[kind, 254, 253][..], &epoch.to_be_bytes(), &[0, 0, 0, 0, 0, 9], &length, body].concat()
}

/// A piece of a handshake message (RFC 6347 §4.2.2): its kind, the length of the whole, where this is and how long.
fn fragment(kind: u8, [length, offset, part]: [u32; 3], body: &[u8]) -> Vec<u8> {
    let three = |number: u32| number.to_be_bytes()[1..].to_vec();
    let head = [vec![kind], three(length), vec![0, 0], three(offset), three(part)].concat();
    record(22, 0, &[&head, body].concat())
}

/// One of each kind.
fn rubbish(rng: &mut StdRng) -> Vec<Vec<u8>> {
    let noise: Vec<u8> = (0..rng.random_range(1..1_200)).map(|_| rng.random()).collect();
    vec![
        [&[rng.random_range(20..64)][..], &noise].concat(),
        record(rng.random_range(20..26), rng.random_range(0..3), &noise),
        record(22, 0, &[]),
        record(22, 0, &noise)[..noise.len().min(12)].to_vec(),
        [&record(22, 0, &[1])[..11], &[255, 255], &noise].concat(),
        fragment(1, [noise.len() as u32, 0, noise.len() as u32], &noise),
        fragment(1, [0xff_ffff, rng.random_range(0..0xff_ffff), noise.len() as u32], &noise),
        fragment(2, [10, 0xff_ffff, 0xff_ffff], &noise),
        fragment(rng.random(), [noise.len() as u32, 3, rng.random_range(0..2_000)], &noise),
        fragment(20, [12, 0, 12], &[7; 12]),
        record(20, 0, &[1]),
        record(21, 0, &[2, 40]),
        record(21, 0, &[1, 0]),
        record(23, 1, &noise),
    ]
}

/// The ports of sound in the descriptions of a trace.
fn ports(trace: &Path) -> BTreeSet<u16> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("m=audio "));
    lines.filter_map(|line| line.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn a_handshake_and_its_call_bear_what_a_stranger_sends() {
    let (here, there) = (House::open(), House::open());
    let (daemon, address) = phone(&there, DTLS);
    std::fs::write(here.ini(), format!("[tuiphone]\r\nbindAddress=127.0.0.1\r\n{DTLS}")).expect("written");
    let mut wire = daemon.connect();
    wire.send(b"watch");
    let (trace, target) = (here.folder.path().join("trace"), format!("sip:bob@{address}"));
    let mut command = here.program(&["call", &target, "--standalone", "--account", "0", "--duration", "4", "--json"]);
    command.arg("--debug").arg(&trace).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (stopped, count, read) = (Arc::clone(&stop), Arc::clone(&sent), trace.clone());
    let stranger = std::thread::spawn(move || {
        // Another port of the phones' host, and another host.
        let strangers = ["127.0.0.1:0", "127.0.0.2:0"].map(|address| UdpSocket::bind(address).expect("a port"));
        let mut rng = StdRng::seed_from_u64(11);
        while !stopped.load(Ordering::Relaxed) {
            for (port, socket) in ports(&read).into_iter().flat_map(|port| strangers.iter().map(move |s| (port, s))) {
                for bytes in rubbish(&mut rng) {
                    let _ = socket.send_to(&bytes, ("127.0.0.1", port));
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let done = finish_in(command.spawn().expect("it starts"));
    stop.store(true, Ordering::Relaxed);
    stranger.join().expect("it ends");
    let ended = wire.await_event("call_ended");
    assert_eq!(done.code, 0, "{done:?}");
    eprintln!("{} sent", sent.load(Ordering::Relaxed));
    assert!(sent.load(Ordering::Relaxed) > 500);
    for media in [&done.json()["call"]["media"], &ended["call"]["media"]] {
        assert!(media["srtp"].to_string().contains("keys by DTLS"), "{media}");
        assert!(media["rx_packets"].as_u64() > Some(50), "{media}");
    }
}
