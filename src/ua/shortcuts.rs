//! Shortcuts: a press becomes the command it stands for, by what the phone does at that moment.

use super::agent::Agent;
use super::call::Call;
use super::command::{Command, CommandError, Press, RequestId, TransferTo};
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::ShortcutInfo;
use crate::config::{Shortcut, ShortcutAct};
use crate::text::sanitise;
use std::time::Instant;

/// What a press does now.
struct Pressed {
    command: Command,
    /// The call that comes of it joins the conference.
    joins: bool,
}

impl From<Command> for Pressed {
    fn from(command: Command) -> Pressed {
        Pressed { command, joins: false }
    }
}

impl Agent {
    /// `Command::Shortcut`: presses the one of this number, from 1 on, or of this label.
    pub(super) fn shortcut(&mut self, id: RequestId, which: &str, text: Option<String>, now: Instant) {
        let found = self.find_shortcut(which);
        let pressed = found.and_then(|(at, shortcut)| Ok((at, self.pressed(shortcut, self.is_second(at), text)?)));
        let (at, Pressed { command, joins }) = match pressed {
            Ok(pressed) => pressed,
            Err(refusal) => return self.outputs.push_back(Output::Reply(id, Err(refusal))),
        };
        let before = self.last_call;
        self.command(id, command, now);
        if self.outputs.iter().any(|output| matches!(output, Output::Reply(to, Err(_)) if *to == id)) {
            return;
        }
        if let Some(second) = self.second_presses.get_mut(at) {
            *second = !*second;
        }
        let placed = self.last_call;
        if let Some(call) = self.call_mut(placed).filter(|call| joins && call.id > before) {
            call.joins_conference = true;
        }
    }

    /// Every shortcut as it stands.
    pub(super) fn shortcut_infos(&self) -> Vec<ShortcutInfo> {
        let info = |(at, shortcut): (usize, &Shortcut)| {
            let toggled = self.is_second(at) && !shortcut.second_number.is_empty();
            let (label, number) = shortcut.face(toggled);
            let light = shortcut.has_light.then(|| self.light_of(&shortcut.number)).flatten();
            ShortcutInfo {
                n: u8::try_from(at + 1).unwrap_or(u8::MAX),
                label: sanitise(if label.is_empty() { number } else { label }),
                number: sanitise(number),
                act: shortcut.act.word().to_owned(),
                toggled,
                light,
            }
        };
        self.config.settings.shortcuts.iter().enumerate().map(info).collect()
    }

    fn is_second(&self, at: usize) -> bool {
        self.second_presses.get(at).copied().unwrap_or(false)
    }

    fn find_shortcut(&self, which: &str) -> Result<(usize, &Shortcut), CommandError> {
        let shortcuts = &self.config.settings.shortcuts;
        let numbered = |(at, _): &(usize, &Shortcut)| which.parse() == Ok(at + 1);
        let labelled = |(_, shortcut): &(usize, &Shortcut)| {
            [&shortcut.label, &shortcut.second_label].iter().any(|label| label.eq_ignore_ascii_case(which))
        };
        let all = || shortcuts.iter().enumerate();
        all().find(numbered).or_else(|| all().find(labelled)).ok_or_else(|| CommandError {
            code: ExitCode::NotFound,
            kind: "no_such_shortcut",
            message: format!("no shortcut {}", sanitise(which)),
            hint: Some("`tuiphone shortcuts` lists them; they stand in [Shortcuts] of the ini file".into()),
        })
    }

    /// What a press of this one does now.
    fn pressed(&self, shortcut: &Shortcut, second: bool, text: Option<String>) -> Result<Pressed, CommandError> {
        let (label, number) = shortcut.face(second);
        let number = number.to_owned();
        let refusal = |code, kind, why: &str, hint: &str| CommandError {
            code,
            kind,
            message: format!("the shortcut {} {why}", sanitise(label)),
            hint: Some(hint.to_owned()),
        };
        if number.is_empty() {
            return Err(refusal(ExitCode::Config, "no_number", "has no number", "give it one in [Shortcuts]"));
        }
        let talks = self.calls.iter().any(Call::is_answered);
        use ShortcutAct::{
            AttendedTransfer, CallOrAttendedTransfer, CallOrConference, CallOrTransfer, Conference, Dtmf, Foreign,
            Message, Transfer, Video,
        };
        let act = match shortcut.act {
            CallOrTransfer if talks => Transfer,
            CallOrAttendedTransfer if talks => AttendedTransfer,
            CallOrConference if talks => Conference,
            Video | CallOrTransfer | CallOrAttendedTransfer | CallOrConference => ShortcutAct::Call,
            act => act,
        };
        if text.is_some() && act != Message {
            return Err(refusal(ExitCode::Usage, "usage", "writes nothing", "leave the text out"));
        }
        let dial = |number: String| Command::Dial { target: number, account: None };
        Ok(match act {
            Message => match text {
                Some(text) => Command::Message { target: number, text, account: None }.into(),
                None => {
                    let why = "writes a message, and there is no text";
                    return Err(refusal(ExitCode::Usage, "no_text", why, "tuiphone shortcut N TEXT"));
                }
            },
            Dtmf => Command::Dtmf { call: None, digits: number, press: Press::Tap, via: None }.into(),
            Transfer => Command::Transfer { call: None, to: TransferTo::Number(number) }.into(),
            AttendedTransfer if !talks => {
                let hint = "call somebody first, or be called";
                return Err(refusal(ExitCode::NotFound, "no_call", "hands a call over, and there is none", hint));
            }
            AttendedTransfer => {
                let by_code = self.config.settings.consult_code.in_use().is_some();
                match by_code || self.consulted(None, Some(&number)).is_ok() {
                    true => Command::Transfer { call: None, to: TransferTo::Call(Some(number)) }.into(),
                    // They are asked first; the next press connects.
                    false => dial(number).into(),
                }
            }
            Conference if talks && self.config.settings.single_mode => {
                let why = "makes a conference, and this phone takes one call at a time";
                return Err(refusal(ExitCode::Config, "single_mode", why, "set singleMode=0"));
            }
            Conference => Pressed { command: dial(number), joins: talks },
            Foreign => {
                let why = "is of a kind that this phone does not know";
                return Err(refusal(ExitCode::Config, "foreign", why, "the kinds are those of MicroSIP"));
            }
            _ if shortcut.has_light && self.can_pick_up(&number) => {
                Command::Pickup { number: Some(number), account: None }.into()
            }
            _ => dial(number).into(),
        })
    }

    /// It rings there, and there is a way to take the call.
    fn can_pick_up(&self, number: &str) -> bool {
        let by_code = self.config.settings.pickup_code.in_use().is_some();
        self.ringing().any(|ringing| ringing.number == number && (by_code || ringing.dialog.is_some()))
    }
}
