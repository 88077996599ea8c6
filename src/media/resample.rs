//! Sample-rate conversion in whole frames: whole ratios by filters of our own, others over rubato's sinc interpolator.

use super::SAMPLE_RATE;
use super::polyphase::Polyphase;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction};
use thiserror::Error;

/// A conversion that cannot be set up.
#[derive(Debug, Error)]
#[error("cannot convert {from} Hz to {to} Hz: {reason}")]
pub struct ResampleError {
    from: u32,
    to: u32,
    reason: String,
}

/// Converts 10 ms chunks between 48 kHz and a codec's rate; passes through when both are equal.
pub struct Resampler {
    inner: Inner,
}

enum Inner {
    Same,
    Whole(Polyphase),
    Any(Box<Async<f32>>),
}

impl Resampler {
    /// A converter for chunks of 10 ms. One of the rates is usually [`SAMPLE_RATE`].
    pub fn new(from: u32, to: u32) -> Result<Resampler, ResampleError> {
        if from == to {
            return Ok(Resampler { inner: Inner::Same });
        }
        if let Some(whole) = Polyphase::new(from, to) {
            return Ok(Resampler { inner: Inner::Whole(whole) });
        }
        let error = |reason: String| ResampleError { from, to, reason };
        if from == 0 || to == 0 || !from.is_multiple_of(100) {
            return Err(error("no whole number of samples in 10 ms".to_owned()));
        }
        let ratio = f64::from(to) / f64::from(from);
        // Long enough that all but the last eighth of the band passes unharmed in both directions.
        let length = if to < from { (64 * from / to) as usize } else { 64 };
        let filter = speech_filter(length, phases(from, to));
        let inner = Async::new_sinc(ratio, 1.0, &filter, (from / 100) as usize, 1, FixedAsync::Input)
            .map_err(|e| error(e.to_string()))?;
        Ok(Resampler { inner: Inner::Any(Box::new(inner)) })
    }

    /// Converts one chunk of 10 ms into `output`, as many samples as 10 ms of the other rate has; a sample more or
    /// less of the interpolator's is made up so that the length never varies.
    pub fn process(&mut self, input: &[f32], output: &mut [f32]) {
        let inner = match &mut self.inner {
            Inner::Same => return copy(input, output),
            Inner::Whole(whole) => return whole.process(input, output),
            Inner::Any(inner) => inner,
        };
        let mut scratch = [0.0_f32; MAX_CHUNK];
        let room = inner.output_frames_max().min(MAX_CHUNK);
        let written = (|| {
            let from = SequentialSlice::new(input, 1, input.len()).ok()?;
            let mut to = SequentialSlice::new_mut(&mut scratch, 1, room).ok()?;
            Some(inner.process_into_buffer(&from, &mut to, None).ok()?.1)
        })()
        .unwrap_or(0);
        copy(scratch.get(..written).unwrap_or_default(), output);
    }
}

/// Most samples 10 ms can have here (192 kHz), with room for the interpolator's spare ones.
const MAX_CHUNK: usize = 2_048;

fn copy(from: &[f32], to: &mut [f32]) {
    let last = from.last().copied().unwrap_or(0.0);
    for (index, out) in to.iter_mut().enumerate() {
        *out = from.get(index).copied().unwrap_or(last);
    }
}

/// The different places between two input samples where an output sample can lie: 6 from 8 to 48 kHz, 1 back.
fn phases(from: u32, to: u32) -> u32 {
    let (mut a, mut b) = (from, to);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    to / a
}

/// A filter for each phase is exact; where there are too many, the two nearest of a good number are mixed.
fn speech_filter(length: usize, phases: u32) -> SincInterpolationParameters {
    const MOST: u32 = 128;
    let (filters, mix) = match phases {
        1..=MOST => (phases, SincInterpolationType::Nearest),
        _ => (MOST, SincInterpolationType::Linear),
    };
    SincInterpolationParameters::new(length, WindowFunction::Hann)
        .f_cutoff(0.92)
        .oversampling_factor(filters as usize)
        .interpolation(mix)
}

