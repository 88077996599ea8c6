//! A far end that is played here, packet by packet: it has called the phone, and says and hears what a test wishes.

use super::support::*;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tuiphone::media::FRAME;
use tuiphone::media::codec::{Tuning, decoder, encoder};
use tuiphone::media::tone::goertzel_dbfs;
use tuiphone::nat::stun::{Attribute, Class, Integrity, Key, Message, Method, Writer};
use tuiphone::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};
use tuiphone::sdp::Format;

pub const SSRC: Ssrc = Ssrc(0x5eed_0001);
const TONE: f32 = 700.0;
/// Its name and password where it has ICE.
pub const ICE: (&str, &str) = ("farEnd", "aPasswordOfTheFarEndsOwn");

/// What the far end sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Says {
    Nothing,
    Tone,
    /// Every other packet of a payload type that nobody agreed to.
    WrongPayload,
    WildTime,
    /// Every other packet with a number from nowhere.
    WildNumbers,
}

/// A far end that has called the phone.
pub struct FarEnd {
    pub sip: UdpSocket,
    pub rtp: Arc<UdpSocket>,
    pub rtcp: UdpSocket,
    /// Where the phone listens for sound.
    pub sound: SocketAddr,
    /// The phone's name and password, where both have ICE.
    pub ice: Option<(String, String)>,
    says: Arc<AtomicU8>,
    /// What came back of late.
    heard: Arc<Mutex<Vec<f32>>>,
    stop: Arc<AtomicBool>,
}

impl FarEnd {
    /// Calls the phone, which answers by itself.
    pub fn call(phone: SocketAddr) -> FarEnd {
        FarEnd::called(phone, false)
    }

    /// The same with ICE: it answers checks and makes none (ice-lite), on one port.
    pub fn call_with_ice(phone: SocketAddr) -> FarEnd {
        FarEnd::called(phone, true)
    }

    fn called(phone: SocketAddr, ice: bool) -> FarEnd {
        let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let (rtp, rtcp) =
            (UdpSocket::bind("127.0.0.1:0").expect("a port"), UdpSocket::bind("127.0.0.1:0").expect("a port"));
        let port = |socket: &UdpSocket| socket.local_addr().expect("its address").port();
        let (rtp_port, rtcp_port) = (port(&rtp), port(&rtcp));
        //= RFC 8445 §2.5, RFC 5761 §5.1.1
        let (session, more) = match ice {
            true => (
                "a=ice-lite\r\n",
                format!(
                    "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=rtcp-mux\r\n\
                     a=candidate:1 1 UDP 2130706431 127.0.0.1 {rtp_port} typ host\r\n",
                    ICE.0, ICE.1
                ),
            ),
            false => ("", format!("a=rtcp:{rtcp_port}\r\n")),
        };
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{session}\
             m=audio {rtp_port} RTP/AVP 0\r\n{more}"
        );
        let answer = invited(&sip, phone, &body);
        let line = |start: &str| answer.lines().find_map(|line| line.strip_prefix(start));
        let audio =
            line("m=audio ").expect("the line").split(' ').next().and_then(|port| port.parse().ok()).expect("a port");
        let far = FarEnd {
            sip,
            rtp: Arc::new(rtp),
            rtcp,
            sound: SocketAddr::from(([127, 0, 0, 1], audio)),
            ice: line("a=ice-ufrag:").zip(line("a=ice-pwd:")).map(|(name, word)| (name.to_owned(), word.to_owned())),
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
    pub fn control(&self) -> SocketAddr {
        SocketAddr::new(self.sound.ip(), self.sound.port() + 1)
    }

    pub fn say(&self, says: Says) {
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
                let Ok((length, from)) = rtp.recv_from(&mut buffer) else { continue };
                if let Some(answer) = answer_to_check(&buffer[..length], from) {
                    let _ = rtp.send_to(&answer, from);
                }
                let Ok(packet) = Packet::parse(&buffer[..length]) else { continue };
                if packet.payload_type == 0 {
                    ear.decode(packet.payload, &mut heard.lock().expect("no panic"));
                }
            }
        });
    }

    /// Half a second that comes back from now on is the tone.
    pub fn hears_itself(&self) -> bool {
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
    pub fn forged(ssrc: Ssrc, sequence: u16) -> Vec<u8> {
        let sequence = SequenceNumber(sequence);
        let packet = Packet { payload_type: 0, marker: false, sequence, time: RtpTime(0), ssrc, payload: &[0; 160] };
        let mut bytes = Vec::new();
        packet.write(&mut bytes);
        bytes
    }
}

/// What a check of the phone is answered with.
//= RFC 8445 §7.3
fn answer_to_check(bytes: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (message, key) = (Message::parse(bytes).ok()?, Key::short_term(ICE.1));
    let is_check = message.class == Class::Request && message.integrity(&key) == Integrity::Good;
    let answer = Writer::new(Class::Success, Method::BINDING, message.id);
    is_check.then(|| answer.xor_address(Attribute::XOR_MAPPED_ADDRESS, from).sign(&key).finish())
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Calls a phone that answers by itself, with this description, and acknowledges; the answer.
pub fn invited(sip: &UdpSocket, phone: SocketAddr, body: &str) -> String {
    sip.set_read_timeout(Some(Duration::from_millis(500))).expect("a bound");
    let own = sip.local_addr().expect("its address").port();
    let request = |method: &str, to: &str, body: &str| {
        format!(
            "{method} sip:phone@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:far@127.0.0.1:{own}>;tag=far\r\nTo: {to}\r\nCall-ID: hostile-{own}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:far@127.0.0.1:{own}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let invite = request("INVITE", &format!("<sip:phone@{phone}>"), body);
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
    let to = answer.lines().find_map(|line| line.strip_prefix("To: ")).expect("the line");
    sip.send_to(request("ACK", to, "").as_bytes(), phone).expect("sent");
    answer
}

pub fn pcmu() -> Format {
    Format { payload_type: 0, encoding: "PCMU".into(), clock_rate: 8_000, channels: 1, fmtp: None }
}

/// A phone that strangers may call; it answers by itself and sends back what it hears.
pub fn phone(house: &House, more: &str) -> (Daemon, SocketAddr) {
    let text = format!("[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\ncallEndpoint=echo\r\n{more}");
    std::fs::write(house.ini(), text).expect("written");
    let daemon = house.daemon_with(&["--autoanswer", "1"], "SIP on udp");
    let address = daemon.line().split_whitespace().find_map(|word| word.trim_end_matches(',').parse().ok());
    let address = address.unwrap_or_else(|| panic!("no address in {}", daemon.line()));
    (daemon, address)
}
