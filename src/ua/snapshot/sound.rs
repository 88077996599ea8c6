//! The sound of a call as its faces see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which way sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundWay {
    /// To this phone.
    Rx,
    /// From it.
    Tx,
}

/// How far the handshake is that brings the keys of encrypted sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handshake {
    /// There are no keys yet, and no sound.
    Goes,
    /// There are keys.
    Done,
    /// There are none, and none will come.
    Failed,
    /// There were, until the far end closed it.
    Closed,
}

/// What a MOS means, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Grade {
    Good,
    Fair,
    Poor,
    Bad,
}

impl Grade {
    /// Of a MOS; those of the E-model's users: satisfied, some not, many not, nearly all not.
    pub fn of(mos: f64) -> Grade {
        match mos {
            4.0.. => Grade::Good,
            3.6..4.0 => Grade::Fair,
            3.1..3.6 => Grade::Poor,
            _ => Grade::Bad,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Good => "good",
            Grade::Fair => "fair",
            Grade::Poor => "poor",
            Grade::Bad => "bad",
        }
    }
}

/// How far ICE has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IceState {
    /// A way is looked for.
    #[default]
    Checking,
    /// Sound goes its way.
    Connected,
    /// None was found.
    Failed,
    /// The far end is not reached any more.
    Lost,
}

/// The way of a call's sound, as ICE knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IceInfo {
    /// How far it has come.
    pub state: IceState,
    /// What our end of it is: `host`, `srflx`, `prflx`, `relay`.
    pub local: Option<String>,
    /// What the far end's is.
    pub remote: Option<String>,
}

impl IceInfo {
    /// In few words.
    pub fn words(&self) -> &'static str {
        let is_relay = |end: &Option<String>| end.as_deref() == Some("relay");
        match self.state {
            IceState::Checking => "looking for a way",
            IceState::Connected if is_relay(&self.local) || is_relay(&self.remote) => "through a relay",
            IceState::Connected => "direct",
            IceState::Failed => "no way found",
            IceState::Lost => "way lost",
        }
    }
}

/// The sound of a call; the `media` object of the contract.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct MediaInfo {
    pub codec: String,
    pub clock_rate: u32,
    pub ptime_ms: u32,
    pub srtp: Option<String>,
    /// `None` = ICE is not used.
    pub ice: Option<IceInfo>,
    /// Where its keys come by DTLS: how far that is.
    pub dtls: Option<Handshake>,
    pub tx_packets: u64,
    pub rx_packets: u64,
    pub rx_lost: u64,
    pub rx_late: u64,
    pub jitter_ms: f64,
    pub rtt_ms: Option<f64>,
    pub playout_delay_ms: f64,
    /// Sound made up for packets that were not there in time; not what the next packet restored.
    pub concealed_ms: u64,
    /// Sound cut out or put in to hold that delay.
    pub stretched_ms: u64,
    /// Times the microphone's sound was missing or the speaker had nothing to play.
    pub mic_gaps: u32,
    pub speaker_gaps: u32,
    /// What waits between us and the microphone, and between us and the speaker.
    pub mic_delay_ms: f64,
    pub speaker_delay_ms: f64,
    pub mos_rx: Option<f64>,
    pub mos_tx: Option<f64>,
    /// Seconds from the answer to the first RTP packet.
    pub first_rtp_after: Option<f64>,
    /// Share of the packets of the last five seconds that were lost or too late, 0–1, and of all of them.
    pub rx_loss: f64,
    pub rx_loss_total: f64,
    /// Share of our packets lost by the far end's last report, and by all of them; its jitter.
    pub tx_loss: Option<f64>,
    pub tx_loss_total: Option<f64>,
    pub tx_jitter_ms: Option<f64>,
    /// Mouth to ear, as far as known.
    pub delay_ms: f64,
    /// `mos_rx` is that of the last five seconds; its mean and its least since the start.
    pub mos_rx_mean: Option<f64>,
    pub mos_rx_least: Option<f64>,
    /// The scale of all MOS: `nb` (G.107) or `wb` (G.107.1).
    pub mos_scale: String,
    /// `mos_rx` and `mos_tx` in a word, and what takes most from them unless it is good.
    pub grade_rx: Option<Grade>,
    pub grade_tx: Option<Grade>,
    pub cause_rx: Option<String>,
    pub cause_tx: Option<String>,
    /// Why nothing is heard here, and why this side is not heard there, while that is so.
    pub nothing_heard: Option<String>,
    pub not_heard: Option<String>,
    /// Seconds since the far end's last packet or report.
    pub idle: f64,
    /// What came to the ports of the call and was not taken, by its kind.
    pub dropped: BTreeMap<String, u64>,
}
