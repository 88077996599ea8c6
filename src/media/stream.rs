//! One call's sound, both ways, without a socket.
//!
//! ```text
//!  datagram ─► RtpSession ─► telephone-event? ─► Digit
//!                   └─► JitterBuffer ─► Decoder / conceal ─► stretch ─► FIFO ─► tick_play, 10 ms ─► speaker or endpoint
//!
//!  microphone or endpoint ─► tick_capture, 10 ms ─► in-band DTMF ─► a ptime ─► Encoder ─┐
//!                                                        telephone-event in its place ─┴─► RtpSession ─► poll_transmit
//! ```

mod handshake;
mod quality;
mod receive;
mod send;

use super::FRAME;
use super::codec::{CodecError, Tuning};
use super::command::{Endpoint, LocalTone};
use super::dtx::SilenceSuppressor;
use super::encryption::{Encryption, Keyed};
use super::jitter_buffer::{self, Kind};
use super::silence::{Silence, Way};
use super::tone::{EUROPE, TonePlayer};
use super::voice::Voice;
use crate::rtp::dropped::{self, Dropped};
use crate::rtp::dtls::Failure;
use crate::rtp::rtcp::WallAnchor;
use crate::rtp::{self, RtpSession, Wanted, telephone_event};
use crate::sdp::Agreed;
use handshake::Handshake;
use quality::Line;
use rand::Rng;
use receive::Receive;
use send::{Sending, Source};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most events waiting to be told; of more the digits are left out.
const MAX_EVENTS: usize = 32;
/// Sent to keep a path open after so long without a packet, and how loud that is (RFC 3389 §3.1: -127 dBov).
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const NO_NOISE: u8 = 127;
/// Silence behind a telephone event.
const BETWEEN_EVENTS: Duration = Duration::from_millis(50);
/// How long a digit is that a digit reader sends back.
const READ_BACK: Duration = Duration::from_millis(160);
/// Datagrams whose memory is kept for the next ones.
const SPARE: usize = 4;
/// What most of them have room in, reports too, bytes.
const DATAGRAM: usize = 320;
/// Most datagrams waiting to be sent; more are dropped, as a network would.
const MAX_OUTBOX: usize = 32;

/// Which of the two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// From which socket.
    pub port: Port,
    /// Where to.
    pub to: SocketAddr,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// What a stream noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The first packet was played.
    FirstPacket,
    /// A digit arrived.
    Digit {
        /// The digit.
        digit: char,
        /// As tones in the sound.
        inband: bool,
    },
    /// The digit we were to send is sent, the pause behind it too.
    DigitSent,
    /// Sound that should be there is missing, or is back.
    Silence(Way, Option<Silence>),
    /// A handshake brought keys of this suite: sound goes from now on.
    Secured(&'static str),
    /// A handshake brought no keys, and none will come: there is no sound.
    NotSecured(Failure),
    /// The far end has closed what the keys came of: there is no sound any more.
    Closed,
}

/// The stream of one call.
pub struct MediaStream {
    session: RtpSession,
    encryption: Encryption,
    handshake: Handshake,
    /// What is sent from the next tick on has another SSRC.
    renames: bool,
    agreed: Option<Agreed>,
    /// What we send, for the counters.
    codec: Arc<str>,
    tuning: Tuning,
    endpoint: Endpoint,
    receive: Receive,
    send: Sending,
    outbox: VecDeque<Transmit>,
    spare: Vec<Vec<u8>>,
    events: VecDeque<StreamEvent>,
    line: Line,
}

impl MediaStream {
    /// A stream that knows nobody yet; `rng` gives SSRC, sequence number and timestamp.
    pub fn new(anchor: WallAnchor, now: Instant, rng: &mut impl Rng) -> MediaStream {
        MediaStream {
            session: RtpSession::new(8_000, anchor, rng),
            encryption: Encryption::default(),
            handshake: Handshake::default(),
            renames: false,
            agreed: None,
            codec: Arc::default(),
            tuning: Tuning::default(),
            endpoint: Endpoint::Phone,
            receive: Receive::new(now),
            send: Sending::new(),
            outbox: VecDeque::with_capacity(MAX_OUTBOX),
            spare: (0..SPARE).map(|_| Vec::with_capacity(DATAGRAM)).collect(),
            events: VecDeque::with_capacity(MAX_EVENTS),
            line: Line::new(now),
        }
    }

