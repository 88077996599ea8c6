//! The ladder of SIP messages: what is kept while it is open, whose messages they are, and the steps of the chosen ones.
//! Which messages came is the phone's to tell; nothing is kept and nothing asked for while the view is closed.

pub mod sdp;
mod search;
mod steps;

pub use search::MAX_SEARCH;
pub use steps::{Step, Talk, peer};

use super::editor::Editor;
use crate::control::trace::export::Form;
use crate::control::{AccountInfo, CallInfo, Traced};
use std::collections::{HashMap, VecDeque};

/// Messages that are kept, and their bytes together.
pub const MOST_MESSAGES: usize = 2_000;
const MOST_BYTES: usize = 2 << 20;
/// Ended calls that are known by their names, and notes beside the messages.
const MOST_ENDED: usize = 32;
const MOST_NOTES: usize = 200;

/// What of the ladder takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The steps.
    Steps,
    /// The chosen message.
    Message,
    /// Why it failed.
    Why,
    /// In which form is it kept?
    AskForm,
}

/// A trace to be written into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its name, without its ending.
    pub name: String,
    /// Its form.
    pub form: Form,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The message.
    pub told: Traced,
    /// Microseconds since 1970.
    pub at_us: i64,
    /// What a repetition has in common with it.
    key: u64,
}

/// Something that happened beside the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The Call-ID of its call.
    pub sip_call_id: String,
    /// Microseconds since 1970.
    pub at_us: i64,
    /// What.
    pub text: String,
}

/// The ladder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ladder {
    /// The phone is asked to tell every message.
    pub followed: bool,
    /// Why it tells none any more.
    pub over: Option<String>,
    kept: VecDeque<Kept>,
    bytes: usize,
    /// Messages that had to make room.
    pub dropped: u64,
    ended: VecDeque<CallInfo>,
    notes: VecDeque<Note>,
    /// Whose messages there are, in the order in which they are gone through.
    pub talks: Vec<Talk>,
    /// Whose are shown.
    pub chosen: Option<Talk>,
    /// Whose are to be shown, as long as there are some.
    wanted: Option<Talk>,
    /// The steps of those.
    pub steps: Vec<Step>,
    /// The far ends, each with a line of its own.
    pub peers: Vec<String>,
    /// The chosen step.
    pub row: usize,
    /// The newest step stays the chosen one.
    pub holds: bool,
    /// Each keep-alive has a step of its own.
    pub unfolded: bool,
    /// Rows that the message, or the words about it, are scrolled by.
    pub scroll: usize,
    /// What is searched for.
    pub search: Editor,
    /// The search takes the keys.
    pub searches: bool,
    /// The steps that have it.
    found: Vec<usize>,
    stale: bool,
}

impl Ladder {
    /// Begins anew, with nothing.
    pub fn open(&mut self, wanted: Option<Talk>) {
        self.forget();
        (self.chosen, self.wanted) = (None, wanted);
        (self.row, self.holds, self.unfolded, self.scroll) = (0, false, false, 0);
        self.stop_search();
        self.stale = true;
    }

    /// Lets go of every message.
    pub fn forget(&mut self) {
        (self.kept, self.bytes, self.dropped, self.over) = (VecDeque::new(), 0, 0, None);
        (self.talks, self.steps, self.peers) = (Vec::new(), Vec::new(), Vec::new());
    }

    /// A message came.
    pub fn take(&mut self, told: Traced) {
        // An older one: they are told in order, the past first.
        if self.kept.back().is_some_and(|last| last.told.n >= told.n) {
            return;
        }
        self.bytes += size(&told);
        self.kept.push_back(Kept { at_us: micros(&told.time), key: steps::key(&told), told });
        while self.kept.len() > MOST_MESSAGES || self.bytes > MOST_BYTES && self.kept.len() > 1 {
            let Some(gone) = self.kept.pop_front() else { break };
            self.bytes -= size(&gone.told);
            self.dropped += 1;
        }
        self.stale = true;
    }

