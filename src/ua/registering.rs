//! Registering the accounts: when, what the answers come to, who is told.

use super::agent::Agent;
use super::event::Event;
use super::keep_alive::Keeper;
use super::knocking::Then;
use super::owner::Owner;
use super::port::Output;
use super::route::Job;
use super::snapshot::RegistrationState;
use crate::config::AccountId;
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Request, Response};
use crate::sip::registration::Verdict;
use crate::text::sanitise;
use std::collections::VecDeque;
use std::time::Instant;

impl Agent {
    /// Registers, or refreshes.
    pub(super) fn register(&mut self, id: AccountId, now: Instant) {
        if self.knocks_first(id, Then::Register, now) {
            return;
        }
        let Some(line) = self.account_mut(id).filter(|line| line.registers()) else { return };
        let was = line.registration.state();
        if let Some(request) = line.registration.register() {
            self.send_register(id, request, now);
        }
        if self.account(id).is_some_and(|line| line.registration.state() != was) {
            self.tell_registration(id, now);
        }
    }

    /// The time of a refresh or of another try has come.
    pub(super) fn refresh(&mut self, id: AccountId, now: Instant) {
        if let Some(line) = self.account_mut(id) {
            line.recontacted = false;
        }
        self.register(id, now);
    }

    /// Gives the binding back, if there is one or may be one soon.
    pub(super) fn unregister(&mut self, id: AccountId, now: Instant) {
        self.knock_no_more(id);
        self.unfollow(id, now);
        self.withdraw(id, now);
        let Some(line) = self.account_mut(id).filter(|line| line.registers()) else { return };
        if let Some(request) = line.registration.unregister() {
            self.send_register(id, request, now);
        }
        self.tell_registration(id, now);
    }

    /// No more time for the answer to a REGISTER: what it may bind is given back unasked.
    pub(super) fn leave_unanswered(&mut self, now: Instant) {
        let ids: Vec<AccountId> = self.lines.iter().map(|line| line.account.id).collect();
        for id in ids {
            let Some(line) = self.account_mut(id) else { continue };
            let Some(path) = line.path else { continue };
            let Some(mut request) = line.registration.leave_now() else { continue };
            line.routes(true).into_iter().for_each(|route| request.headers.push(HeaderName::Route, route));
            self.transmit(Owner::Register(id), request, path, VecDeque::new(), now);
        }
        while let Some(event) = self.layer.poll() {
            self.layer_event(event, now);
        }
    }

    /// Removes every binding of the account, also those of other phones.
    pub(super) fn unregister_all(&mut self, id: AccountId, now: Instant) {
        let Some(line) = self.account_mut(id).filter(|line| line.registers()) else { return };
        if let Some(request) = line.registration.unregister_all() {
            self.send_register(id, request, now);
        }
        self.tell_registration(id, now);
    }

    pub(super) fn send_register(&mut self, id: AccountId, mut request: Request, now: Instant) {
        let Some(line) = self.account(id) else { return };
        let hop = line.first_hop(true);
        line.routes(true).into_iter().for_each(|route| request.headers.push(HeaderName::Route, route));
        self.route(hop, Job::Request(Owner::Register(id), Box::new(request)), now);
    }

    /// The answer to a REGISTER that was sent over this path.
    pub(super) fn registration_answered(
        &mut self,
        id: AccountId,
        (sent, flow): (&Request, &Flow),
        response: &Response,
        now: Instant,
    ) {
        let Some(at) = self.lines.iter().position(|line| line.account.id == id) else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        let user = line.contact_user.clone();
        let stood = line.registration.is_registered();
        if response.status.is_final() {
            line.learn_public(response, flow);
            line.note_rewriting(response, flow);
            line.note_realms(response);
        }
        let verdict = line.registration.receive(response, |c| c.uri.user() == Some(user.as_str()), now, &mut self.rng);
        match verdict {
            Verdict::Waiting => return,
            Verdict::Challenged => {
                if line.take_challenge(sent, response, flow) {
                    let request = line.registration.again();
                    return self.send_register(id, request, now);
                }
                line.registration.give_up();
            }
            Verdict::Again => {
                line.accepted(sent, response);
                let request = line.registration.again();
                return self.send_register(id, request, now);
            }
            Verdict::Registered => {
                line.accepted(sent, response);
                line.bound_contact = Some(line.sent_contact.clone());
                line.keep_open(now, &mut self.rng);
            }
            Verdict::Unregistered => {
                (line.bound_contact, line.was_registered) = (None, false);
                line.keeper = Keeper::default();
            }
            Verdict::Failed => {}
        }
        if verdict == Verdict::Registered {
            line.plan_probe(now, &mut self.rng);
        }
        let regained = verdict == Verdict::Registered && !stood && std::mem::replace(&mut line.was_registered, true);
        let moved = verdict == Verdict::Registered && line.has_moved();

        line.status = Some(response.status.0);
        line.unreachable = false;
        line.reason = Some(match verdict {
            Verdict::Challenged | Verdict::Failed => line.refusal(response.status.0, &response.reason),
            _ => sanitise(&response.reason),
        });
        self.tell_registration(id, now);
        self.registration_settled(id, now);
        if verdict == Verdict::Registered {
            self.calls_rejoin(id);
            self.calls_retell(id);
            self.follow_keepers(now);
            self.follow(id, now);
            self.watches_follow(id, regained, now);
            self.begin_publishing(id);
            self.publish_again(id, regained, now);
        }
        if moved {
            self.register(id, now);
        }
    }

    pub(super) fn registration_unanswered(&mut self, id: AccountId, words: &str, now: Instant) {
        let Some(at) = self.lines.iter().position(|line| line.account.id == id) else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.registration.fail(None, now, &mut self.rng);
        line.status = None;
        line.unreachable = true;
        line.reason = Some(sanitise(words));
        self.tell_registration(id, now);
        self.registration_settled(id, now);
    }

    /// The path a registration was made over has ended, or nobody answers on it; `why` in words.
    pub(super) fn registration_cut_off(&mut self, id: AccountId, flow: &Flow, why: &str, now: Instant) {
        let Some(at) = self.lines.iter().position(|line| line.account.id == id) else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.lose_path();
        //= RFC 5626 §4.5: a path that has failed is replaced, and what was registered over it is registered anew
        if line.registration.cut_off(now, &mut self.rng) {
            line.status = None;
            line.unreachable = true;
            line.reason = Some(format!("the path to {} ({}) was lost: {why}", flow.remote, flow.transport));
            self.tell_registration(id, now);
        }
    }

    pub(super) fn tell_registration(&mut self, id: AccountId, now: Instant) {
        let selected = self.selected_account() == id;
        if let Some(line) = self.account_mut(id).filter(|line| !line.leaving) {
            let account = line.info(selected, now);
            let ended = Some(account.state).filter(|state| *state != RegistrationState::Registering);
            let changed = ended.is_some() && ended != line.ended;
            line.ended = ended.or(line.ended);
            self.outputs.push_back(Output::Event(Event::Registration { account, changed }));
        }
    }
}
