//! Opus (RFC 6716, RFC 7587): 48 kHz mono speech, redundancy when the line loses packets.

use super::super::FRAME;
use super::{CodecError, ComfortNoise, Decoded, Decoder, Encoder, Filled};
use opus::{Application, Bandwidth, Bitrate, Channels};
use std::time::Duration;

/// What the settings say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusTuning {
    /// What we send and wish to receive, bit/s, 6000..=510000.
    pub bitrate: u32,
    /// How hard the encoder tries, 0..=10.
    pub complexity: u8,
    /// Packets of one size.
    pub constant_rate: bool,
    /// Nothing is sent in silence.
    pub dtx: bool,
    /// Stereo is welcome; it is heard as one.
    pub stereo: bool,
}

impl Default for OpusTuning {
    fn default() -> OpusTuning {
        OpusTuning { bitrate: BITRATE, complexity: 9, constant_rate: false, dtx: false, stereo: false }
    }
}

impl OpusTuning {
    /// What we say of ourselves as a receiver (RFC 7587 §6.1).
    pub fn fmtp(&self) -> String {
        let mut fmtp = "useinbandfec=1".to_owned();
        if self.bitrate != BITRATE {
            fmtp.push_str(&format!(";maxaveragebitrate={}", self.bitrate));
        }
        for (wanted, parameter) in [(self.stereo, ";stereo=1"), (self.constant_rate, ";cbr=1"), (self.dtx, ";usedtx=1")]
        {
            fmtp.push_str(if wanted { parameter } else { "" });
        }
        fmtp
    }
}

/// What we send by default, bit/s.
const BITRATE: u32 = 48_000;
/// The longest packet there is, 120 ms.
const LONGEST: usize = 12 * FRAME;
/// The largest packet we make, bytes.
const MAX_PACKET: usize = 1_400;

pub struct OpusEncoder {
    inner: opus::Encoder,
    scratch: Vec<u8>,
    fec_asked: bool,
    fec: bool,
    /// What is taken to be lost, 0..=1.
    loss: f64,
}

impl OpusEncoder {
    /// `fmtp` is what the peer wrote about what it likes to receive.
    pub fn new(fmtp: &str, tuning: &OpusTuning) -> Result<OpusEncoder, CodecError> {
        // What `Voip` filters out and lifts is heard as a change; under loss neither is better.
        let mut inner = opus::Encoder::new(48_000, Channels::Mono, Application::Audio)?;
        let asked = |name: &str| parameter(fmtp, name) == Some(1);
        //= RFC 7587 §6.1: maxaveragebitrate is the most the receiver wants, 6000..510000
        let most = parameter(fmtp, "maxaveragebitrate").unwrap_or(510_000).clamp(6_000, 510_000);
        inner.set_bitrate(Bitrate::Bits(i32::try_from(tuning.bitrate).unwrap_or(most).clamp(6_000, most)))?;
        //= RFC 7587 §6.1: maxplaybackrate is the most the receiver can play
        if let Some(rate) = parameter(fmtp, "maxplaybackrate") {
            inner.set_max_bandwidth(bandwidth(rate))?;
        }
        inner.set_complexity(i32::from(tuning.complexity.min(10)))?;
        inner.set_vbr(!tuning.constant_rate && !asked("cbr"))?;
        inner.set_dtx(tuning.dtx || asked("usedtx"))?;
        Ok(OpusEncoder { inner, scratch: vec![0; MAX_PACKET], fec_asked: asked("useinbandfec"), fec: false, loss: 0.0 })
    }
}

/// The widest band somebody can use who plays so many samples a second.
fn bandwidth(rate: i32) -> Bandwidth {
    match rate {
        ..12_000 => Bandwidth::Narrowband,
        12_000..16_000 => Bandwidth::Mediumband,
        16_000..24_000 => Bandwidth::Wideband,
        24_000..48_000 => Bandwidth::Superwideband,
        _ => Bandwidth::Fullband,
    }
}

impl Encoder for OpusEncoder {
    fn encode(&mut self, sound: &[f32], payload: &mut Vec<u8>) -> bool {
        let Ok(length) = self.inner.encode_float(sound, &mut self.scratch) else { return false };
        //= RFC 7587 §3.1.3: in silence the encoder says so with packets of a byte or two, which need not be sent
        if length > 2 {
            payload.extend_from_slice(self.scratch.get(..length).unwrap_or_default());
        }
        true
    }

    /// Redundancy costs quality while nothing is lost: it waits for the first reported loss, and goes when no report of
    /// half a minute has told of any.
    fn expect_loss(&mut self, fraction: f64) {
        const KEPT: f64 = 0.7;
        /// Two of the 250 packets that a report tells of.
        const BEGINS: f64 = 0.0075;
        const ENDS: f64 = 0.003;
        self.loss = fraction.clamp(0.0, 0.5).max(self.loss * KEPT);
        let least = if self.fec { ENDS } else { BEGINS };
        let fec = self.fec_asked && self.loss >= least;
        if fec != self.fec {
            self.fec = fec;
            let _ = self.inner.set_inband_fec(fec);
        }
        // Below that libopus finds the redundancy not worth a quarter of 24 kbit/s.
        const TAKEN_SERIOUSLY: f64 = 0.1;
        let told = if fec { self.loss.max(TAKEN_SERIOUSLY) } else { 0.0 };
        let _ = self.inner.set_packet_loss_perc((told * 100.0).ceil() as i32);
    }
}

