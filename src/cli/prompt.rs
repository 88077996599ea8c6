//! Asking on the terminal: for a password, for a yes.

use super::out;
use crate::config::Secret;
use crate::control::{CommandError, ExitCode};
use crate::text::say;
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::{self, BufRead, IsTerminal, Read};

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
    out::ask(&format!("{} ", say!("setup-password-of", who = whose)));
    let answer = read();
    let restored = crossterm::terminal::disable_raw_mode();
    out::talk("");
    let answer = answer?;
    restored?;
    Ok((!answer.is_empty()).then(|| Secret::new(answer.as_str())))
}

/// Asks for a line; an empty one is `otherwise`.
///
/// # Errors
/// Standard input has ended, or failed.
pub fn line(question: &str, otherwise: &str) -> Result<String, CommandError> {
    Ok(text(question, otherwise)?.to_lowercase())
}

/// As [`line`], letter for letter.
///
/// # Errors
/// As [`line`].
pub fn text(question: &str, otherwise: &str) -> Result<String, CommandError> {
    let default = if otherwise.is_empty() { String::new() } else { format!(" [{otherwise}]") };
    out::ask(&format!("{question}{default}: "));
    let mut line = String::new();
    let bound = u64::try_from(MAX_CHARS).unwrap_or(u64::MAX);
    let read = io::stdin().lock().take(bound).read_line(&mut line);
    match read {
        Ok(1..) => Ok(Some(line.trim().to_owned()).filter(|it| !it.is_empty()).unwrap_or(otherwise.to_owned())),
        Ok(0) | Err(_) => {
            out::talk("");
            let message = "interrupted at a question; nothing was changed".to_owned();
            Err(CommandError { code: ExitCode::Interrupted, kind: "interrupted", message, hint: None })
        }
    }
}

/// Asks for a yes; an empty line is a no.
///
/// # Errors
/// As [`line`].
pub fn yes(question: &str) -> Result<bool, CommandError> {
    loop {
        match line(&format!("{question} y or n"), "n")?.as_str() {
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => {}
        }
    }
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
