//! The test of microphone and speaker, between calls.

use super::agent::Agent;
use super::command::{CommandError, Reply, RequestId};
use super::outcome::ExitCode;
use super::port::Output;
use crate::media::command::{MediaCommand, SoundTestResult};

impl Agent {
    /// `Command::TestAudio`: replied to with what was recorded.
    pub(super) fn test_audio(&mut self, asker: RequestId) -> Result<(), CommandError> {
        let refusal = |message: &str, hint: &str| CommandError {
            code: ExitCode::NotFound,
            kind: "wrong_state",
            message: message.into(),
            hint: Some(hint.into()),
        };
        if self.calls.iter().any(|call| call.is_live()) {
            return Err(refusal("cannot test the microphone during a call", "hang up first"));
        }
        if self.mic_muted {
            return Err(refusal("the microphone is muted", "unmute it first"));
        }
        if self.sound_tester.is_some() {
            return Err(refusal("the microphone is being tested already", "it takes seven seconds"));
        }
        self.sound_tester = Some(asker);
        self.outputs.push_back(Output::Media(MediaCommand::TestSound));
        Ok(())
    }

    pub(super) fn sound_tested(&mut self, result: SoundTestResult) {
        if let Some(asker) = self.sound_tester.take() {
            self.outputs.push_back(Output::Reply(asker, Ok(Reply::SoundTest(result))));
        }
    }
}
