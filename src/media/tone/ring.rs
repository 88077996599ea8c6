//! The rings made here: bars that are struck, one melody for each kind of call.

use crate::media::SAMPLE_RATE;
use crate::media::command::Ringing;
use std::f32::consts::TAU;

/// What is struck: Hz, ms from the beginning.
type Note = (f32, u32);

/// A melody and after how many ms it begins anew.
fn melody(ringing: Ringing) -> (&'static [Note], u32) {
    const C5: f32 = 523.25;
    const E5: f32 = 659.26;
    const G5: f32 = 783.99;
    const C6: f32 = 1_046.5;
    match ringing {
        Ringing::Usual => (&[(E5, 0), (G5, 180), (C6, 360), (G5, 620), (C6, 800)], 3_200),
        Ringing::Internal => (&[(G5, 0), (E5, 220)], 2_400),
        Ringing::External => {
            (&[(C5, 0), (E5, 150), (G5, 300), (C6, 450), (C5, 1_000), (E5, 1_150), (G5, 1_300)], 4_000)
        }
        Ringing::Urgent => (&[(C6, 0), (C6, 120), (C6, 240), (C6, 500), (C6, 620), (C6, 740)], 1_500),
    }
}

/// Bars that sound at once.
const BARS: usize = 6;
/// Loudness of a bar when it is struck; a melody stays below 0.5.
const STRUCK: f32 = 0.16;

/// A melody at 48 kHz, again and again.
#[derive(Debug, Clone)]
pub struct RingPlayer {
    notes: &'static [Note],
    period: u32,
    at: u32,
    next: usize,
    bars: [Bar; BARS],
    oldest: usize,
}

/// A bar that was struck: its tone, and an overtone nearly two octaves above that is gone at once.
#[derive(Debug, Clone, Copy, Default)]
struct Bar {
    hz: f32,
    phases: [f32; 2],
    levels: [f32; 2],
    age: u32,
}

impl Bar {
    const OVERTONE: f32 = 3.93;
    /// Seconds in which tone and overtone fall to a third.
    const FALL_S: [f32; 2] = [0.22, 0.04];
    /// Samples until it is at its loudest.
    const RISE: u32 = SAMPLE_RATE / 500;

    fn sample(&mut self) -> f32 {
        if self.levels[0] < 1e-5 {
            return 0.0;
        }
        let rise = (self.age as f32 / Bar::RISE as f32).min(1.0);
        self.age = self.age.saturating_add(1);
        let mut sum = 0.0;
        for ((phase, level), (ratio, fall_s)) in
            self.phases.iter_mut().zip(&mut self.levels).zip([1.0, Bar::OVERTONE].into_iter().zip(Bar::FALL_S))
        {
            sum += *level * phase.sin();
            *phase = (*phase + TAU * self.hz * ratio / SAMPLE_RATE as f32) % TAU;
            *level -= *level / (fall_s * SAMPLE_RATE as f32);
        }
        sum * rise
    }
}

impl RingPlayer {
    /// The melody of this kind of call, from its beginning.
    pub fn new(ringing: Ringing) -> RingPlayer {
        let (notes, period_ms) = melody(ringing);
        let bars = [Bar::default(); BARS];
        RingPlayer { notes, period: super::samples(period_ms), at: 0, next: 0, bars, oldest: 0 }
    }

    /// Adds the next samples to `frame`.
    pub fn mix_into(&mut self, frame: &mut [f32]) {
        for sample in frame {
            if let Some((hz, ms)) = self.notes.get(self.next)
                && self.at >= super::samples(*ms)
            {
                if let Some(bar) = self.bars.get_mut(self.oldest) {
                    *bar = Bar { hz: *hz, phases: [0.0; 2], levels: [STRUCK, STRUCK * 0.4], age: 0 };
                }
                self.oldest = (self.oldest + 1) % BARS;
                self.next += 1;
            }
            *sample += self.bars.iter_mut().map(Bar::sample).sum::<f32>();
            self.at += 1;
            if self.at >= self.period {
                (self.at, self.next) = (0, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone::goertzel_dbfs;

    fn sound(ringing: Ringing, ms: u32) -> Vec<f32> {
        let mut sound = vec![0.0; super::super::samples(ms) as usize];
        RingPlayer::new(ringing).mix_into(&mut sound);
        sound
    }

    #[test]
    fn each_melody_is_itself_again_and_again_without_a_click() {
        let all = [Ringing::Usual, Ringing::Internal, Ringing::External, Ringing::Urgent];
        for ringing in all {
            let (notes, period) = melody(ringing);
            let heard = sound(ringing, 3 * period);
            let (peak, step) = heard.windows(2).fold((0.0_f32, 0.0_f32), |(peak, step), pair| {
                (peak.max(pair[0].abs()), step.max((pair[0] - pair[1]).abs()))
            });
            assert!((0.1..0.5).contains(&peak) && step < 0.12, "{ringing:?}: peak {peak}, step {step}");
            for round in 0..3 {
                for (hz, ms) in notes {
                    let at = super::super::samples(round * period + ms) as usize;
                    let level = goertzel_dbfs(&heard[at..at + 4_800], *hz, SAMPLE_RATE);
                    assert!(level > -24.0, "{ringing:?}: {hz} Hz at {ms} ms of round {round}: {level} dBFS");
                }
            }
            // The pause is silent enough to tell the rounds apart.
            let pause = &heard[super::super::samples(period - 200) as usize..super::super::samples(period) as usize];
            assert!(pause.iter().all(|sample| sample.abs() < 0.02), "{ringing:?}");
        }
        for (n, one) in all.iter().enumerate() {
            for other in &all[n + 1..] {
                assert_ne!(sound(*one, 1_000), sound(*other, 1_000));
            }
        }
    }
}
