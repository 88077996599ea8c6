//! ITU-T G.722: 16 kHz in two sub-bands of ADPCM, 64 kbit/s, in the fixed-point arithmetic of its §6 and so bit for bit.
//!
//! The names in brackets are the Recommendation's blocks.

use super::Decoded;
use super::at_rate::{Compress, Expand};

/// What the octets carry beside the sound (§1.4). RTP knows the first mode alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Nothing: 64 kbit/s of sound.
    #[default]
    One,
    /// A bit of data each: 56 kbit/s.
    Two,
    /// Two bits of data each: 48 kbit/s.
    Three,
}

/// 16 kHz sound to octets, each of two samples.
#[derive(Debug, Clone, Default)]
pub struct G722Encoder {
    low: LowBand,
    high: HighBand,
    heard: [i32; TAPS],
}

impl G722Encoder {
    /// The octet of two samples.
    pub fn octet(&mut self, samples: [i16; 2]) -> u8 {
        //= ITU-T G.722 §3.1 [TQMF]: half the rate each, the sum of the filter's halves and their difference
        shift_in(&mut self.heard, samples.map(i32::from));
        let [even, odd] = filtered(&self.heard);
        let [low, high] = [odd + even, odd - even].map(|sum| limited(sum >> 14));
        (self.high.code(high) << 6 | self.low.code(low)) as u8
    }
}

impl Compress for G722Encoder {
    fn compress(&mut self, sound: &[i16], payload: &mut Vec<u8>) {
        payload.extend(sound.as_chunks().0.iter().map(|pair| self.octet(*pair)));
    }
}

/// Octets to 16 kHz sound.
#[derive(Debug, Clone, Default)]
pub struct G722Decoder {
    mode: Mode,
    low: LowBand,
    high: HighBand,
    said: [i32; TAPS],
}

impl G722Decoder {
    /// A decoder of what is sent in this mode.
    pub fn new(mode: Mode) -> G722Decoder {
        G722Decoder { mode, ..G722Decoder::default() }
    }

    /// The two samples of an octet.
    pub fn samples(&mut self, octet: u8) -> [i16; 2] {
        let low = self.low.sound(i32::from(octet & 63), self.mode);
        let high = self.high.sound(i32::from(octet >> 6));
        //= ITU-T G.722 §4.4 [RQMF]
        shift_in(&mut self.said, [low + high, low - high]);
        let [even, odd] = filtered(&self.said);
        [odd, even].map(|sum| saturated(sum >> 11) as i16)
    }
}