    /// How sound is coded from the next start on.
    pub fn tune(&mut self, tuning: Tuning) {
        self.receive.buffer.set_least(tuning.least_delay.max(jitter_buffer::LIMITS.0));
        self.tuning = tuning;
    }

    /// Starts, or changes to, what was agreed; what can go on does so without a gap.
    pub fn start(&mut self, agreed: Agreed) -> Result<(), CodecError> {
        let anew = self.handshake.agree(&agreed);
        self.renames |= self.encryption.agree(match (&agreed.srtp, &agreed.dtls) {
            (_, Some(_)) => Keyed::Dtls { anew, apart: !agreed.rtcp_mux },
            (Some(srtp), None) => Keyed::Sdes(srtp),
            (None, None) => Keyed::Plain,
        });
        self.session.set_remote(agreed.remote_rtp, agreed.remote_rtcp, agreed.rtcp_mux);
        self.codec = agreed.send.encoding.to_ascii_lowercase().into();
        let wanted = agreed.extended_reports;
        self.session.set_wanted(Wanted {
            voip: wanted.voip_metrics,
            statistics: wanted.statistics,
            reference: wanted.receiver_rtt,
        });
        self.send.agree(&agreed, &self.tuning)?;
        self.receive.agree(&agreed.receive, &self.tuning)?;
        let sound = self.receive.decoders.iter().map(|(payload_type, format, _)| (*payload_type, format.clock_rate));
        self.session.set_clocks(agreed.send.clock_rate, sound.chain(agreed.telephone_event_receive.iter().copied()));
        let events = agreed.telephone_event_send;
        if self.send.events.as_ref().map(|(payload_type, rate, _)| (*payload_type, *rate)) != events {
            self.send.events = events
                .map(|(payload_type, rate)| (payload_type, rate, telephone_event::Sender::new(rate, BETWEEN_EVENTS)));
        }
        if let Some((.., sender)) = &mut self.send.events {
            sender.set_sound_rate(agreed.send.clock_rate);
        }
        self.receive.gain.set(if agreed.direction.receives() { 1.0 } else { 0.0 });
        if self.agreed.as_ref().is_none_or(|before| before.direction != agreed.direction) {
            self.session.forget_hearing();
        }
        self.agreed = Some(agreed);
        Ok(())
    }

    /// What the far side talks to.
    pub fn attach(&mut self, endpoint: Endpoint) {
        self.send.source = match endpoint {
            Endpoint::Announcement => Source::Voice(Box::new(Voice::new(601))),
            Endpoint::Ringback => Source::Tone(Box::new(TonePlayer::new(LocalTone::Ringback, &EUROPE))),
            _ => Source::None,
        };
        self.endpoint = endpoint;
    }

    /// What the far side talks to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// True once something was agreed.
    pub fn is_started(&self) -> bool {
        self.agreed.is_some()
    }

