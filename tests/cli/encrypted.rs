//! Encrypted calls through real sockets: the far end is played here, and the phone sends back what it hears.

use super::far_end::{pcmu, phone};
use super::far_side::{FarSide, body, described, plain, status};
use super::support::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use std::cell::RefCell;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tuiphone::media::codec::{Codec, Decoder, Encoder, Tuning, decoder, encoder};
use tuiphone::media::encryption::suites;
use tuiphone::media::tone::goertzel_dbfs;
use tuiphone::media::{FRAME, SAMPLE_RATE};
use tuiphone::rtp::dropped::Kind;
use tuiphone::rtp::srtp::{Inbound, MasterKey, Outbound, Suite};
use tuiphone::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};
use tuiphone::sdp::{self, CryptoSuite, Encryption, LocalMedia, Negotiation, Srtp};

/// Two seconds of sound.
const PACKETS: u32 = 100;
const TONE: f32 = 700.0;
const MANDATORY: &str = "[Account0]\r\nSRTP=mandatory\r\n";

/// A port for sound and one for its reports, each with what opens packets that come there.
struct FarEnd {
    sip: FarSide,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    negotiation: Negotiation,
    rng: StdRng,
    /// Where the phone listens.
    phone: SocketAddr,
    suite: CryptoSuite,
    outbound: Outbound,
    /// The phone's key, and those it had before: packets may have been under way.
    inbound: Vec<Inbound>,
    voice: Box<dyn Encoder>,
    ear: Box<dyn Decoder>,
    said: u32,
    /// What went out last.
    last: RefCell<Option<Vec<u8>>>,
    /// Sound that came.
    heard: Vec<f32>,
    /// Packets of sound and reports that were authentic under the present key, under one of before, and others.
    authentic: usize,
    before: usize,
    others: usize,
}

impl FarEnd {
    /// Calls the phone and offers it this suite alone.
    fn call(phone: SocketAddr, suite: CryptoSuite) -> FarEnd {
        let mut sip = FarSide::new(phone);
        let [rtp, rtcp] = [(); 2].map(|()| trap());
        let codec = Codec::by_id("PCMU/8000/1").expect("known").capability(&Tuning::default());
        let suites = vec![CryptoSuite { offered: true, ..suite }];
        let local = LocalMedia::new(at(&rtp), at(&rtcp), vec![codec]);
        let local = LocalMedia { encryption: Encryption::Mandatory, suites, ..local };
        let mut rng = StdRng::seed_from_u64(1);
        let mut negotiation = Negotiation::new(local, &mut rng);
        let answer = sip.invite(&negotiation.offer(false).to_string());
        let agreed = negotiation.accept_answer(&sdp::parse(body(&answer).as_bytes()).expect("readable"));
        let agreed = agreed.expect("agreed");
        let (outbound, inbound) = keys(suite, &agreed.srtp.expect("encrypted"));
        FarEnd {
            sip,
            rtp,
            rtcp,
            negotiation,
            rng,
            phone: agreed.remote_rtp.expect("an address"),
            suite,
            outbound,
            inbound: vec![inbound],
            voice: encoder(&pcmu(), &Tuning::default()).expect("PCMU"),
            ear: decoder(&pcmu(), &Tuning::default()).expect("PCMU"),
            said: 0,
            last: RefCell::default(),
            heard: Vec::new(),
            authentic: 0,
            before: 0,
            others: 0,
        }
    }

    /// Offers another key in mid-call; the phone answers with another one as well.
    fn rekey(&mut self) {
        self.negotiation.rekey(&mut self.rng);
        let answer = self.sip.invite(&self.negotiation.offer(false).to_string());
        let ours = self.negotiation.agreed().and_then(|agreed| agreed.srtp.clone()).expect("encrypted");
        let agreed = self.negotiation.accept_answer(&sdp::parse(body(&answer).as_bytes()).expect("readable"));
        let srtp = agreed.expect("agreed").srtp.expect("encrypted");
        assert!(srtp.send != ours.send && srtp.receive != ours.receive, "both keys are others");
        let (outbound, inbound) = keys(self.suite, &srtp);
        self.outbound = outbound;
        self.inbound.insert(0, inbound);
        self.before += std::mem::take(&mut self.authentic);
    }

