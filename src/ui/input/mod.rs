//! What a terminal sends: keys, the mouse, pastes, and answers to questions, which are never taken for keys.

#[cfg(unix)]
mod csi;
#[cfg(unix)]
mod decoder;

#[cfg(unix)]
pub use decoder::Decoder;

use super::msg::Msg;
use crossterm::event::Event;
use tokio::sync::mpsc;

/// Terminal events that may wait.
const EVENTS: usize = 256;

/// Something that came from the terminal.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Somebody did something.
    Event(Event),
    /// The terminal answered a question.
    Answer(Answer),
}

/// What a terminal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It speaks the keyboard protocol of kitty.
    Keyboard,
    /// A private mode, and its state: 1 set, 2 reset, 3 and 4 so for ever, 0 not known (DECRPM).
    Mode {
        /// Its number.
        mode: u16,
        /// Its state.
        state: u16,
    },
    /// The column where the cursor is, from 1.
    Column(u16),
    /// What kind of terminal it is: it has answered all that was asked before.
    Last,
}

/// A terminal that is read, on a thread that sleeps in the kernel; no longer once this is dropped.
#[derive(Debug)]
pub struct Reading {
    inputs: mpsc::Receiver<Input>,
    /// Its other end wakes the thread when this one is gone.
    #[cfg(unix)]
    _stop: Option<std::os::unix::net::UnixStream>,
}

impl Reading {
    /// Begins to read. `asked`: answers are owed.
    pub fn begin(asked: bool) -> Reading {
        let (sender, inputs) = mpsc::channel(EVENTS);
        let thread = std::thread::Builder::new().name("terminal".to_owned());
        #[cfg(unix)]
        {
            // Without the thread the channel is closed at once, and the interface leaves.
            let ends = std::os::unix::net::UnixStream::pair().ok();
            let (stop, stopped) = ends.map_or((None, None), |(stop, stopped)| (Some(stop), Some(stopped)));
            let _ = stopped.map(|stopped| thread.spawn(move || reader(asked, &sender, &stopped)));
            Reading { inputs, _stop: stop }
        }
        #[cfg(not(unix))]
        {
            let _ = (asked, thread.spawn(move || reader(&sender)));
            Reading { inputs }
        }
    }

    /// What comes next; `None`: the terminal is gone.
    pub async fn next(&mut self) -> Option<Input> {
        self.inputs.recv().await
    }

    /// What has come already.
    pub fn at_hand(&mut self) -> Option<Input> {
        self.inputs.try_recv().ok()
    }

    /// The next key, click or paste; `None`: the terminal is gone.
    pub async fn recv(&mut self) -> Option<Msg> {
        loop {
            match self.inputs.recv().await? {
                Input::Event(event) => return Some(Msg::of_terminal(event)),
                Input::Answer(_) => continue,
            }
        }
    }
}

#[cfg(unix)]
#[allow(clippy::disallowed_methods)]
fn reader(asked: bool, sender: &mpsc::Sender<Input>, stopped: &std::os::unix::net::UnixStream) {
    use super::term::{Waited, wait_for_input};
    use std::time::Instant;
    let mut decoder = Decoder::default();
    if asked {
        decoder.asked(Instant::now());
    }
    let stdin = std::io::stdin();
    let mut bytes = [0; 4096];
    loop {
        let patience = decoder.deadline().map(|until| until.saturating_duration_since(Instant::now()));
        let inputs = match wait_for_input(stopped, patience) {
            Waited::Gone => return,
            Waited::Nothing => decoder.wait_over(Instant::now()),
            Waited::Input => match rustix::io::read(&stdin, &mut bytes) {
                Ok(0) => return,
                Ok(count) => decoder.take(bytes.get(..count).unwrap_or_default(), Instant::now()),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                Err(_) => return,
            },
        };
        for input in inputs {
            if sender.blocking_send(input).is_err() {
                return;
            }
        }
    }
}

#[cfg(not(unix))]
fn reader(sender: &mpsc::Sender<Input>) {
    while let Ok(event) = crossterm::event::read() {
        if sender.blocking_send(Input::Event(event)).is_err() {
            return;
        }
    }
}
