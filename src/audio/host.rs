//! The host of the sound cards, asked by a thread of its own: a sound server that hangs holds up nobody for long, and is
//! asked nothing more until it has answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A server that does not answer for so long hangs. Longer than cpal waits for one that it has just met.
const PATIENCE: Duration = Duration::from_secs(3);

/// There was no answer in time, and there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silent;

type Question = Box<dyn FnOnce(&mut Option<cpal::Host>) + Send>;

/// The way to the thread.
struct Asker {
    questions: Option<Sender<Question>>,
    /// The last question that was not answered in time; true once it is.
    owed: Option<Arc<AtomicBool>>,
}

static ASKER: Mutex<Asker> = Mutex::new(Asker { questions: None, owed: None });

/// Asks the host of all cards; `None` where there can be none.
pub fn with_host<T: Send + 'static>(ask: impl FnOnce(&cpal::Host) -> T + Send + 'static) -> Result<Option<T>, Silent> {
    ASKER.lock().unwrap_or_else(PoisonError::into_inner).ask(PATIENCE, |pulse| answer(pulse, ask))
}

/// The last question has no answer yet.
pub fn is_silent() -> bool {
    ASKER.lock().unwrap_or_else(PoisonError::into_inner).is_owed()
}

impl Asker {
    fn is_owed(&self) -> bool {
        self.owed.as_ref().is_some_and(|answered| !answered.load(Ordering::Acquire))
    }

    fn ask<T: Send + 'static>(
        &mut self,
        patience: Duration,
        ask: impl FnOnce(&mut Option<cpal::Host>) -> T + Send + 'static,
    ) -> Result<T, Silent> {
        if self.is_owed() {
            return Err(Silent);
        }
        let (tell, told) = channel();
        let answered = Arc::new(AtomicBool::new(false));
        let mark = Answered(Arc::clone(&answered));
        let question: Question = Box::new(move |pulse| {
            let _mark = mark;
            let _ = tell.send(ask(pulse));
        });
        self.owed = Some(answered);
        let unsent = match &self.questions {
            Some(questions) => questions.send(question).map_err(|unsent| unsent.0),
            None => Err(question),
        };
        if let Err(question) = unsent {
            self.questions = Some(begin().ok_or(Silent)?);
            self.questions.as_ref().and_then(|questions| questions.send(question).ok()).ok_or(Silent)?;
        }
        let answer = told.recv_timeout(patience).map_err(|_| Silent)?;
        self.owed = None;
        Ok(answer)
    }
}

/// Goes with a question, even one that panics.
struct Answered(Arc<AtomicBool>);

impl Drop for Answered {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The thread; it ends with the program.
fn begin() -> Option<Sender<Question>> {
    let (questions, asked) = channel::<Question>();
    let work = move || {
        let mut pulse = None;
        asked.into_iter().for_each(|question| question(&mut pulse));
    };
    thread::Builder::new().name("cards".to_owned()).stack_size(512 * 1024).spawn(work).ok()?;
    Some(questions)
}

/// `pulse`: PulseAudio, once it was there. `None` where ALSA would find no card: asking it would only make libasound complain
/// on stderr, several lines an attempt.
fn answer<T>(pulse: &mut Option<cpal::Host>, ask: impl FnOnce(&cpal::Host) -> T) -> Option<T> {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    {
        use cpal::traits::HostTrait;
        // Why one for all questions: the thread and the connection of a client that is dropped while nothing comes from the
        // server stay. Why another one once it is gone: a client whose server died never recovers. What it cannot read in a
        // server's answer leaves it as it is.
        let is_gone = |error: cpal::Error| {
            matches!(error.kind(), cpal::ErrorKind::StreamInvalidated | cpal::ErrorKind::HostUnavailable)
        };
        if pulse.as_ref().is_none_or(|host| host.devices().is_err_and(is_gone)) {
            *pulse = None;
            // Why first: cpal leaves a connection to a server that hangs.
            if super::pulse::answers() {
                *pulse = cpal::host_from_id(cpal::HostId::PulseAudio).ok();
            }
        }
        if let Some(host) = pulse.as_ref() {
            return Some(ask(host));
        }
        if !super::asound::is_here() {
            return None;
        }
    }
    // Why not the default: that is PulseAudio again, by a client of its own, if the server has come up meanwhile.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    let host = cpal::host_from_id(cpal::HostId::Alsa).ok()?;
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    let host = {
        let _no_such_server = pulse;
        cpal::default_host()
    };
    let bare = cfg!(target_os = "linux")
        && host.id().name().eq_ignore_ascii_case("alsa")
        && std::env::var_os("ALSA_CONFIG_PATH").is_none()
        && std::fs::read_to_string("/proc/asound/cards").map_or(true, |cards| cards.contains("no soundcards"));
    (!bare).then(|| ask(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_an_answer_is_the_last_until_it_has_one() {
        let mut asker = Asker { questions: None, owed: None };
        let (go_on, waits) = channel::<()>();
        let brief = Duration::from_millis(20);
        assert_eq!(asker.ask(PATIENCE, |_| 1), Ok(1));
        assert_eq!(asker.ask(brief, move |_| waits.recv().is_ok()), Err(Silent));
        assert_eq!(asker.ask(PATIENCE, |_| 2), Err(Silent), "and at once: nobody waits for two");
        go_on.send(()).expect("it waits");
        let answer = std::iter::repeat_with(|| {
            thread::sleep(brief);
            asker.ask(PATIENCE, |_| 3)
        });
        assert_eq!(answer.take(500).find(Result::is_ok), Some(Ok(3)));
    }

    #[test]
    fn a_question_that_panics_ends_no_other() {
        let mut asker = Asker { questions: None, owed: None };
        assert_eq!(asker.ask(PATIENCE, |_| -> u8 { panic!("a library's mistake") }), Err(Silent));
        let answer = std::iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(20));
            asker.ask(PATIENCE, |_| 4)
        });
        assert_eq!(answer.take(500).find(Result::is_ok), Some(Ok(4)));
    }
}
