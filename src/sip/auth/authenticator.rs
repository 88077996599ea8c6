//! A client's memory of challenges: what to answer, with which nonce, and when to stop.

use super::{Challenge, Credentials, Hash, Info};
use crate::sip::message::{HeaderName, Request, Response};
use std::collections::BTreeMap;

/// Most (realm, kind) pairs remembered; the oldest gives way.
const MAX_REALMS: usize = 8;
/// Most addresses remembered of those that ask in one realm; the oldest gives way.
const MAX_ASKERS: usize = 64;
/// Most challenges to one realm that came back for requests bearing our answer, since the last success.
const MAX_TRIES: u32 = 4;
/// Most challenges that one request answers, whatever their realms: proxies in a row each ask in their own.
const MAX_ROUNDS: u32 = 12;
/// Most requests that are asked again before one is accepted: more than are ever under way together.
const MAX_ASKED: usize = 256;

/// Why a 401 or 407 will not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No Digest challenge with an algorithm we know.
    #[error("no challenge we can answer")]
    NoChallenge,
    /// Nothing stronger than MD5 is offered, and MD5 is ruled out.
    #[error("realm {realm:?} offers nothing stronger than MD5")]
    Weak {
        /// The realm; foreign text.
        realm: String,
    },
    /// Our answer to a fresh challenge was refused: user name or password are wrong.
    #[error("credentials refused by realm {realm:?}")]
    Refused {
        /// The realm; foreign text.
        realm: String,
    },
    /// The server calls one nonce after the other stale.
    #[error("realm {realm:?} keeps asking")]
    TooManyTries {
        /// The realm; foreign text.
        realm: String,
    },
}

#[derive(Debug, Clone)]
struct Entry {
    challenge: Challenge,
    /// Uses of the nonce so far.
    count: u32,
    /// A request with this nonce got past the challenge.
    proven: bool,
    /// How often each request was asked again since the last that was accepted, by Call-ID.
    tries: BTreeMap<String, u32>,
    /// Of a server, no proxy: whom the requests were for that it challenged.
    askers: Vec<String>,
}

impl Entry {
    /// A proxy reads its answer from any request and takes it out; a server's answer stays in, and is for nobody else.
    fn is_for(&self, addressee: &String) -> bool {
        //= RFC 3261 §22.2
        self.challenge.proxy || self.askers.contains(addressee)
    }

    fn asked_for(&mut self, addressee: String) {
        if !self.is_for(&addressee) {
            if self.askers.len() >= MAX_ASKERS {
                self.askers.remove(0);
            }
            self.askers.push(addressee);
        }
    }
}

/// Whom a request is for, in the same words each time.
fn addressee(request: &Request) -> String {
    request.headers.to().ok().flatten().map_or_else(String::new, |to| to.uri.without_headers().to_string())
}

fn call_id(request: &Request) -> String {
    request.headers.text(&HeaderName::CallId).unwrap_or_default()
}

/// Answers challenges on behalf of one account towards its own server; the caller sees to it that no other server's
/// challenge comes here. Keeps the last nonce of each (realm, kind), so that later requests carry their answer at once.
#[derive(Debug, Clone, Default)]
pub struct Authenticator {
    entries: Vec<Entry>,
    /// How often each request was challenged since its last final answer, by Call-ID.
    rounds: BTreeMap<String, u32>,
    refuses_md5: bool,
}

impl Authenticator {
    /// One that knows no challenge.
    pub fn new() -> Authenticator {
        Authenticator::default()
    }

    /// One that answers no challenge for MD5.
    pub fn without_md5() -> Authenticator {
        Authenticator { refuses_md5: true, ..Authenticator::default() }
    }

    /// Takes in a 401 or 407 to `request`. `Ok`: [`authorise`](Self::authorise) the request anew and send it again,
    /// in a new transaction with the next CSeq. A response may challenge for several realms; all are taken in.
    pub fn challenged(&mut self, request: &Request, response: &Response) -> Result<(), AuthError> {
        let call_id = call_id(request);
        let taken = match self.is_endless(&call_id) {
            false => self.take_all(request, response),
            true => {
                let mut all = [false, true].into_iter().flat_map(|proxy| Challenge::list(&response.headers, proxy));
                Err(all.next().map_or(AuthError::NoChallenge, |last| AuthError::TooManyTries { realm: last.realm }))
            }
        };
        if taken.is_err() {
            self.rounds.remove(&call_id);
        }
        taken
    }

    /// One more challenge to this request is one too many.
    fn is_endless(&mut self, call_id: &str) -> bool {
        if self.rounds.len() >= MAX_ASKED && !self.rounds.contains_key(call_id) {
            self.rounds.pop_first();
        }
        let rounds = self.rounds.entry(call_id.to_owned()).or_default();
        *rounds += 1;
        *rounds > MAX_ROUNDS
    }

    fn take_all(&mut self, request: &Request, response: &Response) -> Result<(), AuthError> {
        let mut answered = 0;
        for proxy in [false, true] {
            let sent = Credentials::list(&request.headers, proxy);
            for challenge in strongest(Challenge::list(&response.headers, proxy)) {
                if self.refuses_md5 && challenge.algorithm.hash == Hash::Md5 {
                    return Err(AuthError::Weak { realm: challenge.realm });
                }
                let nonce = sent.iter().find(|c| c.realm == challenge.realm).map(|c| c.nonce.as_str());
                let realm = challenge.realm.clone();
                self.take(challenge, nonce, request)?;
                if let Some(entry) = self.entry(&realm, proxy) {
                    entry.asked_for(addressee(request));
                }
                answered += 1;
            }
        }
        if answered == 0 { Err(AuthError::NoChallenge) } else { Ok(()) }
    }

