//! Files played into a call: a thread reads ahead, the media thread takes what is there.

use super::{MediaReport, Reporter};
use crate::audio::priority;
use crate::audio::wav::{RATES, samples, words};
use crate::media::command::{Clip, MediaEvent, StreamId};
use crate::media::mixer::{self, Ramp};
use crate::media::resample::DriftResampler;
use crate::media::{FRAME, SAMPLE_RATE};
use crate::text::plain_error;
use hound::{WavReader, WavSpec};
use rtrb::{Consumer, Producer, RingBuffer};
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// What is read ahead.
const AHEAD: usize = SAMPLE_RATE as usize;

/// The media thread's end of a file that is played.
pub struct Player {
    samples: Consumer<f32>,
    ramp: Ramp,
    stopping: bool,
    /// In place of the microphone, not beside it.
    pub alone: bool,
    /// It is the music on hold.
    pub on_hold: bool,
}

impl Player {
    /// Adds the next 10 ms, or holds its place while it is not to sound. False = it is over.
    pub fn mix_into(&mut self, frame: &mut [f32; FRAME], sounds: bool) -> bool {
        self.ramp.set(if sounds && !self.stopping { 1.0 } else { 0.0 });
        if self.ramp.is_silent() {
            return !self.stopping;
        }
        let ended = self.samples.is_abandoned();
        if ended && self.samples.is_empty() {
            return false;
        }
        let mut sound = [0.0; FRAME];
        sound.iter_mut().zip(std::iter::from_fn(|| self.samples.pop().ok())).for_each(|(to, from)| *to = from);
        self.ramp.apply(&mut sound);
        mixer::add(frame, &sound);
        mixer::limit(frame);
        true
    }

    /// It fades out and is over.
    pub fn stop(&mut self) {
        self.stopping = true;
    }
}

/// Starts the thread that reads a clip; what is wrong with it is reported.
///
/// # Errors
/// No thread can be had.
pub fn start(stream: StreamId, clip: Clip, report: Reporter) -> io::Result<Player> {
    let (mut ring, samples) = RingBuffer::new(AHEAD);
    let player = Player { samples, ramp: Ramp::new(0.0), stopping: false, alone: clip.alone, on_hold: clip.on_hold };
    thread::Builder::new().name("player".to_owned()).stack_size(256 * 1024).spawn(move || {
        priority::lower();
        let begins = || {
            if !clip.on_hold {
                report(MediaReport::Event(MediaEvent::Playing { stream }));
            }
        };
        if let Err(why) = read(&clip, &mut ring, begins) {
            let error = Some(format!("cannot play {}: {why}", clip.file.display()));
            report(MediaReport::Event(MediaEvent::Played { stream, on_hold: clip.on_hold, error }));
        }
    })?;
    Ok(player)
}

/// Reads until the file or the listener is gone; the error is part of a sentence.
fn read(clip: &Clip, ring: &mut Producer<f32>, begins: impl FnOnce()) -> Result<(), String> {
    let mut reader = open(&clip.file)?;
    begins();
    let spec = reader.spec();
    loop {
        let mut frames =
            Mono { channels: usize::from(spec.channels.max(1)), samples: samples(&mut reader), error: None };
        let mut converter = (spec.sample_rate != SAMPLE_RATE)
            .then(|| DriftResampler::new(spec.sample_rate, SAMPLE_RATE).map_err(|error| error.to_string()))
            .transpose()?;
        let mut left = true;
        while left {
            let mut frame = [0.0; FRAME];
            match &mut converter {
                Some(converter) => converter.read(&mut frame, |input| left = frames.fill(input)),
                None => left = frames.fill(&mut frame),
            }
            while ring.slots() < FRAME {
                if ring.is_abandoned() {
                    return Ok(());
                }
                #[allow(clippy::disallowed_methods, reason = "a thread of its own")]
                thread::sleep(Duration::from_millis(50));
            }
            for sample in frame {
                let _ = ring.push(sample);
            }
        }
        if let Some(error) = frames.error.take() {
            return Err(error);
        }
        drop(frames);
        if !clip.repeats {
            return Ok(());
        }
        reader.seek(0).map_err(|error| plain_error(&error))?;
    }
}

/// Opens a file that can be played to its end, as far as its head tells.
fn open(path: &Path) -> Result<WavReader<BufReader<File>>, String> {
    let about = fs::metadata(path).map_err(|error| plain_error(&error))?;
    if !about.is_file() {
        return Err("it is no file".to_owned());
    }
    let reader = WavReader::open(path).map_err(|error| words(&error))?;
    let WavSpec { sample_rate, bits_per_sample, .. } = reader.spec();
    if !RATES.contains(&sample_rate) {
        return Err(format!(
            "it has {sample_rate} samples a second, and {} to {} can be played",
            RATES.start(),
            RATES.end()
        ));
    }
    if reader.duration() == 0 {
        return Err("there is no sound in it".to_owned());
    }
    if u64::from(reader.len()) * u64::from(bits_per_sample.div_ceil(8)) > about.len() {
        return Err("it ends before its sound does: it was cut off".to_owned());
    }
    Ok(reader)
}

/// The channels mixed to one.
struct Mono<'a> {
    channels: usize,
    samples: Box<dyn Iterator<Item = Result<f32, hound::Error>> + 'a>,
    error: Option<String>,
}

impl Mono<'_> {
    /// Fills with what comes, then silence; false at the end.
    fn fill(&mut self, to: &mut [f32]) -> bool {
        to.fill(0.0);
        for out in to {
            for _ in 0..self.channels {
                match self.samples.next() {
                    Some(Ok(sample)) if sample.is_finite() => *out += sample / self.channels as f32,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        self.error = Some(words(&error));
                        return false;
                    }
                    None => return false,
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
