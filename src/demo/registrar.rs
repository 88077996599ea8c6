//! Users, their digest challenges and their bindings: RFC 3261 §10.3 and §22.4.

use super::exchange::User;
use crate::config::Secret;
use crate::sip::auth::{Algorithm, Credentials, Hash, challenge_header, verify};
use crate::sip::flow::Flow;
use crate::sip::header::{ContactList, NameAddr};
use crate::sip::ident;
use crate::sip::message::{HeaderName, Request, Response, StatusCode};
use crate::sip::uri::Uri;
use rand::Rng;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Most bindings of one user.
const MAX_BINDINGS: usize = 10;
const NONCE_LIFE: Duration = Duration::from_secs(300);

/// A contact a user can be reached at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The Contact URI, verbatim.
    pub contact: Uri,
    /// The path the REGISTER came on: requests go back there.
    pub flow: Flow,
    /// When it ends.
    pub expires_at: Instant,
    /// Call-ID and CSeq number of the REGISTER that made it.
    pub made_by: (String, u32),
}

/// How a request proved itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The credentials are right.
    Right,
    /// None, or wrong ones.
    Missing,
    /// Right, but the nonce is not one of ours any more.
    Stale,
}

/// The users of a domain and where they are.
#[derive(Debug)]
pub struct Registrar {
    realm: String,
    min_expires: u32,
    default_expires: u32,
    users: BTreeMap<String, User>,
    bindings: BTreeMap<String, Vec<Binding>>,
    nonces: Nonces,
}

/// Nonces that need not be remembered: each tells its age and proves that it was made here (RFC 7616 §3.3). Whoever asks
/// for many and answers none takes nobody's place.
#[derive(Debug, Default)]
struct Nonces {
    /// The secret, and the moment that ages count from.
    key: Option<(String, Instant)>,
}

impl Nonces {
    fn make(&mut self, now: Instant, rng: &mut impl Rng) -> String {
        let (key, since) = self.key.get_or_insert_with(|| (ident::nonce(rng) + &ident::nonce(rng), now));
        let head = format!("{:x}-{}", now.saturating_duration_since(*since).as_secs(), ident::nonce(rng));
        format!("{head}-{}", Nonces::proof(key, &head))
    }

    fn is_good(&self, nonce: &str, now: Instant) -> bool {
        let (Some((key, since)), Some((head, proof))) = (&self.key, nonce.rsplit_once('-')) else { return false };
        let made = head.split('-').next().and_then(|age| u64::from_str_radix(age, 16).ok()).map(Duration::from_secs);
        let age = made.and_then(|made| now.saturating_duration_since(*since).checked_sub(made));
        proof == Nonces::proof(key, head) && age.is_some_and(|age| age < NONCE_LIFE)
    }

    fn proof(key: &str, head: &str) -> String {
        // Of SHA-512/256 nobody can lengthen the text without the key.
        Hash::Sha512_256.hex(format!("{key}:{head}").as_bytes())
    }
}

impl Registrar {
    /// A registrar of this realm; lifetimes in seconds.
    pub fn new(realm: &str, min_expires: u32, default_expires: u32, users: Vec<User>) -> Registrar {
        Registrar {
            realm: realm.to_owned(),
            min_expires,
            default_expires,
            users: users.into_iter().map(|user| (user.name.clone(), user)).collect(),
            bindings: BTreeMap::new(),
            nonces: Nonces::default(),
        }
    }

    /// A user by name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// Where a user is now; empty when nowhere.
    pub fn bindings(&self, user: &str) -> &[Binding] {
        self.bindings.get(user).map_or(&[], Vec::as_slice)
    }

    /// The binding with this Contact, whoever's.
    pub fn binding(&self, contact: &Uri) -> Option<&Binding> {
        self.bindings.values().flatten().find(|binding| binding.contact.equivalent(contact))
    }

    /// Drops what has ended.
    pub fn expire(&mut self, now: Instant) {
        for bindings in self.bindings.values_mut() {
            bindings.retain(|binding| binding.expires_at > now);
        }
        self.bindings.retain(|_, bindings| !bindings.is_empty());
    }

