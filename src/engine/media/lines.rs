//! Devices joined to our clock.

use super::fill::FillControl;
use crate::audio::{CaptureLine, Latency, PlaybackLine};
use crate::media::plc::Concealer;
use crate::media::resample::DriftResampler;
use crate::media::{FRAME, SAMPLE_RATE, stretch};
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
    shed: Shed,
    /// Room for what may be left out, and for what comes after it.
    joint: Vec<f32>,
}

/// When a ring's surplus may be left out of the sound.
#[derive(Default)]
struct Shed {
    ticks: u32,
}

impl Shed {
    /// A tick. How many samples of this rate may be left out of it, if any, and whether that is urgent.
    fn most(&mut self, control: &FillControl, rate: f64) -> Option<(usize, bool)> {
        /// One change in this time is not heard, many are.
        const BETWEEN_TICKS: u32 = 10;
        /// Less than this is not worth one.
        const WORTH_S: f64 = 0.001;
        /// More than this, bending takes too long.
        const LONG_S: f64 = 0.030;
        self.ticks = self.ticks.saturating_add(1);
        let spare_s = control.spare_s();
        (self.ticks >= BETWEEN_TICKS && spare_s >= WORTH_S).then_some(((spare_s * rate) as usize, spare_s > LONG_S))
    }

    /// So many samples were left out.
    fn done(&mut self, samples: usize, control: &mut FillControl, rate: f64) {
        if samples > 0 {
            self.ticks = 0;
            control.left_out(samples as f64 / rate);
        }
    }
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
        let joint = Vec::with_capacity(line.rate as usize / 40);
        Some(LineIn {
            line,
            converter,
            control,
            primed: false,
            concealer: Concealer::new(SAMPLE_RATE),
            gaps: 0,
            waits: Waits::default(),
            shed: Shed::default(),
            joint,
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

    /// How old the youngest sound of a frame is, seconds: what is left in the ring, and the device's burst.
    pub fn delay_s(&self) -> f64 {
        self.waits.seconds + self.line.burst as f64 / f64::from(self.line.rate)
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
            let enough = wanted + self.line.burst + (control.start_s() * rate) as usize;
            self.primed = fill >= enough;
            if !self.primed {
                return frame.fill(0.0);
            }
            // What came while nobody listened.
            drop_samples(&mut self.line, fill - enough);
            return self.convert(frame);
        }
        let spare_s = (self.line.fill() - wanted as isize) as f64 / rate;
        self.waits.see(spare_s);
        let correction = (control.update(spare_s) * rate) as isize;
        self.converter.set_drift(-control.bend());
        let Some(held) = fill.checked_sub(wanted) else {
            control.ran_dry();
            self.gaps = self.gaps.saturating_add(1);
            return self.concealer.conceal(frame);
        };
        // What is made up at the cut is there later, or is left out with the rest.
        let cut = if correction > 0 { correction as usize + wanted } else { 0 };
        if (cut > 0 && correction as usize <= held) || correction < -(self.line.rate as isize / 200) {
            drop_samples(&mut self.line, cut);
            return self.concealer.conceal(frame);
        }
        drop_samples(&mut self.line, correction.max(0) as usize);
        if let Some((most, hurry)) = self.shed.most(control, rate) {
            let left_out = leave_out(&mut self.line, &mut self.joint, most.min(held).min(wanted), hurry);
            self.shed.done(left_out, control, rate);
        }
        self.convert(frame);
        self.concealer.good(frame);
    }

    fn convert(&mut self, frame: &mut [f32; FRAME]) {
        let (joint, samples) = (&mut self.joint, &mut self.line.samples);
        self.converter.read(frame, |chunk| {
            let joined = joint.len().min(chunk.len());
            chunk.iter_mut().zip(joint.drain(..joined)).for_each(|(to, from)| *to = from);
            chunk.iter_mut().skip(joined).for_each(|to| *to = samples.pop().unwrap_or(0.0));
        });
    }
}

/// Leaves out up to `most` of the next samples of a ring where nobody hears it. How many; as many have become `joint`,
/// which goes before what is left in the ring.
fn leave_out(line: &mut CaptureLine, joint: &mut Vec<f32>, most: usize, hurry: bool) -> usize {
    let Ok(next) = line.samples.read_chunk(2 * most) else { return 0 };
    let (first, second) = next.as_slices();
    joint.clear();
    joint.extend_from_slice(first);
    joint.extend_from_slice(second);
    let left_out = stretch::leave_out(joint, most, hurry);
    joint.truncate(left_out);
    next.commit(2 * left_out);
    left_out
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
    shed: Shed,
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
        let (waits, shed) = (Waits::default(), Shed::default());
        LineOut { line, converter: None, control: None, begun: false, surplus: 0, dry: 0, waits, shed }
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
        let mut left = cut(converted, self.surplus);
        self.surplus -= converted.len() - left;
        if let Some(control) = &mut self.control
            && let Some((most, hurry)) = self.shed.most(control, f64::from(self.line.rate))
        {
            let left_out = stretch::leave_out(&mut converted[..left], most, hurry);
            converted.copy_within(2 * left_out..left, left_out);
            left -= left_out;
            self.shed.done(left_out, control, f64::from(self.line.rate));
        }
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
mod tests;
