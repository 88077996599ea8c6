//! What the short-term filter leaves, 5 ms at a time: like some time ago, and every third sample of the rest
//! (EN 300 961 §5.2.11–5.2.18, §5.3.1).

use super::arithmetic::{difference, headroom, magnitude, product, rounded_product, saturated, sum};
use super::frame::Subframe;

/// Samples of 5 ms.
pub const SUBFRAME: usize = 40;

/// The longest a sound is looked for back.
const LONGEST: usize = 120;

/// Gains of the long-term predictor, and the levels between them (table 5.3).
const GAINS: [i32; 4] = [3_277, 11_469, 21_299, 32_767];
const GAIN_EDGES: [i32; 3] = [6_554, 16_384, 26_214];

/// The weighting filter (table 5.4).
const WEIGHTS: [i32; 11] = [-134, -374, 0, 2_054, 5_741, 8_192, 5_741, 2_054, 0, -374, -134];

/// Mantissas of the largest pulse and one over them (tables 5.5, 5.6).
const MANTISSAS: [i32; 8] = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];
const INVERSES: [i32; 8] = [29_128, 26_215, 23_832, 21_846, 20_165, 18_725, 17_476, 16_384];

/// The residual put together last, the newest at the end; the far end has the same.
#[derive(Debug, Clone)]
pub struct History {
    past: [i32; LONGEST],
    lag: i32,
}

impl Default for History {
    fn default() -> History {
        History { past: [0; LONGEST], lag: 40 }
    }
}

impl History {
    /// The parameters of 5 ms.
    pub fn code(&mut self, wanted: &[i32; SUBFRAME]) -> Subframe {
        let (lag, gain) = self.best(wanted);
        let predicted = self.predicted(lag, gain);
        let mut rest = *wanted;
        rest.iter_mut().zip(predicted).for_each(|(rest, predicted)| *rest = difference(*rest, predicted));
        let (grid, mut pulses) = pulses(&weighted(&rest));
        let scale = quantise(&mut pulses);
        let subframe = Subframe { lag: lag as i32, gain, grid: grid as i32, scale, pulses };
        self.remember(&excitation(&subframe), &predicted);
        subframe
    }

    /// The residual of 5 ms.
    pub fn decode(&mut self, subframe: &Subframe) -> [i32; SUBFRAME] {
        //= EN 300 961 §5.3.2: a lag that cannot be is the one of before
        if (40..=LONGEST as i32).contains(&subframe.lag) {
            self.lag = subframe.lag;
        }
        let predicted = self.predicted(self.lag as usize, subframe.gain);
        self.remember(&excitation(subframe), &predicted);
        std::array::from_fn(|index| self.past[LONGEST - SUBFRAME + index])
    }

    /// The lag at which the past resembles this most, and how much, 0..=3.
    //= EN 300 961 §5.2.11
    fn best(&self, wanted: &[i32; SUBFRAME]) -> (usize, i32) {
        let loudest = wanted.iter().copied().map(magnitude).max().unwrap_or(0);
        let room = if loudest == 0 { 0 } else { headroom(loudest << 16) };
        let shift = if loudest == 0 { 0 } else { 6_u32.saturating_sub(room) };
        let scaled = wanted.map(|sample| sample >> shift);
        let (mut lag, mut most) = (40, 0);
        for candidate in 40..=LONGEST {
            let likeness = scaled.iter().zip(self.before(candidate)).map(|(now, then)| now * then).sum::<i32>();
            if likeness > most {
                (lag, most) = (candidate, likeness);
            }
        }
        let likeness = (most << 1) >> (6 - shift);
        let power = self.before(lag).iter().map(|sample| (sample >> 3) * (sample >> 3)).sum::<i32>() << 1;
        if likeness <= 0 || likeness >= power {
            return (lag, if likeness <= 0 { 0 } else { 3 });
        }
        let shift = headroom(power);
        let (likeness, power) = ((likeness << shift) >> 16, (power << shift) >> 16);
        let gain = GAIN_EDGES.iter().take_while(|edge| likeness > product(power, **edge)).count();
        (lag, gain as i32)
    }

