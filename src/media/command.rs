//! The words between the signalling and the sound: what the agent asks of the media, what the media reports.

use super::quality::Cause;
use super::reach::{MediaPath, Reach};
use super::silence::{Silence, Way};
pub use super::voice_processing::{Noise, Treatment};
use crate::rtp::dropped::Tally;
pub use crate::rtp::dtls::Failure as HandshakeFailure;
use crate::sdp::{Agreed, IceDescription};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// One call's sound, numbered by the agent; never reused in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// What a stream's far side talks to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Endpoint {
    /// The microphone and the speaker.
    #[default]
    Phone,
    /// The same, each call by itself: none waits while another is talked with.
    Bench,
    /// What is heard is sent back.
    Echo,
    /// A spoken-like built-in announcement, again and again.
    Announcement,
    /// Received digits are sent back as tones (the demo's digit reader).
    DigitReader,
    /// A ringback tone as early media.
    Ringback,
    /// Nobody: what is heard is not played, and what the phone gives it in place of the microphone is silence.
    Silence,
}

impl Endpoint {
    /// Microphone and speaker.
    pub fn is_phone(&self) -> bool {
        matches!(self, Endpoint::Phone | Endpoint::Bench)
    }
}

/// A tone for the person at this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTone {
    /// An incoming call rings.
    Ring(Ringing),
    /// A second call knocks.
    CallWaiting,
    /// The far end rings, without early media.
    Ringback,
    /// The far end is busy (ends by itself).
    Busy,
    /// The call failed (ends by itself).
    Congestion,
    /// There is no such number (ends by itself).
    SpecialInformation,
    /// Numbers may be dialled.
    Dial,
}

/// Which ring; a ringtone of the person's own takes the place of the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ringing {
    /// The usual one.
    #[default]
    Usual,
    /// A colleague calls.
    Internal,
    /// Somebody from outside calls.
    External,
    /// It is urgent.
    Urgent,
}

/// A sound for the person at this phone that is over at once, beside what else sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortTone {
    /// A key was pressed, here or at the far end.
    Key(char),
    /// The far end has hung up.
    HangUp,
    /// Now it begins.
    Go,
}

/// From here a recording is cut off at the top; below that it is hard to understand.
const CLIPS_DBFS: f32 = -0.1;
const SOFT_DBFS: f32 = -36.0;

/// What the test of microphone and speaker recorded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SoundTestResult {
    /// The loudest sample, dBFS.
    pub loudest_dbfs: f32,
    /// The mean of the power, dBFS.
    pub mean_dbfs: f32,
    /// There was something to hear.
    pub heard: bool,
}

impl SoundTestResult {
    /// What it means, in a sentence.
    pub fn words(&self) -> String {
        let SoundTestResult { loudest_dbfs, mean_dbfs, heard } = self;
        let levels = format!("loudest {loudest_dbfs:.0} dBFS, {mean_dbfs:.0} dBFS in the mean");
        match *loudest_dbfs {
            _ if !heard => {
                "no sound came from the microphone: is it muted, is it the right one? `tuiphone devices` lists them"
                    .into()
            }
            loudest if loudest >= CLIPS_DBFS => format!("the microphone is too loud, turn it down: {levels}"),
            loudest if loudest < SOFT_DBFS => format!("the microphone is soft, turn it up or boost on: {levels}"),
            _ => format!("the microphone works: {levels}"),
        }
    }
}

/// What the agent asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaCommand {
    /// Bind an RTP/RTCP port pair on this address; answered by `Bound` or `BindFailed`, once the servers were asked that
    /// are to be. A stream that has one goes on over the new pair, or over the old one where there is none to be had.
    Bind {
        /// The stream.
        stream: StreamId,
        /// The local address, as the signalling's flow has it.
        local: IpAddr,
        /// How the far end is to reach it.
        reach: Box<Reach>,
    },
    /// Start, or change to, what was agreed.
    Start {
        /// The stream.
        stream: StreamId,
        /// What offer and answer settled.
        agreed: Box<Agreed>,
    },
    /// What the far side talks to; `Phone` if never said.
    Attach {
        /// The stream.
        stream: StreamId,
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// These streams hear each other beside the phone; all others, as far as they are at the phone, only the phone.
    Conference(Vec<StreamId>),
    /// Send a digit `0-9*#A-D`; answered by `DigitSent` when it and the pause behind it are over.
    SendDigit {
        /// The stream.
        stream: StreamId,
        /// The digit.
        digit: char,
        /// How long it lasts, unless `ReleaseDigit` comes sooner; 40 ms at least.
        duration: Duration,
        /// As tones in the sound, else by RFC 4733.
        inband: bool,
    },
    /// End the digit that is being sent.
    ReleaseDigit {
        /// The stream.
        stream: StreamId,
    },
    /// End the stream, close its sockets; a last `Stats` follows.
    Close {
        /// The stream.
        stream: StreamId,
    },
    /// Mute or open the microphone.
    MuteMic(bool),
    /// Mute or open the speaker.
    MuteSpeaker(bool),
    /// Volumes 0–100.
    Volume {
        /// Speaker.
        output: u8,
        /// Microphone.
        input: u8,
    },
    /// Start a tone for the person here, or silence it.
    Tone(Option<LocalTone>),
    /// Record three seconds and play them back; answered by `SoundTested`. Nothing while a call has sound.
    TestSound,
    /// Play a short tone for the person here.
    Short(ShortTone),
    /// What is to be done to the microphone's sound, and how far both ways are amplified.
    Voice(VoiceSettings),
    /// Record the call: what its far end hears and what it says. Answered by `Recording` and, at the end, `RecordEnded`.
    Record {
        /// The stream.
        stream: StreamId,
        /// Where and how.
        what: Recording,
    },
    /// Leave out what comes now, or no longer.
    PauseRecord {
        /// The stream.
        stream: StreamId,
        /// Leave it out.
        paused: bool,
    },
    /// Close the recording.
    StopRecord {
        /// The stream.
        stream: StreamId,
    },
    /// Play a file to the far end, in place of the one that is played; answered by `Playing` and `Played`.
    Play {
        /// The stream.
        stream: StreamId,
        /// What.
        clip: Clip,
    },
    /// End what is played.
    StopPlaying {
        /// The stream.
        stream: StreamId,
        /// The music on hold, not the file that was asked for.
        on_hold: bool,
    },
}

