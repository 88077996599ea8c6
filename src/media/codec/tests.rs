//! What holds for every codec of the table.

use super::super::FRAME;
use super::super::tone::goertzel_dbfs;
use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// Six seconds that reach every part of the tables: noise whose level and spectrum change, and full scale.
pub fn generated() -> Vec<i16> {
    let (mut state, mut smooth) = (1_u32, 0_i64);
    let sample = |n: i64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = i64::from(state >> 16) - 32_768;
        smooth += (noise - smooth) / (1 + (n / 4_000) % 7);
        let loud = [1, 400, 20, 4_000, 90, 1_000, 8][(n / 3_000 % 7) as usize];
        let tone = if n / 250 % 2 == 0 { smooth } else { -smooth };
        (if n / 9_000 % 4 == 3 { tone * 40 } else { smooth * loud / 1_000 }).clamp(-32_768, 32_767) as i16
    };
    (0..96_000).map(sample).collect()
}

pub fn hash(bytes: impl IntoIterator<Item = u8>) -> String {
    Sha256::digest(bytes.into_iter().collect::<Vec<u8>>()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn available() -> impl Iterator<Item = &'static Codec> {
    TABLE.iter().filter(|codec| codec.missing(&Tuning::default()).is_none())
}

fn pair(codec: &Codec) -> (Box<dyn Encoder>, Box<dyn Decoder>) {
    let tuning = Tuning::default();
    (codec.encoder("", &tuning).unwrap(), codec.decoder("", &tuning).unwrap())
}

fn tone(frames: usize) -> Vec<f32> {
    let sample = |n: usize| 0.25 * (n as f32 * 1_000.0 * std::f32::consts::TAU / 48_000.0).sin();
    (0..frames * FRAME).map(sample).collect()
}

#[test]
fn a_tone_passes_in_packets_of_every_length() {
    for codec in available() {
        for ms in codec.packet_ms {
            let frames = usize::from(*ms) / 10;
            let (mut encoder, mut decoder) = pair(codec);
            let (mut heard, mut largest) = (Vec::new(), 0);
            let sound = tone(120);
            for packet in sound.chunks(frames * FRAME) {
                let mut payload = Vec::new();
                assert!(encoder.encode(packet, &mut payload));
                largest = largest.max(payload.len());
                assert_eq!(decoder.decode(&payload, &mut heard), Decoded::Sound, "{} {ms} ms", codec.id);
            }
            assert_eq!(heard.len(), sound.len(), "{} {ms} ms", codec.id);
            let level = goertzel_dbfs(&heard[24_000..48_000], 1_000.0, 48_000);
            assert!((level + 12.04).abs() < 1.0, "{} {ms} ms: {level} dBFS", codec.id);
            assert!(largest <= 1_920 && (largest <= 1_400 || codec.channels == 2), "{} {ms} ms: {largest}", codec.id);
        }
    }
}

/// Packets of lengths nobody agreed to: all that was said is heard, in its order, without a gap.
#[test]
fn packets_of_odd_lengths_join() {
    let by_samples = |codec: &&Codec| ["PCMU", "G722", "L16"].contains(&codec.encoding) && codec.sample_rate != 44_100;
    for codec in available().filter(by_samples) {
        let (mut encoder, mut decoder) = pair(codec);
        let (mut stream, mut heard) = (Vec::new(), Vec::new());
        for frame in tone(100).chunks(FRAME) {
            encoder.encode(frame, &mut stream);
        }
        // 2.5 ms, 7.5 ms, 12.5 ms …
        let unit = stream.len() / 400;
        let mut rest = stream.as_slice();
        for units in [1, 3, 5, 2].into_iter().cycle() {
            let (packet, later) = rest.split_at((units * unit).min(rest.len()));
            assert_eq!(decoder.decode(packet, &mut heard), Decoded::Sound, "{}", codec.id);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        assert!(heard.len().abs_diff(100 * FRAME) <= FRAME, "{}: {}", codec.id, heard.len());
        let jump = heard[24_000..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(jump < 0.05, "{}: a click of {jump}", codec.id);
    }
}

#[test]
fn what_cannot_be_had_says_why() {
    let tuning = Tuning::default();
    for codec in TABLE.iter().filter(|codec| codec.missing(&tuning).is_some()) {
        let error = codec.encoder("", &tuning).err().unwrap().to_string();
        assert!(error.starts_with(codec.id) && error.len() > codec.id.len() + 10, "{error}");
        assert!(codec.decoder("", &tuning).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any bytes, lost packets among them: no panic, whole frames, no more than a payload can hold, within full scale.
    #[test]
    fn any_bytes_are_decoded_to_something(
        packets in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..2_000), 1_u64..7), 1..12)
    ) {
        let noise = codec_of_noise();
        let decoders = available().map(|codec| (codec.id, pair(codec).1)).chain([("CN", noise)]);
        for (id, mut decoder) in decoders {
            for (payload, lost) in &packets {
                let mut sound = Vec::new();
                decoder.decode(payload, &mut sound);
                decoder.conceal(Duration::from_millis(lost * 10), Some(payload), &mut sound);
                prop_assert!(sound.len().is_multiple_of(FRAME), "{}: {}", id, sound.len());
                prop_assert!(sound.len() <= 48_000 * 2, "{}: {} of {} bytes", id, sound.len(), payload.len());
                prop_assert!(sound.iter().all(|sample| sample.is_finite() && sample.abs() < 4.0), "{}", id);
            }
        }
    }
}

fn codec_of_noise() -> Box<dyn Decoder> {
    decoder(&Format::comfort_noise(13), &Tuning::default()).unwrap()
}
