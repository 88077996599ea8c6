//! Conversion between rates of a whole ratio: filters cut into branches, several samples at once.
//!
//! A filter whose cut is at half the lower rate leaves every `factor`-th sample as it is: that branch is a delay, and
//! only the others cost anything. Between 8 and 48 kHz two steps share the work: a steep one to 16 kHz, and a short one
//! beyond, where there is nothing left to cut off nearby.

use std::f64::consts::PI;
use std::sync::OnceLock;
use wide::f32x8;

/// The greatest ratio.
const MOST: usize = 6;
/// Samples worked on at once.
const LANES: usize = 8;
/// Taps of a steep branch, at the lower rate: what is within 0.9 of the band passes, what is 1.1 beyond does not.
const STEEP: usize = 40;
/// Taps of a branch where the nearest image is an octave and a half away.
const SHORT: usize = 8;

/// A conversion by a whole ratio, in chunks of 10 ms.
#[derive(Debug, Clone)]
pub struct Polyphase {
    steps: Vec<Step>,
    between: Vec<f32>,
}

impl Polyphase {
    /// Between rates in Hz; `None` where the ratio or the chunks are not whole, or too small to be worked on at once.
    pub fn new(from: u32, to: u32) -> Option<Polyphase> {
        let (low, high) = (from.min(to), from.max(to));
        let factor = high.checked_div(low)?;
        let lanes = 100 * LANES as u32;
        if low == high || !low.is_multiple_of(lanes) || !high.is_multiple_of(low) || factor > MOST as u32 {
            return None;
        }
        let low_chunk = (low / 100) as usize;
        let mut steps = match factor {
            4 | 6 => vec![(2, STEEP), (factor as usize / 2, SHORT)],
            factor => vec![(factor as usize, STEEP)],
        };
        let down = from > to;
        let mut chunk = low_chunk;
        let made = steps.drain(..).map(|(factor, taps)| {
            let step = Step::new(factor, taps, chunk, down);
            chunk *= factor;
            step
        });
        let mut steps: Vec<Step> = made.collect();
        if down {
            steps.reverse();
        }
        Some(Polyphase { steps, between: vec![0.0; chunk] })
    }

    /// Converts a chunk; both are 10 ms long.
    pub fn process(&mut self, input: &[f32], output: &mut [f32]) {
        match self.steps.as_mut_slice() {
            [step] => step.process(input, output),
            [first, second] => {
                let length = first.produced();
                let Some(between) = self.between.get_mut(..length) else { return };
                first.process(input, between);
                second.process(between, output);
            }
            _ => {}
        }
    }
}

/// Up or down by one factor.
#[derive(Debug, Clone)]
struct Step {
    down: bool,
    factor: usize,
    taps: usize,
    /// Samples of a chunk at the lower rate.
    chunk: usize,
    /// All but the first branch, which is a delay.
    filters: &'static [Filter],
    /// What was last heard and then a chunk: of the signal on the way up, of each branch on the way down.
    lines: Vec<Vec<f32>>,
    sum: Vec<f32>,
}

impl Step {
    fn new(factor: usize, taps: usize, chunk: usize, down: bool) -> Step {
        let filters = filters(factor, taps, down);
        let lines = vec![vec![0.0; taps + chunk]; if down { factor } else { 1 }];
        Step { down, factor, taps, chunk, filters, lines, sum: vec![0.0; chunk] }
    }

    /// Samples that come out of a chunk.
    fn produced(&self) -> usize {
        if self.down { self.chunk } else { self.chunk * self.factor }
    }

    fn process(&mut self, input: &[f32], output: &mut [f32]) {
        if self.down {
            self.reduce(input, output)
        } else {
            self.raise(input, output)
        }
        for line in &mut self.lines {
            line.copy_within(self.chunk.., 0);
        }
    }

    fn raise(&mut self, input: &[f32], output: &mut [f32]) {
        let [line] = self.lines.as_mut_slice() else { return };
        if let (Some(new), Some(input)) = (line.get_mut(self.taps..), input.get(..self.chunk)) {
            new.copy_from_slice(input);
        }
        place(line.get(self.taps / 2..).unwrap_or_default(), output, 0, self.factor);
        for (branch, filter) in self.filters.iter().enumerate() {
            // The window of an output ends with the newest sample.
            convolve(filter, line.get(1..).unwrap_or_default(), &mut self.sum);
            place(&self.sum, output, branch + 1, self.factor);
        }
    }

    fn reduce(&mut self, input: &[f32], output: &mut [f32]) {
        for (branch, line) in self.lines.iter_mut().enumerate() {
            let samples = input.chunks_exact(self.factor).filter_map(|samples| samples.get(branch));
            line.iter_mut().skip(self.taps).zip(samples).for_each(|(to, from)| *to = *from);
        }
        let [delay, branches @ ..] = self.lines.as_slice() else { return };
        let part = 1.0 / self.factor as f32;
        let delayed = delay.iter().skip(self.taps / 2);
        output.iter_mut().zip(delayed).for_each(|(to, from)| *to = *from * part);
        for (line, filter) in branches.iter().zip(self.filters) {
            // The window of an output ends before the newest sample, which lies behind it.
            convolve(filter, line, &mut self.sum);
            output.iter_mut().zip(&self.sum).for_each(|(to, from)| *to += *from);
        }
    }
}

/// Puts samples at every `factor`-th place of `output`.
fn place(samples: &[f32], output: &mut [f32], first: usize, factor: usize) {
    for (places, sample) in output.chunks_exact_mut(factor).zip(samples) {
        if let Some(place) = places.get_mut(first) {
            *place = *sample;
        }
    }
}