/// What is asked of the processing of voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoiceSettings {
    /// Take the speaker's echo out; `None` = where the devices in use can have one.
    pub echo: Option<bool>,
    /// What becomes of noise.
    pub noise: Noise,
    /// Bring voices to one level.
    pub gain: bool,
    /// Amplification of the microphone, dB.
    pub mic_boost_db: u8,
    /// Amplification of the speaker, dB.
    pub speaker_boost_db: u8,
}

/// A recording to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Into which file.
    pub file: RecordFile,
    /// Its form.
    pub format: RecordFormat,
    /// We left, the far end right; else both in one.
    pub stereo: bool,
}

/// The file of a recording. One that is there is never written over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordFile {
    /// This one.
    Named(PathBuf),
    /// A new one in the folder of recordings, called by date and this.
    Dated(String),
}

/// The form of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordFormat {
    /// Ogg/Opus.
    #[default]
    Ogg,
    /// WAV, 48 kHz, 16 bit.
    Wav,
}

impl RecordFormat {
    /// What its files end with.
    pub fn extension(self) -> &'static str {
        match self {
            RecordFormat::Ogg => "ogg",
            RecordFormat::Wav => "wav",
        }
    }
}

/// A file to play to a far end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// A WAV file.
    pub file: PathBuf,
    /// Again and again.
    pub repeats: bool,
    /// In place of the microphone, not beside it.
    pub alone: bool,
    /// It is the music on hold; a file that was asked for waits meanwhile.
    pub on_hold: bool,
}

/// What the media reports.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// Ports are bound.
    Bound {
        /// The stream.
        stream: StreamId,
        /// Our RTP address.
        rtp: SocketAddr,
        /// Our RTCP address.
        rtcp: SocketAddr,
        /// The addresses of RTP and RTCP to be told the far end in place of these.
        mapped: Option<(SocketAddr, SocketAddr)>,
        /// Our name, password and candidates, where ICE was asked for; what is to be told is one of them.
        ice: Option<Box<IceDescription>>,
    },
    /// No ports could be had.
    BindFailed {
        /// The stream.
        stream: StreamId,
        /// What was tried and why it failed.
        error: String,
    },
    /// Which way the sound goes, where ICE looks for it.
    Path {
        /// The stream.
        stream: StreamId,
        /// The way.
        path: MediaPath,
    },
    /// A STUN or TURN server is of no use to the stream; told once.
    Unreached {
        /// The stream.
        stream: StreamId,
        /// The server, as it was written.
        server: String,
        /// Why, not yet safe to show.
        why: String,
    },
    /// The first RTP packet that was played arrived.
    FirstPacket {
        /// The stream.
        stream: StreamId,
    },
    /// A digit arrived, once per press and way: who sends both is heard twice.
    Digit {
        /// The stream.
        stream: StreamId,
        /// The digit.
        digit: char,
        /// As tones in the sound, else by RFC 4733.
        inband: bool,
    },
    /// The digit asked for is out, and the pause behind it over.
    DigitSent {
        /// The stream.
        stream: StreamId,
    },
    /// The test of microphone and speaker is over.
    SoundTested(SoundTestResult),
    /// Sound that should be there is missing, or is back.
    Silence {
        /// The stream.
        stream: StreamId,
        /// Which way it goes.
        way: Way,
        /// Why it is missing; `None` = it is back.
        silence: Option<Silence>,
    },
    /// A handshake on the path of the sound brought keys: it goes encrypted from now on.
    Secured {
        /// The stream.
        stream: StreamId,
        /// The suite, by its name in the registry of RFC 4568.
        suite: &'static str,
    },
    /// It brought none, and none will come; nothing is sent, and nothing taken.
    NotSecured {
        /// The stream.
        stream: StreamId,
        /// Why.
        why: HandshakeFailure,
    },
    /// The far end has closed what the keys came of, as it does when it hangs up: nothing is sent, and nothing taken.
    KeysGone {
        /// The stream.
        stream: StreamId,
    },
    /// Counters, about once a second and at the end.
    Stats {
        /// The stream.
        stream: StreamId,
        /// The counters.
        stats: StreamStats,
    },
    /// What is done to the microphone's sound from now on.
    Treated(Treatment),
    /// Somebody speaks into the muted microphone; false = no longer. Ten seconds at least lie between two beginnings.
    TalkingMuted(bool),
    /// The call is recorded into this file: at the start, and when the file before was full.
    Recording {
        /// The stream.
        stream: StreamId,
        /// The file's name, not yet safe to show.
        file: String,
    },
    /// The recording is closed.
    RecordEnded {
        /// The stream.
        stream: StreamId,
        /// The last file; empty = there is none.
        file: String,
        /// Sound that the disk was too slow for; it is silence in the file.
        lost_ms: u64,
        /// Why it ended before it was asked to, as a sentence.
        error: Option<String>,
    },
    /// A file that was asked for is open and begins; never the music on hold.
    Playing {
        /// The stream.
        stream: StreamId,
    },
    /// A file was played to its end, or failed. Music on hold only fails.
    Played {
        /// The stream.
        stream: StreamId,
        /// It was the music on hold.
        on_hold: bool,
        /// What failed, as a sentence.
        error: Option<String>,
    },
}

