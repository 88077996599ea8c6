//! Recording of calls: asked for, or by itself; what the file is called, how it went.

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, RecordAct, Reply, RequestId};
use super::event::Event;
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::{CallDirection, CallState, RecordingInfo, RecordingState};
use crate::media::command::{MediaCommand, RecordFile, RecordFormat, Recording, StreamId};
use crate::text::sanitise;
use std::path::PathBuf;
use std::time::Instant;

/// Characters of a party's name in a file's.
const NAME_CHARS: usize = 64;

/// A file being opened, and who is told of it.
#[derive(Debug)]
pub(super) struct Opening {
    pub stream: StreamId,
    /// It is played, not written.
    pub plays: bool,
    pub asker: RequestId,
}

impl Agent {
    /// `RecordAct::Start`: replied to once the file is open.
    pub(super) fn record(
        &mut self,
        asker: RequestId,
        named: Option<String>,
        file: Option<String>,
    ) -> Result<(), CommandError> {
        let id = self.pick_talk(named, "record")?;
        if self.call(id).is_some_and(Call::is_recorded) {
            return Err(CommandError {
                code: ExitCode::NotFound,
                kind: "wrong_state",
                message: format!("call c{id} is recorded already"),
                hint: None,
            });
        }
        let file = file.map(|file| named_file(&file)).transpose()?;
        if let Some(stream) = self.start_recording(id, file) {
            self.openings.push(Opening { stream, plays: false, asker });
        }
        Ok(())
    }

    /// `Command::Record` of a recording there is.
    pub(super) fn change_recording(
        &mut self,
        named: Option<String>,
        act: RecordAct,
        now: Instant,
    ) -> Result<Reply, CommandError> {
        use RecordingState::{Ended, Opening, Paused, Recording};
        let (verb, from, to): (_, &[_], _) = match act {
            RecordAct::Pause => ("pause", &[Opening, Recording], Paused),
            RecordAct::Resume => ("go on recording", &[Paused], Recording),
            RecordAct::Stop => ("stop recording", &[Opening, Recording, Paused], Ended),
            // Replied to later.
            RecordAct::Start { .. } => return Ok(Reply::Done),
        };
        let fits = |call: &Call| call.recording.as_ref().is_some_and(|recording| from.contains(&recording.state));
        let id = self.pick(named, verb, "is not recorded, or is so already", fits)?;
        let stream = self.set_recording(id, to, None);
        let order = |stream| match act {
            RecordAct::Stop => MediaCommand::StopRecord { stream },
            _ => MediaCommand::PauseRecord { stream, paused: act == RecordAct::Pause },
        };
        self.outputs.extend(stream.map(order).map(Output::Media));
        self.tell(id, now, |call| Event::CallRecording { call });
        Ok(Reply::Done)
    }

    /// A call was answered: `autoRecording` begins.
    pub(super) fn record_by_itself(&mut self, id: u32) {
        if self.config.settings.auto_recording {
            self.start_recording(id, None);
        }
    }

    fn start_recording(&mut self, id: u32, file: Option<(PathBuf, RecordFormat)>) -> Option<StreamId> {
        let label = self.account(self.account_of_call(id)).map_or_else(String::new, |line| {
            let account = &line.account;
            if account.label.is_empty() { account.username.clone() } else { account.label.clone() }
        });
        let settings = &self.config.settings;
        let format = if settings.record_wav { RecordFormat::Wav } else { RecordFormat::Ogg };
        let stereo = settings.record_stereo;
        let call = self.call_mut(id).filter(|call| !call.is_recorded())?;
        call.recording = Some(RecordingInfo::default());
        let (file, format) = match file {
            Some((path, format)) => (RecordFile::Named(path), format),
            None => (RecordFile::Dated(file_name(&call.remote.user, call.direction, &label)), format),
        };
        let what = Recording { file, format, stereo };
        let stream = call.stream;
        self.outputs.push_back(Output::Media(MediaCommand::Record { stream, what }));
        Some(stream)
    }

    /// Replies to those who wait for a file of this call: it is open, or why not.
    pub(super) fn opened(&mut self, stream: StreamId, plays: bool, error: Option<&str>, now: Instant) {
        let call = self.calls.iter().find(|call| call.stream == stream);
        let reply = match (error, call) {
            (Some(error), _) => {
                Err(CommandError { code: ExitCode::Unexpected, kind: "file", message: sanitise(error), hint: None })
            }
            (None, Some(call)) => Ok(Reply::Call(Box::new(self.call_info(call, now)))),
            (None, None) => Ok(Reply::Done),
        };
        let (outputs, meant) = (&mut self.outputs, |it: &mut Opening| it.stream == stream && it.plays == plays);
        outputs.extend(self.openings.extract_if(.., meant).map(|it| Output::Reply(it.asker, reply.clone())));
    }

