//! Redirections (3xx): which of the targets an answer names is called next, and which are left to the person.
//!
//! A redirection is followed within the domain that was called; the account's domain, registrar and proxies are one.
//! Whoever is called elsewhere could else have us call, at our own expense, whom he likes. `followRedirects` widens
//! or narrows this; what `denyDial` names is left to the person.

use super::account::Line;
use super::agent::Agent;
use super::dial::MAX_TARGET;
use super::owner::Owner;
use crate::config::{FollowRedirects, Settings};
use crate::sip::header::NameAddr;
use crate::sip::ident;
use crate::sip::session::Exchange;
use crate::sip::uri::{Host, Uri};
use std::time::Instant;

/// Most redirections followed in one call.
const MAX_REDIRECTIONS: u8 = 5;
/// Most targets taken from one answer, and most that wait.
const MAX_TARGETS: usize = 8;

/// What becomes of a call after a refusal that may lead elsewhere.
#[derive(Debug)]
pub(super) enum Redirected {
    /// Another target is called.
    Called,
    /// There is another, but the person must choose it.
    Elsewhere(Uri),
    /// There is none.
    Nowhere,
}

impl Agent {
    /// Calls the next target: the likeliest of `contacts`, or one that waits from an answer before.
    pub(super) fn redirect(&mut self, id: u32, contacts: &[NameAddr], now: Instant) -> Redirected {
        let call_id = ident::call_id(&mut self.rng, "");
        let Settings { follow_redirects: policy, dial_rules, .. } = &self.config.settings;
        let line = self.lines.iter().find(|line| Some(line.account.id) == self.call(id).map(|call| call.account));
        let home = line.and_then(|line| Host::parse(line.account.domain_or_server()).ok());
        let Some(call) = self.calls.iter_mut().find(|call| call.id == id) else { return Redirected::Nowhere };
        let Ok(asked) = Uri::parse(&call.target) else { return Redirected::Nowhere };
        if call.redirections >= MAX_REDIRECTIONS {
            return Redirected::Nowhere;
        }
        if !call.tried.iter().any(|tried| tried.equivalent(&asked)) {
            call.tried.push(asked.clone());
        }
        let mut contacts: Vec<&NameAddr> = contacts.iter().collect();
        let q = |contact: &NameAddr| {
            let q = contact.params.value("q").and_then(|q| q.parse().ok()).unwrap_or(1.0_f32);
            //= RFC 3261 §20.10: 0 to 1
            if (0.0..=1.0).contains(&q) { q } else { 0.0 }
        };
        contacts.sort_by(|a, b| q(b).total_cmp(&q(a)));
        let mut elsewhere = None;
        for contact in contacts.into_iter().take(MAX_TARGETS) {
            //= RFC 3261 §8.1.3.4: no URI twice, none less secure; headers in a Contact are not ours to send
            let uri = contact.uri.clone().without_headers();
            //= RFC 3966 §6: a number is called at the account's own domain
            let uri = home.as_ref().and_then(|home| uri.tel_at(home)).unwrap_or(uri);
            let is_new = !call.tried.iter().chain(&call.targets).any(|known| known.equivalent(&uri));
            if !is_new || !is_callable(&uri, &asked) {
                continue;
            }
            let follows = match policy {
                FollowRedirects::Any => true,
                FollowRedirects::Own => is_own(&uri, &asked, line),
                FollowRedirects::Never => false,
            };
            let is_dialled_by_any = || dial_rules.refuses(uri.as_str(), line.map(|line| &line.account)).is_none();
            if follows && is_dialled_by_any() {
                call.targets.push_back(uri);
            } else {
                elsewhere.get_or_insert(uri);
            }
        }
        let Some(next) = call.targets.pop_front() else {
            return elsewhere.map_or(Redirected::Nowhere, Redirected::Elsewhere);
        };
        let owner = Owner::Call(id, Exchange::Invite);
        call.redirections += 1;
        call.targets.truncate(MAX_TARGETS);
        call.call_instead(&next, call_id);
        // Those before have their final response; a CANCEL is for the next one.
        self.clients.retain(|_, sent| sent.owner != owner);
        self.begin_call(id, now);
        Redirected::Called
    }
}

/// A SIP address for an INVITE, no less secure than the one that was asked.
fn is_callable(uri: &Uri, asked: &Uri) -> bool {
    let method = uri.param("method").flatten();
    let invites = method.is_none_or(|method| method.eq_ignore_ascii_case("INVITE"));
    invites && uri.as_str().len() <= MAX_TARGET && uri.is_sip() && (uri.is_sips() || !asked.is_sips())
}

/// It stays within the domain that was asked.
fn is_own(uri: &Uri, asked: &Uri, line: Option<&Line>) -> bool {
    let is_home = |uri: &Uri| uri.host().zip(line).is_some_and(|(host, line)| line.is_home(&host.to_string()));
    uri.host() == asked.host() || is_home(uri) && is_home(asked)
}
