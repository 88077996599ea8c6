//! The line a number or an address is typed into: text, cursor, and the numbers dialled before.

use super::editor::Editor;
use crossterm::event::{KeyCode, KeyModifiers};

/// Longest text the field takes, in characters.
pub const MAX_CHARS: usize = 256;
/// How many dialled numbers are remembered.
const MAX_DIALLED: usize = 50;

/// A line for numbers and addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialField {
    line: Editor,
    /// Keys that are letters belong to the field, not to commands.
    pub focused: bool,
    dialled: Vec<String>,
    recall: Option<usize>,
}

impl DialField {
    /// What is typed.
    pub fn text(&self) -> String {
        self.line.text()
    }

    /// Nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// The line itself.
    pub fn line(&self) -> &Editor {
        &self.line
    }

    /// What is shown was dialled before, and brought back.
    pub fn is_recalled(&self) -> bool {
        let recalled = self.recall.and_then(|at| self.dialled.get(at));
        recalled.is_some_and(|number| *number == self.text())
    }

    /// A number was dialled before, so `recall` has something.
    pub fn has_dialled(&self) -> bool {
        !self.dialled.is_empty()
    }

    /// Types a character; control characters and what exceeds [`MAX_CHARS`] are dropped. Focuses the field.
    pub fn insert(&mut self, c: char) {
        self.focused = true;
        self.recall = None;
        self.line.insert(c, MAX_CHARS);
    }

    /// Puts pasted text in as [`normalise`] leaves it.
    pub fn paste(&mut self, text: &str) {
        self.focused = true;
        for c in normalise(text).chars() {
            self.insert(c);
        }
    }

    /// Takes a key that edits; false if it is none. Deleting in an empty field gives the focus up.
    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> bool {
        let was_empty = self.is_empty();
        match (code, modifiers) {
            (KeyCode::Tab, KeyModifiers::NONE) if was_empty => self.focused = false,
            (KeyCode::Char('u'), KeyModifiers::CONTROL) => self.clear(),
            _ => {
                if !self.line.key(code, modifiers) {
                    return false;
                }
                self.focused = !(was_empty && code == KeyCode::Backspace);
            }
        }
        true
    }

    /// Empties the field and gives the focus up.
    pub fn clear(&mut self) {
        self.line.clear();
        self.focused = false;
        self.recall = None;
    }

    /// Shows this text, cursor at its end, focused.
    pub fn set(&mut self, text: &str) {
        self.line.set(text, MAX_CHARS);
        self.focused = true;
    }

    /// Takes the text to dial it: remembered for `recall`, the field is empty again. `None` if nothing is typed.
    pub fn take(&mut self) -> Option<String> {
        let target = self.text().trim().to_owned();
        if target.is_empty() {
            return None;
        }
        self.clear();
        self.remember(&target);
        Some(target)
    }

    /// This was dialled just now.
    pub fn remember(&mut self, target: &str) {
        self.dialled.retain(|old| old != target);
        self.dialled.push(target.to_owned());
        if self.dialled.len() > MAX_DIALLED {
            self.dialled.remove(0);
        }
    }

    /// These were dialled before anything typed here, the last one first.
    pub fn remember_older<'a>(&mut self, latest_first: impl Iterator<Item = &'a str>) {
        if self.recall.is_some() {
            return;
        }
        for number in latest_first {
            if self.dialled.len() < MAX_DIALLED && !self.dialled.iter().any(|known| known == number) {
                self.dialled.insert(0, number.to_owned());
            }
        }
    }

    /// The phone has dialled these, the last one first, wherever they were typed.
    pub fn follow<'a>(&mut self, latest_first: impl DoubleEndedIterator<Item = &'a str>) {
        if self.recall.is_none() {
            latest_first.rev().for_each(|number| self.remember(number));
        }
    }

    /// Nothing was dialled before.
    pub fn forget_dialled(&mut self) {
        self.dialled.clear();
        self.recall = None;
    }

    /// Shows the number dialled before the one shown (`older`) or after it. True if there was one.
    pub fn recall(&mut self, older: bool) -> bool {
        let next = match (self.recall, older) {
            (None, true) => self.dialled.len().checked_sub(1),
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1),
            (None, false) => None,
        };
        let Some((at, target)) = next.and_then(|at| Some((at, self.dialled.get(at)?.clone()))) else { return false };
        self.set(&target);
        self.recall = Some(at);
        true
    }
}

