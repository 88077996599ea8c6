//! The named parameters of a request, and what they may hold.

use super::verb::Request;
use super::{Command, DtmfVia, FaceAsk, Press, RecordAct, SoundDevice, SoundPath, Switch, VoicePart, VolumeChange};
use std::collections::BTreeMap;
use std::time::Duration;

/// Named parameters of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// The names that were given.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names of those with a control character within.
    pub(super) fn controlled(&self) -> impl Iterator<Item = &str> {
        let has = |(_, value): &(&String, &String)| value.trim().chars().any(char::is_control);
        self.0.iter().filter(has).map(|(name, _)| name.as_str())
    }

    /// Sets a parameter.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|v| v.trim()).filter(|v| !v.is_empty()).map(str::to_owned)
    }

    /// As it was given, which may be nothing.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.trim().to_owned())
    }

    pub(super) fn need(&self, name: &str) -> Result<String, String> {
        self.text(name).ok_or_else(|| format!("no {name} given"))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name).map(String::as_str), Some("true" | "1" | "yes"))
    }

    pub(super) fn number(&self, name: &str, low: u16, high: u16) -> Result<Option<u16>, String> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(n) if (low..=high).contains(&n) => Ok(Some(n)),
            _ => Err(format!("{name} is a number from {low} to {high}, not '{text}'")),
        }
    }

    pub(super) fn switch(&self, name: &str) -> Result<bool, String> {
        match self.need(name)?.to_ascii_lowercase().as_str() {
            "on" | "1" => Ok(true),
            "off" | "0" => Ok(false),
            other => Err(format!("'{other}' is neither on nor off")),
        }
    }

    pub(super) fn path(&self) -> Result<SoundPath, String> {
        match self.text("path").as_deref() {
            None => Ok(SoundPath::Mic),
            Some(word) => sound_path(word).ok_or_else(|| format!("'{word}' is neither mic nor speaker")),
        }
    }
}

/// `record start c1`.
pub(super) fn record(v: &Values) -> Result<Request, String> {
    let (word, file) = (v.need("action")?.to_ascii_lowercase(), v.text("file"));
    let act = match (word.as_str(), file) {
        ("start" | "on", file) => RecordAct::Start { file },
        (_, Some(_)) => return Err("only a recording that starts takes a file".into()),
        ("stop" | "off", None) => RecordAct::Stop,
        ("pause", None) => RecordAct::Pause,
        ("resume", None) => RecordAct::Resume,
        (other, None) => return Err(format!("'{other}' is none of start, stop, pause, resume")),
    };
    Ok(Request::Command(Command::Record { call: v.text("call"), act }))
}

fn sound_path(word: &str) -> Option<SoundPath> {
    match word.to_ascii_lowercase().as_str() {
        "mic" | "microphone" | "input" => Some(SoundPath::Mic),
        "speaker" | "output" => Some(SoundPath::Speaker),
        _ => None,
    }
}

pub(super) fn volume(v: &Values) -> Result<Request, String> {
    let (path, level) = match (v.text("path"), v.text("level")) {
        (None, level) => (SoundPath::Speaker, level),
        (Some(word), level) => match (sound_path(&word), level) {
            (Some(path), level) => (path, level),
            (None, None) => (SoundPath::Speaker, Some(word)),
            (None, Some(_)) => return Err(format!("'{word}' is neither mic nor speaker")),
        },
    };
    match level.as_deref() {
        Some("mute") => return Ok(Request::Command(Command::Mute { path })),
        Some("unmute") => return Ok(Request::Command(Command::Unmute { path })),
        _ => {}
    }
    let change = match level {
        None => VolumeChange::By(0),
        Some(text) => {
            let bad = || format!("a volume is 0 to 100, +N or -N, not '{text}'");
            let number: i16 = text.parse().map_err(|_| bad())?;
            match text.starts_with(['+', '-']) {
                true => VolumeChange::By(number.clamp(-100, 100)),
                false => VolumeChange::To(u8::try_from(number).ok().filter(|n| *n <= 100).ok_or_else(bad)?),
            }
        }
    };
    Ok(Request::Command(Command::Volume { path, change }))
}

