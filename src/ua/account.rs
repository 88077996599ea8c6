//! An account at work: its paths, its credentials, the Contact only its registrar knows.

use super::keep_alive::Keeper;
use super::route::Hop;
use super::snapshot::{AccountInfo, RegistrationState, TlsTrust, VoicemailInfo};
use crate::config::Account;
use crate::sip::auth::{AuthError, Authenticator, Challenge};
use crate::sip::flow::{Flow, Transport};
use crate::sip::header::NameAddr;
use crate::sip::ident;
use crate::sip::message::{Request, Response};
use crate::sip::publication::Publication;
use crate::sip::registration::{Binding, Registration, State};
use crate::sip::uri::{Host, Uri, escape_user};
use crate::text::sanitise;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

/// Most addresses remembered as an account's own servers; the oldest gives way.
const MAX_SERVERS: usize = 16;

/// An account with what lives beside it.
#[derive(Debug)]
pub(super) struct Line {
    pub account: Account,
    pub registration: Registration,
    authenticator: Authenticator,
    /// The last challenge was for MD5, which is ruled out.
    weak: bool,
    /// User part of our Contact; nobody but the registrar learns it.
    pub contact_user: String,
    pub(super) instance: String,
    /// Addresses of the registrar and the outbound proxies, as resolved.
    servers: Vec<(Transport, SocketAddr)>,
    /// Realms the registrar has asked us for.
    realms: Vec<String>,
    /// Where the registrar sees us, if not where we see ourselves.
    pub(super) public: Option<SocketAddr>,
    /// It has said where it sees us.
    pub(super) is_seen: bool,
    /// STUN servers are asked for our address, and what they said last.
    pub(super) stun: bool,
    pub(super) mapped: Option<SocketAddr>,
    /// What calls were told of where we are seen.
    pub(super) told: Option<SocketAddr>,
    /// What somebody between us and the registrar rewrites, in words.
    pub(super) rewritten: Option<String>,
    /// A firewall was knocked at for the registration that is about to begin.
    pub(super) has_knocked: bool,
    /// The Contact of the last REGISTER, without parameters, and of the one the registrar has accepted.
    pub sent_contact: String,
    pub bound_contact: Option<String>,
    /// It has been registered since the person last wished it.
    pub was_registered: bool,
    /// A new Contact was registered at once since the last refresh: not again before the next.
    pub recontacted: bool,
    /// The path of the registration, and when it is to be kept open next.
    pub path: Option<Flow>,
    pub keep_alive_at: Option<Instant>,
    pub(super) keeper: Keeper,
    /// When the server is to be asked next whether it still answers; `None` while it is being asked.
    pub probe_at: Option<Instant>,
    pub status: Option<u16>,
    pub reason: Option<String>,
    /// What it came to when somebody was told last.
    pub ended: Option<RegistrationState>,
    /// The transport failed or timed out, rather than a refusal.
    pub unreachable: bool,
    /// What the server last said of waiting messages.
    pub voicemail: Option<VoicemailInfo>,
    /// What the server is told of us, if it is to be told.
    pub publication: Option<Publication>,
    /// It is configured no more, and stays until its binding is given back and its calls are over.
    pub leaving: bool,
}

impl Line {
    pub fn new(account: Account, instance: &str, rng: &mut StdRng) -> Line {
        let domain = account.domain_or_server().to_owned();
        let aor = format!("sip:{}@{domain}", escape_user(&account.username));
        let binding = Binding {
            registrar: format!("sip:{domain}"),
            address: named(&account.display_name, &aor),
            from_tag: ident::tag(rng),
            call_id: ident::call_id(rng, ""),
            expires_s: account.register_refresh_s,
        };
        Line {
            registration: Registration::new(binding, ident::cseq(rng)),
            authenticator: authenticator(&account),
            weak: false,
            contact_user: own_user(&account).unwrap_or_else(|| ident::tag(rng)),
            instance: instance.to_owned(),
            servers: Vec::new(),
            realms: Vec::new(),
            public: None,
            is_seen: false,
            stun: false,
            mapped: None,
            told: None,
            rewritten: None,
            has_knocked: false,
            sent_contact: String::new(),
            bound_contact: None,
            was_registered: false,
            recontacted: false,
            path: None,
            keep_alive_at: None,
            keeper: Keeper::default(),
            probe_at: None,
            status: None,
            reason: None,
            ended: None,
            unreachable: false,
            voicemail: None,
            publication: None,
            leaving: false,
            account,
        }
    }

    /// The account is as given from now on: the same address at the same registrar.
    pub fn renew(&mut self, account: Account) {
        let credentials =
            |account: &Account| (account.auth_user().to_owned(), account.password.clone(), account.refuse_md5);
        if credentials(&account) != credentials(&self.account) {
            self.authenticator = authenticator(&account);
            self.weak = false;
        }
        if let Some(user) = own_user(&account) {
            self.contact_user = user;
        }
        let number = Some(&account.voicemail_number).filter(|number| !number.is_empty()).cloned();
        self.voicemail = self.voicemail.take().filter(|_| number.is_some());
        self.voicemail.iter_mut().for_each(|voicemail| voicemail.number.clone_from(&number));
        self.account = account;
    }

