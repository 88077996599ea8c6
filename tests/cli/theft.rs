//! Whose sound a call takes and where its own goes, through real sockets: early, late, from elsewhere, and stolen. The
//! phone sends back what it hears.

use super::far_end::{pcmu, phone};
use super::far_side::{FarSide, body, plain, status};
use super::support::*;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tuiphone::media::codec::{Decoder, Encoder, Tuning, decoder, encoder};
use tuiphone::media::tone::goertzel_dbfs;
use tuiphone::media::{FRAME, SAMPLE_RATE};
use tuiphone::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};

const NEAR: Ipv4Addr = Ipv4Addr::LOCALHOST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Somebody with a tone of its own.
struct Talker {
    rtp: UdpSocket,
    tone: f32,
    voice: Box<dyn Encoder>,
    ear: Box<dyn Decoder>,
    said: u32,
    heard: Vec<f32>,
}

impl Talker {
    fn at(ip: Ipv4Addr, tone: f32) -> Talker {
        let rtp = UdpSocket::bind((ip, 0)).expect("a port");
        rtp.set_nonblocking(true).expect("so set");
        let voice = encoder(&pcmu(), &Tuning::default()).expect("PCMU");
        let ear = decoder(&pcmu(), &Tuning::default()).expect("PCMU");
        Talker { rtp, tone, voice, ear, said: 0, heard: Vec::new() }
    }

    fn address(&self) -> SocketAddr {
        self.rtp.local_addr().expect("its address")
    }

    /// Its description.
    fn described(&self) -> String {
        plain(self.address())
    }

    /// The next 20 ms of its tone.
    fn says(&mut self, to: SocketAddr) {
        let sample = |k: usize| {
            let at = (self.said as usize * 2 * FRAME + k) as f32 / SAMPLE_RATE as f32;
            0.25 * (at * self.tone * std::f32::consts::TAU).sin()
        };
        let (sound, mut payload, mut bytes) = ((0..2 * FRAME).map(sample).collect::<Vec<f32>>(), vec![], vec![]);
        self.voice.encode(&sound, &mut payload);
        let (sequence, time) = (SequenceNumber(self.said as u16), RtpTime(self.said * 160));
        let ssrc = Ssrc(u32::from(self.address().port()));
        Packet { payload_type: 0, marker: self.said == 0, sequence, time, ssrc, payload: &payload }.write(&mut bytes);
        self.said += 1;
        self.rtp.send_to(&bytes, to).expect("sent");
    }

    fn listens(&mut self) {
        let mut buffer = [0; 2_048];
        while let Ok(length) = self.rtp.recv(&mut buffer) {
            let packet = Packet::parse(&buffer[..length]).expect("RTP");
            self.ear.decode(packet.payload, &mut self.heard);
        }
    }

    /// For how long this tone came to it since it was asked last.
    fn heard(&mut self, tone: f32) -> Duration {
        let heard = std::mem::take(&mut self.heard);
        let parts = heard.chunks_exact(SAMPLE_RATE as usize / 10);
        let loud = parts.filter(|part| goertzel_dbfs(part, tone, SAMPLE_RATE) > -20.0).count();
        Duration::from_millis(100 * loud as u64)
    }

    /// Whether anything came to it since it was asked last.
    fn is_sent_sound(&mut self) -> bool {
        !std::mem::take(&mut self.heard).is_empty()
    }
}

/// All of them talk to the phone at once, for two seconds.
fn talk(talkers: &mut [&mut Talker], phone: SocketAddr) {
    let (start, period) = (Instant::now(), Duration::from_millis(20));
    for n in 1..=100 {
        talkers.iter_mut().for_each(|talker| talker.says(phone));
        std::thread::sleep((start + period * n).saturating_duration_since(Instant::now()));
        talkers.iter_mut().for_each(|talker| talker.listens());
    }
}

/// Where a description has its sound.
fn sound_of(message: &str) -> SocketAddr {
    let audio = body(message).lines().find_map(|line| line.strip_prefix("m=audio ")).expect("the line");
    SocketAddr::from((NEAR, audio.split(' ').next().and_then(|port| port.parse().ok()).expect("a port")))
}

const HALF: Duration = Duration::from_secs(1);

