//! Keys as they are written, pressed and shown: one, or up to three one after another.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// Keys of a sequence, at most.
pub const MAX_SEQUENCE: usize = 3;

/// A key with its modifiers. Shift is no modifier of a character: it is in the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Control, Alt; Shift for keys that are no characters.
    pub modifiers: KeyModifiers,
}

impl Key {
    /// What no key tells: an act that is meant by other means.
    pub const NONE: Key = Key { code: KeyCode::Null, modifiers: KeyModifiers::NONE };

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
        Some(Key { code, modifiers }.as_pressed())
    }

    /// A character that would be typed into a text.
    pub fn is_character(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers.is_empty()
    }

    /// A key that no list and no line of text has a use for: a function key, or a character with Control or Alt.
    pub fn is_command(self) -> bool {
        let with = KeyModifiers::CONTROL | KeyModifiers::ALT;
        match self.code {
            // What is meant by other means has no use for a list either.
            KeyCode::F(_) | KeyCode::Null => true,
            KeyCode::Char(_) => self.modifiers.intersects(with),
            _ => false,
        }
    }

    /// As a terminal tells it: Shift is in the character; Ctrl-Q and Ctrl-q are one key.
    fn as_pressed(mut self) -> Key {
        if let KeyCode::Char(c) = self.code {
            if self.modifiers.contains(KeyModifiers::SHIFT) && c.is_ascii_lowercase() {
                self.code = KeyCode::Char(c.to_ascii_uppercase());
            }
            self.modifiers.remove(KeyModifiers::SHIFT);
            if self.modifiers.contains(KeyModifiers::CONTROL) {
                self.code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        self
    }
}

const NAMED: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Space", KeyCode::Char(' ')),
    ("Comma", KeyCode::Char(',')),
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
        Key { code: event.code, modifiers: event.modifiers & known }.as_pressed()
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
            (_, KeyCode::Char(',')) => f.write_str(","),
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

/// Keys pressed one after another, up to three; mostly one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// Reads `a`, `Ctrl-x Ctrl-c`, `Space l`; none if a part is no key, or there are too many.
    pub fn parse(text: &str) -> Option<Keys> {
        let keys: Vec<Key> = text.split_whitespace().map(Key::parse).collect::<Option<_>>()?;
        (1..=MAX_SEQUENCE).contains(&keys.len()).then_some(Keys(keys))
    }

    /// Those pressed, in their order.
    pub fn list(&self) -> &[Key] {
        &self.0
    }

    /// As a keymap file has them: there a comma has a name.
    pub fn written(&self) -> String {
        self.to_string().replace(',', "Comma")
    }

    /// One of them is the other, or its beginning.
    pub fn begins_like(&self, other: &Keys) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one == other)
    }

    /// It is this one key.
    pub fn is(&self, key: Key) -> bool {
        self.0 == [key]
    }

    /// It begins with a character, so that it cannot be meant while a text is typed.
    pub fn is_character(&self) -> bool {
        self.0.first().is_some_and(|key| key.is_character())
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            write!(f, "{}{key}", if at > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_as_they_are_read() {
        for text in ["a", "?", "-", ",", "F2", "Enter", "PgUp", "Ctrl-q", "Alt-Up", "Space", "Ctrl-x Ctrl-c", "Space l"]
        {
            assert_eq!(Keys::parse(text).map(|keys| keys.to_string()).as_deref(), Some(text));
        }
        for text in ["", "F0", "F13", "Hyper-x", "Enterr", "a b c d", "a Enterr"] {
            assert_eq!(Keys::parse(text), None, "{text}");
        }
    }

    #[test]
    fn one_key_is_written_in_several_ways() {
        for (text, same) in [("ctrl-Q", "Ctrl-q"), ("C-x", "Ctrl-x"), ("M-x", "Alt-x"), ("S-a", "A"), ("esc", "Esc")] {
            assert_eq!(Key::parse(text), Key::parse(same), "{text}");
        }
    }
}
