//! What is done to voices: echo canceller, noise suppression, automatic gain, amplification; who talks muted.

use super::agent::Agent;
use super::command::{CommandError, Reply, Switch, VoicePart};
use super::event::Event;
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::VoiceInfo;
use crate::config::{EchoCanceller, NoiseSuppression};
use crate::media::command::{MediaCommand, Noise, Treatment, VoiceSettings};
use crate::media::voice_processing::{HAS_RNNOISE, IS_BUILT_IN};

const PARTS: [(VoicePart, &str); 5] = [
    (VoicePart::Echo, "echo canceller"),
    (VoicePart::Noise, "noise suppression"),
    (VoicePart::Rnnoise, "noise suppression by RNNoise"),
    (VoicePart::Gain, "automatic gain"),
    (VoicePart::Boost, "amplification"),
];

/// What is done to voices now.
#[derive(Debug, Default)]
pub(super) struct Voice {
    treatment: Treatment,
    talking_muted: bool,
}

impl Agent {
    /// `Command::Voice`.
    pub(super) fn set_voice(&mut self, part: VoicePart, how: Switch) -> Result<Reply, CommandError> {
        let on = how == Switch::On;
        let missing = match part {
            VoicePart::Rnnoise => (!HAS_RNNOISE).then_some((NO_RNNOISE, "rnnoise")),
            VoicePart::Echo | VoicePart::Noise | VoicePart::Gain => (!IS_BUILT_IN).then_some((NOT_BUILT_IN, "apm")),
            VoicePart::Boost => None,
        };
        if let Some((why, feature)) = missing.filter(|_| on) {
            return Err(CommandError {
                code: ExitCode::Config,
                kind: "not_built_in",
                message: format!("cannot turn the {} on: {why}", name(part)),
                hint: Some(format!("build it with the feature {feature}")),
            });
        }
        let settings = &mut self.config.settings;
        match part {
            VoicePart::Echo => {
                settings.echo_canceller = match how {
                    Switch::Auto => EchoCanceller::Auto,
                    Switch::On => EchoCanceller::On,
                    Switch::Off => EchoCanceller::Off,
                };
                settings.echo_cancel |= how == Switch::Auto;
            }
            VoicePart::Noise if on => settings.noise_suppression = NoiseSuppression::On,
            VoicePart::Rnnoise if on => settings.noise_suppression = NoiseSuppression::Rnnoise,
            VoicePart::Noise | VoicePart::Rnnoise => settings.noise_suppression = NoiseSuppression::Off,
            VoicePart::Gain => settings.automatic_gain = on,
            VoicePart::Boost => settings.mic_amplification = on,
        }
        let voice = self.voice_settings();
        self.outputs.push_back(Output::Media(MediaCommand::Voice(voice)));
        Ok(Reply::Done)
    }

    /// Hands the settings to the media; tells of those this build cannot obey.
    pub(super) fn begin_voice(&mut self) {
        let voice = self.voice_settings();
        let settings = &self.config.settings;
        let asked = [
            (VoicePart::Echo, settings.echo_canceller == EchoCanceller::On),
            (VoicePart::Noise, settings.noise_suppression != NoiseSuppression::Off),
            (VoicePart::Gain, settings.automatic_gain),
        ];
        for (part, _) in asked.into_iter().filter(|(_, asked)| *asked && !IS_BUILT_IN) {
            let message = format!("no {}: {NOT_BUILT_IN}", name(part));
            self.outputs.push_back(Output::Event(Event::config(message)));
        }
        if settings.noise_suppression == NoiseSuppression::Rnnoise && IS_BUILT_IN && !HAS_RNNOISE {
            let message = format!("noiseSuppression=rnnoise: {NO_RNNOISE}; steady noise is lowered without it");
            self.outputs.push_back(Output::Event(Event::config(message)));
        }
        if voice != VoiceSettings::default() {
            self.outputs.push_back(Output::Media(MediaCommand::Voice(voice)));
        }
    }

    /// `MediaEvent::Treated`.
    pub(super) fn treated(&mut self, treatment: Treatment) {
        self.voice.treatment = treatment;
        self.outputs.push_back(Output::Event(Event::Voice { voice: self.voice_info() }));
    }

