//! What is said to a person who does not look at the phone: the words, whoever brings them, the terminal or the desktop.

use super::{AskInfo, CallInfo, Event, Kind, Party};
use crate::engine::past;
use crate::text::{elided, sanitise_lines, say};

/// Characters of a heading, and of what stands below it, at most.
const MOST_HEAD: usize = 80;
const MOST_BODY: usize = 300;

/// What an announcement is about, by the id it has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A call that rings here.
    Rings(String),
    /// A call that nobody took.
    Missed(String),
    /// Somebody asks this phone to call.
    Asks(String),
    /// Somebody at this address writes.
    Writes(String),
}

/// Something that a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// What it is about.
    pub about: About,
    /// In a line.
    pub head: String,
    /// More of it, in lines; may be empty.
    pub body: String,
}

impl Announcement {
    /// What an event has a person told, if anything.
    pub fn of(event: &Event) -> Option<Announcement> {
        let (about, head, body) = match event {
            // A call that takes another's place rings for nobody.
            Event::CallIncoming { call } if call.takes_over.is_some() => return None,
            Event::CallIncoming { call } => {
                (About::Rings(call.id.clone()), say!("told-calls", who = who(call)), from_where(call))
            }
            Event::CallEnded { call } if is_missed(call) => {
                (About::Missed(call.id.clone()), say!("told-missed", who = who(call)), from_where(call))
            }
            Event::CallAsked { ask } => (About::Asks(ask.id.clone()), asks(ask), String::new()),
            Event::Message { message } if !message.outgoing => {
                let whom = message.remote.name.as_ref().unwrap_or(&message.remote.user);
                (About::Writes(message.remote.uri.clone()), say!("told-writes", who = whom), message.text.clone())
            }
            _ => return None,
        };
        let body: String = sanitise_lines(&body).chars().take(MOST_BODY).collect();
        Some(Announcement { about, head: elided(&head, MOST_HEAD), body })
    }
}

/// It rang for a person, who did not hear it. The history counts those that a rule refused, too.
fn is_missed(call: &CallInfo) -> bool {
    call.rings && !call.ignored && call.takes_over.is_none() && past::record(call).kind == Kind::Missed
}

/// What there is to know of a caller beside the name.
fn from_where(call: &CallInfo) -> String {
    let number = Some(number(call)).filter(|number| *number != who(call));
    number.into_iter().chain(via(call)).collect::<Vec<_>>().join(" ")
}

/// The far side as a person names it: name, else number, else address.
pub fn who(call: &CallInfo) -> String {
    let name = call.remote.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    name.map(str::to_owned).unwrap_or_else(|| number(call))
}

/// The far side's number, else its address.
pub fn number(call: &CallInfo) -> String {
    let remote = &call.remote;
    let parts = [&remote.user, &remote.uri];
    parts.into_iter().find(|part| !part.is_empty()).cloned().unwrap_or_else(|| say!("words-unknown"))
}

/// Who sent the call on to us, `via Reception`.
pub fn via(call: &CallInfo) -> Option<String> {
    let via = call.via.as_ref()?;
    let name = via.name.as_deref().filter(|name| !name.trim().is_empty());
    Some(say!("words-via", name = name.unwrap_or(&via.user)))
}

/// Who asks this phone to call whom.
pub fn asks(ask: &AskInfo) -> String {
    let name = |party: &Party| {
        let name = party.name.clone().filter(|name| !name.trim().is_empty());
        name.unwrap_or_else(|| if party.user.is_empty() { party.uri.clone() } else { party.user.clone() })
    };
    say!("words-asks", who = name(&ask.from), whom = &ask.to.uri)
}

#[cfg(test)]
pub(in crate::control) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// An event about an incoming call; `more` is put over what it has.
    pub(in crate::control) fn of_call(event: &str, more: Value) -> Event {
        let mut call = json!({"id": "c1", "sip_call_id": "x", "direction": "incoming", "state": "incoming",
            "account": "101@pbx", "remote": {"uri": "sip:6@pbx", "user": "6", "name": "Bob"}, "rings": true,
            "started_at": "2026-01-02T03:04:05Z", "duration": 0.0, "remote_hold": false});
        call.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(json!({"event": event, "call": call})).expect("an event")
    }

    /// A message of Ann.
    pub(in crate::control) fn message(id: &str, text: &str) -> Event {
        let message = json!({"id": id, "outgoing": false, "account": "101@pbx", "at": "2026-01-02T03:04:05Z",
            "remote": {"uri": "sip:7@pbx", "user": "7", "name": "Ann"}, "text": text});
        serde_json::from_value(json!({"event": "message", "message": message})).expect("an event")
    }

    #[test]
    fn what_is_said_of_what_happens() {
        let rings = |more| of_call("call_incoming", more);
        let ended = |more: Value| {
            let mut all = json!({"state": "ended", "ended_by": "remote", "outcome": "no_answer"});
            all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            of_call("call_ended", all)
        };
        let via = json!({"via": {"uri": "sip:9@pbx", "user": "9", "name": "Reception"}});
        for (event, expected) in [
            (rings(json!({})), Some(("Bob calls", "6"))),
            (rings(json!({"remote": {"uri": "sip:6@pbx", "user": "6", "name": null}})), Some(("6 calls", ""))),
            (rings(via), Some(("Bob calls", "6 via Reception"))),
            (rings(json!({"takes_over": "c0"})), None),
            (ended(json!({})), Some(("Missed call from Bob", "6"))),
            (ended(json!({"answered_after": 1.0})), None),
            (ended(json!({"ended_by": "local"})), None),
            (ended(json!({"outcome": "answered_elsewhere"})), None),
            (ended(json!({"ignored": true})), None),
            (ended(json!({"rings": false})), None),
            (ended(json!({"direction": "outgoing"})), None),
            (message("m1", "one\ntwo"), Some(("Ann writes", "one\ntwo"))),
            (of_call("call_answered", json!({})), None),
        ] {
            let told = Announcement::of(&event);
            let told = told.as_ref().map(|told| (told.head.as_str(), told.body.as_str()));
            assert_eq!(told, expected, "{event:?}");
        }
    }

    #[test]
    fn what_others_write_is_clean_and_bounded() {
        let event = message("m1", &format!("\u{1b}]52;c;x\u{7}\u{202e}{}", "long\n".repeat(1000)));
        let told = Announcement::of(&event).expect("it is told");
        assert!(told.body.chars().count() <= MOST_BODY && !told.body.contains(['\u{1b}', '\u{202e}']), "{told:?}");
        let named = json!({"remote": {"uri": "sip:6@pbx", "user": "6", "name": "x".repeat(5000)}});
        let told = Announcement::of(&of_call("call_incoming", named)).expect("it is told");
        assert!(told.head.chars().count() <= MOST_HEAD, "{told:?}");
    }
}
