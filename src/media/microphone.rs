//! The microphone's sound on its way into the calls: treated, listened to for a voice, amplified, muted.
//!
//! ```text
//!  device ─► level before ─► VoiceProcessor::capture ─► Vad ─► boost, volume, mute ─► limiter ─► level after ─► calls
//!                                     ▲
//!  calls, tones ─► volume ─► limiter ─┴─► device
//! ```
//!
//! All calls share one microphone, so it is treated once, against all that the speaker plays. The reference is taken at
//! the tick that hands it to the speaker's ring: rings and cards delay it, but evenly, and the canceller finds delays of
//! up to half a second. That the clocks of the cards differ is the rings' to even out: here both sides are on one clock.

use super::FRAME;
use super::command::{MediaEvent, VoiceSettings};
use super::level::{LevelMeter, Meter, dbfs};
use super::mixer::Gain;
use super::vad::Vad;
use super::voice_processing::{self, Treatment, VoiceProcessor};
use std::collections::VecDeque;

/// The microphone of all calls, in frames of 10 ms.
#[derive(Default)]
pub struct Microphone {
    settings: VoiceSettings,
    treatment: Treatment,
    processor: Option<Box<dyn VoiceProcessor>>,
    /// The processor failed; what it left is better than nothing.
    failed: bool,
    /// What was said to be done.
    told: Treatment,
    in_call: bool,
    may_echo: bool,
    gain: Gain,
    vad: Vad,
    muted_talk: MutedTalk,
    /// Frames until the speaker's last loud sound has died away.
    echoes: u32,
    before: LevelMeter,
    after: LevelMeter,
    events: VecDeque<MediaEvent>,
}

impl Microphone {
    /// Open, untreated, at full volume.
    pub fn new() -> Microphone {
        // Room for what one tick can notice: it does not allocate.
        Microphone { events: VecDeque::with_capacity(4), ..Microphone::default() }
    }

    /// What is asked for from now on.
    pub fn set_voice(&mut self, settings: VoiceSettings) {
        self.settings = settings;
        self.failed = false;
        self.amplify();
    }

    /// Automatic gain finds the level by itself: amplified on top of that, everything would be loud.
    fn amplify(&mut self) {
        self.gain.set_boost(if self.told.gain { 0 } else { self.settings.mic_boost_db });
    }

    /// Volume 0–100.
    pub fn set_volume(&mut self, volume: u8) {
        self.gain.set_volume(volume);
    }

    /// Mutes or opens it.
    pub fn set_muted(&mut self, muted: bool) {
        self.gain.set_muted(muted);
    }

    /// Told at each tick: whether a call wants it, and whether the devices in use can echo. A processor lives as long as
    /// it is needed.
    pub fn prepare(&mut self, in_call: bool, may_echo: bool) {
        let wanted = Treatment {
            echo: self.settings.echo.unwrap_or(may_echo),
            noise: self.settings.noise,
            gain: self.settings.gain,
        };
        self.may_echo = may_echo;
        let wanted = if in_call && !self.failed { wanted } else { Treatment::default() };
        if wanted != self.treatment {
            self.treatment = wanted;
            self.processor = voice_processing::processor(wanted);
        }
        if std::mem::replace(&mut self.in_call, in_call) != in_call {
            self.vad = Vad::default();
            self.echoes = 0;
            // Muted before the call: not a word of it is heard.
            self.gain.settle();
        }
        let done = if self.processor.is_some() { self.treatment } else { Treatment::default() };
        if done != self.told {
            self.told = done;
            self.amplify();
            self.events.push_back(MediaEvent::Treated(done));
        }
    }

    /// What a device brought becomes what the calls get.
    pub fn capture(&mut self, frame: &mut [f32; FRAME]) {
        self.before.measure(frame);
        if let Some(processor) = &mut self.processor {
            processor.capture(frame);
        }
        // An echo that nobody takes out is not the person.
        let echo = self.echoes > 0 && self.may_echo && !self.told.echo;
        self.echoes = self.echoes.saturating_sub(1);
        let speaks = self.vad.hear(frame) && !echo;
        if let Some(talks) = self.muted_talk.hear(self.in_call && self.gain.is_muted(), speaks) {
            self.events.push_back(MediaEvent::TalkingMuted(talks));
        }
        self.gain.apply(frame);
        self.after.measure(frame);
    }

    /// What is about to be played.
    pub fn render(&mut self, frame: &[f32; FRAME]) {
        const LOUD_DBFS: f32 = -50.0;
        const ECHO_FRAMES: u32 = 50;
        if let Some(processor) = &mut self.processor {
            processor.render(frame);
        }
        let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        if dbfs(power.sqrt()) > LOUD_DBFS {
            self.echoes = ECHO_FRAMES;
        }
    }

    /// The sound stays as it is until something else is asked for: the processor has failed.
    pub fn give_up(&mut self) {
        self.failed = true;
        self.processor = None;
        self.treatment = Treatment::default();
    }

    /// What the device brings.
    pub fn level_before(&self) -> Meter {
        self.before.reading()
    }

    /// What the calls get.
    pub fn level_after(&self) -> Meter {
        self.after.reading()
    }

    /// What was noticed.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }
}

/// Somebody speaks into a muted microphone.
#[derive(Default)]
struct MutedTalk {
    spoke: u32,
    quiet: u32,
    told: bool,
    wait: u32,
}

impl MutedTalk {
    /// Speech of so many frames is no cough.
    const LONG: u32 = 60;
    /// After so many frames without a word nobody talks any more.
    const OVER: u32 = 300;
    /// Frames between two beginnings.
    const BETWEEN: u32 = 1_000;