/// `output[i]` = the filter laid over `line` from `i` on.
fn convolve(filter: &[f32x8], line: &[f32], output: &mut [f32]) {
    for (block, output) in output.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let window = line.get(block * LANES..).unwrap_or_default();
        let mut sum = f32x8::ZERO;
        for (tap, samples) in filter.iter().zip(window.windows(LANES)) {
            let samples: [f32; LANES] = samples.try_into().unwrap_or_default();
            sum += *tap * f32x8::new(samples);
        }
        *output = sum.to_array();
    }
}

/// The taps of a branch in the order of what they are laid over, each in all lanes.
type Filter = Vec<f32x8>;

/// The branches of a step but the first. All calls share them: what a hundred calls have each for themselves no cache
/// holds.
fn filters(factor: usize, taps: usize, down: bool) -> &'static [Filter] {
    type Made = OnceLock<Vec<Filter>>;
    static MADE: [[Made; MOST + 1]; 4] = [const { [const { OnceLock::new() }; MOST + 1] }; 4];
    let kind = usize::from(down) + if taps == STEEP { 2 } else { 0 };
    let Some(made) = MADE.get(kind).and_then(|made| made.get(factor)) else { return &[] };
    made.get_or_init(|| (1..factor).map(|branch| filter(branch, factor, taps, down)).collect())
}

/// The taps of a branch: a sinc cut at half the lower rate under a Kaiser window (70 dB).
fn filter(branch: usize, factor: usize, taps: usize, down: bool) -> Filter {
    let half = taps as f64 / 2.0;
    let place = branch as f64 / factor as f64;
    let taps = (0..taps).map(|tap| {
        let at = if down { half - tap as f64 - place } else { half - 1.0 - tap as f64 + place };
        (sinc(at) * kaiser(at / half)) as f32
    });
    let taps: Vec<f32> = taps.collect();
    // Each branch leaves a steady signal as it is; on the way down they are a mean of their own.
    let sum: f32 = taps.iter().sum::<f32>() * if down { factor as f32 } else { 1.0 };
    taps.iter().map(|tap| f32x8::splat(tap / sum)).collect()
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

fn kaiser(x: f64) -> f64 {
    const BETA: f64 = 6.8;
    bessel(BETA * (1.0 - x * x).max(0.0).sqrt()) / bessel(BETA)
}

/// The modified Bessel function of the first kind, order 0.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..32 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::tone::goertzel_dbfs;
    use super::*;

    /// A second of a tone of half amplitude through a conversion.
    fn through(from: u32, to: u32, hz: f32) -> Vec<f32> {
        let mut converter = Polyphase::new(from, to).unwrap();
        let (chunk, made) = ((from / 100) as usize, (to / 100) as usize);
        let tone: Vec<f32> = (0..from)
            .map(|n| 0.5 * (n as f32 * hz / from as f32).fract().mul_add(std::f32::consts::TAU, 0.0).sin())
            .collect();
        let chunks = tone.chunks(chunk).map(|chunk| {
            let mut out = vec![0.0; made];
            converter.process(chunk, &mut out);
            out
        });
        chunks.collect::<Vec<_>>().concat()
    }

    #[test]
    fn the_band_passes_and_images_do_not() {
        for (low, high, hz) in [(8_000, 48_000, 1_000.0), (8_000, 48_000, 3_400.0), (16_000, 48_000, 7_000.0)] {
            let up = through(low, high, hz);
            let level = |sound: &[f32], hz, rate| goertzel_dbfs(&sound[sound.len() / 5..], hz, rate);
            assert!((level(&up, hz, high) + 6.02).abs() < 0.1, "{hz}: {}", level(&up, hz, high));
            for image in [low as f32 - hz, low as f32 + hz, 2.0 * low as f32 - hz] {
                assert!(level(&up, image, high) < -70.0, "{hz} at {image}: {}", level(&up, image, high));
            }
            let down = through(high, low, hz);
            assert!((level(&down, hz, low) + 6.02).abs() < 0.1, "{hz}: {}", level(&down, hz, low));
            let alias = through(high, low, low as f32 - hz);
            assert!(level(&alias, hz, low) < -70.0, "{}: {}", low as f32 - hz, level(&alias, hz, low));
        }
    }

    #[test]
    fn a_click_comes_out_where_it_went_in() {
        for (from, to, delay_ms) in [(8_000, 48_000, 2.75), (48_000, 8_000, 2.75), (16_000, 48_000, 1.25)] {
            let mut converter = Polyphase::new(from, to).unwrap();
            let mut click = vec![0.0; (from / 100) as usize];
            click[0] = 1.0;
            let mut out = vec![0.0; (to / 100) as usize];
            converter.process(&click, &mut out);
            let highest = out.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at);
            let at_ms = highest as f32 * 1_000.0 / to as f32;
            assert!((at_ms - delay_ms).abs() < 0.13, "{from} to {to}: after {at_ms} ms");
        }
    }

    #[test]
    fn what_it_is_not_made_for() {
        for (from, to) in [(8_000, 8_000), (44_100, 48_000), (48_000, 44_100), (0, 8_000), (8_000, 0), (1_000, 48_000)]
        {
            assert!(Polyphase::new(from, to).is_none(), "{from} to {to}");
        }
        for (from, to) in [(8_000, 16_000), (12_000, 48_000), (48_000, 24_000), (48_000, 16_000)] {
            assert_eq!(Polyphase::new(from, to).is_some(), from.min(to) % 800 == 0, "{from} to {to}");
        }
    }
}
