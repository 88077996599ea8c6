//! Threads that still write what a phone has said, and whoever waits for the last of them.

use std::convert::Infallible;
use std::io::{self, Write};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Held by each thread that writes. Clones are the same.
#[derive(Debug, Clone)]
pub struct Writing {
    _held: Sender<Infallible>,
}

/// What those threads have written, once it is all.
#[derive(Debug)]
pub struct Written(Receiver<Infallible>);

/// Who writes, and who waits for that.
pub fn pair() -> (Writing, Written) {
    let (held, written) = channel(1);
    (Writing { _held: held }, Written(written))
}

impl Written {
    /// Nobody writes any more.
    pub async fn all(mut self) {
        let None = self.0.recv().await;
    }
}

/// An output that is written to until it is dropped.
pub struct Held<W> {
    output: W,
    _writing: Option<Writing>,
}

impl<W> Held<W> {
    /// This output, whose writing others wait for.
    pub fn new(output: W, writing: Option<Writing>) -> Held<W> {
        Held { output, _writing: writing }
    }
}

impl<W: Write> Write for Held<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
