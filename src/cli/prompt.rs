//! Asking for a password on the terminal.

use super::out;
use crate::config::Secret;
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::{self, IsTerminal};

/// Longest password read, in characters.
const MAX_CHARS: usize = 1024;

/// True when there is somebody to ask.
pub fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; nothing of the answer is shown. An empty answer is none.
///
/// # Errors
/// The terminal failed, or the question was broken off with Ctrl-C (`Interrupted`).
pub fn password(whose: &str) -> io::Result<Option<Secret>> {
    // Before the question: whoever answers at once must not see it either.
    crossterm::terminal::enable_raw_mode()?;
    out::ask(&format!("Password of {whose}: "));
    let answer = read();
    let restored = crossterm::terminal::disable_raw_mode();
    out::talk("");
    let answer = answer?;
    restored?;
    Ok((!answer.is_empty()).then(|| Secret::new(answer.as_str())))
}

fn read() -> io::Result<zeroize::Zeroizing<String>> {
    let mut answer = zeroize::Zeroizing::new(String::with_capacity(4 * MAX_CHARS));
    loop {
        let Event::Key(key) = crossterm::event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Ok(answer),
            // The end of a line that was typed ahead.
            KeyCode::Char('j') if control => return Ok(answer),
            KeyCode::Esc => return Err(io::ErrorKind::Interrupted.into()),
            KeyCode::Char('c' | 'd') if control => return Err(io::ErrorKind::Interrupted.into()),
            KeyCode::Char('u') if control => answer.clear(),
            KeyCode::Backspace => {
                answer.pop();
            }
            KeyCode::Char(c) if !control && answer.chars().count() < MAX_CHARS => answer.push(c),
            _ => {}
        }
    }
}
