//! The media thread: one for all calls, a 10 ms tick of its own, RTP sockets polled between ticks.

mod bcg729;
mod devices;
mod ends;
mod fill;
mod finishing;
pub mod lines;
mod links;
mod player;
mod ports;
mod recorder;
mod ringtone;
mod run;
mod servers;
pub mod tap;
mod tick;
mod wires;

use crate::audio::{Latency, Spec};
use crate::config::{Account, Settings, TlsSettings};
use crate::engine::trace::sound::{Depth, Seen};
use crate::media::codec::{Codec, Tuning};
use crate::media::command::{MediaCommand, MediaEvent, StreamId};
use crate::media::level::{Levels, Meter};
use crate::media::tone::Plan;
use crate::rtp::dtls::Certificate;
use crate::ua::sound;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

use finishing::Written;
use links::Links;
use player::Player;
pub use recorder::Place;
use recorder::Tape;
use servers::{Bell, Names};
use tap::{Plug, Tap};

/// How the media thread is set up.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// The microphone.
    pub input: Spec,
    /// The speaker.
    pub output: Spec,
    /// Where incoming calls ring.
    pub ring: Spec,
    /// How early sound is handed to devices.
    pub latency: Latency,
    /// First RTP port; 0 = any.
    pub rtp_port_min: u16,
    /// Last RTP port; 0 = any.
    pub rtp_port_max: u16,
    /// Where no microphone can be opened a synthetic voice speaks, as in the demo.
    pub voice_without_card: bool,
    /// Ring volume, 0–100.
    pub volume_ring: u8,
    /// How sound is coded.
    pub tuning: Tuning,
    /// The person's own ringtone, a WAV file.
    pub ring_sound: Option<PathBuf>,
    /// The country whose call progress tones are played, such as `gb`; empty = the common European ones.
    pub tone_country: String,
    /// Where calls are recorded.
    pub recordings: Place,
    /// How TURN servers prove who they are.
    pub turn_tls: TlsSettings,
    /// What this phone shows to far ends whose sound is keyed by DTLS; `None` = one for this run.
    pub certificate: Option<Certificate>,
    /// Seed of SSRCs, sequence numbers and RTCP intervals; 0 = by chance. Never the same in two phones that may talk.
    pub seed: u64,
}

impl Default for MediaConfig {
    fn default() -> MediaConfig {
        MediaConfig {
            input: Spec::Default,
            output: Spec::Default,
            ring: Spec::Default,
            latency: Latency::NORMAL,
            rtp_port_min: 0,
            rtp_port_max: 0,
            voice_without_card: false,
            volume_ring: 100,
            tuning: Tuning::default(),
            ring_sound: None,
            tone_country: String::new(),
            recordings: Place::default(),
            turn_tls: TlsSettings::default(),
            certificate: None,
            seed: 0,
        }
    }
}

/// Whether the tones of this country are known, by its code.
pub fn has_tones_of(country: &str) -> bool {
    Plan::of(country).is_some()
}

/// How sound is coded by these settings, with what is installed.
pub fn tuning(settings: &Settings) -> Tuning {
    let wanted = settings.audio_codecs.iter().any(|id| Codec::by_id(id).is_some_and(|codec| codec.encoding == "G729"));
    Tuning { g729: wanted.then(bcg729::load).flatten(), ..sound::tuning(settings) }
}

/// How TURN servers prove who they are: by the authorities of the first account that has one. A fingerprint is that of its
/// SIP server, and our certificate is for that alone.
pub fn turn_tls(accounts: &[Account]) -> TlsSettings {
    let account = accounts.iter().find(|account| !account.turn.servers.is_empty());
    let tls = account.map(|account| account.tls.clone()).unwrap_or_default();
    TlsSettings { ca_file: tls.ca_file, verify: tls.verify, wildcard: tls.wildcard, ..TlsSettings::default() }
}

/// Everything that can be had, whatever the settings say.
pub fn everything() -> Tuning {
    Tuning { g729: bcg729::load(), ..Tuning::default() }
}

/// What comes out of the media thread.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaReport {
    /// For the agent.
    Event(MediaEvent),
    /// For the person: a device is missing; already without control characters.
    Warning(String),
    /// What was missing is back.
    Restored,
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

/// Commands that may wait.
const QUEUE: usize = 256;

/// The door to the media thread; the thread ends when the last handle is dropped.
#[derive(Clone)]
pub struct MediaHandle {
    door: Arc<Door>,
    levels: Arc<Levels>,
}

/// Told by whatever thread has something to tell.
type Reporter = Arc<dyn Fn(MediaReport) + Send + Sync>;

/// A command, with what its threads at the other end of a ring are fed by.
enum Order {
    Command(MediaCommand),
    Record(StreamId, Tape),
    Play(StreamId, Player),
    Tap(StreamId, Plug),
    Configure(Box<MediaConfig>),
    Trace(Depth, tokio::sync::mpsc::Sender<Seen>),
    Finish,
}

