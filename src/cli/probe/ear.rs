//! What a call's sound tells while it goes on, and what can only be told at its end.

use super::finding::EchoFound;
use crate::engine::probe::{
    CHIRP_MS, Fingerprint, Heard, LONGEST_ECHO_MS, Likeness, Listener, Moment, Narrow, Tap, chirp, find_echo,
};
use std::sync::Arc;
use std::time::Duration;

/// What is kept of a call for the end, at 8 kHz: three minutes.
const MOST_KEPT: usize = 8_000 * 180;
/// When the first chirp is played, from the answer on.
const FIRST_CHIRP: Duration = Duration::from_millis(500);
/// From one chirp to the next: as long as an echo may take.
const BETWEEN_CHIRPS: Duration = Duration::from_millis((CHIRP_MS + LONGEST_ECHO_MS) as u64);
/// What must be left of a call for a chirp to come back in.
const ECHO_TAIL: Duration = Duration::from_millis(CHIRP_MS as u64 + 400);
/// More chirps make nothing surer.
const MOST_CHIRPS: usize = 10;

/// Listens to a call.
pub struct Ear {
    tap: Tap,
    listener: Listener,
    narrow: [Narrow; 2],
    kept: Kept,
    keeps: bool,
}

/// What is kept for the end: what was said and what was heard, at 8 kHz.
#[derive(Debug, Default)]
pub struct Kept {
    said: Vec<f32>,
    heard: Vec<f32>,
}

impl Ear {
    /// Listens; `keeps` = there is something to be told at the end.
    pub fn new(tap: Tap, keeps: bool) -> Ear {
        Ear { tap, listener: Listener::default(), narrow: Default::default(), kept: Kept::default(), keeps }
    }

    /// What was heard since the last time.
    pub fn listen(&mut self) -> Vec<Moment> {
        let (mut said, mut heard) = (Vec::new(), Vec::new());
        self.tap.hear(&mut said, &mut heard);
        if self.keeps && self.kept.heard.len() < MOST_KEPT {
            let [mouth, ear] = &mut self.narrow;
            mouth.push(&said, &mut self.kept.said);
            ear.push(&heard, &mut self.kept.heard);
        }
        self.listener.hear(&heard)
    }

    /// Plays a chirp.
    pub fn chirp(&mut self) {
        self.tap.say(&chirp());
    }

    /// What was heard all in all, and what is left to be looked at.
    pub fn finish(mut self) -> (Heard, Kept) {
        self.listen();
        (self.listener.heard().clone(), self.kept)
    }
}

impl Kept {
    /// The echo of the chirps, and how much of a known sound there is. Takes its time.
    pub fn examine(
        &self,
        echo: bool,
        known: Option<&Arc<Fingerprint>>,
    ) -> (Option<EchoFound>, Option<Option<Likeness>>) {
        let echo = echo.then(|| match find_echo(&self.said, &self.heard) {
            Ok(found) => EchoFound { played: true, found },
            Err(_) => EchoFound { played: false, found: None },
        });
        (echo, known.map(|known| known.find_in(&Fingerprint::of(&self.heard))))
    }
}

/// When chirps are played in a call of this length, from its answer on.
pub fn chirps(length: Duration) -> Vec<Duration> {
    (0..MOST_CHIRPS as u32)
        .map(|n| FIRST_CHIRP + BETWEEN_CHIRPS * n)
        .take_while(|at| *at + ECHO_TAIL <= length)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chirps_are_played_where_they_can_come_back() {
        let ms = |times: Vec<Duration>| times.into_iter().map(|time| time.as_millis()).collect::<Vec<_>>();
        assert_eq!(ms(chirps(Duration::from_secs(1))), []);
        assert_eq!(ms(chirps(Duration::from_secs(3))), [500]);
        assert_eq!(ms(chirps(Duration::from_secs(5))), [500, 2_750]);
        assert_eq!(chirps(Duration::from_secs(3_600)).len(), MOST_CHIRPS);
    }
}