impl Expand for G722Decoder {
    fn expand(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Decoded {
        sound.extend(payload.iter().flat_map(|octet| self.samples(*octet)));
        Decoded::Sound
    }
}

/// Taps of the mirror filters.
const TAPS: usize = 24;

/// The mirror filters (table 11), in 1/8192.
const MIRROR: [i32; TAPS] = [
    3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3_876, 3_876, 951, -805, -210, 362, 32, -156, 12, 53, -11,
    -11, 3,
];

fn shift_in(line: &mut [i32; TAPS], newest: [i32; 2]) {
    line.copy_within(2.., 0);
    line[TAPS - 2..].copy_from_slice(&newest);
}

/// The sum over the even places of the line, and over the odd ones.
fn filtered(line: &[i32; TAPS]) -> [i32; 2] {
    let pairs = line.as_chunks().0.iter().zip(MIRROR.as_chunks().0);
    pairs.fold([0; 2], |[even, odd], ([older, newer], [a, b])| [even + older * a, odd + newer * b])
}

/// 16 bits: what every sum of §6 is held to.
fn saturated(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// What a band may carry [LIMIT].
fn limited(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}

/// The product of two numbers of 15 bits behind the point.
fn product(a: i32, b: i32) -> i32 {
    (a * b) >> 15
}

/// The lower band, 0–4 kHz, six bits.
#[derive(Debug, Clone)]
struct LowBand {
    step: Step,
    predictor: Predictor,
}

impl Default for LowBand {
    fn default() -> LowBand {
        LowBand { step: Step::new(32), predictor: Predictor::default() }
    }
}

impl LowBand {
    /// The six bits of a sample.
    fn code(&mut self, sample: i32) -> i32 {
        let error = saturated(sample - self.predictor.next);
        //= ITU-T G.722 §6.2.1.1 [QUANTL]: the interval of the error, and its sign
        let size = magnitude(error);
        let interval = LOW_EDGES.iter().take_while(|edge| size >= product(**edge << 3, self.step.size)).count() as i32;
        let code = match (error < 0, interval) {
            (true, 0 | 1) => 63 - interval,
            (true, _) => 33 - interval,
            (false, _) => 61 - interval,
        };
        self.adapt(code);
        code
    }

    /// The sample of six bits.
    fn sound(&mut self, code: i32, mode: Mode) -> i32 {
        //= ITU-T G.722 §6.2.2.1 [INVQBL]: as exact as the mode's bits are
        let value = match mode {
            Mode::One => level_of_6_bits(code),
            Mode::Two => level_of_5_bits(code >> 1),
            Mode::Three => level_of_4_bits(code >> 2).0,
        };
        let sound = limited(saturated(self.predictor.next + product(self.step.size, value << 3)));
        self.adapt(code);
        sound
    }

    /// Both ends go on from the upper four bits alone, which reach the far end in every mode.
    fn adapt(&mut self, code: i32) {
        //= ITU-T G.722 §3.3 [INVQAL, LOGSCL, SCALEL]
        let (value, index) = level_of_4_bits(code >> 2);
        self.predictor.adapt(product(self.step.size, value << 3));
        self.step.adapt(LOW_GROWTH.get(index).copied().unwrap_or(0), 18_432, 8);
    }
}

/// The higher band, 4–8 kHz, two bits.
#[derive(Debug, Clone)]
struct HighBand {
    step: Step,
    predictor: Predictor,
}

impl Default for HighBand {
    fn default() -> HighBand {
        HighBand { step: Step::new(8), predictor: Predictor::default() }
    }
}

impl HighBand {
    /// The two bits of a sample.
    fn code(&mut self, sample: i32) -> i32 {
        let error = saturated(sample - self.predictor.next);
        //= ITU-T G.722 §6.2.1.2 [QUANTH]
        let outer = magnitude(error) >= product(HIGH_EDGE << 3, self.step.size);
        let code = match (error < 0, outer) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.adapt(code);
        code
    }

    /// The sample of two bits.
    fn sound(&mut self, code: i32) -> i32 {
        let before = self.predictor.next;
        limited(saturated(before + self.adapt(code)))
    }

    /// Goes on from these bits; what they say the prediction was off by.
    fn adapt(&mut self, code: i32) -> i32 {
        //= ITU-T G.722 §3.4 [INVQAH, LOGSCH, SCALEH]
        let (level, growth) = if code & 1 == 0 { (926, 798) } else { (202, -214) };
        let value = if code < 2 { -level } else { level };
        let difference = product(self.step.size, value << 3);
        self.predictor.adapt(difference);
        self.step.adapt(growth, 22_528, 10);
        difference
    }
}

/// A size as the quantisers compare it: negative numbers in ones' complement.
fn magnitude(error: i32) -> i32 {
    if error < 0 { !error } else { error }
}

/// Decision levels of the lower band (table 14, Q6).
const LOW_EDGES: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023, 1_121, 1_219, 1_339,
    1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
/// Decision level of the higher band (Q2).
const HIGH_EDGE: i32 = 564;

/// Output levels of six, five and four bits, the smallest first (QQ6, QQ5, QQ4).
const LEVELS_6: [i32; 30] = [
    17, 54, 91, 130, 170, 211, 254, 300, 347, 396, 447, 501, 558, 618, 682, 750, 822, 899, 982, 1_072, 1_170, 1_279,
    1_399, 1_535, 1_689, 1_873, 2_088, 2_376, 2_738, 3_101,
];
const LEVELS_5: [i32; 15] = [35, 110, 190, 276, 370, 473, 587, 714, 858, 1_023, 1_219, 1_458, 1_765, 2_195, 2_919];
const LEVELS_4: [i32; 7] = [150, 323, 530, 786, 1_121, 1_612, 2_557];
/// What a level of four bits does to the step; the first is that of no difference (WL).
const LOW_GROWTH: [i32; 8] = [-60, -30, 58, 172, 334, 538, 1_198, 3_042];

//= ITU-T G.722 table 17: positive codes fall from the largest level; so do negative ones, below them
fn level_of_6_bits(code: i32) -> i32 {
    match code {
        ..4 => -LEVELS_6[0],
        4..32 => -level(&LEVELS_6, 33 - code),
        32..62 => level(&LEVELS_6, 61 - code),
        _ => -level(&LEVELS_6, 63 - code),
    }
}

fn level_of_5_bits(code: i32) -> i32 {
    match code {
        ..2 => -LEVELS_5[0],
        2..16 => -level(&LEVELS_5, 16 - code),
        16..31 => level(&LEVELS_5, 30 - code),
        _ => -LEVELS_5[0],
    }
}

/// The level, and which it is: 0 = none.
fn level_of_4_bits(code: i32) -> (i32, usize) {
    match code {
        1..8 => (-level(&LEVELS_4, 7 - code), (8 - code) as usize),
        8..15 => (level(&LEVELS_4, 14 - code), (15 - code) as usize),
        _ => (0, 0),
    }
}

fn level(levels: &[i32], index: i32) -> i32 {
    usize::try_from(index).ok().and_then(|index| levels.get(index)).copied().unwrap_or(0)
}

/// The step of a quantiser, and its logarithm to base 2 in 1/2048.
#[derive(Debug, Clone)]
struct Step {
    size: i32,
    logarithm: i32,
}

impl Step {
    fn new(size: i32) -> Step {
        Step { size, logarithm: 0 }
    }

    /// Grows or shrinks; the logarithm is held below `most` and leaks.
    fn adapt(&mut self, growth: i32, most: i32, least_shift: i32) {
        self.logarithm = (product(self.logarithm, 32_512) + growth).clamp(0, most);
        //= ITU-T G.722 §6.2.1.3 [SCALEL, SCALEH]: the power of two, its fraction from the table
        let fraction = POWERS[(self.logarithm >> 6 & 31) as usize];
        let shift = least_shift - (self.logarithm >> 11);
        self.size = if shift < 0 { fraction << -shift } else { fraction >> shift } << 2;
    }
}

/// 2048 · 2^(n/32) (table 18, ILB).
const POWERS: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774, 2_834,
    2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// What the next sample of a band will be: two poles and six zeros that follow the signal.
#[derive(Debug, Clone, Default)]
struct Predictor {
    poles: [i32; 2],
    zeros: [i32; 6],
    /// What was put together last [RLT], the newest first.
    sound: [i32; 2],
    /// What it was off by [DLT].
    differences: [i32; 6],
    /// The same with the zeros' part [PLT].
    partial: [i32; 2],
    /// The zeros' part of the prediction.
    from_zeros: i32,
    /// The prediction.
    next: i32,
}

impl Predictor {
    /// Takes in what the prediction was off by [BLOCK4L, BLOCK4H].
    fn adapt(&mut self, difference: i32) {
        let sound = saturated(self.next + difference);
        let partial = saturated(difference + self.from_zeros);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.sound = [sound, self.sound[0]];
        self.partial = [partial, self.partial[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        //= ITU-T G.722 §6.2.1.4 [FILTEP, FILTEZ, PREDIC]
        let sum = |taps: &[i32], line: &[i32]| {
            taps.iter().zip(line).fold(0, |sum, (tap, value)| saturated(sum + product(*tap, saturated(2 * value))))
        };
        self.from_zeros = sum(&self.zeros, &self.differences);
        self.next = saturated(sum(&self.poles, &self.sound) + self.from_zeros);
    }

    //= ITU-T G.722 §3.6.3 [UPPOL2, UPPOL1]: by the signs of the last three; held where the filter is stable
    fn adapt_poles(&mut self, partial: i32) {
        let [first, second] = self.poles;
        let [like_last, like_last_but_one] = self.partial.map(|before| (before < 0) == (partial < 0));
        let pull = saturated(first << 2);
        let pull = if like_last { saturated(-pull) } else { pull } >> 7;
        let push = if like_last_but_one { 128 } else { -128 };
        let second = (pull + push + product(second, 32_512)).clamp(-12_288, 12_288);
        let push = if like_last { 192 } else { -192 };
        let most = 15_360 - second;
        self.poles = [(push + product(first, 32_640)).clamp(-most, most), second];
    }

    //= ITU-T G.722 §3.6.4 [UPZERO]
    fn adapt_zeros(&mut self, difference: i32) {
        let push = if difference == 0 { 0 } else { 128 };
        for (zero, before) in self.zeros.iter_mut().zip(self.differences) {
            let push = if (before < 0) == (difference < 0) { push } else { -push };
            *zero = saturated(push + product(*zero, 32_640));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{generated, hash};
    use super::*;

    /// Of code that makes of the ITU's own sequences (its Software Tool Library) what they should become, bit for bit.
    #[test]
    fn every_bit_is_the_recommendations() {
        let mut octets = Vec::new();
        G722Encoder::default().compress(&generated(), &mut octets);
        assert_eq!(hash(octets.iter().copied()), "b54a738f2a43a3038889724352bcec117e7ceb823545e8a0cab3ff24d91343e8");
        for (mode, expected) in [
            (Mode::One, "c6a837cbe42dc66d18365250090b1f71f0f94eb3031be432b2f34e44f752ce91"),
            (Mode::Two, "6f498b9ab97eb598b954d7e5a91261a654a3fe7d16cc6c6538a8a74b5dd85e57"),
            (Mode::Three, "46f6e01f85cc72ef29155ce219403643bded2b5f09a52de8b42735d3d1f00d42"),
        ] {
            let mut sound = Vec::new();
            G722Decoder::new(mode).expand(&octets, &mut sound);
            assert_eq!(hash(sound.iter().flat_map(|sample| sample.to_le_bytes())), expected, "{mode:?}");
        }
    }

    /// Every octet after every other, and the loudest sound there is: no sum leaves its bounds.
    #[test]
    fn nothing_overflows() {
        for mode in [Mode::One, Mode::Two, Mode::Three] {
            let mut decoder = G722Decoder::new(mode);
            for n in 0..200_000_u32 {
                decoder.samples((n.wrapping_mul(n) / 7 + n / 1_000) as u8);
            }
        }
        let mut encoder = G722Encoder::default();
        for n in 0..100_000_u32 {
            let loud = |n: u32| if n.wrapping_mul(2_654_435_761) >> 31 == 0 { i16::MIN } else { i16::MAX };
            encoder.octet([loud(n / 3), loud(n)]);
        }
    }
}