    /// The value of a challenge to `user`, with a fresh nonce.
    pub fn challenge(&mut self, user: &User, stale: bool, now: Instant, rng: &mut impl Rng) -> String {
        challenge_header(&self.realm, &self.nonces.make(now, rng), user.algorithm, stale)
    }

    /// Whether the request bears `user`'s credentials, in Proxy-Authorization or in Authorization.
    pub fn prove(&self, user: &User, request: &Request, proxy: bool, now: Instant) -> Proof {
        let given = Credentials::list(&request.headers, proxy);
        let Some(credentials) = given.iter().find(|credentials| credentials.realm == self.realm) else {
            return Proof::Missing;
        };
        let right = credentials.username == user.name
            && credentials.algorithm == user.algorithm
            && credentials.uri == request.uri
            && verify(credentials, user.password.reveal(), &request.method, &request.body);
        match right {
            false => Proof::Missing,
            true if self.nonces.is_good(&credentials.nonce, now) => Proof::Right,
            true => Proof::Stale,
        }
    }

    /// Carries a proven REGISTER of `user` out and answers it.
    pub fn register(&mut self, user: &str, request: &Request, flow: Flow, tag: &str, now: Instant) -> Response {
        let refuse = |status| Response::to_request(request, StatusCode(status), Some(tag));
        let (Ok(contacts), Ok(expires)) = (request.headers.contacts(), request.headers.expires()) else {
            return refuse(400);
        };
        let (Ok(Some(call_id)), Ok(Some(cseq))) = (request.headers.call_id(), request.headers.cseq()) else {
            return refuse(400);
        };
        let made_by = (call_id.to_owned(), cseq.number);
        let bindings = self.bindings.entry(user.to_owned()).or_default();
        let list = match contacts {
            ContactList::Star if expires == Some(0) => {
                bindings.iter().map(|binding| NameAddr::new(binding.contact.clone())).collect()
            }
            //= RFC 3261 §10.2.2: `*` goes with Expires 0 alone.
            ContactList::Star => return refuse(400),
            ContactList::List(list) => list,
        };
        let lifetime = |contact: &NameAddr| contact.expires().or(expires).unwrap_or(self.default_expires);
        //= RFC 3261 §10.3 step 7: too brief, but not zero.
        if list.iter().map(lifetime).any(|seconds| seconds != 0 && seconds < self.min_expires) {
            let mut response = refuse(423);
            response.headers.push(HeaderName::MinExpires, self.min_expires.to_string());
            return response;
        }
        let wishes: Vec<(Uri, u32)> = list.iter().map(|c| (c.uri.clone(), lifetime(c).min(86_400))).collect();
        let named = |binding: &&Binding| wishes.iter().any(|(contact, _)| binding.contact.equivalent(contact));
        let of_this_call = bindings.iter().filter(named).filter(|binding| binding.made_by.0 == made_by.0);
        //= RFC 3261 §10.3 step 7: what was overtaken on its way changes nothing; what came twice is answered twice.
        let wishes = match of_this_call.map(|binding| binding.made_by.1).max() {
            Some(newer) if newer > made_by.1 => return refuse(500),
            Some(same) if same == made_by.1 => Vec::new(),
            _ => wishes,
        };
        for (contact, seconds) in wishes {
            bindings.retain(|binding| !binding.contact.equivalent(&contact));
            if seconds > 0 {
                if bindings.len() >= MAX_BINDINGS {
                    bindings.remove(0);
                }
                let expires_at = now + Duration::from_secs(u64::from(seconds));
                bindings.push(Binding { contact, flow, expires_at, made_by: made_by.clone() });
            }
        }
        let mut response = Response::to_request(request, StatusCode(200), Some(tag));
        for binding in bindings.iter() {
            let left = binding.expires_at.saturating_duration_since(now).as_secs();
            response.headers.push(HeaderName::Contact, format!("<{}>;expires={left}", binding.contact));
        }
        response
    }
}

impl User {
    /// A user with a password.
    pub fn new(name: &str, password: &str, algorithm: Algorithm) -> User {
        User { name: name.to_owned(), password: Secret::new(password), algorithm }
    }
}
