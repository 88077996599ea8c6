//! The far ends of the demo, one phone of our own each: who they are, and the one that calls back.

use crate::config::{Account, AccountId, Secret, Settings};
use crate::media::command::Endpoint;
use crate::ua::agent::{AgentConfig, IncomingPolicy};
use crate::ua::command::Command;
use crate::ua::event::Event;
use crate::ua::snapshot::{CallDirection, MessageInfo};
use std::time::{Duration, Instant};

/// How long 700 waits before it calls back.
const CALL_BACK_AFTER: Duration = Duration::from_secs(3);

/// A far end: a number and its manners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarEnd {
    /// The number it registers.
    pub user: &'static str,
    /// Its display name.
    pub name: &'static str,
    /// What a caller hears.
    pub endpoint: Endpoint,
    /// What becomes of a call.
    pub incoming: IncomingPolicy,
    /// Calls its last caller when that one has hung up.
    pub calls_back: bool,
}

const fn far_end(user: &'static str, name: &'static str, endpoint: Endpoint, incoming: IncomingPolicy) -> FarEnd {
    FarEnd { user, name, endpoint, incoming, calls_back: false }
}

const AT_ONCE: IncomingPolicy = IncomingPolicy::Answer { after: Duration::from_millis(800) };

/// Every far end, by number.
pub const FAR_ENDS: &[FarEnd] = &[
    far_end("600", "Echo", Endpoint::Echo, AT_ONCE),
    far_end("601", "Announcement", Endpoint::Announcement, AT_ONCE),
    far_end("602", "Busy", Endpoint::Silence, IncomingPolicy::Refuse(486)),
    far_end("603", "Declines", Endpoint::Silence, IncomingPolicy::Refuse(603)),
    far_end("604", "Never answers", Endpoint::Silence, IncomingPolicy::Ring),
    far_end("605", "Digit reader", Endpoint::DigitReader, AT_ONCE),
    far_end(
        "606",
        "Early media",
        Endpoint::Announcement,
        IncomingPolicy::EarlyMedia { answer_after: Some(Duration::from_secs(4)) },
    ),
    FarEnd { calls_back: true, ..far_end("700", "Calls you back", Endpoint::Announcement, AT_ONCE) },
];

impl FarEnd {
    /// The agent that plays it, an account at the exchange `server` (`host:port`) of `domain`.
    pub fn agent(&self, domain: &str, server: &str, password: &str) -> AgentConfig {
        let account = Account {
            label: self.name.to_owned(),
            server: server.to_owned(),
            domain: domain.to_owned(),
            username: self.user.to_owned(),
            password: Secret::new(password),
            display_name: self.name.to_owned(),
            ..Account::new(AccountId(1))
        };
        // Why: many may call one number at a time.
        let settings = Settings { single_mode: false, ..Settings::default() };
        AgentConfig {
            endpoint: self.endpoint.clone(),
            incoming: self.incoming,
            ..AgentConfig::new(settings, vec![account])
        }
    }
}

/// The wish of 700: tell it the events of its agent, give its commands to the agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallBack {
    due: Option<(Instant, String)>,
}

/// What 600 does with a message: sends it back.
pub fn echo(message: &MessageInfo) -> Option<Command> {
    let (target, text) = (message.remote.uri.clone(), message.text.clone());
    (!message.outgoing).then_some(Command::Message { target, text, account: None })
}

impl CallBack {
    /// Nothing to call back yet.
    pub fn new() -> CallBack {
        CallBack::default()
    }

    /// An event of the agent.
    pub fn handle(&mut self, event: &Event, now: Instant) {
        match event {
            Event::CallEnded { call } if call.direction == CallDirection::Incoming => {
                self.due = Some((now + CALL_BACK_AFTER, call.remote.uri.clone()));
            }
            Event::CallIncoming { .. } => self.due = None,
            _ => {}
        }
    }

    /// When `poll` is wanted.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.due.as_ref().map(|(at, _)| *at)
    }

    /// The command that is due, if any.
    pub fn poll(&mut self, now: Instant) -> Option<Command> {
        let (_, target) = self.due.take_if(|(at, _)| *at <= now)?;
        Some(Command::Dial { target, account: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_far_end_has_a_number_of_its_own() {
        let users: BTreeSet<&str> = FAR_ENDS.iter().map(|far_end| far_end.user).collect();
        assert_eq!(users.len(), FAR_ENDS.len());
        let config = FAR_ENDS[0].agent("demo.invalid", "127.0.0.1:5060", "pw");
        assert_eq!(config.accounts[0].aor(), "600@demo.invalid");
        assert_eq!(config.endpoint, Endpoint::Echo);
        assert!(config.register);
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
    fn the_last_caller_is_called_back_once() {
        let now = Instant::now();
        let call = |direction: &str| -> Event {
            let call = serde_json::json!({
                "id": "c1", "sip_call_id": "x", "direction": direction, "state": "ended", "account": "700@demo.invalid",
                "remote": {"uri": "sip:me@demo.invalid", "user": "me", "name": null}, "status": 200, "reason": null,
                "ended_by": "remote", "outcome": "answered", "started_at": "", "ringing_after": null,
                "answered_after": null, "duration": 1.0, "remote_hold": false, "media": null
            });
            Event::CallEnded { call: serde_json::from_value(call).unwrap() }
        };
        let mut back = CallBack::new();
        back.handle(&call("outgoing"), now);
        assert_eq!(back.next_timeout(), None, "its own call is no reason to call");
        back.handle(&call("incoming"), now);
        assert_eq!(back.poll(now), None);
        let later = back.next_timeout().unwrap();
        assert_eq!(back.poll(later), Some(Command::Dial { target: "sip:me@demo.invalid".to_owned(), account: None }));
        assert_eq!(back.poll(later), None);
    }
}
