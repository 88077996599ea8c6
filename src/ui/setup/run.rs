//! The shell around the questions: events in, frames and wishes out. Sleeps unless something happens.

use super::model::Setup;
use super::update::{Effect, Msg, update};
use super::{Ask, Ending, News};
use crate::text::say;
use crate::ui::glyphs::Glyphs;
use crate::ui::input::{Input, Reading};
use crate::ui::msg;
use crate::ui::run::{UiError, now};
use crate::ui::term::{SignalAsks, Signals, Term};
use crate::ui::theme::Theme;
use crate::ui::view::setup::{self as screen, Drawn};
use crossterm::event::{MouseButton, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::io::{self, Stdout};
use tokio::sync::mpsc;

/// Asks until it is over. The terminal is as before when this returns, whatever happened.
///
/// # Errors
/// The terminal could not be had, or drawn on.
pub async fn run(
    mut setup: Setup,
    theme: &Theme,
    glyphs: &Glyphs,
    ask: mpsc::UnboundedSender<Ask>,
    mut news: mpsc::UnboundedReceiver<News>,
) -> Result<Ending, UiError> {
    let term = Term::take(true).map_err(UiError::Terminal)?;
    let mut signals = Signals::listen().map_err(UiError::Terminal)?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout())).map_err(UiError::Draw)?;
    let size = screen.size().map_err(UiError::Draw)?;
    setup.size = (size.width, size.height);
    let mut events = Reading::begin(false);
    loop {
        let mut drawn = Drawn::default();
        screen.draw(|frame| drawn = screen::view(&setup, theme, glyphs, now(), frame)).map_err(UiError::Draw)?;
        let first = tokio::select! {
            biased;
            asks = signals.next() => match asks {
                SignalAsks::Leave => return Ok(Ending::Left),
                SignalAsks::Resized => match crossterm::terminal::size() {
                    Ok((columns, rows)) => Msg::Resize(columns, rows),
                    Err(_) => continue,
                },
                SignalAsks::Continue => {
                    term.enter().map_err(UiError::Terminal)?;
                    repaint(&mut screen).map_err(UiError::Draw)?;
                    continue;
                }
            },
            event = events.recv() => match event {
                Some(event) => match of_event(event, &drawn) {
                    Some(msg) => msg,
                    None => continue,
                },
                // The terminal is gone.
                None => return Ok(Ending::Left),
            },
            Some(news) = news.recv() => Msg::News(news),
        };
        // Several events, one frame; a click is on what was drawn.
        let mut next = Some(first);
        while let Some(msg) = next {
            for effect in update(&mut setup, msg) {
                match effect {
                    Effect::Ask(wish) => {
                        let _ = ask.send(wish);
                    }
                    Effect::Suspend => {
                        term.suspend(&say!("screen-suspended-setup")).map_err(UiError::Terminal)?;
                        repaint(&mut screen).map_err(UiError::Draw)?;
                    }
                    Effect::Repaint => repaint(&mut screen).map_err(UiError::Draw)?,
                    Effect::Leave(ending) => return Ok(ending),
                }
            }
            let waiting = match events.at_hand() {
                Some(Input::Event(event)) => of_event(msg::Msg::of_terminal(event), &drawn),
                _ => None,
            };
            next = waiting.or_else(|| news.try_recv().ok().map(Msg::News));
        }
    }
}

/// The whole screen is drawn anew. Why not clear(): that asks the terminal where its cursor is, and waits.
fn repaint(screen: &mut Terminal<CrosstermBackend<Stdout>>) -> io::Result<()> {
    let size = screen.size()?;
    screen.resize(Rect::new(0, 0, size.width, size.height))
}

fn of_event(event: msg::Msg, drawn: &Drawn) -> Option<Msg> {
    match event {
        msg::Msg::Key(key) => Some(Msg::Key(key)),
        msg::Msg::Paste(text) => Some(Msg::Paste(text)),
        msg::Msg::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        msg::Msg::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => drawn.pick_at(mouse.row).map(Msg::Click),
            _ => None,
        },
        _ => None,
    }
}