    /// A call has ended: its name is kept.
    pub fn ended(&mut self, call: &CallInfo) {
        self.ended.push_front(call.clone());
        self.ended.truncate(MOST_ENDED);
        self.stale = true;
    }

    /// Something happened to a call.
    pub fn note(&mut self, call: &CallInfo, at_us: i64, text: String) {
        self.notes.push_back(Note { sip_call_id: call.sip_call_id.clone(), at_us, text });
        if self.notes.len() > MOST_NOTES {
            self.notes.pop_front();
        }
        self.stale = true;
    }

    /// As `note`, of what happens to a call but once: its first words tell.
    pub fn note_once(&mut self, call: &CallInfo, at_us: i64, text: String) {
        let begins = |text: &str| text.split(',').next().map(str::to_owned);
        let is_known = |note: &Note| note.sip_call_id == call.sip_call_id && begins(&note.text) == begins(&text);
        if !self.notes.iter().any(is_known) {
            self.note(call, at_us, text);
        }
    }

    /// What is shown is out of date.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Brings the steps up to date, if anything changed.
    pub fn refresh(&mut self, accounts: &[AccountInfo]) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.talks = steps::talks(&self.kept, accounts, &self.ended);
        let wanted = self.wanted.clone().filter(|wanted| self.talks.contains(wanted));
        self.chosen = wanted.or_else(|| self.talks.first().cloned());
        let Some(chosen) = &self.chosen else {
            (self.steps, self.peers) = (Vec::new(), Vec::new());
            self.find();
            return;
        };
        let aors: HashMap<&str, String> = steps::aors(&self.kept);
        let is_shown = |kept: &Kept| chosen.takes(&kept.told, &aors);
        let before = self.steps.get(self.row).and_then(|step| self.number(step));
        self.steps = steps::steps(&self.kept, &self.notes, chosen, is_shown, self.unfolded);
        self.peers = steps::peers(&self.kept, &self.steps);
        let last = self.steps.len().saturating_sub(1);
        self.row = match before.filter(|_| self.holds) {
            Some(number) => self.steps.iter().position(|step| self.number(step) == Some(number)).unwrap_or(last),
            None if self.holds => self.row.min(last),
            None => last,
        };
        self.find();
    }

    /// Goes to the next one whose messages there are, or to the one before.
    pub fn turn(&mut self, forward: bool) {
        let count = self.talks.len();
        let at = self.chosen.as_ref().and_then(|chosen| self.talks.iter().position(|talk| talk == chosen)).unwrap_or(0);
        let next = if forward { at + 1 } else { at + count.max(1) - 1 };
        self.chosen = self.talks.get(next.checked_rem(count).unwrap_or(0)).cloned();
        self.wanted = self.chosen.clone();
        (self.row, self.holds, self.scroll) = (0, false, 0);
        // The steps of another talk say nothing of where one was.
        self.steps.clear();
        self.stale = true;
    }

    /// Chooses a step; the last one is followed by those to come.
    pub fn choose(&mut self, row: usize) {
        let last = self.steps.len().saturating_sub(1);
        self.row = row.min(last);
        self.holds = self.row < last;
        self.scroll = 0;
        // Who looks at one is not led to another.
        self.wanted = self.chosen.clone();
    }

    /// The message of a step; the first one of a fold.
    pub fn message(&self, step: &Step) -> Option<&Kept> {
        match step {
            Step::Message { at, .. } | Step::Fold { at, .. } => self.kept.get(*at),
            Step::Note(_) => None,
        }
    }

    /// The message of the chosen step.
    pub fn chosen_message(&self) -> Option<&Kept> {
        self.message(self.steps.get(self.row)?)
    }

    /// Every message of the chosen call or account, repetitions and keep-alives too.
    pub fn messages(&self) -> Vec<&Traced> {
        let Some(chosen) = &self.chosen else { return Vec::new() };
        let aors = steps::aors(&self.kept);
        self.kept.iter().map(|kept| &kept.told).filter(|told| chosen.takes(told, &aors)).collect()
    }

    /// The messages with a body of SDP before this one in the chosen talk, the latest first.
    pub fn described_before(&self, n: u64) -> impl Iterator<Item = &Traced> {
        let chosen = self.kept.iter().rev().find(|kept| kept.told.n == n).map(|kept| kept.told.sip_call_id.clone());
        let earlier = self.kept.iter().rev().skip_while(move |kept| kept.told.n >= n).map(|kept| &kept.told);
        earlier.filter(move |told| Some(&told.sip_call_id) == chosen.as_ref() && sdp::is_in(told))
    }

    /// What is known of an ended call.
    pub fn ended_call(&self, sip_call_id: &str) -> Option<&CallInfo> {
        self.ended.iter().find(|call| call.sip_call_id == sip_call_id)
    }

    /// When the first of the steps was.
    pub fn began_us(&self) -> i64 {
        self.steps.iter().find_map(|step| self.at_us(step)).unwrap_or(0)
    }

    /// When a step was.
    pub fn at_us(&self, step: &Step) -> Option<i64> {
        match step {
            Step::Note(note) => Some(note.at_us),
            step => self.message(step).map(|kept| kept.at_us),
        }
    }

    fn number(&self, step: &Step) -> Option<u64> {
        self.message(step).map(|kept| kept.told.n)
    }
}

