//! Which notices are to be seen: pure. One a call and one a writer; a call that nobody took stands where it rang.

use crate::control::announcement::{About, Announcement};
use crate::control::{CallState, Command, Event, Status};
use std::time::{Duration, Instant};

/// A message that somebody reads at once is not told.
const READ_AT_ONCE: Duration = Duration::from_secs(1);
/// Notices of one kind, at most; of more calls at once, or more writers, nobody wants to hear.
const MOST: usize = 8;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Show this, in place of that notice; 0 = of none. [`Bubbles::shown`] hears which one it is.
    Show(Announcement, u32),
    /// Take this one away.
    Close(u32),
    /// What a person asks for.
    Do(Command),
}

#[derive(Debug)]
struct Shown {
    about: About,
    id: u32,
}

/// The notices that are seen.
#[derive(Debug, Default)]
pub struct Bubbles {
    shown: Vec<Shown>,
    /// Messages that may be read at once, and until when.
    fresh: Vec<(Announcement, Instant)>,
}

/// What a person presses for a call, and what it says.
pub const ANSWER: &str = "answer";
/// See there.
pub const REJECT: &str = "reject";

impl Bubbles {
    /// Takes in what happened.
    pub fn take(&mut self, event: &Event, now: Instant) -> Vec<Act> {
        let told = Announcement::of(event);
        match (told, event) {
            // Nobody is to answer a call that answers itself.
            (_, Event::CallIncoming { call }) if !call.rings || call.ignored => Vec::new(),
            (Some(told), Event::Message { .. }) => {
                let has_place = self.fresh.len() < MOST;
                match self.fresh.iter_mut().find(|(old, _)| old.about == told.about) {
                    Some((old, _)) => *old = told,
                    None if has_place => self.fresh.push((told, now + READ_AT_ONCE)),
                    None => {}
                }
                Vec::new()
            }
            (Some(told), _) => self.show(told),
            (None, Event::CallRenamed { call }) if call.state == CallState::Incoming => {
                let is_shown = self.of(&About::Rings(call.id.clone())) != 0;
                let renamed = is_shown.then(|| Announcement::of(&Event::CallIncoming { call: call.clone() })).flatten();
                renamed.map(|told| self.show(told)).unwrap_or_default()
            }
            (None, Event::CallAnswered { call } | Event::CallEnded { call }) => {
                self.close(|about| *about == About::Rings(call.id.clone()))
            }
            (None, Event::Exited) => {
                self.fresh.clear();
                self.close(|about| !matches!(about, About::Missed(_)))
            }
            (None, _) => Vec::new(),
        }
    }

    /// When [`Bubbles::look`] is due.
    pub fn due(&self) -> Option<Instant> {
        self.fresh.iter().map(|(_, due)| *due).min()
    }

    /// The status can take one away.
    pub fn watches(&self) -> bool {
        self.shown.iter().any(|shown| !matches!(shown.about, About::Missed(_)))
    }

    /// Takes away what was seen to in another way, and shows what was not.
    pub fn look(&mut self, status: &Status, now: Instant) -> Vec<Act> {
        if status.unread == 0 {
            self.fresh.clear();
        }
        let rings = |id: &str| status.calls.iter().any(|c| c.id == id && c.state == CallState::Incoming && !c.ignored);
        let mut acts = self.close(|about| match about {
            About::Rings(call) => !rings(call),
            About::Missed(_) => false,
            About::Asks(id) => !status.asks.iter().any(|ask| ask.id == *id),
            About::Writes(_) => status.unread == 0,
        });
        let (due, later) = std::mem::take(&mut self.fresh).into_iter().partition(|(_, due)| *due <= now);
        self.fresh = later;
        let due: Vec<(Announcement, Instant)> = due;
        acts.extend(due.into_iter().flat_map(|(told, _)| self.show(told)));
        acts
    }

    /// A notice is seen under this id.
    pub fn shown(&mut self, about: About, id: u32) {
        self.shown.retain(|shown| shown.id != id && shown.about != about);
        self.shown.push(Shown { about, id });
    }

    /// It is no longer seen.
    pub fn gone(&mut self, id: u32) {
        self.shown.retain(|shown| shown.id != id);
    }

    /// None is seen any more.
    pub fn all_gone(&mut self) {
        self.shown.clear();
    }

    /// A person has pressed something on one.
    pub fn pressed(&self, id: u32, key: &str) -> Option<Act> {
        let Some(Shown { about: About::Rings(call), .. }) = self.shown.iter().find(|shown| shown.id == id) else {
            return None;
        };
        let call = Some(call.clone());
        match key {
            ANSWER => Some(Act::Do(Command::Answer { call })),
            REJECT => Some(Act::Do(Command::Reject { call, code: None })),
            _ => None,
        }
    }

    fn of(&self, about: &About) -> u32 {
        self.shown.iter().find(|shown| shown.about == *about).map_or(0, |shown| shown.id)
    }

    fn show(&mut self, told: Announcement) -> Vec<Act> {
        let place = match &told.about {
            About::Missed(call) => self.of(&About::Rings(call.clone())),
            about => self.of(about),
        };
        let same = |shown: &&Shown| std::mem::discriminant(&shown.about) == std::mem::discriminant(&told.about);
        let mut acts = Vec::new();
        if place == 0 && self.shown.iter().filter(same).count() >= MOST {
            match told.about {
                // Those that stay until somebody clicks make room.
                About::Missed(_) | About::Writes(_) => {
                    let oldest = self.shown.iter().find(same).map(|shown| shown.id);
                    acts.extend(oldest.map(Act::Close));
                    self.gone(oldest.unwrap_or_default());
                }
                About::Rings(_) | About::Asks(_) => return acts,
            }
        }
        acts.push(Act::Show(told, place));
        acts
    }

