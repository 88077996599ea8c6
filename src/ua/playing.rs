//! Files played into calls: because a person asks, or while a call is on hold.

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, Reply, RequestId};
use super::event::Event;
use super::port::Output;
use super::recording::Opening;
use super::snapshot::{CallState, PlayingInfo, PlayingState};
use crate::media::command::{Clip, Endpoint, MediaCommand, StreamId};
use crate::text::sanitise;
use std::path::PathBuf;
use std::time::Instant;

impl Agent {
    /// `Command::Play`: to the call that is meant, or to all it confers with; replied to once the file is open.
    pub(super) fn play(
        &mut self,
        asker: RequestId,
        named: Option<String>,
        file: &str,
        alone: bool,
    ) -> Result<(), CommandError> {
        let is_meant = named.is_some();
        let id = self.pick_talk(named, "play a file to")?;
        let all = if is_meant { vec![id] } else { self.talks_with(id) };
        all.into_iter().for_each(|id| self.play_to(id, file, alone));
        let stream = self.call(id).map(|call| call.stream);
        self.openings.extend(stream.map(|stream| Opening { stream, plays: true, asker }));
        Ok(())
    }

    /// Plays a file to a call.
    pub(super) fn play_to(&mut self, id: u32, file: &str, alone: bool) {
        let Some(call) = self.call_mut(id) else { return };
        call.playing = Some(PlayingInfo { state: PlayingState::Playing, file: sanitise(file), reason: None });
        let clip = Clip { file: PathBuf::from(file), repeats: false, alone, on_hold: false };
        let stream = call.stream;
        self.outputs.push_back(Output::Media(MediaCommand::Play { stream, clip }));
    }

    /// `Command::StopPlaying`.
    pub(super) fn stop_playing(&mut self, named: Option<String>, now: Instant) -> Result<Reply, CommandError> {
        let is_meant = named.is_some();
        let id = self.pick(named, "stop playing to", "is played nothing", Call::is_played_to)?;
        let mut all = if is_meant { vec![id] } else { self.talks_with(id) };
        all.retain(|id| self.call(*id).is_some_and(Call::is_played_to));
        for id in all {
            let Some(call) = self.call_mut(id) else { continue };
            // Whoever stops it wants to talk.
            call.announcement = None;
            let stream = call.stream;
            self.outputs.push_back(Output::Media(MediaCommand::StopPlaying { stream, on_hold: false }));
            self.played_to(id, PlayingState::Stopped, None, now);
        }
        Ok(Reply::Done)
    }

    /// A file that was asked for begins.
    pub(super) fn playing(&mut self, stream: StreamId, now: Instant) {
        if let Some(id) = self.calls.iter().find(|call| call.stream == stream).map(|call| call.id) {
            self.tell(id, now, |call| Event::CallPlaying { call });
        }
        self.opened(stream, true, None, now);
    }

    /// A file is over, or could not be played; music on hold only ever fails.
    pub(super) fn played(&mut self, stream: StreamId, on_hold: bool, error: Option<String>, now: Instant) {
        if let Some(error) = error.as_deref().filter(|_| !on_hold) {
            self.opened(stream, true, Some(error), now);
        }
        let Some(id) = self.calls.iter().find(|call| call.stream == stream).map(|call| call.id) else { return };
        if let Some(message) = error.as_deref().map(sanitise) {
            let hint = on_hold.then(|| "holdMusic under [tuiphone] names it; silence is heard".to_owned());
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
        if !on_hold && self.call(id).is_some_and(Call::is_played_to) {
            let state = if error.is_some() { PlayingState::Failed } else { PlayingState::Ended };
            self.played_to(id, state, error.map(|error| sanitise(&error)), now);
            self.announced(id, now);
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