/// Makes one line of pasted text: a telephone number loses its separators (and the `(0)` written after a country code),
/// anything else only its line breaks and outer blanks. A line break never dials.
pub fn normalise(text: &str) -> String {
    let line = text.split(['\r', '\n']).map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#' | ',');
    let is_separator =
        |c: char| matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2013}') || c.is_whitespace();
    let is_number = line.chars().all(|c| is_digit(c) || is_separator(c)) && line.chars().any(|c| c.is_ascii_digit());
    let is_dotted_address = line.split('.').count() == 4 && line.split('.').all(|part| part.parse::<u8>().is_ok());
    if !is_number || is_dotted_address {
        return line.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    }
    let number = if line.starts_with('+') { line.replacen("(0)", "", 1) } else { line.to_owned() };
    number.chars().filter(|c| is_digit(*c)).take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_numbers_become_one_number() {
        let rows = [
            ("+49 (0)40 / 123-45\n", "+494012345"),
            ("+49 (40) 123-45", "+494012345"),
            ("\n\n  0800 123 456\r\nsecond line", "0800123456"),
            ("(020) 7946 0000", "02079460000"),
            ("*21#", "*21#"),
            ("sip:bob@example.com\n", "sip:bob@example.com"),
            ("600@127.0.0.1:5060", "600@127.0.0.1:5060"),
            ("192.168.1.20", "192.168.1.20"),
            ("+1.202.555.0100", "+12025550100"),
            ("\n", ""),
            ("\x1b[2J", "[2J"),
        ];
        for (pasted, expected) in rows {
            assert_eq!(normalise(pasted), expected, "{pasted:?}");
        }
        assert_eq!(normalise(&"9".repeat(5000)).len(), MAX_CHARS);
    }

    #[test]
    fn dialled_numbers_come_back_newest_first_and_once() {
        let mut field = DialField::default();
        for number in ["600", "601", "600"] {
            field.set(number);
            assert_eq!(field.take().as_deref(), Some(number));
        }
        assert!(field.recall(true));
        assert_eq!(field.text(), "600");
        assert!(field.recall(true));
        assert_eq!(field.text(), "601");
        assert!(!field.recall(true));
        assert!(field.recall(false));
        assert_eq!(field.text(), "600");
        field.clear();
        assert_eq!(field.take(), None);
    }

    #[test]
    fn what_was_dialled_elsewhere_comes_back_in_its_order() {
        let recalled = |field: &mut DialField| {
            let mut numbers = Vec::new();
            while field.recall(true) {
                numbers.push(field.text());
            }
            field.clear();
            numbers
        };
        let mut field = DialField::default();
        field.remember_older(["1", "2"].into_iter());
        field.follow(["800,1#", "1"].into_iter());
        assert_eq!(recalled(&mut field), ["800,1#", "1", "2"]);
        field.recall(true);
        field.follow(["9"].into_iter());
        assert!(field.recall(true) && field.text() == "1", "nobody is led astray");
        field.clear();
        field.follow(["9", "800,1#"].into_iter());
        assert_eq!(recalled(&mut field), ["9", "800,1#", "1", "2"]);
    }

    #[test]
    fn backspace_in_an_empty_field_gives_the_focus_up() {
        let mut field = DialField::default();
        field.insert('5');
        assert!(field.key(KeyCode::Backspace, KeyModifiers::NONE) && field.focused);
        assert!(field.key(KeyCode::Backspace, KeyModifiers::NONE) && !field.focused);
    }
}