/// Before an answer nobody is heard and nobody is sent anything; with one, early or late, who answered is.
//= RFC 3264 §5.1, RFC 3960 §3.1
#[test]
fn sound_begins_with_an_answer() {
    let house = House::open();
    let (daemon, address) = phone(&house, "");
    let mut wire = daemon.connect();
    for early in [true, false] {
        let (side, mut far, mut stranger) =
            (FarSide::new(address), Talker::at(NEAR, 700.0), Talker::at(ELSEWHERE, 1_900.0));
        assert_eq!(wire.ask(&format!("call sip:far@127.0.0.1:{}", side.port()))["ok"], true);
        let invite = side.awaits("INVITE");
        let sound = sound_of(&invite);
        talk(&mut [&mut far, &mut stranger], sound);
        assert!(!far.is_sent_sound() && !stranger.is_sent_sound(), "before any answer");
        side.answers(&invite, if early { 183 } else { 200 }, &far.described());
        talk(&mut [&mut far, &mut stranger], sound);
        let heard = far.heard(700.0);
        assert!(heard > HALF && !stranger.is_sent_sound(), "early: {early}, {heard:?}");
        if early {
            side.answers(&invite, 200, &far.described());
        }
        // Sound that pauses after the answer, and comes late.
        std::thread::sleep(HALF);
        talk(&mut [&mut far, &mut stranger], sound);
        let heard = far.heard(700.0);
        assert!(heard > HALF && !stranger.is_sent_sound(), "early: {early}, {heard:?}");
        side.is_hung_up(&mut wire);
    }
}

/// The far end sends from another port than it named: that is where it listens, behind its NAT.
#[test]
fn who_comes_from_another_port_is_answered_there_and_from_another_host_never() {
    let house = House::open();
    let (daemon, address) = phone(&house, "");
    let mut wire = daemon.connect();
    let mut side = FarSide::new(address);
    let (mut named, mut far, mut stranger) =
        (Talker::at(NEAR, 400.0), Talker::at(NEAR, 700.0), Talker::at(ELSEWHERE, 1_900.0));
    let sound = sound_of(&side.invite(&named.described()));
    talk(&mut [&mut stranger, &mut far], sound);
    named.listens();
    let heard = far.heard(700.0);
    assert!(heard > HALF && !stranger.is_sent_sound(), "{heard:?}");
    named.is_sent_sound();
    // Who comes from what the signalling gave has its place at once, and what was there before it is a stranger.
    talk(&mut [&mut far, &mut named], sound);
    talk(&mut [&mut far, &mut named], sound);
    let (here, there) = (named.heard(400.0), far.heard(700.0));
    assert!(here > 2 * HALF && there < HALF, "{here:?}, {there:?}");
    side.is_hung_up(&mut wire);
}

#[test]
fn an_address_that_changes_is_followed_and_the_one_of_before_is_a_strangers() {
    let house = House::open();
    let (daemon, address) = phone(&house, "");
    let mut wire = daemon.connect();
    let mut side = FarSide::new(address);
    let (mut old, mut new) = (Talker::at(NEAR, 700.0), Talker::at(ELSEWHERE, 1_900.0));
    let sound = sound_of(&side.invite(&old.described()));
    talk(&mut [&mut old], sound);
    assert!(old.heard(700.0) > HALF);
    let moved = side.invite(&new.described());
    assert_eq!((status(&moved), sound_of(&moved)), (200, sound));
    // What was on its way to the old one has come once the new one is sent something.
    let is_followed = || {
        new.says(sound);
        new.listens();
        new.is_sent_sound()
    };
    assert!(until(is_followed), "it is followed");
    old.listens();
    old.is_sent_sound();
    talk(&mut [&mut old, &mut new], sound);
    assert!(new.heard(1_900.0) > HALF && !old.is_sent_sound());
    let mut media = serde_json::Value::Null;
    let is_counted = || {
        media = wire.ask("status")["calls"][0]["media"].clone();
        media["dropped"]["strangers"].as_u64() > Some(50)
    };
    assert!(until(is_counted), "{media}");
    side.is_hung_up(&mut wire);
}

/// Who was called before and does not stop is not heard in the next call, even where that has its port and its host.
#[test]
fn a_call_of_before_does_not_bleed_into_the_next() {
    let house = House::open();
    let free = free_pair();
    let ports = format!("[Settings]\r\nrtpPortMin={free}\r\nrtpPortMax={}\r\n", free + 1);
    let (daemon, address) = phone(&house, &ports);
    let mut wire = daemon.connect();
    for ip in [NEAR, ELSEWHERE] {
        let (mut old, mut new) = (Talker::at(ip, 700.0), Talker::at(NEAR, 1_900.0));
        let mut side = FarSide::new(address);
        let sound = sound_of(&side.invite(&old.described()));
        assert_eq!(sound.port(), free);
        talk(&mut [&mut old], sound);
        side.is_hung_up(&mut wire);
        talk(&mut [&mut old], sound);
        old.is_sent_sound();
        talk(&mut [&mut old], sound);
        assert!(!old.is_sent_sound(), "after the end");
        let mut side = FarSide::new(address);
        assert_eq!(sound_of(&side.invite(&new.described())).port(), free);
        talk(&mut [&mut old, &mut new], sound);
        new.heard(1_900.0);
        old.is_sent_sound();
        talk(&mut [&mut old, &mut new], sound);
        let (own, other) = (new.heard(1_900.0), old.is_sent_sound());
        assert!(own > HALF && !other, "{ip}: {own:?}, {other}");
        side.is_hung_up(&mut wire);
    }
}