    /// `MediaEvent::TalkingMuted`.
    pub(super) fn talking_muted(&mut self, talking: bool) {
        self.voice.talking_muted = talking;
        if talking {
            self.outputs.push_back(Output::Event(Event::TalkingMuted));
        }
    }

    pub(super) fn voice_info(&self) -> VoiceInfo {
        let settings = &self.config.settings;
        let aec = match settings.echo_canceller {
            EchoCanceller::Auto if !self.may_cancel_echo() => "off",
            EchoCanceller::Auto => "auto",
            EchoCanceller::On => "on",
            EchoCanceller::Off => "off",
        };
        let Treatment { echo, noise, gain } = self.voice.treatment;
        let (steady, rnnoise) = (noise == Noise::Steady, noise == Noise::Rnnoise);
        let active = [("aec", echo), ("noise_suppression", steady), ("rnnoise", rnnoise), ("agc", gain)];
        VoiceInfo {
            aec: aec.to_owned(),
            noise_suppression: settings.noise_suppression != NoiseSuppression::Off,
            agc: settings.automatic_gain,
            mic_boost_db: if settings.mic_amplification { settings.mic_boost_db } else { 0 },
            speaker_boost_db: settings.speaker_boost_db,
            active: active.into_iter().filter(|(_, on)| *on).map(|(word, _)| word.to_owned()).collect(),
            talking_muted: self.voice.talking_muted,
        }
    }

    /// MicroSIP's rule: who wants stereo wants the sound as it is.
    fn may_cancel_echo(&self) -> bool {
        self.config.settings.echo_cancel && !self.config.settings.opus_stereo
    }

    pub(super) fn voice_settings(&self) -> VoiceSettings {
        let settings = &self.config.settings;
        VoiceSettings {
            echo: match settings.echo_canceller {
                EchoCanceller::Auto => (!self.may_cancel_echo()).then_some(false),
                EchoCanceller::On => Some(true),
                EchoCanceller::Off => Some(false),
            },
            noise: match settings.noise_suppression {
                NoiseSuppression::Off => Noise::Kept,
                NoiseSuppression::Rnnoise if HAS_RNNOISE => Noise::Rnnoise,
                NoiseSuppression::On | NoiseSuppression::Rnnoise => Noise::Steady,
            },
            gain: settings.automatic_gain,
            mic_boost_db: if settings.mic_amplification { settings.mic_boost_db } else { 0 },
            speaker_boost_db: settings.speaker_boost_db,
        }
    }
}

const NOT_BUILT_IN: &str = "this build cannot treat voices";
const NO_RNNOISE: &str = "this build has no RNNoise";

