//! Telling the servers whether we are free (PUBLISH of presence), for accounts that want it.

use super::agent::Agent;
use super::event::Event;
use super::owner::Owner;
use super::port::Output;
use super::route::{Job, Sent};
use crate::config::AccountId;
use crate::sip::event::Package;
use crate::sip::event::pidf::{self, Availability};
use crate::sip::message::{HeaderName, Request, Response};
use crate::sip::publication::{Publication, Verdict};
use crate::text::sanitise;
use std::time::Instant;

impl Agent {
    /// The account is registered: tells its state from now on, if it is to.
    pub(super) fn begin_publishing(&mut self, account: AccountId) {
        let Some(line) = self.account(account).filter(|line| line.account.publish && line.publication.is_none()) else {
            return;
        };
        let Some((uri, from)) = line.aor_uri().zip(line.address()).filter(|_| self.exiting.is_none()) else { return };
        let publication = Publication::new(uri, from, Package::Presence, &mut self.rng);
        if let Some(line) = self.account_mut(account) {
            line.publication = Some(publication);
        }
    }

    /// The account is registered again after a loss: the server may have lost what it was told as well.
    pub(super) fn publish_again(&mut self, account: AccountId, regained: bool, now: Instant) {
        let line = self.account_mut(account).filter(|_| regained);
        if let Some(publication) = line.and_then(|line| line.publication.as_mut()) {
            publication.refresh_soon(now);
        }
    }

    /// The account leaves: so does what was told of it.
    pub(super) fn withdraw(&mut self, account: AccountId, now: Instant) {
        let publication = self.account_mut(account).and_then(|line| line.publication.as_mut());
        if let Some(request) = publication.and_then(Publication::withdraw) {
            self.send_publish(account, request, now);
        }
    }

    /// Tells what has changed; true if something was sent.
    pub(super) fn publish_state(&mut self, now: Instant) -> bool {
        let availability = self.availability();
        let mut told = Vec::new();
        for line in self.lines.iter_mut().filter(|line| line.registration.is_registered()) {
            let Some(uri) = line.aor_uri() else { continue };
            let Some(publication) = line.publication.as_mut() else { continue };
            told.extend(publication.publish(&pidf::document(&uri, availability)).map(|r| (line.account.id, r)));
        }
        let any = !told.is_empty();
        told.into_iter().for_each(|(account, request)| self.send_publish(account, request, now));
        any
    }

    fn availability(&self) -> Availability {
        let in_a_call = self.calls.iter().any(|call| call.is_live() && !call.is_ringing_here());
        if self.is_not_to_be_disturbed() || in_a_call { Availability::Busy } else { Availability::Idle }
    }

    fn send_publish(&mut self, account: AccountId, mut request: Request, now: Instant) {
        let Some(line) = self.account(account) else { return };
        line.routes(false).into_iter().for_each(|route| request.headers.push(HeaderName::Route, route));
        let hop = self.hop_to(account, &request.uri);
        self.route(hop, Job::Request(Owner::Publish(account), Box::new(request)), now);
    }

    /// A response to a PUBLISH.
    pub(super) fn publication_answered(&mut self, account: AccountId, sent: &Sent, response: &Response, now: Instant) {
        let Some(line) = self.lines.iter_mut().find(|line| line.account.id == account) else { return };
        let Some(mut publication) = line.publication.take() else { return };
        let verdict = publication.receive(response, now, &mut self.rng);
        let mut again = verdict == Verdict::Again;
        if verdict == Verdict::Challenged {
            again = line.strange_realm(response, false).is_none()
                && line.take_challenge(&sent.request, response, &sent.flow);
            if !again {
                publication.stop(format!("{} {}: wrong user or password?", response.status, response.reason));
            }
        } else if response.status.is_success() {
            line.accepted(&sent.request, response);
        }
        let stopped = publication.why().filter(|_| !again && publication.next_timeout().is_none()).map(sanitise);
        let request = again.then(|| publication.again());
        line.publication = Some(publication);
        if let Some(why) = stopped {
            let message = format!("cannot tell {} whether we are free: {why}", line.account.domain_or_server());
            self.outputs.push_back(Output::Event(Event::Error { message, hint: Some("or set publish=0".into()) }));
        }
        if let Some(request) = request {
            self.send_publish(account, request, now);
        }
    }

    pub(super) fn publication_unanswered(&mut self, account: AccountId, words: &str, now: Instant) {
        let line = self.lines.iter_mut().find(|line| line.account.id == account);
        if let Some(publication) = line.and_then(|line| line.publication.as_mut()) {
            publication.unanswered(words, now, &mut self.rng);
        }
    }

    /// What is due in the publications.
    pub(super) fn publication_timeouts(&mut self, now: Instant) {
        let mut due = Vec::new();
        for line in &mut self.lines {
            let request = line.publication.as_mut().and_then(|publication| publication.handle_timeout(now));
            due.extend(request.map(|request| (line.account.id, request)));
        }
        due.into_iter().for_each(|(account, request)| self.send_publish(account, request, now));
    }
}
