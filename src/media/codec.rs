//! Encoders and decoders behind one trait each; 48 kHz frames outside, payload bytes inside.

mod g711;
mod opus;

use super::resample::ResampleError;
use crate::sdp::Format;
use std::time::Duration;
use thiserror::Error;

/// Largest payload we make or take, bytes.
pub const MAX_PAYLOAD: usize = 1_400;

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
    /// libopus says no.
    #[error("opus: {0}")]
    Opus(#[from] ::opus::Error),
    /// No converter for its rate.
    #[error(transparent)]
    Rate(#[from] ResampleError),
}

/// Sound to payloads.
pub trait Encoder: Send {
    /// Encodes one packet's sound, 48 kHz, whole frames of 10 ms, appending to `payload`. False = could not.
    fn encode(&mut self, sound: &[f32], payload: &mut Vec<u8>) -> bool;
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

/// Payloads to sound, 48 kHz, appended to `sound` as whole frames of 10 ms.
pub trait Decoder: Send {
    /// Decodes a packet. False = it is damaged and counts as lost.
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> bool;
    /// Fills in for one lost packet of this duration; `next` is the payload after it if that has arrived already.
    fn conceal(&mut self, duration: Duration, next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled;
}

/// True when [`encoder`] and [`decoder`] know this format.
pub fn is_supported(format: &Format) -> bool {
    kind(format).is_ok()
}

/// The encoder of a format for packets of `ptime`.
pub fn encoder(format: &Format) -> Result<Box<dyn Encoder>, CodecError> {
    Ok(match kind(format)? {
        Kind::G711(law) => Box::new(g711::G711Encoder::new(law)?),
        Kind::Opus => Box::new(opus::OpusEncoder::new(format.fmtp.as_deref().unwrap_or_default())?),
    })
}

/// The decoder of a format.
pub fn decoder(format: &Format) -> Result<Box<dyn Decoder>, CodecError> {
    Ok(match kind(format)? {
        Kind::G711(law) => Box::new(g711::G711Decoder::new(law)?),
        Kind::Opus => Box::new(opus::OpusDecoder::new()?),
    })
}

enum Kind {
    G711(g711::Law),
    Opus,
}

fn kind(format: &Format) -> Result<Kind, CodecError> {
    match (format.encoding.to_ascii_lowercase().as_str(), format.clock_rate, format.channels) {
        ("pcmu", 8_000, 1) => Ok(Kind::G711(g711::Law::Mu)),
        ("pcma", 8_000, 1) => Ok(Kind::G711(g711::Law::A)),
        ("opus", 48_000, _) => Ok(Kind::Opus),
        _ => Err(CodecError::Unsupported {
            encoding: format.encoding.clone(),
            clock_rate: format.clock_rate,
            channels: format.channels,
        }),
    }
}
