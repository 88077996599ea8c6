//! What is restored, and what of the far end's wishes is heeded.

use super::*;
use crate::media::tone::goertzel_dbfs;
use crate::media::voice::Voice;

/// Every fifth packet is lost: how many are restored, and how far the sound in their place is from what was said.
fn fifths_lost(told_loss: f64, next_is_here: bool) -> (usize, f32) {
    let (mut encoder, mut voice) = (OpusEncoder::new("useinbandfec=1", &OpusTuning::default()).unwrap(), Voice::new(1));
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
        assert_eq!(all.decode(packet, &mut whole), Decoded::Sound);
        if n % 5 != 3 {
            assert_eq!(some.decode(packet, &mut heard), Decoded::Sound);
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
        ("two frames, the first of 3 bytes", &[0b0100_1010, 3, 0b1100_0000, 0, 0, 0], Some(960)),
        ("two frames, the first of 252 bytes", &[0b0100_1010, 252, 0, 0b1100_0000], Some(960)),
        ("two frames, the first empty", &[0b0100_1010, 0, 0b1100_0000], None),
        ("three of a length", &[0b0100_1011, 3, 0b1100_0000, 0, 0], Some(960)),
        ("three of a length, padded", &[0b0100_1011, 0x43, 255, 1, 0b1100_0000, 0, 0], Some(960)),
        ("three of their own length", &[0b0100_1011, 0x83, 1, 252, 0, 0b1100_0000, 0], Some(960)),
        ("a number of frames and no more", &[0b0100_1011, 0xc3], None),
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

/// What is sent of four seconds of a voice, or of silence.
fn sent(fmtp: &str, tuning: &OpusTuning, loss: f64, speaks: bool) -> Vec<Vec<u8>> {
    let (mut encoder, mut voice) = (OpusEncoder::new(fmtp, tuning).unwrap(), Voice::new(1));
    encoder.expect_loss(loss);
    let packets = (0..200).map(|_| {
        let (mut said, mut packet) = ([0.0; 2 * FRAME], Vec::new());
        if speaks {
            voice.fill(&mut said);
        }
        assert!(encoder.encode(&said, &mut packet));
        packet
    });
    packets.filter(|packet| !packet.is_empty()).collect()
}

//= RFC 7587 §6.1
#[test]
fn what_the_far_end_wishes_is_heeded() {
    let plain = OpusTuning::default();
    let rate = |packets: &[Vec<u8>]| packets.iter().map(Vec::len).sum::<usize>() * 8 / 4;
    let rates = [
        ("", plain, 30_000..56_000),
        ("maxaveragebitrate=12000", plain, 6_000..14_000),
        ("maxaveragebitrate=1", plain, 3_000..8_000),
        ("maxaveragebitrate=64000", plain, 30_000..56_000),
        ("", OpusTuning { bitrate: 64_000, ..plain }, 40_000..80_000),
        ("maxaveragebitrate=20000", OpusTuning { bitrate: 64_000, ..plain }, 10_000..24_000),
    ];
    for (fmtp, tuning, expected) in rates {
        let rate = rate(&sent(fmtp, &tuning, 0.0, true));
        assert!(expected.contains(&rate), "{fmtp:?} with {} bit/s: {rate}", tuning.bitrate);
    }
    let constant = OpusTuning { constant_rate: true, ..plain };
    for (fmtp, tuning, even) in
        [("", plain, false), ("cbr=1", plain, true), ("", constant, true), ("cbr=0", constant, true)]
    {
        let packets = sent(fmtp, &tuning, 0.0, true);
        assert_eq!(packets.iter().all(|packet| packet.len() == packets[0].len()), even, "{fmtp:?}, {tuning:?}");
    }
    let dtx = OpusTuning { dtx: true, ..plain };
    for (fmtp, tuning, pauses) in [("", plain, false), ("usedtx=1", plain, true), ("", dtx, true)] {
        let packets = sent(fmtp, &tuning, 0.0, false).len();
        assert_eq!(packets < 40, pauses, "{fmtp:?}: {packets} packets of silence");
    }
    for (fmtp, widest) in [
        ("maxplaybackrate=8000", Bandwidth::Narrowband),
        ("maxplaybackrate=12000", Bandwidth::Wideband),
        ("stereo=1; maxplaybackrate=16000 ;useinbandfec=1", Bandwidth::Wideband),
        ("maxplaybackrate=48000", Bandwidth::Fullband),
        ("", Bandwidth::Fullband),
    ] {
        let packets = sent(fmtp, &OpusTuning { bitrate: 64_000, ..plain }, 0.0, true);
        let bands = packets.iter().map(|packet| opus::packet::get_bandwidth(packet).unwrap() as i32);
        assert_eq!(bands.max(), Some(widest as i32), "{fmtp:?}");
    }
    for (fmtp, loss, restores) in [
        ("useinbandfec=1", 0.1, true),
        ("useinbandfec=1", 0.0, false),
        ("useinbandfec=0", 0.1, false),
        ("", 0.1, false),
    ] {
        let packets = sent(fmtp, &plain, loss, true);
        assert_eq!(packets.iter().any(|packet| repeated(packet).is_some()), restores, "{fmtp:?}, {loss}");
    }
}

//= RFC 7587 §6.1
#[test]
fn what_we_wish_is_said() {
    let plain = OpusTuning::default();
    let all =
        OpusTuning { bitrate: 96_000, constant_rate: true, dtx: true, stereo: true, complexity: plain.complexity };
    for (tuning, fmtp) in [
        (plain, "useinbandfec=1"),
        (OpusTuning { dtx: true, ..plain }, "useinbandfec=1;usedtx=1"),
        (all, "useinbandfec=1;maxaveragebitrate=96000;stereo=1;cbr=1;usedtx=1"),
    ] {
        assert_eq!(tuning.fmtp(), fmtp);
    }
}

/// A tone on the left and another on the right: both are heard.
#[test]
fn stereo_is_heard_as_one() {
    let mut encoder = opus::Encoder::new(48_000, Channels::Stereo, Application::Audio).unwrap();
    let (mut decoder, mut heard) = (OpusDecoder::new().unwrap(), Vec::new());
    let tone = |n: usize, hz: f32| 0.5 * (n as f32 * hz * std::f32::consts::TAU / 48_000.0).sin();
    for packet in 0..100 {
        let moments = packet * 2 * FRAME..(packet + 1) * 2 * FRAME;
        let said: Vec<f32> = moments.flat_map(|n| [tone(n, 600.0), tone(n, 900.0)]).collect();
        let payload = encoder.encode_vec_float(&said, 1_400).unwrap();
        assert_eq!(opus::packet::get_nb_channels(&payload).unwrap(), Channels::Stereo);
        assert_eq!(decoder.decode(&payload, &mut heard), Decoded::Sound);
    }
    for hz in [600.0, 900.0] {
        let level = goertzel_dbfs(&heard[48_000..72_000], hz, 48_000);
        assert!((level + 12.0).abs() < 1.0, "{hz} Hz: {level} dBFS");
    }
}
