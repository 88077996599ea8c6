//! What is spoken, and when: never over somebody who talks. Pure: the server is behind [`super::ssip`].

use super::state::{Said, Weight};
use super::words::spaced;
use crate::control::Levels;
use crate::text::say;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Sentences that wait at most; the oldest news goes first.
const WAITING: usize = 8;
/// Louder than this somebody talks, dBFS.
const TALK_DBFS: f32 = -45.0;
/// So long after a word the talk goes on.
const PAUSE: Duration = Duration::from_millis(700);
/// News that waited so long is no news; it was written.
const STALE: Duration = Duration::from_secs(20);
/// What a voice takes for a letter, about.
const LETTER: Duration = Duration::from_millis(70);

/// What the speech server is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Say this; urgent = before all else.
    Speak {
        /// The sentence.
        text: String,
        /// Before all else.
        urgent: bool,
    },
    /// Stop what is being said.
    Cancel,
}

/// Sentences that wait to be spoken.
#[derive(Debug, Default)]
pub struct Voice {
    queue: VecDeque<(String, Weight, Instant)>,
    /// Spoken now, about until then.
    speaks: Option<(String, Weight, Instant)>,
    /// A sound is as loud as talk.
    is_loud: bool,
    /// When it last was.
    heard: Option<Instant>,
    /// Said at once.
    at_once: VecDeque<Out>,
}

impl Voice {
    /// A sentence is to be heard.
    pub fn offer(&mut self, said: &Said, now: Instant) {
        if said.weight == Weight::Alarm && self.somebody_talks(now) {
            self.at_once.push_back(Out::Speak { text: say!("line-incoming-short"), urgent: true });
        }
        if said.weight == Weight::Alarm {
            self.queue.push_front((spaced(&said.text), said.weight, now));
        } else {
            self.queue.push_back((spaced(&said.text), said.weight, now));
        }
        while self.queue.len() > WAITING {
            let oldest = self.queue.iter().position(|(_, weight, _)| *weight != Weight::Alarm).unwrap_or(0);
            self.queue.remove(oldest);
        }
    }

    /// A line was typed: whoever types has heard enough.
    pub fn interrupt(&mut self) {
        self.queue.retain(|(_, weight, _)| *weight == Weight::Alarm);
        if self.speaks.take_if(|(_, weight, _)| *weight != Weight::Alarm).is_some() {
            self.at_once.push_back(Out::Cancel);
        }
    }

    /// How loud it is; `None` = there is no sound any more.
    pub fn levels(&mut self, levels: Option<Levels>, now: Instant) {
        let is_loud = levels.is_some_and(|it| it.mic_dbfs > TALK_DBFS || it.speaker_dbfs > TALK_DBFS);
        match levels {
            None => self.heard = None,
            Some(_) if is_loud || self.is_loud => self.heard = Some(now),
            Some(_) => {}
        }
        // Who begins to talk is not talked over: the sentence waits with the others.
        if is_loud && !self.is_loud && self.speaks.as_ref().is_some_and(|(_, _, until)| *until > now) {
            self.at_once.push_back(Out::Cancel);
            if let Some((text, weight, _)) = self.speaks.take() {
                self.queue.push_front((text, weight, now));
            }
        }
        self.is_loud = is_loud;
    }

    fn somebody_talks(&self, now: Instant) -> bool {
        self.is_loud || self.heard.is_some_and(|heard| now < heard + PAUSE)
    }