    /// A file is written to: the first of the recording, or the next one.
    pub(super) fn recording(&mut self, stream: StreamId, file: &str, now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream) else { return };
        let Some(recording) = call.recording.as_mut() else { return };
        recording.file = sanitise(file);
        if recording.state == RecordingState::Opening {
            recording.state = RecordingState::Recording;
        }
        let id = call.id;
        self.tell(id, now, |call| Event::CallRecording { call });
        self.opened(stream, false, None, now);
    }

    /// The file is closed, or cannot be written.
    pub(super) fn record_ended(
        &mut self,
        stream: StreamId,
        file: &str,
        lost_ms: u64,
        error: Option<String>,
        now: Instant,
    ) {
        let id = self.calls.iter().find(|call| call.stream == stream).map(|call| call.id);
        let gaps = (lost_ms > 0).then(|| format!("{lost_ms} ms are silent in {file}: the disk was too slow"));
        let failed = error.is_some();
        self.opened(stream, false, error.as_deref(), now);
        let message = error.or(gaps).map(|message| sanitise(&message));
        if let Some(message) = &message {
            let who = id.map(|id| format!("call c{id}: ")).unwrap_or_default();
            let is_cut = failed && !file.is_empty();
            let hint = is_cut.then(|| "the call goes on, what was written before can be played".to_owned());
            self.outputs.push_back(Output::Event(Event::Error { message: format!("{who}{message}"), hint }));
        }
        let its = |it: &&mut RecordingInfo| it.file == sanitise(file);
        if let Some(recording) = id.and_then(|id| self.call_mut(id)?.recording.as_mut()).filter(its) {
            recording.lost_ms = lost_ms;
        }
        // A recording that was stopped, or begun anew since, is told of already.
        let Some(id) = id.filter(|id| failed && self.call(*id).is_some_and(Call::is_recorded)) else { return };
        self.set_recording(id, RecordingState::Failed, message);
        self.tell(id, now, |call| Event::CallRecording { call });
    }

    fn set_recording(&mut self, id: u32, state: RecordingState, reason: Option<String>) -> Option<StreamId> {
        let call = self.call_mut(id)?;
        let recording = call.recording.as_mut()?;
        recording.state = state;
        recording.reason = reason;
        Some(call.stream)
    }
}

impl Call {
    /// A file is open for it, or being opened.
    pub fn is_recorded(&self) -> bool {
        use RecordingState::{Opening, Paused, Recording};
        self.recording.as_ref().is_some_and(|recording| matches!(recording.state, Opening | Recording | Paused))
    }

    /// Its recording as people see it: what is on hold is not recorded, and with the call it ends.
    pub fn recording_info(&self) -> Option<RecordingInfo> {
        let mut recording = self.recording.clone()?;
        recording.state = match (recording.state, self.state) {
            (RecordingState::Recording, CallState::Held) => RecordingState::Paused,
            (RecordingState::Recording | RecordingState::Paused, CallState::Ended) => RecordingState::Ended,
            (state, _) => state,
        };
        Some(recording)
    }
}

/// A file that a person named; its ending tells the form.
fn named_file(file: &str) -> Result<(PathBuf, RecordFormat), CommandError> {
    let path = PathBuf::from(file);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let format = match ending.as_str() {
        "wav" => RecordFormat::Wav,
        "ogg" | "opus" => RecordFormat::Ogg,
        _ => {
            return Err(CommandError {
                code: ExitCode::Usage,
                kind: "bad_file",
                message: format!(
                    "cannot record into {}: what it ends with is no form this phone writes",
                    sanitise(file)
                ),
                hint: Some("name.ogg or name.wav".into()),
            });
        }
    };
    Ok((path, format))
}

/// As MicroSIP names it, behind the date: `<remote user>-<outgoing|incoming>-<label or own user>`.
fn file_name(remote: &str, direction: CallDirection, own: &str) -> String {
    let direction = match direction {
        CallDirection::Outgoing => "outgoing",
        CallDirection::Incoming => "incoming",
    };
    format!("{}-{direction}-{}", safe(remote), safe(own))
}

/// What is a file name on every system; nothing of it leads elsewhere.
fn safe(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "+-.@_".contains(c) { c } else { '_' };
    name.chars().take(NAME_CHARS).map(safe).collect()
}
