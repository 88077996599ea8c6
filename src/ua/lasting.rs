//! What a person changes for good: do-not-disturb, forwarding, automatic answers, volumes. MicroSIP's toggles, kept as
//! its keys.

use super::agent::Agent;
use super::command::{CommandError, Reply, SoundDevice};
use super::outcome::ExitCode;
use super::port::Output;
use crate::config::schema;
use crate::config::{AutoAnswer, DenyIncoming};

type Outcome = Result<Reply, CommandError>;

impl Agent {
    /// Carries out a change of the settings and wishes for what has changed to be kept. One that touches a locked key
    /// is undone and refused: it would last nowhere.
    pub(super) fn lasting(&mut self, change: impl FnOnce(&mut Agent) -> Outcome) -> Outcome {
        let (before, wishes) = (self.config.settings.clone(), self.outputs.len());
        let outcome = change(self);
        let after = &self.config.settings;
        let changes: Vec<_> = schema::rows().filter_map(|row| row.change(&before, after)).collect();
        if let Some((key, _)) = changes.iter().find(|(key, _)| before.locked.contains(key)) {
            self.config.settings = before;
            self.outputs.truncate(wishes);
            return Err(locked(key));
        }
        if !changes.is_empty() {
            self.outputs.push_back(Output::Keep(changes));
        }
        outcome
    }

    /// `Command::Dnd`.
    pub(super) fn set_dnd(&mut self, on: bool) -> Outcome {
        let settings = &mut self.config.settings;
        if on && settings.deny_incoming != DenyIncoming::Button {
            return Err(CommandError {
                code: ExitCode::Config,
                kind: "dnd_by_settings",
                message: "cannot turn do-not-disturb on: denyIncoming in the settings rules who may ring".into(),
                hint: Some("set denyIncoming=button".into()),
            });
        }
        settings.dnd = on;
        Ok(Reply::Done)
    }

    /// Do-not-disturb is on, and the settings leave it a say.
    pub(super) fn is_not_to_be_disturbed(&self) -> bool {
        self.config.settings.dnd && self.config.settings.deny_incoming == DenyIncoming::Button
    }

    /// `Command::AutoAnswer`: on and off mean everybody's calls, as MicroSIP's button does.
    pub(super) fn set_auto_answer(&mut self, on: bool) -> Outcome {
        let settings = &mut self.config.settings;
        settings.auto_answer_button = on;
        if on || settings.auto_answer == AutoAnswer::All {
            settings.auto_answer = AutoAnswer::Button;
        }
        Ok(Reply::Done)
    }

    /// `Command::AutoConference`.
    pub(super) fn set_auto_conference(&mut self, on: bool) -> Outcome {
        if on && self.config.settings.single_mode {
            return Err(CommandError {
                code: ExitCode::Config,
                kind: "single_mode",
                message: "cannot make conferences: this phone takes one call at a time".into(),
                hint: Some("set singleMode=0".into()),
            });
        }
        self.config.settings.auto_conference = on;
        Ok(Reply::Done)
    }

    /// `Command::Device`. A card that is not there is waited for, with the default one meanwhile.
    pub(super) fn set_device(&mut self, device: SoundDevice, name: String) -> Reply {
        let settings = &mut self.config.settings;
        let place = match device {
            SoundDevice::Input => &mut settings.audio_input_device,
            SoundDevice::Output => &mut settings.audio_output_device,
            SoundDevice::Ring => &mut settings.audio_ring_device,
        };
        place.clone_from(&name);
        self.outputs.push_back(Output::Device(device, name));
        Reply::Done
    }

    /// Calls are answered without a person.
    pub(super) fn answers_everybody(&self) -> bool {
        let settings = &self.config.settings;
        match settings.auto_answer {
            AutoAnswer::All => true,
            AutoAnswer::Button => settings.auto_answer_button,
            AutoAnswer::Never | AutoAnswer::Header => false,
        }
    }
}

