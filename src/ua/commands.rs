//! What people and scripts ask for, carried out or refused in words.

use super::agent::Agent;
use super::call::Call;
use super::command::{Command, CommandError, HangupWhich, RecordAct, Reply, RequestId, SoundPath, VolumeChange};
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::port::Output;
use super::snapshot::{CallDirection, CallState, PhoneState, RegistrationState, Status};
use crate::config::AccountId;
use crate::media::command::MediaCommand;
use crate::sip::message::StatusCode;
use crate::sip::registration::State;
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// How long leaving may take.
const EXIT_BOUND: Duration = Duration::from_secs(2);

type Outcome = Result<Reply, CommandError>;

impl Agent {
    pub(super) fn command(&mut self, id: RequestId, command: Command, now: Instant) {
        let reply = match command {
            Command::Message { target, text, account } => {
                return self.message(id, &target, &text, account.as_deref(), now);
            }
            Command::Ping { target, account } => {
                return self.ping(id, target.as_deref(), account.as_deref(), now);
            }
            Command::Transfer { call, to } => match self.transfer(id, call, to, now) {
                Ok(_) => return,
                Err(refusal) => Err(refusal),
            },
            Command::Shortcut { which, text } => return self.shortcut(id, &which, text, now),
            Command::TestAudio => match self.test_audio(id) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            Command::Record { call, act: RecordAct::Start { file } } => match self.record(id, call, file) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            Command::Play { call, file, alone } => match self.play(id, call, &file, alone) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            Command::Park { call, number } => match self.park(id, call, number, now) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            command => self.obey(command, now),
        };
        self.outputs.push_back(Output::Reply(id, reply));
    }

    fn obey(&mut self, command: Command, now: Instant) -> Outcome {
        match command {
            Command::Dial { target, account } => self.dial(&target, account.as_deref(), now),
            Command::Answer { call: Some(name) } if self.is_ask(&name) => self.consent(&name, now),
            Command::Reject { call: Some(name), .. } if self.is_ask(&name) => {
                self.decline(&name);
                Ok(Reply::Done)
            }
            Command::Answer { call } => {
                let id = self.pick(call, "answer", "is not ringing here", Call::is_ringing_here)?;
                self.accept(id, now);
                self.reply_call(id, now)
            }
            Command::Reject { call, code } => {
                let id = self.pick(call, "reject", "is not ringing here", Call::is_ringing_here)?;
                self.reject(id, code.unwrap_or(486).clamp(400, 699), now);
                Ok(Reply::Done)
            }
            Command::Hangup { which } => self.hang_up(which, now),
            Command::Hold { call } => {
                let id =
                    self.pick(call, "hold", "is not connected", |call| call.is_answered() && !call.wants_hold())?;
                self.want_hold(id, true, now);
                Ok(Reply::Done)
            }
            Command::ToggleHold { call } => {
                let talks = self.pick(call.clone(), "hold", "", |call| call.state == CallState::Connected).is_ok();
                self.obey(if talks { Command::Hold { call } } else { Command::Resume { call } }, now)
            }
            Command::Resume { call } => {
                let id = self.pick(call, "resume", "is not on hold", |call| call.state == CallState::Held)?;
                self.hold_others(Some(id), now);
                self.resumed_with(id).into_iter().for_each(|id| self.want_hold(id, false, now));
                Ok(Reply::Done)
            }
            Command::Record { call, act } => self.change_recording(call, act, now),
            Command::StopPlaying { call } => self.stop_playing(call, now),
            Command::Conference { calls } => self.confer(calls, now),
            Command::LeaveConference { calls } => self.leave_conference(calls, now),
            Command::Mute { path } => Ok(self.mute(path, true)),
            Command::Unmute { path } => Ok(self.mute(path, false)),
            Command::ToggleMute { path } => {
                let muted = if path == SoundPath::Mic { self.mic_muted } else { self.speaker_muted };
                Ok(self.mute(path, !muted))
            }
            Command::Volume { path, change } => self.lasting(|agent| Ok(agent.set_volume(path, change))),
            Command::Device { device, name } => self.lasting(|agent| Ok(agent.set_device(device, name))),
            Command::Voice { part, how } => self.lasting(|agent| agent.set_voice(part, how)),
            Command::Dtmf { call, digits, press, via } => self.dtmf(call, (&digits, press), via, now),
            Command::Register { account } => {
                let ids = self.registering_accounts(account.as_deref())?;
                ids.into_iter().for_each(|id| self.register(id, now));
                Ok(Reply::Done)
            }
            Command::Unregister { account } => {
                let ids = self.registering_accounts(account.as_deref())?;
                ids.into_iter().for_each(|id| self.unregister(id, now));
                Ok(Reply::Done)
            }
            Command::UnregisterAll { account } => {
                let ids = self.registering_accounts(account.as_deref())?;
                ids.into_iter().for_each(|id| self.unregister_all(id, now));
                Ok(Reply::Done)
            }
            Command::SelectAccount { account } => self.select_account(&account, now),
            Command::Password { account, password } => self.set_password(account.as_deref(), password, now),
            Command::Composing { target, account } => self.composes(&target, account.as_deref(), now),
            Command::Messages { with, read } => Ok(Reply::Messages(self.inbox.list(with.as_deref(), read))),
            // Replied to later, with their outcome.
            Command::Message { .. }
            | Command::Ping { .. }
            | Command::Transfer { .. }
            | Command::Park { .. }
            | Command::Play { .. }
            | Command::Shortcut { .. }
            | Command::TestAudio => Ok(Reply::Done),
            Command::Pickup { number, account } => self.pickup(number.as_deref(), account.as_deref(), now),
            Command::Retrieve { number, account } => self.retrieve(number.as_deref(), account.as_deref(), now),
            Command::Dnd { on } => {
                let was_on = self.config.settings.dnd;
                let reply = self.lasting(|agent| agent.set_dnd(on))?;
                if on != was_on {
                    self.tell_exchange_of_dnd(on, now);
                }
                Ok(reply)
            }
            Command::Forward { number } => {
                let before = self.forward_target().map(str::to_owned);
                let reply = self.lasting(|agent| agent.set_forward(number.clone()))?;
                if number != before {
                    self.tell_exchange_of_forward(number.as_deref(), now);
                }
                Ok(reply)
            }
            Command::Ignore { call } => self.ignore(call),
            Command::Voicemail { account } => self.call_mailbox(account.as_deref(), now),
            Command::Available => self.end_wrap_up(),
            Command::AutoAnswer { on } => self.lasting(|agent| agent.set_auto_answer(on)),
            Command::AutoConference { on } => self.lasting(|agent| agent.set_auto_conference(on)),
            Command::Guarded(inner) => {
                self.judge(&inner)?;
                self.obey(*inner, now)
            }
            Command::Exit => {
                self.exit(now);
                Ok(Reply::Done)
            }
        }
    }

