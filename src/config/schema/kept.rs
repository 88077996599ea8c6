//! The keys that MicroSIP has and this phone does not use: they stay in the file byte for byte. Why each is not used
//! stands beside it, once.

use super::Section;

/// Keys that are kept for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Where they stand.
    pub section: Section,
    /// Their names as MicroSIP spells them.
    pub keys: &'static [&'static str],
    /// Why they are not used, in a line.
    pub why: &'static str,
}

impl Kept {
    /// MicroSIP writes the key's value in quotes.
    pub fn is_quoted(key: &str) -> bool {
        key.eq_ignore_ascii_case("videoCaptureDevice")
    }
}

/// The group that a key belongs to, case ignored; `None` where it is in none.
pub fn kept(section: Section, key: &str) -> Option<&'static Kept> {
    KEPT.iter().find(|kept| kept.section == section && kept.keys.iter().any(|known| known.eq_ignore_ascii_case(key)))
}

/// All groups, those of MicroSIP's present keys first.
pub fn all_kept() -> &'static [Kept] {
    KEPT
}

const VIDEO: &str = "calls are sound alone: video that is offered is declined";
const WINDOW: &str = "a terminal has no window to place";
const OLD: &str = "MicroSIP itself reads it no more";
const FOREIGN: &str = "a key of a changed MicroSIP or of a script";

/// All of them; of MicroSIP's present keys first, then of older and of changed ones.
pub(super) const KEPT: &[Kept] = &[
    settings(
        &[
            "disableVideo",
            "videoCaptureDevice",
            "videoCodec",
            "videoH264",
            "videoH263",
            "videoVP8",
            "videoVP9",
            "videoBitrate",
            "lastCallHasVideo",
        ],
        VIDEO,
    ),
    settings(&["swLevelAdjustment"], "the microphone's level is set in software in any case"),
    settings(&["recordingButton", "buttonAC", "buttonCONF"], "there are keys, and no buttons to hide"),
    settings(&["enableMediaButtons", "headsetSupport"], "a terminal hears no media keys and no buttons of headsets"),
    settings(&["bringToFrontOnIncoming"], "a terminal cannot bring itself to the front"),
    settings(
        &[
            "randomAnswerBox",
            "multiMonitor",
            "noResize",
            "alwaysOnTop",
            "shortcutsBottom",
            "mainX",
            "mainY",
            "mainW",
            "mainH",
            "messagesX",
            "messagesY",
            "messagesW",
            "messagesH",
            "ringinX",
            "ringinY",
            "callsWidth0",
            "callsWidth1",
            "callsWidth2",
            "callsWidth3",
            "callsWidth4",
            "callsWidth5",
            "contactsWidth0",
            "contactsWidth1",
            "contactsWidth2",
        ],
        WINDOW,
    ),
    settings(&["activeTab"], "the interface begins with the calls, and its lists are a key away"),
    settings(&["updatesInterval", "checkUpdatesTime"], "this phone asks nobody for updates"),
    settings(&["version"], "MicroSIP's note of its own version"),
    settings(
        &["callsLastKey"],
        "the history of calls lies beside the file; `tuiphone history import` brings [Calls] over",
    ),
    Kept { section: Section::Global, keys: &["version", "checkUpdatesTime"], why: "MicroSIP's notes for itself" },
    settings(
        &["silent", "crashReport", "disableLocalAccount", "disableH264", "bitrateH264", "disableH263", "bitrateH263"],
        OLD,
    ),
    settings(&["passwordSize", "id", "ListenPort"], OLD),
    account(&["STUN"], "MicroSIP itself reads it no more: write STUN and enableSTUN=1 under [Settings]"),
    account(&["passwordSize", "id", "ListenPort"], OLD),
    settings(
        &[
            "AVPF",
            "EM",
            "enableAutoTransfer",
            "autoTransferExtension",
            "Country",
            "allowedPC",
            "desktopLink",
            "saveUserContacts",
            "callAudioMode",
            "callAudioApps",
        ],
        FOREIGN,
    ),
    account(&["AVPF", "EM", "Country"], FOREIGN),
];

const fn settings(keys: &'static [&'static str], why: &'static str) -> Kept {
    Kept { section: Section::Settings, keys, why }
}

const fn account(keys: &'static [&'static str], why: &'static str) -> Kept {
    Kept { section: Section::Account, keys, why }
}
