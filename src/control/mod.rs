//! How anyone talks to a phone: the one verb table, its spellings and JSON, the local socket, and `Link`.

pub mod announcement;
pub mod causes;
mod client;
#[cfg(unix)]
pub mod desktop;
pub mod feed;
pub mod format;
#[cfg(feature = "http")]
pub mod http;
pub mod json;
pub mod kind;
pub mod link;
pub mod messages;
#[cfg(feature = "mqtt")]
pub mod mqtt;
pub mod notice;
#[cfg(any(feature = "http", feature = "mqtt"))]
mod outside;
mod people;
mod place;
pub mod schema;
mod setting;
mod skew;
pub mod socket;
pub mod sound;
pub mod spelling;
pub mod told;
pub mod trace;
mod values;
pub mod verb;
#[cfg(windows)]
pub mod windows;

pub use crate::engine::MAX_NAME;
pub use crate::engine::address_book::{AddressBook, ContactsAsk};
pub use crate::engine::handle::{FaceAsk, Levels};
pub use crate::engine::setting::{SettingAsk, SettingChanged, SettingInfo, SettingTold};
pub use crate::engine::trace::ask::{TraceAsk, TraceLine};
pub use crate::engine::trace::message::{Traced, Way};
pub use crate::engine::trace::sound::{Depth as TraceDepth, TracedPacket};
pub use crate::engine::{Contact, Form, Found, HistoryAsk, Kind, Query, Record};
pub use crate::ua::command::{
    Command, CommandError, DtmfVia, HangupWhich, Press, RecordAct, Reloaded, Reply, Secret, SoundDevice, SoundPath,
    SoundTestResult, Switch, TransferTo, VoicePart, VolumeChange, decode_argument,
};
pub use crate::ua::event::Event;
pub use crate::ua::outcome::{EndedBy, ExitCode};
pub use crate::ua::snapshot::{
    AccountInfo, AskInfo, AudioInfo, CallDirection, CallInfo, CallState, Grade, Handshake, IceInfo, IceState,
    LightInfo, LightState, MediaInfo, MessageInfo, Party, PhoneState, PingInfo, PlayingInfo, PlayingState,
    RecordingInfo, RecordingState, RegistrationState, ShortcutInfo, SoundWay, Status, TlsTrust, TransferInfo,
    TransferState, VoiceInfo, VoicemailInfo,
};
pub use told::SoundCard;
