//! What we wrote comes back changed: a SIP ALG, as a rule in the router, makes it its own business.

use super::account::Line;
use super::agent::Agent;
use super::contact::is_private;
use super::event::Event;
use super::port::Output;
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::message::Response;
use crate::sip::transaction::ClientId;
use crate::sip::uri::Uri;
use crate::text::sanitise;

impl Agent {
    /// A response was dropped for what it repeats: no server changes that, and nothing can be had over such a path.
    //= RFC 3261 §8.2.6.2, §18.1.2
    pub(super) fn header_rewritten(&mut self, client: ClientId, header: &str, ours: &str, theirs: &str) {
        let Some(account) = self.clients.get(&client).map(|sent| self.account_of(sent.owner)) else { return };
        let Some(line) = self.account_mut(account) else { return };
        let theirs = sanitise(theirs);
        let words = format!("our {header} of {ours} came back as {theirs}");
        let message = format!("a SIP ALG in the router rewrites what we send: {words}");
        if line.rewritten.replace(message.clone()).as_ref() != Some(&message) {
            let hint = Some("turn the SIP ALG of the router off, or use transport=tls".to_owned());
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
    }
}

impl Line {
    /// Looks at what a final answer to a REGISTER over this path repeats. What was noticed once counts until the path is
    /// another one: under an address that is put right already there is nothing to rewrite.
    pub(super) fn note_rewriting(&mut self, response: &Response, flow: &Flow) {
        let words = self.rewritten_source(response, flow).or_else(|| self.rewritten_contact(response));
        self.rewritten = words.or(self.rewritten.take());
    }

    /// A router that undoes in answers what it did to requests is given away by what it makes of our source.
    //= RFC 3261 §18.2.1
    fn rewritten_source(&self, response: &Response, flow: &Flow) -> Option<String> {
        let seen = response.headers.via_top().ok()??.received().filter(|seen| is_private(*seen))?;
        let server = flow.remote.ip();
        let words = "a SIP ALG in the router rewrites what comes and goes";
        (!is_private(server)).then(|| format!("{server} is outside and says it sees us at {seen}: {words}"))
    }

    //= RFC 3261 §10.3

    fn rewritten_contact(&self, response: &Response) -> Option<String> {
        let contacts = response.headers.contacts().ok()?;
        let is_ours = |contact: &&NameAddr| contact.uri.user() == Some(self.contact_user.as_str());
        let place = |uri: &Uri| uri.host().map(|host| format!("{host}:{}", uri.port().unwrap_or(5060)));
        let ours = place(&Uri::parse(self.sent_contact.trim_matches(['<', '>'])).ok()?)?;
        let listed: Vec<String> = contacts.list().iter().filter(is_ours).filter_map(|it| place(&it.uri)).collect();
        let theirs = listed.first().filter(|_| !listed.contains(&ours))?;
        let words = "the server puts it right, or a SIP ALG in the router rewrites it";
        Some(format!("our Contact of {ours} was registered as {}: {words}", sanitise(theirs)))
    }
}