/// Longest name of a sound card, in characters: what MicroSIP reads.
const MAX_DEVICE: usize = 255;

/// `device output USB Headset`.
pub(super) fn device(v: &Values) -> Result<Request, String> {
    let (kind, name) = (v.need("kind")?.to_ascii_lowercase(), v.need("name")?);
    let device = match kind.as_str() {
        "mic" | "microphone" => Some(SoundDevice::Input),
        "speaker" => Some(SoundDevice::Output),
        word => SoundDevice::ALL.into_iter().find(|device| device.word() == word),
    };
    let device = device.ok_or_else(|| format!("'{kind}' is none of input, output, ring"))?;
    if name.chars().count() > MAX_DEVICE {
        return Err(format!("the name of a sound card has {MAX_DEVICE} characters at most"));
    }
    let name = if name.eq_ignore_ascii_case("default") { String::new() } else { name };
    Ok(Request::Command(Command::Device { device, name }))
}

/// The verbs that change what is done to voices.
pub(super) fn voice_verbs() -> impl Iterator<Item = (&'static str, VoicePart)> {
    [("aec", VoicePart::Echo), ("denoise", VoicePart::Noise), ("agc", VoicePart::Gain), ("boost", VoicePart::Boost)]
        .into_iter()
}

pub(super) fn voice(v: &Values, part: VoicePart) -> Result<Request, String> {
    let state = v.need("state")?.to_ascii_lowercase();
    if (part, state.as_str()) == (VoicePart::Noise, "rnnoise") {
        return Ok(Request::Command(Command::Voice { part: VoicePart::Rnnoise, how: Switch::On }));
    }
    let how = match state.as_str() {
        "on" | "1" => Switch::On,
        "off" | "0" => Switch::Off,
        "auto" if part == VoicePart::Echo => Switch::Auto,
        other if part == VoicePart::Echo => return Err(format!("'{other}' is none of auto, on, off")),
        other if part == VoicePart::Noise => return Err(format!("'{other}' is none of on, off, rnnoise")),
        other => return Err(format!("'{other}' is neither on nor off")),
    };
    Ok(Request::Command(Command::Voice { part, how }))
}

pub(super) fn dtmf(v: &Values) -> Result<Request, String> {
    let typed = v.need("digits")?;
    let (typed, asks) = typed.strip_suffix('?').map_or((typed.as_str(), false), |typed| (typed, true));
    if typed.is_empty() {
        return Err("no digits given".into());
    }
    if let Some(bad) = typed.chars().find(|c| !matches!(c, '0'..='9' | '*' | '#' | 'A'..='D' | 'a'..='d' | ',')) {
        return Err(format!("'{}' is no DTMF digit", crate::text::sanitise(&bad.to_string())));
    }
    let digits = typed.to_ascii_uppercase();
    if digits.len() > 64 {
        return Err("at most 64 digits at once".into());
    }
    if asks {
        return Ok(Request::Face(FaceAsk::Digits { digits }));
    }
    let via = match v.text("via").as_deref() {
        None => None,
        Some("rtp") => Some(DtmfVia::Rtp),
        Some("info") => Some(DtmfVia::Info),
        Some("inband") => Some(DtmfVia::Inband),
        Some(other) => return Err(format!("'{other}' is none of rtp, info, inband")),
    };
    let lasts = v.number("duration", 40, 5_000)?;
    let press = match (v.text("press").as_deref(), lasts) {
        (None, None) => Press::Tap,
        (None, Some(ms)) => Press::For(Duration::from_millis(ms.into())),
        (Some("down"), None) => Press::Down,
        (Some("up"), None) => Press::Up,
        (Some(_), Some(_)) => return Err("either --press or --duration".into()),
        (Some(other), None) => return Err(format!("'{other}' is neither down nor up")),
    };
    Ok(Request::Command(Command::Dtmf { call: v.text("call"), digits, press, via }))
}
