//! Which key does what: the default keymap as rows, made from the verb table and the interface's own acts.

use crate::control::verb::VERBS;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// Something a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A verb of the phone, by its name in the verb table.
    Verb(&'static str),
    /// Type a number or address, letters too.
    Type,
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
    /// The list of those who are watched.
    Watched,
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
    /// Call the mailbox.
    Voicemail,
    /// Call the service that sends back what it hears.
    Echo,
    /// Press the shortcut that the key's digit names.
    Shortcut,
    /// Close what is open, empty the field.
    Cancel,
    /// The list of keys.
    Help,
    /// Leave the interface.
    Quit,
    /// Leave the interface without asking.
    Interrupt,
    /// Stop the interface until the shell's `fg`.
    Suspend,
    /// Draw the whole screen again.
    Repaint,
}

/// A key with its modifiers. Shift is no modifier of a character: it is in the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Control, Alt; Shift for keys that are no characters.
    pub modifiers: KeyModifiers,
}

impl Key {
    /// Reads `a`, `?`, `F2`, `Enter`, `PgUp`, `Ctrl-q`, `Alt-Up`.
    pub fn parse(text: &str) -> Option<Key> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((prefix, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
            modifiers |= match prefix.to_ascii_lowercase().as_str() {
                "ctrl" | "c" => KeyModifiers::CONTROL,
                "alt" | "m" => KeyModifiers::ALT,
                "shift" | "s" => KeyModifiers::SHIFT,
                _ => return None,
            };
            rest = tail;
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => {
                NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest)).map(|(_, code)| *code).or_else(|| {
                    let number = rest.strip_prefix(['F', 'f'])?.parse().ok()?;
                    (1..=12).contains(&number).then_some(KeyCode::F(number))
                })?
            }
        };
        Some(Key { code, modifiers })
    }

    /// A character that would be typed into a text.
    pub fn is_character(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers.is_empty()
    }
}