    /// True when somebody takes what we say.
    pub fn is_sending(&self) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.direction.sends() && agreed.remote_rtp.is_some())
    }

    /// Sends a digit that lasts `duration`: as an event where that is agreed and tones are not asked for, else as tones.
    pub fn send_digit(&mut self, digit: char, duration: Duration, inband: bool) {
        match &mut self.send.events {
            Some((_, _, sender)) if !inband => {
                sender.push(digit, duration);
            }
            _ => self.send.dtmf.push(digit, duration),
        }
    }

    /// Ends the digit that is being sent.
    pub fn release_digit(&mut self) {
        self.send.dtmf.release();
        if let Some((_, _, sender)) = &mut self.send.events {
            sender.release();
        }
    }

    /// A datagram on the RTP port.
    pub fn receive_rtp(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        if !self.takes_handshake(Port::Rtp, datagram, from, now) {
            self.opened(datagram, from, |stream, plain| stream.take_rtp(plain, from, now));
        }
    }

    /// True when a datagram was one of a handshake, and is done with.
    fn takes_handshake(&mut self, port: Port, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        if dropped::Kind::of(datagram) != dropped::Kind::Odd(Dropped::Dtls) {
            return false;
        }
        match &self.agreed {
            None => self.handshake.keep(port, datagram, from),
            Some(_) if self.handshake.is_wanted(port) => self.receive_handshake(port, datagram, from, now),
            Some(_) => return false,
        }
        true
    }

    /// Hands on what a datagram carries, if it is protected as was agreed.
    fn opened(&mut self, datagram: &[u8], from: SocketAddr, take: impl FnOnce(&mut MediaStream, &[u8])) {
        if !self.encryption.is_on() {
            return take(self, datagram);
        }
        match self.encryption.open(datagram) {
            Ok(plain) => {
                take(self, &plain);
                self.encryption.give_back(plain);
            }
            Err(dropped) => self.session.refuse(dropped, from),
        }
    }

    fn take_rtp(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        let Some(agreed) = &self.agreed else { return };
        let Some(received) = self.session.receive(from, datagram, now) else { return };
        if !agreed.direction.receives() {
            return;
        }
        let packet = received.packet;
        if received.new_source {
            self.receive.events.reset();
            self.receive.buffer.restart();
        }
        if agreed.telephone_event_receive.iter().any(|(payload_type, _)| *payload_type == packet.payload_type) {
            if let Some(digit) = self.receive.events.receive(packet.time, packet.payload) {
                self.heard_digit(digit, false);
            }
            self.line.comes(false, now);
            let event = rtp::Packet { payload: &[], ..packet };
            return self.buffer(received.count, &event, now);
        }
        if !self.receive.knows(packet.payload_type) {
            self.line.odd_payload = Some(packet.payload_type);
            self.session.refuse(Dropped::PayloadType, from);
        } else {
            self.line.comes(self.receive.kind(&packet) == Kind::Pause, now);
        }
        self.buffer(received.count, &packet, now);
    }

    fn buffer(&mut self, count: u64, packet: &rtp::Packet<'_>, now: Instant) {
        let late = self.receive.buffer.counters().late;
        self.receive.insert(count, packet, now);
        if self.receive.buffer.counters().late > late {
            self.session.discard(count);
        }
    }

    /// A datagram on the RTCP port.
    pub fn receive_rtcp(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        if !self.takes_handshake(Port::Rtcp, datagram, from, now) && self.agreed.is_some() {
            self.opened(datagram, from, |stream, plain| {
                stream.session.receive_rtcp(from, plain, now);
            });
        }
    }

    /// Something came from an address that has no part in the call.
    pub fn refuse_stranger(&mut self, from: SocketAddr) {
        self.session.refuse(Dropped::Strangers, from);
    }

    /// The next 10 ms of what the far side says. An endpoint without a person hears them itself.
    pub fn tick_play(&mut self, now: Instant, frame: &mut [f32; FRAME]) {
        if self.receive.play(now, frame) {
            self.events.push_back(StreamEvent::FirstPacket);
        }
        let digit = self.receive.detector.hear(frame);
        self.receive.gain.apply(frame);
        if self.endpoint == Endpoint::Echo {
            self.send.echo = *frame;
        }
        if let Some(digit) = digit {
            self.heard_digit(digit, true);
        }
    }

    fn heard_digit(&mut self, digit: char, inband: bool) {
        if self.events.len() < MAX_EVENTS {
            self.events.push_back(StreamEvent::Digit { digit, inband });
        }
        if self.endpoint == Endpoint::DigitReader {
            self.send.dtmf.push(digit, READ_BACK);
        }
    }

    /// 10 ms of what the person here says; ignored where an endpoint speaks. Packets follow when a ptime is full.
    pub fn tick_capture(&mut self, now: Instant, frame: &[f32; FRAME], rng: &mut impl Rng) {
        self.shake_hands(now);
        if std::mem::take(&mut self.renames) {
            self.session.rename(rng);
        }
        let mut said = [0.0; FRAME];
        match (&self.endpoint, &mut self.send.source) {
            (Endpoint::Phone | Endpoint::Bench | Endpoint::Silence, _) => said = *frame,
            (Endpoint::Echo, _) => said = self.send.echo,
            (_, Source::Voice(voice)) => voice.fill(&mut said),
            (_, Source::Tone(tone)) => {
                tone.mix_into(&mut said);
            }
            _ => {}
        }
        // A voice that breaks off, or begins in a word, would click beside the tones.
        self.send.voice.set(if self.send.dtmf.is_active() { 0.0 } else { 1.0 });
        self.send.voice.apply(&mut said);
        self.send.dtmf.mix_into(&mut said);
        if let Some(suppressor) = &mut self.send.suppressor {
            match self.endpoint {
                Endpoint::Phone | Endpoint::Bench => suppressor.hear(&said),
                // What an endpoint without a person says is said as it is.
                _ => *suppressor = SilenceSuppressor::default(),
            }
        }
        self.send.gather(&said);
        while self.send.has_packet() {
            self.send_packet(now);
            self.send.pass_packet();
        }
        let keying = self.send.is_keying();
        if std::mem::replace(&mut self.send.keying, keying) && !keying {
            self.events.push_back(StreamEvent::DigitSent);
        }
        self.report(now, rng);
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outbox.pop_front()
    }

    /// Gives a sent datagram's memory back.
    pub fn recycle(&mut self, sent: Transmit) {
        if self.spare.len() < SPARE {
            self.spare.push(sent.bytes);
        }
    }

    /// What was noticed.
    pub fn poll_event(&mut self) -> Option<StreamEvent> {
        self.events.pop_front()
    }

    /// Says goodbye; datagrams may follow.
    pub fn close(&mut self, now: Instant) {
        self.outbox.clear();
        self.say_goodbye(now);
        self.end_handshakes(now);
    }

    /// Sends a packet of what was gathered, or an event in its place; the RTP clock goes on while nobody listens.
    //= RFC 3550 §5.1: the timestamp rises during silence too
    fn send_packet(&mut self, now: Instant) {
        let send = &mut self.send;
        let Some(agreed) = &self.agreed else { return };
        let step = |rate: u32| (send.ptime_frames as u32 * (rate / 100)).max(1);
        let ticks = send.ticks;
        //= RFC 7160 §4.1: where the clock changes, the timestamp goes on from where the old one has got
        send.ticks = ticks.wrapping_add(step(agreed.send.clock_rate));
        if self.encryption.is_waiting() {
            send.marker = true;
            return;
        }
        if !agreed.direction.sends() {
            send.marker = true;
            return self.keep_alive(ticks, now);
        }
        let time = self.session.time_at(ticks);
        let mut bytes = self.spare.pop().unwrap_or_default();
        if let Some((payload_type, rate, sender)) = &mut send.events {
            // Its clock is ours nearly always; else its durations have its own, and its beginning is a moment of the sound.
            if let Some(event) = sender.poll(time, step(*rate)) {
                let to = self.session.send(*payload_type, event.marker, event.time, &event.payload, now, &mut bytes);
                send.marker = true;
                self.push_rtp(to, bytes, now);
                return;
            }
        }
        //= RFC 3551 §4.1: the marker is on the first packet of sound after a silence
        let Some((payload_type, is_silence)) = send.packet(agreed) else {
            send.marker = true;
            return self.keep_alive(ticks, now);
        };
        let marker = send.marker && !is_silence;
        let to = self.session.send(payload_type, marker, time, &send.payload, now, &mut bytes);
        if to.is_some() {
            send.marker = is_silence;
        }
        self.push_rtp(to, bytes, now);
    }

    /// A NAT forgets a way out that nothing takes, and what a far end plays to whom it holds comes in by it: noise that
    /// is none, or a packet of nothing.
    fn keep_alive(&mut self, ticks: u32, now: Instant) {
        //= RFC 6263 §4.2
        let is_quiet = self.send.last.is_none_or(|last| now.saturating_duration_since(last) >= KEEP_ALIVE);
        let Some(agreed) = self.agreed.as_ref().filter(|_| is_quiet) else { return };
        let (payload_type, payload): (u8, &[u8]) = match agreed.comfort_noise_send {
            Some(payload_type) => (payload_type, &[NO_NOISE]),
            None => (agreed.send.payload_type, &[]),
        };
        let mut bytes = self.spare.pop().unwrap_or_default();
        let to = self.session.send(payload_type, false, self.session.time_at(ticks), payload, now, &mut bytes);
        self.push_rtp(to, bytes, now);
    }

    fn push_rtp(&mut self, to: Option<SocketAddr>, bytes: Vec<u8>, now: Instant) {
        if let Some(to) = to {
            self.send.last = Some(now);
            self.push(Transmit { port: Port::Rtp, to, bytes });
        }
    }

    fn push(&mut self, mut transmit: Transmit) {
        if self.outbox.len() < MAX_OUTBOX && self.encryption.seal(&mut transmit.bytes) {
            self.outbox.push_back(transmit);
        }
    }
}

#[cfg(test)]
mod tests;
