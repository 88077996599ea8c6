//! How the rest of the program reaches a running phone.

use super::media::MediaHandle;
use crate::ua::command::{Command, CommandError, Reply};
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::Status;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Events a slow reader may fall behind by before it misses some.
const EVENT_BACKLOG: usize = 256;

/// Questions that may wait at once.
const ASK_BACKLOG: usize = 256;

/// Sound levels, -96.0..=0.0 dBFS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// What the microphone brings, after mute and volume.
    pub mic_dbfs: f32,
    /// What the speaker plays.
    pub speaker_dbfs: f32,
}

/// What the signalling task is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Command(Command, oneshot::Sender<Result<Reply, CommandError>>),
    Status(oneshot::Sender<Status>),
}

/// A running phone; cheap to clone. The phone lives until `Command::Exit`, or until the last handle is gone.
#[derive(Clone)]
pub struct Handle {
    asks: mpsc::Sender<Ask>,
    changed: watch::Receiver<u64>,
    events: broadcast::Sender<Arc<Event>>,
    media: MediaHandle,
    addresses: Arc<[SocketAddr]>,
    codecs: Arc<[String]>,
}

/// The signalling task's ends of a `Handle`'s channels.
#[derive(Debug)]
pub(super) struct Ends {
    pub asks: mpsc::Receiver<Ask>,
    pub changed: watch::Sender<u64>,
    pub events: broadcast::Sender<Arc<Event>>,
}

pub(super) fn pair(media: MediaHandle, addresses: Vec<SocketAddr>, codecs: &[String]) -> (Handle, Ends) {
    let (asks, asks_rx) = mpsc::channel(ASK_BACKLOG);
    let (changed, changed_rx) = watch::channel(0);
    let (events, _) = broadcast::channel(EVENT_BACKLOG);
    let (addresses, codecs) = (addresses.into(), codecs.into());
    let handle = Handle { asks, changed: changed_rx, events: events.clone(), media, addresses, codecs };
    (handle, Ends { asks: asks_rx, changed, events })
}

impl Handle {
    /// Carries out a command.
    ///
    /// # Errors
    /// The agent's refusal, or `NoDaemon` when the phone has stopped.
    pub async fn request(&self, command: Command) -> Result<Reply, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Command(command, reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// The phone as it stands now.
    ///
    /// # Errors
    /// `NoDaemon` when the phone has stopped.
    pub async fn status(&self) -> Result<Status, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Status(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }

    /// Events from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Ticks whenever the status may have changed; closes when the phone stops.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    /// The addresses the phone listens on for SIP.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The codecs of the settings, the preferred first.
    pub fn codecs(&self) -> &[String] {
        &self.codecs
    }

    /// The sound levels now.
    pub fn levels(&self) -> Levels {
        let (mic, speaker) = self.media.levels();
        Levels { mic_dbfs: mic.peak_dbfs, speaker_dbfs: speaker.peak_dbfs }
    }
}

fn stopped() -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: "the phone has stopped".into(),
        hint: Some("start it again: tuiphone".into()),
    }
}