fn name(part: VoicePart) -> &'static str {
    PARTS.iter().find(|(known, _)| *known == part).map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::super::command::Command;
    use super::super::tests::{World, local};
    use super::*;
    use crate::config::Settings;
    use crate::media::command::MediaEvent;

    fn obeyed(world: &mut World, part: VoicePart, how: Switch) -> Vec<(&'static str, String)> {
        world.command(0, Command::Voice { part, how }).expect("obeyed");
        std::mem::take(&mut world.phones[0].kept)
    }

    #[test]
    #[cfg(feature = "apm")]
    fn what_is_turned_on_is_told_to_the_media_and_kept() {
        use Switch::{Auto, Off, On};
        use VoicePart::{Boost, Echo, Gain};
        let mut world = World::new();
        world.add(local("alice"), 5070);
        let nothing = VoiceSettings::default();
        type Row = (VoicePart, Switch, &'static [(&'static str, &'static str)], VoiceSettings);
        let rows: [Row; 8] = [
            (Echo, On, &[("aec", "on")], VoiceSettings { echo: Some(true), ..nothing }),
            (Echo, Off, &[("aec", "off")], VoiceSettings { echo: Some(false), ..nothing }),
            (Echo, Auto, &[("aec", "auto")], nothing),
            (VoicePart::Noise, On, &[("noiseSuppression", "1")], VoiceSettings { noise: Noise::Steady, ..nothing }),
            (Gain, On, &[("agc", "1")], VoiceSettings { noise: Noise::Steady, gain: true, ..nothing }),
            (
                Boost,
                On,
                &[("micAmplification", "1")],
                VoiceSettings { noise: Noise::Steady, gain: true, mic_boost_db: 12, ..nothing },
            ),
            (Boost, On, &[], VoiceSettings { noise: Noise::Steady, gain: true, mic_boost_db: 12, ..nothing }),
            (
                VoicePart::Noise,
                Off,
                &[("noiseSuppression", "0")],
                VoiceSettings { gain: true, mic_boost_db: 12, ..nothing },
            ),
        ];
        for (part, how, kept, told) in rows {
            let got = obeyed(&mut world, part, how);
            let got: Vec<(&str, &str)> = got.iter().map(|(key, value)| (*key, value.as_str())).collect();
            assert_eq!(got, kept, "{part:?} {how:?}");
            assert_eq!(world.phones[0].agent.voice_settings(), told, "{part:?} {how:?}");
        }
    }

    /// Where the build has it, it is used; where not, that is said, and what comes instead.
    #[test]
    #[cfg(feature = "apm")]
    fn rnnoise_is_had_or_named() {
        let mut world = World::new();
        let mut alice = local("alice");
        alice.settings.noise_suppression = NoiseSuppression::Rnnoise;
        world.add(alice, 5070);
        let agent = &mut world.phones[0].agent;
        let noise = agent.voice_settings().noise;
        agent.begin_voice();
        let said = std::iter::from_fn(|| agent.poll_output())
            .filter(
                |output| matches!(output, Output::Event(Event::Config { message, .. }) if message.contains("RNNoise")),
            )
            .count();
        let command = Command::Voice { part: VoicePart::Rnnoise, how: Switch::On };
        let answer = world.command(0, command).map(drop).map_err(|error| error.kind);
        match HAS_RNNOISE {
            true => assert_eq!((noise, said, answer), (Noise::Rnnoise, 0, Ok(()))),
            false => assert_eq!((noise, said, answer), (Noise::Steady, 1, Err("not_built_in"))),
        }
        assert!(world.phones[0].agent.voice_info().noise_suppression);
    }

    #[test]
    #[cfg(not(feature = "apm"))]
    fn what_this_build_cannot_do_is_said() {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        let refused = world.command(0, Command::Voice { part: VoicePart::Noise, how: Switch::On });
        assert_eq!(refused.map_err(|error| error.kind), Err("not_built_in"));
        obeyed(&mut world, VoicePart::Boost, Switch::On);
    }

    #[test]
    fn microsips_key_rules_what_auto_means() {
        let rows = [
            (true, false, EchoCanceller::Auto, None, "auto"),
            (false, false, EchoCanceller::Auto, Some(false), "off"),
            (true, true, EchoCanceller::Auto, Some(false), "off"),
            (false, true, EchoCanceller::On, Some(true), "on"),
            (true, false, EchoCanceller::Off, Some(false), "off"),
        ];
        for (echo_cancel, opus_stereo, echo_canceller, echo, word) in rows {
            let mut world = World::new();
            world.add(local("alice"), 5070);
            let agent = &mut world.phones[0].agent;
            agent.config.settings = Settings { echo_cancel, opus_stereo, echo_canceller, ..Settings::default() };
            assert_eq!((agent.voice_settings().echo, agent.voice_info().aec.as_str()), (echo, word));
        }
    }

    #[test]
    fn who_talks_muted_is_in_the_status_and_told_once() {
        let mut world = World::new();
        world.add(local("alice"), 5070);
        let now = world.now;
        for (talking, told) in [(true, 1), (false, 0)] {
            let agent = &mut world.phones[0].agent;
            agent.media_event(MediaEvent::TalkingMuted(talking), now);
            assert_eq!(agent.status(now).voice.talking_muted, talking);
            let events = std::iter::from_fn(|| agent.poll_output());
            assert_eq!(events.filter(|output| matches!(output, Output::Event(Event::TalkingMuted))).count(), told);
        }
    }
}
