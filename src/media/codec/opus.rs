//! Opus (RFC 6716, RFC 7587): 48 kHz mono speech, redundancy when the line loses packets.

use super::super::FRAME;
use super::{CodecError, Decoder, Encoder, MAX_PAYLOAD};
use opus::{Application, Bitrate, Channels};
use std::time::Duration;

/// What we send by default, bit/s.
const BITRATE: i32 = 32_000;
/// The longest packet there is, 120 ms.
const LONGEST: usize = 12 * FRAME;

pub struct OpusEncoder {
    inner: opus::Encoder,
    scratch: Vec<u8>,
    fec_asked: bool,
    loss_percent: i32,
}

impl OpusEncoder {
    /// `fmtp` is what the peer wrote about what it likes to receive.
    pub fn new(fmtp: &str) -> Result<OpusEncoder, CodecError> {
        let mut inner = opus::Encoder::new(48_000, Channels::Mono, Application::Voip)?;
        //= RFC 7587 §6.1: maxaveragebitrate is the most the receiver wants, 6000..510000
        let most = parameter(fmtp, "maxaveragebitrate").map_or(BITRATE, |most| most.clamp(6_000, 510_000));
        inner.set_bitrate(Bitrate::Bits(BITRATE.min(most)))?;
        inner.set_complexity(9)?;
        inner.set_vbr(parameter(fmtp, "cbr") != Some(1))?;
        Ok(OpusEncoder {
            inner,
            scratch: vec![0; MAX_PAYLOAD],
            fec_asked: parameter(fmtp, "useinbandfec") == Some(1),
            loss_percent: 0,
        })
    }
}

impl Encoder for OpusEncoder {
    fn encode(&mut self, sound: &[f32], payload: &mut Vec<u8>) -> bool {
        let Ok(length) = self.inner.encode_float(sound, &mut self.scratch) else { return false };
        payload.extend_from_slice(self.scratch.get(..length).unwrap_or_default());
        true
    }

    /// Redundancy costs quality while nothing is lost, so it waits for the first reported loss.
    fn expect_loss(&mut self, fraction: f64) {
        let percent = (fraction.clamp(0.0, 0.5) * 100.0).ceil() as i32;
        if percent != self.loss_percent {
            self.loss_percent = percent;
            let _ = self.inner.set_inband_fec(self.fec_asked && percent > 1);
            let _ = self.inner.set_packet_loss_perc(percent);
        }
    }
}

pub struct OpusDecoder {
    inner: opus::Decoder,
}

impl OpusDecoder {
    pub fn new() -> Result<OpusDecoder, CodecError> {
        Ok(OpusDecoder { inner: opus::Decoder::new(48_000, Channels::Mono)? })
    }
}

impl Decoder for OpusDecoder {
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> bool {
        if payload.is_empty() {
            return false;
        }
        let mut pcm = [0.0; LONGEST];
        let Ok(length) = self.inner.decode_float(payload, &mut pcm, false) else { return false };
        // Packets of 2.5 or 5 ms are rounded up to a whole frame.
        sound.extend_from_slice(pcm.get(..length.next_multiple_of(FRAME)).unwrap_or_default());
        true
    }

    fn conceal(&mut self, duration: Duration, next: Option<&[u8]>, sound: &mut Vec<f32>) {
        let length = (duration.as_millis() as usize / 10 * FRAME).clamp(FRAME, LONGEST);
        let mut pcm = [0.0; LONGEST];
        if let Some(room) = pcm.get_mut(..length) {
            let _ = self.inner.decode_float(next.unwrap_or_default(), room, next.is_some());
            sound.extend_from_slice(room);
        }
    }
}

fn parameter(fmtp: &str, name: &str) -> Option<i32> {
    fmtp.split(';')
        .filter_map(|part| part.split_once('='))
        .find_map(|(key, value)| if key.trim().eq_ignore_ascii_case(name) { value.trim().parse().ok() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_name() {
        let fmtp = "maxplaybackrate=16000; useinbandfec=1;maxaveragebitrate=20000";
        assert_eq!(parameter(fmtp, "useinbandfec"), Some(1));
        assert_eq!(parameter(fmtp, "maxaveragebitrate"), Some(20_000));
        assert_eq!((parameter(fmtp, "cbr"), parameter("", "cbr"), parameter("cbr=x", "cbr")), (None, None, None));
    }
}
