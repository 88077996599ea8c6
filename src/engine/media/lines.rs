//! Devices joined to our clock.

use super::fill::FillControl;
use crate::audio::{CaptureLine, PlaybackLine};
use crate::media::plc::Concealer;
use crate::media::resample::DriftResampler;
use crate::media::{FRAME, SAMPLE_RATE};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;

/// A device's microphone on our clock.
pub struct LineIn {
    line: CaptureLine,
    converter: DriftResampler,
    control: Option<FillControl>,
    primed: bool,
    concealer: Concealer,
    gaps: u32,
}

impl LineIn {
    /// A tick takes 10 ms; this much more is always there, for a machine that stands still for a moment.
    const LEAST_S: f64 = 0.032;

    /// Joins a device; `None` when its rate cannot be converted.
    pub fn new(line: CaptureLine) -> Option<LineIn> {
        let converter = DriftResampler::new(line.rate, SAMPLE_RATE).ok()?;
        let control = Some(FillControl::new(Self::LEAST_S));
        Some(LineIn { line, converter, control, primed: false, concealer: Concealer::new(SAMPLE_RATE), gaps: 0 })
    }

    /// Joins a source without a clock, which waits when it is not read: a pipe.
    pub fn pipe(line: CaptureLine) -> Option<LineIn> {
        Some(LineIn { control: None, ..LineIn::new(line)? })
    }

    /// Times that sound was missing, lost or too late.
    pub fn gaps(&self) -> u32 {
        self.gaps.saturating_add(self.line.health.overruns.load(Ordering::Relaxed))
    }

    /// The next 10 ms.
    pub fn read(&mut self, frame: &mut [f32; FRAME]) {
        let (fill, rate) = (self.line.samples.slots(), f64::from(self.line.rate));
        let Some(control) = &mut self.control else {
            let enough = if self.primed { self.converter.wanted() } else { self.line.rate as usize / 50 };
            self.primed = fill >= enough;
            return if self.primed { self.convert(frame) } else { frame.fill(0.0) };
        };
        if !self.primed {
            self.primed = fill as f64 >= (control.least_s + FillControl::PLACE_S) * rate;
            if !self.primed {
                return frame.fill(0.0);
            }
        }
        let correction = (control.update(fill as f64 / rate) * rate) as isize;
        for _ in 0..correction.max(0) {
            let _ = self.line.samples.pop();
        }
        self.converter.set_drift(-control.bend);
        // What is made up now is there later.
        let missing = correction < -(self.line.rate as isize / 200);
        if fill < self.converter.wanted() {
            control.ran_dry();
            self.gaps = self.gaps.saturating_add(1);
        } else if !missing {
            self.convert(frame);
            return self.concealer.good(frame);
        }
        self.concealer.conceal(frame);
    }

    fn convert(&mut self, frame: &mut [f32; FRAME]) {
        let samples = &mut self.line.samples;
        self.converter.read(frame, |chunk| chunk.iter_mut().for_each(|to| *to = samples.pop().unwrap_or(0.0)));
    }
}

/// A device's speaker on our clock.
pub struct LineOut {
    line: PlaybackLine,
    converter: Option<DriftResampler>,
    control: Option<FillControl>,
    waiting: VecDeque<f32>,
    surplus: usize,
    chunk: Vec<f32>,
}

impl LineOut {
    /// What is left when the device has taken a burst, for a machine that stands still for a moment.
    const LEAST_S: f64 = 0.014;
    /// What most devices take at once.
    const BURST_S: f64 = 0.010;

    /// Joins a device that has a clock of its own; `None` when its rate cannot be converted.
    pub fn new(mut line: PlaybackLine) -> Option<LineOut> {
        let converter = DriftResampler::new(SAMPLE_RATE, line.rate).ok()?;
        silence(&mut line, Self::LEAST_S + FillControl::PLACE_S + Self::BURST_S);
        let chunk = vec![0.0; line.rate as usize / 100];
        let waiting = VecDeque::with_capacity(4 * FRAME);
        let control = Some(FillControl::new(Self::LEAST_S));
        Some(LineOut { line, converter: Some(converter), control, waiting, surplus: 0, chunk })
    }

    /// Joins a sink without a clock, which takes what comes: a pipe.
    pub fn pipe(line: PlaybackLine) -> Option<LineOut> {
        Some(LineOut { control: None, ..LineOut::new(line)? })
    }

    /// Joins a sink that takes all it is given: a file.
    pub fn file(line: PlaybackLine) -> LineOut {
        LineOut { line, converter: None, control: None, waiting: VecDeque::new(), surplus: 0, chunk: Vec::new() }
    }

    /// Times that the device found nothing to play.
    pub fn gaps(&self) -> u32 {
        self.line.health.underruns.load(Ordering::Relaxed)
    }

