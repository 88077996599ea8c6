//! The short-term filter, to and from what it leaves (EN 300 961 §5.2.8–5.2.10, §5.3.2–5.3.4).

use super::SAMPLES;
use super::analysis::QUANTISERS;
use super::arithmetic::{difference, magnitude, rounded_product, sum};

/// Sound to what the filter leaves of it.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    areas: Areas,
    stages: [i32; 8],
}

impl Analysis {
    /// Filters a frame in place.
    pub fn filter(&mut self, ratios: &[i32; 8], sound: &mut [i32; SAMPLES]) {
        self.areas.each_part(ratios, sound, |reflection, part| {
            for sample in part {
                let mut saved = *sample;
                for (stage, r) in self.stages.iter_mut().zip(reflection) {
                    let backward = sum(*stage, rounded_product(*r, *sample));
                    *sample = sum(*sample, rounded_product(*r, *stage));
                    *stage = std::mem::replace(&mut saved, backward);
                }
            }
        });
    }
}

/// And back.
#[derive(Debug, Clone, Default)]
pub struct Synthesis {
    areas: Areas,
    stages: [i32; 9],
}

impl Synthesis {
    /// Filters a frame in place.
    pub fn filter(&mut self, ratios: &[i32; 8], sound: &mut [i32; SAMPLES]) {
        self.areas.each_part(ratios, sound, |reflection, part| {
            for sample in part {
                for (index, r) in reflection.iter().enumerate().rev() {
                    *sample = difference(*sample, rounded_product(*r, self.stages[index]));
                    self.stages[index + 1] = sum(self.stages[index], rounded_product(*r, *sample));
                }
                self.stages[0] = *sample;
            }
        });
    }
}

/// The log-area ratios of the frame before, from which the filter changes over.
#[derive(Debug, Clone, Default)]
struct Areas {
    before: [i32; 8],
}

impl Areas {
    /// Does the four parts of a frame with their reflection coefficients.
    fn each_part(
        &mut self,
        ratios: &[i32; 8],
        sound: &mut [i32; SAMPLES],
        mut filter: impl FnMut(&[i32; 8], &mut [i32]),
    ) {
        //= EN 300 961 §5.2.8
        let mut now = [0; 8];
        for ((area, index), row) in now.iter_mut().zip(ratios).zip(&QUANTISERS) {
            let value = difference(sum(*index, row.least) << 10, row.b << 1);
            let half = rounded_product(row.inverse, value);
            *area = sum(half, half);
        }
        let before = std::mem::replace(&mut self.before, now);
        //= EN 300 961 §5.2.9: a quarter, a half, three quarters of the way, there
        type Mix = fn(i32, i32) -> i32;
        let parts: [(usize, Mix); 4] = [
            (13, |old, new| sum(sum(old >> 2, new >> 2), old >> 1)),
            (14, |old, new| sum(old >> 1, new >> 1)),
            (13, |old, new| sum(sum(old >> 2, new >> 2), new >> 1)),
            (120, |_, new| new),
        ];
        let mut rest = sound.as_mut_slice();
        for (length, mix) in parts {
            let mut reflection = [0; 8];
            for ((r, old), new) in reflection.iter_mut().zip(before).zip(now) {
                *r = coefficient(mix(old, new));
            }
            let (part, later) = rest.split_at_mut(length.min(rest.len()));
            filter(&reflection, part);
            rest = later;
        }
    }
}

//= EN 300 961 §5.2.9.2: back from the logarithm
fn coefficient(area: i32) -> i32 {
    let size = match magnitude(area) {
        size @ ..11_059 => size << 1,
        size @ 11_059..20_070 => size + 11_059,
        size => sum(size >> 2, 26_112),
    };
    if area < 0 { -size } else { size }
}