    /// No path is its own any more.
    pub fn forget_servers(&mut self) {
        self.servers.clear();
    }

    /// A binding of it is being given back.
    pub fn is_giving_back(&self) -> bool {
        self.registration.state() == State::Unregistering
    }

    /// It has a registrar.
    pub fn registers(&self) -> bool {
        !self.account.server.is_empty()
    }

    /// `sip:user@domain`; `None` without a domain.
    pub fn aor_uri(&self) -> Option<String> {
        let domain = self.account.domain_or_server();
        let user = escape_user(&self.account.username);
        (!domain.is_empty()).then(|| format!("sip:{user}@{domain}"))
    }

    /// The address as From has it, without a tag; `None` without a domain.
    pub fn address(&self) -> Option<String> {
        self.aor_uri().map(|uri| named(&self.account.display_name, &uri))
    }

    /// From of our requests, without a tag.
    pub fn from(&self, local: &Flow) -> String {
        let domain = self.account.domain_or_server();
        let host = if domain.is_empty() { Host::from(local.local.ip()).to_string() } else { domain.to_owned() };
        let user = if self.account.username.is_empty() { "tuiphone" } else { &self.account.username };
        named(&self.account.display_name, &format!("sip:{}@{host}", escape_user(user)))
    }

    /// Notes where a REGISTER goes: the path requests to us come back by.
    pub fn note_path(&mut self, flow: &Flow, more: &VecDeque<Flow>) {
        self.path = Some(*flow);
        self.note_servers(flow, more);
    }

    /// Notes where requests of the account go: paths its credentials may be shown on.
    pub fn note_servers(&mut self, flow: &Flow, more: &VecDeque<Flow>) {
        // The path taken is noted last, so that it is never the one to give way.
        for server in std::iter::once(flow).chain(more).rev().map(|flow| (flow.transport, flow.remote)) {
            self.servers.retain(|known| *known != server);
            if self.servers.len() >= MAX_SERVERS {
                self.servers.remove(0);
            }
            self.servers.push(server);
        }
    }

    /// The path of the registration.
    pub fn path(&self) -> Option<&Flow> {
        self.path.as_ref()
    }

    /// The path of the registration has ended; what was learned on it counts no more.
    pub fn lose_path(&mut self) {
        self.path = None;
        self.public = None;
        self.is_seen = false;
        self.rewritten = None;
        self.keep_alive_at = None;
        self.keeper = Keeper::default();
        self.probe_at = None;
    }

    /// When the registration or its path wants attention.
    pub fn next_timeout(&self) -> Option<Instant> {
        let publication = self.publication.as_ref().and_then(Publication::next_timeout);
        self.registration
            .next_timeout()
            .into_iter()
            .chain(self.keep_alive_at)
            .chain(self.keeper.next_timeout())
            .chain(self.probe_at)
            .chain(publication)
            .min()
    }

    /// A path to its own registrar or proxy: its credentials may be shown on it, and calls that come on it are its own.
    pub fn is_own_path(&self, flow: &Flow) -> bool {
        self.servers.contains(&(flow.transport, flow.remote))
    }

    /// The host is one of its own: domain, registrar or outbound proxy.
    pub fn is_home(&self, host: &str) -> bool {
        let names = [&self.account.domain, &self.account.server].into_iter().chain(&self.account.proxies);
        names.filter_map(|name| Hop::of_server(name, "")).any(|hop| hop.host.eq_ignore_ascii_case(host))
    }

    /// The realm that asks and is not the account's own, if one does. Its own are those its registrar asked for, those
    /// named after its hosts, and those that took its answer before. Of an account whose registrar never asked, any may
    /// be asked for by the `first` answer to a call.
    pub fn strange_realm(&self, response: &Response, first: bool) -> Option<String> {
        let may_ask = |realm: &str| {
            self.realms.iter().any(|known| known == realm) || self.is_home(realm) || self.authenticator.is_proven(realm)
        };
        let unknown = first && self.realms.is_empty();
        realms(response).find(|realm| !unknown && !may_ask(realm))
    }

    /// Notes the realms the registrar asks for.
    pub fn note_realms(&mut self, response: &Response) {
        for realm in realms(response) {
            if !self.realms.contains(&realm) && self.realms.len() < MAX_SERVERS {
                self.realms.push(realm);
            }
        }
    }

    /// Puts our answers to challenges already known into a request on the account's own path.
    pub fn authorise(&mut self, request: &mut Request, flow: &Flow, rng: &mut StdRng) {
        if self.is_own_path(flow) && self.authenticator.is_ready() {
            let (user, password) = (self.account.auth_user(), self.account.password.reveal());
            self.authenticator.authorise(request, user, password, || ident::nonce(rng));
        }
    }