    /// Whether somebody talks muted, where that has changed.
    fn hear(&mut self, muted: bool, speaks: bool) -> Option<bool> {
        self.wait = self.wait.saturating_sub(1);
        if muted && speaks {
            (self.spoke, self.quiet) = (self.spoke.saturating_add(1), 0);
        } else {
            self.quiet = self.quiet.saturating_add(1);
        }
        if !muted || self.quiet > Self::LONG {
            self.spoke = 0;
        }
        let now = muted
            && match self.told {
                true => self.quiet < Self::OVER,
                false => self.spoke >= Self::LONG && self.wait == 0,
            };
        if now && !self.told {
            self.wait = Self::BETWEEN;
        }
        (std::mem::replace(&mut self.told, now) != now).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::voice::Voice;
    use super::*;

    /// Ticks with a voice at the microphone; what was told meanwhile.
    fn talk(microphone: &mut Microphone, voice: Option<&mut Voice>, frames: usize) -> Vec<MediaEvent> {
        let mut silent = [0.0; FRAME];
        let mut voice = voice;
        for _ in 0..frames {
            let frame = &mut silent;
            frame.fill(0.0);
            if let Some(voice) = &mut voice {
                voice.fill(frame);
            }
            microphone.prepare(true, false);
            microphone.capture(frame);
            microphone.render(&[0.0; FRAME]);
        }
        std::iter::from_fn(|| microphone.poll_event()).collect()
    }

    #[test]
    fn who_talks_muted_is_told_once_in_a_while() {
        let (mut microphone, mut voice) = (Microphone::new(), Voice::new(1));
        assert_eq!(talk(&mut microphone, Some(&mut voice), 300), []);
        microphone.set_muted(true);
        assert_eq!(talk(&mut microphone, Some(&mut voice), 40), [], "half a word");
        assert_eq!(talk(&mut microphone, Some(&mut voice), 260), [MediaEvent::TalkingMuted(true)]);
        assert_eq!(talk(&mut microphone, None, 400), [MediaEvent::TalkingMuted(false)]);
        assert_eq!(talk(&mut microphone, Some(&mut voice), 200), [], "it was told a moment ago");
        assert_eq!(talk(&mut microphone, Some(&mut voice), 300), [MediaEvent::TalkingMuted(true)]);
        microphone.set_muted(false);
        assert_eq!(talk(&mut microphone, Some(&mut voice), 1), [MediaEvent::TalkingMuted(false)]);
    }

    #[test]
    fn an_echo_at_a_muted_microphone_is_not_the_person() {
        for (may_echo, told) in [(true, 0), (false, 1)] {
            let (mut microphone, mut voice) = (Microphone::new(), Voice::new(1));
            microphone.set_voice(VoiceSettings { echo: Some(false), ..VoiceSettings::default() });
            microphone.set_muted(true);
            let mut played = [0.0; FRAME];
            for _ in 0..500 {
                let mut mic = played;
                microphone.prepare(true, may_echo);
                microphone.capture(&mut mic);
                voice.fill(&mut played);
                microphone.render(&played);
            }
            let events = std::iter::from_fn(|| microphone.poll_event());
            assert_eq!(events.filter(|event| *event == MediaEvent::TalkingMuted(true)).count(), told, "{may_echo}");
        }
    }

    #[test]
    fn who_was_muted_before_the_call_is_silent_from_its_first_sample_on() {
        let (mut microphone, mut voice) = (Microphone::new(), Voice::new(1));
        microphone.set_muted(true);
        let mut frame = [0.0; FRAME];
        voice.fill(&mut frame);
        microphone.prepare(true, false);
        microphone.capture(&mut frame);
        assert_eq!(frame, [0.0; FRAME]);
    }

    #[test]
    fn a_muted_microphone_gives_silence_and_shows_what_it_hears() {
        let (mut microphone, mut voice) = (Microphone::new(), Voice::new(1));
        talk(&mut microphone, Some(&mut voice), 50);
        microphone.set_muted(true);
        talk(&mut microphone, Some(&mut voice), 100);
        assert!(microphone.level_before().peak_dbfs > -30.0 && microphone.level_after().rms_dbfs < -60.0);
    }

    #[cfg(feature = "apm")]
    #[test]
    fn automatic_gain_takes_the_place_of_amplification() {
        let level = |gain| {
            let (mut microphone, mut voice) = (Microphone::new(), Voice::new(1));
            microphone.set_voice(VoiceSettings { gain, mic_boost_db: 24, ..VoiceSettings::default() });
            talk(&mut microphone, Some(&mut voice), 500);
            microphone.level_after().peak_dbfs
        };
        let (amplified, automatic) = (level(false), level(true));
        assert!(amplified > -1.0 && automatic < -3.0, "{amplified} and {automatic} dBFS");
    }

    #[cfg(feature = "apm")]
    #[test]
    fn a_processor_lives_as_long_as_it_is_needed() {
        let only_echo = Treatment { echo: true, ..Treatment::default() };
        let mut microphone = Microphone::new();
        let mut told = |in_call, may_echo, echo| {
            microphone.set_voice(VoiceSettings { echo, ..VoiceSettings::default() });
            microphone.prepare(in_call, may_echo);
            (microphone.processor.is_some(), microphone.poll_event())
        };
        let rows = [
            (false, true, None, false, None),
            (true, true, None, true, Some(only_echo)),
            (true, true, Some(false), false, Some(Treatment::default())),
            (true, false, None, false, None),
            (true, false, Some(true), true, Some(only_echo)),
            (true, false, Some(true), true, None),
            (false, false, Some(true), false, Some(Treatment::default())),
        ];
        for (in_call, may_echo, echo, alive, event) in rows {
            let expected = (alive, event.map(MediaEvent::Treated));
            assert_eq!(told(in_call, may_echo, echo), expected, "{in_call} {may_echo} {echo:?}");
        }
    }
}
