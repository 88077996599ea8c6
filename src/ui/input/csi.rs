//! What stands behind `ESC [`: keys, the mouse, answers.
//!
//! The numbers are those of xterm's control sequences and of kitty's keyboard protocol.

use super::{Answer, Input};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Reads a sequence: what stands between `ESC [` and its last letter. `None` where it means nothing here.
pub(super) fn read(body: &[u8], last: u8, owed: bool) -> Option<Input> {
    let body = std::str::from_utf8(body).ok()?;
    match (body.as_bytes().first(), last) {
        (Some(b'?'), b'u') => Some(Input::Answer(Answer::Keyboard)),
        (Some(b'?'), b'c') => Some(Input::Answer(Answer::Last)),
        (Some(b'?'), b'y') => mode(body).map(Input::Answer),
        (Some(b'<'), b'M' | b'm') => mouse(body, last == b'm').map(Input::Event),
        (Some(b'<' | b'=' | b'>' | b'?'), _) => None,
        (_, b'I') => Some(Input::Event(Event::FocusGained)),
        (_, b'O') => Some(Input::Event(Event::FocusLost)),
        (_, b'R') if owed => numbers(body).nth(1).flatten().map(|column| Input::Answer(Answer::Column(column))),
        _ => pressed(body, last).map(Input::Event),
    }
}

/// `? 2026 ; 2 $`.
fn mode(body: &str) -> Option<Answer> {
    let mut numbers = numbers(body.strip_prefix('?')?.strip_suffix('$')?);
    Some(Answer::Mode { mode: numbers.next()??, state: numbers.next()?? })
}

/// Each number, before what may stand behind a colon.
fn numbers(text: &str) -> impl Iterator<Item = Option<u16>> {
    text.split(';').map(|part| part.split(':').next().and_then(|number| number.parse().ok()))
}

/// A key: `1;5` and a letter, `5;3~`, `113;5:1u`.
fn pressed(body: &str, last: u8) -> Option<Event> {
    let mut parts = body.split(';');
    let first = parts.next().unwrap_or_default();
    let mut how = parts.next().unwrap_or_default().split(':');
    let mask = how.next().and_then(|mask| mask.parse::<u16>().ok()).unwrap_or(1).saturating_sub(1);
    let kind = how.next();
    let number = || first.split(':').next().and_then(|number| number.parse::<u32>().ok());
    let mut modifiers = modifiers(mask);
    let code = match last {
        b'~' => tilde(number()?)?,
        b'u' => coded(number()?)?,
        // A cursor's place that nobody asked for is no key.
        b'R' if number() != Some(1) => return None,
        b'Z' => {
            modifiers |= KeyModifiers::SHIFT;
            KeyCode::BackTab
        }
        letter => lettered(letter)?,
    };
    let code = match code {
        KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) && c.is_lowercase() => {
            KeyCode::Char(c.to_uppercase().next().unwrap_or(c))
        }
        code => code,
    };
    let kind = match kind {
        Some("3") => KeyEventKind::Release,
        // What moves goes on moving; a digit that is held is one digit.
        Some("2") if matches!(code, KeyCode::Char(_) | KeyCode::Enter | KeyCode::Esc | KeyCode::F(_)) => {
            KeyEventKind::Repeat
        }
        _ => KeyEventKind::Press,
    };
    Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)))
}

fn modifiers(mask: u16) -> KeyModifiers {
    let all = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ];
    all.into_iter().filter(|(bit, _)| mask & bit != 0).map(|(_, modifier)| modifier).collect()
}

fn lettered(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(1 + letter - b'P'),
        _ => return None,
    })
}

/// `ESC O` and a letter.
pub(super) fn function_key(letter: u8) -> Option<Event> {
    let code = match letter {
        b'M' => KeyCode::Enter,
        // The keypad of a terminal in its application mode.
        b'j'..=b'y' => KeyCode::Char(char::from(letter - b'j' + b'*')),
        letter => lettered(letter)?,
    };
    Some(Event::Key(code.into()))
}

/// F1 and its like.
pub(super) fn numbered(number: u8) -> Event {
    Event::Key(KeyCode::F(number).into())
}

fn tilde(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number as u8 - 10),
        17..=21 => KeyCode::F(number as u8 - 11),
        23..=26 => KeyCode::F(number as u8 - 12),
        28..=29 => KeyCode::F(number as u8 - 15),
        31..=34 => KeyCode::F(number as u8 - 17),
        _ => return None,
    })
}

