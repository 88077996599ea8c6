//! The media thread: one for all calls, a 10 ms tick of its own, RTP sockets polled between ticks.

use crate::audio::Spec;
use crate::media::command::{MediaCommand, MediaEvent};
use crate::media::level::{Levels, Meter};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use thiserror::Error;

/// How the media thread is set up.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// The microphone.
    pub input: Spec,
    /// The speaker.
    pub output: Spec,
    /// Where incoming calls ring.
    pub ring: Spec,
    /// First RTP port; 0 = any.
    pub rtp_port_min: u16,
    /// Last RTP port; 0 = any.
    pub rtp_port_max: u16,
    /// Ring volume, 0–100.
    pub volume_ring: u8,
    /// Seed of SSRCs, sequence numbers and RTCP intervals.
    pub seed: u64,
}

impl Default for MediaConfig {
    fn default() -> MediaConfig {
        MediaConfig {
            input: Spec::Default,
            output: Spec::Default,
            ring: Spec::Default,
            rtp_port_min: 0,
            rtp_port_max: 0,
            volume_ring: 100,
            seed: 0,
        }
    }
}

/// What comes out of the media thread.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaReport {
    /// For the agent.
    Event(MediaEvent),
    /// For the person: a device is missing or came back; already without control characters.
    Warning(String),
}

/// The media thread cannot take a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MediaGone {
    /// It does not keep up.
    #[error("the media thread does not take commands: its queue is full")]
    Full,
    /// It has ended.
    #[error("the media thread has ended")]
    Ended,
}

/// The door to the media thread; the thread ends when the last handle is dropped.
#[derive(Clone)]
pub struct MediaHandle {
    commands: SyncSender<MediaCommand>,
    waker: Arc<mio::Waker>,
    levels: Arc<Levels>,
}

impl MediaHandle {
    /// Hands over a command; never blocks.
    pub fn send(&self, command: MediaCommand) -> Result<(), MediaGone> {
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => MediaGone::Full,
            TrySendError::Disconnected(_) => MediaGone::Ended,
        })?;
        let _ = self.waker.wake();
        Ok(())
    }

    /// What the microphone and the speaker carry now, dBFS; cheap enough for each frame drawn.
    pub fn levels(&self) -> (Meter, Meter) {
        (self.levels.mic(), self.levels.speaker())
    }
}

/// Starts the media thread. `report` is called on that thread and must not block.
pub fn spawn(config: MediaConfig, report: impl FnMut(MediaReport) + Send + 'static) -> io::Result<MediaHandle> {
    let _ = (config, report);
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
