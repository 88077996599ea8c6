//! What was dialled, and with whom the last call was: shown to every face, and kept where the file of the settings does.

use super::agent::Agent;
use super::command::{Command, RequestId};
use super::port::Output;
use crate::config::Dialled;
use std::time::Instant;

/// The key of MicroSIP's that says with whom the last call was.
const LAST: &str = "lastCallNumber";

impl Agent {
    /// Carries out what somebody asks for; a number that is dialled so is remembered as it was typed.
    pub(super) fn commanded(&mut self, id: RequestId, command: Command, now: Instant) {
        let command = match command {
            Command::Guarded(inner) => match self.judge(&inner) {
                Ok(()) => *inner,
                Err(why) => return self.outputs.push_back(Output::Reply(id, Err(why))),
            },
            command => command,
        };
        let typed = match &command {
            Command::Dial { target, .. } => Some(target.clone()),
            _ => None,
        };
        self.command(id, command, now);
        let refused = |output: &Output| matches!(output, Output::Reply(to, Err(_)) if *to == id);
        if let Some(typed) = typed.filter(|_| !self.outputs.iter().any(refused)) {
            self.config.settings.dialled.add(&typed);
            self.keep_dialled();
        }
    }

    /// A call with this number begins, whoever calls.
    pub(super) fn note_last_call(&mut self, number: &str) {
        let settings = &mut self.config.settings;
        if number.is_empty() || settings.last_call_number == number || settings.locked.contains(&LAST) {
            return;
        }
        number.clone_into(&mut settings.last_call_number);
        self.keep_dialled();
    }

    /// Nobody was dialled or called yet.
    pub fn forget_dialled(&mut self) {
        let settings = &mut self.config.settings;
        settings.dialled = Dialled::default();
        if !settings.locked.contains(&LAST) {
            settings.last_call_number.clear();
        }
        self.keep_dialled();
    }

    fn keep_dialled(&mut self) {
        let settings = &self.config.settings;
        let last = Some(settings.last_call_number.clone()).filter(|_| !settings.locked.contains(&LAST));
        self.outputs.push_back(Output::Dialled { numbers: settings.dialled.clone(), last });
    }
}