/// Counters of one stream, since its start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamStats {
    /// Codec we send, `opus`, lower-case encoding name.
    pub codec: Arc<str>,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Sound per packet, ms.
    pub ptime_ms: u32,
    /// RTP packets sent.
    pub tx_packets: u64,
    /// RTP packets received that belong to the stream.
    pub rx_packets: u64,
    /// Packets never seen.
    pub rx_lost: u64,
    /// Packets too late to play.
    pub rx_late: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1), ms.
    pub jitter_ms: f64,
    /// Round trip from RTCP, ms.
    pub rtt_ms: Option<f64>,
    /// Fraction of our packets the peer reports lost (its last RR), 0..=1.
    pub tx_loss: Option<f64>,
    /// Delay of the jitter buffer now, ms.
    pub playout_delay_ms: f64,
    /// The delay the jitter buffer aims at, ms.
    pub target_delay_ms: f64,
    /// MOS estimate of what we hear (E-model, ITU-T G.107).
    pub mos_rx: Option<f64>,
    /// MOS estimate of what the peer hears.
    pub mos_tx: Option<f64>,
    /// Sound made up because its packets were not there, ms; what Opus restored out of the next packet is not.
    pub concealed_ms: u64,
    /// Sound cut out or put in to hold the jitter buffer's delay, ms.
    pub stretched_ms: u64,
    /// Times the microphone's sound was missing while the stream ran.
    pub mic_gaps: u32,
    /// Times the speaker had nothing to play while the stream ran.
    pub speaker_gaps: u32,
    /// How old the microphone's sound is when the stream takes it, ms, as far as we can see.
    pub mic_delay_ms: f64,
    /// How long the stream's sound waits for the speaker, ms, as far as we can see.
    pub speaker_delay_ms: f64,
    /// Share of the packets of the last five seconds that were lost or too late, 0..=1.
    pub rx_loss: f64,
    /// The same since the start.
    pub rx_loss_total: f64,
    /// Share of our packets that the peer has not seen since the start, 0..=1.
    pub tx_loss_total: Option<f64>,
    /// Interarrival jitter at the peer, ms.
    pub tx_jitter_ms: Option<f64>,
    /// Mouth to ear, as far as known, ms.
    pub delay_ms: f64,
    /// Mean of `mos_rx` since the start.
    pub mos_rx_mean: Option<f64>,
    /// The least `mos_rx` since the start.
    pub mos_rx_least: Option<f64>,
    /// The MOS are of the wide-band scale (G.107.1), not of the telephone's (G.107).
    pub mos_wide: bool,
    /// What takes most from what we hear, if it is not good.
    pub cause_rx: Option<Cause>,
    /// What takes most from what the peer hears.
    pub cause_tx: Option<Cause>,
    /// Why nothing is heard here, if so.
    pub silence_rx: Option<Silence>,
    /// Why nothing is heard there.
    pub silence_tx: Option<Silence>,
    /// Since the last packet or report of the far end, or since the start.
    pub idle: Duration,
    /// What came to the ports and was not taken.
    pub dropped: Tally,
}
