//! Frames as bytes: what is drawn is gathered, and goes to the terminal in one write. A frame that changes nothing is none.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Begins and ends an update that a terminal shows as a whole (mode 2026).
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Gathers what is drawn; a clone gathers into the same.
#[derive(Debug, Clone, Default)]
pub struct Pen(Rc<RefCell<Vec<u8>>>);

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Frames are taken whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes frames of what was gathered.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    /// How the last one left the cursor.
    cursor: Vec<u8>,
}

impl Frames {
    /// What is to be written; empty = nothing. `in_one`: the terminal shows an update as a whole if told where it ends.
    pub fn next(&mut self, pen: &Pen, in_one: bool) -> Vec<u8> {
        let drawn = std::mem::take(&mut *pen.0.borrow_mut());
        // Cells, then the resetting of their looks, then the cursor.
        const RESET: &[u8] = b"\x1b[0m";
        let at = drawn.windows(RESET.len()).rposition(|window| window == RESET).map_or(0, |at| at + RESET.len());
        let (cells, cursor) = drawn.split_at(at);
        if cells.split(|byte| *byte == 0x1b).all(is_look) && cursor == self.cursor {
            return Vec::new();
        }
        self.cursor = cursor.to_vec();
        if in_one { [BEGIN, &drawn, END].concat() } else { drawn }
    }

    /// What the terminal shows is not what was drawn last.
    pub fn forget(&mut self) {
        self.cursor.clear();
    }
}

/// Nothing, or what is behind the escape of a change of colours: `[39m`.
fn is_look(part: &[u8]) -> bool {
    match part {
        [] => true,
        [b'[', inner @ .., b'm'] => inner.iter().all(|byte| byte.is_ascii_digit() || *byte == b';'),
        _ => false,
    }
}

/// How soon a frame may follow that only moves the meters: later, where frames take long to write.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    frame: Duration,
    slow_frame: Duration,
    slow_until: Option<Instant>,
}

/// A frame that takes longer to write than this waits for a slow line.
const SLOW_WRITE: Duration = Duration::from_millis(50);
/// How long a line is then held to be slow.
const STAYS_SLOW: Duration = Duration::from_secs(10);

impl Pace {
    /// The shortest time between two frames, and that of a slow line.
    pub fn new(frame: Duration, slow_frame: Duration) -> Pace {
        Pace { frame, slow_frame, slow_until: None }
    }

    /// A frame took so long to write.
    pub fn wrote(&mut self, took: Duration, now: Instant) {
        if took > SLOW_WRITE {
            self.slow_until = Some(now + STAYS_SLOW);
        }
    }

    /// The shortest time between two frames now.
    pub fn frame(&self, now: Instant) -> Duration {
        if self.slow_until.is_some_and(|until| now < until) { self.slow_frame } else { self.frame }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::CrosstermBackend;
    use ratatui::{TerminalOptions, Viewport, layout::Rect};

    #[test]
    fn a_frame_is_one_write_and_none_where_nothing_changes() {
        let pen = Pen::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, 20, 2));
        let mut screen =
            Terminal::with_options(CrosstermBackend::new(pen.clone()), TerminalOptions { viewport }).unwrap();
        let mut frames = Frames::default();
        let mut draw = |text: &str, cursor: Option<(u16, u16)>| {
            screen
                .draw(|frame| {
                    frame.render_widget(text, frame.area());
                    if let Some(at) = cursor {
                        frame.set_cursor_position(at);
                    }
                })
                .unwrap();
            frames.next(&pen, true)
        };
        let first = draw("one", None);
        assert!(first.starts_with(BEGIN) && first.ends_with(END) && first.windows(3).any(|part| part == b"one"));
        assert_eq!(draw("one", None), b"");
        assert_ne!(draw("two", None), b"");
        assert_eq!(draw("two", None), b"");
        assert_ne!(draw("two", Some((1, 0))), b"", "the cursor shows");
        assert_eq!(draw("two", Some((1, 0))), b"");
        assert_ne!(draw("two", Some((2, 0))), b"", "it moves");
        assert_ne!(draw("two", None), b"", "it hides");
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn a_slow_line_has_meters_once_a_second() {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::from_millis(100), Duration::from_secs(1));
        pace.wrote(Duration::from_millis(2), now);
        assert_eq!(pace.frame(now), Duration::from_millis(100));
        pace.wrote(Duration::from_millis(80), now);
        assert_eq!(pace.frame(now + Duration::from_secs(9)), Duration::from_secs(1));
        assert_eq!(pace.frame(now + Duration::from_secs(11)), Duration::from_millis(100));
    }
}
