//! Who hears whom: the person here and all calls that are at the phone, and the calls of a conference each other.
//!
//! ```text
//!  heard of each call ─► Seat::hear ─┬─► speaker            Σ all
//!                                    └─► room ──────┐       Σ conference
//!  microphone ──────────► Seat::say ◄───────────────┘       microphone + room − own
//! ```

use super::FRAME;
use super::mixer::{self, Ramp};

/// A call's place among the others. Whoever comes, goes, is held or joins does so over 10 ms.
#[derive(Debug, Clone)]
pub struct Seat {
    /// At the phone or not: what is heard of it, what it hears.
    present: [Ramp; 2],
    /// In the conference or not: what the others hear of it, what it hears of them.
    joined: [Ramp; 2],
    /// What it added to the room, while it is in the conference.
    share: [f32; FRAME],
}

impl Default for Seat {
    fn default() -> Seat {
        Seat { present: [Ramp::new(0.0); 2], joined: [Ramp::new(0.0); 2], share: [0.0; FRAME] }
    }
}

impl Seat {
    /// Where it is to be from now on: at the phone; in the conference, which is at the phone too.
    pub fn place(&mut self, present: bool, joined: bool) {
        let gain = |on: bool| if on { 1.0 } else { 0.0 };
        self.present.iter_mut().for_each(|ramp| ramp.set(gain(present)));
        self.joined.iter_mut().for_each(|ramp| ramp.set(gain(present && joined)));
    }

    /// True while others hear it or it hears others.
    pub fn is_joined(&self) -> bool {
        self.joined.iter().any(|ramp| !ramp.is_silent())
    }

    /// Takes 10 ms of what its far end says; `heard` is then what the person here hears of it.
    pub fn hear(&mut self, heard: &mut [f32; FRAME], speaker: &mut [f32; FRAME], room: &mut [f32; FRAME]) {
        if self.present[0].is_silent() {
            return heard.fill(0.0);
        }
        // One call's broken sound must not take the others' away.
        heard.iter_mut().filter(|sample| !sample.is_finite()).for_each(|sample| *sample = 0.0);
        if !self.joined[0].is_silent() {
            self.share = *heard;
            self.joined[0].apply(&mut self.share);
            mixer::add(room, &self.share);
        }
        self.present[0].apply(heard);
        mixer::add(speaker, heard);
    }

    /// 10 ms for its far end: the microphone, and in a conference all others.
    pub fn say(&mut self, mic: &[f32; FRAME], room: &[f32; FRAME], said: &mut [f32; FRAME]) {
        if self.present[1].is_silent() {
            return said.fill(0.0);
        }
        *said = *mic;
        self.present[1].apply(said);
        if self.joined[1].is_silent() {
            return;
        }
        let mut others = *room;
        mixer::subtract(&mut others, &self.share);
        self.joined[1].apply(&mut others);
        mixer::add(said, &others);
        mixer::limit(said);
    }
}

#[cfg(test)]
mod tests;
