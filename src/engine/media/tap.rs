//! The sound of one call as it goes: what is said and what is heard, each moment of both together, and a way to speak.
//!
//! ```text
//!  media thread ── said, heard ─► Tap::hear
//!               ◄── speech ────── Tap::say
//! ```

use crate::media::mixer;
use crate::media::{FRAME, SAMPLE_RATE};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What waits for a reader, and what may be said ahead, in seconds.
const PATIENCE_S: usize = 2;

/// Whoever listens to a call and speaks in it. Dropped, the call goes on without it.
#[derive(Debug)]
pub struct Tap {
    both: Consumer<f32>,
    speech: Producer<f32>,
    lost: Arc<AtomicU64>,
}

impl Tap {
    /// Adds what was said and what was heard since the last time; both grow by as much. Samples at 48 kHz, 1 = full scale.
    pub fn hear(&mut self, said: &mut Vec<f32>, heard: &mut Vec<f32>) {
        while self.both.slots() >= 2 {
            said.extend(self.both.pop().ok());
            heard.extend(self.both.pop().ok());
        }
    }

    /// Says this beside the microphone, behind what is still to be said; how much of it there was room for.
    pub fn say(&mut self, speech: &[f32]) -> usize {
        speech.iter().take_while(|sample| self.speech.push(**sample).is_ok()).count()
    }

    /// Samples that are still to be said.
    pub fn waiting(&self) -> usize {
        self.speech.buffer().capacity().saturating_sub(self.speech.slots())
    }

    /// Sound that nobody fetched in time, silent in what was heard.
    pub fn lost_ms(&self) -> u64 {
        self.lost.load(Ordering::Relaxed) * 1_000 / u64::from(SAMPLE_RATE)
    }

    /// True when the sound is over and all of it was fetched.
    pub fn is_over(&self) -> bool {
        self.both.is_abandoned() && self.both.slots() < 2
    }
}

/// The media thread's end of a tap.
pub struct Plug {
    both: Producer<f32>,
    speech: Consumer<f32>,
    /// Samples of silence that stand for what the ring had no room for.
    owed: usize,
    lost: Arc<AtomicU64>,
    /// Microphone and speaker have no part in the call.
    pub(super) instead: bool,
}

/// A tap and its other end.
pub fn pair() -> (Tap, Plug) {
    let (both_in, both) = RingBuffer::new(PATIENCE_S * SAMPLE_RATE as usize * 2);
    let (speech, speech_out) = RingBuffer::new(PATIENCE_S * SAMPLE_RATE as usize);
    let lost = Arc::new(AtomicU64::new(0));
    let plug = Plug { both: both_in, speech: speech_out, owed: 0, lost: lost.clone(), instead: false };
    (Tap { both, speech, lost }, plug)
}

impl Plug {
    /// Adds the next 10 ms of what is to be said.
    pub fn mix_into(&mut self, said: &mut [f32; FRAME]) {
        if self.speech.is_empty() {
            return;
        }
        for sample in said.iter_mut() {
            let Ok(speech) = self.speech.pop() else { break };
            *sample += speech;
        }
        mixer::limit(said);
    }

    /// Nobody listens any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.both.is_abandoned()
    }

    /// Tells 10 ms of both ways. False = nobody listens any more.
    pub fn tell(&mut self, said: &[f32; FRAME], heard: &[f32; FRAME]) -> bool {
        if self.both.is_abandoned() {
            return false;
        }
        // Both of a moment stay together.
        let silence = self.owed.min(self.both.slots() & !1);
        for _ in 0..silence {
            let _ = self.both.push(0.0);
        }
        self.owed -= silence;
        if self.owed > 0 || self.both.slots() < 2 * FRAME {
            self.owed += 2 * FRAME;
            self.lost.fetch_add(FRAME as u64, Ordering::Relaxed);
            return true;
        }
        for sample in said.iter().zip(heard).flat_map(|(said, heard)| [*said, *heard]) {
            let _ = self.both.push(sample);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_come_out_side_by_side_and_speech_goes_in() {
        let (mut tap, mut plug) = pair();
        let speech: Vec<f32> = (0..FRAME + 100).map(|n| n as f32 / 1_000.0).collect();
        assert_eq!(tap.say(&speech), speech.len());
        let (mut said, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let mut frame = [0.0; FRAME];
            plug.mix_into(&mut frame);
            assert!(plug.tell(&frame, &[0.25; FRAME]));
        }
        tap.hear(&mut said, &mut heard);
        assert_eq!((said.len(), heard.len()), (2 * FRAME, 2 * FRAME));
        assert_eq!((said[1], said[FRAME + 99], said[FRAME + 100]), (0.001, speech[FRAME + 99], 0.0));
        assert!(heard.iter().all(|sample| *sample == 0.25));
        drop(plug);
        assert!(tap.is_over());
    }

    #[test]
    fn what_nobody_fetches_is_silence_later_and_the_moments_stay_where_they_were() {
        let (mut tap, mut plug) = pair();
        let frames = PATIENCE_S * 100;
        (0..frames + 3).for_each(|_| assert!(plug.tell(&[1.0; FRAME], &[0.5; FRAME])));
        assert_eq!(tap.lost_ms(), 30);
        let (mut said, mut heard) = (Vec::new(), Vec::new());
        tap.hear(&mut said, &mut heard);
        assert!(plug.tell(&[0.75; FRAME], &[0.25; FRAME]));
        tap.hear(&mut said, &mut heard);
        assert_eq!(said.len(), (frames + 4) * FRAME);
        let at = frames * FRAME;
        assert_eq!((said[at - 1], said[at], said[at + 3 * FRAME], heard[at + 3 * FRAME]), (1.0, 0.0, 0.75, 0.25));
    }

    #[test]
    fn a_tap_that_is_gone_is_noticed_and_speech_has_a_bound() {
        let (mut tap, mut plug) = pair();
        let room = PATIENCE_S * SAMPLE_RATE as usize;
        assert_eq!(tap.say(&vec![0.5; room + 7]), room);
        drop(tap);
        assert!(!plug.tell(&[0.0; FRAME], &[0.0; FRAME]));
    }
}
