//! What `--audio-in`, `--audio-out` and `--audio-ring` name.

use super::audiosocket::Place;
use super::jack::Jack;
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// Which way the sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Into the phone: a microphone.
    Input,
    /// Out of the phone: a speaker.
    Output,
}

/// One way of having sound.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Spec {
    /// The system's default card; `null` where there is none.
    #[default]
    Default,
    /// The card of this name; the default one while it is missing.
    Device(String),
    /// Silence in, nothing out.
    Null,
    /// In: a WAV file played once, then silence. Out: one WAV file of what is heard while a call is up.
    File(PathBuf),
    /// In: a WAV file again and again.
    Loop(PathBuf),
    /// In: a sine of this frequency in Hz.
    Tone(f32),
    /// Raw s16le mono on stdin or stdout at this rate in Hz.
    Pipe {
        /// Samples a second.
        rate: u32,
    },
    /// What is played comes back as what is recorded; named on both sides.
    Loopback,
    /// In: a signal that moves like a voice, the same each time.
    Voice,
    /// A server of AudioSocket, for both ways at once.
    AudioSocket(Place),
    /// What is plugged in; no text names it.
    Jack(Jack),
}

/// Why a device text was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecError {
    /// No such kind.
    #[error(
        "unknown audio device '{0}': use default, device:NAME, null, file:PATH.wav, loop:PATH.wav, tone:HZ, pipe:, pipe:RATE, audiosocket:HOST:PORT, loop or voice"
    )]
    Unknown(String),
    /// The part after the colon is missing.
    #[error("audio device '{0}' lacks what follows the colon")]
    Missing(String),
    /// A frequency or rate that cannot be had.
    #[error("audio device '{0}': {1} is out of range ({2})")]
    Range(String, String, &'static str),
    /// A source used as an output.
    #[error("audio device '{0}' can only be listened to, not played on")]
    InputOnly(String),
    /// A server that is none.
    #[error("audio device '{0}' names no server: use audiosocket:HOST:PORT or audiosocket:HOST:PORT/RATE")]
    NoServer(String),
}

impl Spec {
    /// Reads `text` as a device for one direction; empty is `default`.
    pub fn parse(text: &str, direction: Direction) -> Result<Spec, SpecError> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        let needed = || match rest {
            Some(rest) if !rest.is_empty() => Ok(rest),
            _ => Err(SpecError::Missing(text.to_owned())),
        };
        let spec = match (kind, rest) {
            ("" | "default", None) => Spec::Default,
            ("null", None) => Spec::Null,
            ("loop", None) => Spec::Loopback,
            ("voice", None) => Spec::Voice,
            ("device", _) => Spec::Device(needed()?.to_owned()),
            ("file", _) => Spec::File(PathBuf::from(needed()?)),
            ("loop", _) => Spec::Loop(PathBuf::from(needed()?)),
            ("tone", _) => Spec::Tone(number(text, needed()?, 20.0, 20_000.0, "20-20000 Hz")?),
            ("pipe", None | Some("")) => Spec::Pipe { rate: 48_000 },
            ("pipe", Some(rate)) => {
                Spec::Pipe { rate: number(text, rate, 8_000.0, 192_000.0, "8000-192000 Hz")? as u32 }
            }
            ("audiosocket", _) => {
                let place = Place::parse(needed()?).ok_or_else(|| SpecError::NoServer(text.to_owned()))?;
                Spec::AudioSocket(place)
            }
            _ => return Err(SpecError::Unknown(text.to_owned())),
        };
        let input_only = matches!(spec, Spec::Loop(_) | Spec::Tone(_) | Spec::Voice);
        if direction == Direction::Output && input_only {
            return Err(SpecError::InputOnly(text.to_owned()));
        }
        Ok(spec)
    }

    /// True when opening it touches a sound card.
    pub fn is_hardware(&self) -> bool {
        matches!(self, Spec::Default | Spec::Device(_))
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spec::Default => f.write_str("default"),
            Spec::Device(name) => write!(f, "device:{name}"),
            Spec::Null => f.write_str("null"),
            Spec::File(path) => write!(f, "file:{}", path.display()),
            Spec::Loop(path) => write!(f, "loop:{}", path.display()),
            Spec::Tone(hz) => write!(f, "tone:{hz}"),
            Spec::Pipe { rate } => write!(f, "pipe:{rate}"),
            Spec::Loopback => f.write_str("loop"),
            Spec::Voice => f.write_str("voice"),
            Spec::AudioSocket(place) => write!(f, "audiosocket:{place}"),
            Spec::Jack(jack) => write!(f, "a program at {} Hz", jack.rate()),
        }
    }
}

fn number(text: &str, value: &str, low: f32, high: f32, range: &'static str) -> Result<f32, SpecError> {
    match value.parse::<f32>() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(SpecError::Range(text.to_owned(), value.to_owned(), range)),
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Input, Output};
    use super::*;

    #[test]
    fn every_form_is_read_and_printed_back() {
        let rows = [
            ("", Spec::Default),
            ("default", Spec::Default),
            ("device:USB Headset: Mono", Spec::Device("USB Headset: Mono".into())),
            ("null", Spec::Null),
            ("file:a b.wav", Spec::File("a b.wav".into())),
            (r"file:C:\x.wav", Spec::File(r"C:\x.wav".into())),
            ("loop:x.wav", Spec::Loop("x.wav".into())),
            ("tone:440", Spec::Tone(440.0)),
            ("pipe:", Spec::Pipe { rate: 48_000 }),
            ("pipe", Spec::Pipe { rate: 48_000 }),
            ("pipe:16000", Spec::Pipe { rate: 16_000 }),
            ("loop", Spec::Loopback),
            ("voice", Spec::Voice),
            (
                "audiosocket:[::1]:9019/16000",
                Spec::AudioSocket(Place { host: "::1".into(), port: 9_019, rate: 16_000 }),
            ),
        ];
        for (text, spec) in rows {
            assert_eq!(Spec::parse(text, Input), Ok(spec.clone()), "{text}");
            assert_eq!(Spec::parse(&spec.to_string(), Input), Ok(spec), "{text} printed back");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "speaker",
            "file:",
            "device",
            "tone:",
            "tone:0",
            "tone:NaN",
            "pipe:7999",
            "pipe:x",
            "null:1",
            ":x",
            "audiosocket",
            "audiosocket:host",
            "audiosocket:host:1/11025",
        ] {
            assert!(Spec::parse(text, Input).is_err(), "{text}");
        }
    }

    #[test]
    fn a_source_is_no_speaker() {
        for text in ["loop:x.wav", "tone:440", "voice"] {
            assert_eq!(Spec::parse(text, Output), Err(SpecError::InputOnly(text.to_owned())));
        }
        for text in ["default", "null", "file:x.wav", "pipe:", "loop", "device:x"] {
            assert!(Spec::parse(text, Output).is_ok(), "{text}");
        }
    }
}
