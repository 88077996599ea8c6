//! Who is shown the answer to a challenge, and how: nonces used up, followed up and run out, bodies protected, several
//! realms at once, algorithms ruled out, strangers.

use super::network::{Link, Network, seeds};
use super::scripted::{Desk, Role, Server, register, respond};
use super::stage::*;
use rand::Rng;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use tuiphone::sip::auth::{Algorithm, Credentials, Qop, verify};
use tuiphone::sip::ident;
use tuiphone::sip::message::{HeaderName, Method, Request, Response};
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::Command;

/// Asks for a password, strictly.
struct Guard {
    realm: &'static str,
    proxy: bool,
    algorithm: Algorithm,
    qop: &'static str,
    /// A nonce is good for so many requests.
    uses: u32,
    /// The next nonce is named with each success.
    names_next: bool,
    /// The counts each nonce was used with.
    nonces: BTreeMap<String, BTreeSet<u32>>,
    challenges: usize,
    /// What should never have come.
    wrongs: Vec<String>,
    qualities: Vec<Option<Qop>>,
}

impl Guard {
    fn of(realm: &'static str, proxy: bool) -> Guard {
        Guard {
            realm,
            proxy,
            algorithm: Algorithm::SHA256,
            qop: "auth",
            uses: u32::MAX,
            names_next: false,
            nonces: BTreeMap::new(),
            challenges: 0,
            wrongs: Vec::new(),
            qualities: Vec::new(),
        }
    }

    fn fresh(&mut self, rng: &mut impl Rng) -> String {
        let nonce = ident::nonce(rng);
        self.nonces.insert(nonce.clone(), BTreeSet::new());
        nonce
    }

    /// The value of Authentication-Info, empty without a next nonce; or the challenge.
    fn check(&mut self, request: &Request, rng: &mut impl Rng) -> Result<String, Response> {
        let given = Credentials::list(&request.headers, self.proxy);
        let given = given.into_iter().find(|credentials| credentials.realm == self.realm);
        let mut stale = false;
        if let Some(credentials) = given {
            let right = credentials.uri == request.uri
                && credentials.username == ALICE.0
                && credentials.algorithm == self.algorithm
                && verify(&credentials, ALICE.1, &request.method, &request.body);
            let count = credentials.qop.map_or(0, |(_, count)| count);
            self.qualities.push(credentials.qop.map(|(qop, _)| qop));
            match self.nonces.get_mut(&credentials.nonce).filter(|_| right) {
                // One request may overtake another on the way.
                Some(used) if used.contains(&count) || used.last().is_some_and(|last| count.abs_diff(*last) > 3) => {
                    self.wrongs.push(format!("count {count} after {used:?}"));
                }
                Some(used) if count <= self.uses => {
                    used.insert(count);
                    let next = self.names_next.then(|| format!("nextnonce=\"{}\"", self.fresh(rng)));
                    return Ok(next.unwrap_or_default());
                }
                known => stale = known.is_some(),
            }
            if !right {
                self.wrongs.push(format!("{credentials:?}"));
            }
        }
        self.challenges += 1;
        let (status, name) = if self.proxy { (407, "Proxy-Authenticate") } else { (401, "WWW-Authenticate") };
        let nonce = self.fresh(rng);
        let stale = if stale { ", stale=true" } else { "" };
        let challenge = format!(
            "Digest realm=\"{}\", nonce=\"{nonce}\", algorithm={}, qop=\"{}\", opaque=\"o\"{stale}",
            self.realm, self.algorithm, self.qop
        );
        Err(respond(request, status, &[(name, &challenge)]))
    }
}

/// Several guards in a row; who passes is registered, or busy.
struct Gate(Vec<Guard>);

impl Role for Gate {
    fn answer(&mut self, request: &Request, desk: &mut Desk<'_>) -> Option<Response> {
        let mut next = String::new();
        for guard in &mut self.0 {
            match guard.check(request, desk.rng) {
                Ok(info) => next = info,
                Err(challenge) => return Some(challenge),
            }
        }
        let mut response = match request.method {
            Method::Register => register(request, 60, ""),
            Method::Message => respond(request, 200, &[]),
            _ => respond(request, 486, &[]),
        };
        if !next.is_empty() {
            response.headers.push(HeaderName::from_token("Authentication-Info"), next);
        }
        Some(response)
    }
}

type Server1 = Rc<RefCell<Server<Gate>>>;

fn gate(network: &mut Network, seed: u64, guards: Vec<Guard>) -> (Shared, Server1) {
    let server = network.add(address(5060), Server::new(Gate(guards), seed));
    (phone(network, 5061, ALICE, IncomingPolicy::Ring), server)
}

