//! Devices joined to our clock.

use super::fill::FillControl;
use crate::audio::{CaptureLine, Latency, PlaybackLine};
use crate::media::plc::Concealer;
use crate::media::resample::DriftResampler;
use crate::media::{FRAME, SAMPLE_RATE};
use std::sync::atomic::Ordering;

/// A device's microphone on our clock.
pub struct LineIn {
    line: CaptureLine,
    converter: DriftResampler,
    control: Option<FillControl>,
    primed: bool,
    concealer: Concealer,
    gaps: u32,
    waits: Waits,
}

/// How long samples wait in a ring, smoothed over half a second.
#[derive(Default)]
struct Waits {
    seconds: f64,
}

impl Waits {
    fn see(&mut self, seconds: f64) {
        self.seconds += (seconds.max(0.0) - self.seconds) / 50.0;
    }
}

impl LineIn {
    /// Joins a device; `None` when its rate cannot be converted.
    pub fn new(line: CaptureLine, latency: Latency) -> Option<LineIn> {
        let converter = DriftResampler::new(line.rate, SAMPLE_RATE).ok()?;
        let control = Some(if line.burst > 0 { FillControl::new } else { FillControl::blind }(latency.spare_s));
        Some(LineIn {
            line,
            converter,
            control,
            primed: false,
            concealer: Concealer::new(SAMPLE_RATE),
            gaps: 0,
            waits: Waits::default(),
        })
    }

    /// Joins a source without a clock, which waits when it is not read: a pipe.
    pub fn pipe(line: CaptureLine) -> Option<LineIn> {
        Some(LineIn { control: None, ..LineIn::new(line, Latency::NORMAL)? })
    }

    /// Times that sound was missing, lost or too late.
    pub fn gaps(&self) -> u32 {
        self.gaps.saturating_add(self.line.health.overruns.load(Ordering::Relaxed))
    }

    /// How old the youngest sound of a frame is, seconds: what is left in the ring, and the device's burst, half of which
    /// is yet to come on average.
    pub fn delay_s(&self) -> f64 {
        self.waits.seconds + self.line.burst as f64 / f64::from(self.line.rate) / 2.0
    }

    /// The next 10 ms.
    pub fn read(&mut self, frame: &mut [f32; FRAME]) {
        let (fill, rate, wanted) = (self.line.samples.slots(), f64::from(self.line.rate), self.converter.wanted());
        let Some(control) = &mut self.control else {
            let enough = if self.primed { wanted } else { self.line.rate as usize / 50 };
            let primed = fill >= enough;
            self.gaps = self.gaps.saturating_add(u32::from(self.primed && !primed));
            self.primed = primed;
            return if primed { self.convert(frame) } else { frame.fill(0.0) };
        };
        if !self.primed {
            let enough = wanted + (control.start_s() * rate) as usize;
            self.primed = fill >= enough;
            if !self.primed {
                return frame.fill(0.0);
            }
            // What came while nobody listened.
            drop_samples(&mut self.line, fill - enough);
            return self.convert(frame);
        }
        let spare = fill as f64 - wanted as f64;
        self.waits.see(spare / rate);
        let correction = (control.update(spare / rate) * rate) as isize;
        self.converter.set_drift(-control.bend());
        if spare < 0.0 {
            control.ran_dry();
            self.gaps = self.gaps.saturating_add(1);
            return self.concealer.conceal(frame);
        }
        // What is made up at the cut is there later, or is left out with the rest.
        let cut = if correction > 0 { correction as usize + wanted } else { 0 };
        if (cut > 0 && correction as f64 <= spare) || correction < -(self.line.rate as isize / 200) {
            drop_samples(&mut self.line, cut);
            return self.concealer.conceal(frame);
        }
        drop_samples(&mut self.line, correction.max(0) as usize);
        self.convert(frame);
        self.concealer.good(frame);
    }

    fn convert(&mut self, frame: &mut [f32; FRAME]) {
        let samples = &mut self.line.samples;
        self.converter.read(frame, |chunk| chunk.iter_mut().for_each(|to| *to = samples.pop().unwrap_or(0.0)));
    }
}

fn drop_samples(line: &mut CaptureLine, count: usize) {
    for _ in 0..count {
        let _ = line.samples.pop();
    }
}

/// A device's speaker on our clock.
pub struct LineOut {
    line: PlaybackLine,
    converter: Option<DriftResampler>,
    control: Option<FillControl>,
    begun: bool,
    surplus: usize,
    dry: u32,
    waits: Waits,
}

impl LineOut {
    /// What most devices take at once.
    const BURST_S: f64 = 0.010;

    /// Joins a device that has a clock of its own; `None` when its rate cannot be converted.
    pub fn new(line: PlaybackLine, latency: Latency) -> Option<LineOut> {
        let converter = DriftResampler::taking(SAMPLE_RATE, line.rate).ok()?;
        let blind = line.burst() == 0;
        let control = if blind { FillControl::blind } else { FillControl::new }(latency.spare_s);
        Some(LineOut { converter: Some(converter), control: Some(control), ..LineOut::file(line) })
    }

