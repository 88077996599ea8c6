//! Sound cards, watched by a thread of their own: opening may take long, a card may vanish, another may come.

use super::{CaptureLine, Latency, PlaybackLine, Spec};
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
    /// The name of what was opened or will be in a moment: a microphone's or a speaker's.
    Named(super::Direction, String),
    /// What is missing now, for the person; `None` = all that was asked for is there.
    Missing(Option<String>),
}

/// The open cards; dropping it releases them.
pub struct Cards {
    opened: Receiver<Opened>,
    ended: Arc<AtomicBool>,
    thread: thread::Thread,
}

impl Cards {
    /// Starts opening the microphone, the speaker and the one that rings; what succeeds arrives through [`Cards::poll`].
    /// `voice` = a synthetic voice speaks while there is no microphone, which the warning then says.
    pub fn open(specs: [Option<Spec>; 3], latency: Latency, voice: bool) -> io::Result<Cards> {
        let (reports, opened) = channel();
        let ended = Arc::new(AtomicBool::new(false));
        let until = ended.clone();
        let watcher = thread::Builder::new()
            .name("audio".to_owned())
            .stack_size(512 * 1024)
            .spawn(move || watch(specs, latency, voice, &reports, &until))?;
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
fn watch(specs: [Option<Spec>; 3], latency: Latency, voice: bool, reports: &Sender<Opened>, ended: &AtomicBool) {
    super::card::watch(specs, latency, voice, reports, ended);
}

#[cfg(not(feature = "audio"))]
fn watch(_specs: [Option<Spec>; 3], _latency: Latency, voice: bool, reports: &Sender<Opened>, _ended: &AtomicBool) {
    let text = format!("this build knows no sound cards: {}", instead(voice));
    let _ = reports.send(Opened::Missing(Some(text)));
}

/// What the system lacks for cards to be there at all.
pub fn lack() -> Option<&'static str> {
    #[cfg(feature = "audio")]
    return super::card::lack();
    #[cfg(not(feature = "audio"))]
    None
}

/// What happens in the place of a missing card.
fn instead(voice: bool) -> &'static str {
    if voice { "a synthetic voice speaks instead" } else { "silence is sent, and nothing is heard (null)" }
}

/// The sentence for cards that are missing; `None` when none is.
#[cfg_attr(not(feature = "audio"), allow(dead_code))]
pub(super) fn warning(mic: Option<&str>, speaker: Option<&str>, lack: Option<&str>, voice: bool) -> Option<String> {
    match (mic, speaker) {
        (Some(_), Some(_)) => Some(match lack {
            Some(lack) => format!("no sound card ({lack}): {}", instead(voice)),
            None => format!("no sound card: {}", instead(voice)),
        }),
        (Some(why), None) if voice => Some(format!("no microphone ({why}): {}", instead(true))),
        (Some(why), None) => Some(format!("no microphone ({why}): the other side hears silence")),
        (None, Some(why)) => Some(format!("no speaker ({why}): you hear nothing")),
        (None, None) => None,
    }
}

/// The sentence for a card that stands in for a named one.
#[cfg_attr(not(feature = "audio"), allow(dead_code))]
pub(super) fn another(wanted: &Spec) -> String {
    format!("{wanted} is not there: the system's own is used until it is")
}

/// The names of the cards there are and whether each is the default one.
pub fn names(direction: super::Direction) -> Vec<(String, bool)> {
    #[cfg(feature = "audio")]
    return super::card::names(direction);
    #[cfg(not(feature = "audio"))]
    {
        let _ = direction;
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::warning;

    #[test]
    fn what_is_missing_is_one_sentence() {
        let rows = [
            (Some("gone"), Some("gone"), false, Some("no sound card: silence is sent, and nothing is heard (null)")),
            (Some("gone"), Some("gone"), true, Some("no sound card: a synthetic voice speaks instead")),
            (Some("gone"), None, false, Some("no microphone (gone): the other side hears silence")),
            (Some("gone"), None, true, Some("no microphone (gone): a synthetic voice speaks instead")),
            (None, Some("gone"), false, Some("no speaker (gone): you hear nothing")),
            (None, None, false, None),
        ];
        for (mic, speaker, voice, said) in rows {
            assert_eq!(warning(mic, speaker, None, voice).as_deref(), said);
        }
        let said = "no sound card (no library): a synthetic voice speaks instead";
        assert_eq!(warning(Some("gone"), Some("gone"), Some("no library"), true).as_deref(), Some(said));
    }
}
