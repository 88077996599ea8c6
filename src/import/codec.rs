//! Codecs by the names that softphones give them, as the ids of `audioCodecs`.

/// Name, sampling rate in Hz (0 = any), id.
const CODECS: &[(&str, u32, &str)] = &[
    ("opus", 0, "opus/48000/2"),
    ("g722", 0, "G722/16000/1"),
    ("pcma", 0, "PCMA/8000/1"),
    ("g711a", 0, "PCMA/8000/1"),
    ("pcmu", 0, "PCMU/8000/1"),
    ("g711u", 0, "PCMU/8000/1"),
    ("g729", 0, "G729/8000/1"),
    ("g729a", 0, "G729/8000/1"),
    ("gsm", 0, "GSM/8000/1"),
    ("ilbc", 0, "iLBC/8000/1"),
    ("speex-uwb", 0, "speex/32000/1"),
    ("speex-wb", 0, "speex/16000/1"),
    ("speex-nb", 0, "speex/8000/1"),
    ("speex", 32_000, "speex/32000/1"),
    ("speex", 16_000, "speex/16000/1"),
    ("speex", 0, "speex/8000/1"),
    ("amr-wb", 0, "AMR-WB/16000/1"),
    ("amr", 0, "AMR/8000/1"),
    ("l16", 44_100, "L16/44100/1"),
    ("l16", 16_000, "L16/16000/1"),
    ("l16", 0, "L16/8000/1"),
];

/// The id of a codec; `rate_hz` 0 = not said.
pub(super) fn id(name: &str, rate_hz: u32) -> Option<&'static str> {
    let fits = |(known, rate, _): &&(&str, u32, &str)| {
        known.eq_ignore_ascii_case(name.trim()) && (*rate == 0 || *rate == rate_hz)
    };
    CODECS.iter().find(fits).map(|(_, _, id)| *id)
}

/// A list of ids without repetition; empty if none is known.
pub(super) fn ids(codecs: impl Iterator<Item = (String, u32)>) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for (name, rate_hz) in codecs {
        ids.extend(id(&name, rate_hz).filter(|id| !ids.contains(id)));
    }
    ids.join(" ")
}
