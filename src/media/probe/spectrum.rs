//! The Fourier transform the measurements need, and the power of a piece of sound by frequency.

use super::RATE;
use std::f32::consts::TAU;

/// Complex: real and imaginary part.
pub type Complex = [f32; 2];

/// Transforms in place; `back` is the other direction, without its factor 1/N. A length that is no power of two is left
/// as it is.
pub fn transform(values: &mut [Complex], back: bool) {
    let length = values.len();
    if !length.is_power_of_two() || length < 2 {
        return;
    }
    let bits = length.trailing_zeros();
    for n in 0..length {
        let mirrored = n.reverse_bits() >> (usize::BITS - bits);
        if n < mirrored {
            values.swap(n, mirrored);
        }
    }
    let way = if back { 1.0 } else { -1.0 };
    let mut half = 1;
    while half < length {
        let turns: Vec<Complex> = (0..half)
            .map(|n| {
                let (sin, cos) = (way * TAU * n as f32 / (2 * half) as f32).sin_cos();
                [cos, sin]
            })
            .collect();
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((a, b), [cos, sin]) in low.iter_mut().zip(high).zip(&turns) {
                let turned = [b[0] * cos - b[1] * sin, b[0] * sin + b[1] * cos];
                *b = [a[0] - turned[0], a[1] - turned[1]];
                *a = [a[0] + turned[0], a[1] + turned[1]];
            }
        }
        half *= 2;
    }
}

/// The power at each frequency of a piece of sound at 8 kHz, a Hann window over it; half as many as samples.
pub fn power(sound: &[f32]) -> Vec<f32> {
    let length = sound.len();
    let window = |n: usize| 0.5 - 0.5 * (TAU * n as f32 / length as f32).cos();
    let mut values: Vec<Complex> = sound.iter().enumerate().map(|(n, sample)| [sample * window(n), 0.0]).collect();
    transform(&mut values, false);
    values.iter().take(length / 2).map(|[re, im]| re * re + im * im).collect()
}

/// The frequency of a peak at this place of such powers, between its neighbours, Hz.
pub fn peak_hz(power: &[f32], at: usize) -> f32 {
    let log = |at: usize| power.get(at).copied().unwrap_or(0.0).max(f32::MIN_POSITIVE).ln();
    let (before, here, after) = (log(at.saturating_sub(1)), log(at), log(at + 1));
    let bend = before - 2.0 * here + after;
    let off = if bend.abs() > f32::EPSILON { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    (at as f32 + off) * RATE as f32 / (2 * power.len().max(1)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same() {
        let sound: Vec<Complex> = (0..256).map(|n| [((n * n) as f32 * 0.37).sin(), (n as f32 * 1.7).cos()]).collect();
        let mut values = sound.clone();
        transform(&mut values, false);
        let energy = |values: &[Complex]| values.iter().map(|[re, im]| re * re + im * im).sum::<f32>();
        assert!((energy(&values) / 256.0 / energy(&sound) - 1.0).abs() < 1e-4, "Parseval");
        transform(&mut values, true);
        for (value, [re, im]) in values.iter().zip(&sound) {
            assert!((value[0] / 256.0 - re).abs() < 1e-4 && (value[1] / 256.0 - im).abs() < 1e-4);
        }
    }

    #[test]
    fn a_peak_is_where_its_tone_is() {
        for hz in [350.0, 440.0, 1_004.0, 2_600.0] {
            let sound: Vec<f32> = (0..512).map(|n| (TAU * hz * n as f32 / RATE as f32).sin()).collect();
            let power = power(&sound);
            let at = (0..power.len()).max_by(|a, b| power[*a].total_cmp(&power[*b])).unwrap();
            assert!((peak_hz(&power, at) - hz).abs() < 2.0, "{hz}: {}", peak_hz(&power, at));
        }
    }

    #[test]
    fn odd_lengths_are_left_alone() {
        for length in [0, 1, 3, 12] {
            let mut values = vec![[1.0, 2.0]; length];
            transform(&mut values, false);
            assert_eq!(values, vec![[1.0, 2.0]; length]);
        }
    }
}