pub struct OpusDecoder {
    inner: opus::Decoder,
    /// The last packet had a speech layer, which redundancy goes on from.
    speech: bool,
    /// Of packets of 2.5 or 5 ms: not yet a whole frame.
    rest: Vec<f32>,
}

impl OpusDecoder {
    pub fn new() -> Result<OpusDecoder, CodecError> {
        // Stereo is mixed down inside.
        let inner = opus::Decoder::new(48_000, Channels::Mono)?;
        Ok(OpusDecoder { inner, speech: false, rest: Vec::with_capacity(LONGEST + FRAME) })
    }
}

impl Decoder for OpusDecoder {
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> Decoded {
        if payload.is_empty() {
            return Decoded::Damaged;
        }
        let mut pcm = [0.0; LONGEST];
        let Ok(length) = self.inner.decode_float(payload, &mut pcm, false) else { return Decoded::Damaged };
        self.speech = has_speech_layer(payload);
        // A packet of noise can be louder than full scale.
        self.rest.extend(pcm.iter().take(length).map(|sample| sample.clamp(-1.0, 1.0)));
        sound.extend(self.rest.drain(..self.rest.len() / FRAME * FRAME));
        Decoded::Sound
    }

    fn conceal(&mut self, duration: Duration, next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled {
        let length = (duration.as_millis() as usize / 10 * FRAME).clamp(FRAME, LONGEST);
        let mut pcm = [0.0; LONGEST];
        self.rest.clear();
        let next = next.filter(|next| self.speech && repeated(next) == Some(length));
        if let Some(room) = pcm.get_mut(..length) {
            let _ = self.inner.decode_float(next.unwrap_or_default(), room, next.is_some());
            sound.extend(room.iter().map(|sample| sample.clamp(-1.0, 1.0)));
        }
        if next.is_some() { Filled::Restored } else { Filled::Concealed }
    }

    /// libopus makes the noise that the last packets described.
    fn rest(&mut self, _described: Option<&ComfortNoise>, sound: &mut Vec<f32>) {
        self.conceal(Duration::from_millis(10), None, sound);
    }

    fn repeats(&self, payload: &[u8]) -> bool {
        self.speech && repeated(payload).is_some()
    }

    //= RFC 6716 §2.1.9: a frame of two bytes or less begins a time without packets
    fn pauses_after(&self, payload: &[u8]) -> bool {
        payload.len() <= 2
    }
}

/// True for the packets of the SILK and hybrid modes.
//= RFC 6716 §3.1: the first five bits are the configuration; from 16 on there is music alone
fn has_speech_layer(packet: &[u8]) -> bool {
    packet.first().is_some_and(|toc| toc >> 3 < 16)
}

/// How much of the sound before this packet it repeats, in samples; `None` = nothing.
fn repeated(packet: &[u8]) -> Option<usize> {
    let toc = *packet.first().filter(|_| has_speech_layer(packet))?;
    let length = opus::packet::get_samples_per_frame(packet, 48_000).ok()?;
    let header = *packet.get(first_frame(packet)?)?;
    //= RFC 6716 §4.2.3: per channel a bit of voice activity for each 20 ms, then that of redundancy, most significant first
    let bits = (length / (2 * FRAME)).max(1) as u32 + 1;
    let channels = if toc & 0b100 == 0 { 1 } else { 2 };
    (1..=channels).any(|channel| header >> (8 - bits * channel) & 1 == 1).then_some(length)
}

/// Where the first frame of a packet begins, unless it has no byte.
//= RFC 6716 §3.2: two frames may differ in length, which precedes them; so may many, behind their number and padding
fn first_frame(packet: &[u8]) -> Option<usize> {
    let length_bytes = |at: usize| packet.get(at).filter(|byte| **byte > 0).map(|byte| if *byte < 252 { 1 } else { 2 });
    match packet.first()? & 3 {
        0 | 1 => Some(1),
        2 => Some(1 + length_bytes(1)?),
        _ => {
            let (vary, padded, count) = packet.get(1).map(|byte| (byte & 0x80 != 0, byte & 0x40 != 0, byte & 0x3f))?;
            let mut at = 2;
            while padded && *packet.get(at)? == 255 {
                at += 1;
            }
            at += usize::from(padded);
            let first = at;
            for frame in 1..if vary { count } else { 1 } {
                // A later frame may be empty.
                at += if frame == 1 { length_bytes(first)? } else { length_bytes(at).unwrap_or(1) };
            }
            Some(at)
        }
    }
}

fn parameter(fmtp: &str, name: &str) -> Option<i32> {
    fmtp.split(';')
        .filter_map(|part| part.split_once('='))
        .find_map(|(key, value)| if key.trim().eq_ignore_ascii_case(name) { value.trim().parse().ok() } else { None })
}

#[cfg(test)]
mod tests;
