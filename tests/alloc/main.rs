//! Once calls are up the media thread allocates nothing and frees nothing: not for packets that come, are lost or come
//! twice, not for digits, not for reports. Neither do the callbacks of devices, nor what joins them to our clock. The
//! allocator of this program counts what a thread asks of it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod counting;
#[cfg(feature = "audio")]
mod devices;
#[cfg(feature = "apm")]
mod voice;
mod wires;

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tuiphone::audio::Spec;
use tuiphone::engine::media::{MediaConfig, MediaHandle, MediaReport, spawn};
use tuiphone::media::codec::{self, Tuning};
use tuiphone::media::command::{Endpoint, MediaCommand, MediaEvent, StreamId};
use tuiphone::rtp::dtls::Certificate;
use tuiphone::sdp::dtls::{DtlsExchange, DtlsLine, Fingerprint, Setup};
use tuiphone::sdp::{Agreed, Direction, Format};

/// Codecs that are agreed, where they are known.
const FORMATS: [(&str, u8, u32, u8); 4] =
    [("PCMU", 0, 8_000, 1), ("PCMA", 8, 8_000, 1), ("G722", 9, 8_000, 1), ("opus", 96, 48_000, 2)];

/// What starts, starts within this.
const WARM_UP: Duration = Duration::from_secs(4);
/// Longer than the time between two reports of RTCP.
const WATCHED: Duration = Duration::from_secs(8);

/// The row of the formats whose call has its keys by a handshake.
const SHAKEN: u32 = 1;

/// One thread is watched at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// One side of a call: the stream, and the relay's socket that it takes for its far end.
struct Side {
    stream: StreamId,
    rtp: SocketAddr,
    relay: UdpSocket,
}

/// The thread under test, and what it said before it was watched.
struct Media {
    handle: MediaHandle,
    bound: Receiver<(StreamId, SocketAddr)>,
    /// Reports of the counters.
    stats: Arc<AtomicU64>,
    /// Streams that have got keys.
    secured: Arc<AtomicU64>,
    certificate: Certificate,
}

impl Media {
    fn start() -> Media {
        let (sender, bound) = channel();
        let [stats, secured] = [0; 2].map(|none| Arc::new(AtomicU64::new(none)));
        let (seen, keyed) = (stats.clone(), secured.clone());
        let sender = Mutex::new(sender);
        let certificate = Certificate::generate(&mut StdRng::seed_from_u64(1), SystemTime::now()).unwrap();
        let config = MediaConfig {
            input: Spec::Voice,
            output: Spec::Null,
            ring: Spec::Null,
            certificate: Some(certificate.clone()),
            ..MediaConfig::default()
        };
        let report = move |report| match report {
            MediaReport::Event(MediaEvent::Bound { stream, rtp, .. }) => {
                sender.lock().unwrap().send((stream, rtp)).unwrap();
            }
            MediaReport::Event(MediaEvent::Stats { .. }) => drop(seen.fetch_add(1, Ordering::Relaxed)),
            MediaReport::Event(MediaEvent::Secured { .. }) => drop(keyed.fetch_add(1, Ordering::Relaxed)),
            _ => {}
        };
        Media { handle: spawn(config, report).unwrap(), bound, stats, secured, certificate }
    }

    /// What one side knows of a handshake with the other; both are this phone.
    fn exchange(&self, part: Setup) -> DtlsExchange {
        let fingerprints = vec![Fingerprint::parse(self.certificate.fingerprint()).unwrap()];
        let line = DtlsLine { fingerprints, setup: None, tls_id: None };
        DtlsExchange { ours: line.clone(), theirs: line, part }
    }

    fn side(&self, id: u32) -> Side {
        let (stream, local) = (StreamId(id), [127, 0, 0, 1].into());
        self.handle.send(MediaCommand::Bind { stream, local, reach: Box::default() }).unwrap();
        let (bound, rtp) = self.bound.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(bound, stream);
        let relay = UdpSocket::bind("127.0.0.1:0").unwrap();
        relay.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        Side { stream, rtp, relay }
    }
}

fn agreed((encoding, payload_type, clock_rate, channels): (&str, u8, u32, u8), remote: SocketAddr) -> Option<Agreed> {
    let fmtp = (encoding == "opus").then(|| "useinbandfec=1".to_owned());
    let format = Format { payload_type, encoding: encoding.to_owned(), clock_rate, channels, fmtp };
    codec::is_supported(&format, &Tuning::default()).then(|| Agreed {
        remote_rtp: Some(remote),
        remote_rtcp: Some(remote),
        rtcp_mux: true,
        extended_reports: Default::default(),
        send: format.clone(),
        receive: vec![format],
        telephone_event_send: Some((101, clock_rate)),
        telephone_event_receive: vec![(101, clock_rate)],
        comfort_noise_send: None,
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
        srtp: None,
        mangled: false,
        ice: None,
        dtls: None,
    })
}

