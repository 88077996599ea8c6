//! From sound to the short-term filter (EN 300 961 §5.2.1–5.2.6).

use super::SAMPLES;
use super::arithmetic::{headroom, magnitude, product, rounded_product, saturated, sum};

/// Takes away what is constant and lifts the highs.
#[derive(Debug, Clone, Default)]
pub struct Preprocessor {
    last: i32,
    /// The offset compensation's memory, 32 bits [L_z2].
    level: i32,
    emphasised: i32,
}

impl Preprocessor {
    /// The sound of a frame, 13 bits of it taken.
    pub fn filter(&mut self, sound: &[i16; SAMPLES]) -> [i32; SAMPLES] {
        sound.map(|sample| {
            let sample = i32::from(sample >> 3) << 2;
            //= EN 300 961 §5.2.2: a notch at 0 Hz, with 31 bits of memory
            let step = sample - std::mem::replace(&mut self.last, sample);
            let (high, low) = (self.level >> 15, self.level & 0x7fff);
            let fed = (step << 15) + rounded_product(low, 32_735);
            self.level = (high * 32_735).saturating_add(fed);
            //= EN 300 961 §5.2.3
            let before = rounded_product(self.emphasised, -28_180);
            self.emphasised = self.level.saturating_add(16_384) >> 15;
            sum(saturated(self.emphasised), before)
        })
    }
}

/// The quantised log-area ratios of a frame. The sound loses the bits its correlation has no room for.
pub fn log_area_ratios(sound: &mut [i32; SAMPLES]) -> [i32; 8] {
    let mut ratios = reflection(&autocorrelation(sound));
    for (ratio, row) in ratios.iter_mut().zip(QUANTISERS) {
        //= EN 300 961 §5.2.6, §5.2.7: the logarithm in three straight pieces
        let size = match magnitude(*ratio) {
            size @ ..22_118 => size >> 1,
            size @ 22_118..31_130 => size - 11_059,
            size => (size - 26_112) << 2,
        };
        let area = if *ratio < 0 { -size } else { size };
        let index = sum(sum(product(row.a, area), row.b), 256) >> 9;
        *ratio = index.clamp(row.least, -row.least - 1) - row.least;
    }
    ratios
}

/// How a log-area ratio is quantised (table 5.1).
pub struct Quantiser {
    pub a: i32,
    pub b: i32,
    /// The least index; the greatest is as far above as this is below 0.
    pub least: i32,
    /// 1/a (table 5.2).
    pub inverse: i32,
}

pub const QUANTISERS: [Quantiser; 8] = [
    Quantiser { a: 20_480, b: 0, least: -32, inverse: 13_107 },
    Quantiser { a: 20_480, b: 0, least: -32, inverse: 13_107 },
    Quantiser { a: 20_480, b: 2_048, least: -16, inverse: 13_107 },
    Quantiser { a: 20_480, b: -2_560, least: -16, inverse: 13_107 },
    Quantiser { a: 13_964, b: 94, least: -8, inverse: 19_223 },
    Quantiser { a: 15_360, b: -1_792, least: -8, inverse: 17_476 },
    Quantiser { a: 8_534, b: -341, least: -4, inverse: 31_454 },
    Quantiser { a: 9_036, b: -1_144, least: -4, inverse: 29_708 },
];

//= EN 300 961 §5.2.4
fn autocorrelation(sound: &mut [i32; SAMPLES]) -> [i32; 9] {
    let loudest = sound.iter().copied().map(magnitude).max().unwrap_or(0);
    let shift = if loudest == 0 { 0 } else { 4 - headroom(loudest << 16) as i32 };
    if shift > 0 {
        sound.iter_mut().for_each(|sample| *sample = rounded_product(*sample, 16_384 >> (shift - 1)));
    }
    let mut sums = [0; 9];
    for (lag, total) in sums.iter_mut().enumerate() {
        let pairs = sound.iter().skip(lag).zip(sound.iter());
        *total = pairs.map(|(now, before)| now * before).sum::<i32>() << 1;
    }
    if shift > 0 {
        sound.iter_mut().for_each(|sample| *sample <<= shift);
    }
    sums
}

//= EN 300 961 §5.2.5: Schur's recursion
fn reflection(correlation: &[i32; 9]) -> [i32; 8] {
    let mut reflection = [0; 8];
    if correlation[0] == 0 {
        return reflection;
    }
    let shift = headroom(correlation[0]);
    let mut p = correlation.map(|value| (value << shift) >> 16);
    let mut k = p;
    for (n, value) in reflection.iter_mut().enumerate() {
        let size = magnitude(p[1]);
        if p[0] < size {
            break;
        }
        let quotient = if size == p[0] { 32_767 } else { (size << 15) / p[0].max(1) };
        *value = if p[1] > 0 { -quotient } else { quotient };
        p[0] = sum(p[0], rounded_product(p[1], *value));
        for m in 1..8 - n {
            let next = p[m + 1];
            p[m] = sum(next, rounded_product(k[m], *value));
            k[m] = sum(k[m], rounded_product(next, *value));
        }
    }
    reflection
}
