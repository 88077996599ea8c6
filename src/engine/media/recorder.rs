//! Recording: the media thread fills a ring, a thread of low priority writes the file.
//!
//! A call's file holds what its far end hears and what it says. What is cut off by a kill or a full disk can be played:
//! a file is whole every second.

mod file;

use super::{MediaReport, Reporter};
use crate::audio::priority;
use crate::media::command::{MediaEvent, Recording, StreamId};
use crate::media::mixer::{self, Ramp};
use crate::media::{FRAME, SAMPLE_RATE};
pub use file::Place;
use file::Sink;
use rtrb::{Consumer, Producer, RingBuffer};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Sound the ring holds while the disk does not write, seconds.
const PATIENCE_S: usize = 3;

/// The media thread's end of a recording; the file is finished when it is dropped.
pub struct Tape {
    samples: Producer<i16>,
    stereo: bool,
    /// Nothing is written while this is set.
    pub paused: bool,
    /// What is left out and what is not join in silence.
    gain: Ramp,
    /// Samples of silence that stand for what the ring had no room for.
    owed: usize,
    lost: Arc<AtomicU64>,
}

impl Tape {
    /// 10 ms; `said` is ours, `heard` the far end's, `held` leaves them out. False = it is written no longer.
    pub fn write(&mut self, said: &[f32; FRAME], heard: &[f32; FRAME], held: bool) -> bool {
        if self.samples.is_abandoned() {
            return false;
        }
        self.gain.set(if self.paused || held { 0.0 } else { 1.0 });
        if self.gain.is_silent() {
            return true;
        }
        let (mut said, mut heard, mut gain) = (*said, *heard, self.gain);
        gain.apply(&mut said);
        self.gain.apply(&mut heard);
        let mut pcm = [0; 2 * FRAME];
        let length = if self.stereo { 2 * FRAME } else { FRAME };
        if self.stereo {
            let both = said.iter().zip(&heard).flat_map(|(said, heard)| [*said, *heard]);
            pcm.iter_mut().zip(both).for_each(|(to, from)| *to = to_pcm(from));
        } else {
            mixer::add(&mut said, &heard);
            mixer::limit(&mut said);
            pcm.iter_mut().zip(said).for_each(|(to, from)| *to = to_pcm(from));
        }
        // Both sides of a moment stay together.
        let silence = self.owed.min(self.samples.slots() & !1);
        for _ in 0..silence {
            let _ = self.samples.push(0);
        }
        self.owed -= silence;
        if self.owed > 0 || self.samples.slots() < length {
            self.owed += length;
            self.lost.fetch_add(FRAME as u64, Ordering::Relaxed);
        } else {
            for sample in pcm.iter().take(length) {
                let _ = self.samples.push(*sample);
            }
        }
        true
    }
}

fn to_pcm(sample: f32) -> i16 {
    (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16
}

/// Starts the thread of a recording; it reports where it writes, and how it ended.
///
/// # Errors
/// No thread can be had.
pub fn start(stream: StreamId, what: Recording, place: &Place, report: Reporter) -> io::Result<Tape> {
    let channels = if what.stereo { 2 } else { 1 };
    let (samples, ring) = RingBuffer::new(PATIENCE_S * SAMPLE_RATE as usize * channels);
    let lost = Arc::new(AtomicU64::new(0));
    let tape = Tape { samples, stereo: what.stereo, paused: false, gain: Ramp::new(0.0), owed: 0, lost: lost.clone() };
    let place = place.clone();
    thread::Builder::new().name("recorder".to_owned()).stack_size(512 * 1024).spawn(move || {
        priority::lower();
        let mut file = String::new();
        let mut tell = |path: String| {
            file.clone_from(&path);
            report(MediaReport::Event(MediaEvent::Recording { stream, file: path }));
        };
        let error = record(ring, &what, &place, &mut tell).err();
        let lost_ms = lost.load(Ordering::Relaxed) * 1_000 / u64::from(SAMPLE_RATE);
        report(MediaReport::Event(MediaEvent::RecordEnded { stream, file, lost_ms, error }));
    })?;
    Ok(tape)
}

/// Writes until the other end is gone; the error is a sentence.
fn record(
    mut ring: Consumer<i16>,
    what: &Recording,
    place: &Place,
    tell: &mut dyn FnMut(String),
) -> Result<(), String> {
    const IDLE: Duration = Duration::from_millis(100);
    let mut sink = Sink::open(what, place)?;
    tell(sink.name());
    let mut chunk = Vec::with_capacity(SAMPLE_RATE as usize);
    loop {
        let ended = ring.is_abandoned();
        chunk.clear();
        chunk.extend(std::iter::from_fn(|| ring.pop().ok()).take(SAMPLE_RATE as usize));
        sink.write(&chunk)?;
        if sink.is_full() {
            sink.finish()?;
            sink = Sink::open(what, place)?;
            tell(sink.name());
        }
        if ended && ring.is_empty() {
            return sink.finish();
        }
        if ring.slots() < SAMPLE_RATE as usize / 2 && !ended {
            #[allow(clippy::disallowed_methods, reason = "a thread of its own")]
            thread::sleep(IDLE);
        }
    }
}

#[cfg(test)]
mod tests;
