//! Noise is lowered, voices are brought to one level.

use super::room::noise;
use super::{between, power_db, speech};
use tuiphone::media::FRAME;
use tuiphone::media::voice_processing::{Treatment, processor};

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

#[test]
fn a_fan_is_lowered_and_the_voice_is_not() {
    let treatment = Treatment { noise: true, ..Treatment::default() };
    let fan = noise(10 * 48_000, -50.0);
    let floor = power_db(between(&treat(treatment, &fan), 4, 10));
    println!("fan: -50 -> {floor:.1} dB");
    assert!(floor < -59.0, "the fan is at {floor} dB");
    let voice = speech::synthetic(1, 10);
    let both: Vec<f32> = voice.iter().zip(&fan).map(|(voice, fan)| voice + fan).collect();
    let lost = power_db(between(&voice, 4, 10)) - power_db(between(&treat(treatment, &both), 4, 10));
    println!("voice: {lost:.2} dB lost");
    assert!(lost.abs() < 1.5, "{lost} dB of the voice are lost");
}

/// How far speech stands out of its noise: the level where somebody speaks against that where nobody does.
#[test]
fn speech_in_noise_stands_out_more() {
    let treatment = Treatment { noise: true, ..Treatment::default() };
    for (who, voice) in speech::speakers(20) {
        let spoken = voice.chunks_exact(FRAME).map(power_db).fold(-96.0, f64::max) - 20.0;
        let fan = noise(voice.len(), power_db(&voice) - 10.0);
        let both: Vec<f32> = voice.iter().zip(&fan).map(|(voice, fan)| voice + fan).collect();
        let stands_out = |sound: &[f32], late: usize| {
            let mut means = [(0.0_f64, 0_u32); 2];
            let later = between(sound, 5, 20).get(late..).unwrap_or_default();
            for (voice, sound) in between(&voice, 5, 20).chunks_exact(FRAME).zip(later.chunks_exact(FRAME)) {
                let level = power_db(voice);
                let at = if level > spoken { 0 } else { 1 };
                if at == 0 || level < -55.0 {
                    means[at] = (means[at].0 + power_db(sound), means[at].1 + 1);
                }
            }
            means[0].0 / f64::from(means[0].1) - means[1].0 / f64::from(means[1].1)
        };
        let (before, after) = (stands_out(&both, 0), stands_out(&treat(treatment, &both), 768));
        println!("{who:9} {before:.1} dB above the noise, then {after:.1} dB");
        assert!(after > before + 6.0, "{who}: {before} dB above the noise, then {after} dB");
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
    let mut processor = processor(Treatment { echo: true, noise: true, gain: true }).unwrap();
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
