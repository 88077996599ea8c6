//! The two ends of the sound of what is attached to a call, which tell of their own end.

use crate::audio::audiosocket::Outgoing;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// The sound of a program or a server; who waits for its end is told.
pub(super) struct Source<R> {
    pub input: R,
    pub _over: oneshot::Sender<()>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

/// The sound for a server; who waits until it has been told of the end is told.
pub(super) struct Served {
    pub outgoing: Outgoing,
    pub _over: oneshot::Sender<()>,
}

impl Write for Served {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.outgoing.flush()
    }
}

/// The sound for a program; closed when its call ends.
pub(super) struct Sink {
    pub pipe: Option<io::PipeWriter>,
    pub closing: Arc<AtomicBool>,
}

impl Sink {
    fn pipe(&mut self) -> io::Result<&mut io::PipeWriter> {
        if self.closing.load(Ordering::Relaxed) {
            self.pipe = None;
        }
        self.pipe.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe()?.flush()
    }
}