    /// The call of this id, else the last one with this number, or the obvious one: the last that fits.
    pub(super) fn pick(
        &self,
        named: Option<String>,
        verb: &str,
        unfit: &str,
        fits: impl Fn(&Call) -> bool,
    ) -> Result<u32, CommandError> {
        let refusal = |kind, message| CommandError {
            code: ExitCode::NotFound,
            kind,
            message,
            hint: Some("`tuiphone calls` lists them".into()),
        };
        match named {
            None => self
                .calls
                .iter()
                .filter(|call| call.is_live())
                .filter(|call| fits(call))
                .map(|call| call.id)
                .next_back()
                .ok_or_else(|| CommandError {
                    hint: None,
                    ..refusal("no_call", format!("there is no call to {verb}"))
                }),
            Some(name) => {
                let mut live = self.calls.iter().filter(|call| call.is_live());
                let numbered = || self.calls.iter().rfind(|call| call.is_live() && call.remote.user == name);
                let call = live.find(|call| call.name() == name).or_else(numbered);
                let call = call.ok_or_else(|| refusal("no_such_call", format!("no call {}", sanitise(&name))))?;
                if fits(call) { Ok(call.id) } else { Err(refusal("wrong_state", format!("call {name} {unfit}"))) }
            }
        }
    }

    /// The named call, or the one that is talked with, or the last on hold.
    pub(super) fn pick_talk(&self, named: Option<String>, verb: &str) -> Result<u32, CommandError> {
        let talks = |call: &Call| call.state == CallState::Connected;
        match self.pick(None, verb, "", talks) {
            Ok(id) if named.is_none() => Ok(id),
            _ => self.pick(named, verb, "is not connected", Call::is_answered),
        }
    }

    fn reply_call(&self, id: u32, now: Instant) -> Outcome {
        Ok(self.call(id).map_or(Reply::Done, |call| Reply::Call(Box::new(self.call_info(call, now)))))
    }

    fn reject(&mut self, id: u32, status: u16, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        call.status = Some(status);
        call.reason = Some(StatusCode(status).default_reason().to_owned());
        if let Some(session) = call.session.as_mut() {
            session.reject(StatusCode(status));
        }
        self.end_call(id, EndedBy::Local, ExitCode::of_status(status, true), now);
    }

