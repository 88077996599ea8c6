//! A line of text with a cursor: what typing does to it, wherever it stands on the screen.

use crossterm::event::{KeyCode, KeyModifiers};
use zeroize::Zeroize;

/// A line being typed. A password may be: what it held is wiped when it is emptied, grows or goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
}

/// A movement of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Motion {
    Left,
    Right,
    Home,
    End,
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl Editor {
    /// What is typed.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What stands before the cursor.
    pub fn before_cursor(&self) -> String {
        self.text.iter().take(self.cursor).collect()
    }

    /// What stands behind it.
    pub fn after_cursor(&self) -> String {
        self.text.iter().skip(self.cursor).collect()
    }

    /// Types a character; control characters and what exceeds `most` characters are dropped.
    pub fn insert(&mut self, c: char, most: usize) {
        if !c.is_control() && self.text.len() < most {
            self.make_room();
            self.text.insert(self.cursor, c);
            self.cursor += 1;
        }
    }

    /// Room for one more character; a vector that grew by itself would leave a copy behind.
    fn make_room(&mut self) {
        if self.text.len() == self.text.capacity() {
            let mut more = Vec::with_capacity((2 * self.text.len()).max(32));
            more.extend_from_slice(&self.text);
            self.text.zeroize();
            self.text = more;
        }
    }

    /// Deletes before the cursor.
    pub fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.text.remove(self.cursor);
        }
    }

    /// Deletes at the cursor.
    pub fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    /// Moves the cursor.
    pub fn motion(&mut self, motion: Motion) {
        self.cursor = match motion {
            Motion::Left => self.cursor.saturating_sub(1),
            Motion::Right => (self.cursor + 1).min(self.text.len()),
            Motion::Home => 0,
            Motion::End => self.text.len(),
        };
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.text.zeroize();
        self.cursor = 0;
    }

    /// Shows this text, the cursor at its end.
    pub fn set(&mut self, text: &str, most: usize) {
        self.clear();
        self.text.reserve_exact(text.chars().count().min(most));
        self.text.extend(text.chars().filter(|c| !c.is_control()).take(most));
        self.cursor = self.text.len();
    }

    /// Takes a key that edits; false if it is none. Characters are for `insert`.
    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> bool {
        match (code, modifiers) {
            (KeyCode::Left, KeyModifiers::NONE) => self.motion(Motion::Left),
            (KeyCode::Right, KeyModifiers::NONE) => self.motion(Motion::Right),
            (KeyCode::Home, KeyModifiers::NONE) | (KeyCode::Char('a'), KeyModifiers::CONTROL) => {
                self.motion(Motion::Home);
            }
            (KeyCode::End, KeyModifiers::NONE) | (KeyCode::Char('e'), KeyModifiers::CONTROL) => {
                self.motion(Motion::End);
            }
            (KeyCode::Backspace, _) => self.backspace(),
            (KeyCode::Delete, KeyModifiers::NONE) => self.delete(),
            (KeyCode::Char('u'), KeyModifiers::CONTROL) => self.clear(),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_before_it_is_needed() {
        let mut editor = Editor::default();
        "p4ssw0rd".chars().for_each(|c| editor.insert(c, 99));
        assert!(editor.text.capacity() >= 32, "eight characters are typed without a move");
        editor.clear();
        "x".repeat(100).chars().for_each(|c| editor.insert(c, 99));
        assert_eq!((editor.text().len(), editor.cursor), (99, 99), "it grows all the same");
        editor.set("héllo\u{1b}", 4);
        assert_eq!((editor.text().as_str(), editor.cursor), ("héll", 4));
    }

    #[test]
    fn editing_moves_inserts_and_deletes_by_character() {
        let mut editor = Editor::default();
        editor.set("6é0\x1b", 10);
        editor.motion(Motion::Left);
        editor.insert('1', 10);
        assert_eq!((editor.text().as_str(), editor.before_cursor().as_str()), ("6é10", "6é1"));
        editor.motion(Motion::Home);
        editor.backspace();
        editor.delete();
        assert_eq!((editor.text().as_str(), editor.after_cursor().as_str()), ("é10", "é10"));
        editor.motion(Motion::End);
        editor.motion(Motion::Right);
        editor.backspace();
        assert_eq!(editor.text(), "é1");
        editor.insert('\n', 10);
        editor.insert('x', 2);
        assert_eq!(editor.text(), "é1");
        assert!(editor.key(KeyCode::Char('u'), KeyModifiers::CONTROL) && editor.is_empty());
        assert!(!editor.key(KeyCode::Char('u'), KeyModifiers::NONE));
    }
}
