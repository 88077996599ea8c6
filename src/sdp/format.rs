//! The formats of an RTP media line: static numbers, rtpmap and fmtp read together.

use super::{Attribute, Format, Media};

/// Encoding name of RFC 4733 events.
const TELEPHONE_EVENT: &str = "telephone-event";
/// Encoding name of RFC 3389 comfort noise.
const COMFORT_NOISE: &str = "CN";

impl Format {
    /// True for RFC 4733 telephone events.
    pub fn is_telephone_event(&self) -> bool {
        self.encoding.eq_ignore_ascii_case(TELEPHONE_EVENT)
    }

    /// True when DTMF tones come through this coding: those that keep the waveform, and Opus above the rates at which it
    /// models a voice.
    pub fn carries_tones(&self) -> bool {
        const KEEP: [&str; 4] = ["PCMU", "PCMA", "G722", "L16"];
        const LEAST_OPUS_BIT_RATE: u32 = 16_000;
        let fast = self.parameter("maxaveragebitrate").is_none_or(|rate| rate >= LEAST_OPUS_BIT_RATE);
        let is = |name: &str| self.encoding.eq_ignore_ascii_case(name);
        KEEP.into_iter().any(is) || (is("opus") && fast)
    }

    /// A parameter of `name=value;name=value` that is a number; one beyond 32 bits is as good as none.
    pub(super) fn parameter(&self, name: &str) -> Option<u32> {
        let mut parameters = self.fmtp.as_deref()?.split(';').filter_map(|part| part.split_once('='));
        parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?.1.trim().parse().ok()
    }

    /// True for RFC 3389 comfort noise.
    pub fn is_comfort_noise(&self) -> bool {
        self.encoding.eq_ignore_ascii_case(COMFORT_NOISE)
    }

    /// True for what carries sound; the rest stands beside it.
    pub fn is_sound(&self) -> bool {
        !self.is_telephone_event() && !self.is_comfort_noise()
    }

    /// Comfort noise on this number, beside sound of an 8 kHz clock.
    pub fn comfort_noise(payload_type: u8) -> Format {
        Format { payload_type, encoding: COMFORT_NOISE.into(), clock_rate: 8_000, channels: 1, fmtp: None }
    }

    /// The events we take on this number: the keys 0–9 * # A–D.
    pub(super) fn telephone_event(payload_type: u8, clock_rate: u32) -> Format {
        Format { payload_type, encoding: TELEPHONE_EVENT.into(), clock_rate, channels: 1, fmtp: Some("0-15".into()) }
    }

    /// The `a=rtpmap` and `a=fmtp` lines of this format.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute> {
        let Format { payload_type, encoding, clock_rate, channels, fmtp } = self;
        let channels = if *channels > 1 { format!("/{channels}") } else { String::new() };
        let rtpmap = Attribute::with_value("rtpmap", format!("{payload_type} {encoding}/{clock_rate}{channels}"));
        let fmtp = fmtp.as_ref().map(|fmtp| Attribute::with_value("fmtp", format!("{payload_type} {fmtp}")));
        std::iter::once(rtpmap).chain(fmtp)
    }
}

/// The formats of an RTP line that can be named, in its order, each number once. A dynamic number without rtpmap
/// is passed over.
pub(super) fn formats_of(media: &Media) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    for number in media.formats.iter().filter_map(|token| token.parse::<u8>().ok()).filter(|n| *n < 128) {
        if formats.iter().any(|known| known.payload_type == number) {
            continue;
        }
        let named = numbered_values(media, "rtpmap", number).find_map(rtpmap).or_else(|| static_format(number));
        let Some((encoding, clock_rate, channels)) = named else { continue };
        let fmtp = numbered_values(media, "fmtp", number).next().filter(|p| !p.is_empty()).map(str::to_owned);
        formats.push(Format { payload_type: number, encoding, clock_rate, channels, fmtp });
    }
    formats
}

/// What follows the number in `a=name:number …`.
fn numbered_values<'a>(media: &'a Media, name: &'a str, number: u8) -> impl Iterator<Item = &'a str> {
    media.attributes_named(name).filter_map(move |value| {
        let (head, rest) = value.split_once([' ', '\t'])?;
        (head.parse() == Ok(number)).then(|| rest.trim())
    })
}

/// `opus/48000/2`
fn rtpmap(value: &str) -> Option<(String, u32, u8)> {
    let mut parts = value.split_ascii_whitespace().next()?.split('/');
    let encoding = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let clock_rate = parts.next()?.parse().ok().filter(|rate| *rate > 0)?;
    let channels = parts.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).unwrap_or(1);
    Some((encoding, clock_rate, channels))
}

//= RFC 3551 §6: payload types that need no rtpmap
fn static_format(number: u8) -> Option<(String, u32, u8)> {
    let (encoding, clock_rate, channels) = match number {
        0 => ("PCMU", 8_000, 1),
        3 => ("GSM", 8_000, 1),
        4 => ("G723", 8_000, 1),
        7 => ("LPC", 8_000, 1),
        8 => ("PCMA", 8_000, 1),
        9 => ("G722", 8_000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        12 => ("QCELP", 8_000, 1),
        13 => ("CN", 8_000, 1),
        15 => ("G728", 8_000, 1),
        18 => ("G729", 8_000, 1),
        _ => return None,
    };
    Some((encoding.to_owned(), clock_rate, channels))
}
