//! The sound of one call as bytes, at the pace of the call, for whoever is its microphone and its speaker.
//!
//! ```text
//!  take(bytes) ──► said ──► 48 kHz ──► Tap::say
//!  next(bytes) ◄─────────── its rate ◄── Tap::hear
//! ```

use super::media::tap::Tap;
use crate::media::resample::DriftResampler;
use crate::media::{FRAME, SAMPLE_RATE};
use crate::ua::command::CommandError;
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Rates it may have, Hz.
pub const RATES: RangeInclusive<u32> = 8_000..=192_000;

/// How often sound is moved.
const PERIOD: Duration = Duration::from_millis(10);
/// What is said ahead of the call, in samples at 48 kHz.
const AHEAD: usize = 10 * FRAME;

/// Both ways of a call, s16le mono.
pub struct CallSound {
    tap: Tap,
    call: String,
    events: broadcast::Receiver<Arc<Event>>,
    ticks: Interval,
    rate: u32,
    up: DriftResampler,
    down: DriftResampler,
    /// What is to be said, at its rate, and half a sample.
    said: VecDeque<f32>,
    half: Option<u8>,
    /// What was heard and is no whole frame, at 48 kHz.
    heard: Vec<f32>,
}

impl CallSound {
    pub(super) fn new(
        tap: Tap,
        rate: u32,
        call: &str,
        events: broadcast::Receiver<Arc<Event>>,
    ) -> Result<CallSound, CommandError> {
        let wrong = |why: String| CommandError { code: ExitCode::Usage, kind: "usage", message: why, hint: None };
        if !RATES.contains(&rate) {
            return Err(wrong(format!("a rate of sound is {} to {} Hz, not {rate}", RATES.start(), RATES.end())));
        }
        let up = DriftResampler::new(rate, SAMPLE_RATE).map_err(|why| wrong(why.to_string()))?;
        let down = DriftResampler::taking(SAMPLE_RATE, rate).map_err(|why| wrong(why.to_string()))?;
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (said, heard) = (VecDeque::new(), Vec::new());
        Ok(CallSound { tap, call: call.to_owned(), events, ticks, rate, up, down, said, half: None, heard })
    }

    /// The call.
    pub fn call(&self) -> &str {
        &self.call
    }

    /// More is to be said than will be soon: whoever says it should wait.
    pub fn is_full(&self) -> bool {
        self.said.len() > self.rate as usize / 4
    }

    /// Says this, behind what is still to be said.
    pub fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.half.take() {
                Some(low) => self.said.push_back(f32::from(i16::from_le_bytes([low, *byte])) / 32_768.0),
                None => self.half = Some(*byte),
            }
        }
    }

    /// What is heard next; `None` once the call is over. Nothing is lost where the wait is broken off.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            tokio::select! {
                _ = self.ticks.tick() => {
                    self.speak();
                    let bytes = self.listen();
                    if !bytes.is_empty() {
                        return Some(bytes);
                    }
                }
                event = self.events.recv() => match event.as_deref() {
                    Ok(Event::CallEnded { call }) if call.id == self.call => return None,
                    Err(broadcast::error::RecvError::Closed) => return None,
                    // The end may have been among what was missed.
                    Err(broadcast::error::RecvError::Lagged(_)) if self.tap.is_over() => return None,
                    _ => {}
                },
            }
        }
    }

    fn speak(&mut self) {
        while self.tap.waiting() < AHEAD && self.said.len() >= self.up.wanted() {
            let mut frame = [0.0; FRAME];
            let said = &mut self.said;
            self.up.read(&mut frame, |chunk| {
                chunk.iter_mut().for_each(|sample| *sample = said.pop_front().unwrap_or(0.0))
            });
            self.tap.say(&frame);
        }
    }

    fn listen(&mut self) -> Vec<u8> {
        // What was said is what it has brought itself.
        self.tap.hear(&mut Vec::new(), &mut self.heard);
        let (mut bytes, whole) = (Vec::new(), self.heard.len() / FRAME * FRAME);
        for frame in self.heard.get(..whole).unwrap_or_default().chunks_exact(FRAME) {
            for sample in self.down.write(frame) {
                bytes.extend_from_slice(&((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16).to_le_bytes());
            }
        }
        self.heard.drain(..whole);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::media::tap;
    use super::*;

    #[tokio::test]
    async fn both_ways_have_their_rate_and_speech_is_bounded() {
        let (line, mut plug) = tap::pair();
        let (events, hears) = broadcast::channel(8);
        let mut sound = CallSound::new(line, 8_000, "c1", hears).unwrap();
        let second: Vec<u8> = (0..8_000_i16).flat_map(|_| 16_384_i16.to_le_bytes()).collect();
        sound.take(&second[..second.len() - 1]);
        assert!(sound.is_full());
        let (mut heard, mut loudest) = (Vec::new(), 0.0_f32);
        for _ in 0..100 {
            let mut frame = [0.0; FRAME];
            plug.mix_into(&mut frame);
            loudest = frame.iter().fold(loudest, |loudest, sample| loudest.max(*sample));
            assert!(plug.tell(&frame, &[0.25; FRAME]));
            heard.extend(sound.next().await.expect("there is sound"));
            assert!(sound.tap.waiting() <= AHEAD + FRAME);
        }
        assert!((0.45..0.6).contains(&loudest), "{loudest}");
        assert!(!sound.is_full(), "a second was said in one: {} are left", sound.said.len());
        assert!((15_000..=16_400).contains(&heard.len()), "{} bytes of a second at 8000 Hz", heard.len());
        let last = i16::from_le_bytes([heard[heard.len() - 2], heard[heard.len() - 1]]);
        assert!((i32::from(last) - 8_192).abs() < 200, "{last}");
        drop(events);
        assert_eq!(sound.next().await, None, "nobody is left");
    }

    #[tokio::test]
    async fn a_rate_that_is_none_is_refused() {
        for rate in [0, 7_999, 192_001, u32::MAX] {
            let (_events, hears) = broadcast::channel(1);
            assert!(CallSound::new(tap::pair().0, rate, "c1", hears).is_err_and(|why| why.code == ExitCode::Usage));
        }
    }
}