    fn close(&mut self, which: impl Fn(&About) -> bool) -> Vec<Act> {
        let ids = self.shown.extract_if(.., |shown| which(&shown.about)).map(|shown| Act::Close(shown.id));
        ids.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::announcement::tests::{message, of_call};
    use serde_json::{Value, json};

    #[allow(clippy::disallowed_methods, reason = "a beginning")]
    fn now() -> Instant {
        Instant::now()
    }

    /// What is shown, in which one's place, and what goes: `Bob calls@0`, `-7`.
    fn words(acts: &[Act]) -> Vec<String> {
        let word = |act: &Act| match act {
            Act::Show(told, place) => format!("{}@{place}", told.head),
            Act::Close(id) => format!("-{id}"),
            Act::Do(command) => format!("{command:?}"),
        };
        acts.iter().map(word).collect()
    }

    fn ended(more: Value) -> Event {
        let mut all = json!({"state": "ended", "ended_by": "remote", "outcome": "no_answer"});
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        of_call("call_ended", all)
    }

    fn ringing() -> Bubbles {
        let mut bubbles = Bubbles::default();
        let acts = bubbles.take(&of_call("call_incoming", json!({})), now());
        assert_eq!(words(&acts), ["Bob calls@0"]);
        bubbles.shown(About::Rings("c1".into()), 7);
        bubbles
    }

    #[test]
    fn a_call_is_told_once_and_goes_when_it_is_seen_to() {
        for (event, expected) in [
            (of_call("call_answered", json!({"state": "connected"})), &["-7"][..]),
            (ended(json!({"ended_by": "local", "outcome": "rejected"})), &["-7"]),
            (ended(json!({"outcome": "answered_elsewhere"})), &["-7"]),
            (ended(json!({})), &["Missed call from Bob@7"]),
            (ended(json!({"id": "c2"})), &["Missed call from Bob@0"]),
            (
                of_call("call_renamed", json!({"remote": {"uri": "sip:6@pbx", "user": "6", "name": "Eve"}})),
                &["Eve calls@7"],
            ),
            (of_call("call_renamed", json!({"id": "c2"})), &[]),
            (Event::Exited, &["-7"]),
        ] {
            assert_eq!(words(&ringing().take(&event, now())), expected, "{event:?}");
        }
        let mut bubbles = Bubbles::default();
        assert!(bubbles.take(&of_call("call_incoming", json!({"rings": false})), now()).is_empty());
    }

    #[test]
    fn the_status_takes_away_what_is_over() {
        let mut bubbles = ringing();
        let Event::CallIncoming { mut call } = of_call("call_incoming", json!({})) else { panic!() };
        let status = |calls| Status { calls, ..Status::default() };
        assert!(bubbles.look(&status(vec![call.clone()]), now()).is_empty());
        call.ignored = true;
        assert_eq!(words(&bubbles.look(&status(vec![call]), now())), ["-7"]);
        assert_eq!(words(&ringing().look(&status(Vec::new()), now())), ["-7"]);
        let mut missed = ringing();
        missed.shown(About::Missed("c1".into()), 7);
        assert!(!missed.watches() && missed.look(&status(Vec::new()), now()).is_empty());
    }

    #[test]
    fn only_a_call_that_rings_is_answered_by_its_notice() {
        let mut bubbles = ringing();
        let call = Some("c1".to_owned());
        assert_eq!(bubbles.pressed(7, ANSWER), Some(Act::Do(Command::Answer { call: call.clone() })));
        assert_eq!(bubbles.pressed(7, REJECT), Some(Act::Do(Command::Reject { call, code: None })));
        assert_eq!((bubbles.pressed(8, ANSWER), bubbles.pressed(7, "default")), (None, None));
        bubbles.shown(About::Missed("c1".into()), 7);
        assert_eq!(bubbles.pressed(7, ANSWER), None);
    }

    #[test]
    fn a_message_is_told_unless_it_is_read_at_once() {
        let start = now();
        let unread = |unread| Status { unread, ..Status::default() };
        let mut bubbles = Bubbles::default();
        assert!(bubbles.take(&message("m1", "one"), start).is_empty());
        assert!(bubbles.take(&message("m2", "two"), start).is_empty());
        assert!(bubbles.look(&unread(2), start).is_empty());
        let due = bubbles.due().expect("it is to be told");
        assert_eq!(words(&bubbles.look(&unread(2), due)), ["Ann writes@0"]);
        bubbles.shown(About::Writes("sip:7@pbx".into()), 3);
        bubbles.take(&message("m3", "three"), start);
        assert_eq!(words(&bubbles.look(&unread(3), due)), ["Ann writes@3"]);
        assert_eq!(words(&bubbles.look(&unread(0), due)), ["-3"]);
        bubbles.take(&message("m4", "four"), start);
        assert!(bubbles.look(&unread(0), due).is_empty() && bubbles.due().is_none());
    }

    #[test]
    fn a_flood_of_calls_is_no_flood_of_notices() {
        let mut bubbles = Bubbles::default();
        let mut told = 0;
        for id in 1..100u32 {
            for act in bubbles.take(&of_call("call_incoming", json!({"id": format!("c{id}")})), now()) {
                assert!(matches!(act, Act::Show(..)));
                bubbles.shown(About::Rings(format!("c{id}")), id);
                told += 1;
            }
        }
        assert_eq!(told, MOST);
        for id in 1..100u32 {
            let acts = bubbles.take(&ended(json!({"id": format!("c{id}")})), now());
            assert!(matches!(acts.last(), Some(Act::Show(..))), "{acts:?}");
            bubbles.shown(About::Missed(format!("c{id}")), 1000 + id);
        }
        assert!(bubbles.shown.len() <= 2 * MOST, "{bubbles:?}");
    }
}