    /// So many samples ago.
    fn before(&self, lag: usize) -> &[i32] {
        let start = LONGEST - lag.clamp(SUBFRAME, LONGEST);
        &self.past[start..start + SUBFRAME]
    }

    fn predicted(&self, lag: usize, gain: i32) -> [i32; SUBFRAME] {
        let gain = GAINS[(gain & 3) as usize];
        let mut predicted = [0; SUBFRAME];
        predicted.iter_mut().zip(self.before(lag)).for_each(|(to, from)| *to = rounded_product(gain, *from));
        predicted
    }

    fn remember(&mut self, excitation: &[i32; SUBFRAME], predicted: &[i32; SUBFRAME]) {
        self.past.copy_within(SUBFRAME.., 0);
        let newest = self.past.iter_mut().skip(LONGEST - SUBFRAME);
        newest.zip(excitation.iter().zip(predicted)).for_each(|(to, (a, b))| *to = sum(*a, *b));
    }
}

//= EN 300 961 §5.2.13
fn weighted(rest: &[i32; SUBFRAME]) -> [i32; SUBFRAME] {
    let mut padded = [0; SUBFRAME + 10];
    padded[5..SUBFRAME + 5].copy_from_slice(rest);
    let mut weighted = [0; SUBFRAME];
    for (to, around) in weighted.iter_mut().zip(padded.windows(WEIGHTS.len())) {
        let total: i32 = around.iter().zip(WEIGHTS).map(|(sample, weight)| sample * weight).sum();
        *to = saturated((total + 4_096) >> 13);
    }
    weighted
}

/// Which of the four thirds carries most, and its samples.
//= EN 300 961 §5.2.14
fn pulses(weighted: &[i32; SUBFRAME]) -> (usize, [i32; 13]) {
    let third = |grid: usize| std::array::from_fn::<i32, 13, _>(|index| weighted[grid + 3 * index]);
    let (mut best, mut most) = (0, 0);
    for grid in 0..4 {
        let energy = third(grid).iter().map(|sample| (sample >> 2) * (sample >> 2)).sum::<i32>();
        if energy > most {
            (best, most) = (grid, energy);
        }
    }
    (best, third(best))
}

/// Quantises the pulses in place; gives the code of the largest.
//= EN 300 961 §5.2.15, §5.2.16
fn quantise(pulses: &mut [i32; 13]) -> i32 {
    let largest = pulses.iter().copied().map(magnitude).max().unwrap_or(0);
    let exponent = (32 - (largest >> 9).leading_zeros() as i32).min(6);
    let scale = sum(largest >> (exponent + 5), exponent << 3);
    let (exponent, mantissa) = split(scale);
    for pulse in pulses {
        // Words of 16 bits: what is shifted out is gone.
        let shifted = i32::from((*pulse << (6 - exponent)) as i16);
        *pulse = (product(shifted, INVERSES[mantissa]) >> 12) + 4;
    }
    scale
}

/// Exponent, -4..=6, and mantissa, 0..=7, of a coded scale.
fn split(scale: i32) -> (i32, usize) {
    let mut exponent = if scale > 15 { (scale >> 3) - 1 } else { 0 };
    let mut mantissa = scale - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = mantissa << 1 | 1;
        exponent -= 1;
    }
    (exponent, (mantissa & 7) as usize)
}

/// The pulses at their places, silence between.
//= EN 300 961 §5.2.16, §5.2.17
fn excitation(subframe: &Subframe) -> [i32; SUBFRAME] {
    let (exponent, mantissa) = split(subframe.scale);
    let shift = 6 - exponent;
    let half = (1 << shift) >> 1;
    let mut excitation = [0; SUBFRAME];
    let places = excitation.iter_mut().skip(subframe.grid as usize & 3).step_by(3);
    for (to, pulse) in places.zip(subframe.pulses) {
        let value = ((pulse << 1) - 7) << 12;
        *to = sum(rounded_product(MANTISSAS[mantissa], value), half) >> shift;
    }
    excitation
}