/// Joins a device's clock to ours: any rate to any rate, a ratio that may drift, fed and emptied in any amounts.
pub struct DriftResampler {
    inner: Async<f32>,
    pending: Vec<f32>,
    nominal: f64,
}

/// The most a device may be off its nominal rate.
pub const MAX_DRIFT: f64 = 0.005;

impl DriftResampler {
    /// A converter that gives `to / 100` samples per call of [`DriftResampler::read`].
    pub fn new(from: u32, to: u32) -> Result<DriftResampler, ResampleError> {
        DriftResampler::with(from, to, to / 100, FixedAsync::Output)
    }

    /// A converter that takes `from / 100` samples per call of [`DriftResampler::write`].
    pub fn taking(from: u32, to: u32) -> Result<DriftResampler, ResampleError> {
        DriftResampler::with(from, to, from / 100, FixedAsync::Input)
    }

    fn with(from: u32, to: u32, chunk: u32, fixed: FixedAsync) -> Result<DriftResampler, ResampleError> {
        let nominal = f64::from(to) / f64::from(from.max(1));
        let length = if nominal < 0.9 { (64.0 / nominal) as usize } else { 64 };
        let filter = SincInterpolationParameters::new(length, WindowFunction::BlackmanHarris2);
        let inner = Async::new_sinc(nominal, 1.0 + 2.0 * MAX_DRIFT, &filter, chunk.max(1) as usize, 1, fixed)
            .map_err(|e| ResampleError { from, to, reason: e.to_string() })?;
        let pending = vec![0.0; inner.input_frames_max().max(inner.output_frames_max())];
        Ok(DriftResampler { inner, pending, nominal })
    }

    /// Converts a chunk as long as [`DriftResampler::taking`] says; what comes out is one sample more or less than its
    /// length at the other rate.
    pub fn write(&mut self, input: &[f32]) -> &mut [f32] {
        let length = self.pending.len();
        let written = (|| {
            let from = SequentialSlice::new(input, 1, input.len()).ok()?;
            let mut to = SequentialSlice::new_mut(&mut self.pending, 1, length).ok()?;
            Some(self.inner.process_into_buffer(&from, &mut to, None).ok()?.1)
        })();
        self.pending.get_mut(..written.unwrap_or(0)).unwrap_or_default()
    }

    /// How many input samples the next [`DriftResampler::read`] wants.
    pub fn wanted(&self) -> usize {
        self.inner.input_frames_next()
    }

    /// Converts one output chunk; `fill` writes exactly [`DriftResampler::wanted`] samples.
    pub fn read(&mut self, output: &mut [f32], fill: impl FnOnce(&mut [f32])) {
        let wanted = self.inner.input_frames_next().min(self.pending.len());
        let Some(chunk) = self.pending.get_mut(..wanted) else { return };
        fill(chunk);
        let length = output.len();
        let done = (|| {
            let from = SequentialSlice::new(chunk as &[f32], 1, wanted).ok()?;
            let mut to = SequentialSlice::new_mut(output, 1, length).ok()?;
            self.inner.process_into_buffer(&from, &mut to, None).ok()
        })();
        if done.is_none() {
            output.fill(0.0);
        }
    }

    /// Stretches (`drift` > 0: more output per input) within ±[`MAX_DRIFT`].
    pub fn set_drift(&mut self, drift: f64) {
        let ratio = self.nominal * (1.0 + drift.clamp(-MAX_DRIFT, MAX_DRIFT));
        if let Some(adjustable) = self.inner.as_adjustable() {
            let _ = adjustable.set_resample_ratio(ratio, true);
        }
    }
}

/// Converts a whole clip to [`SAMPLE_RATE`] at once.
pub fn clip_to_internal(samples: &[f32], rate: u32) -> Result<Vec<f32>, ResampleError> {
    if rate == SAMPLE_RATE {
        return Ok(samples.to_vec());
    }
    let mut drift = DriftResampler::new(rate, SAMPLE_RATE)?;
    let mut rest = samples;
    let mut clip = Vec::new();
    while !rest.is_empty() {
        let mut frame = [0.0; super::FRAME];
        drift.read(&mut frame, |chunk| {
            let (now, later) = rest.split_at(chunk.len().min(rest.len()));
            chunk.fill(0.0);
            chunk.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            rest = later;
        });
        clip.extend_from_slice(&frame);
    }
    Ok(clip)
}

