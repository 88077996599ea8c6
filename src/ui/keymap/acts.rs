//! The one table of what keys do: names, places, keys, words. Verbs come from the verb table; the interface's own acts
//! have their rows here, a slice for each view.

use super::Place;

/// Something a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A verb of the phone, by its name in the verb table.
    Verb(&'static str),
    /// Type a number or address, letters too.
    Type,
    /// Open the microphone for as long as the key is held.
    PushToTalk,
    /// Mute the speaker, or open it again.
    MuteSpeaker,
    /// Speaker louder.
    SpeakerUp,
    /// Speaker quieter.
    SpeakerDown,
    /// Microphone louder.
    MicUp,
    /// Microphone quieter.
    MicDown,
    /// The call above; while typing, the number dialled before.
    Up,
    /// The call below; while typing, the number dialled after.
    Down,
    /// The first call.
    First,
    /// The last call.
    Last,
    /// The switchboard: those who are watched.
    Watched,
    /// The accounts and their registrations.
    Accounts,
    /// Register the chosen account.
    AccountRegister,
    /// Un-register the chosen account.
    AccountUnregister,
    /// Every key of the settings.
    Settings,
    /// Only settings that are not as they come.
    SettingsChanged,
    /// The chosen setting as it comes.
    SettingsDefault,
    /// Take the last change of a setting back.
    SettingsUndo,
    /// The sound devices.
    Devices,
    /// The themes to choose from.
    Themes,
    /// The cell to the left.
    Left,
    /// The cell to the right.
    Right,
    /// Call the chosen one before a call is handed over.
    Consult,
    /// Messages: who wrote, and what.
    Messages,
    /// All that is known of the chosen contact or call.
    Details,
    /// Write somebody down.
    Add,
    /// Change the chosen contact.
    Edit,
    /// Give the chosen contact a star, or take it away.
    Star,
    /// Away with the chosen contact or call.
    Delete,
    /// SIP messages as a ladder.
    Ladder,
    /// What happened.
    Log,
    /// Search the log.
    LogSearch,
    /// How a call sounds.
    Quality,
    /// Why the chosen call or registration failed.
    LadderWhy,
    /// Keep-alives as one step, or each by itself.
    LadderFold,
    /// Search the ladder.
    LadderSearch,
    /// The next step with what is searched for.
    LadderNext,
    /// The one before.
    LadderPrevious,
    /// Copy the chosen line.
    Copy,
    /// Copy all of it.
    CopyAll,
    /// Keep it in a file.
    Export,
    /// Call the service that sends back what it hears.
    Echo,
    /// Close what is open, empty the field.
    Cancel,
    /// The list of keys.
    Help,
    /// The palette: every command by name.
    Palette,
    /// Leave the interface.
    Quit,
    /// Leave the interface without asking.
    Interrupt,
    /// Stop the interface until the shell's `fg`.
    Suspend,
    /// Draw the whole screen again.
    Repaint,
    /// The next tip.
    NextTip,
}

/// A row of the interface's own acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// What is done.
    pub act: Act,
    /// How keymaps and the palette call it: kebab-case.
    pub name: &'static str,
    /// Where its keys count.
    pub places: &'static [Place],
    /// Its keys, the one to show first; `Space l` is one after another.
    pub keys: &'static [&'static str],
    /// One or two words for the footer.
    pub short: &'static str,
    /// A sentence for the help.
    pub doc: &'static str,
}

const fn row(
    act: Act,
    name: &'static str,
    places: &'static [Place],
    keys: &'static [&'static str],
    short: &'static str,
    doc: &'static str,
) -> Row {
    Row { act, name, places, keys, short, doc }
}

/// Keys that count everywhere, unless the place has another meaning for them.
const EVERYWHERE: &[Place] = &[Place::Everywhere];

/// All of them, in the order of the help.
pub(super) fn own() -> impl Iterator<Item = &'static Row> {
    [PHONE, LISTS, LADDER, QUALITY, LOG, ACCOUNTS, SWITCHBOARD, SETTINGS, DEVICES, THEMES, LEAVING]
        .into_iter()
        .flatten()
}

