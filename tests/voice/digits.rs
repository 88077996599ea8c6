//! Digits in the sound, and people who speak.

use crate::speech::recorded;
use tuiphone::media::FRAME;
use tuiphone::media::tone::DtmfDetector;

/// Read speech, and the same read slower and faster, higher and lower.
#[test]
fn nobody_says_digits() {
    let Some(speech) = recorded(0, 25) else { return println!("no recorded speech (package pocketsphinx-testdata)") };
    for percent in (70..=140).step_by(2) {
        let mut detector = DtmfDetector::default();
        let samples = (0..speech.len() * 100 / percent - 1).map(|n| {
            let at = n as f32 * percent as f32 / 100.0;
            let (whole, part) = (at as usize, at.fract());
            2.0 * (speech[whole] * (1.0 - part) + speech[(whole + 1).min(speech.len() - 1)] * part)
        });
        let sound: Vec<f32> = samples.collect();
        let heard: String = sound.as_chunks::<FRAME>().0.iter().filter_map(|frame| detector.hear(frame)).collect();
        assert_eq!(heard, "", "at {percent} % of the speed");
    }
}
