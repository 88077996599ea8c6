//! Redirections (3xx): which of the targets an answer names is called next.

use super::agent::Agent;
use super::route::Owner;
use crate::sip::header::NameAddr;
use crate::sip::ident;
use crate::sip::session::Exchange;
use crate::sip::uri::Uri;
use std::time::Instant;

impl Agent {
    /// 3xx: the next target, of at most five redirections; false without one.
    pub(super) fn redirect(&mut self, id: u32, contacts: &[NameAddr], now: Instant) -> bool {
        let call_id = ident::call_id(&mut self.rng, "");
        let Some(call) = self.call_mut(id) else { return false };
        if call.redirections >= 5 {
            return false;
        }
        if let Ok(uri) = Uri::parse(&call.target) {
            call.tried.push(uri);
        }
        let secure = call.target.starts_with("sips:");
        let mut contacts: Vec<&NameAddr> = contacts.iter().collect();
        let q = |contact: &NameAddr| contact.params.value("q").and_then(|q| q.parse().ok()).unwrap_or(1.0_f32);
        contacts.sort_by(|a, b| q(b).total_cmp(&q(a)));
        for contact in contacts.into_iter().take(8) {
            //= RFC 3261 §8.1.3.4: no URI twice, none less secure; headers in a Contact are not ours to send
            let uri = contact.uri.clone().without_headers();
            let waits = call.targets.iter().any(|waiting| waiting == uri.as_str());
            let is_new = !waits && !call.tried.iter().any(|tried| tried.equivalent(&uri));
            if is_new && (uri.is_sips() || uri.is_sip() && !secure) {
                call.targets.push_back(uri.to_string());
            }
        }
        let Some(next) = call.targets.pop_front() else { return false };
        let owner = Owner::Call(id, Exchange::Invite);
        call.redirections += 1;
        call.targets.truncate(8);
        call.target = next;
        call.session = None;
        call.forks.clear();
        call.sip_call_id = call_id;
        // Those before have their final response; a CANCEL is for the next one.
        self.clients.retain(|_, sent| sent.owner != owner);
        self.begin_call(id, now);
        true
    }
}