/// Carries what reaches `from` on to the stream behind `to`: of twenty packets one is lost, one comes twice, and one is
/// overtaken by the next two.
fn carry(from: UdpSocket, to: UdpSocket, rtp: SocketAddr, stop: Arc<AtomicBool>) {
    let mut kept: Option<Vec<u8>> = None;
    let mut buffer = [0; 2_048];
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, _)) = from.recv_from(&mut buffer) else { continue };
        let packet = &buffer[..length];
        number += 1;
        match number % 20 {
            4 => {}
            9 => kept = Some(packet.to_vec()),
            14 => (0..2).for_each(|_| drop(to.send_to(packet, rtp))),
            at => {
                let _ = to.send_to(packet, rtp);
                if let (12, Some(late)) = (at, kept.take()) {
                    let _ = to.send_to(&late, rtp);
                }
            }
        }
    }
}

#[test]
fn the_media_thread_allocates_nothing_while_calls_are_up() {
    let _alone = ALONE.lock();
    let media = Media::start();
    let stop = Arc::new(AtomicBool::new(false));
    let (mut carriers, mut calls) = (Vec::new(), 0);
    for (n, format) in (0..).zip(FORMATS) {
        // One side is the person's, who is in a conference of all of them; the other echoes.
        let sides = [media.side(2 * n), media.side(2 * n + 1)];
        let known = [&sides[0], &sides[1]].map(|side| agreed(format, side.relay.local_addr().unwrap()));
        for (part, (side, agreed)) in [Setup::Active, Setup::Passive].into_iter().zip(sides.iter().zip(known)) {
            let Some(agreed) = agreed else { continue };
            let agreed = Agreed { dtls: (n == SHAKEN).then(|| media.exchange(part)), ..agreed };
            let (stream, endpoint) =
                (side.stream, if side.stream.0 % 2 == 0 { Endpoint::Phone } else { Endpoint::Echo });
            media.handle.send(MediaCommand::Attach { stream, endpoint }).unwrap();
            media.handle.send(MediaCommand::Start { stream, agreed: Box::new(agreed) }).unwrap();
            calls += 1;
        }
        let [a, b] = sides;
        let (from_a, from_b) = (a.relay.try_clone().unwrap(), b.relay.try_clone().unwrap());
        for (from, to, rtp) in [(from_a, b.relay, b.rtp), (from_b, a.relay, a.rtp)] {
            let stop = stop.clone();
            carriers.push(thread::spawn(move || carry(from, to, rtp, stop)));
        }
    }
    assert!(calls >= 6, "G.711 and Opus are always known");
    media.handle.send(MediaCommand::Conference((0..FORMATS.len() as u32).map(|n| StreamId(2 * n)).collect())).unwrap();
    thread::sleep(WARM_UP);
    // They end while the thread is watched.
    for n in 0..FORMATS.len() as u32 {
        let (stream, duration) = (StreamId(2 * n), WATCHED / 2);
        media.handle.send(MediaCommand::SendDigit { stream, digit: '5', duration, inband: n % 2 == 1 }).unwrap();
    }
    thread::sleep(Duration::from_millis(500));

    assert_eq!(media.secured.load(Ordering::Relaxed), 2, "one call has keys, on both sides");
    let before = media.stats.load(Ordering::Relaxed);
    counting::watch(thread_called("media"));
    let start = Instant::now();
    while start.elapsed() < WATCHED {
        thread::sleep(Duration::from_millis(100));
    }
    let seen = counting::seen();
    assert!(media.stats.load(Ordering::Relaxed) >= before + calls * 6, "the calls were not up all the time");
    assert!(seen.is_empty(), "it did, so often:\n{seen:#?}");
    stop.store(true, Ordering::Relaxed);
    carriers.into_iter().for_each(|carrier| carrier.join().unwrap());
}

/// The system's number of a thread of this process.
fn thread_called(name: &str) -> i32 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap());
    let is_called = |task: &std::fs::DirEntry| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    };
    let found = tasks.filter(is_called).map(|task| task.file_name().to_string_lossy().parse().unwrap());
    let found: Vec<i32> = found.collect();
    assert_eq!(found.len(), 1, "threads called {name}");
    found[0]
}
