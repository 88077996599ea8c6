//! The words that are no verbs of the phone, and the letters: those of the default keymap, `w` alone apart. An act of the
//! keymap has its own name here. One table, read by what is typed, by the help and by the completion.

use crate::control::verb;

/// What a word of line mode does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Own {
    Where,
    Repeat,
    More,
    Help,
    Complete,
    Again,
    Typed,
    Leave,
    Quiet,
    Normal,
    All,
    Digits,
    Calls,
    Connect,
    Why,
    Quality,
    Levels,
    Ladder,
    Log,
    Lights,
    Find,
    Add,
    Edit,
    Star,
    Delete,
    Details,
    Missed,
    Write,
    Speaker,
    Louder,
    Quieter,
    MicUp,
    MicDown,
    Echo,
    Accounts,
    Devices,
    Settings,
    Get,
    Set,
    Unset,
}

/// A word of line mode.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// What it does.
    pub own: Own,
    /// Its spellings, the one to show first.
    pub names: &'static [&'static str],
    /// What stands behind it.
    pub takes: &'static str,
    /// A sentence for the help.
    pub doc: &'static str,
}

const fn word(own: Own, names: &'static [&'static str], takes: &'static str, doc: &'static str) -> Word {
    Word { own, names, takes, doc }
}

/// All of them.
pub const WORDS: &[Word] = &[
    word(Own::Where, &["where", "status"], "", "what is up, who, how long, what is muted, what is registered"),
    word(Own::Repeat, &["repeat", "repaint"], "", "say the last thing again"),
    word(Own::More, &["more"], "", "go on with a long answer, as Enter does"),
    word(Own::Help, &["help"], "[COMMAND]", "help, or help about a command; help all lists every command"),
    word(Own::Complete, &["complete"], "TEXT", "what a line may go on with; a question mark behind it does the same"),
    word(Own::Again, &["again"], "", "do the last command again"),
    word(Own::Typed, &["typed"], "", "the commands typed so far; a number does one again"),
    word(Own::Leave, &["leave", "quit", "quit-now"], "", "end line mode; calls go on in the background"),
    word(Own::Quiet, &["quiet"], "", "say only calls, messages and faults"),
    word(Own::Normal, &["normal"], "", "say how calls go on as well"),
    word(Own::All, &["all"], "", "say everything"),
    word(
        Own::Digits,
        &["digits"],
        "apart|together",
        "write numbers digit by digit, for a voice that reads six hundred",
    ),
    word(
        Own::Calls,
        &["calls", "up", "down", "first", "last"],
        "",
        "the calls that are up; a number chooses the one that commands mean",
    ),
    word(Own::Connect, &["connect"], "", "connect the two calls with each other, and leave them"),
    word(Own::Why, &["why", "ladder-why"], "", "why the last call ended as it did"),
    word(Own::Quality, &["quality"], "", "how the call sounds"),
    word(Own::Levels, &["levels"], "", "how loud microphone and speaker are, in words"),
    word(Own::Ladder, &["ladder", "trace"], "[CALL]", "the SIP messages of a call as sentences"),
    word(Own::Log, &["log"], "", "what happened before, and when"),
    word(Own::Lights, &["watched", "lights", "switchboard"], "", "what those do who are watched; a number chooses one"),
    word(Own::Find, &["find"], "TEXT", "contacts with this in name or number"),
    word(Own::Add, &["add"], "NUMBER NAME", "a new contact; behind a chosen call, the caller becomes one"),
    word(Own::Edit, &["edit"], "PART TEXT", "change the chosen contact: name, number, phone, mobile, email, comment"),
    word(Own::Star, &["star"], "", "give the chosen contact a star, or take it away"),
    word(Own::Delete, &["delete"], "", "away with the chosen contact or call, after a question"),
    word(Own::Details, &["details"], "", "all that is known of the chosen contact or call"),
    word(Own::Missed, &["missed"], "", "missed calls"),
    word(Own::Write, &["write", "reply"], "TEXT", "write to whoever is chosen or talked to"),
    word(Own::Speaker, &["speaker", "mute-speaker"], "", "mute the speaker, or open it again"),
    word(Own::Louder, &["louder", "speaker-up"], "", "speaker louder"),
    word(Own::Quieter, &["quieter", "speaker-down"], "", "speaker quieter"),
    word(Own::MicUp, &["mic-louder", "mic-up"], "", "microphone louder"),
    word(Own::MicDown, &["mic-quieter", "mic-down"], "", "microphone quieter"),
    word(Own::Echo, &["echo"], "", "call the echo service and hear yourself"),
    word(Own::Accounts, &["accounts", "account-details"], "", "the accounts, and why one is not registered"),
    word(Own::Devices, &["devices", "sound-devices"], "", "microphones and speakers; a number takes one into use"),
    word(
        Own::Settings,
        &["settings"],
        "[TEXT]",
        "settings with this in name or help; alone those that are not as they come",
    ),
    word(Own::Get, &["get"], "KEY", "the value of a setting, and what it is for"),
    word(Own::Set, &["set"], "KEY VALUE", "change a setting: set theme dark, set DND on"),
    word(Own::Unset, &["unset"], "KEY", "a setting as it comes"),
];

