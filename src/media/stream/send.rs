//! The sending half: what was said, gathered to packets.

use super::super::FRAME;
use super::super::codec::{self, CodecError, Encoder, Tuning};
use super::super::dtx::{Say, SilenceSuppressor};
use super::super::mixer::Ramp;
use super::super::tone::{DtmfPlayer, TonePlayer};
use super::super::voice::Voice;
use crate::rtp::telephone_event;
use crate::sdp::{Agreed, Format};
use std::time::Instant;

/// What is said, on its way to the wire.
pub struct Sending {
    pub encoder: Option<(Format, Box<dyn Encoder>)>,
    pub ptime_frames: usize,
    /// Said and not yet sent.
    gathered: Vec<f32>,
    /// The 10 ms before that.
    sent: [f32; FRAME],
    pub payload: Vec<u8>,
    /// RTP ticks since the start.
    pub ticks: u32,
    pub marker: bool,
    pub events: Option<(u8, u32, telephone_event::Sender)>,
    pub dtmf: DtmfPlayer,
    /// Silent while tones are sent.
    pub voice: Ramp,
    /// A digit was under way at the last tick.
    pub keying: bool,
    /// When the last packet went out.
    pub last: Option<Instant>,
    pub source: Source,
    pub echo: [f32; FRAME],
    /// When the far end told what the encoder was told of losses.
    pub loss_told: Option<Instant>,
    /// While silence is not sent.
    pub suppressor: Option<SilenceSuppressor>,
}

/// What speaks for an endpoint that has no person.
pub enum Source {
    None,
    Voice(Box<Voice>),
    Tone(Box<TonePlayer>),
}

impl Sending {
    /// Nothing agreed, nothing said.
    pub fn new() -> Sending {
        Sending {
            encoder: None,
            ptime_frames: 2,
            gathered: Vec::with_capacity(FRAME * 12),
            sent: [0.0; FRAME],
            payload: Vec::with_capacity(codec::MAX_PAYLOAD),
            ticks: 0,
            marker: true,
            events: None,
            dtmf: DtmfPlayer::default(),
            voice: Ramp::new(1.0),
            keying: false,
            last: None,
            source: Source::None,
            echo: [0.0; FRAME],
            loss_told: None,
            suppressor: None,
        }
    }

    /// A digit is under way, in the sound or beside it.
    pub fn is_keying(&self) -> bool {
        self.dtmf.is_active() || self.events.as_ref().is_some_and(|(.., sender)| sender.is_active())
    }

    /// Takes in what is agreed now. What was gathered goes out in packets as they are agreed now.
    pub fn agree(&mut self, agreed: &Agreed, tuning: &Tuning) -> Result<(), CodecError> {
        if self.encoder.as_ref().is_none_or(|(format, _)| *format != agreed.send) {
            let mut encoder = codec::encoder(&agreed.send, tuning)?;
            encoder.follow(&self.sent);
            self.encoder = Some((agreed.send.clone(), encoder));
            self.loss_told = None;
        }
        self.suppressor = tuning.suppress_silence.then(SilenceSuppressor::default);
        self.ptime_frames = (agreed.ptime.as_millis() as usize / 10).clamp(1, 12);
        Ok(())
    }

    /// 10 ms more are said.
    pub fn gather(&mut self, said: &[f32; FRAME]) {
        self.gathered.extend_from_slice(said);
    }

    /// True when a packet is full.
    pub fn has_packet(&self) -> bool {
        self.gathered.len() >= self.ptime_frames * FRAME
    }

    /// The packet is sent.
    pub fn pass_packet(&mut self) {
        let length = (self.ptime_frames * FRAME).min(self.gathered.len());
        let last = self.gathered.drain(..length).skip(length.saturating_sub(FRAME));
        self.sent.iter_mut().zip(last).for_each(|(to, from)| *to = from);
    }

    /// Writes the payload of the next packet: its payload type, and whether it is the silence between two words. `None` =
    /// nothing need be sent, or nothing can.
    pub fn packet(&mut self, agreed: &Agreed) -> Option<(u8, bool)> {
        self.payload.clear();
        let ms = self.ptime_frames as u32 * 10;
        if let (Some(suppressor), Some(number)) = (&mut self.suppressor, agreed.comfort_noise_send) {
            match suppressor.decide(ms) {
                Say::Sound => {}
                Say::Noise(noise) => {
                    noise.write(&mut self.payload);
                    return Some((number, true));
                }
                Say::Nothing => return None,
            }
        }
        let (_, encoder) = self.encoder.as_mut()?;
        let sound = self.gathered.get(..self.ptime_frames * FRAME)?;
        let encoded = encoder.encode(sound, &mut self.payload) && !self.payload.is_empty();
        encoded.then_some((agreed.send.payload_type, false))
    }
}
