//! The receiving half: what the jitter buffer gives out becomes sound.

use super::super::codec::{Decoded, Decoder, Filled};
use super::super::jitter_buffer::{JitterBuffer, Pulled};
use super::super::mixer::Ramp;
use super::super::tone::DtmfDetector;
use super::super::{FRAME, stretch};
use crate::rtp::telephone_event;
use crate::sdp::Format;
use std::time::{Duration, Instant};

/// What came, on its way to the ear.
pub struct Receive {
    pub buffer: JitterBuffer,
    pub decoders: Vec<(u8, Format, Box<dyn Decoder>)>,
    pub events: telephone_event::Receiver,
    pub detector: DtmfDetector,
    pub current: Option<u8>,
    /// Decoded sound not yet played, from `played` on.
    pub sound: Vec<f32>,
    pub played: usize,
    pub heard_any: bool,
    pub gain: Ramp,
    pub last_stretch: Option<Instant>,
    /// Samples.
    pub stretched: u64,
    /// Samples.
    pub concealed: u64,
}

impl Receive {
    /// Nothing received yet.
    pub fn new(now: Instant) -> Receive {
        Receive {
            buffer: JitterBuffer::new(8_000, now),
            decoders: Vec::new(),
            events: telephone_event::Receiver::default(),
            detector: DtmfDetector::default(),
            current: None,
            sound: Vec::with_capacity(FRAME * 24),
            played: 0,
            heard_any: false,
            gain: Ramp::new(0.0),
            last_stretch: None,
            stretched: 0,
            concealed: 0,
        }
    }

    /// Adds at least 10 ms of sound; true when it came out of a packet.
    pub fn pull(&mut self, now: Instant) -> bool {
        let silence = |sound: &mut Vec<f32>, frames: usize| sound.resize(sound.len() + frames * FRAME, 0.0);
        let before = self.sound.len();
        let decoder_of = |decoders: &mut Vec<(u8, Format, Box<dyn Decoder>)>, payload_type: Option<u8>| {
            decoders.iter().position(|(known, ..)| Some(*known) == payload_type)
        };
        let mut from_packet = false;
        let mut filled = None;
        match self.buffer.pull(now) {
            Pulled::Frame { payload: [], .. } => silence(&mut self.sound, 2),
            Pulled::Frame { payload_type, payload, pace } => {
                let decoder = decoder_of(&mut self.decoders, Some(payload_type));
                if let Some((_, _, decoder)) = decoder.and_then(|index| self.decoders.get_mut(index)) {
                    from_packet = decoder.decode(payload, &mut self.sound) != Decoded::Damaged;
                    if !from_packet {
                        filled = Some(decoder.conceal(Duration::from_millis(20), None, &mut self.sound));
                    }
                }
                let length = self.sound.len();
                if stretch::adjust(&mut self.sound, before, pace, now, self.last_stretch) {
                    self.stretched = self.stretched.saturating_add(self.sound.len().abs_diff(length) as u64);
                    self.last_stretch = Some(now);
                }
            }
            Pulled::Missing { duration, next } => {
                let decoder =
                    decoder_of(&mut self.decoders, next.map(|(payload_type, _)| payload_type).or(self.current));
                if let Some((_, _, decoder)) = decoder.and_then(|index| self.decoders.get_mut(index)) {
                    filled = Some(decoder.conceal(duration, next.map(|(_, payload)| payload), &mut self.sound));
                }
            }
            Pulled::Starved => {
                let decoder = decoder_of(&mut self.decoders, self.current);
                if let Some((_, _, decoder)) = decoder.and_then(|index| self.decoders.get_mut(index)) {
                    filled = Some(decoder.conceal(Duration::from_millis(10), None, &mut self.sound));
                }
            }
            Pulled::Pause | Pulled::Waiting => silence(&mut self.sound, 1),
        }
        if filled == Some(Filled::Concealed) {
            self.concealed = self.concealed.saturating_add((self.sound.len() - before) as u64);
        }
        if self.sound.len() == before {
            silence(&mut self.sound, 1);
        }
        from_packet
    }
}