fn check_right(server: &Server1) -> Result<(), String> {
    let wrongs: Vec<String> = server.borrow().role.0.iter().flat_map(|guard| guard.wrongs.clone()).collect();
    check(wrongs.is_empty(), &format!("{wrongs:?}"))
}

fn write(network: &Network, phone: &Shared, text: &str) {
    let (target, text) = ("sip:bob@demo.invalid".to_owned(), text.to_owned());
    order(network, phone, Command::Message { target, text, account: None });
}

/// Registrations, calls and messages in turn, an hour long.
fn an_hour(network: &mut Network, alice: &Shared) -> Result<(), String> {
    network.run(60 * SECOND);
    for round in 0..24 {
        // The nonce for what is said now comes with its answer.
        while is_registering(network) {
            network.run(SECOND);
        }
        match round % 3 {
            0 => call_bob(network, alice),
            1 => write(network, alice, "hello"),
            _ => {}
        }
        network.run(150 * SECOND);
        check(registered(network, alice), &format!("round {round}: registered"))?;
        check(
            is_idle(network, alice) && (round == 0 || outcome(alice).as_deref() == Some("busy")),
            "calls get through",
        )?;
    }
    Ok(())
}

/// A REGISTER waits for its answer.
fn is_registering(network: &Network) -> bool {
    let last = network.trace.iter().rev().find(|line| line.contains("REGISTER"));
    last.is_some_and(|line| line.contains("-> 5060 REGISTER"))
}

//= RFC 7616 §3.4.5, §3.3
#[test]
fn a_nonce_is_used_with_a_rising_count_until_it_is_used_up() {
    for uses in [u32::MAX, 5, 1] {
        seeds(8, Link::GOOD, |network, seed| {
            let guard = Guard { uses, ..Guard::of("demo.invalid", false) };
            let (alice, server) = gate(network, seed, vec![guard]);
            an_hour(network, &alice)?;
            check_right(&server)?;
            let heard = server.borrow().heard.iter().filter(|(_, request)| request.method != Method::Ack).count();
            let challenges = server.borrow().role.0[0].challenges;
            // Each address is asked for once.
            let most = if uses == u32::MAX { 2 } else { heard.div_ceil(uses as usize + 1) + 2 };
            check(challenges <= most, &format!("{challenges} challenges of {heard} requests"))
        });
    }
}

/// Losses, repeats and overtaking change nothing about the counts: whatever is sent anew is counted anew.
#[test]
fn counts_rise_on_a_bad_network_too() {
    seeds(20, Link::BAD, |network, seed| {
        let guard = Guard { uses: 20, ..Guard::of("demo.invalid", false) };
        let (alice, server) = gate(network, seed, vec![guard]);
        network.run(100 * SECOND);
        for _ in 0..10 {
            call_bob(network, &alice);
            network.run(90 * SECOND);
            check(outcome(&alice).as_deref() == Some("busy"), "calls get through")?;
        }
        check_right(&server)
    });
}

//= RFC 7616 §3.5
#[test]
fn the_next_nonce_that_is_named_is_used_and_nobody_is_asked_twice() {
    seeds(8, Link::GOOD, |network, seed| {
        let guard = Guard { uses: 1, names_next: true, ..Guard::of("demo.invalid", false) };
        let (alice, server) = gate(network, seed, vec![guard]);
        an_hour(network, &alice)?;
        check_right(&server)?;
        let challenges = server.borrow().role.0[0].challenges;
        // Once for the own address, once for Bob's.
        check(challenges == 2, &format!("{challenges} challenges in an hour"))
    });
}

//= RFC 7616 §3.4.3
#[test]
fn a_server_that_wants_the_body_protected_gets_that_and_others_do_not() {
    for (qop, expected) in [("auth-int", Qop::AuthInt), ("auth,auth-int", Qop::Auth)] {
        seeds(8, Link::POOR, |network, seed| {
            let guard = Guard { qop, ..Guard::of("demo.invalid", true) };
            let (alice, server) = gate(network, seed, vec![guard]);
            network.run(60 * SECOND);
            call_bob(network, &alice);
            network.run(60 * SECOND);
            check(outcome(&alice).as_deref() == Some("busy"), "the call, with its body, gets through")?;
            check_right(&server)?;
            let qualities = server.borrow().role.0[0].qualities.clone();
            check(qualities.len() >= 2 && qualities.iter().all(|q| *q == Some(expected)), &format!("{qualities:?}"))
        });
    }
}

