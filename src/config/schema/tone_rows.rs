//! The keys of ringing, tones and digits.

use super::field::*;
use super::{Kind, Row, settings, tuiphone};
use crate::config::value::flag;

/// Those of `[Settings]` and `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    settings(
        "ringingSound",
        Kind::Text,
        "",
        "WAV or MP3 file to ring with, %VARIABLES% expanded; a bare name is looked for in the configuration's folder and the \
         program's; empty = ringtone.wav there, else the ring made here",
        |s| s.ringing_sound.clone(),
        |s, v| set(&mut s.ringing_sound, v.to_owned()),
    ),
    settings(
        "volumeRing",
        Kind::Number,
        "100",
        "ring volume, 0-100; empty = 100",
        |s| s.volume_ring.to_string(),
        |s, v| volume(&mut s.volume_ring, v),
    ),
    settings(
        "DTMFMethod",
        Kind::Number,
        "0",
        "0 automatic, 1 in-band, 2 RFC 4733, 3 SIP INFO",
        |s| dtmf_text(s.dtmf_method),
        dtmf_method,
    ),
    settings(
        "localDTMF",
        Kind::Flag,
        "1",
        "1 = keys, the far end's hanging up and a second call are heard here",
        |s| digit(s.sound_events),
        |s, v| set(&mut s.sound_events, flag(v)),
    ),
    tuiphone(
        "toneCountry",
        Kind::Text,
        "auto",
        "country whose tones tell of ringing, busy and failed calls, such as gb or us; auto = by the locale",
        |s| s.tone_country.clone(),
        |s, v| set(&mut s.tone_country, if v.is_empty() { "auto".to_owned() } else { v.to_ascii_lowercase() }),
    ),
    tuiphone(
        "echoNumber",
        Kind::Text,
        "",
        "number of a service that sends back what it hears, such as *43; key l calls it",
        |s| s.echo_number.clone(),
        |s, v| set(&mut s.echo_number, v.to_owned()),
    ),
];
