//! What the treatment of the microphone's sound asks of the allocator, frame by frame.
//!
//! Noise suppression asks for nothing. The echo canceller and the gain of the library take blocks for the length of a
//! function, and nothing said to it from outside changes that: in integers it takes one more; at 32 or 16 kHz inside, for
//! which the sound above would be cut, 40 and 35 in the mean instead of 43; a gain that is not adaptive takes 7 instead of
//! 11; and there is no buffer or allocator that could be lent to it. So it is bounded: how many blocks a frame takes at
//! most, how large they are, and that they do not become more.

use super::counting::{self, Tally};
use tuiphone::media::FRAME;
use tuiphone::media::voice::Voice;
use tuiphone::media::voice_processing::{Noise, Treatment, processor};

const OFF: Treatment = Treatment { echo: false, noise: Noise::Kept, gain: false };
const STEADY: Treatment = Treatment { noise: Noise::Steady, ..OFF };
const GAIN: Treatment = Treatment { gain: true, ..OFF };
const ECHO: Treatment = Treatment { echo: true, ..OFF };
const ALL: Treatment = Treatment { echo: true, noise: Noise::Steady, gain: true };

/// Blocks a frame takes at most, and bytes of the largest.
const ROWS: &[(Treatment, u32, usize)] = &[
    (STEADY, 0, 0),
    (GAIN, 11, 4 * FRAME),
    (ECHO, 60, 2_200),
    (ALL, 71, 2_200),
    #[cfg(feature = "rnnoise")]
    (Treatment { noise: Noise::Rnnoise, ..OFF }, 0, 0),
];

#[test]
fn a_frame_of_voice_processing_takes_no_more_than_this() {
    for (treatment, blocks, bytes) in ROWS {
        let mut processor = processor(*treatment).expect("it is built in");
        let (mut far, mut near) = (Voice::new(1), Voice::new(2));
        let (mut worst, mut all) = (Tally::default(), Tally::default());
        for frame in 0..1_000 {
            let (mut speaker, mut mic) = ([0.0; FRAME], [0.0; FRAME]);
            far.fill(&mut speaker);
            near.fill(&mut mic);
            mic.iter_mut().zip(speaker).for_each(|(mic, echo)| *mic = 0.5 * *mic + 0.3 * echo);
            let seen = counting::tally(|| {
                processor.render(&speaker);
                processor.capture(&mut mic);
            });
            // What is made at the first sound stays.
            if frame >= 100 {
                worst = worst.most(seen);
                all = Tally { taken: all.taken + seen.taken, given_back: all.given_back + seen.given_back, ..all };
            }
        }
        println!("{treatment:?}: {worst:?}, {:.1} in the mean", f64::from(all.taken) / 900.0);
        assert!(worst.taken <= *blocks && worst.largest <= *bytes, "{treatment:?}: {worst:?}");
        assert!(all.taken.abs_diff(all.given_back) <= 8, "{treatment:?} keeps more and more: {all:?}");
    }
}