//= RFC 3261 §22.3
#[test]
fn a_proxy_and_a_registrar_that_both_ask_are_both_answered() {
    seeds(20, Link::BAD, |network, seed| {
        let guards = vec![Guard::of("edge.demo.invalid", true), Guard::of("demo.invalid", false)];
        let (alice, server) = gate(network, seed, guards);
        network.run(100 * SECOND);
        check(registered(network, &alice), "registered")?;
        write(network, &alice, "hello");
        network.run(60 * SECOND);
        call_bob(network, &alice);
        network.run(90 * SECOND);
        check(outcome(&alice).as_deref() == Some("busy"), "the call gets through")?;
        check_right(&server)?;
        let both = |request: &Request| [false, true].map(|proxy| Credentials::list(&request.headers, proxy).len());
        let last = server.borrow().of(Method::Invite).pop().map(|invite| both(&invite));
        check(last == Some([1, 1]), &format!("{last:?}"))?;
        let challenges: Vec<usize> = server.borrow().role.0.iter().map(|guard| guard.challenges).collect();
        //= RFC 3261 §22.2: a server's for each address, a proxy's for all
        check(challenges == [1, 2], &format!("each asked once: {challenges:?}"))
    });
}

//= RFC 8760 §2.4
#[test]
fn of_two_challenges_the_stronger_is_answered_and_md5_alone_not_where_it_is_ruled_out() {
    for (refuses, md5_alone) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut network = Network::new(3, Link::GOOD);
        let role = move |request: &Request, _: &mut Desk<'_>| {
            let given = Credentials::list(&request.headers, false);
            if let Some(credentials) = given.first() {
                let right = verify(credentials, ALICE.1, &request.method, &request.body);
                let expected = if md5_alone { Algorithm::MD5 } else { Algorithm::SHA256 };
                return Some(match right && credentials.algorithm == expected {
                    true => register(request, 300, ""),
                    false => respond(request, 403, &[]),
                });
            }
            let (md5, sha) = (
                "Digest realm=\"demo.invalid\", nonce=\"a\", qop=\"auth\"",
                "Digest realm=\"demo.invalid\", nonce=\"b\", qop=\"auth\", algorithm=SHA-256",
            );
            let challenges = [("WWW-Authenticate", md5), ("WWW-Authenticate", sha)];
            Some(respond(request, 401, if md5_alone { &challenges[..1] } else { &challenges }))
        };
        let server = network.add(address(5060), Server::new(role, 3));
        let alice = phone_with(&mut network, 5061, ALICE, AT_ONCE, |config| {
            config.accounts.iter_mut().for_each(|account| account.refuse_md5 = refuses);
        });
        network.run(3600 * SECOND);
        assert_eq!(registered(&network, &alice), !(refuses && md5_alone), "{refuses}, {md5_alone}");
        if refuses && md5_alone {
            assert_eq!(server.borrow().of(Method::Register).len(), 1, "no answer, and no second try");
            let accounts = alice.borrow().agent.status(network.now).accounts;
            assert!(accounts.iter().any(|a| a.reason.as_deref().is_some_and(|reason| reason.contains("MD5"))));
        }
    }
}

/// Whoever is called, anywhere, asks for the password: by address, behind the exchange, or redirected to.
//= RFC 3261 §22.1
#[test]
fn a_strangers_challenge_is_never_answered() {
    seeds(20, Link::BAD, |network, seed| {
        exchange(network, seed);
        let stranger = Guard::of("demo.invalid", seed % 2 == 0);
        let stranger = network.add(address(5090), Server::new(Gate(vec![stranger]), seed));
        let alice = phone(network, 5061, ALICE, IncomingPolicy::Ring);
        network.run(60 * SECOND);
        let here =
            Command::Message { target: "sip:x@127.0.0.1:5090".into(), text: "hello".into(), account: Some("0".into()) };
        order(network, &alice, here);
        let target = "sip:x@127.0.0.1:5090".to_owned();
        order(network, &alice, Command::Dial { target, account: Some("0".to_owned()) });
        network.run(60 * SECOND);
        dial(network, &alice, "sip:x@127.0.0.1:5090");
        network.run(Duration::from_secs(90));
        let heard = stranger.borrow().heard.clone();
        check(heard.len() >= 2, &format!("{} requests came", heard.len()))?;
        let shown = |request: &Request| {
            [HeaderName::Authorization, HeaderName::ProxyAuthorization].iter().any(|name| {
                let text = request.headers.text(name).unwrap_or_default();
                // What was meant for the own exchange passes by here; no answer to this challenge may.
                stranger.borrow().role.0[0].nonces.keys().any(|nonce| text.contains(nonce))
            })
        };
        check(!heard.iter().any(|(_, request)| shown(request)), "no answer")
    });
}