    /// Joins a sink without a clock, which takes what comes: a pipe.
    pub fn pipe(line: PlaybackLine) -> Option<LineOut> {
        Some(LineOut { control: None, ..LineOut::new(line, Latency::NORMAL)? })
    }

    /// Joins a sink that takes all it is given: a file.
    pub fn file(line: PlaybackLine) -> LineOut {
        LineOut { line, converter: None, control: None, begun: false, surplus: 0, dry: 0, waits: Waits::default() }
    }

    /// Times that the device found nothing to play.
    pub fn gaps(&self) -> u32 {
        self.line.health.underruns.load(Ordering::Relaxed)
    }

    /// How long the next sound waits until it is played, seconds.
    pub fn delay_s(&self) -> f64 {
        self.waits.seconds + self.line.burst() as f64 / f64::from(self.line.rate)
    }

    /// Plays 10 ms.
    pub fn write(&mut self, frame: &[f32; FRAME]) {
        if self.line.waits() {
            return;
        }
        self.steer();
        let converted = match &mut self.converter {
            Some(converter) => converter.write(frame),
            None => return push(&mut self.line, frame),
        };
        let left = cut(converted, self.surplus);
        self.surplus -= converted.len() - left;
        push(&mut self.line, converted.get(..left).unwrap_or_default());
        self.line.fetch();
    }

    /// Keeps as much in front of the device as it needs, and little more.
    fn steer(&mut self) {
        let (gaps, rate) = (self.gaps(), f64::from(self.line.rate));
        let (Some(converter), Some(control)) = (&mut self.converter, &mut self.control) else { return };
        if !std::mem::replace(&mut self.begun, true) {
            let burst_s = if self.line.burst() > 0 { self.line.burst() as f64 / rate } else { Self::BURST_S };
            silence(&mut self.line, control.start_s() + burst_s);
        }
        if gaps != self.dry {
            self.dry = gaps;
            control.ran_dry();
        }
        let fill_s = self.line.fill() as f64 / rate;
        self.waits.see(fill_s);
        let correction_s = control.update(fill_s);
        converter.set_drift(-control.bend());
        self.surplus += (correction_s * rate).max(0.0) as usize;
        silence(&mut self.line, -correction_s);
    }
}

/// Takes up to `surplus` samples out of these without a click; how many are left.
fn cut(sound: &mut [f32], surplus: usize) -> usize {
    let fade = sound.len() / 2;
    let count = surplus.min(sound.len() - fade);
    if count == 0 {
        return sound.len();
    }
    for at in 0..fade {
        let part = at as f32 / fade as f32;
        sound[at] = sound[at] * (1.0 - part) + sound[at + count] * part;
    }
    sound.copy_within(fade + count.., fade);
    sound.len() - count
}

fn push(line: &mut PlaybackLine, sound: &[f32]) {
    for sample in sound {
        let _ = line.samples.push(*sample);
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
        let line = PlaybackLine::new(samples, rate, Arc::default());
        let mut out = LineOut::new(line, Latency::NORMAL).unwrap();
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
            let line = CaptureLine { samples, rate, burst: 0, health: Arc::new(Health::default()) };
            let mut mic = LineIn::new(line, Latency::NORMAL).unwrap();
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
    fn a_pipe_that_does_not_keep_up_is_silent_and_counted_once() {
        let (mut given, samples) = RingBuffer::new(4_800);
        let line = CaptureLine { samples, rate: 48_000, burst: 0, health: Arc::new(Health::default()) };
        let mut mic = LineIn::pipe(line).unwrap();
        let mut loud = |mic: &mut LineIn, more: usize| {
            (0..more).for_each(|_| given.push(0.5).unwrap_or_default());
            let mut frame = [0.0; FRAME];
            mic.read(&mut frame);
            frame.iter().any(|s| *s > 0.4)
        };
        assert!(!loud(&mut mic, 500), "20 ms are gathered first");
        assert!(loud(&mut mic, 700) && loud(&mut mic, 0) && mic.gaps() == 0);
        for _ in 0..10 {
            assert!(!loud(&mut mic, 0));
        }
        assert_eq!(mic.gaps(), 1);
        assert!(loud(&mut mic, 2_000));
    }

    #[test]
    fn a_pipe_loses_and_adds_nothing() {
        let rate = 16_000;
        let (samples, mut taken) = RingBuffer::new(rate as usize / 5);
        let health = Arc::new(Health::default());
        let mut out = LineOut::pipe(PlaybackLine::new(samples, rate, health.clone())).unwrap();
        let (mut given, samples) = RingBuffer::new(rate as usize / 5);
        let mut mic = LineIn::pipe(CaptureLine { samples, rate, burst: 0, health }).unwrap();
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