    fn hang_up(&mut self, which: HangupWhich, now: Instant) -> Outcome {
        let one = |agent: &Agent, name| agent.pick(name, "hang up", "is over", Call::is_live).map(|id| vec![id]);
        let live = |fits: &dyn Fn(&Call) -> bool| -> Vec<u32> {
            self.calls.iter().filter(|call| call.is_live() && fits(call)).map(|call| call.id).collect()
        };
        let outgoing = |c: &Call| c.direction == CallDirection::Outgoing && !c.is_answered();
        let some = |agent: &Agent, ids: Vec<u32>, verb| match ids.is_empty() {
            true => agent.pick(None, verb, "", |_| false).map(|id| vec![id]),
            false => Ok(ids),
        };
        let ids = match which {
            HangupWhich::Current => {
                let talking = live(&|call| call.state == CallState::Connected);
                talking.last().map_or_else(|| one(self, None), |id| Ok(vec![*id]))
            }
            HangupWhich::Call(name) => one(self, Some(name)),
            HangupWhich::AllButRinging => some(self, live(&|call| !call.is_ringing_here()), "hang up"),
            HangupWhich::All => some(self, live(&|_| true), "hang up"),
            HangupWhich::Incoming => some(self, live(&Call::is_ringing_here), "hang up that rings here"),
            HangupWhich::Calling => some(self, live(&outgoing), "hang up that rings elsewhere"),
        }?;
        ids.into_iter().for_each(|id| self.hang_up_call(id, now));
        Ok(Reply::Done)
    }

    /// For the person the call is over at once; BYE or CANCEL finish behind it.
    pub(super) fn hang_up_call(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        if call.is_ringing_here() {
            return self.reject(id, 486, now);
        }
        let talked = call.answered.is_some();
        if let Some(session) = call.session.as_mut() {
            session.close();
        }
        if !talked && call.reason.is_none() {
            call.reason = Some("hung up before the answer".into());
        }
        self.end_call(id, EndedBy::Local, if talked { ExitCode::Ok } else { ExitCode::NoAnswer }, now);
    }

    fn mute(&mut self, path: SoundPath, muted: bool) -> Reply {
        let command = match path {
            SoundPath::Mic => {
                self.mic_muted = muted;
                MediaCommand::MuteMic(muted)
            }
            SoundPath::Speaker => {
                self.speaker_muted = muted;
                MediaCommand::MuteSpeaker(muted)
            }
        };
        self.outputs.push_back(Output::Media(command));
        Reply::Done
    }

    fn set_volume(&mut self, path: SoundPath, change: VolumeChange) -> Reply {
        let settings = &mut self.config.settings;
        let volume = if path == SoundPath::Mic { &mut settings.volume_input } else { &mut settings.volume_output };
        let wanted = match change {
            VolumeChange::To(value) => i32::from(value),
            VolumeChange::By(step) => i32::from(*volume) + i32::from(step),
        };
        *volume = u8::try_from(wanted.clamp(0, 100)).unwrap_or(100);
        let now = *volume;
        let (output, input) = (settings.volume_output, settings.volume_input);
        self.outputs.push_back(Output::Media(MediaCommand::Volume { output, input }));
        Reply::Volume(path, now)
    }

    pub(super) fn registering_accounts(&self, wanted: Option<&str>) -> Result<Vec<AccountId>, CommandError> {
        let refusal = |message| CommandError {
            code: ExitCode::NotFound,
            kind: "no_registrar",
            message,
            hint: Some("give the account a server".into()),
        };
        if let Some(wanted) = wanted {
            let id = self.find_account(wanted)?;
            let registers = self.account(id).is_some_and(|line| line.registers());
            return if registers { Ok(vec![id]) } else { Err(refusal(format!("account {} has no server", id.0))) };
        }
        let ids: Vec<_> =
            self.lines.iter().filter(|line| line.registers() && !line.leaving).map(|line| line.account.id).collect();
        if ids.is_empty() { Err(refusal("no account has a server to register at".into())) } else { Ok(ids) }
    }

    fn exit(&mut self, now: Instant) {
        if self.exiting.is_some() {
            return;
        }
        self.exiting = Some(now + EXIT_BOUND);
        self.drop_messages();
        self.drop_probes(now);
        let live: Vec<u32> = self.calls.iter().filter(|call| call.is_live()).map(|call| call.id).collect();
        live.into_iter().for_each(|id| self.hang_up_call(id, now));
        let ids: Vec<AccountId> = self.lines.iter().map(|line| line.account.id).collect();
        ids.into_iter().for_each(|id| self.unregister(id, now));
    }

