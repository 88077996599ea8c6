//! Words that verbs take: for whoever completes a line.

/// Words that stand in a place of a verb: what its table says in a sentence.
pub static WORDS: &[(&str, &str, &[&str])] = &[
    ("record", "action", &["start", "stop", "pause", "resume"]),
    ("mute", "path", &["mic", "speaker"]),
    ("unmute", "path", &["mic", "speaker"]),
    ("volume", "path", &["mic", "speaker", "mute", "unmute"]),
    ("dnd", "state", &["on", "off"]),
    ("autoanswer", "state", &["on", "off"]),
    ("autoconference", "state", &["on", "off"]),
    ("aec", "state", &["auto", "on", "off"]),
    ("denoise", "state", &["on", "off", "rnnoise"]),
    ("agc", "state", &["on", "off"]),
    ("boost", "state", &["on", "off"]),
    ("device", "kind", &["input", "output", "ring"]),
    ("contacts", "action", &["list", "search", "add", "edit", "rm", "refresh", "import", "export"]),
    ("history", "act", &["rm", "clear", "seen", "import"]),
    ("history", "kind", &["outgoing", "incoming", "missed", "answered_elsewhere"]),
    ("show", "how", &["normal", "minimized", "hidden"]),
    ("dtmf", "via", &["rtp", "info", "inband"]),
    ("dtmf", "press", &["down", "up"]),
    ("forward", "number", &["off"]),
    ("play", "file", &["stop"]),
    ("conference", "calls", &["off"]),
];