/// Letters and signs: those of the default keymap.
pub const LETTERS: &[(char, &str)] = &[
    ('a', "answer"),
    ('r', "reject"),
    ('h', "hangup"),
    ('g', "ignore"),
    ('o', "hold"),
    ('C', "conference"),
    ('e', "record"),
    ('y', "play"),
    ('m', "mute"),
    ('M', "speaker"),
    ('t', "transfer"),
    ('d', "dnd"),
    ('f', "forward"),
    ('b', "contacts"),
    ('i', "history"),
    ('n', "redial"),
    ('z', "available"),
    ('p', "pickup"),
    ('P', "park"),
    ('R', "retrieve"),
    ('E', "aec"),
    ('N', "denoise"),
    ('G', "agc"),
    ('B', "boost"),
    ('T', "test-audio"),
    ('c', "messages"),
    ('v', "voicemail"),
    ('l', "echo"),
    ('L', "ladder"),
    ('Q', "quality"),
    ('O', "log"),
    ('A', "accounts"),
    ('D', "devices"),
    (',', "settings"),
    ('w', "where"),
    ('k', "calls"),
    ('j', "calls"),
    ('>', "mic-louder"),
    ('<', "mic-quieter"),
    ('q', "leave"),
    ('x', "leave"),
    ('.', "repeat"),
    ('!', "again"),
    ('?', "help"),
];

/// The word of line mode with this spelling.
pub fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// What a letter stands for.
pub fn of_letter(letter: char) -> Option<&'static str> {
    LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, name)| *name)
}

/// The letter of a word, if it has one.
pub fn letter_of(name: &str) -> Option<char> {
    LETTERS.iter().find(|(_, known)| *known == name).map(|(letter, _)| *letter)
}

/// Every command by its name: words of line mode, then verbs of the phone that none of them stands for.
pub fn names() -> impl Iterator<Item = &'static str> {
    let verbs = verb::VERBS.iter().map(|row| row.name).filter(|name| find(name).is_none() && !is_for_programs(name));
    WORDS.iter().filter_map(|word| word.names.first().copied()).chain(verbs)
}

/// Verbs that carry a stream: a person has no use for them here.
pub fn is_for_programs(verb: &str) -> bool {
    matches!(verb, "attach" | "watch" | "sound" | "composing" | "command" | "session-password")
}

/// Acts of the screen that a line has no use for: it is typed anyway, dropped with Ctrl-u, and the shell suspends.
pub const OF_SCREENS: &[&str] = &["type", "cancel", "suspend", "palette", "next-tip", "themes", "push-to-talk"];

/// True for an act of the keymap, by its name, that a line does too.
pub fn does(act: &str) -> bool {
    find(act).is_some() || verb::find(act).is_some() || OF_SCREENS.contains(&act)
}
