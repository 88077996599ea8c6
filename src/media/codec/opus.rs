//! Opus (RFC 6716, RFC 7587): 48 kHz mono speech, redundancy when the line loses packets.

use super::super::FRAME;
use super::{CodecError, Decoder, Encoder, Filled, MAX_PAYLOAD};
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
    /// The last packet had a speech layer, which redundancy goes on from.
    speech: bool,
}

impl OpusDecoder {
    pub fn new() -> Result<OpusDecoder, CodecError> {
        Ok(OpusDecoder { inner: opus::Decoder::new(48_000, Channels::Mono)?, speech: false })
    }
}

impl Decoder for OpusDecoder {
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> bool {
        if payload.is_empty() {
            return false;
        }
        let mut pcm = [0.0; LONGEST];
        let Ok(length) = self.inner.decode_float(payload, &mut pcm, false) else { return false };
        self.speech = has_speech_layer(payload);
        // Packets of 2.5 or 5 ms are rounded up to a whole frame.
        sound.extend_from_slice(pcm.get(..length.next_multiple_of(FRAME)).unwrap_or_default());
        true
    }

    fn conceal(&mut self, duration: Duration, next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled {
        let length = (duration.as_millis() as usize / 10 * FRAME).clamp(FRAME, LONGEST);
        let mut pcm = [0.0; LONGEST];
        let next = next.filter(|next| self.speech && repeated(next) == Some(length));
        if let Some(room) = pcm.get_mut(..length) {
            let _ = self.inner.decode_float(next.unwrap_or_default(), room, next.is_some());
            sound.extend_from_slice(room);
        }
        if next.is_some() { Filled::Restored } else { Filled::Concealed }
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
    let parsed = opus::packet::parse(packet).ok()?;
    let header = *parsed.frames.first()?.first()?;
    //= RFC 6716 §4.2.3: per channel a bit of voice activity for each 20 ms, then that of redundancy, most significant first
    let bits = (length / (2 * FRAME)).max(1) as u32 + 1;
    let channels = if toc & 0b100 == 0 { 1 } else { 2 };
    (1..=channels).any(|channel| header >> (8 - bits * channel) & 1 == 1).then_some(length)
}

fn parameter(fmtp: &str, name: &str) -> Option<i32> {
    fmtp.split(';')
        .filter_map(|part| part.split_once('='))
        .find_map(|(key, value)| if key.trim().eq_ignore_ascii_case(name) { value.trim().parse().ok() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::voice::Voice;

    /// Every fifth packet is lost: how many are restored, and how far the sound in their place is from what was said.
    fn fifths_lost(told_loss: f64, next_is_here: bool) -> (usize, f32) {
        let (mut encoder, mut voice) = (OpusEncoder::new("useinbandfec=1").unwrap(), Voice::new(1));
        encoder.expect_loss(told_loss);
        let packets: Vec<Vec<u8>> = (0..500)
            .map(|_| {
                let (mut said, mut packet) = ([0.0; 2 * FRAME], Vec::new());
                voice.fill(&mut said);
                assert!(encoder.encode(&said, &mut packet));
                packet
            })
            .collect();
        let (mut all, mut some) = (OpusDecoder::new().unwrap(), OpusDecoder::new().unwrap());
        let (mut restored, mut off) = (0, 0.0);
        for (n, packet) in packets.iter().enumerate() {
            let (mut whole, mut heard) = (Vec::new(), Vec::new());
            assert!(all.decode(packet, &mut whole));
            if n % 5 != 3 {
                assert!(some.decode(packet, &mut heard));
                continue;
            }
            let next = packets.get(n + 1).map(Vec::as_slice).filter(|_| next_is_here);
            let filled = some.conceal(Duration::from_millis(20), next, &mut heard);
            restored += usize::from(filled == Filled::Restored);
            off += whole.iter().zip(&heard).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
        }
        (restored, off)
    }

    #[test]
    fn what_the_next_packet_repeats_is_restored() {
        assert_eq!(fifths_lost(0.0, true).0, 0, "an encoder that knows of no loss repeats nothing");
        let (none, made_up) = fifths_lost(0.2, false);
        let (most, restored) = fifths_lost(0.2, true);
        assert_eq!(none, 0, "without its successor a packet is made up");
        assert!(most > 50, "{most} of 100");
        assert!(restored < made_up / 2.0, "{restored} is nearer to what was said than {made_up}");
    }

    //= RFC 6716 §3.1, §4.2.3
    #[test]
    fn redundancy_is_read_off_the_first_bits() {
        for (name, packet, samples) in [
            ("20 ms, voice, repeats", &[0b0100_1000, 0b1100_0000][..], Some(960)),
            ("20 ms, voice alone", &[0b0100_1000, 0b1000_0000], None),
            ("10 ms hybrid", &[0b0110_0000, 0b0100_0000], Some(480)),
            ("60 ms", &[0b0101_1000, 0b0001_0000], Some(2_880)),
            ("60 ms, voice alone", &[0b0101_1000, 0b1110_0000], None),
            ("stereo, in the second channel", &[0b0100_1100, 0b0001_0000], Some(960)),
            ("mono has no second channel", &[0b0100_1000, 0b0001_0000], None),
            ("music", &[0b1111_1000, 0b0100_0000], None),
            ("a frame without a byte", &[0b0100_1000], None),
            ("nothing", &[], None),
        ] {
            assert_eq!(repeated(packet), samples, "{name}");
        }
    }

    #[test]
    fn parameters_are_found_by_name() {
        let fmtp = "maxplaybackrate=16000; useinbandfec=1;maxaveragebitrate=20000";
        assert_eq!(parameter(fmtp, "useinbandfec"), Some(1));
        assert_eq!(parameter(fmtp, "maxaveragebitrate"), Some(20_000));
        assert_eq!((parameter(fmtp, "cbr"), parameter("", "cbr"), parameter("cbr=x", "cbr")), (None, None, None));
    }
}
