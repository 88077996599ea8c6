//! The keys of how sound is coded.

use super::field::*;
use super::{Kind, Row, settings, tuiphone};
use crate::config::value::{flag, within};

/// Those of `[Settings]` and `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    settings(
        "audioCodecs",
        Kind::List,
        "opus/48000/2 G722/16000/1 PCMA/8000/1 PCMU/8000/1",
        "codecs, the preferred first; empty = the default list",
        |s| s.audio_codecs.join(" "),
        codecs,
    )
    .at_most(511),
    settings(
        "VAD",
        Kind::Flag,
        "0",
        "1 = nothing is sent in silence, where the far end can make the silence up",
        |s| digit(s.suppress_silence),
        |s, v| set(&mut s.suppress_silence, flag(v)),
    ),
    settings(
        "forceCodec",
        Kind::Flag,
        "0",
        "1 = answers go by the order of audioCodecs, not by the caller's",
        |s| digit(s.force_codec),
        |s, v| set(&mut s.force_codec, flag(v)),
    ),
    settings(
        "opusStereo",
        Kind::Flag,
        "0",
        "1 = Opus at 96 kbit/s, stereo welcome",
        |s| digit(s.opus_stereo),
        |s, v| set(&mut s.opus_stereo, flag(v)),
    ),
    tuiphone(
        "ptime",
        Kind::Number,
        "20",
        "sound per packet, 10-60 ms, where the far end does not say",
        |s| s.ptime_ms.to_string(),
        ptime,
    ),
    tuiphone(
        "opusBitrate",
        Kind::Number,
        "0",
        "Opus, 6000-510000 bit/s; 0 = 48000, or 96000 with opusStereo",
        |s| s.opus_bitrate.to_string(),
        opus_bitrate,
    ),
    tuiphone(
        "opusComplexity",
        Kind::Number,
        "9",
        "how hard Opus tries, 0-10: the more, the better and the more work",
        |s| s.opus_complexity.to_string(),
        opus_complexity,
    ),
    tuiphone(
        "opusCbr",
        Kind::Flag,
        "0",
        "1 = Opus packets of one size",
        |s| digit(s.opus_cbr),
        |s, v| set(&mut s.opus_cbr, flag(v)),
    ),
    tuiphone(
        "opusDtx",
        Kind::Flag,
        "0",
        "1 = Opus sends nothing in silence; VAD=1 says so too",
        |s| digit(s.opus_dtx),
        |s, v| set(&mut s.opus_dtx, flag(v)),
    ),
    tuiphone(
        "jitterBufferMin",
        Kind::Number,
        "10",
        "least delay of the jitter buffer, 10-400 ms; it grows by itself as the line makes necessary",
        |s| s.jitter_buffer_min_ms.to_string(),
        jitter_buffer_min,
    ),
];

fn jitter_buffer_min(s: &mut crate::config::Settings, value: &str) -> Option<String> {
    let (number, complaint) = within::<u16>(value, 400);
    s.jitter_buffer_min_ms = u16::try_from(number).unwrap_or(0).max(10);
    complaint
}

fn ptime(s: &mut crate::config::Settings, value: &str) -> Option<String> {
    let (number, complaint) = within::<u16>(value, 60);
    s.ptime_ms = match u16::try_from(number).unwrap_or(0) {
        0 => 20,
        ms => ms.max(10) / 10 * 10,
    };
    complaint
}

fn opus_bitrate(s: &mut crate::config::Settings, value: &str) -> Option<String> {
    let (number, complaint) = within::<u32>(value, 510_000);
    s.opus_bitrate = match u32::try_from(number).unwrap_or(0) {
        0 => 0,
        rate => rate.max(6_000),
    };
    complaint
}

fn opus_complexity(s: &mut crate::config::Settings, value: &str) -> Option<String> {
    let (number, complaint) = within::<u8>(value, 10);
    s.opus_complexity = u8::try_from(number).unwrap_or(9);
    complaint
}