    /// Says `Exited` once everything is given back, or time is up.
    pub(super) fn finish_exit(&mut self, now: Instant) {
        let Some(until) = self.exiting.filter(|_| !self.exited) else { return };
        let leaving = self.lines.iter().any(|line| line.registration.state() == State::Unregistering);
        let closing =
            self.calls.iter().any(|c| c.tell_end_at.is_some() || c.session.as_ref().is_some_and(|s| !s.is_ended()));
        if (!leaving && !closing) || now >= until {
            self.leave_unanswered(now);
            self.exited = true;
            self.outputs.push_back(Output::Event(Event::Exited));
        }
    }

    /// What is due in the calls.
    pub(super) fn call_timeouts(&mut self, now: Instant) {
        let ids: Vec<u32> = self.calls.iter().map(|call| call.id).collect();
        for id in ids {
            let Some(call) = self.call_mut(id) else { continue };
            if let Some(session) = call.session.as_mut() {
                session.handle_timeout(now);
            }
            call.mark_until = call.mark_until.filter(|at| *at > now);
            let (answers, forwards) = (call.answer_at, call.forward_at);
            if answers.is_some_and(|at| at <= now) {
                self.answer_itself(id, now);
            }
            if forwards.is_some_and(|at| at <= now) {
                self.forward(id, now);
            }
            self.decide_timeout(id, now);
            self.send_due_digits(id, now);
            self.transfer_timeout(id, now);
            self.alarm(id, now);
            if self.call(id).is_some_and(|call| call.ring_until.is_some_and(|at| at <= now)) {
                self.ring_timeout(id, now);
            }
            if self.call(id).is_some_and(|call| call.hang_up_at.is_some_and(|at| at <= now)) {
                self.hang_up_in_time(id, now);
            }
            let Some(call) = self.call_mut(id) else { continue };
            if call.waits_until.is_some_and(|at| at <= now) {
                call.waits_until = None;
                call.reason = Some("the account was not registered in time".into());
                self.end_call(id, EndedBy::Network, ExitCode::Unreachable, now);
            }
        }
        self.tell_ends(now);
    }

    pub(super) fn snapshot(&self, now: Instant) -> Status {
        let selected = self.selected_account();
        let shown = |id: AccountId| id.0 != 0 || self.config.settings.enable_local_account;
        let lines = self.lines.iter().filter(|line| shown(line.account.id) && !line.leaving);
        let accounts: Vec<_> = lines.map(|line| line.info(line.account.id == selected, now)).collect();
        let has = |state: CallState| self.calls.iter().any(|call| call.state == state);
        let state = match () {
            () if has(CallState::Connected) => PhoneState::Connected,
            () if has(CallState::Incoming) => PhoneState::Ringing,
            () if has(CallState::Calling) || has(CallState::Ringing) || has(CallState::EarlyMedia) => {
                PhoneState::Calling
            }
            () if has(CallState::Held) => PhoneState::Held,
            () if accounts.iter().any(|a| a.state == RegistrationState::Registering) => PhoneState::Registering,
            () => PhoneState::Idle,
        };
        Status {
            v: 1,
            state,
            accounts,
            calls: self.calls.iter().filter(|call| call.is_live()).map(|call| self.call_info(call, now)).collect(),
            lights: self.lights(),
            shortcuts: self.shortcut_infos(),
            shortcuts_shown: self.config.settings.enable_shortcuts,
            dialled: self.config.settings.dialled.numbers().iter().map(|number| sanitise(number)).collect(),
            last_call_number: sanitise(&self.config.settings.last_call_number),
            asks: self.waiting_asks(now),
            unread: self.inbox.unread(),
            dnd: self.is_not_to_be_disturbed(),
            wrap_up: self.wraps_up_for(now),
            default_action: self.config.settings.default_action.clone(),
            forward: self.forward_target().map(sanitise),
            auto_answer: self.answers_everybody(),
            auto_conference: self.confers_by_itself(),
            mic_muted: self.mic_muted,
            speaker_muted: self.speaker_muted,
            volume: self.config.settings.volume_output,
            volume_mic: self.config.settings.volume_input,
            voice: self.voice_info(),
            testing: self.sound_tester.is_some(),
            echo: Some(sanitise(&self.config.settings.echo_number)).filter(|number| !number.is_empty()),
            nat: self.outside.info(self.lines.iter().find_map(|line| line.seen_at())),
            refused: self.tally().named(),
            ..Status::default()
        }
    }
}
