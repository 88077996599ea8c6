//! A line of text with a cursor: what typing does to it, wherever it stands on the screen.

use crossterm::event::{KeyCode, KeyModifiers};

/// A line being typed.
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
            self.text.insert(self.cursor, c);
            self.cursor += 1;
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
        self.text.clear();
        self.cursor = 0;
    }

    /// Shows this text, the cursor at its end.
    pub fn set(&mut self, text: &str, most: usize) {
        self.text = text.chars().filter(|c| !c.is_control()).take(most).collect();
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
