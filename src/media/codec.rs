//! Encoders and decoders behind one trait each; 48 kHz frames outside, payload bytes inside.
//!
//! [`TABLE`] lists them; whatever else must know of a codec reads it there.

mod at_rate;
mod cn;
mod g711;
pub mod g722;
pub mod g729;
mod gsm;
mod l16;
mod opus;
mod table;

pub use cn::ComfortNoise;
pub use opus::OpusTuning;
pub use table::{Codec, LeftOut, TABLE, chosen};

use super::resample::ResampleError;
use crate::sdp::Format;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Largest payload we take, bytes: 20 ms of L16 at 48 kHz, stereo. Ours fit an Ethernet frame, except 10 ms of that.
pub const MAX_PAYLOAD: usize = 3_840;

/// A codec that cannot be had or that refuses a packet.
#[derive(Debug, Error)]
pub enum CodecError {
    /// No such codec here.
    #[error("no codec for {encoding}/{clock_rate}/{channels}")]
    Unsupported {
        /// Encoding name.
        encoding: String,
        /// Clock rate, Hz.
        clock_rate: u32,
        /// Channels.
        channels: u8,
    },
    /// A codec of the table that is not to be had.
    #[error("{id}: {why}")]
    Missing {
        /// Its id in the settings.
        id: &'static str,
        /// Why, in words.
        why: &'static str,
    },
    /// libopus says no.
    #[error("opus: {0}")]
    Opus(#[from] ::opus::Error),
    /// No converter for its rate.
    #[error(transparent)]
    Rate(#[from] ResampleError),
}

/// Sound to payloads.
pub trait Encoder: Send {
    /// Encodes one packet's sound, 48 kHz, whole frames of 10 ms, appending to `payload`. False = could not. Nothing
    /// appended = nothing need be sent: the far end goes on by itself.
    fn encode(&mut self, sound: &[f32], payload: &mut Vec<u8>) -> bool;
    /// What was said before its first packet, 10 ms, and was sent by another encoder: the sound goes on from there.
    fn follow(&mut self, _sound: &[f32]) {}
    /// What the peer reports lost, 0..=1: a codec with redundancy prepares for it.
    fn expect_loss(&mut self, _fraction: f64) {}
}

/// Where the sound of a lost packet came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Out of the packet after it, which repeats it.
    Restored,
    /// Out of what was heard before: made up.
    Concealed,
}

/// What a packet was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decoded {
    /// Sound. Where its packets are no multiples of 10 ms some of it may come with the next one.
    Sound,
    /// Silence at the far end, which sounds like this until sound comes again; what was appended to `sound` is part of it.
    Noise(ComfortNoise),
    /// Nothing that can be understood: it counts as lost.
    Damaged,
}

/// Payloads to sound, 48 kHz, appended to `sound` as whole frames of 10 ms.
pub trait Decoder: Send {
    /// Decodes a packet.
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> Decoded;
    /// Fills in for one lost packet of this duration; `next` is the payload after it if that has arrived already.
    fn conceal(&mut self, duration: Duration, next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled;
    /// 10 ms of background while the sender pauses: as it described it, else as it was between its words; nothing when
    /// that is not known.
    fn rest(&mut self, _described: Option<&ComfortNoise>, _sound: &mut Vec<f32>) {}
    /// True when this packet repeats the sound of the one before it, so that [`Decoder::conceal`] can restore that.
    fn repeats(&self, _payload: &[u8]) -> bool {
        false
    }
    /// True for the last packet before the sender falls silent (discontinuous transmission).
    fn pauses_after(&self, _payload: &[u8]) -> bool {
        false
    }
}

/// What the settings say about how sound is coded and received.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    /// Silence is not sent where the far end can make it up (`VAD`).
    pub suppress_silence: bool,
    /// Opus.
    pub opus: OpusTuning,
    /// Where G.729 comes from, if it can be had.
    pub g729: Option<Arc<dyn g729::Library>>,
    /// The least delay of the jitter buffer; less than it can do = as little as it can.
    pub least_delay: Duration,
}

/// True when [`encoder`] and [`decoder`] know this format.
pub fn is_supported(format: &Format, tuning: &Tuning) -> bool {
    format.is_comfort_noise() || Codec::of(format).is_some_and(|codec| codec.missing(tuning).is_none())
}

/// The encoder of a format, whose fmtp is what the far end says of itself.
pub fn encoder(format: &Format, tuning: &Tuning) -> Result<Box<dyn Encoder>, CodecError> {
    known(format)?.encoder(format.fmtp.as_deref().unwrap_or_default(), tuning)
}

/// The decoder of a format.
pub fn decoder(format: &Format, tuning: &Tuning) -> Result<Box<dyn Decoder>, CodecError> {
    if format.is_comfort_noise() {
        return Ok(Box::new(cn::NoiseDecoder));
    }
    known(format)?.decoder(format.fmtp.as_deref().unwrap_or_default(), tuning)
}

fn known(format: &Format) -> Result<&'static Codec, CodecError> {
    Codec::of(format).ok_or_else(|| CodecError::Unsupported {
        encoding: format.encoding.clone(),
        clock_rate: format.clock_rate,
        channels: format.channels,
    })
}

#[cfg(test)]
mod tests;
