//! The verbs of the phone as the keymap has them: their keys that are letters, and their words for the footer.

/// Verbs that need more than an interface has: a stream that goes on, or a secret.
pub(super) const NOT_HERE: &[&str] = &["sound", "watch", "attach", "trace", "composing", "session-password"];

/// Verbs of the keymap: name, words for the footer, and the keys that do it too, most while nothing is being typed.
/// The keys of the verb table itself are no letters, so that they work always.
pub(super) const VERB_KEYS: &[(&str, &str, &[&str])] = &[
    ("call", "call", &[]),
    ("answer", "answer", &["a"]),
    ("reject", "reject", &["r"]),
    ("hangup", "hang up", &["h"]),
    ("ignore", "ignore", &["g"]),
    ("hold", "hold", &["o"]),
    ("resume", "resume", &[]),
    ("conference", "conference", &["C"]),
    ("record", "record", &["e"]),
    ("play", "play a file", &["y"]),
    ("mute", "mute", &["m"]),
    ("transfer", "transfer", &["t"]),
    ("dnd", "do not disturb", &["d"]),
    ("forward", "forward calls", &["f"]),
    ("contacts", "contacts", &["b", "Space c"]),
    ("history", "history", &["i", "Space h"]),
    ("redial", "redial", &["n"]),
    ("available", "end the pause", &["z"]),
    ("pickup", "pick up", &["p"]),
    ("park", "park", &["P"]),
    ("retrieve", "retrieve", &["R"]),
    ("aec", "echo canceller", &["E"]),
    ("denoise", "noise suppression", &["N"]),
    ("agc", "automatic gain", &["G"]),
    ("boost", "mic boost", &["B"]),
    ("test-audio", "test the microphone", &["T"]),
    ("voicemail", "voicemail", &["v"]),
    ("shortcut", "shortcut", &["Alt-1", "Alt-2", "Alt-3", "Alt-4", "Alt-5", "Alt-6", "Alt-7", "Alt-8"]),
];
