//! Files played into calls: because a person asks, or while a call is on hold.

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, Reply};
use super::event::Event;
use super::port::Output;
use super::snapshot::{CallState, PlayingInfo, PlayingState};
use crate::media::command::{Clip, Endpoint, MediaCommand, StreamId};
use crate::text::sanitise;
use std::path::PathBuf;
use std::time::Instant;

impl Agent {
    /// `Command::Play`.
    pub(super) fn play(
        &mut self,
        named: Option<String>,
        file: &str,
        alone: bool,
        now: Instant,
    ) -> Result<Reply, CommandError> {
        let id = self.pick(named, "play into", "is not connected", Call::is_answered)?;
        let Some(call) = self.call_mut(id) else { return Ok(Reply::Done) };
        call.playing = Some(PlayingInfo { state: PlayingState::Playing, file: sanitise(file), reason: None });
        let clip = Clip { file: PathBuf::from(file), repeats: false, alone, on_hold: false };
        let stream = call.stream;
        self.outputs.push_back(Output::Media(MediaCommand::Play { stream, clip }));
        self.tell(id, now, |call| Event::CallPlaying { call });
        Ok(Reply::Done)
    }

    /// `Command::StopPlaying`.
    pub(super) fn stop_playing(&mut self, named: Option<String>, now: Instant) -> Result<Reply, CommandError> {
        let id = self.pick(named, "stop playing into", "is played nothing", Call::is_played_to)?;
        let Some(call) = self.call(id) else { return Ok(Reply::Done) };
        let stream = call.stream;
        self.outputs.push_back(Output::Media(MediaCommand::StopPlaying { stream, on_hold: false }));
        self.played_to(id, PlayingState::Stopped, None, now);
        Ok(Reply::Done)
    }

    /// A file is over, or could not be played; music on hold only ever fails.
    pub(super) fn played(&mut self, stream: StreamId, on_hold: bool, error: Option<String>, now: Instant) {
        let Some(id) = self.calls.iter().find(|call| call.stream == stream).map(|call| call.id) else { return };
        if let Some(message) = error.as_deref().map(sanitise) {
            let hint = on_hold.then(|| "holdMusic under [tuiphone] names it; silence is heard".to_owned());
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
        if !on_hold && self.call(id).is_some_and(Call::is_played_to) {
            let state = if error.is_some() { PlayingState::Failed } else { PlayingState::Ended };
            self.played_to(id, state, error.map(|error| sanitise(&error)), now);
        }
    }

    /// Music while this side holds, if there is any.
    pub(super) fn play_on_hold(&mut self) {
        let music = &self.config.settings.hold_music;
        if music.is_empty() || self.config.endpoint != Endpoint::Phone {
            return;
        }
        for call in self.calls.iter_mut().filter(|call| call.is_live()) {
            let (held, stream) = (call.state == CallState::Held, call.stream);
            if std::mem::replace(&mut call.hold_music, held) == held {
                continue;
            }
            let clip = Clip { file: PathBuf::from(music), repeats: true, alone: true, on_hold: true };
            self.outputs.push_back(Output::Media(match held {
                true => MediaCommand::Play { stream, clip },
                false => MediaCommand::StopPlaying { stream, on_hold: true },
            }));
        }
    }

    fn played_to(&mut self, id: u32, state: PlayingState, reason: Option<String>, now: Instant) {
        if let Some(playing) = self.call_mut(id).and_then(|call| call.playing.as_mut()) {
            (playing.state, playing.reason) = (state, reason);
            self.tell(id, now, |call| Event::CallPlaying { call });
        }
    }
}

impl Call {
    fn is_played_to(&self) -> bool {
        self.playing.as_ref().is_some_and(|playing| playing.state == PlayingState::Playing)
    }
}
