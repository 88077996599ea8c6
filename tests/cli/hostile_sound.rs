//! What comes to the ports of a call that runs, through real sockets: the far end is played here, packet by packet, and
//! the phone sends back what it hears.

use super::support::*;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tuiphone::media::FRAME;
use tuiphone::media::codec::{Tuning, decoder, encoder};
use tuiphone::media::tone::goertzel_dbfs;
use tuiphone::rtp::dropped::MAX_DATAGRAM;
use tuiphone::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};
use tuiphone::sdp::Format;

const SSRC: Ssrc = Ssrc(0x5eed_0001);
const TONE: f32 = 700.0;

/// What the far end sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Says {
    Nothing,
    Tone,
    /// Every other packet of a payload type that nobody agreed to.
    WrongPayload,
    WildTime,
    /// Every other packet with a number from nowhere.
    WildNumbers,
}

/// A far end that has called the phone.
struct FarEnd {
    sip: UdpSocket,
    rtp: Arc<UdpSocket>,
    rtcp: UdpSocket,
    /// Where the phone listens for sound.
    sound: SocketAddr,
    says: Arc<AtomicU8>,
    /// What came back of late.
    heard: Arc<Mutex<Vec<f32>>>,
    stop: Arc<AtomicBool>,
}

impl FarEnd {
    /// Calls the phone, which answers by itself.
    fn call(phone: SocketAddr) -> FarEnd {
        let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
        sip.set_read_timeout(Some(Duration::from_millis(500))).expect("a bound");
        let (rtp, rtcp) =
            (UdpSocket::bind("127.0.0.1:0").expect("a port"), UdpSocket::bind("127.0.0.1:0").expect("a port"));
        let port = |socket: &UdpSocket| socket.local_addr().expect("its address").port();
        let (own, rtp_port, rtcp_port) = (port(&sip), port(&rtp), port(&rtcp));
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {rtp_port} RTP/AVP 0\r\n\
             a=rtcp:{rtcp_port}\r\n"
        );
        let request = |method: &str, to: &str, body: &str| {
            format!(
                "{method} sip:phone@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{method};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:far@127.0.0.1:{own}>;tag=far\r\nTo: {to}\r\nCall-ID: hostile-{own}\r\n\
                 CSeq: 1 {method}\r\nContact: <sip:far@127.0.0.1:{own}>\r\nContent-Type: application/sdp\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let invite = request("INVITE", &format!("<sip:phone@{phone}>"), &body);
        let mut answer = None;
        assert!(until(|| {
            let _ = sip.send_to(invite.as_bytes(), phone);
            let mut buffer = [0; 4_096];
            while let (None, Ok((length, _))) = (&answer, sip.recv_from(&mut buffer)) {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                answer = text.starts_with("SIP/2.0 200").then_some(text);
            }
            answer.is_some()
        }));
        let answer = answer.expect("answered");
        let after =
            |start: &str| answer.lines().find_map(|line| line.strip_prefix(start)).expect("the line").to_owned();
        let ack = request("ACK", &after("To: "), "");
        sip.send_to(ack.as_bytes(), phone).expect("sent");
        let audio = after("m=audio ");
        let audio = audio.split(' ').next().and_then(|port| port.parse().ok()).expect("a port");
        let far = FarEnd {
            sip,
            rtp: Arc::new(rtp),
            rtcp,
            sound: SocketAddr::from(([127, 0, 0, 1], audio)),
            says: Arc::new(AtomicU8::new(Says::Nothing as u8)),
            heard: Arc::default(),
            stop: Arc::default(),
        };
        // Who reports has its place; until then any port of its host may be the one.
        let report = [&[0x80, 201, 0, 1][..], &SSRC.0.to_be_bytes()].concat();
        far.rtcp.send_to(&report, far.control()).expect("sent");
        far.speak();
        far.listen();
        far
    }

    /// Where the phone listens for reports.
    fn control(&self) -> SocketAddr {
        SocketAddr::new(self.sound.ip(), self.sound.port() + 1)
    }

    fn say(&self, says: Says) {
        self.says.store(says as u8, Ordering::Relaxed);
    }

    /// A packet each 20 ms.
    fn speak(&self) {
        let (rtp, says, stop, to) = (Arc::clone(&self.rtp), Arc::clone(&self.says), Arc::clone(&self.stop), self.sound);
        std::thread::spawn(move || {
            let (mut rng, start) = (StdRng::seed_from_u64(3), Instant::now());
            let mut voice = encoder(&pcmu(), &Tuning::default()).expect("PCMU");
            let mut sequence = SequenceNumber(100);
            for n in 0.. {
                std::thread::sleep((start + Duration::from_millis(20) * n).saturating_duration_since(Instant::now()));
                let says = says.load(Ordering::Relaxed);
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                if says == Says::Nothing as u8 {
                    continue;
                }
                let sample = |k: usize| {
                    let at = (n as usize * 2 * FRAME + k) % 48_000;
                    0.25 * (at as f32 / 48_000.0 * TONE * std::f32::consts::TAU).sin()
                };
                let sound: Vec<f32> = (0..2 * FRAME).map(sample).collect();
                let mut payload = Vec::new();
                voice.encode(&sound, &mut payload);
                let mut packet = Packet {
                    payload_type: 0,
                    marker: false,
                    sequence,
                    time: RtpTime(n * 160),
                    ssrc: SSRC,
                    payload: &payload,
                };
                match says {
                    wild if wild == Says::WildTime as u8 => packet.time = RtpTime(rng.next_u32()),
                    wrong if n % 2 == 0 && wrong == Says::WrongPayload as u8 => packet.payload_type = 96,
                    wild if n % 2 == 0 && wild == Says::WildNumbers as u8 => {
                        packet.sequence = SequenceNumber(sequence.0.wrapping_add(rng.random_range(10_000..50_000)));
                    }
                    _ => {}
                }
                sequence = sequence.next();
                let mut bytes = Vec::new();
                packet.write(&mut bytes);
                let _ = rtp.send_to(&bytes, to);
            }
        });
    }

    fn listen(&self) {
        let (rtp, heard, stop) = (Arc::clone(&self.rtp), Arc::clone(&self.heard), Arc::clone(&self.stop));
        rtp.set_read_timeout(Some(Duration::from_millis(200))).expect("a bound");
        std::thread::spawn(move || {
            let mut ear = decoder(&pcmu(), &Tuning::default()).expect("PCMU");
            let mut buffer = [0; 2_048];
            while !stop.load(Ordering::Relaxed) {
                let Ok((length, _)) = rtp.recv_from(&mut buffer) else { continue };
                let Ok(packet) = Packet::parse(&buffer[..length]) else { continue };
                if packet.payload_type == 0 {
                    ear.decode(packet.payload, &mut heard.lock().expect("no panic"));
                }
            }
        });
    }

    /// Half a second that comes back from now on is the tone.
    fn hears_itself(&self) -> bool {
        self.heard.lock().expect("no panic").clear();
        until(|| {
            let mut heard = self.heard.lock().expect("no panic");
            let half = heard.len().checked_sub(24_000);
            let good = half.is_some_and(|start| goertzel_dbfs(&heard[start..], TONE, 48_000) > -20.0);
            if heard.len() > 96_000 {
                heard.clear();
            }
            good
        })
    }

    /// A packet of the far end's address that the far end never made.
    fn forged(ssrc: Ssrc, sequence: u16) -> Vec<u8> {
        let sequence = SequenceNumber(sequence);
        let packet = Packet { payload_type: 0, marker: false, sequence, time: RtpTime(0), ssrc, payload: &[0; 160] };
        let mut bytes = Vec::new();
        packet.write(&mut bytes);
        bytes
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn pcmu() -> Format {
    Format { payload_type: 0, encoding: "PCMU".into(), clock_rate: 8_000, channels: 1, fmtp: None }
}

/// A phone that strangers may call; it answers by itself and sends back what it hears.
fn phone(house: &House, more: &str) -> (Daemon, SocketAddr) {
    let text =
        format!("[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\ncallEndpoint=echo\r\n{more}");
    std::fs::write(house.ini(), text).expect("written");
    let daemon = house.daemon_with(&["--autoanswer", "1"], "SIP on udp");
    let address = daemon.line().split_whitespace().find_map(|word| word.trim_end_matches(',').parse().ok());
    let address = address.unwrap_or_else(|| panic!("no address in {}", daemon.line()));
    (daemon, address)
}

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
            if n % 10 == 9 {
                std::thread::sleep(Duration::from_millis(1));
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