const PHONE: &[Row] = &[
    row(
        Act::Type,
        "type",
        EVERYWHERE,
        &["/", "Tab"],
        "type",
        "type a number or an address, letters too; in the history Tab chooses the kind of calls",
    ),
    row(
        Act::Up,
        "up",
        EVERYWHERE,
        &["Up", "k"],
        "call above",
        "choose the call above; while typing, the number dialled before",
    ),
    row(
        Act::Down,
        "down",
        EVERYWHERE,
        &["Down", "j"],
        "call below",
        "choose the call below; while typing, a number that is offered",
    ),
    row(Act::First, "first", EVERYWHERE, &["Home"], "first call", "choose the first call, or the first row of a list"),
    row(Act::Last, "last", EVERYWHERE, &["End"], "last call", "choose the last call, or the last row of a list"),
    row(
        Act::PushToTalk,
        "push-to-talk",
        EVERYWHERE,
        &["s", "Alt-s"],
        "push to talk",
        "hold it to talk while the microphone is muted; where the terminal does not tell that a key was let go of, it opens and \
         mutes in turn",
    ),
    row(
        Act::MuteSpeaker,
        "mute-speaker",
        EVERYWHERE,
        &["M", "F8", "Ctrl-o"],
        "speaker",
        "mute the speaker, or open it again",
    ),
    row(Act::SpeakerUp, "speaker-up", EVERYWHERE, &["PgUp"], "louder", "speaker louder"),
    row(Act::SpeakerDown, "speaker-down", EVERYWHERE, &["PgDn"], "quieter", "speaker quieter"),
    row(Act::MicUp, "mic-up", EVERYWHERE, &[">"], "mic louder", "microphone louder"),
    row(Act::MicDown, "mic-down", EVERYWHERE, &["<"], "mic quieter", "microphone quieter"),
    row(
        Act::Messages,
        "messages",
        EVERYWHERE,
        &["c", "Space m", "F12"],
        "messages",
        "messages (chats); with a number typed, write to it",
    ),
    row(Act::Echo, "echo", EVERYWHERE, &["l"], "echo test", "test the line: call the echo service and hear yourself"),
];

const LISTS: &[Row] = &[
    row(
        Act::Details,
        "details",
        &[Place::Contacts, Place::History],
        &["Right"],
        "details",
        "in contacts and history: all that is known of the chosen one",
    ),
    row(
        Act::Add,
        "add",
        &[Place::Contacts, Place::History],
        &["Ctrl-a", "Insert"],
        "add",
        "in contacts: somebody new; in the history: the chosen one becomes a contact",
    ),
    row(Act::Edit, "edit", &[Place::Contacts], &["Ctrl-e"], "edit", "in contacts: change the chosen one"),
    row(
        Act::Star,
        "star",
        &[Place::Contacts],
        &["Ctrl-s"],
        "star",
        "in contacts: a star for the chosen one, or none; those with a star come first",
    ),
    row(
        Act::Delete,
        "delete",
        &[Place::Contacts, Place::History],
        &["Delete", "Ctrl-x"],
        "delete",
        "in contacts and history: away with the chosen one, after a question",
    ),
];

// Each view has a slice: the act that opens it counts everywhere, its own ones in its place.
const LADDER: &[Row] = &[
    row(
        Act::Ladder,
        "ladder",
        EVERYWHERE,
        &["L", "Space l"],
        "ladder",
        "the SIP messages of a call or a registration as they go, as a ladder",
    ),
    row(
        Act::LadderWhy,
        "ladder-why",
        &[Place::Ladder],
        &["w"],
        "why",
        "in the ladder: why did this fail? in plain words, and what to do next",
    ),
    row(
        Act::LadderFold,
        "ladder-fold",
        &[Place::Ladder],
        &["z"],
        "fold",
        "in the ladder: keep-alives as one step, or each by itself",
    ),
    row(
        Act::LadderSearch,
        "ladder-search",
        &[Place::Ladder],
        &["/"],
        "search",
        "in the ladder: search the messages: a method, a status, anything in a header",
    ),
    row(
        Act::LadderNext,
        "ladder-next",
        &[Place::Ladder],
        &["n"],
        "next",
        "in the ladder: the next message with what is searched for",
    ),
    row(
        Act::LadderPrevious,
        "ladder-previous",
        &[Place::Ladder],
        &["N"],
        "previous",
        "in the ladder: the message before with what is searched for",
    ),
    row(
        Act::Copy,
        "copy",
        &[Place::Ladder, Place::Log, Place::Quality, Place::Accounts, Place::Settings],
        &["y"],
        "copy",
        "copy what is chosen: a message, a line, an address, a setting; in the quality its facts",
    ),
    row(
        Act::CopyAll,
        "copy-all",
        &[Place::Ladder, Place::Log, Place::Accounts, Place::Settings],
        &["Y"],
        "copy all",
        "in the ladder and the log: copy all of it as text; in the accounts and the settings a row, as y does",
    ),
    row(
        Act::Export,
        "export",
        &[Place::Ladder, Place::Log],
        &["x"],
        "export",
        "in the ladder and the log: keep it in a file; a ladder as Mermaid, as text, or for Wireshark",
    ),
];

const QUALITY: &[Row] = &[row(
    Act::Quality,
    "quality",
    EVERYWHERE,
    &["Q", "Space q"],
    "quality",
    "how a call sounds, each way, second by second, and what takes from it",
)];

const LOG: &[Row] = &[
    row(
        Act::Log,
        "log",
        EVERYWHERE,
        &["O", "Space o"],
        "log",
        "what happened: registrations, calls, settings, devices, errors and what to do",
    ),
    row(Act::LogSearch, "log-search", &[Place::Log], &["/"], "search", "in the log: search; Tab chooses the level"),
];