#[cfg(test)]
mod tests {
    use super::super::FRAME;
    use super::super::tone::goertzel_dbfs;
    use super::*;

    fn sine(hz: f32, rate: u32, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.5 * (n as f32 * hz * std::f32::consts::TAU / rate as f32).sin()).collect()
    }

    #[test]
    fn telephone_band_passes_in_both_directions() {
        for rate in [8_000, 16_000] {
            for hz in [300.0, 1_000.0, 3_400.0] {
                let small = (rate / 100) as usize;
                let (mut up, mut down) =
                    (Resampler::new(rate, SAMPLE_RATE).unwrap(), Resampler::new(SAMPLE_RATE, rate).unwrap());
                let mut heard = Vec::new();
                for chunk in sine(hz, rate, small * 60).chunks(small) {
                    let (mut wide, mut narrow) = ([0.0; FRAME], vec![0.0; small]);
                    up.process(chunk, &mut wide);
                    down.process(&wide, &mut narrow);
                    heard.extend(narrow);
                }
                let level = goertzel_dbfs(&heard[small * 20..], hz, rate);
                assert!((level + 6.02).abs() < 0.5, "{rate} Hz, tone {hz}: {level} dBFS");
            }
        }
    }

    #[test]
    fn phases_of_the_usual_rates() {
        for (from, to, expected) in [(8_000, 48_000, 6), (48_000, 8_000, 1), (16_000, 48_000, 3), (44_100, 48_000, 160)]
        {
            assert_eq!(phases(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn nothing_is_added_to_a_tone() {
        for rate in [8_000, 16_000] {
            let small = (rate / 100) as usize;
            let mut up = Resampler::new(rate, SAMPLE_RATE).unwrap();
            let mut heard = Vec::new();
            for chunk in sine(1_000.0, rate, small * 60).chunks(small) {
                let mut wide = [0.0; FRAME];
                up.process(chunk, &mut wide);
                heard.extend(wide);
            }
            // Whole periods; what is not the tone is the square of the difference.
            let heard = &heard[FRAME * 20..FRAME * 40];
            let power = heard.iter().map(|s| s * s).sum::<f32>() / heard.len() as f32;
            let tone = 10.0_f32.powf(goertzel_dbfs(heard, 1_000.0, SAMPLE_RATE) / 10.0) / 2.0;
            let rest = 10.0 * ((power - tone).abs() / tone).log10();
            assert!(rest < -50.0, "{rate} Hz: {rest} dB");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_removed() {
        let mut down = Resampler::new(SAMPLE_RATE, 8_000).unwrap();
        let mut heard = Vec::new();
        for chunk in sine(5_000.0, SAMPLE_RATE, FRAME * 60).chunks(FRAME) {
            let mut narrow = [0.0; 80];
            down.process(chunk, &mut narrow);
            heard.extend(narrow);
        }
        assert!(goertzel_dbfs(&heard[1_600..], 3_000.0, 8_000) < -70.0);
    }

    #[test]
    fn drift_is_followed_and_clips_keep_their_pitch() {
        let clip = clip_to_internal(&sine(1_000.0, 44_100, 44_100), 44_100).unwrap();
        assert!(clip.len().abs_diff(48_000) < 1_000);
        assert!((goertzel_dbfs(&clip[4_800..43_200], 1_000.0, SAMPLE_RATE) + 6.02).abs() < 0.2);
        let mut drift = DriftResampler::new(48_000, 48_000).unwrap();
        drift.set_drift(-0.005);
        let mut taken = 0;
        for _ in 0..200 {
            drift.read(&mut [0.0; FRAME], |chunk| taken += chunk.len());
        }
        assert!((96_300..96_700).contains(&taken), "{taken}");
    }
}