    /// Says a tone, and listens to what comes back meanwhile; for how long that was the tone.
    fn talk(&mut self) -> Duration {
        self.talk_beside(|_, _, _| {})
    }

    /// The same while somebody else does something before each packet, which is told in clear and as it goes out.
    fn talk_beside(&mut self, act: impl Fn(&FarEnd, &[u8], &[u8])) -> Duration {
        let (start, period) = (Instant::now(), Duration::from_millis(20));
        self.heard.clear();
        for n in 0..PACKETS {
            let sample = |k: usize| {
                let at = (self.said as usize * 2 * FRAME + k) as f32 / SAMPLE_RATE as f32;
                0.25 * (at * TONE * std::f32::consts::TAU).sin()
            };
            let mut payload = Vec::new();
            self.voice.encode(&(0..2 * FRAME).map(sample).collect::<Vec<f32>>(), &mut payload);
            let (sequence, time) = (SequenceNumber(self.said as u16), RtpTime(self.said * 160));
            let ssrc = Ssrc(0x5eed_0002);
            let packet = Packet { payload_type: 0, marker: n == 0, sequence, time, ssrc, payload: &payload };
            self.said += 1;
            let mut bytes = Vec::new();
            packet.write(&mut bytes);
            let plain = bytes.clone();
            self.outbound.protect_rtp(&mut bytes).expect("protected");
            act(self, &plain, &bytes);
            self.rtp.send_to(&bytes, self.phone).expect("sent");
            std::thread::sleep((start + period * (n + 1)).saturating_duration_since(Instant::now()));
            self.listen();
        }
        let parts = self.heard.chunks_exact(SAMPLE_RATE as usize / 10);
        let loud = parts.filter(|part| goertzel_dbfs(part, TONE, SAMPLE_RATE) > -20.0).count();
        Duration::from_millis(100 * loud as u64)
    }

    fn listen(&mut self) {
        let mut buffer = [0; 2_048];
        for socket in [&self.rtp, &self.rtcp] {
            while let Ok(length) = socket.recv(&mut buffer) {
                let mut opened = None;
                for (age, key) in self.inbound.iter_mut().enumerate() {
                    let mut packet = buffer[..length].to_vec();
                    let plain = match Kind::of(&packet) {
                        Kind::Rtp => key.unprotect_rtp(&mut packet).ok().inspect(|plain| {
                            self.ear.decode(Packet::parse(plain).expect("RTP").payload, &mut self.heard);
                        }),
                        Kind::Rtcp => key.unprotect_rtcp(&mut packet).ok(),
                        _ => None,
                    };
                    opened = opened.or(plain.map(|_| age));
                }
                match opened {
                    Some(0) => self.authentic += 1,
                    Some(_) => self.before += 1,
                    None => self.others += 1,
                }
            }
        }
    }

    /// The phone hangs up; what it sent until then has come.
    fn ends(&mut self, wire: &mut Wire) {
        self.sip.is_hung_up(wire);
        self.listen();
    }
}

/// A port that waits for nothing.
fn trap() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_nonblocking(true).expect("so set");
    socket
}

fn at(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("its address")
}

fn is_untouched(trap: &UdpSocket) -> bool {
    trap.recv(&mut [0; 1]).is_err()
}

/// What protects what a far end sends, and what opens what it hears.
fn keys(suite: CryptoSuite, srtp: &Srtp) -> (Outbound, Inbound) {
    assert_eq!(srtp.suite, suite.name);
    let key = |key: &[u8]| MasterKey::new(Suite::named(suite.name).expect("known"), key).expect("its length");
    let [ours, theirs] = [&srtp.send, &srtp.receive[0].key].map(|octets| key(octets.reveal()));
    (Outbound::new(&ours).expect("a key"), Inbound::new(&[theirs]).expect("a key"))
}