    /// What the server is to be told now.
    pub fn poll(&mut self, now: Instant) -> Option<Out> {
        if let Some(out) = self.at_once.pop_front() {
            return Some(out);
        }
        if self.speaks.as_ref().is_some_and(|(_, _, until)| *until > now) {
            return None;
        }
        self.speaks = None;
        self.queue.retain(|(_, weight, since)| *weight == Weight::Alarm || now < *since + STALE);
        if self.somebody_talks(now) {
            return None;
        }
        let (text, weight, _) = self.queue.pop_front()?;
        let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX).min(2_000);
        self.speaks = Some((text.clone(), weight, now + LETTER * letters));
        Some(Out::Speak { text, urgent: weight == Weight::Alarm })
    }

    /// When `poll` may have more; `None` = not before something happens.
    pub fn wake(&self, now: Instant) -> Option<Instant> {
        if !self.at_once.is_empty() {
            return Some(now);
        }
        let oldest = self.queue.iter().map(|(_, _, since)| *since).min()?;
        let spoken = self.speaks.as_ref().map(|(_, _, until)| *until).filter(|until| *until > now);
        match (spoken, self.is_loud, self.heard) {
            (Some(until), ..) => Some(until),
            (None, true, _) => Some(oldest + STALE).filter(|stale| *stale > now),
            (None, false, heard) => Some(heard.map_or(now, |heard| (heard + PAUSE).max(now))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn said(text: &str, weight: Weight) -> Said {
        Said { text: text.to_owned(), weight }
    }

    fn spoken(voice: &mut Voice, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| voice.poll(now))
            .map(|out| match out {
                Out::Speak { text, urgent } => format!("{}{text}", if urgent { "!" } else { "" }),
                Out::Cancel => "cancel".to_owned(),
            })
            .collect()
    }

    const TALK: Option<Levels> = Some(Levels { mic_dbfs: -20.0, speaker_dbfs: -80.0 });
    const HUSH: Option<Levels> = Some(Levels { mic_dbfs: -80.0, speaker_dbfs: -80.0 });

    #[test]
    fn one_sentence_after_another() {
        let (mut voice, now) = (Voice::default(), Instant::now());
        voice.offer(&said("One.", Weight::News), now);
        voice.offer(&said("Call 600.", Weight::News), now);
        assert_eq!(spoken(&mut voice, now), ["One."]);
        let later = voice.wake(now).expect("it wakes");
        assert!(later > now);
        assert_eq!(spoken(&mut voice, later), ["Call 6 0 0."]);
        assert_eq!(voice.wake(later), None, "nothing waits");
    }

    #[test]
    fn nobody_is_talked_over() {
        let (mut voice, now) = (Voice::default(), Instant::now());
        voice.levels(TALK, now);
        voice.offer(&said("Bob is free.", Weight::News), now);
        assert!(spoken(&mut voice, now).is_empty());
        voice.offer(&said("Incoming call from Eve.", Weight::Alarm), now);
        assert_eq!(spoken(&mut voice, now), ["!Incoming call."]);
        // A level that does not move is not told again.
        assert!(spoken(&mut voice, now + Duration::from_secs(5)).is_empty());
        let silent = now + Duration::from_secs(6);
        voice.levels(HUSH, silent);
        assert!(spoken(&mut voice, silent).is_empty(), "a breath is no end");
        let pause = voice.wake(silent).expect("it wakes");
        assert_eq!(spoken(&mut voice, pause), ["!Incoming call from Eve."]);
        voice.levels(TALK, pause + LETTER);
        assert_eq!(spoken(&mut voice, pause + LETTER), ["cancel"]);
        voice.levels(None, pause + LETTER * 2);
        assert_eq!(spoken(&mut voice, pause + LETTER * 2), ["!Incoming call from Eve."]);
    }

    #[test]
    fn what_waits_is_bounded_and_grows_stale() {
        let (mut voice, now) = (Voice::default(), Instant::now());
        voice.levels(TALK, now);
        voice.offer(&said("Alarm.", Weight::Alarm), now);
        (0..100).for_each(|n| voice.offer(&said(&format!("{n}."), Weight::News), now));
        assert!(voice.queue.len() <= WAITING);
        let later = now + STALE * 2;
        voice.levels(None, later);
        assert_eq!(spoken(&mut voice, later), ["!Incoming call.", "!Alarm."]);
        assert!(spoken(&mut voice, later + STALE).is_empty(), "old news is no news");
    }

    #[test]
    fn whoever_types_has_heard_enough() {
        let (mut voice, now) = (Voice::default(), Instant::now());
        voice.offer(&said("One.", Weight::Answer), now);
        voice.offer(&said("Two.", Weight::News), now);
        assert_eq!(spoken(&mut voice, now), ["One."]);
        voice.interrupt();
        assert_eq!(spoken(&mut voice, now), ["cancel"]);
        assert_eq!(voice.wake(now), None);
    }
}