const ACCOUNTS: &[Row] = &[
    row(
        Act::Accounts,
        "account-details",
        EVERYWHERE,
        &["A", "Space a"],
        "accounts",
        "the accounts: where each registration stands, by which way, why it failed and what to do",
    ),
    row(
        Act::AccountRegister,
        "account-register",
        &[Place::Accounts],
        &["R"],
        "register",
        "in the accounts: register the chosen one now",
    ),
    row(
        Act::AccountUnregister,
        "account-unregister",
        &[Place::Accounts],
        &["U"],
        "un-register",
        "in the accounts: un-register the chosen one until told otherwise",
    ),
];

const SWITCHBOARD: &[Row] = &[
    row(
        Act::Watched,
        "switchboard",
        EVERYWHERE,
        &["w", "Space w"],
        "switchboard",
        "the switchboard: those who are watched, what they do; Enter calls, or takes the call that rings there",
    ),
    row(Act::Left, "left", &[Place::Switchboard], &["h"], "left", "in the switchboard: the one to the left"),
    row(Act::Right, "right", &[Place::Switchboard], &["l"], "right", "in the switchboard: the one to the right"),
    row(
        Act::Consult,
        "consult",
        &[Place::Switchboard],
        &["T"],
        "ask first",
        "in the switchboard: call the chosen one before the call is handed over",
    ),
];

const SETTINGS: &[Row] = &[
    row(
        Act::Settings,
        "settings",
        EVERYWHERE,
        &[",", "Space s"],
        "settings",
        "every key of the settings: what it is, where its value comes from; Enter changes it",
    ),
    row(
        Act::SettingsChanged,
        "settings-changed",
        &[Place::Settings],
        &["c"],
        "changed ones",
        "in the settings: only those that are not as they come, or all",
    ),
    row(
        Act::SettingsDefault,
        "settings-default",
        &[Place::Settings],
        &["Delete"],
        "as it comes",
        "in the settings: take the chosen one's line out of the file, so that its default counts",
    ),
    row(
        Act::SettingsUndo,
        "settings-undo",
        &[Place::Settings],
        &["u"],
        "undo",
        "in the settings: take the last change back",
    ),
];

const DEVICES: &[Row] = &[row(
    Act::Devices,
    "sound-devices",
    EVERYWHERE,
    &["D", "Space d"],
    "devices",
    "microphone, speaker and what rings: levels, volumes, what there is to choose from",
)];

const THEMES: &[Row] = &[row(
    Act::Themes,
    "themes",
    EVERYWHERE,
    &["Space t"],
    "themes",
    "the colours of the interface: every theme there is, each tried at once on the whole screen; Enter keeps it",
)];

const LEAVING: &[Row] = &[
    row(
        Act::Palette,
        "palette",
        EVERYWHERE,
        &[":", "Ctrl-p", "Space p"],
        "commands",
        "every command by name: type a few letters, or a whole line as behind tuiphone",
    ),
    row(Act::Cancel, "cancel", EVERYWHERE, &["Esc"], "cancel", "close what is open, empty the field"),
    row(
        Act::Help,
        "help",
        EVERYWHERE,
        &["?", "F1", "Space ?"],
        "help",
        "this list; type to search, Enter does what is chosen",
    ),
    row(Act::Quit, "quit", EVERYWHERE, &["q", "Ctrl-q"], "quit", "leave the interface; calls go on in the background"),
    row(Act::Interrupt, "quit-now", EVERYWHERE, &["Ctrl-c"], "leave", "leave the interface without asking"),
    row(Act::Suspend, "suspend", EVERYWHERE, &["Ctrl-z"], "suspend", "back to the shell until fg"),
    row(Act::Repaint, "repaint", EVERYWHERE, &["Ctrl-l"], "repaint", "draw the whole screen again"),
    row(
        Act::NextTip,
        "next-tip",
        EVERYWHERE,
        &["X"],
        "next tip",
        "another tip, where one stands while the phone is idle",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::super::verb_keys::VERB_KEYS;
    use super::*;
    use crate::control::verb::VERBS;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_readable_and_every_verb_exists() {
        for (name, _, keys) in VERB_KEYS {
            assert!(VERBS.iter().any(|row| row.name == *name), "{name}");
            assert!(keys.iter().all(|keys| Keys::parse(keys).is_some()), "{name}");
        }
        for row in VERBS {
            assert!(row.key.is_none_or(|key| Keys::parse(key).is_some()), "{}", row.name);
        }
        for row in own() {
            assert!(row.keys.iter().all(|keys| Keys::parse(keys).is_some()), "{}", row.name);
            assert!(!row.places.is_empty() && !row.doc.is_empty() && !row.short.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn a_name_means_one_act() {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        // A view may go by the name of a verb that lists the same and has no key.
        let mut seen: HashSet<&str> = VERB_KEYS.iter().map(|(name, ..)| *name).collect();
        for row in own() {
            assert!(seen.insert(row.name) && row.name.chars().all(kebab), "{}", row.name);
        }
        let acts: HashSet<Act> = own().map(|row| row.act).collect();
        assert_eq!(acts.len(), own().count());
    }
}
