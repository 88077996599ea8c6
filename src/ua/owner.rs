//! Whose request it is that is under way, and what each owner does with what comes of it: one place for every kind.

use super::agent::Agent;
use super::call::Call;
use super::route::Sent;
use crate::config::AccountId;
use crate::sip::flow::Flow;
use crate::sip::message::{Request, Response};
use crate::sip::session::Exchange;
use crate::sip::transaction::Failure;
use std::collections::VecDeque;
use std::time::Instant;

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Register(AccountId),
    /// A request of a call's session.
    Call(u32, Exchange),
    /// A SUBSCRIBE.
    Subscription(u32),
    /// A MESSAGE.
    Message(u32),
    /// An OPTIONS.
    Probe(u32),
    /// A PUBLISH of an account.
    Publish(AccountId),
    /// A NOTIFY to somebody who asks this phone to call.
    Asker(u32),
}

impl Owner {
    /// The account, where it is the owner.
    pub fn account(&mut self) -> Option<&mut AccountId> {
        match self {
            Owner::Register(id) | Owner::Publish(id) => Some(id),
            _ => None,
        }
    }
}

impl Agent {
    /// The account its request is sent for.
    pub(super) fn account_of(&self, owner: Owner) -> AccountId {
        match owner {
            Owner::Register(id) | Owner::Publish(id) => id,
            Owner::Call(call, _) => self.account_of_call(call),
            Owner::Subscription(id) => self.account_of_watch(id),
            Owner::Message(id) => self.account_of_message(id),
            Owner::Probe(id) => self.account_of_probe(id),
            Owner::Asker(id) => self.account_of_asker(id),
        }
    }

    /// Somebody still waits for the answer, so that another path is worth a try.
    pub(super) fn is_wanted(&self, owner: Owner) -> bool {
        match owner {
            Owner::Call(id, Exchange::Invite) => self.call(id).is_some_and(Call::is_live),
            Owner::Probe(id) => self.is_asked_for(id),
            Owner::Register(_) | Owner::Call(..) | Owner::Subscription(_) | Owner::Message(_) | Owner::Publish(_) => {
                true
            }
            Owner::Asker(_) => true,
        }
    }

    /// Its request is about to go out on this path.
    pub(super) fn leaving(&mut self, owner: Owner, flow: &Flow, more: &VecDeque<Flow>) {
        if let Owner::Register(id) = owner
            && let Some(line) = self.account_mut(id)
        {
            line.note_path(flow, more);
        }
    }

    /// Its request goes out on this path, as it stands on the wire but for its length.
    pub(super) fn left(&mut self, owner: Owner, wire: &Request, flow: Flow, now: Instant) {
        match owner {
            Owner::Probe(id) => self.probe_left(id, flow, now),
            Owner::Register(_) | Owner::Message(_) | Owner::Publish(_) | Owner::Asker(_) => {}
            Owner::Subscription(id) => self.watch_left(id, wire),
            Owner::Call(id, exchange) => {
                let Some(call) = self.call_mut(id) else { return };
                if exchange == Exchange::Invite {
                    call.flow = Some(flow);
                }
                if let Some(session) = call.session.as_mut() {
                    session.sent(exchange, wire);
                }
            }
        }
    }

    /// A response to its request, provisional or final.
    pub(super) fn owner_answered(&mut self, sent: &Sent, response: Response, now: Instant) {
        match sent.owner {
            Owner::Register(id) => self.registration_answered(id, (&sent.request, &sent.flow), &response, now),
            Owner::Call(call, exchange) => self.call_answered(call, exchange, sent, response, now),
            Owner::Subscription(id) => self.subscription_answered(id, (&sent.request, &sent.flow), &response, now),
            Owner::Message(id) => self.message_answered(id, sent, &response, now),
            Owner::Probe(id) => self.probe_answered(id, sent, &response, now),
            Owner::Asker(id) => self.asker_answered(id, Some(response.status)),
            Owner::Publish(id) => self.publication_answered(id, sent, &response, now),
        }
    }

    /// Its request has no final response and will get none.
    pub(super) fn owner_failed(&mut self, owner: Owner, why: Failure, words: &str, now: Instant) {
        match owner {
            Owner::Register(id) => self.registration_unanswered(id, words, now),
            Owner::Call(call, exchange) => self.call_request_failed(call, exchange, why, words, now),
            Owner::Subscription(id) => self.subscription_unanswered(id, words, now),
            Owner::Message(id) => self.message_unanswered(id, words),
            Owner::Probe(id) => self.probe_unanswered(id, why, words, now),
            Owner::Asker(id) => self.asker_answered(id, None),
            Owner::Publish(id) => self.publication_unanswered(id, words, now),
        }
    }
}
