//! Noise is lowered, voices are brought to one level.

use super::{between, power_db, room, speech};
use tuiphone::media::FRAME;
use tuiphone::media::voice_processing::{Noise, Treatment, processor};

fn treat(treatment: Treatment, mic: &[f32]) -> Vec<f32> {
    let mut processor = processor(treatment).unwrap();
    mic.chunks_exact(FRAME)
        .flat_map(|mic| {
            let mut frame: super::Frame = mic.try_into().unwrap();
            processor.capture(&mut frame);
            frame
        })
        .collect()
}

/// Each with how late its sound is, samples, and how much more a voice stands out by it, dB: of a fan, of a keyboard.
const SUPPRESSORS: &[(Noise, usize, [f64; 2])] = &[
    (Noise::Steady, 768, [6.0, -1.0]),
    #[cfg(feature = "rnnoise")]
    (Noise::Rnnoise, 480, [18.0, 9.0]),
];

#[test]
fn a_fan_is_lowered_and_the_voice_is_not() {
    for (noise, ..) in SUPPRESSORS {
        let treatment = Treatment { noise: *noise, ..Treatment::default() };
        let fan = room::noise(10 * 48_000, -50.0);
        let floor = power_db(between(&treat(treatment, &fan), 4, 10));
        println!("{noise:?}: fan -50 -> {floor:.1} dB");
        assert!(floor < -59.0, "{noise:?}: the fan is at {floor} dB");
        let voice = speech::speakers(10).pop().map(|(_, voice)| voice).unwrap();
        let both: Vec<f32> = voice.iter().zip(&fan).map(|(voice, fan)| voice + fan).collect();
        let lost = power_db(between(&voice, 4, 10)) - power_db(between(&treat(treatment, &both), 4, 10));
        println!("{noise:?}: {lost:.2} dB of the voice lost");
        assert!(lost.abs() < 1.5, "{noise:?}: {lost} dB of the voice are lost");
    }
}

/// How far speech stands out of its noise: the level where somebody speaks against that where nobody does.
#[test]
fn speech_in_noise_stands_out_more() {
    for (who, voice) in speech::speakers(20) {
        let spoken = voice.chunks_exact(FRAME).map(power_db).fold(-96.0, f64::max) - 20.0;
        let stands_out = |sound: &[f32], late: usize| {
            let mut powers = [(0.0_f64, 0_u32); 2];
            let later = between(sound, 5, 20).get(late..).unwrap_or_default();
            for (voice, sound) in between(&voice, 5, 20).chunks_exact(FRAME).zip(later.chunks_exact(FRAME)) {
                let level = power_db(voice);
                let at = if level > spoken { 0 } else { 1 };
                if at == 0 || level < -55.0 {
                    powers[at] = (powers[at].0 + 10.0_f64.powf(power_db(sound) / 10.0), powers[at].1 + 1);
                }
            }
            let [spoken, pauses] = powers.map(|(sum, frames)| sum / f64::from(frames));
            10.0 * (spoken / pauses).log10()
        };
        let level = power_db(&voice) - 10.0;
        let disturbances = [("fan", room::noise(voice.len(), level)), ("keys", room::keys(voice.len(), level))];
        for (noise, late, floors) in SUPPRESSORS {
            for ((what, disturbance), floor) in disturbances.iter().zip(floors) {
                let both: Vec<f32> = voice.iter().zip(disturbance).map(|(voice, noise)| voice + noise).collect();
                let treatment = Treatment { noise: *noise, ..Treatment::default() };
                let (before, after) = (stands_out(&both, 0), stands_out(&treat(treatment, &both), *late));
                println!("{who:9} {noise:7?} {what:4} {before:5.1} dB above the noise, then {after:.1} dB");
                assert!(after > before + floor, "{who}, {noise:?}, {what}: {before} dB, then {after} dB");
            }
        }
    }
}

#[test]
fn quiet_and_loud_voices_come_to_one_level() {
    let treatment = Treatment { gain: true, ..Treatment::default() };
    let level = |change_db: f32| {
        let gain = 10.0_f32.powf(change_db / 20.0);
        let voice: Vec<f32> = speech::synthetic(1, 30).iter().map(|sample| sample * gain).collect();
        let heard = treat(treatment, &voice);
        assert!(heard.iter().all(|sample| sample.abs() <= 1.0));
        power_db(between(&heard, 20, 30))
    };
    let levels = [-20.0, -10.0, 0.0, 10.0].map(level);
    println!("levels: {levels:.1?} dB");
    let (low, high) =
        levels.iter().fold((0.0_f64, -99.0_f64), |(low, high), level| (low.min(*level), high.max(*level)));
    assert!(high - low < 6.0 && low > -32.0, "{levels:?}");
}

#[test]
fn samples_that_are_no_numbers_do_no_lasting_harm() {
    let mut processor = processor(Treatment { echo: true, noise: Noise::Steady, gain: true }).unwrap();
    for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
        let mut frame = [bad; FRAME];
        processor.render(&frame);
        processor.capture(&mut frame);
    }
    let voice = speech::synthetic(1, 6);
    let mut last = Vec::new();
    for mic in voice.chunks_exact(FRAME) {
        let mut frame: super::Frame = mic.try_into().unwrap();
        processor.capture(&mut frame);
        assert!(frame.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
        last.extend_from_slice(&frame);
    }
    assert!(power_db(between(&last, 3, 6)) > -35.0);
}