//= RFC 3711 §3.3
#[test]
fn sound_goes_both_ways_in_every_suite_and_none_in_clear() {
    let house = House::open();
    let (daemon, address) = phone(&house, MANDATORY);
    let mut wire = daemon.connect();
    for suite in suites() {
        let mut far = FarEnd::call(address, suite);
        let tone = far.talk();
        let status = wire.ask("status");
        let shown = format!("{}, keys in clear", suite.name);
        assert_eq!(status["calls"][0]["media"]["srtp"], serde_json::json!(shown), "{status}");
        far.ends(&mut wire);
        let FarEnd { authentic, others, .. } = far;
        eprintln!("{}: {authentic} authentic, {others} others, the tone for {tone:?}", suite.name);
        assert!(authentic > 50 && others == 0, "{}: {authentic} authentic, {others} others", suite.name);
        assert!(tone > Duration::from_secs(1), "{}: {tone:?} of the tone", suite.name);
    }
}

/// Two running phones, and what the one who calls reads of it.
#[test]
fn a_call_tells_in_its_lines_what_protects_it() {
    let rows = [
        ("", "not encrypted"),
        ("[Account0]\r\nSRTP=mandatory\r\n", "encrypted AEAD_AES_256_GCM, keys in clear"),
        ("[Account0]\r\nSRTP=dtls\r\n", "encrypted AEAD_AES_256_GCM, keys by DTLS"),
    ];
    for (asked, words) in rows {
        let (here, there) = (House::open(), House::open());
        let (_daemon, address) = phone(&there, asked);
        std::fs::write(here.ini(), format!("[tuiphone]\r\nbindAddress=127.0.0.1\r\n{asked}")).expect("written");
        let target = format!("sip:bob@{address}");
        let done = here.run(&["call", &target, "--standalone", "--account", "0", "--duration", "2"]);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.stderr.contains(words) || done.stdout.contains(words), "{words}: {done:?}");
    }
}

/// Whatever the far end offers in mid-call, and whatever it sends instead of what it said: no sound leaves in clear, and
/// the call goes on as encrypted as it was.
#[test]
fn what_must_be_encrypted_stays_so() {
    let house = House::open();
    let (daemon, address) = phone(&house, MANDATORY);
    let mut wire = daemon.connect();
    let bait = trap();
    let at_bait = at(&bait);
    assert_eq!(status(&FarSide::new(address).invite(&plain(at_bait))), 488);
    let mut far = FarEnd::call(address, suites()[0]);
    far.talk();
    let crypto = |suite: &str, key: &str| format!("a=crypto:1 {suite} inline:{key}\r\n");
    let offers = [
        plain(at_bait),
        described(at_bait, "RTP/SAVP", ""),
        described(at_bait, "RTP/AVP", &crypto("F8_128_HMAC_SHA1_80", &"A".repeat(40))),
        described(at_bait, "RTP/SAVP", &crypto("AES_CM_128_HMAC_SHA1_80", &"A".repeat(36))),
        described(
            at_bait,
            "RTP/SAVP",
            &crypto("AES_CM_128_HMAC_SHA1_80", &format!("{} UNENCRYPTED_SRTP", "A".repeat(40))),
        ),
    ];
    for offer in offers {
        assert_eq!(status(&far.sip.invite(&offer)), 488, "{offer}");
    }
    let tone = far.talk();
    assert!(tone > Duration::from_secs(1), "{tone:?} of the tone");
    let right = std::mem::replace(&mut far.outbound, Outbound::new(&wrong(far.suite)).expect("a key"));
    far.talk();
    let tone = far.talk();
    assert_eq!(tone, Duration::ZERO, "what is not authentic is not played");
    let mut media = Value::Null;
    let is_counted = || {
        media = wire.ask("status")["calls"][0]["media"].clone();
        media["dropped"]["unauthentic"].as_u64() > Some(150)
    };
    assert!(until(is_counted), "{media}");
    assert_eq!(media["srtp"], "AEAD_AES_256_GCM, keys in clear");
    far.outbound = right;
    far.talk();
    let tone = far.talk();
    assert!(tone > Duration::from_secs(1), "{tone:?} of the tone");
    far.ends(&mut wire);
    assert!(far.authentic > 500 && far.others == 0, "{} authentic, {} others", far.authentic, far.others);
    assert!(is_untouched(&bait));
}