fn locked(key: &str) -> CommandError {
    CommandError {
        code: ExitCode::Config,
        kind: "locked",
        message: format!("cannot change {key}: override.ini says what it is"),
        hint: Some("`tuiphone config print` tells what is locked, and where".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::{Command, CommandError, SoundDevice, SoundPath, VolumeChange};
    use super::super::outcome::ExitCode;
    use super::super::tests::{World, local};

    #[test]
    fn what_changes_is_kept_key_by_key() {
        let dnd = |on| Command::Dnd { on };
        let forward = |number: Option<&str>| Command::Forward { number: number.map(str::to_owned) };
        let itself = |on| Command::AutoAnswer { on };
        let volume = |path, change| Command::Volume { path, change };
        let device = |device, name: &str| Command::Device { device, name: name.to_owned() };
        let rows: [(Command, &[(&str, &str)]); 21] = [
            (dnd(false), &[]),
            (dnd(true), &[("DND", "1")]),
            (dnd(true), &[]),
            (dnd(false), &[("DND", "0")]),
            (forward(None), &[]),
            (
                forward(Some("sip:bob@127.0.0.1")),
                &[("forwarding", "button"), ("forwardingNumber", "sip:bob@127.0.0.1"), ("FWD", "1")],
            ),
            (forward(None), &[("FWD", "0")]),
            (forward(Some("sip:bob@127.0.0.1")), &[("FWD", "1")]),
            (forward(Some("not a number ")), &[]),
            (itself(true), &[("AA", "1")]),
            (itself(false), &[("AA", "0")]),
            (Command::AutoConference { on: true }, &[("AC", "1")]),
            (Command::AutoConference { on: false }, &[("AC", "0")]),
            (Command::Mute { path: Default::default() }, &[]),
            (volume(SoundPath::Mic, VolumeChange::To(70)), &[("volumeInput", "70")]),
            (volume(SoundPath::Speaker, VolumeChange::By(-5)), &[("volumeOutput", "95")]),
            (volume(SoundPath::Speaker, VolumeChange::By(0)), &[]),
            (device(SoundDevice::Output, "USB Headset"), &[("audioOutputDevice", "USB Headset")]),
            (device(SoundDevice::Input, "USB Headset"), &[("audioInputDevice", "USB Headset")]),
            (device(SoundDevice::Ring, "Box"), &[("audioRingDevice", "Box")]),
            (device(SoundDevice::Ring, ""), &[("audioRingDevice", "")]),
        ];
        let mut world = World::new();
        world.add(local("alice"), 5070);
        for (command, expected) in rows {
            let words = format!("{command:?}");
            let _refused = world.command(0, command);
            let kept = std::mem::take(&mut world.phones[0].kept);
            let kept: Vec<(&str, &str)> = kept.iter().map(|(key, value)| (*key, value.as_str())).collect();
            assert_eq!(kept, expected, "{words}");
        }
    }

    #[test]
    fn what_is_locked_stays_as_it_is() {
        let number = Some("sip:bob@127.0.0.1".to_owned());
        let quieter = Command::Volume { path: SoundPath::Mic, change: VolumeChange::To(70) };
        for (locked, command) in [
            ("DND", Command::Dnd { on: true }),
            ("FWD", Command::Forward { number: number.clone() }),
            ("forwardingNumber", Command::Forward { number }),
            ("AA", Command::AutoAnswer { on: true }),
            ("AC", Command::AutoConference { on: true }),
            ("volumeInput", quieter.clone()),
            ("audioInputDevice", Command::Device { device: SoundDevice::Input, name: "USB Headset".into() }),
        ] {
            let mut world = World::new();
            let mut config = local("alice");
            config.settings.locked = vec![locked];
            config.settings.single_mode = false;
            let before = config.settings.clone();
            world.add(config, 5070);
            let refused = world.command(0, command.clone());
            let said = matches!(refused, Err(CommandError { code: ExitCode::Config, kind: "locked", .. }));
            assert!(said, "{locked}: {refused:?}");
            assert_eq!(world.phones[0].agent.config.settings, before, "{locked}");
            assert!(world.phones[0].kept.is_empty(), "{locked}");
        }
    }
}
