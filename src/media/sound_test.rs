//! The test of microphone and speaker: a signal, three seconds that are recorded, and the same three seconds played back.

use super::FRAME;
use super::command::SoundTestResult;
use super::level::dbfs;

/// Ticks for the devices to open, for the signal to sound, of the recording.
const OPENS: u32 = 60;
const SIGNAL: u32 = 25;
const RECORDS: u32 = 300;
/// Softer than that all the time is no sound: a microphone that is muted, or none.
const SILENCE_DBFS: f32 = -60.0;

/// What comes of a tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tested {
    /// Nothing yet.
    Goes,
    /// The signal is to sound: now the person may speak.
    Signal,
    /// The test is over.
    Over(SoundTestResult),
}

/// A test under way. It allocates when it is made, then no more.
pub struct SoundTest {
    tick: u32,
    recorded: Vec<f32>,
    played: usize,
}

impl Default for SoundTest {
    fn default() -> SoundTest {
        SoundTest { tick: 0, recorded: Vec::with_capacity(RECORDS as usize * FRAME), played: 0 }
    }
}

impl SoundTest {
    /// 10 ms of the microphone; what is played back is added to the speaker.
    pub fn tick(&mut self, mic: &[f32; FRAME], speaker: &mut [f32; FRAME]) -> Tested {
        let tick = self.tick;
        self.tick = tick.saturating_add(1);
        if tick < OPENS {
            return Tested::Goes;
        }
        match tick - OPENS {
            0 => Tested::Signal,
            1..SIGNAL => Tested::Goes,
            _ if self.recorded.len() < RECORDS as usize * FRAME => {
                self.recorded.extend_from_slice(mic);
                Tested::Goes
            }
            _ => {
                let rest = self.recorded.iter().skip(self.played);
                speaker.iter_mut().zip(rest).for_each(|(to, from)| *to += from);
                self.played += FRAME;
                if self.played < self.recorded.len() { Tested::Goes } else { Tested::Over(self.result()) }
            }
        }
    }

    /// What was recorded so far.
    pub fn result(&self) -> SoundTestResult {
        let peak = self.recorded.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let power = self.recorded.iter().map(|sample| sample * sample).sum::<f32>() / self.recorded.len().max(1) as f32;
        let loudest_dbfs = dbfs(peak);
        SoundTestResult { loudest_dbfs, mean_dbfs: dbfs(power.sqrt()), heard: loudest_dbfs > SILENCE_DBFS }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone::{Sine, goertzel_dbfs};
    use super::*;

    #[test]
    fn what_is_said_after_the_signal_is_played_back() {
        let (mut test, mut sine) = (SoundTest::default(), Sine::new(500.0, 0.25));
        let (mut said, mut played) = (None, Vec::new());
        let result = (0..2_000).find_map(|tick| {
            let (mut mic, mut speaker) = ([0.0; FRAME], [0.0; FRAME]);
            sine.fill(&mut mic);
            let tested = test.tick(&mic, &mut speaker);
            played.extend_from_slice(&speaker);
            match tested {
                Tested::Signal => said = Some(tick),
                Tested::Goes => {}
                Tested::Over(result) => return Some((tick, result)),
            }
            None
        });
        let (over, result) = result.expect("it ends");
        assert_eq!((said, over), (Some(OPENS), OPENS + SIGNAL + 2 * RECORDS - 1));
        assert!((result.loudest_dbfs + 12.0).abs() < 0.1 && (result.mean_dbfs + 15.0).abs() < 0.2 && result.heard);
        let start = (OPENS + SIGNAL + RECORDS) as usize * FRAME;
        assert!(played[..start].iter().all(|sample| *sample == 0.0), "the person does not hear themselves speak");
        assert!((goertzel_dbfs(&played[start..], 500.0, 48_000) + 12.0).abs() < 0.2);
    }

    #[test]
    fn the_words_are_what_to_do() {
        for (loudest_dbfs, words) in [(0.0, "too loud"), (-3.0, "works"), (-35.0, "works"), (-40.0, "soft")] {
            let result = SoundTestResult { loudest_dbfs, mean_dbfs: loudest_dbfs - 15.0, heard: true };
            assert!(result.words().contains(words), "{}", result.words());
        }
    }

    #[test]
    fn silence_is_told() {
        let mut test = SoundTest::default();
        let over = (0..2_000).find_map(|_| match test.tick(&[0.0; FRAME], &mut [0.0; FRAME]) {
            Tested::Over(result) => Some(result),
            _ => None,
        });
        assert_eq!(over.map(|result| (result.heard, result.loudest_dbfs)), Some((false, -96.0)));
    }
}
