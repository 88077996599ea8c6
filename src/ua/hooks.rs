//! Which hooks an event sets off, in MicroSIP's order, and what their programs are told.

use super::agent::Agent;
use super::call::Call;
use super::event::Event;
use super::snapshot::{AccountInfo, CallDirection, CallInfo, MessageInfo};
use crate::config::hook::{Facts, Trigger};
use crate::sip::uri::{Host, Uri};
use std::collections::BTreeMap;

/// A hook that is to be obeyed, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// What it hangs on.
    pub trigger: Trigger,
    /// What it is told. Those of one `call` are obeyed one after another.
    pub facts: Facts,
}

/// What an event sets off, in order. `servers` are those of the accounts, by their AORs.
pub fn fired(event: &Event, servers: &BTreeMap<String, String>) -> Vec<Fired> {
    use CallDirection::{Incoming, Outgoing};
    use Trigger::*;
    let (call, triggers): (_, &[Trigger]) = match event {
        Event::Registration { account, changed: true } => {
            return vec![Fired { trigger: Register, facts: of_account(account, servers) }];
        }
        Event::Message { message } if !message.outgoing => {
            return vec![Fired { trigger: Message, facts: of_message(message, servers) }];
        }
        Event::Mwi { account, voicemail } => {
            let number = voicemail.number.clone().unwrap_or_default();
            let status = voicemail.new.to_string();
            return vec![Fired { trigger: Mwi, facts: Facts { number, status, ..of_aor(account, servers) } }];
        }
        Event::CallDialling { call } => (call, &[OutgoingCall]),
        Event::CallIncoming { call } if call.rings => (call, &[IncomingCall, CallRing]),
        Event::CallIncoming { call } => (call, &[IncomingCall]),
        Event::CallAnswered { call } => match (call.direction, call.offers_video) {
            (Outgoing, _) => (call, &[CallStart]),
            (Incoming, false) => (call, &[CallAnswer, CallStart]),
            (Incoming, true) => (call, &[CallAnswer, CallAnswerVideo, CallStart]),
        },
        Event::CallEnded { call } => match call.direction {
            // No CallIncoming told of it: a rule refused it, or sent it on at once.
            Incoming if call.ringing_after.is_none() => (call, &[IncomingCall]),
            Outgoing if call.dialled_after.is_none() => return Vec::new(),
            _ if call.answered_after.is_none() && matches!(call.status, Some(486 | 600 | 603)) => (call, &[CallBusy]),
            _ => (call, &[CallEnd]),
        },
        _ => return Vec::new(),
    };
    triggers.iter().map(|&trigger| Fired { trigger, facts: facts(trigger, call, servers) }).collect()
}

fn facts(trigger: Trigger, call: &CallInfo, servers: &BTreeMap<String, String>) -> Facts {
    let is_over = matches!(trigger, Trigger::CallBusy | Trigger::CallEnd);
    let direction = match call.direction {
        CallDirection::Incoming => "incoming",
        CallDirection::Outgoing => "outgoing",
    };
    Facts {
        number: if is_over { call.number.clone() } else { call.remote.user.clone() },
        user: call.remote.user.clone(),
        domain: host(&call.remote.uri),
        name: call.remote.name.clone().unwrap_or_default(),
        call_id: call.sip_call_id.clone(),
        call: call.id.clone(),
        direction: direction.to_owned(),
        status: call.status.map(|status| status.to_string()).unwrap_or_default(),
        duration: format!("{:.0}", call.duration.floor()),
        time: compact(&call.started_at),
        ..of_aor(&call.account, servers)
    }
}

fn of_aor(aor: &str, servers: &BTreeMap<String, String>) -> Facts {
    Facts {
        extension: aor.rsplit_once('@').map(|(user, _)| user.to_owned()).unwrap_or_default(),
        server: servers.get(aor).cloned().unwrap_or_default(),
        account: aor.to_owned(),
        ..Facts::default()
    }
}

fn of_account(account: &AccountInfo, servers: &BTreeMap<String, String>) -> Facts {
    let facts = of_aor(&account.aor, servers);
    let status = account.status.map(|status| status.to_string()).unwrap_or_default();
    Facts { number: facts.extension.clone(), status, ..facts }
}

fn of_message(message: &MessageInfo, servers: &BTreeMap<String, String>) -> Facts {
    Facts {
        number: message.remote.user.clone(),
        user: message.remote.user.clone(),
        domain: host(&message.remote.uri),
        name: message.remote.name.clone().unwrap_or_default(),
        direction: "incoming".to_owned(),
        time: compact(&message.at),
        text: message.text.clone(),
        ..of_aor(&message.account, servers)
    }
}

/// `20260102T030405Z` of an ISO 8601 time.
fn compact(at: &str) -> String {
    at.split('.').next().unwrap_or_default().replace(['-', ':', 'Z'], "") + "Z"
}

fn host(uri: &str) -> String {
    Uri::parse(uri).ok().and_then(|uri| uri.host().map(Host::to_string)).unwrap_or_default()
}

impl Agent {
    /// The far end as MicroSIP shows it: within the account's own domain a number as it was typed, elsewhere the address.
    pub(super) fn shown_number(&self, call: &Call) -> String {
        let (user, host) = (&call.remote.user, host(&call.remote.uri));
        let line = self.account(call.account);
        if user.is_empty() || host.is_empty() {
            return if user.is_empty() { host } else { user.clone() };
        }
        if !call.anonymous && !line.is_some_and(|line| line.is_home(&host)) {
            return format!("{user}@{host}");
        }
        let prefix = line.map(|line| line.account.dialing_prefix.as_str()).filter(|prefix| !prefix.is_empty());
        let typed = prefix.filter(|_| call.direction == CallDirection::Outgoing).and_then(|p| user.strip_prefix(p));
        // Why: the prefix is put before longer numbers alone.
        typed.filter(|typed| typed.chars().count() > 3).unwrap_or(user).to_owned()
    }
}
