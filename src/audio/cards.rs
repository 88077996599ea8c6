//! Sound cards, watched by a thread of their own: opening may take long, a card may vanish, another may come.

use super::{CaptureLine, PlaybackLine, Spec};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What became of the cards.
pub enum Opened {
    /// A microphone, new or again.
    Capture(CaptureLine),
    /// The microphone is gone: silence at once.
    CaptureLost,
    /// A speaker, new or again.
    Playback(PlaybackLine),
    /// The speaker is gone.
    PlaybackLost,
    /// The speaker that rings.
    Ring(PlaybackLine),
    /// It is gone.
    RingLost,
    /// For the person.
    Warning(String),
}

/// The open cards; dropping it releases them.
pub struct Cards {
    opened: Receiver<Opened>,
    ended: Arc<AtomicBool>,
    thread: thread::Thread,
}

impl Cards {
    /// Starts opening; what succeeds arrives through [`Cards::poll`].
    pub fn open(input: Option<Spec>, output: Option<Spec>, ring: Option<Spec>) -> io::Result<Cards> {
        let (reports, opened) = channel();
        let ended = Arc::new(AtomicBool::new(false));
        let until = ended.clone();
        let watcher = thread::Builder::new()
            .name("audio".to_owned())
            .stack_size(512 * 1024)
            .spawn(move || watch([input, output, ring], &reports, &until))?;
        Ok(Cards { opened, ended, thread: watcher.thread().clone() })
    }

    /// What happened since.
    pub fn poll(&mut self) -> Option<Opened> {
        self.opened.try_recv().ok()
    }
}

impl Drop for Cards {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

#[cfg(feature = "audio")]
fn watch(specs: [Option<Spec>; 3], reports: &Sender<Opened>, ended: &AtomicBool) {
    super::card::watch(specs, reports, ended);
}

#[cfg(not(feature = "audio"))]
fn watch(_specs: [Option<Spec>; 3], reports: &Sender<Opened>, _ended: &AtomicBool) {
    let _ = reports.send(Opened::Warning("this build knows no sound cards: using null".to_owned()));
}

/// The names of the cards there are.
pub fn names(direction: super::Direction) -> Vec<String> {
    #[cfg(feature = "audio")]
    return super::card::names(direction);
    #[cfg(not(feature = "audio"))]
    {
        let _ = direction;
        Vec::new()
    }
}