fn size(told: &Traced) -> usize {
    told.text.len() + told.start.len() + told.data.as_ref().map_or(0, String::len) + 256
}

/// Microseconds since 1970 of a time as the phone tells it.
pub fn micros(time: &str) -> i64 {
    let at = humantime::parse_rfc3339(time).ok();
    let since = at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Way;

    pub(in crate::ui::ladder) fn message(n: u64, size: usize) -> Traced {
        Traced {
            n,
            time: format!("2026-01-01T12:00:00.{:06}Z", n % 1_000_000),
            way: Way::Sent,
            transport: "udp".into(),
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 2], 5060).into(),
            bytes: size,
            call: Some("c1".into()),
            sip_call_id: Some("x@y".into()),
            method: "INFO".into(),
            status: None,
            start: "INFO sip:a SIP/2.0".into(),
            content: None,
            text: format!("INFO sip:a SIP/2.0\nCSeq: {n} INFO\nVia: z;branch={n}\n\n{}", "x".repeat(size)),
            data: None,
        }
    }

    #[test]
    fn what_is_kept_is_bounded_by_count_and_by_bytes() {
        let mut ladder = Ladder::default();
        for n in 1..=MOST_MESSAGES as u64 + 10 {
            ladder.take(message(n, 1));
        }
        assert_eq!((ladder.kept.len(), ladder.dropped), (MOST_MESSAGES, 10));
        for n in 10_000..10_200 {
            ladder.take(message(n, 32_000));
        }
        let held: usize = ladder.kept.iter().map(|kept| size(&kept.told)).sum();
        assert!(
            held == ladder.bytes && held <= MOST_BYTES && ladder.kept.len() < 70,
            "{held} in {}",
            ladder.kept.len()
        );
        ladder.take(message(5, 1));
        assert_eq!(ladder.kept.back().map(|kept| kept.told.n), Some(10_199), "what was told before is not told again");
    }

    #[test]
    fn the_newest_is_followed_until_somebody_goes_back() {
        let mut ladder = Ladder::default();
        let came = |ladder: &mut Ladder, n| {
            ladder.take(message(n, 1));
            ladder.refresh(&[]);
        };
        for n in 1..=3 {
            came(&mut ladder, n);
        }
        assert_eq!(ladder.row, 2);
        ladder.choose(1);
        came(&mut ladder, 4);
        assert_eq!(ladder.row, 1);
        ladder.choose(3);
        came(&mut ladder, 5);
        assert_eq!(ladder.row, 4);
    }
}