const NAMED: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
];

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Key {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = event.modifiers & known;
        let mut code = event.code;
        if let KeyCode::Char(c) = code {
            modifiers.remove(KeyModifiers::SHIFT);
            // Ctrl-Q and Ctrl-q are one key.
            if modifiers.contains(KeyModifiers::CONTROL) {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        Key { code, modifiers }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes = [(KeyModifiers::CONTROL, "Ctrl-"), (KeyModifiers::ALT, "Alt-"), (KeyModifiers::SHIFT, "Shift-")];
        for (modifier, prefix) in prefixes {
            if self.modifiers.contains(modifier) {
                f.write_str(prefix)?;
            }
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

/// One row of the keymap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// What is done.
    pub act: Act,
    /// By which keys, the one to show first.
    pub keys: Vec<Key>,
    /// One or two words for the footer.
    pub short: &'static str,
    /// A sentence for the help.
    pub doc: &'static str,
}

/// All bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// Verbs of the keymap: name, words for the footer, and the letter that does it too while nothing is being typed.
/// The keys of the verb table itself are no letters, so that they work always.
const VERB_KEYS: &[(&str, &str, Option<&str>)] = &[
    ("call", "call", None),
    ("answer", "answer", Some("a")),
    ("reject", "reject", Some("r")),
    ("hangup", "hang up", Some("h")),
    ("ignore", "ignore", Some("g")),
    ("hold", "hold", Some("o")),
    ("resume", "resume", None),
    ("conference", "conference", Some("C")),
    ("record", "record", Some("e")),
    ("play", "play a file", Some("y")),
    ("mute", "mute", Some("m")),
    ("transfer", "transfer", Some("t")),
    ("dnd", "do not disturb", Some("d")),
    ("forward", "forward calls", Some("f")),
    ("contacts", "contacts", Some("b")),
    ("history", "history", Some("i")),
    ("redial", "redial", Some("n")),
    ("available", "end the pause", Some("z")),
    ("pickup", "pick up", Some("p")),
    ("park", "park", Some("P")),
    ("retrieve", "retrieve", Some("R")),
    ("aec", "echo canceller", Some("E")),
    ("denoise", "noise suppression", Some("N")),
    ("agc", "automatic gain", Some("G")),
    ("boost", "mic boost", Some("B")),
    ("test-audio", "test the microphone", Some("T")),
];

/// The interface's own acts: keys, words for the footer, sentence.
const OWN: &[(Act, &[&str], &str, &str)] = &[
    (
        Act::Type,
        &["/", "Tab"],
        "type",
        "type a number or an address, letters too; in the history Tab chooses the kind of calls",
    ),
    (Act::Up, &["Up", "k"], "call above", "choose the call above; while typing, the number dialled before"),
    (Act::Down, &["Down", "j"], "call below", "choose the call below; while typing, a number that is offered"),
    (Act::MuteSpeaker, &["M", "F8", "Ctrl-o"], "speaker", "mute the speaker, or open it again"),
    (Act::SpeakerUp, &["PgUp"], "louder", "speaker louder"),
    (Act::SpeakerDown, &["PgDn"], "quieter", "speaker quieter"),
    (Act::MicUp, &[">"], "mic louder", "microphone louder"),
    (Act::MicDown, &["<"], "mic quieter", "microphone quieter"),
    (Act::Watched, &["w"], "watched", "those who are watched: what they do; Enter calls"),
    (Act::Messages, &["c", "F12"], "messages", "messages (chats); with a number typed, write to it"),
    (Act::Details, &["Right"], "details", "in contacts and history: all that is known of the chosen one"),
    (
        Act::Add,
        &["Ctrl-a", "Insert"],
        "add",
        "in contacts: somebody new; in the history: the chosen one becomes a contact",
    ),
    (Act::Edit, &["Ctrl-e"], "edit", "in contacts: change the chosen one"),
    (Act::Star, &["Ctrl-s"], "star", "in contacts: a star for the chosen one, or none; those with a star come first"),
    (
        Act::Delete,
        &["Delete", "Ctrl-x"],
        "delete",
        "in contacts and history: away with the chosen one, after a question",
    ),
    (Act::Voicemail, &["v"], "voicemail", "call the mailbox"),
    (Act::Echo, &["l"], "echo test", "test the line: call the echo service and hear yourself"),
    (
        Act::Shortcut,
        &["Alt-1", "Alt-2", "Alt-3", "Alt-4", "Alt-5", "Alt-6", "Alt-7", "Alt-8"],
        "shortcut",
        "press a shortcut, Alt-1 the first; enableShortcuts=1 shows them",
    ),
    (Act::Cancel, &["Esc"], "cancel", "close what is open, empty the field"),
    (Act::Help, &["?", "F1"], "help", "this list; type to search, Enter does what is chosen"),
    (Act::Quit, &["q", "Ctrl-q"], "quit", "leave the interface; calls go on in the background"),
    (Act::Interrupt, &["Ctrl-c"], "leave", "leave the interface without asking"),
    (Act::Suspend, &["Ctrl-z"], "suspend", "back to the shell until fg"),
    (Act::Repaint, &["Ctrl-l"], "repaint", "draw the whole screen again"),
];

impl Default for Keymap {
    fn default() -> Keymap {
        let verbs = VERBS.iter().filter_map(|row| {
            let own = VERB_KEYS.iter().find(|(name, ..)| *name == row.name);
            let letter = own.and_then(|(.., letter)| *letter);
            let keys: Vec<Key> = [letter, row.key].into_iter().flatten().filter_map(Key::parse).collect();
            (!keys.is_empty()).then(|| Binding {
                act: Act::Verb(row.name),
                keys,
                short: own.map_or(row.name, |(_, short, _)| short),
                doc: row.doc,
            })
        });
        let own = OWN.iter().map(|(act, keys, short, doc)| Binding {
            act: *act,
            keys: keys.iter().filter_map(|key| Key::parse(key)).collect(),
            short,
            doc,
        });
        Keymap { bindings: verbs.chain(own).collect() }
    }
}

impl Keymap {
    /// Every row, verbs first.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What a key does.
    pub fn act(&self, key: Key) -> Option<Act> {
        self.bindings.iter().find(|binding| binding.keys.contains(&key)).map(|binding| binding.act)
    }

    /// The row of an act.
    pub fn binding(&self, act: Act) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.act == act)
    }

    /// The key to show for an act; while something is typed, one that is no character.
    pub fn key(&self, act: Act, typing: bool) -> Option<Key> {
        self.binding(act)?.keys.iter().copied().find(|key| !typing || !key.is_character())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_is_bound_twice_and_dialling_keys_are_free() {
        let keymap = Keymap::default();
        let mut seen = HashSet::new();
        for binding in keymap.bindings() {
            assert!(!binding.keys.is_empty(), "{:?} has no key", binding.act);
            for key in &binding.keys {
                assert!(seen.insert(*key), "{key} is bound twice");
            }
        }
        for c in "0123456789*#+".chars() {
            assert_eq!(keymap.act(Key { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE }), None, "{c}");
        }
    }

    #[test]
    fn every_row_is_readable_and_every_verb_exists() {
        for (name, _, letter) in VERB_KEYS {
            assert!(VERBS.iter().any(|row| row.name == *name), "{name}");
            assert!(letter.is_none_or(|letter| Key::parse(letter).is_some()));
        }
        for row in VERBS {
            assert!(row.key.is_none_or(|key| Key::parse(key).is_some()), "{}", row.name);
        }
        assert!(OWN.iter().all(|(_, keys, ..)| keys.iter().all(|key| Key::parse(key).is_some())));
    }

    /// The keys of MicroSIP that a terminal can tell from others, and that act in one.
    #[test]
    fn hands_that_know_microsip_find_its_keys() {
        let keymap = Keymap::default();
        for (key, act) in [
            ("F2", Act::Verb("answer")),
            ("F4", Act::Verb("hangup")),
            ("Ctrl-q", Act::Quit),
            ("Ctrl-o", Act::MuteSpeaker),
            ("Esc", Act::Cancel),
            ("Enter", Act::Verb("call")),
        ] {
            assert_eq!(keymap.act(Key::parse(key).expect("a key")), Some(act), "{key}");
        }
    }

    #[test]
    fn keys_print_as_they_are_read() {
        for text in ["a", "?", "-", "F2", "Enter", "PgUp", "Ctrl-q", "Alt-Up", "Space"] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()).as_deref(), Some(text));
        }
        for text in ["", "F0", "F13", "Hyper-x", "Enterr"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn while_typing_the_keys_that_answer_and_hang_up_are_no_letters() {
        let keymap = Keymap::default();
        for verb in ["call", "answer", "hangup", "reject"] {
            assert!(keymap.key(Act::Verb(verb), true).is_some_and(|key| !key.is_character()), "{verb}");
        }
    }
}