    /// Takes in the challenges to `request`, sent over `flow`; false if that is not the account's own path, if there is
    /// nothing to answer them with, or the answer was refused.
    pub fn take_challenge(&mut self, request: &Request, response: &Response, flow: &Flow) -> bool {
        if !self.is_own_path(flow) || self.account.password.is_empty() {
            return false;
        }
        let taken = self.authenticator.challenged(request, response);
        self.weak = matches!(taken, Err(AuthError::Weak { .. }));
        taken.is_ok()
    }

    /// `request` got past its challenges with this response.
    pub fn accepted(&mut self, request: &Request, response: &Response) {
        let (user, password) = (self.account.auth_user(), self.account.password.reveal());
        self.authenticator.accepted(request, response, (user, password));
    }

    /// What may be wrong with the credentials that were refused.
    pub fn hint(&self) -> &'static str {
        if self.weak { "it takes MD5 alone, which refuseMd5 rules out" } else { "wrong user or password?" }
    }

    pub fn info(&self, selected: bool, now: Instant) -> AccountInfo {
        let aor = self.account.aor();
        let state = match self.registration.state() {
            State::Off => RegistrationState::Off,
            State::Registering | State::Unregistering => RegistrationState::Registering,
            State::Registered { .. } => RegistrationState::Registered,
            State::Failed => RegistrationState::Failed,
        };
        let expires_in = match self.registration.state() {
            State::Registered { until } => Some(until.saturating_duration_since(now).as_secs()),
            _ => None,
        };
        let granted = self.registration.granted();
        let shown = |routes: &[NameAddr]| routes.iter().map(|route| sanitise(&route.to_string())).collect();
        AccountInfo {
            id: self.account.id.0,
            label: if self.account.label.is_empty() { aor.clone() } else { self.account.label.clone() },
            aor,
            state,
            registered: state == RegistrationState::Registered,
            direct: !self.registers(),
            status: self.status,
            reason: self.reason.clone(),
            expires_in,
            transport: if self.account.transport.is_empty() { "udp".into() } else { self.account.transport.clone() },
            server: sanitise(&self.account.server),
            hop: self.path.map(|flow| format!("{} {}", flow.transport, flow.remote)),
            tls: self.tls_trust(),
            selected,
            gruu: granted.pub_gruu.as_ref().map(|uri| sanitise(uri.as_str())),
            path: shown(&granted.path),
            service_route: shown(&granted.service_route),
            public: self.public.map(|at| at.to_string()),
            rewritten: self.rewritten.clone(),
            voicemail: self.voicemail.clone(),
        }
    }

    fn tls_trust(&self) -> Option<TlsTrust> {
        let secure = |hop: &Hop| matches!(hop.plain_transport(), Transport::Tls | Transport::Wss);
        let tls = &self.account.tls;
        self.first_hop(false).filter(secure).map(|_| match (tls.fingerprint.is_empty(), tls.verify) {
            (false, _) => TlsTrust::Pinned,
            (true, true) => TlsTrust::Verified,
            (true, false) => TlsTrust::Unverified,
        })
    }

    /// In words: who refused, and what may be wrong.
    pub fn refusal(&self, status: u16, phrase: &str) -> String {
        let server = &self.account.server;
        let said = format!("{status} {}", sanitise(phrase));
        match status {
            401 | 407 if self.weak => format!("{said} from {server}: it takes MD5 alone, which refuseMd5 rules out"),
            401 | 403 | 407 => format!("{said} from {server}: wrong user or password?"),
            404 => format!("{said} from {server}: is the user right?"),
            _ => format!("{said} from {server}"),
        }
    }
}

impl Account {
    /// The AOR's domain; the registrar where none is given.
    pub(super) fn domain_or_server(&self) -> &str {
        if self.domain.is_empty() { &self.server } else { &self.domain }
    }
}

/// The user of the Contact of an account that never registers: others are to know it.
fn own_user(account: &Account) -> Option<String> {
    let user = if account.username.is_empty() { "tuiphone" } else { &account.username };
    account.server.is_empty().then(|| user.to_owned())
}

fn authenticator(account: &Account) -> Authenticator {
    if account.refuse_md5 { Authenticator::without_md5() } else { Authenticator::new() }
}

fn realms(response: &Response) -> impl Iterator<Item = String> {
    let challenges = [false, true].into_iter().flat_map(|proxy| Challenge::list(&response.headers, proxy));
    challenges.map(|challenge| challenge.realm)
}

fn named(display_name: &str, uri: &str) -> String {
    match Uri::parse(uri) {
        Ok(uri) => NameAddr::new(uri).with_display_name(&sanitise(display_name)).to_string(),
        Err(_) => format!("<{uri}>"),
    }
}