    /// Plays 10 ms.
    pub fn write(&mut self, frame: &[f32; FRAME]) {
        let Some(converter) = &mut self.converter else {
            for sample in frame {
                let _ = self.line.samples.push(*sample);
            }
            return;
        };
        self.waiting.extend(frame);
        if let Some(control) = &mut self.control {
            let fill = self.line.samples.buffer().capacity().saturating_sub(self.line.samples.slots());
            let correction_s = control.update(fill as f64 / f64::from(self.line.rate));
            converter.set_drift(-control.bend);
            self.surplus += (correction_s * f64::from(SAMPLE_RATE)).max(0.0) as usize;
            let dropped = self.surplus.min(self.waiting.len());
            self.waiting.drain(..dropped);
            self.surplus -= dropped;
            silence(&mut self.line, -correction_s);
            if fill == 0 {
                // A little more at once, or it would run dry again at the next burst.
                control.ran_dry();
                silence(&mut self.line, Self::BURST_S);
            }
        }
        while self.waiting.len() >= converter.wanted() {
            let waiting = &mut self.waiting;
            converter.read(&mut self.chunk, |input| {
                input.iter_mut().for_each(|to| *to = waiting.pop_front().unwrap_or(0.0));
            });
            for sample in &self.chunk {
                let _ = self.line.samples.push(*sample);
            }
        }
    }
}

/// Adds seconds of silence.
fn silence(line: &mut PlaybackLine, seconds: f64) {
    for _ in 0..(seconds * f64::from(line.rate)).max(0.0) as usize {
        let _ = line.samples.push(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Health;
    use rtrb::RingBuffer;
    use std::sync::Arc;

    /// A speaker that takes bursts, with a clock of its own: how often it ran dry, and its last fill.
    fn speaker(rate: u32, burst: usize, ppm: f64) -> (u32, usize) {
        let (samples, mut device) = RingBuffer::new(rate as usize / 5);
        let line = PlaybackLine { samples, rate, health: Arc::new(Health::default()) };
        let mut out = LineOut::new(line).unwrap();
        let (mut owed, mut dry) = (0.0, 0);
        for _ in 0..4_000 {
            out.write(&[0.1; FRAME]);
            owed += f64::from(rate) / 100.0 * (1.0 + ppm * 1e-6);
            while owed >= burst as f64 {
                owed -= burst as f64;
                let taken = (0..burst).filter(|_| device.pop().is_ok()).count();
                dry += u32::from(taken < burst);
            }
        }
        (dry, device.slots())
    }

    #[test]
    fn a_speaker_with_its_own_clock_and_bursts_never_runs_dry() {
        for (rate, burst, ppm) in [
            (48_000, 480, 0.0),
            (48_000, 960, 200.0),
            (48_000, 256, -200.0),
            (44_100, 1_024, 300.0),
            (16_000, 320, 0.0),
        ] {
            let (dry, fill) = speaker(rate, burst, ppm);
            let most = burst + rate as usize * 35 / 1_000;
            assert!(dry == 0 && fill < most, "{rate} Hz, {burst} at once, {ppm} ppm: dry {dry}, fill {fill}");
        }
    }

    #[test]
    fn a_microphone_in_bursts_has_no_gaps_and_little_delay() {
        for (rate, burst, ppm) in [(48_000, 24, 0.0), (48_000, 960, 200.0), (44_100, 512, -200.0), (16_000, 320, 0.0)] {
            let (mut device, samples) = RingBuffer::new(rate as usize / 5);
            let line = CaptureLine { samples, rate, health: Arc::new(Health::default()) };
            let mut mic = LineIn::new(line).unwrap();
            let (mut owed, mut gaps) = (0.0, 0);
            for tick in 0..4_000 {
                owed += f64::from(rate) / 100.0 * (1.0 + ppm * 1e-6);
                while owed >= burst as f64 {
                    owed -= burst as f64;
                    for _ in 0..burst {
                        let _ = device.push(0.1);
                    }
                }
                let mut frame = [0.0; FRAME];
                mic.read(&mut frame);
                gaps += u32::from(tick > 20 && frame.iter().any(|s| *s < 0.05));
            }
            let fill = mic.line.samples.slots();
            assert!(gaps == 0 && fill < burst + rate as usize * 40 / 1_000, "{rate} {burst} {ppm}: {gaps}, {fill}");
        }
    }

    #[test]
    fn a_pipe_loses_and_adds_nothing() {
        let rate = 16_000;
        let (samples, mut taken) = RingBuffer::new(rate as usize / 5);
        let health = Arc::new(Health::default());
        let mut out = LineOut::pipe(PlaybackLine { samples, rate, health: health.clone() }).unwrap();
        let (mut given, samples) = RingBuffer::new(rate as usize / 5);
        let mut mic = LineIn::pipe(CaptureLine { samples, rate, health }).unwrap();
        let (mut written, mut read) = (0, 0);
        for _ in 0..1_000 {
            out.write(&[0.1; FRAME]);
            written += std::iter::from_fn(|| taken.pop().ok()).count();
            while given.push(0.1).is_ok() {
                read += 1;
            }
            mic.read(&mut [0.0; FRAME]);
        }
        let ten_seconds = rate as usize * 10;
        assert!(written.abs_diff(ten_seconds) < 1_000 && read - rate as usize / 5 <= ten_seconds, "{written} {read}");
    }
}
