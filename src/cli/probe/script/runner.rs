//! A script as it runs: told what happens, it says what is to be done. Time is an argument.

use super::super::judge::Level;
use super::{Act, Script, Step};
use crate::engine::probe::{Kind, Moment};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Looks with speech that make it sure: a third of a second.
const SPOKEN: u32 = 10;
/// Digits that are kept for a step to come.
const MAX_DIGITS: usize = 256;

/// Something happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News<'a> {
    /// Sound was listened to.
    Heard(&'a Moment),
    /// A digit came: as an event, or as a tone.
    Digit(char),
    /// The file is over; `false` = it could not be played.
    Played(bool),
    /// The call ended.
    Ended,
    /// Time has passed.
    Time,
}

/// Something is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Send digits.
    Press(String),
    /// Play this file.
    Say(std::path::PathBuf),
    /// End the call.
    HangUp,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// Its line.
    pub line: usize,
    /// As it is written.
    pub text: String,
    /// How long it took, if it was begun.
    pub took: Option<Duration>,
    /// Why it failed.
    pub failure: Option<String>,
    /// It came to its end.
    pub done: bool,
}

impl StepResult {
    /// Done, failed, or not tried.
    pub fn level(&self) -> Level {
        match (self.done, &self.failure) {
            (_, Some(_)) => Level::Failed,
            (true, None) => Level::Ok,
            (false, None) => Level::Skipped,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match (&self.failure, self.took) {
            (Some(failure), _) => failure.clone(),
            (None, Some(took)) if self.done => format!("after {:.1} s", took.as_secs_f64()),
            _ => "not tried".to_owned(),
        }
    }
}

/// The script, from the answer on.
#[derive(Debug)]
pub struct Runner {
    steps: VecDeque<Step>,
    /// When the first of them began.
    began: Instant,
    /// What it asks for was said.
    asked: bool,
    /// Milliseconds of silence, looks with speech, looks with the tone, in a row.
    silent_ms: f64,
    spoken: u32,
    tonal: u32,
    before_ms: Option<u64>,
    /// What was heard meanwhile, for the failure.
    other: Option<Moment>,
    digits: String,
    results: Vec<StepResult>,
}

impl Runner {
    /// The call was answered.
    pub fn new(script: &Script, now: Instant) -> Runner {
        Runner {
            steps: script.steps.iter().cloned().collect(),
            began: now,
            asked: false,
            silent_ms: 0.0,
            spoken: 0,
            tonal: 0,
            before_ms: None,
            other: None,
            digits: String::new(),
            results: Vec::new(),
        }
    }

    /// True when nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.steps.is_empty()
    }