struct Door {
    /// `None` only while being dropped.
    commands: Option<SyncSender<Order>>,
    recordings: Mutex<Place>,
    written: Mutex<Option<Written>>,
    report: Reporter,
    bell: Bell,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.commands = None;
        self.bell.ring();
    }
}

impl MediaHandle {
    /// Hands over a command; never blocks. Files are opened by threads of their own.
    pub fn send(&self, command: MediaCommand) -> Result<(), MediaGone> {
        let report = self.door.report.clone();
        let order = match command {
            MediaCommand::Record { stream, what } => {
                let place = self.door.recordings.lock().unwrap_or_else(PoisonError::into_inner).clone();
                recorder::start(stream, what, &place, report).map(|tape| Order::Record(stream, tape))
            }
            MediaCommand::Play { stream, clip } => {
                player::start(stream, clip, report).map(|player| Order::Play(stream, player))
            }
            command => Ok(Order::Command(command)),
        };
        let order = match order {
            Ok(order) => order,
            Err(error) => {
                (self.door.report)(MediaReport::Warning(format!("no thread for a sound file: {error}")));
                return Ok(());
            }
        };
        self.order(order)
    }

    /// Hands over another configuration; never blocks. Devices change at once if they are others, streams are made by it
    /// from now on. Its certificate counts if there was none; its seed counts for nothing.
    pub fn configure(&self, config: MediaConfig) -> Result<(), MediaGone> {
        *self.door.recordings.lock().unwrap_or_else(PoisonError::into_inner) = config.recordings.clone();
        self.order(Order::Configure(Box::new(config)))
    }

    /// From now on packets are told there, as long as it is read; never blocks.
    pub fn trace(&self, depth: Depth, out: tokio::sync::mpsc::Sender<Seen>) -> Result<(), MediaGone> {
        self.order(Order::Trace(depth, out))
    }

    /// Lets go of what sound is written to, for good; what comes of it ends when files are whole and servers have been told,
    /// and is bounded by whoever waits.
    pub fn finish(&self) -> impl Future<Output = ()> + use<> {
        let written = self.door.written.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that has ended holds nothing.
        let _ = self.order(Order::Finish);
        async move {
            if let Some(written) = written {
                written.all().await;
            }
        }
    }

    /// Listens to a stream and speaks in it, in place of whoever did so before; never blocks. Of a stream that is not there
    /// nothing is heard.
    pub fn tap(&self, stream: StreamId) -> Result<Tap, MediaGone> {
        let (tap, plug) = tap::pair();
        self.order(Order::Tap(stream, plug))?;
        Ok(tap)
    }

    /// As `tap`, in place of microphone and speaker: for good, and from its beginning, of a stream that is yet to come too.
    pub fn take_over(&self, stream: StreamId) -> Result<Tap, MediaGone> {
        let (tap, mut plug) = tap::pair();
        plug.instead = true;
        self.order(Order::Tap(stream, plug))?;
        Ok(tap)
    }

    fn order(&self, order: Order) -> Result<(), MediaGone> {
        let commands = self.door.commands.as_ref().ok_or(MediaGone::Ended)?;
        commands.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => MediaGone::Full,
            TrySendError::Disconnected(_) => MediaGone::Ended,
        })?;
        self.door.bell.ring();
        Ok(())
    }

    /// What the microphone and the speaker carry now, dBFS; cheap enough for each frame drawn.
    pub fn levels(&self) -> (Meter, Meter) {
        (self.levels.mic(), self.levels.speaker())
    }
}

/// Starts the media thread. `report` is called on that thread and those of files, and must not block. Names of servers are
/// looked for on the runtime that this is called on, if it is.
pub fn spawn(config: MediaConfig, report: impl Fn(MediaReport) + Send + Sync + 'static) -> io::Result<MediaHandle> {
    let report: Reporter = Arc::new(report);
    let recordings = config.recordings.clone();
    let told = report.clone();
    let poll = mio::Poll::new()?;
    let waker = Arc::new(mio::Waker::new(poll.registry(), run::WAKE)?);
    let (runtime, ears) = (tokio::runtime::Handle::try_current().ok(), waker.clone());
    let (sender, commands) = sync_channel(QUEUE);
    let (writing, written) = finishing::pair();
    let levels = Arc::new(Levels::default());
    let shared = levels.clone();
    let thread = std::thread::Builder::new().name("media".to_owned()).stack_size(1024 * 1024).spawn(move || {
        let priority = crate::audio::priority::raise();
        tracing::info!(?priority, "media thread");
        let bell = Bell { waker: ears, thread: std::thread::current() };
        let links = Links::new(runtime.clone(), bell.clone(), config.turn_tls.clone());
        run::Loop::new(
            config,
            (poll, Names::new(runtime, bell), links),
            (commands, writing),
            shared,
            Box::new(move |news| told(news)),
        )
        .run();
    })?;
    let bell = Bell { waker, thread: thread.thread().clone() };
    let (recordings, written) = (Mutex::new(recordings), Mutex::new(Some(written)));
    let door = Door { commands: Some(sender), recordings, written, report, bell };
    Ok(MediaHandle { door: Arc::new(door), levels })
}

#[cfg(test)]
mod tests;