    /// Notes that `request` got past its challenges: `response` is any but a 401 or 407. Its nonces are good for reuse,
    /// unless the server names the next.
    pub fn accepted(&mut self, request: &Request, response: &Response, who: (&str, &str)) {
        if response.status.0 >= 200 {
            self.rounds.remove(&call_id(request));
        }
        for proxy in [false, true] {
            let all = Credentials::list(&request.headers, proxy);
            for sent in &all {
                if let Some(entry) = self.entry(&sent.realm, proxy).filter(|e| e.challenge.nonce == sent.nonce) {
                    entry.proven = true;
                    entry.tries.clear();
                }
            }
            // It names no realm: of several answers nobody knows which one it is about.
            if let (Some(info), [sent]) = (Info::read(&response.headers, proxy), all.as_slice()) {
                self.informed(info, sent, proxy, who, &response.body);
            }
        }
    }

    /// Takes the next nonce of a server that has not shown that it does not know the password.
    fn informed(&mut self, info: Info, sent: &Credentials, proxy: bool, who: (&str, &str), body: &[u8]) {
        //= RFC 7616 §3.5
        if info.rspauth.is_some_and(|proof| proof != sent.rspauth(who, body)) {
            return;
        }
        let entry = self.entry(&sent.realm, proxy).filter(|entry| entry.challenge.nonce == sent.nonce);
        if let (Some(entry), Some(nonce)) = (entry, info.nextnonce.filter(|nonce| *nonce != sent.nonce)) {
            entry.challenge.nonce = nonce;
            entry.count = 0;
        }
    }

    /// Puts our answers to known challenges into a request, replacing old ones: those of proxies, and those of the
    /// server that asked for one to the same address before; does nothing if none is known.
    /// The request must be complete: method, URI and body are hashed. `cnonce` yields fresh text for each answer.
    pub fn authorise(&mut self, request: &mut Request, user: &str, password: &str, mut cnonce: impl FnMut() -> String) {
        request.headers.remove(&HeaderName::Authorization);
        request.headers.remove(&HeaderName::ProxyAuthorization);
        let addressee = addressee(request);
        for entry in self.entries.iter_mut().filter(|entry| entry.is_for(&addressee)) {
            entry.count = entry.count.saturating_add(1);
            let what = (&request.method, request.uri.as_str(), request.body.as_slice());
            let answer = Credentials::answer(&entry.challenge, (user, password), what, (cnonce(), entry.count));
            let name = if entry.challenge.proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
            request.headers.push(name, answer.to_string());
        }
    }

    /// True if a request would carry credentials.
    pub fn is_ready(&self) -> bool {
        !self.entries.is_empty()
    }

    /// A request with our answer to this realm got past its challenge.
    pub fn is_proven(&self, realm: &str) -> bool {
        self.entries.iter().any(|entry| entry.proven && entry.challenge.realm == realm)
    }

    /// Forgets every challenge: the account, its password or its server changed.
    pub fn forget(&mut self) {
        self.entries.clear();
        self.rounds.clear();
    }

    fn entry(&mut self, realm: &str, proxy: bool) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|e| e.challenge.proxy == proxy && e.challenge.realm == realm)
    }

    /// `sent` is the nonce the challenged request already answered for this realm.
    fn take(&mut self, challenge: Challenge, sent: Option<&str>, request: &Request) -> Result<(), AuthError> {
        let realm = challenge.realm.clone();
        let fresh = Entry { challenge, count: 0, proven: false, tries: BTreeMap::new(), askers: Vec::new() };
        let Some(known) = self.entry(&realm, fresh.challenge.proxy) else {
            // An answer to a realm forgotten since: its place was needed. Once more will do no harm.
            if self.entries.len() >= MAX_REALMS {
                self.entries.remove(0);
            }
            self.entries.push(fresh);
            return Ok(());
        };
        if let Some(sent) = sent {
            // Why each for itself: requests under way together all meet the end of their nonce.
            let tries = known.tries.entry(call_id(request)).or_default();
            *tries = tries.saturating_add(1);
            let is_endless = *tries > MAX_TRIES || known.tries.len() > MAX_ASKED;
            //= RFC 3261 §22.2: no second try with credentials just refused, unless the nonce was stale
            let same_again = sent == fresh.challenge.nonce;
            let refused_unproven = sent == known.challenge.nonce && !known.proven;
            if same_again || (refused_unproven && !fresh.challenge.stale) {
                self.entries.retain(|e| e.challenge.realm != realm || e.challenge.proxy != fresh.challenge.proxy);
                return Err(AuthError::Refused { realm });
            }
            if is_endless {
                self.entries.retain(|e| e.challenge.realm != realm || e.challenge.proxy != fresh.challenge.proxy);
                return Err(AuthError::TooManyTries { realm });
            }
        }
        if known.challenge.nonce == fresh.challenge.nonce && known.challenge.algorithm == fresh.challenge.algorithm {
            // Two requests met the same challenge: one nonce, one count.
            return Ok(());
        }
        let (tries, askers) = (std::mem::take(&mut known.tries), std::mem::take(&mut known.askers));
        *known = Entry { tries, askers, ..fresh };
        Ok(())
    }
}

/// The strongest challenge of each realm; the first of equals (RFC 8760 §2.4: the server's order is its wish).
fn strongest(challenges: Vec<Challenge>) -> Vec<Challenge> {
    let mut best: Vec<Challenge> = Vec::new();
    for challenge in challenges {
        match best.iter_mut().find(|b| b.realm == challenge.realm) {
            Some(known) if known.algorithm.hash < challenge.algorithm.hash => *known = challenge,
            Some(_) => {}
            None => best.push(challenge),
        }
    }
    best.truncate(MAX_REALMS);
    best
}