/// Who sees all there is to see, but has no key, is not heard, and no sound goes where it is: not from elsewhere, though
/// it be the first to come, and not from where the far end is.
#[test]
fn who_has_no_key_takes_nothing() {
    let house = House::open();
    let (daemon, address) = phone(&house, MANDATORY);
    let mut wire = daemon.connect();
    let mut far = FarEnd::call(address, suites()[0]);
    let thief = trap();
    // Behind a NAT of its own: no place is its own before it is heard.
    far.rtp = trap();
    let tone = far.talk_beside(|far, plain, sealed| {
        let (mut noise, mut forged) = (plain.to_vec(), sealed.to_vec());
        // Where it were taken, the packet to come would be there already.
        noise[3] = noise[3].wrapping_add(1);
        noise[12..].fill(0x80);
        forged[20] ^= 1;
        for socket in [&thief, &far.rtp] {
            for bytes in [&noise, &forged] {
                socket.send_to(bytes, far.phone).expect("sent");
            }
        }
    });
    assert!(tone > Duration::from_secs(1), "{tone:?} of the tone");
    assert!(is_untouched(&thief));
    // Nor is what was heard before.
    let tone = far.talk_beside(|far, _, sealed| {
        let last = far.last.borrow_mut().replace(sealed.to_vec());
        for socket in [&thief, &far.rtp] {
            if let Some(last) = &last {
                socket.send_to(last, far.phone).expect("sent");
            }
        }
    });
    assert!(tone > Duration::from_secs(1), "{tone:?} of the tone");
    assert!(is_untouched(&thief));
    let mut media = Value::Null;
    let is_counted = || {
        media = wire.ask("status")["calls"][0]["media"].clone();
        let dropped = |kind: &str| media["dropped"][kind].as_u64();
        dropped("unauthentic") > Some(300) && dropped("replayed") > Some(150)
    };
    assert!(until(is_counted), "{media}");
    assert!(media["rx_packets"].as_u64() <= Some(far.said.into()), "{media}");
    far.ends(&mut wire);
    assert_eq!(far.others, 0);
}

/// A key that nobody agreed to.
fn wrong(suite: CryptoSuite) -> MasterKey {
    let octets = vec![7; suite.key_and_salt];
    MasterKey::new(Suite::named(suite.name).expect("known"), &octets).expect("its length")
}

/// Neither early nor final.
#[test]
fn an_answer_in_clear_is_sent_no_sound() {
    let house = House::open();
    let (daemon, address) = phone(&house, MANDATORY);
    let mut wire = daemon.connect();
    let (far, bait) = (FarSide::new(address), trap());
    assert_eq!(wire.ask(&format!("call sip:far@127.0.0.1:{}", far.port()))["ok"], true);
    let invite = far.awaits("INVITE");
    let offered = body(&invite);
    assert!(offered.contains("RTP/SAVP ") && offered.contains("a=crypto:1 AEAD_AES_256_GCM inline:"), "{offered}");
    far.answers(&invite, 183, &plain(at(&bait)));
    std::thread::sleep(Duration::from_millis(500));
    far.answers(&invite, 200, &plain(at(&bait)));
    let bye = far.awaits("BYE");
    far.answers(&bye, 200, "");
    assert!(until(|| wire.ask("status")["calls"].as_array().is_none_or(Vec::is_empty)), "given up");
    assert!(is_untouched(&bait));
}

//= RFC 4568 §7.1.4
#[test]
fn another_key_in_mid_call_is_not_heard() {
    let house = House::open();
    let (daemon, address) = phone(&house, MANDATORY);
    let mut wire = daemon.connect();
    for suite in suites() {
        let mut far = FarEnd::call(address, suite);
        far.talk();
        for _ in 0..2 {
            far.rekey();
            let tone = far.talk();
            let FarEnd { authentic, others, .. } = far;
            assert!(authentic > 70 && others == 0, "{}: {authentic} authentic, {others} others", suite.name);
            assert!(tone > Duration::from_secs(1), "{}: {tone:?} of the tone", suite.name);
        }
        far.ends(&mut wire);
    }
}