    /// When `News::Time` is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.steps.front().map(|step| self.began + step.within)
    }

    /// What became of the steps so far; the rest once it is over.
    pub fn into_results(mut self) -> Vec<StepResult> {
        self.give_up();
        self.results
    }

    /// Takes it in; what is to be done.
    pub fn handle(&mut self, news: News<'_>, now: Instant) -> Vec<Deed> {
        let mut deeds = Vec::new();
        if let News::Heard(moment) = news {
            self.listen(moment);
        }
        if let News::Digit(digit) = news
            && self.digits.len() < MAX_DIGITS
        {
            self.digits.push(digit);
        }
        let mut played = if let News::Played(well) = news { Some(well) } else { None };
        while let Some(step) = self.steps.front() {
            let asked = std::mem::replace(&mut self.asked, true);
            let due = now >= self.began + step.within;
            // `None` = it goes on.
            let over: Option<Result<(), String>> = match &step.act {
                Act::Press(digits) => {
                    deeds.push(Deed::Press(digits.clone()));
                    Some(Ok(()))
                }
                Act::HangUp => {
                    deeds.push(Deed::HangUp);
                    Some(Ok(()))
                }
                Act::Say(file) if !asked => {
                    deeds.push(Deed::Say(file.clone()));
                    None
                }
                Act::Say(file) => match played.take() {
                    Some(true) => Some(Ok(())),
                    Some(false) => Some(Err(format!("{} could not be played", file.display()))),
                    None => None,
                },
                Act::Wait(_) if due => Some(Ok(())),
                Act::Wait(_) => None,
                Act::Tone(_) => (self.tonal >= 2).then_some(Ok(())),
                Act::Speech => (self.spoken >= SPOKEN).then_some(Ok(())),
                Act::Silence(length) => (self.silent_ms >= length.as_secs_f64() * 1_000.0).then_some(Ok(())),
                Act::Digits(wanted) => match self.digits.find(wanted.as_str()) {
                    Some(at) => {
                        self.digits.drain(..at + wanted.len());
                        Some(Ok(()))
                    }
                    None => None,
                },
            };
            let over = match over {
                None if news == News::Ended => Some(Err("the call ended".to_owned())),
                None if due => Some(Err(self.too_late())),
                over => over,
            };
            match over {
                None => break,
                Some(result) => self.finish(result, now),
            }
        }
        deeds
    }

    fn listen(&mut self, moment: &Moment) {
        let step_ms = self.before_ms.map_or(0, |before| moment.at_ms.saturating_sub(before));
        self.before_ms = Some(moment.at_ms);
        self.silent_ms = if moment.kind == Kind::Silence { self.silent_ms + step_ms as f64 } else { 0.0 };
        // Words have pauses between them.
        self.spoken = if moment.kind == Kind::Speech { self.spoken + 1 } else { self.spoken };
        let wanted = self.steps.front().map(|step| &step.act);
        let is_tone = match wanted {
            Some(Act::Tone(Some(hz))) => moment.has_tone(*hz),
            _ => moment.kind == Kind::Tone,
        };
        self.tonal = if is_tone { self.tonal + 1 } else { 0 };
        if moment.kind != Kind::Silence || self.other.is_none() {
            self.other = Some(*moment);
        }
    }

    fn too_late(&self) -> String {
        let within = self.steps.front().map_or(0.0, |step| step.within.as_secs_f64());
        let wants_digits = matches!(self.steps.front().map(|step| &step.act), Some(Act::Digits(_)));
        let heard = match self.other {
            _ if wants_digits && self.digits.is_empty() => "no digit".to_owned(),
            _ if wants_digits => self.digits.clone(),
            Some(Moment { kind: Kind::Tone, tones: [Some(hz), _], .. }) => format!("a tone of {hz:.0} Hz"),
            Some(moment) => moment.kind.word().to_owned(),
            None => "nothing".to_owned(),
        };
        format!("not within {within} s; heard: {heard}")
    }

    fn finish(&mut self, result: Result<(), String>, now: Instant) {
        let Some(step) = self.steps.pop_front() else { return };
        let took = Some(now.saturating_duration_since(self.began));
        let (done, failure) = (result.is_ok(), result.err());
        self.results.push(StepResult { line: step.line, text: step.text, took, failure, done });
        (self.began, self.asked, self.other) = (now, false, None);
        (self.silent_ms, self.spoken, self.tonal) = (0.0, 0, 0);
        if !done {
            self.give_up();
        }
    }

    /// What is left is not tried.
    fn give_up(&mut self) {
        for Step { line, text, .. } in self.steps.drain(..) {
            self.results.push(StepResult { line, text, took: None, failure: None, done: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use std::path::Path;

    /// A script beside a clock of its own.
    struct Bench {
        runner: Runner,
        start: Instant,
        heard_ms: u64,
    }

    impl Bench {
        #[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
        fn new(text: &str) -> Bench {
            let start = Instant::now();
            Bench { runner: Runner::new(&parse(text, Path::new("")).unwrap(), start), start, heard_ms: 0 }
        }

        fn tell(&mut self, news: News<'_>, at_s: f64) -> Vec<Deed> {
            self.runner.handle(news, self.start + Duration::from_secs_f64(at_s))
        }

        /// So many seconds of this.
        fn hear(&mut self, kind: Kind, hz: Option<f32>, seconds: f64) -> Vec<Deed> {
            let mut deeds = Vec::new();
            let end = self.heard_ms + (seconds * 1_000.0) as u64;
            while self.heard_ms < end {
                self.heard_ms += 32;
                let moment = Moment { at_ms: self.heard_ms, kind, tones: [hz, None], level_dbfs: -20.0 };
                deeds.extend(self.tell(News::Heard(&moment), self.heard_ms as f64 / 1_000.0));
            }
            deeds
        }

        fn ends(self) -> Vec<(usize, Level, String)> {
            self.runner.into_results().into_iter().map(|r| (r.line, r.level(), r.words())).collect()
        }
    }

    #[test]
    fn an_ivr_is_led_through() {
        let mut bench =
            Bench::new("expect tone 440\nexpect speech\nexpect silence 1s\npress 1#\nexpect dtmf 7\nhangup");
        assert_eq!(bench.hear(Kind::Tone, Some(480.0), 1.0), []);
        assert_eq!(bench.hear(Kind::Tone, Some(441.0), 0.2), []);
        assert_eq!(bench.hear(Kind::Speech, None, 1.0), []);
        assert_eq!(bench.hear(Kind::Silence, None, 0.9), []);
        assert_eq!(bench.hear(Kind::Speech, None, 0.1), []);
        assert_eq!(bench.hear(Kind::Silence, None, 1.2), [Deed::Press("1#".to_owned())]);
        assert_eq!(bench.tell(News::Digit('3'), 4.0), []);
        assert_eq!(bench.tell(News::Digit('7'), 4.1), [Deed::HangUp]);
        assert!(bench.runner.is_over());
        assert!(bench.ends().iter().all(|(_, level, _)| *level == Level::Ok));
    }

    #[test]
    fn a_step_that_takes_too_long_ends_it_and_tells_what_was_heard() {
        let rows = [
            ("expect tone 440 within 1s", Kind::Tone, Some(620.0), "not within 1 s; heard: a tone of 620 Hz"),
            ("expect speech within 1s", Kind::Silence, None, "not within 1 s; heard: silence"),
            ("expect dtmf 1 within 1s", Kind::Speech, None, "not within 1 s; heard: no digit"),
            ("expect silence 1s within 1s", Kind::Noise, None, "not within 1 s; heard: noise"),
        ];
        for (text, kind, hz, words) in rows {
            let mut bench = Bench::new(&format!("{text}\npress 1"));
            bench.hear(kind, hz, 0.9);
            assert!(!bench.runner.is_over(), "{text}");
            assert_eq!(bench.tell(News::Time, 1.0), [], "{text}");
            assert!(bench.runner.is_over(), "{text}");
            let told = bench.ends();
            assert_eq!(told[0], (1, Level::Failed, words.to_owned()));
            assert_eq!(told[1], (2, Level::Skipped, "not tried".to_owned()));
        }
    }

    #[test]
    fn files_are_played_to_their_end_and_waits_are_waited() {
        let mut bench = Bench::new("say a.wav\nwait 2s\nsay b.wav\nhangup");
        assert_eq!(bench.tell(News::Time, 0.0), [Deed::Say("a.wav".into())]);
        assert_eq!(bench.tell(News::Time, 0.5), []);
        assert_eq!(bench.tell(News::Played(true), 1.0), []);
        assert_eq!(bench.tell(News::Time, 2.9), []);
        assert_eq!(bench.tell(News::Time, 3.0), [Deed::Say("b.wav".into())]);
        assert_eq!(bench.tell(News::Played(false), 3.1), []);
        let levels: Vec<Level> = bench.ends().into_iter().map(|(_, level, _)| level).collect();
        assert_eq!(levels, [Level::Ok, Level::Ok, Level::Failed, Level::Skipped]);
    }

    #[test]
    fn a_call_that_ends_ends_the_script_but_not_what_was_there_already() {
        let mut bench = Bench::new("expect dtmf 12\nexpect speech");
        bench.tell(News::Digit('1'), 0.1);
        bench.tell(News::Digit('2'), 0.2);
        bench.tell(News::Ended, 0.3);
        let told = bench.ends();
        assert_eq!((told[0].1, told[1].2.as_str()), (Level::Ok, "the call ended"));
    }
}