/// A key by its character, or by its number in the private area.
fn coded(number: u32) -> Option<KeyCode> {
    const KEYPAD: &[char] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '.', '/', '*', '-', '+', '\r', '='];
    Some(match number {
        27 => KeyCode::Esc,
        13 => KeyCode::Enter,
        9 => KeyCode::Tab,
        127 => KeyCode::Backspace,
        57376..=57398 => KeyCode::F((number - 57376 + 13) as u8),
        57399..=57415 => match KEYPAD.get((number - 57399) as usize)? {
            '\r' => KeyCode::Enter,
            c => KeyCode::Char(*c),
        },
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        // Locks, media keys, modifiers by themselves.
        57344..=63743 => return None,
        _ => KeyCode::Char(char::from_u32(number).filter(|c| !c.is_control())?),
    })
}

/// `< button ; column ; row` (SGR).
fn mouse(body: &str, released: bool) -> Option<Event> {
    let mut numbers = numbers(body.strip_prefix('<')?);
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let kind = match (button & 0b11 | (button & 0b1100_0000) >> 4, button & 32 != 0) {
        (button @ 0..=2, moves) => {
            let button =
                [MouseButton::Left, MouseButton::Middle, MouseButton::Right].get(usize::from(button)).copied()?;
            match (moves, released) {
                (true, _) => MouseEventKind::Drag(button),
                (false, true) => MouseEventKind::Up(button),
                (false, false) => MouseEventKind::Down(button),
            }
        }
        (3, true) => MouseEventKind::Moved,
        (4, false) => MouseEventKind::ScrollUp,
        (5, false) => MouseEventKind::ScrollDown,
        (6, false) => MouseEventKind::ScrollLeft,
        (7, false) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let modifiers = modifiers(button >> 2 & 0b111);
    Some(Event::Mouse(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &str, last: u8) -> Option<KeyEvent> {
        match read(body.as_bytes(), last, false) {
            Some(Input::Event(Event::Key(key))) => Some(key),
            _ => None,
        }
    }

    #[test]
    fn keys_let_go_and_held_are_told_apart() {
        let kind = |body, last| key(body, last).unwrap().kind;
        assert_eq!(kind("53;1:3", b'u'), KeyEventKind::Release);
        assert_eq!(kind("53;1:2", b'u'), KeyEventKind::Repeat);
        assert_eq!(kind("1;1:2", b'B'), KeyEventKind::Press, "a list goes on scrolling");
        assert_eq!(kind("1;1:3", b'B'), KeyEventKind::Release);
        for (body, last, code) in [
            ("115;1:3", b'u', KeyCode::Char('s')),
            ("115;3:3", b'u', KeyCode::Char('s')),
            ("115:83;2:3", b'u', KeyCode::Char('S')),
            ("115;65:3", b'u', KeyCode::Char('s')),
            ("18;1:3", b'~', KeyCode::F(7)),
            ("1;1:3", b'P', KeyCode::F(1)),
        ] {
            assert_eq!(key(body, last).map(|key| (key.code, key.kind)), Some((code, KeyEventKind::Release)), "{body}");
        }
    }

    #[test]
    fn a_lock_or_a_modifier_by_itself_is_no_key() {
        for body in ["57358", "57441;2", "57430", "1", "0", "4294967295", ""] {
            assert_eq!(key(body, b'u'), None, "{body}");
        }
        assert_eq!(key("97;2", b'u').unwrap().code, KeyCode::Char('A'));
    }

    #[test]
    fn the_mouse_tells_where() {
        let at = |body: &str, last| match read(body.as_bytes(), last, false) {
            Some(Input::Event(Event::Mouse(mouse))) => Some((mouse.kind, mouse.column, mouse.row)),
            _ => None,
        };
        assert_eq!(at("<0;10;5", b'M'), Some((MouseEventKind::Down(MouseButton::Left), 9, 4)));
        assert_eq!(at("<0;10;5", b'm'), Some((MouseEventKind::Up(MouseButton::Left), 9, 4)));
        assert_eq!(at("<65;1;1", b'M'), Some((MouseEventKind::ScrollDown, 0, 0)));
        assert_eq!(at("<0;0;5", b'M'), None);
        assert_eq!(at("<0;99999;5", b'M'), None);
    }

    #[test]
    fn a_cursors_place_counts_where_it_was_asked_for() {
        assert_eq!(read(b"1;3", b'R', true), Some(Input::Answer(Answer::Column(3))));
        assert_eq!(key("1;2", b'R').unwrap().code, KeyCode::F(3));
        assert_eq!(read(b"24;80", b'R', false), None);
    }
}
